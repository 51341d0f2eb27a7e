/* SPDX-License-Identifier: ISC */
#include "proto/tcp/tcp.h"

#include "proto/tcp/state.h"

/* Theory of operation.
 *
 * Input (tcp_input.c) changes facts: what is acknowledged, what has come, what is thought lost, which timer
 * runs. Output (tcp_output.c) looks at the facts and says what is due; it remembers no jobs. So a verb like
 * tcp_send only puts bytes into a ring, and tcp_finish only sets a flag and a state; the next tcp_output
 * finds out that there is something to send.
 *
 * Sequence numbers. The tx ring's first byte is number snd_una, once our SYN is acknowledged; before, the
 * SYN is number snd_una and the ring begins one later. Our FIN stands behind the ring's last byte as soon as
 * `finished` is set. The rx ring's end is rcv_nxt until the peer's FIN is passed.
 *
 * Loss. What is thought lost is one range, resend_nxt up to resend_end: everything sent, after a timeout;
 * the first segment, in fast recovery. Output sends from there first, and new data from snd_nxt when the
 * range is empty. Going over the range it counts as in flight only what lies before resend_nxt.
 *
 * Timers. resend_at runs while something is in flight and the peer's window is open; probe_at while it is
 * closed, or too small to be worth a segment, and nothing is in flight; never both. ack_at runs while an
 * ACK is delayed, and is in the past when one is due at once. give_up_at runs while something waits for an
 * answer. expire_at ends TIME-WAIT.
 */

#define BIT(state) (1u << (state))

static const char *const state_name[] = {
	[TCP_CLOSED] = "CLOSED", [TCP_SYN_SENT] = "SYN-SENT", [TCP_SYN_RECEIVED] = "SYN-RECEIVED",
	[TCP_ESTABLISHED] = "ESTABLISHED", [TCP_FIN_WAIT_1] = "FIN-WAIT-1", [TCP_FIN_WAIT_2] = "FIN-WAIT-2",
	[TCP_CLOSE_WAIT] = "CLOSE-WAIT", [TCP_CLOSING] = "CLOSING", [TCP_LAST_ACK] = "LAST-ACK",
	[TCP_TIME_WAIT] = "TIME-WAIT",
};
static_assert(COUNT(state_name) == TCP_TIME_WAIT + 1, "a name for every state");

/* RFC 9293, figure 5, row by row; CLOSED can be reached from everywhere. */
static const uint16_t may_enter[] = {
	[TCP_CLOSED]       = BIT(TCP_SYN_SENT) | BIT(TCP_SYN_RECEIVED),
	[TCP_SYN_SENT]     = BIT(TCP_SYN_RECEIVED) | BIT(TCP_ESTABLISHED),
	[TCP_SYN_RECEIVED] = BIT(TCP_ESTABLISHED),
	[TCP_ESTABLISHED]  = BIT(TCP_FIN_WAIT_1) | BIT(TCP_CLOSE_WAIT),
	[TCP_FIN_WAIT_1]   = BIT(TCP_FIN_WAIT_2) | BIT(TCP_CLOSING),
	[TCP_FIN_WAIT_2]   = BIT(TCP_TIME_WAIT),
	[TCP_CLOSE_WAIT]   = BIT(TCP_LAST_ACK),
	[TCP_CLOSING]      = BIT(TCP_TIME_WAIT),
	[TCP_LAST_ACK]     = 0,
	[TCP_TIME_WAIT]    = 0,
};
static_assert(COUNT(may_enter) == COUNT(state_name), "a row for every state");

const char *tcp_state_name(enum tcp_state state)
{
	return (size_t)state < COUNT(state_name) ? state_name[state] : "?";
}

void tcp_enter(struct tcp *t, enum tcp_state next)
{
	assert(next == TCP_CLOSED || (may_enter[t->state] & BIT(next)));
	t->state = next;
}

void tcp_end(struct tcp *t, enum tcp_news why)
{
	tcp_enter(t, TCP_CLOSED);
	t->resend_at = t->ack_at = t->probe_at = t->expire_at = t->give_up_at = NEVER;
	t->snd_una = t->resend_nxt = t->resend_end = t->snd_nxt;
	t->news = (t->news & ~(uint32_t)TCP_WRITABLE) | why;
}

/* Cheap enough to stand at the exit of every verb. */
void tcp_check(const struct tcp *t)
{
	uint32_t flight = tcp_flight(t), held = (uint32_t)ring_used(&t->tx);

	assert(flight <= held + tcp_syn_pending(t) + tcp_fin_pending(t));
	assert(t->resend_nxt == t->resend_end ||
	       (t->resend_nxt - t->snd_una < t->resend_end - t->snd_una && t->resend_end - t->snd_una <= flight));
	assert(ring_used(&t->rx) <= t->rx.size && held <= t->tx.size);
	assert(t->rcv_adv - t->rcv_nxt <= ring_free(&t->rx));
	assert(t->cc.cwnd >= t->mss && t->reasm.count <= TCP_REASM_RANGES_MAX);
	assert(t->state != TCP_CLOSED || tcp_deadline(t) == NEVER);
}

static void init(struct tcp *t, const struct tcp_config *config)
{
	assert(config->rx.len > 0 && config->rx.len <= 1u << 30 && config->tx.len > 0 && config->tx.len <= 1u << 30);
	assert(config->mss > 0);
	*t = (struct tcp){
		.state = TCP_CLOSED,
		.snd_una = config->iss, .snd_nxt = config->iss, .iss = config->iss,
		.mss = config->mss, .mss_offered = config->mss, .scaling = true, .nodelay = config->nodelay,
		.local_port = config->local_port, .remote_port = config->remote_port,
		.resend_at = NEVER, .ack_at = NEVER, .probe_at = NEVER, .expire_at = NEVER, .give_up_at = NEVER,
		.give_up_after = config->give_up_after, .challenge_at = INT64_MIN, .trace = config->trace,
	};
	ring_init(&t->rx, config->rx);
	ring_init(&t->tx, config->tx);
	while (t->rx.size >> t->rcv_shift > UINT16_MAX && t->rcv_shift < TCP_WSCALE_MAX) t->rcv_shift++;
	tcp_rtt_init(&t->rtt);
	tcp_cc_init(&t->cc, t->mss, false);
}

/* What the peer's SYN says: RFC 9293, 3.7.1 (MSS); RFC 7323, 2.2 (scaling is for both or none). */
void tcp_learn_options(struct tcp *t, const struct tcp_seg *syn, uint16_t mss_default)
{
	uint16_t mss = syn->mss ? syn->mss : mss_default;

	t->irs = syn->seq;
	t->rcv_nxt = t->rcv_acked = t->rcv_adv = syn->seq + 1;
	t->mss = (uint16_t)size_min(size_max(mss, TCP_MSS_MIN), t->mss); /* until now ours, or what the path carries */
	t->scaling = syn->has_wscale;
	t->snd_shift = !syn->has_wscale ? 0 : (uint8_t)size_min(syn->wscale, TCP_WSCALE_MAX);
	if (!t->scaling) t->rcv_shift = 0;
	t->snd_wnd = t->snd_wnd_max = syn->window; /* a SYN's window is never scaled */
	t->snd_wl1 = syn->seq;
	t->snd_wl2 = syn->flags & TCP_ACK ? syn->ack : t->iss;
}

void tcp_connect(struct tcp *t, const struct tcp_config *config)
{
	init(t, config);
	t->mss_default = config->mss_default ? config->mss_default : TCP_MSS_DEFAULT;
	t->active = true;
	tcp_enter(t, TCP_SYN_SENT);
	tcp_check(t);
}

/* Text that comes with the SYN is not taken; the peer will send it again (RFC 9293, 3.10.7.2 allows that). */
void tcp_accept(struct tcp *t, const struct tcp_config *config, const struct tcp_seg *syn)
{
	assert((syn->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN);
	init(t, config);
	t->mss_default = config->mss_default ? config->mss_default : TCP_MSS_DEFAULT;
	tcp_learn_options(t, syn, t->mss_default);
	tcp_enter(t, TCP_SYN_RECEIVED);
	tcp_check(t);
}

/* RFC 9293, 3.10.4: with its FIN queued the connection is in the state of having closed. */
static void close_our_side(struct tcp *t)
{
	if (t->state == TCP_ESTABLISHED) tcp_enter(t, TCP_FIN_WAIT_1);
	else if (t->state == TCP_CLOSE_WAIT) tcp_enter(t, TCP_LAST_ACK);
}

void tcp_establish(struct tcp *t, instant now)
{
	bool syn_lost = t->rtt.backoffs > 0;

	tcp_rtt_acked(&t->rtt, now, t->snd_una);
	tcp_rtt_opened(&t->rtt);
	tcp_cc_init(&t->cc, t->mss, syn_lost);
	tcp_enter(t, TCP_ESTABLISHED);
	t->news |= TCP_OPENED;
	if (t->finished) close_our_side(t); /* tcp_finish was called early: 3.10.4, SYN-RECEIVED */
}

instant tcp_deadline(const struct tcp *t)
{
	instant ours = instant_min(t->ack_at, t->expire_at);
	return instant_min(instant_min(ours, t->give_up_at), instant_min(t->resend_at, t->probe_at));
}

unsigned tcp_news(struct tcp *t)
{
	unsigned news = t->news;
	t->news = 0;
	return news;
}

/* RFC 5461, 4: while connecting an ICMP error is an answer; later it may pass. RFC 5927: or be a lie. */
void tcp_unreachable(struct tcp *t, instant now)
{
	(void)now;
	if (t->state != TCP_SYN_SENT) return;
	tcp_end(t, TCP_REFUSED);
	tcp_check(t);
}

/* RFC 1191, 6.4: what is in flight goes again in smaller pieces. That is no sign of congestion. */
void tcp_too_big(struct tcp *t, uint16_t mss)
{
	if (t->state == TCP_CLOSED || mss >= t->mss || t->mss <= TCP_MSS_MIN) return;
	t->mss = t->cc.mss = (uint16_t)size_max(mss, TCP_MSS_MIN);
	if (!tcp_syn_pending(t) && tcp_flight(t) > 0) {
		trace_say(t->trace, "too big for the path: from now on %u bytes a segment", t->mss);
		tcp_resend_all(t);
	}
	tcp_check(t);
}

size_t tcp_send(struct tcp *t, struct bytes b)
{
	if (t->state == TCP_CLOSED || t->finished) return 0;
	size_t n = ring_write(&t->tx, b);
	if (n < b.len) t->short_send = true;
	tcp_check(t);
	return n;
}

/* The byte behind it is what the pointer names, as everybody does it (RFC 6093, 3.1). */
size_t tcp_send_urgent(struct tcp *t, struct bytes b)
{
	if (ring_free(&t->tx) < b.len) {
		t->short_send = true;
		return 0;
	}
	size_t n = tcp_send(t, b);
	bool opening = t->state == TCP_SYN_SENT || t->state == TCP_SYN_RECEIVED; /* the SYN stands before the text */
	if (n == 0) return 0;
	t->snd_up = t->snd_una + opening + (uint32_t)ring_used(&t->tx);
	t->urgent = true;
	return n;
}

struct bytes tcp_peek(const struct tcp *t) { return ring_peek(&t->rx); }

void tcp_take(struct tcp *t, size_t n)
{
	ring_take(&t->rx, n);
	if (t->reasm.count == 0) ring_rewind(&t->rx);
	tcp_tell_eof(t);
	tcp_check(t);
}

void tcp_finish(struct tcp *t)
{
	if (t->state == TCP_CLOSED || t->finished) return;
	t->finished = true;
	t->short_send = false;
	close_our_side(t);
	tcp_check(t);
}

/* RFC 9293, 3.10.5. Where both sides have finished there is nobody left to tell. */
void tcp_abort(struct tcp *t)
{
	if (t->state == TCP_CLOSED) return;
	bool tell = t->state == TCP_SYN_RECEIVED || t->state == TCP_ESTABLISHED || t->state == TCP_FIN_WAIT_1 ||
	            t->state == TCP_FIN_WAIT_2 || t->state == TCP_CLOSE_WAIT;
	if (tell) {
		t->reset_due = t->reset_acks = true;
		t->reset_seq = tcp_bare_seq(t);
	}
	tcp_end(t, TCP_DONE);
	tcp_check(t);
}

bool tcp_refuse(const struct tcp_seg *in, struct tcp_seg *rst)
{
	if (in->flags & TCP_RST) return false;
	*rst = (struct tcp_seg){ .src_port = in->dst_port, .dst_port = in->src_port, .flags = TCP_RST };
	if (in->flags & TCP_ACK) {
		rst->seq = in->ack;
	} else {
		rst->flags |= TCP_ACK;
		rst->ack = in->seq + tcp_seg_len(in);
	}
	return true;
}
