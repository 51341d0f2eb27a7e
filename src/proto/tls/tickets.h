/* SPDX-License-Identifier: ISC */
/* tickets.h - a server's session tickets (RFC 8446, 4.6.1; RFC 5077): sealed state that the client keeps.
 *
 * Time is cut into periods of one lifetime since 1970. Each period has its key, derived from the master secret and the period's number,
 * so servers that share the master secret share their keys. A key seals for its own period and opens for one more, so two keys live
 * at a time.
 *
 *     t = tls_tickets_init(memory, crypt, rng, NULL, 0, 1024);
 *     n = tls_ticket_seal(t, date_ms, &ticket, out);
 *     if (tls_ticket_open(t, date_ms, sealed, &ticket)) ...
 *     tls_tickets_end(t);
 *
 * 0-RTT wants more (RFC 8446, 8): see early.h. What was used for early data is known only to the server that remembers it, so a
 * ticket's early data is taken only by the very server that sealed it, while it runs.
 *
 * The cookie of a HelloRetryRequest is sealed with the same keys, so that any server that shares them can go on (4.2.2).
 */
#ifndef TULLE_PROTO_TLS_TICKETS_H
#define TULLE_PROTO_TLS_TICKETS_H

#include "crypt/crypt.h"
#include "proto/tls/early.h"
#include "wire/tls.h"

#define TLS_TICKET_LIFETIME_S 7200      /* a key's, by default; a ticket's at most */
#define TLS_TICKET_LIFETIME_MAX_S (7 * 24 * 3600) /* RFC 8446, 4.6.1 */
#define TLS_TICKET_MAX 2048             /* bytes, sealed (a client's certificate is kept as its hash) */
#define TLS_TICKETS_MASTER_BYTES 32
#define TLS_COOKIE_OVERHEAD 44          /* bytes that sealing adds to a cookie */

struct tls_tickets;
size_t tls_tickets_size(unsigned replays_max);
/* master: TLS_TICKETS_MASTER_BYTES; drawn from the rng if NULL. lifetime_s 0: TLS_TICKET_LIFETIME_S. replays_max: how many uses of
 * early data the window remembers; 0: none is ever taken. The crypt and the rng are lent for its life. */
struct tls_tickets *tls_tickets_init(struct room, struct crypt *, struct rng *, const uint8_t *master, unsigned lifetime_s,
                                     unsigned replays_max);
void tls_tickets_end(struct tls_tickets *); /* wipes; NULL is harmless */
unsigned tls_tickets_lifetime(const struct tls_tickets *);

/* What a ticket holds. */
struct tls_ticket {
	uint16_t version, suite;
	uint8_t secret[48]; uint8_t secret_len;   /* 1.3: the PSK; 1.2: the master secret */
	bool extended_master_secret, client_authenticated;
	bool unverified;                          /* the client's certificate was not checked (trust_anyone) */
	int64_t issued_at_ms;                     /* since 1970 */
	int64_t authenticated_at_ms;              /* when the full handshake was, at the root of a chain of resumptions; 1.2: 0 */
	uint32_t lifetime_s, age_add, early_data_max;
	char server_name[256], alpn[256];
	uint8_t client_certificate_hash[32];
	bool ours;                                /* opening sets it: this very server sealed it, and remembers its early data */
};
size_t tls_ticket_seal(struct tls_tickets *, int64_t date_ms, const struct tls_ticket *, struct room out); /* 0: no room */
/* False: not ours, tampered with, too old; *why_not (if not NULL) says which in words. */
bool tls_ticket_open(struct tls_tickets *, int64_t date_ms, struct bytes sealed, struct tls_ticket *, const char **why_not);

/* Whether this ticket's early data may be taken: its age is right, and it was not used before; it is now. `binder` is the hello's own. */
bool tls_ticket_use_early(struct tls_tickets *, int64_t date_ms, struct bytes binder, const struct tls_ticket *, uint32_t obfuscated_age,
                          const char **why_not);

/* Opened, a cookie has TLS_COOKIE_OVERHEAD bytes less. Returns the length; 0: no room, or not ours or too old. */
size_t tls_cookie_seal(struct tls_tickets *, int64_t date_ms, struct bytes plain, struct room out);
size_t tls_cookie_open(struct tls_tickets *, int64_t date_ms, struct bytes sealed, struct room out);

struct tls_tickets_counts { uint64_t sealed, opened, foreign, expired, early_taken, early_foreign, early_replayed, early_age_wrong, early_window_full; };
struct tls_tickets_counts tls_tickets_counts(const struct tls_tickets *);

#endif
