/* SPDX-License-Identifier: ISC */
/* Without a type it asks for IPv4's addresses first, then for IPv6's of the name where the aliases led, and prints
 * both as one answer. */
#include "tool/nslookup.h"

#include "tool/asking.h"
#include "tool/lookup.h"
#include "tool/nslookup_print.h"

const char nslookup_help[] =
	"usage: tulle nslookup [-type=TYPE] [-port=N] [-timeout=SECONDS] [-debug]\n"
	"           NAME [SERVER]\n"
	"\n"
	"Asks a name server for NAME and prints what it says. Without SERVER those of\n"
	"the system are asked (/etc/resolv.conf). An address as NAME is looked up in\n"
	"reverse.\n"
	"\n"
	"  -type=TYPE        A, AAAA, MX, NS, SOA, TXT, SRV, PTR, ANY, TYPE123 ...\n"
	"                    (default: A, then AAAA)\n"
	"  -port=N           where the server listens (default 53)\n"
	"  -timeout=SECONDS  gives up after so long (default 10)\n"
	"  -debug            prints every message in full\n"
	"\n"
	"The exit status is 1 if the server says that there is no such name, fails, or\n"
	"does not answer.\n"
	"\n"
	"  tulle nslookup www.example.com\n"
	"  tulle nslookup -type=mx example.com 10.0.0.53\n";

struct words {
	const char *name, *server;
	uint16_t type;
	bool typed, debug;     /* typed: a type was given */
	uint16_t port;
	instant timeout;
};

struct nslookup {
	struct tool tool;      /* first: they are one for who holds it */
	struct tool_env *env;
	struct words words;
	struct lookup lookup;  /* of the server's own address */
	struct asking *asking; /* NULL until that is known */
	struct dns_name name;
	uint16_t type;         /* asked for now */
	bool reverse;          /* an address was given */
	instant started_at;
	uint32_t answers;      /* records */
};

static void finish(struct nslookup *n, int status)
{
	n->tool.done = true;
	n->tool.status = status;
	n->tool.measure[0] = (struct tool_measure){ "answers", n->answers };
	n->tool.measure[2] = (struct tool_measure){ "time_us", (net_now(n->env->net) - n->started_at) / MICROSECOND };
	if (n->asking != NULL) asking_close(n->asking);
	lookup_stop(&n->lookup);
	net_wake(n->env->net, NEVER);
}

/* --- words --- */

static const char *value_of(const char *word, const char *name)
{
	size_t len = strlen(name);
	return strncmp(word, name, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

static bool number_parse(const char *text, uint32_t max, uint32_t *number)
{
	uint32_t n = 0;
	if (*text == '\0') return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || n > max) return false;
		n = n * 10 + (uint32_t)(*text - '0');
	}
	*number = n;
	return n >= 1 && n <= max;
}

static bool option_read(struct words *w, const char *word, struct tool_env *env)
{
	static const char *const names[] = { "-type", "-port", "-timeout", "-debug" };
	const char *v;
	uint32_t number;

	if ((v = value_of(word, "-type")) != NULL || (v = value_of(word, "-query")) != NULL ||
	    (v = value_of(word, "-querytype")) != NULL || (v = value_of(word, "-q")) != NULL) {
		w->typed = true;
		return dns_type_parse(v, &w->type) || tool_usage(env, "nslookup: there is no type '%s'", v) != NULL;
	}
	if ((v = value_of(word, "-port")) != NULL) {
		if (!number_parse(v, UINT16_MAX, &number)) return tool_usage(env, "nslookup: %s: a port is 1 to 65535", word) != NULL;
		w->port = (uint16_t)number;
		return true;
	}
	if ((v = value_of(word, "-timeout")) != NULL) {
		if (!number_parse(v, 3600, &number)) return tool_usage(env, "nslookup: %s: 1 to 3600 seconds", word) != NULL;
		w->timeout = number * SECOND;
		return true;
	}
	if (strcmp(word, "-debug") == 0) return w->debug = true;
	if (strcmp(word, "-nodebug") == 0) return !(w->debug = false);
	const char *nearest = text_nearest(word, names, COUNT(names));
	if (nearest != NULL) tool_usage(env, "nslookup: there is no option %s; did you mean %s?", word, nearest);
	else tool_usage(env, "nslookup: there is no option %s; `tulle help nslookup` says more", word);
	return false;
}

static bool words_read(struct words *w, int argc, const char *const *argv, struct tool_env *env)
{
	*w = (struct words){ .type = DNS_A, .port = env->server_port };
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-' && argv[i][1] != '\0') {
			if (!option_read(w, argv[i], env)) return false;
		}
		else if (w->name == NULL) w->name = argv[i];
		else if (w->server == NULL) w->server = argv[i];
		else return tool_usage(env, "nslookup: one NAME and one SERVER are enough, found '%s' too", argv[i]) != NULL;
	}
	return w->name != NULL || tool_usage(env, "nslookup: which NAME? `tulle help nslookup` says more") != NULL;
}

/* --- answers --- */

static void count(struct nslookup *n, const struct dns_message *m)
{
	struct dns_rr rr;
	struct ip ip;

	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);) {
		if (rr.section != DNS_ANSWER) continue;
		n->answers++;
		if (n->tool.measure[1].value == 0 && rr.type == DNS_A && dns_rdata_ip(&rr, &ip))
			n->tool.measure[1].value = ip4_number(ip);
	}
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

static void ask(struct nslookup *n)
{
	struct dns_question q = { n->name, n->type, DNS_IN };
	bool asked = asking_ask(n->asking, &q, n->type);
	assert(asked); /* one at a time */
}

static void print_server(struct nslookup *n, const struct addr *server)
{
	char ip[IP_TEXT_MAX];
	const char *name = n->words.server != NULL ? n->words.server : ip_text(server->ip, ip);
	char text[IP_TEXT_MAX];
	text_printf(n->env->out, "Server:\t\t%s\nAddress:\t%s#%u\n\n", name, ip_text(server->ip, text), server->port);
}

static void print_answer(struct nslookup *n, const struct dns_message *m, bool first)
{
	struct text *out = n->env->out;
	char name[DNS_NAME_TEXT_MAX];
	bool authoritative = m->flags & DNS_AA, pair = !n->words.typed && !n->reverse;
	bool address = n->type == DNS_A || n->type == DNS_AAAA;

	if (!authoritative && first && !n->reverse) text_puts(out, "Non-authoritative answer:\n");
	if (m->counts[1] > 0) nslookup_print_records(out, m, DNS_ANSWER);
	else if (!pair || (!first && n->answers == 0))
		text_printf(out, "*** Can't find %s: No answer\n", nslookup_name_text(&n->name, name));
	if (authoritative || address) return;
	text_puts(out, "\nAuthoritative answers can be found from:\n");
	nslookup_print_records(out, m, DNS_AUTHORITY);
	nslookup_print_records(out, m, DNS_ADDITIONAL);
}

static void answered(struct nslookup *n, const struct resolver_answer *a)
{
	struct text *out = n->env->out;
	char name[DNS_NAME_TEXT_MAX];
	struct dns_message m;
	bool pair = !n->words.typed && !n->reverse, first = !pair || n->type == DNS_A;

	if (a->why == RESOLVER_TIMED_OUT || a->server.port == 0 || dns_parse(a->message, &m) != DROP_NONE) {
		text_puts(out, ";; connection timed out; no servers could be reached\n\n");
		finish(n, TOOL_FAILED);
		return;
	}
	if (first && !n->reverse) print_server(n, &a->server);
	if (n->words.debug) nslookup_print_debug(out, &m);
	if (m.rcode != DNS_NOERROR) {
		nslookup_name_text(&n->name, name);
		text_printf(out, "** server can't find %s: %s\n\n", name, dns_rcode_text(m.rcode));
		finish(n, TOOL_FAILED);
		return;
	}
	count(n, &m);
	print_answer(n, &m, first);
	if (pair && n->type == DNS_A) {
		follow(&m, &n->name);
		n->type = DNS_AAAA;
		ask(n);
		return;
	}
	text_puts(out, "\n");
	finish(n, TOOL_OK);
}

/* --- the course of it --- */

static bool servers_known(struct nslookup *n, const struct ip *ip, size_t count)
{
	struct addr servers[LOOKUP_MAX];
	struct resolver_config config = { .servers = servers, .servers_count = count, .questions_max = 2, .keep_case = true, .rng = n->env->rng,
	                                  .give_up_after = n->words.timeout };
	for (size_t i = 0; i < count; i++) servers[i] = (struct addr){ .ip = ip[i], .port = n->words.port };
	n->asking = asking_open(n->env, &config);
	if (n->asking == NULL) {
		text_puts(n->env->err, "nslookup: not enough memory lent\n");
		n->env->status = TOOL_FAILED;
		return false;
	}
	ask(n);
	return true;
}

static void move_on(struct nslookup *n)
{
	struct resolver_answer a;

	if (n->asking == NULL && lookup_state(&n->lookup) == LOOKUP_FAILED) {
		text_printf(n->env->err, "nslookup: couldn't get address for '%s': %s\n", n->words.server, n->lookup.error);
		finish(n, TOOL_FAILED);
	}
	else if (n->asking == NULL && lookup_state(&n->lookup) == LOOKUP_DONE &&
	         !servers_known(n, n->lookup.ip, n->lookup.count)) finish(n, TOOL_FAILED);
	while (!n->tool.done && n->asking != NULL && asking_answer(n->asking, &a)) answered(n, &a);
	if (n->tool.done) return;
	instant at = n->asking != NULL ? asking_deadline(n->asking) : NEVER;
	net_wake(n->env->net, instant_min(at, lookup_deadline(&n->lookup)));
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct nslookup *n = self;

	if (n->tool.done) return;
	if (ev->what == NET_WAKE) {
		lookup_step(&n->lookup, net_now(net));
		if (n->asking != NULL) asking_step(n->asking);
	} else if (!lookup_event(&n->lookup, ev) && n->asking != NULL) asking_event(n->asking, ev);
	move_on(n);
}

static void stop(struct tool *t)
{
	finish((struct nslookup *)t, TOOL_FAILED);
}

struct tool *nslookup_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct words w;
	struct ip ip;
	struct dns_name name;

	if (!words_read(&w, argc, argv, env)) return NULL;
	bool reverse = ip_parse(w.name, &ip);
	if (reverse) dns_name_reverse(ip, &name);
	else if (!dns_name_parse(w.name, &name)) return tool_usage(env, "nslookup: '%s' is no domain name", w.name);
	struct nslookup *n = arena_zeroed(env->memory, 1, sizeof *n);
	if (n == NULL) {
		env->status = TOOL_FAILED;
		text_puts(env->err, "nslookup: not enough memory lent\n");
		return NULL;
	}
	n->tool.app = (struct app){ event, n };
	n->tool.stop = stop;
	n->tool.measure[0].name = "answers", n->tool.measure[1].name = "address", n->tool.measure[2].name = "time_us";
	n->env = env, n->words = w, n->name = name, n->reverse = reverse && !w.typed;
	n->type = reverse ? DNS_PTR : w.type;
	n->started_at = net_now(env->net);
	if (w.server != NULL) lookup_start(&n->lookup, env, w.server);
	else if (!servers_known(n, env->servers, env->servers_count)) return NULL;
	move_on(n);
	return &n->tool;
}
