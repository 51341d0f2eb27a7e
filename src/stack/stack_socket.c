/* SPDX-License-Identifier: ISC */
/* Datagram sockets and listeners: who has which local port, and who is a member of which group. */
#include "stack/stack_inside.h"

static uint64_t port_hash(const struct stack *s, enum socket_kind kind, uint16_t port)
{
	uint8_t key[3] = { (uint8_t)kind };
	store_be16(key + 1, port);
	return siphash13(s->secret, (struct bytes){ key, sizeof key });
}

/* The sockets of a port, one after another; *at begins as INDEX_START. */
bool stack_socket_next(struct stack *s, enum socket_kind kind, uint16_t port, uint32_t *at, struct socket **found)
{
	uint64_t hash = port_hash(s, kind, port);
	for (uint32_t i; index_find(&s->ports, hash, at, &i);) {
		*found = &s->socket[i];
		if ((*found)->kind == kind && (*found)->local.port == port) return true;
	}
	return false;
}

/* The unspecified IPv6 address stands for both families, that of IPv4 for its own. */
static bool covers(struct ip wildcard, struct ip ip)
{
	return ip_equal(wildcard, ip6_any()) || (ip_equal(wildcard, ip4_any()) && ip_is4(ip));
}

static bool same_interface(uint16_t a, uint16_t b) { return a == 0 || b == 0 || a == b; }

/* The socket for what comes to `local`: bound to that address, else to a wildcard. */
struct socket *stack_socket_find(struct stack *s, enum socket_kind kind, const struct addr *local)
{
	struct socket *k, *best = NULL;
	for (uint32_t at = INDEX_START; stack_socket_next(s, kind, local->port, &at, &k);) {
		if (!same_interface(k->local.interface, local->interface)) continue;
		if (ip_equal(k->local.ip, local->ip)) return k;
		if (covers(k->local.ip, local->ip) && (best == NULL || ip_equal(best->local.ip, ip6_any()))) best = k;
	}
	return best;
}

/* One address and port is one socket's, and a wildcard takes them all; but any number may listen to a group. */
static bool conflicts(const struct socket *k, const struct addr *local)
{
	struct ip a = k->local.ip, b = local->ip;
	if (ip_is_multicast(a) || ip_is_multicast(b) || !same_interface(k->local.interface, local->interface))
		return false;
	return ip_equal(a, b) || covers(a, b) || covers(b, a);
}

static bool is_taken(struct stack *s, enum socket_kind kind, const struct addr *local)
{
	struct socket *k;
	for (uint32_t at = INDEX_START; stack_socket_next(s, kind, local->port, &at, &k);)
		if (conflicts(k, local)) return true;
	return false;
}

static bool may_bind(const struct stack *s, enum socket_kind kind, struct ip ip)
{
	bool group = stack_out_is_to_many(s, ip);
	return ip_is_any(ip) || (group ? kind == SOCKET_DATAGRAM : stack_out_is_ours(s, ip));
}

/* A port nobody has: drawn, not counted up, so that it cannot be guessed (RFC 6056, 3.3.1). */
static uint16_t draw_port(struct stack *s, enum socket_kind kind, const struct addr *local)
{
	struct addr a = *local;
	for (unsigned i = 0; i < EPHEMERAL_TRIES; i++) {
		a.port = (uint16_t)(EPHEMERAL_FIRST + rng_below(s->config.rng, 65536 - EPHEMERAL_FIRST));
		if (!is_taken(s, kind, &a)) return a.port;
	}
	return 0;
}

static struct socket *refuse(struct stack *s, enum net_why why)
{
	s->net.why_not = why;
	return NULL;
}

static struct socket *take_slot(struct stack *s)
{
	if (s->socket_free != 0) {
		struct socket *k = &s->socket[s->socket_free - 1];
		s->socket_free = k->free_next;
		return k;
	}
	return s->sockets_used < s->limits.sockets_max ? &s->socket[s->sockets_used++] : NULL;
}

struct socket *stack_socket_add(struct stack *s, enum socket_kind kind, const struct addr *wanted)
{
	struct addr local = *wanted;

	if (local.interface > s->interfaces || !may_bind(s, kind, local.ip)) return refuse(s, NET_NO_ADDRESS);
	if (local.port == 0 && (local.port = draw_port(s, kind, &local)) == 0) return refuse(s, NET_IN_USE);
	if (is_taken(s, kind, &local)) return refuse(s, NET_IN_USE);
	struct socket *k = take_slot(s);
	if (k == NULL) return refuse(s, NET_NO_ROOM);

	uint32_t i = (uint32_t)(k - s->socket), generation = next_generation(s, k->generation);
	bool listed = k->listed; /* it may still stand in the list for what was there before */
	uint32_t news_next = k->news_next;
	*k = (struct socket){ .kind = kind, .generation = generation, .news_next = news_next, .listed = listed,
		.manner.ttl = TTL_DEFAULT, .multicast_ttl = 1, .local = local };
	if (kind == SOCKET_DATAGRAM) {
		queue_init(&k->queue, (struct room){ s->datagrams + (size_t)i * s->limits.datagram_bytes,
		                                     s->limits.datagram_bytes });
		s->counts.datagram_sockets++;
	} else {
		s->counts.listeners++;
	}
	index_add(&s->ports, port_hash(s, kind, local.port), i);
	return k;
}

struct socket *stack_socket_of(struct stack *s, net_id id, enum socket_kind kind)
{
	uint32_t slot = id & ((UINT32_C(1) << s->slot_bits) - 1);
	if (slot >= s->sockets_used) return NULL;
	struct socket *k = &s->socket[slot];
	return k->kind == kind && k->generation == id >> s->slot_bits ? k : NULL;
}

/* ---- Groups. Memberships of a socket are a chain; the host's own are counted in proto/ip/group. */

/* The link that leads to the membership, or the one at the chain's end. */
static uint16_t *find_membership(struct stack *s, struct socket *k, uint16_t interface, struct ip group)
{
	uint16_t *link = &k->memberships;
	for (; *link != 0; link = &s->membership[*link - 1].next) {
		const struct membership *m = &s->membership[*link - 1];
		if (m->interface == interface && ip_equal(m->group, group)) break;
	}
	return link;
}

/* Over the loop: on whatever interface. */
bool stack_socket_is_member(const struct stack *s, const struct socket *k, uint16_t interface, struct ip group)
{
	for (uint16_t i = k->memberships; i != 0; i = s->membership[i - 1].next) {
		const struct membership *m = &s->membership[i - 1];
		if ((interface == LOOP || m->interface == interface) && ip_equal(m->group, group)) return true;
	}
	return false;
}

static void drop_membership(struct stack *s, uint16_t *link)
{
	struct membership *m = &s->membership[*link - 1];
	group_leave(&s->groups, s->now, m->interface, m->group);
	*link = m->next;
	*m = (struct membership){ 0 };
}

/* The socket and the interface a join or leave is about; false, with the reason, if there is none. */
static bool membership_of(struct stack *s, net_id id, const struct addr *group, struct socket **k, uint16_t *interface)
{
	struct way w;

	s->net.why_not = NET_NO_ADDRESS;
	*k = stack_socket_of(s, id, SOCKET_DATAGRAM);
	if (*k == NULL || !ip_is_multicast(group->ip)) return false;
	uint16_t asked = group->interface != 0 ? group->interface : (*k)->local.interface;
	if (!stack_out_way(s, group->ip, asked, &w)) return false;
	*interface = w.interface;
	return true;
}

bool stack_socket_join(struct net *net, net_id id, const struct addr *group)
{
	struct stack *s = (struct stack *)net;
	struct socket *k;
	uint16_t interface, free = 0;

	if (!membership_of(s, id, group, &k, &interface)) return false;
	uint16_t *link = find_membership(s, k, interface, group->ip);
	if (*link != 0) return true; /* it is one already */
	net->why_not = NET_NO_ROOM;
	while (free < s->limits.groups_max && s->membership[free].used) free++;
	if (free == s->limits.groups_max || !group_join(&s->groups, s->now, interface, group->ip)) return false;
	s->membership[free] = (struct membership){ .group = group->ip, .interface = interface, .used = true };
	*link = (uint16_t)(free + 1);
	return true;
}

bool stack_socket_leave(struct net *net, net_id id, const struct addr *group)
{
	struct stack *s = (struct stack *)net;
	struct socket *k;
	uint16_t interface;

	if (!membership_of(s, id, group, &k, &interface)) return false;
	uint16_t *link = find_membership(s, k, interface, group->ip);
	if (*link == 0) return false;
	drop_membership(s, link);
	return true;
}

void stack_socket_remove(struct stack *s, struct socket *k)
{
	uint32_t i = (uint32_t)(k - s->socket);

	while (k->memberships != 0) drop_membership(s, &k->memberships);
	index_remove(&s->ports, port_hash(s, k->kind, k->local.port), i);
	if (k->kind == SOCKET_LISTENER) s->counts.listeners--;
	else s->counts.datagram_sockets--;
	if (s->shown == i + 1) s->shown = 0;
	k->kind = SOCKET_NONE;
	k->free_next = s->socket_free;
	s->socket_free = i + 1;
}
