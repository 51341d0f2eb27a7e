/* SPDX-License-Identifier: ISC */
/* diag.h - what Linux tells of its sockets: the messages of NETLINK_SOCK_DIAG (sock_diag(7)), asked for and read.
 *
 * A question asks for all sockets of one family and protocol that are in certain states. The answer is datagrams, each
 * of whole messages, the last of them "done":
 *
 *     size_t n = diag_ask(room, &(struct diag_question){ 4, DIAG_TCP, DIAG_ALL_STATES, true });   // send so many bytes
 *     for (struct bytes b = datagram; diag_next(&b, &what, &socket);)
 *             if (what == DIAG_SOCKET) ...; else if (what == DIAG_DONE) ...
 *
 * Numbers are in this machine's order, ports and addresses in the network's. Nothing is kept.
 */
#ifndef TULLE_WIRE_DIAG_H
#define TULLE_WIRE_DIAG_H

#include "base/address.h"

enum { DIAG_TCP = 6, DIAG_UDP = 17 };

/* The kernel's own numbers; UDP has only ESTABLISHED (it has one peer) and CLOSE. */
enum diag_state {
	DIAG_ESTABLISHED = 1, DIAG_SYN_SENT, DIAG_SYN_RECV, DIAG_FIN_WAIT1, DIAG_FIN_WAIT2, DIAG_TIME_WAIT, DIAG_CLOSE,
	DIAG_CLOSE_WAIT, DIAG_LAST_ACK, DIAG_LISTEN, DIAG_CLOSING, DIAG_NEW_SYN_RECV /* told as SYN_RECV */,
	DIAG_BOUND, /* has a port, and neither listens nor is connected (told from Linux 6.8 on, if asked for) */
	DIAG_STATES
};
#define DIAG_ALL_STATES ((1u << DIAG_STATES) - 2)

enum diag_timer { DIAG_TIMER_OFF, DIAG_TIMER_RESEND, DIAG_TIMER_KEEPALIVE, DIAG_TIMER_TIME_WAIT, DIAG_TIMER_PROBE };

struct diag_info { /* tcp_info */
	uint32_t rto_us, rtt_us, rttvar_us, min_rtt_us, mss, pmtu;
	uint32_t cwnd, ssthresh; /* segments; ssthresh UINT32_MAX: none yet */
	uint32_t unacked, lost, retransmits, reordering; /* segments: on their way; lost of them; ever sent again */
	uint32_t not_sent;       /* bytes that wait for the window */
	uint32_t sent_ago_ms, received_ago_ms;
	uint64_t bytes_acked, bytes_received, bytes_again, delivery_rate, pacing_rate; /* rates: bytes a second; pacing UINT64_MAX: none */
};

struct diag_memory { uint32_t receive, receive_max, send, send_max, drops; }; /* bytes; datagrams or segments dropped */

#define DIAG_CONGESTION_MAX 16

struct diag_socket {
	uint8_t family;          /* 4 or 6: the socket's; an IPv6 one may have IPv4 addresses */
	uint8_t protocol;        /* as asked for: the kernel does not repeat it */
	uint8_t state, timer;    /* enum diag_state, enum diag_timer */
	uint8_t timer_count;     /* retransmissions or probes so far */
	bool only_ip6;           /* an IPv6 one that takes no IPv4 */
	bool has_info, has_memory;
	char congestion[DIAG_CONGESTION_MAX]; /* "cubic"; "": not told */
	struct addr local, remote; /* interface is 0; see below */
	uint32_t interface;      /* that it is bound to; 0: any */
	uint32_t timer_ms;       /* until the timer */
	uint32_t receive_queue, send_queue; /* bytes; of a listener: connections that wait to be accepted, and how many may */
	uint32_t uid, inode;     /* inode 0: no process holds it */
	struct diag_info info;
	struct diag_memory memory;
};

struct diag_question {
	uint8_t family;    /* 4 or 6 */
	uint8_t protocol;
	uint32_t states;   /* a bit each */
	bool details;      /* info, memory, congestion */
};

#define DIAG_QUESTION_BYTES 72
size_t diag_ask(struct room, const struct diag_question *); /* 0: no room */

enum diag_what { DIAG_SOCKET, DIAG_DONE, DIAG_REFUSED };
struct diag_answer { enum diag_what what; int error; struct diag_socket socket; }; /* error: the kernel's errno, of REFUSED */

/* The next message of a datagram, which is taken from its front; others than these are passed over. False: none is left
 * that is whole. */
bool diag_next(struct bytes *datagram, uint8_t protocol, struct diag_answer *);

const char *diag_state_name(const struct diag_socket *); /* "LISTEN"; of UDP "CONNECTED" or "UNCONNECTED" */

#endif
