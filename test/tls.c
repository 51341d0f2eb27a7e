/* SPDX-License-Identifier: ISC */
/* The TLS machine's rules in conversation: any fragmentation, every wrong message in every state, lengths, alerts, limits, memory.
 * A forger, who knows a side's secret, seals whatever is wanted. */
#include "tap.h"
#include "tls_two.h"

enum { MESSAGES_MAX = 12, BYTES_MAX = 1 << 16 };

static struct two two;
static struct tls_config client, server;

static void both(void)
{
	client = server = two_config();
	server.identities = &world.by_kind[CRYPT_KEY_P256].identity;
	server.identities_count = 1;
	two.cut = NULL;
	two.now = 0;
}

static bool held_nothing(void) { return world.handshakes.out == 0 && world.records.out == 0; }
static bool failed_with(const struct tls *t, enum tls_alert alert)
{
	const struct tls_failure *f = tls_failure(t);
	bool so = f != NULL && f->alert == alert && !f->from_peer;
	if (!so) printf("# %s: %s\n", tls_state_name(t->state), two_words(t));
	return so;
}

static struct bytes whole(const uint8_t *at, size_t len) { return (struct bytes){ at, len }; }

/* ---- a forger ---- */

static struct tls forger;

static void forge_as(const struct tls *like, const uint8_t *secret)
{
	tls_end(&forger);
	forger = (struct tls){ .config = like->config, .state = TLS_OPEN, .version = TLS_1_3, .suite = like->suite, .give_up_at = NEVER,
	                       .fragment_max = TLS_PLAINTEXT_MAX, .is_server = like->is_server, .records_out = 1 };
	if (secret != NULL) tls_side_set13(&forger, &forger.out, like->suite, secret);
}

static void forge(struct tls *to, enum tls_content type, struct bytes plain)
{
	struct bytes out;
	tls_record_seal(&forger, type, plain);
	while ((out = tls_output(&forger, 0)).len > 0) {
		tls_input(to, two.now, out);
		tls_sent(&forger, out.len);
	}
}

/* ---- what a side has said, in the clear ---- */

static struct { uint8_t at[BYTES_MAX]; struct bytes message[MESSAGES_MAX]; size_t count, len; } said;

static void split(void)
{
	struct bytes rest = { said.at, said.len };
	for (said.count = 0; rest.len > 0; said.count++) {
		said.message[said.count] = bytes_first(rest, TLS_MESSAGE_HEADER + load_be16(rest.at + 2));
		rest = bytes_skip(rest, said.message[said.count].len);
	}
}

/* Opens the sealed records of `wire`; the ones in the clear are given to `to`. */
static void open_said(struct tls *to, struct bytes wire, const uint8_t *secret)
{
	struct tls_side side = { 0 };
	struct tls_record r;

	said.len = 0;
	tls_side_set13(&forger, &side, to->suite != 0 ? to->suite : two.server.suite, secret);
	for (; wire.len > 0; wire = bytes_skip(wire, TLS_RECORD_HEADER + r.length)) {
		tls_parse_record(wire.at, &r);
		if (r.type != TLS_APPLICATION_DATA) {
			tls_input(to, two.now, bytes_first(wire, TLS_RECORD_HEADER + r.length));
			continue;
		}
		uint8_t nonce[CRYPT_NONCE_BYTES];
		memcpy(nonce, side.iv, sizeof nonce);
		nonce[CRYPT_NONCE_BYTES - 1] ^= (uint8_t)side.sequence++;
		bool ok = crypt_aead_open(&side.aead, nonce, bytes_first(wire, TLS_RECORD_HEADER),
		                          bytes_first(bytes_skip(wire, TLS_RECORD_HEADER), r.length), said.at + said.len);
		assert(ok);
		said.len += r.length - CRYPT_TAG_BYTES;
		while (said.at[said.len - 1] == 0) said.len--;
		said.len--;
	}
	tls_side_end(&side);
	split();
}

/* Up to where the client has the ServerHello and the forger has the server's messages to say. */
static void to_server_flight(void)
{
	two_start(&two, &client, &server);
	struct bytes hello = tls_output(&two.client, two.now);
	tls_input(&two.server, two.now, hello);
	tls_sent(&two.client, hello.len);
	struct bytes answer = tls_output(&two.server, two.now);
	forge_as(&two.server, NULL);
	open_said(&two.client, answer, two.server.handshake->server_handshake_secret);
	tls_sent(&two.server, answer.len);
	forge_as(&two.server, two.server.handshake->server_handshake_secret);
}

/* Up to where the server has all but the client's second flight, which the forger has. */
static void to_client_flight(void)
{
	two_start(&two, &client, &server);
	two_carry_out(&two, &two.client, &two.up);
	two_carry_in(&two, &two.server, &two.up);
	two_carry_out(&two, &two.server, &two.down);
	two_carry_in(&two, &two.client, &two.down);
	struct bytes flight = tls_output(&two.client, two.now);
	forge_as(&two.client, NULL);
	open_said(&two.server, flight, two.server.handshake->client_handshake_secret);
	tls_sent(&two.client, flight.len);
	forge_as(&two.client, two.server.handshake->client_handshake_secret);
}

/* ---- tests ---- */

static void a_handshake_in_any_pieces(void)
{
	static const unsigned versions[] = { TLS_1_2, TLS_1_3 };
	static const size_t pieces[] = { 1, 2, 3, 5, 64, 1000, 1 << 20 };

	for (size_t v = 0; v < COUNT(versions); v++)
		for (size_t p = 0; p < COUNT(pieces); p++) {
			both();
			client.version_max = versions[v];
			two_start(&two, &client, &server);
			for (bool moved = true; moved;) {
				moved = false;
				for (int side = 0; side < 2; side++) {
					struct tls *from = side ? &two.server : &two.client, *to = side ? &two.client : &two.server;
					struct bytes out = bytes_first(tls_output(from, 0), size_min(tls_output(from, 0).len, pieces[p]));
					size_t taken = tls_input(to, 0, out);
					tls_sent(from, taken);
					moved |= taken > 0;
				}
			}
			CHECK(tls_is_connected(&two.client) && tls_is_connected(&two.server));
			CHECK_EQ(two.client.version, versions[v]);
			CHECK(two_say(&two, &two.client, &two.server, "up") && two_say(&two, &two.server, &two.client, "down"));
			CHECK(held_nothing()); /* idle: no block anywhere */
			two_end(&two);
		}
}

static void a_flight_in_records_of_a_byte(void)
{
	both();
	to_server_flight();
	for (size_t i = 0; i < said.len; i++) forge(&two.client, TLS_HANDSHAKE, whole(said.at + i, 1));
	CHECK(tls_is_connected(&two.client));
	two_end(&two);
	to_server_flight();
	forge(&two.client, TLS_HANDSHAKE, whole(said.at, said.len));
	CHECK(tls_is_connected(&two.client));
	two_end(&two);
	to_client_flight();
	for (size_t i = 0; i < said.len; i++) forge(&two.server, TLS_HANDSHAKE, whole(said.at + i, 1));
	CHECK(tls_is_connected(&two.server));
	two_end(&two);
	tls_end(&forger);
	CHECK(held_nothing());
}

/* In each state every message but the one that is due is refused; which ones are due is known from the conversation. */
static bool refused_everywhere(bool at_client, void (*start)(void))
{
	static const uint8_t types[] = { TLS_HELLO_REQUEST, TLS_CLIENT_HELLO, TLS_SERVER_HELLO, TLS_NEW_SESSION_TICKET, TLS_END_OF_EARLY_DATA,
		TLS_ENCRYPTED_EXTENSIONS, TLS_CERTIFICATE, TLS_SERVER_KEY_EXCHANGE, TLS_CERTIFICATE_REQUEST, TLS_SERVER_HELLO_DONE,
		TLS_CERTIFICATE_VERIFY, TLS_CLIENT_KEY_EXCHANGE, TLS_FINISHED, TLS_CERTIFICATE_STATUS, TLS_KEY_UPDATE, 99, TLS_MESSAGE_HASH };
	struct tls *t = at_client ? &two.client : &two.server;

	for (size_t at = 0, count = 1; at < count; at++) {
		for (size_t i = 0; i < COUNT(types); i++) {
			start();
			count = said.count;
			unsigned due = said.message[at].at[0];
			for (size_t k = 0; k < at; k++) forge(t, TLS_HANDSHAKE, said.message[k]);
			bool either = t->state == TLS_CLIENT_WAIT_CERT_CR && (types[i] == TLS_CERTIFICATE || types[i] == TLS_CERTIFICATE_REQUEST);
			if (types[i] != due && !either) {
				uint8_t message[] = { types[i], 0, 0, 0 };
				forge(t, TLS_HANDSHAKE, whole(message, sizeof message));
				if (!failed_with(t, TLS_UNEXPECTED_MESSAGE)) return false;
			}
			two_end(&two);
		}
	}
	tls_end(&forger);
	return held_nothing();
}

static void a_wrong_message_in_each_state(void)
{
	both();
	CHECK(refused_everywhere(true, to_server_flight));
	CHECK(refused_everywhere(false, to_client_flight));
	client.identities = server.identities;
	client.identities_count = 1;
	server.client_auth = TLS_REQUIRE_CLIENT;
	CHECK(refused_everywhere(true, to_server_flight));
	CHECK(refused_everywhere(false, to_client_flight));
}

/* Every message a byte longer, with its length told so: what is left over is refused, whatever it is. */
static void messages_of_wrong_length(void)
{
	both();
	client.identities = server.identities;
	client.identities_count = 1;
	server.client_auth = TLS_REQUIRE_CLIENT;
	for (unsigned round = 0; round < 4; round++) {
		bool at_client = round < 2, longer = round % 2;
		struct tls *t = at_client ? &two.client : &two.server;
		for (size_t at = 0, count = 1; at < count; at++) {
			(at_client ? to_server_flight : to_client_flight)();
			count = said.count;
			for (size_t k = 0; k < at; k++) forge(t, TLS_HANDSHAKE, said.message[k]);
			uint8_t message[4096] = { 0 };
			size_t len = said.message[at].len - TLS_MESSAGE_HEADER;
			memcpy(message, said.message[at].at, said.message[at].len);
			len = longer ? len + 1 : len - 1;
			store_be16(message + 2, (uint16_t)len);
			forge(t, TLS_HANDSHAKE, whole(message, TLS_MESSAGE_HEADER + len));
			CHECK(failed_with(t, TLS_DECODE_ERROR));
			two_end(&two);
		}
	}
	tls_end(&forger);
	CHECK(held_nothing());
}

static void a_hello_of_16_megabytes(void)
{
	static const uint8_t hello[] = { 22, 3, 1, 0, 4, TLS_CLIENT_HELLO, 0xff, 0xff, 0xff };
	static const uint8_t answer[] = { 22, 3, 3, 0, 4, TLS_SERVER_HELLO, 0xff, 0xff, 0xff };

	both();
	two_start(&two, &client, &server);
	tls_input(&two.server, 0, whole(hello, sizeof hello));
	tls_input(&two.client, 0, whole(answer, sizeof answer));
	CHECK(failed_with(&two.server, TLS_ILLEGAL_PARAMETER) && failed_with(&two.client, TLS_ILLEGAL_PARAMETER));
	CHECK(strstr(two_words(&two.server), "16777215") != NULL);
	two_end(&two);
}

static void connected(void)
{
	two_start(&two, &client, &server);
	if (!two_shake(&two)) two_give_up(two_words(&two.client));
}

/* Each byte of a record, changed: bad_record_mac, or the header's own fault. Nothing of it is read. */
static void a_changed_record(void)
{
	both();
	for (unsigned version = TLS_1_2; version <= TLS_1_3; version++) {
		client.version_max = version;
		for (size_t at = TLS_RECORD_HEADER; at < 40; at++) {
			connected();
			tls_send(&two.client, 0, bytes_of("some words that matter"));
			uint8_t wire[200];
			struct bytes out = tls_output(&two.client, 0);
			memcpy(wire, out.at, out.len);
			if (at < out.len) wire[at] ^= 0x10;
			tls_input(&two.server, 0, whole(wire, out.len));
			if (at < out.len) CHECK(failed_with(&two.server, TLS_BAD_RECORD_MAC));
			CHECK(at >= out.len || tls_peek(&two.server).len == 0);
			two_end(&two);
		}
	}
	CHECK(held_nothing());
}

static void records_too_long(void)
{
	static const uint8_t sealed[] = { 23, 3, 3, 0x41, 0x01 }, plain[] = { 22, 3, 1, 0x40, 0x01 };

	both();
	connected();
	tls_input(&two.client, 0, whole(sealed, sizeof sealed));
	CHECK(failed_with(&two.client, TLS_RECORD_OVERFLOW));
	two_end(&two);
	two_start(&two, &client, &server);
	tls_input(&two.server, 0, whole(plain, sizeof plain));
	CHECK(failed_with(&two.server, TLS_RECORD_OVERFLOW));
	two_end(&two);

	/* a plaintext a byte too long, sealed in a record that is not: padding counts as well (RFC 8446, 5.4) */
	connected();
	static uint8_t much[TLS_PLAINTEXT_MAX + 1];
	forge_as(&two.server, two.server.out.secret);
	forger.out.sequence = two.server.out.sequence;
	forger.fragment_max = sizeof much;
	forge(&two.client, TLS_APPLICATION_DATA, whole(much, sizeof much));
	CHECK(failed_with(&two.client, TLS_RECORD_OVERFLOW));
	two_end(&two);
	tls_end(&forger);
}

static void forge_after(struct tls *from)
{
	forge_as(from, from->out.secret);
	forger.out.sequence = from->out.sequence;
}

static void records_that_bring_nothing(void)
{
	static const uint8_t warning[] = { 1, TLS_USER_CANCELED }, close_early[] = { 2, TLS_INTERNAL_ERROR, 0 };

	both();
	connected();
	forge_after(&two.server);
	for (int i = 0; i < 4; i++) forge(&two.client, TLS_ALERT, whole(warning, 2));
	CHECK(tls_is_connected(&two.client));
	forge(&two.client, TLS_ALERT, whole(warning, 2));
	CHECK(failed_with(&two.client, TLS_DECODE_ERROR));
	two_end(&two);

	connected();
	forge_after(&two.server);
	forge(&two.client, TLS_ALERT, whole(close_early, 3));
	CHECK(failed_with(&two.client, TLS_DECODE_ERROR));
	two_end(&two);

	connected(); /* a record of type 0 is one of padding only */
	forge_after(&two.server);
	forge(&two.client, (enum tls_content)0, whole((const uint8_t *)"", 1));
	CHECK(failed_with(&two.client, TLS_UNEXPECTED_MESSAGE));
	two_end(&two);
	tls_end(&forger);
}

/* An empty record of application data, as a peer may send to hide that it is silent. */
static void seal_empty(struct tls *to)
{
	uint8_t record[TLS_RECORD_HEADER + 1 + CRYPT_TAG_BYTES], type = TLS_APPLICATION_DATA, nonce[CRYPT_NONCE_BYTES];
	struct bytes part = { &type, 1 };

	tls_emit_record(&(struct tls_record){ TLS_APPLICATION_DATA, TLS_1_2, sizeof record - TLS_RECORD_HEADER }, record);
	memcpy(nonce, forger.out.iv, sizeof nonce);
	nonce[CRYPT_NONCE_BYTES - 1] ^= (uint8_t)forger.out.sequence++;
	crypt_aead_seal(&forger.out.aead, nonce, whole(record, TLS_RECORD_HEADER), &part, 1, record + TLS_RECORD_HEADER);
	tls_input(to, 0, whole(record, sizeof record));
}

static void empty_records(void)
{
	both();
	connected();
	forge_after(&two.server);
	for (int i = 0; i < 32; i++) seal_empty(&two.client);
	CHECK(tls_is_connected(&two.client));
	seal_empty(&two.client);
	CHECK(failed_with(&two.client, TLS_UNEXPECTED_MESSAGE));
	two_end(&two);
	tls_end(&forger);
}

static void in_the_clear_after_the_keys(void)
{
	static const uint8_t handshake[] = { 22, 3, 3, 0, 4, TLS_FINISHED, 0, 0, 0 }, alert[] = { 21, 3, 3, 0, 2, 2, 40 };
	static const uint8_t ccs[] = { 20, 3, 3, 0, 1, 1 }, bad_ccs[] = { 20, 3, 3, 0, 1, 2 }, long_ccs[] = { 20, 3, 3, 0, 2, 1, 1 };
	static const struct { const uint8_t *at; size_t len; } wrong[] = {
		{ handshake, sizeof handshake }, { alert, sizeof alert }, { ccs, sizeof ccs }, { bad_ccs, sizeof bad_ccs },
		{ long_ccs, sizeof long_ccs },
	};

	both();
	for (size_t i = 0; i < COUNT(wrong); i++) {
		connected();
		tls_input(&two.client, 0, whole(wrong[i].at, wrong[i].len));
		CHECK(failed_with(&two.client, TLS_UNEXPECTED_MESSAGE));
		tls_input(&two.server, 0, whole(wrong[i].at, wrong[i].len));
		CHECK(failed_with(&two.server, TLS_UNEXPECTED_MESSAGE));
		two_end(&two);
	}

	/* within the handshake a change_cipher_spec says nothing, whole and not too often; before a hello it is wrong */
	to_server_flight();
	for (int i = 0; i < 20; i++) tls_input(&two.client, 0, whole(ccs, sizeof ccs));
	CHECK(two.client.state == TLS_CLIENT_WAIT_EE);
	for (int i = 0; i < 20; i++) tls_input(&two.client, 0, whole(ccs, sizeof ccs));
	CHECK(failed_with(&two.client, TLS_UNEXPECTED_MESSAGE));
	two_end(&two);
	to_server_flight();
	tls_input(&two.client, 0, whole(bad_ccs, sizeof bad_ccs));
	CHECK(failed_with(&two.client, TLS_UNEXPECTED_MESSAGE));
	two_end(&two);
	two_start(&two, &client, &server);
	tls_input(&two.server, 0, whole(ccs, sizeof ccs));
	CHECK(failed_with(&two.server, TLS_UNEXPECTED_MESSAGE));
	two_end(&two);
	tls_end(&forger);
	CHECK(held_nothing());
}

static void this_is_not_tls(void)
{
	both();
	two_start(&two, &client, &server);
	tls_input(&two.server, 0, bytes_of("GET / HTTP/1.1\r\n"));
	CHECK(failed_with(&two.server, TLS_UNEXPECTED_MESSAGE));
	CHECK(strstr(two_words(&two.server), "not TLS") != NULL);
	two_end(&two);
}

/* A stranger who sends the beginning of a message that is wrong is told so at its header; a ticket may come in any pieces. */
static void half_messages_after_the_handshake(void)
{
	static const uint8_t long_update[] = { TLS_KEY_UPDATE, 0, 0, 2 }, ticket[] = { TLS_NEW_SESSION_TICKET, 0, 1, 0 };
	static const uint8_t whole_ticket[] = { TLS_NEW_SESSION_TICKET, 0, 0, 15, 0, 0, 1, 0, 1, 2, 3, 4, 0, 0, 2, 'h', 'i', 0, 0 };
	static const struct { const uint8_t *at; enum tls_alert alert; } wrong[] = {
		{ long_update, TLS_DECODE_ERROR }, { ticket, TLS_UNEXPECTED_MESSAGE },
	};

	both();
	for (size_t i = 0; i < COUNT(wrong); i++) {
		connected();
		forge_after(&two.client);
		for (size_t n = 0; n < 4; n++) forge(&two.server, TLS_HANDSHAKE, whole(wrong[i].at + n, 1));
		CHECK(failed_with(&two.server, wrong[i].alert));
		two_end(&two);
	}
	connected();
	forge_after(&two.server);
	for (size_t n = 0; n < sizeof whole_ticket; n++) forge(&two.client, TLS_HANDSHAKE, whole(whole_ticket + n, 1));
	CHECK(tls_news(&two.client) & TLS_SESSION);
	CHECK(held_nothing());

	void *held[TWO_HANDSHAKES]; /* no block is left to collect it in: it is passed over, and what follows is not */
	size_t count;
	for (count = 0; count < TWO_HANDSHAKES; count++) held[count] = pool_take(&world.handshakes);
	for (size_t n = 0; n < sizeof whole_ticket; n++) forge(&two.client, TLS_HANDSHAKE, whole(whole_ticket + n, 1));
	CHECK(tls_is_connected(&two.client) && !(tls_news(&two.client) & TLS_SESSION));
	forge(&two.client, TLS_APPLICATION_DATA, bytes_of("data"));
	CHECK(bytes_equal(tls_peek(&two.client), bytes_of("data")));
	tls_take(&two.client, 4);
	while (count > 0) pool_give(&world.handshakes, held[--count]);
	two_end(&two);
	tls_end(&forger);
	CHECK(held_nothing());
}

/* RFC 8446, 5.1: nothing follows a message that changes the keys in its record; no other record comes in a message's middle. */
static void records_and_messages_do_not_mix(void)
{
	uint8_t both_messages[10];
	struct tls_writer w = { .at = both_messages, .size = sizeof both_messages };

	both();
	tls_emit_key_update(&w, false);
	tls_emit_key_update(&w, false);
	connected();
	forge_after(&two.server);
	forge(&two.client, TLS_HANDSHAKE, whole(both_messages, w.len));
	CHECK(failed_with(&two.client, TLS_UNEXPECTED_MESSAGE));
	two_end(&two);
	connected();
	forge_after(&two.server);
	forge(&two.client, TLS_HANDSHAKE, whole(both_messages, 3));
	CHECK(tls_is_connected(&two.client) && world.handshakes.out == 0); /* half a message holds no block */
	forge(&two.client, TLS_APPLICATION_DATA, bytes_of("x"));
	CHECK(failed_with(&two.client, TLS_UNEXPECTED_MESSAGE));
	two_end(&two);
	connected();
	forge_after(&two.server);
	forge(&two.client, TLS_HANDSHAKE, whole(both_messages, 3));
	forge(&two.client, TLS_HANDSHAKE, whole(both_messages + 3, 2));
	CHECK(tls_is_connected(&two.client) && world.handshakes.out == 0);
	CHECK(tls_news(&two.client) & TLS_KEYS_UPDATED);
	two_end(&two);
	tls_end(&forger);
	CHECK(held_nothing());
}

static void keys_are_updated(void)
{
	uint8_t update[5];
	struct tls_writer w = { .at = update, .size = sizeof update };

	both();
	connected();
	two.client_news = two.server_news = 0;
	tls_update_keys(&two.client, 0, false);
	CHECK(two_say(&two, &two.client, &two.server, "under new keys") && two_say(&two, &two.server, &two.client, "under old ones"));
	CHECK((two.server_news & TLS_KEYS_UPDATED) && !(two.client_news & TLS_KEYS_UPDATED));
	tls_update_keys(&two.server, 0, true);
	CHECK(two_say(&two, &two.server, &two.client, "please do too") && two_say(&two, &two.client, &two.server, "I did"));
	CHECK(two.client_news & two.server_news & TLS_KEYS_UPDATED);
	CHECK(held_nothing());

	tls_emit_key_update(&w, false); /* too many of them in a row */
	forge_after(&two.client);
	for (int i = 0; i < 40; i++) {
		forge(&two.server, TLS_HANDSHAKE, whole(update, w.len));
		tls_keys_next(&forger, &forger.out);
	}
	CHECK(failed_with(&two.server, TLS_UNEXPECTED_MESSAGE));
	two_end(&two);

	client.key_update_after = 3; /* and by itself, before a limit */
	connected();
	two.server_news = 0;
	for (int i = 0; i < 10; i++) CHECK(two_say(&two, &two.client, &two.server, "again"));
	CHECK(two.server_news & TLS_KEYS_UPDATED);
	CHECK(two.client.out.sequence <= 4);
	two_end(&two);
	tls_end(&forger);
}

static void streams_that_end(void)
{
	both();
	connected(); /* in order, each half for itself */
	two.client_news = two.server_news = 0;
	tls_send(&two.client, 0, bytes_of("last words"));
	tls_finish(&two.client, 0);
	CHECK_EQ(tls_send(&two.client, 0, bytes_of("more")), 0);
	while (two_move(&two)) continue;
	CHECK(!(two.server_news & TLS_EOF)); /* not before all is taken */
	tls_take(&two.server, tls_peek(&two.server).len);
	CHECK(tls_news(&two.server) & TLS_EOF);
	CHECK(two_say(&two, &two.server, &two.client, "an answer to the half that is open"));
	tls_finish(&two.server, 0);
	while (two_move(&two)) continue;
	CHECK((two.client_news & (TLS_EOF | TLS_DONE)) == (TLS_EOF | TLS_DONE));
	CHECK(two.server_news & TLS_DONE);
	CHECK(tls_failure(&two.client) == NULL && tls_failure(&two.server) == NULL);
	two_end(&two);

	connected(); /* cut short */
	tls_input_end(&two.client, 0);
	CHECK(tls_failure(&two.client) != NULL && tls_failure(&two.client)->truncated);
	CHECK(tls_news(&two.client) & TLS_FAILED);
	CHECK_EQ(tls_output(&two.client, 0).len, 0);
	two_end(&two);

	two_start(&two, &client, &server); /* before there was anything to end */
	tls_finish(&two.client, 0);
	CHECK(!(tls_news(&two.client) & TLS_DONE)); /* not before it is out */
	while (two_move(&two)) continue;
	CHECK(two.client_news & TLS_DONE);
	CHECK(tls_failure(&two.server) != NULL && tls_failure(&two.server)->from_peer);
	two_end(&two);

	connected();
	tls_abort(&two.client, 0, TLS_INTERNAL_ERROR);
	while (two_move(&two)) continue;
	CHECK(two.server_news & TLS_FAILED && tls_failure(&two.server)->from_peer);
	CHECK_EQ(tls_failure(&two.server)->alert, TLS_INTERNAL_ERROR);
	CHECK_EQ(tls_output(&two.server, 0).len, 0); /* no alert answers an alert */
	two_end(&two);
	CHECK(held_nothing());
}

static void a_handshake_that_takes_too_long(void)
{
	both();
	client.handshake_timeout_s = 5;
	two_start(&two, &client, &server);
	CHECK_EQ(tls_deadline(&two.client), 5 * SECOND);
	CHECK_EQ(tls_deadline(&two.server), NEVER);
	tls_output(&two.client, 5 * SECOND);
	CHECK(tls_failure(&two.client) != NULL && tls_deadline(&two.client) == NEVER);
	two_end(&two);
	connected();
	CHECK_EQ(tls_deadline(&two.client), NEVER);
	two_end(&two);
}

/* When the pools are empty, nothing is taken and nothing fails; when a block is back, it goes on. */
static void starving(void)
{
	void *held[TWO_RECORDS + 1];
	size_t n;
	struct tls t;

	both();
	void *handshakes[TWO_HANDSHAKES];
	for (n = 0; n < TWO_HANDSHAKES; n++) handshakes[n] = pool_take(&world.handshakes);
	CHECK(!tls_connect(&t, 0, &client, TWO_NAME) && !tls_accept(&t, 0, &server));
	for (n = 0; n < TWO_HANDSHAKES; n++) pool_give(&world.handshakes, handshakes[n]);
	for (n = 0; n < TWO_RECORDS; n++) held[n] = pool_take(&world.records);
	CHECK(!tls_connect(&t, 0, &client, TWO_NAME));
	for (n = 0; n < TWO_RECORDS; n++) pool_give(&world.records, held[n]);
	CHECK(held_nothing());

	two_start(&two, &client, &server);
	uint8_t hello[2048];
	struct bytes out = tls_output(&two.client, 0);
	memcpy(hello, out.at, out.len);
	for (n = 0; (held[n] = pool_take(&world.records)) != NULL; n++) continue;
	tls_news(&two.server);
	CHECK_EQ(tls_input(&two.server, 0, whole(hello, out.len)), 0);
	CHECK_EQ(tls_input(&two.server, 0, whole(hello, out.len)), 0);
	CHECK_EQ(tls_news(&two.server), TLS_STARVED);
	pool_give(&world.records, held[--n]);
	CHECK_EQ(tls_input(&two.server, 0, whole(hello, out.len)), 0); /* it takes two: one to read, one to answer */
	pool_give(&world.records, held[--n]);
	CHECK(two_shake(&two));

	while ((held[n] = pool_take(&world.records)) != NULL) n++;
	two.client_news = 0;
	CHECK_EQ(tls_send(&two.client, 0, bytes_of("hungry")), 0);
	tls_finish(&two.client, 0); /* close_notify waits for room */
	CHECK_EQ(tls_output(&two.client, 0).len, 0);
	CHECK(tls_news(&two.client) & TLS_STARVED);
	while (n > 0) pool_give(&world.records, held[--n]);
	while (two_move(&two)) continue;
	CHECK(two.server_news & TLS_EOF);
	two_end(&two);
	CHECK(held_nothing());
}

/* What goes in comes out, whatever the sizes of pieces, records and padding. */
static bool carries_a_stream(void)
{
	static uint8_t sent[100000], got[100000];
	size_t put = 0, have = 0;

	for (size_t i = 0; i < sizeof sent; i++) sent[i] = (uint8_t)(i * 7 + i / 256);
	while (have < sizeof sent) {
		put += tls_send(&two.client, 0, bytes_skip(whole(sent, sizeof sent), put));
		struct bytes out = tls_output(&two.client, 0);
		size_t n = tls_input(&two.server, 0, bytes_first(out, size_min(out.len, 5000)));
		tls_sent(&two.client, n);
		struct bytes plain = tls_peek(&two.server);
		if (n == 0 && plain.len == 0 && put == sizeof sent) return false;
		if (plain.len > 0) memcpy(got + have, plain.at, plain.len);
		have += plain.len;
		tls_take(&two.server, plain.len);
	}
	return memcmp(sent, got, sizeof got) == 0;
}

static void sizes_of_records(void)
{
	for (unsigned version = TLS_1_2; version <= TLS_1_3; version++) {
		both();
		client.version_max = version;
		connected();
		CHECK(carries_a_stream());
		two_end(&two);

		client.fragment_max = 100;
		connected();
		tls_send(&two.client, 0, whole(said.at, 1000));
		struct tls_record r;
		tls_parse_record(tls_output(&two.client, 0).at, &r);
		CHECK(r.length <= 100 + 1 + 8 + CRYPT_TAG_BYTES && r.length >= 100 + CRYPT_TAG_BYTES);
		two_end(&two);

		client.fragment_max = 0;
		server.record_size_limit = 512; /* RFC 8449: both must know it for the server to say so */
		client.record_size_limit = 2000;
		connected();
		CHECK_EQ(two.client.fragment_max, version == TLS_1_3 ? 511 : 512);
		CHECK_EQ(two.server.fragment_max, version == TLS_1_3 ? 1999 : 2000);
		CHECK(carries_a_stream());
		two_end(&two);
	}
	both();
	client.record_size_limit = 10; /* nobody may say less than 64, or more than a version's records hold */
	server.record_size_limit = 1 << 20;
	connected();
	CHECK_EQ(two.server.fragment_max, 63);
	CHECK_EQ(two.client.fragment_max, TLS_PLAINTEXT_MAX);
	CHECK(carries_a_stream());
	two_end(&two);
	both();
	client.padding_to = 256;
	connected();
	CHECK(two_say(&two, &two.client, &two.server, "x"));
	tls_send(&two.client, 0, bytes_of("padded"));
	CHECK_EQ(tls_output(&two.client, 0).len, TLS_RECORD_HEADER + 256 + CRYPT_TAG_BYTES);
	two_end(&two);
	connected();
	CHECK(carries_a_stream());
	two_end(&two);
	CHECK(held_nothing());
}

/* A block that holds several records: they are sealed one behind another, and opened so that they are read in one piece. */
static void records_in_one_block(void)
{
	enum { BLOCKS = 6, BLOCK = 64 << 10 };
	static uint8_t words[50000];
	struct pool large, *usual = &world.records;
	uint8_t *memory = malloc(BLOCKS * BLOCK);

	both();
	pool_init(&large, (struct room){ memory, BLOCKS * BLOCK }, BLOCK);
	client.records = server.records = &large;
	for (size_t i = 0; i < sizeof words; i++) words[i] = (uint8_t)(i % 251);
	connected();
	CHECK(large.out == 0 && usual->out == 0);
	CHECK_EQ(tls_send(&two.client, 0, whole(words, sizeof words)), sizeof words);
	CHECK_EQ(large.out, 1);
	struct bytes out = tls_output(&two.client, 0);
	CHECK_EQ(tls_input(&two.server, 0, bytes_first(out, out.len - 1)), 3 * (TLS_RECORD_HEADER + TLS_PLAINTEXT_MAX + 1 + CRYPT_TAG_BYTES));
	CHECK_EQ(tls_peek(&two.server).len, 3 * TLS_PLAINTEXT_MAX); /* the rest of the fourth stays where it is */
	CHECK(bytes_equal(tls_peek(&two.server), whole(words, 3 * TLS_PLAINTEXT_MAX)));
	tls_sent(&two.client, 3 * (TLS_RECORD_HEADER + TLS_PLAINTEXT_MAX + 1 + CRYPT_TAG_BYTES));
	tls_take(&two.server, 3 * TLS_PLAINTEXT_MAX);
	while (two_move(&two)) continue;
	CHECK(bytes_equal(tls_peek(&two.server), bytes_skip(whole(words, sizeof words), 3 * TLS_PLAINTEXT_MAX)));
	tls_take(&two.server, tls_peek(&two.server).len);
	CHECK(carries_a_stream());
	tls_send(&two.client, 0, bytes_of("a")); /* a KeyUpdate between two records of data, in one input */
	tls_update_keys(&two.client, 0, false);
	tls_send(&two.client, 0, bytes_of("b"));
	while (two_move(&two)) continue;
	CHECK(bytes_equal(tls_peek(&two.server), bytes_of("ab")));
	two_end(&two);
	CHECK_EQ(large.out, 0);
	free(memory);
}

/* A full block takes no more; when it has gone out, there is room again, and what waited goes first. */
static void a_full_block(void)
{
	static uint8_t much[40000];
	void *held[TWO_RECORDS + 1];
	size_t n, sent;

	both();
	connected();
	two.client_news = two.server_news = 0;
	sent = tls_send(&two.client, 0, whole(much, sizeof much));
	CHECK(sent > 0 && sent < sizeof much);
	CHECK_EQ(tls_send(&two.client, 0, whole(much, sizeof much)), 0);
	for (n = 0; (held[n] = pool_take(&world.records)) != NULL; n++) continue;
	tls_update_keys(&two.client, 0, false); /* there is a little room kept for it, */
	tls_update_keys(&two.client, 0, true);
	tls_update_keys(&two.client, 0, true);  /* but not for so many: this one waits */
	CHECK(two.client.updates_wait != 0);
	CHECK(!(tls_news(&two.client) & TLS_WRITABLE));
	while (n > 0) pool_give(&world.records, held[--n]);
	for (struct bytes plain; two_move(&two) || (plain = tls_peek(&two.server)).len > 0;)
		if ((plain = tls_peek(&two.server)).len > 0) tls_take(&two.server, plain.len);
	CHECK(two.client_news & TLS_WRITABLE);
	CHECK_EQ(two.client.updates_wait, 0);
	CHECK(two_say(&two, &two.client, &two.server, "still here") && two_say(&two, &two.server, &two.client, "so am I"));
	CHECK(two.client_news & TLS_KEYS_UPDATED);
	two_end(&two);
	CHECK(held_nothing());
}

static void exporters_agree(void)
{
	uint8_t a[80], b[80], other[80];

	for (unsigned version = TLS_1_2; version <= TLS_1_3; version++) {
		both();
		client.version_max = version;
		two_start(&two, &client, &server);
		CHECK(!tls_export(&two.client, "EXPORTER-test", bytes_of(""), (struct room){ a, sizeof a }));
		CHECK(two_shake(&two));
		CHECK(tls_export(&two.client, "EXPORTER-test", bytes_of("context"), (struct room){ a, sizeof a }));
		CHECK(tls_export(&two.server, "EXPORTER-test", bytes_of("context"), (struct room){ b, sizeof b }));
		CHECK(memcmp(a, b, sizeof a) == 0);
		CHECK(tls_export(&two.server, "EXPORTER-test", bytes_of("another"), (struct room){ other, sizeof other }));
		CHECK(memcmp(a, other, sizeof a) != 0);
		two_end(&two);
	}
}

/* What keys.c knows by heart of a key schedule without a PSK. */
static void the_schedule_without_a_psk(void)
{
	static const enum crypt_hash hashes[] = { CRYPT_SHA256, CRYPT_SHA384 };
	uint8_t zeroes[48] = { 0 }, early[48], nothing[48], salt[48];

	both();
	for (size_t i = 0; i < COUNT(hashes); i++) {
		size_t len = crypt_hash_len(hashes[i]);
		two_start(&two, &client, &server);
		two.client.handshake->hash = hashes[i];
		tls_keys_early(&two.client, whole(NULL, 0));
		crypt_hash(world.crypt, hashes[i], whole(NULL, 0), nothing);
		crypt_hkdf_extract(world.crypt, hashes[i], whole(zeroes, len), whole(zeroes, len), early);
		tls_expand_label(world.crypt, hashes[i], early, "derived", whole(nothing, len), (struct room){ salt, len });
		CHECK(memcmp(salt, two.client.handshake->early_salt, len) == 0);
		two_end(&two);
	}
}

/* ---- secrets ---- */

static bool holds(const void *memory, size_t len, struct bytes secret)
{
	const uint8_t *at = memory, *end = at + len - secret.len;
	for (; at <= end && (at = memchr(at, secret.at[0], (size_t)(end - at) + 1)) != NULL; at++)
		if (memcmp(at, secret.at, secret.len) == 0) return true;
	return false;
}

static unsigned secrets_held(const struct text *lines, const void *memory, size_t len)
{
	struct tls_keylog_line line;
	unsigned held = 0;
	for (struct bytes rest = text_bytes(lines); tls_keylog_next(&rest, &line);)
		held += holds(memory, len, whole(line.secret, line.secret_len));
	return held;
}

/* Once the handshake is over its secrets are nowhere in the lent memory; at the end no secret is, nor in the connections. */
static void secrets_are_wiped(void)
{
	size_t lent = TWO_HANDSHAKES * tls_handshake_block_bytes() + TWO_RECORDS * TWO_BLOCK;
	static char buffer[4096];

	for (unsigned version = TLS_1_2; version <= TLS_1_3; version++) {
		struct text lines = text_in(buffer, sizeof buffer);
		struct tls_keylog log = { .lines = &lines };
		both();
		client.version_max = version;
		client.keylog = &log;
		client.keep_peer_chain = true; /* the block stays, without them */
		connected();
		CHECK(log.count > 0);
		CHECK(secrets_held(&lines, world.memory, lent) == 0);
		CHECK(secrets_held(&lines, &two.client, sizeof two.client) > 0); /* they are in use, and would be found */
		two_end(&two);
		CHECK(secrets_held(&lines, &two, sizeof two) == 0);
		CHECK(secrets_held(&lines, world.memory, lent) == 0);
	}
	CHECK(held_nothing());
}

int main(void)
{
	two_open(1, 1u << CRYPT_KEY_P256);
	TEST(a_handshake_in_any_pieces);
	TEST(a_flight_in_records_of_a_byte);
	TEST(a_wrong_message_in_each_state);
	TEST(messages_of_wrong_length);
	TEST(a_hello_of_16_megabytes);
	TEST(a_changed_record);
	TEST(records_too_long);
	TEST(records_that_bring_nothing);
	TEST(empty_records);
	TEST(in_the_clear_after_the_keys);
	TEST(this_is_not_tls);
	TEST(records_and_messages_do_not_mix);
	TEST(half_messages_after_the_handshake);
	TEST(keys_are_updated);
	TEST(streams_that_end);
	TEST(a_handshake_that_takes_too_long);
	TEST(starving);
	TEST(sizes_of_records);
	TEST(records_in_one_block);
	TEST(a_full_block);
	TEST(exporters_agree);
	TEST(the_schedule_without_a_psk);
	TEST(secrets_are_wiped);
	two_free(&two);
	two_close();
	return tap_end();
}
