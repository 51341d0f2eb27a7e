/* SPDX-License-Identifier: ISC */
/* An authoritative name server over UDP and TCP. It has each answer at once, so no client waits for another. */
#include "proto/dns/server.h"
#include "tool/dns/dns.h"
#include "tool/dns/dns_clients.h"
#include "tool/listen.h"
#include "tool/options.h"

#define ZONES_MAX 64

struct serve {
	struct tool tool;           /* first: they are one for who holds it */
	struct tool_env *env;
	struct dns_server server;
	const struct zone *zone[ZONES_MAX];
	struct dns_clients clients;
	uint64_t udp_questions, tcp_questions;
	uint8_t answer[DNS_MESSAGE_MAX];
};

/* --- what is asked of us on the command line --- */

struct words {
	const char *zone[ZONES_MAX]; size_t zones;
	struct ip listen[DNS_CLIENTS_PLACES_MAX]; size_t listens;
	uint16_t port;
	bool rotate;
};

static bool words_read(struct words *w, int argc, const char *const *argv, struct tool_env *env)
{
	const char *listen[DNS_CLIENTS_PLACES_MAX];
	struct option_texts zones = { .at = w->zone, .max = ZONES_MAX }, listens = { .at = listen, .max = DNS_CLIENTS_PLACES_MAX };
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
		[FILES_FORBIDDEN] = "permission denied", [FILES_BUSY] = "too many files are open" };
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

/* Where IPv6's wildcard, which serves both families, cannot be, IPv4's must do. */
static bool listen_everywhere(struct serve *s, struct addr *local)
{
	local->ip = ip6_any();
	if (clients_listen(&s->clients, local)) return true;
	local->ip = ip4_any();
	return clients_listen(&s->clients, local);
}

static bool ports_open(struct serve *s, const struct words *w)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < size_max(w->listens, 1); i++) {
		struct addr local = { .port = w->port };
		if (w->listens > 0) local.ip = w->listen[i];
		if (w->listens > 0 ? clients_listen(&s->clients, &local) : listen_everywhere(s, &local)) {
			text_printf(s->env->out, "dns serve: listening on %s\n", addr_text(&local, text));
			continue;
		}
		enum net_why why = net_why_not(s->env->net);
		clients_close(&s->clients);
		return failed(s->env, "dns serve: %s: %s", addr_text(&local, text), listen_why(why, local.port));
	}
	return true;
}

/* --- questions --- */

static void measure(struct serve *s)
{
	const struct dns_server *d = &s->server;
	const struct tool_measure all[] = {
		{ "udp_questions", (int64_t)s->udp_questions }, { "tcp_questions", (int64_t)s->tcp_questions },
		{ "answers", (int64_t)d->answers }, { "referrals", (int64_t)d->referrals },
		{ "nxdomain", (int64_t)d->nxdomain }, { "nodata", (int64_t)d->nodata }, { "refused", (int64_t)d->refused },
		{ "formerr", (int64_t)d->formerr }, { "truncated", (int64_t)d->truncated }, { "others", (int64_t)d->others },
		{ "tcp_clients", (int64_t)s->clients.streams }, { "tcp_dropped", (int64_t)s->clients.dropped },
	};
	static_assert(COUNT(all) < TOOL_MEASURES_MAX, "and the end");
	memcpy(s->tool.measure, all, sizeof all);
}

static void answer(struct serve *s, const struct dns_asked *asked)
{
	bool tcp = asked->client.tcp;
	size_t len = dns_server_answer(&s->server, asked->question, tcp ? DNS_MESSAGE_MAX : DNS_UDP_MAX,
	                               (struct room){ s->answer, sizeof s->answer });

	if (tcp) s->tcp_questions++;
	else s->udp_questions++;
	if (len > 0) clients_reply(&s->clients, &asked->client, (struct bytes){ s->answer, len });
	else clients_skip(&s->clients, &asked->client);
}

static void close_all(struct serve *s)
{
	clients_close(&s->clients);
	net_wake(s->env->net, NEVER);
	s->tool.done = true;
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct serve *s = self;
	struct dns_asked asked;

	if (s->tool.done) return;
	if (ev->what == NET_WAKE) clients_step(&s->clients, net_now(net));
	else if (clients_event(&s->clients, ev, &asked)) answer(s, &asked);
	if (ev->what != NET_DATAGRAM) { /* which changes nothing for those on TCP */
		while (clients_next(&s->clients, &asked)) answer(s, &asked);
		net_wake(net, clients_deadline(&s->clients));
	}
	measure(s);
	if (clients_gone(&s->clients, net_now(net))) {
		text_printf(s->env->out, "dns serve: %llu questions over UDP, %llu over TCP from %llu clients\n",
		            (unsigned long long)s->udp_questions, (unsigned long long)s->tcp_questions, (unsigned long long)s->clients.streams);
		close_all(s);
	}
	if (s->clients.lost == 0) return;
	failed(s->env, "dns serve: no longer listening over TCP: %s", net_why_words(s->clients.lost_why));
	s->tool.status = TOOL_FAILED;
	close_all(s);
}

static void stop(struct tool *t)
{
	struct serve *s = (struct serve *)t;

	clients_stop(&s->clients, net_now(s->env->net));
	net_wake(s->env->net, clients_deadline(&s->clients));
}

struct tool *dns_serve_open(int argc, const char *const *argv, struct tool_env *env)
{
	char name[DNS_NAME_TEXT_MAX];
	struct words w;

	if (!words_read(&w, argc, argv, env)) return NULL;
	struct serve *s = arena_zeroed(env->memory, 1, sizeof *s);
	if (s == NULL) return failed(env, "dns serve: not enough memory lent"), NULL;
	s->env = env;
	s->clients.net = env->net;
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
