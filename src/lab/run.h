/* SPDX-License-Identifier: ISC */
/* run.h - plays a scenario from its first scene to its last on the virtual clock, tells what happened, checks what
 * must be true, and leaves a capture and a page behind. */
#ifndef TULLE_LAB_RUN_H
#define TULLE_LAB_RUN_H

#include "base/files.h"
#include "lab/outlet.h"
#include "lab/scenario.h"

struct run_config {
	const struct scenario *scenario;
	const char *path;       /* of the scenario file, for what is said about it */
	struct files *files;
	uint64_t seed;
	struct outlet *outlet;  /* for the capture and the page; NULL: none are written */
	uint32_t scene;         /* told, and the last one played; SCENARIO_NONE: all */
	bool quiet;             /* only verdicts that fail, and the last line */
	bool color;
	bool progress;          /* standard error is a terminal: say how far it is when it takes long */
	struct text *to, *err;
};

/* 0: everything that is expected is so; 1: something is not, or could not be written. */
int run_scenario(const struct run_config *);

#endif
