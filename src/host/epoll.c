/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "host/inside.h"

#define CLOSE_WITHIN (10 * SECOND)

const struct host_limits host_limits_usual = {
	.streams_max = 1024, .sockets_max = 256, .rx_bytes = 64 << 10, .tx_bytes = 64 << 10, .datagram_bytes = 1 << 20,
};

static instant clock_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (instant)t.tv_sec * SECOND + t.tv_nsec;
}

/* --- ids --- */

bool streams_left(const struct host *h) { return h->streams < h->limits.streams_max; }
bool slots_left(const struct host *h) { return h->slot_free != NO_SLOT || h->slot_fresh < h->slots; }

/* What was let go last is held next: so few are touched, and those are warm. */
void ring_hold(struct ring_pool *p, struct ring *r)
{
	if (r->at != NULL) return;
	uint32_t i = p->free != NO_SLOT ? p->free : p->fresh++;
	if (p->free != NO_SLOT) p->free = p->next[i];
	ring_init(r, (struct room){ p->at + (size_t)i * p->bytes, p->bytes });
}

void ring_let_go(struct ring_pool *p, struct ring *r)
{
	if (r->at == NULL || ring_used(r) > 0) return;
	uint32_t i = (uint32_t)((size_t)(r->at - p->at) / p->bytes);
	p->next[i] = p->free;
	p->free = i;
	*r = (struct ring){ .at = NULL };
}

struct slot *slot_take(struct host *h, enum slot_kind kind, int fd, int family)
{
	uint32_t at = h->slot_free;
	if (at == NO_SLOT && h->slot_fresh == h->slots) {
		h->net.why_not = NET_NO_ROOM;
		return NULL;
	}
	if (at != NO_SLOT) h->slot_free = h->slot[at].next;
	else at = h->slot_fresh++;
	struct slot *s = &h->slot[at];
	uint16_t generation = (uint16_t)(s->generation + 1);
	*s = (struct slot){ .kind = kind, .fd = fd, .family = family, .generation = generation ? generation : 1 };
	h->live++;
	return s;
}

static void starved_wake(struct host *h);

void slot_rest(struct host *h, struct slot *s)
{
	if (s->kind != SLOT_CLOSING || s->flight != 0) return;
	if (s->counted) {
		ring_take(&s->rx, ring_used(&s->rx));
		ring_take(&s->tx, ring_used(&s->tx));
		ring_let_go(&h->rx, &s->rx);
		ring_let_go(&h->tx, &s->tx);
		s->counted = false;
		h->streams--;
		starved_wake(h);
	}
	if (s->queued || s->due) return;
	s->kind = SLOT_FREE;
	s->next = h->slot_free;
	h->slot_free = (uint32_t)(s - h->slot);
	starved_wake(h);
}

static void starved_forget(struct host *h, const struct slot *s)
{
	for (uint32_t *at = &h->starved; *at != NO_SLOT; at = &h->slot[*at].next)
		if (&h->slot[*at] == s) {
			*at = s->next;
			return;
		}
}

void slot_give(struct host *h, struct slot *s)
{
	assert(s->kind != SLOT_FREE && s->kind != SLOT_CLOSING);
	if (s->kind == SLOT_LISTENER) starved_forget(h, s);
	if (s->flight != 0) uring_cancel(h, s);
	close(s->fd);
	s->kind = SLOT_CLOSING;
	h->live--;
	slot_rest(h, s);
	starved_wake(h);
}

/* --- the list of news --- */

void slot_news(struct host *h, struct slot *s, unsigned news)
{
	s->news |= (uint16_t)news;
	if (s->queued) return;
	s->queued = true;
	s->next = NO_SLOT;
	uint32_t at = (uint32_t)(s - h->slot);
	if (h->ready_first == NO_SLOT) h->ready_first = at;
	else h->slot[h->ready_last].next = at;
	h->ready_last = at;
}

static struct slot *ready_pop(struct host *h)
{
	while (h->ready_first != NO_SLOT) {
		struct slot *s = &h->slot[h->ready_first];
		h->ready_first = s->next;
		s->queued = false;
		if (s->kind != SLOT_CLOSING) return s;
		slot_rest(h, s);
	}
	return NULL;
}

/* Listeners that had no room: some may be there now. */
static void starved_wake(struct host *h)
{
	while (h->starved != NO_SLOT) {
		struct slot *s = &h->slot[h->starved];
		h->starved = s->next;
		slot_news(h, s, NEWS_ACCEPT);
	}
	h->accept_at = NEVER;
}

/* The kernel has no room to watch it (fs.epoll.max_user_watches): nothing would ever be heard of a stream, so it ends. */
static void unwatched(struct host *h, struct slot *s)
{
	if (s->broken || (s->kind != SLOT_STREAM && s->kind != SLOT_CONNECTING)) return;
	s->broken = true;
	s->why = NET_NO_ROOM;
	slot_news(h, s, 0);
}

void slot_watch(struct host *h, struct slot *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.u32 = slot_id(h, s) };
	bool watch = events != WATCH_NOTHING;
	if (watch == s->watched && (!watch || s->events == events)) return;
	if (h->uring != NULL && watch) uring_due(h, s);
	else if (h->uring == NULL) {
		int done = epoll_ctl(h->epoll, !watch ? EPOLL_CTL_DEL : s->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, s->fd, &ev);
		if (done != 0 && watch) {
			unwatched(h, s);
			return;
		}
	}
	s->watched = watch;
	s->events = events;
}

/* --- the turn of the loop --- */

static bool slot_next(struct host *h, struct slot *s, struct net_event *ev)
{
	switch (s->kind) {
	case SLOT_LISTENER: return listener_next(h, s, ev);
	case SLOT_DATAGRAM: return datagram_next(h, s, ev);
	default: return stream_next(h, s, ev);
	}
}

static bool bounce_next(struct host *h, struct net_event *ev)
{
	if (h->bounces_told == h->bounces) {
		h->bounces_told = h->bounces = 0;
		return false;
	}
	struct bounce *b = &h->bounce[h->bounces_told++];
	ev->what = NET_BOUNCED, ev->id = b->id, ev->peer = b->peer, ev->why = b->why;
	return true;
}

static bool next(struct net *net, struct net_event *ev)
{
	struct host *h = host_of(net);
	struct slot *s;

	stream_settle(h);
	*ev = (struct net_event){ .what = NET_WAKE };
	if (h->budget > 0 && h->wake_at <= h->now) {
		h->wake_at = NEVER;
		h->budget--;
		return true;
	}
	while (h->budget > 0) {
		if (batch_next(h, ev) || bounce_next(h, ev)) return h->budget--, true;
		if ((s = ready_pop(h)) == NULL) break;
		if (slot_next(h, s, ev)) return h->budget--, true;
	}
	gather_flush(h);
	return false;
}

static void epoll_sleep(struct host *h, instant left, struct epoll_event *got, int max, int *count)
{
	struct timespec t = { .tv_sec = (time_t)(left / SECOND), .tv_nsec = (long)(left % SECOND) };

	*count = epoll_pwait2(h->epoll, got, max, left == NEVER ? NULL : &t, NULL);
	if (*count < 0 && errno == ENOSYS) /* before Linux 5.11: milliseconds, rounded up so as not to spin */
		*count = epoll_wait(h->epoll, got, max, left == NEVER ? -1 : (int)instant_min((left + MILLISECOND - 1) / MILLISECOND, INT32_MAX));
}

void slot_polled(struct host *h, struct slot *s, uint32_t events)
{
	switch (s->kind) {
	case SLOT_LISTENER: slot_news(h, s, NEWS_ACCEPT); break;
	case SLOT_DATAGRAM:
		if (events & EPOLLERR) slot_news(h, s, NEWS_BOUNCES);
		if (events & EPOLLIN) slot_news(h, s, NEWS_DATAGRAMS);
		break;
	default: stream_polled(h, s, events);
	}
}

/* What was sent since the last net_next goes before anybody sleeps. */
static void flush_all(struct host *h)
{
	gather_flush(h);
	if (h->in.next == h->in.count) h->in.several = false;
	if (h->uring != NULL) {
		uring_arm(h);
		return;
	}
	stream_settle(h);
	for (uint32_t at = h->ready_first; at != NO_SLOT; at = h->slot[at].next) {
		struct slot *s = &h->slot[at];
		if (s->kind != SLOT_STREAM || !(s->news & NEWS_FLUSH)) continue;
		s->news &= (uint16_t)~NEWS_FLUSH;
		stream_flush(h, s);
	}
}

static void sleep_until(struct host *h, instant until)
{
	instant left = until == NEVER ? NEVER : until <= h->now ? 0 : instant_max(until - clock_now(), 0);
	struct epoll_event got[128];
	int count = 0;

	if (h->uring != NULL) uring_wait(h, left);
	else epoll_sleep(h, left, got, COUNT(got), &count);
	h->now = clock_now();
	for (int i = 0; i < count; i++) {
		struct slot *s = slot_find(h, got[i].data.u32);
		if (s != NULL) slot_polled(h, s, got[i].events);
	}
}

static bool wait(struct net *net)
{
	struct host *h = host_of(net);

	flush_all(h);
	bool more = h->ready_first != NO_SLOT || h->in.next < h->in.count || h->bounces_told < h->bounces;
	if (!more && h->live == 0 && h->wake_at == NEVER) {
		if (h->uring != NULL) uring_submit(h);
		return false;
	}
	sleep_until(h, more ? 0 : instant_min(h->wake_at, h->accept_at));
	h->budget = TURN_EVENTS;
	if (h->accept_at <= h->now) starved_wake(h);
	return true;
}

static instant now(struct net *net) { return host_of(net)->now; }
static void wake(struct net *net, instant at) { host_of(net)->wake_at = at; }

/* --- verbs that are alike for all kinds --- */

static void finish(struct net *net, net_id id)
{
	struct host *h = host_of(net);
	struct slot *s = slot_find(h, id);

	if (s == NULL) return;
	if (s->kind == SLOT_STREAM || s->kind == SLOT_CONNECTING) {
		stream_finish(h, s);
		return;
	}
	gather_flush(h);
	slot_give(h, s);
}

static void abort_(struct net *net, net_id id)
{
	struct host *h = host_of(net);
	struct slot *s = slot_find(h, id);

	if (s == NULL) return;
	if (s->kind == SLOT_STREAM || s->kind == SLOT_CONNECTING) stream_abort(s);
	slot_give(h, s);
}

static bool local(struct net *net, net_id id, struct addr *a)
{
	struct slot *s = slot_find(host_of(net), id);
	struct sockaddr_in6 name;
	socklen_t len = sizeof name;

	if (s == NULL || getsockname(s->fd, (struct sockaddr *)&name, &len) < 0) {
		net->why_not = NET_NO_ADDRESS;
		return false;
	}
	*a = kernel_addr(&name);
	return true;
}

/* --- life --- */

static uint32_t slots_of(const struct host_limits *l) { return l->streams_max + l->sockets_max; }

static size_t pool_size(const struct host_limits *l, uint32_t bytes)
{
	return arena_cost(l->streams_max * sizeof(uint32_t)) + arena_cost((size_t)l->streams_max * bytes);
}

static void rings_open(struct ring_pool *p, struct arena *a, uint32_t count, uint32_t bytes)
{
	*p = (struct ring_pool){ .bytes = bytes, .free = NO_SLOT, .next = arena_take(a, count * sizeof *p->next) };
	p->at = arena_take(a, (size_t)count * bytes);
}

size_t host_size(const struct host_limits *l)
{
	return arena_cost(sizeof(struct host)) + arena_cost(slots_of(l) * sizeof(struct slot)) +
	       pool_size(l, l->rx_bytes) + pool_size(l, l->tx_bytes) +
	       arena_cost(BATCH_MAX * (size_t)DATAGRAM_ROOM) + arena_cost(GATHER_BYTES) + arena_cost(uring_size());
}

static bool open_way(struct host *h)
{
	enum host_way way = h->limits.way;

	h->epoll = -1;
	if ((way == HOST_URING || way == HOST_URING_ONLY) && uring_open(h, h->uring_memory)) return true;
	if (way == HOST_URING_ONLY) return false;
	h->epoll = epoll_create1(EPOLL_CLOEXEC);
	return h->epoll >= 0;
}

bool host_renew(struct net *net, enum host_sharing sharing)
{
	struct host *h = host_of(net);

	assert(h->live == 0);
	if (h->uring != NULL) uring_close(h);
	if (h->epoll >= 0) close(h->epoll);
	h->sharing = sharing;
	return open_way(h);
}

struct net *host_init(struct room zeroed, const struct host_limits *limits)
{
	static const struct net_ops ops = {
		.listen = stream_listen, .connect = stream_connect, .bind = datagram_bind, .sendto = datagram_sendto,
		.join = datagram_join, .leave = datagram_leave, .set = setting_set, .local = local,
		.peek = stream_peek, .take = stream_take, .send = stream_send, .send_urgent = stream_send_urgent, .finish = finish, .abort = abort_,
		.now = now, .wake = wake, .next = next, .wait = wait,
	};
	struct arena a;

	assert(zeroed.len >= host_size(limits) && slots_of(limits) < UINT16_MAX);
	arena_init(&a, zeroed);
	struct host *h = arena_take(&a, sizeof *h);
	h->net.ops = &ops;
	h->limits = *limits;
	h->slots = slots_of(limits);
	h->slot = arena_take(&a, h->slots * sizeof *h->slot);
	rings_open(&h->rx, &a, limits->streams_max, limits->rx_bytes);
	rings_open(&h->tx, &a, limits->streams_max, limits->tx_bytes);
	h->in.data = arena_take(&a, BATCH_MAX * (size_t)DATAGRAM_ROOM);
	h->in.used_up = BATCH_MAX;
	h->out.data = arena_take(&a, GATHER_BYTES);
	h->uring_memory = arena_take(&a, uring_size());
	assert(h->uring_memory != NULL);
	h->slot_free = h->ready_first = h->due_first = h->starved = NO_SLOT;
	h->wake_at = h->accept_at = NEVER;
	h->budget = TURN_EVENTS;
	h->now = clock_now();
	return open_way(h) ? &h->net : NULL;
}

int host_descriptor(struct net *net) { return host_of(net)->epoll; }

const char *host_way_name(struct net *net) { return host_of(net)->uring != NULL ? "uring" : "epoll"; }

/* A program may end when it has finished a stream; what the kernel had no room for goes while the peer reads on. But all of
 * them together have so long, however many they are. */
static void drain(struct host *h, struct slot *s, instant until)
{
	struct pollfd one = { .fd = s->fd, .events = POLLOUT };

	if (s->kind == SLOT_STREAM && h->epoll < 0) stream_flush(h, s);
	while (s->kind == SLOT_STREAM && s->fin_wanted && !s->fin_sent && !s->broken) {
		s->blocked = false;
		stream_flush(h, s);
		int left_ms = (int)((until - clock_now()) / MILLISECOND);
		if (!s->fin_sent && !s->broken && poll(&one, 1, left_ms > 0 ? left_ms : 0) <= 0) return;
	}
}

void host_close(struct net *net)
{
	struct host *h = host_of(net);
	instant until = clock_now() + CLOSE_WITHIN;

	flush_all(h);
	if (h->uring != NULL) uring_close(h);
	for (uint32_t i = 0; i < h->slot_fresh; i++) {
		struct slot *s = &h->slot[i];
		if (s->kind == SLOT_FREE || s->kind == SLOT_CLOSING) continue;
		drain(h, s, until);
		slot_give(h, s);
	}
	if (h->epoll >= 0) close(h->epoll);
}
