/* SPDX-License-Identifier: ISC */
/* expect.h - whether what a scenario expects came true, and what was seen instead. */
#ifndef TULLE_LAB_EXPECT_H
#define TULLE_LAB_EXPECT_H

#include "lab/story.h"
#include "wire/tcp.h"

void expect_check(const struct story *, const struct story_scene *, const struct expectation *, struct story_verdict *);

/* The segment in a frame, if there is a whole one. */
struct expect_segment { struct ip src, dst; struct tcp_seg seg; };
bool expect_segment(struct bytes frame, struct expect_segment *);

#endif
