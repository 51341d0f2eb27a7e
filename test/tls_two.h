/* SPDX-License-Identifier: ISC */
/* tls_two.h - two TLS machines in one program: keys and certificates for them, and the wire between them.
 *
 *     two_open(1);                                   // the seed of all chance; makes a CA and an identity of each kind
 *     struct two two;
 *     two_start(&two, &client_config, &server_config); // configs begin as two_config(...)
 *     two_shake(&two);                               // everything moves until nothing does
 *     two_end(&two);
 *     two_close();
 *
 * After each move the law of the deadline is asserted, and that an idle connection holds no block.
 */
#ifndef TULLE_TEST_TLS_TWO_H
#define TULLE_TEST_TLS_TWO_H

#include <assert.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypt/issue.h"
#include "proto/tls/inside.h"

#define TWO_NAME "www.a.example"
#define TWO_DATE INT64_C(1800000000) /* when `now` is 0 */

enum { TWO_DER_MAX = 4096, TWO_HANDSHAKES = 4, TWO_RECORDS = 12, TWO_WIRE_BYTES = 1 << 20, TWO_BLOCK = 17 << 10 };

struct two_identity {
	struct crypt_key *key;
	uint8_t der[TWO_DER_MAX], ocsp[TWO_DER_MAX];
	struct tls_identity identity;
};

static struct {
	struct rng rng;
	struct crypt *crypt;
	struct x509_trust *trust;
	struct crypt_key *root_key;
	uint8_t root[TWO_DER_MAX]; size_t root_len;
	struct two_identity by_kind[CRYPT_KEY_KINDS];
	struct pool handshakes, records;
	uint8_t *memory;
	struct tls_sessions *client_sessions, *server_sessions;
	struct tls_tickets *tickets;
} world;

struct two_wire { uint8_t *at; size_t len, sent; bool ended; /* sent: bytes ever put onto it */ };
struct two {
	struct tls client, server;
	struct two_wire up, down;   /* to the server, to the client */
	struct rng *cut;            /* NULL: whole pieces; else pieces of random sizes */
	instant now;
	unsigned client_news, server_news;
};

static inline void two_give_up(const char *what)
{
	fprintf(stderr, "tls_two.h: %s\n", what);
	abort();
}

static inline void two_make(enum crypt_key_kind kind)
{
	static const char *const names[] = { TWO_NAME, "*.b.example", "10.0.0.1" };
	struct two_identity *w = &world.by_kind[kind];
	char words[200];
	struct text why = text_in(words, sizeof words);

	w->key = crypt_key_make(world.crypt, kind);
	size_t len = w->key == NULL ? 0 : issue_certificate(world.crypt, &(struct issue){ .common_name = TWO_NAME, .names = names,
		.names_count = COUNT(names), .both_purposes = true, .key = w->key, .issuer_key = world.root_key,
		.issuer_der = { world.root, world.root_len }, .not_before = TWO_DATE - 86400, .not_after = TWO_DATE + 86400 * 90 },
		(struct room){ w->der, sizeof w->der }, &why);
	if (len == 0) two_give_up(words);
	w->identity = (struct tls_identity){ .chain = { .der = { { w->der, len } }, .count = 1 }, .key = w->key };
	len = issue_ocsp(world.crypt, &(struct issue_ocsp){ .certificate = w->identity.chain.der[0], .issuer_der = { world.root, world.root_len },
		.key = world.root_key, .this_update = TWO_DATE - 3600, .next_update = TWO_DATE + 86400 }, (struct room){ w->ocsp, sizeof w->ocsp });
	w->identity.ocsp = (struct bytes){ w->ocsp, len };
}

static inline void two_make_root(void)
{
	static uint8_t pem[2 * TWO_DER_MAX];
	char words[200];
	struct text why = text_in(words, sizeof words);

	world.root_key = crypt_key_make(world.crypt, CRYPT_KEY_P256);
	world.root_len = issue_certificate(world.crypt, &(struct issue){ .common_name = "Test CA", .ca = true, .key = world.root_key,
		.not_before = TWO_DATE - 86400, .not_after = TWO_DATE + 86400 * 900 }, (struct room){ world.root, sizeof world.root }, &why);
	size_t len = issue_pem((struct bytes){ world.root, world.root_len }, "CERTIFICATE", (struct room){ pem, sizeof pem });
	world.trust = x509_trust_open(world.crypt);
	if (world.root_len == 0 || len == 0 || !x509_trust_add(world.trust, (struct bytes){ pem, len }, &why)) two_give_up(words);
}

static inline void *two_lend(uint8_t **at, size_t n)
{
	void *here = *at;
	*at += (n + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	return here;
}

/* Fresh sessions and tickets: nothing is remembered, and no secret of tickets either. */
static inline void two_forget(void)
{
	static uint8_t *client, *server, *tickets;
	size_t size = tls_sessions_size(16), tickets_size = tls_tickets_size(64);
	if (client == NULL) client = malloc(size), server = malloc(size), tickets = malloc(tickets_size);
	if (world.tickets != NULL) tls_tickets_end(world.tickets);
	world.client_sessions = tls_sessions_init((struct room){ client, size }, 16, 4);
	world.server_sessions = tls_sessions_init((struct room){ server, size }, 16, 1);
	world.tickets = tls_tickets_init((struct room){ tickets, tickets_size }, world.crypt, &world.rng, NULL, TLS_TICKET_LIFETIME_S, 64);
}

/* kinds: bits 1 << enum crypt_key_kind. */
static inline void two_open(uint64_t seed, unsigned kinds)
{
	size_t handshake = tls_handshake_block_bytes();
	rng_init_number(&world.rng, seed);
	world.crypt = crypt_open(&world.rng);
	if (world.crypt == NULL) two_give_up(crypt_why());
	two_make_root();
	for (unsigned kind = 0; kind < CRYPT_KEY_KINDS; kind++)
		if (kinds & 1u << kind) two_make((enum crypt_key_kind)kind);
	world.memory = malloc(TWO_HANDSHAKES * handshake + TWO_RECORDS * TWO_BLOCK + 64);
	uint8_t *at = world.memory;
	pool_init(&world.handshakes, (struct room){ two_lend(&at, TWO_HANDSHAKES * handshake), TWO_HANDSHAKES * handshake }, handshake);
	pool_init(&world.records, (struct room){ two_lend(&at, TWO_RECORDS * TWO_BLOCK), TWO_RECORDS * TWO_BLOCK }, TWO_BLOCK);
	two_forget();
}

static inline void two_close(void)
{
	tls_tickets_end(world.tickets);
	for (unsigned kind = 0; kind < CRYPT_KEY_KINDS; kind++) crypt_key_end(world.by_kind[kind].key);
	crypt_key_end(world.root_key);
	x509_trust_close(world.trust);
	crypt_close(world.crypt);
	free(world.memory);
}

/* The keys as they were when they were made: libcrypto keeps a state in those of RSA (blinding), which draws chance now and then. */
static inline void two_fresh_keys(void)
{
	uint8_t pem[4096];
	char words[200];
	struct text why = text_in(words, sizeof words);
	for (unsigned kind = 0; kind < CRYPT_KEY_KINDS; kind++) {
		struct two_identity *w = &world.by_kind[kind];
		if (w->key == NULL) continue;
		size_t len = crypt_key_write(w->key, (struct room){ pem, sizeof pem });
		crypt_key_end(w->key);
		w->key = len > 0 ? crypt_key_read(world.crypt, (struct bytes){ pem, len }, &why) : NULL;
		if (w->key == NULL) two_give_up(words);
		w->identity.key = w->key;
	}
}

static inline struct tls_config two_config(void)
{
	return (struct tls_config){ .crypt = world.crypt, .rng = &world.rng, .handshakes = &world.handshakes, .records = &world.records,
	                            .trust = world.trust, .date = TWO_DATE };
}

static inline void two_start(struct two *two, const struct tls_config *client, const struct tls_config *server)
{
	uint8_t *up = two->up.at, *down = two->down.at;
	struct rng *cut = two->cut;
	instant now = two->now;
	*two = (struct two){ .up.at = up, .down.at = down, .cut = cut, .now = now };
	if (up == NULL) two->up.at = malloc(TWO_WIRE_BYTES), two->down.at = malloc(TWO_WIRE_BYTES);
	if (!tls_connect(&two->client, two->now, client, TWO_NAME) || !tls_accept(&two->server, two->now, server))
		two_give_up("no block for a handshake");
}

static inline void two_end(struct two *two) { tls_end(&two->client), tls_end(&two->server); }
static inline void two_free(struct two *two) { free(two->up.at), free(two->down.at); }

static inline size_t two_piece(struct two *two, size_t len)
{
	if (two->cut == NULL || len == 0) return len;
	size_t most = rng_below(two->cut, 4) == 0 ? len : size_min(len, 1 + rng_below(two->cut, 700));
	return 1 + rng_below(two->cut, most);
}

/* What is true of every machine after every verb. */
static inline void two_check(const struct tls *t, bool output_waits, instant now)
{
	assert(output_waits || tls_deadline(t) > now);
	if (t->state == TLS_OPEN && !t->config->keep_peer_chain) assert(t->handshake == NULL || t->handshake->collected > 0);
	if (t->in_len == 0 && t->in_plain == 0) assert(t->in_block == NULL);
	if (t->out_len == t->out_at) assert(t->out_block == NULL && t->out_next == NULL);
	assert(t->failure.words[0] == '\0' || strlen(t->failure.words) < TLS_WORDS_MAX);
	assert((tls_failure(t) == NULL) || t->state == TLS_CLOSED);
}

/* A piece of what `from` wants to send goes onto the wire. */
static inline bool two_carry_out(struct two *two, struct tls *from, struct two_wire *wire)
{
	struct bytes out = tls_output(from, two->now);
	size_t n = size_min(two_piece(two, out.len), TWO_WIRE_BYTES - wire->len);
	two_check(from, out.len > 0, two->now);
	if (n == 0) return false;
	memcpy(wire->at + wire->len, out.at, n);
	wire->len += n, wire->sent += n;
	tls_sent(from, n);
	return true;
}

/* A piece of the wire reaches `to`. */
static inline bool two_carry_in(struct two *two, struct tls *to, struct two_wire *wire)
{
	size_t n = two_piece(two, wire->len), taken = tls_input(to, two->now, (struct bytes){ wire->at, n });
	assert(taken <= n);
	memmove(wire->at, wire->at + taken, wire->len - taken);
	wire->len -= taken;
	two_check(to, true, two->now);
	return taken > 0;
}

static inline bool two_move(struct two *two)
{
	bool moved = two_carry_out(two, &two->client, &two->up);
	moved |= two_carry_in(two, &two->server, &two->up);
	moved |= two_carry_out(two, &two->server, &two->down);
	moved |= two_carry_in(two, &two->client, &two->down);
	two->client_news |= tls_news(&two->client);
	two->server_news |= tls_news(&two->server);
	return moved;
}

static inline bool two_shake(struct two *two)
{
	while (two_move(two)) continue;
	return tls_is_connected(&two->client) && tls_is_connected(&two->server);
}

/* Sends through, both ways, and sees that it arrives. */
static inline bool two_say(struct two *two, struct tls *from, struct tls *to, const char *words)
{
	if (tls_send(from, two->now, bytes_of(words)) != strlen(words)) return false;
	while (two_move(two)) continue;
	bool same = bytes_equal(tls_peek(to), bytes_of(words));
	tls_take(to, tls_peek(to).len);
	return same;
}

static inline const char *two_words(const struct tls *t) { return tls_failure(t) != NULL ? tls_failure(t)->words : "no failure"; }

#endif
