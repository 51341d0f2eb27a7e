/* SPDX-License-Identifier: ISC */
/* A resolver whose servers say what the fuzzer likes: replies with the right id and question, as a server that was
 * asked can give them, and the wrong ones. It must come to an end, keep the law of the deadline, and say something
 * that can be read.
 *
 * The input is cut into replies: a byte of what to do, two of flags, three of counts, one of length, the records. */
#include "proto/dns/resolver.h"

static uint8_t memory[4 << 20], reply[1200];

static uint8_t take(struct bytes *left)
{
	if (left->len == 0) return 0;
	uint8_t byte = *left->at;
	*left = bytes_skip(*left, 1);
	return byte;
}

static struct bytes reply_to(const struct resolver_out *out, struct bytes *left, uint8_t how)
{
	struct dns_message q;
	enum drop why = dns_parse(out->query, &q);
	size_t question = 12u + q.question.name.len + 4;

	assert(why == DROP_NONE && q.counts[0] == 1);
	memcpy(reply, out->query.at, question);
	reply[2] = take(left) | 0x80, reply[3] = take(left);
	if (how & 8) reply[2] = 0x84, reply[3] &= 0x0f;
	for (int i = 6; i < 12; i += 2) reply[i] = 0, reply[i + 1] = take(left);
	size_t len = size_min(take(left), left->len);
	memcpy(reply + question, left->at, len);
	*left = bytes_skip(*left, len);
	if (how & 1 && how & 2) reply[how >> 4] ^= 1;
	return (struct bytes){ reply, question + len };
}

/* Every answer can be read, and is to the question. */
static unsigned fetch(struct resolver *r)
{
	struct resolver_answer a;
	struct dns_message m;
	unsigned count = 0;

	for (; resolver_answer(r, &a); count++) {
		enum drop why = dns_parse(a.message, &m);
		assert(why == DROP_NONE && m.counts[0] == 1 && m.flags & DNS_QR && a.asker < 2);
		for (struct dns_cursor c = dns_records(&m); dns_next(&c, &(struct dns_rr){ 0 });) continue;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes left = { data, size };
	struct rng rng;
	struct addr roots[2] = { { .ip = ip4_of(0x0a000001), .port = 53 }, { .ip = ip4_of(0x0a000002), .port = 53 } };
	uint8_t first = take(&left);
	struct resolver_config config = { .servers = roots, .servers_count = 2, .recurse = first & 1, .rotate = first & 2,
		.questions_max = 2, .cache_bytes = 16384, .rng = &rng };
	static const char *const names[] = { "www.example.com", "a.b", "example.com" };
	static const uint16_t types[] = { DNS_A, DNS_NS, DNS_ANY, DNS_AAAA };
	instant now = SECOND;
	unsigned queries = 0;

	rng_init_number(&rng, 1);
	size_t need = resolver_size(&config);
	assert(need <= sizeof memory);
	struct resolver *r = resolver_init((struct room){ memory, need }, &config);
	for (int round = 0; round < 3; round++) {
		unsigned asked = 0, answered = 0;
		for (uint64_t asker = 0; asker < 2; asker++) {
			struct dns_question q = { .type = types[first >> 4 & 3], .class = DNS_IN };
			dns_name_parse(names[((first >> 2) + asker * (unsigned)round) % COUNT(names)], &q.name);
			asked += resolver_ask(r, now, &q, asker);
		}
		for (struct resolver_out out; answered < asked; answered += fetch(r)) {
			while (resolver_output(r, now, &out)) {
				uint8_t how = take(&left);
				assert(++queries < 1000);
				if ((how & 7) == 0) continue; /* silence */
				if ((how & 7) == 1) resolver_lost(r, now, out.slot);
				else resolver_input(r, now, &out.to, out.how, out.slot, reply_to(&out, &left, how));
			}
			unsigned got = fetch(r);
			answered += got;
			if (got > 0 || answered == asked) continue;
			assert(resolver_deadline(r) > now && resolver_deadline(r) < NEVER);
			now = resolver_deadline(r);
		}
		assert(!resolver_output(r, now, &(struct resolver_out){ 0 }));
		now += 7 * SECOND;
	}
	return 0;
}
