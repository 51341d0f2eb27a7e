/* SPDX-License-Identifier: ISC */
/* The messages that askers get: first one for all who asked the same, kept behind those already done; then, when
 * it is fetched, each asker's own, with its spelling of the name and the records of the set rotated. What does
 * not fit 64 KiB is left out, which only a message near that size can come to. */
#include "proto/dns/resolver_parts.h"

static struct dns_builder begin(struct resolver *r, const struct task *t, uint16_t flags, uint16_t rcode, size_t chain_len)
{
	struct dns_builder b;
	struct dns_name owner, to;

	assert(resolver_has_room(r));
	dns_begin(&b, room_skip(r->done, r->done_used), DNS_MESSAGE_MAX, 0, flags, 0, rcode);
	dns_add_question(&b, &t->question);
	for (size_t at = 0; at < chain_len; at += 5u + owner.len) {
		size_t next = at + 5u + t->chain[at + 4];
		owner.len = t->chain[at + 4];
		memcpy(owner.at, t->chain + at + 5, owner.len);
		if (next < t->chain_len) {
			to.len = t->chain[next + 4];
			memcpy(to.at, t->chain + next + 5, to.len);
		} else to = t->name;
		struct dns_rr rr = { .name = owner, .type = DNS_CNAME, .class = t->question.class,
		                     .ttl = load_be32(t->chain + at), .section = DNS_ANSWER, .rdata = { to.at, to.len } };
		dns_add_rr(&b, &rr);
	}
	return b;
}

static bool wanted(const struct task *t, const struct dns_rr *rr)
{
	return rr->section == DNS_ANSWER && rr->class == t->question.class && dns_name_equal(&rr->name, &t->name) &&
	       (rr->type == t->question.type || t->question.type == DNS_ANY);
}

size_t answer_records(struct resolver *r, const struct task *t, const struct dns_message *m)
{
	struct dns_builder b = begin(r, t, DNS_QR | DNS_RD | DNS_RA, DNS_NOERROR, t->chain_len);
	uint32_t ttl = CACHE_TTL_MAX;
	struct dns_rr rr;

	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
		if (wanted(t, &rr)) ttl = rr.ttl < ttl ? rr.ttl : ttl;
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
		if (wanted(t, &rr)) {
			if (t->question.type != DNS_ANY) rr.ttl = ttl; /* a set has one TTL (RFC 2181, 5.2) */
			dns_add_rr(&b, &rr);
		}
	return dns_end(&b);
}

size_t answer_hit(struct resolver *r, const struct task *t, const struct cache_hit *hit)
{
	struct dns_builder b = begin(r, t, DNS_QR | DNS_RD | DNS_RA, DNS_NOERROR, t->chain_len);
	struct cache_hit left = *hit;
	for (struct dns_rr rr; cache_next(&left, &rr);) dns_add_rr(&b, &rr);
	return dns_end(&b);
}

size_t answer_no(struct resolver *r, const struct task *t, bool name, const struct dns_rr *soa)
{
	struct dns_builder b = begin(r, t, DNS_QR | DNS_RD | DNS_RA, name ? DNS_NXDOMAIN : DNS_NOERROR, t->chain_len);
	if (soa != NULL) {
		struct dns_rr rr = *soa;
		struct dns_soa fields;
		/* The TTL that we give a no is the one by which we keep it (RFC 2308, 5). */
		if (dns_rdata_soa(soa, &fields) && fields.minimum < rr.ttl) rr.ttl = fields.minimum;
		if (rr.ttl > CACHE_NO_TTL_MAX) rr.ttl = CACHE_NO_TTL_MAX;
		dns_add_rr(&b, &rr);
	}
	return dns_end(&b);
}

size_t answer_failure(struct resolver *r, const struct task *t, uint16_t rcode)
{
	struct dns_builder b = begin(r, t, DNS_QR | DNS_RD | (r->config.recurse ? DNS_RA : 0), rcode & 15, 0);
	return dns_end(&b);
}

size_t answer_whole(struct resolver *r, const struct task *t, const struct dns_message *m)
{
	uint16_t flags = DNS_QR | DNS_RD | (m->flags & (DNS_AA | DNS_RA | DNS_AD));
	struct dns_builder b = begin(r, t, flags, m->rcode, t->asked_chain_len);
	struct dns_rr rr;

	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
		if (!dns_add_rr(&b, &rr)) break;
	return dns_end(&b);
}

/* Copies the answers that are of the asked type (or all but those), but for the first `skip`, at most `count`. */
static void copy(struct dns_builder *b, const struct dns_message *m, bool of_type, uint32_t skip, uint32_t count)
{
	struct dns_rr rr;
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);) {
		if (rr.section != DNS_ANSWER || (rr.type == m->question.type) != of_type) continue;
		if (skip > 0) skip--;
		else if (count > 0) count--, dns_add_rr(b, &rr);
	}
}

struct bytes answer_for(struct resolver *r, const struct task *t, const struct asker *a)
{
	struct dns_message m;
	struct dns_builder b;
	struct dns_rr rr;
	uint32_t records = 0, first = 0;

	enum drop drop = dns_parse((struct bytes){ r->done.at + t->message_at, t->message_len }, &m);
	assert(drop == DROP_NONE); /* we wrote it */
	for (struct dns_cursor c = dns_records(&m); dns_next(&c, &rr);)
		records += rr.section == DNS_ANSWER && rr.type == m.question.type;
	if (r->config.rotate && records > 1) {
		uint64_t set = dns_name_hash(r->key, &t->name) + t->question.type;
		first = r->rotation[set % COUNT(r->rotation)]++ % records;
	}
	struct dns_question q = { a->spelt, m.question.type, m.question.class };
	dns_begin(&b, r->scratch, DNS_MESSAGE_MAX, 0, m.flags, 0, m.rcode);
	dns_add_question(&b, &q);
	copy(&b, &m, false, 0, UINT32_MAX);
	copy(&b, &m, true, first, UINT32_MAX);
	copy(&b, &m, true, 0, first);
	for (struct dns_cursor c = dns_records(&m); dns_next(&c, &rr);)
		if (rr.section != DNS_ANSWER && !dns_add_rr(&b, &rr)) break;
	return (struct bytes){ r->scratch.at, dns_end(&b) };
}
