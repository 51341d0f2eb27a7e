/* SPDX-License-Identifier: ISC */
/* aead.h - authenticated encryption with associated data (RFC 5116): AES-GCM, ChaCha20-Poly1305 (RFC 8439).
 *
 * A key is set for one direction and used for many messages; the nonce is the caller's and never the same twice.
 */
#ifndef TULLE_CRYPT_AEAD_H
#define TULLE_CRYPT_AEAD_H

#include "crypt/crypt.h"

enum crypt_aead_kind { CRYPT_AES_128_GCM, CRYPT_AES_256_GCM, CRYPT_CHACHA20_POLY1305 };
#define CRYPT_AEADS (CRYPT_CHACHA20_POLY1305 + 1)

#define CRYPT_NONCE_BYTES 12
#define CRYPT_TAG_BYTES 16
#define CRYPT_AEAD_KEY_MAX 32

size_t crypt_aead_key_len(enum crypt_aead_kind); /* 16, 32, 32 */

struct crypt_aead { struct crypt *crypt; enum crypt_aead_kind kind; void *state; }; /* state NULL: no key */
void crypt_aead_seal_key(struct crypt_aead *, struct crypt *, enum crypt_aead_kind, const uint8_t *key);
void crypt_aead_open_key(struct crypt_aead *, struct crypt *, enum crypt_aead_kind, const uint8_t *key);
void crypt_aead_end(struct crypt_aead *); /* wipes; harmless on zeroes and when ended */

/* Seals the parts, one after another, into `out`, which has room for all of them and CRYPT_TAG_BYTES. A part may lie
 * just where its sealed form will. Returns the length. */
size_t crypt_aead_seal(struct crypt_aead *, const uint8_t nonce[CRYPT_NONCE_BYTES], struct bytes ad,
                       const struct bytes *parts, size_t count, uint8_t *out);

/* False (and what is in `out` is worthless and wiped) if the tag is not right. `sealed` is at least CRYPT_TAG_BYTES long;
 * `out` has room for the rest and may be where `sealed` is. */
bool crypt_aead_open(struct crypt_aead *, const uint8_t nonce[CRYPT_NONCE_BYTES], struct bytes ad, struct bytes sealed,
                     uint8_t *out);

#endif
