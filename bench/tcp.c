/* SPDX-License-Identifier: ISC */
/* bench/tcp.c - what a segment costs in the TCP machine alone: two of them, handing their segments to each other
 * with 10 ms between; no IP, no frames, no checksums. Prints nanoseconds a segment, ACKs counted too, and for
 * measure what copying that many bytes in and out of the two rings takes by itself.
 *
 *     bench_tcp [BYTES]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proto/tcp/tcp.h"

enum { RING = 1 << 18, ON_THE_WAY = 1 << 10, MSS = 1460 };
#define DELAY (10 * MILLISECOND)

struct way { struct { struct tcp_seg seg; instant at; } item[ON_THE_WAY]; unsigned head, tail; };

static uint8_t rx[2][RING], tx[2][RING], bytes[RING], joined[MSS];
static struct tcp end[2];
static struct way way[2]; /* towards that end */
static uint64_t segments;

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void say(int side, instant now)
{
	struct way *w = &way[!side];
	for (; tcp_output(&end[side], now, &w->item[w->tail % ON_THE_WAY].seg); segments++)
		w->item[w->tail++ % ON_THE_WAY].at = now + DELAY;
}

/* The text stays in the sender's ring until it is acknowledged, so it need not be copied to travel. */
static void hear(int side, instant now)
{
	struct tcp_seg *seg = &way[side].item[way[side].head++ % ON_THE_WAY].seg;
	if (seg->more.len > 0) {
		memcpy(joined, seg->text.at, seg->text.len);
		memcpy(joined + seg->text.len, seg->more.at, seg->more.len);
		seg->text = (struct bytes){ joined, seg->text.len + seg->more.len };
	}
	tcp_input(&end[side], now, seg);
}

static instant next_at(int side)
{
	const struct way *w = &way[side];
	instant at = tcp_deadline(&end[side]);
	return w->head == w->tail ? at : instant_min(at, w->item[w->head % ON_THE_WAY].at);
}

static void transfer(uint64_t total)
{
	struct tcp_seg syn;
	struct tcp_config config[2];
	instant now = 0;

	for (int i = 0; i < 2; i++)
		config[i] = (struct tcp_config){ .rx = { rx[i], RING }, .tx = { tx[i], RING }, .local_port = (uint16_t)(1 + i),
			.remote_port = (uint16_t)(2 - i), .mss = MSS, .give_up_after = NEVER };
	tcp_connect(&end[0], &config[0]);
	tcp_output(&end[0], now, &syn);
	tcp_accept(&end[1], &config[1], &syn);
	for (uint64_t got = 0; got < total;) {
		tcp_send(&end[0], (struct bytes){ bytes, ring_free(&end[0].tx) });
		for (int i = 0; i < 2; i++) say(i, now);
		now = instant_min(next_at(0), next_at(1));
		for (int i = 0; i < 2; i++)
			if (way[i].head != way[i].tail && way[i].item[way[i].head % ON_THE_WAY].at <= now) hear(i, now);
		for (size_t n; (n = tcp_peek(&end[1]).len) > 0; got += n) tcp_take(&end[1], n);
	}
}

static void only_copy(uint64_t total)
{
	for (uint64_t i = 0; i < total; i += MSS) {
		size_t at = i % (RING - MSS);
		memcpy(tx[0] + at, bytes + at, MSS);
		memcpy(rx[1] + at, tx[0] + at, MSS);
		__asm__ volatile("" : : "r"(rx[1]) : "memory");
	}
}

int main(int argc, char **argv)
{
	uint64_t total = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000000;
	double start = cpu_seconds();

	transfer(total);
	double took = cpu_seconds() - start;
	start = cpu_seconds();
	only_copy(total);
	double copying = cpu_seconds() - start;
	printf("tcp: %.0f ns a segment, of which %.0f are the two copies; %zu bytes a connection without its rings\n",
	       took * 1e9 / (double)segments, copying * 1e9 / (double)segments, sizeof(struct tcp));
	return 0;
}
