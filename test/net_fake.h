/* SPDX-License-Identifier: ISC */
/* net_fake.h - a net that tells the events that a test has written, and notes what it was asked to do. */
#include "net/net.h"

enum { EVENTS_MAX = 16 };

struct fake {
	struct net net;
	struct net_event event[EVENTS_MAX]; size_t events, taken;
	net_id last_id, aborted, finished;
	instant now, wake_at;
	unsigned sent;
	const struct net_how *how;
};

static struct fake *fake_of(struct net *net) { return (struct fake *)(void *)net; }
static net_id fake_new(struct net *net, const struct addr *a)
{
	(void)a;
	return ++fake_of(net)->last_id;
}
static net_id fake_stream(struct net *net, const struct addr *a, const struct net_how *how)
{
	fake_of(net)->how = how;
	return fake_new(net, a);
}
static bool fake_sendto(struct net *net, net_id id, const struct ip *from, const struct addr *to, struct bytes b)
{
	(void)id, (void)from, (void)to, (void)b;
	return ++fake_of(net)->sent;
}
static size_t fake_send(struct net *net, net_id id, struct bytes b)
{
	(void)net, (void)id;
	return b.len;
}
static void fake_finish(struct net *net, net_id id) { fake_of(net)->finished = id; }
static void fake_abort(struct net *net, net_id id) { fake_of(net)->aborted = id; }
static instant fake_now(struct net *net) { return fake_of(net)->now; }
static void fake_wake(struct net *net, instant at) { fake_of(net)->wake_at = at; }
static bool fake_next(struct net *net, struct net_event *ev)
{
	struct fake *f = fake_of(net);
	if (f->taken == f->events) return false;
	*ev = f->event[f->taken++];
	return true;
}
static bool fake_wait(struct net *net) { return fake_of(net)->taken < fake_of(net)->events; }

static const struct net_ops fake_ops = {
	.listen = fake_stream, .connect = fake_stream, .bind = fake_new, .sendto = fake_sendto, .send = fake_send, .send_urgent = fake_send,
	.finish = fake_finish, .abort = fake_abort, .now = fake_now, .wake = fake_wake, .next = fake_next,
	.wait = fake_wait,
};
