/* SPDX-License-Identifier: ISC */
#include "stack/stack_inside.h"

static struct ip first_not_any(struct ip a, struct ip b) { return ip_is_any(a) ? b : a; }

/* RFC 6724 in short: an address of the scope of the destination, on the interface it leaves by, else one that
 * is valid everywhere. The unspecified address if this host has none of that family. */
static struct ip source_for(const struct stack *s, struct ip dst, uint16_t interface)
{
	const struct interface *i = &s->interface[interface];
	bool four = ip_is4(dst);
	bool narrow = !four && (ip_is_link_local(dst) || (ip_is_multicast(dst) && (dst.byte[1] & 15) <= 2));

	if (narrow) return i->link_local;
	struct ip own = four ? i->source4 : i->source6;
	for (uint16_t k = 1; ip_is_any(own) && k <= s->interfaces; k++)
		own = four ? s->interface[k].source4 : s->interface[k].source6;
	return four ? own : first_not_any(own, i->link_local);
}

/* The interface for a destination that the routes say nothing about: the one asked for, that of the default
 * route, or the first. */
static uint16_t interface_for_many(const struct stack *s, struct ip dst, uint16_t asked)
{
	if (asked != 0) return asked;
	const struct route *r = route_find(&s->routes, dst);
	return r != NULL && r->kind == ROUTE_VIA ? r->interface : 1;
}

static void set_way(const struct stack *s, struct way *w, enum way_kind kind, uint16_t interface, struct ip next,
                    struct ip source)
{
	w->kind = kind;
	w->interface = interface;
	w->mtu = s->interface[interface].mtu;
	w->next = next;
	w->source = source;
	w->unvouched = false;
}

bool stack_out_way(struct stack *s, struct ip dst, uint16_t interface, struct way *w)
{
	if (interface > s->interfaces) return false;
	bool broadcast = ip_equal(dst, ip4_broadcast());
	if (broadcast || ip_is_multicast(dst)) {
		uint16_t by = interface_for_many(s, dst, interface);
		if (by > s->interfaces) return false; /* there is none at all */
		if (!ip_is4(dst) && !s->interface[by].six) return false;
		set_way(s, w, broadcast ? WAY_BROADCAST : WAY_MULTICAST, by, dst, source_for(s, dst, by));
		return true;
	}
	const struct route *r = route_find(&s->routes, dst);
	if (r != NULL && r->kind == ROUTE_LOCAL) {
		set_way(s, w, WAY_LOOP, LOOP, dst, dst);
		return true;
	}
	if (ip_is_link_local(dst) && !ip_is4(dst)) { /* on every link: the zone says which (RFC 4007) */
		uint16_t by = interface != 0 ? interface : 1;
		if (by > s->interfaces || !s->interface[by].six) return false;
		set_way(s, w, WAY_ONE, by, dst, s->interface[by].link_local);
		return true;
	}
	if (r == NULL || (interface != 0 && r->interface != interface)) return false;
	set_way(s, w, r->kind == ROUTE_BROADCAST ? WAY_BROADCAST : WAY_ONE, r->interface,
	        ip_is_any(r->gateway) ? dst : r->gateway,
	        ip_is_any(r->source) ? source_for(s, dst, r->interface) : r->source);
	for (uint16_t i = 0; i < s->pmtus; i++)
		if (ip_equal(s->pmtu[i].dst, dst) && s->pmtu[i].until > s->now && s->pmtu[i].mtu < w->mtu)
			w->mtu = s->pmtu[i].mtu;
	return true;
}

bool stack_out_is_ours(const struct stack *s, struct ip ip)
{
	const struct route *r = route_find(&s->routes, ip);
	return r != NULL && r->kind == ROUTE_LOCAL;
}

bool stack_out_is_to_many(const struct stack *s, struct ip ip)
{
	const struct route *r = route_find(&s->routes, ip);
	return ip_is_multicast(ip) || ip_equal(ip, ip4_broadcast()) || (r != NULL && r->kind == ROUTE_BROADCAST);
}

/* A router has said that packets to `dst` must be smaller. Few destinations are kept; the oldest makes room. */
void stack_out_learn_mtu(struct stack *s, struct ip dst, uint16_t mtu)
{
	uint16_t at = 0;

	while (at < s->pmtus && !ip_equal(s->pmtu[at].dst, dst)) at++;
	if (at == PMTU_MAX) {
		at = 0;
		for (uint16_t i = 1; i < PMTU_MAX; i++)
			if (s->pmtu[i].until < s->pmtu[at].until) at = i;
	}
	if (at == s->pmtus) s->pmtus++;
	s->pmtu[at] = (struct pmtu){ dst, mtu, s->now + PMTU_FOR };
}

/* ---- Frames. They gather in `out`, or for ourselves in `loop`. */

#define FRONT_BYTES (sizeof(struct out_head) + ETH_HEADER_BYTES)

struct room stack_out_room(struct stack *s, const struct way *w, size_t bytes)
{
	struct room room;

	if (w->interface == LOOP) {
		room = queue_room(&s->loop, bytes);
		if (room.at == NULL) stack_drop(s, DROP_QUEUE);
		return room;
	}
	size_t all = FRONT_BYTES + bytes + (s->config.trace != NULL ? TRACE_WORDS_MAX : 0);
	room = queue_room(&s->out, all);
	if (room.at == NULL && !s->receiving) {
		stack_out_flush(s);
		room = queue_room(&s->out, all);
	}
	if (room.at == NULL) {
		stack_drop(s, DROP_QUEUE);
		return room;
	}
	return (struct room){ room.at + FRONT_BYTES, bytes };
}

static void commit_frame(struct stack *s, uint16_t interface, struct mac dst, uint16_t type, uint8_t *packet,
                         size_t bytes, const char *story, uint16_t flags)
{
	struct eth eth = { .dst = dst, .src = s->interface[interface].mac, .type = type };
	struct out_head head = { .frame_bytes = (uint32_t)(ETH_HEADER_BYTES + bytes), .flags = flags };

	eth_emit(&eth, (struct room){ packet - ETH_HEADER_BYTES, ETH_HEADER_BYTES });
	if (story != NULL) { /* the words are the trace's, until it speaks again; the frame leaves later */
		head.story_bytes = (uint16_t)size_min(strlen(story) + 1, TRACE_WORDS_MAX);
		memcpy(packet + bytes, story, head.story_bytes);
		packet[bytes + head.story_bytes - 1] = '\0';
	}
	memcpy(packet - FRONT_BYTES, &head, sizeof head);
	queue_put(&s->out, interface, sizeof head + head.frame_bytes + head.story_bytes);
}

void stack_out_frame(struct stack *s, uint16_t interface, struct mac dst, uint16_t type, struct bytes packet)
{
	struct way w = { .interface = interface };
	struct room room = stack_out_room(s, &w, packet.len);
	if (room.at == NULL) return;
	memcpy(room.at, packet.at, packet.len);
	commit_frame(s, interface, dst, type, room.at, packet.len, NULL, 0);
}

/* The packet of `bytes` bytes lies in the room that stack_out_room gave for this way. */
void stack_out_commit(struct stack *s, const struct way *w, size_t bytes, const char *story)
{
	struct mac mac = eth_broadcast;

	if (w->interface == LOOP) {
		queue_put(&s->loop, 0, bytes);
		return;
	}
	uint8_t *packet = s->out.at + s->out.tail + QUEUE_RECORD_BYTES + FRONT_BYTES; /* as queue_room laid it */
	if (w->kind == WAY_MULTICAST) mac = eth_group_of(w->next);
	if (w->kind == WAY_ONE && !neighbour_use(&s->neighbours, s->now, w->interface, w->next, &mac)) {
		neighbour_wait(&s->neighbours, s->now, w->interface, w->next, (struct bytes){ packet, bytes });
		return;
	}
	commit_frame(s, w->interface, mac, packet[0] >> 4 == 4 ? ETH_IP4 : ETH_IP6, packet, bytes, story,
	             w->unvouched ? 0 : FRAME_CHECKED);
}

static size_t send_run(struct stack *s, uint16_t interface, const struct frame *frames, size_t count)
{
	struct link *link = s->interface[interface].link;
	s->counts.frames_out += count;
	return link_send(link, s->now, frames, count); /* what the link does not take is its own loss to count */
}

/* Frames leave in the order they were made, in runs for one link. */
void stack_out_flush(struct stack *s)
{
	struct frame frames[LINK_BATCH_MAX];
	struct queue_item item;
	size_t count = 0;
	uint32_t interface = 0;

	assert(!s->receiving);
	for (uint32_t at = 0; queue_walk(&s->out, &at, &item);) {
		if (count == LINK_BATCH_MAX || (count > 0 && item.tag != interface)) {
			send_run(s, (uint16_t)interface, frames, count);
			count = 0;
		}
		struct out_head head;
		memcpy(&head, item.data.at, sizeof head);
		const uint8_t *frame = item.data.at + sizeof head;
		interface = item.tag;
		frames[count++] = (struct frame){ .data = { frame, head.frame_bytes }, .flags = head.flags,
			.story = head.story_bytes > 0 ? (const char *)frame + head.frame_bytes : NULL };
	}
	if (count > 0) send_run(s, (uint16_t)interface, frames, count);
	queue_clear(&s->out);
}

/* ---- Packets. */

/* Only a packet that may be cut needs an id of its own (RFC 6864, 4.1). Ids differ by destination, so that one
 * cannot count what is sent to another (RFC 7739, 5.3). */
static uint32_t next_id(struct stack *s, struct ip dst)
{
	return (uint32_t)siphash13(s->secret, (struct bytes){ dst.byte, sizeof dst.byte }) + s->ip_id++;
}

size_t stack_out_header(struct stack *s, const struct header *h, size_t payload_bytes, struct room room)
{
	struct bytes payload = { NULL, payload_bytes }; /* only its length matters to a header */

	if (!ip_is4(h->dst)) {
		struct ip6 ip = { .traffic_class = h->traffic_class, .hop_limit = h->ttl, .src = h->src, .dst = h->dst, .protocol = h->protocol,
			.router_alert = h->router_alert, .payload = payload };
		return ip6_emit(&ip, room);
	}
	static const uint8_t router_alert[4] = { 0x94, 4, 0, 0 }; /* RFC 2113, 2.1 */
	struct ip4 ip = { .tos = h->traffic_class, .id = h->dont_fragment ? 0 : (uint16_t)next_id(s, h->dst),
		.dont_fragment = h->dont_fragment, .ttl = h->ttl, .protocol = h->protocol, .src = h->src,
		.dst = h->dst, .payload = payload };
	if (h->router_alert) ip.options = (struct bytes){ router_alert, sizeof router_alert };
	if (h->router_alert) ip.tos = 0xc0; /* RFC 3376, 4: internetwork control */
	return ip4_emit(&ip, room);
}

/* An option is repeated in every fragment only if its first bit says so (RFC 791, 3.1). */
static size_t copied_options(struct bytes options, uint8_t out[40])
{
	size_t len = 0;
	for (size_t at = 0; at < options.len && options.at[at] != 0;) {
		size_t one = options.at[at] == 1 ? 1 : at + 1 < options.len ? options.at[at + 1] : 0;
		if (one == 0 || one > options.len - at) break;
		if (options.at[at] & 0x80) {
			memcpy(out + len, options.at + at, one);
			len += one;
		}
		at += one;
	}
	while (len % 4 != 0) out[len++] = 0;
	return len;
}

/* Cuts a datagram, or a fragment of one, to the size of the way (RFC 791, 3.2). */
void stack_out_fragments4(struct stack *s, const struct way *w, const struct ip4 *ip)
{
	uint8_t options[40];
	struct ip4 piece = *ip;
	struct bytes rest = ip->payload;

	while (rest.len > 0) {
		size_t header = IP4_HEADER_BYTES + piece.options.len, fits = (w->mtu - header) & ~(size_t)7;
		bool last = rest.len <= w->mtu - header;
		piece.payload = bytes_first(rest, last ? rest.len : fits);
		piece.more_fragments = !last || ip->more_fragments;
		struct room room = stack_out_room(s, w, header + piece.payload.len);
		if (room.at == NULL) return;
		ip4_emit(&piece, room);
		memcpy(room.at + header, piece.payload.at, piece.payload.len);
		stack_out_commit(s, w, header + piece.payload.len, NULL);
		rest = bytes_skip(rest, piece.payload.len);
		piece.fragment_offset = (uint16_t)(piece.fragment_offset + piece.payload.len);
		if (piece.options.len > 0)
			piece.options = (struct bytes){ options, copied_options(ip->options, options) };
	}
}

/* Only the source cuts IPv6 packets (RFC 8200, 4.5). */
static void fragments6(struct stack *s, const struct way *w, const struct header *h, struct bytes payload)
{
	struct ip6 piece = { .traffic_class = h->traffic_class, .hop_limit = h->ttl, .src = h->src, .dst = h->dst, .protocol = h->protocol,
		.fragment = true, .id = next_id(s, h->dst) };
	size_t header = IP6_HEADER_BYTES + IP6_FRAGMENT_HEADER_BYTES, fits = (w->mtu - header) & ~(size_t)7;

	for (uint32_t at = 0; at < payload.len; at += (uint32_t)fits) {
		struct bytes rest = bytes_skip(payload, at);
		piece.more_fragments = rest.len > w->mtu - header;
		piece.payload = bytes_first(rest, piece.more_fragments ? fits : rest.len);
		piece.fragment_offset = (uint16_t)at;
		struct room room = stack_out_room(s, w, header + piece.payload.len);
		if (room.at == NULL) return;
		ip6_emit(&piece, room);
		memcpy(room.at + header, piece.payload.at, piece.payload.len);
		stack_out_commit(s, w, header + piece.payload.len, NULL);
		if (!piece.more_fragments) return;
	}
}

/* A whole datagram with its transport header; it is cut if it must be. False: too big for any cutting. */
bool stack_out_datagram(struct stack *s, const struct way *w, const struct header *h, struct bytes payload)
{
	bool four = ip_is4(h->dst);
	size_t header = four ? IP4_HEADER_BYTES + (h->router_alert ? 4 : 0) : IP6_HEADER_BYTES + (h->router_alert ? 8 : 0);

	if (payload.len > UINT16_MAX - (four ? header : 0)) return false;
	if (header + payload.len <= w->mtu) {
		struct room room = stack_out_room(s, w, header + payload.len);
		if (room.at == NULL) return true;
		stack_out_header(s, h, payload.len, room);
		memcpy(room.at + header, payload.at, payload.len);
		stack_out_commit(s, w, header + payload.len, NULL);
		return true;
	}
	if (four) {
		struct ip4 ip = { .tos = h->traffic_class, .id = (uint16_t)next_id(s, h->dst), .ttl = h->ttl, .protocol = h->protocol,
			.src = h->src, .dst = h->dst, .payload = payload };
		stack_out_fragments4(s, w, &ip);
	} else {
		fragments6(s, w, h, payload);
	}
	return true;
}
