/* SPDX-License-Identifier: ISC */
/* sock_diag.h - the kernel's own list of its sockets, by netlink (sock_diag(7)). Anybody may ask; what the answers mean
 * is wire/diag.h's.
 *
 *     struct sock_diag d;
 *     if (!sock_diag_open(&d, -1, &err)) ...
 *     if (sock_diag_ask(&d, question, &err)) while (sock_diag_read(&d, room, &datagram, &err)) ...   // until it says "done"
 *
 * It speaks for the network namespace it was opened in; one that is open needs only sendto and recvfrom.
 */
#ifndef TULLE_HOST_SOCK_DIAG_H
#define TULLE_HOST_SOCK_DIAG_H

#include "base/text.h"

#define SOCK_DIAG_ROOM (256u << 10) /* a datagram is never larger than the kernel's largest */

struct sock_diag { int fd; };

/* In the namespace of this file (/run/netns/NAME, /proc/PID/ns/net), for which root is needed; NULL: our own. The process
 * itself stays in that namespace. */
bool sock_diag_open(struct sock_diag *, const char *namespace, struct text *err);
void sock_diag_close(struct sock_diag *);

bool sock_diag_ask(struct sock_diag *, struct bytes question, struct text *err);
bool sock_diag_read(struct sock_diag *, struct room, struct bytes *datagram, struct text *err);

#endif
