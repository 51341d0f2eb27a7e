/* SPDX-License-Identifier: ISC */
#include "base/trace.h"

void trace_say(struct trace *trace, const char *format, ...)
{
	va_list args;

	if (trace == NULL) return;
	struct text t = { .at = trace->words, .len = trace->len, .size = sizeof trace->words };
	if (t.len > 0) text_puts(&t, "; ");
	va_start(args, format);
	text_vprintf(&t, format, args);
	va_end(args);
	trace->len = t.len;
	trace->seen++;
}

const char *trace_take(struct trace *trace)
{
	if (trace == NULL || trace->len == 0) return NULL;
	trace->len = 0;
	return trace->words;
}
