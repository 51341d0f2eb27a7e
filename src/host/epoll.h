/* SPDX-License-Identifier: ISC */
/* epoll.h - net.h over the kernel's sockets.
 *
 *     struct room memory = zeroed, host_size(&limits) bytes of it;
 *     struct net *net = host_init(memory, &limits);      // NULL: errno says why
 *     while (!done && net_wait(net)) app_turn(net, app);
 *     host_close(net);
 *
 * All memory is lent once. A ring comes from a pool for a stream while bytes wait, with epoll: an idle one holds none. Each id
 * with news stands in one list; nothing walks over all ids. A turn hands out at most TURN_EVENTS events, so
 * that a fast peer cannot keep the loop from its clock.
 *
 * There are two ways to wait for the kernel: epoll, and io_uring where it is allowed (Linux 6.1). Both keep the same
 * promises. A net over io_uring belongs to the thread that made it.
 *
 * An IPv6 wildcard serves IPv4 too. The interface of an address is the kernel's index.
 *
 *   epoll.c     ids, the list of news, the turn of the loop        (epoll.h, inside.h)
 *   uring.c     io_uring in epoll's place
 *   stream.c    TCP: listening, connecting, the rings
 *   datagram.c  UDP: batches in and out, groups, what ICMP says
 *   setting.c   options
 *   local.c     sockets that others have opened
 *   kernel.c    addresses and errors as the kernel spells them
 */
#ifndef TULLE_HOST_EPOLL_H
#define TULLE_HOST_EPOLL_H

#include "net/net.h"

enum host_way {
	HOST_USUAL, /* HOST_EPOLL: no slower, and less to trust in the kernel (bench/echo.py) */
	HOST_EPOLL,
	HOST_URING, /* where the kernel allows it; else epoll */
	HOST_URING_ONLY,
};

struct host_limits {
	enum host_way way;
	uint32_t streams_max;        /* connections, and those being made */
	uint32_t sockets_max;        /* listeners and datagram ids; all together at most 65,000 */
	uint32_t rx_bytes, tx_bytes; /* rings of a stream, powers of two */
	uint32_t datagram_bytes;     /* asked of the kernel for each datagram id's queue; 0: as it likes */
};
extern const struct host_limits host_limits_usual; /* 1,024 streams with rings of 64 KiB */

/* Several processes, each with a net of its own, may serve at one port: each new connection and each new peer is the kernel's to
 * give to one of them (SO_REUSEPORT; all are of one user). The first has made sure that nobody else has the port. */
enum host_sharing { HOST_ALONE, HOST_SHARES_FIRST, HOST_SHARES };

size_t host_size(const struct host_limits *);
struct net *host_init(struct room zeroed, const struct host_limits *);
int host_descriptor(struct net *); /* of a net over epoll: readable when net_wait would not sleep for news of the kernel's */
const char *host_way_name(struct net *); /* "epoll", "uring": which it has become */
/* In the child of a fork, before the net has any id: it waits for the kernel by descriptors of its own, and shares from then on the
 * ports that it is told to listen and to bind at. False: errno says why. */
bool host_renew(struct net *, enum host_sharing);
/* A connected stream socket, not blocking, that somebody else has opened becomes one of the net's; it is the net's to close. 0: no room. */
net_id host_adopt(struct net *, int fd);
/* The same of a socket in the file system that listens, or takes datagrams; those go to its peer, or if it has none and
 * `first_is_peer`, to whoever sends first. The other's address is the unspecified one. A send that finds no room says so (NET_NO_ROOM). */
net_id host_adopt_listener(struct net *, int fd);
net_id host_adopt_datagrams(struct net *, int fd, bool first_is_peer);
/* A stream's socket becomes the caller's, and the id is dead. -1: bytes wait in the net, or it goes through io_uring. */
int host_release(struct net *, net_id);
/* Sends what it still can without waiting, and of streams that were finished all of it, waiting for their peers at most ten
 * seconds altogether; closes every socket. */
void host_close(struct net *);

#endif
