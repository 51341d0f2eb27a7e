/* SPDX-License-Identifier: ISC */
/* meddle.h - somebody on the way: flips a bit of the first TCP segment that a filter takes, and sets the checksum right
 * again, as whoever forwards packets can. TCP does not notice; TLS does.
 *
 *     meddle_arm(&m, ends, count, filter);    // on a link's ends; the first that sends such a segment is the one
 *     meddle_disarm(&m);                      // done or not
 */
#ifndef TULLE_LAB_MEDDLE_H
#define TULLE_LAB_MEDDLE_H

#include "link/link.h"
#include "link/pcap.h"

#define MEDDLE_ENDS_MAX 16

struct meddle {
	struct link_ops ops;            /* in the place of the ends' own */
	const struct link_ops *inner;   /* theirs: they are all of a kind */
	struct link *end[MEDDLE_ENDS_MAX]; size_t ends;
	struct filter filter;
	bool armed;
};

void meddle_arm(struct meddle *, struct link *const *ends, size_t count, const char *filter);
void meddle_disarm(struct meddle *); /* harmless when it is not armed */

#endif
