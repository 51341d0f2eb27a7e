/* SPDX-License-Identifier: ISC */
/* icmp.h - which error is due for which packet, and which must not be (RFC 1122, 3.2.2; RFC 1812, 4.3.2;
 * RFC 4443, 2.4); and what an error that came is about. Functions, and one small machine: the rate.
 *
 *     if (icmp_error_due(&about, reason) && icmp_rate_take(&rate, now)) {
 *             icmp_error_make(&about, reason, mtu, &message);
 *             send message to about.src
 *     }
 */
#ifndef TULLE_PROTO_IP_ICMP_H
#define TULLE_PROTO_IP_ICMP_H

#include "base/address.h"
#include "base/instant.h"
#include "wire/icmp.h"

enum icmp_reason {
	ICMP_NO_ROUTE, ICMP_NO_HOST, ICMP_NO_PROTOCOL, ICMP_NO_PORT, ICMP_PROHIBITED,
	ICMP_TOO_BIG, ICMP_TTL, ICMP_REASSEMBLY,
};

/* The packet in question. */
struct icmp_about {
	struct ip src, dst;
	uint8_t protocol;
	bool to_many;            /* its frame or its destination was broadcast or multicast */
	bool later_fragment;     /* not the first */
	struct bytes payload;    /* after the IP header: its first byte is an ICMP message's type */
	struct bytes packet;     /* from the IP header on: what is quoted */
};

bool icmp_error_due(const struct icmp_about *, enum icmp_reason);

/* The message, quoting as much as allowed: 576 bytes in all over IPv4 (RFC 1812, 4.3.2.3), 1280 over IPv6
 * (RFC 4443, 2.4 (c)). `mtu` matters for ICMP_TOO_BIG. */
void icmp_error_make(const struct icmp_about *, enum icmp_reason, uint16_t mtu, struct icmp *);

/* What an error quotes, as far as it goes; false if that is too little to know whose packet it was. */
struct icmp_quote { struct ip src, dst; uint8_t protocol; uint16_t src_port, dst_port; uint32_t tcp_seq; };
bool icmp_quote_parse(struct bytes quoted, bool six, struct icmp_quote *);

/* A bucket of tokens (RFC 4443, 2.4 (f); RFC 1812, 4.3.2.8): so many at once, so many a second. */
#define ICMP_RATE_BURST 50
#define ICMP_RATE_EVERY (10 * MILLISECOND)
struct icmp_rate { uint32_t spent; instant since; };
bool icmp_rate_take(struct icmp_rate *, instant now);

#endif
