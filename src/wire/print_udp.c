/* SPDX-License-Identifier: ISC */
#include "wire/ip4.h" /* IP_UDP */
#include "wire/print_parts.h"
#include "wire/udp.h"

enum { DNS = 53, MDNS = 5353 };

static void say_ports(struct line *l, unsigned src, unsigned dst)
{
	if (l->named) {
		SAY(l, "%u > %u: ", src, dst);
		return;
	}
	say_address(l, l->src, l->six);
	SAY(l, ".%u > ", src);
	say_address(l, l->dst, l->six);
	SAY(l, ".%u: ", dst);
}

/* -vv for IPv4, -v for IPv6, where it must be there. */
static void say_checksum(struct line *l, struct part datagram, size_t len)
{
	uint16_t field = load_be16(datagram.at + 6);

	if (l->print->verbose < (l->six ? 1u : 2u) || l->fragment) return;
	if (!l->six && field == 0) {
		text_puts(l->out, "[no cksum] ");
		return;
	}
	if (datagram.have < len) return;
	uint16_t left = sum_of(l, IP_UDP, (struct part){ datagram.at, len, len });
	if (left == 0 && field != 0) text_puts(l->out, "[udp sum ok] ");
	else SAY(l, "[bad udp cksum 0x%04x -> 0x%04x!] ", field, sum_should_be(field, left));
}

bool say_udp(struct line *l, struct part p)
{
	l->layer = "udp";
	if (p.have < 4) {
		if (!l->named) say_addresses(l, ": ");
		return false;
	}
	unsigned src = load_be16(p.at), dst = load_be16(p.at + 2);
	say_ports(l, src, dst);
	if (p.len < UDP_HEADER_BYTES) {
		SAY(l, "truncated-udp %zu", p.len);
		return true;
	}
	if (p.have < 6) return false;
	size_t len = load_be16(p.at + 4);
	if (len < UDP_HEADER_BYTES) {
		SAY(l, "truncated-udplength %zu", len);
		return true;
	}
	if (p.have < UDP_HEADER_BYTES) return false;
	say_checksum(l, p, size_min(len, p.len));
	struct part data = part_skip(p, UDP_HEADER_BYTES);
	len -= UDP_HEADER_BYTES;
	bool unicast = src == DNS || dst == DNS, multicast = src == MDNS || dst == MDNS;
	if (!l->print->quiet && (unicast || multicast)) {
		data.len = size_min(data.len, len);
		data.have = size_min(data.have, data.len);
		return say_dns(l, data, unicast ? DNS_OVER_UDP : DNS_MULTICAST);
	}
	if (len > data.len && !l->fragment) SAY(l, "UDP, bad length %zu > %zu", len, data.len);
	else SAY(l, "UDP, length %zu", len);
	return true;
}
