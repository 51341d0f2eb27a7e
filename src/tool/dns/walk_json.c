/* SPDX-License-Identifier: ISC */
#include "tool/dns/walk_print.h"

#include "tool/say.h"

static void put_text(struct text *t, const char *words) { say_json(t, bytes_of(words)); }

static void put_name(struct text *t, const char *key, const struct dns_name *name)
{
	char buffer[DNS_NAME_TEXT_MAX];

	if (name == NULL || name->len == 0) return;
	text_printf(t, ", \"%s\": ", key);
	put_text(t, dns_name_text(name, buffer));
}

static const char *what_word(enum walk_what what)
{
	static const char *const words[] = {
		[WALK_ROOT] = "root", [WALK_ROOT_OF_OURS] = "internet_root", [WALK_REFERRED] = "referral", [WALK_ANSWERED] = "answer",
		[WALK_ALIAS] = "alias", [WALK_NO_NAME] = "no_name", [WALK_NO_DATA] = "no_data", [WALK_SILENT] = "silent",
		[WALK_UNREACHED] = "unreached", [WALK_FAILED] = "failed", [WALK_LAME] = "lame", [WALK_STRANGE] = "malformed",
		[WALK_GLUELESS] = "glueless", [WALK_CIRCLE] = "circle", [WALK_NOT_FOUND] = "not_found", [WALK_DEEP] = "too_deep",
	};
	return words[what];
}

static const char *lame_word(enum walk_lame lame)
{
	static const char *const words[] = { [WALK_NO_AUTHORITY] = "no_authority", [WALK_TO_ITSELF] = "to_itself",
	                                     [WALK_UPWARD] = "upward", [WALK_ASIDE] = "aside", [WALK_NOTHING] = "nothing" };
	return words[lame];
}

static const char *outcome_word(enum walk_outcome outcome)
{
	static const char *const words[] = {
		[WALK_FOUND] = "answered", [WALK_ONLY_ALIAS] = "alias", [WALK_NO_SUCH_NAME] = "no_name", [WALK_NO_SUCH_DATA] = "no_data",
		[WALK_SERVERS_FAILED] = "servers_failed", [WALK_NO_ANSWERS] = "no_answers", [WALK_LAME_SERVERS] = "lame_servers",
		[WALK_NO_SERVERS] = "no_servers", [WALK_ALIAS_LOOP] = "alias_loop", [WALK_ENDLESS] = "endless", [WALK_STOPPED] = "stopped",
	};
	return words[outcome];
}

static void begin(struct walk_print *p, const struct walk *w)
{
	char type[16], name[DNS_NAME_TEXT_MAX];

	if (p->lines > 0) return;
	text_puts(p->out, "{\"name\": ");
	put_text(p->out, dns_name_text(&w->want.name, name));
	text_printf(p->out, ", \"type\": \"%s\", \"steps\": [", dns_type_text(w->want.type, type));
}

static void put_records(struct text *t, const struct walk *w)
{
	struct dns_rr rr;
	char words[2048], type[16], name[DNS_NAME_TEXT_MAX];
	const char *comma = "";

	text_puts(t, ", \"records\": [");
	for (struct dns_cursor c = dns_records(&w->query.parsed); dns_next(&c, &rr);) {
		struct text data = text_in(words, sizeof words);
		if (rr.section != DNS_ANSWER) continue;
		dns_rdata_print(&rr, &data);
		text_printf(t, "%s{\"name\": ", comma);
		put_text(t, dns_name_text(&rr.name, name));
		text_printf(t, ", \"type\": \"%s\", \"ttl\": %u, \"data\": ", dns_type_text(rr.type, type), (unsigned)rr.ttl);
		put_text(t, words);
		text_puts(t, "}");
		comma = ", ";
	}
	text_puts(t, "]");
}

static void put_servers(struct text *t, const struct walk_zone *to)
{
	char name[DNS_NAME_TEXT_MAX], ip[IP_TEXT_MAX];

	put_name(t, "to", &to->name);
	text_puts(t, ", \"servers\": [");
	for (size_t i = 0; i < to->servers; i++) {
		const struct walk_server *s = &to->server[i];
		text_printf(t, "%s{\"name\": ", i > 0 ? ", " : "");
		put_text(t, s->name.len > 0 ? dns_name_text(&s->name, name) : "");
		text_puts(t, ", \"addresses\": [");
		for (size_t k = 0; k < s->addresses; k++) text_printf(t, "%s\"%s\"", k > 0 ? ", " : "", ip_text(s->address[k].ip, ip));
		text_puts(t, "]}");
	}
	text_printf(t, "], \"glue_missing\": %u, \"left_out\": %u", to->glue_missing, to->left_out);
}

void walk_json_step(struct walk_print *p, const struct walk *w)
{
	const struct walk_step *s = &w->step;
	struct text *t = p->out;
	char ip[IP_TEXT_MAX], type[16];

	begin(p, w);
	text_printf(t, "%s\n  {\"what\": \"%s\"", p->lines++ > 0 ? "," : "", what_word(s->what));
	if (s->what == WALK_LAME) text_printf(t, ", \"lame\": \"%s\"", lame_word(s->lame));
	if (s->detours > 0) text_printf(t, ", \"detour\": %u", s->detours);
	if (s->zone != NULL) put_name(t, "zone", &s->zone->name);
	put_name(t, "server", s->server_name);
	if (s->asked) {
		text_printf(t, ", \"address\": \"%s\", \"port\": %u", ip_text(s->server.ip, ip), s->server.port);
		put_name(t, "name", &s->name);
		text_printf(t, ", \"type\": \"%s\", \"tries\": %u, \"time_us\": %lld", dns_type_text(s->type, type), s->tries,
		            (long long)(s->took_for / MICROSECOND));
		if (w->query.outcome == QUERY_ANSWERED)
			text_printf(t, ", \"rcode\": \"%s\", \"authoritative\": %s, \"bytes\": %zu", dns_rcode_text(w->query.parsed.rcode),
			            w->query.parsed.flags & DNS_AA ? "true" : "false", w->query.message.len);
	}
	put_name(t, "alias", &s->alias);
	if (*s->words != '\0') text_puts(t, ", \"why\": "), put_text(t, s->words);
	if (s->what == WALK_ANSWERED) put_records(t, w);
	if (s->to != NULL && (s->what == WALK_REFERRED || s->what == WALK_ROOT || s->what == WALK_ROOT_OF_OURS)) put_servers(t, s->to);
	text_puts(t, "}");
}

void walk_json_end(struct walk_print *p, const struct walk *w)
{
	begin(p, w);
	text_printf(p->out, "\n], \"outcome\": \"%s\", \"questions\": %u, \"messages\": %u, \"time_us\": %lld}\n", outcome_word(w->outcome),
	            w->questions, w->tries, (long long)((w->ended_at - w->began_at) / MICROSECOND));
}
