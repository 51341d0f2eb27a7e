/* SPDX-License-Identifier: ISC */
#include "tool/dns/walk_show.h"

#include "tool/dns/dns_status.h"
#include "tool/dns/walk_print.h"

struct walk_show {
	struct tool tool; /* first: they are one for who holds it */
	struct tool_env *env;
	struct walk *walk;
	struct walk_print print;
	bool json;
};

int walk_status(const struct walk *w)
{
	switch (w->outcome) {
	case WALK_FOUND: case WALK_ONLY_ALIAS: return DNS_STATUS_ANSWERED;
	case WALK_NO_SUCH_NAME: return DNS_STATUS_NO_NAME;
	case WALK_NO_SUCH_DATA: return DNS_STATUS_NO_DATA;
	case WALK_SERVERS_FAILED: return DNS_STATUS_SERVER_FAILED;
	case WALK_NO_ANSWERS: return DNS_STATUS_NO_SERVER;
	case WALK_LAME_SERVERS: case WALK_NO_SERVERS: case WALK_ALIAS_LOOP: case WALK_ENDLESS: return DNS_STATUS_REFUSED;
	case WALK_STOPPED: break;
	}
	return DNS_STATUS_FAILED;
}

bool walk_root_parse(struct walk_words *w, const char *text)
{
	struct addr a = { .port = DNS_PORT };

	if (w->roots == WALK_ROOTS_MAX || (!ip_parse(text, &a.ip) && !addr_parse(text, &a))) return false;
	w->root[w->roots++] = a;
	return true;
}

static void measure(struct walk_show *s)
{
	const struct walk *w = s->walk;
	const struct tool_measure all[] = {
		{ "questions", w->questions }, { "messages", w->tries }, { "silent", w->silent }, { "lame", w->lame }, { "failed", w->failed },
		{ "aliases", (int64_t)w->aliases }, { "zones", (int64_t)w->zones }, { "time_us", (w->ended_at - w->began_at) / MICROSECOND },
	};
	static_assert(COUNT(all) < TOOL_MEASURES_MAX, "and the end");
	memcpy(s->tool.measure, all, sizeof all);
}

static void over(struct walk_show *s)
{
	if (s->json) walk_json_end(&s->print, s->walk);
	else walk_print_end(&s->print, s->walk);
	s->tool.status = walk_status(s->walk);
	s->tool.done = true;
	measure(s);
	net_wake(s->env->net, NEVER);
}

static void move_on(struct walk_show *s)
{
	while (s->walk->state == WALK_STEPPED) {
		if (s->json) walk_json_step(&s->print, s->walk);
		else walk_print_step(&s->print, s->walk);
		walk_on(s->walk);
	}
	if (s->walk->state == WALK_ENDED) over(s);
	else net_wake(s->env->net, walk_deadline(s->walk));
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct walk_show *s = self;

	if (s->tool.done) return;
	if (ev->what == NET_WAKE) walk_step(s->walk, net_now(net));
	else walk_event(s->walk, ev);
	move_on(s);
}

static void stop(struct tool *t)
{
	struct walk_show *s = (struct walk_show *)t;

	walk_stop(s->walk);
	if (!t->done) over(s);
}

struct tool *walk_show_open(const struct walk_words *words, struct tool_env *env)
{
	struct walk_want want = { .name = words->name, .type = words->type, .tcp = words->tcp, .port = words->port, .roots = words->root,
	                          .roots_count = words->roots, .resolvers = words->resolver, .resolvers_count = words->resolvers,
	                          .timeout_for = words->timeout_for };
	struct walk_show *s = arena_zeroed(env->memory, 1, sizeof *s);

	if (s != NULL) s->walk = walk_open(env, &want);
	if (s == NULL || s->walk == NULL) {
		text_puts(env->err, "nslookup: not enough memory lent\n");
		env->status = TOOL_FAILED;
		return NULL;
	}
	s->env = env;
	s->json = words->json;
	s->print = (struct walk_print){ .out = env->out, .color = env->color, .unicode = words->unicode };
	s->tool.app = (struct app){ event, s };
	s->tool.stop = stop;
	walk_on(s->walk);
	measure(s);
	move_on(s);
	return &s->tool;
}
