/* SPDX-License-Identifier: ISC */
/* http_get.c - asks for one thing, and reads the answer to its last byte: by its length, in chunks (RFC 9112, 7.1),
 * or up to the end of the connection. */
#include "tool/dial.h"
#include "tool/http/http.h"
#include "tool/http/http_message.h"
#include "tool/options.h"
#include "tool/say.h"
#include "tool/url.h"

#define CLOSE_FOR (5 * SECOND) /* how long the server may take to close as well, once its answer is here */

/* What comes next on the stream. */
enum part { PART_HEAD, PART_LENGTH, PART_CHUNK_SIZE, PART_CHUNK, PART_CHUNK_END, PART_TRAILER, PART_TO_EOF, PART_DONE };

struct get {
	struct tool tool;
	struct tool_env *env;
	struct url url;
	struct dial dial;
	struct secure secure;
	bool head_only, print;
	bool told;                 /* the answer is here, whole; what is left is to close */
	instant told_at;
	const char *range;
	instant timeout, started_at;
	enum part part;
	struct http_head head;
	struct http_response response;
	uint64_t left, body;       /* left: of the body, or of this chunk */
	char line[32]; size_t line_len; /* of a chunk's size or a trailer */
	size_t sent;
	char request[HTTP_TARGET_MAX + 512];
};

static void measure(struct get *g)
{
	const struct tool_measure m[] = {
		{ "status", g->response.status }, { "bytes", (int64_t)g->body },
		{ "microseconds", ((g->told ? g->told_at : net_now(g->env->net)) - g->started_at) / MICROSECOND }, { "connections", g->dial.connected },
	};
	memcpy(g->tool.measure, m, sizeof m);
}

static void end(struct get *g, int status)
{
	if (g->tool.done) return;
	g->tool.done = true;
	g->tool.status = status;
	dial_stop(&g->dial);
	measure(g);
}

static void fail(struct get *g, const char *why)
{
	text_printf(g->env->err, "http get: %s:%u: %s\n", g->url.host, g->url.at.port, why);
	end(g, TOOL_FAILED);
}

static void whole(struct get *g)
{
	struct text *to = g->print ? g->env->err : g->env->out;

	text_printf(to, "%u ", g->response.status);
	say_bytes(to, g->response.reason);
	text_printf(to, ", %llu bytes in %.3f ms\n", (unsigned long long)g->body,
	            (double)(net_now(g->env->net) - g->started_at) / 1e6);
	g->told = true;
	g->told_at = net_now(g->env->net);
	dial_wait_for(&g->dial, instant_min(g->timeout, CLOSE_FOR));
	net_finish(g->env->net, g->dial.id);
}

static void end_told(struct get *g) { end(g, g->response.status < 400 ? TOOL_OK : TOOL_FAILED); }

/* --- the answer --- */

static size_t take_head(struct get *g, struct bytes b)
{
	size_t n = http_head_add(&g->head, b);

	if (g->head.full) return fail(g, "its head is too large"), n;
	if (!g->head.whole) return n;
	if (!http_response_parse(http_head_bytes(&g->head), &g->response)) return fail(g, "this is no HTTP/1.1 response"), n;
	unsigned status = g->response.status;
	if (status < 200) { /* 100 Continue and its like: the answer is still to come */
		http_head_init(&g->head);
		return n;
	}
	bool none = g->head_only || status == 204 || status == 304;
	g->left = g->response.content_length;
	g->part = none ? PART_DONE : g->response.chunked ? PART_CHUNK_SIZE : g->response.has_length ? PART_LENGTH : PART_TO_EOF;
	if (g->part == PART_LENGTH && g->left == 0) g->part = PART_DONE;
	return n;
}

/* Up to the end of a line of a chunk's framing; then act on it. */
static size_t take_line(struct get *g, struct bytes b)
{
	const uint8_t *lf = memchr(b.at, '\n', b.len);
	size_t n = lf != NULL ? (size_t)(lf - b.at) + 1 : b.len;

	for (size_t i = 0; i < n - (lf != NULL); i++)
		if (g->line_len < sizeof g->line) g->line[g->line_len++] = (char)b.at[i];
	if (lf == NULL) return n;
	size_t len = g->line_len - (g->line_len > 0 && g->line[g->line_len - 1] == '\r');
	g->line_len = 0;
	if (g->part == PART_TRAILER) {
		if (len == 0) g->part = PART_DONE;
		return n;
	}
	if (g->part == PART_CHUNK_END) {
		if (len > 0) fail(g, "a chunk is longer than it said");
		g->part = PART_CHUNK_SIZE;
		return n;
	}
	size_t digits = 0;
	for (g->left = 0; digits < len; digits++) {
		char c = g->line[digits];
		int v = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
		if (v < 0) break;
		g->left = g->left << 4 | (unsigned)v;
	}
	size_t end = digits;
	while (end < len && (g->line[end] == ' ' || g->line[end] == '\t')) end++; /* RFC 9112, 7.1.1: bad white space */
	if (digits == 0 || digits > 12 || (end < len && g->line[end] != ';')) return fail(g, "a chunk without a size"), n;
	g->part = g->left > 0 ? PART_CHUNK : PART_TRAILER;
	return n;
}

static size_t take_body(struct get *g, struct bytes b)
{
	if (g->part != PART_TO_EOF && b.len > g->left) b.len = (size_t)g->left;
	if (g->print) text_put(g->env->out, b);
	g->body += b.len;
	if (g->part == PART_TO_EOF) return b.len;
	g->left -= b.len;
	if (g->left == 0) g->part = g->part == PART_CHUNK ? PART_CHUNK_END : PART_DONE;
	return b.len;
}

static void readable(struct get *g)
{
	for (struct bytes b; !g->tool.done && (b = net_peek(g->env->net, g->dial.id)).len > 0;) {
		size_t n = b.len;
		switch (g->part) {
		case PART_HEAD: n = take_head(g, b); break;
		case PART_LENGTH: case PART_CHUNK: case PART_TO_EOF: n = take_body(g, b); break;
		case PART_CHUNK_SIZE: case PART_CHUNK_END: case PART_TRAILER: n = take_line(g, b); break;
		case PART_DONE: break;
		}
		if (g->tool.done) return;
		net_take(g->env->net, g->dial.id, n);
		if (g->part == PART_DONE && !g->told) whole(g);
	}
}

/* --- the course of it --- */

static void ask(struct get *g)
{
	struct bytes rest = bytes_skip(bytes_of(g->request), g->sent);
	g->sent += net_send(g->env->net, g->dial.id, rest);
}

static void own_event(struct get *g, const struct net_event *ev)
{
	if (g->told) { /* both sides close; who says more than was asked for is not waited for */
		if (ev->what == NET_CLOSED || ev->what == NET_READABLE) end_told(g);
		return;
	}
	switch (ev->what) {
	case NET_WRITABLE: ask(g); break;
	case NET_READABLE: readable(g); break;
	case NET_EOF:
		if (g->part == PART_TO_EOF) whole(g);
		else fail(g, "the connection was closed before the end of the answer");
		break;
	case NET_CLOSED: fail(g, secure_why(&g->secure, ev->why)); break;
	default: break;
	}
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct get *g = self;

	if (g->tool.done) return;
	switch (dial_event(&g->dial, ev)) {
	case DIAL_CONNECTED: ask(g); break;
	case DIAL_YOURS: own_event(g, ev); break;
	case DIAL_FAILED:
		if (g->told) end_told(g);
		else fail(g, g->dial.why);
		break;
	case DIAL_NOTHING: break;
	}
	if (g->tool.done) return;
	measure(g);
	net_wake(net, dial_deadline(&g->dial));
}

static void stop(struct tool *t) { end((struct get *)t, TOOL_FAILED); }
static void end_tool(struct tool *t) { secure_end(&((struct get *)t)->secure); }

static bool range_is_good(const char *range)
{
	uint64_t first, last;
	char text[48];
	struct text t = text_in(text, sizeof text);

	text_printf(&t, "bytes=%s", range);
	return !t.cut && http_range_parse(text_bytes(&t), UINT64_MAX, &first, &last) == HTTP_RANGE_ONE;
}

static bool write_request(struct get *g)
{
	struct text t = text_in(g->request, sizeof g->request);
	size_t path = strcspn(g->url.path, "#");
	bool six = strchr(g->url.host, ':') != NULL;

	for (size_t i = 0; i < path; i++) if (g->url.path[i] <= ' ' || g->url.path[i] >= 0x7f) return false;
	text_printf(&t, "%s %.*s HTTP/1.1\r\nHost: %s%s%s", g->head_only ? "HEAD" : "GET", (int)path, g->url.path, six ? "[" : "",
	            g->url.host, six ? "]" : "");
	if (g->url.at.port != (url_is_secure(&g->url) ? 443 : 80)) text_printf(&t, ":%u", g->url.at.port);
	text_puts(&t, "\r\nUser-Agent: tulle\r\nAccept: */*\r\nConnection: close\r\n");
	if (g->range != NULL) text_printf(&t, "Range: bytes=%s\r\n", g->range);
	text_puts(&t, "\r\n");
	return !t.cut;
}

struct tool *http_get_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct get *g = arena_zeroed(env->memory, 1, sizeof *g);
	const char *word = NULL, *output = NULL, *why;
	size_t words;

	if (g == NULL) return tool_usage(env, "http get: no memory");
	g->env = env, g->timeout = 10 * SECOND;
	const struct option options[] = {
		{ "output", OPTION_TEXT, &output }, { "range", OPTION_TEXT, &g->range }, { "head", OPTION_FLAG, &g->head_only },
		{ "timeout", OPTION_SPAN, &g->timeout }, SECURE_OPTIONS(&g->secure),
	};
	if (!options_read(env, argc, argv, options, COUNT(options), &word, 1, &words)) return NULL;
	if (words == 0) return tool_usage(env, "http get: what? like http://www.example.com/");
	if ((why = url_parse(word, 1 << URL_HTTP | 1 << URL_HTTPS, &g->url)) != NULL) return tool_usage(env, "http get: %s: %s", word, why);
	if (*g->url.host == '\0') return tool_usage(env, "http get: %s: a host is wanted", word);
	if (output != NULL && strcmp(output, "-") != 0) return tool_usage(env, "http get: --output can only be -, standard output");
	if (g->range != NULL && !range_is_good(g->range)) return tool_usage(env, "http get: --range takes FIRST-LAST, FIRST- or -COUNT");
	if (!write_request(g)) return tool_usage(env, "http get: %s: this path cannot be asked for", word);
	g->print = output != NULL;
	http_head_init(&g->head);
	g->tool.app = (struct app){ event, g };
	g->tool.stop = stop, g->tool.end = end_tool;
	g->started_at = net_now(env->net);
	if (url_is_secure(&g->url) && !secure_start(&g->secure, env, "http get", false, "")) return NULL;
	secure_speak(&g->secure, "http/1.1");
	dial_start(&g->dial, env, &g->secure, &g->url, g->timeout);
	return &g->tool;
}
