/* SPDX-License-Identifier: ISC */
/* hash.h - hashes (FIPS 180-4), HMAC (RFC 2104) and HKDF (RFC 5869).
 *
 *     struct crypt_digest d;
 *     crypt_digest_start(&d, c, CRYPT_SHA256);
 *     crypt_digest_add(&d, bytes);
 *     crypt_digest_peek(&d, out);      // of all so far; it goes on
 *     crypt_digest_end(&d);            // once for each start; wipes it
 */
#ifndef TULLE_CRYPT_HASH_H
#define TULLE_CRYPT_HASH_H

#include "crypt/crypt.h"

enum crypt_hash { CRYPT_SHA256, CRYPT_SHA384, CRYPT_SHA512, CRYPT_SHA1 /* OCSP's names of certificates only */ };
#define CRYPT_HASHES (CRYPT_SHA1 + 1)
#define CRYPT_HASH_MAX 64 /* bytes */
#define CRYPT_DIGEST_STATE_BYTES 216

size_t crypt_hash_len(enum crypt_hash); /* 32, 48, 64, 20 */
void crypt_hash(struct crypt *, enum crypt_hash, struct bytes, uint8_t *out);

/* A hash that is still being fed. It lies wholly in the struct, may be moved, and is copied by crypt_digest_copy. */
struct crypt_digest { struct crypt *crypt; enum crypt_hash hash; bool started; uint64_t state[CRYPT_DIGEST_STATE_BYTES / 8]; };
void crypt_digest_start(struct crypt_digest *, struct crypt *, enum crypt_hash);
void crypt_digest_add(struct crypt_digest *, struct bytes);
void crypt_digest_peek(const struct crypt_digest *, uint8_t *out);
void crypt_digest_copy(struct crypt_digest *to, const struct crypt_digest *from); /* `to` is not started */
void crypt_digest_end(struct crypt_digest *); /* harmless on zeroes and when ended */

/* HMAC of the parts, one after another. */
void crypt_hmac(struct crypt *, enum crypt_hash, struct bytes key, const struct bytes *parts, size_t count, uint8_t *out);

void crypt_hkdf_extract(struct crypt *, enum crypt_hash, struct bytes salt, struct bytes ikm, uint8_t *prk);
void crypt_hkdf_expand(struct crypt *, enum crypt_hash, struct bytes prk, struct bytes info, struct room out);

/* The same for several infos under one key: what depends on the key alone is computed once. */
struct crypt_hkdf { struct crypt_digest inner, outer; };
void crypt_hkdf_start(struct crypt_hkdf *, struct crypt *, enum crypt_hash, struct bytes prk);
void crypt_hkdf_next(const struct crypt_hkdf *, struct bytes info, struct room out);
void crypt_hkdf_end(struct crypt_hkdf *); /* wipes */

#endif
