/* SPDX-License-Identifier: ISC */
/* echo_line.h - the beginning of a line, until its end has come: in blocks that are taken from a pool, so that a connection
 * between two lines holds none.
 *
 *     switch (line_add(&pool, &held, bytes)) ...        // all of it is held, or nothing more than before
 *     if (line_send(&pool, &held, net, id)) ...         // all of it went; false: the rest when there is room again
 */
#ifndef TULLE_TOOL_ECHO_LINE_H
#define TULLE_TOOL_ECHO_LINE_H

#include "base/pool.h"
#include "net/net.h"

#define ECHO_LINE_MAX 65536 /* bytes of a line, its end among them */
#define LINE_BLOCK_BYTES 1024

struct line_block { struct line_block *next; uint8_t byte[LINE_BLOCK_BYTES - sizeof(struct line_block *)]; };
struct line_held { struct line_block *first, *last; uint32_t len, sent; }; /* zeroed before; sent: of the first block */

enum line_room { LINE_ADDED, LINE_TOO_LONG /* than ECHO_LINE_MAX */, LINE_NO_ROOM /* in the pool */ };

enum line_room line_add(struct pool *, struct line_held *, struct bytes);
bool line_send(struct pool *, struct line_held *, struct net *, net_id);
void line_drop(struct pool *, struct line_held *);

#endif
