/* SPDX-License-Identifier: ISC */
#include "proto/ip/icmp.h"

#include "wire/ip4.h"
#include "wire/ip6.h"

/* Never about errors, so that no error begets another; an unreadable one counts as one. */
static bool is_error(const struct icmp_about *a)
{
	bool six = !ip_is4(a->src);
	if (a->protocol != (six ? IP_ICMP6 : IP_ICMP)) return false;
	if (a->payload.len == 0) return true;
	struct icmp m = { .six = six, .type = a->payload.at[0] };
	return icmp_is_error(&m);
}

bool icmp_error_due(const struct icmp_about *a, enum icmp_reason why)
{
	bool six = !ip_is4(a->src);
	/* RFC 4443, 2.4 (e.3): path MTU discovery works for multicast too. */
	bool many_allowed = six && why == ICMP_TOO_BIG;

	if (a->to_many && !many_allowed) return false;
	if (a->later_fragment || is_error(a)) return false;
	if (ip_is_any(a->src) || ip_is_multicast(a->src)) return false; /* a source that is not one host's */
	if (!six && (ip_is_loopback(a->src) != ip_is_loopback(a->dst) || ip4_number(a->src) >> 28 == 15)) return false;
	return true;
}

static const struct { uint8_t type4, code4, type6, code6; } numbers[] = {
	[ICMP_NO_ROUTE] = { ICMP4_UNREACHABLE, ICMP4_NET_UNREACHABLE, ICMP6_UNREACHABLE, ICMP6_NO_ROUTE },
	[ICMP_NO_HOST] = { ICMP4_UNREACHABLE, ICMP4_HOST_UNREACHABLE, ICMP6_UNREACHABLE, ICMP6_ADDRESS_UNREACHABLE },
	[ICMP_NO_PROTOCOL] = { ICMP4_UNREACHABLE, ICMP4_PROTOCOL_UNREACHABLE, ICMP6_PARAMETER, 1 },
	[ICMP_NO_PORT] = { ICMP4_UNREACHABLE, ICMP4_PORT_UNREACHABLE, ICMP6_UNREACHABLE, ICMP6_PORT_UNREACHABLE },
	[ICMP_PROHIBITED] = { ICMP4_UNREACHABLE, ICMP4_PROHIBITED, ICMP6_UNREACHABLE, ICMP6_PROHIBITED },
	[ICMP_TOO_BIG] = { ICMP4_UNREACHABLE, ICMP4_TOO_BIG, ICMP6_TOO_BIG, 0 },
	[ICMP_TTL] = { ICMP4_TIME_EXCEEDED, 0, ICMP6_TIME_EXCEEDED, 0 },
	[ICMP_REASSEMBLY] = { ICMP4_TIME_EXCEEDED, 1, ICMP6_TIME_EXCEEDED, 1 },
};

void icmp_error_make(const struct icmp_about *a, enum icmp_reason why, uint16_t mtu, struct icmp *m)
{
	bool six = !ip_is4(a->src);
	size_t quote = six ? IP6_MTU_MIN - IP6_HEADER_BYTES - 8 : 576 - IP4_HEADER_BYTES - 8;

	*m = (struct icmp){
		.six = six,
		.type = six ? numbers[why].type6 : numbers[why].type4,
		.code = six ? numbers[why].code6 : numbers[why].code4,
		.payload = bytes_first(a->packet, size_min(a->packet.len, quote)),
	};
	if (why == ICMP_TOO_BIG) m->rest = mtu; /* RFC 1191, 4: the lower half; RFC 4443, 3.2: all of it */
	if (why == ICMP_NO_PROTOCOL && six) m->rest = 6; /* where the next header is named, without extensions */
}

/* The quoted packet is cut short, so its own parser would refuse it: only what is needed is read here. */
static bool quote_header(struct bytes b, bool six, struct icmp_quote *q, struct bytes *rest)
{
	if (six) {
		if (b.len < IP6_HEADER_BYTES || b.at[0] >> 4 != 6) return false;
		q->protocol = b.at[6];
		q->src = ip6_of(b.at + 8), q->dst = ip6_of(b.at + 24);
		*rest = bytes_skip(b, IP6_HEADER_BYTES);
		if (q->protocol != 44) return true;
		if (rest->len < IP6_FRAGMENT_HEADER_BYTES || load_be16(rest->at + 2) >> 3 != 0) return false;
		q->protocol = rest->at[0];
		*rest = bytes_skip(*rest, IP6_FRAGMENT_HEADER_BYTES);
		return true;
	}
	if (b.len < IP4_HEADER_BYTES || b.at[0] >> 4 != 4) return false;
	size_t header = (b.at[0] & 15) * 4u;
	if (header < IP4_HEADER_BYTES || header > b.len || (load_be16(b.at + 6) & 0x1fff) != 0) return false;
	q->protocol = b.at[9];
	q->src = ip4_of(load_be32(b.at + 12)), q->dst = ip4_of(load_be32(b.at + 16));
	*rest = bytes_skip(b, header);
	return true;
}

bool icmp_quote_parse(struct bytes quoted, bool six, struct icmp_quote *out)
{
	struct icmp_quote q = { 0 };
	struct bytes rest;

	if (!quote_header(quoted, six, &q, &rest)) return false;
	if (rest.len < 8) return false; /* RFC 792 promises 8 bytes of it */
	q.src_port = load_be16(rest.at), q.dst_port = load_be16(rest.at + 2);
	q.tcp_seq = load_be32(rest.at + 4);
	*out = q;
	return true;
}

bool icmp_rate_take(struct icmp_rate *r, instant now)
{
	instant back = (now - r->since) / ICMP_RATE_EVERY;
	if (back >= r->spent) r->spent = 0, r->since = now;
	else r->spent -= (uint32_t)back, r->since += back * ICMP_RATE_EVERY;
	if (r->spent == ICMP_RATE_BURST) return false;
	r->spent++;
	return true;
}
