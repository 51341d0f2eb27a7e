/* SPDX-License-Identifier: ISC */
/* tls_remake.h - every TLS message that can be parsed, by number: parsed and written again from what was understood.
 * The test of wire/tls.h and its fuzzer use it. Extensions we do not know are lost on the way. */
#ifndef TULLE_TEST_TLS_REMAKE_H
#define TULLE_TEST_TLS_REMAKE_H

#include "wire/tls.h"

enum remake { REMAKE_CLIENT_HELLO, REMAKE_SERVER_HELLO, REMAKE_ENCRYPTED_EXTENSIONS, REMAKE_REQUEST13, REMAKE_REQUEST12,
              REMAKE_CERTIFICATE13, REMAKE_CERTIFICATE12, REMAKE_VERIFY, REMAKE_STATUS, REMAKE_TICKET13, REMAKE_TICKET12,
              REMAKE_SERVER_KEY, REMAKE_CLIENT_KEY, REMAKE_KEY_UPDATE, REMAKE_COMPRESSED, REMAKES };

static inline bool remake_client_hello(struct bytes body, struct tls_writer *w, struct tls_fault *fault)
{
	struct tls_client_hello m;
	if (!tls_parse_client_hello(body, &m, fault)) return false;
	if (m.has & TLS_HAS(TLS_EXT_PRE_SHARED_KEY)) assert(m.binders_at + 2 + m.psk_binders.len == body.len);
	m.extensions.len = 0;
	tls_emit_client_hello(w, &m);
	return true;
}

static inline bool remake_server_hello(struct bytes body, struct tls_writer *w, struct tls_fault *fault)
{
	struct tls_server_hello m;
	if (!tls_parse_server_hello(body, &m, fault)) return false;
	m.extensions.len = 0;
	tls_emit_server_hello(w, &m);
	return true;
}

static inline bool remake_encrypted_extensions(struct bytes body, struct tls_writer *w, struct tls_fault *fault)
{
	struct tls_encrypted_extensions m;
	if (!tls_parse_encrypted_extensions(body, &m, fault)) return false;
	m.extensions.len = 0;
	tls_emit_encrypted_extensions(w, &m);
	return true;
}

static inline bool remake_request(struct bytes body, bool v13, struct tls_writer *w, struct tls_fault *fault)
{
	struct tls_certificate_request m;
	if (!tls_parse_certificate_request(body, v13, &m, fault)) return false;
	m.extensions.len = 0;
	tls_emit_certificate_request(w, v13, &m);
	return true;
}

/* Keeps the first hundred certificates. */
static inline bool remake_certificate(struct bytes body, bool v13, struct tls_writer *w, struct tls_fault *fault)
{
	struct tls_certificate m;
	struct tls_certificate_entry entry;
	struct bytes der[100], ocsp = { 0 };
	size_t count = 0;

	if (!tls_parse_certificate(body, v13, &m, fault)) return false;
	struct tls_certificate walk = m;
	for (; tls_next_certificate(&walk, &entry); count++) {
		if (count == 0) ocsp = entry.ocsp;
		if (count < COUNT(der)) der[count] = entry.der;
	}
	assert(count == m.count && walk.list.len == 0);
	tls_emit_certificate(w, v13, m.context, der, size_min(count, COUNT(der)), ocsp);
	return true;
}

static inline bool remake_ticket(struct bytes body, bool v13, struct tls_writer *w, struct tls_fault *fault)
{
	struct tls_new_session_ticket m;
	if (!tls_parse_new_session_ticket(body, v13, &m, fault)) return false;
	m.extensions.len = 0;
	tls_emit_new_session_ticket(w, v13, &m);
	return true;
}

static inline bool remake_server_key(struct bytes body, struct tls_writer *w, struct tls_fault *fault)
{
	struct tls_server_key_exchange m;
	if (!tls_parse_server_key_exchange(body, &m, fault)) return false;
	tls_emit_server_key_exchange(w, &m);
	return true;
}

static inline bool remake_small(enum remake kind, struct bytes body, struct tls_writer *w, struct tls_fault *fault)
{
	struct tls_certificate_verify verify;
	struct tls_compressed_certificate compressed;
	struct bytes bytes;
	bool requested;

	switch (kind) {
	case REMAKE_VERIFY:
		if (!tls_parse_certificate_verify(body, &verify, fault)) return false;
		tls_emit_certificate_verify(w, &verify);
		return true;
	case REMAKE_STATUS:
		if (!tls_parse_certificate_status(body, &bytes, fault)) return false;
		tls_emit_certificate_status(w, bytes);
		return true;
	case REMAKE_CLIENT_KEY:
		if (!tls_parse_client_key_exchange(body, &bytes, fault)) return false;
		tls_emit_client_key_exchange(w, bytes);
		return true;
	case REMAKE_KEY_UPDATE:
		if (!tls_parse_key_update(body, &requested, fault)) return false;
		tls_emit_key_update(w, requested);
		return true;
	default:
		if (!tls_parse_compressed_certificate(body, &compressed, fault)) return false;
		tls_emit_compressed_certificate(w, &compressed);
		return true;
	}
}

/* Parses a body of that kind and writes the whole message again; false: *fault. */
static inline bool remake(enum remake kind, struct bytes body, struct tls_writer *w, struct tls_fault *fault)
{
	switch (kind) {
	case REMAKE_CLIENT_HELLO: return remake_client_hello(body, w, fault);
	case REMAKE_SERVER_HELLO: return remake_server_hello(body, w, fault);
	case REMAKE_ENCRYPTED_EXTENSIONS: return remake_encrypted_extensions(body, w, fault);
	case REMAKE_REQUEST13: case REMAKE_REQUEST12: return remake_request(body, kind == REMAKE_REQUEST13, w, fault);
	case REMAKE_CERTIFICATE13: case REMAKE_CERTIFICATE12:
		return remake_certificate(body, kind == REMAKE_CERTIFICATE13, w, fault);
	case REMAKE_TICKET13: case REMAKE_TICKET12: return remake_ticket(body, kind == REMAKE_TICKET13, w, fault);
	case REMAKE_SERVER_KEY: return remake_server_key(body, w, fault);
	default: return remake_small(kind, body, w, fault);
	}
}

#endif
