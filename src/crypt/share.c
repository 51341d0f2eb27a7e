/* SPDX-License-Identifier: ISC */
#include "crypt/inside.h"

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "crypt/share.h"

#define X25519_BYTES 32
#define MLKEM_PUBLIC_BYTES 1184
#define MLKEM_SEALED_BYTES 1088
#define MLKEM_SECRET_BYTES 32
#define MLKEM_SEED_BYTES 64 /* FIPS 203: d and z */

static const char why_no_mlkem[] = "X25519MLKEM768 needs ML-KEM, which libcrypto has from 3.5 on";

bool crypt_group_known(const struct crypt *c, unsigned group)
{
	switch (group) {
	case CRYPT_SECP256R1: case CRYPT_SECP384R1: case CRYPT_X25519: return true;
	case CRYPT_X25519MLKEM768: return c->has_mlkem;
	default: return false;
	}
}

const char *crypt_group_why_not(const struct crypt *c, unsigned group)
{
	if (crypt_group_known(c, group)) return NULL;
	return group == CRYPT_X25519MLKEM768 ? why_no_mlkem : "Tulle does not know this group";
}

/* --- P-256 and P-384: uncompressed points (RFC 8446, 4.2.8.2) --- */

static const EC_GROUP *curve_of(const struct crypt *c, unsigned group) { return group == CRYPT_SECP256R1 ? c->p256 : c->p384; }
static size_t field_len(unsigned group) { return group == CRYPT_SECP256R1 ? 32 : 48; }

/* As plain bytes from the rng; one that is zero or not below the curve's order is drawn again. */
static void draw_scalar(const EC_GROUP *curve, struct rng *rng, uint8_t *out, size_t n)
{
	BIGNUM *k = BN_secure_new();
	assert(k != NULL);
	do {
		rng_fill(rng, (struct room){ out, n });
		BN_bin2bn(out, (int)n, k);
	} while (BN_is_zero(k) || BN_cmp(k, EC_GROUP_get0_order(curve)) >= 0);
	BN_clear_free(k);
}

/* private_key times `point`, or times the generator if that is NULL. */
static bool multiply(const struct crypt *c, const EC_GROUP *curve, const uint8_t *private_key, size_t n, const EC_POINT *point,
                     EC_POINT *product)
{
	BN_CTX *scratch = BN_CTX_new_ex(c->library);
	BIGNUM *k = BN_bin2bn(private_key, (int)n, NULL);
	bool ok = scratch != NULL && k != NULL;

	if (ok) {
		BN_set_flags(k, BN_FLG_CONSTTIME);
		ok = point == NULL ? EC_POINT_mul(curve, product, k, NULL, NULL, scratch) == 1
		                   : EC_POINT_mul(curve, product, NULL, point, k, scratch) == 1;
	}
	BN_clear_free(k);
	BN_CTX_free(scratch);
	return ok;
}

static size_t curve_make(struct crypt_share *s, struct rng *rng, uint8_t *out)
{
	const EC_GROUP *curve = curve_of(s->crypt, s->group);
	size_t n = field_len(s->group);
	EC_POINT *point = EC_POINT_new(curve);

	draw_scalar(curve, rng, s->private_key, n);
	bool ok = point != NULL && multiply(s->crypt, curve, s->private_key, n, NULL, point) &&
	          EC_POINT_point2oct(curve, point, POINT_CONVERSION_UNCOMPRESSED, out, 1 + 2 * n, NULL) == 1 + 2 * n;
	assert(ok);
	EC_POINT_free(point);
	return 1 + 2 * n;
}

/* EC_POINT_oct2point refuses what is not on the curve; the cofactor is 1, so that is all there is to check. */
static size_t curve_finish(const struct crypt_share *s, struct bytes theirs, uint8_t *secret)
{
	const EC_GROUP *curve = curve_of(s->crypt, s->group);
	size_t n = field_len(s->group);
	uint8_t xy[1 + 2 * 48];

	if (theirs.len != 1 + 2 * n || theirs.at[0] != POINT_CONVERSION_UNCOMPRESSED) return 0;
	EC_POINT *point = EC_POINT_new(curve), *product = EC_POINT_new(curve);
	bool ok = point != NULL && product != NULL && EC_POINT_oct2point(curve, point, theirs.at, theirs.len, NULL) == 1 &&
	          multiply(s->crypt, curve, s->private_key, n, point, product) &&
	          EC_POINT_point2oct(curve, product, POINT_CONVERSION_UNCOMPRESSED, xy, 1 + 2 * n, NULL) == 1 + 2 * n;
	if (ok) memcpy(secret, xy + 1, n);
	crypt_wipe(xy, sizeof xy);
	EC_POINT_free(point);
	EC_POINT_clear_free(product);
	return ok ? n : 0;
}

/* --- X25519 ---
 * `state` is a context of the private key, ready to derive. The public key is derived too, from the base point 9 (RFC 7748,
 * 6.1): libcrypto's own way, through Edwards' curve, is slower. So the key is given with a public part that is not its own,
 * and that nothing reads. */

static EVP_PKEY *x25519_private(struct crypt *c, uint8_t *key)
{
	uint8_t unused[X25519_BYTES] = { 0 };
	OSSL_PARAM params[] = { OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, key, X25519_BYTES),
	                        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, unused, X25519_BYTES), OSSL_PARAM_END };
	EVP_PKEY *pkey = NULL;
	return EVP_PKEY_fromdata(c->x25519_make, &pkey, EVP_PKEY_KEYPAIR, params) == 1 ? pkey : NULL;
}

static bool x25519_multiply(EVP_PKEY_CTX *derive, EVP_PKEY *point, uint8_t *out)
{
	size_t n = X25519_BYTES;
	return EVP_PKEY_derive_set_peer_ex(derive, point, 0) == 1 && EVP_PKEY_derive(derive, out, &n) == 1 && n == X25519_BYTES;
}

static size_t x25519_make(struct crypt_share *s, struct rng *rng, uint8_t *out)
{
	rng_fill(rng, (struct room){ s->private_key, X25519_BYTES });
	EVP_PKEY *key = x25519_private(s->crypt, s->private_key);
	EVP_PKEY_CTX *derive = key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(s->crypt->library, key, NULL);
	bool ok = derive != NULL && EVP_PKEY_derive_init(derive) == 1 && x25519_multiply(derive, s->crypt->x25519_base, out);

	assert(ok);
	EVP_PKEY_free(key); /* the context holds it */
	s->state = derive;
	return X25519_BYTES;
}

/* The all-zero secret of a point of small order is refused (RFC 7748, 6.1; RFC 8446, 7.4.2): by libcrypto, and by us. */
static size_t x25519_finish(const struct crypt_share *s, struct bytes theirs, uint8_t *secret)
{
	static const uint8_t zeroes[X25519_BYTES];

	if (theirs.len != X25519_BYTES) return 0;
	EVP_PKEY *peer = s->crypt->x25519_peer;
	bool ok = EVP_PKEY_set1_encoded_public_key(peer, theirs.at, theirs.len) == 1 && x25519_multiply(s->state, peer, secret) &&
	          !crypt_equal((struct bytes){ secret, X25519_BYTES }, (struct bytes){ zeroes, X25519_BYTES });
	return ok ? X25519_BYTES : 0;
}

/* --- X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem): ML-KEM's part first, then X25519's ---
 * The client's share is a key to encapsulate to, the server's what was encapsulated. `state` is X25519's; ML-KEM's
 * private key is made again from its seed. */

struct hybrid { EVP_PKEY_CTX *x25519; EVP_PKEY *mlkem; };

static EVP_PKEY *mlkem_make(struct crypt *c, struct rng *rng)
{
	uint8_t seed[MLKEM_SEED_BYTES];
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(c->library, "ML-KEM-768", NULL);

	rng_fill(rng, (struct room){ seed, sizeof seed });
	OSSL_PARAM params[] = { OSSL_PARAM_octet_string("seed", seed, sizeof seed), OSSL_PARAM_END };
	if (make == NULL || EVP_PKEY_keygen_init(make) != 1 || EVP_PKEY_CTX_set_params(make, params) != 1 ||
	    EVP_PKEY_generate(make, &key) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(make);
	crypt_wipe(seed, sizeof seed);
	return key;
}

static size_t hybrid_make(struct crypt_share *s, struct rng *rng, uint8_t *out)
{
	struct hybrid *h = OPENSSL_zalloc(sizeof *h);
	size_t n = MLKEM_PUBLIC_BYTES;

	assert(h != NULL);
	h->mlkem = mlkem_make(s->crypt, rng);
	bool ok = h->mlkem != NULL && EVP_PKEY_get_raw_public_key(h->mlkem, out, &n) == 1 && n == MLKEM_PUBLIC_BYTES;
	assert(ok);
	n += x25519_make(s, rng, out + n);
	h->x25519 = s->state;
	s->state = h;
	return n;
}

static bool mlkem_open(struct crypt *c, EVP_PKEY *key, const uint8_t *sealed, uint8_t *secret)
{
	EVP_PKEY_CTX *open = EVP_PKEY_CTX_new_from_pkey(c->library, key, NULL);
	size_t n = MLKEM_SECRET_BYTES;
	bool ok = open != NULL && EVP_PKEY_decapsulate_init(open, NULL) == 1 &&
	          EVP_PKEY_decapsulate(open, secret, &n, sealed, MLKEM_SEALED_BYTES) == 1 && n == MLKEM_SECRET_BYTES;
	EVP_PKEY_CTX_free(open);
	return ok;
}

static size_t hybrid_finish(const struct crypt_share *s, struct bytes theirs, uint8_t *secret)
{
	const struct hybrid *h = s->state;
	struct crypt_share x25519 = *s;

	x25519.state = h->x25519;
	if (theirs.len != MLKEM_SEALED_BYTES + X25519_BYTES) return 0;
	bool ok = mlkem_open(s->crypt, h->mlkem, theirs.at, secret) &&
	          x25519_finish(&x25519, bytes_skip(theirs, MLKEM_SEALED_BYTES), secret + MLKEM_SECRET_BYTES) > 0;
	crypt_wipe(&x25519, sizeof x25519);
	return ok ? MLKEM_SECRET_BYTES + X25519_BYTES : 0;
}

static bool mlkem_seal(struct crypt *c, struct rng *rng, struct bytes theirs, uint8_t *sealed, uint8_t *secret)
{
	uint8_t chance[MLKEM_SECRET_BYTES];
	size_t sealed_len = MLKEM_SEALED_BYTES, secret_len = MLKEM_SECRET_BYTES;
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key_ex(c->library, "ML-KEM-768", NULL, theirs.at, theirs.len);
	EVP_PKEY_CTX *seal = key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(c->library, key, NULL);

	rng_fill(rng, (struct room){ chance, sizeof chance });
	OSSL_PARAM params[] = { OSSL_PARAM_octet_string("ikme", chance, sizeof chance), OSSL_PARAM_END };
	bool ok = seal != NULL && EVP_PKEY_encapsulate_init(seal, params) == 1 &&
	          EVP_PKEY_encapsulate(seal, sealed, &sealed_len, secret, &secret_len) == 1 &&
	          sealed_len == MLKEM_SEALED_BYTES && secret_len == MLKEM_SECRET_BYTES;
	EVP_PKEY_CTX_free(seal);
	EVP_PKEY_free(key);
	crypt_wipe(chance, sizeof chance);
	return ok;
}

static size_t hybrid_answer(struct crypt *c, struct rng *rng, struct bytes theirs, uint8_t *out, size_t *out_len,
                            uint8_t *secret)
{
	struct crypt_share x25519 = { .crypt = c, .group = CRYPT_X25519 };

	if (theirs.len != MLKEM_PUBLIC_BYTES + X25519_BYTES) return 0;
	if (!mlkem_seal(c, rng, bytes_first(theirs, MLKEM_PUBLIC_BYTES), out, secret)) return 0;
	*out_len = MLKEM_SEALED_BYTES + x25519_make(&x25519, rng, out + MLKEM_SEALED_BYTES);
	size_t n = x25519_finish(&x25519, bytes_skip(theirs, MLKEM_PUBLIC_BYTES), secret + MLKEM_SECRET_BYTES);
	crypt_share_end(&x25519);
	return n > 0 ? MLKEM_SECRET_BYTES + n : 0;
}

/* --- all of them --- */

size_t crypt_share_make(struct crypt_share *s, struct crypt *c, unsigned group, struct rng *rng, uint8_t *out)
{
	assert(crypt_group_known(c, group));
	*s = (struct crypt_share){ .crypt = c, .group = group };
	switch (group) {
	case CRYPT_X25519: return x25519_make(s, rng, out);
	case CRYPT_X25519MLKEM768: return hybrid_make(s, rng, out);
	default: return curve_make(s, rng, out);
	}
}

static size_t finish(struct crypt_share *s, struct bytes theirs, uint8_t *secret)
{
	switch (s->group) {
	case CRYPT_X25519: return x25519_finish(s, theirs, secret);
	case CRYPT_X25519MLKEM768: return hybrid_finish(s, theirs, secret);
	default: return curve_finish(s, theirs, secret);
	}
}

static size_t refused(uint8_t *secret)
{
	crypt_wipe(secret, CRYPT_SECRET_MAX);
	ERR_clear_error();
	return 0;
}

size_t crypt_share_finish(struct crypt_share *s, struct bytes theirs, uint8_t secret[CRYPT_SECRET_MAX])
{
	size_t n = finish(s, theirs, secret);
	return n > 0 ? n : refused(secret);
}

void crypt_share_end(struct crypt_share *s)
{
	if (s->group == CRYPT_X25519MLKEM768 && s->state != NULL) {
		struct hybrid *h = s->state;
		EVP_PKEY_CTX_free(h->x25519);
		EVP_PKEY_free(h->mlkem);
		OPENSSL_free(h);
	} else {
		EVP_PKEY_CTX_free(s->state);
	}
	crypt_wipe(s, sizeof *s);
}

size_t crypt_share_answer(struct crypt *c, unsigned group, struct rng *rng, struct bytes theirs, uint8_t *out, size_t *out_len,
                          uint8_t secret[CRYPT_SECRET_MAX])
{
	struct crypt_share s;
	size_t n;

	if (group == CRYPT_X25519MLKEM768) {
		n = hybrid_answer(c, rng, theirs, out, out_len, secret);
	} else {
		*out_len = crypt_share_make(&s, c, group, rng, out);
		n = finish(&s, theirs, secret);
		crypt_share_end(&s);
	}
	return n > 0 ? n : refused(secret);
}
