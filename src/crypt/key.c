/* SPDX-License-Identifier: ISC */
#include "crypt/inside.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#define RSA_BITS_MADE 2048

/* Which key a scheme wants, and which hash (RFC 8446, 4.2.3). Ed25519 hashes for itself. */
static const struct scheme { uint16_t scheme; enum crypt_key_kind kind; enum crypt_hash hash; bool pss; } schemes[] = {
	{ CRYPT_ECDSA_SECP256R1_SHA256, CRYPT_KEY_P256, CRYPT_SHA256, false },
	{ CRYPT_ECDSA_SECP384R1_SHA384, CRYPT_KEY_P384, CRYPT_SHA384, false },
	{ CRYPT_ED25519, CRYPT_KEY_ED25519, CRYPT_SHA512, false },
	{ CRYPT_RSA_PSS_RSAE_SHA256, CRYPT_KEY_RSA, CRYPT_SHA256, true },
	{ CRYPT_RSA_PSS_RSAE_SHA384, CRYPT_KEY_RSA, CRYPT_SHA384, true },
	{ CRYPT_RSA_PSS_RSAE_SHA512, CRYPT_KEY_RSA, CRYPT_SHA512, true },
	{ CRYPT_RSA_PSS_PSS_SHA256, CRYPT_KEY_RSA_PSS, CRYPT_SHA256, true },
	{ CRYPT_RSA_PSS_PSS_SHA384, CRYPT_KEY_RSA_PSS, CRYPT_SHA384, true },
	{ CRYPT_RSA_PSS_PSS_SHA512, CRYPT_KEY_RSA_PSS, CRYPT_SHA512, true },
	{ CRYPT_RSA_PKCS1_SHA256, CRYPT_KEY_RSA, CRYPT_SHA256, false },
	{ CRYPT_RSA_PKCS1_SHA384, CRYPT_KEY_RSA, CRYPT_SHA384, false },
	{ CRYPT_RSA_PKCS1_SHA512, CRYPT_KEY_RSA, CRYPT_SHA512, false },
};

static const struct scheme *find_scheme(unsigned number)
{
	for (size_t i = 0; i < COUNT(schemes); i++)
		if (schemes[i].scheme == number) return &schemes[i];
	return NULL;
}

bool crypt_scheme_known(unsigned scheme) { return find_scheme(scheme) != NULL; }

const char *crypt_key_kind_name(enum crypt_key_kind kind)
{
	static const char *const names[CRYPT_KEY_KINDS] = { "ECDSA P-256", "ECDSA P-384", "Ed25519", "RSA", "RSA-PSS" };
	return (size_t)kind < COUNT(names) ? names[kind] : "?";
}

enum crypt_key_kind crypt_key_kind(const struct crypt_key *k) { return k->kind; }

unsigned crypt_key_bits(const struct crypt_key *k)
{
	if (k->ec != NULL) return k->kind == CRYPT_KEY_P256 ? 256 : 384;
	return (unsigned)EVP_PKEY_get_bits(k->pkey);
}

bool crypt_key_matches(const struct crypt_key *a, const struct crypt_key *b)
{
	if (a->kind != b->kind) return false;
	if (a->ec == NULL) return EVP_PKEY_eq(a->pkey, b->pkey) == 1;
	return EC_POINT_cmp(EC_KEY_get0_group(a->ec), EC_KEY_get0_public_key(a->ec), EC_KEY_get0_public_key(b->ec), NULL) == 0;
}

static bool is_ecdsa(enum crypt_key_kind kind) { return kind == CRYPT_KEY_P256 || kind == CRYPT_KEY_P384; }

/* A PSS of twice the hash and two bytes must fit (RFC 8017, 9.1.1); with 1,024 bits, SHA-512's does not. */
bool crypt_key_fits(const struct crypt_key *k, unsigned number)
{
	const struct scheme *s = find_scheme(number & ~CRYPT_ANY_CURVE);
	if (s == NULL) return false;
	bool same_kind = number & CRYPT_ANY_CURVE && is_ecdsa(s->kind) ? is_ecdsa(k->kind) : s->kind == k->kind;
	if (!same_kind) return false;
	return !s->pss || crypt_key_bits(k) >= 8 * (2 * crypt_hash_len(s->hash) + 2) + 1;
}

/* --- what kind of key it is --- */

static bool curve_kind(const EVP_PKEY *pkey, enum crypt_key_kind *kind)
{
	char curve[32];
	size_t n;

	if (EVP_PKEY_get_group_name(pkey, curve, sizeof curve, &n) != 1) return false;
	int nid = OBJ_sn2nid(curve);
	*kind = nid == NID_secp384r1 ? CRYPT_KEY_P384 : CRYPT_KEY_P256;
	return nid == NID_X9_62_prime256v1 || nid == NID_secp384r1;
}

static bool kind_of(const EVP_PKEY *pkey, enum crypt_key_kind *kind)
{
	if (EVP_PKEY_is_a(pkey, "EC")) return curve_kind(pkey, kind);
	if (EVP_PKEY_is_a(pkey, "ED25519")) return *kind = CRYPT_KEY_ED25519, true;
	if (EVP_PKEY_is_a(pkey, "RSA")) return *kind = CRYPT_KEY_RSA, true;
	if (EVP_PKEY_is_a(pkey, "RSA-PSS")) return *kind = CRYPT_KEY_RSA_PSS, true;
	return false;
}

/* The same key in the older form, whose calls cost a fraction. The point is checked to be on the curve. */
static EC_KEY *ec_of(const struct crypt *c, EVP_PKEY *pkey, enum crypt_key_kind kind, bool is_private)
{
	uint8_t point[1 + 2 * 48];
	size_t n;
	BIGNUM *scalar = NULL;
	EC_KEY *ec = EC_KEY_new_ex(c->library, NULL);
	bool ok = ec != NULL && EC_KEY_set_group(ec, kind == CRYPT_KEY_P256 ? c->p256 : c->p384) == 1 &&
	          EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n) == 1 &&
	          EC_KEY_oct2key(ec, point, n, NULL) == 1;

	if (ok && is_private) {
		ok = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 && EC_KEY_set_private_key(ec, scalar) == 1;
		BN_clear_free(scalar);
	}
	if (ok) return ec;
	EC_KEY_free(ec);
	return NULL;
}

struct crypt_key *crypt_key_wrap(struct crypt *c, EVP_PKEY *pkey, bool is_private)
{
	enum crypt_key_kind kind;
	struct crypt_key *k = NULL;
	EC_KEY *ec = NULL;

	if (pkey == NULL || !kind_of(pkey, &kind)) goto out;
	if (kind >= CRYPT_KEY_RSA && EVP_PKEY_get_bits(pkey) > CRYPT_RSA_BITS_MAX) goto out;
	if (kind <= CRYPT_KEY_P384 && (ec = ec_of(c, pkey, kind, is_private)) == NULL) goto out;
	if ((k = OPENSSL_zalloc(sizeof *k)) == NULL) goto out;
	*k = (struct crypt_key){ .crypt = c, .pkey = pkey, .ec = ec, .kind = kind, .is_private = is_private };
	return k;
out:
	EC_KEY_free(ec);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return NULL;
}

void crypt_key_end(struct crypt_key *k)
{
	if (k == NULL) return;
	EC_KEY_free(k->ec);
	EVP_PKEY_free(k->pkey);
	OPENSSL_clear_free(k, sizeof *k);
}

struct crypt_key *crypt_key_make(struct crypt *c, enum crypt_key_kind kind)
{
	EVP_PKEY *pkey = NULL;
	switch (kind) {
	case CRYPT_KEY_P256: pkey = EVP_PKEY_Q_keygen(c->library, NULL, "EC", "P-256"); break;
	case CRYPT_KEY_P384: pkey = EVP_PKEY_Q_keygen(c->library, NULL, "EC", "P-384"); break;
	case CRYPT_KEY_ED25519: pkey = EVP_PKEY_Q_keygen(c->library, NULL, "ED25519"); break;
	case CRYPT_KEY_RSA: pkey = EVP_PKEY_Q_keygen(c->library, NULL, "RSA", (size_t)RSA_BITS_MADE); break;
	case CRYPT_KEY_RSA_PSS: {
		EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(c->library, "RSA-PSS", NULL);
		if (EVP_PKEY_keygen_init(make) != 1 || EVP_PKEY_CTX_set_rsa_keygen_bits(make, RSA_BITS_MADE) != 1 ||
		    EVP_PKEY_generate(make, &pkey) != 1)
			pkey = NULL;
		EVP_PKEY_CTX_free(make);
		break;
	}
	}
	return crypt_key_wrap(c, pkey, true);
}

size_t crypt_key_write(const struct crypt_key *k, struct room pem)
{
	unsigned char *at = pem.at;
	size_t left = pem.len;
	OSSL_ENCODER_CTX *encoder =
		OSSL_ENCODER_CTX_new_for_pkey(k->pkey, EVP_PKEY_KEYPAIR, "PEM", "PrivateKeyInfo", NULL);
	bool ok = k->is_private && encoder != NULL && OSSL_ENCODER_to_data(encoder, &at, &left) == 1;

	OSSL_ENCODER_CTX_free(encoder);
	ERR_clear_error();
	return ok ? pem.len - left : 0;
}

/* --- signing and verifying --- */

static void hash_parts(struct crypt *c, enum crypt_hash hash, const struct bytes *parts, size_t count, uint8_t *out)
{
	struct crypt_digest d;
	crypt_digest_start(&d, c, hash);
	for (size_t i = 0; i < count; i++) crypt_digest_add(&d, parts[i]);
	crypt_digest_peek(&d, out);
	crypt_digest_end(&d);
}

/* Padding and hash, on a context that is ready to sign or to verify. A PSS salt is as long as the hash (RFC 8446, 4.2.3). */
static bool set_rsa(EVP_PKEY_CTX *ctx, const struct crypt *c, const struct scheme *s)
{
	if (EVP_PKEY_CTX_set_signature_md(ctx, c->digests[s->hash]) != 1) return false;
	if (!s->pss) return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, c->digests[s->hash]) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static size_t sign_rsa(const struct crypt_key *k, const struct scheme *s, const uint8_t *hash, uint8_t *out)
{
	size_t n = CRYPT_SIGNATURE_MAX;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(k->crypt->library, k->pkey, NULL);
	bool ok = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 && set_rsa(ctx, k->crypt, s) &&
	          EVP_PKEY_sign(ctx, out, &n, hash, crypt_hash_len(s->hash)) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok ? n : 0;
}

static bool verify_rsa(const struct crypt_key *k, const struct scheme *s, const uint8_t *hash, struct bytes signature)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(k->crypt->library, k->pkey, NULL);
	bool ok = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 && set_rsa(ctx, k->crypt, s) &&
	          EVP_PKEY_verify(ctx, signature.at, signature.len, hash, crypt_hash_len(s->hash)) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* Ed25519 wants the message in one piece (RFC 8032): it is joined in memory of libcrypto's. */
static struct bytes join(const struct bytes *parts, size_t count, uint8_t **owned)
{
	size_t len = 0, at = 0;

	*owned = NULL;
	if (count == 1) return parts[0];
	for (size_t i = 0; i < count; i++) len += parts[i].len;
	*owned = OPENSSL_malloc(len + 1);
	assert(*owned != NULL);
	for (size_t i = 0; i < count; i++)
		if (parts[i].len > 0) memcpy(*owned + at, parts[i].at, parts[i].len), at += parts[i].len;
	return (struct bytes){ *owned, len };
}

static size_t sign_ed25519(const struct crypt_key *k, const struct bytes *parts, size_t count, uint8_t *out)
{
	uint8_t *owned;
	size_t n = CRYPT_SIGNATURE_MAX;
	struct bytes message = join(parts, count, &owned);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestSignInit_ex(ctx, NULL, NULL, k->crypt->library, NULL, k->pkey, NULL) == 1 &&
	          EVP_DigestSign(ctx, out, &n, message.at, message.len) == 1;
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(owned);
	return ok ? n : 0;
}

static bool verify_ed25519(const struct crypt_key *k, const struct bytes *parts, size_t count, struct bytes signature)
{
	uint8_t *owned;
	struct bytes message = join(parts, count, &owned);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, k->crypt->library, NULL, k->pkey, NULL) == 1 &&
	          EVP_DigestVerify(ctx, signature.at, signature.len, message.at, message.len) == 1;
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(owned);
	return ok;
}

size_t crypt_sign(const struct crypt_key *k, unsigned number, const struct bytes *parts, size_t count, uint8_t *out)
{
	uint8_t hash[CRYPT_HASH_MAX];
	unsigned len = 0;
	size_t n;

	if (!k->is_private || !crypt_key_fits(k, number)) return 0;
	const struct scheme *s = find_scheme(number & ~CRYPT_ANY_CURVE);
	if (k->kind == CRYPT_KEY_ED25519) {
		n = sign_ed25519(k, parts, count, out);
	} else {
		hash_parts(k->crypt, s->hash, parts, count, hash);
		if (k->ec == NULL) n = sign_rsa(k, s, hash, out);
		else n = ECDSA_sign(0, hash, (int)crypt_hash_len(s->hash), out, &len, k->ec) == 1 ? len : 0;
	}
	ERR_clear_error();
	return n;
}

bool crypt_verify(const struct crypt_key *k, unsigned number, const struct bytes *parts, size_t count, struct bytes signature)
{
	uint8_t hash[CRYPT_HASH_MAX];
	bool ok;

	if (!crypt_key_fits(k, number) || signature.len > CRYPT_SIGNATURE_MAX) return false;
	const struct scheme *s = find_scheme(number & ~CRYPT_ANY_CURVE);
	if (k->kind == CRYPT_KEY_ED25519) {
		ok = verify_ed25519(k, parts, count, signature);
	} else {
		hash_parts(k->crypt, s->hash, parts, count, hash);
		if (k->ec == NULL) ok = verify_rsa(k, s, hash, signature);
		else ok = ECDSA_verify(0, hash, (int)crypt_hash_len(s->hash), signature.at, (int)signature.len, k->ec) == 1;
	}
	ERR_clear_error();
	return ok;
}
