/* SPDX-License-Identifier: ISC */
/* Alerts in and out (RFC 8446, 6; RFC 5246, 7.2), and failures in words. */
#include <stdarg.h>

#include "proto/tls/inside.h"

#define LEVEL_WARNING 1
#define LEVEL_FATAL 2
#define WARNINGS_MAX 4 /* in a row, without anything useful between them */

static struct text words_of(struct tls *t) { return text_in(t->failure.words, sizeof t->failure.words); }

/* The end, by whatever cause. Blocks are given back on the way out of the verb: callers may still look into them. */
static void end(struct tls *t)
{
	t->news |= TLS_FAILED;
	t->give_up_at = NEVER;
	t->updates_wait = 0;
	tls_enter(t, TLS_CLOSED);
	trace_say(t->config->trace, "TLS: %s", t->failure.words);
}

bool tls_fail(struct tls *t, enum tls_alert alert, const char *format, ...)
{
	struct text words;
	va_list args;

	if (t->state == TLS_CLOSED) return false; /* the first cause is the cause */
	t->failure.alert = alert;
	words = words_of(t);
	va_start(args, format);
	text_vprintf(&words, format, args);
	va_end(args);
	tls_alert_send(t, true, alert);
	end(t);
	return false;
}

bool tls_fail_fault(struct tls *t, const char *message, const struct tls_fault *fault)
{
	return tls_fail(t, fault->alert, "%s: %s", message, fault->words);
}

/* D.4: an alert in place of the client's second flight comes behind a change_cipher_spec too, or middleboxes wonder. */
static bool wants_change_cipher_spec(const struct tls *t)
{
	return !t->is_server && t->state < TLS_OPEN && t->version == TLS_1_3 && t->out.aead.state != NULL && t->handshake != NULL &&
	       !t->handshake->ccs_sent && !t->config->no_middlebox_compatibility;
}

/* It goes out under the keys of this moment, or waits for room: tls_output tries again. */
void tls_alert_send(struct tls *t, bool fatal, enum tls_alert alert)
{
	uint8_t body[2] = { fatal ? LEVEL_FATAL : LEVEL_WARNING, (uint8_t)alert };

	if (t->close_sent) return; /* nothing may follow close_notify */
	if (wants_change_cipher_spec(t)) tls_try_change_cipher_spec(t);
	if (!tls_record_seal(t, TLS_ALERT, (struct bytes){ body, sizeof body })) t->alert_waits = load_be16(body);
	if (alert == TLS_CLOSE_NOTIFY || fatal) t->close_sent = true;
}

static bool peer_failed(struct tls *t, enum tls_alert alert)
{
	const char *name = tls_alert_name(alert), *meaning = tls_alert_words(alert);
	struct text words = words_of(t);

	t->failure.alert = alert;
	t->failure.from_peer = true;
	text_printf(&words, "the peer ended the connection: ");
	if (name != NULL) text_puts(&words, name);
	else text_printf(&words, "alert %u", (unsigned)alert);
	if (meaning != NULL) text_printf(&words, " (%s)", meaning);
	t->close_sent = true; /* 6.2: no alert answers an alert */
	end(t);
	return false;
}

static bool peer_closed(struct tls *t)
{
	struct text words;

	t->close_received = true;
	if (tls_is_connected(t)) return true;
	t->failure.from_peer = true;
	words = words_of(t);
	text_puts(&words, "the peer closed the connection before the handshake was complete");
	end(t);
	return false;
}

/* 6: in 1.3 the level says nothing; all but close_notify and user_canceled are fatal. In 1.2 a warning is one. */
static bool is_warning(const struct tls *t, unsigned level, enum tls_alert alert)
{
	if (t->version == TLS_1_3) return alert == TLS_USER_CANCELED;
	return level == LEVEL_WARNING;
}

bool tls_alert_input(struct tls *t, struct bytes body)
{
	const struct tls_seen_message seen = { false, t->version == TLS_1_3, TLS_ALERT, t->number, body };

	tls_seen_add(t->config->seen, &seen);
	if (body.len == 0) return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "a record of alerts without one"); /* 5.4 */
	if (body.len != 2) return tls_fail(t, TLS_DECODE_ERROR, "an alert of %zu bytes, not 2", body.len);
	enum tls_alert alert = (enum tls_alert)body.at[1];
	if (alert == TLS_CLOSE_NOTIFY) return peer_closed(t);
	if (t->version != TLS_1_3 && body.at[0] != LEVEL_WARNING && body.at[0] != LEVEL_FATAL)
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "an alert of level %u", body.at[0]);
	if (!is_warning(t, body.at[0], alert)) return peer_failed(t, alert);
	if (++t->warnings > WARNINGS_MAX) return tls_fail(t, TLS_DECODE_ERROR, "too many warnings in a row");
	return true;
}
