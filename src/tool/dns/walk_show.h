/* SPDX-License-Identifier: ISC */
/* walk_show.h - a walk from the root as a tool: what `nslookup --trace` does. */
#ifndef TULLE_TOOL_WALK_SHOW_H
#define TULLE_TOOL_WALK_SHOW_H

#include "tool/dns/walk.h"

struct walk_words {
	struct dns_name name;
	uint16_t type;
	struct addr root[WALK_ROOTS_MAX]; size_t roots; /* none: the resolvers are asked, or it is the Internet's */
	struct addr resolver[TOOL_SERVERS_MAX]; size_t resolvers;
	uint16_t port;       /* of all other servers; 0: 53 */
	instant timeout_for; /* of a try; 0: WALK_TIMEOUT */
	bool tcp, json, unicode;
};

/* The exit status is one of dns_status.h. NULL: said on err. */
struct tool *walk_show_open(const struct walk_words *, struct tool_env *);

/* "10.0.0.1", "10.0.0.1:5353", "[::1]:53"; false: it is none, or one too many. */
bool walk_root_parse(struct walk_words *, const char *text);

/* The walk's end as an exit status. */
int walk_status(const struct walk *);

#endif
