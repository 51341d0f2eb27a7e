/* SPDX-License-Identifier: ISC */
/* dns.h - name servers as tools: `dns serve` answers from zones. */
#ifndef TULLE_TOOL_DNS_H
#define TULLE_TOOL_DNS_H

#include "tool/tool.h"

extern const char dns_help[];
struct tool *dns_open(int argc, const char *const *argv, struct tool_env *); /* "dns", then which */
struct tool *dns_serve_open(int argc, const char *const *argv, struct tool_env *); /* "serve" */

#endif
