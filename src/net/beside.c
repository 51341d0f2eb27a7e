/* SPDX-License-Identifier: ISC */
#include "net/beside.h"

static struct beside *of(struct net *net) { return (struct beside *)net; } /* its first member */

/* The net that an id belongs to, and what it is called there. */
static struct net *whose(struct net *net, net_id *id)
{
	struct beside *b = of(net);

	if (*id < BESIDE_ID_FIRST) return b->under;
	uint32_t i = *id - BESIDE_ID_FIRST;
	*id = i < b->count ? b->id[i] : 0;
	return b->few;
}

static net_id made(struct net *net, net_id id)
{
	if (id == 0) net->why_not = net_why_not(of(net)->under);
	return id;
}

static bool done(struct net *net, struct net *where, bool well)
{
	if (!well) net->why_not = net_why_not(where);
	return well;
}

static net_id listen(struct net *net, const struct addr *a, const struct net_how *how)
{
	return made(net, net_listen_how(of(net)->under, a, how));
}
static net_id connect(struct net *net, const struct addr *a, const struct net_how *how)
{
	return made(net, net_connect_how(of(net)->under, a, how));
}
static net_id bind(struct net *net, const struct addr *a) { return made(net, net_bind(of(net)->under, a)); }

static bool sendto(struct net *net, net_id id, const struct ip *from, const struct addr *to, struct bytes b)
{
	struct net *where = whose(net, &id);
	return done(net, where, where->ops->sendto(where, id, from, to, b));
}
static bool join(struct net *net, net_id id, const struct addr *group)
{
	struct net *where = whose(net, &id);
	return done(net, where, net_join(where, id, group));
}
static bool leave(struct net *net, net_id id, const struct addr *group)
{
	struct net *where = whose(net, &id);
	return done(net, where, net_leave(where, id, group));
}
static bool set(struct net *net, net_id id, enum net_option option, int value)
{
	struct net *where = whose(net, &id);
	return done(net, where, net_set(where, id, option, value));
}
static bool local(struct net *net, net_id id, struct addr *a)
{
	struct net *where = whose(net, &id);
	return done(net, where, net_local(where, id, a));
}
static struct bytes peek(struct net *net, net_id id)
{
	struct net *where = whose(net, &id);
	return net_peek(where, id);
}
static void take(struct net *net, net_id id, size_t n)
{
	struct net *where = whose(net, &id);
	net_take(where, id, n);
}
static size_t send(struct net *net, net_id id, struct bytes b)
{
	struct net *where = whose(net, &id);
	return net_send(where, id, b);
}
static size_t send_urgent(struct net *net, net_id id, struct bytes b)
{
	struct net *where = whose(net, &id);
	return net_send_urgent(where, id, b);
}
static void finish(struct net *net, net_id id)
{
	struct net *where = whose(net, &id);
	net_finish(where, id);
}

static void abort_(struct net *net, net_id id)
{
	struct beside *b = of(net);
	struct net *where = whose(net, &id);

	net_abort(where, id);
	if (where == b->few && b->has_event && b->event.id == id) b->has_event = false; /* none comes after it */
}

static instant now(struct net *net) { return net_now(of(net)->under); }
static void wake(struct net *net, instant at) { net_wake(of(net)->under, of(net)->wake_at = at); }

/* The next event of `few`, which has no wake-ups of its own to tell. */
static bool fetch(struct beside *b)
{
	while (!b->has_event && net_next(b->few, &b->event)) b->has_event = b->event.what != NET_WAKE;
	return b->has_event;
}

static bool tell_few(struct beside *b, struct net_event *ev)
{
	uint32_t i = 0;

	if (!fetch(b)) return false;
	*ev = b->event;
	b->has_event = false;
	while (i < b->count && b->id[i] != ev->id) i++;
	if (i == b->count) return false; /* nobody's */
	ev->id = BESIDE_ID_FIRST + i;
	if (ev->what == NET_CLOSED) b->id[i] = 0;
	return true;
}

static bool next(struct net *net, struct net_event *ev)
{
	struct beside *b = of(net);

	while (net_next(b->under, ev)) {
		if (ev->what != NET_WAKE) return true;
		if (b->wake_at > net_now(b->under)) continue; /* ours, below */
		b->wake_at = NEVER;
		return true;
	}
	return tell_few(b, ev);
}

/* `few` is looked at without waiting for it; if it has something, the net beneath is looked at in the same way, so that neither
 * is heard at the other's cost. */
static bool wait(struct net *net)
{
	struct beside *b = of(net);
	instant at = b->wake_at;
	bool open = false;

	for (uint32_t i = 0; i < b->count; i++) open |= b->id[i] != 0;
	if (open) {
		net_wake(b->few, net_now(b->few));
		net_wait(b->few);
		if (fetch(b)) at = instant_min(at, net_now(b->under));
	}
	net_wake(b->under, at);
	return net_wait(b->under) || b->has_event;
}

static const struct net_ops ops = {
	.listen = listen, .connect = connect, .bind = bind, .sendto = sendto, .join = join, .leave = leave, .set = set, .local = local,
	.peek = peek, .take = take, .send = send, .send_urgent = send_urgent, .finish = finish, .abort = abort_, .now = now, .wake = wake,
	.next = next, .wait = wait,
};

void beside_init(struct beside *b, struct net *under, struct net *few)
{
	*b = (struct beside){ .net = { .ops = &ops }, .under = under, .few = few, .wake_at = NEVER };
}

net_id beside_adopt(struct beside *b, net_id of_few)
{
	if (of_few == 0 || b->count == BESIDE_MAX) return 0;
	b->id[b->count] = of_few;
	return BESIDE_ID_FIRST + b->count++;
}
