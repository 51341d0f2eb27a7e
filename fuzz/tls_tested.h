/* SPDX-License-Identifier: ISC */
/* tls_tested.h - one TLS machine under test, and what its fuzzers have in common: bytes drawn from the input, a peer's messages written,
 * sealed under the keys that the machine awaits, changed as the input wants, and given to it; what its program does meanwhile. */
#include "../test/tls_two.h"

enum { MESSAGE_MAX = 20000 };

static struct tls tested, shadow; /* the shadow seals as the peer that the machine talks to */
static uint8_t message[MESSAGE_MAX];
static struct tls_writer said;    /* into message: what the peer says next */
static instant now;
static size_t taken_bytes;

static void look(void); /* the fuzzer's own: takes what the machine sends, and asserts what must be true of it */

static uint8_t draw(struct bytes *in)
{
	if (in->len == 0) return 0;
	uint8_t byte = *in->at;
	*in = bytes_skip(*in, 1);
	return byte;
}

static struct bytes draw_bytes(struct bytes *in, size_t n)
{
	struct bytes b = bytes_first(*in, size_min(n, in->len));
	*in = bytes_skip(*in, b.len);
	return b;
}

/* The tested machine's; one of zeroes when it has none. */
static struct tls_handshake *handshake(void)
{
	static struct tls_handshake none;
	return tested.handshake != NULL ? tested.handshake : &none;
}

static void say_plain(enum tls_message_type type, struct bytes body)
{
	size_t mark = tls_open_message(&said, type);
	tls_put(&said, body);
	tls_close_message(&said, mark);
}

/* The shadow has the keys under which the tested machine awaits the next record, and its number. */
static void follow_keys(void)
{
	shadow.version = tested.version, shadow.suite = tested.suite, shadow.handshake = tested.handshake;
	if (tested.in.aead.state == NULL) {
		tls_side_end(&shadow.out);
	} else if (tested.version == TLS_1_3) {
		if (shadow.out.aead.state == NULL || memcmp(shadow.out.secret, tested.in.secret, sizeof tested.in.secret) != 0)
			tls_side_set13(&shadow, &shadow.out, tested.suite, tested.in.secret);
	} else if (shadow.out.aead.state == NULL && tested.handshake != NULL) {
		tls_keys12_sides(&shadow, NULL, &shadow.out);
	}
	shadow.out.sequence = tested.in.sequence;
}

static void give(struct bytes wire)
{
	while (wire.len > 0) {
		size_t n = tls_input(&tested, now, wire);
		assert(n <= wire.len);
		wire = bytes_skip(wire, n);
		look();
		if (n > 0) continue;
		size_t plain = tls_peek(&tested).len; /* only plaintext that waits may keep it from taking more */
		assert(plain > 0);
		taken_bytes += plain;
		tls_take(&tested, plain);
	}
}

static void give_record(enum tls_content type, struct bytes plain)
{
	follow_keys();
	if (!tls_record_seal(&shadow, type, plain) || shadow.out_block == NULL) return; /* of nothing there is no record */
	give((struct bytes){ shadow.out_block + shadow.out_at, shadow.out_len - shadow.out_at });
	tls_record_drained(&shadow);
}

static void give_said(struct bytes *in, bool change, bool small)
{
	size_t piece = small ? 1u + draw(in) : MESSAGE_MAX, len = said.cut ? 0 : said.len;
	if (change) {
		size_t at = (size_t)draw(in) << 8;
		at |= draw(in);
		if (len > 0) message[at % len] ^= draw(in);
	}
	for (size_t at = 0; at < len; at += piece) give_record(TLS_HANDSHAKE, (struct bytes){ message + at, size_min(piece, len - at) });
	said.len = 0, said.cut = false;
}

static void program(struct bytes *in)
{
	uint8_t how = draw(in), key[16];
	switch (how & 7) {
	case 0: tls_send(&tested, now, draw_bytes(in, how >> 3)); break;
	case 1: tls_finish(&tested, now); break;
	case 2: tls_update_keys(&tested, now, how & 8); break;
	case 3: tls_take(&tested, size_min(tls_peek(&tested).len, how)); break;
	case 4: tls_abort(&tested, now, (enum tls_alert)how); break;
	case 5: tls_input_end(&tested, now); break;
	case 6: now = tls_deadline(&tested) != NEVER ? tls_deadline(&tested) : now + SECOND; break;
	default: tls_export(&tested, "EXPORTER-x", bytes_of(""), (struct room){ key, sizeof key });
	}
	look();
}
