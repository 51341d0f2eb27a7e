/* SPDX-License-Identifier: ISC */
/* wire.h - inside the simulator: its wires and their ends, and what happens to a frame on them.
 *
 *     end A                                                                                end B
 *     send -> [waits behind a rate] -> [faults] -> [under way, in A's lanes] -> arrives -> recv
 *                                                                            -> recv of end C ...
 *
 * Every end has two lanes of flights: one for frames that keep their order, one for those that come late. A
 * frame that has arrived is kept once, in the list of its wire's arrivals; each end has a place in that list,
 * and the frame goes back to the pool when every end has let go of it. For the shared use of sim.c and wire.c.
 */
#ifndef TULLE_SIM_WIRE_H
#define TULLE_SIM_WIRE_H

#include "base/heap.h"
#include "sim/flights.h"
#include "sim/sim.h"

/* A flight's order is its sender's number above that node's count. */
#define COUNT_BITS 40
#define NODES_MAX (1u << 24)

#define NO_END UINT32_MAX

struct host {                    /* a node and what the simulator keeps for it */
	struct sim_node *node;
	uint64_t count;            /* of what it has caused */
	uint32_t waiting;          /* frames that have come to its ends and were not taken */
	bool cut;
	struct rng chance, faults; /* apart, so that what programs draw does not move what the wire does */
};

struct end {
	struct link link;
	struct sim *sim;
	sim_wire_id wire;
	sim_node_id host;
	uint32_t number, next_on_wire;
	instant busy_until;        /* behind a rate: when what was sent so far has left */
	uint32_t arrived;          /* the first it has not taken, in its wire's arrivals; 0: none */
	uint32_t held, held_count; /* what it has taken and not let go of: so many from there on */
	uint32_t holding_next;     /* in the simulator's list of ends that hold frames */
	bool holding;
};

struct wire {
	struct sim_wire_config config;
	instant queue_for;         /* how long a full queue takes to leave */
	uint32_t first_end, last_end, ends;
	uint32_t last_arrived;     /* the tail of its arrivals; 0: there are none */
	bool cut;
};

struct sim {
	instant now;
	struct sim_limits limits;
	uint32_t hosts_count, wires_count, ends_count, cut_count; /* hosts that are cut */
	struct host *host;
	struct wire *wire;
	struct end *end;
	struct flights flights;
	struct heap due;           /* hosts by deadline */
	uint32_t holding;          /* ends that hold frames */
	instant arrives_at;        /* of the frame just sent */
	struct rng root;
	struct sim_watch *watch;
	struct sim_counts counts;
};

extern const struct link_ops wire_end_ops;
void wire_arrive(struct sim *);    /* the next flight that is due reaches the other ends */
void wire_let_go(struct sim *);    /* of all that was received: a step has ended */
void wire_forget(struct sim *, struct end *); /* what has come to it and was not taken is lost */
void wire_configure(struct sim *, struct wire *, const struct sim_wire_config *);

#endif
