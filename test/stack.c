/* SPDX-License-Identifier: ISC */
#include "lan.h"
#include "wire/udp.h"

static const struct stack_limits *const host = &stack_limits_host;

static void two_hosts(void)
{
	lan_host(host, false);
	lan_host(host, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	lan_attach(1, 0, 1500, "10.0.0.2/24");
}

static bool next_is(unsigned h, enum net_what what, struct net_event *ev)
{
	if (!net_next(lan_net(h), ev)) return false;
	if (ev->what != what) printf("# event %d, not %d\n", ev->what, what);
	return ev->what == what;
}

static void udp_goes_to_and_fro(void)
{
	struct net_event ev;
	struct addr at = lan_addr("0.0.0.0:7"), to = lan_addr("10.0.0.2:7"), any = lan_addr("0.0.0.0:0");

	two_hosts();
	net_id server = net_bind(lan_net(1), &at), client = net_bind(lan_net(0), &any);
	CHECK(server != 0 && client != 0);
	CHECK(net_sendto(lan_net(0), client, &to, bytes_of("hello")));
	lan_run_for(SECOND);
	CHECK(next_is(1, NET_DATAGRAM, &ev));
	CHECK(ev.id == server && bytes_equal(ev.data, bytes_of("hello")));
	CHECK(ip_equal(ev.peer.ip, lan_ip("10.0.0.1")) && ip_equal(ev.local.ip, lan_ip("10.0.0.2")));
	CHECK(net_sendto(lan_net(1), server, &ev.peer, bytes_of("world!")));
	CHECK(!net_next(lan_net(1), &ev));
	lan_run_for(SECOND);
	CHECK(next_is(0, NET_DATAGRAM, &ev));
	CHECK(bytes_equal(ev.data, bytes_of("world!")));
	lan_end_test();
}

static void tcp_echoes(void)
{
	struct net_event ev;
	struct addr at = lan_addr("0.0.0.0:7"), to = lan_addr("10.0.0.2:7");

	two_hosts();
	net_id listener = net_listen(lan_net(1), &at), client = net_connect(lan_net(0), &to), server;
	CHECK(listener != 0 && client != 0);
	lan_run_for(SECOND);
	CHECK(next_is(0, NET_CONNECTED, &ev));
	CHECK(next_is(1, NET_ACCEPTED, &ev));
	CHECK(ev.on == listener);
	server = ev.id;
	CHECK_EQ(net_send(lan_net(0), client, bytes_of("hello")), 5);
	net_finish(lan_net(0), client);
	lan_run_for(SECOND);
	CHECK(next_is(1, NET_READABLE, &ev));
	CHECK(bytes_equal(net_peek(lan_net(1), server), bytes_of("hello")));
	CHECK(!net_next(lan_net(1), &ev));
	net_take(lan_net(1), server, 5);
	CHECK(next_is(1, NET_EOF, &ev));
	CHECK_EQ(net_send(lan_net(1), server, bytes_of("hello")), 5);
	net_finish(lan_net(1), server);
	lan_run_for(SECOND);
	CHECK(next_is(1, NET_CLOSED, &ev));
	CHECK_EQ(ev.why, NET_DONE);
	CHECK(next_is(0, NET_READABLE, &ev));
	net_take(lan_net(0), client, 5);
	CHECK(next_is(0, NET_EOF, &ev));
	CHECK(next_is(0, NET_CLOSED, &ev));
	CHECK_EQ(ev.why, NET_DONE);
	lan_run_for(SECOND);
	CHECK_EQ(stack_counts(lan.host[1]).connections, 0);
	CHECK_EQ(stack_counts(lan.host[0]).connections, 1);
	lan_run_for(61 * SECOND);
	CHECK_EQ(stack_counts(lan.host[0]).connections, 0);
	lan_end_test();
}

/* a (0) --- router (1) --- b (2) */
static void routed(uint16_t mtu)
{
	lan_host(host, false);
	lan_host(host, true);
	lan_host(host, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	lan_attach(1, 0, 1500, "10.0.0.254/24");
	lan_attach(1, 1, mtu, "10.0.1.254/24");
	lan_attach(2, 1, mtu, "10.0.1.1/24");
	lan_route(0, "0.0.0.0/0", "10.0.0.254");
	lan_route(2, "0.0.0.0/0", "10.0.1.254");
}

static void datagrams_of_any_size_pass_a_router(void)
{
	static uint8_t text[UDP4_PAYLOAD_MAX];
	static const size_t sizes[] = { 0, 1, 1250, 1472, 1473, 3000, 30000, UDP4_PAYLOAD_MAX };
	struct net_event ev;
	struct addr at = lan_addr("0.0.0.0:7"), to = lan_addr("10.0.1.1:7"), any = lan_addr("0.0.0.0:0");

	routed(1280);
	for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)(i * 7 + i / 256);
	net_id server = net_bind(lan_net(2), &at), client = net_bind(lan_net(0), &any);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		CHECK(net_sendto(lan_net(0), client, &to, (struct bytes){ text, sizes[i] }));
		lan_run_for(SECOND);
		CHECK(next_is(2, NET_DATAGRAM, &ev));
		CHECK_EQ(ev.data.len, sizes[i]);
		CHECK(memcmp(ev.data.at, text, sizes[i]) == 0);
		CHECK(net_sendto(lan_net(2), server, &ev.peer, ev.data));
		lan_run_for(SECOND);
		CHECK(next_is(0, NET_DATAGRAM, &ev));
		CHECK(bytes_equal(ev.data, (struct bytes){ text, sizes[i] }));
	}
	CHECK_EQ(stack_drops(lan.host[2])->by_reason[DROP_CHECKSUM], 0);
	lan_end_test();
}

int main(void)
{
	TEST(datagrams_of_any_size_pass_a_router);
	TEST(udp_goes_to_and_fro);
	TEST(tcp_echoes);
	return tap_end();
}
