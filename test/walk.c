/* SPDX-License-Identifier: ISC */
/* A walk from the root over our own stacks: name servers that say what a table has for them, so that they can be wrong in every way.
 *
 *     client 10.0.0.1     servers 10.0.0.2 to 10.0.0.8, all of them one program; 10.0.0.9 is nobody
 */
#include "lan.h"

#include "tool/dns/walk.h"
#include "tool/dns/walk_print.h"

enum { CLIENT, SERVERS };

/* What one of them says of names below `under`. Records: section owner type data, ended by ';'. NULL: it keeps silent. */
struct says { const char *server, *under, *flags, *records; };
static const struct says *says;
static size_t says_count;
static unsigned asked_with_edns, asked_without, asked_to_recurse;

/* --- the servers --- */

static void add_record(struct dns_builder *b, const char *words)
{
	char section[4], owner[256], type[16], data[256];
	uint8_t rdata[300];
	struct dns_rr rr = { .class = DNS_IN, .ttl = 60 };
	struct dns_name name;
	struct ip ip;

	int n = sscanf(words, " %3s %255s %15s %255[^;]", section, owner, type, data);
	assert(n == 4 && dns_name_parse(owner, &rr.name) && dns_type_parse(type, &rr.type));
	rr.section = strcmp(section, "an") == 0 ? DNS_ANSWER : strcmp(section, "au") == 0 ? DNS_AUTHORITY : DNS_ADDITIONAL;
	if (rr.type == DNS_A || rr.type == DNS_AAAA) {
		ip = lan_ip(data);
		size_t len = rr.type == DNS_A ? 4 : 16;
		memcpy(rdata, ip.byte + 16 - len, len);
		rr.rdata = (struct bytes){ rdata, len };
	} else {
		bool good = dns_name_parse(data, &name);
		assert(good);
		memcpy(rdata, name.at, name.len);
		rr.rdata = (struct bytes){ rdata, name.len };
		if (rr.type == DNS_SOA) {
			memcpy(rdata + name.len, name.at, name.len);
			memset(rdata + 2 * name.len, 0, 20);
			rr.rdata.len = 2u * name.len + 20;
		}
	}
	bool fits = dns_add_rr(b, &rr);
	assert(fits);
}

static const struct says *find(struct ip server, const struct dns_name *name)
{
	struct dns_name under;
	for (size_t i = 0; i < says_count; i++)
		if (ip_equal(lan_ip(says[i].server), server) && dns_name_parse(says[i].under, &under) && dns_name_under(name, &under))
			return &says[i];
	return NULL;
}

static uint16_t rcode_of(const char *flags)
{
	if (strstr(flags, "nxdomain") != NULL) return DNS_NXDOMAIN;
	if (strstr(flags, "servfail") != NULL) return DNS_SERVFAIL;
	return strstr(flags, "refused") != NULL ? DNS_REFUSED : DNS_NOERROR;
}

static void server_event(void *self, struct net *net, const struct net_event *ev)
{
	static uint8_t reply[4096];
	struct dns_message m;
	struct dns_builder b;

	(void)self;
	if (ev->what != NET_DATAGRAM || dns_parse(ev->data, &m) != DROP_NONE) return;
	const struct says *s = find(ev->local.ip, &m.question.name);
	if (m.flags & DNS_RD) asked_to_recurse++;
	if (m.edns) asked_with_edns++; else asked_without++;
	if (s == NULL || s->records == NULL) return;
	bool formerr = m.edns && strstr(s->flags, "noedns") != NULL;
	dns_begin(&b, (struct room){ reply, sizeof reply }, sizeof reply, m.id, (uint16_t)(DNS_QR | (strstr(s->flags, "aa") ? DNS_AA : 0)), 0,
	          formerr ? DNS_FORMERR : rcode_of(s->flags));
	dns_add_question(&b, &m.question);
	for (const char *r = s->records; !formerr && *r != '\0'; r = strchr(r, ';') + 1) add_record(&b, r);
	net_sendto_from(net, ev->id, ev->local.ip, &ev->peer, (struct bytes){ reply, dns_end(&b) });
}

/* --- the client --- */

static struct arena arena;
static struct rng rng;
static struct tool_env env;
static struct walk *w;
static char drawn[20000], packed[20000];
static struct text out;
static struct walk_print print;
static struct walk_want want;
static bool json, color;
static uint64_t walk_seed;

static void move_on(void)
{
	while (w->state == WALK_STEPPED) {
		(json ? walk_json_step : walk_print_step)(&print, w);
		walk_on(w);
	}
	if (w->state == WALK_ENDED) (json ? walk_json_end : walk_print_end)(&print, w);
	else net_wake(env.net, walk_deadline(w));
}

static void client_event(void *self, struct net *net, const struct net_event *ev)
{
	(void)self;
	if (w->state == WALK_ENDED) return;
	if (ev->what == NET_WAKE) walk_step(w, net_now(net));
	else walk_event(w, ev);
	move_on();
}

static void end(void)
{
	if (lan.hosts > 0) lan_end_test();
}

static void start(const struct says *s, size_t count)
{
	static const struct addr root = { .port = DNS_PORT };
	char address[PREFIX_TEXT_MAX];
	static struct addr roots[1];

	end(); /* of a test that failed */
	says = s, says_count = count;
	asked_with_edns = asked_without = asked_to_recurse = 0;
	json = false;
	roots[0] = root, roots[0].ip = lan_ip("10.0.0.2");
	want = (struct walk_want){ .type = DNS_A, .roots = roots, .roots_count = 1 };
	lan_host(&stack_limits_host, false);
	lan_host(&stack_limits_host, false);
	lan_attach(CLIENT, 0, 1500, "10.0.0.1/24");
	lan_attach(SERVERS, 0, 1500, "10.0.0.2/24");
	for (unsigned i = 3; i <= 8; i++) {
		snprintf(address, sizeof address, "10.0.0.%u/24", i);
		lan_address(SERVERS, 1, address);
	}
	lan_run_for(2 * SECOND);
	struct addr local = { .ip = ip4_any(), .port = DNS_PORT };
	net_id id = net_bind(lan_net(SERVERS), &local);
	assert(id != 0);
	lan.app[SERVERS] = (struct app){ server_event, NULL };
}

#define START(table) start(table, COUNT(table))

/* What was drawn, each run of blanks as one. */
static const char *walk(const char *name)
{
	static void *memory;
	if (memory == NULL) memory = malloc(TOOL_MEMORY_BYTES);
	arena_init(&arena, (struct room){ memory, TOOL_MEMORY_BYTES });
	rng_init_number(&rng, walk_seed);
	env = (struct tool_env){ .net = lan_net(CLIENT), .memory = &arena, .rng = &rng };
	out = text_in(drawn, sizeof drawn);
	print = (struct walk_print){ .out = &out, .color = color };
	bool good = dns_name_parse(name, &want.name);
	assert(good);
	lan_run_for(0);
	w = walk_open(&env, &want);
	assert(w != NULL);
	lan.app[CLIENT] = (struct app){ client_event, NULL };
	walk_on(w);
	move_on();
	lan_run_for(200 * SECOND);
	char *to = packed;
	for (const char *at = drawn; *at != '\0'; at++)
		if (*at != ' ' || (at > drawn && at[-1] != ' ' && at[-1] != '\n')) *to++ = *at;
	*to = '\0';
	lan.app[CLIENT].event = NULL;
	return w->state == WALK_ENDED ? packed : "not over";
}

static void down_to_the_answer(void)
{
	static const struct says table[] = {
		{ "10.0.0.2", "example", "", "au example NS ns1.example; ad ns1.example A 10.0.0.3;" },
		{ "10.0.0.3", "sub.example", "", "au sub.example NS ns1.sub.example; ad ns1.sub.example A 10.0.0.4;" },
		{ "10.0.0.4", "www.sub.example", "aa", "an www.sub.example A 10.9.9.1; an www.sub.example A 10.9.9.2;" },
		{ "10.0.0.4", "nix.sub.example", "aa nxdomain", "au sub.example SOA sub.example;" },
		{ "10.0.0.4", "empty.sub.example", "aa", "au sub.example SOA sub.example;" },
		{ "10.0.0.4", "bare.sub.example", "aa", "" },
	};
	START(table);
	CHECK_STR(walk("www.sub.example"),
	          ". 10.0.0.2 0.0 ms knows who serves example.\n"
	          "└ example. ns1.example (10.0.0.3) 0.0 ms knows who serves sub.example.\n"
	          "└ sub.example. ns1.sub.example (10.0.0.4) 0.0 ms www.sub.example. A 10.9.9.1 (authoritative)\n"
	          "www.sub.example. A 10.9.9.2\n"
	          "3 questions, 0.0 ms\n");
	CHECK(w->outcome == WALK_FOUND && w->questions == 3 && w->tries == 3);
	CHECK(asked_to_recurse == 0 && asked_with_edns == 3 && asked_without == 0);
	CHECK(strstr(walk("nix.sub.example"), "nix.sub.example. does not exist (authoritative)\nnix.sub.example.: there is no such name\n"));
	CHECK_EQ(w->outcome, WALK_NO_SUCH_NAME);
	CHECK(strstr(walk("empty.sub.example"), "empty.sub.example. exists, but has no A (authoritative)\n") && w->outcome == WALK_NO_SUCH_DATA);
	walk("bare.sub.example");
	CHECK_EQ(w->outcome, WALK_NO_SUCH_DATA);
	end();
}

static void lame_servers_are_told_and_passed(void)
{
	static const struct says table[] = {
		{ "10.0.0.2", "example", "", "au example NS a.example; au example NS b.example; au example NS c.example; au example NS d.example;"
		  "au example NS e.example; au example NS f.example; ad a.example A 10.0.0.3; ad b.example A 10.0.0.4; ad c.example A 10.0.0.5;"
		  "ad d.example A 10.0.0.6; ad e.example A 10.0.0.7; ad f.example A 10.0.0.8;" },
		{ "10.0.0.3", ".", "refused", "" },
		{ "10.0.0.4", ".", "", "au . NS root.test;" },
		{ "10.0.0.5", ".", "", "au example NS a.example;" },
		{ "10.0.0.6", ".", "", "an www.example A 6.6.6.6;" },
		{ "10.0.0.7", ".", "", "" },
		{ "10.0.0.8", ".", "", "au other.test NS ns.other.test;" },
	};
	START(table);
	walk("www.example");
	CHECK_EQ(w->outcome, WALK_LAME_SERVERS);
	CHECK(w->lame == 6 && w->questions == 7);
	CHECK(strstr(packed, "a.example (10.0.0.3) 0.0 ms REFUSED: it does not serve example. (lame)\n"));
	CHECK(strstr(packed, "b.example (10.0.0.4) 0.0 ms refers back upward, and so does not serve example. (lame)\n"));
	CHECK(strstr(packed, "c.example (10.0.0.5) 0.0 ms refers to itself for example. (lame)\n"));
	CHECK(strstr(packed, "d.example (10.0.0.6) 0.0 ms answers, but without authority for example. (lame)\n"));
	CHECK(strstr(packed, "e.example (10.0.0.7) 0.0 ms says nothing about example. (lame)\n"));
	CHECK(strstr(packed, "f.example (10.0.0.8) 0.0 ms refers elsewhere, and so does not serve example. (lame)\n"));
	CHECK(strstr(packed, "every server that should serve it does not: example.\n"));
	end();
}

static void silent_and_failing_servers(void)
{
	static const struct says table[] = {
		{ "10.0.0.2", "example", "", "au example NS a.example; au example NS b.example; au example NS c.example;"
		  "ad a.example A 10.0.0.3; ad b.example A 10.0.0.4; ad c.example A 10.0.0.5;" },
		{ "10.0.0.2", "dead", "", "au dead NS a.dead; ad a.dead A 10.0.0.3;" },
		{ "10.0.0.2", "failed", "", "au failed NS a.failed; ad a.failed A 10.0.0.4;" },
		{ "10.0.0.4", ".", "servfail", "" },
		{ "10.0.0.5", "www.example", "aa", "an www.example A 10.9.9.1;" },
	};
	START(table);
	for (unsigned seed = 0, silent = 0, failed = 0; silent == 0 || failed == 0; seed++) { /* whom it asks first is chance */
		CHECK(seed < 40);
		walk_seed = seed;
		walk("www.example");
		CHECK(w->outcome == WALK_FOUND);
		silent += strstr(packed, "a.example (10.0.0.3) 4000 ms silent, asked 2 times\n") != NULL;
		failed += strstr(packed, "b.example (10.0.0.4) 0.0 ms SERVFAIL\n") != NULL;
	}
	walk("www.dead");
	CHECK(w->outcome == WALK_NO_ANSWERS && w->silent == 1 && w->tries == 3 && strstr(packed, "no server answered of those that serve dead.\n"));
	walk("www.failed");
	CHECK(w->outcome == WALK_SERVERS_FAILED && w->failed == 1 && strstr(packed, "every server has failed that serves failed.\n"));
	end();
}

/* What IPv4 cannot tell IPv6 is asked for, but not of all its servers when it leads nowhere. */
static void a_family_that_leads_nowhere(void)
{
	static const struct says table[] = {
		{ "10.0.0.2", "example", "", "au example NS a.example; au example NS b.example; au example NS c.example; au example NS d.example;"
		  "au example NS e.example; ad a.example A 10.0.0.4; ad a.example AAAA fd00::1; ad b.example AAAA fd00::2; ad c.example AAAA fd00::3;"
		  "ad d.example AAAA fd00::4; ad e.example AAAA fd00::5;" },
		{ "10.0.0.4", ".", "servfail", "" },
	};
	START(table);
	lan_address(CLIENT, 1, "fd00::99/64"); /* nobody is there: neighbours are looked for in vain, as from behind a router that drops */
	walk("www.example");
	CHECK(w->outcome == WALK_SERVERS_FAILED);
	CHECK_EQ(w->silent, WALK_SILENT_MAX);
	CHECK(strstr(packed, "IPv6 leads nowhere from here: after 3 silent servers no more were asked over it\n") != NULL);
	end();
}

static void without_glue(void)
{
	static const struct says table[] = {
		{ "10.0.0.2", "away", "", "au away NS ns.example; ad ns.example A 6.6.6.6;" }, /* the root may say so of any name */
		{ "10.0.0.2", "example", "", "au example NS ns1.example; ad ns1.example A 10.0.0.3;" },
		{ "10.0.0.2", "inside", "", "au inside NS ns.inside;" },
		{ "10.0.0.2", "test", "", "au test NS ns.test; ad ns.test A 10.0.0.4;" },
		{ "10.0.0.3", "ns.sub.example", "aa", "an ns.sub.example A 10.0.0.5;" },
		{ "10.0.0.3", "six.example", "aa", "au example SOA example;" },
		{ "10.0.0.3", "nix.example", "aa nxdomain", "au example SOA example;" },
		{ "10.0.0.3", "alias.example", "aa", "an alias.example CNAME ns.sub.example;" },
		{ "10.0.0.4", "a.test", "", "au a.test NS ns.sub.example; ad ns.sub.example A 6.6.6.6;" }, /* and this one not */
		{ "10.0.0.4", "b.test", "", "au b.test NS ns.c.test;" },
		{ "10.0.0.4", "c.test", "", "au c.test NS ns.b.test;" },
		{ "10.0.0.4", "d.test", "", "au d.test NS nix.example;" },
		{ "10.0.0.4", "e.test", "", "au e.test NS six.example;" },
		{ "10.0.0.4", "f.test", "", "au f.test NS alias.example;" },
		{ "10.0.0.5", "www.a.test", "aa", "an www.a.test A 10.9.9.1;" },
	};
	START(table);
	CHECK_STR(walk("www.a.test"),
	          ". 10.0.0.2 0.0 ms knows who serves test.\n"
	          "└ test. ns.test (10.0.0.4) 0.0 ms knows who serves a.test.\n"
	          "└ a.test. ns.sub.example its address did not come along, it is looked up\n"
	          ". 10.0.0.2 0.0 ms knows who serves example.\n"
	          "└ example. ns1.example (10.0.0.3) 0.0 ms ns.sub.example. A 10.0.0.5 (authoritative)\n"
	          "└ a.test. ns.sub.example (10.0.0.5) 0.0 ms www.a.test. A 10.9.9.1 (authoritative)\n"
	          "5 questions, 0.0 ms\n");
	walk("www.inside");
	CHECK(w->outcome == WALK_NO_SERVERS && w->questions == 1);
	CHECK(strstr(packed, "knows who serves inside., but not where to find ns.inside. (no glue)\nthere is no server with an address for inside.\n"));
	walk("www.b.test");
	CHECK(w->outcome == WALK_NO_SERVERS && strstr(packed, "ns.b.test no address found: its zone hangs on this one, and this one on it\n"));
	walk("www.d.test");
	CHECK(w->outcome == WALK_NO_SERVERS && strstr(packed, "nix.example no address found: there is no such name\n"));
	walk("www.e.test");
	CHECK(w->outcome == WALK_NO_SERVERS && strstr(packed, "six.example no address found: it has no address\n"));
	walk("www.f.test");
	CHECK(w->outcome == WALK_NO_SERVERS && strstr(packed, "alias.example no address found: it is an alias"));
	end();
}

static void along_aliases(void)
{
	static const struct says table[] = {
		{ "10.0.0.2", "example", "", "au example NS ns1.example; ad ns1.example A 10.0.0.3;" },
		{ "10.0.0.2", "test", "", "au test NS ns.test; ad ns.test A 10.0.0.4;" },
		{ "10.0.0.3", "away.example", "aa", "an away.example CNAME www.test; an www.test A 6.6.6.6;" }, /* not its to say */
		{ "10.0.0.3", "in.example", "aa", "an in.example CNAME www.example; an www.example A 10.9.9.1;" },
		{ "10.0.0.3", "inno.example", "aa nxdomain", "an inno.example CNAME nix.example; au example SOA example;" },
		{ "10.0.0.3", "loop.example", "aa", "an loop.example CNAME loop.test;" },
		{ "10.0.0.3", "self.example", "aa", "an self.example CNAME self.example;" },
		{ "10.0.0.4", "loop.test", "aa", "an loop.test CNAME loop.example;" },
		{ "10.0.0.4", "www.test", "aa", "an www.test A 10.9.9.2;" },
	};
	START(table);
	CHECK_STR(walk("away.example"),
	          ". 10.0.0.2 0.0 ms knows who serves example.\n"
	          "└ example. ns1.example (10.0.0.3) 0.0 ms away.example. is an alias for www.test.\n"
	          ". 10.0.0.2 0.0 ms knows who serves test.\n"
	          "└ test. ns.test (10.0.0.4) 0.0 ms www.test. A 10.9.9.2 (authoritative)\n"
	          "4 questions, 0.0 ms\n");
	walk("in.example");
	CHECK(w->outcome == WALK_FOUND && w->questions == 2);
	CHECK(strstr(packed, "in.example. CNAME www.example. (authoritative)\nwww.example. A 10.9.9.1\n"));
	walk("inno.example");
	CHECK(w->outcome == WALK_NO_SUCH_NAME && strstr(packed, "\nnix.example.: there is no such name\n"));
	walk("loop.example");
	CHECK_EQ(w->outcome, WALK_ALIAS_LOOP);
	walk("self.example");
	CHECK_EQ(w->outcome, WALK_ALIAS_LOOP);
	want.stop_at_alias = true;
	walk("away.example");
	CHECK(w->outcome == WALK_ONLY_ALIAS && w->questions == 2);
	end();
}

/* Every limit ends it: zones without end, aliases without end, servers without end. */
static void limits(void)
{
	static char chain[WALK_ALIASES_MAX + 2][2][80], many[4000];
	static struct says table[WALK_ALIASES_MAX + 6];
	size_t n = 0;
	struct text t = text_in(many, sizeof many);

	table[n++] = (struct says){ "10.0.0.2", "example", "", "au example NS ns1.example; ad ns1.example A 10.0.0.3;" };
	for (unsigned i = 0; i < COUNT(chain); i++) {
		snprintf(chain[i][0], sizeof chain[i][0], "a%u.example", i);
		snprintf(chain[i][1], sizeof chain[i][1], "an a%u.example CNAME a%u.example;", i, i + 1);
		table[n++] = (struct says){ "10.0.0.3", chain[i][0], "aa", chain[i][1] };
	}
	for (unsigned i = 0; i < WALK_SERVERS_MAX + 4; i++) text_printf(&t, "au many NS n%u.many;", i);
	for (unsigned i = 0; i < WALK_SERVERS_MAX + 4; i++) text_printf(&t, "ad n%u.many A 10.0.0.4;", i);
	table[n++] = (struct says){ "10.0.0.2", "many", "", many };
	table[n++] = (struct says){ "10.0.0.4", ".", "refused", "" };
	start(table, n);
	walk("a0.example");
	CHECK(w->outcome == WALK_ENDLESS && w->aliases == WALK_ALIASES_MAX);
	walk("www.many");
	CHECK(w->outcome == WALK_LAME_SERVERS && w->lame == WALK_SERVERS_MAX && w->questions == 1 + WALK_SERVERS_MAX);
	CHECK_EQ(w->zone[1].left_out, 4);
	end();
}

static void who_knows_no_edns(void)
{
	static const struct says table[] = {
		{ "10.0.0.2", "example", "noedns", "au example NS ns1.example; ad ns1.example A 10.0.0.3;" },
		{ "10.0.0.3", "www.example", "aa", "an www.example A 10.9.9.1;" },
	};
	START(table);
	walk("www.example");
	CHECK(w->outcome == WALK_FOUND && asked_without == 1 && asked_with_edns == 2 && w->questions == 3);
	end();
}

static void where_the_root_is(void)
{
	static const struct says table[] = {
		{ "10.0.0.8", "r.root", "", "an r.root A 10.0.0.2;" },
		{ "10.0.0.8", ".", "", "an . NS r.root;" },
		{ "10.0.0.2", "example", "", "au example NS ns1.example; ad ns1.example A 10.0.0.3;" },
		{ "10.0.0.3", "www.example", "aa", "an www.example A 10.9.9.1;" },
	};
	static struct addr resolver[2];
	START(table);
	resolver[0] = (struct addr){ .ip = lan_ip("10.0.0.7"), .port = 53 }; /* says nothing */
	resolver[1] = (struct addr){ .ip = lan_ip("10.0.0.8"), .port = 53 };
	want.roots_count = 0;
	want.resolvers = resolver, want.resolvers_count = 2;
	CHECK_STR(walk("www.example"),
	          "(resolver) 10.0.0.7 4000 ms silent, asked 2 times\n"
	          "10.0.0.8 0.0 ms says who serves the root: 1 server\n"
	          ". r.root (10.0.0.2) 0.0 ms knows who serves example.\n"
	          "└ example. ns1.example (10.0.0.3) 0.0 ms www.example. A 10.9.9.1 (authoritative)\n"
	          "5 questions in 6 messages, 4000 ms\n");
	CHECK_EQ(asked_to_recurse, 4);
	want.resolvers_count = 0; /* the Internet's, to which there is no way from here */
	walk("www.example");
	CHECK(w->outcome == WALK_NO_ANSWERS && strstr(packed, "nobody here says where the root is: it begins at the Internet's own\n"));
	CHECK(strstr(packed, "a.root-servers.net (198.41.0.4)") && strstr(packed, "m.root-servers.net (2001:dc3::35)"));
	end();
}

static void as_json(void)
{
	static const struct says table[] = {
		{ "10.0.0.2", "example", "", "au example NS ns1.example; ad ns1.example A 10.0.0.3;" },
		{ "10.0.0.3", "www.example", "aa", "an www.example A 10.9.9.1;" },
	};
	START(table);
	json = true;
	walk("www.example");
	CHECK_STR(packed, "{\"name\": \"www.example.\", \"type\": \"A\", \"steps\": [\n"
	          "{\"what\": \"referral\", \"zone\": \".\", \"address\": \"10.0.0.2\", \"port\": 53, \"name\": \"www.example.\", \"type\": \"A\", "
	          "\"tries\": 1, \"time_us\": 0, \"rcode\": \"NOERROR\", \"authoritative\": false, \"bytes\": 63, \"to\": \"example.\", "
	          "\"servers\": [{\"name\": \"ns1.example.\", \"addresses\": [\"10.0.0.3\"]}], \"glue_missing\": 0, \"left_out\": 0},\n"
	          "{\"what\": \"answer\", \"zone\": \"example.\", \"server\": \"ns1.example.\", \"address\": \"10.0.0.3\", \"port\": 53, "
	          "\"name\": \"www.example.\", \"type\": \"A\", \"tries\": 1, \"time_us\": 0, \"rcode\": \"NOERROR\", \"authoritative\": true, \"bytes\": 45, "
	          "\"records\": [{\"name\": \"www.example.\", \"type\": \"A\", \"ttl\": 60, \"data\": \"10.9.9.1\"}]}\n"
	          "], \"outcome\": \"answered\", \"questions\": 2, \"messages\": 2, \"time_us\": 0}\n");
	end();
}

static void in_colour(void)
{
	static const struct says table[] = {
		{ "10.0.0.2", "example", "", "au example NS a.example; ad a.example A 10.0.0.3; ad a.example A 10.0.0.4;" },
		{ "10.0.0.3", ".", "refused", "" },
		{ "10.0.0.4", "www.example", "aa", "an www.example A 10.9.9.1;" },
	};
	START(table);
	color = true;
	walk("www.example");
	color = false;
	CHECK(strstr(packed, "\033[31mREFUSED: it does not serve example. (lame)\033[0m\n"));
	CHECK(strstr(packed, "\033[32mwww.example. A 10.9.9.1 (authoritative)\033[0m\n"));
	CHECK(strchr(walk("www.example"), '\033') == NULL);
	end();
}

static void broken_off(void)
{
	static const struct says table[] = { { "10.0.0.2", ".", "", NULL } };
	START(table);
	walk("www.example");
	CHECK_EQ(w->outcome, WALK_NO_ANSWERS);
	w = walk_open(&env, &want);
	CHECK(w != NULL);
	walk_on(w);
	CHECK(w->state == WALK_BUSY && walk_deadline(w) < NEVER);
	walk_stop(w);
	CHECK(w->state == WALK_ENDED && w->outcome == WALK_STOPPED && walk_deadline(w) == NEVER);
	walk_again(w, &want); /* in the same memory */
	walk_on(w);
	CHECK(w->state == WALK_BUSY && w->questions == 1 && w->zones == 1);
	walk_stop(w);
	arena.memory.len = arena.used + 100;
	CHECK(walk_open(&env, &want) == NULL);
	end();
}

int main(void)
{
	TEST(down_to_the_answer);
	TEST(lame_servers_are_told_and_passed);
	TEST(silent_and_failing_servers);
	TEST(a_family_that_leads_nowhere);
	TEST(without_glue);
	TEST(along_aliases);
	TEST(limits);
	TEST(who_knows_no_edns);
	TEST(where_the_root_is);
	TEST(as_json);
	TEST(in_colour);
	TEST(broken_off);
	return tap_end();
}
