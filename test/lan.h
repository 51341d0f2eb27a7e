/* SPDX-License-Identifier: ISC */
/* lan.h - for tests of the stack: hosts on wires in memory, and a clock that jumps from one deadline to the next.
 *
 * A wire hands what one end sends to all its other ends, at once and in order, unless the test's `spoil` says
 * that a frame is lost; `watch` sees each.
 *
 *     a --- wire 0 --- router --- wire 1 --- b
 */
#ifndef TULLE_TEST_LAN_H
#define TULLE_TEST_LAN_H

#include <stdlib.h>

#include "stack/stack.h"
#include "tap.h"
#include "wire/eth.h"

enum { LAN_HOSTS_MAX = 4, LAN_WIRES_MAX = 2, LAN_ENDS_MAX = 5, LAN_FRAMES_MAX = 4096, LAN_FRAME_MAX = 2048 };

struct lan_frame { size_t len; uint8_t data[LAN_FRAME_MAX]; };
struct lan_wire;
struct lan_end {
	struct link link; /* first */
	struct lan_wire *wire;
	struct lan_frame *frame; /* a ring of LAN_FRAMES_MAX */
	unsigned head, tail;
	bool strange; /* the test reads it, not a host */
};
struct lan_wire { struct lan_end end[LAN_ENDS_MAX]; unsigned ends; uint64_t frames; };

static struct {
	struct lan_wire wire[LAN_WIRES_MAX];
	struct stack *host[LAN_HOSTS_MAX];
	struct app app[LAN_HOSTS_MAX]; /* turned after each step; event NULL: none */
	struct net *net[LAN_HOSTS_MAX]; /* what it is turned on; NULL: the stack's */
	void *memory[LAN_HOSTS_MAX];
	struct rng rng[LAN_HOSTS_MAX];
	unsigned hosts;
	instant now;
	struct trace *trace; /* for hosts made from now on */
	bool (*spoil)(unsigned wire, struct bytes frame);
	void (*watch)(unsigned wire, struct bytes frame, const char *story);
} lan;

static size_t lan_recv(struct link *link, instant now, struct frame *f, size_t max)
{
	struct lan_end *e = (struct lan_end *)link;
	size_t n = 0;
	(void)now;
	for (; n < max && e->head != e->tail; n++, e->head++) {
		const struct lan_frame *from = &e->frame[e->head % LAN_FRAMES_MAX];
		f[n] = (struct frame){ .data = { from->data, from->len } };
	}
	return n;
}

static size_t lan_send(struct link *link, instant now, const struct frame *f, size_t count)
{
	struct lan_end *from = (struct lan_end *)link;
	struct lan_wire *w = from->wire;
	unsigned number = (unsigned)(w - lan.wire);
	(void)now;
	for (size_t i = 0; i < count; i++) {
		assert(f[i].data.len <= link->mtu + (size_t)ETH_HEADER_BYTES && f[i].data.len <= LAN_FRAME_MAX);
		w->frames++;
		if (lan.watch != NULL) lan.watch(number, f[i].data, f[i].story);
		if (lan.spoil != NULL && lan.spoil(number, f[i].data)) continue;
		for (struct lan_end *to = w->end; to < w->end + w->ends; to++) {
			if (to == from || to->tail - to->head == LAN_FRAMES_MAX) continue;
			struct lan_frame *place = &to->frame[to->tail++ % LAN_FRAMES_MAX];
			memcpy(place->data, f[i].data.at, f[i].data.len);
			place->len = f[i].data.len;
		}
	}
	return count;
}

static const struct link_ops lan_ops = { .recv = lan_recv, .send = lan_send };

static struct lan_end *lan_plug(unsigned wire, uint16_t mtu)
{
	struct lan_wire *w = &lan.wire[wire];
	assert(w->ends < LAN_ENDS_MAX);
	struct lan_end *e = &w->end[w->ends++];
	*e = (struct lan_end){ .link = { .ops = &lan_ops, .mtu = mtu }, .wire = w,
		.frame = malloc(LAN_FRAMES_MAX * sizeof *e->frame) };
	return e;
}

static inline struct lan_end *lan_stranger(unsigned wire)
{
	struct lan_end *e = lan_plug(wire, 1500);
	e->strange = true;
	return e;
}

/* A host's number; attach it to wires with lan_attach. */
static inline unsigned lan_host(const struct stack_limits *limits, bool router)
{
	unsigned n = lan.hosts++;
	size_t size = stack_size(limits);
	assert(n < LAN_HOSTS_MAX);
	rng_init_number(&lan.rng[n], 7 + n);
	struct stack_config config = { .rng = &lan.rng[n], .forward = router, .trace = lan.trace };
	lan.memory[n] = calloc(1, size);
	lan.host[n] = stack_init((struct room){ lan.memory[n], size }, limits, &config);
	return n;
}

static inline struct mac lan_mac(unsigned host, unsigned wire) { return (struct mac){ { 2, 0, 0, 0, (uint8_t)wire, (uint8_t)(host + 1) } }; }

static inline struct ip lan_ip(const char *text)
{
	struct ip ip;
	bool ok = ip_parse(text, &ip);
	assert(ok);
	return ip;
}

static inline struct addr lan_addr(const char *text)
{
	struct addr a;
	bool ok = addr_parse(text, &a);
	assert(ok);
	a.interface = 0;
	return a;
}

static inline void lan_attach(unsigned host, unsigned wire, uint16_t mtu, const char *address)
{
	uint16_t interface = stack_attach(lan.host[host], &lan_plug(wire, mtu)->link, lan_mac(host, wire));
	struct prefix p;
	bool ok = prefix_parse(address, &p) && stack_add_address(lan.host[host], interface, p);
	assert(ok);
}

static inline void lan_address(unsigned host, uint16_t interface, const char *address)
{
	struct prefix p;
	bool ok = prefix_parse(address, &p) && stack_add_address(lan.host[host], interface, p);
	assert(ok);
}

static inline void lan_route(unsigned host, const char *to, const char *gateway)
{
	struct prefix p;
	bool ok = prefix_parse(to, &p) && stack_add_route(lan.host[host], p, lan_ip(gateway), 0);
	assert(ok);
}

static struct net *lan_net(unsigned host) { return stack_net(lan.host[host]); }

static inline bool lan_busy(void)
{
	for (unsigned w = 0; w < LAN_WIRES_MAX; w++)
		for (unsigned e = 0; e < lan.wire[w].ends; e++)
			if (!lan.wire[w].end[e].strange && lan.wire[w].end[e].head != lan.wire[w].end[e].tail) return true;
	return false;
}

/* Everything that happens up to and with `until`; the clock then shows it. Each host keeps the law of the
 * deadline: after a step that found nothing to do, it lies ahead. */
static inline void lan_run(instant until)
{
	for (;;) {
		unsigned idle = 0;
		do {
			for (unsigned i = 0; i < lan.hosts; i++) {
				stack_step(lan.host[i], lan.now);
				if (lan.app[i].event != NULL) app_turn(lan.net[i] != NULL ? lan.net[i] : lan_net(i), lan.app[i]);
			}
			assert(++idle < 1000000);
			bool due = false;
			for (unsigned i = 0; i < lan.hosts; i++) due |= stack_deadline(lan.host[i]) <= lan.now;
			if (!due && !lan_busy()) break;
		} while (true);
		instant next = NEVER;
		for (unsigned i = 0; i < lan.hosts; i++) next = instant_min(next, stack_deadline(lan.host[i]));
		if (next > until) break;
		lan.now = next;
	}
	lan.now = until;
}

static inline void lan_run_for(instant span) { lan_run(lan.now + span); }

static inline bool lan_next_is(unsigned h, enum net_what what, struct net_event *ev)
{
	if (!net_next(lan_net(h), ev)) return false;
	if (ev->what != what) printf("# event %d (%s), not %d\n", ev->what, net_why_words(ev->why), what);
	return ev->what == what;
}

static inline uint64_t lan_drops(unsigned h, enum drop why) { return stack_drops(lan.host[h])->by_reason[why]; }

/* ---- A stranger: an end that the test itself speaks from. */

static inline void lan_say(struct lan_end *from, struct mac dst, struct mac src, uint16_t type, struct bytes packet)
{
	uint8_t frame[LAN_FRAME_MAX];
	struct eth eth = { .dst = dst, .src = src, .type = type };
	size_t len = eth_emit(&eth, (struct room){ frame, sizeof frame });
	memcpy(frame + len, packet.at, packet.len);
	struct frame f = { .data = { frame, len + packet.len } };
	lan_send(&from->link, lan.now, &f, 1);
}

/* The next frame that has reached it. */
static inline bool lan_hear(struct lan_end *at, struct eth *eth)
{
	struct frame f;
	return lan_recv(&at->link, lan.now, &f, 1) == 1 && eth_parse(f.data, eth) == DROP_NONE;
}

static inline void lan_ignore(struct lan_end *at) { at->head = at->tail; }

static inline void lan_end_test(void)
{
	for (unsigned w = 0; w < LAN_WIRES_MAX; w++)
		for (unsigned e = 0; e < lan.wire[w].ends; e++) free(lan.wire[w].end[e].frame);
	for (unsigned i = 0; i < lan.hosts; i++) free(lan.memory[i]);
	memset(&lan, 0, sizeof lan);
}

#endif
