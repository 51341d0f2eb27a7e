/* SPDX-License-Identifier: ISC */
/* cc.h - how much may be on the way: slow start, congestion avoidance, fast recovery.
 *
 * RFC 5681, with the initial window of RFC 6928, limited transmit (RFC 3042), and NewReno's recovery (RFC
 * 6582). It is told what happens and keeps numbers; it sends nothing. "flight" is what is sent and not
 * acknowledged, in bytes.
 *
 *          OPEN  --third duplicate ACK-->  RECOVERY  --everything of then is acknowledged--+
 *           ^ \                               |                                           |
 *           |  `-----------timeout------------+--timeout-->  AFTER  <----------------------+
 *           `---------something sent later is acknowledged----'
 *
 * AFTER is the time when duplicate ACKs may be the echo of what was sent twice, and so mean nothing (6582, 3.2).
 */
#ifndef TULLE_PROTO_TCP_CC_H
#define TULLE_PROTO_TCP_CC_H

#include <stdbool.h>
#include <stdint.h>

#define TCP_DUP_ACKS 3

enum tcp_cc_phase { TCP_CC_OPEN, TCP_CC_RECOVERY, TCP_CC_AFTER };

struct tcp_cc {
	uint32_t cwnd, ssthresh;
	uint32_t acked;   /* bytes acknowledged since cwnd last grew: congestion avoidance */
	uint32_t recover; /* snd_nxt when the loss was noticed; means something unless OPEN */
	uint16_t mss;
	uint8_t dup_acks; /* in a row */
	uint8_t phase;    /* enum tcp_cc_phase */
	bool partial;     /* a partial ACK has come in this recovery */
};

void tcp_cc_init(struct tcp_cc *, uint16_t mss, bool syn_lost);
uint32_t tcp_cc_initial_window(uint16_t mss); /* RFC 6928, 2 */

/* New data is acknowledged: `bytes` of a flight that was `flight` before; una and nxt are those after. */
enum tcp_cc_ack { TCP_CC_FINE, TCP_CC_PARTIAL, TCP_CC_PARTIAL_AGAIN }; /* partial: the next segment is missing too */
enum tcp_cc_ack tcp_cc_acked(struct tcp_cc *, uint32_t bytes, uint32_t flight, uint32_t una, uint32_t nxt);

bool tcp_cc_duplicate(struct tcp_cc *, uint32_t flight, uint32_t nxt); /* true: resend the first segment now */
void tcp_cc_timeout(struct tcp_cc *, uint32_t flight, uint32_t nxt, bool again);
void tcp_cc_idle(struct tcp_cc *); /* nothing was sent for an RTO: what is known of the path is old (5681, 4.1) */

/* How large a flight may be now. The first two duplicate ACKs say that two segments have left the path. */
static inline uint32_t tcp_cc_limit(const struct tcp_cc *c)
{
	if (c->phase != TCP_CC_OPEN || c->dup_acks == 0) return c->cwnd;
	return c->cwnd + (c->dup_acks < TCP_DUP_ACKS ? c->dup_acks : TCP_DUP_ACKS - 1) * (uint32_t)c->mss;
}

#endif
