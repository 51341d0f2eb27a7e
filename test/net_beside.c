/* SPDX-License-Identifier: ISC */
/* A few streams of one net beside those of another: each verb goes where its id belongs, each event comes under the right one,
 * and neither net keeps the other from being heard. */
#include "net/beside.h"

#include "net_fake.h"
#include "tap.h"

static struct fake under, few;
static struct beside beside;

static struct net *start(void)
{
	under = (struct fake){ .net = { .ops = &fake_ops }, .now = 100, .wake_at = NEVER };
	few = (struct fake){ .net = { .ops = &fake_ops }, .now = 7, .wake_at = NEVER };
	beside_init(&beside, &under.net, &few.net);
	return beside_net(&beside);
}

static void tell(struct fake *f, enum net_what what, net_id id)
{
	f->event[f->events++] = (struct net_event){ .what = what, .id = id };
}

static void each_id_has_its_net(void)
{
	struct net *net = start();
	struct addr at = { .port = 7 };
	net_id input = beside_adopt(&beside, 1), output = beside_adopt(&beside, 2), made = net_connect(net, &at);

	CHECK(input != output && input >= BESIDE_ID_FIRST && output >= BESIDE_ID_FIRST);
	CHECK_EQ(made, 1); /* the same number as one of few's, and another stream */
	net_finish(net, made);
	CHECK_EQ(under.finished, 1);
	CHECK_EQ(few.finished, 0);
	net_finish(net, output);
	CHECK_EQ(few.finished, 2);
	net_abort(net, input);
	CHECK_EQ(few.aborted, 1);
	CHECK_EQ(under.aborted, 0);
	net_finish(net, BESIDE_ID_FIRST + 3); /* none */
	CHECK_EQ(few.finished, 0);
	CHECK_EQ(beside_adopt(&beside, 0), 0);
	CHECK(beside_adopt(&beside, 3) != 0 && beside_adopt(&beside, 4) != 0);
	CHECK_EQ(beside_adopt(&beside, 5), 0); /* BESIDE_MAX */
}

static void events_come_under_their_ids(void)
{
	struct net *net = start();
	net_id input = beside_adopt(&beside, 1);
	struct net_event ev;

	tell(&under, NET_READABLE, 1);
	tell(&few, NET_WAKE, 0); /* few's own: nobody's */
	tell(&few, NET_READABLE, 1);
	tell(&few, NET_CLOSED, 1);
	CHECK(net_next(net, &ev) && ev.what == NET_READABLE && ev.id == 1);
	CHECK(net_next(net, &ev) && ev.what == NET_READABLE && ev.id == input);
	CHECK(net_next(net, &ev) && ev.what == NET_CLOSED && ev.id == input);
	CHECK(!net_next(net, &ev));
	net_finish(net, input); /* gone */
	CHECK_EQ(few.finished, 0);
}

static void none_comes_after_abort(void)
{
	struct net *net = start();
	net_id input = beside_adopt(&beside, 1);
	struct net_event ev;

	tell(&few, NET_READABLE, 1);
	CHECK(net_wait(net)); /* it is fetched while we wait */
	net_abort(net, input);
	CHECK(!net_next(net, &ev));
}

/* What few has to tell makes the net beneath look at its own without sleeping; the program hears of no wake-up that it did not ask for. */
static void neither_is_heard_at_the_others_cost(void)
{
	struct net *net = start();
	struct net_event ev;

	beside_adopt(&beside, 1);
	net_wake(net, 500);
	CHECK_EQ(under.wake_at, 500);
	CHECK(!net_wait(net));
	CHECK_EQ(few.wake_at, 7); /* few never sleeps by itself */
	CHECK_EQ(under.wake_at, 500);
	tell(&few, NET_READABLE, 1);
	CHECK(net_wait(net));
	CHECK_EQ(under.wake_at, 100); /* now */
	tell(&under, NET_WAKE, 0);    /* that one */
	tell(&under, NET_READABLE, 9);
	CHECK(net_next(net, &ev) && ev.what == NET_READABLE && ev.id == 9);
	CHECK(net_next(net, &ev) && ev.what == NET_READABLE && ev.id == BESIDE_ID_FIRST);
	CHECK(!net_next(net, &ev));
	CHECK(!net_wait(net));
	CHECK_EQ(under.wake_at, 500);
	under.now = 500;
	tell(&under, NET_WAKE, 0);
	CHECK(net_next(net, &ev) && ev.what == NET_WAKE);
	tell(&under, NET_WAKE, 0); /* once */
	CHECK(!net_next(net, &ev));
}

int main(void)
{
	TEST(each_id_has_its_net);
	TEST(events_come_under_their_ids);
	TEST(none_comes_after_abort);
	TEST(neither_is_heard_at_the_others_cost);
	return tap_end();
}
