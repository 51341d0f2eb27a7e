/* SPDX-License-Identifier: ISC */
/* The steps of RFC 1034, 4.3.2, in its order: find the zone; match down to the name, a cut, or where it fails; what
 * the answer leads on to; additional addresses. A set is put in whole or not at all. */
#include "proto/dns/server.h"

#define CNAMES_MAX 12 /* a longer chain ends there: who asked goes on by himself */
#define HOSTS_MAX 64  /* of a set, whose addresses are added: more help nobody, and each is compared with the others */
#define OPT_BYTES 11

/* An answer in the making. */
struct reply {
	struct dns_server *server;
	const struct dns_message *query;
	struct dns_builder b;
	struct dns_name name[CNAMES_MAX]; /* the question's, and those that CNAMEs led to */
	unsigned names;
	bool authoritative, referred, cut;
};

enum fit { FITS, CUT };

/* The zone with the longest name above this one. A DS set belongs to the parent (RFC 4035, 3.1.4.1), if that is
 * here too. */
static const struct zone *zone_for(const struct dns_server *s, const struct dns_name *name, uint16_t type)
{
	const struct zone *best = NULL;

	for (size_t i = 0; i < s->zones; i++) {
		const struct zone *z = s->zone[i];
		if (!dns_name_under(name, &z->origin)) continue;
		if (best == NULL) best = z;
		bool at_top = z->origin.len == name->len, best_at_top = best->origin.len == name->len;
		if (type == DNS_DS && at_top != best_at_top ? best_at_top : z->origin.len > best->origin.len) best = z;
	}
	return best;
}

/* Which record of a set comes first this time. */
static unsigned first_of(struct dns_server *s, const struct zone_node *node, const struct zone_set *set)
{
	if (!s->rotate || set->count < 2) return 0;
	return s->rotation[(node->hash ^ set->type) % COUNT(s->rotation)]++ % set->count;
}

static enum fit put_set(struct reply *r, enum dns_section section, const struct dns_name *owner,
                        const struct zone_node *node, const struct zone_set *set, uint32_t ttl)
{
	struct dns_builder before = r->b;
	const struct zone_record *record = set->first;
	struct dns_rr rr = { .name = *owner, .type = set->type, .class = DNS_IN, .ttl = ttl, .section = section };

	for (unsigned skip = first_of(r->server, node, set); skip > 0; skip--) record = record->next;
	for (unsigned i = 0; i < set->count; i++, record = record->next != NULL ? record->next : set->first) {
		rr.rdata = (struct bytes){ record->rdata, record->len };
		if (dns_add_rr(&r->b, &rr)) continue;
		r->b = before;
		return CUT;
	}
	return FITS;
}

static void cut_off(struct reply *r)
{
	dns_set_tc(&r->b);
	r->cut = true;
}

static struct dns_name name_of(const struct zone_node *n)
{
	struct dns_name name = { .len = n->len };
	memcpy(name.at, n->name, n->len);
	return name;
}

/* The addresses of a host, if we know them: ours, or glue. */
static enum fit put_addresses(struct reply *r, const struct dns_name *host)
{
	static const uint16_t types[] = { DNS_A, DNS_AAAA };
	const struct zone *z = zone_for(r->server, host, DNS_A);
	enum fit fit = FITS;
	bool exact;

	if (z == NULL) return FITS;
	const struct zone_node *n = zone_nearest(z, host, &exact);
	for (size_t i = 0; exact && i < COUNT(types); i++) {
		const struct zone_set *set = zone_set(n, types[i]);
		if (set != NULL && put_set(r, DNS_ADDITIONAL, host, n, set, set->ttl) == CUT) fit = CUT;
	}
	return fit;
}

/* The host that a record of the set names. */
static bool host_of(const struct zone_set *set, const struct zone_record *record, struct dns_name *host)
{
	size_t skip = set->type == DNS_NS ? 0 : set->type == DNS_MX ? 2 : 6;

	if (set->type != DNS_NS && set->type != DNS_MX && set->type != DNS_SRV) return false;
	host->len = (uint8_t)(record->len - skip);
	memcpy(host->at, record->rdata + skip, host->len);
	return true;
}

/* Whether an earlier record of the set names the same host, as SRV records do that differ in port. */
static bool named_before(const struct zone_set *set, const struct zone_record *record, const struct dns_name *host)
{
	struct dns_name earlier;

	for (const struct zone_record *r = set->first; r != record; r = r->next)
		if (host_of(set, r, &earlier) && dns_name_equal(&earlier, host)) return true;
	return false;
}

/* Glue: the addresses without which the referral leads nowhere must come, or TC (RFC 9471, 3.1); others may. */
static void put_additional(struct reply *r, const struct zone_set *set, const struct dns_name *cut)
{
	struct dns_name host;
	unsigned hosts = 0;

	for (const struct zone_record *record = set->first; record != NULL && hosts < HOSTS_MAX; record = record->next, hosts++) {
		if (!host_of(set, record, &host)) return;
		if (named_before(set, record, &host)) continue; /* no record twice (RFC 2181, 5) */
		if (put_addresses(r, &host) == FITS || cut == NULL || !dns_name_under(&host, cut)) continue;
		cut_off(r);
		return;
	}
}

static void refer(struct reply *r, const struct zone_node *cut)
{
	const struct zone_set *ns = zone_set(cut, DNS_NS);
	struct dns_name name = name_of(cut);

	r->referred = true;
	if (put_set(r, DNS_AUTHORITY, &name, cut, ns, ns->ttl) == CUT) cut_off(r);
	else put_additional(r, ns, &name);
}

/* RFC 2308, 3: a no comes with the SOA, which says for how long it holds. */
static void deny(struct reply *r, const struct zone *z)
{
	const struct zone_set *soa = zone_set(z->top, DNS_SOA);

	if (put_set(r, DNS_AUTHORITY, &z->origin, z->top, soa, z->negative_ttl) == CUT) cut_off(r);
}

static void answer_with(struct reply *r, const struct dns_name *owner, const struct zone_node *node,
                        const struct zone_set *set)
{
	if (put_set(r, DNS_ANSWER, owner, node, set, set->ttl) == CUT) cut_off(r);
	else put_additional(r, set, NULL);
}

/* Whether the chain goes on: the target is one of ours, and new. It is then the last of r->name. */
static bool follow(struct reply *r, const struct zone_node *node, const struct zone_set *cname)
{
	struct dns_name target = { .len = (uint8_t)cname->first->len };

	if (put_set(r, DNS_ANSWER, &r->name[r->names - 1], node, cname, cname->ttl) == CUT) {
		cut_off(r);
		return false;
	}
	memcpy(target.at, cname->first->rdata, target.len);
	if (r->names == CNAMES_MAX) return false;
	for (unsigned i = 0; i < r->names; i++)
		if (dns_name_equal(&r->name[i], &target)) return false;
	r->name[r->names++] = target;
	return zone_for(r->server, &target, DNS_A) != NULL;
}

/* One name of the chain. DNS_NXDOMAIN if it does not exist (that of the last name counts: RFC 6604, 3); true in
 * *more if a CNAME led on. */
static uint16_t look_up(struct reply *r, const struct zone *z, bool *more)
{
	const struct dns_name *name = &r->name[r->names - 1];
	uint16_t type = r->query->question.type;
	bool exact;
	const struct zone_node *n = zone_nearest(z, name, &exact);
	const struct zone_set *set;

	*more = false;
	if (n->cut != NULL && !(exact && n->cut == n && type == DNS_DS)) {
		refer(r, n->cut);
		return DNS_NOERROR;
	}
	r->authoritative = true; /* for the first name; a referral behind its CNAME does not undo it (RFC 1035, 4.1.1) */
	if (!exact && n->wildcard == NULL) {
		deny(r, z);
		return DNS_NXDOMAIN;
	}
	if (!exact) n = n->wildcard; /* RFC 4592, 3.3.1: of the nearest name above it, no other */
	set = type == DNS_ANY ? n->sets : zone_set(n, type);
	if (set != NULL) {
		answer_with(r, name, n, set);
	} else if ((set = zone_set(n, DNS_CNAME)) != NULL) {
		*more = follow(r, n, set);
	} else {
		deny(r, z);
	}
	return DNS_NOERROR;
}

static void count(const struct reply *r, uint16_t rcode)
{
	struct dns_server *s = r->server;

	if (r->cut) s->truncated++;
	if (rcode == DNS_NXDOMAIN) s->nxdomain++;
	else if (r->referred && r->b.counts[1] == 0) s->referrals++;
	else if (r->b.counts[1] > 0 || r->cut) s->answers++;
	else s->nodata++;
}

static uint16_t answer_internet(struct reply *r)
{
	uint16_t type = r->query->question.type, rcode;
	const struct zone *z = zone_for(r->server, &r->name[0], type);
	bool more;

	if (z == NULL || type == DNS_AXFR || type == DNS_IXFR) {
		r->server->refused++;
		return DNS_REFUSED;
	}
	do rcode = look_up(r, z, &more);
	while (more && (z = zone_for(r->server, &r->name[r->names - 1], type)) != NULL);
	count(r, rcode);
	return rcode;
}

/* Custom, not standard; people ask it to see who is there. */
static uint16_t answer_chaos(struct reply *r)
{
	static const uint8_t version[] = "\5tulle";
	struct dns_rr rr = { .name = r->name[0], .type = DNS_TXT, .class = DNS_CH, .section = DNS_ANSWER,
		.rdata = { version, sizeof version - 1 } };
	struct dns_name bind;
	bool good = dns_name_parse("version.bind", &bind);

	assert(good);
	if (!dns_name_equal(&r->name[0], &bind) || r->query->question.type != DNS_TXT) {
		r->server->refused++;
		return DNS_REFUSED;
	}
	r->server->answers++;
	r->authoritative = true;
	dns_add_rr(&r->b, &rr);
	return DNS_NOERROR;
}

static uint16_t formerr(struct reply *r)
{
	r->server->formerr++;
	return DNS_FORMERR;
}

static uint16_t other(struct reply *r, uint16_t rcode)
{
	r->server->others++;
	return rcode;
}

/* The rcode; what belongs to it is in r->b. */
static uint16_t answer_query(struct reply *r)
{
	const struct dns_message *q = r->query;

	if (q->opcode != 0) return other(r, DNS_NOTIMP);
	if (q->edns && q->edns_version > 0) return other(r, DNS_BADVERS);
	if (q->counts[0] != 1 || q->question.type == DNS_OPT || q->question.type == 0) return formerr(r);
	if (q->question.type == 253 || q->question.type == 254) return other(r, DNS_NOTIMP); /* MAILB, MAILA */
	if (q->question.class == DNS_IN) return answer_internet(r);
	if (q->question.class == DNS_CH) return answer_chaos(r);
	r->server->refused++;
	return DNS_REFUSED;
}

/* An answer to what cannot be read: its header only. */
static size_t answer_header(struct reply *r, struct bytes query, struct room room, uint16_t rcode)
{
	uint16_t second = load_be16(query.at + 2);

	dns_begin(&r->b, room, DNS_HEADER_BYTES, load_be16(query.at), DNS_QR | (second & DNS_RD), second >> 11 & 15, rcode);
	return dns_end(&r->b);
}

/* RFC 6891, 6.2.3 and 6.2.5; a UDP answer is kept below what any path carries whole. */
static size_t limit_for(const struct dns_message *q, size_t limit)
{
	if (!q->edns || limit > DNS_UDP_MAX) return limit;
	return size_min(size_max(q->edns_udp_size, DNS_UDP_MAX), DNS_UDP_EDNS);
}

size_t dns_server_answer(struct dns_server *s, struct bytes query, size_t limit, struct room room)
{
	struct dns_message q;
	struct reply r;

	r.server = s;
	r.query = &q;
	r.names = 1;
	r.authoritative = r.referred = r.cut = false;
	if (query.len < DNS_HEADER_BYTES || load_be16(query.at + 2) & DNS_QR) return 0;
	if (dns_parse(query, &q) != DROP_NONE) {
		bool is_query = (query.at[2] >> 3 & 15) == 0; /* of other opcodes we do not know the form */
		return answer_header(&r, query, room, is_query ? formerr(&r) : other(&r, DNS_NOTIMP));
	}
	r.name[0] = q.question.name;
	limit = limit_for(&q, limit);
	assert(room.len >= limit);
	dns_begin(&r.b, room, q.edns ? limit - OPT_BYTES : limit, q.id, DNS_QR | (q.flags & DNS_RD), q.opcode, 0);
	if (q.counts[0] == 1) dns_add_question(&r.b, &q.question);
	uint16_t rcode = answer_query(&r);
	r.b.limit = limit;
	room.at[2] |= r.authoritative ? DNS_AA >> 8 : 0;
	room.at[3] = (uint8_t)((room.at[3] & 0xf0) | (rcode & 15));
	if (q.edns) dns_add_opt(&r.b, DNS_UDP_EDNS, rcode, false); /* DO is DNSSEC's, which we do not speak */
	return dns_end(&r.b);
}
