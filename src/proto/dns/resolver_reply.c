/* SPDX-License-Identifier: ISC */
/* What a reply means. It has come from where the query went, with its id and spelling; what it says is believed
 * only below the zone whose server said it (the bailiwick), and a referral only if it leads down towards the name
 * asked for. As a stub the zone is the root: whom we were told to ask is believed in everything. */
#include "proto/dns/resolver_parts.h"

enum found { FOUND, NOT_HERE, ELSEWHERE, IN_CIRCLE };

static bool find_rr(const struct dns_message *m, enum dns_section section, const struct dns_name *owner, uint16_t type,
                    uint16_t class, struct dns_rr *rr)
{
	for (struct dns_cursor c = dns_records(m); dns_next(&c, rr);)
		if (rr->section == section && (rr->type == type || type == DNS_ANY) && rr->class == class &&
		    dns_name_equal(&rr->name, owner)) return true;
	return false;
}

static const char *server_text(const struct task *t, char text[IP_TEXT_MAX])
{
	return ip_text(t->at.target[t->target].addr.ip, text);
}

static void keep(struct resolver *r, instant now, const struct task *t, const struct dns_message *m, uint16_t type)
{
	if (r->cache == NULL || t->question.class != DNS_IN || type == DNS_ANY) return;
	cache_put(r->cache, now, m, DNS_ANSWER, &t->name, type, m->flags & DNS_AA ? CACHE_AUTHORITATIVE : CACHE_ANSWER);
}

/* Along the aliases, as far as this server may speak for them. */
static enum found follow(struct resolver *r, instant now, struct task *t, const struct dns_message *m)
{
	struct dns_rr rr;
	struct dns_name to;

	for (;;) {
		if (find_rr(m, DNS_ANSWER, &t->name, t->question.type, t->question.class, &rr)) {
			keep(r, now, t, m, t->question.type);
			return FOUND;
		}
		if (!find_rr(m, DNS_ANSWER, &t->name, DNS_CNAME, t->question.class, &rr) || !dns_rdata_name(&rr, 0, &to))
			return NOT_HERE;
		keep(r, now, t, m, DNS_CNAME);
		if (!task_alias(r, t, rr.ttl, &to)) return IN_CIRCLE;
		if (!dns_name_under(&t->name, &t->at.zone)) return ELSEWHERE;
	}
}

/* The SOA that a "no" must bring (RFC 2308, 3): of a zone that holds the name and that this server may speak for. */
static bool find_soa(const struct task *t, const struct dns_message *m, struct dns_rr *rr)
{
	for (struct dns_cursor c = dns_records(m); dns_next(&c, rr);)
		if (rr->section == DNS_AUTHORITY && rr->type == DNS_SOA && rr->class == t->question.class &&
		    dns_name_under(&t->name, &rr->name) && dns_name_under(&rr->name, &t->at.zone)) return true;
	return false;
}

/* The delegation in it: strictly below the zone that was asked, at or above the name. */
static bool find_cut(const struct task *t, const struct dns_message *m, struct dns_rr *rr)
{
	for (struct dns_cursor c = dns_records(m); dns_next(&c, rr);)
		if (rr->section == DNS_AUTHORITY && rr->type == DNS_NS && rr->class == DNS_IN &&
		    dns_name_under(&t->name, &rr->name) && dns_name_under(&rr->name, &t->at.zone) &&
		    !dns_name_equal(&rr->name, &t->at.zone)) return true;
	return false;
}

/* Starts over, at the name where the aliases have led. */
static void go_elsewhere(struct resolver *r, struct task *t)
{
	char text[DNS_NAME_TEXT_MAX];
	trace_say(r->config.trace, "alias to %s", dns_name_text(&t->name, text));
	t->started = t->at.chosen = false;
	resolver_ready(r, t);
}

static void fail_server(struct resolver *r, struct task *t, const char *why)
{
	char ip[IP_TEXT_MAX], zone[DNS_NAME_TEXT_MAX];
	trace_say(r->config.trace, "%s is of no use for %s: %s", server_text(t, ip), dns_name_text(&t->at.zone, zone), why);
	t->at.target[t->target].out = true;
	t->server = t->at.target[t->target].addr; /* should it be the last */
	resolver_ready(r, t);
}

/* Addresses of the cut's servers that came along, if they lie where this server may speak for them. */
static bool take_glue(struct resolver *r, instant now, const struct task *t, const struct dns_message *m,
                      const struct dns_name *ns, struct delegation *d, struct text *words)
{
	struct dns_rr rr;
	struct ip ip;
	char text[IP_TEXT_MAX];
	bool any = false;

	if (!dns_name_under(ns, &t->at.zone)) return false;
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);) {
		if (rr.section != DNS_ADDITIONAL || rr.class != DNS_IN || !dns_name_equal(&rr.name, ns)) continue;
		if ((rr.type != DNS_A && rr.type != DNS_AAAA) || !dns_rdata_ip(&rr, &ip)) continue;
		if (!delegation_add(r, d, ip, r->config.referral_port)) continue;
		text_printf(words, "%s%s", words->len > 0 ? " " : "", ip_text(ip, text));
		any = true;
	}
	if (any && r->cache != NULL) {
		cache_put(r->cache, now, m, DNS_ADDITIONAL, ns, DNS_A, CACHE_GLUE);
		cache_put(r->cache, now, m, DNS_ADDITIONAL, ns, DNS_AAAA, CACHE_GLUE);
	}
	return any;
}

static void refer(struct resolver *r, instant now, struct task *t, const struct dns_message *m, const struct dns_name *cut)
{
	struct delegation d;
	struct dns_rr rr;
	struct dns_name ns;
	char from[DNS_NAME_TEXT_MAX], to[DNS_NAME_TEXT_MAX], glue[100];
	struct text words = text_in(glue, sizeof glue);

	delegation_begin(&d, cut);
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
		if (rr.section == DNS_AUTHORITY && rr.type == DNS_NS && rr.class == DNS_IN && dns_name_equal(&rr.name, cut) &&
		    d.ns_count < NS_MAX && dns_rdata_name(&rr, 0, &ns) && !delegation_has_ns(&d, &ns)) {
			bool known = take_glue(r, now, t, m, &ns, &d, &words);
			delegation_add_ns(r, now, &d, &ns, known);
		}
	if (!delegation_usable(&d)) {
		fail_server(r, t, "it refers to servers that nobody can find");
		return;
	}
	if (r->cache != NULL) cache_put(r->cache, now, m, DNS_AUTHORITY, cut, DNS_NS, CACHE_DELEGATION);
	r->counts.referrals++;
	trace_say(r->config.trace, "referral from %s to %s: %u server%s, %s%s", dns_name_text(&t->at.zone, from),
	          dns_name_text(cut, to), d.ns_count, d.ns_count == 1 ? "" : "s", words.len ? "glue " : "no glue", glue);
	if (++t->referrals > REFERRALS_MAX) {
		task_fail(r, now, t, RESOLVER_TOO_DEEP);
		return;
	}
	t->at = d;
	t->at.chosen = true;
	resolver_ready(r, t);
}

static void finish(struct resolver *r, instant now, struct task *t, const struct dns_message *m, enum resolver_why why,
                   const struct dns_rr *soa)
{
	size_t len = !r->config.recurse ? answer_whole(r, t, m) : why == RESOLVER_ANSWERED ? answer_records(r, t, m) :
	             answer_no(r, t, why == RESOLVER_NO_SUCH_NAME, soa);
	t->server = t->at.target[t->target].addr;
	task_finish(r, now, t, why, len);
}

static void take_no(struct resolver *r, instant now, struct task *t, const struct dns_message *m, bool name,
                    const struct dns_rr *soa)
{
	if (soa != NULL && r->cache != NULL && t->question.class == DNS_IN && t->question.type != DNS_ANY)
		cache_put_no(r->cache, now, name ? CACHE_NO_NAME : CACHE_NO_DATA, &t->name, t->question.type, soa);
	finish(r, now, t, m, name ? RESOLVER_NO_SUCH_NAME : RESOLVER_NO_SUCH_DATA, soa);
}

/* NOERROR or NXDOMAIN, but nothing of what was asked. */
static void take_nothing(struct resolver *r, instant now, struct task *t, const struct dns_message *m)
{
	struct dns_rr soa, cut;
	bool authoritative = m->flags & DNS_AA, stub = !r->config.recurse;
	bool aliased = t->chain_len != t->asked_chain_len, has_soa = find_soa(t, m, &soa);

	if (m->rcode == DNS_NXDOMAIN) {
		if (stub || authoritative || has_soa) take_no(r, now, t, m, true, has_soa ? &soa : NULL);
		else fail_server(r, t, "it denies the name without authority");
	}
	else if (has_soa || stub) take_no(r, now, t, m, false, has_soa ? &soa : NULL);
	else if (find_cut(t, m, &cut)) refer(r, now, t, m, &cut.name);
	else if (aliased) go_elsewhere(r, t);
	else if (authoritative) take_no(r, now, t, m, false, NULL);
	else fail_server(r, t, "it knows nothing of it (lame)");
}

/* The same server again, in another way. */
static void ask_again(struct resolver *r, struct task *t, bool tcp, bool plain)
{
	t->same_next = true;
	t->tcp_next = tcp;
	t->plain_next = plain;
	resolver_ready(r, t);
}

void reply_take(struct resolver *r, instant now, struct task *t, const struct dns_message *m)
{
	char ip[IP_TEXT_MAX];

	if (m->flags & DNS_TC && !t->tcp) {
		trace_say(r->config.trace, "%s cut its answer short, asking over TCP", server_text(t, ip));
		ask_again(r, t, true, !t->edns);
		return;
	}
	bool refused_edns = m->rcode == DNS_FORMERR || m->rcode == DNS_NOTIMP || m->rcode == DNS_BADVERS;
	if (refused_edns && t->edns) { /* RFC 6891, 7 */
		trace_say(r->config.trace, "%s knows no EDNS, asking without", server_text(t, ip));
		servers_get(r, now, &t->at.target[t->target].addr)->plain_until = now + PLAIN_FOR;
		ask_again(r, t, t->tcp, true);
		return;
	}
	if ((m->rcode != DNS_NOERROR && m->rcode != DNS_NXDOMAIN) || m->counts[0] == 0) {
		t->rcode = m->rcode != DNS_NOERROR ? m->rcode : DNS_SERVFAIL;
		fail_server(r, t, dns_rcode_text(m->rcode));
		return;
	}
	switch (follow(r, now, t, m)) {
	case FOUND: finish(r, now, t, m, RESOLVER_ANSWERED, NULL); break;
	case NOT_HERE: take_nothing(r, now, t, m); break;
	case ELSEWHERE: go_elsewhere(r, t); break;
	case IN_CIRCLE: task_fail(r, now, t, RESOLVER_TOO_DEEP); break;
	}
}
