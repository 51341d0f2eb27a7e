/* SPDX-License-Identifier: ISC */
/* sessions.h - sessions remembered: a client's by the server's name, to be resumed; a 1.2 server's by session id.
 *
 *     struct tls_sessions *s = tls_sessions_init(room, 1000, 4);   // room: aligned, of tls_sessions_size(1000)
 *     tls_sessions_put(s, key, &session);
 *     if (tls_sessions_take(s, key, date_ms, &session)) ...        // the newest first
 *
 * Of bounded lent memory; the least recently used goes first, and of one key's sessions no more than per_name_max are kept. A
 * 1.3 ticket is used once (RFC 8446, C.4): taking it removes it; one of 1.2 stays until it is too old. What leaves is wiped.
 */
#ifndef TULLE_PROTO_TLS_SESSIONS_H
#define TULLE_PROTO_TLS_SESSIONS_H

#include "proto/tls/tickets.h"

#define TLS_SESSION_KEY_MAX 263                       /* bytes of a key: a name, or a session id; a longer one is not remembered */
#define TLS_SESSION_LIFETIME_MAX_S (7 * 24 * 3600)    /* RFC 8446, 4.6.1: whatever a server says */
#define TLS_SESSION_FILE_MAX (TLS_TICKET_MAX + 1024)  /* bytes that tls_session_write can need */

struct tls_session {
	uint16_t version, suite;
	uint8_t secret[48]; uint8_t secret_len;           /* 1.3: the PSK; 1.2: the master secret */
	bool extended_master_secret, client_authenticated;
	bool unverified;                                  /* the peer's certificate was not checked (trust_anyone) */
	uint32_t lifetime_s, age_add, early_data_max;     /* lifetime 0 (1.2: not said): a day */
	int64_t got_at_ms;                                /* since 1970 */
	uint8_t session_id[32]; uint8_t session_id_len;   /* 1.2 */
	char alpn[256], server_name[256];
	uint8_t ticket[TLS_TICKET_MAX]; uint16_t ticket_len;
};
bool tls_session_is_fresh(const struct tls_session *, int64_t date_ms); /* neither too old nor from the future */

struct tls_sessions;
size_t tls_sessions_size(unsigned sessions_max);                      /* 0: too many to be counted */
struct tls_sessions *tls_sessions_init(struct room, unsigned sessions_max, unsigned per_name_max);
void tls_sessions_end(struct tls_sessions *); /* wipes */

/* `key`: a client's server name; a server's session id, which the peer says: so the two roles never share a table. */
void tls_sessions_put(struct tls_sessions *, struct bytes key, const struct tls_session *);
bool tls_sessions_take(struct tls_sessions *, struct bytes key, int64_t date_ms, struct tls_session *); /* 1.3's is removed; expired ones too */
void tls_sessions_forget(struct tls_sessions *, struct bytes key);
unsigned tls_sessions_count(const struct tls_sessions *);

/* To a file of `tulle tls client --session-out` and back: a line that says what it is, the fields, a checksum. */
size_t tls_session_write(const struct tls_session *, struct room);   /* the length; 0: no room */
bool tls_session_read(struct bytes, struct tls_session *);           /* false: not such a file, or a damaged one */

#endif
