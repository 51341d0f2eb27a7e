/* SPDX-License-Identifier: ISC */
/* query_https.c - a question within HTTP/2 (RFC 8484). */
#include "tool/dns/query_parts.h"

#define PATH_USUAL "/dns-query" /* by RFC 8484's examples, and by custom */
#define CONTENT_TYPE "application/dns-message"
#define PATH_MAX_BYTES (512 + QUERY_BYTES_MAX * 4 / 3 + 16)

struct query_https {
	struct http2 *http;
	uint8_t *room;
	char authority[300], path[PATH_MAX_BYTES];
};

static void write_target(struct query *q, struct query_https *h)
{
	struct text path = text_in(h->path, sizeof h->path), authority = text_in(h->authority, sizeof h->authority);
	const char *name = q->want.name, *given = q->want.path != NULL ? q->want.path : PATH_USUAL;
	struct ip ip;
	bool brackets = ip_parse(name, &ip) && !ip_is4(ip);

	text_printf(&authority, brackets ? "[%s]" : "%s", name);
	if (q->server.port != (q->want.plain ? 80 : 443)) text_printf(&authority, ":%u", q->server.port);
	text_put(&path, bytes_first(bytes_of(given), strcspn(given, "{"))); /* "{?dns}" of a template */
	if (!q->want.get) return;
	text_puts(&path, strchr(h->path, '?') != NULL ? "&dns=" : "?dns=");
	text_base64url(&path, q->asked);
}

/* Memory for it is taken once and kept. */
static struct query_https *room_for(struct query *q)
{
	if (q->https != NULL) return q->https;
	struct query_https *h = arena_zeroed(q->env->memory, 1, sizeof *h);
	if (h == NULL || (h->room = arena_take(q->env->memory, HTTP2_CLIENT_BYTES)) == NULL) return NULL;
	return q->https = h;
}

static void push(struct query *q)
{
	struct bytes b;

	while (q->id_net != 0 && (b = http2_peek(q->https->http)).len > 0) {
		size_t n = net_send(q->env->net, q->id_net, b);
		http2_take(q->https->http, n);
		if (n < b.len) return;
	}
}

bool query_https_again(struct query *q)
{
	struct query_https *h = q->https;

	write_target(q, h);
	struct http2_request r = { .method = q->want.get ? "GET" : "POST", .scheme = q->want.plain ? "http" : "https", .authority = h->authority,
		.path = h->path, .header = { { "accept", CONTENT_TYPE }, { "content-type", CONTENT_TYPE } }, .headers = q->want.get ? 1 : 2,
		.content = q->want.get ? (struct bytes){ NULL, 0 } : q->asked, .body = { q->buffer, DNS_MESSAGE_MAX } };
	if (!http2_ask(h->http, &r)) return false;
	push(q);
	return true;
}

bool query_https_begin(struct query *q)
{
	struct query_https *h = room_for(q);

	if (h == NULL) return false;
	h->http = http2_client((struct room){ h->room, HTTP2_CLIENT_BYTES });
	return h->http != NULL && query_https_again(q);
}

static void answered(struct query *q, const struct http2 *h)
{
	char words[120];
	struct text t = text_in(words, sizeof words);

	if (h->state == HTTP2_FAILED) query_https_failed(q, h->why);
	else if (h->status != 200) {
		text_printf(&t, "HTTP status %u", h->status);
		query_https_failed(q, words);
	} else if (strncmp(h->type, CONTENT_TYPE, strlen(CONTENT_TYPE)) != 0) {
		text_puts(&t, "HTTP content that is no " CONTENT_TYPE);
		query_https_failed(q, words);
	} else query_take(q, h->body);
}

void query_https_event(struct query *q, const struct net_event *ev)
{
	struct http2 *h = q->https->http;
	struct bytes b;

	if (ev->what == NET_READABLE)
		while (q->outcome == QUERY_ASKING && q->id_net != 0 && (b = net_peek(q->env->net, q->id_net)).len > 0) {
			http2_input(h, b);
			net_take(q->env->net, q->id_net, b.len);
			if (h->state != HTTP2_BUSY) break;
		}
	push(q);
	if (q->outcome == QUERY_ASKING && h->state != HTTP2_BUSY) answered(q, h);
}
