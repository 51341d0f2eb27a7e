/* SPDX-License-Identifier: ISC */
#include "base/hash.h"
#include "tool/drain.h"
#include "tool/echo/echo.h"
#include "tool/echo/echo_line.h"
#include "tool/listen.h"
#include "tool/options.h"
#include "tool/say.h"

#define PORTS_MAX 16
#define PEERS_USUAL 4096 /* connections at a time, unless the net says how many it has room for */
#define PEERS_SPARE 64   /* those turned away */
#define SAID_MAX 400   /* of a message, when it is printed */
#define LINES_LEAST 8192 /* blocks for lines whose ends have not come; and one for each connection */
#define LEAVE_WITHIN (2 * SECOND) /* for who was told why to read it, and go */
#define LEAVING_MAX 8  /* of those turned away, at a time */

/* A connection. Who is `leaving` was told why, and is not listened to any more. */
struct peer {
	net_id id;
	uint32_t next_free;
	uint64_t bytes, lines;
	struct addr addr;
	struct line_held held;
	bool whole;    /* what is held has its end, and goes out */
	bool eof, leaving, shed;
};

struct serve {
	struct tool tool;
	struct tool_env *env;
	uint64_t close_after; /* lines; 0: never */
	uint64_t cores;       /* 0: all there are */
	bool verbose, raw, explain;
	const char *interface;
	struct { net_id id; struct url url; } port[PORTS_MAX];
	size_t ports;
	struct secure secure;
	struct peer *peer;
	uint32_t peers_max;        /* a power of two */
	uint32_t peers, peer_free; /* ever used; 1 + the first given back */
	struct index ids;
	struct pool lines;
	struct { net_id id; instant at; } *leaver; /* a ring of peers_max, in the order of time; some may have left already */
	uint32_t leavers_from, leavers_to, shedding;
	bool full;                 /* and it was said */
	struct drain drain;
	uint64_t connections, open, open_max, shed, too_long, bytes, datagrams, heard;
};

/* --- who is connected --- */

static uint64_t hash_of(net_id id) { return id * UINT64_C(0x9e3779b97f4a7c15); }

static struct peer *peer_find(struct serve *s, net_id id)
{
	for (uint32_t at = INDEX_START, i; index_find(&s->ids, hash_of(id), &at, &i);)
		if (s->peer[i].id == id) return &s->peer[i];
	return NULL;
}

static struct peer *peer_add(struct serve *s, net_id id, const struct addr *addr)
{
	uint32_t i = s->peer_free;
	if (i == 0 && s->peers == s->peers_max) return NULL;
	if (i > 0) s->peer_free = s->peer[--i].next_free;
	else i = s->peers++;
	s->peer[i] = (struct peer){ .id = id, .addr = *addr };
	index_add(&s->ids, hash_of(id), i);
	return &s->peer[i];
}

static void peer_remove(struct serve *s, struct peer *p)
{
	uint32_t i = (uint32_t)(p - s->peer);

	if (p->shed) s->shedding--;
	else s->open--;
	line_drop(&s->lines, &p->held);
	index_remove(&s->ids, hash_of(p->id), i);
	p->id = 0;
	p->next_free = s->peer_free;
	s->peer_free = i + 1;
}

static void measure(struct serve *s)
{
	const struct tool_measure m[] = {
		{ "connections", (int64_t)s->connections }, { "connections_max", (int64_t)s->open_max },
		{ "bytes", (int64_t)s->bytes }, { "datagrams", (int64_t)s->datagrams }, { "heard", (int64_t)s->heard },
		{ "sockets_max", (int64_t)(s->ports + s->open_max) }, { "turned_away", (int64_t)s->shed },
		{ "too_long", (int64_t)s->too_long },
	};
	memcpy(s->tool.measure, m, sizeof m);
}

/* --- leaving --- */

/* The one that has been leaving for longest goes now, if it is still there. */
static void leave_first(struct serve *s)
{
	struct peer *p = peer_find(s, s->leaver[s->leavers_from++ % s->peers_max].id);

	if (p == NULL || !p->leaving) return;
	net_abort(s->env->net, p->id);
	peer_remove(s, p);
}

static void read_over(struct serve *s, net_id id)
{
	for (struct bytes rest; (rest = net_peek(s->env->net, id)).len > 0;) net_take(s->env->net, id, rest.len);
}

/* Told why, in a line, and closed; what it goes on to say is not heard. */
static void send_away(struct serve *s, struct peer *p, const char *why)
{
	struct net *net = s->env->net;
	char words[120];
	struct text t = text_in(words, sizeof words);

	text_printf(&t, "echo: %s\n", why);
	net_send(net, p->id, text_bytes(&t));
	net_finish(net, p->id);
	line_drop(&s->lines, &p->held);
	p->leaving = true;
	read_over(s, p->id);
	if (s->leavers_to - s->leavers_from == s->peers_max) leave_first(s);
	s->leaver[s->leavers_to % s->peers_max].id = p->id;
	s->leaver[s->leavers_to++ % s->peers_max].at = instant_after(net_now(net), LEAVE_WITHIN);
	while (s->shedding > LEAVING_MAX) leave_first(s);
}

static void leave_in_time(struct serve *s)
{
	struct net *net = s->env->net;

	while (s->leavers_from != s->leavers_to && s->leaver[s->leavers_from % s->peers_max].at <= net_now(net)) leave_first(s);
	instant at = s->leavers_from != s->leavers_to ? s->leaver[s->leavers_from % s->peers_max].at : NEVER;
	net_wake(net, s->tool.done ? NEVER : instant_min(at, drain_deadline(&s->drain, net_now(net))));
}

/* --- TCP --- */

/* How much of it may be echoed now: whole lines, or --raw all; no more than --close-after is left of. */
static size_t ready(const struct serve *s, const struct peer *p, struct bytes b)
{
	uint64_t lines = p->lines;
	size_t n = 0;

	if (s->close_after > 0) {
		for (size_t i = 0; i < b.len && lines < s->close_after; i++)
			if (s->raw) n = i + 1, lines += b.at[i] == '\n';
			else if (b.at[i] == '\n') n = i + 1, lines++;
		return n;
	}
	if (s->raw) return b.len;
	for (n = size_min(b.len, ECHO_LINE_MAX); n > 0 && b.at[n - 1] != '\n'; n--) {}
	return n;
}

static void say_echoed(struct serve *s, const struct peer *p, struct bytes b)
{
	char who[ADDR_TEXT_MAX];

	if (!s->verbose || b.len == 0) return;
	text_printf(s->env->out, "%s: ", addr_text(&p->addr, who));
	say_bytes(s->env->out, bytes_first(b, size_min(b.len - (b.at[b.len - 1] == '\n'), SAID_MAX)));
	text_puts(s->env->out, "\n");
}

static void count_lines(struct serve *s, struct peer *p, struct bytes b)
{
	for (size_t i = 0; s->close_after > 0 && i < b.len; i++) p->lines += b.at[i] == '\n';
}

static void too_much(struct serve *s, struct peer *p, bool full)
{
	char who[ADDR_TEXT_MAX];
	const char *why = full ? "too many clients are in the middle of long lines" : "this line has more than 65536 bytes; --raw has no lines";

	text_printf(s->env->err, "echo serve: %s: %s\n", addr_text(&p->addr, who), full ? why : "a line of more than 65536 bytes");
	s->too_long++;
	send_away(s, p, why);
}

/* There is a block for everybody; so when all are held, somebody holds several. */
static struct peer *who_holds_most(struct serve *s)
{
	struct peer *most = &s->peer[0];

	for (uint32_t i = 1; i < s->peers; i++)
		if (s->peer[i].id != 0 && s->peer[i].held.len > most->held.len) most = &s->peer[i];
	return most;
}

/* The beginning of a line, or the rest of one that is held. */
static bool hold(struct serve *s, struct peer *p, struct bytes b)
{
	const uint8_t *end = memchr(b.at, '\n', b.len);
	enum line_room room;

	if (end != NULL) b.len = (size_t)(end + 1 - b.at);
	while ((room = line_add(&s->lines, &p->held, b)) != LINE_ADDED) {
		struct peer *most = room == LINE_TOO_LONG ? p : who_holds_most(s);
		if (most->held.len < p->held.len + b.len) most = p;
		too_much(s, most, room == LINE_NO_ROOM);
		if (most == p) return false;
	}
	net_take(s->env->net, p->id, b.len);
	p->whole = end != NULL;
	if (p->whole) say_echoed(s, p, (struct bytes){ p->held.first->byte, size_min(p->held.len, SAID_MAX) });
	return true;
}

/* One step; false: no further for now. */
static bool echo_some(struct serve *s, struct peer *p)
{
	struct net *net = s->env->net;
	struct bytes b = { NULL, 0 };
	size_t n;

	if (p->whole) {
		uint32_t before = p->held.len - p->held.sent;
		bool all = line_send(&s->lines, &p->held, net, p->id);
		n = before - (p->held.len - p->held.sent);
		s->bytes += n, p->bytes += n;
		if (!all) return false;
		p->whole = false;
		p->lines++;
		return true;
	}
	if ((s->close_after == 0 || p->lines < s->close_after)) b = net_peek(net, p->id);
	if (b.len == 0) return false;
	n = p->held.len == 0 ? ready(s, p, b) : 0;
	if (n == 0) return hold(s, p, b);
	n = net_send(net, p->id, bytes_first(b, n));
	b.len = n;
	say_echoed(s, p, b);
	count_lines(s, p, b);
	net_take(net, p->id, n);
	s->bytes += n, p->bytes += n;
	return n > 0;
}

/* Asked to end: who has nothing on the way any more gets our end, and is read over until it sends its own. What was begun
 * and has no end goes back as it is. */
static void finish_if_dry(struct serve *s, struct peer *p)
{
	if (!drain_quiet(&s->drain, net_now(s->env->net)) || p->eof || net_peek(s->env->net, p->id).len > 0) return;
	p->whole |= p->held.len > 0;
	while (p->whole && echo_some(s, p)) {}
	if (p->held.len > 0) return;
	net_finish(s->env->net, p->id);
	p->leaving = true;
}

static void pump(struct serve *s, net_id id)
{
	struct peer *p = peer_find(s, id);

	if (p == NULL || p->leaving) {
		read_over(s, id);
		return;
	}
	while (echo_some(s, p)) {}
	if (p->leaving) return;
	finish_if_dry(s, p);
	if (p->eof && p->held.len == 0) net_finish(s->env->net, id);
	if (s->close_after == 0 || p->lines < s->close_after) return;
	net_finish(s->env->net, id);
	read_over(s, id);
}

/* What it said last has no end, and will get none. */
static void ended(struct serve *s, net_id id)
{
	struct peer *p = peer_find(s, id);

	if (p == NULL || p->leaving) return;
	p->eof = true;
	p->whole |= p->held.len > 0;
	pump(s, id);
}

static void say_core(struct serve *s)
{
	if (s->env->cores > 1) text_printf(s->env->out, "core %u: ", s->env->core);
}

static void explain_sockets(struct serve *s)
{
	if (!s->explain) return;
	text_printf(s->env->out, "  now %llu sockets: %zu of the ports, %llu of the clients connected\n",
	            (unsigned long long)(s->ports + s->open), s->ports, (unsigned long long)s->open);
}

/* One more than there are descriptors for is told so, and not served. */
static void turn_away(struct serve *s, struct peer *p)
{
	p->shed = true;
	s->shed++;
	s->shedding++;
	if (!s->full)
		text_printf(s->env->err, "echo serve: %llu clients are as many as file descriptors allow (ulimit -n); more are turned away\n",
		            (unsigned long long)s->open);
	s->full = true;
	send_away(s, p, "too many clients; try again later");
}

static void accepted(struct serve *s, const struct net_event *ev)
{
	struct peer *p = peer_add(s, ev->id, &ev->peer);
	char who[ADDR_TEXT_MAX];

	if (p == NULL) {
		s->shed++;
		net_abort(s->env->net, ev->id);
		return;
	}
	if (s->env->connections_max > 0 && s->open >= s->env->connections_max) {
		turn_away(s, p);
		return;
	}
	s->connections++;
	if (++s->open > s->open_max) s->open_max = s->open;
	say_core(s);
	text_printf(s->env->out, "%s connected\n", addr_text(&ev->peer, who));
	explain_sockets(s);
	if (s->drain.on) pump(s, ev->id); /* its handshake was under way */
}

static void closed(struct serve *s, const struct net_event *ev)
{
	struct peer *p = peer_find(s, ev->id);
	char who[ADDR_TEXT_MAX];

	if (p == NULL) return;
	bool shed = p->shed;
	if (!shed) say_core(s);
	if (!shed)
		text_printf(s->env->out, "%s: %s, %llu bytes echoed\n", addr_text(&p->addr, who), net_why_words(ev->why),
		            (unsigned long long)p->bytes);
	peer_remove(s, p);
	if (!shed) explain_sockets(s);
	if (!s->full || s->open >= s->env->connections_max - s->env->connections_max / 8) return;
	s->full = false;
	text_printf(s->env->err, "echo serve: there is room for clients again; %llu were turned away\n", (unsigned long long)s->shed);
}

/* --- UDP --- */

static void say_datagram(struct serve *s, const struct net_event *ev)
{
	char who[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];
	text_printf(s->env->out, "%s to %s: ", addr_text(&ev->peer, who), addr_text(&ev->local, to));
	say_bytes(s->env->out, bytes_first(ev->data, size_min(ev->data.len, SAID_MAX)));
	text_puts(s->env->out, ev->data.len > SAID_MAX ? "...\n" : "\n");
}

/* Two echo servers must not talk to each other for ever: no answer to our own port nor to port 7, and none to
 * what was not meant for us alone. */
static void datagram(struct serve *s, const struct net_event *ev)
{
	enum url_scheme scheme = URL_UDP;

	for (size_t i = 0; i < s->ports; i++) if (s->port[i].id == ev->id) scheme = s->port[i].url.scheme;
	if (scheme != URL_UDP || s->verbose) say_datagram(s, ev);
	if (scheme != URL_UDP) {
		s->heard++;
		return;
	}
	s->datagrams++;
	bool alone = !ip_is_multicast(ev->local.ip) && !ip_equal(ev->local.ip, ip4_broadcast());
	if (!alone || ev->peer.port == ev->local.port || ev->peer.port == 7) return;
	if (net_sendto_from(s->env->net, ev->id, ev->local.ip, &ev->peer, ev->data)) s->bytes += ev->data.len;
}

/* --- the end --- */

static void over(struct serve *s, uint64_t cut_off)
{
	say_core(s);
	text_printf(s->env->out, "%llu connections, %llu datagrams, %llu bytes echoed\n", (unsigned long long)s->connections,
	            (unsigned long long)s->datagrams, (unsigned long long)s->bytes);
	if (cut_off > 0)
		text_printf(s->env->err, "echo serve: %llu clients did not read or leave within %d s and were cut off\n",
		            (unsigned long long)cut_off, (int)(TOOL_DRAIN_WITHIN / SECOND));
	secure_say_counts(&s->secure);
	s->tool.done = true;
}

static void close_datagrams(struct serve *s)
{
	for (size_t i = 0; i < s->ports; i++) {
		net_finish(s->env->net, s->port[i].id); /* a listener's is stale by now */
		s->port[i].id = 0;
	}
}

/* Once the time to listen is over every connection is looked at; then each when something happens to it. */
static void end_in_time(struct serve *s)
{
	struct net *net = s->env->net;
	instant now = net_now(net);
	uint64_t left = s->open + s->shedding;

	if (s->tool.done || !drain_quiet(&s->drain, now)) return;
	if (s->ports > 0 && s->port[0].id != 0) {
		close_datagrams(s);
		for (uint32_t i = 0; i < s->peers; i++) if (s->peer[i].id != 0 && !s->peer[i].leaving) pump(s, s->peer[i].id);
		left = s->open + s->shedding;
	}
	if (left > 0 && !drain_over(&s->drain, now)) return;
	for (uint32_t i = 0; i < s->peers; i++) if (s->peer[i].id != 0) net_abort(net, s->peer[i].id);
	over(s, left);
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct serve *s = self;

	(void)net; /* it is the environment's */
	switch (ev->what) {
	case NET_ACCEPTED: accepted(s, ev); break;
	case NET_READABLE:
	case NET_WRITABLE: pump(s, ev->id); break;
	case NET_EOF:      ended(s, ev->id); break;
	case NET_CLOSED:   closed(s, ev); break;
	case NET_DATAGRAM: datagram(s, ev); break;
	default: break; /* nothing else concerns an echo */
	}
	secure_say_failure(&s->secure);
	if (s->drain.on) end_in_time(s);
	leave_in_time(s);
	measure(s);
}

/* --- life --- */

static bool is_stream(enum url_scheme scheme) { return scheme == URL_TCP || scheme == URL_TLS; }

/* Whoever is being served is let go in order, and datagrams that have come are answered still. */
static void stop(struct tool *t)
{
	struct serve *s = (struct serve *)t;
	bool idle = s->open + s->shedding == 0;

	if (s->drain.on) return;
	drain_start(&s->drain, net_now(s->env->net));
	for (size_t i = 0; i < s->ports; i++) {
		if (is_stream(s->port[i].url.scheme)) net_finish(s->env->net, s->port[i].id);
		else idle = false;
	}
	if (idle) over(s, 0);
	else leave_in_time(s);
}

static void reload(struct tool *t) { secure_reload(&((struct serve *)t)->secure); }
static void end_tool(struct tool *t) { secure_end(&((struct serve *)t)->secure); }

static bool is_group(const struct url *u) { return u->scheme == URL_MULTICAST || u->scheme == URL_BROADCAST; }

static net_id try_port(struct serve *s, const struct url *u, const struct addr *at)
{
	struct net *net = s->env->net;
	struct addr any = *at;

	if (u->scheme == URL_TCP) return net_listen(net, at);
	if (u->scheme == URL_TLS) return secure_listen(&s->secure, net, at);
	if (u->scheme != URL_MULTICAST) return net_bind(net, at);
	net_id id = net_bind(net, at); /* to the group itself, so that several on a host can listen; where that is */
	if (id == 0) any.ip = ip_is4(at->ip) ? ip4_any() : ip6_any(), any.interface = 0, id = net_bind(net, &any); /* not known, to all */
	if (id == 0 || net_join(net, id, at)) return id;
	enum net_why why = net_why_not(net);
	net_finish(net, id);
	net->why_not = why;
	return 0;
}

/* Everything where the host stands open: IPv6's wildcard means both families, where there is IPv6 at all. */
static net_id open_port(struct serve *s, const struct url *u)
{
	struct addr at = u->at;
	net_id id;

	if (u->scheme == URL_BROADCAST && *u->host == '\0') at.ip = ip4_any();
	id = try_port(s, u, &at);
	if (id == 0 && *u->host == '\0' && net_why_not(s->env->net) != NET_IN_USE) at.ip = ip4_any(), id = try_port(s, u, &at);
	return id;
}

/* What stands open at a port, and why it is as many as it is. */
static void explain_port(struct serve *s, const struct url *u)
{
	static const char *const words[URL_SCHEMES] = {
		[URL_TCP] = "one socket that listens; each client that connects brings one more, with the same port: the kernel tells them\n"
		            "  apart by the client's address and port. So with one client there are two sockets",
		[URL_TLS] = "one socket that listens, and one more for each client, as with TCP; TLS is spoken inside and needs none",
		[URL_UDP] = "one socket for all clients: nobody connects, each datagram says whose it is. So one client or a thousand, it\n"
		            "  stays one socket",
		[URL_MULTICAST] = "one socket, a member of the group: the kernel says so to the routers (IGMP, MLD) and hears what is sent to it",
		[URL_BROADCAST] = "one socket: what is sent to everybody on the link comes to each that is bound to the port",
	};
	if (!s->explain) return;
	text_printf(s->env->out, "  %s\n", words[u->scheme]);
	if (s->env->cores > 1 && !is_group(u))
		text_printf(s->env->out, "  And that once in each of %u processes, one a core: they share the port (SO_REUSEPORT), and the kernel gives each\n"
		            "  client to one of them\n", s->env->cores);
}

/* --interface: where groups are joined. */
static bool read_interface(struct serve *s, struct url *u)
{
	return u->scheme != URL_MULTICAST || s->interface == NULL || echo_interface(s->env, "echo serve", s->interface, &u->at.interface);
}

static bool add_port(struct serve *s, const char *text)
{
	const unsigned allowed = 1 << URL_TCP | 1 << URL_TLS | 1 << URL_UDP | 1 << URL_MULTICAST | 1 << URL_BROADCAST;
	struct url *u = &s->port[s->ports].url;
	const char *why = url_parse(text, allowed, u);

	if (why == NULL && !u->is_address) why = "a server listens on an address, not on a name";
	if (why == NULL && u->scheme == URL_MULTICAST && !ip_is_multicast(u->at.ip)) why = "this is no multicast address";
	if (why == NULL && s->cores != 1 && u->at.port == 0) why = "several cores can only share a port that is named";
	if (why != NULL) return tool_usage(s->env, "echo serve: %s: %s", text, why), false;
	if (!read_interface(s, u)) return false;
	if (is_group(u) && s->env->core > 0) return true; /* what is for everybody would be heard by each core */
	net_id id = open_port(s, u);
	if (id == 0) {
		text_printf(s->env->err, "echo serve: %s: %s\n", text, listen_why(net_why_not(s->env->net), u->at.port));
		s->env->status = TOOL_FAILED;
		return false;
	}
	s->port[s->ports++].id = id;
	if (s->env->cores > 1 && !is_group(u) && s->env->core + 1 < s->env->cores) return true; /* the last says it for all */
	text_printf(s->env->out, "Listening on %s\n", text);
	explain_port(s, u);
	return true;
}

/* Before any port is opened, so that what is wrong with a certificate is said while nobody can have connected yet. */
static bool start_tls(struct serve *s, const char *const *word, size_t words)
{
	struct url u;

	for (size_t i = 0; i < words; i++)
		if (url_parse(word[i], 1 << URL_TLS, &u) == NULL) return secure_start(&s->secure, s->env, "echo serve", true, u.host);
	return true;
}

/* --raw is of streams, --interface of groups. */
static bool all_options_mean_something(const struct serve *s, const char *const *word, size_t words)
{
	const unsigned streams = 1 << URL_TCP | 1 << URL_TLS;
	bool stream = false, group = false, shared = false;
	struct url u;

	for (size_t i = 0; i < words; i++) {
		stream |= url_parse(word[i], streams, &u) == NULL;
		shared |= url_parse(word[i], streams | 1 << URL_UDP, &u) == NULL;
		group |= url_parse(word[i], 1 << URL_MULTICAST, &u) == NULL;
	}
	if (s->raw && !stream) return tool_usage(s->env, "echo serve: --raw wants a tcp or tls URL"), false;
	if (s->cores != 1 && !shared) return tool_usage(s->env, "echo serve: --cores wants a tcp, tls or udp URL"), false;
	if (s->interface != NULL && !group) return tool_usage(s->env, "echo serve: --interface wants a multicast URL"), false;
	return true;
}

/* --cores. What TLS needs is there already, so all of them show one certificate and take each other's tickets. */
static bool spread(struct serve *s)
{
	static const char *const shown[] = { "connections", "datagrams", "bytes" };
	struct tool_measure sum[TOOL_MEASURES_MAX];
	long long value[COUNT(shown)] = { 0 };

	if (s->cores == 1) return true;
	if (s->cores > TOOL_CORES_MAX) return tool_usage(s->env, "echo serve: --cores is at most %d", TOOL_CORES_MAX), false;
	if (s->env->spread == NULL) return tool_usage(s->env, "echo serve: --cores: this host has one core only"), false;
	if (s->env->spread(s->env, (unsigned)s->cores, sum)) return true;
	for (size_t i = 0; i < COUNT(sum) && sum[i].name != NULL; i++)
		for (size_t k = 0; k < COUNT(shown); k++) if (strcmp(sum[i].name, shown[k]) == 0) value[k] = sum[i].value;
	if (sum[0].name != NULL)
		text_printf(s->env->out, "All cores together: %lld connections, %lld datagrams, %lld bytes echoed\n", value[0], value[1], value[2]);
	return false;
}

static bool lend_memory(struct serve *s)
{
	struct arena *memory = s->env->memory;
	uint32_t wanted = s->env->connections_max > 0 ? s->env->connections_max + PEERS_SPARE : PEERS_USUAL;

	for (s->peers_max = 1; s->peers_max < wanted;) s->peers_max *= 2;
	const size_t slots = index_slots(s->peers_max), blocks = size_max(s->peers_max, LINES_LEAST);
	struct index_slot *slot = arena_zeroed(memory, slots, sizeof *slot);
	s->peer = arena_take(memory, s->peers_max * sizeof *s->peer);
	s->leaver = arena_take(memory, s->peers_max * sizeof *s->leaver);
	struct room lines = { arena_take(memory, blocks * LINE_BLOCK_BYTES), blocks * LINE_BLOCK_BYTES };
	if (slot == NULL || s->peer == NULL || s->leaver == NULL || lines.at == NULL) return false;
	index_init(&s->ids, slot, slots);
	pool_init(&s->lines, lines, sizeof(struct line_block));
	return true;
}

struct tool *echo_serve_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct serve *s = arena_zeroed(env->memory, 1, sizeof *s);
	const char *word[PORTS_MAX];
	size_t words;

	if (s == NULL) return tool_usage(env, "echo serve: no memory");
	const struct option options[] = {
		{ "close-after", OPTION_NUMBER, &s->close_after }, { "verbose", OPTION_FLAG, &s->verbose }, { "cores", OPTION_NUMBER, &s->cores },
		{ "raw", OPTION_FLAG, &s->raw }, { "explain", OPTION_FLAG, &s->explain }, { "interface", OPTION_TEXT, &s->interface },
		SECURE_OPTIONS(&s->secure),
	};
	s->env = env, s->cores = 1;
	if (!lend_memory(s)) return tool_usage(env, "echo serve: no memory");
	if (!options_read(env, argc, argv, options, COUNT(options), word, PORTS_MAX, &words)) return NULL;
	if (words == 0) return tool_usage(env, "echo serve: on which ports? like tcp://:6666 udp://:7777");
	if (!all_options_mean_something(s, word, words) || !start_tls(s, word, words)) return NULL;
	if (!spread(s)) {
		secure_end(&s->secure);
		return NULL;
	}
	for (size_t i = 0; i < words; i++)
		if (!add_port(s, word[i])) {
			while (s->ports > 0) net_finish(env->net, s->port[--s->ports].id);
			secure_end(&s->secure);
			return NULL;
		}
	s->tool.app = (struct app){ event, s };
	s->tool.stop = stop, s->tool.end = end_tool;
	if (secure_can_reload(&s->secure)) s->tool.reload = reload;
	measure(s);
	return &s->tool;
}
