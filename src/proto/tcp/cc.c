/* SPDX-License-Identifier: ISC */
#include "proto/tcp/cc.h"

#include <assert.h>

#include "proto/tcp/seq.h"

#define CWND_MAX (UINT32_C(1) << 30) /* no window is larger (RFC 7323, 2.3); so sums cannot wrap */

static uint32_t min32(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t max32(uint32_t a, uint32_t b) { return a > b ? a : b; }

uint32_t tcp_cc_initial_window(uint16_t mss)
{
	return min32(10 * (uint32_t)mss, max32(2 * (uint32_t)mss, 14600));
}

void tcp_cc_init(struct tcp_cc *c, uint16_t mss, bool syn_lost)
{
	assert(mss > 0);
	*c = (struct tcp_cc){ .mss = mss, .ssthresh = CWND_MAX };
	c->cwnd = syn_lost ? mss : tcp_cc_initial_window(mss); /* RFC 5681, 3.1 */
}

/* RFC 5681, 3.1: slow start by what was acknowledged, at most a segment; else a segment for each whole window. */
static void grow(struct tcp_cc *c, uint32_t bytes)
{
	if (c->cwnd < c->ssthresh) {
		c->cwnd += min32(bytes, c->mss);
	} else if ((c->acked += bytes) >= c->cwnd) {
		c->acked -= c->cwnd;
		c->cwnd += c->mss;
	}
	c->cwnd = min32(c->cwnd, CWND_MAX);
}

/* RFC 6582, 3.2, step 3 */
static enum tcp_cc_ack recovering(struct tcp_cc *c, uint32_t bytes, uint32_t una, uint32_t nxt)
{
	if (!seq_lt(una, c->recover)) {
		c->cwnd = min32(c->ssthresh, max32(nxt - una, c->mss) + c->mss);
		c->phase = una == c->recover ? TCP_CC_AFTER : TCP_CC_OPEN;
		c->acked = 0;
		return TCP_CC_FINE;
	}
	c->cwnd -= min32(bytes, c->cwnd);
	if (bytes >= c->mss) c->cwnd += c->mss;
	c->cwnd = max32(c->cwnd, c->mss);
	if (c->partial) return TCP_CC_PARTIAL_AGAIN;
	c->partial = true;
	return TCP_CC_PARTIAL;
}

enum tcp_cc_ack tcp_cc_acked(struct tcp_cc *c, uint32_t bytes, uint32_t flight, uint32_t una, uint32_t nxt)
{
	c->dup_acks = 0;
	if (c->phase == TCP_CC_RECOVERY) return recovering(c, bytes, una, nxt);
	if (c->phase == TCP_CC_AFTER && seq_lt(c->recover, una)) c->phase = TCP_CC_OPEN;
	/* A window that was not used up was not tried: it says nothing about a larger one (RFC 7661, 3). */
	if (flight + c->mss > c->cwnd) grow(c, bytes);
	return TCP_CC_FINE;
}

/* RFC 5681, equation 4. What limited transmit sent does not count, and is what lies above cwnd. */
static uint32_t half(const struct tcp_cc *c, uint32_t flight)
{
	return max32(min32(flight, c->cwnd) / 2, 2 * (uint32_t)c->mss);
}

bool tcp_cc_duplicate(struct tcp_cc *c, uint32_t flight, uint32_t nxt)
{
	if (c->dup_acks < UINT8_MAX) c->dup_acks++;
	if (c->phase == TCP_CC_RECOVERY) c->cwnd = min32(c->cwnd + c->mss, CWND_MAX);
	if (c->phase != TCP_CC_OPEN || c->dup_acks != TCP_DUP_ACKS) return false;
	c->ssthresh = half(c, flight);
	c->cwnd = c->ssthresh + TCP_DUP_ACKS * (uint32_t)c->mss;
	c->recover = nxt;
	c->phase = TCP_CC_RECOVERY;
	c->partial = false;
	return true;
}

/* RFC 5681, 3.1: ssthresh is halved by the first expiry only; the loss window is one segment. */
void tcp_cc_timeout(struct tcp_cc *c, uint32_t flight, uint32_t nxt, bool again)
{
	if (!again) c->ssthresh = half(c, flight);
	c->cwnd = c->mss;
	c->acked = 0;
	c->dup_acks = 0;
	c->recover = nxt;
	c->phase = TCP_CC_AFTER;
}

void tcp_cc_idle(struct tcp_cc *c)
{
	c->cwnd = min32(c->cwnd, tcp_cc_initial_window(c->mss));
}
