/* SPDX-License-Identifier: ISC */
/* share.h - several programs on one net, each with a view of its own.
 *
 * A host's stack offers one net: one stream of events, one wake-up. Where an echo server and a web server run
 * on the same host, each is given a seat instead. A seat is a net: its verbs go to the net beneath, and it
 * is handed only the events of ids that it made itself (or that its own listeners accepted); its wake-up is
 * its own.
 *
 *     share_init(&share, stack_net(s), seats, 2, memory);
 *     a = tool_open(..., share_seat(&share, 0)); b = tool_open(..., share_seat(&share, 1));
 *     ...
 *     do for (i = 0; i < 2; i++) app_turn(share_seat(&share, i), app[i]);
 *     while (share_pending(&share));
 *
 * An event waits for the seat it belongs to, so that events keep their order.
 */
#ifndef TULLE_NET_SHARE_H
#define TULLE_NET_SHARE_H

#include "base/hash.h"
#include "net/net.h"

struct share;

struct share_seat {
	struct net net; /* first: what a program is given */
	struct share *share;
	instant wake_at;
};
struct share_owner { net_id id; uint32_t seat, next_free; bool stream; };
struct share {
	struct net *under;
	struct share_seat *seat; uint32_t seats;
	struct share_owner *owner; uint32_t owners_max, owners, free; /* `free` is 1 + the first free one */
	struct index ids;
	struct net_event event; uint32_t event_seat; bool pending; /* fetched, not yet handed over */
};

/* Each id costs an owner and, at most, four index slots. An id beyond `owners_max` is refused (NET_NO_ROOM). */
size_t share_size(uint32_t owners_max);
void share_init(struct share *, struct net *under, struct share_seat *, uint32_t seats, struct room zeroed,
                uint32_t owners_max);
static inline struct net *share_seat(struct share *s, uint32_t seat) { return &s->seat[seat].net; }

/* An event waits for a seat, or a seat's wake-up is due: turn them all again. */
bool share_pending(struct share *);

/* A program has ended: what it left open is dropped, its events too. The seat may be used again. */
void share_leave(struct share *, uint32_t seat);

#endif
