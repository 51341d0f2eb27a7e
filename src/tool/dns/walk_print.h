/* SPDX-License-Identifier: ISC */
/* walk_print.h - a walk for people, a line a question as it comes; for programs, one JSON object; and as dig's +trace does.
 *
 *     .              a.root-servers.net (198.41.0.4)      12 ms   knows who serves com.
 *     └ com.         c.gtld-servers.net (192.26.92.30)     9 ms   knows who serves example.com.
 *       └ example.com.   ns1.example.com (192.0.2.53)      4 ms   www.example.com. A 192.0.2.80  (authoritative)
 *     3 questions, 25 ms
 */
#ifndef TULLE_TOOL_WALK_PRINT_H
#define TULLE_TOOL_WALK_PRINT_H

#include "tool/dns/walk.h"

struct walk_print {
	struct text *out;
	bool color, unicode; /* unicode: names as people write them */
	unsigned width;      /* of the zones' column */
	const struct walk_zone *zone; /* of the last line; NULL: none */
	size_t lines;
};

/* Each step as soon as it is there, and the end when the walk is over. */
void walk_print_step(struct walk_print *, const struct walk *);
void walk_print_end(struct walk_print *, const struct walk *);

/* The same as JSON: { "name", "type", "steps": [ ... ], "outcome", "questions", "time_us" } */
void walk_json_step(struct walk_print *, const struct walk *);
void walk_json_end(struct walk_print *, const struct walk *);

/* ";; Received 239 bytes from 198.41.0.4#53(a.root-servers.net) in 10 ms", without a line's end; nothing was received if nobody answered. */
void walk_print_received(struct text *, const struct walk *);

/* How it ended, in a sentence with neither stop nor line's end. */
void walk_print_outcome(struct walk_print *, const struct walk *);

#endif
