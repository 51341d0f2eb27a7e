/* SPDX-License-Identifier: ISC */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypt/issue_parts.h"

static const char *suiting_hash(const struct crypt_key *key)
{
	switch (key->kind) {
	case CRYPT_KEY_P384: return "SHA384";
	case CRYPT_KEY_ED25519: return NULL;
	default: return "SHA256";
	}
}

void issue_put_algorithm(struct der_writer *w, const struct crypt_key *key, const char *hash)
{
	static const struct { const char *hash, *rsa, *ecdsa; } oids[] = {
		{ "SHA256", "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2" },
		{ "SHA384", "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3" },
		{ "SHA512", "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4" },
		{ "SHA1", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1" },
		{ "MD5", "1.2.840.113549.1.1.4", "1.2.840.10045.4.1" },
	};
	static const uint8_t pss_sha256[] = { /* RFC 4055, 3.1: SHA-256 twice, a salt of 32 */
		0x30, 0x41, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10, 0x30, 0x34, 0xa0, 15, 0x30, 13, 6, 9, 0x60, 0x86,
		0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 0xa1, 28, 0x30, 26, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8, 0x30, 13,
		6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 0xa2, 3, 2, 1, 32,
	};
	bool rsa = key->kind == CRYPT_KEY_RSA;
	size_t mark, i = 0;

	if (key->kind == CRYPT_KEY_RSA_PSS) {
		der_put(w, (struct bytes){ pss_sha256, sizeof pss_sha256 });
		return;
	}
	if (hash == NULL) hash = suiting_hash(key);
	mark = der_open(w, DER_SEQUENCE);
	if (key->kind == CRYPT_KEY_ED25519) {
		der_put_oid(w, "1.3.101.112");
	} else {
		while (i + 1 < COUNT(oids) && strcmp(oids[i].hash, hash) != 0) i++;
		der_put_oid(w, rsa ? oids[i].rsa : oids[i].ecdsa);
		if (rsa) der_put_element(w, DER_NULL, (struct bytes){ 0 });
	}
	der_close(w, mark);
}

static bool sign(struct crypt *crypt, const struct crypt_key *key, const char *hash, struct bytes data, uint8_t *out,
                 size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	bool good;

	if (hash == NULL || key->kind == CRYPT_KEY_RSA_PSS) hash = suiting_hash(key);
	ERR_set_mark();
	good = ctx != NULL && EVP_DigestSignInit_ex(ctx, &pctx, hash, crypt->library, NULL, key->pkey, NULL) == 1;
	if (good && key->kind == CRYPT_KEY_RSA_PSS)
		good = EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 32) == 1;
	*len = CRYPT_SIGNATURE_MAX;
	good = good && EVP_DigestSign(ctx, out, len, data.at, data.len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_pop_to_mark();
	return good;
}

bool issue_sign(struct crypt *crypt, const struct crypt_key *key, const char *hash, struct der_writer *w, size_t mark)
{
	uint8_t signature[CRYPT_SIGNATURE_MAX];
	size_t len;

	if (w->cut || !sign(crypt, key, hash, (struct bytes){ w->at + mark, w->len - mark }, signature, &len)) return false;
	issue_put_algorithm(w, key, hash);
	der_put_bits(w, 0, (struct bytes){ signature, len });
	return !w->cut;
}

void issue_put_spki(struct der_writer *w, const struct crypt_key *key)
{
	unsigned char *der = NULL;
	int len = crypt_key_spki(key, &der);
	assert(len > 0);
	der_put(w, (struct bytes){ der, (size_t)len });
	OPENSSL_free(der);
}

void issue_key_name(struct crypt *crypt, struct bytes spki, const char *hash, uint8_t out[32])
{
	struct bytes body, algorithm, bits;
	unsigned unused;
	size_t len;
	bool good = der_take(&spki, DER_SEQUENCE, &body) && der_take_whole(&body, DER_SEQUENCE, &algorithm) &&
	            der_take_bits(&body, &unused, &bits);
	good = good && EVP_Q_digest(crypt->library, hash, NULL, bits.at, bits.len, out, &len) == 1;
	assert(good && len <= 32);
}

static void put_common_name(struct der_writer *w, const char *name)
{
	size_t all = der_open(w, DER_SEQUENCE), set, pair;
	if (name != NULL) {
		set = der_open(w, DER_SET), pair = der_open(w, DER_SEQUENCE);
		der_put_oid(w, "2.5.4.3");
		der_put_element(w, DER_UTF8_STRING, bytes_of(name));
		der_close(w, pair), der_close(w, set);
	}
	der_close(w, all);
}

/* An extension is opened with its OID and closed with its two outer elements. */
struct extension { size_t all, value; };
static struct extension open_extension(struct der_writer *w, const char *oid, bool critical)
{
	struct extension e = { .all = der_open(w, DER_SEQUENCE) };
	der_put_oid(w, oid);
	if (critical) der_put_boolean(w, true);
	e.value = der_open(w, DER_OCTET_STRING);
	return e;
}

static void close_extension(struct der_writer *w, struct extension e)
{
	der_close(w, e.value);
	der_close(w, e.all);
}

static bool starts(const char *text, const char *with, const char **rest)
{
	size_t n = strlen(with);
	if (strncmp(text, with, n) != 0) return false;
	*rest = text + n;
	return true;
}

static bool put_general_name(struct der_writer *w, const char *name, struct text *why)
{
	struct ip ip;
	const char *rest;

	if (starts(name, "email:", &rest)) der_put_element(w, DER_CONTEXT(X509_NAME_EMAIL), bytes_of(rest));
	else if (starts(name, "uri:", &rest)) der_put_element(w, DER_CONTEXT(X509_NAME_URI), bytes_of(rest));
	else if (ip_parse(name, &ip)) {
		struct bytes all = { ip.byte, 16 };
		der_put_element(w, DER_CONTEXT(X509_NAME_IP), ip_is4(ip) ? bytes_skip(all, 12) : all);
	} else if (x509_dns_name_good(bytes_of(name), true)) der_put_element(w, DER_CONTEXT(X509_NAME_DNS), bytes_of(name));
	else {
		bool foreign = false;
		for (const char *p = name; *p; p++) foreign |= (uint8_t)*p >= 0x80;
		text_printf(why, "\"%s\" is neither a DNS name nor an IP address%s", name,
		            foreign ? "; letters beyond ASCII are written as xn--..., as idn2 does" : "");
		return false;
	}
	return true;
}

static void put_names(struct der_writer *w, const struct issue *i, struct text *why, bool *good)
{
	struct extension e = open_extension(w, "2.5.29.17", i->common_name == NULL && i->subject.len == 0);
	size_t list = der_open(w, DER_SEQUENCE);
	for (size_t n = 0; *good && n < i->names_count; n++) *good = put_general_name(w, i->names[n], why);
	der_close(w, list);
	close_extension(w, e);
}

static bool put_limit(struct der_writer *w, const char *limit, struct text *why)
{
	struct prefix p;
	const char *rest;
	size_t one = der_open(w, DER_SEQUENCE);

	if (starts(limit, "email:", &rest)) der_put_element(w, DER_CONTEXT(X509_NAME_EMAIL), bytes_of(rest));
	else if (starts(limit, "uri:", &rest)) der_put_element(w, DER_CONTEXT(X509_NAME_URI), bytes_of(rest));
	else if (prefix_parse(limit, &p)) {
		uint8_t both[32] = { 0 };
		struct ip first = prefix_first(p);
		size_t skip = ip_is4(p.ip) ? 12 : 0, n = 16 - skip;
		memcpy(both, first.byte + skip, n);
		for (size_t bit = 8 * skip; bit < p.bits; bit++) both[n + bit / 8 - skip] |= (uint8_t)(0x80 >> bit % 8);
		der_put_element(w, DER_CONTEXT(X509_NAME_IP), (struct bytes){ both, 2 * n });
	} else if (x509_dns_name_good(bytes_of(limit), false))
		der_put_element(w, DER_CONTEXT(X509_NAME_DNS), bytes_of(limit));
	else {
		text_printf(why, "\"%s\" is neither a DNS name nor a prefix of IP addresses", limit);
		return false;
	}
	der_close(w, one);
	return true;
}

static bool put_limits(struct der_writer *w, unsigned tag, const char *const *limits, size_t count, struct text *why)
{
	size_t list = der_open(w, DER_CONTEXT_OF(tag));
	for (size_t i = 0; i < count; i++)
		if (!put_limit(w, limits[i], why)) return false;
	der_close(w, list);
	return true;
}

static bool put_constraints(struct der_writer *w, const struct issue *i, struct text *why)
{
	struct extension e = open_extension(w, "2.5.29.30", true);
	size_t both = der_open(w, DER_SEQUENCE);
	if (i->permitted_count > 0 && !put_limits(w, 0, i->permitted, i->permitted_count, why)) return false;
	if (i->excluded_count > 0 && !put_limits(w, 1, i->excluded, i->excluded_count, why)) return false;
	der_close(w, both);
	close_extension(w, e);
	return true;
}

static void put_basic_constraints(struct der_writer *w, const struct issue *i)
{
	struct extension e = open_extension(w, "2.5.29.19", true);
	size_t all = der_open(w, DER_SEQUENCE);
	if (i->ca) der_put_boolean(w, true);
	if (i->ca && i->path_limited) der_put_small(w, DER_INTEGER, i->path_max);
	der_close(w, all);
	close_extension(w, e);
}

static void put_key_usage(struct der_writer *w, const struct issue *i)
{
	struct extension e = open_extension(w, "2.5.29.15", true);
	uint8_t bits = i->ca ? 0x06 : 0x80; /* keyCertSign and cRLSign; digitalSignature */
	der_put_bits(w, i->ca ? 1 : 7, (struct bytes){ &bits, 1 });
	close_extension(w, e);
}

static void put_purposes(struct der_writer *w, const struct issue *i)
{
	struct extension e = open_extension(w, "2.5.29.37", false);
	size_t list = der_open(w, DER_SEQUENCE);
	if (i->both_purposes || i->peer == X509_SERVER) der_put_oid(w, "1.3.6.1.5.5.7.3.1");
	if (i->both_purposes || i->peer == X509_CLIENT) der_put_oid(w, "1.3.6.1.5.5.7.3.2");
	der_close(w, list);
	close_extension(w, e);
}

static void spki_name(struct crypt *crypt, const struct crypt_key *key, uint8_t out[32])
{
	uint8_t spki[2048];
	struct der_writer w = { .at = spki, .size = sizeof spki };
	issue_put_spki(&w, key);
	issue_key_name(crypt, (struct bytes){ spki, w.len }, "SHA256", out);
}

static void put_key_identifiers(struct crypt *crypt, struct der_writer *w, const struct issue *i,
                                const struct x509_certificate *issuer)
{
	uint8_t name[32];
	struct bytes id = { name, 20 }, rest = issuer->value[X509_SUBJECT_KEY];

	spki_name(crypt, i->key, name);
	if (!(i->without & ISSUE_SUBJECT_KEY)) {
		struct extension e = open_extension(w, "2.5.29.14", false);
		der_put_element(w, DER_OCTET_STRING, id);
		close_extension(w, e);
	}
	if ((i->without & ISSUE_AUTHORITY_KEY) || i->issuer_key == NULL) return;
	spki_name(crypt, i->issuer_key, name);
	if (x509_has(issuer, X509_SUBJECT_KEY)) der_take(&rest, DER_OCTET_STRING, &id);
	struct extension e = open_extension(w, "2.5.29.35", false);
	size_t all = der_open(w, DER_SEQUENCE);
	der_put_element(w, DER_CONTEXT(0), id);
	der_close(w, all);
	close_extension(w, e);
}

static bool put_extensions(struct crypt *crypt, struct der_writer *w, const struct issue *i,
                           const struct x509_certificate *issuer, struct text *why)
{
	size_t outer = der_open(w, DER_CONTEXT_OF(3)), list = der_open(w, DER_SEQUENCE);
	bool good = true;

	if (!(i->without & ISSUE_BASIC_CONSTRAINTS)) put_basic_constraints(w, i);
	if (!(i->without & ISSUE_KEY_USAGE)) put_key_usage(w, i);
	if (!(i->without & ISSUE_PURPOSES) && !i->ca) put_purposes(w, i);
	if (!(i->without & ISSUE_NAMES) && i->names_count > 0) put_names(w, i, why, &good);
	if (good && i->permitted_count + i->excluded_count > 0) good = put_constraints(w, i, why);
	put_key_identifiers(crypt, w, i, issuer);
	if (i->must_staple) {
		static const uint8_t status_request[] = { DER_SEQUENCE, 3, DER_INTEGER, 1, 5 };
		struct extension e = open_extension(w, "1.3.6.1.5.5.7.1.24", false);
		der_put(w, (struct bytes){ status_request, sizeof status_request });
		close_extension(w, e);
	}
	for (size_t n = 0; n < i->extra_count; n++) {
		struct extension e = open_extension(w, i->extra[n].oid, i->extra[n].critical);
		der_put(w, i->extra[n].value);
		close_extension(w, e);
	}
	der_close(w, list);
	if (w->len == list) w->len = outer - 1; /* none at all */
	else der_close(w, outer);
	return good;
}

static void put_serial(struct crypt *crypt, struct der_writer *w, struct bytes given)
{
	uint8_t drawn[16];
	rng_fill(crypt->rng, (struct room){ drawn, sizeof drawn });
	drawn[0] = (drawn[0] & 0x3f) | 0x40; /* positive, and of a fixed length */
	der_put_element(w, DER_INTEGER, given.len > 0 ? given : (struct bytes){ drawn, sizeof drawn });
}

static bool put_tbs(struct crypt *crypt, struct der_writer *w, const struct issue *i,
                    const struct x509_certificate *issuer, struct text *why)
{
	const struct crypt_key *signer = i->issuer_key ? i->issuer_key : i->key;
	size_t all = der_open(w, DER_SEQUENCE), part;
	unsigned version = i->version ? i->version : 3;

	if (version > 1) {
		part = der_open(w, DER_CONTEXT_OF(0));
		der_put_small(w, DER_INTEGER, version - 1);
		der_close(w, part);
	}
	put_serial(crypt, w, i->serial);
	issue_put_algorithm(w, signer, i->inner_hash ? i->inner_hash : i->hash);
	if (i->issuer_name.len > 0) der_put(w, i->issuer_name);
	else if (issuer->subject.len > 0) der_put(w, issuer->subject);
	else if (i->subject.len > 0) der_put(w, i->subject);
	else put_common_name(w, i->common_name);
	part = der_open(w, DER_SEQUENCE);
	der_put_time(w, i->not_before, i->generalized_time), der_put_time(w, i->not_after, i->generalized_time);
	der_close(w, part);
	if (i->subject.len > 0) der_put(w, i->subject);
	else put_common_name(w, i->common_name);
	if (i->spki.len > 0) der_put(w, i->spki);
	else issue_put_spki(w, i->key);
	if (version > 1 && !put_extensions(crypt, w, i, issuer, why)) return false;
	der_close(w, all);
	return true;
}

size_t issue_certificate(struct crypt *crypt, const struct issue *i, struct room room, struct text *why)
{
	struct der_writer w = { .at = room.at, .size = room.len };
	struct x509_certificate issuer = { 0 };
	const char *wrong;
	size_t all, tbs;

	if (i->issuer_der.len > 0 && !x509_read(i->issuer_der, &issuer, &wrong)) {
		text_printf(why, "the issuer's certificate cannot be used: %s", wrong);
		return 0;
	}
	if (i->common_name != NULL && strlen(i->common_name) > ISSUE_COMMON_NAME_MAX) {
		text_printf(why, "a common name has at most %u bytes", ISSUE_COMMON_NAME_MAX);
		return 0;
	}
	all = der_open(&w, DER_SEQUENCE), tbs = w.len;
	if (!put_tbs(crypt, &w, i, &issuer, why)) return 0;
	if (!issue_sign(crypt, i->issuer_key ? i->issuer_key : i->key, i->hash, &w, tbs)) {
		text_puts(why, w.cut ? "there is no room for the certificate" : "libcrypto would not sign it");
		return 0;
	}
	der_close(&w, all);
	if (w.cut) text_puts(why, "there is no room for the certificate");
	return w.cut ? 0 : w.len;
}

size_t issue_pem(struct bytes der, const char *label, struct room room)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	size_t len = 0;

	if (bio != NULL && PEM_write_bio(bio, label, "", der.at, (long)der.len) > 0) {
		len = (size_t)BIO_get_mem_data(bio, &text);
		if (len > room.len) len = 0;
		memcpy(room.at, text, len);
	}
	BIO_free(bio);
	return len;
}
