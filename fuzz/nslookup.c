/* SPDX-License-Identifier: ISC */
/* nslookup.c - fuzzes what nslookup shows of answers, names of other scripts among them, and what it takes as settings and
 * names. The first byte says which. */
#include <assert.h>

#include "tool/dns/nslookup_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static char shown[400000];

static void show(struct bytes b, bool unicode)
{
	struct dns_message m;
	struct text t = text_in(shown, sizeof shown);

	if (dns_parse(b, &m) != DROP_NONE) return;
	for (enum dns_section s = DNS_ANSWER; s <= DNS_ADDITIONAL; s++) print_records(&t, &m, s, unicode);
	print_debug(&t, &m, unicode);
	for (size_t i = 0; i < t.len; i++) /* nothing that a terminal would obey */
		assert(((uint8_t)t.at[i] >= ' ' && t.at[i] != 0x7f) || t.at[i] == '\n' || t.at[i] == '\t');
}

static void set(const char *word)
{
	static struct settings s;
	char why[3000];
	struct text t = text_in(why, sizeof why), out = text_in(shown, sizeof shown);
	struct tool_env env = { .server_port = 53 };

	if (s.port == 0) settings_init(&s, &env);
	enum set_what what = settings_set(&s, word, &t);
	assert((what == SET_WRONG) == (t.len > 0));
	settings_nearest(word);
	settings_show(&s, &out);
	assert(s.port > 0 && s.resolv.searches <= SYSTEM_SEARCH_MAX);
}

static void name(const char *typed, bool idn)
{
	struct dns_name n;
	char text[DNS_NAME_TEXT_MAX];
	struct text t = text_in(shown, sizeof shown);

	const char *why = names_typed(typed, idn, &n);
	if (why != NULL) assert(strlen(why) > 5);
	else names_text(&n, true, text);
	names_put(&t, typed, idn);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	char word[2000];

	if (len < 1) return 0;
	size_t n = size_min(len - 1, sizeof word - 1);
	memcpy(word, at + 1, n);
	word[n] = '\0';
	switch (at[0] % 4) {
	case 0: show((struct bytes){ at + 1, len - 1 }, false); break;
	case 1: show((struct bytes){ at + 1, len - 1 }, true); break;
	case 2: set(word); break;
	case 3: name(word, at[0] & 4); break;
	}
	return 0;
}
