/* SPDX-License-Identifier: ISC */
/* ARP and IPv6 neighbour discovery around the one cache of neighbours. */
#include "stack/stack_inside.h"

static bool is_on(const struct stack *s, uint16_t interface, struct ip ip)
{
	const struct route *r = route_find(&s->routes, ip);
	return r != NULL && r->kind == ROUTE_LOCAL && r->interface == interface;
}

/* ---- ARP. */

static void send_arp(struct stack *s, uint16_t interface, struct mac to, const struct arp *arp)
{
	uint8_t packet[ARP_BYTES];
	size_t len = arp_emit(arp, (struct room){ packet, sizeof packet });
	stack_out_frame(s, interface, to, ETH_ARP, (struct bytes){ packet, len });
}

void stack_neighbour_arp(struct stack *s, uint16_t interface, struct bytes b)
{
	struct arp arp;
	enum drop drop = arp_parse(b, &arp);

	if (drop == DROP_NONE && (eth_is_group(arp.sender_mac) || ip_is_multicast(arp.sender) ||
	                          ip_equal(arp.sender, ip4_broadcast()) || stack_out_is_ours(s, arp.sender)))
		drop = DROP_SOURCE; /* RFC 1812, 3.3.2 */
	if (drop != DROP_NONE) {
		stack_drop(s, drop);
		return;
	}
	bool for_us = is_on(s, interface, arp.target), probe = ip_is_any(arp.sender); /* RFC 5227, 1.1 */
	if (arp.op == ARP_REPLY && !probe) {
		const struct neighbour *n = neighbour_find(&s->neighbours, interface, arp.sender);
		bool asked = n != NULL && for_us && (n->state == NEIGHBOUR_INCOMPLETE || n->state == NEIGHBOUR_PROBE);
		neighbour_answered(&s->neighbours, s->now, interface, arp.sender, &arp.sender_mac, asked, true);
	}
	if (arp.op != ARP_REQUEST) return;
	if (!probe) neighbour_heard(&s->neighbours, s->now, interface, arp.sender, arp.sender_mac, for_us);
	if (!for_us) return;
	struct arp reply = { .op = ARP_REPLY, .sender_mac = s->interface[interface].mac, .sender = arp.target,
		.target_mac = arp.sender_mac, .target = arp.sender };
	send_arp(s, interface, arp.sender_mac, &reply);
}

static void ask4(struct stack *s, const struct neighbour_out *n)
{
	struct way w;
	struct ip src = s->interface[n->interface].source4;
	if (stack_out_way(s, n->ip, n->interface, &w)) src = w.source; /* of the neighbour's network: RFC 1122 */
	if (ip_is_any(src)) return;
	struct arp request = { .op = ARP_REQUEST, .sender_mac = s->interface[n->interface].mac, .sender = src,
		.target = n->ip };
	send_arp(s, n->interface, n->what == NEIGHBOUR_CHECK ? n->mac : eth_broadcast, &request);
}

/* ---- IPv6 (RFC 4861, 7). */

static void send_discovery(struct stack *s, uint16_t interface, const struct icmp *m, struct ip src, struct ip dst,
                           const struct mac *mac)
{
	uint8_t packet[IP6_HEADER_BYTES + 64];
	struct header h = { .src = src, .dst = dst, .protocol = IP_ICMP6, .ttl = 255 };
	struct room room = { packet + IP6_HEADER_BYTES, sizeof packet - IP6_HEADER_BYTES };
	size_t len = icmp_emit(m, src, dst, room);

	stack_out_header(s, &h, len, (struct room){ packet, sizeof packet });
	struct bytes whole = { packet, IP6_HEADER_BYTES + len };
	struct way w = { .next = dst, .interface = interface, .mtu = s->interface[interface].mtu, .kind = WAY_ONE };
	if (mac != NULL) stack_out_frame(s, interface, *mac, ETH_IP6, whole);
	else if (ip_is_multicast(dst)) stack_out_frame(s, interface, eth_group_of(dst), ETH_IP6, whole);
	else if ((room = stack_out_room(s, &w, whole.len)).at != NULL) {
		memcpy(room.at, whole.at, whole.len);
		stack_out_commit(s, &w, whole.len, NULL);
	}
}

/* To who asked; to all if nobody did, or nobody who says where he is. */
static void advertise(struct stack *s, uint16_t interface, struct ip own, struct ip asker)
{
	static const struct ip all_nodes = { { 0xff, 0x02, [15] = 1 } };
	bool nameless = ip_is_any(asker); /* a duplicate address is looked for: RFC 4861, 7.2.4 */
	uint32_t flags = ICMP6_NA_OVERRIDE | (nameless ? 0 : ICMP6_NA_SOLICITED) |
	                 (s->config.forward ? ICMP6_NA_ROUTER : 0);
	struct icmp m = { .six = true, .type = ICMP6_NEIGHBOUR_ADVERTISEMENT, .rest = flags << 24,
		.target = own, .has_link_address = true, .link_address = s->interface[interface].mac };

	send_discovery(s, interface, &m, own, nameless ? all_nodes : asker, NULL);
}

/* RFC 5227, 2.3; RFC 4861, 7.2.6. */
void stack_announce(struct stack *s)
{
	for (uint16_t i = 0; i < s->addresses; i++) {
		uint16_t interface = s->address[i].interface;
		struct ip own = s->address[i].prefix.ip;
		struct arp arp = { .op = ARP_REQUEST, .sender_mac = s->interface[interface].mac, .sender = own, .target = own };
		if (ip_is4(own)) send_arp(s, interface, eth_broadcast, &arp);
		else advertise(s, interface, own, ip6_any());
	}
}

void stack_neighbour_discovery(struct stack *s, const struct packet *p, const struct icmp *m)
{
	/* RFC 4861, 7.1: only a neighbour can have sent a packet whose hop limit is still 255. */
	if (p->ttl != 255 || m->code != 0 || p->interface == LOOP || ip_is_multicast(m->target)) {
		stack_drop(s, DROP_FIELD);
		return;
	}
	const struct mac *mac = m->has_link_address ? &m->link_address : NULL;
	if (m->type == ICMP6_NEIGHBOUR_ADVERTISEMENT) {
		uint32_t flags = m->rest >> 24;
		if (stack_out_is_ours(s, m->target) || ((flags & ICMP6_NA_SOLICITED) && ip_is_multicast(p->dst)) ||
		    (mac != NULL && eth_is_group(*mac))) {
			stack_drop(s, DROP_FIELD);
			return;
		}
		neighbour_answered(&s->neighbours, s->now, p->interface, m->target, mac, flags & ICMP6_NA_SOLICITED,
		                   flags & ICMP6_NA_OVERRIDE);
		return;
	}
	if (!is_on(s, p->interface, m->target)) {
		stack_drop(s, DROP_NOT_OURS);
		return;
	}
	if (ip_is_any(p->src) && mac != NULL) {
		stack_drop(s, DROP_FIELD);
		return;
	}
	if (mac != NULL && !eth_is_group(*mac))
		neighbour_heard(&s->neighbours, s->now, p->interface, p->src, *mac, true);
	advertise(s, p->interface, m->target, p->src);
}

static void ask6(struct stack *s, const struct neighbour_out *n)
{
	struct way w;
	const struct interface *i = &s->interface[n->interface];
	struct ip src = i->link_local;
	struct ip group = { { 0xff, 0x02, [11] = 1, [12] = 0xff, n->ip.byte[13], n->ip.byte[14], n->ip.byte[15] } };
	struct icmp m = { .six = true, .type = ICMP6_NEIGHBOUR_SOLICITATION, .target = n->ip,
		.has_link_address = true, .link_address = i->mac };

	if (stack_out_way(s, n->ip, n->interface, &w)) src = w.source;
	if (n->what == NEIGHBOUR_CHECK) send_discovery(s, n->interface, &m, src, n->ip, &n->mac);
	else send_discovery(s, n->interface, &m, src, group, NULL);
}

/* ---- What the cache wants done. */

static void release(struct stack *s, const struct neighbour_out *n)
{
	struct bytes packet = { n->packet.at, n->packet.len };
	stack_out_frame(s, n->interface, n->mac, packet.at[0] >> 4 == 4 ? ETH_IP4 : ETH_IP6, packet);
}

static void fail(struct stack *s, const struct neighbour_out *n)
{
	struct packet p;
	stack_drop(s, DROP_NO_NEIGHBOUR);
	if (stack_icmp_reread((struct bytes){ n->packet.at, n->packet.len }, n->interface, &p))
		stack_icmp_error(s, &p, ICMP_NO_HOST, 0); /* RFC 1812, 5.2.7.1; RFC 4861, 7.2.2 */
}

void stack_neighbour_due(struct stack *s)
{
	struct neighbour_out n;

	while (neighbour_output(&s->neighbours, s->now, &n))
		switch (n.what) {
		case NEIGHBOUR_ASK:
		case NEIGHBOUR_CHECK:
			if (ip_is4(n.ip)) ask4(s, &n);
			else ask6(s, &n);
			break;
		case NEIGHBOUR_SEND: release(s, &n); break;
		case NEIGHBOUR_FAIL: fail(s, &n); break;
		}
	s->drops.by_reason[DROP_NEIGHBOUR_QUEUE] = s->neighbours.lost;
}
