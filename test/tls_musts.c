/* SPDX-License-Identifier: ISC */
/* MUSTs of RFC 8446 that no other test shows; doc/tls-musts.md says which is shown where. */
#include "tap.h"
#include "tls_two.h"

static struct two two;
static struct tls_config client, server;

static void both(void)
{
	client = server = two_config();
	server.identities = &world.by_kind[CRYPT_KEY_P256].identity;
	server.identities_count = 1;
	two.now = 0;
	two_forget();
}

static void remembering(void)
{
	both();
	client.sessions = world.client_sessions;
	server.tickets = world.tickets;
}

static bool shake(void)
{
	two_start(&two, &client, &server);
	bool well = two_shake(&two);
	if (!well) printf("# client: %s; server: %s\n", two_words(&two.client), two_words(&two.server));
	return well;
}

static bool failed_with(const struct tls *t, enum tls_alert alert)
{
	const struct tls_failure *f = tls_failure(t);
	if (f != NULL && f->alert == alert && !f->from_peer) return true;
	printf("# %s: %s\n", tls_state_name(t->state), two_words(t));
	return false;
}

/* ---- what goes over the wire in the clear ---- */

static struct { uint8_t at[4096]; size_t len; struct tls_client_hello hello; } said;

/* The first hello of a client with this configuration. */
static bool first_hello(const char *name)
{
	struct tls_fault fault;
	struct tls_record r;

	tls_end(&two.client);
	if (!tls_connect(&two.client, 0, &client, name)) return false;
	struct bytes out = tls_output(&two.client, 0);
	said.len = size_min(out.len, sizeof said.at);
	memcpy(said.at, out.at, said.len);
	tls_parse_record(said.at, &r);
	return r.type == TLS_HANDSHAKE && said.at[TLS_RECORD_HEADER] == TLS_CLIENT_HELLO &&
	       tls_parse_client_hello((struct bytes){ said.at + TLS_RECORD_HEADER + TLS_MESSAGE_HEADER, r.length - TLS_MESSAGE_HEADER },
	                              &said.hello, &fault);
}

static bool has(int extension) { return (said.hello.has & TLS_HAS(extension)) != 0; }

/* 4.2.8: of offered groups, in their order, each once. */
static bool shares_are_in_order(void)
{
	struct bytes groups = said.hello.groups, shares = said.hello.shares, key;
	unsigned of, group;

	while (tls_next_share(&shares, &of, &key)) {
		do {
			if (!tls_next_u16(&groups, &group)) return false;
		} while (group != of);
	}
	return true;
}

static void the_first_hello_is_as_it_must_be(void)
{
	both();
	CHECK(first_hello(TWO_NAME));
	CHECK_EQ(said.hello.legacy_version, TLS_1_2);
	CHECK(said.hello.compressions.len == 1 && said.hello.compressions.at[0] == 0);
	CHECK_EQ(said.hello.session_id.len, 32);
	CHECK(has(TLS_EXT_SUPPORTED_VERSIONS) && has(TLS_EXT_SIGNATURE_ALGORITHMS) && has(TLS_EXT_SUPPORTED_GROUPS));
	CHECK(has(TLS_EXT_KEY_SHARE) && has(TLS_EXT_SERVER_NAME) && !has(TLS_EXT_COOKIE) && !has(TLS_EXT_EARLY_DATA));
	CHECK(tls_has_u16(said.hello.versions, TLS_1_3) && tls_has_u16(said.hello.versions, TLS_1_2));
	CHECK(!tls_has_u16(said.hello.versions, TLS_1_1));
	CHECK(shares_are_in_order());
	client.no_middlebox_compatibility = true;
	client.version_min = TLS_1_3;
	CHECK(first_hello(TWO_NAME));
	CHECK_EQ(said.hello.session_id.len, 0);
	CHECK(!tls_has_u16(said.hello.versions, TLS_1_2));
	CHECK(first_hello(NULL) && !has(TLS_EXT_SERVER_NAME));
	CHECK(first_hello("10.0.0.1") && !has(TLS_EXT_SERVER_NAME)); /* RFC 6066, 3 */
	tls_end(&two.client);
}

static void randoms_are_drawn_anew(void)
{
	uint8_t client_random[32], server_random[32];

	both();
	server.keep_peer_chain = client.keep_peer_chain = true; /* the block stays, to be looked at */
	CHECK(shake());
	memcpy(client_random, two.client.handshake->client_random, 32);
	memcpy(server_random, two.client.handshake->server_random, 32);
	CHECK(memcmp(client_random, server_random, 32) != 0);
	two_end(&two);
	CHECK(shake());
	CHECK(memcmp(client_random, two.client.handshake->client_random, 32) != 0);
	CHECK(memcmp(server_random, two.client.handshake->server_random, 32) != 0);
	two_end(&two);
}

/* 4.1.2, 4.2, 9.3; and status_request_v2 (4.4.2.1), which is number 17. GREASE brings unknown suites, groups, schemes and versions. */
static void a_server_passes_over_what_it_does_not_know(void)
{
	static const uint8_t unknown[] = { 0xff, 0x55, 0, 3, 1, 2, 3, 0, 17, 0, 7, 0, 5, 2, 0, 1, 0, 0, 0xaa, 0xaa, 0, 1, 0 };
	uint8_t wire[8192];
	struct tls_writer w = { .at = wire, .len = TLS_RECORD_HEADER, .size = sizeof wire };

	both();
	client.no_grease = true;
	CHECK(first_hello(TWO_NAME));
	said.hello.extensions = (struct bytes){ unknown, sizeof unknown };
	said.hello.grease = 0x1234;
	tls_emit_client_hello(&w, &said.hello);
	CHECK(!w.cut);
	tls_emit_record(&(struct tls_record){ TLS_HANDSHAKE, TLS_1_0, w.len - TLS_RECORD_HEADER }, wire);
	CHECK(tls_accept(&two.server, 0, &server));
	CHECK_EQ(tls_input(&two.server, 0, (struct bytes){ wire, w.len }), w.len);
	CHECK(tls_failure(&two.server) == NULL && two.server.state == TLS_SERVER_WAIT_FINISHED);
	two_end(&two);
}

/* 4.2.2, D.4: a server that keeps nothing between the hellos cannot know that it is not the first record. */
static void a_change_cipher_spec_between_the_hellos(void)
{
	static const uint8_t ccs[] = { TLS_CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1 };

	remembering();
	server.always_retry = true;
	two_start(&two, &client, &server);
	two_carry_out(&two, &two.client, &two.up);
	two_carry_in(&two, &two.server, &two.up);
	tls_input(&two.server, 0, (struct bytes){ ccs, sizeof ccs });
	CHECK(tls_failure(&two.server) == NULL);
	CHECK(two_shake(&two) && two.client.retried && two.server.retried);
	two_end(&two);
}

static void sslv2_is_not_tls(void)
{
	static const uint8_t hello[] = { 0x80, 0x1c, 1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 0x2f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

	both();
	CHECK(tls_accept(&two.server, 0, &server));
	tls_input(&two.server, 0, (struct bytes){ hello, sizeof hello });
	CHECK(failed_with(&two.server, TLS_UNEXPECTED_MESSAGE));
	tls_end(&two.server);
}

/* ---- a forger, who has a side's keys ---- */

static struct tls forger;

static void forge_as(const struct tls *like)
{
	tls_side_end(&forger.out);
	forger.config = like->config;
	tls_side_set13(&forger, &forger.out, like->suite, like->out.secret);
	forger.out.sequence = like->out.sequence;
}

/* Seals just these bytes, type and padding among them. */
static void forge(struct tls *to, const uint8_t *inner, size_t len)
{
	uint8_t record[512], nonce[CRYPT_NONCE_BYTES];
	struct bytes part = { inner, len };

	tls_emit_record(&(struct tls_record){ TLS_APPLICATION_DATA, TLS_1_2, len + CRYPT_TAG_BYTES }, record);
	memcpy(nonce, forger.out.iv, sizeof nonce);
	nonce[CRYPT_NONCE_BYTES - 1] ^= (uint8_t)forger.out.sequence++;
	size_t n = crypt_aead_seal(&forger.out.aead, nonce, (struct bytes){ record, TLS_RECORD_HEADER }, &part, 1, record + TLS_RECORD_HEADER);
	tls_input(to, 0, (struct bytes){ record, TLS_RECORD_HEADER + n });
}

static void connected(void)
{
	both();
	if (!shake()) two_give_up("no handshake");
	forge_as(&two.server);
}

static void a_sealed_change_cipher_spec(void)
{
	connected();
	forge(&two.client, (const uint8_t[]){ 1, TLS_CHANGE_CIPHER_SPEC }, 2);
	CHECK(failed_with(&two.client, TLS_UNEXPECTED_MESSAGE));
	two_end(&two);
	tls_side_end(&forger.out);
}

/* 5.4: application data may be empty; handshake messages and alerts may not. */
static void sealed_records_without_content(void)
{
	connected();
	forge(&two.client, (const uint8_t[]){ TLS_APPLICATION_DATA, 0, 0 }, 3);
	CHECK(tls_is_connected(&two.client));
	forge(&two.client, (const uint8_t[]){ TLS_HANDSHAKE, 0, 0 }, 3);
	CHECK(failed_with(&two.client, TLS_UNEXPECTED_MESSAGE));
	two_end(&two);
	connected();
	forge(&two.client, (const uint8_t[]){ TLS_ALERT, 0 }, 2);
	CHECK(tls_failure(&two.client) != NULL);
	CHECK(failed_with(&two.client, TLS_UNEXPECTED_MESSAGE));
	two_end(&two);
	tls_side_end(&forger.out);
}

static void any_alert_is_fatal(void)
{
	static const uint8_t alerts[][2] = { { 1, TLS_HANDSHAKE_FAILURE }, { 2, TLS_UNKNOWN_CA }, { 1, 99 }, { 2, 200 }, { 7, TLS_DECODE_ERROR } };

	for (size_t i = 0; i < COUNT(alerts); i++) {
		connected();
		forge(&two.client, (const uint8_t[]){ alerts[i][0], alerts[i][1], TLS_ALERT }, 3);
		const struct tls_failure *f = tls_failure(&two.client);
		CHECK(f != NULL && f->from_peer && f->alert == (enum tls_alert)alerts[i][1]);
		CHECK_EQ(tls_output(&two.client, 0).len, 0); /* no alert answers an alert */
		CHECK_EQ(tls_send(&two.client, 0, bytes_of("more")), 0);
		two_end(&two);
	}
	tls_side_end(&forger.out);
}

static void nothing_counts_after_close_notify(void)
{
	connected();
	forge(&two.client, (const uint8_t[]){ 'a', TLS_APPLICATION_DATA }, 2);
	forge(&two.client, (const uint8_t[]){ 1, TLS_CLOSE_NOTIFY, TLS_ALERT }, 3);
	forge(&two.client, (const uint8_t[]){ 'b', TLS_APPLICATION_DATA }, 2);
	forge(&two.client, (const uint8_t[]){ 2, TLS_INTERNAL_ERROR, TLS_ALERT }, 3);
	CHECK(tls_failure(&two.client) == NULL);
	CHECK(bytes_equal(tls_peek(&two.client), bytes_of("a")));
	tls_take(&two.client, 1);
	CHECK(tls_news(&two.client) & TLS_EOF);
	CHECK_EQ(tls_peek(&two.client).len, 0);
	two_end(&two);
	tls_side_end(&forger.out);
}

/* ---- what we send ---- */

/* Looks at each record that `t` has to send: none is empty, none of application data is in the clear. */
static bool records_are_right(struct tls *t, bool sealed)
{
	struct bytes out = tls_output(t, 0);
	struct tls_record r;

	for (; out.len > 0; out = bytes_skip(out, TLS_RECORD_HEADER + r.length)) {
		tls_parse_record(out.at, &r);
		if (r.length == 0 || (r.type == TLS_APPLICATION_DATA && r.length <= CRYPT_TAG_BYTES + 1)) return false;
		if (r.type == TLS_APPLICATION_DATA && !sealed) return false;
		if (sealed && r.type != TLS_APPLICATION_DATA && r.type != TLS_CHANGE_CIPHER_SPEC) return false;
	}
	return true;
}

static void no_empty_record_is_sent(void)
{
	remembering();
	two_start(&two, &client, &server);
	for (bool more = true; more;) {
		CHECK(records_are_right(&two.client, two.client.out.aead.state != NULL));
		more = two_move(&two);
	}
	CHECK(tls_is_connected(&two.client) && tls_is_connected(&two.server));
	CHECK_EQ(tls_send(&two.client, 0, bytes_of("")), 0);
	CHECK_EQ(tls_output(&two.client, 0).len, 0);
	tls_send(&two.client, 0, bytes_of("x"));
	tls_finish(&two.client, 0);
	CHECK(records_are_right(&two.client, true));
	two_end(&two);
}

static void nothing_is_sent_before_there_are_keys(void)
{
	both();
	two_start(&two, &client, &server);
	CHECK_EQ(tls_send(&two.client, 0, bytes_of("secret")), 0);
	CHECK_EQ(tls_send(&two.server, 0, bytes_of("secret")), 0);
	CHECK(records_are_right(&two.client, false));
	two_carry_out(&two, &two.client, &two.up);
	CHECK_EQ(tls_send(&two.client, 0, bytes_of("secret")), 0);
	CHECK_EQ(tls_output(&two.client, 0).len, 0);
	two_end(&two);
}

/* ---- resumption ---- */

static void a_resumed_handshake_exchanges_keys(void)
{
	remembering();
	server.client_auth = TLS_ASK_CLIENT;
	CHECK(shake());
	two_end(&two);
	CHECK(first_hello(TWO_NAME));
	CHECK(has(TLS_EXT_PRE_SHARED_KEY) && has(TLS_EXT_PSK_KEY_EXCHANGE_MODES) && has(TLS_EXT_KEY_SHARE));
	CHECK(said.hello.psk_modes.len == 1 && said.hello.psk_modes.at[0] == 1); /* psk_dhe_ke */
	tls_end(&two.client);
	two_forget();
	remembering();
	server.client_auth = TLS_ASK_CLIENT;
	client.keep_peer_chain = true;
	CHECK(shake());
	CHECK(two.client.handshake->certificate_requested);
	two_end(&two);
	CHECK(shake() && two.client.resumed);
	CHECK(!two.client.handshake->certificate_requested); /* 4.3.2: not with a PSK */
	CHECK(two.client.group != 0 && two.server.group == two.client.group);
	two_end(&two);
}

/* 4.2.11: a server that takes early data, but chose another PSK than the first. Ours never does: the client is made to believe it. */
static void early_data_goes_with_the_first_psk(void)
{
	struct tls_record r;

	remembering();
	client.early_data_max = server.early_data_max = 100;
	CHECK(shake());
	two_end(&two);
	two_start(&two, &client, &server);
	CHECK_EQ(tls_send(&two.client, 0, bytes_of("early")), 5);
	two_carry_out(&two, &two.client, &two.up);
	two_carry_in(&two, &two.server, &two.up);
	struct bytes out = tls_output(&two.server, 0);
	tls_parse_record(out.at, &r);
	tls_input(&two.client, 0, bytes_first(out, TLS_RECORD_HEADER + r.length));
	CHECK(two.client.state == TLS_CLIENT_WAIT_EE && two.client.handshake->psk_index == 0);
	two.client.handshake->psk_index = 1;
	tls_input(&two.client, 0, bytes_skip(out, TLS_RECORD_HEADER + r.length));
	CHECK(failed_with(&two.client, TLS_ILLEGAL_PARAMETER));
	two_end(&two);
}

static void a_resumed_server_reports_the_new_name(void)
{
	remembering();
	client.trust_anyone = true;
	CHECK(shake());
	CHECK_STR(two.server.server_name, TWO_NAME);
	two_end(&two);
	struct tls_session session;
	CHECK(tls_sessions_take(world.client_sessions, bytes_of(TWO_NAME), TWO_DATE * 1000, &session));
	tls_sessions_put(world.client_sessions, bytes_of("new.a.example"), &session);
	two_start(&two, &client, &server);
	tls_end(&two.client);
	CHECK(tls_connect(&two.client, 0, &client, "new.a.example"));
	CHECK(two_shake(&two));
	CHECK_STR(two.server.server_name, "new.a.example");
	two_end(&two);
}

static void no_ticket_is_kept_for_more_than_a_week(void)
{
	static const uint8_t ticket[] = "a ticket";
	uint8_t message[200];
	struct tls_writer w = { .at = message, .size = sizeof message };
	struct tls_session session;
	int64_t week_ms = INT64_C(7) * 24 * 3600 * 1000;

	remembering();
	server.tickets = NULL;
	CHECK(shake());
	forge_as(&two.server);
	for (int i = 0; i < 2; i++) {
		w.len = 0;
		tls_emit_new_session_ticket(&w, true, &(struct tls_new_session_ticket){ .lifetime = 30 * 24 * 3600, .nonce = { (const uint8_t *)"ab" + i, 1 },
			.ticket = { ticket, sizeof ticket } });
		message[w.len] = TLS_HANDSHAKE;
		forge(&two.client, message, w.len + 1);
	}
	CHECK(tls_is_connected(&two.client));
	CHECK(tls_sessions_take(world.client_sessions, bytes_of(TWO_NAME), TWO_DATE * 1000 + week_ms - 1000, &session));
	CHECK(!tls_sessions_take(world.client_sessions, bytes_of(TWO_NAME), TWO_DATE * 1000 + week_ms + 1000, &session));
	two_end(&two);
	tls_side_end(&forger.out);
}

static void tickets_differ(void)
{
	struct tls_session one, other;

	remembering();
	CHECK(shake());
	CHECK(tls_sessions_take(world.client_sessions, bytes_of(TWO_NAME), TWO_DATE * 1000, &one));
	CHECK(tls_sessions_take(world.client_sessions, bytes_of(TWO_NAME), TWO_DATE * 1000, &other));
	CHECK(one.age_add != other.age_add);
	CHECK(memcmp(one.secret, other.secret, one.secret_len) != 0);
	CHECK(!bytes_equal((struct bytes){ one.ticket, one.ticket_len }, (struct bytes){ other.ticket, other.ticket_len }));
	two_end(&two);
}

int main(void)
{
	two_open(8446, 1u << CRYPT_KEY_P256);
	TEST(the_first_hello_is_as_it_must_be);
	TEST(randoms_are_drawn_anew);
	TEST(a_server_passes_over_what_it_does_not_know);
	TEST(a_change_cipher_spec_between_the_hellos);
	TEST(sslv2_is_not_tls);
	TEST(a_sealed_change_cipher_spec);
	TEST(sealed_records_without_content);
	TEST(any_alert_is_fatal);
	TEST(nothing_counts_after_close_notify);
	TEST(no_empty_record_is_sent);
	TEST(nothing_is_sent_before_there_are_keys);
	TEST(a_resumed_handshake_exchanges_keys);
	TEST(early_data_goes_with_the_first_psk);
	TEST(a_resumed_server_reports_the_new_name);
	TEST(no_ticket_is_kept_for_more_than_a_week);
	TEST(tickets_differ);
	two_free(&two);
	two_close();
	return tap_end();
}
