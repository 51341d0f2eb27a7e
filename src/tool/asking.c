/* SPDX-License-Identifier: ISC */
#include "tool/asking.h"

#include "base/hash.h"

#define PORT_FIRST 1024   /* RFC 5452, 9.2: as many ports to choose from as can be */
#define PORT_TRIES 4      /* a random one may be taken; after that the net chooses */
#define CLOSING_MAX 8     /* connections that wait for the other side's end */
#define TCP_BYTES (2 + DNS_MESSAGE_MAX)

/* A query in flight: at slot modulo the number of slots, so the next query of the same question replaces it. */
struct flight {
	net_id id;            /* 0: none */
	uint32_t slot;
	enum resolver_how how;
	struct addr to;
	uint32_t buffer;      /* of a TCP connection: which */
	size_t in, out;       /* bytes received, bytes sent */
	size_t query_len;
	uint8_t query[2 + DNS_HEADER_BYTES + DNS_NAME_MAX + 4 + 11];
};

struct asking {
	struct net *net;
	struct rng *rng;
	struct resolver *resolver;
	uint32_t flights;
	struct flight *flight;
	struct index by_id;
	uint32_t buffers;     /* at most 32 */
	uint32_t buffers_busy; /* a bit each */
	uint8_t *buffer;
	net_id closing[CLOSING_MAX];
};

static uint32_t buffers_for(const struct resolver_config *c) { return c->recurse ? 8 : 2; }

size_t asking_cost(const struct resolver_config *c)
{
	uint32_t flights = resolver_slots(c);
	return arena_cost(sizeof(struct asking)) + arena_cost(resolver_size(c)) +
	       arena_cost(flights * sizeof(struct flight)) +
	       arena_cost(index_slots(flights) * sizeof(struct index_slot)) + arena_cost(buffers_for(c) * TCP_BYTES);
}

struct asking *asking_open(struct tool_env *env, const struct resolver_config *config)
{
	struct arena *m = env->memory;
	size_t size = resolver_size(config), slots = index_slots(resolver_slots(config));
	struct asking *a = arena_zeroed(m, 1, sizeof *a);
	void *resolver = arena_take(m, size);
	struct flight *flight = arena_zeroed(m, resolver_slots(config), sizeof *flight);
	struct index_slot *slot = arena_zeroed(m, slots, sizeof *slot);
	uint8_t *buffer = arena_take(m, buffers_for(config) * TCP_BYTES);

	if (a == NULL || resolver == NULL || flight == NULL || slot == NULL || buffer == NULL) return NULL;
	*a = (struct asking){ .net = env->net, .rng = env->rng, .flights = resolver_slots(config), .flight = flight,
	                      .buffers = buffers_for(config), .buffer = buffer };
	struct resolver_config c = *config;
	if (c.trace == NULL) c.trace = env->trace;
	a->resolver = resolver_init((struct room){ resolver, size }, &c);
	index_init(&a->by_id, slot, slots);
	return a;
}

static uint64_t id_hash(net_id id) { return id * UINT64_C(0x9e3779b97f4a7c15); }

static struct flight *find(const struct asking *a, net_id id)
{
	for (uint32_t at = INDEX_START, i; index_find(&a->by_id, id_hash(id), &at, &i);)
		if (a->flight[i].id == id) return &a->flight[i];
	return NULL;
}

/* A connection is ended in order, and its id remembered until the other side has ended it too. */
static void close_stream(struct asking *a, net_id id)
{
	net_finish(a->net, id);
	if (a->closing[CLOSING_MAX - 1] != 0) net_abort(a->net, a->closing[CLOSING_MAX - 1]);
	memmove(a->closing + 1, a->closing, sizeof a->closing - sizeof a->closing[0]);
	a->closing[0] = id;
}

static bool closing_event(struct asking *a, const struct net_event *ev)
{
	for (size_t i = 0; i < CLOSING_MAX; i++) {
		if (a->closing[i] != ev->id || ev->id == 0) continue;
		if (ev->what == NET_READABLE) net_take(a->net, ev->id, net_peek(a->net, ev->id).len);
		if (ev->what == NET_CLOSED) a->closing[i] = 0;
		return true;
	}
	return false;
}

/* `alive`: the id is still known to the net. */
static void land(struct asking *a, struct flight *f, bool alive)
{
	if (f->id == 0) return;
	index_remove(&a->by_id, id_hash(f->id), (uint32_t)(f - a->flight));
	if (f->how == RESOLVER_TCP) {
		a->buffers_busy &= ~(UINT32_C(1) << f->buffer);
		if (alive && f->in > 0) close_stream(a, f->id);
		else if (alive) net_abort(a->net, f->id);
	} else if (alive) net_finish(a->net, f->id);
	f->id = 0;
}

static void sweep(struct asking *a)
{
	for (uint32_t i = 0; i < a->flights; i++)
		if (a->flight[i].id != 0 && !resolver_slot_busy(a->resolver, a->flight[i].slot)) land(a, &a->flight[i], true);
}

static net_id bind_somewhere(struct asking *a, const struct addr *to)
{
	struct addr local = { .ip = ip_is4(to->ip) ? ip4_any() : ip6_any() };
	net_id id = 0;

	for (int i = 0; id == 0 && i < PORT_TRIES; i++) {
		local.port = (uint16_t)(PORT_FIRST + rng_below(a->rng, 65536 - PORT_FIRST));
		id = net_bind(a->net, &local);
		if (id == 0 && net_why_not(a->net) != NET_IN_USE) return 0;
	}
	local.port = 0;
	return id != 0 ? id : net_bind(a->net, &local);
}

static bool send_udp(struct asking *a, struct flight *f, struct bytes query)
{
	f->id = bind_somewhere(a, &f->to);
	if (f->id == 0) return false;
	if (net_sendto(a->net, f->id, &f->to, query)) return true;
	net_finish(a->net, f->id);
	f->id = 0;
	return false;
}

static bool send_tcp(struct asking *a, struct flight *f, struct bytes query)
{
	uint32_t i = 0;
	while (i < a->buffers && a->buffers_busy >> i & 1) i++;
	if (i == a->buffers) return false;
	f->id = net_connect(a->net, &f->to);
	if (f->id == 0) return false;
	a->buffers_busy |= UINT32_C(1) << i;
	f->buffer = i;
	f->in = f->out = 0;
	assert(query.len + 2 <= sizeof f->query);
	store_be16(f->query, (uint16_t)query.len);
	memcpy(f->query + 2, query.at, query.len);
	f->query_len = query.len + 2;
	return true;
}

static void pump(struct asking *a)
{
	struct resolver_out out;
	instant now = net_now(a->net);

	while (resolver_output(a->resolver, now, &out)) {
		struct flight *f = &a->flight[out.slot % a->flights];
		land(a, f, true);
		f->slot = out.slot, f->how = out.how, f->to = out.to;
		bool sent = out.how == RESOLVER_TCP ? send_tcp(a, f, out.query) : send_udp(a, f, out.query);
		if (sent) index_add(&a->by_id, id_hash(f->id), (uint32_t)(f - a->flight));
		else resolver_lost(a->resolver, now, out.slot);
	}
}

static void push_query(struct asking *a, struct flight *f)
{
	if (f->out < f->query_len)
		f->out += net_send(a->net, f->id, (struct bytes){ f->query + f->out, f->query_len - f->out });
}

/* What has come on a connection, until one message is whole (RFC 1035, 4.2.2). */
static void pull_reply(struct asking *a, struct flight *f)
{
	uint8_t *at = a->buffer + f->buffer * (size_t)TCP_BYTES;

	for (;;) {
		size_t want = f->in < 2 ? 2 - f->in : 2u + load_be16(at) - f->in;
		if (want == 0) break;
		struct bytes b = net_peek(a->net, f->id);
		if (b.len == 0) return;
		b = bytes_first(b, size_min(b.len, want));
		memcpy(at + f->in, b.at, b.len);
		net_take(a->net, f->id, b.len);
		f->in += b.len;
	}
	resolver_input(a->resolver, net_now(a->net), &f->to, RESOLVER_TCP, f->slot, (struct bytes){ at + 2, f->in - 2 });
}

bool asking_event(struct asking *a, const struct net_event *ev)
{
	struct flight *f = find(a, ev->id);

	if (ev->what == NET_WAKE || ev->id == 0) return false;
	if (f == NULL) return closing_event(a, ev);
	uint32_t slot = f->slot;
	switch (ev->what) {
	case NET_DATAGRAM: resolver_input(a->resolver, net_now(a->net), &ev->peer, RESOLVER_UDP, slot, ev->data); break;
	case NET_CONNECTED:
	case NET_WRITABLE: push_query(a, f); break;
	case NET_READABLE: pull_reply(a, f); break;
	case NET_CLOSED: land(a, f, false); __attribute__((fallthrough));
	case NET_EOF:
	case NET_BOUNCED: resolver_lost(a->resolver, net_now(a->net), slot); break;
	default: break;
	}
	if (f->id == ev->id && !resolver_slot_busy(a->resolver, slot)) land(a, f, true);
	pump(a);
	return true;
}

bool asking_ask(struct asking *a, const struct dns_question *q, uint64_t asker)
{
	bool asked = resolver_ask(a->resolver, net_now(a->net), q, asker);
	pump(a);
	return asked;
}

void asking_forget(struct asking *a, uint64_t asker)
{
	resolver_forget(a->resolver, asker);
	sweep(a);
}

void asking_step(struct asking *a)
{
	if (resolver_deadline(a->resolver) > net_now(a->net)) return;
	pump(a);
	sweep(a);
}

instant asking_deadline(const struct asking *a) { return resolver_deadline(a->resolver); }

/* When all are fetched there is room for more to be finished, and some may wait for just that. */
bool asking_answer(struct asking *a, struct resolver_answer *answer)
{
	if (resolver_answer(a->resolver, answer)) return true;
	pump(a);
	return resolver_answer(a->resolver, answer);
}

void asking_close(struct asking *a)
{
	for (uint32_t i = 0; i < a->flights; i++) land(a, &a->flight[i], true);
	for (size_t i = 0; i < CLOSING_MAX; i++)
		if (a->closing[i] != 0) net_abort(a->net, a->closing[i]), a->closing[i] = 0;
}

struct resolver_counts asking_counts(const struct asking *a) { return resolver_counts(a->resolver); }
