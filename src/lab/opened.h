/* SPDX-License-Identifier: ISC */
/* opened.h - what TLS carried in the packets of a run, opened with the lab's own key log.
 *
 *     opened_read(&o, story);                       // once, when the run is over
 *     for (size_t i = opened_find(&o, packet); i < o.count && o.item[i].packet == packet; i++) show(&o.item[i].watched);
 *     opened_free(&o);
 *
 * A record or message belongs to the packet with its last byte, on each wire it passed.
 */
#ifndef TULLE_LAB_OPENED_H
#define TULLE_LAB_OPENED_H

#include "lab/story.h"
#include "wire/tls.h"

#define OPENED_CONTENT_MAX 4096          /* bytes kept of what programs said in one record */
#define OPENED_BYTES_MAX (64u << 20)     /* in all; what comes later is not kept */

struct opened_item { size_t packet; struct tls_watched watched; };
struct opened { struct opened_item *item; size_t count, room, bytes; };

void opened_read(struct opened *, const struct story *);
size_t opened_find(const struct opened *, size_t packet); /* the first of that packet or a later one */
/* "TLS ServerHello, EncryptedExtensions, Finished": what a packet completed; nothing if it is not of TLS. */
void opened_words(const struct opened *, size_t packet, struct text *);
void opened_free(struct opened *);

#endif
