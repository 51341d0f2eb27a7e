/* SPDX-License-Identifier: ISC */
/* nslookup_set.c - what `set` and the options of the command line change. Words, their shortest forms and complaints are BIND's. */
#include "tool/dns/nslookup_parts.h"
#include "wire/dns_present.h"

#define NDOTS_MAX 128
#define TIMEOUT_MAX_S 3600
#define TRIES_MAX 100

#define FLAG(member) offsetof(struct settings, member)

/* A flag may be cut short to `least` letters. */
static const struct flag { const char *name; uint8_t least; bool value; size_t at; } flags[] = {
	{ "recurse", 3, true, FLAG(recurse) }, { "norecurse", 5, false, FLAG(recurse) },
	{ "vc", 2, true, FLAG(vc) }, { "novc", 4, false, FLAG(vc) },
	{ "debug", 3, true, FLAG(debug) }, { "nodebug", 5, false, FLAG(debug) },
	{ "d2", 2, true, FLAG(d2) }, { "nod2", 4, false, FLAG(d2) },
	{ "search", 3, true, FLAG(search) }, { "nosearch", 5, false, FLAG(search) },
	{ "defname", 3, true, FLAG(search) }, { "nodefname", 5, false, FLAG(search) },
	{ "fail", 3, true, FLAG(fail) }, { "nofail", 5, false, FLAG(fail) },
	{ "json", 4, true, FLAG(json) }, { "nojson", 6, false, FLAG(json) },
	{ "idn", 3, true, FLAG(idn) }, { "noidn", 5, false, FLAG(idn) },
};

static bool same_start(const char *word, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (ascii_lower((uint8_t)word[i]) != ascii_lower((uint8_t)name[i]) || word[i] == '\0') return false;
	return true;
}

static void complain(struct text *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(struct text *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vprintf(why, format, args);
	va_end(args);
}

/* --- values --- */

typedef bool setter(struct settings *, const char *value, struct text *why);

static bool read_number(const char *what, const char *value, unsigned least, unsigned most, unsigned *number, struct text *why)
{
	unsigned n = 0;

	for (const char *s = value; *s != '\0' || s == value; s++) {
		if (*s < '0' || *s > '9') return complain(why, "invalid %s '%s': not a valid number", what, value), false;
		if (n <= most) n = n * 10 + (unsigned)(*s - '0');
	}
	if (n < least || n > most) return complain(why, "invalid %s '%s': out of range", what, value), false;
	*number = n;
	return true;
}

static bool keep_word(char *to, size_t size, const char *word)
{
	struct text t = text_in(to, size);
	text_puts(&t, word);
	return true;
}

static bool set_type(struct settings *s, const char *value, struct text *why)
{
	uint16_t type;

	if (!dns_type_parse(value, &type) || strlen(value) >= sizeof s->type_word)
		return complain(why, "unknown query type: %s", value), false;
	if (type == DNS_AXFR || type == DNS_IXFR)
		return complain(why, "a whole zone is not asked for here: `tulle dig` can (%s)", value), false;
	s->type = type;
	s->typed = true;
	return keep_word(s->type_word, sizeof s->type_word, value);
}

static bool set_class(struct settings *s, const char *value, struct text *why)
{
	if (!dns_class_parse(value, &s->class) || strlen(value) >= sizeof s->class_word)
		return complain(why, "unknown query class: %s", value), false;
	return keep_word(s->class_word, sizeof s->class_word, value);
}

static bool set_port(struct settings *s, const char *value, struct text *why)
{
	unsigned n;
	if (!read_number("port", value, 1, UINT16_MAX, &n, why)) return false;
	s->port = (uint16_t)n;
	return true;
}

static bool set_timeout(struct settings *s, const char *value, struct text *why)
{
	return read_number("timeout", value, 0, TIMEOUT_MAX_S, &s->timeout_s, why);
}

static bool set_tries(struct settings *s, const char *value, struct text *why)
{
	return read_number("tries", value, 0, TRIES_MAX, &s->tries, why);
}

static bool set_ndots(struct settings *s, const char *value, struct text *why)
{
	return read_number("ndots", value, 0, NDOTS_MAX, &s->resolv.ndots, why);
}

/* a.example/b.example: domains to try one after another. */
static bool set_search_list(struct settings *s, const char *value, struct text *why)
{
	struct dns_name list[SYSTEM_SEARCH_MAX];
	char word[NSLOOKUP_LINE_MAX];
	size_t count = 0;

	for (const char *at = value; *at != '\0';) {
		size_t len = strcspn(at, "/");
		if (count == SYSTEM_SEARCH_MAX || len >= sizeof word) return complain(why, "too many domains or too long: %s", value), false;
		memcpy(word, at, len);
		word[len] = '\0';
		const char *wrong = names_typed(word, s->idn, &list[count++]);
		if (wrong != NULL) return complain(why, "'%s' is no domain name: %s", word, wrong), false;
		at += len + (at[len] == '/');
	}
	memcpy(s->resolv.search, list, count * sizeof *list);
	s->resolv.searches = count;
	return s->search = true;
}

static const struct value { const char *name; setter *set; } values[] = {
	{ "type", set_type }, { "ty", set_type }, { "querytype", set_type }, { "query", set_type }, { "qu", set_type },
	{ "q", set_type }, { "class", set_class }, { "cl", set_class }, { "port", set_port }, { "po", set_port },
	{ "timeout", set_timeout }, { "ti", set_timeout }, { "t", set_timeout }, { "retry", set_tries }, { "ret", set_tries },
	{ "ndots", set_ndots }, { "domain", set_search_list }, { "do", set_search_list }, { "srchlist", set_search_list },
	{ "srchl", set_search_list },
};

enum set_what settings_set(struct settings *s, const char *word, struct text *why)
{
	size_t len = strlen(word), name_len = strcspn(word, "=");

	if (len == 3 && same_start(word, "all", 3)) return SET_ALL;
	for (size_t i = 0; name_len < len && i < COUNT(values); i++)
		if (strlen(values[i].name) == name_len && same_start(word, values[i].name, name_len))
			return values[i].set(s, word + name_len + 1, why) ? SET_DONE : SET_WRONG;
	for (size_t i = 0; i < COUNT(flags); i++) {
		const struct flag *f = &flags[i];
		if (len < f->least || len > strlen(f->name) || !same_start(word, f->name, len)) continue;
		*(bool *)((uint8_t *)s + f->at) = f->value;
		if (f->at == FLAG(idn)) s->unicode = s->idn;
		return SET_DONE;
	}
	complain(why, "*** Invalid option: %s", word);
	return SET_WRONG;
}

const char *settings_nearest(const char *word)
{
	const char *names[COUNT(flags) + COUNT(values) + 1];
	char name[32];
	struct text t = text_in(name, sizeof name);
	size_t n = 0;

	for (size_t i = 0; i < COUNT(flags); i++) names[n++] = flags[i].name;
	for (size_t i = 0; i < COUNT(values); i++) names[n++] = values[i].name;
	names[n++] = "all";
	text_put(&t, (struct bytes){ (const uint8_t *)word, strcspn(word, "=") });
	return text_nearest(name, names, n);
}

void settings_init(struct settings *s, struct tool_env *env)
{
	*s = (struct settings){ .type = DNS_A, .class = DNS_IN, .type_word = "A", .class_word = "IN", .search = true, .recurse = true,
	                        .idn = true, .unicode = names_in_unicode(env), .port = env->server_port, .tries = NSLOOKUP_TRIES };
	system_resolv_of(env, &s->resolv);
	if (s->resolv.timeout_given) s->timeout_s = s->resolv.timeout_s;
	if (s->resolv.attempts_given) s->tries = s->resolv.attempts;
	if (env->variable != NULL && env->variable(env, "IDN_DISABLE") != NULL) s->idn = false;
}

void settings_show(const struct settings *s, struct text *out)
{
	char name[DNS_NAME_TEXT_MAX];

	text_printf(out, "\nSet options:\n  %s\t\t\t%s\t\t%s\n", s->vc ? "vc" : "novc", s->debug ? "debug" : "nodebug", s->d2 ? "d2" : "nod2");
	text_printf(out, "  %s\t\t%s\n", s->search ? "search" : "nosearch", s->recurse ? "recurse" : "norecurse");
	text_printf(out, "  timeout = %u\t\tretry = %u\tport = %u\tndots = %u\n", s->timeout_s, s->tries, s->port, s->resolv.ndots);
	text_printf(out, "  querytype = %-8s\tclass = %s\n  srchlist = ", s->type_word, s->class_word);
	for (size_t i = 0; i < s->resolv.searches; i++)
		text_printf(out, "%s%s", i > 0 ? "/" : "", names_text(&s->resolv.search[i], s->unicode, name));
	text_puts(out, "\n");
}
