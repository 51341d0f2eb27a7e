/* SPDX-License-Identifier: ISC */
/* http2.h - a client's end of HTTP/2 (RFC 9113) between two streams of bytes. The one face to nghttp2.
 *
 *     struct http2 *h = http2_client(room);              // NULL: the room is too small
 *     http2_ask(h, &request);                            // one at a time; false: it cannot be asked now
 *     while ((b = http2_peek(h)).len > 0) http2_take(h, send(b));   // what is to go out; again after each input
 *     http2_input(h, bytes);                             // what came in
 *     http2_closed(h);                                   // and that no more will
 *     if (h->state == HTTP2_DONE) h->status, h->type, h->body; if HTTP2_FAILED, h->why
 *
 * It owns nothing: all that nghttp2 allocates is cut from the room, too, and gone with it; when it is full the request fails.
 * The body goes into the room that the request lends, and one that is longer fails. Headers are not kept but for those two.
 * There is no I/O and no clock: how long one waits is the caller's affair. Pushed responses are refused (RFC 9113, 8.4).
 */
#ifndef TULLE_HTTP2_HTTP2_H
#define TULLE_HTTP2_HTTP2_H

#include "base/bytes.h"

#define HTTP2_CLIENT_BYTES (384u << 10) /* a room that will do */
#define HTTP2_HEADERS_MAX 6
#define HTTP2_TYPE_MAX 80

enum http2_state { HTTP2_IDLE, HTTP2_BUSY, HTTP2_DONE, HTTP2_FAILED };

struct http2_header { const char *name, *value; }; /* the name in lower case */

struct http2_request { /* all of it lent until the state is DONE or FAILED */
	const char *method, *scheme, *authority, *path;
	struct http2_header header[HTTP2_HEADERS_MAX]; size_t headers;
	struct bytes content;  /* empty: none */
	struct room body;      /* where the response's goes */
};

struct http2 {
	enum http2_state state;
	unsigned status;           /* 200 */
	char type[HTTP2_TYPE_MAX]; /* the content's: "application/dns-message"; cut if it is longer, "" if it was not said */
	struct bytes body;
	const char *why;           /* when FAILED */
	/* the rest is http2.c's */
	struct nghttp2_session *session;
	struct http2_request request;
	int32_t stream;
	size_t content_sent;
	struct bytes out;
	bool broken;               /* the connection is of no use any more */
};

struct http2 *http2_client(struct room); /* max_align_t aligned */
bool http2_ask(struct http2 *, const struct http2_request *);
void http2_input(struct http2 *, struct bytes);
void http2_closed(struct http2 *);
struct bytes http2_peek(struct http2 *);
void http2_take(struct http2 *, size_t n);
void http2_leave(struct http2 *);        /* says good-bye (GOAWAY), which is then to go out */

#endif
