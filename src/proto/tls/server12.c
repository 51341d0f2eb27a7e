/* SPDX-License-Identifier: ISC */
/* The server in TLS 1.2, from the choice of version on (RFC 5246, 7.3; the figure is in client12.c).
 *
 * A session is resumed by a ticket (RFC 5077) or, if tickets are not spoken, by its id; a ticket is given once, after the full
 * handshake, for the keys of tickets live long enough. As in client12.c, the extended master secret is required. */
#include "proto/tls/inside.h"

#define RSA_SIGN 1    /* RFC 5246, 7.4.4: ClientCertificateType */
#define ECDSA_SIGN 64 /* RFC 8422, 5.5; Ed25519 too */
#define UNCOMPRESSED 0

static bool check_hello(struct tls *t, const struct tls_client_hello *hello)
{
	if (tls_asks(hello, TLS_EXT_EC_POINT_FORMATS) && memchr(hello->point_formats.at, UNCOMPRESSED, hello->point_formats.len) == NULL)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: uncompressed points are not among its point formats"); /* RFC 8422, 5.1.2 */
	if (tls_asks(hello, TLS_EXT_RENEGOTIATION_INFO) && hello->renegotiation.len > 0)
		return tls_fail(t, TLS_HANDSHAKE_FAILURE, "ClientHello: renegotiation_info is not empty, but this is the first handshake");
	if (!tls_asks(hello, TLS_EXT_EXTENDED_MASTER_SECRET))
		return tls_fail(t, TLS_HANDSHAKE_FAILURE,
		                "the client speaks TLS 1.2 without extended_master_secret (RFC 7627), which is not safe");
	t->extended_master_secret = true;
	return true;
}

/* ---- resumption ---- */

static void session_of(const struct tls_ticket *ticket, struct tls_session *s)
{
	*s = (struct tls_session){ .version = ticket->version, .suite = ticket->suite, .secret_len = ticket->secret_len,
		.extended_master_secret = ticket->extended_master_secret, .client_authenticated = ticket->client_authenticated,
		.unverified = ticket->unverified,
		.lifetime_s = ticket->lifetime_s, .got_at_ms = ticket->issued_at_ms };
	memcpy(s->secret, ticket->secret, sizeof s->secret);
	memcpy(s->server_name, ticket->server_name, sizeof s->server_name);
}

/* What the client wants to resume, if we know it. RFC 5077, 3.4: a ticket comes before an id. */
static bool find_session(struct tls *t, instant now, const struct tls_client_hello *hello, struct tls_session *s)
{
	const struct tls_config *config = t->config;
	int64_t date_ms = tls_date_ms(t, now);

	if (config->tickets != NULL && hello->session_ticket.len > 0) {
		struct tls_ticket ticket;
		if (!tls_ticket_open(config->tickets, date_ms, hello->session_ticket, &ticket, NULL)) return false;
		session_of(&ticket, s);
		crypt_wipe(&ticket, sizeof ticket);
		return tls_session_is_fresh(s, date_ms);
	}
	return config->sessions != NULL && hello->session_id.len > 0 && tls_sessions_take(config->sessions, hello->session_id, date_ms, s);
}

/* Whether it may be: 1.2 with the extended master secret (RFC 7627, 5.3), a suite that both still have, the same name (RFC 6066, 3),
 * and a client that has shown its certificate if it must. */
static const char *why_not(const struct tls *t, const struct tls_client_hello *hello, const struct tls_session *s)
{
	if (s->version != TLS_1_2 || !s->extended_master_secret || s->secret_len != sizeof s->secret) return "it is not one of TLS 1.2";
	if (!tls_has_u16(hello->suites, s->suite) || !tls_lists_suite(t->config, s->suite)) return "its cipher suite is not offered";
	if (strcmp(s->server_name, t->server_name) != 0) return "it was with another name";
	if (t->config->client_auth == TLS_REQUIRE_CLIENT && !s->client_authenticated) return "the client has not shown a certificate in it";
	if (tls_client_is_unproven(t->config, s->client_authenticated, s->unverified))
		return "the client's certificate was not checked in it";
	return NULL;
}

static bool resumes(struct tls *t, instant now, const struct tls_client_hello *hello)
{
	struct tls_session s;
	if (!find_session(t, now, hello, &s)) return false;
	const char *why = why_not(t, hello, &s);
	if (why == NULL) {
		t->suite = s.suite;
		t->resumed = true;
		t->client_authenticated = s.client_authenticated;
		memcpy(t->handshake->master_secret12, s.secret, sizeof s.secret);
	} else {
		trace_say(t->config->trace, "TLS 1.2: the session is not resumed: %s", why);
	}
	crypt_wipe(&s, sizeof s);
	return t->resumed;
}

/* ---- suite, identity, group ---- */

static bool try_suite(struct tls *t, unsigned suite, unsigned how_well)
{
	const struct tls_suite_info *info = tls_suite_find(suite);
	if (info == NULL || info->v13) return false;
	t->suite = (uint16_t)suite;
	return tls_choose_identity_for(t, bytes_of(t->server_name), false, how_well);
}

/* The first suite with which an identity can be shown that is so well for the name. */
static bool find_suite(struct tls *t, const struct tls_client_hello *hello, unsigned how_well)
{
	uint16_t ours[TLS_LIST_MAX];
	size_t count = tls_list_suites(t->config, ours);
	struct bytes list = hello->suites;

	if (t->config->server_preference) {
		for (size_t i = 0; i < count; i++)
			if (tls_has_u16(hello->suites, ours[i]) && try_suite(t, ours[i], how_well)) return true;
	} else {
		uint32_t tried = 0; /* of ours: a suite that is said a thousand times is tried once */
		for (unsigned suite; tls_next_u16(&list, &suite);)
			if (tls_first_time(ours, count, suite, &tried) && try_suite(t, suite, how_well)) return true;
	}
	return false;
}

/* An RSA certificate for the name comes before an ECDSA one for another, whatever the suites' order. */
static bool choose_suite(struct tls *t, const struct tls_client_hello *hello)
{
	for (unsigned how_well = TLS_SUITS_BEST + 1; how_well-- > 0;)
		if (find_suite(t, hello, how_well)) return true;
	t->suite = 0;
	return tls_fail(t, TLS_HANDSHAKE_FAILURE, "no cipher suite of TLS 1.2 in common that a certificate of ours fits");
}

/* RFC 8422, 4: a client that names no groups takes any; P-256 is the one that everybody has. */
static bool choose_group(struct tls *t, const struct tls_client_hello *hello)
{
	uint16_t ours[TLS_LIST_MAX];
	size_t count = tls_list_groups(t->config, ours);
	struct bytes list = hello->groups;

	t->group = 0;
	if (!tls_asks(hello, TLS_EXT_SUPPORTED_GROUPS)) {
		if (tls_lists_group(t->config, CRYPT_SECP256R1)) t->group = CRYPT_SECP256R1;
	} else if (t->config->server_preference) {
		for (size_t i = 0; i < count && t->group == 0; i++)
			if (tls_is_group12(ours[i]) && tls_has_u16(hello->groups, ours[i])) t->group = ours[i];
	} else {
		for (unsigned group; t->group == 0 && tls_next_u16(&list, &group);)
			if (tls_is_group12(group) && tls_lists_group(t->config, group)) t->group = (uint16_t)group;
	}
	if (t->group != 0) return true;
	return tls_fail(t, TLS_HANDSHAKE_FAILURE, "no group of TLS 1.2 in common");
}

/* ---- the first flight ---- */

/* RFC 8446, 4.1.3: who could have spoken 1.3 says so where an attacker cannot change it. */
static void make_random(struct tls *t)
{
	uint8_t *random = t->handshake->server_random;
	rng_fill(t->config->rng, (struct room){ random, TLS_RANDOM_BYTES });
	if (tls_offers_version(t->config, TLS_1_3)) memcpy(random + TLS_RANDOM_BYTES - 8, "DOWNGRD\1", 8);
}

static bool gives_ticket(const struct tls *t) { return t->handshake->ticket_expected; }
static bool staples(const struct tls *t)
{
	return !t->resumed && t->handshake->peer_wants_ocsp && t->handshake->identity->ocsp.len > 0;
}

static tls_extensions answers(const struct tls *t, const struct tls_client_hello *hello)
{
	tls_extensions has = TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET);
	if (tls_asks(hello, TLS_EXT_RENEGOTIATION_INFO) || tls_has_u16(hello->suites, TLS_EMPTY_RENEGOTIATION_INFO_SCSV))
		has |= TLS_HAS(TLS_EXT_RENEGOTIATION_INFO); /* RFC 5746, 3.6 */
	if (tls_asks(hello, TLS_EXT_SERVER_NAME) && !t->resumed) has |= TLS_HAS(TLS_EXT_SERVER_NAME);
	if (tls_asks(hello, TLS_EXT_EC_POINT_FORMATS)) has |= TLS_HAS(TLS_EXT_EC_POINT_FORMATS);
	if (t->alpn_len > 0) has |= TLS_HAS(TLS_EXT_ALPN);
	if (t->peer_limits_records) has |= TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT);
	if (gives_ticket(t)) has |= TLS_HAS(TLS_EXT_SESSION_TICKET);
	if (staples(t)) has |= TLS_HAS(TLS_EXT_STATUS_REQUEST);
	return has;
}

/* A new session gets an id only if it will be found by it. */
static void choose_id(struct tls *t)
{
	struct tls_handshake *h = t->handshake;
	if (t->resumed) return;
	h->session_id_len = 0;
	if (gives_ticket(t) || t->config->sessions == NULL) return;
	h->session_id_len = TLS_SESSION_ID_MAX;
	rng_fill(t->config->rng, (struct room){ h->session_id, h->session_id_len });
}

static bool send_hello(struct tls *t, const struct tls_client_hello *hello)
{
	static const uint8_t formats[] = { UNCOMPRESSED };
	struct tls_handshake *h = t->handshake;
	size_t from = h->flight.len;

	make_random(t);
	h->ticket_expected = !t->resumed && t->config->tickets != NULL && tls_asks(hello, TLS_EXT_SESSION_TICKET);
	choose_id(t);
	h->sent = answers(t, hello);
	tls_emit_server_hello(&h->flight, &(struct tls_server_hello){
		.legacy_version = TLS_1_2, .random = { h->server_random, TLS_RANDOM_BYTES }, .session_id = { h->session_id, h->session_id_len },
		.suite = t->suite, .has = h->sent, .alpn = { (const uint8_t *)t->alpn, t->alpn_len }, .point_formats = { formats, sizeof formats },
		.record_size_limit = tls_record_limit(t) });
	return tls_sent_message(t, from);
}

static bool send_status(struct tls *t)
{
	struct tls_writer *w = &t->handshake->flight;
	size_t from = w->len;

	tls_emit_certificate_status(w, t->handshake->identity->ocsp);
	return tls_sent_message(t, from);
}

static bool send_key_exchange(struct tls *t)
{
	struct tls_handshake *h = t->handshake;
	uint8_t public[CRYPT_PUBLIC_MAX], params[4 + CRYPT_PUBLIC_MAX], signature[CRYPT_SIGNATURE_MAX];
	struct bytes share = { public, crypt_share_make(&h->shares[0], t->config->crypt, t->group, t->config->rng, public) };
	struct tls_writer w = { .at = params, .size = sizeof params };
	size_t from = h->flight.len;

	h->shares_count = 1;
	tls_put_server_params(&w, t->group, share);
	struct bytes signed_parts[] = { { h->client_random, TLS_RANDOM_BYTES }, { h->server_random, TLS_RANDOM_BYTES }, { params, w.len } };
	size_t len = crypt_sign(h->identity->key, CRYPT_ANY_CURVE | h->sign_scheme, signed_parts, COUNT(signed_parts), signature);
	if (len == 0) return tls_fail(t, TLS_INTERNAL_ERROR, "our key does not sign by %s", tls_scheme_name(h->sign_scheme));
	t->scheme = h->sign_scheme;
	tls_emit_server_key_exchange(&h->flight, &(struct tls_server_key_exchange){ .group = t->group, .share = share,
		.params = { params, w.len }, .scheme = h->sign_scheme, .signature = { signature, len } });
	return tls_sent_message(t, from);
}

static bool send_request(struct tls *t)
{
	static const uint8_t types[] = { RSA_SIGN, ECDSA_SIGN };
	uint8_t schemes[2 * TLS_LIST_MAX];
	size_t from = t->handshake->flight.len;

	tls_emit_certificate_request(&t->handshake->flight, false, &(struct tls_certificate_request){ .types = { types, sizeof types },
		.schemes = tls_put_schemes(t->config, schemes) });
	t->handshake->certificate_requested = true;
	return tls_sent_message(t, from);
}

static bool send_done(struct tls *t)
{
	struct tls_writer *w = &t->handshake->flight;
	size_t from = w->len;
	tls_close_message(w, tls_open_message(w, TLS_SERVER_HELLO_DONE));
	return tls_sent_message(t, from) && tls_flush(t);
}

static bool send_full_flight(struct tls *t)
{
	bool ask = t->config->client_auth != TLS_NO_CLIENT_AUTH;

	if (!tls_send_certificate(t)) return false;
	if (staples(t) && !send_status(t)) return false;
	if (!send_key_exchange(t) || (ask && !send_request(t)) || !send_done(t)) return false;
	tls_enter(t, ask ? TLS_SERVER12_WAIT_CERT : TLS_SERVER12_WAIT_CKE);
	return true;
}

static void log_master(struct tls *t)
{
	struct tls_handshake *h = t->handshake;
	tls_keylog_add(t->config->keylog, "CLIENT_RANDOM", h->client_random, (struct bytes){ h->master_secret12, TLS_SECRET_MAX });
}

static bool send_resumed_flight(struct tls *t)
{
	trace_say(t->config->trace, "TLS 1.2: a session is resumed");
	log_master(t);
	if (!tls_send_finished12(t)) return false;
	tls_enter(t, TLS_SERVER12_WAIT_CCS);
	return true;
}

bool tls_server12_start(struct tls *t, instant now, const struct tls_client_hello *hello, struct bytes raw)
{
	struct tls_handshake *h = t->handshake;

	if (!check_hello(t, hello)) return false;
	if (tls_asks(hello, TLS_EXT_RECORD_SIZE_LIMIT)) { /* RFC 8449, 4: 1.2 counts plaintext */
		t->fragment_max = (uint16_t)size_min(t->fragment_max, size_min(hello->record_size_limit, TLS_PLAINTEXT_MAX));
		t->peer_limits_records = t->config->record_size_limit > 0;
	}
	if (!resumes(t, now, hello) && !(choose_suite(t, hello) && choose_group(t, hello))) return false;
	h->messages12.keep = !t->resumed && t->config->client_auth != TLS_NO_CLIENT_AUTH;
	tls_transcript_choose(t, tls_suite_find(t->suite)->hash);
	tls_transcript_add(t, raw);
	if (!send_hello(t, hello)) return false;
	return t->resumed ? send_resumed_flight(t) : send_full_flight(t);
}

/* ---- what the client answers ---- */

static bool on_certificate(struct tls *t, instant now, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	if (!tls_expect(t, type, TLS_CERTIFICATE) || !tls_on_certificate(t, now, type, body)) return false;
	tls_transcript_add(t, raw);
	tls_enter(t, TLS_SERVER12_WAIT_CKE);
	return true;
}

static bool on_key_exchange(struct tls *t, struct bytes body, struct bytes raw)
{
	struct tls_handshake *h = t->handshake;
	uint8_t secret[CRYPT_SECRET_MAX];
	struct tls_fault fault;
	struct bytes share;

	if (!tls_parse_client_key_exchange(body, &share, &fault)) return tls_fail_fault(t, "ClientKeyExchange", &fault);
	size_t len = crypt_share_finish(&h->shares[0], share, secret);
	if (len == 0)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientKeyExchange: its key is not one of %s", tls_group_name(t->group));
	tls_transcript_add(t, raw);
	tls_keys12_master(t, (struct bytes){ secret, len });
	crypt_wipe(secret, sizeof secret);
	log_master(t);
	tls_enter(t, h->peer_key != NULL ? TLS_SERVER12_WAIT_CV : TLS_SERVER12_WAIT_CCS);
	return true;
}

static bool on_certificate_verify(struct tls *t, struct bytes body, struct bytes raw)
{
	if (!tls_on_certificate_verify(t, body, NULL)) return false;
	t->handshake->messages12.keep = false;
	tls_transcript_add(t, raw);
	tls_enter(t, TLS_SERVER12_WAIT_CCS);
	return true;
}

bool tls_server12_on_change_cipher_spec(struct tls *t)
{
	tls_keys12_sides(t, &t->in, NULL);
	tls_enter(t, TLS_SERVER12_WAIT_FINISHED);
	return true;
}

/* ---- the end ---- */

static void fill_ticket(const struct tls *t, instant now, struct tls_ticket *ticket)
{
	const struct tls_handshake *h = t->handshake;

	*ticket = (struct tls_ticket){ .version = TLS_1_2, .suite = t->suite, .secret_len = TLS_SECRET_MAX, .extended_master_secret = true,
		.client_authenticated = t->client_authenticated, .unverified = t->config->trust_anyone, .issued_at_ms = tls_date_ms(t, now),
		.lifetime_s = t->config->tickets != NULL ? tls_tickets_lifetime(t->config->tickets) : TLS_TICKET_LIFETIME_S };
	memcpy(ticket->secret, h->master_secret12, sizeof ticket->secret);
	memcpy(ticket->server_name, t->server_name, sizeof ticket->server_name);
	memcpy(ticket->alpn, t->alpn, sizeof ticket->alpn);
	if (t->client_authenticated && h->peer_chain_count > 0)
		crypt_hash(t->config->crypt, CRYPT_SHA256, h->peer_chain[0], ticket->client_certificate_hash);
}

/* RFC 5077, 3.3: it was promised in the ServerHello, so it comes, empty if it must be. */
static bool send_ticket(struct tls *t, instant now)
{
	uint8_t sealed[TLS_TICKET_MAX];
	struct tls_ticket ticket;
	size_t from = t->handshake->flight.len;

	fill_ticket(t, now, &ticket);
	size_t len = tls_ticket_seal(t->config->tickets, tls_date_ms(t, now), &ticket, (struct room){ sealed, sizeof sealed });
	tls_emit_new_session_ticket(&t->handshake->flight, false, &(struct tls_new_session_ticket){ .lifetime = ticket.lifetime_s,
		.ticket = { sealed, len } });
	crypt_wipe(&ticket, sizeof ticket);
	return tls_sent_message(t, from);
}

static void remember(struct tls *t, instant now)
{
	struct tls_handshake *h = t->handshake;
	struct tls_ticket ticket;
	struct tls_session s;

	if (t->resumed || h->session_id_len == 0) return;
	fill_ticket(t, now, &ticket);
	session_of(&ticket, &s);
	tls_sessions_put(t->config->sessions, (struct bytes){ h->session_id, h->session_id_len }, &s);
	crypt_wipe(&ticket, sizeof ticket);
	crypt_wipe(&s, sizeof s);
}

static bool on_finished(struct tls *t, instant now, struct bytes body, struct bytes raw)
{
	if (!tls_check_finished12(t, body, raw)) return false;
	if (!t->resumed && gives_ticket(t) && !send_ticket(t, now)) return false;
	if (!t->resumed && !tls_send_finished12(t)) return false;
	remember(t, now);
	tls_keys12_done(t);
	tls_handshake_done(t);
	return true;
}

bool tls_server12_on_message(struct tls *t, instant now, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	switch (t->state) {
	case TLS_SERVER12_WAIT_CERT: return on_certificate(t, now, type, body, raw);
	case TLS_SERVER12_WAIT_CKE: return tls_expect(t, type, TLS_CLIENT_KEY_EXCHANGE) && on_key_exchange(t, body, raw);
	case TLS_SERVER12_WAIT_CV: return tls_expect(t, type, TLS_CERTIFICATE_VERIFY) && on_certificate_verify(t, body, raw);
	case TLS_SERVER12_WAIT_FINISHED: return tls_expect(t, type, TLS_FINISHED) && on_finished(t, now, body, raw);
	default: /* TLS_SERVER12_WAIT_CCS */
		return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "a handshake message before ChangeCipherSpec");
	}
}
