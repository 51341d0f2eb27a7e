/* SPDX-License-Identifier: ISC */
/* http.h - a small static web server, and the client that goes with it.
 *
 *     http serve DIR http://:8080
 *     http get http://www.example.com/page.html
 *
 * serve: GET and HEAD, connections kept and pipelined (RFC 9112), one range, conditions (RFC 9110, 13 and 14), a
 * folder's index.html. Nothing outside DIR and nothing whose name begins with a dot (but .well-known) is given.
 *
 * Measures: serve: requests, ok (2xx and 3xx), refused (4xx and 5xx), bytes, connections. get: status, bytes,
 * microseconds, connections.
 */
#ifndef TULLE_TOOL_HTTP_H
#define TULLE_TOOL_HTTP_H

#include "tool/tool.h"

#define HTTP_CLIENTS_MAX 128                /* of a server at once; for one more, who has waited longest goes, or it is told 503 */
#define HTTP_PATIENCE SECOND                /* so long nobody has to go who has not said a whole request yet */
#define HTTP_HEAD_WITHIN (10 * SECOND)      /* from a head's first byte to its last: else 408 */
#define HTTP_IDLE_FOR (30 * SECOND)         /* between requests, without progress in a response, and for its last bytes */
#define HTTP_LINGER_FOR (2 * SECOND)        /* for a client that still sends when we have finished */
#define HTTP_BODY_IGNORED_MAX 65536         /* a request's body is read over up to here; beyond, we close */

extern const char http_help[];
struct tool *http_open(int argc, const char *const *argv, struct tool_env *);

/* Its halves; argv[0] is "serve" or "get". */
struct tool *http_serve_open(int argc, const char *const *argv, struct tool_env *);
struct tool *http_get_open(int argc, const char *const *argv, struct tool_env *);

#endif
