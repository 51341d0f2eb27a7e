/* SPDX-License-Identifier: ISC */
/* play.h - one scene on the virtual clock: starts what is to be started, lets time pass, writes the story. */
#ifndef TULLE_LAB_PLAY_H
#define TULLE_LAB_PLAY_H

#include "lab/record.h"
#include "lab/story.h"

#define PLAY_SETTLE SECOND                 /* before the first scene: hosts make themselves known, programs start */
#define PLAY_LINGER (500 * MILLISECOND)   /* after the last run of a scene, for what is still on the wires */
#define PLAY_CLOSE_FOR (2 * SECOND)       /* what is asked to stop at a scene's end has so long */
#define PLAY_SCENE_MAX (3600 * SECOND)    /* a scene that does not end by then never does */

struct play {
	struct story *story;
	struct lab *lab;
	struct record *record;       /* or NULL */
	struct sim_watch watch;
	uint32_t scene;              /* the one that is played; SCENARIO_NONE before the first */
	size_t next_fault;           /* of the whole run's, in order of time */
	const struct scenario_fault **fault;
	void (*tick)(void *self);    /* now and then, for a progress line; or NULL */
	void *self;
};

void play_init(struct play *, struct story *, struct lab *, struct record *);
void play_scene(struct play *, uint32_t scene);
void play_end(struct play *);

#endif
