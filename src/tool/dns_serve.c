/* SPDX-License-Identifier: ISC */
/* An authoritative name server over UDP and TCP (RFC 7766).
 *
 * A TCP client may send many questions without waiting. Each is answered before the next one is looked at, and
 * what an answer finds no room for is not kept: the answer is a function of the question, so it is made again
 * when there is room - with the rotation it began with - and sent from where it broke off. */
#include "proto/dns/server.h"
#include "tool/dns.h"
#include "tool/options.h"

#define ZONES_MAX 64
#define LISTEN_MAX 8
#define CLIENTS_MAX 128             /* at once over TCP; one more, and who was silent longest must go */
#define QUESTION_MAX 1232           /* bytes of a question over TCP; no honest one is longer */
#define CLIENT_IDLE_FOR (10 * SECOND) /* RFC 7766, 6.2.3: seconds, not minutes */

struct client {
	net_id id;                  /* 0: free */
	instant active_at;          /* the last whole question, or progress of an answer */
	uint16_t have;              /* bytes of the question, its two of length included */
	size_t sent;                /* bytes of its answer, the same; counts while `answering` */
	bool answering, eof, finished;
	uint32_t rotation[COUNT(((struct dns_server *)0)->rotation)]; /* when its answer began */
	uint8_t question[2 + QUESTION_MAX];
};

struct place { net_id udp, tcp; };

struct serve {
	struct tool tool;           /* first: they are one for who holds it */
	struct tool_env *env;
	struct dns_server server;
	const struct zone *zone[ZONES_MAX];
	struct place place[LISTEN_MAX]; size_t places;
	struct client client[CLIENTS_MAX];
	uint64_t udp_questions, tcp_questions, clients, evicted, idle, too_long;
	uint8_t answer[2 + DNS_MESSAGE_MAX];
};

/* --- what is asked of us on the command line --- */

struct words {
	const char *zone[ZONES_MAX]; size_t zones;
	struct ip listen[LISTEN_MAX]; size_t listens;
	uint16_t port;
	bool rotate;
};

static bool words_read(struct words *w, int argc, const char *const *argv, struct tool_env *env)
{
	const char *listen[LISTEN_MAX];
	struct option_texts zones = { .at = w->zone, .max = ZONES_MAX }, listens = { .at = listen, .max = LISTEN_MAX };
	uint64_t port = DNS_PORT;
	bool in_order = false;
	const struct option options[] = { { "zone", OPTION_TEXTS, &zones }, { "listen", OPTION_TEXTS, &listens },
		{ "port", OPTION_NUMBER, &port }, { "no-rotate", OPTION_FLAG, &in_order } };
	size_t words;

	if (!options_read(env, argc, argv, options, COUNT(options), NULL, 0, &words)) return false;
	if (port == 0 || port > UINT16_MAX) return tool_usage(env, "serve: --port takes a number from 1 to 65535") != NULL;
	for (size_t i = 0; i < listens.count; i++)
		if (!ip_parse(listen[i], &w->listen[i])) return tool_usage(env, "serve: --listen takes an address, not %s", listen[i]) != NULL;
	if (zones.count == 0) return tool_usage(env, "serve: no --zone to answer from; `tulle help dns` says more") != NULL;
	w->zones = zones.count;
	w->listens = listens.count;
	w->port = (uint16_t)port;
	w->rotate = !in_order;
	return true;
}

/* --- zones --- */

static bool failed(struct tool_env *env, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool failed(struct tool_env *env, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vprintf(env->err, format, args);
	va_end(args);
	text_puts(env->err, "\n");
	env->status = TOOL_FAILED;
	return false;
}

/* The file's text, at the far end of the arena: it is wanted only while the zone is read into the near one. */
static bool file_read(struct tool_env *env, const char *path, struct bytes *text)
{
	static const char *const words[] = { [FILES_NONE] = "no such file", [FILES_FOLDER] = "is a folder",
		[FILES_FORBIDDEN] = "permission denied" };
	struct arena *a = env->memory;
	struct file f = env->files != NULL ? files_open(env->files, path) : (struct file){ .kind = FILES_NONE };
	size_t got = 0, n;

	if (f.kind != FILES_FILE) return failed(env, "%s: %s", path, words[f.kind]);
	bool fits = f.size <= a->memory.len - a->used;
	if (fits) {
		uint8_t *at = a->memory.at + a->memory.len - f.size;
		while (got < f.size && (n = files_read(env->files, &f, got, (struct room){ at + got, f.size - got })) > 0) got += n;
		*text = (struct bytes){ at, f.size };
	}
	files_close(env->files, &f);
	if (!fits) return failed(env, "%s: larger than the memory lent for it", path);
	return got == f.size || failed(env, "%s: cannot be read", path);
}

static const struct zone *text_load(struct arena *a, const struct dns_name *origin, struct bytes text, struct zone_error *error)
{
	a->memory.len -= text.len;
	const struct zone *z = zone_load(a, origin, text, error);
	a->memory.len += text.len;
	return z;
}

static bool zone_open(struct serve *s, const char *word)
{
	char name[DNS_NAME_TEXT_MAX];
	struct dns_name origin;
	struct zone_error error;
	struct bytes text;
	const char *equals = strchr(word, '='), *path = equals != NULL ? equals + 1 : word;

	if (equals != NULL) {
		struct text t = text_in(name, sizeof name);
		text_put(&t, (struct bytes){ (const uint8_t *)word, (size_t)(equals - word) });
		if (t.cut || !dns_name_parse(name, &origin)) return failed(s->env, "--zone: expected a name before '=', found '%s'", name);
	}
	if (!file_read(s->env, path, &text)) return false;
	const struct zone *z = text_load(s->env->memory, equals != NULL ? &origin : NULL, text, &error);
	if (z == NULL) return failed(s->env, "%s:%u:%u: %s", path, error.line, error.column, error.words);
	for (size_t i = 0; i < s->server.zones; i++)
		if (dns_name_equal(&s->zone[i]->origin, &z->origin)) return failed(s->env, "%s: zone %s is given twice", path, dns_name_text(&z->origin, name));
	s->zone[s->server.zones++] = z;
	return true;
}

/* --- ports --- */

static void close_all(struct serve *s)
{
	struct net *net = s->env->net;

	for (size_t i = 0; i < s->places; i++) {
		net_finish(net, s->place[i].udp);
		net_finish(net, s->place[i].tcp);
	}
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (s->client[i].id != 0) net_abort(net, s->client[i].id);
	s->places = 0;
	net_wake(net, NEVER);
}

static bool listen_at(struct serve *s, const struct addr *local)
{
	struct place *p = &s->place[s->places];
	struct net *net = s->env->net;

	if ((p->udp = net_bind(net, local)) == 0) return false;
	if ((p->tcp = net_listen(net, local)) == 0) {
		enum net_why why = net->why_not;
		net_finish(net, p->udp);
		net->why_not = why;
		return false;
	}
	s->places++;
	return true;
}

/* Where IPv6's wildcard, which serves both families, cannot be, IPv4's must do. */
static bool listen_everywhere(struct serve *s, uint16_t port, struct addr *local)
{
	*local = (struct addr){ .ip = ip6_any(), .port = port };
	if (listen_at(s, local)) return true;
	*local = (struct addr){ .ip = ip4_any(), .port = port };
	return listen_at(s, local);
}

static bool ports_open(struct serve *s, const struct words *w)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < size_max(w->listens, 1); i++) {
		struct addr local = { .port = w->port };
		if (w->listens > 0) local.ip = w->listen[i];
		if (w->listens > 0 ? listen_at(s, &local) : listen_everywhere(s, w->port, &local)) {
			text_printf(s->env->out, "dns serve: listening on %s\n", addr_text(&local, text));
			continue;
		}
		enum net_why why = net_why_not(s->env->net);
		close_all(s);
		return failed(s->env, "dns serve: %s: %s", addr_text(&local, text), net_why_words(why));
	}
	return true;
}

/* --- clients over TCP --- */

static struct client *client_find(struct serve *s, net_id id)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (s->client[i].id == id) return &s->client[i];
	return NULL;
}

static void client_drop(struct serve *s, struct client *c)
{
	net_abort(s->env->net, c->id);
	c->id = 0;
}

static struct client *client_room(struct serve *s)
{
	struct client *c = client_find(s, 0), *oldest = &s->client[0];

	if (c != NULL) return c;
	for (size_t i = 1; i < CLIENTS_MAX; i++)
		if (s->client[i].active_at < oldest->active_at) oldest = &s->client[i];
	s->evicted++;
	client_drop(s, oldest);
	return oldest;
}

static size_t question_len(const struct client *c) { return load_be16(c->question); }

/* Takes what is there of the next question, not a byte more. False: it is not whole yet. */
static bool question_read(struct serve *s, struct client *c)
{
	for (;;) {
		size_t want = c->have < 2 ? 2 : 2 + question_len(c);
		if (c->have >= 2 && c->have == want) return true;
		if (want > sizeof c->question) return false;
		struct bytes b = net_peek(s->env->net, c->id);
		size_t n = size_min(b.len, want - c->have);
		if (n == 0) return false;
		memcpy(c->question + c->have, b.at, n);
		c->have = (uint16_t)(c->have + n);
		net_take(s->env->net, c->id, n);
	}
}

/* False: the rest must wait for room. */
static bool answer_send(struct serve *s, struct client *c)
{
	struct bytes question = { c->question + 2, question_len(c) };
	struct room room = { s->answer + 2, DNS_MESSAGE_MAX };
	struct dns_server again = s->server;
	size_t len;

	if (!c->answering) { /* the first time: it counts */
		memcpy(c->rotation, s->server.rotation, sizeof c->rotation);
		len = dns_server_answer(&s->server, question, DNS_MESSAGE_MAX, room);
		s->tcp_questions++;
		c->answering = true;
		c->sent = 0;
	} else {
		memcpy(again.rotation, c->rotation, sizeof c->rotation);
		len = dns_server_answer(&again, question, DNS_MESSAGE_MAX, room);
	}
	store_be16(s->answer, (uint16_t)len);
	size_t whole = len > 0 ? 2 + len : 0; /* what deserves no answer gets none */
	size_t n = whole > 0 ? net_send(s->env->net, c->id, (struct bytes){ s->answer + c->sent, whole - c->sent }) : 0;
	c->sent += n;
	if (n > 0) c->active_at = net_now(s->env->net);
	return c->sent == whole;
}

static void client_serve(struct serve *s, struct client *c)
{
	while (!c->finished) {
		if (!c->answering && !question_read(s, c)) break;
		if (!c->answering) c->active_at = net_now(s->env->net);
		if (!answer_send(s, c)) return;
		c->answering = false;
		c->have = 0;
	}
	if (c->have >= 2 && 2 + question_len(c) > sizeof c->question) {
		s->too_long++;
		client_drop(s, c);
	} else if (c->eof && !c->finished) {
		c->finished = true;
		net_finish(s->env->net, c->id);
	}
}

/* Who says nothing is bidden goodbye, and who does not even answer that is dropped. */
static void clients_idle(struct serve *s, instant now)
{
	instant next = NEVER;

	for (struct client *c = s->client; c < s->client + CLIENTS_MAX; c++) {
		if (c->id == 0) continue;
		if (now >= instant_after(c->active_at, CLIENT_IDLE_FOR)) {
			s->idle += !c->finished;
			if (c->finished || c->answering) {
				client_drop(s, c);
				continue;
			}
			c->finished = true;
			c->active_at = now;
			net_finish(s->env->net, c->id);
		}
		next = instant_min(next, instant_after(c->active_at, CLIENT_IDLE_FOR));
	}
	net_wake(s->env->net, next);
}

/* --- events --- */

static void measure(struct serve *s)
{
	const struct dns_server *d = &s->server;
	const struct tool_measure all[] = {
		{ "udp_questions", (int64_t)s->udp_questions }, { "tcp_questions", (int64_t)s->tcp_questions },
		{ "answers", (int64_t)d->answers }, { "referrals", (int64_t)d->referrals },
		{ "nxdomain", (int64_t)d->nxdomain }, { "nodata", (int64_t)d->nodata }, { "refused", (int64_t)d->refused },
		{ "formerr", (int64_t)d->formerr }, { "truncated", (int64_t)d->truncated }, { "others", (int64_t)d->others },
		{ "tcp_clients", (int64_t)s->clients }, { "tcp_evicted", (int64_t)s->evicted },
		{ "tcp_idle", (int64_t)s->idle }, { "tcp_too_long", (int64_t)s->too_long },
	};
	static_assert(COUNT(all) < TOOL_MEASURES_MAX, "and the end");
	memcpy(s->tool.measure, all, sizeof all);
}

static void datagram(struct serve *s, const struct net_event *ev)
{
	size_t len = dns_server_answer(&s->server, ev->data, DNS_UDP_MAX, (struct room){ s->answer, sizeof s->answer });

	s->udp_questions++;
	if (len > 0) net_sendto(s->env->net, ev->id, &ev->peer, (struct bytes){ s->answer, len });
}

static void accepted(struct serve *s, net_id id)
{
	struct client *c = client_room(s);
	bool first = true;

	for (size_t i = 0; i < CLIENTS_MAX; i++) first = first && s->client[i].id == 0;
	c->id = id;
	c->active_at = net_now(s->env->net);
	c->have = 0;
	c->answering = c->eof = c->finished = false;
	s->clients++;
	if (first) net_wake(s->env->net, instant_after(c->active_at, CLIENT_IDLE_FOR));
}

static void closed(struct serve *s, const struct net_event *ev)
{
	struct client *c = client_find(s, ev->id);

	if (c != NULL) {
		c->id = 0;
		return;
	}
	for (size_t i = 0; i < s->places; i++) {
		if (s->place[i].tcp != ev->id) continue;
		failed(s->env, "dns serve: no longer listening over TCP: %s", net_why_words(ev->why));
		s->tool.status = TOOL_FAILED;
		s->tool.done = true;
		close_all(s);
	}
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct serve *s = self;
	struct client *c;

	if (s->tool.done) return;
	switch (ev->what) {
	case NET_DATAGRAM: datagram(s, ev); break;
	case NET_ACCEPTED: accepted(s, ev->id); break;
	case NET_READABLE:
	case NET_WRITABLE:
	case NET_EOF:
		if ((c = client_find(s, ev->id)) == NULL) break;
		c->eof = c->eof || ev->what == NET_EOF;
		client_serve(s, c);
		break;
	case NET_CLOSED: closed(s, ev); break;
	case NET_WAKE: clients_idle(s, net_now(net)); break;
	default: break; /* an answer that could not be delivered was his who asked */
	}
	measure(s);
}

static void stop(struct tool *t)
{
	struct serve *s = (struct serve *)t;

	close_all(s);
	t->done = true;
}

struct tool *dns_serve_open(int argc, const char *const *argv, struct tool_env *env)
{
	char name[DNS_NAME_TEXT_MAX];
	struct words w;

	if (!words_read(&w, argc, argv, env)) return NULL;
	struct serve *s = arena_zeroed(env->memory, 1, sizeof *s);
	if (s == NULL) return failed(env, "dns serve: not enough memory lent"), NULL;
	s->env = env;
	s->server = (struct dns_server){ .zone = s->zone, .rotate = w.rotate };
	for (size_t i = 0; i < w.zones; i++)
		if (!zone_open(s, w.zone[i])) return NULL;
	if (!ports_open(s, &w)) return NULL;
	for (size_t i = 0; i < s->server.zones; i++)
		text_printf(env->out, "dns serve: zone %s with %u records\n", dns_name_text(&s->zone[i]->origin, name),
		            (unsigned)s->zone[i]->records);
	s->tool.app = (struct app){ event, s };
	s->tool.stop = stop;
	measure(s);
	return &s->tool;
}
