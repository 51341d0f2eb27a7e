/* SPDX-License-Identifier: ISC */
/* device.h - what links to real devices share: the clock, sleeping, and a buffer a frame in lent memory. */
#ifndef TULLE_LINK_DEVICE_H
#define TULLE_LINK_DEVICE_H

#include "base/bytes.h"
#include "base/instant.h"
#include "base/text.h"

/* Enough for full batches at the usual MTU. With less, or with larger frames, batches are smaller. */
#define DEVICE_MEMORY_BYTES (64u * 2048)

struct device {
	int fd;
	int beside;              /* another descriptor that ends a wait when it can be read; -1: none */
	struct room memory;      /* lent: buffers of frame_bytes each */
	size_t frame_bytes, frames;
	uint64_t dropped;        /* frames the kernel did not take, or that were larger than a buffer */
};

void device_init(struct device *, int fd, struct room memory, size_t frame_bytes); /* room for one frame at least */
static inline uint8_t *device_buffer(const struct device *d, size_t i) { return d->memory.at + i * d->frame_bytes; }

instant device_now(void);                    /* CLOCK_MONOTONIC */
/* Until fd or `beside` (-1: none) is readable, `until` has passed, or a signal came; then now. */
instant device_wait(int fd, int beside, instant until);

/* Of an interface of this network namespace; false, with words, if there is none of that name. */
bool device_mtu(const char *name, uint16_t *mtu, struct text *err);
bool device_up(const char *name, struct text *err); /* brings it up if it is not */

#endif
