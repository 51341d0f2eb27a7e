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
	bool raw_ip;                    /* packets begin with the IP header, not with Ethernet's */
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
/* Decryption secrets: lines of a TLS key log (SSLKEYLOGFILE), for the packets that follow. */
size_t pcapng_secrets(struct bytes lines, struct room);
size_t pcapng_secrets_size(size_t lines_len);
size_t pcapng_packet_size(const struct pcapng_packet *);

/* Reading: what a file's block is, from its first 12 bytes; false: it is none. In a section header `order` is learnt, which is
 * lent from block to block (zero at first). */
enum pcapng_type { PCAPNG_SECTION = 0x0a0d0d0a, PCAPNG_INTERFACE = 1, PCAPNG_NAMES = 4, PCAPNG_PACKET = 6, PCAPNG_SECRETS = 10 };
enum pcapng_order { PCAPNG_UNKNOWN, PCAPNG_LITTLE, PCAPNG_BIG };
#define PCAPNG_HEAD_BYTES 12
struct pcapng_block { uint32_t type, len; /* in all */ };
bool pcapng_block_read(const uint8_t head[PCAPNG_HEAD_BYTES], enum pcapng_order *order, struct pcapng_block *);
/* The key log lines of a block of secrets, given whole; false: it has secrets of another kind or is malformed. */
bool pcapng_secrets_read(struct bytes block, enum pcapng_order, struct bytes *lines);

#endif
