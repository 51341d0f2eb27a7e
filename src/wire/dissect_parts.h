/* SPDX-License-Identifier: ISC */
/* dissect_parts.h - what the files of the dissector have in common; nobody else includes it.
 *
 * Most fields are rows of a table: where, how long, which bits, how to write the number, the RFC's name, and why
 * the field is there. A layer's rows come in the order of its bytes and leave none out.
 */
#ifndef TULLE_WIRE_DISSECT_PARTS_H
#define TULLE_WIRE_DISSECT_PARTS_H

#include "base/address.h"
#include "base/text.h"
#include "wire/dissect.h"
#include "wire/drop.h"

struct out {
	struct bytes frame;
	struct field *field;
	size_t count, max;
	struct field spare;    /* takes what no longer fits */
	struct ip src, dst;    /* of the last IP header: transport checksums need them */
	bool fragment;         /* its payload is a part: no checksum can be made */
	unsigned depth;        /* headers within headers */
};

enum format { NUMBER, HEX, BYTES, MAC, IP4, IP6, FLAG, WORDS, UNITS, SPAN_TENTHS, SECONDS, MILLISECONDS };

struct meaning { uint32_t number; const char *words; }; /* ends with NULL */

struct row {
	uint8_t offset, len, depth; /* depth 1: a field of the layer; 2: bits of one */
	uint32_t mask;              /* 0: all bits */
	enum format format;
	const char *name, *why;
	const struct meaning *meaning;
};

/* A field over bytes of the frame from `at` on; its value is to be written with `value`. */
struct field *field_add(struct out *, unsigned depth, const uint8_t *at, size_t len, const char *name, const char *why);
struct text field_value(struct field *);
void field_say(struct field *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* All rows of a table over a header; those that do not lie within it any more are left out, and one field says
 * so for what is left. True if all were there. */
bool rows_add(struct out *, const struct row *, size_t rows, struct bytes header);
void rest_add(struct out *, struct bytes, const char *name, const char *why); /* a field of depth 1, if not empty */
void layer_refused(struct field *layer, enum drop); /* adds to the layer's words, if there is a reason */
const char *meaning_of(const struct meaning *, uint32_t number);

/* Says of a checksum field, the last of its name, whether it is right. */
void checksum_say(struct out *, size_t first_field, uint16_t found, uint16_t left);

void dissect_ip4(struct out *, struct bytes, bool quoted);
void dissect_ip6(struct out *, struct bytes, bool quoted);
void dissect_payload(struct out *, uint8_t protocol, struct bytes);
void dissect_icmp4(struct out *, struct bytes);
void dissect_icmp6(struct out *, struct bytes);
void dissect_igmp(struct out *, struct bytes);
void dissect_udp(struct out *, struct bytes);
void dissect_tcp(struct out *, struct bytes);
void dissect_dns(struct out *, struct bytes, bool over_tcp);
bool dissect_tls_looks(struct bytes); /* whether a piece of a stream begins with a TLS record: by content, not by port */
void dissect_tls_records(struct out *, struct bytes);
void dissect_data(struct out *, struct bytes, const char *name, const char *why); /* a layer of bytes nobody reads */

extern const struct meaning ip_protocols[];

#endif
