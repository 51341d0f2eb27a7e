/* SPDX-License-Identifier: ISC */
/* The parts of the TCP machine, with numbers: round trips, congestion control, reassembly, sequence numbers. */
#include "base/chance.h"
#include "proto/tcp/seq.h"
#include "proto/tcp/tcp.h"
#include "tap.h"

/* --- rtt ---------------------------------------------------------------------------------------------- */

static void a_round_trip_is_measured_as_rfc_6298_says(void)
{
	struct tcp_rtt r;

	tcp_rtt_init(&r);
	CHECK_EQ(r.rto, SECOND);
	tcp_rtt_sample(&r, 800 * MILLISECOND);
	CHECK_EQ(r.srtt, 800 * MILLISECOND);
	CHECK_EQ(r.rttvar, 400 * MILLISECOND);
	CHECK_EQ(r.rto, 2400 * MILLISECOND);
	tcp_rtt_sample(&r, 400 * MILLISECOND);
	CHECK_EQ(r.srtt, 750 * MILLISECOND);
	CHECK_EQ(r.rttvar, 400 * MILLISECOND);
	tcp_rtt_sample(&r, 750 * MILLISECOND);
	CHECK_EQ(r.rttvar, 300 * MILLISECOND);
	CHECK_EQ(r.rto, 1950 * MILLISECOND);
	for (int i = 0; i < 100; i++) tcp_rtt_sample(&r, 10 * MILLISECOND);
	CHECK_EQ(r.rto, TCP_RTO_MIN);
	for (int i = 0; i < 100; i++) tcp_rtt_sample(&r, 500 * SECOND);
	CHECK_EQ(r.rto, TCP_RTO_MAX);
}

static void only_what_was_sent_once_is_measured(void)
{
	struct tcp_rtt r;

	tcp_rtt_init(&r);
	tcp_rtt_time(&r, 5 * SECOND, UINT32_MAX);
	tcp_rtt_time(&r, 6 * SECOND, 100); /* one at a time: this is not timed */
	tcp_rtt_acked(&r, 7 * SECOND, UINT32_MAX - 1);
	CHECK_EQ(r.srtt, 0);
	tcp_rtt_acked(&r, 7 * SECOND, 3); /* beyond the wrap */
	CHECK_EQ(r.srtt, 2 * SECOND);
	tcp_rtt_time(&r, 8 * SECOND, 200);
	tcp_rtt_expired(&r);
	CHECK_EQ(r.rto, 12 * SECOND);
	tcp_rtt_acked(&r, 9 * SECOND, 200);
	CHECK_EQ(r.srtt, 2 * SECOND);
	for (int i = 0; i < 300; i++) tcp_rtt_expired(&r);
	CHECK_EQ(r.rto, TCP_RTO_MAX);
	CHECK_EQ(r.backoffs, UINT8_MAX);
	tcp_rtt_time(&r, 10 * SECOND, 300);
	tcp_rtt_acked(&r, 10 * SECOND, 300); /* on a virtual clock no time may pass */
	CHECK(r.srtt > 0 && r.rto < TCP_RTO_MAX && r.backoffs == 0);
}

static void a_lost_syn_makes_it_patient(void)
{
	struct tcp_rtt r;

	tcp_rtt_init(&r);
	tcp_rtt_opened(&r);
	CHECK_EQ(r.rto, SECOND);
	tcp_rtt_expired(&r);
	tcp_rtt_opened(&r);
	CHECK_EQ(r.rto, TCP_RTO_AFTER_SYN);
}

/* --- cc ----------------------------------------------------------------------------------------------- */

static void the_initial_window_is_rfc_6928s(void)
{
	CHECK_EQ(tcp_cc_initial_window(536), 5360);
	CHECK_EQ(tcp_cc_initial_window(1460), 14600);
	CHECK_EQ(tcp_cc_initial_window(2000), 14600);
	CHECK_EQ(tcp_cc_initial_window(8960), 17920);
}

static void slow_start_doubles_and_avoidance_adds_one(void)
{
	struct tcp_cc c;
	uint32_t una = 0;

	tcp_cc_init(&c, 1000, false);
	for (int i = 0; i < 10; i++) { /* a window, each segment acknowledged by itself */
		una += 1000;
		CHECK_EQ(tcp_cc_acked(&c, 1000, c.cwnd, una, una + c.cwnd), TCP_CC_FINE);
	}
	CHECK_EQ(c.cwnd, 20000);
	tcp_cc_acked(&c, 2000, c.cwnd, una, una + c.cwnd); /* RFC 5681: by one segment, however much it acknowledges */
	CHECK_EQ(c.cwnd, 21000);
	c.ssthresh = 21000;
	for (int i = 0; i < 20; i++) tcp_cc_acked(&c, 1000, c.cwnd, una, una + c.cwnd);
	CHECK_EQ(c.cwnd, 21000);
	tcp_cc_acked(&c, 1000, c.cwnd, una, una + c.cwnd);
	CHECK_EQ(c.cwnd, 22000);
	for (int i = 0; i < 1000; i++) tcp_cc_acked(&c, 1000, 5000, una, una + 5000); /* not used up: no growth */
	CHECK_EQ(c.cwnd, 22000);
	c.cwnd = UINT32_C(1) << 30;
	c.ssthresh = UINT32_MAX;
	for (int i = 0; i < 10; i++) tcp_cc_acked(&c, 1000, c.cwnd, una, una + c.cwnd);
	CHECK_EQ(c.cwnd, UINT32_C(1) << 30);
}

static void three_duplicates_halve_it(void)
{
	struct tcp_cc c;

	tcp_cc_init(&c, 1000, false);
	c.cwnd = 20000;
	CHECK_EQ(tcp_cc_limit(&c), 20000);
	CHECK(!tcp_cc_duplicate(&c, 20000, 50000));
	CHECK_EQ(tcp_cc_limit(&c), 21000);
	CHECK(!tcp_cc_duplicate(&c, 21000, 51000));
	CHECK_EQ(tcp_cc_limit(&c), 22000);
	CHECK(tcp_cc_duplicate(&c, 22000, 52000)); /* what limited transmit sent does not count */
	CHECK_EQ(c.ssthresh, 10000);
	CHECK_EQ(c.cwnd, 13000);
	CHECK(!tcp_cc_duplicate(&c, 22000, 52000));
	CHECK_EQ(c.cwnd, 14000);
	CHECK_EQ(tcp_cc_acked(&c, 5000, 22000, 35000, 52000), TCP_CC_PARTIAL);
	CHECK_EQ(c.cwnd, 10000);
	CHECK_EQ(tcp_cc_acked(&c, 500, 17000, 35500, 52000), TCP_CC_PARTIAL_AGAIN);
	CHECK_EQ(c.cwnd, 9500);
	CHECK_EQ(tcp_cc_acked(&c, 16500, 16500, 52000, 62000), TCP_CC_FINE);
	CHECK_EQ(c.cwnd, 10000);
	CHECK_EQ(c.phase, TCP_CC_AFTER); /* exactly then: duplicates may be echoes */
	for (int i = 0; i < 10; i++) CHECK(!tcp_cc_duplicate(&c, 10000, 62000));
	CHECK_EQ(tcp_cc_limit(&c), 10000);
	tcp_cc_acked(&c, 1000, 10000, 53000, 63000);
	CHECK_EQ(c.phase, TCP_CC_OPEN);
}

static void a_timeout_leaves_one_segment(void)
{
	struct tcp_cc c;

	tcp_cc_init(&c, 1000, false);
	c.cwnd = 20000;
	tcp_cc_timeout(&c, 18000, 100000, false);
	CHECK_EQ(c.cwnd, 1000);
	CHECK_EQ(c.ssthresh, 9000);
	tcp_cc_timeout(&c, 18000, 100000, true); /* the same loss again */
	CHECK_EQ(c.ssthresh, 9000);
	for (int i = 0; i < 5; i++) CHECK(!tcp_cc_duplicate(&c, 18000, 100000));
	tcp_cc_acked(&c, 1000, 1000, 83000, 100000);
	CHECK_EQ(c.cwnd, 2000);
	CHECK_EQ(c.phase, TCP_CC_AFTER);
	tcp_cc_init(&c, 1000, true);
	CHECK_EQ(c.cwnd, 1000);
	tcp_cc_timeout(&c, 1000, 5000, false);
	CHECK_EQ(c.ssthresh, 2000);
	c.cwnd = 90000;
	tcp_cc_idle(&c);
	CHECK_EQ(c.cwnd, 10000);
}

/* --- reasm -------------------------------------------------------------------------------------------- */

enum { SPACE = 400 };

/* How many runs of bytes a plain array of flags has from `nxt` on. */
static uint32_t runs(const bool *there, uint32_t nxt)
{
	uint32_t count = 0;
	for (uint32_t i = nxt; i < SPACE; i++) count += there[i] && (i == nxt || !there[i - 1]);
	return count;
}

static bool same_as(const struct tcp_reasm *r, const bool *there, uint32_t base)
{
	uint32_t held = 0, marked = 0;
	for (uint32_t i = 0; i < SPACE; i++) marked += there[i];
	for (uint32_t i = 0; i < r->count; i++) {
		for (uint32_t s = r->range[i].from; s != r->range[i].to; s++, held++)
			if (!there[s - base]) return false;
		if (i > 0 && !seq_lt(r->range[i - 1].to, r->range[i].from)) return false;
	}
	return held == marked;
}

/* The clever structure against a plain array of flags. */
static void reassembly_is_its_plain_twin(void)
{
	struct rng rng;

	rng_init_number(&rng, 5);
	for (int round = 0; round < 400; round++) {
		struct tcp_reasm r = { 0 };
		bool there[SPACE] = { false };
		uint32_t base = (uint32_t)rng_next(&rng), nxt = 0;
		if (round % 2) base = (uint32_t)0 - (uint32_t)rng_below(&rng, SPACE); /* across the wrap */
		for (int i = 0; i < 60; i++) {
			uint32_t from = nxt + 1 + (uint32_t)rng_below(&rng, SPACE - nxt - 1);
			uint32_t to = from + (uint32_t)rng_below(&rng, size_min(1 + (size_t)round % 40, SPACE - from) + 1);
			struct tcp_reasm before = r;
			bool twin[SPACE];
			memcpy(twin, there, sizeof twin);
			for (uint32_t s = from; s < to; s++) twin[s] = true;
			bool fits = runs(twin, nxt) <= TCP_REASM_RANGES_MAX;
			if (tcp_reasm_add(&r, base + from, base + to)) memcpy(there, twin, sizeof there);
			else CHECK(!fits && memcmp(&before, &r, sizeof r) == 0);
			CHECK(same_as(&r, there, base));
			if (rng_below(&rng, 8) != 0 || nxt > SPACE - 50) continue;
			nxt += (uint32_t)rng_below(&rng, 30); /* something came in order */
			uint32_t joined = nxt;
			while (joined < SPACE && there[joined]) joined++;
			CHECK_EQ(tcp_reasm_join(&r, base + nxt) - base, joined);
			nxt = joined;
			memset(there, 0, nxt);
			CHECK(same_as(&r, there, base));
			if (nxt >= SPACE - 2) break;
		}
	}
}

/* --- the rest ----------------------------------------------------------------------------------------- */

static void sequence_numbers_wrap(void)
{
	CHECK(seq_lt(UINT32_MAX, 0) && seq_lt(UINT32_MAX - 5, 5) && !seq_lt(5, UINT32_MAX - 5) && !seq_lt(7, 7));
	CHECK(seq_le(7, 7) && seq_le(UINT32_MAX, 3) && seq_max(UINT32_MAX, 3) == 3 && seq_max(9, 3) == 9);
}

static void initial_numbers_tick_and_differ(void)
{
	uint8_t secret[16] = { 1, 2, 3 }, other[16] = { 3, 2, 1 };
	struct addr a = { ip4_of(0x0a000001), 80, 0 }, b = { ip4_of(0x0a000002), 4000, 0 }, c = b;

	c.port = 4001;
	uint32_t first = tcp_iss(secret, 0, &a, &b);
	CHECK_EQ(tcp_iss(secret, 4 * MICROSECOND, &a, &b) - first, 1);
	CHECK_EQ(tcp_iss(secret, SECOND, &a, &b) - first, 250000);
	CHECK(tcp_iss(secret, 0, &a, &c) != first && tcp_iss(secret, 0, &b, &a) != first);
	CHECK(tcp_iss(other, 0, &a, &b) != first);
	CHECK_EQ(tcp_iss(secret, 0, &a, &b), first);
}

static void every_state_has_its_name(void)
{
	CHECK_STR(tcp_state_name(TCP_CLOSED), "CLOSED");
	CHECK_STR(tcp_state_name(TCP_FIN_WAIT_2), "FIN-WAIT-2");
	CHECK_STR(tcp_state_name(TCP_TIME_WAIT), "TIME-WAIT");
}

/* Devices hand over many segments at a time. RFC 5681, 4.2, all the same: each that is ahead of its turn is answered
 * by an ACK of its own, without text and with the window as it was, or the sender cannot count to three. */
static void each_segment_ahead_has_its_own_ack(void)
{
	static uint8_t rx[1 << 16], tx[1 << 16], text[1000];
	struct tcp_config config = { .rx = { rx, sizeof rx }, .tx = { tx, sizeof tx }, .mss = 1000, .give_up_after = 100 * SECOND };
	struct tcp_seg in = { .flags = TCP_SYN, .window = 60000 }, out;
	struct tcp t;

	tcp_accept(&t, &config, &in);
	CHECK(tcp_output(&t, 0, &out) && !tcp_output(&t, 0, &out));
	in = (struct tcp_seg){ .flags = TCP_ACK, .seq = 1, .ack = 1, .window = 60000, .text = { text, 1000 } };
	tcp_input(&t, 0, &in);
	CHECK(!tcp_output(&t, 0, &out));
	tcp_take(&t, 1000); /* the window could grow now */
	CHECK_EQ(tcp_send(&t, (struct bytes){ text, 500 }), 500);
	for (in.seq = 2001; in.seq <= 6001; in.seq += 1000) tcp_input(&t, 0, &in);
	for (int i = 0; i < 5; i++) {
		CHECK(tcp_output(&t, 0, &out) && out.text.len == 0 && out.ack == 1001);
		CHECK_EQ(out.window, 64535);
	}
	CHECK(tcp_output(&t, 0, &out) && out.text.len == 500 && out.ack == 1001);
	CHECK(!tcp_output(&t, 0, &out));
	/* What fills the gap is acknowledged, and nothing that came before it needs to be told again. */
	in.seq = 8001, tcp_input(&t, 0, &in);
	in.seq = 1001, tcp_input(&t, 0, &in);
	CHECK(tcp_output(&t, 0, &out) && out.ack == 7001 && !tcp_output(&t, 0, &out));
}

/* A host has thousands of these. */
static void a_connection_is_small(void) { CHECK(sizeof(struct tcp) <= 400); }

int main(void)
{
	TEST(a_round_trip_is_measured_as_rfc_6298_says);
	TEST(only_what_was_sent_once_is_measured);
	TEST(a_lost_syn_makes_it_patient);
	TEST(the_initial_window_is_rfc_6928s);
	TEST(slow_start_doubles_and_avoidance_adds_one);
	TEST(three_duplicates_halve_it);
	TEST(a_timeout_leaves_one_segment);
	TEST(reassembly_is_its_plain_twin);
	TEST(sequence_numbers_wrap);
	TEST(initial_numbers_tick_and_differ);
	TEST(each_segment_ahead_has_its_own_ack);
	TEST(every_state_has_its_name);
	TEST(a_connection_is_small);
	return tap_end();
}
