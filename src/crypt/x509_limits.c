/* SPDX-License-Identifier: ISC */
/* Name constraints (RFC 5280, 4.2.1.10): a CA may be bound to names of its own. Each CA's hold for every certificate below
 * it, but not for CAs that issued themselves a new certificate. libcrypto looks at them too; where the two differ, both must say yes.
 *
 * A wildcard stands for many names: all of them must be permitted, and none excluded. */
#include "crypt/x509_parts.h"

#define COMPARED_MAX (1u << 18) /* names times limits, of one certificate and one list: more is an attack */

struct subtrees { struct bytes list; bool permitted; size_t count; };

/* The host's labels end with the limit's. */
static bool below(struct bytes host, struct bytes limit, bool itself)
{
	if (limit.len == 0) return true;
	if (host.len == limit.len) return itself && x509_bytes_alike(host, limit);
	if (host.len < limit.len || host.at[host.len - limit.len - 1] != '.') return false;
	return x509_bytes_alike(bytes_skip(host, host.len - limit.len), limit);
}

static bool dns_within(struct bytes name, struct bytes limit, bool permitted)
{
	if (below(name, limit, true)) return true;
	if (permitted || name.len < 3 || name.at[0] != '*') return false;
	for (size_t i = 0; i < limit.len; i++) /* "*.b.example" might be the excluded "a.b.example" */
		if (limit.at[i] == '.') return x509_bytes_alike(bytes_skip(limit, i + 1), bytes_skip(name, 2));
	return false;
}

static bool ip_within(struct bytes ip, struct bytes limit)
{
	if (limit.len != 2 * ip.len) return false;
	for (size_t i = 0; i < ip.len; i++)
		if ((ip.at[i] ^ limit.at[i]) & limit.at[ip.len + i]) return false;
	return true;
}

static bool split_at(struct bytes b, uint8_t c, struct bytes *before, struct bytes *after)
{
	for (size_t i = b.len; i-- > 0;)
		if (b.at[i] == c) {
			*before = bytes_first(b, i), *after = bytes_skip(b, i + 1);
			return true;
		}
	return false;
}

static bool host_within(struct bytes host, struct bytes limit)
{
	if (limit.len > 0 && limit.at[0] == '.') return below(host, bytes_skip(limit, 1), false);
	return x509_bytes_alike(host, limit);
}

static bool email_within(struct bytes email, struct bytes limit)
{
	struct bytes local, host, limit_local, limit_host;
	if (!split_at(email, '@', &local, &host)) return false;
	if (split_at(limit, '@', &limit_local, &limit_host))
		return bytes_equal(local, limit_local) && x509_bytes_alike(host, limit_host);
	return host_within(host, limit);
}

/* The host of "scheme://user@host:port/path"; false if there is none, or an address. */
static bool host_of_uri(struct bytes uri, struct bytes *host)
{
	size_t i = 0;
	struct bytes user;
	while (i + 2 < uri.len && memcmp(uri.at + i, "://", 3) != 0) i++;
	if (i + 2 >= uri.len) return false;
	*host = bytes_skip(uri, i + 3);
	for (i = 0; i < host->len && host->at[i] != '/' && host->at[i] != '?' && host->at[i] != '#';) i++;
	host->len = i;
	split_at(*host, '@', &user, host);
	for (i = 0; i < host->len && host->at[i] != ':';) i++;
	host->len = i;
	return x509_dns_name_good(*host, false);
}

static bool uri_within(struct bytes uri, struct bytes limit)
{
	struct bytes host;
	return host_of_uri(uri, &host) && host_within(host, limit);
}

static bool is_text(unsigned tag)
{
	return tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_IA5_STRING || tag == 0x14;
}

/* RFC 5280, 7.1, as far as ASCII goes: case does not count, nor how many spaces there are. */
static bool text_alike(struct bytes a, struct bytes b)
{
	size_t i = 0, k = 0;
	for (;;) {
		bool space_a = i < a.len && a.at[i] == ' ', space_b = k < b.len && b.at[k] == ' ';
		bool start = i == 0 || k == 0;
		while (i < a.len && a.at[i] == ' ') i++;
		while (k < b.len && b.at[k] == ' ') k++;
		if (i == a.len || k == b.len) return i == a.len && k == b.len;
		if (space_a != space_b && !start) return false;
		if (!x509_bytes_alike((struct bytes){ a.at + i, 1 }, (struct bytes){ b.at + k, 1 })) return false;
		i++, k++;
	}
}

static bool rdn_alike(struct bytes a, struct bytes b)
{
	struct bytes pair_a, pair_b, oid_a, oid_b;
	struct der value_a, value_b;
	if (bytes_equal(a, b)) return true;
	while (der_take(&a, DER_SEQUENCE, &pair_a) && der_take(&b, DER_SEQUENCE, &pair_b)) {
		if (!der_take(&pair_a, DER_OID, &oid_a) || !der_take(&pair_b, DER_OID, &oid_b) || !bytes_equal(oid_a, oid_b))
			return false;
		if (!der_next(&pair_a, &value_a) || !der_next(&pair_b, &value_b)) return false;
		if (bytes_equal(value_a.whole, value_b.whole)) continue;
		if (!is_text(value_a.tag) || !is_text(value_b.tag) || !text_alike(value_a.body, value_b.body)) return false;
	}
	return a.len == 0 && b.len == 0;
}

static bool directory_within(struct bytes name, struct bytes limit)
{
	struct bytes names, limits, a, b;
	if (!der_take(&name, DER_SEQUENCE, &names) || !der_take(&limit, DER_SEQUENCE, &limits)) return false;
	while (limits.len > 0)
		if (!der_take(&limits, DER_SET, &b) || !der_take(&names, DER_SET, &a) || !rdn_alike(a, b)) return false;
	return true;
}

static bool within(const struct x509_general_name *name, struct bytes limit, bool permitted)
{
	switch (name->kind) {
	case X509_NAME_DNS: return dns_within(name->value, limit, permitted);
	case X509_NAME_IP: return ip_within(name->value, limit);
	case X509_NAME_EMAIL: return email_within(name->value, limit);
	case X509_NAME_URI: return uri_within(name->value, limit);
	case X509_NAME_DIRECTORY: return directory_within(name->value, limit);
	default: return !permitted; /* what we cannot compare is not permitted, and is excluded */
	}
}

/* A mask is ones, then zeroes. */
static bool mask_good(struct bytes limit)
{
	bool ended = false;
	if (limit.len != 8 && limit.len != 32) return false;
	for (size_t i = limit.len / 2 * 8; i < limit.len * 8; i++) {
		bool one = limit.at[i / 8] & 0x80 >> i % 8;
		if (one && ended) return false;
		ended |= !one;
	}
	return true;
}

static bool limit_good(const struct x509_general_name *n)
{
	struct bytes user, host, rest, value = n->value;
	switch (n->kind) {
	case X509_NAME_DNS: return value.len == 0 || x509_dns_name_good(value, false);
	case X509_NAME_IP: return mask_good(value);
	case X509_NAME_EMAIL:
		if (split_at(value, '@', &user, &host))
			return user.len > 0 && !split_at(user, '@', &rest, &rest) && x509_dns_name_good(host, false);
		__attribute__((fallthrough));
	case X509_NAME_URI:
		if (value.len > 0 && value.at[0] == '.') value = bytes_skip(value, 1);
		return x509_dns_name_good(value, false);
	default: return true;
	}
}

/* The next subtree's base; minimum and maximum may not be there (RFC 5280). */
static bool next_limit(struct bytes *list, struct x509_general_name *limit)
{
	struct bytes one;
	return der_take(list, DER_SEQUENCE, &one) && x509_next_general_name(&one, limit) && one.len == 0;
}

static bool name_allowed(const struct subtrees *s, const struct x509_general_name *name)
{
	struct bytes list = s->list;
	struct x509_general_name limit;
	bool any = false;
	while (next_limit(&list, &limit)) {
		if (limit.kind != name->kind) continue;
		any = true;
		if (within(name, limit.value, s->permitted)) return s->permitted;
	}
	return !any || !s->permitted;
}

struct place { const struct x509_path *path; size_t ca, below; };

static bool refuse_name(const struct place *p, const struct subtrees *s, const struct x509_general_name *n,
                        struct x509_answer *a)
{
	char words[100], issuer[80];
	struct text t = text_in(words, sizeof words), i = text_in(issuer, sizeof issuer);
	x509_general_name_words(n, &t);
	x509_title(p->path->at[p->ca], &i);
	return x509_refuse(a, X509_NAME_CONSTRAINT, (unsigned)p->below, p->path->at[p->below],
		s->permitted ? "its name %s is not among those that its issuer %s may certify" :
		               "its name %s is among those that its issuer %s may not certify", words, issuer);
}

/* A mail address in the subject counts as one when there is no alternative name of that kind (RFC 5280, 4.2.1.10). */
static bool subject_mail_allowed(const struct place *p, const struct subtrees *s, struct x509_answer *a)
{
	static const uint8_t mail[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1 };
	struct bytes name = p->path->at[p->below]->subject, rdns, set, pair, oid;
	struct der value;

	if (!der_take(&name, DER_SEQUENCE, &rdns)) return true;
	while (der_take(&rdns, DER_SET, &set))
		while (der_take(&set, DER_SEQUENCE, &pair)) {
			if (!der_take(&pair, DER_OID, &oid) || !der_next(&pair, &value)) break;
			struct x509_general_name n = { X509_NAME_EMAIL, value.body };
			if (bytes_equal(oid, (struct bytes){ mail, sizeof mail }) && !name_allowed(s, &n))
				return refuse_name(p, s, &n, a);
		}
	return true;
}

static bool certificate_allowed(const struct place *p, const struct subtrees *s, struct x509_answer *a)
{
	const struct x509_certificate *c = p->path->at[p->below];
	struct bytes rest = c->value[X509_SUBJECT_NAMES], names = { 0 };
	struct x509_general_name n = { X509_NAME_DIRECTORY, c->subject }, each;
	bool mail = false;
	size_t count = 0;

	if (c->subject.len > 2 && !name_allowed(s, &n)) return refuse_name(p, s, &n, a);
	if (x509_has(c, X509_SUBJECT_NAMES)) der_take(&rest, DER_SEQUENCE, &names);
	for (struct bytes walk = names; x509_next_general_name(&walk, &each);) count++;
	if (count > COMPARED_MAX / (s->count + 1))
		return x509_refuse(a, X509_NAME_CONSTRAINT, (unsigned)p->below, c, "has too many names for its issuers' constraints");
	while (x509_next_general_name(&names, &n)) {
		mail |= n.kind == X509_NAME_EMAIL;
		if (!name_allowed(s, &n)) return refuse_name(p, s, &n, a);
	}
	return mail || subject_mail_allowed(p, s, a);
}

static bool subtrees_hold(const struct x509_path *path, size_t ca, struct subtrees *s, struct x509_answer *a)
{
	struct bytes list = s->list;
	struct x509_general_name limit;

	for (; list.len > 0; s->count++)
		if (!next_limit(&list, &limit) || !limit_good(&limit))
			return x509_refuse(a, X509_MALFORMED, (unsigned)ca, path->at[ca],
			                   "its name constraints are not well formed");
	for (size_t i = 0; i < ca; i++) {
		struct place p = { path, ca, i };
		if (i > 0 && x509_self_issued(path->at[i])) continue;
		if (!certificate_allowed(&p, s, a)) return false;
	}
	return true;
}

bool x509_limits_check(const struct x509_path *path, struct x509_answer *a)
{
	for (size_t i = path->count; i-- > 1;) {
		const struct x509_certificate *c = path->at[i];
		struct bytes rest = c->value[X509_NAME_CONSTRAINTS], body;
		if (!x509_has(c, X509_NAME_CONSTRAINTS)) continue;
		if (!der_take(&rest, DER_SEQUENCE, &body) || rest.len > 0 || body.len == 0)
			return x509_refuse(a, X509_MALFORMED, (unsigned)i, c, "its name constraints are not well formed");
		for (unsigned n = 0; n < 2; n++) {
			struct subtrees s = { .permitted = n == 0 };
			if (!der_is(body, DER_CONTEXT_OF(n))) continue;
			if (!der_take(&body, DER_CONTEXT_OF(n), &s.list) || s.list.len == 0)
				return x509_refuse(a, X509_MALFORMED, (unsigned)i, c, "its name constraints are not well formed");
			if (!subtrees_hold(path, i, &s, a)) return false;
		}
		if (body.len > 0)
			return x509_refuse(a, X509_MALFORMED, (unsigned)i, c, "its name constraints are not well formed");
	}
	return true;
}
