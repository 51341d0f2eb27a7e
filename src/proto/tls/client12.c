/* SPDX-License-Identifier: ISC */
/* The client in TLS 1.2, from the ServerHello on (RFC 5246, 7.3).
 *
 *     full                                        resumed, by id or by ticket (RFC 5077)
 *     ServerHello                                 ServerHello
 *     Certificate, [CertificateStatus]            [NewSessionTicket]
 *     ServerKeyExchange, [CertificateRequest]     ChangeCipherSpec, Finished
 *     ServerHelloDone                                  ChangeCipherSpec, Finished
 *          [Certificate], ClientKeyExchange
 *          [CertificateVerify]
 *          ChangeCipherSpec, Finished
 *     [NewSessionTicket]
 *     ChangeCipherSpec, Finished
 *
 * Two things that 1.2 leaves to the client are required: the extended master secret (RFC 7627, 5.2) and renegotiation_info
 * (RFC 5746, 4.1), without which a stranger can join two connections into one. */
#include "proto/tls/inside.h"

/* What a ServerHello of 1.2 may carry; supported_groups is not meant for it, but some servers send it, and it says nothing. */
#define MAY_CARRY                                                                                                                \
	(TLS_HAS(TLS_EXT_SERVER_NAME) | TLS_HAS(TLS_EXT_STATUS_REQUEST) | TLS_HAS(TLS_EXT_SUPPORTED_GROUPS) |                    \
	 TLS_HAS(TLS_EXT_EC_POINT_FORMATS) | TLS_HAS(TLS_EXT_ALPN) | TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET) |                   \
	 TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT) | TLS_HAS(TLS_EXT_SESSION_TICKET) | TLS_HAS(TLS_EXT_RENEGOTIATION_INFO))
#define RSA_SIGN 1    /* RFC 5246, 7.4.4: ClientCertificateType */
#define ECDSA_SIGN 64 /* RFC 8422, 5.5; Ed25519 too */

static bool has_byte(struct bytes list, uint8_t byte)
{
	return list.len > 0 && memchr(list.at, byte, list.len) != NULL;
}

static const char *name_of_extension(unsigned type)
{
	const char *name = tls_extension_name(type);
	return name != NULL ? name : "unknown";
}

/* RFC 5246, 7.4.1.4: nothing that the client did not ask for. renegotiation_info may answer a signalling suite (RFC 5746, 3.4). */
static bool check_extensions(struct tls *t, const struct tls_server_hello *hello)
{
	tls_extensions asked = t->handshake->sent | TLS_HAS(TLS_EXT_RENEGOTIATION_INFO);
	struct bytes list = hello->extensions, body;

	for (unsigned type; tls_next_extension(&list, &type, &body);) {
		bool known = type < 63 || type == TLS_EXT_RENEGOTIATION_INFO;
		if (!known || !(asked & MAY_CARRY & TLS_HAS(type)))
			return tls_fail(t, TLS_UNSUPPORTED_EXTENSION, "ServerHello: an extension that was not asked for in TLS 1.2: %u (%s)",
			                type, name_of_extension(type));
	}
	if (!(hello->has & TLS_HAS(TLS_EXT_RENEGOTIATION_INFO)))
		return tls_fail(t, TLS_HANDSHAKE_FAILURE, "the server speaks TLS 1.2 without renegotiation_info (RFC 5746), which is not safe");
	if (hello->renegotiation.len > 0)
		return tls_fail(t, TLS_HANDSHAKE_FAILURE, "ServerHello: renegotiation_info is not empty, but this is the first handshake");
	if (!(hello->has & TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET)))
		return tls_fail(t, TLS_HANDSHAKE_FAILURE,
		                "the server speaks TLS 1.2 without extended_master_secret (RFC 7627), which is not safe");
	t->extended_master_secret = true;
	return true;
}

/* Its version and suite are among those offered, and it does not compress: who called and the parser have looked. */
static bool read_hello(struct tls *t, const struct tls_server_hello *hello)
{
	if (!check_extensions(t, hello)) return false;
	t->suite = (uint16_t)hello->suite;
	if (hello->has & TLS_HAS(TLS_EXT_ALPN) && !tls_client_take_alpn(t, "ServerHello", hello->alpn)) return false;
	if (hello->has & TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT)) {
		t->fragment_max = (uint16_t)size_min(t->fragment_max, hello->record_size_limit);
		t->peer_limits_records = true;
	}
	t->handshake->received = hello->has;
	t->handshake->ticket_expected = hello->has & TLS_HAS(TLS_EXT_SESSION_TICKET);
	return true;
}

/* The server echoed the id that came with our ticket or is our session's: it resumes (RFC 5077, 3.4). */
static bool resume(struct tls *t)
{
	struct tls_handshake *h = t->handshake;

	if (!h->has_session || h->session.version != TLS_1_2)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerHello: it resumes a session that was not offered");
	if (h->session.suite != t->suite)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerHello: the session is resumed with another cipher suite than it had");
	memcpy(h->master_secret12, h->session.secret, sizeof h->session.secret);
	tls_keylog_add(t->config->keylog, "CLIENT_RANDOM", h->client_random, (struct bytes){ h->master_secret12, TLS_SECRET_MAX });
	t->resumed = true;
	trace_say(t->config->trace, "TLS 1.2: the server resumes the session");
	tls_enter(t, h->ticket_expected ? TLS_CLIENT12_WAIT_TICKET : TLS_CLIENT12_WAIT_CCS);
	return true;
}

bool tls_client12_start(struct tls *t, instant now, const struct tls_server_hello *hello)
{
	struct tls_handshake *h = t->handshake;
	(void)now;

	if (!read_hello(t, hello)) return false;
	if (hello->session_id.len > 0 && bytes_equal(hello->session_id, (struct bytes){ h->session_id, h->session_id_len }))
		return resume(t);
	if (h->has_session && h->session.version == TLS_1_2)
		trace_say(t->config->trace, "TLS 1.2: the server does not resume the session: a full handshake");
	h->session_id_len = (uint8_t)hello->session_id.len;
	if (h->session_id_len > 0) memcpy(h->session_id, hello->session_id.at, h->session_id_len);
	tls_enter(t, TLS_CLIENT12_WAIT_CERT);
	return true;
}

static bool on_certificate(struct tls *t, instant now, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	struct tls_handshake *h = t->handshake;

	if (!tls_expect(t, type, TLS_CERTIFICATE) || !tls_on_certificate(t, now, type, body)) return false;
	bool rsa = crypt_key_kind(h->peer_key) == CRYPT_KEY_RSA || crypt_key_kind(h->peer_key) == CRYPT_KEY_RSA_PSS;
	if (rsa == tls_suite_find(t->suite)->ecdsa)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "Certificate: its key is %s, but the cipher suite is %s",
		                crypt_key_kind_name(crypt_key_kind(h->peer_key)), tls_suite_name(t->suite));
	tls_transcript_add(t, raw);
	if (h->received & TLS_HAS(TLS_EXT_STATUS_REQUEST)) {
		tls_enter(t, TLS_CLIENT12_WAIT_STATUS);
		return true;
	}
	if (!tls_verify_peer(t, now)) return false;
	tls_enter(t, TLS_CLIENT12_WAIT_SKE);
	return true;
}

/* RFC 6066, 8: the server may send no CertificateStatus although it said it would. */
static bool on_status(struct tls *t, instant now, struct bytes body, struct bytes raw)
{
	struct tls_handshake *h = t->handshake;
	struct tls_fault fault;
	struct bytes ocsp;

	if (!tls_parse_certificate_status(body, &ocsp, &fault)) return tls_fail_fault(t, "CertificateStatus", &fault);
	if (ocsp.len > h->chain_bytes.len - h->chain_used)
		return tls_fail(t, TLS_BAD_CERTIFICATE_STATUS_RESPONSE, "CertificateStatus: %zu bytes are too many", ocsp.len);
	h->peer_ocsp = (struct bytes){ h->chain_bytes.at + h->chain_used, ocsp.len };
	memcpy(h->chain_bytes.at + h->chain_used, ocsp.at, ocsp.len);
	h->chain_used += ocsp.len;
	tls_transcript_add(t, raw);
	if (!tls_verify_peer(t, now)) return false;
	tls_enter(t, TLS_CLIENT12_WAIT_SKE);
	return true;
}

static bool check_signature(struct tls *t, const struct tls_server_key_exchange *exchange)
{
	struct tls_handshake *h = t->handshake;
	struct bytes signed_parts[] = { { h->client_random, TLS_RANDOM_BYTES }, { h->server_random, TLS_RANDOM_BYTES }, exchange->params };

	if (!tls_lists_scheme(t->config, exchange->scheme))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerKeyExchange: signature scheme %04x was not offered", exchange->scheme);
	if (!crypt_key_fits(h->peer_key, CRYPT_ANY_CURVE | exchange->scheme))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerKeyExchange: signed by %s, but the certificate's key is %s",
		                tls_scheme_name(exchange->scheme), crypt_key_kind_name(crypt_key_kind(h->peer_key)));
	if (!crypt_verify(h->peer_key, CRYPT_ANY_CURVE | exchange->scheme, signed_parts, COUNT(signed_parts), exchange->signature))
		return tls_fail(t, TLS_DECRYPT_ERROR, "ServerKeyExchange: its signature is not by the certificate's key");
	t->peer_scheme = (uint16_t)exchange->scheme;
	return true;
}

static bool on_key_exchange(struct tls *t, struct bytes body, struct bytes raw)
{
	struct tls_handshake *h = t->handshake;
	struct tls_server_key_exchange exchange;
	struct tls_fault fault;

	if (!tls_parse_server_key_exchange(body, &exchange, &fault)) return tls_fail_fault(t, "ServerKeyExchange", &fault);
	if (!tls_is_group12(exchange.group) || !tls_lists_group(t->config, exchange.group))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerKeyExchange: group %04x was not offered for TLS 1.2", exchange.group);
	if (exchange.share.len > sizeof h->peer_share)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerKeyExchange: a key of %zu bytes is not one of %s", exchange.share.len,
		                tls_group_name(exchange.group));
	if (!check_signature(t, &exchange)) return false;
	memcpy(h->peer_share, exchange.share.at, exchange.share.len);
	h->peer_share_len = (uint8_t)exchange.share.len;
	t->group = (uint16_t)exchange.group;
	tls_transcript_add(t, raw);
	tls_enter(t, TLS_CLIENT12_WAIT_CR_SHD);
	return true;
}

static bool on_request(struct tls *t, struct bytes body, struct bytes raw)
{
	struct tls_handshake *h = t->handshake;
	struct tls_certificate_request request;
	struct tls_fault fault;

	if (!tls_parse_certificate_request(body, false, &request, &fault)) return tls_fail_fault(t, "CertificateRequest", &fault);
	h->certificate_requested = true;
	tls_note_schemes(h, request.schemes);
	if (!tls_choose_identity(t, (struct bytes){ 0 }, false)) h->identity = NULL;
	if (h->identity != NULL) {
		enum crypt_key_kind kind = crypt_key_kind(h->identity->key);
		bool rsa = kind == CRYPT_KEY_RSA || kind == CRYPT_KEY_RSA_PSS;
		if (!has_byte(request.types, rsa ? RSA_SIGN : ECDSA_SIGN)) h->identity = NULL;
	}
	if (h->identity == NULL) trace_say(t->config->trace, "TLS 1.2: a certificate is asked for, and none of ours fits");
	tls_transcript_add(t, raw);
	tls_enter(t, TLS_CLIENT12_WAIT_SHD);
	return true;
}

static bool send_key_exchange(struct tls *t)
{
	struct tls_handshake *h = t->handshake;
	uint8_t public[CRYPT_PUBLIC_MAX], secret[CRYPT_SECRET_MAX];
	size_t public_len = 0, from = h->flight.len;
	struct bytes theirs = { h->peer_share, h->peer_share_len };
	size_t secret_len = crypt_share_answer(t->config->crypt, t->group, t->config->rng, theirs, public, &public_len, secret);

	if (secret_len == 0)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ServerKeyExchange: its key is not one of %s", tls_group_name(t->group));
	tls_emit_client_key_exchange(&h->flight, (struct bytes){ public, public_len });
	bool sent = tls_sent_message(t, from);
	if (sent) tls_keys12_master(t, (struct bytes){ secret, secret_len });
	crypt_wipe(secret, sizeof secret);
	if (sent) tls_keylog_add(t->config->keylog, "CLIENT_RANDOM", h->client_random, (struct bytes){ h->master_secret12, TLS_SECRET_MAX });
	return sent;
}

static bool on_done(struct tls *t, struct bytes body, struct bytes raw)
{
	struct tls_handshake *h = t->handshake;

	if (body.len > 0) return tls_fail(t, TLS_DECODE_ERROR, "ServerHelloDone: %zu bytes, but it is empty", body.len);
	tls_transcript_add(t, raw);
	if (h->certificate_requested && !tls_send_certificate(t)) return false;
	if (!send_key_exchange(t)) return false;
	if (h->certificate_requested && h->identity != NULL && !tls_send_certificate_verify(t)) return false;
	if (!tls_send_finished12(t)) return false;
	h->messages12.keep = false;
	tls_enter(t, h->ticket_expected ? TLS_CLIENT12_WAIT_TICKET : TLS_CLIENT12_WAIT_CCS);
	return true;
}

/* RFC 5077, 3.3: an empty ticket says that there is none after all. */
static bool on_ticket(struct tls *t, struct bytes body, struct bytes raw)
{
	struct tls_session *session = &t->handshake->session;
	struct tls_new_session_ticket ticket;
	struct tls_fault fault;

	if (!tls_parse_new_session_ticket(body, false, &ticket, &fault)) return tls_fail_fault(t, "NewSessionTicket", &fault);
	session->ticket_len = 0;
	if (ticket.ticket.len > 0 && ticket.ticket.len <= TLS_TICKET_MAX) {
		session->ticket_len = (uint16_t)ticket.ticket.len;
		memcpy(session->ticket, ticket.ticket.at, ticket.ticket.len);
		session->lifetime_s = ticket.lifetime;
		t->count.tickets_got++;
	}
	tls_transcript_add(t, raw);
	tls_enter(t, TLS_CLIENT12_WAIT_CCS);
	return true;
}

bool tls_client12_on_change_cipher_spec(struct tls *t)
{
	tls_keys12_sides(t, &t->in, NULL);
	tls_enter(t, TLS_CLIENT12_WAIT_FINISHED);
	return true;
}

/* A resumed session without a new ticket is still where it was found. */
static void remember(struct tls *t, instant now)
{
	struct tls_handshake *h = t->handshake;
	struct tls_session *s = &h->session;
	bool ticket = h->ticket_expected && s->ticket_len > 0;

	if (!ticket && (t->resumed || h->session_id_len == 0)) return;
	if (!ticket) s->ticket_len = 0, s->lifetime_s = 0;
	s->version = TLS_1_2, s->suite = t->suite;
	memcpy(s->secret, h->master_secret12, sizeof s->secret);
	s->secret_len = sizeof s->secret;
	s->extended_master_secret = true;
	s->client_authenticated = h->identity != NULL;
	s->unverified = t->config->trust_anyone;
	s->age_add = s->early_data_max = 0;
	s->got_at_ms = tls_date_ms(t, now);
	s->session_id_len = ticket ? 0 : h->session_id_len;
	memcpy(s->session_id, h->session_id, s->session_id_len);
	memcpy(s->alpn, t->alpn, sizeof s->alpn);
	memcpy(s->server_name, t->server_name, sizeof s->server_name);
	t->news |= TLS_SESSION;
	if (t->config->sessions != NULL) tls_sessions_put(t->config->sessions, bytes_of(t->server_name), s);
}

static bool on_finished(struct tls *t, instant now, struct bytes body, struct bytes raw)
{
	if (!tls_check_finished12(t, body, raw)) return false;
	if (t->resumed && !tls_send_finished12(t)) return false;
	remember(t, now);
	tls_keys12_done(t);
	tls_handshake_done(t);
	return true;
}

bool tls_client12_on_message(struct tls *t, instant now, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	if (type == TLS_HELLO_REQUEST && body.len == 0) return true; /* RFC 5246, 7.4.1.1: not while negotiating; not hashed either */
	switch (t->state) {
	case TLS_CLIENT12_WAIT_CERT: return on_certificate(t, now, type, body, raw);
	case TLS_CLIENT12_WAIT_STATUS:
		if (type == TLS_CERTIFICATE_STATUS) return on_status(t, now, body, raw);
		if (!tls_expect(t, type, TLS_SERVER_KEY_EXCHANGE) || !tls_verify_peer(t, now)) return false;
		tls_enter(t, TLS_CLIENT12_WAIT_SKE);
		return on_key_exchange(t, body, raw);
	case TLS_CLIENT12_WAIT_SKE: return tls_expect(t, type, TLS_SERVER_KEY_EXCHANGE) && on_key_exchange(t, body, raw);
	case TLS_CLIENT12_WAIT_CR_SHD:
		if (type == TLS_CERTIFICATE_REQUEST) return on_request(t, body, raw);
		return tls_expect(t, type, TLS_SERVER_HELLO_DONE) && on_done(t, body, raw);
	case TLS_CLIENT12_WAIT_SHD: return tls_expect(t, type, TLS_SERVER_HELLO_DONE) && on_done(t, body, raw);
	case TLS_CLIENT12_WAIT_TICKET: return tls_expect(t, type, TLS_NEW_SESSION_TICKET) && on_ticket(t, body, raw);
	case TLS_CLIENT12_WAIT_FINISHED: return tls_expect(t, type, TLS_FINISHED) && on_finished(t, now, body, raw);
	default: /* TLS_CLIENT12_WAIT_CCS */
		return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "a handshake message before ChangeCipherSpec");
	}
}
