/* SPDX-License-Identifier: ISC */
#include "flags.h"

#include <stdio.h>
#include <stdlib.h>

enum kind {
	FLAG,     /* a bool */
	NUMBER,
	WORDS,    /* a string; an empty one means "none", where something is expected */
	BASE64,
	LIST,     /* a number, each time one more */
	IGNORED,        /* speaks of BoringSSL's own interface, where ours has but one way */
	IGNORED_VALUE,  /* the same, with a value */
};

#define ROW(name, kind) { #name, kind, offsetof(struct bogo_flags, name) }
static const struct { const char *name; enum kind kind; size_t at; } rows[] = {
	ROW(port, NUMBER), ROW(resume_count, NUMBER), ROW(resumption_delay, NUMBER), ROW(server, FLAG), ROW(async, FLAG),
	ROW(is_handshaker_supported, FLAG),
	ROW(min_version, NUMBER), ROW(max_version, NUMBER), ROW(no_tls12, FLAG), ROW(no_tls13, FLAG), ROW(no_ticket, FLAG),
	ROW(server_preference, FLAG), ROW(enable_grease, FLAG), ROW(enable_early_data, FLAG), ROW(verify_peer, FLAG),
	ROW(require_any_client_certificate, FLAG), ROW(verify_fail, FLAG), ROW(enable_ocsp_stapling, FLAG),
	ROW(decline_ocsp_callback, FLAG), ROW(fail_ocsp_callback, FLAG), ROW(use_ocsp_callback, FLAG),
	ROW(decline_alpn, FLAG), ROW(reject_alpn, FLAG),
	ROW(curves, LIST), ROW(signing_prefs, LIST), ROW(verify_prefs, LIST), ROW(cipher, WORDS), ROW(key_file, WORDS), ROW(cert_file, WORDS),
	ROW(host_name, WORDS), ROW(advertise_alpn, WORDS), ROW(select_alpn, WORDS), ROW(ocsp_response, BASE64),
	ROW(max_send_fragment, NUMBER),
	ROW(shim_writes_first, FLAG), ROW(read_with_unfinished_write, FLAG), ROW(early_write_after_message, NUMBER),
	ROW(shim_shuts_down, FLAG), ROW(check_close_notify, FLAG), ROW(key_update, FLAG),
	ROW(send_alert, FLAG), ROW(peek_then_read, FLAG), ROW(use_export_context, FLAG),
	ROW(use_exporter_between_reads, FLAG), ROW(export_traffic_secrets, FLAG), ROW(read_size, NUMBER),
	ROW(export_keying_material, NUMBER), ROW(export_label, WORDS), ROW(export_context, WORDS),
	ROW(expect_session_miss, FLAG), ROW(expect_hrr, FLAG), ROW(expect_no_hrr, FLAG), ROW(expect_accept_early_data, FLAG),
	ROW(expect_reject_early_data, FLAG), ROW(expect_ticket_supports_early_data, FLAG), ROW(expect_no_session, FLAG),
	ROW(expect_extended_master_secret, FLAG), ROW(expect_ticket_renewal, FLAG), ROW(expect_no_offer_early_data, FLAG),
	ROW(expect_version, NUMBER), ROW(expect_cipher, NUMBER), ROW(expect_curve_id, NUMBER),
	ROW(expect_peer_signature_algorithm, NUMBER), ROW(expect_alpn, WORDS), ROW(expect_server_name, WORDS),
	ROW(expect_early_data_reason, WORDS), ROW(expect_peer_cert_file, WORDS), ROW(expect_ocsp_response, BASE64),
	ROW(expect_peer_verify_pref, LIST),
	/* There is one way to drive the machine, to be asked for a certificate, to verify one. */
	{ "implicit_handshake", IGNORED, 0 }, { "no_op_extra_handshake", IGNORED, 0 },
	{ "use_custom_verify_callback", IGNORED, 0 }, { "use_old_client_cert_callback", IGNORED, 0 },
	{ "use_early_callback", IGNORED, 0 }, { "install_ddos_callback", IGNORED, 0 },
	{ "set_ocsp_in_callback", IGNORED, 0 }, { "use_ticket_callback", IGNORED, 0 }, { "expect_verify_result", IGNORED, 0 },
	/* Always so. */
	{ "no_tls1", IGNORED, 0 }, { "no_tls11", IGNORED, 0 }, { "forbid_renegotiation_after_handshake", IGNORED, 0 },
	{ "enforce_rsa_key_usage", IGNORED, 0 }, { "expect_secure_renegotiation", IGNORED, 0 }, { "retain_only_sha256_client_cert", IGNORED, 0 },
	/* Never so: a client waits for the server's Finished. */
	{ "false_start", IGNORED, 0 },
	/* What these would look at is kept by the machine for itself; what goes over the wire is looked at by the runner. */
	{ "expect_msg_callback", IGNORED_VALUE, 0 }, { "expect_advertised_alpn", IGNORED_VALUE, 0 },
	{ "expect_session_id", IGNORED, 0 }, { "expect_no_session_id", IGNORED, 0 },
};

static void unimplemented(const char *what)
{
	fprintf(stderr, "not implemented: %s\n", what);
	exit(BOGO_UNIMPLEMENTED);
}

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;
	return at != NULL ? (int)(at - digits) : -1;
}

static struct bytes read_base64(const char *text)
{
	uint8_t *out = malloc(strlen(text) + 1);
	if (out == NULL) exit(1);
	struct bytes b = { out, 0 };
	uint32_t collected = 0;
	for (unsigned digits = 1; *text != '\0' && base64_digit(*text) >= 0; text++, digits++) {
		collected = collected << 6 | (uint32_t)base64_digit(*text);
		if (digits % 4 != 1) out[b.len++] = (uint8_t)(collected >> (6 - 2 * ((digits - 1) % 4)));
	}
	return b;
}

static void set(struct bogo_flags *flags, enum kind kind, size_t at, const char *value)
{
	void *field = (uint8_t *)flags + at;
	struct bogo_list *list = field;
	switch (kind) {
	case FLAG: *(bool *)field = true; break;
	case NUMBER: *(int *)field = atoi(value); break;
	case WORDS: *(const char **)field = value; break;
	case BASE64: *(struct bytes *)field = read_base64(value); break;
	case LIST:
		if (list->count == BOGO_LIST_MAX) unimplemented("such a long list");
		list->at[list->count++] = (uint16_t)atoi(value);
		break;
	case IGNORED:
	case IGNORED_VALUE: break;
	}
}

/* "-on-resume-host-name" is host_name, for some of the phases. */
static size_t find_row(const char *argument, bool *initial, bool *resume, bool *retry)
{
	*initial = *resume = *retry = true;
	if (strncmp(argument, "-on-shim-", 9) == 0) argument += 8;
	if (strncmp(argument, "-on-initial-", 12) == 0) argument += 11, *resume = *retry = false;
	else if (strncmp(argument, "-on-resume-", 11) == 0) argument += 10, *initial = *retry = false;
	else if (strncmp(argument, "-on-retry-", 10) == 0) argument += 9, *initial = *resume = false;
	char name[64];
	snprintf(name, sizeof name, "%s", argument[0] == '-' ? argument + 1 : "");
	for (char *c = name; *c != '\0'; c++) if (*c == '-') *c = '_';
	size_t i = 0;
	while (i < COUNT(rows) && strcmp(rows[i].name, name) != 0) i++;
	return i;
}

void bogo_read_flags(int argc, char **argv, struct bogo_phases *phases)
{
	for (int i = 1; i < argc; i++) {
		bool initial, resume, retry;
		size_t row = find_row(argv[i], &initial, &resume, &retry);
		if (row == COUNT(rows)) unimplemented(argv[i]);
		enum kind kind = rows[row].kind;
		const char *value = "";
		if (kind != FLAG && kind != IGNORED) {
			if (i + 1 == argc) unimplemented(argv[i]);
			value = argv[++i];
		}
		if (initial) set(&phases->initial, kind, rows[row].at, value);
		if (resume) set(&phases->resume, kind, rows[row].at, value);
		if (retry) set(&phases->retry, kind, rows[row].at, value);
	}
}
