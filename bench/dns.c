/* SPDX-License-Identifier: ISC */
/* bench/dns.c - how many questions a second the name server answers, without a network.
 *
 *     bench_dns [NAMES]   "dns KIND ANSWERS-PER-CPU-SECOND", by kind of question, for a zone of so many names
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/chance.h"
#include "proto/dns/server.h"

enum { QUESTIONS = 1000, ROUNDS = 300 };

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *memory(size_t size)
{
	void *at = malloc(size);
	if (at != NULL) return at;
	fputs("bench_dns: no memory\n", stderr);
	exit(1);
}

static struct zone *zone_make(unsigned names)
{
	size_t size = 4096 + names * 48ul, room = 65536 + names * 400ul;
	struct text t = text_in(memory(size), size);
	struct arena arena;
	struct zone_error error;

	text_puts(&t, "$ORIGIN example.org.\n$TTL 300\n@ SOA ns1 host 1 2 3 4 60\n@ NS ns1\n@ NS ns2\n"
	              "ns1 A 10.0.0.1\nns2 A 10.0.0.2\n*.wild A 10.0.0.3\nsub NS ns.sub\nns.sub A 10.0.0.4\n");
	for (unsigned i = 0; i < names; i++) text_printf(&t, "host-%u A 10.%u.%u.%u\n", i, i >> 16 & 255, i >> 8 & 255, i & 255);
	arena_init(&arena, (struct room){ memory(room), room });
	double began = cpu_seconds();
	struct zone *z = zone_load(&arena, NULL, text_bytes(&t), &error);
	if (z == NULL) {
		fprintf(stderr, "bench_dns: %u:%u: %s\n", error.line, error.column, error.words);
		exit(1);
	}
	printf("dns load %.0f records per CPU-second, %zu bytes a record\n", z->records / (cpu_seconds() - began),
	       arena.used / z->records);
	free(t.at);
	return z;
}

static void run(const struct zone *z, const char *kind, const char *format, unsigned names)
{
	static uint8_t query[QUESTIONS][128], answer[DNS_UDP_EDNS];
	static size_t len[QUESTIONS];
	struct dns_server s = { .zone = &z, .zones = 1, .rotate = true };
	struct rng rng;
	char name[64];
	uint64_t bytes = 0;

	rng_init_number(&rng, 1);
	for (unsigned i = 0; i < QUESTIONS; i++) {
		struct dns_question q = { .type = DNS_A, .class = DNS_IN };
		struct dns_builder b;
		snprintf(name, sizeof name, format, (unsigned)rng_below(&rng, names));
		if (!dns_name_parse(name, &q.name)) exit(1);
		dns_begin(&b, (struct room){ query[i], sizeof query[i] }, sizeof query[i], (uint16_t)i, DNS_RD, 0, 0);
		dns_add_question(&b, &q);
		dns_add_opt(&b, 1232, 0, false);
		len[i] = dns_end(&b);
	}
	double began = cpu_seconds();
	for (unsigned r = 0; r < ROUNDS; r++)
		for (unsigned i = 0; i < QUESTIONS; i++)
			bytes += dns_server_answer(&s, (struct bytes){ query[i], len[i] }, DNS_UDP_MAX, (struct room){ answer, sizeof answer });
	printf("dns %s %.0f answers per CPU-second, %.0f bytes each\n", kind, ROUNDS * QUESTIONS / (cpu_seconds() - began),
	       (double)bytes / (ROUNDS * QUESTIONS));
}

int main(int argc, char **argv)
{
	unsigned names = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
	const struct zone *z = zone_make(names);

	run(z, "address", "host-%u.example.org", names);
	run(z, "nxdomain", "no-%u.example.org", names);
	run(z, "wildcard", "x%u.wild.example.org", names);
	run(z, "referral", "h%u.sub.example.org", names);
	return 0;
}
