/* SPDX-License-Identifier: ISC */
/* tell.h - a scene in words: its title, what it shows, its packets as tcpdump prints them, what programs wrote,
 * and whether what was expected came true. */
#ifndef TULLE_LAB_TELL_H
#define TULLE_LAB_TELL_H

#include "lab/story.h"
#include "wire/print.h"

struct tell {
	const struct story *story;
	const char *path;      /* of the scenario file */
	struct text *to;
	bool color;
	struct print print;    /* keeps the flows of the scene that is told */
	struct arena flows;
	int link_width;
};

void tell_init(struct tell *, const struct story *, struct arena *flows, struct text *to);
void tell_scene(struct tell *, uint32_t scene);
void tell_verdicts(struct tell *, const struct story_scene *, bool only_failed);

/* One packet's line without its time and its newline, names for addresses: "IP client1.4000 > ...". */
void tell_packet(struct print *, const struct captured *, struct text *);
/* "00:00:01.250000", the time of day. */
void tell_time(const struct story *, instant, struct text *);
/* What is run, in its own words or ours. */
const char *tell_run(const struct scenario_run *);
/* What a fault does, in words: "ns1 is cut off". */
void tell_fault(const struct story *, const struct scenario_fault *, struct text *);
/* Whether a scene shows this packet. `filter` is of its show, compiled. */
bool tell_shows(const struct scenario_scene *, const struct filter *, const struct captured *);

#endif
