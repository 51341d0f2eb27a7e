/* SPDX-License-Identifier: ISC */
/* crypt.h - the mathematics, libcrypto's: what all of this room's parts share.
 *
 *     struct crypt *c = crypt_open(&rng);     // NULL: this libcrypto lacks something; crypt_why says what
 *     ... hash.h aead.h share.h key.h x509.h issue.h ...
 *     crypt_close(c);
 *
 * This room alone includes openssl/. A `struct crypt` is a library context of its own in which every algorithm was
 * fetched once, at the start (an implicit fetch at each use costs three times as much). One a thread; whatever was
 * made with it must be gone before it. Memory inside is libcrypto's, which allocates; all else is lent.
 *
 * Chance is lent here too: every random number libcrypto draws in this context - keys, ECDSA's nonces, PSS's salts -
 * comes from the rng given to crypt_open, so that a lab is replayed exactly. The rng must outlive it.
 *
 * Numbers of groups and signature schemes are IANA's TLS numbers, so that nobody translates.
 */
#ifndef TULLE_CRYPT_CRYPT_H
#define TULLE_CRYPT_CRYPT_H

#include "base/bytes.h"
#include "base/chance.h"
#include "base/text.h"

struct crypt;

struct crypt *crypt_open(struct rng *);
void crypt_close(struct crypt *); /* NULL is harmless */
const char *crypt_why(void);      /* why the last crypt_open failed, in words */
const char *crypt_version(void);  /* "OpenSSL 3.0.19 27 Jan 2026" */

/* In time that does not depend on where they differ. */
bool crypt_equal(struct bytes, struct bytes);

/* Overwrites, and is not optimised away. */
void crypt_wipe(void *, size_t);

#endif
