/* SPDX-License-Identifier: ISC */
/* tcp.h - TCP segments (RFC 9293, 3.1), parsed and to be emitted. */
#ifndef TULLE_WIRE_TCP_H
#define TULLE_WIRE_TCP_H

#include "base/address.h"
#include "wire/drop.h"

#define TCP_HEADER_BYTES 20
#define TCP_HEADER_BYTES_MAX 60

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16, TCP_URG = 32, TCP_ECE = 64,
       TCP_CWR = 128 };

struct tcp_seg {
	uint16_t src_port, dst_port;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window;            /* as on the wire, not scaled */
	uint16_t urgent;
	uint16_t mss;               /* option 2; 0: absent */
	bool has_wscale; uint8_t wscale; /* option 3, RFC 7323 */
	bool sack_permitted;        /* option 4, RFC 2018 */
	bool has_timestamps; uint32_t ts_value, ts_echo; /* option 8, RFC 7323 */
	struct bytes text, more;    /* the data; `more` only when emitting: what lies beyond a ring's seam */
};

/* SEG.LEN of RFC 9293: the data and the sequence numbers SYN and FIN take. */
static inline uint32_t tcp_seg_len(const struct tcp_seg *s)
{
	return (uint32_t)(s->text.len + s->more.len) + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN);
}

enum drop tcp_parse(struct bytes, struct ip src, struct ip dst, bool verify, struct tcp_seg *);
size_t tcp_emit(const struct tcp_seg *, struct ip src, struct ip dst, struct room); /* whole, with data */
size_t tcp_emit_size(const struct tcp_seg *); /* what tcp_emit will need */

#endif
