/* SPDX-License-Identifier: ISC */
/* What this machine's files say about names, as glibc reads them. */
#include "tool/system.h"

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

int main(void)
{
	TEST(resolv_conf);
	TEST(resolv_conf_from_elsewhere);
	TEST(search_order);
	TEST(search_too_long);
	TEST(search_limit);
	return tap_end();
}
