/* SPDX-License-Identifier: ISC */
/* sockets.c - the words of `sockets`, and which rows they show. */
#include "tool/sockets/sockets_parts.h"

const char sockets_help[] =
	"usage: tulle sockets [OPTIONS] [CONDITIONS]\n"
	"\n"
	"Every TCP and UDP socket of this host, with who holds it.\n"
	"  -i[46][TCP|UDP][@ADDRESS][:PORTS]   as lsof: -iTCP:4000, -i@10.0.0.1, -i:80-90\n"
	"  -s PROTOCOL:STATES  in these states only: -sTCP:LISTEN, -sTCP:^TIME_WAIT\n"
	"  -c COMMANDS         of programs whose names begin so; lists have commas, and\n"
	"  -p PIDS             ^ before a word means: not these\n"
	"  -u USERS            names or numbers\n"
	"  -n, -P              numbers, no names of services\n"
	"  -N NAMESPACE        in another network namespace: a name of `ip netns`, a\n"
	"                      path, or a process's number; needs root\n"
	"  -e, --details       round trip, window, resends, timers, memory\n"
	"  --explain           says in words who holds a port and what is in the way\n"
	"  --limits            processes: descriptors used, soft and hard limit\n"
	"  --watch[=SPAN]      again every second, or every SPAN (500ms)\n"
	"  --json              for programs; has the details in it\n"
	"All conditions must hold. Those in words are ss's:\n"
	"  state established, exclude time-wait, sport = :443, dport != :https,\n"
	"  src 10.0.0.0/8, dst 10.0.0.1:80, :4000 (either end), and, or, not, ( )\n"
	"Exit status: 0 some are shown, 1 none, 2 the kernel cannot be asked, 64 usage.\n";

/* The value of an option like -sTCP:LISTEN or -s TCP:LISTEN. */
static const char *value_of(int *at, int argc, const char *const *argv, struct text *err)
{
	if (argv[*at][2] != '\0') return argv[*at] + 2;
	if (*at + 1 < argc) return argv[++*at];
	text_printf(err, "%s wants a value", argv[*at]);
	return NULL;
}

static bool long_option(const char *word, struct sockets_options *o, struct text *err)
{
	static const char *const names[] = { "details", "explain", "help", "json", "limits", "watch" };

	if (strcmp(word, "details") == 0) return o->details = true;
	if (strcmp(word, "explain") == 0) return o->explain = true;
	if (strcmp(word, "limits") == 0) return o->limits = true;
	if (strcmp(word, "json") == 0) return o->json = true;
	if (strcmp(word, "watch") == 0) return o->every = SECOND, true;
	if (strncmp(word, "watch=", 6) == 0) {
		if (instant_parse(word + 6, &o->every) && o->every >= 10 * MILLISECOND) return true;
		text_printf(err, "--%s: expected a span of 10ms or more, as 500ms or 2s", word);
		return false;
	}
	const char *nearest = text_nearest(word, names, COUNT(names));
	text_printf(err, "--%s: there is no such option", word);
	if (nearest != NULL) text_printf(err, "; did you mean --%s?", nearest);
	return false;
}

static bool good_list(const struct sockets_options *o, const struct sockets_names *names, struct text *err)
{
	uint32_t number;

	for (const char *p = o->pids; p != NULL;) {
		p += *p == '^';
		size_t n = strcspn(p, ",");
		if (n == 0 || n > 10 || strspn(p, "0123456789") != n) return text_printf(err, "-p %s: expected numbers", o->pids), false;
		p = p[n] == ',' ? p + n + 1 : NULL;
	}
	for (const char *p = o->users; p != NULL;) {
		p += *p == '^';
		size_t n = strcspn(p, ",");
		if (!sockets_uid(names, p, n, &number)) return text_printf(err, "-u %.*s: there is no such user", (int)n, p), false;
		p = p[n] == ',' ? p + n + 1 : NULL;
	}
	return true;
}

struct reading { struct sockets_options *o; const struct sockets_names *names; uint8_t internet; bool has_internet; };

/* What ss and lsof call otherwise is what fingers type first. */
static bool no_such_letter(char letter, struct text *err)
{
	text_printf(err, "-%c: there is no such option; ", letter);
	switch (letter) {
	case 't': text_puts(err, "for TCP alone (ss -t) say -iTCP, for process ids alone (lsof -t) use --json"); break;
	case 'l': text_puts(err, "for what listens (ss -l) say -sTCP:LISTEN or: state listening"); break;
	case 'a': text_puts(err, "all states are shown, and all conditions must hold, without it"); break;
	default:  text_puts(err, "--help names them"); break;
	}
	return false;
}

static bool short_option(struct reading *r, int *at, int argc, const char *const *argv, struct text *err)
{
	struct sockets_options *o = r->o;
	const char *word = argv[*at], *value;
	char letter = word[1];

	if (letter == 'i') { /* it may have no value: "-i state established", but "-i :80" */
		bool first = !r->has_internet;
		const char *next = *at + 1 < argc ? argv[*at + 1] : "";
		r->has_internet = true;
		value = word + 2;
		if (*value == '\0' && *next != '\0' && sockets_is_internet(r->names, next)) value = argv[++*at];
		return sockets_add_internet(o, r->names, value, first, &r->internet, err);
	}
	if (strchr("cNpsu", letter) == NULL) {
		for (const char *p = word + 1; *p != '\0'; p++) {
			if (*p == 'n' || *p == 'P') o->numeric = true;
			else if (*p == 'e') o->details = true;
			else return no_such_letter(*p, err);
		}
		return true;
	}
	value = value_of(at, argc, argv, err);
	if (value == NULL) return false;
	if (letter == 's') return sockets_add_state(o, value, err);
	*(letter == 'c' ? &o->commands : letter == 'N' ? &o->namespace : letter == 'p' ? &o->pids : &o->users) = value;
	return true;
}

bool sockets_parse(int argc, const char *const *argv, const struct sockets_names *names, struct sockets_options *o, struct text *err)
{
	struct reading r = { .o = o, .names = names };
	int at = 1;

	*o = (struct sockets_options){ .root = SOCKETS_TESTS_MAX };
	for (; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
		if (strcmp(argv[at], "--") == 0) {
			at++;
			break;
		}
		if (argv[at][1] == '-' ? !long_option(argv[at] + 2, o, err) : !short_option(&r, &at, argc, argv, err)) return false;
	}
	/* Options may follow the conditions, as people write them. */
	int words = at;
	while (words < argc && (argv[words][0] != '-' || argv[words][1] == '\0')) words++;
	for (int i = words; i < argc; i++) {
		if (argv[i][0] != '-') return text_printf(err, "%s: conditions stand together, not among options", argv[i]), false;
		if (argv[i][1] == '-' ? !long_option(argv[i] + 2, o, err) : !short_option(&r, &i, argc, argv, err)) return false;
	}
	if (r.has_internet && !sockets_require(o, r.internet, err)) return false;
	if (!sockets_add_words(o, names, words - at, argv + at, err) || !good_list(o, names, err)) return false;
	if (o->limits && (o->tests > 0 || o->explain || o->details))
		return text_puts(err, "--limits shows processes: of conditions it takes -c, -p and -u"), false;
	if (o->explain && o->json) return text_puts(err, "--explain is for people, --json for programs: choose one"), false;
	return true;
}

/* --- by process --- */

/* Whether one of a list's words is meant: those with "^" exclude, the others (if there are any) choose. */
static bool in_list(const char *list, const struct sockets_names *names, const struct sockets_process *p,
                    bool (*is)(const struct sockets_names *, const char *, size_t, const struct sockets_process *))
{
	bool chosen = false, choosing = false;

	for (const char *at = list; list != NULL;) {
		bool not = *at == '^';
		at += not;
		size_t n = strcspn(at, ",");
		bool match = is(names, at, n, p);
		if (match && not) return false;
		choosing |= !not;
		chosen |= match;
		at += n;
		if (*at++ == '\0') break;
	}
	return chosen || !choosing;
}

static bool is_pid(const struct sockets_names *names, const char *word, size_t len, const struct sockets_process *p)
{
	uint64_t pid = 0;
	(void)names;
	for (size_t i = 0; i < len && i < 10; i++) pid = pid * 10 + (uint64_t)(word[i] - '0');
	return pid == p->pid;
}

static bool is_user(const struct sockets_names *names, const char *word, size_t len, const struct sockets_process *p)
{
	uint32_t uid;
	return sockets_uid(names, word, len, &uid) && uid == p->uid;
}

static bool is_command(const struct sockets_names *names, const char *word, size_t len, const struct sockets_process *p)
{
	(void)names;
	return strncmp(p->command, word, len) == 0;
}

bool sockets_choose(const struct sockets_options *o, const struct sockets_names *names, const struct sockets_process *p)
{
	return in_list(o->pids, names, p, is_pid) && in_list(o->users, names, p, is_user) &&
	       in_list(o->commands, names, p, is_command);
}

/* One that no process is seen to hold has still a user, unless it is only the kernel's (TIME_WAIT). */
bool sockets_shown(const struct sockets_options *o, const struct sockets_table *t, const struct sockets_row *row)
{
	if (o->pids == NULL && o->users == NULL && o->commands == NULL) return true;
	for (uint32_t at = row->owner; at != SOCKETS_NONE; at = t->owner[at].next)
		if (t->process[t->owner[at].process].chosen) return true;
	struct sockets_process nobody = { .uid = row->socket.uid };
	return row->owner == SOCKETS_NONE && o->pids == NULL && o->commands == NULL && row->socket.inode != 0 &&
	       in_list(o->users, t->names, &nobody, is_user);
}

/* --- order --- */

static int compare(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

int sockets_row_order(const void *left, const void *right)
{
	const struct diag_socket *a = &((const struct sockets_row *)left)->socket, *b = &((const struct sockets_row *)right)->socket;
	int order = compare(a->protocol, b->protocol);

	if (order == 0) order = compare(a->local.port, b->local.port);
	if (order == 0) order = compare(a->state != DIAG_LISTEN, b->state != DIAG_LISTEN);
	if (order == 0) order = compare(a->family, b->family);
	if (order == 0) order = memcmp(a->local.ip.byte, b->local.ip.byte, sizeof a->local.ip.byte);
	if (order == 0) order = memcmp(a->remote.ip.byte, b->remote.ip.byte, sizeof a->remote.ip.byte);
	if (order == 0) order = compare(a->remote.port, b->remote.port);
	return order != 0 ? order : compare(a->inode, b->inode);
}

static double nearness(const struct sockets_process *p)
{
	return p->counted && p->limited && p->soft > 0 ? (double)p->used / (double)p->soft : -1;
}

int sockets_process_order(const void *left, const void *right)
{
	const struct sockets_process *a = left, *b = right;
	double x = nearness(a), y = nearness(b);
	return x != y ? (x < y) - (x > y) : compare(a->pid, b->pid);
}
