/* SPDX-License-Identifier: ISC */
#include "base/hash.h"
#include "tool/echo.h"
#include "tool/options.h"
#include "tool/say.h"

#define PORTS_MAX 16
#define PEERS_MAX 1024 /* connections that are counted; more are echoed all the same */
#define SAID_MAX 400   /* of a message, when it is printed */

/* A connection, for what is told at its end and for --close-after. */
struct peer { net_id id; uint32_t next_free; uint64_t bytes, lines; struct addr addr; };

struct serve {
	struct tool tool;
	struct tool_env *env;
	uint64_t close_after; /* lines; 0: never */
	bool verbose;
	struct { net_id id; struct url url; } port[PORTS_MAX];
	size_t ports;
	struct secure secure;
	struct peer *peer;
	uint32_t peers, peer_free; /* ever used; 1 + the first given back */
	struct index ids;
	uint64_t connections, open, open_max, bytes, datagrams, heard;
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
	if (i == 0 && s->peers == PEERS_MAX) return NULL;
	if (i > 0) s->peer_free = s->peer[--i].next_free;
	else i = s->peers++;
	s->peer[i] = (struct peer){ .id = id, .addr = *addr };
	index_add(&s->ids, hash_of(id), i);
	return &s->peer[i];
}

static void peer_remove(struct serve *s, struct peer *p)
{
	uint32_t i = (uint32_t)(p - s->peer);
	index_remove(&s->ids, hash_of(p->id), i);
	p->next_free = s->peer_free;
	s->peer_free = i + 1;
}

static void measure(struct serve *s)
{
	const struct tool_measure m[] = {
		{ "connections", (int64_t)s->connections }, { "connections_max", (int64_t)s->open_max },
		{ "bytes", (int64_t)s->bytes }, { "datagrams", (int64_t)s->datagrams }, { "heard", (int64_t)s->heard },
		{ "sockets_max", (int64_t)(s->ports + s->open_max) },
	};
	memcpy(s->tool.measure, m, sizeof m);
}

/* --- TCP --- */

/* How much of it may be echoed before the connection has had its lines. */
static size_t up_to_last_line(const struct serve *s, struct peer *p, struct bytes b)
{
	size_t n = 0;
	while (n < b.len && p->lines < s->close_after) p->lines += b.at[n++] == '\n';
	return n;
}

static void pump(struct serve *s, net_id id)
{
	struct net *net = s->env->net;
	struct peer *p = peer_find(s, id);
	size_t n;

	do {
		struct bytes b = net_peek(net, id);
		uint64_t lines = p != NULL ? p->lines : 0;
		if (p != NULL && s->close_after > 0) b.len = up_to_last_line(s, p, b);
		n = net_send(net, id, b);
		if (n < b.len && p != NULL && s->close_after > 0) { /* count again only what went */
			p->lines = lines;
			up_to_last_line(s, p, bytes_first(b, n));
		}
		if (s->verbose && n > 0 && p != NULL) {
			char who[ADDR_TEXT_MAX];
			text_printf(s->env->out, "%s: ", addr_text(&p->addr, who));
			say_bytes(s->env->out, bytes_first(b, size_min(n - (b.at[n - 1] == '\n'), SAID_MAX)));
			text_puts(s->env->out, "\n");
		}
		net_take(net, id, n);
		s->bytes += n;
		if (p != NULL) p->bytes += n;
	} while (n > 0);
	if (p == NULL || s->close_after == 0 || p->lines < s->close_after) return;
	net_finish(net, id);
	for (struct bytes rest; (rest = net_peek(net, id)).len > 0;) net_take(net, id, rest.len);
}

static void accepted(struct serve *s, const struct net_event *ev)
{
	char who[ADDR_TEXT_MAX];

	peer_add(s, ev->id, &ev->peer);
	s->connections++;
	if (++s->open > s->open_max) s->open_max = s->open;
	text_printf(s->env->out, "%s connected\n", addr_text(&ev->peer, who));
}

static void closed(struct serve *s, const struct net_event *ev)
{
	struct peer *p = peer_find(s, ev->id);
	char who[ADDR_TEXT_MAX];

	s->open--;
	if (p == NULL) return;
	text_printf(s->env->out, "%s: %s, %llu bytes echoed\n", addr_text(&p->addr, who), net_why_words(ev->why),
	            (unsigned long long)p->bytes);
	peer_remove(s, p);
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

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct serve *s = self;

	switch (ev->what) {
	case NET_ACCEPTED: accepted(s, ev); break;
	case NET_READABLE:
	case NET_WRITABLE: pump(s, ev->id); break;
	case NET_EOF:      net_finish(net, ev->id); break;
	case NET_CLOSED:   closed(s, ev); break;
	case NET_DATAGRAM: datagram(s, ev); break;
	default: break; /* nothing else concerns an echo */
	}
	secure_say_failure(&s->secure);
	measure(s);
}

/* --- life --- */

static void stop(struct tool *t)
{
	struct serve *s = (struct serve *)t;

	for (size_t i = 0; i < s->ports; i++) net_finish(s->env->net, s->port[i].id);
	text_printf(s->env->out, "%llu connections, %llu datagrams, %llu bytes echoed\n", (unsigned long long)s->connections,
	            (unsigned long long)s->datagrams, (unsigned long long)s->bytes);
	secure_say_counts(&s->secure);
	t->done = true;
}

static void end_tool(struct tool *t) { secure_end(&((struct serve *)t)->secure); }

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

static bool add_port(struct serve *s, const char *text)
{
	const unsigned allowed = 1 << URL_TCP | 1 << URL_TLS | 1 << URL_UDP | 1 << URL_MULTICAST | 1 << URL_BROADCAST;
	struct url *u = &s->port[s->ports].url;
	const char *why = url_parse(text, allowed, u);

	if (why == NULL && !u->is_address) why = "a server listens on an address, not on a name";
	if (why == NULL && u->scheme == URL_MULTICAST && !ip_is_multicast(u->at.ip)) why = "this is no multicast address";
	if (why != NULL) return tool_usage(s->env, "echo serve: %s: %s", text, why), false;
	net_id id = open_port(s, u);
	if (id == 0) {
		text_printf(s->env->err, "echo serve: %s: %s\n", text, net_why_words(net_why_not(s->env->net)));
		s->env->status = TOOL_FAILED;
		return false;
	}
	s->port[s->ports++].id = id;
	text_printf(s->env->out, "Listening on %s\n", text);
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

struct tool *echo_serve_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct serve *s = arena_zeroed(env->memory, 1, sizeof *s);
	const size_t slots = index_slots(PEERS_MAX);
	const char *word[PORTS_MAX];
	size_t words;

	if (s != NULL) s->peer = arena_take(env->memory, PEERS_MAX * sizeof *s->peer);
	struct index_slot *slot = arena_zeroed(env->memory, slots, sizeof *slot);
	if (s == NULL || s->peer == NULL || slot == NULL) return tool_usage(env, "echo serve: no memory");
	const struct option options[] = {
		{ "close-after", OPTION_NUMBER, &s->close_after }, { "verbose", OPTION_FLAG, &s->verbose },
		SECURE_OPTIONS(&s->secure),
	};
	s->env = env;
	index_init(&s->ids, slot, slots);
	if (!options_read(env, argc, argv, options, COUNT(options), word, PORTS_MAX, &words)) return NULL;
	if (words == 0) return tool_usage(env, "echo serve: on which ports? like tcp://:6666 udp://:7777");
	if (!start_tls(s, word, words)) return NULL;
	for (size_t i = 0; i < words; i++)
		if (!add_port(s, word[i])) {
			while (s->ports > 0) net_finish(env->net, s->port[--s->ports].id);
			secure_end(&s->secure);
			return NULL;
		}
	s->tool.app = (struct app){ event, s };
	s->tool.stop = stop, s->tool.end = end_tool;
	measure(s);
	return &s->tool;
}
