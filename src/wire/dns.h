/* SPDX-License-Identifier: ISC */
/* dns.h - DNS messages (RFC 1035, RFC 6891), read in place and written with compression.
 *
 * Reading: dns_parse checks the whole message's framing once; then questions and records are taken one at a
 * time, as views. Names come out uncompressed.
 *
 *     struct dns_message m;
 *     if ((why = dns_parse(bytes, &m))) return why;
 *     struct dns_cursor c = dns_records(&m);
 *     for (struct dns_rr rr; dns_next(&c, &rr);) ...          // rr.section says where it stood
 *
 * Writing: dns_begin, then dns_add_question and dns_add_rr in the order of sections, then dns_end. What does
 * not fit is refused whole, and the message stays as it was before.
 */
#ifndef TULLE_WIRE_DNS_H
#define TULLE_WIRE_DNS_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/text.h"
#include "wire/drop.h"

#define DNS_HEADER_BYTES 12
#define DNS_NAME_MAX 255        /* in wire form, with the root's zero byte (RFC 1035, 3.1) */
#define DNS_NAME_TEXT_MAX 1016  /* every byte as \ddd, dots, NUL */
#define DNS_MESSAGE_MAX 65535
#define DNS_UDP_MAX 512         /* without EDNS */
#define DNS_UDP_EDNS 1232       /* what we offer with EDNS: never fragmented */
#define DNS_PORT 53

enum dns_type { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_HINFO = 13, DNS_MX = 15,
                DNS_TXT = 16, DNS_AAAA = 28, DNS_SRV = 33, DNS_OPT = 41, DNS_DS = 43, DNS_CAA = 257,
                DNS_AXFR = 252, DNS_ANY = 255 };
/* Types of which only the name is known here: their rdata is opaque (RFC 3597). */
enum { DNS_DNAME = 39, DNS_RRSIG = 46, DNS_NSEC = 47, DNS_DNSKEY = 48, DNS_HTTPS = 65, DNS_IXFR = 251 };
enum dns_class { DNS_IN = 1, DNS_CH = 3, DNS_CLASS_ANY = 255 };
enum dns_rcode { DNS_NOERROR = 0, DNS_FORMERR = 1, DNS_SERVFAIL = 2, DNS_NXDOMAIN = 3, DNS_NOTIMP = 4,
                 DNS_REFUSED = 5, DNS_BADVERS = 16 };
enum { DNS_QR = 0x8000, DNS_AA = 0x0400, DNS_TC = 0x0200, DNS_RD = 0x0100, DNS_RA = 0x0080, DNS_AD = 0x0020,
       DNS_CD = 0x0010 };
enum dns_section { DNS_ANSWER = 1, DNS_AUTHORITY = 2, DNS_ADDITIONAL = 3 };

/* A name in wire form, uncompressed: labels with their lengths, then a zero. Case is kept, and ignored in
 * every comparison (RFC 4343). */
struct dns_name { uint8_t len; uint8_t at[DNS_NAME_MAX]; };

struct dns_question { struct dns_name name; uint16_t type, class; };
struct dns_rr {
	struct dns_name name;
	uint16_t type, class;
	uint32_t ttl;            /* seconds; from the wire at most 2^31 - 1, more is read as 0 (RFC 2181, 8) */
	enum dns_section section;
	struct bytes rdata;      /* as it lies in `message`: names in it may be compressed */
	struct bytes message;    /* for dns_rdata_name; empty if rdata stands alone */
};
struct dns_message {
	struct bytes bytes;
	uint16_t id, flags;      /* flags without opcode and rcode */
	uint8_t opcode;
	uint16_t rcode;          /* with EDNS's upper bits */
	uint16_t counts[4];      /* question, answer, authority, additional */
	struct dns_question question; /* the first, if counts[0] > 0 */
	bool edns; uint16_t edns_udp_size; uint8_t edns_version; bool edns_do; /* RFC 6891; OPT is not a record to dns_next */
	size_t records_at;       /* 0: the questions could not be read */
	uint32_t records;        /* that could */
	size_t read_to;          /* where reading ended */
};
struct dns_cursor { const struct dns_message *message; size_t at; uint32_t index; };

/* Every name and length in it is checked, to the last byte: bytes after the last record that was counted are
 * refused (DROP_LENGTH), for nobody sends them by mistake, and what one reader skips another may believe.
 * What is refused is there for people to look at, up to the fault, if records_at is not 0. */
enum drop dns_parse(struct bytes, struct dns_message *);
struct dns_cursor dns_records(const struct dns_message *);
bool dns_next(struct dns_cursor *, struct dns_rr *);

/* What stands in rdata. False if it is not well-formed (dns_parse has checked the known types already). */
bool dns_rdata_ip(const struct dns_rr *, struct ip *);              /* A, AAAA */
bool dns_rdata_name(const struct dns_rr *, size_t skip, struct dns_name *); /* NS, CNAME, PTR: 0; MX: 2; SRV: 6 */
struct dns_soa { struct dns_name mname, rname; uint32_t serial, refresh, retry, expire, minimum; };
bool dns_rdata_soa(const struct dns_rr *, struct dns_soa *);
void dns_rdata_print(const struct dns_rr *, struct text *);         /* as in a zone file */

/* The fields of a type's rdata, one letter each; NULL if it is opaque. What checks, prints, writes and reads
 * master files all goes by it. Only `S`, `v` and `h` may come last and take all that is left.
 *
 *     a  IPv4 address     n  name, compressed when written    1 2 4  numbers of so many bytes
 *     q  IPv6 address     N  name, never compressed           s  string    S  one string or more
 *     g  CAA's tag        v  CAA's value, to the end          h  bytes in hexadecimal, to the end
 */
const char *dns_rdata_shape(uint16_t type, uint16_t class);

/* A field of it, taken one at a time; raw is how it lies there. */
struct dns_field { char kind; struct bytes raw; struct dns_name name; uint32_t number; };
struct dns_fields { const char *shape; struct bytes in; size_t at, end; bool alone; };
bool dns_fields(const struct dns_rr *, struct dns_fields *); /* false: opaque */
/* DROP_NONE with kind '\0' at the end of well-formed rdata. */
enum drop dns_field_next(struct dns_fields *, struct dns_field *);

struct dns_builder {
	struct room room;
	size_t len, limit;
	uint16_t counts[4];
	uint16_t offset[64]; /* where names stand that later ones may point to */
	uint8_t offsets;
};
/* `limit` is the most the message may have (512, EDNS's size, 65535 over TCP). */
void dns_begin(struct dns_builder *, struct room, size_t limit, uint16_t id, uint16_t flags, uint8_t opcode, uint16_t rcode);
bool dns_add_question(struct dns_builder *, const struct dns_question *);
bool dns_add_rr(struct dns_builder *, const struct dns_rr *); /* rdata's names of the old types are compressed */
bool dns_add_opt(struct dns_builder *, uint16_t udp_size, uint16_t rcode, bool do_bit);
void dns_set_tc(struct dns_builder *);
size_t dns_end(struct dns_builder *); /* writes the counts; the message's length */

/* Names. The first reads what stands at *at of a message, following pointers, and moves *at behind it; the
 * part before the first pointer must end at `end` or before. */
enum drop dns_name_read(struct bytes message, size_t *at, size_t end, struct dns_name *);
bool dns_name_parse(const char *text, struct dns_name *); /* "www.example.com", trailing dot or not; \. \ddd */
const char *dns_name_text(const struct dns_name *, char buffer[DNS_NAME_TEXT_MAX]); /* ends in a dot */
bool dns_name_equal(const struct dns_name *, const struct dns_name *);
bool dns_name_under(const struct dns_name *, const struct dns_name *ancestor); /* at or below it */
uint8_t dns_name_labels(const struct dns_name *);             /* without the root */
void dns_name_parent(const struct dns_name *, struct dns_name *parent); /* one label less; the root's is the root */
void dns_name_lower(struct dns_name *);                       /* ASCII only */
void dns_name_reverse(struct ip, struct dns_name *);          /* for PTR: in-addr.arpa, ip6.arpa */
uint64_t dns_name_hash(const uint8_t key[16], const struct dns_name *); /* of its lower-case form */

const char *dns_type_text(uint16_t type, char buffer[16]); /* "A", "TYPE123" (RFC 3597) */
bool dns_type_parse(const char *, uint16_t *type);
const char *dns_rcode_text(uint16_t rcode);                /* "NXDOMAIN" */

#endif
