/* SPDX-License-Identifier: ISC */
/* A stranger's frames, a wilful program and any time between them, against a whole stack. The machines in it assert
 * their invariants; here: that the stack falls silent, that its deadline lies ahead, that events come in an order
 * net.h allows, and that every frame it sends can be read back with its checksums right. */
#include "proto/tcp/tcp.h"
#include "stack/stack.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/igmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/udp.h"

#include <stdlib.h>

enum { FRAME_MAX = 1514, TEXT_MAX = 70000, STEPS_MAX = 2000 };

struct input { const uint8_t *at; size_t len; };

static const struct stack_limits limits = { .interfaces_max = 2, .addresses_max = 4, .routes_max = 4,
	.neighbours_max = 4, .groups_max = 4, .sockets_max = 6, .connections_max = 6, .backlog_max = 2,
	.rx_bytes = 4096, .tx_bytes = 4096, .datagram_bytes = 8192, .reassemblies_max = 2 };
static const struct mac own = { { 2, 0, 0, 0, 0, 1 } }, others = { { 2, 0, 0, 0, 0, 9 } };

static struct { struct link link; uint8_t frame[FRAME_MAX]; size_t len; bool checked; uint64_t sent; } wire[2];
static uint8_t last[FRAME_MAX]; /* what the stack sent last, from its IP header on */
static size_t last_len;
static uint8_t text[TEXT_MAX];
static uint8_t *memory;
static size_t memory_bytes;

static uint32_t draw(struct input *in, unsigned bytes)
{
	uint32_t n = 0;
	for (; bytes > 0 && in->len > 0; bytes--, in->len--) n = n << 8 | *in->at++;
	return n;
}

static struct bytes draw_bytes(struct input *in, size_t max)
{
	struct bytes b = { in->at, size_min(size_min(draw(in, 2), max), in->len) };
	b.at = in->at;
	b.len = size_min(b.len, in->len);
	in->at += b.len, in->len -= b.len;
	return b;
}

/* ---- What it sends must be good. */

static void look_at_payload(uint8_t protocol, struct ip src, struct ip dst, struct bytes b)
{
	struct tcp_seg seg;
	struct udp udp;
	struct icmp icmp;
	struct igmp igmp;
	enum drop why = DROP_NONE;

	if (protocol == IP_TCP) why = tcp_parse(b, src, dst, true, &seg);
	if (protocol == IP_UDP) why = udp_parse(b, src, dst, true, &udp);
	if (protocol == IP_ICMP || protocol == IP_ICMP6) why = icmp_parse(b, protocol == IP_ICMP6, src, dst, &icmp);
	if (protocol == IP_IGMP) why = igmp_parse(b, &igmp);
	assert(why == DROP_NONE);
}

static void look_at(struct bytes frame, bool its_own)
{
	struct eth eth;
	struct ip4 ip4;
	struct ip6 ip6;
	struct arp arp;
	enum drop why = eth_parse(frame, &eth);

	assert(why == DROP_NONE && mac_equal(eth.src, own) && frame.len <= FRAME_MAX);
	if (eth.type == ETH_ARP) {
		why = arp_parse(eth.payload, &arp);
	} else if (eth.type == ETH_IP4) {
		why = ip4_parse(eth.payload, &ip4);
		bool whole = ip4.fragment_offset == 0 && !ip4.more_fragments;
		if (why == DROP_NONE && whole && its_own) look_at_payload(ip4.protocol, ip4.src, ip4.dst, ip4.payload);
	} else {
		assert(eth.type == ETH_IP6);
		why = its_own ? ip6_parse(eth.payload, &ip6) : DROP_NONE;
		if (why == DROP_NONE && its_own && !ip6.fragment) look_at_payload(ip6.protocol, ip6.src, ip6.dst, ip6.payload);
	}
	assert(why == DROP_NONE);
	if (eth.type == ETH_ARP) return;
	last_len = eth.payload.len;
	memcpy(last, eth.payload.at, last_len);
}

static bool forwards, narrow; /* narrow: the second wire carries no IPv6 */
static size_t take(struct link *link, instant now, const struct frame *f, size_t count)
{
	(void)now;
	/* What a router sends on is somebody else's, and may be anything behind its IP header. */
	for (size_t i = 0; i < count; i++) look_at(f[i].data, !forwards);
	wire[link == &wire[1].link].sent += count;
	return count;
}

static size_t give(struct link *link, instant now, struct frame *f, size_t max)
{
	unsigned i = link == &wire[1].link;
	(void)now;
	if (wire[i].len == 0 || max == 0) return 0;
	f[0] = (struct frame){ .data = { wire[i].frame, wire[i].len }, .flags = wire[i].checked ? FRAME_CHECKED : 0 };
	wire[i].len = 0;
	return 1;
}

static const struct link_ops ops = { .recv = give, .send = take };

/* ---- A stranger's frames. */

static const char *const addresses[] = { "10.0.0.1", "10.0.0.9", "10.0.0.255", "10.0.1.1", "10.0.1.9", "172.16.0.1",
	"255.255.255.255", "224.0.0.1", "239.1.1.1", "127.0.0.1", "0.0.0.0", "2001:db8::1", "2001:db8::9",
	"2001:db8:1::9", "ff02::1", "ff02::1:ff00:1", "fe80::ff:fe00:1", "fe80::9", "::", "::1" };

static struct ip draw_ip(struct input *in, bool four)
{
	struct ip ip = four ? ip4_any() : ip6_any(), named;
	uint32_t k = draw(in, 1);
	if (k < COUNT(addresses) && ip_parse(addresses[k], &named) && ip_is4(named) == four) return named;
	if (four) return ip4_of(draw(in, 4));
	for (int i = 0; i < 4; i++) store_be32(ip.byte + 4 * i, draw(in, 4));
	return ip;
}

static size_t draw_transport(struct input *in, struct stack *s, struct ip src, struct ip dst, uint8_t protocol,
                             struct room room)
{
	struct bytes payload = draw_bytes(in, 1000);
	struct addr local, remote;
	const struct tcp *t = stack_next_connection(s, NULL, &local, &remote);

	if (protocol == IP_UDP) {
		struct udp u = { .src_port = (uint16_t)draw(in, 1), .dst_port = (uint16_t)draw(in, 1), .payload = payload };
		return udp_emit(&u, src, dst, room);
	}
	if (protocol == IP_TCP) {
		struct tcp_seg seg = { .src_port = (uint16_t)draw(in, 1), .dst_port = 7, .flags = (uint8_t)draw(in, 1),
			.seq = draw(in, 1), .ack = draw(in, 1), .window = (uint16_t)draw(in, 2), .text = payload };
		if (t != NULL) { /* near what the first connection wants to hear */
			seg.src_port = t->remote_port, seg.dst_port = t->local_port;
			seg.seq += t->rcv_nxt, seg.ack += t->snd_una;
		}
		return tcp_emit(&seg, src, dst, room);
	}
	if (protocol == IP_ICMP || protocol == IP_ICMP6) {
		struct icmp m = { .six = protocol == IP_ICMP6, .type = (uint8_t)draw(in, 1), .code = (uint8_t)draw(in, 1),
			.rest = draw(in, 4), .target = draw_ip(in, false), .has_link_address = draw(in, 1) & 1,
			.link_address = others, .payload = payload };
		if (icmp_is_error(&m) && (draw(in, 1) & 1)) m.payload = (struct bytes){ last, size_min(last_len, 600) };
		return icmp_emit(&m, src, dst, room);
	}
	memcpy(room.at, payload.at, payload.len);
	return payload.len;
}

static size_t draw_packet(struct input *in, struct stack *s, bool four, struct room room)
{
	static const uint8_t protocols[] = { IP_UDP, IP_TCP, IP_ICMP, IP_ICMP6, IP_IGMP, 99, 44, 0 };
	static uint8_t transport[FRAME_MAX];
	struct ip src = draw_ip(in, four), dst = draw_ip(in, four);
	uint8_t protocol = protocols[draw(in, 1) % COUNT(protocols)], how = (uint8_t)draw(in, 1);
	size_t len = draw_transport(in, s, src, dst, protocol, (struct room){ transport, 1400 }), header;
	uint16_t offset = how & 4 ? (uint16_t)(draw(in, 1) * 8) : 0;

	if (how & 2) len &= ~(size_t)7;
	if (four) {
		struct ip4 ip = { .id = (uint16_t)draw(in, 1), .ttl = (uint8_t)draw(in, 1), .protocol = protocol,
			.dont_fragment = how & 1, .more_fragments = how & 2, .fragment_offset = offset, .src = src,
			.dst = dst, .payload = { NULL, len } };
		header = ip4_emit(&ip, room);
	} else {
		struct ip6 ip = { .hop_limit = (uint8_t)draw(in, 1), .protocol = protocol, .src = src, .dst = dst,
			.fragment = how & 8, .more_fragments = how & 2, .fragment_offset = offset, .id = draw(in, 1),
			.router_alert = how & 16, .payload = { NULL, len } };
		header = ip6_emit(&ip, room);
	}
	memcpy(room.at + header, transport, len);
	return header + len;
}

static void draw_frame(struct input *in, struct stack *s)
{
	uint32_t how = draw(in, 1);
	unsigned to = how & 1;
	struct eth eth = { .dst = how & 2 ? eth_broadcast : own, .src = others, .type = ETH_ARP };
	struct room room = { wire[to].frame + ETH_HEADER_BYTES, FRAME_MAX - ETH_HEADER_BYTES };
	size_t len;

	wire[to].checked = how & 4;
	switch (how >> 3 & 3) {
	case 0: {
		struct arp arp = { .op = (uint16_t)draw(in, 1), .sender_mac = others, .target_mac = own,
			.sender = draw_ip(in, true), .target = draw_ip(in, true) };
		len = arp_emit(&arp, room);
		break;
	}
	case 1: eth.type = ETH_IP4, len = draw_packet(in, s, true, room); break;
	case 2: eth.type = ETH_IP6, len = draw_packet(in, s, false, room); break;
	default: { /* anything at all */
		struct bytes raw = draw_bytes(in, FRAME_MAX - ETH_HEADER_BYTES);
		static const uint16_t types[] = { ETH_ARP, ETH_IP4, ETH_IP6, 1 };
		eth.type = types[draw(in, 1) & 3];
		memcpy(room.at, raw.at, raw.len);
		len = raw.len;
	}
	}
	eth_emit(&eth, (struct room){ wire[to].frame, FRAME_MAX });
	wire[to].len = ETH_HEADER_BYTES + len;
}

/* ---- A program. */

static net_id ids[16]; /* that were ever given out, dead or alive */
static unsigned ids_count;

static void keep(net_id id) { if (id != 0) ids[ids_count++ % COUNT(ids)] = id; }

static struct addr draw_addr(struct input *in)
{
	uint32_t four = draw(in, 1);
	return (struct addr){ draw_ip(in, four & 1), (uint16_t)draw(in, 1), (uint16_t)(four >> 1 & 3) };
}

static void act(struct net *net, struct input *in)
{
	net_id id = ids[draw(in, 1) % COUNT(ids)];
	struct addr a;
	switch (draw(in, 1) % 14) {
	case 0: a = draw_addr(in), keep(net_listen(net, &a)); break;
	case 1: a = draw_addr(in), keep(net_connect(net, &a)); break;
	case 2: a = draw_addr(in), keep(net_bind(net, &a)); break;
	case 3: a = draw_addr(in), net_sendto(net, id, &a, (struct bytes){ text, draw(in, 2) }); break;
	case 4: a = draw_addr(in), net_sendto(net, id, &a, (struct bytes){ text, draw(in, 3) % TEXT_MAX }); break;
	case 5: a = draw_addr(in), net_join(net, id, &a); break;
	case 6: a = draw_addr(in), net_leave(net, id, &a); break;
	case 7: net_set(net, id, (enum net_option)(draw(in, 1) & 3), (int)draw(in, 1)); break;
	case 8: net_take(net, id, size_min(net_peek(net, id).len, draw(in, 2))); break;
	case 9: net_send(net, id, (struct bytes){ text, draw(in, 2) }); break;
	case 10: net_finish(net, id); break;
	case 11: net_abort(net, id); break;
	case 12: net_wake(net, net_now(net) + draw(in, 2) * MICROSECOND); break;
	default: net_local(net, id, &a);
	}
}

static void turn(struct net *net, struct input *in)
{
	struct net_event ev;
	for (unsigned i = 0; net_next(net, &ev); i++) {
		assert(i < STEPS_MAX);
		struct addr local;
		bool alive = net_local(net, ev.id, &local);
		assert(ev.what == NET_WAKE || alive == (ev.what != NET_CLOSED));
		if (ev.what == NET_ACCEPTED) keep(ev.id);
		if (ev.what == NET_EOF) assert(net_peek(net, ev.id).len == 0);
		if (ev.what == NET_READABLE && (draw(in, 1) & 1)) net_take(net, ev.id, net_peek(net, ev.id).len);
		if (ev.what == NET_DATAGRAM && (draw(in, 1) & 1)) net_sendto(net, ev.id, &ev.peer, ev.data);
	}
}

static void run(struct stack *s, instant now, struct input *in)
{
	unsigned steps = 0;
	do {
		assert(steps++ < STEPS_MAX);
		stack_step(s, now);
		turn(stack_net(s), in);
	} while (stack_deadline(s) <= now);
}

static struct stack *start(struct rng *rng)
{
	static const char *const own_addresses[] = { "10.0.0.1/24", "2001:db8::1/64", "10.0.1.1/24", "2001:db8:1::1/64" };
	struct stack_config config = { .rng = rng, .forward = forwards };
	struct prefix p;

	memory_bytes = stack_size(&limits);
	free(memory);
	memory = calloc(1, memory_bytes);
	struct stack *s = stack_init((struct room){ memory, memory_bytes }, &limits, &config);
	for (int i = 0; i < 2; i++) {
		wire[i].link = (struct link){ .ops = &ops, .mtu = i == 0 ? 1500 : narrow ? 300 : 1280 };
		wire[i].len = 0;
		stack_attach(s, &wire[i].link, own);
	}
	for (uint16_t i = 0; i < 4 - narrow; i++) {
		bool ok = prefix_parse(own_addresses[i], &p) && stack_add_address(s, 1 + i / 2, p);
		assert(ok);
	}
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct rng rng;
	instant now = 0;

	rng_init_number(&rng, 1);
	uint32_t how = draw(&in, 1);
	forwards = how & 1, narrow = how & 2;
	ids_count = 0, last_len = 0;
	memset(ids, 0, sizeof ids);
	struct stack *s = start(&rng);
	struct net *net = stack_net(s);
	struct addr listen = { ip6_any(), 7, 0 }, group = { ip4_of(0xef010101), 7, 1 };
	keep(net_listen(net, &listen));
	keep(net_bind(net, &listen));
	net_join(net, ids[1], &group);
	while (in.len > 0) {
		switch (draw(&in, 1) & 7) {
		case 0:
		case 1:
		case 2: draw_frame(&in, s); break;
		case 3: now += draw(&in, 2) * MILLISECOND; break;
		case 4: if (stack_deadline(s) != NEVER && stack_deadline(s) > now) now = stack_deadline(s); break;
		default: act(net, &in);
		}
		run(s, now, &in);
	}
	if (how & 4) stack_announce(s);
	stack_close(s, now);
	run(s, now, &in);
	return 0;
}
