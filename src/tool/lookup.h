/* SPDX-License-Identifier: ISC */
/* lookup.h - how a tool turns a host's name into addresses, by asking the environment's name servers.
 *
 *     static struct lookup lookup;                       // zeroed; may be started again and again
 *     lookup_start(&lookup, env, "www.example.com");
 *     ...
 *     if (ev->what == NET_WAKE) lookup_step(&lookup, net_now(net));
 *     else if (!lookup_event(&lookup, ev)) ...           // then the event was for the tool itself
 *     if (lookup_state(&lookup) == LOOKUP_DONE) connect to lookup.ip[0], then [1] ...
 *     net_wake(net, instant_min(lookup_deadline(&lookup), my own deadline));
 *
 * A name may be in any script (tool/names.h). An address ("10.0.0.1", "2001:db8::1") is done at once, and so is
 * localhost (RFC 6761, 6.3). The addresses stand in the order in which the server gave them, IPv4's before IPv6's.
 */
#ifndef TULLE_TOOL_LOOKUP_H
#define TULLE_TOOL_LOOKUP_H

#include "tool/tool.h"

#define LOOKUP_MAX 16
#define LOOKUP_HOST_MAX 255

enum lookup_state { LOOKUP_IDLE, LOOKUP_BUSY, LOOKUP_DONE, LOOKUP_FAILED };

struct asking;

struct lookup {
	enum lookup_state state;
	struct ip ip[LOOKUP_MAX]; size_t count; /* when DONE: at least one */
	char error[LOOKUP_HOST_MAX + 120];      /* when FAILED: "no such name: www.example.com" */
	/* the rest is lookup.c's */
	char host[LOOKUP_HOST_MAX + 1];
	struct tool_env *env;
	struct asking *asking; /* made when first needed, from env->memory, and kept */
	uint64_t round;        /* counts starts, so that a late answer to the last name is none to this one */
	struct ip other[LOOKUP_MAX]; size_t other_count; /* IPv6's, until IPv4's are there */
	unsigned waiting;      /* for so many answers */
	unsigned worst;        /* the weightiest reason so far why there may be no addresses */
};

void lookup_start(struct lookup *, struct tool_env *, const char *host);
void lookup_stop(struct lookup *); /* no longer wanted: its sockets are closed, its events come to an end */
bool lookup_event(struct lookup *, const struct net_event *); /* false: the event is somebody else's */
void lookup_step(struct lookup *, instant now);               /* on NET_WAKE */
instant lookup_deadline(const struct lookup *);               /* NEVER when it is not busy */
static inline enum lookup_state lookup_state(const struct lookup *l) { return l->state; }

#endif
