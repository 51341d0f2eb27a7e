/* SPDX-License-Identifier: ISC */
/* system_show.h - what this machine would do with a name, step by step, beside what the DNS says: `nslookup --system`. */
#ifndef TULLE_TOOL_SYSTEM_SHOW_H
#define TULLE_TOOL_SYSTEM_SHOW_H

#include "tool/dns/system.h"

/* `name` as it was typed: an address, a word for the search list, a whole name. The exit status is one of dns_status.h, of
 * what the machine would find. NULL: said on err. */
struct tool *system_show_open(const char *name, bool json, struct tool_env *);

#endif
