/* SPDX-License-Identifier: ISC */
/* echo_bulk.c - many random bytes to an echo server, and the same ones back: is each right, and how fast is it?
 *
 * Two generators with one key make the same stream of bytes twice: once to send, once to compare with.
 */
#include "tool/dial.h"
#include "tool/echo/echo.h"

struct bulk {
	struct tool tool;
	struct tool_env *env;
	struct url url;
	struct dial dial;
	struct secure *secure;
	uint64_t bytes, sent, back, wrong, first_wrong;
	instant connected_at;
	struct rng out, in;
	uint8_t chunk[16384];
	size_t chunk_at, chunk_len; /* made, and not yet sent */
};

static void measure(struct bulk *b)
{
	const struct tool_measure m[] = {
		{ "bytes", (int64_t)b->back }, { "sent", (int64_t)b->sent }, { "wrong", (int64_t)b->wrong },
		{ "connections", b->dial.connected },
		{ "microseconds", b->dial.connected ? (net_now(b->env->net) - b->connected_at) / MICROSECOND : 0 },
	};
	memcpy(b->tool.measure, m, sizeof m);
}

static void end(struct bulk *b)
{
	struct text *out = b->env->out;
	instant took = instant_max(net_now(b->env->net) - b->connected_at, 1);

	if (b->tool.done) return;
	b->tool.done = true;
	b->tool.status = b->sent == b->bytes && b->back == b->bytes && b->wrong == 0 ? TOOL_OK : TOOL_FAILED;
	dial_stop(&b->dial);
	measure(b);
	if (!b->dial.connected) return;
	text_printf(out, "%llu bytes sent, %llu came back in %.3f s, %.2f Mbit/s each way: ", (unsigned long long)b->sent,
	            (unsigned long long)b->back, (double)took / 1e9, (double)b->back * 8e3 / (double)took);
	if (b->wrong > 0)
		text_printf(out, "%llu wrong, the first at %llu\n", (unsigned long long)b->wrong, (unsigned long long)b->first_wrong);
	else text_puts(out, b->tool.status == TOOL_OK ? "all right\n" : "right as far as they go\n");
}

static void fail(struct bulk *b, const char *why)
{
	text_printf(b->env->err, "echo call: %s:%u: %s\n", b->url.host, b->url.at.port, why);
	end(b);
}

static void push(struct bulk *b)
{
	size_t n = 1;

	while (n > 0 && b->sent < b->bytes) {
		if (b->chunk_at == b->chunk_len) {
			b->chunk_at = 0;
			b->chunk_len = (size_t)(b->bytes - b->sent < sizeof b->chunk ? b->bytes - b->sent : sizeof b->chunk);
			rng_fill(&b->out, (struct room){ b->chunk, b->chunk_len });
		}
		n = net_send(b->env->net, b->dial.id, (struct bytes){ b->chunk + b->chunk_at, b->chunk_len - b->chunk_at });
		b->chunk_at += n;
		b->sent += n;
		if (n > 0 && b->sent == b->bytes) net_finish(b->env->net, b->dial.id);
	}
}

static void pull(struct bulk *b)
{
	uint8_t want[4096];

	for (struct bytes got; (got = net_peek(b->env->net, b->dial.id)).len > 0; net_take(b->env->net, b->dial.id, got.len)) {
		got.len = size_min(got.len, sizeof want);
		rng_fill(&b->in, (struct room){ want, got.len });
		if (memcmp(got.at, want, got.len) != 0)
			for (size_t i = 0; i < got.len; i++)
				if (got.at[i] != want[i] && b->wrong++ == 0) b->first_wrong = b->back + i;
		b->back += got.len;
	}
}

static void own_event(struct bulk *b, const struct net_event *ev)
{
	switch (ev->what) {
	case NET_WRITABLE: push(b); break;
	case NET_READABLE: pull(b); break;
	case NET_EOF:      net_finish(b->env->net, b->dial.id); break;
	case NET_CLOSED:
		if (ev->why != NET_DONE) fail(b, secure_why(b->secure, ev->why));
		else end(b);
		break;
	default: break;
	}
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct bulk *b = self;

	if (b->tool.done) return;
	switch (dial_event(&b->dial, ev)) {
	case DIAL_CONNECTED:
		b->connected_at = net_now(net);
		push(b);
		break;
	case DIAL_YOURS: own_event(b, ev); break;
	case DIAL_FAILED: fail(b, b->dial.why); break;
	case DIAL_NOTHING: break;
	}
	if (b->tool.done) return;
	measure(b);
	net_wake(net, dial_deadline(&b->dial));
}

static void stop(struct tool *t) { end((struct bulk *)t); }
static void end_tool(struct tool *t) { secure_end(((struct bulk *)t)->secure); }

struct tool *echo_bulk_open(struct tool_env *env, struct secure *secure, const struct url *url, uint64_t bytes, instant timeout)
{
	struct bulk *b = arena_zeroed(env->memory, 1, sizeof *b);

	if (b == NULL) return tool_usage(env, "echo call: no memory");
	b->env = env, b->secure = secure, b->url = *url, b->bytes = bytes;
	rng_fork(&b->out, env->rng, "echo bulk", url->at.port);
	b->in = b->out;
	b->tool.app = (struct app){ event, b };
	b->tool.stop = stop, b->tool.end = end_tool;
	if (url_is_secure(url) && !secure_start(secure, env, "echo call", false, "")) return NULL;
	dial_start(&b->dial, env, secure, &b->url, timeout);
	return &b->tool;
}
