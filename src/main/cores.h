/* SPDX-License-Identifier: ISC */
/* cores.h - one tool as several processes, one a core, each with a net, memory and chance of its own (tool.h, `spread`).
 *
 * They are forked one after the other, each when the one before it has its ports open and is locked in: so what is wrong with a port
 * is said once, and before anything runs. The process that was there first serves nobody. It locks itself in, passes SIGTERM, SIGINT
 * and SIGHUP on, tells who ended before it should have, and adds up what they measured. When it is killed they end by themselves.
 */
#ifndef TULLE_MAIN_CORES_H
#define TULLE_MAIN_CORES_H

#include "tool/tool.h"

#define CORES_NAME_MAX 32 /* of a measure */

struct cores { /* all zero: there is one process only */
	int ready;  /* in one of several: the end of a pipe, to say so */
	bool is_one;
	struct core_told { /* shared by all: whoever breaks into one of them may write here, so no pointers */
		bool ended;
		struct { char name[CORES_NAME_MAX]; int64_t value; } measure[TOOL_MEASURES_MAX]; /* "": the end */
	} *told;
	unsigned core;
};

bool cores_spread(struct tool_env *, unsigned cores, struct tool_measure *sum); /* tool_env's `spread` */
bool cores_ready(struct cores *);    /* open and locked in; false: the first process is gone */
void cores_measured(struct cores *, const struct tool_measure *); /* at the end */

#endif
