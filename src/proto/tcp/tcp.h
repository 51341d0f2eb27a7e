/* SPDX-License-Identifier: ISC */
/* tcp.h - one TCP connection (RFC 9293) as a machine without I/O.
 *
 * Give it segments and the time; ask it for segments and for its next deadline. It owns no socket, clock,
 * memory or chance: all four are lent. Nothing here calls the caller back. Whoever holds one does, after
 * anything at all has happened to it:
 *
 *     while (tcp_output(&t, now, &seg)) send(&seg);     // RST and TIME_WAIT included
 *     sleep_until(tcp_deadline(&t));                    // then tcp_output() again
 *     act_on(tcp_news(&t));
 *
 * Listening is not a connection's state: the holder decides when a SYN is worth a `struct tcp`.
 *
 * RFC 9293 (the states), 6298 (RTO), 5681 and 6582 (congestion control, fast recovery: NewReno), 7323 2
 * (window scaling), 1122 4.2.3.2 (delayed ACK), 9293 3.8.6 (zero-window probes, silly windows).
 */
#ifndef TULLE_PROTO_TCP_TCP_H
#define TULLE_PROTO_TCP_TCP_H

#include "base/instant.h"
#include "base/ring.h"
#include "base/trace.h"
#include "proto/tcp/cc.h"
#include "proto/tcp/reasm.h"
#include "proto/tcp/rtt.h"
#include "wire/tcp.h"

enum tcp_state { TCP_CLOSED, TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2,
                 TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK, TCP_TIME_WAIT };

enum tcp_news { /* what has changed since last asked: a set, so it cannot overflow */
	TCP_OPENED = 1, TCP_READABLE = 2, TCP_WRITABLE = 4, TCP_EOF = 8, TCP_DONE = 16, TCP_RESET = 32,
	TCP_REFUSED = 64, TCP_GAVE_UP = 128 };

struct tcp_config {
	struct room rx, tx;      /* powers of two, at most 2^30; lent until news says DONE, RESET, REFUSED or GAVE_UP */
	uint16_t local_port, remote_port;
	uint32_t iss;            /* RFC 6528; the holder knows the secret */
	uint16_t mss;            /* what the link carries: offered to the peer, and a cap on what we send */
	instant give_up_after;   /* unacknowledged for so long: GAVE_UP (RFC 9293, 3.8.3) */
	struct trace *trace;     /* or NULL */
};

/* Laid open so that tests and `view` can read it; written only in proto/tcp/. (The owner of this room settles
 * the fields; these are what others read.) */
struct tcp {
	enum tcp_state state;
	struct ring rx, tx;      /* tx holds what is not acknowledged yet, from snd_una on */
	uint16_t local_port, remote_port;
	uint32_t snd_una, snd_nxt, snd_wnd, rcv_nxt, iss, irs; /* RFC 9293, 3.3.1, by its names */
	uint16_t mss;            /* effective send MSS */
	struct tcp_rtt rtt;      /* srtt, rttvar, rto: RFC 6298 */
	struct tcp_cc cc;        /* cwnd, ssthresh */
	unsigned news;
};

void tcp_connect(struct tcp *, const struct tcp_config *);
void tcp_accept(struct tcp *, const struct tcp_config *, const struct tcp_seg *syn);
enum drop tcp_input(struct tcp *, instant now, const struct tcp_seg *); /* DROP_NONE, or why it was not used */
bool tcp_output(struct tcp *, instant now, struct tcp_seg *); /* false: nothing before tcp_deadline() */
instant tcp_deadline(const struct tcp *);                     /* after a false tcp_output(now): later than that now */
unsigned tcp_news(struct tcp *);                              /* and forget them */
void tcp_unreachable(struct tcp *, instant now);              /* an ICMP error for it: RFC 5461; ends a SYN-SENT */

size_t tcp_send(struct tcp *, struct bytes);                  /* copies what fits */
struct bytes tcp_peek(const struct tcp *);
void tcp_take(struct tcp *, size_t);
void tcp_finish(struct tcp *);
void tcp_abort(struct tcp *);

const char *tcp_state_name(enum tcp_state); /* "SYN-SENT" */

/* For a segment that belongs to no connection: the RST it deserves, if any (RFC 9293, 3.10.7.1). */
bool tcp_refuse(const struct tcp_seg *in, struct tcp_seg *rst);

/* RFC 6528: M + F(local, remote, secret). The clock ticks every 4 microseconds. */
uint32_t tcp_iss(const uint8_t secret[16], instant now, const struct addr *local, const struct addr *remote);

#endif
