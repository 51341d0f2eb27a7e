/* SPDX-License-Identifier: ISC */
/* address.h - IP addresses, prefixes and endpoints, as values.
 *
 * IPv4 is kept as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that one type serves both. The unspecified
 * address of either family is the wildcard; `struct ip` of all zeros is IPv6's, ip4_any() IPv4's.
 */
#ifndef TULLE_BASE_ADDRESS_H
#define TULLE_BASE_ADDRESS_H

#include "base/bytes.h"
#include "base/text.h"

struct ip { uint8_t byte[16]; };

/* An endpoint. `interface` is where a link-local or multicast address is meant (RFC 4007's zone index): 1
 * for the first interface of a host; 0 leaves it to the routes. */
struct addr { struct ip ip; uint16_t port; uint16_t interface; };

struct prefix { struct ip ip; uint8_t bits; }; /* bits of the 128: an IPv4 /24 is 120 */

struct mac { uint8_t byte[6]; };

static inline struct ip ip4_of(uint32_t host_order)
{
	struct ip ip = { { [10] = 0xff, [11] = 0xff } };
	store_be32(ip.byte + 12, host_order);
	return ip;
}
static inline struct ip ip4_any(void) { return ip4_of(0); }
static inline struct ip ip4_broadcast(void) { return ip4_of(UINT32_MAX); }
static inline struct ip ip6_any(void) { return (struct ip){ { 0 } }; }
static inline struct ip ip6_of(const uint8_t byte[16])
{
	struct ip ip;
	memcpy(ip.byte, byte, 16);
	return ip;
}
static inline bool ip_equal(struct ip a, struct ip b) { return memcmp(a.byte, b.byte, 16) == 0; }
static inline bool ip_is4(struct ip ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	return memcmp(ip.byte, mapped, sizeof mapped) == 0;
}
static inline uint32_t ip4_number(struct ip ip) { return load_be32(ip.byte + 12); }
static inline bool ip_is_any(struct ip ip)
{
	return ip_equal(ip, ip6_any()) || ip_equal(ip, ip4_any());
}
static inline bool ip_is_multicast(struct ip ip)
{
	return ip_is4(ip) ? ip.byte[12] >> 4 == 14 : ip.byte[0] == 0xff;
}
static inline bool ip_is_loopback(struct ip ip)
{
	static const struct ip one = { { [15] = 1 } };
	return ip_is4(ip) ? ip.byte[12] == 127 : ip_equal(ip, one);
}
static inline bool ip_is_link_local(struct ip ip)
{
	return ip_is4(ip) ? ip.byte[12] == 169 && ip.byte[13] == 254
	                  : ip.byte[0] == 0xfe && (ip.byte[1] & 0xc0) == 0x80;
}
static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
	return ip_equal(a->ip, b->ip) && a->port == b->port && a->interface == b->interface;
}
static inline bool mac_equal(struct mac a, struct mac b) { return memcmp(a.byte, b.byte, 6) == 0; }

bool prefix_has(struct prefix, struct ip);
struct ip prefix_first(struct prefix); /* the network's own address: host bits zero */
struct ip prefix_last(struct prefix);  /* IPv4's directed broadcast: host bits one */

/* Reading: the whole text must be it. "10.0.0.1" (four decimal parts, as inet_pton), "2001:db8::1" (RFC
 * 4291, 2.2); "10.0.0.0/24"; "10.0.0.1:80", "[::1]:80"; "02:00:00:00:00:01". False leaves *out as it was. */
bool ip_parse(const char *text, struct ip *out);
bool prefix_parse(const char *text, struct prefix *out); /* host bits are kept: "10.0.0.1/24" */
bool addr_parse(const char *text, struct addr *out);
bool mac_parse(const char *text, struct mac *out);

/* Writing, IPv6 by RFC 5952; the room includes the NUL. They return their buffer. */
#define IP_TEXT_MAX 46
#define PREFIX_TEXT_MAX 50
#define ADDR_TEXT_MAX 56
#define MAC_TEXT_MAX 18
const char *ip_text(struct ip, char buffer[IP_TEXT_MAX]);
const char *prefix_text(struct prefix, char buffer[PREFIX_TEXT_MAX]);
const char *addr_text(const struct addr *, char buffer[ADDR_TEXT_MAX]);
const char *mac_text(struct mac, char buffer[MAC_TEXT_MAX]);

#endif
