/* SPDX-License-Identifier: ISC */
/* 0-RTT (src/proto/tls/early.c, server13.c, record.c): when early data is taken, when it is refused and passed over, and what becomes of
 * a first flight that somebody sends again. */
#include "tap.h"
#include "tls_two.h"

static struct two two;
static struct tls_config client, server;
static struct trace trace;
static uint8_t flight[64 << 10]; static size_t flight_len; /* the client's first, as an attacker saw it */

static void set_up(void)
{
	client = server = two_config();
	server.identities = &world.by_kind[CRYPT_KEY_P256].identity, server.identities_count = 1;
	two.now = 0;
	two_forget();
	client.sessions = world.client_sessions, server.tickets = world.tickets;
	client.early_data_max = server.early_data_max = 1000;
	server.trace = &trace;
}

static void start(void)
{
	trace = (struct trace){ 0 };
	two_start(&two, &client, &server);
}

static bool said(const char *words)
{
	bool so = strstr(trace.words, words) != NULL;
	if (!so) printf("# trace: %s\n", trace.words);
	return so;
}

static void say_words(void)
{
	printf("# client: %s; server: %s\n", two_words(&two.client), two_words(&two.server));
}

static bool talk(void) { return two_say(&two, &two.client, &two.server, "ping") && two_say(&two, &two.server, &two.client, "pong"); }

/* A full handshake, so that the client has tickets. */
static bool first_visit(void)
{
	start();
	bool went = two_shake(&two) && talk() && !two.server.early_accepted;
	two_end(&two);
	return went;
}

/* The client comes again with early data; what it sends at once is kept. */
static bool come_again(const char *words)
{
	struct bytes out;
	start();
	if (!tls_may_send_early(&two.client) || tls_send(&two.client, two.now, bytes_of(words)) != strlen(words)) return false;
	for (flight_len = 0; (out = tls_output(&two.client, two.now)).len > 0; tls_sent(&two.client, out.len)) {
		memcpy(flight + flight_len, out.at, out.len);
		flight_len += out.len;
	}
	memcpy(two.up.at, flight, flight_len);
	two.up.len = flight_len;
	return true;
}

/* The handshake completes without the early data; no byte of it came through, and the client knows. */
static bool refused_but_connected(const char *why)
{
	bool went = two_shake(&two);
	if (!went) say_words();
	return went && !two.server.early_accepted && !two.client.early_accepted && tls_peek(&two.server).len == 0 &&
	       (two.client_news & TLS_EARLY_REFUSED) && said(why) && talk();
}

static void taken(void)
{
	set_up();
	CHECK(first_visit());
	CHECK(come_again("GET /"));
	CHECK(!tls_is_connected(&two.client));
	size_t n = tls_input(&two.server, two.now, (struct bytes){ two.up.at, two.up.len });
	memmove(two.up.at, two.up.at + n, two.up.len -= n);
	CHECK(two.server.early_accepted && two.server.resumed && tls_reading_early(&two.server) && said("early data is taken"));
	CHECK(bytes_equal(tls_peek(&two.server), bytes_of("GET /")));
	tls_take(&two.server, 5);
	CHECK_EQ(tls_send(&two.server, two.now, bytes_of("answer")), 6); /* before the client's Finished */
	CHECK(!tls_is_connected(&two.server));
	CHECK(two_shake(&two));
	CHECK(two.client.early_accepted && !(two.client_news & TLS_EARLY_REFUSED));
	CHECK(bytes_equal(tls_peek(&two.client), bytes_of("answer")));
	tls_take(&two.client, 6);
	CHECK(talk());
	two_end(&two);
	CHECK_EQ(tls_tickets_counts(world.tickets).early_taken, 1);
}

static void taken_piece_by_piece(void)
{
	struct rng cut;
	for (uint64_t seed = 0; seed < 20; seed++) {
		rng_init_number(&cut, seed);
		set_up();
		CHECK(first_visit());
		two.cut = &cut;
		CHECK(come_again("a first flight in pieces"));
		char got[100];
		size_t len = 0;
		for (bool moved = true; moved;) {
			struct bytes plain = tls_peek(&two.server);
			if (plain.len > 0) memcpy(got + len, plain.at, plain.len);
			len += plain.len;
			tls_take(&two.server, plain.len);
			moved = two_move(&two) || plain.len > 0;
		}
		CHECK(tls_is_connected(&two.server) && two.server.early_accepted && len == 24 && memcmp(got, "a first flight in pieces", len) == 0);
		two_end(&two);
		two.cut = NULL;
	}
}

/* The attack: the same bytes again, to the same server. They buy nothing. */
static void a_replay_is_refused(void)
{
	set_up();
	CHECK(first_visit());
	CHECK(come_again("pay 100"));
	tls_input(&two.server, two.now, (struct bytes){ flight, flight_len });
	CHECK(bytes_equal(tls_peek(&two.server), bytes_of("pay 100")));
	two_end(&two);
	for (int i = 0; i < 3; i++) {
		struct tls again;
		trace = (struct trace){ 0 };
		CHECK(tls_accept(&again, two.now, &server));
		CHECK_EQ(tls_input(&again, two.now, (struct bytes){ flight, flight_len }), flight_len);
		CHECK(tls_peek(&again).len == 0 && !again.early_accepted && !tls_is_connected(&again) && tls_failure(&again) == NULL);
		CHECK(said("early data is refused: this very flight came before: it is a replay"));
		tls_end(&again);
	}
	CHECK_EQ(tls_tickets_counts(world.tickets).early_taken, 1);
	CHECK_EQ(tls_tickets_counts(world.tickets).early_replayed, 3);
}

/* Kept back and sent late, it never came before, but it is old. */
static void a_late_flight_is_refused(void)
{
	set_up();
	CHECK(first_visit());
	CHECK(come_again("pay 100"));
	server.date += TLS_EARLY_WINDOW_S + 1;
	CHECK(refused_but_connected("the ticket's age is wrong"));
	two_end(&two);
}

static void another_server_refuses(void)
{
	static const uint8_t master[TLS_TICKETS_MASTER_BYTES] = { 1 };
	struct tls_tickets *here = NULL, *there = NULL;
	size_t size = tls_tickets_size(8);
	uint8_t *memory = malloc(2 * size);
	set_up();
	here = tls_tickets_init((struct room){ memory, size }, world.crypt, &world.rng, master, 0, 8);
	there = tls_tickets_init((struct room){ memory + size, size }, world.crypt, &world.rng, master, 0, 8);
	server.tickets = here;
	CHECK(first_visit());
	server.tickets = there;
	CHECK(come_again("pay 100"));
	CHECK(refused_but_connected("the ticket was sealed by another server"));
	CHECK(two.server.resumed); /* but the session is good there */
	two_end(&two);
	tls_tickets_end(here), tls_tickets_end(there);
	free(memory);
}

static const uint16_t one_suite[] = { TLS_CHACHA20_POLY1305_SHA256 };
static const uint16_t one_group[] = { CRYPT_SECP384R1 };
static const char *const protocol[] = { "h2" };
static void none_taken(void) { server.early_data_max = 0; }
static void other_suite(void) { server.suites = one_suite, server.suites_count = 1; }
static void other_group(void) { server.groups = one_group, server.groups_count = 1; }
static void a_cookie(void) { server.always_retry = true; }
static void other_protocol(void) { server.alpn = client.alpn = protocol, server.alpn_count = client.alpn_count = 1; }
static void no_tickets(void) { server.tickets = NULL; }
static void expired(void) { server.date += 3 * 3600; }

static void refused_and_passed_over(void)
{
	static const struct { void (*change)(void); const char *words; } tries[] = {
		{ none_taken, "refused: we take none" }, { other_suite, "refused: the ticket is for another cipher suite" },
		{ other_group, "HelloRetryRequest for" }, { a_cookie, "HelloRetryRequest with a cookie" },
		{ no_tickets, "refused: it comes with no ticket that is resumed" }, { expired, "refused: it comes with no ticket that is resumed" },
	};
	for (size_t i = 0; i < COUNT(tries); i++) {
		set_up();
		CHECK(first_visit());
		tries[i].change();
		CHECK(come_again("GET /"));
		CHECK(refused_but_connected(tries[i].words));
		two_end(&two);
	}
}

/* The client sends only what fits its own ALPN, so the server's choice is another one here. */
static void refused_for_another_protocol(void)
{
	static const char *const both[] = { "h2", "h3" }, *const h3[] = { "h3" };
	set_up();
	client.alpn = both, client.alpn_count = 2;
	other_protocol();
	client.alpn = both, client.alpn_count = 2;
	CHECK(first_visit());
	server.alpn = h3;
	CHECK(come_again("GET /"));
	CHECK(refused_but_connected("refused: the ticket is for another protocol (ALPN)"));
	two_end(&two);
}

static bool server_failed(enum tls_alert alert, const char *words)
{
	const struct tls_failure *f = tls_failure(&two.server);
	bool so = f && f->alert == alert && strstr(f->words, words);
	if (!so) say_words();
	return so;
}

/* The client's session is made to allow more than the ticket does. */
static bool come_again_with(size_t bytes)
{
	static char words[40000];
	struct tls_session s;
	if (!tls_sessions_take(world.client_sessions, bytes_of(TWO_NAME), TWO_DATE * 1000, &s)) return false;
	s.early_data_max = client.early_data_max = UINT32_MAX;
	tls_sessions_forget(world.client_sessions, bytes_of(TWO_NAME));
	tls_sessions_put(world.client_sessions, bytes_of(TWO_NAME), &s);
	memset(words, 'w', sizeof words - 1);
	words[bytes] = '\0';
	start();
	for (size_t sent = 0, n; sent < bytes; sent += n) {
		n = tls_send(&two.client, two.now, bytes_of(words + sent));
		while (two_carry_out(&two, &two.client, &two.up)) continue;
		if (n == 0) return false;
	}
	return true;
}

static void too_much_of_it(void)
{
	set_up();
	CHECK(first_visit());
	CHECK(come_again_with(1000));
	two_move(&two);
	CHECK(tls_peek(&two.server).len == 1000 && tls_failure(&two.server) == NULL);
	two_end(&two);
	set_up();
	CHECK(first_visit());
	CHECK(come_again_with(1001));
	two_shake(&two);
	CHECK(server_failed(TLS_UNEXPECTED_MESSAGE, "more early data than the ticket allows"));
	two_end(&two);
}

static void too_much_that_is_passed_over(void)
{
	static void (*const changes[])(void) = { none_taken, other_group };
	for (size_t i = 0; i < COUNT(changes); i++) {
		set_up();
		CHECK(first_visit());
		changes[i]();
		CHECK(come_again_with(16000));
		CHECK(two_shake(&two) && talk());
		two_end(&two);
		set_up();
		CHECK(first_visit());
		changes[i]();
		CHECK(come_again_with(17000));
		two_shake(&two);
		CHECK(server_failed(TLS_UNEXPECTED_MESSAGE, "more early data than any ticket allows"));
		two_end(&two);
	}
}

/* Handshake messages under the early keys. */
static bool says_instead(struct bytes message, enum tls_alert alert, const char *words)
{
	set_up();
	if (!first_visit() || !come_again("x")) return false;
	tls_input(&two.server, two.now, (struct bytes){ two.up.at, two.up.len });
	tls_take(&two.server, 1);
	two.up.len = 0;
	if (!two.server.early_accepted || !tls_record_seal(&two.client, TLS_HANDSHAKE, message)) return false;
	while (two_carry_out(&two, &two.client, &two.up)) continue;
	two_carry_in(&two, &two.server, &two.up);
	bool so = server_failed(alert, words);
	two_end(&two);
	return so;
}

static void the_end_of_early_data(void)
{
	static const uint8_t finished[] = { TLS_FINISHED, 0, 0, 0 }, full[] = { TLS_END_OF_EARLY_DATA, 0, 0, 1, 0 },
		more[] = { TLS_END_OF_EARLY_DATA, 0, 0, 0, TLS_FINISHED };
	CHECK(says_instead((struct bytes){ finished, sizeof finished }, TLS_UNEXPECTED_MESSAGE, "Finished came where EndOfEarlyData was due"));
	CHECK(says_instead((struct bytes){ full, sizeof full }, TLS_DECODE_ERROR, "EndOfEarlyData: it is not empty"));
	CHECK(says_instead((struct bytes){ more, sizeof more }, TLS_UNEXPECTED_MESSAGE, "that changes the keys"));
}

/* A record under keys that nobody has is passed over only while early data is. */
static void a_changed_record_after_the_early_ones(void)
{
	set_up();
	CHECK(first_visit());
	none_taken();
	CHECK(come_again("GET /"));
	tls_input(&two.server, two.now, (struct bytes){ two.up.at, two.up.len });
	two.up.len = 0;
	while (two_carry_out(&two, &two.server, &two.down)) continue;
	CHECK(two_carry_in(&two, &two.client, &two.down));
	CHECK(tls_is_connected(&two.client));
	while (two_carry_out(&two, &two.client, &two.up)) continue;
	CHECK_EQ(tls_send(&two.client, two.now, bytes_of("after")), 5);
	while (two_carry_out(&two, &two.client, &two.up)) continue;
	two.up.at[two.up.len - 1] ^= 1; /* of the application's record, behind Finished */
	two_shake(&two);
	CHECK(server_failed(TLS_BAD_RECORD_MAC, "its authentication tag is not right"));
	two_end(&two);
}

static void off_unless_it_is_on(void)
{
	set_up();
	server.early_data_max = 0;
	CHECK(first_visit());
	start();
	CHECK(!tls_may_send_early(&two.client)); /* the tickets do not allow it */
	CHECK(two_shake(&two) && two.server.resumed && talk());
	two_end(&two);
	set_up();
	client.early_data_max = 0;
	CHECK(first_visit());
	start();
	CHECK(!tls_may_send_early(&two.client));
	CHECK(two_shake(&two) && two.server.resumed);
	two_end(&two);
}

static void when_the_window_is_full(void)
{
	set_up();
	server.tickets_count = 4;
	for (unsigned i = 0; i < 64; i++) { /* two_forget gave it 64 places */
		struct tls_ticket k = { .ours = true, .secret = { (uint8_t)i, 1 }, .secret_len = 32, .issued_at_ms = TWO_DATE * 1000 };
		CHECK(tls_ticket_use_early(world.tickets, TWO_DATE * 1000, bytes_of("b"), &k, 0, NULL));
	}
	CHECK(first_visit());
	CHECK(come_again("GET /"));
	CHECK(refused_but_connected("the window against replays is full"));
	two_end(&two);
}

int main(void)
{
	two_open(2, 1 << CRYPT_KEY_P256);
	TEST(taken);
	TEST(taken_piece_by_piece);
	TEST(a_replay_is_refused);
	TEST(a_late_flight_is_refused);
	TEST(another_server_refuses);
	TEST(refused_and_passed_over);
	TEST(refused_for_another_protocol);
	TEST(too_much_of_it);
	TEST(too_much_that_is_passed_over);
	TEST(the_end_of_early_data);
	TEST(a_changed_record_after_the_early_ones);
	TEST(off_unless_it_is_on);
	TEST(when_the_window_is_full);
	two_free(&two);
	two_close();
	return tap_end();
}
