/* SPDX-License-Identifier: ISC */
/* A certificate's DER is read here, and not taken from libcrypto, because libcrypto forgives what RFC 5280 does not: an
 * extension that comes twice, encodings that are not DER, a version that does not fit. */
#include "crypt/x509_parts.h"

/* OIDs by their DER, 2.5.29.n for most. */
static const struct { uint8_t len, oid[11]; const char *name; } extensions[X509_KNOWN_EXTENSIONS] = {
	[X509_BASIC_CONSTRAINTS] = { 3, { 0x55, 0x1d, 19 }, "basicConstraints" },
	[X509_KEY_USAGE] = { 3, { 0x55, 0x1d, 15 }, "keyUsage" },
	[X509_EXTENDED_KEY_USAGE] = { 3, { 0x55, 0x1d, 37 }, "extKeyUsage" },
	[X509_SUBJECT_NAMES] = { 3, { 0x55, 0x1d, 17 }, "subjectAltName" },
	[X509_NAME_CONSTRAINTS] = { 3, { 0x55, 0x1d, 30 }, "nameConstraints" },
	[X509_SUBJECT_KEY] = { 3, { 0x55, 0x1d, 14 }, "subjectKeyIdentifier" },
	[X509_AUTHORITY_KEY] = { 3, { 0x55, 0x1d, 35 }, "authorityKeyIdentifier" },
	[X509_POLICIES] = { 3, { 0x55, 0x1d, 32 }, "certificatePolicies" },
	[X509_POLICY_MAPPINGS] = { 3, { 0x55, 0x1d, 33 }, "policyMappings" },
	[X509_POLICY_CONSTRAINTS] = { 3, { 0x55, 0x1d, 36 }, "policyConstraints" },
	[X509_INHIBIT_ANY_POLICY] = { 3, { 0x55, 0x1d, 54 }, "inhibitAnyPolicy" },
	[X509_ISSUER_NAMES] = { 3, { 0x55, 0x1d, 18 }, "issuerAltName" },
	[X509_CRL_POINTS] = { 3, { 0x55, 0x1d, 31 }, "cRLDistributionPoints" },
	[X509_AUTHORITY_ACCESS] = { 8, { 0x2b, 6, 1, 5, 5, 7, 1, 1 }, "authorityInfoAccess" },
	[X509_TLS_FEATURE] = { 8, { 0x2b, 6, 1, 5, 5, 7, 1, 24 }, "tlsfeature" },
	[X509_OCSP_NOCHECK] = { 9, { 0x2b, 6, 1, 5, 5, 7, 48, 1, 5 }, "ocspNoCheck" },
	[X509_TIMESTAMPS] = { 10, { 0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2 }, "signedCertificateTimestamps" },
};
/* What may be critical: that of which the meaning is kept, by our rules or by libcrypto's. */
#define UNDERSTOOD (1u << X509_BASIC_CONSTRAINTS | 1u << X509_KEY_USAGE | 1u << X509_EXTENDED_KEY_USAGE | \
	1u << X509_SUBJECT_NAMES | 1u << X509_NAME_CONSTRAINTS | 1u << X509_POLICIES | 1u << X509_POLICY_MAPPINGS | \
	1u << X509_POLICY_CONSTRAINTS | 1u << X509_INHIBIT_ANY_POLICY | \
	1u << X509_SUBJECT_KEY | 1u << X509_AUTHORITY_KEY | 1u << X509_AUTHORITY_ACCESS)

const char *x509_extension_name(enum x509_extension e) { return extensions[e].name; }

static int find_extension(struct bytes oid)
{
	for (int i = 0; i < X509_KNOWN_EXTENSIONS; i++)
		if (oid.len == extensions[i].len && memcmp(oid.at, extensions[i].oid, oid.len) == 0) return i;
	return -1;
}

static bool read_basic_constraints(struct x509_certificate *c)
{
	struct bytes rest = c->value[X509_BASIC_CONSTRAINTS], body;
	if (!der_take(&rest, DER_SEQUENCE, &body) || rest.len > 0) return false;
	if (der_is(body, DER_BOOLEAN) && !der_take_boolean(&body, &c->ca)) return false;
	if (body.len == 0) return true;
	c->path_limited = true;
	return der_take_small(&body, DER_INTEGER, &c->path_max) && body.len == 0;
}

static bool read_key_usage(struct x509_certificate *c)
{
	struct bytes rest = c->value[X509_KEY_USAGE], bits;
	unsigned unused;
	if (!der_take_bits(&rest, &unused, &bits) || rest.len > 0 || bits.len < 1 || bits.len > 2) return false;
	for (unsigned i = 0; i < 8 * bits.len; i++)
		if (bits.at[i / 8] & 0x80 >> i % 8) c->key_usage |= 1u << i;
	return c->key_usage != 0; /* RFC 5280, 4.2.1.3: at least one bit is set */
}

static bool read_extension(struct x509_certificate *c, struct bytes body, struct bytes *oid, const char **wrong)
{
	struct bytes value;
	bool critical = false;
	int which;

	*wrong = "an extension is not encoded as it must be";
	if (!der_take(&body, DER_OID, oid)) return false;
	if (der_is(body, DER_BOOLEAN) && !der_take_boolean(&body, &critical)) return false;
	if (!der_take(&body, DER_OCTET_STRING, &value) || body.len > 0) return false;
	which = find_extension(*oid);
	if (which >= 0) c->has |= 1u << which, c->value[which] = value;
	else c->has_unknown = true;
	if (which >= 0 && critical) c->critical |= 1u << which;
	if (critical && (which < 0 || !(UNDERSTOOD >> which & 1)) && c->unknown_critical.len == 0)
		c->unknown_critical = *oid;
	return true;
}

static bool read_extensions(struct x509_certificate *c, struct bytes rest, const char **wrong)
{
	struct bytes seen[X509_EXTENSIONS_MAX], body;
	size_t count = 0;

	*wrong = "its extensions are not a list";
	if (!der_take(&rest, DER_SEQUENCE, &body) || rest.len > 0 || body.len == 0) return false;
	while (body.len > 0) {
		struct bytes one;
		*wrong = "it has more extensions than anybody needs";
		if (count == X509_EXTENSIONS_MAX) return false;
		*wrong = "an extension is not encoded as it must be";
		if (!der_take(&body, DER_SEQUENCE, &one) || !read_extension(c, one, &seen[count], wrong)) return false;
		*wrong = "an extension comes twice"; /* RFC 5280, 4.2 */
		for (size_t i = 0; i < count; i++)
			if (bytes_equal(seen[i], seen[count])) return false;
		count++;
	}
	*wrong = "its basicConstraints cannot be read";
	if (x509_has(c, X509_BASIC_CONSTRAINTS) && !read_basic_constraints(c)) return false;
	*wrong = "its keyUsage cannot be read, or says nothing";
	return !x509_has(c, X509_KEY_USAGE) || read_key_usage(c);
}

static bool read_validity(struct x509_certificate *c, struct bytes *rest)
{
	struct bytes body;
	return der_take(rest, DER_SEQUENCE, &body) && der_next(&body, &c->from) && der_next(&body, &c->until) &&
	       body.len == 0 && der_time(&c->from, &c->not_before) && der_time(&c->until, &c->not_after);
}

static bool read_version(struct x509_certificate *c, struct bytes *rest)
{
	struct bytes body;
	c->version = 1;
	if (!der_is(*rest, DER_CONTEXT_OF(0))) return true;
	if (!der_take(rest, DER_CONTEXT_OF(0), &body) || !der_take_small(&body, DER_INTEGER, &c->version) || body.len > 0)
		return false;
	return c->version++ <= 2 && c->version > 1; /* version 1 is the default, which DER does not write */
}

static bool read_tbs(struct x509_certificate *c, struct bytes rest, const char **wrong)
{
	struct bytes inner, unique;

	*wrong = "its version is none of 1, 2 and 3";
	if (!read_version(c, &rest)) return false;
	*wrong = "its serial number is not encoded as it must be";
	if (!der_take(&rest, DER_INTEGER, &c->serial) || !der_integer_good(c->serial)) return false;
	*wrong = "its two signature algorithms differ"; /* RFC 5280, 4.1.1.2 */
	if (!der_take_whole(&rest, DER_SEQUENCE, &inner) || !bytes_equal(inner, c->algorithm)) return false;
	*wrong = "its issuer is not a name";
	if (!der_take_whole(&rest, DER_SEQUENCE, &c->issuer)) return false;
	*wrong = "its dates are not written as RFC 5280 wants them";
	if (!read_validity(c, &rest)) return false;
	*wrong = "its subject is not a name";
	if (!der_take_whole(&rest, DER_SEQUENCE, &c->subject)) return false;
	*wrong = "its public key is not encoded as it must be";
	if (!der_take_whole(&rest, DER_SEQUENCE, &c->spki)) return false;
	*wrong = "something is left over in it";
	for (unsigned n = 1; n <= 2; n++) /* unique identifiers, which nobody uses */
		if (c->version >= 2 && der_is(rest, DER_CONTEXT(n)) && !der_take(&rest, DER_CONTEXT(n), &unique)) return false;
	if (rest.len == 0) return true;
	*wrong = c->version == 3 ? "something is left over in it" : "it has extensions, but is not version 3";
	if (c->version != 3 || !der_take(&rest, DER_CONTEXT_OF(3), &inner) || rest.len > 0) return false;
	return read_extensions(c, inner, wrong);
}

bool x509_read(struct bytes der, struct x509_certificate *c, const char **wrong)
{
	struct bytes rest = der, body, tbs;
	unsigned unused;

	*c = (struct x509_certificate){ .der = der };
	*wrong = "it is not DER";
	if (!der_take(&rest, DER_SEQUENCE, &body)) return false;
	*wrong = "something follows it";
	if (rest.len > 0) return false;
	*wrong = "it is not a certificate";
	if (!der_take_whole(&body, DER_SEQUENCE, &c->tbs) || !der_take_whole(&body, DER_SEQUENCE, &c->algorithm))
		return false;
	if (!der_take_bits(&body, &unused, &c->signature) || unused != 0 || body.len > 0) return false;
	rest = c->tbs;
	return der_take(&rest, DER_SEQUENCE, &tbs) && read_tbs(c, tbs, wrong);
}

bool x509_lists_purpose(const struct x509_certificate *c, const char *dotted, bool any)
{
	uint8_t wanted[24], every[24];
	struct der_writer w = { .at = wanted, .size = sizeof wanted }, v = { .at = every, .size = sizeof every };
	struct bytes rest = c->value[X509_EXTENDED_KEY_USAGE], body, oid;

	der_put_oid(&w, dotted);
	der_put_oid(&v, "2.5.29.37.0");
	if (!der_take(&rest, DER_SEQUENCE, &body)) return false;
	while (der_take_whole(&body, DER_OID, &oid)) {
		if (bytes_equal(oid, (struct bytes){ wanted, w.len })) return true;
		if (any && bytes_equal(oid, (struct bytes){ every, v.len })) return true;
	}
	return false;
}

bool x509_next_general_name(struct bytes *rest, struct x509_general_name *name)
{
	struct der d;
	if (!der_next(rest, &d) || (d.tag & 0xc0) != 0x80 || (d.tag & 0x1f) > 8) return false;
	*name = (struct x509_general_name){ d.tag & 0x1f, d.body };
	/* directoryName, a CHOICE, is tagged explicitly; otherName, x400Address and ediPartyName are constructed too */
	bool constructed = name->kind == 0 || (name->kind >= 3 && name->kind <= 5);
	return constructed == !!(d.tag & 0x20);
}
