/* SPDX-License-Identifier: ISC */
#include "lab/play.h"

#include <stdlib.h>

#include "lab/replay.h"
#include "proto/tcp/tcp.h"

#define STEPS_A_TICK 4096

enum action_kind { DO_FAULT, DO_START, DO_STOP }; /* at the same instant in this order */
struct action { instant at; enum action_kind kind; uint32_t index; };

/* ---- what is written down ---- */

static void add_moment(struct story *s, instant at, enum story_kind kind, size_t index)
{
	s->moment = story_grow(s->moment, s->moments, &s->moment_room, sizeof *s->moment);
	s->moment[s->moments++] = (struct story_moment){ at, kind, index };
}

static void on_frame(struct sim_watch *watch, instant at, sim_wire_id wire, uint32_t end, const struct frame *f,
                     enum sim_fate fate)
{
	(void)wire; /* the end knows its link */
	struct play *p = (struct play *)(void *)((char *)watch - offsetof(struct play, watch));
	struct story *s = p->story;
	struct captured frame = { .at = at, .arrives_at = sim_arrives_at(p->lab->sim), .data = f->data, .story = f->story,
	                          .link = p->lab->end[end].link, .end = end, .fate = fate };
	size_t before = s->capture.count;
	struct bytes keys = lab_key_lines(p->lab);

	capture_add(&s->capture, &frame);
	if (s->capture.count > before) add_moment(s, at, STORY_PACKET, before);
	if (p->record) {
		record_secrets(p->record, keys); /* ahead of the packet that needs them */
		record_frame(p->record, &frame);
	}
}

static void on_line(void *self, uint32_t run, bool is_error, struct bytes line)
{
	struct play *p = self;
	struct story *s = p->story;
	char *text = malloc(line.len + 1);

	assert(text != NULL);
	memcpy(text, line.at, line.len);
	text[line.len] = '\0';
	s->line = story_grow(s->line, s->lines, &s->line_room, sizeof *s->line);
	s->line[s->lines] = (struct story_line){ run, is_error, text };
	add_moment(s, sim_now(p->lab->sim), STORY_LINE, s->lines++);
}

/* The flow with these ends in this scene, made if it is new. */
static uint32_t flow_of(struct story *s, uint32_t scene, uint32_t host, const struct addr *local, const struct addr *remote)
{
	for (size_t i = s->flows; i-- > 0 && s->flow[i].scene == scene;)
		if (s->flow[i].host == host && addr_equal(&s->flow[i].local, local) && addr_equal(&s->flow[i].remote, remote))
			return (uint32_t)i;
	s->flow = story_grow(s->flow, s->flows, &s->flow_room, sizeof *s->flow);
	s->flow[s->flows] = (struct story_flow){ host, *local, *remote, 0, 0, scene };
	return (uint32_t)s->flows++;
}

static void sample_windows(struct play *p, struct lab_host *h, instant now)
{
	struct story *s = p->story;
	struct addr local, remote;
	const struct tcp *t = NULL;

	while ((t = stack_next_connection(h->stack, t, &local, &remote))) {
		if (t->state < TCP_ESTABLISHED) continue;
		uint32_t which = flow_of(s, p->scene, h->number, &local, &remote);
		struct story_flow *flow = &s->flow[which];
		if (flow->cwnd == t->cc.cwnd && flow->ssthresh == t->cc.ssthresh) continue;
		flow->cwnd = t->cc.cwnd;
		flow->ssthresh = t->cc.ssthresh;
		s->sample = story_grow(s->sample, s->samples, &s->sample_room, sizeof *s->sample);
		s->sample[s->samples++] = (struct story_sample){ now, which, flow->cwnd, flow->ssthresh };
	}
}

static void on_step(void *self, struct lab_host *h, instant now)
{
	struct play *p = self;
	if (p->scene == SCENARIO_NONE) return;
	const struct scenario_scene *scene = &p->story->scenario->scene[p->scene];
	struct stack_counts counts = stack_counts(h->stack), *peak = &p->story->scene[p->scene].peak[h->number];


	if (counts.connections > peak->connections) peak->connections = counts.connections;
	if (counts.listeners > peak->listeners) peak->listeners = counts.listeners;
	if (counts.datagram_sockets > peak->datagram_sockets) peak->datagram_sockets = counts.datagram_sockets;
	for (size_t i = 0; i < scene->plots; i++)
		if (scene->plot[i] == h->number) sample_windows(p, h, now);
}

/* ---- what is done ---- */

static int by_time(const void *a, const void *b)
{
	const struct action *x = a, *y = b;
	if (x->at != y->at) return x->at < y->at ? -1 : 1;
	if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static struct action *list_actions(const struct scenario *s, const struct scenario_scene *scene, instant began, size_t *count)
{
	struct action *list = calloc(scene->faults + 2 * (size_t)scene->runs + 1, sizeof *list);
	size_t n = 0;

	assert(list != NULL);
	for (size_t i = 0; i < scene->faults; i++)
		list[n++] = (struct action){ instant_after(began, scene->fault[i].at), DO_FAULT, (uint32_t)i };
	for (uint32_t i = scene->first_run; i < scene->first_run + scene->runs; i++) {
		list[n++] = (struct action){ instant_after(began, s->run[i].at), DO_START, i };
		if (s->run[i].stop_at != NEVER) list[n++] = (struct action){ instant_after(began, s->run[i].stop_at), DO_STOP, i };
	}
	qsort(list, n, sizeof *list, by_time);
	*count = n;
	return list;
}

static void do_fault(struct play *p, const struct scenario_fault *fault)
{
	struct story *s = p->story;
	s->fault = story_grow(s->fault, s->faults, &s->fault_room, sizeof *s->fault);
	s->fault[s->faults] = fault;
	add_moment(s, sim_now(p->lab->sim), STORY_FAULT, s->faults++);
	lab_fault(p->lab, fault);
}

static void do_start(struct play *p, uint32_t run)
{
	const struct scenario_run *config = &p->story->scenario->run[run];
	struct story *s = p->story;

	add_moment(s, sim_now(p->lab->sim), STORY_START, run);
	if (config->replay.filter) p->lab->run[run].heard = replay_find(s, s->scene[p->scene].packets.from, config->replay.filter);
	if (scenario_run_is_program(config)) lab_start(p->lab, run);
	else lab_inject(p->lab, run);
}

static void do_action(struct play *p, const struct action *a)
{
	if (a->kind == DO_FAULT) do_fault(p, &p->story->scenario->scene[p->scene].fault[a->index]);
	else if (a->kind == DO_START) do_start(p, a->index);
	else lab_stop(p->lab, a->index);
}

static void pass_time(struct play *p, instant until, bool stop_when_idle)
{
	unsigned steps = 0;
	for (;;) {
		uint32_t running = p->lab->running;
		if (!sim_step(p->lab->sim, until)) break;
		if (++steps % STEPS_A_TICK == 0 && p->tick) p->tick(p->self);
		if (stop_when_idle && running > 0 && p->lab->running == 0) return;
	}
	sim_run(p->lab->sim, until);
}

/* The whole run's faults go by the whole run's clock. */
static instant next_fault_at(const struct play *p)
{
	return p->next_fault < p->story->scenario->faults ? p->fault[p->next_fault]->at : NEVER;
}

static instant whole_second(instant at) { return (at + SECOND - 1) / SECOND * SECOND; }

/* Until every action is done and its runs have ended, or the scene's time is over. */
static void play_actions(struct play *p, const struct action *action, size_t actions, instant end_at, bool fixed)
{
	struct sim *sim = p->lab->sim;
	size_t done = 0;

	for (;;) {
		instant now = sim_now(sim);
		while (done < actions && action[done].at <= now) do_action(p, &action[done++]);
		while (next_fault_at(p) <= now) do_fault(p, p->fault[p->next_fault++]);
		bool idle = done == actions && !fixed && p->lab->running == 0;
		if (idle || now >= end_at) return;
		instant until = instant_min(end_at, next_fault_at(p));
		if (done < actions) until = instant_min(until, action[done].at);
		else if (!fixed && sim_next_at(sim) == NEVER) return; /* what still runs waits for nothing */
		pass_time(p, until, !fixed);
	}
}

/* Whatever still runs is asked to stop, then dropped. */
static void close_runs(struct play *p, const struct scenario_scene *scene)
{
	for (uint32_t i = scene->first_run; i < scene->first_run + scene->runs; i++) lab_stop(p->lab, i);
	if (p->lab->running > 0) pass_time(p, instant_after(sim_now(p->lab->sim), PLAY_CLOSE_FOR), true);
	for (uint32_t i = scene->first_run; i < scene->first_run + scene->runs; i++) lab_drop(p->lab, i);
}

static void note_drops(struct play *p, struct drops **at)
{
	uint32_t hosts = p->story->scenario->hosts;
	*at = calloc(hosts, sizeof **at);
	assert(*at != NULL);
	for (uint32_t i = 0; i < hosts; i++)
		if (p->lab->host[i].stack) (*at)[i] = *stack_drops(p->lab->host[i].stack);
}

static void begin(struct play *p, struct story_scene *scene)
{
	struct story *s = p->story;
	scene->began = sim_now(p->lab->sim);
	scene->packets.from = s->capture.count;
	scene->moments.from = s->moments;
	scene->samples.from = s->samples;
	scene->peak = calloc(s->scenario->hosts, sizeof *scene->peak);
	scene->first = calloc(s->scenario->hosts, sizeof *scene->first);
	assert(scene->peak != NULL && scene->first != NULL);
	for (uint32_t i = 0; i < s->scenario->hosts; i++)
		if (p->lab->host[i].stack) scene->first[i] = stack_counts(p->lab->host[i].stack);
	note_drops(p, &scene->before);
}

static void end(struct play *p, struct story_scene *scene)
{
	struct story *s = p->story;
	scene->ended = sim_now(p->lab->sim);
	scene->packets.to = s->capture.count;
	scene->moments.to = s->moments;
	scene->samples.to = s->samples;
	scene->played = true;
	note_drops(p, &scene->after);
}

void play_scene(struct play *p, uint32_t number)
{
	struct story_scene *scene = &p->story->scene[number];
	const struct scenario_scene *config = &p->story->scenario->scene[number];
	struct sim *sim = p->lab->sim;
	size_t actions;

	p->scene = number;
	scene->config = config;
	begin(p, scene);
	struct action *action = list_actions(p->story->scenario, config, scene->began, &actions);
	bool fixed = config->lasts > 0;
	play_actions(p, action, actions, instant_after(scene->began, fixed ? config->lasts : PLAY_SCENE_MAX), fixed);
	free(action);
	close_runs(p, config);
	pass_time(p, whole_second(instant_after(sim_now(sim), fixed ? 0 : PLAY_LINGER)), false);
	end(p, scene);
}

static int by_at(const void *a, const void *b)
{
	const struct scenario_fault *const *x = a, *const *y = b;
	if ((*x)->at != (*y)->at) return (*x)->at < (*y)->at ? -1 : 1;
	return *x < *y ? -1 : *x > *y; /* both in one array: the order of the file */
}

void play_init(struct play *p, struct story *story, struct lab *lab, struct record *record)
{
	const struct scenario *s = story->scenario;
	*p = (struct play){ .story = story, .lab = lab, .record = record, .watch = { on_frame }, .scene = SCENARIO_NONE };
	p->fault = calloc(s->faults + 1, sizeof *p->fault);
	story->scene = calloc(s->scenes + 1, sizeof *story->scene);
	assert(p->fault != NULL && story->scene != NULL);
	for (size_t i = 0; i < s->faults; i++) p->fault[i] = &s->fault[i];
	qsort(p->fault, s->faults, sizeof *p->fault, by_at);
	lab->listener = (struct lab_listener){ .line = on_line, .stepped = on_step, .self = p };
	sim_set_watch(lab->sim, &p->watch);
	note_drops(p, &story->scene[s->scenes].before);
	for (uint32_t i = 0; i < s->programs; i++) lab_start(lab, i);
	if (s->scenes > 0) pass_time(p, PLAY_SETTLE, false);
}

void play_end(struct play *p)
{
	const struct scenario *s = p->story->scenario;
	struct story_scene *whole = &p->story->scene[s->scenes];
	end(p, whole);
	sim_set_watch(p->lab->sim, NULL);
	p->lab->listener = (struct lab_listener){ 0 };
	free(p->fault);
}
