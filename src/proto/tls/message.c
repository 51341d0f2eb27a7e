/* SPDX-License-Identifier: ISC */
/* The handshake layer (RFC 8446, 4): messages out of records in any fragmentation, the transcript (4.4.1), messages into records.
 *
 * A message that lies whole in its record is handed on from there; only one that comes in pieces is collected. After the
 * handshake there is no block to collect in: a client takes one for as long as a ticket is half there.
 */
#include "proto/tls/inside.h"

#define FLIGHT_BYTES (40u << 10) /* of messages that we send, between two flushes */
#define CHAIN_BYTES (64u << 10)  /* of a peer's certificates that are kept */

static size_t rounded(size_t n) { return (n + 15) / 16 * 16; }

size_t tls_handshake_block_bytes(void)
{
	return rounded(sizeof(struct tls_handshake)) + rounded(TLS_MESSAGE_HEADER + TLS_MESSAGE_MAX) + FLIGHT_BYTES + CHAIN_BYTES +
	       TLS_MESSAGES12_MAX;
}

static struct room cut(uint8_t **at, size_t len)
{
	struct room r = { *at, len };
	*at += rounded(len);
	return r;
}

bool tls_handshake_take(struct tls *t)
{
	struct tls_handshake *h = pool_take(t->config->handshakes);
	uint8_t *at = (uint8_t *)h;

	if (h == NULL) return false;
	assert(t->config->handshakes->block_bytes >= tls_handshake_block_bytes());
	memset(h, 0, sizeof *h);
	cut(&at, sizeof *h);
	h->collect = cut(&at, TLS_MESSAGE_HEADER + TLS_MESSAGE_MAX);
	struct room flight = cut(&at, FLIGHT_BYTES);
	h->flight = (struct tls_writer){ .at = flight.at, .size = flight.len };
	h->chain_bytes = cut(&at, CHAIN_BYTES);
	h->messages12.room = cut(&at, TLS_MESSAGES12_MAX);
	h->psk_index = -1;
	t->handshake = h;
	return true;
}

void tls_handshake_give(struct tls *t)
{
	struct tls_handshake *h = t->handshake;

	if (h == NULL) return;
	crypt_digest_end(&h->transcript.digest);
	for (size_t i = 0; i < COUNT(h->shares); i++) crypt_share_end(&h->shares[i]);
	crypt_key_end(h->peer_key);
	crypt_wipe(h, sizeof *h);
	t->handshake = NULL;
	pool_give(t->config->handshakes, h);
}

/* ---- transcript ---- */

void tls_transcript_start(struct tls *t) { t->handshake->transcript = (struct tls_transcript){ 0 }; }

static void keep12(struct tls_handshake *h, struct bytes raw)
{
	if (!h->messages12.keep || h->messages12.cut) return;
	h->messages12.cut = raw.len > h->messages12.room.len - h->messages12.len;
	if (h->messages12.cut) return;
	memcpy(h->messages12.room.at + h->messages12.len, raw.at, raw.len);
	h->messages12.len += raw.len;
}

void tls_transcript_add(struct tls *t, struct bytes raw)
{
	struct tls_handshake *h = t->handshake;

	keep12(h, raw);
	if (h->transcript.chosen) {
		crypt_digest_add(&h->transcript.digest, raw);
		return;
	}
	assert(raw.len <= h->chain_bytes.len - h->transcript.held);
	memcpy(h->chain_bytes.at + h->transcript.held, raw.at, raw.len);
	h->transcript.held += raw.len;
}

void tls_transcript_choose(struct tls *t, enum crypt_hash hash)
{
	struct tls_handshake *h = t->handshake;

	h->hash = hash;
	if (h->transcript.chosen) {
		assert(h->transcript.digest.hash == hash);
		return;
	}
	struct tls_transcript *transcript = &h->transcript;
	transcript->chosen = true;
	if (transcript->guessed == 0 || transcript->digest.hash != hash) {
		crypt_digest_start(&transcript->digest, t->config->crypt, hash);
		transcript->guessed = 0;
	}
	crypt_digest_add(&transcript->digest, bytes_skip((struct bytes){ h->chain_bytes.at, transcript->held }, transcript->guessed));
	transcript->held = 0;
}

void tls_transcript_retry(struct tls *t)
{
	struct tls_transcript *transcript = &t->handshake->transcript;
	enum crypt_hash hash = t->handshake->hash;
	size_t len = crypt_hash_len(hash);
	uint8_t message[TLS_MESSAGE_HEADER + CRYPT_HASH_MAX] = { TLS_MESSAGE_HASH, 0, 0, (uint8_t)len };

	tls_transcript_peek(t, message + TLS_MESSAGE_HEADER);
	crypt_digest_end(&transcript->digest);
	crypt_digest_start(&transcript->digest, t->config->crypt, hash);
	crypt_digest_add(&transcript->digest, (struct bytes){ message, TLS_MESSAGE_HEADER + len });
}

void tls_transcript_peek(const struct tls *t, uint8_t *out)
{
	assert(t->handshake->transcript.chosen);
	crypt_digest_peek(&t->handshake->transcript.digest, out);
}

/* The first time that a hello's beginning is hashed, that is kept: the rest is added when the hash is chosen. */
void tls_transcript_peek_with(struct tls *t, enum crypt_hash hash, struct bytes more, uint8_t *out)
{
	struct tls_handshake *h = t->handshake;
	struct tls_transcript *transcript = &h->transcript;
	struct bytes held = { h->chain_bytes.at, transcript->held };
	struct crypt_digest d;

	if (transcript->chosen) {
		assert(hash == h->hash);
		crypt_digest_copy(&d, &transcript->digest);
	} else if (transcript->guessed > 0 && transcript->digest.hash == hash && held.len > 0) {
		crypt_digest_copy(&d, &transcript->digest);
		crypt_digest_add(&d, bytes_skip(held, transcript->guessed));
	} else {
		crypt_digest_start(&d, t->config->crypt, hash);
		if (held.len > 0) crypt_digest_add(&d, held);
	}
	crypt_digest_add(&d, more);
	crypt_digest_peek(&d, out);
	if (!transcript->chosen && held.len == 0 && transcript->guessed == 0) {
		crypt_digest_copy(&transcript->digest, &d);
		transcript->guessed = more.len;
	}
	crypt_digest_end(&d);
}

/* ---- in ---- */

bool tls_expect(struct tls *t, enum tls_message_type got, enum tls_message_type wanted)
{
	const char *got_name = tls_message_name(got), *wanted_name = tls_message_name(wanted);
	if (got == wanted) return true;
	return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "%s came where %s was due", got_name != NULL ? got_name : "an unknown message",
	                wanted_name != NULL ? wanted_name : "another");
}

static bool on_message(struct tls *t, instant now, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	switch (t->state) {
	case TLS_CLIENT_WAIT_SH: return tls_client_on_hello(t, now, type, body, raw);
	case TLS_CLIENT_WAIT_EE: case TLS_CLIENT_WAIT_CERT_CR: case TLS_CLIENT_WAIT_CERT: case TLS_CLIENT_WAIT_CV:
	case TLS_CLIENT_WAIT_FINISHED: return tls_client13_on_message(t, now, type, body, raw);
	case TLS_SERVER_WAIT_CH: case TLS_SERVER_WAIT_CH2: return tls_server_on_hello(t, now, type, body, raw);
	case TLS_SERVER_WAIT_EOED: case TLS_SERVER_WAIT_CERT: case TLS_SERVER_WAIT_CV:
	case TLS_SERVER_WAIT_FINISHED: return tls_server13_on_message(t, now, type, body, raw);
	case TLS_OPEN: return tls_open_on_message(t, now, type, body, raw);
	case TLS_START: case TLS_CLOSED: return false;
	default: return t->is_server ? tls_server12_on_message(t, now, type, body, raw) : tls_client12_on_message(t, now, type, body, raw);
	}
}

/* Who has said this waits for our answer, and so has said no more. */
static bool ends_flight(struct bytes raw)
{
	const size_t random_at = TLS_MESSAGE_HEADER + 2;
	bool is_retry = raw.len >= random_at + TLS_RANDOM_BYTES && memcmp(raw.at + random_at, tls_retry_random, TLS_RANDOM_BYTES) == 0;
	if (raw.at[0] == TLS_SERVER_HELLO) return is_retry;
	return raw.at[0] == TLS_CLIENT_HELLO || raw.at[0] == TLS_SERVER_HELLO_DONE;
}

/* 5.1: a message before a change of keys ends its record. */
static bool dispatch(struct tls *t, instant now, struct bytes raw, bool last_in_record)
{
	const struct tls_seen_message seen = { false, t->version == TLS_1_3, TLS_HANDSHAKE, t->number, raw };

	tls_seen_add(t->config->seen, &seen);
	t->input_keys_changed = false;
	if (!last_in_record && t->state < TLS_OPEN && ends_flight(raw))
		return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "more handshake bytes in the record behind the last message before our answer");
	if (!on_message(t, now, (enum tls_message_type)raw.at[0], bytes_skip(raw, TLS_MESSAGE_HEADER), raw)) return false;
	if (t->input_keys_changed && !last_in_record)
		return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "more handshake bytes in the record behind a message that changes the keys");
	return t->state != TLS_CLOSED;
}

static size_t message_len(const uint8_t *at) { return TLS_MESSAGE_HEADER + ((size_t)at[1] << 16 | load_be16(at + 2)); }

static bool check_length(struct tls *t, const uint8_t *at)
{
	const char *name = tls_message_name(at[0]);
	size_t len = message_len(at) - TLS_MESSAGE_HEADER;
	if (len <= TLS_MESSAGE_MAX) return true;
	return tls_fail(t, TLS_ILLEGAL_PARAMETER, "%s of %zu bytes, more than the %u we take", name != NULL ? name : "a message", len,
	                TLS_MESSAGE_MAX);
}

/* Takes of `plain` what the message lacks; its handler is called when it is whole. */
static bool collect(struct tls *t, instant now, struct bytes *plain)
{
	struct tls_handshake *h = t->handshake;

	while (plain->len > 0) {
		size_t want = h->collected < TLS_MESSAGE_HEADER ? TLS_MESSAGE_HEADER : message_len(h->collect.at);
		size_t n = size_min(want - h->collected, plain->len);
		memcpy(h->collect.at + h->collected, plain->at, n);
		h->collected += n;
		*plain = bytes_skip(*plain, n);
		if (h->collected < TLS_MESSAGE_HEADER) return true;
		if (h->collected == TLS_MESSAGE_HEADER && !check_length(t, h->collect.at)) return false;
		if (h->collected < message_len(h->collect.at)) continue;
		h->collected = 0; /* before the handler, after which the block may be gone */
		return dispatch(t, now, (struct bytes){ h->collect.at, message_len(h->collect.at) }, plain->len == 0);
	}
	return true;
}

/* Without a block to collect it in, a ticket is passed over: it is a courtesy. */
static bool begin_ticket(struct tls *t)
{
	t->open_len = 0;
	if (!check_length(t, t->open_message)) return false;
	if (t->handshake == NULL && !tls_handshake_take(t)) {
		t->open_skip = (uint32_t)(message_len(t->open_message) - TLS_MESSAGE_HEADER);
		return true;
	}
	memcpy(t->handshake->collect.at, t->open_message, TLS_MESSAGE_HEADER);
	t->handshake->collected = TLS_MESSAGE_HEADER;
	return true;
}

static bool pass_over(struct tls *t, struct bytes *plain)
{
	size_t n = size_min(t->open_skip, plain->len);
	t->open_skip -= (uint32_t)n;
	*plain = bytes_skip(*plain, n);
	return true;
}

/* After the handshake the only long message is a ticket, which a client gets. All else is a KeyUpdate or wrong, and is told by
 * its header: half a message must not hold a block, or strangers could take them all. */
static bool collect_open(struct tls *t, instant now, struct bytes *plain)
{
	size_t len, want = t->open_len < TLS_MESSAGE_HEADER ? TLS_MESSAGE_HEADER : sizeof t->open_message;
	size_t n = size_min(want - t->open_len, plain->len);
	uint8_t message[sizeof t->open_message];

	memcpy(t->open_message + t->open_len, plain->at, n);
	t->open_len += (uint8_t)n;
	*plain = bytes_skip(*plain, n);
	if (t->open_len < TLS_MESSAGE_HEADER) return true;
	len = message_len(t->open_message);
	if (t->open_message[0] == TLS_NEW_SESSION_TICKET && !t->is_server && t->version == TLS_1_3) return begin_ticket(t);
	if (len == sizeof t->open_message && t->open_len < len) return true;
	memcpy(message, t->open_message, sizeof message);
	t->open_len = 0;
	return dispatch(t, now, (struct bytes){ message, len == sizeof message ? len : TLS_MESSAGE_HEADER }, plain->len == 0);
}

bool tls_half_a_message(const struct tls *t)
{
	return t->open_len > 0 || t->open_skip > 0 || (t->handshake != NULL && t->handshake->collected > 0);
}

/* Is the next message all there? */
static bool whole(const struct bytes plain)
{
	return plain.len >= TLS_MESSAGE_HEADER && plain.len >= message_len(plain.at);
}

bool tls_message_input(struct tls *t, instant now, struct bytes plain)
{
	while (plain.len > 0 && t->state != TLS_CLOSED) {
		bool went_on, begun = tls_half_a_message(t);
		if (!begun && whole(plain)) {
			struct bytes raw = bytes_first(plain, message_len(plain.at));
			plain = bytes_skip(plain, raw.len);
			went_on = dispatch(t, now, raw, plain.len == 0);
		} else if (t->open_skip > 0) {
			went_on = pass_over(t, &plain);
		} else if (t->state == TLS_OPEN && (t->open_len > 0 || !begun)) {
			went_on = collect_open(t, now, &plain);
		} else {
			went_on = collect(t, now, &plain);
		}
		if (!went_on) return false;
	}
	return t->state != TLS_CLOSED;
}

/* ---- out ---- */

bool tls_sent_message(struct tls *t, size_t from)
{
	struct tls_writer *flight = &t->handshake->flight;

	if (flight->cut) return tls_fail(t, TLS_INTERNAL_ERROR, "our own messages do not fit into %zu bytes", flight->size);
	tls_transcript_add(t, (struct bytes){ flight->at + from, flight->len - from });
	return true;
}

bool tls_flush(struct tls *t)
{
	struct tls_handshake *h = t->handshake;

	if (h->flight.cut) return tls_fail(t, TLS_INTERNAL_ERROR, "our own messages do not fit into %zu bytes", h->flight.size);
	if (!tls_record_seal(t, TLS_HANDSHAKE, (struct bytes){ h->flight.at + h->sealed, h->flight.len - h->sealed }))
		return tls_fail(t, TLS_INTERNAL_ERROR, "no room for our own messages");
	h->flight.len = h->sealed = 0;
	return true;
}
