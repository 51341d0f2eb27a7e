/* SPDX-License-Identifier: ISC */
/* early.h - a server's window against replays of 0-RTT data (RFC 8446, 8).
 *
 * Early data can be sent again by anybody who saw it. So a ticket is good for it once, and only while its age is right to within
 * TLS_EARLY_WINDOW_S: a flight that comes again inside that time is remembered here, one that comes later has the wrong age. The
 * window never forgets a use before its age has become wrong; when it is full, early data is refused, never accepted unseen.
 */
#ifndef TULLE_PROTO_TLS_EARLY_H
#define TULLE_PROTO_TLS_EARLY_H

#include "base/arena.h"
#include "base/chance.h"
#include "base/hash.h"

#define TLS_EARLY_WINDOW_S 10 /* how far a ticket's age may be off, either way */

enum tls_window_found { TLS_WINDOW_NEW, TLS_WINDOW_REPLAYED /* the same hello */, TLS_WINDOW_USED /* the same ticket */, TLS_WINDOW_FULL };

struct tls_window_use { uint64_t ticket, hello; int64_t used_at_ms; }; /* two keyed hashes */
struct tls_window { /* a queue by time, and an index by ticket */
	struct index index;
	struct tls_window_use *use;
	uint32_t uses_max, oldest, count;
	uint8_t key[16];
};

size_t tls_window_size(unsigned uses_max);
void tls_window_init(struct tls_window *, struct arena *, struct rng *, unsigned uses_max);
/* Looks, and remembers if it is new. */
enum tls_window_found tls_window_use(struct tls_window *, int64_t date_ms, struct bytes ticket, struct bytes hello);

#endif
