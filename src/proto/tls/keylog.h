/* SPDX-License-Identifier: ISC */
/* keylog.h - a connection's secrets as lines for Wireshark (the SSLKEYLOGFILE format), and such lines read again.
 *
 * Connections add; whoever lent it drains `lines` (a text with a drain, or a buffer that is emptied after each turn).
 */
#ifndef TULLE_PROTO_TLS_KEYLOG_H
#define TULLE_PROTO_TLS_KEYLOG_H

#include "base/text.h"

struct tls_keylog { struct text *lines; uint64_t count; };

/* "CLIENT_RANDOM <random> <master secret>" and 1.3's labels. */
void tls_keylog_add(struct tls_keylog *, const char *label, const uint8_t client_random[32], struct bytes secret); /* NULL is harmless */

struct tls_keylog_line { struct bytes label; uint8_t client_random[32]; uint8_t secret[64]; size_t secret_len; };
/* The next line of `rest` that is one; false at the end. Comments and what is not understood are passed over. */
bool tls_keylog_next(struct bytes *rest, struct tls_keylog_line *);

#endif
