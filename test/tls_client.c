/* SPDX-License-Identifier: ISC */
/* What a server may not say in TLS 1.3, and with which alert our client answers (src/proto/tls/client_hello.c, client13.c, post.c);
 * and what the client remembers. The server's words are made here: in the clear, and with a forger's seal. */
#include "proto/tls/keylog.h"
#include "tap.h"
#include "tls_two.h"

enum { BYTES_MAX = 4096 };

static struct two two;
static struct tls_config client, server;
static struct tls forger;

/* The same groups with any libcrypto: a share of ML-KEM cannot be spoilt so that it shows. */
static const uint16_t plain_groups[] = { CRYPT_X25519, CRYPT_SECP256R1, CRYPT_SECP384R1 };

static void both(void)
{
	client = server = two_config();
	client.groups = plain_groups, client.groups_count = COUNT(plain_groups);
	server.identities = &world.by_kind[CRYPT_KEY_P256].identity;
	server.identities_count = 1;
	two.now = 0;
}

static bool failed_with(enum tls_alert alert)
{
	const struct tls_failure *f = tls_failure(&two.client);
	bool so = f != NULL && f->alert == alert && !f->from_peer;
	if (!so) printf("# %s: %s, not %s\n", two_words(&two.client), f != NULL ? tls_alert_name(f->alert) : "no alert", tls_alert_name(alert));
	return so;
}

static bool held_nothing(void) { return world.handshakes.out == 0 && world.records.out == 0; }

/* ---- ServerHello and HelloRetryRequest, in the clear ---- */

static uint8_t drawn[TLS_RANDOM_BYTES], share_bytes[CRYPT_PUBLIC_MAX], share_secret[CRYPT_SECRET_MAX];
static size_t share_secret_len;

/* A good answer to the client's hello, to be spoilt. */
static struct tls_server_hello good_hello(void)
{
	const struct tls_handshake *h = two.client.handshake;
	struct bytes theirs = { h->share_public[0], h->share_len[0] };
	size_t len;

	memset(drawn, 7, sizeof drawn);
	share_secret_len = crypt_share_answer(world.crypt, h->shares[0].group, &world.rng, theirs, share_bytes, &len, share_secret);
	return (struct tls_server_hello){ .legacy_version = TLS_1_2, .random = { drawn, sizeof drawn }, .suite = TLS_AES_128_GCM_SHA256,
		.session_id = { h->session_id, h->session_id_len }, .has = TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) | TLS_HAS(TLS_EXT_KEY_SHARE),
		.version = TLS_1_3, .share_group = h->shares[0].group, .share = { share_bytes, len } };
}

static struct tls_server_hello good_retry(void)
{
	struct tls_server_hello sh = good_hello();
	sh.retry = true;
	sh.random = (struct bytes){ tls_retry_random, TLS_RANDOM_BYTES };
	sh.share_group = CRYPT_SECP384R1;
	return sh;
}

static void say_clear(struct bytes message)
{
	uint8_t record[BYTES_MAX];
	tls_emit_record(&(struct tls_record){ TLS_HANDSHAKE, TLS_1_2, message.len }, record);
	memcpy(record + TLS_RECORD_HEADER, message.at, message.len);
	tls_input(&two.client, 0, (struct bytes){ record, TLS_RECORD_HEADER + message.len });
}

static struct tls_writer new_message(void)
{
	static uint8_t room[BYTES_MAX];
	return (struct tls_writer){ .at = room, .size = sizeof room };
}

static void say_hello(const struct tls_server_hello *sh)
{
	struct tls_writer w = new_message();
	tls_emit_server_hello(&w, sh);
	say_clear((struct bytes){ w.at, w.len });
}

static void start(void)
{
	if (!tls_connect(&two.client, 0, &client, TWO_NAME)) two_give_up("no block");
	two.client_news = 0;
}

static const uint8_t unknown_extension[] = { 0xab, 0xcd, 0, 0 }, alpn_extension[] = { 0, 16, 0, 5, 0, 3, 2, 'h', '2' };
static const uint8_t early_extension[] = { 0, 42, 0, 0 }, name_extension[] = { 0, 0, 0, 0 };

static void spoil_hello(unsigned how, struct tls_server_hello *sh, enum tls_alert *alert)
{
	static uint8_t other_id[32];
	*alert = TLS_ILLEGAL_PARAMETER;
	switch (how) {
	case 0: sh->compression = 255; break;
	case 1: sh->session_id = (struct bytes){ other_id, sizeof other_id }; break;
	case 2: sh->session_id.len = 0; break;
	case 3: sh->compression = 1; break;
	case 4: sh->suite = TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256; break; /* 1.2's */
	case 5: sh->suite = 0x1304; break;
	case 6: sh->version = TLS_1_2; break;
	case 7: sh->version = 0x0305; break;
	case 8: sh->share_group = CRYPT_SECP384R1; break; /* known, but no share was sent */
	case 9: sh->share.len = 31; break;
	case 10: memset(share_bytes, 0, 32); break; /* of small order */
	case 11: sh->has |= TLS_HAS(TLS_EXT_PRE_SHARED_KEY), *alert = TLS_UNSUPPORTED_EXTENSION; break;
	case 12: sh->extensions = (struct bytes){ unknown_extension, sizeof unknown_extension }, *alert = TLS_UNSUPPORTED_EXTENSION; break;
	case 13: sh->extensions = (struct bytes){ name_extension, sizeof name_extension }; break; /* asked for, but it belongs into EE */
	case 14: sh->has &= ~TLS_HAS(TLS_EXT_KEY_SHARE), *alert = TLS_MISSING_EXTENSION; break;
	case 15: sh->has = 0, sh->suite = TLS_AES_128_GCM_SHA256; break; /* 1.2 with a suite of 1.3 */
	case 16: sh->has = 0, sh->suite = TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, memcpy(drawn + 24, "DOWNGRD\1", 8); break;
	case 17: sh->has = 0, sh->suite = TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, memcpy(drawn + 24, "DOWNGRD\0", 8); break;
	case 18: sh->has = 0, sh->legacy_version = TLS_1_1, *alert = TLS_PROTOCOL_VERSION; break;
	default: *alert = TLS_CLOSE_NOTIFY; break; /* no more */
	}
}

static void a_legacy_version_says_nothing(void)
{
	both();
	start();
	struct tls_server_hello sh = good_hello();
	sh.legacy_version = TLS_1_3;
	say_hello(&sh);
	CHECK(two.client.state == TLS_CLIENT_WAIT_EE);
	tls_end(&two.client);
	CHECK(held_nothing());
}

static void a_server_hello_spoilt(void)
{
	enum tls_alert alert = TLS_INTERNAL_ERROR;

	both();
	for (unsigned how = 0; alert != TLS_CLOSE_NOTIFY; how++) {
		start();
		struct tls_server_hello sh = good_hello();
		spoil_hello(how, &sh, &alert);
		say_hello(&sh);
		if (alert == TLS_CLOSE_NOTIFY) CHECK(two.client.state == TLS_CLIENT_WAIT_EE);
		else CHECK(failed_with(alert));
		tls_end(&two.client);
	}
	CHECK(held_nothing());
}

static void spoil_retry(unsigned how, struct tls_server_hello *sh, enum tls_alert *alert)
{
	*alert = TLS_ILLEGAL_PARAMETER;
	switch (how) {
	case 0: sh->share_group = two.client.handshake->shares[0].group; break; /* its share was there */
	case 1: sh->share_group = 0x0019; break; /* not offered */
	case 2: sh->has &= ~TLS_HAS(TLS_EXT_KEY_SHARE); break; /* it would change nothing */
	case 3: sh->version = TLS_1_2; break;
	case 4: sh->session_id.len = 0; break;
	case 5: sh->suite = 0x1305; break;
	case 6: sh->extensions = (struct bytes){ unknown_extension, sizeof unknown_extension }, *alert = TLS_UNSUPPORTED_EXTENSION; break;
	default: *alert = TLS_CLOSE_NOTIFY; break;
	}
}

static void a_retry_spoilt(void)
{
	enum tls_alert alert = TLS_INTERNAL_ERROR;

	both();
	for (unsigned how = 0; alert != TLS_CLOSE_NOTIFY; how++) {
		start();
		struct tls_server_hello sh = good_retry();
		spoil_retry(how, &sh, &alert);
		say_hello(&sh);
		if (alert == TLS_CLOSE_NOTIFY) CHECK(two.client.state == TLS_CLIENT_WAIT_SH && two.client.retried);
		else CHECK(failed_with(alert));
		tls_end(&two.client);
	}
}

static void after_a_retry(void)
{
	struct tls_server_hello sh;

	both();
	start(); /* once is enough */
	sh = good_retry();
	say_hello(&sh);
	say_hello(&sh);
	CHECK(failed_with(TLS_UNEXPECTED_MESSAGE));
	tls_end(&two.client);

	start(); /* another suite than before */
	sh = good_retry();
	say_hello(&sh);
	sh = good_hello();
	sh.suite = TLS_CHACHA20_POLY1305_SHA256;
	say_hello(&sh);
	CHECK(failed_with(TLS_ILLEGAL_PARAMETER));
	tls_end(&two.client);

	start(); /* no more TLS 1.3 */
	sh = good_retry();
	say_hello(&sh);
	sh = good_hello();
	sh.has = 0;
	sh.suite = TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256;
	say_hello(&sh);
	CHECK(failed_with(TLS_ILLEGAL_PARAMETER));
	tls_end(&two.client);
	CHECK(held_nothing());
}

/* RFC 8446, 4.1.2: only what may change does: the share, a cookie, no early data; GREASE stays as it was. */
static void the_second_hello(void)
{
	static const uint8_t cookie[] = { 1, 2, 3, 4 };
	static uint8_t first[BYTES_MAX];
	struct tls_client_hello a, b;
	struct tls_fault fault;
	struct tls_record r;
	unsigned group;
	struct bytes key;

	both();
	start();
	struct bytes out = tls_output(&two.client, 0);
	memcpy(first, out.at, out.len);
	tls_parse_record(first, &r);
	CHECK_EQ(r.version, TLS_1_0);
	CHECK(tls_parse_client_hello((struct bytes){ first + 9, r.length - 4 }, &a, &fault));
	tls_sent(&two.client, out.len);
	struct tls_server_hello sh = good_retry();
	sh.has |= TLS_HAS(TLS_EXT_COOKIE);
	sh.cookie = (struct bytes){ cookie, sizeof cookie };
	say_hello(&sh);
	out = tls_output(&two.client, 0);
	CHECK_EQ(out.at[0], TLS_CHANGE_CIPHER_SPEC);
	out = bytes_skip(out, 6);
	tls_parse_record(out.at, &r);
	CHECK_EQ(r.version, TLS_1_2);
	CHECK(tls_parse_client_hello((struct bytes){ out.at + 9, r.length - 4 }, &b, &fault));
	CHECK(bytes_equal(a.random, b.random) && bytes_equal(a.session_id, b.session_id) && bytes_equal(a.suites, b.suites));
	CHECK(bytes_equal(a.groups, b.groups) && bytes_equal(a.schemes, b.schemes) && bytes_equal(a.versions, b.versions));
	CHECK(bytes_equal(b.cookie, sh.cookie));
	CHECK(tls_next_share(&b.shares, &group, &key) && group == CRYPT_SECP384R1 && b.shares.len == 0);
	tls_end(&two.client);
}

/* ---- under the handshake's seal ---- */

static void forge_as_server(const uint8_t *secret)
{
	tls_end(&forger);
	forger = (struct tls){ .config = &server, .state = TLS_OPEN, .version = TLS_1_3, .suite = two.client.suite, .give_up_at = NEVER,
	                       .fragment_max = TLS_PLAINTEXT_MAX, .is_server = true, .records_out = 1 };
	tls_side_set13(&forger, &forger.out, two.client.suite, secret);
}

static void forge(struct bytes plain)
{
	struct bytes out;
	tls_record_seal(&forger, TLS_HANDSHAKE, plain);
	while ((out = tls_output(&forger, 0)).len > 0) {
		tls_input(&two.client, 0, out);
		tls_sent(&forger, out.len);
	}
}

static void forge_message(struct tls_writer *w) { forge((struct bytes){ w->at, w->len }); }

static void to_encrypted_extensions(void)
{
	start();
	struct tls_server_hello sh = good_hello();
	say_hello(&sh);
	if (two.client.state != TLS_CLIENT_WAIT_EE) two_give_up(two_words(&two.client));
	forge_as_server(two.client.handshake->server_handshake_secret);
}

static bool refuses_extensions(const uint8_t *extensions, size_t len, enum tls_alert alert)
{
	struct tls_writer w = new_message();
	to_encrypted_extensions();
	tls_emit_encrypted_extensions(&w, &(struct tls_encrypted_extensions){ .extensions = { extensions, len } });
	forge_message(&w);
	bool so = failed_with(alert);
	tls_end(&two.client);
	return so;
}

static void encrypted_extensions_spoilt(void)
{
	static const uint8_t versions[] = { 0, 43, 0, 2, 3, 4 }, twice[] = { 0, 0, 0, 0, 0, 0, 0, 0 }, limit[] = { 0, 28, 0, 2, 0, 63 };
	static const char *const protocols[] = { "http/1.1" };

	both();
	CHECK(refuses_extensions(unknown_extension, sizeof unknown_extension, TLS_UNSUPPORTED_EXTENSION));
	CHECK(refuses_extensions(alpn_extension, sizeof alpn_extension, TLS_UNSUPPORTED_EXTENSION));
	CHECK(refuses_extensions(early_extension, sizeof early_extension, TLS_UNSUPPORTED_EXTENSION));
	CHECK(refuses_extensions(versions, sizeof versions, TLS_ILLEGAL_PARAMETER));
	CHECK(refuses_extensions(twice, sizeof twice, TLS_ILLEGAL_PARAMETER));
	client.alpn = protocols;
	client.alpn_count = 1;
	CHECK(refuses_extensions(alpn_extension, sizeof alpn_extension, TLS_ILLEGAL_PARAMETER)); /* h2 was not offered */
	client.record_size_limit = 1000;
	CHECK(refuses_extensions(limit, sizeof limit, TLS_ILLEGAL_PARAMETER)); /* RFC 8449, 4: 64 at least */
	tls_end(&forger);
	CHECK(held_nothing());
}

static void certificate_requests_spoilt(void)
{
	static const uint8_t scheme[] = { 4, 3 }, context[] = { 1 };
	struct tls_writer w;

	both();
	for (int how = 0; how < 3; how++) {
		to_encrypted_extensions();
		w = new_message();
		tls_emit_encrypted_extensions(&w, &(struct tls_encrypted_extensions){ 0 });
		forge_message(&w);
		w = new_message();
		if (how < 2) {
			tls_emit_certificate_request(&w, true, &(struct tls_certificate_request){ .schemes = { scheme, 2 },
				.has = TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS), .context = { context, how == 0 } });
		} else { /* no signature_algorithms */
			size_t mark = tls_open_message(&w, TLS_CERTIFICATE_REQUEST);
			tls_put_number(&w, 3, 0);
			tls_close_message(&w, mark);
		}
		forge_message(&w);
		if (how == 0) CHECK(failed_with(TLS_ILLEGAL_PARAMETER));
		if (how == 1) CHECK(two.client.state == TLS_CLIENT_WAIT_CERT);
		if (how == 2) CHECK(failed_with(TLS_MISSING_EXTENSION));
		tls_end(&two.client);
	}
	tls_end(&forger);
	CHECK(held_nothing());
}

/* ---- after the handshake ---- */

static void connected(void)
{
	two_start(&two, &client, &server);
	if (!two_shake(&two)) two_give_up(two_words(&two.client));
	forge_as_server(two.server.out.secret);
	forger.out.sequence = two.server.out.sequence;
}

static void after_the_handshake(void)
{
	static const uint8_t update[] = { TLS_KEY_UPDATE, 0, 0, 1, 2 }, hello_request[] = { TLS_HELLO_REQUEST, 0, 0, 0 };
	static const uint8_t request[] = { TLS_CERTIFICATE_REQUEST, 0, 0, 3, 0, 0, 0 }, short_ticket[] = { TLS_NEW_SESSION_TICKET, 0, 0, 2, 0, 0 };
	static const struct { const uint8_t *at; size_t len; enum tls_alert alert; } wrong[] = {
		{ update, sizeof update, TLS_ILLEGAL_PARAMETER }, { hello_request, sizeof hello_request, TLS_UNEXPECTED_MESSAGE },
		{ request, sizeof request, TLS_UNEXPECTED_MESSAGE }, { short_ticket, sizeof short_ticket, TLS_DECODE_ERROR },
	};

	both();
	for (size_t i = 0; i < COUNT(wrong); i++) {
		connected();
		forge((struct bytes){ wrong[i].at, wrong[i].len });
		CHECK(failed_with(wrong[i].alert));
		two_end(&two);
	}
	tls_end(&forger);
	CHECK(held_nothing());
}

/* Tickets are remembered by the server's name, each with its own key; one that lives no time is not. */
static void tickets_are_remembered(void)
{
	static const uint8_t ticket[] = "a ticket";
	struct tls_session one, other;
	struct tls_writer w;

	both();
	two_forget();
	client.sessions = world.client_sessions;
	connected();
	for (uint8_t nonce = 0; nonce < 3; nonce++) {
		w = new_message();
		tls_emit_new_session_ticket(&w, true, &(struct tls_new_session_ticket){ .lifetime = nonce == 2 ? 0 : 1000, .age_add = nonce,
			.nonce = { &nonce, 1 }, .ticket = { ticket, sizeof ticket }, .has = TLS_HAS(TLS_EXT_EARLY_DATA), .early_data_max = 99 });
		forge_message(&w);
	}
	CHECK(tls_news(&two.client) & TLS_SESSION);
	CHECK_EQ(two.client.count.tickets_got, 3);
	int64_t date_ms = TWO_DATE * 1000;
	CHECK(!tls_sessions_take(world.client_sessions, bytes_of("another.example"), date_ms, &one));
	CHECK(tls_sessions_take(world.client_sessions, bytes_of(TWO_NAME), date_ms, &one));
	CHECK(tls_sessions_take(world.client_sessions, bytes_of(TWO_NAME), date_ms, &other));
	CHECK(!tls_sessions_take(world.client_sessions, bytes_of(TWO_NAME), date_ms, &other));
	CHECK_EQ(one.version, TLS_1_3);
	CHECK_EQ(one.early_data_max, 99);
	CHECK_EQ(one.secret_len, 32);
	CHECK(memcmp(one.secret, other.secret, 32) != 0);
	two_end(&two);
	tls_end(&forger);
}

/* ---- resumption and early data, with our server ---- */

static void remembering(void)
{
	both();
	two_forget();
	client.sessions = world.client_sessions;
	server.tickets = world.tickets;
}

static void a_session_is_resumed(void)
{
	remembering();
	two_start(&two, &client, &server);
	CHECK(two_shake(&two) && !two.client.resumed);
	CHECK(two.client_news & TLS_SESSION);
	two_end(&two);
	size_t full = two.down.sent;
	for (int i = 0; i < 3; i++) { /* each connection brings the next ticket */
		two_start(&two, &client, &server);
		CHECK(two_shake(&two) && two.client.resumed && two.server.resumed);
		CHECK(two_say(&two, &two.client, &two.server, "again"));
		CHECK(two.down.sent < full);
		two_end(&two);
	}
	client.version_max = TLS_1_2; /* a ticket of 1.3 is of no use in 1.2 */
	two_start(&two, &client, &server);
	CHECK(two_shake(&two) && !two.client.resumed);
	two_end(&two);
	CHECK(held_nothing());
}

static void early_data(void)
{
	remembering();
	client.early_data_max = server.early_data_max = 100;
	two_start(&two, &client, &server);
	CHECK(!tls_may_send_early(&two.client));
	CHECK_EQ(tls_send(&two.client, 0, bytes_of("too early")), 0);
	CHECK(two_shake(&two));
	two_end(&two);

	two_start(&two, &client, &server); /* taken, within its limit */
	CHECK(tls_may_send_early(&two.client));
	static uint8_t much[150];
	memset(much, 'x', sizeof much);
	CHECK_EQ(tls_send(&two.client, 0, (struct bytes){ much, sizeof much }), 100);
	CHECK_EQ(tls_send(&two.client, 0, (struct bytes){ much, sizeof much }), 0);
	two_carry_out(&two, &two.client, &two.up);
	two_carry_in(&two, &two.server, &two.up);
	CHECK(tls_reading_early(&two.server) && tls_peek(&two.server).len == 100);
	CHECK(!tls_is_connected(&two.server));
	CHECK_EQ(tls_send(&two.server, 0, bytes_of("an early answer")), 15); /* RFC 8446, 2.3 */
	tls_take(&two.server, 100);
	CHECK(two_shake(&two) && two.client.early_accepted);
	CHECK(bytes_equal(tls_peek(&two.client), bytes_of("an early answer")));
	tls_take(&two.client, 15);
	CHECK(two_say(&two, &two.client, &two.server, "later") && two_say(&two, &two.server, &two.client, "too"));
	two_end(&two);

	static const uint16_t groups[] = { CRYPT_SECP384R1 };
	for (int how = 0; how < 2; how++) { /* refused: by the server's will, and by a retry */
		two_start(&two, &client, &server);
		two_shake(&two);
		two_end(&two);
		if (how == 0) server.early_data_max = 0;
		else server.groups = groups, server.groups_count = 1;
		two_start(&two, &client, &server);
		CHECK_EQ(tls_send(&two.client, 0, bytes_of("lost words")), 10);
		CHECK(two_shake(&two) && !two.client.early_accepted);
		CHECK(two.client_news & TLS_EARLY_REFUSED);
		CHECK_EQ(tls_peek(&two.server).len, 0);
		CHECK(two_say(&two, &two.client, &two.server, "lost words"));
		two_end(&two);
		server.early_data_max = 100;
	}
	CHECK(held_nothing());
}

static void external_psks(void)
{
	static const struct tls_psk ours[] = { { { (const uint8_t *)"one", 3 }, { (const uint8_t *)"0123456789abcdef", 16 }, CRYPT_SHA384 },
		{ { (const uint8_t *)"two", 3 }, { (const uint8_t *)"fedcba9876543210", 16 }, CRYPT_SHA256 } };
	static const struct tls_psk wrong = { { (const uint8_t *)"two", 3 }, { (const uint8_t *)"FEDCBA9876543210", 16 }, CRYPT_SHA256 };
	static const uint16_t aes_256[] = { TLS_AES_256_GCM_SHA384 };

	both();
	client.psks = ours;
	client.psks_count = 2;
	server.identities_count = 0;
	for (size_t which = 0; which < 2; which++) {
		server.psks = &ours[which];
		server.psks_count = 1;
		two_start(&two, &client, &server);
		CHECK(two_shake(&two) && !two.client.resumed);
		CHECK(two_say(&two, &two.client, &two.server, "psk"));
		two_end(&two);
	}
	client.suites = aes_256; /* only the one of its hash is offered */
	client.suites_count = 1;
	server.psks = &ours[1];
	two_start(&two, &client, &server);
	CHECK(!two_shake(&two));
	two_end(&two);
	client.suites = NULL;
	server.psks = &wrong; /* the same name, another key: the binder is wrong */
	two_start(&two, &client, &server);
	CHECK(!two_shake(&two));
	CHECK_EQ(tls_failure(&two.server)->alert, TLS_DECRYPT_ERROR);
	two_end(&two);
	CHECK(held_nothing());
}

static void client_certificates(void)
{
	both();
	client.identities = server.identities;
	client.identities_count = 1;
	server.client_auth = TLS_REQUIRE_CLIENT;
	two_start(&two, &client, &server);
	CHECK(two_shake(&two) && two.server.client_authenticated);
	two_end(&two);
	client.identities_count = 0;
	two_start(&two, &client, &server);
	two_shake(&two);
	CHECK(tls_failure(&two.server) != NULL && tls_failure(&two.server)->alert == TLS_CERTIFICATE_REQUIRED);
	CHECK(tls_failure(&two.client) != NULL && tls_failure(&two.client)->from_peer);
	two_end(&two);
	server.client_auth = TLS_ASK_CLIENT;
	two_start(&two, &client, &server);
	CHECK(two_shake(&two) && !two.server.client_authenticated);
	two_end(&two);
	CHECK(held_nothing());
}

/* Both sides log the same lines. */
static void key_log_lines(void)
{
	char buffers[2][4096];
	struct text lines[2] = { text_in(buffers[0], sizeof buffers[0]), text_in(buffers[1], sizeof buffers[1]) };
	struct tls_keylog logs[2] = { { .lines = &lines[0] }, { .lines = &lines[1] } };
	struct tls_keylog_line line;
	unsigned labels = 0;

	both();
	client.keylog = &logs[0];
	server.keylog = &logs[1];
	two_start(&two, &client, &server);
	CHECK(two_shake(&two));
	two_end(&two);
	CHECK_STR(buffers[0], buffers[1]);
	for (struct bytes rest = text_bytes(&lines[0]); tls_keylog_next(&rest, &line);) labels++;
	CHECK_EQ(labels, 5);
	CHECK(strstr(buffers[0], "CLIENT_HANDSHAKE_TRAFFIC_SECRET ") != NULL && strstr(buffers[0], "SERVER_TRAFFIC_SECRET_0 ") != NULL);
}

/* RFC 8701: GREASE is sent, unless it is not wanted; hellos of an unlucky length are padded (RFC 7685). */
static void manners(void)
{
	struct tls_client_hello hello;
	struct tls_fault fault;
	unsigned first;

	both();
	for (int polite = 0; polite < 2; polite++) {
		client.no_grease = polite == 1;
		start();
		struct bytes out = tls_output(&two.client, 0);
		CHECK(out.len < TLS_RECORD_HEADER + 256 || out.len >= TLS_RECORD_HEADER + 512);
		CHECK(tls_parse_client_hello(bytes_skip(out, TLS_RECORD_HEADER + TLS_MESSAGE_HEADER), &hello, &fault));
		CHECK(tls_next_u16(&hello.suites, &first) && tls_is_grease(first) == (polite == 0));
		CHECK(tls_next_u16(&hello.groups, &first) && tls_is_grease(first) == (polite == 0));
		CHECK_EQ(hello.session_id.len, 32);
		tls_end(&two.client);
	}
	client.no_middlebox_compatibility = true;
	client.version_min = TLS_1_3;
	start();
	CHECK_EQ(two.client.handshake->session_id_len, 0);
	tls_end(&two.client);
}

/* RFC 6066, 3: an address is no server name; the certificate is checked against it all the same. */
static void addresses_for_names(void)
{
	both();
	two.client.config = NULL;
	for (int which = 0; which < 2; which++) {
		if (!tls_connect(&two.client, 0, &client, which == 0 ? "10.0.0.1" : "10.0.0.2") || !tls_accept(&two.server, 0, &server)) two_give_up("no block");
		two.up.len = two.down.len = 0;
		CHECK(two_shake(&two) == (which == 0));
		CHECK_STR(two.server.server_name, "");
		two_end(&two);
	}
}

/* RFC 6066, 3: the dot at a name's end is not sent. */
static void a_dot_at_the_end(void)
{
	both();
	if (!tls_connect(&two.client, 0, &client, TWO_NAME ".") || !tls_accept(&two.server, 0, &server)) two_give_up("no block");
	two.up.len = two.down.len = 0;
	CHECK(two_shake(&two));
	CHECK_STR(two.server.server_name, TWO_NAME);
	two_end(&two);
}

int main(void)
{
	two_open(2, 1u << CRYPT_KEY_P256);
	TEST(a_legacy_version_says_nothing);
	TEST(a_server_hello_spoilt);
	TEST(a_retry_spoilt);
	TEST(after_a_retry);
	TEST(the_second_hello);
	TEST(encrypted_extensions_spoilt);
	TEST(certificate_requests_spoilt);
	TEST(after_the_handshake);
	TEST(tickets_are_remembered);
	TEST(a_session_is_resumed);
	TEST(early_data);
	TEST(external_psks);
	TEST(client_certificates);
	TEST(key_log_lines);
	TEST(manners);
	TEST(addresses_for_names);
	TEST(a_dot_at_the_end);
	two_free(&two);
	two_close();
	return tap_end();
}
