/* SPDX-License-Identifier: ISC */
/* idn.h - names in other scripts than ASCII: as people write them (U-labels) and as the DNS holds them (A-labels). The one
 * face to libidn2; UTF-8 everywhere, whatever the locale.
 *
 *     if (idn_wanted(typed) && (why = idn_to_ascii(typed, name)) != IDN_DONE) say idn_why_words(why);
 *     idn_to_unicode(answer, shown);                         // shown is good to print, whatever comes back
 *
 * To the DNS: IDNA2008 (RFC 5891) after UTS 46's mapping, which folds case and width and is not transitional, so that
 * "faß.de" is not "fass.de". What IDNA2008 forbids but is registered all the same - signs, emoji - is let through, as
 * browsers and BIND's tools do, unless it stands beside one of the four letters that the older rules spelt otherwise.
 * Names may have labels that are no host's ("_sip._udp.bücher.example", "*.bücher.example").
 *
 * From the DNS: only if the result would be typed as the same name again. So nothing is shown that UTS 46 would change,
 * forbids, or takes for another name; it stays in A-labels.
 *
 * libidn2 allocates while it works; nothing of that is left when a call returns.
 */
#ifndef TULLE_IDN_IDN_H
#define TULLE_IDN_IDN_H

#include "base/bytes.h"

#define IDN_TYPED_MAX 1000   /* bytes of UTF-8 that are looked at; more cannot be 253 bytes of A-labels */
#define IDN_ASCII_MAX 255    /* 253 bytes (RFC 1035, 2.3.4, in text), a last dot, NUL */
#define IDN_UNICODE_MAX 1016 /* also holds any name's text with \ddd in it: DNS_NAME_TEXT_MAX */

enum idn_why {
	IDN_DONE,
	IDN_NOT_UTF8,
	IDN_LABEL_EMPTY,     /* two dots in a row, or what UTS 46 maps to nothing */
	IDN_LABEL_TOO_LONG,  /* over 63 bytes as an A-label */
	IDN_NAME_TOO_LONG,   /* over 253 */
	IDN_NOT_ALLOWED,     /* RFC 5892: a character that no name may have */
	IDN_UNASSIGNED,      /* a character that the library's Unicode does not know */
	IDN_HYPHENS,         /* RFC 5891, 4.2.3.1: at an end, or third and fourth */
	IDN_COMBINING,       /* 4.2.3.2: begins with a combining mark */
	IDN_CONTEXT,         /* 4.2.3.3: a character that is only allowed between certain others */
	IDN_BIDI,            /* RFC 5893: letters written to the left and to the right */
	IDN_BAD_ALABEL,      /* "xn--" and then what no label is written as */
	IDN_NO_MEMORY,
};

bool idn_wanted(const char *name); /* it has bytes of no ASCII */

/* `ascii` is in lower case, and empty unless it is done. A last dot stays. */
enum idn_why idn_to_ascii(const char *name, char ascii[IDN_ASCII_MAX]);

/* A DNS name's text. Unless it is done, `unicode` is the name as it was (IDN_NAME_TOO_LONG: empty). */
enum idn_why idn_to_unicode(const char *name, char unicode[IDN_UNICODE_MAX]);

const char *idn_why_words(enum idn_why); /* "a label is longer than 63 bytes" */

#endif
