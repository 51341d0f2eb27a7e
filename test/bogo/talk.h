/* SPDX-License-Identifier: ISC */
/* talk.h - one connection with the runner: the handshake, what must come out of it, and the echo. */
#ifndef TULLE_TEST_BOGO_TALK_H
#define TULLE_TEST_BOGO_TALK_H

#include "../tls_socket.h"
#include "flags.h"

/* False: it failed; stderr has the reason. `retry`: what holds once early data was refused. */
bool bogo_talk(struct tls_socket *, const struct bogo_flags *, const struct bogo_flags *retry, bool resuming);

#endif
