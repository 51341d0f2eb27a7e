/* SPDX-License-Identifier: ISC */
/* Several programs on one net: each sees its own events, in order, and its own wake-ups. The net beneath is a
 * list of events that the test writes. */
#include "net/share.h"

#include "net_fake.h"
#include "tap.h"

static struct fake fake;
static struct share share;
static struct share_seat seat[2];
static _Alignas(16) uint8_t memory[4096];

static struct net *a(void) { return share_seat(&share, 0); }
static struct net *b(void) { return share_seat(&share, 1); }

static void start(uint32_t owners_max)
{
	fake = (struct fake){ .net = { .ops = &fake_ops }, .wake_at = NEVER };
	memset(memory, 0, sizeof memory);
	assert(share_size(owners_max) <= sizeof memory);
	share_init(&share, &fake.net, seat, 2, (struct room){ memory, sizeof memory }, owners_max);
}

static void happens(enum net_what what, net_id id, net_id on)
{
	fake.event[fake.events++] = (struct net_event){ .what = what, .id = id, .on = on };
}

static void how_a_stream_is_to_be_goes_through(void)
{
	struct addr any = { 0 };
	const struct net_how how = { .from.port = 7 };
	start(8);
	CHECK(net_listen_how(a(), &any, &how) != 0 && fake.how == &how);
	CHECK(net_listen(a(), &any) != 0 && fake.how == NULL);
	CHECK(net_connect_how(b(), &any, &how) != 0 && fake.how == &how);
}

static void each_gets_its_own_in_order(void)
{
	struct net_event ev;
	struct addr any = { 0 };
	start(8);
	net_id la = net_listen(a(), &any), lb = net_listen(b(), &any);
	happens(NET_ACCEPTED, 10, la);
	happens(NET_READABLE, 10, 0);
	happens(NET_ACCEPTED, 11, lb);
	happens(NET_CLOSED, 10, 0);
	CHECK(!net_next(b(), &ev) && share_pending(&share)); /* the first is a's */
	CHECK(net_next(a(), &ev) && ev.what == NET_ACCEPTED && ev.id == 10);
	CHECK(net_next(a(), &ev) && ev.what == NET_READABLE && ev.id == 10);
	CHECK(!net_next(a(), &ev) && share_pending(&share)); /* now b's waits */
	CHECK(net_next(b(), &ev) && ev.what == NET_ACCEPTED && ev.id == 11);
	CHECK(!net_next(b(), &ev));
	CHECK(net_next(a(), &ev) && ev.what == NET_CLOSED && ev.id == 10);
	CHECK(!net_next(a(), &ev) && !net_next(b(), &ev) && !share_pending(&share));
}

static void a_strangers_id_is_refused(void)
{
	struct addr any = { 0 };
	start(8);
	net_id mine = net_bind(a(), &any);
	CHECK(net_sendto(a(), mine, &any, bytes_of("x")) && fake.sent == 1);
	CHECK(!net_sendto(b(), mine, &any, bytes_of("x")) && fake.sent == 1);
	net_abort(b(), mine);
	CHECK_EQ(fake.aborted, 0);
	net_finish(a(), mine); /* a socket for datagrams: gone at once */
	CHECK_EQ(fake.finished, mine);
	CHECK(!net_sendto(a(), mine, &any, bytes_of("x")));
}

static void each_wakes_at_its_own_time(void)
{
	struct net_event ev;
	start(8);
	net_wake(a(), 50);
	net_wake(b(), 20);
	CHECK_EQ(fake.wake_at, 20);
	fake.now = 20;
	CHECK(share_pending(&share) && !net_next(a(), &ev));
	CHECK(net_next(b(), &ev) && ev.what == NET_WAKE && !net_next(b(), &ev));
	CHECK_EQ(fake.wake_at, 50);
	net_wake(a(), NEVER);
	CHECK_EQ(fake.wake_at, NEVER);
}

static void who_leaves_takes_everything_along(void)
{
	struct net_event ev;
	struct addr any = { 0 };
	start(8);
	net_id s = net_connect(b(), &any);
	happens(NET_READABLE, s, 0);
	CHECK(share_pending(&share));
	share_leave(&share, 1);
	CHECK(fake.aborted == s && !share_pending(&share) && !net_next(b(), &ev));
}

/* Fetched for the other already, while that one was at something else. */
static void nothing_comes_after_an_abort(void)
{
	struct net_event ev;
	struct addr any = { 0 };
	for (int i = 0; i < 2; i++) {
		start(8);
		net_id s = net_connect(b(), &any);
		happens(i == 0 ? NET_READABLE : NET_CLOSED, s, 0);
		CHECK(!net_next(a(), &ev) && share_pending(&share));
		net_abort(b(), s);
		CHECK(!share_pending(&share) && !net_next(b(), &ev));
	}
}

static void a_full_table_refuses(void)
{
	struct net_event ev;
	struct addr any = { 0 };
	start(2);
	net_id l = net_listen(a(), &any);
	CHECK(net_bind(b(), &any) != 0);
	CHECK(net_bind(b(), &any) == 0 && net_why_not(b()) == NET_NO_ROOM && fake.aborted == 3);
	happens(NET_ACCEPTED, 9, l);
	CHECK(!net_next(a(), &ev) && fake.aborted == 9);
	net_finish(a(), l);
	CHECK(net_bind(b(), &any) != 0); /* its place is free again */
}

int main(void)
{
	TEST(how_a_stream_is_to_be_goes_through);
	TEST(each_gets_its_own_in_order);
	TEST(a_strangers_id_is_refused);
	TEST(each_wakes_at_its_own_time);
	TEST(who_leaves_takes_everything_along);
	TEST(nothing_comes_after_an_abort);
	TEST(a_full_table_refuses);
	return tap_end();
}
