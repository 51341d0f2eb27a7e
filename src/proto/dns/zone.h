/* SPDX-License-Identifier: ISC */
/* zone.h - the records of one zone, read from master format (RFC 1035, 5) into a lent arena.
 *
 * dns/server.h answers from zones; this only holds them. Records are kept by name and type, in the order of
 * the file. Every name above one that has records exists too, with none (RFC 4592, 2.2.2: empty non-terminals).
 *
 *     struct zone *z = zone_load(&arena, &origin, text, &error);   // NULL: error.line, .column, .words
 *     bool exact;
 *     const struct zone_node *n = zone_nearest(z, &name, &exact);  // it, or the nearest name above it
 *     const struct zone_set *s = exact ? zone_set(n, DNS_A) : NULL;
 */
#ifndef TULLE_PROTO_DNS_ZONE_H
#define TULLE_PROTO_DNS_ZONE_H

#include "base/arena.h"
#include "wire/dns.h"

/* Written by zone_load only. Whatever is here lies in the arena; what one record costs there is its rdata and
 * about 16 bytes, a set 32, a name its letters and about 46. */
struct zone_record { struct zone_record *next; uint16_t len; uint8_t rdata[]; }; /* names uncompressed */
struct zone_set {
	struct zone_set *next;      /* of the same name */
	struct zone_record *first;  /* in the order of the file */
	uint32_t ttl;               /* the lowest of its records' (RFC 2181, 5.2) */
	uint16_t type, count;
};
struct zone_node {
	struct zone_node *chain;    /* in its bucket */
	struct zone_node *parent;   /* NULL: the zone's top */
	struct zone_node *cut;      /* the delegation it is at or below, or NULL: the zone speaks for it */
	struct zone_node *wildcard; /* "*" below this name, or NULL */
	struct zone_set *sets;
	uint32_t hash;
	uint8_t labels, len;
	uint8_t name[];             /* wire form, in the file's case */
};
struct zone {
	struct dns_name origin;
	struct zone_node *top;
	const struct zone_record *soa;
	uint32_t negative_ttl;      /* of the SOA in a negative answer (RFC 2308, 3) */
	struct zone_node **bucket; uint32_t buckets; /* a power of two */
	uint8_t labels_max;         /* no name in it has more */
	uint32_t names, records;
};

struct zone_error { unsigned line, column; char words[200]; }; /* "expected a time to live, found 'IM'" */

/* NULL if the text has an error (said in *error) or the arena is full; the arena is then as it was. `origin` may
 * be NULL if the text begins with $ORIGIN. $TTL, $ORIGIN, @, relative names, parentheses, comments, quoted
 * strings, \# (RFC 3597), times such as 1h30m; no $INCLUDE. The zone must have one SOA and an NS at its top, a
 * CNAME stands alone, every record lies in the zone, and a name server inside it has an address. A record that
 * is there twice counts once. Without a TTL or $TTL, the last one given counts, or the SOA's minimum. */
struct zone *zone_load(struct arena *, const struct dns_name *origin, struct bytes text, struct zone_error *error);
const struct dns_name *zone_origin(const struct zone *);

/* The name, which must be in the zone; or else the nearest one above it that exists (RFC 4592, 3.3.1). */
const struct zone_node *zone_nearest(const struct zone *, const struct dns_name *, bool *exact);
const struct zone_set *zone_set(const struct zone_node *, uint16_t type); /* NULL: none */

#endif
