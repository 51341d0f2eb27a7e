/* SPDX-License-Identifier: ISC */
#include "stack/stack_inside.h"

/* ---- In. */

/* A record of the socket's queue: a datagram (tag 0), or one of ours that bounced (tag 1 + why). */
static bool put(struct stack *s, struct socket *k, uint32_t tag, const struct addr *peer, const struct addr *local,
                struct bytes text)
{
	struct datagram_head head = { *peer, *local };
	struct room room = queue_room(&k->queue, sizeof head + text.len);

	if (room.at == NULL) {
		stack_drop(s, DROP_QUEUE);
		return false;
	}
	memcpy(room.at, &head, sizeof head);
	if (text.len > 0) memcpy(room.at + sizeof head, text.at, text.len);
	queue_put(&k->queue, tag, sizeof head + text.len);
	stack_net_list_socket(s, k);
	return true;
}

/* Whether a socket of that port hears what was sent to many: bound to just that address or to the wildcard, and
 * for a group a member of it. */
static bool hears(const struct stack *s, const struct socket *k, const struct packet *p)
{
	struct ip bound = k->local.ip;
	bool wildcard = ip_equal(bound, ip6_any()) || (ip_equal(bound, ip4_any()) && ip_is4(p->dst));

	if (k->local.interface != 0 && p->interface != LOOP && k->local.interface != p->interface) return false;
	if (!wildcard && !ip_equal(bound, p->dst)) return false;
	return !ip_is_multicast(p->dst) || stack_socket_is_member(s, k, p->interface, p->dst);
}

static void deliver_to_many(struct stack *s, const struct packet *p, const struct udp *u, const struct addr *peer,
                            const struct addr *local)
{
	struct socket *k;
	bool any = false;

	for (uint32_t at = INDEX_START; stack_socket_next(s, SOCKET_DATAGRAM, u->dst_port, &at, &k);) {
		if (!hears(s, k, p) || p->ttl < k->manner.ttl_least) continue;
		put(s, k, 0, peer, local, u->payload);
		any = true;
	}
	if (!any) stack_drop(s, DROP_NO_LISTENER);
}

void stack_udp_input(struct stack *s, const struct packet *p)
{
	struct udp u;
	enum drop drop = udp_parse(p->payload, p->src, p->dst, !p->checked, &u);

	if (drop != DROP_NONE) {
		stack_drop(s, drop);
		return;
	}
	struct addr peer = { p->src, u.src_port, ip_is_link_local(p->src) ? p->interface : 0 };
	struct addr local = { p->dst, u.dst_port, p->interface };
	if (p->to_many) {
		deliver_to_many(s, p, &u, &peer, &local);
		return;
	}
	struct socket *k = stack_socket_find(s, SOCKET_DATAGRAM, &local);
	if (k == NULL) {
		stack_drop(s, DROP_NO_LISTENER);
		stack_icmp_error(s, p, ICMP_NO_PORT, 0);
		return;
	}
	if (p->ttl < k->manner.ttl_least) stack_drop(s, DROP_TTL_LEAST); /* RFC 5082, 3 */
	else put(s, k, 0, &peer, &local, u.payload);
}

bool stack_udp_bounced(struct stack *s, const struct icmp_quote *q, enum net_why why)
{
	struct addr local = { q->src, q->src_port, 0 }, peer = { q->dst, q->dst_port, 0 };
	struct socket *k = stack_socket_find(s, SOCKET_DATAGRAM, &local);

	if (k == NULL) stack_drop(s, DROP_NO_LISTENER);
	else put(s, k, 1 + (uint32_t)why, &peer, &local, (struct bytes){ 0 });
	return k != NULL;
}

/* ---- Out. */

static bool refuse(struct stack *s, enum net_why why)
{
	s->net.why_not = why;
	return false;
}

/* Where from and how; false, with the reason, if it may not or cannot be sent. */
static bool prepare(struct stack *s, const struct socket *k, const struct ip *from, const struct addr *to,
                    struct way *w, struct header *h)
{
	uint16_t interface = to->interface != 0 ? to->interface : k->local.interface;
	if (stack_out_is_ours(s, k->local.ip)) from = &k->local.ip; /* bound to it */
	else if (from != NULL && (ip_is4(*from) != ip_is4(to->ip) || !stack_out_is_ours(s, *from))) from = NULL;

	if (to->port == 0 || ip_is_any(to->ip)) return refuse(s, NET_UNREACHABLE);
	if (!ip_equal(k->local.ip, ip6_any()) && ip_is4(k->local.ip) != ip_is4(to->ip)) return refuse(s, NET_UNREACHABLE);
	if (!stack_out_way(s, to->ip, interface, w)) return refuse(s, NET_UNREACHABLE);
	if (w->kind == WAY_BROADCAST && !k->allow_broadcast) return refuse(s, NET_NOT_ALLOWED);
	*h = (struct header){ .src = from != NULL ? *from : w->source, .dst = to->ip, .protocol = IP_UDP,
		.ttl = w->kind == WAY_MULTICAST ? k->multicast_ttl : k->manner.ttl, .traffic_class = k->manner.traffic_class };
	if (ip_is_any(h->src)) return refuse(s, NET_NO_ADDRESS);
	return true;
}

/* The usual case: the datagram is written once, into its frame. */
static bool send_whole(struct stack *s, const struct way *w, const struct header *h, const struct udp *u)
{
	size_t header = ip_is4(h->dst) ? IP4_HEADER_BYTES : IP6_HEADER_BYTES, len = UDP_HEADER_BYTES + u->payload.len;

	if (header + len > w->mtu) return false;
	struct room room = stack_out_room(s, w, header + len);
	if (room.at == NULL) return true; /* lost, as networks do */
	stack_out_header(s, h, len, room);
	udp_emit(u, h->src, h->dst, room_skip(room, header));
	stack_out_commit(s, w, header + len, trace_take(s->config.trace)); /* what the program said of it */
	return true;
}

bool stack_udp_sendto(struct net *net, net_id id, const struct ip *from, const struct addr *to, struct bytes text)
{
	struct stack *s = (struct stack *)net;
	const struct socket *k = stack_socket_of(s, id, SOCKET_DATAGRAM);
	struct header h;
	struct way w;

	if (k == NULL) return refuse(s, NET_UNSUPPORTED);
	if (!prepare(s, k, from, to, &w, &h)) return false;
	size_t max = ip_is4(to->ip) ? UDP4_PAYLOAD_MAX : UINT16_MAX - UDP_HEADER_BYTES;
	if (text.len > max) return refuse(s, NET_TOO_BIG);

	struct udp u = { .src_port = k->local.port, .dst_port = to->port, .payload = text };
	/* Its own members hear a group only if they were told that they would (NET_MULTICAST_LOOP). A broadcast
	 * is never heard by its own host. */
	struct way loop = { .interface = LOOP, .mtu = LOOP_MTU, .kind = WAY_LOOP };
	if (w.kind == WAY_MULTICAST && k->multicast_loop && group_has(&s->groups, w.interface, to->ip))
		send_whole(s, &loop, &h, &u);
	if (w.kind == WAY_MULTICAST && h.ttl == 0) return true; /* RFC 1112, 6.1: for this host only */
	if (send_whole(s, &w, &h, &u)) return true;
	size_t len = udp_emit(&u, h.src, h.dst, (struct room){ s->scratch, SCRATCH_BYTES });
	return stack_out_datagram(s, &w, &h, (struct bytes){ s->scratch, len }) || refuse(s, NET_TOO_BIG);
}
