/* SPDX-License-Identifier: ISC */
/* +trace: from the root down (walk.h), printed as BIND's dig does. Where the root is, the lookup's server is asked. */
#include "tool/dns/dig_parts.h"
#include "tool/names.h"

bool dig_trace_begin(struct dig *d)
{
	const struct dig_lookup *l = d->now;
	struct query_want q;

	dig_want(d, l, &q);
	for (size_t i = 0; i < d->servers; i++) d->server[i].port = q.server.port;
	const struct walk_want want = {
		.name = q.question.name, .type = q.question.type, .stop_at_alias = true, .only_told = true, .dnssec_ok = l->want.edns.dnssec_ok,
		.tcp = q.way == QUERY_TCP, .only4 = l->family == DIG_4, .only6 = l->family == DIG_6, .port = l->port,
		.timeout_for = l->want.timeout_for > 0 ? l->want.timeout_for : QUERY_TIMEOUT, .tries = l->want.tries > 0 ? l->want.tries : QUERY_TRIES, .resolvers = d->server, .resolvers_count = d->servers, .words = l->json ? NULL : d->env->out,
	};
	if (d->walk == NULL) d->walk = walk_open(d->env, &want);
	else walk_again(d->walk, &want);
	if (d->walk == NULL) return false;
	d->tracing = true;
	d->trace_json = (struct walk_print){ .out = d->env->out };
	walk_on(d->walk);
	return true;
}

/* dig's words for servers that lead nowhere. */
static void tell_lame(struct dig *d, const struct walk_step *s)
{
	if (s->what != WALK_LAME) return;
	if (s->lame == WALK_TO_ITSELF) text_puts(d->env->out, ";; BAD (HORIZONTAL) REFERRAL\n");
	else if (s->lame == WALK_UPWARD || s->lame == WALK_ASIDE) text_puts(d->env->out, ";; BAD REFERRAL\n");
}

/* +short: "A 10.1.0.1 from server 10.0.0.53 in 3 ms." */
static void tell_short(struct dig *d, const struct dns_message *m, const struct dig_stats *s)
{
	const struct dig_show *show = &d->now->show;
	char type[16], ip[IP_TEXT_MAX];
	struct dns_rr rr;

	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);) {
		if (rr.section != DNS_ANSWER) continue;
		text_printf(d->env->out, "%s ", dns_type_text(rr.type, type));
		dig_print_record(d->env->out, &rr, show, false);
		text_printf(d->env->out, " from server %s in %lld %s.\n", ip_text(s->server.ip, ip),
		            (long long)(s->took / (show->usec ? MICROSECOND : MILLISECOND)), show->usec ? "us" : "ms");
	}
}

static void tell_step(struct dig *d)
{
	const struct walk *w = d->walk;
	const struct walk_step *s = &w->step;
	char name[DNS_NAME_TEXT_MAX];
	const struct dig_stats stats = {
		.took = s->took_for, .server = s->server, .bytes = w->query.message.len,
		.name = s->server_name != NULL ? names_text(s->server_name, false, name) : d->now->server != NULL ? d->now->server : ip_text(s->server.ip, d->ip),
	};

	if (!s->asked || w->query.outcome != QUERY_ANSWERED || s->detours > 0) return; /* dig does not tell how it finds addresses */
	dig_greet(d);
	if (d->now->show.short_form) tell_short(d, &w->query.parsed, &stats);
	else dig_print_message(d->env->out, &w->query.parsed, &d->now->show, false, (struct bytes){ NULL, 0 });
	tell_lame(d, s);
	dig_print_stats(d->env->out, &stats, &d->now->show);
}

bool dig_trace_on(struct dig *d)
{
	struct walk *w = d->walk;

	while (w->state == WALK_STEPPED) {
		if (d->now->json) walk_json_step(&d->trace_json, w);
		else tell_step(d);
		walk_on(w);
	}
	if (w->state != WALK_ENDED) return true;
	if (d->now->json) walk_json_end(&d->trace_json, w);
	d->tracing = false;
	d->traced_in_vain = w->outcome != WALK_FOUND && w->outcome != WALK_ONLY_ALIAS && w->outcome != WALK_NO_SUCH_NAME && w->outcome != WALK_NO_SUCH_DATA;
	if (w->outcome == WALK_FOUND) d->answers += w->query.parsed.counts[1];
	if (!d->traced_in_vain || d->now->json) return false;
	dig_greet(d);
	text_puts(d->env->out, ";; ");
	if (w->zones == 1 && w->zone[0].servers == 0) text_puts(d->env->out, "no servers could be reached");
	else walk_print_outcome(&d->trace_json, w);
	text_puts(d->env->out, "\n");
	return false;
}
