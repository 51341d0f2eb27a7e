/* SPDX-License-Identifier: ISC */
/* eth.h - Ethernet II frames (IEEE 802.3, without the frame check sequence). */
#ifndef TULLE_WIRE_ETH_H
#define TULLE_WIRE_ETH_H

#include "base/address.h"
#include "base/bytes.h"
#include "wire/drop.h"

#define ETH_HEADER_BYTES 14
#define ETH_MTU 1500

enum { ETH_IP4 = 0x0800, ETH_ARP = 0x0806, ETH_IP6 = 0x86dd };

struct eth { struct mac dst, src; uint16_t type; struct bytes payload; };

enum drop eth_parse(struct bytes, struct eth *);
size_t eth_emit(const struct eth *, struct room); /* the header only; 0 if the room is too small */

extern const struct mac eth_broadcast;
static inline bool eth_is_group(struct mac m) { return m.byte[0] & 1; }
struct mac eth_group_of(struct ip multicast); /* RFC 1112, 6.4 and RFC 2464, 7 */

#endif
