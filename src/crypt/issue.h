/* SPDX-License-Identifier: ISC */
/* issue.h - a private certificate authority: makes roots, certificates, revocation lists and OCSP responses, for labs and tests.
 *
 *     n = issue_certificate(c, &(struct issue){ .common_name = "Lab CA", .ca = true, .key = root_key,
 *                                               .not_before = from, .not_after = until }, room, &why);
 *     n = issue_certificate(c, &(struct issue){ .common_name = "www.example.com", .names = names, .names_count = 1, .key = key,
 *             .issuer_key = root_key, .issuer_der = root, .not_before = from, .not_after = until }, room, &why);
 *
 * All chance is the context's, and dates are given: the same seed makes the same certificates (with Ed25519 and, through
 * the lent generator, with ECDSA and RSA too).
 */
#ifndef TULLE_CRYPT_ISSUE_H
#define TULLE_CRYPT_ISSUE_H

#include "crypt/x509.h"

#define ISSUE_COMMON_NAME_MAX 64 /* RFC 5280, A.1 */

enum issue_part { /* the extensions that are put in unless `without` says no */
	ISSUE_BASIC_CONSTRAINTS = 1, ISSUE_KEY_USAGE = 2, ISSUE_PURPOSES = 4, ISSUE_NAMES = 8, ISSUE_SUBJECT_KEY = 16,
	ISSUE_AUTHORITY_KEY = 32,
};
struct issue_extension { const char *oid; bool critical; struct bytes value; };

struct issue {
	const char *common_name;                       /* NULL: the subject is empty */
	const char *const *names; size_t names_count;  /* DNS names and IP addresses, as text; "email:..." and "uri:..." too */
	int64_t not_before, not_after;                 /* seconds since 1970 */
	bool ca;
	bool path_limited; unsigned path_max;          /* a CA's: CAs allowed below it */
	const char *const *permitted; size_t permitted_count; /* a CA's name constraints: "example.com", "10.0.0.0/8", "email:..." */
	const char *const *excluded; size_t excluded_count;
	bool must_staple;                              /* RFC 7633 */
	enum x509_peer peer; bool both_purposes;
	const struct crypt_key *key;                   /* the subject's */
	const struct crypt_key *issuer_key; struct bytes issuer_der; /* none: it signs itself */

	/* for tests of what must be refused */
	unsigned version;                              /* 0: 3; 1 has no extensions */
	struct bytes serial;                           /* an INTEGER's content; empty: drawn */
	const char *hash;                              /* to sign with, "SHA1"; NULL: one that suits the key */
	unsigned without;                              /* a set of ISSUE_... */
	const struct issue_extension *extra; size_t extra_count;
	struct bytes subject, issuer_name;             /* whole Names in DER, in place of those above */
	struct bytes spki;                             /* in place of the key's own */
	bool generalized_time;                         /* before 2050 too */
	const char *inner_hash;                        /* the algorithm named inside is another one */
};
/* DER into `room`; its length, or 0: no room, or a name that is none (`why`). */
size_t issue_certificate(struct crypt *, const struct issue *, struct room, struct text *why);
size_t issue_pem(struct bytes der, const char *label, struct room); /* "CERTIFICATE"; 0: no room */

/* A revocation list (RFC 5280, 5). */
struct issue_crl {
	const struct crypt_key *issuer_key; struct bytes issuer_der;
	const struct bytes *revoked; size_t revoked_count; /* certificates, DER */
	int64_t this_update, next_update;                  /* next_update 0: none is said */
	unsigned number;
};
size_t issue_crl(struct crypt *, const struct issue_crl *, struct room);

/* An OCSP response (RFC 6960) about one certificate. */
enum issue_status { ISSUE_GOOD, ISSUE_REVOKED, ISSUE_UNKNOWN };
struct issue_ocsp {
	struct bytes certificate, issuer_der;
	const struct crypt_key *key; struct bytes responder_der; /* whoever signs; its certificate, put in unless it is the issuer's (empty) */
	enum issue_status status; int64_t revoked_at;
	int64_t this_update, next_update;                        /* next_update 0: none is said */
	bool sha256;                                             /* the certificate is named by SHA-256, not SHA-1 */
	unsigned response_status;                                /* 0: successful; 3: tryLater */
	const char *hash;
};
size_t issue_ocsp(struct crypt *, const struct issue_ocsp *, struct room);

#endif
