/* SPDX-License-Identifier: ISC */
/* tls_parts.h - what the parsers of TLS messages have in common; nobody else includes it.
 *
 * A reader takes a message apart from its front. The first thing that is wrong sets the fault and returns false. The
 * words are a constant and name the field, so that whoever reads the alert finds it.
 */
#ifndef TULLE_WIRE_TLS_PARTS_H
#define TULLE_WIRE_TLS_PARTS_H

#include "wire/tls.h"

struct tls_reader { struct bytes left; struct tls_fault *fault; };

static inline bool tls_refuse(struct tls_fault *fault, enum tls_alert alert, const char *words)
{
	*fault = (struct tls_fault){ alert, words };
	return false;
}
static inline bool tls_read_refuse(struct tls_reader *r, const char *words) { return tls_refuse(r->fault, TLS_DECODE_ERROR, words); }

bool tls_read_number(struct tls_reader *, unsigned bytes, uint32_t *value, const char *words);
bool tls_read_bytes(struct tls_reader *, size_t n, struct bytes *, const char *words);
/* A vector as RFC 8446, 3.4 has it: its length of `length_bytes`, then between `least` and `most` bytes. */
bool tls_read_vector(struct tls_reader *, unsigned length_bytes, size_t least, size_t most, struct bytes *, const char *words);
bool tls_read_end(struct tls_reader *);
/* The extensions of a message, with their length before them, to the message's end. */
bool tls_read_extension_list(struct tls_reader *, struct bytes *);

/* Whether a body is one vector and nothing else, of at least `least` bytes. */
bool tls_whole_vector(struct bytes body, unsigned length_bytes, size_t least, struct bytes *);
bool tls_whole_u16s(struct bytes body, unsigned length_bytes, struct bytes *); /* one or more 16-bit numbers */
bool tls_whole_number(struct bytes body, unsigned bytes, unsigned *value);
bool tls_whole_names(struct bytes list);                 /* ALPN's: one or more of 1 to 255 bytes */
bool tls_whole_authorities(struct bytes body, size_t least, struct bytes *);

/* Walks a block of extensions: each must be whole and none may come twice (RFC 8446, 4.2). Of a type that is in
 * `allowed`, `read` is asked whether the body is well formed; the fault is decode_error and names the extension unless
 * `read` has set another. Of a type we know that is not allowed here it is illegal_parameter. Others pass unread. */
typedef bool extension_reader(void *message, unsigned type, struct bytes body, struct tls_fault *);
bool tls_read_extensions(struct bytes list, tls_extensions allowed, tls_extensions *has, extension_reader *read,
                         void *message, struct tls_fault *);

/* The bit of a type, or 0 if it is none we know. */
tls_extensions tls_extension_bit(unsigned type);

/* A set of 16-bit numbers, for finding what comes twice in time that does not grow with its square. */
struct tls_numbers_seen { uint64_t bits[1024]; };
static inline bool tls_seen_before(struct tls_numbers_seen *seen, unsigned number)
{
	uint64_t bit = UINT64_C(1) << number % 64, *word = &seen->bits[number / 64];
	bool before = (*word & bit) != 0;
	*word |= bit;
	return before;
}

#endif
