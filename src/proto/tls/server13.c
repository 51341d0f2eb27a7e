/* SPDX-License-Identifier: ISC */
/* The server in TLS 1.3, from the choice of version on (RFC 8446, A.2). */
#include "proto/tls/inside.h"

#define PSKS_LOOKED_AT 8 /* identities of a hello; each may cost a decryption */
#define PSK_DHE_KE 1     /* 4.2.9 */
#define TICKETS_DEFAULT 2
#define TICKET_NONCE_BYTES 1
#define TICKET_MESSAGE_MAX (TLS_TICKET_MAX + 64)

/* A PSK that could be used, if its binder is right. */
struct choice {
	int index;                /* in the hello's list; -1: none */
	bool external;
	enum crypt_hash hash;
	struct bytes key, binder; /* key: external's, or the ticket's secret */
	uint32_t obfuscated_age;
	struct tls_ticket ticket;
};

static bool has_byte(struct bytes list, uint8_t byte) { return list.len > 0 && memchr(list.at, byte, list.len) != NULL; }

/* ---- cipher suite ---- */

/* One that both have; of that hash, unless it is CRYPT_HASHES. 0: none. */
static unsigned find_suite(const struct tls *t, const struct tls_client_hello *hello, unsigned hash)
{
	uint16_t ours[TLS_LIST_MAX];
	size_t count = tls_list_suites(t->config, ours);
	struct bytes list = hello->suites;
	const struct tls_suite_info *info;

	if (t->config->server_preference) {
		for (size_t i = 0; i < count; i++)
			if ((info = tls_suite_find(ours[i]))->v13 && (hash == CRYPT_HASHES || info->hash == hash) && tls_has_u16(hello->suites, ours[i]))
				return ours[i];
		return 0;
	}
	for (unsigned suite; tls_next_u16(&list, &suite);)
		if ((info = tls_suite_find(suite)) != NULL && info->v13 && (hash == CRYPT_HASHES || info->hash == hash) &&
		    tls_lists_suite(t->config, suite))
			return suite;
	return 0;
}

/* After a HelloRetryRequest the suite is what it was (4.1.4). */
static bool suite_could_have(const struct tls *t, const struct tls_client_hello *hello, enum crypt_hash hash)
{
	if (t->retried) return tls_suite_find(t->suite)->hash == hash;
	return find_suite(t, hello, hash) != 0;
}

static bool choose_suite(struct tls *t, const struct tls_client_hello *hello, const struct choice *psk)
{
	if (t->retried) return true;
	t->suite = (uint16_t)find_suite(t, hello, psk->index >= 0 ? psk->hash : CRYPT_HASHES);
	if (t->suite == 0) return tls_fail(t, TLS_HANDSHAKE_FAILURE, "no cipher suite of TLS 1.3 in common");
	tls_transcript_choose(t, tls_suite_find(t->suite)->hash);
	return true;
}

/* ---- PSK ---- */

static bool find_external(const struct tls *t, const struct tls_client_hello *hello, struct bytes identity, struct choice *c)
{
	for (size_t i = 0; i < t->config->psks_count; i++) {
		const struct tls_psk *psk = &t->config->psks[i];
		if (!bytes_equal(psk->identity, identity) || !suite_could_have(t, hello, psk->hash)) continue;
		c->external = true;
		c->hash = psk->hash;
		c->key = psk->key;
		return true;
	}
	return false;
}

/* Whether the session may go on here; NULL if so. */
static const char *why_not(const struct tls *t, instant now, const struct tls_client_hello *hello, const struct tls_ticket *k)
{
	const struct tls_suite_info *suite = tls_suite_find(k->suite);

	if (k->version != TLS_1_3 || suite == NULL || !suite->v13 || k->secret_len != crypt_hash_len(suite->hash))
		return "the ticket is not one of TLS 1.3";
	if (!suite_could_have(t, hello, suite->hash)) return "no cipher suite in common has the ticket's hash";
	if (strcmp(k->server_name, t->server_name) != 0) return "the ticket is for another name";
	if (t->config->client_auth == TLS_REQUIRE_CLIENT && !k->client_authenticated)
		return "the client did not show the certificate that is required when it got the ticket";
	if (tls_client_is_unproven(t->config, k->client_authenticated, k->unverified))
		return "the client's certificate was not checked when it got the ticket";
	if (tls_date_ms(t, now) - k->authenticated_at_ms > TLS_TICKET_LIFETIME_MAX_S * INT64_C(1000)) /* however often it was resumed */
		return "the full handshake was more than seven days ago";
	return NULL;
}

static bool find_ticket(struct tls *t, instant now, const struct tls_client_hello *hello, struct bytes identity, struct choice *c)
{
	const char *words = "we take no tickets";

	if (t->config->tickets && tls_ticket_open(t->config->tickets, tls_date_ms(t, now), identity, &c->ticket, &words) &&
	    (words = why_not(t, now, hello, &c->ticket)) == NULL) {
		c->external = false;
		c->hash = tls_suite_find(c->ticket.suite)->hash;
		c->key = (struct bytes){ c->ticket.secret, c->ticket.secret_len };
		return true;
	}
	trace_say(t->config->trace, "TLS: no resumption: %s", words);
	return false;
}

/* 4.2.11: the first that we know. */
static void find_psk(struct tls *t, instant now, const struct tls_client_hello *hello, struct choice *c)
{
	struct bytes identities = hello->psk_identities, binders = hello->psk_binders, identity;

	if (!tls_asks(hello, TLS_EXT_PRE_SHARED_KEY)) return;
	if (!has_byte(hello->psk_modes, PSK_DHE_KE)) {
		trace_say(t->config->trace, "TLS: no resumption: the client wants it without a key exchange");
		return;
	}
	for (int i = 0; i < PSKS_LOOKED_AT && tls_next_identity(&identities, &identity, &c->obfuscated_age); i++) {
		tls_next_binder(&binders, &c->binder);
		if (!find_external(t, hello, identity, c) && !find_ticket(t, now, hello, identity, c)) continue;
		c->index = i;
		return;
	}
}

/* 4.2.11.2. Of the hello, what the binders cover goes into the transcript here. */
static bool check_binder(struct tls *t, const struct tls_client_hello *hello, struct bytes raw, const struct choice *c)
{
	uint8_t hash[CRYPT_HASH_MAX], wanted[CRYPT_HASH_MAX];

	tls_transcript_add(t, bytes_first(raw, TLS_MESSAGE_HEADER + hello->binders_at));
	tls_transcript_peek(t, hash);
	tls_keys_binder(t->config->crypt, c->hash, c->key, c->external, hash, wanted);
	if (crypt_equal(c->binder, (struct bytes){ wanted, crypt_hash_len(c->hash) })) return true;
	return tls_fail(t, TLS_DECRYPT_ERROR, "ClientHello: PSK %d: its binder is wrong: the client does not have the key, or the hello was changed",
	                c->index);
}

/* ---- group ---- */

static bool share_of(const struct tls_client_hello *hello, unsigned wanted, struct bytes *share)
{
	struct bytes rest = hello->shares;
	for (unsigned group; tls_next_share(&rest, &group, share);)
		if (group == wanted) return true;
	return false;
}

/* The first in order of preference that comes with a share, for that spares a flight; else the first that both have, and no share. */
static unsigned choose_group(const struct tls *t, const struct tls_client_hello *hello, struct bytes *share)
{
	uint16_t ours[TLS_LIST_MAX];
	size_t count = tls_list_groups(t->config, ours);
	struct bytes list = hello->groups;
	unsigned first = 0, group;

	if (t->config->server_preference) {
		for (size_t i = 0; i < count; i++) {
			if (!tls_has_u16(hello->groups, ours[i])) continue;
			if (share_of(hello, ours[i], share)) return ours[i];
			if (first == 0) first = ours[i];
		}
	} else {
		uint32_t looked_at = 0; /* of ours: a group that is said a thousand times is looked for once */
		while (tls_next_u16(&list, &group)) {
			if (!tls_first_time(ours, count, group, &looked_at)) continue;
			if (share_of(hello, group, share)) return group;
			if (first == 0) first = group;
		}
	}
	*share = (struct bytes){ NULL, 0 };
	return first;
}

/* ---- our flight ---- */

static bool send_hello(struct tls *t, struct bytes share)
{
	struct tls_handshake *h = t->handshake;
	size_t from = h->flight.len;

	h->sent = TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) | TLS_HAS(TLS_EXT_KEY_SHARE);
	if (h->psk_index >= 0) h->sent |= TLS_HAS(TLS_EXT_PRE_SHARED_KEY);
	rng_fill(t->config->rng, (struct room){ h->server_random, TLS_RANDOM_BYTES });
	tls_emit_server_hello(&h->flight, &(struct tls_server_hello){ .legacy_version = TLS_1_2,
		.random = { h->server_random, TLS_RANDOM_BYTES }, .session_id = { h->session_id, h->session_id_len }, .suite = t->suite,
		.has = h->sent, .version = TLS_1_3, .share_group = t->group, .share = share, .psk_index = (unsigned)h->psk_index });
	if (!tls_sent_message(t, from) || !tls_flush(t)) return false;
	return h->session_id_len == 0 || h->ccs_sent || t->config->no_middlebox_compatibility || tls_send_change_cipher_spec(t); /* D.4 */
}

static bool send_encrypted_extensions(struct tls *t)
{
	struct tls_handshake *h = t->handshake;
	size_t from = h->flight.len;
	struct tls_encrypted_extensions e = { .alpn = { (const uint8_t *)t->alpn, t->alpn_len },
		.record_size_limit = tls_record_limit(t) };

	if (t->server_name[0] != '\0' && !t->resumed) e.has |= TLS_HAS(TLS_EXT_SERVER_NAME); /* RFC 6066, 3 */
	if (t->alpn_len > 0) e.has |= TLS_HAS(TLS_EXT_ALPN);
	if (t->peer_limits_records) e.has |= TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT);
	if (t->early_accepted) e.has |= TLS_HAS(TLS_EXT_EARLY_DATA);
	tls_emit_encrypted_extensions(&h->flight, &e);
	return tls_sent_message(t, from);
}

/* 4.3.2. */
static bool send_request(struct tls *t)
{
	struct tls_handshake *h = t->handshake;
	uint8_t schemes[2 * TLS_LIST_MAX], packings[2 * TLS_PACKINGS];
	size_t from = h->flight.len;
	struct tls_certificate_request q = { .schemes = tls_put_schemes(t->config, schemes),
		.packings = tls_put_packings(t->config, packings), .has = TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS) };

	if (q.packings.len > 0) q.has |= TLS_HAS(TLS_EXT_COMPRESS_CERTIFICATE);
	tls_emit_certificate_request(&h->flight, true, &q);
	h->compress_offered = q.packings.len > 0;
	h->certificate_requested = true;
	return tls_sent_message(t, from);
}

/* 4.3.2: who shows a PSK is asked for no certificate. */
static bool send_identity(struct tls *t)
{
	if (t->handshake->psk_index >= 0) return true;
	if (t->config->client_auth != TLS_NO_CLIENT_AUTH && !send_request(t)) return false;
	return tls_send_certificate(t) && tls_send_certificate_verify(t);
}

/* What the client seals next: early data, or its flight; early data that is refused comes first and is passed over. */
static void set_input(struct tls *t, const struct tls_client_hello *hello, const uint8_t *early_secret)
{
	struct tls_handshake *h = t->handshake;

	tls_side_set13(t, &t->in, t->suite, t->early_accepted ? early_secret : h->client_handshake_secret);
	if (!t->early_accepted && tls_asks(hello, TLS_EXT_EARLY_DATA)) tls_early_skip(t, TLS_SKIP_UNREADABLE);
}

static bool send_flight(struct tls *t, const struct tls_client_hello *hello, struct bytes psk, struct bytes share, struct bytes secret)
{
	struct tls_handshake *h = t->handshake;
	uint8_t hash[CRYPT_HASH_MAX], early_secret[CRYPT_HASH_MAX] = { 0 };

	if (t->early_accepted) {
		tls_transcript_peek(t, hash);
		tls_keys_early_traffic(t, psk, h->hash, hash, early_secret);
	}
	if (!send_hello(t, share)) return false;
	tls_keys_early(t, psk);
	tls_keys_handshake(t, secret);
	tls_side_set13(t, &t->out, t->suite, h->server_handshake_secret);
	set_input(t, hello, early_secret);
	crypt_wipe(early_secret, sizeof early_secret);
	if (!send_encrypted_extensions(t) || !send_identity(t) || !tls_send_finished13(t, h->server_handshake_secret) || !tls_flush(t))
		return false;
	tls_keys_master(t);
	tls_side_set13(t, &t->out, t->suite, h->server_traffic_secret);
	if (t->early_accepted) t->news |= TLS_WRITABLE; /* an answer need not wait for the client's Finished */
	tls_enter(t, t->early_accepted ? TLS_SERVER_WAIT_EOED : h->certificate_requested ? TLS_SERVER_WAIT_CERT : TLS_SERVER_WAIT_FINISHED);
	return true;
}

/* RFC 8449, 4: in 1.3 a limit counts the content type. Theirs holds always; ours if we say one. */
static void limit_records(struct tls *t, const struct tls_client_hello *hello)
{
	if (!tls_asks(hello, TLS_EXT_RECORD_SIZE_LIMIT)) return;
	t->fragment_max = (uint16_t)size_min(t->fragment_max, hello->record_size_limit - 1);
	t->peer_limits_records = t->config->record_size_limit > 0;
}

static bool choose_identity(struct tls *t, const struct choice *psk)
{
	if (psk->index >= 0 || tls_choose_identity(t, bytes_of(t->server_name), true)) return true;
	return tls_fail(t, TLS_HANDSHAKE_FAILURE, t->config->identities_count == 0 ? "we have no certificate, and the client no PSK that we know"
	                                                                           : "no certificate of ours can sign in a way that the client verifies");
}

/* A resumed session is as old as the handshake that it goes back to, and its client is who it was then. */
static void keep_authentication(struct tls *t, instant now, const struct choice *psk)
{
	t->handshake->authenticated_at_ms = tls_date_ms(t, now);
	if (!t->resumed) return;
	t->client_authenticated = psk->ticket.client_authenticated;
	t->handshake->authenticated_at_ms = psk->ticket.authenticated_at_ms;
	memcpy(t->handshake->client_certificate_hash, psk->ticket.client_certificate_hash, sizeof t->handshake->client_certificate_hash);
}

static bool answer(struct tls *t, instant now, const struct tls_client_hello *hello, const struct choice *psk, struct bytes share)
{
	uint8_t ours[CRYPT_PUBLIC_MAX], secret[CRYPT_SECRET_MAX];
	size_t ours_len, len = crypt_share_answer(t->config->crypt, t->group, t->config->rng, share, ours, &ours_len, secret);

	if (len == 0) return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: the key share is not a public key of %s", tls_group_name(t->group));
	t->handshake->psk_index = (int8_t)psk->index;
	t->resumed = psk->index >= 0 && !psk->external;
	keep_authentication(t, now, psk);
	t->handshake->ticket_expected = has_byte(hello->psk_modes, PSK_DHE_KE); /* 4.2.9 */
	limit_records(t, hello);
	tls_early_taken(t, now, hello, t->resumed ? &psk->ticket : NULL, psk->obfuscated_age, psk->binder);
	trace_say(t->config->trace, "TLS 1.3: %s, %s, %s", t->resumed ? "resumed by a ticket" : psk->index >= 0 ? "with an external PSK" : "full handshake",
	          tls_suite_name(t->suite), tls_group_name(t->group));
	bool sent = send_flight(t, hello, psk->index >= 0 ? psk->key : (struct bytes){ NULL, 0 }, (struct bytes){ ours, ours_len },
	                        (struct bytes){ secret, len });
	crypt_wipe(secret, sizeof secret);
	return sent;
}

static bool start(struct tls *t, instant now, const struct tls_client_hello *hello, struct bytes raw, struct choice *psk)
{
	struct bytes share;

	find_psk(t, now, hello, psk);
	if (!choose_suite(t, hello, psk) || !choose_identity(t, psk)) return false;
	unsigned group = choose_group(t, hello, &share);
	if (group == 0) return tls_fail(t, TLS_HANDSHAKE_FAILURE, "no group for the key exchange in common");
	if (share.at == NULL && t->retried) return tls_fail(t, TLS_ILLEGAL_PARAMETER, "ClientHello: the second one has no key share that we take");
	if (share.at == NULL || (t->config->always_retry && t->config->tickets != NULL && !t->retried)) {
		tls_transcript_add(t, raw);
		return tls_server_send_retry(t, now, hello, share.at == NULL ? group : 0);
	}
	if (psk->index >= 0 && !check_binder(t, hello, raw, psk)) return false;
	tls_transcript_add(t, psk->index >= 0 ? bytes_skip(raw, TLS_MESSAGE_HEADER + hello->binders_at) : raw);
	t->group = (uint16_t)group;
	return answer(t, now, hello, psk, share);
}

bool tls_server13_start(struct tls *t, instant now, const struct tls_client_hello *hello, struct bytes raw)
{
	struct choice psk = { .index = -1 };

	if (!tls_server_recall_retry(t, now, hello)) return false;
	bool went_on = start(t, now, hello, raw, &psk);
	crypt_wipe(&psk, sizeof psk);
	return went_on;
}

/* ---- tickets (4.6.1) ---- */

static void fill_ticket(const struct tls *t, int64_t date_ms, struct tls_ticket *k)
{
	const struct tls_handshake *h = t->handshake;

	*k = (struct tls_ticket){ .version = TLS_1_3, .suite = t->suite, .secret_len = (uint8_t)crypt_hash_len(h->hash),
		.extended_master_secret = true, .client_authenticated = t->client_authenticated, .unverified = t->config->trust_anyone,
		.issued_at_ms = date_ms, .authenticated_at_ms = h->authenticated_at_ms,
		.lifetime_s = tls_tickets_lifetime(t->config->tickets), .early_data_max = t->config->early_data_max };
	memcpy(k->server_name, t->server_name, sizeof k->server_name);
	memcpy(k->alpn, t->alpn, sizeof k->alpn);
	memcpy(k->client_certificate_hash, h->client_certificate_hash, sizeof k->client_certificate_hash);
	if (h->peer_chain_count > 0) crypt_hash(t->config->crypt, CRYPT_SHA256, h->peer_chain[0], k->client_certificate_hash);
}

static bool put_ticket(struct tls *t, int64_t date_ms, uint8_t number, struct tls_writer *w)
{
	uint8_t sealed[TLS_TICKET_MAX];
	struct bytes nonce = { &number, TICKET_NONCE_BYTES };
	uint8_t grease[4] = { 0 };
	struct tls_ticket k;

	fill_ticket(t, date_ms, &k);
	uint64_t chance = rng_next(t->config->rng);
	k.age_add = (uint32_t)chance;
	store_be16(grease, (uint16_t)(0x0a0a + (chance >> 60) * 0x1010)); /* an extension that nobody knows (RFC 8701, 4.1) */
	tls_keys_psk(t, nonce, k.secret);
	size_t len = tls_ticket_seal(t->config->tickets, date_ms, &k, (struct room){ sealed, sizeof sealed });
	tls_emit_new_session_ticket(w, true, &(struct tls_new_session_ticket){ .lifetime = k.lifetime_s, .age_add = k.age_add, .nonce = nonce,
		.ticket = { sealed, len }, .early_data_max = k.early_data_max,
		.has = k.early_data_max > 0 ? TLS_HAS(TLS_EXT_EARLY_DATA) : 0,
		.extensions = { grease, t->config->no_grease ? 0 : sizeof grease } });
	crypt_wipe(&k, sizeof k);
	return len > 0 && !w->cut;
}

/* One for each that may be used up: a ticket is good once. What finds no room is not sent: tickets are a courtesy. As many
 * as fit share a record. */
static void send_tickets(struct tls *t, instant now)
{
	unsigned count = t->resumed ? 1 : t->config->tickets_count ? t->config->tickets_count : TICKETS_DEFAULT;
	uint8_t messages[2 * TICKET_MESSAGE_MAX];
	struct tls_writer w = { .at = messages, .size = sizeof messages };

	if (t->config->tickets == NULL || !t->handshake->ticket_expected) return;
	for (unsigned i = 0; i < count && i <= UINT8_MAX; i++) {
		if (!put_ticket(t, tls_date_ms(t, now), (uint8_t)i, &w)) return;
		if (i + 1 < count && w.size - w.len >= TICKET_MESSAGE_MAX) continue;
		if (!tls_record_seal(t, TLS_HANDSHAKE, (struct bytes){ messages, w.len })) return;
		w.len = 0;
	}
}

/* ---- what the client answers ---- */

/* 4.5. */
static bool on_end_of_early_data(struct tls *t, struct bytes body, struct bytes raw)
{
	if (body.len > 0) return tls_fail(t, TLS_DECODE_ERROR, "EndOfEarlyData: it is not empty");
	tls_transcript_add(t, raw);
	tls_side_set13(t, &t->in, t->suite, t->handshake->client_handshake_secret);
	t->count.early_left = 0;
	tls_enter(t, TLS_SERVER_WAIT_FINISHED);
	return true;
}

static bool on_certificate(struct tls *t, instant now, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	if (!tls_on_certificate(t, now, type, body)) return false;
	tls_transcript_add(t, raw);
	tls_enter(t, t->handshake->peer_key ? TLS_SERVER_WAIT_CV : TLS_SERVER_WAIT_FINISHED);
	return true;
}

static bool on_certificate_verify(struct tls *t, struct bytes body, struct bytes raw)
{
	uint8_t hash[CRYPT_HASH_MAX];

	tls_transcript_peek(t, hash);
	if (!tls_on_certificate_verify(t, body, hash)) return false;
	tls_transcript_add(t, raw);
	tls_enter(t, TLS_SERVER_WAIT_FINISHED);
	return true;
}

static bool on_finished(struct tls *t, instant now, struct bytes body, struct bytes raw)
{
	struct tls_handshake *h = t->handshake;

	if (!tls_check_finished13(t, h->client_handshake_secret, body)) return false;
	tls_transcript_add(t, raw);
	tls_keys_resumption(t);
	tls_side_set13(t, &t->in, t->suite, h->client_traffic_secret);
	send_tickets(t, now);
	tls_handshake_done(t);
	return true;
}

bool tls_server13_on_message(struct tls *t, instant now, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	switch (t->state) {
	case TLS_SERVER_WAIT_EOED: return tls_expect(t, type, TLS_END_OF_EARLY_DATA) && on_end_of_early_data(t, body, raw);
	case TLS_SERVER_WAIT_CERT: return on_certificate(t, now, type, body, raw);
	case TLS_SERVER_WAIT_CV: return tls_expect(t, type, TLS_CERTIFICATE_VERIFY) && on_certificate_verify(t, body, raw);
	default: return tls_expect(t, type, TLS_FINISHED) && on_finished(t, now, body, raw);
	}
}
