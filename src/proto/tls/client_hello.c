/* SPDX-License-Identifier: ISC */
/* The client's hello (RFC 8446, 4.1.2), for both versions at once, and the server's answer up to the choice of version: a
 * ServerHello (4.1.3) or a HelloRetryRequest (4.1.4), after which the hello goes out a second time. */
#include "proto/tls/inside.h"

#define ALPN_BYTES 2048
#define IDENTITIES_BYTES 8192
#define BINDERS_BYTES (TLS_PSKS_MAX * (1 + TLS_SECRET_MAX))
#define PSK_DHE_KE 1
#define PADDED_FROM 256      /* hellos of 256 to 511 bytes hang some old middleboxes (RFC 7685, 4) */
#define PADDED_TO 512

/* The lists of a hello, as they go onto the wire. */
struct lists {
	uint8_t suites[2 * TLS_LIST_MAX], groups[2 * TLS_LIST_MAX], schemes[2 * TLS_LIST_MAX], versions[4], packings[2 * TLS_PACKINGS];
	uint8_t alpn[ALPN_BYTES], shares[2 * (4 + CRYPT_PUBLIC_MAX)], identities[IDENTITIES_BYTES], binders[BINDERS_BYTES];
};

static struct tls_writer writer(uint8_t *at, size_t size) { return (struct tls_writer){ .at = at, .size = size }; }
static struct bytes written(const struct tls_writer *w) { return (struct bytes){ w->at, w->len }; }

static struct bytes list_suites(const struct tls_config *c, struct lists *l)
{
	uint16_t all[TLS_LIST_MAX];
	return tls_put_list(all, tls_list_suites(c, all), l->suites);
}

static struct bytes list_groups(const struct tls_config *c, struct lists *l)
{
	uint16_t all[TLS_LIST_MAX];
	return tls_put_list(all, tls_list_groups(c, all), l->groups);
}

static struct bytes list_versions(const struct tls_config *c, struct lists *l)
{
	static const uint16_t known[] = { TLS_1_3, TLS_1_2 };
	uint16_t offered[COUNT(known)];
	size_t n = 0;
	for (size_t i = 0; i < COUNT(known); i++)
		if (tls_offers_version(c, known[i])) offered[n++] = known[i];
	return tls_put_list(offered, n, l->versions);
}

static struct bytes list_alpn(const struct tls_config *c, struct lists *l)
{
	struct tls_writer w = writer(l->alpn, sizeof l->alpn);
	for (size_t i = 0; i < c->alpn_count; i++) {
		size_t mark = tls_open_vector(&w, 1);
		tls_put(&w, bytes_of(c->alpn[i]));
		tls_close_vector(&w, mark, 1);
	}
	return written(&w);
}

/* ---- key shares ---- */

static void make_share(struct tls *t, unsigned group)
{
	struct tls_handshake *h = t->handshake;
	size_t i = h->shares_count++;
	h->share_len[i] = (uint16_t)crypt_share_make(&h->shares[i], t->config->crypt, group, t->config->rng, h->share_public[i]);
}

/* The first group's; beside the hybrid's also the next one's, for servers that do not know it. */
static void make_first_shares(struct tls *t)
{
	uint16_t groups[TLS_LIST_MAX];
	size_t count = tls_list_groups(t->config, groups);
	if (count > 0) make_share(t, groups[0]);
	if (count > 1 && groups[0] == CRYPT_X25519MLKEM768) make_share(t, groups[1]);
}

static struct bytes list_shares(const struct tls_handshake *h, struct lists *l)
{
	struct tls_writer w = writer(l->shares, sizeof l->shares);
	for (size_t i = 0; i < h->shares_count; i++) {
		tls_put_number(&w, 2, h->shares[i].group);
		size_t mark = tls_open_vector(&w, 2);
		tls_put(&w, (struct bytes){ h->share_public[i], h->share_len[i] });
		tls_close_vector(&w, mark, 2);
	}
	return written(&w);
}

/* ---- what is resumed ---- */

/* A hash of none of the suites that we offer cannot be chosen. After a HelloRetryRequest it is known (4.1.4). */
static bool hash_may_be_chosen(const struct tls *t, enum crypt_hash hash)
{
	uint16_t suites[TLS_LIST_MAX];
	size_t count = tls_list_suites(t->config, suites);
	if (t->retried) return hash == t->handshake->hash;
	for (size_t i = 0; i < count; i++) {
		const struct tls_suite_info *info = tls_suite_find(suites[i]);
		if (info->v13 && info->hash == hash) return true;
	}
	return false;
}

bool tls_client_psk(const struct tls *t, size_t index, struct tls_psk_offer *out)
{
	const struct tls_session *s = &t->handshake->session;
	if (t->handshake->has_session && s->version == TLS_1_3 && hash_may_be_chosen(t, tls_suite_find(s->suite)->hash)) {
		*out = (struct tls_psk_offer){ { s->ticket, s->ticket_len }, { s->secret, s->secret_len }, tls_suite_find(s->suite)->hash, false };
		if (index-- == 0) return true;
	}
	for (size_t i = 0; i < t->config->psks_count && tls_offers_version(t->config, TLS_1_3); i++) {
		const struct tls_psk *psk = &t->config->psks[i];
		if (!hash_may_be_chosen(t, psk->hash)) continue;
		*out = (struct tls_psk_offer){ psk->identity, psk->key, psk->hash, true };
		if (index-- == 0) return true;
	}
	return false;
}

/* Who was not looked at when the session was made is nobody to a client that looks. */
static void take_session(struct tls *t, instant now)
{
	struct tls_handshake *h = t->handshake;
	struct bytes name = bytes_of(t->server_name);

	if (t->config->sessions == NULL || !tls_sessions_take(t->config->sessions, name, tls_date_ms(t, now), &h->session)) return;
	h->has_session = tls_offers_version(t->config, h->session.version) && tls_lists_suite(t->config, h->session.suite) &&
	                 tls_suite_find(h->session.suite)->v13 == (h->session.version == TLS_1_3) &&
	                 (!h->session.unverified || t->config->trust_anyone);
	if (!h->has_session) crypt_wipe(&h->session, sizeof h->session);
}

static bool offers_alpn(const struct tls_config *c, const char *name)
{
	if (name[0] == '\0') return true;
	for (size_t i = 0; i < c->alpn_count; i++)
		if (strcmp(c->alpn[i], name) == 0) return true;
	return false;
}

/* 4.2.10: with the first PSK only, under what was agreed when it was made. */
static bool can_send_early(const struct tls *t)
{
	const struct tls_handshake *h = t->handshake;
	return t->config->early_data_max > 0 && h->has_session && h->session.version == TLS_1_3 && h->session.early_data_max > 0 &&
	       offers_alpn(t->config, h->session.alpn);
}

/* 4.2.11.1: its age as we see it, hidden by what the server added. */
static uint32_t obfuscated_age(const struct tls *t, instant now)
{
	const struct tls_session *s = &t->handshake->session;
	return (uint32_t)(tls_date_ms(t, now) - s->got_at_ms) + s->age_add;
}

static void list_psks(const struct tls *t, instant now, struct tls_client_hello *hello, struct lists *l)
{
	struct tls_writer identities = writer(l->identities, sizeof l->identities), binders = writer(l->binders, sizeof l->binders);
	static const uint8_t zeroes[TLS_SECRET_MAX];
	struct tls_psk_offer psk;

	for (size_t i = 0; i < TLS_PSKS_MAX && tls_client_psk(t, i, &psk); i++) {
		if (psk.identity.len + 6 > identities.size - identities.len) break;
		size_t mark = tls_open_vector(&identities, 2);
		tls_put(&identities, psk.identity);
		tls_close_vector(&identities, mark, 2);
		tls_put_number(&identities, 4, psk.external ? 0 : obfuscated_age(t, now));
		mark = tls_open_vector(&binders, 1);
		tls_put(&binders, (struct bytes){ zeroes, crypt_hash_len(psk.hash) });
		tls_close_vector(&binders, mark, 1);
	}
	hello->psk_identities = written(&identities);
	hello->psk_binders = written(&binders);
	if (identities.len > 0) hello->has |= TLS_HAS(TLS_EXT_PRE_SHARED_KEY);
}

/* 4.2.11.2: each covers the hello up to the binders' list, whose place is known: it is the last thing. */
static void put_binders(struct tls *t, uint8_t *message, size_t len, size_t binders_len)
{
	uint8_t hash[CRYPT_HASH_MAX], *at = message + len - binders_len;
	struct tls_psk_offer psk;

	for (size_t i = 0; at < message + len && tls_client_psk(t, i, &psk); i++) {
		tls_transcript_peek_with(t, psk.hash, (struct bytes){ message, len - binders_len - 2 }, hash);
		tls_keys_binder(t->config->crypt, psk.hash, psk.key, psk.external, hash, at + 1);
		at += 1 + at[0];
	}
}

/* ---- the hello ---- */

static void extensions_of_both(const struct tls *t, struct tls_client_hello *hello, struct lists *l)
{
	const struct tls_config *c = t->config;
	struct ip ip;

	if (t->server_name[0] != '\0' && !ip_parse(t->server_name, &ip)) { /* RFC 6066, 3: no addresses */
		hello->server_name = bytes_of(t->server_name);
		hello->has |= TLS_HAS(TLS_EXT_SERVER_NAME);
	}
	hello->groups = list_groups(c, l);
	hello->schemes = tls_put_schemes(c, l->schemes);
	hello->has |= TLS_HAS(TLS_EXT_SUPPORTED_GROUPS) | TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS);
	hello->alpn = list_alpn(c, l);
	if (hello->alpn.len > 0) hello->has |= TLS_HAS(TLS_EXT_ALPN);
	hello->ocsp_wanted = c->ask_ocsp || c->must_staple;
	if (hello->ocsp_wanted) hello->has |= TLS_HAS(TLS_EXT_STATUS_REQUEST);
	hello->record_size_limit = tls_record_limit(t);
	if (hello->record_size_limit > 0) hello->has |= TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT);
}

static void extensions_of_12(const struct tls *t, struct tls_client_hello *hello)
{
	static const uint8_t uncompressed = 0;
	const struct tls_handshake *h = t->handshake;

	if (!tls_offers_version(t->config, TLS_1_2)) return;
	hello->point_formats = (struct bytes){ &uncompressed, 1 };
	hello->has |= TLS_HAS(TLS_EXT_EC_POINT_FORMATS) | TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET) | TLS_HAS(TLS_EXT_RENEGOTIATION_INFO);
	if (t->config->sessions == NULL) return;
	if (h->has_session && h->session.version == TLS_1_2) hello->session_ticket = (struct bytes){ h->session.ticket, h->session.ticket_len };
	hello->has |= TLS_HAS(TLS_EXT_SESSION_TICKET);
}

static void extensions_of_13(const struct tls *t, instant now, struct bytes cookie, struct tls_client_hello *hello, struct lists *l)
{
	static const uint8_t modes = PSK_DHE_KE;
	const struct tls_config *c = t->config;

	if (!tls_offers_version(c, TLS_1_3)) return;
	hello->versions = list_versions(c, l);
	hello->shares = list_shares(t->handshake, l);
	hello->psk_modes = (struct bytes){ &modes, 1 };
	hello->packings = tls_put_packings(c, l->packings);
	hello->cookie = cookie;
	hello->has |= TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) | TLS_HAS(TLS_EXT_KEY_SHARE) | TLS_HAS(TLS_EXT_PSK_KEY_EXCHANGE_MODES);
	if (hello->packings.len > 0) hello->has |= TLS_HAS(TLS_EXT_COMPRESS_CERTIFICATE);
	if (cookie.len > 0) hello->has |= TLS_HAS(TLS_EXT_COOKIE);
	if (t->handshake->early_offered) hello->has |= TLS_HAS(TLS_EXT_EARLY_DATA);
	list_psks(t, now, hello, l);
}

static void compose(const struct tls *t, instant now, struct bytes cookie, struct tls_client_hello *hello, struct lists *l)
{
	static const uint8_t no_compression = 0;
	const struct tls_handshake *h = t->handshake;

	*hello = (struct tls_client_hello){
		.legacy_version = TLS_1_2, .random = { h->client_random, TLS_RANDOM_BYTES },
		.session_id = { h->session_id, h->session_id_len }, .suites = list_suites(t->config, l),
		.compressions = { &no_compression, 1 },
		.grease = t->config->no_grease ? 0 : load_be32(h->client_random) | 1,
		.lone_share = t->retried,
	};
	extensions_of_both(t, hello, l);
	extensions_of_12(t, hello);
	extensions_of_13(t, now, cookie, hello, l);
}

static void emit(struct tls *t, struct tls_client_hello *hello)
{
	struct tls_writer *flight = &t->handshake->flight;
	size_t from = flight->len;

	tls_emit_client_hello(flight, hello);
	size_t len = flight->len - from;
	if (len < PADDED_FROM || len >= PADDED_TO || t->config->no_middlebox_compatibility) return;
	hello->padding = len + 4 < PADDED_TO ? PADDED_TO - 4 - len : 1;
	hello->has |= TLS_HAS(TLS_EXT_PADDING);
	flight->len = from;
	tls_emit_client_hello(flight, hello);
}

static bool send_hello(struct tls *t, instant now, struct bytes cookie)
{
	struct tls_handshake *h = t->handshake;
	size_t from = h->flight.len;
	struct tls_client_hello hello;
	struct lists lists;

	compose(t, now, cookie, &hello, &lists);
	if (hello.suites.len == 0) return tls_fail(t, TLS_INTERNAL_ERROR, "no cipher suite is configured for the versions that are");
	emit(t, &hello);
	if (h->flight.cut) return tls_fail(t, TLS_INTERNAL_ERROR, "our ClientHello does not fit into %zu bytes", h->flight.size);
	if (hello.psk_binders.len > 0) put_binders(t, h->flight.at + from, h->flight.len - from, hello.psk_binders.len);
	h->sent = hello.has;
	h->compress_offered = (hello.has & TLS_HAS(TLS_EXT_COMPRESS_CERTIFICATE)) != 0;
	return tls_sent_message(t, from) && tls_flush(t);
}

/* D.4, 4.1.2: in compatibility mode the session id is not empty; a 1.2 server that resumes repeats it (RFC 5077, 3.4). */
static void make_session_id(struct tls *t)
{
	struct tls_handshake *h = t->handshake;
	bool session12 = h->has_session && h->session.version == TLS_1_2;

	if (session12 && h->session.session_id_len > 0) {
		h->session_id_len = h->session.session_id_len;
		memcpy(h->session_id, h->session.session_id, h->session_id_len);
	} else if (session12 || (tls_offers_version(t->config, TLS_1_3) && !t->config->no_middlebox_compatibility)) {
		h->session_id_len = TLS_SESSION_ID_MAX;
		rng_fill(t->config->rng, (struct room){ h->session_id, TLS_SESSION_ID_MAX });
	}
}

/* 4.2.10: early data may follow at once, under keys that the PSK and this hello give (D.4: behind a change_cipher_spec). */
static bool start_early(struct tls *t)
{
	struct tls_handshake *h = t->handshake;
	const struct tls_suite_info *suite = tls_suite_find(h->session.suite);
	uint8_t hash[CRYPT_HASH_MAX], secret[TLS_SECRET_MAX];

	if (!t->config->no_middlebox_compatibility && !tls_send_change_cipher_spec(t)) return false;
	tls_transcript_peek_with(t, suite->hash, (struct bytes){ NULL, 0 }, hash);
	tls_keys_early_traffic(t, (struct bytes){ h->session.secret, h->session.secret_len }, suite->hash, hash, secret);
	tls_side_set13(t, &t->out, suite->suite, secret);
	crypt_wipe(secret, sizeof secret);
	t->count.early_left = t->config->early_data_max < h->session.early_data_max ? t->config->early_data_max : h->session.early_data_max;
	t->news |= TLS_WRITABLE;
	return true;
}

bool tls_client_send_hello(struct tls *t, instant now)
{
	struct tls_handshake *h = t->handshake;

	rng_fill(t->config->rng, (struct room){ h->client_random, TLS_RANDOM_BYTES });
	take_session(t, now);
	make_session_id(t);
	if (tls_offers_version(t->config, TLS_1_3)) make_first_shares(t);
	h->messages12.keep = t->config->identities_count > 0 && tls_offers_version(t->config, TLS_1_2);
	h->early_offered = can_send_early(t);
	return send_hello(t, now, (struct bytes){ NULL, 0 }) && (!h->early_offered || start_early(t));
}

/* ---- the answer ---- */

static const char *known(const char *name) { return name != NULL ? name : "unknown"; }

bool tls_check_extensions(struct tls *t, const char *message, struct bytes extensions, tls_extensions allowed)
{
	struct bytes body;
	unsigned type;

	while (tls_next_extension(&extensions, &type, &body)) {
		const char *name = tls_extension_name(type);
		bool known = (type < 63 && name != NULL) || type == TLS_EXT_RENEGOTIATION_INFO;
		bool asked = known && ((t->handshake->sent | TLS_HAS(TLS_EXT_COOKIE)) & TLS_HAS(type)) != 0;
		if (name == NULL) name = "an unknown extension";
		if (!asked) return tls_fail(t, TLS_UNSUPPORTED_EXTENSION, "%s: %s (%u), which we did not send", message, name, type);
		if ((allowed & TLS_HAS(type)) == 0) return tls_fail(t, TLS_ILLEGAL_PARAMETER, "%s: %s does not belong there", message, name);
	}
	return true;
}

/* 4.1.3: what a ServerHello and a HelloRetryRequest of 1.3 must have in common. */
static bool check_hello13(struct tls *t, const struct tls_server_hello *sh, const char *message)
{
	struct tls_handshake *h = t->handshake;
	const struct tls_suite_info *suite = tls_suite_find(sh->suite);

	if (sh->retry && sh->legacy_version != TLS_1_2) /* 4.1.4; of a ServerHello it says nothing (4.2.1) */
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "%s: its legacy_version is %04x", message, sh->legacy_version);
	if (!bytes_equal(sh->session_id, (struct bytes){ h->session_id, h->session_id_len }))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "%s: it does not repeat our session id", message);
	if (sh->compression != 0) return tls_fail(t, TLS_ILLEGAL_PARAMETER, "%s: it wants compression", message);
	if (suite == NULL || !suite->v13 || !tls_lists_suite(t->config, sh->suite))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "%s: it chose cipher suite %s (%04x), which we did not offer for TLS 1.3", message,
		                known(tls_suite_name(sh->suite)), sh->suite);
	if (t->retried && sh->suite != t->suite)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "%s: another cipher suite than in the HelloRetryRequest", message);
	return true;
}

/* 4.1.4: the group must be one that we know and have not sent a share of. */
static bool check_retry_group(struct tls *t, unsigned group)
{
	const struct tls_handshake *h = t->handshake;

	if (!tls_lists_group(t->config, group))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "HelloRetryRequest: it asks for group %s (%04x), which we did not offer",
		                known(tls_group_name(group)), group);
	for (size_t i = 0; i < h->shares_count; i++)
		if (h->shares[i].group == group)
			return tls_fail(t, TLS_ILLEGAL_PARAMETER, "HelloRetryRequest: it asks for group %s (%04x), whose share it has",
			                known(tls_group_name(group)), group);
	return true;
}

static void replace_shares(struct tls *t, unsigned group)
{
	struct tls_handshake *h = t->handshake;
	for (size_t i = 0; i < h->shares_count; i++) crypt_share_end(&h->shares[i]);
	h->shares_count = 0;
	make_share(t, group);
}

/* 4.2.10: a HelloRetryRequest refuses it. */
static void refuse_early(struct tls *t)
{
	if (!t->handshake->early_offered) return;
	t->handshake->early_offered = false;
	t->count.early_left = 0;
	t->news |= TLS_EARLY_REFUSED;
	tls_side_end(&t->out);
}

static bool check_retry(struct tls *t, const struct tls_server_hello *sh)
{
	if (t->retried) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "a second HelloRetryRequest");
	if (!tls_offers_version(t->config, TLS_1_3)) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "a HelloRetryRequest, but TLS 1.3 was not offered");
	if (sh->version != TLS_1_3) return tls_fail(t, TLS_ILLEGAL_PARAMETER, "HelloRetryRequest: it is not for TLS 1.3");
	if (!tls_check_extensions(t, "HelloRetryRequest", sh->extensions, TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) |
	                          TLS_HAS(TLS_EXT_KEY_SHARE) | TLS_HAS(TLS_EXT_COOKIE))) return false;
	if (!check_hello13(t, sh, "HelloRetryRequest")) return false;
	if ((sh->has & (TLS_HAS(TLS_EXT_KEY_SHARE) | TLS_HAS(TLS_EXT_COOKIE))) == 0)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "HelloRetryRequest: it asks for no change");
	return (sh->has & TLS_HAS(TLS_EXT_KEY_SHARE)) == 0 || check_retry_group(t, sh->share_group);
}

static bool on_retry(struct tls *t, instant now, const struct tls_server_hello *sh, struct bytes raw)
{
	if (!check_retry(t, sh)) return false;
	t->retried = true;
	t->version = TLS_1_3;
	t->suite = (uint16_t)sh->suite;
	tls_transcript_choose(t, tls_suite_find(sh->suite)->hash);
	tls_transcript_retry(t);
	tls_transcript_add(t, raw);
	refuse_early(t);
	if ((sh->has & TLS_HAS(TLS_EXT_KEY_SHARE)) != 0) replace_shares(t, sh->share_group);
	if (!t->config->no_middlebox_compatibility && !t->handshake->ccs_sent && !tls_send_change_cipher_spec(t)) return false;
	trace_say(t->config->trace, "TLS: hello again: the server asks for %s", (sh->has & TLS_HAS(TLS_EXT_KEY_SHARE)) != 0 ? tls_group_name(sh->share_group)
	                                                                                                               : "its cookie");
	tls_enter(t, TLS_CLIENT_WAIT_SH);
	return send_hello(t, now, (sh->has & TLS_HAS(TLS_EXT_COOKIE)) != 0 ? sh->cookie : (struct bytes){ NULL, 0 });
}

/* 4.1.3: a server that knows 1.3 but was made to choose less says so in its random. */
static bool check_downgrade(struct tls *t, const struct tls_server_hello *sh)
{
	static const uint8_t sentinel[] = { 0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44 };
	const uint8_t *end = sh->random.at + TLS_RANDOM_BYTES - 8;

	if (!tls_offers_version(t->config, TLS_1_3) || memcmp(end, sentinel, sizeof sentinel) != 0 || end[7] > 1) return true;
	return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerHello: the server knows a newer version than it chose: somebody changed our hello");
}

static bool choose12(struct tls *t, const struct tls_server_hello *sh)
{
	const struct tls_suite_info *suite = tls_suite_find(sh->suite);

	if (sh->legacy_version != TLS_1_2 || !tls_offers_version(t->config, TLS_1_2))
		return tls_fail(t, TLS_PROTOCOL_VERSION, "ServerHello: the server speaks %s (%04x), which we do not offer",
		                known(tls_version_name(sh->legacy_version)), sh->legacy_version);
	if (t->retried) return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerHello: TLS 1.2 after a HelloRetryRequest");
	if (t->handshake->early_offered) /* D.3 */
		return tls_fail(t, TLS_PROTOCOL_VERSION, "ServerHello: TLS 1.2, but early data was sent, which it does not have");
	if (!check_downgrade(t, sh)) return false;
	if (suite == NULL || suite->v13 || !tls_lists_suite(t->config, sh->suite))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerHello: it chose cipher suite %s (%04x), which we did not offer for TLS 1.2",
		                known(tls_suite_name(sh->suite)), sh->suite);
	t->version = TLS_1_2;
	tls_transcript_choose(t, suite->hash);
	return true;
}

static bool choose13(struct tls *t, const struct tls_server_hello *sh)
{
	if (sh->version != TLS_1_3 || !tls_offers_version(t->config, TLS_1_3))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerHello: supported_versions says %04x", sh->version);
	if (!tls_check_extensions(t, "ServerHello", sh->extensions, TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) | TLS_HAS(TLS_EXT_KEY_SHARE) |
	                          TLS_HAS(TLS_EXT_PRE_SHARED_KEY))) return false;
	if (!check_hello13(t, sh, "ServerHello")) return false;
	t->version = TLS_1_3;
	t->suite = (uint16_t)sh->suite;
	tls_transcript_choose(t, tls_suite_find(sh->suite)->hash);
	t->handshake->messages12.keep = false;
	return true;
}

bool tls_client_on_hello(struct tls *t, instant now, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	struct tls_server_hello sh;
	struct tls_fault fault;

	if (!tls_expect(t, type, TLS_SERVER_HELLO)) return false;
	if (!tls_parse_server_hello(body, &sh, &fault)) return tls_fail_fault(t, "ServerHello", &fault);
	if (sh.retry) return on_retry(t, now, &sh, raw);
	bool v13 = (sh.has & TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS)) != 0;
	if (!(v13 ? choose13(t, &sh) : choose12(t, &sh))) return false;
	memcpy(t->handshake->server_random, sh.random.at, TLS_RANDOM_BYTES);
	tls_transcript_add(t, raw);
	return v13 ? tls_client13_start(t, now, &sh) : tls_client12_start(t, now, &sh);
}
