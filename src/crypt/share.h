/* SPDX-License-Identifier: ISC */
/* share.h - a secret agreed in public: X25519 (RFC 7748), ECDH on P-256 and P-384, and the hybrid with ML-KEM-768.
 *
 *     one side                                         the other
 *     crypt_share_make(&s, c, group, rng, public) -->  crypt_share_answer(c, group, rng, theirs, public, secret)
 *     crypt_share_finish(&s, theirs, secret)      <--
 *
 * For a Diffie-Hellman group `answer` is make and finish in one. Private keys are drawn from the lent rng. A peer's
 * point that is not on the curve, and an all-zero secret of X25519, are refused.
 *
 * A private key is drawn as plain bytes: 32 for X25519 and P-256, 48 for P-384 (again if it is 0 or not below the
 * curve's order), 64 and 32 for the hybrid. So a test can script it: put the bytes at the end of the open `struct rng`'s
 * stream, r.used = sizeof r.stream - n, and the next n bytes drawn are those (RFC 8448's traces). Signatures' chance comes
 * from the rng of crypt_open instead, which may be another one; what RSA-PSS draws first is its salt, a hash's length.
 */
#ifndef TULLE_CRYPT_SHARE_H
#define TULLE_CRYPT_SHARE_H

#include "crypt/crypt.h"

enum crypt_group { /* IANA: TLS Supported Groups */
	CRYPT_SECP256R1 = 0x0017, CRYPT_SECP384R1 = 0x0018, CRYPT_X25519 = 0x001d, CRYPT_X25519MLKEM768 = 0x11ec,
};
#define CRYPT_PUBLIC_MAX 1216 /* bytes: the hybrid's, 1184 + 32 */
#define CRYPT_SECRET_MAX 64

bool crypt_group_known(const struct crypt *, unsigned group); /* this libcrypto can do it */
const char *crypt_group_why_not(const struct crypt *, unsigned group); /* NULL if known; else why, in words */

struct crypt_share { struct crypt *crypt; unsigned group; void *state; uint8_t private_key[48]; };

/* Returns the length of what was written to `out`, which has CRYPT_PUBLIC_MAX bytes. The group is known. */
size_t crypt_share_make(struct crypt_share *, struct crypt *, unsigned group, struct rng *, uint8_t *out);
/* The secret's length; 0: what the peer sent is not a public key of this group. */
size_t crypt_share_finish(struct crypt_share *, struct bytes theirs, uint8_t secret[CRYPT_SECRET_MAX]);
void crypt_share_end(struct crypt_share *); /* wipes; harmless on zeroes and when ended */

/* Returns the secret's length, or 0 as above; *out_len is set with it. */
size_t crypt_share_answer(struct crypt *, unsigned group, struct rng *, struct bytes theirs, uint8_t *out, size_t *out_len,
                          uint8_t secret[CRYPT_SECRET_MAX]);

#endif
