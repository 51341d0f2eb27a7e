/* SPDX-License-Identifier: ISC */
#include "tool/dns/walk_print.h"

#include "tool/names.h"

#define SERVER_COLUMNS 38
#define WIDTH_MAX 48

static const char *const red = "\033[31m", *const green = "\033[32m", *const bold = "\033[1m", *const plain = "\033[0m";

/* ---- words ---- */

/* With its last dot. */
static void put_name(const struct walk_print *p, struct text *t, const struct dns_name *name)
{
	char buffer[DNS_NAME_TEXT_MAX];

	if (!p->unicode || name->len == 1) {
		text_puts(t, dns_name_text(name, buffer));
		return;
	}
	text_puts(t, names_text(name, true, buffer));
	text_puts(t, ".");
}

static size_t columns(const struct text *t)
{
	size_t n = 0;
	for (size_t i = 0; i < t->len; i++) n += (t->at[i] & 0xc0) != 0x80;
	return n;
}

static void pad(struct text *t, size_t to)
{
	for (size_t n = columns(t); n < to; n++) text_puts(t, " ");
}

static void put_time(struct text *t, instant span)
{
	if (span < 10 * MILLISECOND) text_printf(t, "%lld.%lld ms", (long long)(span / MILLISECOND), (long long)(span / (100 * MICROSECOND) % 10));
	else if (span < 10 * SECOND) text_printf(t, "%lld ms", (long long)(span / MILLISECOND));
	else text_printf(t, "%lld s", (long long)(span / SECOND));
}

static void put_record(const struct walk_print *p, struct text *t, const struct dns_rr *rr)
{
	char words[2048], type[16];
	struct text data = text_in(words, sizeof words);

	put_name(p, t, &rr->name);
	dns_rdata_print(rr, &data);
	text_printf(t, " %s ", dns_type_text(rr->type, type));
	names_put(t, words, p->unicode);
}

static bool to_show(const struct walk *w, const struct dns_rr *rr)
{
	return rr->section == DNS_ANSWER && rr->class == DNS_IN && (w->step.zone == NULL || dns_name_under(&rr->name, &w->step.zone->name)) &&
	       (rr->type != DNS_RRSIG || w->step.type == DNS_RRSIG);
}

static void put_answer(const struct walk_print *p, const struct walk *w, struct text *t, size_t column)
{
	struct dns_rr rr;
	bool first = true;

	for (struct dns_cursor c = dns_records(&w->query.parsed); dns_next(&c, &rr);) {
		if (!to_show(w, &rr)) continue;
		if (!first) text_printf(t, "\n%*s", (int)column, "");
		put_record(p, t, &rr);
		if (first) text_puts(t, "  (authoritative)");
		first = false;
	}
}

/* "knows who serves com.", and what is missing in it. */
static void put_referral(const struct walk_print *p, const struct walk_zone *to, struct text *t)
{
	text_puts(t, "knows who serves ");
	put_name(p, t, &to->name);
	if (to->servers == 0) text_puts(t, ", it says, but names nobody");
	for (size_t i = 0, said = 0; i < to->servers && to->glue_missing > 0; i++) {
		if (!to->server[i].inside || to->server[i].addresses > 0) continue;
		text_puts(t, said++ > 0 ? ", " : ", but not where to find ");
		put_name(p, t, &to->server[i].name);
	}
	if (to->glue_missing > 0) text_puts(t, " (no glue)");
}

static void put_lame(const struct walk_print *p, const struct walk_step *s, struct text *t)
{
	switch (s->lame) {
	case WALK_NO_AUTHORITY: text_puts(t, "answers, but without authority for "); break;
	case WALK_TO_ITSELF: text_puts(t, "refers to itself for "); break;
	case WALK_UPWARD: text_puts(t, "refers back upward, and so does not serve "); break;
	case WALK_ASIDE: text_puts(t, "refers elsewhere, and so does not serve "); break;
	case WALK_NOTHING: text_puts(t, "says nothing about "); break;
	}
	if (s->zone != NULL) put_name(p, t, &s->zone->name);
	else text_puts(t, "the root");
	if (s->zone != NULL) text_puts(t, " (lame)");
}

static void put_failure(const struct walk_print *p, const struct walk_step *s, struct text *t)
{
	text_puts(t, dns_rcode_text(s->rcode));
	if (s->rcode != DNS_REFUSED || s->zone == NULL) return;
	text_puts(t, ": it does not serve ");
	put_name(p, t, &s->zone->name);
	text_puts(t, " (lame)");
}

/* What came of the question, in words. */
static void put_what(const struct walk_print *p, const struct walk *w, struct text *t, size_t column)
{
	const struct walk_step *s = &w->step;
	char type[16];

	switch (s->what) {
	case WALK_ROOT: text_printf(t, "says who serves the root: %zu server%s", s->to->servers, s->to->servers == 1 ? "" : "s"); break;
	case WALK_ROOT_OF_OURS: text_puts(t, "nobody here says where the root is: it begins at the Internet's own"); break;
	case WALK_REFERRED: put_referral(p, s->to, t); break;
	case WALK_ANSWERED: put_answer(p, w, t, column); break;
	case WALK_ALIAS:
		put_name(p, t, &s->name);
		text_puts(t, " is an alias for ");
		put_name(p, t, &s->alias);
		break;
	case WALK_NO_NAME: case WALK_NO_DATA:
		put_name(p, t, s->alias.len > 0 ? &s->alias : &s->name);
		if (s->what == WALK_NO_NAME) text_puts(t, " does not exist  (authoritative)");
		else text_printf(t, " exists, but has no %s  (authoritative)", dns_type_text(s->type, type));
		break;
	case WALK_SILENT: text_printf(t, "silent, asked %u time%s", s->tries, s->tries == 1 ? "" : "s"); break;
	case WALK_UNREACHED: text_puts(t, s->words); break;
	case WALK_STRANGE: text_printf(t, "what it sends is no answer: %s", s->words); break;
	case WALK_FAILED: put_failure(p, s, t); break;
	case WALK_LAME: put_lame(p, s, t); break;
	case WALK_GLUELESS: text_puts(t, "its address did not come along, it is looked up"); break;
	case WALK_NOT_FOUND: text_printf(t, "no address found: %s", s->words); break;
	case WALK_CIRCLE: text_puts(t, "no address found: its zone hangs on this one, and this one on it"); break;
	case WALK_DEEP: text_puts(t, "its address is not looked up: too many detours one in another"); break;
	}
}

/* ---- a line ---- */

/* As wide as the zones above the name that is asked for may become. */
static unsigned width_for(const struct walk *w)
{
	unsigned labels = dns_name_labels(&w->want.name);
	unsigned width = w->want.name.len + 2 * (labels > 0 ? labels - 1 : 0) + 2;
	return width < 12 ? 12 : width > WIDTH_MAX ? WIDTH_MAX : width;
}

static void put_zone(struct walk_print *p, const struct walk_step *s, struct text *t)
{
	const struct walk_zone *zone = s->zone;
	unsigned indent = 2 * s->indent;

	if (zone == p->zone && p->lines > 0) return;
	p->zone = zone;
	if (zone == NULL) {
		text_puts(t, "(resolver)");
		return;
	}
	if (zone->depth > 0) text_printf(t, "%*s└ ", (int)(indent + 2 * (zone->depth - 1)), "");
	else text_printf(t, "%*s", (int)indent, "");
	put_name(p, t, &zone->name);
}

static void put_server(const struct walk_print *p, const struct walk_step *s, struct text *t)
{
	char ip[IP_TEXT_MAX], words[DNS_NAME_TEXT_MAX];

	if (s->what == WALK_ROOT_OF_OURS) return;
	if (s->server_name != NULL) text_puts(t, names_text(s->server_name, p->unicode, words));
	if (s->asked && s->server_name != NULL) text_printf(t, " (%s)", ip_text(s->server.ip, ip));
	else if (s->asked) text_puts(t, ip_text(s->server.ip, ip));
	if (s->asked && s->server.port != DNS_PORT) text_printf(t, "#%u", s->server.port);
}

static const char *color_of(enum walk_what what)
{
	if (what == WALK_ANSWERED) return green;
	return what >= WALK_SILENT && what != WALK_GLUELESS ? red : NULL;
}

void walk_print_step(struct walk_print *p, const struct walk *w)
{
	const struct walk_step *s = &w->step;
	char zone[DNS_NAME_TEXT_MAX + 200], server[DNS_NAME_TEXT_MAX + 80], span[40];
	struct text z = text_in(zone, sizeof zone), who = text_in(server, sizeof server), took = text_in(span, sizeof span);

	if (p->lines == 0) p->width = width_for(w);
	put_zone(p, s, &z);
	p->lines++;
	pad(&z, p->width);
	put_server(p, s, &who);
	pad(&who, SERVER_COLUMNS);
	if (s->asked) put_time(&took, s->took_for);
	text_printf(p->out, "%s%s%s %s %9s   ", p->color ? bold : "", zone, p->color ? plain : "", server, span);
	size_t column = columns(&z) + 1 + columns(&who) + 1 + 9 + 3;
	const char *color = p->color ? color_of(s->what) : NULL;
	if (color != NULL) text_puts(p->out, color);
	put_what(p, w, p->out, column);
	if (color != NULL) text_puts(p->out, plain);
	text_puts(p->out, "\n");
}

void walk_print_outcome(struct walk_print *p, const struct walk *w)
{
	const struct walk_zone *zone = w->way[0].zone;
	struct text *t = p->out;
	char type[16];

	switch (w->outcome) {
	case WALK_FOUND: text_puts(t, "answered"); return;
	case WALK_ONLY_ALIAS: text_puts(t, "an alias"); return;
	case WALK_STOPPED: text_puts(t, "broken off"); return;
	case WALK_ALIAS_LOOP: text_puts(t, "the aliases lead back to one another: there is no end to them"); return;
	case WALK_ENDLESS: text_printf(t, "given up: more than %u questions, %u zones or %u aliases", WALK_QUESTIONS_MAX, WALK_ZONES_MAX, WALK_ALIASES_MAX); return;
	case WALK_NO_SUCH_NAME: case WALK_NO_SUCH_DATA:
		put_name(p, t, w->step.alias.len > 0 ? &w->step.alias : &w->way[0].name);
		if (w->outcome == WALK_NO_SUCH_NAME) text_puts(t, ": there is no such name");
		else text_printf(t, ": the name exists, but has no %s", dns_type_text(w->want.type, type));
		return;
	case WALK_SERVERS_FAILED: text_puts(t, "every server has failed that serves "); break;
	case WALK_LAME_SERVERS: text_puts(t, "every server that should serve it does not: "); break;
	case WALK_NO_ANSWERS: text_puts(t, "no server answered of those that serve "); break;
	case WALK_NO_SERVERS: text_puts(t, "there is no server with an address for "); break;
	}
	put_name(p, t, &zone->name);
}

void walk_print_end(struct walk_print *p, const struct walk *w)
{
	struct text *t = p->out;

	if (w->outcome != WALK_FOUND) {
		if (p->color) text_puts(t, red);
		walk_print_outcome(p, w);
		text_puts(t, p->color ? plain : "");
		text_puts(t, "\n");
	}
	for (int four = 0; four < 2; four++)
		if (walk_leads_nowhere(w, four))
			text_printf(t, "IPv%d leads nowhere from here: after %u silent servers no more were asked over it\n", four ? 4 : 6, w->family[four].silent);
	text_printf(t, "%u question%s", w->questions, w->questions == 1 ? "" : "s");
	if (w->tries > w->questions) text_printf(t, " in %u messages", w->tries);
	text_puts(t, ", ");
	put_time(t, w->ended_at - w->began_at);
	text_puts(t, "\n");
}

void walk_print_received(struct text *t, const struct walk *w)
{
	char ip[IP_TEXT_MAX], name[DNS_NAME_TEXT_MAX];
	const struct walk_step *s = &w->step;
	const char *who = s->server_name != NULL ? names_text(s->server_name, false, name) : ip_text(s->server.ip, name);

	text_printf(t, ";; Received %zu bytes from %s#%u(%s) in %lld ms", w->query.message.len, ip_text(s->server.ip, ip), s->server.port, who,
	            (long long)(s->took_for / MILLISECOND));
}
