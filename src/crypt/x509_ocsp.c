/* SPDX-License-Identifier: ISC */
/* Stapled OCSP responses (RFC 6960), and when one must be there (RFC 7633). The answer is believed if the issuer signed it, or a
 * responder to which the issuer itself gave a certificate for just that (4.2.2.2), and if it is about this certificate, now. */
#include <openssl/err.h>

#include "crypt/x509_parts.h"

#define SKEW_S (5 * 60)         /* by which clocks may differ */
#define AGE_MAX_S (24 * 3600)   /* of an answer that does not say when the next one comes */

struct response { struct bytes data, algorithm, signature, certificates, responder_name, responder_key, answers; };
struct answer { struct bytes hash, issuer_name, issuer_key, serial; unsigned status; int64_t at, next, revoked_at; };
struct about {
	const struct x509_certificate *leaf, *issuer;
	const struct x509_trust *trust;
	const struct x509_ask *ask;
	struct x509_answer *answer;
};

static bool refuse(const struct about *a, const char *words)
{
	return x509_refuse(a->answer, X509_REVOCATION_UNKNOWN, 0, a->leaf, "the stapled OCSP response %s", words);
}

static bool read_data(struct response *r)
{
	struct bytes rest = r->data, body, part;
	struct der when;
	int64_t produced;

	if (!der_take(&rest, DER_SEQUENCE, &body)) return false;
	if (der_is(body, DER_CONTEXT_OF(0)) && !der_take(&body, DER_CONTEXT_OF(0), &part)) return false;
	if (der_is(body, DER_CONTEXT_OF(1))) {
		if (!der_take(&body, DER_CONTEXT_OF(1), &part) || !der_take_whole(&part, DER_SEQUENCE, &r->responder_name))
			return false;
	} else if (!der_take(&body, DER_CONTEXT_OF(2), &part) || !der_take(&part, DER_OCTET_STRING, &r->responder_key)) {
		return false;
	}
	if (!der_next(&body, &when) || when.tag != DER_GENERALIZED_TIME || !der_time(&when, &produced)) return false;
	return der_take(&body, DER_SEQUENCE, &r->answers);
}

static bool read_response(const struct about *a, struct response *r)
{
	static const char *const statuses[] = {
		"", "says malformedRequest", "says internalError", "says tryLater", "is not well formed", "says sigRequired",
		"says unauthorized",
	};
	static const uint8_t basic[] = { DER_OID, 9, 0x2b, 6, 1, 5, 5, 7, 48, 1, 1 };
	struct bytes rest = a->ask->ocsp, body, bytes, oid;
	unsigned status, unused;

	*r = (struct response){ 0 };
	if (!der_take(&rest, DER_SEQUENCE, &body) || rest.len > 0 || !der_take_small(&body, DER_ENUMERATED, &status))
		return refuse(a, "is not well formed");
	if (status > 0) return refuse(a, status < COUNT(statuses) ? statuses[status] : "is not well formed");
	if (!der_take(&body, DER_CONTEXT_OF(0), &bytes) || body.len > 0 || !der_take(&bytes, DER_SEQUENCE, &body) ||
	    !der_take_whole(&body, DER_OID, &oid))
		return refuse(a, "is not well formed");
	if (!bytes_equal(oid, (struct bytes){ basic, sizeof basic })) return refuse(a, "is of an unknown kind");
	if (!der_take(&body, DER_OCTET_STRING, &bytes) || body.len > 0 || !der_take(&bytes, DER_SEQUENCE, &body) ||
	    bytes.len > 0 || !der_take_whole(&body, DER_SEQUENCE, &r->data) ||
	    !der_take_whole(&body, DER_SEQUENCE, &r->algorithm) || !der_take_bits(&body, &unused, &r->signature) ||
	    unused != 0)
		return refuse(a, "is not well formed");
	if (body.len > 0 && (!der_take(&body, DER_CONTEXT_OF(0), &bytes) || body.len > 0 ||
	                     !der_take(&bytes, DER_SEQUENCE, &r->certificates)))
		return refuse(a, "is not well formed");
	return read_data(r) || refuse(a, "is not well formed");
}

static bool read_time(struct bytes *rest, int64_t *at)
{
	struct der when;
	return der_next(rest, &when) && when.tag == DER_GENERALIZED_TIME && der_time(&when, at);
}

static bool read_answer(struct bytes body, struct answer *s)
{
	struct bytes id, algorithm, part;
	struct der status;

	*s = (struct answer){ 0 };
	if (!der_take(&body, DER_SEQUENCE, &id) || !der_take(&id, DER_SEQUENCE, &algorithm) ||
	    !der_take(&algorithm, DER_OID, &s->hash) || !der_take(&id, DER_OCTET_STRING, &s->issuer_name) ||
	    !der_take(&id, DER_OCTET_STRING, &s->issuer_key) || !der_take(&id, DER_INTEGER, &s->serial) || id.len > 0)
		return false;
	if (!der_next(&body, &status) || (status.tag & 0xc0) != 0x80 || (status.tag & 0x1f) > 2) return false;
	s->status = status.tag & 0x1f;
	if (s->status == 1 && !read_time(&status.body, &s->revoked_at)) return false;
	if (!read_time(&body, &s->at)) return false;
	return !der_is(body, DER_CONTEXT_OF(0)) ||
	       (der_take(&body, DER_CONTEXT_OF(0), &part) && read_time(&part, &s->next));
}

static bool digest_is(struct crypt *crypt, const char *hash, struct bytes data, struct bytes wanted)
{
	uint8_t out[EVP_MAX_MD_SIZE];
	size_t len;
	return EVP_Q_digest(crypt->library, hash, NULL, data.at, data.len, out, &len) == 1 &&
	       bytes_equal((struct bytes){ out, len }, wanted);
}

/* The names that RFC 6960, 4.1.1 gives a certificate: by SHA-1 mostly, by SHA-256 sometimes. */
static bool is_about_leaf(const struct about *a, const struct answer *s)
{
	static const uint8_t sha1[] = { 0x2b, 14, 3, 2, 26 }, sha256[] = { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1 };
	struct x509_key_facts key;
	const char *hash = bytes_equal(s->hash, (struct bytes){ sha1, sizeof sha1 }) ? "SHA1" :
	                   bytes_equal(s->hash, (struct bytes){ sha256, sizeof sha256 }) ? "SHA256" : NULL;

	return hash != NULL && bytes_equal(s->serial, a->leaf->serial) && x509_key_facts(a->issuer->spki, &key) &&
	       digest_is(a->trust->crypt, hash, a->leaf->issuer, s->issuer_name) &&
	       digest_is(a->trust->crypt, hash, key.point, s->issuer_key);
}

static EVP_PKEY *key_of(struct crypt *crypt, const struct x509_certificate *c)
{
	const unsigned char *at = c->spki.at;
	EVP_PKEY *key;
	ERR_set_mark();
	key = d2i_PUBKEY_ex(NULL, &at, (long)c->spki.len, crypt->library, NULL);
	ERR_pop_to_mark();
	return key;
}

static bool signed_by(struct crypt *crypt, const struct x509_certificate *signer, struct bytes algorithm,
                      struct bytes data, struct bytes signature)
{
	EVP_PKEY *key = key_of(crypt, signer);
	bool weak, good;
	good = key != NULL && x509_algorithm_name(algorithm, &weak) != NULL && !weak &&
	       x509_signature_good(crypt, key, algorithm, data, signature);
	EVP_PKEY_free(key);
	return good;
}

static bool names_responder(const struct about *a, const struct response *r, const struct x509_certificate *c)
{
	struct x509_key_facts key;
	if (r->responder_name.len > 0) return bytes_equal(r->responder_name, c->subject);
	return x509_key_facts(c->spki, &key) && digest_is(a->trust->crypt, "SHA1", key.point, r->responder_key);
}

/* 4.2.2.2: whom the issuer has made its responder. */
static bool may_respond(const struct about *a, const struct x509_certificate *c)
{
	return c->version == 3 && !c->ca && c->unknown_critical.len == 0 &&
	       x509_lists_purpose(c, "1.3.6.1.5.5.7.3.9", false) &&
	       (!x509_has(c, X509_KEY_USAGE) || (c->key_usage & X509_USE_SIGN)) && c->not_before <= a->ask->date &&
	       a->ask->date <= c->not_after && bytes_equal(c->issuer, a->issuer->subject) &&
	       signed_by(a->trust->crypt, a->issuer, c->algorithm, c->tbs, c->signature);
}

static bool check_signer(const struct about *a, const struct response *r)
{
	struct bytes list = r->certificates, der;
	struct x509_certificate c;
	const char *wrong;

	if (names_responder(a, r, a->issuer)) {
		if (signed_by(a->trust->crypt, a->issuer, r->algorithm, r->data, r->signature)) return true;
		return refuse(a, "has a signature that is not the issuer's");
	}
	for (unsigned tried = 0; tried < X509_CHAIN_MAX && der_take_whole(&list, DER_SEQUENCE, &der); tried++) {
		if (!x509_read(der, &c, &wrong) || !names_responder(a, r, &c)) continue;
		if (!may_respond(a, &c)) return refuse(a, "is signed by a responder whom the issuer did not appoint");
		if (signed_by(a->trust->crypt, &c, r->algorithm, r->data, r->signature)) return true;
		return refuse(a, "has a signature that is not its responder's");
	}
	return refuse(a, "is signed by somebody whose certificate is not there");
}

static bool check_answer(const struct about *a, const struct answer *s)
{
	char date[40];
	struct text t = text_in(date, sizeof date);
	int64_t now = a->ask->date, until = s->next > 0 ? s->next : s->at + AGE_MAX_S;

	if (s->at > now + SKEW_S) return refuse(a, "is of a later date");
	if (until + SKEW_S < now) {
		x509_date_words(until, &t);
		return x509_refuse(a->answer, X509_REVOCATION_UNKNOWN, 0, a->leaf,
		                   "the stapled OCSP response was good until %s", date);
	}
	if (s->status == 0) return true;
	if (s->status == 2) return refuse(a, "says that its issuer does not know it");
	x509_date_words(s->revoked_at, &t);
	return x509_refuse(a->answer, X509_IS_REVOKED, 0, a->leaf, "was revoked (%s), says its stapled OCSP response",
	                   date);
}

static bool check(const struct about *a)
{
	struct response r;
	struct answer s;
	struct bytes one;

	if (!read_response(a, &r) || !check_signer(a, &r)) return false;
	while (r.answers.len > 0) {
		if (!der_take(&r.answers, DER_SEQUENCE, &one) || !read_answer(one, &s)) return refuse(a, "is not well formed");
		if (is_about_leaf(a, &s)) return check_answer(a, &s);
	}
	return refuse(a, "is about another certificate");
}

/* RFC 7633: feature 5 is status_request. A CA that has it asks for it in all that it issues. */
static bool staple_needed(const struct x509_certificate *c)
{
	struct bytes rest = c->value[X509_TLS_FEATURE], list;
	unsigned feature;
	if (!x509_has(c, X509_TLS_FEATURE) || !der_take(&rest, DER_SEQUENCE, &list)) return false;
	while (der_take_small(&list, DER_INTEGER, &feature))
		if (feature == 5) return true;
	return false;
}

bool x509_ocsp_look(const struct x509_path *path, const struct x509_trust *trust, const struct x509_ask *ask,
                    struct x509_answer *answer)
{
	struct about about = { path->at[0], path->count > 1 ? path->at[1] : path->at[0], trust, ask, answer };
	bool needed = false;

	if (ask->ocsp.len > 0) return check(&about);
	if (ask->must_staple)
		return x509_refuse(answer, X509_REVOCATION_UNKNOWN, 0, about.leaf,
		                   "no OCSP response is stapled, and we want one");
	for (size_t i = 0; ask->ocsp_asked && i < path->count && !needed; i++) needed = staple_needed(path->at[i]);
	if (!needed) return true;
	return x509_refuse(answer, X509_REVOCATION_UNKNOWN, 0, about.leaf,
	                   "no OCSP response is stapled, and the certificate says that one must be (RFC 7633)");
}

bool x509_ocsp_check(const struct x509_trust *trust, const struct x509_ask *ask, struct x509_answer *answer)
{
	struct x509_certificate leaf, issuer;
	struct x509_path path = { .at = { &leaf, &issuer }, .count = 2 };
	const char *wrong;

	*answer = (struct x509_answer){ .why = X509_OK };
	if (ask->count < 2)
		return x509_refuse(answer, X509_REVOCATION_UNKNOWN, 0, NULL, "the issuer's certificate is not there");
	if (!x509_read(ask->chain[0], &leaf, &wrong) || !x509_read(ask->chain[1], &issuer, &wrong))
		return x509_refuse(answer, X509_MALFORMED, 0, NULL, "a certificate cannot be read: %s", wrong);
	return x509_ocsp_look(&path, trust, ask, answer);
}
