/* SPDX-License-Identifier: ISC */
/* What is remembered of servers (round trips, silence, what they do not understand), and which to ask next. */
#include "proto/dns/resolver_parts.h"

#define UNKNOWN_WITHIN (60 * MILLISECOND) /* one never heard is ranked at random in here, so that it is tried too */
#define ALIKE (4 * MILLISECOND)           /* servers whose round trips differ by less share the questions */

static uint64_t addr_hash(const struct resolver *r, const struct addr *a)
{
	uint8_t bytes[18];
	memcpy(bytes, a->ip.byte, 16);
	store_be16(bytes + 16, a->port);
	return siphash13(r->key, (struct bytes){ bytes, sizeof bytes });
}

static struct server *find(const struct resolver *r, const struct addr *a)
{
	for (uint32_t at = INDEX_START, i; index_find(&r->by_addr, addr_hash(r, a), &at, &i);)
		if (addr_equal(&r->server[i].addr, a)) return &r->server[i];
	return NULL;
}

struct server *servers_get(struct resolver *r, instant now, const struct addr *a)
{
	struct server *s = find(r, a);
	if (s == NULL) {
		uint32_t i = r->servers;
		if (i < r->servers_max) r->servers++;
		else { /* the one not used for longest makes room */
			i = 0;
			for (uint32_t k = 1; k < r->servers; k++)
				if (r->server[k].used_at < r->server[i].used_at) i = k;
			index_remove(&r->by_addr, addr_hash(r, &r->server[i].addr), i);
		}
		s = &r->server[i];
		*s = (struct server){ .addr = *a };
		index_add(&r->by_addr, addr_hash(r, a), i);
	}
	s->used_at = now;
	return s;
}

/* RFC 6298, 2, for a query instead of a segment. */
void servers_heard(struct resolver *r, instant now, const struct addr *a, instant rtt)
{
	struct server *s = servers_get(r, now, a);
	rtt = instant_max(rtt, 1);
	if (s->srtt == 0) s->srtt = rtt, s->rttvar = rtt / 2;
	else {
		instant off = s->srtt > rtt ? s->srtt - rtt : rtt - s->srtt;
		s->rttvar += (off - s->rttvar) / 4;
		s->srtt = instant_max(1, s->srtt + (rtt - s->srtt) / 8);
	}
	s->timeouts = 0;
	s->dead_until = 0;
}

void servers_missed(struct resolver *r, instant now, const struct addr *a, bool refused)
{
	struct server *s = servers_get(r, now, a);
	char text[IP_TEXT_MAX];

	if (s->timeouts < UINT8_MAX) s->timeouts++;
	if (refused && s->timeouts < DEAD_AFTER) s->timeouts = DEAD_AFTER;
	if (s->timeouts < DEAD_AFTER) return;
	unsigned doubled = s->timeouts - DEAD_AFTER;
	instant span = doubled < 8 ? instant_min(DEAD_FOR << doubled, DEAD_FOR_MAX) : DEAD_FOR_MAX;
	s->dead_until = now + span;
	trace_say(r->config.trace, "%s is passed over for %d s", ip_text(a->ip, text), (int)(span / SECOND));
}

instant servers_wait(struct resolver *r, instant now, const struct addr *a, unsigned tries)
{
	const struct server *s = servers_get(r, now, a);
	instant wait = r->config.try_for;
	/* A forwarder's time is mostly that of those it must ask itself: one quick answer promises nothing. */
	if (s->srtt > 0)
		wait = instant_max(s->srtt + 4 * s->rttvar, r->config.recurse ? instant_min(WAIT_MIN, wait) : wait);
	for (; tries > 0 && wait < WAIT_MAX; tries--) wait *= 2;
	return instant_min(wait, instant_max(WAIT_MAX, r->config.try_for));
}

/* Smaller is better. Forwarders are asked in the order in which they were given. */
static instant rank(const struct resolver *r, const struct server *s, instant now, int i)
{
	if (!r->config.recurse) return i;
	bool unknown = s == NULL || s->srtt == 0 || (s->dead_until != 0 && s->dead_until <= now);
	if (unknown) return (instant)rng_below(r->config.rng, UNKNOWN_WITHIN);
	instant rank = s->srtt + (instant)rng_below(r->config.rng, (uint64_t)(s->srtt / 4 + ALIKE));
	return s->timeouts > 0 ? rank + r->config.try_for : rank;
}

/* Living ones before silent ones, then those tried less for this question, then by rank. */
int servers_choose(struct resolver *r, instant now, const struct delegation *d)
{
	int best = -1;
	bool best_dead = false;
	instant best_rank = 0;

	for (int i = 0; i < d->targets; i++) {
		const struct target *t = &d->target[i];
		if (t->out || t->tries >= TRIES_MAX) continue;
		const struct server *s = find(r, &t->addr);
		bool dead = s != NULL && s->dead_until > now;
		instant own = rank(r, s, now, i);
		const struct target *b = &d->target[best < 0 ? 0 : best];
		bool better = best < 0 || (dead != best_dead ? best_dead : t->tries != b->tries ? t->tries < b->tries : own < best_rank);
		if (better) best = i, best_dead = dead, best_rank = own;
	}
	return best;
}

/* Servers must be hosts. Somebody else's zone may not point us at ourselves either - unless all of this
 * internet lives on this host's loopback. */
static bool may_be_server(const struct resolver *r, struct ip ip)
{
	if (ip_is_any(ip) || ip_is_multicast(ip) || ip_is_link_local(ip) || ip_equal(ip, ip4_broadcast())) return false;
	return r->loopback_ok || !ip_is_loopback(ip);
}

bool delegation_add(const struct resolver *r, struct delegation *d, struct ip ip, uint16_t port)
{
	struct addr addr = { .ip = ip, .port = port };
	if (d->targets == TARGETS_MAX || !may_be_server(r, ip)) return false;
	for (int i = 0; i < d->targets; i++)
		if (addr_equal(&d->target[i].addr, &addr)) return true;
	d->target[d->targets++] = (struct target){ .addr = addr };
	return true;
}

void delegation_begin(struct delegation *d, const struct dns_name *zone)
{
	d->zone = *zone;
	d->ns_count = d->targets = 0;
	d->chosen = false;
}

bool delegation_has_ns(const struct delegation *d, const struct dns_name *ns)
{
	for (int i = 0; i < d->ns_count; i++)
		if (dns_name_equal(&d->ns[i], ns)) return true;
	return false;
}

void delegation_add_ns(struct resolver *r, instant now, struct delegation *d, const struct dns_name *ns, bool known)
{
	struct cache_hit hit;
	struct dns_rr rr;
	struct ip ip;

	if (d->ns_count == NS_MAX || delegation_has_ns(d, ns)) return;
	static const uint16_t types[] = { DNS_A, DNS_AAAA };
	for (size_t k = 0; k < COUNT(types) && r->cache != NULL; k++) {
		if (!cache_get(r->cache, now, ns, types[k], &hit) || hit.kind != CACHE_RECORDS) continue;
		while (cache_next(&hit, &rr))
			if (dns_rdata_ip(&rr, &ip) && delegation_add(r, d, ip, r->config.referral_port)) known = true;
	}
	/* A server inside the zone it serves can only be found through that zone: without glue it is of no use. */
	d->ns_state[d->ns_count] = known ? NS_KNOWN : dns_name_under(ns, &d->zone) ? NS_SPENT : NS_UNASKED;
	d->ns[d->ns_count++] = *ns;
}

bool delegation_usable(const struct delegation *d)
{
	bool usable = d->targets > 0;
	for (int i = 0; i < d->ns_count; i++) usable |= d->ns_state[i] == NS_UNASKED;
	return usable;
}

bool delegation_find(struct resolver *r, instant now, const struct dns_name *name, struct delegation *d)
{
	struct dns_name zone = *name, ns, parent;
	struct cache_hit hit;
	struct dns_rr rr;

	for (; r->config.recurse && r->cache != NULL && zone.len > 1; zone = parent) {
		dns_name_parent(&zone, &parent);
		if (!cache_get(r->cache, now, &zone, DNS_NS, &hit) || hit.kind != CACHE_RECORDS) continue;
		delegation_begin(d, &zone);
		while (cache_next(&hit, &rr))
			if (dns_rdata_name(&rr, 0, &ns)) delegation_add_ns(r, now, d, &ns, false);
		if (delegation_usable(d)) return true;
	}
	delegation_begin(d, &(struct dns_name){ .len = 1 });
	for (size_t i = 0; i < r->server_list_count; i++) /* those are trusted, wherever they are */
		d->target[d->targets++] = (struct target){ .addr = r->server_list[i] };
	return false;
}
