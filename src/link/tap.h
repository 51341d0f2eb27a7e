/* SPDX-License-Identifier: ISC */
/* tap.h - a TAP device as a link: what the kernel sends out of the interface is received here, and the other way
 * round.
 *
 *     if (!tap_open(&tap, "tap0", memory, &err)) ...;    // an existing device, or a new one that ends with tap_close
 *     stack_attach(stack, &tap.link, mac);
 */
#ifndef TULLE_LINK_TAP_H
#define TULLE_LINK_TAP_H

#include "link/device.h"
#include "link/link.h"

struct tap { struct link link; struct device device; };

/* DEVICE_MEMORY_BYTES is a good size. The interface is brought up; its MTU becomes the link's. */
bool tap_open(struct tap *, const char *name, struct room memory, struct text *err);
void tap_from(struct tap *, int fd, uint16_t mtu, struct room memory); /* one that somebody else has opened */
void tap_close(struct tap *);

/* Makes or joins the TAP device of that name: its descriptor, nonblocking and closed on exec. -1: errno says why. */
int tap_make(const char *name);

#endif
