/* SPDX-License-Identifier: ISC */
#include "tool/dns/walk.h"

#include "tool/dns/roots.h"

#define ROOT_ADDRESSES_ASKED_MAX 3 /* of how many of the root's servers a resolver is asked for the address */

static void go(struct walk *);

static struct walk_way *way_of(struct walk *w) { return &w->way[w->ways - 1]; }

static void end(struct walk *w, enum walk_outcome outcome)
{
	query_stop(&w->query);
	w->state = WALK_ENDED;
	w->outcome = outcome;
	w->ended_at = net_now(w->env->net);
}

/* ---- steps ---- */

static struct walk_step *begin_step(struct walk *w, enum walk_what what)
{
	const struct walk_way *way = way_of(w);

	w->state = WALK_STEPPED;
	w->step = (struct walk_step){ .what = what, .zone = way->zone, .name = way->name, .type = way->type, .indent = way->indent,
	                              .detours = (unsigned)w->ways - 1 };
	return &w->step;
}

static void put_words(struct walk_step *s, const char *words)
{
	struct text t = text_in(s->words, sizeof s->words);
	text_puts(&t, words);
}

/* A step in which nobody was asked. */
static void tell(struct walk *w, enum walk_what what, const struct walk_server *server, const char *words)
{
	struct walk_step *s = begin_step(w, what);
	s->server_name = &server->name;
	put_words(s, words);
}

static void ask(struct walk *w, const struct addr *server, const struct dns_name *name, uint16_t type, uint16_t flags)
{
	const struct query_want want = {
		.server = *server, .question = { *name, type, DNS_IN }, .way = w->want.tcp ? QUERY_TCP : QUERY_UDP, .flags = flags,
		.edns = { .on = !w->plain, .dnssec_ok = w->want.dnssec_ok }, .timeout_for = w->want.timeout_for, .tries = w->want.tries,
		.words = w->want.words,
	};
	w->questions++;
	w->state = WALK_BUSY;
	if (!query_start(&w->query, w->env, &want)) end(w, WALK_STOPPED);
}

/* ---- the root ---- */

static void add_root(struct walk_zone *z, const char *name, const struct addr *address)
{
	struct walk_server *s = &z->server[z->servers++];

	*s = (struct walk_server){ .looked_up = true, .address = { *address }, .addresses = 1 };
	if (name != NULL && !dns_name_parse(name, &s->name)) s->name.len = 0;
}

static void begin_at_our_roots(struct walk *w)
{
	struct walk_zone *z = &w->zone[0];

	for (size_t i = 0; i < ROOTS_COUNT; i++) {
		struct addr a = { .port = DNS_PORT };
		if (ip_parse(root_servers[i].ip4, &a.ip)) add_root(z, root_servers[i].name, &a);
		if (ip_parse(root_servers[i].ip6, &a.ip)) z->server[i].address[z->server[i].addresses++] = a;
	}
	z->first = rng_below(w->env->rng, (uint32_t)z->servers);
	begin_step(w, WALK_ROOT_OF_OURS)->to = z;
	w->step.zone = NULL;
}

static size_t addresses_of(const struct walk_zone *z)
{
	size_t n = 0;
	for (size_t i = 0; i < z->servers; i++) n += z->server[i].addresses;
	return n;
}

/* The Internet's root servers are known even where only their names were told. */
static void add_known_addresses(struct walk_zone *z)
{
	struct dns_name name;

	for (size_t i = 0; i < z->servers; i++) {
		struct walk_server *s = &z->server[i];
		struct addr a = { .port = DNS_PORT };
		for (size_t k = 0; s->addresses == 0 && k < ROOTS_COUNT; k++)
			if (dns_name_parse(root_servers[k].name, &name) && dns_name_equal(&name, &s->name) && ip_parse(root_servers[k].ip4, &a.ip))
				s->address[s->addresses++] = a;
	}
}

static void ask_resolver(struct walk *w, const struct dns_name *name, uint16_t type)
{
	w->plain = false;
	ask(w, &w->resolver[w->resolvers_asked - 1], name, type, DNS_RD);
}

/* Until somebody has said who serves the root, and where one of them is. */
static void look_for_root(struct walk *w)
{
	struct walk_zone *z = &w->zone[0];
	static const struct dns_name root = { .len = 1 };

	if (z->servers > 0 && w->root_found < size_min(z->servers, ROOT_ADDRESSES_ASKED_MAX)) {
		struct walk_server *s = &z->server[w->root_found++];
		ask_resolver(w, &s->name, w->want.only6 ? DNS_AAAA : DNS_A);
		return;
	}
	w->root_found = 0;
	z->servers = 0;
	if (w->resolvers_asked == w->want.resolvers_count) {
		if (w->want.only_told) end(w, WALK_NO_ANSWERS);
		else begin_at_our_roots(w);
		return;
	}
	w->resolvers_asked++;
	ask_resolver(w, &root, DNS_NS);
}

static void add_addresses(const struct dns_message *m, uint16_t port, struct walk_server *s)
{
	struct dns_rr rr;
	struct addr a = { .port = port };

	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
		if (rr.section == DNS_ANSWER && rr.class == DNS_IN && dns_rdata_ip(&rr, &a.ip) && s->addresses < WALK_ADDRESSES_MAX)
			s->address[s->addresses++] = a;
}

/* What came of asking a resolver; the addresses of root servers are no steps of their own. */
static void root_told(struct walk *w, struct walk_step *s)
{
	struct walk_zone *z = &w->zone[0];
	const struct dns_message *m = &w->query.parsed;
	static const struct dns_name root = { .len = 1 };

	s->zone = NULL;
	if (s->what != WALK_ROOT) return;
	s->rcode = m->rcode;
	walk_servers(m, DNS_ANSWER, &root, &root, w->want.port, z);
	for (size_t i = 0; i < z->servers; i++) z->server[i].looked_up = true;
	add_known_addresses(z);
	if (m->rcode != DNS_NOERROR) s->what = WALK_FAILED;
	else if (z->servers == 0) s->what = WALK_LAME, s->lame = WALK_NOTHING;
	else z->first = rng_below(w->env->rng, (uint32_t)z->servers);
	s->to = z;
}

/* ---- zones ---- */

static struct walk_zone *zone_of(struct walk *w, const struct dns_name *name)
{
	for (size_t i = 0; i < w->zones; i++)
		if (dns_name_equal(&w->zone[i].name, name)) return &w->zone[i];
	return NULL;
}

static struct walk_zone *nearest_zone(struct walk *w, const struct dns_name *name)
{
	struct walk_zone *nearest = &w->zone[0];

	for (size_t i = 1; i < w->zones; i++)
		if (dns_name_under(name, &w->zone[i].name) && w->zone[i].name.len > nearest->name.len) nearest = &w->zone[i];
	return nearest;
}

/* The zone that was written behind the last one; one that is known already is taken as it is known. */
static struct walk_zone *keep_zone(struct walk *w, const struct walk_zone *above)
{
	struct walk_zone *new = &w->zone[w->zones], *known = zone_of(w, &new->name);

	if (known != NULL) return known;
	w->zones++;
	new->depth = above->depth + 1;
	if (new->servers > 0) new->first = rng_below(w->env->rng, (uint32_t)new->servers);
	return new;
}

/* ---- what came of a question ---- */

static enum walk_what what_came(const struct query *q)
{
	switch (q->outcome) {
	case QUERY_ANSWERED: return WALK_ANSWERED;
	case QUERY_TIMED_OUT: return WALK_SILENT;
	case QUERY_MALFORMED: return WALK_STRANGE;
	default: return WALK_UNREACHED;
	}
}

static void judge(struct walk *w, struct walk_step *s)
{
	struct walk_zone *zone = way_of(w)->zone;

	walk_judge(&w->query.parsed, zone, &w->want, s, &w->zone[w->zones]);
	if (s->what == WALK_REFERRED) s->to = keep_zone(w, zone);
}

static void answered(struct walk *w)
{
	const struct query *q = &w->query;
	bool of_root = w->server == NULL;
	instant until = q->outcome == QUERY_ANSWERED ? q->answered_at : net_now(w->env->net);

	w->tries += q->tries;
	if (q->outcome == QUERY_ANSWERED && q->parsed.rcode == DNS_FORMERR && !w->plain && q->want.edns.on) {
		w->plain = true; /* it knows no EDNS (RFC 6891, 7) */
		ask(w, &q->want.server, &q->want.question.name, q->want.question.type, q->want.flags);
		if (w->state == WALK_BUSY && w->query.outcome != QUERY_ASKING) answered(w);
		return;
	}
	if (of_root && w->root_found > 0) { /* an address of a root server's */
		if (q->outcome == QUERY_ANSWERED) add_addresses(&q->parsed, w->want.port, &w->zone[0].server[w->root_found - 1]);
		go(w);
		return;
	}
	struct walk_step *s = begin_step(w, what_came(q));
	struct walk_family *family = &w->family[ip_is4(q->server.ip)];
	if (!of_root && (q->outcome == QUERY_ANSWERED || q->outcome == QUERY_REFUSED)) family->heard = true;
	else if (!of_root && s->what >= WALK_SILENT) family->silent++;
	s->asked = true;
	s->server = q->server;
	s->server_name = of_root || w->server->name.len == 0 ? NULL : &w->server->name;
	s->name = q->want.question.name;
	s->type = q->want.question.type;
	s->tries = q->tries;
	s->took_for = q->outcome == QUERY_ANSWERED ? until - q->sent_at : until - w->asked_at;
	put_words(s, q->words);
	if (s->what == WALK_ANSWERED && of_root) s->what = WALK_ROOT;
	if (of_root) root_told(w, s);
	else if (s->what == WALK_ANSWERED) judge(w, s);
}

/* ---- whom to ask next ---- */

bool walk_leads_nowhere(const struct walk *w, bool four)
{
	return w->family[four].silent >= WALK_SILENT_MAX && !w->family[four].heard && w->family[!four].heard;
}

static bool usable(const struct walk *w, const struct walk_server *s, size_t i, bool four)
{
	return !(s->bad >> i & 1) && ip_is4(s->address[i].ip) == four && !(four ? w->want.only6 : w->want.only4) &&
	       !walk_leads_nowhere(w, four);
}

/* IPv4 first, for there is less that has it not. */
static bool pick(struct walk *w, struct walk_zone *z)
{
	for (int four = 1; four >= 0; four--)
		for (size_t n = 0; n < z->servers; n++) {
			struct walk_server *s = &z->server[(z->first + n) % z->servers];
			for (size_t i = 0; i < s->addresses; i++)
				if (usable(w, s, i, four)) return w->server = s, w->address = (uint8_t)i, true;
		}
	return false;
}

static struct walk_server *unknown_server(struct walk_zone *z)
{
	for (size_t n = 0; n < z->servers; n++) {
		struct walk_server *s = &z->server[(z->first + n) % z->servers];
		if (s->addresses == 0 && !s->looked_up && !s->inside) return s;
	}
	return NULL;
}

/* Looks for a server's address; the step shows where it is missing. */
static void detour(struct walk *w, struct walk_server *s)
{
	const struct walk_way *from = way_of(w);

	s->looked_up = true;
	if (w->ways == COUNT(w->way)) {
		tell(w, WALK_DEEP, s, "");
		return;
	}
	tell(w, WALK_GLUELESS, s, "");
	w->way[w->ways++] = (struct walk_way){ .name = s->name, .type = w->want.only6 ? DNS_AAAA : DNS_A, .zone = nearest_zone(w, &s->name),
	                                       .to = s, .indent = from->indent + from->zone->depth + 1 };
}

/* Back to the way that wanted it. */
static void not_found(struct walk *w, enum walk_what what, const char *words)
{
	const struct walk_server *s = way_of(w)->to;

	w->ways--;
	tell(w, what, s, words);
}

/* Whether an outer way waits for a server of the zone that this detour hangs on. */
static bool in_circle(const struct walk *w)
{
	const struct walk_zone *z = w->way[w->ways - 1].zone;

	for (size_t i = 1; i + 1 < w->ways; i++)
		if (w->way[i].to >= z->server && w->way[i].to < z->server + z->servers) return true;
	return false;
}

static void nobody_left(struct walk *w)
{
	const struct walk_zone *z = way_of(w)->zone;
	char name[DNS_NAME_TEXT_MAX], words[200];
	struct text t = text_in(words, sizeof words);

	if (w->ways > 1) {
		text_printf(&t, "no server of %.120s is of any use", dns_name_text(&z->name, name));
		not_found(w, in_circle(w) ? WALK_CIRCLE : WALK_NOT_FOUND, words);
	}
	else if (z->failed > 0) end(w, WALK_SERVERS_FAILED);
	else if (z->lame > 0) end(w, WALK_LAME_SERVERS);
	else end(w, z->silent > 0 ? WALK_NO_ANSWERS : WALK_NO_SERVERS);
}

static void go(struct walk *w)
{
	struct walk_way *way = way_of(w);
	struct walk_server *s;

	w->server = NULL;
	w->plain = false;
	w->asked_at = net_now(w->env->net);
	if (w->questions >= WALK_QUESTIONS_MAX || w->zones == WALK_ZONES_MAX) end(w, WALK_ENDLESS); /* one zone is for what is judged */
	else if (addresses_of(&w->zone[0]) == 0) look_for_root(w);
	else if (pick(w, way->zone)) ask(w, &w->server->address[w->address], &way->name, way->type, 0);
	else if ((s = unknown_server(way->zone)) != NULL) detour(w, s);
	else nobody_left(w);
	if (w->state == WALK_BUSY && w->query.outcome != QUERY_ASKING) answered(w);
}

/* ---- what a step leads to ---- */

static void leave_server(struct walk *w)
{
	struct walk_zone *z = way_of(w)->zone;

	if (w->server == NULL) return; /* a resolver, which nobody asks again */
	w->server->bad |= (uint8_t)(1u << w->address);
	if (w->step.what == WALK_FAILED && w->step.rcode != DNS_REFUSED) z->failed++, w->failed++;
	else if (w->step.what == WALK_SILENT || w->step.what == WALK_UNREACHED) z->silent++, w->silent++;
	else z->lame++, w->lame++;
}

/* False: it has led to a step of its own, or to the end. */
static bool detour_done(struct walk *w)
{
	struct walk_way *way = way_of(w);

	switch (w->step.what) {
	case WALK_ANSWERED:
		add_addresses(&w->query.parsed, w->want.port, way->to);
		if (way->to->addresses == 0) return not_found(w, WALK_NOT_FOUND, "it has no address"), false;
		w->ways--;
		return true;
	case WALK_NO_DATA:
		if (way->type == DNS_A && !w->want.only4) return way->type = DNS_AAAA, true;
		return not_found(w, WALK_NOT_FOUND, "it has no address"), false;
	case WALK_NO_NAME: return not_found(w, WALK_NOT_FOUND, "there is no such name"), false;
	default: return not_found(w, WALK_NOT_FOUND, "it is an alias, which no name server may be (RFC 2181, 10.3)"), false;
	}
}

static bool alias_done(struct walk *w)
{
	struct walk_way *way = way_of(w);
	bool again = dns_name_equal(&w->step.alias, &w->want.name);

	for (size_t i = 0; i < w->aliases; i++) again = again || dns_name_equal(&w->alias[i], &w->step.alias);
	if (again || w->aliases == WALK_ALIASES_MAX) return end(w, again ? WALK_ALIAS_LOOP : WALK_ENDLESS), false;
	w->alias[w->aliases++] = way->name = w->step.alias;
	way->zone = nearest_zone(w, &way->name);
	return true;
}

static bool step_done(struct walk *w)
{
	struct walk_way *way = way_of(w);

	switch (w->step.what) {
	case WALK_REFERRED: return way->zone = zone_of(w, &w->step.to->name), true;
	case WALK_ANSWERED: case WALK_ALIAS: case WALK_NO_NAME: case WALK_NO_DATA:
		if (w->ways > 1) return detour_done(w);
		if (w->step.what == WALK_ALIAS) return alias_done(w);
		if (w->step.what == WALK_ANSWERED) end(w, w->step.alias.len > 0 ? WALK_ONLY_ALIAS : WALK_FOUND);
		else end(w, w->step.what == WALK_NO_NAME ? WALK_NO_SUCH_NAME : WALK_NO_SUCH_DATA);
		return false;
	case WALK_SILENT: case WALK_UNREACHED: case WALK_FAILED: case WALK_LAME: case WALK_STRANGE: return leave_server(w), true;
	default: return true;
	}
}

void walk_on(struct walk *w)
{
	if (w->state == WALK_ENDED) return;
	if (w->state != WALK_STEPPED || step_done(w)) go(w);
}

bool walk_event(struct walk *w, const struct net_event *ev)
{
	if (!query_event(&w->query, ev)) return false;
	if (w->state == WALK_BUSY && w->query.outcome != QUERY_ASKING) answered(w);
	return true;
}

void walk_step(struct walk *w, instant now)
{
	query_step(&w->query, now);
	if (w->state == WALK_BUSY && w->query.outcome != QUERY_ASKING) answered(w);
}

instant walk_deadline(const struct walk *w) { return query_deadline(&w->query); }

void walk_stop(struct walk *w)
{
	if (w->state != WALK_ENDED) end(w, WALK_STOPPED);
}

void walk_again(struct walk *w, const struct walk_want *want)
{
	struct tool_env *env = w->env;
	struct walk_zone *zone = w->zone;

	walk_stop(w);
	*w = (struct walk){ .env = env, .zone = zone, .query = w->query, .want = *want, .zones = 1, .ways = 1, .began_at = net_now(env->net) };
	w->want.roots = NULL, w->want.resolvers = NULL;
	if (want->port == 0) w->want.port = DNS_PORT;
	if (want->timeout_for == 0) w->want.timeout_for = WALK_TIMEOUT;
	if (want->tries == 0) w->want.tries = WALK_TRIES;
	w->want.resolvers_count = size_min(want->resolvers_count, COUNT(w->resolver));
	for (size_t i = 0; i < w->want.resolvers_count; i++) w->resolver[i] = want->resolvers[i];
	memset(zone, 0, WALK_ZONES_MAX * sizeof *zone);
	zone[0].name.len = 1;
	for (size_t i = 0; i < size_min(want->roots_count, WALK_ROOTS_MAX); i++) add_root(&zone[0], NULL, &want->roots[i]);
	if (zone[0].servers > 0) zone[0].first = rng_below(env->rng, (uint32_t)zone[0].servers);
	w->way[0] = (struct walk_way){ .name = want->name, .type = want->type, .zone = &zone[0] };
}

struct walk *walk_open(struct tool_env *env, const struct walk_want *want)
{
	struct walk *w = arena_zeroed(env->memory, 1, sizeof *w);

	if (w == NULL || (w->zone = arena_take(env->memory, WALK_ZONES_MAX * sizeof *w->zone)) == NULL) return NULL;
	w->env = env;
	w->state = WALK_ENDED;
	walk_again(w, want);
	return w;
}
