/* SPDX-License-Identifier: ISC */
/* After the handshake: tickets come (RFC 8446, 4.6.1), keys change (4.6.3), and nothing is negotiated again. */
#include "proto/tls/inside.h"

#define TICKET_LIFETIME_MAX_S (7 * 24 * 3600)
#define UPDATES_MAX 32 /* KeyUpdates in a row without application data between them */

/* The KeyUpdate is the last under the old keys. While one waits for room, another that asks more replaces it. */
bool tls_send_key_update(struct tls *t, bool ask_peer)
{
	uint8_t room[TLS_MESSAGE_HEADER + 1];
	struct tls_writer w = { .at = room, .size = sizeof room };

	ask_peer |= t->updates_wait == 2;
	tls_emit_key_update(&w, ask_peer);
	if (!tls_record_seal(t, TLS_HANDSHAKE, (struct bytes){ room, w.len })) {
		t->updates_wait = (uint8_t)size_max(t->updates_wait, 1 + ask_peer);
		return false;
	}
	t->updates_wait = 0;
	if (!ask_peer) t->update_due = false;
	tls_keys_next(t, &t->out);
	return true;
}

static bool on_key_update(struct tls *t, struct bytes body)
{
	struct tls_fault fault;
	bool requested;

	if (!tls_parse_key_update(body, &requested, &fault)) return tls_fail_fault(t, "KeyUpdate", &fault);
	if (++t->idle_records > UPDATES_MAX) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "more than %d KeyUpdates in a row", UPDATES_MAX);
	tls_keys_next(t, &t->in);
	t->news |= TLS_KEYS_UPDATED;
	if (requested) t->update_due = true; /* however often asked while we were silent, we answer once */
	return true;
}

static void remember(struct tls *t, instant now, const struct tls_new_session_ticket *ticket)
{
	struct tls_session s = {
		.version = t->version, .suite = t->suite, .extended_master_secret = true,
		.unverified = t->config->trust_anyone, .lifetime_s = ticket->lifetime,
		.age_add = ticket->age_add, .early_data_max = ticket->early_data_max, .got_at_ms = tls_date_ms(t, now),
		.ticket_len = (uint16_t)ticket->ticket.len,
	};

	s.secret_len = (uint8_t)crypt_hash_len(tls_suite_find(t->suite)->hash);
	tls_keys_psk(t, ticket->nonce, s.secret);
	memcpy(s.alpn, t->alpn, sizeof s.alpn);
	memcpy(s.ticket, ticket->ticket.at, ticket->ticket.len);
	tls_sessions_put(t->config->sessions, bytes_of(t->server_name), &s);
	crypt_wipe(&s, sizeof s);
}

/* A ticket that is too large for our memory, or lives no time, is not kept; that is no fault of the server's. */
static bool on_ticket(struct tls *t, instant now, struct bytes body)
{
	struct tls_new_session_ticket ticket;
	struct tls_fault fault;

	if (!tls_parse_new_session_ticket(body, true, &ticket, &fault)) return tls_fail_fault(t, "NewSessionTicket", &fault);
	if (ticket.lifetime > TICKET_LIFETIME_MAX_S) ticket.lifetime = TICKET_LIFETIME_MAX_S; /* it should not say more; we keep none longer */
	if (++t->tickets_idle > UPDATES_MAX) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "more than %d tickets in a row", UPDATES_MAX);
	t->count.tickets_got++;
	t->news |= TLS_SESSION;
	if (t->config->sessions != NULL && ticket.lifetime > 0 && ticket.ticket.len <= TLS_TICKET_MAX) remember(t, now, &ticket);
	return true;
}

/* RFC 5746, 5: we never renegotiate. */
static bool on_message12(struct tls *t, enum tls_message_type type)
{
	if (type == (t->is_server ? TLS_CLIENT_HELLO : TLS_HELLO_REQUEST))
		return tls_fail(t, TLS_NO_RENEGOTIATION, "the peer wants to negotiate again, which we never do");
	return tls_expect(t, type, TLS_MESSAGE_HASH);
}

bool tls_open_on_message(struct tls *t, instant now, enum tls_message_type type, struct bytes body, struct bytes raw)
{
	(void)raw;
	if (t->version != TLS_1_3) return on_message12(t, type);
	if (type == TLS_KEY_UPDATE) return on_key_update(t, body);
	if (type == TLS_NEW_SESSION_TICKET && !t->is_server) return on_ticket(t, now, body);
	return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "%s after the handshake", tls_message_name(type) != NULL ? tls_message_name(type) : "a message");
}
