/* SPDX-License-Identifier: ISC */
#include "tool/dns/dns_clients.h"

static struct dns_stream *find(struct dns_clients *c, net_id id)
{
	for (size_t i = 0; i < DNS_CLIENTS_MAX; i++)
		if (c->stream[i].id == id) return &c->stream[i];
	return NULL;
}

static void forget(struct dns_clients *c, struct dns_stream *s)
{
	if (s->rest > 0) c->rest_busy[s->rest - 1] = false;
	s->id = 0;
	s->rest = 0;
}

static void drop(struct dns_clients *c, struct dns_stream *s)
{
	net_abort(c->net, s->id);
	forget(c, s);
	c->dropped++;
}

static void read_over(struct dns_clients *c, const struct dns_stream *s)
{
	for (struct bytes b; (b = net_peek(c->net, s->id)).len > 0;) net_take(c->net, s->id, b.len);
}

bool clients_listen(struct dns_clients *c, const struct addr *local)
{
	net_id udp, tcp;

	if (c->places == DNS_CLIENTS_PLACES_MAX || (udp = net_bind(c->net, local)) == 0) return false;
	if ((tcp = net_listen(c->net, local)) == 0) {
		enum net_why why = net_why_not(c->net);
		net_finish(c->net, udp);
		c->net->why_not = why;
		return false;
	}
	c->place[c->places].udp = udp;
	c->place[c->places++].tcp = tcp;
	return true;
}

static void accept_stream(struct dns_clients *c, const struct net_event *ev)
{
	struct dns_stream *s = find(c, 0), *oldest = &c->stream[0];

	for (size_t i = 1; s == NULL && i < DNS_CLIENTS_MAX; i++)
		if (c->stream[i].active_at < oldest->active_at) oldest = &c->stream[i];
	if (s == NULL) {
		s = oldest;
		drop(c, s);
		c->evicted++;
	}
	c->streams++;
	s->id = ev->id;
	s->peer = ev->peer;
	s->active_at = net_now(c->net);
	s->have = 0, s->rest = 0;
	s->waiting = s->eof = s->finished = false;
}

/* Takes what is there of the next question, not a byte more. */
static bool read_question(struct dns_clients *c, struct dns_stream *s, struct dns_asked *asked)
{
	for (;;) {
		size_t want = s->have < 2 ? 2 : 2u + load_be16(s->question);
		if (s->have >= 2 && s->have == want) break;
		if (want > sizeof s->question) {
			drop(c, s);
			return false;
		}
		struct bytes b = net_peek(c->net, s->id);
		size_t n = size_min(b.len, want - s->have);
		if (n == 0) return false;
		memcpy(s->question + s->have, b.at, n);
		s->have = (uint16_t)(s->have + n);
		net_take(c->net, s->id, n);
	}
	s->active_at = net_now(c->net);
	s->waiting = true;
	*asked = (struct dns_asked){ { s->id, true, s->peer, ip6_any() }, { s->question + 2, s->have - 2u } };
	s->have = 0;
	return true;
}

/* The end of a client that wants nothing more, or of one that is let go: with its last answer out, ours. */
static void end_in_order(struct dns_clients *c, struct dns_stream *s)
{
	bool let_go = drain_quiet(&c->drain, net_now(c->net)) && s->have == 0;
	if (s->id == 0 || !(s->eof || let_go) || s->finished || s->waiting || s->rest > 0) return;
	s->finished = true;
	net_finish(c->net, s->id);
}

static bool next_of(struct dns_clients *c, struct dns_stream *s, struct dns_asked *asked)
{
	if (s->id == 0 || s->waiting || s->rest > 0) return false;
	if (s->finished) { /* nothing it says is answered any more, but its end comes after it */
		read_over(c, s);
		return false;
	}
	if (read_question(c, s, asked)) return true;
	end_in_order(c, s);
	return false;
}

bool clients_next(struct dns_clients *c, struct dns_asked *asked)
{
	for (size_t i = 0; i < DNS_CLIENTS_MAX; i++)
		if (next_of(c, &c->stream[i], asked)) return true;
	return false;
}

static void push_rest(struct dns_clients *c, struct dns_stream *s)
{
	if (s->rest == 0) return;
	size_t n = net_send(c->net, s->id, (struct bytes){ c->rest[s->rest - 1] + s->rest_at, s->rest_len - s->rest_at });
	if (n > 0) s->active_at = net_now(c->net);
	s->rest_at += n;
	if (s->rest_at < s->rest_len) return;
	c->rest_busy[s->rest - 1] = false;
	s->rest = 0;
}

/* What the net takes at once needs no room here. */
static void send_stream(struct dns_clients *c, struct dns_stream *s, struct bytes b)
{
	uint8_t len[2], i = 0;

	s->waiting = false;
	store_be16(len, (uint16_t)b.len);
	size_t sent = net_send(c->net, s->id, (struct bytes){ len, 2 });
	if (sent == 2) sent += net_send(c->net, s->id, b);
	if (sent > 0) s->active_at = net_now(c->net);
	if (sent == 2 + b.len) return;
	while (i < DNS_CLIENTS_REST_MAX && c->rest_busy[i]) i++;
	if (i == DNS_CLIENTS_REST_MAX) { /* the others take their time; so the newest must come again */
		drop(c, s);
		return;
	}
	c->rest_busy[i] = true;
	memcpy(c->rest[i], len, 2);
	if (b.len > 0) memcpy(c->rest[i] + 2, b.at, b.len);
	s->rest = (uint8_t)(i + 1), s->rest_at = sent, s->rest_len = 2 + b.len;
}

void clients_reply(struct dns_clients *c, const struct dns_client *to, struct bytes b)
{
	struct dns_stream *s = to->tcp ? find(c, to->id) : NULL;
	assert(b.len <= DNS_MESSAGE_MAX);
	if (!to->tcp) net_sendto_from(c->net, to->id, to->asked_at, &to->peer, b);
	else if (s != NULL && s->waiting) send_stream(c, s, b);
}

void clients_skip(struct dns_clients *c, const struct dns_client *to)
{
	struct dns_stream *s = to->tcp ? find(c, to->id) : NULL;
	if (s != NULL) s->waiting = false;
}

static void closed(struct dns_clients *c, const struct net_event *ev)
{
	struct dns_stream *s = find(c, ev->id);
	if (s != NULL) forget(c, s);
	for (size_t i = 0; i < c->places; i++)
		if (c->place[i].tcp == ev->id) c->lost = ev->id, c->lost_why = ev->why;
}

bool clients_event(struct dns_clients *c, const struct net_event *ev, struct dns_asked *asked)
{
	struct dns_stream *s;

	switch (ev->what) {
	case NET_DATAGRAM:
		*asked = (struct dns_asked){ { ev->id, false, ev->peer, ev->local.ip }, ev->data };
		for (size_t i = 0; i < c->places; i++)
			if (c->place[i].udp == ev->id) return true;
		return false;
	case NET_ACCEPTED: accept_stream(c, ev); return false;
	case NET_READABLE:
	case NET_WRITABLE:
	case NET_EOF:
		if (ev->id == 0 || (s = find(c, ev->id)) == NULL) return false;
		s->eof = s->eof || ev->what == NET_EOF;
		push_rest(c, s);
		return next_of(c, s, asked);
	case NET_CLOSED: closed(c, ev); return false;
	default: return false; /* an answer that could not be delivered was his who asked */
	}
}

static instant idle_at(const struct dns_stream *s)
{
	/* While its question is being answered the resolver's own limit holds. */
	return s->id == 0 || s->waiting ? NEVER : instant_after(s->active_at, DNS_CLIENTS_IDLE_FOR);
}

void clients_step(struct dns_clients *c, instant now)
{
	for (struct dns_stream *s = c->stream; s < c->stream + DNS_CLIENTS_MAX; s++) {
		if (idle_at(s) > now) continue;
		if (s->finished || s->rest > 0) {
			drop(c, s);
			continue;
		}
		s->finished = true;
		s->active_at = now;
		net_finish(c->net, s->id);
	}
	for (struct dns_stream *s = c->stream; drain_quiet(&c->drain, now) && s < c->stream + DNS_CLIENTS_MAX; s++)
		if (s->id != 0 && net_peek(c->net, s->id).len == 0) end_in_order(c, s);
}

instant clients_deadline(const struct dns_clients *c)
{
	instant at = drain_deadline(&c->drain, net_now(c->net));
	for (const struct dns_stream *s = c->stream; s < c->stream + DNS_CLIENTS_MAX; s++) at = instant_min(at, idle_at(s));
	return at;
}

void clients_stop(struct dns_clients *c, instant now)
{
	for (size_t i = 0; i < c->places; i++) net_finish(c->net, c->place[i].tcp);
	drain_start(&c->drain, now);
}

bool clients_gone(const struct dns_clients *c, instant now)
{
	bool any = false;
	for (const struct dns_stream *s = c->stream; s < c->stream + DNS_CLIENTS_MAX; s++) any |= s->id != 0;
	return drain_quiet(&c->drain, now) && (!any || drain_over(&c->drain, now));
}

void clients_close(struct dns_clients *c)
{
	for (size_t i = 0; i < c->places; i++) {
		net_finish(c->net, c->place[i].udp);
		net_finish(c->net, c->place[i].tcp);
	}
	for (struct dns_stream *s = c->stream; s < c->stream + DNS_CLIENTS_MAX; s++)
		if (s->id != 0) net_abort(c->net, s->id), s->id = 0;
	c->places = 0;
}
