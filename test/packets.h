/* SPDX-License-Identifier: ISC */
/* packets.h - packets of every kind, good ones and bad ones, each given to frame(), which whoever includes this
 * defines. test/dump.sh compares what tcpdump says of them.
 */
#ifndef TULLE_TEST_PACKETS_H
#define TULLE_TEST_PACKETS_H

#include <stdlib.h>

#include "base/checksum.h"
#include "wire/arp.h"
#include "wire/dns.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/igmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"
#include "wire/udp.h"

static void frame(struct bytes);

static const struct mac mac1 = { { 2, 0, 0, 0, 0, 1 } }, mac2 = { { 2, 0, 0, 0, 0, 2 } };

static struct ip ip(const char *text)
{
	struct ip out;
	if (!ip_parse(text, &out)) abort();
	return out;
}

static void eth(uint16_t type, struct mac dst, struct bytes payload)
{
	static uint8_t p[70000];
	size_t n = eth_emit(&(struct eth){ dst, mac1, type, { 0 } }, (struct room){ p, sizeof p });

	if (payload.len > 0) memcpy(p + n, payload.at, payload.len);
	frame((struct bytes){ p, n + payload.len });
}

static void put4(struct ip4 h)
{
	static uint8_t p[70000];
	size_t n = ip4_emit(&h, (struct room){ p, sizeof p });

	if (h.payload.len > 0) memcpy(p + n, h.payload.at, h.payload.len);
	eth(ETH_IP4, mac2, (struct bytes){ p, n + h.payload.len });
}

static void put6(struct ip6 h)
{
	static uint8_t p[70000];
	size_t n = ip6_emit(&h, (struct room){ p, sizeof p });

	if (h.payload.len > 0) memcpy(p + n, h.payload.at, h.payload.len);
	eth(ETH_IP6, mac2, (struct bytes){ p, n + h.payload.len });
}

static struct ip4 header4(uint8_t protocol, const char *src, const char *dst, struct bytes payload)
{
	static uint16_t id = 1000;
	return (struct ip4){ .id = id++, .dont_fragment = true, .ttl = 64, .protocol = protocol, .src = ip(src),
		.dst = ip(dst), .payload = payload };
}

/* Wraps what is above IP by the family of its addresses. */
static void put(uint8_t protocol, const char *src, const char *dst, struct bytes payload)
{
	if (strchr(src, ':') == NULL) {
		put4(header4(protocol, src, dst, payload));
		return;
	}
	put6((struct ip6){ .hop_limit = 255, .flow_label = 0x12345, .protocol = protocol, .src = ip(src), .dst = ip(dst),
		.payload = payload });
}

static uint8_t buffer[70000];
static const struct room room = { buffer, sizeof buffer };

static void udp(const char *src, uint16_t sport, const char *dst, uint16_t dport, struct bytes data)
{
	struct udp u = { sport, dport, data };
	put(IP_UDP, src, dst, (struct bytes){ buffer, udp_emit(&u, ip(src), ip(dst), room) });
}

static void tcp(const char *src, const char *dst, struct tcp_seg s)
{
	put(IP_TCP, src, dst, (struct bytes){ buffer, tcp_emit(&s, ip(src), ip(dst), room) });
}

static void arps(void)
{
	struct arp a[] = {
		{ ARP_REQUEST, mac1, { { 0 } }, ip("10.0.0.1"), ip("10.0.0.2") },
		{ ARP_REQUEST, mac1, mac2, ip("10.0.0.1"), ip("10.0.0.2") },
		{ ARP_REPLY, mac2, mac1, ip("10.0.0.2"), ip("10.0.0.1") },
		{ ARP_REQUEST, mac1, { { 0 } }, ip("10.0.0.1"), ip("10.0.0.1") },
		{ ARP_REQUEST, mac1, { { 0 } }, ip("0.0.0.0"), ip("10.0.0.1") },
		{ 3, mac1, mac2, ip("0.0.0.0"), ip("10.0.0.1") },
		{ 4, mac1, mac2, ip("10.0.0.1"), ip("10.0.0.2") },
		{ 8, mac1, mac2, ip("10.0.0.1"), ip("10.0.0.2") },
		{ 9, mac1, mac2, ip("10.0.0.1"), ip("10.0.0.2") },
	};
	uint8_t p[46] = { 0 };

	for (size_t i = 0; i < COUNT(a); i++) {
		size_t n = arp_emit(&a[i], (struct room){ p, sizeof p });
		eth(ETH_ARP, i % 2 ? mac2 : eth_broadcast, (struct bytes){ p, i % 3 ? n : sizeof p });
	}
	p[1] = 6;
	eth(ETH_ARP, mac2, (struct bytes){ p, 28 });
	p[1] = 1, p[2] = 0x86, p[3] = 0xdd;
	eth(ETH_ARP, mac2, (struct bytes){ p, 28 });
}

/* A session between two ports, from SYN to TIME_WAIT, with options, a lost segment and an urgent one. */
static void session(const char *a, const char *b, uint16_t port)
{
	static const uint8_t data[1460] = "a line\r\n";
	const struct tcp_seg up = { .src_port = 40000, .dst_port = port, .window = 502, .flags = TCP_ACK,
		.seq = 1000000001, .ack = 4000000001 };
	const struct tcp_seg down = { .src_port = port, .dst_port = 40000, .window = 65535, .flags = TCP_ACK,
		.seq = 4000000001, .ack = 1000000001 };
	struct tcp_seg s = up;

	s.flags = TCP_SYN, s.seq--, s.ack = 0;
	s.mss = 1460, s.sack_permitted = true, s.has_timestamps = true, s.ts_value = 7, s.has_wscale = true, s.wscale = 7;
	tcp(a, b, s);
	s = down;
	s.flags = TCP_SYN | TCP_ACK, s.seq--, s.mss = 1440, s.has_wscale = true, s.wscale = 0;
	tcp(b, a, s);
	tcp(a, b, up);
	s = up;
	s.flags |= TCP_PSH, s.text = (struct bytes){ data, 8 }, s.has_timestamps = true, s.ts_value = 8, s.ts_echo = 9;
	tcp(a, b, s);
	s = down, s.ack += 8;
	tcp(b, a, s);
	s = down, s.ack += 8, s.text = (struct bytes){ data, 1460 };
	tcp(b, a, s);
	s.seq += 2920, s.flags |= TCP_ECE | TCP_CWR;
	tcp(b, a, s);
	s = up, s.seq += 8, s.ack += 1460;
	tcp(a, b, s);
	s.flags |= TCP_URG | TCP_PSH, s.urgent = 3, s.text = (struct bytes){ data, 5 };
	tcp(a, b, s);
	s = up, s.seq += 13, s.flags |= TCP_FIN;
	tcp(a, b, s);
	s = down, s.seq += 4380, s.ack += 14, s.flags |= TCP_FIN | TCP_PSH;
	tcp(b, a, s);
	s = up, s.seq += 14, s.ack += 4381;
	tcp(a, b, s);
	s = up, s.flags = TCP_RST, s.seq += 14, s.window = 0;
	tcp(a, b, s);
	s.flags = TCP_RST | TCP_ACK, s.text = (struct bytes){ (const uint8_t *)"why\1not", 7 };
	tcp(a, b, s);
	s = up, s.flags = 0;
	tcp(a, b, s);
}

/* A segment whose options, header length, flags or checksum somebody else has chosen. */
static void odd_segment(const uint8_t *options, size_t len, uint8_t offset, int checksum)
{
	uint8_t p[80] = { 0x30, 0x39, 26, 10, 0, 0, 0, 1, 0, 0, 0, 2, 0, TCP_ACK, 1, 0 };
	p[12] = (uint8_t)((offset ? offset : (20 + len) / 4) << 4);
	if (len > 0) memcpy(p + 20, options, len);
	struct bytes all = { p, 20 + len };
	uint64_t sum = checksum_add(checksum_pseudo(ip("10.0.0.1"), ip("10.0.0.2"), IP_TCP, all.len), all);
	store_be16(p + 16, checksum ? (uint16_t)checksum : checksum_finish(sum));
	put(IP_TCP, "10.0.0.1", "10.0.0.2", all);
}

static void odd_segments(void)
{
	static const uint8_t option[][12] = {
		{ 1, 1, 5, 10, 0, 0, 0, 10, 0, 0, 0, 20 },           /* SACK */
		{ 5, 9, 0, 0, 0, 10, 0, 0, 0, 1, 1, 1 },             /* one that is too short */
		{ 254, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 },
		{ 77, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 },
		{ 2, 3, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
		{ 2, 5, 5, 180, 1, 1, 1, 1, 1, 1, 1, 1 },
		{ 3, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
		{ 8, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9 },
		{ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2 },
		{ 28, 4, 0, 5, 28, 4, 0x80, 5, 34, 2, 1, 1 },
		{ 34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1 },
		{ 6, 6, 0, 0, 0, 1, 7, 6, 0, 0, 0, 2 },
		{ 4, 3, 0, 3, 4, 7, 0, 14, 2, 1, 1, 1 },
	};
	for (size_t i = 0; i < COUNT(option); i++) odd_segment(option[i], 12, 0, 0);
	odd_segment(NULL, 0, 4, 0);
	odd_segment(NULL, 0, 8, 0);
	odd_segment(NULL, 0, 5, 0xbad);
	odd_segment(option[0], 12, 5, 0); /* options that are data */
}

static void echo(bool six, uint8_t type, const char *src, const char *dst)
{
	static const uint8_t data[56] = "0123456789";
	struct icmp m = { .six = six, .type = type, .id = 4660, .seq = 7, .payload = { data, sizeof data } };
	put(six ? IP_ICMP6 : IP_ICMP, src, dst, (struct bytes){ buffer, icmp_emit(&m, ip(src), ip(dst), room) });
}

static void icmps(void)
{
	static const uint8_t kinds[][2] = { { 3, 0 }, { 3, 1 }, { 3, 2 }, { 3, 3 }, { 3, 4 }, { 3, 5 }, { 3, 6 }, { 3, 7 },
		{ 3, 8 }, { 3, 9 }, { 3, 10 }, { 3, 11 }, { 3, 12 }, { 3, 13 }, { 3, 14 }, { 3, 15 }, { 3, 99 }, { 4, 0 },
		{ 5, 0 }, { 5, 1 }, { 5, 2 }, { 5, 3 }, { 5, 9 }, { 11, 0 }, { 11, 1 }, { 11, 7 }, { 12, 0 }, { 12, 1 },
		{ 13, 0 }, { 14, 0 }, { 17, 0 }, { 18, 0 }, { 10, 0 }, { 15, 0 }, { 16, 0 }, { 42, 0 }, { 200, 3 } };
	uint8_t about[64], copy[200];
	struct udp u = { 5000, 53, { 0 } };

	echo(false, ICMP4_ECHO_REQUEST, "10.0.0.1", "10.0.0.2");
	echo(false, ICMP4_ECHO_REPLY, "10.0.0.2", "10.0.0.1");
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct ip4 h = header4(i % 3 == 2 ? IP_TCP : IP_UDP, "10.0.0.1", "10.9.0.2", (struct bytes){ NULL, 8 });
		size_t n = ip4_emit(&h, (struct room){ about, sizeof about });
		udp_emit(&u, h.src, h.dst, (struct room){ about + n, 8 });
		struct icmp m = { .type = kinds[i][0], .code = kinds[i][1], .rest = 0x0a000509, .payload = { about, n + 8 } };
		if (i == 4) m.rest = 1400;
		size_t len = icmp_emit(&m, ip("10.0.0.9"), ip("10.0.0.1"), room);
		put(IP_ICMP, "10.0.0.9", "10.0.0.1", (struct bytes){ buffer, len });
	}
	memcpy(copy, buffer, 36);
	copy[3] ^= 1; /* a wrong checksum */
	put(IP_ICMP, "10.0.0.9", "10.0.0.1", (struct bytes){ copy, 36 });
	put(IP_ICMP, "10.0.0.9", "10.0.0.1", (struct bytes){ copy, 5 });
	/* The protocol somebody asked for is none anybody speaks. */
	struct ip4 h = header4(200, "10.0.0.1", "10.9.0.2", (struct bytes){ NULL, 8 });
	size_t n = ip4_emit(&h, (struct room){ about, sizeof about });
	struct icmp m = { .type = 3, .code = 3, .payload = { about, n + 8 } };
	put(IP_ICMP, "10.0.0.9", "10.0.0.1", (struct bytes){ buffer, icmp_emit(&m, h.src, h.dst, room) });
}

static void igmp(struct igmp m, const char *dst)
{
	static const uint8_t alert[4] = { 148, 4, 0, 0 };
	struct ip4 h = header4(IP_IGMP, "10.0.0.1", dst, (struct bytes){ buffer, igmp_emit(&m, room) });

	h.options = (struct bytes){ alert, 4 };
	h.ttl = 1;
	put4(h);
}

static void igmps(void)
{
	static const uint8_t query3[] = { 2, 125, 0, 1, 10, 0, 0, 1 };
	static const uint8_t records[] = { IGMP3_TO_EXCLUDE, 0, 0, 0, 239, 1, 1, 1,
		IGMP3_ALLOW, 0, 0, 2, 239, 1, 1, 2, 10, 0, 0, 1, 10, 0, 0, 2, 9, 0, 0, 0, 239, 1, 1, 3 };
	struct ip group = ip("239.1.1.1");

	igmp((struct igmp){ .type = IGMP_QUERY, .group = ip4_any() }, "224.0.0.1");
	igmp((struct igmp){ .type = IGMP_QUERY, .max_response = 100, .group = ip4_any() }, "224.0.0.1");
	igmp((struct igmp){ .type = IGMP_QUERY, .max_response = 10, .group = group }, "239.1.1.1");
	igmp((struct igmp){ .type = IGMP_QUERY, .max_response = 100, .group = ip4_any(), .version3 = true }, "224.0.0.1");
	igmp((struct igmp){ .type = IGMP_QUERY, .max_response = 55, .group = group, .version3 = true }, "239.1.1.1");
	igmp((struct igmp){ .type = IGMP_QUERY, .max_response = 200, .group = group, .version3 = true,
		.payload = { query3, 8 } }, "239.1.1.1");
	igmp((struct igmp){ .type = IGMP_QUERY, .max_response = 255, .group = ip4_any(), .version3 = true }, "224.0.0.1");
	igmp((struct igmp){ .type = IGMP1_REPORT, .group = group }, "239.1.1.1");
	igmp((struct igmp){ .type = IGMP2_REPORT, .group = group }, "239.1.1.1");
	igmp((struct igmp){ .type = IGMP2_LEAVE, .group = group }, "224.0.0.2");
	igmp((struct igmp){ .type = IGMP3_REPORT, .records = 1, .payload = { records, 8 } }, "224.0.0.22");
	igmp((struct igmp){ .type = IGMP3_REPORT, .records = 3, .payload = { records, 32 } }, "224.0.0.22");
	igmp((struct igmp){ .type = IGMP3_REPORT, .records = 4, .payload = { records, 32 } }, "224.0.0.22");
	igmp((struct igmp){ .type = IGMP3_REPORT, .records = 0 }, "224.0.0.22");
	igmp((struct igmp){ .type = 0x99, .group = group }, "224.0.0.22");
	put(IP_IGMP, "10.0.0.1", "224.0.0.1", (struct bytes){ records, 8 });
}

static struct dns_name name(const char *text)
{
	struct dns_name out;
	if (!dns_name_parse(text, &out)) abort();
	return out;
}

struct record { const char *name; uint16_t type; const char *rdata; size_t len; enum dns_section section; };

static void dns(const struct record *record, size_t count, uint16_t flags, uint8_t opcode, uint16_t rcode, bool opt,
                bool over_tcp)
{
	static uint8_t message[4096];
	struct dns_builder b;
	bool reply = flags & DNS_QR;

	dns_begin(&b, (struct room){ message + 2, sizeof message - 2 }, 4000, 12345, flags, opcode, rcode & 15);
	if (opcode != 15) {
		struct dns_question q = { name("www.example.com"), DNS_A, DNS_IN };
		if (!dns_add_question(&b, &q)) abort();
	}
	for (size_t i = 0; i < count; i++) {
		struct dns_rr rr = { .name = name(record[i].name), .type = record[i].type, .class = DNS_IN, .ttl = 3600 + (uint32_t)i,
			.section = record[i].section, .rdata = { (const uint8_t *)record[i].rdata, record[i].len } };
		if (!dns_add_rr(&b, &rr)) abort();
	}
	if (opt && !dns_add_opt(&b, 1232, rcode, rcode == 0)) abort();
	size_t n = dns_end(&b);
	store_be16(message, (uint16_t)n);
	const char *from = reply ? "10.0.0.53" : "10.0.0.1", *to = reply ? "10.0.0.1" : "10.0.0.53";
	uint16_t sport = reply ? 53 : 33333, dport = reply ? 33333 : 53;
	if (!over_tcp) {
		udp(from, sport, to, dport, (struct bytes){ message + 2, n });
		return;
	}
	tcp(from, to, (struct tcp_seg){ .src_port = sport, .dst_port = dport, .flags = TCP_ACK | TCP_PSH, .seq = 1, .ack = 1,
		.window = 9, .text = { message, n + 2 } });
}

#define R(owner, type, rdata, section) { owner, type, rdata, sizeof(rdata) - 1, section }
static const struct record answers[] = {
	R("www.example.com", DNS_CNAME, "\3web\7example\3com\0", DNS_ANSWER),
	R("web.example.com", DNS_A, "\12\0\0\7", DNS_ANSWER),
	R("web.example.com", DNS_AAAA, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", DNS_ANSWER),
	R("example.com", DNS_MX, "\0\12\4mail\7example\3com\0", DNS_ANSWER),
	R("example.com", DNS_TXT, "\5hello\6wo\"rld", DNS_ANSWER),
	R("example.com", DNS_SOA, "\2ns\7example\3com\0\5admin\7example\3com\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5", DNS_ANSWER),
	R("_s._tcp.example.com", DNS_SRV, "\0\1\0\2\0\120\3web\7example\3com\0", DNS_ANSWER),
	R("7.0.0.10.in-addr.arpa", DNS_PTR, "\3web\7example\3com\0", DNS_ANSWER),
	R("example.com", DNS_CAA, "\0\5issueca.example", DNS_ANSWER),
	R("example.com", 1234, "\1\2\3", DNS_ANSWER),
	R("example.com", DNS_HINFO, "\3CPU\2OS", DNS_ANSWER),
	R("example.com", DNS_NS, "\2ns\7example\3com\0", DNS_AUTHORITY),
	R("example.com", DNS_NS, "\2nt\7example\3com\0", DNS_AUTHORITY),
	R("ns.example.com", DNS_A, "\12\0\0\65", DNS_ADDITIONAL),
	R("nt.example.com", DNS_A, "\12\0\0\66", DNS_ADDITIONAL),
};

static void dnses(void)
{
	uint8_t bad[] = { 48, 57, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w', 0xc0, 12, 0, 1, 0, 1 };

	dns(NULL, 0, DNS_RD, 0, 0, false, false);
	dns(NULL, 0, DNS_RD | DNS_AD, 0, 0, true, false);
	dns(NULL, 0, DNS_CD, 0, 0, false, false);
	dns(NULL, 0, DNS_AA | DNS_RA | DNS_TC, 0, 0, false, false);
	dns(NULL, 0, 0, 5, 0, false, false);
	dns(NULL, 0, 0, 4, 0, false, false);
	dns(answers, 1, DNS_RD, 0, 0, false, false);
	dns(answers, 2, DNS_QR | DNS_AA | DNS_RD | DNS_RA, 0, 0, false, false);
	for (size_t i = 0; i < COUNT(answers); i++) dns(answers + i, 1, DNS_QR | DNS_RD, 0, 0, false, false);
	dns(answers, COUNT(answers), DNS_QR | DNS_RA, 0, 0, true, false);
	dns(answers + 11, 4, DNS_QR, 0, 0, true, false);
	for (uint16_t rcode = 1; rcode < 12; rcode++) dns(NULL, 0, DNS_QR | DNS_RA, 0, rcode, false, false);
	dns(NULL, 0, DNS_QR | DNS_TC | DNS_AD | DNS_CD, 0, 16, true, false);
	dns(NULL, 0, DNS_QR, 0, 17, true, false);
	dns(NULL, 0, DNS_QR, 15, 1, false, false);
	dns(NULL, 0, 0, 15, 1, false, false);
	dns(NULL, 0, DNS_RD, 0, 0, true, true);
	dns(answers, 4, DNS_QR | DNS_AA | DNS_RD | DNS_RA, 0, 0, false, true);
	udp("10.0.0.1", 53, "10.0.0.2", 53, (struct bytes){ bad, sizeof bad }); /* a name that points to itself */
	bad[17] = 200;
	udp("10.0.0.1", 53, "10.0.0.2", 53, (struct bytes){ bad, sizeof bad });
	bad[16] = 0x85;
	udp("10.0.0.1", 53, "10.0.0.2", 53, (struct bytes){ bad, sizeof bad });
	udp("10.0.0.1", 53, "10.0.0.2", 53, (struct bytes){ bad, 11 });
	udp("10.0.0.1", 53, "10.0.0.2", 53, (struct bytes){ bad, 0 });
	bad[2] = 0x81, bad[16] = 0, bad[17] = 0, bad[19] = 1, bad[7] = 2;
	udp("10.0.0.1", 53, "10.0.0.2", 5353, (struct bytes){ bad, sizeof bad }); /* answers that are not there */
	dns(NULL, 0, DNS_QR, 0, 0, false, true);
}

static void udps(void)
{
	static const uint8_t data[2000] = "some data";
	uint8_t odd[20] = { 0x13, 0x88, 0x17, 0x70, 0, 20, 0, 0 };

	udp("10.0.0.1", 5000, "10.0.0.2", 6000, (struct bytes){ data, 9 });
	udp("10.0.0.1", 5000, "255.255.255.255", 6000, (struct bytes){ data, 0 });
	udp("2001:db8::1", 5000, "2001:db8::2", 6000, (struct bytes){ data, 9 });
	put(IP_UDP, "10.0.0.1", "10.0.0.2", (struct bytes){ odd, 20 }); /* no checksum */
	put(IP_UDP, "2001:db8::1", "2001:db8::2", (struct bytes){ odd, 20 });
	odd[6] = 0xab;
	put(IP_UDP, "10.0.0.1", "10.0.0.2", (struct bytes){ odd, 20 }); /* a wrong one */
	put(IP_UDP, "2001:db8::1", "2001:db8::2", (struct bytes){ odd, 20 });
	odd[5] = 30;
	put(IP_UDP, "10.0.0.1", "10.0.0.2", (struct bytes){ odd, 20 });
	odd[5] = 12;
	put(IP_UDP, "10.0.0.1", "10.0.0.2", (struct bytes){ odd, 20 });
	odd[5] = 7;
	put(IP_UDP, "10.0.0.1", "10.0.0.2", (struct bytes){ odd, 20 });
	put(IP_UDP, "10.0.0.1", "10.0.0.2", (struct bytes){ odd, 6 });
}

static void fragments(void)
{
	static const uint8_t data[2000] = "some data";
	struct udp u = { 5000, 6000, { data, sizeof data } };
	size_t n = udp_emit(&u, ip("10.0.0.1"), ip("10.0.0.2"), room);
	struct ip4 h = header4(IP_UDP, "10.0.0.1", "10.0.0.2", (struct bytes){ buffer, 1480 });

	h.dont_fragment = false, h.more_fragments = true;
	put4(h);
	h.more_fragments = false, h.fragment_offset = 1480, h.payload = (struct bytes){ buffer + 1480, n - 1480 };
	put4(h);
	for (uint8_t protocol = 1; protocol < 60; protocol++) {
		h.protocol = protocol, h.payload.len = 8;
		if (protocol < 7 || protocol == 17 || protocol > 57) put4(h);
	}
	udp_emit(&u, ip("2001:db8::1"), ip("2001:db8::2"), room);
	struct ip6 six = { .hop_limit = 64, .protocol = IP_UDP, .src = ip("2001:db8::1"), .dst = ip("2001:db8::2"),
		.fragment = true, .more_fragments = true, .id = 0xabcdef01, .payload = { buffer, 1448 } };
	put6(six);
	six.more_fragments = false, six.fragment_offset = 1448, six.payload = (struct bytes){ buffer + 1448, n - 1448 };
	put6(six);
	h = header4(IP_TCP, "10.0.0.1", "10.0.0.2", (struct bytes){ data, 24 });
	h.more_fragments = true, h.dont_fragment = true;
	put4(h);
}

static void discovery(void)
{
	struct ip a = ip("fe80::1"), b = ip("ff02::1:ff00:2");
	struct icmp m = { .six = true, .type = ICMP6_NEIGHBOUR_SOLICITATION, .target = ip("fe80::2"),
		.has_link_address = true, .link_address = mac1 };
	put(IP_ICMP6, "fe80::1", "ff02::1:ff00:2", (struct bytes){ buffer, icmp_emit(&m, a, b, room) });
	m.has_link_address = false;
	put(IP_ICMP6, "fe80::1", "ff02::1:ff00:2", (struct bytes){ buffer, icmp_emit(&m, a, b, room) });
	m.type = ICMP6_NEIGHBOUR_ADVERTISEMENT, m.has_link_address = true;
	for (uint32_t flags = 0; flags < 8; flags++) {
		m.rest = flags << 29;
		put(IP_ICMP6, "fe80::1", "ff02::1:ff00:2", (struct bytes){ buffer, icmp_emit(&m, a, b, room) });
	}
	m.type = ICMP6_ROUTER_SOLICITATION, m.rest = 0;
	put(IP_ICMP6, "fe80::1", "ff02::1:ff00:2", (struct bytes){ buffer, icmp_emit(&m, a, b, room) });
	static const uint8_t advertisement[] = { 0, 0, 0, 30, 0, 0, 3, 0xe8, 1, 1, 2, 0, 0, 0, 0, 1, 5, 1, 0, 0, 0, 0, 5, 0xdc,
		3, 4, 64, 0xc0, 0, 0, 0x70, 0x80, 0, 0, 0xe, 0x10, 0, 0, 0, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		25, 3, 0, 0, 0, 0, 0, 60, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53, 200, 1, 1, 2, 3, 4, 5, 6 };
	m = (struct icmp){ .six = true, .type = ICMP6_ROUTER_ADVERTISEMENT, .rest = 0x40c00708,
		.payload = { advertisement, sizeof advertisement } };
	put(IP_ICMP6, "fe80::1", "ff02::1:ff00:2", (struct bytes){ buffer, icmp_emit(&m, a, b, room) });
	m.payload.len = 8, m.rest = 64u << 24 | 1800;
	put(IP_ICMP6, "fe80::1", "ff02::1:ff00:2", (struct bytes){ buffer, icmp_emit(&m, a, b, room) });
	static const uint8_t redirect[] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,
		0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 2, 1, 2, 0, 0, 0, 0, 9 };
	m = (struct icmp){ .six = true, .type = 137, .payload = { redirect, sizeof redirect } };
	put(IP_ICMP6, "fe80::1", "ff02::1:ff00:2", (struct bytes){ buffer, icmp_emit(&m, a, b, room) });
}

static void listeners(void)
{
	static const uint8_t report[] = { 4, 0, 0, 0, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 2,
		5, 0, 0, 1, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 3, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	static const uint8_t group[20] = { 0xff, 2, [15] = 9, [16] = 2, 125 };
	struct ip a = ip("fe80::1"), b = ip("ff02::16");
	struct icmp m[] = {
		{ .six = true, .type = ICMP6_MLD2_REPORT, .rest = 1, .payload = { report, 20 } },
		{ .six = true, .type = ICMP6_MLD2_REPORT, .rest = 2, .payload = { report, sizeof report } },
		{ .six = true, .type = ICMP6_MLD2_REPORT, .rest = 3, .payload = { report, sizeof report } },
		{ .six = true, .type = ICMP6_MLD_QUERY, .rest = 1000u << 16, .payload = { group, 16 } },
		{ .six = true, .type = ICMP6_MLD_QUERY, .rest = 1000u << 16, .payload = { group, 20 } },
		{ .six = true, .type = 131, .payload = { group, 16 } },
		{ .six = true, .type = 132, .payload = { group, 16 } },
	};
	for (size_t i = 0; i < COUNT(m); i++) {
		struct ip6 h = { .hop_limit = 1, .protocol = IP_ICMP6, .src = a, .dst = b, .router_alert = true };
		h.payload = (struct bytes){ buffer, icmp_emit(&m[i], a, b, room) };
		put6(h);
	}
}

static void icmp6s(void)
{
	static const uint8_t kinds[][2] = { { 1, 0 }, { 1, 1 }, { 1, 2 }, { 1, 3 }, { 1, 4 }, { 1, 5 }, { 1, 9 }, { 2, 0 },
		{ 3, 0 }, { 3, 1 }, { 3, 5 }, { 4, 0 }, { 4, 1 }, { 4, 2 }, { 4, 7 }, { 77, 0 }, { 250, 1 } };
	uint8_t about[80];
	struct udp u = { 5000, 53, { 0 } };
	struct ip a = ip("2001:db8::1"), b = ip("2001:db8::2");

	echo(true, ICMP6_ECHO_REQUEST, "2001:db8::1", "2001:db8::2");
	echo(true, ICMP6_ECHO_REPLY, "2001:db8::2", "2001:db8::1");
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct ip6 h = { .hop_limit = 64, .protocol = i % 4 == 3 ? IP_TCP : IP_UDP, .src = a, .dst = ip("2001:db8:9::2"),
			.payload = { NULL, 8 } };
		size_t n = ip6_emit(&h, (struct room){ about, sizeof about });
		udp_emit(&u, h.src, h.dst, (struct room){ about + n, 8 });
		struct icmp m = { .six = true, .type = kinds[i][0], .code = kinds[i][1], .rest = 1280, .payload = { about, n + 8 } };
		put(IP_ICMP6, "2001:db8::1", "2001:db8::2", (struct bytes){ buffer, icmp_emit(&m, a, b, room) });
	}
	buffer[2] ^= 1;
	put(IP_ICMP6, "2001:db8::1", "2001:db8::2", (struct bytes){ buffer, 56 });
	put(IP_ICMP6, "2001:db8::1", "2001:db8::2", (struct bytes){ buffer, 3 });
}

static void extensions(void)
{
	static const uint8_t chain[] = { IP6_ROUTING, 0, 1, 4, 0, 0, 0, 0, IP_UDP, 2, 0, 1, 0, 0, 0, 0,
		0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0x13, 0x88, 0x17, 0x70, 0, 8, 0, 1 };
	struct ip6 h = { .traffic_class = 0x2e, .flow_label = 7, .hop_limit = 64, .protocol = IP6_DESTINATION,
		.src = ip("2001:db8::1"), .dst = ip("2001:db8::2"), .payload = { chain, sizeof chain } };

	put6(h);
	h.protocol = IP6_ROUTING, h.payload = (struct bytes){ chain + 8, sizeof chain - 8 };
	put6(h);
	h.protocol = IP6_NO_NEXT;
	put6(h);
	h.protocol = 253;
	put6(h);
	h.protocol = IP6_HOP_BY_HOP, h.payload = (struct bytes){ chain, 4 };
	put6(h);
	h.protocol = IP6_DESTINATION, h.payload = (struct bytes){ chain, 0 };
	put6(h);
}

/* Options of router advertisements, of every kind, right and wrong. */
static void advertised(void)
{
	static const uint8_t option[][32] = {
		{ 7, 1, 0, 0, 0, 0, 3, 0xe8 }, { 8, 1, 0, 0, 0, 1, 0, 5 },
		{ 24, 3, 64, 0x18, 0xff, 0xff, 0xff, 0xff, 0x20, 1, 0xd, 0xb8 }, { 24, 2, 64, 8, 0, 0, 0, 5, 0x20, 1, 0xd, 0xb8 },
		{ 24, 1, 0, 0, 0, 0, 0, 5 }, { 24, 4, 0, 0, 0, 0, 0, 5 }, { 31, 2, 0, 0, 0, 0, 0, 60, 1, 'a', 2, 'b', 'c' },
		{ 31, 2, 0, 0, 0, 0, 0, 60, 9, 'a' }, { 4, 2, 0, 0, 0, 0, 0, 0, 'p', 'a', 'c', 'k', 'e', 't' },
		{ 5, 2, 0, 0, 0, 0, 5, 0xdc }, { 3, 4, 64, 0xff, 0xff, 0xff, 0xff, 0xff }, { 1, 2, 'l', 'o', 'n', 'g' }, { 1, 0 },
	};
	uint8_t body[8 + 32] = { 0 };

	for (size_t i = 0; i < COUNT(option); i++) {
		size_t len = option[i][1] * 8u;
		memcpy(body + 8, option[i], 32);
		struct icmp m = { .six = true, .type = ICMP6_ROUTER_ADVERTISEMENT, .rest = 0x40180005,
			.payload = { body, 8 + (len > 0 ? len : 2) } };
		size_t n = icmp_emit(&m, ip("fe80::1"), ip("ff02::1"), room);
		put(IP_ICMP6, "fe80::1", "ff02::1", (struct bytes){ buffer, n });
	}
}

/* Hop-by-hop options of every kind, before an echo. */
static void hops(void)
{
	static const uint8_t header[][8] = { { IP_ICMP6, 0, 5, 2, 0, 0, 0, 0 }, { IP_ICMP6, 0, 0x63, 2 }, { IP_ICMP6 },
		{ IP_ICMP6, 0, 0xc2, 4, 0, 1, 0, 0 }, { IP_ICMP6, 0, 1, 5 } };
	uint8_t p[16] = { 0 };
	struct ip6 h = { .hop_limit = 64, .protocol = IP6_HOP_BY_HOP, .src = ip("fe80::1"), .dst = ip("fe80::2"),
		.payload = { p, 16 } };
	struct icmp m = { .six = true, .type = ICMP6_ECHO_REQUEST, .seq = 5 };

	for (size_t i = 0; i < COUNT(header); i++) {
		memcpy(p, header[i], 8);
		icmp_emit(&m, h.src, h.dst, (struct room){ p + 8, 8 });
		put6(h);
	}
}

/* What programs say in text, and almost. */
static void texts(void)
{
	static const char *const said[] = { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost", "GET", "get / x\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n\r\n\001\002body", "HTTP/1.1 200 OK\r\n\r\nhello\nworld\n", "HTTP/1.0 2000 x\n",
		"body only\n", "HEAD /\r\rx\n", "a 123", "GET /\377\n", "\001\002" };

	for (size_t i = 0; i < COUNT(said); i++)
		tcp("10.0.0.1", "10.0.0.2", (struct tcp_seg){ .src_port = i % 2 ? 8080 : 5000, .dst_port = i % 2 ? 5000 : 80,
			.flags = TCP_ACK | TCP_PSH, .seq = 1, .ack = 1, .window = 9, .text = bytes_of(said[i]) });
}

/* DNS as nobody here would write it: two questions, other operations, EDNS options, wrong lengths over TCP. */
static void strange_dns(void)
{
	static const uint8_t two[] = { 0, 7, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1, 1, 'b', 0, 0, 28, 0, 3, 'x' };
	static const uint8_t option[][12] = { { 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 }, { 0, 3, 0, 2, 'i', 'd', 0, 12, 0, 0 },
		{ 0, 8, 0, 7, 0, 1, 24, 0, 10, 0, 0 }, { 0, 8, 0, 2, 0, 1 }, { 0, 11, 0, 2, 0, 100, 0, 99, 0, 1, 9 },
		{ 0, 9, 0, 4, 0, 0, 0, 1, 0, 11, 0, 0 }, { 0, 10, 0, 90 } };
	static const uint8_t bytes[] = { 12, 10, 11, 6, 11, 12, 4 };
	uint8_t p[80];

	for (int i = 0; i < 4; i++) {
		memcpy(p, two, sizeof two);
		p[2] = i & 1 ? 0x89 : 9;
		udp("10.0.0.1", i < 2 ? 53 : 4000, "10.0.0.2", i < 2 ? 4000 : 5353, (struct bytes){ p, sizeof two - (size_t)(i / 2) });
	}
	for (size_t i = 0; i < COUNT(option); i++) {
		size_t n = 12 + 7;
		memcpy(p, two, n);
		p[5] = p[11] = 1;
		memcpy(p + n, (uint8_t[]){ 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, bytes[i] }, 11);
		memcpy(p + n + 11, option[i], bytes[i]);
		udp("10.0.0.1", 4000, "10.0.0.2", 53, (struct bytes){ p, n + 11 + bytes[i] });
	}
	for (uint16_t len = 0; len < 30; len += 5) {
		store_be16(p, len);
		memcpy(p + 2, two, 26);
		tcp("10.0.0.1", "10.0.0.2", (struct tcp_seg){ .src_port = 5000, .dst_port = 53, .flags = TCP_ACK, .seq = 1, .ack = 1,
			.window = 9, .text = { p, len == 25 ? 1 : len == 20 ? 3 : 28 } });
	}
}

/* Frames of virtual LANs: a tag or two before the packet, or before nothing. */
static void tagged(void)
{
	static const uint8_t tags[] = { 0x30, 5, 0x81, 0, 0, 7, 8, 0 };
	uint8_t p[64];
	struct ip4 h = header4(IP_UDP, "10.0.0.1", "10.0.0.2", (struct bytes){ NULL, 8 });

	memcpy(p, tags, 8);
	size_t n = 8 + ip4_emit(&h, (struct room){ p + 8, 40 });
	n += udp_emit(&(struct udp){ 5000, 6000, { 0 } }, h.src, h.dst, (struct room){ p + n, 8 });
	eth(0x8100, mac2, (struct bytes){ p, n });
	p[2] = 8; /* the first alone */
	memmove(p + 4, p + 8, n - 8);
	eth(0x8100, mac2, (struct bytes){ p, n - 4 });
	eth(0x88a8, mac2, (struct bytes){ p, n - 4 });
	eth(0x8100, mac2, (struct bytes){ p, 3 });
	eth(0x8100, mac2, (struct bytes){ p, 0 });
	p[2] = 0x12;
	eth(0x8100, mac2, (struct bytes){ p, n - 4 });
}

/* Headers that are wrong in ways no emitter makes. */
static void broken(void)
{
	static const struct { uint8_t at, value; bool fix; } changes[] = { { 0, 0x55, true }, { 0, 0x44, true }, { 0, 0x4f, true },
		{ 3, 10, true }, { 3, 200, true }, { 2, 0x40, true }, { 11, 0xee, false }, { 6, 0x80, true }, { 1, 1, true },
		{ 1, 2, true }, { 1, 3, true }, { 1, 0xb8, true }, { 8, 0, true }, { 9, 253, true }, { 9, 4, true }, { 9, 41, true },
		{ 9, 0, true }, { 3, 0, true }, { 0, 0x65, true } };
	static const uint8_t options[][12] = { { 7, 11, 4, 10, 0, 0, 1, 10, 0, 0, 2, 0 }, { 68, 12, 5, 0, 0, 0, 0, 1, 0, 0, 0, 2 },
		{ 131, 7, 8, 10, 0, 0, 1, 1, 0, 0, 0, 0 }, { 99, 3, 1, 1, 7, 20, 0, 0, 0, 0, 0, 0 }, { 148, 4, 0, 1, 99, 1, 0, 0, 0, 0, 0, 0 } };
	static const uint8_t strange[60] = "nobody knows what this is";
	uint8_t p[80];

	for (size_t i = 0; i < COUNT(changes); i++) {
		struct ip4 h = header4(IP_UDP, "10.0.0.1", "10.0.0.2", (struct bytes){ strange, 20 });
		size_t n = ip4_emit(&h, (struct room){ p, sizeof p });
		memcpy(p + n, strange, 20);
		p[changes[i].at] = changes[i].value;
		if (changes[i].fix) {
			store_be16(p + 10, 0);
			store_be16(p + 10, checksum_finish(checksum_add(0, (struct bytes){ p, 20 })));
		}
		eth(ETH_IP4, mac2, (struct bytes){ p, n + 20 });
	}
	for (size_t i = 0; i < COUNT(options); i++) {
		struct ip4 h = header4(IP_ICMP, "10.0.0.1", "10.0.0.2", (struct bytes){ strange, 20 });
		h.options = (struct bytes){ options[i], 12 };
		put4(h);
	}
	memset(p, 0, sizeof p);
	p[0] = 0x60, p[5] = 60, p[6] = IP_UDP;
	eth(ETH_IP6, mac2, (struct bytes){ p, 60 });
	eth(ETH_IP6, mac2, (struct bytes){ p, 30 });
	p[0] = 0x45;
	eth(ETH_IP6, mac2, (struct bytes){ p, 60 });
	eth(ETH_IP4, mac2, (struct bytes){ p, 10 });
	eth(ETH_IP4, mac2, (struct bytes){ p, 0 });
	eth(0x88b5, mac2, (struct bytes){ strange, sizeof strange });
	eth(0x9000, eth_broadcast, (struct bytes){ strange, 1 });
	frame((struct bytes){ strange, 10 });
	frame((struct bytes){ strange, 0 });
}

static void all_packets(void)
{
	arps();
	session("10.0.0.1", "10.0.0.2", 6666);
	session("2001:db8::1", "2001:db8::2", 6666);
	session("10.0.0.2", "10.0.0.1", 50000);
	odd_segments();
	icmps();
	igmps();
	dnses();
	udps();
	fragments();
	discovery();
	listeners();
	icmp6s();
	extensions();
	tagged();
	advertised();
	hops();
	texts();
	strange_dns();
	broken();
}

#endif
