/* SPDX-License-Identifier: ISC */
/* nslookup_ask.c - one question to servers, one after another. As BIND's tools do it: a server that stays silent is asked
 * again and again until the tries are used up, those after it once each; one that fails (SERVFAIL), or one of the
 * system's that would not recurse, is left for the next, if there is one. */
#include "tool/dns/nslookup_parts.h"

static void advance(struct ask *);

static void say(struct ask *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct ask *a, const char *format, ...)
{
	va_list args;

	if (a->quiet) return;
	va_start(args, format);
	text_puts(a->env->out, ";; ");
	text_vprintf(a->env->out, format, args);
	text_puts(a->env->out, "\n");
	va_end(args);
}

static bool has_next(const struct ask *a) { return a->at + 1 < a->servers->count; }

static void begin(struct ask *a)
{
	const struct settings *s = a->settings;
	struct text *words = a->quiet ? NULL : a->env->out;
	char name[DNS_NAME_TEXT_MAX], type[16], ip[IP_TEXT_MAX];
	struct query_want want = {
		.server = a->servers->at[a->at], .way = s->vc || a->question.type == DNS_ANY ? QUERY_TCP : QUERY_UDP,
		.question = a->question, .flags = s->recurse ? DNS_RD : 0, .words = words, .comments = words,
		.timeout_for = (instant)(s->timeout_s > 0 ? s->timeout_s : NSLOOKUP_TIMEOUT_S) * SECOND, .tries = a->tries_left,
	};

	want.server.port = a->port;
	if (s->d2) say(a, "asking %s#%u over %s: %s, type %s, %s", ip_text(want.server.ip, ip), a->port, query_way_text(want.way),
	               names_text(&a->question.name, false, name), dns_type_text(a->question.type, type),
	               s->recurse ? "to recurse" : "not to recurse");
	a->state = ASK_BUSY;
	if (query_start(&a->query, a->env, &want)) return;
	text_puts(a->env->err, "nslookup: not enough memory lent\n");
	a->state = ASK_LOST;
}

/* What makes this answer one to leave for the next server's; NULL: nothing. */
static const char *reason_to_go_on(const struct ask *a)
{
	const struct dns_message *m = &a->query.parsed;

	if (m->rcode == DNS_SERVFAIL && !a->settings->fail) return "SERVFAIL reply";
	if (a->servers->name[0] == '\0' && a->settings->recurse && !(m->flags & DNS_RA)) return "recursion not available";
	return NULL;
}

static void next_server(struct ask *a)
{
	a->at++;
	begin(a);
}

static void take_answer(struct ask *a)
{
	const struct query *q = &a->query;
	const char *reason = reason_to_go_on(a);
	char ip[IP_TEXT_MAX];

	ip_text(q->server.ip, ip);
	if (a->settings->d2) say(a, "%s#%u answered %s over %s after %.3f ms, %zu bytes", ip, q->server.port, dns_rcode_text(q->parsed.rcode),
	                         query_way_text(q->way), (double)(q->answered_at - q->sent_at) / (double)MILLISECOND, q->message.len);
	if (reason != NULL) say(a, "Got %s from %s%s", reason, ip, has_next(a) ? ", trying next server" : "");
	if (reason == NULL || !has_next(a)) {
		a->state = ASK_ANSWERED;
		return;
	}
	a->tries_left = a->tries_left > q->tries ? a->tries_left - (q->tries - 1) : 1;
	next_server(a);
}

static void take_failure(struct ask *a)
{
	char ip[IP_TEXT_MAX];

	if (a->query.outcome == QUERY_MALFORMED) say(a, "Got bad packet from %s: %s", ip_text(a->query.server.ip, ip), a->query.words);
	a->tries_left = 1;
	if (has_next(a)) {
		next_server(a);
		return;
	}
	say(a, "no servers could be reached");
	a->state = ASK_LOST;
}

static void advance(struct ask *a)
{
	while (a->state == ASK_BUSY && a->query.outcome != QUERY_ASKING) {
		if (a->query.outcome == QUERY_ANSWERED) take_answer(a);
		else take_failure(a);
	}
}

bool ask_start(struct ask *a, struct tool_env *env, const struct settings *settings, const struct servers *servers, uint16_t port,
               const struct dns_question *question, bool quiet)
{
	a->env = env, a->settings = settings, a->servers = servers, a->port = port, a->question = *question, a->quiet = quiet;
	a->at = 0;
	a->tries_left = settings->tries > 0 ? settings->tries : 1;
	begin(a);
	if (a->state == ASK_LOST) return false;
	advance(a);
	return true;
}

bool ask_event(struct ask *a, const struct net_event *ev)
{
	bool mine = ev->what == NET_WAKE || query_event(&a->query, ev);

	if (ev->what == NET_WAKE) query_step(&a->query, net_now(a->env->net));
	advance(a);
	return mine;
}

void ask_stop(struct ask *a)
{
	query_stop(&a->query);
	a->state = ASK_IDLE;
}
