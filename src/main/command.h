/* SPDX-License-Identifier: ISC */
/* command.h - the words after `tulle` that are not tools: they bring a network, or need none.
 *
 * Each gets its own words (argv[0] is its name) and returns the exit status: 0, 1 failed, 64 wrong usage.
 */
#ifndef TULLE_MAIN_COMMAND_H
#define TULLE_MAIN_COMMAND_H

int main_dump(int argc, char **argv); /* packets as text, from a device or a file */
int main_sockets(int argc, char **argv); /* this host's sockets and who holds them; its statuses are tool/sockets/sockets.h's */
int main_tool(int argc, char **argv); /* a tool on this host's sockets; argv[0] is the tool */

extern const char stack_help[];
int main_stack(int argc, char **argv);

#endif
