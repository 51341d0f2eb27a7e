/* SPDX-License-Identifier: ISC */
/* server.h - an authoritative name server is a function: question in, answer out (RFC 1034, 4.3.2).
 *
 * It has no time and no state but the count by which the records of a set rotate from answer to answer.
 */
#ifndef TULLE_PROTO_DNS_SERVER_H
#define TULLE_PROTO_DNS_SERVER_H

#include "proto/dns/zone.h"

struct dns_server {
	const struct zone *const *zone; size_t zones;
	bool rotate;       /* each answer begins with the next record of its set */
	uint32_t rotation; /* grows with each answer */
	uint64_t answers, referrals, nxdomain, nodata, refused, formerr, truncated;
};

/* `limit` is what the transport carries: DNS_UDP_MAX (EDNS in the query may raise it) or DNS_MESSAGE_MAX.
 * 0: no answer is due (a response, or too short to have an id). */
size_t dns_server_answer(struct dns_server *, struct bytes query, size_t limit, struct room answer);

#endif
