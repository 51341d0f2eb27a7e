/* SPDX-License-Identifier: ISC */
/* sessions.h - sessions remembered: a client's by the server's name, to be resumed; a 1.2 server's by session id.
 *
 * Of bounded lent memory; the least recently used goes first. A 1.3 ticket is used once (RFC 8446, C.4).
 */
#ifndef TULLE_PROTO_TLS_SESSIONS_H
#define TULLE_PROTO_TLS_SESSIONS_H

#include "proto/tls/tickets.h"

struct tls_session {
	uint16_t version, suite;
	uint8_t secret[48]; uint8_t secret_len;
	bool extended_master_secret;
	uint32_t lifetime_s, age_add, early_data_max;
	int64_t got_at_ms;                       /* since 1970 */
	uint8_t session_id[32]; uint8_t session_id_len;   /* 1.2 */
	char alpn[256];
	uint8_t ticket[TLS_TICKET_MAX]; uint16_t ticket_len;
};

struct tls_sessions;
size_t tls_sessions_size(unsigned sessions_max);
struct tls_sessions *tls_sessions_init(struct room, unsigned sessions_max, unsigned per_name_max);
void tls_sessions_end(struct tls_sessions *); /* wipes */

/* `key`: a client's "name:port"; a server's session id. */
void tls_sessions_put(struct tls_sessions *, struct bytes key, const struct tls_session *);
bool tls_sessions_take(struct tls_sessions *, struct bytes key, int64_t date_ms, struct tls_session *); /* 1.3's is removed; expired are passed over */
void tls_sessions_forget(struct tls_sessions *, struct bytes key);

/* To a file of `tulle tls client --session-out` and back. */
size_t tls_session_write(const struct tls_session *, struct room);
bool tls_session_read(struct bytes, struct tls_session *);

#endif
