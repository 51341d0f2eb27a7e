/* SPDX-License-Identifier: ISC */
/* nslookup's words and settings; its look-ups and sessions over our own stacks on one wire. What is typed comes over a
 * connection from the last host.
 *
 *     10.0.0.1 a name server     10.0.0.2 who asks     10.0.0.3 nobody listens     10.0.0.4 who types
 */
#include "lan_tool.h"
#include "tool/dns/nslookup_parts.h"

enum { SERVER, ASKER, OTHER, TYPIST };

static const char zone[] = "$ORIGIN example.com.\n$TTL 300\n@ SOA ns h 1 2 3 4 60\n@ NS ns\nns A 10.0.0.1\nwww A 10.1.0.1\nwww AAAA 2001:db8::1\n"
                           "@ MX 10 mail\nmail A 10.1.0.25\nsix AAAA 2001:db8::6\nxn--bcher-kva A 10.1.0.9\n";

static struct file file_open(struct files *f, const char *path)
{
	(void)f;
	if (strcmp(path, "example.com") != 0) return (struct file){ .kind = FILES_NONE };
	return (struct file){ .kind = FILES_FILE, .size = strlen(zone), .handle = 1 };
}
static size_t file_read(struct files *f, const struct file *file, uint64_t offset, struct room room)
{
	(void)f;
	size_t n = size_min(room.len, file->size - offset);
	memcpy(room.at, zone + offset, n);
	return n;
}
static void file_close(struct files *f, struct file *file) { (void)f, (void)file; }
static const struct files_ops file_ops = { .open = file_open, .read = file_read, .close = file_close };
static struct files files = { .ops = &file_ops };

static bool served(void)
{
	lan_hosts(4);
	lan_files = &files;
	return lan_tool(SERVER, "dns serve --zone example.com --no-rotate");
}

static net_id typist(void)
{
	struct addr at = { .ip = ip4_any(), .port = 9 }, to = { .ip = ip4_of(0x0a000001 + ASKER), .port = 9 };
	struct net_event ev;
	net_id listener = net_listen(lan_net(ASKER), &at), far = net_connect(lan_net(TYPIST), &to);

	lan.app[ASKER].event = NULL;
	lan_run_for(SECOND / 10);
	bool came = lan_next_is(ASKER, NET_ACCEPTED, &ev) && ev.on == listener;
	assert(came);
	lan_input[ASKER] = ev.id;
	net_finish(lan_net(ASKER), listener);
	return far;
}

static void type(net_id far, const char *words)
{
	while (*words != '\0') {
		size_t n = net_send(lan_net(TYPIST), far, bytes_of(words));
		words += n;
		lan_run_for(SECOND / 1000);
	}
}

/* --- settings --- */

static struct settings settings;

static enum set_what set(const char *word, char why[200])
{
	struct text t = text_in(why, 200);
	return settings_set(&settings, word, &t);
}

static void settings_by_their_words(void)
{
	struct tool_env env = { .server_port = 53 };
	char why[200];
	static const struct { const char *word; bool *flag, value; } flags[] = {
		{ "recurse", &settings.recurse, true }, { "norecurse", &settings.recurse, false }, { "rec", &settings.recurse, true },
		{ "norec", &settings.recurse, false }, { "NoRecurs", &settings.recurse, false }, { "vc", &settings.vc, true }, { "novc", &settings.vc, false },
		{ "deb", &settings.debug, true }, { "nodeb", &settings.debug, false }, { "d2", &settings.d2, true }, { "nod2", &settings.d2, false },
		{ "sea", &settings.search, true }, { "nosea", &settings.search, false }, { "def", &settings.search, true }, { "nodefname", &settings.search, false },
		{ "fail", &settings.fail, true }, { "nofai", &settings.fail, false }, { "idn", &settings.unicode, true }, { "noidn", &settings.idn, false },
		{ "json", &settings.json, true }, { "nojson", &settings.json, false },
	};
	static const char *const wrong[] = { "", "r", "re", "nore", "v", "d", "nod", "debugg", "se", "al", "alll", "type", "typ=a", "=", "x=", "no" };

	settings_init(&settings, &env);
	CHECK(settings.type == DNS_A && !settings.typed && settings.search && settings.recurse && settings.idn && !settings.unicode && settings.port == 53);
	for (size_t i = 0; i < COUNT(flags); i++) {
		*flags[i].flag = !flags[i].value;
		CHECK_EQ(set(flags[i].word, why), SET_DONE);
		CHECK(*flags[i].flag == flags[i].value);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		CHECK_EQ(set(wrong[i], why), SET_WRONG);
		CHECK(strncmp(why, "*** Invalid option: ", 20) == 0 && strcmp(why + 20, wrong[i]) == 0);
	}
	CHECK(set("all", why) == SET_ALL && set("ALL", why) == SET_ALL);
}

static void settings_with_values(void)
{
	struct tool_env env = { .server_port = 53 };
	char why[200], out[600];
	struct text t = text_in(out, sizeof out);
	static const char *const types[] = { "type=mx", "TY=mx", "querytype=mx", "query=mx", "qu=mx", "q=mx" };
	static const struct { const char *word, *why; } wrong[] = {
		{ "type=nix", "unknown query type: nix" }, { "class=nix", "unknown query class: nix" }, { "port=0", "invalid port '0': out of range" },
		{ "port=65536", "invalid port '65536': out of range" }, { "po=99999999999999999999", "invalid port '99999999999999999999': out of range" },
		{ "port=", "invalid port '': not a valid number" }, { "timeout=-1", "invalid timeout '-1': not a valid number" },
		{ "t=3601", "invalid timeout '3601': out of range" }, { "retry=1x", "invalid tries '1x': not a valid number" },
		{ "ndots=129", "invalid ndots '129': out of range" }, { "domain=a..b", "'a..b' is no domain name: a label is empty" },
		{ "type=axfr", "a whole zone is not asked for here: `tulle dig` can (axfr)" },
	};

	for (size_t i = 0; i < COUNT(types); i++) {
		settings_init(&settings, &env);
		CHECK(set(types[i], why) == SET_DONE && settings.type == DNS_MX && settings.typed);
	}
	CHECK(set("cl=ch", why) == SET_DONE && settings.class == DNS_CH);
	CHECK(set("po=5353", why) == SET_DONE && set("ti=7", why) == SET_DONE && set("ret=2", why) == SET_DONE && set("ndots=4", why) == SET_DONE);
	CHECK(set("srchlist=a.example/bücher.example", why) == SET_DONE && set("vc", why) == SET_DONE);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		CHECK_EQ(set(wrong[i].word, why), SET_WRONG);
		CHECK_STR(why, wrong[i].why);
	}
	settings_show(&settings, &t); /* nothing of what was wrong is in it */
	CHECK_STR(out, "\nSet options:\n  vc\t\t\tnodebug\t\tnod2\n  search\t\trecurse\n  timeout = 7\t\tretry = 2\tport = 5353\tndots = 4\n"
	          "  querytype = mx      \tclass = ch\n  srchlist = a.example/xn--bcher-kva.example\n");
	char many[SYSTEM_SEARCH_MAX * 2 + 20] = "srchlist=a";
	for (int i = 0; i < SYSTEM_SEARCH_MAX; i++) strcat(many, "/a");
	CHECK(set(many, why) == SET_WRONG && strstr(why, "too many") != NULL && settings.resolv.searches == 2);
	CHECK_STR(settings_nearest("typ=mx"), "type");
	CHECK_STR(settings_nearest("norecusre"), "norecurse");
	CHECK(settings_nearest("something-else") == NULL);
}

static void sentences(void)
{
	static const struct { struct dns_told told; const char *words; } facts[] = {
		{ { .status = DNS_STATUS_NO_NAME, .name = "n", .server = "s" }, "n: there is no such name (s says so)" },
		{ { .status = DNS_STATUS_NO_NAME, .name = "n", .server = "s", .authoritative = true }, "n: there is no such name (s says so, which is responsible for it)" },
		{ { .status = DNS_STATUS_NO_DATA, .name = "n" }, "n: the name exists, but has no address" },
		{ { .status = DNS_STATUS_NO_DATA, .name = "n", .type = DNS_AAAA }, "n: the name exists, but has no IPv6 address (AAAA)" },
		{ { .status = DNS_STATUS_NO_DATA, .name = "n", .type = 65280 }, "n: the name exists, but has no records of type TYPE65280" },
		{ { .status = DNS_STATUS_NOT_A_NAME, .name = "a..b", .why = "w" }, "'a..b' is no domain name: w" },
		{ { .status = DNS_STATUS_REFUSED, .name = "n", .server = "s", .rcode = DNS_FORMERR }, "n: s does not understand the question (FORMERR)" },
		{ { .status = DNS_STATUS_REFUSED, .name = "n", .server = "s", .rcode = 9 }, "n: s answers with an error (NOTAUTH, 9)" },
		{ { .status = DNS_STATUS_ANSWERED }, "" }, { { .status = DNS_STATUS_FAILED }, "" },
	};
	char out[300];

	for (size_t i = 0; i < COUNT(facts); i++) {
		struct text t = text_in(out, sizeof out);
		dns_status_tell(&t, &facts[i].told);
		CHECK_STR(out, facts[i].words);
	}
	CHECK(dns_status_of(DNS_NOERROR, true) == 0 && dns_status_of(DNS_NOERROR, false) == 3 && dns_status_of(DNS_NXDOMAIN, false) == 2);
	CHECK(dns_status_of(DNS_SERVFAIL, false) == 4 && dns_status_of(DNS_REFUSED, false) == 7 && dns_status_of(23, false) == 7);
}

/* A tag that is none, in a class that nobody checks: a terminal must not be told what to do by it. */
static void bytes_stay_bytes(void)
{
	static const uint8_t answer[] = { 0, 1, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 'a', 0, 1, 1, 0, 254, 0, 0, 0, 0, 0, 5, 0, 3, 0x1b, '[', 'A' };
	struct dns_message m;
	char out[300];
	struct text t = text_in(out, sizeof out);

	CHECK_EQ(dns_parse((struct bytes){ answer, sizeof answer }, &m), DROP_NONE);
	print_records(&t, &m, DNS_ANSWER, true);
	CHECK_STR(out, "a\trdata_257 = \\# 5 00031B5B41\n");
}

/* --- look-ups --- */

#define HEAD "Server:\t\t10.0.0.1\nAddress:\t10.0.0.1#53\n\n"

static int asks(const char *words)
{
	lan_input[ASKER] = 0;
	if (!lan_tool(ASKER, words) || !lan_tool_ends(ASKER)) return -1;
	return on[ASKER].tool->status;
}

static void look_ups_end_as_they_should(void)
{
	CHECK(served());
	CHECK_EQ(asks("nslookup www.example.com 10.0.0.1"), 0);
	CHECK_STR(on[ASKER].out, HEAD "Name:\twww.example.com\nAddress: 10.1.0.1\nName:\twww.example.com\nAddress: 2001:db8::1\n\n");
	CHECK(measured(ASKER, "answers") == 2 && measured(ASKER, "address") == 0x0a010001);
	CHECK_EQ(asks("nslookup nix.example.com 10.0.0.1"), DNS_STATUS_NO_NAME);
	CHECK_STR(on[ASKER].out, HEAD "** server can't find nix.example.com: NXDOMAIN\n\n");
	CHECK_STR(on[ASKER].err, "nslookup: nix.example.com: there is no such name (10.0.0.1 says so, which is responsible for it)\n");
	CHECK_EQ(asks("nslookup -type=a six.example.com 10.0.0.1"), DNS_STATUS_NO_DATA);
	CHECK_EQ(asks("nslookup six.example.com 10.0.0.1"), 0);
	CHECK_EQ(asks("nslookup www.example.org 10.0.0.1"), DNS_STATUS_REFUSED);
	CHECK_EQ(asks("nslookup -timeout=1 www.example.com 10.0.0.77"), DNS_STATUS_NO_SERVER); /* no such host */
	CHECK(said(ASKER, "no servers could be reached"));
	CHECK_EQ(asks("nslookup www.example.com 10.0.0.3"), DNS_STATUS_NO_SERVER);
	CHECK(said(ASKER, ";; communications error to 10.0.0.3#53: connection refused\n;; communications error"));
	CHECK_EQ(asks("nslookup -vc www.example.com 10.0.0.1"), 0);
	CHECK_EQ(asks("nslookup -vc www.example.com 10.0.0.3"), DNS_STATUS_NO_SERVER);
	CHECK(said(ASKER, ";; Connection to 10.0.0.3#53(10.0.0.3) for www.example.com failed: connection refused.\n;; no servers"));
	CHECK_EQ(asks("nslookup www.example.com"), DNS_STATUS_NO_SERVER); /* none is known */
	CHECK_EQ(asks("nslookup Bücher.example.com 10.0.0.1"), 0);
	CHECK(said(ASKER, "Name:\txn--bcher-kva.example.com\nAddress: 10.1.0.9\n"));
	CHECK(!lan_tool(ASKER, "nslookup a..b 10.0.0.1") && on[ASKER].env.status == DNS_STATUS_NOT_A_NAME);
	CHECK(!lan_tool(ASKER, "nslookup") && on[ASKER].env.status == TOOL_USAGE && complained(ASKER, "no input"));
}

static bool lose_some(unsigned number, struct bytes frame)
{
	static struct rng rng;
	if (rng.used == 0 && rng.block == 0) rng_init_number(&rng, 5);
	(void)number, (void)frame;
	return rng_chance(&rng, 100000000);
}

static void a_bad_wire_is_asked_again(void)
{
	CHECK(served());
	lan.spoil = lose_some;
	for (int i = 0; i < 30; i++) CHECK_EQ(asks("nslookup -timeout=1 -retry=20 www.example.com 10.0.0.1"), 0);
	for (int i = 0; i < 10; i++) CHECK_EQ(asks("nslookup -vc -timeout=30 -retry=20 www.example.com 10.0.0.1"), 0);
}

/* --- sessions --- */

static void a_line_after_another(void)
{
	CHECK(served());
	net_id far = typist();
	CHECK(lan_tool(ASKER, "nslookup - 10.0.0.1"));
	type(far, "www.exam");
	lan_run_for(SECOND);
	CHECK_STR(on[ASKER].out, "");
	type(far, "ple.com\r\n\n  \nset type=mx\nexample.com\nset all\nSET q=a\nwww.example.com\n10.9.9.9"); /* all at once */
	net_finish(lan_net(TYPIST), far);
	CHECK(lan_tool_ends(ASKER));
	CHECK_STR(on[ASKER].out, HEAD "Name:\twww.example.com\nAddress: 10.1.0.1\nName:\twww.example.com\nAddress: 2001:db8::1\n"
	          HEAD "example.com\tmail exchanger = 10 mail.example.com.\nDefault server: 10.0.0.1\nAddress: 10.0.0.1#53\n"
	          "\nSet options:\n  novc\t\t\tnodebug\t\tnod2\n  search\t\trecurse\n  timeout = 0\t\tretry = 3\tport = 53\tndots = 1\n"
	          "  querytype = mx      \tclass = IN\n  srchlist = \n"
	          HEAD "Name:\twww.example.com\nAddress: 10.1.0.1\n"
	          HEAD "** server can't find 9.9.9.10.in-addr.arpa: REFUSED\n\n");
	CHECK_EQ(on[ASKER].tool->status, DNS_STATUS_REFUSED);
	CHECK_STR(on[ASKER].err, "");
}

static void what_a_session_does_not_know(void)
{
	CHECK(served());
	net_id far = typist();
	CHECK(lan_tool(ASKER, "nslookup -"));
	type(far, "www.example.com\nserver\nserver ns.example.com\nserver 10.0.0.1\nset\nset foo\nls x\nserver ns.example.com\nmail.example.com ns.example.com\n"
	          "a..b\nset typ=mx\nsevrer\nnix\nserver -ü\nserver fe80::1%nix\nserver fe80::1%2\nserver 10.0.0.1\nserver nix.example.com\nserver example.com\n");
	lan_run_for(20 * SECOND);
	CHECK(said(ASKER, ";; no servers could be reached\nDefault server: none is known"));
	CHECK(said(ASKER, "Default server: 10.0.0.1\nAddress: 10.0.0.1#53\n*** What is to be set?"));
	CHECK(said(ASKER, "*** Invalid option: foo\nThe 'ls' command is not implemented.\nDefault server: ns.example.com\nAddress: 10.0.0.1#53\n"));
	CHECK(said(ASKER, "Server:\t\tns.example.com\nAddress:\t10.0.0.1#53\n\nName:\tmail.example.com\n"));
	CHECK(complained(ASKER, "couldn't get address for 'ns.example.com': no name server is known\n"));
	CHECK(complained(ASKER, "'a..b' is no domain name: a label is empty\n"));
	CHECK(complained(ASKER, "couldn't get address for '-ü': a label has a hyphen"));
	CHECK(complained(ASKER, "did you mean `set type`?\n") && complained(ASKER, "'sevrer' was taken for a name; did you mean the command `server`?\n"));
	CHECK(!complained(ASKER, "'nix' was taken"));
	CHECK(complained(ASKER, "couldn't get address for 'fe80::1%nix': after % stands an interface"));
	CHECK(said(ASKER, "Default server: fe80::1%2\nAddress: fe80::1%2#53\n"));
	CHECK(complained(ASKER, "couldn't get address for 'nix.example.com': not found\n"));
	CHECK(complained(ASKER, "couldn't get address for 'example.com': it has none\n"));
	CHECK(!on[ASKER].tool->done);
	type(far, "EXIT\nwww.example.com\n");
	CHECK(lan_tool_ends(ASKER) && on[ASKER].tool->status == TOOL_FAILED);
	CHECK(!said(ASKER, "www.example.com: NXDOMAIN"));
}

static void lines_of_any_length(void)
{
	static char line[100000];

	CHECK(served());
	net_id far = typist();
	CHECK(lan_tool(ASKER, "nslookup - 10.0.0.1"));
	for (size_t len = NSLOOKUP_LINE_MAX - 2; len <= NSLOOKUP_LINE_MAX; len++) {
		on[ASKER].err_text.len = 0;
		on[ASKER].err[0] = '\0';
		memset(line, 'a', len);
		strcpy(line + len, "\n");
		type(far, line);
		lan_run_for(SECOND);
		CHECK(complained(ASKER, len < NSLOOKUP_LINE_MAX ? "a label is longer than 63 bytes" : "a line is longer than 1099 bytes"));
	}
	memset(line, 'b', sizeof line - 1);
	type(far, line);
	type(far, "\nsix.example.com");
	net_finish(lan_net(TYPIST), far);
	CHECK(lan_tool_ends(ASKER) && said(ASKER, "Address: 2001:db8::6\n\n") && on[ASKER].tool->status == DNS_STATUS_NOT_A_NAME);
}

static void it_can_be_stopped_at_any_time(void)
{
	for (int steps = 0; steps < 12; steps++) {
		CHECK(served());
		net_id far = typist();
		CHECK(lan_tool(ASKER, "nslookup -vc - 10.0.0.1"));
		type(far, "www.example.com\nmail.example.com\n");
		lan_run_for(steps * (SECOND / 2000));
		CHECK(!on[ASKER].tool->done);
		on[ASKER].tool->stop(on[ASKER].tool);
		CHECK(on[ASKER].tool->done);
		lan_run_for(SECOND); /* what still comes is nobody's */
		lan_tools_end();
	}
	CHECK(served());
	typist();
	CHECK(lan_tool(ASKER, "nslookup - ns.example.com")); /* nobody to ask for it */
	CHECK(lan_tool_ends(ASKER) && on[ASKER].tool->status == DNS_STATUS_NO_SERVER);
}

static void too_little_memory_is_told(void)
{
	CHECK(served());
	for (size_t bytes = 0; bytes < 200000; bytes += 3000) {
		struct lan_tool *a = &on[ASKER];
		CHECK(lan_tool(ASKER, "nslookup a..b 10.0.0.1") == false); /* a fresh environment */
		arena_init(&a->arena, (struct room){ a->memory, bytes });
		a->tool = tool_open(3, (const char *const[]){ "nslookup", "www.example.com", "10.0.0.1" }, &a->env);
		if (a->tool == NULL) {
			CHECK(a->env.status == TOOL_FAILED && complained(ASKER, "not enough memory"));
			continue;
		}
		lan.app[ASKER] = a->tool->app;
		CHECK(lan_tool_ends(ASKER));
		CHECK(a->tool->status == TOOL_OK || (a->tool->status == TOOL_FAILED && complained(ASKER, "not enough memory")));
	}
	CHECK_EQ(on[ASKER].tool->status, TOOL_OK);
}

#define NSLOOKUP_TEST(function) do { TEST(function); lan_tools_end(); } while (0)

int main(void)
{
	TEST(settings_by_their_words);
	TEST(settings_with_values);
	TEST(sentences);
	TEST(bytes_stay_bytes);
	NSLOOKUP_TEST(look_ups_end_as_they_should);
	NSLOOKUP_TEST(a_bad_wire_is_asked_again);
	NSLOOKUP_TEST(a_line_after_another);
	NSLOOKUP_TEST(what_a_session_does_not_know);
	NSLOOKUP_TEST(lines_of_any_length);
	NSLOOKUP_TEST(it_can_be_stopped_at_any_time);
	NSLOOKUP_TEST(too_little_memory_is_told);
	return tap_end();
}
