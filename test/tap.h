/* SPDX-License-Identifier: ISC */
/* tap.h - a test is a small program that prints TAP: `ok 1 - what`, `not ok 2 - what`, and at the end how many
 * there were. Each test function is one line of the output; a failed CHECK says where and ends its function.
 *
 *     static void adds(void) { CHECK(1 + 1 == 2); CHECK_EQ(add(2, 2), 4); }
 *     int main(void) { TEST(adds); return tap_end(); }
 */
#ifndef TULLE_TEST_TAP_H
#define TULLE_TEST_TAP_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

static unsigned tap_count, tap_failed;
static bool tap_ok;

#define CHECK(condition) \
	do if (!(condition)) { \
		printf("# %s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #condition); \
		tap_ok = false; \
		return; \
	} while (0)

#define CHECK_EQ(got, want) \
	do { \
		long long got_ = (long long)(got), want_ = (long long)(want); \
		if (got_ != want_) { \
			printf("# %s:%d: %s: %s is %lld, not %lld (%s)\n", __FILE__, __LINE__, __func__, #got, got_, \
			       want_, #want); \
			tap_ok = false; \
			return; \
		} \
	} while (0)

#define CHECK_STR(got, want) \
	do { \
		const char *got_ = (got), *want_ = (want); \
		if (strcmp(got_, want_) != 0) { \
			printf("# %s:%d: %s: %s is\n#   \"%s\", not\n#   \"%s\"\n", __FILE__, __LINE__, __func__, #got, \
			       got_, want_); \
			tap_ok = false; \
			return; \
		} \
	} while (0)

#define TEST(function) tap_run(#function, function)

static inline void tap_run(const char *name, void (*function)(void))
{
	tap_ok = true;
	function();
	tap_count++;
	if (!tap_ok) tap_failed++;
	printf("%s %u - %s\n", tap_ok ? "ok" : "not ok", tap_count, name);
	fflush(stdout);
}

static inline int tap_end(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
