/* SPDX-License-Identifier: ISC */
#include "crypt/x509_parts.h"

struct crypt_key *x509_public_key(struct crypt *crypt, struct bytes der)
{
	struct x509_certificate c;
	const char *wrong;
	return x509_read(der, &c, &wrong) ? crypt_key_from_spki(crypt, c.spki) : NULL;
}

bool x509_validity(struct bytes der, int64_t *not_before, int64_t *not_after)
{
	struct x509_certificate c;
	const char *wrong;
	if (!x509_read(der, &c, &wrong)) return false;
	*not_before = c.not_before, *not_after = c.not_after;
	return true;
}

bool x509_self_signed(struct bytes der)
{
	struct x509_certificate c;
	const char *wrong;
	return x509_read(der, &c, &wrong) && x509_self_issued(&c);
}

bool x509_may_sign(struct bytes der)
{
	struct x509_certificate c;
	const char *wrong;
	return x509_read(der, &c, &wrong) && (!x509_has(&c, X509_KEY_USAGE) || (c.key_usage & X509_USE_SIGN));
}

/* One certificate of the file is kept; false: `why` says what is wrong. */
static bool keep(struct bytes der, unsigned line, struct room *memory, struct x509_chain *chain, struct text *why)
{
	struct x509_certificate c;
	const char *wrong;

	if (!x509_read(der, &c, &wrong)) text_printf(why, "line %u: the certificate cannot be used: %s", line, wrong);
	else if (chain->count == X509_CHAIN_MAX)
		text_printf(why, "line %u: more than %u certificates", line, X509_CHAIN_MAX);
	else if (memory->len < der.len) text_printf(why, "line %u: no room is left for the certificate", line);
	else {
		memcpy(memory->at, der.at, der.len);
		chain->der[chain->count++] = (struct bytes){ memory->at, der.len };
		*memory = room_skip(*memory, der.len);
		return true;
	}
	return false;
}

/* Each certificate is issued by the one behind it. */
static bool in_order(const struct x509_chain *chain, struct text *why)
{
	struct x509_certificate below, above;
	const char *wrong;

	for (size_t i = 0; i + 1 < chain->count; i++) {
		char issuer[100], subject[100];
		struct text a = text_in(issuer, sizeof issuer), b = text_in(subject, sizeof subject);
		if (!x509_read(chain->der[i], &below, &wrong) || !x509_read(chain->der[i + 1], &above, &wrong)) return false;
		if (bytes_equal(below.issuer, above.subject)) continue;
		x509_name_words(below.issuer, &a);
		x509_name_words(above.subject, &b);
		text_printf(why, "certificate %zu is issued by %s, but the one behind it is of %s", i, issuer, subject);
		return false;
	}
	return true;
}

bool x509_chain_read(struct crypt *crypt, struct bytes pem, struct room *memory, struct x509_chain *chain,
                     struct text *why)
{
	struct x509_pem p = x509_pem_of(pem);
	(void)crypt;

	chain->count = 0;
	while (x509_next_pem(&p, why)) {
		if (strcmp(p.label, "CERTIFICATE") != 0) continue;
		p.good = keep((struct bytes){ p.der, (size_t)p.len }, p.line, memory, chain, why);
		if (!p.good) break;
	}
	x509_pem_end(&p);
	if (!p.good) return false;
	if (chain->count == 0) text_puts(why, "it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
	return chain->count > 0 && in_order(chain, why);
}
