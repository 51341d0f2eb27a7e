/* SPDX-License-Identifier: ISC */
#include "proto/ip/group.h"

#include <stdlib.h>

#include "tap.h"

static struct groups groups;
static struct rng rng;
static void *memory;
static struct group_report report;

static void start(uint16_t max)
{
	struct arena arena;
	free(memory);
	memory = calloc(1, group_memory(max, 2));
	arena_init(&arena, (struct room){ memory, group_memory(max, 2) });
	rng_init_number(&rng, 9);
	group_init(&groups, &arena, max, 2, &rng);
}

static struct ip g4(uint8_t n) { return ip4_of(0xef000000u + n); }
static struct ip g6(uint8_t n) { return (struct ip){ { 0xff, 0x02, [15] = n } }; }

static bool says(instant now, enum group_what what, struct ip group, bool version2)
{
	return group_output(&groups, now, &report) && report.what == what && ip_equal(report.group, group) &&
	       report.interface == 1 && report.version2 == version2;
}

static bool quiet(instant now) { return !group_output(&groups, now, &report) && group_deadline(&groups) > now; }

/* Lets everything be said that is due up to `until`. */
static void settle(instant until)
{
	while (group_deadline(&groups) <= until) group_output(&groups, group_deadline(&groups), &report);
}

static void joins_and_leaves_are_said_twice(void)
{
	start(4);
	CHECK(!group_has(&groups, 1, g4(1)));
	CHECK(group_join(&groups, 0, 1, g4(1)));
	CHECK(group_has(&groups, 1, g4(1)) && !group_has(&groups, 2, g4(1)));
	CHECK(says(0, GROUP_JOINED, g4(1), false) && quiet(0));
	instant at = group_deadline(&groups);
	CHECK(at <= GROUP_REPEAT_FOR);
	CHECK(says(at, GROUP_JOINED, g4(1), false) && quiet(at) && group_deadline(&groups) == NEVER);
	group_leave(&groups, 5 * SECOND, 1, g4(1));
	CHECK(!group_has(&groups, 1, g4(1)));
	CHECK(says(5 * SECOND, GROUP_LEFT, g4(1), false) && quiet(5 * SECOND));
	CHECK(says(7 * SECOND, GROUP_LEFT, g4(1), false) && quiet(7 * SECOND) && group_deadline(&groups) == NEVER);
	CHECK_EQ(groups.index.used, 0);
}

static void several_may_join_one(void)
{
	start(4);
	CHECK(group_join(&groups, 0, 1, g4(1)) && group_join(&groups, 0, 1, g4(1)));
	CHECK(says(0, GROUP_JOINED, g4(1), false) && says(2 * SECOND, GROUP_JOINED, g4(1), false) && quiet(2 * SECOND));
	group_leave(&groups, 3 * SECOND, 1, g4(1));
	CHECK(group_has(&groups, 1, g4(1)) && quiet(3 * SECOND));
	group_leave(&groups, 3 * SECOND, 1, g4(1));
	CHECK(says(3 * SECOND, GROUP_LEFT, g4(1), false));
	CHECK(group_join(&groups, 3 * SECOND, 1, g4(1))); /* while the leaving is still being said */
	CHECK(says(3 * SECOND, GROUP_JOINED, g4(1), false) && quiet(3 * SECOND));
}

static void everybodys_group_is_not_reported(void)
{
	start(1);
	CHECK(group_join(&groups, 0, 1, ip4_of(0xe0000001)) && group_join(&groups, 0, 1, g6(1)));
	CHECK(group_has(&groups, 1, ip4_of(0xe0000001)) && group_has(&groups, 2, g6(1)) && quiet(0));
	group_leave(&groups, 0, 1, g6(1));
	CHECK(group_has(&groups, 1, g6(1)));
}

static void a_full_table_refuses(void)
{
	start(2);
	CHECK(group_join(&groups, 0, 1, g4(1)) && group_join(&groups, 0, 1, g4(2)) && !group_join(&groups, 0, 1, g4(3)));
	group_leave(&groups, 0, 1, g4(1));
	settle(10 * SECOND);
	CHECK(group_join(&groups, 10 * SECOND, 1, g4(3)));
}

static void queries_are_answered_in_time(void)
{
	struct group_query general = { .group = ip4_any(), .version3 = true, .max_response = 10 * SECOND };
	struct group_query general6 = { .group = ip6_any(), .version3 = true, .max_response = 10 * SECOND };
	struct group_query one = { .group = g4(2), .version3 = true, .max_response = SECOND };
	start(4);
	CHECK(group_join(&groups, 0, 1, g4(1)) && group_join(&groups, 0, 1, g4(2)) && group_join(&groups, 0, 1, g6(5)));
	settle(5 * SECOND);
	group_query(&groups, 10 * SECOND, 2, &general); /* on the other interface */
	CHECK(quiet(10 * SECOND) && group_deadline(&groups) == NEVER);
	group_query(&groups, 10 * SECOND, 1, &general);
	int answers = 0;
	for (instant at; (at = group_deadline(&groups)) != NEVER; answers++) {
		CHECK(at >= 10 * SECOND && at <= 20 * SECOND);
		CHECK(group_output(&groups, at, &report) && report.what == GROUP_IS_MEMBER && ip_is4(report.group));
	}
	CHECK_EQ(answers, 2);
	group_query(&groups, 30 * SECOND, 1, &one);
	CHECK(group_deadline(&groups) <= 31 * SECOND);
	CHECK(says(31 * SECOND, GROUP_IS_MEMBER, g4(2), false) && quiet(31 * SECOND));
	one.group = g4(9); /* of which nobody here is a member */
	group_query(&groups, 32 * SECOND, 1, &one);
	CHECK_EQ(group_deadline(&groups), NEVER);
	group_query(&groups, 40 * SECOND, 1, &general6);
	CHECK(says(50 * SECOND, GROUP_IS_MEMBER, g6(5), false) && quiet(50 * SECOND));
}

/* RFC 3376, 7.2.1; RFC 2236, 3. */
static void a_version_2_router_is_spoken_to_in_version_2(void)
{
	struct group_query general = { .group = ip4_any(), .max_response = 10 * SECOND };
	start(4);
	CHECK(group_join(&groups, 0, 1, g4(1)));
	settle(5 * SECOND);
	group_query(&groups, 10 * SECOND, 1, &general);
	CHECK(says(20 * SECOND, GROUP_IS_MEMBER, g4(1), true) && quiet(20 * SECOND));
	group_query(&groups, 30 * SECOND, 1, &general);
	group_heard(&groups, 1, g4(1)); /* another member was first, so we need not speak */
	CHECK_EQ(group_deadline(&groups), NEVER);
	group_leave(&groups, 50 * SECOND, 1, g4(1));
	CHECK(quiet(50 * SECOND)); /* nor say that we leave: the other reported last */
	CHECK(group_join(&groups, 60 * SECOND, 1, g4(2)));
	CHECK(says(60 * SECOND, GROUP_JOINED, g4(2), true));
	group_leave(&groups, 61 * SECOND, 1, g4(2));
	CHECK(says(61 * SECOND, GROUP_LEFT, g4(2), true) && quiet(80 * SECOND));
	instant later = 30 * SECOND + GROUP2_QUERIER_FOR; /* the router has gone */
	CHECK(group_join(&groups, later, 1, g4(3)));
	CHECK(says(later, GROUP_JOINED, g4(3), false));
}

int main(void)
{
	TEST(joins_and_leaves_are_said_twice);
	TEST(several_may_join_one);
	TEST(everybodys_group_is_not_reported);
	TEST(a_full_table_refuses);
	TEST(queries_are_answered_in_time);
	TEST(a_version_2_router_is_spoken_to_in_version_2);
	free(memory);
	return tap_end();
}
