/* SPDX-License-Identifier: ISC */
#include "net/share.h"

#include "base/arena.h"

static struct share_seat *seat_of(struct net *net) { return (struct share_seat *)(void *)net; }
static struct net *under_of(struct net *net) { return seat_of(net)->share->under; }
static uint32_t number_of(const struct share_seat *seat) { return (uint32_t)(seat - seat->share->seat); }

/* Ids are numbers that our own side gave out, so the hash needs no key: it only spreads them. */
static uint64_t hash_of(net_id id) { return (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15); }

static struct share_owner *find(struct share *s, net_id id)
{
	for (uint32_t at = INDEX_START, i; index_find(&s->ids, hash_of(id), &at, &i);)
		if (s->owner[i].id == id) return &s->owner[i];
	return NULL;
}

static bool own(struct share *s, net_id id, uint32_t seat, bool stream)
{
	uint32_t i;
	if (s->free) {
		i = s->free - 1;
		s->free = s->owner[i].next_free;
	} else if (s->owners < s->owners_max) {
		i = s->owners++;
	} else {
		return false;
	}
	s->owner[i] = (struct share_owner){ id, seat, 0, stream };
	index_add(&s->ids, hash_of(id), i);
	return true;
}

static void disown(struct share *s, net_id id)
{
	struct share_owner *o = find(s, id);
	if (o == NULL) return;
	uint32_t i = (uint32_t)(o - s->owner);
	index_remove(&s->ids, hash_of(id), i);
	*o = (struct share_owner){ .next_free = s->free };
	s->free = i + 1;
}

static bool mine(struct net *net, net_id id)
{
	struct share_owner *o = find(seat_of(net)->share, id);
	return o != NULL && o->seat == number_of(seat_of(net));
}

/* What a verb made beneath becomes the seat's; or it is refused, for the reason given beneath. */
static net_id made(struct net *net, net_id id, bool stream)
{
	struct share_seat *seat = seat_of(net);
	if (id == 0) {
		net->why_not = net_why_not(seat->share->under);
		return 0;
	}
	if (own(seat->share, id, number_of(seat), stream)) return id;
	net_abort(seat->share->under, id);
	net->why_not = NET_NO_ROOM;
	return 0;
}

static bool done(struct net *net, bool well)
{
	if (!well) net->why_not = net_why_not(under_of(net));
	return well;
}

static net_id seat_listen(struct net *net, const struct addr *a, const struct net_how *how)
{
	return made(net, net_listen_how(under_of(net), a, how), false);
}
static net_id seat_connect(struct net *net, const struct addr *a, const struct net_how *how)
{
	return made(net, net_connect_how(under_of(net), a, how), true);
}
static net_id seat_bind(struct net *net, const struct addr *a) { return made(net, net_bind(under_of(net), a), false); }

static bool seat_sendto(struct net *net, net_id id, const struct ip *from, const struct addr *to, struct bytes b)
{
	return mine(net, id) && done(net, under_of(net)->ops->sendto(under_of(net), id, from, to, b));
}
static bool seat_join(struct net *net, net_id id, const struct addr *group)
{
	return mine(net, id) && done(net, net_join(under_of(net), id, group));
}
static bool seat_leave(struct net *net, net_id id, const struct addr *group)
{
	return mine(net, id) && done(net, net_leave(under_of(net), id, group));
}
static bool seat_set(struct net *net, net_id id, enum net_option option, int value)
{
	return mine(net, id) && done(net, net_set(under_of(net), id, option, value));
}
static bool seat_local(struct net *net, net_id id, struct addr *local)
{
	return mine(net, id) && done(net, net_local(under_of(net), id, local));
}
static struct bytes seat_peek(struct net *net, net_id id)
{
	return mine(net, id) ? net_peek(under_of(net), id) : (struct bytes){ 0 };
}
static void seat_take(struct net *net, net_id id, size_t n)
{
	if (mine(net, id)) net_take(under_of(net), id, n);
}
static size_t seat_send(struct net *net, net_id id, struct bytes b)
{
	return mine(net, id) ? net_send(under_of(net), id, b) : 0;
}

static size_t seat_send_urgent(struct net *net, net_id id, struct bytes b)
{
	return mine(net, id) ? net_send_urgent(under_of(net), id, b) : 0;
}

/* A listener or a datagram socket is gone after this, a stream only with its CLOSED. */
static void seat_finish(struct net *net, net_id id)
{
	struct share *s = seat_of(net)->share;
	if (!mine(net, id)) return;
	net_finish(under_of(net), id);
	if (!find(s, id)->stream) disown(s, id);
}

static void seat_abort(struct net *net, net_id id)
{
	struct share *s = seat_of(net)->share;
	if (s->pending && s->event_seat == number_of(seat_of(net)) && s->event.id == id) s->pending = false; /* none comes after it */
	if (!mine(net, id)) return;
	net_abort(under_of(net), id);
	disown(s, id);
}

static instant seat_now(struct net *net) { return net_now(under_of(net)); }

static void seat_wake(struct net *net, instant at)
{
	struct share *s = seat_of(net)->share;
	instant first = NEVER;
	seat_of(net)->wake_at = at;
	for (uint32_t i = 0; i < s->seats; i++) first = instant_min(first, s->seat[i].wake_at);
	net_wake(s->under, first);
}

/* Fetches the next event that belongs to somebody, and finds out to whom. */
static bool fetch(struct share *s)
{
	while (!s->pending && net_next(s->under, &s->event)) {
		struct net_event *ev = &s->event;
		if (ev->what == NET_WAKE) continue; /* each seat looks at its own */
		struct share_owner *o = find(s, ev->what == NET_ACCEPTED ? ev->on : ev->id);
		if (o == NULL) {
			if (ev->what == NET_ACCEPTED) net_abort(s->under, ev->id);
			continue;
		}
		s->event_seat = o->seat;
		if (ev->what == NET_ACCEPTED && !own(s, ev->id, o->seat, true)) {
			net_abort(s->under, ev->id);
			continue;
		}
		if (ev->what == NET_CLOSED) disown(s, ev->id);
		s->pending = true;
	}
	return s->pending;
}

static bool seat_next(struct net *net, struct net_event *ev)
{
	struct share_seat *seat = seat_of(net);
	if (seat->wake_at <= seat_now(net)) {
		seat_wake(net, NEVER);
		*ev = (struct net_event){ .what = NET_WAKE };
		return true;
	}
	if (!fetch(seat->share) || seat->share->event_seat != number_of(seat)) return false;
	*ev = seat->share->event;
	seat->share->pending = false;
	return true;
}

bool share_pending(struct share *s)
{
	instant now = net_now(s->under);
	for (uint32_t i = 0; i < s->seats; i++) if (s->seat[i].wake_at <= now) return true;
	return fetch(s);
}

static bool seat_wait(struct net *net)
{
	struct share *s = seat_of(net)->share;
	return share_pending(s) || net_wait(s->under);
}

static const struct net_ops seat_ops = {
	.listen = seat_listen, .connect = seat_connect, .bind = seat_bind, .sendto = seat_sendto,
	.join = seat_join, .leave = seat_leave, .set = seat_set, .local = seat_local, .peek = seat_peek,
	.take = seat_take, .send = seat_send, .send_urgent = seat_send_urgent, .finish = seat_finish, .abort = seat_abort, .now = seat_now,
	.wake = seat_wake, .next = seat_next, .wait = seat_wait,
};

size_t share_size(uint32_t owners_max)
{
	return arena_cost(owners_max * sizeof(struct share_owner)) +
	       arena_cost(index_slots(owners_max) * sizeof(struct index_slot));
}

void share_init(struct share *s, struct net *under, struct share_seat *seat, uint32_t seats, struct room zeroed,
                uint32_t owners_max)
{
	struct arena a;
	size_t slots = index_slots(owners_max);

	arena_init(&a, zeroed);
	*s = (struct share){ .under = under, .seat = seat, .seats = seats, .owners_max = owners_max };
	s->owner = arena_take(&a, owners_max * sizeof *s->owner);
	struct index_slot *slot = arena_take(&a, slots * sizeof *slot);
	assert(s->owner != NULL && slot != NULL);
	index_init(&s->ids, slot, slots);
	for (uint32_t i = 0; i < seats; i++)
		seat[i] = (struct share_seat){ .net = { .ops = &seat_ops }, .share = s, .wake_at = NEVER };
}

void share_leave(struct share *s, uint32_t seat)
{
	for (uint32_t i = 0; i < s->owners; i++)
		if (s->owner[i].id != 0 && s->owner[i].seat == seat) seat_abort(share_seat(s, seat), s->owner[i].id);
	if (s->pending && s->event_seat == seat) s->pending = false;
	seat_wake(share_seat(s, seat), NEVER);
}
