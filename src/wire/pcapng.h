/* SPDX-License-Identifier: ISC */
/* pcapng.h - blocks of a capture file (draft-ietf-opsawg-pcapng), little-endian, nanoseconds.
 *
 * Each verb emits one whole block into lent room and says how long it is; 0 if the room is too small. A
 * file is one section, its interfaces, then names, packets and statistics in any order.
 */
#ifndef TULLE_WIRE_PCAPNG_H
#define TULLE_WIRE_PCAPNG_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/instant.h"

struct pcapng_interface {
	const char *name, *description; /* NULL: none */
	uint64_t bits_per_second;       /* 0: unknown */
};
struct pcapng_packet {
	uint32_t interface;   /* in the order they were emitted, from 0 */
	instant at;           /* since 1970 */
	struct bytes data;
	size_t original_len;  /* 0: data is all of it */
	bool outbound, inbound;
	const char *comment;  /* NULL: none */
};
struct pcapng_name { struct ip ip; const char *name; };

size_t pcapng_section(const char *application, const char *comment, struct room);
size_t pcapng_interface(const struct pcapng_interface *, struct room);
size_t pcapng_names(const struct pcapng_name *, size_t count, struct room);
size_t pcapng_packet(const struct pcapng_packet *, struct room);
size_t pcapng_packet_size(const struct pcapng_packet *);

#endif
