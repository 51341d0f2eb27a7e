/* SPDX-License-Identifier: ISC */
/* net.h - all that a program sees of a network.
 *
 * The same program runs on the host's sockets, on Tulle's own stack, and in a simulated internet. It never
 * blocks, and no verb calls it back: verbs change state, and what came of them is learnt from net_next.
 *
 *     static void pump(struct net *net, net_id id)
 *     {
 *             size_t n;
 *             do {
 *                     n = net_send(net, id, net_peek(net, id));
 *                     net_take(net, id, n);          // what found no room comes back with NET_WRITABLE
 *             } while (n > 0);
 *     }
 *
 * The rules: READABLE comes when there is something new. WRITABLE comes after a short net_send, when there
 * is room again. EOF comes once, when the peer has finished and every byte was taken. CLOSED comes once for
 * each stream - listening, connecting or open - that ends by itself or by both sides' finishing, with the
 * reason, and the id is dead; after net_abort none comes. What an event points to is good until the next
 * net_next. A stale id is refused by every verb without harm (false, 0, empty).
 */
#ifndef TULLE_NET_NET_H
#define TULLE_NET_NET_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/instant.h"

/* A slot in the lower bits and the slot's generation above; 0 is none. */
typedef uint32_t net_id;

struct net;

enum net_what {
	NET_ACCEPTED,  /* id is new, `on` is the listener, peer says who */
	NET_CONNECTED, /* our net_connect went through */
	NET_READABLE,  /* bytes have come since the last net_peek */
	NET_WRITABLE,  /* there is room again after a short net_send */
	NET_EOF,       /* the peer has finished and every byte was taken */
	NET_CLOSED,    /* id is gone; why says why */
	NET_DATAGRAM,  /* data from peer, sent to local, on id */
	NET_BOUNCED,   /* a datagram sent from id to peer came to nothing; why says why */
	NET_WAKE,      /* the instant given to net_wake has come */
	NET_URGENT,    /* the peer has marked a byte as urgent that is still to be taken (RFC 6093); only after the option */
};

enum net_why {
	NET_DONE,        /* both sides finished */
	NET_REFUSED,     /* nobody listens there (RST, ICMP port unreachable) */
	NET_RESET,       /* the peer broke it off */
	NET_TIMED_OUT,   /* no answer for as long as the transport waits */
	NET_UNREACHABLE, /* no route, or a router said so */
	NET_TOO_BIG,     /* the datagram is larger than this net can carry */
	NET_NO_ROOM,     /* a limit of this net's */
	NET_IN_USE,      /* the local port is taken */
	NET_NOT_ALLOWED, /* the operating system or the configuration forbids it */
	NET_NO_ADDRESS,  /* the local address is not one of this host's */
	NET_UNSUPPORTED, /* this net cannot do it */
	NET_NOT_SECURE,  /* the TLS handshake failed; net_tls_failure says why */
};

struct net_event {
	enum net_what what;
	enum net_why why;
	net_id id, on;
	struct addr peer, local;
	struct bytes data;
};

enum net_option {
	NET_BROADCAST,      /* 1: datagrams may go to broadcast addresses (default 0) */
	NET_MULTICAST_LOOP, /* 1: this host's members hear what it sends to a group (default 0) */
	NET_MULTICAST_TTL,  /* 0 to 255 (default 1) */
	NET_TTL,            /* 1 to 255 (default 64) */
	/* The next are for streams and datagrams alike. */
	NET_TTL_LEAST,      /* 1 to 255: what comes with less is dropped unheard (RFC 5082); 0: nothing is (default) */
	NET_TRAFFIC_CLASS,  /* 0 to 255: DSCP and ECN (RFC 2474); of a stream's the lower two bits are TCP's (default 0) */
	NET_RECEIVE_BYTES,  /* the operating system's buffers, beside those of the net; it may give more or less */
	NET_SEND_BYTES,
	NET_AHEAD_BYTES,    /* of a stream that is open: no more is taken from the operating system ahead of the program; 0: the ring's size */
	NET_URGENT_NEWS,    /* of a stream, 1: NET_URGENT comes (default 0). The byte stands in its place among the others, ever */
	NET_DEBUG,          /* 1: the operating system keeps what it keeps of such sockets (SO_DEBUG) */
};

/* How a stream is to be before its first packet goes; all zero is as usual. What a listener is, its streams are. */
#define NET_SETTINGS_MAX 8
#define NET_MD5_KEY_MAX 80
struct net_setting { enum net_option option; int value; };
struct net_how {
	struct addr from;      /* of net_connect_how: our own address, our own port; unspecified, 0: the net chooses */
	struct net_setting setting[NET_SETTINGS_MAX]; size_t settings;
	struct bytes md5_key;  /* 1 to NET_MD5_KEY_MAX bytes: every segment is signed, and an unsigned one not heard (RFC 2385) */
};

/* Each returns 0 if it cannot be; net_why_not then says why, until the next call. */
net_id net_listen(struct net *, const struct addr *local);
net_id net_connect(struct net *, const struct addr *remote);
net_id net_listen_how(struct net *, const struct addr *local, const struct net_how *);    /* NULL: as usual */
net_id net_connect_how(struct net *, const struct addr *remote, const struct net_how *);
net_id net_bind(struct net *, const struct addr *local); /* for datagrams; port 0: one is chosen */
enum net_why net_why_not(struct net *);

/* False if it was not sent; net_why_not says why. A queue that is full drops it silently, as networks do. */
bool net_sendto(struct net *, net_id, const struct addr *to, struct bytes);
/* The same, but from `from`: a host with several addresses answers from the one it was asked at (the event's
 * `local.ip`). What is not an address of one's own - a group, a broadcast - is as if it had not been said. */
bool net_sendto_from(struct net *, net_id, struct ip from, const struct addr *to, struct bytes);
bool net_join(struct net *, net_id, const struct addr *group); /* its interface, or 0: by the routes */
bool net_leave(struct net *, net_id, const struct addr *group);
bool net_set(struct net *, net_id, enum net_option, int value);
bool net_local(struct net *, net_id, struct addr *); /* its own address and port */

struct bytes net_peek(struct net *, net_id);         /* what has arrived, in order: all, or up to a seam */
void net_take(struct net *, net_id, size_t n);       /* n bytes of it are done with; n <= what was peeked */
size_t net_send(struct net *, net_id, struct bytes); /* copies what fits, says how much */
/* All of b or nothing; its last byte is marked as urgent (RFC 9293, 3.8.5; RFC 6093: for those who cannot do without, like
 * Telnet). Over TLS and io_uring it goes without the mark. */
size_t net_send_urgent(struct net *, net_id, struct bytes b);
void net_finish(struct net *, net_id);               /* nothing more to send; a listener or datagram id: gone */
void net_abort(struct net *, net_id);                /* drop it now (RST) */

instant net_now(struct net *);
void net_wake(struct net *, instant at);             /* one wake-up a program: the last word counts; NEVER: off */
bool net_next(struct net *, struct net_event *);     /* never blocks; false: nothing more for now */
bool net_wait(struct net *);                         /* until there may be more; false: nothing can ever happen */

const char *net_why_words(enum net_why); /* "connection refused" */

/* A program: one function and its state. */
struct app { void (*event)(void *self, struct net *, const struct net_event *); void *self; };

/* Hands a program the events there are, without waiting: the turn of a loop that somebody else owns. */
void app_turn(struct net *, struct app);

/* What a back end fills in (host/, stack/, net_tls); nobody else looks here. A verb that a back end cannot do
 * is there all the same and says NET_UNSUPPORTED. */
struct net_ops {
	net_id (*listen)(struct net *, const struct addr *, const struct net_how *);  /* NULL: as usual */
	net_id (*connect)(struct net *, const struct addr *, const struct net_how *);
	net_id (*bind)(struct net *, const struct addr *);
	bool (*sendto)(struct net *, net_id, const struct ip *from, const struct addr *, struct bytes); /* NULL: chosen */
	bool (*join)(struct net *, net_id, const struct addr *);
	bool (*leave)(struct net *, net_id, const struct addr *);
	bool (*set)(struct net *, net_id, enum net_option, int);
	bool (*local)(struct net *, net_id, struct addr *);
	struct bytes (*peek)(struct net *, net_id);
	void (*take)(struct net *, net_id, size_t);
	size_t (*send)(struct net *, net_id, struct bytes);
	size_t (*send_urgent)(struct net *, net_id, struct bytes);
	void (*finish)(struct net *, net_id);
	void (*abort)(struct net *, net_id);
	instant (*now)(struct net *);
	void (*wake)(struct net *, instant);
	bool (*next)(struct net *, struct net_event *);
	bool (*wait)(struct net *);
};
struct net {
	const struct net_ops *ops;
	enum net_why why_not; /* set by a verb that refuses */
};

#endif
