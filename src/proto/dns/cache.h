/* SPDX-License-Identifier: ISC */
/* cache.h - what a resolver has learnt, for as long as it may be believed.
 *
 *     struct cache *c = cache_init(memory, key);           // all of it lies in the lent block
 *     cache_put(c, now, &message, DNS_ANSWER, &owner, DNS_A, CACHE_AUTHORITATIVE);
 *     struct cache_hit hit;
 *     if (cache_get(c, now, &owner, DNS_A, &hit))
 *             for (struct dns_rr rr; cache_next(&hit, &rr);) ...      // rr.ttl is what is left
 *
 * A set of records (RFC 2181, 5) is kept as one entry: its owner's name, and each record's data without
 * compression. A "no" (RFC 2308) is an entry too, with the SOA that came with it; so is a recent failure (RFC
 * 9520). Entries lie one after another in a ring of bytes. When there is no room for the next, the oldest goes,
 * unless it was read since it was written: then it moves to the young end once more. So nothing is fragmented,
 * and what goes depends on nothing but what was put and asked, in which order.
 *
 * Which of two sets for one name is kept is a matter of trust (RFC 2181, 5.4.1): what was heard with less trust
 * never replaces what was heard with more, while that lasts.
 */
#ifndef TULLE_PROTO_DNS_CACHE_H
#define TULLE_PROTO_DNS_CACHE_H

#include "base/instant.h"
#include "wire/dns.h"

#define CACHE_BYTES_MIN 16384           /* less is too little to be of use */
#define CACHE_TTL_MAX 86400             /* seconds; longer is cut to this */
#define CACHE_NO_TTL_MAX 10800          /* a no: three hours (RFC 2308, 5) */
#define CACHE_FAILURE_FOR (5 * SECOND)  /* RFC 9520, 3.2: at least one second, at most five minutes */
#define CACHE_ENTRY_MAX 65536           /* a larger set is not kept; nor one over a quarter of the ring */

/* From the least believed to the most. Glue and delegations serve to find servers, never as an answer. */
enum cache_trust { CACHE_GLUE, CACHE_DELEGATION, CACHE_ANSWER, CACHE_AUTHORITATIVE };
enum cache_kind { CACHE_RECORDS, CACHE_NO_DATA, CACHE_NO_NAME, CACHE_FAILURE };

struct cache;

struct cache_hit { /* good until the next cache_put */
	enum cache_kind kind;
	enum cache_trust trust;
	uint32_t ttl;        /* whole seconds left */
	uint16_t count;      /* of records; for a no 1 (its SOA) */
	struct dns_name name; /* the owner's, as it was spelt */
	uint16_t type;
	struct bytes rest;   /* of the records, for cache_next */
};

struct cache *cache_init(struct room, const uint8_t key[16]); /* at least CACHE_BYTES_MIN */

/* Keeps the set of this owner and type in that section of the message, if there is one. The smallest TTL
 * counts for all (RFC 2181, 5.2); with 0 left nothing is kept. False: it was not kept. */
bool cache_put(struct cache *, instant now, const struct dns_message *, enum dns_section,
               const struct dns_name *owner, uint16_t type, enum cache_trust);
/* Neither this name (CACHE_NO_NAME: of any type), or nothing of this type (CACHE_NO_DATA), says the SOA. */
bool cache_put_no(struct cache *, instant now, enum cache_kind, const struct dns_name *, uint16_t type,
                  const struct dns_rr *soa);
void cache_put_failure(struct cache *, instant now, const struct dns_name *, uint16_t type);

/* Records, or a no for the type or the whole name. What was only heard as glue is in here too: see trust. */
bool cache_get(struct cache *, instant now, const struct dns_name *, uint16_t type, struct cache_hit *);
bool cache_failed(struct cache *, instant now, const struct dns_name *, uint16_t type);
bool cache_next(struct cache_hit *, struct dns_rr *); /* records of a set, the SOA of a no; class IN */

struct cache_counts { uint64_t puts, hits, misses, evicted, saved; uint32_t entries; size_t bytes; };
struct cache_counts cache_counts(const struct cache *);

#endif
