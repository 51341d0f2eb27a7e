/* SPDX-License-Identifier: ISC */
#include "idn/idn.h"

#include <idn2.h>

#define LABEL_MAX 63
#define NAME_MAX 253

bool idn_wanted(const char *name)
{
	for (; *name != '\0'; name++)
		if ((uint8_t)*name >= 0x80) return true;
	return false;
}

static enum idn_why why_of(int code)
{
	switch (code) {
	case IDN2_OK: return IDN_DONE;
	case IDN2_MALLOC: return IDN_NO_MEMORY;
	case IDN2_ENCODING_ERROR: return IDN_NOT_UTF8;
	case IDN2_TOO_BIG_DOMAIN: return IDN_NAME_TOO_LONG;
	case IDN2_TOO_BIG_LABEL: case IDN2_PUNYCODE_BIG_OUTPUT: return IDN_LABEL_TOO_LONG;
	case IDN2_2HYPHEN: case IDN2_HYPHEN_STARTEND: return IDN_HYPHENS;
	case IDN2_LEADING_COMBINING: return IDN_COMBINING;
	case IDN2_CONTEXTJ: case IDN2_CONTEXTJ_NO_RULE: case IDN2_CONTEXTO: case IDN2_CONTEXTO_NO_RULE: return IDN_CONTEXT;
	case IDN2_UNASSIGNED: return IDN_UNASSIGNED;
	case IDN2_BIDI: return IDN_BIDI;
	case IDN2_PUNYCODE_BAD_INPUT: case IDN2_PUNYCODE_OVERFLOW: case IDN2_INVALID_ALABEL: case IDN2_UALABEL_MISMATCH:
	case IDN2_INVALID_NONTRANSITIONAL: case IDN2_INVALID_TRANSITIONAL: return IDN_BAD_ALABEL;
	default: return IDN_NOT_ALLOWED;
	}
}

const char *idn_why_words(enum idn_why why)
{
	switch (why) {
	case IDN_DONE: return "done";
	case IDN_NOT_UTF8: return "it is not written in UTF-8";
	case IDN_LABEL_EMPTY: return "a label is empty";
	case IDN_LABEL_TOO_LONG: return "a label is longer than 63 bytes";
	case IDN_NAME_TOO_LONG: return "it is longer than 253 bytes";
	case IDN_NOT_ALLOWED: return "it has a character that no name may have";
	case IDN_UNASSIGNED: return "it has a character that Unicode does not define";
	case IDN_HYPHENS: return "a label has a hyphen at an end, or two where only xn-- may have them";
	case IDN_COMBINING: return "a label begins with a combining mark";
	case IDN_CONTEXT: return "it has a character that is only allowed between certain others";
	case IDN_BIDI: return "a label mixes letters written to the left and to the right";
	case IDN_BAD_ALABEL: return "what follows xn-- is no label of another script";
	case IDN_NO_MEMORY: return "there is no memory for it";
	}
	return "?";
}

/* RFC 1035, 2.3.4, of a name in text. */
static enum idn_why check_lengths(const char *name)
{
	size_t len = strlen(name), label = 0;

	if (len > 0 && name[len - 1] == '.') len--;
	if (len > NAME_MAX) return IDN_NAME_TOO_LONG;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && name[i] != '.') {
			label++;
			continue;
		}
		if (label == 0) return IDN_LABEL_EMPTY;
		if (label > LABEL_MAX) return IDN_LABEL_TOO_LONG;
		label = 0;
	}
	return IDN_DONE;
}

/* UTS 46's deviations: letters that mean something else by the transitional mapping. */
static bool deviates(const char *name)
{
	return strstr(name, "\u00df") != NULL || strstr(name, "\u03c2") != NULL || strstr(name, "\u200c") != NULL ||
	       strstr(name, "\u200d") != NULL || strstr(name, "\u1e9e") != NULL;
}

enum idn_why idn_to_ascii(const char *name, char ascii[IDN_ASCII_MAX])
{
	uint8_t *made = NULL;

	ascii[0] = '\0';
	if (strlen(name) > IDN_TYPED_MAX) return IDN_NAME_TOO_LONG;
	if (strchr(name, '\\') != NULL) return IDN_NOT_ALLOWED; /* a master file's escapes are for bytes, not letters */
	int code = idn2_to_ascii_8z(name, (char **)&made, IDN2_NONTRANSITIONAL);
	/* The library's older mapping is the one that does not ask RFC 5892 about signs. */
	if (code == IDN2_DISALLOWED && !deviates(name)) code = idn2_to_ascii_8z(name, (char **)&made, IDN2_TRANSITIONAL);
	enum idn_why why = code == IDN2_OK ? check_lengths((char *)made) : why_of(code);
	if (why == IDN_DONE) memcpy(ascii, made, strlen((char *)made) + 1);
	if (code == IDN2_OK) idn2_free(made);
	return why;
}

static bool is_alabel(const char *label)
{
	return ascii_lower((uint8_t)label[0]) == 'x' && ascii_lower((uint8_t)label[1]) == 'n' && label[2] == '-' && label[3] == '-';
}

/* A-labels in lower case, the others as they are. Whether there are any. */
static bool lower_alabels(char *name)
{
	bool any = false, in_alabel = is_alabel(name);

	for (; *name != '\0'; name++) {
		any |= in_alabel;
		if (in_alabel) *name = (char)ascii_lower((uint8_t)*name);
		if (*name == '.') in_alabel = is_alabel(name + 1);
	}
	return any;
}

static bool same(const char *a, const char *b)
{
	while (*a != '\0' && ascii_lower((uint8_t)*a) == ascii_lower((uint8_t)*b)) a++, b++;
	return *a == *b;
}

enum idn_why idn_to_unicode(const char *name, char unicode[IDN_UNICODE_MAX])
{
	char copy[IDN_UNICODE_MAX], again[IDN_ASCII_MAX], *made = NULL;
	size_t len = strlen(name);

	unicode[0] = '\0';
	if (len >= IDN_UNICODE_MAX) return IDN_NAME_TOO_LONG;
	memcpy(unicode, name, len + 1);
	memcpy(copy, name, len + 1);
	if (!lower_alabels(copy)) return IDN_DONE;
	enum idn_why why = why_of(idn2_to_unicode_8z8z(copy, &made, 0));
	if (why != IDN_DONE) return why;
	why = strlen(made) >= IDN_UNICODE_MAX ? IDN_NAME_TOO_LONG : idn_to_ascii(made, again);
	if (why == IDN_DONE && !same(copy, again)) why = IDN_BAD_ALABEL;
	if (why == IDN_DONE) memcpy(unicode, made, strlen(made) + 1);
	idn2_free(made);
	return why;
}
