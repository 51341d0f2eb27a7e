/* SPDX-License-Identifier: ISC */
/* A client of HTTP/2 and a server that says anything: it stays within its room, and it comes to an end. The first byte
 * says in what pieces the server's words come. */
#include <stdalign.h>

#include "http2/http2.h"

static alignas(max_align_t) uint8_t room[HTTP2_CLIENT_BYTES + 64];
static uint8_t body[4096 + 64];

static void guard(void)
{
	for (size_t i = 0; i < 64; i++) assert(room[HTTP2_CLIENT_BYTES + i] == 0xa5 && body[4096 + i] == 0xa5);
}

static void drain(struct http2 *h)
{
	size_t all = 0;
	for (struct bytes b; (b = http2_peek(h)).len > 0; all += b.len) http2_take(h, b.len);
	assert(all < 1 << 20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct http2_request request = { .method = "POST", .scheme = "https", .authority = "dns.example", .path = "/dns-query",
		.header = { { "accept", "application/dns-message" } }, .headers = 1, .content = { (const uint8_t *)"question", 8 },
		.body = { body, 4096 } };

	if (size == 0) return 0;
	memset(room + HTTP2_CLIENT_BYTES, 0xa5, 64);
	memset(body + 4096, 0xa5, 64);
	struct http2 *h = http2_client((struct room){ room, HTTP2_CLIENT_BYTES });
	assert(h != NULL);
	bool asked = http2_ask(h, &request);
	assert(asked);
	drain(h);
	for (struct bytes left = { data + 1, size - 1 }; left.len > 0;) {
		size_t n = size_min(left.len, 1u + data[0] * 8u);
		http2_input(h, bytes_first(left, n));
		left = bytes_skip(left, n);
		drain(h);
		assert(h->body.len <= 4096);
		if (h->state == HTTP2_DONE && http2_ask(h, &request)) drain(h);
	}
	http2_closed(h);
	assert(h->state != HTTP2_BUSY && (h->state != HTTP2_FAILED || h->why != NULL));
	http2_leave(h);
	guard();
	return 0;
}
