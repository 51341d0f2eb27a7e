/* SPDX-License-Identifier: ISC */
#include "tool/echo/echo_line.h"

#define IN_BLOCK sizeof(((struct line_block *)0)->byte)

static size_t blocks_for(size_t len) { return (len + IN_BLOCK - 1) / IN_BLOCK; }

enum line_room line_add(struct pool *pool, struct line_held *h, struct bytes b)
{
	if (b.len > ECHO_LINE_MAX - h->len) return LINE_TOO_LONG;
	if (blocks_for(h->len + b.len) - blocks_for(h->len) > pool->count - pool->out) return LINE_NO_ROOM;
	while (b.len > 0) {
		size_t at = h->len % IN_BLOCK, n = size_min(b.len, IN_BLOCK - at);
		if (at == 0) {
			struct line_block *block = pool_take(pool); /* it is there */
			block->next = NULL;
			if (h->first == NULL) h->first = block;
			else h->last->next = block;
			h->last = block;
		}
		memcpy(h->last->byte + at, b.at, n);
		h->len += (uint32_t)n;
		b = bytes_skip(b, n);
	}
	return LINE_ADDED;
}

static void drop_first(struct pool *pool, struct line_held *h)
{
	struct line_block *block = h->first;
	h->first = block->next;
	pool_give(pool, block);
}

/* `len` counts what is left from the first block's beginning on. */
bool line_send(struct pool *pool, struct line_held *h, struct net *net, net_id id)
{
	while (h->first != NULL) {
		size_t in = size_min(h->len, IN_BLOCK);
		h->sent += (uint32_t)net_send(net, id, (struct bytes){ h->first->byte + h->sent, in - h->sent });
		if (h->sent < in) return false;
		h->len -= (uint32_t)in;
		h->sent = 0;
		drop_first(pool, h);
	}
	h->last = NULL;
	return true;
}

void line_drop(struct pool *pool, struct line_held *h)
{
	while (h->first != NULL) drop_first(pool, h);
	*h = (struct line_held){ .first = NULL };
}
