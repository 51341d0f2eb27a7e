/* SPDX-License-Identifier: ISC */
/* nslookup_job.c - a look-up from its name to its status. Without a type it asks for IPv4's addresses first, then for IPv6's of
 * the name where the aliases led, and prints both as one answer. */
#include "tool/dns/dig_print.h"
#include "tool/dns/nslookup_parts.h"

static void begin_name(struct nslookup *);
static void begin_question(struct nslookup *);
static void no_server(struct nslookup *, enum dns_status, const char *why);

/* --- the end of a look-up --- */

/* On standard error, and only where a look-up is all there is: people at a prompt have the classic line before them. */
static void tell(struct nslookup *n)
{
	if (n->job.told.status == DNS_STATUS_ANSWERED || n->job.told.status == DNS_STATUS_FAILED || n->session) return;
	text_flush(n->env->out);
	text_puts(n->env->err, "nslookup: ");
	dns_status_tell(n->env->err, &n->job.told);
	text_puts(n->env->err, "\n");
}

static void end_job(struct nslookup *n, enum dns_status status)
{
	n->busy = false;
	n->job.told.status = status;
	if (status != DNS_STATUS_ANSWERED) n->status = (int)status;
	tell(n);
	if (!n->session) nslookup_finish(n);
	else if (status != DNS_STATUS_ANSWERED) nslookup_doubt_name(n);
}

static void tell_server(struct nslookup *n, const struct addr *server)
{
	struct text t = text_in(n->job.told_server, sizeof n->job.told_server);
	char ip[ADDR_TEXT_MAX];
	text_puts(&t, servers_text(server, ip));
}

static void nobody_answered(struct nslookup *n)
{
	struct text t = text_in(n->job.told_server, sizeof n->job.told_server);
	char ip[ADDR_TEXT_MAX];

	for (size_t i = 0; i < n->job.servers->count; i++)
		text_printf(&t, "%s%s", i > 0 ? ", " : "", servers_text(&n->job.servers->at[i], ip));
	if (n->job.what_for == JOB_SHOW) end_job(n, DNS_STATUS_NO_SERVER);
	else no_server(n, DNS_STATUS_NO_SERVER, "no name server answered");
}

/* --- a server's address --- */

static void found_servers(struct nslookup *n)
{
	struct job *j = &n->job;
	struct text t = text_in(j->found.name, sizeof j->found.name);

	n->busy = false;
	text_puts(&t, j->typed);
	*(j->what_for == JOB_SERVER_ONCE ? &n->once : &n->chosen) = j->found;
	if (j->what_for == JOB_SERVER) nslookup_show_servers(n);
	else if (j->what_for == JOB_SERVER_ONCE) nslookup_look_up(n, n->next_name, &n->once);
	else if (!n->session) nslookup_look_up(n, n->next_name, &n->chosen);
}

static void no_server(struct nslookup *n, enum dns_status status, const char *why)
{
	n->busy = false;
	n->status = (int)status;
	text_printf(n->env->err, "nslookup: couldn't get address for '%s': %s\n", n->job.typed, why);
	if (n->job.what_for != JOB_SERVER_FIRST) return;
	n->silent = true;
	nslookup_finish(n);
}

void servers_add(struct servers *s, struct ip ip, uint16_t interface)
{
	if (s->count < NSLOOKUP_SERVERS_MAX) s->at[s->count++] = (struct addr){ .ip = ip, .interface = interface };
}

const char *servers_text(const struct addr *a, char buffer[ADDR_TEXT_MAX])
{
	struct text t = text_in(buffer, ADDR_TEXT_MAX);
	char ip[IP_TEXT_MAX];

	text_puts(&t, ip_text(a->ip, ip));
	if (a->interface != 0) text_printf(&t, "%%%u", a->interface);
	return buffer;
}

/* fe80::1%2, or with the interface's name where names are known. */
static bool parse_address(struct nslookup *n, const char *word, struct servers *found)
{
	char text[IP_TEXT_MAX + SYSTEM_ZONE_MAX];
	struct text t = text_in(text, sizeof text);
	unsigned interface = 0;
	struct ip ip;

	text_puts(&t, word);
	char *zone = strchr(text, '%');
	if (zone != NULL) *zone++ = '\0';
	if (t.cut || !ip_parse(text, &ip)) return false;
	for (const char *s = zone; s != NULL && *s >= '0' && *s <= '9' && interface <= UINT16_MAX; s++) interface = interface * 10 + (unsigned)(*s - '0');
	if (zone != NULL && interface == 0 && n->env->interface != NULL) interface = n->env->interface(n->env, zone);
	if (zone != NULL && (interface == 0 || interface > UINT16_MAX)) return false;
	servers_add(found, ip, (uint16_t)interface);
	return true;
}

/* What needs no asking: an address, this host, a line of /etc/hosts. */
static bool known_server(struct nslookup *n, const char *name, struct servers *found)
{
	struct system_hosts hosts = { .count = 0 };

	if (parse_address(n, name, found)) return true;
	if (n->env->system != NULL) system_hosts_find(&hosts, n->env->system->hosts, name, true);
	for (size_t i = 0; i < hosts.count; i++) servers_add(found, hosts.ip[i], 0);
	if (found->count == 0 && strcmp(name, "localhost") == 0) servers_add(found, ip4_of(0x7f000001), 0);
	return found->count > 0;
}

/* The addresses in an answer to a question for a server's. */
static void server_answered(struct nslookup *n, const struct dns_message *m)
{
	struct job *j = &n->job;
	struct dns_rr rr;
	struct ip ip;

	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
		if (rr.section == DNS_ANSWER && dns_rdata_ip(&rr, &ip)) servers_add(&j->found, ip, 0);
	if (m->rcode == DNS_NXDOMAIN && j->at + 1 < j->names) {
		j->at++;
		begin_name(n);
	} else if (m->rcode == DNS_NOERROR && j->type == DNS_A) {
		j->type = DNS_AAAA;
		begin_name(n);
	}
	else if (j->found.count > 0) found_servers(n);
	else no_server(n, DNS_STATUS_FAILED, m->rcode == DNS_NXDOMAIN ? "not found" : m->rcode == DNS_NOERROR ? "it has none" : dns_rcode_text(m->rcode));
}

/* --- an answer that is shown --- */

static void count(struct nslookup *n, const struct dns_message *m)
{
	struct dns_rr rr;
	struct ip ip;

	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);) {
		if (rr.section != DNS_ANSWER) continue;
		n->answers++;
		n->job.records++;
		if (rr.type == n->job.type || n->job.type == DNS_ANY) n->job.data++;
		if (n->tool.measure[1].value == 0 && rr.type == DNS_A && dns_rdata_ip(&rr, &ip)) n->tool.measure[1].value = ip4_number(ip);
	}
}

/* It names other servers, and has nothing itself. */
static bool is_referral(const struct dns_message *m)
{
	struct dns_rr rr;
	bool names_servers = false;

	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);) {
		if (rr.section == DNS_AUTHORITY && rr.type == DNS_SOA) return false;
		names_servers |= rr.section == DNS_AUTHORITY && rr.type == DNS_NS;
	}
	return names_servers && m->counts[1] == 0 && !(m->flags & DNS_AA);
}

/* Along the aliases in an answer. */
static void follow(const struct dns_message *m, struct dns_name *name)
{
	struct dns_rr rr;
	struct dns_name to;

	for (int links = 0; links < 16; links++) {
		bool alias = false;
		for (struct dns_cursor c = dns_records(m); !alias && dns_next(&c, &rr);)
			alias = rr.section == DNS_ANSWER && rr.type == DNS_CNAME && dns_name_equal(&rr.name, name);
		if (!alias || !dns_rdata_name(&rr, 0, &to)) return;
		*name = to;
	}
}

/* The second of a pair stands under the first one's head. */
static bool has_head(const struct nslookup *n) { return n->settings.typed || n->job.type == DNS_A; }

static void print_head(struct nslookup *n)
{
	const struct addr *server = &n->ask.query.server;
	char ip[ADDR_TEXT_MAX];

	servers_text(server, ip);
	text_printf(n->env->out, "Server:\t\t%s\nAddress:\t%s#%u\n\n", n->job.servers->name[0] != '\0' ? n->job.servers->name : ip, ip, server->port);
}

static void print_answer(struct nslookup *n, const struct dns_message *m)
{
	struct text *out = n->env->out;
	struct job *j = &n->job;
	char name[DNS_NAME_TEXT_MAX];
	bool authoritative = m->flags & DNS_AA, address = j->type == DNS_A || j->type == DNS_AAAA, unicode = n->settings.unicode;

	if (!authoritative && has_head(n)) text_puts(out, "Non-authoritative answer:\n");
	if (m->counts[1] > 0) print_records(out, m, DNS_ANSWER, unicode);
	else if (!j->pair || (j->type == DNS_AAAA && j->records == 0))
		text_printf(out, "*** Can't find %s: No answer\n", names_text(&j->asked, unicode, name));
	if (authoritative || address) return;
	text_puts(out, "\nAuthoritative answers can be found from:\n");
	print_records(out, m, DNS_AUTHORITY, unicode);
	print_records(out, m, DNS_ADDITIONAL, unicode);
}

static void print_message(struct nslookup *n, const struct dns_message *m)
{
	struct text *out = n->env->out;
	char name[DNS_NAME_TEXT_MAX];

	if (has_head(n)) print_head(n);
	if (n->settings.debug) print_debug(out, m, n->settings.unicode);
	if (m->rcode == DNS_NOERROR) return;
	text_printf(out, "** server can't find %s: %s\n", names_text(&n->job.asked, n->settings.unicode, name), dns_rcode_text(m->rcode));
}

static void print_json(struct nslookup *n)
{
	const struct query *q = &n->ask.query;
	const struct servers *s = n->job.servers;
	char ip[IP_TEXT_MAX];

	dig_json(n->env->out, &q->parsed, &(struct dig_stats){ .took = q->answered_at - q->sent_at, .server = q->server,
	         .name = s->name[0] != '\0' ? s->name : ip_text(q->server.ip, ip), .way = query_way_text(q->way),
	         .date = n->env->date + (net_now(n->env->net) - n->env->date_at) / SECOND, .bytes = q->message.len });
}

static void answered(struct nslookup *n)
{
	const struct dns_message *m = &n->ask.query.parsed;
	struct job *j = &n->job;
	bool more = m->rcode == DNS_NXDOMAIN && j->at + 1 < j->names;

	if (j->what_for != JOB_SHOW) {
		server_answered(n, m);
		return;
	}
	if (n->settings.json) print_json(n);
	else if (!more || n->settings.debug) print_message(n, m);
	if (more) {
		j->at++;
		begin_name(n);
		return;
	}
	tell_server(n, &n->ask.query.server);
	j->told.authoritative = m->flags & DNS_AA;
	j->told.rcode = m->rcode;
	j->told.referral |= is_referral(m);
	if (m->rcode != DNS_NOERROR) {
		end_job(n, dns_status_of(m->rcode, false));
		return;
	}
	count(n, m);
	if (!n->settings.json) print_answer(n, m);
	if (j->pair && j->type == DNS_A) {
		j->type = DNS_AAAA;
		follow(m, &j->asked);
		begin_question(n);
	} else end_job(n, dns_status_of(DNS_NOERROR, j->data > 0));
}

/* --- the course of a look-up --- */

static void begin_question(struct nslookup *n)
{
	struct job *j = &n->job;
	const struct dns_question q = { j->asked, j->type, n->settings.class };
	bool own_port = j->what_for != JOB_SHOW && j->servers == &n->initial; /* -port is about where SERVER listens */

	n->busy = true;
	if (!ask_start(&n->ask, n->env, &n->settings, j->servers, own_port ? n->env->server_port : n->settings.port, &q,
	               j->what_for != JOB_SHOW || n->settings.json))
		end_job(n, DNS_STATUS_FAILED);
}

static void begin_name(struct nslookup *n)
{
	struct job *j = &n->job;

	j->asked = j->name[j->at];
	j->told.name = names_text(&j->asked, n->settings.unicode, j->told_name);
	begin_question(n);
}

/* The names that `typed` may stand for. NULL: they are in the job; else why it is no name. */
static const char *read_names(struct nslookup *n, const char *typed)
{
	struct system_resolv resolv = n->settings.resolv;
	char ascii[IDN_ASCII_MAX];
	struct dns_name name;
	const char *why = names_typed(typed, n->settings.idn, &name);

	if (why != NULL) return why;
	if (n->settings.idn && idn_wanted(typed) && idn_to_ascii(typed, ascii) == IDN_DONE) typed = ascii;
	if (!n->settings.search) resolv.searches = resolv.ndots = 0;
	n->job.names = names_searched(&resolv, typed, n->job.name);
	return n->job.names > 0 ? NULL : "with each domain of the search list it is longer than 253 bytes";
}

static void new_job(struct nslookup *n, enum job_for what_for, const char *typed, const struct servers *servers)
{
	struct job *j = &n->job;
	struct text t = text_in(j->typed, sizeof j->typed);

	text_puts(&t, typed);
	j->what_for = what_for;
	j->names = j->at = 0;
	j->servers = servers;
	j->type = DNS_A;
	j->pair = true;
	j->found = (struct servers){ .count = 0 };
	j->records = j->data = 0;
	j->told_server[0] = '\0';
	j->told = (struct dns_told){ .name = j->typed, .server = j->told_server };
}

void nslookup_look_up(struct nslookup *n, const char *name, const struct servers *servers)
{
	struct job *j = &n->job;
	struct ip ip;

	new_job(n, JOB_SHOW, name, servers);
	j->pair = !n->settings.typed;
	j->type = n->settings.type;
	if (ip_parse(name, &ip)) {
		dns_name_reverse(ip, &j->name[j->names++]);
		j->type = DNS_PTR;
		j->pair = false;
	} else j->told.why = read_names(n, name);
	j->told.type = j->pair ? DNS_STATUS_ADDRESS : j->type;
	if (j->told.why != NULL) {
		if (n->session) text_printf(n->env->err, "nslookup: '%s' is no domain name: %s\n", name, j->told.why);
		end_job(n, DNS_STATUS_NOT_A_NAME);
	} else if (servers->count == 0) {
		if (!n->settings.json) text_puts(n->env->out, ";; no servers could be reached\n");
		nobody_answered(n);
	} else begin_name(n);
}

void nslookup_find_server(struct nslookup *n, const char *name, const struct servers *of, enum job_for what_for)
{
	new_job(n, what_for, name, of);
	if (known_server(n, name, &n->job.found)) {
		found_servers(n);
		return;
	}
	const char *why = strchr(name, '%') != NULL ? "after % stands an interface of this host, or its number" : read_names(n, name);
	if (why != NULL) no_server(n, DNS_STATUS_NOT_A_NAME, why);
	else if (of->count == 0) no_server(n, DNS_STATUS_NO_SERVER, "no name server is known");
	else begin_name(n);
}

void nslookup_go_on(struct nslookup *n)
{
	while (n->busy && n->ask.state != ASK_BUSY) {
		if (n->ask.state == ASK_ANSWERED) answered(n);
		else nobody_answered(n);
	}
}
