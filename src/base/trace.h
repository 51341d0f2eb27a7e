/* SPDX-License-Identifier: ISC */
/* trace.h - why a machine did what it did, in words.
 *
 * A trace is lent to a machine (NULL if nobody listens). The machine says its reason just before the
 * output the reason belongs to; whoever sends that output takes the words and lets them travel with the
 * packet, into the capture's comment. Reasons that no output follows are overwritten by later ones only
 * when the buffer is full; `seen` says how many there ever were.
 */
#ifndef TULLE_BASE_TRACE_H
#define TULLE_BASE_TRACE_H

#include "base/text.h"

#define TRACE_WORDS_MAX 240

struct trace {
	uint64_t seen;
	size_t len;
	char words[TRACE_WORDS_MAX]; /* "; " between reasons; NUL-terminated */
};

void trace_say(struct trace *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The words since last taken, or NULL; good until the next trace_say. */
const char *trace_take(struct trace *);

#endif
