/* SPDX-License-Identifier: ISC */
#include "wire/pcapng.h"

enum { OPTION_END = 0, OPTION_COMMENT = 1, SECTION_APPLICATION = 4, INTERFACE_NAME = 2, INTERFACE_DESCRIPTION = 3,
       INTERFACE_SPEED = 8, INTERFACE_RESOLUTION = 9, PACKET_FLAGS = 2 };
enum { NAMES_END = 0, NAMES_IP4 = 1, NAMES_IP6 = 2 };
enum { LINK_ETHERNET = 1, LINK_RAW_IP = 101, BYTE_ORDER = 0x1a2b3c4d, OPTION_MAX = 65535 };

/* A block being written. What does not fit is counted but not written: block_end then says 0, so that the
 * same steps also measure. */
struct block { struct room room; size_t len; };

static uint8_t *more(struct block *b, size_t n)
{
	size_t at = b->len;
	b->len += n;
	return n > 0 && b->len <= b->room.len ? b->room.at + at : NULL;
}

static void put16(struct block *b, uint16_t v)
{
	uint8_t *p = more(b, 2);
	if (p == NULL) return;
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(struct block *b, uint32_t v)
{
	put16(b, (uint16_t)v);
	put16(b, (uint16_t)(v >> 16));
}

/* Followed by zeros up to the next word. */
static void put_padded(struct block *b, struct bytes bytes)
{
	uint8_t *p = more(b, bytes.len);
	if (p != NULL && bytes.len > 0) memcpy(p, bytes.at, bytes.len);
	size_t pad = -bytes.len & 3;
	p = more(b, pad);
	if (p != NULL) memset(p, 0, pad);
}

static void option(struct block *b, uint16_t code, struct bytes value)
{
	value.len = size_min(value.len, OPTION_MAX);
	put16(b, code);
	put16(b, (uint16_t)value.len);
	put_padded(b, value);
}

static void option_text(struct block *b, uint16_t code, const char *text)
{
	if (text != NULL) option(b, code, bytes_of(text));
}

static struct block block_begin(struct room room, uint32_t type)
{
	struct block b = { room, 0 };
	put32(&b, type);
	put32(&b, 0); /* the length, once it is known */
	return b;
}

static size_t block_end(struct block *b)
{
	uint32_t len = (uint32_t)b->len + 4;
	put32(b, len);
	if (b->len > b->room.len) return 0;
	for (int i = 0; i < 4; i++) b->room.at[4 + i] = (uint8_t)(len >> 8 * i);
	return b->len;
}

size_t pcapng_section(const char *application, const char *comment, struct room room)
{
	struct block b = block_begin(room, PCAPNG_SECTION);
	put32(&b, BYTE_ORDER);
	put16(&b, 1); /* version 1.0 */
	put16(&b, 0);
	put32(&b, UINT32_MAX); /* how long the section is: not known beforehand */
	put32(&b, UINT32_MAX);
	option_text(&b, OPTION_COMMENT, comment);
	option_text(&b, SECTION_APPLICATION, application);
	put32(&b, OPTION_END);
	return block_end(&b);
}

size_t pcapng_interface(const struct pcapng_interface *i, struct room room)
{
	static const uint8_t nanoseconds = 9;
	struct block b = block_begin(room, PCAPNG_INTERFACE);
	uint8_t speed[8];

	put16(&b, i->raw_ip ? LINK_RAW_IP : LINK_ETHERNET);
	put16(&b, 0);
	put32(&b, 0); /* no limit to what was kept of a packet */
	option_text(&b, INTERFACE_NAME, i->name);
	option_text(&b, INTERFACE_DESCRIPTION, i->description);
	for (int k = 0; k < 8; k++) speed[k] = (uint8_t)(i->bits_per_second >> 8 * k);
	if (i->bits_per_second > 0) option(&b, INTERFACE_SPEED, (struct bytes){ speed, 8 });
	option(&b, INTERFACE_RESOLUTION, (struct bytes){ &nanoseconds, 1 });
	put32(&b, OPTION_END);
	return block_end(&b);
}

static void name_record(struct block *b, const struct pcapng_name *n)
{
	bool four = ip_is4(n->ip);
	size_t from = four ? 12 : 0, address = 16 - from, len = strlen(n->name) + 1;
	uint8_t *p;

	put16(b, four ? NAMES_IP4 : NAMES_IP6);
	put16(b, (uint16_t)(address + len));
	if ((p = more(b, address)) != NULL) memcpy(p, n->ip.byte + from, address);
	put_padded(b, (struct bytes){ (const uint8_t *)n->name, len });
}

size_t pcapng_names(const struct pcapng_name *name, size_t count, struct room room)
{
	struct block b = block_begin(room, PCAPNG_NAMES);
	for (size_t i = 0; i < count; i++) name_record(&b, &name[i]);
	put32(&b, NAMES_END);
	return block_end(&b);
}

static void packet_options(struct block *b, const struct pcapng_packet *p)
{
	uint8_t flags[4] = { p->inbound ? 1 : p->outbound ? 2 : 0 };

	if (p->comment == NULL && flags[0] == 0) return;
	option_text(b, OPTION_COMMENT, p->comment);
	if (flags[0] != 0) option(b, PACKET_FLAGS, (struct bytes){ flags, 4 });
	put32(b, OPTION_END);
}

size_t pcapng_packet(const struct pcapng_packet *p, struct room room)
{
	struct block b = block_begin(room, PCAPNG_PACKET);
	put32(&b, p->interface);
	put32(&b, (uint32_t)((uint64_t)p->at >> 32));
	put32(&b, (uint32_t)p->at);
	put32(&b, (uint32_t)p->data.len);
	put32(&b, (uint32_t)(p->original_len > 0 ? p->original_len : p->data.len));
	put_padded(&b, p->data);
	packet_options(&b, p);
	return block_end(&b);
}

size_t pcapng_packet_size(const struct pcapng_packet *p)
{
	struct block b = { { NULL, 0 }, 0 };

	packet_options(&b, p);
	return 32 + ((p->data.len + 3) & ~(size_t)3) + b.len;
}

#define SECRETS_TLS 0x544c534bu /* "TLSK" */

size_t pcapng_secrets(struct bytes lines, struct room room)
{
	struct block b = block_begin(room, PCAPNG_SECRETS);
	put32(&b, SECRETS_TLS);
	put32(&b, (uint32_t)lines.len);
	put_padded(&b, lines);
	return block_end(&b);
}

size_t pcapng_secrets_size(size_t lines_len) { return 20 + ((lines_len + 3) & ~(size_t)3); }

static uint32_t load32(const uint8_t *p, enum pcapng_order order)
{
	uint32_t big = load_be32(p);
	return order == PCAPNG_BIG ? big : big >> 24 | (big >> 8 & 0xff00) | (big << 8 & 0xff0000) | big << 24;
}

bool pcapng_block_read(const uint8_t head[PCAPNG_HEAD_BYTES], enum pcapng_order *order, struct pcapng_block *b)
{
	if (load_be32(head) == PCAPNG_SECTION) { /* reads the same both ways */
		if (load32(head + 8, PCAPNG_LITTLE) == BYTE_ORDER) *order = PCAPNG_LITTLE;
		else if (load32(head + 8, PCAPNG_BIG) == BYTE_ORDER) *order = PCAPNG_BIG;
		else return false;
	}
	if (*order == PCAPNG_UNKNOWN) return false;
	*b = (struct pcapng_block){ load32(head, *order), load32(head + 4, *order) };
	return b->len >= PCAPNG_HEAD_BYTES && b->len % 4 == 0;
}

bool pcapng_secrets_read(struct bytes block, enum pcapng_order order, struct bytes *lines)
{
	if (block.len < 20 || load32(block.at + 8, order) != SECRETS_TLS) return false;
	size_t len = load32(block.at + 12, order);
	if (len > block.len - 20) return false;
	*lines = (struct bytes){ block.at + 16, len };
	return true;
}
