/* SPDX-License-Identifier: ISC */
/* Most chains are ordinary: each certificate is issued by the one sent behind it, the last by a root, and they hold nothing but the
 * usual extensions, each of which our own rules read to its end. Such a path needs no search. It is found and its signatures are
 * verified here, because libcrypto takes more than twice as long to decode a certificate as to verify its signature.
 * Whatever is not ordinary, and whatever is wrong, is left to libcrypto: a refusal is never decided here. */
#include "crypt/x509_parts.h"

#define USUAL (1u << X509_BASIC_CONSTRAINTS | 1u << X509_KEY_USAGE | 1u << X509_EXTENDED_KEY_USAGE | \
	1u << X509_SUBJECT_NAMES | 1u << X509_SUBJECT_KEY | 1u << X509_AUTHORITY_KEY | 1u << X509_AUTHORITY_ACCESS | \
	1u << X509_TLS_FEATURE | 1u << X509_TIMESTAMPS)

static bool name_is_usual(struct bytes name)
{
	struct bytes rdns, set, pair, oid;
	struct der value;

	if (!der_take(&name, DER_SEQUENCE, &rdns) || name.len > 0) return false;
	while (rdns.len > 0) {
		if (!der_take(&rdns, DER_SET, &set) || !der_take(&set, DER_SEQUENCE, &pair) || set.len > 0) return false;
		if (!der_take(&pair, DER_OID, &oid) || !der_next(&pair, &value) || pair.len > 0) return false;
		if (value.tag != DER_UTF8_STRING && value.tag != DER_PRINTABLE_STRING) return false;
		for (size_t i = 0; i < value.body.len; i++)
			if (value.body.at[i] < ' ' || value.body.at[i] > 126) return false;
	}
	return true;
}

static bool names_are_usual(const struct x509_certificate *c)
{
	struct bytes rest = c->value[X509_SUBJECT_NAMES], names;
	struct x509_general_name n;

	if (!x509_has(c, X509_SUBJECT_NAMES)) return true;
	if (!der_take(&rest, DER_SEQUENCE, &names)) return false;
	while (names.len > 0)
		if (!x509_next_general_name(&names, &n) || (n.kind != X509_NAME_DNS && n.kind != X509_NAME_IP)) return false;
	return true;
}

static bool is_usual(const struct x509_certificate *c)
{
	return !c->has_unknown && (c->has & ~USUAL) == 0 && name_is_usual(c->subject) && name_is_usual(c->issuer) &&
	       names_are_usual(c);
}

/* By name, and by the identifier of its key. */
static bool names_issuer(const struct x509_certificate *c, const struct x509_certificate *issuer)
{
	struct bytes rest = c->value[X509_AUTHORITY_KEY], body, wanted, own, key = issuer->value[X509_SUBJECT_KEY];

	return bytes_equal(c->issuer, issuer->subject) && der_take(&rest, DER_SEQUENCE, &body) &&
	       der_take(&body, DER_CONTEXT(0), &wanted) && body.len == 0 && der_take(&key, DER_OCTET_STRING, &own) &&
	       bytes_equal(wanted, own);
}

static bool signed_with(const struct x509_certificate *c, const struct crypt_key *key)
{
	unsigned scheme = key != NULL ? x509_algorithm_scheme(c->algorithm, crypt_key_kind(key)) : 0;
	return scheme != 0 && crypt_verify(key, scheme, &c->tbs, 1, c->signature);
}

static bool signed_by_root(const struct x509_trust *trust, struct x509_root *root, const struct x509_certificate *c)
{
	if (!root->readable || !names_issuer(c, &root->certificate) || !is_usual(&root->certificate)) return false;
	if (!root->key_tried) root->key = crypt_key_from_spki(trust->crypt, root->certificate.spki), root->key_tried = true;
	return signed_with(c, root->key);
}

static bool signed_by_next(const struct x509_trust *trust, const struct x509_certificate *next,
                           const struct x509_certificate *c)
{
	struct crypt_key *key;
	bool good;

	if (!names_issuer(c, next)) return false;
	key = crypt_key_from_spki(trust->crypt, next->spki);
	good = signed_with(c, key);
	crypt_key_end(key);
	return good;
}

static bool has_key(const struct x509_trust *trust, const struct x509_certificate *c)
{
	struct crypt_key *key = crypt_key_from_spki(trust->crypt, c->spki);
	crypt_key_end(key);
	return key != NULL;
}

bool x509_ordinary_path(const struct x509_trust *trust, const struct x509_certificate *sent, size_t count,
                        struct x509_path *path)
{
	path->count = 0;
	if (trust->crls_count > 0 || !has_key(trust, &sent[0])) return false;
	for (size_t i = 0; i < count; i++) {
		if (!is_usual(&sent[i])) return false;
		path->at[path->count++] = &sent[i];
		for (size_t r = 0; r < trust->count; r++) {
			if (!signed_by_root(trust, &trust->roots[r], &sent[i])) continue;
			path->at[path->count++] = &trust->roots[r].certificate;
			return true;
		}
		if (i + 1 == count || !signed_by_next(trust, &sent[i + 1], &sent[i])) return false;
	}
	return false;
}
