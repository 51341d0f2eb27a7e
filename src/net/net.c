/* SPDX-License-Identifier: ISC */
#include "net/net.h"

net_id net_listen(struct net *n, const struct addr *local) { return n->ops->listen(n, local, NULL); }
net_id net_connect(struct net *n, const struct addr *remote) { return n->ops->connect(n, remote, NULL); }
net_id net_listen_how(struct net *n, const struct addr *local, const struct net_how *how) { return n->ops->listen(n, local, how); }
net_id net_connect_how(struct net *n, const struct addr *remote, const struct net_how *how) { return n->ops->connect(n, remote, how); }
net_id net_bind(struct net *n, const struct addr *local) { return n->ops->bind(n, local); }
enum net_why net_why_not(struct net *n) { return n->why_not; }

bool net_sendto(struct net *n, net_id id, const struct addr *to, struct bytes b)
{
	return n->ops->sendto(n, id, NULL, to, b);
}
bool net_sendto_from(struct net *n, net_id id, struct ip from, const struct addr *to, struct bytes b)
{
	return n->ops->sendto(n, id, ip_is_any(from) || ip_is_multicast(from) ? NULL : &from, to, b);
}
bool net_join(struct net *n, net_id id, const struct addr *group) { return n->ops->join(n, id, group); }
bool net_leave(struct net *n, net_id id, const struct addr *group) { return n->ops->leave(n, id, group); }
bool net_set(struct net *n, net_id id, enum net_option o, int value) { return n->ops->set(n, id, o, value); }
bool net_local(struct net *n, net_id id, struct addr *local) { return n->ops->local(n, id, local); }

struct bytes net_peek(struct net *n, net_id id) { return n->ops->peek(n, id); }
void net_take(struct net *n, net_id id, size_t count) { n->ops->take(n, id, count); }
size_t net_send(struct net *n, net_id id, struct bytes b) { return n->ops->send(n, id, b); }
size_t net_send_urgent(struct net *n, net_id id, struct bytes b) { return n->ops->send_urgent(n, id, b); }
void net_finish(struct net *n, net_id id) { n->ops->finish(n, id); }
void net_abort(struct net *n, net_id id) { n->ops->abort(n, id); }

instant net_now(struct net *n) { return n->ops->now(n); }
void net_wake(struct net *n, instant at) { n->ops->wake(n, at); }
bool net_next(struct net *n, struct net_event *ev) { return n->ops->next(n, ev); }
bool net_wait(struct net *n) { return n->ops->wait(n); }

const char *net_why_words(enum net_why why)
{
	static const char *const words[] = {
		[NET_DONE] = "closed by both sides",
		[NET_REFUSED] = "connection refused",
		[NET_RESET] = "connection reset by peer",
		[NET_TIMED_OUT] = "timed out",
		[NET_UNREACHABLE] = "host or network unreachable",
		[NET_TOO_BIG] = "message too long",
		[NET_NO_ROOM] = "no room: a limit is reached",
		[NET_IN_USE] = "address already in use",
		[NET_NOT_ALLOWED] = "permission denied",
		[NET_NO_ADDRESS] = "cannot assign the requested address",
		[NET_UNSUPPORTED] = "not supported here",
		[NET_NOT_SECURE] = "TLS was not agreed on",
	};
	return words[why];
}

void app_turn(struct net *net, struct app app)
{
	struct net_event ev;
	while (net_next(net, &ev)) app.event(app.self, net, &ev);
}
