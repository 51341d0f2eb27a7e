/* SPDX-License-Identifier: ISC */
/* udp.h - user datagrams (RFC 768). */
#ifndef TULLE_WIRE_UDP_H
#define TULLE_WIRE_UDP_H

#include "base/address.h"
#include "wire/drop.h"

#define UDP_HEADER_BYTES 8
#define UDP4_PAYLOAD_MAX 65507 /* 65535 - 20 - 8 */

struct udp { uint16_t src_port, dst_port; struct bytes payload; };

/* `verify` is false if whoever handed up the frame vouches for the checksum. A zero checksum is accepted
 * over IPv4 (none was made) and refused over IPv6 (RFC 8200, 8.1). */
enum drop udp_parse(struct bytes, struct ip src, struct ip dst, bool verify, struct udp *);
size_t udp_emit(const struct udp *, struct ip src, struct ip dst, struct room); /* whole, with payload */

#endif
