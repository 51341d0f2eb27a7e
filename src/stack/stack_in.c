/* SPDX-License-Identifier: ISC */
#include "stack/stack_inside.h"

/* ---- Who may have sent it, and is it for us? */

/* What no host can have as its address (RFC 1122, 3.2.1.3; RFC 1812, 5.3.7; RFC 4291, 2.5 to 2.7), and our
 * own, which others cannot send from. The unspecified IPv6 address may speak of neighbours and groups only. */
static bool is_martian(const struct stack *s, const struct packet *p)
{
	struct ip src = p->src;

	if (ip_is_multicast(src) || ip_is_loopback(src)) return true;
	if (ip_is4(src)) {
		if (src.byte[12] == 0 || src.byte[12] >= 240) return true;
	} else if (ip_is_any(src)) {
		return p->protocol != IP_ICMP6 || !ip_is_multicast(p->dst);
	}
	const struct route *r = route_find(&s->routes, src);
	return r != NULL && r->kind != ROUTE_VIA;
}

static bool good_source(struct stack *s, const struct packet *p)
{
	struct interface *i = &s->interface[p->interface];

	if (p->interface == LOOP || (i->has_good_source && ip_equal(i->good_source, p->src))) return true;
	if (is_martian(s, p)) return false;
	if (!ip_is_any(p->src)) i->good_source = p->src, i->has_good_source = true;
	return true;
}

enum whose { NOBODYS, OURS, ANOTHERS };

static enum whose whose_group(struct stack *s, struct packet *p)
{
	p->to_many = true;
	if (p->interface == LOOP || group_has(&s->groups, p->interface, p->dst)) return OURS;
	stack_drop(s, DROP_NOT_MEMBER);
	return NOBODYS;
}

/* Decides on the destination; drops are counted here. */
static enum whose whose(struct stack *s, struct packet *p)
{
	bool group_frame = p->to_many;

	if (ip_is_multicast(p->dst)) return whose_group(s, p);
	if (ip_equal(p->dst, ip4_broadcast())) {
		p->to_many = true;
		return OURS;
	}
	const struct route *r = p->route = route_find(&s->routes, p->dst);
	bool local = r != NULL && r->kind == ROUTE_LOCAL;
	if (p->interface == LOOP && local) return OURS;
	if (r != NULL && r->kind == ROUTE_BROADCAST && r->interface == p->interface) {
		p->to_many = true;
		return OURS;
	}
	/* RFC 1122, 3.3.6: no unicast in a frame to many; 3.2.1.3: 127/8 is never on a wire; RFC 2644: no
	 * router sends a directed broadcast on; RFC 4007, 9: a link-local address is of one link. */
	if (group_frame || ip_is_loopback(p->dst) || (r != NULL && r->kind == ROUTE_BROADCAST) ||
	    (ip_is_link_local(p->dst) && !(local && r->interface == p->interface))) {
		stack_drop(s, DROP_NOT_OURS);
		return NOBODYS;
	}
	if (local) return OURS;
	if (s->config.forward) return ANOTHERS;
	stack_drop(s, DROP_FORWARDING_OFF);
	return NOBODYS;
}

/* ---- What is in it. */

static void deliver(struct stack *s, const struct packet *p)
{
	bool four = ip_is4(p->dst);

	switch (p->protocol) {
	case IP_TCP: stack_tcp_input(s, p); return;
	case IP_UDP: stack_udp_input(s, p); return;
	case IP_ICMP: if (four) { stack_icmp_input(s, p); return; } break;
	case IP_ICMP6: if (!four) { stack_icmp_input(s, p); return; } break;
	case IP_IGMP: if (four) { stack_group_igmp(s, p); return; } break;
	default: break;
	}
	stack_drop(s, DROP_UNKNOWN);
	stack_icmp_error(s, p, ICMP_NO_PROTOCOL, 0);
}

/* True if the fragment was the one that was missing: then `p` is the whole datagram. */
static bool reassemble(struct stack *s, struct packet *p, const struct fragment *f)
{
	struct whole whole;
	uint64_t evicted = s->reassembly.evicted;
	enum drop drop = reassembly_input(&s->reassembly, s->now, f, &whole);

	s->drops.by_reason[DROP_FRAGMENT_ROOM] += s->reassembly.evicted - evicted;
	if (drop != DROP_NONE) stack_drop(s, drop);
	if (drop != DROP_NONE || whole.payload.len == 0) return false;
	p->protocol = whole.protocol;
	p->payload = whole.payload;
	p->whole = whole.first;
	p->checked = p->checked && p->interface == LOOP;
	p->later_fragment = false;
	return true;
}

/* Of either family: a packet for somebody else goes on to him, or is dropped. */
static bool is_for_us(struct stack *s, struct packet *p)
{
	if (!good_source(s, p)) {
		stack_drop(s, DROP_SOURCE);
		return false;
	}
	switch (whose(s, p)) {
	case NOBODYS: return false;
	case ANOTHERS: stack_forward(s, p); return false;
	case OURS: break;
	}
	return true;
}

static void input4(struct stack *s, struct packet *p)
{
	struct ip4 ip;
	enum drop drop = ip4_parse(p->whole, &ip);

	if (drop != DROP_NONE) {
		stack_drop(s, drop);
		return;
	}
	p->src = ip.src, p->dst = ip.dst, p->protocol = ip.protocol, p->ttl = ip.ttl;
	p->payload = ip.payload;
	p->whole.len = ip.options.len + IP4_HEADER_BYTES + ip.payload.len;
	p->later_fragment = ip.fragment_offset > 0;
	if (!is_for_us(s, p)) return;
	if (ip.more_fragments || ip.fragment_offset > 0) {
		struct fragment f = { .src = ip.src, .dst = ip.dst, .id = ip.id, .offset = ip.fragment_offset,
			.protocol = ip.protocol, .more = ip.more_fragments, .payload = ip.payload, .packet = p->whole };
		if (!reassemble(s, p, &f)) return;
	}
	deliver(s, p);
}

static void input6(struct stack *s, struct packet *p)
{
	struct ip6 ip;
	enum drop drop = ip6_parse(p->whole, &ip);

	/* A mapped address is a way to write an IPv4 one; on the wire it is a trick (RFC 4942, 2.2). */
	if (drop == DROP_NONE && (ip_is4(ip.src) || ip_is4(ip.dst))) drop = DROP_SOURCE;
	if (drop != DROP_NONE) {
		stack_drop(s, drop);
		return;
	}
	p->src = ip.src, p->dst = ip.dst, p->protocol = ip.protocol, p->ttl = ip.hop_limit;
	p->payload = ip.payload;
	p->whole.len = IP6_HEADER_BYTES + load_be16(p->whole.at + 4);
	p->later_fragment = ip.fragment_offset > 0;
	if (!is_for_us(s, p)) return;
	if (ip.fragment && (ip.more_fragments || ip.fragment_offset > 0)) {
		struct fragment f = { .src = ip.src, .dst = ip.dst, .id = ip.id, .offset = ip.fragment_offset,
			.protocol = ip.protocol, .more = ip.more_fragments, .payload = ip.payload, .packet = p->whole };
		if (!reassemble(s, p, &f)) return;
		ip.fragment = false;
		ip.protocol = p->protocol, ip.payload = p->payload;
		drop = ip6_parse_extensions(&ip); /* what stood behind the fragment header */
		if (drop == DROP_NONE && ip.fragment) drop = DROP_FIELD; /* fragments of fragments */
		if (drop != DROP_NONE) {
			stack_drop(s, drop);
			return;
		}
		p->protocol = ip.protocol, p->payload = ip.payload;
	}
	deliver(s, p);
}

/* ---- Where it comes from. */

static void input_frame(struct stack *s, uint16_t interface, const struct frame *f)
{
	struct eth eth;
	enum drop drop = eth_parse(f->data, &eth);
	bool group = drop == DROP_NONE && eth_is_group(eth.dst);

	if (drop == DROP_NONE && !group && !mac_equal(eth.dst, s->interface[interface].mac)) drop = DROP_NOT_OURS;
	if (drop == DROP_NONE && eth_is_group(eth.src)) drop = DROP_SOURCE;
	if (drop != DROP_NONE) {
		stack_drop(s, drop);
		return;
	}
	struct packet p;
	p.interface = interface;
	p.checked = f->flags & FRAME_CHECKED;
	p.to_many = group;
	p.whole = eth.payload;
	switch (eth.type) {
	case ETH_IP4: input4(s, &p); break;
	case ETH_IP6:
		if (s->interface[interface].six) input6(s, &p);
		else stack_drop(s, DROP_UNKNOWN);
		break;
	case ETH_ARP: stack_neighbour_arp(s, interface, eth.payload); break;
	default: stack_drop(s, DROP_UNKNOWN);
	}
}

/* How many frames may be worked on before anything is sent: their answers must find room in `out`. */
static size_t batch_max(const struct interface *i)
{
	size_t fits = OUT_BYTES / 2 / (i->mtu + 64u + TRACE_WORDS_MAX);
	return fits == 0 ? 1 : size_min(fits, LINK_BATCH_MAX);
}

static void receive(struct stack *s, uint16_t interface)
{
	struct frame frames[LINK_BATCH_MAX];
	struct link *link = s->interface[interface].link;
	size_t max = batch_max(&s->interface[interface]), count = link_recv(link, s->now, frames, max);

	if (count == 0) return;
	s->counts.frames_in += count;
	if (count == max) {
		s->more = true;
		link_tell(link);
	}
	if (s->out.used > OUT_BYTES / 2) stack_out_flush(s); /* of other links' batches */
	s->receiving = true;
	for (size_t i = 0; i < count; i++) input_frame(s, interface, &frames[i]);
	s->receiving = false;
}

/* Links that tell are asked when they have told, once a turn; the others always. */
void stack_in_frames(struct stack *s)
{
	struct link *last = s->ready.last, *link;

	while ((link = link_ready_take(&s->ready)) != NULL) {
		receive(s, link->number);
		if (link == last) break;
	}
	for (uint16_t i = 1; s->silent_links > 0 && i <= s->interfaces; i++)
		if (!s->interface[i].link->tells) receive(s, i);
}

/* What we sent to ourselves before this turn; what comes of it is for the next one. */
void stack_in_loop(struct stack *s)
{
	uint32_t budget = s->loop.used;
	struct queue_item item;

	while (budget > 0 && queue_first(&s->loop, &item)) {
		uint32_t takes = queue_takes(item.data.len);
		struct packet p = { .interface = LOOP, .checked = true, .whole = { item.data.at, item.data.len } };
		if (p.whole.at[0] >> 4 == 4) input4(s, &p);
		else input6(s, &p);
		queue_take(&s->loop);
		budget -= takes < budget ? takes : budget;
	}
}

void stack_in_due(struct stack *s)
{
	struct bytes first;
	struct packet p;

	while (reassembly_output(&s->reassembly, s->now, &first)) {
		stack_drop(s, DROP_FRAGMENT_TIMEOUT);
		if (!stack_icmp_reread(first, 1, &p)) continue;
		p.to_many = stack_out_is_to_many(s, p.dst);
		stack_icmp_error(s, &p, ICMP_REASSEMBLY, 0);
	}
}
