/* SPDX-License-Identifier: ISC */
/* TLS 1.2 (src/proto/tls/keys12.c, client12.c, server12.c): known answers for the PRF, and conversations. */
#include "tap.h"
#include "tls_two.h"

static void prf_is(enum crypt_hash hash, const char *secret, const char *seed, const char *wanted, size_t len, bool *same)
{
	uint8_t out[200];
	char text[2 * sizeof out + 1];
	uint8_t secret_bytes[16], seed_bytes[16];
	for (size_t i = 0; i < 16; i++) {
		secret_bytes[i] = (uint8_t)strtoul((char[]){ secret[2 * i], secret[2 * i + 1], '\0' }, NULL, 16);
		seed_bytes[i] = (uint8_t)strtoul((char[]){ seed[2 * i], seed[2 * i + 1], '\0' }, NULL, 16);
	}
	tls_prf12(world.crypt, hash, (struct bytes){ secret_bytes, 16 }, "test label", &(struct bytes){ seed_bytes, 16 }, 1,
	          (struct room){ out, len });
	for (size_t i = 0; i < len; i++) snprintf(text + 2 * i, 3, "%02x", out[i]);
	*same = strcmp(text, wanted) == 0;
	if (!*same) printf("# got %s\n", text);
}

/* The vectors for P_SHA256 and P_SHA384 that were posted to the IETF's TLS list. */
static void the_prf_gives_known_answers(void)
{
	bool same;
	prf_is(CRYPT_SHA256, "9bbe436ba940f017b17652849a71db35", "a0ba9f936cda311827a6f796ffd5198c",
	       "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd"
	       "3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66", 100, &same);
	CHECK(same);
	prf_is(CRYPT_SHA384, "b80b733d6ceefcdc71566ea48e5567df", "cd665cf6a8447dd6ff8b27555edb7465",
	       "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f"
	       "9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a26066f2ee"
	       "a9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f", 148, &same);
	CHECK(same);
}

static struct two two;
static struct tls_config client, server;

/* Both speak 1.2 only; the server has one identity. */
static void set_up(enum crypt_key_kind kind)
{
	client = server = two_config();
	client.version_max = server.version_max = TLS_1_2;
	server.identities = &world.by_kind[kind].identity, server.identities_count = 1;
	two_forget();
}

static bool shake(void)
{
	two_start(&two, &client, &server);
	bool shaken = two_shake(&two);
	if (!shaken) printf("# client: %s; server: %s\n", two_words(&two.client), two_words(&two.server));
	return shaken;
}

static bool talk(void) { return two_say(&two, &two.client, &two.server, "ping") && two_say(&two, &two.server, &two.client, "pong"); }

static bool close_both(void)
{
	tls_finish(&two.client, two.now);
	tls_finish(&two.server, two.now);
	while (two_move(&two)) continue;
	return two.client_news & TLS_DONE && two.server_news & TLS_DONE;
}

static const uint16_t ecdsa_suites[] = { TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                         TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 };
static const uint16_t rsa_suites[] = { TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                                       TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 };
static const uint16_t groups[] = { CRYPT_X25519, CRYPT_SECP256R1, CRYPT_SECP384R1 };

static void every_suite_group_and_key(void)
{
	for (unsigned kind = 0; kind < CRYPT_KEY_KINDS; kind++) {
		const uint16_t *suites = kind == CRYPT_KEY_RSA || kind == CRYPT_KEY_RSA_PSS ? rsa_suites : ecdsa_suites;
		for (unsigned s = 0; s < 3; s++)
			for (unsigned g = 0; g < COUNT(groups); g++) {
				set_up((enum crypt_key_kind)kind);
				client.suites = suites + s, client.suites_count = 1;
				server.groups = groups + g, server.groups_count = 1;
				CHECK(shake());
				CHECK(two.client.suite == suites[s] && two.server.suite == suites[s] && two.client.version == TLS_1_2);
				CHECK(two.client.group == groups[g] && two.server.group == groups[g]);
				CHECK(two.client.extended_master_secret && two.server.extended_master_secret);
				CHECK(talk());
				CHECK(close_both());
				two_end(&two);
			}
	}
}

static void every_signature_scheme(void)
{
	static const struct { enum crypt_key_kind kind; uint16_t scheme; } fits[] = {
		{ CRYPT_KEY_P256, CRYPT_ECDSA_SECP256R1_SHA256 }, { CRYPT_KEY_P256, CRYPT_ECDSA_SECP384R1_SHA384 },
		{ CRYPT_KEY_P384, CRYPT_ECDSA_SECP256R1_SHA256 }, { CRYPT_KEY_P384, CRYPT_ECDSA_SECP384R1_SHA384 },
		{ CRYPT_KEY_ED25519, CRYPT_ED25519 },
		{ CRYPT_KEY_RSA, CRYPT_RSA_PKCS1_SHA256 }, { CRYPT_KEY_RSA, CRYPT_RSA_PKCS1_SHA384 }, { CRYPT_KEY_RSA, CRYPT_RSA_PKCS1_SHA512 },
		{ CRYPT_KEY_RSA, CRYPT_RSA_PSS_RSAE_SHA256 }, { CRYPT_KEY_RSA, CRYPT_RSA_PSS_RSAE_SHA384 },
		{ CRYPT_KEY_RSA, CRYPT_RSA_PSS_RSAE_SHA512 }, { CRYPT_KEY_RSA_PSS, CRYPT_RSA_PSS_PSS_SHA256 },
		{ CRYPT_KEY_RSA_PSS, CRYPT_RSA_PSS_PSS_SHA384 }, { CRYPT_KEY_RSA_PSS, CRYPT_RSA_PSS_PSS_SHA512 },
	};
	for (size_t i = 0; i < COUNT(fits); i++) { /* the client shows a certificate of the same kind */
		set_up(fits[i].kind);
		server.sign_schemes = client.sign_schemes = &fits[i].scheme;
		server.sign_schemes_count = client.sign_schemes_count = 1;
		client.identities = server.identities, client.identities_count = 1;
		server.client_auth = TLS_REQUIRE_CLIENT;
		CHECK(shake());
		CHECK_EQ(two.client.peer_scheme, fits[i].scheme);
		CHECK_EQ(two.server.peer_scheme, fits[i].scheme);
		CHECK(two.server.client_authenticated);
		CHECK(talk());
		two_end(&two);
	}
}

static bool resumed_is(bool wanted)
{
	if (!shake()) return false;
	bool as_wanted = two.client.resumed == wanted && two.server.resumed == wanted && talk();
	if (!as_wanted) printf("# resumed: client %d, server %d\n", two.client.resumed, two.server.resumed);
	two_end(&two);
	return as_wanted;
}

static void resumed_by_ticket(void)
{
	set_up(CRYPT_KEY_P256);
	client.sessions = world.client_sessions, server.tickets = world.tickets;
	CHECK(resumed_is(false));
	CHECK(two.client_news & TLS_SESSION);
	for (unsigned i = 0; i < 3; i++) CHECK(resumed_is(true));
	two.now += TLS_TICKET_LIFETIME_S * SECOND;
	CHECK(resumed_is(false));
	two.now = 0;
}

static void resumed_by_id(void)
{
	set_up(CRYPT_KEY_RSA);
	client.sessions = world.client_sessions, server.sessions = world.server_sessions;
	CHECK(resumed_is(false));
	for (unsigned i = 0; i < 3; i++) CHECK(resumed_is(true));
	tls_sessions_forget(world.client_sessions, bytes_of(TWO_NAME));
	CHECK(resumed_is(false));
}

/* The client still offers 1.3 too: the 1.2 session's id takes the place of the compatibility mode's. */
static void resumed_while_13_is_offered(void)
{
	set_up(CRYPT_KEY_P256);
	client.version_max = TLS_1_3;
	client.sessions = world.client_sessions, server.tickets = world.tickets;
	CHECK(resumed_is(false));
	CHECK(resumed_is(true));
}

static void not_resumed_when_it_must_not_be(void)
{
	static const uint16_t other[] = { TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 };
	set_up(CRYPT_KEY_P256);
	client.sessions = world.client_sessions, server.tickets = world.tickets;
	CHECK(resumed_is(false));
	server.suites = other, server.suites_count = 1; /* the suite is gone */
	CHECK(resumed_is(false));
	server.suites = NULL, server.suites_count = 0;
	CHECK(resumed_is(true));
	server.client_auth = TLS_REQUIRE_CLIENT; /* the client has to show a certificate now */
	client.identities = server.identities, client.identities_count = 1;
	CHECK(resumed_is(false));
	CHECK(resumed_is(true));
}

static void alpn_and_limits(void)
{
	static const char *const ours[] = { "h2", "http/1.1" }, *const theirs[] = { "http/1.1" };
	static char big[40000];
	set_up(CRYPT_KEY_ED25519);
	client.alpn = ours, client.alpn_count = 2, server.alpn = theirs, server.alpn_count = 1;
	client.record_size_limit = 100, server.record_size_limit = 200;
	CHECK(shake());
	CHECK_STR(two.client.alpn, "http/1.1");
	CHECK_STR(two.server.alpn, "http/1.1");
	CHECK_EQ(two.client.fragment_max, 200);
	CHECK_EQ(two.server.fragment_max, 100);
	memset(big, 'b', sizeof big - 1);
	size_t sent = tls_send(&two.server, two.now, bytes_of(big)), got = 0;
	CHECK(sent > 1000);
	for (bool moved = true; moved; moved = two_move(&two)) {
		got += tls_peek(&two.client).len;
		tls_take(&two.client, tls_peek(&two.client).len);
	}
	CHECK_EQ(got, sent);
	CHECK(talk());
	two_end(&two);
}

static void a_staple_is_served_and_checked(void)
{
	set_up(CRYPT_KEY_P256);
	client.must_staple = true;
	CHECK(shake());
	two_end(&two);
	struct tls_identity bare = *server.identities;
	bare.ocsp = (struct bytes){ 0 };
	server.identities = &bare;
	two_start(&two, &client, &server);
	CHECK(!two_shake(&two));
	CHECK_EQ(tls_failure(&two.client)->certificate, X509_REVOCATION_UNKNOWN);
	CHECK(tls_failure(&two.server)->from_peer);
	two_end(&two);
}

static void clients_without_a_certificate(void)
{
	set_up(CRYPT_KEY_P256);
	server.client_auth = TLS_ASK_CLIENT;
	CHECK(shake());
	CHECK(!two.server.client_authenticated);
	two_end(&two);
	server.client_auth = TLS_REQUIRE_CLIENT;
	two_start(&two, &client, &server);
	CHECK(!two_shake(&two));
	CHECK_EQ(tls_failure(&two.server)->alert, TLS_HANDSHAKE_FAILURE);
	two_end(&two);
}

static void exporters_agree(void)
{
	uint8_t a[64], b[64], c[64];
	set_up(CRYPT_KEY_P256);
	CHECK(shake());
	CHECK(tls_export(&two.client, "EXPORTER-test", bytes_of("x"), (struct room){ a, 64 }));
	CHECK(tls_export(&two.server, "EXPORTER-test", bytes_of("x"), (struct room){ b, 64 }));
	CHECK(memcmp(a, b, 64) == 0);
	CHECK(tls_export(&two.client, "EXPORTER-test", (struct bytes){ 0 }, (struct room){ b, 64 }));
	CHECK(tls_export(&two.client, "EXPORTER-test", bytes_of(""), (struct room){ c, 64 }));
	CHECK(memcmp(a, b, 64) != 0 && memcmp(b, c, 64) != 0); /* RFC 5705: no context is not an empty one */
	two_end(&two);
}

static void the_other_version_is_refused(void)
{
	set_up(CRYPT_KEY_P256);
	client.version_min = client.version_max = TLS_1_3;
	two_start(&two, &client, &server);
	CHECK(!two_shake(&two));
	CHECK_EQ(tls_failure(&two.server)->alert, TLS_PROTOCOL_VERSION);
	two_end(&two);
}

/* Somebody takes 1.3 out of the hello: the server's random says that it knows it (RFC 8446, 4.1.3). */
static void a_downgrade_is_noticed(void)
{
	set_up(CRYPT_KEY_P256);
	client.version_max = server.version_max = TLS_1_3;
	two_start(&two, &client, &server);
	two_carry_out(&two, &two.client, &two.up);
	bool found = false;
	for (size_t i = 0; i + 4 < two.up.len && !found; i++) { /* supported_versions becomes a type that nobody knows */
		if (load_be16(two.up.at + i) != TLS_EXT_SUPPORTED_VERSIONS || load_be16(two.up.at + i + 2) > 9) continue;
		if (two.up.at[i + 4] != load_be16(two.up.at + i + 2) - 1) continue;
		store_be16(two.up.at + i, 0x1234);
		found = true;
	}
	CHECK(found);
	CHECK(!two_shake(&two));
	CHECK_EQ(tls_failure(&two.client)->alert, TLS_ILLEGAL_PARAMETER);
	two_end(&two);
}

/* ---- what must be refused ---- */

/* The first message of a type in a wire that carries handshake records in the clear, each message whole in a record. */
static uint8_t *find_message(struct two_wire *wire, enum tls_message_type type, size_t *record)
{
	for (size_t at = 0; at + TLS_RECORD_HEADER <= wire->len; at += TLS_RECORD_HEADER + load_be16(wire->at + at + 3)) {
		uint8_t *m = wire->at + at + TLS_RECORD_HEADER, *end = m + load_be16(wire->at + at + 3);
		for (*record = at; wire->at[at] == TLS_HANDSHAKE && m + TLS_MESSAGE_HEADER <= end; m += TLS_MESSAGE_HEADER + load_be16(m + 2))
			if (m[0] == type) return m;
	}
	return NULL;
}

static void cut_out(struct two_wire *wire, uint8_t *at, size_t n)
{
	memmove(at, at + n, (size_t)(wire->at + wire->len - at - n));
	wire->len -= n;
}

static void less(uint8_t *length, size_t n) { store_be16(length, (uint16_t)(load_be16(length) - n)); }

/* Takes an extension out of a hello. */
static bool without(struct two_wire *wire, enum tls_message_type type, unsigned extension)
{
	size_t record;
	uint8_t *m = find_message(wire, type, &record), *at;
	if (m == NULL) return false;
	at = m + TLS_MESSAGE_HEADER + 2 + TLS_RANDOM_BYTES;
	at += 1 + at[0];
	at += type == TLS_SERVER_HELLO ? 3 : 2 + load_be16(at) + 2;
	uint8_t *lengths = at, *end = at + 2 + load_be16(at);
	for (at += 2; at < end && load_be16(at) != extension; at += 4 + load_be16(at + 2)) continue;
	if (at >= end) return false;
	size_t n = 4u + load_be16(at + 2);
	less(lengths, n), less(m + 2, n), less(wire->at + record + 3, n);
	cut_out(wire, at, n);
	return true;
}

static bool without_message(struct two_wire *wire, enum tls_message_type type)
{
	size_t record;
	uint8_t *m = find_message(wire, type, &record);
	if (m == NULL) return false;
	size_t n = TLS_MESSAGE_HEADER + load_be16(m + 2);
	less(wire->at + record + 3, n);
	cut_out(wire, m, n);
	return true;
}

/* The client's hello is on the wire. */
static void begin(void)
{
	two_start(&two, &client, &server);
	two_carry_out(&two, &two.client, &two.up);
}

/* The server's first flight is on the wire too. */
static void begin_answer(void)
{
	begin();
	two_carry_in(&two, &two.server, &two.up);
	while (two_carry_out(&two, &two.server, &two.down)) continue;
}

static bool refused(const struct tls *by, enum tls_alert alert, const char *words)
{
	two_shake(&two);
	const struct tls_failure *f = tls_failure(by), *other = tls_failure(by == &two.client ? &two.server : &two.client);
	bool as_it_should = f != NULL && f->alert == alert && !f->from_peer && strstr(f->words, words) != NULL;
	if (!as_it_should) printf("# client: %s; server: %s\n", two_words(&two.client), two_words(&two.server));
	as_it_should = as_it_should && other != NULL && other->from_peer && other->alert == alert;
	two_end(&two);
	return as_it_should;
}

static void without_the_extended_master_secret(void)
{
	set_up(CRYPT_KEY_P256);
	begin();
	CHECK(without(&two.up, TLS_CLIENT_HELLO, TLS_EXT_EXTENDED_MASTER_SECRET));
	CHECK(refused(&two.server, TLS_HANDSHAKE_FAILURE, "RFC 7627"));
	begin_answer();
	CHECK(without(&two.down, TLS_SERVER_HELLO, TLS_EXT_EXTENDED_MASTER_SECRET));
	CHECK(refused(&two.client, TLS_HANDSHAKE_FAILURE, "RFC 7627"));
	begin_answer();
	CHECK(without(&two.down, TLS_SERVER_HELLO, TLS_EXT_RENEGOTIATION_INFO));
	CHECK(refused(&two.client, TLS_HANDSHAKE_FAILURE, "RFC 5746"));
}

/* RFC 7627, 5.3: a session of an extended master secret is not resumed without it. */
static void a_session_keeps_its_extended_master_secret(void)
{
	set_up(CRYPT_KEY_P256);
	client.sessions = world.client_sessions, server.tickets = world.tickets;
	CHECK(resumed_is(false));
	begin();
	CHECK(without(&two.up, TLS_CLIENT_HELLO, TLS_EXT_EXTENDED_MASTER_SECRET));
	CHECK(refused(&two.server, TLS_HANDSHAKE_FAILURE, "RFC 7627"));
}

/* An answer of the test's own, in place of the server's. */
static bool answer_is_refused(const struct tls_server_hello *hello, enum tls_alert alert, const char *words)
{
	struct tls_writer w;
	begin();
	w = (struct tls_writer){ .at = two.down.at, .len = TLS_RECORD_HEADER, .size = 1000 };
	tls_emit_server_hello(&w, hello);
	tls_emit_record(&(struct tls_record){ TLS_HANDSHAKE, TLS_1_2, w.len - TLS_RECORD_HEADER }, two.down.at);
	two.down.len = w.len, two.up.len = 0;
	while (two_carry_in(&two, &two.client, &two.down)) continue;
	const struct tls_failure *f = tls_failure(&two.client);
	bool as_it_should = f != NULL && f->alert == alert && strstr(f->words, words) != NULL;
	if (!as_it_should) printf("# %s\n", two_words(&two.client));
	two_end(&two);
	return as_it_should;
}

static void answers_that_do_not_fit(void)
{
	static const uint8_t random[TLS_RANDOM_BYTES] = { 5 }, compressed[] = { 1 };
	const struct tls_server_hello good = { .legacy_version = TLS_1_2, .random = { random, sizeof random },
		.suite = TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		.has = TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET) | TLS_HAS(TLS_EXT_RENEGOTIATION_INFO) };
	struct tls_server_hello bad;

	set_up(CRYPT_KEY_P256);
	bad = good, bad.renegotiation = bytes_of("x");
	CHECK(answer_is_refused(&bad, TLS_HANDSHAKE_FAILURE, "first handshake"));
	bad = good, bad.suite = TLS_AES_128_GCM_SHA256;
	CHECK(answer_is_refused(&bad, TLS_ILLEGAL_PARAMETER, "1301"));
	bad = good, bad.suite = 0x002f; /* TLS_RSA_WITH_AES_128_CBC_SHA */
	CHECK(answer_is_refused(&bad, TLS_ILLEGAL_PARAMETER, "002f"));
	bad = good, bad.legacy_version = TLS_1_1;
	CHECK(answer_is_refused(&bad, TLS_PROTOCOL_VERSION, "TLS 1.1"));
	bad = good, bad.compression = 1;
	CHECK(answer_is_refused(&bad, TLS_ILLEGAL_PARAMETER, "compression"));
	bad = good, bad.has |= TLS_HAS(TLS_EXT_EC_POINT_FORMATS), bad.point_formats = (struct bytes){ compressed, 1 };
	CHECK(answer_is_refused(&bad, TLS_ILLEGAL_PARAMETER, "uncompressed"));
	bad = good, bad.has |= TLS_HAS(TLS_EXT_ALPN), bad.alpn = bytes_of("h2");
	CHECK(answer_is_refused(&bad, TLS_UNSUPPORTED_EXTENSION, "not asked for"));
	bad = good, bad.has |= TLS_HAS(TLS_EXT_SESSION_TICKET);
	CHECK(answer_is_refused(&bad, TLS_UNSUPPORTED_EXTENSION, "session_ticket"));
	client.alpn = (const char *const[]){ "http/1.1" }, client.alpn_count = 1;
	bad = good, bad.has |= TLS_HAS(TLS_EXT_ALPN), bad.alpn = bytes_of("h2");
	CHECK(answer_is_refused(&bad, TLS_ILLEGAL_PARAMETER, "ALPN"));
}

/* A session is offered, and resumed with another suite than it had. */
static void a_session_with_another_suite(void)
{
	set_up(CRYPT_KEY_P256);
	client.sessions = world.client_sessions, server.tickets = world.tickets;
	CHECK(resumed_is(false));
	begin_answer();
	size_t record;
	uint8_t *m = find_message(&two.down, TLS_SERVER_HELLO, &record);
	CHECK(m != NULL);
	uint8_t *suite = m + TLS_MESSAGE_HEADER + 2 + TLS_RANDOM_BYTES + 1 + TLS_SESSION_ID_MAX;
	CHECK_EQ(load_be16(suite), TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
	store_be16(suite, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256);
	two_shake(&two);
	CHECK_EQ(tls_failure(&two.client)->alert, TLS_ILLEGAL_PARAMETER);
	two_end(&two);
}

static void no_status_though_it_was_promised(void)
{
	set_up(CRYPT_KEY_P256);
	client.must_staple = true;
	begin_answer();
	CHECK(without_message(&two.down, TLS_CERTIFICATE_STATUS));
	two_shake(&two);
	CHECK_EQ(tls_failure(&two.client)->certificate, X509_REVOCATION_UNKNOWN);
	two_end(&two);
	client.must_staple = false, client.ask_ocsp = true; /* RFC 6066, 8: it need not come; but this server hashed it */
	begin_answer();
	CHECK(without_message(&two.down, TLS_CERTIFICATE_STATUS));
	CHECK(refused(&two.server, TLS_BAD_RECORD_MAC, "the keys"));
}

static void a_client_key_of_nothing(void)
{
	size_t record;
	set_up(CRYPT_KEY_P256);
	begin_answer();
	while (two_carry_in(&two, &two.client, &two.down)) continue;
	while (two_carry_out(&two, &two.client, &two.up)) continue;
	uint8_t *m = find_message(&two.up, TLS_CLIENT_KEY_EXCHANGE, &record);
	CHECK(m != NULL && two.client.group == CRYPT_X25519 && m[TLS_MESSAGE_HEADER] == 32);
	memset(m + TLS_MESSAGE_HEADER + 1, 0, 32); /* of small order: the secret would be zero */
	CHECK(refused(&two.server, TLS_ILLEGAL_PARAMETER, "x25519"));
}

static void no_group_in_common(void)
{
	set_up(CRYPT_KEY_P256);
	client.groups = groups, client.groups_count = 1, server.groups = groups + 1, server.groups_count = 1;
	begin();
	CHECK(refused(&two.server, TLS_HANDSHAKE_FAILURE, "group"));
}

static void messages_out_of_order(void)
{
	static const enum tls_message_type one_missing[] = { TLS_CERTIFICATE, TLS_SERVER_KEY_EXCHANGE, TLS_SERVER_HELLO };
	set_up(CRYPT_KEY_P256);
	for (size_t i = 0; i < COUNT(one_missing); i++) {
		begin_answer();
		CHECK(without_message(&two.down, one_missing[i]));
		CHECK(refused(&two.client, TLS_UNEXPECTED_MESSAGE, "was due"));
	}
	static const struct { uint8_t record[6]; const char *words; } early[] = {
		{ { TLS_CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1 }, "change_cipher_spec" }, { { TLS_APPLICATION_DATA, 3, 3, 0, 1, 'x' }, "application data" },
	};
	for (size_t i = 0; i < COUNT(early); i++) {
		begin_answer(); /* the keys would be those of no secret at all: CVE-2014-0224 */
		memcpy(two.up.at + two.up.len, early[i].record, 6), two.up.len += 6;
		CHECK(refused(&two.server, TLS_UNEXPECTED_MESSAGE, early[i].words));
		begin_answer();
		size_t record;
		uint8_t *m = find_message(&two.down, TLS_SERVER_HELLO, &record);
		CHECK(m != NULL);
		two.down.len = record + TLS_RECORD_HEADER + TLS_MESSAGE_HEADER + load_be16(m + 2);
		store_be16(two.down.at + record + 3, (uint16_t)(TLS_MESSAGE_HEADER + load_be16(m + 2)));
		memcpy(two.down.at + two.down.len, early[i].record, 6), two.down.len += 6;
		CHECK(refused(&two.client, TLS_UNEXPECTED_MESSAGE, early[i].words));
	}
}

static void a_key_exchange_that_is_not_right(void)
{
	static const struct { size_t at; uint8_t flip; enum tls_alert alert; const char *words; } wrong[] = {
		{ 10, 1, TLS_DECRYPT_ERROR, "signature" },                  /* of the server's key */
		{ 0, 1, TLS_HANDSHAKE_FAILURE, "" },                        /* the curve's type */
		{ 2, 0x1d ^ 0x17, TLS_ILLEGAL_PARAMETER, "" },              /* another group */
		{ 2, 0x1d ^ 0x19, TLS_ILLEGAL_PARAMETER, "not offered" },   /* one that we do not have */
		{ 4 + 32, 0x04 ^ 0x06, TLS_ILLEGAL_PARAMETER, "scheme" },   /* 0x0603: ECDSA with SHA-512 */
		{ 4 + 32 + 8, 1, TLS_DECRYPT_ERROR, "signature" },
	};
	set_up(CRYPT_KEY_P256);
	server.groups = groups, server.groups_count = 1;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		size_t record;
		begin_answer();
		uint8_t *m = find_message(&two.down, TLS_SERVER_KEY_EXCHANGE, &record);
		CHECK(m != NULL);
		m[TLS_MESSAGE_HEADER + wrong[i].at] ^= wrong[i].flip;
		two_shake(&two);
		const struct tls_failure *f = tls_failure(&two.client);
		CHECK(f != NULL && !f->from_peer && strstr(f->words, wrong[i].words) != NULL);
		if (wrong[i].words[0] != '\0') CHECK_EQ(f->alert, wrong[i].alert);
		two_end(&two);
	}
}

static void a_session_that_nobody_offered(void)
{
	set_up(CRYPT_KEY_P256);
	client.version_max = TLS_1_3; /* its hello has an id, for middleboxes */
	begin_answer();
	size_t record;
	uint8_t *m = find_message(&two.down, TLS_SERVER_HELLO, &record), *id = m + TLS_MESSAGE_HEADER + 2 + TLS_RANDOM_BYTES;
	CHECK(m != NULL && id[0] == 0 && two.client.handshake->session_id_len == TLS_SESSION_ID_MAX);
	memmove(id + 1 + TLS_SESSION_ID_MAX, id + 1, (size_t)(two.down.at + two.down.len - id - 1));
	two.down.len += TLS_SESSION_ID_MAX;
	id[0] = TLS_SESSION_ID_MAX;
	memcpy(id + 1, two.client.handshake->session_id, TLS_SESSION_ID_MAX);
	less(m + 2, (size_t)-TLS_SESSION_ID_MAX), less(two.down.at + record + 3, (size_t)-TLS_SESSION_ID_MAX);
	CHECK(refused(&two.client, TLS_ILLEGAL_PARAMETER, "not offered"));
}

/* RFC 5246, 7.4.1.1 and RFC 5746: asked while it negotiates, the client goes on; afterwards nothing is negotiated again. */
static void nothing_is_negotiated_again(void)
{
	static const uint8_t request[] = { TLS_HANDSHAKE, 3, 3, 0, 4, TLS_HELLO_REQUEST, 0, 0, 0 };
	size_t record;
	set_up(CRYPT_KEY_P256);
	begin_answer();
	uint8_t *m = find_message(&two.down, TLS_SERVER_HELLO, &record);
	CHECK(m != NULL);
	size_t first = record + TLS_RECORD_HEADER + load_be16(two.down.at + record + 3);
	memmove(two.down.at + first + sizeof request, two.down.at + first, two.down.len - first);
	memcpy(two.down.at + first, request, sizeof request);
	two.down.len += sizeof request;
	CHECK(two_shake(&two));
	CHECK(tls_record_seal(&two.server, TLS_HANDSHAKE, (struct bytes){ request + TLS_RECORD_HEADER, 4 }));
	CHECK(refused(&two.client, TLS_NO_RENEGOTIATION, "again"));

	CHECK(shake());
	static const uint8_t hello[] = { TLS_CLIENT_HELLO, 0, 0, 2, 3, 3 };
	CHECK(tls_record_seal(&two.client, TLS_HANDSHAKE, (struct bytes){ hello, sizeof hello }));
	CHECK(refused(&two.server, TLS_NO_RENEGOTIATION, "again"));
}

static void certificates_that_do_not_fit(void)
{
	static const uint16_t p384[] = { CRYPT_ECDSA_SECP384R1_SHA384 };
	set_up(CRYPT_KEY_P256);
	client.suites = rsa_suites, client.suites_count = 3; /* the server has no certificate of RSA */
	begin();
	CHECK(refused(&two.server, TLS_HANDSHAKE_FAILURE, "certificate"));
	client.suites = NULL;
	client.schemes = p384, client.schemes_count = 1;
	server.sign_schemes = (const uint16_t[]){ CRYPT_ECDSA_SECP256R1_SHA256 }, server.sign_schemes_count = 1;
	begin();
	CHECK(refused(&two.server, TLS_HANDSHAKE_FAILURE, "certificate"));
	set_up(CRYPT_KEY_P256);
	server.client_auth = TLS_REQUIRE_CLIENT; /* the client has one of a kind that the server does not verify */
	server.schemes = p384, server.schemes_count = 1;
	client.identities = &world.by_kind[CRYPT_KEY_ED25519].identity, client.identities_count = 1;
	begin();
	CHECK(refused(&two.server, TLS_HANDSHAKE_FAILURE, "no certificate"));
}

static void secrets_are_gone_when_it_is_over(void)
{
	set_up(CRYPT_KEY_P256);
	CHECK(shake());
	uint8_t secret[48];
	memcpy(secret, two.client.exporter_secret, sizeof secret);
	size_t blocks = TWO_HANDSHAKES * tls_handshake_block_bytes() + TWO_RECORDS * TWO_BLOCK;
	for (size_t i = 0; i + 16 < blocks; i++) CHECK(memcmp(world.memory + i, secret, 16) != 0);
	two_end(&two);
	for (size_t i = 0; i + 16 < sizeof two; i++) CHECK(memcmp((uint8_t *)&two + i, secret, 16) != 0);
}

int main(void)
{
	two_open(1, ~0u);
	TEST(the_prf_gives_known_answers);
	TEST(every_suite_group_and_key);
	TEST(every_signature_scheme);
	TEST(resumed_by_ticket);
	TEST(resumed_by_id);
	TEST(resumed_while_13_is_offered);
	TEST(not_resumed_when_it_must_not_be);
	TEST(alpn_and_limits);
	TEST(a_staple_is_served_and_checked);
	TEST(clients_without_a_certificate);
	TEST(exporters_agree);
	TEST(the_other_version_is_refused);
	TEST(a_downgrade_is_noticed);
	TEST(without_the_extended_master_secret);
	TEST(a_session_keeps_its_extended_master_secret);
	TEST(answers_that_do_not_fit);
	TEST(a_session_with_another_suite);
	TEST(no_status_though_it_was_promised);
	TEST(a_client_key_of_nothing);
	TEST(no_group_in_common);
	TEST(messages_out_of_order);
	TEST(a_key_exchange_that_is_not_right);
	TEST(a_session_that_nobody_offered);
	TEST(nothing_is_negotiated_again);
	TEST(certificates_that_do_not_fit);
	TEST(secrets_are_gone_when_it_is_over);
	two_free(&two);
	two_close();
	return tap_end();
}
