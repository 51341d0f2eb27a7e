/* SPDX-License-Identifier: ISC */
/* nc_options.c - short options as nc's, which may stand together and behind the words; long ones as every tool's. */
#include "tool/nc/nc_parts.h"

const char nc_help[] =
	"usage: tulle nc [options] HOST PORT...          connects\n"
	"       tulle nc -l [options] [HOST] PORT        waits for somebody who does\n"
	"\n"
	"  -u  datagrams (UDP)       -k  with -l: one after another; with -u: many peers\n"
	"  -v  says what happens     -z  only looks whether PORTs (20-25, http) answer\n"
	"  -4 -6  IPv4, IPv6 only    -n  no names, of hosts or ports\n"
	"  -w T  waits so long to connect, and for more when nothing moves (10, 500ms)\n"
	"  -N  says that the input has ended (half-close)     -q T  and leaves after T\n"
	"  -d  no input              -C  lines end in CR LF   -i T  between lines, ports\n"
	"  -r  ports in any order    -t  refuses what TELNET asks    -W N  leaves after N\n"
	"  -b  to everybody          -M N  TTL                   pieces or datagrams\n"
	"  -s ADDRESS -p PORT  ours  -m N  least TTL heard           -T ef|af11|0x48  TOS\n"
	"  -I N -O N  buffers        -D  SO_DEBUG             -S --md5-key FILE  RFC 2385\n"
	"  -U  HOST is a socket in the file system    -F  hands the connection to stdout\n"
	"  -x PROXY[:PORT] -X 5|4|connect -P USER[:PASSWORD]   through a proxy (SOCKS 5)\n"
	"  --hex  --json             what goes and comes, with the time\n"
	"  --join GROUP  --loop     with -u -l: a member; with -u: heard by this host too\n"
	"  --tls  with --servername NAME, --alpn A,B, --ca FILE, --cert FILE --key FILE,\n"
	"     --insecure, --keylog FILE and more: see tulle-tls(1)\n"
	"\n"
	"Without -N and -q a connection stays open when the input ends, until the peer\n"
	"ends it. Exit status: 0 talked, 1 refused or broken off, 2 unreachable, 3 timed\n"
	"out, 4 name unknown, 5 TLS refused, 64 wrong words.\n";

struct short_option { char letter; enum option_kind kind; void *value; };

static const struct { char letter; const char *why; } refused[] = {
	{ 'V', "routing tables (-V) are OpenBSD's; here policy routing is the host's own business (ip-rule(8))" },
	{ 'Z', "DCCP (-Z) is not known here, nor to Linux since 6.16" },
};

bool nc_number(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (*s == '\0') return false;
	for (; *s >= '0' && *s <= '9' && v <= max; s++) v = v * 10 + (uint64_t)(*s - '0');
	if (*s != '\0' || v > max) return false;
	*out = v;
	return true;
}

/* --- short ones --- */

static bool give(struct nc *n, const struct short_option *o, const char *value)
{
	bool good = true;

	if (o->kind == OPTION_TEXT) *(const char **)o->value = value;
	else if (o->kind == OPTION_NUMBER) good = nc_number(value, 1000000000, o->value) && *(uint64_t *)o->value > 0;
	else good = instant_parse(value, o->value);
	if (!good) tool_usage(n->env, "nc: -%c takes %s, not %s", o->letter,
	                      o->kind == OPTION_SPAN ? "a time like 10 or 500ms" : "a number from 1 on", value);
	return good;
}

static bool unknown(struct nc *n, char letter)
{
	if (letter == 'h') {
		text_puts(n->env->out, nc_help);
		n->env->status = TOOL_OK;
		return false;
	}
	for (size_t i = 0; i < COUNT(refused); i++)
		if (refused[i].letter == letter) return tool_usage(n->env, "nc: %s", refused[i].why), false;
	return tool_usage(n->env, "nc: there is no option -%c; `tulle help nc` names them", letter), false;
}

/* A word of short options: "-vzw3". True: *used is set if `next` was the last one's value. */
static bool read_short(struct nc *n, const struct short_option *option, size_t count, const char *word, const char *next, bool *used)
{
	*used = false;
	for (const char *s = word + 1; *s != '\0'; s++) {
		size_t k = 0;
		while (k < count && option[k].letter != *s) k++;
		if (k == count) return unknown(n, *s);
		if (option[k].kind == OPTION_FLAG) {
			*(bool *)option[k].value = true;
			continue;
		}
		*used = s[1] == '\0';
		if (*used && next == NULL) return tool_usage(n->env, "nc: -%c wants a value", *s), false;
		return give(n, &option[k], *used ? next : s + 1);
	}
	return true;
}

/* Takes the short ones out; what is left is for options_read. */
static bool take_short(struct nc *n, int argc, const char *const *argv, const char **rest, int *left)
{
	struct nc_options *o = &n->o;
	const struct short_option option[] = {
		{ 'l', OPTION_FLAG, &o->listen }, { 'k', OPTION_FLAG, &o->keep }, { 'u', OPTION_FLAG, &o->udp }, { 'z', OPTION_FLAG, &o->zero },
		{ 'v', OPTION_FLAG, &o->verbose }, { 'n', OPTION_FLAG, &o->numbers }, { '4', OPTION_FLAG, &o->four },
		{ '6', OPTION_FLAG, &o->six }, { 'b', OPTION_FLAG, &o->broadcast }, { 'd', OPTION_FLAG, &o->no_input },
		{ 'N', OPTION_FLAG, &o->finish }, { 'C', OPTION_FLAG, &o->crlf }, { 't', OPTION_FLAG, &o->telnet },
		{ 'r', OPTION_FLAG, &o->random }, { 'w', OPTION_SPAN, &o->timeout }, { 'q', OPTION_SPAN, &o->quit_after },
		{ 'i', OPTION_SPAN, &o->interval }, { 's', OPTION_TEXT, &o->source }, { 'p', OPTION_NUMBER, &o->source_port },
		{ 'W', OPTION_NUMBER, &o->pieces_max }, { 'M', OPTION_NUMBER, &o->ttl }, { 'x', OPTION_TEXT, &o->proxy },
		{ 'X', OPTION_TEXT, &o->proxy_kind }, { 'P', OPTION_TEXT, &o->proxy_user }, { 'D', OPTION_FLAG, &o->debug }, { 'U', OPTION_FLAG, &o->local }, { 'F', OPTION_FLAG, &o->pass },
		{ 'I', OPTION_NUMBER, &o->receive_bytes }, { 'O', OPTION_NUMBER, &o->send_bytes }, { 'm', OPTION_NUMBER, &o->ttl_least },
		{ 'T', OPTION_TEXT, &o->class_word }, { 'S', OPTION_FLAG, &o->md5 },
	};
	bool ended = false, used;

	for (int i = 0; i < argc; i++) {
		bool is_short = i > 0 && !ended && argv[i][0] == '-' && argv[i][1] != '-' && argv[i][1] != '\0';
		if (i > 0 && strcmp(argv[i], "--") == 0) ended = true;
		if (!is_short) {
			rest[(*left)++] = argv[i];
			continue;
		}
		if (!strncmp(argv[i], "-q-", 3) || (!strcmp(argv[i], "-q") && i + 1 < argc && argv[i + 1][0] == '-')) { /* "-q -1": for ever */
			i += argv[i][2] == '\0';
			o->quit_after = NEVER;
			continue;
		}
		if (!read_short(n, option, COUNT(option), argv[i], i + 1 < argc ? argv[i + 1] : NULL, &used)) return false;
		i += used;
	}
	return true;
}

/* --- ports --- */

static bool is_space(uint8_t c) { return c == ' ' || c == '\t'; }

/* A line of /etc/services: "http 80/tcp www". */
static bool service_line(struct bytes line, const char *name, const char *protocol, uint16_t *port)
{
	struct bytes word[8];
	size_t words = 0, i = 0;
	char number_text[6] = "";
	uint64_t v;

	for (; words < COUNT(word) && i < line.len && line.at[i] != '#'; words++) {
		size_t from = i;
		while (i < line.len && !is_space(line.at[i]) && line.at[i] != '#') i++;
		word[words] = (struct bytes){ line.at + from, i - from };
		while (i < line.len && is_space(line.at[i])) i++;
	}
	if (words < 2) return false;
	const uint8_t *slash = memchr(word[1].at, '/', word[1].len);
	if (slash == NULL || (size_t)(slash - word[1].at) >= sizeof number_text) return false;
	memcpy(number_text, word[1].at, (size_t)(slash - word[1].at));
	if (!bytes_equal(bytes_skip(word[1], (size_t)(slash + 1 - word[1].at)), bytes_of(protocol)) || !nc_number(number_text, 65535, &v)) return false;
	if (*name == '\0' && v == *port) return true;
	for (size_t k = 0; k < words && *name != '\0'; k++)
		if (k != 1 && bytes_equal(word[k], bytes_of(name))) return *port = (uint16_t)v, true;
	return false;
}

/* Calls service_line for each line until it is true; the line is then in `line`. */
static bool search_services(struct tool_env *env, const char *name, bool udp, uint16_t *port, char line[256])
{
	uint8_t block[4096];
	struct file file = { .kind = FILES_NONE };
	size_t len = 0, got;
	bool found = false;

	if (env->files != NULL) file = files_open(env->files, "/etc/services");
	if (file.kind != FILES_FILE) return false;
	for (uint64_t at = 0; !found && (got = files_read(env->files, &file, at, (struct room){ block, sizeof block })) > 0; at += got)
		for (size_t i = 0; i < got && !found; i++) {
			if (block[i] != '\n') {
				if (len < 255) line[len++] = (char)block[i];
				continue;
			}
			found = service_line((struct bytes){ (uint8_t *)line, len }, name, udp ? "udp" : "tcp", port);
			line[len] = '\0';
			len = 0;
		}
	files_close(env->files, &file);
	return found;
}

bool nc_service_port(struct tool_env *env, const char *name, bool udp, uint16_t *port)
{
	char line[256];
	return search_services(env, name, udp, port, line);
}

const char *nc_service_name(struct nc *n, uint16_t port)
{
	char line[256];

	if (n->o.numbers || !search_services(n->env, "", n->o.udp, &port, line)) return "*";
	size_t len = size_min(strcspn(line, " \t"), sizeof n->service - 1);
	memcpy(n->service, line, len);
	n->service[len] = '\0';
	return n->service;
}

static bool read_port(struct nc *n, const char *text, size_t len, uint16_t *port)
{
	char word[64];
	struct text t = text_in(word, sizeof word);
	uint64_t v = 0;

	text_put(&t, (struct bytes){ (const uint8_t *)text, len });
	if (!t.cut && nc_number(word, 65535, &v) && v > 0) return *port = (uint16_t)v, true;
	return !t.cut && len > 0 && !n->o.numbers && nc_service_port(n->env, word, n->o.udp, port);
}

static bool read_range(struct nc *n, const char *word, uint16_t range[2])
{
	const char *dash = strchr(word, '-');

	if (read_port(n, word, strlen(word), &range[0])) return range[1] = range[0], true; /* a name may have dashes */
	if (dash == NULL || !read_port(n, word, (size_t)(dash - word), &range[0]) || !read_port(n, dash + 1, strlen(dash + 1), &range[1]) ||
	    range[0] > range[1]) return tool_usage(n->env, "nc: %s: a port is 1 to 65535, a range 20-25, or a name that /etc/services has", word), false;
	return true;
}

static bool read_ports(struct nc *n, const char *const *word, size_t words)
{
	uint16_t range[NC_RANGES_MAX][2];
	size_t count = 0;

	for (size_t i = 0; i < words; i++) {
		if (!read_range(n, word[i], range[i])) return false;
		count += (size_t)(range[i][1] - range[i][0]) + 1;
	}
	n->o.port = arena_take(n->env->memory, count * sizeof *n->o.port);
	if (n->o.port == NULL) return tool_usage(n->env, "nc: no memory for so many ports"), false;
	for (size_t i = 0; i < words; i++)
		for (uint32_t p = range[i][0]; p <= range[i][1]; p++) n->o.port[n->o.ports++] = (uint16_t)p;
	for (size_t i = count; n->o.random && i > 1; i--) {
		size_t k = rng_below(n->env->rng, (uint32_t)i);
		uint16_t p = n->o.port[k];
		n->o.port[k] = n->o.port[i - 1], n->o.port[i - 1] = p;
	}
	return true;
}

/* --- what goes together --- */

bool nc_split_zone(const char *text, char *host, size_t size, uint16_t *interface)
{
	size_t len = strlen(text);
	bool bracketed = len > 1 && text[0] == '[' && text[len - 1] == ']';
	struct ip ip;
	uint64_t v = 0;

	if (bracketed) text++, len -= 2;
	const char *zone = memchr(text, '%', len);
	size_t host_len = zone != NULL ? (size_t)(zone - text) : len;
	char digits[8] = "";
	if (host_len >= size || (zone != NULL && len - host_len - 1 >= sizeof digits)) return false;
	memcpy(host, text, host_len);
	host[host_len] = '\0';
	if (zone == NULL) return true;
	memcpy(digits, zone + 1, len - host_len - 1);
	if (!ip_parse(host, &ip) || !nc_number(digits, 65535, &v)) return false;
	*interface = (uint16_t)v;
	return true;
}

static const char *contradiction(const struct nc_options *o)
{
	if (o->four && o->six) return "-4 or -6, not both";
	if (o->listen && o->zero) return "-z looks at others' ports; -l has its own";
	if (o->listen && !o->local && o->ports != 1) return "-l listens on one port";
	if (o->keep && !o->listen) return "-k is for -l";
	if (o->tls && o->udp) return "--tls is for streams, not for -u";
	if (o->servername != NULL && !o->tls) return "--servername is for --tls";
	if (o->hex && o->json) return "--hex or --json, not both";
	if (o->source_port > 65535) return "-p takes a port";
	if (o->ttl > 255 || o->ttl_least > 255) return "-M and -m take 1 to 255";
	if ((o->md5 || o->md5_file != NULL) && o->udp) return "-S is for TCP";
	if (o->joins.count > 0 && !(o->udp && o->listen)) return "--join is for -u -l";
	if (o->loop && !o->udp) return "--loop is for -u";
	if (o->telnet && o->udp) return "-t is for streams, not for -u";
	if (o->telnet && o->pieces_max > 0) return "-W counts pieces, which -t takes apart";
	if (o->proxy != NULL && (o->listen || o->udp)) return "-x is for TCP connections that we make";
	if (o->proxy == NULL && (o->proxy_kind != NULL || o->proxy_user != NULL)) return "-X and -P want -x PROXY";
	return NULL;
}

/* "nc -l 80", "nc -l ::1 80", "nc -l -p 80 [HOST]", "nc HOST 80 443 1-9". */
static bool read_words(struct nc *n, const char **word, size_t words)
{
	struct nc_options *o = &n->o;
	char digits[8];
	struct text t = text_in(digits, sizeof digits);

	if (o->local) {
		if (words != 1 || o->source_port > 0) return tool_usage(n->env, "nc: -U takes the name of a socket, and no port"), false;
		o->host = word[0];
		return true;
	}
	if (o->listen && o->source_port > 0) {
		if (words > 1 || o->source_port > 65535) return tool_usage(n->env, "nc: -l -p PORT takes no other port"), false;
		text_printf(&t, "%u", (unsigned)o->source_port);
		o->host = words > 0 ? word[0] : NULL;
		word[0] = digits;
		o->source_port = 0;
		return read_ports(n, word, 1);
	}
	if (o->listen && words == 1) return read_ports(n, word, 1);
	if (words == 0) return tool_usage(n->env, o->listen ? "nc: on which port? like 8080" : "nc: where to? like www.example.com 80"), false;
	if (words == 1) return tool_usage(n->env, "nc: to which port of %s?", word[0]), false;
	o->host = word[0];
	return read_ports(n, word + 1, words - 1);
}

bool nc_read_options(struct nc *n, int argc, const char *const *argv)
{
	struct nc_options *o = &n->o;
	const char **rest = arena_take(n->env->memory, (size_t)argc * sizeof *rest), *word[NC_RANGES_MAX + 1], *why;
	int left = 0;
	size_t words;

	if (rest == NULL) return tool_usage(n->env, "nc: no memory"), false;
	o->timeout = o->quit_after = NEVER;
	o->joins = (struct option_texts){ o->join, 0, NC_JOINS_MAX };
	const struct option options[] = {
		{ "tls", OPTION_FLAG, &o->tls }, { "hex", OPTION_FLAG, &o->hex }, { "json", OPTION_FLAG, &o->json },
		{ "loop", OPTION_FLAG, &o->loop }, { "join", OPTION_TEXTS, &o->joins }, { "servername", OPTION_TEXT, &o->servername },
		{ "md5-key", OPTION_TEXT, &o->md5_file },
		SECURE_OPTIONS(&n->secure),
	};
	if (!take_short(n, argc, argv, rest, &left)) return false;
	if (!options_read(n->env, left, rest, options, COUNT(options), word, COUNT(word), &words)) return false;
	if (!read_words(n, word, words)) return false;
	if ((why = contradiction(o)) != NULL) return tool_usage(n->env, "nc: %s", why), false;
	if (o->host != NULL && !o->local && !nc_split_zone(o->host, n->host, sizeof n->host, &n->interface))
		return tool_usage(n->env, "nc: %s: not a host's name or address", o->host), false;
	return nc_how_read(n) && nc_local_check(n);
}
