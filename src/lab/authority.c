/* SPDX-License-Identifier: ISC */
#include "lab/authority.h"

#include <stdlib.h>

#include "crypt/issue.h"

#define DAY INT64_C(86400)
#define ROOT_BEFORE (365 * DAY) /* the root's dates around the run's */
#define ROOT_AFTER (3650 * DAY)
#define BEFORE_THE_RUN (30 * DAY) /* a host's certificate's, unless the scenario says them */
#define AFTER_THE_RUN (60 * DAY)

struct root { struct crypt_key *key; uint8_t der[AUTHORITY_PEM_MAX]; size_t len; };

/* A host's own, as PEM: its crypt reads them. */
struct issued { char chain[AUTHORITY_PEM_MAX], key[AUTHORITY_PEM_MAX]; size_t chain_len, key_len; };

struct authority {
	const struct scenario *scenario;
	struct crypt *crypt;
	struct rng rng;
	struct root root;
	uint8_t pem[AUTHORITY_PEM_MAX]; size_t pem_len;
	struct issued *issued; /* by certificate of the scenario */
};

static size_t issue(struct authority *a, const struct issue *wanted, struct room der, struct text *err)
{
	char words[200];
	struct text why = text_in(words, sizeof words);
	size_t len = issue_certificate(a->crypt, wanted, der, &why);
	if (len == 0) text_printf(err, "the certificate of %s cannot be made: %s", wanted->common_name, words);
	return len;
}

static bool make_root(struct authority *a, const char *name, struct root *root, struct text *err)
{
	root->key = crypt_key_make(a->crypt, CRYPT_KEY_P256);
	assert(root->key != NULL); /* it only computes */
	const struct issue wanted = {
		.common_name = name, .not_before = a->scenario->date - ROOT_BEFORE, .not_after = a->scenario->date + ROOT_AFTER,
		.ca = true, .key = root->key,
	};
	root->len = issue(a, &wanted, (struct room){ root->der, sizeof root->der }, err);
	return root->len > 0;
}

static enum crypt_key_kind key_kind(const char *word)
{
	if (strcmp(word, "rsa") == 0) return CRYPT_KEY_RSA;
	return strcmp(word, "ed25519") == 0 ? CRYPT_KEY_ED25519 : CRYPT_KEY_P256;
}

static bool sign(struct authority *a, const struct scenario_certificate *c, const struct root *by, struct issued *to,
                 struct text *err)
{
	uint8_t der[AUTHORITY_PEM_MAX];
	struct crypt_key *key = crypt_key_make(a->crypt, key_kind(c->key));
	assert(key != NULL);
	const struct issue wanted = {
		.common_name = c->name[0], .names = c->name, .names_count = c->names,
		.not_before = c->not_before != 0 ? c->not_before : a->scenario->date - BEFORE_THE_RUN,
		.not_after = c->not_after != 0 ? c->not_after : a->scenario->date + AFTER_THE_RUN,
		.both_purposes = true, .key = key, .issuer_key = by->key, .issuer_der = { by->der, by->len },
	};
	size_t len = issue(a, &wanted, (struct room){ der, sizeof der }, err);
	to->chain_len = issue_pem((struct bytes){ der, len }, "CERTIFICATE", (struct room){ (uint8_t *)to->chain, sizeof to->chain });
	to->key_len = crypt_key_write(key, (struct room){ (uint8_t *)to->key, sizeof to->key });
	crypt_key_end(key);
	return len > 0 && to->chain_len > 0 && to->key_len > 0;
}

/* By the lab's root, or by one that nobody has heard of. */
static bool sign_for(struct authority *a, const struct scenario_certificate *c, struct issued *to, struct text *err)
{
	struct root other = { 0 };
	if (c->from == NULL) return sign(a, c, &a->root, to, err);
	bool good = make_root(a, c->from, &other, err) && sign(a, c, &other, to, err);
	crypt_key_end(other.key);
	return good;
}

struct authority *authority_open(const struct scenario *s, uint64_t seed, struct text *err)
{
	struct authority *a = calloc(1, sizeof *a);
	struct rng all;

	assert(a != NULL);
	a->scenario = s;
	a->issued = calloc(s->certificates + 1, sizeof *a->issued);
	assert(a->issued != NULL);
	rng_init_number(&all, seed);
	rng_fork(&a->rng, &all, "authority", 0);
	a->crypt = crypt_open(&a->rng);
	if (a->crypt == NULL) text_printf(err, "there is no TLS in this lab: %s", crypt_why());
	bool good = a->crypt != NULL && make_root(a, AUTHORITY_NAME, &a->root, err);
	for (size_t i = 0; i < s->certificates && good; i++) good = sign_for(a, &s->certificate[i], &a->issued[i], err);
	if (good) {
		a->pem_len = issue_pem((struct bytes){ a->root.der, a->root.len }, "CERTIFICATE", (struct room){ a->pem, sizeof a->pem });
		return a;
	}
	authority_close(a);
	return NULL;
}

void authority_close(struct authority *a)
{
	if (a == NULL) return;
	for (size_t i = 0; i < a->scenario->certificates; i++) crypt_wipe(a->issued[i].key, sizeof a->issued[i].key);
	crypt_key_end(a->root.key);
	crypt_close(a->crypt);
	free(a->issued);
	free(a);
}

struct bytes authority_pem(const struct authority *a) { return (struct bytes){ a->pem, a->pem_len }; }

struct crypt *authority_crypt(const struct authority *a) { return a->crypt; }

static const struct issued *issued_to(const struct authority *a, uint32_t host)
{
	for (size_t i = 0; i < a->scenario->certificates; i++)
		if (a->scenario->certificate[i].host == host) return &a->issued[i];
	return NULL;
}

bool papers_open(struct papers *p, const struct authority *a, uint32_t host, const struct rng *rng, struct text *err)
{
	const struct issued *own = issued_to(a, host);
	struct room memory = { p->der, sizeof p->der };

	rng_fork(&p->rng, rng, "crypt", 0);
	p->crypt = crypt_open(&p->rng);
	bool good = p->crypt != NULL && (p->trust = x509_trust_open(p->crypt)) != NULL &&
	            x509_trust_add(p->trust, authority_pem(a), err);
	if (!good || own == NULL) return good;
	p->identity.key = crypt_key_read(p->crypt, (struct bytes){ (const uint8_t *)own->key, own->key_len }, err);
	p->has_identity = p->identity.key != NULL &&
	                  x509_chain_read(p->crypt, (struct bytes){ (const uint8_t *)own->chain, own->chain_len }, &memory,
	                                  &p->identity.chain, err);
	return p->has_identity;
}

void papers_close(struct papers *p)
{
	crypt_key_end((struct crypt_key *)(uintptr_t)p->identity.key);
	x509_trust_close(p->trust);
	crypt_close(p->crypt);
	*p = (struct papers){ 0 };
}
