/* SPDX-License-Identifier: ISC */
#include "proto/tcp/state.h"

/* --- the window we offer: RFC 9293, 3.8.6.2.2; RFC 7323, 2 -------------------------------------------- */

static uint32_t min32(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* How far the right edge would be beyond rcv_nxt, were the window offered now; in steps of the scale. */
static uint32_t window_to_offer(const struct tcp *t, uint32_t worth_it)
{
	uint32_t promised = t->rcv_adv - t->rcv_nxt;
	uint32_t largest = (uint32_t)UINT16_MAX << t->rcv_shift;
	uint32_t whole = min32((uint32_t)ring_free(&t->rx), largest) & ~((1u << t->rcv_shift) - 1);

	if (t->fin_seen || whole < promised || whole - promised < worth_it) return promised;
	return whole;
}

/* RFC 1122, 4.2.3.3: an edge that moves by less than this stays where it is. */
static uint32_t worth_offering(const struct tcp *t, uint32_t segments)
{
	uint32_t half = t->rx.size / 2, bytes = segments * (uint32_t)t->mss_offered;
	return half == 0 ? 1 : min32(half, bytes);
}

/* The program has taken so much that the peer should hear of it, though nothing came. While the window is wide
 * the next ACK is soon enough. */
static bool window_update_due(const struct tcp *t)
{
	uint32_t promised = t->rcv_adv - t->rcv_nxt;

	if (promised > min32(t->rx.size, UINT16_MAX) / 2 || tcp_syn_pending(t)) return false;
	return window_to_offer(t, worth_offering(t, promised < t->mss_offered ? 1 : 2)) != promised;
}

/* --- a segment ---------------------------------------------------------------------------------------- */

static void start(const struct tcp *t, struct tcp_seg *seg, uint32_t seq, uint8_t flags)
{
	*seg = (struct tcp_seg){ .src_port = t->local_port, .dst_port = t->remote_port, .seq = seq, .flags = flags };
}

/* Every segment with an ACK says all there is to say: what has come, and the window, which stays as it was unless it
 * can grow by what is worth it. */
static void acknowledge(struct tcp *t, struct tcp_seg *seg, uint32_t worth_it)
{
	uint32_t window = window_to_offer(t, worth_it);

	if (seg->flags & TCP_SYN) window = min32(window, UINT16_MAX), seg->window = (uint16_t)window;
	else seg->window = (uint16_t)min32(window >> t->rcv_shift, UINT16_MAX);
	seg->flags |= TCP_ACK;
	seg->ack = t->rcv_nxt;
	t->rcv_adv = seq_max(t->rcv_adv, t->rcv_nxt + window);
	t->rcv_acked = t->rcv_nxt;
	t->ack_at = NEVER;
}

/* What leaves has to be acknowledged in time. */
static void sent(struct tcp *t, instant now, uint32_t seq, uint32_t len)
{
	uint32_t end = seq + len;

	if (seq_lt(t->snd_nxt, end)) { /* new; if it began with something old it cannot be timed */
		if (seq == t->snd_nxt) tcp_rtt_time(&t->rtt, now, end);
		t->snd_nxt = end;
	}
	if (t->resend_nxt != t->resend_end) {
		t->resend_nxt = end;
		if (seq_le(t->resend_end, end)) t->resend_end = end;
	}
	t->sent_at = now;
	if (t->give_up_at == NEVER) t->give_up_at = instant_after(now, t->give_up_after);
	if (t->resend_at == NEVER) t->resend_at = instant_after(now, t->rtt.rto);
}

/* --- SYN ---------------------------------------------------------------------------------------------- */

static bool output_syn(struct tcp *t, instant now, struct tcp_seg *seg)
{
	if (t->snd_nxt != t->iss && t->resend_nxt == t->resend_end) return false;
	start(t, seg, t->iss, TCP_SYN);
	seg->mss = t->mss_offered;
	seg->has_wscale = t->scaling;
	seg->wscale = t->scaling ? t->rcv_shift : 0;
	if (t->state == TCP_SYN_RECEIVED) acknowledge(t, seg, worth_offering(t, 1));
	else seg->window = (uint16_t)min32(t->rx.size, UINT16_MAX);
	sent(t, now, t->iss, 1);
	return true;
}

/* --- text and FIN ------------------------------------------------------------------------------------- */

/* RFC 9293, 3.8.6.2.1: is a new segment of `len` out of `queued` bytes worth sending now? */
static bool worth_sending(const struct tcp *t, uint32_t len, uint32_t queued)
{
	if (len == t->mss) return true;
	if (len < queued) return len > 0 && len >= (t->snd_wnd_max + 1) / 2;
	return t->nodelay || t->finished || t->snd_una == t->snd_nxt; /* all there is: Nagle, 3.7.4 */
}

/* What may be sent from `seq` on: by the peer's window, and by the path's. */
static uint32_t allowance(const struct tcp *t, uint32_t seq)
{
	uint32_t offset = seq - t->snd_una, limit = min32(t->snd_wnd, tcp_cc_limit(&t->cc));
	return offset < limit ? limit - offset : 0;
}

/* RFC 9293, 3.8.5: as long as the urgent byte is ahead. What is too far to name is named when it is nearer. */
static void point_to_urgent(struct tcp *t, struct tcp_seg *seg)
{
	if (!seq_lt(t->snd_una, t->snd_up)) t->urgent = false;
	if (!t->urgent || !seq_lt(seg->seq, t->snd_up)) return;
	seg->flags |= TCP_URG;
	seg->urgent = (uint16_t)min32(t->snd_up - seg->seq, UINT16_MAX);
}

static void output_text(struct tcp *t, instant now, struct tcp_seg *seg, uint32_t seq, uint32_t len, bool fin)
{
	struct bytes view[2];
	uint32_t skip = seq - t->snd_una;

	if (seq == t->snd_nxt && t->snd_una == t->snd_nxt && now - t->sent_at > t->rtt.rto) tcp_cc_idle(&t->cc);
	start(t, seg, seq, 0);
	if (len > 0) {
		ring_view(&t->tx, skip, len, view);
		seg->text = view[0];
		seg->more = view[1];
		if (skip + len == ring_used(&t->tx)) seg->flags |= TCP_PSH;
	}
	if (fin) seg->flags |= TCP_FIN;
	if (t->urgent) point_to_urgent(t, seg);
	if (skip + len == t->snd_wnd && t->snd_wnd < t->snd_wnd_max / 2 && t->probe_at == NEVER)
		trace_say(t->trace, "window full: the peer has fallen behind");
	acknowledge(t, seg, worth_offering(t, 1));
	sent(t, now, seq, len + fin);
}

/* The next segment with text or a FIN, if one is due. A probe goes out whatever the window. */
static bool output_data(struct tcp *t, instant now, struct tcp_seg *seg, bool probe)
{
	bool again = t->resend_nxt != t->resend_end;
	uint32_t seq = again ? t->resend_nxt : t->snd_nxt;
	uint32_t used = (uint32_t)ring_used(&t->tx), offset = seq - t->snd_una;
	bool fin = tcp_fin_pending(t);

	if (probe) seq = t->snd_una, offset = 0;
	if (offset > used || (offset == used && !fin)) return false;
	uint32_t queued = used - offset, len = min32(min32(queued, allowance(t, seq)), t->mss);
	if (probe) {
		if (len == 0) len = min32(queued, 1);
	} else if (queued > 0) {
		if (len == 0 || !(again || worth_sending(t, len, queued))) return false;
	} else if (again && t->snd_wnd == 0) {
		return false; /* a FIN alone: the probe timer sends it */
	}
	output_text(t, now, seg, seq, len, fin && len == queued);
	return true;
}

/* --- timers ------------------------------------------------------------------------------------------- */

/* RFC 6298, 5.4 to 5.6; RFC 5681, 3.1. Everything in flight is sent again, as slow start lets it. */
static void resend_timer_expired(struct tcp *t)
{
	t->resend_at = NEVER;
	trace_say(t->trace, "retransmit: RTO expired after %.3g s", (double)t->rtt.rto / SECOND);
	tcp_cc_timeout(&t->cc, tcp_flight(t), t->snd_nxt, t->rtt.backoffs > 0);
	tcp_rtt_expired(&t->rtt);
	tcp_resend_all(t);
}

/* RFC 9293, 3.8.6.1: the interval grows, as the RTO's does; the connection lives while probes are answered. */
static void arm_probe(struct tcp *t, instant now)
{
	instant interval = t->rtt.rto << (t->probes < 6 ? t->probes : 6);

	t->probe_at = instant_after(now, instant_min(interval, TCP_PROBE_MAX));
}

/* The peer holds us back, and nothing is in flight that it would answer: it has to be asked. */
static bool held_back(const struct tcp *t)
{
	return tcp_window_closed(t) || (ring_used(&t->tx) > 0 && t->snd_una == t->snd_nxt);
}

/* Nothing more can be sent now. */
static void wait_for_peer(struct tcp *t, instant now)
{
	if (held_back(t)) {
		t->resend_at = NEVER;
		if (t->probe_at == NEVER) arm_probe(t, now);
	} else if (t->probe_at != NEVER) {
		t->probe_at = NEVER;
		t->probes = 0;
	}
}

static void run_timers(struct tcp *t, instant now)
{
	if (t->expire_at <= now) tcp_end(t, TCP_DONE);
	else if (t->give_up_at <= now) tcp_end(t, TCP_GAVE_UP);
	else if (t->resend_at <= now && !tcp_window_closed(t)) resend_timer_expired(t);
}

static void output_probe(struct tcp *t, instant now, struct tcp_seg *seg)
{
	trace_say(t->trace, t->snd_wnd == 0 ? "zero-window probe" : "window too small: sending what fits");
	bool done = output_data(t, now, seg, true);
	assert(done);
	tcp_rtt_forget(&t->rtt); /* how long it waits says something about the peer's program, not about the path */
	if (t->probes < UINT8_MAX) t->probes++;
	t->probe_at = NEVER;
	wait_for_peer(t, now);
}

/* A RST on its way out is all that is left of the connection, or of the segment that deserved it. */
static bool output_reset(struct tcp *t, struct tcp_seg *seg)
{
	start(t, seg, t->reset_seq, TCP_RST);
	if (t->reset_acks) seg->flags |= TCP_ACK, seg->ack = t->rcv_nxt;
	t->reset_due = false;
	return true;
}

static void output_ack(struct tcp *t, instant now, struct tcp_seg *seg)
{
	if (t->ack_at > now) trace_say(t->trace, "window update");
	else if (t->ack_delayed) trace_say(t->trace, "delayed ACK");
	start(t, seg, tcp_bare_seq(t), 0);
	acknowledge(t, seg, worth_offering(t, 1));
	if (seg->window == 0) trace_say(t->trace, "window full: the program has %zu bytes to take", ring_used(&t->rx));
}

/* One for each segment that is ahead of its turn, though many may have come at once. It counts with the sender only
 * if it has no text and the window is as it was (RFC 5681, 2). */
static void output_duplicate_ack(struct tcp *t, struct tcp_seg *seg)
{
	trace_say(t->trace, "duplicate ACK: there is a gap");
	start(t, seg, tcp_bare_seq(t), 0);
	acknowledge(t, seg, UINT32_MAX);
	t->ahead--;
}

static bool output(struct tcp *t, instant now, struct tcp_seg *seg)
{
	if (t->reset_due) return output_reset(t, seg);
	if (tcp_deadline(t) <= now) run_timers(t, now);
	if (t->state == TCP_CLOSED) return false;
	if (tcp_syn_pending(t)) {
		if (output_syn(t, now, seg)) return true;
	} else if (t->probe_at <= now && held_back(t)) {
		output_probe(t, now, seg);
		return true;
	} else if (t->ahead > 0) {
		output_duplicate_ack(t, seg);
		return true;
	} else if (output_data(t, now, seg, false)) {
		return true;
	} else {
		wait_for_peer(t, now);
	}
	if (t->ack_at > now && !window_update_due(t)) return false;
	output_ack(t, now, seg);
	return true;
}

bool tcp_output(struct tcp *t, instant now, struct tcp_seg *seg)
{
	bool done = output(t, now, seg);
	tcp_check(t);
	assert(done || tcp_deadline(t) > now);
	return done;
}
