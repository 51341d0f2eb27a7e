/* SPDX-License-Identifier: ISC */
#include "lab/json.h"

void json_string(struct text *t, const char *string)
{
	text_puts(t, "\"");
	for (struct bytes b = bytes_of(string); b.len > 0;) {
		size_t n = text_utf8(b);
		if (n == 0) text_puts(t, "\xef\xbf\xbd");
		else if (b.at[0] < ' ' || strchr("\"\\<>&", b.at[0])) text_printf(t, "\\u%04x", b.at[0]);
		else text_put(t, bytes_first(b, n));
		b = bytes_skip(b, size_max(n, 1));
	}
	text_puts(t, "\"");
}

void json_base64(struct text *t, struct bytes b)
{
	text_puts(t, "\"");
	text_base64(t, b);
	text_puts(t, "\"");
}
