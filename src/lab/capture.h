/* SPDX-License-Identifier: ISC */
/* capture.h - every frame of a run, once, as it starts onto a wire: kept for printing, drawing and counting. */
#ifndef TULLE_LAB_CAPTURE_H
#define TULLE_LAB_CAPTURE_H

#include "base/bytes.h"
#include "base/instant.h"
#include "sim/sim.h"

#define CAPTURE_BYTES_MAX (UINT64_C(2) << 30) /* of frames kept; what comes later is counted, not kept */

struct captured {
	instant at, arrives_at; /* NEVER: it does not */
	struct bytes data;
	const char *story;      /* or NULL */
	uint32_t link, end;     /* whose end of which link sent it: an index into the lab's ends */
	enum sim_fate fate;
};

struct capture_block;
struct capture {
	struct captured *packet; size_t count, room;
	struct capture_block *block; /* the newest; each leads to the one before */
	uint64_t bytes, beyond;  /* kept; and frames that were not */
};

void capture_add(struct capture *, const struct captured *); /* copies the data and the story */
void capture_free(struct capture *);

#endif
