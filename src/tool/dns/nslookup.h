/* SPDX-License-Identifier: ISC */
/* nslookup.h - asks name servers and prints what they say, in the words of BIND's nslookup. */
#ifndef TULLE_TOOL_NSLOOKUP_H
#define TULLE_TOOL_NSLOOKUP_H

#include "tool/tool.h"

extern const char nslookup_help[];
struct tool *nslookup_open(int argc, const char *const *argv, struct tool_env *);

#endif
