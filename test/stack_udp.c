/* SPDX-License-Identifier: ISC */
/* Datagrams over stacks: to one, to many, to ourselves, and back as errors. */
#include "lan.h"

#include "base/trace.h"
#include "wire/igmp.h"
#include "wire/ip4.h"
#include "wire/udp.h"

static const struct stack_limits *const host = &stack_limits_host;

/* a (0) --- b (1), c (2), router (3) --- wire 1 */
static void a_lan(void)
{
	lan_host(host, false);
	lan_host(host, false);
	lan_host(host, false);
	lan_host(host, true);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	lan_attach(1, 0, 1500, "10.0.0.2/24");
	lan_attach(2, 0, 1500, "10.0.0.3/24");
	lan_attach(3, 0, 1500, "10.0.0.254/24");
	lan_attach(3, 1, 1500, "10.0.1.254/24");
	for (unsigned i = 0; i < 3; i++) lan_route(i, "0.0.0.0/0", "10.0.0.254");
	lan_run_for(2 * SECOND);
}

static net_id bind_to(unsigned h, const char *text)
{
	struct addr a = lan_addr(text);
	return net_bind(lan_net(h), &a);
}

static bool send_to(unsigned h, net_id id, const char *text, const char *words)
{
	struct addr a = lan_addr(text);
	bool sent = net_sendto(lan_net(h), id, &a, bytes_of(words));
	lan_run_for(MILLISECOND);
	return sent;
}

static bool hears(unsigned h, net_id id, const char *words)
{
	struct net_event ev;
	return lan_next_is(h, NET_DATAGRAM, &ev) && ev.id == id && bytes_equal(ev.data, bytes_of(words));
}

static bool hears_nothing(unsigned h)
{
	struct net_event ev;
	return !net_next(lan_net(h), &ev);
}

static void it_goes_to_and_fro(void)
{
	struct net_event ev;
	a_lan();
	net_id server = bind_to(1, "0.0.0.0:7"), client = bind_to(0, "0.0.0.0:0");
	CHECK(send_to(0, client, "10.0.0.2:7", "hello"));
	CHECK(lan_next_is(1, NET_DATAGRAM, &ev));
	CHECK(ev.id == server && bytes_equal(ev.data, bytes_of("hello")));
	CHECK(ip_equal(ev.peer.ip, lan_ip("10.0.0.1")) && ip_equal(ev.local.ip, lan_ip("10.0.0.2")));
	CHECK(net_sendto(lan_net(1), server, &ev.peer, bytes_of("world!")));
	CHECK(hears_nothing(1));
	lan_run_for(0);
	CHECK(hears(0, client, "world!") && hears_nothing(0) && hears_nothing(2));
	lan_end_test();
}

static void a_host_answers_from_where_it_was_asked(void)
{
	struct net_event ev;
	a_lan();
	lan_address(1, 1, "10.0.0.9/24");
	net_id server = bind_to(1, "0.0.0.0:7"), client = bind_to(0, "0.0.0.0:0");
	CHECK(send_to(0, client, "10.0.0.9:7", "hello"));
	CHECK(lan_next_is(1, NET_DATAGRAM, &ev) && ip_equal(ev.local.ip, lan_ip("10.0.0.9")));
	struct addr back = ev.peer;
	CHECK(net_sendto(lan_net(1), server, &back, bytes_of("chosen")));
	CHECK(net_sendto_from(lan_net(1), server, lan_ip("10.0.0.9"), &back, bytes_of("asked at")));
	CHECK(net_sendto_from(lan_net(1), server, lan_ip("10.0.0.255"), &back, bytes_of("no address of ours")));
	CHECK(hears_nothing(1));
	static const char *const from[] = { "10.0.0.2", "10.0.0.9", "10.0.0.2" };
	for (size_t i = 0; i < COUNT(from); i++) {
		lan_run_for(0);
		char text[IP_TEXT_MAX];
		CHECK(lan_next_is(0, NET_DATAGRAM, &ev));
		CHECK_STR(ip_text(ev.peer.ip, text), from[i]);
	}
	lan_end_test();
}

static char told[TRACE_WORDS_MAX];
static void watch_stories(unsigned wire, struct bytes frame, const char *story)
{
	(void)wire, (void)frame;
	if (story != NULL) snprintf(told, sizeof told, "%s", story);
}

static void what_the_program_says_travels_with_its_datagram(void)
{
	static struct trace trace;
	lan.trace = &trace;
	lan.watch = watch_stories;
	told[0] = '\0';
	a_lan();
	net_id a = bind_to(0, "0.0.0.0:0"), b = bind_to(1, "0.0.0.0:7");
	CHECK(send_to(0, a, "10.0.0.2:7", "silent") && hears(1, b, "silent"));
	CHECK_STR(told, "");
	trace_say(&trace, "because %s", "I say so");
	CHECK(send_to(0, a, "10.0.0.2:7", "why") && hears(1, b, "why"));
	CHECK_STR(told, "because I say so");
	lan_end_test();
}

static void a_broadcast_is_heard_by_all_but_its_sender(void)
{
	a_lan();
	net_id a = bind_to(0, "0.0.0.0:7"), b = bind_to(1, "0.0.0.0:7"), c = bind_to(2, "10.0.0.255:7");
	uint64_t beyond = lan.wire[1].frames;
	CHECK(!send_to(0, a, "255.255.255.255:7", "no") && net_why_not(lan_net(0)) == NET_NOT_ALLOWED);
	CHECK(!send_to(0, a, "10.0.0.255:7", "no") && net_why_not(lan_net(0)) == NET_NOT_ALLOWED);
	CHECK(net_set(lan_net(0), a, NET_BROADCAST, 1));
	CHECK(send_to(0, a, "255.255.255.255:7", "all"));
	CHECK(hears(1, b, "all") && hears_nothing(2) && hears_nothing(0));
	CHECK(send_to(0, a, "10.0.0.255:7", "subnet"));
	CHECK(hears(1, b, "subnet") && hears(2, c, "subnet") && hears_nothing(0));
	CHECK(send_to(0, a, "10.0.0.255:8", "nobody")); /* and no ICMP error comes of it */
	CHECK(hears_nothing(0));
	CHECK_EQ(lan.wire[1].frames, beyond);
	lan_end_test();
}

static void a_group_is_heard_by_its_members(void)
{
	struct addr group = lan_addr("239.1.2.3:7");
	a_lan();
	net_id a = bind_to(0, "0.0.0.0:7"), b = bind_to(1, "0.0.0.0:7"), c = bind_to(2, "0.0.0.0:7");
	net_id b2 = bind_to(1, "239.1.2.3:7"), b3 = bind_to(1, "239.1.2.3:7"); /* several may listen to one group */
	CHECK(b2 != 0 && b3 != 0 && b2 != b3);
	uint64_t beyond = lan.wire[1].frames;
	CHECK(net_join(lan_net(1), b, &group) && net_join(lan_net(1), b3, &group) && net_join(lan_net(0), a, &group));
	lan_run_for(3 * SECOND);
	CHECK(send_to(0, a, "239.1.2.3:7", "members"));
	CHECK(hears(1, b, "members") && hears(1, b3, "members") && hears_nothing(1));
	CHECK(hears_nothing(2) && hears_nothing(0));
	CHECK(net_set(lan_net(0), a, NET_MULTICAST_LOOP, 1));
	CHECK(send_to(0, a, "239.1.2.3:7", "me too"));
	CHECK(hears(0, a, "me too") && hears(1, b, "me too") && hears(1, b3, "me too"));
	CHECK(net_leave(lan_net(1), b, &group));
	CHECK(send_to(0, a, "239.1.2.3:7", "one less"));
	CHECK(hears(0, a, "one less") && hears(1, b3, "one less") && hears_nothing(1));
	net_finish(lan_net(1), b3); /* closing leaves */
	CHECK(send_to(0, a, "239.1.2.3:7", "nobody else"));
	CHECK(hears(0, a, "nobody else") && hears_nothing(1) && hears_nothing(2));
	CHECK_EQ(lan.wire[1].frames, beyond);
	(void)c;
	lan_end_test();
}

static unsigned joins, leaves, ttl_seen;
static void watch_groups(unsigned wire, struct bytes frame, const char *story)
{
	struct eth eth;
	struct ip4 ip;
	struct igmp m;
	struct igmp_record record;
	(void)wire, (void)story;
	if (eth_parse(frame, &eth) != DROP_NONE || eth.type != ETH_IP4 || ip4_parse(eth.payload, &ip) != DROP_NONE) return;
	if (ip.protocol == IP_UDP) ttl_seen = ip.ttl;
	if (ip.protocol != IP_IGMP || igmp_parse(ip.payload, &m) != DROP_NONE || m.type != IGMP3_REPORT) return;
	if (!igmp_record(&m.payload, &record) || ip.ttl != 1 || ip.options.len != 4) return;
	if (!ip_equal(ip.dst, ip4_of(0xe0000016)) || !mac_equal(eth.dst, eth_group_of(ip.dst))) return;
	joins += record.type == IGMP3_TO_EXCLUDE;
	leaves += record.type == IGMP3_TO_INCLUDE;
}

static void joins_and_leaves_are_seen(void)
{
	struct addr group = lan_addr("239.1.2.3:7");
	joins = leaves = 0;
	a_lan();
	lan.watch = watch_groups;
	net_id b = bind_to(1, "0.0.0.0:7"), a = bind_to(0, "0.0.0.0:0");
	CHECK(net_join(lan_net(1), b, &group));
	lan_run_for(2 * SECOND);
	CHECK_EQ(joins, 2); /* said, and said again: RFC 3376, 5.1 */
	net_finish(lan_net(1), b);
	lan_run_for(2 * SECOND);
	CHECK_EQ(leaves, 2);
	CHECK(send_to(0, a, "239.1.2.3:7", "x"));
	CHECK_EQ(ttl_seen, 1);
	CHECK(net_set(lan_net(0), a, NET_MULTICAST_TTL, 9) && send_to(0, a, "239.1.2.3:7", "x"));
	CHECK_EQ(ttl_seen, 9);
	uint64_t frames = lan.wire[0].frames;
	CHECK(net_set(lan_net(0), a, NET_MULTICAST_TTL, 0) && send_to(0, a, "239.1.2.3:7", "x"));
	CHECK_EQ(lan.wire[0].frames, frames); /* stays on this host */
	lan_end_test();
}

/* A member's report silences others that would say the same; one that came by unicast, perhaps from far away, must
 * not: reports go to the group itself (RFC 2236, 2.4), which no router passes on. */
static void say_report(struct lan_end *stranger, const char *dst, struct mac mac)
{
	uint8_t packet[64], message[8];
	struct igmp report = { .type = IGMP2_REPORT, .group = lan_ip("239.1.2.3") };
	size_t len = igmp_emit(&report, (struct room){ message, sizeof message });
	struct ip4 ip = { .ttl = 1, .protocol = IP_IGMP, .src = lan_ip("10.0.0.9"), .dst = lan_ip(dst),
		.payload = { message, len } };
	size_t header = ip4_emit(&ip, (struct room){ packet, sizeof packet });
	memcpy(packet + header, message, len);
	lan_say(stranger, mac, (struct mac){ { 2, 0xff, 0, 0, 0, 1 } }, ETH_IP4, (struct bytes){ packet, header + len });
	lan_run_for(0);
}

static void reports_of_others(void)
{
	struct addr group = lan_addr("239.1.2.3:7");
	a_lan();
	struct lan_end *stranger = lan_stranger(0);
	lan.watch = watch_groups;
	for (int to_group = 0; to_group < 2; to_group++) {
		net_id id = bind_to(1, "0.0.0.0:7");
		CHECK(net_join(lan_net(1), id, &group));
		lan_run_for(0);
		joins = 0;
		if (to_group) say_report(stranger, "239.1.2.3", eth_group_of(group.ip));
		else say_report(stranger, "10.0.0.2", lan_mac(1, 0));
		lan_run_for(2 * SECOND);
		CHECK_EQ(joins, to_group ? 0 : 1);
		net_finish(lan_net(1), id);
		lan_run_for(2 * SECOND);
	}
	lan_end_test();
}

static struct lan_end *stranger;
static const struct mac stranger_mac = { { 2, 0xff, 0, 0, 0, 1 } };

static void say_igmp(struct igmp m, const char *dst)
{
	uint8_t packet[64];
	struct ip4 ip = { .ttl = 1, .protocol = IP_IGMP, .src = lan_ip("10.0.0.253"), .dst = lan_ip(dst) };
	ip.payload.len = igmp_emit(&m, (struct room){ packet + 20, sizeof packet - 20 });
	ip4_emit(&ip, (struct room){ packet, sizeof packet });
	lan_say(stranger, eth_group_of(ip.dst), stranger_mac, ETH_IP4, (struct bytes){ packet, 20 + ip.payload.len });
	lan_run_for(0);
}

static bool hear_igmp(struct igmp *m, struct ip4 *ip)
{
	struct eth eth;
	while (lan_hear(stranger, &eth))
		if (eth.type == ETH_IP4 && ip4_parse(eth.payload, ip) == DROP_NONE && ip->protocol == IP_IGMP)
			return igmp_parse(ip->payload, m) == DROP_NONE;
	return false;
}

static void a_querier_is_answered(void)
{
	struct addr group = lan_addr("239.1.2.3:7");
	struct igmp_record record;
	struct igmp m;
	struct ip4 ip;

	lan_host(host, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	stranger = lan_stranger(0);
	net_id a = bind_to(0, "0.0.0.0:7");
	CHECK(net_join(lan_net(0), a, &group));
	lan_run_for(3 * SECOND);
	lan_ignore(stranger);
	say_igmp((struct igmp){ .type = IGMP_QUERY, .version3 = true, .max_response = 20, .group = ip4_any() }, "224.0.0.1");
	lan_run_for(2 * SECOND);
	CHECK(hear_igmp(&m, &ip) && m.type == IGMP3_REPORT && igmp_record(&m.payload, &record));
	CHECK(record.type == IGMP3_IS_EXCLUDE && ip_equal(record.group, group.ip) && !hear_igmp(&m, &ip));
	say_igmp((struct igmp){ .type = IGMP_QUERY, .max_response = 20, .group = ip4_any() }, "224.0.0.1");
	lan_run_for(2 * SECOND);
	CHECK(hear_igmp(&m, &ip) && m.type == IGMP2_REPORT && ip_equal(ip.dst, group.ip) && !hear_igmp(&m, &ip));
	say_igmp((struct igmp){ .type = IGMP_QUERY, .max_response = 20, .group = group.ip }, "239.1.2.3");
	say_igmp((struct igmp){ .type = IGMP2_REPORT, .group = group.ip }, "239.1.2.3"); /* another was faster */
	lan_run_for(3 * SECOND);
	CHECK(!hear_igmp(&m, &ip));
	lan_end_test();
}

static void what_came_to_nothing_bounces(void)
{
	struct net_event ev;
	a_lan();
	net_id a = bind_to(0, "0.0.0.0:0");
	CHECK(send_to(0, a, "10.0.0.2:9", "anybody?"));
	CHECK(lan_next_is(0, NET_BOUNCED, &ev) && ev.id == a && ev.why == NET_REFUSED && ev.peer.port == 9);
	CHECK(send_to(0, a, "172.16.0.1:9", "anywhere?")); /* the router says: no route */
	CHECK(lan_next_is(0, NET_BOUNCED, &ev) && ev.why == NET_UNREACHABLE);
	CHECK(net_set(lan_net(0), a, NET_TTL, 1));
	CHECK(send_to(0, a, "10.0.1.9:9", "too far")); /* the router says: time exceeded */
	CHECK(lan_next_is(0, NET_BOUNCED, &ev) && ev.why == NET_UNREACHABLE && ip_equal(ev.peer.ip, lan_ip("10.0.1.9")));
	CHECK(net_set(lan_net(0), a, NET_TTL, 64));
	CHECK(send_to(0, a, "10.0.0.77:9", "hello?")); /* nobody answers ARP: our own stack says so */
	CHECK(hears_nothing(0));
	lan_run_for(3 * SECOND);
	CHECK(lan_next_is(0, NET_BOUNCED, &ev) && ev.why == NET_UNREACHABLE && ip_equal(ev.peer.ip, lan_ip("10.0.0.77")));
	CHECK(send_to(0, a, "10.0.1.77:9", "hello?")); /* nor beyond the router */
	lan_run_for(3 * SECOND);
	CHECK(lan_next_is(0, NET_BOUNCED, &ev) && ev.why == NET_UNREACHABLE);
	CHECK(hears_nothing(0));
	lan_end_test();
}

static uint8_t spoilt;
static bool spoil_checksum(unsigned wire, struct bytes frame)
{
	/* The frame is about to be copied out; the test may write in it, since it knows whose memory it is. */
	(void)wire;
	if (frame.at[12] != 8 || frame.at[13] != 0 || frame.at[23] != IP_UDP) return false;
	((uint8_t *)(uintptr_t)frame.at)[14 + 20 + 8] ^= spoilt;
	return false;
}

static void a_broken_checksum_is_dropped_and_counted(void)
{
	a_lan();
	net_id b = bind_to(1, "0.0.0.0:7"), a = bind_to(0, "0.0.0.0:0");
	lan.spoil = spoil_checksum;
	spoilt = 0x10;
	CHECK(send_to(0, a, "10.0.0.2:7", "broken"));
	CHECK(hears_nothing(1) && hears_nothing(0));
	CHECK_EQ(lan_drops(1, DROP_CHECKSUM), 1);
	spoilt = 0;
	CHECK(send_to(0, a, "10.0.0.2:7", "whole"));
	CHECK(hears(1, b, "whole"));
	lan_end_test();
}

static void ports_belong_to_one(void)
{
	struct addr at;
	a_lan();
	net_id any = bind_to(0, "0.0.0.0:7");
	CHECK(any != 0);
	CHECK(bind_to(0, "0.0.0.0:7") == 0 && net_why_not(lan_net(0)) == NET_IN_USE);
	CHECK(bind_to(0, "10.0.0.1:7") == 0 && net_why_not(lan_net(0)) == NET_IN_USE);
	CHECK(bind_to(0, "[::]:7") == 0 && net_why_not(lan_net(0)) == NET_IN_USE);
	CHECK(bind_to(0, "10.0.0.2:8") == 0 && net_why_not(lan_net(0)) == NET_NO_ADDRESS);
	net_finish(lan_net(0), any);
	net_id one = bind_to(0, "10.0.0.1:7"), loop = bind_to(0, "127.0.0.1:7");
	CHECK(one != 0 && loop != 0);
	CHECK(bind_to(0, "0.0.0.0:7") == 0);
	net_id both = bind_to(0, "[::]:8"); /* both families */
	CHECK(both != 0 && bind_to(0, "0.0.0.0:8") == 0);
	net_id b = bind_to(1, "0.0.0.0:0");
	CHECK(net_local(lan_net(1), b, &at) && at.port >= 49152);
	CHECK(send_to(1, b, "10.0.0.1:8", "four to six"));
	CHECK(hears(0, both, "four to six"));
	lan_end_test();
}

static void ephemeral_ports_are_drawn(void)
{
	struct addr at;
	bool seen[65536] = { false };
	a_lan();
	for (int i = 0; i < 60; i++) {
		net_id id = bind_to(0, "0.0.0.0:0");
		CHECK(net_local(lan_net(0), id, &at) && at.port >= 49152 && !seen[at.port]);
		seen[at.port] = true;
	}
	int rising = 0;
	for (int p = 49152; p < 65535; p++) rising += seen[p] && seen[p + 1];
	CHECK(rising < 10); /* not one after another */
	lan_end_test();
}

static void to_ourselves(void)
{
	static uint8_t large[UDP4_PAYLOAD_MAX];
	struct net_event ev;
	struct addr here = lan_addr("127.0.0.1:7");
	lan_host(host, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	lan_run_for(2 * SECOND);
	net_id server = bind_to(0, "0.0.0.0:7"), client = bind_to(0, "0.0.0.0:0");
	uint64_t frames = lan.wire[0].frames;
	CHECK(send_to(0, client, "10.0.0.1:7", "own address"));
	CHECK(hears(0, server, "own address"));
	CHECK(send_to(0, client, "127.3.2.1:7", "loop"));
	CHECK(lan_next_is(0, NET_DATAGRAM, &ev) && bytes_equal(ev.data, bytes_of("loop")));
	CHECK(net_sendto(lan_net(0), client, &here, (struct bytes){ large, sizeof large }));
	lan_run_for(0);
	CHECK(lan_next_is(0, NET_DATAGRAM, &ev) && ev.data.len == sizeof large);
	CHECK(send_to(0, client, "127.0.0.1:9", "nobody"));
	CHECK(lan_next_is(0, NET_BOUNCED, &ev) && ev.why == NET_REFUSED);
	CHECK_EQ(lan.wire[0].frames, frames);
	lan_end_test();
}

static void a_slow_reader_loses_what_does_not_fit(void)
{
	static uint8_t text[1400];
	struct addr to = lan_addr("10.0.0.2:7");
	struct net_event ev;
	a_lan();
	net_id b = bind_to(1, "0.0.0.0:7"), a = bind_to(0, "0.0.0.0:0");
	for (int i = 0; i < 400; i++) {
		CHECK(net_sendto(lan_net(0), a, &to, (struct bytes){ text, sizeof text }));
		if (i % 50 == 0) lan_run_for(0);
	}
	lan_run_for(0);
	int heard = 0;
	while (net_next(lan_net(1), &ev)) heard++;
	CHECK(heard > 100 && heard < 400);
	CHECK_EQ(heard + lan_drops(1, DROP_QUEUE), 400);
	(void)b;
	lan_end_test();
}

static void datagrams_of_any_size_pass_a_router(void)
{
	static uint8_t text[UDP4_PAYLOAD_MAX];
	static const size_t sizes[] = { 0, 1, 1250, 1472, 1473, 3000, 30000, UDP4_PAYLOAD_MAX };
	struct addr to = lan_addr("10.0.1.1:7");
	struct net_event ev;

	lan_host(host, false);
	lan_host(host, true);
	lan_host(host, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	lan_attach(1, 0, 1500, "10.0.0.254/24");
	lan_attach(1, 1, 1280, "10.0.1.254/24");
	lan_attach(2, 1, 1280, "10.0.1.1/24");
	lan_route(0, "0.0.0.0/0", "10.0.0.254");
	lan_route(2, "0.0.0.0/0", "10.0.1.254");
	for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)(i * 7 + i / 256);
	net_id server = bind_to(2, "0.0.0.0:7"), client = bind_to(0, "0.0.0.0:0");
	for (size_t i = 0; i < COUNT(sizes); i++) {
		CHECK(net_sendto(lan_net(0), client, &to, (struct bytes){ text, sizes[i] }));
		lan_run_for(SECOND);
		CHECK(lan_next_is(2, NET_DATAGRAM, &ev));
		CHECK_EQ(ev.data.len, sizes[i]);
		CHECK(memcmp(ev.data.at, text, sizes[i]) == 0);
		CHECK(net_sendto(lan_net(2), server, &ev.peer, ev.data));
		lan_run_for(SECOND);
		CHECK(lan_next_is(0, NET_DATAGRAM, &ev));
		CHECK(bytes_equal(ev.data, (struct bytes){ text, sizes[i] }));
	}
	lan_end_test();
}

int main(void)
{
	TEST(it_goes_to_and_fro);
	TEST(a_host_answers_from_where_it_was_asked);
	TEST(what_the_program_says_travels_with_its_datagram);
	TEST(a_broadcast_is_heard_by_all_but_its_sender);
	TEST(a_group_is_heard_by_its_members);
	TEST(joins_and_leaves_are_seen);
	TEST(reports_of_others);
	TEST(a_querier_is_answered);
	TEST(what_came_to_nothing_bounces);
	TEST(a_broken_checksum_is_dropped_and_counted);
	TEST(ports_belong_to_one);
	TEST(ephemeral_ports_are_drawn);
	TEST(to_ourselves);
	TEST(a_slow_reader_loses_what_does_not_fit);
	TEST(datagrams_of_any_size_pass_a_router);
	return tap_end();
}
