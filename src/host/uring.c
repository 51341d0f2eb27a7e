/* SPDX-License-Identifier: ISC */
/* uring.c - io_uring in epoll's place.
 *
 * What the slots want of the kernel is gathered until the loop waits; then one system call hands all of it over, and
 * takes what has come. A listener and a datagram id are polled, a stream's bytes go to and from its rings.
 *
 * An operation names a slot by its number alone: a slot with anything in flight is not used again, and neither are
 * its rings, before the kernel has given all of it back. A descriptor is named only between the last verb and the
 * system call, so none can be closed, and its number be another's, before the kernel has looked it up.
 *
 * What goes through the ring, seccomp does not see. Before it is switched on the ring is restricted for ever to four
 * operations on descriptors that are open, none of which opens, connects or binds anything; after that the sandbox
 * forbids io_uring_setup and io_uring_register.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/inside.h"

#define ENTRIES 512  /* handed over at once */
#define RESULTS 2048 /* beyond which the kernel keeps them in a list */
#define NOT_A_SLOT UINT64_MAX

size_t uring_size(void) { return sizeof(struct io_uring); }

/* --- to the kernel --- */

void uring_submit(struct host *h) { io_uring_submit_and_get_events(h->uring); }

static struct io_uring_sqe *entry(struct host *h)
{
	struct io_uring_sqe *e;
	while ((e = io_uring_get_sqe(h->uring)) == NULL) io_uring_submit(h->uring);
	return e;
}

static void launch(struct host *h, struct slot *s, struct io_uring_sqe *e, unsigned flight)
{
	io_uring_sqe_set_data64(e, (uint64_t)(s - h->slot) << 8 | flight);
	s->flight |= (uint8_t)flight;
	h->flights++;
}

static void poll_once(struct host *h, struct slot *s, unsigned events)
{
	if (s->flight & FLIGHT_POLL) return;
	struct io_uring_sqe *e = entry(h);
	io_uring_prep_poll_add(e, s->fd, events);
	launch(h, s, e, FLIGHT_POLL);
}

static void receive(struct host *h, struct slot *s)
{
	if (s->flight & FLIGHT_RECEIVE) return;
	ring_hold(&h->rx, &s->rx);
	ring_rewind(&s->rx);
	struct room room = ring_room(&s->rx);
	if (room.len == 0) return;
	struct io_uring_sqe *e = entry(h);
	io_uring_prep_recv(e, s->fd, room.at, room.len, 0);
	if (!s->more) e->ioprio = IORING_RECVSEND_POLL_FIRST; /* there is nothing yet */
	launch(h, s, e, FLIGHT_RECEIVE);
}

static void send_some(struct host *h, struct slot *s)
{
	if ((s->flight & FLIGHT_SEND) || ring_used(&s->tx) == 0) return;
	struct bytes b = ring_peek(&s->tx);
	struct io_uring_sqe *e = entry(h);
	io_uring_prep_send(e, s->fd, b.at, b.len, MSG_NOSIGNAL);
	launch(h, s, e, FLIGHT_SEND);
}

/* When the peer has finished and we have not, only a poll can tell that it is gone altogether. */
static void arm_stream(struct host *h, struct slot *s)
{
	if (s->broken || s->send_error != 0) return;
	send_some(h, s);
	stream_send_fin(h, s);
	if (!s->fin_seen) receive(h, s);
	else if (!s->fin_sent) poll_once(h, s, 0);
}

void uring_due(struct host *h, struct slot *s)
{
	if (s->due) return;
	s->due = true;
	s->due_next = h->due_first;
	h->due_first = (uint32_t)(s - h->slot);
}

void uring_arm(struct host *h)
{
	while (h->due_first != NO_SLOT) {
		struct slot *s = &h->slot[h->due_first];
		h->due_first = s->due_next;
		s->due = false;
		if (s->kind == SLOT_CLOSING) slot_rest(h, s);
		else if (s->kind == SLOT_STREAM) arm_stream(h, s);
		else if (s->watched) poll_once(h, s, s->events);
	}
}

/* The kernel keeps a socket open while an operation is in flight. A stream may go when the loop next waits; the
 * port of the others can be wanted again at once. */
void uring_cancel(struct host *h, struct slot *s)
{
	for (unsigned flight = FLIGHT_POLL; flight <= FLIGHT_SEND; flight <<= 1) {
		if (!(s->flight & flight)) continue;
		struct io_uring_sqe *e = entry(h);
		io_uring_prep_cancel64(e, (uint64_t)(s - h->slot) << 8 | flight, 0);
		io_uring_sqe_set_data64(e, NOT_A_SLOT);
	}
	if (s->kind == SLOT_LISTENER || s->kind == SLOT_DATAGRAM) uring_submit(h);
}

/* --- from the kernel --- */

static void completed(struct host *h, const struct io_uring_cqe *c)
{
	if (c->user_data == NOT_A_SLOT) return;
	struct slot *s = &h->slot[c->user_data >> 8];
	unsigned flight = c->user_data & 0xff;

	s->flight &= (uint8_t)~flight;
	h->flights--;
	if (s->kind == SLOT_CLOSING) {
		slot_rest(h, s);
	} else if (flight == FLIGHT_RECEIVE) {
		s->more = c->flags & IORING_CQE_F_SOCK_NONEMPTY;
		stream_received(h, s, c->res);
	} else if (flight == FLIGHT_SEND) {
		stream_sent(h, s, c->res);
	} else {
		if (c->res > 0 && (s->watched || s->kind == SLOT_STREAM)) slot_polled(h, s, (uint32_t)c->res);
		uring_due(h, s);
	}
}

static void take_results(struct host *h)
{
	struct io_uring_cqe *c;
	unsigned head, count = 0;

	io_uring_for_each_cqe(h->uring, head, c) {
		completed(h, c);
		count++;
	}
	io_uring_cq_advance(h->uring, count);
}

void uring_wait(struct host *h, instant left)
{
	struct __kernel_timespec t = { .tv_sec = left / SECOND, .tv_nsec = left % SECOND };
	struct io_uring_cqe *c;

	if (left == 0) uring_submit(h);
	else io_uring_submit_and_wait_timeout(h->uring, &c, 1, left == NEVER ? NULL : &t, NULL);
	take_results(h);
}

/* --- life --- */

/* liburing 2.3 declares functions for the two, but its shared library lacks them. */
static bool ring_register(struct io_uring *ring, unsigned what, void *argument, unsigned count)
{
	return syscall(SYS_io_uring_register, ring->ring_fd, what, argument, count) == 0;
}

static bool restrict_to_what_is_used(struct io_uring *ring)
{
	static const uint8_t operations[] = { IORING_OP_POLL_ADD, IORING_OP_RECV, IORING_OP_SEND, IORING_OP_ASYNC_CANCEL };
	struct io_uring_restriction allowed[COUNT(operations)] = { 0 };

	for (size_t i = 0; i < COUNT(operations); i++)
		allowed[i].opcode = IORING_RESTRICTION_SQE_OP, allowed[i].sqe_op = operations[i];
	return ring_register(ring, IORING_REGISTER_RESTRICTIONS, allowed, COUNT(allowed)) &&
	       ring_register(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

bool uring_open(struct host *h, void *memory)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER |
		         IORING_SETUP_DEFER_TASKRUN, .cq_entries = RESULTS,
	};
	int error = io_uring_queue_init_params(ENTRIES, memory, &p);

	if (error < 0) return errno = -error, false;
	if (!(p.features & IORING_FEAT_EXT_ARG) || !(p.features & IORING_FEAT_NODROP)) errno = ENOSYS;
	else if (restrict_to_what_is_used(memory)) return h->uring = memory, true;
	error = errno;
	io_uring_queue_exit(memory);
	errno = error;
	return false;
}

void uring_close(struct host *h)
{
	struct io_uring_cqe *c;

	uring_submit(h);
	take_results(h);
	for (uint32_t i = 0; i < h->slot_fresh; i++) if (h->slot[i].flight != 0) uring_cancel(h, &h->slot[i]);
	while (h->flights > 0) {
		io_uring_submit_and_wait_timeout(h->uring, &c, 1, NULL, NULL);
		take_results(h);
	}
	io_uring_queue_exit(h->uring);
	h->uring = NULL;
}
