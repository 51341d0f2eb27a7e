/* SPDX-License-Identifier: ISC */
/* sim.h - a virtual clock, nodes, and wires with delay, rate, queue and faults.
 *
 * A node is anything with a next deadline that can be stepped: a host's stack with its programs, or a bridge
 * to a real device. A wire joins two or more ends; each end is a link. What one end sends reaches all the
 * others. The simulator does not know what a frame holds.
 *
 *     sim = sim_init(memory, &limits, seed);
 *     wire = sim_add_wire(sim, &config); host = sim_add_node(sim, &node, "a");
 *     end = sim_attach(sim, wire, host); ... stack_attach(stack, end, mac)
 *     sim_run(sim, until);
 *
 * Order. Frames arrive in the order of (time, the node that sent them, that node's own count). At each instant
 * first all frames that are due arrive, then the nodes that are due are stepped, in the order of their numbers;
 * a node is due when its deadline has come or frames have. Each node draws from its own stream of chance. So a
 * run does not depend on how nodes are spread over cores.
 *
 * The law of the deadline is asserted: after step(now), deadline() > now. A node that is not done with what is
 * due goes on before it returns; only frames that it has left waiting bring it back at the same instant.
 *
 * What a node receives is good until it receives again from that end, or its step ends. FRAME_CHECKED travels
 * with a frame: who sends it so marked says that its checksums are right, and the wire takes the mark off what it
 * corrupts; so the receiver need not sum up again what never left this process.
 */
#ifndef TULLE_SIM_SIM_H
#define TULLE_SIM_SIM_H

#include "base/bytes.h"
#include "base/chance.h"
#include "base/instant.h"
#include "link/link.h"

struct sim;
typedef uint32_t sim_wire_id, sim_node_id;

struct sim_node {
	void (*step)(struct sim_node *, instant now);       /* take what has come, do what is due, send */
	instant (*deadline)(const struct sim_node *);       /* after step(now): later than now */
};

struct sim_limits {
	uint32_t nodes_max, wires_max, ends_max;
	uint32_t frames_max; /* on all wires at once; one more is dropped and counted */
	uint32_t frame_bytes_max; /* Ethernet header and MTU: 1514 */
};

/* What can go wrong on a wire, per frame, each in parts per billion; drawn from the sender's chance. A frame that
 * is corrupted has one bit flipped behind its Ethernet header. */
struct sim_faults {
	uint32_t loss, duplicate, reorder, corrupt;
	instant reorder_for;   /* how much later a reordered frame comes */
	instant jitter;        /* up to so much added to the delay; frames stay in order unless reordered */
};
struct sim_wire_config {
	const char *name;
	instant delay;
	uint64_t bits_per_second; /* from each end, of the frames' own bytes; 0: no limit */
	uint32_t queue_bytes_max; /* in front of a rate: what has not left an end yet; what comes on top is dropped. 0: 1 MiB */
	uint16_t mtu;             /* 0: what frame_bytes_max allows */
	struct sim_faults faults;
};

/* What became of a frame that was sent: the worst, if several things did. */
enum sim_fate { SIM_DELIVERED, SIM_LOST, SIM_DUPLICATED, SIM_REORDERED, SIM_CORRUPTED, SIM_QUEUE_FULL,
                SIM_NO_BUFFER, SIM_TOO_BIG, SIM_CUT };
const char *sim_fate_words(enum sim_fate); /* "lost on the wire" */

/* Who watches sees each frame once, as it is handed to a wire's end (before it waits behind a rate, and before
 * it is corrupted), with what will become of it. */
struct sim_watch {
	void (*sent)(struct sim_watch *, instant, sim_wire_id, uint32_t end, const struct frame *, enum sim_fate);
};

size_t sim_size(const struct sim_limits *);
struct sim *sim_init(struct room zeroed, const struct sim_limits *, uint64_t seed);

sim_node_id sim_add_node(struct sim *, struct sim_node *, const char *name); /* the name seeds its chance */
struct rng *sim_node_chance(struct sim *, sim_node_id);
sim_wire_id sim_add_wire(struct sim *, const struct sim_wire_config *);
struct link *sim_attach(struct sim *, sim_wire_id, sim_node_id); /* a new end of the wire, for that node; ends are numbered from 0 over all wires */
uint32_t sim_wire_ends(const struct sim *, sim_wire_id);

/* Changes while it runs: faults, delay and rate from now on; a cut wire or end loses everything. */
void sim_set_wire(struct sim *, sim_wire_id, const struct sim_wire_config *);
void sim_cut_wire(struct sim *, sim_wire_id, bool cut);
void sim_cut_node(struct sim *, sim_node_id, bool cut); /* all its ends */
void sim_set_watch(struct sim *, struct sim_watch *);   /* NULL: nobody */
instant sim_arrives_at(const struct sim *); /* for who watches: when the frame just shown reaches the others; or NEVER */

instant sim_now(const struct sim *);
instant sim_next_at(const struct sim *);      /* NEVER: nothing will ever happen */
void sim_poke(struct sim *, sim_node_id);     /* its deadline has changed from outside, or frames came: step it next */
void sim_run(struct sim *, instant until);    /* all that is due up to and with `until`; then now is `until` */
bool sim_step(struct sim *, instant until);   /* one event: a frame arrives or a node is stepped; false: none is due up to `until` */

struct sim_counts {
	uint64_t events, frames, by_fate[SIM_CUT + 1];
	uint64_t lost_under_way; /* the wire was cut while they were on it */
	uint64_t trace;          /* a hash of every frame that was sent: when, by whom, what it was and what became of it */
};
struct sim_counts sim_counts(const struct sim *);

#endif
