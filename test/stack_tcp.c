/* SPDX-License-Identifier: ISC */
/* Streams over stacks: opening and closing, limits, floods, small paths and bad wires. */
#include "lan.h"

#include "proto/tcp/tcp.h"
#include "wire/icmp.h"
#include "wire/ip4.h"

/* a (0) --- router (1) --- b (2) */
static void routed(const struct stack_limits *limits, uint16_t mtu)
{
	lan_host(limits, false);
	lan_host(&stack_limits_host, true);
	lan_host(limits, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	lan_attach(1, 0, 1500, "10.0.0.254/24");
	lan_attach(1, 1, mtu, "10.0.1.254/24");
	lan_attach(2, 1, 1500, "10.0.1.1/24");
	lan_route(0, "0.0.0.0/0", "10.0.0.254");
	lan_route(2, "0.0.0.0/0", "10.0.1.254");
	lan_run_for(2 * SECOND);
}

static net_id connect_to(unsigned h, const char *text)
{
	struct addr a = lan_addr(text);
	return net_connect(lan_net(h), &a);
}

static net_id listen_on(unsigned h, const char *text)
{
	struct addr a = lan_addr(text);
	return net_listen(lan_net(h), &a);
}

/* ---- Programs: an echo server; a client that sends a pattern, checks what comes back, and then finishes. */

static uint8_t pattern(uint64_t i) { return (uint8_t)(i * 131 + (i >> 8)); }

static void pump(struct net *net, net_id id)
{
	size_t n;
	do {
		n = net_send(net, id, net_peek(net, id));
		net_take(net, id, n);
	} while (n > 0);
}

struct server { unsigned accepted, closed; enum net_why why; bool finish_first; };
static void serve(void *self, struct net *net, const struct net_event *ev)
{
	struct server *s = self;
	switch (ev->what) {
	case NET_ACCEPTED: s->accepted++; break;
	case NET_READABLE:
	case NET_WRITABLE: pump(net, ev->id); break;
	case NET_EOF: net_finish(net, ev->id); break;
	case NET_CLOSED: s->closed++, s->why = ev->why; break;
	default: break;
	}
}

struct client { uint64_t sent, back, total; unsigned connected, closed; enum net_why why; bool wrong; };
static void fill(struct client *c, struct net *net, net_id id)
{
	uint8_t chunk[4096];
	while (c->sent < c->total) {
		size_t want = size_min(sizeof chunk, c->total - c->sent);
		for (size_t i = 0; i < want; i++) chunk[i] = pattern(c->sent + i);
		size_t n = net_send(net, id, (struct bytes){ chunk, want });
		c->sent += n;
		if (n < want) return;
	}
	net_finish(net, id);
}

static void call(void *self, struct net *net, const struct net_event *ev)
{
	struct client *c = self;
	switch (ev->what) {
	case NET_CONNECTED: c->connected++; fill(c, net, ev->id); break;
	case NET_WRITABLE: fill(c, net, ev->id); break;
	case NET_READABLE:
		for (struct bytes b; (b = net_peek(net, ev->id)).len > 0; net_take(net, ev->id, b.len))
			for (size_t i = 0; i < b.len; i++) c->wrong |= b.at[i] != pattern(c->back++);
		break;
	case NET_CLOSED: c->closed++, c->why = ev->why; break;
	default: break;
	}
}

static struct server server;
static struct client client;

static void programs(unsigned at, unsigned from, uint64_t total)
{
	server = (struct server){ 0 };
	client = (struct client){ .total = total };
	lan.app[at] = (struct app){ serve, &server };
	lan.app[from] = (struct app){ call, &client };
}

static bool echoed(void)
{
	return client.back == client.total && !client.wrong && client.closed == 1 && client.why == NET_DONE &&
	       server.accepted == 1 && server.closed == 1 && server.why == NET_DONE;
}

static void either_side_may_close_first(void)
{
	struct net_event ev;
	routed(&stack_limits_host, 1500);
	net_id listener = listen_on(2, "0.0.0.0:7");
	for (unsigned first = 0; first <= 2; first += 2) {
		net_id id[3] = { connect_to(0, "10.0.1.1:7") };
		lan_run_for(SECOND);
		CHECK(lan_next_is(0, NET_CONNECTED, &ev) && ev.id == id[0]);
		CHECK(lan_next_is(2, NET_ACCEPTED, &ev) && ev.on == listener);
		id[2] = ev.id;
		unsigned second = 2 - first;
		net_finish(lan_net(first), id[first]);
		lan_run_for(SECOND);
		CHECK(lan_next_is(second, NET_EOF, &ev) && !net_next(lan_net(first), &ev));
		CHECK_EQ(net_send(lan_net(second), id[second], bytes_of("last words")), 10);
		net_finish(lan_net(second), id[second]);
		lan_run_for(SECOND);
		CHECK(lan_next_is(second, NET_CLOSED, &ev) && ev.why == NET_DONE);
		CHECK(lan_next_is(first, NET_READABLE, &ev));
		CHECK(bytes_equal(net_peek(lan_net(first), id[first]), bytes_of("last words")));
		net_take(lan_net(first), id[first], 10);
		CHECK(lan_next_is(first, NET_EOF, &ev));
		CHECK(lan_next_is(first, NET_CLOSED, &ev) && ev.why == NET_DONE); /* while TIME-WAIT goes on */
		CHECK_EQ(net_peek(lan_net(first), id[first]).len, 0);
		lan_run_for(0);
		CHECK_EQ(stack_counts(lan.host[second]).connections, 0);
		CHECK_EQ(stack_counts(lan.host[first]).connections, 1);
		lan_run_for(61 * SECOND);
		CHECK_EQ(stack_counts(lan.host[first]).connections, 0);
	}
	lan_end_test();
}

static void an_echo_through_a_router(void)
{
	routed(&stack_limits_host, 1500);
	programs(2, 0, 3000000);
	CHECK(listen_on(2, "0.0.0.0:7") != 0 && connect_to(0, "10.0.1.1:7") != 0);
	lan_run_for(5 * SECOND);
	CHECK(echoed());
	lan_end_test();
}

static unsigned too_big_seen;
static void watch_too_big(unsigned wire, struct bytes frame, const char *story)
{
	struct eth eth;
	struct ip4 ip;
	(void)wire, (void)story;
	if (eth_parse(frame, &eth) != DROP_NONE || eth.type != ETH_IP4 || ip4_parse(eth.payload, &ip) != DROP_NONE) return;
	too_big_seen += ip.protocol == IP_ICMP && ip.payload.at[0] == ICMP4_UNREACHABLE && ip.payload.at[1] == ICMP4_TOO_BIG;
}

/* Both ends think 1500; the router's second link takes 1280. RFC 1191. */
static void a_small_path_is_learnt(void)
{
	routed(&stack_limits_host, 1280);
	programs(2, 0, 300000);
	lan.watch = watch_too_big;
	too_big_seen = 0;
	CHECK(listen_on(2, "0.0.0.0:7") != 0 && connect_to(0, "10.0.1.1:7") != 0);
	lan_run_for(5 * SECOND);
	CHECK(echoed());
	CHECK(too_big_seen > 0 && too_big_seen < 20);
	struct addr local, remote;
	const struct tcp *t = stack_next_connection(lan.host[0], NULL, &local, &remote);
	CHECK(t != NULL && t->mss == 1240 && remote.port == 7);
	CHECK(stack_next_connection(lan.host[0], t, &local, &remote) == NULL);
	lan_end_test();
}

static struct rng luck;
static bool lose_some(unsigned wire, struct bytes frame)
{
	(void)frame;
	return wire == 1 && rng_chance(&luck, 30000000);
}

static void what_is_lost_comes_again(void)
{
	routed(&stack_limits_host, 1500);
	rng_init_number(&luck, 4);
	programs(2, 0, 500000);
	lan.spoil = lose_some;
	CHECK(listen_on(2, "0.0.0.0:7") != 0 && connect_to(0, "10.0.1.1:7") != 0);
	lan_run_for(200 * SECOND);
	CHECK(echoed());
	lan_end_test();
}

static void ends_that_are_not_there(void)
{
	struct net_event ev;
	routed(&stack_limits_host, 1500);
	net_id id = connect_to(0, "10.0.1.1:9");
	lan_run_for(0);
	CHECK(lan_next_is(0, NET_CLOSED, &ev) && ev.id == id && ev.why == NET_REFUSED);
	CHECK_EQ(lan_drops(2, DROP_NO_LISTENER), 1);
	CHECK(connect_to(0, "172.16.0.1:9") != 0); /* the router has no route */
	lan_run_for(0);
	CHECK(lan_next_is(0, NET_CLOSED, &ev) && ev.why == NET_UNREACHABLE);
	CHECK(connect_to(0, "10.0.1.77:9") != 0); /* the router finds no neighbour */
	lan_run_for(4 * SECOND);
	CHECK(lan_next_is(0, NET_CLOSED, &ev) && ev.why == NET_UNREACHABLE);
	CHECK(connect_to(1, "172.16.0.1:9") == 0 && net_why_not(lan_net(1)) == NET_UNREACHABLE);
	CHECK(connect_to(0, "255.255.255.255:9") == 0 && connect_to(0, "224.0.0.1:9") == 0);
	CHECK(connect_to(0, "10.0.0.255:9") == 0 && connect_to(0, "10.0.0.2:0") == 0);
	lan_run_for(0);
	CHECK_EQ(stack_counts(lan.host[0]).connections, 0);
	lan_end_test();
}

static bool lose_all(unsigned wire, struct bytes frame)
{
	(void)wire, (void)frame;
	return true;
}

static void who_falls_silent_is_given_up(void)
{
	struct net_event ev;
	routed(&stack_limits_host, 1500);
	listen_on(2, "0.0.0.0:7");
	net_id id = connect_to(0, "10.0.1.1:7");
	lan_run_for(SECOND);
	CHECK(lan_next_is(0, NET_CONNECTED, &ev));
	lan.spoil = lose_all;
	CHECK_EQ(net_send(lan_net(0), id, bytes_of("hello?")), 6);
	lan_run_for(50 * SECOND);
	CHECK(!net_next(lan_net(0), &ev));
	lan_run_for(100 * SECOND);
	CHECK(lan_next_is(0, NET_CLOSED, &ev) && ev.id == id && (ev.why == NET_TIMED_OUT || ev.why == NET_UNREACHABLE));
	lan_end_test();
}

/* A thousand at once, all alive and echoing. */
static void a_thousand_connections(void)
{
	enum { MANY = 1000 };
	struct stack_limits limits = stack_limits_host;
	static struct client clients[MANY];
	struct net_event ev;
	net_id *id = calloc(MANY, sizeof *id);

	limits.connections_max = 1100, limits.backlog_max = 1000, limits.rx_bytes = limits.tx_bytes = 4096;
	routed(&limits, 1500);
	programs(2, 0, 0);
	lan.app[0].event = NULL;
	listen_on(2, "0.0.0.0:7");
	for (int i = 0; i < MANY; i++) CHECK((id[i] = connect_to(0, "10.0.1.1:7")) != 0);
	unsigned connected = 0, closed = 0;
	for (int i = 0; i < MANY; i++) clients[i] = (struct client){ .total = 3000 };
	for (int turn = 0; closed < MANY; turn++) {
		CHECK(turn < 10000);
		lan_run_for(MILLISECOND);
		while (net_next(lan_net(0), &ev)) {
			int i = 0;
			while (id[i] != ev.id) i++;
			call(&clients[i], lan_net(0), &ev);
			connected += ev.what == NET_CONNECTED;
			closed += ev.what == NET_CLOSED;
		}
	}
	CHECK(connected == MANY && server.accepted == MANY);
	for (int i = 0; i < MANY; i++) CHECK(clients[i].back == 3000 && !clients[i].wrong && clients[i].why == NET_DONE);
	lan_run_for(61 * SECOND);
	CHECK_EQ(stack_counts(lan.host[0]).connections, 0);
	free(id);
	lan_end_test();
}

/* A place in TIME-WAIT is given up when another connection needs it. */
static void time_wait_makes_room(void)
{
	struct stack_limits limits = stack_limits_host;
	limits.connections_max = 4;
	routed(&limits, 1500);
	listen_on(2, "0.0.0.0:7");
	for (int i = 0; i < 20; i++) {
		programs(2, 0, 1000);
		CHECK(connect_to(0, "10.0.1.1:7") != 0);
		lan_run_for(SECOND);
		CHECK(echoed());
	}
	CHECK_EQ(stack_counts(lan.host[0]).connections, 4);
	lan_end_test();
}

static void a_new_program_may_listen_at_once(void)
{
	struct net_event ev;
	routed(&stack_limits_host, 1500);
	net_id listener = listen_on(2, "0.0.0.0:7");
	CHECK(listen_on(2, "10.0.1.1:7") == 0 && net_why_not(lan_net(2)) == NET_IN_USE);
	net_id id = connect_to(0, "10.0.1.1:7");
	net_finish(lan_net(2), listener); /* before the handshake is through */
	lan_run_for(SECOND);
	CHECK(lan_next_is(0, NET_CLOSED, &ev) && ev.id == id && ev.why == NET_REFUSED);
	listener = listen_on(2, "0.0.0.0:7");
	id = connect_to(0, "10.0.1.1:7");
	lan_run_for(SECOND);
	net_finish(lan_net(2), listener); /* before the program has heard of it */
	CHECK(!net_next(lan_net(2), &ev));
	lan_run_for(SECOND);
	CHECK(lan_next_is(0, NET_CONNECTED, &ev) && lan_next_is(0, NET_CLOSED, &ev) && ev.why == NET_RESET);
	listener = listen_on(2, "0.0.0.0:7");
	CHECK(listener != 0);
	id = connect_to(0, "10.0.1.1:7");
	lan_run_for(SECOND);
	CHECK(lan_next_is(0, NET_CONNECTED, &ev) && lan_next_is(2, NET_ACCEPTED, &ev));
	net_finish(lan_net(2), listener); /* what is open stays open */
	CHECK_EQ(net_send(lan_net(0), id, bytes_of("x")), 1);
	lan_run_for(SECOND);
	CHECK(lan_next_is(2, NET_READABLE, &ev));
	lan_end_test();
}

static void to_ourselves(void)
{
	lan_host(&stack_limits_host, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	lan_run_for(2 * SECOND);
	static const char *const here[] = { "127.0.0.1:7", "10.0.0.1:7", "[::1]:7" };
	uint64_t frames = lan.wire[0].frames;
	listen_on(0, "[::]:7");
	for (size_t i = 0; i < COUNT(here); i++) {
		struct net_event ev;
		net_id id = connect_to(0, here[i]), other;
		CHECK(id != 0);
		lan_run_for(SECOND);
		CHECK(lan_next_is(0, NET_CONNECTED, &ev) && ev.id == id);
		CHECK(lan_next_is(0, NET_ACCEPTED, &ev));
		other = ev.id;
		static uint8_t large[200000];
		CHECK_EQ(net_send(lan_net(0), id, (struct bytes){ large, sizeof large }), sizeof large);
		lan_run_for(SECOND);
		size_t taken = 0;
		for (struct bytes b; (b = net_peek(lan_net(0), other)).len > 0; taken += b.len) {
			net_take(lan_net(0), other, b.len);
			lan_run_for(SECOND);
		}
		CHECK_EQ(taken, sizeof large);
		net_abort(lan_net(0), id);
		lan_run_for(SECOND);
		while (net_next(lan_net(0), &ev)) CHECK(ev.id == other);
		lan_run_for(0);
		CHECK_EQ(stack_counts(lan.host[0]).connections, 0);
	}
	CHECK_EQ(lan.wire[0].frames, frames);
	lan_end_test();
}

/* ---- A stranger that writes its segments by hand. */

static struct lan_end *stranger;
static const struct mac stranger_mac = { { 2, 0xff, 0, 0, 0, 1 } };

static void say(struct tcp_seg seg, const char *from)
{
	uint8_t packet[200];
	struct ip4 ip = { .ttl = 64, .protocol = IP_TCP, .src = lan_ip(from), .dst = lan_ip("10.0.0.1") };
	size_t len = tcp_emit(&seg, ip.src, ip.dst, (struct room){ packet + 20, sizeof packet - 20 });
	ip.payload.len = len;
	ip4_emit(&ip, (struct room){ packet, sizeof packet });
	lan_say(stranger, lan_mac(0, 0), stranger_mac, ETH_IP4, (struct bytes){ packet, 20 + len });
}

static void a_flood_of_syns_stays_in_its_bounds(void)
{
	struct stack_limits limits = stack_limits_host;
	struct net_event ev;

	limits.backlog_max = 10;
	lan_host(&limits, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	lan_host(&limits, false);
	lan_attach(1, 0, 1500, "10.0.0.2/24");
	stranger = lan_stranger(0);
	lan_run_for(2 * SECOND);
	listen_on(0, "0.0.0.0:7");
	for (uint16_t port = 1000; port < 1100; port++) {
		say((struct tcp_seg){ .src_port = port, .dst_port = 7, .seq = port, .flags = TCP_SYN }, "10.0.0.9");
		lan_run_for(0);
	}
	CHECK_EQ(lan_drops(0, DROP_BACKLOG), 90);
	CHECK_EQ(stack_counts(lan.host[0]).connections, 10);
	CHECK(!net_next(lan_net(0), &ev)); /* the program hears nothing of it */
	lan_run_for(200 * SECOND); /* they are given up, and there is room again */
	CHECK_EQ(stack_counts(lan.host[0]).connections, 0);
	CHECK(!net_next(lan_net(0), &ev));
	CHECK(connect_to(1, "10.0.0.1:7") != 0);
	lan_run_for(SECOND);
	CHECK(lan_next_is(1, NET_CONNECTED, &ev) && lan_next_is(0, NET_ACCEPTED, &ev));
	lan_end_test();
}

static void lies_about_a_connection_are_not_believed(void)
{
	struct net_event ev;
	struct addr local, remote;
	lan_host(&stack_limits_host, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	lan_host(&stack_limits_host, false);
	lan_attach(1, 0, 1500, "10.0.0.2/24");
	stranger = lan_stranger(0);
	lan_run_for(2 * SECOND);
	listen_on(1, "0.0.0.0:7");
	net_id id = connect_to(0, "10.0.0.2:7");
	lan_run_for(SECOND);
	CHECK(lan_next_is(0, NET_CONNECTED, &ev) && net_local(lan_net(0), id, &local));
	const struct tcp *t = stack_next_connection(lan.host[0], NULL, &local, &remote);
	struct tcp_seg rst = { .src_port = 7, .dst_port = local.port, .seq = t->rcv_nxt + 1000, .flags = TCP_RST };
	say(rst, "10.0.0.2"); /* RFC 5961: within the window is not enough */
	/* An ICMP error for a sequence number that is not on its way: RFC 5927, 4.1. */
	uint8_t quoted[28], message[64], packet[100];
	struct ip4 inner = { .ttl = 60, .protocol = IP_TCP, .src = local.ip, .dst = remote.ip, .payload = { NULL, 500 } };
	ip4_emit(&inner, (struct room){ quoted, sizeof quoted });
	store_be16(quoted + 20, local.port), store_be16(quoted + 22, 7), store_be32(quoted + 24, t->snd_nxt + 5000);
	struct icmp m = { .type = ICMP4_UNREACHABLE, .code = ICMP4_TOO_BIG, .rest = 600, .payload = { quoted, 28 } };
	size_t len = icmp_emit(&m, lan_ip("10.0.0.9"), local.ip, (struct room){ message, sizeof message });
	struct ip4 outer = { .ttl = 60, .protocol = IP_ICMP, .src = lan_ip("10.0.0.9"), .dst = local.ip,
		.payload = { message, len } };
	size_t header = ip4_emit(&outer, (struct room){ packet, sizeof packet });
	memcpy(packet + header, message, len);
	lan_say(stranger, lan_mac(0, 0), stranger_mac, ETH_IP4, (struct bytes){ packet, header + len });
	lan_run_for(SECOND);
	CHECK(t->mss == 1460 && !net_next(lan_net(0), &ev));
	CHECK_EQ(lan_drops(0, DROP_SEQUENCE), 2);
	CHECK_EQ(net_send(lan_net(0), id, bytes_of("still here")), 10);
	connect_to(0, "10.0.0.2:7"); /* nor does the next one believe it */
	lan_run_for(SECOND);
	t = stack_next_connection(lan.host[0], t, &local, &remote);
	CHECK(t != NULL && t->state == TCP_ESTABLISHED);
	CHECK_EQ(t->mss, 1460);
	lan_end_test();
}

/* RFC 9293, 3.10.7.4: the same four numbers again, while the old connection is in TIME-WAIT. */
static void a_syn_reopens_a_connection_in_time_wait(void)
{
	struct net_event ev;
	struct addr local, remote;
	lan_host(&stack_limits_host, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	stranger = lan_stranger(0);
	lan_run_for(2 * SECOND);
	listen_on(0, "0.0.0.0:7");
	struct tcp_seg seg = { .src_port = 1000, .dst_port = 7, .seq = 100, .flags = TCP_SYN, .window = 1000 };
	uint32_t old = 0;
	for (int round = 0; round < 2; round++) {
		seg.flags = TCP_SYN;
		say(seg, "10.0.0.9");
		lan_run_for(0);
		const struct tcp *t = stack_next_connection(lan.host[0], NULL, &local, &remote);
		CHECK(t != NULL && t->state == TCP_SYN_RECEIVED);
		CHECK(round == 0 || (int32_t)(t->iss - old) > 0); /* though the clock of RFC 6528 has not moved */
		seg.seq++, seg.flags = TCP_ACK, seg.ack = t->iss + 1;
		say(seg, "10.0.0.9");
		lan_run_for(0);
		CHECK(lan_next_is(0, NET_ACCEPTED, &ev));
		net_finish(lan_net(0), ev.id);
		lan_run_for(0);
		seg.flags = TCP_ACK | TCP_FIN, seg.ack = t->iss + 2;
		say(seg, "10.0.0.9");
		lan_run_for(0);
		CHECK_EQ(t->state, TCP_TIME_WAIT);
		old = t->snd_nxt;
		CHECK(lan_next_is(0, NET_EOF, &ev) && lan_next_is(0, NET_CLOSED, &ev));
		lan_run_for(0);
		seg.seq += 1000;
	}
	CHECK_EQ(stack_counts(lan.host[0]).connections, 1);
	lan_end_test();
}

/* A process that ends takes its stack with it: the others are told. */
static void a_host_that_goes_says_so(void)
{
	struct net_event ev;
	struct addr local, remote;
	lan_host(&stack_limits_host, false);
	lan_attach(0, 0, 1500, "10.0.0.1/24");
	lan_host(&stack_limits_host, false);
	lan_attach(1, 0, 1500, "10.0.0.2/24");
	lan_run_for(2 * SECOND);
	listen_on(1, "0.0.0.0:7");
	net_id open = connect_to(0, "10.0.0.2:7"), finished = connect_to(0, "10.0.0.2:7");
	lan_run_for(SECOND);
	CHECK(lan_next_is(0, NET_CONNECTED, &ev) && lan_next_is(0, NET_CONNECTED, &ev));
	for (int i = 0; i < 2; i++) { /* the server has finished the one whose client is `finished` */
		CHECK(lan_next_is(1, NET_ACCEPTED, &ev) && net_local(lan_net(0), finished, &local));
		if (ev.peer.port == local.port) net_finish(lan_net(1), ev.id);
	}
	lan_run_for(SECOND);
	CHECK(lan_next_is(0, NET_EOF, &ev) && ev.id == finished);
	stack_close(lan.host[1], lan.now);
	lan_run_for(SECOND);
	CHECK(lan_next_is(0, NET_CLOSED, &ev) && ev.id == open && ev.why == NET_RESET);
	CHECK(!net_next(lan_net(0), &ev));
	const struct tcp *t = stack_next_connection(lan.host[1], NULL, &local, &remote);
	CHECK(t != NULL && t->state == TCP_FIN_WAIT_2 && stack_next_connection(lan.host[1], t, &local, &remote) == NULL);
	connect_to(0, "10.0.0.2:7");
	lan_run_for(SECOND);
	CHECK(lan_next_is(0, NET_CLOSED, &ev) && ev.why == NET_REFUSED);
	lan_end_test();
}

static unsigned stories;
static void watch_stories(unsigned wire, struct bytes frame, const char *story)
{
	(void)wire, (void)frame;
	if (story != NULL && strstr(story, "retransmit") != NULL) stories++;
}

static void reasons_travel_with_frames(void)
{
	static struct trace trace;
	lan.trace = &trace;
	routed(&stack_limits_host, 1500);
	rng_init_number(&luck, 4);
	programs(2, 0, 200000);
	lan.spoil = lose_some, lan.watch = watch_stories;
	stories = 0;
	listen_on(2, "0.0.0.0:7"), connect_to(0, "10.0.1.1:7");
	lan_run_for(100 * SECOND);
	CHECK(echoed());
	CHECK(stories > 0);
	lan_end_test();
}

int main(void)
{
	TEST(either_side_may_close_first);
	TEST(an_echo_through_a_router);
	TEST(a_small_path_is_learnt);
	TEST(what_is_lost_comes_again);
	TEST(ends_that_are_not_there);
	TEST(who_falls_silent_is_given_up);
	TEST(a_thousand_connections);
	TEST(time_wait_makes_room);
	TEST(a_new_program_may_listen_at_once);
	TEST(to_ourselves);
	TEST(a_flood_of_syns_stays_in_its_bounds);
	TEST(lies_about_a_connection_are_not_believed);
	TEST(a_syn_reopens_a_connection_in_time_wait);
	TEST(a_host_that_goes_says_so);
	TEST(reasons_travel_with_frames);
	return tap_end();
}
