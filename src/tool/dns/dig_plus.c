/* SPDX-License-Identifier: ISC */
/* dig_plus.c - the words that begin with +. Each may be shortened as long as no other begins so; "no" before it turns it off. */
#include "tool/dns/dig_parts.h"

struct plus;
typedef bool plus_function(struct dig *, struct dig_lookup *, const struct plus *, bool on, const char *value);
struct plus { const char *name; plus_function *set; size_t where; uint16_t bit; };

/* Says what is wrong with a value; false. */
static bool wrong(struct dig *d, const struct plus *p, const char *value, const char *wanted)
{
	if (value == NULL) tool_usage(d->env, "dig: +%s takes %s: +%s=...", p->name, wanted, p->name);
	else tool_usage(d->env, "dig: +%s takes %s, not %s", p->name, wanted, value);
	return false;
}

static bool number(struct dig *d, const struct plus *p, const char *value, uint32_t max, const char *wanted, uint32_t *n)
{
	return (value != NULL && dig_number(value, max, n)) || wrong(d, p, value, wanted);
}

static bool *at(struct dig_lookup *l, const struct plus *p) { return (bool *)((char *)l + p->where); }

static bool set_bool(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)d, (void)value;
	*at(l, p) = on;
	return true;
}

/* What is kept the other way round. */
static bool set_not(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	return set_bool(d, l, p, !on, value);
}

static bool set_flag(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)d, (void)value;
	l->want.flags = (uint16_t)(on ? l->want.flags | p->bit : l->want.flags & ~p->bit);
	return true;
}

static bool set_all(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)p, (void)value;
	l->show.question = l->show.answer = l->show.authority = l->show.additional = l->show.comments = l->show.stats = d->cmd = on;
	return true;
}

static bool set_cmd(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)l, (void)p, (void)value;
	d->cmd = on;
	return true;
}

static bool set_short(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)p;
	if (on) set_all(d, l, p, false, value);
	l->show.answer |= on;
	d->short_form = on;
	if (on) l->show.style.comments = false, l->comments_set = true;
	return true;
}

static bool set_multiline(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)d, (void)p, (void)value;
	l->show.style.multiline = on;
	if (!l->comments_set) l->show.style.comments = on;
	if (!l->split_set) l->show.style.split = on ? DNS_SPLIT_LINES : DNS_SPLIT;
	return true;
}

static bool set_rrcomments(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)d, (void)p, (void)value;
	l->show.style.comments = on;
	l->comments_set = true;
	return true;
}

static bool set_split(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	uint32_t n = 0;

	if (on && value != NULL && !number(d, p, value, 1024, "a number up to 1024", &n)) return false;
	if (n % 4 != 0) text_printf(d->env->err, ";; Warning, split must be a multiple of 4; adjusting to %u\n", (unsigned)(n + 3) / 4 * 4);
	l->split_set = !on || value != NULL;
	l->show.style.split = on && value == NULL ? l->show.style.multiline ? DNS_SPLIT_LINES : DNS_SPLIT : (n + 3) / 4 * 4;
	return true;
}

static bool set_way(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)d, (void)value;
	l->want.way = on ? (enum query_way)p->bit : QUERY_UDP;
	l->way_given = true;
	return true;
}

static bool set_https(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	if (value != NULL && value[0] != '/') return wrong(d, p, value, "a path that begins with /");
	l->want.way = on ? QUERY_HTTPS : QUERY_UDP;
	l->want.plain = strncmp(p->name, "http-", 5) == 0;
	l->want.get = p->bit;
	if (value != NULL) l->want.path = value;
	return true;
}

static bool set_tls_ca(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)p;
	l->want.tls_check = on;
	d->tls_check |= on;
	if (on && value != NULL) d->secure.options.ca = value;
	return true;
}

static bool set_tls_file(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	const char **file = p->bit ? &d->secure.options.key : &d->secure.options.cert;

	(void)l;
	if (on && value == NULL) return wrong(d, p, value, "a file");
	*file = on ? value : NULL;
	return true;
}

static bool set_tls_host(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	if (on && value == NULL) return wrong(d, p, value, "a host's name");
	l->tls_host = on ? value : NULL;
	return true;
}

/* --- EDNS --- */

static bool set_edns(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	uint32_t n = 0;

	if (on && value != NULL && !number(d, p, value, 255, "a version up to 255", &n)) return false;
	l->want.edns.on = on;
	l->want.edns.version = (uint8_t)n;
	return true;
}

static bool set_dnssec(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)d, (void)p, (void)value;
	l->want.edns.dnssec_ok = on;
	l->want.edns.on |= on;
	return true;
}

static bool set_bufsize(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	uint32_t n = DNS_UDP_EDNS;

	(void)on;
	if (value != NULL && !number(d, p, value, UINT16_MAX, "a number up to 65535", &n)) return false;
	l->want.edns.on = true;
	l->want.edns.udp_size = (uint16_t)n;
	l->want.edns.udp_size_zero = n == 0;
	return true;
}

static bool set_ednsflags(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	uint32_t n = 0;

	if (on && !number(d, p, value, UINT16_MAX, "a number up to 0xffff", &n)) return false;
	l->want.edns.z = n & 0x7fff;
	l->want.edns.on |= on;
	return true;
}

static bool set_coflag(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)d, (void)p, (void)value;
	l->want.edns.z = (uint16_t)((l->want.edns.z & 0x3fff) | (on ? 0x4000 : 0));
	l->want.edns.on |= on;
	return true;
}

static bool hex_bytes(struct dig *d, const char *text, struct bytes *out)
{
	size_t len = strlen(text);
	uint8_t *bytes = arena_take(d->env->memory, len / 2 + 1);

	if (bytes == NULL || len % 2 != 0 || len / 2 > QUERY_OPTION_BYTES_MAX / 2) return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i] | 0x20;
		unsigned v = text[i] >= '0' && text[i] <= '9' ? (unsigned)(text[i] - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
		if (v == 16) return false;
		bytes[i / 2] = (uint8_t)(i % 2 == 0 ? v << 4 : bytes[i / 2] | v);
	}
	*out = (struct bytes){ bytes, len / 2 };
	return true;
}

static bool set_ednsopt(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	static const struct { const char *name; uint16_t code; } names[] = { { "nsid", 3 }, { "ecs", 8 }, { "expire", 9 }, { "cookie", 10 },
		{ "keepalive", 11 }, { "padding", 12 }, { "chain", 13 }, { "key-tag", 14 }, { "ede", 15 } };
	char code[32] = "";
	uint32_t n = 0;

	if (!on) return l->options = 0, true;
	if (value == NULL) return wrong(d, p, value, "a code, and perhaps :bytes");
	size_t len = strcspn(value, ":");
	if (l->options == DIG_OPTIONS_MAX) return tool_usage(d->env, "dig: more than %u options of EDNS", DIG_OPTIONS_MAX), false;
	memcpy(code, value, size_min(len, sizeof code - 1));
	bool known = dig_number(code, UINT16_MAX, &n);
	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(code, names[i].name) == 0) known = true, n = names[i].code;
	struct query_option *o = &l->option[l->options];
	*o = (struct query_option){ .code = (uint16_t)n };
	if (!known || (value[len] == ':' && !hex_bytes(d, value + len + 1, &o->data))) return wrong(d, p, value, "CODE or CODE:HEXADECIMAL");
	l->options++;
	l->want.edns.on = true;
	return true;
}

static bool set_edns_word(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)d, (void)value;
	*at(l, p) = on;
	l->want.edns.on |= on;
	return true;
}

static bool set_cookie(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	struct bytes given = { NULL, 0 };

	if (on && value != NULL && (!hex_bytes(d, value, &given) || given.len > 40 || given.len < DIG_COOKIE_BYTES))
		return wrong(d, p, value, "8 to 40 bytes in hexadecimal");
	l->cookie = given;
	l->no_cookie = !on;
	l->want.edns.on |= on;
	return true;
}

/* RFC 7871, 6: an address, as much of it as the prefix says. "0": nothing of oneself. */
static bool set_subnet(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	struct prefix prefix;
	struct ip ip;
	bool zero = value != NULL && (strcmp(value, "0") == 0 || strcmp(value, "0/0") == 0);

	l->subnet = (struct bytes){ NULL, 0 };
	if (!on) return true;
	if (value == NULL) return wrong(d, p, value, "an address or a prefix");
	if (zero) prefix = (struct prefix){ ip4_any(), 96 };
	else if (ip_parse(value, &ip)) prefix = (struct prefix){ ip, 128 };
	else if (!prefix_parse(value, &prefix)) return wrong(d, p, value, "an address or a prefix like 10.1.0.0/16");
	bool four = ip_is4(prefix.ip);
	unsigned bits = four ? prefix.bits - 96u : prefix.bits;
	size_t size = (bits + 7) / 8;
	uint8_t *data = arena_zeroed(d->env->memory, 1, 20);
	if (data == NULL) return tool_usage(d->env, "dig: not enough memory lent"), false;
	store_be16(data, four ? 1 : 2);
	data[2] = (uint8_t)bits;
	struct ip first = prefix_first(prefix);
	memcpy(data + 4, four ? first.byte + 12 : first.byte, size);
	l->subnet = (struct bytes){ data, 4 + size };
	l->want.edns.on = true;
	return true;
}

static bool set_padding(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	uint32_t n = 0;

	if (on && value == NULL) n = 128; /* RFC 8467, 4.1 */
	else if (on && !number(d, p, value, 512, "a number up to 512", &n)) return false;
	l->want.edns.padding_block = (uint16_t)n;
	l->want.edns.on |= on;
	return true;
}

/* --- numbers and names --- */

static bool set_time(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	instant span;

	(void)on;
	if (value == NULL) return wrong(d, p, value, "a time");
	if (!instant_parse(value, &span) || span > 3600 * SECOND) return wrong(d, p, value, "a time up to an hour, in seconds");
	l->want.timeout_for = span > 0 ? span : SECOND;
	return true;
}

static bool set_tries(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	uint32_t n;

	(void)on;
	if (!number(d, p, value, 255, "a number up to 255", &n)) return false;
	l->want.tries = n + p->bit > 0 ? n + p->bit : 1;
	return true;
}

static bool set_ndots(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	uint32_t n = 1;

	if (on && !number(d, p, value, 255, "a number up to 255", &n)) return false;
	l->ndots = n;
	l->ndots_given = on;
	return true;
}

static bool set_domain(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	struct dns_name name;

	if (on && (value == NULL || !dns_name_parse(value, &name))) return wrong(d, p, value, "a domain's name");
	l->domain = on ? value : NULL;
	l->search = on;
	return true;
}

static bool set_opcode(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	char word[16];
	uint32_t n = 0;

	if (on && value == NULL) return wrong(d, p, value, "QUERY, STATUS, NOTIFY, UPDATE or a number up to 15");
	for (uint8_t i = 0; on && i < 16; i++) {
		const char *name = dig_opcode_text(i, word);
		size_t k = 0;
		while (name[k] != '\0' && (value[k] == name[k] || (value[k] & ~0x20) == name[k])) k++;
		if (name[k] == '\0' && value[k] == '\0') return l->want.opcode = i, true;
	}
	if (on && !number(d, p, value, 15, "QUERY, STATUS, NOTIFY, UPDATE or a number up to 15", &n)) return false;
	l->want.opcode = (uint8_t)n;
	return true;
}

static bool set_qid(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	uint32_t n = 0;

	if (on && !number(d, p, value, UINT16_MAX, "a number up to 65535", &n)) return false;
	l->want.id_given = on;
	l->want.id = (uint16_t)n;
	return true;
}

static bool set_trace(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)d, (void)p, (void)value;
	l->trace = on;
	if (!on) return true;
	l->show.comments = l->show.stats = l->show.additional = l->show.question = l->search = false;
	l->show.authority = l->show.identify = l->want.edns.dnssec_ok = l->want.edns.on = true;
	l->want.flags &= (uint16_t)~DNS_RD;
	return true;
}

static bool set_nssearch(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)p, (void)value;
	l->nssearch = on;
	if (!on) return true;
	l->show.comments = l->show.stats = l->show.additional = l->show.question = l->show.authority = l->search = d->cmd = false;
	d->short_form = l->show.identify = true;
	l->want.question.type = DNS_NS;
	l->type_given = true;
	return true;
}

static bool set_nothing(struct dig *d, struct dig_lookup *l, const struct plus *p, bool on, const char *value)
{
	(void)d, (void)l, (void)p, (void)on, (void)value;
	return true;
}

#define IN(member) offsetof(struct dig_lookup, member)
static const struct plus words[] = {
	{ "aaflag", set_flag, 0, DNS_AA }, { "aaonly", set_flag, 0, DNS_AA }, { "additional", set_bool, IN(show.additional), 0 },
	{ "adflag", set_flag, 0, DNS_AD }, { "all", set_all, 0, 0 }, { "answer", set_bool, IN(show.answer), 0 },
	{ "authority", set_bool, IN(show.authority), 0 }, { "badcookie", set_not, IN(no_badcookie), 0 },
	{ "besteffort", set_not, IN(no_besteffort), 0 }, { "bufsize", set_bufsize, 0, 0 }, { "cdflag", set_flag, 0, DNS_CD },
	{ "class", set_not, IN(show.style.no_class), 0 }, { "cmd", set_cmd, 0, 0 }, { "coflag", set_coflag, 0, 0 },
	{ "comments", set_bool, IN(show.comments), 0 }, { "cookie", set_cookie, 0, 0 }, { "crypto", set_not, IN(show.style.no_crypto), 0 },
	{ "defname", set_bool, IN(search), 0 }, { "dnssec", set_dnssec, 0, 0 }, { "do", set_dnssec, 0, 0 }, { "domain", set_domain, 0, 0 },
	{ "edns", set_edns, 0, 0 }, { "ednsflags", set_ednsflags, 0, 0 }, { "ednsnegotiation", set_not, IN(no_negotiation), 0 },
	{ "ednsopt", set_ednsopt, 0, 0 }, { "expandaaaa", set_bool, IN(show.style.expand_aaaa), 0 },
	{ "expire", set_edns_word, IN(expire), 0 }, { "fail", set_not, IN(no_fail), 0 }, { "header-only", set_bool, IN(want.no_question), 0 },
	{ "http-plain", set_https, 0, 0 }, { "http-plain-get", set_https, 0, 1 }, { "http-plain-post", set_https, 0, 0 },
	{ "https", set_https, 0, 0 }, { "https-get", set_https, 0, 1 }, { "https-post", set_https, 0, 0 },
	{ "identify", set_bool, IN(show.identify), 0 }, { "idnin", set_not, IN(no_idn_in), 0 }, { "idnout", set_bool, IN(show.unicode), 0 },
	{ "ignore", set_bool, IN(want.keep_cut), 0 }, { "json", set_bool, IN(json), 0 }, { "keepalive", set_edns_word, IN(keepalive), 0 },
	{ "keepopen", set_bool, IN(want.keep_open), 0 },
	{ "mapped", set_nothing, 0, 0 }, { "multiline", set_multiline, 0, 0 }, { "ndots", set_ndots, 0, 0 },
	{ "nsid", set_edns_word, IN(nsid), 0 }, { "nssearch", set_nssearch, 0, 0 }, { "onesoa", set_bool, IN(onesoa), 0 },
	{ "opcode", set_opcode, 0, 0 }, { "padding", set_padding, 0, 0 }, { "qid", set_qid, 0, 0 }, { "qr", set_bool, IN(qr), 0 },
	{ "question", set_bool, IN(show.question), 0 }, { "raflag", set_flag, 0, DNS_RA }, { "rdflag", set_flag, 0, DNS_RD },
	{ "recurse", set_flag, 0, DNS_RD }, { "retry", set_tries, 0, 1 }, { "rrcomments", set_rrcomments, 0, 0 },
	{ "search", set_bool, IN(search), 0 }, { "short", set_short, 0, 0 }, { "showsearch", set_bool, IN(showsearch), 0 },
	{ "split", set_split, 0, 0 }, { "stats", set_bool, IN(show.stats), 0 }, { "subnet", set_subnet, 0, 0 },
	{ "tcflag", set_flag, 0, DNS_TC }, { "tcp", set_way, 0, QUERY_TCP }, { "time", set_time, 0, 0 }, { "timeout", set_time, 0, 0 },
	{ "tls", set_way, 0, QUERY_TLS }, { "tls-ca", set_tls_ca, 0, 0 }, { "tls-certfile", set_tls_file, 0, 0 },
	{ "tls-hostname", set_tls_host, 0, 0 }, { "tls-keyfile", set_tls_file, 0, 1 }, { "trace", set_trace, 0, 0 },
	{ "tries", set_tries, 0, 0 }, { "ttlid", set_not, IN(show.style.no_ttl), 0 }, { "ttlunits", set_bool, IN(show.style.ttl_units), 0 },
	{ "unknownformat", set_bool, IN(show.style.unknown), 0 }, { "vc", set_way, 0, QUERY_TCP }, { "zflag", set_flag, 0, QUERY_Z },
};

/* dig takes these, though others begin so, too. */
static const struct { const char *brief, *name; } briefs[] = { { "aa", "aaflag" }, { "ad", "adflag" }, { "cd", "cdflag" }, { "dns", "dnssec" },
	{ "ra", "raflag" }, { "rd", "rdflag" }, { "tc", "tcflag" }, { "ti", "time" }, { "q", "question" }, { "s", "short" }, { "z", "zflag" } };

static const struct plus *find(const char *word, size_t len)
{
	const struct plus *found = NULL;

	for (size_t i = 0; i < COUNT(words); i++)
		if (strlen(words[i].name) == len && memcmp(words[i].name, word, len) == 0) return &words[i];
	for (size_t i = 0; i < COUNT(briefs); i++)
		if (strlen(briefs[i].brief) == len && memcmp(briefs[i].brief, word, len) == 0)
			return find(briefs[i].name, strlen(briefs[i].name));
	for (size_t i = 0; i < COUNT(words) && len > 0; i++) {
		if (strncmp(words[i].name, word, len) != 0) continue;
		if (found != NULL) return NULL;
		found = &words[i];
	}
	return found;
}

bool dig_plus(struct dig *d, struct dig_lookup *l, const char *word)
{
	const char *names[COUNT(words)], *value = strchr(word, '=');
	char name[24] = "";
	size_t len = value != NULL ? (size_t)(value - word) : strlen(word);
	bool on = true;

	memcpy(name, word, size_min(len, sizeof name - 1));
	for (char *c = name; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z') *c |= 0x20;
	const struct plus *p = len < sizeof name ? find(name, len) : NULL;
	if (p == NULL && len > 2 && len < sizeof name && strncmp(name, "no", 2) == 0) {
		p = find(name + 2, len - 2);
		on = false;
	}
	if (p != NULL) return p->set(d, l, p, on, value != NULL ? value + 1 : NULL);
	for (size_t i = 0; i < COUNT(words); i++) names[i] = words[i].name;
	const char *nearest = text_nearest(name, names, COUNT(words));
	if (nearest != NULL) tool_usage(d->env, "dig: there is no word +%s; did you mean +%s?", word, nearest);
	else tool_usage(d->env, "dig: there is no word +%s; `tulle help dig` names them", word);
	return false;
}
