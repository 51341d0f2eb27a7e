/* SPDX-License-Identifier: ISC */
/* reassembly.h - puts the fragments of a datagram together (RFC 791, 3.2; RFC 8200, 4.5).
 *
 *     enum drop drop = reassembly_input(&r, now, &fragment, &whole);
 *     if (drop == DROP_NONE && whole.payload.len > 0) deliver(&whole);    // else: more has to come
 *     while (reassembly_output(&r, now, &lost)) tell_the_sender(&lost);
 *     sleep until reassembly_deadline(&r)
 *
 * Fragments that overlap in anything but a plain repetition spoil the whole datagram (RFC 5722; done for IPv4
 * too, since nobody sends such in earnest). When there is no room, the datagram that has waited longest goes.
 */
#ifndef TULLE_PROTO_IP_REASSEMBLY_H
#define TULLE_PROTO_IP_REASSEMBLY_H

#include "base/address.h"
#include "base/arena.h"
#include "base/instant.h"
#include "wire/drop.h"

#define REASSEMBLY_BYTES_MAX 65535             /* of a datagram without its header */
#define REASSEMBLY4_FOR (30 * SECOND)          /* RFC 791 says 15, RFC 1122 3.3.2 between 60 and 120; Linux 30 */
#define REASSEMBLY6_FOR (60 * SECOND)          /* RFC 8200, 4.5 */
#define REASSEMBLY_QUOTE_BYTES 136             /* what is kept of the first fragment, for ICMP */

struct fragment {
	struct ip src, dst;
	uint32_t id;
	uint32_t offset;        /* in bytes, a multiple of 8 */
	uint8_t protocol;       /* IPv6: whatever the first fragment says; it is not part of the name there */
	bool more;
	struct bytes payload;
	struct bytes packet;    /* from the IP header on */
};
struct whole { uint8_t protocol; struct bytes payload, first; }; /* first: of the first fragment's packet */

struct reassembly_slot {
	bool used, spoilt, has_first, has_last;
	uint8_t protocol, quoted;
	struct ip src, dst;
	uint32_t id, have, total; /* bytes; the total once the last fragment has come */
	instant give_up_at;
	uint8_t quote[REASSEMBLY_QUOTE_BYTES];
	uint8_t came[(REASSEMBLY_BYTES_MAX + 1) / 64]; /* a bit for each 8 bytes */
};
struct reassembly {
	struct reassembly_slot *slot;
	uint8_t *buffer;        /* 64 KiB a slot */
	uint16_t max, used;
	instant due_at;         /* no slot gives up before */
	uint64_t evicted;       /* datagrams that made room for others */
};

size_t reassembly_memory(uint16_t max);
void reassembly_init(struct reassembly *, struct arena *zeroed, uint16_t max);

/* `whole` has a payload when this was the fragment that was missing; it is good until the next call. */
enum drop reassembly_input(struct reassembly *, instant now, const struct fragment *, struct whole *);

/* A datagram that was given up: true for each of which the first fragment had come, since the sender of only
 * those is told (RFC 792; RFC 4443, 3.3). `first` is good until the next call. */
bool reassembly_output(struct reassembly *, instant now, struct bytes *first);
instant reassembly_deadline(const struct reassembly *);

#endif
