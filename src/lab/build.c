/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "lab/build.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "lab/replay.h"
#include "wire/eth.h"

#define TURNS_MAX 100000         /* of a host at one instant: one that goes on so long never ends */
#define ROOMY_HOSTS_MAX 64       /* so many hosts get the rings of a workstation; more share the machine's memory */
#define FRAMES_OF_AN_END 2048    /* under way at once from an end: 1 MiB of queue and a long wire full */

/* ---- what programs write ---- */

static void keep_output(struct lab_run *run, struct bytes b)
{
	if (run->output_room - run->output.len < b.len + 1) {
		run->output_room = run->output_room * 2 + b.len + 1024;
		uint8_t *more = realloc((void *)(uintptr_t)run->output.at, run->output_room);
		assert(more != NULL);
		run->output.at = more;
	}
	uint8_t *end = (uint8_t *)(uintptr_t)run->output.at + run->output.len;
	memcpy(end, b.at, b.len);
	end[b.len] = '\0';
	run->output.len += b.len;
}

/* Hands on each whole line; with `all`, also one that is not. What is left stays in the buffer. */
static void say_lines(struct lab_sink *sink, struct bytes b, bool all)
{
	struct lab *lab = sink->lab;
	while (b.len > 0) {
		const uint8_t *newline = memchr(b.at, '\n', b.len);
		if (newline == NULL && !all) break;
		size_t len = newline ? (size_t)(newline - b.at) : b.len;
		if (lab->listener.line) lab->listener.line(lab->listener.self, sink->run, sink->is_error, bytes_first(b, len));
		b = bytes_skip(b, len + (newline != NULL));
	}
	memmove(sink->buffer, b.at, b.len);
	sink->text.len = b.len;
	sink->buffer[b.len] = '\0';
}

static void sink_drain(struct text *text, struct bytes b)
{
	struct lab_sink *sink = (struct lab_sink *)(void *)text;
	keep_output(&sink->lab->run[sink->run], b);
	say_lines(sink, b, true);
}

/* After a turn: the lines that are whole go out, in the order of the host's doings. */
static void sink_turn(struct lab_sink *sink, bool all)
{
	size_t whole = sink->text.len;
	if (!all) while (whole > 0 && sink->buffer[whole - 1] != '\n') whole--;
	if (whole == 0) return;
	keep_output(&sink->lab->run[sink->run], (struct bytes){ (uint8_t *)sink->buffer, whole });
	if (sink->lab->listener.line == NULL) all = true;
	say_lines(sink, (struct bytes){ (uint8_t *)sink->buffer, sink->text.len }, all);
}

static struct lab_sink *sink_new(struct lab *lab, uint32_t run, bool is_error)
{
	struct lab_sink *sink = arena_zeroed(&lab->arena, 1, sizeof *sink);
	assert(sink != NULL);
	*sink = (struct lab_sink){ .lab = lab, .run = run, .is_error = is_error };
	sink->text = text_in(sink->buffer, sizeof sink->buffer);
	sink->text.drain = sink_drain;
	return sink;
}

/* ---- a run's life ---- */

static struct lab_host *host_of(struct lab *lab, uint32_t run) { return &lab->host[lab->scenario->run[run].host]; }

static void run_ended(struct lab *lab, uint32_t number, int status)
{
	struct lab_run *run = &lab->run[number];
	run->ended = true;
	run->status = status;
	sink_turn(run->out, true);
	sink_turn(run->err, true);
	if (run->tool) memcpy(run->measure, run->tool->measure, sizeof run->measure);
	if (run->tool && run->tool->end) run->tool->end(run->tool);
	if (lab->scenario->run[number].scene != SCENARIO_NONE) lab->running--;
	if (run->tool) share_leave(&host_of(lab, number)->share, run->seat);
}

/* What TLS wants of a host is made when the first of its programs asks for it. */
static void lend_papers(struct lab *lab, struct lab_host *h, struct tool_env *env)
{
	if (lab->authority == NULL) {
		text_puts(env->err, "there is no TLS in this lab: its file has no 'certificates:'\n");
		return;
	}
	if (h->papers == NULL) {
		h->papers = calloc(1, sizeof *h->papers);
		assert(h->papers != NULL);
		papers_open(h->papers, lab->authority, h->number, &h->rng, env->err);
	}
	env->crypt = h->papers->crypt;
	env->trust = h->papers->trust;
	env->identity = h->papers->has_identity ? &h->papers->identity : NULL;
	env->keylog = &lab->keys.log;
}

static void lend(struct tool_env *env, enum tool_want want)
{
	struct lab_run *run = (struct lab_run *)(void *)((char *)env - offsetof(struct lab_run, env));
	struct lab *lab = run->out->lab;

	if (want == TOOL_WANT_CRYPT || want == TOOL_WANT_TRUST) lend_papers(lab, host_of(lab, run->out->run), env);
	if (want == TOOL_WANT_INPUT && lab->scenario->run[run->out->run].input != NULL) env->input = beside_adopt(&run->beside, SAID_ID);
}

static void open_tool(struct lab_host *h, uint32_t number)
{
	struct lab_run *run = &h->lab->run[number];
	const struct words *words = &h->lab->scenario->run[number].words;
	struct stack_counts before = stack_counts(h->stack);

	run->wanted = false;
	run->started = true;
	if (words->count > 0) run->tool = tool_open((int)words->count, words->word, &run->env);
	else run->tool = replay_open(&run->env, &h->lab->scenario->run[number].replay.to, run->heard);
	struct stack_counts after = stack_counts(h->stack);
	run->listeners = after.listeners - before.listeners;
	run->datagram_sockets = after.datagram_sockets - before.datagram_sockets;
	if (run->tool == NULL) run_ended(h->lab, number, run->env.status);
}

static void turn_run(struct lab_host *h, uint32_t number)
{
	struct lab_run *run = &h->lab->run[number];
	if (run->wanted) open_tool(h, number);
	if (run->tool == NULL || run->ended) return;
	if (run->stopping && run->tool->stop) run->tool->stop(run->tool);
	if (run->stopping && !run->tool->stop) run->tool->done = true;
	run->stopping = false;
	app_turn(run->env.net, run->tool->app);
	sink_turn(run->out, false);
	sink_turn(run->err, false);
	if (run->tool->done) run_ended(h->lab, number, run->tool->status);
}

void lab_start(struct lab *lab, uint32_t run)
{
	lab->run[run].wanted = true;
	if (lab->scenario->run[run].scene != SCENARIO_NONE) lab->running++;
	sim_poke(lab->sim, host_of(lab, run)->id);
}

void lab_stop(struct lab *lab, uint32_t run)
{
	if (!lab->run[run].started || lab->run[run].ended) return;
	lab->run[run].stopping = true;
	sim_poke(lab->sim, host_of(lab, run)->id);
}

void lab_drop(struct lab *lab, uint32_t run)
{
	if (!lab->run[run].started || lab->run[run].ended) return;
	run_ended(lab, run, lab->run[run].tool ? lab->run[run].tool->status : TOOL_FAILED);
	sim_poke(lab->sim, host_of(lab, run)->id);
}

/* ---- a host's turn ---- */

static void step(struct sim_node *self, instant now)
{
	struct lab_host *h = (struct lab_host *)(void *)self;
	unsigned turns = 0;

	do {
		stack_step(h->stack, now);
		do {
			for (uint32_t i = 0; i < h->seats; i++) turn_run(h, h->run[i]);
		} while (share_pending(&h->share) && ++turns < TURNS_MAX);
	} while (stack_deadline(h->stack) <= now && ++turns < TURNS_MAX);
	assert(turns < TURNS_MAX);
	if (h->lab->listener.stepped) h->lab->listener.stepped(h->lab->listener.self, h, now);
}

static instant deadline(const struct sim_node *self)
{
	return stack_deadline(((const struct lab_host *)(const void *)self)->stack);
}

/* ---- building ---- */

static uint32_t runs_on(const struct scenario *s, uint32_t host)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < s->runs; i++) count += s->run[i].host == host && scenario_run_is_program(&s->run[i]);
	return count;
}

static struct stack_limits limits_of(const struct scenario *s, const struct scenario_host *host)
{
	struct stack_limits limits = s->hosts <= ROOMY_HOSTS_MAX ? stack_limits_host : stack_limits_small;
	size_t addresses = host->interfaces; /* a link-local one each */
	for (size_t i = 0; i < host->interfaces; i++) addresses += host->interface[i].addresses;
	limits.interfaces_max = (uint16_t)size_max(limits.interfaces_max, host->interfaces);
	limits.addresses_max = (uint16_t)size_max(limits.addresses_max, addresses);
	limits.routes_max = (uint16_t)size_max(limits.routes_max, host->routes + 2 * addresses);
	limits.neighbours_max = (uint16_t)size_max(limits.neighbours_max, s->hosts <= ROOMY_HOSTS_MAX ? 64 : 8);
	if (host->forward && s->hosts > ROOMY_HOSTS_MAX)
		limits.neighbours_max = (uint16_t)size_max(limits.neighbours_max, 2 * (size_t)s->hosts);
	if (runs_on(s, (uint32_t)(host - s->host)) > 0) { /* a resolver takes a socket a question */
		limits.sockets_max = (uint16_t)size_max(limits.sockets_max, 64);
		limits.connections_max = (uint32_t)size_max(limits.connections_max, 64);
	}
	return limits;
}

static uint32_t owners_of(const struct stack_limits *limits) { return limits->sockets_max + limits->connections_max; }

static struct sim_limits sim_limits_of(const struct scenario *s)
{
	struct sim_limits limits = { .nodes_max = s->hosts, .wires_max = s->links + 1, .frame_bytes_max = ETH_HEADER_BYTES + ETH_MTU };
	for (uint32_t i = 0; i < s->hosts; i++) limits.ends_max += (uint32_t)s->host[i].interfaces;
	for (uint32_t i = 0; i < s->links; i++)
		limits.frame_bytes_max = (uint32_t)size_max(limits.frame_bytes_max, ETH_HEADER_BYTES + (size_t)s->link[i].wire.mtu);
	limits.frames_max = (uint32_t)size_min((size_t)limits.ends_max * FRAMES_OF_AN_END, 1u << 18) + FRAMES_OF_AN_END;
	return limits;
}

/* Everything the lab will ever take, so that it can be mapped at once. */
static size_t lab_size(const struct scenario *s)
{
	struct sim_limits limits = sim_limits_of(s);
	size_t size = arena_cost(sim_size(&limits)) + arena_cost(s->hosts * sizeof(struct lab_host)) +
	              arena_cost(s->links * sizeof(sim_wire_id)) + arena_cost(limits.ends_max * sizeof(struct lab_end)) + arena_cost(s->runs * sizeof(struct lab_run));
	for (uint32_t i = 0; i < s->hosts; i++) {
		struct stack_limits stack = limits_of(s, &s->host[i]);
		size += arena_cost(stack_size(&stack)) + arena_cost(s->host[i].interfaces * sizeof(struct link *)) +
		        arena_cost(share_size(owners_of(&stack))) +
		        2 * arena_cost(runs_on(s, i) * (sizeof(struct share_seat) + sizeof(uint32_t)));
	}
	for (uint32_t i = 0; i < s->runs; i++)
		size += arena_cost(TOOL_MEMORY_BYTES) + 2 * arena_cost(sizeof(struct lab_sink));
	return size + 4096;
}

static void *take(struct lab *lab, size_t count, size_t size)
{
	void *at = arena_take(&lab->arena, count * size); /* mapped memory is zero */
	assert(at != NULL);
	return at;
}

static void build_run(struct lab *lab, struct lab_host *h, uint32_t number)
{
	struct lab_run *run = &lab->run[number];
	const struct scenario *s = lab->scenario;

	run->seat = h->seats++;
	h->run[run->seat] = number;
	run->out = sink_new(lab, number, false);
	run->err = sink_new(lab, number, true);
	arena_init(&run->memory, (struct room){ take(lab, 1, TOOL_MEMORY_BYTES), TOOL_MEMORY_BYTES });
	rng_fork(&run->rng, &h->rng, "program", number);
	run->env = (struct tool_env){
		.memory = &run->memory, .out = &run->out->text, .err = &run->err->text, .files = lab->files, .rng = &run->rng,
		.trace = &h->trace, .want = lend,
		.servers_count = h->config->servers, .server_port = 53, .date = s->date, .date_at = 0, .status = TOOL_FAILED,
	};
	memcpy(run->env.servers, h->config->server, h->config->servers * sizeof *h->config->server);
}

static void build_stack(struct lab *lab, struct lab_host *h, const struct stack_limits *limits)
{
	size_t size = stack_size(limits);
	struct stack_config config = { .rng = &h->rng, .forward = h->config->forward, .trace = &h->trace };

	h->stack = stack_init((struct room){ take(lab, 1, size), size }, limits, &config);
	for (size_t i = 0; i < h->config->interfaces; i++) {
		const struct scenario_interface *in = &h->config->interface[i];
		uint16_t number = stack_attach(h->stack, h->end[i], in->mac);
		assert(number == i + 1);
		for (size_t a = 0; a < in->addresses; a++) {
			bool added = stack_add_address(h->stack, number, in->address[a]);
			assert(added);
		}
	}
	for (size_t i = 0; i < h->config->routes; i++) {
		bool added = stack_add_route(h->stack, h->config->route[i].to, h->config->route[i].gateway, 0);
		assert(added);
	}
}

static void give_net(struct lab_run *run, struct net *seat, const char *input)
{
	run->env.net = seat;
	if (input == NULL) return;
	said_init(&run->said, bytes_of(input));
	beside_init(&run->beside, seat, &run->said.net);
	run->env.net = beside_net(&run->beside);
}

static void build_host(struct lab *lab, uint32_t number)
{
	struct lab_host *h = &lab->host[number];
	const struct scenario *s = lab->scenario;
	struct stack_limits limits = limits_of(s, h->config);
	uint32_t seats = runs_on(s, number);
	size_t share_bytes = share_size(owners_of(&limits));

	build_stack(lab, h, &limits);
	h->seat = take(lab, seats, sizeof *h->seat);
	h->run = take(lab, seats, sizeof *h->run);
	for (uint32_t i = 0; i < s->runs; i++)
		if (s->run[i].host == number && scenario_run_is_program(&s->run[i])) build_run(lab, h, i);
	share_init(&h->share, stack_net(h->stack), h->seat, seats, (struct room){ take(lab, 1, share_bytes), share_bytes },
	           owners_of(&limits));
	for (uint32_t i = 0; i < seats; i++) give_net(&lab->run[h->run[i]], share_seat(&h->share, i), s->run[h->run[i]].input);
}

static void build_wires(struct lab *lab)
{
	const struct scenario *s = lab->scenario;
	for (uint32_t i = 0; i < s->links; i++) lab->wire[i] = sim_add_wire(lab->sim, &s->link[i].wire);
}

static void attach(struct lab *lab, uint32_t number)
{
	struct lab_host *h = &lab->host[number];
	h->end = take(lab, h->config->interfaces, sizeof(struct link *));
	for (size_t i = 0; i < h->config->interfaces; i++) {
		uint32_t link = h->config->interface[i].link;
		h->end[i] = sim_attach(lab->sim, lab->wire[link], h->id);
		lab->end[lab->ends++] = (struct lab_end){ number, (uint32_t)i, link };
	}
}

static void build_hosts(struct lab *lab, uint64_t seed, uint32_t left_out, struct sim_node *in_its_place)
{
	const struct scenario *s = lab->scenario;
	struct rng all;

	rng_init_number(&all, seed);
	for (uint32_t i = 0; i < s->hosts; i++) {
		struct lab_host *h = &lab->host[i];
		*h = (struct lab_host){ .node = { step, deadline }, .lab = lab, .config = &s->host[i], .number = i };
		rng_fork(&h->rng, &all, h->config->name, 0);
		h->id = sim_add_node(lab->sim, i == left_out ? in_its_place : &h->node, h->config->name);
		attach(lab, i);
		if (i != left_out) build_host(lab, i);
	}
}

static void keep_keys(struct text *text, struct bytes b)
{
	struct lab_keys *k = (struct lab_keys *)(void *)((char *)text - offsetof(struct lab_keys, text));
	if (k->lines_room - k->lines.len < b.len) {
		k->lines_room = k->lines_room * 2 + b.len + 1024;
		uint8_t *more = realloc((void *)(uintptr_t)k->lines.at, k->lines_room);
		assert(more != NULL);
		k->lines.at = more;
	}
	memcpy((uint8_t *)(uintptr_t)k->lines.at + k->lines.len, b.at, b.len);
	k->lines.len += b.len;
}

struct bytes lab_key_lines(struct lab *lab)
{
	if (lab->keys.text.drain != NULL) text_flush(&lab->keys.text);
	return lab->keys.lines;
}

static bool build_authority(struct lab *lab, uint64_t seed, struct text *err)
{
	struct lab_keys *k = &lab->keys;
	if (!lab->scenario->has_authority) return true;
	k->text = text_in(k->buffer, sizeof k->buffer);
	k->text.drain = keep_keys;
	k->log = (struct tls_keylog){ .lines = &k->text };
	lab->authority = authority_open(lab->scenario, seed, err);
	return lab->authority != NULL;
}

struct lab *lab_build(const struct scenario *s, struct files *files, uint64_t seed, uint32_t left_out,
                      struct sim_node *in_its_place, struct text *err)
{
	struct lab *lab = calloc(1, sizeof *lab);
	struct sim_limits limits = sim_limits_of(s);
	size_t size = lab_size(s), sim_bytes = sim_size(&limits);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (lab == NULL || memory == MAP_FAILED) {
		text_puts(err, "no memory for so many hosts");
		free(lab);
		return NULL;
	}
	lab->memory = (struct room){ memory, size };
	lab->scenario = s;
	lab->files = files;
	arena_init(&lab->arena, lab->memory);
	lab->sim = sim_init((struct room){ take(lab, 1, sim_bytes), sim_bytes }, &limits, seed);
	lab->host = take(lab, s->hosts, sizeof *lab->host);
	lab->wire = take(lab, s->links, sizeof *lab->wire);
	lab->end = take(lab, limits.ends_max, sizeof *lab->end);
	lab->run = take(lab, s->runs, sizeof *lab->run);
	build_wires(lab);
	build_hosts(lab, seed, left_out, in_its_place);
	if (build_authority(lab, seed, err)) return lab;
	lab_free(lab);
	return NULL;
}

void lab_free(struct lab *lab)
{
	for (uint32_t i = 0; i < lab->scenario->runs; i++) {
		struct lab_run *run = &lab->run[i];
		if (run->tool && !run->ended && run->tool->end) run->tool->end(run->tool);
		free((void *)(uintptr_t)run->output.at);
		free((void *)(uintptr_t)run->heard.at);
	}
	for (uint32_t i = 0; i < lab->scenario->hosts; i++) {
		if (lab->host[i].papers) papers_close(lab->host[i].papers);
		free(lab->host[i].papers);
	}
	meddle_disarm(&lab->meddle);
	authority_close(lab->authority);
	free((void *)(uintptr_t)lab->keys.lines.at);
	munmap(lab->memory.at, lab->memory.len);
	free(lab);
}

static void flip_a_bit(struct lab *lab, const struct scenario_fault *f)
{
	struct link *ends[MEDDLE_ENDS_MAX];
	size_t count = 0;
	for (uint32_t i = 0; i < lab->ends && count < MEDDLE_ENDS_MAX; i++)
		if (lab->end[i].link == f->link) ends[count++] = lab->host[lab->end[i].host].end[lab->end[i].interface];
	meddle_arm(&lab->meddle, ends, count, f->filter);
}

void lab_fault(struct lab *lab, const struct scenario_fault *f)
{
	bool cut = f->kind == FAULT_CUT;
	if (f->kind == FAULT_FLIP) flip_a_bit(lab, f);
	else if (f->kind == FAULT_CHANGE) sim_set_wire(lab->sim, lab->wire[f->link], &f->wire);
	else if (f->link != SCENARIO_NONE) sim_cut_wire(lab->sim, lab->wire[f->link], cut);
	else sim_cut_node(lab->sim, lab->host[f->host].id, cut);
}
