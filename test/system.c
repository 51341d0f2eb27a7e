/* SPDX-License-Identifier: ISC */
/* What this machine's files say about names, as glibc reads them. */
#include "tool/dns/system.h"

#include "tap.h"

static struct system_resolv resolv;

static void read_text(const char *text) { system_resolv_read(&resolv, bytes_of(text), "me.home.example", NULL, NULL); }

static bool names_are(const char *name, const char *wanted)
{
	struct dns_name names[SYSTEM_NAMES_MAX];
	char got[2000], buffer[DNS_NAME_TEXT_MAX];
	struct text t = text_in(got, sizeof got);
	size_t count = system_names(&resolv, name, names);

	for (size_t i = 0; i < count; i++) text_printf(&t, "%s%s", i > 0 ? " " : "", dns_name_text(&names[i], buffer));
	if (strcmp(got, wanted) != 0) printf("# %s: got '%s', wanted '%s'\n", name, got, wanted);
	return strcmp(got, wanted) == 0;
}

static void resolv_conf(void)
{
	read_text("# a comment\n; another\nnameserver 192.0.2.1\nnameserver\t2001:db8::1  \nnameserver fe80::1%eth0\n"
	          "nameserver 192.0.2.4\nsearch a.example b.example\noptions ndots:2 timeout:3 attempts:9 rotate edns0 use-vc no-aaaa\n");
	CHECK_EQ(resolv.servers, 3);
	CHECK(ip_equal(resolv.server[0], ip4_of(0xc0000201)) && !resolv.servers_assumed);
	CHECK(strcmp(resolv.zone[0], "") == 0 && strcmp(resolv.zone[2], "eth0") == 0);
	CHECK_EQ(resolv.searches, 2);
	CHECK_EQ(resolv.search_from, SYSTEM_SEARCH_FILE);
	CHECK(resolv.ndots == 2 && resolv.timeout_s == 3 && resolv.attempts == 5);
	CHECK(resolv.rotate && resolv.edns0 && resolv.use_vc && resolv.no_aaaa && !resolv.trust_ad);
	CHECK_EQ(resolv.ignored, 1); /* the fourth server */

	read_text("domain a.example\nsearch b.example c.example\ndomain d.example e.example\n");
	CHECK(resolv.searches == 1 && names_are("x", "x.d.example. x."));
	read_text("search a.example\nsearch\nsearch  \n"); /* nothing said */
	CHECK(resolv.searches == 1 && resolv.ignored == 2);
	read_text(" nameserver 192.0.2.1\nnameserver192.0.2.1\nnameserver 192.0.2\nnameservers 192.0.2.1\nbogus\n");
	CHECK(resolv.servers_assumed && resolv.servers == 1 && resolv.ignored == 5);
	CHECK(ip_equal(resolv.server[0], ip4_of(0x7f000001)));
	read_text("options ndots:99 timeout:0 attempts:0 timeout:x sideways");
	CHECK(resolv.ndots == 15 && resolv.timeout_s == 1 && resolv.attempts == 1 && resolv.ignored == 1);
}

static void resolv_conf_from_elsewhere(void)
{
	read_text("");
	CHECK(resolv.search_from == SYSTEM_SEARCH_HOSTNAME && names_are("x", "x.home.example. x."));
	system_resolv_read(&resolv, (struct bytes){ NULL, 0 }, "me", NULL, NULL);
	CHECK(resolv.search_from == SYSTEM_SEARCH_NONE && resolv.searches == 0 && resolv.servers_assumed);
	system_resolv_read(&resolv, bytes_of("search a.example\noptions ndots:3\n"), "me.home.example", "b.example c.example", "ndots:0");
	CHECK(resolv.search_from == SYSTEM_SEARCH_VARIABLE && resolv.searches == 2 && resolv.ndots == 0);
	CHECK(names_are("x", "x. x.b.example. x.c.example."));
}

static void search_order(void)
{
	read_text("search a.example b.example\n");
	CHECK(names_are("www", "www.a.example. www.b.example. www."));
	CHECK(names_are("www.", "www."));
	CHECK(names_are("www.x", "www.x. www.x.a.example. www.x.b.example."));
	read_text("search a.example .\noptions ndots:2\n");
	CHECK(names_are("www.x", "www.x.a.example. www.x.")); /* the root in the list is the name itself, once */
	CHECK(names_are("www.x.y", "www.x.y. www.x.y.a.example."));
	read_text("search a.example\noptions no-tld-query\n");
	CHECK(names_are("www", "www.a.example."));
	CHECK(names_are("www..x", "") && names_are("", ""));
}

/* A name that is too long with a domain of the list is not asked with it. */
static void search_too_long(void)
{
	char name[256];
	struct dns_name names[SYSTEM_NAMES_MAX];

	read_text("search a.example\n");
	for (size_t i = 0; i < 251; i++) name[i] = i % 60 == 59 ? '.' : 'x';
	name[251] = '\0';
	CHECK_EQ(system_names(&resolv, name, names), 1);
	CHECK(resolv.searches == 1);
}

static void search_limit(void)
{
	char text[2000];
	struct text t = text_in(text, sizeof text);

	text_puts(&t, "search");
	for (unsigned i = 0; i < SYSTEM_SEARCH_MAX + 4; i++) text_printf(&t, " n%u.example", i);
	text_puts(&t, "\noptions ndots:9\n");
	read_text(text);
	CHECK(resolv.searches == SYSTEM_SEARCH_MAX && resolv.ignored == 4 && resolv.ndots == 9);
	struct dns_name names[SYSTEM_NAMES_MAX];
	CHECK_EQ(system_names(&resolv, "x.y", names), SYSTEM_NAMES_MAX);
}

static struct system_order order;

static bool order_is(const char *text, const char *wanted)
{
	char got[600];
	struct text t = text_in(got, sizeof got);

	system_order_read(&order, bytes_of(text));
	for (size_t i = 0; i < order.services; i++) {
		const struct system_service *s = &order.service[i];
		text_printf(&t, "%s%s", i > 0 ? " " : "", s->name);
		for (size_t k = 0; k < SYSTEM_STATUSES; k++) if (s->returns[k]) text_printf(&t, "/%.3s", system_status_text(k));
	}
	if (strcmp(got, wanted) != 0) printf("# %s: got '%s', wanted '%s'\n", text, got, wanted);
	return strcmp(got, wanted) == 0;
}

static void nsswitch(void)
{
	CHECK(order_is("", "files/SUC dns/SUC") && order.line == 0);
	CHECK(order_is("passwd: files\n# hosts: nis\nhosts: files mdns4_minimal [NOTFOUND=return] dns # dns\nhosts2: nis\n",
	               "files/SUC mdns4_minimal/SUC/NOT dns/SUC"));
	CHECK(order.line == 3 && !order.bad);
	CHECK_STR(order.service[1].actions, "[NOTFOUND=return]");
	CHECK(order_is("hosts:\tresolve[!UNAVAIL=return]files", "resolve/SUC/NOT/TRY files/SUC"));
	CHECK(order_is("hosts: files [success=continue notfound=RETURN] dns [SUCCESS=merge]", "files/NOT dns"));
	CHECK_STR(order.service[0].actions, "[success=continue notfound=RETURN]");
	CHECK(order_is("hosts: files\nhosts: dns\n", "dns/SUC") && order.line == 2);
	CHECK(order_is("HOSTS: dns\nhostsx: dns", "files/SUC dns/SUC"));
	CHECK(order_is("hosts:", "") && !order.bad && order.line == 1);
	const char *bad[] = { "hosts: files [foo=return] dns", "hosts: files [NOTFOUND=bar]", "hosts: [NOTFOUND=return] dns",
	                      "hosts: files [NOTFOUND=return", "hosts: files [NOTFOUND]", "hosts: files []" };
	for (size_t i = 0; i < COUNT(bad); i++) CHECK(order_is(bad[i], "") && order.bad);
	CHECK(order_is("hosts: a b c d e f g h i j k l m n", "a/SUC b/SUC c/SUC d/SUC e/SUC f/SUC g/SUC h/SUC i/SUC j/SUC k/SUC l/SUC"));
	CHECK_EQ(order.ignored, 2);
}

static void other_services(void)
{
	CHECK(system_service_words("resolve") != NULL && system_service_words("dns") == NULL);
	CHECK(system_service_knows("mdns4_minimal", "printer.local", "me") && system_service_knows("mdns4_minimal", "a.LOCAL.", "me"));
	CHECK(!system_service_knows("mdns4_minimal", "www.example.com", "me") && !system_service_knows("mdns4_minimal", "xlocal", "me"));
	CHECK(system_service_knows("resolve", "www.example.com", "me") && system_service_knows("unheard-of", "x", "me"));
	CHECK(system_service_knows("myhostname", "ME", "me") && system_service_knows("myhostname", "x.localhost", "me"));
	CHECK(!system_service_knows("myhostname", "you", "me"));
}

static const char hosts_text[] = "# comment\n192.0.2.1 one uno\n192.0.2.2\tONE one.example # one2\n  192.0.2.3 one\n"
	"2001:db8::1 one\n192.0.2.300 one\n192.0.2.4\n192.0.2.5 dotted.example.\n10.1 short\nfe80::1%lo scoped\n192.0.2.6 last";

static bool hosts_say(const char *name, bool multi, const char *wanted)
{
	static struct system_hosts h;
	char got[400], ip[IP_TEXT_MAX];
	struct text t = text_in(got, sizeof got);

	system_hosts_find(&h, bytes_of(hosts_text), name, multi);
	for (size_t i = 0; i < h.count; i++) text_printf(&t, "%s%u:%s", i > 0 ? " " : "", h.line[i], ip_text(h.ip[i], ip));
	if (strcmp(got, wanted) != 0) printf("# %s: got '%s', wanted '%s'\n", name, got, wanted);
	return strcmp(got, wanted) == 0;
}

/* What getent of glibc 2.36 says of the same file; test/system.sh asks it. */
static void hosts(void)
{
	CHECK(hosts_say("one", true, "2:192.0.2.1 3:192.0.2.2 4:192.0.2.3 5:2001:db8::1"));
	CHECK(hosts_say("oNe", false, "2:192.0.2.1") && hosts_say("uno", true, "2:192.0.2.1"));
	CHECK(hosts_say("one.example", true, "3:192.0.2.2") && hosts_say("last", true, "11:192.0.2.6"));
	CHECK(hosts_say("dotted.example.", true, "8:192.0.2.5") && hosts_say("dotted.example", true, ""));
	const char *none[] = { "one2", "short", "scoped", "on", "onee", "192.0.2.4", "", "#" };
	for (size_t i = 0; i < COUNT(none); i++) CHECK(hosts_say(none[i], true, ""));
}

static void hosts_limit(void)
{
	static char text[4000];
	static struct system_hosts h;
	struct text t = text_in(text, sizeof text);

	for (unsigned i = 0; i < SYSTEM_ADDRESSES_MAX + 3; i++) text_printf(&t, "10.0.0.%u many\n", i);
	system_hosts_find(&h, text_bytes(&t), "many", true);
	CHECK(h.count == SYSTEM_ADDRESSES_MAX && h.ignored == 3);
}

static void host_conf(void)
{
	CHECK(system_multi(bytes_of("order hosts,bind\nmulti on\n")) && !system_multi(bytes_of("multi off")));
	CHECK(!system_multi(bytes_of("")) && !system_multi(bytes_of("# multi on\nmulti\n")));
}

int main(void)
{
	TEST(resolv_conf);
	TEST(resolv_conf_from_elsewhere);
	TEST(search_order);
	TEST(search_too_long);
	TEST(search_limit);
	TEST(nsswitch);
	TEST(other_services);
	TEST(hosts);
	TEST(hosts_limit);
	TEST(host_conf);
	return tap_end();
}
