/* SPDX-License-Identifier: ISC */
#include "lab/table.h"

#include <limits.h>

#include "lab/expect.h"

#define UDP_WINDOW (100 * MILLISECOND)

/* What a row is filled from: one side of the table at a time. */
struct cell { const struct story *story; const struct scenario_side *side; bool is_tcp; struct text *to; };

static int64_t measure(const struct cell *c, uint32_t run, const char *name)
{
	const struct lab_run *r = &c->story->lab->run[run];
	const struct tool_measure *m = r->ended ? r->measure : r->tool ? r->tool->measure : r->measure;
	for (size_t i = 0; i < TOOL_MEASURES_MAX && m[i].name; i++)
		if (strcmp(m[i].name, name) == 0) return m[i].value;
	return 0;
}

static const struct story_scene *scene_of(const struct cell *c, uint32_t run)
{
	return &c->story->scene[c->story->scenario->run[run].scene];
}

/* Frames of this side's protocol that met a fate in the scene of a run, on whatever link. */
static unsigned count_fate(const struct cell *c, uint32_t run, enum sim_fate fate)
{
	struct filter filter = story_filter(c->is_tcp ? "tcp" : "udp");
	const struct story_scene *scene = scene_of(c, run);
	unsigned count = 0;
	for (size_t i = scene->packets.from; i < scene->packets.to; i++) {
		const struct captured *p = &c->story->capture.packet[i];
		count += p->fate == fate && story_takes(&filter, p);
	}
	filter_free(&filter);
	return count;
}

static void reliable(const struct cell *c)
{
	uint32_t run = c->side->stream;
	if (c->is_tcp)
		text_printf(c->to, "%lld bytes sent, %lld came back, %lld of them wrong; %u segments were lost on the way",
		            (long long)measure(c, run, "sent"), (long long)measure(c, run, "bytes"),
		            (long long)measure(c, run, "wrong"), count_fate(c, run, SIM_LOST));
	else
		text_printf(c->to, "%lld datagrams sent, %lld answered, %lld lost, %lld came twice", (long long)measure(c, run, "sent"),
		            (long long)measure(c, run, "answered"), (long long)measure(c, run, "lost"),
		            (long long)measure(c, run, "duplicated"));
}

static void ordered(const struct cell *c)
{
	uint32_t run = c->side->stream;
	if (c->is_tcp)
		text_printf(c->to, "%lld bytes out of their place, though %u segments were held up and overtaken",
		            (long long)measure(c, run, "wrong"), count_fate(c, run, SIM_REORDERED));
	else
		text_printf(c->to, "%lld answers came after a later one; %u datagrams were held up",
		            (long long)measure(c, run, "reordered"), count_fate(c, run, SIM_REORDERED));
}

/* What TCP or UDP carries, in bytes: 0 for what only opens or closes. */
static size_t data_bytes(const struct captured *p, bool is_tcp)
{
	struct expect_segment s;
	if (!is_tcp) return 1; /* a datagram is data */
	return expect_segment(p->data, &s) ? s.seg.text.len : 0;
}

static void handshake(const struct cell *c)
{
	struct filter filter = story_filter(c->side->filter);
	const struct story_scene *scene = &c->story->scene[c->side->clients];
	unsigned before = 0;
	for (size_t i = scene->packets.from; i < scene->packets.to; i++) {
		const struct captured *p = &c->story->capture.packet[i];
		if (p->link != c->side->link || !story_takes(&filter, p)) continue;
		if (data_bytes(p, c->is_tcp) > 0) break;
		before++;
	}
	filter_free(&filter);
	text_printf(c->to, "%u packets before the first data", before);
}

static uint32_t server_host(const struct cell *c) { return c->story->scenario->run[c->side->server].host; }

/* How many connections the server had at once for this scene's clients. */
static uint32_t connections(const struct cell *c)
{
	const struct story_scene *scene = &c->story->scene[c->side->clients];
	uint32_t host = server_host(c), first = scene->first[host].connections, peak = scene->peak[host].connections;
	return peak > first ? peak - first : 0;
}

static void connection(const struct cell *c)
{
	text_printf(c->to, "the server kept %u connections for %u clients", connections(c),
	            c->story->scene[c->side->clients].config->runs);
}

static void tcp_window(const struct cell *c)
{
	const struct story *s = c->story;
	const struct story_scene *scene = scene_of(c, c->side->stream);
	uint32_t host = s->scenario->run[c->side->stream].host, least = UINT32_MAX, most = 0, threshold = 0;
	unsigned cuts = 0;
	for (size_t i = scene->samples.from; i < scene->samples.to; i++) {
		const struct story_sample *x = &s->sample[i];
		if (s->flow[x->flow].host != host) continue;
		if (threshold > 0 && x->ssthresh != threshold) cuts++;
		threshold = x->ssthresh;
		if (x->cwnd < least) least = x->cwnd;
		if (x->cwnd > most) most = x->cwnd;
	}
	text_printf(c->to, "the sender's window was %u to %u bytes; %u losses cut it", most ? least : 0, most, cuts);
}

/* How many datagrams the client itself sent in each tenth of a second, the last one left out: whether it slowed down. */
static void udp_pace(const struct cell *c)
{
	const struct story *s = c->story;
	uint32_t host = s->scenario->run[c->side->stream].host;
	const struct story_scene *scene = scene_of(c, c->side->stream);
	struct filter filter = story_filter("udp and not port 53");
	instant first = NEVER;
	unsigned least = UINT_MAX, most = 0, in_this = 0;
	int64_t window = 0;
	for (size_t i = scene->packets.from; i < scene->packets.to; i++) {
		const struct captured *p = &s->capture.packet[i];
		if (story_sender(s, p) != host || !story_takes(&filter, p)) continue;
		first = instant_min(first, p->at);
		for (; window < (p->at - first) / UDP_WINDOW; window++, in_this = 0) {
			if (in_this < least) least = in_this;
			if (in_this > most) most = in_this;
		}
		in_this++;
	}
	filter_free(&filter);
	if (window > 0 && least < most) text_printf(c->to, "%u to ", least);
	text_printf(c->to, "%u datagrams left in each tenth of a second, whatever was lost", most);
}

static void congestion(const struct cell *c) { (c->is_tcp ? tcp_window : udp_pace)(c); }

static void largest(const struct cell *c)
{
	int64_t most = 0, least_refused = 0;
	for (size_t i = 0; i < c->side->largests; i++) {
		uint32_t run = c->side->largest[i];
		int64_t size = measure(c, run, c->is_tcp ? "sent" : "size");
		if (c->story->lab->run[run].status == 0 && size > most) most = size;
		if (c->story->lab->run[run].status != 0 && (least_refused == 0 || size < least_refused)) least_refused = size;
	}
	text_printf(c->to, "%lld bytes went through", (long long)most);
	if (least_refused > 0) text_printf(c->to, ", %lld were refused", (long long)least_refused);
	else text_puts(c->to, ", none were refused");
}

static void sockets(const struct cell *c)
{
	const struct story_scene *scene = &c->story->scene[c->side->clients];
	const struct lab_run *server = &c->story->lab->run[c->side->server];
	if (c->is_tcp)
		text_printf(c->to, "%u: %u that listens and %u for %u clients", server->listeners + connections(c), server->listeners,
		            connections(c), scene->config->runs);
	else text_printf(c->to, "%u for %u clients", server->datagram_sockets, scene->config->runs);
}

void table_measure(const struct story *story, struct table *t)
{
	static const struct { const char *name; void (*fill)(const struct cell *); } rows[TABLE_ROWS] = {
		{ "reliable", reliable }, { "ordered", ordered }, { "handshake", handshake }, { "connection", connection },
		{ "congestion control", congestion }, { "largest message", largest }, { "sockets used by the server", sockets },
	};
	const struct scenario_table *config = &story->scenario->table;

	for (t->rows = 0; t->rows < TABLE_ROWS; t->rows++) {
		struct table_row *row = &t->row[t->rows];
		struct text tcp = text_in(row->tcp, sizeof row->tcp), udp = text_in(row->udp, sizeof row->udp);
		row->name = rows[t->rows].name;
		rows[t->rows].fill(&(struct cell){ story, &config->tcp, true, &tcp });
		rows[t->rows].fill(&(struct cell){ story, &config->udp, false, &udp });
	}
}

void table_print(const struct table *t, struct text *to)
{
	text_puts(to, "== TCP against UDP, as measured in this run ==\n\n");
	for (size_t i = 0; i < t->rows; i++)
		text_printf(to, "%s\n  TCP  %s\n  UDP  %s\n", t->row[i].name, t->row[i].tcp, t->row[i].udp);
	text_puts(to, "\n");
}
