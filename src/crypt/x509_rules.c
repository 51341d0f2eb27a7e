/* SPDX-License-Identifier: ISC */
/* RFC 5280's profile, looked at certificate by certificate in the path that libcrypto has found: what a conforming CA never
 * issues is not believed. A trusted root is believed for its name and key; of its own encoding only that is asked which bears on
 * what it may do. */
#include "crypt/x509_parts.h"

struct look { const struct x509_path *path; size_t depth; const struct x509_ask *ask; struct x509_answer *answer; };

#define REFUSE(l, why, ...) x509_refuse((l)->answer, why, (unsigned)(l)->depth, (l)->path->at[(l)->depth], __VA_ARGS__)

static bool is_root(const struct look *l) { return l->depth + 1 == l->path->count; }

static bool look_at_form(const struct look *l, const struct x509_certificate *c)
{
	struct bytes serial = c->serial;
	bool zero = serial.len == 1 && serial.at[0] == 0;

	if (c->version != 3) return REFUSE(l, X509_MALFORMED, "is of version %u, expected version 3", c->version);
	if (serial.at[0] >= 0x80) return REFUSE(l, X509_MALFORMED, "its serial number is negative (RFC 5280, 4.1.2.2)");
	if (zero && !is_root(l)) return REFUSE(l, X509_MALFORMED, "its serial number is zero (RFC 5280, 4.1.2.2)");
	if (serial.len > 20 && !is_root(l))
		return REFUSE(l, X509_MALFORMED, "its serial number has %zu bytes, at most 20 are allowed (RFC 5280, 4.1.2.2)",
		              serial.len);
	if (c->issuer.len <= 2) return REFUSE(l, X509_MALFORMED, "its issuer is empty (RFC 5280, 4.1.2.4)");
	if (c->unknown_critical.len > 0) {
		char oid[80];
		struct text t = text_in(oid, sizeof oid);
		x509_oid_words(c->unknown_critical, &t);
		return REFUSE(l, X509_MALFORMED, "has a critical extension that nobody here understands: %s", oid);
	}
	return true;
}

/* RFC 5280, 4.1.2.5: through 2049 a date is a UTCTime. */
static bool look_at_dates(const struct look *l, const struct x509_certificate *c)
{
	const int64_t year_2050 = INT64_C(2524608000);
	if (is_root(l)) return true;
	if ((c->from.tag == DER_GENERALIZED_TIME && c->not_before < year_2050) ||
	    (c->until.tag == DER_GENERALIZED_TIME && c->not_after < year_2050))
		return REFUSE(l, X509_MALFORMED, "a date before 2050 is written as GeneralizedTime (RFC 5280, 4.1.2.5)");
	return true;
}

static bool look_at_strength(const struct look *l, const struct x509_certificate *c)
{
	struct x509_key_facts key;
	bool weak;
	const char *algorithm = x509_algorithm_name(c->algorithm, &weak);

	if (!is_root(l) && algorithm == NULL)
		return REFUSE(l, X509_WEAK, "is signed by an algorithm that is not used here");
	if (!is_root(l) && weak) return REFUSE(l, X509_WEAK, "is signed with %s, which is too weak", algorithm);
	if (!x509_key_facts(c->spki, &key)) return REFUSE(l, X509_MALFORMED, "its public key is not well formed");
	if (key.family == X509_KEY_UNKNOWN)
		return REFUSE(l, X509_WEAK, "its public key is of a kind, or on a curve, that is not used here");
	if (key.family == X509_KEY_RSA && key.bits < CRYPT_RSA_BITS_MIN)
		return REFUSE(l, X509_WEAK, "its RSA key has %u bits, expected at least %u", key.bits, CRYPT_RSA_BITS_MIN);
	if (key.family == X509_KEY_RSA && key.bits > CRYPT_RSA_BITS_MAX)
		return REFUSE(l, X509_WEAK, "its RSA key has %u bits, expected at most %u", key.bits, CRYPT_RSA_BITS_MAX);
	return true;
}

/* The identifier of AuthorityKeyIdentifier's first field; empty if there is none. */
static bool read_authority_key(const struct x509_certificate *c, struct bytes *key, bool *others)
{
	struct bytes rest = c->value[X509_AUTHORITY_KEY], body, issuer = { 0 }, number = { 0 };
	*key = (struct bytes){ 0 };
	if (!der_take(&rest, DER_SEQUENCE, &body) || rest.len > 0) return false;
	if (der_is(body, DER_CONTEXT(0)) && !der_take(&body, DER_CONTEXT(0), key)) return false;
	if (der_is(body, DER_CONTEXT_OF(1)) && !der_take(&body, DER_CONTEXT_OF(1), &issuer)) return false;
	if (der_is(body, DER_CONTEXT(2)) && !der_take(&body, DER_CONTEXT(2), &number)) return false;
	*others = issuer.len + number.len > 0;
	return body.len == 0 && (issuer.len > 0) == (number.len > 0); /* both or neither */
}

static bool look_at_authority_key(const struct look *l, const struct x509_certificate *c, struct bytes own_key)
{
	struct bytes key;
	bool others;

	if (!x509_has(c, X509_AUTHORITY_KEY))
		return is_root(l) || REFUSE(l, X509_MALFORMED, "has no authorityKeyIdentifier (RFC 5280, 4.2.1.1)");
	if (!read_authority_key(c, &key, &others))
		return REFUSE(l, X509_MALFORMED, "its authorityKeyIdentifier is not well formed");
	if (key.len == 0 && !(is_root(l) && others))
		return REFUSE(l, X509_MALFORMED, "its authorityKeyIdentifier names no key (RFC 5280, 4.2.1.1)");
	if (is_root(l) && x509_self_issued(c) && key.len > 0 && own_key.len > 0 && !bytes_equal(key, own_key))
		return REFUSE(l, X509_MALFORMED,
		              "is self-issued, but its authorityKeyIdentifier is not its subjectKeyIdentifier");
	return true;
}

static bool look_at_key_names(const struct look *l, const struct x509_certificate *c)
{
	struct bytes key = { 0 }, rest = c->value[X509_SUBJECT_KEY];

	if (x509_critical(c, X509_SUBJECT_KEY) || x509_critical(c, X509_AUTHORITY_KEY))
		return REFUSE(l, X509_MALFORMED, "a key identifier is critical (RFC 5280, 4.2.1.1 and 4.2.1.2)");
	if (x509_has(c, X509_SUBJECT_KEY) && (!der_take(&rest, DER_OCTET_STRING, &key) || rest.len > 0 || key.len == 0))
		return REFUSE(l, X509_MALFORMED, "its subjectKeyIdentifier is not well formed");
	if (c->ca && !x509_has(c, X509_SUBJECT_KEY))
		return REFUSE(l, X509_MALFORMED, "is a CA and has no subjectKeyIdentifier (RFC 5280, 4.2.1.2)");
	return look_at_authority_key(l, c, key);
}

/* RFC 5280, 4.2.2.1 */
static bool look_at_access(const struct look *l, const struct x509_certificate *c)
{
	struct bytes rest = c->value[X509_AUTHORITY_ACCESS], list, one, oid;
	struct x509_general_name where;

	if (!x509_has(c, X509_AUTHORITY_ACCESS)) return true;
	if (x509_critical(c, X509_AUTHORITY_ACCESS))
		return REFUSE(l, X509_MALFORMED, "its authorityInfoAccess is critical (RFC 5280, 4.2.2.1)");
	if (!der_take(&rest, DER_SEQUENCE, &list) || rest.len > 0 || list.len == 0)
		return REFUSE(l, X509_MALFORMED, "its authorityInfoAccess is not well formed");
	while (list.len > 0)
		if (!der_take(&list, DER_SEQUENCE, &one) || !der_take(&one, DER_OID, &oid) ||
		    !x509_next_general_name(&one, &where) || one.len > 0)
			return REFUSE(l, X509_MALFORMED, "its authorityInfoAccess is not well formed");
	return true;
}

static bool mail_good(struct bytes mail)
{
	size_t at = 0;
	while (at < mail.len && mail.at[at] != '@') at++;
	return at > 0 && at < mail.len && x509_dns_name_good(bytes_skip(mail, at + 1), false);
}

static bool is_ascii(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] <= ' ' || b.at[i] > 126) return false;
	return b.len > 0;
}

static bool general_name_good(const struct x509_general_name *n)
{
	switch (n->kind) {
	case X509_NAME_DNS: return is_ascii(n->value) && x509_dns_name_good(n->value, true);
	case X509_NAME_IP: return n->value.len == 4 || n->value.len == 16;
	case X509_NAME_EMAIL: return is_ascii(n->value) && mail_good(n->value);
	case X509_NAME_URI: return is_ascii(n->value);
	default: return true;
	}
}

static bool look_at_subject(const struct look *l, const struct x509_certificate *c)
{
	struct bytes rest = c->value[X509_SUBJECT_NAMES], names;
	struct x509_general_name n;

	if (!x509_has(c, X509_SUBJECT_NAMES)) {
		if (c->subject.len > 2) return true;
		return REFUSE(l, X509_MALFORMED, "has neither a subject nor a subject alternative name (RFC 5280, 4.1.2.6)");
	}
	if (c->subject.len <= 2 && !x509_critical(c, X509_SUBJECT_NAMES))
		return REFUSE(l, X509_MALFORMED,
		              "its subject is empty and its subject alternative name not critical (RFC 5280, 4.2.1.6)");
	if (l->depth == 0 && c->subject.len > 2 && x509_critical(c, X509_SUBJECT_NAMES))
		return REFUSE(l, X509_MALFORMED,
		              "its subject is not empty, but its subject alternative name is critical (RFC 5280, 4.2.1.6)");
	if (!der_take(&rest, DER_SEQUENCE, &names) || rest.len > 0 || names.len == 0)
		return REFUSE(l, X509_MALFORMED, "its subject alternative name is not well formed");
	while (names.len > 0) {
		char words[100] = "";
		struct text t = text_in(words, sizeof words);
		if (!x509_next_general_name(&names, &n))
			return REFUSE(l, X509_MALFORMED, "its subject alternative name is not well formed");
		if (general_name_good(&n)) continue;
		x509_general_name_words(&n, &t);
		return REFUSE(l, X509_MALFORMED, "a subject alternative name is not well formed: \"%s\"", words);
	}
	return true;
}

static bool purpose_good(const struct look *l, const struct x509_certificate *c)
{
	bool server = l->ask->peer == X509_SERVER, ca = l->depth > 0;
	struct bytes rest = c->value[X509_EXTENDED_KEY_USAGE], body, oid;

	if (!x509_has(c, X509_EXTENDED_KEY_USAGE)) return true;
	if (!der_take(&rest, DER_SEQUENCE, &body) || rest.len > 0 || body.len == 0)
		return REFUSE(l, X509_MALFORMED, "its extended key usage is not well formed");
	while (body.len > 0)
		if (!der_take(&body, DER_OID, &oid) || oid.len == 0)
			return REFUSE(l, X509_MALFORMED, "its extended key usage is not well formed");
	if (x509_lists_purpose(c, server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2", ca)) return true;
	return REFUSE(l, X509_WRONG_PURPOSE, "its extended key usage does not list TLS %s", server ? "servers" : "clients");
}

static unsigned issuers_below(const struct look *l)
{
	unsigned count = 0;
	for (size_t i = 1; i < l->depth; i++) count += !x509_self_issued(l->path->at[i]);
	return count;
}

static bool look_at_ca(const struct look *l, const struct x509_certificate *c)
{
	if (!x509_has(c, X509_BASIC_CONSTRAINTS) || !c->ca)
		return REFUSE(l, X509_WRONG_PURPOSE, "is no CA, but issued the certificate below it");
	if (!x509_critical(c, X509_BASIC_CONSTRAINTS))
		return REFUSE(l, X509_MALFORMED, "its basicConstraints are not critical (RFC 5280, 4.2.1.9)");
	if (c->subject.len <= 2) return REFUSE(l, X509_MALFORMED, "is a CA without a name (RFC 5280, 4.1.2.6)");
	if (!x509_has(c, X509_KEY_USAGE) && !is_root(l))
		return REFUSE(l, X509_MALFORMED, "is a CA and has no key usage (RFC 5280, 4.2.1.3)");
	if (x509_has(c, X509_KEY_USAGE) && !(c->key_usage & X509_USE_CERTIFY))
		return REFUSE(l, X509_WRONG_PURPOSE, "its key may not sign certificates (keyUsage without keyCertSign)");
	if (x509_has(c, X509_POLICY_CONSTRAINTS) && !x509_critical(c, X509_POLICY_CONSTRAINTS))
		return REFUSE(l, X509_MALFORMED, "its policy constraints are not critical (RFC 5280, 4.2.1.11)");
	if (x509_has(c, X509_INHIBIT_ANY_POLICY) && !x509_critical(c, X509_INHIBIT_ANY_POLICY))
		return REFUSE(l, X509_MALFORMED, "its inhibitAnyPolicy is not critical (RFC 5280, 4.2.1.14)");
	if (c->path_limited && issuers_below(l) > c->path_max)
		return REFUSE(l, X509_WRONG_PURPOSE, "allows %u CAs below it, but there are %u", c->path_max, issuers_below(l));
	return true;
}

static bool look_at_leaf(const struct look *l, const struct x509_certificate *c)
{
	if (c->ca)
		return REFUSE(l, X509_WRONG_PURPOSE, "is a CA's certificate, expected one of a TLS %s, with basicConstraints=CA:FALSE (openssl req -x509 makes CAs unless told)",
		              l->ask->peer == X509_SERVER ? "server" : "client");
	if (c->path_limited) return REFUSE(l, X509_MALFORMED, "is no CA but has a path length (RFC 5280, 4.2.1.9)");
	if (c->key_usage & X509_USE_CERTIFY)
		return REFUSE(l, X509_MALFORMED, "is no CA but its key usage has keyCertSign (RFC 5280, 4.2.1.9)");
	if (x509_has(c, X509_NAME_CONSTRAINTS))
		return REFUSE(l, X509_MALFORMED, "is no CA but has name constraints (RFC 5280, 4.2.1.10)");
	if (x509_has(c, X509_KEY_USAGE) && !(c->key_usage & X509_USE_SIGN))
		return REFUSE(l, X509_WRONG_PURPOSE, "its key may not sign a handshake (keyUsage without digitalSignature)");
	if (l->ask->peer == X509_SERVER && !x509_has(c, X509_SUBJECT_NAMES))
		return REFUSE(l, X509_WRONG_NAME, "has no subject alternative name (a common name does not count)");
	return true;
}

static bool look_at(const struct look *l)
{
	const struct x509_certificate *c = l->path->at[l->depth];
	return look_at_form(l, c) && look_at_dates(l, c) && look_at_strength(l, c) && look_at_subject(l, c) &&
	       (l->depth > 0 ? look_at_ca(l, c) : look_at_leaf(l, c)) && look_at_key_names(l, c) && look_at_access(l, c) &&
	       purpose_good(l, c);
}

bool x509_rules_check(const struct x509_path *path, const struct x509_ask *ask, struct x509_answer *answer)
{
	struct look l = { path, 0, ask, answer };
	for (; l.depth < path->count; l.depth++)
		if (!look_at(&l)) return false;
	return x509_limits_check(path, answer);
}
