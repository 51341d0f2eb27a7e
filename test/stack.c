/* SPDX-License-Identifier: ISC */
/* What a stack does below TCP and UDP: neighbours, echo, errors, forwarding, and what it lets in. */
#include "lan.h"

#include "proto/ip/icmp.h"
#include "proto/ip/reassembly.h"
#include "wire/arp.h"
#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/udp.h"

static const struct stack_limits *const host = &stack_limits_host;
static const struct mac stranger_mac = { { 2, 0xff, 0, 0, 0, 1 } };
static struct lan_end *stranger;

/* A host, 10.0.0.1, and a stranger at 10.0.0.9 whose MAC it knows already. */
static void one_host(bool router)
{
	lan_host(host, router);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	stranger = lan_stranger(0);
	lan_run_for(2 * SECOND); /* what it says by itself when it starts */
	struct arp arp = { .op = ARP_REQUEST, .sender_mac = stranger_mac, .sender = lan_ip("10.0.0.9"),
		.target = lan_ip("10.0.0.1") };
	uint8_t packet[ARP_BYTES];
	arp_emit(&arp, (struct room){ packet, sizeof packet });
	lan_say(stranger, eth_broadcast, stranger_mac, ETH_ARP, (struct bytes){ packet, sizeof packet });
	lan_run_for(0);
	lan_ignore(stranger);
}

static struct ip4 from_stranger(uint8_t protocol, const char *dst)
{
	return (struct ip4){ .ttl = 64, .protocol = protocol, .src = lan_ip("10.0.0.9"), .dst = lan_ip(dst) };
}

/* Sends an IP packet with this payload in a frame to the host, or to all. */
static void say(struct ip4 ip, struct bytes payload, bool to_all)
{
	uint8_t packet[1600];
	ip.payload = payload;
	size_t len = ip4_emit(&ip, (struct room){ packet, sizeof packet });
	memcpy(packet + len, payload.at, payload.len);
	lan_say(stranger, to_all ? eth_broadcast : lan_mac(0, 0), stranger_mac, ETH_IP4,
	        (struct bytes){ packet, len + payload.len });
	lan_run_for(0);
}

static void say_udp(struct ip4 ip, uint16_t port, bool to_all)
{
	uint8_t datagram[64];
	struct udp udp = { .src_port = 999, .dst_port = port, .payload = bytes_of("hello") };
	size_t len = udp_emit(&udp, ip.src, ip.dst, (struct room){ datagram, sizeof datagram });
	say(ip, (struct bytes){ datagram, len }, to_all);
}

/* What the stranger hears next, as ICMP. */
static bool hear_icmp(struct ip4 *ip, struct icmp *m)
{
	struct eth eth;
	return lan_hear(stranger, &eth) && eth.type == ETH_IP4 && mac_equal(eth.dst, stranger_mac) &&
	       ip4_parse(eth.payload, ip) == DROP_NONE && ip->protocol == IP_ICMP &&
	       icmp_parse(ip->payload, false, ip->src, ip->dst, m) == DROP_NONE;
}

static bool hears_nothing(void)
{
	struct eth eth;
	return !lan_hear(stranger, &eth);
}

static void arp_is_answered(void)
{
	struct eth eth;
	struct arp arp = { .op = ARP_REQUEST, .sender_mac = stranger_mac, .sender = lan_ip("10.0.0.9"),
		.target = lan_ip("10.0.0.1") }, reply;
	uint8_t packet[ARP_BYTES];

	one_host(false);
	arp_emit(&arp, (struct room){ packet, sizeof packet });
	lan_say(stranger, eth_broadcast, stranger_mac, ETH_ARP, (struct bytes){ packet, sizeof packet });
	lan_run_for(0);
	CHECK(lan_hear(stranger, &eth) && eth.type == ETH_ARP && mac_equal(eth.dst, stranger_mac));
	CHECK(arp_parse(eth.payload, &reply) == DROP_NONE && reply.op == ARP_REPLY);
	CHECK(mac_equal(reply.sender_mac, lan_mac(0, 0)) && ip_equal(reply.sender, arp.target));
	arp.target = lan_ip("10.0.0.2"); /* somebody else's */
	arp_emit(&arp, (struct room){ packet, sizeof packet });
	lan_say(stranger, eth_broadcast, stranger_mac, ETH_ARP, (struct bytes){ packet, sizeof packet });
	arp.sender = lan_ip("10.0.0.1"); /* our own address: a lie, or a second host that has it */
	arp.target = lan_ip("10.0.0.1");
	arp_emit(&arp, (struct room){ packet, sizeof packet });
	lan_say(stranger, eth_broadcast, stranger_mac, ETH_ARP, (struct bytes){ packet, sizeof packet });
	lan_run_for(0);
	CHECK(hears_nothing());
	CHECK_EQ(lan_drops(0, DROP_SOURCE), 1);
	lan_end_test();
}

static void echo_is_answered(void)
{
	static uint8_t large[1480];
	struct icmp ping = { .type = ICMP4_ECHO_REQUEST, .id = 7, .seq = 3, .payload = bytes_of("abcdefgh") }, pong;
	struct ip4 to = from_stranger(IP_ICMP, "10.0.0.1"), ip;

	one_host(false);
	size_t len = icmp_emit(&ping, to.src, to.dst, (struct room){ large, sizeof large });
	say(to, (struct bytes){ large, len }, false);
	CHECK(hear_icmp(&ip, &pong));
	CHECK(pong.type == ICMP4_ECHO_REPLY && pong.id == 7 && pong.seq == 3 && bytes_equal(pong.payload, ping.payload));
	CHECK(ip_equal(ip.src, to.dst) && ip_equal(ip.dst, to.src) && ip.ttl == 64);
	/* In fragments, last one first; the answer is put together from two again. */
	ping.payload = (struct bytes){ large, 1472 };
	static uint8_t message[1480];
	len = icmp_emit(&ping, to.src, to.dst, (struct room){ message, sizeof message });
	to.id = 77, to.fragment_offset = 800;
	say(to, (struct bytes){ message + 800, len - 800 }, false);
	CHECK(hears_nothing());
	to.fragment_offset = 0, to.more_fragments = true;
	say(to, (struct bytes){ message, 800 }, false);
	CHECK(hear_icmp(&ip, &pong) && pong.payload.len == 1472);
	/* RFC 1122, 3.2.2.6: not to broadcasts. */
	to = from_stranger(IP_ICMP, "10.0.0.255");
	say(to, (struct bytes){ message, len }, true);
	message[0] ^= 1; /* a broken one */
	say(from_stranger(IP_ICMP, "10.0.0.1"), (struct bytes){ message, len }, false);
	CHECK(hears_nothing());
	CHECK_EQ(lan_drops(0, DROP_CHECKSUM), 1);
	lan_end_test();
}

static void errors_where_they_are_due(void)
{
	struct ip4 ip;
	struct icmp m;

	one_host(false);
	say_udp(from_stranger(IP_UDP, "10.0.0.1"), 7, false);
	CHECK(hear_icmp(&ip, &m) && m.type == ICMP4_UNREACHABLE && m.code == ICMP4_PORT_UNREACHABLE);
	CHECK_EQ(m.payload.len, IP4_HEADER_BYTES + UDP_HEADER_BYTES + 5);
	say(from_stranger(99, "10.0.0.1"), bytes_of("whatever"), false);
	CHECK(hear_icmp(&ip, &m) && m.type == ICMP4_UNREACHABLE && m.code == ICMP4_PROTOCOL_UNREACHABLE);
	say_udp(from_stranger(IP_UDP, "10.0.0.255"), 7, true);
	say_udp(from_stranger(IP_UDP, "255.255.255.255"), 7, true);
	say_udp(from_stranger(IP_UDP, "10.0.0.1"), 7, true); /* RFC 1122, 3.3.6 */
	CHECK(hears_nothing());
	CHECK_EQ(lan_drops(0, DROP_NO_LISTENER), 3);
	for (int i = 0; i < 200; i++) say_udp(from_stranger(IP_UDP, "10.0.0.1"), 7, false);
	CHECK(lan_drops(0, DROP_RATE) >= 200 - ICMP_RATE_BURST);
	lan_end_test();
}

static void fragments_that_never_come(void)
{
	struct ip4 to = from_stranger(IP_UDP, "10.0.0.1"), ip;
	static const uint8_t zeros[80];
	struct icmp m;

	one_host(false);
	to.more_fragments = true, to.id = 5;
	say(to, (struct bytes){ zeros, 80 }, false);
	to.fragment_offset = 800, to.id = 6;
	say(to, (struct bytes){ zeros, 80 }, false);
	/* To everybody: each of us would answer, perhaps to one who never asked (RFC 1122, 3.2.2). */
	to.fragment_offset = 0, to.dst = lan_ip("10.0.0.255"), to.id = 7;
	say(to, (struct bytes){ zeros, 80 }, true);
	to.dst = ip4_broadcast(), to.id = 8;
	say(to, (struct bytes){ zeros, 80 }, true);
	to.dst = lan_ip("224.0.0.1"), to.id = 9;
	say(to, (struct bytes){ zeros, 80 }, true);
	lan_run_for(REASSEMBLY4_FOR);
	CHECK(hear_icmp(&ip, &m) && m.type == ICMP4_TIME_EXCEEDED && m.code == 1);
	CHECK(hears_nothing());
	CHECK_EQ(lan_drops(0, DROP_FRAGMENT_TIMEOUT), 4);
	lan_end_test();
}

static void what_cannot_be_true_is_dropped(void)
{
	static const char *const sources[] = { "127.0.0.1", "10.0.0.1", "10.0.0.255", "255.255.255.255", "224.0.0.5",
		"0.0.0.0", "240.0.0.1" };
	static const uint8_t nothing[60];
	struct addr any = lan_addr("0.0.0.0:7");
	struct net_event ev;

	one_host(false);
	CHECK(net_bind(lan_net(0), &any) != 0);
	for (size_t i = 0; i < COUNT(sources); i++) {
		struct ip4 ip = from_stranger(IP_UDP, "10.0.0.1");
		ip.src = lan_ip(sources[i]);
		say_udp(ip, 7, false);
		CHECK_EQ(lan_drops(0, DROP_SOURCE), i + 1);
	}
	say_udp(from_stranger(IP_UDP, "127.0.0.1"), 7, false);
	CHECK_EQ(lan_drops(0, DROP_NOT_OURS), 1);
	say_udp(from_stranger(IP_UDP, "10.0.0.2"), 7, false);
	CHECK_EQ(lan_drops(0, DROP_FORWARDING_OFF), 1);
	say_udp(from_stranger(IP_UDP, "239.1.1.1"), 7, true);
	CHECK_EQ(lan_drops(0, DROP_NOT_MEMBER), 1);
	lan_say(stranger, (struct mac){ { 2, 0, 0, 0, 0, 77 } }, stranger_mac, ETH_IP4, (struct bytes){ nothing, 60 });
	lan_say(stranger, lan_mac(0, 0), eth_broadcast, ETH_IP4, (struct bytes){ nothing, 60 });
	lan_say(stranger, lan_mac(0, 0), stranger_mac, 0x1234, (struct bytes){ nothing, 60 });
	lan_say(stranger, lan_mac(0, 0), stranger_mac, ETH_IP4, (struct bytes){ nothing, 3 });
	lan_run_for(0);
	CHECK_EQ(lan_drops(0, DROP_NOT_OURS), 2);
	CHECK_EQ(lan_drops(0, DROP_SOURCE), COUNT(sources) + 1);
	CHECK_EQ(lan_drops(0, DROP_UNKNOWN), 1);
	CHECK_EQ(lan_drops(0, DROP_SHORT), 1);
	CHECK(hears_nothing() && !net_next(lan_net(0), &ev));
	say_udp(from_stranger(IP_UDP, "10.0.0.1"), 7, false);
	CHECK(lan_next_is(0, NET_DATAGRAM, &ev));
	lan_end_test();
}

/* ---- A router: 10.0.0.1/24 and 10.0.1.1/24, the stranger on the first. */

static void one_router(uint16_t mtu)
{
	one_host(true);
	lan_attach(0, 1, mtu, "10.0.1.1/24");
	lan_host(host, false);
	lan_attach(1, 1, mtu, "10.0.1.2/24");
	lan_route(1, "0.0.0.0/0", "10.0.1.1");
	lan_run_for(2 * SECOND);
	lan_ignore(stranger);
}

static void a_router_sends_on(void)
{
	struct addr at = lan_addr("10.0.1.2:7");
	struct net_event ev;
	struct eth eth;
	struct ip4 ip;

	one_router(1500);
	net_id id = net_bind(lan_net(1), &at);
	say_udp(from_stranger(IP_UDP, "10.0.1.2"), 7, false);
	CHECK(lan_next_is(1, NET_DATAGRAM, &ev) && ip_equal(ev.peer.ip, lan_ip("10.0.0.9")));
	CHECK(net_sendto(lan_net(1), id, &ev.peer, bytes_of("back")));
	lan_run_for(0);
	CHECK(lan_hear(stranger, &eth) && ip4_parse(eth.payload, &ip) == DROP_NONE);
	CHECK_EQ(ip.ttl, 63); /* and the header's checksum still right, or it would not have been parsed */
	CHECK_EQ(stack_counts(lan.host[0]).forwarded, 2);
	lan_end_test();
}

static void a_router_tells_what_is_wrong(void)
{
	static const uint8_t zeros[1480];
	struct ip4 to = from_stranger(IP_UDP, "10.0.1.2"), ip;
	struct icmp m;

	one_router(1300);
	to.ttl = 1;
	say_udp(to, 7, false);
	CHECK(hear_icmp(&ip, &m) && m.type == ICMP4_TIME_EXCEEDED && m.code == 0 && ip_equal(ip.src, lan_ip("10.0.0.1")));
	say_udp(from_stranger(IP_UDP, "172.16.0.1"), 7, false);
	CHECK(hear_icmp(&ip, &m) && m.type == ICMP4_UNREACHABLE && m.code == ICMP4_NET_UNREACHABLE);
	to.ttl = 9, to.dont_fragment = true;
	say(to, (struct bytes){ zeros, sizeof zeros }, false);
	CHECK(hear_icmp(&ip, &m) && m.type == ICMP4_UNREACHABLE && m.code == ICMP4_TOO_BIG && m.rest == 1300);
	say_udp(from_stranger(IP_UDP, "10.0.1.99"), 7, false);
	CHECK(hears_nothing());
	lan_run_for(3 * SECOND);
	CHECK(hear_icmp(&ip, &m) && m.type == ICMP4_UNREACHABLE && m.code == ICMP4_HOST_UNREACHABLE);
	CHECK_EQ(lan_drops(0, DROP_NO_NEIGHBOUR), 1);
	CHECK_EQ(lan_drops(0, DROP_TTL), 1);
	CHECK_EQ(lan_drops(0, DROP_NO_ROUTE), 1);
	CHECK_EQ(lan_drops(0, DROP_TOO_BIG), 1);
	lan_end_test();
}

static void a_router_keeps_broadcasts_at_home(void)
{
	one_router(1500);
	uint64_t before = lan.wire[1].frames;
	say_udp(from_stranger(IP_UDP, "255.255.255.255"), 7, true);
	say_udp(from_stranger(IP_UDP, "10.0.0.255"), 7, true);
	say_udp(from_stranger(IP_UDP, "10.0.1.255"), 7, false); /* directed at the other side: RFC 2644 */
	say_udp(from_stranger(IP_UDP, "239.1.1.1"), 7, true);
	say_udp(from_stranger(IP_UDP, "169.254.1.1"), 7, false);
	lan_run_for(5 * SECOND);
	CHECK_EQ(lan.wire[1].frames, before);
	CHECK(hears_nothing());
	lan_end_test();
}

/* Fragments of fragments, with an option that is copied and one that is not. */
static void a_router_cuts_fragments_again(void)
{
	static const uint8_t options[] = { 0x94, 4, 0, 0, 0x07, 7, 4, 0, 0, 0, 0, 0 };
	static uint8_t datagram[2960];
	struct addr at = lan_addr("10.0.1.2:7");
	struct udp udp = { .src_port = 999, .dst_port = 7, .payload = { datagram, 2952 } };
	struct ip4 to = from_stranger(IP_UDP, "10.0.1.2");
	struct net_event ev;

	one_router(1300);
	CHECK(net_bind(lan_net(1), &at) != 0);
	static uint8_t whole[2960];
	for (size_t i = 0; i < sizeof datagram; i++) datagram[i] = (uint8_t)(i * 13 + i / 256);
	udp_emit(&udp, to.src, to.dst, (struct room){ whole, sizeof whole });
	to.options = (struct bytes){ options, sizeof options };
	to.more_fragments = true, to.id = 9;
	say(to, (struct bytes){ whole, 1464 }, false);
	to.fragment_offset = 1464;
	say(to, (struct bytes){ whole + 1464, 1464 }, false);
	to.fragment_offset = 2928, to.more_fragments = false;
	say(to, (struct bytes){ whole + 2928, 32 }, false);
	CHECK(lan_next_is(1, NET_DATAGRAM, &ev) && bytes_equal(ev.data, udp.payload));
	lan_end_test();
}

/* ---- Memory. */

static void an_idle_host_touches_one_page(void)
{
	lan_host(&stack_limits_small, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	lan_route(0, "0.0.0.0/0", "10.0.0.254");
	struct addr at = lan_addr("0.0.0.0:80");
	CHECK(net_listen(lan_net(0), &at) != 0 && net_bind(lan_net(0), &at) != 0);
	lan_run_for(60 * SECOND);
	const uint8_t *memory = lan.memory[0], *page = (const uint8_t *)((uintptr_t)lan.host[0] & ~(uintptr_t)4095);
	for (size_t i = 0; i < stack_size(&stack_limits_small); i++)
		CHECK((memory + i >= page && memory + i < page + 4096) || memory[i] == 0);
	lan_end_test();
}

static void what_is_full_says_no(void)
{
	static const struct stack_limits tiny = { .interfaces_max = 1, .addresses_max = 2, .routes_max = 1,
		.neighbours_max = 1, .groups_max = 1, .sockets_max = 2, .connections_max = 2, .backlog_max = 1,
		.rx_bytes = 4096, .tx_bytes = 4096, .datagram_bytes = 2048, .reassemblies_max = 0 };
	struct addr any = lan_addr("0.0.0.0:0"), group = lan_addr("239.1.1.1:7"), to = lan_addr("10.0.0.2:7");
	struct prefix p;

	lan_host(&tiny, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	struct stack *s = lan.host[0];
	CHECK_EQ(stack_attach(s, &lan_stranger(0)->link, lan_mac(2, 0)), 0);
	CHECK(prefix_parse("10.0.0.1/24", &p) && !stack_add_address(s, 1, p)); /* it has it */
	CHECK(prefix_parse("10.1.0.1/24", &p) && stack_add_address(s, 1, p));
	CHECK(prefix_parse("10.2.0.1/24", &p) && !stack_add_address(s, 1, p));
	CHECK(prefix_parse("10.3.0.0/24", &p) && !stack_add_route(s, p, lan_ip("192.0.2.1"), 0)); /* no way to it */
	CHECK(stack_add_route(s, p, lan_ip("10.0.0.254"), 0));
	CHECK(prefix_parse("10.4.0.0/24", &p) && !stack_add_route(s, p, lan_ip("10.0.0.254"), 0));
	net_id a = net_bind(lan_net(0), &any), b = net_bind(lan_net(0), &any);
	CHECK(a != 0 && b != 0 && a != b);
	CHECK(net_bind(lan_net(0), &any) == 0 && net_why_not(lan_net(0)) == NET_NO_ROOM);
	CHECK(net_join(lan_net(0), a, &group) && net_join(lan_net(0), a, &group));
	group.ip = lan_ip("239.1.1.2");
	CHECK(!net_join(lan_net(0), a, &group) && net_why_not(lan_net(0)) == NET_NO_ROOM);
	CHECK(net_connect(lan_net(0), &to) != 0 && net_connect(lan_net(0), &to) != 0);
	CHECK(net_connect(lan_net(0), &to) == 0 && net_why_not(lan_net(0)) == NET_NO_ROOM);
	lan_run_for(200 * SECOND); /* nobody there: they end, and their places are free again */
	struct net_event ev;
	CHECK(lan_next_is(0, NET_CLOSED, &ev) && ev.why == NET_UNREACHABLE);
	CHECK(lan_next_is(0, NET_CLOSED, &ev) && ev.why == NET_UNREACHABLE);
	lan_run_for(0);
	CHECK(net_connect(lan_net(0), &to) != 0);
	lan_end_test();
}

/* RFC 8200, 5: no IPv6 where not even its smallest packets fit. */
static void a_narrow_link_carries_ip4_alone(void)
{
	static const uint8_t nothing[60];
	struct addr to = lan_addr("[ff02::1]:7"), any = lan_addr("[::]:7");
	struct prefix six, all = { ip6_any(), 0 };

	lan_host(host, false);
	lan_attach(0, 0, 576, "10.0.0.1/24");
	lan_host(host, false);
	lan_attach(1, 0, 576, "10.0.0.2/24");
	stranger = lan_stranger(0);
	lan_run_for(2 * SECOND);
	CHECK(hears_nothing()); /* no group of its neighbours to report */
	CHECK(prefix_parse("fd00::1/64", &six) && !stack_add_address(lan.host[0], 1, six));
	CHECK(!stack_add_route(lan.host[0], all, ip6_any(), 1));
	net_id id = net_bind(lan_net(0), &any);
	CHECK(id != 0 && !net_sendto(lan_net(0), id, &to, bytes_of("x")) && net_why_not(lan_net(0)) == NET_UNREACHABLE);
	to = lan_addr("[fe80::1]:7");
	CHECK(!net_sendto(lan_net(0), id, &to, bytes_of("x")) && net_connect(lan_net(0), &to) == 0);
	lan_say(stranger, eth_broadcast, stranger_mac, ETH_IP6, (struct bytes){ nothing, 60 });
	lan_run_for(0);
	CHECK_EQ(lan_drops(0, DROP_UNKNOWN), 1);
	to = lan_addr("10.0.0.2:7");
	CHECK(net_bind(lan_net(1), &any) != 0 && net_sendto(lan_net(0), id, &to, bytes_of("hello")));
	lan_run_for(SECOND);
	struct net_event ev;
	CHECK(lan_next_is(1, NET_DATAGRAM, &ev) && ev.data.len == 5);
	lan_end_test();
}

/* A device on which there is always more to do. */
static instant flood_time;
static size_t flood_recv(struct link *link, instant now, struct frame *f, size_t max)
{
	static const uint8_t frame[60];
	(void)link, (void)now;
	for (size_t i = 0; i < max; i++) f[i] = (struct frame){ .data = { frame, sizeof frame } };
	return max;
}
static size_t flood_send(struct link *link, instant now, const struct frame *f, size_t count)
{
	(void)link, (void)now, (void)f;
	return count;
}
static instant flood_wait(struct link *link, instant until)
{
	(void)link, (void)until;
	return flood_time += MILLISECOND;
}

static void time_passes_for_who_is_kept_busy(void)
{
	static const struct link_ops ops = { flood_recv, flood_send, flood_wait };
	struct link link = { .ops = &ops, .mtu = 1500 };
	struct net_event ev;
	bool woken = false;

	lan_host(host, false);
	flood_time = 0;
	CHECK_EQ(stack_attach(lan.host[0], &link, lan_mac(0, 0)), 1);
	net_wake(lan_net(0), SECOND);
	for (int turns = 0; turns < 2000 && !woken; turns++)
		woken = net_wait(lan_net(0)) && net_next(lan_net(0), &ev) && ev.what == NET_WAKE;
	CHECK(woken);
	lan_end_test();
}

int main(void)
{
	TEST(arp_is_answered);
	TEST(echo_is_answered);
	TEST(errors_where_they_are_due);
	TEST(fragments_that_never_come);
	TEST(what_cannot_be_true_is_dropped);
	TEST(a_router_sends_on);
	TEST(a_router_tells_what_is_wrong);
	TEST(a_router_keeps_broadcasts_at_home);
	TEST(a_router_cuts_fragments_again);
	TEST(an_idle_host_touches_one_page);
	TEST(what_is_full_says_no);
	TEST(a_narrow_link_carries_ip4_alone);
	TEST(time_passes_for_who_is_kept_busy);
	return tap_end();
}
