/* SPDX-License-Identifier: ISC */
/* arp.h - address resolution for IPv4 over Ethernet (RFC 826). */
#ifndef TULLE_WIRE_ARP_H
#define TULLE_WIRE_ARP_H

#include "base/address.h"
#include "wire/drop.h"

#define ARP_BYTES 28

enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp { uint16_t op; struct mac sender_mac, target_mac; struct ip sender, target; };

enum drop arp_parse(struct bytes, struct arp *); /* trailing padding is allowed */
size_t arp_emit(const struct arp *, struct room);

#endif
