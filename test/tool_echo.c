/* SPDX-License-Identifier: ISC */
/* echo over our own stacks on one wire, which loses, doubles and delays what the test wants it to. */
#include "lan_tool.h"

#include "wire/ip4.h"

enum { SERVER, ALICE, BOB };

/* What the wire does with UDP datagrams from the server, by their number from 1 on. */
static struct { unsigned seen, lose, keep; struct lan_end *stranger; struct lan_frame kept; } wire;

static bool spoil_answers(unsigned number, struct bytes frame)
{
	struct eth eth;
	struct ip4 ip;
	(void)number;
	if (eth_parse(frame, &eth) != DROP_NONE || eth.type != 0x0800) return false;
	if (ip4_parse(eth.payload, &ip) != DROP_NONE || ip.protocol != 17 || !mac_equal(eth.src, lan_mac(SERVER, 0))) return false;
	wire.seen++;
	if (wire.seen == wire.keep) {
		wire.kept.len = frame.len;
		memcpy(wire.kept.data, frame.at, frame.len);
		return wire.lose == wire.keep;
	}
	return wire.seen == wire.lose;
}

static void bring_the_kept_one(void)
{
	struct frame f = { .data = { wire.kept.data, wire.kept.len } };
	lan.spoil = NULL;
	lan_send(&wire.stranger->link, lan.now, &f, 1);
}

static void two_clients_on_one_port(void)
{
	lan_hosts(3);
	CHECK(lan_tool(SERVER, "echo serve tcp://:6666"));
	CHECK(lan_tool(ALICE, "echo call tcp://10.0.0.1:6666 --every 1s --count 3 --message Alice"));
	CHECK(lan_tool(BOB, "echo call tcp://10.0.0.1:6666 --every 1s --count 3 --message Bob"));
	CHECK(lan_tool_ends(ALICE) && lan_tool_ends(BOB));
	CHECK(on[ALICE].tool->status == 0 && on[BOB].tool->status == 0);
	CHECK(said(ALICE, "Send: Alice\nServer ACK with: 'Alice' time=") && said(ALICE, " ms\nSend") && said(BOB, "Server ACK with: 'Bob' time="));
	CHECK(measured(ALICE, "sent") == 3 && measured(ALICE, "answered") == 3 && measured(BOB, "lost") == 0);
	CHECK(measured(SERVER, "connections") == 2 && measured(SERVER, "connections_max") == 2 && measured(SERVER, "bytes") == 30);
	CHECK(measured(SERVER, "sockets_max") == 3 && measured(ALICE, "connections") == 1);
}

static bool lose_some(unsigned number, struct bytes frame)
{
	static struct rng rng;
	if (rng.used == 0 && rng.block == 0) rng_init_number(&rng, 5);
	(void)number, (void)frame;
	return rng_chance(&rng, 30000000);
}

static void tcp_hides_a_bad_wire(void)
{
	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve tcp://:6666"));
	lan.spoil = lose_some;
	CHECK(lan_tool(ALICE, "echo call tcp://10.0.0.1:6666 --bytes 400k --timeout 100s"));
	CHECK(lan_tool_ends(ALICE));
	CHECK_EQ(on[ALICE].tool->status, 0);
	CHECK(measured(ALICE, "bytes") == 400000 && measured(ALICE, "wrong") == 0 && said(ALICE, "all right"));
}

static void udp_shows_what_is_lost(void)
{
	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve udp://:7777"));
	wire.seen = 0, wire.lose = 2, wire.keep = 0;
	lan.spoil = spoil_answers;
	CHECK(lan_tool(ALICE, "echo call udp://10.0.0.1:7777 --every 1s --count 4 --timeout 3s"));
	CHECK(lan_tool_ends(ALICE));
	CHECK(on[ALICE].tool->status == 0 && measured(ALICE, "answered") == 3 && measured(ALICE, "lost") == 1);
	CHECK(said(ALICE, "Server ACK with: 'Hello World! #3'") && !said(ALICE, "Server ACK with: 'Hello World! #2'"));
	CHECK(said(ALICE, "4 sent, 3 answered, 1 lost (25%), 0 duplicated, 0 reordered"));
	CHECK_EQ(measured(SERVER, "datagrams"), 4);
}

static void udp_shows_what_comes_late_or_twice(void)
{
	lan_hosts(2);
	wire.stranger = lan_stranger(0);
	CHECK(lan_tool(SERVER, "echo serve udp://:7777"));
	wire.seen = 0, wire.lose = 1, wire.keep = 1; /* the first answer is held back */
	lan.spoil = spoil_answers;
	CHECK(lan_tool(ALICE, "echo call udp://10.0.0.1:7777 --every 1s --count 4 --timeout 5s"));
	lan_run_for(SECOND + SECOND / 2);
	CHECK(measured(ALICE, "sent") == 2 && measured(ALICE, "answered") == 1);
	bring_the_kept_one();
	lan_run_for(SECOND / 10);
	CHECK(measured(ALICE, "answered") == 2 && measured(ALICE, "reordered") == 1 && measured(ALICE, "duplicated") == 0);
	bring_the_kept_one();
	lan_run_for(SECOND / 10);
	CHECK(measured(ALICE, "answered") == 2 && measured(ALICE, "duplicated") == 1);
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == 0);
	CHECK(said(ALICE, "4 sent, 4 answered, 0 lost (0%), 1 duplicated, 1 reordered"));
}

static void a_group_is_heard_by_its_members(void)
{
	lan_hosts(3);
	CHECK(lan_tool(SERVER, "echo serve multicast://239.1.2.3:5555"));
	CHECK(lan_tool(BOB, "echo serve multicast://239.1.2.4:5555 broadcast://:5556"));
	lan_run_for(SECOND);
	CHECK(lan_tool(ALICE, "echo call multicast://239.1.2.3:5555 --count 2 --every 1s --message Moin --timeout 1s"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == 0);
	CHECK(said(SERVER, "to 239.1.2.3:5555: Moin #1\n") && said(SERVER, ": Moin #2\n") && measured(SERVER, "heard") == 2);
	CHECK(measured(BOB, "heard") == 0 && measured(ALICE, "answered") == 0);
	CHECK(lan_tool(ALICE, "echo call broadcast://:5556 --count 1 --timeout 1s"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == 0);
	CHECK(said(BOB, "to 255.255.255.255:5556: Hello World! #1\n"));
	CHECK(lan_tool(ALICE, "echo call broadcast://10.0.0.255:5556 --count 1 --timeout 1s"));
	CHECK(lan_tool_ends(ALICE) && said(BOB, "to 10.0.0.255:5556: Hello World! #1\n"));
}

static void the_server_may_close_first(void)
{
	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve tcp://:6666 --close-after 2"));
	CHECK(lan_tool(ALICE, "echo call tcp://10.0.0.1:6666 --every 1s --count 5"));
	CHECK(lan_tool_ends(ALICE));
	CHECK(said(ALICE, "The server closed the connection\n") && measured(ALICE, "answered") == 2);
	lan_run_for(5 * SECOND);
	CHECK(said(SERVER, "closed by both sides, 26 bytes echoed"));
}

static void nobody_there_is_said_so(void)
{
	lan_hosts(2);
	CHECK(lan_tool(ALICE, "echo call tcp://10.0.0.1:6666"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_FAILED && complained(ALICE, "connection refused"));
	CHECK(lan_tool(ALICE, "echo call udp://10.0.0.1:6666 --count 1 --timeout 2s"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_FAILED && complained(ALICE, "connection refused"));
	CHECK(lan_tool(ALICE, "echo call tcp://10.0.0.77:6666 --timeout 30s"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_FAILED);
	CHECK(complained(ALICE, "unreachable") || complained(ALICE, "timed out"));
	CHECK(lan_tool(ALICE, "echo call tcp://10.0.0.1:6666 --bytes 1M"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_FAILED && complained(ALICE, "connection refused"));
}

/* An echo must not answer an echo: a forged first datagram would keep the two at it for ever. */
static void two_servers_do_not_talk_for_ever(void)
{
	struct addr from = lan_addr("10.0.0.2:7777"), to = lan_addr("10.0.0.1:7777");
	struct net_event ev;

	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve udp://:7777"));
	net_id id = net_bind(lan_net(ALICE), &from);
	CHECK(id != 0 && net_sendto(lan_net(ALICE), id, &to, bytes_of("ping-pong?")));
	lan_run_for(SECOND);
	CHECK(measured(SERVER, "datagrams") == 1 && !net_next(lan_net(ALICE), &ev));
}

static void stopping_ends_it(void)
{
	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve tcp://:6666 udp://:7777"));
	CHECK(lan_tool(ALICE, "echo call tcp://10.0.0.1:6666 --every 1s"));
	lan_run_for(4 * SECOND + SECOND / 2);
	on[ALICE].tool->stop(on[ALICE].tool);
	lan_run_for(SECOND);
	CHECK(on[ALICE].tool->done && on[ALICE].tool->status == 0 && measured(ALICE, "sent") == 5);
	on[SERVER].tool->stop(on[SERVER].tool);
	lan_run_for(SECOND);
	CHECK(on[SERVER].tool->done && said(SERVER, "1 connections"));
	CHECK(lan_tool(ALICE, "echo call tcp://10.0.0.1:6666"));
	CHECK(lan_tool_ends(ALICE) && complained(ALICE, "refused"));
}

static void wrong_words_are_told(void)
{
	static const struct { const char *words, *why; } wrong[] = {
		{ "echo", "serve or call" }, { "echo srve", "did you mean serve" }, { "echo serve", "on which ports" },
		{ "echo serve tcp://:x", "no number" }, { "echo serve tcp://:65536", "no number" }, { "echo serve ftp://:1", "kind of URL" },
		{ "echo serve tcp://www.example.com:1", "not on a name" }, { "echo serve multicast://10.0.0.1:1", "no multicast" },
		{ "echo serve tcp://[::1:1", "bracket is open" }, { "echo serve tcp://:1/x", "only an http URL" },
		{ "echo call", "whom" }, { "echo call tcp://:1", "a host is wanted" }, { "echo call broadcast://:1 --bytes 3", "tcp" },
		{ "echo call tcp://10.0.0.1:1 --count", "takes a number" }, { "echo call tcp://10.0.0.1:1 --count -3", "takes a number" },
		{ "echo call tcp://10.0.0.1:1 --every never", "takes a time" }, { "echo call tcp://10.0.0.1:1 x", "one word too many" },
		{ "echo call tcp://10.0.0.1:1 --ttl 256", "at most 255" }, { "echo call tcp://10.0.0.1:1 -c 3", "two dashes" },
		{ "echo call udp://10.0.0.1:1 --every 0s", "wants a --count" }, { "echo call udp://10.0.0.1:1 --loop", "multicast" },
		{ "echo serve udp://:1 --raw", "tcp or tls" }, { "echo serve tcp://:1 --interface 1", "multicast" },
		{ "echo serve multicast://239.1.2.3:1 --interface eth7", "no such interface" }, { "echo load", "whom" },
		{ "echo load tcp://10.0.0.1:1 --connections 0", "1 to 16000" }, { "echo load tcp://10.0.0.1:1 --window 0", "at least 1" },
		{ "echo load tcp://10.0.0.1:1 --bytes 5", "16 to" }, { "echo load multicast://239.1.2.3:1", "kind of URL" },
	};
	lan_hosts(1);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		CHECK(!lan_tool(0, wrong[i].words));
		if (!complained(0, wrong[i].why)) printf("# %s: %s", wrong[i].words, on[0].err);
		CHECK(complained(0, wrong[i].why) && on[0].env.status == TOOL_USAGE);
	}
	CHECK(!lan_tool(0, "ech serve") && complained(0, "did you mean echo"));
	CHECK(!lan_tool(0, "sockets") && complained(0, "this host's kernel"));
	CHECK(!lan_tool(0, "echo serve tcp://192.0.2.1:1") && complained(0, "cannot assign") && on[0].env.status == TOOL_FAILED);
}

/* A stream of this host's to the server, that says what a test wants. */
static net_id plain_stream(unsigned h, const char *to)
{
	struct addr server = lan_addr(to);
	lan.app[h].event = NULL;
	net_id id = net_connect(lan_net(h), &server);
	lan_run_for(SECOND);
	return id;
}

static bool heard(unsigned h, net_id id, const char *words)
{
	char all[4000];
	size_t len = 0;

	for (struct bytes b; (b = net_peek(lan_net(h), id)).len > 0; net_take(lan_net(h), id, b.len))
		for (size_t i = 0; i < b.len && len < sizeof all; i++) all[len++] = (char)b.at[i];
	bool same = len == strlen(words) && memcmp(all, words, len) == 0;
	if (!same) printf("# heard: %.*s\n", (int)len, all);
	return same;
}

static void say(unsigned h, net_id id, const char *words)
{
	CHECK_EQ(net_send(lan_net(h), id, bytes_of(words)), strlen(words));
	lan_run_for(SECOND);
}

static void a_line_comes_back_whole(void)
{
	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve tcp://:6666"));
	net_id id = plain_stream(ALICE, "10.0.0.1:6666");
	say(ALICE, id, "one\ntw");
	CHECK(heard(ALICE, id, "one\n"));
	say(ALICE, id, "o");
	CHECK(heard(ALICE, id, ""));
	say(ALICE, id, "\n\nthree\nfour");
	CHECK(heard(ALICE, id, "two\n\nthree\n"));
	net_finish(lan_net(ALICE), id);
	lan_run_for(SECOND);
	CHECK(heard(ALICE, id, "four"));
	CHECK(lan_tool(SERVER, "echo serve tcp://:6667 --raw"));
	id = plain_stream(ALICE, "10.0.0.1:6667");
	say(ALICE, id, "tw");
	CHECK(heard(ALICE, id, "tw"));
}

/* Everything that was said comes back, the line without an end too, and then the server's end; it waits for ours. */
static void stopping_lets_clients_finish(void)
{
	net_id idle, begun, late;
	struct net_event ev;

	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve tcp://:6666"));
	idle = plain_stream(ALICE, "10.0.0.1:6666");
	begun = plain_stream(ALICE, "10.0.0.1:6666");
	late = plain_stream(ALICE, "10.0.0.1:6666");
	say(ALICE, begun, "begun");
	net_send(lan_net(ALICE), late, bytes_of("on its way\n"));
	on[SERVER].tool->stop(on[SERVER].tool);
	lan_run_for(SECOND);
	CHECK(!on[SERVER].tool->done && heard(ALICE, begun, "begun") && heard(ALICE, late, "on its way\n"));
	unsigned ends = 0;
	while (net_next(lan_net(ALICE), &ev)) ends += ev.what == NET_EOF;
	CHECK_EQ(ends, 3);
	net_finish(lan_net(ALICE), idle);
	net_finish(lan_net(ALICE), begun);
	lan_run_for(SECOND);
	CHECK(!on[SERVER].tool->done);
	net_abort(lan_net(ALICE), late);
	lan_run_for(SECOND / 10);
	CHECK(on[SERVER].tool->done && on[SERVER].tool->status == 0);
	CHECK(said(SERVER, "3 connections, 0 datagrams, 16 bytes echoed") && !complained(SERVER, "cut off"));
}

static void stopping_does_not_wait_for_ever(void)
{
	instant from;

	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve tcp://:6666"));
	net_id deaf = plain_stream(ALICE, "10.0.0.1:6666");
	for (size_t i = 0; i < 100000; i++) { /* until neither takes more: it does not read */
		if (net_send(lan_net(ALICE), deaf, bytes_of("I hear nothing\n")) == 0) lan_run_for(SECOND / 10);
		if (i % 1000 == 0) lan_run_for(SECOND);
	}
	from = lan.now;
	on[SERVER].tool->stop(on[SERVER].tool);
	while (!on[SERVER].tool->done && lan.now < from + 100 * SECOND) lan_run_for(SECOND / 100);
	CHECK(lan.now - from > TOOL_DRAIN_WITHIN - SECOND / 5 && lan.now - from < TOOL_DRAIN_WITHIN + SECOND / 5);
	CHECK(on[SERVER].tool->done && on[SERVER].tool->status == 0 && complained(SERVER, "1 clients did not read or leave within 5 s"));
}

static void a_line_too_long_is_an_error(void)
{
	static uint8_t xs[1000];
	net_id id, other;

	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve tcp://:6666"));
	other = plain_stream(ALICE, "10.0.0.1:6666");
	say(ALICE, other, "begun ");
	id = plain_stream(ALICE, "10.0.0.1:6666");
	memset(xs, 'x', sizeof xs);
	for (size_t sent = 0, tries = 0; sent < 65537 && tries < 1000; tries++) {
		sent += net_send(lan_net(ALICE), id, (struct bytes){ xs, size_min(sizeof xs, 65537 - sent) });
		lan_run_for(SECOND / 100);
	}
	lan_run_for(SECOND);
	CHECK(heard(ALICE, id, "echo: this line has more than 65536 bytes; --raw has no lines\n"));
	CHECK(measured(SERVER, "too_long") == 1 && complained(SERVER, "a line of more than 65536 bytes"));
	lan_run_for(5 * SECOND); /* who does not go is put out */
	CHECK_EQ(stack_counts(lan.host[SERVER]).connections, 1);
	say(ALICE, other, "and ended\n");
	CHECK(heard(ALICE, other, "begun and ended\n"));
}

static void load_counts_and_times(void)
{
	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve tcp://:6666 udp://:7777"));
	CHECK(lan_tool(ALICE, "echo load tcp://10.0.0.1:6666 --connections 5 --window 3 --seconds 20ms --bytes 100"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == 0);
	CHECK(measured(ALICE, "connections") == 5 && measured(ALICE, "lost") == 0 && measured(ALICE, "wrong") == 0);
	CHECK(measured(ALICE, "answered") == measured(ALICE, "sent") && measured(ALICE, "answered") > 15);
	CHECK(measured(SERVER, "bytes") == 100 * measured(ALICE, "sent") && measured(ALICE, "microseconds") == 20000);
	CHECK(measured(ALICE, "rtt_min_ns") <= measured(ALICE, "rtt_50_ns"));
	CHECK(said(ALICE, "5 connections, window 3, 100 bytes, 0.020 s") && said(ALICE, " 99.9%"));
	CHECK(lan_tool(ALICE, "echo load udp://10.0.0.1:7777 --connections 2 --window 2 --seconds 20ms --json"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == 0 && said(ALICE, "{\"url\":\"udp://10.0.0.1:7777\",\"connections\":2,"));
	CHECK(measured(ALICE, "lost") == 0 && measured(ALICE, "answered") > 4);
	CHECK(lan_tool(ALICE, "echo load tcp://10.0.0.1:6667"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_FAILED && complained(ALICE, "connection refused"));
	CHECK(lan_tool(ALICE, "echo load udp://10.0.0.1:6667"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_FAILED && complained(ALICE, "connection refused"));
}

static void load_counts_what_is_lost(void)
{
	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve tcp://:6666 udp://:7777"));
	wire.seen = 0, wire.lose = 2, wire.keep = 0;
	lan.spoil = spoil_answers;
	CHECK(lan_tool(ALICE, "echo load udp://10.0.0.1:7777 --connections 2 --window 2 --seconds 20ms"));
	CHECK(lan_tool_ends(ALICE));
	CHECK(on[ALICE].tool->status == 0 && measured(ALICE, "lost") == 1);
	CHECK_EQ(measured(ALICE, "sent"), measured(ALICE, "answered") + 1);
	lan.spoil = lose_some;
	CHECK(lan_tool(ALICE, "echo load tcp://10.0.0.1:6666 --connections 3 --seconds 30ms"));
	CHECK(lan_tool_ends(ALICE));
	CHECK(measured(ALICE, "wrong") == 0 && measured(ALICE, "failed") == 0 && measured(ALICE, "answered") > 0);
}

static const char *by_names(struct tool_env *env, const char *name)
{
	(void)env;
	if (strcmp(name, "TYPE") == 0) return "client";
	if (strcmp(name, "PROTOCOL") == 0) return "udpu";
	return strcmp(name, "HOST") == 0 ? "10.0.0.1:7777" : NULL;
}

/* What is lent: how many connections to keep to, and the environment's names. */
static void what_is_lent_is_kept_to(void)
{
	static const char *const echo[] = { "echo" };
	net_id id[5];

	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve tcp://:6666 udp://:7777"));
	on[SERVER].env.connections_max = 3;
	for (size_t i = 0; i < COUNT(id); i++) id[i] = plain_stream(ALICE, "10.0.0.1:6666");
	CHECK(heard(ALICE, id[3], "echo: too many clients; try again later\n"));
	CHECK(measured(SERVER, "connections") == 3 && measured(SERVER, "turned_away") == 2);
	CHECK(complained(SERVER, "3 clients are as many") && strchr(on[SERVER].err, '\n')[1] == '\0');
	say(ALICE, id[2], "served\n");
	CHECK(heard(ALICE, id[2], "served\n"));
	net_abort(lan_net(ALICE), id[0]);
	lan_run_for(SECOND);
	CHECK(complained(SERVER, "there is room for clients again; 2 were turned away"));
	id[0] = plain_stream(ALICE, "10.0.0.1:6666");
	say(ALICE, id[0], "again\n");
	CHECK(heard(ALICE, id[0], "again\n") && measured(SERVER, "connections") == 4);
	CHECK(lan_tool(ALICE, "echo call udp://10.0.0.1:7777 --count 1")); /* for its environment */
	CHECK(lan_tool_ends(ALICE));
	on[ALICE].env.variable = by_names;
	on[ALICE].tool = tool_open(1, echo, &on[ALICE].env);
	CHECK(on[ALICE].tool != NULL);
	if (on[ALICE].tool != NULL) lan.app[ALICE] = on[ALICE].tool->app;
	lan_run_for(SECOND);
	CHECK(measured(ALICE, "answered") == 1 && measured(SERVER, "datagrams") == 2);
}

#define ECHO_TEST(function) do { TEST(function); lan_tools_end(); } while (0)

int main(void)
{
	ECHO_TEST(two_clients_on_one_port);
	ECHO_TEST(tcp_hides_a_bad_wire);
	ECHO_TEST(udp_shows_what_is_lost);
	ECHO_TEST(udp_shows_what_comes_late_or_twice);
	ECHO_TEST(a_group_is_heard_by_its_members);
	ECHO_TEST(the_server_may_close_first);
	ECHO_TEST(a_line_comes_back_whole);
	ECHO_TEST(a_line_too_long_is_an_error);
	ECHO_TEST(load_counts_and_times);
	ECHO_TEST(load_counts_what_is_lost);
	ECHO_TEST(what_is_lent_is_kept_to);
	ECHO_TEST(nobody_there_is_said_so);
	ECHO_TEST(two_servers_do_not_talk_for_ever);
	ECHO_TEST(stopping_ends_it);
	ECHO_TEST(stopping_lets_clients_finish);
	ECHO_TEST(stopping_does_not_wait_for_ever);
	ECHO_TEST(wrong_words_are_told);
	return tap_end();
}
