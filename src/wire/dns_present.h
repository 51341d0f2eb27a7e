/* SPDX-License-Identifier: ISC */
/* dns_present.h - records in master file format (RFC 1035, 5), as BIND 9.18 writes each type; every tool that shows
 * records to people does it by this.
 *
 *     static const struct dns_style style = { .split = DNS_SPLIT };
 *     dns_present_rr(&rr, &style, out);             // name, TTL, class, type, data in columns, without the line's end
 *     dns_present_rdata(&rr, &style, out);          // the data alone
 *
 * Rdata that is not well-formed for its type, and types not known here, are shown as RFC 3597 says: `\# 4 0A000001`.
 */
#ifndef TULLE_WIRE_DNS_PRESENT_H
#define TULLE_WIRE_DNS_PRESENT_H

#include "wire/dns.h"

#define DNS_SPLIT 56       /* where BIND splits what is long in hexadecimal or base64 */
#define DNS_SPLIT_LINES 44 /* the same in several lines */

struct dns_style {
	bool multiline;        /* data in brackets, several lines */
	bool no_crypto;        /* keys and signatures are left out: "[omitted]" */
	bool comments;         /* "; ZSK; alg = ED25519 ; key id = 123", what the numbers of a SOA mean */
	bool unknown;          /* every type as RFC 3597 */
	bool no_ttl, no_class;
	bool ttl_units;        /* "1h" */
	bool expand_aaaa;      /* all digits */
	unsigned split;        /* characters in a piece; 0: not split */
};

void dns_present_rr(const struct dns_rr *, const struct dns_style *, struct text *);
void dns_present_question(const struct dns_question *, const struct dns_style *, struct text *);
void dns_present_rdata(const struct dns_rr *, const struct dns_style *, struct text *);
void dns_present_name(const struct dns_name *, struct text *); /* as BIND: @ and $ escaped, brackets not */
void dns_present_ttl(uint32_t seconds, bool words, struct text *); /* "1h30m"; "1 hour 30 minutes" */

const char *dns_class_text(uint16_t class, char buffer[16]);   /* "IN", "CLASS123" */
bool dns_class_parse(const char *, uint16_t *class);
const char *dns_algorithm_text(uint8_t algorithm, char buffer[16]); /* of DNSSEC: "ED25519", "77" */
uint16_t dns_key_tag(struct bytes rdata);                      /* of a DNSKEY (RFC 4034, appendix B) */

/* dns_present_special.c: the types that have a grammar of their own. `t` may be NULL: it is only checked. */
struct dns_present { const struct dns_rr *rr; const struct dns_style *style; struct text *t; const char *gap; struct bytes in; size_t at, end; };
typedef bool dns_present_function(struct dns_present *);
dns_present_function dns_present_apl, dns_present_svcb, dns_present_loc, dns_present_ipseckey, dns_present_amtrelay,
	dns_present_hip, dns_present_wks, dns_present_nsap;
void dns_present_put(struct dns_present *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void dns_present_string(struct dns_present *, struct bytes, bool quoted);
void dns_present_base64(struct dns_present *, struct bytes, unsigned split);
void dns_present_hex(struct dns_present *, struct bytes, unsigned split);
bool dns_present_take_name(struct dns_present *, struct dns_name *);
bool dns_present_take(struct dns_present *, size_t n, struct bytes *);
static inline size_t dns_present_left(const struct dns_present *p) { return p->end - p->at; }
static inline const char *dns_present_break(const struct dns_present *p) { return p->style->multiline ? "\n\t\t\t\t" : " "; }

#endif
