/* SPDX-License-Identifier: ISC */
/* beside.h - a net with a few streams of another one beside its own: standard input and output, which are the
 * operating system's, beside a stack of ours.
 *
 *     beside_init(&b, stack_net(s), few);                  // `few`: a net over the host, that is waited for by the way
 *     id = beside_adopt(&b, host_adopt(few, fd));          // a stream like any other of beside_net(&b)
 *
 * All verbs that make something go to the net beneath; so do the clock and the wake-up. Who waits for the net beneath has to
 * be woken when `few` has something (main/: its descriptor stands beside the device's).
 */
#ifndef TULLE_NET_BESIDE_H
#define TULLE_NET_BESIDE_H

#include "net/net.h"

#define BESIDE_MAX 4
/* Their ids; no slot of the net beneath may have such a number in its lower bits. */
#define BESIDE_ID_FIRST UINT32_C(0xfffffff0)

struct beside {
	struct net net; /* first: what a program is given */
	struct net *under, *few;
	net_id id[BESIDE_MAX]; /* in `few`; 0: it has closed */
	uint32_t count;
	instant wake_at;       /* the program's */
	struct net_event event; bool has_event; /* of few's, fetched and not handed over */
};

void beside_init(struct beside *, struct net *under, struct net *few);
static inline struct net *beside_net(struct beside *b) { return &b->net; }
net_id beside_adopt(struct beside *, net_id of_few); /* 0: there is none, or there are BESIDE_MAX */

#endif
