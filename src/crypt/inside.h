/* SPDX-License-Identifier: ISC */
/* inside.h - what the parts of this room share; it shows libcrypto's types, so nobody outside crypt/ includes it.
 *
 * Where libcrypto's newer interface (EVP) pays in every call for what it looks up, the older one that it
 * is built on is used: hashes, elliptic curves. Those calls are marked as deprecated in 3.0, but not removed.
 */
#ifndef TULLE_CRYPT_INSIDE_H
#define TULLE_CRYPT_INSIDE_H

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "crypt/aead.h"
#include "crypt/hash.h"
#include "crypt/key.h"

#define CRYPT_SEEN_MAX 16
#define CRYPT_SEEN_BYTES_MAX 4096

struct crypt {
	OSSL_LIB_CTX *library; /* its own: what is fetched and drawn in here is nobody else's */
	struct rng *rng;       /* lent: what libcrypto's random generator in `library` draws from */
	OSSL_PROVIDER *chance; /* chance.c: hands `rng` to libcrypto */
	OSSL_PROVIDER *standard;
	EVP_MD *digests[CRYPT_HASHES];
	EVP_CIPHER *ciphers[CRYPT_AEADS];
	EC_GROUP *p256, *p384;
	EVP_PKEY *x25519_base; /* the point 9, as if it were a peer's */
	bool has_mlkem;
	EVP_PKEY_CTX *x25519_make;             /* ready to make keys of bytes */
	EVP_PKEY *x25519_peer;                 /* its point is set anew each time */
	struct crypt_hkdf no_salt[CRYPT_HASHES];
	struct crypt_seen { struct bytes der; X509 *x509; } seen[CRYPT_SEEN_MAX]; /* x509_seen.c; both owned */
	unsigned seen_next;
};

struct crypt_key {
	struct crypt *crypt;
	EVP_PKEY *pkey;        /* owned; NULL for a public key of ECDSA */
	EC_KEY *ec;            /* the same, for ECDSA; else NULL */
	enum crypt_key_kind kind;
	bool is_private;
};

/* chance.c: False: this libcrypto does not take a generator of ours. */
bool crypt_chance_open(struct crypt *);

void x509_seen_forget(struct crypt *);

/* key.c: takes the EVP_PKEY over, in any case; NULL: it is of a kind, or of a size, that we do not use. */
struct crypt_key *crypt_key_wrap(struct crypt *, EVP_PKEY *, bool is_private);
/* key_spki.c: its SubjectPublicKeyInfo, in memory of libcrypto's; the length, or less than 1. */
int crypt_key_spki(const struct crypt_key *, unsigned char **der);

#endif
