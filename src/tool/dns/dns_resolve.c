/* SPDX-License-Identifier: ISC */
/* A caching resolver for other hosts: it takes their questions over UDP and TCP, and asks from the root down or
 * through forwarders. A question waits in `pending` until the resolver has its answer. */
#include "tool/asking.h"
#include "tool/dns/dns.h"
#include "tool/dns/dns_clients.h"
#include "tool/listen.h"
#include "tool/options.h"
#include "tool/dns/roots.h"

#define QUESTIONS_MAX 96  /* under way at once */
#define PER_CLIENT_MAX 48 /* of one address: nobody takes all */
#define SERVERS_MAX ROOTS_COUNT
#define CACHE_BYTES (4u << 20)
#define OPT_BYTES 11
#define IXFR 251          /* the first of the types that are no types of records (RFC 6895, 3.1) */

struct pending {
	uint64_t asker;       /* 0: free; its place in the table and a number that does not come again */
	struct dns_client client;
	struct dns_question question;
	uint16_t id, flags;   /* of the query */
	bool edns;
	uint16_t limit;       /* bytes that its transport carries */
};

struct resolve {
	struct tool tool;     /* first: they are one for who holds it */
	struct tool_env *env;
	struct asking *asking;
	struct trace trace;   /* with --explain */
	uint64_t asked;       /* ever */
	struct { uint64_t queries, answers, nxdomain, servfail, formerr, refused, notimp, truncated, busy; } counts;
	struct pending pending[QUESTIONS_MAX];
	struct dns_clients clients;
	uint8_t reply[DNS_MESSAGE_MAX];
};

/* --- what is asked of us on the command line --- */

struct words {
	struct addr server[SERVERS_MAX]; size_t servers;
	bool recurse, in_order, explain;
	struct ip listen[DNS_CLIENTS_PLACES_MAX]; size_t listens;
	uint64_t port, cache;
};

static bool servers_read(struct words *w, const char *option, const struct option_texts *texts, struct tool_env *env)
{
	for (size_t i = 0; i < texts->count; i++) {
		struct addr a = { .port = DNS_PORT };
		if (!ip_parse(texts->at[i], &a.ip) && !addr_parse(texts->at[i], &a))
			return tool_usage(env, "resolve: --%s takes an address, not %s", option, texts->at[i]) != NULL;
		w->server[w->servers++] = a;
	}
	return true;
}

static bool words_read(struct words *w, int argc, const char *const *argv, struct tool_env *env)
{
	const char *root[SERVERS_MAX], *forward[SERVERS_MAX], *listen[DNS_CLIENTS_PLACES_MAX];
	struct option_texts roots = { .at = root, .max = SERVERS_MAX }, forwards = { .at = forward, .max = SERVERS_MAX },
		listens = { .at = listen, .max = DNS_CLIENTS_PLACES_MAX };
	*w = (struct words){ .port = DNS_PORT, .cache = CACHE_BYTES };
	const struct option options[] = { { "root", OPTION_TEXTS, &roots }, { "forward", OPTION_TEXTS, &forwards },
		{ "listen", OPTION_TEXTS, &listens }, { "port", OPTION_NUMBER, &w->port }, { "cache", OPTION_SIZE, &w->cache },
		{ "no-rotate", OPTION_FLAG, &w->in_order }, { "explain", OPTION_FLAG, &w->explain } };
	size_t words;

	if (!options_read(env, argc, argv, options, COUNT(options), NULL, 0, &words)) return false;
	if (w->port == 0 || w->port > UINT16_MAX) return tool_usage(env, "resolve: --port takes a number from 1 to 65535") != NULL;
	if (w->cache > 1u << 30) return tool_usage(env, "resolve: --cache takes at most 1Gi") != NULL;
	if (roots.count > 0 && forwards.count > 0) return tool_usage(env, "resolve: --root or --forward, not both") != NULL;
	w->recurse = forwards.count == 0;
	if (!servers_read(w, "root", &roots, env) || !servers_read(w, "forward", &forwards, env)) return false;
	for (size_t i = 0; w->servers == 0 && i < SERVERS_MAX; i++)
		if (ip_parse(root_servers[i].ip4, &w->server[i].ip)) w->server[i].port = DNS_PORT;
	if (roots.count + forwards.count == 0) w->servers = SERVERS_MAX;
	for (; w->listens < listens.count; w->listens++)
		if (!ip_parse(listen[w->listens], &w->listen[w->listens]))
			return tool_usage(env, "resolve: --listen takes an address, not %s", listen[w->listens]) != NULL;
	return true;
}

/* --- replies --- */

static void count_reply(struct resolve *s, uint16_t rcode)
{
	s->counts.answers++;
	switch (rcode) {
	case DNS_NXDOMAIN: s->counts.nxdomain++; break;
	case DNS_SERVFAIL: s->counts.servfail++; break;
	case DNS_FORMERR: s->counts.formerr++; break;
	case DNS_REFUSED: s->counts.refused++; break;
	case DNS_NOTIMP: s->counts.notimp++; break;
	}
}

/* Question, records and OPT, or, if they do not fit, all but the records and TC. */
static size_t compose(struct resolve *s, const struct pending *p, uint16_t rcode, const struct dns_message *m)
{
	struct dns_builder b;
	struct dns_rr rr;
	uint16_t flags = DNS_QR | DNS_RA | (p->flags & (DNS_RD | DNS_CD));
	bool fits = true;

	for (int round = 0; round < 2; round++) {
		dns_begin(&b, (struct room){ s->reply, sizeof s->reply }, p->limit, p->id, flags, 0, rcode);
		if (p->edns) b.limit -= OPT_BYTES;
		dns_add_question(&b, &p->question);
		if (m == NULL || !fits) break;
		for (struct dns_cursor c = dns_records(m); fits && dns_next(&c, &rr);) /* what is extra may be left out */
			fits = dns_add_rr(&b, &rr) || rr.section == DNS_ADDITIONAL;
		if (fits) break;
	}
	if (!fits) {
		dns_set_tc(&b);
		s->counts.truncated++;
	}
	if (p->edns) {
		b.limit += OPT_BYTES;
		dns_add_opt(&b, DNS_UDP_EDNS, rcode, false);
	}
	return dns_end(&b);
}

static void answer(struct resolve *s, const struct pending *p, uint16_t rcode, const struct dns_message *m)
{
	size_t len = compose(s, p, rcode, m);
	count_reply(s, rcode);
	clients_reply(&s->clients, &p->client, (struct bytes){ s->reply, len });
}

/* What does not even parse gets its header back, if it has one and is no answer itself. */
static void refuse_garbage(struct resolve *s, const struct dns_client *client, struct bytes b)
{
	if (b.len < DNS_HEADER_BYTES || b.at[2] & DNS_QR >> 8) {
		clients_skip(&s->clients, client);
		return;
	}
	struct dns_builder reply;
	dns_begin(&reply, (struct room){ s->reply, sizeof s->reply }, DNS_UDP_MAX, load_be16(b.at), DNS_QR | DNS_RA, 0,
	          DNS_FORMERR);
	count_reply(s, DNS_FORMERR);
	clients_reply(&s->clients, client, (struct bytes){ s->reply, dns_end(&reply) });
}

/* --- questions --- */

/* What we do not resolve, and how we say so. */
static uint16_t rcode_at_once(const struct dns_message *m)
{
	if (m->opcode != 0) return DNS_NOTIMP;
	if (m->counts[0] != 1) return DNS_FORMERR;
	if (m->edns && m->edns_version > 0) return DNS_BADVERS;
	uint16_t type = m->question.type;
	if (type == 0 || type == DNS_OPT) return DNS_FORMERR;
	if (type >= IXFR && type < DNS_ANY) return DNS_NOTIMP;
	if (m->question.class != DNS_IN) return DNS_REFUSED;
	return m->flags & DNS_RD ? DNS_NOERROR : DNS_REFUSED; /* nobody may look what others have asked */
}

/* A place for it; NULL if all are taken, or too many by this client. A question asked again while we are at it is
 * `*again`. */
static struct pending *place_for(struct resolve *s, const struct dns_client *client, const struct dns_message *m, bool *again)
{
	struct pending *free = NULL;
	size_t own = 0;

	*again = false;
	for (struct pending *p = s->pending; p < s->pending + QUESTIONS_MAX; p++) {
		if (p->asker == 0) {
			if (free == NULL) free = p;
			continue;
		}
		if (!ip_equal(p->client.peer.ip, client->peer.ip)) continue;
		own++;
		*again = *again || (!client->tcp && p->client.id == client->id && p->id == m->id &&
		                    p->client.peer.port == client->peer.port && p->question.type == m->question.type &&
		                    dns_name_equal(&p->question.name, &m->question.name));
	}
	return own < PER_CLIENT_MAX ? free : NULL;
}

static void take_question(struct resolve *s, const struct dns_asked *asked)
{
	struct dns_message m;
	bool again;

	s->counts.queries++;
	if (dns_parse(asked->question, &m) != DROP_NONE) {
		refuse_garbage(s, &asked->client, asked->question);
		return;
	}
	if (m.flags & DNS_QR) {
		clients_skip(&s->clients, &asked->client);
		return;
	}
	struct pending now = { .client = asked->client, .question = m.question, .id = m.id, .flags = m.flags,
	                       .edns = m.edns };
	size_t udp = m.edns ? size_min(size_max(m.edns_udp_size, DNS_UDP_MAX), DNS_UDP_EDNS) : DNS_UDP_MAX;
	now.limit = asked->client.tcp ? DNS_MESSAGE_MAX : (uint16_t)udp;
	uint16_t rcode = rcode_at_once(&m);
	if (rcode != DNS_NOERROR) {
		answer(s, &now, rcode, NULL);
		return;
	}
	struct pending *p = place_for(s, &asked->client, &m, &again);
	if (again) return;
	now.asker = ++s->asked * QUESTIONS_MAX + (uint64_t)(p != NULL ? p - s->pending : 0);
	if (p == NULL || !asking_ask(s->asking, &m.question, now.asker)) {
		s->counts.busy++;
		answer(s, &now, DNS_SERVFAIL, NULL);
		return;
	}
	*p = now;
}

static void give_answers(struct resolve *s)
{
	struct resolver_answer a;
	struct dns_message m;

	while (asking_answer(s->asking, &a)) {
		struct pending *p = &s->pending[a.asker % QUESTIONS_MAX];
		if (p->asker != a.asker) continue;
		if (dns_parse(a.message, &m) == DROP_NONE) answer(s, p, m.rcode, &m);
		p->asker = 0;
	}
}

/* --- events --- */

static void measure(struct resolve *s)
{
	struct resolver_counts r = asking_counts(s->asking);
	const struct tool_measure all[] = {
		{ "queries", (int64_t)s->counts.queries }, { "answers", (int64_t)s->counts.answers },
		{ "cache_hits", (int64_t)r.cache_hits }, { "upstream", (int64_t)r.queries },
		{ "referrals", (int64_t)r.referrals }, { "timeouts", (int64_t)r.timeouts },
		{ "mismatches", (int64_t)r.mismatches }, { "nxdomain", (int64_t)s->counts.nxdomain },
		{ "servfail", (int64_t)s->counts.servfail }, { "formerr", (int64_t)s->counts.formerr },
		{ "refused", (int64_t)s->counts.refused }, { "notimp", (int64_t)s->counts.notimp },
		{ "truncated", (int64_t)s->counts.truncated }, { "busy", (int64_t)s->counts.busy },
		{ "tcp_clients", (int64_t)s->clients.streams }, { "tcp_dropped", (int64_t)s->clients.dropped },
	};
	static_assert(COUNT(all) < TOOL_MEASURES_MAX, "and the end");
	memcpy(s->tool.measure, all, sizeof all);
}

static void say_why(struct resolve *s)
{
	const char *words = trace_take(&s->trace);
	if (words != NULL) text_printf(s->env->out, "dns resolve: %s\n", words);
}

static void close_all(struct resolve *s)
{
	clients_close(&s->clients);
	asking_close(s->asking);
	net_wake(s->env->net, NEVER);
	s->tool.done = true;
}

/* Asked to end: when those over TCP have gone, and every question has its answer, or it has taken too long. */
static bool is_over(const struct resolve *s)
{
	instant now = net_now(s->env->net);
	bool busy = false;

	if (!clients_gone(&s->clients, now)) return false;
	for (size_t i = 0; i < QUESTIONS_MAX; i++) busy |= s->pending[i].asker != 0;
	return !busy || drain_over(&s->clients.drain, now);
}

static void move_on(struct resolve *s)
{
	struct dns_asked asked;

	give_answers(s);
	while (clients_next(&s->clients, &asked)) {
		take_question(s, &asked);
		give_answers(s);
	}
	say_why(s);
	measure(s);
	if (s->clients.lost != 0) {
		text_printf(s->env->err, "dns resolve: no longer listening over TCP: %s\n", net_why_words(s->clients.lost_why));
		s->tool.status = TOOL_FAILED;
		close_all(s);
		return;
	}
	if (is_over(s)) {
		text_printf(s->env->out, "dns resolve: %llu questions, %llu answers\n", (unsigned long long)s->counts.queries,
		            (unsigned long long)s->counts.answers);
		close_all(s);
		return;
	}
	net_wake(s->env->net, instant_min(asking_deadline(s->asking), clients_deadline(&s->clients)));
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct resolve *s = self;
	struct dns_asked asked;

	if (s->tool.done) return;
	if (ev->what == NET_WAKE) {
		asking_step(s->asking);
		clients_step(&s->clients, net_now(net));
	}
	else if (!asking_event(s->asking, ev) && clients_event(&s->clients, ev, &asked)) take_question(s, &asked);
	move_on(s);
}

static void stop(struct tool *t)
{
	struct resolve *s = (struct resolve *)t;

	clients_stop(&s->clients, net_now(s->env->net));
	move_on(s);
}

static struct tool *failed(struct tool_env *env, const char *what, const char *why)
{
	text_printf(env->err, "dns resolve: %s%s%s\n", what, *what ? ": " : "", why);
	env->status = TOOL_FAILED;
	return NULL;
}

static bool ports_open(struct resolve *s, const struct words *w)
{
	struct addr local = { .port = (uint16_t)w->port };
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < size_max(w->listens, 1); i++) {
		local.ip = w->listens > 0 ? w->listen[i] : ip6_any();
		bool open = clients_listen(&s->clients, &local);
		if (!open && w->listens == 0) { /* no IPv6, whose wildcard serves both */
			local.ip = ip4_any();
			open = clients_listen(&s->clients, &local);
		}
		if (!open) {
			enum net_why why = net_why_not(s->env->net);
			clients_close(&s->clients);
			return failed(s->env, addr_text(&local, text), listen_why(why, local.port)) != NULL;
		}
		text_printf(s->env->out, "dns resolve: listening on %s\n", addr_text(&local, text));
	}
	return true;
}

struct tool *dns_resolve_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct words w;

	if (!words_read(&w, argc, argv, env)) return NULL;
	struct resolve *s = arena_zeroed(env->memory, 1, sizeof *s);
	if (s == NULL) return failed(env, "", "not enough memory lent");
	const struct resolver_config config = {
		.servers = w.server, .servers_count = w.servers, .recurse = w.recurse, .rotate = !w.in_order,
		.questions_max = QUESTIONS_MAX, .cache_bytes = (uint32_t)w.cache, .rng = env->rng,
		.trace = w.explain ? &s->trace : env->trace,
	};
	s->env = env;
	s->clients.net = env->net;
	s->asking = asking_open(env, &config);
	if (s->asking == NULL) return failed(env, "--cache", "not enough memory lent for so much");
	if (!ports_open(s, &w)) return NULL;
	s->tool.app = (struct app){ event, s };
	s->tool.stop = stop;
	measure(s);
	return &s->tool;
}
