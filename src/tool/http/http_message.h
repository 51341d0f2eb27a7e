/* SPDX-License-Identifier: ISC */
/* http_message.h - the heads of HTTP/1.1 messages (RFC 9110, RFC 9112), as text in and values out. No I/O, no state
 * but a head that is being gathered.
 *
 *     taken = http_head_add(&head, net_peek(...));          // until head.whole, or head.full: too large
 *     status = http_request_parse(http_head_bytes(&head), &request);   // 0: good; else the status to refuse with
 *
 * Strict where leniency has hurt others: one Host, no space before a colon, no folded lines, no bare CR, no
 * Transfer-Encoding beside Content-Length. A bare LF ends a line too (RFC 9112, 2.2 allows it).
 */
#ifndef TULLE_TOOL_HTTP_MESSAGE_H
#define TULLE_TOOL_HTTP_MESSAGE_H

#include "base/text.h"

#define HTTP_HEAD_MAX 8192    /* bytes of a request's or a response's head: beyond it 431 */
#define HTTP_TARGET_MAX 2048  /* of a request's target: beyond it 414 */
#define HTTP_FIELDS_MAX 64    /* beyond it 431 */
#define HTTP_PATH_MAX 1024    /* a decoded path, its NUL included */
#define HTTP_DATE_MAX 30

struct http_head {
	size_t len;
	bool whole, full;
	bool in_first_line;
	char text[HTTP_HEAD_MAX];
};
void http_head_init(struct http_head *);
size_t http_head_add(struct http_head *, struct bytes); /* how many of them belong to the head */
static inline struct bytes http_head_bytes(const struct http_head *h)
{
	return (struct bytes){ (const uint8_t *)h->text, h->len };
}

/* The next line's name and value, from what is left of a head behind its first line. False: the end, or an error
 * (then *rest is not empty). */
struct http_field { struct bytes name, value; };
bool http_field_next(struct bytes *rest, struct http_field *);
bool http_name_is(struct bytes name, const char *lower_case); /* whatever its case */
bool http_list_has(struct bytes list, const char *lower_case); /* one of the words between commas */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_OTHER };
struct http_request { /* views into the head */
	enum http_method method;
	struct bytes method_text, target, query; /* target: the path as sent, without query; query: with its "?" */
	unsigned minor;              /* HTTP/1.minor */
	bool keep;                   /* the connection may stay open after the response */
	bool chunked;                /* a body of unknown length follows */
	uint64_t content_length;
	struct bytes range, if_range, if_match, if_none_match, if_modified_since, if_unmodified_since; /* len 0: none */
};
unsigned http_request_parse(struct bytes head, struct http_request *); /* 0, 400, 405, 414, 431, 501, 505 */

struct http_response {
	unsigned status, minor;
	struct bytes reason;
	bool keep, chunked, has_length;
	uint64_t content_length;
	struct bytes content_range;
};
bool http_response_parse(struct bytes head, struct http_response *);

/* The path of a request below a folder: percent-decoded, no empty and no "." parts, without the slash in front.
 * False: a broken escape, a control character, an encoded slash, or a part ".." - which nobody needs. */
bool http_path_decode(struct bytes target, char path[HTTP_PATH_MAX]);

/* One range of a thing of `size` bytes (RFC 9110, 14.1.2). Several, or what cannot be read, count as none. */
enum http_ranges { HTTP_RANGE_NONE, HTTP_RANGE_ONE, HTTP_RANGE_OUTSIDE };
enum http_ranges http_range_parse(struct bytes value, uint64_t size, uint64_t *first, uint64_t *last);

/* Dates: seconds since 1970. Written as IMF-fixdate; read in all three forms (RFC 9110, 5.6.7). */
const char *http_date_text(int64_t date, char buffer[HTTP_DATE_MAX]);
bool http_date_parse(struct bytes, int64_t *date);

const char *http_status_words(unsigned status);       /* "Not Found" */
const char *http_type_of(const char *path);           /* by its extension: "text/html; charset=utf-8" */

#endif
