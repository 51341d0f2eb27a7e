/* SPDX-License-Identifier: ISC */
/* hash.c - straight onto libcrypto's block functions: no allocation, no lookup; a copy is a copy of the struct. */
#include "crypt/inside.h"

#include <openssl/sha.h>

union state { SHA256_CTX sha256; SHA512_CTX sha512; SHA_CTX sha1; };
static_assert(sizeof(union state) <= CRYPT_DIGEST_STATE_BYTES, "a digest's state has room");

#define BLOCK_BYTES_MAX 128

static union state *state_of(const struct crypt_digest *d) { return (union state *)(uintptr_t)d->state; }

size_t crypt_hash_len(enum crypt_hash hash)
{
	switch (hash) {
	case CRYPT_SHA256: return SHA256_DIGEST_LENGTH;
	case CRYPT_SHA384: return SHA384_DIGEST_LENGTH;
	case CRYPT_SHA512: return SHA512_DIGEST_LENGTH;
	case CRYPT_SHA1: return SHA_DIGEST_LENGTH;
	}
	assert(false);
	return 0;
}

static size_t block_len(enum crypt_hash hash) { return hash == CRYPT_SHA384 || hash == CRYPT_SHA512 ? 128 : 64; }

void crypt_digest_start(struct crypt_digest *d, struct crypt *c, enum crypt_hash hash)
{
	d->crypt = c;
	d->hash = hash;
	d->started = true;
	switch (hash) {
	case CRYPT_SHA256: SHA256_Init(&state_of(d)->sha256); break;
	case CRYPT_SHA384: SHA384_Init(&state_of(d)->sha512); break;
	case CRYPT_SHA512: SHA512_Init(&state_of(d)->sha512); break;
	case CRYPT_SHA1: SHA1_Init(&state_of(d)->sha1); break;
	}
}

void crypt_digest_add(struct crypt_digest *d, struct bytes b)
{
	assert(d->started);
	if (b.len == 0) return;
	switch (d->hash) {
	case CRYPT_SHA256: SHA256_Update(&state_of(d)->sha256, b.at, b.len); break;
	case CRYPT_SHA384: SHA384_Update(&state_of(d)->sha512, b.at, b.len); break;
	case CRYPT_SHA512: SHA512_Update(&state_of(d)->sha512, b.at, b.len); break;
	case CRYPT_SHA1: SHA1_Update(&state_of(d)->sha1, b.at, b.len); break;
	}
}

/* What of the struct a hash uses: the rest is neither copied nor wiped. */
static size_t used_bytes(enum crypt_hash hash)
{
	return offsetof(struct crypt_digest, state) + (block_len(hash) == 128 ? sizeof(SHA512_CTX) : sizeof(SHA256_CTX));
}

static void finish(struct crypt_digest *d, uint8_t *out)
{
	assert(d->started);
	switch (d->hash) {
	case CRYPT_SHA256: SHA256_Final(out, &state_of(d)->sha256); break;
	case CRYPT_SHA384: SHA384_Final(out, &state_of(d)->sha512); break;
	case CRYPT_SHA512: SHA512_Final(out, &state_of(d)->sha512); break;
	case CRYPT_SHA1: SHA1_Final(out, &state_of(d)->sha1); break;
	}
	crypt_digest_end(d);
}

void crypt_digest_peek(const struct crypt_digest *d, uint8_t *out)
{
	struct crypt_digest copy;
	crypt_digest_copy(&copy, d);
	finish(&copy, out);
}

void crypt_digest_copy(struct crypt_digest *to, const struct crypt_digest *from)
{
	assert(from->started);
	memcpy(to, from, used_bytes(from->hash));
}

void crypt_digest_end(struct crypt_digest *d)
{
	if (d->started) crypt_wipe(d, used_bytes(d->hash));
}

void crypt_hash(struct crypt *c, enum crypt_hash hash, struct bytes b, uint8_t *out)
{
	struct crypt_digest d;
	crypt_digest_start(&d, c, hash);
	crypt_digest_add(&d, b);
	finish(&d, out);
}

/* RFC 2104, 2: the key, of a block's length, against a byte that repeats. */
static void start_with_key(struct crypt_digest *d, struct crypt *c, enum crypt_hash hash, const uint8_t *key, uint8_t byte)
{
	uint8_t block[BLOCK_BYTES_MAX];
	size_t n = block_len(hash);

	for (size_t i = 0; i < n; i++) block[i] = key[i] ^ byte;
	crypt_digest_start(d, c, hash);
	crypt_digest_add(d, (struct bytes){ block, n });
	crypt_wipe(block, sizeof block);
}

static void hmac_start(struct crypt_hkdf *h, struct crypt *c, enum crypt_hash hash, struct bytes key)
{
	uint8_t padded[BLOCK_BYTES_MAX] = { 0 };

	if (key.len > block_len(hash)) crypt_hash(c, hash, key, padded);
	else if (key.len > 0) memcpy(padded, key.at, key.len);
	start_with_key(&h->inner, c, hash, padded, 0x36);
	start_with_key(&h->outer, c, hash, padded, 0x5c);
	crypt_wipe(padded, sizeof padded);
}

static void copy_keyed(struct crypt_hkdf *to, const struct crypt_hkdf *from)
{
	crypt_digest_copy(&to->inner, &from->inner);
	crypt_digest_copy(&to->outer, &from->outer);
}

static void hmac_finish(struct crypt_hkdf *h, uint8_t *out)
{
	uint8_t inner[CRYPT_HASH_MAX];
	size_t n = crypt_hash_len(h->inner.hash);

	finish(&h->inner, inner);
	crypt_digest_add(&h->outer, (struct bytes){ inner, n });
	finish(&h->outer, out);
	crypt_wipe(inner, sizeof inner);
}

void crypt_hmac(struct crypt *c, enum crypt_hash hash, struct bytes key, const struct bytes *parts, size_t count, uint8_t *out)
{
	struct crypt_hkdf h;
	hmac_start(&h, c, hash, key);
	for (size_t i = 0; i < count; i++) crypt_digest_add(&h.inner, parts[i]);
	hmac_finish(&h, out);
}

/* RFC 5869, 2.2: no salt is a hash's length of zeroes, which as HMAC's key is the same as none. */
void crypt_hkdf_extract(struct crypt *c, enum crypt_hash hash, struct bytes salt, struct bytes ikm, uint8_t *prk)
{
	if (salt.len > 0) {
		crypt_hmac(c, hash, salt, &ikm, 1, prk);
		return;
	}
	struct crypt_hkdf h;
	copy_keyed(&h, &c->no_salt[hash]);
	crypt_digest_add(&h.inner, ikm);
	hmac_finish(&h, prk);
}

void crypt_hkdf_start(struct crypt_hkdf *k, struct crypt *c, enum crypt_hash hash, struct bytes prk) { hmac_start(k, c, hash, prk); }
void crypt_hkdf_end(struct crypt_hkdf *k)
{
	crypt_digest_end(&k->inner);
	crypt_digest_end(&k->outer);
}

/* RFC 5869, 2.3: T(i) = HMAC(prk, T(i-1) | info | i); the keyed start is the same for all. */
void crypt_hkdf_next(const struct crypt_hkdf *keyed, struct bytes info, struct room out)
{
	struct crypt_hkdf h;
	uint8_t t[CRYPT_HASH_MAX], number = 0;
	size_t n = crypt_hash_len(keyed->inner.hash);

	assert(out.len <= 255 * n);
	while (out.len > 0) {
		copy_keyed(&h, keyed);
		if (number > 0) crypt_digest_add(&h.inner, (struct bytes){ t, n });
		number++;
		crypt_digest_add(&h.inner, info);
		crypt_digest_add(&h.inner, (struct bytes){ &number, 1 });
		hmac_finish(&h, t);
		size_t part = size_min(n, out.len);
		memcpy(out.at, t, part);
		out = room_skip(out, part);
	}
	crypt_wipe(t, sizeof t);
}

void crypt_hkdf_expand(struct crypt *c, enum crypt_hash hash, struct bytes prk, struct bytes info, struct room out)
{
	struct crypt_hkdf keyed;
	crypt_hkdf_start(&keyed, c, hash, prk);
	crypt_hkdf_next(&keyed, info, out);
	crypt_hkdf_end(&keyed);
}
