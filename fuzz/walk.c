/* SPDX-License-Identifier: ISC */
/* A walk among servers that say anything: each question is answered with the next piece of the input, under its own id and question.
 * However they lie, it ends, within its limits, and what it tells can be printed. */
#include "tool/dns/walk.h"
#include "tool/dns/walk_print.h"

static struct {
	struct net net;
	instant now;
	uint32_t id;
	struct addr to;
	uint8_t asked[600]; size_t asked_len;
} wire;

static net_id fake_bind(struct net *net, const struct addr *a) { (void)net, (void)a; return ++wire.id; }
static net_id fake_connect(struct net *net, const struct addr *a, const struct net_how *how) { (void)net, (void)a, (void)how; return 0; }
static bool fake_sendto(struct net *net, net_id id, const struct ip *from, const struct addr *to, struct bytes b)
{
	(void)net, (void)id, (void)from;
	assert(b.len <= sizeof wire.asked);
	memcpy(wire.asked, b.at, b.len);
	wire.asked_len = b.len;
	wire.to = *to;
	return true;
}
static void fake_close(struct net *net, net_id id) { (void)net, (void)id; }
static instant fake_now(struct net *net) { (void)net; return wire.now; }
static const struct net_ops ops = { .bind = fake_bind, .connect = fake_connect, .sendto = fake_sendto, .finish = fake_close, .abort = fake_close,
                                    .now = fake_now };

/* flags, counts of three sections, length, records: the question's end is where they begin. */
static bool next_reply(struct bytes *in, uint8_t *reply, size_t *len)
{
	struct dns_message m;

	if (in->len < 7 || dns_parse((struct bytes){ wire.asked, wire.asked_len }, &m) != DROP_NONE) return false;
	size_t head = m.records_at, body = size_min(load_be16(in->at + 5) % 1024, in->len - 7);
	memcpy(reply, wire.asked, head);
	reply[2] = in->at[0] | 0x80, reply[3] = in->at[1];
	for (unsigned i = 0; i < 3; i++) store_be16(reply + 6 + 2 * i, in->at[2 + i]);
	memcpy(reply + head, in->at + 7, body);
	*in = bytes_skip(*in, 7 + body);
	*len = head + body;
	return true;
}

static void show(struct walk *w, struct walk_print *drawn, struct walk_print *json, unsigned *steps)
{
	for (; w->state == WALK_STEPPED; ++*steps) {
		walk_print_step(drawn, w);
		walk_json_step(json, w);
		text_clear(drawn->out);
		text_clear(json->out);
		walk_on(w);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t memory[1 << 20], reply[2048];
	static char drawn_words[60000], json_words[60000];
	struct text drawn_text = text_in(drawn_words, sizeof drawn_words), json_text = text_in(json_words, sizeof json_words);
	struct walk_print drawn = { .out = &drawn_text, .color = true }, json = { .out = &json_text };
	const struct addr server = { .ip = ip4_of(0x0a000001), .port = DNS_PORT };
	struct arena arena;
	struct rng rng;
	unsigned steps = 0;
	size_t len;

	if (size < 2) return 0;
	struct bytes in = { data + 1, size - 1 };
	memset(&wire, 0, sizeof wire);
	wire.net.ops = &ops;
	arena_init(&arena, (struct room){ memory, sizeof memory });
	rng_init_number(&rng, data[0]);
	struct tool_env env = { .net = &wire.net, .memory = &arena, .rng = &rng };
	struct walk_want want = { .type = data[0] & 1 ? DNS_A : DNS_AAAA, .stop_at_alias = data[0] & 2, .only_told = data[0] & 4,
	                          .roots = &server, .roots_count = data[0] & 8 ? 0 : 1, .resolvers = &server, .resolvers_count = 1 };
	bool good = dns_name_parse("www.sub.example", &want.name);
	assert(good);
	struct walk *w = walk_open(&env, &want);
	assert(w != NULL);
	walk_on(w);
	show(w, &drawn, &json, &steps);
	while (w->state == WALK_BUSY) {
		struct net_event ev = { .what = NET_DATAGRAM, .id = wire.id, .peer = wire.to };
		unsigned tries = w->query.tries;
		if (next_reply(&in, reply, &len)) {
			ev.data = (struct bytes){ reply, len };
			walk_event(w, &ev);
		}
		if (w->state == WALK_BUSY && w->query.outcome == QUERY_ASKING && w->query.tries == tries) {
			wire.now = walk_deadline(w);
			walk_step(w, wire.now);
		}
		show(w, &drawn, &json, &steps);
		assert(w->questions <= WALK_QUESTIONS_MAX + 1 && steps < 1000);
	}
	walk_print_end(&drawn, w);
	walk_json_end(&json, w);
	assert(w->zones <= WALK_ZONES_MAX && w->aliases <= WALK_ALIASES_MAX);
	return 0;
}
