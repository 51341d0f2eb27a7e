/* SPDX-License-Identifier: ISC */
/* reasm.h - which bytes beyond rcv_nxt have come already. */
#ifndef TULLE_PROTO_TCP_REASM_H
#define TULLE_PROTO_TCP_REASM_H

#include <stdint.h>

#endif
