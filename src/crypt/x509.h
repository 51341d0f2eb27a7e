/* SPDX-License-Identifier: ISC */
/* x509.h - whether a chain of certificates proves who the peer is (RFC 5280, RFC 9525).
 *
 *     struct x509_trust *trust = x509_trust_open(c);
 *     x509_trust_add(trust, pem_of_roots, &why);
 *     x509_verify(trust, &(struct x509_ask){ .chain = ders, .count = n, .name = "a.example", .date = date }, &answer);
 *
 * libcrypto builds and verifies the path with its strict flags; what it forgives is checked here besides: encodings, RFC 5280's
 * profile of every certificate in the path, weak keys and hashes, name constraints; the leaf has a subject alternative name (the
 * common name is never looked at), is version 3 and no CA, its key usage and extended key usage allow TLS, wildcards stand for one
 * whole leftmost label, IP addresses are compared as addresses. An answer says which certificate, what was expected, what was found.
 */
#ifndef TULLE_CRYPT_X509_H
#define TULLE_CRYPT_X509_H

#include "base/address.h"
#include "crypt/key.h"

#define X509_CHAIN_MAX 10      /* certificates a peer may send */
#define X509_WORDS_MAX 240

enum x509_why {
	X509_OK,
	X509_MALFORMED,      /* not a certificate, or one that breaks RFC 5280 */
	X509_EXPIRED, X509_NOT_YET_VALID,
	X509_UNKNOWN_CA,     /* no path to a trusted root */
	X509_BAD_SIGNATURE,
	X509_WRONG_NAME,     /* it is for other names */
	X509_WRONG_PURPOSE,  /* key usage, extended key usage, CA or not */
	X509_NAME_CONSTRAINT,
	X509_IS_REVOKED,
	X509_REVOCATION_UNKNOWN, /* it was asked for and could not be told */
	X509_WEAK,           /* a key too small, a hash too weak */
};
#define X509_WHYS (X509_WEAK + 1)

struct x509_answer {
	enum x509_why why;
	unsigned depth;             /* of the certificate meant: 0 is the leaf */
	char words[X509_WORDS_MAX]; /* "certificate 0 (CN=b.example): is for b.example, asked for a.example" */
};

/* Roots and revocation lists. Once there is a list, each certificate below a root must be covered by one. */
struct x509_trust;
struct x509_trust *x509_trust_open(struct crypt *);
void x509_trust_close(struct x509_trust *);
/* Every certificate of a PEM file; false (and nothing added): `why` says what is wrong in it, and where. */
bool x509_trust_add(struct x509_trust *, struct bytes pem, struct text *why);
bool x509_trust_add_crl(struct x509_trust *, struct bytes pem_or_der, struct text *why);
size_t x509_trust_count(const struct x509_trust *);

enum x509_peer { X509_SERVER, X509_CLIENT }; /* what the certificate must be good for */
struct x509_ask {
	const struct bytes *chain; size_t count; /* DER, the leaf first */
	enum x509_peer peer;
	const char *name;          /* a server's DNS name, or NULL: not checked */
	const struct ip *ip;       /* its address, or NULL */
	int64_t date;              /* seconds since 1970 */
	struct bytes ocsp;         /* a stapled response (DER), or empty */
	bool ocsp_asked;           /* we asked for one: a certificate that says it comes with one (RFC 7633) is held to it */
	bool must_staple;          /* a response is required even if the certificate does not say so */
};
bool x509_verify(const struct x509_trust *, const struct x509_ask *, struct x509_answer *);

/* Whether a stapled OCSP response speaks well of chain[0], issued by chain[1] (RFC 6960). */
bool x509_ocsp_check(const struct x509_trust *, const struct x509_ask *, struct x509_answer *);

/* The public key of a certificate; NULL: it cannot be read, or is of a kind we do not know. */
struct crypt_key *x509_public_key(struct crypt *, struct bytes der);

/* One's own chain, read from PEM: leaf first. The DER lies in `memory` (lent for good). NULL: `why`. */
struct x509_chain { struct bytes der[X509_CHAIN_MAX]; size_t count; };
bool x509_chain_read(struct crypt *, struct bytes pem, struct room *memory, struct x509_chain *, struct text *why);

bool x509_validity(struct bytes der, int64_t *not_before, int64_t *not_after); /* false: it cannot be read */
bool x509_self_signed(struct bytes der);                                        /* it names itself as its issuer */

/* Whether its key usage, if it has one, lets its key sign a handshake (RFC 8446, 4.4.2.2): x509_verify asks that too. */
bool x509_may_sign(struct bytes der);

/* What a certificate says, a line each, for people: subject, names, issuer, validity, key, usages, signature. */
void x509_describe(struct crypt *, struct bytes der, struct text *);

#endif
