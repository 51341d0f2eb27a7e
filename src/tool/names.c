/* SPDX-License-Identifier: ISC */
#include "tool/names.h"

#define LABEL_MAX 63

/* Why dns_name_parse will not have it. An escape, \. or \123, is one byte of a label. */
static const char *why_no_name(const char *text)
{
	size_t label = 0, all = 1;

	if (*text == '\0') return "it is empty";
	if (*text == '.') return "a label is empty";
	for (; *text != '\0'; text++) {
		if (*text == '.') {
			if (label == 0) return "a label is empty";
			label = 0, all++;
			continue;
		}
		if (*text == '\\') {
			size_t digits = strspn(text + 1, "0123456789");
			if (text[1] == '\0' || (digits > 0 && digits < 3)) break;
			text += digits > 0 ? 3 : 1;
		}
		if (++label > LABEL_MAX) return "a label is longer than 63 bytes";
		if (++all > DNS_NAME_MAX - 1) return "it is longer than 253 bytes";
	}
	return "after a backslash stands a letter or three digits of a byte";
}

const char *names_typed(const char *typed, bool idn, struct dns_name *name)
{
	char ascii[IDN_ASCII_MAX];

	if (idn && idn_wanted(typed)) {
		enum idn_why why = idn_to_ascii(typed, ascii);
		if (why != IDN_DONE) return idn_why_words(why);
		typed = ascii;
	}
	return dns_name_parse(typed, name) ? NULL : why_no_name(typed);
}

const char *names_host(const char *typed, char host[IDN_ASCII_MAX])
{
	size_t len = strlen(typed);

	if (idn_wanted(typed)) {
		enum idn_why why = idn_to_ascii(typed, host);
		return why == IDN_DONE ? NULL : idn_why_words(why);
	}
	if (len >= IDN_ASCII_MAX) return "it is longer than 253 bytes";
	memcpy(host, typed, len + 1);
	return NULL;
}

const char *names_text(const struct dns_name *name, bool unicode, char buffer[DNS_NAME_TEXT_MAX])
{
	char shown[IDN_UNICODE_MAX];

	dns_name_text(name, buffer);
	if (name->len > 1) buffer[strlen(buffer) - 1] = '\0';
	if (unicode && idn_to_unicode(buffer, shown) == IDN_DONE) memcpy(buffer, shown, strlen(shown) + 1);
	return buffer;
}

static void put_word(struct text *t, const char *at, size_t len)
{
	char word[IDN_UNICODE_MAX], shown[IDN_UNICODE_MAX];

	if (len < sizeof word) {
		memcpy(word, at, len);
		word[len] = '\0';
		if (idn_to_unicode(word, shown) == IDN_DONE) {
			text_puts(t, shown);
			return;
		}
	}
	text_put(t, (struct bytes){ (const uint8_t *)at, len });
}

/* How long it is, with both its quotes; to the end if there is no second one. */
static size_t quoted(const char *text)
{
	size_t len = 1;

	while (text[len] != '\0' && text[len] != '"') len += text[len] == '\\' && text[len + 1] != '\0' ? 2 : 1;
	return len + (text[len] == '"');
}

void names_put(struct text *t, const char *rdata, bool unicode)
{
	while (unicode && *rdata != '\0') {
		size_t len = *rdata == ' ' ? strspn(rdata, " ") : strcspn(rdata, " ");
		if (*rdata == '"') len = quoted(rdata);
		if (*rdata == ' ' || *rdata == '"') text_put(t, (struct bytes){ (const uint8_t *)rdata, len });
		else put_word(t, rdata, len);
		rdata += len;
	}
	text_puts(t, rdata);
}

static bool is_utf8(const char *locale)
{
	static const char *const spelt[] = { "UTF-8", "utf-8", "UTF8", "utf8" };

	for (size_t i = 0; i < COUNT(spelt); i++)
		if (strstr(locale, spelt[i]) != NULL) return true;
	return false;
}

bool names_in_unicode(struct tool_env *env)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" }; /* the first that says something counts */

	if (!env->screen || env->variable == NULL || env->variable(env, "IDN_DISABLE") != NULL) return false;
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *locale = env->variable(env, names[i]);
		if (locale != NULL && *locale != '\0') return is_utf8(locale);
	}
	return false;
}

/* --- searched for --- */

size_t names_searched(const struct system_resolv *resolv, const char *typed, struct dns_name names[SYSTEM_NAMES_MAX])
{
	size_t count = system_names(resolv, typed, names), dots = 0;

	for (const char *p = typed; *p != '\0'; p++) dots += *p == '.';
	return count > 1 && dots >= resolv->ndots ? 1 : count;
}
