/* SPDX-License-Identifier: ISC */
/* link.h - frames in and out: a device, a file, an end of a simulated wire; or a link that wraps another.
 *
 * Frames are Ethernet frames. Both verbs move batches and never block; `max` and `count` are the caller's
 * budget. A frame that was received is good until the next call on that link. A frame that is sent is the
 * caller's again on return.
 */
#ifndef TULLE_LINK_LINK_H
#define TULLE_LINK_LINK_H

#include "base/bytes.h"
#include "base/instant.h"

#define LINK_BATCH_MAX 64

enum {
	/* Received: whoever handed it up vouches for the checksums inside, nobody need sum again. Sent: the sender
	 * vouches for them; a wire in the same process hands the mark on, a device ignores it. */
	FRAME_CHECKED = 1,
};

struct frame {
	struct bytes data;
	uint32_t flags;
	const char *story; /* why it was sent, in words, for the capture's comment; or NULL */
};

struct link;
struct link_ops {
	size_t (*recv)(struct link *, instant now, struct frame *, size_t max);
	size_t (*send)(struct link *, instant now, const struct frame *, size_t count); /* how many were taken; the rest is dropped by the link */
	/* Sleeps until frames may have come or `until` has passed, and returns the new now. NULL for links that
	 * live on a virtual clock. */
	instant (*wait)(struct link *, instant until);
};
struct link {
	const struct link_ops *ops;
	uint16_t mtu; /* of the payload of a frame: 1500 */
	bool tells;   /* it says when frames have come, below; who receives need not ask before */
	bool is_ready;
	uint16_t number;          /* the receiver's own, for it to know its links by */
	struct link_ready *ready; /* the receiver's list, lent; or NULL */
	struct link *ready_next;
};

/* Links on which frames wait, in the order in which they came: so that a router with a thousand wires need not
 * ask each of them. Only links that tell are ever in it. */
struct link_ready { struct link *first, *last; };

/* Frames have come, or more are left than were taken. */
static inline void link_tell(struct link *l)
{
	if (l->ready == NULL || l->is_ready) return;
	l->is_ready = true;
	l->ready_next = NULL;
	if (l->ready->first == NULL) l->ready->first = l;
	else l->ready->last->ready_next = l;
	l->ready->last = l;
}

/* The first of them, which is then no longer in the list; NULL: there is none. */
static inline struct link *link_ready_take(struct link_ready *ready)
{
	struct link *l = ready->first;

	if (l == NULL) return NULL;
	ready->first = l->ready_next;
	l->is_ready = false;
	return l;
}

static inline size_t link_recv(struct link *l, instant now, struct frame *f, size_t max)
{
	return l->ops->recv(l, now, f, max);
}
static inline size_t link_send(struct link *l, instant now, const struct frame *f, size_t count)
{
	return l->ops->send(l, now, f, count);
}

#endif
