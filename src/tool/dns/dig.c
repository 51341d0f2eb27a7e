/* SPDX-License-Identifier: ISC */
/* dig.c - the course of it: one lookup after another, over its servers and, with a search list, its names. */
#include "idn/idn.h"
#include "tool/dns/dig_parts.h"
#include "tool/names.h"

static void next_lookup(struct dig *);
static void ask(struct dig *);

static void finish(struct dig *d)
{
	d->tool.done = true;
	d->tool.status = d->worst;
	d->tool.measure[0].value = d->answers;
	d->tool.measure[1].value = d->failures;
	d->tool.measure[2].value = d->rtt / MICROSECOND;
	query_stop(&d->query);
	if (d->walk != NULL) walk_stop(d->walk);
	lookup_stop(&d->names);
	net_wake(d->env->net, NEVER);
}

static void no_memory(struct dig *d)
{
	text_puts(d->env->err, "dig: not enough memory lent\n");
	d->worst = DIG_INTERNAL;
	finish(d);
}

/* --- names --- */

static bool add_name(struct dig *d, const struct dig_lookup *l, const char *text)
{
	struct dns_name name;

	if (!dns_name_parse(text, &name)) return tool_usage(d->env, "dig: '%s' is not a legal name", l->text), false;
	d->name[d->names_count++] = name;
	return true;
}

/* With +search, by the system's list or by +domain. */
static void search_names(struct dig *d, const struct dig_lookup *l, const char *text)
{
	struct system_resolv r = d->system;

	if (l->domain != NULL) r.searches = dns_name_parse(l->domain, &r.search[0]);
	if (l->ndots_given) r.ndots = l->ndots;
	d->names_count = names_searched(&r, text, d->name);
}

/* The names that are asked for a lookup's; false: it is none, and that has been said. */
static bool names_of(struct dig *d, const struct dig_lookup *l)
{
	char ascii[IDN_ASCII_MAX];
	const char *text = l->text;
	struct ip ip;

	d->names_count = d->next_name = 0;
	if (l->reverse && ip_parse(text, &ip)) {
		dns_name_reverse(ip, &d->name[d->names_count++]);
		return true;
	}
	if (!l->no_idn_in && idn_wanted(text)) {
		enum idn_why why = idn_to_ascii(text, ascii);
		if (why != IDN_DONE) return tool_usage(d->env, "dig: '%s' is not a legal IDNA2008 name: %s", text, idn_why_words(why)), false;
		text = ascii;
	}
	if (!l->search && !l->showsearch) return add_name(d, l, text);
	search_names(d, l, text);
	return d->names_count > 0 || add_name(d, l, text);
}

/* --- servers --- */

static bool family_fits(const struct dig_lookup *l, struct ip ip)
{
	return l->family == DIG_ANY_FAMILY || (l->family == DIG_4) == ip_is4(ip);
}

static void add_server(struct dig *d, struct addr a)
{
	if (d->servers < DIG_SERVERS_MAX && family_fits(d->now, a.ip)) d->server[d->servers++] = a;
}

static void no_reply(struct dig *d)
{
	d->failures++;
	if (d->worst == TOOL_OK) d->worst = DIG_NO_REPLY;
	next_lookup(d);
}

static void servers_known(struct dig *d)
{
	d->naming = false;
	if (d->servers > 0) {
		if (!d->now->trace) ask(d);
		else if (!dig_trace_begin(d)) no_memory(d);
		return;
	}
	text_printf(d->env->err, "dig: couldn't get address for '%s'\n", d->now->server != NULL ? d->now->server : "any name server");
	no_reply(d);
}

/* "10.0.0.1", "fe80::1%eth0", or a name that is looked up. */
static void find_servers(struct dig *d)
{
	const char *server = d->now->server, *zone = server != NULL ? strchr(server, '%') : NULL;
	char ip[IP_TEXT_MAX] = "";
	struct addr a = { .port = 0 };

	d->servers = d->next_server = d->round = 0;
	if (server == NULL) {
		for (size_t i = 0; i < d->system.servers; i++) {
			a.ip = d->system.server[i];
			add_server(d, a);
		}
		servers_known(d);
		return;
	}
	size_t len = zone != NULL ? (size_t)(zone - server) : strlen(server);
	memcpy(ip, server, size_min(len, sizeof ip - 1));
	uint32_t number = 0;
	if (ip_parse(ip, &a.ip)) {
		if (zone != NULL && d->env->interface != NULL) a.interface = d->env->interface(d->env, zone + 1);
		if (zone != NULL && a.interface == 0 && dig_number(zone + 1, UINT16_MAX, &number)) a.interface = (uint16_t)number;
		add_server(d, a);
		servers_known(d);
		return;
	}
	d->naming = true;
	lookup_start(&d->names, d->env, server);
}

static void names_known(struct dig *d)
{
	if (lookup_state(&d->names) == LOOKUP_FAILED) {
		text_printf(d->env->err, "dig: couldn't get address for '%s': %s\n", d->now->server, d->names.error);
		d->naming = false;
		no_reply(d);
		return;
	}
	for (size_t i = 0; i < d->names.count; i++) add_server(d, (struct addr){ .ip = d->names.ip[i] });
	servers_known(d);
}

/* --- one lookup --- */

static void ask(struct dig *d)
{
	struct query_want want;

	dig_want(d, d->now, &want);
	if (!query_start(&d->query, d->env, &want)) {
		no_memory(d);
		return;
	}
	dig_tell_asked(d);
}

static void next_lookup(struct dig *d)
{
	if (!d->query.want.keep_open) query_stop(&d->query);
	d->now = d->now != NULL ? d->now->next : d->first;
	d->cookie_again = d->version_again = false;
	memset(&d->transfer, 0, sizeof d->transfer);
	if (d->now == NULL) finish(d);
	else if (!names_of(d, d->now)) d->worst = TOOL_USAGE, finish(d);
	else {
		if (d->batch == NULL) {
			d->now->show.short_form = d->short_form;
			d->now->show.stats &= !d->short_form;
		}
		find_servers(d);
	}
}

/* Whether there is another server to try, in this round or the next. */
static bool next_server(struct dig *d)
{
	if (d->servers == 1) return false;
	if (++d->next_server < d->servers) return true;
	d->next_server = 0;
	return ++d->round < (d->now->want.tries > 0 ? d->now->want.tries : QUERY_TRIES);
}

static void print_bytes(struct text *out, struct bytes b)
{
	text_printf(out, "%zu bytes\n", b.len);
	for (size_t line = 0; line < b.len; line += 16) {
		size_t n = size_min(b.len - line, 16);
		for (size_t i = 0; i < 16; i++)
			if (i < n) text_printf(out, "%02x ", b.at[line + i]);
			else text_puts(out, "   ");
		text_puts(out, "         ");
		for (size_t i = line; i < line + n; i++) text_printf(out, "%c", b.at[i] >= ' ' && b.at[i] < 127 ? b.at[i] : '.');
		text_puts(out, "\n");
	}
}

/* BIND's words for it, where it has some. */
static const char *bad_packet(const struct query *q)
{
	return q->drop == DROP_NAME ? "bad label type" : q->drop == DROP_POINTER ? "bad compression pointer" : q->drop == DROP_LENGTH ? "unexpected end" : q->words;
}

/* What came cannot be read to its end. */
static void malformed(struct dig *d)
{
	struct query *q = &d->query;
	bool some = q->parsed.records_at > 0 && q->message.len > 0 && !d->now->no_besteffort;
	bool whole = q->parsed.records == (uint32_t)q->parsed.counts[1] + q->parsed.counts[2] + q->parsed.counts[3];

	if (some && !whole && d->now->show.comments && !d->now->json)
		text_puts(d->env->out, ";; Warning: Message parser reports malformed message packet.\n");
	if (some) dig_tell_answer(d);
	else if (q->message.len > 0) {
		text_printf(d->env->out, ";; Got bad packet: %s\n", bad_packet(q));
		if (!d->now->json) print_bytes(d->env->out, q->message);
	}
	if (some && whole) next_lookup(d);
	else no_reply(d);
}

static void unanswered(struct dig *d)
{
	struct query *q = &d->query;

	if (q->outcome == QUERY_MALFORMED) {
		malformed(d);
		return;
	}
	if (d->transfer.going) {
		text_puts(d->env->out, "; Transfer failed.\n");
		no_reply(d);
		return;
	}
	if (next_server(d)) {
		ask(d);
		return;
	}
	if (q->way == QUERY_UDP || q->connected) dig_greet(d); /* dig's way */
	text_puts(d->env->out, d->now->json ? "" : ";; no servers could be reached\n");
	no_reply(d);
}

/* Each server that the answer names is asked for the zone's SOA; whoever names thousands is not followed to all of them. */
static void search_servers(struct dig *d)
{
	const struct dns_message *m = &d->query.parsed;
	struct dig_lookup *last = d->now;
	struct dns_name name;
	struct dns_rr rr;
	unsigned count = 0;

	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);) {
		if (rr.section != DNS_ANSWER || rr.type != DNS_NS || !dns_rdata_name(&rr, 0, &name)) continue;
		if (count++ == DIG_NSSEARCH_MAX) {
			text_printf(d->env->err, "dig: more than %d name servers: the others are not asked\n", DIG_NSSEARCH_MAX);
			return;
		}
		struct dig_lookup *l = arena_zeroed(d->env->memory, 1, sizeof *l);
		char *text = arena_take(d->env->memory, DNS_NAME_TEXT_MAX);
		if (l == NULL || text == NULL) return;
		dns_name_text(&name, text);
		*l = *d->now;
		l->nssearch = false;
		l->show.type_first = true;
		l->server = text;
		l->want.question.type = DNS_SOA;
		l->want.flags &= (uint16_t)~DNS_RD;
		l->next = last->next;
		last->next = l;
		last = l;
	}
}

static void answered(struct dig *d)
{
	const struct dns_message *m = &d->query.parsed;
	char server[ADDR_TEXT_MAX];

	d->answers += m->counts[1];
	d->rtt = d->query.answered_at - d->query.sent_at;
	if (dig_ask_again(d, m)) {
		ask(d);
		return;
	}
	if (m->rcode == DNS_SERVFAIL && d->now->no_fail && next_server(d)) {
		text_printf(d->env->out, ";; Got SERVFAIL reply from %s, trying next server\n", dig_server_text(&d->query.server, server));
		ask(d);
		return;
	}
	if (d->query.want.stream && d->query.way != QUERY_UDP) {
		if (dig_tell_transfer(d)) query_more(&d->query);
		else next_lookup(d);
		return;
	}
	bool another = m->rcode == DNS_NXDOMAIN && d->next_name + 1 < d->names_count;
	if (d->now->nssearch) search_servers(d);
	else if (!another || d->now->showsearch) dig_tell_answer(d);
	if (another) d->next_name++, ask(d);
	else next_lookup(d);
}

static void traced(struct dig *d)
{
	if (d->traced_in_vain) no_reply(d);
	else next_lookup(d);
}

static void move_on(struct dig *d)
{
	while (!d->tool.done) {
		if (d->naming && lookup_state(&d->names) == LOOKUP_BUSY) break;
		if (d->naming) names_known(d);
		else if (d->tracing) {
			if (dig_trace_on(d)) break;
			traced(d);
		}
		else if (d->query.outcome == QUERY_ASKING) break;
		else if (d->query.outcome == QUERY_ANSWERED) answered(d);
		else unanswered(d);
	}
	if (!d->tool.done) net_wake(d->env->net, instant_min(d->tracing ? walk_deadline(d->walk) : query_deadline(&d->query), lookup_deadline(&d->names)));
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct dig *d = self;

	if (d->tool.done) return;
	if (ev->what == NET_WAKE) {
		lookup_step(&d->names, net_now(net));
		query_step(&d->query, net_now(net));
		if (d->walk != NULL) walk_step(d->walk, net_now(net));
	} else if (!lookup_event(&d->names, ev) && !query_event(&d->query, ev) && d->walk != NULL) walk_event(d->walk, ev);
	move_on(d);
}

static void stop(struct tool *t)
{
	struct dig *d = (struct dig *)t;
	if (d->worst == TOOL_OK) d->worst = DIG_NO_REPLY;
	finish(d);
}

static void end(struct tool *t) { secure_end(&((struct dig *)t)->secure); }

/* TLS is begun while the process may still read files. Whom a lookup believes is its own affair. */
static bool secure(struct dig *d)
{
	bool wanted = false;

	for (const struct dig_lookup *l = d->first; l != NULL; l = l->next)
		wanted |= l->want.way == QUERY_TLS || (l->want.way == QUERY_HTTPS && !l->want.plain);
	if (!wanted) return true;
	d->secure.options.insecure = !d->tls_check;
	return secure_start(&d->secure, d->env, "dig", false, "");
}

static bool begin(struct dig *d, int argc, const char *const *argv)
{
	if (!dig_words(d, argc, argv)) return false;
	for (const struct dig_lookup *l = d->first; l != NULL; l = l->next)
		if (!names_of(d, l)) return false;
	system_resolv_of(d->env, &d->system);
	return secure(d);
}

struct tool *dig_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct dig *d = arena_zeroed(env->memory, 1, sizeof *d);

	if (d == NULL) {
		env->status = DIG_INTERNAL;
		text_puts(env->err, "dig: not enough memory lent\n");
		return NULL;
	}
	d->env = env;
	d->tool = (struct tool){ .app = { event, d }, .stop = stop, .end = end };
	d->tool.measure[0].name = "answers", d->tool.measure[1].name = "failures", d->tool.measure[2].name = "rtt_us";
	if (!begin(d, argc, argv)) return NULL;
	next_lookup(d);
	move_on(d);
	return &d->tool;
}
