/* SPDX-License-Identifier: ISC */
/* seq.h - sequence numbers: 32 bits that wrap, ordered only while less than half the circle apart (RFC 9293, 3.4). */
#ifndef TULLE_PROTO_TCP_SEQ_H
#define TULLE_PROTO_TCP_SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline bool seq_lt(uint32_t a, uint32_t b) { return (int32_t)(a - b) < 0; }
static inline bool seq_le(uint32_t a, uint32_t b) { return (int32_t)(a - b) <= 0; }
static inline uint32_t seq_max(uint32_t a, uint32_t b) { return seq_lt(a, b) ? b : a; }

#endif
