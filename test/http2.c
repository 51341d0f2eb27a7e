/* SPDX-License-Identifier: ISC */
/* A client of HTTP/2 and nghttp2's own server, joined by their bytes in pieces. */
#include <nghttp2/nghttp2.h>
#include <stdalign.h>
#include <stdlib.h>

#include "base/text.h"
#include "http2/http2.h"
#include "tap.h"

enum { BODY_MAX = 70000 };

static struct server {
	nghttp2_session *session;
	char method[16], path[200], authority[100], type[100], length[24], content[300];
	size_t content_len, body_len, body_sent;
	const char *status;
	unsigned requests;
	enum { ANSWERS, RESETS, LEAVES, SILENT } manner;
} server;
static alignas(max_align_t) uint8_t room[HTTP2_CLIENT_BYTES];
static uint8_t body[BODY_MAX];
static struct http2 *client;
static size_t piece; /* bytes that go at a time */

static void keep(char *to, size_t size, const uint8_t *value, size_t len)
{
	struct text t = text_in(to, size);
	text_put(&t, (struct bytes){ value, len });
}

static int on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t name_len, const uint8_t *value,
                     size_t len, uint8_t flags, void *user)
{
	(void)s, (void)f, (void)flags, (void)user, (void)name_len;
	const char *key = (const char *)name;
	if (strcmp(key, ":method") == 0) keep(server.method, sizeof server.method, value, len), server.content_len = 0;
	if (strcmp(key, ":path") == 0) keep(server.path, sizeof server.path, value, len);
	if (strcmp(key, ":authority") == 0) keep(server.authority, sizeof server.authority, value, len);
	if (strcmp(key, "content-type") == 0) keep(server.type, sizeof server.type, value, len);
	if (strcmp(key, "content-length") == 0) keep(server.length, sizeof server.length, value, len);
	return 0;
}

static int on_data(nghttp2_session *s, uint8_t flags, int32_t stream, const uint8_t *data, size_t len, void *user)
{
	(void)s, (void)flags, (void)stream, (void)user;
	size_t n = size_min(len, sizeof server.content - server.content_len);
	memcpy(server.content + server.content_len, data, n);
	server.content_len += n;
	return 0;
}

static ssize_t read_body(nghttp2_session *s, int32_t stream, uint8_t *to, size_t size, uint32_t *flags, nghttp2_data_source *source, void *user)
{
	size_t n = size_min(size, server.body_len - server.body_sent);
	(void)s, (void)stream, (void)source, (void)user;
	memset(to, 'b', n);
	server.body_sent += n;
	if (server.body_sent == server.body_len) *flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

#define NV(name, value) { (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE }

static int on_frame(nghttp2_session *s, const nghttp2_frame *f, void *user)
{
	const nghttp2_nv head[] = { NV(":status", server.status), NV("content-type", "application/dns-message"), NV("x-more", "of no interest") };
	const nghttp2_data_provider content = { .read_callback = read_body };

	(void)user;
	if ((f->hd.type != NGHTTP2_HEADERS && f->hd.type != NGHTTP2_DATA) || !(f->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
	server.requests++;
	server.body_sent = 0;
	if (server.manner == ANSWERS) nghttp2_submit_response(s, f->hd.stream_id, head, COUNT(head), server.body_len > 0 ? &content : NULL);
	if (server.manner == RESETS) nghttp2_submit_rst_stream(s, NGHTTP2_FLAG_NONE, f->hd.stream_id, NGHTTP2_REFUSED_STREAM);
	if (server.manner == LEAVES) nghttp2_session_terminate_session(s, NGHTTP2_ENHANCE_YOUR_CALM);
	return 0;
}

static void start(void)
{
	const nghttp2_settings_entry settings = { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 10 };
	nghttp2_session_callbacks *calls;

	if (server.session != NULL) nghttp2_session_del(server.session);
	server = (struct server){ .status = "200", .body_len = 40 };
	nghttp2_session_callbacks_new(&calls);
	nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
	nghttp2_session_server_new(&server.session, calls, NULL);
	nghttp2_session_callbacks_del(calls);
	nghttp2_submit_settings(server.session, NGHTTP2_FLAG_NONE, &settings, 1);
	piece = 1000000;
	client = http2_client((struct room){ room, sizeof room });
}

/* Both say what they have, until neither has more. */
static void talk(void)
{
	for (bool more = true; more;) {
		struct bytes b;
		const uint8_t *at;
		ssize_t n;
		more = false;
		while ((b = http2_peek(client)).len > 0) {
			b = bytes_first(b, size_min(b.len, piece));
			if (nghttp2_session_mem_recv(server.session, b.at, b.len) < 0) return;
			http2_take(client, b.len);
			more = true;
		}
		while ((n = nghttp2_session_mem_send(server.session, &at)) > 0) {
			for (struct bytes left = { at, (size_t)n }; left.len > 0; left = bytes_skip(left, size_min(left.len, piece)))
				http2_input(client, bytes_first(left, size_min(left.len, piece)));
			more = true;
		}
	}
}

static bool ask(const char *method, const char *content)
{
	const struct http2_request r = { .method = method, .scheme = "https", .authority = "dns.example:8443", .path = "/dns-query",
		.header = { { "accept", "application/dns-message" }, { "content-type", "application/dns-message" } },
		.headers = content != NULL ? 2 : 1, .content = content != NULL ? bytes_of(content) : (struct bytes){ NULL, 0 },
		.body = { body, sizeof body - 5000 } };
	if (!http2_ask(client, &r)) return false;
	talk();
	return true;
}

static void a_question_is_answered(void)
{
	start();
	CHECK(ask("POST", "the question") && client->state == HTTP2_DONE && client->status == 200);
	CHECK_STR(client->type, "application/dns-message");
	CHECK(client->body.len == 40 && client->body.at == body && body[0] == 'b' && body[39] == 'b');
	CHECK_STR(server.method, "POST");
	CHECK_STR(server.path, "/dns-query");
	CHECK_STR(server.authority, "dns.example:8443");
	CHECK_STR(server.type, "application/dns-message");
	CHECK_STR(server.length, "12");
	CHECK(server.content_len == 12 && memcmp(server.content, "the question", 12) == 0);
	start();
	CHECK(ask("GET", NULL) && client->state == HTTP2_DONE && server.content_len == 0);
	CHECK_STR(server.method, "GET");
	CHECK_STR(server.length, "");
}

static void in_single_bytes(void)
{
	start();
	piece = 1;
	server.body_len = 3000;
	CHECK(ask("POST", "the question") && client->state == HTTP2_DONE && client->body.len == 3000);
}

static void the_longest_and_one_longer(void)
{
	start();
	server.body_len = BODY_MAX - 5000;
	CHECK(ask("POST", "x") && client->state == HTTP2_DONE && client->body.len == BODY_MAX - 5000);
	server.body_len++;
	memset(body + BODY_MAX - 5000, 0x77, 5000);
	CHECK(ask("POST", "x") && client->state == HTTP2_FAILED);
	CHECK_STR(client->why, "its content is longer than it may be");
	for (size_t i = BODY_MAX - 5000; i < BODY_MAX; i++) CHECK(body[i] == 0x77);
	server.body_len = 10;
	CHECK(ask("POST", "x") && client->state == HTTP2_DONE && client->body.len == 10);
}

static void other_answers(void)
{
	start();
	server.status = "404", server.body_len = 0;
	CHECK(ask("POST", "x") && client->state == HTTP2_DONE && client->status == 404 && client->body.len == 0);
	server.manner = RESETS;
	CHECK(ask("POST", "x") && client->state == HTTP2_FAILED);
	CHECK_STR(client->why, "REFUSED_STREAM");
	server.manner = LEAVES;
	CHECK(ask("POST", "x") && client->state == HTTP2_FAILED && !ask("POST", "x"));
	CHECK_STR(client->why, "ENHANCE_YOUR_CALM");
	start();
	server.manner = SILENT;
	CHECK(ask("POST", "x") && client->state == HTTP2_BUSY && !ask("POST", "y"));
	http2_closed(client);
	CHECK(client->state == HTTP2_FAILED && !ask("POST", "x"));
	CHECK_STR(client->why, "the connection ended before the answer did");
}

static void what_is_no_http_2(void)
{
	start();
	server.manner = SILENT;
	CHECK(ask("POST", "x"));
	http2_input(client, bytes_of("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
	struct bytes b = http2_peek(client); /* that it was wrong */
	CHECK(b.len > 0);
	http2_take(client, b.len);
	CHECK(http2_peek(client).len == 0 && client->state == HTTP2_FAILED && !ask("POST", "x"));
	CHECK_STR(client->why, "what the server says is no HTTP/2");
	http2_input(client, bytes_of("more of it"));
	CHECK(http2_peek(client).len == 0);
}

/* Memory is given back: a thousand questions one after another in the same room. */
static void many_questions_in_one_room(void)
{
	start();
	for (int i = 0; i < 1000; i++) CHECK(ask("POST", "x") && client->state == HTTP2_DONE);
	CHECK_EQ(server.requests, 1000);
	http2_leave(client);
	talk();
	CHECK(nghttp2_session_want_read(server.session) == 0 || server.requests == 1000);
}

/* With less and less room it is refused or fails, and writes nowhere else. */
static void too_little_room(void)
{
	bool once = false, never = false;

	for (size_t size = 0; size < 60000; size += 500) {
		start();
		uint8_t *small = malloc(size + 64);
		memset(small + size, 0x5a, 64);
		client = http2_client((struct room){ small, size });
		bool done = client != NULL && ask("POST", "x") && client->state == HTTP2_DONE;
		once |= done, never |= !done;
		for (size_t i = 0; i < 64; i++) CHECK(small[size + i] == 0x5a);
		free(small);
	}
	CHECK(once && never);
}

int main(void)
{
	TEST(a_question_is_answered);
	TEST(in_single_bytes);
	TEST(the_longest_and_one_longer);
	TEST(other_answers);
	TEST(what_is_no_http_2);
	TEST(many_questions_in_one_room);
	TEST(too_little_room);
	nghttp2_session_del(server.session);
	return tap_end();
}
