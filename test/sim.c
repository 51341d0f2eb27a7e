/* SPDX-License-Identifier: ISC */
#include "sim/sim.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* A node that writes down what it hears, and sends what it is told to when it is stepped. */
enum { HEARD_MAX = 4096, FRAME = 100 };

struct heard { instant at; uint32_t len, flags; uint8_t from; uint32_t number; };
struct probe {
	struct sim_node node;
	struct link *end;
	sim_node_id id;
	instant send_at, every;
	uint32_t to_send, sent, steps, batch_max;
	size_t len;
	bool lazy, answers;        /* takes at most batch_max a step; sends back what it hears */
	uint8_t name;
	uint32_t heard_count;
	struct heard heard[HEARD_MAX];
};

static void put_frame(struct probe *p, uint8_t *bytes, size_t len)
{
	memset(bytes, 0, len);
	bytes[14] = p->name;
	store_be32(bytes + 15, p->sent++);
}

static void send_one(struct probe *p, instant now, uint32_t flags)
{
	uint8_t bytes[1514];
	put_frame(p, bytes, p->len);
	struct frame f = { .data = { bytes, p->len }, .flags = flags };
	CHECK_EQ(link_send(p->end, now, &f, 1), 1);
}

static void step(struct sim_node *node, instant now)
{
	struct probe *p = (struct probe *)node;
	struct frame f[LINK_BATCH_MAX];
	size_t n;

	p->steps++;
	do {
		n = link_recv(p->end, now, f, p->batch_max ? p->batch_max : LINK_BATCH_MAX);
		for (size_t i = 0; i < n; i++) {
			if (p->heard_count < HEARD_MAX)
				p->heard[p->heard_count++] = (struct heard){
					now, (uint32_t)f[i].data.len, f[i].flags, f[i].data.at[14], load_be32(f[i].data.at + 15) };
			if (p->answers) link_send(p->end, now, &f[i], 1);
		}
	} while (n > 0 && !p->lazy);
	while (p->sent < p->to_send && p->send_at <= now) {
		send_one(p, now, FRAME_CHECKED);
		p->send_at += p->every;
	}
}

static instant deadline(const struct sim_node *node)
{
	const struct probe *p = (const struct probe *)node;
	return p->sent < p->to_send ? p->send_at : NEVER;
}

static const struct sim_limits limits = { .nodes_max = 8, .wires_max = 4, .ends_max = 8, .frames_max = 4096,
                                          .frame_bytes_max = 1514 };
static struct probe probe[8];
static struct sim *sim;
static sim_wire_id wire;
static void *memory;

static struct sim *new_sim(const struct sim_limits *l, uint64_t seed)
{
	size_t size = sim_size(l);
	free(memory);
	memory = calloc(1, size);
	return sim = sim_init((struct room){ memory, size }, l, seed);
}

/* One wire with so many probes at it, named A, B, ... */
static void set_up(const struct sim_wire_config *config, unsigned count, uint64_t seed)
{
	new_sim(&limits, seed);
	wire = sim_add_wire(sim, config);
	for (unsigned i = 0; i < count; i++) {
		char name[2] = { (char)('A' + i), 0 };
		memset(&probe[i], 0, offsetof(struct probe, heard));
		probe[i].node = (struct sim_node){ step, deadline };
		probe[i].name = (uint8_t)name[0];
		probe[i].len = FRAME;
		probe[i].id = sim_add_node(sim, &probe[i].node, name);
		probe[i].end = sim_attach(sim, wire, probe[i].id);
	}
}

static void delays(void)
{
	set_up(&(struct sim_wire_config){ .delay = 20 * MILLISECOND }, 3, 1);
	probe[0].to_send = 3;
	probe[0].send_at = 5;
	probe[0].every = MILLISECOND;
	sim_run(sim, SECOND);
	CHECK_EQ(sim_now(sim), SECOND);
	CHECK_EQ(sim_next_at(sim), NEVER);
	CHECK_EQ(probe[0].heard_count, 0);
	for (int k = 1; k < 3; k++) {
		CHECK_EQ(probe[k].heard_count, 3);
		for (int i = 0; i < 3; i++) {
			CHECK_EQ(probe[k].heard[i].at, 5 + i * MILLISECOND + 20 * MILLISECOND);
			CHECK_EQ(probe[k].heard[i].number, i);
			CHECK_EQ(probe[k].heard[i].flags, FRAME_CHECKED);
		}
	}
	CHECK_EQ(sim_counts(sim).frames, 3);
	CHECK_EQ(sim_counts(sim).by_fate[SIM_DELIVERED], 3);
	CHECK_EQ(sim_wire_ends(sim, wire), 3);
}

/* 100 bytes at 1 Mbit/s are 800 us; each end has its own transmitter. */
static void rates(void)
{
	set_up(&(struct sim_wire_config){ .delay = MILLISECOND, .bits_per_second = 1000000 }, 2, 1);
	for (int k = 0; k < 2; k++) probe[k].to_send = 4;
	sim_run(sim, SECOND);
	for (int k = 0; k < 2; k++) {
		CHECK_EQ(probe[k].heard_count, 4);
		for (int i = 0; i < 4; i++)
			CHECK_EQ(probe[k].heard[i].at, MILLISECOND + (i + 1) * 800 * MICROSECOND);
	}
	set_up(&(struct sim_wire_config){ .bits_per_second = 300 }, 2, 1); /* 8/3 s: rounded up to whole ns */
	probe[0].to_send = 2;
	sim_run(sim, 10 * SECOND);
	CHECK_EQ(probe[1].heard[0].at, INT64_C(2666666667));
	CHECK_EQ(probe[1].heard[1].at, INT64_C(5333333334));
	set_up(&(struct sim_wire_config){ .bits_per_second = UINT64_C(100000000000) }, 2, 1);
	probe[0].to_send = 1;
	sim_run(sim, SECOND);
	CHECK_EQ(probe[1].heard[0].at, 8);
}

/* 1,000 bytes of queue: ten frames of 100, the one that is leaving among them. When one has left there is room. */
static void queue_drops(void)
{
	set_up(&(struct sim_wire_config){ .bits_per_second = 1000000, .queue_bytes_max = 1000 }, 2, 1);
	probe[0].to_send = 25;
	sim_run(sim, 800 * MICROSECOND);
	CHECK_EQ(sim_counts(sim).by_fate[SIM_QUEUE_FULL], 15);
	probe[0].to_send = 27;
	probe[0].send_at = sim_now(sim);
	sim_poke(sim, probe[0].id);
	sim_run(sim, SECOND);
	CHECK_EQ(sim_counts(sim).by_fate[SIM_QUEUE_FULL], 16);
	CHECK_EQ(probe[1].heard_count, 11);
	CHECK_EQ(probe[1].heard[10].number, 25);
	CHECK_EQ(probe[1].heard[10].at, 11 * 800 * MICROSECOND);
}

/* At one instant frames come in the order of (sender, its count), whoever was stepped first. */
static void order(void)
{
	set_up(&(struct sim_wire_config){ .delay = MILLISECOND }, 4, 1);
	for (int k = 0; k < 3; k++) probe[k].to_send = 2;
	sim_poke(sim, probe[2].id);
	sim_run(sim, SECOND);
	CHECK_EQ(probe[3].heard_count, 6);
	for (int i = 0; i < 6; i++) {
		CHECK_EQ(probe[3].heard[i].from, 'A' + i / 2);
		CHECK_EQ(probe[3].heard[i].number, i % 2);
	}
	CHECK_EQ(probe[3].steps, 2); /* at the start, and once for all six */
	CHECK_EQ(probe[1].heard_count, 4);
}

/* Who takes less than there is comes back at the same instant; who takes nothing is not asked again. */
static void small_batches(void)
{
	set_up(&(struct sim_wire_config){ .delay = MILLISECOND }, 2, 1);
	probe[0].to_send = 10;
	probe[1].lazy = true;
	probe[1].batch_max = 3;
	sim_run(sim, SECOND);
	CHECK_EQ(probe[1].heard_count, 10);
	CHECK_EQ(probe[1].heard[9].at, MILLISECOND);
	CHECK_EQ(probe[1].steps, 5);
}

static struct sim_faults all_faults(void)
{
	return (struct sim_faults){ .loss = 100000000, .duplicate = 50000000, .reorder = 50000000, .corrupt = 50000000,
	                            .reorder_for = 3 * MILLISECOND, .jitter = MILLISECOND };
}

static uint64_t faulty_run(uint64_t seed, bool poke)
{
	set_up(&(struct sim_wire_config){ .delay = MILLISECOND, .faults = all_faults() }, 3, seed);
	for (unsigned k = 0; k < 3; k++) {
		probe[k].to_send = 500;
		probe[k].every = (100 + k) * MICROSECOND;
	}
	for (instant at = 0; at < SECOND; at += 7 * MILLISECOND) {
		sim_run(sim, at);
		if (poke) sim_poke(sim, probe[1].id); /* a step in which nothing is done */
	}
	return sim_counts(sim).trace;
}

static void same_seed_same_trace(void)
{
	uint64_t one = faulty_run(1, false);
	struct sim_counts counts = sim_counts(sim);
	struct heard last = probe[0].heard[probe[0].heard_count - 1];

	CHECK(faulty_run(1, false) == one);
	CHECK_EQ(sim_counts(sim).events, counts.events);
	CHECK_EQ(probe[0].heard[probe[0].heard_count - 1].at, last.at);
	CHECK(faulty_run(2, false) != one);
	CHECK(faulty_run(1, true) == one); /* frames are what counts */
}

/* 10,000 frames; the bounds are more than five standard deviations wide. */
static void fault_rates(void)
{
	struct sim_faults faults = { .loss = 100000000, .corrupt = 20000000, .duplicate = 50000000 };
	set_up(&(struct sim_wire_config){ .faults = faults }, 2, 3);
	probe[0].to_send = 10000;
	probe[0].every = MICROSECOND;
	sim_run(sim, SECOND);
	struct sim_counts c = sim_counts(sim);
	CHECK(c.by_fate[SIM_LOST] > 850 && c.by_fate[SIM_LOST] < 1150);
	CHECK(c.by_fate[SIM_CORRUPTED] > 110 && c.by_fate[SIM_CORRUPTED] < 250);
	CHECK(c.by_fate[SIM_DUPLICATED] > 340 && c.by_fate[SIM_DUPLICATED] < 560);
	CHECK_EQ(c.by_fate[SIM_DELIVERED] + c.by_fate[SIM_LOST] + c.by_fate[SIM_CORRUPTED] + c.by_fate[SIM_DUPLICATED],
	         10000);
}

static void duplicates(void)
{
	set_up(&(struct sim_wire_config){ .delay = 5, .faults.duplicate = 1000000000 }, 2, 1);
	probe[0].to_send = 3;
	sim_run(sim, SECOND);
	CHECK_EQ(probe[1].heard_count, 6);
	for (int i = 0; i < 6; i++) CHECK_EQ(probe[1].heard[i].number, i / 2);
}

static void reorders(void)
{
	struct sim_faults faults = { .reorder = 100000000, .reorder_for = 10 * MILLISECOND };
	set_up(&(struct sim_wire_config){ .delay = MILLISECOND, .faults = faults }, 2, 1);
	probe[0].to_send = 1000;
	probe[0].every = MILLISECOND;
	sim_run(sim, 2 * SECOND);
	CHECK_EQ(probe[1].heard_count, 1000);
	uint32_t late = 0;
	for (uint32_t i = 0; i < 1000; i++) {
		const struct heard *h = &probe[1].heard[i];
		instant took = h->at - h->number * MILLISECOND;
		CHECK(took == MILLISECOND || took == 11 * MILLISECOND);
		late += took > MILLISECOND;
	}
	CHECK_EQ(late, sim_counts(sim).by_fate[SIM_REORDERED]);
	CHECK(late > 50 && late < 150);
}

static void jitter_keeps_order(void)
{
	set_up(&(struct sim_wire_config){ .delay = MILLISECOND, .faults.jitter = 5 * MILLISECOND }, 2, 1);
	probe[0].to_send = 1000;
	probe[0].every = 100 * MICROSECOND;
	sim_run(sim, SECOND);
	CHECK_EQ(probe[1].heard_count, 1000);
	instant least = NEVER, most = 0;
	for (uint32_t i = 0; i < 1000; i++) {
		instant took = probe[1].heard[i].at - i * 100 * MICROSECOND;
		CHECK_EQ(probe[1].heard[i].number, i);
		CHECK(took >= MILLISECOND && took <= 6 * MILLISECOND);
		least = instant_min(least, took);
		most = instant_max(most, took);
	}
	CHECK(least < 4 * MILLISECOND && most > 5900 * MICROSECOND);
}

struct eye { struct sim_watch watch; uint32_t seen; uint32_t by_fate[SIM_CUT + 1]; instant arrives_at; };

static void see(struct sim_watch *watch, instant now, sim_wire_id id, uint32_t end, const struct frame *f,
                enum sim_fate fate)
{
	struct eye *eye = (struct eye *)watch;
	CHECK_EQ(now, sim_now(sim));
	CHECK_EQ(id, wire);
	CHECK_EQ(end, 0);
	CHECK_EQ(f->data.at[14], 'A'); /* as it was sent, whatever becomes of it */
	eye->seen++;
	eye->by_fate[fate]++;
	eye->arrives_at = sim_arrives_at(sim);
}

static void corruption(void)
{
	struct eye eye = { .watch.sent = see };
	set_up(&(struct sim_wire_config){ .delay = 7, .faults.corrupt = 1000000000 }, 2, 1);
	sim_set_watch(sim, &eye.watch);
	probe[0].to_send = 200;
	probe[0].len = 19;
	sim_run(sim, SECOND);
	CHECK_EQ(eye.by_fate[SIM_CORRUPTED], 200);
	CHECK_EQ(eye.arrives_at, 7);
	for (uint32_t i = 0; i < 200; i++) {
		const struct heard *h = &probe[1].heard[i];
		uint64_t diff = (uint64_t)(h->from ^ 'A') << 32 | (h->number ^ i);
		CHECK(diff != 0 && (diff & (diff - 1)) == 0); /* one bit, behind the Ethernet header */
		CHECK_EQ(h->flags, 0);
	}
}

static void the_mark_travels(void)
{
	set_up(&(struct sim_wire_config){ .delay = 1 }, 2, 1);
	send_one(&probe[0], 0, 0);
	send_one(&probe[0], 0, FRAME_CHECKED);
	sim_run(sim, SECOND);
	CHECK_EQ(probe[1].heard_count, 2);
	CHECK_EQ(probe[1].heard[0].flags, 0);
	CHECK_EQ(probe[1].heard[1].flags, FRAME_CHECKED);
}

static void cuts(void)
{
	set_up(&(struct sim_wire_config){ .delay = 10 * MILLISECOND }, 3, 1);
	send_one(&probe[0], 0, 0);
	sim_run(sim, MILLISECOND);
	sim_cut_wire(sim, wire, true);
	send_one(&probe[0], 0, 0);
	sim_run(sim, 100 * MILLISECOND);
	CHECK_EQ(probe[1].heard_count, 0);
	CHECK_EQ(sim_counts(sim).lost_under_way, 1);
	CHECK_EQ(sim_counts(sim).by_fate[SIM_CUT], 1);

	sim_cut_wire(sim, wire, false);
	sim_cut_node(sim, probe[1].id, true);
	send_one(&probe[0], 0, 0);
	send_one(&probe[1], 0, 0);
	sim_run(sim, 200 * MILLISECOND);
	CHECK_EQ(probe[1].heard_count, 0);
	CHECK_EQ(probe[2].heard_count, 1);
	CHECK_EQ(sim_counts(sim).by_fate[SIM_CUT], 2);
	sim_cut_node(sim, probe[2].id, true); /* nobody is left to hear it */
	send_one(&probe[0], 0, 0);
	CHECK_EQ(sim_counts(sim).by_fate[SIM_CUT], 3);
	sim_cut_node(sim, probe[2].id, false);

	sim_cut_node(sim, probe[1].id, false);
	send_one(&probe[0], 0, 0);
	sim_run(sim, 300 * MILLISECOND);
	CHECK_EQ(probe[1].heard_count, 1);
	CHECK_EQ(probe[1].heard[0].number, 4);
}

static void no_step(struct sim_node *node, instant now) { (void)node, (void)now; }
static instant no_deadline(const struct sim_node *node) { (void)node; return NEVER; }

/* The pool bounds what is under way, also what a node has not taken; a cut gives that back. */
static void pool_is_bounded(void)
{
	struct sim_limits small = limits;
	struct sim_node deaf = { no_step, no_deadline };

	small.frames_max = 10;
	new_sim(&small, 1);
	wire = sim_add_wire(sim, &(struct sim_wire_config){ .delay = MILLISECOND });
	memset(&probe[0], 0, offsetof(struct probe, heard));
	probe[0].len = FRAME;
	probe[0].node = (struct sim_node){ step, deadline };
	sim_node_id a = sim_add_node(sim, &probe[0].node, "a"), b = sim_add_node(sim, &deaf, "b");
	probe[0].end = sim_attach(sim, wire, a);
	sim_attach(sim, wire, b);
	for (int i = 0; i < 15; i++) send_one(&probe[0], 0, 0);
	CHECK_EQ(sim_counts(sim).by_fate[SIM_NO_BUFFER], 5);
	sim_run(sim, SECOND);
	CHECK_EQ(sim_next_at(sim), NEVER);
	send_one(&probe[0], 0, 0);
	CHECK_EQ(sim_counts(sim).by_fate[SIM_NO_BUFFER], 6);
	sim_cut_node(sim, b, true);
	for (int i = 0; i < 10; i++) send_one(&probe[0], 0, 0);
	CHECK_EQ(sim_counts(sim).by_fate[SIM_NO_BUFFER], 6);
}

/* Everybody answers everything on a wire of five ends, some slowly: no frame is lost from the pool. */
static void pool_is_given_back(void)
{
	set_up(&(struct sim_wire_config){ .delay = MILLISECOND, .faults.loss = 800000000 }, 5, 5);
	for (int k = 0; k < 5; k++) {
		probe[k].to_send = 20;
		probe[k].answers = true;
		probe[k].lazy = k % 2;
		probe[k].batch_max = k % 2;
	}
	sim_run(sim, SECOND);
	CHECK_EQ(sim_next_at(sim), NEVER);
	CHECK_EQ(sim_counts(sim).by_fate[SIM_NO_BUFFER], 0);
	uint64_t before = sim_counts(sim).frames;
	CHECK(before > 150);
	for (int k = 0; k < 5; k++) probe[k].answers = false;
	sim_set_wire(sim, wire, &(struct sim_wire_config){ .delay = MILLISECOND });
	for (uint32_t i = 0; i < limits.frames_max; i++) send_one(&probe[0], 0, 0);
	CHECK_EQ(sim_counts(sim).by_fate[SIM_NO_BUFFER], 0);
}

static void changes_while_running(void)
{
	set_up(&(struct sim_wire_config){ .delay = 10 * MILLISECOND, .mtu = 1000 }, 2, 1);
	CHECK_EQ(probe[0].end->mtu, 1000);
	send_one(&probe[0], 0, 0);
	sim_set_wire(sim, wire, &(struct sim_wire_config){ .delay = MILLISECOND, .mtu = 86 });
	send_one(&probe[0], 0, 0); /* would overtake: keeps its place */
	sim_run(sim, 50 * MILLISECOND);
	CHECK_EQ(probe[0].end->mtu, 86);
	CHECK_EQ(probe[1].heard_count, 2);
	CHECK_EQ(probe[1].heard[1].at, 10 * MILLISECOND);
	CHECK_EQ(probe[1].heard[1].number, 1);
	probe[0].len = 101;
	send_one(&probe[0], 0, 0);
	CHECK_EQ(sim_counts(sim).by_fate[SIM_TOO_BIG], 1);
}

/* Each node's chance depends on the seed and its name alone. */
static void own_chance(void)
{
	set_up(&(struct sim_wire_config){ .delay = 1 }, 2, 9);
	uint64_t b = rng_next(sim_node_chance(sim, probe[1].id));
	set_up(&(struct sim_wire_config){ .delay = 1 }, 5, 9);
	for (int i = 0; i < 10; i++) CHECK(rng_next(sim_node_chance(sim, probe[0].id)) != b);
	CHECK(rng_next(sim_node_chance(sim, probe[1].id)) == b);
	set_up(&(struct sim_wire_config){ .delay = 1 }, 5, 10);
	CHECK(rng_next(sim_node_chance(sim, probe[1].id)) != b);
}

static instant now_deadline(const struct sim_node *node) { (void)node; return 0; }

static void law_of_the_deadline(void)
{
	struct sim_node hot = { no_step, now_deadline };
	int status;

	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		fclose(stderr);
		signal(SIGABRT, SIG_DFL);
		sim_add_node(new_sim(&limits, 1), &hot, "hot");
		sim_run(sim, SECOND);
		_exit(0);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
	TEST(delays);
	TEST(rates);
	TEST(queue_drops);
	TEST(order);
	TEST(small_batches);
	TEST(same_seed_same_trace);
	TEST(fault_rates);
	TEST(duplicates);
	TEST(reorders);
	TEST(jitter_keeps_order);
	TEST(corruption);
	TEST(the_mark_travels);
	TEST(cuts);
	TEST(pool_is_bounded);
	TEST(pool_is_given_back);
	TEST(changes_while_running);
	TEST(own_chance);
	TEST(law_of_the_deadline);
	free(memory);
	return tap_end();
}
