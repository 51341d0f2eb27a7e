/* SPDX-License-Identifier: ISC */
/* text.h - where words go: a lent buffer that is filled, and drained by whoever lent it.
 *
 * No room below main/ writes to a terminal or a file; it writes to a `struct text`. With no `drain` the
 * text ends where the buffer ends (`cut` tells), which is right for a label or a message; with one, the
 * buffer is a window on something longer, and text_flush empties it.
 *
 *     char buffer[80];
 *     struct text t = text_in(buffer, sizeof buffer);
 *     text_printf(&t, "%u hosts", count);          // buffer holds it, NUL-terminated
 */
#ifndef TULLE_BASE_TEXT_H
#define TULLE_BASE_TEXT_H

#include <stdarg.h>

#include "base/bytes.h"

struct text {
	char *at;
	size_t len, size; /* size counts the NUL that always follows */
	bool cut;         /* something did not fit */
	void (*drain)(struct text *, struct bytes); /* takes the bytes; NULL if the buffer is all there is */
};

static inline struct text text_in(char *buffer, size_t size)
{
	assert(size > 0);
	buffer[0] = '\0';
	return (struct text){ .at = buffer, .size = size };
}

void text_put(struct text *, struct bytes);
void text_puts(struct text *, const char *);
void text_printf(struct text *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *, const char *format, va_list) __attribute__((format(printf, 2, 0)));
void text_flush(struct text *);
static inline struct bytes text_bytes(const struct text *t)
{
	return (struct bytes){ (const uint8_t *)t->at, t->len };
}
static inline void text_clear(struct text *t) { t->len = 0, t->cut = false, t->at[0] = '\0'; }

size_t text_utf8(struct bytes); /* how long the character at the front is, or 0: it is no well-formed UTF-8 (RFC 3629, 4), or nothing */
void text_base64(struct text *, struct bytes);    /* RFC 4648, 4 */
void text_base64url(struct text *, struct bytes); /* RFC 4648, 5, without padding */

/* The word of `words` nearest to a misspelt one (by edit distance), or NULL if none is near. */
const char *text_nearest(const char *misspelt, const char *const *words, size_t count);

#endif
