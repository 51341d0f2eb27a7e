/* SPDX-License-Identifier: ISC */
/* server.h - an authoritative name server is a function: question in, answer out (RFC 1034, 4.3.2).
 *
 *     struct dns_server s = { .zone = zones, .zones = 2, .rotate = true };
 *     size_t len = dns_server_answer(&s, datagram, DNS_UDP_MAX, room);
 *     if (len > 0) send(room.at, len);
 *
 * It has no time and no state but the counts by which the records of a set rotate from answer to answer.
 */
#ifndef TULLE_PROTO_DNS_SERVER_H
#define TULLE_PROTO_DNS_SERVER_H

#include "proto/dns/zone.h"

/* Counted are answers by what they said; what was cut off to fit is counted once more. */
struct dns_server {
	const struct zone *const *zone; size_t zones; /* one for an origin; the longest that fits is asked */
	bool rotate;           /* each answer begins with the next record of its set */
	uint32_t rotation[16]; /* grow with each answer, by set: or a set asked for at every second question would only
	                        * ever begin with every second of its records */
	uint64_t answers;      /* with records */
	uint64_t referrals, nxdomain, nodata, refused, formerr, truncated;
	uint64_t others;       /* NOTIMP, BADVERS */
};

/* `limit` is what the transport carries: DNS_UDP_MAX (EDNS in the query may raise it, to DNS_UDP_EDNS at most) or
 * DNS_MESSAGE_MAX. The room must have DNS_UDP_EDNS bytes or the limit, whichever is more.
 * 0: no answer is due (a response, or too short for a header).
 *
 * Sets that do not fit are left out whole, with TC if the answer is not good without (RFC 2181, 9; RFC 9471).
 * ANY gets one set (RFC 8482, 4.1). Of class CH there is only TXT version.bind. Zone transfers are refused. */
size_t dns_server_answer(struct dns_server *, struct bytes query, size_t limit, struct room answer);

#endif
