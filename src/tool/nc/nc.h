/* SPDX-License-Identifier: ISC */
/* nc.h - a connection, or datagrams, to and from standard input and output; and looking which ports answer.
 *
 *     nc www.example.com 80              nc -l 8080              nc -u 10.0.0.1 8083 -w 10
 *     nc -z -v 10.0.0.1 20-25            nc --tls --hex www.example.com 443
 *
 * Options are OpenBSD's. Half-close is kept both ways: what one side has said goes on to the other though it
 * says no more itself, and a connection is over when both have finished.
 *
 * Measures: connections, peers, sent, received, open_ports, microseconds.
 *
 *   nc.c           names, connections, ports one after another, listening      (nc.h, nc_parts.h)
 *   nc_options.c   the words
 *   nc_stream.c    a stream between input and output
 *   nc_datagram.c  the same with datagrams
 *   nc_proxy.c     what is said to a proxy first
 *   nc_how.c       what is asked of sockets: TTL, type of service, our own address
 *   nc_local.c     sockets in the file system, and one that is handed on
 *   nc_show.c      what happens, as hexadecimal, as JSON, as nc's sentences
 */
#ifndef TULLE_TOOL_NC_H
#define TULLE_TOOL_NC_H

#include "tool/tool.h"

/* Beside TOOL_OK and TOOL_FAILED, which is also: refused. */
enum nc_status { NC_UNREACHABLE = 2, NC_TIMED_OUT = 3, NC_NO_NAME = 4, NC_NOT_SECURE = 5 };

extern const char nc_help[];
struct tool *nc_open(int argc, const char *const *argv, struct tool_env *);

#endif
