/* SPDX-License-Identifier: ISC */
/* The life of a TLS connection: its verbs, and the one door for its states. */
#include "proto/tls/inside.h"

#define TO(state) (UINT64_C(1) << (state))

static const struct { const char *name; uint64_t next; } states[TLS_STATES] = {
	[TLS_START] = { "START", TO(TLS_CLIENT_WAIT_SH) | TO(TLS_SERVER_WAIT_CH) },
	/* RFC 8446, A.1 */
	[TLS_CLIENT_WAIT_SH] = { "WAIT_SH", TO(TLS_CLIENT_WAIT_SH) | TO(TLS_CLIENT_WAIT_EE) | TO(TLS_CLIENT12_WAIT_CERT) |
	                                    TO(TLS_CLIENT12_WAIT_TICKET) | TO(TLS_CLIENT12_WAIT_CCS) },
	[TLS_CLIENT_WAIT_EE] = { "WAIT_EE", TO(TLS_CLIENT_WAIT_CERT_CR) | TO(TLS_CLIENT_WAIT_FINISHED) },
	[TLS_CLIENT_WAIT_CERT_CR] = { "WAIT_CERT_CR", TO(TLS_CLIENT_WAIT_CERT) | TO(TLS_CLIENT_WAIT_CV) },
	[TLS_CLIENT_WAIT_CERT] = { "WAIT_CERT", TO(TLS_CLIENT_WAIT_CV) },
	[TLS_CLIENT_WAIT_CV] = { "WAIT_CV", TO(TLS_CLIENT_WAIT_FINISHED) },
	[TLS_CLIENT_WAIT_FINISHED] = { "WAIT_FINISHED", TO(TLS_OPEN) },
	/* RFC 8446, A.2 */
	[TLS_SERVER_WAIT_CH] = { "WAIT_CH", TO(TLS_SERVER_WAIT_CH2) | TO(TLS_SERVER_WAIT_EOED) | TO(TLS_SERVER_WAIT_CERT) |
	                                    TO(TLS_SERVER_WAIT_FINISHED) | TO(TLS_SERVER12_WAIT_CERT) | TO(TLS_SERVER12_WAIT_CKE) |
	                                    TO(TLS_SERVER12_WAIT_CCS) },
	[TLS_SERVER_WAIT_CH2] = { "WAIT_CH2", TO(TLS_SERVER_WAIT_CERT) | TO(TLS_SERVER_WAIT_FINISHED) },
	[TLS_SERVER_WAIT_EOED] = { "WAIT_EOED", TO(TLS_SERVER_WAIT_CERT) | TO(TLS_SERVER_WAIT_FINISHED) },
	[TLS_SERVER_WAIT_CERT] = { "WAIT_CERT", TO(TLS_SERVER_WAIT_CV) | TO(TLS_SERVER_WAIT_FINISHED) },
	[TLS_SERVER_WAIT_CV] = { "WAIT_CV", TO(TLS_SERVER_WAIT_FINISHED) },
	[TLS_SERVER_WAIT_FINISHED] = { "WAIT_FINISHED", TO(TLS_OPEN) },
	/* RFC 5246, 7.3 */
	[TLS_CLIENT12_WAIT_CERT] = { "1.2: WAIT_CERT", TO(TLS_CLIENT12_WAIT_STATUS) | TO(TLS_CLIENT12_WAIT_SKE) },
	[TLS_CLIENT12_WAIT_STATUS] = { "1.2: WAIT_STATUS", TO(TLS_CLIENT12_WAIT_SKE) | TO(TLS_CLIENT12_WAIT_CR_SHD) },
	[TLS_CLIENT12_WAIT_SKE] = { "1.2: WAIT_SKE", TO(TLS_CLIENT12_WAIT_CR_SHD) },
	[TLS_CLIENT12_WAIT_CR_SHD] = { "1.2: WAIT_CR_SHD", TO(TLS_CLIENT12_WAIT_SHD) | TO(TLS_CLIENT12_WAIT_TICKET) |
	                                                   TO(TLS_CLIENT12_WAIT_CCS) },
	[TLS_CLIENT12_WAIT_SHD] = { "1.2: WAIT_SHD", TO(TLS_CLIENT12_WAIT_TICKET) | TO(TLS_CLIENT12_WAIT_CCS) },
	[TLS_CLIENT12_WAIT_TICKET] = { "1.2: WAIT_TICKET", TO(TLS_CLIENT12_WAIT_CCS) },
	[TLS_CLIENT12_WAIT_CCS] = { "1.2: WAIT_CCS", TO(TLS_CLIENT12_WAIT_FINISHED) },
	[TLS_CLIENT12_WAIT_FINISHED] = { "1.2: WAIT_FINISHED", TO(TLS_OPEN) },
	[TLS_SERVER12_WAIT_CERT] = { "1.2: WAIT_CERT", TO(TLS_SERVER12_WAIT_CKE) },
	[TLS_SERVER12_WAIT_CKE] = { "1.2: WAIT_CKE", TO(TLS_SERVER12_WAIT_CV) | TO(TLS_SERVER12_WAIT_CCS) },
	[TLS_SERVER12_WAIT_CV] = { "1.2: WAIT_CV", TO(TLS_SERVER12_WAIT_CCS) },
	[TLS_SERVER12_WAIT_CCS] = { "1.2: WAIT_CCS", TO(TLS_SERVER12_WAIT_FINISHED) },
	[TLS_SERVER12_WAIT_FINISHED] = { "1.2: WAIT_FINISHED", TO(TLS_OPEN) },
	[TLS_OPEN] = { "OPEN", 0 },
	[TLS_CLOSED] = { "CLOSED", 0 },
};

const char *tls_state_name(enum tls_state state) { return states[state].name; }

void tls_enter(struct tls *t, enum tls_state state)
{
	assert(state == TLS_CLOSED ? t->state != TLS_CLOSED : (states[t->state].next & TO(state)) != 0);
	t->state = (uint8_t)state;
}

static bool handshaking(const struct tls *t) { return t->state != TLS_OPEN && t->state != TLS_CLOSED; }
static bool output_waits(const struct tls *t) { return t->out_block != NULL && t->out_len > t->out_at; }

static void give_block(struct tls *t, uint8_t **block)
{
	if (*block != NULL) pool_give(t->config->records, *block);
	*block = NULL;
}

static void check(const struct tls *t)
{
	assert(t->in_len == 0 || t->in_plain == 0);
	assert(t->out_next == NULL || t->out_block != NULL);
	assert(t->out_at <= t->out_len);
}

/* The block stays for the peer's chain alone. */
static void wipe_secrets(struct tls_handshake *h)
{
	uint8_t *secrets[] = { h->early_salt, h->master_secret, h->client_handshake_secret, h->server_handshake_secret,
	                       h->client_traffic_secret, h->server_traffic_secret, h->master_secret12 };
	for (size_t i = 0; i < COUNT(secrets); i++) crypt_wipe(secrets[i], TLS_SECRET_MAX);
	for (size_t i = 0; i < COUNT(h->shares); i++) crypt_share_end(&h->shares[i]);
	crypt_wipe(&h->session, sizeof h->session);
}

/* On the way out of every verb: what is not needed any more goes back, and what has become true is said. */
static void settle(struct tls *t)
{
	check(t);
	if (t->in_block != NULL && t->in_len == 0 && t->in_plain == 0) give_block(t, &t->in_block);
	if (t->out_block != NULL && t->out_at == t->out_len) tls_record_drained(t);
	if (t->handshake != NULL && !handshaking(t) && t->handshake->collected == 0 &&
	    (t->state == TLS_CLOSED || !t->config->keep_peer_chain))
		tls_handshake_give(t);
	if (t->close_received && t->in_plain == 0 && !t->eof_said && t->state == TLS_OPEN) {
		t->news |= TLS_EOF;
		t->eof_said = true;
	}
	if (!t->close_sent || t->alert_waits != 0 || output_waits(t)) return;
	if (t->cancelled) {
		t->news |= TLS_DONE;
		t->cancelled = false;
	}
	if (t->close_received && t->state == TLS_OPEN && t->in_plain == 0) {
		t->news |= TLS_DONE;
		tls_enter(t, TLS_CLOSED);
	}
}

/* ---- life ---- */

static bool begin(struct tls *t, instant now, const struct tls_config *config)
{
	*t = (struct tls){ .config = config, .give_up_at = NEVER, .fragment_max = TLS_PLAINTEXT_MAX };
	assert(config->records->block_bytes >= TLS_RECORD_BLOCK_BYTES - TLS_RECORD_BLOCK_BYTES % alignof(max_align_t));
	if (config->fragment_max > 0 && config->fragment_max < TLS_PLAINTEXT_MAX) t->fragment_max = (uint16_t)config->fragment_max;
	if (config->seen != NULL) t->number = ++config->seen->connections;
	if (config->handshake_timeout_s > 0) t->give_up_at = instant_after(now, config->handshake_timeout_s * SECOND);
	if (!tls_handshake_take(t)) return false;
	tls_transcript_start(t);
	return true;
}

bool tls_connect(struct tls *t, instant now, const struct tls_config *config, const char *name)
{
	if (!begin(t, now, config)) return false;
	if (!tls_block_ready(t, &t->out_block)) {
		tls_handshake_give(t);
		return false;
	}
	struct text server_name = text_in(t->server_name, sizeof t->server_name);
	if (name != NULL) text_puts(&server_name, name);
	if (server_name.len > 1 && name[server_name.len - 1] == '.') t->server_name[--server_name.len] = '\0'; /* RFC 6066, 3 */
	tls_enter(t, TLS_CLIENT_WAIT_SH);
	if (server_name.cut) tls_fail(t, TLS_INTERNAL_ERROR, "the server's name is longer than %d bytes", TLS_NAME_MAX);
	else tls_client_send_hello(t, now);
	settle(t);
	return true;
}

bool tls_accept(struct tls *t, instant now, const struct tls_config *config)
{
	if (!begin(t, now, config)) return false;
	t->is_server = true;
	tls_enter(t, TLS_SERVER_WAIT_CH);
	return true;
}

void tls_end(struct tls *t)
{
	if (t->config == NULL) return;
	tls_handshake_give(t);
	give_block(t, &t->in_block);
	give_block(t, &t->out_block);
	give_block(t, &t->out_next);
	tls_side_end(&t->in);
	tls_side_end(&t->out);
	crypt_wipe(t, sizeof *t);
}

void tls_handshake_done(struct tls *t)
{
	tls_enter(t, TLS_OPEN);
	t->give_up_at = NEVER;
	t->news |= TLS_CONNECTED | TLS_WRITABLE;
	if (t->config->keep_peer_chain) wipe_secrets(t->handshake);
}

/* ---- the wire's side ---- */

static bool deaf(const struct tls *t) { return t->state == TLS_CLOSED || t->close_received; }

/* A message of the handshake is answered at once, so there must be room for the answer before it is read. */
static bool ready_to_read(struct tls *t)
{
	return !deaf(t) && tls_block_ready(t, &t->in_block) && (!handshaking(t) || tls_block_ready(t, &t->out_block));
}

size_t tls_input(struct tls *t, instant now, struct bytes wire)
{
	size_t taken = 0, n;

	while (taken < wire.len && (t->in_plain == 0 || t->state == TLS_OPEN) && ready_to_read(t)) {
		n = tls_record_input(t, now, bytes_skip(wire, taken));
		if (n == 0) break;
		taken += n;
	}
	settle(t);
	return deaf(t) ? wire.len : taken;
}

void tls_input_end(struct tls *t, instant now)
{
	struct text words;
	(void)now;

	if (deaf(t)) return;
	words = text_in(t->failure.words, sizeof t->failure.words);
	t->failure.truncated = true;
	text_printf(&words, "the stream ended %s", t->state == TLS_OPEN ? "without close_notify: it was cut short"
	                                                                  : "before the handshake was complete");
	t->news |= TLS_FAILED;
	t->give_up_at = NEVER;
	tls_enter(t, TLS_CLOSED);
	settle(t);
}

/* What found no room when it was due. */
static void send_what_waits(struct tls *t)
{
	uint8_t alert[2];

	if (t->alert_waits == 0 && t->updates_wait != 0 && t->state == TLS_OPEN && !t->close_sent)
		tls_send_key_update(t, t->updates_wait == 2);
	if (t->alert_waits == 0) return;
	store_be16(alert, t->alert_waits);
	if (tls_record_seal(t, TLS_ALERT, (struct bytes){ alert, sizeof alert })) t->alert_waits = 0;
}

struct bytes tls_output(struct tls *t, instant now)
{
	if (now >= t->give_up_at && handshaking(t))
		tls_fail(t, TLS_HANDSHAKE_FAILURE, "the handshake was not complete after %u s", t->config->handshake_timeout_s);
	send_what_waits(t);
	settle(t);
	if (!output_waits(t)) return (struct bytes){ NULL, 0 };
	return (struct bytes){ t->out_block + t->out_at, t->out_len - t->out_at };
}

void tls_sent(struct tls *t, size_t n)
{
	assert(n == 0 || (t->out_block != NULL && n <= t->out_len - t->out_at));
	t->out_at += (uint32_t)n;
	if (t->short_send && t->out_block != NULL && t->out_at == t->out_len) {
		t->short_send = false;
		t->news |= TLS_WRITABLE;
	}
	settle(t);
}

instant tls_deadline(const struct tls *t) { return handshaking(t) ? t->give_up_at : NEVER; }

unsigned tls_news(struct tls *t)
{
	unsigned news = t->news;
	t->news = 0;
	return news;
}

/* ---- the program's side ---- */

struct bytes tls_peek(const struct tls *t)
{
	if (t->in_plain == 0) return (struct bytes){ NULL, 0 };
	return (struct bytes){ t->in_block + t->in_at, t->in_plain };
}

void tls_take(struct tls *t, size_t n)
{
	assert(n <= t->in_plain);
	t->in_at += (uint32_t)n;
	t->in_plain -= (uint32_t)n;
	settle(t);
}

bool tls_may_send_early(const struct tls *t)
{
	return t->state < TLS_OPEN && !t->is_server && t->handshake != NULL && t->handshake->early_offered && t->count.early_left > 0;
}

/* RFC 8446, 2.3: a server that takes early data may answer before the client's Finished. */
static bool may_answer_early(const struct tls *t)
{
	return t->early_accepted && (t->state == TLS_SERVER_WAIT_EOED || t->state == TLS_SERVER_WAIT_FINISHED);
}

size_t tls_send(struct tls *t, instant now, struct bytes plain)
{
	bool early = tls_may_send_early(t);
	(void)now;

	if (t->close_sent || (t->state != TLS_OPEN && !early && !may_answer_early(t))) return 0;
	size_t sent = tls_record_send(t, early ? bytes_first(plain, size_min(plain.len, t->count.early_left)) : plain);
	if (early) t->count.early_left -= (uint32_t)sent;
	if (sent < plain.len) t->short_send = true;
	settle(t);
	return sent;
}

/* Before the handshake is complete there is nothing to be closed in order: it is cancelled (6.1). */
void tls_finish(struct tls *t, instant now)
{
	(void)now;
	if (t->state == TLS_CLOSED || t->close_sent) return;
	if (handshaking(t)) tls_alert_send(t, false, TLS_USER_CANCELED);
	tls_alert_send(t, false, TLS_CLOSE_NOTIFY);
	if (handshaking(t)) {
		t->cancelled = true;
		t->give_up_at = NEVER;
		tls_enter(t, TLS_CLOSED);
	}
	settle(t);
}

void tls_abort(struct tls *t, instant now, enum tls_alert alert)
{
	const char *name = tls_alert_name(alert);
	(void)now;
	tls_fail(t, alert, "ended by this side: %s", name != NULL ? name : "an alert");
	settle(t);
}

void tls_update_keys(struct tls *t, instant now, bool ask_peer)
{
	(void)now;
	if (t->state != TLS_OPEN || t->version != TLS_1_3 || t->close_sent) return;
	tls_send_key_update(t, ask_peer);
	settle(t);
}

/* ---- what can be seen ---- */

bool tls_is_connected(const struct tls *t) { return t->state == TLS_OPEN; }
bool tls_reading_early(const struct tls *t) { return t->state == TLS_SERVER_WAIT_EOED && t->in_plain > 0; }

const struct tls_failure *tls_failure(const struct tls *t) { return t->failure.words[0] != '\0' ? &t->failure : NULL; }

size_t tls_peer_chain(const struct tls *t, struct bytes der[X509_CHAIN_MAX])
{
	if (t->handshake == NULL) return 0;
	memcpy(der, t->handshake->peer_chain, t->handshake->peer_chain_count * sizeof *der);
	return t->handshake->peer_chain_count;
}
