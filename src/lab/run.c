/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "lab/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lab/expect.h"
#include "lab/play.h"
#include "lab/report.h"
#include "lab/table.h"
#include "lab/tell.h"

#define FLOWS_BYTES (4u << 20)     /* what the printer remembers of connections */
#define PROGRESS_AFTER SECOND      /* of real time */
#define PROGRESS_EVERY (SECOND / 5)

struct run {
	const struct run_config *config;
	struct story story;
	struct lab *lab;
	struct record record;
	struct play play;
	struct tell tell;
	struct arena flows;
	struct table table;
	instant began, told_at;        /* by the real clock */
	uint32_t expected, held;
	bool program_failed;
};

/* ---- how far it is ---- */

static instant real_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (instant)t.tv_sec * SECOND + t.tv_nsec;
}

static void on_tick(void *self)
{
	struct run *r = self;
	instant now = real_now();
	if (now - r->began < PROGRESS_AFTER || now - r->told_at < PROGRESS_EVERY) return;
	r->told_at = now;
	fprintf(stderr, "\r\033[Kscene %u of %u, %.1f s on the virtual clock, %zu packets", r->play.scene + 1,
	        r->config->scenario->scenes, (double)sim_now(r->lab->sim) / SECOND, r->story.capture.count);
}

static void wipe_progress(struct run *r)
{
	if (r->told_at != 0) fputs("\r\033[K", stderr);
	r->told_at = 0;
}

/* ---- what is expected ---- */

static void check(struct run *r, struct story_scene *scene, const struct expectation *e, size_t count)
{
	scene->verdict = calloc(count + 1, sizeof *scene->verdict);
	assert(scene->verdict != NULL);
	scene->verdicts = count;
	for (size_t i = 0; i < count; i++) {
		expect_check(&r->story, scene, &e[i], &scene->verdict[i]);
		r->expected++;
		r->held += scene->verdict[i].holds;
	}
}

/* A program of the scenario that could not be started, or ended badly, is nobody's expectation. */
static void check_programs(struct run *r)
{
	const struct scenario *s = r->config->scenario;
	for (uint32_t i = 0; i < s->programs; i++) {
		const struct lab_run *run = &r->lab->run[i];
		if (!run->ended || run->status == 0) continue;
		text_printf(r->config->err, "%s:%u:%u: '%s' at %s ended with status %d: %.300s", r->config->path, s->run[i].place.line,
		            s->run[i].place.column, s->run[i].words.line, s->host[s->run[i].host].name, run->status,
		            run->output.at ? (const char *)run->output.at : "\n");
		r->program_failed = true;
	}
}

/* ---- files ---- */

static bool cannot_write(struct run *r, const char *path, int error)
{
	wipe_progress(r);
	text_printf(r->config->err, "tulle: cannot write %s: %s\n", path, strerror(error));
	return false;
}

static bool open_record(struct run *r)
{
	struct outlet *o = r->config->outlet;
	if (o == NULL) return true;
	int fd = outlet_make(o, OUTLET_CAPTURE);
	if (fd < 0) return cannot_write(r, o->path[OUTLET_CAPTURE], errno);
	if (record_open(&r->record, fd, r->lab, r->config->seed)) return true;
	record_close(&r->record);
	return cannot_write(r, o->path[OUTLET_CAPTURE], r->record.error);
}

static bool close_files(struct run *r)
{
	struct outlet *o = r->config->outlet;
	int error = 0;
	if (o == NULL) return true;
	if (!record_close(&r->record)) return cannot_write(r, o->path[OUTLET_CAPTURE], r->record.error);
	int fd = outlet_make(o, OUTLET_PAGE);
	if (fd < 0) return cannot_write(r, o->path[OUTLET_PAGE], errno);
	if (report_write(&r->story, &r->table, fd, &error)) return true;
	outlet_discard(o, OUTLET_PAGE); /* half a page is none */
	return cannot_write(r, o->path[OUTLET_PAGE], error);
}

/* ---- the run ---- */

static void tell(struct run *r, uint32_t scene)
{
	const struct run_config *c = r->config;
	wipe_progress(r);
	if (c->scene != SCENARIO_NONE && c->scene != scene) return;
	if (!c->quiet) tell_scene(&r->tell, scene);
	else tell_verdicts(&r->tell, &r->story.scene[scene], true);
	text_flush(c->to);
}

static void play_all(struct run *r)
{
	const struct scenario *s = r->config->scenario;
	for (uint32_t i = 0; i < s->scenes; i++) {
		play_scene(&r->play, i);
		check(r, &r->story.scene[i], s->scene[i].expect, s->scene[i].expects);
		tell(r, i);
		if (r->config->scene == i) break;
	}
	play_end(&r->play);
}

static void tell_whole(struct run *r)
{
	const struct run_config *c = r->config;
	struct story_scene *whole = &r->story.scene[c->scenario->scenes];
	if (c->scene != SCENARIO_NONE) return;
	check(r, whole, c->scenario->expect, c->scenario->expects);
	if (c->scenario->table.wanted) {
		table_measure(&r->story, &r->table);
		if (!c->quiet) table_print(&r->table, c->to);
	}
	tell_verdicts(&r->tell, whole, c->quiet);
}

static void tell_end(struct run *r)
{
	const struct run_config *c = r->config;
	text_printf(c->to, "%u of %u expectations hold; %zu packets in %.3f s on the virtual clock; seed %llu\n", r->held,
	            r->expected, r->story.capture.count, (double)sim_now(r->lab->sim) / SECOND, (unsigned long long)c->seed);
	if (r->story.capture.beyond > 0)
		text_printf(c->err, "tulle: %llu packets more than are kept are not told of\n", (unsigned long long)r->story.capture.beyond);
}

static void start(struct run *r)
{
	const struct run_config *c = r->config;
	uint8_t *flows = calloc(1, FLOWS_BYTES);

	assert(flows != NULL);
	arena_init(&r->flows, (struct room){ flows, FLOWS_BYTES });
	r->began = real_now();
	r->story.lab = r->lab;
	play_init(&r->play, &r->story, r->lab, c->outlet ? &r->record : NULL);
	r->play.tick = c->progress ? on_tick : NULL;
	r->play.self = r;
	tell_init(&r->tell, &r->story, &r->flows, c->to);
	r->tell.path = c->path;
	r->tell.color = c->color;
}

int run_scenario(const struct run_config *config)
{
	struct run *r = calloc(1, sizeof *r);
	bool written = false;

	assert(r != NULL);
	r->config = config;
	r->story.scenario = config->scenario;
	r->story.seed = config->seed;
	r->lab = lab_build(config->scenario, config->files, config->seed, SCENARIO_NONE, NULL, config->err);
	if (r->lab == NULL) {
		text_puts(config->err, "\n");
		free(r);
		return TOOL_FAILED;
	}
	if (open_record(r)) {
		start(r);
		play_all(r);
		tell_whole(r);
		check_programs(r);
		written = close_files(r);
		tell_end(r);
	}
	int status = written && r->held == r->expected && !r->program_failed ? TOOL_OK : TOOL_FAILED;
	story_free(&r->story);
	lab_free(r->lab);
	free(r->flows.memory.at);
	free(r);
	return status;
}
