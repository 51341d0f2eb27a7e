/* SPDX-License-Identifier: ISC */
/* rtt.h - how long a round trip takes, and how long to wait for one (RFC 6298). */
#ifndef TULLE_PROTO_TCP_RTT_H
#define TULLE_PROTO_TCP_RTT_H

#include "base/instant.h"

struct tcp_rtt { instant srtt, rttvar, rto; };

#endif
