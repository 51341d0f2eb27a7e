/* SPDX-License-Identifier: ISC */
/* The head of a message from a stranger: views stay inside it, a path stays below, and a head that comes in two
 * pieces is the head that comes in one. The first byte says where to cut. */
#include "tool/http/http_message.h"

static struct http_head whole, pieces;

static void inside(struct bytes view, struct bytes head)
{
	assert(view.len == 0 || (view.at >= head.at && view.len <= head.len && view.at - head.at <= (ptrdiff_t)(head.len - view.len)));
}

static void below(const char *path)
{
	assert(path[0] != '/' && strstr(path, "//") == NULL);
	for (const char *part = path;; part++) {
		assert(strncmp(part, "../", 3) != 0 && strcmp(part, "..") != 0);
		if ((part = strchr(part, '/')) == NULL) return;
	}
}

static void request(struct bytes head)
{
	struct http_request r;
	char path[HTTP_PATH_MAX], text[HTTP_DATE_MAX];
	uint64_t first, last;
	int64_t date, again;

	if (http_request_parse(head, &r) != 0) return;
	if (r.target.at[0] != '/' || r.target.len > 1) inside(r.target, head); /* "/" may stand for a URL without a path */
	inside(r.range, head);
	inside(r.if_none_match, head);
	assert(r.method != HTTP_OTHER && r.target.len > 0 && r.target.len <= HTTP_TARGET_MAX);
	if (http_path_decode(r.target, path)) below(path), http_type_of(path);
	if (http_range_parse(r.range, 1000, &first, &last) == HTTP_RANGE_ONE) assert(first <= last && last < 1000);
	if (http_date_parse(r.if_modified_since, &date))
		assert(http_date_parse(bytes_of(http_date_text(date, text)), &again) && again == date);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) return 0;
	struct bytes all = { data + 1, size - 1 };
	size_t cut = all.len > 0 ? data[0] % all.len : 0;
	struct http_response response;

	http_head_init(&whole);
	http_head_init(&pieces);
	size_t taken = http_head_add(&whole, all), first = http_head_add(&pieces, bytes_first(all, cut));
	if (!pieces.whole && !pieces.full) first += http_head_add(&pieces, bytes_skip(all, first));
	assert(taken == first && whole.whole == pieces.whole && bytes_equal(http_head_bytes(&whole), http_head_bytes(&pieces)));
	if (!whole.whole) return 0;
	request(http_head_bytes(&whole));
	http_response_parse(http_head_bytes(&whole), &response);
	return 0;
}
