/* SPDX-License-Identifier: ISC */
/* cc.h - how much may be on the way: slow start, congestion avoidance, fast recovery (RFC 5681, RFC 6582). */
#ifndef TULLE_PROTO_TCP_CC_H
#define TULLE_PROTO_TCP_CC_H

#include <stdint.h>

struct tcp_cc { uint32_t cwnd, ssthresh; };

#endif
