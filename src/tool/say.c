/* SPDX-License-Identifier: ISC */
#include "tool/say.h"

static bool is_c1(struct bytes b) { return b.at[0] == 0xc2 && b.len > 1 && b.at[1] < 0xa0; }

/* The bytes of one character at the front that may be shown as it is, or 0. */
static size_t visible(struct bytes b)
{
	size_t n = text_utf8(b);

	if (n == 1 && (b.at[0] < 0x20 || b.at[0] == 0x7f)) return 0;
	return n == 2 && is_c1(b) ? 0 : n;
}

void say_bytes(struct text *t, struct bytes b)
{
	while (b.len > 0) {
		size_t n = visible(b);
		if (n > 0) text_put(t, bytes_first(b, n));
		else text_printf(t, "\\x%02x", b.at[0]);
		b = bytes_skip(b, size_max(n, 1));
	}
}

static void escape(struct text *t, uint8_t c)
{
	if (c == '"' || c == '\\') text_printf(t, "\\%c", c);
	else if (c == '\n') text_puts(t, "\\n");
	else if (c == '\r') text_puts(t, "\\r");
	else if (c == '\t') text_puts(t, "\\t");
	else text_printf(t, "\\u%04x", c);
}

void say_json(struct text *t, struct bytes b)
{
	text_puts(t, "\"");
	while (b.len > 0) {
		size_t n = visible(b);
		if (n > 0 && b.at[0] != '"' && b.at[0] != '\\') text_put(t, bytes_first(b, n));
		else if (text_utf8(b) == 2) n = 2, escape(t, b.at[1]); /* C1, by its number */
		else n = 1, escape(t, b.at[0]);
		b = bytes_skip(b, n);
	}
	text_puts(t, "\"");
}
