/* SPDX-License-Identifier: ISC */
/* Many small internets by chance: one to four LANs behind routers in a row, hosts on them, links that lose, double,
 * disorder and hold up what they carry, one that is cut for a while. Every transfer comes back byte for byte, and
 * the same seed gives the same run, to the last frame. A failure prints the seed. */
#include <stdlib.h>

#include "lab/build.h"

#include "tap.h"

enum { SEEDS = 150, LANS_MAX = 4, HOSTS_MAX = 3, YAML_MAX = 1 << 14, GIVE_UP_S = 600,
       CUT_MS_MAX = 1800 }; /* shorter than ARP asks in vain: an unreachable host would end a connect, and rightly */

struct internet { char yaml[YAML_MAX]; struct text text; unsigned lans, hosts[LANS_MAX], transfers; };

static void put_wire(struct internet *n, struct rng *rng, const char *name, unsigned number, bool may_be_bad)
{
	text_printf(&n->text, "  %s%u: {delay: %uus, rate: %uMbit", name, number, 10 + (unsigned)rng_below(rng, 20000),
	            1 + (unsigned)rng_below(rng, 100));
	if (may_be_bad && rng_below(rng, 2) == 0)
		text_printf(&n->text, ", loss: %u.%u%%, duplicate: %u%%, reorder: %u%%, corrupt: 0.%u%%, jitter: %ums",
		            (unsigned)rng_below(rng, 3), (unsigned)rng_below(rng, 10), (unsigned)rng_below(rng, 3),
		            (unsigned)rng_below(rng, 3), (unsigned)rng_below(rng, 5), (unsigned)rng_below(rng, 3));
	text_puts(&n->text, "}\n");
}

/* Router i joins LAN i to the trunks left and right of it; routes say which way the other LANs are. */
static void put_router(struct internet *n, unsigned i)
{
	text_printf(&n->text, "  r%u: {forward: yes, interfaces: {lan%u: 10.0.%u.1/24", i, i, i);
	if (i > 0) text_printf(&n->text, ", trunk%u: 10.1.%u.2/24", i - 1, i - 1);
	if (i + 1 < n->lans) text_printf(&n->text, ", trunk%u: 10.1.%u.1/24", i, i);
	text_puts(&n->text, "}, routes: {");
	bool first = true;
	for (unsigned k = 0; k < n->lans; k++) {
		if (k == i) continue;
		text_printf(&n->text, "%s10.0.%u.0/24: 10.1.%u.%u", first ? "" : ", ", k, k < i ? i - 1 : i, k < i ? 1 : 2);
		first = false;
	}
	text_puts(&n->text, "}}\n");
}

static void put_hosts(struct internet *n, struct rng *rng)
{
	text_puts(&n->text, "hosts:\n");
	for (unsigned i = 0; i < n->lans; i++) {
		put_router(n, i);
		n->hosts[i] = 1 + (unsigned)rng_below(rng, HOSTS_MAX);
		for (unsigned h = 0; h < n->hosts[i]; h++)
			text_printf(&n->text, "  h%u-%u: {interfaces: {lan%u: 10.0.%u.%u/24}, gateway: 10.0.%u.1}\n", i, h, i, i, 10 + h, i);
	}
}

static void put_transfers(struct internet *n, struct rng *rng)
{
	n->transfers = 1 + (unsigned)rng_below(rng, 4);
	text_puts(&n->text, "programs:\n");
	for (unsigned i = 0; i < n->lans; i++)
		for (unsigned h = 0; h < n->hosts[i]; h++) text_printf(&n->text, "  h%u-%u: echo serve tcp://:6666\n", i, h);
	text_puts(&n->text, "scenes:\n  - name: transfers\n    run:\n");
	for (unsigned t = 0; t < n->transfers; t++) {
		unsigned from = (unsigned)rng_below(rng, n->lans), to = (unsigned)rng_below(rng, n->lans);
		text_printf(&n->text, "      - {at: %ums, host: h%u-%u, do: echo call tcp://10.0.%u.%u:6666 --bytes %u --timeout 200s}\n",
		            (unsigned)rng_below(rng, 2000), from, (unsigned)rng_below(rng, n->hosts[from]), to,
		            10 + (unsigned)rng_below(rng, n->hosts[to]), 1 + (unsigned)rng_below(rng, 60000));
	}
}

static void make(struct internet *n, uint64_t seed)
{
	struct rng rng;
	rng_init_number(&rng, seed);
	n->text = text_in(n->yaml, sizeof n->yaml);
	n->lans = 1 + (unsigned)rng_below(&rng, LANS_MAX);
	text_printf(&n->text, "lab: number %u\nlinks:\n", (unsigned)seed);
	for (unsigned i = 0; i < n->lans; i++) put_wire(n, &rng, "lan", i, false);
	for (unsigned i = 0; i + 1 < n->lans; i++) put_wire(n, &rng, "trunk", i, true);
	put_hosts(n, &rng);
	put_transfers(n, &rng);
	unsigned which = (unsigned)rng_below(&rng, n->lans), at = 500 + (unsigned)rng_below(&rng, 2000);
	text_printf(&n->text, "faults:\n  - {at: %ums, cut: lan%u}\n  - {at: %ums, heal: lan%u}\n", at, which,
	            at + 100 + (unsigned)rng_below(&rng, CUT_MS_MAX), which);
}

/* Plays it; the hash of every frame. 0: a transfer did not come back. */
static uint64_t play(const struct scenario *s, uint64_t seed)
{
	char words[200];
	struct text why = text_in(words, sizeof words);
	struct lab *lab = lab_build(s, NULL, seed, SCENARIO_NONE, NULL, &why);
	uint64_t hash = 0;
	bool all_back = true;

	if (lab == NULL) return 0;
	for (uint32_t i = 0; i < s->programs; i++) lab_start(lab, i);
	for (uint32_t i = s->programs; i < s->runs; i++) {
		sim_run(lab->sim, instant_max(sim_now(lab->sim), s->run[i].at / 4 * (i - s->programs)));
		lab_start(lab, i);
	}
	for (size_t i = 0; i < s->faults; i++) {
		sim_run(lab->sim, instant_max(sim_now(lab->sim), s->fault[i].at));
		lab_fault(lab, &s->fault[i]);
	}
	while (lab->running > 0 && sim_step(lab->sim, GIVE_UP_S * SECOND)) {}
	for (uint32_t i = s->programs; i < s->runs; i++) {
		bool back = lab->run[i].ended && lab->run[i].status == 0;
		if (!back)
			printf("# seed %u: %s: %s\n", (unsigned)seed, s->run[i].words.line,
			       lab->run[i].output.at ? (const char *)lab->run[i].output.at : "did not end");
		all_back &= back;
	}
	hash = sim_counts(lab->sim).trace;
	lab_free(lab);
	return all_back ? hash | 1 : 0;
}

static void every_transfer_comes_back_and_the_same_seed_is_the_same_run(void)
{
	static struct internet n;
	static struct complaints complaints;
	char said[2000];
	uint64_t before = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct text out = text_in(said, sizeof said);
		make(&n, seed);
		CHECK(!n.text.cut);
		struct scenario *s = scenario_load(text_bytes(&n.text), &complaints);
		complaints_print(&complaints, "generated", &out);
		CHECK_STR(said, "");
		uint64_t once = play(s, seed), again = play(s, seed), other = play(s, seed + 1000);
		if (once == 0 || once != again || once == other || once == before)
			printf("# seed %u: %llx, again %llx, other %llx\n%s\n", (unsigned)seed, (unsigned long long)once,
			       (unsigned long long)again, (unsigned long long)other, n.yaml);
		CHECK(once != 0 && once == again && other != 0 && once != other && once != before);
		before = once;
		scenario_free(s);
	}
}

int main(void)
{
	TEST(every_transfer_comes_back_and_the_same_seed_is_the_same_run);
	return tap_end();
}
