/* SPDX-License-Identifier: ISC */
#include "proto/tls/tickets.h"

#include "base/arena.h"
#include "crypt/aead.h"
#include "crypt/hash.h"

/* Sealed, of either kind:
 *
 *     key's name (16) | nonce (12) | encrypted content, tag (16)
 *
 * The name and a byte for the kind are authenticated with it. */
#define NAME_BYTES 16
#define FORM 2 /* of a ticket's content; another one is not ours */

enum kind { TICKET = 't', COOKIE = 'c' };

struct period_key {
	int64_t period; /* -1: none */
	uint8_t name[NAME_BYTES];
	struct crypt_aead seal, open;
};

struct tls_tickets {
	struct crypt *crypt;
	struct rng *rng;
	uint8_t master[TLS_TICKETS_MASTER_BYTES];
	uint64_t server;             /* which one of those that share the master secret, in this run */
	unsigned lifetime_s;
	struct period_key key[2];    /* of even and odd periods */
	struct tls_window window;
	struct tls_tickets_counts counts;
};

static_assert(TLS_COOKIE_OVERHEAD == NAME_BYTES + CRYPT_NONCE_BYTES + CRYPT_TAG_BYTES, "");

size_t tls_tickets_size(unsigned replays_max)
{
	return arena_cost(sizeof(struct tls_tickets)) + tls_window_size(replays_max);
}

struct tls_tickets *tls_tickets_init(struct room memory, struct crypt *crypt, struct rng *rng, const uint8_t *master, unsigned lifetime_s,
                                     unsigned replays_max)
{
	struct arena arena;
	arena_init(&arena, memory);
	struct tls_tickets *t = arena_zeroed(&arena, 1, sizeof *t);
	assert(t != NULL);
	t->crypt = crypt;
	t->rng = rng;
	t->lifetime_s = lifetime_s ? lifetime_s : TLS_TICKET_LIFETIME_S;
	if (t->lifetime_s > TLS_TICKET_LIFETIME_MAX_S) t->lifetime_s = TLS_TICKET_LIFETIME_MAX_S;
	t->key[0].period = t->key[1].period = -1;
	if (master) memcpy(t->master, master, sizeof t->master);
	else rng_fill(rng, (struct room){ t->master, sizeof t->master });
	t->server = rng_next(rng);
	tls_window_init(&t->window, &arena, rng, replays_max);
	return t;
}

void tls_tickets_end(struct tls_tickets *t)
{
	if (t == NULL) return;
	for (size_t i = 0; i < COUNT(t->key); i++) {
		crypt_aead_end(&t->key[i].seal);
		crypt_aead_end(&t->key[i].open);
	}
	crypt_wipe(t, sizeof *t);
}

unsigned tls_tickets_lifetime(const struct tls_tickets *t) { return t->lifetime_s; }

struct tls_tickets_counts tls_tickets_counts(const struct tls_tickets *t) { return t->counts; }

static int64_t period_of(const struct tls_tickets *t, int64_t date_ms)
{
	return date_ms < 0 ? 0 : date_ms / 1000 / t->lifetime_s;
}

/* A period's key, made when it is first wanted; it takes the place of the one two periods off. */
static struct period_key *key_of(struct tls_tickets *t, int64_t period)
{
	struct period_key *k = &t->key[period & 1];
	uint8_t info[16] = "tickets ", made[NAME_BYTES + CRYPT_AEAD_KEY_MAX];

	if (k->period == period) return k;
	crypt_aead_end(&k->seal);
	crypt_aead_end(&k->open);
	store_be64(info + 8, (uint64_t)period);
	crypt_hkdf_expand(t->crypt, CRYPT_SHA256, (struct bytes){ t->master, sizeof t->master }, (struct bytes){ info, sizeof info },
	                  (struct room){ made, sizeof made });
	k->period = period;
	memcpy(k->name, made, NAME_BYTES);
	crypt_aead_seal_key(&k->seal, t->crypt, CRYPT_AES_256_GCM, made + NAME_BYTES);
	crypt_aead_open_key(&k->open, t->crypt, CRYPT_AES_256_GCM, made + NAME_BYTES);
	crypt_wipe(made, sizeof made);
	return k;
}

static size_t seal(struct tls_tickets *t, int64_t date_ms, enum kind kind, struct bytes plain, struct room out)
{
	struct period_key *k = key_of(t, period_of(t, date_ms));
	uint8_t ad[NAME_BYTES + 1];

	if (out.len < plain.len + TLS_COOKIE_OVERHEAD) return 0;
	memcpy(ad, k->name, NAME_BYTES);
	ad[NAME_BYTES] = (uint8_t)kind;
	memcpy(out.at, k->name, NAME_BYTES);
	rng_fill(t->rng, (struct room){ out.at + NAME_BYTES, CRYPT_NONCE_BYTES });
	return NAME_BYTES + CRYPT_NONCE_BYTES + crypt_aead_seal(&k->seal, out.at + NAME_BYTES, (struct bytes){ ad, sizeof ad }, &plain, 1,
	                                                        out.at + NAME_BYTES + CRYPT_NONCE_BYTES);
}

/* The content's length; 0: sealed by none of the two keys that live, or tampered with. */
static size_t open(struct tls_tickets *t, int64_t date_ms, enum kind kind, struct bytes sealed, struct room out)
{
	int64_t period = period_of(t, date_ms);
	uint8_t ad[NAME_BYTES + 1];

	if (sealed.len <= TLS_COOKIE_OVERHEAD || out.len < sealed.len - TLS_COOKIE_OVERHEAD) return 0;
	memcpy(ad, sealed.at, NAME_BYTES);
	ad[NAME_BYTES] = (uint8_t)kind;
	for (int back = 0; back <= 1 && back <= period; back++) {
		struct period_key *k = key_of(t, period - back);
		if (memcmp(k->name, sealed.at, NAME_BYTES) != 0) continue;
		struct bytes rest = bytes_skip(sealed, NAME_BYTES + CRYPT_NONCE_BYTES);
		bool right = crypt_aead_open(&k->open, sealed.at + NAME_BYTES, (struct bytes){ ad, sizeof ad }, rest, out.at);
		return right ? rest.len - CRYPT_TAG_BYTES : 0;
	}
	return 0;
}

size_t tls_cookie_seal(struct tls_tickets *t, int64_t date_ms, struct bytes plain, struct room out)
{
	return seal(t, date_ms, COOKIE, plain, out);
}

size_t tls_cookie_open(struct tls_tickets *t, int64_t date_ms, struct bytes sealed, struct room out)
{
	return open(t, date_ms, COOKIE, sealed, out);
}

static void put_text(struct tls_writer *w, const char *text)
{
	size_t mark = tls_open_vector(w, 1);
	tls_put(w, bytes_of(text));
	tls_close_vector(w, mark, 1);
}

size_t tls_ticket_seal(struct tls_tickets *t, int64_t date_ms, const struct tls_ticket *in, struct room out)
{
	uint8_t plain[TLS_TICKET_MAX];
	struct tls_writer w = { plain, 0, sizeof plain, false };

	assert(in->secret_len <= sizeof in->secret);
	tls_put_number(&w, 1, FORM);
	tls_put_number(&w, 8, t->server);
	tls_put_number(&w, 2, in->version);
	tls_put_number(&w, 2, in->suite);
	tls_put_number(&w, 1, in->extended_master_secret | in->client_authenticated << 1 | in->unverified << 2);
	tls_put_number(&w, 8, (uint64_t)in->issued_at_ms);
	tls_put_number(&w, 8, (uint64_t)in->authenticated_at_ms);
	tls_put_number(&w, 4, in->lifetime_s);
	tls_put_number(&w, 4, in->age_add);
	tls_put_number(&w, 4, in->early_data_max);
	tls_put(&w, (struct bytes){ in->client_certificate_hash, in->client_authenticated ? sizeof in->client_certificate_hash : 0 });
	tls_put_number(&w, 1, in->secret_len);
	tls_put(&w, (struct bytes){ in->secret, in->secret_len });
	put_text(&w, in->server_name);
	put_text(&w, in->alpn);
	size_t sealed = w.cut ? 0 : seal(t, date_ms, TICKET, (struct bytes){ plain, w.len }, out);
	crypt_wipe(plain, sizeof plain);
	if (sealed > 0) t->counts.sealed++;
	return sealed;
}

/* Takes bytes of a content that we made ourselves; what is short of them is not ours after all. */
static bool take(struct bytes *from, void *to, size_t n)
{
	if (from->len < n) return false;
	memcpy(to, from->at, n);
	*from = bytes_skip(*from, n);
	return true;
}

static bool take_number(struct bytes *from, unsigned bytes, uint64_t *to)
{
	uint8_t raw[8] = { 0 };
	if (!take(from, raw + 8 - bytes, bytes)) return false;
	*to = load_be64(raw);
	return true;
}

static bool take_vector(struct bytes *from, void *to, size_t size, size_t *len)
{
	uint64_t n;
	if (!take_number(from, 1, &n) || n > size) return false;
	*len = n;
	return take(from, to, n);
}

static bool parse(const struct tls_tickets *t, struct bytes b, struct tls_ticket *out)
{
	uint64_t form, server, version, suite, flags, issued, authenticated, lifetime, age_add, early;
	size_t len;

	if (!take_number(&b, 1, &form) || form != FORM || !take_number(&b, 8, &server) || !take_number(&b, 2, &version) ||
	    !take_number(&b, 2, &suite) || !take_number(&b, 1, &flags) || !take_number(&b, 8, &issued) ||
	    !take_number(&b, 8, &authenticated) || !take_number(&b, 4, &lifetime) || !take_number(&b, 4, &age_add) || !take_number(&b, 4, &early))
		return false;
	*out = (struct tls_ticket){ .version = (uint16_t)version, .suite = (uint16_t)suite, .extended_master_secret = flags & 1,
		.client_authenticated = flags >> 1 & 1, .unverified = flags >> 2 & 1, .issued_at_ms = (int64_t)issued, .authenticated_at_ms = (int64_t)authenticated, .lifetime_s = (uint32_t)lifetime,
		.age_add = (uint32_t)age_add, .early_data_max = (uint32_t)early, .ours = server == t->server };
	if (out->client_authenticated && !take(&b, out->client_certificate_hash, sizeof out->client_certificate_hash)) return false;
	if (!take_vector(&b, out->secret, sizeof out->secret, &len)) return false;
	out->secret_len = (uint8_t)len;
	return take_vector(&b, out->server_name, sizeof out->server_name - 1, &len) && take_vector(&b, out->alpn, sizeof out->alpn - 1, &len) &&
	       b.len == 0;
}

static bool refuse(uint64_t *count, const char **why_not, const char *words)
{
	(*count)++;
	if (why_not) *why_not = words;
	return false;
}

/* Not from the future either, but for the distance at which two servers' clocks may stand. */
static bool is_fresh(int64_t date_ms, const struct tls_ticket *k)
{
	int64_t age = date_ms - k->issued_at_ms;
	return age >= -TLS_EARLY_WINDOW_S * INT64_C(1000) && age <= (int64_t)k->lifetime_s * 1000;
}

bool tls_ticket_open(struct tls_tickets *t, int64_t date_ms, struct bytes sealed, struct tls_ticket *out, const char **why_not)
{
	uint8_t plain[TLS_TICKET_MAX];
	size_t len = open(t, date_ms, TICKET, sealed, (struct room){ plain, sizeof plain });
	bool whole = len > 0 && parse(t, (struct bytes){ plain, len }, out);

	crypt_wipe(plain, sizeof plain);
	if (!whole) return refuse(&t->counts.foreign, why_not, "the ticket is not one of ours, or its key is gone");
	if (!is_fresh(date_ms, out)) {
		crypt_wipe(out, sizeof *out);
		return refuse(&t->counts.expired, why_not, "the ticket has expired");
	}
	t->counts.opened++;
	return true;
}

bool tls_ticket_use_early(struct tls_tickets *t, int64_t date_ms, struct bytes binder, const struct tls_ticket *k, uint32_t obfuscated_age,
                          const char **why_not)
{
	uint32_t age = obfuscated_age - k->age_add; /* in ms, by the client's clock (RFC 8446, 4.2.11.1) */
	int64_t off = date_ms - (k->issued_at_ms + age);

	if (!k->ours) return refuse(&t->counts.early_foreign, why_not, "the ticket was sealed by another server, or before a restart");
	if (off < -TLS_EARLY_WINDOW_S * INT64_C(1000) || off > TLS_EARLY_WINDOW_S * INT64_C(1000))
		return refuse(&t->counts.early_age_wrong, why_not, "the ticket's age is wrong: the flight is old, or a clock is off");
	switch (tls_window_use(&t->window, date_ms, (struct bytes){ k->secret, k->secret_len }, binder)) {
	case TLS_WINDOW_REPLAYED: return refuse(&t->counts.early_replayed, why_not, "this very flight came before: it is a replay");
	case TLS_WINDOW_USED: return refuse(&t->counts.early_replayed, why_not, "the ticket was used for early data before");
	case TLS_WINDOW_FULL: return refuse(&t->counts.early_window_full, why_not, "the window against replays is full");
	default: break;
	}
	t->counts.early_taken++;
	return true;
}
