/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "main/command.h"
#include "main/lab.h"
#include "main/sandbox.h"
#include "tool/dump/dump.h"
#include "tool/sockets/sockets.h"
#include "tool/tls/tls.h"
#include "tool/tls/tls_ca.h"
#include "tool/tool.h"

struct command { const char *name, *summary, *help; int (*run)(int argc, char **argv); };

/* Sorted by name, as tool_kinds are. */
static const struct command commands[] = {
	{ "dump", "packets as lines of text, from an interface or a file", dump_help, main_dump },
	{ "lab", "a whole internet in one process, from a file", lab_help, main_lab },
	{ "sockets", "every socket of this host, and who holds it", sockets_help, main_sockets },
	{ "stack", "a tool on Tulle's own TCP/IP stack, over a real device", stack_help, main_stack },
	{ NULL, NULL, NULL, NULL }, /* the end */
};

static const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0) return c;
	return NULL;
}

static void help(FILE *to)
{
	fputs("usage: tulle [--no-sandbox] COMMAND ARGS...\n\n"
	      "Tools, on this host's sockets (or in a lab, or after `stack`):\n", to);
	for (size_t i = 0; i < tool_kinds_count; i++)
		fprintf(to, "  %-9s %s\n", tool_kinds[i].name, tool_kinds[i].summary);
	if (commands->name != NULL) fputs("\nOther commands:\n", to);
	for (const struct command *c = commands; c->name != NULL; c++) fprintf(to, "  %-9s %s\n", c->name, c->summary);
	fputs("\n`tulle help COMMAND` says more, `tulle --version` which one this is.\n", to);
}

/* Says that there is no such word, and which was probably meant. */
static int unknown(const char *word)
{
	const char *names[COUNT(commands) + 64] = { "help" };
	size_t count = 1;

	for (const struct command *c = commands; c->name != NULL; c++) names[count++] = c->name;
	for (size_t i = 0; i < tool_kinds_count && count < COUNT(names); i++) names[count++] = tool_kinds[i].name;
	const char *nearest = text_nearest(word, names, count);
	fprintf(stderr, "tulle: %s: no such command", word);
	if (nearest != NULL) fprintf(stderr, "; did you mean %s?", nearest);
	fputs(nearest != NULL ? "\n" : "; `tulle help` names them\n", stderr);
	return TOOL_USAGE;
}

/* What was printed, if it could be. */
static int printed(void)
{
	if (fflush(stdout) == 0) return TOOL_OK;
	perror("tulle: cannot write the output");
	return TOOL_FAILED;
}

static int help_on(const char *word, const char *part)
{
	const struct command *command = command_find(word);
	const struct tool_kind *kind = tool_find(word);

	if (command == NULL && kind == NULL) return unknown(word);
	bool is_authority = kind != NULL && kind->help == tls_tool_help && part != NULL &&
	                    (strcmp(part, "ca") == 0 || strcmp(part, "cert") == 0);
	fputs(is_authority ? tls_ca_help : command != NULL ? command->help : kind->help, stdout);
	return printed();
}

/* Anywhere among the words, but for those that are another program's. */
static bool asks_for_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) if (strcmp(argv[i], "--help") == 0) return true;
	return false;
}

/* argv[0] is the name of a command or a tool; a link of that name to this program is the same as the word behind `tulle`. */
static int run(int argc, char **argv)
{
	const struct command *command = command_find(argv[0]);

	if (asks_for_help(argc - 1, argv + 1)) return help_on(argv[0], argv[1]);
	if (command != NULL) return command->run(argc, argv);
	if (tool_find(argv[0]) != NULL) return main_tool(argc, argv);
	return unknown(argv[0]);
}

int main(int argc, char **argv)
{
	char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL, *name = slash != NULL ? slash + 1 : argc > 0 ? argv[0] : NULL;
	int at = 1;

	if (name != NULL && (command_find(name) != NULL || tool_find(name) != NULL)) {
		argv[0] = name;
		return run(argc, argv);
	}
	if (at < argc && strcmp(argv[at], "--no-sandbox") == 0) sandbox_off(), at++;
	if (at >= argc) {
		help(stderr);
		return TOOL_USAGE;
	}
	const char *word = argv[at];
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) return puts("tulle " TULLE_VERSION), printed();
	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		if (at + 1 < argc) return help_on(argv[at + 1], argv[at + 2]);
		return help(stdout), printed();
	}
	return run(argc - at, argv + at);
}
