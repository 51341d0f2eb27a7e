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
