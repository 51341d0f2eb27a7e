/* SPDX-License-Identifier: ISC */
/* names.c - tests of src/tool/names: what is typed and what is shown, and hosts of other scripts in URLs. */
#include "tap.h"
#include "tool/names.h"
#include "tool/url.h"

static void what_is_typed(void)
{
	static const struct { const char *typed; bool idn; const char *name, *why; } facts[] = {
		{ "www.example.com", true, "www.example.com.", NULL },
		{ "WWW.Example.com.", true, "WWW.Example.com.", NULL },
		{ "bücher.example", true, "xn--bcher-kva.example.", NULL },
		{ "bücher.example", false, "b\\195\\188cher.example.", NULL },
		{ ".", true, ".", NULL },
		{ "a\\.b\\046\\000.example", true, "a\\.b\\.\\000.example.", NULL },
		{ "", true, NULL, "it is empty" },
		{ "a..b", true, NULL, "a label is empty" },
		{ ".a", true, NULL, "a label is empty" },
		{ "ü..b", true, NULL, "a label is empty" },
		{ "b\xfc""cher.example", true, NULL, "it is not written in UTF-8" },
		{ "ü-.example", true, NULL, "a label has a hyphen at an end, or two where only xn-- may have them" },
		{ "a\\", true, NULL, "after a backslash stands a letter or three digits of a byte" },
		{ "a\\25", true, NULL, "after a backslash stands a letter or three digits of a byte" },
		{ "a\\256.b", true, NULL, "after a backslash stands a letter or three digits of a byte" },
	};
	char buffer[DNS_NAME_TEXT_MAX];
	struct dns_name name;

	for (size_t i = 0; i < COUNT(facts); i++) {
		const char *why = names_typed(facts[i].typed, facts[i].idn, &name);
		CHECK((why == NULL) == (facts[i].why == NULL));
		if (why != NULL && facts[i].why != NULL) CHECK_STR(why, facts[i].why);
		if (why == NULL && facts[i].name != NULL) CHECK_STR(dns_name_text(&name, buffer), facts[i].name);
	}
}

static void how_long_it_may_be(void)
{
	char typed[400];
	struct dns_name name;

	memset(typed, 'a', sizeof typed);
	typed[64] = '\0';
	CHECK_STR(names_typed(typed, true, &name), "a label is longer than 63 bytes");
	typed[63] = '\0';
	CHECK(names_typed(typed, true, &name) == NULL);
	for (size_t len = 253; len <= 254; len++) {
		memset(typed, 'a', sizeof typed);
		for (size_t i = 63; i < len; i += 64) typed[i] = '.';
		typed[len] = '\0';
		const char *why = names_typed(typed, true, &name);
		CHECK(len == 253 ? why == NULL : why != NULL && strcmp(why, "it is longer than 253 bytes") == 0);
	}
}

static void what_is_shown(void)
{
	char buffer[DNS_NAME_TEXT_MAX], out[200];
	struct text t = text_in(out, sizeof out);
	struct dns_name name;

	CHECK(dns_name_parse("www.xn--bcher-kva.example", &name));
	CHECK_STR(names_text(&name, true, buffer), "www.bücher.example");
	CHECK_STR(names_text(&name, false, buffer), "www.xn--bcher-kva.example");
	CHECK(dns_name_parse(".", &name));
	CHECK_STR(names_text(&name, true, buffer), ".");
	names_put(&t, "10 mail.xn--bcher-kva.example.", true);
	CHECK_STR(out, "10 mail.bücher.example.");
	text_clear(&t);
	names_put(&t, "10 mail.xn--bcher-kva.example.", false);
	CHECK_STR(out, "10 mail.xn--bcher-kva.example.");
	text_clear(&t);
	names_put(&t, "0 issue \"a xn--bcher-kva.example \\\" xn--bcher-kva\"  xn--bcher-kva xn--0 \"xn--bcher-kva", true);
	CHECK_STR(out, "0 issue \"a xn--bcher-kva.example \\\" xn--bcher-kva\"  bücher xn--0 \"xn--bcher-kva");
}

static const char *value;
static const char *variable(struct tool_env *env, const char *name)
{
	(void)env;
	return strncmp(value, name, strlen(name)) == 0 && value[strlen(name)] == '=' ? value + strlen(name) + 1 : NULL;
}

static void where_it_is_shown(void)
{
	static const struct { const char *value; bool shown; } facts[] = {
		{ "LANG=de_DE.UTF-8", true }, { "LC_ALL=C.utf8", true }, { "LC_CTYPE=C.UTF-8", true }, { "LANG=C", false },
		{ "LANG=", false }, { "HOME=utf8", false },
	};
	struct tool_env env = { .screen = true, .variable = variable };

	for (size_t i = 0; i < COUNT(facts); i++) {
		value = facts[i].value;
		CHECK(names_in_unicode(&env) == facts[i].shown);
	}
	value = "LANG=C.UTF-8";
	env.screen = false;
	CHECK(!names_in_unicode(&env));
	env = (struct tool_env){ .screen = true };
	CHECK(!names_in_unicode(&env));
}

static void hosts_of_urls(void)
{
	struct url u;

	CHECK(url_parse("https://bücher.example:8443/ä", 1 << URL_HTTPS, &u) == NULL);
	CHECK_STR(u.host, "xn--bcher-kva.example");
	CHECK(u.at.port == 8443 && !u.is_address && strcmp(u.path, "/ä") == 0);
	CHECK(url_parse("tcp://例え.テスト:1", 1 << URL_TCP, &u) == NULL);
	CHECK_STR(u.host, "xn--r8jz45g.xn--zckzah");
	CHECK_STR(url_parse("tcp://-ü:1", 1 << URL_TCP, &u), "a label has a hyphen at an end, or two where only xn-- may have them");
	CHECK_STR(url_parse("tcp://[ü]:1", 1 << URL_TCP, &u), "in brackets stands an IPv6 address");
}

int main(void)
{
	TEST(what_is_typed);
	TEST(how_long_it_may_be);
	TEST(what_is_shown);
	TEST(where_it_is_shown);
	TEST(hosts_of_urls);
	return tap_end();
}
