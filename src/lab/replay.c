/* SPDX-License-Identifier: ISC */
#include "lab/replay.h"

#include <stdlib.h>

#include "lab/expect.h"

#define WAIT_FOR (2 * SECOND) /* for what the server says to it */

struct replay {
	struct tool tool; /* first */
	struct tool_env *env;
	struct addr to;
	struct bytes flight;
	size_t sent, answered;
	net_id id;
};

/* ---- what was heard ---- */

static bool same_connection(const struct expect_segment *a, const struct expect_segment *b, bool other_way)
{
	const struct tcp_seg *s = &a->seg, *o = &b->seg;
	if (other_way) return ip_equal(a->src, b->dst) && ip_equal(a->dst, b->src) && s->src_port == o->dst_port && s->dst_port == o->src_port;
	return ip_equal(a->src, b->src) && ip_equal(a->dst, b->dst) && s->src_port == o->src_port && s->dst_port == o->dst_port;
}

/* The newest connection whose opening the filter takes. */
static size_t find_opening(const struct story *story, size_t from, const char *expression, struct expect_segment *syn)
{
	struct filter filter = story_filter(expression);
	struct expect_segment s;
	size_t found = story->capture.count;

	for (size_t i = from; i < story->capture.count; i++) {
		const struct captured *p = &story->capture.packet[i];
		if (!story_takes(&filter, p) || !expect_segment(p->data, &s) || (s.seg.flags & (TCP_SYN | TCP_ACK)) != TCP_SYN) continue;
		found = i;
		*syn = s;
	}
	filter_free(&filter);
	return found;
}

struct bytes replay_find(const struct story *story, size_t from, const char *expression)
{
	struct expect_segment syn = { 0 }, s;
	struct bytes flight = { NULL, 0 };
	size_t i = find_opening(story, from, expression, &syn), room = 1 << 16;

	if (i == story->capture.count) return flight;
	uint32_t next = syn.seg.seq + 1;
	uint8_t *at = malloc(room);
	assert(at != NULL);
	for (; i < story->capture.count; i++) {
		if (!expect_segment(story->capture.packet[i].data, &s) || s.seg.text.len == 0) continue;
		if (same_connection(&s, &syn, true)) break;
		/* Each packet is heard on every wire it passes: once is enough. */
		if (!same_connection(&s, &syn, false) || s.seg.seq != next || s.seg.text.len > room - flight.len) continue;
		memcpy(at + flight.len, s.seg.text.at, s.seg.text.len);
		flight.len += s.seg.text.len;
		next += (uint32_t)s.seg.text.len;
	}
	flight.at = at;
	return flight;
}

/* ---- and is said again ---- */

static void end(struct replay *r, int status)
{
	if (r->id != 0) net_abort(r->env->net, r->id);
	r->id = 0;
	r->tool.status = status;
	r->tool.done = true;
	text_printf(r->env->out, "%zu bytes of somebody else's, said again; %zu bytes came back\n", r->sent, r->answered);
}

static void say(struct replay *r)
{
	r->sent += net_send(r->env->net, r->id, bytes_skip(r->flight, r->sent));
}

static void hear(struct replay *r)
{
	for (size_t n; (n = net_peek(r->env->net, r->id).len) > 0; r->answered += n) net_take(r->env->net, r->id, n);
}

static void on_event(void *self, struct net *net, const struct net_event *ev)
{
	struct replay *r = self;

	switch (ev->what) {
	case NET_CONNECTED:
		net_wake(net, instant_after(net_now(net), WAIT_FOR));
		say(r);
		break;
	case NET_WRITABLE: say(r); break;
	case NET_READABLE: hear(r); break;
	case NET_CLOSED:
		r->id = 0;
		end(r, TOOL_OK);
		break;
	case NET_EOF: case NET_WAKE: end(r, TOOL_OK); break;
	default: break;
	}
}

struct tool *replay_open(struct tool_env *env, const struct addr *to, struct bytes flight)
{
	struct replay *r = arena_zeroed(env->memory, 1, sizeof *r);

	env->status = TOOL_FAILED;
	if (flight.len == 0) {
		text_puts(env->err, "nothing was heard that could be said again\n");
		return NULL;
	}
	*r = (struct replay){ .tool = { .app = { on_event, r } }, .env = env, .to = *to, .flight = flight };
	r->id = net_connect(env->net, to);
	if (r->id != 0) return &r->tool;
	text_printf(env->err, "cannot connect: %s\n", net_why_words(net_why_not(env->net)));
	return NULL;
}
