/* SPDX-License-Identifier: ISC */
/* echo_call.c - sends a message now and then, and counts what comes back.
 *
 * Over TCP an answer is the next line. Over UDP each message carries its number ("Hello World! #3"), so that an
 * answer that is missing, comes twice or after a later one can be told. A group or a broadcast port need not
 * answer at all.
 */
#include "tool/echo/echo.h"
#include "tool/lookup.h"
#include "tool/options.h"
#include "tool/say.h"

#define MESSAGE_MAX 1000
#define TIMES 4096 /* of so many of the last messages it is known when they were sent, and whether answered */

struct call {
	struct tool tool;
	struct tool_env *env;
	const char *where;         /* the URL as it was given */
	struct url url;
	struct secure secure;
	struct lookup lookup;
	size_t next_ip;            /* of the lookup's */
	struct addr to;
	net_id id;
	bool connected, finishing, counted_out; /* counted_out: all that were to be sent have been */
	const char *message;
	instant every, timeout;
	uint64_t count;            /* 0: until stopped */
	bool loop, json, explain;
	const char *interface;
	uint64_t ttl;
	instant started_at, send_at, give_up_at;
	uint64_t sent, answered, duplicated, reordered, bounced, heard_back; /* heard_back: the highest number */
	uint64_t connections, bytes;
	instant rtt_sum, rtt_min, rtt_max;
	instant sent_at[TIMES];    /* 0: answered */
	char line[MESSAGE_MAX + 24];
	size_t line_len;
};

static bool is_stream(const struct call *c) { return url_is_stream(&c->url); }
static bool is_group(const struct call *c) { return c->url.scheme == URL_MULTICAST || c->url.scheme == URL_BROADCAST; }

static uint64_t lost(const struct call *c) { return c->sent > c->answered ? c->sent - c->answered : 0; }

static void measure(struct call *c, instant now)
{
	const instant n = (instant)c->answered;
	const struct tool_measure m[] = {
		{ "sent", (int64_t)c->sent }, { "answered", (int64_t)c->answered }, { "lost", (int64_t)lost(c) },
		{ "duplicated", (int64_t)c->duplicated }, { "reordered", (int64_t)c->reordered },
		{ "bytes", (int64_t)c->bytes }, { "microseconds", (now - c->started_at) / MICROSECOND },
		{ "rtt_min_us", n ? c->rtt_min / MICROSECOND : 0 }, { "rtt_avg_us", n ? c->rtt_sum / n / MICROSECOND : 0 },
		{ "rtt_max_us", c->rtt_max / MICROSECOND }, { "connections", (int64_t)c->connections },
	};
	memcpy(c->tool.measure, m, sizeof m);
}

/* --- the end --- */

static void summary(struct call *c)
{
	struct text *out = c->env->out;
	const char *host = *c->url.host ? c->url.host : "everybody";
	bool six = c->url.is_address && strchr(host, ':') != NULL;

	text_printf(out, "--- %s://%s%s%s:%u echo statistics ---\n", url_scheme_name(c->url.scheme), six ? "[" : "", host,
	            six ? "]" : "", c->url.at.port);
	text_printf(out, "%llu sent, %llu answered", (unsigned long long)c->sent, (unsigned long long)c->answered);
	if (!is_group(c))
		text_printf(out, ", %llu lost (%llu%%)", (unsigned long long)lost(c),
		            (unsigned long long)(c->sent ? (lost(c) * 100 + c->sent / 2) / c->sent : 0));
	if (!is_stream(c) && !is_group(c))
		text_printf(out, ", %llu duplicated, %llu reordered", (unsigned long long)c->duplicated,
		            (unsigned long long)c->reordered);
	text_printf(out, ", time %lld ms\n", (long long)((net_now(c->env->net) - c->started_at) / MILLISECOND));
	if (c->answered == 0 || is_group(c)) return;
	text_printf(out, "round trip min/avg/max = %.3f/%.3f/%.3f ms\n", (double)c->rtt_min / 1e6,
	            (double)c->rtt_sum / (double)c->answered / 1e6, (double)c->rtt_max / 1e6);
}

/* As ping has it, who got any answer over UDP has got through; a stream must not lose one. */
static void end(struct call *c, bool failed)
{
	if (c->tool.done) return;
	if (c->sent > 0 && !c->json) summary(c);
	if (is_stream(c)) failed |= lost(c) > 0;
	else if (is_group(c)) failed |= c->sent > 0 && c->bounced == c->sent; /* nothing went out at all */
	else failed |= c->sent > 0 && c->answered == 0;
	c->tool.status = failed ? TOOL_FAILED : TOOL_OK;
	c->tool.done = true;
	lookup_stop(&c->lookup);
	if (c->id != 0) net_abort(c->env->net, c->id);
	measure(c, net_now(c->env->net));
	if (c->json) echo_json(c->env->out, c->where, c->tool.measure);
}

static void fail(struct call *c, const char *why)
{
	text_printf(c->env->err, "echo call: %s:%u: %s\n", c->url.host, c->url.at.port, why);
	end(c, true);
}

/* --- sending --- */

static void send_one(struct call *c, instant now)
{
	char text[MESSAGE_MAX + 32];
	struct text t = text_in(text, sizeof text);
	struct net *net = c->env->net;

	c->sent++;
	text_puts(&t, c->message);
	if (!is_stream(c)) text_printf(&t, " #%llu", (unsigned long long)c->sent);
	if (!c->json) {
		text_puts(c->env->out, "Send: ");
		say_bytes(c->env->out, text_bytes(&t));
		text_puts(c->env->out, "\n");
	}
	c->sent_at[c->sent % TIMES] = now;
	c->bytes += t.len;
	c->send_at = c->sent == c->count ? NEVER : instant_after(now, c->every);
	if (c->sent == c->count) c->counted_out = true;
	c->give_up_at = instant_after(now, c->timeout);
	if (is_stream(c)) {
		text_puts(&t, "\n");
		if (net_send(net, c->id, text_bytes(&t)) < t.len) fail(c, "the server takes nothing more");
	} else if (!net_sendto(net, c->id, &c->to, text_bytes(&t))) {
		text_printf(c->env->err, "echo call: not sent: %s\n", net_why_words(net_why_not(net)));
		c->bounced++;
	}
}

/* --- answers --- */

static void answered(struct call *c, uint64_t number, instant now)
{
	instant *at = &c->sent_at[number % TIMES], rtt = now - *at;

	c->answered++;
	*at = 0;
	c->rtt_sum += rtt;
	if (c->answered == 1 || rtt < c->rtt_min) c->rtt_min = rtt;
	if (rtt > c->rtt_max) c->rtt_max = rtt;
}

/* `sent_at`: NEVER: of no message of ours, or not known. */
static void say_answer(struct call *c, struct bytes b, const struct addr *from, instant sent_at)
{
	char who[ADDR_TEXT_MAX];

	if (c->json) return;
	if (from != NULL) text_printf(c->env->out, "%s ACK with: '", addr_text(from, who));
	else text_puts(c->env->out, "Server ACK with: '");
	say_bytes(c->env->out, b);
	if (sent_at == NEVER) text_puts(c->env->out, "'\n");
	else text_printf(c->env->out, "' time=%.3f ms\n", (double)(net_now(c->env->net) - sent_at) / 1e6);
}

/* The number in "MESSAGE #NUMBER", if it is one that was sent; or 0. */
static uint64_t number_in(const struct call *c, struct bytes b)
{
	size_t len = strlen(c->message);
	uint64_t n = 0;

	if (b.len < len + 3 || b.len > len + 22 || memcmp(b.at, c->message, len) != 0 || memcmp(b.at + len, " #", 2) != 0)
		return 0;
	for (size_t i = len + 2; i < b.len; i++) {
		if (b.at[i] < '0' || b.at[i] > '9') return 0;
		n = n * 10 + (uint64_t)(b.at[i] - '0');
	}
	return n <= c->sent && n + TIMES > c->sent ? n : 0;
}

/* Kernels bring what is sent to everybody to its sender, too, if it stands at that port. */
static bool is_own(const struct call *c, const struct net_event *ev)
{
	struct addr own;
	bool alone = !ip_is_multicast(ev->local.ip) && !ip_equal(ev->local.ip, c->to.ip);

	return !alone && net_local(c->env->net, c->id, &own) && own.port == ev->peer.port && number_in(c, ev->data) != 0;
}

static void datagram(struct call *c, const struct net_event *ev)
{
	if (is_group(c)) {
		if (!c->loop && is_own(c, ev)) return;
		say_answer(c, ev->data, &ev->peer, NEVER);
		c->answered++;
		return;
	}
	uint64_t number = number_in(c, ev->data);
	if (number == 0 || !ip_equal(ev->peer.ip, c->to.ip) || ev->peer.port != c->to.port) return; /* no answer of ours */
	instant sent_at = c->sent_at[number % TIMES];
	say_answer(c, ev->data, NULL, sent_at != 0 ? sent_at : NEVER);
	if (sent_at == 0) {
		c->duplicated++;
		return;
	}
	if (number < c->heard_back) c->reordered++; /* RFC 4737, 3.3 */
	else c->heard_back = number;
	answered(c, number, net_now(c->env->net));
}

static void line(struct call *c)
{
	bool asked_for = c->answered < c->sent;
	say_answer(c, (struct bytes){ (uint8_t *)c->line, c->line_len }, NULL, asked_for ? c->sent_at[(c->answered + 1) % TIMES] : NEVER);
	c->line_len = 0;
	if (!asked_for) text_puts(c->env->err, "echo call: a line came that was not asked for\n");
	else answered(c, c->answered + 1, net_now(c->env->net));
}

static void readable(struct call *c)
{
	for (struct bytes b; (b = net_peek(c->env->net, c->id)).len > 0; net_take(c->env->net, c->id, b.len))
		for (size_t i = 0; i < b.len; i++) {
			if (b.at[i] == '\n') line(c);
			else if (c->line_len < sizeof c->line) c->line[c->line_len++] = (char)b.at[i];
		}
}

/* --- the course of it --- */

static void finish(struct call *c)
{
	if (!is_stream(c) || !c->connected) {
		end(c, false);
		return;
	}
	if (c->finishing) return;
	c->finishing = true;
	c->send_at = NEVER;
	c->give_up_at = instant_after(net_now(c->env->net), c->timeout);
	net_finish(c->env->net, c->id);
}

/* What was opened: one socket in any case. */
static void explain(struct call *c)
{
	struct addr local;
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];

	if (!c->explain || !net_local(c->env->net, c->id, &local)) return;
	text_printf(c->env->out, is_stream(c) ? "One socket, connected from %s to %s: this pair of addresses and ports is the connection's name\n"
	                                      : "One socket, at %s, connected to nobody: each datagram is addressed to %s, and answers say whose they are\n",
	            addr_text(&local, from), addr_text(&c->to, to));
}

static bool open_datagrams(struct call *c)
{
	struct net *net = c->env->net;
	struct addr any = { .ip = ip_is4(c->to.ip) ? ip4_any() : ip6_any() };

	c->id = net_bind(net, &any);
	if (c->id == 0) return false;
	if (c->url.scheme == URL_BROADCAST && !net_set(net, c->id, NET_BROADCAST, 1)) return false;
	if (c->url.scheme != URL_MULTICAST) return true;
	return net_set(net, c->id, NET_MULTICAST_TTL, (int)c->ttl) && net_set(net, c->id, NET_MULTICAST_LOOP, c->loop);
}

/* The next of the host's addresses; when there is none left, what the last one said is the reason. */
static void try_next(struct call *c, const char *why)
{
	struct net *net = c->env->net;
	instant now = net_now(net);

	while (c->next_ip < c->lookup.count) {
		c->to = (struct addr){ c->lookup.ip[c->next_ip++], c->url.at.port, c->url.at.interface };
		c->id = 0;
		if (is_stream(c)) c->id = secure_connect(&c->secure, net, &c->to, c->url.host);
		else if (!open_datagrams(c)) c->id = 0;
		if (c->id == 0) {
			why = net_why_words(net_why_not(net));
			continue;
		}
		c->give_up_at = instant_after(now, c->timeout);
		if (!is_stream(c)) c->connected = true, c->send_at = now, explain(c);
		return;
	}
	fail(c, why);
}

static void step(struct call *c, instant now)
{
	if (lookup_state(&c->lookup) == LOOKUP_BUSY) return;
	if (c->id == 0 && !c->tool.done) {
		if (lookup_state(&c->lookup) == LOOKUP_FAILED) fail(c, c->lookup.error);
		else try_next(c, "no address");
	}
	while (!c->tool.done && c->connected && c->send_at <= now) send_one(c, now);
	if (c->tool.done) return;
	bool all_back = !is_group(c) && c->answered + c->bounced >= c->sent;
	if (c->counted_out && (all_back || (is_group(c) && c->timeout == 0))) finish(c);
	if (c->tool.done || c->give_up_at > now) return;
	if (!c->connected) {
		net_abort(c->env->net, c->id);
		try_next(c, "timed out");
	} else if (c->counted_out || c->finishing) {
		end(c, false);
	}
}

static void closed(struct call *c, const struct net_event *ev)
{
	c->id = 0;
	if (!c->connected) {
		if (ev->why == NET_NOT_SECURE) fail(c, secure_why(&c->secure, ev->why)); /* another of its addresses would be as bad */
		else try_next(c, net_why_words(ev->why));
		return;
	}
	if (ev->why != NET_DONE) text_printf(c->env->err, "echo call: %s\n", secure_why(&c->secure, ev->why));
	end(c, ev->why != NET_DONE);
}

static void bounced(struct call *c, const struct net_event *ev)
{
	text_printf(c->env->err, "echo call: %s:%u: %s\n", c->url.host, c->url.at.port, net_why_words(ev->why));
	c->bounced++;
}

static void own_event(struct call *c, const struct net_event *ev)
{
	instant now = net_now(c->env->net);

	if (ev->id != c->id || c->id == 0) return;
	switch (ev->what) {
	case NET_CONNECTED: c->connected = true, c->connections++, c->send_at = now, explain(c); break;
	case NET_READABLE:  readable(c); break;
	case NET_EOF:
		if (!c->finishing) text_puts(c->json ? c->env->err : c->env->out, "The server closed the connection\n");
		finish(c);
		break;
	case NET_CLOSED:    closed(c, ev); break;
	case NET_DATAGRAM:  datagram(c, ev); break;
	case NET_BOUNCED:   bounced(c, ev); break;
	default: break;
	}
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct call *c = self;
	instant now = net_now(net);

	if (c->tool.done) return;
	if (ev->what == NET_WAKE) lookup_step(&c->lookup, now);
	else if (!lookup_event(&c->lookup, ev)) own_event(c, ev);
	if (!c->tool.done) step(c, now);
	if (c->tool.done) return;
	measure(c, now);
	instant mine = c->connected ? c->send_at : NEVER;
	if (c->counted_out || !c->connected || c->finishing) mine = instant_min(mine, c->give_up_at);
	net_wake(net, instant_min(lookup_deadline(&c->lookup), mine));
}

static void stop(struct tool *t)
{
	struct call *c = (struct call *)t;

	if (!c->connected) {
		end(c, true);
		return;
	}
	finish(c);
	if (c->tool.done) return;
	c->give_up_at = instant_min(c->give_up_at, instant_after(net_now(c->env->net), SECOND));
	net_wake(c->env->net, c->give_up_at);
}

static void end_tool(struct tool *t) { secure_end(&((struct call *)t)->secure); }

struct tool *echo_call_open(int argc, const char *const *argv, struct tool_env *env)
{
	const unsigned allowed = 1 << URL_TCP | 1 << URL_TLS | 1 << URL_UDP | 1 << URL_MULTICAST | 1 << URL_BROADCAST;
	struct call *c = arena_zeroed(env->memory, 1, sizeof *c);
	const char *word = NULL, *why;
	uint64_t bytes = 0;
	size_t words;

	if (c == NULL) return tool_usage(env, "echo call: no memory");
	c->env = env, c->message = "Hello World!", c->every = 2 * SECOND, c->timeout = 5 * SECOND, c->ttl = 1;
	const struct option options[] = {
		{ "every", OPTION_SPAN, &c->every }, { "count", OPTION_NUMBER, &c->count }, { "loop", OPTION_FLAG, &c->loop },
		{ "message", OPTION_TEXT, &c->message }, { "timeout", OPTION_SPAN, &c->timeout }, { "ttl", OPTION_NUMBER, &c->ttl },
		{ "bytes", OPTION_SIZE, &bytes }, { "json", OPTION_FLAG, &c->json }, { "explain", OPTION_FLAG, &c->explain },
		{ "interface", OPTION_TEXT, &c->interface }, SECURE_OPTIONS(&c->secure),
	};
	if (!options_read(env, argc, argv, options, COUNT(options), &word, 1, &words)) return NULL;
	if (words == 0) return tool_usage(env, "echo call: whom? like tcp://www.example.com:6666");
	if ((why = url_parse(word, allowed, &c->url)) != NULL) return tool_usage(env, "echo call: %s: %s", word, why);
	if (*c->url.host == '\0' && c->url.scheme != URL_BROADCAST)
		return tool_usage(env, "echo call: %s: a host is wanted", word);
	if (c->url.scheme == URL_MULTICAST && !ip_is_multicast(c->url.at.ip))
		return tool_usage(env, "echo call: %s: this is no multicast address", word);
	if (strlen(c->message) > MESSAGE_MAX || strchr(c->message, '\n') != NULL)
		return tool_usage(env, "echo call: a message is one line of at most %d bytes", MESSAGE_MAX);
	if (c->every == 0 && c->count == 0) return tool_usage(env, "echo call: --every 0s wants a --count, or it would never stop");
	if (c->ttl > 255) return tool_usage(env, "echo call: --ttl is at most 255");
	if (c->loop && !is_group(c)) return tool_usage(env, "echo call: --loop wants a multicast or broadcast URL");
	if (c->interface != NULL && !is_group(c)) return tool_usage(env, "echo call: --interface wants a multicast or broadcast URL");
	if (c->interface != NULL && !echo_interface(env, "echo call", c->interface, &c->url.at.interface)) return NULL;
	if (bytes > 0 && (c->json || c->explain)) return tool_usage(env, "echo call: --bytes goes with neither --json nor --explain");
	if (c->json && c->explain) return tool_usage(env, "echo call: --json or --explain, one of them");
	c->where = word;
	if (bytes > 0 && is_group(c)) return tool_usage(env, "echo call: --bytes wants a tcp, tls or udp URL");
	if (bytes > 0 && !is_stream(c)) return echo_one_open(env, &c->url, bytes, c->timeout);
	if (bytes > 0) return echo_bulk_open(env, &c->secure, &c->url, bytes, c->timeout);
	c->tool.app = (struct app){ event, c };
	c->tool.stop = stop, c->tool.end = end_tool;
	if (url_is_secure(&c->url) && !secure_start(&c->secure, env, "echo call", false, "")) return NULL;
	c->started_at = net_now(env->net);
	c->send_at = c->give_up_at = NEVER;
	lookup_start(&c->lookup, env, *c->url.host ? c->url.host : "255.255.255.255");
	net_wake(env->net, c->started_at);
	return &c->tool;
}
