/* SPDX-License-Identifier: ISC */
#include "tool/dns/system_parts.h"
#include "tool/say.h"

static bool is(const struct system_show *s, size_t service, const char *name) { return strcmp(s->order.service[service].name, name) == 0; }

static void put_addresses(struct text *t, const struct ip *ip, size_t count, const char *between)
{
	char buffer[IP_TEXT_MAX];
	for (size_t i = 0; i < count; i++) text_printf(t, "%s%s", i > 0 ? between : "", ip_text(ip[i], buffer));
}

static const char *search_from(const struct system_show *s)
{
	switch (s->resolv.search_from) {
	case SYSTEM_SEARCH_FILE: return "";
	case SYSTEM_SEARCH_HOSTNAME: return " (from this machine's own name)";
	case SYSTEM_SEARCH_VARIABLE: return " (from the variable LOCALDOMAIN)";
	case SYSTEM_SEARCH_NONE: break;
	}
	return "";
}

void system_print_head(struct system_show *s)
{
	struct text *t = s->env->out;

	text_printf(t, "What the programs of this machine get for '%s' (getaddrinfo):\n", s->typed);
	if (s->is_address) return;
	if (s->texts == NULL) text_puts(t, "  there is no nsswitch.conf here: files, then dns\n");
	else if (s->order.bad) text_printf(t, "  /etc/nsswitch.conf line %u cannot be read: nobody is asked\n", s->order.line);
	else if (s->order.line == 0) text_puts(t, "  /etc/nsswitch.conf says nothing about hosts: files, then dns\n");
	else {
		text_printf(t, "  /etc/nsswitch.conf line %u:", s->order.line);
		for (size_t i = 0; i < s->order.services; i++) {
			text_printf(t, " %s", s->order.service[i].name);
			if (*s->order.service[i].actions != '\0') text_printf(t, " %s", s->order.service[i].actions);
		}
		text_puts(t, s->order.services == 0 ? " nobody is asked\n" : "\n");
	}
}

static void put_files(struct system_show *s, struct text *t)
{
	char ip[IP_TEXT_MAX];

	if (s->texts == NULL || s->texts->hosts.at == NULL) text_puts(t, "there is no /etc/hosts\n");
	else if (s->hosts.count == 0) text_puts(t, "no line of /etc/hosts has that name\n");
	for (size_t i = 0; i < s->hosts.count; i++)
		text_printf(t, "%s/etc/hosts line %u: %s\n", i > 0 ? "     " : "", s->hosts.line[i], ip_text(s->hosts.ip[i], ip));
	if (s->hosts.count > 0 && !s->multi) text_puts(t, "     (only the first such line counts, for /etc/host.conf does not say 'multi on')\n");
}

static void put_answer(struct text *t, const struct system_answer *a)
{
	switch (a->came) {
	case SYSTEM_UNASKED: text_puts(t, "not asked"); break;
	case SYSTEM_DATA: put_addresses(t, a->ip, a->count, " "); break;
	case SYSTEM_NO_DATA: text_puts(t, "none"); break;
	case SYSTEM_NO_NAME: text_puts(t, "no such name"); break;
	case SYSTEM_FAILED: text_puts(t, dns_rcode_text(a->rcode)); break;
	case SYSTEM_LOST: text_puts(t, a->words); break;
	}
}

static void put_result(struct text *t, const struct system_result *r)
{
	char name[DNS_NAME_TEXT_MAX];

	text_printf(t, "%s  A: ", dns_name_text(&r->name, name));
	put_answer(t, &r->answer[0]);
	text_puts(t, "  AAAA: ");
	put_answer(t, &r->answer[1]);
	text_puts(t, "\n");
}

static void put_resolv(const struct system_show *s, struct text *t)
{
	const struct system_resolv *r = &s->resolv;
	char buffer[DNS_NAME_TEXT_MAX];

	text_printf(t, "name server%s ", r->servers == 1 ? "" : "s");
	put_addresses(t, r->server, r->servers, " ");
	if (r->servers_assumed) text_puts(t, " (resolv.conf names none)");
	if (r->searches > 0) text_puts(t, "; search");
	for (size_t i = 0; i < r->searches; i++) text_printf(t, " %s", dns_name_text(&r->search[i], buffer));
	text_printf(t, "%s; ndots %u\n", search_from(s), r->ndots);
}

static void put_dns(struct system_show *s, struct text *t)
{
	char name[DNS_NAME_TEXT_MAX];

	put_resolv(s, t);
	for (size_t i = 0, k; i < s->names; i++) {
		for (k = 0; k < s->listed && !dns_name_equal(&s->result[s->list[k]].name, &s->name[i]);) k++;
		text_puts(t, "     ");
		if (k < s->listed) put_result(t, &s->result[s->list[k]]);
		else text_printf(t, "%s  not asked any more\n", dns_name_text(&s->name[i], name));
	}
}

static void put_other(const struct system_show *s, size_t service, struct text *t)
{
	const char *words = system_service_words(s->order.service[service].name);

	text_printf(t, "%s; ", words != NULL ? words : "a service that is not known here");
	if (!s->might[service]) text_puts(t, "it has nothing to say of such a name\n");
	else text_puts(t, "only the C library can ask it: taken as if it were not there\n");
}

void system_print_service(struct system_show *s, size_t service)
{
	struct text *t = s->env->out;
	const struct system_service *v = &s->order.service[service];
	enum system_status status = s->status[service];

	text_printf(t, "  %zu. %s: ", service + 1, v->name);
	if (is(s, service, "files")) put_files(s, t);
	else if (is(s, service, "dns")) put_dns(s, t);
	else put_other(s, service, t);
	if (service + 1 == s->order.services) return;
	if (v->returns[status]) text_printf(t, "     that is the end of it%s%s\n", *v->actions != '\0' ? ": after " : "", *v->actions != '\0' ? system_status_text(status) : "");
	else if (status == SYSTEM_SUCCESS) text_puts(t, "     but it goes on all the same, and what comes next counts\n");
}

/* "10.0.0.1 from /etc/hosts line 3" */
static void put_machine(const struct system_show *s, struct text *t)
{
	struct ip ip[SYSTEM_ADDRESSES_MAX];
	char name[DNS_NAME_TEXT_MAX];
	size_t n = system_machine(s, ip, COUNT(ip));

	if (n == 0) {
		text_puts(t, "finds no address");
		return;
	}
	text_puts(t, "answers ");
	put_addresses(t, ip, n, " ");
	if (is(s, (size_t)s->answered_by, "files")) text_printf(t, " from /etc/hosts line %u", s->hosts.line[0]);
	else text_printf(t, " from the DNS, as %s", dns_name_text(&s->result[s->found].name, name));
}

static void put_dns_says(const struct system_show *s, struct text *t)
{
	const struct system_result *r = &s->result[s->whole_result];
	struct ip ip[SYSTEM_ADDRESSES_MAX];
	char name[DNS_NAME_TEXT_MAX];
	size_t n = system_addresses(r, ip, COUNT(ip));
	const struct system_answer *a = &r->answer[r->answer[0].came == SYSTEM_NO_DATA && r->answer[1].came > SYSTEM_NO_DATA];

	dns_name_text(&r->name, name);
	if (n > 0) put_addresses(t, ip, n, " ");
	else if (a->came == SYSTEM_NO_NAME) text_printf(t, "that there is no name %s", name);
	else if (a->came == SYSTEM_NO_DATA) text_printf(t, "that %s has no address", name);
	else if (a->came == SYSTEM_FAILED) text_printf(t, "nothing of %s: %s", name, dns_rcode_text(a->rcode));
	else text_printf(t, "nothing of %s: %s", name, a->words);
}

void system_print_end(struct system_show *s)
{
	struct text *t = s->env->out;

	if (s->is_address) {
		text_puts(t, "  it is an address, so nobody is asked\n");
		return;
	}
	text_puts(t, "What the DNS says of that name as it stands:\n  ");
	put_result(t, &s->result[s->whole_result]);
	struct ip ip[2];
	size_t n = system_machine(s, ip, 2);
	if (system_same(s) && n > 0) {
		text_puts(t, "The same: this machine ");
		put_machine(s, t);
	} else {
		text_puts(t, n == 0 && system_same(s) ? "The same: this machine " : "They differ: this machine ");
		put_machine(s, t);
		text_puts(t, "; the DNS says ");
		put_dns_says(s, t);
	}
	for (size_t i = 0, said = 0; i < s->services_done; i++)
		if (s->might[i]) text_printf(t, "%s%s", said++ > 0 ? ", " : " - unless it is answered by ", s->order.service[i].name);
	text_puts(t, "\n");
	if (n > 1) text_puts(t, "Programs see them in the order of RFC 6724, by this machine's own addresses and /etc/gai.conf; most leave out\n"
	                        "IPv6, or IPv4, where the machine has no address of that kind (AI_ADDRCONFIG).\n");
}

/* ---- JSON ---- */

static void json_text(struct text *t, const char *words) { say_json(t, bytes_of(words)); }

static void json_addresses(struct text *t, const struct ip *ip, size_t count)
{
	text_puts(t, count > 0 ? "[\"" : "[");
	put_addresses(t, ip, count, "\", \"");
	text_puts(t, count > 0 ? "\"]" : "]");
}

static void json_result(struct text *t, const struct system_result *r)
{
	static const char *const came[] = { [SYSTEM_UNASKED] = "not_asked", [SYSTEM_DATA] = "answer", [SYSTEM_NO_DATA] = "no_data",
	                                    [SYSTEM_NO_NAME] = "no_name", [SYSTEM_FAILED] = "failed", [SYSTEM_LOST] = "no_answer" };
	char name[DNS_NAME_TEXT_MAX], ip[IP_TEXT_MAX];

	text_puts(t, "{\"name\": ");
	json_text(t, dns_name_text(&r->name, name));
	for (unsigned i = 0; i < 2; i++) {
		const struct system_answer *a = &r->answer[i];
		text_printf(t, ", \"%s\": {\"what\": \"%s\"", i == 0 ? "A" : "AAAA", came[a->came]);
		if (a->came != SYSTEM_UNASKED) text_printf(t, ", \"server\": \"%s\"", ip_text(a->server.ip, ip));
		if (a->came == SYSTEM_FAILED) text_printf(t, ", \"rcode\": \"%s\"", dns_rcode_text(a->rcode));
		if (a->came == SYSTEM_LOST) text_puts(t, ", \"why\": "), json_text(t, a->words);
		text_puts(t, ", \"addresses\": ");
		json_addresses(t, a->ip, a->count);
		text_puts(t, "}");
	}
	text_puts(t, "}");
}

static void json_service(const struct system_show *s, size_t i, struct text *t)
{
	const struct system_service *v = &s->order.service[i];
	char ip[IP_TEXT_MAX];

	text_printf(t, "%s\n  {\"service\": ", i > 0 ? "," : "");
	json_text(t, v->name);
	text_puts(t, ", \"actions\": ");
	json_text(t, v->actions);
	text_printf(t, ", \"asked\": %s", i < s->services_done ? "true" : "false");
	if (i < s->services_done && !s->might[i]) text_printf(t, ", \"status\": \"%s\"", system_status_text(s->status[i]));
	if (i < s->services_done && s->might[i]) text_puts(t, ", \"cannot_be_asked\": true");
	if (i < s->services_done && is(s, i, "files")) {
		text_puts(t, ", \"lines\": [");
		for (size_t k = 0; k < s->hosts.count; k++)
			text_printf(t, "%s{\"line\": %u, \"address\": \"%s\"}", k > 0 ? ", " : "", s->hosts.line[k], ip_text(s->hosts.ip[k], ip));
		text_puts(t, "]");
	}
	if (i < s->services_done && is(s, i, "dns")) {
		text_puts(t, ", \"names\": [");
		for (size_t k = 0; k < s->listed; k++) text_puts(t, k > 0 ? ", " : ""), json_result(t, &s->result[s->list[k]]);
		text_puts(t, "]");
	}
	text_puts(t, "}");
}

static void json_resolv(const struct system_resolv *r, struct text *t)
{
	char name[DNS_NAME_TEXT_MAX];

	text_puts(t, ", \"resolv\": {\"servers\": ");
	json_addresses(t, r->server, r->servers);
	text_puts(t, ", \"search\": [");
	for (size_t i = 0; i < r->searches; i++) text_puts(t, i > 0 ? ", " : ""), json_text(t, dns_name_text(&r->search[i], name));
	text_printf(t, "], \"ndots\": %u, \"timeout_s\": %u, \"attempts\": %u}", r->ndots, r->timeout_s, r->attempts);
}

void system_print_json(struct system_show *s)
{
	struct text *t = s->env->out;
	struct ip ip[SYSTEM_ADDRESSES_MAX];
	size_t n = system_machine(s, ip, COUNT(ip));

	text_puts(t, "{\"name\": ");
	json_text(t, s->typed);
	text_printf(t, ", \"is_address\": %s, \"nsswitch_line\": %u", s->is_address ? "true" : "false", s->order.line);
	json_resolv(&s->resolv, t);
	text_puts(t, ", \"services\": [");
	for (size_t i = 0; i < s->order.services && !s->is_address; i++) json_service(s, i, t);
	text_puts(t, "\n], \"machine\": {\"addresses\": ");
	json_addresses(t, ip, n);
	if (s->answered_by >= 0) text_puts(t, ", \"from\": "), json_text(t, s->order.service[s->answered_by].name);
	text_puts(t, "}");
	if (!s->is_address) {
		text_puts(t, ", \"dns\": ");
		json_result(t, &s->result[s->whole_result]);
		text_printf(t, ", \"same\": %s", system_same(s) ? "true" : "false");
	}
	text_puts(t, "}\n");
}
