/* SPDX-License-Identifier: ISC */
#include "proto/tls/seen.h"

#define HEAD 11 /* sent, v13, type, connection, length */

static void add(struct tls_seen *s, const struct tls_seen_message *m, struct bytes b)
{
	uint8_t *at = s->room.at + s->len;

	if (s->cut || b.len + HEAD > s->room.len - s->len) {
		s->cut = true;
		return;
	}
	at[0] = m->sent, at[1] = m->v13, at[2] = (uint8_t)m->type;
	store_be32(at + 3, m->connection);
	store_be32(at + 7, (uint32_t)b.len);
	memcpy(at + HEAD, b.at, b.len);
	s->len += HEAD + b.len;
}

void tls_seen_add(struct tls_seen *s, const struct tls_seen_message *m)
{
	struct bytes rest = m->bytes;

	if (s == NULL) return;
	if (m->type != TLS_HANDSHAKE) {
		add(s, m, rest);
		return;
	}
	while (rest.len >= TLS_MESSAGE_HEADER) {
		size_t len = TLS_MESSAGE_HEADER + ((size_t)rest.at[1] << 16 | load_be16(rest.at + 2));
		if (len > rest.len) break;
		add(s, m, bytes_first(rest, len));
		rest = bytes_skip(rest, len);
	}
}

bool tls_seen_next(const struct tls_seen *s, size_t *at, struct tls_seen_message *m)
{
	const uint8_t *from = s->room.at + *at;

	if (*at >= s->len) return false;
	*m = (struct tls_seen_message){ .sent = from[0], .v13 = from[1], .type = (enum tls_content)from[2], .connection = load_be32(from + 3),
	                                .bytes = { from + HEAD, load_be32(from + 7) } };
	*at += HEAD + m->bytes.len;
	return true;
}
