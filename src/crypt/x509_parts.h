/* SPDX-License-Identifier: ISC */
/* x509_parts.h - what the parts of x509.h share; nobody outside crypt/ includes it.
 *
 *     x509_read.c      a certificate's DER into the struct below, strictly; its names in words
 *     x509_trust.c     roots and revocation lists, from PEM
 *     x509_seen.c      certificates seen lately, so that they are not read again
 *     x509_words.c     names, dates and refusals for people
 *     x509_algorithm.c kinds of keys and of signatures
 *     x509_verify.c    libcrypto's path, its errors in words
 *     x509_ordinary.c  the path of most chains, for which libcrypto is not needed
 *     x509_rules.c     RFC 5280's profile, certificate by certificate, where libcrypto is lax
 *     x509_names.c     RFC 9525: is the certificate for the name that was asked
 *     x509_limits.c    name constraints (RFC 5280, 4.2.1.10)
 *     x509_ocsp.c      stapled responses (RFC 6960)
 *     x509_describe.c  a certificate for people; x509.c: one's own chain, public keys
 */
#ifndef TULLE_CRYPT_X509_PARTS_H
#define TULLE_CRYPT_X509_PARTS_H

#include <openssl/x509.h>

#include "crypt/der.h"
#include "crypt/inside.h"
#include "crypt/x509.h"

enum x509_extension {
	X509_BASIC_CONSTRAINTS, X509_KEY_USAGE, X509_EXTENDED_KEY_USAGE, X509_SUBJECT_NAMES, X509_NAME_CONSTRAINTS,
	X509_SUBJECT_KEY, X509_AUTHORITY_KEY, X509_POLICIES, X509_POLICY_MAPPINGS, X509_POLICY_CONSTRAINTS,
	X509_INHIBIT_ANY_POLICY, X509_ISSUER_NAMES, X509_CRL_POINTS, X509_AUTHORITY_ACCESS, X509_TLS_FEATURE, X509_OCSP_NOCHECK,
	X509_TIMESTAMPS,
};
#define X509_KNOWN_EXTENSIONS (X509_TIMESTAMPS + 1)
#define X509_EXTENSIONS_MAX 64  /* in one certificate */

enum { /* key usage, by RFC 5280's bit numbers */
	X509_USE_SIGN = 1 << 0, X509_USE_ENCIPHER = 1 << 2, X509_USE_AGREE = 1 << 4, X509_USE_CERTIFY = 1 << 5,
	X509_USE_LISTS = 1 << 6,
};

struct x509_certificate { /* views into its DER */
	struct bytes der, tbs, serial, algorithm, issuer, subject, spki, signature; /* whole elements but serial and signature */
	unsigned version;                      /* 1, 2, 3 */
	struct der from, until;
	int64_t not_before, not_after;
	struct bytes value[X509_KNOWN_EXTENSIONS];   /* an extension's own DER */
	uint32_t has, critical;                /* bits 1 << X509_... */
	struct bytes unknown_critical;         /* the OID of a critical extension that we do not know; empty: none */
	bool has_unknown;                      /* an extension that we do not know, critical or not */
	bool ca, path_limited;
	unsigned path_max, key_usage;
};
static inline bool x509_has(const struct x509_certificate *c, enum x509_extension e) { return c->has >> e & 1; }
static inline bool x509_critical(const struct x509_certificate *c, enum x509_extension e) { return c->critical >> e & 1; }
static inline bool x509_self_issued(const struct x509_certificate *c) { return bytes_equal(c->issuer, c->subject); }

bool x509_read(struct bytes der, struct x509_certificate *, const char **wrong);
const char *x509_extension_name(enum x509_extension); /* "subjectAltName" */
bool x509_lists_purpose(const struct x509_certificate *, const char *dotted, bool any); /* in the extended key usage */

/* "CN=www.example.com", or all of a name that has no common name; bytes that are no text come as dots. */
void x509_name_words(struct bytes name, struct text *);
void x509_name_words_all(struct bytes name, struct text *);
void x509_title(const struct x509_certificate *, struct text *); /* the subject, or its first other name */
void x509_date_words(int64_t seconds, struct text *);            /* "2026-11-20 12:00:00 UTC" */
void x509_span_words(int64_t seconds, struct text *);            /* "3 days" */
void x509_oid_words(struct bytes oid_body, struct text *);       /* "1.3.6.1.5.5.7.3.1" */
void x509_put_safe(struct text *, struct bytes);                 /* what is not printable ASCII, as dots */

/* One GeneralName: its number, and the content: text of 1, 2 and 6, bytes of 7, a Name (whole) of 4. */
struct x509_general_name { unsigned kind; struct bytes value; };
enum { X509_NAME_OTHER = 0, X509_NAME_EMAIL = 1, X509_NAME_DNS = 2, X509_NAME_DIRECTORY = 4, X509_NAME_URI = 6, X509_NAME_IP = 7 };
bool x509_next_general_name(struct bytes *rest, struct x509_general_name *);
void x509_general_name_words(const struct x509_general_name *, struct text *);

/* The answer "no", as a sentence about one certificate (NULL: about none); returns false. */
bool x509_refuse(struct x509_answer *, enum x509_why, unsigned depth, const struct x509_certificate *, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* A path: the leaf first, the trusted root last. */
struct x509_path { const struct x509_certificate *at[X509_CHAIN_MAX + 2]; size_t count; };
/* x509_ordinary.c: the path when nothing is unusual about it, its signatures verified; false: libcrypto is to look for one. */
bool x509_ordinary_path(const struct x509_trust *, const struct x509_certificate *sent, size_t count, struct x509_path *);
bool x509_rules_check(const struct x509_path *, const struct x509_ask *, struct x509_answer *);
bool x509_names_check(const struct x509_certificate *, const struct x509_ask *, struct x509_answer *);
bool x509_limits_check(const struct x509_path *, struct x509_answer *);
bool x509_ocsp_look(const struct x509_path *, const struct x509_trust *, const struct x509_ask *, struct x509_answer *);

bool x509_dns_name_good(struct bytes name, bool wildcard_allowed); /* labels of letters, digits, hyphens, underscores */
bool x509_bytes_alike(struct bytes, struct bytes);                 /* equal but for the case of ASCII letters */

/* A signature as certificates, revocation lists and responses carry it. */
bool x509_signature_good(struct crypt *, EVP_PKEY *, struct bytes algorithm, struct bytes signed_bytes, struct bytes signature);

enum x509_key_family { X509_KEY_UNKNOWN, X509_KEY_EC, X509_KEY_ED, X509_KEY_RSA };
struct x509_key_facts { const char *name; enum x509_key_family family; unsigned bits; struct bytes point; };
bool x509_key_facts(struct bytes spki, struct x509_key_facts *); /* false: it is broken; of a kind that we do not know: UNKNOWN */

unsigned x509_algorithm_scheme(struct bytes algorithm, enum crypt_key_kind); /* for crypt_verify; 0: none of its */
const char *x509_algorithm_name(struct bytes algorithm, bool *weak); /* "ecdsa-with-SHA256"; NULL: not known */

/* A PEM file, block by block; `der`, `label` and `line`, where it begins, are good until the next. */
struct x509_pem { struct bytes rest; unsigned char *der; long len; char label[40]; unsigned line, lines; bool good; };
struct x509_pem x509_pem_of(struct bytes);
bool x509_next_pem(struct x509_pem *, struct text *why); /* false: the end, or, with `good` false, a broken block */
void x509_pem_end(struct x509_pem *);
X509 *x509_from_der(struct crypt *, struct bytes der);   /* NULL: libcrypto cannot read it */
X509 *x509_from_der_seen(struct crypt *, struct bytes der); /* the same, from those seen lately if it is among them */

struct x509_root {
	X509 *x509;
	struct bytes der;
	struct x509_certificate certificate; bool readable; /* by x509_read */
	struct crypt_key *key; bool key_tried;              /* made when it is wanted first; NULL: of a kind that we do not use */
};
struct x509_trust {
	struct crypt *crypt;
	X509_STORE *store;
	struct x509_root *roots;
	size_t count, size;
	size_t crls_count;
};

#endif
