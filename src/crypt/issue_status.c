/* SPDX-License-Identifier: ISC */
/* What an authority says about certificates it has issued: revocation lists (RFC 5280, 5) and OCSP responses (RFC 6960). */
#include "crypt/issue_parts.h"

static bool read_certificate(struct bytes der, struct x509_certificate *c)
{
	const char *wrong;
	return x509_read(der, c, &wrong);
}

static void put_revoked(struct der_writer *w, const struct issue_crl *l)
{
	struct x509_certificate c;
	size_t list = der_open(w, DER_SEQUENCE), one;
	for (size_t i = 0; i < l->revoked_count; i++) {
		if (!read_certificate(l->revoked[i], &c)) continue;
		one = der_open(w, DER_SEQUENCE);
		der_put_element(w, DER_INTEGER, c.serial);
		der_put_time(w, l->this_update, false);
		der_close(w, one);
	}
	der_close(w, list);
}

static void put_extension(struct der_writer *w, const char *oid, struct bytes value)
{
	size_t one = der_open(w, DER_SEQUENCE);
	der_put_oid(w, oid);
	der_put_element(w, DER_OCTET_STRING, value);
	der_close(w, one);
}

/* Both must be there (RFC 5280, 5.2.1 and 5.2.3). */
static void put_crl_extensions(struct der_writer *w, const struct issue_crl *l, const struct x509_certificate *issuer)
{
	uint8_t bytes[64];
	struct der_writer value = { .at = bytes, .size = sizeof bytes };
	struct bytes rest = issuer->value[X509_SUBJECT_KEY], key;
	size_t outer = der_open(w, DER_CONTEXT_OF(0)), list = der_open(w, DER_SEQUENCE), all;

	if (der_take(&rest, DER_OCTET_STRING, &key)) {
		all = der_open(&value, DER_SEQUENCE);
		der_put_element(&value, DER_CONTEXT(0), key);
		der_close(&value, all);
		put_extension(w, "2.5.29.35", (struct bytes){ bytes, value.len });
	}
	value.len = 0;
	der_put_small(&value, DER_INTEGER, l->number);
	put_extension(w, "2.5.29.20", (struct bytes){ bytes, value.len });
	der_close(w, list), der_close(w, outer);
}

size_t issue_crl(struct crypt *crypt, const struct issue_crl *l, struct room room)
{
	struct der_writer w = { .at = room.at, .size = room.len };
	struct x509_certificate issuer;
	size_t all = der_open(&w, DER_SEQUENCE), mark = w.len, tbs = der_open(&w, DER_SEQUENCE);

	if (!read_certificate(l->issuer_der, &issuer)) return 0;
	der_put_small(&w, DER_INTEGER, 1); /* version 2 */
	issue_put_algorithm(&w, l->issuer_key, NULL);
	der_put(&w, issuer.subject);
	der_put_time(&w, l->this_update, false);
	if (l->next_update > 0) der_put_time(&w, l->next_update, false);
	if (l->revoked_count > 0) put_revoked(&w, l);
	put_crl_extensions(&w, l, &issuer);
	der_close(&w, tbs);
	if (!issue_sign(crypt, l->issuer_key, NULL, &w, mark)) return 0;
	der_close(&w, all);
	return w.cut ? 0 : w.len;
}

static void put_digest(struct crypt *crypt, struct der_writer *w, const char *hash, struct bytes data)
{
	uint8_t out[EVP_MAX_MD_SIZE];
	size_t len;
	bool good = EVP_Q_digest(crypt->library, hash, NULL, data.at, data.len, out, &len) == 1;
	assert(good);
	der_put_element(w, DER_OCTET_STRING, (struct bytes){ out, len });
}

static void put_certificate_id(struct crypt *crypt, struct der_writer *w, const struct issue_ocsp *o,
                               const struct x509_certificate *leaf, const struct x509_certificate *issuer)
{
	const char *hash = o->sha256 ? "SHA256" : "SHA1";
	struct x509_key_facts key;
	size_t id = der_open(w, DER_SEQUENCE), algorithm = der_open(w, DER_SEQUENCE);

	der_put_oid(w, o->sha256 ? "2.16.840.1.101.3.4.2.1" : "1.3.14.3.2.26");
	der_put_element(w, DER_NULL, (struct bytes){ 0 });
	der_close(w, algorithm);
	put_digest(crypt, w, hash, leaf->issuer);
	x509_key_facts(issuer->spki, &key);
	put_digest(crypt, w, hash, key.point);
	der_put_element(w, DER_INTEGER, leaf->serial);
	der_close(w, id);
}

static void put_answer(struct crypt *crypt, struct der_writer *w, const struct issue_ocsp *o,
                       const struct x509_certificate *leaf, const struct x509_certificate *issuer)
{
	size_t list = der_open(w, DER_SEQUENCE), one = der_open(w, DER_SEQUENCE), part;

	put_certificate_id(crypt, w, o, leaf, issuer);
	part = der_open(w, o->status == ISSUE_REVOKED ? DER_CONTEXT_OF(1) : (unsigned)DER_CONTEXT(o->status));
	if (o->status == ISSUE_REVOKED) der_put_time(w, o->revoked_at, true);
	der_close(w, part);
	der_put_time(w, o->this_update, true);
	if (o->next_update > 0) {
		part = der_open(w, DER_CONTEXT_OF(0));
		der_put_time(w, o->next_update, true);
		der_close(w, part);
	}
	der_close(w, one), der_close(w, list);
}

static bool put_basic(struct crypt *crypt, struct der_writer *w, const struct issue_ocsp *o,
                      const struct x509_certificate *leaf, const struct x509_certificate *issuer)
{
	struct x509_certificate responder = *issuer;
	size_t all = der_open(w, DER_SEQUENCE), mark = w->len, data = der_open(w, DER_SEQUENCE), part;

	if (o->responder_der.len > 0 && !read_certificate(o->responder_der, &responder)) return false;
	part = der_open(w, DER_CONTEXT_OF(1));
	der_put(w, responder.subject);
	der_close(w, part);
	der_put_time(w, o->this_update, true);
	put_answer(crypt, w, o, leaf, issuer);
	der_close(w, data);
	if (!issue_sign(crypt, o->key, o->hash, w, mark)) return false;
	if (o->responder_der.len > 0) {
		size_t outer = der_open(w, DER_CONTEXT_OF(0));
		part = der_open(w, DER_SEQUENCE);
		der_put(w, o->responder_der);
		der_close(w, part), der_close(w, outer);
	}
	der_close(w, all);
	return true;
}

size_t issue_ocsp(struct crypt *crypt, const struct issue_ocsp *o, struct room room)
{
	struct der_writer w = { .at = room.at, .size = room.len };
	struct x509_certificate leaf, issuer;
	size_t all = der_open(&w, DER_SEQUENCE), outer, bytes, octets;

	if (!read_certificate(o->certificate, &leaf) || !read_certificate(o->issuer_der, &issuer)) return 0;
	der_put_small(&w, DER_ENUMERATED, o->response_status);
	if (o->response_status == 0) {
		outer = der_open(&w, DER_CONTEXT_OF(0)), bytes = der_open(&w, DER_SEQUENCE);
		der_put_oid(&w, "1.3.6.1.5.5.7.48.1.1");
		octets = der_open(&w, DER_OCTET_STRING);
		if (!put_basic(crypt, &w, o, &leaf, &issuer)) return 0;
		der_close(&w, octets), der_close(&w, bytes), der_close(&w, outer);
	}
	der_close(&w, all);
	return w.cut ? 0 : w.len;
}
