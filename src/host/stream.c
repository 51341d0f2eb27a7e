/* SPDX-License-Identifier: ISC */
/* stream.c - TCP over the kernel's sockets.
 *
 * With epoll a stream's descriptor is handed over once, edge-triggered: the kernel says when something has changed, and what it
 * may still have is remembered here (`more`, `blocked`). Bytes go kernel -> rx ring when it is the id's turn (NEWS_FILL), and once
 * more when the program has made room. What is sent waits in the tx ring until the program is done with the event, or if it
 * was another id's event, until the id's turn comes (NEWS_FLUSH): many small sends of one event make one segment. A ring is
 * held while bytes wait in it, and no longer: so most streams hold none.
 *
 * A receive that fills less than it was given has seen all there was, and need not ask again; but for the end of a stream, and for
 * an urgent byte, before which the kernel stops, and of sockets in the file system for a descriptor that comes along. Then it is
 * asked until it says EAGAIN.
 *
 * With io_uring the kernel receives into the free part of the rx ring, and sends from the tx ring, by itself: each
 * stream has at most one operation of either kind in flight, made when the loop is about to wait (uring_due), and holds the ring
 * meanwhile. A full rx ring has none: what the program does not take stays in the kernel, and the peer is held back by TCP.
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

static size_t may_receive(const struct slot *s)
{
	size_t used = ring_used(&s->rx), free = ring_free(&s->rx);
	if (s->ahead_max == 0) return free;
	return size_min(free, s->ahead_max - size_min(s->ahead_max, used));
}

static ssize_t receive_some(struct slot *s)
{
	struct room first = ring_room(&s->rx);
	size_t all = may_receive(s);
	first.len = size_min(first.len, all);
	struct iovec part[2] = { { first.at, first.len }, { s->rx.at, all - first.len } };
	struct msghdr m = { .msg_iov = part, .msg_iovlen = 2 };

	if (first.len == all) return recv(s->fd, first.at, first.len, MSG_DONTWAIT);
	return recvmsg(s->fd, &m, MSG_DONTWAIT);
}

/* The peer has gone while we would still speak. */
static void look_for_hangup(struct host *h, struct slot *s)
{
	if (!s->hung_up || !s->fin_seen || s->fin_sent || s->broken) return;
	int error = pending_error(s);
	breaks(h, s, error != 0 ? kernel_why(error) : NET_RESET);
}

static void fill(struct host *h, struct slot *s)
{
	if (s->more && !s->fin_seen && !s->broken) ring_hold(&h->rx, &s->rx);
	ring_rewind(&s->rx);
	for (size_t all; s->more && !s->fin_seen && !s->broken && (all = may_receive(s)) > 0;) {
		ssize_t n = receive_some(s);
		if (n > 0) {
			ring_put(&s->rx, (size_t)n);
			s->more = (size_t)n == all || s->to_the_end;
			slot_news(h, s, NEWS_READABLE);
		} else if (n == 0) {
			s->fin_seen = true;
			slot_news(h, s, 0);
		} else if (errno == EAGAIN) {
			s->more = false;
		} else if (errno != EINTR) {
			breaks(h, s, kernel_why(errno));
		}
	}
	ring_let_go(&h->rx, &s->rx);
	look_for_hangup(h, s);
}

struct bytes stream_peek(struct net *net, net_id id)
{
	struct slot *s = slot_find(host_of(net), id);
	if (s == NULL || s->kind != SLOT_STREAM) return (struct bytes){ NULL, 0 };
	s->news &= (uint16_t)~NEWS_READABLE;
	return s->rx.at != NULL ? ring_peek(&s->rx) : (struct bytes){ NULL, 0 };
}

void stream_take(struct net *net, net_id id, size_t n)
{
	struct host *h = host_of(net);
	struct slot *s = slot_find(h, id);

	if (s == NULL || s->kind != SLOT_STREAM) return;
	ring_take(&s->rx, n);
	if (!(s->flight & FLIGHT_RECEIVE)) ring_let_go(&h->rx, &s->rx);
	if (n == 0 || s->broken) return;
	if (s->fin_seen) {
		if (ring_used(&s->rx) == 0) slot_news(h, s, 0); /* EOF is due */
	} else if (h->uring != NULL) {
		if (!(s->flight & FLIGHT_RECEIVE)) uring_due(h, s);
	} else if (s->more) {
		slot_news(h, s, NEWS_FILL);
	}
}

/* --- ring to kernel --- */

void stream_send_fin(struct host *h, struct slot *s)
{
	if (!s->fin_wanted || s->fin_sent || s->kind != SLOT_STREAM || ring_used(&s->tx) > 0) return;
	shutdown(s->fd, SHUT_WR);
	s->fin_sent = true;
	slot_news(h, s, 0);
}

/* The byte that is marked goes by itself, behind those before it. */
static ssize_t send_marked(struct slot *s)
{
	struct bytes next = ring_peek(&s->tx);
	bool marked = s->urgent_left == 1;

	next = bytes_first(next, marked ? 1 : size_min(next.len, s->urgent_left - 1));
	ssize_t n = send(s->fd, next.at, next.len, MSG_DONTWAIT | MSG_NOSIGNAL | (marked ? MSG_OOB : 0));
	if (n > 0) s->urgent_left -= (uint32_t)n;
	return n;
}

static ssize_t send_some(struct slot *s)
{
	struct bytes view[2];

	if (s->urgent_left > 0) return send_marked(s);
	ring_view(&s->tx, 0, ring_used(&s->tx), view);
	struct iovec part[2] = { { (void *)view[0].at, view[0].len }, { (void *)view[1].at, view[1].len } };
	struct msghdr m = { .msg_iov = part, .msg_iovlen = 2 };
	if (view[1].len == 0) return send(s->fd, view[0].at, view[0].len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* What the peer said before it left is told first. The error was told to us: a receive now sees an end that is none. */
static void fails(struct host *h, struct slot *s, enum net_why why)
{
	bool finished = s->fin_seen;

	s->more = s->to_the_end = true;
	s->hung_up = false;
	fill(h, s);
	s->fin_seen = finished;
	breaks(h, s, why);
}

void stream_flush(struct host *h, struct slot *s)
{
	if (s->broken || s->kind != SLOT_STREAM) return;
	while (ring_used(&s->tx) > 0 && !s->blocked) {
		ssize_t n = send_some(s);
		if (n >= 0) {
			ring_take(&s->tx, (size_t)n);
		} else if (errno == EAGAIN) {
			s->blocked = true;
		} else if (errno != EINTR) {
			fails(h, s, kernel_why(errno));
			return;
		}
	}
	if (s->came_short && ring_used(&s->tx) <= s->tx.size / 2) {
		s->came_short = false;
		slot_news(h, s, NEWS_WRITABLE);
	}
	ring_let_go(&h->tx, &s->tx);
	stream_send_fin(h, s);
}

/* All that was said in one event goes when the next is asked for, while it is warm. */
void stream_settle(struct host *h)
{
	struct slot *s = h->told != 0 ? slot_find(h, h->told) : NULL;

	h->told = 0;
	if (s == NULL || !(s->news & NEWS_FLUSH)) return;
	s->news &= (uint16_t)~NEWS_FLUSH;
	stream_flush(h, s);
}

/* There is something for the kernel: at the id's turn, or when the loop is about to wait. */
static void flush_later(struct host *h, struct slot *s)
{
	if (h->uring != NULL) uring_due(h, s);
	else if (slot_id(h, s) == h->told) s->news |= NEWS_FLUSH;
	else slot_news(h, s, NEWS_FLUSH);
}

size_t stream_send(struct net *net, net_id id, struct bytes b)
{
	struct host *h = host_of(net);
	struct slot *s = slot_find(h, id);

	if (s == NULL || (s->kind != SLOT_STREAM && s->kind != SLOT_CONNECTING) || s->fin_wanted || s->broken) return 0;
	if (b.len == 0) return 0;
	ring_hold(&h->tx, &s->tx);
	ring_rewind(&s->tx); /* what is in flight is still held */
	size_t n = ring_write(&s->tx, b);
	if (n < b.len) s->came_short = true;
	flush_later(h, s);
	return n;
}

size_t stream_send_urgent(struct net *net, net_id id, struct bytes b)
{
	struct slot *s = slot_find(host_of(net), id);

	if (s == NULL || (s->kind != SLOT_STREAM && s->kind != SLOT_CONNECTING)) return 0;
	size_t room = s->tx.at != NULL ? ring_free(&s->tx) : host_of(net)->limits.tx_bytes;
	if (room < b.len) return s->came_short = true, 0;
	size_t n = stream_send(net, id, b);
	if (n > 0 && host_of(net)->uring == NULL) s->urgent_left = (uint32_t)ring_used(&s->tx);
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
	assert(streams_left(h)); /* whoever calls has asked */
	s->counted = true;
	h->streams++;
	kernel_option(s->fd, IPPROTO_TCP, TCP_NODELAY, 1); /* small sends are gathered here already */
	return slot_id(h, s);
}

static void watch_stream(struct host *h, struct slot *s)
{
	slot_watch(h, s, h->uring != NULL ? EPOLLIN : EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLOUT | EPOLLET);
}

static void connected(struct host *h, struct slot *s)
{
	s->kind = SLOT_STREAM;
	if (h->uring != NULL) kernel_may_block(s->fd);
	watch_stream(h, s);
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

	if (!streams_left(h)) return net->why_not = NET_NO_ROOM, 0;
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
	else if (error == EINPROGRESS && h->uring != NULL) slot_watch(h, s, EPOLLOUT);
	else if (error == EINPROGRESS) watch_stream(h, s);
	else breaks(h, s, kernel_why(error));
	return id;
}

net_id host_adopt(struct net *net, int fd)
{
	struct host *h = host_of(net);
	struct slot *s = streams_left(h) ? slot_take(h, SLOT_STREAM, fd, AF_UNSPEC) : NULL;

	if (s == NULL) return net->why_not = NET_NO_ROOM, 0;
	net_id id = open_stream(h, s);
	if (h->uring != NULL) kernel_may_block(fd);
	watch_stream(h, s);
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
	kernel_option(fd, SOL_SOCKET, SO_OOBINLINE, 1); /* as in stream_connect; its streams have it from it */
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
	if (!streams_left(h) || !slots_left(h)) return starve(h, listener, false), false;
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
	if (listener->family != AF_UNIX) ev->peer = s->peer = kernel_addr(&name);
	watch_stream(h, s);
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
		if (h->uring != NULL || s->kind != SLOT_STREAM) return;
	}
	s->hung_up |= (events & ended) != 0;
	if (h->uring != NULL) {
		look_for_hangup(h, s);
		return;
	}
	if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | ended)) {
		s->more = true;
		s->to_the_end = s->family == AF_UNIX || s->family == AF_UNSPEC || events & (EPOLLPRI | EPOLLRDHUP | ended);
		slot_news(h, s, NEWS_FILL | (events & EPOLLPRI && s->urgent_news ? NEWS_URGENT : 0));
	}
	if (s->blocked && events & (EPOLLOUT | ended)) {
		s->blocked = false;
		slot_news(h, s, NEWS_FLUSH);
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
		ring_let_go(&h->rx, &s->rx);
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
	ring_let_go(&h->tx, &s->tx);
	if (ring_used(&s->tx) > 0 || s->fin_wanted) uring_due(h, s);
}

static bool tell(struct slot *s, unsigned news)
{
	bool is = s->news & news;
	s->news &= (uint16_t)~news;
	return is;
}

/* EOF when the last byte is taken, CLOSED after it. */
static bool eof_is_due(const struct slot *s) { return s->fin_seen && !s->eof_told && ring_used(&s->rx) == 0; }
static bool closed_is_due(const struct slot *s) { return s->broken || (s->eof_told && s->fin_sent); }

bool stream_next(struct host *h, struct slot *s, struct net_event *ev)
{
	ev->id = slot_id(h, s);
	ev->peer = s->peer;
	if (tell(s, NEWS_CONNECTED)) ev->what = NET_CONNECTED;
	else if (tell(s, NEWS_URGENT)) ev->what = NET_URGENT;
	else {
		if (tell(s, NEWS_FILL)) fill(h, s);
		if (tell(s, NEWS_FLUSH)) stream_flush(h, s);
		if (tell(s, NEWS_READABLE)) ev->what = NET_READABLE;
		else if (tell(s, NEWS_WRITABLE)) ev->what = NET_WRITABLE;
		else if (eof_is_due(s)) s->eof_told = true, ev->what = NET_EOF;
		else if (closed_is_due(s)) {
			ev->what = NET_CLOSED;
			ev->why = s->broken ? s->why : NET_DONE;
			slot_give(h, s);
			return true;
		} else return false;
	}
	h->told = ev->id;
	if (s->news != 0 || eof_is_due(s) || closed_is_due(s)) slot_news(h, s, 0); /* there is more to tell */
	return true;
}
