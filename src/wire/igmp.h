/* SPDX-License-Identifier: ISC */
/* igmp.h - who wants which IPv4 group: IGMPv2 (RFC 2236), and the joins and leaves of IGMPv3 (RFC 3376). */
#ifndef TULLE_WIRE_IGMP_H
#define TULLE_WIRE_IGMP_H

#include "base/address.h"
#include "wire/drop.h"

enum { IGMP_QUERY = 0x11, IGMP1_REPORT = 0x12, IGMP2_REPORT = 0x16, IGMP2_LEAVE = 0x17, IGMP3_REPORT = 0x22 };
enum { IGMP3_IS_INCLUDE = 1, IGMP3_IS_EXCLUDE = 2, IGMP3_TO_INCLUDE = 3, IGMP3_TO_EXCLUDE = 4,
       IGMP3_ALLOW = 5, IGMP3_BLOCK = 6 };

struct igmp {
	uint8_t type;
	uint8_t max_response; /* queries: tenths of a second (version 3, from 128 on: RFC 3376, 4.1.1) */
	struct ip group;      /* not in a version 3 report */
	bool version3;        /* a query of 12 bytes or more, or a version 3 report */
	uint16_t records;     /* version 3 report: how many; igmp_record reads them */
	struct bytes payload; /* version 3 report: the records; version 3 query: what follows the group */
};
struct igmp_record { uint8_t type; uint16_t sources; struct ip group; };

enum drop igmp_parse(struct bytes, struct igmp *);
size_t igmp_emit(const struct igmp *, struct room); /* version 3: payload as above; a query's may be empty */
bool igmp_record(struct bytes *rest, struct igmp_record *); /* takes one off the front */
size_t igmp_record_emit(const struct igmp_record *, struct room); /* `sources` must be 0 */

#endif
