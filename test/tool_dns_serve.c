/* SPDX-License-Identifier: ISC */
/* `dns serve` over a net made of arrays: clients who send many questions at once, in pieces, read slowly, or say
 * nothing at all. */
#include "tap.h"
#include "tool/drain.h"
#include "wire/dns.h"

#define STREAMS 70

struct stream { uint8_t in[20000], out[200000]; size_t in_len, in_at, out_len, out_room; bool finished, aborted; };
static struct stream stream[STREAMS];
static struct { instant now, wake_at; size_t seam; net_id last_udp; uint8_t datagram[2000]; size_t datagram_len; } fake;

/* Ids: 1 the listener, 2 the datagrams', from 10 on the streams. */
static net_id fake_listen(struct net *n, const struct addr *a, const struct net_how *how) { return (void)n, (void)how, a->port == 53 ? 1 : 0; }
static net_id fake_bind(struct net *n, const struct addr *a) { return (void)n, a->port == 53 ? 2 : 0; }
static bool fake_sendto(struct net *n, net_id id, const struct ip *from, const struct addr *to, struct bytes b)
{
	(void)n, (void)from, (void)to;
	fake.last_udp = id;
	fake.datagram_len = b.len;
	memcpy(fake.datagram, b.at, b.len);
	return true;
}
static struct stream *of(net_id id) { return id >= 10 ? &stream[id - 10] : NULL; }
static struct bytes fake_peek(struct net *n, net_id id)
{
	struct stream *s = of(id);
	(void)n;
	size_t len = s->in_len - s->in_at;
	return (struct bytes){ s->in + s->in_at, fake.seam > 0 ? size_min(len, fake.seam) : len };
}
static void fake_take(struct net *n, net_id id, size_t count) { (void)n, of(id)->in_at += count; }
static size_t fake_send(struct net *n, net_id id, struct bytes b)
{
	struct stream *s = of(id);
	size_t len = size_min(b.len, s->out_room);
	(void)n;
	memcpy(s->out + s->out_len, b.at, len);
	s->out_len += len;
	s->out_room -= len;
	return len;
}
static void fake_finish(struct net *n, net_id id) { (void)n; if (of(id) != NULL) of(id)->finished = true; }
static void fake_abort(struct net *n, net_id id) { (void)n, of(id)->aborted = true; }
static instant fake_now(struct net *n) { return (void)n, fake.now; }
static void fake_wake(struct net *n, instant at) { (void)n, fake.wake_at = at; }
static const struct net_ops ops = { .listen = fake_listen, .bind = fake_bind, .sendto = fake_sendto, .peek = fake_peek,
	.take = fake_take, .send = fake_send, .finish = fake_finish, .abort = fake_abort, .now = fake_now, .wake = fake_wake };

/* One file, "zone". */
static const char *zone_text;
static struct file file_open(struct files *f, const char *path)
{
	(void)f;
	if (strcmp(path, "zone") != 0) return (struct file){ .kind = FILES_NONE };
	return (struct file){ .kind = FILES_FILE, .size = strlen(zone_text), .handle = 1 };
}
static size_t file_read(struct files *f, const struct file *file, uint64_t offset, struct room room)
{
	(void)f;
	size_t n = size_min(size_min(room.len, file->size - offset), 7); /* in small pieces, as it may be */
	memcpy(room.at, zone_text + offset, n);
	return n;
}
static void file_close(struct files *f, struct file *file) { (void)f, (void)file; }
static const struct files_ops file_ops = { .open = file_open, .read = file_read, .close = file_close };

static uint8_t memory[2 << 20];
static char out_words[2000], err_words[2000];
static struct arena arena;
static struct text out, err;
static struct net net = { .ops = &ops };
static struct files files = { .ops = &file_ops };
static struct tool_env env;
static struct tool *tool;

static struct tool *open_with(size_t memory_bytes, int argc, const char *const *argv)
{
	memset(stream, 0, sizeof stream);
	memset(&fake, 0, sizeof fake);
	arena_init(&arena, (struct room){ memory, memory_bytes });
	out = text_in(out_words, sizeof out_words);
	err = text_in(err_words, sizeof err_words);
	env = (struct tool_env){ .net = &net, .memory = &arena, .out = &out, .err = &err, .files = &files };
	return tool = tool_open(argc, argv, &env);
}

static bool open_zone(void)
{
	static const char *const argv[] = { "dns", "serve", "--zone", "e=zone" };
	static char text[12000];
	struct text t = text_in(text, sizeof text);

	text_puts(&t, "$TTL 9\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 10.0.0.1\n");
	for (int i = 0; i < 100; i++) text_printf(&t, "big TXT \"%02d-012345678901234567890123456789\"\n", i);
	zone_text = text;
	return open_with(sizeof memory, COUNT(argv), argv) != NULL;
}

static void event(enum net_what what, net_id id)
{
	struct net_event ev = { .what = what, .id = id, .on = 1 };
	tool->app.event(tool->app.self, &net, &ev);
}

static size_t question(uint8_t *at, uint16_t id, const char *name, uint16_t type)
{
	struct dns_question q = { .type = type, .class = DNS_IN };
	struct dns_builder b;

	dns_name_parse(name, &q.name);
	dns_begin(&b, (struct room){ at + 2, 600 }, 600, id, 0, 0, 0);
	dns_add_question(&b, &q);
	store_be16(at, (uint16_t)dns_end(&b));
	return 2 + b.len;
}

static void arrive(net_id id, uint16_t number, const char *name, uint16_t type)
{
	struct stream *s = of(id);
	s->in_len += question(s->in + s->in_len, number, name, type);
}

static int64_t measure(const char *name)
{
	for (const struct tool_measure *m = tool->measure; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0) return m->value;
	return -1;
}

/* The answers in a stream, each whole and read; -1 if one is not. */
static int answers(const struct stream *s, unsigned records[], int max)
{
	struct dns_message m;
	int count = 0;

	for (size_t at = 0; at < s->out_len; count++) {
		size_t len = load_be16(s->out + at);
		if (count == max || s->out_len - at - 2 < len) return -1;
		if (dns_parse((struct bytes){ s->out + at + 2, len }, &m) != DROP_NONE || m.id != count) return -1;
		records[count] = m.counts[1];
		at += 2 + len;
	}
	return count;
}

static void many_questions_come_in_any_pieces(void)
{
	unsigned records[8];

	for (size_t seam = 0; seam < 50; seam++) {
		CHECK(open_zone());
		fake.seam = seam;
		of(10)->out_room = 100000;
		event(NET_ACCEPTED, 10);
		arrive(10, 0, "ns.e", DNS_A);
		arrive(10, 1, "big.e", DNS_TXT);
		of(10)->in_len += 2; /* an empty message, and an answer: passed over */
		arrive(10, 2, "x.e", DNS_A);
		event(NET_READABLE, 10);
		CHECK_EQ(answers(of(10), records, 8), 3);
		CHECK(records[0] == 1 && records[1] == 100 && records[2] == 0);
		CHECK(measure("tcp_questions") == 4 && measure("nxdomain") == 1);
		CHECK(!of(10)->finished);
		event(NET_EOF, 10);
		CHECK(of(10)->finished);
		event(NET_CLOSED, 10);
	}
}

/* Room for a few bytes at a time, while other clients are served. */
static void a_slow_reader_gets_every_byte(void)
{
	unsigned records[4];

	CHECK(open_zone());
	event(NET_ACCEPTED, 10);
	event(NET_ACCEPTED, 11);
	arrive(10, 0, "big.e", DNS_TXT);
	arrive(10, 1, "ns.e", DNS_A);
	event(NET_READABLE, 10);
	event(NET_EOF, 10);
	for (int i = 0; i < 1000 && !of(10)->finished; i++) {
		arrive(11, 0, "big.e", DNS_TXT);
		of(11)->out_room = 10000, of(11)->out_len = 0;
		if (i % 50 == 0) event(NET_READABLE, 11);
		else of(11)->in_len = of(11)->in_at;
		of(10)->out_room = 7;
		event(NET_WRITABLE, 10);
	}
	CHECK(of(10)->finished);
	CHECK_EQ(answers(of(10), records, 4), 2);
	CHECK(records[0] == 100 && records[1] == 1);
	bool seen[100] = { false };
	struct dns_message m;
	struct dns_rr rr;
	CHECK_EQ(dns_parse((struct bytes){ of(10)->out + 2, load_be16(of(10)->out) }, &m), DROP_NONE);
	for (struct dns_cursor c = dns_records(&m); dns_next(&c, &rr);)
		seen[(rr.rdata.at[1] - '0') * 10 + rr.rdata.at[2] - '0'] = true;
	for (int i = 0; i < 100; i++) CHECK(seen[i]);
}

/* Who takes nothing holds up a few of his kind, but nobody who reads. */
static void slow_readers_are_few(void)
{
	CHECK(open_zone());
	for (net_id i = 10; i < 16; i++) {
		event(NET_ACCEPTED, i);
		arrive(i, 0, "big.e", DNS_TXT);
		of(i)->out_room = i;
		event(NET_READABLE, i);
		CHECK_EQ(of(i)->aborted, i >= 14);
	}
	event(NET_ACCEPTED, 16);
	arrive(16, 0, "big.e", DNS_TXT);
	of(16)->out_room = 10000;
	event(NET_READABLE, 16);
	CHECK(!of(16)->aborted && of(16)->out_len > 3000);
	unsigned records[1];
	of(10)->out_room = 10000;
	event(NET_WRITABLE, 10);
	CHECK(answers(of(10), records, 1) == 1 && records[0] == 100);
}

static void who_says_nothing_must_go(void)
{
	CHECK(open_zone());
	event(NET_ACCEPTED, 10);
	CHECK_EQ(fake.wake_at, 10 * SECOND);
	fake.now = 4 * SECOND;
	event(NET_ACCEPTED, 11);
	arrive(11, 0, "big.e", DNS_TXT); /* never reads its answer */
	event(NET_READABLE, 11);
	fake.now = 10 * SECOND;
	event(NET_WAKE, 0);
	CHECK(of(10)->finished && !of(10)->aborted && !of(11)->aborted);
	CHECK_EQ(fake.wake_at, 14 * SECOND);
	fake.now = 14 * SECOND;
	event(NET_WAKE, 0);
	CHECK(of(11)->aborted && !of(10)->aborted);
	fake.now = 20 * SECOND;
	event(NET_WAKE, 0);
	CHECK(of(10)->aborted && measure("tcp_dropped") == 2);
	CHECK(fake.wake_at == NEVER);
	event(NET_ACCEPTED, 12); /* and the clock starts again */
	CHECK_EQ(fake.wake_at, 30 * SECOND);
}

static void a_byte_at_a_time_is_no_sign_of_life(void)
{
	CHECK(open_zone());
	event(NET_ACCEPTED, 10);
	arrive(10, 0, "ns.e", DNS_A);
	size_t len = of(10)->in_len;
	for (of(10)->in_len = 0; of(10)->in_len < len - 1 && !of(10)->finished; fake.now += SECOND) {
		of(10)->in_len++;
		event(NET_READABLE, 10);
		if (fake.now >= fake.wake_at) event(NET_WAKE, 0);
	}
	CHECK(of(10)->finished && fake.now <= 12 * SECOND);
}

static void the_one_silent_longest_makes_room(void)
{
	CHECK(open_zone());
	for (net_id i = 0; i < 64; i++, fake.now++) event(NET_ACCEPTED, 10 + i);
	arrive(10, 0, "ns.e", DNS_A);
	of(10)->out_room = 1000;
	event(NET_READABLE, 10);
	event(NET_ACCEPTED, 10 + 64);
	CHECK(of(11)->aborted && !of(10)->aborted && !of(12)->aborted);
	CHECK(measure("tcp_dropped") == 1 && measure("tcp_clients") == 65);
	of(74)->out_room = 1000;
	arrive(74, 0, "ns.e", DNS_A);
	event(NET_READABLE, 74);
	CHECK(of(74)->out_len > 0);
}

static void a_question_too_long_ends_it(void)
{
	CHECK(open_zone());
	event(NET_ACCEPTED, 10);
	store_be16(of(10)->in, 513);
	of(10)->in_len = 2;
	event(NET_READABLE, 10);
	CHECK(of(10)->aborted && measure("tcp_dropped") == 1);
}

static void datagrams_are_answered_where_they_came(void)
{
	uint8_t bytes[600];
	struct dns_message m;

	CHECK(open_zone());
	size_t len = question(bytes, 7, "ns.e", DNS_A);
	struct net_event ev = { .what = NET_DATAGRAM, .id = 2, .data = { bytes + 2, len - 2 } };
	tool->app.event(tool->app.self, &net, &ev);
	CHECK_EQ(dns_parse((struct bytes){ fake.datagram, fake.datagram_len }, &m), DROP_NONE);
	CHECK(fake.last_udp == 2 && m.id == 7 && m.counts[1] == 1 && measure("udp_questions") == 1);
	tool->stop(tool);
	CHECK(!tool->done && fake.wake_at == DRAIN_LISTEN_FOR);
	tool->app.event(tool->app.self, &net, &ev); /* it was there before */
	CHECK(measure("udp_questions") == 2);
	fake.now = fake.wake_at;
	event(NET_WAKE, 0);
	CHECK(tool->done && tool->status == TOOL_OK);
}

/* Asked to end: whoever waits for an answer, or has half a question said, is waited for; the others get our end. */
static void stopping_lets_them_finish(void)
{
	unsigned records[2];
	size_t len;

	CHECK(open_zone());
	for (net_id id = 10; id < 13; id++) event(NET_ACCEPTED, id);
	of(11)->out_room = 10;
	arrive(11, 0, "big.e", DNS_TXT);
	event(NET_READABLE, 11);
	arrive(12, 0, "ns.e", DNS_A);
	len = of(12)->in_len;
	of(12)->in_len = 7;
	event(NET_READABLE, 12);
	tool->stop(tool);
	fake.now = fake.wake_at;
	event(NET_WAKE, 0);
	CHECK(of(10)->finished && !of(11)->finished && !of(12)->finished && !tool->done && fake.wake_at == TOOL_DRAIN_WITHIN);
	of(11)->out_room = 100000;
	event(NET_WRITABLE, 11);
	CHECK(answers(of(11), records, 2) == 1 && of(11)->finished);
	of(12)->in_len = len, of(12)->out_room = 1000;
	event(NET_READABLE, 12);
	CHECK(answers(of(12), records, 2) == 1 && of(12)->finished);
	arrive(10, 1, "ns.e", DNS_A); /* too late */
	event(NET_READABLE, 10);
	CHECK(of(10)->out_len == 0 && of(10)->in_at == of(10)->in_len);
	for (net_id id = 10; id < 13; id++) {
		CHECK(!tool->done);
		event(NET_CLOSED, id);
	}
	CHECK(tool->done && tool->status == TOOL_OK && strstr(out_words, "0 questions over UDP, 2 over TCP from 3 clients") != NULL);
	CHECK(open_zone());
	event(NET_ACCEPTED, 10);
	of(10)->in_len = 1; /* half a question, and no more for ever */
	event(NET_READABLE, 10);
	tool->stop(tool);
	for (int i = 0; i < 2; i++) fake.now = fake.wake_at, event(NET_WAKE, 0);
	CHECK(tool->done && tool->status == TOOL_OK && of(10)->aborted && fake.now == TOOL_DRAIN_WITHIN);
}

static const char *refusal(int argc, const char *const *argv)
{
	return open_with(sizeof memory, argc, argv) == NULL ? err_words : "it opened";
}
#define REFUSAL(...) refusal(COUNT(((const char *const[]){ __VA_ARGS__ })), (const char *const[]){ __VA_ARGS__ })

static void what_is_wrong_is_said(void)
{
	zone_text = "$TTL 9\n@ SOA ns h 1 2 3 4 5\n@ NS nothing\n";
	CHECK_STR(REFUSAL("dns", "serve", "--zone", "e=zone"),
	          "zone:3:3: expected an A or AAAA record for nothing.e., found none\n");
	CHECK_EQ(env.status, TOOL_FAILED);
	CHECK_STR(out_words, "");
	zone_text = "$TTL 9\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 1.2.3.4\n";
	CHECK_STR(REFUSAL("dns", "serve", "--zone", "e=zone", "--zone", "E.=zone"), "zone: zone E. is given twice\n");
	CHECK_STR(REFUSAL("dns", "serve", "--zone", "e..=zone"), "--zone: expected a name before '=', found 'e..'\n");
	CHECK_STR(REFUSAL("dns", "serve", "--zone", "e=none"), "none: no such file\n");
	CHECK_STR(REFUSAL("dns", "serve"), "serve: no --zone to answer from; `tulle help dns` says more\n");
	CHECK_EQ(env.status, TOOL_USAGE);
	CHECK_STR(REFUSAL("dns", "serve", "--zone", "e=zone", "--listen", "here"), "serve: --listen takes an address, not here\n");
	CHECK(strstr(REFUSAL("dns", "serve", "--zone", "e=zone", "--port", "70000"), "1 to 65535") != NULL);
	CHECK(strstr(REFUSAL("dns", "serve", "--zone", "e=zone", "--port", "54"), ":54: ") != NULL); /* taken */
	CHECK(strstr(REFUSAL("dns", "sreve"), "did you mean serve") != NULL);
	static const char *const argv[] = { "dns", "serve", "--zone", "e=zone" };
	bool opened = false;
	for (size_t size = 0; size < 400000 && !opened; size += 97) opened = open_with(size, COUNT(argv), argv) != NULL;
	CHECK(opened);
}

int main(void)
{
	TEST(many_questions_come_in_any_pieces);
	TEST(a_slow_reader_gets_every_byte);
	TEST(slow_readers_are_few);
	TEST(who_says_nothing_must_go);
	TEST(a_byte_at_a_time_is_no_sign_of_life);
	TEST(the_one_silent_longest_makes_room);
	TEST(a_question_too_long_ends_it);
	TEST(datagrams_are_answered_where_they_came);
	TEST(stopping_lets_them_finish);
	TEST(what_is_wrong_is_said);
	return tap_end();
}
