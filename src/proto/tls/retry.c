/* SPDX-License-Identifier: ISC */
/* HelloRetryRequest and its cookie (RFC 8446, 4.1.4, 4.2.2).
 *
 * What must be known when the second hello comes is this memory:
 *
 *     suite (2) | group asked for, or 0 (2) | digest of what must not change in the hello (32) | hash of the first hello
 *
 * With tickets, it goes out sealed as the cookie, and the second hello may come to another connection of any server that shares
 * their keys: the HelloRetryRequest and so the transcript can be made again from the cookie and the second hello. Without tickets there
 * is no key that outlives a connection, so the memory stays here and no cookie is sent.
 */
#include "proto/tls/inside.h"

#define MEMORY_FIXED (2 + 2 + 32)
#define MEMORY_MAX (MEMORY_FIXED + TLS_SECRET_MAX)

/* 4.1.2: all but these stays as it was. */
static bool may_change(unsigned extension)
{
	return extension == TLS_EXT_KEY_SHARE || extension == TLS_EXT_EARLY_DATA || extension == TLS_EXT_COOKIE ||
	       extension == TLS_EXT_PRE_SHARED_KEY || extension == TLS_EXT_PADDING;
}

static void digest_of(const struct tls *t, const struct tls_client_hello *hello, uint8_t out[32])
{
	struct crypt_digest d;
	struct bytes rest = hello->extensions, body;
	const struct bytes fixed[] = { hello->random, hello->session_id, hello->suites, hello->compressions };
	uint8_t head[8];
	unsigned type;

	crypt_digest_start(&d, t->config->crypt, CRYPT_SHA256);
	for (size_t i = 0; i < COUNT(fixed); i++) {
		store_be32(head, hello->legacy_version);
		store_be32(head + 4, (uint32_t)fixed[i].len);
		crypt_digest_add(&d, (struct bytes){ head, sizeof head });
		crypt_digest_add(&d, fixed[i]);
	}
	while (tls_next_extension(&rest, &type, &body)) {
		if (may_change(type)) continue;
		store_be32(head, type);
		store_be32(head + 4, (uint32_t)body.len);
		crypt_digest_add(&d, (struct bytes){ head, sizeof head });
		crypt_digest_add(&d, body);
	}
	crypt_digest_peek(&d, out);
	crypt_digest_end(&d);
}

/* Writes it, and adds it to the transcript. */
static bool emit_retry(struct tls *t, struct bytes cookie)
{
	struct tls_handshake *h = t->handshake;
	size_t from = h->flight.len;
	struct tls_server_hello retry = { .legacy_version = TLS_1_2, .random = { tls_retry_random, TLS_RANDOM_BYTES },
		.session_id = { h->session_id, h->session_id_len }, .suite = t->suite, .retry = true, .version = TLS_1_3,
		.share_group = h->retry_group, .cookie = cookie, .has = TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) };

	if (h->retry_group != 0) retry.has |= TLS_HAS(TLS_EXT_KEY_SHARE);
	if (cookie.len > 0) retry.has |= TLS_HAS(TLS_EXT_COOKIE);
	tls_emit_server_hello(&h->flight, &retry);
	return tls_sent_message(t, from);
}

/* The first hello is in the transcript, alone. */
bool tls_server_send_retry(struct tls *t, instant now, const struct tls_client_hello *hello, unsigned group)
{
	struct tls_handshake *h = t->handshake;
	uint8_t memory[MEMORY_MAX], cookie[MEMORY_MAX + TLS_COOKIE_OVERHEAD];
	size_t len = MEMORY_FIXED + crypt_hash_len(h->hash), sealed = 0;

	store_be16(memory, t->suite);
	store_be16(memory + 2, (uint16_t)group);
	digest_of(t, hello, memory + 4);
	tls_transcript_peek(t, memory + MEMORY_FIXED);
	if (t->config->tickets)
		sealed = tls_cookie_seal(t->config->tickets, tls_date_ms(t, now), (struct bytes){ memory, len }, (struct room){ cookie, sizeof cookie });
	h->retry_group = (uint16_t)group;
	h->cookie_len = (uint16_t)len;
	memcpy(h->cookie, memory, len);
	t->retried = true;
	tls_transcript_retry(t);
	if (!emit_retry(t, (struct bytes){ cookie, sealed }) || !tls_flush(t)) return false;
	if (h->session_id_len > 0 && !t->config->no_middlebox_compatibility && !tls_send_change_cipher_spec(t)) return false; /* D.4 */
	if (tls_asks(hello, TLS_EXT_EARLY_DATA)) tls_early_skip(t, TLS_SKIP_SEALED);
	trace_say(t->config->trace, group ? "TLS: the client sent no share of a group that we take: HelloRetryRequest for %s"
	                                  : "TLS: HelloRetryRequest with a cookie%s", group ? tls_group_name(group) : "");
	tls_enter(t, TLS_SERVER_WAIT_CH2);
	return true;
}

/* A cookie in the first hello that we see: another connection sent it. The transcript is made again (4.4.1). */
static bool recall(struct tls *t, const struct tls_client_hello *hello, const uint8_t *memory, size_t len)
{
	struct tls_handshake *h = t->handshake;
	const struct tls_suite_info *suite = tls_suite_find(load_be16(memory));
	uint8_t message[TLS_MESSAGE_HEADER + CRYPT_HASH_MAX] = { TLS_MESSAGE_HASH };

	if (suite == NULL || !suite->v13 || len != MEMORY_FIXED + crypt_hash_len(suite->hash))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: a cookie for nothing that we know");
	t->suite = suite->suite;
	t->retried = true;
	h->retry_group = load_be16(memory + 2);
	h->cookie_len = (uint16_t)len;
	memcpy(h->cookie, memory, len);
	tls_transcript_choose(t, suite->hash);
	message[3] = (uint8_t)crypt_hash_len(suite->hash);
	memcpy(message + TLS_MESSAGE_HEADER, memory + MEMORY_FIXED, message[3]);
	tls_transcript_add(t, (struct bytes){ message, (size_t)TLS_MESSAGE_HEADER + message[3] });
	if (!emit_retry(t, hello->cookie)) return false;
	h->flight.len = h->sealed; /* it was sent long ago */
	h->ccs_sent = true;
	trace_say(t->config->trace, "TLS: a second hello with a cookie of ours: the first one's answer is known again");
	return true;
}

/* 4.2.2: the cookie comes back as it was. */
static bool open_cookie(struct tls *t, instant now, const struct tls_client_hello *hello)
{
	struct tls_handshake *h = t->handshake;
	uint8_t memory[MEMORY_MAX];
	size_t len = 0;

	if (!tls_asks(hello, TLS_EXT_COOKIE))
		return tls_fail(t, TLS_MISSING_EXTENSION, "ClientHello: the second one does not bring back the cookie");
	if (t->config->tickets)
		len = tls_cookie_open(t->config->tickets, tls_date_ms(t, now), hello->cookie, (struct room){ memory, sizeof memory });
	if (len <= MEMORY_FIXED) return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: the cookie is not one of ours, or it is too old");
	if (t->state == TLS_SERVER_WAIT_CH) return recall(t, hello, memory, len);
	if (bytes_equal((struct bytes){ memory, len }, (struct bytes){ h->cookie, h->cookie_len })) return true;
	return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: a cookie of ours, but of another handshake");
}

static bool check_second(struct tls *t, const struct tls_client_hello *hello)
{
	struct tls_handshake *h = t->handshake;
	struct bytes shares = hello->shares, key;
	uint8_t digest[32];
	unsigned group = 0;

	digest_of(t, hello, digest);
	if (memcmp(digest, h->cookie + 4, sizeof digest) != 0)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: the second one differs from the first where it may not");
	if (tls_asks(hello, TLS_EXT_EARLY_DATA))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: early_data again after a HelloRetryRequest");
	if (h->retry_group == 0) return true;
	if (!tls_next_share(&shares, &group, &key) || group != h->retry_group || shares.len > 0)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: key_share: not one share of %s, as asked for", tls_group_name(h->retry_group));
	return true;
}

bool tls_server_recall_retry(struct tls *t, instant now, const struct tls_client_hello *hello)
{
	bool second = t->state == TLS_SERVER_WAIT_CH2;

	if (!second && !tls_asks(hello, TLS_EXT_COOKIE)) return true;
	if (second && !t->config->tickets && tls_asks(hello, TLS_EXT_COOKIE))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: a cookie, and we sent none");
	if ((!second || t->config->tickets) && !open_cookie(t, now, hello)) return false;
	if (!check_second(t, hello)) return false;
	t->skip_early = TLS_SKIP_NOTHING;
	return true;
}
