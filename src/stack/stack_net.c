/* SPDX-License-Identifier: ISC */
/* net.h on top of a stack: ids, verbs, and the list of those with news. */
#include "stack/stack_inside.h"

static struct stack *of(struct net *net) { return (struct stack *)net; } /* its first member */

/* ---- The list of slots with news. A slot stands in it once; whether its news is still worth telling is seen
 * when its turn comes. */

static uint32_t *next_of(struct stack *s, uint32_t slot)
{
	uint32_t sockets = s->limits.sockets_max;
	return slot < sockets ? &s->socket[slot].news_next : &s->connection[slot - sockets].news_next;
}

static void list(struct stack *s, uint32_t slot, bool *listed)
{
	if (*listed) return;
	*listed = true;
	*next_of(s, slot) = 0;
	if (s->news_first == 0) s->news_first = slot + 1;
	else *next_of(s, s->news_last - 1) = slot + 1;
	s->news_last = slot + 1;
}

void stack_net_list_socket(struct stack *s, struct socket *k)
{
	list(s, (uint32_t)(k - s->socket), &k->listed);
}

void stack_net_list_connection(struct stack *s, struct connection *c)
{
	list(s, slot_of_connection(s, c), &c->listed);
}

/* ---- Events. */

/* The first piece of news of a connection; false: it has none. */
static bool connection_event(struct stack *s, struct connection *c, struct net_event *ev)
{
	static const struct { uint8_t news; enum net_what what; } order[] = {
		{ NEWS_ACCEPTED, NET_ACCEPTED }, { NEWS_CONNECTED, NET_CONNECTED }, { NEWS_URGENT, NET_URGENT }, { NEWS_READABLE, NET_READABLE },
		{ NEWS_WRITABLE, NET_WRITABLE }, { NEWS_EOF, NET_EOF }, { NEWS_CLOSED, NET_CLOSED },
	};

	if (!c->used || !c->ours || c->news == 0) return false;
	if ((c->news & NEWS_ACCEPTED) && stack_tcp_listener_of(s, c) == NULL) { /* it was closed meanwhile */
		tcp_abort(&c->tcp);
		stack_tcp_abandon(s, c);
		return false;
	}
	*ev = (struct net_event){ .id = id_of(s, slot_of_connection(s, c), c->generation), .peer = c->remote,
		.local = c->local };
	for (size_t i = 0; i < COUNT(order); i++)
		if (c->news & order[i].news) {
			c->news &= (uint8_t)~order[i].news;
			ev->what = order[i].what;
			break;
		}
	if (ev->what == NET_ACCEPTED) ev->on = id_of(s, c->listener - 1u, c->listener_generation);
	if (ev->what == NET_CLOSED) {
		ev->why = c->why;
		stack_tcp_abandon(s, c);
	}
	return true;
}

static bool socket_event(struct stack *s, struct socket *k, struct net_event *ev)
{
	uint32_t slot = (uint32_t)(k - s->socket);
	struct queue_item item;
	struct datagram_head head;

	if (k->kind != SOCKET_DATAGRAM || !queue_first(&k->queue, &item)) return false;
	memcpy(&head, item.data.at, sizeof head);
	*ev = (struct net_event){ .what = item.tag == 0 ? NET_DATAGRAM : NET_BOUNCED,
		.why = item.tag == 0 ? NET_DONE : (enum net_why)(item.tag - 1),
		.id = id_of(s, slot, k->generation), .peer = head.peer, .local = head.local,
		.data = { item.data.at + sizeof head, item.data.len - sizeof head } };
	s->shown = slot + 1; /* it stays in the queue while the program looks at it */
	return true;
}

static bool slot_event(struct stack *s, uint32_t slot, struct net_event *ev)
{
	uint32_t sockets = s->limits.sockets_max;
	return slot < sockets ? socket_event(s, &s->socket[slot], ev)
	                      : connection_event(s, &s->connection[slot - sockets], ev);
}

static void end_show(struct stack *s)
{
	if (s->shown == 0) return;
	queue_take(&s->socket[s->shown - 1].queue);
	s->shown = 0;
}

/* A slot that had an event goes to the end of the list, as it may have more: so all take turns. */
static bool net_next_event(struct net *net, struct net_event *ev)
{
	struct stack *s = of(net);
	uint32_t sockets = s->limits.sockets_max;

	end_show(s);
	if (s->wake_due) {
		s->wake_due = false;
		*ev = (struct net_event){ .what = NET_WAKE };
		return true;
	}
	while (s->news_first != 0) {
		uint32_t slot = s->news_first - 1;
		bool *listed = slot < sockets ? &s->socket[slot].listed : &s->connection[slot - sockets].listed;
		s->news_first = *next_of(s, slot);
		*listed = false;
		bool any = slot_event(s, slot, ev);
		if (!any) continue;
		list(s, slot, listed);
		return true;
	}
	return false;
}

/* ---- Verbs of streams. */

/* One setting of a stream or a datagram socket; NET_UNSUPPORTED: this host has no such thing, or no such value. */
static enum net_why set_manner(struct manner *m, enum net_option option, int value)
{
	if (value < 0 || value > 255) return NET_UNSUPPORTED;
	if (option == NET_TTL && value > 0) m->ttl = (uint8_t)value;
	else if (option == NET_TTL_LEAST) m->ttl_least = (uint8_t)value;
	else if (option == NET_TRAFFIC_CLASS) m->traffic_class = (uint8_t)value;
	else return NET_UNSUPPORTED;
	return NET_DONE;
}

enum net_why stack_net_manner(struct manner *m, const struct net_how *how)
{
	enum net_why why = how != NULL && how->md5_key.len > 0 ? NET_UNSUPPORTED : NET_DONE;

	*m = (struct manner){ .ttl = TTL_DEFAULT };
	for (size_t i = 0; how != NULL && why == NET_DONE && i < how->settings; i++)
		why = set_manner(m, how->setting[i].option, how->setting[i].value);
	return why;
}

static net_id net_listen_on(struct net *net, const struct addr *local, const struct net_how *how)
{
	struct stack *s = of(net);
	struct manner manner;
	enum net_why why = stack_net_manner(&manner, how);

	if (why != NET_DONE) return net->why_not = why, 0;
	struct socket *k = stack_socket_add(s, SOCKET_LISTENER, local);
	if (k == NULL) return 0;
	k->manner = manner;
	return id_of(s, (uint32_t)(k - s->socket), k->generation);
}

static struct bytes net_peek_at(struct net *net, net_id id)
{
	struct connection *c = stack_tcp_of(of(net), id);
	if (c == NULL) return (struct bytes){ 0 };
	struct bytes held = tcp_peek(&c->tcp);
	if (held.len == ring_used(&c->tcp.rx)) c->news &= (uint8_t)~NEWS_READABLE; /* all of it has been seen now */
	return held;
}

static void net_take_from(struct net *net, net_id id, size_t n)
{
	struct stack *s = of(net);
	struct connection *c = stack_tcp_of(s, id);
	if (c == NULL || n == 0) return;
	bool seam = ring_peek(&c->tcp.rx).len == n && ring_used(&c->tcp.rx) > n;
	tcp_take(&c->tcp, n);
	if (seam) c->news |= NEWS_READABLE; /* what lay beyond it has not been seen */
	stack_tcp_taken(s, c);
	stack_tcp_ready(s, c); /* the window may be worth telling */
}

static size_t net_send_on(struct net *net, net_id id, struct bytes text)
{
	struct stack *s = of(net);
	struct connection *c = stack_tcp_of(s, id);
	if (c == NULL) return 0;
	size_t n = tcp_send(&c->tcp, text);
	if (n > 0) stack_tcp_ready(s, c);
	return n;
}

static size_t net_send_urgent_on(struct net *net, net_id id, struct bytes text)
{
	struct stack *s = of(net);
	struct connection *c = stack_tcp_of(s, id);
	if (c == NULL) return 0;
	size_t n = tcp_send_urgent(&c->tcp, text);
	if (n > 0) stack_tcp_ready(s, c);
	return n;
}

static void net_end(struct net *net, net_id id, void (*end)(struct tcp *))
{
	struct stack *s = of(net);
	struct connection *c = stack_tcp_of(s, id);
	struct socket *k = stack_socket_of(s, id, SOCKET_LISTENER);

	if (k == NULL) k = stack_socket_of(s, id, SOCKET_DATAGRAM);
	if (k != NULL) {
		stack_socket_remove(s, k);
	} else if (c != NULL) {
		end(&c->tcp);
		if (end == tcp_abort) stack_tcp_abandon(s, c);
		else stack_tcp_ready(s, c);
	}
}

static void net_finish_id(struct net *net, net_id id) { net_end(net, id, tcp_finish); }
static void net_abort_id(struct net *net, net_id id) { net_end(net, id, tcp_abort); }

/* ---- Verbs of datagrams. */

static net_id net_bind_to(struct net *net, const struct addr *local)
{
	struct stack *s = of(net);
	struct socket *k = stack_socket_add(s, SOCKET_DATAGRAM, local);
	return k == NULL ? 0 : id_of(s, (uint32_t)(k - s->socket), k->generation);
}

static bool net_set_option(struct net *net, net_id id, enum net_option option, int value)
{
	struct stack *s = of(net);
	struct socket *k = stack_socket_of(s, id, SOCKET_DATAGRAM), *l = stack_socket_of(s, id, SOCKET_LISTENER);
	struct connection *c = stack_tcp_of(s, id);

	net->why_not = NET_UNSUPPORTED;
	if ((k == NULL && l == NULL && c == NULL) || value < 0 || value > 255) return false;
	switch (option) {
	case NET_URGENT_NEWS: if (c != NULL) c->urgent_news = value; return c != NULL;
	case NET_BROADCAST: if (k != NULL) k->allow_broadcast = value; return k != NULL;
	case NET_MULTICAST_LOOP: if (k != NULL) k->multicast_loop = value; return k != NULL;
	case NET_MULTICAST_TTL: if (k != NULL) k->multicast_ttl = (uint8_t)value; return k != NULL;
	default: return set_manner(k != NULL ? &k->manner : l != NULL ? &l->manner : &c->manner, option, value) == NET_DONE;
	}
}

/* ---- All ids. */

static bool net_local_of(struct net *net, net_id id, struct addr *local)
{
	struct stack *s = of(net);
	const struct connection *c = stack_tcp_of(s, id);
	const struct socket *k = stack_socket_of(s, id, SOCKET_LISTENER);

	if (k == NULL) k = stack_socket_of(s, id, SOCKET_DATAGRAM);
	if (k == NULL && c == NULL) return false;
	*local = k != NULL ? k->local : c->local;
	return true;
}

static instant net_time(struct net *net) { return of(net)->now; }

static void net_wake_at(struct net *net, instant at)
{
	of(net)->wake_at = at;
	of(net)->wake_due = false;
}

static bool has_news(const struct stack *s) { return s->news_first != 0 || s->wake_due; }

/* On a device. Where the clock is somebody else's, so is the waiting. */
static bool net_wait_for(struct net *net)
{
	struct stack *s = of(net);
	struct link *link = s->interfaces > 0 ? s->interface[1].link : NULL;

	if (link == NULL || link->ops->wait == NULL) return false;
	if (has_news(s)) return true;
	/* Also when more is to be done at once: who is kept busy must not lose the time. */
	instant now = link->ops->wait(link, stack_deadline(s));
	stack_step(s, instant_max(now, s->now));
	return true;
}

const struct net_ops stack_net_ops = {
	.listen = net_listen_on, .connect = stack_tcp_connect, .bind = net_bind_to, .sendto = stack_udp_sendto,
	.join = stack_socket_join, .leave = stack_socket_leave, .set = net_set_option, .local = net_local_of,
	.peek = net_peek_at, .take = net_take_from, .send = net_send_on, .send_urgent = net_send_urgent_on, .finish = net_finish_id,
	.abort = net_abort_id, .now = net_time, .wake = net_wake_at, .next = net_next_event, .wait = net_wait_for,
};
