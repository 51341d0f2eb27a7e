/* SPDX-License-Identifier: ISC */
#include "talk.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypt/issue.h"
#include "proto/tls/inside.h"
#include "proto/tls/sessions.h"

enum { READ_MAX = 16384, EXPORT_MAX = 4096, ALERT_OF_SEND_ALERT = 30 /* decompression_failure, of TLS 1.0 */ };

static const char greeting[] = "hello";

static bool complain(const char *words)
{
	fprintf(stderr, "%s\n", words);
	return false;
}

/* What is wrong in a message itself; the runner has one name for many of these. */
static bool is_malformed(const struct tls_failure *failure)
{
	if (failure->from_peer) return false;
	return failure->alert == TLS_DECODE_ERROR || failure->alert == TLS_ILLEGAL_PARAMETER || failure->alert == TLS_MISSING_EXTENSION ||
	       failure->alert == TLS_UNSUPPORTED_EXTENSION;
}

/* "unexpected_message: a ServerHello, ..." */
static bool complain_of(const struct tls_socket *s)
{
	const struct tls_failure *failure = tls_failure(&s->tls);
	if (failure == NULL) return complain("the peer is gone");
	const char *name = tls_alert_name(failure->alert);
	if (failure->truncated) fprintf(stderr, "truncated: %s\n", failure->words);
	else fprintf(stderr, "%s%s%s: %s\n", is_malformed(failure) ? "malformed, " : "", failure->from_peer ? "peer sent " : "", name != NULL ? name : "an alert", failure->words);
	return false;
}

#define EXPECT(condition) do if (!(condition)) return complain("expected, and not so: " #condition); while (0)

static bool check_certificate(const struct tls *t, const char *file)
{
	struct bytes der[X509_CHAIN_MAX];
	size_t count = tls_peer_chain(t, der);
	if (file[0] == '\0') return count == 0;
	if (count == 0) return false;
	static char pem[64 << 10], expected[64 << 10];
	FILE *f = fopen(file, "rb");
	if (f == NULL) return false;
	size_t expected_len = fread(expected, 1, sizeof expected, f), len = 0;
	fclose(f);
	for (size_t i = 0; i < count; i++)
		len += issue_pem(der[i], "CERTIFICATE", (struct room){ (uint8_t *)pem + len, sizeof pem - len });
	return bytes_equal((struct bytes){ (uint8_t *)pem, len }, (struct bytes){ (uint8_t *)expected, expected_len });
}

static bool check_names(const struct tls *t, const struct bogo_flags *flags)
{
	if (flags->expect_alpn != NULL)
		EXPECT(bytes_equal((struct bytes){ (const uint8_t *)t->alpn, t->alpn_len }, bytes_of(flags->expect_alpn)));
	if (flags->expect_server_name != NULL) EXPECT(strcmp(t->server_name, flags->expect_server_name) == 0);
	if (flags->expect_peer_cert_file != NULL && !t->resumed) EXPECT(check_certificate(t, flags->expect_peer_cert_file));
	if (flags->expect_ocsp_response.len > 0 && !t->resumed)
		EXPECT(t->handshake != NULL && bytes_equal(t->handshake->peer_ocsp, flags->expect_ocsp_response));
	return true;
}

static bool check_numbers(const struct tls *t, const struct bogo_flags *flags)
{
	EXPECT(flags->expect_version == 0 || flags->expect_version == t->version);
	EXPECT(flags->expect_cipher == 0 || flags->expect_cipher == t->suite);
	/* What there was only in the first handshake is not remembered with a session. */
	bool past = t->resumed && t->version == TLS_1_2;
	EXPECT(flags->expect_curve_id == 0 || past || flags->expect_curve_id == t->group);
	EXPECT(flags->expect_peer_signature_algorithm == 0 || t->resumed || flags->expect_peer_signature_algorithm == t->peer_scheme);
	EXPECT(!flags->expect_hrr || t->retried);
	EXPECT(!flags->expect_no_hrr || !t->retried);
	EXPECT(!flags->expect_extended_master_secret || t->extended_master_secret || t->version == TLS_1_3);
	const struct bogo_list *preferred = &flags->expect_peer_verify_pref;
	if (preferred->count == 0) return true;
	EXPECT(t->handshake != NULL && t->handshake->peer_schemes_count == preferred->count);
	EXPECT(memcmp(t->handshake->peer_schemes, preferred->at, preferred->count * sizeof *preferred->at) == 0);
	return true;
}

static bool check_resumption(const struct tls *t, const struct bogo_flags *flags, bool resuming, bool refused)
{
	if (resuming && !refused) EXPECT(t->resumed == !flags->expect_session_miss);
	EXPECT(!flags->expect_accept_early_data || t->early_accepted);
	EXPECT(!flags->expect_reject_early_data || !t->early_accepted);
	EXPECT(!flags->expect_no_offer_early_data || t->handshake == NULL || !t->handshake->early_offered);
	if (flags->expect_early_data_reason != NULL)
		EXPECT(t->early_accepted == (strcmp(flags->expect_early_data_reason, "accept") == 0));
	return true;
}

static bool send_exports(struct tls_socket *s, const struct bogo_flags *flags)
{
	if (flags->export_keying_material > 0) {
		static uint8_t out[EXPORT_MAX];
		size_t n = size_min(EXPORT_MAX, (size_t)flags->export_keying_material);
		struct bytes context = flags->use_export_context ? bytes_of(flags->export_context) : (struct bytes){ 0 };
		if (!tls_export(&s->tls, flags->export_label, context, (struct room){ out, n }))
			return complain("failed to export keying material");
		if (!tls_socket_write(s, (struct bytes){ out, n })) return complain_of(s);
	}
	if (flags->export_traffic_secrets) {
		const struct tls_suite_info *suite = tls_suite_find(s->tls.suite);
		uint16_t n = (uint16_t)crypt_hash_len(suite->hash);
		uint8_t length[2] = { (uint8_t)n, (uint8_t)(n >> 8) };
		if (!tls_socket_write(s, (struct bytes){ length, 2 }) || !tls_socket_write(s, (struct bytes){ s->tls.in.secret, n }) ||
		    !tls_socket_write(s, (struct bytes){ s->tls.out.secret, n })) return complain_of(s);
	}
	return true;
}

/* Echoes what waits, each bit turned over. False: nothing more will come, or it does not go out. */
static bool echo(struct tls_socket *s, const struct bogo_flags *flags)
{
	static uint8_t buffer[READ_MAX];
	size_t size = flags->read_size > 0 ? size_min(READ_MAX, (size_t)flags->read_size) : READ_MAX;
	size_t n = tls_socket_read(s, (struct room){ buffer, size });
	for (size_t i = 0; i < n; i++) buffer[i] ^= 0xff;
	if (n > 0 && flags->use_exporter_between_reads) {
		uint8_t out[16];
		if (!tls_export(&s->tls, "some label", (struct bytes){ 0 }, (struct room){ out, sizeof out })) return false;
	}
	return n > 0 && tls_socket_write(s, (struct bytes){ buffer, n });
}

/* A write of ours never stays half done: to begin with it is to have written. */
static bool writes_first(const struct bogo_flags *flags) { return flags->shim_writes_first || flags->read_with_unfinished_write; }

static void write_early(struct tls_socket *s, size_t *greeted)
{
	if (*greeted > 0 || !tls_may_send_early(&s->tls)) return;
	*greeted = tls_send(&s->tls, tls_socket_now(s), bytes_of(greeting));
	tls_socket_flush(s);
}

/* Early data may be sent until the server's Finished has come; here, when this message has. */
static bool past_message(const struct tls *t, int type)
{
	return type == TLS_SERVER_HELLO ? t->state == TLS_CLIENT_WAIT_EE : t->state > TLS_CLIENT_WAIT_EE;
}

static bool handshake(struct tls_socket *s, const struct bogo_flags *flags, size_t *greeted)
{
	tls_socket_flush(s);
	if (!flags->server && writes_first(flags) && flags->early_write_after_message == 0 && tls_may_send_early(&s->tls)) {
		write_early(s, greeted);
		if (!send_exports(s, flags)) return false;
	}
	while (!tls_is_connected(&s->tls)) {
		if (tls_peek(&s->tls).len > 0) { /* early data */
			if (!echo(s, flags)) return complain_of(s);
		} else if (!tls_socket_step(s)) {
			return complain_of(s);
		}
		if (flags->early_write_after_message != 0 && past_message(&s->tls, flags->early_write_after_message)) write_early(s, greeted);
	}
	if (s->news & TLS_EARLY_REFUSED) *greeted = 0;
	return true;
}

/* The peer has nothing more to say: did it say so? */
static bool ended_well(struct tls_socket *s, const struct bogo_flags *flags)
{
	const struct tls_failure *failure = tls_failure(&s->tls);
	if (s->news & TLS_EOF) return true;
	if (failure != NULL && !failure->truncated) return complain_of(s);
	return !flags->check_close_notify || complain("cut short: Unexpected SSL_shutdown result: -1 != 1");
}

static bool shut_down(struct tls_socket *s, const struct bogo_flags *flags)
{
	uint8_t byte;
	tls_finish(&s->tls, tls_socket_now(s));
	tls_socket_flush(s);
	if (!flags->check_close_notify) return tls_failure(&s->tls) == NULL || complain_of(s);
	if (tls_socket_read(s, (struct room){ &byte, 1 }) > 0) return complain("application data on shutdown");
	return ended_well(s, flags);
}

static bool talk(struct tls_socket *s, const struct bogo_flags *flags, size_t greeted)
{
	if (!send_exports(s, flags)) return false;
	if (flags->fail_ocsp_callback) { /* the program looks at what was stapled, and does not like it */
		tls_abort(&s->tls, tls_socket_now(s), TLS_BAD_CERTIFICATE_STATUS_RESPONSE);
		return complain_of(s);
	}
	if (flags->key_update) tls_update_keys(&s->tls, tls_socket_now(s), false);
	if (flags->send_alert) {
		tls_abort(&s->tls, tls_socket_now(s), (enum tls_alert)ALERT_OF_SEND_ALERT);
		return true;
	}
	if (writes_first(flags) && !tls_socket_write(s, bytes_skip(bytes_of(greeting), greeted))) return complain_of(s);
	if (flags->shim_shuts_down) return shut_down(s, flags);
	while (echo(s, flags)) {}
	if (!ended_well(s, flags)) return false;
	tls_finish(&s->tls, tls_socket_now(s));
	return true;
}

static bool check_tickets(const struct tls *t, const struct bogo_flags *flags)
{
	EXPECT(!flags->expect_no_session || t->count.tickets_got == 0);
	EXPECT(!flags->expect_ticket_renewal || t->count.tickets_got > 0);
	return true;
}

bool bogo_talk(struct tls_socket *s, const struct bogo_flags *flags, const struct bogo_flags *retry, bool resuming)
{
	size_t greeted = 0; /* so many bytes of the greeting went as early data */
	if (!handshake(s, flags, &greeted)) return false;
	bool refused = (s->news & TLS_EARLY_REFUSED) != 0;
	if (refused) {
		EXPECT(!flags->expect_accept_early_data);
		flags = retry;
	}
	if (!check_names(&s->tls, flags) || !check_numbers(&s->tls, flags) ||
	    !check_resumption(&s->tls, flags, resuming, refused)) return false;
	return talk(s, flags, greeted) && check_tickets(&s->tls, flags);
}
