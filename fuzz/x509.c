/* SPDX-License-Identifier: ISC */
/* Certificates, OCSP responses, revocation lists and PEM files from strangers. The first byte says which comes first; each item has
 * a length of two bytes. Our rules are run over what was read even though no signature is right: that is where the parsing is. */
#include "crypt/issue.h"
#include "crypt/x509_parts.h"

enum { CHAIN, STAPLE, LIST, PEM };

static struct crypt *crypt;
static uint8_t memory[1 << 16];

static struct bytes next(struct bytes *rest)
{
	struct bytes b = { rest->at, 0 };
	if (rest->len < 2) return b;
	b = (struct bytes){ rest->at + 2, size_min(load_be16(rest->at), rest->len - 2) };
	*rest = bytes_skip(*rest, 2 + b.len);
	return b;
}

static void look_by_our_rules(const struct bytes *ders, size_t count, const struct x509_trust *trust, struct x509_ask *ask)
{
	struct x509_certificate read[X509_CHAIN_MAX];
	struct x509_path path = { .count = 0 };
	struct x509_answer answer;
	const char *wrong;
	static char words[1 << 15];
	struct text t = text_in(words, sizeof words);

	for (size_t i = 0; i < count; i++) {
		x509_describe(crypt, ders[i], &t);
		if (x509_read(ders[i], &read[path.count], &wrong)) path.at[path.count] = &read[path.count], path.count++;
	}
	if (path.count == 0) return;
	x509_limits_check(&path, &answer);
	x509_ocsp_look(&path, trust, ask, &answer);
	bool good = x509_rules_check(&path, ask, &answer);
	if (good) good = x509_names_check(path.at[0], ask, &answer);
	assert(good || (answer.words[0] != '\0' && strlen(answer.words) < X509_WORDS_MAX && answer.why != X509_OK));
}

static void try_chain(struct bytes rest, bool staple)
{
	struct bytes ders[X509_CHAIN_MAX];
	struct x509_trust *trust = x509_trust_open(crypt);
	struct x509_ask ask = { .chain = ders, .name = "www.example.com", .date = INT64_C(1795000000) };
	struct x509_answer answer;
	char words[300];
	struct text why = text_in(words, sizeof words);

	if (staple) ask.ocsp = next(&rest);
	while (rest.len > 2 && ask.count < COUNT(ders)) ders[ask.count++] = next(&rest);
	if (ask.count > 0) { /* the last is trusted, if it is one */
		size_t n = issue_pem(ders[ask.count - 1], "CERTIFICATE", (struct room){ memory, sizeof memory });
		x509_trust_add(trust, (struct bytes){ memory, n }, &why);
		crypt_key_end(x509_public_key(crypt, ders[0]));
	}
	if (!x509_verify(trust, &ask, &answer)) assert(answer.why != X509_OK && answer.words[0] != '\0');
	else assert(answer.why == X509_OK);
	look_by_our_rules(ders, ask.count, trust, &ask);
	x509_trust_close(trust);
}

static void try_text(struct bytes text)
{
	struct x509_trust *trust = x509_trust_open(crypt);
	struct room room = { memory, sizeof memory };
	struct x509_chain chain;
	char words[300];
	struct text why = text_in(words, sizeof words);

	if (!x509_chain_read(crypt, text, &room, &chain, &why)) assert(why.len > 0);
	text_clear(&why);
	if (!x509_trust_add(trust, text, &why)) assert(why.len > 0 && x509_trust_count(trust) == 0);
	text_clear(&why);
	if (!x509_trust_add_crl(trust, text, &why)) assert(why.len > 0);
	x509_trust_close(trust);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rng rng;
	struct bytes rest = { data, size };

	if (crypt == NULL) {
		rng_init_number(&rng, 1);
		crypt = crypt_open(&rng);
		assert(crypt != NULL);
	}
	if (size < 1) return 0;
	rest = bytes_skip(rest, 1);
	switch (data[0] % 4) {
	case CHAIN: case STAPLE: try_chain(rest, data[0] % 4 == STAPLE); break;
	default: try_text(rest); break;
	}
	return 0;
}
