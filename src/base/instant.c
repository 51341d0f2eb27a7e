/* SPDX-License-Identifier: ISC */
#include "base/instant.h"

#include <stddef.h>
#include <string.h>

static const struct { const char *word; instant unit; } units[] = {
	{ "ns", NANOSECOND }, { "us", MICROSECOND }, { "ms", MILLISECOND }, { "s", SECOND },
	{ "", SECOND }, { "m", 60 * SECOND }, { "h", 3600 * SECOND },
};

bool instant_parse(const char *text, instant *span)
{
	enum { DIGITS_MAX = 9 }; /* before and after the point: so nothing below can overflow */
	int64_t whole = 0, part = 0, scale = 1;
	size_t digits = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++, digits++)
		if (digits >= DIGITS_MAX) return false;
		else whole = whole * 10 + (*p - '0');
	if (*p == '.') {
		size_t after = 0;
		for (p++; *p >= '0' && *p <= '9'; p++, after++, digits++)
			if (after >= DIGITS_MAX) return false;
			else part = part * 10 + (*p - '0'), scale *= 10;
	}
	if (digits == 0) return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		instant unit = units[i].unit;
		if (strcmp(p, units[i].word) != 0) continue;
		if (whole > (NEVER - unit) / unit) return false;
		/* part < scale <= 10^9 and unit <= 3.6 * 10^12: the product may pass 2^63, so split it. */
		*span = whole * unit + (unit / scale) * part + (unit % scale) * part / scale;
		return true;
	}
	return false;
}
