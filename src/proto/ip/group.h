/* SPDX-License-Identifier: ISC */
/* group.h - which multicast groups this host is a member of, and how its routers learn it: the host's side of
 * IGMPv2 (RFC 2236), of IGMPv3 (RFC 3376) and of MLDv2 (RFC 3810), each without source filters.
 *
 *     group_join(&g, now, interface, group);        // each join is undone by one leave
 *     if (group_has(&g, interface, group)) take the packet
 *     group_query(&g, now, interface, &query);      // a router asks
 *     while (group_output(&g, now, &report)) send it
 *
 * IGMPv3 is spoken until a version 2 querier is heard (RFC 3376, 7.2.1). 224.0.0.1 and ff02::1 are everybody's
 * and nobody reports them.
 */
#ifndef TULLE_PROTO_IP_GROUP_H
#define TULLE_PROTO_IP_GROUP_H

#include "base/address.h"
#include "base/arena.h"
#include "base/chance.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/instant.h"

#define GROUP_ROBUSTNESS 2                       /* a change is said so often: RFC 3376, 8.1 */
#define GROUP_REPEAT_FOR SECOND                  /* within such a time: RFC 3376, 8.11; RFC 3810, 9.11 */
#define GROUP2_REPEAT_FOR (10 * SECOND)          /* RFC 2236, 8.10 */
#define GROUP2_QUERIER_FOR (260 * SECOND)        /* RFC 3376, 8.12: 2 * 125 + 10 seconds */

struct group {
	struct ip ip;
	uint16_t interface;
	uint16_t members;    /* how many joined; 0: left, and the leaving is still being said, or nobody */
	uint8_t repeats;     /* how often the last change is still to be said */
	bool used;
	bool reported;       /* by us last, so a version 2 leave is due (RFC 2236, 3) */
};

struct groups {
	struct group *entry;
	struct index index;
	struct heap due;
	struct rng *rng;
	instant *version2_until; /* by interface */
	uint8_t key[16];
	uint16_t count, max, interfaces;
};

struct group_query { struct ip group; bool version3; instant max_response; }; /* group: unspecified for a general one */

enum group_what { GROUP_JOINED, GROUP_LEFT, GROUP_IS_MEMBER };
struct group_report {
	enum group_what what;
	struct ip group;
	uint16_t interface;
	bool version2;       /* IGMPv2; else IGMPv3, or MLDv2 if the group is IPv6 */
};

size_t group_memory(uint16_t max, uint16_t interfaces);
void group_init(struct groups *, struct arena *zeroed, uint16_t max, uint16_t interfaces, struct rng *);

bool group_join(struct groups *, instant now, uint16_t interface, struct ip); /* false: the table is full */
void group_leave(struct groups *, instant now, uint16_t interface, struct ip);
bool group_has(const struct groups *, uint16_t interface, struct ip);

void group_query(struct groups *, instant now, uint16_t interface, const struct group_query *);
void group_heard(struct groups *, uint16_t interface, struct ip); /* somebody else's version 2 report */

bool group_output(struct groups *, instant now, struct group_report *);
instant group_deadline(const struct groups *);

#endif
