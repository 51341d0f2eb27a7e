/* SPDX-License-Identifier: ISC */
/* bytes.h - views of memory, and numbers in network order.
 *
 * A `struct bytes` is a view: it owns nothing and is good as long as what it looks at. A `struct room`
 * is memory lent for writing. Whoever wants output lends room; whoever parses returns views.
 */
#ifndef TULLE_BASE_BYTES_H
#define TULLE_BASE_BYTES_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes { const uint8_t *at; size_t len; };
struct room { uint8_t *at; size_t len; };

#define COUNT(array) (sizeof(array) / sizeof *(array))

static inline size_t size_min(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t size_max(size_t a, size_t b) { return a > b ? a : b; }

/* A string constant or a NUL-terminated string as a view, without its NUL. */
static inline struct bytes bytes_of(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

/* The first n bytes; n must not exceed the length. */
static inline struct bytes bytes_first(struct bytes b, size_t n)
{
	assert(n <= b.len);
	return (struct bytes){ b.at, n };
}

/* All but the first n bytes; n must not exceed the length. */
static inline struct bytes bytes_skip(struct bytes b, size_t n)
{
	assert(n <= b.len);
	return (struct bytes){ n > 0 ? b.at + n : b.at, b.len - n };
}

static inline struct room room_skip(struct room r, size_t n)
{
	assert(n <= r.len);
	return (struct room){ n > 0 ? r.at + n : r.at, r.len - n };
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Of ASCII alone: what else a byte may be stays. */
static inline uint8_t ascii_lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c; }

static inline uint16_t load_be16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static inline uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline uint64_t load_be64(const uint8_t *p)
{
	return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}
static inline void store_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}
static inline void store_be32(uint8_t *p, uint32_t v)
{
	store_be16(p, (uint16_t)(v >> 16));
	store_be16(p + 2, (uint16_t)v);
}
static inline void store_be64(uint8_t *p, uint64_t v)
{
	store_be32(p, (uint32_t)(v >> 32));
	store_be32(p + 4, (uint32_t)v);
}

#endif
