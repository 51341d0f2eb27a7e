/* SPDX-License-Identifier: ISC */
/* histogram.h - how often each size of a number came: for percentiles of many latencies in little memory.
 *
 * Log-linear: each power of two is cut into 64 equal parts, so a value is known to within 1/64 of itself, and exactly below
 * 128. Min, max and mean are exact.
 *
 *     histogram_add(&h, rtt);                          // zeroed before
 *     histogram_percentile(&h, 99900)                  // 99.9 %: so much at most, for that many of all
 */
#ifndef TULLE_BASE_HISTOGRAM_H
#define TULLE_BASE_HISTOGRAM_H

#include "base/bytes.h"

#define HISTOGRAM_BITS 6 /* 2^6 parts a power of two */
#define HISTOGRAM_PARTS ((63 - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS)

struct histogram { uint64_t count, sum, min, max, part[HISTOGRAM_PARTS]; };

void histogram_add(struct histogram *, int64_t value); /* below 0 counts as 0 */
/* Of 100,000: the smallest value that so many of all do not pass, or up to 1/64 more; 0 if there are none. */
uint64_t histogram_percentile(const struct histogram *, uint32_t of_100000);
uint64_t histogram_mean(const struct histogram *);

#endif
