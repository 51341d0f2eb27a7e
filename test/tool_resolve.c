/* SPDX-License-Identifier: ISC */
/* Names over our own stacks: a root server, one for com and example.com, a resolver, and a client with nslookup and
 * lookups - the tools themselves, on one wire and a virtual clock.
 *
 *     client 10.0.0.1     resolver 10.0.0.53     root 10.0.0.2     com, example.com 10.0.0.3
 */
#include "lan.h"

#include "base/trace.h"
#include "tool/dns/dns_status.h"
#include "tool/lookup.h"
#include "wire/dns.h"

enum { CLIENT, RESOLVER, ROOT, COM };

static const struct { const char *path, *text; } zones[] = {
	{ "root", "$ORIGIN .\n$TTL 9000\n@ SOA a.root. h. 1 2 3 4 60\n@ NS a.root.\na.root. A 10.0.0.2\n"
	          "com. NS ns.com.\nns.com. A 10.0.0.3\n" },
	{ "com", "$ORIGIN com.\n$TTL 9000\n@ SOA ns h 1 2 3 4 60\n@ NS ns\nns A 10.0.0.3\n"
	         "dead NS ns.dead\nns.dead A 10.0.0.99\n" }, /* example.com lies on the same server, so it needs no cut */
	{ "example.com", "$ORIGIN example.com.\n$TTL 300\n@ SOA ns h 1 2 3 4 60\n@ NS ns\nns A 10.0.0.3\n"
	                 "www A 10.1.0.1\nwww A 10.1.0.2\nwww A 10.1.0.3\nwww AAAA 2001:db8::1\nfour A 10.1.0.4\nhalf A 10.0.0.99\nhalf A 10.0.0.3\nmail TXT none\n" },
};

static struct file file_open(struct files *f, const char *path)
{
	(void)f;
	for (size_t i = 0; i < COUNT(zones); i++)
		if (strcmp(path, zones[i].path) == 0)
			return (struct file){ .kind = FILES_FILE, .size = strlen(zones[i].text), .handle = i + 1 };
	return (struct file){ .kind = FILES_NONE };
}
static size_t file_read(struct files *f, const struct file *file, uint64_t offset, struct room room)
{
	(void)f;
	size_t n = size_min(room.len, file->size - offset);
	memcpy(room.at, zones[file->handle - 1].text + offset, n);
	return n;
}
static void file_close(struct files *f, struct file *file) { (void)f, (void)file; }
static const struct files_ops file_ops = { .open = file_open, .read = file_read, .close = file_close };
static struct files files = { .ops = &file_ops };

static struct at {
	struct arena arena;
	void *memory;
	struct rng rng;
	char out[6000], err[600];
	struct text out_text, err_text;
	struct tool_env env;
	struct tool *tool;
} on[LAN_HOSTS_MAX];

static void environment(unsigned h, size_t bytes)
{
	struct at *a = &on[h];
	free(a->memory);
	a->memory = malloc(bytes);
	arena_init(&a->arena, (struct room){ a->memory, bytes });
	rng_init_number(&a->rng, 100 + h);
	a->out_text = text_in(a->out, sizeof a->out);
	a->err_text = text_in(a->err, sizeof a->err);
	a->env = (struct tool_env){ .net = lan_net(h), .memory = &a->arena, .out = &a->out_text, .err = &a->err_text,
	                            .files = &files, .rng = &a->rng, .servers = { lan_ip("10.0.0.53") }, .servers_count = 1,
	                            .server_port = 53 };
}

static bool run(unsigned h, int argc, const char *const *argv)
{
	lan_run_for(0); /* so that the stack knows the time */
	environment(h, TOOL_MEMORY_BYTES);
	on[h].tool = tool_open(argc, argv, &on[h].env);
	if (on[h].tool == NULL) {
		printf("# %s", on[h].err);
		return false;
	}
	lan.app[h] = on[h].tool->app;
	return true;
}

static void end(void)
{
	for (unsigned h = 0; h < LAN_HOSTS_MAX; h++) {
		free(on[h].memory);
		on[h].memory = NULL;
	}
	lan_end_test();
}

static bool a_small_internet(void)
{
	static const char *const resolve[] = { "dns", "resolve", "--root", "10.0.0.2", "--no-rotate", "--explain", "--cache", "64Ki" };
	static const char *const root[] = { "dns", "serve", "--zone", "root", "--no-rotate" };
	static const char *const com[] = { "dns", "serve", "--zone", "com", "--zone", "example.com", "--no-rotate" };

	end(); /* of a test that failed */
	for (unsigned h = 0; h < LAN_HOSTS_MAX; h++) lan_host(&stack_limits_host, false);
	lan_attach(CLIENT, 0, 1500, "10.0.0.1/24");
	lan_attach(RESOLVER, 0, 1500, "10.0.0.53/24");
	lan_attach(ROOT, 0, 1500, "10.0.0.2/24");
	lan_attach(COM, 0, 1500, "10.0.0.3/24");
	lan_run_for(2 * SECOND);
	return run(ROOT, COUNT(root), root) && run(COM, COUNT(com), com) && run(RESOLVER, COUNT(resolve), resolve);
}

static int64_t measured(unsigned h, const char *name)
{
	for (const struct tool_measure *m = on[h].tool->measure; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0) return m->value;
	return -1;
}

static const char *nslookup(const char *name, const char *option)
{
	const char *const argv[] = { "nslookup", name, option };
	if (!run(CLIENT, option != NULL ? 3 : 2, argv)) return "not started";
	lan_run_for(15 * SECOND);
	lan.app[CLIENT].event = NULL;
	return on[CLIENT].tool->done ? on[CLIENT].out : "not done";
}

static void nslookup_asks_the_resolver(void)
{
	CHECK(a_small_internet());
	CHECK_STR(nslookup("www.example.com", NULL), "Server:\t\t10.0.0.53\nAddress:\t10.0.0.53#53\n\nNon-authoritative answer:\n"
	          "Name:\twww.example.com\nAddress: 10.1.0.1\nName:\twww.example.com\nAddress: 10.1.0.2\n"
	          "Name:\twww.example.com\nAddress: 10.1.0.3\nName:\twww.example.com\nAddress: 2001:db8::1\n\n");
	CHECK(on[CLIENT].tool->status == 0 && measured(CLIENT, "answers") == 4);
	CHECK_EQ(measured(CLIENT, "address"), 0x0a010001);
	CHECK_EQ(measured(CLIENT, "time_us"), 0); /* these wires take no time */
	CHECK(strstr(on[RESOLVER].out, "referral from . to com.: 1 server, glue 10.0.0.3") != NULL);
	CHECK(measured(RESOLVER, "queries") == 2 && measured(RESOLVER, "upstream") == 3);
	CHECK_STR(nslookup("nix.example.com", NULL), "Server:\t\t10.0.0.53\nAddress:\t10.0.0.53#53\n\n"
	          "** server can't find nix.example.com: NXDOMAIN\n\n");
	CHECK_EQ(on[CLIENT].tool->status, DNS_STATUS_NO_NAME);
	CHECK_STR(nslookup("www.example.com", "-type=a"), "Server:\t\t10.0.0.53\nAddress:\t10.0.0.53#53\n\nNon-authoritative answer:\n"
	          "Name:\twww.example.com\nAddress: 10.1.0.1\nName:\twww.example.com\nAddress: 10.1.0.2\n"
	          "Name:\twww.example.com\nAddress: 10.1.0.3\n\n");
	CHECK(measured(RESOLVER, "cache_hits") == 1 && measured(RESOLVER, "nxdomain") == 1);
	end();
}

static void a_dead_zone_is_told_in_time(void)
{
	CHECK(a_small_internet());
	instant before = lan.now;
	CHECK_STR(nslookup("www.dead.com", NULL), ";; Got SERVFAIL reply from 10.0.0.53\n"
	          "Server:\t\t10.0.0.53\nAddress:\t10.0.0.53#53\n\n"
	          "** server can't find www.dead.com: SERVFAIL\n\n");
	CHECK(measured(RESOLVER, "servfail") >= 1 && lan.now - before <= 15 * SECOND);
	end();
}

static void wrong_words_are_told(void)
{
	static const char *const bad[][4] = {
		{ "nslookup" }, { "nslookup", "-typ=mx", "a" }, { "nslookup", "-port=0", "a" },
		{ "nslookup", "a", "b", "c" }, { "nslookup", "-type=nix", "a" }, { "dns", "resolve", "--root", "nowhere" },
		{ "dns", "resolve", "--cache", "9G" }, { "dns", "resolv" },
	};
	CHECK(a_small_internet());
	for (size_t i = 0; i < COUNT(bad); i++) {
		int argc = 0;
		while (argc < 4 && bad[i][argc] != NULL) argc++;
		environment(CLIENT, TOOL_MEMORY_BYTES);
		CHECK(tool_open(argc, bad[i], &on[CLIENT].env) == NULL && on[CLIENT].env.status == TOOL_USAGE);
		CHECK(strlen(on[CLIENT].err) > 10);
	}
	environment(CLIENT, 4096); /* and too little memory */
	CHECK(tool_open(2, (const char *const[]){ "nslookup", "a" }, &on[CLIENT].env) == NULL && on[CLIENT].env.status == TOOL_FAILED);
	environment(CLIENT, 1 << 20);
	CHECK(tool_open(2, (const char *const[]){ "dns", "resolve" }, &on[CLIENT].env) == NULL && on[CLIENT].env.status == TOOL_FAILED);
	end();
}

/* --- lookup.h, as a tool uses it --- */

static struct lookup lookup;

static void event(void *self, struct net *net, const struct net_event *ev)
{
	(void)self;
	if (ev->what == NET_WAKE) lookup_step(&lookup, net_now(net));
	else lookup_event(&lookup, ev);
	net_wake(net, lookup_deadline(&lookup));
}

static enum lookup_state look_up(const char *host)
{
	lan_run_for(0);
	lookup_start(&lookup, &on[CLIENT].env, host);
	net_wake(lan_net(CLIENT), lookup_deadline(&lookup));
	lan.app[CLIENT] = (struct app){ event, NULL };
	lan_run_for(12 * SECOND);
	return lookup_state(&lookup);
}

static void a_tool_looks_up_hosts(void)
{
	CHECK(a_small_internet());
	environment(CLIENT, TOOL_MEMORY_BYTES);
	memset(&lookup, 0, sizeof lookup);
	CHECK(look_up("10.2.3.4") == LOOKUP_DONE && lookup.count == 1 && lookup.asking == NULL);
	CHECK(look_up("2001:db8::9") == LOOKUP_DONE && lookup.count == 1);
	CHECK(look_up("localhost") == LOOKUP_DONE && ip_equal(lookup.ip[0], lan_ip("127.0.0.1")));
	CHECK(look_up("www.example.com") == LOOKUP_DONE && lookup.count == 4);
	CHECK(ip_equal(lookup.ip[0], lan_ip("10.1.0.1")) && ip_equal(lookup.ip[3], lan_ip("2001:db8::1")));
	size_t used = on[CLIENT].arena.used;
	CHECK(look_up("four.example.com") == LOOKUP_DONE && lookup.count == 1 && ip_equal(lookup.ip[0], lan_ip("10.1.0.4")));
	CHECK_EQ(on[CLIENT].arena.used, used); /* nothing more is taken for the next */
	CHECK_EQ(look_up("nix.example.com"), LOOKUP_FAILED);
	CHECK_STR(lookup.error, "no such name: nix.example.com");
	CHECK_EQ(look_up("mail.example.com"), LOOKUP_FAILED);
	CHECK_STR(lookup.error, "mail.example.com has no address");
	CHECK_EQ(look_up("a..b"), LOOKUP_FAILED);
	CHECK_STR(lookup.error, "not a host's name: a..b (a label is empty)");
	lookup_start(&lookup, &on[CLIENT].env, "www.example.com"); /* given up, then another */
	lookup_stop(&lookup);
	CHECK(look_up("four.example.com") == LOOKUP_DONE && lookup.count == 1);
	CHECK_EQ(lookup_deadline(&lookup), NEVER);
	on[RESOLVER].tool->stop(on[RESOLVER].tool);
	lan_run_for(SECOND);
	CHECK_EQ(look_up("www.example.com"), LOOKUP_FAILED);
	CHECK_STR(lookup.error, "no name server answered (10.0.0.53)");
	end();
	memset(&lookup, 0, sizeof lookup);
	CHECK(a_small_internet());
	environment(CLIENT, TOOL_MEMORY_BYTES);
	on[CLIENT].env.servers_count = 0;
	CHECK_EQ(look_up("www.example.com"), LOOKUP_FAILED);
	CHECK_STR(lookup.error, "no name server is configured");
	end();
}

/* The first of its addresses is silent, at the second nobody listens: that is what was heard last. */
static void a_silent_address_is_not_the_end(void)
{
	static const char *const get[] = { "http", "get", "http://half.example.com/", "--timeout", "500ms" };
	static const char *const bulk[] = { "echo", "call", "tcp://half.example.com:7", "--bytes", "1k", "--timeout", "500ms" };
	static const char *const call[] = { "echo", "call", "tcp://half.example.com:7", "--timeout", "500ms" };
	static const struct { const char *const *argv; int argc; } tools[] = {
		{ get, COUNT(get) }, { bulk, COUNT(bulk) }, { call, COUNT(call) },
	};
	for (size_t i = 0; i < COUNT(tools); i++) {
		CHECK(a_small_internet() && run(CLIENT, tools[i].argc, tools[i].argv));
		lan_run_for(5 * SECOND);
		CHECK(on[CLIENT].tool->done && on[CLIENT].tool->status == TOOL_FAILED);
		CHECK(strstr(on[CLIENT].err, "connection refused") != NULL);
		end();
	}
}

int main(void)
{
	TEST(nslookup_asks_the_resolver);
	TEST(a_dead_zone_is_told_in_time);
	TEST(wrong_words_are_told);
	TEST(a_tool_looks_up_hosts);
	TEST(a_silent_address_is_not_the_end);
	return tap_end();
}
