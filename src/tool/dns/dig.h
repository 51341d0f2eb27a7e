/* SPDX-License-Identifier: ISC */
/* dig.h - asks name servers with dig's words and prints what they say as BIND 9.18's dig does. */
#ifndef TULLE_TOOL_DIG_H
#define TULLE_TOOL_DIG_H

#include "tool/tool.h"

/* Besides those of every tool, as dig has them: a batch file that cannot be read, no reply, something of our own. */
enum { DIG_NO_FILE = 8, DIG_NO_REPLY = 9, DIG_INTERNAL = 10 };

extern const char dig_help[];
struct tool *dig_open(int argc, const char *const *argv, struct tool_env *);

#endif
