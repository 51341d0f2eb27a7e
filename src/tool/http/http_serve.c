/* SPDX-License-Identifier: ISC */
/* http_serve.c - the server: connections, and what is answered.
 *
 * A connection is READING a head, SKIPPING a body nobody wants, SENDING a response, or CLOSING: finished on our side,
 * and reading over what the client still sends, so that a reset does not take the response from it (RFC 9112, 9.6).
 * Only the bytes of one head are taken at a time: pipelined requests wait in the net's ring, which is the limit.
 */
#include "base/hash.h"
#include "base/heap.h"
#include "tool/drain.h"
#include "tool/http/http.h"
#include "tool/http/http_message.h"
#include "tool/listen.h"
#include "tool/options.h"
#include "tool/say.h"
#include "tool/secure.h"
#include "tool/url.h"

#define CHUNK_BYTES 32768
#define RESPONSE_HEAD_MAX (HTTP_TARGET_MAX + 1024) /* with room for a Location */

enum client_state { CLIENT_FREE, CLIENT_READING, CLIENT_SKIPPING, CLIENT_SENDING, CLIENT_CLOSING };

struct client {
	enum client_state state;
	net_id id;
	struct addr addr;
	bool keep, eof;          /* eof: the client has finished */
	instant since;           /* it is READING: no request is under way */
	bool lingers;            /* it still sends, although we have finished */
	uint64_t skip;           /* of the request's body */
	struct file file;        /* its body's, while SENDING */
	uint64_t at, end;        /* the body: from, up to */
	size_t text_at;          /* of `text`, sent */
	struct text text;        /* the response's head, and the body of an error */
	char buffer[RESPONSE_HEAD_MAX];
	struct http_head head;
};

struct server {
	struct tool tool;
	struct tool_env *env;
	struct secure secure;
	struct files *files;
	bool quiet;
	net_id listener;
	struct client *client;
	uint32_t unused[HTTP_CLIENTS_MAX], unused_count;
	struct index ids;        /* to numbers of clients */
	struct heap deadlines;   /* by client */
	uint8_t *chunk;
	struct drain drain;
	uint64_t requests, ok, refused, bytes, connections;
};

static void measure(struct server *s)
{
	const struct tool_measure m[] = {
		{ "requests", (int64_t)s->requests }, { "ok", (int64_t)s->ok }, { "refused", (int64_t)s->refused },
		{ "bytes", (int64_t)s->bytes }, { "connections", (int64_t)s->connections },
	};
	memcpy(s->tool.measure, m, sizeof m);
}

static uint32_t number(const struct server *s, const struct client *c) { return (uint32_t)(c - s->client); }

static void within(struct server *s, const struct client *c, instant span)
{
	heap_set(&s->deadlines, number(s, c), instant_after(net_now(s->env->net), span));
}

static uint64_t hash_of(net_id id) { return id * UINT64_C(0x9e3779b97f4a7c15); }

static struct client *client_find(struct server *s, net_id id)
{
	for (uint32_t at = INDEX_START, i; index_find(&s->ids, hash_of(id), &at, &i);)
		if (s->client[i].id == id) return &s->client[i];
	return NULL;
}

static void close_file(struct server *s, struct client *c)
{
	if (c->file.kind == FILES_FILE) files_close(s->files, &c->file);
	c->file.kind = FILES_NONE;
}

static void client_gone(struct server *s, struct client *c)
{
	uint32_t i = number(s, c);

	close_file(s, c);
	heap_set(&s->deadlines, i, NEVER);
	index_remove(&s->ids, hash_of(c->id), i);
	s->unused[s->unused_count++] = i;
	c->state = CLIENT_FREE;
}

static void client_abort(struct server *s, struct client *c)
{
	net_abort(s->env->net, c->id);
	client_gone(s, c);
}

/* --- what is answered --- */

static void begin(struct server *s, struct client *c, unsigned status)
{
	char date[HTTP_DATE_MAX];
	int64_t now = s->env->date + (net_now(s->env->net) - s->env->date_at) / SECOND;

	c->text = text_in(c->buffer, sizeof c->buffer);
	text_printf(&c->text, "HTTP/1.1 %u %s\r\nDate: %s\r\nServer: tulle\r\n", status, http_status_words(status),
	            http_date_text(now, date));
	if (!c->keep) text_puts(&c->text, "Connection: close\r\n");
}

/* The response stands in c->text and, if at < end, in c->file from here on. */
static void ready(struct server *s, struct client *c, const struct http_request *r, unsigned status)
{
	char who[ADDR_TEXT_MAX];

	c->text_at = 0;
	c->state = CLIENT_SENDING;
	within(s, c, HTTP_IDLE_FOR);
	s->requests++;
	if (status < 400) s->ok++;
	else s->refused++;
	if (s->quiet) return;
	text_printf(s->env->out, "%s \"", addr_text(&c->addr, who));
	say_bytes(s->env->out, r->method_text);
	text_puts(s->env->out, " ");
	say_bytes(s->env->out, bytes_first(r->target, size_min(r->target.len, 200)));
	text_printf(s->env->out, "\" %u %llu\n", status, (unsigned long long)(c->end - c->at));
}

/* An answer without a file: its words are its body. `more` are further header lines. */
static void refuse(struct server *s, struct client *c, const struct http_request *r, unsigned status, const char *more)
{
	const char *words = http_status_words(status);
	bool body = r->method != HTTP_HEAD && status != 304;

	close_file(s, c);
	c->at = c->end = 0;
	begin(s, c, status);
	if (status == 405) text_puts(&c->text, "Allow: GET, HEAD\r\n");
	text_puts(&c->text, more);
	if (status != 304)
		text_printf(&c->text, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n", strlen(words) + 5);
	text_puts(&c->text, "\r\n");
	if (body) text_printf(&c->text, "%u %s\n", status, words);
	ready(s, c, r, status);
}

static bool is_hidden(const char *path)
{
	static const char known[] = ".well-known"; /* RFC 8615 */
	for (const char *part = path;; part++) {
		size_t len = strcspn(part, "/");
		if (*part == '.' && (len != sizeof known - 1 || memcmp(part, known, len) != 0)) return true;
		part += len;
		if (*part == '\0') return false;
	}
}

/* RFC 9110, 13.2.2, in its order. 0: send it. */
static unsigned precondition(const struct http_request *r, const char *tag, int64_t modified)
{
	struct bytes mine = bytes_of(tag), any = bytes_of("*");
	int64_t date;

	if (r->if_match.len > 0) {
		if (!bytes_equal(r->if_match, any) && !http_list_has(r->if_match, tag)) return 412;
	} else if (r->if_unmodified_since.len > 0 && http_date_parse(r->if_unmodified_since, &date) && modified > date) {
		return 412;
	}
	if (r->if_none_match.len > 0) {
		char weak[64];
		struct text t = text_in(weak, sizeof weak);
		text_printf(&t, "w/%.*s", (int)mine.len, tag);
		bool same = bytes_equal(r->if_none_match, any) || http_list_has(r->if_none_match, tag) || http_list_has(r->if_none_match, weak);
		return same ? 304 : 0;
	}
	return r->if_modified_since.len > 0 && http_date_parse(r->if_modified_since, &date) && modified <= date ? 304 : 0;
}

/* RFC 9110, 13.1.5: the range only if the thing is still the one the client knows a part of. */
static bool range_wanted(const struct http_request *r, const char *tag, int64_t modified)
{
	int64_t date;

	if (r->method != HTTP_GET || r->range.len == 0) return false;
	if (r->if_range.len == 0 || bytes_equal(r->if_range, bytes_of(tag))) return true;
	return http_date_parse(r->if_range, &date) && date == modified;
}

static void give(struct server *s, struct client *c, const struct http_request *r, const char *path)
{
	char tag[48], date[HTTP_DATE_MAX], more[160];
	uint64_t size = c->file.size, first = 0, last = size - 1;
	struct text t = text_in(tag, sizeof tag), m = text_in(more, sizeof more);
	unsigned status = 200;

	text_printf(&t, "\"%llx-%llx\"", (unsigned long long)c->file.modified, (unsigned long long)size);
	text_printf(&m, "Last-Modified: %s\r\nETag: %s\r\n", http_date_text(c->file.modified, date), tag);
	unsigned refused = precondition(r, tag, c->file.modified);
	if (refused != 0) {
		refuse(s, c, r, refused, refused == 304 ? more : "");
		return;
	}
	if (range_wanted(r, tag, c->file.modified)) {
		enum http_ranges range = http_range_parse(r->range, size, &first, &last);
		if (range == HTTP_RANGE_OUTSIDE) {
			text_clear(&m);
			text_printf(&m, "Content-Range: bytes */%llu\r\n", (unsigned long long)size);
			refuse(s, c, r, 416, more);
			return;
		}
		if (range == HTTP_RANGE_ONE) status = 206;
	}
	if (size == 0) last = 0, c->at = c->end = 0;
	else c->at = first, c->end = last + 1;
	begin(s, c, status);
	text_printf(&c->text, "%sContent-Type: %s\r\nAccept-Ranges: bytes\r\nContent-Length: %llu\r\n", more, http_type_of(path),
	            (unsigned long long)(c->end - c->at));
	if (status == 206)
		text_printf(&c->text, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)first, (unsigned long long)last,
		            (unsigned long long)size);
	text_puts(&c->text, "\r\n");
	if (r->method == HTTP_HEAD) c->at = c->end = 0;
	ready(s, c, r, status);
}

/* To a folder by its right name, which ends in a slash. The slashes in front are made one, or the answer could
 * send the client to another host. */
static void redirect(struct server *s, struct client *c, const struct http_request *r)
{
	char more[HTTP_TARGET_MAX + 32];
	struct text m = text_in(more, sizeof more);
	struct bytes target = r->target;

	while (target.len > 1 && target.at[1] == '/') target = bytes_skip(target, 1);
	text_printf(&m, "Location: %.*s/%.*s\r\n", (int)target.len, (const char *)target.at, (int)r->query.len,
	            r->query.len > 0 ? (const char *)r->query.at : "");
	refuse(s, c, r, 301, more);
}

static void respond(struct server *s, struct client *c, const struct http_request *r)
{
	char path[HTTP_PATH_MAX + 16];

	if (!http_path_decode(r->target, path)) {
		refuse(s, c, r, 400, "");
		return;
	}
	size_t len = strlen(path);
	bool folder = len == 0 || path[len - 1] == '/';
	if (folder) memcpy(path + len, "index.html", 11);
	if (!is_hidden(path)) c->file = files_open(s->files, path);
	switch (c->file.kind) {
	case FILES_FILE: give(s, c, r, path); break;
	case FILES_FORBIDDEN: refuse(s, c, r, 403, ""); break;
	case FILES_BUSY: refuse(s, c, r, 503, ""); break;
	case FILES_FOLDER:
		if (folder) refuse(s, c, r, 403, "");
		else redirect(s, c, r);
		break;
	default:
		path[len] = '\0';
		folder = folder && !is_hidden(path) && files_open(s->files, path).kind == FILES_FOLDER;
		refuse(s, c, r, folder ? 403 : 404, ""); /* the folder is there, but has no page to show */
	}
}

/* --- a connection's course --- */

static void request(struct server *s, struct client *c)
{
	struct http_request r;
	unsigned status = http_request_parse(http_head_bytes(&c->head), &r);

	c->file = (struct file){ .kind = FILES_NONE };
	c->keep = r.keep && !s->drain.on && (status == 0 || status == 405) && !r.chunked && r.content_length <= HTTP_BODY_IGNORED_MAX;
	c->skip = c->keep ? r.content_length : 0;
	if (status != 0) refuse(s, c, &r, status, "");
	else respond(s, c, &r);
	http_head_init(&c->head);
}

/* Takes one head, or as much of it as is there. False: more must come first. */
static bool read_head(struct server *s, struct client *c)
{
	struct net *net = s->env->net;
	struct http_request nobody = { .method = HTTP_GET, .method_text = bytes_of("-"), .target = bytes_of("-") };

	for (struct bytes b; !c->head.whole && !c->head.full && (b = net_peek(net, c->id)).len > 0;) {
		if (c->head.len == 0) within(s, c, HTTP_HEAD_WITHIN);
		net_take(net, c->id, http_head_add(&c->head, b));
	}
	if (c->head.whole) {
		request(s, c);
		return true;
	}
	if (c->head.full || (c->head.in_first_line && c->head.len > HTTP_TARGET_MAX + 64)) {
		c->keep = false;
		refuse(s, c, &nobody, c->head.in_first_line ? 414 : 431, "");
		return true;
	}
	return false;
}

static bool read_over_body(struct server *s, struct client *c)
{
	for (struct bytes b; c->skip > 0 && (b = net_peek(s->env->net, c->id)).len > 0;) {
		size_t n = b.len < c->skip ? b.len : (size_t)c->skip;
		net_take(s->env->net, c->id, n);
		c->skip -= n;
	}
	if (c->skip > 0) return false;
	c->state = CLIENT_READING;
	return true;
}

static void read_over_rest(struct server *s, struct client *c)
{
	for (struct bytes b; (b = net_peek(s->env->net, c->id)).len > 0; net_take(s->env->net, c->id, b.len)) {
		if (!c->lingers) within(s, c, HTTP_LINGER_FOR);
		c->lingers = true;
	}
}

static void sent_all(struct server *s, struct client *c)
{
	close_file(s, c);
	if (c->keep && !c->eof) {
		c->state = c->skip > 0 ? CLIENT_SKIPPING : CLIENT_READING;
		c->since = net_now(s->env->net);
		within(s, c, HTTP_IDLE_FOR);
		return;
	}
	c->state = CLIENT_CLOSING;
	within(s, c, HTTP_IDLE_FOR); /* the last of it may be on its way to a slow reader */
	net_finish(s->env->net, c->id);
	read_over_rest(s, c);
}

/* False: no room for more now (WRITABLE will come), or the connection is gone. */
static bool send_more(struct server *s, struct client *c)
{
	struct net *net = s->env->net;
	struct bytes rest = bytes_skip(text_bytes(&c->text), c->text_at);
	size_t n = net_send(net, c->id, rest);

	c->text_at += n;
	if (n > 0) within(s, c, HTTP_IDLE_FOR);
	if (n < rest.len) return false;
	while (c->at < c->end) {
		size_t want = c->end - c->at < CHUNK_BYTES ? (size_t)(c->end - c->at) : CHUNK_BYTES;
		size_t got = files_read(s->files, &c->file, c->at, (struct room){ s->chunk, want });
		if (got == 0) { /* it has become shorter since its length was promised */
			client_abort(s, c);
			return false;
		}
		n = net_send(net, c->id, (struct bytes){ s->chunk, got });
		c->at += n;
		s->bytes += n;
		if (n > 0) within(s, c, HTTP_IDLE_FOR);
		if (n < got) return false;
	}
	sent_all(s, c);
	return true;
}

static void advance(struct server *s, struct client *c)
{
	for (bool more = true; more;) {
		switch (c->state) {
		case CLIENT_READING:  more = read_head(s, c); break;
		case CLIENT_SKIPPING: more = read_over_body(s, c); break;
		case CLIENT_SENDING:  more = send_more(s, c); break;
		case CLIENT_CLOSING:  read_over_rest(s, c); more = false; break;
		default: more = false;
		}
	}
	if (!c->eof || (c->state != CLIENT_READING && c->state != CLIENT_SKIPPING)) return;
	c->state = CLIENT_CLOSING; /* nothing more will come */
	within(s, c, HTTP_LINGER_FOR);
	net_finish(s->env->net, c->id);
}

/* Whoever has been without a whole request for longest goes, so that a crowd who only begin one cannot keep the others out. */
static void make_room(struct server *s)
{
	struct client *longest = NULL;

	for (struct client *c = s->client; c < s->client + HTTP_CLIENTS_MAX; c++)
		if (c->state == CLIENT_READING && (longest == NULL || c->since < longest->since)) longest = c;
	if (longest != NULL && net_now(s->env->net) - longest->since >= HTTP_PATIENCE) client_abort(s, longest);
}

static void accepted(struct server *s, const struct net_event *ev)
{
	static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

	s->connections++;
	if (s->unused_count == 0) make_room(s);
	if (s->unused_count == 0) {
		net_send(s->env->net, ev->id, bytes_of(full));
		net_finish(s->env->net, ev->id);
		return;
	}
	uint32_t i = s->unused[--s->unused_count];
	struct client *c = &s->client[i];
	index_add(&s->ids, hash_of(ev->id), i);
	c->since = net_now(s->env->net);
	c->state = CLIENT_READING, c->id = ev->id, c->addr = ev->peer, c->eof = c->lingers = false, c->skip = 0;
	c->file = (struct file){ .kind = FILES_NONE };
	http_head_init(&c->head);
	within(s, c, HTTP_IDLE_FOR);
}

static void too_late(struct server *s, struct client *c)
{
	struct http_request nobody = { .method = HTTP_GET, .method_text = bytes_of("-"), .target = bytes_of("-") };

	if (c->state == CLIENT_READING && c->head.len > 0) {
		c->keep = false;
		refuse(s, c, &nobody, 408, "");
		advance(s, c);
	} else if (c->state == CLIENT_READING) { /* idle between requests: nothing to say */
		c->state = CLIENT_CLOSING;
		within(s, c, HTTP_LINGER_FOR);
		net_finish(s->env->net, c->id);
	} else {
		client_abort(s, c);
	}
}

static void stranger(struct net *net, const struct net_event *ev) /* one that was told 503 */
{
	if (ev->what != NET_READABLE) return;
	for (struct bytes b; (b = net_peek(net, ev->id)).len > 0;) net_take(net, ev->id, b.len);
}

/* --- the end --- */

static void wake(struct server *s)
{
	struct net *net = s->env->net;
	net_wake(net, s->tool.done ? NEVER : instant_min(heap_first_at(&s->deadlines), drain_deadline(&s->drain, net_now(net))));
}

static void over(struct server *s)
{
	text_printf(s->env->out, "%llu requests on %llu connections, %llu bytes\n", (unsigned long long)s->requests,
	            (unsigned long long)s->connections, (unsigned long long)s->bytes);
	secure_say_counts(&s->secure);
	s->tool.done = true;
}

/* A connection without a request gets its end, once what was on its way has come; the others with their response. */
static void end_in_time(struct server *s)
{
	instant now = net_now(s->env->net);
	uint32_t left = 0;

	if (s->tool.done || !drain_quiet(&s->drain, now)) return;
	for (struct client *c = s->client; c < s->client + HTTP_CLIENTS_MAX; c++) {
		if (c->state == CLIENT_READING && c->head.len == 0) too_late(s, c);
		left += c->state != CLIENT_FREE;
	}
	if (left > 0 && !drain_over(&s->drain, now)) return;
	for (struct client *c = s->client; c < s->client + HTTP_CLIENTS_MAX; c++) if (c->state != CLIENT_FREE) client_abort(s, c);
	if (left > 0)
		text_printf(s->env->err, "http serve: %u clients did not read or leave within %d s and were cut off\n", (unsigned)left,
		            (int)(TOOL_DRAIN_WITHIN / SECOND));
	over(s);
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct server *s = self;
	struct client *c;
	uint32_t who;

	if (ev->what == NET_ACCEPTED) accepted(s, ev);
	else if ((c = client_find(s, ev->id)) == NULL) stranger(net, ev);
	else if (ev->what == NET_CLOSED) client_gone(s, c);
	else {
		c->eof |= ev->what == NET_EOF;
		advance(s, c);
	}
	if (!s->quiet) secure_say_failure(&s->secure);
	while (heap_due(&s->deadlines, net_now(net), &who)) too_late(s, &s->client[who]);
	if (s->drain.on) end_in_time(s);
	measure(s);
	wake(s);
}

/* --- life --- */

static void stop(struct tool *t)
{
	struct server *s = (struct server *)t;

	if (s->drain.on) return;
	net_finish(s->env->net, s->listener);
	drain_start(&s->drain, net_now(s->env->net));
	if (s->unused_count == HTTP_CLIENTS_MAX) over(s);
	wake(s);
}

static void reload(struct tool *t) { secure_reload(&((struct server *)t)->secure); }
static void end_tool(struct tool *t) { secure_end(&((struct server *)t)->secure); }

static struct server *lend(struct tool_env *env)
{
	struct server *s = arena_zeroed(env->memory, 1, sizeof *s);
	struct heap_item *items = arena_take(env->memory, HTTP_CLIENTS_MAX * sizeof *items);
	uint32_t *places = arena_zeroed(env->memory, HTTP_CLIENTS_MAX, sizeof *places);
	struct index_slot *slots = arena_zeroed(env->memory, index_slots(HTTP_CLIENTS_MAX), sizeof *slots);

	if (s == NULL || items == NULL || places == NULL || slots == NULL) return NULL;
	index_init(&s->ids, slots, index_slots(HTTP_CLIENTS_MAX));
	heap_init(&s->deadlines, items, places, HTTP_CLIENTS_MAX);
	s->chunk = arena_take(env->memory, CHUNK_BYTES);
	s->client = arena_take(env->memory, HTTP_CLIENTS_MAX * sizeof *s->client);
	if (s->chunk == NULL || s->client == NULL) return NULL;
	for (uint32_t i = HTTP_CLIENTS_MAX; i > 0;) { /* the first is used first */
		s->unused[s->unused_count++] = --i;
		s->client[i].state = CLIENT_FREE;
	}
	return s;
}

struct tool *http_serve_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct server *s = lend(env);
	const char *word[2], *why;
	struct url url;
	size_t words;

	if (s == NULL) return tool_usage(env, "http serve: no memory");
	const struct option options[] = { { "quiet", OPTION_FLAG, &s->quiet }, SECURE_OPTIONS(&s->secure) };
	s->env = env;
	if (!options_read(env, argc, argv, options, COUNT(options), word, 2, &words)) return NULL;
	if (words < 2) return tool_usage(env, "http serve: which folder, and where? like: http serve DIR http://:8080");
	if ((why = url_parse(word[1], 1 << URL_HTTP | 1 << URL_HTTPS, &url)) != NULL) return tool_usage(env, "http serve: %s: %s", word[1], why);
	if (!url.is_address || strcmp(url.path, "/") != 0)
		return tool_usage(env, "http serve: %s: an address and a port are wanted, no name and no path", word[1]);
	s->files = env->files ? files_below(env->files, word[0], env->memory) : NULL;
	env->status = TOOL_FAILED;
	if (s->files == NULL) {
		text_printf(env->err, "http serve: %s: there is no such folder, or it cannot be read\n", word[0]);
		return NULL;
	}
	if (url_is_secure(&url) && !secure_start(&s->secure, env, "http serve", true, url.host)) return NULL;
	secure_speak(&s->secure, "http/1.1");
	s->listener = secure_listen(&s->secure, env->net, &url.at);
	if (s->listener == 0 && *url.host == '\0' && net_why_not(env->net) != NET_IN_USE)
		url.at.ip = ip4_any(), s->listener = secure_listen(&s->secure, env->net, &url.at);
	if (s->listener == 0) {
		text_printf(env->err, "http serve: %s: %s\n", word[1], listen_why(net_why_not(env->net), url.at.port));
		secure_end(&s->secure);
		return NULL;
	}
	text_printf(env->out, "Serving %s on %s\n", word[0], word[1]);
	s->tool.app = (struct app){ event, s };
	s->tool.stop = stop, s->tool.end = end_tool;
	if (secure_can_reload(&s->secure)) s->tool.reload = reload;
	measure(s);
	return &s->tool;
}
