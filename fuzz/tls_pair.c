/* SPDX-License-Identifier: ISC */
/* Two TLS machines over a wire that the fuzzer cuts, holds up, changes and ends, with programs that do what it says. As long as
 * the wire was not touched, nothing may fail and bytes arrive whole and in order; when it was, wrong plaintext never arrives.
 *
 * The input: four bytes of configuration, then for each act a byte: what (4 bits), how much (4 bits, as a power of two). */
#include "../test/tls_two.h"

static struct two two;
static struct tls_config client, server;
static struct { size_t sent, got; bool finished; } up, down;
static bool touched;
static unsigned updates;

static uint8_t draw(struct bytes *in)
{
	if (in->len == 0) return 0;
	uint8_t byte = *in->at;
	*in = bytes_skip(*in, 1);
	return byte;
}

static const uint16_t groups[] = { CRYPT_X25519, CRYPT_SECP256R1 };
static const uint16_t suites[] = { TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256,
                                   TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_AES_256_GCM_SHA384 };

static void configure(struct bytes *in)
{
	static const char *const alpn[] = { "h2", "x" };
	uint8_t a = draw(in), b = draw(in), c = draw(in), d = draw(in);
	client = server = two_config();
	server.identities = &world.by_kind[CRYPT_KEY_ED25519].identity, server.identities_count = 1;
	if (a & 1) client.version_max = TLS_1_2;
	if (a & 2) server.version_max = TLS_1_2;
	if (a & 4) client.sessions = world.client_sessions;
	if (a & 8) server.tickets = world.tickets;
	if (a & 16) server.sessions = world.server_sessions;
	if (a & 32) client.early_data_max = server.early_data_max = 2000;
	if (a & 64) server.groups = groups + 1, server.groups_count = 1;
	client.groups = groups, client.groups_count = 2;
	server.always_retry = a & 128;
	server.client_auth = b & 1 ? TLS_ASK_CLIENT : TLS_NO_CLIENT_AUTH;
	if (b & 2) client.identities = server.identities, client.identities_count = 1;
	client.ask_ocsp = b & 4;
	if (b & 8) client.alpn = server.alpn = alpn, client.alpn_count = 2, server.alpn_count = 1;
	client.packings = server.packings = b >> 4 & 14;
	client.suites = suites + c % 4, client.suites_count = 2;
	client.record_size_limit = c & 16 ? 64 + d : 0, server.record_size_limit = c & 32 ? 64 + d : 0;
	client.padding_to = c & 64 ? d : 0, server.fragment_max = c & 128 ? d : 0;
	client.key_update_after = d & 1 ? 3 : 0;
}

static uint8_t byte_at(size_t i) { return (uint8_t)(i * 7 + (i >> 8)); }

static void send_some(struct tls *t, size_t *sent, size_t n)
{
	uint8_t bytes[1 << 12];
	n = size_min(n, sizeof bytes);
	for (size_t i = 0; i < n; i++) bytes[i] = byte_at(*sent + i);
	*sent += tls_send(t, two.now, (struct bytes){ bytes, n });
}

static void take_some(struct tls *t, size_t *got, size_t n)
{
	struct bytes plain = tls_peek(t);
	n = size_min(n, plain.len);
	for (size_t i = 0; i < n; i++) assert(plain.at[i] == byte_at(*got + i));
	*got += n;
	tls_take(t, n);
}

static void carry(struct tls *from, struct tls *to, struct two_wire *wire, size_t n)
{
	struct bytes out = tls_output(from, two.now);
	size_t moved = size_min(size_min(out.len, n), TWO_WIRE_BYTES - wire->len);
	if (moved > 0) memcpy(wire->at + wire->len, out.at, moved);
	wire->len += moved;
	tls_sent(from, moved);
	moved = tls_input(to, two.now, (struct bytes){ wire->at, size_min(n, wire->len) });
	memmove(wire->at, wire->at + moved, wire->len - moved);
	wire->len -= moved;
}

static void touch(struct bytes *in, struct two_wire *wire)
{
	uint8_t where = draw(in), how = draw(in);
	if (wire->len == 0) return;
	size_t at = where % wire->len;
	touched = true;
	if (how == 0) wire->len = at;               /* the rest is lost */
	else if (how == 1) memmove(wire->at, wire->at + at, wire->len - at), wire->len -= at; /* the front is */
	else if (how == 2 && wire->len < TWO_WIRE_BYTES / 2) memcpy(wire->at + wire->len, wire->at, wire->len), wire->len *= 2; /* replayed */
	else wire->at[at] ^= how;
}

static void look(struct tls *t, unsigned *news)
{
	*news |= tls_news(t);
	two_check(t, tls_output(t, two.now).len > 0, two.now);
	if (!touched && tls_failure(t) != NULL) two_give_up(tls_failure(t)->words);
	assert(!(*news & TLS_FAILED) || tls_failure(t) != NULL);
}

static void act(struct bytes *in)
{
	uint8_t how = draw(in);
	size_t n = (size_t)1 << (how >> 4);
	switch (how & 15) {
	case 0: case 1: carry(&two.client, &two.server, &two.up, n); break;
	case 2: case 3: carry(&two.server, &two.client, &two.down, n); break;
	case 4: if (!up.finished) send_some(&two.client, &up.sent, n); break;
	case 5: if (!down.finished) send_some(&two.server, &down.sent, n); break;
	case 6: take_some(&two.server, &up.got, n); break;
	case 7: take_some(&two.client, &down.got, n); break;
	case 8: if (tls_is_connected(&two.client)) tls_finish(&two.client, two.now), up.finished = true; break;
	case 9: if (tls_is_connected(&two.server)) tls_finish(&two.server, two.now), down.finished = true; break;
	case 10: if (updates++ < 15) tls_update_keys(n & 1 ? &two.client : &two.server, two.now, how & 32); break; /* many in a row are refused */
	case 11: two.now += (instant)n * MILLISECOND; break;
	case 12: touch(in, &two.up); break;
	case 13: touch(in, &two.down); break;
	default:
		while (two_move(&two)) continue;
	}
	two.client_news |= tls_news(&two.client);
	if (two.client_news & TLS_EARLY_REFUSED) up.sent = 0, two.client_news &= ~(unsigned)TLS_EARLY_REFUSED;
	look(&two.client, &two.client_news);
	look(&two.server, &two.server_news);
}

/* With an untouched wire: whatever is left arrives, and each hears of the other's end. */
static void come_to_an_end(void)
{
	for (bool moved = true; moved;) {
		moved = two_move(&two);
		if (two.client_news & TLS_EARLY_REFUSED) up.sent = 0, two.client_news &= ~(unsigned)TLS_EARLY_REFUSED;
		moved |= tls_peek(&two.server).len + tls_peek(&two.client).len > 0;
		take_some(&two.server, &up.got, SIZE_MAX), take_some(&two.client, &down.got, SIZE_MAX);
	}
	if (touched) return;
	look(&two.client, &two.client_news), look(&two.server, &two.server_news);
	assert(up.got == up.sent && down.got == down.sent);
	assert(!up.finished || two.server_news & TLS_EOF);
	assert(!down.finished || two.client_news & TLS_EOF);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };

	if (world.crypt == NULL) two_open(1, 1u << CRYPT_KEY_ED25519);
	rng_init_number(&world.rng, 1);
	two_forget();
	configure(&in);
	two.now = 0;
	for (unsigned i = 0; i < 2; i++) { /* the second may resume the first */
		up.sent = up.got = down.sent = down.got = 0, up.finished = down.finished = touched = false, updates = 0;
		two_start(&two, &client, &server);
		for (unsigned acts = 0; in.len > 0 && (i == 1 || acts < 40); acts++) act(&in);
		come_to_an_end();
		two_end(&two);
		assert(world.handshakes.out == 0 && world.records.out == 0);
	}
	return 0;
}
