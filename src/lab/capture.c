/* SPDX-License-Identifier: ISC */
#include "lab/capture.h"

#include <stdlib.h>

#define BLOCK_BYTES (4u << 20) /* large enough that a block costs nothing beside what it holds */

struct capture_block { struct capture_block *before; size_t used; uint8_t at[]; };

static uint8_t *keep(struct capture *c, const void *what, size_t size)
{
	assert(size <= BLOCK_BYTES);
	if (c->block == NULL || BLOCK_BYTES - c->block->used < size) {
		struct capture_block *b = malloc(sizeof *b + BLOCK_BYTES);
		assert(b != NULL);
		b->before = c->block;
		b->used = 0;
		c->block = b;
	}
	uint8_t *at = memcpy(c->block->at + c->block->used, what, size);
	c->block->used += size;
	c->bytes += size;
	return at;
}

void capture_add(struct capture *c, const struct captured *packet)
{
	if (c->bytes > CAPTURE_BYTES_MAX) {
		c->beyond++;
		return;
	}
	if (c->count == c->room) {
		c->room = c->room ? c->room * 2 : 4096;
		c->packet = realloc(c->packet, c->room * sizeof *c->packet);
		assert(c->packet != NULL);
	}
	struct captured *mine = &c->packet[c->count++];
	*mine = *packet;
	mine->data.at = keep(c, packet->data.at, packet->data.len);
	if (packet->story) mine->story = (const char *)keep(c, packet->story, strlen(packet->story) + 1);
}

void capture_free(struct capture *c)
{
	for (struct capture_block *b = c->block, *before; b != NULL; b = before) {
		before = b->before;
		free(b);
	}
	free(c->packet);
	*c = (struct capture){ 0 };
}
