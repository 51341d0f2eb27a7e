/* SPDX-License-Identifier: ISC */
/* exec.h - a real, unmodified program in the place of a simulated host: `tulle lab exec FILE --at HOST -- COMMAND`.
 *
 * The program runs in network, mount and host-name namespaces of its own (without root in a user namespace
 * too, in which it keeps its user, its files, and the capabilities that concern networks). Its one network
 * device has the host's addresses, its name servers are the lab's; every frame it sends comes out at the host's
 * end of the wire, and the simulation runs in real time meanwhile.
 *
 *     program's sockets - its kernel - eth0 ~ TAP, or veth and packet socket ~ exec_bridge - end - wire - lab
 *
 * The lab builds all hosts but that one; in its place, in the same order, it adds a bridge:
 *
 *     exec_bridge_init(&bridge);
 *     node = sim_add_node(sim, &bridge.node, "client1");
 *     bridge.end = sim_attach(sim, wire, node);
 *     if (exec_begin(&exec, &(struct exec_config){ .sim = sim, .node = node, .bridge = &bridge, ... }))
 *             status = exec_run(&exec);
 *
 * In between the device is there, nothing of it has been read, and the program has not been started: the moment
 * to give up what this process may do. Afterwards it only needs what is open, its child's status, and what the
 * lab's programs need.
 */
#ifndef TULLE_LAB_EXEC_H
#define TULLE_LAB_EXEC_H

#include <signal.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/text.h"
#include "link/packet.h"
#include "link/tap.h"
#include "sim/sim.h"

struct exec_bridge {
	struct sim_node node;
	struct link *end;    /* set by the lab: the host's end of its wire */
	struct link *device; /* set by exec_begin while the program runs */
	bool readable;       /* it has frames, and the simulation has caught up with the clock */
};
void exec_bridge_init(struct exec_bridge *);

enum exec_device { EXEC_ANY, EXEC_TAP, EXEC_VETH }; /* ANY: a TAP where that may be opened */

struct exec_config {
	struct sim *sim;
	sim_node_id node;
	struct exec_bridge *bridge;
	const char *hostname;
	struct mac mac;
	const struct prefix *addresses; size_t addresses_count;
	const struct ip *gateways; size_t gateways_count; /* default routes, at most one a family */
	const struct ip *servers; size_t servers_count;   /* name servers, for resolv.conf */
	struct bytes roots;             /* PEM: whom the program shall trust besides, or instead; or empty */
	enum exec_device device;
	char *const *argv;              /* found by PATH; NULL-terminated */
	struct text *err;               /* why it could not be run */
};

enum { EXEC_SIGNALS = 2 }; /* that are handed on */

struct exec {
	const struct exec_config *config;   /* stays where it is */
	union { struct tap tap; struct packet packet; } device;
	uint8_t *memory;                    /* the device's */
	pid_t child;
	int fd, go, program, signals;       /* the device; the child waits at its other end; its pidfd; a signalfd */
	int lever[EXEC_SIGNALS][2];         /* a byte into it sends the child that signal */
	struct sigaction interrupt, quit; sigset_t mask; /* as they were */
};

#define EXEC_FAILED 125

/* A child with all that the program will find, and its device. False: EXEC_FAILED, and config.err says why. */
bool exec_begin(struct exec *, const struct exec_config *);
void exec_give_up(struct exec *); /* instead of running it */

/* Runs until the program ends. Its exit status, 128 + the signal that killed it, 127 or 126 if there is no such
 * program or it cannot be run. Ctrl-C is the program's affair; SIGTERM and SIGHUP are handed on to it. */
int exec_run(struct exec *);

#endif
