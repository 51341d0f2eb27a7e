/* SPDX-License-Identifier: ISC */
#include "tool/http/http_message.h"

/* --- a head, as it comes --- */

void http_head_init(struct http_head *h) { h->len = 0, h->whole = h->full = false, h->in_first_line = true; }

size_t http_head_add(struct http_head *h, struct bytes b)
{
	for (size_t i = 0; i < b.len && !h->whole; i++) {
		char c = (char)b.at[i];
		if (h->len == HTTP_HEAD_MAX) {
			h->full = true;
			return i;
		}
		h->text[h->len++] = c;
		if (c != '\n') continue;
		bool crlf = h->len > 1 && h->text[h->len - 2] == '\r';
		size_t line = h->len - 1 - crlf; /* where this line ends */
		bool empty = line == 0 || h->text[line - 1] == '\n';
		if (line == 0) h->len = 0; /* RFC 9112, 2.2: empty lines before a request are passed over */
		else if (empty) h->whole = true;
		else h->in_first_line = false;
		if (h->whole) return i + 1;
	}
	return b.len;
}

/* --- pieces --- */

static bool is_token_byte(uint8_t c) /* RFC 9110, 5.6.2 */
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) if (!is_token_byte(b.at[i])) return false;
	return b.len > 0;
}

bool http_name_is(struct bytes name, const char *word)
{
	if (name.len != strlen(word)) return false;
	for (size_t i = 0; i < name.len; i++) if (ascii_lower(name.at[i]) != (uint8_t)word[i]) return false;
	return true;
}

static struct bytes trimmed(struct bytes b) /* of optional white space (RFC 9110, 5.6.3) */
{
	while (b.len > 0 && (b.at[0] == ' ' || b.at[0] == '\t')) b = bytes_skip(b, 1);
	while (b.len > 0 && (b.at[b.len - 1] == ' ' || b.at[b.len - 1] == '\t')) b.len--;
	return b;
}

/* What stands before the first `mark`, which goes too; all of it if there is none. */
static struct bytes cut_at(struct bytes *rest, char mark)
{
	const uint8_t *at = rest->len > 0 ? memchr(rest->at, mark, rest->len) : NULL;
	struct bytes piece = *rest;

	if (at != NULL) piece.len = (size_t)(at - rest->at);
	*rest = bytes_skip(*rest, piece.len + (at != NULL));
	return piece;
}

bool http_list_has(struct bytes list, const char *word)
{
	while (list.len > 0) if (http_name_is(trimmed(cut_at(&list, ',')), word)) return true;
	return false;
}

static struct bytes cut_line(struct bytes *rest)
{
	struct bytes line = cut_at(rest, '\n');
	if (line.len > 0 && line.at[line.len - 1] == '\r') line.len--;
	return line;
}

bool http_field_next(struct bytes *rest, struct http_field *f)
{
	struct bytes after = *rest, line = cut_line(&after);

	if (line.len == 0) {
		*rest = (struct bytes){ NULL, 0 };
		return false;
	}
	if (memchr(line.at, ':', line.len) == NULL) return false;
	f->name = cut_at(&line, ':');
	if (!is_token(f->name)) return false; /* a space before the colon and a folded line end here too */
	f->value = trimmed(line);
	for (size_t i = 0; i < f->value.len; i++)
		if ((f->value.at[i] < 0x20 && f->value.at[i] != '\t') || f->value.at[i] == 0x7f) return false;
	*rest = after;
	return true;
}

static bool decimal(struct bytes b, uint64_t *out)
{
	uint64_t v = 0;

	if (b.len == 0 || b.len > 18) return false;
	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] < '0' || b.at[i] > '9') return false;
		v = v * 10 + (uint64_t)(b.at[i] - '0');
	}
	*out = v;
	return true;
}

/* "HTTP/1.1": its minor number; another major one is `other`. */
static bool version(struct bytes b, unsigned *minor, bool *other)
{
	if (b.len != 8 || memcmp(b.at, "HTTP/", 5) != 0 || b.at[6] != '.') return false;
	if (b.at[5] < '0' || b.at[5] > '9' || b.at[7] < '0' || b.at[7] > '9') return false;
	*other = b.at[5] != '1';
	*minor = (unsigned)(b.at[7] - '0');
	return true;
}

/* --- requests --- */

/* RFC 9112, 3.2: a path, or a whole http URL as to a proxy. */
static bool read_target(struct bytes t, struct http_request *r)
{
	for (size_t i = 0; i < t.len; i++) if (t.at[i] <= 0x20 || t.at[i] >= 0x7f) return false;
	if (t.len > 7 && http_name_is(bytes_first(t, 7), "http://")) {
		t = bytes_skip(t, 7);
		struct bytes all = t, host = cut_at(&t, '/');
		if (host.len == 0 || memchr(host.at, '?', host.len) != NULL) return false;
		t = host.len < all.len ? bytes_skip(all, host.len) : bytes_of("/");
	}
	if (t.len == 0 || t.at[0] != '/') return false;
	struct bytes rest = t;
	r->target = cut_at(&rest, '?');
	r->query = bytes_skip(t, r->target.len);
	return true;
}

static unsigned read_request_line(struct bytes line, struct http_request *r)
{
	static const char *const others[] = { "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH" };
	bool other = false, known = false;

	r->method_text = cut_at(&line, ' ');
	struct bytes target = cut_at(&line, ' ');
	if (!is_token(r->method_text) || target.len == 0) return 400;
	if (target.len > HTTP_TARGET_MAX) return 414;
	if (!version(line, &r->minor, &other)) return 400;
	if (other) return 505;
	r->method = HTTP_OTHER;
	if (bytes_equal(r->method_text, bytes_of("GET"))) r->method = HTTP_GET;
	if (bytes_equal(r->method_text, bytes_of("HEAD"))) r->method = HTTP_HEAD;
	for (size_t i = 0; i < COUNT(others); i++) known |= bytes_equal(r->method_text, bytes_of(others[i]));
	if (r->method == HTTP_OTHER) return known ? 405 : 501;
	return read_target(target, r) ? 0 : 400;
}

static bool is_host(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (!is_token_byte(b.at[i]) && strchr(":[]", b.at[i]) == NULL) return false;
	return true; /* empty is right where the target has no host (RFC 9112, 3.2) */
}

struct framing { unsigned hosts, lengths; bool coded, close, keep_alive; };

static unsigned read_field(const struct http_field *f, struct http_request *r, struct framing *g)
{
	const struct { const char *name; struct bytes *value; } kept[] = {
		{ "range", &r->range }, { "if-range", &r->if_range }, { "if-match", &r->if_match },
		{ "if-none-match", &r->if_none_match }, { "if-modified-since", &r->if_modified_since },
		{ "if-unmodified-since", &r->if_unmodified_since },
	};
	for (size_t i = 0; i < COUNT(kept); i++) if (http_name_is(f->name, kept[i].name)) *kept[i].value = f->value;
	if (http_name_is(f->name, "host")) return g->hosts++ > 0 || !is_host(f->value) ? 400 : 0;
	if (http_name_is(f->name, "content-length")) return g->lengths++ > 0 || !decimal(f->value, &r->content_length) ? 400 : 0;
	if (http_name_is(f->name, "transfer-encoding")) {
		g->coded = true;
		r->chunked = http_name_is(f->value, "chunked");
		return r->chunked ? 0 : 501; /* RFC 9112, 6.1 */
	}
	if (http_name_is(f->name, "connection")) {
		g->close |= http_list_has(f->value, "close");
		g->keep_alive |= http_list_has(f->value, "keep-alive");
	}
	return 0;
}

unsigned http_request_parse(struct bytes head, struct http_request *r)
{
	struct framing g = { 0 };
	struct http_field f;
	unsigned fields = 0, status;

	*r = (struct http_request){ .method = HTTP_OTHER };
	unsigned refused = read_request_line(cut_line(&head), r);
	if (refused != 0 && refused != 405) return refused;
	while (http_field_next(&head, &f)) {
		if (++fields > HTTP_FIELDS_MAX) return 431;
		if ((status = read_field(&f, r, &g)) != 0) return status;
	}
	if (head.len > 0) return 400;
	if (g.coded && (g.lengths > 0 || r->minor == 0)) return 400; /* RFC 9112, 6.1: a smuggler's pair */
	if (r->minor > 0 && g.hosts != 1) return 400;                /* RFC 9112, 3.2 */
	r->keep = !g.close && (r->minor > 0 || g.keep_alive);
	return refused;
}

/* --- responses --- */

bool http_response_parse(struct bytes head, struct http_response *r)
{
	struct bytes line = cut_line(&head), version_text = cut_at(&line, ' '), status = cut_at(&line, ' ');
	struct http_field f;
	bool other, close = false, keep_alive = false;
	uint64_t code;

	*r = (struct http_response){ .reason = line };
	if (!version(version_text, &r->minor, &other) || other) return false;
	if (status.len != 3 || !decimal(status, &code) || code < 100 || code > 599) return false;
	r->status = (unsigned)code;
	while (http_field_next(&head, &f)) {
		if (http_name_is(f.name, "content-length")) {
			uint64_t was = r->content_length;
			if (!decimal(f.value, &r->content_length) || (r->has_length && was != r->content_length)) return false;
			r->has_length = true;
		} else if (http_name_is(f.name, "transfer-encoding")) {
			if (!http_name_is(f.value, "chunked")) return false;
			r->chunked = true;
		} else if (http_name_is(f.name, "connection")) {
			close |= http_list_has(f.value, "close");
			keep_alive |= http_list_has(f.value, "keep-alive");
		} else if (http_name_is(f.name, "content-range")) {
			r->content_range = f.value;
		}
	}
	r->keep = !close && (r->minor > 0 || keep_alive);
	return head.len == 0 && !(r->chunked && r->has_length);
}

/* --- paths, ranges, words --- */

static int hex(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f' ? ascii_lower(c) - 'a' + 10 : -1;
}

/* One part between slashes; SIZE_MAX: it is not good. */
static size_t decode_part(struct bytes part, char *at, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < part.len; i++) {
		uint8_t c = part.at[i];
		if (c == '%') {
			int high = part.len - i > 2 ? hex(part.at[i + 1]) : -1, low = high >= 0 ? hex(part.at[i + 2]) : -1;
			if (low < 0) return SIZE_MAX;
			c = (uint8_t)(high << 4 | low);
			i += 2;
		}
		if (c < 0x20 || c == 0x7f || c == '/' || n == room) return SIZE_MAX;
		at[n++] = (char)c;
	}
	return n;
}

bool http_path_decode(struct bytes target, char path[HTTP_PATH_MAX])
{
	size_t n = 0;

	while (target.len > 0) {
		size_t before = target.len;
		struct bytes part = cut_at(&target, '/');
		bool slash = before - target.len > part.len;
		size_t len = decode_part(part, path + n, HTTP_PATH_MAX - 2 - n);
		if (len == SIZE_MAX || (len == 2 && memcmp(path + n, "..", 2) == 0)) return false;
		if (len == 0 || (len == 1 && path[n] == '.')) continue;
		n += len;
		if (slash) path[n++] = '/';
		if (n > HTTP_PATH_MAX - 2) return false;
	}
	path[n] = '\0';
	return true;
}

/* RFC 9110, 14.1.2 */
enum http_ranges http_range_parse(struct bytes value, uint64_t size, uint64_t *first, uint64_t *last)
{
	uint64_t a, b;

	if (value.len < 6 || !http_name_is(bytes_first(value, 6), "bytes=")) return HTTP_RANGE_NONE;
	struct bytes range = trimmed(bytes_skip(value, 6));
	if (range.len == 0 || memchr(range.at, ',', range.len) != NULL || memchr(range.at, '-', range.len) == NULL)
		return HTTP_RANGE_NONE;
	struct bytes from = cut_at(&range, '-');
	if (from.len == 0) { /* the last so many */
		if (!decimal(range, &b)) return HTTP_RANGE_NONE;
		if (b == 0 || size == 0) return HTTP_RANGE_OUTSIDE;
		*first = b < size ? size - b : 0;
		*last = size - 1;
		return HTTP_RANGE_ONE;
	}
	if (!decimal(from, &a)) return HTTP_RANGE_NONE;
	b = UINT64_MAX;
	if (range.len > 0 && (!decimal(range, &b) || b < a)) return HTTP_RANGE_NONE;
	if (a >= size) return HTTP_RANGE_OUTSIDE;
	*first = a;
	*last = b < size ? b : size - 1;
	return HTTP_RANGE_ONE;
}

const char *http_status_words(unsigned status)
{
	static const struct { unsigned status; const char *words; } all[] = {
		{ 200, "OK" }, { 206, "Partial Content" }, { 301, "Moved Permanently" }, { 304, "Not Modified" },
		{ 400, "Bad Request" }, { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 408, "Request Timeout" }, { 412, "Precondition Failed" }, { 414, "URI Too Long" },
		{ 416, "Range Not Satisfiable" }, { 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" },
		{ 501, "Not Implemented" }, { 503, "Service Unavailable" }, { 505, "HTTP Version Not Supported" },
	};
	for (size_t i = 0; i < COUNT(all); i++) if (all[i].status == status) return all[i].words;
	return "Unknown";
}

const char *http_type_of(const char *path)
{
	static const struct { const char *end, *type; } types[] = {
		{ "html", "text/html; charset=utf-8" }, { "htm", "text/html; charset=utf-8" },
		{ "txt", "text/plain; charset=utf-8" }, { "md", "text/plain; charset=utf-8" },
		{ "css", "text/css; charset=utf-8" }, { "js", "text/javascript; charset=utf-8" },
		{ "csv", "text/csv; charset=utf-8" }, { "json", "application/json" }, { "xml", "application/xml" },
		{ "pdf", "application/pdf" }, { "wasm", "application/wasm" }, { "zip", "application/zip" },
		{ "gz", "application/gzip" }, { "svg", "image/svg+xml" }, { "png", "image/png" }, { "jpg", "image/jpeg" },
		{ "jpeg", "image/jpeg" }, { "gif", "image/gif" }, { "webp", "image/webp" }, { "ico", "image/x-icon" },
		{ "mp4", "video/mp4" }, { "webm", "video/webm" }, { "mp3", "audio/mpeg" }, { "ogg", "audio/ogg" },
		{ "woff2", "font/woff2" },
	};
	const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
	if (dot != NULL && (slash == NULL || dot > slash))
		for (size_t i = 0; i < COUNT(types); i++) if (http_name_is(bytes_of(dot + 1), types[i].end)) return types[i].type;
	return "application/octet-stream";
}
