/* SPDX-License-Identifier: ISC */
/* inside.h - what the parts of host/ share; nobody outside includes it. See epoll.h. */
#ifndef TULLE_HOST_INSIDE_H
#define TULLE_HOST_INSIDE_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/ring.h"
#include "host/epoll.h"

#define SLOT_BITS 16
#define NO_SLOT UINT32_MAX
#define TURN_EVENTS 1024  /* handed out in one turn */
#define BATCH_MAX 64      /* datagrams, or runs of them, in one system call */
#define DATAGRAM_MAX 65535
#define DATAGRAM_ROOM (65536 + 3 * 64) /* of each in a batch: not all of them in the same lines of the cache */
#define GATHER_BYTES (4u * 65536)
#define ACCEPT_AGAIN_AFTER (50 * MILLISECOND)

/* Closing: the id is dead, but a list or the kernel (operations in flight) still knows the slot, or its rings. */
enum slot_kind { SLOT_FREE, SLOT_LISTENER, SLOT_CONNECTING, SLOT_STREAM, SLOT_DATAGRAM, SLOT_CLOSING };

/* What there is to do or to tell about an id; an id with any of them stands in the ready list. */
enum {
	NEWS_ACCEPT = 1,     /* a listener may have somebody waiting */
	NEWS_ACCEPTED = 2,
	NEWS_CONNECTED = 4,
	NEWS_READABLE = 8,
	NEWS_WRITABLE = 16,
	NEWS_FILL = 32,      /* there is room again, and the kernel may hold more */
	NEWS_FLUSH = 64,     /* the send ring has something for the kernel */
	NEWS_DATAGRAMS = 128,
	NEWS_URGENT = 512,   /* the peer has marked a byte that is still in the kernel */
	NEWS_BOUNCES = 256,  /* the error queue has something */
};

/* Operations the kernel has of a slot's; at most one of each. */
enum { FLIGHT_POLL = 1, FLIGHT_RECEIVE = 2, FLIGHT_SEND = 4 };

struct slot {
	enum slot_kind kind;
	int fd;
	int family;
	uint16_t generation;      /* never 0 */
	uint16_t news;
	uint32_t next;            /* in the ready list, the free list or the list of starved listeners */
	uint32_t events;          /* what epoll watches for */
	uint32_t due_next;        /* in the list of those whose operations are due */
	bool watched;             /* is in the epoll set */
	bool queued;              /* is in the ready list */
	bool due;                 /* is in that other list */
	bool more;                /* the kernel may have still more to receive */
	bool to_the_end;          /* epoll: only EAGAIN says that there is no more, for the peer has finished or said something urgent */
	bool hung_up;             /* epoll: EPOLLHUP or EPOLLERR came */
	bool blocked;             /* epoll: the kernel has no room to send, and will say when */
	bool counted;             /* among the streams */
	uint8_t flight;
	int send_error;           /* that of a send, told when the receive has ended */
	bool fin_wanted, fin_sent, fin_seen, eof_told;
	bool came_short;          /* a net_send did: WRITABLE is owed */
	bool one_by_one;          /* datagrams cannot go in runs */
	bool urgent_news;         /* NEWS_URGENT is wanted */
	uint32_t urgent_left;     /* of the tx ring: up to the byte that is marked, and it; 0: none is */
	bool first_is_peer;       /* AF_UNIX: whoever sends first */
	uint32_t ahead_max;       /* a stream's: bytes received before the program takes them; 0: what its ring holds */
	bool broken;              /* CLOSED is owed, with `why` */
	enum net_why why;
	struct addr peer;
	struct ring rx, tx;       /* `at` NULL: none is held */
};

union control { uint64_t align; uint8_t byte[128]; };

/* Datagrams of one id: received and being handed out, or gathered and not yet sent. A message that was received may be a run of them,
 * each but the last of one length. */
struct batch {
	net_id id;
	uint32_t count, next;
	size_t used;    /* bytes of `data`; or of message `next`, those that were handed out */
	uint32_t used_up; /* messages that the kernel has written to, from the first on: to be prepared before it receives again */
	bool several;   /* datagrams were received together, and what answers them is gathered */
	struct mmsghdr message[BATCH_MAX];
	struct iovec part[BATCH_MAX];
	struct sockaddr_in6 name[BATCH_MAX];
	union control control[BATCH_MAX];
	uint8_t *data;
};

struct bounce { net_id id; struct addr peer; enum net_why why; };

/* Memory of rings, each held by a stream only while bytes wait in it. What a ring held stays readable after it was let go, until
 * another stream takes it, which no verb does that only takes bytes. */
struct ring_pool { uint8_t *at; uint32_t *next; uint32_t bytes, free, fresh; };

struct host {
	struct net net;
	struct host_limits limits;
	enum host_sharing sharing;
	int epoll;
	void *uring_memory;
	struct io_uring *uring;         /* NULL: epoll is the way */
	uint32_t due_first;
	uint32_t flights;
	instant now, wake_at, accept_at;
	uint32_t slots, live;
	struct slot *slot;
	uint32_t slot_free, slot_fresh; /* given back ones first; then those never used */
	uint32_t streams;               /* those that may hold rings: at most streams_max, and so many rings are in each pool */
	struct ring_pool rx, tx;        /* by the same rule */
	net_id told;                    /* epoll: the stream whose event was handed out last */
	uint32_t ready_first, ready_last;
	uint32_t starved;               /* listeners that found no room for a stream, or no descriptor */
	uint32_t budget;                /* events left in this turn */
	struct batch in, out;
	struct bounce bounce[BATCH_MAX];
	uint32_t bounces, bounces_told;
};

static inline struct host *host_of(struct net *net) { return (struct host *)net; }
static inline net_id slot_id(const struct host *h, const struct slot *s)
{
	return (net_id)s->generation << SLOT_BITS | (net_id)(s - h->slot);
}
/* NULL: a stale id. */
static inline struct slot *slot_find(struct host *h, net_id id)
{
	uint32_t at = id & ((1u << SLOT_BITS) - 1);
	if (at >= h->slot_fresh) return NULL;
	struct slot *s = &h->slot[at];
	return s->kind != SLOT_FREE && s->kind != SLOT_CLOSING && s->generation == id >> SLOT_BITS ? s : NULL;
}

/* epoll.c */
struct slot *slot_take(struct host *, enum slot_kind, int fd, int family); /* NULL: no room, and why_not says so */
void slot_give(struct host *, struct slot *);            /* closes its socket; the id is dead */
void slot_news(struct host *, struct slot *, unsigned news);
void slot_watch(struct host *, struct slot *, uint32_t events); /* 0: only errors; WATCH_NOTHING: not even those */
#define WATCH_NOTHING UINT32_MAX
bool streams_left(const struct host *);
bool slots_left(const struct host *);                    /* those that are closing may hold some longer than their streams' places */
void ring_hold(struct ring_pool *, struct ring *);       /* unless one is held */
void ring_let_go(struct ring_pool *, struct ring *);     /* if it is empty */
void slot_rest(struct host *, struct slot *);            /* one that is closing is free if nobody knows it any more */
void slot_polled(struct host *, struct slot *, uint32_t events);

/* uring.c */
size_t uring_size(void);
bool uring_open(struct host *, void *memory);            /* false: errno */
void uring_due(struct host *, struct slot *);            /* it may have something for the kernel to do */
void uring_arm(struct host *);                           /* all of those that are due */
void uring_cancel(struct host *, struct slot *);
void uring_submit(struct host *);
void uring_wait(struct host *, instant left);            /* NEVER: until something happens */
void uring_close(struct host *);                         /* nothing is in flight then, and the way is none */

/* stream.c */
net_id stream_listen(struct net *, const struct addr *, const struct net_how *);
net_id stream_connect(struct net *, const struct addr *, const struct net_how *);
struct bytes stream_peek(struct net *, net_id);
void stream_take(struct net *, net_id, size_t);
size_t stream_send(struct net *, net_id, struct bytes);
size_t stream_send_urgent(struct net *, net_id, struct bytes);
void stream_finish(struct host *, struct slot *);
void stream_abort(struct slot *);
void stream_flush(struct host *, struct slot *);
void stream_settle(struct host *);                       /* what was sent during the event handed out last goes */
void stream_polled(struct host *, struct slot *, uint32_t events);
void stream_received(struct host *, struct slot *, int result);
void stream_sent(struct host *, struct slot *, int result);
void stream_send_fin(struct host *, struct slot *);      /* if it is its time */
bool stream_next(struct host *, struct slot *, struct net_event *);
bool listener_next(struct host *, struct slot *, struct net_event *);

/* datagram.c */
net_id datagram_bind(struct net *, const struct addr *);
bool datagram_sendto(struct net *, net_id, const struct ip *from, const struct addr *, struct bytes);
bool datagram_join(struct net *, net_id, const struct addr *);
bool datagram_leave(struct net *, net_id, const struct addr *);
bool datagram_next(struct host *, struct slot *, struct net_event *);
bool batch_next(struct host *, struct net_event *);
void gather_flush(struct host *);

/* local.c */
bool local_send(struct net *, const struct slot *, struct bytes);
void local_receive(struct host *, struct slot *);
bool local_bounce(struct slot *, struct net_event *);

/* setting.c */
bool setting_set(struct net *, net_id, enum net_option, int);
bool setting_begin(int fd, int family, const struct addr *remote, const struct net_how *); /* NULL remote: it will listen; false: errno */

/* kernel.c */
socklen_t kernel_name(const struct addr *, int family, struct sockaddr_in6 *); /* room for either family's */
struct addr kernel_addr(const struct sockaddr_in6 *);
enum net_why kernel_why(int error);
int kernel_socket(const struct addr *local, int type, int *family); /* -1 and errno */
int kernel_bind(const struct host *, int fd, const struct sockaddr_in6 *, socklen_t); /* -1 and errno */
void kernel_option(int fd, int level, int name, int value);
void kernel_may_block(int fd);

#endif
