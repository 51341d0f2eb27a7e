/* SPDX-License-Identifier: ISC */
/* zone.h - the records of one zone, read from master format (RFC 1035, 5) into a lent arena.
 *
 * dns/server.h answers from zones; this only holds them. Records are kept by name and type, in the order of
 * the file.
 */
#ifndef TULLE_PROTO_DNS_ZONE_H
#define TULLE_PROTO_DNS_ZONE_H

#include "base/arena.h"
#include "wire/dns.h"

struct zone; /* in the arena */

struct zone_error { unsigned line, column; char words[200]; }; /* "expected a time to live, found 'IM'" */

/* NULL if the text has an error (said in *error) or the arena is full. `origin` may be NULL if the text begins
 * with $ORIGIN. $TTL, $ORIGIN, @, relative names, parentheses, comments, quoted strings, \# (RFC 3597); no
 * $INCLUDE. The zone must have one SOA and an NS at its top. */
struct zone *zone_load(struct arena *, const struct dns_name *origin, struct bytes text, struct zone_error *error);
const struct dns_name *zone_origin(const struct zone *);

#endif
