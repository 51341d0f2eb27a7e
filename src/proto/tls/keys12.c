/* SPDX-License-Identifier: ISC */
/* TLS 1.2's keys: the PRF (RFC 5246, 5), the master secret (8.1; RFC 7627, 4), the key block (6.3), Finished (7.4.9), exporters
 * (RFC 5705). */
#include "proto/tls/inside.h"
#include "proto/tls/keylog.h"

#define SEEDS_MAX 4
#define MASTER_SECRET_BYTES 48
#define SALT_BYTES 4 /* AES-GCM's implicit part of the nonce (RFC 5288, 3); ChaCha20-Poly1305's is whole (RFC 7905, 2) */

/* P_hash(secret, label + seed): HMAC(A(1) + label + seed), HMAC(A(2) + label + seed) ... where A(i) is HMAC(A(i - 1)). */
void tls_prf12(struct crypt *crypt, enum crypt_hash hash, struct bytes secret, const char *label, const struct bytes *seeds,
               size_t count, struct room out)
{
	uint8_t a[CRYPT_HASH_MAX], block[CRYPT_HASH_MAX];
	size_t len = crypt_hash_len(hash);
	struct bytes parts[2 + SEEDS_MAX] = { { a, len }, bytes_of(label) };

	assert(count <= SEEDS_MAX);
	memcpy(parts + 2, seeds, count * sizeof *seeds);
	crypt_hmac(crypt, hash, secret, parts + 1, 1 + count, a);
	for (size_t n; out.len > 0; out = room_skip(out, n)) {
		n = size_min(out.len, len);
		crypt_hmac(crypt, hash, secret, parts, 2 + count, block);
		memcpy(out.at, block, n);
		crypt_hmac(crypt, hash, secret, parts, 1, a);
	}
	crypt_wipe(a, sizeof a);
	crypt_wipe(block, sizeof block);
}

/* The transcript ends with the ClientKeyExchange: what it hashes to is RFC 7627's session_hash. There is no other master secret:
 * both our roles refuse a peer that does not have the extended one (5.2 and 5.3 leave that to us). */
void tls_keys12_master(struct tls *t, struct bytes premaster)
{
	struct tls_handshake *h = t->handshake;
	uint8_t session_hash[CRYPT_HASH_MAX];

	tls_transcript_peek(t, session_hash);
	tls_prf12(t->config->crypt, h->hash, premaster, "extended master secret",
	          &(struct bytes){ session_hash, crypt_hash_len(h->hash) }, 1, (struct room){ h->master_secret12, MASTER_SECRET_BYTES });
}

static void set_side(struct tls *t, struct tls_side *side, enum crypt_aead_kind kind, bool seal, const uint8_t *key,
                     const uint8_t *iv, size_t iv_len)
{
	tls_side_end(side);
	*side = (struct tls_side){ .explicit_nonce = iv_len == SALT_BYTES };
	memcpy(side->iv, iv, iv_len);
	if (seal) crypt_aead_seal_key(&side->aead, t->config->crypt, kind, key);
	else crypt_aead_open_key(&side->aead, t->config->crypt, kind, key);
}

/* The key block, in the order of 6.3: the client's key, the server's, the client's IV, the server's (AEAD suites have no MAC keys). */
void tls_keys12_sides(struct tls *t, struct tls_side *in, struct tls_side *out)
{
	struct tls_handshake *h = t->handshake;
	enum crypt_aead_kind kind = tls_suite_find(t->suite)->aead;
	size_t key_len = crypt_aead_key_len(kind), iv_len = kind == CRYPT_CHACHA20_POLY1305 ? CRYPT_NONCE_BYTES : SALT_BYTES;
	struct bytes randoms[] = { { h->server_random, TLS_RANDOM_BYTES }, { h->client_random, TLS_RANDOM_BYTES } };
	uint8_t block[2 * (CRYPT_AEAD_KEY_MAX + CRYPT_NONCE_BYTES)];
	const uint8_t *keys[] = { block, block + key_len }, *ivs[] = { block + 2 * key_len, block + 2 * key_len + iv_len };

	tls_prf12(t->config->crypt, h->hash, (struct bytes){ h->master_secret12, MASTER_SECRET_BYTES }, "key expansion", randoms,
	          COUNT(randoms), (struct room){ block, 2 * (key_len + iv_len) });
	if (in != NULL) set_side(t, in, kind, false, keys[!t->is_server], ivs[!t->is_server], iv_len);
	if (out != NULL) set_side(t, out, kind, true, keys[t->is_server], ivs[t->is_server], iv_len);
	crypt_wipe(block, sizeof block);
}

void tls_keys12_finished(struct tls *t, bool of_client, uint8_t verify_data[TLS_FINISHED12_BYTES])
{
	struct tls_handshake *h = t->handshake;
	uint8_t hash[CRYPT_HASH_MAX];

	tls_transcript_peek(t, hash);
	tls_prf12(t->config->crypt, h->hash, (struct bytes){ h->master_secret12, MASTER_SECRET_BYTES },
	          of_client ? "client finished" : "server finished", &(struct bytes){ hash, crypt_hash_len(h->hash) }, 1,
	          (struct room){ verify_data, TLS_FINISHED12_BYTES });
}

void tls_keys12_export(const struct tls *t, const char *label, struct bytes context, struct room out)
{
	uint8_t context_len[2];
	struct bytes seeds[] = { { t->exporter_randoms, sizeof t->exporter_randoms }, { context_len, sizeof context_len }, context };

	assert(context.len <= UINT16_MAX);
	store_be16(context_len, (uint16_t)context.len);
	tls_prf12(t->config->crypt, tls_suite_find(t->suite)->hash, (struct bytes){ t->exporter_secret, MASTER_SECRET_BYTES }, label,
	          seeds, context.at != NULL ? 3 : 1, out);
}

bool tls_send_finished12(struct tls *t)
{
	struct tls_writer *w = &t->handshake->flight;
	uint8_t verify_data[TLS_FINISHED12_BYTES];

	if (!tls_flush(t) || !tls_send_change_cipher_spec(t)) return false;
	tls_keys12_sides(t, NULL, &t->out);
	tls_keys12_finished(t, !t->is_server, verify_data);
	size_t from = w->len, mark = tls_open_message(w, TLS_FINISHED);
	tls_put(w, (struct bytes){ verify_data, sizeof verify_data });
	tls_close_message(w, mark);
	return tls_sent_message(t, from) && tls_flush(t);
}

bool tls_check_finished12(struct tls *t, struct bytes verify_data, struct bytes raw)
{
	uint8_t wanted[TLS_FINISHED12_BYTES];

	if (verify_data.len != sizeof wanted) return tls_fail(t, TLS_DECODE_ERROR, "Finished: %zu bytes, not 12", verify_data.len);
	tls_keys12_finished(t, t->is_server, wanted);
	if (!crypt_equal(verify_data, (struct bytes){ wanted, sizeof wanted }))
		return tls_fail(t, TLS_DECRYPT_ERROR, "Finished: is not what the handshake's messages give: they were changed on their way");
	tls_transcript_add(t, raw);
	return true;
}

void tls_keys12_done(struct tls *t)
{
	memcpy(t->exporter_secret, t->handshake->master_secret12, MASTER_SECRET_BYTES);
	memcpy(t->exporter_randoms, t->handshake->client_random, TLS_RANDOM_BYTES);
	memcpy(t->exporter_randoms + TLS_RANDOM_BYTES, t->handshake->server_random, TLS_RANDOM_BYTES);
}
