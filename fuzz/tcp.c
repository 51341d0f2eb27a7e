/* SPDX-License-Identifier: ISC */
/* A stranger's segments, a wilful program and any time between them, against one TCP machine. The machine asserts
 * its invariant in every verb; here: that it falls silent, that its deadline lies ahead, that what it says can be
 * put on a wire and read back, and that it never speaks of more than it was given. */
#include "proto/tcp/tcp.h"

enum { RING = 1 << 12, TEXT = 3000, SAID_MAX = 4 * RING };

struct input { const uint8_t *at; size_t len; };

static uint8_t rx[RING], tx[RING], text[TEXT], wire[RING + TCP_HEADER_BYTES_MAX];
static uint64_t sent, heard;

static uint32_t draw(struct input *in, unsigned bytes)
{
	uint32_t n = 0;
	for (; bytes > 0 && in->len > 0; bytes--, in->len--) n = n << 8 | *in->at++;
	return n;
}

/* A number near one that matters, or anything at all. */
static uint32_t near(struct input *in, uint32_t a, uint32_t b)
{
	uint32_t how = draw(in, 1);
	uint32_t from = how & 1 ? a : b;
	switch (how >> 1 & 3) {
	case 0: return from;
	case 1: return from + draw(in, 1);
	case 2: return from - draw(in, 2);
	default: return how & 8 ? draw(in, 4) : from + draw(in, 2);
	}
}

static void look_at(const struct tcp_seg *seg)
{
	struct ip a = ip4_of(1), b = ip4_of(2);
	struct tcp_seg back;
	size_t len = tcp_emit(seg, a, b, (struct room){ wire, sizeof wire });

	assert(len > 0 && len == tcp_emit_size(seg));
	enum drop why = tcp_parse((struct bytes){ wire, len }, a, b, true, &back);
	assert(why == DROP_NONE);
	assert(back.seq == seg->seq && back.ack == seg->ack && back.flags == seg->flags && back.window == seg->window);
	assert(back.text.len == seg->text.len + seg->more.len && back.mss == seg->mss);
}

static void pump(struct tcp *t, instant now)
{
	struct tcp_seg seg;
	unsigned count = 0;

	for (; tcp_output(t, now, &seg); count++) {
		assert(count < SAID_MAX);
		assert(seg.text.len + seg.more.len <= t->mss);
		look_at(&seg);
	}
	assert(tcp_deadline(t) > now);
	assert(t->state != TCP_CLOSED || tcp_deadline(t) == NEVER);
}

static struct tcp_seg draw_segment(struct input *in, const struct tcp *t)
{
	struct tcp_seg seg = { .src_port = 2, .dst_port = 1, .flags = (uint8_t)draw(in, 1) };

	if (draw(in, 1) & 3) seg.flags = (seg.flags & (TCP_FIN | TCP_PSH)) | TCP_ACK; /* mostly what goes on */
	seg.seq = draw(in, 1) & 7 ? near(in, t->rcv_nxt, t->rcv_adv) : t->irs;
	seg.ack = near(in, t->snd_una, t->snd_nxt);
	seg.window = (uint16_t)draw(in, 2);
	if (seg.flags & TCP_SYN) {
		seg.mss = (uint16_t)draw(in, 2);
		seg.has_wscale = draw(in, 1) & 1;
		seg.wscale = (uint8_t)draw(in, 1);
	}
	seg.text = (struct bytes){ text, draw(in, 2) % TEXT };
	return seg;
}

static void act(struct tcp *t, instant *now, struct input *in)
{
	struct tcp_seg seg;
	unsigned news;

	switch (draw(in, 1) % 13) {
	case 0:
	case 1:
	case 2:
	case 3:
		seg = draw_segment(in, t);
		if (t->state != TCP_CLOSED) tcp_input(t, *now, &seg);
		else if (tcp_refuse(&seg, &seg)) look_at(&seg);
		break;
	case 4: sent += tcp_send(t, (struct bytes){ text, draw(in, 2) % TEXT }); break;
	case 5: {
		size_t n = size_min(tcp_peek(t).len, draw(in, 2));
		tcp_take(t, n);
		heard += n;
		break;
	}
	case 6: tcp_finish(t); break;
	case 7: *now += draw(in, 3) * (instant)MICROSECOND; break;
	case 8: if (tcp_deadline(t) != NEVER) *now = tcp_deadline(t); break;
	case 9:
		news = tcp_news(t);
		assert(!(news & TCP_EOF) || ring_used(&t->rx) == 0);
		assert(!(news & (TCP_DONE | TCP_RESET | TCP_REFUSED | TCP_GAVE_UP)) || t->state == TCP_CLOSED);
		break;
	case 10: if (draw(in, 1) == 7) tcp_abort(t); break;
	case 11: tcp_too_big(t, (uint16_t)draw(in, 2)); break;
	default: if (draw(in, 1) == 7) tcp_unreachable(t, *now);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint32_t how = draw(&in, 1);
	instant now = SECOND;
	struct trace trace = { 0 };
	struct tcp t;
	struct tcp_config config = {
		.rx = { rx, (size_t)1 << (how & 1 ? 12 : 4) }, .tx = { tx, (size_t)1 << (how & 2 ? 12 : 4) },
		.local_port = 1, .remote_port = 2, .iss = how & 4 ? UINT32_MAX - 300 : draw(&in, 4),
		.mss = how & 8 ? 1460 : 100, .nodelay = how & 16, .give_up_after = how & 32 ? NEVER : 100 * SECOND,
		.trace = &trace,
	};

	if (how & 64) {
		tcp_connect(&t, &config);
	} else {
		struct tcp_seg syn = draw_segment(&in, &(struct tcp){ 0 });
		syn.flags = TCP_SYN;
		tcp_accept(&t, &config, &syn);
	}
	pump(&t, now);
	if (how & 128) { /* straight to ESTABLISHED */
		struct tcp_seg answer = { .seq = t.active ? 0 : t.rcv_nxt, .ack = t.iss + 1, .window = 5000, .flags = TCP_ACK };
		if (t.active) answer.flags |= TCP_SYN, answer.seq = draw(&in, 4), answer.mss = 1000;
		tcp_input(&t, now, &answer);
		pump(&t, now);
		assert(t.state == TCP_ESTABLISHED);
	}
	sent = heard = 0;
	while (in.len > 0) {
		act(&t, &now, &in);
		pump(&t, now);
		trace_take(&trace);
	}
	return 0;
}
