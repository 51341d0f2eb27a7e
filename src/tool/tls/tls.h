/* SPDX-License-Identifier: ISC */
/* tls.h - TLS to look at and to try out.
 *
 *     tls client www.example.com:443 --resume      // each message in words, the chain, the session
 *     tls server :6443
 *     tls scan www.example.com:443 --json
 *     tls ca ...; tls cert ...                     // a private authority
 *     tls --list
 */
#ifndef TULLE_TOOL_TLS_H
#define TULLE_TOOL_TLS_H

#include "tool/tool.h"
#include "tool/url.h"

extern const char tls_tool_help[];
struct tool *tls_tool_open(int argc, const char *const *argv, struct tool_env *);

/* Its parts; argv[0] is "client", "server", "scan". */
struct tool *tls_client_open(int argc, const char *const *argv, struct tool_env *);
struct tool *tls_server_open(int argc, const char *const *argv, struct tool_env *);
struct tool *tls_scan_open(int argc, const char *const *argv, struct tool_env *);

/* HOST:PORT, or with `listens` also :PORT or PORT. NULL, or what is wrong in words. The host is kept in `words`. */
/* What --servername says; NULL is good. false: said as a wrong word. */
bool tls_tool_name_good(struct tool_env *, const char *who, const char *name);

const char *tls_tool_address(struct text *words, const char *word, bool listens, struct url *);

#endif
