/* SPDX-License-Identifier: ISC */
/* crypt_key.c - fuzzes what reads keys: a private one's file, and a public one's SubjectPublicKeyInfo out of a certificate, with
 * a signature that it is to verify. */
#include <assert.h>

#include "crypt/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static struct rng rng;
	static struct crypt *c;
	char words[300];
	struct text why = text_in(words, sizeof words);
	struct bytes input = { at, len }, message = bytes_of("signed");

	if (c == NULL) {
		rng_init_number(&rng, 1);
		c = crypt_open(&rng);
		assert(c != NULL);
	}
	struct crypt_key *key = crypt_key_read(c, input, &why);
	assert((key == NULL) == (words[0] != '\0'));
	crypt_key_end(key);
	for (size_t cut = 0; cut <= len && cut < 100; cut++) { /* the key, and what follows it as a signature */
		key = crypt_key_from_spki(c, bytes_first(input, len - cut));
		if (key == NULL) continue;
		static const unsigned schemes[CRYPT_KEY_KINDS] = {
			CRYPT_ECDSA_SECP256R1_SHA256, CRYPT_ECDSA_SECP384R1_SHA384, CRYPT_ED25519, CRYPT_RSA_PSS_RSAE_SHA256,
			CRYPT_RSA_PSS_PSS_SHA256,
		};
		crypt_verify(key, schemes[crypt_key_kind(key)], &message, 1, bytes_skip(input, len - cut));
		crypt_key_end(key);
	}
	return 0;
}
