/* SPDX-License-Identifier: ISC */
#include "lab/said.h"

static struct said *of(struct net *net) { return (struct said *)net; } /* its first member */
static bool is_there(struct said *s, net_id id) { return id == SAID_ID && !s->gone; }

static bool cannot(struct net *net)
{
	net->why_not = NET_UNSUPPORTED;
	return false;
}
static net_id none(struct net *net, const struct addr *a, const struct net_how *how) { return (void)a, (void)how, cannot(net); }
static net_id no_datagrams(struct net *net, const struct addr *a) { return (void)a, cannot(net); }
static bool nowhere(struct net *net, net_id id, const struct ip *from, const struct addr *to, struct bytes b)
{
	return (void)id, (void)from, (void)to, (void)b, cannot(net);
}
static bool no_group(struct net *net, net_id id, const struct addr *group) { return (void)id, (void)group, cannot(net); }
static bool set(struct net *net, net_id id, enum net_option option, int value)
{
	return (void)id, (void)option, (void)value, cannot(net);
}
static bool local(struct net *net, net_id id, struct addr *a) { return (void)id, (void)a, cannot(net); }

static struct bytes peek(struct net *net, net_id id) { return is_there(of(net), id) ? of(net)->rest : (struct bytes){ NULL, 0 }; }
static void take(struct net *net, net_id id, size_t n)
{
	if (is_there(of(net), id)) of(net)->rest = bytes_skip(of(net)->rest, n);
}
/* Nobody hears it. */
static size_t swallow(struct net *net, net_id id, struct bytes b) { return is_there(of(net), id) && !of(net)->finished ? b.len : 0; }
static void finish(struct net *net, net_id id) { of(net)->finished |= is_there(of(net), id); }
static void abort_(struct net *net, net_id id) { of(net)->gone |= is_there(of(net), id); }
static instant now(struct net *net) { return (void)net, 0; }
static void wake(struct net *net, instant at) { (void)net, (void)at; }
static bool wait(struct net *net) { return (void)net, false; }

static bool next(struct net *net, struct net_event *ev)
{
	struct said *s = of(net);

	*ev = (struct net_event){ .id = SAID_ID, .why = NET_DONE };
	if (s->gone) return false;
	if (!s->told && s->rest.len > 0) return ev->what = NET_READABLE, s->told = true;
	if (s->rest.len > 0) return false;
	if (!s->eof_told) return ev->what = NET_EOF, s->eof_told = true;
	if (s->finished) return ev->what = NET_CLOSED, s->gone = true;
	return false;
}

static const struct net_ops ops = {
	.listen = none, .connect = none, .bind = no_datagrams, .sendto = nowhere, .join = no_group, .leave = no_group, .set = set,
	.local = local, .peek = peek, .take = take, .send = swallow, .send_urgent = swallow, .finish = finish, .abort = abort_, .now = now,
	.wake = wake, .next = next, .wait = wait,
};

void said_init(struct said *s, struct bytes text) { *s = (struct said){ .net = { .ops = &ops }, .rest = text }; }
