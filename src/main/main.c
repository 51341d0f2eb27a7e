/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "main/command.h"
#include "main/sandbox.h"
#include "tool/dump.h"
#include "tool/tool.h"

struct command { const char *name, *summary, *help; int (*run)(int argc, char **argv); };

/* Sorted by name, as tool_kinds are. */
static const struct command commands[] = {
	{ "dump", "packets as lines of text, from an interface or a file", dump_help, main_dump },
