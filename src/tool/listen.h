/* SPDX-License-Identifier: ISC */
/* listen.h - why a tool could not have a port, for the person who can mend it. */
#ifndef TULLE_TOOL_LISTEN_H
#define TULLE_TOOL_LISTEN_H

#include "net/net.h"

/* net_why_words; and of a port that was not allowed, what to do. */
const char *listen_why(enum net_why, uint16_t port);

#endif
