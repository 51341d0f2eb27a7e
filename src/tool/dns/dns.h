/* SPDX-License-Identifier: ISC */
/* dns.h - name servers as tools: `dns serve` answers from zones, `dns resolve` by asking others. */
#ifndef TULLE_TOOL_DNS_H
#define TULLE_TOOL_DNS_H

#include "tool/tool.h"

extern const char dns_help[];
struct tool *dns_open(int argc, const char *const *argv, struct tool_env *); /* "dns", then which */
struct tool *dns_serve_open(int argc, const char *const *argv, struct tool_env *); /* "serve" */
struct tool *dns_resolve_open(int argc, const char *const *argv, struct tool_env *); /* "resolve" */

#endif
