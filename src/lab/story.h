/* SPDX-License-Identifier: ISC */
/* story.h - what happened in a run: packets, words, windows, verdicts, scene by scene. The run writes it; the
 * expectations, the text, the table and the page are read from it. */
#ifndef TULLE_LAB_STORY_H
#define TULLE_LAB_STORY_H

#include "lab/build.h"
#include "lab/capture.h"
#include "link/pcap.h"

struct story_line { uint32_t run; bool is_error; const char *text; };
/* The congestion window of a connection, noted when it changes. */
struct story_sample { instant at; uint32_t flow, cwnd, ssthresh; };
struct story_flow { uint32_t host; struct addr local, remote; uint32_t cwnd, ssthresh; uint32_t scene; };

/* Everything in the order in which it happened. */
enum story_kind { STORY_PACKET, STORY_LINE, STORY_START, STORY_FAULT };
struct story_moment { instant at; enum story_kind kind; size_t index; };

#define VERDICT_WORDS_MAX 400
struct story_verdict { bool holds; const struct expectation *expect; char expected[VERDICT_WORDS_MAX], seen[VERDICT_WORDS_MAX]; };

struct story_range { size_t from, to; };
struct story_scene {
	const struct scenario_scene *config; /* NULL: the whole run */
	bool played;
	instant began, ended;
	struct story_range packets, moments, samples;
	struct drops *before, *after;        /* by host */
	struct stack_counts *first, *peak;   /* by host: the sockets when it began, and the most at once */
	struct story_verdict *verdict; size_t verdicts;
};

struct story {
	const struct scenario *scenario;
	const struct lab *lab;
	uint64_t seed;
	struct capture capture;
	struct story_line *line; size_t lines, line_room;
	struct story_moment *moment; size_t moments, moment_room;
	struct story_sample *sample; size_t samples, sample_room;
	struct story_flow *flow; size_t flows, flow_room;
	const struct scenario_fault **fault; size_t faults, fault_room; /* those that happened */
	struct story_scene *scene;           /* by scene of the scenario, and one more: the whole run */
};

/* One more at the end of an array that grows; returns its place. */
void *story_grow(void *array, size_t count, size_t *room, size_t size);
void story_free(struct story *);

/* The host that sent a frame, and how packets are printed with hosts' names. */
uint32_t story_sender(const struct story *, const struct captured *);
/* A filter of the scenario, which has been tried before; NULL takes everything. filter_free when done. */
struct filter story_filter(const char *expression);
static inline bool story_takes(const struct filter *f, const struct captured *p)
{
	return filter_match(f, p->data, p->data.len);
}
const char *story_name(void *scenario, struct ip);     /* a `name` for struct print; names is a struct scenario */

#endif
