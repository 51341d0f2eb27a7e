/* SPDX-License-Identifier: ISC */
/* seen.h - handshake messages and alerts in the clear, as a connection sends and gets them, for who shows them to people.
 *
 * Connections add; whoever lent it looks at each with tls_seen_next and then empties it with tls_seen_clear, each turn.
 */
#ifndef TULLE_PROTO_TLS_SEEN_H
#define TULLE_PROTO_TLS_SEEN_H

#include "wire/tls.h"

struct tls_seen { struct room room; size_t len; bool cut; /* something did not fit */ uint32_t connections; };

/* One message with its header, or an alert's two bytes. */
struct tls_seen_message { bool sent, v13; enum tls_content type; uint32_t connection; struct bytes bytes; };

void tls_seen_add(struct tls_seen *, const struct tls_seen_message *); /* NULL is harmless; sent bytes may be several messages */
bool tls_seen_next(const struct tls_seen *, size_t *at, struct tls_seen_message *); /* *at: 0 at first; false: the end */
static inline void tls_seen_clear(struct tls_seen *s) { s->len = 0, s->cut = false; }

#endif
