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

enum print_time { PRINT_TIME_OF_DAY, PRINT_TIME_NONE, PRINT_TIME_EPOCH, PRINT_TIME_DELTA, PRINT_TIME_DATE,
                  PRINT_TIME_SINCE_FIRST }; /* tcpdump's -t, -tt, -ttt, -tttt, -ttttt */

struct print_flow;
struct print {
	bool link_header;       /* -e */
	unsigned verbose;       /* -v */
	bool absolute_seq;      /* -S */
	bool nanoseconds;       /* --nano: nine digits */
	unsigned hex;           /* 1: -x, 2: -xx, 3: -X, 4: -XX */
	enum print_time time;
	/* A name for an address, or NULL: the number is printed. NULL itself: numbers only (-n). */
	const char *(*name)(void *names, struct ip);
	void *names;
	struct print_flow *flow; /* from print_flows; NULL: sequence numbers are absolute */
	struct index flows;
	uint32_t flow_count;
	instant first_at, last_at;
	uint64_t seen;
};

bool print_flows(struct print *, struct arena *); /* false: no room for PRINT_FLOWS_MAX */

/* One packet from its Ethernet header on, with a newline; `original_len` exceeds frame.len if it was cut. */
void print_packet(struct print *, instant at, struct bytes frame, size_t original_len, struct text *);

#endif
