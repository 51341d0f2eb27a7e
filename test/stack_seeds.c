/* SPDX-License-Identifier: ISC */
/* Stacks over wires that lose, double, delay and spoil frames, by seed: a stream comes through whole, a datagram whole
 * or not at all, and the same seed gives the same run.
 *
 *     a --- bad wire --- router --- bad wire, smaller frames --- b
 */
#include <stdlib.h>

#include "sim/sim.h"
#include "stack/stack.h"
#include "tap.h"

enum { SEEDS = 40, TOTAL = 60000, DATAGRAMS = 60 };

struct host { struct sim_node node; struct stack *stack; struct app app; void *memory; };
static struct host host[3];
static struct rng luck;
static uint64_t sent, back, datagrams_back;
static bool wrong, closed;
static net_id stream, datagrams;

static uint8_t pattern(uint64_t i) { return (uint8_t)(i * 131 + (i >> 8)); }

static void pump(struct net *net, net_id id)
{
	size_t n;
	do {
		n = net_send(net, id, net_peek(net, id));
		net_take(net, id, n);
	} while (n > 0);
}

static void serve(void *self, struct net *net, const struct net_event *ev)
{
	(void)self;
	if (ev->what == NET_READABLE || ev->what == NET_WRITABLE) pump(net, ev->id);
	if (ev->what == NET_EOF) net_finish(net, ev->id);
	if (ev->what == NET_DATAGRAM) net_sendto(net, ev->id, &ev->peer, ev->data);
}

static void send_more(struct net *net)
{
	uint8_t chunk[1000];
	while (sent < TOTAL) {
		size_t want = size_min(sizeof chunk, TOTAL - sent);
		for (size_t i = 0; i < want; i++) chunk[i] = pattern(sent + i);
		size_t n = net_send(net, stream, (struct bytes){ chunk, want });
		sent += n;
		if (n < want) return;
	}
	net_finish(net, stream);
}

/* Its length in front, then the pattern. */
static void send_datagram(struct net *net, const struct addr *to)
{
	uint8_t text[6000];
	size_t len = 4 + rng_below(&luck, sizeof text - 4);
	store_be32(text, (uint32_t)len);
	for (size_t i = 4; i < len; i++) text[i] = pattern(i + len);
	net_sendto(net, datagrams, to, (struct bytes){ text, len });
}

static void check_datagram(struct bytes b)
{
	datagrams_back++;
	wrong |= b.len < 4 || load_be32(b.at) != b.len;
	for (size_t i = 4; i < b.len; i++) wrong |= b.at[i] != pattern(i + b.len);
}

static void call(void *self, struct net *net, const struct net_event *ev)
{
	(void)self;
	switch (ev->what) {
	case NET_CONNECTED:
	case NET_WRITABLE: send_more(net); break;
	case NET_READABLE:
		for (struct bytes b; (b = net_peek(net, ev->id)).len > 0; net_take(net, ev->id, b.len))
			for (size_t i = 0; i < b.len; i++) wrong |= b.at[i] != pattern(back++);
		break;
	case NET_CLOSED: closed = ev->why == NET_DONE; break;
	case NET_DATAGRAM: check_datagram(ev->data); break;
	default: break;
	}
}

static void step(struct sim_node *node, instant now)
{
	struct host *h = (struct host *)node;
	do {
		stack_step(h->stack, now);
		if (h->app.event != NULL) app_turn(stack_net(h->stack), h->app);
	} while (stack_deadline(h->stack) <= now);
}

static instant deadline(const struct sim_node *node) { return stack_deadline(((const struct host *)node)->stack); }

static void attach(struct host *h, struct link *link, uint8_t mac, const char *address)
{
	struct prefix p;
	uint16_t n = stack_attach(h->stack, link, (struct mac){ { 2, 0, 0, 0, 0, mac } });
	bool ok = prefix_parse(address, &p) && stack_add_address(h->stack, n, p);
	assert(ok);
}

static void route(struct host *h, const char *to, const char *by)
{
	struct prefix p;
	struct ip gateway;
	bool ok = prefix_parse(to, &p) && ip_parse(by, &gateway) && stack_add_route(h->stack, p, gateway, 0);
	assert(ok);
}

static struct addr addr_of(const char *text)
{
	struct addr a;
	bool ok = addr_parse(text, &a);
	assert(ok);
	return a;
}

/* The hash of all that happened. */
static uint64_t run(uint64_t seed, bool six)
{
	static const char *const a4[] = { "10.0.0.1/24", "10.0.0.254/24", "10.0.1.254/24", "10.0.1.1/24" };
	static const char *const a6[] = { "2001:db8::1/64", "2001:db8::fe/64", "2001:db8:1::fe/64", "2001:db8:1::1/64" };
	const char *const *address = six ? a6 : a4;
	struct sim_limits limits = { 3, 2, 4, 2000, 1514 };
	struct sim_wire_config wire = { .name = "bad", .delay = 5 * MILLISECOND, .bits_per_second = 10000000, .mtu = 1500,
		.faults = { .loss = 10000000, .duplicate = 20000000, .reorder = 30000000, .corrupt = 5000000,
		            .reorder_for = 3 * MILLISECOND } };
	void *memory = calloc(1, sim_size(&limits));
	struct sim *sim = sim_init((struct room){ memory, sim_size(&limits) }, &limits, seed);
	struct link *end[4];
	sim_node_id id[3];

	rng_init_number(&luck, seed);
	sent = back = datagrams_back = 0, wrong = closed = false;
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "a", "b", "router" };
		size_t size = stack_size(&stack_limits_host);
		host[i] = (struct host){ .node = { step, deadline }, .memory = calloc(1, size) };
		id[i] = sim_add_node(sim, &host[i].node, names[i]);
		struct stack_config config = { .rng = sim_node_chance(sim, id[i]), .forward = i == 2 };
		host[i].stack = stack_init((struct room){ host[i].memory, size }, &stack_limits_host, &config);
	}
	sim_wire_id near = sim_add_wire(sim, &wire);
	wire.mtu = 1280;
	sim_wire_id far = sim_add_wire(sim, &wire);
	end[0] = sim_attach(sim, near, id[0]), end[1] = sim_attach(sim, near, id[2]);
	end[2] = sim_attach(sim, far, id[2]), end[3] = sim_attach(sim, far, id[1]);
	attach(&host[0], end[0], 1, address[0]), attach(&host[2], end[1], 2, address[1]);
	attach(&host[2], end[2], 3, address[2]), attach(&host[1], end[3], 4, address[3]);
	route(&host[0], six ? "::/0" : "0.0.0.0/0", six ? "2001:db8::fe" : "10.0.0.254");
	route(&host[1], six ? "::/0" : "0.0.0.0/0", six ? "2001:db8:1::fe" : "10.0.1.254");

	struct addr server = addr_of(six ? "[2001:db8:1::1]:7" : "10.0.1.1:7"), any = { six ? ip6_any() : ip4_any(), 7, 0 };
	host[1].app.event = serve, host[0].app.event = call;
	net_listen(stack_net(host[1].stack), &any), net_bind(stack_net(host[1].stack), &any);
	stream = net_connect(stack_net(host[0].stack), &server);
	datagrams = net_bind(stack_net(host[0].stack), &any);
	for (int i = 0; i < DATAGRAMS; i++) {
		send_datagram(stack_net(host[0].stack), &server);
		sim_poke(sim, id[0]);
		sim_run(sim, sim_now(sim) + 50 * MILLISECOND);
	}
	sim_run(sim, sim_now(sim) + 300 * SECOND);
	uint64_t trace = sim_counts(sim).trace;
	for (int i = 0; i < 3; i++) free(host[i].memory);
	free(memory);
	return trace;
}

static void whole_or_not_at_all(bool six)
{
	uint64_t first = 0;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		uint64_t trace = run(seed, six);
		if (back != TOTAL || wrong || !closed || datagrams_back == 0) printf("# seed %u\n", (unsigned)seed);
		CHECK_EQ(back, TOTAL);
		CHECK(!wrong && closed);
		CHECK(datagrams_back > 10 && datagrams_back <= 2 * DATAGRAMS);
		if (seed == 1) first = trace;
		else CHECK(trace != first);
	}
	CHECK(run(1, six) == first);
}

static void over_ip4(void) { whole_or_not_at_all(false); }
static void over_ip6(void) { whole_or_not_at_all(true); }

int main(void)
{
	TEST(over_ip4);
	TEST(over_ip6);
	return tap_end();
}
