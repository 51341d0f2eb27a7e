/* SPDX-License-Identifier: ISC */
#include "proto/ip/reassembly.h"

#define BUFFER_BYTES (REASSEMBLY_BYTES_MAX + 1)

size_t reassembly_memory(uint16_t max)
{
	return arena_cost(max * sizeof(struct reassembly_slot)) + arena_cost((size_t)max * BUFFER_BYTES);
}

void reassembly_init(struct reassembly *r, struct arena *zeroed, uint16_t max)
{
	*r = (struct reassembly){ .max = max, .due_at = NEVER };
	r->slot = arena_take(zeroed, max * sizeof *r->slot);
	r->buffer = arena_take(zeroed, (size_t)max * BUFFER_BYTES);
	assert(r->slot != NULL && r->buffer != NULL);
}

static uint8_t *buffer_of(const struct reassembly *r, const struct reassembly_slot *s)
{
	return r->buffer + (size_t)(s - r->slot) * BUFFER_BYTES;
}

static void release(struct reassembly *r, struct reassembly_slot *s)
{
	s->used = false;
	if (--r->used == 0) r->due_at = NEVER;
}

/* RFC 791: source, destination, protocol and identification name a datagram; RFC 8200: without protocol. */
static bool same_datagram(const struct reassembly_slot *s, const struct fragment *f)
{
	return s->used && s->id == f->id && ip_equal(s->src, f->src) && ip_equal(s->dst, f->dst) &&
	       (s->protocol == f->protocol || !ip_is4(f->src));
}

/* The slots are few (a named limit), so they are walked. */
static struct reassembly_slot *slot_for(struct reassembly *r, instant now, const struct fragment *f)
{
	struct reassembly_slot *unused = NULL, *oldest = NULL;

	for (struct reassembly_slot *s = r->slot; s < r->slot + r->max; s++) {
		if (same_datagram(s, f)) return s;
		if (!s->used && unused == NULL) unused = s;
		if (s->used && (oldest == NULL || s->give_up_at < oldest->give_up_at)) oldest = s;
	}
	if (unused == NULL) {
		if (oldest == NULL) return NULL; /* the limit is none at all */
		release(r, oldest);
		r->evicted++;
		unused = oldest;
	}
	memset(unused->came, 0, sizeof unused->came);
	unused->used = true;
	unused->spoilt = unused->has_first = unused->has_last = false;
	unused->src = f->src, unused->dst = f->dst, unused->id = f->id, unused->protocol = f->protocol;
	unused->have = unused->total = 0;
	unused->give_up_at = now + (ip_is4(f->src) ? REASSEMBLY4_FOR : REASSEMBLY6_FOR);
	r->used++;
	r->due_at = instant_min(r->due_at, unused->give_up_at);
	return unused;
}

static bool came(const struct reassembly_slot *s, uint32_t unit) { return s->came[unit / 8] >> unit % 8 & 1; }

enum overlap { NEW, REPEATED, OVERLAPPING };

static enum overlap compare(const struct reassembly *r, const struct reassembly_slot *s, const struct fragment *f)
{
	uint32_t first = f->offset / 8, end = (f->offset + (uint32_t)f->payload.len + 7) / 8, have = 0;

	for (uint32_t unit = first; unit < end; unit++) have += came(s, unit);
	if (have == 0) return NEW;
	bool same = have == end - first && memcmp(buffer_of(r, s) + f->offset, f->payload.at, f->payload.len) == 0;
	return same && (f->more || s->has_last) ? REPEATED : OVERLAPPING;
}

static void store(struct reassembly *r, struct reassembly_slot *s, const struct fragment *f)
{
	uint32_t end = f->offset + (uint32_t)f->payload.len;

	memcpy(buffer_of(r, s) + f->offset, f->payload.at, f->payload.len);
	for (uint32_t unit = f->offset / 8; unit < (end + 7) / 8; unit++) s->came[unit / 8] |= (uint8_t)(1 << unit % 8);
	s->have += (uint32_t)f->payload.len;
	if (!f->more) s->has_last = true, s->total = end;
	if (f->offset == 0) {
		s->has_first = true;
		s->protocol = f->protocol;
		s->quoted = (uint8_t)size_min(f->packet.len, sizeof s->quote);
		memcpy(s->quote, f->packet.at, s->quoted);
	}
}

/* Whether a fragment contradicts what is known of the end: beyond it, or a second, other end. */
static bool beyond_end(const struct reassembly_slot *s, const struct fragment *f)
{
	uint32_t end = f->offset + (uint32_t)f->payload.len;
	if (s->has_last) return f->more ? end >= s->total : end != s->total;
	if (f->more) return false;
	for (uint32_t unit = (end + 7) / 8; unit < 8 * sizeof s->came; unit++)
		if (came(s, unit)) return true;
	return false;
}

enum drop reassembly_input(struct reassembly *r, instant now, const struct fragment *f, struct whole *whole)
{
	assert(f->offset % 8 == 0);
	*whole = (struct whole){ 0 };
	if (f->payload.len == 0 || (f->more && f->payload.len % 8 != 0)) return DROP_LENGTH;
	if (f->offset + f->payload.len > REASSEMBLY_BYTES_MAX) return DROP_LENGTH; /* the "ping of death" */

	struct reassembly_slot *s = slot_for(r, now, f);
	if (s == NULL) return DROP_FRAGMENT_ROOM;
	if (s->spoilt) return DROP_FRAGMENT_OVERLAP;
	enum overlap overlap = beyond_end(s, f) ? OVERLAPPING : compare(r, s, f);
	if (overlap == REPEATED) return DROP_NONE;
	if (overlap == OVERLAPPING) {
		s->spoilt = true; /* RFC 5722, 4: those yet to come are dropped too, until it is given up */
		return DROP_FRAGMENT_OVERLAP;
	}
	store(r, s, f);
	if (!s->has_last || s->have < s->total) return DROP_NONE;
	*whole = (struct whole){ .protocol = s->protocol, .payload = { buffer_of(r, s), s->total },
		.first = { s->quote, s->quoted } };
	release(r, s);
	return DROP_NONE;
}

bool reassembly_output(struct reassembly *r, instant now, struct bytes *first)
{
	if (r->due_at > now) return false;
	instant next = NEVER;
	for (struct reassembly_slot *s = r->slot; s < r->slot + r->max; s++) {
		if (!s->used) continue;
		if (s->give_up_at > now) {
			next = instant_min(next, s->give_up_at);
			continue;
		}
		release(r, s);
		if (!s->has_first || s->spoilt) continue;
		*first = (struct bytes){ s->quote, s->quoted };
		return true;
	}
	r->due_at = next;
	return false;
}

instant reassembly_deadline(const struct reassembly *r) { return r->due_at; }
