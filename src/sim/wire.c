/* SPDX-License-Identifier: ISC */
#include "sim/wire.h"

#define QUEUE_BYTES_DEFAULT (1u << 20)
#define ETHERNET_BYTES 14

static inline uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

/* Each frame is hashed by itself and the hashes are added up, so that the sum does not depend on the order in
 * which those of one instant are worked through. The first 64 bytes hold the headers, whose checksums stand
 * for the rest. */
static void trace_frame(struct sim *sim, uint64_t order, instant arrives_at, struct bytes data, enum sim_fate fate)
{
	uint64_t h = mix(mix((uint64_t)sim->now, order), (uint64_t)fate << 32 | data.len), word;

	h = mix(h, (uint64_t)arrives_at);
	for (size_t i = 0; i + 8 <= data.len && i < 64; i += 8) {
		memcpy(&word, data.at + i, 8);
		h = mix(h, word);
	}
	sim->counts.trace += h;
}

/* How long so many bytes take to leave, rounded up to whole nanoseconds. */
static instant leaving_for(uint64_t bits_per_second, uint64_t bytes)
{
	uint64_t whole = bytes * 8 / bits_per_second, rest = bytes * 8 % bits_per_second;

	if (rest <= UINT64_MAX / 2 / SECOND)
		return (instant)(whole * SECOND + (rest * SECOND + bits_per_second - 1) / bits_per_second);
	return (instant)((whole + 1) * SECOND); /* at over 9 Gbit/s, a gigabyte: never a frame */
}

void wire_configure(struct sim *sim, struct wire *wire, const struct sim_wire_config *config)
{
	wire->config = *config;
	struct sim_wire_config *c = &wire->config;
	if (c->mtu == 0) c->mtu = (uint16_t)size_min(UINT16_MAX, sim->limits.frame_bytes_max - ETHERNET_BYTES);
	if (c->queue_bytes_max == 0) c->queue_bytes_max = QUEUE_BYTES_DEFAULT;
	assert((uint32_t)c->mtu + ETHERNET_BYTES <= sim->limits.frame_bytes_max && c->delay >= 0 && c->faults.jitter >= 0 &&
	       c->faults.reorder_for >= 0);
	wire->queue_for = c->bits_per_second ? leaving_for(c->bits_per_second, c->queue_bytes_max) : 0;
	for (uint32_t e = wire->first_end; wire->ends > 0 && e != NO_END; e = sim->end[e].next_on_wire)
		sim->end[e].link.mtu = c->mtu;
}

/* Waits for its turn behind a rate; false if the queue is full. A frame that need not wait needs no queue. */
static bool leave(struct end *end, const struct wire *wire, instant now, size_t len)
{
	if (wire->config.bits_per_second == 0) {
		end->busy_until = now;
		return true;
	}
	instant takes = leaving_for(wire->config.bits_per_second, len);
	if (end->busy_until <= now) end->busy_until = now + takes;
	else if (end->busy_until - now + takes > wire->queue_for) return false;
	else end->busy_until += takes;
	return true;
}

static void flip_a_bit(struct rng *chance, struct room frame)
{
	uint64_t bit = rng_below(chance, (frame.len - ETHERNET_BYTES) * 8);
	frame.at[ETHERNET_BYTES + bit / 8] ^= (uint8_t)(1u << bit % 8);
}

static void depart(struct sim *sim, struct end *end, uint32_t flight, const struct frame *frame, instant at,
                   enum sim_fate fate)
{
	struct host *host = &sim->host[end->host];
	struct flight *f = &sim->flights.flight[flight];

	memcpy(flights_data(&sim->flights, flight), frame->data.at, frame->data.len);
	*f = (struct flight){ .at = at, .order = (uint64_t)end->host << COUNT_BITS | host->count++, .from = end->number,
	                      .len = (uint32_t)frame->data.len, .flags = (uint16_t)frame->flags };
	if (fate == SIM_CORRUPTED) {
		flip_a_bit(&host->faults, (struct room){ flights_data(&sim->flights, flight), f->len });
		f->flags &= (uint16_t)~FRAME_CHECKED;
	}
	flights_depart(&sim->flights, 2 * end->number + (fate == SIM_REORDERED), flight);
}

/* What the wire's faults make of a frame. All are drawn each time, so that what becomes of one frame does not
 * move what becomes of the next; the worst of them is its fate. */
static enum sim_fate draw(struct rng *chance, const struct sim_faults *faults, size_t len)
{
	bool lost = rng_chance(chance, faults->loss), corrupt = rng_chance(chance, faults->corrupt);
	bool twice = rng_chance(chance, faults->duplicate), late = rng_chance(chance, faults->reorder);

	if (lost) return SIM_LOST;
	if (corrupt && len > ETHERNET_BYTES) return SIM_CORRUPTED;
	return twice ? SIM_DUPLICATED : late ? SIM_REORDERED : SIM_DELIVERED;
}

/* Every other end of the wire is cut off: nobody is left to hear it. */
static bool unheard(const struct sim *sim, const struct end *end, const struct wire *wire)
{
	if (sim->cut_count == 0) return false;
	for (uint32_t e = wire->first_end; e != NO_END; e = sim->end[e].next_on_wire)
		if (e != end->number && !sim->host[sim->end[e].host].cut) return false;
	return true;
}

static enum sim_fate send_one(struct sim *sim, struct end *end, struct wire *wire, const struct frame *frame)
{
	const struct sim_faults *faults = &wire->config.faults;
	struct host *host = &sim->host[end->host];
	size_t len = frame->data.len;

	sim->arrives_at = NEVER;
	if (wire->cut || host->cut || unheard(sim, end, wire)) return SIM_CUT;
	if (len > (size_t)wire->config.mtu + ETHERNET_BYTES) return SIM_TOO_BIG;
	if (!leave(end, wire, sim->now, len)) return SIM_QUEUE_FULL;

	enum sim_fate fate = draw(&host->faults, faults, len);
	instant at = end->busy_until + wire->config.delay;
	if (faults->jitter > 0) at += (instant)rng_below(&host->faults, (uint64_t)faults->jitter + 1);
	if (fate == SIM_LOST) return fate;
	if (fate == SIM_REORDERED) at += faults->reorder_for;

	uint32_t flight = flights_take(&sim->flights, len);
	if (flight == 0) return SIM_NO_BUFFER;
	depart(sim, end, flight, frame, at, fate);
	sim->arrives_at = sim->flights.flight[flight].at;
	if (fate == SIM_DUPLICATED && (flight = flights_take(&sim->flights, len)) != 0)
		depart(sim, end, flight, frame, at, fate);
	return fate;
}

static size_t send(struct link *link, instant now, const struct frame *frame, size_t count)
{
	struct end *end = (struct end *)link;
	struct sim *sim = end->sim;
	struct wire *wire = &sim->wire[end->wire];

	(void)now; /* on a virtual clock there is only one */
	for (size_t i = 0; i < count; i++) {
		uint64_t order = (uint64_t)end->host << COUNT_BITS | sim->host[end->host].count;
		enum sim_fate fate = send_one(sim, end, wire, &frame[i]);
		sim->counts.frames++;
		sim->counts.by_fate[fate]++;
		trace_frame(sim, order, sim->arrives_at, frame[i].data, fate);
		if (sim->watch != NULL) sim->watch->sent(sim->watch, sim->now, end->wire, end->number, &frame[i], fate);
	}
	return count;
}

/* An end whose place in the list is not at its end holds every frame from there on, its own ones included: so
 * the list stays whole below it. */
static void release(struct sim *sim, struct wire *wire, uint32_t flight)
{
	if (--sim->flights.flight[flight].holders > 0) return;
	if (wire->last_arrived == flight) wire->last_arrived = 0;
	flights_give_back(&sim->flights, flight);
}

static void let_go(struct sim *sim, struct end *end)
{
	for (uint32_t next; end->held_count > 0; end->held_count--, end->held = next) {
		next = sim->flights.flight[end->held].next;
		release(sim, &sim->wire[end->wire], end->held);
	}
}

void wire_let_go(struct sim *sim)
{
	for (uint32_t e = sim->holding; e != NO_END; e = sim->end[e].holding_next) {
		let_go(sim, &sim->end[e]);
		sim->end[e].holding = false;
	}
	sim->holding = NO_END;
}

static size_t recv(struct link *link, instant now, struct frame *frame, size_t max)
{
	struct end *end = (struct end *)link;
	struct sim *sim = end->sim;
	size_t n = 0;

	(void)now;
	let_go(sim, end);
	end->held = end->arrived;
	while (n < max && end->arrived != 0) {
		uint32_t flight = end->arrived;
		const struct flight *f = &sim->flights.flight[flight];
		end->arrived = f->next;
		end->held_count++;
		if (f->from == end->number) continue;
		frame[n++] = (struct frame){ { flights_data(&sim->flights, flight), f->len }, f->flags, NULL };
	}
	sim->host[end->host].waiting -= (uint32_t)n;
	if (end->held_count > 0 && !end->holding) {
		end->holding = true;
		end->holding_next = sim->holding;
		sim->holding = end->number;
	}
	return n;
}

void wire_forget(struct sim *sim, struct end *end)
{
	let_go(sim, end);
	for (end->held = end->arrived; end->arrived != 0; end->held_count++) {
		const struct flight *f = &sim->flights.flight[end->arrived];
		if (f->from != end->number) sim->host[end->host].waiting--;
		end->arrived = f->next;
	}
	let_go(sim, end);
}

/* Whoever hears it is due at once. */
static void hear(struct sim *sim, struct end *end, uint32_t flight, bool own)
{
	struct flight *f = &sim->flights.flight[flight];

	if (end->arrived == 0) {
		if (own) return;
		end->arrived = flight;
		link_tell(&end->link);
	}
	f->holders++;
	if (own) return;
	sim->host[end->host].waiting++;
	heap_set(&sim->due, end->host, sim->now);
}

void wire_arrive(struct sim *sim)
{
	uint32_t flight = flights_arrive(&sim->flights);
	struct flight *f = &sim->flights.flight[flight];
	struct wire *wire = &sim->wire[sim->end[f->from].wire];
	bool cut = wire->cut || sim->host[sim->end[f->from].host].cut;

	f->holders = 0;
	f->next = 0;
	for (uint32_t e = wire->first_end; !cut && e != NO_END; e = sim->end[e].next_on_wire)
		if (!sim->host[sim->end[e].host].cut) hear(sim, &sim->end[e], flight, e == f->from);
	if (f->holders == 0) {
		sim->counts.lost_under_way += cut;
		flights_give_back(&sim->flights, flight);
		return;
	}
	if (wire->last_arrived != 0) sim->flights.flight[wire->last_arrived].next = flight;
	wire->last_arrived = flight;
}

const struct link_ops wire_end_ops = { .recv = recv, .send = send };
