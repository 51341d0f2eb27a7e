/* SPDX-License-Identifier: ISC */
/* dissect_tls.h - what the two files of the TLS dissector have in common; nobody else includes it.
 *
 * A walk goes through a message from its front, a field a step. What cannot be read any more becomes one field that
 * says so, and the walk is over: every step after that does nothing and says false.
 */
#ifndef TULLE_WIRE_DISSECT_TLS_H
#define TULLE_WIRE_DISSECT_TLS_H

#include "wire/dissect_parts.h"
#include "wire/tls.h"

struct walk { struct out *o; struct bytes left; unsigned depth; bool over; };

typedef const char *namer(unsigned number);

bool walk_cut(struct walk *, const char *why); /* the rest is one field; false */
/* A number with its name, if there is a namer that has one. */
bool walk_number(struct walk *, unsigned bytes, const char *name, const char *why, namer *, uint32_t *value);
/* A field of n bytes, in hexadecimal or as text. */
bool walk_bytes(struct walk *, size_t n, const char *name, const char *why);
/* A vector with its length before it; the field covers both, the content is for whoever asks. */
struct field *walk_vector(struct walk *, unsigned length_bytes, const char *name, const char *why, struct bytes *content);
/* A vector whose content is told as bytes. */
bool walk_opaque(struct walk *, unsigned length_bytes, const char *name, const char *why);
/* A vector of 16-bit numbers, each a field of its own. */
bool walk_u16s(struct walk *, unsigned length_bytes, const char *name, const char *why, const char *one, namer *);
void walk_end(struct walk *, const char *why); /* what is left should not be */

void say_list(struct field *, struct bytes u16s, namer *); /* by their names, as many as there is room for */
void say_number(struct field *, uint32_t number, unsigned bytes, namer *);

/* All extensions of a message of that type (TLS_MESSAGE_HASH stands for a HelloRetryRequest), with their length. */
bool walk_extensions(struct walk *, unsigned message);

#endif
