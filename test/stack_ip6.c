/* SPDX-License-Identifier: ISC */
/* IPv6 over stacks: neighbour discovery, echo, UDP and TCP, fragments, small paths, link-local addresses. */
#include "lan.h"

#include "proto/tcp/tcp.h"
#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

static const struct stack_limits *const host = &stack_limits_host;

/* a (0) --- router (1) --- b (2); link-local addresses are fe80::ff:fe00:WH (wire, host + 1) */
static void routed(uint16_t mtu)
{
	lan_host(host, false);
	lan_host(host, true);
	lan_host(host, false);
	lan_attach(0, 0, 1500, "2001:db8:0::1/64");
	lan_attach(1, 0, 1500, "2001:db8:0::fe/64");
	lan_attach(1, 1, mtu, "2001:db8:1::fe/64");
	lan_attach(2, 1, 1500, "2001:db8:1::1/64");
	lan_route(0, "::/0", "2001:db8:0::fe");
	lan_route(2, "::/0", "2001:db8:1::fe");
	lan_run_for(3 * SECOND);
}

static unsigned solicitations, advertisements, reports;
static void watch(unsigned wire, struct bytes frame, const char *story)
{
	struct eth eth;
	struct ip6 ip;
	struct icmp m;
	(void)wire, (void)story;
	if (eth_parse(frame, &eth) != DROP_NONE || eth.type != ETH_IP6 || ip6_parse(eth.payload, &ip) != DROP_NONE) return;
	if (ip.protocol != IP_ICMP6 || icmp_parse(ip.payload, true, ip.src, ip.dst, &m) != DROP_NONE) return;
	solicitations += m.type == ICMP6_NEIGHBOUR_SOLICITATION && ip.hop_limit == 255 && ip_is_multicast(ip.dst);
	advertisements += m.type == ICMP6_NEIGHBOUR_ADVERTISEMENT && ip.hop_limit == 255;
	reports += m.type == ICMP6_MLD2_REPORT && ip.hop_limit == 1 && ip.router_alert && ip_is_link_local(ip.src);
}

static void datagrams_of_any_size_to_and_fro(void)
{
	static uint8_t text[65527];
	static const size_t sizes[] = { 0, 1, 1452, 1453, 5000, 65527 };
	struct addr any = lan_addr("[::]:0"), at = lan_addr("[::]:7"), to = lan_addr("[2001:db8:1::1]:7");
	struct net_event ev;

	solicitations = advertisements = 0;
	routed(1500);
	lan.watch = watch;
	for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)(i * 7 + i / 256);
	net_id server = net_bind(lan_net(2), &at), client = net_bind(lan_net(0), &any);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		CHECK(net_sendto(lan_net(0), client, &to, (struct bytes){ text, sizes[i] }));
		lan_run_for(0);
		CHECK(lan_next_is(2, NET_DATAGRAM, &ev));
		CHECK(bytes_equal(ev.data, (struct bytes){ text, sizes[i] }));
		CHECK(ip_equal(ev.peer.ip, lan_ip("2001:db8::1")));
		CHECK(net_sendto(lan_net(2), server, &ev.peer, ev.data));
		lan_run_for(0);
		CHECK(lan_next_is(0, NET_DATAGRAM, &ev) && ev.data.len == sizes[i]);
	}
	CHECK(solicitations == 2 && advertisements == 2); /* one for each hop; answers need no question back */
	CHECK(!net_sendto(lan_net(0), client, &to, (struct bytes){ text, 65528 }) &&
	      net_why_not(lan_net(0)) == NET_TOO_BIG);
	lan_end_test();
}

static void errors_come_back(void)
{
	struct addr any = lan_addr("[::]:0"), to = lan_addr("[2001:db8:1::1]:9");
	struct net_event ev;
	routed(1500);
	net_id id = net_bind(lan_net(0), &any);
	CHECK(net_sendto(lan_net(0), id, &to, bytes_of("x")));
	lan_run_for(0);
	CHECK(lan_next_is(0, NET_BOUNCED, &ev) && ev.why == NET_REFUSED);
	CHECK(net_set(lan_net(0), id, NET_TTL, 1) && net_sendto(lan_net(0), id, &to, bytes_of("x")));
	lan_run_for(0);
	CHECK(lan_next_is(0, NET_BOUNCED, &ev) && ev.why == NET_UNREACHABLE);
	CHECK_EQ(lan_drops(1, DROP_TTL), 1);
	CHECK(net_set(lan_net(0), id, NET_TTL, 64));
	to.ip = lan_ip("2001:db8:9::1");
	CHECK(net_sendto(lan_net(0), id, &to, bytes_of("x")));
	lan_run_for(0);
	CHECK(lan_next_is(0, NET_BOUNCED, &ev) && ev.why == NET_UNREACHABLE); /* the router has no route */
	to.ip = lan_ip("2001:db8:1::77");
	CHECK(net_sendto(lan_net(0), id, &to, bytes_of("x")));
	lan_run_for(4 * SECOND);
	CHECK(lan_next_is(0, NET_BOUNCED, &ev) && ev.why == NET_UNREACHABLE); /* the router finds no neighbour */
	to.ip = lan_ip("2001:db8:1::1"), to.port = 9;
	CHECK(net_connect(lan_net(0), &to) != 0);
	lan_run_for(0);
	CHECK(lan_next_is(0, NET_CLOSED, &ev) && ev.why == NET_REFUSED);
	lan_end_test();
}

/* IPv6 routers do not cut: the sender learns, for streams and for datagrams. */
static void a_small_path_is_learnt(void)
{
	static uint8_t text[100000];
	struct addr at = lan_addr("[2001:db8:1::1]:7"), any = lan_addr("[::]:0"), local, remote;
	struct net_event ev;

	routed(1280);
	net_id datagrams = net_bind(lan_net(2), &at), mine = net_bind(lan_net(0), &any);
	CHECK(datagrams != 0);
	CHECK(net_sendto(lan_net(0), mine, &at, (struct bytes){ text, 1452 }));
	lan_run_for(0);
	CHECK(lan_next_is(0, NET_BOUNCED, &ev) && ev.why == NET_TOO_BIG); /* the first is the price */
	CHECK(net_sendto(lan_net(0), mine, &at, (struct bytes){ text, 1452 }));
	lan_run_for(0);
	CHECK(lan_next_is(2, NET_DATAGRAM, &ev) && ev.data.len == 1452);

	net_listen(lan_net(0), &any); /* nobody's business */
	struct addr here = lan_addr("[::]:80"), there = lan_addr("[2001:db8:0::1]:80");
	CHECK(net_listen(lan_net(0), &here) != 0);
	net_id from = net_connect(lan_net(2), &there);
	lan_run_for(SECOND);
	CHECK(lan_next_is(2, NET_CONNECTED, &ev) && lan_next_is(0, NET_ACCEPTED, &ev));
	net_id to = ev.id;
	CHECK_EQ(net_send(lan_net(2), from, (struct bytes){ text, sizeof text }), sizeof text);
	lan_run_for(10 * SECOND);
	CHECK(lan_next_is(0, NET_READABLE, &ev));
	CHECK_EQ(net_peek(lan_net(0), to).len, sizeof text);
	/* The one that was told starts from what it learnt. */
	const struct tcp *t = stack_next_connection(lan.host[0], NULL, &local, &remote);
	CHECK_EQ(t->mss, 1280 - 60);
	lan_end_test();
}

static void link_local_needs_no_configuration(void)
{
	struct addr at = lan_addr("[::]:7"), to = lan_addr("[fe80::ff:fe00:1]:7");
	struct net_event ev;
	routed(1500);
	net_id server = net_bind(lan_net(0), &at), client = net_bind(lan_net(1), &at);
	CHECK(server != 0 && client != 0 && net_listen(lan_net(0), &at) != 0);
	to.interface = 1;
	CHECK(net_sendto(lan_net(1), client, &to, bytes_of("hello")));
	lan_run_for(0);
	CHECK(lan_next_is(0, NET_DATAGRAM, &ev) && ip_equal(ev.peer.ip, lan_ip("fe80::ff:fe00:2")));
	CHECK(ev.peer.interface == 1);
	CHECK(net_sendto(lan_net(0), server, &ev.peer, bytes_of("back")));
	lan_run_for(0);
	CHECK(lan_next_is(1, NET_DATAGRAM, &ev) && bytes_equal(ev.data, bytes_of("back")));
	CHECK(net_connect(lan_net(1), &to) != 0);
	lan_run_for(SECOND);
	CHECK(lan_next_is(1, NET_CONNECTED, &ev) && lan_next_is(0, NET_ACCEPTED, &ev));
	to.interface = 2; /* on the other link nobody has it */
	CHECK(net_sendto(lan_net(1), client, &to, bytes_of("hello")));
	lan_run_for(4 * SECOND);
	CHECK(lan_next_is(1, NET_BOUNCED, &ev) && ev.why == NET_UNREACHABLE);
	lan_end_test();
}

static void a_router_may_be_known_by_its_link_local_address(void)
{
	struct addr any = lan_addr("[::]:0"), at = lan_addr("[2001:db8:1::1]:7");
	struct net_event ev;
	struct prefix p;
	routed(1500);
	CHECK(prefix_parse("2001:db8:1::/64", &p));
	CHECK(!stack_add_route(lan.host[0], p, lan_ip("fe80::ff:fe00:2"), 0)); /* on which link? */
	CHECK(stack_add_route(lan.host[0], p, lan_ip("fe80::ff:fe00:2"), 1));
	net_id mine = net_bind(lan_net(0), &any);
	CHECK(net_bind(lan_net(2), &at) != 0 && net_sendto(lan_net(0), mine, &at, bytes_of("hello")));
	lan_run_for(0);
	CHECK(lan_next_is(2, NET_DATAGRAM, &ev) && ip_equal(ev.peer.ip, lan_ip("2001:db8::1")));
	lan_end_test();
}

static void groups_are_joined_by_mld(void)
{
	struct addr at = lan_addr("[::]:7"), group = lan_addr("[ff02::1234]:7"), all = lan_addr("[ff02::1]:7");
	struct net_event ev;
	reports = 0;
	routed(1500);
	lan.watch = watch;
	net_id ear = net_bind(lan_net(0), &at), mouth = net_bind(lan_net(1), &at);
	group.interface = all.interface = 1;
	CHECK(net_sendto(lan_net(1), mouth, &group, bytes_of("before")));
	lan_run_for(0);
	CHECK(net_join(lan_net(0), ear, &group) && net_join(lan_net(0), ear, &all));
	lan_run_for(2 * SECOND);
	CHECK_EQ(reports, 2);
	CHECK(!net_next(lan_net(0), &ev));
	CHECK(net_sendto(lan_net(1), mouth, &group, bytes_of("hello")) && net_sendto(lan_net(1), mouth, &all, bytes_of("all")));
	lan_run_for(0);
	CHECK(lan_next_is(0, NET_DATAGRAM, &ev) && bytes_equal(ev.data, bytes_of("hello")));
	CHECK(lan_next_is(0, NET_DATAGRAM, &ev) && bytes_equal(ev.data, bytes_of("all")));
	CHECK(net_leave(lan_net(0), ear, &group));
	lan_run_for(2 * SECOND);
	CHECK_EQ(reports, 4);
	lan_end_test();
}

/* ---- A stranger's packets. */

static struct lan_end *stranger;
static const struct mac stranger_mac = { { 2, 0xff, 0, 0, 0, 1 } };

static void say(struct icmp m, const char *src, const char *dst, uint8_t hop_limit)
{
	uint8_t packet[200];
	struct ip6 ip = { .protocol = IP_ICMP6, .hop_limit = hop_limit, .src = lan_ip(src), .dst = lan_ip(dst) };
	m.six = true;
	ip.payload.len = icmp_emit(&m, ip.src, ip.dst, (struct room){ packet + 40, sizeof packet - 40 });
	ip6_emit(&ip, (struct room){ packet, sizeof packet });
	struct mac to = ip_is_multicast(ip.dst) ? eth_group_of(ip.dst) : lan_mac(0, 0);
	lan_say(stranger, to, stranger_mac, ETH_IP6, (struct bytes){ packet, 40 + ip.payload.len });
	lan_run_for(0);
}

static bool hear(struct icmp *m, struct ip6 *ip)
{
	struct eth eth;
	return lan_hear(stranger, &eth) && ip6_parse(eth.payload, ip) == DROP_NONE && ip->protocol == IP_ICMP6 &&
	       icmp_parse(ip->payload, true, ip->src, ip->dst, m) == DROP_NONE;
}

static void discovery_by_the_rules(void)
{
	struct icmp ns = { .type = ICMP6_NEIGHBOUR_SOLICITATION, .target = lan_ip("2001:db8::1"),
		.has_link_address = true, .link_address = stranger_mac }, m;
	struct ip6 ip;
	struct eth eth;

	lan_host(host, false);
	lan_attach(0, 0, 1500, "2001:db8::1/64");
	stranger = lan_stranger(0);
	lan_run_for(3 * SECOND);
	lan_ignore(stranger);
	say(ns, "2001:db8::9", "ff02::1:ff00:1", 254); /* it has passed a router, so it is no neighbour's */
	CHECK(!lan_hear(stranger, &eth));
	CHECK_EQ(lan_drops(0, DROP_FIELD), 1);
	say(ns, "2001:db8::9", "ff02::1:ff00:1", 255);
	CHECK(hear(&m, &ip) && m.type == ICMP6_NEIGHBOUR_ADVERTISEMENT && ip.hop_limit == 255);
	CHECK(m.rest >> 24 == (ICMP6_NA_SOLICITED | ICMP6_NA_OVERRIDE) && m.has_link_address);
	CHECK(mac_equal(m.link_address, lan_mac(0, 0)) && ip_equal(ip.dst, lan_ip("2001:db8::9")));
	ns.has_link_address = false; /* is somebody using this address? */
	say(ns, "::", "ff02::1:ff00:1", 255);
	CHECK(hear(&m, &ip) && m.rest >> 24 == ICMP6_NA_OVERRIDE && ip_equal(ip.dst, lan_ip("ff02::1")));
	/* A general MLD query (RFC 3810, 5.1): maximum delay 1000 ms, no group, no sources. */
	static const uint8_t general[20] = { 0 };
	struct icmp query = { .type = ICMP6_MLD_QUERY, .rest = 1000u << 16, .payload = { general, sizeof general } };
	say(query, "fe80::9", "ff02::1", 1);
	lan_run_for(SECOND);
	int reports_heard = 0;
	while (hear(&m, &ip)) reports_heard += m.type == ICMP6_MLD2_REPORT;
	CHECK_EQ(reports_heard, 1); /* its two addresses end alike, so they share a solicited-node group */
	struct icmp ping = { .type = ICMP6_ECHO_REQUEST, .id = 1, .seq = 2, .payload = bytes_of("abc") };
	say(ping, "2001:db8::9", "2001:db8::1", 64);
	CHECK(hear(&m, &ip) && m.type == ICMP6_ECHO_REPLY && m.seq == 2 && bytes_equal(m.payload, ping.payload));
	say(ping, "2001:db8::9", "ff02::1", 64); /* RFC 4443, 4.2: to a group it may be answered, from our own address */
	CHECK(hear(&m, &ip) && m.type == ICMP6_ECHO_REPLY && ip_equal(ip.src, lan_ip("2001:db8::1")));
	uint64_t before = lan_drops(0, DROP_SOURCE);
	say(ping, "::ffff:10.0.0.1", "2001:db8::1", 64); /* mapped addresses are not for wires */
	say(ping, "::1", "2001:db8::1", 64);
	say(ping, "2001:db8::1", "2001:db8::1", 64);
	say(ping, "::", "2001:db8::1", 64);
	CHECK_EQ(lan_drops(0, DROP_SOURCE), before + 4);
	CHECK(!lan_hear(stranger, &eth));
	lan_end_test();
}

int main(void)
{
	TEST(datagrams_of_any_size_to_and_fro);
	TEST(errors_come_back);
	TEST(a_small_path_is_learnt);
	TEST(link_local_needs_no_configuration);
	TEST(a_router_may_be_known_by_its_link_local_address);
	TEST(groups_are_joined_by_mld);
	TEST(discovery_by_the_rules);
	return tap_end();
}
