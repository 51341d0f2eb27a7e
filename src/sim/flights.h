/* SPDX-License-Identifier: ISC */
/* flights.h - frames under way: a lent pool, and lanes of frames in the order in which they arrive.
 *
 * A lane is a queue whose arrivals never go back in time, so only the head of each lane waits in the heap:
 * a thousand frames on one long wire cost what one costs. A flight is a small number, 0 is none. Memory is
 * touched only as far as frames have ever been under way at once; small ones (acknowledgements, questions) have
 * small buffers of their own, and the higher numbers.
 */
#ifndef TULLE_SIM_FLIGHTS_H
#define TULLE_SIM_FLIGHTS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/instant.h"

struct flight {
	instant at;        /* it arrives */
	uint64_t order;    /* among those that arrive at one instant: the sender's number and its count */
	uint32_t next;     /* in its lane; once arrived, in its wire's list of arrivals */
	uint32_t from;     /* end */
	uint32_t len;
	uint16_t flags;    /* struct frame's */
	uint16_t bits;     /* the owner's */
	uint32_t holders;  /* once arrived: ends that have not let go of it */
};

struct lane { uint32_t head, tail; instant last_at; };
struct lane_head { instant at; uint64_t order; uint32_t lane; }; /* in the heap */

#define FLIGHT_SMALL_BYTES 128

struct flights_pool { uint8_t *data; uint32_t fresh, free; }; /* fresh: how many were ever used */

struct flights {
	struct flight *flight;  /* from 1; the small ones from flights_max + 1 */
	struct flights_pool large, small;
	size_t stride;          /* of a large one's data */
	struct lane *lane;
	struct lane_head *heap; /* a 4-ary heap of the lanes that are not empty */
	uint32_t heap_count, flights_max, used;
};

size_t flights_size(uint32_t flights_max, uint32_t frame_bytes_max, uint32_t lanes_max);
void flights_init(struct flights *, struct arena *zeroed, uint32_t flights_max, uint32_t frame_bytes_max,
                  uint32_t lanes_max);

uint32_t flights_take(struct flights *, size_t len); /* from the pool; 0: there are flights_max already */
void flights_give_back(struct flights *, uint32_t flight);
static inline uint8_t *flights_data(const struct flights *f, uint32_t flight)
{
	uint32_t small = flight - 1 - f->flights_max;
	return flight <= f->flights_max ? f->large.data + (flight - 1) * f->stride
	                                : f->small.data + (size_t)small * FLIGHT_SMALL_BYTES;
}

/* Sends it off, with `order` set and `at` wished for: it comes no earlier than what is in the lane already. */
void flights_depart(struct flights *, uint32_t lane, uint32_t flight);
static inline instant flights_next_at(const struct flights *f) { return f->heap_count ? f->heap[0].at : NEVER; }
uint32_t flights_arrive(struct flights *); /* the first of all; there must be one */

#endif
