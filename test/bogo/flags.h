/* SPDX-License-Identifier: ISC */
/* flags.h - what BoringSSL's protocol test runner asks of a shim on its command line, as values.
 *
 * A flag may be meant for the first connection only (-on-initial-X), for those that resume (-on-resume-X), or for a
 * resuming one whose early data was refused (-on-retry-X); so there are three sets of values.
 */
#ifndef TULLE_TEST_BOGO_FLAGS_H
#define TULLE_TEST_BOGO_FLAGS_H

#include "base/bytes.h"

enum { BOGO_LIST_MAX = 32, BOGO_UNIMPLEMENTED = 89 };

struct bogo_list { uint16_t at[BOGO_LIST_MAX]; size_t count; };

struct bogo_flags {
	/* the connection */
	int port, resume_count, resumption_delay;
	bool server, async, is_handshaker_supported;
	/* what to offer and take */
	int min_version, max_version;
	bool no_tls12, no_tls13, no_ticket, server_preference, enable_grease, enable_early_data;
	bool verify_peer, require_any_client_certificate, verify_fail, enable_ocsp_stapling;
	bool decline_ocsp_callback, fail_ocsp_callback, use_ocsp_callback;
	bool decline_alpn, reject_alpn;
	struct bogo_list curves, signing_prefs, verify_prefs;
	const char *cipher, *key_file, *cert_file, *host_name, *advertise_alpn, *select_alpn;
	struct bytes ocsp_response;
	int max_send_fragment;
	/* what to do with it */
	bool shim_writes_first, read_with_unfinished_write, shim_shuts_down, check_close_notify, key_update, send_alert, peek_then_read;
	bool use_export_context, use_exporter_between_reads, export_traffic_secrets;
	int read_size, export_keying_material, early_write_after_message;
	const char *export_label, *export_context;
	/* what must come out */
	bool expect_session_miss, expect_hrr, expect_no_hrr, expect_accept_early_data, expect_reject_early_data;
	bool expect_ticket_supports_early_data, expect_no_session, expect_extended_master_secret, expect_ticket_renewal;
	bool expect_no_offer_early_data;
	int expect_version, expect_cipher, expect_curve_id, expect_peer_signature_algorithm;
	const char *expect_alpn, *expect_server_name, *expect_early_data_reason, *expect_peer_cert_file;
	struct bytes expect_ocsp_response;
	struct bogo_list expect_peer_verify_pref;
};

struct bogo_phases { struct bogo_flags initial, resume, retry; };

/* Ends the process with BOGO_UNIMPLEMENTED at a flag, or a value of one, that is not for us. */
void bogo_read_flags(int argc, char **argv, struct bogo_phases *);

#endif
