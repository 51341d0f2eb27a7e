/* SPDX-License-Identifier: ISC */
#include "sim/sim.h"

#include "sim/wire.h"

size_t sim_size(const struct sim_limits *l)
{
	return arena_cost(sizeof(struct sim)) + arena_cost(l->nodes_max * sizeof(struct host)) +
	       arena_cost(l->wires_max * sizeof(struct wire)) + arena_cost(l->ends_max * sizeof(struct end)) +
	       arena_cost(l->nodes_max * sizeof(struct heap_item)) + arena_cost(l->nodes_max * sizeof(uint32_t)) +
	       flights_size(l->frames_max, l->frame_bytes_max, 2 * l->ends_max);
}

struct sim *sim_init(struct room zeroed, const struct sim_limits *limits, uint64_t seed)
{
	struct arena arena;

	assert(limits->nodes_max <= NODES_MAX);
	arena_init(&arena, zeroed);
	struct sim *sim = arena_take(&arena, sizeof *sim);
	assert(sim != NULL);
	sim->limits = *limits;
	sim->host = arena_take(&arena, limits->nodes_max * sizeof *sim->host);
	sim->wire = arena_take(&arena, limits->wires_max * sizeof *sim->wire);
	sim->end = arena_take(&arena, limits->ends_max * sizeof *sim->end);
	struct heap_item *items = arena_take(&arena, limits->nodes_max * sizeof *items);
	uint32_t *places = arena_take(&arena, limits->nodes_max * sizeof *places);
	assert(sim->host != NULL && sim->wire != NULL && sim->end != NULL && items != NULL && places != NULL);
	heap_init(&sim->due, items, places, limits->nodes_max);
	flights_init(&sim->flights, &arena, limits->frames_max, limits->frame_bytes_max, 2 * limits->ends_max);
	rng_init_number(&sim->root, seed);
	sim->arrives_at = NEVER;
	sim->holding = NO_END;
	return sim;
}

sim_node_id sim_add_node(struct sim *sim, struct sim_node *node, const char *name)
{
	assert(sim->hosts_count < sim->limits.nodes_max);
	sim_node_id id = sim->hosts_count++;
	struct host *host = &sim->host[id];

	host->node = node;
	rng_fork(&host->chance, &sim->root, name, 0);
	rng_fork(&host->faults, &sim->root, name, 1);
	heap_set(&sim->due, id, sim->now);
	return id;
}

struct rng *sim_node_chance(struct sim *sim, sim_node_id id)
{
	assert(id < sim->hosts_count);
	return &sim->host[id].chance;
}

sim_wire_id sim_add_wire(struct sim *sim, const struct sim_wire_config *config)
{
	assert(sim->wires_count < sim->limits.wires_max);
	struct wire *wire = &sim->wire[sim->wires_count];

	wire->first_end = wire->last_end = NO_END;
	wire_configure(sim, wire, config);
	return sim->wires_count++;
}

struct link *sim_attach(struct sim *sim, sim_wire_id wire_id, sim_node_id node)
{
	assert(wire_id < sim->wires_count && node < sim->hosts_count && sim->ends_count < sim->limits.ends_max);
	struct wire *wire = &sim->wire[wire_id];
	uint32_t number = sim->ends_count++;

	sim->end[number] = (struct end){ .link = { .ops = &wire_end_ops, .mtu = wire->config.mtu, .tells = true }, .sim = sim, .wire = wire_id,
	                                 .host = node, .number = number, .next_on_wire = NO_END };
	if (wire->ends++ == 0) wire->first_end = number;
	else sim->end[wire->last_end].next_on_wire = number;
	wire->last_end = number;
	return &sim->end[number].link;
}

uint32_t sim_wire_ends(const struct sim *sim, sim_wire_id wire)
{
	assert(wire < sim->wires_count);
	return sim->wire[wire].ends;
}

void sim_set_wire(struct sim *sim, sim_wire_id wire, const struct sim_wire_config *config)
{
	assert(wire < sim->wires_count);
	wire_configure(sim, &sim->wire[wire], config);
}

void sim_cut_wire(struct sim *sim, sim_wire_id wire, bool cut)
{
	assert(wire < sim->wires_count);
	sim->wire[wire].cut = cut;
}

void sim_cut_node(struct sim *sim, sim_node_id node, bool cut)
{
	assert(node < sim->hosts_count);
	sim->cut_count += cut - sim->host[node].cut;
	sim->host[node].cut = cut;
	for (uint32_t e = 0; cut && e < sim->ends_count; e++)
		if (sim->end[e].host == node) wire_forget(sim, &sim->end[e]);
}

void sim_set_watch(struct sim *sim, struct sim_watch *watch) { sim->watch = watch; }
instant sim_arrives_at(const struct sim *sim) { return sim->arrives_at; }
instant sim_now(const struct sim *sim) { return sim->now; }
struct sim_counts sim_counts(const struct sim *sim) { return sim->counts; }

instant sim_next_at(const struct sim *sim)
{
	return instant_min(flights_next_at(&sim->flights), heap_first_at(&sim->due));
}

void sim_poke(struct sim *sim, sim_node_id node)
{
	assert(node < sim->hosts_count);
	heap_set(&sim->due, node, sim->now);
}

static void step_first(struct sim *sim)
{
	uint32_t id = 0;
	bool due = heap_due(&sim->due, sim->now, &id);
	assert(due);
	struct host *host = &sim->host[id];
	uint32_t waited = host->waiting;

	host->node->step(host->node, sim->now);
	wire_let_go(sim);
	instant at = host->node->deadline(host->node);
	assert(at > sim->now); /* the law of the deadline: it would be stepped for ever */
	if (host->waiting > 0 && host->waiting < waited) at = sim->now;
	heap_set(&sim->due, id, at);
}

bool sim_step(struct sim *sim, instant until)
{
	instant arrival = flights_next_at(&sim->flights), due = heap_first_at(&sim->due);
	instant next = instant_min(arrival, due);

	if (next == NEVER || next > until) return false;
	assert(next >= sim->now);
	sim->now = next;
	sim->counts.events++;
	if (arrival <= due) wire_arrive(sim);
	else step_first(sim);
	return true;
}

void sim_run(struct sim *sim, instant until)
{
	while (sim_step(sim, until)) {}
	if (until != NEVER) sim->now = instant_max(sim->now, until);
}

const char *sim_fate_words(enum sim_fate fate)
{
	static const char *const words[] = {
		[SIM_DELIVERED] = "delivered", [SIM_LOST] = "lost on the wire", [SIM_DUPLICATED] = "duplicated on the wire",
		[SIM_REORDERED] = "held up on the wire", [SIM_CORRUPTED] = "corrupted on the wire",
		[SIM_QUEUE_FULL] = "dropped: the queue is full", [SIM_NO_BUFFER] = "dropped: no buffer is free",
		[SIM_TOO_BIG] = "dropped: larger than the wire takes", [SIM_CUT] = "lost: the wire is cut",
	};
	static_assert(COUNT(words) == SIM_CUT + 1, "words for every fate");
	assert(fate < COUNT(words));
	return words[fate];
}
