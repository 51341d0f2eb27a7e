/* SPDX-License-Identifier: ISC */
#include "proto/ip/icmp.h"

#include "tap.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

static const uint8_t packet[2000] = { 0x45 };

static struct icmp_about about4(void)
{
	return (struct icmp_about){ .src = ip4_of(0x0a000001), .dst = ip4_of(0x0a000002), .protocol = IP_UDP,
		.payload = { packet, 8 }, .packet = { packet, sizeof packet } };
}

static struct icmp_about about6(void)
{
	struct icmp_about a = about4();
	a.src = (struct ip){ { 0x20, 1, [15] = 1 } };
	a.dst = (struct ip){ { 0x20, 1, [15] = 2 } };
	return a;
}

/* RFC 1122, 3.2.2; RFC 4443, 2.4 (e). */
static void what_gets_no_error(void)
{
	static const uint8_t echo[] = { ICMP4_ECHO_REQUEST }, unreachable[] = { ICMP4_UNREACHABLE },
		echo6[] = { ICMP6_ECHO_REQUEST }, big6[] = { ICMP6_TOO_BIG };
	struct icmp_about a = about4();

	CHECK(icmp_error_due(&a, ICMP_NO_PORT));
	a.to_many = true;
	CHECK(!icmp_error_due(&a, ICMP_NO_PORT) && !icmp_error_due(&a, ICMP_TOO_BIG));
	a = about4(), a.later_fragment = true;
	CHECK(!icmp_error_due(&a, ICMP_TTL));
	a = about4(), a.protocol = IP_ICMP, a.payload = (struct bytes){ echo, 1 };
	CHECK(icmp_error_due(&a, ICMP_TTL));
	a.payload = (struct bytes){ unreachable, 1 };
	CHECK(!icmp_error_due(&a, ICMP_TTL));
	a.payload.len = 0;
	CHECK(!icmp_error_due(&a, ICMP_TTL));
	static const uint32_t no_hosts[] = { 0, 0xffffffff, 0xe0000001, 0x7f000001, 0xf0000001 };
	for (size_t i = 0; i < COUNT(no_hosts); i++) {
		a = about4(), a.src = ip4_of(no_hosts[i]);
		CHECK(!icmp_error_due(&a, ICMP_NO_PORT));
	}
	a = about6();
	CHECK(icmp_error_due(&a, ICMP_NO_PORT));
	a.to_many = true;
	CHECK(!icmp_error_due(&a, ICMP_NO_PORT) && icmp_error_due(&a, ICMP_TOO_BIG));
	a = about6(), a.protocol = IP_ICMP6, a.payload = (struct bytes){ echo6, 1 };
	CHECK(icmp_error_due(&a, ICMP_TTL));
	a.payload.at = big6;
	CHECK(!icmp_error_due(&a, ICMP_TTL));
	a = about6(), a.src = ip6_any();
	CHECK(!icmp_error_due(&a, ICMP_TTL));
}

static void messages(void)
{
	struct icmp_about a = about4();
	struct icmp m;

	icmp_error_make(&a, ICMP_TOO_BIG, 1400, &m);
	CHECK(!m.six && m.type == ICMP4_UNREACHABLE && m.code == ICMP4_TOO_BIG && m.rest == 1400);
	CHECK_EQ(IP4_HEADER_BYTES + 8 + m.payload.len, 576);
	icmp_error_make(&a, ICMP_TTL, 0, &m);
	CHECK(m.type == ICMP4_TIME_EXCEEDED && m.code == 0 && m.rest == 0);
	a.packet.len = 28;
	icmp_error_make(&a, ICMP_REASSEMBLY, 0, &m);
	CHECK(m.type == ICMP4_TIME_EXCEEDED && m.code == 1 && m.payload.len == 28);
	a = about6();
	icmp_error_make(&a, ICMP_TOO_BIG, 1400, &m);
	CHECK(m.six && m.type == ICMP6_TOO_BIG && m.rest == 1400);
	CHECK_EQ(IP6_HEADER_BYTES + 8 + m.payload.len, IP6_MTU_MIN);
	icmp_error_make(&a, ICMP_NO_PROTOCOL, 0, &m);
	CHECK(m.type == ICMP6_PARAMETER && m.code == 1 && m.rest == 6);
}

static void every_prefix_of_a_quote(void)
{
	struct ip4 ip = { .ttl = 3, .protocol = IP_UDP, .src = ip4_of(0x0a000001), .dst = ip4_of(0x0a000002),
		.payload = { packet, 900 } };
	struct ip6 six = { .protocol = IP_TCP, .src = about6().src, .dst = about6().dst, .payload = { packet, 900 } };
	uint8_t b[68];
	struct icmp_quote q;

	size_t len = ip4_emit(&ip, (struct room){ b, sizeof b });
	memcpy(b + len, "\x12\x34\x56\x78\x01\x02\x03\x04", 8);
	for (size_t i = 0; i < len + 8; i++) CHECK(!icmp_quote_parse((struct bytes){ b, i }, false, &q));
	CHECK(icmp_quote_parse((struct bytes){ b, len + 8 }, false, &q));
	CHECK(ip_equal(q.src, ip.src) && ip_equal(q.dst, ip.dst) && q.protocol == IP_UDP);
	CHECK(q.src_port == 0x1234 && q.dst_port == 0x5678 && q.tcp_seq == 0x01020304);
	CHECK(!icmp_quote_parse((struct bytes){ b, len + 8 }, true, &q));
	b[7] = 1; /* not the first fragment: no ports in it */
	CHECK(!icmp_quote_parse((struct bytes){ b, len + 8 }, false, &q));

	six.fragment = true, six.more_fragments = true;
	len = ip6_emit(&six, (struct room){ b, sizeof b });
	memcpy(b + len, "\x12\x34\x56\x78\x01\x02\x03\x04", 8);
	for (size_t i = 0; i < len + 8; i++) CHECK(!icmp_quote_parse((struct bytes){ b, i }, true, &q));
	CHECK(icmp_quote_parse((struct bytes){ b, len + 8 }, true, &q));
	CHECK(ip_equal(q.dst, six.dst) && q.protocol == IP_TCP && q.dst_port == 0x5678);
}

static void not_too_many(void)
{
	struct icmp_rate rate = { 0 };
	unsigned sent = 0;

	for (int i = 0; i < 200; i++) sent += icmp_rate_take(&rate, SECOND);
	CHECK_EQ(sent, ICMP_RATE_BURST);
	CHECK(!icmp_rate_take(&rate, SECOND + ICMP_RATE_EVERY - 1));
	CHECK(icmp_rate_take(&rate, SECOND + ICMP_RATE_EVERY) && !icmp_rate_take(&rate, SECOND + ICMP_RATE_EVERY));
	sent = 0;
	for (instant at = 2 * SECOND; at < 12 * SECOND; at += MILLISECOND) sent += icmp_rate_take(&rate, at);
	CHECK(sent >= 1000 && sent <= 1000 + ICMP_RATE_BURST);
}

int main(void)
{
	TEST(what_gets_no_error);
	TEST(messages);
	TEST(every_prefix_of_a_quote);
	TEST(not_too_many);
	return tap_end();
}
