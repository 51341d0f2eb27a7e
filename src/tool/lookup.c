/* SPDX-License-Identifier: ISC */
#include "tool/lookup.h"

#include "tool/asking.h"
#include "tool/names.h"

#define QUESTIONS_MAX 4 /* two for this name; two of one that was just given up may be dying */

static void fail(struct lookup *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail(struct lookup *l, const char *format, ...)
{
	struct text t = text_in(l->error, sizeof l->error);
	va_list args;

	va_start(args, format);
	text_vprintf(&t, format, args);
	va_end(args);
	l->state = LOOKUP_FAILED;
}

static void done_at_once(struct lookup *l, struct ip a, const struct ip *b)
{
	l->ip[l->count++] = a;
	if (b != NULL) l->ip[l->count++] = *b;
	l->state = LOOKUP_DONE;
}

static bool is_localhost(const struct dns_name *name)
{
	struct dns_name localhost;
	return dns_name_parse("localhost", &localhost) && dns_name_under(name, &localhost);
}

static struct asking *asking_for(struct tool_env *env)
{
	struct addr servers[TOOL_SERVERS_MAX];
	struct resolver_config config = { .servers = servers, .servers_count = env->servers_count,
	                                  .questions_max = QUESTIONS_MAX, .keep_case = true, .rng = env->rng };
	for (size_t i = 0; i < env->servers_count; i++)
		servers[i] = (struct addr){ .ip = env->servers[i], .port = env->server_port };
	return asking_open(env, &config);
}

static uint64_t asker(const struct lookup *l, bool six) { return l->round * 2 + six; }

static void ask(struct lookup *l, const struct dns_name *name)
{
	for (int six = 0; six < 2; six++) {
		struct dns_question q = { *name, six ? DNS_AAAA : DNS_A, DNS_IN };
		if (asking_ask(l->asking, &q, asker(l, six))) l->waiting++;
	}
	l->state = LOOKUP_BUSY;
}

/* The least bad of two reasons is the one to tell: that there is nothing is known, that nobody answered is not. */
static unsigned weight(enum resolver_why why)
{
	switch (why) {
	case RESOLVER_ANSWERED: return 1;
	case RESOLVER_NO_SUCH_DATA: return 2;
	case RESOLVER_NO_SUCH_NAME: return 3;
	case RESOLVER_SERVERS_FAILED: case RESOLVER_TOO_DEEP: return 4;
	case RESOLVER_TIMED_OUT: return 5;
	}
	return 0;
}

static void give_reason(struct lookup *l)
{
	char servers[TOOL_SERVERS_MAX * (IP_TEXT_MAX + 2)], ip[IP_TEXT_MAX];
	struct text t = text_in(servers, sizeof servers);

	for (size_t i = 0; i < l->env->servers_count; i++)
		text_printf(&t, "%s%s", i > 0 ? ", " : "", ip_text(l->env->servers[i], ip));
	switch (l->worst) {
	case 3: fail(l, "no such name: %s", l->host); break;
	case 4: fail(l, "the name servers could not find %s (%s)", l->host, servers); break;
	case 5: fail(l, "no name server answered (%s)", servers); break;
	default: fail(l, "%s has no address", l->host); break;
	}
}

static void take(struct lookup *l, const struct resolver_answer *a)
{
	struct dns_message m;
	struct dns_rr rr;
	struct ip ip;
	bool six = a->asker & 1;

	if (l->state != LOOKUP_BUSY || a->asker >> 1 != l->round) return;
	l->waiting--;
	if (weight(a->why) > l->worst) l->worst = weight(a->why);
	if (dns_parse(a->message, &m) != DROP_NONE) return;
	for (struct dns_cursor c = dns_records(&m); dns_next(&c, &rr);) {
		if (rr.section != DNS_ANSWER || !dns_rdata_ip(&rr, &ip)) continue;
		if (six && l->other_count < LOOKUP_MAX) l->other[l->other_count++] = ip;
		if (!six && l->count < LOOKUP_MAX) l->ip[l->count++] = ip;
	}
}

static void collect(struct lookup *l)
{
	struct resolver_answer a;

	while (asking_answer(l->asking, &a)) take(l, &a);
	if (l->state != LOOKUP_BUSY || l->waiting > 0) return;
	trace_take(l->env->trace); /* what was said last belongs to no packet to come */
	for (size_t i = 0; i < l->other_count && l->count < LOOKUP_MAX; i++) l->ip[l->count++] = l->other[i];
	if (l->count > 0) l->state = LOOKUP_DONE;
	else give_reason(l);
}

void lookup_start(struct lookup *l, struct tool_env *env, const char *host)
{
	static const struct ip six_one = { { [15] = 1 } };
	struct dns_name name;
	struct ip ip;

	if (l->state == LOOKUP_BUSY) lookup_stop(l);
	l->env = env;
	l->round++;
	l->count = l->other_count = l->waiting = l->worst = 0;
	l->error[0] = '\0';
	struct text t = text_in(l->host, sizeof l->host);
	text_puts(&t, host);
	const char *why = names_typed(host, true, &name);
	if (ip_parse(host, &ip)) done_at_once(l, ip, NULL);
	else if (t.cut || why != NULL) fail(l, "not a host's name: %s (%s)", l->host, t.cut ? "too long" : why);
	else if (is_localhost(&name)) done_at_once(l, ip4_of(0x7f000001), &six_one);
	else if (env->servers_count == 0) fail(l, "no name server is configured");
	else if (l->asking == NULL && (l->asking = asking_for(env)) == NULL) fail(l, "no memory to look up %s", l->host);
	else {
		ask(l, &name);
		collect(l);
	}
}

void lookup_stop(struct lookup *l)
{
	l->state = LOOKUP_IDLE;
	if (l->asking == NULL) return;
	asking_forget(l->asking, asker(l, false));
	asking_forget(l->asking, asker(l, true));
}

bool lookup_event(struct lookup *l, const struct net_event *ev)
{
	if (l->asking == NULL || !asking_event(l->asking, ev)) return false;
	collect(l);
	return true;
}

void lookup_step(struct lookup *l, instant now)
{
	(void)now;
	if (l->asking == NULL) return;
	asking_step(l->asking);
	collect(l);
}

instant lookup_deadline(const struct lookup *l) { return l->asking != NULL ? asking_deadline(l->asking) : NEVER; }
