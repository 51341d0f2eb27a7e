/* SPDX-License-Identifier: ISC */
/* route.h - which way to an address: the longest prefix that has it (RFC 1812, 5.2.4.3), for both families.
 *
 *     route_init(&routes, zeroed memory...);
 *     route_add(&routes, &(struct route){ .to = net, .gateway = router, .interface = 1 });
 *     const struct route *r = route_find(&routes, destination);   // NULL: no route
 *
 * A host's own addresses and the broadcast addresses of its links are in the table too, as routes of their
 * own kind to a single address: so one look-up says all there is to say about a destination.
 *
 * It is a path-compressed binary trie: a look-up visits as many nodes as there are prefixes inside one another
 * and forks between them, never all of them. In front of it a small table remembers the last answers, since
 * packets come in flows. Prefixes are not removed.
 */
#ifndef TULLE_PROTO_IP_ROUTE_H
#define TULLE_PROTO_IP_ROUTE_H

#include "base/address.h"
#include "base/arena.h"

enum route_kind {
	ROUTE_VIA,       /* by its gateway, or if that is unspecified straight onto the link */
	ROUTE_LOCAL,     /* the address is this host's */
	ROUTE_BROADCAST, /* everyone on that interface's link */
};

struct route {
	struct prefix to;
	struct ip gateway;
	struct ip source;  /* the address to send from, or unspecified */
	uint16_t interface;
	enum route_kind kind;
};

struct route_node {
	uint64_t high, low;       /* the prefix, its other bits zero */
	uint32_t child[2];        /* by the first bit after it; 1 + the node's number, 0 for none */
	uint32_t route_plus_one;  /* 0: only a fork */
	uint8_t bits;
};

struct route_memo { struct ip to; uint32_t version, route_plus_one; }; /* good while the version is the table's */

struct routes {
	struct route *route;
	struct route_node *node;  /* at most two a route */
	struct route_memo *memo;  /* by a hash of the address; the later one stays */
	uint32_t count, nodes, max;
	uint32_t version;         /* of what the table holds; from 1 on */
	uint8_t memo_bits;        /* 2^that many */
	uint32_t root[2];         /* IPv4, IPv6: ::/0 has nothing to say about ::ffff:0:0/96 */
};

size_t route_memory(uint32_t max); /* for `max` routes */
void route_init(struct routes *, struct arena *zeroed, uint32_t max);
bool route_add(struct routes *, const struct route *); /* replaces one to the same prefix; false: the table is full */
const struct route *route_find(const struct routes *, struct ip);

#endif
