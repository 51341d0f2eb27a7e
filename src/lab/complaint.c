/* SPDX-License-Identifier: ISC */
#include "lab/complaint.h"

#include <stdlib.h>

void complain(struct complaints *c, struct place at, const char *format, ...)
{
	va_list args;

	if (c->count == COMPLAINTS_MAX) {
		c->beyond++;
		return;
	}
	struct complaint *one = &c->list[c->count++];
	struct text words = text_in(one->words, sizeof one->words);
	one->at = at;
	va_start(args, format);
	text_vprintf(&words, format, args);
	va_end(args);
}

static int by_place(const void *a, const void *b)
{
	const struct complaint *p = a, *q = b;
	if (p->at.line != q->at.line) return p->at.line < q->at.line ? -1 : 1;
	if (p->at.column != q->at.column) return p->at.column < q->at.column ? -1 : 1;
	return strcmp(p->words, q->words);
}

void complaints_print(struct complaints *c, const char *path, struct text *out)
{
	qsort(c->list, c->count, sizeof *c->list, by_place);
	for (size_t i = 0; i < c->count; i++) {
		const struct complaint *one = &c->list[i];
		if (one->at.line > 0) text_printf(out, "%s:%u:%u: %s\n", path, one->at.line, one->at.column, one->words);
		else text_printf(out, "%s: %s\n", path, one->words);
	}
	if (c->beyond > 0) text_printf(out, "%s: and %zu more\n", path, c->beyond);
}
