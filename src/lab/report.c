/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "lab/report.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lab/json.h"
#include "lab/opened.h"
#include "lab/page.h"
#include "lab/record.h"
#include "lab/tell.h"
#include "wire/dissect.h"
#include "wire/eth.h"

#define WORDS_MAX 2048       /* names of fields, each with its sentence: they are told once */
#define LOSSES_MAX 2000      /* marks below a plot */
#define HEAD_PART 3 / 4      /* of the packets drawn, when there are more: from the beginning */
#define FLOWS_BYTES (4u << 20)

struct report {
	struct text to;          /* first */
	int fd, error;
	const struct story *story;
	const char *word[WORDS_MAX], *why[WORDS_MAX]; size_t words;
	struct print print;
	struct arena flows;
	struct opened opened;
	char buffer[1 << 16];
};

static void drain(struct text *text, struct bytes b)
{
	struct report *r = (struct report *)(void *)text;
	while (b.len > 0 && r->error == 0) {
		ssize_t n = write(r->fd, b.at, b.len);
		if (n > 0) b = bytes_skip(b, (size_t)n);
		else if (n == 0) r->error = ENOSPC;
		else if (errno != EINTR) r->error = errno;
	}
}

/* Separates the members of a list: nothing before the first. */
static void comma(struct report *r, bool *first)
{
	if (!*first) text_puts(&r->to, ",");
	*first = false;
}

static void member(struct report *r, const char *name, const char *value)
{
	text_printf(&r->to, "\"%s\":", name);
	json_string(&r->to, value);
}

/* Microseconds, three digits behind the point: what the page counts in. */
static void put_time(struct report *r, instant at)
{
	text_printf(&r->to, "%lld.%03lld", (long long)(at / 1000), (long long)(at % 1000));
}

/* ---- what there is ---- */

static void put_share(struct text *t, const char *what, uint32_t of_a_billion)
{
	if (of_a_billion > 0) text_printf(t, ", %s %g%%", what, (double)of_a_billion / 1e7);
}

static void put_links(struct report *r)
{
	const struct scenario *s = r->story->scenario;
	bool first = true;
	text_puts(&r->to, "\"links\":[");
	for (uint32_t i = 0; i < s->links; i++) {
		const struct sim_wire_config *w = &s->link[i].wire;
		char says[300];
		struct text t = text_in(says, sizeof says);
		text_printf(&t, "%g ms", (double)w->delay / 1e6);
		if (w->bits_per_second > 0) text_printf(&t, ", %g Mbit/s", (double)w->bits_per_second / 1e6);
		text_printf(&t, ", MTU %u", w->mtu);
		if (w->faults.jitter > 0) text_printf(&t, ", jitter up to %g ms", (double)w->faults.jitter / 1e6);
		put_share(&t, "loses", w->faults.loss);
		put_share(&t, "duplicates", w->faults.duplicate);
		put_share(&t, "holds up", w->faults.reorder);
		put_share(&t, "corrupts", w->faults.corrupt);
		comma(r, &first);
		text_puts(&r->to, "{");
		member(r, "name", s->link[i].name);
		text_puts(&r->to, ",");
		member(r, "says", says);
		bool bad = w->faults.loss || w->faults.duplicate || w->faults.reorder || w->faults.corrupt;
		text_printf(&r->to, ",\"bad\":%s}", bad ? "true" : "false");
	}
	text_puts(&r->to, "]");
}

static void put_hosts(struct report *r)
{
	const struct scenario *s = r->story->scenario;
	bool first = true;
	text_puts(&r->to, "\"hosts\":[");
	for (uint32_t i = 0; i < s->hosts; i++) {
		bool first_program = true;
		comma(r, &first);
		text_puts(&r->to, "{");
		member(r, "name", s->host[i].name);
		text_printf(&r->to, ",\"forward\":%s,\"programs\":[", s->host[i].forward ? "true" : "false");
		for (uint32_t p = 0; p < s->programs; p++) {
			if (s->run[p].host != i) continue;
			comma(r, &first_program);
			json_string(&r->to, s->run[p].words.line);
		}
		text_puts(&r->to, "]}");
	}
	text_puts(&r->to, "]");
}

static void put_interface(struct report *r, uint32_t host, const struct scenario_interface *in)
{
	char text[PREFIX_TEXT_MAX];
	bool first = true;
	text_printf(&r->to, "{\"host\":%u,\"link\":%u,\"mac\":\"%s\",\"addresses\":[", host, in->link, mac_text(in->mac, text));
	for (size_t a = 0; a < in->addresses; a++) {
		comma(r, &first);
		json_string(&r->to, prefix_text(in->address[a], text));
	}
	text_puts(&r->to, "]}");
}

static void put_interfaces(struct report *r)
{
	const struct scenario *s = r->story->scenario;
	bool first = true;
	text_puts(&r->to, "\"interfaces\":[");
	for (uint32_t h = 0; h < s->hosts; h++)
		for (size_t i = 0; i < s->host[h].interfaces; i++) {
			comma(r, &first);
			put_interface(r, h, &s->host[h].interface[i]);
		}
	text_puts(&r->to, "]");
}

/* ---- packets ---- */

static size_t word_of(struct report *r, const struct field *f)
{
	for (size_t i = 0; i < r->words; i++)
		if (strcmp(r->word[i], f->name) == 0 && (r->why[i] == f->why || (r->why[i] && f->why && strcmp(r->why[i], f->why) == 0)))
			return i;
	if (r->words == WORDS_MAX) return 0;
	r->word[r->words] = f->name;
	r->why[r->words] = f->why;
	return r->words++;
}

static void put_words(struct report *r)
{
	bool first = true;
	text_puts(&r->to, "\"words\":[");
	for (size_t i = 0; i < r->words; i++) {
		comma(r, &first);
		text_puts(&r->to, "[");
		json_string(&r->to, r->word[i]);
		text_puts(&r->to, ",");
		json_string(&r->to, r->why[i] ? r->why[i] : "");
		text_puts(&r->to, "]");
	}
	text_puts(&r->to, "]");
}

static void put_fields(struct report *r, const struct field *field, size_t count)
{
	bool first = true;
	text_puts(&r->to, "\"fields\":[");
	for (size_t i = 0; i < count; i++) {
		comma(r, &first);
		text_printf(&r->to, "[%zu,%u,%u,%u,", word_of(r, &field[i]), field[i].depth, field[i].offset, field[i].len);
		json_string(&r->to, field[i].value);
		text_puts(&r->to, "]");
	}
	text_puts(&r->to, "]");
}

/* Whom it is for: the one end that has the address, or all the others. */
static void put_receivers(struct report *r, const struct captured *p)
{
	const struct lab *lab = r->story->lab;
	const struct scenario *s = r->story->scenario;
	struct eth eth;
	bool first = true, group = eth_parse(p->data, &eth) != DROP_NONE || eth_is_group(eth.dst);
	text_puts(&r->to, "\"to\":[");
	for (uint32_t e = 0; e < lab->ends; e++) {
		const struct lab_end *end = &lab->end[e];
		if (e == p->end || end->link != p->link || !(group || mac_equal(s->host[end->host].interface[end->interface].mac, eth.dst))) continue;
		comma(r, &first);
		text_printf(&r->to, "%u", end->host);
	}
	text_puts(&r->to, "]");
}

/* Messages that lie open in the packet are among its own fields. */
static void put_opened(struct report *r, size_t packet)
{
	const struct opened *o = &r->opened;
	struct field field[DISSECT_FIELDS_MAX];
	bool first = true;

	text_puts(&r->to, "\"tls\":[");
	for (size_t i = opened_find(o, packet); i < o->count && o->item[i].packet == packet; i++) {
		const struct tls_watched *w = &o->item[i].watched;
		if (!w->encrypted) continue;
		comma(r, &first);
		text_printf(&r->to, "{\"server\":%s,", w->from_server ? "true" : "false");
		member(r, "closed", w->closed ? w->closed : "");
		text_puts(&r->to, ",\"bytes\":");
		json_base64(&r->to, w->content);
		text_puts(&r->to, ",");
		put_fields(r, field, dissect_tls(w, field, COUNT(field)));
		text_puts(&r->to, "}");
	}
	text_puts(&r->to, "]");
}

static void put_packet(struct report *r, size_t moment, size_t packet)
{
	const struct captured *p = &r->story->capture.packet[packet];
	struct field field[DISSECT_FIELDS_MAX];
	char line[1024];
	struct text label = text_in(line, sizeof line);

	opened_words(&r->opened, packet, &label);
	if (label.len > 0) text_puts(&label, " | ");
	tell_packet(&r->print, p, &label);
	text_printf(&r->to, "{\"n\":%zu,\"t\":", moment);
	put_time(r, p->at);
	text_puts(&r->to, ",\"arrives\":");
	if (p->arrives_at == NEVER) text_puts(&r->to, "null");
	else put_time(r, p->arrives_at);
	text_printf(&r->to, ",\"from\":%u,\"link\":%u,\"size\":%zu,", story_sender(r->story, p), p->link, p->data.len);
	put_receivers(r, p);
	text_puts(&r->to, ",");
	member(r, "label", line);
	text_puts(&r->to, ",");
	member(r, "fate", p->fate == SIM_DELIVERED ? "" : sim_fate_words(p->fate));
	text_puts(&r->to, ",");
	member(r, "story", p->story ? p->story : "");
	text_puts(&r->to, ",\"bytes\":");
	json_base64(&r->to, p->data);
	text_puts(&r->to, ",");
	put_fields(r, field, dissect(p->data, field, COUNT(field)));
	text_puts(&r->to, ",");
	put_opened(r, packet);
	text_puts(&r->to, "}\n");
}

/* Which of a scene's packets are drawn: what it shows, from the beginning and the end. */
struct drawn { struct filter filter; size_t shown, head, tail; };

static struct drawn choose(struct report *r, const struct story_scene *scene)
{
	struct drawn d = { .filter = story_filter(scene->config->show.filter) };
	for (size_t i = scene->packets.from; scene->config->drawn && i < scene->packets.to; i++)
		d.shown += tell_shows(scene->config, &d.filter, &r->story->capture.packet[i]);
	d.head = d.shown <= REPORT_PACKETS_MAX ? d.shown : REPORT_PACKETS_MAX * HEAD_PART;
	d.tail = d.shown <= REPORT_PACKETS_MAX ? 0 : REPORT_PACKETS_MAX - d.head;
	return d;
}

static void put_packets(struct report *r, const struct story_scene *scene)
{
	const struct story *s = r->story;
	struct drawn d = choose(r, scene);
	size_t at = 0, more_after = 0;
	bool first = true;

	text_puts(&r->to, "\"packets\":[");
	for (size_t i = scene->moments.from; scene->config->drawn && i < scene->moments.to; i++) {
		const struct story_moment *m = &s->moment[i];
		if (m->kind != STORY_PACKET || !tell_shows(scene->config, &d.filter, &s->capture.packet[m->index])) continue;
		at++;
		if (at > d.head && at <= d.shown - d.tail) continue;
		if (at == d.head) more_after = i;
		comma(r, &first);
		put_packet(r, i, m->index);
	}
	text_printf(&r->to, "],\"more\":%zu,\"moreAfter\":%zu", d.shown - d.head - d.tail, more_after);
	filter_free(&d.filter);
}

static void put_said(struct report *r, const struct story_scene *scene)
{
	const struct story *s = r->story;
	bool first = true;
	text_puts(&r->to, "\"words\":[");
	for (size_t i = scene->moments.from; i < scene->moments.to; i++) {
		const struct story_moment *m = &s->moment[i];
		char words[200];
		struct text t = text_in(words, sizeof words);
		uint32_t run = m->kind == STORY_LINE ? s->line[m->index].run : (uint32_t)m->index;
		if (m->kind == STORY_PACKET || (m->kind == STORY_LINE && (s->scenario->run[run].quiet || *s->line[m->index].text == '\0')))
			continue;
		if (m->kind == STORY_FAULT) tell_fault(s, s->fault[m->index], &t);
		else if (m->kind == STORY_LINE) text_puts(&t, s->line[m->index].text);
		else text_puts(&t, tell_run(&s->scenario->run[run]));
		comma(r, &first);
		text_printf(&r->to, "{\"n\":%zu,\"t\":", i);
		put_time(r, m->at);
		text_printf(&r->to, ",\"host\":%d,\"start\":%s,", m->kind == STORY_FAULT ? -1 : (int)s->scenario->run[run].host,
		            m->kind == STORY_START ? "true" : "false");
		member(r, "text", words);
		text_puts(&r->to, "}");
	}
	text_puts(&r->to, "]");
}

/* ---- windows ---- */

static void put_losses(struct report *r, const struct story_scene *scene)
{
	const struct story *s = r->story;
	size_t count = 0;
	bool first = true;
	text_puts(&r->to, "\"losses\":[");
	for (size_t i = scene->packets.from; i < scene->packets.to && count < LOSSES_MAX; i++) {
		const struct captured *p = &s->capture.packet[i];
		if (p->fate != SIM_LOST && p->fate != SIM_QUEUE_FULL) continue;
		comma(r, &first);
		put_time(r, p->at);
		count++;
	}
	text_puts(&r->to, "]");
}

/* Every fall is kept, and of the rest every n-th. */
static void put_samples(struct report *r, const struct story_scene *scene, uint32_t flow, size_t count)
{
	size_t stride = count / REPORT_SAMPLES_MAX + 1, at = 0;
	uint32_t before = 0;
	bool first = true;
	text_puts(&r->to, "\"samples\":[");
	for (size_t i = scene->samples.from; i < scene->samples.to; i++) {
		const struct story_sample *x = &r->story->sample[i];
		if (x->flow != flow) continue;
		bool fell = x->cwnd < before;
		before = x->cwnd;
		if (at++ % stride != 0 && !fell && at != count) continue;
		comma(r, &first);
		text_puts(&r->to, "[");
		put_time(r, x->at);
		text_printf(&r->to, ",%u,%u]", x->cwnd, x->ssthresh);
	}
	text_puts(&r->to, "]");
}

static void put_plots(struct report *r, const struct story_scene *scene)
{
	const struct story *s = r->story;
	bool first = true;
	text_puts(&r->to, "\"plots\":[");
	for (uint32_t f = 0; f < s->flows; f++) {
		char name[200], address[ADDR_TEXT_MAX];
		struct text t = text_in(name, sizeof name);
		size_t count = 0;
		for (size_t i = scene->samples.from; i < scene->samples.to; i++) count += s->sample[i].flow == f;
		if (count < 2) continue; /* a window that never changed is no curve */
		const struct scenario_host *remote = scenario_host_of(s->scenario, s->flow[f].remote.ip);
		text_printf(&t, "%s, sending to %s", s->scenario->host[s->flow[f].host].name,
		            remote ? remote->name : addr_text(&s->flow[f].remote, address));
		comma(r, &first);
		text_puts(&r->to, "{");
		member(r, "name", name);
		text_puts(&r->to, ",");
		put_samples(r, scene, f, count);
		text_puts(&r->to, ",");
		put_losses(r, scene);
		text_puts(&r->to, "}");
	}
	text_puts(&r->to, "]");
}

/* ---- scenes ---- */

static void put_verdicts(struct report *r, const struct story_scene *scene)
{
	bool first = true;
	text_puts(&r->to, "\"verdicts\":[");
	for (size_t i = 0; i < scene->verdicts; i++) {
		const struct story_verdict *v = &scene->verdict[i];
		comma(r, &first);
		text_printf(&r->to, "{\"holds\":%s,", v->holds ? "true" : "false");
		member(r, "says", v->expect->say ? v->expect->say : v->expected);
		text_puts(&r->to, ",");
		member(r, "expected", v->expected);
		text_puts(&r->to, ",");
		member(r, "seen", v->seen);
		text_puts(&r->to, "}");
	}
	text_puts(&r->to, "]");
}

static void put_scene(struct report *r, const struct story_scene *scene)
{
	text_puts(&r->to, "{");
	member(r, "name", scene->config->name);
	text_puts(&r->to, ",");
	member(r, "text", scene->config->text ? scene->config->text : "");
	text_puts(&r->to, ",");
	put_verdicts(r, scene);
	text_puts(&r->to, ",\n");
	put_packets(r, scene);
	text_puts(&r->to, ",");
	put_said(r, scene);
	text_puts(&r->to, ",");
	put_plots(r, scene);
	text_puts(&r->to, "}\n");
}

static void put_table(struct report *r, const struct table *table)
{
	bool first = true;
	text_puts(&r->to, "\"table\":[");
	for (size_t i = 0; i < table->rows; i++) {
		comma(r, &first);
		text_puts(&r->to, "{");
		member(r, "name", table->row[i].name);
		text_puts(&r->to, ",");
		member(r, "tcp", table->row[i].tcp);
		text_puts(&r->to, ",");
		member(r, "udp", table->row[i].udp);
		text_puts(&r->to, "}");
	}
	text_puts(&r->to, "]");
}

static void put_all(struct report *r, const struct table *table)
{
	const struct story *s = r->story;
	bool first = true;

	text_put(&r->to, page_before);
	text_puts(&r->to, "{");
	member(r, "lab", s->scenario->name);
	text_printf(&r->to, ",\"seed\":\"%llu\",\"packets\":%zu,\"ended\":", (unsigned long long)s->seed, s->capture.count);
	put_time(r, s->scene[s->scenario->scenes].ended);
	text_puts(&r->to, ",\n");
	put_hosts(r);
	text_puts(&r->to, ",\n");
	put_links(r);
	text_puts(&r->to, ",\n");
	put_interfaces(r);
	text_puts(&r->to, ",\n\"scenes\":[");
	for (uint32_t i = 0; i < s->scenario->scenes; i++) {
		if (!s->scene[i].played) continue;
		comma(r, &first);
		put_scene(r, &s->scene[i]);
	}
	text_puts(&r->to, "],\n");
	put_verdicts(r, &s->scene[s->scenario->scenes]);
	text_puts(&r->to, ",\n");
	put_words(r);
	text_puts(&r->to, ",\n");
	put_table(r, table);
	text_puts(&r->to, "}");
	text_put(&r->to, page_after);
	text_flush(&r->to);
}

bool report_write(const struct story *story, const struct table *table, int fd, int *error)
{
	struct report *r = calloc(1, sizeof *r);
	uint8_t *flows = calloc(1, FLOWS_BYTES);

	assert(r != NULL && flows != NULL);
	r->to = text_in(r->buffer, sizeof r->buffer);
	r->to.drain = drain;
	r->story = story;
	r->print = (struct print){ .name = story_name, .names = (void *)(uintptr_t)story->scenario, .time = PRINT_TIME_NONE };
	arena_init(&r->flows, (struct room){ flows, FLOWS_BYTES });
	print_flows(&r->print, &r->flows);
	r->fd = fd;
	opened_read(&r->opened, story);
	put_all(r, table);
	opened_free(&r->opened);
	if (close(r->fd) != 0 && r->error == 0) r->error = errno;
	*error = r->error;
	free(flows);
	free(r);
	return *error == 0;
}
