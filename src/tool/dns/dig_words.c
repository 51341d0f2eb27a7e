/* SPDX-License-Identifier: ISC */
#include "idn/idn.h"
#include "tool/dns/dig_parts.h"

const char dig_help[] =
	"usage: tulle dig [@SERVER] [NAME] [TYPE] [CLASS] [-OPTION...] [+WORD...]\n"
	"\n"
	"Asks a name server for NAME and prints what it says, as BIND's dig does. What\n"
	"stands before the first NAME holds for all of them, what stands behind a NAME\n"
	"for it alone. Without SERVER those of /etc/resolv.conf are asked.\n"
	"\n"
	"  -t TYPE  -c CLASS  -q NAME   when they could be taken for one another\n"
	"  -x ADDRESS                   its name\n"
	"  -p PORT  -b ADDRESS[#PORT]   of the server's; ours\n"
	"  -4  -6  -u  -f FILE          one family; microseconds; a file of such lines\n"
	"\n"
	"  +short +noall +answer +question +authority +additional +comments +stats +cmd\n"
	"  +multiline +ttlid +ttlunits +class +crypto +rrcomments +split=N +identify\n"
	"  +unknownformat +expandaaaa +onesoa +json                how it is printed\n"
	"  +recurse +aaflag +adflag +cdflag +opcode=N +qid=N +header-only   the question\n"
	"  +tcp +tls +https[=PATH] +https-get +http-plain +ignore           the way\n"
	"  +tls-ca[=FILE] +tls-hostname=NAME +tls-certfile=FILE +tls-keyfile=FILE\n"
	"  +dnssec +edns=N +bufsize=N +nsid +subnet=PREFIX +cookie[=HEX] +padding=N\n"
	"  +expire +keepalive +ednsopt=N[:HEX] +ednsflags=N                 EDNS\n"
	"  +time=S +tries=N +retry=N +fail +search +showsearch +ndots=N +domain=NAME\n"
	"  +trace +nssearch +qr +besteffort +idnin +idnout\n"
	"\n"
	"Exit status: 0 an answer came, 9 none, 8 no such FILE, 64 words not understood.\n";

bool dig_number(const char *text, uint32_t max, uint32_t *number)
{
	uint64_t n = 0;
	unsigned base = text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10;

	if (base == 16) text += 2;
	if (*text == '\0') return false;
	for (; *text != '\0'; text++) {
		char c = *text | 0x20;
		unsigned v = *text >= '0' && *text <= '9' ? (unsigned)(*text - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
		if (v >= base) return false;
		n = n * base + v;
		if (n > max) return false;
	}
	*number = (uint32_t)n;
	return true;
}

/* What one goes through the words with. `lookup` is that of the last name, or everybody's. */
struct words { struct dig *d; struct dig_lookup *lookup; bool closed; /* -t, -c: no bare word is a type any more */ };

static bool no_memory(struct dig *d)
{
	text_puts(d->env->err, "dig: not enough memory lent\n");
	d->env->status = DIG_INTERNAL;
	return false;
}

static bool add_name(struct words *w, const char *name)
{
	struct dig *d = w->d;
	struct dig_lookup *l = arena_zeroed(d->env->memory, 1, sizeof *l);

	if (l == NULL) return no_memory(d);
	if (d->lookups == DIG_LOOKUPS_MAX) return tool_usage(d->env, "dig: more than %u names", DIG_LOOKUPS_MAX), false;
	*l = d->everybody;
	l->text = name;
	if (d->last != NULL) d->last->next = l;
	else d->first = l;
	d->last = w->lookup = l;
	d->lookups++;
	return true;
}

static bool add_reverse(struct words *w, const char *address)
{
	struct ip ip;

	if (!ip_parse(address, &ip)) return tool_usage(w->d->env, "dig: -x takes an address, not %s", address), false;
	if (!add_name(w, address)) return false;
	w->lookup->reverse = true;
	if (!w->lookup->type_given) w->lookup->want.question.type = DNS_PTR;
	if (!w->lookup->class_given) w->lookup->want.question.class = DNS_IN;
	return true;
}

/* "ixfr=2026112200" is a type, too. */
static bool read_type(const char *word, uint16_t *type, uint32_t *serial)
{
	bool ixfr = (word[0] | 0x20) == 'i' && (word[1] | 0x20) == 'x' && (word[2] | 0x20) == 'f' && (word[3] | 0x20) == 'r';

	if (!ixfr || word[4] != '=') return !(ixfr && word[4] == '\0') && dns_type_parse(word, type);
	*type = DNS_IXFR;
	return dig_number(word + 5, UINT32_MAX, serial);
}

static void set_type(struct words *w, uint16_t type, uint32_t serial)
{
	struct dig_lookup *l = w->lookup;

	if (l->type_given) text_puts(w->d->env->err, ";; Warning, extra type option\n");
	l->want.question.type = type;
	l->want.serial = serial;
	l->type_given = true;
	if (type == DNS_AXFR || (type == DNS_IXFR && l->want.way == QUERY_UDP)) l->want.way = l->want.way == QUERY_UDP ? QUERY_TCP : l->want.way;
}

static bool typed(struct words *w, const char *word, bool only_type)
{
	uint16_t type, class;
	uint32_t serial = 0;

	if (read_type(word, &type, &serial)) return set_type(w, type, serial), true;
	if (only_type || !dns_class_parse(word, &class)) return false;
	if (w->lookup->class_given) text_puts(w->d->env->err, ";; Warning, extra class option\n");
	w->lookup->want.question.class = class;
	return w->lookup->class_given = true;
}

static bool read_local(struct words *w, const char *value)
{
	char ip[64] = "";
	size_t len = strcspn(value, "#");
	uint32_t port = 0;

	memcpy(ip, value, size_min(len, sizeof ip - 1));
	w->lookup->local = (struct addr){ .port = 0 };
	if (!ip_parse(ip, &w->lookup->local.ip) || (value[len] == '#' && !dig_number(value + len + 1, UINT16_MAX, &port)))
		return tool_usage(w->d->env, "dig: -b takes ADDRESS or ADDRESS#PORT, not %s", value), false;
	w->lookup->local.port = (uint16_t)port;
	return true;
}

static bool option_with_value(struct words *w, char letter, const char *value)
{
	struct dig *d = w->d;
	uint32_t n;
	uint16_t class;

	switch (letter) {
	case 'p':
		if (!dig_number(value, UINT16_MAX, &n) || n == 0) return tool_usage(d->env, "dig: -p takes a port, 1 to 65535, not %s", value), false;
		w->lookup->port = (uint16_t)n;
		return true;
	case 't':
		w->closed = true;
		if (!typed(w, value, true)) text_printf(d->env->err, ";; Warning, ignoring invalid type %s\n", value);
		return true;
	case 'c':
		w->closed = true;
		if (!dns_class_parse(value, &class)) text_printf(d->env->err, ";; Warning, ignoring invalid class %s\n", value);
		else w->lookup->want.question.class = class, w->lookup->class_given = true;
		return true;
	case 'q': return add_name(w, value);
	case 'x': return add_reverse(w, value);
	case 'b': return read_local(w, value);
	case 'f': d->batch = value; return true;
	}
	return false;
}

/* One of those in one word: -4, -p53, or -p and the next word. False and no status: it was for help. */
static bool option(struct words *w, const char *word, const char *next, bool *took_next)
{
	struct dig *d = w->d;
	char letter = word[1];

	switch (word[2] == '\0' ? letter : '\0') {
	case '4': w->lookup->family = DIG_4; return true;
	case '6': w->lookup->family = DIG_6; return true;
	case 'u': w->lookup->show.usec = true; return true;
	case 'r': return true;
	case 'h': text_puts(d->env->out, dig_help), d->env->status = TOOL_OK; return false;
	case 'v': text_puts(d->env->out, "tulle dig, in the words of DiG 9.18\n"), d->env->status = TOOL_OK; return false;
	}
	if (strchr("ptcqxbf", letter) == NULL || letter == '\0')
		return tool_usage(d->env, "dig: there is no option %s; `tulle help dig` names them", word), false;
	*took_next = word[2] == '\0';
	if (*took_next && next == NULL) return tool_usage(d->env, "dig: -%c takes a value", letter), false;
	return option_with_value(w, letter, *took_next ? next : word + 2);
}

static bool read_words(struct words *w, int argc, const char *const *argv)
{
	bool took;

	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];
		took = false;
		if (word[0] == '@') w->lookup->server = word + 1;
		else if (word[0] == '+') {
			if (!dig_plus(w->d, w->lookup, word + 1)) return false;
		} else if (word[0] == '-' && word[1] != '\0') {
			if (!option(w, word, i + 1 < argc ? argv[i + 1] : NULL, &took)) return false;
		} else if ((w->closed || !typed(w, word, false)) && !add_name(w, word)) return false;
		i += took;
	}
	return true;
}

/* The words as they were typed, before the first answer to what stands in them. */
static void greet(struct dig *d, struct dig_lookup *l, int argc, const char *const *argv)
{
	size_t size = 1;
	char *at;

	for (int i = 0; i < argc; i++) size += 1 + strlen(argv[i]);
	if (l == NULL || !d->cmd || (at = arena_take(d->env->memory, size)) == NULL) return;
	struct text t = text_in(at, size);
	for (int i = 0; i < argc; i++) text_printf(&t, " %s", argv[i]);
	l->greeting = at;
	l->first = l == d->first;
}

/* Lines of a batch file: each begins where everybody's words ended, but for +short and +cmd. */
static bool read_line(struct dig *d, char *line)
{
	const char *argv[DIG_WORDS_MAX];
	struct words w = { d, &d->everybody, false };
	struct dig_lookup before = d->everybody, *last = d->last;
	int argc = 0;

	while (*line == ' ' || *line == '\t') line++;
	for (char *s = line; *s != '\0' && *s != '#' && *s != ';' && argc < DIG_WORDS_MAX;) {
		argv[argc++] = s;
		s += strcspn(s, " \t\r");
		if (*s != '\0') *s++ = '\0';
		s += strspn(s, " \t\r");
	}
	if (!read_words(&w, argc, argv)) return false;
	struct dig_lookup *l = last != NULL ? last->next : d->first;
	greet(d, l, argc, argv);
	for (; l != NULL; l = l->next) {
		l->show.short_form = d->short_form;
		l->show.stats &= !d->short_form;
	}
	d->everybody = before;
	return true;
}

static struct bytes whole_file(struct dig *d, const char *path)
{
	struct file f = d->env->files != NULL ? files_open(d->env->files, path) : (struct file){ .kind = FILES_NONE };
	char *at = NULL;
	size_t len = 0, n;

	if (f.kind == FILES_FILE && f.size < DIG_LOOKUPS_MAX * DIG_LINE_MAX) at = arena_take(d->env->memory, (size_t)f.size + 1);
	while (at != NULL && len < f.size && (n = files_read(d->env->files, &f, len, (struct room){ (uint8_t *)at + len, f.size - len })) > 0) len += n;
	if (f.kind == FILES_FILE) files_close(d->env->files, &f);
	if (at != NULL) at[len] = '\0';
	else text_printf(d->env->err, "dig: %s: %s\n", path, f.kind == FILES_FILE ? "too long to be a list of names" :
	                 f.kind == FILES_FORBIDDEN ? "it may not be read" : "there is no such file");
	return (struct bytes){ (const uint8_t *)at, len };
}

bool dig_batch(struct dig *d, const char *path)
{
	struct bytes all = whole_file(d, path);

	if (all.at == NULL) return d->env->status = DIG_NO_FILE, false;
	for (char *line = (char *)(uintptr_t)all.at; line != NULL;) {
		char *end = strchr(line, '\n');
		if (end != NULL) *end = '\0';
		if (!read_line(d, line)) return false;
		line = end != NULL ? end + 1 : NULL;
	}
	return true;
}

bool dig_words(struct dig *d, int argc, const char *const *argv)
{
	struct words w = { d, &d->everybody, false };

	d->everybody = (struct dig_lookup){ .show = DIG_SHOW_ALL, .want = { .question = { .type = DNS_A, .class = DNS_IN },
	                                    .flags = DNS_RD | DNS_AD, .edns.on = true, .words = d->env->out } };
	d->everybody.show.unicode = d->env->screen;
	d->env->status = TOOL_USAGE;
	d->cmd = true;
	if (!read_words(&w, argc - 1, argv + 1)) return false;
	if (d->batch != NULL) return dig_batch(d, d->batch);
	if (d->lookups == 0) {
		if (!add_name(&w, ".")) return false;
		if (!w.lookup->type_given) w.lookup->want.question.type = DNS_NS; /* of the root: who are its servers */
	}
	greet(d, d->first, argc - 1, argv + 1);
	return true;
}
