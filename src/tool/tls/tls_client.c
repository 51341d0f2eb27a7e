/* SPDX-License-Identifier: ISC */
/* tls_client.c - a TLS connection to look at: each message in words, what was agreed on, and then what is typed.
 *
 * With --resume it comes twice: the first connection is closed when it is there, and leaves its session to the second.
 */
#include "proto/tls/sessions.h"
#include "tool/dial.h"
#include "tool/options.h"
#include "tool/tls/tls.h"
#include "tool/tls/tls_tell.h"

#define SEEN_BYTES (256u << 10)

struct client {
	struct tool tool;
	struct tool_env *env;
	struct url url;
	struct dial dial;
	struct secure secure;
	struct tls_teller teller;
	const char *servername, *early_file, *session_in, *session_out;
	struct text *session_text;    /* --session-out */
	bool resume, key_update, quiet, again; /* again: this is the second of two connections */
	bool early_tried, input_over, finished;
	struct bytes early; size_t early_at;
	instant timeout, started_at;
	uint64_t got, sent;
	char words[URL_HOST_MAX + 32];
};

static const struct tls *machine(struct client *c) { return c->dial.id != 0 ? net_tls_of(c->env->net, c->dial.id) : NULL; }

static void measure(struct client *c)
{
	const struct tls *t = machine(c);
	const struct tool_measure m[] = {
		{ "bytes", (int64_t)c->got }, { "sent", (int64_t)c->sent }, { "connections", c->dial.connected + c->again },
		{ "resumed", t != NULL && t->resumed }, { "early", t != NULL && t->early_accepted }, { "version", t != NULL ? t->version : 0 },
		{ "microseconds", (net_now(c->env->net) - c->started_at) / MICROSECOND },
	};
	if (t != NULL || c->tool.measure[0].name == NULL) memcpy(c->tool.measure, m, sizeof m);
}

static int64_t date_ms(const struct client *c) { return c->env->date * 1000 + (net_now(c->env->net) - c->env->date_at) / MILLISECOND; }

static void write_session(struct client *c)
{
	struct tls_session session;
	uint8_t file[TLS_SESSION_FILE_MAX];
	size_t len = 0;

	if (c->session_text == NULL) return;
	if (tls_sessions_take(c->secure.config.sessions, bytes_of(c->dial.host), date_ms(c), &session))
		len = tls_session_write(&session, (struct room){ file, sizeof file });
	if (len > 0) text_put(c->session_text, (struct bytes){ file, len });
	else text_puts(c->env->err, "tls client: the server gave no session to come back with\n");
	crypt_wipe(&session, sizeof session);
	crypt_wipe(file, sizeof file);
}

static void end(struct client *c, int status)
{
	if (c->tool.done) return;
	c->tool.done = true;
	c->tool.status = status;
	measure(c);
	dial_stop(&c->dial);
}

static void fail(struct client *c, const char *why)
{
	text_printf(c->env->err, "tls client: %s:%u: %s\n", c->url.host, c->url.at.port, why);
	end(c, TOOL_FAILED);
}

static void start(struct client *c)
{
	c->dial = (struct dial){ .id = 0 };
	c->early_tried = c->finished = false;
	c->early_at = 0;
	dial_start(&c->dial, c->env, &c->secure, &c->url, c->timeout);
	if (c->servername != NULL) c->dial.host = c->servername;
}

static bool goes_twice(const struct client *c) { return c->resume && !c->again; }

static void finish(struct client *c)
{
	if (c->finished) return;
	c->finished = true;
	dial_wait_for(&c->dial, c->timeout);
	net_finish(c->env->net, c->dial.id);
}

/* --- what we say --- */

static void send_early(struct client *c)
{
	size_t n = net_send(c->env->net, c->dial.id, bytes_skip(c->early, c->early_at));
	c->early_at += n;
	c->sent += n;
}

static void pump(struct client *c)
{
	struct net *net = c->env->net;

	if (!c->dial.connected || c->finished) return;
	if (c->early_at < c->early.len) send_early(c);
	if (c->early_at < c->early.len) return;
	for (struct bytes b; c->env->input != 0 && (b = net_peek(net, c->env->input)).len > 0;) {
		size_t n = net_send(net, c->dial.id, b);
		net_take(net, c->env->input, n);
		c->sent += n;
		if (n < b.len) return;
	}
	if (c->env->input == 0 || c->input_over) finish(c);
}

/* --- the course of it --- */

static void connected(struct client *c)
{
	const struct tls *t = machine(c);

	if (!c->quiet) {
		text_puts(c->env->out, "= ");
		tls_tell_session(c->env->out, t);
		if (c->secure.options.insecure) text_puts(c->env->out, "= the certificate was not checked (--insecure)\n");
		else if (!t->resumed) text_printf(c->env->out, "= the certificate is good, and for %s\n", c->dial.host);
	}
	if (c->early_at > 0 && !t->early_accepted) {
		if (!c->quiet) text_puts(c->env->out, "= the early data was refused: it is sent again\n");
		c->early_at = 0;
	}
	if (c->key_update && !goes_twice(c)) net_tls_update_keys(c->env->net, c->dial.id, true);
	dial_wait_for(&c->dial, NEVER);
	if (goes_twice(c)) finish(c);
	else pump(c);
}

static void readable(struct client *c)
{
	for (struct bytes b; (b = net_peek(c->env->net, c->dial.id)).len > 0; net_take(c->env->net, c->dial.id, b.len)) {
		text_put(c->env->out, b);
		c->got += b.len;
		if (c->finished) dial_wait_for(&c->dial, c->timeout);
	}
}

static void closed(struct client *c, enum net_why why)
{
	if (why != NET_DONE) {
		fail(c, secure_why(&c->secure, why));
	} else if (goes_twice(c)) {
		if (!c->quiet) text_puts(c->env->out, "= and once more\n");
		c->again = true;
		start(c);
	} else {
		write_session(c);
		end(c, TOOL_OK);
	}
}

static void own_event(struct client *c, const struct net_event *ev)
{
	switch (ev->what) {
	case NET_READABLE: readable(c); break;
	case NET_WRITABLE:
		if (c->dial.connected) pump(c);
		else send_early(c);
		break;
	case NET_EOF: finish(c); break;
	case NET_CLOSED:
		measure(c);
		closed(c, ev->why);
		break;
	default: break;
	}
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct client *c = self;
	bool typed = ev->id != 0 && ev->id == c->env->input;

	if (c->tool.done) return;
	tls_tell_all(&c->teller);
	if (typed) {
		if (ev->what == NET_EOF || ev->what == NET_CLOSED) c->input_over = true;
		pump(c);
		return;
	}
	switch (dial_event(&c->dial, ev)) {
	case DIAL_CONNECTED: connected(c); break;
	case DIAL_YOURS: own_event(c, ev); break;
	case DIAL_FAILED:
		tls_tell_all(&c->teller);
		fail(c, c->dial.why);
		break;
	case DIAL_NOTHING: break;
	}
	if (c->tool.done) return;
	if (c->dial.id != 0 && !c->dial.connected && !c->early_tried && c->early.len > 0 && (c->again || !c->resume)) {
		c->early_tried = true;
		send_early(c); /* nothing goes yet; we are told when it may */
	}
	tls_tell_all(&c->teller);
	measure(c);
	net_wake(net, dial_deadline(&c->dial));
}

static void stop(struct tool *t)
{
	struct client *c = (struct client *)t;
	if (c->dial.connected && !c->finished) finish(c);
	else end(c, c->dial.connected ? TOOL_OK : TOOL_FAILED);
}

static void end_tool(struct tool *t)
{
	struct client *c = (struct client *)t;
	crypt_wipe(c->teller.seen.room.at, c->teller.seen.room.len);
	secure_end(&c->secure);
}

/* --- life --- */

static bool read_session(struct client *c, const char *host)
{
	struct tls_session session;
	struct bytes file;

	if (c->session_in == NULL) return true;
	if (!secure_read(&c->secure, c->session_in, &file)) return false;
	bool good = tls_session_read(file, &session);
	if (good) tls_sessions_put(c->secure.config.sessions, bytes_of(host), &session);
	else text_printf(c->env->err, "tls client: %s: this is no session that --session-out wrote\n", c->session_in);
	crypt_wipe(&session, sizeof session);
	return good;
}

static bool prepare(struct client *c)
{
	struct room room = { arena_take(c->env->memory, SEEN_BYTES), SEEN_BYTES };

	if (room.at == NULL || !secure_start(&c->secure, c->env, "tls client", false, "")) return false;
	c->env->status = TOOL_FAILED;
	c->teller = (struct tls_teller){ .out = c->env->out, .crypt = c->env->crypt, .chain = true, .seen = { .room = room } };
	if (!c->quiet) c->secure.config.seen = &c->teller.seen;
	c->secure.config.ask_ocsp = true;
	if (c->early_file != NULL && !secure_read(&c->secure, c->early_file, &c->early)) return false;
	if (c->early_file != NULL) c->secure.config.early_data_max = UINT32_MAX;
	if (!read_session(c, c->servername != NULL ? c->servername : c->url.host)) return false;
	return c->session_out == NULL || (c->session_text = tool_create(c->env, c->session_out, TOOL_OWNER_READS)) != NULL;
}

struct tool *tls_client_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct client *c = arena_zeroed(env->memory, 1, sizeof *c);
	const char *word = NULL, *why;
	size_t words;

	if (c == NULL) return tool_usage(env, "tls client: no memory");
	c->env = env, c->timeout = 10 * SECOND;
	const struct option options[] = {
		{ "servername", OPTION_TEXT, &c->servername }, { "resume", OPTION_FLAG, &c->resume }, { "early", OPTION_TEXT, &c->early_file },
		{ "key-update", OPTION_FLAG, &c->key_update }, { "session-in", OPTION_TEXT, &c->session_in },
		{ "session-out", OPTION_TEXT, &c->session_out }, { "timeout", OPTION_SPAN, &c->timeout }, { "quiet", OPTION_FLAG, &c->quiet },
		SECURE_OPTIONS(&c->secure),
	};
	if (!options_read(env, argc, argv, options, COUNT(options), &word, 1, &words)) return NULL;
	if (words == 0) return tool_usage(env, "tls client: where to? like www.example.com:443");
	struct text full = text_in(c->words, sizeof c->words);
	if ((why = tls_tool_address(&full, word, false, &c->url)) != NULL) return tool_usage(env, "tls client: %s: %s", word, why);
	if (!tls_tool_name_good(env, "tls client", c->servername)) return NULL;
	if (!prepare(c)) {
		secure_end(&c->secure);
		return NULL;
	}
	tool_want_input(env);
	c->tool.app = (struct app){ event, c };
	c->tool.stop = stop, c->tool.end = end_tool;
	c->started_at = net_now(env->net);
	start(c);
	measure(c);
	return &c->tool;
}
