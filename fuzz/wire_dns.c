/* SPDX-License-Identifier: ISC */
/* A message from a stranger: what is parsed and written again reads the same. Only case may change, where a name
 * now points to one spelt otherwise. */
#include "wire/dns.h"

static uint8_t rebuilt[DNS_MESSAGE_MAX];

static bool same_text(const struct dns_rr *a, const struct dns_rr *b)
{
	static char one[300000], two[300000];
	struct text t = text_in(one, sizeof one), u = text_in(two, sizeof two);

	dns_rdata_print(a, &t);
	dns_rdata_print(b, &u);
	if (t.len != u.len || t.cut) return false;
	for (size_t i = 0; i < t.len; i++)
		if ((one[i] | 0x20) != (two[i] | 0x20)) return false;
	return true;
}

static size_t rebuild(const struct dns_message *m)
{
	struct dns_builder b;
	struct dns_cursor c = dns_records(m);

	dns_begin(&b, (struct room){ rebuilt, sizeof rebuilt }, DNS_MESSAGE_MAX, m->id, m->flags, m->opcode, m->rcode);
	if (m->counts[0] > 0 && !dns_add_question(&b, &m->question)) return 0;
	for (struct dns_rr rr; dns_next(&c, &rr);)
		if (!dns_add_rr(&b, &rr)) return 0; /* what was compressed and must not be may need more room */
	if (m->edns && !dns_add_opt(&b, m->edns_udp_size, m->rcode, m->edns_do)) return 0;
	return dns_end(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_message m, again;
	struct dns_rr a, b;
	char text[DNS_NAME_TEXT_MAX];
	size_t len;

	if (dns_parse((struct bytes){ data, size }, &m) != DROP_NONE) return 0;
	if ((len = rebuild(&m)) == 0) return 0;
	enum drop why = dns_parse((struct bytes){ rebuilt, len }, &again);
	assert(why == DROP_NONE);
	assert(again.id == m.id && again.flags == m.flags && again.opcode == m.opcode && again.rcode == m.rcode);
	assert(again.edns == m.edns && again.edns_do == m.edns_do && again.edns_udp_size == m.edns_udp_size);
	assert(dns_name_equal(&m.question.name, &again.question.name));
	struct dns_cursor c = dns_records(&m), d = dns_records(&again);
	while (dns_next(&c, &a)) {
		bool more = dns_next(&d, &b);
		assert(more && dns_name_equal(&a.name, &b.name) && a.type == b.type && a.class == b.class);
		assert(a.ttl == b.ttl && a.section == b.section && same_text(&a, &b));
		struct dns_name name;
		bool good = dns_name_parse(dns_name_text(&a.name, text), &name);
		assert(good && dns_name_equal(&name, &a.name));
	}
	assert(!dns_next(&d, &b));
	return 0;
}
