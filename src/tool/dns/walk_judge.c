/* SPDX-License-Identifier: ISC */
/* What an answer means for who walks: RFC 1034, 4.3.2 and 5.3.3, RFC 2308, 2. */
#include "tool/dns/walk.h"

#define LINKS_MAX 16 /* aliases in one message */

static bool is_type(const struct dns_rr *rr, uint16_t type) { return rr->type == type || type == DNS_ANY; }

static bool find(const struct dns_message *m, enum dns_section section, const struct dns_name *owner, uint16_t type, struct dns_rr *rr)
{
	for (struct dns_cursor c = dns_records(m); dns_next(&c, rr);)
		if (rr->section == section && rr->class == DNS_IN && is_type(rr, type) && (owner == NULL || dns_name_equal(&rr->name, owner)))
			return true;
	return false;
}

/* Along the aliases that this zone's server may tell of. */
static unsigned follow(const struct dns_message *m, const struct walk_zone *zone, uint16_t type, struct dns_name *at)
{
	struct dns_rr rr;
	unsigned links = 0;

	while (links < LINKS_MAX && type != DNS_CNAME && type != DNS_ANY && (links == 0 || dns_name_under(at, &zone->name)) &&
	       find(m, DNS_ANSWER, at, DNS_CNAME, &rr) && dns_rdata_name(&rr, 0, at)) links++;
	return links;
}

static void lame(struct walk_step *s, enum walk_lame why)
{
	s->what = WALK_LAME;
	s->lame = why;
}

static void judge_referral(const struct dns_message *m, const struct walk_zone *zone, uint16_t port, struct walk_step *s,
                           struct walk_zone *below)
{
	struct dns_rr ns, soa;
	bool has_soa = find(m, DNS_AUTHORITY, NULL, DNS_SOA, &soa), authority = m->flags & DNS_AA;
	bool has_ns = find(m, DNS_AUTHORITY, NULL, DNS_NS, &ns);
	bool down = has_ns && dns_name_under(&s->name, &ns.name) && !dns_name_under(&zone->name, &ns.name);

	if (down && !has_soa) {
		s->what = WALK_REFERRED;
		walk_servers(m, DNS_AUTHORITY, &ns.name, &zone->name, port, below);
	}
	else if (authority) s->what = WALK_NO_DATA;
	else if (has_soa) lame(s, WALK_NO_AUTHORITY);
	else if (!has_ns) lame(s, WALK_NOTHING);
	else if (dns_name_equal(&ns.name, &zone->name)) lame(s, WALK_TO_ITSELF);
	else lame(s, dns_name_under(&zone->name, &ns.name) ? WALK_UPWARD : WALK_ASIDE);
}

void walk_judge(const struct dns_message *m, const struct walk_zone *zone, const struct walk_want *want, struct walk_step *s,
                struct walk_zone *below)
{
	struct dns_name at = s->name;
	struct dns_rr rr;

	s->rcode = m->rcode;
	if (m->rcode != DNS_NOERROR && m->rcode != DNS_NXDOMAIN) {
		s->what = WALK_FAILED;
		return;
	}
	unsigned links = follow(m, zone, s->type, &at);
	bool has = dns_name_under(&at, &zone->name) && find(m, DNS_ANSWER, &at, s->type, &rr);
	bool soa = find(m, DNS_AUTHORITY, NULL, DNS_SOA, &rr) && dns_name_under(&at, &rr.name) && dns_name_under(&rr.name, &zone->name);
	if (links > 0 && !has) s->alias = at;
	if ((has || links > 0 || m->rcode == DNS_NXDOMAIN) && !(m->flags & DNS_AA)) lame(s, WALK_NO_AUTHORITY);
	else if (has || (links > 0 && want->stop_at_alias)) s->what = WALK_ANSWERED;
	else if (links > 0 && m->rcode == DNS_NXDOMAIN && soa) s->what = WALK_NO_NAME; /* RFC 2308, 2.1: of the last alias */
	else if (links > 0 && soa) s->what = WALK_NO_DATA;
	else if (links > 0) s->what = WALK_ALIAS;
	else if (m->rcode == DNS_NXDOMAIN) s->what = WALK_NO_NAME;
	else judge_referral(m, zone, want->port, s, below);
}

static struct walk_server *server_of(struct walk_zone *z, const struct dns_name *name)
{
	for (size_t i = 0; i < z->servers; i++)
		if (dns_name_equal(&z->server[i].name, name)) return &z->server[i];
	return NULL;
}

static void add_server(struct walk_zone *z, const struct dns_rr *rr)
{
	struct dns_name name;

	if (!dns_rdata_name(rr, 0, &name) || server_of(z, &name) != NULL) return;
	if (z->servers == WALK_SERVERS_MAX) {
		z->left_out++;
		return;
	}
	z->server[z->servers++] = (struct walk_server){ .name = name, .inside = dns_name_under(&name, &z->name) };
}

void walk_servers(const struct dns_message *m, enum dns_section section, const struct dns_name *owner, const struct dns_name *credible,
                  uint16_t port, struct walk_zone *z)
{
	struct dns_rr rr;
	struct addr a = { .port = port };

	memset(z, 0, sizeof *z);
	z->name = *owner;
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
		if (rr.section == section && rr.type == DNS_NS && rr.class == DNS_IN && dns_name_equal(&rr.name, owner)) add_server(z, &rr);
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);) {
		struct walk_server *s = rr.section == DNS_ADDITIONAL && rr.class == DNS_IN && (rr.type == DNS_A || rr.type == DNS_AAAA) ?
		                        server_of(z, &rr.name) : NULL;
		if (s == NULL || !dns_rdata_ip(&rr, &a.ip)) continue;
		if (dns_name_under(&rr.name, credible) && s->addresses < WALK_ADDRESSES_MAX) s->address[s->addresses++] = a;
		else z->left_out++;
	}
	for (size_t i = 0; i < z->servers; i++) z->glue_missing += z->server[i].inside && z->server[i].addresses == 0;
}
