/* SPDX-License-Identifier: ISC */
/* nslookup_session.c - names and commands that are typed, or come through a pipe, a line each. A line is read when the one
 * before it is done with. What is said is BIND's; what it has not implemented is told so, too, except for help. */
#include "tool/dns/nslookup_parts.h"

#define BLANKS " \t\r\n\f\v"

static const char help[] =
	"  NAME [SERVER]        looks NAME up, this once at SERVER; an address in reverse\n"
	"  server SERVER        asks SERVER from now on; its address is asked for where\n"
	"                       names are asked for now\n"
	"  lserver SERVER       the same, but its address comes from the system's servers\n"
	"  set all              shows the settings and the servers\n"
	"  set type=TYPE        mx, aaaa, txt ... (also querytype=, ty=, q=)\n"
	"  set class=CLASS      in, ch, hs, any (cl=)\n"
	"  set port=N           where servers listen (po=)\n"
	"  set timeout=SECONDS  of a try (t=);  set retry=N: so many tries (ret=)\n"
	"  set domain=NAME      searches in that domain (do=);  set srchlist=A/B: in these\n"
	"  set [no]search       tries the search list;  set ndots=N: for names of fewer dots\n"
	"  set [no]recurse      lets servers ask others;  set [no]vc: over TCP\n"
	"  set [no]fail         stops at a server that fails, instead of asking the next\n"
	"  set [no]debug        whole answers;  set [no]d2: and each question and server\n"
	"  set [no]idn          names of other scripts as people write them\n"
	"  exit                 ends, as the end of the input does\n";

/* --- commands --- */

static char *next_word(char **at)
{
	char *word = *at + strspn(*at, BLANKS);
	size_t len = strcspn(word, BLANKS);

	*at = word + len + (word[len] != '\0');
	word[len] = '\0';
	return len > 0 ? word : NULL;
}

static bool same(const char *word, const char *command)
{
	for (; *word != '\0' || *command != '\0'; word++, command++)
		if ((*word >= 'A' && *word <= 'Z' ? *word - 'A' + 'a' : *word) != *command) return false;
	return true;
}

static void show_all(struct nslookup *n)
{
	nslookup_show_servers(n);
	settings_show(&n->settings, n->env->out);
}

static void set(struct nslookup *n, const char *word)
{
	char why[NSLOOKUP_LINE_MAX + 100];
	struct text t = text_in(why, sizeof why);
	const char *nearest;

	switch (settings_set(&n->settings, word, &t)) {
	case SET_DONE: break;
	case SET_ALL: show_all(n); break;
	case SET_WRONG:
		text_printf(n->env->out, "%s\n", why);
		nearest = strncmp(why, "***", 3) == 0 ? settings_nearest(word) : NULL;
		if (nearest != NULL) text_printf(n->env->err, "nslookup: did you mean `set %s`?\n", nearest);
		break;
	}
}

static void choose_server(struct nslookup *n, const char *name, const struct servers *of)
{
	if (name == NULL) nslookup_show_servers(n);
	else nslookup_find_server(n, name, of, JOB_SERVER);
}

static void look_up(struct nslookup *n, const char *name, const char *server)
{
	struct text t = text_in(n->next_name, sizeof n->next_name);

	if (server == NULL) {
		nslookup_look_up(n, name, &n->chosen);
		return;
	}
	text_puts(&t, name);
	nslookup_find_server(n, server, &n->chosen, JOB_SERVER_ONCE);
}

static void run(struct nslookup *n, char *line)
{
	static const char *const missing[] = { "finger", "root", "ls", "view" };
	struct text *out = n->env->out;
	char *word = next_word(&line);

	if (word == NULL) return;
	char *value = next_word(&line);
	for (size_t i = 0; i < COUNT(missing); i++)
		if (same(word, missing[i])) {
			text_printf(out, "The '%s' command is not implemented.\n", word);
			return;
		}
	if (same(word, "exit")) nslookup_finish(n);
	else if (same(word, "help") || same(word, "?")) text_puts(out, help);
	else if (same(word, "server")) choose_server(n, value, &n->chosen);
	else if (same(word, "lserver")) choose_server(n, value, &n->initial);
	else if (same(word, "set") && value != NULL) set(n, value);
	else if (same(word, "set")) text_puts(out, "*** What is to be set? `set all` shows what there is, `help` how.\n");
	else look_up(n, word, value);
}

/* A word that is no command is a name. One that nobody has, and that looks like a command, was not meant so. */
void nslookup_doubt_name(struct nslookup *n)
{
	static const char *const commands[] = { "server", "lserver", "exit", "help", "finger", "root", "view" };
	const char *nearest = strchr(n->job.typed, '.') == NULL ? text_nearest(n->job.typed, commands, COUNT(commands)) : NULL;

	if (nearest != NULL) text_printf(n->env->err, "nslookup: '%s' was taken for a name; did you mean the command `%s`?\n", n->job.typed, nearest);
}

/* --- lines --- */

static bool take_line(struct nslookup *n)
{
	struct net *net = n->env->net;

	for (struct bytes b; (b = net_peek(net, n->env->input)).len > 0;) {
		const uint8_t *end = memchr(b.at, '\n', b.len);
		size_t len = end != NULL ? (size_t)(end - b.at) : b.len, fits = size_min(len, sizeof n->line - 1 - n->line_len);
		for (size_t i = 0; i < fits; i++) n->line[n->line_len++] = b.at[i] != '\0' ? (char)b.at[i] : ' ';
		n->line_too_long |= fits < len;
		net_take(net, n->env->input, len + (end != NULL));
		if (end != NULL) return true;
	}
	return n->input_over && n->line_len > 0; /* the last one, without its end */
}

static void run_line(struct nslookup *n)
{
	char line[NSLOOKUP_LINE_MAX];

	memcpy(line, n->line, n->line_len);
	line[n->line_len] = '\0';
	bool too_long = n->line_too_long;
	n->line_len = 0;
	n->line_too_long = n->prompted = false;
	if (!too_long) run(n, line);
	else text_printf(n->env->err, "nslookup: a line is longer than %u bytes, which no name is; it is passed over\n", NSLOOKUP_LINE_MAX - 1);
}

void nslookup_session(struct nslookup *n)
{
	while (!n->tool.done && !n->busy) {
		if (n->env->input_typed && !n->prompted) text_puts(n->env->out, "> ");
		n->prompted = true;
		if (take_line(n)) {
			run_line(n);
			continue;
		}
		if (n->input_over) nslookup_finish(n);
		return;
	}
}
