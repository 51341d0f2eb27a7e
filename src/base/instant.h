/* SPDX-License-Identifier: ISC */
/* instant.h - a moment, in nanoseconds on whatever clock the caller keeps.
 *
 * The clock is an argument everywhere (always named `now`); it is read once per turn of the loop, by the
 * room that owns one. Deadlines are absolute. Spans of time are instants too; their names say so (`_for`,
 * `_after`). NEVER is later than everything.
 */
#ifndef TULLE_BASE_INSTANT_H
#define TULLE_BASE_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

typedef int64_t instant;

#define NEVER INT64_MAX
#define NANOSECOND INT64_C(1)
#define MICROSECOND INT64_C(1000)
#define MILLISECOND INT64_C(1000000)
#define SECOND INT64_C(1000000000)

static inline instant instant_min(instant a, instant b) { return a < b ? a : b; }
static inline instant instant_max(instant a, instant b) { return a > b ? a : b; }

/* now + span, where NEVER stays NEVER and the sum does not overflow. */
static inline instant instant_after(instant now, instant span)
{
	return span >= NEVER - now ? NEVER : now + span;
}

/* Reads a span of time as people write it: "250us", "20ms", "1.5s", "2m", "1h", "300ns"; a bare number is
 * seconds. False (and *span untouched) if the text is not wholly that, is negative, or does not fit. */
bool instant_parse(const char *text, instant *span);

#endif
