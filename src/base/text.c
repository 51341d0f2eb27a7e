/* SPDX-License-Identifier: ISC */
#include "base/text.h"

#include <stdio.h> /* vsnprintf only */

void text_flush(struct text *t)
{
	if (t->drain == NULL || t->len == 0) return;
	struct bytes all = text_bytes(t);
	t->len = 0;
	t->drain(t, all);
	t->at[t->len] = '\0';
}

void text_put(struct text *t, struct bytes b)
{
	while (b.len > 0) {
		if (t->len == t->size - 1) text_flush(t);
		size_t n = size_min(b.len, t->size - 1 - t->len);
		if (n == 0) {
			t->cut = true;
			return;
		}
		memcpy(t->at + t->len, b.at, n);
		t->len += n;
		t->at[t->len] = '\0';
		b = bytes_skip(b, n);
	}
}

void text_puts(struct text *t, const char *s) { text_put(t, bytes_of(s)); }

void text_vprintf(struct text *t, const char *format, va_list args)
{
	char line[2048]; /* the longest single piece; longer text is put, not printed */
	int n = vsnprintf(line, sizeof line, format, args);

	assert(n >= 0);
	if ((size_t)n >= sizeof line) t->cut = true;
	text_put(t, (struct bytes){ (const uint8_t *)line, size_min((size_t)n, sizeof line - 1) });
}

void text_printf(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vprintf(t, format, args);
	va_end(args);
}

/* Levenshtein's distance with one row; words longer than the row are never near. */
size_t text_utf8(struct bytes b)
{
	if (b.len == 0) return 0;
	uint8_t c = b.at[0];
	size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;

	if (n > b.len) return 0;
	for (size_t i = 1; i < n; i++) if (b.at[i] >> 6 != 2) return 0;
	if ((c == 0xe0 && b.at[1] < 0xa0) || (c == 0xf0 && b.at[1] < 0x90)) return 0; /* longer than need be */
	if ((c == 0xed && b.at[1] > 0x9f) || (c == 0xf4 && b.at[1] > 0x8f)) return 0; /* no characters */
	return n;
}

/* The digits are 62 that all agree on, then two. */
static void put_base64(struct text *t, struct bytes b, const char two[2], bool padded)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	for (; b.len > 0; b = bytes_skip(b, size_min(b.len, 3))) {
		uint32_t v = (uint32_t)b.at[0] << 16 | (b.len > 1 ? (uint32_t)b.at[1] << 8 : 0) | (b.len > 2 ? b.at[2] : 0);
		char four[4] = { '=', '=', '=', '=' };
		size_t n = size_min(b.len, 3) + 1;
		for (size_t k = 0; k < n; k++) {
			uint32_t digit = v >> (18 - 6 * k) & 63;
			four[k] = digit < 62 ? digits[digit] : two[digit - 62];
		}
		text_put(t, (struct bytes){ (const uint8_t *)four, padded ? 4 : n });
	}
}

void text_base64(struct text *t, struct bytes b) { put_base64(t, b, "+/", true); }
void text_base64url(struct text *t, struct bytes b) { put_base64(t, b, "-_", false); }

static size_t distance(const char *a, const char *b)
{
	enum { LONGEST = 40 };
	size_t row[LONGEST + 1], n = strlen(a), m = strlen(b);

	if (n > LONGEST || m > LONGEST) return SIZE_MAX;
	for (size_t j = 0; j <= m; j++) row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = corner + (a[i - 1] != b[j - 1]);
			corner = row[j];
			row[j] = size_min(change, size_min(row[j], row[j - 1]) + 1);
		}
	}
	return row[m];
}

const char *text_nearest(const char *misspelt, const char *const *words, size_t count)
{
	size_t best = strlen(misspelt) / 3 + 2; /* one slip in three letters, and always one */
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t d = distance(misspelt, words[i]);
		if (d < best && d < strlen(words[i])) best = d, nearest = words[i];
	}
	return nearest;
}
