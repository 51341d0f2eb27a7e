/* SPDX-License-Identifier: ISC */
#include "stack/stack_inside.h"

const struct stack_limits stack_limits_host = {
	.interfaces_max = 8, .addresses_max = 32, .routes_max = 128, .neighbours_max = 256, .groups_max = 64,
	.sockets_max = 64, .connections_max = 64, .backlog_max = 32,
	.rx_bytes = 1 << 18, .tx_bytes = 1 << 18, .datagram_bytes = 1 << 18, .reassemblies_max = 8,
};
const struct stack_limits stack_limits_small = {
	.interfaces_max = 1, .addresses_max = 2, .routes_max = 4, .neighbours_max = 8, .groups_max = 4,
	.sockets_max = 4, .connections_max = 16, .backlog_max = 8,
	.rx_bytes = 1 << 16, .tx_bytes = 1 << 16, .datagram_bytes = 1 << 17, .reassemblies_max = 2,
};

/* The limits count what is configured. Each interface has a link-local address beside, an IPv6 address has its
 * solicited-node group, and an address brings routes to its network, to itself and, in IPv4, to everyone there. */
static uint16_t addresses_in_all(const struct stack_limits *l)
{
	return (uint16_t)(l->addresses_max + l->interfaces_max);
}
static uint16_t groups_in_all(const struct stack_limits *l) { return (uint16_t)(l->groups_max + addresses_in_all(l)); }
static uint32_t routes_in_all(const struct stack_limits *l)
{
	return l->routes_max + 3u * l->addresses_max + l->interfaces_max + 2u /* the loop's */;
}
static size_t datagram_bytes(const struct stack_limits *l) { return ((size_t)l->datagram_bytes + 7) & ~(size_t)7; }

/* What an idle host uses fits a page, if it starts near the front of one. */
#define PAGE_BYTES 4096
#define PAGE_FRONT_BYTES 128

size_t stack_size(const struct stack_limits *l)
{
	size_t connections = l->connections_max;
	return PAGE_BYTES + arena_cost(sizeof(struct stack)) + arena_cost((l->interfaces_max + 1u) * sizeof(struct interface)) +
	       arena_cost(addresses_in_all(l) * sizeof(struct stack_address)) + route_memory(routes_in_all(l)) +
	       group_memory(groups_in_all(l), l->interfaces_max) + neighbour_memory(l->neighbours_max) +
	       arena_cost(PMTU_MAX * sizeof(struct pmtu)) + arena_cost(l->sockets_max * sizeof(struct socket)) +
	       arena_cost(index_slots(l->sockets_max) * sizeof(struct index_slot)) +
	       arena_cost(l->groups_max * sizeof(struct membership)) + arena_cost(OUT_BYTES) +
	       arena_cost(LOOP_BYTES) + arena_cost(SCRATCH_BYTES) + arena_cost(NEIGHBOUR_WAITING_BYTES) +
	       reassembly_memory(l->reassemblies_max) + arena_cost(connections * sizeof(struct connection)) +
	       arena_cost(index_slots(connections) * sizeof(struct index_slot)) +
	       arena_cost(connections * sizeof(struct heap_item)) + arena_cost(connections * sizeof(uint32_t)) +
	       arena_cost(l->sockets_max * datagram_bytes(l)) +
	       arena_cost(connections * ((size_t)l->rx_bytes + l->tx_bytes));
}

static void *take(struct arena *a, size_t count, size_t size)
{
	void *at = arena_take(a, count * size);
	assert(at != NULL); /* the block is smaller than stack_size() */
	return at;
}

static struct room skip_to_page(struct room block)
{
	size_t into = (uintptr_t)block.at % PAGE_BYTES;
	return into <= PAGE_FRONT_BYTES ? block : room_skip(block, PAGE_BYTES - into);
}

static struct room take_room(struct arena *a, size_t bytes) { return (struct room){ take(a, bytes, 1), bytes }; }

/* What an idle host uses comes first and close together. */
static void cut_up_idle(struct stack *s, struct arena *a)
{
	const struct stack_limits *l = &s->limits;

	s->interface = take(a, l->interfaces_max + 1u, sizeof *s->interface);
	s->address = take(a, addresses_in_all(l), sizeof *s->address);
	group_init(&s->groups, a, groups_in_all(l), l->interfaces_max, s->config.rng);
	s->socket = take(a, l->sockets_max, sizeof *s->socket);
	index_init(&s->ports, take(a, index_slots(l->sockets_max), sizeof(struct index_slot)),
	           index_slots(l->sockets_max));
	route_init(&s->routes, a, routes_in_all(l));
	queue_init(&s->out, take_room(a, OUT_BYTES));
}

/* What only traffic touches comes after, and costs an idle host nothing but addresses (the block is zeroed, so
 * nothing is written here that is not needed). What each segment needs lies together: among thousands of hosts
 * it is the number of pages that counts. */
static void cut_up_busy(struct stack *s, struct arena *a)
{
	const struct stack_limits *l = &s->limits;

	struct room waiting = take_room(a, NEIGHBOUR_WAITING_BYTES);
	neighbour_init(&s->neighbours, a, waiting, l->neighbours_max, s->config.rng);
	index_init(&s->tuples, take(a, index_slots(l->connections_max), sizeof(struct index_slot)),
	           index_slots(l->connections_max));
	struct heap_item *items = take(a, l->connections_max, sizeof *items);
	heap_init(&s->due, items, take(a, l->connections_max, sizeof(uint32_t)), l->connections_max);
	s->connection = take(a, l->connections_max, sizeof *s->connection);

	s->membership = take(a, l->groups_max, sizeof *s->membership);
	s->pmtu = take(a, PMTU_MAX, sizeof *s->pmtu);
	queue_init(&s->loop, take_room(a, LOOP_BYTES));
	s->scratch = take(a, SCRATCH_BYTES, 1);
	reassembly_init(&s->reassembly, a, l->reassemblies_max);
	s->datagrams = take(a, l->sockets_max, datagram_bytes(l));
	s->rings = take(a, l->connections_max, (size_t)l->rx_bytes + l->tx_bytes);
}

static void add_route(struct stack *s, struct ip ip, uint8_t bits, uint16_t interface, enum route_kind kind,
                      struct ip source)
{
	struct route route = { .to = { ip, bits }, .gateway = ip6_any(), .source = source, .interface = interface,
		.kind = kind };
	bool added = route_add(&s->routes, &route);
	assert(added); /* routes_in_all counts these */
}

/* 127.0.0.0/8 and ::1 lead to ourselves (RFC 1122, 3.2.1.3 (g); RFC 4291, 2.5.3). */
static void add_loop(struct stack *s)
{
	struct ip here4 = ip4_of(0x7f000001), here6 = { { [15] = 1 } };

	s->interface[LOOP] = (struct interface){ .mtu = LOOP_MTU };
	add_route(s, ip4_of(0x7f000000), 96 + 8, LOOP, ROUTE_LOCAL, here4);
	add_route(s, here6, 128, LOOP, ROUTE_LOCAL, here6);
}

struct stack *stack_init(struct room zeroed, const struct stack_limits *limits, const struct stack_config *config)
{
	struct arena arena;

	assert(limits->interfaces_max > 0 && limits->connections_max < UINT32_C(1) << 24);
	arena_init(&arena, skip_to_page(zeroed));
	struct stack *s = take(&arena, 1, sizeof *s);
	s->net.ops = &stack_net_ops;
	s->limits = *limits;
	s->limits.datagram_bytes = (uint32_t)datagram_bytes(limits);
	s->config = *config;
	if (s->config.give_up_after == 0) s->config.give_up_after = 100 * SECOND;
	s->wake_at = NEVER;
	while (limits->sockets_max + limits->connections_max > UINT32_C(1) << s->slot_bits) s->slot_bits++;
	rng_fill(config->rng, (struct room){ s->secret, sizeof s->secret });
	rng_fill(config->rng, (struct room){ s->tcp_secret, sizeof s->tcp_secret });
	s->ip_id = (uint16_t)rng_next(config->rng);
	cut_up_idle(s, &arena);
	cut_up_busy(s, &arena);
	add_loop(s);
	return s;
}

/* fe80::/64 and the MAC with its middle filled and its universal bit turned (RFC 2464, 4 and 5). Duplicate
 * address detection (RFC 4862, 5.4) is left out: MACs are given by whoever builds the network. */
static struct ip link_local_of(struct mac m)
{
	return (struct ip){ { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, m.byte[0] ^ 2, m.byte[1], m.byte[2], 0xff, 0xfe,
		m.byte[3], m.byte[4], m.byte[5] } };
}

/* ff02::1:ffXX:XXXX (RFC 4291, 2.7.1). */
static struct ip solicited_node_of(struct ip ip)
{
	return (struct ip){ { 0xff, 0x02, [11] = 1, [12] = 0xff, ip.byte[13], ip.byte[14], ip.byte[15] } };
}

static void keep_address(struct stack *s, uint16_t interface, struct prefix prefix)
{
	s->address[s->addresses++] = (struct stack_address){ prefix, interface };
	for (uint16_t i = 1; i <= s->interfaces; i++) s->interface[i].has_good_source = false;
	add_route(s, prefix.ip, 128, interface, ROUTE_LOCAL, prefix.ip);
	/* The table counts one group an address, so this cannot fail. */
	if (!ip_is4(prefix.ip)) group_join(&s->groups, s->now, interface, solicited_node_of(prefix.ip));
}

uint16_t stack_attach(struct stack *s, struct link *link, struct mac mac)
{
	if (s->interfaces == s->limits.interfaces_max) return 0;
	assert(link->mtu >= IP4_MTU_MIN && !eth_is_group(mac));
	uint16_t number = ++s->interfaces;
	bool six = link->mtu >= IP6_MTU_MIN;
	struct ip link_local = six ? link_local_of(mac) : ip6_any();
	link->number = number;
	link->ready = &s->ready;
	if (link->tells) link_tell(link); /* frames may have come already */
	else s->silent_links++;
	s->interface[number] = (struct interface){ .link = link, .mac = mac, .mtu = link->mtu,
		.source4 = ip4_any(), .link_local = link_local, .six = six };
	if (six) keep_address(s, number, (struct prefix){ link_local, 64 });
	return number;
}

/* The first address in a network is the one that speaks there, unless another was asked for. */
static bool is_at_home(const struct stack *s, uint16_t interface, struct prefix prefix)
{
	for (uint16_t i = 0; i < s->addresses; i++) {
		const struct stack_address *a = &s->address[i];
		if (a->interface == interface && a->prefix.bits == prefix.bits && prefix_has(a->prefix, prefix.ip)) return true;
	}
	return false;
}

bool stack_add_address(struct stack *s, uint16_t interface, struct prefix prefix)
{
	struct ip ip = prefix.ip;
	bool four = ip_is4(ip);

	if (interface == 0 || interface > s->interfaces || ip_is_multicast(ip) || ip_is_any(ip)) return false;
	if (s->addresses - s->interfaces == s->limits.addresses_max || stack_out_is_ours(s, ip)) return false;
	struct interface *i = &s->interface[interface];
	if (!four && !i->six) return false;
	if (four && ip_is_any(i->source4)) i->source4 = ip;
	if (!four && !ip_is_link_local(ip) && ip_is_any(i->source6)) i->source6 = ip;
	bool new_network = prefix.bits < 128 && !is_at_home(s, interface, prefix);
	if (new_network) add_route(s, prefix_first(prefix), prefix.bits, interface, ROUTE_VIA, ip);
	/* A /31 has no broadcast address (RFC 3021). */
	if (new_network && four && prefix.bits < 127) add_route(s, prefix_last(prefix), 128, interface, ROUTE_BROADCAST, ip);
	keep_address(s, interface, prefix);
	return true;
}

bool stack_add_route(struct stack *s, struct prefix to, struct ip gateway, uint16_t interface)
{
	struct route route = { .to = { prefix_first(to), to.bits }, .gateway = gateway, .interface = interface };
	bool direct = ip_is_any(gateway);

	if (!direct) {
		const struct route *way = route_find(&s->routes, gateway);
		if (way != NULL && way->kind == ROUTE_VIA && ip_is_any(way->gateway) &&
		    (interface == 0 || interface == way->interface)) {
			route.interface = way->interface;
			route.source = way->source;
		}
	}
	if (route.interface == 0 || route.interface > s->interfaces) return false;
	if (!ip_is4(to.ip) && !s->interface[route.interface].six) return false;
	if (s->routes_added == s->limits.routes_max) return false;
	if (direct) route.gateway = ip6_any();
	s->routes_added++;
	return route_add(&s->routes, &route);
}

void stack_step(struct stack *s, instant now)
{
	assert(now >= s->now);
	s->now = now;
	s->more = false;
	stack_in_loop(s);
	stack_in_frames(s);
	stack_in_due(s);
	stack_tcp_due(s);
	stack_tcp_output(s);
	stack_group_due(s);
	stack_neighbour_due(s); /* last, since all of the above may find that they have to ask for one */
	stack_out_flush(s);
	if (s->wake_at <= now) {
		s->wake_at = NEVER;
		s->wake_due = true;
	}
}

void stack_close(struct stack *s, instant now)
{
	stack_tcp_close_all(s);
	for (uint32_t i = 0; i < s->sockets_used; i++)
		if (s->socket[i].kind != SOCKET_NONE) stack_socket_remove(s, &s->socket[i]);
	stack_step(s, now);
}

instant stack_deadline(const struct stack *s)
{
	if (s->more || s->ready_first != 0 || !queue_is_empty(&s->loop) || !queue_is_empty(&s->out)) return s->now;
	instant at = instant_min(s->wake_at, heap_first_at(&s->due));
	at = instant_min(at, neighbour_deadline(&s->neighbours));
	at = instant_min(at, group_deadline(&s->groups));
	return instant_min(at, reassembly_deadline(&s->reassembly));
}

struct net *stack_net(struct stack *s) { return &s->net; }
const struct drops *stack_drops(const struct stack *s) { return &s->drops; }
struct stack_counts stack_counts(const struct stack *s) { return s->counts; }

const struct tcp *stack_next_connection(const struct stack *s, const struct tcp *previous, struct addr *local,
                                        struct addr *remote)
{
	const struct connection *c = s->connection, *end = c + s->connections_used;
	if (previous != NULL) c = (const struct connection *)(const void *)previous + 1; /* it is the first member */
	while (c < end && !c->used) c++;
	if (c >= end) return NULL;
	*local = c->local;
	*remote = c->remote;
	return &c->tcp;
}
