/* SPDX-License-Identifier: ISC */
/* stack.h - one host made of machines: frames below (link.h), streams and datagrams above (net.h).
 *
 * Ethernet, ARP, IPv4, IPv6 with neighbour discovery, ICMP, IGMP, UDP, TCP; a host or, with forwarding on,
 * a router. All memory is one lent block, sized by named limits; what is full is a counted drop.
 *
 *     struct stack *s = stack_init(zeroed memory, &limits, &config);
 *     stack_attach(s, link, mac);                        // interface 1
 *     stack_add_address(s, 1, prefix); stack_add_route(s, ...);
 *     for (;;) {
 *             stack_step(s, now);                        // takes frames, does what is due, sends frames
 *             app_turn(stack_net(s), program);           // which may make more due: step again
 *             sleep until stack_deadline(s) or a frame
 *     }
 *
 * Where the link can wait (a device), net_wait on stack_net does all of that by itself. There the clock does not
 * begin at 0: one stack_step before the program's first verb tells the stack what time it is.
 *
 * What an idle host uses lies within one page, near the front of the block; the rest is not touched before it is
 * needed. Packets to the host's own addresses never reach a link. Its own broadcasts are not heard by itself.
 *
 * Left out: duplicate address detection and router solicitation (addresses and routes are given), multicast
 * routing, redirects, source routing, SYN cookies (a flood fills a listener's backlog and no more).
 */
#ifndef TULLE_STACK_STACK_H
#define TULLE_STACK_STACK_H

#include "base/address.h"
#include "base/chance.h"
#include "link/link.h"
#include "net/net.h"
#include "wire/drop.h"

struct stack;

struct stack_limits {
	uint16_t interfaces_max, addresses_max, routes_max, neighbours_max, groups_max;
	uint16_t sockets_max;      /* datagram ids and listeners */
	uint32_t connections_max;  /* TCP, in every state, half-open ones included */
	uint16_t backlog_max;      /* half-open ones of a listener */
	uint32_t rx_bytes, tx_bytes; /* rings of a connection, powers of two */
	uint32_t datagram_bytes;   /* what one socket's queue of received datagrams may hold */
	uint16_t reassemblies_max; /* datagrams being put together; each takes 64 KiB while it lasts */
};
extern const struct stack_limits stack_limits_host;   /* a workstation: rings of 256 KiB, 64 connections */
extern const struct stack_limits stack_limits_small;  /* a simulated host among thousands: touches 4 KiB when idle */

struct stack_config {
	struct rng *rng;       /* lent for life: secrets, ports, ids */
	bool forward;          /* a router */
	instant give_up_after; /* TCP; 0: 100 seconds (RFC 9293, 3.8.3) */
	struct trace *trace;   /* or NULL: machines' reasons, handed on as frames' stories */
};

size_t stack_size(const struct stack_limits *);
struct stack *stack_init(struct room zeroed, const struct stack_limits *, const struct stack_config *);

/* Interfaces are numbered from 1, in order; 0: the limit is reached. The link stays the caller's. One with an MTU
 * under 1280 carries no IPv6 (RFC 8200, 5). */
uint16_t stack_attach(struct stack *, struct link *, struct mac);
bool stack_add_address(struct stack *, uint16_t interface, struct prefix); /* adds the connected route too */
bool stack_add_route(struct stack *, struct prefix to, struct ip gateway, uint16_t interface); /* interface 0: found by the gateway */
/* Tells the neighbours what addresses are here, with which MAC: for one who comes back with another. */
void stack_announce(struct stack *);

void stack_step(struct stack *, instant now); /* at most a batch from each link: then the deadline is now, if there may be more */
instant stack_deadline(const struct stack *);
/* The host goes: connections that are not finished are reset, groups are left, and everybody concerned is told now. */
void stack_close(struct stack *, instant now);
struct net *stack_net(struct stack *);

/* For those who watch. */
const struct drops *stack_drops(const struct stack *);
struct stack_counts { uint64_t frames_in, frames_out, forwarded; uint32_t listeners, connections, datagram_sockets; };
struct stack_counts stack_counts(const struct stack *);
struct tcp;
/* The next connection after `previous` (NULL: the first), or NULL: for `view`, `sockets` and the lab's plots. */
const struct tcp *stack_next_connection(const struct stack *, const struct tcp *previous, struct addr *local, struct addr *remote);

#endif
