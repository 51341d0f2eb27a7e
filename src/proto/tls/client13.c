/* SPDX-License-Identifier: ISC */
/* The client in TLS 1.3, from the ServerHello on (RFC 8446, A.1). */
#include "proto/tls/inside.h"

/* ---- ServerHello ---- */

/* 4.2.11: the PSK must be one that we offered, and of the suite's hash. */
static bool choose_psk(struct tls *t, const struct tls_server_hello *sh, struct bytes *key)
{
	struct tls_handshake *h = t->handshake;
	struct tls_psk_offer psk;

	*key = (struct bytes){ NULL, 0 };
	if ((sh->has & TLS_HAS(TLS_EXT_PRE_SHARED_KEY)) == 0) return true;
	if (sh->psk_index >= TLS_PSKS_MAX || !tls_client_psk(t, sh->psk_index, &psk))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerHello: it chose PSK %u, which we did not offer", sh->psk_index);
	if (psk.hash != h->hash)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerHello: the PSK's hash is not the cipher suite's");
	h->psk_index = (int8_t)sh->psk_index;
	t->resumed = !psk.external;
	*key = psk.key;
	return true;
}

/* 4.2.8: one share, of a group that we sent ours for. We offer psk_dhe_ke only, so there always is one. */
static size_t agree(struct tls *t, const struct tls_server_hello *sh, uint8_t secret[CRYPT_SECRET_MAX])
{
	struct tls_handshake *h = t->handshake;
	size_t len;

	if ((sh->has & TLS_HAS(TLS_EXT_KEY_SHARE)) == 0) {
		tls_fail(t, TLS_MISSING_EXTENSION, "ServerHello: it has no key_share");
		return 0;
	}
	for (size_t i = 0; i < h->shares_count; i++) {
		if (h->shares[i].group != sh->share_group) continue;
		t->group = (uint16_t)sh->share_group;
		len = crypt_share_finish(&h->shares[i], sh->share, secret);
		if (len == 0) tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerHello: its key share is not a public key of its group");
		return len;
	}
	const char *name = tls_group_name(sh->share_group);
	tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerHello: a share of group %s (%04x), of which we sent none", name != NULL ? name : "unknown",
	         sh->share_group);
	return 0;
}

bool tls_client13_start(struct tls *t, instant now, const struct tls_server_hello *sh)
{
	struct tls_handshake *h = t->handshake;
	uint8_t secret[CRYPT_SECRET_MAX];
	struct bytes psk;
	size_t len;
	(void)now;

	if (!choose_psk(t, sh, &psk) || (len = agree(t, sh, secret)) == 0) return false;
	tls_keys_early(t, psk);
	tls_keys_handshake(t, (struct bytes){ secret, len });
	crypt_wipe(secret, sizeof secret);
	for (size_t i = 0; i < h->shares_count; i++) crypt_share_end(&h->shares[i]);
	tls_side_set13(t, &t->in, t->suite, h->server_handshake_secret);
	if (!h->early_offered) tls_side_set13(t, &t->out, t->suite, h->client_handshake_secret);
	trace_say(t->config->trace, "TLS 1.3: %s, %s, %s", t->resumed ? "resumed by a ticket" : psk.len > 0 ? "with an external PSK" : "full handshake",
	          tls_suite_name(t->suite), tls_group_name(t->group));
	tls_enter(t, TLS_CLIENT_WAIT_EE);
	return true;
}

/* ---- EncryptedExtensions ---- */

/* RFC 8449, 4: in 1.3 the limit counts the content type. */
static void limit_records(struct tls *t, unsigned limit)
{
	t->peer_limits_records = true;
	if (limit - 1 < t->fragment_max) t->fragment_max = (uint16_t)(limit - 1);
}

/* 4.2.10: taken only with the first PSK, its suite and its ALPN. */
static bool early_taken(struct tls *t)
{
	const struct tls_handshake *h = t->handshake;

	if (h->psk_index != 0 || !t->resumed)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "EncryptedExtensions: early data taken, but not with the first PSK");
	if (t->suite != h->session.suite)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "EncryptedExtensions: early data taken under another cipher suite");
	if (strcmp(t->alpn, h->session.alpn) != 0)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "EncryptedExtensions: early data taken under another ALPN name");
	t->early_accepted = true;
	return true;
}

static void early_refused(struct tls *t)
{
	trace_say(t->config->trace, "TLS: the server did not take the early data");
	t->handshake->early_offered = false;
	t->count.early_left = 0;
	t->news |= TLS_EARLY_REFUSED;
	tls_side_set13(t, &t->out, t->suite, t->handshake->client_handshake_secret);
}

static bool on_encrypted_extensions(struct tls *t, struct bytes body, struct bytes raw)
{
	struct tls_handshake *h = t->handshake;
	struct tls_encrypted_extensions ee;
	struct tls_fault fault;

	if (!tls_parse_encrypted_extensions(body, &ee, &fault)) return tls_fail_fault(t, "EncryptedExtensions", &fault);
	if (!tls_check_extensions(t, "EncryptedExtensions", ee.extensions, TLS_HAS(TLS_EXT_SERVER_NAME) | TLS_HAS(TLS_EXT_ALPN) |
	                          TLS_HAS(TLS_EXT_SUPPORTED_GROUPS) | TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT) | TLS_HAS(TLS_EXT_EARLY_DATA)))
		return false;
	if ((ee.has & TLS_HAS(TLS_EXT_ALPN)) != 0 && !tls_client_take_alpn(t, "EncryptedExtensions", ee.alpn)) return false;
	if (t->alpn_len == 0 && t->config->alpn_count > 0 && t->config->alpn_needed)
		return tls_fail(t, TLS_NO_APPLICATION_PROTOCOL, "EncryptedExtensions: the server takes none of our protocols");
	if ((ee.has & TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT)) != 0) limit_records(t, ee.record_size_limit);
	h->received = ee.has;
	if ((ee.has & TLS_HAS(TLS_EXT_EARLY_DATA)) != 0) {
		if (!early_taken(t)) return false;
	} else if (h->early_offered) {
		early_refused(t);
	}
	tls_transcript_add(t, raw);
	tls_enter(t, h->psk_index >= 0 ? TLS_CLIENT_WAIT_FINISHED : TLS_CLIENT_WAIT_CERT_CR);
	return true;
}

/* ---- the server's certificate ---- */

/* 4.3.2. Whether we have what it wants is decided when it is our turn. */
static bool on_certificate_request(struct tls *t, struct bytes body, struct bytes raw)
{
	struct tls_handshake *h = t->handshake;
	struct tls_certificate_request request;
	struct tls_fault fault;

	if (!tls_parse_certificate_request(body, true, &request, &fault)) return tls_fail_fault(t, "CertificateRequest", &fault);
	if (request.context.len > 0) return tls_fail(t, TLS_ILLEGAL_PARAMETER, "CertificateRequest: its context is not empty in the handshake");
	if ((request.has & TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS)) == 0)
		return tls_fail(t, TLS_MISSING_EXTENSION, "CertificateRequest: it has no signature_algorithms");
	tls_note_schemes(h, request.schemes);
	tls_note_packing(t, request.packings);
	h->peer_wants_ocsp = request.ocsp_wanted;
	h->certificate_requested = true;
	tls_transcript_add(t, raw);
	tls_enter(t, TLS_CLIENT_WAIT_CERT);
	return true;
}

static bool on_certificate(struct tls *t, instant now, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	if (type != TLS_COMPRESSED_CERTIFICATE && !tls_expect(t, type, TLS_CERTIFICATE)) return false;
	if (!tls_on_certificate(t, now, type, body)) return false;
	tls_transcript_add(t, raw);
	tls_enter(t, TLS_CLIENT_WAIT_CV);
	return true;
}

static bool on_certificate_verify(struct tls *t, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	uint8_t hash[CRYPT_HASH_MAX];

	if (!tls_expect(t, type, TLS_CERTIFICATE_VERIFY)) return false;
	tls_transcript_peek(t, hash);
	if (!tls_on_certificate_verify(t, body, hash)) return false;
	tls_transcript_add(t, raw);
	tls_enter(t, TLS_CLIENT_WAIT_FINISHED);
	return true;
}

/* ---- Finished, and our own flight ---- */

/* 4.5: the last thing under the early keys. */
static bool end_early(struct tls *t)
{
	struct tls_writer *flight = &t->handshake->flight;
	size_t from = flight->len, mark = tls_open_message(flight, TLS_END_OF_EARLY_DATA);

	tls_close_message(flight, mark);
	t->handshake->early_offered = false;
	t->count.early_left = 0;
	if (!tls_sent_message(t, from) || !tls_flush(t)) return false;
	tls_side_set13(t, &t->out, t->suite, t->handshake->client_handshake_secret);
	return true;
}

/* 4.4.2: without a certificate that the server would take, the message is empty. */
static bool send_identity(struct tls *t)
{
	if (!t->handshake->certificate_requested) return true;
	if (!tls_choose_identity(t, (struct bytes){ NULL, 0 }, true)) t->handshake->identity = NULL;
	return tls_send_certificate(t) && (t->handshake->identity == NULL || tls_send_certificate_verify(t));
}

static bool send_flight(struct tls *t)
{
	struct tls_handshake *h = t->handshake;

	if (t->early_accepted && !end_early(t)) return false;
	if (!t->config->no_middlebox_compatibility && !h->ccs_sent && !tls_send_change_cipher_spec(t)) return false;
	return send_identity(t) && tls_send_finished13(t, h->client_handshake_secret) && tls_flush(t);
}

static bool on_finished(struct tls *t, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	struct tls_handshake *h = t->handshake;

	if (!tls_expect(t, type, TLS_FINISHED)) return false;
	if (!tls_check_finished13(t, h->server_handshake_secret, body)) return false;
	tls_transcript_add(t, raw);
	tls_keys_master(t);
	if (!send_flight(t)) return false;
	tls_side_set13(t, &t->in, t->suite, h->server_traffic_secret);
	tls_side_set13(t, &t->out, t->suite, h->client_traffic_secret);
	tls_keys_resumption(t);
	tls_handshake_done(t);
	return true;
}

bool tls_client13_on_message(struct tls *t, instant now, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	switch (t->state) {
	case TLS_CLIENT_WAIT_EE: return tls_expect(t, type, TLS_ENCRYPTED_EXTENSIONS) && on_encrypted_extensions(t, body, raw);
	case TLS_CLIENT_WAIT_CERT_CR:
		if (type == TLS_CERTIFICATE_REQUEST) return on_certificate_request(t, body, raw);
		return on_certificate(t, now, type, body, raw);
	case TLS_CLIENT_WAIT_CERT: return on_certificate(t, now, type, body, raw);
	case TLS_CLIENT_WAIT_CV: return on_certificate_verify(t, type, body, raw);
	default: return on_finished(t, type, body, raw);
	}
}
