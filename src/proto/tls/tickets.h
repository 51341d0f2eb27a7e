/* SPDX-License-Identifier: ISC */
/* tickets.h - a server's session tickets (RFC 8446, 4.6.1; RFC 5077): sealed state that the client keeps.
 *
 * Two keys live at a time: the newer seals, both open; a key seals for one lifetime and opens for a second one. Servers
 * that share the master secret share their keys: each key is derived from it and the number of its period.
 *
 * 0-RTT wants more (RFC 8446, 8): each ticket that may carry early data is good for it once, within a window of its age; the
 * window remembers, in lent memory of a fixed size, which were used. When it is full, early data is refused, never accepted unseen.
 */
#ifndef TULLE_PROTO_TLS_TICKETS_H
#define TULLE_PROTO_TLS_TICKETS_H

#include "base/hash.h"
#include "base/instant.h"
#include "crypt/aead.h"
#include "crypt/hash.h"
#include "wire/tls.h"

#define TLS_TICKET_LIFETIME_S 7200      /* a key's, by default; a ticket's at most */
#define TLS_TICKET_MAX 2048             /* bytes, sealed (a client's certificate is kept as its hash) */
#define TLS_EARLY_WINDOW_S 10           /* how far a ticket's age may be off, and how long the window remembers */

struct tls_tickets;
size_t tls_tickets_size(unsigned replays_max);
/* master: 32 bytes; drawn from the rng if NULL. epoch_s: seconds since 1970 of `now` 0, so that servers agree on periods. */
struct tls_tickets *tls_tickets_init(struct room, struct crypt *, struct rng *, const uint8_t *master, unsigned lifetime_s,
                                     unsigned replays_max);
void tls_tickets_end(struct tls_tickets *); /* wipes */

/* What a ticket holds. */
struct tls_ticket {
	uint16_t version, suite;
	uint8_t secret[48]; uint8_t secret_len;   /* 1.3: the PSK; 1.2: the master secret */
	bool extended_master_secret, client_authenticated;
	int64_t issued_at_ms;                     /* since 1970 */
	uint32_t lifetime_s, age_add, early_data_max;
	char server_name[256], alpn[256];
	uint8_t client_certificate_hash[32];
};
size_t tls_ticket_seal(struct tls_tickets *, int64_t date_ms, const struct tls_ticket *, struct room out); /* 0: no room */
bool tls_ticket_open(struct tls_tickets *, int64_t date_ms, struct bytes sealed, struct tls_ticket *);     /* false: not ours, too old */

/* Whether this ticket's early data may be taken: its age is right, and it was not used before; it is now. */
bool tls_ticket_use_early(struct tls_tickets *, int64_t date_ms, struct bytes binder, const struct tls_ticket *, uint32_t obfuscated_age,
                          const char **why_not);

struct tls_tickets_counts { uint64_t sealed, opened, foreign, expired, early_taken, early_replayed, early_age_wrong, early_window_full; };
struct tls_tickets_counts tls_tickets_counts(const struct tls_tickets *);

#endif
