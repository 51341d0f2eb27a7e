/* SPDX-License-Identifier: ISC */
/* sockets.c - the pure parts of `tulle sockets`: the kernel's answers (as one gave them), conditions, names, words. */
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <stdlib.h>

#include "host/processes.h"
#include "tool/sockets/sockets.h"
#include "tap.h"

static const struct sockets_names names = {
	{ (const uint8_t *)"root:x:0:0::/:\nwww:x:33:33\n", 27 },
	{ (const uint8_t *)"# services\nhttp 80/tcp www\nhttps\t443/tcp # x\ndomain 53/udp\n", 59 },
};
static struct sockets_options o;
static char words[512];
static struct text err;

static bool parse(int count, const char *const *word)
{
	const char *argv[8] = { "sockets" };
	for (int i = 0; i < count; i++) argv[i + 1] = word[i];
	err = text_in(words, sizeof words);
	return sockets_parse(count + 1, argv, &names, &o, &err);
}
#define PARSE(...) parse((int)COUNT(((const char *const[]){ __VA_ARGS__ })), (const char *const[]){ __VA_ARGS__ })

static struct diag_socket a_socket(uint8_t protocol, uint8_t state, const char *local, const char *remote)
{
	struct diag_socket s = { .family = 4, .protocol = protocol, .state = state, .inode = 9 };
	addr_parse(local, &s.local);
	addr_parse(remote, &s.remote);
	if (!ip_is4(s.local.ip)) s.family = 6;
	return s;
}

static size_t captured(uint8_t *room, size_t size)
{
	char path[512];
	const char *source = getenv("SOURCE");
	snprintf(path, sizeof path, "%s/fuzz/corpus/sockets/answer", source != NULL ? source : ".");
	FILE *f = fopen(path, "rb");
	if (f == NULL) return 0;
	size_t n = fread(room, 1, size, f);
	fclose(f);
	return n;
}

static void reads_what_a_kernel_said(void)
{
	static uint8_t room[8192];
	size_t n = captured(room, sizeof room);
	struct diag_answer a;
	unsigned listening = 0, connected = 0, done = 0;

	CHECK(n > 100);
	for (struct bytes b = { room + 1, n - 1 }; diag_next(&b, DIAG_TCP, &a);) {
		done += a.what == DIAG_DONE;
		if (a.what != DIAG_SOCKET) continue;
		CHECK(ip4_number(a.socket.local.ip) == 0x7f000001 && a.socket.local.port == 47017);
		CHECK(a.socket.congestion[0] != '\0' && a.socket.has_memory && a.socket.inode != 0);
		if (a.socket.state == DIAG_LISTEN) {
			listening++;
			CHECK_EQ(a.socket.send_queue, 5);
		}
		if (a.socket.state != DIAG_ESTABLISHED) continue;
		connected++;
		CHECK_EQ(a.socket.info.bytes_received, 5);
		CHECK_EQ(a.socket.receive_queue, 5);
		CHECK(a.socket.info.rtt_us > 0 && a.socket.info.cwnd >= 1 && a.socket.info.mss > 500);
	}
	CHECK_EQ(listening, 1);
	CHECK_EQ(connected, 1);
	CHECK_EQ(done, 1);
}

/* Nothing is read beyond the end, and no prefix says "done". */
static void every_prefix_ends_early(void)
{
	static uint8_t room[8192];
	size_t n = captured(room, sizeof room);

	for (size_t len = 0; len + 1 < n; len++) {
		uint8_t *copy = malloc(len + 1);
		struct diag_answer a;
		CHECK(copy != NULL);
		memcpy(copy, room + 1, len);
		for (struct bytes b = { copy, len }; diag_next(&b, DIAG_TCP, &a);) CHECK(a.what == DIAG_SOCKET);
		free(copy);
	}
}

static void asks_as_the_kernel_reads(void)
{
	uint8_t room[DIAG_QUESTION_BYTES];
	struct inet_diag_req_v2 q;

	CHECK_EQ(diag_ask((struct room){ room, 10 }, &(struct diag_question){ 4, DIAG_TCP, 2, true }), 0);
	CHECK_EQ(diag_ask((struct room){ room, sizeof room }, &(struct diag_question){ 6, DIAG_UDP, 128, true }), 16 + sizeof q);
	memcpy(&q, room + 16, sizeof q);
	CHECK_EQ(q.sdiag_family, 10);
	CHECK_EQ(q.sdiag_protocol, 17);
	CHECK_EQ(q.idiag_states, 128);
	CHECK_EQ(q.idiag_ext, 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1) | 1 << (INET_DIAG_SKMEMINFO - 1));
	CHECK_EQ(offsetof(struct tcp_info, tcpi_total_retrans), 100);
	CHECK_EQ(offsetof(struct tcp_info, tcpi_delivery_rate), 160);
	CHECK_EQ(offsetof(struct tcp_info, tcpi_bytes_retrans), 208);
}

static void conditions_of_lsof(void)
{
	struct diag_socket listener = a_socket(DIAG_TCP, DIAG_LISTEN, "127.0.0.1:80", "0.0.0.0:0");
	struct diag_socket there = a_socket(DIAG_TCP, DIAG_ESTABLISHED, "10.0.0.1:5000", "10.9.0.1:80");
	struct diag_socket dns = a_socket(DIAG_UDP, DIAG_CLOSE, "[::1]:53", "[::]:0");

	CHECK(PARSE("-iTCP:80") && sockets_match(&o, &listener) && sockets_match(&o, &there) && !sockets_match(&o, &dns));
	CHECK(PARSE("-i", ":www", "-sTCP:LISTEN") && sockets_match(&o, &listener) && !sockets_match(&o, &there));
	CHECK(PARSE("-s", "tcp:^LISTEN") && !sockets_match(&o, &listener) && sockets_match(&o, &there) && sockets_match(&o, &dns));
	CHECK(PARSE("-i6UDP", "-i@10.9.0.1:1-100") && !sockets_match(&o, &listener) && sockets_match(&o, &there) && sockets_match(&o, &dns));
	CHECK(PARSE("-i@[::1]:53") && sockets_match(&o, &dns));
	CHECK(PARSE("-i", "state", "listening") && sockets_match(&o, &listener) && !sockets_match(&o, &there));
	CHECK(!PARSE("-iSCTP") && err.len > 0);
	CHECK(!PARSE("-sTCP:FOO") && err.len > 0);
	CHECK(!PARSE("-unobody-knows") && !PARSE("-p", "x") && !PARSE("--jsn") && !PARSE("-c"));
}

static void conditions_of_ss(void)
{
	struct diag_socket s = a_socket(DIAG_TCP, DIAG_ESTABLISHED, "10.0.0.1:5000", "10.9.0.1:443");

	CHECK(PARSE("state", "established", "dport", "=", ":https") && sockets_match(&o, &s));
	CHECK(PARSE("( sport = :22 or dport = :443 ) and not dst 10.9.0.0/24") && !sockets_match(&o, &s));
	CHECK(PARSE("sport>=:5000 sport<5001 src 10.0.0.0/8") && sockets_match(&o, &s));
	CHECK(PARSE("sport > :5000 or sport < :5000 or dport != :443") && !sockets_match(&o, &s));
	CHECK(PARSE("dst", "10.9.0.1:443", "exclude", "time-wait") && sockets_match(&o, &s));
	CHECK(PARSE("sport > 65535 or sport < 0") && !sockets_match(&o, &s));
	CHECK(!PARSE("state") && !PARSE("( sport = :1") && !PARSE("sport = :70000") && !PARSE("sport = :1 )") && !PARSE("foo"));
	CHECK(PARSE("sport = :443 or sport = 443") && sockets_port_asked(&o) == 443);
	CHECK(PARSE(":80", "--explain") && sockets_port_asked(&o) == 80 && o.explain);
	char deep[600];
	memset(deep, '(', sizeof deep - 1), deep[sizeof deep - 1] = '\0';
	CHECK(!PARSE(deep));
}

static void asks_only_for_what_may_match(void)
{
	struct diag_question q;

	CHECK(PARSE("-i4TCP", "state", "listening"));
	CHECK(sockets_wanted(&o, 0, &q) && q.family == 4 && q.protocol == DIAG_TCP && q.states == 1u << DIAG_LISTEN);
	for (size_t i = 1; i < 4; i++) CHECK(sockets_wanted(&o, i, &q) && q.states == 0);
	CHECK(!sockets_wanted(&o, 4, &q));
}

static void chooses_processes(void)
{
	struct sockets_process p = { .pid = 12, .uid = 33, .command = "nginx" };

	CHECK(PARSE("-c", "apache,ngi") && sockets_choose(&o, &names, &p));
	CHECK(PARSE("-c^nginx") && !sockets_choose(&o, &names, &p));
	CHECK(PARSE("-p1,12", "-uwww") && sockets_choose(&o, &names, &p));
	CHECK(PARSE("-u^33") && !sockets_choose(&o, &names, &p));
	CHECK(PARSE("-p", "^12") && !sockets_choose(&o, &names, &p));
}

static struct sockets_row row[3];
static struct sockets_owner owner[] = { { 0, SOCKETS_NONE, 3 }, { 0, SOCKETS_NONE, 4 } };
static struct sockets_process process = { .pid = 7, .uid = 33, .command = "srv\"\x1b", .chosen = true, .used = 10, .soft = 40,
	.hard = UINT64_MAX, .counted = true, .limited = true };
static const struct sockets_table table = { row, 3, owner, 2, &process, 1, 0, 1024, 32768, 60999, &names };

static const char *printed(void)
{
	static char out[8192];
	struct text t = text_in(out, sizeof out);

	row[0] = (struct sockets_row){ a_socket(DIAG_TCP, DIAG_LISTEN, "0.0.0.0:80", "0.0.0.0:0"), 0 };
	row[1] = (struct sockets_row){ a_socket(DIAG_TCP, DIAG_ESTABLISHED, "127.0.0.1:80", "127.0.0.1:5000"), 1 };
	row[2] = (struct sockets_row){ a_socket(DIAG_TCP, DIAG_TIME_WAIT, "127.0.0.1:80", "127.0.0.1:5001"), SOCKETS_NONE };
	row[2].socket.inode = 0;
	row[2].socket.timer_ms = 30000;
	sockets_print(&o, &table, &t);
	return out;
}

static void says_it_in_words(void)
{
	CHECK(PARSE("--explain"));
	const char *out = printed();
	CHECK(strstr(out, "www          3 IPv4 TCP   LISTEN") == NULL && strstr(out, "0.0.0.0:http") != NULL);
	CHECK(strstr(out, "srv\"\\x1b (pid 7, user www, fd 3) listens at every IPv4 address.") != NULL);
	CHECK(strstr(out, "1 more socket is at the same port") != NULL);
	CHECK(strstr(out, "1 in TIME_WAIT, held by no process") != NULL && strstr(out, "for 30 s more") != NULL);
	CHECK(PARSE("-n", "-p", "8") && strcmp(printed(), "") != 0); /* chosen is the caller's to set */
	CHECK(strstr(printed(), "0.0.0.0:80") != NULL);
	CHECK(PARSE("--json"));
	CHECK(strstr(printed(), "\"command\":\"srv\\\"\\u001b\"") != NULL);
	CHECK(PARSE("--limits"));
	CHECK(strstr(printed(), "unlimited   25%") != NULL);
}

static void reads_limits(void)
{
	uint64_t soft, hard;
	CHECK(processes_parse_limits(bytes_of("Max processes 1 2 p\nMax open files            1024      unlimited   files\n"), &soft, &hard));
	CHECK(soft == 1024 && hard == PROCESS_NO_LIMIT);
	CHECK(!processes_parse_limits(bytes_of("Max open files   "), &soft, &hard));
	CHECK(!processes_parse_limits((struct bytes){ NULL, 0 }, &soft, &hard));
}

int main(void)
{
	TEST(reads_what_a_kernel_said);
	TEST(every_prefix_ends_early);
	TEST(asks_as_the_kernel_reads);
	TEST(conditions_of_lsof);
	TEST(conditions_of_ss);
	TEST(asks_only_for_what_may_match);
	TEST(chooses_processes);
	TEST(says_it_in_words);
	TEST(reads_limits);
	return tap_end();
}
