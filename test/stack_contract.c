/* SPDX-License-Identifier: ISC */
/* net.h's promises over two stacks on a wire. */
#include "lan.h"
#include "net_contract.h"

static void turn(struct pair *p)
{
	(void)p;
	lan_run_for(MILLISECOND);
}

/* The clock is the test's own, so waiting is moving it. */
static instant jump(struct link *link, instant until)
{
	(void)link;
	if (until != NEVER && until > lan.now) lan.now = until;
	return lan.now;
}

static const struct link_ops jumping_ops = { .recv = lan_recv, .send = lan_send, .wait = jump };

int main(void)
{
	struct pair p = { .port = 1000, .interface = 1, .marks_urgent = true, .groups_heard_across = true, .turn = turn };

	lan_host(&stack_limits_host, false);
	lan_host(&stack_limits_host, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	lan_attach(1, 0, 1500, "10.0.0.2/24");
	for (int side = 0; side < 2; side++) {
		lan.wire[0].end[side].link.ops = &jumping_ops;
		p.net[side] = lan_net((unsigned)side);
	}
	p.ip[0] = lan_ip("10.0.0.1"), p.ip[1] = lan_ip("10.0.0.2"), p.stranger = lan_ip("203.0.113.9");
	pair = &p;
	net_contract();
	lan_end_test();
	return tap_end();
}
