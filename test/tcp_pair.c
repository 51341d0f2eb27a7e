/* SPDX-License-Identifier: ISC */
/* Two TCP machines and a bad wire between them: lost, late and doubled segments by seed; programs that send, take,
 * finish and abort when it suits them, and act only on news. After every step: the law of the deadline, and every
 * byte right. `test_tcp_pair FIRST END` runs these seeds and tells of each that fails. */
#include <stdlib.h>

#include "base/chance.h"
#include "proto/tcp/seq.h"
#include "proto/tcp/tcp.h"
#include "tap.h"

#define RING_MAX (1u << 14)
#define WIRE_MAX 512
#define TEXT_MAX 1500

struct packet { instant at; uint64_t order; struct tcp_seg seg; size_t len; uint8_t text[TEXT_MAX + TCP_HEADER_BYTES_MAX]; };

struct end {
	struct tcp t;
	struct trace trace;
	uint8_t rx[RING_MAX], tx[RING_MAX];
	uint32_t to_send, to_hear;  /* bytes of the whole conversation */
	uint32_t sent, heard;
	bool open, finished, eof, done, lazy;
	uint32_t edge;              /* the right edge of the window it offered last; no scaling, the rings are small */
	uint32_t patience;          /* turns until it aborts; 0: it does not */
	instant app_at;             /* the program's next turn */
	uint64_t segments;
};

struct world {
	struct rng rng;
	struct end end[2];
	struct packet packet[WIRE_MAX], *wire[WIRE_MAX]; /* wire[0..carrying-1] are on their way, the others are free */
	size_t carrying;
	uint64_t order;
	uint32_t loss, duplicate, reorder; /* of a billion */
	instant now, delay, reorder_for;
	bool as_bytes;              /* segments go as real ones do, emitted and parsed, checksum and all */
	uint64_t carried, lost;
	bool aborted;
	const char *wrong;
};

static uint8_t byte_at(int side, uint32_t n) { return (uint8_t)(n * 167 + (n >> 8) * 13 + (uint32_t)side * 77); }

static bool pass(struct world *w, const char *what) { w->wrong = what; return false; }

static struct ip address(int side) { return ip4_of(0x0a000001 + (uint32_t)side); }

static void put_on_wire(struct world *w, int to, const struct tcp_seg *seg, instant at)
{
	if (w->carrying == WIRE_MAX) {
		w->lost++;
		return;
	}
	struct packet *p = w->wire[w->carrying++];
	p->at = at;
	p->order = w->order++ * 2 + (uint64_t)to;
	if (w->as_bytes) {
		p->len = tcp_emit(seg, address(!to), address(to), (struct room){ p->text, sizeof p->text });
		if (p->len == 0) pass(w, "it could not be emitted");
		return;
	}
	p->len = seg->text.len + seg->more.len;
	p->seg = *seg;
	if (seg->text.len) memcpy(p->text, seg->text.at, seg->text.len);
	if (seg->more.len) memcpy(p->text + seg->text.len, seg->more.at, seg->more.len);
	p->seg.text = (struct bytes){ p->text, p->len };
	p->seg.more = (struct bytes){ NULL, 0 };
}

/* A window that was offered is never taken back, and nothing is sent beyond it but a FIN or a probe's byte. */
static bool keeps_to_windows(struct world *w, int side, const struct tcp_seg *seg)
{
	struct end *e = &w->end[side], *other = &w->end[!side];
	uint32_t edge = seg->ack + seg->window, text_end = seg->seq + (uint32_t)(seg->text.len + seg->more.len);

	if (!(seg->flags & TCP_ACK) || (seg->flags & TCP_RST)) return true;
	if (e->edge != 0 && seq_lt(edge, e->edge)) return pass(w, "the window was taken back");
	e->edge = edge;
	if (seg->flags & TCP_SYN || other->edge == 0) return true;
	return seq_le(text_end, other->edge + 1) || pass(w, "text beyond the window");
}

static bool emit(struct world *w, int side)
{
	struct end *e = &w->end[side];
	struct tcp_seg seg;

	for (int budget = 300; tcp_output(&e->t, w->now, &seg); budget--) {
		if (budget == 0) return pass(w, "an endless output");
		if (seg.text.len + seg.more.len > TEXT_MAX) return pass(w, "a segment that is too long");
		if (!keeps_to_windows(w, side, &seg)) return false;
		e->segments++;
		w->carried++;
		if (rng_chance(&w->rng, w->loss)) {
			w->lost++;
			continue;
		}
		instant late = rng_chance(&w->rng, w->reorder) ? (instant)rng_below(&w->rng, (uint64_t)w->reorder_for) : 0;
		put_on_wire(w, !side, &seg, w->now + w->delay + late);
		if (rng_chance(&w->rng, w->duplicate)) put_on_wire(w, !side, &seg, w->now + w->delay * 2);
	}
	if (e->t.news) e->app_at = instant_min(e->app_at, w->now + (instant)rng_below(&w->rng, 2 * MILLISECOND));
	return tcp_deadline(&e->t) > w->now || pass(w, "the deadline has passed");
}

static bool take_some(struct world *w, int side)
{
	struct end *e = &w->end[side];
	struct bytes got = tcp_peek(&e->t);
	size_t n = e->lazy ? rng_below(&w->rng, got.len + 1) : got.len;

	for (size_t i = 0; i < n; i++)
		if (got.at[i] != byte_at(!side, e->heard + (uint32_t)i)) return pass(w, "a wrong byte");
	tcp_take(&e->t, n);
	e->heard += (uint32_t)n;
	return e->heard <= e->to_hear || pass(w, "too many bytes");
}

/* False: there was no room for all of it, so TCP_WRITABLE has to come. */
static bool send_some(struct world *w, int side)
{
	struct end *e = &w->end[side];
	uint8_t text[700];
	size_t n = size_min(rng_below(&w->rng, sizeof text) + 1, e->to_send - e->sent);

	for (size_t i = 0; i < n; i++) text[i] = byte_at(side, e->sent + (uint32_t)i);
	size_t taken = tcp_send(&e->t, (struct bytes){ text, n });
	e->sent += (uint32_t)taken;
	if (e->sent == e->to_send && !e->finished) {
		tcp_finish(&e->t);
		e->finished = true;
	}
	return taken == n;
}

static bool hear_news(struct world *w, struct end *e, unsigned news)
{
	if (news & TCP_OPENED) {
		if (e->open) return pass(w, "opened twice");
		e->open = true;
	}
	if (news & TCP_EOF) {
		if (e->eof || e->heard != e->to_hear) return pass(w, "EOF too early or twice");
		e->eof = true;
	}
	if (news & (TCP_REFUSED | TCP_GAVE_UP)) return pass(w, "it broke");
	if ((news & TCP_RESET) && !w->aborted) return pass(w, "it was reset");
	if (news & (TCP_DONE | TCP_RESET)) e->done = true;
	return true;
}

/* It wakes up for news; by itself only if it left something undone. A lazy one leaves much, for long. */
static bool program(struct world *w, int side)
{
	struct end *e = &w->end[side];
	unsigned news = tcp_news(&e->t);
	bool more = true;

	e->app_at = NEVER;
	if (!hear_news(w, e, news)) return false;
	if (e->patience > 0 && --e->patience == 0 && e->t.state > TCP_SYN_RECEIVED) {
		w->aborted = true;
		tcp_abort(&e->t);
	}
	for (int i = 0; i < (e->lazy ? 2 : 30) && more && !e->finished; i++) more = send_some(w, side);
	if (!take_some(w, side) || !take_some(w, side)) return false;
	if ((more && !e->finished) || ring_used(&e->t.rx) > 0)
		e->app_at = w->now + 1 + (instant)rng_below(&w->rng, (uint64_t)(e->lazy ? SECOND : 20 * MILLISECOND));
	return hear_news(w, e, tcp_news(&e->t));
}

static size_t next_packet(const struct world *w)
{
	size_t first = 0;
	for (size_t i = 1; i < w->carrying; i++) {
		const struct packet *p = w->wire[i], *best = w->wire[first];
		if (p->at < best->at || (p->at == best->at && p->order < best->order)) first = i;
	}
	return first;
}

static bool deliver(struct world *w, size_t which)
{
	struct packet *p = w->wire[which];
	int to = (int)(p->order & 1);

	w->wire[which] = w->wire[--w->carrying];
	w->wire[w->carrying] = p;
	if (w->as_bytes && tcp_parse((struct bytes){ p->text, p->len }, address(!to), address(to), true, &p->seg) != DROP_NONE)
		return pass(w, "it could not be parsed");
	struct tcp_seg rst;
	bool refused = w->end[to].t.state == TCP_CLOSED && tcp_refuse(&p->seg, &rst);
	tcp_input(&w->end[to].t, w->now, &p->seg);
	memset(p->text, 0xee, p->len); /* nothing may look at it later */
	if (refused) put_on_wire(w, !to, &rst, w->now + w->delay);
	return emit(w, to);
}

/* A RST was lost and the other end waits for no ACK: nobody will ever tell it, since there is no keep-alive. */
static const char silence[] = "the other end was not told";

static bool step(struct world *w)
{
	size_t next = next_packet(w);
	instant at = w->carrying ? w->wire[next]->at : NEVER;

	for (int i = 0; i < 2; i++) {
		at = instant_min(at, tcp_deadline(&w->end[i].t));
		at = instant_min(at, w->end[i].app_at);
	}
	if (at == NEVER) return pass(w, w->aborted ? silence : "nothing will ever happen");
	w->now = at;
	if (w->carrying && w->wire[next]->at == at) return deliver(w, next);
	for (int i = 0; i < 2; i++) {
		struct end *e = &w->end[i];
		if (e->app_at <= at) {
			if (!program(w, i)) return false;
		}
		if (!emit(w, i)) return false;
	}
	return true;
}

static void begin(struct world *w, uint64_t seed)
{
	static const uint16_t mss[] = { 48, 100, 536, 1000, 1460 };
	bool both = false;

	memset(w->end, 0, sizeof w->end);
	for (size_t i = 0; i < WIRE_MAX; i++) w->wire[i] = &w->packet[i];
	w->carrying = 0;
	w->aborted = false;
	w->order = 0, w->wrong = NULL, w->carried = w->lost = 0;
	rng_init_number(&w->rng, seed);
	w->delay = 1 + (instant)rng_below(&w->rng, 100 * MILLISECOND);
	w->reorder_for = 1 + 3 * w->delay;
	w->loss = (uint32_t)rng_below(&w->rng, seed % 4 ? 120000000 : 1);
	w->duplicate = (uint32_t)rng_below(&w->rng, seed % 3 ? 100000000 : 1);
	w->reorder = (uint32_t)rng_below(&w->rng, seed % 5 ? 300000000 : 1);
	w->now = (instant)rng_below(&w->rng, 1000) * SECOND;
	both = seed % 7 == 0;
	for (int i = 0; i < 2; i++) {
		struct end *e = &w->end[i];
		size_t rx = (size_t)1 << (4 + rng_below(&w->rng, 11));
		e->to_send = (uint32_t)rng_below(&w->rng, rng_below(&w->rng, 2) ? 30 * rx : 300);
		e->lazy = rng_below(&w->rng, 3) == 0;
		e->patience = seed % 6 == 0 ? (uint32_t)rng_below(&w->rng, 20) : 0;
		e->app_at = w->now;
		struct tcp_config config = {
			.rx = { e->rx, rx },
			.tx = { e->tx, (size_t)1 << (4 + rng_below(&w->rng, 11)) },
			.local_port = (uint16_t)(1 + i), .remote_port = (uint16_t)(2 - i),
			.iss = rng_below(&w->rng, 2) ? (uint32_t)(0 - rng_below(&w->rng, 40000)) : (uint32_t)rng_next(&w->rng),
			.mss = mss[rng_below(&w->rng, COUNT(mss))], .nodelay = rng_below(&w->rng, 2),
			.give_up_after = 3600 * SECOND, .trace = &e->trace,
		};
		if (i == 0 || both) {
			tcp_connect(&e->t, &config);
		} else { /* its SYN has come; ours is answered */
			struct tcp_seg syn;
			tcp_output(&w->end[0].t, w->now, &syn);
			tcp_accept(&e->t, &config, &syn);
		}
	}
	w->end[0].to_hear = w->end[1].to_send;
	w->end[1].to_hear = w->end[0].to_send;
}

static bool run(struct world *w, uint64_t seed)
{
	begin(w, seed);
	for (int i = 0; i < 400000; i++) {
		if (w->end[0].done && w->end[1].done && (w->aborted || (w->end[0].eof && w->end[1].eof))) break;
		if (!step(w)) return w->wrong == silence;
	}
	for (int i = 0; i < 2; i++) {
		struct end *e = &w->end[i];
		if (!e->done || e->t.state != TCP_CLOSED) return pass(w, "it did not end");
		if (w->aborted) continue;
		if (!e->eof || e->heard != e->to_hear || e->sent != e->to_send) return pass(w, "bytes are missing");
	}
	return w->wrong == NULL;
}

static struct world world;

static void seeds(uint64_t first, uint64_t end)
{
	for (uint64_t seed = first; seed < end; seed++) {
		bool right = run(&world, seed);
		if (!right) printf("# seed %" PRIu64 ": %s at %.3f s\n", seed, world.wrong, (double)world.now / SECOND);
		CHECK(right);
	}
}

static void what_is_sent_arrives_whatever_the_wire_does(void)
{
	world.as_bytes = false;
	seeds(0, 700);
}

static void and_so_as_bytes_on_a_wire(void)
{
	world.as_bytes = true;
	seeds(700, 900);
}

/* What happened, as one number. */
static uint64_t story(uint64_t seed)
{
	run(&world, seed);
	return (uint64_t)world.now ^ world.carried << 40 ^ world.end[0].segments << 20 ^ world.lost;
}

static void the_same_seed_is_the_same_story(void)
{
	world.as_bytes = false;
	for (uint64_t seed = 0; seed < 20; seed++) {
		uint64_t first = story(seed);
		CHECK(story(seed) == first);
		CHECK(story(seed + 1000) != first);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3) {
		unsigned wrong = 0;
		for (uint64_t seed = strtoull(argv[1], NULL, 10), end = strtoull(argv[2], NULL, 10); seed < end; seed++) {
			if (run(&world, seed)) continue;
			wrong++;
			printf("seed %" PRIu64 ": %s at %.3f s, %" PRIu64 " segments, %" PRIu64 " lost\n", seed, world.wrong,
			       (double)world.now / SECOND, world.carried, world.lost);
		}
		return wrong > 0;
	}
	TEST(what_is_sent_arrives_whatever_the_wire_does);
	TEST(and_so_as_bytes_on_a_wire);
	TEST(the_same_seed_is_the_same_story);
	return tap_end();
}
