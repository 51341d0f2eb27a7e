/* SPDX-License-Identifier: ISC */
/* said.h - a net of one stream, on which a text has been said and nothing more comes: a program's standard input, out of the
 * scenario's file (`input:`). It stands beside the program's own net (net/beside.h). */
#ifndef TULLE_LAB_SAID_H
#define TULLE_LAB_SAID_H

#include "net/net.h"

#define SAID_ID 1

struct said {
	struct net net;
	struct bytes rest;           /* not taken yet */
	bool told, eof_told, finished, gone;
};

void said_init(struct said *, struct bytes text); /* the text stays the caller's */

#endif
