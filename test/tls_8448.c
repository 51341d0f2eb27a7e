/* SPDX-License-Identifier: ISC */
/* RFC 8448's five traces, byte for byte, from both ends.
 *
 * Chance is lent, so the machines draw the traces' randoms and private keys: this program is the lender, of base/chance.h's
 * names. Certificates are the traces' too: of RSA with 1,024 bits, which we would not believe, and signed with salts that
 * are not in the RFC. So this program stands in for certify.c as well: it verifies every signature and repeats those it
 * is to make. What a hello offers beside is NSS's taste: each of our hellos is exchanged for the trace's before it goes out.
 */
#include <stdlib.h>

#include "proto/tls/inside.h"
#include "tap.h"
#include "tls_8448.h"

enum { RECORD_SIZE_LIMIT = 0x4001, BYTES_MAX = 2048 };

/* ---- chance, lent from the trace ---- */

static struct { uint8_t at[256]; size_t len, used; } pool_of_chance;

void rng_init(struct rng *r, const uint8_t seed[RNG_SEED_BYTES]) { (void)r, (void)seed; }
void rng_init_number(struct rng *r, uint64_t seed) { (void)r, (void)seed; }
void rng_fork(struct rng *child, const struct rng *r, const char *name, uint64_t n) { (void)child, (void)r, (void)name, (void)n; }
uint64_t rng_below(struct rng *r, uint64_t bound) { return rng_next(r) % bound; }
bool rng_chance(struct rng *r, uint32_t of_a_billion) { return rng_below(r, 1000000000) < of_a_billion; }

uint64_t rng_next(struct rng *r)
{
	uint8_t eight[8];
	rng_fill(r, (struct room){ eight, sizeof eight });
	return load_be64(eight);
}

void rng_fill(struct rng *r, struct room out)
{
	(void)r;
	for (size_t i = 0; i < out.len; i++)
		out.at[i] = pool_of_chance.used < pool_of_chance.len ? pool_of_chance.at[pool_of_chance.used++] : (uint8_t)i;
}

/* ---- hexadecimal ---- */

struct hex { uint8_t at[BYTES_MAX]; size_t len; };

static struct bytes unhex(const char *digits, struct hex *h)
{
	for (h->len = 0; digits != NULL && digits[2 * h->len] != '\0'; h->len++) {
		char two[3] = { digits[2 * h->len], digits[2 * h->len + 1], '\0' };
		h->at[h->len] = (uint8_t)strtoul(two, NULL, 16);
	}
	return (struct bytes){ h->at, h->len };
}

static void draw_from(const char *digits)
{
	struct hex h;
	struct bytes b = unhex(digits, &h);
	memcpy(pool_of_chance.at, b.at, b.len);
	pool_of_chance.len = b.len;
	pool_of_chance.used = 0;
}

/* ---- certificates: repeated and verified ---- */

static struct hex flight;        /* what the side that speaks next said in the trace: its messages, opened */
static struct bytes flight_left;

static struct bytes next_message(struct bytes *left)
{
	size_t len = TLS_MESSAGE_HEADER + load_be16(left->at + 2);
	struct bytes message = bytes_first(*left, len);
	*left = bytes_skip(*left, len);
	return message;
}

/* Opens a trace's record with a handshake secret of this connection. */
static bool open_flight(struct tls *t, const uint8_t *secret, const char *digits)
{
	struct tls_side side = { 0 };
	struct hex h;
	struct bytes record = unhex(digits, &h);

	if (record.at[0] == TLS_CHANGE_CIPHER_SPEC) record = bytes_skip(record, TLS_RECORD_HEADER + 1);
	tls_side_set13(t, &side, t->suite, secret);
	bool ok = crypt_aead_open(&side.aead, side.iv, bytes_first(record, TLS_RECORD_HEADER), bytes_skip(record, TLS_RECORD_HEADER),
	                          flight.at);
	tls_side_end(&side);
	flight_left = (struct bytes){ flight.at, record.len - TLS_RECORD_HEADER - CRYPT_TAG_BYTES - 1 };
	return ok;
}

static bool repeat_message(struct tls *t)
{
	size_t from = t->handshake->flight.len;
	tls_put(&t->handshake->flight, next_message(&flight_left));
	return tls_sent_message(t, from);
}

static const char *client_finished_now, *server_flight_now;

bool tls_choose_identity(struct tls *t, struct bytes name, bool v13)
{
	static const struct tls_identity identity;
	(void)name;
	t->handshake->identity = &identity;
	return v13;
}

bool tls_choose_identity_for(struct tls *t, struct bytes name, bool v13, unsigned how_well)
{
	return how_well == TLS_SUITS_BEST && tls_choose_identity(t, name, v13);
}

bool tls_send_certificate(struct tls *t)
{
	const uint8_t *secret = t->is_server ? t->handshake->server_handshake_secret : t->handshake->client_handshake_secret;
	if (!open_flight(t, secret, t->is_server ? server_flight_now : client_finished_now)) return false;
	while (flight_left.at[0] != TLS_CERTIFICATE) next_message(&flight_left);
	return repeat_message(t);
}

bool tls_send_certificate_verify(struct tls *t) { return repeat_message(t); }

bool tls_on_certificate(struct tls *t, instant now, enum tls_message_type type, struct bytes body)
{
	struct tls_certificate certificate;
	struct tls_certificate_entry entry;
	struct tls_fault fault;
	(void)now;

	if (type != TLS_CERTIFICATE || !tls_parse_certificate(body, true, &certificate, &fault) || !tls_next_certificate(&certificate, &entry))
		return tls_fail(t, TLS_BAD_CERTIFICATE, "the trace's certificate is not read");
	t->handshake->peer_key = x509_public_key(t->config->crypt, entry.der);
	return t->handshake->peer_key != NULL || tls_fail(t, TLS_BAD_CERTIFICATE, "the key of the trace's certificate is not read");
}

bool tls_on_certificate_verify(struct tls *t, struct bytes body, const uint8_t *hash)
{
	struct tls_certificate_verify verify;
	struct tls_fault fault;
	uint8_t spaces[64];
	struct bytes parts[] = { { spaces, 64 }, bytes_of(t->is_server ? "TLS 1.3, client CertificateVerify" : "TLS 1.3, server CertificateVerify"),
	                         { (const uint8_t *)"", 1 }, { hash, 32 } };

	memset(spaces, ' ', sizeof spaces);
	if (!tls_parse_certificate_verify(body, &verify, &fault) ||
	    !crypt_verify(t->handshake->peer_key, verify.scheme, parts, COUNT(parts), verify.signature))
		return tls_fail(t, TLS_DECRYPT_ERROR, "the trace's signature is not verified");
	return true;
}

bool tls_verify_peer(struct tls *t, instant now) { return (void)t, (void)now, true; }
int64_t tls_date(const struct tls *t, instant now) { return t->config->date + (now - t->config->date_at) / SECOND; }

/* ---- two ends ---- */

static struct crypt *library;
static struct rng rng;
static struct pool handshakes, records;
static struct tls_sessions *sessions;
static struct tls_config config;
static struct tls client, server;
static uint8_t ticket_psk[32];

static void set_up(void)
{
	size_t block = tls_handshake_block_bytes(), record = 20 << 10, memory = tls_sessions_size(4);

	library = crypt_open(&rng);
	pool_init(&handshakes, (struct room){ aligned_alloc(64, 2 * (block + 64) / 64 * 64), 2 * block }, block);
	pool_init(&records, (struct room){ aligned_alloc(64, 4 * record), 4 * record }, record);
	sessions = tls_sessions_init((struct room){ aligned_alloc(64, (memory + 63) / 64 * 64), memory }, 4, 2);
	config = (struct tls_config){ .crypt = library, .rng = &rng, .handshakes = &handshakes, .records = &records, .version_min = TLS_1_3,
	                              .no_grease = true, .no_middlebox_compatibility = true, .record_size_limit = RECORD_SIZE_LIMIT,
	                              .date = 1500000000, .trust_anyone = true };
}

static bool says(struct tls *t, const char *digits)
{
	struct hex h;
	struct bytes wanted = unhex(digits, &h), got = tls_output(t, 0);
	bool same = bytes_equal(got, wanted);

	if (!same) printf("# %zu bytes, not %zu; %s\n", got.len, wanted.len, t->failure.words);
	tls_sent(t, got.len);
	return same;
}

static bool hears(struct tls *t, instant now, const char *digits)
{
	struct hex h;
	struct bytes wire = unhex(digits, &h);
	bool taken = tls_input(t, now, wire) == wire.len && tls_failure(t) == NULL;
	if (!taken) printf("# %s\n", t->failure.words);
	return taken;
}

/* The trace's hello instead of ours; `before`: what the transcript holds already. */
static void exchange_hello(struct tls *t, const char *digits)
{
	struct tls_handshake *h = t->handshake;
	struct tls_client_hello hello;
	struct tls_fault fault;
	struct hex record;
	struct bytes message = bytes_skip(unhex(digits, &record), TLS_RECORD_HEADER);

	t->out_len = t->out_at = 0;
	tls_parse_client_hello(bytes_skip(message, TLS_MESSAGE_HEADER), &hello, &fault);
	h->sent = hello.has;
	tls_put(&h->flight, message);
	tls_sent_message(t, 0);
	tls_side_end(&t->out);
	tls_flush(t);
}

static bool connects(const struct trace8448 *trace, instant now)
{
	struct tls_client_hello hello;
	struct tls_fault fault;
	struct hex record;
	struct bytes body = bytes_skip(unhex(trace->client_hello, &record), TLS_RECORD_HEADER + TLS_MESSAGE_HEADER), share;
	unsigned group;

	draw_from(trace->chance_client);
	if (!tls_connect(&client, now, &config, "server") || !tls_parse_client_hello(body, &hello, &fault)) return false;
	struct tls_handshake *h = client.handshake;
	tls_next_share(&hello.shares, &group, &share);
	if (!bytes_equal(hello.random, (struct bytes){ h->client_random, TLS_RANDOM_BYTES }) ||
	    !bytes_equal(hello.session_id, (struct bytes){ h->session_id, h->session_id_len }) ||
	    !bytes_equal(share, (struct bytes){ h->share_public[0], h->share_len[0] })) return false;
	tls_transcript_start(&client);
	client.records_out = 0;
	exchange_hello(&client, trace->client_hello);
	return true;
}

static bool exchanges_data(const struct trace8448 *trace)
{
	uint8_t data[50];

	for (uint8_t i = 0; i < sizeof data; i++) data[i] = i;
	struct bytes all = { data, sizeof data };
	if (tls_send(&client, 0, all) != all.len || !says(&client, trace->client_data) || !hears(&client, 0, trace->server_data)) return false;
	bool same = bytes_equal(tls_peek(&client), all);
	tls_take(&client, all.len);
	return same;
}

static bool closes(const struct trace8448 *trace)
{
	tls_finish(&client, 0);
	bool ok = says(&client, trace->client_close) && hears(&client, 0, trace->server_close);
	ok = ok && (tls_news(&client) & (TLS_EOF | TLS_DONE)) == (TLS_EOF | TLS_DONE);
	tls_end(&client);
	return ok && handshakes.out == 0 && records.out == 0;
}

/* The client's end of a full handshake. */
static bool handshakes_as(const struct trace8448 *trace)
{
	client_finished_now = trace->client_finished;
	return connects(trace, 0) && says(&client, trace->client_hello) && hears(&client, 0, trace->server_hello) &&
	       hears(&client, 0, trace->server_flight) && says(&client, trace->client_finished) && tls_is_connected(&client);
}

/* Section 3; its ticket is what section 4 resumes, 6 ms later. */
static void simple_and_resumed(void)
{
	struct hex record;
	uint8_t hash[CRYPT_HASH_MAX], binder[CRYPT_HASH_MAX], secret[TLS_SECRET_MAX];
	instant later = 6 * MILLISECOND;

	config.sessions = sessions;
	config.early_data_max = 1024;
	CHECK(handshakes_as(&simple));
	CHECK(hears(&client, 0, simple.ticket));
	CHECK(tls_news(&client) & TLS_SESSION);
	CHECK(exchanges_data(&simple));
	CHECK(closes(&simple));

	CHECK(connects(&resumed, later));
	CHECK(client.handshake->has_session && client.handshake->early_offered);
	struct tls_session *s = &client.handshake->session;
	CHECK_EQ((uint32_t)(tls_date_ms(&client, later) - s->got_at_ms) + s->age_add, 0xfad6aacb);

	memcpy(ticket_psk, s->secret, sizeof ticket_psk);

	/* the binder in the trace's hello is the one we compute, and the early keys are those of this hello */
	struct bytes message = bytes_skip(unhex(resumed.client_hello, &record), TLS_RECORD_HEADER), psk = { s->secret, s->secret_len };
	client.handshake->transcript.held = 0;
	tls_transcript_peek_with(&client, CRYPT_SHA256, bytes_first(message, message.len - 35), hash);
	tls_keys_binder(library, CRYPT_SHA256, psk, false, hash, binder);
	CHECK(bytes_equal(bytes_skip(message, message.len - 32), (struct bytes){ binder, 32 }));
	tls_transcript_add(&client, message);
	tls_transcript_peek_with(&client, CRYPT_SHA256, (struct bytes){ NULL, 0 }, hash);
	tls_keys_early_traffic(&client, psk, CRYPT_SHA256, hash, secret);
	tls_side_set13(&client, &client.out, TLS_AES_128_GCM_SHA256, secret);

	CHECK(says(&client, resumed.client_hello));
	CHECK_EQ(tls_send(&client, later, bytes_of("ABCDEF")), 6);
	CHECK(says(&client, resumed.early_data));
	CHECK(hears(&client, later, resumed.server_hello) && hears(&client, later, resumed.server_flight));
	CHECK(client.early_accepted && client.resumed);
	CHECK(says(&client, resumed.client_finished));
	CHECK(exchanges_data(&resumed));
	CHECK(closes(&resumed));
	config.sessions = NULL;
	config.early_data_max = 0;
}

/* Section 5: what we would say in the second hello about share and cookie is what the trace says. */
static void hello_retry_request(void)
{
	struct tls_client_hello ours, theirs;
	struct tls_fault fault;
	struct hex record, first, second;
	struct bytes share, wanted;
	unsigned group;

	CHECK(connects(&retried, 0) && says(&client, retried.client_hello));
	CHECK(hears(&client, 0, retried.retry));
	struct bytes out = tls_output(&client, 0);
	CHECK(tls_parse_client_hello(bytes_skip(out, TLS_RECORD_HEADER + TLS_MESSAGE_HEADER), &ours, &fault));
	struct bytes message = bytes_skip(unhex(retried.client_hello2, &record), TLS_RECORD_HEADER);
	CHECK(tls_parse_client_hello(bytes_skip(message, TLS_MESSAGE_HEADER), &theirs, &fault));
	CHECK(tls_next_share(&ours.shares, &group, &share) && group == CRYPT_SECP256R1);
	CHECK(tls_next_share(&theirs.shares, &group, &wanted) && bytes_equal(share, wanted));
	CHECK(bytes_equal(ours.cookie, theirs.cookie));

	crypt_digest_end(&client.handshake->transcript.digest);
	tls_transcript_start(&client);
	tls_transcript_add(&client, bytes_skip(unhex(retried.client_hello, &first), TLS_RECORD_HEADER));
	tls_transcript_choose(&client, CRYPT_SHA256);
	tls_transcript_retry(&client);
	tls_transcript_add(&client, bytes_skip(unhex(retried.retry, &second), TLS_RECORD_HEADER));
	exchange_hello(&client, retried.client_hello2);
	CHECK(says(&client, retried.client_hello2));
	CHECK(hears(&client, 0, retried.server_hello) && hears(&client, 0, retried.server_flight));
	CHECK(says(&client, retried.client_finished));
	CHECK(closes(&retried));
}

static void client_authentication(void)
{
	CHECK(handshakes_as(&mutual));
	CHECK(closes(&mutual));
}

static void compatibility_mode(void)
{
	config.no_middlebox_compatibility = false;
	CHECK(handshakes_as(&compatible));
	CHECK(closes(&compatible));
	config.no_middlebox_compatibility = true;
}

/* ---- the server's end ---- */

/* The machine, given the trace's hello and chance, says the trace's ServerHello. (What follows is sealed and of NSS's taste.) */
static bool says_hello(const struct trace8448 *trace)
{
	struct hex hello, answer;
	struct bytes wanted = unhex(trace->server_hello, &answer);

	draw_from(trace->chance_server); /* the machine draws its private key before its random */
	memmove(pool_of_chance.at + 64, pool_of_chance.at, TLS_RANDOM_BYTES);
	pool_of_chance.used = TLS_RANDOM_BYTES;
	pool_of_chance.len = 96;
	if (!tls_accept(&server, 0, &config)) return false;
	server_flight_now = trace->server_flight;
	tls_input(&server, 0, unhex(trace->client_hello, &hello));
	struct bytes out = tls_output(&server, 0);
	bool same = out.len > wanted.len && bytes_equal(bytes_first(out, wanted.len), wanted);
	if (!same) printf("# %zu bytes; %s\n", out.len, server.failure.words);
	tls_end(&server);
	return same;
}

static void server_hello(void)
{
	CHECK(says_hello(&simple));
	CHECK(says_hello(&mutual));
	config.no_middlebox_compatibility = false;
	CHECK(says_hello(&compatible));
	config.no_middlebox_compatibility = true;
}

static struct bytes message_of(const char *digits, struct hex *h) { return bytes_skip(unhex(digits, h), TLS_RECORD_HEADER); }

/* The transcript up to the last ClientHello, and what the server notes of it. */
static void note_hellos(const struct trace8448 *trace, struct tls_client_hello *hello, struct hex *last)
{
	struct tls_handshake *h = server.handshake;
	struct tls_fault fault;
	struct hex other;

	tls_transcript_choose(&server, CRYPT_SHA256);
	struct bytes message = message_of(trace->client_hello, last);
	tls_transcript_add(&server, message);
	if (trace->retry != NULL) {
		tls_transcript_retry(&server);
		tls_transcript_add(&server, message_of(trace->retry, &other));
		message = message_of(trace->client_hello2, last);
		tls_transcript_add(&server, message);
	}
	tls_parse_client_hello(bytes_skip(message, TLS_MESSAGE_HEADER), hello, &fault);
	memcpy(h->client_random, hello->random.at, TLS_RANDOM_BYTES);
	server.version = TLS_1_3;
	server.suite = TLS_AES_128_GCM_SHA256;
	server.peer_limits_records = true;
	server.records_out = trace->retry != NULL;
}

static void put_hello(const struct tls_client_hello *hello, unsigned group, struct bytes share, bool with_psk)
{
	struct tls_handshake *h = server.handshake;

	rng_fill(&rng, (struct room){ h->server_random, TLS_RANDOM_BYTES });
	struct tls_server_hello answer = { .legacy_version = TLS_1_2, .random = { h->server_random, TLS_RANDOM_BYTES },
		.session_id = hello->session_id, .suite = server.suite, .version = TLS_1_3, .share_group = group,
		.has = TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) | TLS_HAS(TLS_EXT_KEY_SHARE) | (with_psk ? TLS_HAS(TLS_EXT_PRE_SHARED_KEY) : 0) };
	static uint8_t ours[CRYPT_PUBLIC_MAX], secret[CRYPT_SECRET_MAX];
	size_t ours_len, len = crypt_share_answer(library, group, &rng, share, ours, &ours_len, secret);

	answer.share = (struct bytes){ ours, ours_len };
	tls_emit_server_hello(&h->flight, &answer);
	tls_sent_message(&server, 0);
	tls_flush(&server);
	tls_keys_early(&server, (struct bytes){ ticket_psk, with_psk ? sizeof ticket_psk : 0 });
	tls_keys_handshake(&server, (struct bytes){ secret, len });
}

/* The trace's messages up to Finished, and a Finished of ours, under our keys. */
static bool puts_flight(const struct trace8448 *trace)
{
	struct tls_handshake *h = server.handshake;

	if (!open_flight(&server, h->server_handshake_secret, trace->server_flight)) return false;
	if (!config.no_middlebox_compatibility) tls_send_change_cipher_spec(&server);
	tls_side_set13(&server, &server.out, server.suite, h->server_handshake_secret);
	while (flight_left.at[0] != TLS_FINISHED) {
		h->certificate_requested |= flight_left.at[0] == TLS_CERTIFICATE_REQUEST;
		repeat_message(&server);
	}
	return tls_send_finished13(&server, h->server_handshake_secret) && tls_flush(&server);
}

/* From the hellos to the end, as the server; the client's records are the trace's. */
static bool serves(const struct trace8448 *trace)
{
	bool early = trace->early_data != NULL, ok;
	uint8_t hash[CRYPT_HASH_MAX], early_secret[CRYPT_HASH_MAX];
	struct tls_client_hello hello;
	struct hex last;
	struct bytes share;
	unsigned group;

	draw_from(trace->chance_server);
	if (!tls_accept(&server, 0, &config)) return false;
	struct tls_handshake *h = server.handshake;
	note_hellos(trace, &hello, &last);
	tls_transcript_peek(&server, hash);
	tls_keys_early_traffic(&server, (struct bytes){ ticket_psk, sizeof ticket_psk }, CRYPT_SHA256, hash, early_secret);
	tls_next_share(&hello.shares, &group, &share);
	put_hello(&hello, group, share, early);
	if (!says(&server, trace->server_hello) || !puts_flight(trace) || !says(&server, trace->server_flight)) return false;
	tls_keys_master(&server);
	tls_side_set13(&server, &server.out, server.suite, h->server_traffic_secret);
	tls_side_set13(&server, &server.in, server.suite, early ? early_secret : h->client_handshake_secret);
	server.count.early_left = early ? 1024 : 0;
	tls_enter(&server, early ? TLS_SERVER_WAIT_EOED : h->certificate_requested ? TLS_SERVER_WAIT_CERT : TLS_SERVER_WAIT_FINISHED);
	if (early) {
		ok = hears(&server, 0, trace->early_data) && tls_reading_early(&server) && bytes_equal(tls_peek(&server), bytes_of("ABCDEF"));
		tls_take(&server, tls_peek(&server).len);
		if (!ok) return false;
	}
	return hears(&server, 0, trace->client_finished) && tls_is_connected(&server);
}

/* What the server says after the handshake: the ticket as it was, data, the end. */
static bool serves_on(const struct trace8448 *trace)
{
	uint8_t data[50];

	for (uint8_t i = 0; i < sizeof data; i++) data[i] = i;
	if (trace->ticket != NULL) {
		if (!open_flight(&server, server.out.secret, trace->ticket)) return false;
		tls_record_seal(&server, TLS_HANDSHAKE, flight_left);
		if (!says(&server, trace->ticket)) return false;
	}
	if (trace->client_data != NULL) {
		if (!hears(&server, 0, trace->client_data) || tls_peek(&server).len != sizeof data) return false;
		tls_take(&server, sizeof data);
		tls_send(&server, 0, (struct bytes){ data, sizeof data });
		if (!says(&server, trace->server_data)) return false;
	}
	bool ok = hears(&server, 0, trace->client_close);
	tls_finish(&server, 0);
	ok = ok && says(&server, trace->server_close) && tls_news(&server) & TLS_DONE;
	tls_end(&server);
	return ok && handshakes.out == 0 && records.out == 0;
}

static void the_servers_end(void)
{
	CHECK(serves(&simple) && serves_on(&simple));
	CHECK(serves(&resumed) && serves_on(&resumed));
	CHECK(serves(&retried) && serves_on(&retried));
	CHECK(serves(&mutual) && serves_on(&mutual));
	config.no_middlebox_compatibility = false;
	CHECK(serves(&compatible) && serves_on(&compatible));
	config.no_middlebox_compatibility = true;
}

int main(void)
{
	static const uint16_t groups[] = { CRYPT_X25519, CRYPT_SECP256R1 };

	set_up();
	config.groups = groups;
	config.groups_count = COUNT(groups);
	TEST(simple_and_resumed);
	TEST(hello_retry_request);
	TEST(client_authentication);
	TEST(compatibility_mode);
	TEST(server_hello);
	TEST(the_servers_end);
	return tap_end();
}
