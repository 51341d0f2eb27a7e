/* SPDX-License-Identifier: ISC */
#include "lab/tell.h"

static const char *paint(const struct tell *t, const char *code) { return t->color ? code : ""; }
#define LINE_SHOWN_MAX 200 /* of what a program writes: a message of many bytes is cut */
#define BOLD "\033[1m"
#define DIM "\033[2m"
#define GREEN "\033[32m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

void tell_init(struct tell *t, const struct story *story, struct arena *flows, struct text *to)
{
	*t = (struct tell){ .story = story, .to = to };
	t->print = (struct print){ .name = story_name, .names = (void *)(uintptr_t)story->scenario, .time = PRINT_TIME_NONE };
	print_flows(&t->print, flows); /* without them sequence numbers are absolute */
	for (uint32_t i = 0; i < story->scenario->links; i++) {
		int width = (int)strlen(story->scenario->link[i].name);
		if (width > t->link_width) t->link_width = width;
	}
}

void tell_time(const struct story *s, instant at, struct text *to)
{
	int64_t second = (s->scenario->date + at / SECOND) % 86400;
	text_printf(to, "%02d:%02d:%02d.%06d", (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60),
	            (int)(at % SECOND / MICROSECOND));
}

void tell_packet(struct print *print, const struct captured *p, struct text *to)
{
	print_packet(print, p->at, p->data, p->data.len, to);
	while (to->len > 0 && to->at[to->len - 1] == '\n') to->at[--to->len] = '\0';
}

void tell_fault(const struct story *s, const struct scenario_fault *f, struct text *to)
{
	const char *what = f->link != SCENARIO_NONE ? s->scenario->link[f->link].name : s->scenario->host[f->host].name;
	if (f->kind == FAULT_CHANGE) text_printf(to, "the link %s changes", what);
	else if (f->kind == FAULT_FLIP) text_printf(to, "somebody waits at %s to flip a bit", what);
	else text_printf(to, "%s %s", what, f->kind == FAULT_CUT ? "is cut off" : "is back");
}

bool tell_shows(const struct scenario_scene *scene, const struct filter *filter, const struct captured *p)
{
	bool on_link = scene->show.links == 0;
	if (scene->show.nothing) return false;
	for (size_t i = 0; i < scene->show.links; i++) on_link |= scene->show.link[i] == p->link;
	return on_link && story_takes(filter, p);
}

static void say_packet(struct tell *t, const struct captured *p)
{
	char line[1024];
	struct text text = text_in(line, sizeof line);

	tell_packet(&t->print, p, &text);
	tell_time(t->story, p->at, t->to);
	text_printf(t->to, " %-*s ", t->link_width, t->story->scenario->link[p->link].name);
	text_puts(t->to, line);
	if (p->fate != SIM_DELIVERED) text_printf(t->to, "  %s[%s]%s", paint(t, RED), sim_fate_words(p->fate), paint(t, PLAIN));
	text_puts(t->to, "\n");
}

static const char *host_name(const struct tell *t, uint32_t run)
{
	const struct scenario *s = t->story->scenario;
	return s->host[s->run[run].host].name;
}

static void say_line(struct tell *t, instant at, const struct story_line *line)
{
	if (t->story->scenario->run[line->run].quiet || *line->text == '\0') return;
	tell_time(t->story, at, t->to);
	text_printf(t->to, " %s%s%c%s %.*s%s\n", paint(t, BOLD), host_name(t, line->run), line->is_error ? '!' : ':',
	            paint(t, PLAIN), LINE_SHOWN_MAX, line->text, strlen(line->text) > LINE_SHOWN_MAX ? "..." : "");
}

const char *tell_run(const struct scenario_run *run)
{
	if (run->words.count > 0) return run->words.line;
	return run->replay.filter != NULL ? "(says again what somebody else said)" : "(a datagram with a wrong checksum)";
}

static void say_start(struct tell *t, instant at, uint32_t number)
{
	const struct scenario_run *run = &t->story->scenario->run[number];
	tell_time(t->story, at, t->to);
	text_printf(t->to, " %s%s$%s ", paint(t, BOLD), host_name(t, number), paint(t, PLAIN));
	text_puts(t->to, tell_run(run));
	text_puts(t->to, "\n");
}

static void say_moment(struct tell *t, const struct story_moment *m)
{
	if (m->kind == STORY_LINE) {
		say_line(t, m->at, &t->story->line[m->index]);
	} else if (m->kind == STORY_START) {
		say_start(t, m->at, (uint32_t)m->index);
	} else {
		tell_time(t->story, m->at, t->to);
		text_puts(t->to, " -- ");
		tell_fault(t->story, t->story->fault[m->index], t->to);
		text_puts(t->to, "\n");
	}
}

/* 14211 as "14,211". */
static void say_count(struct text *to, uint64_t n)
{
	if (n >= 1000) {
		say_count(to, n / 1000);
		text_printf(to, ",%03u", (unsigned)(n % 1000));
	} else {
		text_printf(to, "%u", (unsigned)n);
	}
}

static void say_more(struct tell *t, uint64_t left_out)
{
	text_printf(t->to, "%s... ", paint(t, DIM));
	say_count(t->to, left_out);
	text_printf(t->to, " packets more%s\n", paint(t, PLAIN));
}

/* Packets at the head and the tail; what is not a packet, all of it. */
static void say_moments(struct tell *t, const struct story_scene *scene)
{
	const struct story *s = t->story;
	const struct scenario_show *show = &scene->config->show;
	struct filter filter = story_filter(show->filter);
	uint64_t shown = 0, at = 0;

	for (size_t i = scene->packets.from; i < scene->packets.to; i++)
		shown += tell_shows(scene->config, &filter, &s->capture.packet[i]);
	uint64_t left_out = shown > show->head + show->tail ? shown - show->head - show->tail : 0;
	for (size_t i = scene->moments.from; i < scene->moments.to; i++) {
		const struct story_moment *m = &s->moment[i];
		if (m->kind != STORY_PACKET) {
			say_moment(t, m);
		} else if (tell_shows(scene->config, &filter, &s->capture.packet[m->index])) {
			if (left_out == 0 || at < show->head || at >= show->head + left_out) say_packet(t, &s->capture.packet[m->index]);
			else if (at == show->head) say_more(t, left_out);
			at++;
		}
	}
	filter_free(&filter);
}

void tell_verdicts(struct tell *t, const struct story_scene *scene, bool only_failed)
{
	for (size_t i = 0; i < scene->verdicts; i++) {
		const struct story_verdict *v = &scene->verdict[i];
		const struct expectation *e = v->expect;
		if (v->holds && only_failed) continue;
		if (v->holds) {
			text_printf(t->to, "  %s\xe2\x9c\x93%s %s\n", paint(t, GREEN), paint(t, PLAIN), e->say ? e->say : v->expected);
			continue;
		}
		text_printf(t->to, "  %s\xe2\x9c\x97%s ", paint(t, RED), paint(t, PLAIN));
		if (e->say) text_printf(t->to, "%s: ", e->say);
		text_puts(t->to, "expected ");
		text_puts(t->to, v->expected);
		text_puts(t->to, "; saw ");
		text_puts(t->to, v->seen);
		text_printf(t->to, " (%s:%u:%u)\n", t->path, e->at.line, e->at.column);
	}
}

void tell_scene(struct tell *t, uint32_t number)
{
	const struct story_scene *scene = &t->story->scene[number];
	text_printf(t->to, "%s== %u. %s ==%s\n", paint(t, BOLD), number + 1, scene->config->name, paint(t, PLAIN));
	if (scene->config->text) {
		text_puts(t->to, scene->config->text);
		if (scene->config->text[strlen(scene->config->text) - 1] != '\n') text_puts(t->to, "\n");
	}
	text_puts(t->to, "\n");
	say_moments(t, scene);
	tell_verdicts(t, scene, false);
	text_puts(t->to, "\n");
}
