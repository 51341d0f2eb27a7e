/* SPDX-License-Identifier: ISC */
/* local.c - sockets that somebody else has opened: connected streams, and those in the file system (AF_UNIX), which
 * have no address that net.h could name.
 *
 * A peer of theirs is told as the unspecified address, and sent to under it. Datagrams go one by one: each has its own
 * length, and the kernel holds the sender back instead of dropping them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <sys/un.h>

#include "host/inside.h"

static net_id adopt(struct net *net, int fd, enum slot_kind kind)
{
	struct host *h = host_of(net);
	struct slot *s = slot_take(h, kind, fd, AF_UNIX);

	if (s == NULL) return 0;
	slot_watch(h, s, EPOLLIN);
	return slot_id(h, s);
}

net_id host_adopt_listener(struct net *net, int fd) { return adopt(net, fd, SLOT_LISTENER); }

net_id host_adopt_datagrams(struct net *net, int fd, bool first_is_peer)
{
	net_id id = adopt(net, fd, SLOT_DATAGRAM);

	if (id != 0) slot_find(host_of(net), id)->first_is_peer = first_is_peer;
	return id;
}

int host_release(struct net *net, net_id id)
{
	struct host *h = host_of(net);
	struct slot *s = slot_find(h, id);

	if (s == NULL || s->kind != SLOT_STREAM || h->uring != NULL || s->broken) return -1;
	if (ring_used(&s->rx) > 0 || ring_used(&s->tx) > 0) return -1;
	int fd = s->fd;
	kernel_may_block(fd);
	slot_watch(h, s, WATCH_NOTHING);
	s->fd = -1;
	slot_give(h, s);
	return fd;
}

/* --- datagrams --- */

bool local_send(struct net *net, const struct slot *s, struct bytes data)
{
	for (int tries = 0; tries < 2; tries++) { /* the first may only tell what became of the one before */
		if (send(s->fd, data.at, data.len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
		if (errno == EAGAIN || errno == ENOTCONN) break;
	}
	net->why_not = errno == EAGAIN ? NET_NO_ROOM : errno == ENOTCONN ? NET_NO_ADDRESS : kernel_why(errno);
	return false;
}

/* The one that comes first and has a name of its own becomes the peer: from then on the kernel takes none from others. */
void local_receive(struct host *h, struct slot *s)
{
	struct batch *b = &h->in;
	struct sockaddr_un name;
	struct iovec part = { b->data, GATHER_BYTES }; /* which is less than a whole batch has */
	struct msghdr m = { .msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n = recvmsg(s->fd, &m, MSG_DONTWAIT);

	b->id = slot_id(h, s);
	b->next = b->count = 0;
	b->used = 0;
	if (n < 0) return;
	if (s->first_is_peer && m.msg_namelen > sizeof name.sun_family) {
		s->first_is_peer = false;
		connect(s->fd, (struct sockaddr *)&name, m.msg_namelen); /* if not, a send will say so */
	}
	b->count = 1;
	b->part[0] = (struct iovec){ b->data, (size_t)n };
	memset(&b->name[0], 0, sizeof b->name[0]);
	b->message[0] = (struct mmsghdr){ .msg_len = (unsigned)n };
	slot_news(h, s, NEWS_DATAGRAMS);
}

/* An error that stands on the socket, once: its peer has gone. */
bool local_bounce(struct slot *s, struct net_event *ev)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error == 0) return false;
	ev->what = NET_BOUNCED;
	ev->why = error == ECONNRESET ? NET_REFUSED : kernel_why(error);
	return true;
}
