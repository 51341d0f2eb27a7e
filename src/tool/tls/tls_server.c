/* SPDX-License-Identifier: ISC */
/* tls_server.c - shows what its clients do, message by message; what is typed goes to the last who came. */
#include "proto/tls/tickets.h"
#include "tool/drain.h"
#include "tool/listen.h"
#include "tool/options.h"
#include "tool/secure.h"
#include "tool/tls/tls.h"
#include "tool/tls/tls_tell.h"

#define SEEN_BYTES (256u << 10)
#define REPLAYS_MAX 1024
#define OPEN_MAX 4096 /* connections at a time */

struct server {
	struct tool tool;
	struct tool_env *env;
	struct url url;
	struct secure secure;
	struct tls_teller teller;
	bool echo, once, retry, quiet;
	uint64_t early, connections, bytes, early_bytes;
	net_id open[OPEN_MAX]; uint32_t opens;
	struct drain drain;
	net_id listener, last; /* last: who came last and is still there; 0: nobody */
	char words[URL_HOST_MAX + 32];
};

static void measure(struct server *s)
{
	struct net_tls_counts c = net_tls_counts(s->secure.net);
	uint64_t replayed = s->secure.config.tickets != NULL ? tls_tickets_counts(s->secure.config.tickets).early_replayed : 0;
	const struct tool_measure m[] = {
		{ "connections", (int64_t)s->connections }, { "bytes", (int64_t)s->bytes }, { "resumed", (int64_t)c.resumed },
		{ "failed", (int64_t)c.failed }, { "early_bytes", (int64_t)s->early_bytes }, { "early_replayed", (int64_t)replayed },
	};
	memcpy(s->tool.measure, m, sizeof m);
}

static void over(struct server *s)
{
	if (!s->quiet) secure_say_counts(&s->secure);
	s->tool.done = true;
}

static void close_listener(struct server *s)
{
	if (s->listener != 0) net_finish(s->env->net, s->listener);
	s->listener = 0;
}

/* Each gets our end (close_notify) once what was on its way has come, and its own is waited for. */
static void end_in_time(struct server *s)
{
	struct net *net = s->env->net;
	instant now = net_now(net);

	if (s->tool.done || !drain_quiet(&s->drain, now)) return;
	for (uint32_t i = 0; i < s->opens; i++) net_finish(net, s->open[i]);
	if (s->opens > 0 && !drain_over(&s->drain, now)) return;
	if (s->opens > 0)
		text_printf(s->env->err, "tls server: %u clients did not read or leave within %d s and were cut off\n", (unsigned)s->opens,
		            (int)(TOOL_DRAIN_WITHIN / SECOND));
	while (s->opens > 0) net_abort(net, s->open[--s->opens]);
	over(s);
}

static void wake(struct server *s)
{
	net_wake(s->env->net, s->tool.done ? NEVER : drain_deadline(&s->drain, net_now(s->env->net)));
}

static void stop(struct tool *t)
{
	struct server *s = (struct server *)t;

	if (s->drain.on || s->tool.done) return;
	close_listener(s);
	drain_start(&s->drain, net_now(s->env->net));
	if (s->opens == 0) over(s);
	wake(s);
}

static void reload(struct tool *t) { secure_reload(&((struct server *)t)->secure); }
static void end_tool(struct tool *t)
{
	struct server *s = (struct server *)t;
	crypt_wipe(s->teller.seen.room.at, s->teller.seen.room.len);
	secure_end(&s->secure);
}

static void accepted(struct server *s, const struct net_event *ev)
{
	char who[ADDR_TEXT_MAX];
	const struct tls *t = net_tls_of(s->env->net, ev->id);

	if (s->opens == OPEN_MAX) {
		net_abort(s->env->net, ev->id);
		return;
	}
	s->open[s->opens++] = ev->id;
	s->connections++;
	s->last = ev->id;
	if (s->quiet) return;
	text_printf(s->env->out, "= %u: %s", (unsigned)t->number, addr_text(&ev->peer, who));
	if (*t->server_name != '\0') text_printf(s->env->out, ", for %s", t->server_name);
	text_puts(s->env->out, ": ");
	tls_tell_session(s->env->out, t);
}

static void readable(struct server *s, net_id id)
{
	struct net *net = s->env->net;

	for (struct bytes b; (b = net_peek(net, id)).len > 0;) {
		bool early = tls_reading_early(net_tls_of(net, id));
		size_t n = s->echo ? net_send(net, id, b) : b.len;
		if (n == 0) return;
		if (early && !s->quiet) text_printf(s->env->out, "= %zu bytes of early data\n", n);
		if (!s->echo) text_put(s->env->out, bytes_first(b, n));
		s->bytes += n;
		s->early_bytes += early ? n : 0;
		net_take(net, id, n);
	}
}

static void pump(struct server *s)
{
	struct net *net = s->env->net;

	for (struct bytes b; s->env->input != 0 && s->last != 0 && (b = net_peek(net, s->env->input)).len > 0;) {
		size_t n = net_send(net, s->last, b);
		net_take(net, s->env->input, n);
		if (n < b.len) return;
	}
}

static void closed(struct server *s, const struct net_event *ev)
{
	if (s->last == ev->id) s->last = 0;
	for (uint32_t i = 0; i < s->opens; i++)
		if (s->open[i] == ev->id) s->open[i] = s->open[--s->opens];
	if (!s->quiet) text_printf(s->env->out, "= closed: %s\n", secure_why(&s->secure, ev->why));
	if (!s->once) return;
	s->tool.status = ev->why == NET_DONE ? TOOL_OK : TOOL_FAILED;
	close_listener(s);
	over(s);
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct server *s = self;

	if (s->tool.done) return;
	tls_tell_all(&s->teller);
	if (ev->id != 0 && ev->id == s->env->input) {
		pump(s);
		if (ev->what == NET_EOF && s->once && s->last != 0) net_finish(net, s->last);
		return;
	}
	switch (ev->what) {
	case NET_ACCEPTED: accepted(s, ev); break;
	case NET_READABLE: readable(s, ev->id); break;
	case NET_WRITABLE: readable(s, ev->id); break;
	case NET_EOF: net_finish(net, ev->id); break;
	case NET_CLOSED: closed(s, ev); break;
	default: break;
	}
	if (s->tool.done) return;
	tls_tell_all(&s->teller);
	if (!s->quiet) secure_say_failure(&s->secure);
	pump(s);
	if (s->drain.on) {
		end_in_time(s);
		wake(s);
	}
	measure(s);
}

static bool prepare(struct server *s)
{
	struct room room = { arena_take(s->env->memory, SEEN_BYTES), SEEN_BYTES };

	s->secure.replays_max = s->early > 0 ? REPLAYS_MAX : 0;
	if (room.at == NULL || !secure_start(&s->secure, s->env, "tls server", true, s->url.host)) return false;
	s->env->status = TOOL_FAILED;
	s->teller = (struct tls_teller){ .out = s->env->out, .crypt = s->env->crypt, .is_server = true, .numbered = true, .seen = { .room = room } };
	s->teller.chain = s->secure.options.ca != NULL; /* our own are known; the clients' are not */
	if (!s->quiet) s->secure.config.seen = &s->teller.seen;
	s->secure.config.early_data_max = (uint32_t)s->early;
	s->secure.config.always_retry = s->retry;
	s->listener = secure_listen(&s->secure, s->env->net, &s->url.at);
	if (s->listener == 0 && *s->url.host == '\0' && net_why_not(s->env->net) != NET_IN_USE)
		s->url.at.ip = ip4_any(), s->listener = secure_listen(&s->secure, s->env->net, &s->url.at);
	return s->listener != 0 || (text_printf(s->env->err, "tls server: %s: %s\n", s->words + strlen("tls://"),
	                                            listen_why(net_why_not(s->env->net), s->url.at.port)), false);
}

struct tool *tls_server_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct server *s = arena_zeroed(env->memory, 1, sizeof *s);
	const char *word = NULL, *why;
	size_t words;

	if (s == NULL) return tool_usage(env, "tls server: no memory");
	s->env = env;
	const struct option options[] = {
		{ "echo", OPTION_FLAG, &s->echo }, { "once", OPTION_FLAG, &s->once }, { "early", OPTION_SIZE, &s->early },
		{ "retry", OPTION_FLAG, &s->retry }, { "quiet", OPTION_FLAG, &s->quiet }, SECURE_OPTIONS(&s->secure),
	};
	if (!options_read(env, argc, argv, options, COUNT(options), &word, 1, &words)) return NULL;
	if (words == 0) return tool_usage(env, "tls server: on which port? like 6443");
	struct text full = text_in(s->words, sizeof s->words);
	if ((why = tls_tool_address(&full, word, true, &s->url)) != NULL) return tool_usage(env, "tls server: %s: %s", word, why);
	if (s->early > UINT32_MAX) return tool_usage(env, "tls server: --early is at most 4294967295");
	if (!prepare(s)) {
		secure_end(&s->secure);
		return NULL;
	}
	tool_want_input(env);
	if (!s->quiet) text_printf(env->out, "Listening on %s\n", word);
	s->tool.app = (struct app){ event, s };
	s->tool.stop = stop, s->tool.end = end_tool;
	if (secure_can_reload(&s->secure)) s->tool.reload = reload;
	measure(s);
	return &s->tool;
}
