/* SPDX-License-Identifier: ISC */
/* reasm.h - which bytes beyond rcv_nxt have come already.
 *
 * Ranges of sequence numbers only; the bytes themselves lie where they belong, ahead of the receive ring's
 * tail (ring_write_ahead). The ranges are in order, apart from each other, and few: one that would need a
 * place more than there is, is refused, and its bytes will be sent again.
 */
#ifndef TULLE_PROTO_TCP_REASM_H
#define TULLE_PROTO_TCP_REASM_H

#include <stdbool.h>
#include <stdint.h>

#define TCP_REASM_RANGES_MAX 14

struct tcp_range { uint32_t from, to; }; /* `to` is the first that is not in it */
struct tcp_reasm { uint32_t count; struct tcp_range range[TCP_REASM_RANGES_MAX]; };

/* Marks from..to as there; false: no place for another range. All ranges must lie within half the circle. */
bool tcp_reasm_add(struct tcp_reasm *, uint32_t from, uint32_t to);

/* Everything before `nxt` has come in order: how far does that reach, with what came ahead? Drops what it
 * passes. Returns nxt if nothing joins on. */
uint32_t tcp_reasm_join(struct tcp_reasm *, uint32_t nxt);

#endif
