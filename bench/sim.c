/* SPDX-License-Identifier: ISC */
/* bench/sim.c - how fast a simulated internet runs, and how much room a host takes.
 *
 *     bench_sim pair RATE DELAY BYTES   two hosts, one wire, one TCP transfer: "pair 1Gbps 20ms PACKETS CPU-SECONDS"
 *     bench_sim star HOSTS BYTES        each host on a wire of its own to a router, each sends to the next one
 *     bench_sim idle HOSTS              the star, and nobody sends: bytes of resident memory a host
 *     bench_sim wires HOSTS FRAMES      no stacks: what the simulator itself takes, frames that go to and fro
 *
 * A packet is counted each time it starts onto a wire. bench/ns3.cc does the same work in ns-3.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sim/sim.h"
#include "stack/stack.h"

enum { PORT = 5000 };

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long resident_bytes(void)
{
	long total = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (f == NULL || fscanf(f, "%ld %ld", &total, &resident) != 2) resident = 0;
	if (f != NULL) fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

static void *zeroed(size_t size)
{
	void *at = calloc(1, size);
	if (at != NULL) return at;
	fputs("bench_sim: no memory\n", stderr);
	exit(1);
}

/* A host: sends so many bytes to somebody (or none), and takes whatever comes to its port. */
struct host {
	struct sim_node node;
	sim_node_id id;
	struct stack *stack;
	struct addr to;
	uint64_t to_send, received;
	net_id out;
	bool started;
};

static void send_more(struct host *h, struct net *net)
{
	static const uint8_t bytes[65536];
	while (h->to_send > 0) {
		size_t n = net_send(net, h->out, (struct bytes){ bytes, size_min(h->to_send, sizeof bytes) });
		if (n == 0) return;
		h->to_send -= n;
	}
	net_finish(net, h->out);
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct host *h = self;
	struct bytes come;

	switch (ev->what) {
	case NET_CONNECTED:
	case NET_WRITABLE:
		send_more(h, net);
		break;
	case NET_READABLE:
		while ((come = net_peek(net, ev->id)).len > 0) {
			h->received += come.len;
			net_take(net, ev->id, come.len);
		}
		break;
	case NET_EOF:
		net_finish(net, ev->id);
		break;
	case NET_CLOSED:
		if (ev->why != NET_DONE) fprintf(stderr, "bench_sim: a transfer ended: %s\n", net_why_words(ev->why));
		break;
	default:
		break;
	}
}

static void start(struct host *h)
{
	h->started = true;
	net_listen(stack_net(h->stack), &(struct addr){ .ip = ip4_any(), .port = PORT });
	if (h->to_send > 0) h->out = net_connect(stack_net(h->stack), &h->to);
}

static void step(struct sim_node *node, instant now)
{
	struct host *h = (struct host *)node;
	do {
		stack_step(h->stack, now);
		if (!h->started) start(h);
		app_turn(stack_net(h->stack), (struct app){ event, h });
	} while (stack_deadline(h->stack) <= now);
}

static instant deadline(const struct sim_node *node)
{
	return stack_deadline(((const struct host *)node)->stack);
}

static void make_host(struct host *h, struct sim *sim, const char *name, const struct stack_limits *limits, bool router)
{
	size_t size = stack_size(limits);

	h->node = (struct sim_node){ step, deadline };
	h->id = sim_add_node(sim, &h->node, name);
	struct stack_config config = { .rng = sim_node_chance(sim, h->id), .forward = router };
	h->stack = stack_init((struct room){ zeroed(size), size }, limits, &config);
}

static void plug(struct host *h, struct sim *sim, sim_wire_id wire, uint32_t ip, uint8_t bits, unsigned mac)
{
	struct mac address = { { 2, 0, (uint8_t)(mac >> 24), (uint8_t)(mac >> 16), (uint8_t)(mac >> 8), (uint8_t)mac } };
	uint16_t interface = stack_attach(h->stack, sim_attach(sim, wire, h->id), address);
	stack_add_address(h->stack, interface, (struct prefix){ ip4_of(ip), (uint8_t)(96 + bits) });
}

static struct sim *make_sim(uint32_t nodes, uint32_t wires, uint32_t frames)
{
	struct sim_limits limits = { .nodes_max = nodes, .wires_max = wires, .ends_max = 2 * wires, .frames_max = frames,
	                             .frame_bytes_max = 1514 };
	size_t size = sim_size(&limits);
	return sim_init((struct room){ zeroed(size), size }, &limits, 1);
}

static void report(const char *what, struct sim *sim, double began)
{
	printf("%s %llu %.3f\n", what, (unsigned long long)sim_counts(sim).frames, cpu_seconds() - began);
}

static uint64_t rate_of(const char *words)
{
	char *end;
	double rate = strtod(words, &end);
	return (uint64_t)(rate * (*end == 'G' ? 1e9 : *end == 'M' ? 1e6 : *end == 'k' ? 1e3 : 1));
}

static int pair(const char *rate, const char *delay, const char *bytes)
{
	struct stack_limits limits = stack_limits_small;
	struct sim_wire_config wire = { .bits_per_second = rate_of(rate), .mtu = 1500 };
	struct host host[2] = { 0 };
	char what[100];

	if (!instant_parse(delay, &wire.delay)) return 64;
	limits.rx_bytes = limits.tx_bytes = 4 << 20;
	limits.connections_max = 2;
	double began = cpu_seconds();
	struct sim *sim = make_sim(2, 1, 16384);
	sim_wire_id id = sim_add_wire(sim, &wire);
	for (unsigned i = 0; i < 2; i++) {
		make_host(&host[i], sim, i ? "b" : "a", &limits, false);
		plug(&host[i], sim, id, 0x0a000001 + i, 24, i + 1);
	}
	uint64_t wanted = host[0].to_send = strtoull(bytes, NULL, 10);
	host[0].to = (struct addr){ .ip = ip4_of(0x0a000002), .port = PORT };
	sim_run(sim, NEVER);
	snprintf(what, sizeof what, "pair %s %s", rate, delay);
	report(what, sim, began);
	return host[1].received == wanted ? 0 : 1;
}

/* Host i has 10.0.0.0 + 4 i + 1, and the router 4 i + 2 on the same wire, as ns-3's example has it. */
static struct sim *make_star(struct host *host, uint32_t count, struct stack_limits limits)
{
	struct stack_limits router = limits;
	struct sim_wire_config wire = { .bits_per_second = 100000000, .delay = 5 * MILLISECOND, .mtu = 1500 };
	struct sim *sim = make_sim(count + 1, count, 200 * count);
	char name[16];

	router.interfaces_max = (uint16_t)count;
	router.addresses_max = router.routes_max = router.neighbours_max = (uint16_t)(4 * count);
	router.groups_max = (uint16_t)(4 * count);
	make_host(&host[count], sim, "router", &router, true);
	for (uint32_t i = 0; i < count; i++) {
		sim_wire_id id = sim_add_wire(sim, &wire);
		snprintf(name, sizeof name, "h%u", i);
		make_host(&host[i], sim, name, &limits, false);
		plug(&host[i], sim, id, 0x0a000001 + 4 * i, 30, 2 * i + 1);
		plug(&host[count], sim, id, 0x0a000002 + 4 * i, 30, 2 * i + 2);
		stack_add_route(host[i].stack, (struct prefix){ ip4_any(), 96 }, ip4_of(0x0a000002 + 4 * i), 0);
	}
	return sim;
}

static int star(uint32_t count, const char *bytes)
{
	struct host *host = zeroed((count + 1) * sizeof *host);
	struct stack_limits limits = stack_limits_small;
	uint64_t wanted = strtoull(bytes, NULL, 10);

	limits.rx_bytes = limits.tx_bytes = 65536;
	limits.connections_max = 2;
	double began = cpu_seconds();
	struct sim *sim = make_star(host, count, limits);
	for (uint32_t i = 0; i < count; i++) {
		host[i].to_send = wanted;
		host[i].to = (struct addr){ .ip = ip4_of(0x0a000001 + 4 * ((i + 1) % count)), .port = PORT };
	}
	sim_run(sim, NEVER);
	report("star", sim, began);
	for (uint32_t i = 0; i < count; i++)
		if (host[i].received != wanted) return 1;
	return 0;
}

static int idle(uint32_t count)
{
	long before = resident_bytes();
	struct host *host = zeroed((count + 1) * sizeof *host);
	struct sim *sim = make_star(host, count, stack_limits_small);
	sim_run(sim, 10 * SECOND);
	printf("idle %ld\n", (resident_bytes() - before) / (long)count);
	return 0;
}

/* A node without a stack: what comes goes back. */
struct mirror { struct sim_node node; struct link *end; uint64_t left; };

static void reflect(struct sim_node *node, instant now)
{
	struct mirror *m = (struct mirror *)node;
	struct frame f[LINK_BATCH_MAX];
	size_t n = link_recv(m->end, now, f, LINK_BATCH_MAX);
	if (m->left < n) n = m->left;
	link_send(m->end, now, f, n);
	m->left -= n;
}
static instant never(const struct sim_node *node) { (void)node; return NEVER; }

static int wires(uint32_t count, uint64_t frames)
{
	struct mirror *mirror = zeroed(2 * count * sizeof *mirror);
	struct sim *sim = make_sim(2 * count, count, 100 * count);
	static const uint8_t bytes[1514];
	char name[16];

	for (uint32_t i = 0; i < 2 * count; i++) {
		struct sim_wire_config wire = { .bits_per_second = 1000000000, .delay = MILLISECOND + i };
		if (i % 2 == 0) sim_add_wire(sim, &wire);
		snprintf(name, sizeof name, "m%u", i);
		mirror[i] = (struct mirror){ .node = { reflect, never }, .left = frames / count / 2 };
		mirror[i].end = sim_attach(sim, i / 2, sim_add_node(sim, &mirror[i].node, name));
	}
	double began = cpu_seconds();
	for (uint32_t i = 0; i < 2 * count; i++)
		for (int k = 0; k < 40; k++)
			link_send(mirror[i].end, 0, &(struct frame){ .data = { bytes, sizeof bytes } }, 1);
	sim_run(sim, NEVER);
	report("wires", sim, began);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "pair") == 0 && argc == 5) return pair(argv[2], argv[3], argv[4]);
	if (strcmp(what, "star") == 0 && argc == 4) return star((uint32_t)atoi(argv[2]), argv[3]);
	if (strcmp(what, "idle") == 0 && argc == 3) return idle((uint32_t)atoi(argv[2]));
	if (strcmp(what, "wires") == 0 && argc == 4) return wires((uint32_t)atoi(argv[2]), strtoull(argv[3], NULL, 10));
	fputs("usage: bench_sim pair RATE DELAY BYTES | star HOSTS BYTES | idle HOSTS | wires HOSTS FRAMES\n", stderr);
	return 64;
}
