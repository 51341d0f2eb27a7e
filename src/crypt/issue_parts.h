/* SPDX-License-Identifier: ISC */
/* issue_parts.h - what issue.c and issue_status.c share. */
#ifndef TULLE_CRYPT_ISSUE_PARTS_H
#define TULLE_CRYPT_ISSUE_PARTS_H

#include "crypt/issue.h"
#include "crypt/x509_parts.h"

void issue_put_algorithm(struct der_writer *, const struct crypt_key *, const char *hash); /* hash NULL: what suits the key */
/* The algorithm and the BIT STRING behind what is signed: the bytes from `mark` on. False: libcrypto refused. */
bool issue_sign(struct crypt *, const struct crypt_key *, const char *hash, struct der_writer *, size_t mark);
void issue_put_spki(struct der_writer *, const struct crypt_key *);
/* 160 bits of a public key's SHA-256 (RFC 7093, 2), or its SHA-1, from a SubjectPublicKeyInfo. */
void issue_key_name(struct crypt *, struct bytes spki, const char *hash, uint8_t out[32]);

#endif
