/* SPDX-License-Identifier: ISC */
/* authority.h - the lab's certificate authority, and the papers of its hosts.
 *
 *     a = authority_open(scenario, seed, &err);              // NULL: err says which certificate cannot be made
 *     papers_open(&host->papers, a, host->number, &host->rng, &err);
 *     ... env.crypt = host->papers.crypt, env.trust = ..., env.identity = ...
 *     papers_close(&host->papers);
 *     authority_close(a);
 *
 * Everything is made from the seed: the same seed makes the same keys and the same certificates. Each host has a crypt of its
 * own, whose chance is the host's, so that what one host signs does not move what another draws.
 */
#ifndef TULLE_LAB_AUTHORITY_H
#define TULLE_LAB_AUTHORITY_H

#include "lab/scenario.h"
#include "proto/tls/tls.h"

#define AUTHORITY_NAME "Tulle Lab Authority" /* its root's common name */
#define AUTHORITY_PEM_MAX 8192

struct authority;
struct authority *authority_open(const struct scenario *, uint64_t seed, struct text *err);
void authority_close(struct authority *);                  /* NULL is harmless */
struct bytes authority_pem(const struct authority *);       /* its root: whom to trust in this lab */
struct crypt *authority_crypt(const struct authority *);    /* for what needs no chance: to open what was sealed */

struct papers {
	struct crypt *crypt;
	struct rng rng;              /* the crypt's */
	struct x509_trust *trust;    /* the lab's root */
	struct tls_identity identity;
	bool has_identity;
	uint8_t der[2 * AUTHORITY_PEM_MAX];
};
bool papers_open(struct papers *, const struct authority *, uint32_t host, const struct rng *, struct text *err);
void papers_close(struct papers *);

#endif
