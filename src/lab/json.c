/* SPDX-License-Identifier: ISC */
#include "lab/json.h"

/* How many bytes the UTF-8 sequence at p has (RFC 3629, 4), or 0 if it is none. */
static size_t utf8(const uint8_t *p)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 && p[0] > 0xc1 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 && p[0] < 0xf5 ? 4 : 0;
	for (size_t i = 1; i < n; i++) if (p[i] >> 6 != 2) return 0; /* a string's NUL ends it too */
	if (n == 3 && ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))) return 0;
	if (n == 4 && ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))) return 0;
	return n;
}

void json_string(struct text *t, const char *string)
{
	text_puts(t, "\"");
	for (const uint8_t *p = (const uint8_t *)string; *p;) {
		size_t n = utf8(p);
		if (n == 0) text_puts(t, "\xef\xbf\xbd");
		else if (*p < ' ' || strchr("\"\\<>&", *p)) text_printf(t, "\\u%04x", *p);
		else text_put(t, (struct bytes){ p, n });
		p += size_max(n, 1);
	}
	text_puts(t, "\"");
}

void json_base64(struct text *t, struct bytes b)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	text_puts(t, "\"");
	for (; b.len > 0; b = bytes_skip(b, size_min(b.len, 3))) {
		uint32_t n = (uint32_t)b.at[0] << 16 | (b.len > 1 ? (uint32_t)b.at[1] << 8 : 0) | (b.len > 2 ? b.at[2] : 0);
		char four[5] = { letters[n >> 18], letters[n >> 12 & 63], b.len > 1 ? letters[n >> 6 & 63] : '=',
		                 b.len > 2 ? letters[n & 63] : '=', 0 };
		text_puts(t, four);
	}
	text_puts(t, "\"");
}
