/* SPDX-License-Identifier: ISC */
/* lookup.c - addresses and localhost only, until there is a resolver to ask about names. */
#include "tool/lookup.h"

void lookup_start(struct lookup *l, struct tool_env *env, const char *host)
{
	struct text error = text_in(l->error, sizeof l->error);

	l->env = env;
	l->count = 0;
	if (ip_parse(host, &l->ip[0])) l->count = 1;
	else if (strcmp(host, "localhost") == 0) l->ip[l->count++] = ip4_of(0x7f000001);
	else text_printf(&error, "%s is no address, and names cannot be looked up yet", host);
	l->state = l->count > 0 ? LOOKUP_DONE : LOOKUP_FAILED;
}

void lookup_stop(struct lookup *l) { l->state = LOOKUP_IDLE; }

bool lookup_event(struct lookup *l, const struct net_event *ev)
{
	(void)l, (void)ev;
	return false;
}

void lookup_step(struct lookup *l, instant now) { (void)l, (void)now; }

instant lookup_deadline(const struct lookup *l)
{
	(void)l;
	return NEVER;
}
