/* SPDX-License-Identifier: ISC */
/* echo_one.c - one datagram of many random bytes to an echo server: does it fit, and does it come back whole? */
#include "tool/echo/echo.h"
#include "tool/lookup.h"

#define ONE_MAX 70000 /* larger than any datagram can be, so that a refusal can be seen */

struct one {
	struct tool tool;
	struct tool_env *env;
	struct url url;
	struct lookup lookup;
	net_id id;
	instant timeout, give_up_at;
	size_t size;
	bool back;
	uint8_t bytes[ONE_MAX];
};

static void end(struct one *o, const char *why)
{
	if (o->tool.done) return;
	if (why != NULL) text_printf(o->env->err, "echo call: %zu bytes to %s:%u: %s\n", o->size, o->url.host, o->url.at.port, why);
	else text_printf(o->env->out, "%zu bytes in one datagram came back, all right\n", o->size);
	lookup_stop(&o->lookup);
	if (o->id != 0) net_abort(o->env->net, o->id);
	o->tool.status = o->back ? TOOL_OK : TOOL_FAILED;
	o->tool.done = true;
	o->tool.measure[0] = (struct tool_measure){ "size", (int64_t)o->size };
	o->tool.measure[1] = (struct tool_measure){ "answered", o->back };
}

static void send_it(struct one *o)
{
	struct net *net = o->env->net;
	struct addr to = { o->lookup.ip[0], o->url.at.port, o->url.at.interface };
	struct addr any = { .ip = ip_is4(to.ip) ? ip4_any() : ip6_any() };

	o->id = net_bind(net, &any);
	if (o->id == 0 || !net_sendto(net, o->id, &to, (struct bytes){ o->bytes, o->size })) end(o, net_why_words(net_why_not(net)));
	o->give_up_at = instant_after(net_now(net), o->timeout);
}

static void own_event(struct one *o, const struct net_event *ev)
{
	if (ev->id != o->id || o->id == 0) return;
	if (ev->what == NET_BOUNCED) end(o, net_why_words(ev->why));
	if (ev->what != NET_DATAGRAM || !ip_equal(ev->peer.ip, o->lookup.ip[0]) || ev->peer.port != o->url.at.port) return;
	o->back = bytes_equal(ev->data, (struct bytes){ o->bytes, o->size });
	end(o, o->back ? NULL : "other bytes came back");
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct one *o = self;
	instant now = net_now(net);

	if (o->tool.done) return;
	if (ev->what == NET_WAKE) lookup_step(&o->lookup, now);
	else if (!lookup_event(&o->lookup, ev)) own_event(o, ev);
	if (o->tool.done) return;
	if (o->id == 0 && lookup_state(&o->lookup) == LOOKUP_FAILED) end(o, o->lookup.error);
	else if (o->id == 0 && lookup_state(&o->lookup) == LOOKUP_DONE) send_it(o);
	else if (o->give_up_at <= now) end(o, "no answer");
	if (!o->tool.done) net_wake(net, instant_min(lookup_deadline(&o->lookup), o->give_up_at));
}

static void stop(struct tool *t) { end((struct one *)t, "stopped"); }

struct tool *echo_one_open(struct tool_env *env, const struct url *url, uint64_t bytes, instant timeout)
{
	struct one *o = arena_zeroed(env->memory, 1, sizeof *o);

	if (o == NULL) return tool_usage(env, "echo call: no memory");
	if (bytes > ONE_MAX) return tool_usage(env, "echo call: no datagram has more than 65507 bytes; %d can be tried", ONE_MAX);
	o->env = env, o->url = *url, o->size = (size_t)bytes, o->timeout = timeout;
	o->give_up_at = NEVER;
	rng_fill(env->rng, (struct room){ o->bytes, o->size });
	o->tool.app = (struct app){ event, o };
	o->tool.stop = stop;
	lookup_start(&o->lookup, env, url->host);
	net_wake(env->net, net_now(env->net));
	return &o->tool;
}
