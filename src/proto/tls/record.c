/* SPDX-License-Identifier: ISC */
/* The record layer (RFC 8446, 5; RFC 5246, 6.2 with RFC 5288 and RFC 7905).
 *
 * In: a record that lies whole in the caller's view is opened from there into the in block; one that comes in pieces is
 * collected in the block and opened in place. Application data stays in the block until it is taken, and as long as the
 * block has room, further records are opened behind it; everything else is dealt with at once.
 * Out: records are sealed into the out block, straight from the caller's bytes. A flight that the block cannot
 * hold goes on in a second one.
 */
#include "proto/tls/inside.h"

#define IDLE_RECORDS_MAX 32      /* in a row that bring nothing: empty ones, change_cipher_spec, warnings */
#define EXPLICIT_NONCE_BYTES 8   /* RFC 5288, 3 */
#define RESERVE 64               /* of the out block, for an alert and a KeyUpdate behind application data */
#define AES_GCM_RECORDS_MAX (UINT64_C(1) << 24) /* RFC 8446, 5.5: 2^24.5 full records */

static bool sealed(const struct tls_side *side) { return side->aead.state != NULL; }

/* RFC 8446 protects a first flight of early data before a version is agreed. */
static bool is_v13(const struct tls *t) { return t->version != TLS_1_2; }

bool tls_block_ready(struct tls *t, uint8_t **block)
{
	if (*block == NULL) *block = pool_take(t->config->records);
	if (*block != NULL) {
		t->starved = false;
		return true;
	}
	if (!t->starved) t->news |= TLS_STARVED;
	t->starved = true;
	return false;
}

/* The nonce of record number `sequence`: RFC 8446, 5.3; with AES-GCM in 1.2, what is written in the record. */
static void make_nonce(const struct tls_side *side, const uint8_t *explicit_nonce, uint8_t nonce[CRYPT_NONCE_BYTES])
{
	memcpy(nonce, side->iv, CRYPT_NONCE_BYTES);
	if (explicit_nonce != NULL) memcpy(nonce + CRYPT_NONCE_BYTES - EXPLICIT_NONCE_BYTES, explicit_nonce, EXPLICIT_NONCE_BYTES);
	else for (unsigned i = 0; i < 8; i++) nonce[CRYPT_NONCE_BYTES - 1 - i] ^= (uint8_t)(side->sequence >> 8 * i);
}

/* What 1.2 authenticates besides: sequence number, type, version, plain length (RFC 5246, 6.2.3.3). */
static struct bytes make_ad12(const struct tls_side *side, const uint8_t *header, size_t plain_len, uint8_t ad[13])
{
	store_be64(ad, side->sequence);
	memcpy(ad + 8, header, 3);
	store_be16(ad + 11, (uint16_t)plain_len);
	return (struct bytes){ ad, 13 };
}

/* ---- out ---- */

/* Whole records' plaintext with its type is a multiple of config->padding_to, within what a record may hold. */
static size_t padding_for(const struct tls *t, size_t len)
{
	size_t unit = t->config->padding_to, max = t->fragment_max;
	if (unit == 0 || !is_v13(t)) return 0;
	size_t padding = (unit - (len + 1) % unit) % unit;
	return len + padding <= max ? padding : max - len;
}

static size_t sealed_len(const struct tls *t, size_t len)
{
	if (!sealed(&t->out)) return TLS_RECORD_HEADER + len;
	if (is_v13(t)) return TLS_RECORD_HEADER + len + 1 + padding_for(t, len) + CRYPT_TAG_BYTES;
	return TLS_RECORD_HEADER + (t->out.explicit_nonce ? EXPLICIT_NONCE_BYTES : 0) + len + CRYPT_TAG_BYTES;
}

/* What was sent already makes room, if there is much of it. */
static void move_down(struct tls *t)
{
	if (t->out_at < t->config->records->block_bytes / 2) return;
	memmove(t->out_block, t->out_block + t->out_at, t->out_len - t->out_at);
	t->out_len -= t->out_at;
	t->out_at = 0;
}

static uint8_t *room_for(struct tls *t, size_t len)
{
	size_t size = t->config->records->block_bytes;
	if (!tls_block_ready(t, &t->out_block)) return NULL;
	if (t->out_next == NULL) {
		if (size - t->out_len < len) move_down(t);
		if (size - t->out_len >= len) return t->out_block + t->out_len;
		if (!tls_block_ready(t, &t->out_next)) return NULL;
		t->out_next_len = 0;
	}
	return size - t->out_next_len >= len ? t->out_next + t->out_next_len : NULL;
}

static void written(struct tls *t, size_t len)
{
	if (t->out_next != NULL) t->out_next_len += (uint32_t)len;
	else t->out_len += (uint32_t)len;
	t->records_out++;
}

static void seal13(struct tls *t, enum tls_content type, struct bytes plain, uint8_t *at)
{
	size_t padding = padding_for(t, plain.len);
	uint8_t nonce[CRYPT_NONCE_BYTES], *behind = at + TLS_RECORD_HEADER + plain.len;
	struct bytes parts[] = { plain, { behind, 1 + padding } };

	tls_emit_record(&(struct tls_record){ TLS_APPLICATION_DATA, TLS_1_2, plain.len + 1 + padding + CRYPT_TAG_BYTES }, at);
	behind[0] = (uint8_t)type;
	memset(behind + 1, 0, padding);
	make_nonce(&t->out, NULL, nonce);
	crypt_aead_seal(&t->out.aead, nonce, (struct bytes){ at, TLS_RECORD_HEADER }, parts, COUNT(parts), at + TLS_RECORD_HEADER);
	t->out.sequence++;
}

static void seal12(struct tls *t, enum tls_content type, struct bytes plain, uint8_t *at)
{
	size_t explicit_len = t->out.explicit_nonce ? EXPLICIT_NONCE_BYTES : 0;
	uint8_t nonce[CRYPT_NONCE_BYTES], ad[13], *body = at + TLS_RECORD_HEADER;

	tls_emit_record(&(struct tls_record){ type, TLS_1_2, explicit_len + plain.len + CRYPT_TAG_BYTES }, at);
	if (explicit_len > 0) store_be64(body, t->out.sequence);
	make_nonce(&t->out, explicit_len > 0 ? body : NULL, nonce);
	crypt_aead_seal(&t->out.aead, nonce, make_ad12(&t->out, at, plain.len, ad), &plain, 1, body + explicit_len);
	t->out.sequence++;
}

/* 5.1: a first ClientHello says 1.0, for the sake of old middleboxes; everything else 1.2. */
static void put_plain(struct tls *t, enum tls_content type, struct bytes plain, uint8_t *at)
{
	bool first_hello = !t->is_server && t->records_out == 0 && type == TLS_HANDSHAKE;
	tls_emit_record(&(struct tls_record){ type, first_hello ? TLS_1_0 : TLS_1_2, plain.len }, at);
	memcpy(at + TLS_RECORD_HEADER, plain.at, plain.len);
}

static void put_record(struct tls *t, enum tls_content type, struct bytes plain, uint8_t *at)
{
	if (!sealed(&t->out)) put_plain(t, type, plain, at);
	else if (is_v13(t)) seal13(t, type, plain, at);
	else seal12(t, type, plain, at);
	written(t, sealed_len(t, plain.len));
}

bool tls_record_seal(struct tls *t, enum tls_content type, struct bytes plain)
{
	const struct tls_seen_message seen = { true, t->version == TLS_1_3, type, t->number, plain };

	for (size_t n; plain.len > 0; plain = bytes_skip(plain, n)) {
		n = type == TLS_ALERT ? plain.len : size_min(plain.len, t->fragment_max); /* RFC 8446, 5.1: alerts are never cut */
		uint8_t *at = room_for(t, sealed_len(t, n));
		if (at == NULL) return false;
		put_record(t, type, bytes_first(plain, n), at);
	}
	if (type != TLS_APPLICATION_DATA) tls_seen_add(t->config->seen, &seen);
	return true;
}

/* In 1.3 it is no part of the protocol but for the sake of middleboxes (D.4), and never sealed. */
bool tls_try_change_cipher_spec(struct tls *t)
{
	static const uint8_t one = 1;
	uint8_t *at = room_for(t, TLS_RECORD_HEADER + 1);

	if (at == NULL) return false;
	put_plain(t, TLS_CHANGE_CIPHER_SPEC, (struct bytes){ &one, 1 }, at);
	written(t, TLS_RECORD_HEADER + 1);
	t->handshake->ccs_sent = true;
	return true;
}

bool tls_send_change_cipher_spec(struct tls *t)
{
	return tls_try_change_cipher_spec(t) || tls_fail(t, TLS_INTERNAL_ERROR, "no room for a change_cipher_spec");
}

/* The plaintext of one more record that the first out block has room for, less what is kept for alerts. */
static size_t room_to_send(struct tls *t)
{
	size_t size = t->config->records->block_bytes - RESERVE, overhead = sealed_len(t, 0);
	if (t->out_next != NULL) return 0;
	if (t->out_len + overhead + t->fragment_max > size) move_down(t);
	if (t->out_len + overhead >= size) return 0;
	size_t room = size_min(size - t->out_len - overhead, t->fragment_max);
	if (t->config->padding_to > 0) { /* padding takes of the same room */
		while (room > 0 && t->out_len + sealed_len(t, room) > size) room--;
	}
	return room;
}

/* 5.5: a key protects no more than so many records; after that the connection gets new ones by itself. */
static bool key_is_used_up(const struct tls *t)
{
	uint64_t max = t->config->key_update_after;
	if (max == 0) max = t->out.aead.kind == CRYPT_CHACHA20_POLY1305 ? UINT64_MAX : AES_GCM_RECORDS_MAX;
	return t->version == TLS_1_3 && t->state == TLS_OPEN && t->out.sequence >= max;
}

size_t tls_record_send(struct tls *t, struct bytes plain)
{
	size_t sent = 0;

	while (sent < plain.len) {
		if ((t->update_due || key_is_used_up(t)) && !tls_send_key_update(t, false)) break;
		if (!tls_block_ready(t, &t->out_block)) break;
		size_t n = size_min(plain.len - sent, room_to_send(t));
		if (n == 0) break;
		put_record(t, TLS_APPLICATION_DATA, bytes_first(bytes_skip(plain, sent), n), t->out_block + t->out_len);
		sent += n;
	}
	return sent;
}

void tls_record_drained(struct tls *t)
{
	pool_give(t->config->records, t->out_block);
	t->out_block = t->out_next;
	t->out_len = t->out_next_len;
	t->out_at = 0;
	t->out_next = NULL;
	t->out_next_len = 0;
}

/* ---- in ---- */

/* A record that brings nothing is allowed, many in a row are not. */
static bool idle_record(struct tls *t)
{
	if (++t->idle_records <= IDLE_RECORDS_MAX) return true;
	return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "more than %u records in a row that bring nothing", IDLE_RECORDS_MAX);
}

/* 5: in 1.3 it may come in the clear at any moment between the first ClientHello and the peer's Finished, and says
 * nothing. In 1.2 it changes the keys, at one moment only (RFC 5246, 7.1). */
static bool on_change_cipher_spec(struct tls *t, struct bytes body)
{
	if (body.len != 1 || body.at[0] != 1) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "a change_cipher_spec that is not one");
	switch (t->state) {
	case TLS_CLIENT12_WAIT_CCS: return tls_client12_on_change_cipher_spec(t);
	case TLS_SERVER12_WAIT_CCS: return tls_server12_on_change_cipher_spec(t);
	case TLS_CLIENT_WAIT_SH: if (tls_offers_version(t->config, TLS_1_3)) return idle_record(t); break;
	case TLS_SERVER_WAIT_CH: if (t->config->tickets != NULL) return idle_record(t); break; /* 4.2.2: it may follow a cookie we forgot */
	case TLS_CLIENT_WAIT_EE: case TLS_CLIENT_WAIT_CERT_CR: case TLS_CLIENT_WAIT_CERT: case TLS_CLIENT_WAIT_CV:
	case TLS_CLIENT_WAIT_FINISHED: case TLS_SERVER_WAIT_CH2: case TLS_SERVER_WAIT_EOED: case TLS_SERVER_WAIT_CERT:
	case TLS_SERVER_WAIT_CV: case TLS_SERVER_WAIT_FINISHED: return idle_record(t);
	default: break;
	}
	return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "a change_cipher_spec in %s", tls_state_name(t->state));
}

/* It stays in the in block, behind what waits there already. */
static bool on_application_data(struct tls *t, struct bytes plain)
{
	if (t->state != TLS_OPEN && t->state != TLS_SERVER_WAIT_EOED)
		return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "application data in %s", tls_state_name(t->state));
	if (plain.len == 0) return idle_record(t);
	if (t->state == TLS_SERVER_WAIT_EOED) {
		if (plain.len > t->count.early_left) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "more early data than the ticket allows");
		t->count.early_left -= (uint32_t)plain.len;
	}
	if (t->in_plain == 0) t->in_at = (uint32_t)(plain.at - t->in_block);
	t->in_plain += (uint32_t)plain.len;
	t->idle_records = t->tickets_idle = t->warnings = 0;
	t->news |= TLS_READABLE;
	return true;
}

static bool on_handshake(struct tls *t, instant now, struct bytes plain)
{
	if (plain.len == 0) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "an empty record of handshake messages"); /* 5.1 */
	t->warnings = 0;
	if (t->state != TLS_OPEN) t->idle_records = 0;
	return tls_message_input(t, now, plain);
}

static bool on_plaintext(struct tls *t, instant now, unsigned type, struct bytes plain)
{
	t->records_in++;
	if (tls_half_a_message(t) && type != TLS_HANDSHAKE && type != TLS_ALERT) /* 5.1 */
		return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "a record of another type in the middle of a handshake message");
	switch (type) {
	case TLS_HANDSHAKE: return on_handshake(t, now, plain);
	case TLS_ALERT: return tls_alert_input(t, plain);
	case TLS_APPLICATION_DATA: return on_application_data(t, plain);
	default: return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "a record of type %u under protection", type);
	}
}

/* 4.2.10: how much of refused early data is passed over is bounded by what a ticket could have allowed. */
static bool skip_early(struct tls *t, size_t len)
{
	if (len > t->count.early_left) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "more early data than any ticket allows");
	t->count.early_left -= (uint32_t)len;
	return true;
}

static bool on_unreadable(struct tls *t, size_t len)
{
	if (t->skip_early == TLS_SKIP_UNREADABLE) return skip_early(t, len);
	return tls_fail(t, TLS_BAD_RECORD_MAC, "record %llu: its authentication tag is not right: it was changed on the way, or the keys "
	                                       "differ", (unsigned long long)t->in.sequence);
}

/* 5.4: the type is the last byte that is not zero. */
static size_t without_padding(const uint8_t *at, size_t len)
{
	while (len >= 8 && load_be64(at + len - 8) == 0) len -= 8;
	while (len > 0 && at[len - 1] == 0) len--;
	return len;
}

static size_t plaintext_max(const struct tls *t) /* with the type, in 1.3 */
{
	if (t->peer_limits_records && t->state != TLS_SERVER_WAIT_EOED) return tls_record_limit(t); /* unknown when early data is sent */
	return TLS_PLAINTEXT_MAX + (is_v13(t) ? 1 : 0);
}

static bool open13(struct tls *t, instant now, const uint8_t *header, struct bytes body, uint8_t *out)
{
	uint8_t nonce[CRYPT_NONCE_BYTES];

	if (body.len < CRYPT_TAG_BYTES + 1) return on_unreadable(t, body.len);
	make_nonce(&t->in, NULL, nonce);
	if (!crypt_aead_open(&t->in.aead, nonce, (struct bytes){ header, TLS_RECORD_HEADER }, body, out)) return on_unreadable(t, body.len);
	t->in.sequence++;
	t->skip_early = TLS_SKIP_NOTHING;
	size_t len = body.len - CRYPT_TAG_BYTES;
	if (len > plaintext_max(t)) return tls_fail(t, TLS_RECORD_OVERFLOW, "a record of %zu bytes, more than %zu", len, plaintext_max(t));
	len = without_padding(out, len);
	if (len == 0) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "a record of nothing but padding");
	return on_plaintext(t, now, out[len - 1], (struct bytes){ out, len - 1 });
}

static bool open12(struct tls *t, instant now, const uint8_t *header, struct bytes body, uint8_t *out)
{
	uint8_t nonce[CRYPT_NONCE_BYTES], ad[13];
	size_t explicit_len = t->in.explicit_nonce ? EXPLICIT_NONCE_BYTES : 0;

	if (body.len < explicit_len + CRYPT_TAG_BYTES) return on_unreadable(t, body.len);
	size_t len = body.len - explicit_len - CRYPT_TAG_BYTES;
	make_nonce(&t->in, explicit_len > 0 ? body.at : NULL, nonce);
	if (!crypt_aead_open(&t->in.aead, nonce, make_ad12(&t->in, header, len, ad), bytes_skip(body, explicit_len), out))
		return on_unreadable(t, body.len);
	t->in.sequence++;
	if (len > plaintext_max(t)) return tls_fail(t, TLS_RECORD_OVERFLOW, "a record of %zu bytes, more than %zu", len, plaintext_max(t));
	return on_plaintext(t, now, header[0], (struct bytes){ out, len });
}

/* Where no keys are yet. 4.2.10: early data after a HelloRetryRequest is passed over. */
static bool on_clear(struct tls *t, instant now, unsigned type, struct bytes body)
{
	if (type == TLS_APPLICATION_DATA && tls_half_a_message(t)) return on_plaintext(t, now, type, body); /* which refuses it: 5.1 */
	if (type == TLS_APPLICATION_DATA && t->skip_early == TLS_SKIP_SEALED) return skip_early(t, body.len);
	if (type == TLS_APPLICATION_DATA) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "application data before there are keys");
	return on_plaintext(t, now, type, body);
}

/* A client that cannot follow our ServerHello has no keys to say so with. */
static bool may_come_clear(const struct tls *t, unsigned type)
{
	return type == TLS_ALERT && t->is_server && t->state < TLS_OPEN && t->in.sequence == 0;
}

/* One whole record; `out` has room for its body, and may be where it is. */
static bool on_record(struct tls *t, instant now, const uint8_t *header, struct bytes body, uint8_t *out)
{
	unsigned type = header[0];

	if (type == TLS_CHANGE_CIPHER_SPEC && (is_v13(t) || !sealed(&t->in))) {
		if (tls_half_a_message(t)) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "change_cipher_spec in the middle of a handshake message");
		return on_change_cipher_spec(t, body);
	}
	if (sealed(&t->in) && !is_v13(t)) return open12(t, now, header, body, out);
	if (sealed(&t->in) && type == TLS_APPLICATION_DATA) return open13(t, now, header, body, out);
	if (sealed(&t->in) && !may_come_clear(t, type))
		return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "a record of type %u in the clear", type);
	return on_clear(t, now, type, body);
}

/* The first five bytes of "GET /", "POST /", "HEAD /", "PUT /" or "CONNECT" as a record's header. */
static bool is_http(const uint8_t at[TLS_RECORD_HEADER])
{
	static const char *const methods[] = { "GET /", "POST ", "HEAD ", "PUT /", "CONNE" };

	for (size_t i = 0; i < COUNT(methods); i++)
		if (memcmp(at, methods[i], TLS_RECORD_HEADER) == 0) return true;
	return false;
}

/* The peer's first bytes are no record's: another protocol's greeting tells a person which. */
static bool not_tls(struct tls *t, const struct tls_record *r)
{
	uint8_t at[TLS_RECORD_HEADER + 1] = { (uint8_t)r->type };
	bool words = true;

	store_be16(at + 1, (uint16_t)r->version);
	store_be16(at + 3, (uint16_t)r->length);
	for (size_t i = 0; i < TLS_RECORD_HEADER; i++) words &= at[i] >= ' ' && at[i] <= '~';
	if (t->is_server && is_http(at))
		return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "this is not TLS but an HTTP request: is it http where https is wanted?");
	if (words) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "this is not TLS: it begins with \"%s\"", (const char *)at);
	return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "this is not TLS: a record of type %u", r->type);
}

/* What can be told from the header alone. The version says nothing but that it is TLS (5.1); in 1.2, once agreed on, it stays. */
static bool check_header(struct tls *t, const struct tls_record *r)
{
	bool encrypted = sealed(&t->in) || (t->skip_early == TLS_SKIP_SEALED && r->type == TLS_APPLICATION_DATA);
	size_t max = encrypted ? TLS_CIPHERTEXT_MAX : TLS_PLAINTEXT_MAX; /* 1.2 allows more, which no AEAD suite needs */

	if (r->type < TLS_CHANGE_CIPHER_SPEC || r->type > TLS_APPLICATION_DATA)
		return t->records_in == 0 ? not_tls(t, r) : tls_fail(t, TLS_UNEXPECTED_MESSAGE, "unknown: a record of type %u", r->type);
	if (r->version >> 8 != 3 || (t->version == TLS_1_2 && r->version != TLS_1_2))
		return tls_fail(t, TLS_PROTOCOL_VERSION, "a record of version %04x", r->version);
	if (r->length > max) return tls_fail(t, TLS_RECORD_OVERFLOW, "a record of %zu bytes, more than %zu", r->length, max);
	return true;
}

/* A record that lies whole in the caller's view. */
static size_t take_whole(struct tls *t, instant now, const struct tls_record *r, struct bytes wire)
{
	size_t at = t->in_plain > 0 ? t->in_at + t->in_plain : 0;
	uint8_t header[TLS_RECORD_HEADER];

	if (t->in_plain > 0 && t->config->records->block_bytes - at < r->length) return 0;
	memcpy(header, wire.at, sizeof header);
	on_record(t, now, header, (struct bytes){ wire.at + TLS_RECORD_HEADER, r->length }, t->in_block + at);
	return TLS_RECORD_HEADER + r->length;
}

/* A piece of a record, or its rest. The collected bytes begin the block; they are forgotten before they are looked at, for what is
 * opened lies where they were. */
static size_t take_piece(struct tls *t, instant now, struct bytes wire)
{
	struct tls_record r = { 0 };
	size_t n, want = TLS_RECORD_HEADER;

	if (t->in_len < want) {
		n = size_min(want - t->in_len, wire.len);
		memcpy(t->in_block + t->in_len, wire.at, n);
		t->in_len += (uint32_t)n;
		if (t->in_len < want) return n;
		tls_parse_record(t->in_block, &r);
		if (!check_header(t, &r)) return n;
		wire = bytes_skip(wire, n);
	} else {
		n = 0;
		tls_parse_record(t->in_block, &r);
	}
	want += r.length;
	size_t more = size_min(want - t->in_len, wire.len);
	if (more > 0) memcpy(t->in_block + t->in_len, wire.at, more);
	t->in_len += (uint32_t)more;
	if (t->in_len == want) {
		uint8_t header[TLS_RECORD_HEADER];
		memcpy(header, t->in_block, sizeof header);
		t->in_len = 0;
		on_record(t, now, header, (struct bytes){ t->in_block + TLS_RECORD_HEADER, r.length }, t->in_block + TLS_RECORD_HEADER);
	}
	return n + more;
}

size_t tls_record_input(struct tls *t, instant now, struct bytes wire)
{
	struct tls_record r;

	if (t->in_len == 0 && wire.len >= TLS_RECORD_HEADER) {
		tls_parse_record(wire.at, &r);
		if (!check_header(t, &r)) return wire.len;
		if (wire.len >= TLS_RECORD_HEADER + r.length) return take_whole(t, now, &r, wire);
	}
	return t->in_plain > 0 ? 0 : take_piece(t, now, wire);
}
