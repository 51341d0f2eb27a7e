/* SPDX-License-Identifier: ISC */
/* telnet.h - `tulle telnet HOST [PORT]`: a session by hand, over Telnet where the server speaks it, else as it is.
 *
 * At a terminal (tool.h) each key comes here raw: lines are edited here (telnet_line.h) unless the server does it, and the
 * escape character leads to commands (telnet_command.c). Input that is no terminal's goes out as lines of text.
 */
#ifndef TULLE_TOOL_TELNET_H
#define TULLE_TOOL_TELNET_H

#include "tool/tool.h"

extern const char telnet_help[];
struct tool *telnet_open(int argc, const char *const *argv, struct tool_env *);

#endif
