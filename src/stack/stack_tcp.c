/* SPDX-License-Identifier: ISC */
/* Connections around proto/tcp. A connection's slot outlives what the program knows of it: the program is told
 * CLOSED when both sides have finished, while TIME-WAIT goes on; and half-open ones are not known to it yet. */
#include "stack/stack_inside.h"

/* ---- Both ends name a connection. */

static uint64_t tuple_hash(const struct stack *s, struct ip local, uint16_t local_port, struct ip remote,
                           uint16_t remote_port)
{
	uint8_t key[36];
	memcpy(key, local.byte, 16);
	memcpy(key + 16, remote.byte, 16);
	store_be16(key + 32, local_port);
	store_be16(key + 34, remote_port);
	return siphash13(s->secret, (struct bytes){ key, sizeof key });
}

static inline bool has_ends(const struct connection *c, struct ip local, uint16_t local_port, struct ip remote,
                            uint16_t remote_port)
{
	return c->used && c->tcp.local_port == local_port && c->tcp.remote_port == remote_port &&
	       ip_equal(c->remote.ip, remote) && ip_equal(c->local.ip, local);
}

static struct connection *find(struct stack *s, struct ip local, uint16_t local_port, struct ip remote,
                               uint16_t remote_port)
{
	if (s->last_found != 0) { /* segments come in trains */
		struct connection *c = &s->connection[s->last_found - 1];
		if (has_ends(c, local, local_port, remote, remote_port)) return c;
	}
	uint64_t hash = tuple_hash(s, local, local_port, remote, remote_port);
	for (uint32_t at = INDEX_START, i; index_find(&s->tuples, hash, &at, &i);)
		if (has_ends(&s->connection[i], local, local_port, remote, remote_port)) {
			s->last_found = i + 1;
			return &s->connection[i];
		}
	return NULL;
}

static uint64_t hash_of(const struct stack *s, const struct connection *c)
{
	return tuple_hash(s, c->local.ip, c->local.port, c->remote.ip, c->remote.port);
}

static inline uint32_t number_of(const struct stack *s, const struct connection *c)
{
	return (uint32_t)(c - s->connection) + 1;
}

struct connection *stack_tcp_of(struct stack *s, net_id id)
{
	uint32_t slot = id & ((UINT32_C(1) << s->slot_bits) - 1);
	if (slot < s->limits.sockets_max || slot - s->limits.sockets_max >= s->connections_used) return NULL;
	struct connection *c = &s->connection[slot - s->limits.sockets_max];
	return c->used && c->ours && c->generation == id >> s->slot_bits ? c : NULL;
}

/* ---- Lists: those with something to send, and those in TIME-WAIT. */

void stack_tcp_ready(struct stack *s, struct connection *c)
{
	if (c->ready) return;
	c->ready = true;
	c->ready_next = 0;
	if (s->ready_first == 0) s->ready_first = number_of(s, c);
	else s->connection[s->ready_last - 1].ready_next = number_of(s, c);
	s->ready_last = number_of(s, c);
}

static void late_add(struct stack *s, struct connection *c)
{
	c->late = true;
	c->late_next = 0;
	c->late_before = s->late_last;
	if (s->late_last == 0) s->late_first = number_of(s, c);
	else s->connection[s->late_last - 1].late_next = number_of(s, c);
	s->late_last = number_of(s, c);
}

static void late_remove(struct stack *s, struct connection *c)
{
	if (!c->late) return;
	c->late = false;
	if (c->late_before == 0) s->late_first = c->late_next;
	else s->connection[c->late_before - 1].late_next = c->late_next;
	if (c->late_next == 0) s->late_last = c->late_before;
	else s->connection[c->late_next - 1].late_before = c->late_before;
}

/* ---- Slots. */

static void release(struct stack *s, struct connection *c)
{
	assert(c->used && !c->ready && !c->ours);
	index_remove(&s->tuples, hash_of(s, c), number_of(s, c) - 1);
	heap_set(&s->due, number_of(s, c) - 1, NEVER);
	late_remove(s, c);
	c->used = false;
	c->free_next = s->connection_free;
	s->connection_free = number_of(s, c);
	s->counts.connections--;
}

/* A slot that is free, or that of the connection longest in TIME-WAIT: it has said all it had to say, and only
 * guards against its own late segments. */
static struct connection *take_slot(struct stack *s)
{
	if (s->connection_free == 0 && s->connections_used < s->limits.connections_max)
		return &s->connection[s->connections_used++];
	for (uint32_t i = s->late_first; s->connection_free == 0 && i != 0; i = s->connection[i - 1].late_next) {
		struct connection *c = &s->connection[i - 1];
		if (c->ours || c->ready) continue;
		release(s, c);
		break;
	}
	if (s->connection_free == 0) return NULL;
	struct connection *c = &s->connection[s->connection_free - 1];
	s->connection_free = c->free_next;
	return c;
}

static struct connection *add(struct stack *s, const struct addr *local, const struct addr *remote,
                              const struct way *w, struct tcp_config *config)
{
	struct connection *c = take_slot(s);
	if (c == NULL) return NULL;

	uint32_t i = number_of(s, c) - 1, generation = next_generation(s, c->generation), news_next = c->news_next;
	bool listed = c->listed;
	memset((uint8_t *)c + sizeof c->tcp, 0, sizeof *c - sizeof c->tcp); /* tcp sets itself up */
	c->used = true;
	c->generation = generation, c->news_next = news_next, c->listed = listed;
	c->local = *local, c->remote = *remote, c->way = *w;
	index_add(&s->tuples, hash_of(s, c), i);
	s->counts.connections++;

	bool four = ip_is4(remote->ip);
	uint8_t *rings = s->rings + (size_t)i * (s->limits.rx_bytes + (size_t)s->limits.tx_bytes);
	/* The loop takes 64 KiB, but a few segments should find room in its queue at once. */
	size_t mtu = size_min(w->mtu, 16384);
	*config = (struct tcp_config){
		.rx = { rings, s->limits.rx_bytes }, .tx = { rings + s->limits.rx_bytes, s->limits.tx_bytes },
		.local_port = local->port, .remote_port = remote->port,
		.iss = tcp_iss(s->tcp_secret, s->now, local, remote),
		.mss = (uint16_t)(mtu - TCP_HEADER_BYTES - (four ? IP4_HEADER_BYTES : IP6_HEADER_BYTES)),
		.mss_default = four ? 0 : IP6_MTU_MIN - IP6_HEADER_BYTES - TCP_HEADER_BYTES,
		.give_up_after = s->config.give_up_after,
		.trace = s->config.trace,
	};
	return c;
}

/* ---- Opening. */

static net_id refuse(struct stack *s, enum net_why why)
{
	s->net.why_not = why;
	return 0;
}

/* RFC 6056, 3.3.1: by chance. A port may serve several connections, as long as their other ends differ. */
static uint16_t draw_port(struct stack *s, struct ip local, const struct addr *remote)
{
	for (unsigned i = 0; i < EPHEMERAL_TRIES; i++) {
		uint16_t port = (uint16_t)(EPHEMERAL_FIRST + rng_below(s->config.rng, 65536 - EPHEMERAL_FIRST));
		struct addr a = { local, port, 0 };
		if (stack_socket_find(s, SOCKET_LISTENER, &a) == NULL &&
		    find(s, local, port, remote->ip, remote->port) == NULL)
			return port;
	}
	return 0;
}

/* Our end: as asked, or chosen. NET_DONE: `local` is it. */
static enum net_why choose_local(struct stack *s, const struct addr *remote, const struct net_how *how, const struct way *w,
                                 struct addr *local)
{
	*local = how != NULL ? (struct addr){ how->from.ip, how->from.port, 0 } : (struct addr){ .port = 0 };
	if (ip_is_any(local->ip)) local->ip = w->source;
	else if (ip_is4(local->ip) != ip_is4(remote->ip) || !stack_out_is_ours(s, local->ip)) return NET_NO_ADDRESS;
	if (ip_is_any(local->ip)) return NET_NO_ADDRESS;
	if (local->port == 0) return (local->port = draw_port(s, local->ip, remote)) != 0 ? NET_DONE : NET_IN_USE;
	bool taken = stack_socket_find(s, SOCKET_LISTENER, local) != NULL || find(s, local->ip, local->port, remote->ip, remote->port) != NULL;
	return taken ? NET_IN_USE : NET_DONE;
}

net_id stack_tcp_connect(struct net *net, const struct addr *remote, const struct net_how *how)
{
	struct stack *s = (struct stack *)net;
	struct tcp_config config;
	struct manner manner;
	struct addr local, peer = *remote;
	struct way w;
	enum net_why why = stack_net_manner(&manner, how);

	if (remote->port == 0 || ip_is_any(remote->ip) || ip_is_multicast(remote->ip)) return refuse(s, NET_UNREACHABLE);
	if (!stack_out_way(s, remote->ip, remote->interface, &w)) return refuse(s, NET_UNREACHABLE);
	if (w.kind != WAY_ONE && w.kind != WAY_LOOP) return refuse(s, NET_UNREACHABLE);
	if (why == NET_DONE) why = choose_local(s, remote, how, &w, &local);
	if (why != NET_DONE) return refuse(s, why);
	struct connection *c = add(s, &local, &peer, &w, &config);
	if (c == NULL) return refuse(s, NET_NO_ROOM);
	c->manner = manner;
	tcp_connect(&c->tcp, &config);
	c->ours = true;
	stack_tcp_ready(s, c);
	return id_of(s, slot_of_connection(s, c), c->generation);
}

/* A SYN for a listener: worth a connection if its backlog allows (RFC 4987, 3.2). `old` is how far the connection
 * came whose place it takes, or NULL: the new one's numbers lie beyond (RFC 9293, 3.10.7.4, fourth, TIME-WAIT). */
static enum drop accept(struct stack *s, const struct packet *p, struct socket *listener, const struct tcp_seg *syn,
                        const uint32_t *old)
{
	struct addr local = { p->dst, syn->dst_port, 0 }, remote = { p->src, syn->src_port, 0 };
	struct tcp_config config;
	struct way w;

	if (ip_is_link_local(p->src)) local.interface = remote.interface = p->interface;
	if (p->ttl < listener->manner.ttl_least) return DROP_TTL_LEAST; /* RFC 5082, 3 */
	if (listener->half_open >= s->limits.backlog_max) return DROP_BACKLOG;
	if (!stack_out_way(s, p->src, remote.interface, &w)) return DROP_NO_ROUTE;
	struct connection *c = add(s, &local, &remote, &w, &config);
	if (c == NULL) return DROP_NO_ROOM;
	if (old != NULL && (int32_t)(config.iss - *old) <= 0) config.iss = *old + 1;
	c->listener = (uint16_t)(listener - s->socket + 1);
	c->listener_generation = listener->generation;
	c->manner = listener->manner;
	c->half_open = true;
	listener->half_open++;
	tcp_accept(&c->tcp, &config, syn);
	stack_tcp_ready(s, c);
	return DROP_NONE;
}

/* ---- In. */

static void send_segment(struct stack *s, const struct way *w, const struct header *h, const struct tcp_seg *seg,
                         const char *story)
{
	size_t header = ip_is4(h->dst) ? IP4_HEADER_BYTES : IP6_HEADER_BYTES, len = tcp_emit_size(seg);
	struct room room = stack_out_room(s, w, header + len);

	if (room.at == NULL) return; /* lost; TCP will notice */
	stack_out_header(s, h, len, room);
	tcp_emit(seg, h->src, h->dst, room_skip(room, header));
	stack_out_commit(s, w, header + len, story);
}

static void answer_nobodys(struct stack *s, const struct packet *p, const struct tcp_seg *seg)
{
	struct header h = { .src = p->dst, .dst = p->src, .protocol = IP_TCP, .ttl = TTL_DEFAULT };
	struct tcp_seg rst;
	struct way w;

	if (tcp_refuse(seg, &rst) && stack_out_way(s, p->src, ip_is_link_local(p->src) ? p->interface : 0, &w))
		send_segment(s, &w, &h, &rst, NULL);
}

/* A new SYN for a connection in TIME-WAIT begins a new one, if its number is beyond the old one's (RFC 9293,
 * 3.10.7.4; RFC 6191). */
static bool is_reopened(struct stack *s, struct connection *c, const struct tcp_seg *seg, struct socket *listener)
{
	if (c->tcp.state != TCP_TIME_WAIT || c->ours || c->ready || listener == NULL) return false;
	if ((seg->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN) return false;
	if ((int32_t)(seg->seq - c->tcp.rcv_nxt) <= 0) return false;
	release(s, c);
	return true;
}

/* Something was acknowledged: so the next hop forwards what we send (RFC 4861, 7.3.1). */
static void it_hears_us(struct stack *s, struct connection *c)
{
	c->unreachable = false;
	if (c->way.kind == WAY_ONE) neighbour_confirm(&s->neighbours, s->now, c->way.interface, c->way.next);
}

void stack_tcp_input(struct stack *s, const struct packet *p)
{
	struct tcp_seg seg;
	enum drop drop = tcp_parse(p->payload, p->src, p->dst, !p->checked, &seg);

	if (drop == DROP_NONE && p->to_many) drop = DROP_NOT_OURS; /* RFC 9293, 3.9.2.3, MUST-57 */
	if (drop != DROP_NONE) {
		stack_drop(s, drop);
		return;
	}
	struct connection *c = find(s, p->dst, seg.dst_port, p->src, seg.src_port);
	if (c != NULL && p->ttl < c->manner.ttl_least) {
		stack_drop(s, DROP_TTL_LEAST);
		return;
	}
	if (c != NULL && c->tcp.state != TCP_TIME_WAIT) {
		uint32_t una = c->tcp.snd_una;
		drop = tcp_input(&c->tcp, s->now, &seg);
		if (drop != DROP_NONE) stack_drop(s, drop);
		if (c->tcp.snd_una != una) it_hears_us(s, c);
		stack_tcp_ready(s, c);
		return;
	}
	struct addr local = { p->dst, seg.dst_port, p->interface };
	struct socket *listener = stack_socket_find(s, SOCKET_LISTENER, &local);
	uint32_t old = c != NULL ? c->tcp.snd_nxt : 0;
	if (c != NULL && !is_reopened(s, c, &seg, listener)) {
		drop = tcp_input(&c->tcp, s->now, &seg);
		if (drop != DROP_NONE) stack_drop(s, drop);
		stack_tcp_ready(s, c);
		return;
	}
	if (listener != NULL && (seg.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN) {
		drop = accept(s, p, listener, &seg, c != NULL ? &old : NULL);
		if (drop != DROP_NONE) stack_drop(s, drop);
		return;
	}
	/* RFC 9293, 3.10.7.2: what is no SYN is refused as on a closed port. */
	stack_drop(s, listener == NULL && (seg.flags & TCP_SYN) ? DROP_NO_LISTENER : DROP_NO_CONNECTION);
	answer_nobodys(s, p, &seg);
}

/* An ICMP error about one of our segments; only one that names a byte on its way is believed (RFC 5927, 4.1). */
bool stack_tcp_bounced(struct stack *s, const struct icmp_quote *q, enum net_why why, uint16_t mtu)
{
	struct connection *c = find(s, q->src, q->src_port, q->dst, q->dst_port);

	if (c == NULL || c->tcp.state == TCP_CLOSED) {
		stack_drop(s, DROP_NO_CONNECTION);
		return false;
	}
	if (q->tcp_seq - c->tcp.snd_una > c->tcp.snd_nxt - c->tcp.snd_una) {
		stack_drop(s, DROP_SEQUENCE);
		return false;
	}
	size_t headers = TCP_HEADER_BYTES + (ip_is4(q->dst) ? IP4_HEADER_BYTES : IP6_HEADER_BYTES);
	if (why == NET_TOO_BIG) {
		tcp_too_big(&c->tcp, (uint16_t)(mtu - headers));
	} else {
		c->unreachable = why == NET_UNREACHABLE;
		tcp_unreachable(&c->tcp, s->now);
	}
	stack_tcp_ready(s, c);
	return true;
}

/* ---- What it has to tell. */

static bool peer_finished(const struct connection *c)
{
	return c->tcp.fin_seen && c->tcp.rcv_nxt == c->tcp.rcv_fin + 1;
}

/* EOF comes when everything before it was taken; CLOSED, when the connection is over, comes after EOF. */
static void add_end_news(struct connection *c)
{
	if (peer_finished(c) && !c->eof_told && ring_used(&c->tcp.rx) == 0) {
		c->eof_told = true;
		c->news |= NEWS_EOF;
	}
	if (c->closing && (c->eof_told || !peer_finished(c))) c->news |= NEWS_CLOSED;
}

struct socket *stack_tcp_listener_of(struct stack *s, const struct connection *c)
{
	struct socket *k = &s->socket[c->listener - 1];
	return k->kind == SOCKET_LISTENER && k->generation == c->listener_generation ? k : NULL;
}

static void end_half_open(struct stack *s, struct connection *c)
{
	struct socket *listener = stack_tcp_listener_of(s, c);
	c->half_open = false;
	if (listener != NULL) listener->half_open--;
}

/* The three-way handshake is done: the program gets the connection, if its listener is still there. */
static void hand_over(struct stack *s, struct connection *c)
{
	end_half_open(s, c);
	if (stack_tcp_listener_of(s, c) != NULL) {
		c->ours = true;
		c->news |= NEWS_ACCEPTED;
	} else {
		tcp_abort(&c->tcp);
		stack_tcp_ready(s, c);
	}
}

static enum net_why why_of(const struct connection *c, unsigned news)
{
	if (news & TCP_REFUSED) return c->unreachable ? NET_UNREACHABLE : NET_REFUSED;
	if (news & TCP_RESET) return NET_RESET;
	if (news & TCP_GAVE_UP) return c->unreachable ? NET_UNREACHABLE : NET_TIMED_OUT;
	return NET_DONE;
}

static void gather_news(struct stack *s, struct connection *c)
{
	enum { ENDS = TCP_DONE | TCP_RESET | TCP_REFUSED | TCP_GAVE_UP };
	unsigned news = tcp_news(&c->tcp);

	if (c->half_open && (news & TCP_OPENED)) hand_over(s, c);
	else if (news & TCP_OPENED) c->news |= NEWS_CONNECTED;
	if (news & TCP_OPENED) c->unreachable = false;
	if ((news & TCP_READABLE) && ring_used(&c->tcp.rx) > 0) c->news |= NEWS_READABLE;
	if (news & TCP_WRITABLE) c->news |= NEWS_WRITABLE;
	if ((news & TCP_URGENT) && c->urgent_news) c->news |= NEWS_URGENT;
	if (c->tcp.state == TCP_TIME_WAIT && !c->late) {
		late_add(s, c);
		c->closing = true; /* for the program it is over; the rest is TCP's own */
	}
	if (news & ENDS) {
		c->why = why_of(c, news);
		c->closing = true;
		if (c->why != NET_DONE) { /* broken off: neither side has finished */
			c->eof_told = true;
			c->news &= (uint8_t)~(NEWS_WRITABLE | NEWS_EOF);
		}
	}
	add_end_news(c);
	if (!c->ours) c->news = 0;
	if (c->news != 0) stack_net_list_connection(s, c);
}

/* The program has taken bytes: perhaps it stands at the end now. */
void stack_tcp_taken(struct stack *s, struct connection *c)
{
	add_end_news(c);
	if (c->news != 0) stack_net_list_connection(s, c);
}

/* ---- Out. */

static void output(struct stack *s, struct connection *c)
{
	struct header h = { .src = c->local.ip, .dst = c->remote.ip, .protocol = IP_TCP, .ttl = c->manner.ttl,
		.traffic_class = c->manner.traffic_class & 0xfc, .dont_fragment = true }; /* so that the path's MTU is learnt: RFC 1191 */
	struct tcp_seg seg;

	while (tcp_output(&c->tcp, s->now, &seg))
		send_segment(s, &c->way, &h, &seg, trace_take(s->config.trace));
	gather_news(s, c);
	uint32_t i = number_of(s, c) - 1;
	instant at = tcp_deadline(&c->tcp);
	assert(at > s->now || c->ready);
	/* Timers mostly move away. What stands in the heap may be too soon, which costs one idle look when it
	 * comes; it is never too late. */
	uint32_t place = s->due.place[i];
	if (place == 0 || at < s->due.item[place - 1].at) heap_set(&s->due, i, at);
	if (c->tcp.state != TCP_CLOSED || c->ready) return;
	if (c->half_open) end_half_open(s, c);
	if (!c->ours) release(s, c);
}

void stack_tcp_output(struct stack *s)
{
	while (s->ready_first != 0) {
		struct connection *c = &s->connection[s->ready_first - 1];
		s->ready_first = c->ready_next;
		c->ready = false;
		output(s, c);
	}
	s->ready_last = 0;
}

void stack_tcp_due(struct stack *s)
{
	for (uint32_t who; heap_due(&s->due, s->now, &who);) {
		heap_set(&s->due, who, NEVER); /* set anew when it has had its say */
		stack_tcp_ready(s, &s->connection[who]);
	}
}

/* The program knows it no more: it goes on by itself until it is closed. */
void stack_tcp_abandon(struct stack *s, struct connection *c)
{
	c->ours = false;
	c->news = 0;
	stack_tcp_ready(s, c); /* which releases the slot if it can go at once */
}

/* What was finished is left to itself: a RST could take from the peer what it has yet to read. */
void stack_tcp_close_all(struct stack *s)
{
	for (uint32_t i = 0; i < s->connections_used; i++) {
		struct connection *c = &s->connection[i];
		if (!c->used || c->tcp.state == TCP_CLOSED || c->tcp.finished) continue;
		tcp_abort(&c->tcp);
		stack_tcp_abandon(s, c);
	}
}
