/* SPDX-License-Identifier: ISC */
/* stack_inside.h - what the parts of a stack know of one another. Nobody outside this room includes it.
 *
 *      link_recv                                                                         link_send
 *          |            stack_in.c                                  stack_out.c              ^
 *          +--> frame --> arp                          +--> way --> room --> packet --> out -+
 *                    \--> ip --> stack_forward.c ------+     ^                  \
 *                          \--> reassembly              \    |                   +--> neighbour's queue
 *                           \--> stack_icmp.c --echo, errors-+
 *                            \-> stack_udp.c  --> socket's queue --> news --+
 *                             \> stack_tcp.c  --> tcp --> ready ---> (output)+--> stack_net.c --> program
 *
 * One turn (stack_step) takes a batch of frames from each link, runs what is due, lets every connection that
 * something happened to say what it has to say, and hands all frames to the links. What arrives makes
 * connections *ready* (they may have segments to send); what they have to tell the program makes them *listed*
 * (they have news). Both are lists of those concerned, so that nothing ever walks over all of them.
 *
 * Interface 0 is the loop: packets to the host's own addresses wait in a queue of their own for the next turn.
 * Received frames lie in the link's memory while they are worked on, so nothing is sent before the batch is
 * through: `out` holds the answers.
 */
#ifndef TULLE_STACK_INSIDE_H
#define TULLE_STACK_INSIDE_H

#include "base/heap.h"
#include "base/queue.h"
#include "proto/ip/group.h"
#include "proto/ip/icmp.h"
#include "proto/ip/neighbour.h"
#include "proto/ip/reassembly.h"
#include "proto/ip/route.h"
#include "proto/tcp/tcp.h"
#include "stack/stack.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/udp.h"

#define LOOP 0                                   /* the interface to ourselves */
#define LOOP_MTU 65535
#define OUT_BYTES (UINT32_C(1) << 18)            /* frames of one turn; more than a batch of 1514 bytes */
#define LOOP_BYTES (UINT32_C(1) << 18)
#define SCRATCH_BYTES (UINT32_C(1) << 16)        /* one datagram of the largest size */
#define TTL_DEFAULT 64                           /* RFC 1700 */
#define EPHEMERAL_FIRST 49152                    /* RFC 6335, 6 */
#define EPHEMERAL_TRIES 64                       /* by chance, before giving up */
#define PMTU_MAX 16
#define PMTU_FOR (600 * SECOND)                  /* RFC 8201, 5.3; RFC 1191, 6.3 */

struct interface {
	struct link *link;
	struct mac mac;
	uint16_t mtu;
	struct ip source4;     /* its first IPv4 address, or unspecified */
	struct ip source6;     /* its first global IPv6 address, or unspecified */
	struct ip link_local;  /* made from the MAC (RFC 4291, appendix A) */
	bool six;              /* its link is wide enough for IPv6 (RFC 8200, 5) */
	struct ip good_source; /* the last one found to be no martian, so that a flow is checked once */
	bool has_good_source;
};

/* A packet that came in. Its views are good while it is worked on. */
struct packet {
	uint16_t interface;
	bool checked;          /* its transport checksum needs no look */
	bool to_many;          /* the frame or the destination was for more than this host */
	bool later_fragment;
	uint8_t protocol, ttl;
	struct ip src, dst;
	const struct route *route; /* to dst, if it is another's; NULL: none */
	struct bytes payload;
	struct bytes whole;    /* from the IP header on; of a reassembled one, the first fragment's start */
};

/* How to send to a destination. */
enum way_kind { WAY_ONE, WAY_LOOP, WAY_BROADCAST, WAY_MULTICAST };
struct way {
	struct ip next;        /* the neighbour to hand it to */
	struct ip source;      /* the address to send from, if none is bound */
	uint16_t interface, mtu;
	enum way_kind kind;
	bool unvouched;        /* for a packet somebody else made, whose checksums nobody here has looked at */
};

/* The fields of an IP header that senders choose. */
struct header { struct ip src, dst; uint8_t protocol, ttl, traffic_class; bool dont_fragment, router_alert; };

/* What a program may choose for what it sends and wants to hear; a listener's streams have it from the listener. */
struct manner { uint8_t ttl, ttl_least, traffic_class; };

enum socket_kind { SOCKET_NONE, SOCKET_DATAGRAM, SOCKET_LISTENER };

struct socket {
	enum socket_kind kind;
	uint32_t generation;
	uint32_t news_next;    /* 1 + slot */
	uint32_t free_next;
	bool listed;
	bool allow_broadcast, multicast_loop;
	uint8_t multicast_ttl;
	struct manner manner;
	uint16_t memberships;  /* the first: 1 + number */
	uint16_t half_open;    /* of a listener */
	struct addr local;
	struct queue queue;    /* tag: 0 a datagram, else 1 + why it bounced; data: struct datagram_head, text */
};
struct datagram_head { struct addr peer, local; };

struct membership { struct ip group; uint16_t interface, next; bool used; };

enum connection_news { NEWS_ACCEPTED = 1, NEWS_CONNECTED = 2, NEWS_READABLE = 4, NEWS_WRITABLE = 8,
                       NEWS_EOF = 16, NEWS_CLOSED = 32, NEWS_URGENT = 64 };

struct connection {
	struct tcp tcp;
	struct addr local, remote;
	struct way way;
	uint32_t generation;
	uint32_t ready_next, news_next, free_next; /* 1 + number; 1 + slot; 1 + number */
	uint32_t late_next, late_before;           /* those in TIME-WAIT, oldest first: 1 + number */
	uint32_t listener_generation;
	uint16_t listener;     /* 1 + socket; 0: it was connected from here */
	uint8_t news;          /* enum connection_news */
	bool used, ready, listed, late;
	bool ours;             /* the program has (or will have) its id */
	bool half_open;        /* it counts against its listener's backlog */
	bool eof_told, closing;
	bool urgent_news;      /* NEWS_URGENT is wanted */
	bool unreachable;      /* why it could not be reached, in case it ends so */
	struct manner manner;
	enum net_why why;
};

struct stack_address { struct prefix prefix; uint16_t interface; };
struct pmtu { struct ip dst; uint16_t mtu; instant until; };

struct stack {
	struct net net;        /* first: stack_net hands it out */
	struct stack_limits limits;
	struct stack_config config;
	instant now, wake_at;
	bool wake_due, more;   /* more: a link may have more than it gave */
	bool receiving;        /* frames of a batch are being worked on: no link may be called */
	struct drops drops;
	struct stack_counts counts;

	struct interface *interface; /* [0] is the loop */
	struct stack_address *address;
	uint16_t interfaces, addresses, routes_added, silent_links;
	struct link_ready ready; /* of the links that are not silent */
	struct routes routes;
	struct neighbours neighbours;
	struct groups groups;
	struct reassembly reassembly;
	struct icmp_rate rate;
	struct pmtu *pmtu;
	uint16_t pmtus;
	uint16_t ip_id;
	uint8_t secret[16], tcp_secret[16];

	struct queue out;      /* tag: interface; data: struct out_head, frame, story */
	struct queue loop;     /* tag: 0; data: IP packets */
	uint8_t *scratch;      /* one datagram that is being made */

	struct socket *socket;
	struct index ports;    /* sockets by kind and port */
	struct membership *membership;
	uint32_t sockets_used, socket_free;          /* free: 1 + number of the first */
	uint8_t *datagrams;    /* the sockets' queues */

	struct connection *connection;
	struct index tuples;   /* connections by both ends */
	struct heap due;       /* connections' deadlines, or sooner */
	uint32_t connections_used, connection_free;
	uint32_t last_found;   /* 1 + the connection of the last segment */
	uint32_t ready_first, ready_last;            /* 1 + number */
	uint32_t late_first, late_last;
	uint8_t *rings;

	uint32_t news_first, news_last;              /* 1 + slot */
	uint32_t shown;        /* 1 + the socket whose first datagram the program is looking at */
	uint32_t slot_bits;    /* of an id: the rest is the generation */
};

struct out_head { uint32_t frame_bytes; uint16_t story_bytes, flags; /* of the frame: FRAME_CHECKED */ };

/* ---- stack.c */
static inline enum drop stack_drop(struct stack *s, enum drop why)
{
	s->drops.by_reason[why]++;
	return why;
}

/* ---- stack_in.c */
void stack_in_frames(struct stack *); /* a batch from each link */
void stack_in_loop(struct stack *);
void stack_in_due(struct stack *);                         /* datagrams whose fragments never came */

/* ---- stack_out.c: find a way, take room for a packet, write it, commit it. */
bool stack_out_way(struct stack *, struct ip dst, uint16_t interface, struct way *); /* interface 0: by the routes */
struct room stack_out_room(struct stack *, const struct way *, size_t packet_bytes); /* .at NULL: none, and counted */
void stack_out_commit(struct stack *, const struct way *, size_t packet_bytes, const char *story);
size_t stack_out_header(struct stack *, const struct header *, size_t payload_bytes, struct room);
bool stack_out_datagram(struct stack *, const struct way *, const struct header *, struct bytes payload);
void stack_out_fragments4(struct stack *, const struct way *, const struct ip4 *);
void stack_out_frame(struct stack *, uint16_t interface, struct mac dst, uint16_t type, struct bytes packet);
void stack_out_flush(struct stack *);
bool stack_out_is_ours(const struct stack *, struct ip);
bool stack_out_is_to_many(const struct stack *, struct ip); /* a group or a broadcast address */
void stack_out_learn_mtu(struct stack *, struct ip dst, uint16_t mtu);

/* ---- stack_neighbour.c */
void stack_neighbour_arp(struct stack *, uint16_t interface, struct bytes);
void stack_neighbour_discovery(struct stack *, const struct packet *, const struct icmp *);
void stack_neighbour_due(struct stack *);

/* ---- stack_group.c */
void stack_group_igmp(struct stack *, const struct packet *);
void stack_group_mld(struct stack *, const struct packet *, const struct icmp *);
void stack_group_due(struct stack *);

/* ---- stack_forward.c */
void stack_forward(struct stack *, const struct packet *);

/* ---- stack_icmp.c */
void stack_icmp_input(struct stack *, const struct packet *);
void stack_icmp_error(struct stack *, const struct packet *, enum icmp_reason, uint16_t mtu);
bool stack_icmp_reread(struct bytes packet, uint16_t interface, struct packet *); /* one that is to be quoted */

/* ---- stack_socket.c */
struct socket *stack_socket_add(struct stack *, enum socket_kind, const struct addr *local); /* NULL: why_not says */
void stack_socket_remove(struct stack *, struct socket *);
struct socket *stack_socket_of(struct stack *, net_id, enum socket_kind);
struct socket *stack_socket_find(struct stack *, enum socket_kind, const struct addr *local);
bool stack_socket_next(struct stack *, enum socket_kind, uint16_t port, uint32_t *at, struct socket **);
bool stack_socket_join(struct net *, net_id, const struct addr *);
bool stack_socket_leave(struct net *, net_id, const struct addr *);
bool stack_socket_is_member(const struct stack *, const struct socket *, uint16_t interface, struct ip group);

/* ---- stack_udp.c */
void stack_udp_input(struct stack *, const struct packet *);
bool stack_udp_bounced(struct stack *, const struct icmp_quote *, enum net_why);
bool stack_udp_sendto(struct net *, net_id, const struct ip *from, const struct addr *, struct bytes);

/* ---- stack_tcp.c */
void stack_tcp_input(struct stack *, const struct packet *);
bool stack_tcp_bounced(struct stack *, const struct icmp_quote *, enum net_why, uint16_t mtu); /* false: it cannot be ours */
void stack_tcp_due(struct stack *);
void stack_tcp_output(struct stack *);                     /* of those that are ready */
void stack_tcp_ready(struct stack *, struct connection *);
struct connection *stack_tcp_of(struct stack *, net_id);
struct socket *stack_tcp_listener_of(struct stack *, const struct connection *); /* NULL: it is gone */
void stack_tcp_taken(struct stack *, struct connection *);
void stack_tcp_abandon(struct stack *, struct connection *); /* the program knows it no more */
net_id stack_tcp_connect(struct net *, const struct addr *, const struct net_how *);
void stack_tcp_close_all(struct stack *);

/* ---- stack_net.c */
extern const struct net_ops stack_net_ops;
enum net_why stack_net_manner(struct manner *, const struct net_how *); /* NET_DONE: it can be so */
void stack_net_list_socket(struct stack *, struct socket *);
void stack_net_list_connection(struct stack *, struct connection *);
static inline uint32_t slot_of_connection(const struct stack *s, const struct connection *c)
{
	return s->limits.sockets_max + (uint32_t)(c - s->connection);
}
static inline net_id id_of(const struct stack *s, uint32_t slot, uint32_t generation)
{
	return generation << s->slot_bits | slot;
}
/* The next generation of a slot: never 0, so that no id is 0. */
static inline uint32_t next_generation(const struct stack *s, uint32_t generation)
{
	uint32_t max = UINT32_MAX >> s->slot_bits;
	return generation >= max ? 1 : generation + 1;
}

#endif
