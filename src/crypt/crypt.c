/* SPDX-License-Identifier: ISC */
#include "crypt/inside.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

static const char *const digest_names[CRYPT_HASHES] = { "SHA2-256", "SHA2-384", "SHA2-512", "SHA1" };
static const char *const cipher_names[CRYPT_AEADS] = { "AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305" };

static bool fetch(struct crypt *c)
{
	for (int i = 0; i < CRYPT_HASHES; i++)
		if ((c->digests[i] = EVP_MD_fetch(c->library, digest_names[i], NULL)) == NULL) return false;
	for (int i = 0; i < CRYPT_AEADS; i++)
		if ((c->ciphers[i] = EVP_CIPHER_fetch(c->library, cipher_names[i], NULL)) == NULL) return false;
	return true;
}

static bool have_groups(struct crypt *c)
{
	static const uint8_t base[32] = { 9 };
	EVP_KEYMGMT *kem = EVP_KEYMGMT_fetch(c->library, "ML-KEM-768", NULL);

	c->has_mlkem = kem != NULL;
	EVP_KEYMGMT_free(kem);
	c->p256 = EC_GROUP_new_by_curve_name_ex(c->library, NULL, NID_X9_62_prime256v1);
	c->p384 = EC_GROUP_new_by_curve_name_ex(c->library, NULL, NID_secp384r1);
	c->x25519_base = EVP_PKEY_new_raw_public_key_ex(c->library, "X25519", NULL, base, sizeof base);
	c->x25519_make = EVP_PKEY_CTX_new_from_name(c->library, "X25519", NULL);
	c->x25519_peer = EVP_PKEY_new_raw_public_key_ex(c->library, "X25519", NULL, base, sizeof base);
	return c->p256 != NULL && c->p384 != NULL && c->x25519_base != NULL && c->x25519_peer != NULL &&
	       c->x25519_make != NULL && EVP_PKEY_fromdata_init(c->x25519_make) == 1;
}

/* NULL: all is well. */
static const char *set_up(struct crypt *c)
{
	if ((c->library = OSSL_LIB_CTX_new()) == NULL) return "libcrypto cannot make a library context";
	if (!crypt_chance_open(c)) return "libcrypto does not take a random generator that is lent to it (3.0 or later does)";
	if ((c->standard = OSSL_PROVIDER_load(c->library, "default")) == NULL)
		return "libcrypto's default provider cannot be loaded";
	if (!fetch(c)) return "libcrypto lacks one of SHA-1, SHA-2, AES-GCM and ChaCha20-Poly1305";
	for (int i = 0; i < CRYPT_HASHES; i++) crypt_hkdf_start(&c->no_salt[i], c, i, (struct bytes){ NULL, 0 });
	if (!have_groups(c)) return "libcrypto lacks one of the curves X25519, P-256 and P-384";
	return NULL;
}

static void tear_down(struct crypt *c)
{
	x509_seen_forget(c);
	EC_GROUP_free(c->p256);
	EC_GROUP_free(c->p384);
	EVP_PKEY_free(c->x25519_base);
	EVP_PKEY_free(c->x25519_peer);
	EVP_PKEY_CTX_free(c->x25519_make);
	for (int i = 0; i < CRYPT_HASHES; i++) EVP_MD_free(c->digests[i]);
	for (int i = 0; i < CRYPT_AEADS; i++) EVP_CIPHER_free(c->ciphers[i]);
	OSSL_PROVIDER_unload(c->standard);
	OSSL_PROVIDER_unload(c->chance);
	OSSL_LIB_CTX_free(c->library);
	ERR_clear_error();
}

struct crypt *crypt_open(struct rng *rng)
{
	struct crypt *c = OPENSSL_zalloc(sizeof *c);

	if (c == NULL) return NULL;
	c->rng = rng;
	if (set_up(c) != NULL) {
		crypt_close(c);
		return NULL;
	}
	ERR_clear_error();
	return c;
}

void crypt_close(struct crypt *c)
{
	if (c == NULL) return;
	tear_down(c);
	OPENSSL_free(c);
}

/* Nothing is remembered for this question: it is tried again. */
const char *crypt_why(void)
{
	struct rng rng;
	struct crypt c = { .rng = &rng };

	rng_init_number(&rng, 0);
	const char *why = set_up(&c);
	tear_down(&c);
	return why != NULL ? why : "libcrypto had no memory";
}

const char *crypt_version(void) { return OpenSSL_version(OPENSSL_VERSION); }

bool crypt_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0);
}

void crypt_wipe(void *at, size_t n)
{
	if (n > 0) explicit_bzero(at, n); /* as fast as memset, which libcrypto's is not */
}
