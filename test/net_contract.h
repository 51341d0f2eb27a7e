/* SPDX-License-Identifier: ISC */
/* net_contract.h - what net.h promises, as tests over any two nets that can reach each other.
 *
 * Whoever has a back end fills in a struct pair, sets `pair` to it and calls net_contract(): host/ on loopback
 * (net_contract.c), the stack against itself (stack_contract.c).
 */
#ifndef TULLE_TEST_NET_CONTRACT_H
#define TULLE_TEST_NET_CONTRACT_H

#include "net/net.h"
#include "tap.h"

struct pair {
	struct net *net[2];
	struct ip ip[2];
	struct ip stranger;         /* an address that neither has */
	uint16_t interface;         /* to join groups on and to send to them through */
	uint16_t port;              /* nothing uses this one nor the next hundred */
	bool marks_urgent;          /* NET_URGENT comes */
	bool groups_heard_across;   /* what [0] sends to a group reaches [1] without the option to hear oneself */
	void (*turn)(struct pair *); /* lets a little time pass for both */
};
static struct pair *pair;

/* The next event of one side but the wake-ups that turn() may use; false: none within some seconds. */
static inline bool contract_event(int side, struct net_event *ev)
{
	for (int tries = 0; tries < 3000; tries++) {
		while (net_next(pair->net[side], ev)) if (ev->what != NET_WAKE) return true;
		pair->turn(pair);
	}
	return false;
}

/* That nothing comes to this side for a while. */
static inline bool contract_quiet(int side)
{
	struct net_event ev;
	for (int tries = 0; tries < 30; tries++) {
		while (net_next(pair->net[side], &ev)) if (ev.what != NET_WAKE) return false;
		pair->turn(pair);
	}
	return true;
}

#define EXPECT(side, kind, event) \
	do { \
		CHECK(contract_event(side, event)); \
		CHECK_EQ((event)->what, kind); \
	} while (0)

static inline struct addr contract_addr(int side, uint16_t offset)
{
	return (struct addr){ .ip = pair->ip[side], .port = (uint16_t)(pair->port + offset) };
}

struct contract_stream { net_id listener, client, server; bool ok; };

/* A connection from [0] to [1]; port offset by the caller, so that TIME_WAIT disturbs nobody. */
static inline struct contract_stream contract_connect(uint16_t offset)
{
	struct contract_stream s = { .ok = false };
	struct addr at = contract_addr(1, offset);
	struct net_event ev;

	s.listener = net_listen(pair->net[1], &at);
	s.client = net_connect(pair->net[0], &at);
	if (s.listener == 0 || s.client == 0) return s;
	if (!contract_event(0, &ev) || ev.what != NET_CONNECTED || ev.id != s.client) return s;
	if (!contract_event(1, &ev) || ev.what != NET_ACCEPTED || ev.on != s.listener) return s;
	s.server = ev.id;
	s.ok = true;
	return s;
}

static inline uint8_t contract_byte(uint64_t i) { return (uint8_t)(i * 131 + (i >> 8) + (i >> 16)); }

/* Sends as much as fits of a pattern from *at on, up to `end`. True: the last send came short. */
static inline bool contract_send(int side, net_id id, uint64_t *at, uint64_t end)
{
	uint8_t chunk[3000];
	while (*at < end) {
		size_t want = size_min(sizeof chunk, (size_t)(end - *at));
		for (size_t i = 0; i < want; i++) chunk[i] = contract_byte(*at + i);
		size_t n = net_send(pair->net[side], id, (struct bytes){ chunk, want });
		*at += n;
		if (n < want) return true;
	}
	return false;
}

/* Takes all there is of the pattern. False: a byte was wrong. */
static inline bool contract_take(int side, net_id id, uint64_t *at)
{
	for (struct bytes b; (b = net_peek(pair->net[side], id)).len > 0; net_take(pair->net[side], id, b.len))
		for (size_t i = 0; i < b.len; i++) if (b.at[i] != contract_byte((*at)++)) return false;
	return true;
}

static void contract_both_ends_know_each_other(void)
{
	struct contract_stream s = contract_connect(0);
	struct addr at = contract_addr(1, 0), local, peer;
	struct net_event ev;

	CHECK(s.ok);
	CHECK(net_local(pair->net[0], s.client, &local) && ip_equal(local.ip, pair->ip[0]) && local.port != 0);
	CHECK(net_local(pair->net[1], s.server, &peer) && ip_equal(peer.ip, at.ip) && peer.port == at.port);
	CHECK(s.server != s.listener && s.server != 0);
	CHECK_EQ(net_peek(pair->net[1], s.server).len, 0);
	CHECK_EQ(net_send(pair->net[0], s.client, bytes_of("hello")), 5);
	EXPECT(1, NET_READABLE, &ev);
	CHECK(ev.id == s.server && bytes_equal(net_peek(pair->net[1], s.server), bytes_of("hello")));
	net_take(pair->net[1], s.server, 2);
	CHECK(contract_quiet(1)); /* nothing new: no second READABLE for what stayed */
	CHECK(bytes_equal(net_peek(pair->net[1], s.server), bytes_of("llo")));
	net_take(pair->net[1], s.server, 3);
	net_abort(pair->net[0], s.client);
	EXPECT(1, NET_CLOSED, &ev);
	CHECK_EQ(ev.why, NET_RESET);
	CHECK(contract_quiet(0)); /* who aborts is told nothing */
	net_finish(pair->net[1], s.listener);
	CHECK(contract_quiet(1));
}

static void contract_a_short_send_becomes_writable(void)
{
	struct contract_stream s = contract_connect(1);
	uint64_t sent = 0, got = 0, end = UINT64_C(20) << 20;
	struct net_event ev;

	CHECK(s.ok);
	while (!contract_send(0, s.client, &sent, end)) CHECK(sent < end);
	CHECK(contract_event(1, &ev) && ev.what == NET_READABLE);
	for (int still = 0; still < 50; still++) { /* it fills up all the way, and then stands still */
		pair->turn(pair);
		while (net_next(pair->net[0], &ev)) if (ev.what == NET_WRITABLE) contract_send(0, s.client, &sent, end), still = 0;
	}
	uint64_t stuck = sent;
	CHECK(stuck < end && contract_quiet(0));
	CHECK(contract_take(1, s.server, &got));
	while (got < stuck + 100000) {
		if (!net_next(pair->net[1], &ev)) pair->turn(pair);
		else if (ev.what == NET_READABLE) CHECK(contract_take(1, s.server, &got));
		while (net_next(pair->net[0], &ev)) {
			CHECK(ev.what == NET_WRITABLE || ev.what == NET_WAKE);
			if (ev.what == NET_WRITABLE) contract_send(0, s.client, &sent, end);
		}
	}
	CHECK(sent > stuck);
	net_abort(pair->net[1], s.server);
	do CHECK(contract_event(0, &ev)); while (ev.what == NET_WRITABLE);
	CHECK(ev.what == NET_CLOSED && ev.why == NET_RESET);
	net_abort(pair->net[1], s.listener);
}

static void contract_eof_comes_after_the_last_byte(void)
{
	struct contract_stream s = contract_connect(2);
	struct net_event ev;

	CHECK(s.ok);
	CHECK_EQ(net_send(pair->net[0], s.client, bytes_of("the end")), 7);
	net_finish(pair->net[0], s.client);
	CHECK_EQ(net_send(pair->net[0], s.client, bytes_of("more")), 0);
	EXPECT(1, NET_READABLE, &ev);
	CHECK(contract_quiet(1));
	net_take(pair->net[1], s.server, 6);
	CHECK(contract_quiet(1));
	net_take(pair->net[1], s.server, 1);
	EXPECT(1, NET_EOF, &ev);
	CHECK(contract_quiet(1) && contract_quiet(0)); /* half closed */
	uint64_t sent = 0, got = 0, end = 300000;      /* and still good the other way */
	contract_send(1, s.server, &sent, end);
	while (got < end) {
		while (net_next(pair->net[1], &ev)) if (ev.what == NET_WRITABLE) contract_send(1, s.server, &sent, end);
		while (net_next(pair->net[0], &ev)) if (ev.what == NET_READABLE) CHECK(contract_take(0, s.client, &got));
		pair->turn(pair);
	}
	net_finish(pair->net[1], s.server);
	EXPECT(0, NET_EOF, &ev);
	EXPECT(0, NET_CLOSED, &ev);
	CHECK_EQ(ev.why, NET_DONE);
	EXPECT(1, NET_CLOSED, &ev);
	CHECK(ev.id == s.server && ev.why == NET_DONE);
	CHECK(contract_quiet(0) && contract_quiet(1));
	net_abort(pair->net[1], s.listener);
}

static void contract_the_server_may_finish_first(void)
{
	struct contract_stream s = contract_connect(3);
	struct net_event ev;

	CHECK(s.ok);
	net_finish(pair->net[1], s.server);
	EXPECT(0, NET_EOF, &ev);
	net_finish(pair->net[0], s.client);
	EXPECT(0, NET_CLOSED, &ev);
	CHECK_EQ(ev.why, NET_DONE);
	EXPECT(1, NET_EOF, &ev);
	EXPECT(1, NET_CLOSED, &ev);
	CHECK_EQ(ev.why, NET_DONE);
	net_abort(pair->net[1], s.listener);
}

static void contract_nobody_there_is_refused(void)
{
	struct addr at = contract_addr(1, 4);
	struct net_event ev;
	net_id id = net_connect(pair->net[0], &at);

	CHECK(id != 0);
	EXPECT(0, NET_CLOSED, &ev);
	CHECK(ev.id == id && ev.why == NET_REFUSED);
	net_id listener = net_listen(pair->net[1], &at);
	CHECK(listener != 0);
	net_finish(pair->net[1], listener);
	id = net_connect(pair->net[0], &at);
	EXPECT(0, NET_CLOSED, &ev);
	CHECK(ev.id == id && ev.why == NET_REFUSED);
	CHECK(contract_quiet(0) && contract_quiet(1));
}

static void contract_a_stale_id_does_no_harm(void)
{
	struct contract_stream s = contract_connect(5);
	struct addr at = contract_addr(1, 5), any = { .ip = pair->ip[0] };
	struct net *net = pair->net[0];

	CHECK(s.ok);
	net_abort(net, s.client);
	net_id other = net_bind(net, &any); /* may well stand in the same slot */
	net_id stale[] = { s.client, 0, UINT32_MAX, s.client + (1u << 20) };
	for (size_t i = 0; i < COUNT(stale); i++) {
		CHECK(stale[i] != other);
		CHECK(net_peek(net, stale[i]).len == 0 && net_send(net, stale[i], bytes_of("x")) == 0);
		CHECK(!net_sendto(net, stale[i], &at, bytes_of("x")) && !net_join(net, stale[i], &at));
		CHECK(!net_leave(net, stale[i], &at) && !net_set(net, stale[i], NET_TTL, 9) && !net_local(net, stale[i], &any));
		net_take(net, stale[i], 0);
		net_finish(net, stale[i]);
		net_abort(net, stale[i]);
	}
	CHECK(net_local(net, other, &any) && any.port != 0); /* untouched */
	CHECK(net_peek(net, other).len == 0 && net_send(net, other, bytes_of("x")) == 0); /* no stream */
	net_finish(net, other);
	CHECK(!net_local(net, other, &any));
	struct net_event ev;
	EXPECT(1, NET_CLOSED, &ev);
	net_abort(pair->net[1], s.listener);
}

static void contract_datagrams_of_all_sizes(void)
{
	static const size_t sizes[] = { 0, 1, 512, 1472, 1473, 9000, 65507 };
	static uint8_t data[65508];
	struct addr here = contract_addr(0, 26), there = contract_addr(1, 6);
	net_id from = net_bind(pair->net[0], &here), to = net_bind(pair->net[1], &there);
	struct net_event ev;

	CHECK(from != 0 && to != 0);
	for (size_t i = 0; i < sizeof data; i++) data[i] = contract_byte(i);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		CHECK(net_sendto(pair->net[0], from, &there, (struct bytes){ data, sizes[i] }));
		EXPECT(1, NET_DATAGRAM, &ev);
		CHECK_EQ(ev.data.len, sizes[i]);
		CHECK(ev.id == to && ip_equal(ev.peer.ip, here.ip) && ev.peer.port == here.port);
		CHECK(ip_equal(ev.local.ip, there.ip) && ev.local.port == there.port);
		CHECK(bytes_equal(ev.data, (struct bytes){ data, sizes[i] }));
	}
	CHECK(!net_sendto(pair->net[0], from, &there, (struct bytes){ data, 65508 }));
	CHECK_EQ(net_why_not(pair->net[0]), NET_TOO_BIG);
	for (int i = 0; i < 100; i++) { /* a burst, answered one by one while it is handed out */
		uint8_t number = (uint8_t)i;
		CHECK(net_sendto(pair->net[0], from, &there, (struct bytes){ &number, 1 }));
	}
	for (int i = 0; i < 100; i++) {
		EXPECT(1, NET_DATAGRAM, &ev);
		CHECK_EQ(ev.data.at[0], i);
		CHECK(net_sendto(pair->net[1], to, &ev.peer, ev.data));
	}
	for (int i = 0; i < 100; i++) {
		EXPECT(0, NET_DATAGRAM, &ev);
		CHECK(ev.data.len == 1 && ev.data.at[0] == i);
	}
	net_finish(pair->net[0], from);
	net_finish(pair->net[1], to);
	CHECK(contract_quiet(0) && contract_quiet(1)); /* their going is no news */
}

static void contract_a_datagram_nobody_wants_bounces(void)
{
	struct addr here = contract_addr(0, 7), there = contract_addr(1, 8);
	net_id id = net_bind(pair->net[0], &here);
	struct net_event ev;

	CHECK(id != 0);
	for (int i = 0; i < 3; i++) {
		CHECK(net_sendto(pair->net[0], id, &there, bytes_of("anybody?")));
		EXPECT(0, NET_BOUNCED, &ev);
		CHECK(ev.id == id && ev.why == NET_REFUSED && ip_equal(ev.peer.ip, there.ip) && ev.peer.port == there.port);
	}
	net_id back = net_bind(pair->net[1], &there); /* and it is good as ever */
	CHECK(net_sendto(pair->net[0], id, &there, bytes_of("now")));
	EXPECT(1, NET_DATAGRAM, &ev);
	CHECK(ev.id == back);
	net_finish(pair->net[0], id);
	net_finish(pair->net[1], back);
}

static void contract_groups_are_heard_by_members(void)
{
	struct addr group = { .port = (uint16_t)(pair->port + 9), .interface = pair->interface }, any = group;
	struct addr here = { .ip = pair->ip[0], .port = (uint16_t)(pair->port + 10) };
	struct net_event ev;

	CHECK(ip_parse("239.255.77.3", &group.ip));
	any.ip = ip4_any(), any.interface = 0;
	net_id ear = net_bind(pair->net[1], &any), mouth = net_bind(pair->net[0], &here);
	CHECK(ear != 0 && mouth != 0);
	if (!pair->groups_heard_across) CHECK(net_set(pair->net[0], mouth, NET_MULTICAST_LOOP, 1));
	CHECK(net_sendto(pair->net[0], mouth, &group, bytes_of("before")));
	CHECK(contract_quiet(1)); /* not a member */
	CHECK(net_join(pair->net[1], ear, &group));
	CHECK(contract_quiet(1));
	CHECK(net_sendto(pair->net[0], mouth, &group, bytes_of("hear me")));
	EXPECT(1, NET_DATAGRAM, &ev);
	CHECK(bytes_equal(ev.data, bytes_of("hear me")) && ip_equal(ev.local.ip, group.ip));
	CHECK(contract_quiet(0)); /* who is no member does not hear itself */
	CHECK(net_join(pair->net[0], mouth, &group) && net_set(pair->net[0], mouth, NET_MULTICAST_LOOP, 0));
	CHECK(net_sendto(pair->net[0], mouth, &group, bytes_of("no echo")));
	CHECK(contract_quiet(0)); /* nor does a member that has not asked to */
	if (pair->groups_heard_across) EXPECT(1, NET_DATAGRAM, &ev);
	CHECK(net_leave(pair->net[1], ear, &group));
	if (!pair->groups_heard_across) CHECK(net_set(pair->net[0], mouth, NET_MULTICAST_LOOP, 1));
	CHECK(net_sendto(pair->net[0], mouth, &group, bytes_of("gone")));
	CHECK(contract_quiet(1));
	CHECK(!net_leave(pair->net[1], ear, &group)); /* was no member */
	net_finish(pair->net[0], mouth);
	net_finish(pair->net[1], ear);
	while (net_next(pair->net[0], &ev)) ;
}

static void contract_a_wake_comes_at_its_time(void)
{
	struct net *net = pair->net[0];
	struct net_event ev;
	instant at = net_now(net) + 3 * MILLISECOND;

	net_wake(net, NEVER);
	while (net_next(net, &ev)) ;
	net_wake(net, at + SECOND);
	net_wake(net, at); /* the last word counts */
	for (bool woke = false; !woke;) {
		woke = net_next(net, &ev);
		if (woke) CHECK(ev.what == NET_WAKE && net_now(net) >= at);
		else CHECK(net_now(net) < at && net_wait(net));
	}
	CHECK(net_now(net) < at + SECOND / 2 && !net_next(net, &ev)); /* once */
}

static void contract_what_cannot_be_says_why(void)
{
	struct addr at = contract_addr(0, 11), strange = { .ip = pair->stranger, .port = at.port };
	struct net *net = pair->net[0];
	net_id listener = net_listen(net, &at), socket = net_bind(net, &at); /* the two do not share ports */

	CHECK(listener != 0 && socket != 0);
	CHECK(net_listen(net, &at) == 0 && net_why_not(net) == NET_IN_USE);
	CHECK(net_bind(net, &at) == 0 && net_why_not(net) == NET_IN_USE);
	CHECK(net_listen(net, &strange) == 0 && net_why_not(net) == NET_NO_ADDRESS);
	CHECK(net_bind(net, &strange) == 0 && net_why_not(net) == NET_NO_ADDRESS);
	strange.ip = ip4_broadcast();
	CHECK(!net_sendto(net, socket, &strange, bytes_of("all")) && net_why_not(net) == NET_NOT_ALLOWED);
	net_finish(net, listener);
	net_finish(net, socket);
	listener = net_listen(net, &at), socket = net_bind(net, &at); /* free again at once */
	CHECK(listener != 0 && socket != 0);
	net_finish(net, listener);
	net_finish(net, socket);
}

static void contract_a_stream_may_choose_its_own_end(void)
{
	struct addr at = contract_addr(1, 13), own = contract_addr(0, 14), local;
	struct net_how how = { .from = own }, strange = { .from = { .ip = pair->stranger } }, port = { .from.port = (uint16_t)(own.port + 1) };
	net_id listener = net_listen(pair->net[1], &at), id = net_connect_how(pair->net[0], &at, &how);
	struct net_event ev;

	CHECK(listener != 0 && id != 0);
	EXPECT(0, NET_CONNECTED, &ev);
	CHECK(net_local(pair->net[0], id, &local) && ip_equal(local.ip, own.ip) && local.port == own.port);
	EXPECT(1, NET_ACCEPTED, &ev);
	CHECK(ip_equal(ev.peer.ip, own.ip) && ev.peer.port == own.port);
	CHECK(net_connect_how(pair->net[0], &at, &how) == 0 && net_why_not(pair->net[0]) == NET_IN_USE);
	CHECK(net_connect_how(pair->net[0], &at, &strange) == 0 && net_why_not(pair->net[0]) == NET_NO_ADDRESS);
	net_abort(pair->net[0], id);
	EXPECT(1, NET_CLOSED, &ev);
	CHECK((id = net_connect_how(pair->net[0], &at, &port)) != 0);
	EXPECT(0, NET_CONNECTED, &ev);
	EXPECT(1, NET_ACCEPTED, &ev);
	CHECK_EQ(ev.peer.port, port.from.port);
	net_abort(pair->net[1], ev.id);
	EXPECT(0, NET_CLOSED, &ev);
	net_finish(pair->net[1], listener);
}

/* What has come a longer way than is asked for is not heard (RFC 5082), neither a SYN nor what comes later. */
static void contract_who_is_too_far_is_not_heard(void)
{
	struct addr at = contract_addr(1, 16);
	const struct net_how near = { .setting = { { NET_TTL, 255 }, { NET_TTL_LEAST, 255 }, { NET_TRAFFIC_CLASS, 0xb8 } }, .settings = 3 };
	const struct net_how wrong = { .setting = { { NET_MULTICAST_LOOP, 1 } }, .settings = 1 };
	net_id listener = net_listen_how(pair->net[1], &at, &near), far = net_connect(pair->net[0], &at), id;
	struct net_event ev;

	CHECK(listener != 0 && far != 0);
	CHECK(net_connect_how(pair->net[0], &at, &wrong) == 0 && net_why_not(pair->net[0]) == NET_UNSUPPORTED);
	CHECK(contract_quiet(1) && contract_quiet(0));
	net_abort(pair->net[0], far);
	CHECK((id = net_connect_how(pair->net[0], &at, &near)) != 0);
	EXPECT(0, NET_CONNECTED, &ev);
	CHECK_EQ(net_send(pair->net[0], id, bytes_of("near")), 4);
	EXPECT(1, NET_ACCEPTED, &ev);
	net_id server = ev.id;
	EXPECT(1, NET_READABLE, &ev);
	CHECK(bytes_equal(net_peek(pair->net[1], server), bytes_of("near")));
	net_take(pair->net[1], server, 4);
	CHECK(net_set(pair->net[0], id, NET_TTL, 64));
	CHECK_EQ(net_send(pair->net[0], id, bytes_of("far")), 3);
	CHECK(contract_quiet(1) && net_peek(pair->net[1], server).len == 0);
	CHECK(net_set(pair->net[0], id, NET_TTL, 255)); /* what was lost is sent again */
	EXPECT(1, NET_READABLE, &ev);
	CHECK(bytes_equal(net_peek(pair->net[1], server), bytes_of("far")));
	net_abort(pair->net[0], id);
	EXPECT(1, NET_CLOSED, &ev);
	net_finish(pair->net[1], listener);
}

/* The byte that is marked stays where it is (RFC 6093). */
static void contract_urgent_bytes_stay_in_their_place(void)
{
	struct contract_stream s = contract_connect(18);
	uint64_t sent = 0, got = 0;
	unsigned urgent = 0;
	struct net_event ev;

	CHECK(s.ok);
	if (pair->marks_urgent) CHECK(net_set(pair->net[1], s.server, NET_URGENT_NEWS, 1));
	CHECK(!contract_send(0, s.client, &sent, 3000));
	for (int i = 0; i < 3; i++) {
		uint8_t two[2] = { contract_byte(sent), contract_byte(sent + 1) };
		CHECK_EQ(net_send_urgent(pair->net[0], s.client, (struct bytes){ two, 2 }), 2);
		sent += 2;
		CHECK(!contract_send(0, s.client, &sent, sent + 1000));
		while (got < sent) {
			while (net_next(pair->net[1], &ev)) {
				CHECK(ev.what == NET_READABLE || ev.what == NET_URGENT || ev.what == NET_WAKE);
				if (ev.what == NET_URGENT) urgent |= 1u << i;
				if (ev.what == NET_URGENT) CHECK(got < sent - 1000); /* before the byte could have been taken */
				if (ev.what == NET_READABLE) CHECK(contract_take(1, s.server, &got));
			}
			while (net_next(pair->net[0], &ev)) ;
			pair->turn(pair);
		}
	}
	CHECK_EQ(urgent, pair->marks_urgent ? 7 : 0);
	CHECK_EQ(net_send_urgent(pair->net[1], s.server, bytes_of("back")), 4); /* and nobody there wants to know */
	EXPECT(0, NET_READABLE, &ev);
	CHECK(contract_quiet(0) && bytes_equal(net_peek(pair->net[0], s.client), bytes_of("back")));
	while (!contract_send(0, s.client, &sent, sent + 100000)) ; /* until it is full */
	CHECK_EQ(net_send_urgent(pair->net[0], s.client, bytes_of("more than fits")), 0); /* nothing, or all */
	net_abort(pair->net[0], s.client);
	while (contract_event(1, &ev) && ev.what != NET_CLOSED) ;
	net_finish(pair->net[1], s.listener);
}

static void contract_many_at_once_on_one_port(void)
{
	enum { CLIENTS = 20, BYTES = 50000 };
	struct addr at = contract_addr(1, 12);
	net_id listener = net_listen(pair->net[1], &at), client[CLIENTS];
	uint64_t sent[CLIENTS] = { 0 }, back[CLIENTS] = { 0 };
	int closed = 0, server_closed = 0;
	struct net_event ev;

	CHECK(listener != 0);
	for (int i = 0; i < CLIENTS; i++) CHECK((client[i] = net_connect(pair->net[0], &at)) != 0);
	for (int turns = 0; closed < CLIENTS || server_closed < CLIENTS; turns++) {
		CHECK(turns < 20000);
		while (net_next(pair->net[1], &ev)) { /* echo */
			size_t n = 1;
			if (ev.what == NET_READABLE || ev.what == NET_WRITABLE)
				for (; n > 0; net_take(pair->net[1], ev.id, n))
					n = net_send(pair->net[1], ev.id, net_peek(pair->net[1], ev.id));
			if (ev.what == NET_EOF) net_finish(pair->net[1], ev.id);
			if (ev.what == NET_CLOSED) server_closed++;
			CHECK(ev.what != NET_CLOSED || ev.why == NET_DONE);
		}
		while (net_next(pair->net[0], &ev)) {
			int i = 0;
			while (ev.what != NET_WAKE && client[i] != ev.id) i++;
			if (ev.what == NET_CONNECTED || ev.what == NET_WRITABLE) {
				contract_send(0, ev.id, &sent[i], BYTES);
				if (sent[i] == BYTES) net_finish(pair->net[0], ev.id);
			}
			if (ev.what == NET_READABLE) CHECK(contract_take(0, ev.id, &back[i]));
			if (ev.what == NET_CLOSED) closed++;
			CHECK(ev.what != NET_CLOSED || (ev.why == NET_DONE && back[i] == BYTES));
		}
		pair->turn(pair);
	}
	net_finish(pair->net[1], listener);
}

static inline void net_contract(void)
{
	TEST(contract_both_ends_know_each_other);
	TEST(contract_a_short_send_becomes_writable);
	TEST(contract_eof_comes_after_the_last_byte);
	TEST(contract_the_server_may_finish_first);
	TEST(contract_nobody_there_is_refused);
	TEST(contract_a_stale_id_does_no_harm);
	TEST(contract_datagrams_of_all_sizes);
	TEST(contract_a_datagram_nobody_wants_bounces);
	TEST(contract_groups_are_heard_by_members);
	TEST(contract_a_wake_comes_at_its_time);
	TEST(contract_what_cannot_be_says_why);
	TEST(contract_a_stream_may_choose_its_own_end);
	TEST(contract_who_is_too_far_is_not_heard);
	TEST(contract_urgent_bytes_stay_in_their_place);
	TEST(contract_many_at_once_on_one_port);
}

#endif
