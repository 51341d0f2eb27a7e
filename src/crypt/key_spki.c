/* SPDX-License-Identifier: ISC */
/* key_spki.c - a public key from its SubjectPublicKeyInfo (RFC 5280, 4.1.2.7).
 *
 * Read here, because libcrypto 3.0's own reading looks through all its decoders and costs more than a signature's check.
 * An algorithm is compared whole: each has one right encoding (RFC 5480, 2.1.1; RFC 8410, 3; RFC 3279, 2.3.1). */
#include "crypt/inside.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "crypt/der.h"

static struct crypt_key *ec_from_point(struct crypt *c, enum crypt_key_kind kind, struct bytes point)
{
	EC_KEY *ec = EC_KEY_new_ex(c->library, NULL);
	struct crypt_key *k = OPENSSL_zalloc(sizeof *k);

	if (ec == NULL || k == NULL || EC_KEY_set_group(ec, kind == CRYPT_KEY_P256 ? c->p256 : c->p384) != 1 ||
	    EC_KEY_oct2key(ec, point.at, point.len, NULL) != 1) {
		EC_KEY_free(ec);
		OPENSSL_free(k);
		ERR_clear_error();
		return NULL;
	}
	*k = (struct crypt_key){ .crypt = c, .ec = ec, .kind = kind };
	return k;
}

static bool take_positive(struct bytes *rest, BIGNUM **number)
{
	struct bytes body;
	if (!der_take(rest, DER_INTEGER, &body) || !der_integer_good(body) || body.at[0] >= 0x80 || body.len > 2048) return false;
	return (*number = BN_bin2bn(body.at, (int)body.len, NULL)) != NULL;
}

static EVP_PKEY *rsa_from_numbers(struct crypt *c, const BIGNUM *modulus, const BIGNUM *exponent)
{
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(c->library, "RSA", NULL);
	OSSL_PARAM *params = NULL;

	if (builder != NULL && make != NULL && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) &&
	    (params = OSSL_PARAM_BLD_to_param(builder)) != NULL && EVP_PKEY_fromdata_init(make) == 1 &&
	    EVP_PKEY_fromdata(make, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(make);
	return pkey;
}

static EVP_PKEY *rsa_from_der(struct crypt *c, struct bytes key)
{
	struct bytes body;
	BIGNUM *modulus = NULL, *exponent = NULL;
	EVP_PKEY *pkey = NULL;

	if (der_take(&key, DER_SEQUENCE, &body) && key.len == 0 && take_positive(&body, &modulus) &&
	    take_positive(&body, &exponent) && body.len == 0)
		pkey = rsa_from_numbers(c, modulus, exponent);
	BN_free(modulus);
	BN_free(exponent);
	return pkey;
}

static EVP_PKEY *rsa_pss_from_der(struct crypt *c, struct bytes spki)
{
	const unsigned char *at = spki.at;
	return d2i_PUBKEY_ex(NULL, &at, (long)spki.len, c->library, NULL);
}

static bool spki_kind(struct bytes algorithm, enum crypt_key_kind *kind)
{
	static const struct { uint8_t len, der[21]; enum crypt_key_kind kind; } kinds[] = {
		{ 21, { 0x30, 19, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 }, CRYPT_KEY_P256 },
		{ 18, { 0x30, 16, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 34 }, CRYPT_KEY_P384 },
		{ 7, { 0x30, 5, 6, 3, 0x2b, 0x65, 0x70 }, CRYPT_KEY_ED25519 },
		{ 15, { 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0 }, CRYPT_KEY_RSA },
	};
	static const uint8_t rsa_pss[] = { 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10 };
	struct bytes inner = algorithm;

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (bytes_equal(algorithm, (struct bytes){ kinds[i].der, kinds[i].len })) return *kind = kinds[i].kind, true;
	*kind = CRYPT_KEY_RSA_PSS; /* its parameters, which differ, are libcrypto's to read */
	return der_take(&inner, DER_SEQUENCE, &inner) && inner.len >= sizeof rsa_pss && memcmp(inner.at, rsa_pss, sizeof rsa_pss) == 0;
}

struct crypt_key *crypt_key_from_spki(struct crypt *c, struct bytes der)
{
	struct bytes rest = der, body, algorithm, key;
	enum crypt_key_kind kind;
	unsigned unused;
	EVP_PKEY *pkey = NULL;

	if (!der_take(&rest, DER_SEQUENCE, &body) || rest.len > 0 || !der_take_whole(&body, DER_SEQUENCE, &algorithm)) return NULL;
	if (!der_take_bits(&body, &unused, &key) || unused != 0 || body.len > 0 || !spki_kind(algorithm, &kind)) return NULL;
	switch (kind) {
	case CRYPT_KEY_P256: case CRYPT_KEY_P384: return ec_from_point(c, kind, key);
	case CRYPT_KEY_ED25519: pkey = EVP_PKEY_new_raw_public_key_ex(c->library, "ED25519", NULL, key.at, key.len); break;
	case CRYPT_KEY_RSA: pkey = rsa_from_der(c, key); break;
	case CRYPT_KEY_RSA_PSS: pkey = rsa_pss_from_der(c, der); break;
	}
	return crypt_key_wrap(c, pkey, false);
}

int crypt_key_spki(const struct crypt_key *k, unsigned char **der)
{
	*der = NULL;
	return k->ec != NULL ? i2d_EC_PUBKEY(k->ec, der) : i2d_PUBKEY(k->pkey, der);
}
