/* SPDX-License-Identifier: ISC */
#include "tool/dns/system_parts.h"

#include "tool/dns/dns_status.h"

static const uint16_t types[2] = { DNS_A, DNS_AAAA };

static void next_service(struct system_show *);

/* ---- what is known at the end ---- */

size_t system_addresses(const struct system_result *r, struct ip *ip, size_t max)
{
	size_t n = 0;

	for (unsigned t = 0; r != NULL && t < 2; t++)
		for (size_t i = 0; i < r->answer[t].count && n < max; i++) ip[n++] = r->answer[t].ip[i];
	return n;
}

size_t system_machine(const struct system_show *s, struct ip *ip, size_t max)
{
	if (s->is_address) return ip[0] = s->address, 1;
	if (s->answered_by < 0) return 0;
	if (strcmp(s->order.service[s->answered_by].name, "dns") == 0)
		return s->found >= 0 ? system_addresses(&s->result[s->found], ip, max) : 0;
	size_t n = size_min(s->hosts.count, max);
	memcpy(ip, s->hosts.ip, n * sizeof *ip);
	return n;
}

static bool all_in(const struct ip *a, size_t n, const struct ip *b, size_t m)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		while (k < m && !ip_equal(a[i], b[k])) k++;
		if (k == m) return false;
	}
	return true;
}

bool system_same(const struct system_show *s)
{
	struct ip here[SYSTEM_ADDRESSES_MAX], there[SYSTEM_ADDRESSES_MAX];
	size_t n = system_machine(s, here, COUNT(here)), m = system_addresses(&s->result[s->whole_result], there, COUNT(there));
	return all_in(here, n, there, m) && all_in(there, m, here, n);
}

static int status_of(const struct system_show *s)
{
	struct ip ip[1];

	if (system_machine(s, ip, 1) > 0) return DNS_STATUS_ANSWERED;
	if (s->names == 0) return DNS_STATUS_NOT_A_NAME;
	for (size_t i = s->listed; i-- > 0;) {
		const struct system_answer *a = s->result[s->list[i]].answer;
		for (unsigned t = 0; t < 2; t++) {
			if (a[t].came == SYSTEM_NO_DATA) return DNS_STATUS_NO_DATA;
			if (a[t].came == SYSTEM_LOST) return DNS_STATUS_NO_SERVER;
			if (a[t].came == SYSTEM_FAILED) return dns_status_of(a[t].rcode, false);
		}
	}
	return DNS_STATUS_NO_NAME;
}

static void finish(struct system_show *s)
{
	struct ip ip[SYSTEM_ADDRESSES_MAX];

	query_stop(&s->query);
	net_wake(s->env->net, NEVER);
	if (s->json) system_print_json(s);
	else system_print_end(s);
	s->tool.measure[0] = (struct tool_measure){ "answers", (int64_t)system_machine(s, ip, COUNT(ip)) };
	s->tool.measure[1] = (struct tool_measure){ "same", s->is_address || system_same(s) };
	s->tool.status = status_of(s);
	s->tool.done = true;
}

/* ---- questions ---- */

static void ask(struct system_show *s)
{
	const struct system_resolv *r = &s->resolv;
	const struct query_want want = {
		.server = { .ip = r->server[s->server], .port = s->env->server_port, .interface = s->interface[s->server] }, .way = r->use_vc ? QUERY_TCP : QUERY_UDP,
		.question = { s->asking->name, types[s->type], DNS_IN }, .flags = DNS_RD | (r->trust_ad ? DNS_AD : 0), .edns = { .on = r->edns0 },
		.timeout_for = r->timeout_s * SECOND, .tries = 1,
	};
	bool started = query_start(&s->query, s->env, &want);
	assert(started); /* its room was taken when it was opened */
}

/* False: another question is under way. */
static bool begin(struct system_show *s, const struct dns_name *name, size_t *which)
{
	for (*which = 0; *which < s->results; (*which)++)
		if (dns_name_equal(&s->result[*which].name, name)) return true; /* known by now */
	s->asking = &s->result[s->results++];
	*s->asking = (struct system_result){ .name = *name };
	s->type = s->attempt = 0;
	s->server = 0;
	ask(s);
	return false;
}

static void take_answer(struct system_answer *a, const struct query *q)
{
	struct dns_rr rr;
	struct ip ip;
	const struct dns_message *m = &q->parsed;
	struct text words = text_in(a->words, sizeof a->words);

	a->server = q->server;
	a->came = SYSTEM_LOST;
	text_puts(&words, q->words);
	if (q->outcome != QUERY_ANSWERED) return;
	a->rcode = m->rcode;
	a->came = m->rcode == DNS_NXDOMAIN ? SYSTEM_NO_NAME : m->rcode != DNS_NOERROR ? SYSTEM_FAILED : SYSTEM_NO_DATA;
	if (a->came != SYSTEM_NO_DATA) return;
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);) {
		if (rr.section != DNS_ANSWER || rr.type != q->want.question.type || !dns_rdata_ip(&rr, &ip)) continue;
		if (a->count < SYSTEM_RESULT_ADDRESSES_MAX) a->ip[a->count++] = ip;
		else a->left_out++;
	}
	if (a->count > 0) a->came = SYSTEM_DATA;
}

/* The next server is asked when one fails or is silent, all of them so often as `attempts` says. False: there is no more to try. */
static bool try_another(struct system_show *s)
{
	enum system_came came = s->asking->answer[s->type].came;

	if (came != SYSTEM_FAILED && came != SYSTEM_LOST) return false;
	if (++s->server < s->resolv.servers) return ask(s), true;
	s->server = 0;
	if (++s->attempt < s->resolv.attempts) return ask(s), true;
	return false;
}

/* False: more is under way for this name. */
static bool answered(struct system_show *s)
{
	take_answer(&s->asking->answer[s->type], &s->query);
	if (try_another(s)) return false;
	s->server = s->attempt = 0;
	if (s->type == 1 || s->resolv.no_aaaa) return true;
	s->type = 1;
	ask(s);
	return false;
}

/* ---- dns: the names of the search list ---- */

static bool has_data(const struct system_result *r) { return r->answer[0].count + r->answer[1].count > 0; }

/* A server that fails otherwise than by SERVFAIL ends the list, but not if that was the name as it is typed, which is also still asked
 * if it comes last (glibc's res_search). */
static bool ends_list(const struct system_result *r)
{
	for (unsigned t = 0; t < 2; t++)
		if (r->answer[t].came == SYSTEM_LOST || (r->answer[t].came == SYSTEM_FAILED && r->answer[t].rcode != DNS_SERVFAIL)) return true;
	return false;
}

static void service_done(struct system_show *s, enum system_status status)
{
	s->status[s->service] = status;
	if (!s->json) system_print_service(s, s->service);
	s->services_done = ++s->service;
	if (status == SYSTEM_SUCCESS) s->answered_by = (ptrdiff_t)s->service - 1;
	else s->answered_by = -1; /* what came before it and was not final does not count any more */
	if (s->order.service[s->service - 1].returns[status]) s->service = s->order.services;
}

static enum system_status dns_status(const struct system_show *s)
{
	if (s->found >= 0) return SYSTEM_SUCCESS;
	for (size_t i = 0; i < s->listed; i++)
		for (unsigned t = 0; t < 2; t++) {
			enum system_came came = s->result[s->list[i]].answer[t].came;
			if (came == SYSTEM_LOST || came == SYSTEM_FAILED) return SYSTEM_UNAVAIL;
		}
	return SYSTEM_NOTFOUND;
}

static bool is_typed(const struct system_show *s, const struct dns_name *name)
{
	struct dns_name typed;
	return dns_name_parse(s->typed, &typed) && dns_name_equal(&typed, name);
}

static void name_done(struct system_show *s, size_t which)
{
	const struct system_result *r = &s->result[which];

	if (has_data(r)) s->found = (ptrdiff_t)which;
	else if (!is_typed(s, &r->name) && ends_list(r)) s->refused = true;
}

/* False: a question is under way. */
static bool next_name(struct system_show *s)
{
	while (s->found < 0 && s->next_name < s->names) {
		const struct dns_name *name = &s->name[s->next_name++];
		if (s->refused && !is_typed(s, name)) continue;
		size_t *which = &s->list[s->listed++];
		if (!begin(s, name, which)) return false;
		name_done(s, *which);
	}
	return true;
}

/* ---- one service after another, then the name itself ---- */

static void ask_whole(struct system_show *s)
{
	struct dns_name typed;

	s->whole = true;
	if (!dns_name_parse(s->typed, &typed) || begin(s, &typed, &s->whole_result)) finish(s);
}

static void next_service(struct system_show *s)
{
	while (s->service < s->order.services) {
		const char *name = s->order.service[s->service].name;
		if (strcmp(name, "files") == 0) {
			if (s->texts != NULL) system_hosts_find(&s->hosts, s->texts->hosts, s->typed, s->multi);
			service_done(s, s->hosts.count > 0 ? SYSTEM_SUCCESS : SYSTEM_NOTFOUND);
		} else if (strcmp(name, "dns") == 0) {
			if (!next_name(s)) return;
			service_done(s, dns_status(s));
		} else {
			s->might[s->service] = system_service_knows(name, s->typed, s->texts != NULL ? s->texts->hostname : "");
			service_done(s, strcmp(name, "myhostname") == 0 ? SYSTEM_NOTFOUND : SYSTEM_UNAVAIL);
		}
	}
	ask_whole(s);
}

static void move_on(struct system_show *s)
{
	while (!s->tool.done && s->query.outcome != QUERY_ASKING) {
		if (!answered(s)) continue;
		if (s->whole) {
			finish(s);
			return;
		}
		name_done(s, s->list[s->listed - 1]);
		next_service(s);
	}
	if (!s->tool.done) net_wake(s->env->net, query_deadline(&s->query));
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct system_show *s = self;

	if (s->tool.done) return;
	if (ev->what == NET_WAKE) query_step(&s->query, net_now(net));
	else query_event(&s->query, ev);
	move_on(s);
}

static void stop(struct tool *t)
{
	struct system_show *s = (struct system_show *)t;

	query_stop(&s->query);
	net_wake(s->env->net, NEVER);
	t->status = TOOL_FAILED;
	t->done = true;
}

static struct tool *failed(struct tool_env *env, int status, const char *words)
{
	text_printf(env->err, "nslookup: %s\n", words);
	env->status = status;
	return NULL;
}

struct tool *system_show_open(const char *name, bool json, struct tool_env *env)
{
	struct system_show *s = arena_zeroed(env->memory, 1, sizeof *s);
	struct dns_name typed;

	if (s == NULL || env->memory->memory.len - env->memory->used < 2 * DNS_MESSAGE_MAX) /* a query's room */
		return failed(env, TOOL_FAILED, "not enough memory lent");
	if (strlen(name) >= sizeof s->typed) return failed(env, DNS_STATUS_NOT_A_NAME, "that is too long for a name");
	memcpy(s->typed, name, strlen(name) + 1);
	s->env = env;
	s->json = json;
	s->tool.app = (struct app){ event, s };
	s->tool.stop = stop;
	s->answered_by = s->found = -1;
	s->is_address = ip_parse(name, &s->address);
	if (!s->is_address && !dns_name_parse(name, &typed)) return failed(env, DNS_STATUS_NOT_A_NAME, "that is no domain name");
	system_resolv_of(env, &s->resolv);
	for (size_t i = 0; i < s->resolv.servers; i++) /* fe80::1%eth0 */
		if (*s->resolv.zone[i] != '\0' && env->interface != NULL) s->interface[i] = env->interface(env, s->resolv.zone[i]);
	s->texts = env->system;
	system_order_read(&s->order, s->texts != NULL ? s->texts->nsswitch : (struct bytes){ NULL, 0 });
	s->multi = s->texts != NULL && system_multi(s->texts->host_conf);
	s->names = system_names(&s->resolv, name, s->name);
	if (!json) system_print_head(s);
	if (s->is_address) {
		finish(s);
		return &s->tool;
	}
	next_service(s);
	if (!s->tool.done) move_on(s);
	return &s->tool;
}
