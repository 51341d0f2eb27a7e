/* SPDX-License-Identifier: ISC */
/* echo.h - what is sent comes back: the server, and the client that counts what does.
 *
 *     echo serve tcp://:6666 udp://:7777 multicast://239.1.2.3:5555 broadcast://:5556
 *     echo call tcp://www.example.com:6666 --every 2s --count 3
 *     echo serve tls://:6443; echo call tls://www.example.com:6443
 *
 *     echo load tcp://www.example.com:6666 --connections 100 --window 16 --seconds 5
 *
 * The server of a TCP or TLS URL returns each line, --raw each byte, that of a UDP URL each datagram (RFC 862); an audience of a group or
 * of a broadcast port prints who said what and keeps silent. One server serves any number of clients on a port.
 *
 * Measures: serve: connections, connections_max, bytes, datagrams, heard, sockets_max, turned_away, too_long. call: sent, answered, lost,
 * duplicated, reordered, bytes, microseconds, rtt_min_us, rtt_avg_us, rtt_max_us, connections, wrong; of one datagram of
 * --bytes: size, answered.
 */
#ifndef TULLE_TOOL_ECHO_H
#define TULLE_TOOL_ECHO_H

#include "tool/secure.h"
#include "tool/url.h"

extern const char echo_help[];
struct tool *echo_open(int argc, const char *const *argv, struct tool_env *);

/* Its parts; argv[0] is "serve", "call" or "load". */
struct tool *echo_serve_open(int argc, const char *const *argv, struct tool_env *);
struct tool *echo_call_open(int argc, const char *const *argv, struct tool_env *);
struct tool *echo_load_open(int argc, const char *const *argv, struct tool_env *);

/* --interface: a number, or a name where interfaces have names. False: said why not. */
bool echo_interface(struct tool_env *, const char *who, const char *text, uint16_t *number);

/* --json: one object of the tool's measures, as a line. */
void echo_json(struct text *, const char *url, const struct tool_measure *);

/* A call that sends many bytes over a stream and compares what comes back (--bytes). The `struct secure` is its to end. */
struct tool *echo_bulk_open(struct tool_env *, struct secure *, const struct url *, uint64_t bytes, instant timeout);

/* The same over UDP: all of them in one datagram. */
struct tool *echo_one_open(struct tool_env *, const struct url *, uint64_t bytes, instant timeout);

#endif
