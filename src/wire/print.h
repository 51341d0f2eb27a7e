/* SPDX-License-Identifier: ISC */
/* print.h - a packet in a line, as tcpdump 4.99 prints it.
 *
 *     struct print p = { .numeric = true };
 *     print_packet(&p, at, frame, frame.len, &out);   // "12:00:00.000000 IP 10.0.0.1.53 > ..."
 *
 * Relative sequence numbers need memory of the connections seen: lend it with print_flows.
 */
#ifndef TULLE_WIRE_PRINT_H
#define TULLE_WIRE_PRINT_H

#include "base/address.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/instant.h"
#include "base/text.h"

#define PRINT_FLOWS_MAX 4096
#define PRINT_FLOWS_BYTES (PRINT_FLOWS_MAX * (sizeof(struct index_slot) * 2 + 48) + 64) /* what print_flows takes */

enum print_time { PRINT_TIME_OF_DAY, PRINT_TIME_NONE, PRINT_TIME_EPOCH, PRINT_TIME_DELTA, PRINT_TIME_DATE,
                  PRINT_TIME_SINCE_FIRST }; /* tcpdump's -t, -tt, -ttt, -tttt, -ttttt */

/* -x -xx -X -XX -A -AA: bytes below the line, from the IP header or (doubled) from the link's on. */
enum print_hex { PRINT_NO_HEX, PRINT_HEX, PRINT_HEX_ALL, PRINT_HEX_TEXT, PRINT_HEX_TEXT_ALL, PRINT_TEXT, PRINT_TEXT_ALL };

struct print_flow;
struct print {
	bool link_header;       /* -e */
	unsigned verbose;       /* -v */
	bool absolute_seq;      /* -S */
	bool nanoseconds;       /* --nano: nine digits */
	enum print_hex hex;
	bool quiet;             /* -q: less about what is above IP */
	bool quiet_more;        /* -qq: nothing about fragments either */
	bool raw_ip;            /* packets begin with the IP header: there is no link's */
	bool number;            /* --number: packets are counted */
	enum print_time time;
	/* A name for an address, or NULL: the number is printed. NULL itself: numbers only (-n). */
	const char *(*name)(void *names, struct ip);
	void *names;
	instant (*local)(instant); /* a time as clocks on the wall show it; NULL: as it is (UTC) */
	struct print_flow *flow; /* from print_flows; NULL: sequence numbers are absolute */
	struct index flows;
	uint32_t flow_count;
	instant first_at, last_at;
	uint64_t seen;
};

bool print_flows(struct print *, struct arena *); /* false: no room for PRINT_FLOWS_MAX */

/* One packet from its Ethernet header on, with a newline; `original_len` exceeds frame.len if it was cut.
 * What tcpdump tells of protocols that are not in this room it leaves at a length; ports are numbers always. */
void print_packet(struct print *, instant at, struct bytes frame, size_t original_len, struct text *);

struct tls_watched; /* wire/tls.h */
/* What TLS carried in the packet just printed, indented below its line: a line, the fields, what they are for. */
void print_tls(const struct print *, const struct tls_watched *, struct text *);

#endif
