/* SPDX-License-Identifier: ISC */
/* build.h - a scenario's internet in memory: a simulator, its wires, a stack a host, programs on the stacks.
 *
 *     lab = lab_build(scenario, files, seed, SCENARIO_NONE, NULL, &err);
 *     lab_start(lab, run)...                     // programs, at the time they are due
 *     while (...) sim_step(lab->sim, until);     // or sim_run
 *     lab_free(lab);
 *
 * A host is a node of the simulator: it steps its stack and gives each of its programs a turn until nothing
 * more is due at that instant.
 */
#ifndef TULLE_LAB_BUILD_H
#define TULLE_LAB_BUILD_H

#include "base/files.h"
#include "base/trace.h"
#include "lab/authority.h"
#include "lab/meddle.h"
#include "lab/said.h"
#include "lab/scenario.h"
#include "net/beside.h"
#include "net/share.h"
#include "proto/tls/keylog.h"
#include "sim/sim.h"
#include "stack/stack.h"
#include "tool/tool.h"

#define LAB_LINE_MAX 4096   /* of a program's output: a longer one is cut into several */

struct lab;

/* Lines that programs write reach the lab through here. */
struct lab_sink { struct text text; struct lab *lab; uint32_t run; bool is_error; char buffer[LAB_LINE_MAX]; };

/* One run of the scenario: a program from its start to its end. */
struct lab_run {
	struct tool *tool;      /* NULL: not started, or could not be */
	bool wanted, started, stopping, ended;
	int status;             /* once it has ended */
	uint32_t seat;          /* on its host's share */
	struct beside beside; struct said said; /* that, with its standard input, where it has one */
	struct tool_env env;
	struct arena memory;
	struct rng rng;
	struct lab_sink *out, *err;
	uint32_t listeners, datagram_sockets; /* how many more the host has since it was opened */
	struct tool_measure measure[TOOL_MEASURES_MAX]; /* as they were at its end */
	struct bytes output;    /* all it wrote; malloc'ed */
	struct bytes heard;     /* a replay's: what it says; malloc'ed, set before lab_start */
	size_t output_room;
};

struct lab_host {
	struct sim_node node;   /* first */
	struct lab *lab;
	const struct scenario_host *config;
	uint32_t number;        /* in the scenario */
	sim_node_id id;
	struct stack *stack;    /* NULL: left out for lab exec */
	struct link **end;      /* by interface */
	struct rng rng;
	struct trace trace;
	struct papers *papers;  /* NULL: none of its programs has begun, or there is no TLS in this lab */
	struct share share;
	struct share_seat *seat;
	uint32_t *run; uint32_t seats; /* by seat: which run of the scenario */
};

/* The secrets of the lab's TLS connections, as lines for Wireshark: all there were so far. */
struct lab_keys {
	struct tls_keylog log;
	struct text text;
	char buffer[512];
	struct bytes lines;     /* malloc'ed */
	size_t lines_room;
};

/* Whose end of a wire it is: by the simulator's numbers, which count ends over all wires. */
struct lab_end { uint32_t host, interface, link; };

struct lab_listener { /* who wants to know; any may be NULL */
	void (*line)(void *self, uint32_t run, bool is_error, struct bytes line); /* without its newline */
	void (*stepped)(void *self, struct lab_host *, instant now);
	void *self;
};

struct lab {
	const struct scenario *scenario;
	struct files *files;
	struct sim *sim;
	struct lab_host *host;
	sim_wire_id *wire;      /* by link */
	struct lab_end *end; uint32_t ends;
	struct lab_run *run;
	struct lab_listener listener;
	struct meddle meddle;   /* one at a time */
	struct authority *authority; /* NULL: the scenario gives no certificates */
	struct lab_keys keys;
	uint32_t running;       /* runs of scenes that have started and not ended */
	struct room memory;     /* all of it, mapped: what is not touched costs nothing */
	struct arena arena;
};

/* NULL: no memory, or a certificate cannot be made (err says which). The host `left_out` (or SCENARIO_NONE) has its ends but no stack: another node is there in
 * its place, see exec.h. */
struct lab *lab_build(const struct scenario *, struct files *, uint64_t seed, uint32_t left_out,
                      struct sim_node *in_its_place, struct text *err);
void lab_free(struct lab *);
struct bytes lab_key_lines(struct lab *); /* the key log so far, of whole lines; good until the simulation goes on */

/* From the next turn of its host on, which is now. A tool that cannot be opened has ended with its status. */
void lab_start(struct lab *, uint32_t run);
void lab_stop(struct lab *, uint32_t run);    /* asks it to end */
void lab_drop(struct lab *, uint32_t run);    /* ends it at once */
void lab_inject(struct lab *, uint32_t run);  /* the datagram with a wrong checksum */
bool lab_can_inject(const struct scenario *, const struct scenario_run *); /* there is a way, and it fits */
void lab_fault(struct lab *, const struct scenario_fault *);

#endif
