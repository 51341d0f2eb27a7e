/* SPDX-License-Identifier: ISC */
#include "tool/dns/system.h"

/* ---- lines and words ---- */

static bool is_blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

static bool next_line(struct bytes *text, struct bytes *line)
{
	if (text->len == 0) return false;
	const uint8_t *end = memchr(text->at, '\n', text->len);
	size_t len = end != NULL ? (size_t)(end - text->at) : text->len;
	*line = bytes_first(*text, len);
	*text = bytes_skip(*text, len + (end != NULL));
	if ((end = memchr(line->at, '\0', line->len)) != NULL) line->len = (size_t)(end - line->at); /* a string of C ends there */
	return true;
}

/* Copied out as text; false at the end. A word that is too long comes out empty, which nothing is. */
static bool next_word(struct bytes *line, char *word, size_t size)
{
	while (line->len > 0 && is_blank(*line->at)) *line = bytes_skip(*line, 1);
	size_t len = 0;
	while (len < line->len && !is_blank(line->at[len])) len++;
	bool fits = len < size;
	if (fits && len > 0) memcpy(word, line->at, len);
	word[fits ? len : 0] = '\0';
	*line = bytes_skip(*line, len);
	return len > 0;
}

/* ---- resolv.conf ---- */

/* As atoi: what is no number is 0, and large ones stay large. */
static unsigned number(const char *text)
{
	unsigned n = 0;
	for (; *text >= '0' && *text <= '9' && n < 100000; text++) n = n * 10 + (unsigned)(*text - '0');
	return n;
}

static unsigned between(unsigned least, unsigned n, unsigned most) { return n < least ? least : n > most ? most : n; }

static const char *after(const char *word, const char *start)
{
	size_t len = strlen(start);
	return strncmp(word, start, len) == 0 ? word + len : NULL;
}

static void read_options(struct system_resolv *r, struct bytes words)
{
	const struct { const char *name; bool *flag; } flags[] = {
		{ "rotate", &r->rotate }, { "edns0", &r->edns0 }, { "use-vc", &r->use_vc }, { "no-aaaa", &r->no_aaaa },
		{ "trust-ad", &r->trust_ad }, { "single-request", &r->single_request }, { "single-request-reopen", &r->single_request },
		{ "no-tld-query", &r->no_tld_query }, { "no_tld_query", &r->no_tld_query },
	};
	char word[64];
	const char *v;

	while (next_word(&words, word, sizeof word)) {
		size_t i = 0;
		while (i < COUNT(flags) && strcmp(word, flags[i].name) != 0) i++;
		if (i < COUNT(flags)) *flags[i].flag = true;
		else if ((v = after(word, "ndots:")) != NULL) r->ndots = between(0, number(v), 15);
		else if ((v = after(word, "timeout:")) != NULL) r->timeout_s = between(1, number(v), 30), r->timeout_given = true;
		else if ((v = after(word, "attempts:")) != NULL) r->attempts = between(1, number(v), 5), r->attempts_given = true;
		else r->ignored++;
	}
}

static void read_server(struct system_resolv *r, struct bytes words)
{
	char word[IP_TEXT_MAX + SYSTEM_ZONE_MAX], *zone;

	if (!next_word(&words, word, sizeof word) || r->servers == TOOL_SERVERS_MAX) {
		r->ignored++;
		return;
	}
	if ((zone = strchr(word, '%')) != NULL) *zone++ = '\0';
	if ((zone != NULL && strlen(zone) >= SYSTEM_ZONE_MAX) || !ip_parse(word, &r->server[r->servers])) {
		r->ignored++;
		return;
	}
	memset(r->zone[r->servers], 0, SYSTEM_ZONE_MAX);
	if (zone != NULL) memcpy(r->zone[r->servers], zone, strlen(zone));
	r->servers++;
}

/* The last of such lines counts, whichever it is. */
static void read_search(struct system_resolv *r, struct bytes words, size_t most, enum system_search from)
{
	char word[DNS_NAME_TEXT_MAX];

	r->searches = 0;
	r->search_from = from;
	while (r->searches < most && next_word(&words, word, sizeof word)) {
		if (dns_name_parse(word, &r->search[r->searches])) r->searches++;
		else r->ignored++;
	}
	while (most > 1 && next_word(&words, word, sizeof word)) r->ignored++;
}

/* A key stands at the very beginning of its line. */
static bool line_is(struct bytes line, const char *key, struct bytes *rest)
{
	size_t len = strlen(key);
	if (line.len <= len || memcmp(line.at, key, len) != 0 || !is_blank(line.at[len])) return false;
	*rest = bytes_skip(line, len);
	while (rest->len > 0 && is_blank(*rest->at)) *rest = bytes_skip(*rest, 1);
	return rest->len > 0; /* nothing said is no line at all */
}

static void read_line(struct system_resolv *r, struct bytes line)
{
	struct bytes rest;

	if (line.len == 0 || *line.at == '#' || *line.at == ';') return;
	if (line_is(line, "nameserver", &rest)) read_server(r, rest);
	else if (line_is(line, "domain", &rest)) read_search(r, rest, 1, SYSTEM_SEARCH_FILE);
	else if (line_is(line, "search", &rest)) read_search(r, rest, SYSTEM_SEARCH_MAX, SYSTEM_SEARCH_FILE);
	else if (line_is(line, "options", &rest)) read_options(r, rest);
	else r->ignored++;
}

void system_resolv_read(struct system_resolv *r, struct bytes text, const char *hostname, const char *localdomain,
                        const char *res_options)
{
	struct bytes line;
	const char *dot = hostname != NULL ? strchr(hostname, '.') : NULL;

	*r = (struct system_resolv){ .ndots = 1, .timeout_s = 5, .attempts = 2 };
	while (next_line(&text, &line)) read_line(r, line);
	if (r->search_from == SYSTEM_SEARCH_NONE && dot != NULL) read_search(r, bytes_of(dot + 1), 1, SYSTEM_SEARCH_HOSTNAME);
	if (localdomain != NULL) read_search(r, bytes_of(localdomain), SYSTEM_SEARCH_MAX, SYSTEM_SEARCH_VARIABLE);
	if (res_options != NULL) read_options(r, bytes_of(res_options));
	r->servers_assumed = r->servers == 0;
	if (r->servers_assumed) r->server[r->servers++] = ip4_of(0x7f000001);
}

void system_resolv_of(struct tool_env *env, struct system_resolv *r)
{
	const struct system_texts *s = tool_want_system(env);
	bool variables = s != NULL && env->variable != NULL;

	system_resolv_read(r, s != NULL ? s->resolv : (struct bytes){ NULL, 0 }, s != NULL ? s->hostname : NULL,
	                   variables ? env->variable(env, "LOCALDOMAIN") : NULL, variables ? env->variable(env, "RES_OPTIONS") : NULL);
	if (s != NULL && s->resolv.at != NULL) return;
	memcpy(r->server, env->servers, sizeof r->server);
	r->servers = env->servers_count;
	r->servers_assumed = false;
}

/* ---- the search list ---- */

static bool join(const struct dns_name *name, const struct dns_name *domain, struct dns_name *whole)
{
	size_t front = name->len - 1u; /* without the root's byte */

	if (front + domain->len > DNS_NAME_MAX) return false;
	*whole = *name;
	memcpy(whole->at + front, domain->at, domain->len);
	whole->len = (uint8_t)(front + domain->len);
	return true;
}

static bool has(const struct dns_name *names, size_t count, const struct dns_name *name)
{
	for (size_t i = 0; i < count; i++)
		if (dns_name_equal(&names[i], name)) return true;
	return false;
}

size_t system_names(const struct system_resolv *r, const char *name, struct dns_name names[SYSTEM_NAMES_MAX])
{
	struct dns_name typed;
	size_t n = 0, len = strlen(name), dots = 0;
	bool absolute = len > 0 && name[len - 1] == '.';

	if (!dns_name_parse(name, &typed)) return 0;
	for (size_t i = 0; i < len; i++) dots += name[i] == '.';
	bool first = absolute || dots >= r->ndots;
	if (first) names[n++] = typed;
	for (size_t i = 0; !absolute && i < r->searches; i++)
		n += join(&typed, &r->search[i], &names[n]) && !has(names, n, &names[n]);
	if (!first && (dots > 0 || r->searches == 0 || !r->no_tld_query) && !has(names, n, &typed)) names[n++] = typed;
	return n;
}

/* ---- nsswitch.conf ---- */

static bool same(const char *a, const char *b)
{
	while (*a != '\0' && ascii_lower((uint8_t)*a) == ascii_lower((uint8_t)*b)) a++, b++;
	return *a == *b || (*a == '\0' && *b == '\0');
}

static struct bytes without_comment(struct bytes line)
{
	const uint8_t *hash = line.len > 0 ? memchr(line.at, '#', line.len) : NULL;
	return hash != NULL ? bytes_first(line, (size_t)(hash - line.at)) : line;
}

static const char *const status_names[SYSTEM_STATUSES] = { "SUCCESS", "NOTFOUND", "UNAVAIL", "TRYAGAIN" };

const char *system_status_text(enum system_status s) { return status_names[s]; }

/* "NOTFOUND=return", "!UNAVAIL=return". Merging is for groups only: for hosts it is the same as going on. */
static bool read_action(struct system_service *s, char *word)
{
	bool others = *word == '!';
	char *action = strchr(word, '=');
	size_t status = 0;

	if (action == NULL) return false;
	*action++ = '\0';
	while (status < SYSTEM_STATUSES && !same(word + others, status_names[status])) status++;
	bool returns = same(action, "return");
	if (status == SYSTEM_STATUSES || (!returns && !same(action, "continue") && !same(action, "merge"))) return false;
	for (size_t i = 0; i < SYSTEM_STATUSES; i++)
		if ((i == status) != others) s->returns[i] = returns;
	return true;
}

/* What stands in brackets, of which `line` is just behind the first. */
static bool read_actions(struct system_service *s, struct bytes *line)
{
	const uint8_t *end = line->len > 0 ? memchr(line->at, ']', line->len) : NULL;
	struct text written = text_in(s->actions, sizeof s->actions);
	const char *space = "[";
	char word[64];

	if (end == NULL) return false;
	struct bytes inside = bytes_first(*line, (size_t)(end - line->at));
	*line = bytes_skip(*line, inside.len + 1);
	while (next_word(&inside, word, sizeof word)) {
		text_printf(&written, "%s%s", space, word);
		space = " ";
		if (!read_action(s, word)) return false;
	}
	text_puts(&written, "]");
	return *space == ' ';
}

/* A name ends at a blank or where its actions begin. */
static bool read_service(struct system_order *o, struct bytes *line)
{
	size_t len = 0;
	while (len < line->len && !is_blank(line->at[len]) && line->at[len] != '[') len++;
	struct system_service s = { .returns = { [SYSTEM_SUCCESS] = true } };
	if (len == 0 || len >= sizeof s.name) return false;
	memcpy(s.name, line->at, len);
	*line = bytes_skip(*line, len);
	while (line->len > 0 && is_blank(*line->at)) *line = bytes_skip(*line, 1);
	if (line->len > 0 && *line->at == '[') {
		*line = bytes_skip(*line, 1);
		if (!read_actions(&s, line)) return false;
	}
	if (o->services < SYSTEM_SERVICES_MAX) o->service[o->services++] = s;
	else o->ignored++;
	return true;
}

static void read_order(struct system_order *o, struct bytes line, unsigned number)
{
	*o = (struct system_order){ .line = number };
	for (;;) {
		while (line.len > 0 && is_blank(*line.at)) line = bytes_skip(line, 1);
		if (line.len == 0) return;
		if (read_service(o, &line)) continue;
		o->bad = true;
		o->services = 0;
		return;
	}
}

void system_order_read(struct system_order *o, struct bytes nsswitch)
{
	struct bytes line;

	read_order(o, bytes_of("files dns"), 0);
	for (unsigned number = 1; next_line(&nsswitch, &line); number++) {
		line = without_comment(line);
		while (line.len > 0 && is_blank(*line.at)) line = bytes_skip(line, 1);
		if (line.len < 6 || memcmp(line.at, "hosts", 5) != 0) continue;
		if (line.at[5] == ':' || is_blank(line.at[5])) read_order(o, bytes_skip(line, 6), number);
	}
}

/* ---- services that only the C library can ask ---- */

static const struct { const char *name, *words; bool minimal; } services[] = {
	{ "mdns", "multicast DNS (Avahi)", false }, { "mdns4", "multicast DNS over IPv4 (Avahi)", false },
	{ "mdns6", "multicast DNS over IPv6 (Avahi)", false }, { "mdns_minimal", "multicast DNS (Avahi), for .local only", true },
	{ "mdns4_minimal", "multicast DNS over IPv4 (Avahi), for .local only", true },
	{ "mdns6_minimal", "multicast DNS over IPv6 (Avahi), for .local only", true },
	{ "resolve", "systemd-resolved, over a socket of its own", false },
	{ "myhostname", "systemd's names of this machine itself", false },
	{ "mymachines", "systemd's containers on this machine", false },
	{ "sss", "SSSD, which asks a directory", false }, { "ldap", "an LDAP directory", false },
	{ "nis", "NIS, the yellow pages", false }, { "nisplus", "NIS+", false }, { "hesiod", "Hesiod, over DNS", false },
	{ "db", "a database file in /var/db", false }, { "wins", "Samba's NetBIOS names", false },
	{ "libvirt", "libvirt's guests, by their names", false }, { "libvirt_guest", "libvirt's guests", false },
	{ "gw_name", "the default router", false }, { "cache", "a cache", false },
};

const char *system_service_words(const char *service)
{
	for (size_t i = 0; i < COUNT(services); i++)
		if (strcmp(services[i].name, service) == 0) return services[i].words;
	return NULL;
}

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), last = strlen(end);
	if (len > 0 && name[len - 1] == '.') len--;
	if (len < last) return false;
	for (size_t i = 0; i < last; i++)
		if (ascii_lower((uint8_t)name[len - last + i]) != end[i]) return false;
	return len == last || name[len - last - 1] == '.';
}

bool system_service_knows(const char *service, const char *name, const char *hostname)
{
	for (size_t i = 0; i < COUNT(services); i++)
		if (services[i].minimal && strcmp(services[i].name, service) == 0) return ends_in(name, "local");
	if (strcmp(service, "myhostname") != 0) return true;
	return same(name, hostname) || ends_in(name, "localhost") || ends_in(name, "localhost.localdomain") ||
	       same(name, "_gateway") || same(name, "_outbound");
}

/* ---- hosts, host.conf ---- */

static bool line_names(struct bytes line, const char *name)
{
	char word[DNS_NAME_TEXT_MAX];
	while (next_word(&line, word, sizeof word))
		if (same(word, name)) return true;
	return false;
}

void system_hosts_find(struct system_hosts *h, struct bytes hosts, const char *name, bool multi)
{
	char word[IP_TEXT_MAX];
	struct bytes line;
	struct ip ip;

	*h = (struct system_hosts){ .count = 0 };
	for (unsigned number = 1; next_line(&hosts, &line); number++) {
		line = without_comment(line);
		if (!next_word(&line, word, sizeof word) || !ip_parse(word, &ip) || *name == '\0' || !line_names(line, name)) continue;
		if (h->count == SYSTEM_ADDRESSES_MAX) h->ignored++;
		else h->line[h->count] = number, h->ip[h->count++] = ip;
		if (!multi) return;
	}
}

bool system_multi(struct bytes host_conf)
{
	struct bytes line;
	char word[16];
	bool multi = false;

	while (next_line(&host_conf, &line)) {
		line = without_comment(line);
		if (next_word(&line, word, sizeof word) && same(word, "multi") && next_word(&line, word, sizeof word))
			multi = same(word, "on");
	}
	return multi;
}
