/* SPDX-License-Identifier: ISC */
/* dissect.h - what each field of a packet is, where it lies, what it says, and why it is there.
 *
 *     struct field fields[DISSECT_FIELDS_MAX];
 *     size_t n = dissect(frame, fields, COUNT(fields));
 *
 * Fields come in the order of the packet as a tree: `depth` 0 is a layer ("Internet Protocol"), deeper ones
 * its fields. Texts lie in the field itself.
 */
#ifndef TULLE_WIRE_DISSECT_H
#define TULLE_WIRE_DISSECT_H

#include "base/bytes.h"

#define DISSECT_FIELDS_MAX 256

struct field {
	uint16_t offset, len;  /* of its bytes in the frame */
	uint8_t depth;
	const char *name;      /* the RFC's: "Time to Live"; a constant */
	const char *why;       /* one sentence on what it is for, or NULL; a constant */
	char value[120];       /* "64"; "192.0.2.1"; "SYN, ACK" */
};

size_t dissect(struct bytes frame, struct field *, size_t max);

struct tls_watched; /* wire/tls.h */
/* The same for what TLS carries, from its opened content; offsets are into that. */
size_t dissect_tls(const struct tls_watched *, struct field *, size_t max);

#endif
