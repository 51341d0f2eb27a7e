/* SPDX-License-Identifier: ISC */
/* checksum.h - the Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of 16-bit
 * words. A sum is carried as a 64-bit number and folded at the end, so that pieces can be added up: all
 * pieces but the last must have an even length.
 *
 *     uint64_t sum = checksum_pseudo(src, dst, 17, length);
 *     field = checksum_finish(checksum_add(sum, bytes));
 */
#ifndef TULLE_BASE_CHECKSUM_H
#define TULLE_BASE_CHECKSUM_H

#include "base/address.h"
#include "base/bytes.h"

uint64_t checksum_add(uint64_t sum, struct bytes);
uint16_t checksum_finish(uint64_t sum); /* in host order: store it with store_be16 */

/* The pseudo-header of RFC 9293, 3.1 (IPv4) and RFC 8200, 8.1 (IPv6). */
uint64_t checksum_pseudo(struct ip src, struct ip dst, uint8_t protocol, size_t length);

#endif
