/* SPDX-License-Identifier: ISC */
/* follow.h - the TLS connections among packets that pass by: each direction's bytes put in order and watched.
 *
 *     struct follow *f = follow_init(room, crypt, &keylog);
 *     follow_packet(f, frame, raw_ip, 0);
 *     while (follow_next(f, &watched)) print_tls(&print, &watched, out);   // what that packet completed
 *     follow_end(f);
 *
 * A connection is TLS if its client's first bytes are a ClientHello, on whatever port. Segments may come twice or in any
 * order; what is ahead of a gap is held, and when too much is, the connection is given up and counted. All tables
 * are bounded: the connection that was silent for longest goes first.
 */
#ifndef TULLE_TOOL_FOLLOW_H
#define TULLE_TOOL_FOLLOW_H

#include "base/address.h"
#include "proto/tls/watch.h"

#define FOLLOW_CONNECTIONS_MAX 128
#define FOLLOW_AHEAD_MAX (256u << 10)  /* bytes held beyond a gap */
#define FOLLOW_HOLDS_MAX 16            /* directions with a gap at one time */

struct follow_counts {
	uint64_t connections;  /* of TLS */
	uint64_t evicted;      /* forgotten for newer ones */
	uint64_t gaps;         /* given up: bytes were missing for too long */
	uint64_t lost;         /* given up: what came was no record any more */
};

struct follow;
size_t follow_size(void);
/* max_align_t aligned, need not be zeroed. `crypt` may be NULL: then nothing is opened. */
struct follow *follow_init(struct room, struct crypt *, const struct bytes *keylog);
void follow_end(struct follow *); /* NULL is harmless */
/* What is seen at several places on its way is followed at each by itself; `place` is a number for it. */
void follow_packet(struct follow *, struct bytes frame, bool raw_ip, uint16_t place);
bool follow_next(struct follow *, struct tls_watched *); /* good until the next call */
struct follow_counts follow_counts(const struct follow *);

#endif
