/* SPDX-License-Identifier: ISC */
/* der.h - ASN.1's distinguished encoding (X.690), read strictly and written: what certificates are made of.
 *
 * Reading walks over a view: each call takes one element off its front. What DER forbids - lengths that are longer than they
 * need be or not said, tags of several bytes, which no certificate has - is no element, and the call is false.
 *
 *     struct bytes rest = der, body;
 *     if (der_take(&rest, DER_SEQUENCE, &body) && rest.len == 0) ...
 *
 * Writing goes into lent room; an element is opened, filled and closed, and its length is put in then.
 */
#ifndef TULLE_CRYPT_DER_H
#define TULLE_CRYPT_DER_H

#include "base/bytes.h"

enum der_tag {
	DER_BOOLEAN = 0x01, DER_INTEGER = 0x02, DER_BIT_STRING = 0x03, DER_OCTET_STRING = 0x04, DER_NULL = 0x05,
	DER_OID = 0x06, DER_ENUMERATED = 0x0a, DER_UTF8_STRING = 0x0c, DER_PRINTABLE_STRING = 0x13, DER_IA5_STRING = 0x16,
	DER_UTC_TIME = 0x17, DER_GENERALIZED_TIME = 0x18, DER_SEQUENCE = 0x30, DER_SET = 0x31,
};
#define DER_CONTEXT(n) (0x80 | (n))     /* [n], primitive */
#define DER_CONTEXT_OF(n) (0xa0 | (n))  /* [n], constructed */

struct der { unsigned tag; struct bytes body, whole; };

bool der_next(struct bytes *rest, struct der *);
bool der_take(struct bytes *rest, unsigned tag, struct bytes *body);
bool der_take_whole(struct bytes *rest, unsigned tag, struct bytes *whole); /* with its tag and length */
bool der_is(struct bytes rest, unsigned tag);                               /* what comes next */
bool der_take_boolean(struct bytes *rest, bool *);
bool der_take_bits(struct bytes *rest, unsigned *unused, struct bytes *bits);
bool der_take_small(struct bytes *rest, unsigned tag, unsigned *value);     /* an INTEGER or ENUMERATED of 0 to 2^31 - 1 */
bool der_integer_good(struct bytes body);                                   /* not empty, and as short as can be */
/* A time as RFC 5280, 4.1.2.5 wants it: in UTC, with seconds, without fractions; seconds since 1970. */
bool der_time(const struct der *, int64_t *seconds);

struct der_writer { uint8_t *at; size_t len, size; bool cut; };
void der_put(struct der_writer *, struct bytes);
size_t der_open(struct der_writer *, unsigned tag);   /* returns the mark for closing */
void der_close(struct der_writer *, size_t mark);
void der_put_element(struct der_writer *, unsigned tag, struct bytes body);
void der_put_small(struct der_writer *, unsigned tag, unsigned value);
void der_put_boolean(struct der_writer *, bool);
void der_put_bits(struct der_writer *, unsigned unused, struct bytes bits);
void der_put_oid(struct der_writer *, const char *dotted); /* of digits and dots, as people write it */
/* UTCTime until 2049, GeneralizedTime from 2050 on and before 1950 (RFC 5280, 4.1.2.5), or always if asked for. */
void der_put_time(struct der_writer *, int64_t seconds, bool generalized);

struct der_date { int64_t year; unsigned month, day, hour, minute, second; };
struct der_date der_date(int64_t seconds);
int64_t der_seconds(const struct der_date *);

#endif
