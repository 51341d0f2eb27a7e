/* SPDX-License-Identifier: ISC */
#include "tool/say.h"

/* The bytes of one character at the front that may be shown as it is, or 0. */
static size_t visible(struct bytes b)
{
	uint8_t c = b.at[0];
	size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;

	if (n == 1) return c >= 0x20 && c != 0x7f;
	if (n == 0 || n > b.len) return 0;
	for (size_t i = 1; i < n; i++) if (b.at[i] >> 6 != 2) return 0;
	if (c == 0xc2 && b.at[1] < 0xa0) return 0;                            /* C1 */
	if ((c == 0xe0 && b.at[1] < 0xa0) || (c == 0xf0 && b.at[1] < 0x90)) return 0; /* longer than need be */
	if ((c == 0xed && b.at[1] > 0x9f) || (c == 0xf4 && b.at[1] > 0x8f)) return 0; /* no characters */
	return n;
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
