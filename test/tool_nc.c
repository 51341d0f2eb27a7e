/* SPDX-License-Identifier: ISC */
/* nc over our own stacks on one wire. What a tool reads as its input comes over a connection from the last host. */
#include "lan_tool.h"

#include "tool/nc/nc.h"
#include "tool/say.h"

enum { SERVER, ALICE, BOB, TYPIST };

/* Lends host `h` an input; returns the typist's end of it. */
static net_id typist_for(unsigned h)
{
	struct addr at = { .ip = ip4_any(), .port = 9 }, to = { .ip = ip4_of(0x0a000001 + h), .port = 9 };
	struct net_event ev;
	net_id listener = net_listen(lan_net(h), &at), far = net_connect(lan_net(TYPIST), &to);

	lan_run_for(SECOND / 10);
	bool came = lan_next_is(h, NET_ACCEPTED, &ev) && ev.on == listener;
	assert(came);
	lan_input[h] = ev.id;
	net_finish(lan_net(h), listener);
	return far;
}

static void type(net_id far, const char *words) { net_send(lan_net(TYPIST), far, bytes_of(words)); }

static bool lose_some(unsigned number, struct bytes frame)
{
	static struct rng rng;
	if (rng.used == 0 && rng.block == 0) rng_init_number(&rng, 5);
	(void)number, (void)frame;
	return rng_chance(&rng, 30000000);
}

static void each_side_ends_by_itself(void)
{
	lan_hosts(4);
	net_id served = typist_for(SERVER), alices = typist_for(ALICE);
	CHECK(lan_tool(SERVER, "nc -l -v -N 7000"));
	CHECK(lan_tool(ALICE, "nc -N 10.0.0.1 7000"));
	type(alices, "all I have to say\n");
	net_finish(lan_net(TYPIST), alices);
	lan_run_for(5 * SECOND);
	CHECK(said(SERVER, "all I have to say\n") && !on[SERVER].tool->done && !on[ALICE].tool->done);
	type(served, "and long after that\n");
	net_finish(lan_net(TYPIST), served);
	CHECK(lan_tool_ends(SERVER) && lan_tool_ends(ALICE) && said(ALICE, "and long after that\n"));
	CHECK(on[SERVER].tool->status == 0 && on[ALICE].tool->status == 0 && complained(SERVER, "Connection received on 10.0.0.2"));
	CHECK(measured(ALICE, "sent") == 18 && measured(ALICE, "received") == 20);
}

static void a_bad_wire_costs_no_byte(void)
{
	char line[1001] = "";
	size_t typed = 0;

	memset(line, 'x', sizeof line - 1);
	lan_hosts(4);
	net_id alices = typist_for(ALICE);
	CHECK(lan_tool(SERVER, "nc -l 7000"));
	CHECK(lan_tool(ALICE, "nc -N 10.0.0.1 7000"));
	lan.spoil = lose_some;
	for (int i = 0; i < 100000 && typed < 500000; i++) {
		typed += net_send(lan_net(TYPIST), alices, bytes_of(line));
		lan_run_for(SECOND / 1000);
	}
	net_finish(lan_net(TYPIST), alices);
	CHECK(lan_tool_ends(ALICE) && lan_tool_ends(SERVER));
	CHECK(measured(SERVER, "received") == (int64_t)typed && measured(ALICE, "sent") == (int64_t)typed && typed >= 500000);
}

static void what_went_wrong_is_the_status(void)
{
	lan_hosts(4);
	net_id alices = typist_for(ALICE);
	CHECK(lan_tool(ALICE, "nc 10.0.0.1 7000"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_FAILED && complained(ALICE, "connection refused"));
	CHECK(lan_tool(ALICE, "nc 192.0.2.1 7000"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == NC_UNREACHABLE && complained(ALICE, "unreachable"));
	CHECK(lan_tool(ALICE, "nc -w 500ms 10.0.0.77 7000"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == NC_TIMED_OUT && complained(ALICE, "timed out"));
	CHECK(lan_tool(ALICE, "nc www.example.com 7000"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == NC_NO_NAME && complained(ALICE, "no name server"));
	CHECK(lan_tool(SERVER, "nc -u -l 7001"));
	CHECK(lan_tool(ALICE, "nc -u -v -w 3 10.0.0.1 7001"));
	type(alices, "anybody?\n");
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == NC_TIMED_OUT && complained(ALICE, "no answer") && said(SERVER, "anybody?"));
}

static void a_datagram_and_its_answer(void)
{
	lan_hosts(4);
	net_id alices = typist_for(ALICE);
	CHECK(lan_tool(SERVER, "echo serve udp://:8083"));
	CHECK(lan_tool(ALICE, "nc -u 10.0.0.1 8083 -w 10"));
	type(alices, "Hello world\n");
	net_finish(lan_net(TYPIST), alices);
	instant from = lan.now;
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == 0 && said(ALICE, "Hello world\n"));
	CHECK(measured(ALICE, "sent") == 12 && measured(ALICE, "received") == 12 && lan.now - from < 11 * SECOND);
}

static void many_peers_hear_what_is_typed(void)
{
	lan_hosts(4);
	net_id served = typist_for(SERVER), alices = typist_for(ALICE), bobs = typist_for(BOB);
	CHECK(lan_tool(SERVER, "nc -u -l -k 7000"));
	CHECK(lan_tool(ALICE, "nc -u 10.0.0.1 7000") && lan_tool(BOB, "nc -u --hex 10.0.0.1 7000"));
	type(alices, "I am Alice\n");
	type(bobs, "I am Bob\n");
	lan_run_for(SECOND);
	type(served, "welcome\n");
	lan_run_for(SECOND);
	CHECK(said(SERVER, "I am Alice\n") && said(SERVER, "I am Bob\n") && measured(SERVER, "peers") == 2);
	CHECK(said(ALICE, "welcome\n") && said(BOB, "00000000  77 65 6c 63 6f 6d 65 0a                           |welcome.|\n"));
	CHECK(said(BOB, "to 10.0.0.1:7000, 9 bytes") && said(BOB, "from 10.0.0.1:7000, 8 bytes"));
}

static void a_group_is_one_that_is_joined(void)
{
	lan_hosts(4);
	net_id alices = typist_for(ALICE);
	CHECK(lan_tool(SERVER, "nc -u -l 239.1.2.3 5555") && lan_tool(BOB, "nc -u -l --join 239.1.2.3 5555"));
	lan_run_for(SECOND);
	CHECK(lan_tool(ALICE, "nc -u -q 0 239.1.2.3 5555"));
	type(alices, "to all\n");
	net_finish(lan_net(TYPIST), alices);
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == 0);
	lan_run_for(SECOND);
	CHECK(said(SERVER, "to all\n") && said(BOB, "to all\n"));
}

static void which_ports_are_open(void)
{
	lan_hosts(4);
	CHECK(lan_tool(SERVER, "echo serve tcp://:21 tcp://:23 udp://:22"));
	CHECK(lan_tool(ALICE, "nc -z -v 10.0.0.1 20-24"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == 0 && measured(ALICE, "open_ports") == 2);
	CHECK(complained(ALICE, "Connection to 10.0.0.1 21 port [tcp/*] succeeded!\n") && complained(ALICE, "port 24 (tcp): connection refused"));
	CHECK(lan_tool(BOB, "nc -z -u --json 10.0.0.1 21-22"));
	CHECK(lan_tool_ends(BOB) && on[BOB].tool->status == 0 && measured(BOB, "open_ports") == 1);
	CHECK(said(BOB, "\"port\": 22, \"protocol\": \"udp\", \"open\": true}") && said(BOB, "\"port\": 21, \"protocol\": \"udp\", \"open\": false"));
}

static void one_after_another(void)
{
	lan_hosts(4);
	net_id alices = typist_for(ALICE), bobs = typist_for(BOB);
	CHECK(lan_tool(SERVER, "nc -l -k 7000"));
	CHECK(lan_tool(ALICE, "nc -N 10.0.0.1 7000"));
	lan_run_for(SECOND);
	CHECK(lan_tool(BOB, "nc -N 10.0.0.1 7000"));
	type(bobs, "second\n");
	net_finish(lan_net(TYPIST), bobs);
	lan_run_for(SECOND);
	type(alices, "first\n");
	net_finish(lan_net(TYPIST), alices);
	CHECK(lan_tool_ends(ALICE) && lan_tool_ends(BOB) && said(SERVER, "first\nsecond\n") && measured(SERVER, "connections") == 2);
	CHECK(!on[SERVER].tool->done);
	on[SERVER].tool->stop(on[SERVER].tool);
	CHECK(on[SERVER].tool->done && on[SERVER].tool->status == 0);
}

/* Asked to end, a listener takes what its client still says; but not for ever. */
static void stopping_lets_the_client_finish(void)
{
	lan_hosts(4);
	net_id alices = typist_for(ALICE);
	typist_for(BOB);
	CHECK(lan_tool(SERVER, "nc -l -k 7000"));
	CHECK(lan_tool(ALICE, "nc -N 10.0.0.1 7000"));
	lan_run_for(SECOND);
	type(alices, "first\n");
	lan_run_for(SECOND);
	on[SERVER].tool->stop(on[SERVER].tool);
	lan_run_for(SECOND);
	CHECK(!on[SERVER].tool->done && !on[ALICE].tool->done);
	type(alices, "last\n");
	net_finish(lan_net(TYPIST), alices);
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == 0);
	CHECK(on[SERVER].tool->done && on[SERVER].tool->status == 0 && said(SERVER, "first\nlast\n"));
	CHECK(lan_tool(SERVER, "nc -l -k -d 7001") && lan_tool(BOB, "nc 10.0.0.1 7001"));
	lan_run_for(SECOND);
	on[SERVER].tool->stop(on[SERVER].tool);
	lan_run_for(TOOL_DRAIN_WITHIN - SECOND);
	CHECK(!on[SERVER].tool->done);
	lan_run_for(2 * SECOND);
	CHECK(on[SERVER].tool->done && on[SERVER].tool->status == 0);
}

/* Of the packets from 10.0.0.2: how many, and how many of them were as asked for with -T ef -M 9. */
static unsigned packets, as_asked;
static bool look(unsigned number, struct bytes frame)
{
	(void)number;
	if (frame.len < 34 || load_be16(frame.at + 12) != 0x0800 || frame.at[29] != 2 || frame.at[33] != 1) return false;
	packets++;
	as_asked += frame.at[15] == 0xb8 && frame.at[22] == 9;
	return false;
}

static void sockets_are_as_asked_from_the_first_packet_on(void)
{
	lan_hosts(4);
	CHECK(lan_tool(SERVER, "nc -l -v -d 7000"));
	packets = as_asked = 0;
	lan.spoil = look;
	CHECK(lan_tool(ALICE, "nc -T ef -M 9 -s 10.0.0.2 -p 77 -N 10.0.0.1 7000"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == 0 && packets > 2 && as_asked == packets);
	CHECK(complained(SERVER, "received on 10.0.0.2 77"));
	packets = as_asked = 0;
	CHECK(lan_tool(ALICE, "nc -u -z -T 0xb8 -M 9 10.0.0.1 7001"));
	CHECK(lan_tool_ends(ALICE) && packets > 0 && as_asked == packets);
	lan.spoil = NULL;
	CHECK(lan_tool(SERVER, "nc -l -m 200 7002"));
	CHECK(lan_tool(ALICE, "nc -w 3 10.0.0.1 7002"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == NC_TIMED_OUT); /* from too far */
	CHECK(lan_tool(ALICE, "nc -M 200 -N 10.0.0.1 7002"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == 0);
	CHECK(lan_tool(ALICE, "nc -I 5000 10.0.0.1 7000"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_FAILED && complained(ALICE, "not supported here (what is asked for of the socket: -I)"));
	CHECK(lan_tool(ALICE, "nc -s 10.0.0.9 10.0.0.1 7000"));
	CHECK(lan_tool_ends(ALICE) && complained(ALICE, "cannot assign"));
}

static void wrong_words_are_told(void)
{
	static const struct { const char *words, *why; } wrong[] = {
		{ "nc", "where to" }, { "nc -l", "which port" }, { "nc 10.0.0.1", "to which port of 10.0.0.1" }, { "nc -4 -6 10.0.0.1 1", "not both" },
		{ "nc -k 10.0.0.1 1", "-k is for -l" }, { "nc -z -l 1", "-l has its own" }, { "nc -l 1-2", "one port" }, { "nc -l name 1", "not on a name" },
		{ "nc -w", "wants a value" }, { "nc -M 256 10.0.0.1 1", "-M and -m take" }, { "nc -M 0 10.0.0.1 1", "-M takes" }, { "nc -m 256 10.0.0.1 1", "-M and -m take" },
		{ "nc -u --tls 10.0.0.1 1", "--tls is for streams" }, { "nc --join 239.1.1.1 10.0.0.1 1", "--join is for" },
		{ "nc -u -l --join 10.0.0.1 1", "--join takes" }, { "nc --hex --json 10.0.0.1 1", "not both" }, { "nc -X 5 10.0.0.1 1", "want -x" },
		{ "nc -x 10.0.0.1:x 10.0.0.1 1", "-x takes" }, { "nc -x 10.0.0.1 -X 6 10.0.0.1 1", "-X takes" }, { "nc -F 10.0.0.1 1", "cannot be passed on" }, { "nc -U /tmp/x", "not to be had here" },
		{ "nc -vI 0 10.0.0.1 1", "-I takes" }, { "nc -T ef1 10.0.0.1 1", "-T takes" }, { "nc -T 0x 10.0.0.1 1", "-T takes" }, { "nc -T af14 10.0.0.1 1", "-T takes" },
		{ "nc -s here 10.0.0.1 1", "-s takes an address" }, { "nc -u -S 10.0.0.1 1", "-S is for TCP" }, { "nc --md5-key none 10.0.0.1 1", "no such file" },
		{ "nc -S 10.0.0.1 1", "-S wants --md5-key FILE" }, { "nc -V 1 10.0.0.1 1", "host's own business" }, { "nc --tsl 10.0.0.1 1", "did you mean --tls" },
	};
	lan_hosts(1);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		CHECK(!lan_tool(0, wrong[i].words));
		if (!complained(0, wrong[i].why)) printf("# %s: %s", wrong[i].words, on[0].err);
		CHECK(complained(0, wrong[i].why) && on[0].env.status == TOOL_USAGE);
	}
}

#define NC_TEST(function) do { TEST(function); lan_tools_end(); } while (0)

static void a_string_is_json(void)
{
	char buffer[128];
	struct text t = text_in(buffer, sizeof buffer);

	say_json(&t, bytes_of("a\"b\\c\n\r\t\x01\x7f\xc3\xa4\xc2\x85\xff" "d"));
	CHECK(strcmp(buffer, "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\xc3\xa4\\u0085\\u00ffd\"") == 0);
}

int main(void)
{
	NC_TEST(each_side_ends_by_itself);
	NC_TEST(a_bad_wire_costs_no_byte);
	NC_TEST(what_went_wrong_is_the_status);
	NC_TEST(a_datagram_and_its_answer);
	NC_TEST(many_peers_hear_what_is_typed);
	NC_TEST(a_group_is_one_that_is_joined);
	NC_TEST(which_ports_are_open);
	NC_TEST(one_after_another);
	NC_TEST(stopping_lets_the_client_finish);
	NC_TEST(sockets_are_as_asked_from_the_first_packet_on);
	NC_TEST(wrong_words_are_told);
	TEST(a_string_is_json);
	return tap_end();
}
