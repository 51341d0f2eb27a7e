/* SPDX-License-Identifier: ISC */
#include "lab/opened.h"

#include <stdlib.h>

#include "tool/dump/follow.h"

static void keep(struct opened *o, size_t packet, const struct tls_watched *watched)
{
	size_t len = watched->content.len;

	if (watched->type == TLS_APPLICATION_DATA) len = size_min(len, OPENED_CONTENT_MAX);
	if (watched->closed != NULL || o->bytes + len > OPENED_BYTES_MAX) len = 0;
	if (o->count == o->room) {
		o->room = o->room ? o->room * 2 : 256;
		o->item = realloc(o->item, o->room * sizeof *o->item);
		assert(o->item != NULL);
	}
	struct opened_item *item = &o->item[o->count++];
	*item = (struct opened_item){ packet, *watched };
	uint8_t *copy = malloc(len + 1);
	assert(copy != NULL);
	if (len > 0) memcpy(copy, watched->content.at, len);
	item->watched.content = (struct bytes){ copy, len };
	o->bytes += len;
}

void opened_read(struct opened *o, const struct story *s)
{
	struct room room = { malloc(follow_size()), follow_size() };
	struct bytes keys = s->lab->keys.lines;
	struct tls_watched watched;

	assert(room.at != NULL);
	*o = (struct opened){ 0 };
	struct follow *f = follow_init(room, s->lab->authority ? authority_crypt(s->lab->authority) : NULL, &keys);
	for (size_t i = 0; i < s->capture.count; i++) {
		const struct captured *p = &s->capture.packet[i];
		follow_packet(f, p->data, false, (uint16_t)p->link);
		while (follow_next(f, &watched)) keep(o, i, &watched);
	}
	follow_end(f);
	free(room.at);
}

size_t opened_find(const struct opened *o, size_t packet)
{
	size_t low = 0, high = o->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (o->item[middle].packet < packet) low = middle + 1;
		else high = middle;
	}
	return low;
}

static const char *name_of(const struct tls_watched *w)
{
	if (w->closed != NULL) return "encrypted";
	if (w->type == TLS_HANDSHAKE && w->content.len > 0) return tls_message_name(w->content.at[0]);
	if (w->type == TLS_ALERT && w->content.len > 1) return tls_alert_name(w->content.at[1]);
	return w->type == TLS_APPLICATION_DATA ? "data" : NULL; /* a change_cipher_spec says nothing */
}

void opened_words(const struct opened *o, size_t packet, struct text *words)
{
	const char *separator = "TLS ";

	for (size_t i = opened_find(o, packet); i < o->count && o->item[i].packet == packet; i++) {
		const char *name = name_of(&o->item[i].watched);
		if (name == NULL) continue;
		text_printf(words, "%s%s", separator, name);
		separator = ", ";
	}
}

void opened_free(struct opened *o)
{
	for (size_t i = 0; i < o->count; i++) free((void *)(uintptr_t)o->item[i].watched.content.at);
	free(o->item);
	*o = (struct opened){ 0 };
}
