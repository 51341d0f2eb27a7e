/* SPDX-License-Identifier: ISC */
/* sink.h - a text that goes out through a descriptor. The first error stays, and ends what is written. */
#ifndef TULLE_MAIN_SINK_H
#define TULLE_MAIN_SINK_H

#include "base/text.h"

struct sink { struct text text; int fd, error; char buffer[16384]; }; /* error: errno; 0: none */

void sink_init(struct sink *, int fd);

#endif
