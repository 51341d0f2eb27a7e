/* SPDX-License-Identifier: ISC */
/* net_tls.c - theory of operation.
 *
 * A TLS stream has the id of the stream beneath it, and a slot here with its machine. Bytes that have come are moved
 * from the net beneath into the machine only while the machine holds no plaintext (fill), and what it has to say
 * goes out only as far as there is room (flush); so backpressure is the net's beneath, in both directions, and no
 * byte waits here but in a machine. Whatever happens to a stream ends in `advance`, which does both until neither
 * gets further, and turns the machine's news into ours. Three things can hold a stream up, and each wakes it again:
 * bytes to come and room to go are events from beneath; a block of a pool is not, so who starves stands in a list that is
 * gone through whenever nothing else is left to do.
 *
 *     CONNECTING ---> WAITING ---> SHAKING ---> OPEN ---> (both sides finished; freed when its CLOSED is told)
 *      the net         for a         |            |
 *      beneath         block         +---> LEAVING <---+   failed: its alert is on the way
 *
 * A stream may outlive the one beneath for as long as the program has not taken the last record (`gone`).
 */
#include "net/net_tls.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/heap.h"
#include "proto/tls/seen.h"

#define NONE UINT32_MAX
#define ALERT_WITHIN (5 * SECOND)   /* for an alert to get out */
#define LEAVE_WITHIN (60 * SECOND)  /* when both sides have said close_notify: for what is still under way, and the FINs */
#define BEGIN_WITHIN (10 * SECOND)  /* for a client's first byte, and for a block when all are out */

enum stage { STREAM_FREE, STREAM_CONNECTING, STREAM_WAITING, STREAM_SHAKING, STREAM_OPEN, STREAM_LEAVING };
enum news { NEWS_OPENED = 1, NEWS_READABLE = 2, NEWS_WRITABLE = 4, NEWS_EOF = 8, NEWS_CLOSED = 16 };
enum list { LIST_READY, LIST_STARVED, LISTS };

struct link_in { uint32_t before, after; bool in; };
struct ends { uint32_t first, last; };

struct stream {
	net_id id, on;              /* on: the listener's; 0: we connected */
	uint8_t stage, news;
	bool known;                 /* the program has its id */
	bool finish_wanted, came_short;
	bool blocked;               /* the machine has output that found no room beneath */
	bool fin_sent, eof, eof_said, gone; /* of the stream beneath: finished by us; by the peer, which the machine was told; dead */
	enum net_why why;           /* for CLOSED */
	instant leave_at;
	struct link_in link[LISTS];
	uint32_t next_free;
	const struct tls_config *config;
	struct addr peer, local;
	struct tls tls;
	char name[TLS_NAME_MAX + 1];
};

struct listener { net_id id; const struct tls_config *config; };

struct net_tls {
	struct net net; /* first */
	struct net *under;
	struct net_tls_limits limits;
	struct stream *stream; uint32_t fresh, free; /* never used from `fresh` on; free: a list */
	struct listener *listener; uint32_t listeners;
	struct index ids;
	struct stream *found;        /* by its id, last; NULL: none yet */
	struct heap deadlines;
	struct ends list[LISTS];
	instant wake_at, armed_at;   /* the program's; what was asked of the net beneath */
	bool woken;                  /* a NET_WAKE is due: something new stands in a configuration's `seen`, or a stranger has failed */
	bool has_failed; struct tls_failure failure; struct addr failed_peer;
	struct net_tls_counts counts;
};

static struct net_tls *of(struct net *net) { return (struct net_tls *)(void *)net; }
static struct net *under(struct net *net) { return of(net)->under; }

/* --- slots and lists --- */

/* Ids are numbers that our own side gave out, so the hash needs no key: it only spreads them. */
static uint64_t hash_of(net_id id) { return (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15); }

/* Mostly it is the one that was asked for before: an event and what the program then does are of one stream. */
static struct stream *find(struct net_tls *n, net_id id)
{
	if (n->found != NULL && n->found->id == id && id != 0) return n->found;
	for (uint32_t at = INDEX_START, i; index_find(&n->ids, hash_of(id), &at, &i);)
		if (n->stream[i].id == id) return n->found = &n->stream[i];
	return NULL;
}

static struct listener *find_listener(struct net_tls *n, net_id id)
{
	for (uint32_t i = 0; i < n->listeners; i++) if (n->listener[i].id == id) return &n->listener[i];
	return NULL;
}

static void list_add(struct net_tls *n, enum list which, struct stream *s)
{
	struct ends *l = &n->list[which];
	uint32_t i = (uint32_t)(s - n->stream);

	if (s->link[which].in) return;
	s->link[which] = (struct link_in){ l->last, NONE, true };
	if (l->last != NONE) n->stream[l->last].link[which].after = i;
	else l->first = i;
	l->last = i;
}

static void list_remove(struct net_tls *n, enum list which, struct stream *s)
{
	struct link_in *k = &s->link[which];

	if (!k->in) return;
	if (k->before != NONE) n->stream[k->before].link[which].after = k->after;
	else n->list[which].first = k->after;
	if (k->after != NONE) n->stream[k->after].link[which].before = k->before;
	else n->list[which].last = k->before;
	k->in = false;
}

/* NULL: no slot, or the id is that of a stream whose last record nobody has taken yet. */
static struct stream *slot_take(struct net_tls *n, net_id id, const struct tls_config *config)
{
	uint32_t i = n->free;

	if ((i == NONE && n->fresh == n->limits.streams_max) || find(n, id) != NULL) return NULL;
	if (i != NONE) n->free = n->stream[i].next_free;
	else i = n->fresh++;
	struct stream *s = &n->stream[i];
	*s = (struct stream){ .id = id, .config = config, .leave_at = NEVER };
	index_add(&n->ids, hash_of(id), i);
	return s;
}

static void slot_give(struct net_tls *n, struct stream *s)
{
	uint32_t i = (uint32_t)(s - n->stream);

	assert(s->stage != STREAM_FREE);
	if (s->tls.config != NULL) tls_end(&s->tls);
	index_remove(&n->ids, hash_of(s->id), i);
	heap_set(&n->deadlines, i, NEVER);
	for (enum list l = 0; l < LISTS; l++) list_remove(n, l, s);
	s->stage = STREAM_FREE;
	s->id = 0;
	s->next_free = n->free;
	n->free = i;
}

static void tell(struct net_tls *n, struct stream *s, enum news news)
{
	s->news |= (uint8_t)news;
	list_add(n, LIST_READY, s);
}

/* The program is told of the end, if it knows of the stream at all. */
static void end(struct net_tls *n, struct stream *s, enum net_why why)
{
	s->stage = STREAM_LEAVING;
	s->gone = true;
	s->why = why;
	s->leave_at = NEVER;
	heap_set(&n->deadlines, (uint32_t)(s - n->stream), NEVER);
	list_remove(n, LIST_STARVED, s);
	if (s->known) tell(n, s, NEWS_CLOSED);
	else slot_give(n, s);
}

static void drop(struct net_tls *n, struct stream *s, enum net_why why)
{
	if (!s->gone) net_abort(n->under, s->id);
	end(n, s, why);
}

/* --- between the machine and the net beneath --- */

/* Whether anything moved. */
static bool flush(struct net_tls *n, struct stream *s, instant now)
{
	bool moved = false;

	s->blocked = false;
	for (struct bytes out; !s->gone && !s->blocked && (out = tls_output(&s->tls, now)).len > 0;) {
		size_t sent = net_send(n->under, s->id, out);
		if (sent > 0) tls_sent(&s->tls, sent);
		s->blocked = sent < out.len;
		moved |= sent > 0;
	}
	return moved;
}

/* A stream that has failed reads on and forgets, so that the alert is not lost to a RST for bytes unread. */
static bool discard(struct net_tls *n, struct stream *s)
{
	bool moved = false;
	for (struct bytes b; !s->gone && (b = net_peek(n->under, s->id)).len > 0; moved = true) net_take(n->under, s->id, b.len);
	return moved;
}

static bool fill(struct net_tls *n, struct stream *s, instant now)
{
	bool moved = false;

	if (s->stage == STREAM_LEAVING || s->tls.close_received) return discard(n, s);
	for (struct bytes b; !s->gone && tls_peek(&s->tls).len == 0 && (b = net_peek(n->under, s->id)).len > 0;) {
		size_t taken = tls_input(&s->tls, now, b);
		if (taken == 0) return moved;
		net_take(n->under, s->id, taken);
		moved = true;
		if (s->tls.close_received || tls_failure(&s->tls) != NULL) return true;
	}
	if (!s->eof || s->eof_said || tls_peek(&s->tls).len > 0) return moved;
	tls_input_end(&s->tls, now);
	return s->eof_said = true;
}

/* --- the machine's news --- */

static void opened(struct net_tls *n, struct stream *s)
{
	if (s->stage != STREAM_SHAKING) return;
	s->stage = STREAM_OPEN;
	s->known = true;
	tell(n, s, NEWS_OPENED);
}

static void note_failure(struct net_tls *n, const struct stream *s, const struct tls_failure *f)
{
	n->failure = *f;
	n->failed_peer = s->peer;
	n->has_failed = true;
	n->woken |= !s->known; /* nothing else would tell a server */
}

/* A stranger who left, or never began. */
static void stranger_failed(struct net_tls *n, const struct stream *s, const char *words)
{
	struct tls_failure f = { .truncated = true };
	struct text t = text_in(f.words, sizeof f.words);

	if (s->known) return;
	n->counts.failed++;
	text_puts(&t, words);
	note_failure(n, s, &f);
}

static void failed(struct net_tls *n, struct stream *s)
{
	const struct tls_failure *f = tls_failure(&s->tls);
	bool cut_short = f->truncated && s->stage == STREAM_OPEN;

	if (cut_short) n->counts.truncated++;
	else n->counts.failed++;
	note_failure(n, s, f);
	s->why = cut_short ? NET_RESET : NET_NOT_SECURE;
	s->stage = STREAM_LEAVING;
	s->leave_at = instant_after(net_now(n->under), ALERT_WITHIN);
}

/* Whether there is more to flush for it. */
static bool collect(struct net_tls *n, struct stream *s, instant now)
{
	unsigned news = tls_news(&s->tls);

	if (s->stage == STREAM_LEAVING) return false;
	if (news & TLS_STARVED) list_add(n, LIST_STARVED, s);
	if (news & TLS_CONNECTED) {
		n->counts.handshakes++;
		n->counts.resumed += s->tls.resumed;
	}
	if ((news & TLS_CONNECTED) || (s->on != 0 && tls_peek(&s->tls).len > 0)) opened(n, s);
	if (news & TLS_READABLE) tell(n, s, NEWS_READABLE);
	if (news & TLS_EOF) tell(n, s, NEWS_EOF);
	if (news & TLS_FAILED) failed(n, s);
	if (!(news & TLS_CONNECTED) || !s->finish_wanted || s->stage != STREAM_OPEN) return (news & TLS_FAILED) != 0;
	tls_finish(&s->tls, now);
	return true;
}

/* A short send is made good once everything is on its way and a block can be had. */
static void writable(struct net_tls *n, struct stream *s)
{
	const struct pool *p = s->config->records;

	bool open = s->stage == STREAM_OPEN ? tls_is_connected(&s->tls) : s->stage == STREAM_SHAKING && tls_may_send_early(&s->tls);
	if (!s->came_short || s->blocked || s->finish_wanted || !open) return;
	if (s->tls.out_block == NULL && p->out == p->count) {
		list_add(n, LIST_STARVED, s);
		return;
	}
	s->came_short = false;
	tell(n, s, NEWS_WRITABLE);
}

/* What our side has to say is said: now the net beneath may finish too. A peer that has nothing more to say either may
 * still lack what we said before, for a wire loses; but it is not waited for without end. */
static void leave(struct net_tls *n, struct stream *s, instant now)
{
	bool failing = s->stage == STREAM_LEAVING, said = (failing || s->tls.close_sent) && s->tls.alert_waits == 0;

	if (said && !s->blocked && !s->fin_sent && !s->gone) {
		net_finish(n->under, s->id);
		s->fin_sent = true;
	}
	if (!failing && s->fin_sent && s->tls.close_received && s->leave_at == NEVER) s->leave_at = instant_after(now, LEAVE_WITHIN);
	if (failing && s->gone) end(n, s, s->why);
	else if (!failing && s->gone && tls_peek(&s->tls).len == 0) end(n, s, NET_DONE);
}

static void set_deadline(struct net_tls *n, struct stream *s)
{
	bool machine = !s->blocked && (s->stage == STREAM_SHAKING || s->stage == STREAM_OPEN);

	if (s->stage == STREAM_FREE) return;
	heap_set(&n->deadlines, (uint32_t)(s - n->stream),
	         machine ? instant_min(s->leave_at, tls_deadline(&s->tls)) : s->leave_at);
}

/* The stream beneath is there: the handshake begins, if there is a block for it. Who comes and says nothing gets none. */
static bool begin(struct net_tls *n, struct stream *s, instant now)
{
	if (s->on != 0 && !s->eof && net_peek(n->under, s->id).len == 0) return false;
	bool can = s->on != 0 ? tls_accept(&s->tls, now, s->config)
	                      : tls_connect(&s->tls, now, s->config, *s->name != '\0' ? s->name : NULL);
	if (can) {
		s->stage = STREAM_SHAKING;
		s->leave_at = NEVER;
		return true;
	}
	list_add(n, LIST_STARVED, s);
	return false;
}

static void advance(struct net_tls *n, struct stream *s)
{
	instant now = net_now(n->under);
	bool runs = s->stage > STREAM_WAITING || (s->stage == STREAM_WAITING && begin(n, s, now));

	if (s->stage == STREAM_LEAVING && s->gone) return; /* only its CLOSED is still to be told */
	for (bool more = runs; more;) {
		more = fill(n, s, now);
		more |= flush(n, s, now);
		more |= collect(n, s, now);
	}
	if (runs) {
		n->woken |= s->config->seen != NULL && s->config->seen->len > 0;
		writable(n, s);
		leave(n, s, now);
	}
	set_deadline(n, s);
}

/* --- events from beneath --- */

/* True: it is the program's own. */
static bool accepted(struct net_tls *n, const struct net_event *ev)
{
	struct listener *l = find_listener(n, ev->on);
	struct stream *s;

	if (l == NULL) return true;
	if ((s = slot_take(n, ev->id, l->config)) == NULL) {
		n->counts.refused_full++;
		net_abort(n->under, ev->id);
		return false;
	}
	s->on = ev->on, s->peer = ev->peer, s->local = ev->local;
	s->stage = STREAM_WAITING;
	s->leave_at = instant_after(net_now(n->under), BEGIN_WITHIN);
	advance(n, s);
	return false;
}

static void closed(struct net_tls *n, struct stream *s, enum net_why why)
{
	bool open = s->stage == STREAM_OPEN;

	if (open && s->fin_sent && s->tls.close_received) why = NET_DONE; /* however rudely it left after that */
	if (open && why == NET_DONE) {
		s->gone = s->eof = true;
		advance(n, s); /* the program may still have something to take */
	} else if (s->stage == STREAM_LEAVING) {
		end(n, s, s->why);
	} else {
		stranger_failed(n, s, net_why_words(why));
		end(n, s, why);
	}
}

static bool from_beneath(struct net_tls *n, const struct net_event *ev)
{
	struct stream *s = NULL;
	struct listener *l;

	if (ev->what == NET_ACCEPTED) return accepted(n, ev);
	if (ev->what == NET_WAKE) return n->armed_at = NEVER, false; /* each looks at its own clock */
	if (ev->what == NET_CLOSED && (l = find_listener(n, ev->id)) != NULL) *l = n->listener[--n->listeners];
	else s = find(n, ev->id);
	if (s == NULL || s->gone) return true;
	switch (ev->what) {
	case NET_CLOSED: closed(n, s, ev->why); return false;
	case NET_CONNECTED:
		s->peer = ev->peer, s->local = ev->local;
		s->stage = STREAM_WAITING;
		s->leave_at = instant_after(net_now(n->under), BEGIN_WITHIN);
		break;
	case NET_EOF: s->eof = true; break;
	default: break; /* there is more to read, or room to write */
	}
	advance(n, s);
	return false;
}

/* --- verbs --- */

static net_id made(struct net *net, net_id id)
{
	if (id == 0) net->why_not = net_why_not(under(net));
	return id;
}

static bool done(struct net *net, bool well)
{
	if (!well) net->why_not = net_why_not(under(net));
	return well;
}

static net_id pass_listen(struct net *net, const struct addr *a, const struct net_how *how)
{
	return made(net, net_listen_how(under(net), a, how));
}
static net_id pass_connect(struct net *net, const struct addr *a, const struct net_how *how)
{
	return made(net, net_connect_how(under(net), a, how));
}
static net_id pass_bind(struct net *net, const struct addr *a) { return made(net, net_bind(under(net), a)); }
static bool pass_sendto(struct net *net, net_id id, const struct ip *from, const struct addr *to, struct bytes b)
{
	return done(net, under(net)->ops->sendto(under(net), id, from, to, b));
}
static bool pass_join(struct net *net, net_id id, const struct addr *group) { return done(net, net_join(under(net), id, group)); }
static bool pass_leave(struct net *net, net_id id, const struct addr *group) { return done(net, net_leave(under(net), id, group)); }
static bool pass_set(struct net *net, net_id id, enum net_option option, int value)
{
	return done(net, net_set(under(net), id, option, value));
}
static bool pass_local(struct net *net, net_id id, struct addr *local) { return done(net, net_local(under(net), id, local)); }

static struct bytes stream_peek(struct net *net, net_id id)
{
	struct stream *s = find(of(net), id);

	if (s == NULL) return net_peek(under(net), id);
	s->news &= (uint8_t)~NEWS_READABLE;
	return s->stage == STREAM_OPEN ? tls_peek(&s->tls) : (struct bytes){ 0 };
}

static void stream_take(struct net *net, net_id id, size_t bytes)
{
	struct net_tls *n = of(net);
	struct stream *s = find(n, id);

	if (s == NULL) net_take(n->under, id, bytes);
	if (s == NULL || s->stage != STREAM_OPEN || bytes == 0) return;
	tls_take(&s->tls, bytes);
	n->counts.plain_bytes_in += bytes;
	if (tls_peek(&s->tls).len == 0) advance(n, s);
}

static size_t stream_send(struct net *net, net_id id, struct bytes b)
{
	struct net_tls *n = of(net);
	struct stream *s = find(n, id);
	size_t sent = 0;

	if (s == NULL) return net_send(n->under, id, b);
	if (s->finish_wanted || s->stage == STREAM_LEAVING || s->gone) return 0;
	bool can = s->stage == STREAM_OPEN || (s->stage == STREAM_SHAKING && tls_may_send_early(&s->tls));
	if (can && s->blocked) flush(n, s, net_now(n->under));
	for (bool moves = can; moves && !s->blocked && sent < b.len;) { /* not into what little room is left: records want to be long */
		size_t took = tls_send(&s->tls, net_now(n->under), bytes_skip(b, sent));
		sent += took;
		moves = flush(n, s, net_now(n->under)) || took > 0;
	}
	n->counts.plain_bytes_out += sent;
	s->came_short |= sent < b.len;
	if (can) advance(n, s);
	return sent;
}

/* There is no mark inside TLS; and a record is not parted for want of room. */
static size_t stream_send_urgent(struct net *net, net_id id, struct bytes b)
{
	struct stream *s = find(of(net), id);

	if (s == NULL) return net_send_urgent(under(net), id, b);
	return s->blocked ? 0 : stream_send(net, id, b);
}

/* Those of its streams that the program does not know yet go with a listener. */
static void forget_listener(struct net_tls *n, struct listener *l)
{
	for (uint32_t i = 0; i < n->fresh; i++) {
		struct stream *s = &n->stream[i];
		if (s->stage != STREAM_FREE && s->on == l->id && !s->known) drop(n, s, NET_RESET);
	}
	*l = n->listener[--n->listeners];
}

static void stream_finish(struct net *net, net_id id)
{
	struct net_tls *n = of(net);
	struct stream *s = find(n, id);
	struct listener *l = s == NULL ? find_listener(n, id) : NULL;

	if (l != NULL) forget_listener(n, l);
	if (s == NULL) net_finish(n->under, id);
	if (s == NULL || s->finish_wanted || s->stage == STREAM_LEAVING) return;
	s->finish_wanted = true;
	if (s->stage != STREAM_OPEN || !tls_is_connected(&s->tls)) return; /* when the handshake is complete */
	tls_finish(&s->tls, net_now(n->under));
	advance(n, s);
}

static void stream_abort(struct net *net, net_id id)
{
	struct net_tls *n = of(net);
	struct stream *s = find(n, id);
	struct listener *l = s == NULL ? find_listener(n, id) : NULL;

	if (l != NULL) forget_listener(n, l);
	if (s == NULL || !s->gone) net_abort(n->under, id);
	if (s != NULL) slot_give(n, s);
}

static instant pass_now(struct net *net) { return net_now(under(net)); }

/* --- the turn of the loop --- */

static void arm(struct net_tls *n)
{
	instant at = instant_min(n->wake_at, heap_first_at(&n->deadlines));
	if (at == n->armed_at) return;
	n->armed_at = at;
	net_wake(n->under, at);
}

static void own_wake(struct net *net, instant at)
{
	of(net)->wake_at = at;
	arm(of(net));
}

static void expire(struct net_tls *n, struct stream *s, instant now)
{
	if (s->leave_at > now) {
		advance(n, s);
		assert(s->stage == STREAM_FREE || s->blocked || s->leave_at <= now || tls_deadline(&s->tls) > now);
		return;
	}
	s->leave_at = NEVER;
	if (s->stage == STREAM_WAITING) {
		if (s->link[LIST_STARVED].in) n->counts.refused_full++;
		else stranger_failed(n, s, "said nothing");
		drop(n, s, NET_NO_ROOM);
	} else if (s->stage == STREAM_LEAVING) {
		drop(n, s, s->why);
	} else { /* both have said close_notify, and the peer does not close */
		net_abort(n->under, s->id);
		s->gone = s->eof = true;
		advance(n, s);
	}
	set_deadline(n, s);
}

/* Whoever waited for a block has it now, if there is one. True: one got further. */
static bool feed_starved(struct net_tls *n)
{
	bool fed = false;

	for (uint32_t i = n->list[LIST_STARVED].first, last = n->list[LIST_STARVED].last, next; i != NONE; i = i == last ? NONE : next) {
		struct stream *s = &n->stream[i];
		const struct pool *a = s->config->handshakes, *b = s->config->records;
		next = s->link[LIST_STARVED].after;
		if ((s->stage == STREAM_WAITING && a->out == a->count) || b->out == b->count) continue;
		list_remove(n, LIST_STARVED, s);
		advance(n, s);
		fed |= s->stage == STREAM_FREE || !s->link[LIST_STARVED].in;
	}
	return fed;
}

static bool stream_tell(struct net_tls *n, struct stream *s, struct net_event *ev)
{
	unsigned news = s->news;

	*ev = (struct net_event){ .id = s->id, .peer = s->peer, .local = s->local };
	if (news & NEWS_OPENED) ev->what = s->on != 0 ? NET_ACCEPTED : NET_CONNECTED, ev->on = s->on, news = NEWS_OPENED;
	else if (news & NEWS_READABLE) ev->what = NET_READABLE, news = NEWS_READABLE;
	else if (news & NEWS_WRITABLE) ev->what = NET_WRITABLE, news = NEWS_WRITABLE;
	else if (news & NEWS_EOF) ev->what = NET_EOF, news = NEWS_EOF;
	else if (news & NEWS_CLOSED) ev->what = NET_CLOSED, ev->why = s->why, news = NEWS_CLOSED;
	s->news &= (uint8_t)~news;
	if (s->news == 0) list_remove(n, LIST_READY, s);
	if (news == NEWS_CLOSED) slot_give(n, s);
	return news != 0;
}

static bool next(struct net *net, struct net_event *ev)
{
	struct net_tls *n = of(net);
	uint32_t who;

	for (;;) {
		instant now = net_now(n->under);
		while (heap_due(&n->deadlines, now, &who)) expire(n, &n->stream[who], now);
		if (n->wake_at <= now || n->woken) {
			if (n->wake_at <= now) n->wake_at = NEVER;
			n->woken = false;
			*ev = (struct net_event){ .what = NET_WAKE };
			return true;
		}
		while (n->list[LIST_READY].first != NONE)
			if (stream_tell(n, &n->stream[n->list[LIST_READY].first], ev)) return true;
		if (net_next(n->under, ev)) {
			if (from_beneath(n, ev)) return true;
		} else if (!feed_starved(n)) {
			arm(n);
			return false;
		}
	}
}

static bool wait(struct net *net)
{
	struct net_tls *n = of(net);

	if (n->list[LIST_READY].first != NONE || n->woken) return true;
	arm(n);
	return net_wait(n->under);
}

/* --- life --- */

static struct net_tls_limits whole(const struct net_tls_limits *l)
{
	return (struct net_tls_limits){ l->streams_max ? l->streams_max : 1024, l->listeners_max ? l->listeners_max : 16 };
}

size_t net_tls_size(const struct net_tls_limits *limits)
{
	struct net_tls_limits l = whole(limits);
	return arena_cost(sizeof(struct net_tls)) + arena_cost(l.streams_max * sizeof(struct stream)) +
	       arena_cost(l.listeners_max * sizeof(struct listener)) + arena_cost(l.streams_max * sizeof(struct heap_item)) +
	       arena_cost(l.streams_max * sizeof(uint32_t)) + arena_cost(index_slots(l.streams_max) * sizeof(struct index_slot));
}

struct net *net_tls_init(struct room memory, struct net *inner, const struct net_tls_limits *limits)
{
	static const struct net_ops ops = {
		.listen = pass_listen, .connect = pass_connect, .bind = pass_bind, .sendto = pass_sendto, .join = pass_join,
		.leave = pass_leave, .set = pass_set, .local = pass_local, .peek = stream_peek, .take = stream_take,
		.send = stream_send, .send_urgent = stream_send_urgent, .finish = stream_finish, .abort = stream_abort, .now = pass_now, .wake = own_wake,
		.next = next, .wait = wait,
	};
	struct net_tls_limits l = whole(limits);
	struct arena a;

	assert(memory.len >= net_tls_size(limits));
	arena_init(&a, memory);
	struct net_tls *n = arena_zeroed(&a, 1, sizeof *n);
	n->net.ops = &ops;
	n->under = inner;
	n->limits = l;
	n->stream = arena_take(&a, l.streams_max * sizeof *n->stream);
	n->listener = arena_take(&a, l.listeners_max * sizeof *n->listener);
	struct heap_item *items = arena_take(&a, l.streams_max * sizeof *items);
	uint32_t *places = arena_zeroed(&a, l.streams_max, sizeof *places);
	size_t slots = index_slots(l.streams_max);
	struct index_slot *slot = arena_zeroed(&a, slots, sizeof *slot);
	heap_init(&n->deadlines, items, places, l.streams_max);
	index_init(&n->ids, slot, slots);
	n->free = NONE;
	n->wake_at = n->armed_at = NEVER;
	for (enum list i = 0; i < LISTS; i++) n->list[i] = (struct ends){ NONE, NONE };
	return &n->net;
}

void net_tls_end(struct net *net)
{
	struct net_tls *n = of(net);
	for (uint32_t i = 0; i < n->fresh; i++) if (n->stream[i].stage != STREAM_FREE) slot_give(n, &n->stream[i]);
}

net_id net_tls_listen(struct net *net, const struct addr *local, const struct net_how *how, const struct tls_config *config)
{
	struct net_tls *n = of(net);

	if (n->listeners == n->limits.listeners_max) return net->why_not = NET_NO_ROOM, 0;
	net_id id = made(net, net_listen_how(n->under, local, how));
	if (id != 0) n->listener[n->listeners++] = (struct listener){ id, config };
	return id;
}

net_id net_tls_connect(struct net *net, const struct addr *remote, const struct net_how *how, const struct tls_config *config,
                       const char *name)
{
	struct net_tls *n = of(net);
	struct stream *s;
	size_t len = name != NULL ? strlen(name) : 0;

	if (len > TLS_NAME_MAX) return net->why_not = NET_UNSUPPORTED, 0;
	net_id id = made(net, net_connect_how(n->under, remote, how));
	if (id == 0) return 0;
	if ((s = slot_take(n, id, config)) == NULL) {
		n->counts.refused_full++;
		net_abort(n->under, id);
		return net->why_not = NET_NO_ROOM, 0;
	}
	s->stage = STREAM_CONNECTING;
	s->known = true;
	s->peer = *remote;
	if (len > 0) memcpy(s->name, name, len + 1);
	return id;
}

bool net_tls_begin(struct net *net, net_id id, const struct tls_config *config, const char *name)
{
	struct net_tls *n = of(net);
	struct stream *s = strlen(name) <= TLS_NAME_MAX ? slot_take(n, id, config) : NULL;

	if (s == NULL) return net->why_not = NET_NO_ROOM, false;
	s->known = true;
	s->stage = STREAM_WAITING;
	s->leave_at = instant_after(net_now(n->under), BEGIN_WITHIN);
	memcpy(s->name, name, strlen(name) + 1);
	advance(n, s);
	return true;
}

void net_tls_update_keys(struct net *net, net_id id, bool ask_peer)
{
	struct stream *s = find(of(net), id);

	if (s == NULL || s->stage != STREAM_OPEN) return;
	tls_update_keys(&s->tls, net_now(under(net)), ask_peer);
	advance(of(net), s);
}

const struct tls *net_tls_of(struct net *net, net_id id)
{
	struct stream *s = find(of(net), id);
	return s != NULL && s->stage > STREAM_WAITING ? &s->tls : NULL;
}

const struct tls_failure *net_tls_failure(struct net *net) { return of(net)->has_failed ? &of(net)->failure : NULL; }
struct addr net_tls_failed_peer(struct net *net) { return of(net)->failed_peer; }
struct net_tls_counts net_tls_counts(const struct net *net) { return ((const struct net_tls *)(const void *)net)->counts; }
