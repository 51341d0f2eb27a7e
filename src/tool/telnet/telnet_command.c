/* SPDX-License-Identifier: ISC */
/* What the escape character leads to. A command may be cut short ("q"); after most of them the session goes on. */
#include "tool/telnet/telnet_parts.h"

#define WORDS_MAX 6

struct command { const char *name, *summary; bool (*run)(struct session *, char **word, size_t count); }; /* true: back to the session */

void command_prompt(struct session *s) { text_puts(s->env->out, "telnet> "); }

/* --- what there is --- */

static bool close_it(struct session *s, char **word, size_t count)
{
	(void)word, (void)count;
	session_close(s);
	return true;
}

static bool status(struct session *s, char **word, size_t count)
{
	char name[8];
	const struct telnet *t = &s->telnet;

	(void)word, (void)count;
	session_say(s, "Connected to %s.\n", s->url.host);
	session_say(s, telnet_edits(t) ? "Operating line by line: lines are edited here.\n" : "Operating in character at a time mode.\n");
	session_say(s, telnet_echoes(t) ? "What is typed is shown here.\n" : "The server echoes what is typed.\n");
	for (unsigned o = 0; o < 256; o++) {
		const char *us = telnet_is(t, TELNET_US, (uint8_t)o) ? "  we do " : NULL, *him = telnet_is(t, TELNET_HIM, (uint8_t)o) ? "  the server does " : NULL;
		if (us != NULL) session_say(s, "%s%s\n", us, telnet_option_name((uint8_t)o));
		if (him != NULL) session_say(s, "%s%s\n", him, telnet_option_name((uint8_t)o));
	}
	session_say(s, "Escape character is '%s'.\n", session_key_name(s->escape, name));
	return true;
}

static bool send_usage(struct session *s)
{
	session_say(s, "send ao|ayt|brk|ec|el|ga|ip|nop|abort|susp|eof|eor   a command of Telnet's\n"
	               "send synch                                          what stands before it is thrown away there (RFC 854)\n"
	               "send escape                                         the escape character itself\n"
	               "send do|dont|will|wont OPTION                       a negotiation\n");
	return false;
}

static bool send_verb(struct session *s, uint8_t verb, const char *word)
{
	uint8_t option;
	bool about_him = verb == TELNET_DO || verb == TELNET_DONT;

	if (!telnet_option_parse(word, &option)) return session_say(s, "there is no option %s\n", word), false;
	if (!telnet_want(&s->telnet, about_him ? TELNET_HIM : TELNET_US, option, verb == TELNET_DO || verb == TELNET_WILL))
		session_say(s, "that is so already, or asked for\n");
	return true;
}

static bool send(struct session *s, char **word, size_t count)
{
	uint8_t command, key;

	if (count == 2 && strcmp(word[1], "escape") == 0) {
		if (s->escape < 0) return session_say(s, "there is no escape character\n"), false;
		key = (uint8_t)s->escape;
		telnet_send(&s->telnet, (struct bytes){ &key, 1 }, true);
		return true;
	}
	if (count == 2 && strcmp(word[1], "synch") == 0) return telnet_synch(&s->telnet), true;
	if (count < 2 || !telnet_command_parse(word[1], &command)) return send_usage(s);
	if (command >= TELNET_WILL && command < TELNET_IAC) return count == 3 ? send_verb(s, command, word[2]) : send_usage(s);
	if (command == TELNET_SB || command == TELNET_SE || command == TELNET_IAC || command == TELNET_DM) return send_usage(s);
	session_command(s, command);
	return true;
}

static bool set(struct session *s, char **word, size_t count)
{
	char name[8];

	if (count < 2 || count > 3 || strcmp(word[1], "escape") != 0 || (count == 3 && !session_key_parse(word[2], &s->escape)))
		return session_say(s, "set escape CHAR   another escape character, like ^a; off: none\n"), false;
	session_say(s, "Escape character is '%s'.\n", session_key_name(s->escape, name));
	return true;
}

static bool toggle(struct session *s, char **word, size_t count)
{
	if (count == 2 && strcmp(word[1], "trace") == 0) {
		s->trace = !s->trace;
		session_say(s, "Negotiations are %s.\n", s->trace ? "told" : "no longer told");
	} else if (count == 2 && strcmp(word[1], "binary") == 0) {
		bool on = !telnet_is(&s->telnet, TELNET_US, TELNET_BINARY);
		telnet_want(&s->telnet, TELNET_US, TELNET_BINARY, on);
		telnet_want(&s->telnet, TELNET_HIM, TELNET_BINARY, on);
		session_say(s, "The server is asked %s.\n", on ? "for all eight bits, both ways" : "for text again");
	} else if (count == 2 && (strcmp(word[1], "inbinary") == 0 || strcmp(word[1], "outbinary") == 0)) {
		enum telnet_side side = word[1][0] == 'i' ? TELNET_HIM : TELNET_US;
		bool on = !telnet_is(&s->telnet, side, TELNET_BINARY);
		telnet_want(&s->telnet, side, TELNET_BINARY, on);
		session_say(s, "The server is asked %s.\n", on ? "for all eight bits, one way" : "for text again, one way");
	} else if (count == 2 && strcmp(word[1], "autosynch") == 0) {
		s->autosynch = !s->autosynch;
		session_say(s, "Behind an interrupt %s.\n", s->autosynch ? "a Synch is sent" : "no Synch is sent");
	} else {
		return session_say(s, "toggle trace       tells each negotiation\ntoggle binary      all eight bits, both ways\n"
		                      "toggle inbinary    of what comes\ntoggle outbinary   of what is sent\n"
		                      "toggle autosynch   a Synch behind ip, ao, brk and abort\n"), false;
	}
	return true;
}

/* Without LINEMODE a server that echoes and goes on without go-aheads works by characters, else by lines (RFC 857, 858). */
static bool mode(struct session *s, char **word, size_t count)
{
	bool character = count == 2 && strcmp(word[1], "character") == 0;

	if (!character && !(count == 2 && strcmp(word[1], "line") == 0))
		return session_say(s, "mode character   each key goes to the server\nmode line        lines are edited here\n"), false;
	if (telnet_is(&s->telnet, TELNET_US, TELNET_LINEMODE)) telnet_want(&s->telnet, TELNET_US, TELNET_LINEMODE, false);
	telnet_want(&s->telnet, TELNET_HIM, TELNET_SGA, character);
	telnet_want(&s->telnet, TELNET_HIM, TELNET_ECHO, character);
	return true;
}

static bool environ(struct session *s, char **word, size_t count)
{
	const struct telnet *t = &s->telnet;

	if (count == 4 && strcmp(word[1], "define") == 0) {
		if (!telnet_define(&s->telnet, word[2], word[3], false)) session_say(s, "too long, or too many\n");
	} else if (count == 3 && strcmp(word[1], "undefine") == 0) {
		if (!telnet_undefine(&s->telnet, word[2])) session_say(s, "there is no variable %s\n", word[2]);
	} else if (count == 2 && strcmp(word[1], "list") == 0) {
		for (size_t i = 0; i < t->variables; i++) session_say(s, "%s=%s\n", t->variable[i].name, t->variable[i].value);
	} else {
		return session_say(s, "environ define NAME VALUE   is told to a server that asks\nenviron undefine NAME\nenviron list\n"), false;
	}
	return true;
}

/* RFC 727: the server ends the session of whoever is logged in. */
static bool logout(struct session *s, char **word, size_t count)
{
	(void)word, (void)count;
	telnet_want(&s->telnet, TELNET_HIM, TELNET_LOGOUT, true);
	return true;
}

static bool unset(struct session *s, char **word, size_t count)
{
	if (count != 2 || strcmp(word[1], "escape") != 0) return session_say(s, "unset escape   no escape character\n"), false;
	s->escape = -1;
	session_say(s, "Escape character is 'off'.\n");
	return true;
}

static bool suspend(struct session *s, char **word, size_t count)
{
	struct terminal *t = s->env->terminal;

	(void)word, (void)count;
	if (t == NULL || t->stop == NULL) return session_say(s, "there is nothing here that could be suspended\n"), false;
	text_flush(s->env->out);
	t->raw(t, false);
	t->stop(t);
	t->raw(t, true);
	return true;
}

static bool not_here(struct session *s, char **word, size_t count)
{
	(void)count;
	session_say(s, *word[0] == '!' ? "there is no shell from here: who talks to strangers runs no programs; z leads back to yours\n"
	                               : "one session is one connection: close ends it, and tulle telnet HOST begins another\n");
	return false;
}

static bool help(struct session *s, char **word, size_t count);

static const struct command commands[] = {
	{ "close", "close the connection, and end", close_it },
	{ "display", "the same as status", status },
	{ "environ", "variables that are told to a server that asks", environ },
	{ "help", "this", help },
	{ "logout", "the server is asked to end the session (RFC 727)", logout },
	{ "mode", "by characters or by lines", mode },
	{ "open", "is not to be had: see there", not_here },
	{ "quit", "the same as close", close_it },
	{ "send", "a command or a negotiation (send ? names them)", send },
	{ "set", "the escape character", set },
	{ "status", "what has been agreed on", status },
	{ "toggle", "trace, binary, autosynch (toggle ? names them)", toggle },
	{ "unset", "no escape character", unset },
	{ "z", "suspend: back to your shell, until fg", suspend },
	{ "!", "is not to be had: see there", not_here },
	{ "?", "this", help },
};

static bool help(struct session *s, char **word, size_t count)
{
	(void)word, (void)count;
	for (size_t i = 0; i < COUNT(commands); i++) session_say(s, "%-9s %s\n", commands[i].name, commands[i].summary);
	session_say(s, "An empty line goes back to the session.\n");
	return false;
}

/* --- reading --- */

static size_t split(char *line, char *word[WORDS_MAX])
{
	size_t count = 0;

	while (count < WORDS_MAX) {
		line += strspn(line, " \t");
		if (*line == '\0') break;
		word[count++] = line;
		line += strcspn(line, " \t");
		if (*line != '\0') *line++ = '\0';
	}
	return count;
}

/* The one command that begins so; NULL: said that there is none or more than one. */
static const struct command *find(struct session *s, const char *word)
{
	const struct command *found = NULL;

	for (size_t i = 0; i < COUNT(commands); i++) {
		if (strncmp(commands[i].name, word, strlen(word)) != 0) continue;
		if (commands[i].name[strlen(word)] == '\0') return &commands[i];
		if (found != NULL) return session_say(s, "?%s may be %s or %s\n", word, found->name, commands[i].name), NULL;
		found = &commands[i];
	}
	if (found == NULL) session_say(s, "?there is no command %s; ? names them\n", word);
	return found;
}

void command_run(struct session *s)
{
	char *word[WORDS_MAX];
	size_t count = split(s->command.at, word);
	bool quiet = s->quiet;
	const struct command *c = NULL;

	s->quiet = false; /* who asks is answered */
	if (count > 0) c = find(s, word[0]);
	if (count == 0 || (c != NULL && c->run(s, word, count))) s->commanding = false;
	s->quiet = quiet;
	line_clear(&s->command);
	if (s->commanding) command_prompt(s);
}
