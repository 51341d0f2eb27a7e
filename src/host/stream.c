/* SPDX-License-Identifier: ISC */
/* stream.c - TCP over the kernel's sockets.
 *
 * Bytes go kernel -> rx ring when epoll says so, and once more when the program has made room (NEWS_FILL), so a
 * fast stream needs no epoll_ctl. What is sent waits in the tx ring until the id's turn comes (NEWS_FLUSH): many
 * small sends of one event make one segment.
 *
 * With io_uring the kernel receives into the free part of the rx ring, and sends from the tx ring, by itself: each
 * stream has at most one operation of either kind in flight, made when the loop is about to wait (uring_due). A full
 * rx ring has none: what the program does not take stays in the kernel, and the peer is held back by TCP.
 *
 * Epoll is level-triggered; what nobody can act on must not be watched. A full rx ring takes EPOLLIN away, and
 * when EPOLLHUP or EPOLLERR (which cannot be masked) then still come, the descriptor leaves the set.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "host/inside.h"

static void breaks(struct host *h, struct slot *s, enum net_why why)
{
	if (s->broken) return;
	s->broken = true;
	s->why = why;
	slot_watch(h, s, WATCH_NOTHING);
	slot_news(h, s, 0);
}

static int pending_error(const struct slot *s)
{
	int error = 0;
	socklen_t len = sizeof error;
	getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

/* --- kernel to ring --- */

static void fill(struct host *h, struct slot *s)
{
	ring_rewind(&s->rx);
	struct room first = ring_room(&s->rx);
	size_t all = ring_free(&s->rx);
	struct iovec part[2] = { { first.at, first.len }, { s->rx.at, all - first.len } };
	struct msghdr m = { .msg_iov = part, .msg_iovlen = part[1].iov_len > 0 ? 2 : 1 };

	if (s->fin_seen || s->broken) return;
	if (all == 0) {
		if (s->watched) slot_watch(h, s, s->events & ~(uint32_t)EPOLLIN);
		return;
	}
	ssize_t n = recvmsg(s->fd, &m, MSG_DONTWAIT);
	if (n > 0) {
		ring_put(&s->rx, (size_t)n);
		slot_news(h, s, NEWS_READABLE);
	} else if (n == 0) {
		s->fin_seen = true;
		slot_watch(h, s, s->fin_sent ? WATCH_NOTHING : s->watched ? s->events & ~(uint32_t)EPOLLIN : 0);
		slot_news(h, s, 0);
		return;
	} else if (errno != EAGAIN && errno != EINTR) {
		breaks(h, s, kernel_why(errno));
		return;
	}
	if (n < 0 || (size_t)n < all) slot_watch(h, s, (s->watched ? s->events : 0) | EPOLLIN);
}

struct bytes stream_peek(struct net *net, net_id id)
{
	struct slot *s = slot_find(host_of(net), id);
	if (s == NULL || s->kind != SLOT_STREAM) return (struct bytes){ NULL, 0 };
	s->news &= (uint16_t)~NEWS_READABLE;
	return ring_peek(&s->rx);
}

void stream_take(struct net *net, net_id id, size_t n)
{
	struct host *h = host_of(net);
	struct slot *s = slot_find(h, id);

	if (s == NULL || s->kind != SLOT_STREAM) return;
	bool was_full = ring_free(&s->rx) == 0;
	ring_take(&s->rx, n);
	if (n == 0 || s->broken) return;
	if (s->fin_seen) {
		if (ring_used(&s->rx) == 0) slot_news(h, s, 0); /* EOF is due */
	} else if (h->uring != NULL) {
		if (!(s->flight & FLIGHT_RECEIVE)) uring_due(h, s);
	} else if (was_full || !s->watched || !(s->events & EPOLLIN)) {
		slot_news(h, s, NEWS_FILL);
	}
}

/* --- ring to kernel --- */

void stream_send_fin(struct host *h, struct slot *s)
{
	if (!s->fin_wanted || s->fin_sent || s->kind != SLOT_STREAM || ring_used(&s->tx) > 0) return;
	shutdown(s->fd, SHUT_WR);
	s->fin_sent = true;
	if (s->fin_seen) slot_watch(h, s, WATCH_NOTHING);
	slot_news(h, s, 0);
}

void stream_flush(struct host *h, struct slot *s)
{
	struct bytes view[2];

	if (s->broken || s->kind != SLOT_STREAM) return;
	while (ring_used(&s->tx) > 0) {
		ring_view(&s->tx, 0, ring_used(&s->tx), view);
		struct iovec part[2] = { { (void *)view[0].at, view[0].len }, { (void *)view[1].at, view[1].len } };
		struct msghdr m = { .msg_iov = part, .msg_iovlen = view[1].len > 0 ? 2 : 1 };
		ssize_t n = sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0 && errno == EAGAIN) {
			slot_watch(h, s, (s->watched ? s->events : 0) | EPOLLOUT);
			break;
		}
		if (n < 0) {
			int error = errno;
			fill(h, s); /* what the peer said before it left */
			breaks(h, s, kernel_why(error));
			return;
		}
		ring_take(&s->tx, (size_t)n);
	}
	if (ring_used(&s->tx) == 0 && s->watched) slot_watch(h, s, s->events & ~(uint32_t)EPOLLOUT);
	if (s->came_short && ring_used(&s->tx) <= s->tx.size / 2) {
		s->came_short = false;
		slot_news(h, s, NEWS_WRITABLE);
	}
	stream_send_fin(h, s);
}

/* There is something for the kernel: at the id's turn, or when the loop is about to wait. */
static void flush_later(struct host *h, struct slot *s)
{
	if (h->uring != NULL) uring_due(h, s);
	else slot_news(h, s, NEWS_FLUSH);
}

size_t stream_send(struct net *net, net_id id, struct bytes b)
{
	struct host *h = host_of(net);
	struct slot *s = slot_find(h, id);

	if (s == NULL || (s->kind != SLOT_STREAM && s->kind != SLOT_CONNECTING) || s->fin_wanted || s->broken) return 0;
	ring_rewind(&s->tx); /* what is in flight is still held */
	size_t n = ring_write(&s->tx, b);
	if (n < b.len) s->came_short = true;
	if (n > 0 || s->came_short) flush_later(h, s);
	return n;
}

void stream_finish(struct host *h, struct slot *s)
{
	s->fin_wanted = true;
	flush_later(h, s);
}

/* With no time to linger the kernel sends RST. */
void stream_abort(struct slot *s)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };
	setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

/* --- coming to be --- */

static net_id open_stream(struct host *h, struct slot *s)
{
	bool fits = rings_take(h, s);
	assert(fits); /* whoever calls has asked rings_left */
	(void)fits;
	kernel_option(s->fd, IPPROTO_TCP, TCP_NODELAY, 1); /* small sends are gathered here already */
	return slot_id(h, s);
}

static void connected(struct host *h, struct slot *s)
{
	s->kind = SLOT_STREAM;
	if (h->uring != NULL) kernel_may_block(s->fd);
	slot_watch(h, s, EPOLLIN);
	slot_news(h, s, NEWS_CONNECTED | (h->uring == NULL && (ring_used(&s->tx) > 0 || s->fin_wanted) ? NEWS_FLUSH : 0));
}

static net_id refuse_socket(struct net *net, int fd)
{
	net->why_not = kernel_why(errno);
	close(fd);
	return 0;
}

/* What comes from the network at once (loopback refuses so) is news as it would be later; what this host knows
 * by itself - no route, no such address - is a plain no. */
net_id stream_connect(struct net *net, const struct addr *remote, const struct net_how *how)
{
	struct host *h = host_of(net);
	struct sockaddr_in6 name;
	struct slot *s = NULL;
	int family, error, fd;

	if (!rings_left(h)) return net->why_not = NET_NO_ROOM, 0;
	fd = kernel_socket(remote, SOCK_STREAM, &family);
	if (fd < 0) return net->why_not = kernel_why(errno), 0;
	socklen_t len = kernel_name(remote, family, &name);
	kernel_option(fd, SOL_SOCKET, SO_OOBINLINE, 1); /* an urgent byte stays in its place (RFC 6093, 4): Telnet's data mark is one */
	if (!setting_begin(fd, family, remote, how)) return refuse_socket(net, fd);
	error = connect(fd, (struct sockaddr *)&name, len) < 0 ? errno : 0;
	if (error == EADDRNOTAVAIL && how != NULL && how->from.port != 0) error = EADDRINUSE; /* between these two ends there is one already */
	bool news = error == 0 || error == EINPROGRESS || error == ECONNREFUSED || error == ECONNRESET;
	if (!news) net->why_not = kernel_why(error);
	if (!news || (s = slot_take(h, SLOT_CONNECTING, fd, family)) == NULL) {
		close(fd);
		return 0;
	}
	net_id id = open_stream(h, s);
	s->peer = *remote;
	if (error == 0) connected(h, s);
	else if (error == EINPROGRESS) slot_watch(h, s, EPOLLOUT);
	else breaks(h, s, kernel_why(error));
	return id;
}

net_id host_adopt(struct net *net, int fd)
{
	struct host *h = host_of(net);
	struct slot *s = rings_left(h) ? slot_take(h, SLOT_STREAM, fd, AF_UNSPEC) : NULL;

	if (s == NULL) return net->why_not = NET_NO_ROOM, 0;
	net_id id = open_stream(h, s);
	if (h->uring != NULL) kernel_may_block(fd);
	slot_watch(h, s, EPOLLIN);
	return id;
}

net_id stream_listen(struct net *net, const struct addr *local, const struct net_how *how)
{
	struct host *h = host_of(net);
	struct sockaddr_in6 name;
	struct slot *s;
	int family, fd = kernel_socket(local, SOCK_STREAM, &family);

	if (fd < 0) return net->why_not = kernel_why(errno), 0;
	kernel_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	socklen_t len = kernel_name(local, family, &name);
	if (!setting_begin(fd, family, NULL, how) || kernel_bind(h, fd, &name, len) < 0 || listen(fd, SOMAXCONN) < 0)
		return refuse_socket(net, fd);
	if ((s = slot_take(h, SLOT_LISTENER, fd, family)) == NULL) {
		close(fd);
		return 0;
	}
	slot_watch(h, s, EPOLLIN);
	return slot_id(h, s);
}

/* No room for one more: the listener rests, its backlog in the kernel, until a stream of ours goes; when it is
 * descriptors that lack, which others may give back, also after a while. */
static void starve(struct host *h, struct slot *s, bool try_again)
{
	slot_watch(h, s, WATCH_NOTHING);
	s->next = h->starved;
	h->starved = (uint32_t)(s - h->slot);
	if (try_again) h->accept_at = instant_min(h->accept_at, instant_after(h->now, ACCEPT_AGAIN_AFTER));
}

bool listener_next(struct host *h, struct slot *listener, struct net_event *ev)
{
	struct sockaddr_in6 name = { 0 };
	socklen_t len = sizeof name;
	struct slot *s;

	listener->news = 0;
	if (!rings_left(h)) return starve(h, listener, false), false;
	int flags = SOCK_CLOEXEC | (h->uring != NULL ? 0 : SOCK_NONBLOCK);
	int fd = accept4(listener->fd, (struct sockaddr *)&name, &len, flags);
	if (fd < 0) {
		bool full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
		if (full) starve(h, listener, true);
		else slot_watch(h, listener, EPOLLIN);
		return false;
	}
	slot_watch(h, listener, EPOLLIN);
	slot_news(h, listener, NEWS_ACCEPT); /* there may be more */
	if ((s = slot_take(h, SLOT_STREAM, fd, listener->family)) == NULL) return close(fd), false;
	ev->what = NET_ACCEPTED;
	ev->id = open_stream(h, s);
	ev->on = slot_id(h, listener);
	ev->peer = s->peer = kernel_addr(&name);
	slot_watch(h, s, EPOLLIN);
	return true;
}

/* --- news --- */

void stream_polled(struct host *h, struct slot *s, uint32_t events)
{
	const uint32_t ended = EPOLLHUP | EPOLLERR;
	if (s->broken) return;
	if (s->kind == SLOT_CONNECTING) {
		int error = pending_error(s);
		if (error != 0) breaks(h, s, kernel_why(error));
		else if (events & (EPOLLOUT | ended)) connected(h, s);
		return;
	}
	bool full = ring_free(&s->rx) == 0;
	if (h->uring == NULL && events & (EPOLLIN | ended)) fill(h, s);
	if (h->uring == NULL && events & (EPOLLOUT | ended)) stream_flush(h, s);
	if (s->broken || !(events & ended)) return;
	if (s->fin_seen && !s->fin_sent) {
		int error = pending_error(s);
		breaks(h, s, error != 0 ? kernel_why(error) : NET_RESET);
	} else if (full) {
		slot_watch(h, s, WATCH_NOTHING); /* until there is room */
	}
}

/* --- what io_uring has done --- */

void stream_received(struct host *h, struct slot *s, int result)
{
	if (s->broken || s->fin_seen) return;
	if (result > 0) {
		ring_put(&s->rx, (size_t)result);
		slot_news(h, s, NEWS_READABLE);
	} else if (result == 0 && s->send_error == 0) {
		s->fin_seen = true;
		slot_news(h, s, 0);
	} else if (result < 0 && result != -EAGAIN && result != -EINTR && result != -ECANCELED) {
		breaks(h, s, kernel_why(-result));
		return;
	}
	if (s->send_error != 0) breaks(h, s, kernel_why(s->send_error));
	else uring_due(h, s);
}

/* Should it have failed while a receive is in flight, that one ends too: what the peer said before it left is told first.
 * (The error is told to one of the two only: the other sees an end that is none.) */
void stream_sent(struct host *h, struct slot *s, int result)
{
	if (s->broken) return;
	if (result >= 0) ring_take(&s->tx, (size_t)result);
	else if (result != -EAGAIN && result != -EINTR && result != -ECANCELED) {
		s->send_error = -result;
		if (!(s->flight & FLIGHT_RECEIVE)) breaks(h, s, kernel_why(s->send_error));
		return;
	}
	if (s->came_short && ring_used(&s->tx) <= s->tx.size / 2) {
		s->came_short = false;
		slot_news(h, s, NEWS_WRITABLE);
	}
	if (ring_used(&s->tx) > 0 || s->fin_wanted) uring_due(h, s);
}

static bool tell(struct slot *s, unsigned news)
{
	bool is = s->news & news;
	s->news &= (uint16_t)~news;
	return is;
}

bool stream_next(struct host *h, struct slot *s, struct net_event *ev)
{
	ev->id = slot_id(h, s);
	ev->peer = s->peer;
	if (tell(s, NEWS_CONNECTED)) ev->what = NET_CONNECTED;
	else {
		if (tell(s, NEWS_FLUSH)) stream_flush(h, s);
		if (tell(s, NEWS_FILL)) fill(h, s);
		if (tell(s, NEWS_READABLE)) ev->what = NET_READABLE;
		else if (tell(s, NEWS_WRITABLE)) ev->what = NET_WRITABLE;
		else if (s->fin_seen && !s->eof_told && ring_used(&s->rx) == 0) s->eof_told = true, ev->what = NET_EOF;
		else if (s->broken || (s->eof_told && s->fin_sent)) {
			ev->what = NET_CLOSED;
			ev->why = s->broken ? s->why : NET_DONE;
			slot_give(h, s);
			return true;
		} else return false;
	}
	slot_news(h, s, 0); /* there may be more to tell */
	return true;
}
