/* SPDX-License-Identifier: ISC */
/* lend_local.h - what of this host's sockets is not the Internet's: those in the file system, and a socket that goes to
 * another process. See tool.h, `local` and `pass`. */
#ifndef TULLE_MAIN_LEND_LOCAL_H
#define TULLE_MAIN_LEND_LOCAL_H

#include "tool/tool.h"

net_id lend_local(struct tool_env *, enum tool_local, const char *path, const char *own);
bool lend_pass(struct tool_env *, net_id);

#endif
