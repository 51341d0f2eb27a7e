/* SPDX-License-Identifier: ISC */
#include "http2/http2.h"

#include <nghttp2/nghttp2.h>
#include <stdalign.h>

#include "base/text.h"

#define ALIGN alignof(max_align_t)
#define WINDOW_BYTES (128 << 10) /* that a server may send before we have read it: more than the longest body */

/* --- memory: one row of blocks, each with its length and whether it is in use; neighbours that are free become one --- */

struct block { alignas(max_align_t) size_t len; bool used; }; /* len: with this head */
struct heap { uint8_t *at, *end; };

static size_t rounded(size_t n) { return (n + ALIGN - 1) / ALIGN * ALIGN; }

static void heap_init(struct heap *h, struct room room)
{
	size_t len = room.len / ALIGN * ALIGN;
	*h = (struct heap){ room.at, room.at + len };
	*(struct block *)(void *)room.at = (struct block){ .len = len };
}

static void join_next(struct heap *h, struct block *b)
{
	for (;;) {
		uint8_t *next = (uint8_t *)b + b->len;
		if (next >= h->end || ((struct block *)(void *)next)->used) return;
		b->len += ((struct block *)(void *)next)->len;
	}
}

static void *heap_take(struct heap *h, size_t size)
{
	if (size > (size_t)(h->end - h->at)) return NULL;
	size_t want = sizeof(struct block) + rounded(size > 0 ? size : 1);
	for (uint8_t *at = h->at; at < h->end;) {
		struct block *b = (struct block *)(void *)at;
		if (!b->used) join_next(h, b);
		if (!b->used && b->len >= want) {
			if (b->len - want > sizeof(struct block)) {
				*(struct block *)(void *)(at + want) = (struct block){ .len = b->len - want };
				b->len = want;
			}
			b->used = true;
			return at + sizeof(struct block);
		}
		at += b->len;
	}
	return NULL;
}

static struct block *block_of(void *p) { return (struct block *)p - 1; }

static void *mem_take(size_t size, void *self) { return heap_take(self, size); }

static void mem_free(void *p, void *self)
{
	(void)self;
	if (p != NULL) block_of(p)->used = false;
}

static void *mem_zeroed(size_t count, size_t size, void *self)
{
	void *p = size > 0 && count > SIZE_MAX / size ? NULL : heap_take(self, count * size);
	if (p != NULL) memset(p, 0, count * size);
	return p;
}

static void *mem_again(void *p, size_t size, void *self)
{
	if (p == NULL) return heap_take(self, size);
	size_t had = block_of(p)->len - sizeof(struct block);
	if (size <= had) return p;
	void *more = heap_take(self, size);
	if (more == NULL) return NULL;
	memcpy(more, p, had);
	mem_free(p, self);
	return more;
}

/* --- what nghttp2 tells; it never leaves this file --- */

static void fail(struct http2 *h, const char *why)
{
	if (h->state != HTTP2_BUSY) return;
	h->state = HTTP2_FAILED;
	h->why = why;
}

static void broken(struct http2 *h, const char *why)
{
	h->broken = true;
	fail(h, why);
}

static bool is(const uint8_t *at, size_t len, const char *name) { return len == strlen(name) && memcmp(at, name, len) == 0; }

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *self)
{
	struct http2 *h = self;

	(void)session, (void)flags;
	if (frame->hd.type != NGHTTP2_HEADERS || frame->hd.stream_id != h->stream) return 0;
	if (is(name, name_len, ":status")) {
		h->status = 0;
		for (size_t i = 0; i < value_len && i < 3; i++) h->status = h->status * 10 + (value[i] - '0'); /* nghttp2 lets only digits by */
	} else if (is(name, name_len, "content-type")) {
		size_t n = size_min(value_len, sizeof h->type - 1);
		memcpy(h->type, value, n);
		h->type[n] = '\0';
	}
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t len, void *self)
{
	struct http2 *h = self;

	(void)flags;
	if (stream != h->stream || h->state != HTTP2_BUSY) return 0;
	if (len > h->request.body.len - h->body.len) {
		fail(h, "its content is longer than it may be");
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
		return 0;
	}
	memcpy(h->request.body.at + h->body.len, data, len);
	h->body.len += len;
	return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *self)
{
	struct http2 *h = self;

	(void)session;
	if (stream != h->stream || h->state != HTTP2_BUSY) return 0;
	if (error != NGHTTP2_NO_ERROR) fail(h, nghttp2_http2_strerror(error));
	else h->state = HTTP2_DONE;
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *self)
{
	(void)session;
	if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
		broken(self, nghttp2_http2_strerror(frame->goaway.error_code));
	return 0;
}

static ssize_t read_content(nghttp2_session *session, int32_t stream, uint8_t *to, size_t room, uint32_t *flags,
                            nghttp2_data_source *source, void *self)
{
	struct http2 *h = self;
	size_t n = size_min(room, h->request.content.len - h->content_sent);

	(void)session, (void)source;
	if (stream != h->stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	memcpy(to, h->request.content.at + h->content_sent, n);
	h->content_sent += n;
	if (h->content_sent == h->request.content.len) *flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

/* --- a client --- */

struct client { struct http2 h; struct heap heap; nghttp2_mem mem; }; /* h first */

static bool begin(struct client *c)
{
	static const nghttp2_settings_entry settings[] = { { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 }, { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 16384 } };
	nghttp2_session_callbacks *calls;

	if (nghttp2_session_callbacks_new(&calls) != 0) return false;
	nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
	nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
	int made = nghttp2_session_client_new3(&c->h.session, calls, &c->h, NULL, &c->mem);
	nghttp2_session_callbacks_del(calls);
	return made == 0 && nghttp2_submit_settings(c->h.session, NGHTTP2_FLAG_NONE, settings, COUNT(settings)) == 0;
}

struct http2 *http2_client(struct room room)
{
	struct client *c = (struct client *)(void *)room.at;
	size_t head = rounded(sizeof *c);

	if (room.len < head + 2 * sizeof(struct block)) return NULL;
	*c = (struct client){ .mem = { &c->heap, mem_take, mem_free, mem_zeroed, mem_again } };
	heap_init(&c->heap, room_skip(room, head));
	return begin(c) ? &c->h : NULL;
}

static nghttp2_nv header(const char *name, const char *value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value),
	                     NGHTTP2_NV_FLAG_NONE };
}

bool http2_ask(struct http2 *h, const struct http2_request *r)
{
	char length[24];
	struct text t = text_in(length, sizeof length);
	size_t n = 4;
	nghttp2_nv nv[5 + HTTP2_HEADERS_MAX] = { header(":method", r->method), header(":scheme", r->scheme),
		header(":authority", r->authority), header(":path", r->path) };
	const nghttp2_data_provider content = { .read_callback = read_content };

	assert(r->headers <= HTTP2_HEADERS_MAX);
	if (h->state == HTTP2_BUSY || h->broken) return false;
	for (size_t i = 0; i < r->headers; i++) nv[n++] = header(r->header[i].name, r->header[i].value);
	text_printf(&t, "%zu", r->content.len);
	if (r->content.len > 0) nv[n++] = header("content-length", length); /* not needed, but some servers want it */
	h->request = *r;
	h->status = 0, h->type[0] = '\0', h->content_sent = 0, h->why = NULL;
	h->body = (struct bytes){ r->body.at, 0 };
	h->stream = nghttp2_submit_request(h->session, NULL, nv, n, r->content.len > 0 ? &content : NULL, NULL);
	if (h->stream <= 0) return false;
	h->state = HTTP2_BUSY;
	return true;
}

void http2_input(struct http2 *h, struct bytes b)
{
	if (h->broken) return;
	ssize_t n = nghttp2_session_mem_recv(h->session, b.at, b.len);
	if (n < 0) broken(h, nghttp2_strerror((int)n));
}

void http2_closed(struct http2 *h) { broken(h, "the connection ended before the answer did"); }

/* nghttp2's memory, good until it is asked for more. */
struct bytes http2_peek(struct http2 *h)
{
	const uint8_t *at;

	if (h->out.len > 0) return h->out;
	ssize_t n = nghttp2_session_mem_send(h->session, &at);
	if (n < 0) broken(h, nghttp2_strerror((int)n));
	else if (n == 0 && !nghttp2_session_want_read(h->session)) broken(h, "what the server says is no HTTP/2"); /* our GOAWAY has gone */
	h->out = n > 0 ? (struct bytes){ at, (size_t)n } : (struct bytes){ NULL, 0 };
	return h->out;
}

void http2_take(struct http2 *h, size_t n) { h->out = bytes_skip(h->out, n); }

void http2_leave(struct http2 *h)
{
	if (!h->broken) nghttp2_session_terminate_session(h->session, NGHTTP2_NO_ERROR);
}
