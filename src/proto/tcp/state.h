/* SPDX-License-Identifier: ISC */
/* state.h - what the files of the TCP machine share among themselves; nobody else includes it. */
#ifndef TULLE_PROTO_TCP_STATE_H
#define TULLE_PROTO_TCP_STATE_H

#include "proto/tcp/seq.h"
#include "proto/tcp/tcp.h"

/* The one door for changes of state: asserts that RFC 9293's figure 5 has it. */
void tcp_enter(struct tcp *, enum tcp_state next);
void tcp_establish(struct tcp *, instant now);          /* the handshake is over */
void tcp_end(struct tcp *, enum tcp_news why);          /* to CLOSED: no timer is left running */
void tcp_learn_options(struct tcp *, const struct tcp_seg *syn, uint16_t mss_default);
void tcp_check(const struct tcp *);                     /* the invariant of struct tcp */

/* Our SYN is yet to be sent, or to be acknowledged. */
static inline bool tcp_syn_pending(const struct tcp *t)
{
	return t->state == TCP_SYN_SENT || t->state == TCP_SYN_RECEIVED;
}

static inline uint32_t tcp_flight(const struct tcp *t) { return t->snd_nxt - t->snd_una; }

/* Our FIN is yet to be sent, or to be acknowledged. */
static inline bool tcp_fin_pending(const struct tcp *t) { return t->finished && !t->fin_acked; }

/* The peer takes nothing, and there is something for it: it has to be asked now and then (RFC 9293, 3.8.6.1). */
static inline bool tcp_window_closed(const struct tcp *t)
{
	return t->snd_wnd == 0 && (ring_used(&t->tx) > 0 || tcp_fin_pending(t)) && !tcp_syn_pending(t);
}

/* The number of a segment without text. It has to lie within the peer's window, and when that is closed a probe
 * (or what was in flight) has gone beyond it. */
static inline uint32_t tcp_bare_seq(const struct tcp *t) { return tcp_window_closed(t) ? t->snd_una : t->snd_nxt; }

/* The peer's FIN has come and everything before it. */
static inline bool tcp_fin_passed(const struct tcp *t) { return t->fin_seen && t->rcv_nxt == t->rcv_fin + 1; }

static inline void tcp_tell_eof(struct tcp *t)
{
	if (t->eof_told || !tcp_fin_passed(t) || ring_used(&t->rx) > 0) return;
	t->eof_told = true;
	t->news |= TCP_EOF;
}

/* Everything that is in flight is thought lost. */
static inline void tcp_resend_all(struct tcp *t)
{
	t->resend_nxt = t->snd_una;
	t->resend_end = t->snd_nxt;
	tcp_rtt_forget(&t->rtt);
}

#endif
