/* SPDX-License-Identifier: ISC */
/* icmp.h - control messages: ICMP (RFC 792) and ICMPv6 (RFC 4443), with neighbour discovery (RFC 4861) and
 * MLD reports (RFC 3810). One struct for both, since a host does the same with them. */
#ifndef TULLE_WIRE_ICMP_H
#define TULLE_WIRE_ICMP_H

#include "base/address.h"
#include "wire/drop.h"

enum { ICMP4_ECHO_REPLY = 0, ICMP4_UNREACHABLE = 3, ICMP4_REDIRECT = 5, ICMP4_ECHO_REQUEST = 8,
       ICMP4_TIME_EXCEEDED = 11, ICMP4_PARAMETER = 12 };
enum { ICMP4_NET_UNREACHABLE = 0, ICMP4_HOST_UNREACHABLE = 1, ICMP4_PROTOCOL_UNREACHABLE = 2,
       ICMP4_PORT_UNREACHABLE = 3, ICMP4_TOO_BIG = 4, ICMP4_PROHIBITED = 13 };
enum { ICMP6_UNREACHABLE = 1, ICMP6_TOO_BIG = 2, ICMP6_TIME_EXCEEDED = 3, ICMP6_PARAMETER = 4,
       ICMP6_ECHO_REQUEST = 128, ICMP6_ECHO_REPLY = 129, ICMP6_MLD_QUERY = 130,
       ICMP6_ROUTER_SOLICITATION = 133, ICMP6_ROUTER_ADVERTISEMENT = 134,
       ICMP6_NEIGHBOUR_SOLICITATION = 135, ICMP6_NEIGHBOUR_ADVERTISEMENT = 136, ICMP6_MLD2_REPORT = 143 };
enum { ICMP6_NO_ROUTE = 0, ICMP6_PROHIBITED = 1, ICMP6_ADDRESS_UNREACHABLE = 3, ICMP6_PORT_UNREACHABLE = 4 };
enum { ICMP6_NA_ROUTER = 0x80, ICMP6_NA_SOLICITED = 0x40, ICMP6_NA_OVERRIDE = 0x20 }; /* first of `rest` */

struct icmp {
	bool six;             /* ICMPv6: other numbers, and a checksum over a pseudo-header */
	uint8_t type, code;
	uint16_t id, seq;     /* echo */
	uint32_t rest;        /* the second word as it is (MTU, NA flags, pointer), if not echo */
	struct ip target;     /* NS, NA */
	bool has_link_address; struct mac link_address; /* NS, RS: the sender's; NA: the target's (options 1, 2) */
	struct bytes payload; /* echo: the data; errors: the packet it is about; else all after the second word */
};

/* src and dst matter for ICMPv6 only. */
enum drop icmp_parse(struct bytes, bool six, struct ip src, struct ip dst, struct icmp *);
size_t icmp_emit(const struct icmp *, struct ip src, struct ip dst, struct room); /* whole; NS, NA and RS from their fields, else with payload */
static inline bool icmp_is_error(const struct icmp *m)
{
	if (m->six) return m->type < 128;
	return m->type == ICMP4_UNREACHABLE || m->type == ICMP4_REDIRECT || m->type == ICMP4_TIME_EXCEEDED ||
	       m->type == ICMP4_PARAMETER || m->type == 4; /* source quench, RFC 6633 */
}

#endif
