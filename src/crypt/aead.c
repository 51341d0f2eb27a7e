/* SPDX-License-Identifier: ISC */
#include "crypt/inside.h"

#include <limits.h>

size_t crypt_aead_key_len(enum crypt_aead_kind kind) { return kind == CRYPT_AES_128_GCM ? 16 : 32; }

static void set_key(struct crypt_aead *a, struct crypt *c, enum crypt_aead_kind kind, const uint8_t *key, int seal)
{
	EVP_CIPHER_CTX *state = EVP_CIPHER_CTX_new();
	bool ok = state != NULL && EVP_CipherInit_ex2(state, c->ciphers[kind], key, NULL, seal, NULL) == 1;

	assert(ok); /* only memory can fail here, and libcrypto's has no limit of ours */
	*a = (struct crypt_aead){ .crypt = c, .kind = kind, .state = state };
}

void crypt_aead_seal_key(struct crypt_aead *a, struct crypt *c, enum crypt_aead_kind kind, const uint8_t *key)
{
	set_key(a, c, kind, key, 1);
}

void crypt_aead_open_key(struct crypt_aead *a, struct crypt *c, enum crypt_aead_kind kind, const uint8_t *key)
{
	set_key(a, c, kind, key, 0);
}

void crypt_aead_end(struct crypt_aead *a)
{
	EVP_CIPHER_CTX_free(a->state);
	crypt_wipe(a, sizeof *a);
}

/* One run of the cipher; to NULL: associated data. */
static bool run(EVP_CIPHER_CTX *state, uint8_t *to, struct bytes from)
{
	int n;
	assert(from.len <= INT_MAX);
	return from.len == 0 || EVP_CipherUpdate(state, to, &n, from.at, (int)from.len) == 1;
}

static bool start(struct crypt_aead *a, const uint8_t *nonce, struct bytes ad)
{
	assert(a->state != NULL);
	return EVP_CipherInit_ex2(a->state, NULL, NULL, nonce, -1, NULL) == 1 && run(a->state, NULL, ad);
}

size_t crypt_aead_seal(struct crypt_aead *a, const uint8_t nonce[CRYPT_NONCE_BYTES], struct bytes ad,
                       const struct bytes *parts, size_t count, uint8_t *out)
{
	size_t len = 0;
	int n;
	bool ok = start(a, nonce, ad);

	for (size_t i = 0; i < count; i++) {
		ok = ok && run(a->state, out + len, parts[i]);
		len += parts[i].len;
	}
	ok = ok && EVP_CipherFinal_ex(a->state, out + len, &n) == 1 &&
	     EVP_CIPHER_CTX_ctrl(a->state, EVP_CTRL_AEAD_GET_TAG, CRYPT_TAG_BYTES, out + len) == 1;
	assert(ok); /* sealing has no bad input */
	return len + CRYPT_TAG_BYTES;
}

bool crypt_aead_open(struct crypt_aead *a, const uint8_t nonce[CRYPT_NONCE_BYTES], struct bytes ad, struct bytes sealed,
                     uint8_t *out)
{
	uint8_t tag[CRYPT_TAG_BYTES];
	int n;

	assert(sealed.len >= CRYPT_TAG_BYTES);
	size_t len = sealed.len - CRYPT_TAG_BYTES;
	memcpy(tag, sealed.at + len, sizeof tag);
	bool ok = start(a, nonce, ad) && run(a->state, out, bytes_first(sealed, len)) &&
	          EVP_CIPHER_CTX_ctrl(a->state, EVP_CTRL_AEAD_SET_TAG, CRYPT_TAG_BYTES, tag) == 1 &&
	          EVP_CipherFinal_ex(a->state, out + len, &n) == 1;
	if (!ok) crypt_wipe(out, len);
	return ok;
}
