/* SPDX-License-Identifier: ISC */
/* dig over our own stacks and a virtual clock: its words, its course over servers, names and tries, and what it prints of
 * messages that named would never send. What named does send is compared with the real dig by dig.sh. */
#include "lan_tool.h"

#include "tool/dns/dig.h"
#include "tool/dns/dig_parts.h"

enum { SERVER, CLIENT, NOBODY };

static char crowd[4000]; /* a zone of forty servers */

static const struct { const char *path, *text; } papers[] = {
	{ "crowd.example", crowd },
	{ "example.com", "$ORIGIN example.com.\n$TTL 300\n@ SOA ns hostmaster 7 3600 600 86400 60\n@ NS ns\nns A 10.0.0.1\nwww A 10.1.0.1\n"
	                 "www AAAA 2001:db8::1\nmail MX 10 www\nweb CNAME www\n" },
	{ "reverse", "$ORIGIN 0.0.10.in-addr.arpa.\n$TTL 300\n@ SOA ns.example.com. h.example.com. 1 2 3 4 5\n@ NS ns.example.com.\n1 PTR ns.example.com.\n" },
	{ "names", "www.example.com\n\n  # a comment\n-x 10.0.0.1\nmail.example.com MX +noall +answer" },
	{ "bad", "www.example.com +nonsense\n" },
};

static struct file paper_open(struct files *f, const char *path)
{
	(void)f;
	for (size_t i = 0; i < COUNT(papers); i++)
		if (strcmp(path, papers[i].path) == 0) return (struct file){ .kind = FILES_FILE, .size = strlen(papers[i].text), .handle = i + 1 };
	return (struct file){ .kind = FILES_NONE };
}
static size_t paper_read(struct files *f, const struct file *file, uint64_t offset, struct room room)
{
	(void)f;
	size_t n = size_min(room.len, file->size - offset);
	memcpy(room.at, papers[file->handle - 1].text + offset, n);
	return n;
}
static void paper_close(struct files *f, struct file *file) { (void)f, (void)file; }
static const struct files_ops paper_ops = { .open = paper_open, .read = paper_read, .close = paper_close };
static struct files paper_files = { .ops = &paper_ops };

static void start(void)
{
	struct text t = text_in(crowd, sizeof crowd);

	text_puts(&t, "$ORIGIN crowd.example.\n$TTL 300\n@ SOA ns0 h 1 2 3 4 5\n");
	for (int i = 0; i < 40; i++) text_printf(&t, "@ NS ns%d\nns%d A 10.0.0.1\n", i, i);
	lan_files = &paper_files;
	lan_hosts(3);
	bool serves = lan_tool(SERVER, "dns serve --listen 10.0.0.1 --no-rotate --zone example.com --zone reverse --zone crowd.example");
	assert(serves);
}

/* Runs it to its end; its status. */
static int dig(const char *words)
{
	if (!lan_tool(CLIENT, words)) return on[CLIENT].env.status;
	return lan_tool_ends(CLIENT) ? on[CLIENT].tool->status : -1;
}

static unsigned times(const char *all, const char *what)
{
	unsigned n = 0;
	for (const char *p = all; (p = strstr(p, what)) != NULL; p += strlen(what)) n++;
	return n;
}

static void an_answer_and_its_shape(void)
{
	start();
	CHECK_EQ(dig("dig @10.0.0.1 www.example.com +nocookie"), 0);
	CHECK(said(CLIENT, "\n; <<>> tulle dig <<>> @10.0.0.1 www.example.com +nocookie\n; (1 server found)\n;; global options: +cmd\n;; Got answer:\n"));
	CHECK(said(CLIENT, ";; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1\n;; WARNING: recursion requested but not available\n\n"));
	CHECK(said(CLIENT, ";; QUESTION SECTION:\n;www.example.com.\t\tIN\tA\n\n;; ANSWER SECTION:\nwww.example.com.\t300\tIN\tA\t10.1.0.1\n\n"));
	CHECK(said(CLIENT, ";; SERVER: 10.0.0.1#53(10.0.0.1) (UDP)\n;; WHEN: Sun Nov 06 08:49:3"));
	CHECK(measured(CLIENT, "answers") == 1 && measured(CLIENT, "failures") == 0);
	CHECK_EQ(dig("dig @10.0.0.1 +short +tcp www.example.com aaaa -x 10.0.0.1 in mail.example.com mx"), 0);
	CHECK_STR(on[CLIENT].out, "2001:db8::1\nns.example.com.\n10 www.example.com.\n");
	CHECK_EQ(dig("dig @10.0.0.1 +short WWW.example.com nix.example.com"), 0);
	CHECK_STR(on[CLIENT].out, "10.1.0.1\n");
}

static void words_that_are_wrong(void)
{
	static const struct { const char *words, *why; } wrong[] = {
		{ "dig +shrot", "did you mean +short?" }, { "dig +sho x", "there is no word +sho" },
		{ "dig -Z", "there is no option -Z" }, { "dig -p 0 x", "-p takes a port" }, { "dig -p x", "-p takes a port" },
		{ "dig x -t", "-t takes a value" }, { "dig -x www", "-x takes an address" }, { "dig -b here x", "-b takes ADDRESS" },
		{ "dig -b 10.0.0.2#70000 x", "-b takes ADDRESS" }, { "dig x +tries", "+tries takes a number" }, { "dig x +tries=256", "+tries takes a number" },
		{ "dig x +time=soon", "+time takes a time" }, { "dig x +ednsopt", "+ednsopt takes a code" }, { "dig x +ednsopt=7:0", "+ednsopt takes CODE" },
		{ "dig x +ednsopt=7:zz", "+ednsopt takes CODE" }, { "dig x +subnet=10.0.0.1/33", "+subnet takes an address" },
		{ "dig x +cookie=0102", "+cookie takes 8 to 40" }, { "dig x +opcode=JUMP", "+opcode takes QUERY" }, { "dig x +bufsize=65536", "+bufsize takes" },
		{ "dig x +https=dns", "+https takes a path" }, { "dig x +domain=a..b", "+domain takes" }, { "dig a..b", "'a..b' is not a legal name" },
		{ "dig x +padding=513", "+padding takes" }, { "dig x +edns=256", "+edns takes" }, { "dig x +qid=65536", "+qid takes" },
	};
	start();
	for (size_t i = 0; i < COUNT(wrong); i++) {
		int status = dig(wrong[i].words);
		bool right = status == TOOL_USAGE && complained(CLIENT, wrong[i].why);
		if (!right) printf("# %s: %d, %s\n", wrong[i].words, status, on[CLIENT].err);
		CHECK(right);
	}
	CHECK_EQ(dig("dig -h"), 0);
	CHECK(said(CLIENT, "usage: tulle dig"));
	CHECK_EQ(dig("dig -v"), 0);
	CHECK_EQ(dig("dig -f nowhere"), DIG_NO_FILE);
	CHECK_EQ(dig("dig -f bad"), TOOL_USAGE);
}

static void a_file_of_names(void)
{
	start();
	CHECK_EQ(dig("dig @10.0.0.1 -f names"), 0);
	CHECK(times(on[CLIENT].out, "; <<>> tulle dig <<>>") == 2 && times(on[CLIENT].out, ";; global options") == 1);
	CHECK(said(CLIENT, "<<>> -x 10.0.0.1\n") && said(CLIENT, "PTR\tns.example.com.") && said(CLIENT, "MX\t10 www.example.com.\n"));
}

static void nobody_answers(void)
{
	start();
	instant from = lan.now;
	CHECK_EQ(dig("dig @10.0.0.77 www.example.com"), DIG_NO_REPLY);
	CHECK(lan.now - from >= 3 * SECOND && times(on[CLIENT].out, ";; communications error to 10.0.0.77#53: ") == 3);
	CHECK(said(CLIENT, ";; no servers could be reached\n") && measured(CLIENT, "failures") == 1);
	CHECK_EQ(dig("dig @10.0.0.3 www.example.com +tries=2"), DIG_NO_REPLY);
	CHECK(times(on[CLIENT].out, ";; communications error to 10.0.0.3#53: connection refused\n") == 2);
	CHECK_EQ(dig("dig @10.0.0.3 www.example.com +retry=0 +tcp"), DIG_NO_REPLY);
	CHECK(times(on[CLIENT].out, ";; Connection to 10.0.0.3#53(10.0.0.3) for www.example.com failed: connection refused.\n") == 1);
	CHECK_EQ(dig("dig @nix.example.com www.example.com"), DIG_NO_REPLY);
	CHECK(complained(CLIENT, "couldn't get address for 'nix.example.com'"));
	CHECK_EQ(dig("dig @10.0.0.1 -6 www.example.com"), DIG_NO_REPLY);
	CHECK_EQ(dig("dig @10.0.0.3 www.example.com +tries=1 www.example.com @10.0.0.1 +short"), DIG_NO_REPLY); /* the worst of all */
	CHECK(said(CLIENT, "10.1.0.1\n"));
}

/* The system's servers, one after another, round after round. */
static void several_servers(void)
{
	struct query_want want;
	struct dig *d = calloc(1, sizeof *d);
	struct dig_lookup l = { .want = { .tries = 2, .question = { .type = DNS_ANY } } };

	CHECK(d != NULL);
	start();
	on[CLIENT].env.rng = &on[CLIENT].rng;
	rng_init_number(&on[CLIENT].rng, 1);
	d->env = &on[CLIENT].env;
	d->servers = 2;
	d->server[0].ip = lan_ip("10.0.0.1"), d->server[1].ip = lan_ip("10.0.0.3");
	d->next_server = 1;
	dig_want(d, &l, &want);
	CHECK(want.tries == 1 && ip_equal(want.server.ip, lan_ip("10.0.0.3")) && want.way == QUERY_TCP); /* ANY goes over TCP */
	l.way_given = true;
	d->servers = 1;
	dig_want(d, &l, &want);
	CHECK(want.tries == 2 && want.way == QUERY_UDP);
	free(d);
}

static void a_search_list(void)
{
	start();
	CHECK_EQ(dig("dig @10.0.0.1 +search +domain=example.com +noall +answer www"), 0);
	CHECK_STR(on[CLIENT].out, "www.example.com.\t300\tIN\tA\t10.1.0.1\n");
	CHECK_EQ(dig("dig @10.0.0.1 +showsearch +domain=example.com +ndots=2 +noall +question nix.nix"), 0);
	CHECK(said(CLIENT, ";nix.nix.example.com.") && said(CLIENT, ";nix.nix.\t"));
	CHECK_EQ(dig("dig @10.0.0.1 +nosearch +noall +question www"), 0);
	CHECK(said(CLIENT, ";www.\t") && !said(CLIENT, "example.com"));
}

static void the_servers_of_a_zone(void)
{
	start();
	lan_server = lan_ip("10.0.0.1");
	CHECK_EQ(dig("dig +nssearch example.com"), 0);
	CHECK(strncmp(on[CLIENT].out, "SOA ns.example.com. hostmaster.example.com. 7 3600 600 86400 60 from server 10.0.0.1 in ", 86) == 0);
	CHECK_EQ(times(on[CLIENT].out, "\n"), 1);
	CHECK_EQ(dig("dig +nssearch crowd.example"), 0);
	CHECK(times(on[CLIENT].out, "SOA ns0.crowd.example. ") == DIG_NSSEARCH_MAX && complained(CLIENT, "more than 32 name servers"));
	CHECK_EQ(dig("dig +noall +stats www.example.com"), 0);
	CHECK(said(CLIENT, ";; SERVER: 10.0.0.1#53(10.0.0.1) (UDP)\n"));
	CHECK_EQ(dig("dig +noall +stats @ns.example.com www.example.com"), 0);
	CHECK(said(CLIENT, ";; SERVER: 10.0.0.1#53(ns.example.com) (UDP)\n"));
}

/* --- what no decent server sends --- */

static char printed[20000];
static struct dns_message message;

static const char *print(struct bytes b, const struct dig_show *show)
{
	static const uint8_t cookie[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct text t = text_in(printed, sizeof printed);

	dns_parse(b, &message);
	if (message.records_at == 0) return "";
	dig_print_message(&t, &message, show, false, (struct bytes){ cookie, 8 });
	return printed;
}

/* A message with an OPT record of these options, as text that may hold NULs. */
static struct bytes with_options(const char *options, size_t len)
{
	static uint8_t out[600];
	static const uint8_t head[] = { 0, 7, 0x85, 0x80, 0, 1, 0, 0, 0, 0, 0, 1, 1, 'a', 0, 0, 1, 0, 1, 0, 0, 41, 4, 0xd0, 0, 0, 0xc1, 0x23 };
	memcpy(out, head, sizeof head);
	store_be16(out + sizeof head, (uint16_t)len);
	memcpy(out + sizeof head + 2, options, len);
	return (struct bytes){ out, sizeof head + 2 + len };
}
#define OPTIONS(text) with_options(text, sizeof text - 1)

static void options_of_every_kind(void)
{
	const struct dig_show show = DIG_SHOW_ALL;

	CHECK(strstr(print(OPTIONS(""), &show), "; EDNS: version: 0, flags: do co; MBZ: 0x0123, udp: 1232\n;; QUESTION"));
	CHECK(strstr(print(OPTIONS("\0\3\0\6ns-\033[m"), &show), "; NSID: 6e 73 2d 1b 5b 6d (\"ns-.[m\")\n") && strstr(printed, "\033") == NULL);
	CHECK(strstr(print(OPTIONS("\0\3\0\4\xc2\x9b\xc3\xa9"), &show), "\xc2\x9b") == NULL); /* a terminal's CSI in UTF-8 */
	CHECK(strstr(printed, "\xc3\xa9"));
	CHECK(strstr(print(OPTIONS("\0\3\0\2\xff\xfe"), &show), "; NSID: ff fe (\"..\")\n"));
	CHECK(strstr(print(OPTIONS("\0\12\0\20\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10"), &show), "(good)\n"));
	CHECK(strstr(print(OPTIONS("\0\12\0\20\2\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10"), &show), "(bad)\n"));
	CHECK(strstr(print(OPTIONS("\0\12\0\10\1\2\3\4\5\6\7\10"), &show), "; COOKIE: 0102030405060708 (echoed)\n"));
	CHECK(strstr(print(OPTIONS("\0\10\0\7\0\1\30\0\1\2\3"), &show), "; CLIENT-SUBNET: 1.2.3.0/24/0\n"));
	CHECK(strstr(print(OPTIONS("\0\10\0\7\0\1\27\0\1\2\3"), &show), "; CLIENT-SUBNET: 00 01 17 00 01 02 03 \n")); /* a bit behind the prefix */
	CHECK(strstr(print(OPTIONS("\0\17\0\5\0\3foo"), &show), "; EDE: 3 (Stale Answer): (foo)\n"));
	CHECK(strstr(print(OPTIONS("\0\17\0\1\3"), &show), "; EDE: 03 \n"));
	CHECK(strstr(print(OPTIONS("\0\13\0\3\0\0\0"), &show), "; TCP KEEPALIVE: 00 00 00 (\"...\")\n"));
	CHECK(strstr(print(OPTIONS("\0\14\0\2\0\0"), &show), "; PAD: (2 bytes)\n"));
}

static void what_can_be_read_is_shown(void)
{
	const struct dig_show show = DIG_SHOW_ALL;
	static const uint8_t two[] = { 0, 7, 0x85, 0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 1, 0, 1,
	                               0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 1, 0, 2 };
	struct bytes all = { two, sizeof two };

	CHECK(strstr(print(all, &show), "10.1.0.2\n") && strstr(printed, "extra bytes") == NULL);
	for (size_t n = 0; n < all.len; n++) {
		print(bytes_first(all, n), &show);
		if (n < 19) {
			CHECK_EQ(message.records_at, 0);
			continue;
		}
		CHECK(message.records == (n >= 35) && strstr(printed, "ANSWER: 2") && (strstr(printed, "10.1.0.1") != NULL) == (n >= 35));
		CHECK(strstr(printed, "10.1.0.2") == NULL);
	}
}

static void dates(void)
{
	static const struct { int64_t date; const char *text; } known[] = { { 0, "Thu Jan 01 00:00:00 UTC 1970" }, { 784111777, "Sun Nov 06 08:49:37 UTC 1994" },
		{ 951782399, "Mon Feb 28 23:59:59 UTC 2000" }, { 951782400, "Tue Feb 29 00:00:00 UTC 2000" }, { 4107542400, "Mon Mar 01 00:00:00 UTC 2100" } };
	for (size_t i = 0; i < COUNT(known); i++) {
		struct text t = text_in(printed, sizeof printed);
		dig_print_date(&t, known[i].date);
		CHECK_STR(printed, known[i].text);
	}
}

#define LAN_TEST(f) (TEST(f), lan_tools_end())

int main(void)
{
	LAN_TEST(an_answer_and_its_shape);
	LAN_TEST(words_that_are_wrong);
	LAN_TEST(a_file_of_names);
	LAN_TEST(nobody_answers);
	LAN_TEST(several_servers);
	LAN_TEST(a_search_list);
	LAN_TEST(the_servers_of_a_zone);
	TEST(options_of_every_kind);
	TEST(what_can_be_read_is_shown);
	TEST(dates);
	return tap_end();
}
