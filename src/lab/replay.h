/* SPDX-License-Identifier: ISC */
/* replay.h - somebody who listened sends a client's first flight once more: all the client sent over TCP before the server
 * answered with data, from another host, to wherever he likes. What the server makes of it, its own words tell.
 *
 * A program like the tools, but it needs no keys and understands nothing.
 */
#ifndef TULLE_LAB_REPLAY_H
#define TULLE_LAB_REPLAY_H

#include "lab/story.h"

/* What a client said first, on the newest connection whose SYN the filter takes, in the packets from `from` on; malloc'ed, len 0:
 * none. */
struct bytes replay_find(const struct story *, size_t from, const char *filter);

/* `flight` stays lent. */
struct tool *replay_open(struct tool_env *, const struct addr *to, struct bytes flight);

#endif
