/* SPDX-License-Identifier: ISC */
/* issue.h - a private certificate authority: makes roots and certificates, for labs and tests.
 *
 * All chance is the context's, and dates are given: the same seed makes the same certificates (with Ed25519 and, through
 * the lent generator, with ECDSA and RSA too).
 */
#ifndef TULLE_CRYPT_ISSUE_H
#define TULLE_CRYPT_ISSUE_H

#include "crypt/x509.h"

struct issue {
	const char *common_name;
	const char *const *names; size_t names_count;  /* DNS names and IP addresses, as text */
	int64_t not_before, not_after;                 /* seconds since 1970 */
	bool ca;
	enum x509_peer peer; bool both_purposes;
	const struct crypt_key *key;                   /* the subject's */
	const struct crypt_key *issuer_key; struct bytes issuer_der; /* none: it signs itself */
	/* the rest is for tests of what must be refused; see issue.c */
};
/* DER into `room`; its length, or 0: no room or a name that is none (`why`). */
size_t issue_certificate(struct crypt *, const struct issue *, struct room, struct text *why);
size_t issue_pem(struct bytes der, const char *label, struct room); /* "CERTIFICATE" */

#endif
