/* SPDX-License-Identifier: ISC */
/* print_parts.h - what the files of the printer have in common; nobody else includes it.
 *
 * Printing forgives what parsing refuses: a packet with a wrong checksum, or one of which only the first bytes
 * were captured, is just what somebody wants to look at. So the printers read bytes themselves, from a `part`
 * that knows how much there is and how much there should be. Each returns false where the capture ends before
 * what it wanted to say; the line then ends in "[|layer]".
 */
#ifndef TULLE_WIRE_PRINT_PARTS_H
#define TULLE_WIRE_PRINT_PARTS_H

#include "wire/print.h"

/* `have` bytes were captured of `len`, which is what the layer below says. */
struct part { const uint8_t *at; size_t have, len; };

static inline struct part part_skip(struct part p, size_t n)
{
	size_t taken = size_min(n, p.have);
	return (struct part){ taken > 0 ? p.at + taken : p.at, p.have - taken, p.len > n ? p.len - n : 0 };
}

/* One packet on its way to text. */
struct line {
	struct print *print;
	struct text *out;
	const char *layer;          /* being read: named when the capture ends */
	const uint8_t *src, *dst;   /* as they lie in the IP header, 4 or 16 bytes */
	const uint8_t *final_dst;   /* of a source route: the checksum is made with it */
	bool six;
	bool named;                 /* the addresses were printed: ports come alone */
	bool fragment;              /* the first piece of several: its checksum cannot be told */
	bool lost;                  /* cut_deep was here */
	size_t link_bytes;          /* of the link header, tags counted in */
	bool multicast_dns;         /* the class's first bit means something else (RFC 6762) */
	unsigned depth;             /* packets within packets */
};

#define PRINT_DEPTH_MAX 8
#define SAY(l, ...) text_printf((l)->out, __VA_ARGS__)

/* A number and its name; a list ends with NULL. */
struct name { uint32_t number; const char *name; };
const char *name_of(const struct name *, uint32_t number, const char *otherwise);
/* The names of the bits that are set, or `none`. */
void say_bits(struct line *, const struct name *, uint32_t bits, const char *none, const char *between);

static inline void say_cut(struct line *l) { SAY(l, " [|%s]", l->layer); }
/* The same as false, from deep within: tcpdump then forgets how long the link header was, and -x shows it. */
static inline bool cut_deep(struct line *l)
{
	l->lost = true;
	return false;
}

bool say_ethernet(struct line *, struct part);
bool say_ip4(struct line *, struct part);
bool say_ip6(struct line *, struct part);
bool say_ip_protocol(struct line *, uint8_t protocol, struct part); /* what is above IP; the same for both */
bool say_icmp4(struct line *, struct part);
bool say_icmp6(struct line *, struct part);
bool say_nd_options(struct line *, struct part);
bool say_igmp(struct line *, struct part);
bool say_udp(struct line *, struct part);
bool say_tcp(struct line *, struct part);
enum dns_way { DNS_OVER_UDP, DNS_OVER_TCP, DNS_MULTICAST };
bool say_dns(struct line *, struct part, enum dns_way);
bool say_http(struct line *, struct part);
/* print_groups.c: IGMPv3's and MLDv2's. False: cut off. */
bool say_sources(struct line *, struct part, size_t at, unsigned count, bool six);
bool say_group_records(struct line *, struct part, bool six);

void say_address(struct line *, const uint8_t *at, bool six);
void say_addresses(struct line *, const char *after); /* "10.0.0.1 > 10.0.0.2" */
void say_mac(struct line *, const uint8_t *at, size_t len);
void say_visible(struct line *, const uint8_t *at, size_t len); /* ^A, M-^B */
void say_span(struct line *, uint32_t seconds);             /* "1h2m" */
void say_hex(struct line *, const char *start, struct part, bool with_text);
const char *ip_protocol_name(uint8_t protocol);

struct ip line_src(const struct line *);
struct ip line_final_dst(const struct line *);
/* What is left of a checksum over the whole part: 0 if it is right. */
uint16_t sum_of(struct line *, uint8_t protocol, struct part);
/* What a checksum field should have held. */
uint16_t sum_should_be(uint16_t field, uint16_t left);

#endif
