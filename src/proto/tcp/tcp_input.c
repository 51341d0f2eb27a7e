/* SPDX-License-Identifier: ISC */
#include "proto/tcp/state.h"

/* One arriving segment, worked through in RFC 9293's order (3.10.7). Each step says whether to go on. */
struct arrival {
	const struct tcp_seg *seg;
	instant now;
	uint32_t seq;      /* of the first byte of text; past a SYN that has been dealt with */
	struct bytes text; /* what of it is within the window and not a repetition */
	bool fin;          /* and so is the FIN */
	enum drop drop;
};

static bool drop(struct arrival *in, enum drop why)
{
	in->drop = why;
	return false;
}

static void ack_now(struct tcp *t, const struct arrival *in)
{
	t->ack_at = instant_min(t->ack_at, in->now);
	t->ack_delayed = false;
}

/* RFC 5961, 10: an ACK that a stranger can provoke must not become a tool for him. */
static void challenge(struct tcp *t, const struct arrival *in, const char *why)
{
	if (in->now < t->challenge_at) return;
	t->challenge_at = in->now + TCP_CHALLENGE_EVERY;
	ack_now(t, in);
	trace_say(t->trace, "challenge ACK: %s", why);
}

/* <SEQ=SEG.ACK><CTL=RST>, while we stay in our state. */
static void reset_peer(struct tcp *t, const struct arrival *in)
{
	t->reset_due = true;
	t->reset_acks = false;
	t->reset_seq = in->seg->ack;
}

/* --- SYN-SENT: 3.10.7.3 ------------------------------------------------------------------------------- */

static void syn_sent_opened(struct tcp *t, const struct arrival *in)
{
	t->snd_una = in->seg->ack;
	t->resend_nxt = t->resend_end = t->snd_una;
	t->resend_at = t->give_up_at = NEVER;
	tcp_establish(t, in->now);
	ack_now(t, in);
}

static enum drop syn_sent_input(struct tcp *t, struct arrival *in)
{
	const struct tcp_seg *seg = in->seg;
	bool acks = seg->flags & TCP_ACK;

	if (acks && (!seq_lt(t->iss, seg->ack) || seq_lt(t->snd_nxt, seg->ack))) {
		if (!(seg->flags & TCP_RST)) reset_peer(t, in);
		return DROP_STATE;
	}
	if (seg->flags & TCP_RST) {
		if (!acks) return DROP_STATE; /* anybody could have sent it */
		tcp_end(t, TCP_REFUSED);
		return DROP_NONE;
	}
	if (!(seg->flags & TCP_SYN)) return DROP_STATE;
	tcp_learn_options(t, seg, t->mss_default);
	t->rcv_adv = t->rcv_nxt + (uint32_t)size_min(t->rx.size, UINT16_MAX); /* what our SYN promised */
	if (acks) {
		syn_sent_opened(t, in);
	} else { /* both connect at once: our SYN goes out again, now with an ACK */
		trace_say(t->trace, "simultaneous open");
		tcp_enter(t, TCP_SYN_RECEIVED);
		tcp_resend_all(t);
	}
	return DROP_NONE; /* text and FIN that come with it will be sent again */
}

/* --- first: the sequence number, 3.10.7.4 ------------------------------------------------------------- */

/* What is wholly outside the window. Whoever sent it in good faith has missed an ACK of ours. */
static bool not_acceptable(struct tcp *t, struct arrival *in)
{
	const struct tcp_seg *seg = in->seg;

	if (seg->flags & TCP_RST) return drop(in, DROP_SEQUENCE);
	if (t->state == TCP_TIME_WAIT && (seg->flags & TCP_FIN)) { /* 3.10.7.4, eighth, TIME-WAIT */
		t->expire_at = in->now + 2 * TCP_MSL;
		trace_say(t->trace, "the peer's FIN again: TIME-WAIT starts anew");
	}
	/* Two ends that disagree could answer each other's empty segments for ever. */
	if (tcp_seg_len(seg) > 0 && !(seg->flags & TCP_SYN)) ack_now(t, in);
	else challenge(t, in, "outside the window");
	return drop(in, DROP_SEQUENCE);
}

/* Our SYN-ACK was lost, or the peer opens at the same time: its SYN comes (again) while we wait. */
static bool syn_again(struct tcp *t, struct arrival *in)
{
	if (!(in->seg->flags & TCP_ACK)) {
		if (t->snd_nxt != t->snd_una) tcp_resend_all(t);
		return drop(in, DROP_SEQUENCE);
	}
	in->seq++; /* it acknowledges our SYN, so there is more to it than its own */
	ack_now(t, in);
	return true;
}

/* Cuts off what has come before, and what lies beyond the window. A FIN takes no room, so one that stands at
 * the window's right edge is let in. */
static bool cut_to_window(struct tcp *t, struct arrival *in)
{
	uint32_t window = t->rcv_adv - t->rcv_nxt, len = (uint32_t)in->text.len;
	uint32_t old = t->rcv_nxt - in->seq;

	if ((int32_t)old > 0) { /* it begins before what we wait for */
		if (old >= len + in->fin) return not_acceptable(t, in);
		in->text = bytes_skip(in->text, old);
		in->seq = t->rcv_nxt;
		len -= old;
		ack_now(t, in);
	}
	uint32_t ahead = in->seq - t->rcv_nxt;
	if (ahead > window || (ahead == window && len > 0 && ahead > 0)) return not_acceptable(t, in);
	if (ahead + len > window) {
		in->text = bytes_first(in->text, window - ahead);
		in->fin = false;
		ack_now(t, in);
	}
	return true;
}

static bool check_sequence(struct tcp *t, struct arrival *in)
{
	if (in->seq == t->rcv_nxt && in->text.len <= t->rcv_adv - t->rcv_nxt) return true;
	if (t->state == TCP_SYN_RECEIVED && (in->seg->flags & TCP_SYN) && !(in->seg->flags & TCP_RST) &&
	    in->seq == t->irs && !syn_again(t, in))
		return false;
	return cut_to_window(t, in);
}

/* --- second: RST, RFC 5961, 3.2 ----------------------------------------------------------------------- */

static bool check_reset(struct tcp *t, struct arrival *in)
{
	if (!(in->seg->flags & TCP_RST)) return true;
	if (in->seg->seq != t->rcv_nxt) {
		challenge(t, in, "RST within the window, but not at its edge");
		return drop(in, DROP_SEQUENCE);
	}
	bool refused = t->state == TCP_SYN_RECEIVED && t->active;
	bool late = t->state == TCP_CLOSING || t->state == TCP_LAST_ACK || t->state == TCP_TIME_WAIT;
	tcp_end(t, refused ? TCP_REFUSED : late ? TCP_DONE : TCP_RESET);
	return false;
}

/* --- fourth: SYN, RFC 5961, 4.2 ----------------------------------------------------------------------- */

static bool check_syn(struct tcp *t, struct arrival *in)
{
	if (!(in->seg->flags & TCP_SYN) || in->seq != in->seg->seq) return true;
	challenge(t, in, "SYN in a connection");
	return drop(in, DROP_STATE);
}

/* --- fifth: ACK --------------------------------------------------------------------------------------- */

static void time_wait(struct tcp *t, instant now)
{
	tcp_enter(t, TCP_TIME_WAIT);
	t->expire_at = now + 2 * TCP_MSL;
	t->resend_at = t->probe_at = t->give_up_at = NEVER;
}

static void our_fin_is_acknowledged(struct tcp *t, instant now)
{
	t->fin_acked = true;
	switch (t->state) {
	case TCP_FIN_WAIT_1: tcp_enter(t, TCP_FIN_WAIT_2); break;
	case TCP_CLOSING: time_wait(t, now); break;
	case TCP_LAST_ACK: tcp_end(t, TCP_DONE); break;
	default: assert(!"a FIN was sent in a state that has none");
	}
}

/* Room for the program again, if it ran out: a quarter of the ring, so that it is not called for every byte. */
static void tell_writable(struct tcp *t)
{
	if (!t->short_send || t->finished || ring_free(&t->tx) < (t->tx.size + 3) / 4) return;
	t->short_send = false;
	t->news |= TCP_WRITABLE;
}

static void rearm_resend(struct tcp *t, instant now, enum tcp_cc_ack kind)
{
	if (t->snd_una == t->snd_nxt) {
		t->resend_at = t->give_up_at = NEVER;
		return;
	}
	t->give_up_at = instant_after(now, t->give_up_after);
	/* RFC 6582, 3.2: in recovery only the first partial ACK restarts the timer, so that a long one ends. */
	if (kind != TCP_CC_PARTIAL_AGAIN) t->resend_at = instant_after(now, t->rtt.rto);
}

/* What was thought lost and is acknowledged was not, or is mended. */
static void trim_resend(struct tcp *t)
{
	if (seq_lt(t->resend_nxt, t->snd_una)) t->resend_nxt = t->snd_una;
	if (seq_le(t->resend_end, t->resend_nxt)) t->resend_end = t->resend_nxt;
}

static void resend_first(struct tcp *t)
{
	t->resend_nxt = t->snd_una;
	t->resend_end = t->snd_una + (uint32_t)size_min(t->mss, tcp_flight(t));
	tcp_rtt_forget(&t->rtt);
}

static void new_ack(struct tcp *t, instant now, uint32_t ack)
{
	uint32_t acked = ack - t->snd_una, flight = tcp_flight(t), text = acked;
	bool fin = tcp_fin_pending(t) && acked > ring_used(&t->tx);

	text -= fin;
	ring_take(&t->tx, text);
	ring_rewind(&t->tx);
	t->snd_una = ack;
	t->snd_wnd -= (uint32_t)size_min(t->snd_wnd, acked); /* the right edge stays, until the segment moves it */
	if (t->resend_nxt != t->resend_end) trim_resend(t);
	tcp_rtt_acked(&t->rtt, now, ack);
	enum tcp_cc_ack kind = tcp_cc_acked(&t->cc, text, flight, ack, t->snd_nxt);
	if (kind != TCP_CC_FINE && t->snd_una != t->snd_nxt) {
		trace_say(t->trace, "fast recovery: a partial ACK, the next one is missing too");
		resend_first(t);
	}
	rearm_resend(t, now, kind);
	tell_writable(t);
	if (fin) our_fin_is_acknowledged(t, now);
}

/* RFC 5681, 2: what counts as a duplicate ACK. */
static void same_ack(struct tcp *t, const struct arrival *in, uint32_t window)
{
	if (t->snd_una == t->snd_nxt || window != t->snd_wnd || window == 0 || tcp_seg_len(in->seg) > 0) return;
	if (!tcp_cc_duplicate(&t->cc, tcp_flight(t), t->snd_nxt)) return;
	trace_say(t->trace, "fast retransmit: %d duplicate ACKs for %u", TCP_DUP_ACKS, t->snd_una - t->iss);
	resend_first(t);
}

/* RFC 9293, 3.10.7.4, fifth: an old segment must not take back what a newer one said. */
static void update_window(struct tcp *t, const struct arrival *in, uint32_t window, bool was_closed)
{
	if (!seq_lt(t->snd_wl1, in->seg->seq) && !(t->snd_wl1 == in->seg->seq && seq_le(t->snd_wl2, in->seg->ack)))
		return;
	t->snd_wl1 = in->seg->seq;
	t->snd_wl2 = in->seg->ack;
	t->snd_wnd = window;
	if (window > t->snd_wnd_max) t->snd_wnd_max = window;
	if (!was_closed || window == 0) return;
	if (t->probes > 0) trace_say(t->trace, "the window opens: %u bytes", window);
	t->probe_at = NEVER;
	t->probes = 0;
	/* Probes, and what was in flight when it closed, found no room. */
	if (t->snd_una != t->snd_nxt) tcp_resend_all(t);
}

static bool ack_of_syn(struct tcp *t, struct arrival *in)
{
	if (!seq_lt(t->snd_una, in->seg->ack) || seq_lt(t->snd_nxt, in->seg->ack)) {
		reset_peer(t, in);
		return drop(in, DROP_STATE);
	}
	t->snd_una++;
	t->resend_nxt = t->resend_end = t->snd_una;
	t->resend_at = t->give_up_at = NEVER;
	t->snd_wl1 = in->seg->seq - 1; /* so that this segment's window, scaled, is taken */
	tcp_establish(t, in->now);
	return true;
}

static bool check_ack(struct tcp *t, struct arrival *in)
{
	const struct tcp_seg *seg = in->seg;

	if (!(seg->flags & TCP_ACK)) return drop(in, DROP_STATE);
	if (t->state == TCP_SYN_RECEIVED && !ack_of_syn(t, in)) return false;
	uint32_t acked = seg->ack - t->snd_una;
	uint32_t window = (uint32_t)seg->window << (seg->flags & TCP_SYN ? 0 : t->snd_shift);

	bool was_closed = t->snd_wnd == 0;
	if (acked == 0) {
		same_ack(t, in, window);
	} else if (acked <= tcp_flight(t)) {
		new_ack(t, in->now, seg->ack);
		if (t->state == TCP_CLOSED) return false;
	} else if ((int32_t)acked > 0 || t->snd_una - seg->ack > t->snd_wnd_max) { /* RFC 5961, 5.2 */
		challenge(t, in, "an ACK for what was never sent, or long ago");
		return drop(in, DROP_SEQUENCE);
	} else {
		return true; /* late, and no harm */
	}
	update_window(t, in, window, was_closed);
	if (t->snd_wnd == 0) t->give_up_at = NEVER; /* 3.8.6.1: who answers probes is not given up */
	return true;
}

/* --- sixth: URG. Urgent data are read in line (RFC 6093); that there are some is told, once for each ---- */

static bool check_urgent(struct tcp *t, const struct arrival *in)
{
	uint32_t up = in->seg->seq + in->seg->urgent;

	if (t->peer_urgent && !seq_lt(t->rcv_nxt, t->rcv_up)) t->peer_urgent = false;
	if (!(in->seg->flags & TCP_URG) || in->seg->urgent == 0 || !seq_lt(t->rcv_nxt, up)) return true;
	if (t->peer_urgent && !seq_lt(t->rcv_up, up)) return true;
	t->rcv_up = up;
	t->peer_urgent = true;
	t->news |= TCP_URGENT;
	return true;
}

/* --- seventh: text ------------------------------------------------------------------------------------ */

static void in_order(struct tcp *t, const struct arrival *in)
{
	uint32_t len = (uint32_t)in->text.len, nxt = t->rcv_nxt + len;
	bool gap = t->reasm.count > 0;

	ring_write_ahead(&t->rx, 0, in->text);
	if (gap) nxt = tcp_reasm_join(&t->reasm, nxt);
	ring_put(&t->rx, nxt - t->rcv_nxt);
	t->rcv_nxt = nxt;
	t->news |= TCP_READABLE;
	t->ahead = 0; /* what was owed for the old number can be said no more */
	if (len > t->rcv_largest) t->rcv_largest = len;
	/* RFC 5681, 4.2: at once when a gap is filled, and for every second full-sized segment. */
	if (gap || nxt - t->rcv_acked >= 2 * t->rcv_largest) ack_now(t, in);
	else if (t->ack_at == NEVER) t->ack_at = in->now + TCP_ACK_DELAY, t->ack_delayed = true;
}

static void ahead(struct tcp *t, struct arrival *in)
{
	uint32_t end = in->seq + (uint32_t)in->text.len;

	if (tcp_reasm_add(&t->reasm, in->seq, end)) ring_write_ahead(&t->rx, in->seq - t->rcv_nxt, in->text);
	else in->drop = DROP_NO_ROOM, in->fin = false;
	if (t->ahead < UINT8_MAX) t->ahead++; /* so that the sender learns of the gap: RFC 5681, 4.2 */
	ack_now(t, in);
}

static bool take_text(struct tcp *t, struct arrival *in)
{
	if (t->state != TCP_ESTABLISHED && t->state != TCP_FIN_WAIT_1 && t->state != TCP_FIN_WAIT_2) return false;
	if (t->fin_seen) { /* nothing stands behind a FIN */
		uint32_t before = t->rcv_fin - in->seq;
		in->text = bytes_first(in->text, (int32_t)before < 0 ? 0 : size_min(in->text.len, before));
	}
	if (in->text.len == 0) return true;
	if (in->seq == t->rcv_nxt) in_order(t, in);
	else ahead(t, in);
	return true;
}

/* --- eighth: FIN -------------------------------------------------------------------------------------- */

static void the_peer_has_finished(struct tcp *t, instant now)
{
	switch (t->state) {
	case TCP_ESTABLISHED: tcp_enter(t, TCP_CLOSE_WAIT); break;
	case TCP_FIN_WAIT_1: tcp_enter(t, TCP_CLOSING); break;
	case TCP_FIN_WAIT_2: time_wait(t, now); break;
	default: assert(!"a second FIN was taken");
	}
}

static void check_fin(struct tcp *t, struct arrival *in)
{
	uint32_t end = in->seg->seq + !!(in->seg->flags & TCP_SYN) + (uint32_t)in->seg->text.len;

	if (in->fin && !t->fin_seen) {
		struct tcp_reasm *r = &t->reasm;
		if (seq_lt(end, t->rcv_nxt) || (r->count > 0 && seq_lt(end, r->range[r->count - 1].to))) return;
		t->fin_seen = true;
		t->rcv_fin = end;
		ack_now(t, in);
	}
	if (!t->fin_seen || t->rcv_nxt != t->rcv_fin) return;
	t->rcv_nxt++;
	t->rcv_adv = seq_max(t->rcv_adv, t->rcv_nxt);
	ack_now(t, in);
	the_peer_has_finished(t, in->now);
	tcp_tell_eof(t);
}

enum drop tcp_input(struct tcp *t, instant now, const struct tcp_seg *seg)
{
	struct arrival in = { .seg = seg, .now = now, .seq = seg->seq, .text = seg->text,
	                      .fin = seg->flags & TCP_FIN, .drop = DROP_NONE };

	if (t->state == TCP_CLOSED) return DROP_STATE;
	if (t->state == TCP_SYN_SENT)
		in.drop = syn_sent_input(t, &in);
	else if (check_sequence(t, &in) && check_reset(t, &in) && check_syn(t, &in) && check_ack(t, &in) &&
	         check_urgent(t, &in) && take_text(t, &in))
		check_fin(t, &in);
	tcp_check(t);
	return in.drop;
}
