/* SPDX-License-Identifier: ISC */
/* The algorithms of certificates: each AlgorithmIdentifier is compared whole, for each has one right encoding (RFC 3279, RFC 4055,
 * RFC 5758, RFC 8410), so that nothing can be hidden in parameters. */
#include <openssl/rsa.h>

#include "crypt/x509_parts.h"

#define RSA(last, name, md, weak) { 15, { 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last, 5, 0 }, name, md, weak }
#define ECDSA2(last, name, md, weak) { 12, { 0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, last }, name, md, weak }
static const struct algorithm { uint8_t len, der[15]; const char *name, *md; bool weak; } algorithms[] = {
	ECDSA2(2, "ecdsa-with-SHA256", "SHA256", false), ECDSA2(3, "ecdsa-with-SHA384", "SHA384", false),
	ECDSA2(4, "ecdsa-with-SHA512", "SHA512", false), ECDSA2(1, "ecdsa-with-SHA224", "SHA224", true),
	RSA(11, "sha256WithRSAEncryption", "SHA256", false), RSA(12, "sha384WithRSAEncryption", "SHA384", false),
	RSA(13, "sha512WithRSAEncryption", "SHA512", false), RSA(14, "sha224WithRSAEncryption", "SHA224", true),
	RSA(5, "sha1WithRSAEncryption", "SHA1", true), RSA(4, "md5WithRSAEncryption", "MD5", true),
	{ 11, { 0x30, 9, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1 }, "ecdsa-with-SHA1", "SHA1", true },
	{ 7, { 0x30, 5, 6, 3, 0x2b, 0x65, 0x70 }, "Ed25519", NULL, false },
	{ 7, { 0x30, 5, 6, 3, 0x2b, 0x65, 0x71 }, "Ed448", NULL, false },
};

/* RSASSA-PSS with one hash throughout and a salt of its length (RFC 8446, 4.2.3; the CA/Browser Forum wants the same). */
static const uint8_t pss[67] = {
	0x30, 0x41, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10, 0x30, 0x34,
	0xa0, 15, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1 /* hash, at 29 */, 5, 0,
	0xa1, 28, 0x30, 26, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2,
	1 /* hash, at 59 */, 5, 0, 0xa2, 3, 2, 1, 32 /* salt, at 66 */,
};
static const struct { uint8_t hash, salt; const char *name, *md; } pss_kinds[] = {
	{ 1, 32, "rsassaPss with SHA256", "SHA256" }, { 2, 48, "rsassaPss with SHA384", "SHA384" },
	{ 3, 64, "rsassaPss with SHA512", "SHA512" },
};

static const struct algorithm *find(struct bytes algorithm)
{
	for (size_t i = 0; i < COUNT(algorithms); i++)
		if (bytes_equal(algorithm, (struct bytes){ algorithms[i].der, algorithms[i].len })) return &algorithms[i];
	return NULL;
}

static int find_pss(struct bytes algorithm)
{
	uint8_t copy[sizeof pss];
	memcpy(copy, pss, sizeof pss);
	for (size_t i = 0; i < COUNT(pss_kinds); i++) {
		copy[29] = copy[59] = pss_kinds[i].hash, copy[66] = pss_kinds[i].salt;
		if (bytes_equal(algorithm, (struct bytes){ copy, sizeof copy })) return (int)i;
	}
	return -1;
}

const char *x509_algorithm_name(struct bytes algorithm, bool *weak)
{
	const struct algorithm *a = find(algorithm);
	int p = a == NULL ? find_pss(algorithm) : -1;
	*weak = a != NULL && a->weak;
	return a != NULL ? a->name : p >= 0 ? pss_kinds[p].name : NULL;
}

unsigned x509_algorithm_scheme(struct bytes algorithm, enum crypt_key_kind kind)
{
	static const struct { const char *name; unsigned scheme; } schemes[] = {
		{ "ecdsa-with-SHA256", CRYPT_ECDSA_SECP256R1_SHA256 | CRYPT_ANY_CURVE },
		{ "ecdsa-with-SHA384", CRYPT_ECDSA_SECP384R1_SHA384 | CRYPT_ANY_CURVE },
		{ "sha256WithRSAEncryption", CRYPT_RSA_PKCS1_SHA256 }, { "sha384WithRSAEncryption", CRYPT_RSA_PKCS1_SHA384 },
		{ "sha512WithRSAEncryption", CRYPT_RSA_PKCS1_SHA512 }, { "Ed25519", CRYPT_ED25519 },
	};
	static const unsigned pss_schemes[] = {
		CRYPT_RSA_PSS_RSAE_SHA256, CRYPT_RSA_PSS_RSAE_SHA384, CRYPT_RSA_PSS_RSAE_SHA512,
	};
	const struct algorithm *a = find(algorithm);
	int p = a == NULL ? find_pss(algorithm) : -1;

	/* a key of RSA-PSS may bind its parameters: libcrypto looks */
	if (p >= 0) return kind == CRYPT_KEY_RSA ? pss_schemes[p] : 0;
	for (size_t i = 0; a != NULL && i < COUNT(schemes); i++)
		if (strcmp(schemes[i].name, a->name) == 0) return schemes[i].scheme;
	return 0;
}

bool x509_signature_good(struct crypt *crypt, EVP_PKEY *key, struct bytes algorithm, struct bytes data,
                         struct bytes signature)
{
	const struct algorithm *a = find(algorithm);
	int p = a == NULL ? find_pss(algorithm) : -1;
	EVP_MD_CTX *ctx;
	EVP_PKEY_CTX *pctx;
	bool good;

	if (a == NULL && p < 0) return false;
	ctx = EVP_MD_CTX_new();
	good = ctx != NULL &&
	       EVP_DigestVerifyInit_ex(ctx, &pctx, a ? a->md : pss_kinds[p].md, crypt->library, NULL, key, NULL) == 1;
	if (good && p >= 0)
		good = EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, pss_kinds[p].salt) == 1;
	good = good && EVP_DigestVerify(ctx, signature.at, signature.len, data.at, data.len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

/* An INTEGER's bits, of a positive one. */
static unsigned integer_bits(struct bytes body)
{
	unsigned bits = 0;
	while (body.len > 0 && body.at[0] == 0) body = bytes_skip(body, 1);
	if (body.len == 0) return 0;
	for (unsigned first = body.at[0]; first > 0; first >>= 1) bits++;
	return bits + 8 * (unsigned)(body.len - 1);
}

static bool read_rsa(struct bytes bits, struct x509_key_facts *f)
{
	struct bytes body, modulus, exponent;
	if (!der_take(&bits, DER_SEQUENCE, &body) || bits.len > 0) return false;
	if (!der_take(&body, DER_INTEGER, &modulus) || !der_take(&body, DER_INTEGER, &exponent) || body.len > 0)
		return false;
	if (!der_integer_good(modulus) || !der_integer_good(exponent) || modulus.at[0] >= 0x80 || exponent.at[0] >= 0x80)
		return false;
	f->bits = integer_bits(modulus);
	return integer_bits(exponent) > 1 && (exponent.at[exponent.len - 1] & 1);
}

bool x509_key_facts(struct bytes spki, struct x509_key_facts *f)
{
	static const struct { uint8_t len, der[24]; const char *name; enum x509_key_family family; unsigned bits; } kinds[] = {
		{ 21, { 0x30, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 }, "ECDSA P-256", X509_KEY_EC, 256 },
		{ 18, { 0x30, 16, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 34 }, "ECDSA P-384", X509_KEY_EC, 384 },
		{ 18, { 0x30, 16, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 35 }, "ECDSA P-521", X509_KEY_EC, 521 },
		{ 7, { 0x30, 5, 6, 3, 0x2b, 0x65, 0x70 }, "Ed25519", X509_KEY_ED, 256 },
		{ 7, { 0x30, 5, 6, 3, 0x2b, 0x65, 0x71 }, "Ed448", X509_KEY_ED, 456 },
		{ 15, { 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0 }, "RSA", X509_KEY_RSA, 0 },
	};
	static const uint8_t rsa_pss[] = { 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10 };
	struct bytes body, algorithm, inner, bits;
	unsigned unused;

	*f = (struct x509_key_facts){ .name = "unknown" };
	if (!der_take(&spki, DER_SEQUENCE, &body) || !der_take_whole(&body, DER_SEQUENCE, &algorithm)) return false;
	if (!der_take_bits(&body, &unused, &bits) || unused != 0 || body.len > 0) return false;
	f->point = bits;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (!bytes_equal(algorithm, (struct bytes){ kinds[i].der, kinds[i].len })) continue;
		f->name = kinds[i].name, f->family = kinds[i].family, f->bits = kinds[i].bits;
		return f->family != X509_KEY_RSA || read_rsa(bits, f);
	}
	inner = algorithm;
	if (!der_take(&inner, DER_SEQUENCE, &inner) || inner.len < sizeof rsa_pss ||
	    memcmp(inner.at, rsa_pss, sizeof rsa_pss) != 0)
		return true;
	f->name = "RSA-PSS", f->family = X509_KEY_RSA;
	return read_rsa(bits, f);
}
