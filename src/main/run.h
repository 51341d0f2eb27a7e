/* SPDX-License-Identifier: ISC */
/* run.h - one tool, run to its end over a network somebody made: words to standard output, chance from the
 * kernel, files below the current folder, SIGINT and SIGTERM as a request to stop.
 *
 * What is written goes out at the end of each turn. A reader that went away (SIGPIPE) ends the tool quietly; an
 * output that cannot be written (a full disk) ends it with an error.
 */
#ifndef TULLE_MAIN_RUN_H
#define TULLE_MAIN_RUN_H

#include "main/sandbox.h"
#include "net/beside.h"
#include "tool/tool.h"

struct run_names { struct ip server[TOOL_SERVERS_MAX]; size_t count; };

/* The name servers of a resolv.conf; this host itself, as the C library has it, if it names none. */
struct run_names run_names_read(const char *path);

/* Where the net is not that of this host's sockets, standard input and output are streams of the other, if it is given: it is that
 * net with these beside. The exit status. After the tool has opened its ports and before it hears anything the process locks itself in
 * (sandbox.h). */
int run_tool(struct net *net, struct beside *, const struct run_names *, enum sandbox_profile, int argc, char **argv);

#endif
