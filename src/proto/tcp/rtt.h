/* SPDX-License-Identifier: ISC */
/* rtt.h - how long a round trip takes, and how long to wait for one (RFC 6298).
 *
 * One segment is timed at a time, and never one that was sent twice (Karn): its acknowledgement could mean
 * either copy.
 *
 *     tcp_rtt_time(&rtt, now, last_sequence_number_sent + 1);   // new data leaves
 *     tcp_rtt_acked(&rtt, now, ack);                            // new data is acknowledged
 *     tcp_rtt_expired(&rtt);                                    // nothing came in time: wait twice as long
 */
#ifndef TULLE_PROTO_TCP_RTT_H
#define TULLE_PROTO_TCP_RTT_H

#include "base/instant.h"

#define TCP_RTO_FIRST (1 * SECOND)      /* RFC 6298, 2.1 */
#define TCP_RTO_MIN (1 * SECOND)        /* 2.4 */
#define TCP_RTO_MAX (60 * SECOND)       /* 2.5 */
#define TCP_RTO_AFTER_SYN (3 * SECOND)  /* 5.7 */

struct tcp_rtt {
	instant srtt, rttvar; /* srtt 0: nothing was measured yet */
	instant rto;          /* what to wait now, doubled by every expiry */
	instant timed_at;     /* when the timed segment left; NEVER: none is timed */
	uint32_t timed_seq;   /* it is there when this is acknowledged */
	uint8_t backoffs;     /* expiries since the last sample */
};

void tcp_rtt_init(struct tcp_rtt *);
void tcp_rtt_sample(struct tcp_rtt *, instant measured);
void tcp_rtt_expired(struct tcp_rtt *);
void tcp_rtt_opened(struct tcp_rtt *); /* the handshake is over; was a SYN sent twice? */

/* Starts timing what ends before `seq`, unless something is timed already. */
static inline void tcp_rtt_time(struct tcp_rtt *r, instant now, uint32_t seq)
{
	if (r->timed_at != NEVER) return;
	r->timed_at = now;
	r->timed_seq = seq;
}

/* Something is sent again: what is timed now cannot be told from its copy. */
static inline void tcp_rtt_forget(struct tcp_rtt *r) { r->timed_at = NEVER; }

static inline void tcp_rtt_acked(struct tcp_rtt *r, instant now, uint32_t ack)
{
	if (r->timed_at == NEVER || (int32_t)(ack - r->timed_seq) < 0) return;
	tcp_rtt_sample(r, now - r->timed_at);
	r->timed_at = NEVER;
}

#endif
