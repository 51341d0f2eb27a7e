/* SPDX-License-Identifier: ISC */
/* packet.h - a packet socket on an interface as a link: it hears all that the interface hears, and sends out of
 * it. The kernel's own protocols go on using the interface too; what they send is not heard here.
 *
 * Where the sender is a kernel on the same machine (the other end of a veth pair), frames may come with their
 * checksums not filled in, as the kernel would leave them to a card: those are marked FRAME_CHECKED. They may
 * also come larger than the MTU, when the kernel leaves cutting them to a card or has put them together: buffers
 * are large enough for that. (Who controls the other end switches both off there and needs no large buffers.)
 */
#ifndef TULLE_LINK_PACKET_H
#define TULLE_LINK_PACKET_H

#include "link/device.h"
#include "link/link.h"

#define PACKET_MEMORY_BYTES (16u * 66u * 1024) /* batches of sixteen at the largest */

struct packet { struct link link; struct device device; };

bool packet_open(struct packet *, const char *interface, struct room memory, struct text *err);
/* One that is bound already, to an interface whose sender cuts and sums up its frames itself. */
void packet_from(struct packet *, int fd, uint16_t mtu, struct room memory);
void packet_close(struct packet *);

/* A socket that hears nothing yet, nonblocking and closed on exec. -1 or false: errno says why. */
int packet_make(void);
bool packet_bind(int fd, unsigned interface); /* by its number; it is up already */

#endif
