/* SPDX-License-Identifier: ISC */
#include "tool/dump/follow.h"

#include "base/pool.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"

#define RANGES_MAX 32

/* What came ahead of a gap, by its distance from the next byte wanted. Ranges are in order and do not touch. */
struct hold {
	uint32_t count;
	struct { uint32_t from, to; } range[RANGES_MAX];
	uint8_t bytes[FOLLOW_AHEAD_MAX];
};

struct direction { bool started; uint32_t next; struct hold *hold; };

struct connection {
	bool used, hello_seen;
	struct addr client, server;
	struct direction direction[2]; /* the client's, the server's */
	struct tls_watch *watch;
	uint64_t used_at;              /* in packets */
};

struct follow {
	struct crypt *crypt;
	const struct bytes *keylog;
	struct connection connection[FOLLOW_CONNECTIONS_MAX];
	struct pool watches, holds;
	struct follow_counts counts;
	uint64_t packets;
	/* what the last packet brought */
	struct connection *at;
	bool from_server;
	struct bytes pending;          /* for its watch */
	size_t from_hold;              /* bytes of it that lie in the hold */
};

#define ALIGNED(size) (((size) + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t))

size_t follow_size(void)
{
	return ALIGNED(sizeof(struct follow)) + FOLLOW_CONNECTIONS_MAX * ALIGNED(sizeof(struct tls_watch)) +
	       FOLLOW_HOLDS_MAX * ALIGNED(sizeof(struct hold));
}

struct follow *follow_init(struct room room, struct crypt *crypt, const struct bytes *keylog)
{
	struct follow *f = (struct follow *)(void *)room.at;
	size_t watches = FOLLOW_CONNECTIONS_MAX * ALIGNED(sizeof(struct tls_watch));

	assert(room.len >= follow_size() && (uintptr_t)room.at % alignof(max_align_t) == 0);
	*f = (struct follow){ .crypt = crypt, .keylog = keylog };
	room = room_skip(room, ALIGNED(sizeof *f));
	pool_init(&f->watches, (struct room){ room.at, watches }, ALIGNED(sizeof(struct tls_watch)));
	room = room_skip(room, watches);
	pool_init(&f->holds, (struct room){ room.at, FOLLOW_HOLDS_MAX * ALIGNED(sizeof(struct hold)) }, ALIGNED(sizeof(struct hold)));
	return f;
}

static void forget(struct follow *f, struct connection *c)
{
	if (!c->used) return;
	for (int i = 0; i < 2; i++)
		if (c->direction[i].hold != NULL) pool_give(&f->holds, c->direction[i].hold);
	tls_watch_end(c->watch);
	pool_give(&f->watches, c->watch);
	if (f->at == c) f->at = NULL;
	*c = (struct connection){ 0 };
}

void follow_end(struct follow *f)
{
	for (size_t i = 0; f != NULL && i < COUNT(f->connection); i++) forget(f, &f->connection[i]);
}

struct follow_counts follow_counts(const struct follow *f) { return f->counts; }

static struct connection *find(struct follow *f, const struct addr *from, const struct addr *to, bool *from_server)
{
	for (size_t i = 0; i < COUNT(f->connection); i++) {
		struct connection *c = &f->connection[i];
		if (!c->used) continue;
		*from_server = addr_equal(&c->server, from) && addr_equal(&c->client, to);
		if (*from_server || (addr_equal(&c->client, from) && addr_equal(&c->server, to))) return c;
	}
	return NULL;
}

/* Who goes first: those of which is not known whether they are TLS, then those that were silent for longest. */
static bool older(const struct connection *a, const struct connection *b)
{
	return a->hello_seen != b->hello_seen ? b->hello_seen : a->used_at < b->used_at;
}

/* A free place, or another's. */
static struct connection *place(struct follow *f)
{
	struct connection *oldest = &f->connection[0];

	for (size_t i = 0; i < COUNT(f->connection); i++) {
		if (!f->connection[i].used) return &f->connection[i];
		if (older(&f->connection[i], oldest)) oldest = &f->connection[i];
	}
	if (oldest->hello_seen) f->counts.evicted++;
	forget(f, oldest);
	return oldest;
}

static struct connection *begin(struct follow *f, const struct addr *client, const struct addr *server)
{
	struct connection *c = place(f);
	struct tls_watch *watch = pool_take(&f->watches);

	assert(watch != NULL); /* as many as connections */
	*c = (struct connection){ .used = true, .client = *client, .server = *server, .watch = watch };
	tls_watch_init(watch, f->crypt, f->keylog);
	return c;
}

/* ---- in order ---- */

/* Notes that bytes from..to are held; false: there are too many gaps. */
static bool add_range(struct hold *h, uint32_t from, uint32_t to)
{
	uint32_t i = 0, end;

	while (i < h->count && h->range[i].to < from) i++;
	for (end = i; end < h->count && h->range[end].from <= to; end++) {
		if (h->range[end].from < from) from = h->range[end].from;
		if (h->range[end].to > to) to = h->range[end].to;
	}
	if (end == i && h->count == RANGES_MAX) return false;
	memmove(&h->range[i + 1], &h->range[end], (h->count - end) * sizeof h->range[0]);
	h->count = h->count - (end - i) + 1;
	h->range[i].from = from;
	h->range[i].to = to;
	return true;
}

static bool hold(struct follow *f, struct direction *d, uint32_t ahead, struct bytes text)
{
	if (ahead > FOLLOW_AHEAD_MAX || text.len > FOLLOW_AHEAD_MAX - ahead) return false;
	if (d->hold == NULL) {
		d->hold = pool_take(&f->holds);
		if (d->hold == NULL) return false;
		d->hold->count = 0;
	}
	if (!add_range(d->hold, ahead, ahead + (uint32_t)text.len)) return false;
	memcpy(d->hold->bytes + ahead, text.at, text.len);
	return true;
}

/* The next byte wanted is n further on. */
static void advance(struct follow *f, struct direction *d, uint32_t n)
{
	struct hold *h = d->hold;
	uint32_t kept = 0, end = 0;

	d->next += n;
	if (h == NULL || n == 0) return;
	for (uint32_t i = 0; i < h->count; i++) {
		end = h->range[i].to;
		if (end <= n) continue;
		h->range[kept].from = h->range[i].from > n ? h->range[i].from - n : 0;
		h->range[kept++].to = end - n;
	}
	h->count = kept;
	if (kept > 0) {
		memmove(h->bytes, h->bytes + n, end - n);
		return;
	}
	pool_give(&f->holds, h);
	d->hold = NULL;
}

static void give_up(struct follow *f, struct connection *c, uint64_t *count)
{
	if (c->hello_seen) (*count)++;
	forget(f, c);
}

static void take_text(struct follow *f, struct connection *c, bool from_server, uint32_t seq, struct bytes text)
{
	struct direction *d = &c->direction[from_server];
	int32_t ahead = (int32_t)(seq - d->next);

	if (ahead < 0) { /* it has come before, or its beginning has */
		size_t old = size_min((size_t)-(int64_t)ahead, text.len);
		text = bytes_skip(text, old);
		ahead = 0;
	}
	if (text.len == 0) return;
	if (ahead > 0) {
		if (!hold(f, d, (uint32_t)ahead, text)) give_up(f, c, &f->counts.gaps);
		return;
	}
	f->at = c;
	f->from_server = from_server;
	f->pending = text;
	f->from_hold = 0;
}

/* ---- packets ---- */

static bool parse_ip(struct bytes frame, bool raw_ip, struct ip *src, struct ip *dst, struct bytes *segment)
{
	struct eth eth;
	struct ip4 four;
	struct ip6 six;

	if (!raw_ip) {
		if (eth_parse(frame, &eth) != DROP_NONE) return false;
		frame = eth.payload;
	}
	if (frame.len == 0) return false;
	if (frame.at[0] >> 4 == 4) {
		if (ip4_parse(frame, &four) != DROP_NONE || four.protocol != IP_TCP || four.more_fragments || four.fragment_offset > 0) return false;
		*src = four.src, *dst = four.dst, *segment = four.payload;
		return true;
	}
	if (ip6_parse(frame, &six) != DROP_NONE || six.protocol != IP_TCP || six.more_fragments || six.fragment_offset > 0) return false;
	*src = six.src, *dst = six.dst, *segment = six.payload;
	return true;
}

static void start(struct direction *d, uint32_t next)
{
	d->started = true;
	d->next = next;
}

/* A connection that is new to us: from its SYN on, or from a ClientHello when that was not seen. */
static struct connection *meet(struct follow *f, const struct addr *from, const struct addr *to, const struct tcp_seg *s)
{
	struct connection *c;

	if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) return begin(f, from, to);
	if ((s->flags & TCP_SYN) || s->text.len < TLS_RECORD_HEADER + 1 || !tls_watch_looks(s->text)) return NULL;
	c = begin(f, from, to);
	start(&c->direction[0], s->seq);
	start(&c->direction[1], s->ack);
	return c;
}

/* Whether it is TLS is seen by the client's first bytes; a server that speaks first does not. */
static bool is_tls(struct follow *f, struct connection *c, bool from_server, const struct tcp_seg *s)
{
	if (c->hello_seen || from_server || s->seq != c->direction[0].next) return c->hello_seen || !from_server;
	if (!tls_watch_looks(s->text)) {
		forget(f, c);
		return false;
	}
	c->hello_seen = true;
	f->counts.connections++;
	return true;
}

void follow_packet(struct follow *f, struct bytes frame, bool raw_ip, uint16_t place)
{
	struct addr from = { .interface = place }, to = { .interface = place };
	struct bytes segment;
	struct tcp_seg s;
	bool from_server = false;

	f->at = NULL;
	f->packets++;
	if (!parse_ip(frame, raw_ip, &from.ip, &to.ip, &segment)) return;
	if (tcp_parse(segment, from.ip, to.ip, false, &s) != DROP_NONE) return; /* sums are often left to the device */
	from.port = s.src_port, to.port = s.dst_port;
	struct connection *c = find(f, &from, &to, &from_server);
	bool opens = (s.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	if (c != NULL && opens && (from_server || c->direction[0].next != s.seq + 1)) { /* the same ports again */
		forget(f, c);
		c = NULL;
	}
	if (c == NULL && (c = meet(f, &from, &to, &s)) == NULL) return;
	c->used_at = f->packets;
	uint32_t seq = s.seq + !!(s.flags & TCP_SYN);
	if (!c->direction[from_server].started) start(&c->direction[from_server], seq);
	if (s.text.len > 0 && is_tls(f, c, from_server, &s)) take_text(f, c, from_server, seq, s.text);
}

/* The bytes before are done with; those behind them may be in the hold. */
static bool more_pending(struct follow *f, struct direction *d)
{
	struct hold *h = d->hold;

	if (h == NULL || h->count == 0 || h->range[0].from > 0) return false;
	f->from_hold = h->range[0].to;
	f->pending = (struct bytes){ h->bytes, f->from_hold };
	return true;
}

bool follow_next(struct follow *f, struct tls_watched *watched)
{
	while (f->at != NULL) {
		struct connection *c = f->at;
		struct direction *d = &c->direction[f->from_server];
		if (tls_watch_next(c->watch, watched)) return true;
		if (c->watch->lost != NULL) {
			give_up(f, c, &f->counts.lost);
			return false;
		}
		if (f->pending.len > 0) {
			size_t taken = tls_watch_input(c->watch, f->from_server, f->pending);
			f->pending = bytes_skip(f->pending, taken);
			if (f->from_hold == 0) advance(f, d, (uint32_t)taken);
			continue;
		}
		if (f->from_hold > 0) advance(f, d, (uint32_t)f->from_hold);
		f->from_hold = 0;
		if (!more_pending(f, d)) f->at = NULL;
	}
	return false;
}
