/* SPDX-License-Identifier: ISC */
/* key.h - keys that sign: read, made, used to sign and to verify. ECDSA (P-256, P-384), Ed25519, RSA (PSS, PKCS1).
 */
#ifndef TULLE_CRYPT_KEY_H
#define TULLE_CRYPT_KEY_H

#include "crypt/crypt.h"

enum crypt_scheme { /* IANA: TLS SignatureScheme */
	CRYPT_RSA_PKCS1_SHA256 = 0x0401, CRYPT_RSA_PKCS1_SHA384 = 0x0501, CRYPT_RSA_PKCS1_SHA512 = 0x0601,
	CRYPT_ECDSA_SECP256R1_SHA256 = 0x0403, CRYPT_ECDSA_SECP384R1_SHA384 = 0x0503,
	CRYPT_RSA_PSS_RSAE_SHA256 = 0x0804, CRYPT_RSA_PSS_RSAE_SHA384 = 0x0805, CRYPT_RSA_PSS_RSAE_SHA512 = 0x0806,
	CRYPT_ED25519 = 0x0807,
	CRYPT_RSA_PSS_PSS_SHA256 = 0x0809, CRYPT_RSA_PSS_PSS_SHA384 = 0x080a, CRYPT_RSA_PSS_PSS_SHA512 = 0x080b,
};
#define CRYPT_ANY_CURVE 0x10000u /* added to an ECDSA scheme: its hash, with a key on either curve, as in TLS 1.2; else it says nothing */
enum crypt_key_kind { CRYPT_KEY_P256, CRYPT_KEY_P384, CRYPT_KEY_ED25519, CRYPT_KEY_RSA, CRYPT_KEY_RSA_PSS };
#define CRYPT_KEY_KINDS (CRYPT_KEY_RSA_PSS + 1)
#define CRYPT_SIGNATURE_MAX 1024 /* bytes: RSA of 8192 bits */
#define CRYPT_RSA_BITS_MIN 2048
#define CRYPT_RSA_BITS_MAX 8192

struct crypt_key; /* private (it signs and verifies) or public (it verifies) */

/* A private key in PEM (PKCS#8, SEC1, PKCS#1), not encrypted. NULL: `why` says what is wrong in it. */
struct crypt_key *crypt_key_read(struct crypt *, struct bytes pem, struct text *why);
/* The same, but RSA from 1024 bits on: for the traces of RFC 8448, whose key is that small. Not for keys in use. */
struct crypt_key *crypt_key_read_weak(struct crypt *, struct bytes pem, struct text *why);
struct crypt_key *crypt_key_make(struct crypt *, enum crypt_key_kind); /* P-256, P-384, Ed25519, RSA of 2048 bits */
struct crypt_key *crypt_key_from_spki(struct crypt *, struct bytes der); /* NULL: not a key we know; small RSA is taken: x509 judges */
size_t crypt_key_write(const struct crypt_key *, struct room pem);     /* PKCS#8; 0: no room */
void crypt_key_end(struct crypt_key *);                                /* wipes; NULL is harmless */

enum crypt_key_kind crypt_key_kind(const struct crypt_key *);
unsigned crypt_key_bits(const struct crypt_key *);
bool crypt_key_matches(const struct crypt_key *, const struct crypt_key *); /* the same public key */
bool crypt_key_fits(const struct crypt_key *, unsigned scheme);             /* this key can sign or verify by it */
bool crypt_scheme_known(unsigned scheme);
const char *crypt_key_kind_name(enum crypt_key_kind);                       /* "ECDSA P-256" */

/* The signature's length; 0: the key does not fit the scheme, or libcrypto refused. `out` has CRYPT_SIGNATURE_MAX bytes.
 * The message is given in parts, one after another. */
size_t crypt_sign(const struct crypt_key *, unsigned scheme, const struct bytes *parts, size_t count, uint8_t *out);
bool crypt_verify(const struct crypt_key *, unsigned scheme, const struct bytes *parts, size_t count, struct bytes signature);

#endif
