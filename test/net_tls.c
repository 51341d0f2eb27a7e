/* SPDX-License-Identifier: ISC */
/* net.h's promises over TLS over two stacks on a wire, with few blocks for handshakes and records; then TLS's own rules. */
#include "lan.h"

#include "net/net_tls.h"
#include "net/share.h"
#include "net_contract.h"
#include "proto/tls/seen.h"
#include "tls_two.h"

enum { HANDSHAKES = 3, RECORDS = 24, STREAMS = 48, OWNERS = 256 };

/* One side: stack, TLS over it, and a seat, which holds an event while the other side gets on. */
static struct side {
	struct net *tls;
	const struct net_ops *plain_ops;
	struct net_ops auto_ops; /* listen and connect do it over TLS */
	struct share share;
	struct share_seat seat;
	struct tls_config config;
	struct pool handshakes, records;
	void *memory[4];
} side[2];
static struct pair ends;

static void turn(struct pair *p)
{
	(void)p;
	lan_run_for(MILLISECOND);
	for (int i = 0; i < 2; i++) share_pending(&side[i].share);
}

/* The clock is the test's own, so waiting is moving it. */
static instant jump(struct link *link, instant until)
{
	(void)link;
	if (until != NEVER && until > lan.now) lan.now = until;
	return lan.now;
}
static const struct link_ops jumping_ops = { .recv = lan_recv, .send = lan_send, .wait = jump };

static net_id auto_listen(struct net *net, const struct addr *a, const struct net_how *how)
{
	return net_tls_listen(net, a, how, &side[net == side[1].tls].config);
}
static net_id auto_connect(struct net *net, const struct addr *a, const struct net_how *how)
{
	return net_tls_connect(net, a, how, &side[net == side[1].tls].config, TWO_NAME);
}

static void lend_pools(struct side *s)
{
	size_t handshake = tls_handshake_block_bytes();
	s->memory[0] = malloc(HANDSHAKES * handshake);
	s->memory[1] = malloc(RECORDS * (size_t)TWO_BLOCK);
	pool_init(&s->handshakes, (struct room){ s->memory[0], HANDSHAKES * handshake }, handshake);
	pool_init(&s->records, (struct room){ s->memory[1], RECORDS * (size_t)TWO_BLOCK }, TWO_BLOCK);
}

static void open_side(unsigned i)
{
	const struct net_tls_limits limits = { STREAMS, 0 };
	struct side *s = &side[i];

	lan_host(&stack_limits_host, false);
	lan_attach(i, 0, 1500, i == 0 ? "10.0.0.1/24" : "10.0.0.2/24");
	lan.wire[0].end[i].link.ops = &jumping_ops;
	*s = (struct side){ .tls = NULL };
	lend_pools(s);
	s->memory[2] = malloc(net_tls_size(&limits));
	s->memory[3] = calloc(1, share_size(OWNERS));
	s->tls = net_tls_init((struct room){ s->memory[2], net_tls_size(&limits) }, lan_net(i), &limits);
	share_init(&s->share, s->tls, &s->seat, 1, (struct room){ s->memory[3], share_size(OWNERS) }, OWNERS);
	s->config = (struct tls_config){ .crypt = world.crypt, .rng = &world.rng, .handshakes = &s->handshakes, .records = &s->records,
	                                 .trust = world.trust, .date = TWO_DATE, .identities = &world.by_kind[CRYPT_KEY_P256].identity,
	                                 .identities_count = 1, .handshake_timeout_s = 20 };
}

/* over_tls: what listens and connects does it over TLS; else all is passed through. */
static void open_both(bool over_tls)
{
	two_forget();
	for (unsigned i = 0; i < 2; i++) open_side(i);
	ends = (struct pair){ .port = 1000, .interface = 1, .groups_heard_across = true, .turn = turn };
	for (int i = 0; i < 2; i++) {
		ends.net[i] = share_seat(&side[i].share, 0);
		side[i].plain_ops = side[i].tls->ops;
		side[i].auto_ops = *side[i].plain_ops;
		if (over_tls) side[i].auto_ops.listen = auto_listen, side[i].auto_ops.connect = auto_connect;
		side[i].tls->ops = &side[i].auto_ops;
	}
	ends.ip[0] = lan_ip("10.0.0.1"), ends.ip[1] = lan_ip("10.0.0.2"), ends.stranger = lan_ip("203.0.113.9");
	pair = &ends;
}

static void close_both(void)
{
	for (int i = 0; i < 2; i++) {
		net_tls_end(side[i].tls);
		for (size_t k = 0; k < COUNT(side[i].memory); k++) free(side[i].memory[k]);
	}
	lan_end_test();
}

static void run_for(instant span)
{
	for (instant until = lan.now + span; lan.now < until;) turn(pair);
}

static struct net_tls_counts counts(int i) { return net_tls_counts(side[i].tls); }
static bool words_say(int i, const char *words)
{
	const struct tls_failure *f = net_tls_failure(side[i].tls);
	if (f != NULL && strstr(f->words, words) != NULL) return true;
	printf("# side %d says: %s\n", i, f != NULL ? f->words : "nothing");
	return false;
}

/* ---- the blocks come back ---- */

static void nothing_is_held_when_all_is_over(void)
{
	run_for(30 * SECOND); /* whoever was still leaving has left */
	for (int i = 0; i < 2; i++) CHECK(side[i].handshakes.out == 0 && side[i].records.out == 0);
	CHECK(counts(0).handshakes > 20 && counts(0).handshakes == counts(1).handshakes);
	CHECK(counts(0).failed == 0 && counts(1).failed == 0);
	CHECK_EQ(side[0].handshakes.out_max, HANDSHAKES); /* they were short, and all got through */
	CHECK(side[0].handshakes.refused > 0);
}

static void an_idle_stream_holds_no_block(void)
{
	struct contract_stream s = contract_connect(20);
	CHECK(s.ok);
	run_for(SECOND);
	for (int i = 0; i < 2; i++) CHECK(side[i].handshakes.out == 0 && side[i].records.out == 0);
	CHECK(net_tls_of(side[0].tls, s.client)->version == TLS_1_3 && net_tls_of(side[1].tls, s.server)->is_server);
	CHECK(net_tls_of(side[0].tls, s.listener) == NULL);
	net_abort(pair->net[0], s.client);
	net_abort(pair->net[1], s.listener);
	run_for(SECOND);
}

/* ---- what is not secure ---- */

static void a_wrong_name_is_not_secure(void)
{
	struct addr at = contract_addr(1, 30);
	struct net_event ev;
	net_id listener = net_listen(pair->net[1], &at), id;

	id = net_tls_connect(side[0].tls, &at, NULL, &side[0].config, "www.other.example");
	CHECK(listener != 0 && id != 0);
	for (int i = 0; i < 3000 && !net_next(side[0].tls, &ev); i++) lan_run_for(MILLISECOND), share_pending(&side[1].share);
	CHECK(ev.what == NET_CLOSED && ev.why == NET_NOT_SECURE && ev.id == id);
	CHECK(words_say(0, "www.other.example"));
	CHECK_EQ(net_tls_failure(side[0].tls)->certificate, X509_WRONG_NAME);
	CHECK(contract_quiet(1)); /* whoever failed was never there */
	CHECK(words_say(1, "peer") && net_tls_failure(side[1].tls)->from_peer); /* the alert got out */
	CHECK(counts(0).failed == 1 && counts(1).failed == 1 && counts(1).handshakes == 0);
	net_finish(pair->net[1], listener);
}

static void server_runs_for(instant span)
{
	for (instant until = lan.now + span; lan.now < until;) lan_run_for(MILLISECOND), share_pending(&side[1].share);
}

/* A stranger without TLS, over the stack itself. Its event, or none. */
static bool strange_event(enum net_what what, struct net_event *ev)
{
	for (int i = 0; i < 30000; i++) {
		while (net_next(lan_net(0), ev)) if (ev->what == what) return true;
		lan_run_for(MILLISECOND);
		share_pending(&side[1].share);
	}
	return false;
}

static void garbage_gets_an_alert(void)
{
	struct addr at = contract_addr(1, 31);
	net_id listener = net_listen(pair->net[1], &at), id = net_connect(lan_net(0), &at);
	struct net_event ev;

	CHECK(listener != 0 && strange_event(NET_CONNECTED, &ev));
	net_send(lan_net(0), id, bytes_of("GET / HTTP/1.1\r\n\r\n"));
	CHECK(strange_event(NET_READABLE, &ev));
	struct bytes alert = net_peek(lan_net(0), id);
	CHECK(alert.len == 7 && alert.at[0] == TLS_ALERT && alert.at[5] == 2);
	net_take(lan_net(0), id, alert.len);
	CHECK(strange_event(NET_EOF, &ev));
	net_finish(lan_net(0), id);
	CHECK(contract_quiet(1));
	CHECK(counts(1).failed == 1 && counts(1).handshakes == 0);
	net_finish(pair->net[1], listener);
}

static void who_says_nothing_is_let_go_and_costs_no_block(void)
{
	struct addr at = contract_addr(1, 32);
	net_id listener = net_listen(pair->net[1], &at), id[5];
	struct net_event ev;

	for (size_t i = 0; i < COUNT(id); i++) CHECK((id[i] = net_connect(lan_net(0), &at)) != 0 && strange_event(NET_CONNECTED, &ev));
	CHECK(listener != 0 && side[1].handshakes.out == 0);
	net_send(lan_net(0), id[0], (struct bytes){ (const uint8_t[]){ TLS_HANDSHAKE, 3, 1, 0, 100 }, 5 }); /* begins, and no more */
	server_runs_for(5 * SECOND);
	CHECK_EQ(side[1].handshakes.out, 1);
	server_runs_for(20 * SECOND);
	CHECK_EQ(side[1].handshakes.out, 0);
	CHECK_EQ(counts(1).failed, 5);
	unsigned closed = 0, alerts = 0; /* the one that has begun gets an alert */
	while (net_next(lan_net(0), &ev)) closed += ev.what == NET_CLOSED, alerts += ev.what == NET_READABLE && ev.id == id[0];
	CHECK(closed >= 4 && alerts == 1);
	net_finish(pair->net[1], listener);
	net_abort(lan_net(0), id[0]);
	CHECK(contract_quiet(1));
}

static void a_stream_cut_short_is_not_one_that_ended(void)
{
	struct contract_stream s = contract_connect(33);
	struct net_event ev;

	CHECK(s.ok);
	CHECK_EQ(net_send(pair->net[0], s.client, bytes_of("half a sen")), 10);
	net_finish(lan_net(0), s.client); /* beneath: a FIN without close_notify */
	EXPECT(1, NET_READABLE, &ev);
	CHECK(contract_quiet(1)); /* as long as there is something to take */
	CHECK(bytes_equal(net_peek(pair->net[1], s.server), bytes_of("half a sen")));
	net_take(pair->net[1], s.server, 10);
	EXPECT(1, NET_CLOSED, &ev);
	CHECK(ev.id == s.server && ev.why == NET_RESET);
	CHECK_EQ(counts(1).truncated, 1);
	net_finish(pair->net[1], s.listener);
	net_abort(pair->net[0], s.client);
	CHECK(contract_quiet(1));
}

/* ---- limits ---- */

static void one_too_many_is_refused(void)
{
	struct addr at = contract_addr(1, 34);
	net_id listener = net_listen(pair->net[1], &at), id = 0;
	unsigned made = 0;

	CHECK(listener != 0);
	while ((id = net_connect(pair->net[0], &at)) != 0) made++;
	CHECK_EQ(made, STREAMS);
	CHECK_EQ(net_why_not(pair->net[0]), NET_NO_ROOM);
	CHECK_EQ(counts(0).refused_full, 1);
	share_leave(&side[0].share, 0);
	net_finish(pair->net[1], listener);
	run_for(5 * SECOND);
	share_leave(&side[1].share, 0);
}

static void nothing_is_sent_before_it_is_connected(void)
{
	struct addr at = contract_addr(1, 35);
	net_id listener = net_listen(pair->net[1], &at), id = net_connect(pair->net[0], &at);
	struct net_event ev;

	CHECK(listener != 0 && id != 0);
	CHECK_EQ(net_send(pair->net[0], id, bytes_of("too soon")), 0);
	CHECK_EQ(net_peek(pair->net[0], id).len, 0);
	EXPECT(0, NET_CONNECTED, &ev);
	EXPECT(0, NET_WRITABLE, &ev);
	CHECK_EQ(net_send(pair->net[0], id, bytes_of("now")), 3);
	EXPECT(1, NET_ACCEPTED, &ev);
	CHECK(ip_equal(ev.peer.ip, pair->ip[0]) && ev.on == listener);
	EXPECT(1, NET_READABLE, &ev);
	net_abort(pair->net[1], ev.id);
	EXPECT(0, NET_CLOSED, &ev);
	net_finish(pair->net[1], listener);
}

static void who_finishes_before_it_is_connected_says_so_in_order(void)
{
	struct addr at = contract_addr(1, 36);
	net_id listener = net_listen(pair->net[1], &at), id = net_connect(pair->net[0], &at);
	struct net_event ev;

	net_finish(pair->net[0], id);
	EXPECT(0, NET_CONNECTED, &ev);
	EXPECT(1, NET_ACCEPTED, &ev);
	net_finish(pair->net[1], ev.id);
	EXPECT(1, NET_EOF, &ev);
	EXPECT(1, NET_CLOSED, &ev);
	CHECK_EQ(ev.why, NET_DONE);
	EXPECT(0, NET_EOF, &ev);
	EXPECT(0, NET_CLOSED, &ev);
	CHECK_EQ(ev.why, NET_DONE);
	net_finish(pair->net[1], listener);
}

/* ---- a peer that says close_notify and does not close ---- */

static void never(struct net *net, net_id id) { (void)net, (void)id; }

static void a_peer_that_does_not_close_is_not_waited_for_for_ever(void)
{
	struct contract_stream s = contract_connect(37);
	struct net_ops ops = *lan_net(1)->ops;
	struct net_event ev;

	CHECK(s.ok);
	ops.finish = never; /* its close_notify goes out, its FIN does not */
	lan_net(1)->ops = &ops;
	net_finish(pair->net[1], s.server);
	net_finish(pair->net[0], s.client);
	EXPECT(0, NET_EOF, &ev);
	instant before = lan.now;
	while (!net_next(pair->net[0], &ev)) turn(pair);
	CHECK(ev.what == NET_CLOSED && ev.why == NET_DONE && lan.now - before > 10 * SECOND && lan.now - before < 100 * SECOND);
	while (contract_event(1, &ev) && ev.what != NET_CLOSED) ;
	CHECK_EQ(ev.why, NET_DONE); /* both had said all */
	net_abort(pair->net[1], s.listener);
	run_for(SECOND);
}

/* ---- resumption, early data, keys, what is seen ---- */

static void early_data_comes_before_the_handshake_is_complete(void)
{
	static uint8_t room[32 << 10];
	struct tls_seen seen = { .room = { room, sizeof room } };
	struct contract_stream s;
	struct net_event ev;

	side[0].config.sessions = world.client_sessions, side[1].config.tickets = world.tickets;
	side[0].config.early_data_max = side[1].config.early_data_max = 1000;
	side[0].config.seen = &seen;
	s = contract_connect(38);
	CHECK(s.ok && counts(0).resumed == 0);
	run_for(SECOND / 10);
	bool ticket = false;
	for (struct { size_t at; struct tls_seen_message m; } w = { 0 }; tls_seen_next(&seen, &w.at, &w.m);)
		ticket |= !w.m.sent && w.m.type == TLS_HANDSHAKE && w.m.bytes.at[0] == TLS_NEW_SESSION_TICKET;
	CHECK(ticket && !seen.cut);
	tls_seen_clear(&seen);
	net_abort(pair->net[0], s.client);
	EXPECT(1, NET_CLOSED, &ev);
	struct addr at = contract_addr(1, 38);
	net_id id = net_connect(pair->net[0], &at);
	CHECK_EQ(net_send(pair->net[0], id, bytes_of("early")), 0);
	EXPECT(0, NET_WRITABLE, &ev);
	CHECK_EQ(net_send(pair->net[0], id, bytes_of("early")), 5);
	EXPECT(1, NET_ACCEPTED, &ev);
	CHECK(!tls_is_connected(net_tls_of(side[1].tls, ev.id)));
	s.server = ev.id;
	EXPECT(1, NET_READABLE, &ev);
	CHECK(bytes_equal(net_peek(pair->net[1], s.server), bytes_of("early")) && tls_reading_early(net_tls_of(side[1].tls, s.server)));
	net_take(pair->net[1], s.server, 5);
	EXPECT(0, NET_CONNECTED, &ev);
	CHECK(net_tls_of(side[0].tls, id)->early_accepted && counts(0).resumed == 1);
	CHECK_EQ(net_send(pair->net[0], id, bytes_of("late")), 4);
	EXPECT(1, NET_READABLE, &ev);
	CHECK(bytes_equal(net_peek(pair->net[1], s.server), bytes_of("late")));
	net_take(pair->net[1], s.server, 4);
	net_tls_update_keys(side[0].tls, id, true);
	CHECK_EQ(net_send(pair->net[0], id, bytes_of("with other keys")), 15);
	EXPECT(1, NET_READABLE, &ev);
	CHECK(bytes_equal(net_peek(pair->net[1], s.server), bytes_of("with other keys")));
	net_abort(pair->net[1], s.server);
	net_finish(pair->net[1], s.listener);
	CHECK(contract_event(0, &ev) && ev.what == NET_CLOSED);
	side[0].config.seen = NULL;
}

/* ---- beside each other ---- */

/* The next event of a side that is not a wake-up, without seats. */
static bool direct_event(int i, struct net_event *ev)
{
	for (int tries = 0; tries < 3000; tries++) {
		while (net_next(side[i].tls, ev)) if (ev->what != NET_WAKE) return true;
		lan_run_for(MILLISECOND);
	}
	return false;
}

static void plain_and_secure_are_on_one_net(void)
{
	struct addr plain = contract_addr(1, 40), secure = contract_addr(1, 41);
	net_id listener = side[1].plain_ops->listen(side[1].tls, &plain, NULL);
	net_id also = net_tls_listen(side[1].tls, &secure, NULL, &side[1].config);
	net_id id = side[0].plain_ops->connect(side[0].tls, &plain, NULL), safe;
	struct net_event ev;

	CHECK(listener != 0 && also != 0 && id != 0);
	CHECK(direct_event(0, &ev) && ev.what == NET_CONNECTED && ev.id == id && net_tls_of(side[0].tls, id) == NULL);
	CHECK(direct_event(1, &ev) && ev.what == NET_ACCEPTED && ev.on == listener);
	net_id server = ev.id;
	CHECK_EQ(net_send(side[0].tls, id, bytes_of("in the clear")), 12);
	CHECK(direct_event(1, &ev) && ev.what == NET_READABLE && ev.id == server);
	CHECK(bytes_equal(net_peek(side[1].tls, server), bytes_of("in the clear")));
	net_take(side[1].tls, server, 12);
	net_wake(side[0].tls, lan.now + 7 * SECOND);
	safe = net_tls_connect(side[0].tls, &secure, NULL, &side[0].config, TWO_NAME);
	CHECK(safe != 0);
	for (int i = 0; i < 100; i++) {
		while (net_next(side[1].tls, &ev)) CHECK(ev.what == NET_ACCEPTED && ev.on == also);
		while (net_next(side[0].tls, &ev)) CHECK(ev.what == NET_CONNECTED && ev.id == safe);
		lan_run_for(MILLISECOND);
	}
	CHECK_EQ(counts(1).handshakes, 1);
	lan_run_for(8 * SECOND);
	CHECK(net_next(side[0].tls, &ev) && ev.what == NET_WAKE); /* the program's, whatever the machines wanted */
	CHECK(!net_next(side[0].tls, &ev));
	net_abort(side[0].tls, id);
	CHECK(direct_event(1, &ev) && ev.what == NET_CLOSED && ev.id == server && ev.why == NET_RESET);
	net_abort(side[0].tls, safe);
	CHECK(direct_event(1, &ev) && ev.what == NET_CLOSED && ev.why == NET_RESET);
}

/* ---- many streams, few blocks, a bad wire, by seed ---- */

enum { MANY = 12, BYTES_MAX = 60000, SEEDS = 12 };
static struct { net_id id; uint64_t end, sent, back; bool gone, aborts; } many[MANY];
static struct rng dice;

static bool lose_some(unsigned wire, struct bytes frame)
{
	(void)wire, (void)frame;
	return rng_below(&dice, 100) == 0;
}

/* An echo that takes what it likes, when it likes. */
static void lazy_echo(const struct net_event *ev)
{
	struct net *net = side[1].tls;
	size_t n = 1;

	if (ev->what == NET_EOF) net_finish(net, ev->id);
	if (ev->what != NET_READABLE && ev->what != NET_WRITABLE) return;
	while (n > 0) {
		struct bytes b = net_peek(net, ev->id);
		if (b.len > 1 && rng_below(&dice, 2) == 0) b.len = 1 + (size_t)rng_below(&dice, b.len);
		net_take(net, ev->id, n = net_send(net, ev->id, b));
	}
}

static bool client_gets_on(const struct net_event *ev)
{
	unsigned i = 0;

	if (ev->what == NET_WAKE) return true;
	while (i < MANY && many[i].id != ev->id) i++;
	if (i == MANY || many[i].gone) return false;
	if (ev->what == NET_CLOSED) {
		many[i].gone = true;
		return ev->why == NET_DONE && many[i].back == many[i].end;
	}
	for (struct bytes b; (b = net_peek(side[0].tls, ev->id)).len > 0; net_take(side[0].tls, ev->id, b.len))
		for (size_t k = 0; k < b.len; k++) if (b.at[k] != contract_byte(many[i].back++)) return false;
	if (many[i].aborts && many[i].back > many[i].end / 2) {
		net_abort(side[0].tls, ev->id);
		many[i].gone = true;
		return true;
	}
	if (ev->what != NET_CONNECTED && ev->what != NET_WRITABLE) return true;
	for (size_t n = 1, want; n > 0 && many[i].sent < many[i].end; many[i].sent += n) {
		uint8_t chunk[2000];
		want = size_min(1 + (size_t)rng_below(&dice, sizeof chunk), (size_t)(many[i].end - many[i].sent));
		for (size_t k = 0; k < want; k++) chunk[k] = contract_byte(many[i].sent + k);
		n = net_send(side[0].tls, ev->id, (struct bytes){ chunk, want });
	}
	if (many[i].sent == many[i].end) net_finish(side[0].tls, ev->id);
	return true;
}

static bool all_gone(void)
{
	for (unsigned i = 0; i < MANY; i++) if (!many[i].gone) return false;
	return true;
}

static void many_get_through_whatever_happens(void)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct net_event ev;
		rng_init_number(&dice, seed);
		open_both(true);
		lan.spoil = lose_some;
		for (int i = 0; i < 2; i++) {
			side[i].handshakes.count = 1 + rng_below(&dice, HANDSHAKES);
			side[i].config.version_max = rng_below(&dice, 2) == 0 ? TLS_1_2 : TLS_1_3;
		}
		side[1].records.count = 2 * MANY, side[0].records.count = 4 + rng_below(&dice, 20);
		struct addr at = contract_addr(1, 50);
		CHECK(net_listen(side[1].tls, &at) != 0);
		for (unsigned i = 0; i < MANY; i++) {
			many[i].id = net_connect(side[0].tls, &at);
			many[i].end = 1 + rng_below(&dice, BYTES_MAX), many[i].sent = many[i].back = 0;
			many[i].gone = false, many[i].aborts = rng_below(&dice, 5) == 0;
			CHECK(many[i].id != 0);
		}
		for (int turns = 0; !all_gone(); turns++) {
			if (turns > 400000) printf("# seed %d hangs\n", (int)seed);
			CHECK(turns <= 400000);
			while (net_next(side[1].tls, &ev)) lazy_echo(&ev);
			while (net_next(side[0].tls, &ev)) CHECK(client_gets_on(&ev));
			lan_run_for(MILLISECOND);
		}
		for (int turns = 0; turns < 10000 && side[1].records.out + side[1].handshakes.out > 0; turns++) {
			while (net_next(side[1].tls, &ev)) lazy_echo(&ev);
			lan_run_for(MILLISECOND);
		}
		for (int i = 0; i < 2; i++) CHECK(side[i].handshakes.out == 0 && side[i].records.out == 0);
		close_both();
	}
}

static void (*const own_rules[])(void) = {
	an_idle_stream_holds_no_block, a_wrong_name_is_not_secure, garbage_gets_an_alert, who_says_nothing_is_let_go_and_costs_no_block,
	a_stream_cut_short_is_not_one_that_ended, one_too_many_is_refused, nothing_is_sent_before_it_is_connected,
	who_finishes_before_it_is_connected_says_so_in_order, a_peer_that_does_not_close_is_not_waited_for_for_ever,
	early_data_comes_before_the_handshake_is_complete, plain_and_secure_are_on_one_net,
};
static const char *const own_names[] = {
	"an idle stream holds no block", "a wrong name is not secure", "garbage gets an alert", "who says nothing is let go and costs no block",
	"a stream cut short is not one that ended", "one too many is refused", "nothing is sent before it is connected",
	"who finishes before it is connected says so in order", "a peer that does not close is not waited for for ever",
	"early data comes before the handshake is complete", "plain and secure are on one net",
};

int main(void)
{
	two_open(1, 1u << CRYPT_KEY_P256);
	open_both(false); /* all is passed through */
	net_contract();
	close_both();
	for (unsigned version = TLS_1_2; version <= TLS_1_3; version++) {
		open_both(true);
		for (int i = 0; i < 2; i++) side[i].config.version_min = side[i].config.version_max = version;
		net_contract();
		TEST(nothing_is_held_when_all_is_over);
		close_both();
	}
	for (size_t i = 0; i < COUNT(own_rules); i++) {
		open_both(true);
		tap_run(own_names[i], own_rules[i]);
		close_both();
	}
	TEST(many_get_through_whatever_happens);
	two_close();
	return tap_end();
}
