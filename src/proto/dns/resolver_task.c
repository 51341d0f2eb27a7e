/* SPDX-License-Identifier: ISC */
/* One question's way (RFC 1034, 5.3.3): what the cache knows; else the closest zone whose servers are known; one
 * server after another; each reply leads closer (a referral), elsewhere (an alias), or to the end. */
#include "proto/dns/resolver_parts.h"

static uint64_t question_hash(const struct resolver *r, const struct dns_question *q)
{
	return dns_name_hash(r->key, &q->name) ^ ((uint64_t)q->type << 16 | q->class) * UINT64_C(0x9e3779b97f4a7c15);
}

struct task *task_find(struct resolver *r, const struct dns_question *q)
{
	for (uint32_t at = INDEX_START, i; index_find(&r->by_question, question_hash(r, q), &at, &i);) {
		struct task *t = &r->task[i];
		if (t->question.type == q->type && t->question.class == q->class &&
		    dns_name_equal(&t->question.name, &q->name)) return t;
	}
	return NULL;
}

struct task *task_start(struct resolver *r, instant now, const struct dns_question *q, uint8_t depth)
{
	uint32_t i = r->task_free;
	if (i == NONE) return NULL;
	struct task *t = &r->task[i];
	r->task_free = t->next;
	/* The big fields are left as they are: what of them counts is said by the small ones. */
	t->state = TASK_WAITING;
	t->question = *q;
	t->hash = question_hash(r, q);
	t->give_up_at = instant_after(now, r->config.give_up_after);
	t->asker_first = t->waits_for = t->waiter_first = t->waiter_next = NONE;
	t->depth = depth;
	t->referrals = t->ns_lookups = t->aliases = 0;
	t->started = t->spent = t->heard = false;
	t->tries = 0, t->budget = QUERIES_MAX, t->rcode = DNS_SERVFAIL;
	t->name = q->name;
	dns_name_lower(&t->name); /* what replies compress into the question is kept and told in one spelling */
	t->chain_len = 0;
	t->missed = t->at.chosen = t->plain_next = t->tcp_next = t->same_next = t->from_cache = false;
	t->server = (struct addr){ 0 };
	index_add(&r->by_question, t->hash, i);
	return t;
}

static bool in_chain(const struct task *t, const struct dns_name *name)
{
	for (size_t at = 0; at < t->chain_len;) {
		struct dns_name owner = { .len = t->chain[at + 4] };
		memcpy(owner.at, t->chain + at + 5, owner.len);
		if (dns_name_equal(&owner, name)) return true;
		at += 5u + owner.len;
	}
	return false;
}

bool task_alias(struct resolver *r, struct task *t, uint32_t ttl, const struct dns_name *to)
{
	char text[DNS_NAME_TEXT_MAX];
	size_t need = 5u + t->name.len;

	if (t->aliases >= ALIASES_MAX || t->chain_len + need > sizeof t->chain) {
		trace_say(r->config.trace, "more than %d aliases", ALIASES_MAX);
		return false;
	}
	uint8_t *p = t->chain + t->chain_len;
	store_be32(p, ttl);
	p[4] = t->name.len;
	memcpy(p + 5, t->name.at, t->name.len);
	t->chain_len = (uint16_t)(t->chain_len + need);
	t->aliases++;
	if (in_chain(t, to)) {
		trace_say(r->config.trace, "aliases lead in a circle at %s", dns_name_text(to, text));
		return false;
	}
	t->name = *to;
	return true;
}

/* A waiter asked for the addresses of one of its servers; these are what was found, perhaps none. */
static void give_addresses(struct resolver *r, struct task *w, const struct task *t, const struct dns_message *m)
{
	uint8_t i = 0;
	struct ip ip;
	struct dns_rr rr;

	while (i < w->at.ns_count && !dns_name_equal(&w->at.ns[i], &t->question.name)) i++;
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
		if (rr.section == DNS_ANSWER && rr.type == t->question.type && dns_rdata_ip(&rr, &ip) &&
		    delegation_add(r, &w->at, ip, r->config.referral_port) && i < w->at.ns_count)
			w->at.ns_state[i] = NS_KNOWN;
}

void task_finish(struct resolver *r, instant now, struct task *t, enum resolver_why why, size_t message_len)
{
	struct dns_message m;
	(void)now;
	t->why = why;
	t->message_at = r->done_used;
	t->message_len = message_len;
	enum drop drop = dns_parse((struct bytes){ r->done.at + t->message_at, message_len }, &m);
	assert(drop == DROP_NONE); /* we wrote it */
	while (t->waiter_first != NONE) {
		struct task *w = &r->task[t->waiter_first];
		t->waiter_first = w->waiter_next;
		w->waiter_next = w->waits_for = NONE;
		/* What is left of the budget goes back to who lent it: the first waiter, the last in the list. */
		if (t->waiter_first == NONE) w->budget = (uint16_t)(w->budget + t->budget), t->budget = 0;
		if (t->spent) w->spent = true;
		give_addresses(r, w, t, &m);
		resolver_ready(r, w);
	}
	resolver_done(r, t);
}

void task_fail(struct resolver *r, instant now, struct task *t, enum resolver_why why)
{
	bool limit = t->spent || why == RESOLVER_TOO_DEEP;
	char text[DNS_NAME_TEXT_MAX];

	trace_say(r->config.trace, "%s: %s", dns_name_text(&t->question.name, text),
	          limit ? "too much work, given up" : why == RESOLVER_TIMED_OUT ? "nobody answered" : "no server has an answer");
	/* A failure for want of budget says nothing about the name: who made us spend it may not have it barred. */
	if (r->cache != NULL && r->config.recurse && !limit && t->question.class == DNS_IN &&
	    !cache_failed(r->cache, now, &t->name, t->question.type))
		cache_put_failure(r->cache, now, &t->name, t->question.type);
	if (t->waits_for != NONE) { /* given up while it waits for another: that one need not go on for it */
		uint32_t *link = &r->task[t->waits_for].waiter_first;
		while (*link != task_index(r, t)) link = &r->task[*link].waiter_next;
		*link = t->waiter_next;
		struct task *sub = &r->task[t->waits_for];
		t->waits_for = t->waiter_next = NONE;
		if (sub->waiter_first == NONE && sub->asker_first == NONE) task_end(r, sub);
	}
	task_finish(r, now, t, why, answer_failure(r, t, r->config.recurse ? DNS_SERVFAIL : t->rcode));
}

bool task_from_cache(struct resolver *r, instant now, struct task *t)
{
	struct cache_hit hit;
	struct dns_rr rr;
	struct dns_name to;

	t->started = true;
	if (r->cache == NULL || t->question.class != DNS_IN || t->question.type == DNS_ANY) return false;
	for (;;) {
		bool known = cache_get(r->cache, now, &t->name, t->question.type, &hit);
		if (known && hit.trust >= CACHE_ANSWER) break;
		if (t->question.type == DNS_CNAME || !cache_get(r->cache, now, &t->name, DNS_CNAME, &hit) ||
		    hit.kind != CACHE_RECORDS || hit.trust < CACHE_ANSWER) {
			if (!cache_failed(r->cache, now, &t->name, t->question.type)) return false;
			trace_say(r->config.trace, "failed a moment ago, not tried again yet");
			t->from_cache = t->tries == 0;
			task_fail(r, now, t, RESOLVER_SERVERS_FAILED);
			return true;
		}
		if (!cache_next(&hit, &rr) || !dns_rdata_name(&rr, 0, &to)) return false;
		if (!task_alias(r, t, hit.ttl, &to)) {
			t->from_cache = t->tries == 0;
			task_fail(r, now, t, RESOLVER_TOO_DEEP);
			return true;
		}
	}
	t->from_cache = t->tries == 0;
	trace_say(r->config.trace, "answer from cache, %u s left", (unsigned)hit.ttl);
	if (hit.kind == CACHE_RECORDS) task_finish(r, now, t, RESOLVER_ANSWERED, answer_hit(r, t, &hit));
	else {
		bool name = hit.kind == CACHE_NO_NAME;
		size_t len = cache_next(&hit, &rr) ? answer_no(r, t, name, &rr) : answer_no(r, t, name, NULL);
		task_finish(r, now, t, name ? RESOLVER_NO_SUCH_NAME : RESOLVER_NO_SUCH_DATA, len);
	}
	return true;
}

/* Would `t` wait for itself, if it waited for `sub`? Each task waits for one at most, so this is one chain. */
static bool in_circle(const struct resolver *r, const struct task *t, const struct task *sub)
{
	for (;;) {
		if (sub == t) return true;
		if (sub->waits_for == NONE) return false;
		sub = &r->task[sub->waits_for];
	}
}

/* A server of the zone whose addresses were not asked for yet, taken at random: IPv4's first. */
static int pick_ns(const struct resolver *r, const struct delegation *d)
{
	for (uint8_t wanted = NS_UNASKED; wanted <= NS_ASK_AAAA; wanted++) {
		int picked = -1;
		uint32_t seen = 0;
		for (int i = 0; i < d->ns_count; i++)
			if (d->ns_state[i] == wanted && rng_below(r->config.rng, ++seen) == 0) picked = i;
		if (picked >= 0) return picked;
	}
	return -1;
}

/* Asks for the address of a server whose name is all that is known. True: the task waits for that. */
static bool ask_for_server(struct resolver *r, instant now, struct task *t)
{
	char text[DNS_NAME_TEXT_MAX];

	for (int i; (i = pick_ns(r, &t->at)) >= 0;) {
		bool four = t->at.ns_state[i] == NS_UNASKED;
		struct dns_question q = { t->at.ns[i], four ? DNS_A : DNS_AAAA, DNS_IN };

		if (t->depth >= DEPTH_MAX || t->ns_lookups >= NS_LOOKUPS_MAX || t->budget < 2) {
			t->spent = true;
			return false;
		}
		t->at.ns_state[i] = four ? NS_ASK_AAAA : NS_SPENT;
		struct task *sub = task_find(r, &q);
		if (sub != NULL && in_circle(r, t, sub)) {
			trace_say(r->config.trace, "the address of %s depends on itself", dns_name_text(&q.name, text));
			t->at.ns_state[i] = NS_SPENT;
			continue;
		}
		t->ns_lookups++;
		if (sub == NULL) {
			sub = task_start(r, now, &q, (uint8_t)(t->depth + 1));
			if (sub == NULL) {
				t->spent = true;
				return false;
			}
			sub->give_up_at = t->give_up_at;
			sub->budget = t->budget / 2;
			t->budget = (uint16_t)(t->budget - sub->budget);
			resolver_ready(r, sub);
		}
		trace_say(r->config.trace, "no address for %s yet, asking for it", dns_name_text(&q.name, text));
		t->waits_for = task_index(r, sub);
		t->waiter_next = sub->waiter_first;
		sub->waiter_first = task_index(r, t);
		return true;
	}
	return false;
}

/* 0x20: each letter's case by chance, 1 bit more that a forger must guess (draft-vixie-dnsext-dns0x20). */
static struct dns_name shuffle_case(const struct resolver *r, const struct dns_name *name)
{
	struct dns_name out = *name;
	uint64_t bits = 0;
	for (size_t i = 0; i < out.len; i++) {
		if (i % 64 == 0) bits = rng_next(r->config.rng);
		uint8_t lower = out.at[i] | 0x20;
		/* A label's length is below 64, so it is no letter. */
		if (lower >= 'a' && lower <= 'z' && out.at[i] >= 'A') out.at[i] = (uint8_t)(bits & 1 ? lower : lower & ~0x20);
		bits >>= 1;
	}
	return out;
}

static void send(struct resolver *r, instant now, struct task *t, uint8_t i, struct resolver_out *out)
{
	struct target *target = &t->at.target[i];
	struct server *server = servers_get(r, now, &target->addr);
	struct dns_builder b;
	char text[IP_TEXT_MAX];
	instant wait = servers_wait(r, now, &target->addr, target->tries);

	t->target = i;
	t->tcp = t->tcp_next;
	t->edns = !t->plain_next && server->plain_until <= now;
	t->tcp_next = t->plain_next = t->same_next = false;
	t->strange = 0;
	t->id = (uint16_t)rng_next(r->config.rng);
	t->sent = !r->config.keep_case ? shuffle_case(r, &t->name) : t->chain_len == 0 ? t->question.name : t->name;
	t->sent_at = now;
	t->asked_chain_len = t->chain_len;
	if (t->tcp) wait += TCP_WAIT;
	if (t->missed) trace_say(r->config.trace, "trying %s", ip_text(target->addr.ip, text));
	t->missed = false;
	target->tries++;
	t->tries++;
	t->budget--;
	r->flights = r->flights + 1 < UINT32_MAX / r->tasks ? r->flights + 1 : 0;
	t->slot = r->flights * r->tasks + task_index(r, t);

	struct dns_question q = { t->sent, t->question.type, t->question.class };
	dns_begin(&b, (struct room){ r->query, sizeof r->query }, sizeof r->query, t->id,
	          r->config.recurse ? 0 : DNS_RD, 0, DNS_NOERROR);
	bool fits = dns_add_question(&b, &q) && (!t->edns || dns_add_opt(&b, DNS_UDP_EDNS, 0, false));
	assert(fits);
	t->state = TASK_FLYING;
	resolver_wait_until(r, t, instant_min(instant_after(now, wait), t->give_up_at));
	r->counts.queries++;
	*out = (struct resolver_out){ .to = target->addr, .how = t->tcp ? RESOLVER_TCP : RESOLVER_UDP, .slot = t->slot,
	                              .query = { r->query, dns_end(&b) } };
}

static void choose_zone(struct resolver *r, instant now, struct task *t)
{
	char text[DNS_NAME_TEXT_MAX];
	struct dns_name name = t->name;

	if (t->question.type == DNS_DS) dns_name_parent(&name, &name); /* the parent's to say (RFC 4035, 4.2) */
	bool cached = delegation_find(r, now, &name, &t->at);
	t->at.chosen = true;
	if (cached) trace_say(r->config.trace, "servers of %s known from the cache", dns_name_text(&t->at.zone, text));
}

static enum resolver_why why_failed(const struct task *t)
{
	if (t->spent) return RESOLVER_TOO_DEEP;
	return t->heard || t->tries == 0 ? RESOLVER_SERVERS_FAILED : RESOLVER_TIMED_OUT;
}

bool task_step(struct resolver *r, instant now, struct task *t, struct resolver_out *out)
{
	assert(t->state == TASK_READY && resolver_has_room(r));
	if (now >= t->give_up_at) {
		task_fail(r, now, t, RESOLVER_TIMED_OUT);
		return false;
	}
	if (r->config.recurse && t->question.class != DNS_IN) { /* nobody to begin with */
		task_fail(r, now, t, RESOLVER_SERVERS_FAILED);
		return false;
	}
	if (!t->started && task_from_cache(r, now, t)) return false;
	if (!t->at.chosen) choose_zone(r, now, t);
	int i = t->same_next ? t->target : servers_choose(r, now, &t->at);
	bool fresh = t->same_next || (i >= 0 && t->at.target[i].tries == 0);
	if (!fresh && ask_for_server(r, now, t)) {
		resolver_unready(r, t);
		t->state = TASK_WAITING;
		resolver_wait_until(r, t, t->give_up_at);
		return false;
	}
	if (t->budget == 0) t->spent = true;
	if (i < 0 || t->budget == 0) {
		task_fail(r, now, t, why_failed(t));
		return false;
	}
	resolver_unready(r, t);
	send(r, now, t, (uint8_t)i, out);
	return true;
}

void task_timeout(struct resolver *r, instant now, struct task *t)
{
	struct target *target = &t->at.target[t->target];
	char text[IP_TEXT_MAX];

	r->counts.timeouts++;
	t->missed = true;
	servers_missed(r, now, &target->addr, false);
	trace_say(r->config.trace, "time-out: %s did not answer in %u ms", ip_text(target->addr.ip, text),
	          (unsigned)((now - t->sent_at) / MILLISECOND));
	if (t->tcp) target->out = true;
	/* Replies came that did not fit: a forger who guesses, or a server that changes the case of names. Neither
	 * matters over TCP. */
	else if (t->strange > 0) t->tcp_next = t->same_next = true;
	if (now >= t->give_up_at) task_fail(r, now, t, t->heard ? RESOLVER_SERVERS_FAILED : RESOLVER_TIMED_OUT);
	else resolver_ready(r, t);
}
