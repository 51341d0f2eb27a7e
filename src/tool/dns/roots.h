/* SPDX-License-Identifier: ISC */
/* roots.h - the name servers of the Internet's root (iana.org/domains/root/servers), where every walk begins that is
 * not told of another root. */
#ifndef TULLE_TOOL_ROOTS_H
#define TULLE_TOOL_ROOTS_H

#define ROOTS_COUNT 13

struct root_server { const char *name, *ip4, *ip6; };
extern const struct root_server root_servers[ROOTS_COUNT];

#endif
