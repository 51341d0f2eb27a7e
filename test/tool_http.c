/* SPDX-License-Identifier: ISC */
/* http: heads, dates, paths and ranges by themselves; then the server and clients over our own stacks. */
#include "lan_tool.h"
#include "tool/http/http.h"
#include "tool/http/http_message.h"

/* --- by themselves --- */

static unsigned status_of(const char *head)
{
	struct http_request r;
	return http_request_parse(bytes_of(head), &r);
}

static void requests_are_read_strictly(void)
{
	static const struct { const char *head; unsigned status; } all[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0 }, { "GET / HTTP/1.1\nHost: a\n\n", 0 },
		{ "HEAD /a?b HTTP/1.1\r\nhOsT: [::1]:80\r\n\r\n", 0 }, { "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n", 0 },
		{ "GET / HTTP/1.0\r\n\r\n", 0 }, { "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0 },
		{ "GET / HTTP/1.1\r\n\r\n", 400 }, { "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400 }, { "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400 }, { "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400 }, { "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400 },
		{ "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400 }, { "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400 },
		{ "GET /\r\n\r\n", 400 }, { "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400 }, { "GET / http/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n", 400 }, { "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505 }, { "POST / HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
		{ "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 405 }, { "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501 },
		{ "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
	};
	for (size_t i = 0; i < COUNT(all); i++) {
		if (status_of(all[i].head) != all[i].status) printf("# %s", all[i].head);
		CHECK_EQ(status_of(all[i].head), all[i].status);
	}
}

static void connections_are_kept_as_asked(void)
{
	static const struct { const char *head; bool keep; } all[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true }, { "GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n", false }, { "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
	};
	struct http_request r;
	for (size_t i = 0; i < COUNT(all); i++) CHECK(http_request_parse(bytes_of(all[i].head), &r) == 0 && r.keep == all[i].keep);
}

/* However it is cut into pieces, a head is whole at its last byte and not before, and takes nothing beyond. */
static void a_head_is_gathered_from_any_pieces(void)
{
	static const char text[] = "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET";
	const size_t end = sizeof text - 4;
	static struct http_head h;

	for (size_t cut = 0; cut < sizeof text - 1; cut++) {
		struct bytes b = bytes_of(text);
		http_head_init(&h);
		size_t first = http_head_add(&h, bytes_first(b, cut)), second = 0;
		CHECK_EQ(first, size_min(cut, end));
		CHECK_EQ(h.whole, cut >= end);
		if (!h.whole) second = http_head_add(&h, bytes_skip(b, first));
		CHECK(h.whole && first + second == end && bytes_equal(http_head_bytes(&h), bytes_first(bytes_skip(b, 2), end - 2)));
	}
	static char large[HTTP_HEAD_MAX + 10];
	memset(large, 'a', sizeof large);
	http_head_init(&h);
	CHECK(http_head_add(&h, (struct bytes){ (uint8_t *)large, sizeof large }) == HTTP_HEAD_MAX && h.full && h.in_first_line);
}

static void dates_are_those_of_the_rfc(void) /* RFC 9110, 5.6.7 */
{
	static const char *const same[] = { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994" };
	static const char *const bad[] = { "", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
		"Sun, 06 Nov 1969 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 29 Feb 2100 00:00:00 GMT", "1994-11-06" };
	char text[HTTP_DATE_MAX];
	int64_t date = 0;

	for (size_t i = 0; i < COUNT(same); i++) CHECK(http_date_parse(bytes_of(same[i]), &date) && date == 784111777);
	for (size_t i = 0; i < COUNT(bad); i++) CHECK(!http_date_parse(bytes_of(bad[i]), &date));
	CHECK_STR(http_date_text(784111777, text), same[0]);
	CHECK_STR(http_date_text(0, text), "Thu, 01 Jan 1970 00:00:00 GMT");
	CHECK_STR(http_date_text(951782400, text), "Tue, 29 Feb 2000 00:00:00 GMT");
	for (int64_t t = 0; t < INT64_C(253402300800); t += 86399 * 11) {
		date = -1;
		CHECK(http_date_parse(bytes_of(http_date_text(t, text)), &date) && date == t);
	}
}

static void paths_do_not_climb(void)
{
	static const struct { const char *target, *path; } all[] = {
		{ "/", "" }, { "/a", "a" }, { "/a/", "a/" }, { "//a//b", "a/b" }, { "/./a/./", "a/" }, { "/a/.", "a/" },
		{ "/a%20b", "a b" }, { "/%C3%A4", "\xc3\xa4" }, { "/...", "..." }, { "/.a", ".a" }, { "/a..b", "a..b" },
		{ "/..", NULL }, { "/a/../b", NULL }, { "/%2e%2e/b", NULL }, { "/a/.%2E", NULL }, { "/a%2fb", NULL }, { "/%", NULL },
		{ "/%4", NULL }, { "/%zz", NULL }, { "/%00", NULL }, { "/a%0ab", NULL },
	};
	char path[HTTP_PATH_MAX];
	static char deep[4 * HTTP_PATH_MAX];

	for (size_t i = 0; i < COUNT(all); i++) {
		bool good = http_path_decode(bytes_of(all[i].target), path);
		CHECK(good == (all[i].path != NULL));
		if (good) CHECK_STR(path, all[i].path);
	}
	for (size_t n = 0; n + 2 < sizeof deep; n++) { /* as long as they like */
		memset(deep, n % 2 ? 'a' : '/', n);
		http_path_decode((struct bytes){ (uint8_t *)deep, n }, path);
	}
}

static void ranges_are_those_of_the_rfc(void) /* RFC 9110, 14.1.2 */
{
	static const struct { const char *text; uint64_t size; enum http_ranges is; uint64_t first, last; } all[] = {
		{ "bytes=0-499", 10000, HTTP_RANGE_ONE, 0, 499 }, { "bytes=9500-", 10000, HTTP_RANGE_ONE, 9500, 9999 },
		{ "bytes=-500", 10000, HTTP_RANGE_ONE, 9500, 9999 }, { "BYTES=0-0", 10, HTTP_RANGE_ONE, 0, 0 },
		{ "bytes=5-99", 10, HTTP_RANGE_ONE, 5, 9 }, { "bytes=-99", 10, HTTP_RANGE_ONE, 0, 9 },
		{ "bytes=10-", 10, HTTP_RANGE_OUTSIDE, 0, 0 }, { "bytes=-0", 10, HTTP_RANGE_OUTSIDE, 0, 0 },
		{ "bytes=0-", 0, HTTP_RANGE_OUTSIDE, 0, 0 }, { "bytes=-1", 0, HTTP_RANGE_OUTSIDE, 0, 0 },
		{ "bytes=5-4", 10, HTTP_RANGE_NONE, 0, 0 }, { "bytes=0-1,3-4", 10, HTTP_RANGE_NONE, 0, 0 },
		{ "lines=0-1", 10, HTTP_RANGE_NONE, 0, 0 }, { "bytes=", 10, HTTP_RANGE_NONE, 0, 0 }, { "bytes=-", 10, HTTP_RANGE_NONE, 0, 0 },
		{ "bytes=a-b", 10, HTTP_RANGE_NONE, 0, 0 }, { "bytes=99999999999999999999-", 10, HTTP_RANGE_NONE, 0, 0 },
	};
	for (size_t i = 0; i < COUNT(all); i++) {
		uint64_t first = 0, last = 0;
		CHECK_EQ(http_range_parse(bytes_of(all[i].text), all[i].size, &first, &last), all[i].is);
		if (all[i].is == HTTP_RANGE_ONE) CHECK(first == all[i].first && last == all[i].last);
	}
}

static void types_go_by_the_extension(void)
{
	CHECK_STR(http_type_of("a/b.HTML"), "text/html; charset=utf-8");
	CHECK_STR(http_type_of("a.html/b"), "application/octet-stream");
	CHECK_STR(http_type_of("x.tar.gz"), "application/gzip");
}

/* --- the server --- */

enum { SERVER, CLIENT, OTHER };
#define LARGE_BYTES 3000000

static uint8_t large_byte(uint64_t i) { return (uint8_t)(i * 7 + (i >> 9)); }
static const struct { const char *path, *text; enum files_kind kind; } stored[] = {
	{ "www", NULL, FILES_FOLDER }, { "www/", NULL, FILES_FOLDER }, { "www/index.html", "<p>Hello</p>", FILES_FILE },
	{ "www/large", NULL, FILES_FILE }, { "www/shrunk", NULL, FILES_FILE }, { "www/sub", NULL, FILES_FOLDER },
	{ "www/sub/", NULL, FILES_FOLDER }, { "www/locked", NULL, FILES_FORBIDDEN },
	{ "www/.well-known/a", "known", FILES_FILE }, { "www/.well-known-not/a", "hidden", FILES_FILE },
	{ "www/.secret", "hidden", FILES_FILE },
};
static int open_files;

static struct file store_open(struct files *f, const char *path)
{
	(void)f;
	for (size_t i = 0; i < COUNT(stored); i++) {
		if (strcmp(stored[i].path, path) != 0) continue;
		struct file file = { .kind = stored[i].kind, .modified = 784111777, .handle = i + 1 };
		if (file.kind == FILES_FILE) file.size = stored[i].text ? strlen(stored[i].text) : LARGE_BYTES, open_files++;
		return file;
	}
	return (struct file){ .kind = FILES_NONE };
}
static size_t store_read(struct files *f, const struct file *file, uint64_t offset, struct room room)
{
	(void)f;
	size_t n = size_min(room.len, file->size - offset), i = file->handle - 1;
	if (strcmp(stored[i].path, "www/shrunk") == 0 && offset + n > 1000) n = offset < 1000 ? 1000 - offset : 0;
	for (size_t k = 0; k < n; k++) room.at[k] = stored[i].text ? (uint8_t)stored[i].text[offset + k] : large_byte(offset + k);
	return n;
}
static void store_close(struct files *f, struct file *file) { (void)f, (void)file, open_files--; }
static const struct files_ops store_ops = { .open = store_open, .read = store_read, .close = store_close };
static struct files store = { .ops = &store_ops };

static bool serve(void)
{
	lan_files = &store;
	open_files = 0;
	lan_hosts(3);
	return lan_tool(SERVER, "http serve www http://:80");
}

/* A connection of the client's, and what the server has said on it so far. */
static struct { net_id id; bool eof, closed; size_t len; char text[20000]; } heard;

static void client_event(void *self, struct net *net, const struct net_event *ev)
{
	(void)self;
	if (ev->what == NET_READABLE)
		for (struct bytes b; (b = net_peek(net, ev->id)).len > 0; net_take(net, ev->id, b.len))
			for (size_t i = 0; i < b.len && heard.len < sizeof heard.text - 1; i++) heard.text[heard.len++] = (char)b.at[i];
	heard.text[heard.len] = '\0';
	if (ev->what == NET_EOF) heard.eof = true;
	if (ev->what == NET_CLOSED) heard.closed = true;
}

static void call_server(void)
{
	struct addr at = lan_addr("10.0.0.1:80");
	heard.len = 0, heard.eof = heard.closed = false, heard.text[0] = '\0';
	lan.app[CLIENT] = (struct app){ client_event, NULL };
	heard.id = net_connect(lan_net(CLIENT), &at);
	lan_run_for(SECOND / 10);
}

static void say_to_server(const char *text)
{
	net_send(lan_net(CLIENT), heard.id, bytes_of(text));
	lan_run_for(SECOND / 10);
}

static bool begins(const char *words) { return strncmp(heard.text, words, strlen(words)) == 0; }

static void it_answers_a_slow_typist_in_time_only(void)
{
	CHECK(serve());
	call_server();
	for (const char *s = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"; *s; s++) say_to_server((char[]){ *s, '\0' });
	CHECK(begins("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:") && strstr(heard.text, "\r\n\r\n<p>Hello</p>") != NULL);
	CHECK(!heard.eof && open_files == 0);
	lan_run_for(HTTP_IDLE_FOR); /* and then nothing: closed without a word */
	CHECK(heard.eof && strstr(heard.text, "408") == NULL);
	call_server();
	say_to_server("GET / HT");
	lan_run_for(HTTP_HEAD_WITHIN);
	CHECK(begins("HTTP/1.1 408 ") && strstr(heard.text, "Connection: close\r\n") != NULL && heard.eof);
	CHECK(measured(SERVER, "requests") == 2 && measured(SERVER, "refused") == 1);
}

static void it_finishes_what_was_asked_before_the_end(void)
{
	CHECK(serve());
	call_server();
	net_send(lan_net(CLIENT), heard.id, bytes_of("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\nGET"));
	net_finish(lan_net(CLIENT), heard.id);
	lan_run_for(SECOND);
	CHECK(begins("HTTP/1.1 200 ") && strstr(heard.text, "<p>Hello</p>HTTP/1.1 404 ") != NULL && heard.eof && heard.closed);
	CHECK_EQ(measured(SERVER, "requests"), 2);
}

static void what_is_not_given_is_refused_well(void)
{
	static const struct { const char *request, *status; bool stays; } all[] = {
		{ "GET /none HTTP/1.1\r\nHost: a\r\n\r\n", "404", true }, { "GET /sub HTTP/1.1\r\nHost: a\r\n\r\n", "301", true },
		{ "GET /sub/ HTTP/1.1\r\nHost: a\r\n\r\n", "403", true }, { "GET /locked HTTP/1.1\r\nHost: a\r\n\r\n", "403", true },
		{ "GET /.well-known/a HTTP/1.1\r\nHost: a\r\n\r\n", "200", true },
		{ "GET /.well-known-not/a HTTP/1.1\r\nHost: a\r\n\r\n", "404", true },
		{ "GET /.secret HTTP/1.1\r\nHost: a\r\n\r\n", "404", true },
		{ "GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", "400", true }, { "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", "405", true },
		{ "nonsense\r\n\r\n", "400", false }, { "GET / HTTP/3.0\r\nHost: a\r\n\r\n", "505", false },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", "405", false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200", false },
	};
	CHECK(serve());
	for (size_t i = 0; i < COUNT(all); i++) {
		call_server();
		say_to_server(all[i].request);
		if (strncmp(heard.text + 9, all[i].status, 3) != 0) printf("# %s%s", all[i].request, heard.text);
		CHECK(strncmp(heard.text + 9, all[i].status, 3) == 0);
		CHECK(heard.eof == !all[i].stays && open_files == 0);
		net_abort(lan_net(CLIENT), heard.id);
	}
}

static void a_file_that_shrinks_breaks_the_connection(void)
{
	CHECK(serve());
	call_server();
	say_to_server("GET /shrunk HTTP/1.1\r\nHost: a\r\n\r\n");
	CHECK(heard.closed && !heard.eof && open_files == 0); /* not an end that looks whole */
}

static void a_reader_that_stalls_is_dropped(void)
{
	struct addr at = lan_addr("10.0.0.1:80");

	CHECK(serve());
	lan.app[CLIENT].event = NULL; /* takes nothing */
	net_id id = net_connect(lan_net(CLIENT), &at);
	lan_run_for(SECOND);
	net_send(lan_net(CLIENT), id, bytes_of("GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
	lan_run_for(SECOND);
	CHECK_EQ(open_files, 1);
	lan_run_for(HTTP_IDLE_FOR + SECOND);
	CHECK_EQ(open_files, 0);
}

/* What the server's net has taken may still be on its way when the server has finished. */
static void a_slow_reader_gets_the_last_byte(void)
{
	struct addr at = lan_addr("10.0.0.1:80");
	struct net_event ev;
	bool eof = false;
	uint64_t got = 0;

	CHECK(serve());
	lan.app[CLIENT].event = NULL;
	net_id id = net_connect(lan_net(CLIENT), &at);
	lan_run_for(SECOND);
	net_send(lan_net(CLIENT), id, bytes_of("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\nRange: bytes=-200000\r\n\r\n"));
	for (int i = 0; i < 120 && !eof; i++) { /* twenty kilobytes a second */
		lan_run_for(SECOND / 2);
		size_t n = size_min(net_peek(lan_net(CLIENT), id).len, 10000);
		net_take(lan_net(CLIENT), id, n);
		got += n;
		while (net_next(lan_net(CLIENT), &ev)) eof |= ev.what == NET_EOF;
	}
	CHECK(eof && got > 200000 && open_files == 0);
}

static void more_than_it_has_room_for_are_told_so(void)
{
	static net_id many[HTTP_CLIENTS_MAX + 2];
	struct addr at = lan_addr("10.0.0.1:80");
	unsigned told = 0, connected = 0;
	struct net_event ev;

	CHECK(serve());
	/* both sides' stacks hold fewer connections than the server would: it must live with either limit */
	for (size_t i = 0; i < COUNT(many); i++) many[i] = net_connect(lan_net(i % 2 ? CLIENT : OTHER), &at);
	lan_run_for(10 * SECOND);
	for (unsigned h = CLIENT; h <= OTHER; h++)
		while (net_next(lan_net(h), &ev)) {
			connected += ev.what == NET_CONNECTED;
			if (ev.what == NET_READABLE) told += strstr((const char *)net_peek(lan_net(h), ev.id).at, "503") != NULL;
		}
	CHECK(connected > 0 && told <= 2);
	for (size_t i = 0; i < COUNT(many); i++) net_abort(lan_net(i % 2 ? CLIENT : OTHER), many[i]);
	lan_run_for(HTTP_IDLE_FOR + 10 * SECOND);
	call_server();
	say_to_server("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	CHECK(begins("HTTP/1.1 200 ")); /* and serves on */
}

static void get_reads_what_serve_gives(void)
{
	CHECK(serve());
	CHECK(lan_tool(CLIENT, "http get http://10.0.0.1/large"));
	CHECK(lan_tool(OTHER, "http get http://10.0.0.1/ --output -"));
	CHECK(lan_tool_ends(CLIENT) && lan_tool_ends(OTHER));
	CHECK(on[CLIENT].tool->status == 0 && measured(CLIENT, "bytes") == LARGE_BYTES && said(CLIENT, "200 OK, 3000000 bytes"));
	CHECK_STR(on[OTHER].out, "<p>Hello</p>");
	CHECK(complained(OTHER, "200 OK, 12 bytes"));
	CHECK(lan_tool(CLIENT, "http get http://10.0.0.1/large --range 10-19") && lan_tool_ends(CLIENT));
	CHECK(said(CLIENT, "206 Partial Content, 10 bytes"));
	CHECK(lan_tool(CLIENT, "http get http://10.0.0.1/large --head") && lan_tool_ends(CLIENT) && said(CLIENT, "200 OK, 0 bytes"));
	CHECK(lan_tool(CLIENT, "http get http://10.0.0.1/none") && lan_tool_ends(CLIENT));
	CHECK(on[CLIENT].tool->status == TOOL_FAILED && measured(CLIENT, "status") == 404);
	CHECK(lan_tool(CLIENT, "http get http://10.0.0.1/shrunk") && lan_tool_ends(CLIENT));
	CHECK(on[CLIENT].tool->status == TOOL_FAILED);
	CHECK(lan_tool(CLIENT, "http get http://10.0.0.1:81/") && lan_tool_ends(CLIENT) && complained(CLIENT, "refused"));
	on[SERVER].tool->stop(on[SERVER].tool);
	CHECK(on[SERVER].tool->done && said(SERVER, "6 requests"));
}

/* Reads a ring at a time to the server's end, and gives its own. */
static size_t read_slowly(net_id id)
{
	struct net *net = lan_net(OTHER);
	struct net_event ev;
	size_t all = 0;

	for (bool eof = false; !eof && all <= 2 * LARGE_BYTES;) {
		struct bytes b = net_peek(net, id);
		all += b.len;
		net_take(net, id, b.len);
		lan_run_for(MILLISECOND);
		while (net_next(net, &ev)) eof |= ev.what == NET_EOF || ev.what == NET_CLOSED;
	}
	net_finish(net, id);
	lan_run_for(SECOND / 10);
	return all;
}

/* Asked to end: who is being answered gets all of it, who is idle gets our end, and half a request is not waited for for ever. */
static void stopping_finishes_what_is_under_way(void)
{
	struct addr at = lan_addr("10.0.0.1:80");

	CHECK(serve());
	call_server(); /* and is idle, between requests */
	say_to_server("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	net_id slow = net_connect(lan_net(OTHER), &at);
	lan_run_for(SECOND);
	net_send(lan_net(OTHER), slow, bytes_of("GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
	lan_run_for(SECOND);
	CHECK(measured(SERVER, "bytes") > 0 && measured(SERVER, "bytes") < LARGE_BYTES);
	on[SERVER].tool->stop(on[SERVER].tool);
	lan_run_for(SECOND);
	CHECK(heard.eof && !on[SERVER].tool->done);
	net_finish(lan_net(CLIENT), heard.id);
	CHECK(read_slowly(slow) > LARGE_BYTES);
	CHECK(on[SERVER].tool->done && on[SERVER].tool->status == 0 && said(SERVER, "2 requests on 2 connections") && !complained(SERVER, "cut"));
	lan_tools_end();
	CHECK(serve());
	call_server();
	say_to_server("GET / HTTP");
	on[SERVER].tool->stop(on[SERVER].tool);
	lan_run_for(TOOL_DRAIN_WITHIN - SECOND);
	CHECK(!on[SERVER].tool->done);
	lan_run_for(2 * SECOND);
	CHECK(on[SERVER].tool->done && on[SERVER].tool->status == 0 && complained(SERVER, "1 clients did not"));
}

static void wrong_words_are_told(void)
{
	static const struct { const char *words, *why; } wrong[] = {
		{ "http", "serve or get" }, { "http sreve", "did you mean serve" }, { "http serve www", "which folder" },
		{ "http serve www tcp://:80", "kind of URL" }, { "http serve www http://name:80", "an address" },
		{ "http serve www http://:80/x", "no path" }, { "http serve nowhere http://:80", "no such folder" },
		{ "http serve www http://192.0.2.1:80", "cannot assign" }, { "http get", "what" }, { "http get 10.0.0.1", "like http://" }, { "http get http://:80/", "a host" },
		{ "http get http://10.0.0.1/ --output x", "only be -" }, { "http get http://10.0.0.1/ --range x", "FIRST-LAST" },
	};
	lan_files = &store;
	lan_hosts(1);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		CHECK(!lan_tool(0, wrong[i].words));
		if (!complained(0, wrong[i].why)) printf("# %s: %s", wrong[i].words, on[0].err);
		CHECK(complained(0, wrong[i].why));
	}
}

#define HTTP_TEST(function) do { TEST(function); lan_tools_end(); } while (0)

int main(void)
{
	TEST(requests_are_read_strictly);
	TEST(connections_are_kept_as_asked);
	TEST(a_head_is_gathered_from_any_pieces);
	TEST(dates_are_those_of_the_rfc);
	TEST(paths_do_not_climb);
	TEST(ranges_are_those_of_the_rfc);
	TEST(types_go_by_the_extension);
	HTTP_TEST(it_answers_a_slow_typist_in_time_only);
	HTTP_TEST(it_finishes_what_was_asked_before_the_end);
	HTTP_TEST(what_is_not_given_is_refused_well);
	HTTP_TEST(a_file_that_shrinks_breaks_the_connection);
	HTTP_TEST(a_reader_that_stalls_is_dropped);
	HTTP_TEST(a_slow_reader_gets_the_last_byte);
	HTTP_TEST(more_than_it_has_room_for_are_told_so);
	HTTP_TEST(get_reads_what_serve_gives);
	HTTP_TEST(stopping_finishes_what_is_under_way);
	HTTP_TEST(wrong_words_are_told);
	return tap_end();
}
