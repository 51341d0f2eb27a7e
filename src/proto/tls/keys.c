/* SPDX-License-Identifier: ISC */
/* TLS 1.3's key schedule (RFC 8446, 7.1), traffic keys (7.3), Finished (4.4.4), key update (7.2), exporters (7.5). */
#include "proto/tls/inside.h"

#define LABEL_MAX 249   /* bytes of a label behind "tls13 " */
#define CONTEXT_MAX 255

/* The hash of nothing, which Derive-Secret of no messages asks for again and again. */
static const uint8_t sha256_of_nothing[] = {
	0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
	0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
};
static const uint8_t sha384_of_nothing[] = {
	0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38, 0x4c, 0xd9, 0x32, 0x7e, 0xb1, 0xb1, 0xe3, 0x6a,
	0x21, 0xfd, 0xb7, 0x11, 0x14, 0xbe, 0x07, 0x43, 0x4c, 0x0c, 0xc7, 0xbf, 0x63, 0xf6, 0xe1, 0xda,
	0x27, 0x4e, 0xde, 0xbf, 0xe7, 0x6f, 0x65, 0xfb, 0xd5, 0x1a, 0xd2, 0xf1, 0x48, 0x98, 0xb9, 0x5b,
};
/* Derive-Secret(Early Secret, "derived", "") when there is no PSK: the same in every full handshake. */
static const uint8_t sha256_without_psk[] = {
	0x6f, 0x26, 0x15, 0xa1, 0x08, 0xc7, 0x02, 0xc5, 0x67, 0x8f, 0x54, 0xfc, 0x9d, 0xba, 0xb6, 0x97,
	0x16, 0xc0, 0x76, 0x18, 0x9c, 0x48, 0x25, 0x0c, 0xeb, 0xea, 0xc3, 0x57, 0x6c, 0x36, 0x11, 0xba,
};
static const uint8_t sha384_without_psk[] = {
	0x15, 0x91, 0xda, 0xc5, 0xcb, 0xbf, 0x03, 0x30, 0xa4, 0xa8, 0x4d, 0xe9, 0xc7, 0x53, 0x33, 0x0e,
	0x92, 0xd0, 0x1f, 0x0a, 0x88, 0x21, 0x4b, 0x44, 0x64, 0x97, 0x2f, 0xd6, 0x68, 0x04, 0x9e, 0x93,
	0xe5, 0x2f, 0x2b, 0x16, 0xfa, 0xd9, 0x22, 0xfd, 0xc0, 0x58, 0x44, 0x78, 0x42, 0x8f, 0x28, 0x2b,
};
static const uint8_t zeroes[TLS_SECRET_MAX];

static struct bytes hash_of_nothing(enum crypt_hash hash)
{
	return hash == CRYPT_SHA256 ? (struct bytes){ sha256_of_nothing, sizeof sha256_of_nothing }
	                            : (struct bytes){ sha384_of_nothing, sizeof sha384_of_nothing };
}

static struct bytes of_hash(const uint8_t *at, enum crypt_hash hash) { return (struct bytes){ at, crypt_hash_len(hash) }; }

/* HKDF-Expand-Label: the info is HkdfLabel, { length, "tls13 " + label, context }. */
static void expand(const struct crypt_hkdf *keyed, const char *label, struct bytes context, struct room out)
{
	uint8_t info[2 + 1 + 6 + LABEL_MAX + 1 + CONTEXT_MAX];
	size_t label_len = strlen(label), context_at = 3 + 6 + label_len + 1;

	assert(label_len <= LABEL_MAX && context.len <= CONTEXT_MAX && out.len <= UINT16_MAX);
	store_be16(info, (uint16_t)out.len);
	info[2] = (uint8_t)(6 + label_len);
	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 3 + 6, label, label_len);
	info[context_at - 1] = (uint8_t)context.len;
	if (context.len > 0) memcpy(info + context_at, context.at, context.len);
	crypt_hkdf_next(keyed, (struct bytes){ info, context_at + context.len }, out);
}

void tls_expand_label(struct crypt *crypt, enum crypt_hash hash, const uint8_t *secret, const char *label, struct bytes context,
                      struct room out)
{
	struct crypt_hkdf keyed;
	crypt_hkdf_start(&keyed, crypt, hash, of_hash(secret, hash));
	expand(&keyed, label, context, out);
	crypt_hkdf_end(&keyed);
}

/* Derive-Secret, of messages whose hash is known. */
static void derive(struct crypt *crypt, enum crypt_hash hash, const uint8_t *secret, const char *label, struct bytes messages,
                   uint8_t *out)
{
	tls_expand_label(crypt, hash, secret, label, messages, (struct room){ out, crypt_hash_len(hash) });
}

static void log_secret(struct tls *t, const char *label, const uint8_t *secret, enum crypt_hash hash)
{
	if (t->config->keylog != NULL)
		tls_keylog_add(t->config->keylog, label, t->handshake->client_random, of_hash(secret, hash));
}

/* Early Secret: without a PSK the material is as many zeroes as the hash is long. */
static void early_secret(struct crypt *crypt, enum crypt_hash hash, struct bytes psk, uint8_t *out)
{
	crypt_hkdf_extract(crypt, hash, (struct bytes){ zeroes, 0 }, psk.len > 0 ? psk : of_hash(zeroes, hash), out);
}

void tls_keys_early(struct tls *t, struct bytes psk)
{
	struct tls_handshake *h = t->handshake;
	uint8_t early[CRYPT_HASH_MAX];

	if (psk.len == 0) {
		memcpy(h->early_salt, h->hash == CRYPT_SHA256 ? sha256_without_psk : sha384_without_psk, crypt_hash_len(h->hash));
		return;
	}
	early_secret(t->config->crypt, h->hash, psk, early);
	derive(t->config->crypt, h->hash, early, "derived", hash_of_nothing(h->hash), h->early_salt);
	crypt_wipe(early, sizeof early);
}

/* Down the figure of 7.1 to the Master Secret, which hangs on no message. */
void tls_keys_handshake(struct tls *t, struct bytes shared_secret)
{
	struct tls_handshake *h = t->handshake;
	struct crypt *crypt = t->config->crypt;
	uint8_t hello[CRYPT_HASH_MAX], secret[CRYPT_HASH_MAX], salt[CRYPT_HASH_MAX];
	size_t len = crypt_hash_len(h->hash);
	struct crypt_hkdf keyed;

	tls_transcript_peek(t, hello);
	crypt_hkdf_extract(crypt, h->hash, of_hash(h->early_salt, h->hash), shared_secret, secret);
	crypt_hkdf_start(&keyed, crypt, h->hash, of_hash(secret, h->hash));
	expand(&keyed, "c hs traffic", of_hash(hello, h->hash), (struct room){ h->client_handshake_secret, len });
	expand(&keyed, "s hs traffic", of_hash(hello, h->hash), (struct room){ h->server_handshake_secret, len });
	expand(&keyed, "derived", hash_of_nothing(h->hash), (struct room){ salt, len });
	crypt_hkdf_extract(crypt, h->hash, of_hash(salt, h->hash), of_hash(zeroes, h->hash), h->master_secret);
	log_secret(t, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", h->client_handshake_secret, h->hash);
	log_secret(t, "SERVER_HANDSHAKE_TRAFFIC_SECRET", h->server_handshake_secret, h->hash);
	crypt_hkdf_end(&keyed);
	crypt_wipe(secret, sizeof secret);
	crypt_wipe(salt, sizeof salt);
}

void tls_keys_master(struct tls *t)
{
	struct tls_handshake *h = t->handshake;
	uint8_t so_far[CRYPT_HASH_MAX];
	size_t len = crypt_hash_len(h->hash);
	struct crypt_hkdf keyed;

	tls_transcript_peek(t, so_far);
	crypt_hkdf_start(&keyed, t->config->crypt, h->hash, of_hash(h->master_secret, h->hash));
	expand(&keyed, "c ap traffic", of_hash(so_far, h->hash), (struct room){ h->client_traffic_secret, len });
	expand(&keyed, "s ap traffic", of_hash(so_far, h->hash), (struct room){ h->server_traffic_secret, len });
	expand(&keyed, "exp master", of_hash(so_far, h->hash), (struct room){ t->exporter_secret, len });
	crypt_hkdf_end(&keyed);
	log_secret(t, "CLIENT_TRAFFIC_SECRET_0", h->client_traffic_secret, h->hash);
	log_secret(t, "SERVER_TRAFFIC_SECRET_0", h->server_traffic_secret, h->hash);
	log_secret(t, "EXPORTER_SECRET", t->exporter_secret, h->hash);
}

void tls_keys_resumption(struct tls *t)
{
	struct tls_handshake *h = t->handshake;
	uint8_t so_far[CRYPT_HASH_MAX];

	tls_transcript_peek(t, so_far);
	derive(t->config->crypt, h->hash, h->master_secret, "res master", of_hash(so_far, h->hash), t->resumption_secret);
}

/* 4.2.11.2: a Finished of the key that "res binder" or "ext binder" gives. */
void tls_keys_binder(struct crypt *crypt, enum crypt_hash hash, struct bytes psk, bool external, const uint8_t *transcript_hash,
                     uint8_t *binder)
{
	uint8_t early[CRYPT_HASH_MAX], key[CRYPT_HASH_MAX];
	struct room finished = { early, crypt_hash_len(hash) };

	early_secret(crypt, hash, psk, early);
	derive(crypt, hash, early, external ? "ext binder" : "res binder", hash_of_nothing(hash), key);
	tls_expand_label(crypt, hash, key, "finished", (struct bytes){ zeroes, 0 }, finished);
	crypt_hmac(crypt, hash, of_hash(finished.at, hash), &(struct bytes){ transcript_hash, finished.len }, 1, binder);
	crypt_wipe(early, sizeof early);
	crypt_wipe(key, sizeof key);
}

void tls_keys_early_traffic(struct tls *t, struct bytes psk, enum crypt_hash hash, const uint8_t *hello_hash, uint8_t *secret)
{
	uint8_t early[CRYPT_HASH_MAX];

	early_secret(t->config->crypt, hash, psk, early);
	derive(t->config->crypt, hash, early, "c e traffic", of_hash(hello_hash, hash), secret);
	log_secret(t, "CLIENT_EARLY_TRAFFIC_SECRET", secret, hash);
	crypt_wipe(early, sizeof early);
}

void tls_keys_finished(struct tls *t, const uint8_t *base_secret, uint8_t *verify_data)
{
	struct crypt *crypt = t->config->crypt;
	enum crypt_hash hash = t->handshake->hash;
	uint8_t key[CRYPT_HASH_MAX], so_far[CRYPT_HASH_MAX];

	tls_transcript_peek(t, so_far);
	tls_expand_label(crypt, hash, base_secret, "finished", (struct bytes){ zeroes, 0 }, (struct room){ key, crypt_hash_len(hash) });
	crypt_hmac(crypt, hash, of_hash(key, hash), &(struct bytes){ so_far, crypt_hash_len(hash) }, 1, verify_data);
	crypt_wipe(key, sizeof key);
}

bool tls_send_finished13(struct tls *t, const uint8_t *base_secret)
{
	struct tls_writer *flight = &t->handshake->flight;
	uint8_t verify_data[CRYPT_HASH_MAX];
	size_t from = flight->len, mark = tls_open_message(flight, TLS_FINISHED);

	tls_keys_finished(t, base_secret, verify_data);
	tls_put(flight, of_hash(verify_data, t->handshake->hash));
	tls_close_message(flight, mark);
	return tls_sent_message(t, from);
}

bool tls_check_finished13(struct tls *t, const uint8_t *base_secret, struct bytes verify_data)
{
	uint8_t wanted[CRYPT_HASH_MAX];
	size_t len = crypt_hash_len(t->handshake->hash);

	if (verify_data.len != len)
		return tls_fail(t, TLS_DECODE_ERROR, "Finished: %zu bytes, not %zu", verify_data.len, len);
	tls_keys_finished(t, base_secret, wanted);
	if (!crypt_equal(verify_data, (struct bytes){ wanted, len }))
		return tls_fail(t, TLS_DECRYPT_ERROR, "Finished: it does not confirm this handshake: something was changed on the way, "
		                                      "or the keys differ");
	return true;
}

void tls_keys_psk(struct tls *t, struct bytes nonce, uint8_t *psk)
{
	enum crypt_hash hash = tls_suite_find(t->suite)->hash;
	tls_expand_label(t->config->crypt, hash, t->resumption_secret, "resumption", nonce, (struct room){ psk, crypt_hash_len(hash) });
}

void tls_keys_next(struct tls *t, struct tls_side *side)
{
	enum crypt_hash hash = tls_suite_find(t->suite)->hash;
	uint8_t next[CRYPT_HASH_MAX];

	derive(t->config->crypt, hash, side->secret, "traffic upd", (struct bytes){ zeroes, 0 }, next);
	tls_side_set13(t, side, t->suite, next);
	crypt_wipe(next, sizeof next);
}

/* 7.3. */
void tls_side_set13(struct tls *t, struct tls_side *side, unsigned suite, const uint8_t *secret)
{
	const struct tls_suite_info *info = tls_suite_find(suite);
	struct crypt *crypt = t->config->crypt;
	uint8_t key[CRYPT_AEAD_KEY_MAX];
	struct crypt_hkdf keyed;

	tls_side_end(side);
	memcpy(side->secret, secret, crypt_hash_len(info->hash));
	crypt_hkdf_start(&keyed, crypt, info->hash, of_hash(secret, info->hash));
	expand(&keyed, "key", (struct bytes){ zeroes, 0 }, (struct room){ key, crypt_aead_key_len(info->aead) });
	expand(&keyed, "iv", (struct bytes){ zeroes, 0 }, (struct room){ side->iv, sizeof side->iv });
	if (side == &t->out) crypt_aead_seal_key(&side->aead, crypt, info->aead, key);
	else crypt_aead_open_key(&side->aead, crypt, info->aead, key);
	if (side == &t->in) t->input_keys_changed = true;
	crypt_hkdf_end(&keyed);
	crypt_wipe(key, sizeof key);
}

void tls_side_end(struct tls_side *side)
{
	crypt_aead_end(&side->aead);
	crypt_wipe(side, sizeof *side);
}

/* TLS-Exporter(label, context, length); an absent context is an empty one. */
bool tls_export(const struct tls *t, const char *label, struct bytes context, struct room out)
{
	const struct tls_suite_info *info = tls_suite_find(t->suite);
	uint8_t secret[CRYPT_HASH_MAX], hashed[CRYPT_HASH_MAX];

	if (!tls_is_connected(t) || strlen(label) > LABEL_MAX || context.len > UINT16_MAX || out.len > UINT16_MAX) return false;
	if (t->version != TLS_1_3) {
		tls_keys12_export(t, label, context, out);
		return true;
	}
	if (out.len > 255 * crypt_hash_len(info->hash)) return false; /* HKDF gives no more (RFC 5869, 2.3) */
	derive(t->config->crypt, info->hash, t->exporter_secret, label, hash_of_nothing(info->hash), secret);
	crypt_hash(t->config->crypt, info->hash, context, hashed);
	tls_expand_label(t->config->crypt, info->hash, secret, "exporter", of_hash(hashed, info->hash), out);
	crypt_wipe(secret, sizeof secret);
	return true;
}
