/* SPDX-License-Identifier: ISC */
/* telnet_parts.h - what telnet.c and telnet_command.c share. */
#ifndef TULLE_TOOL_TELNET_PARTS_H
#define TULLE_TOOL_TELNET_PARTS_H

#include "proto/telnet/telnet.h"
#include "tool/dial.h"
#include "tool/telnet/telnet.h"
#include "tool/telnet/telnet_line.h"

#define SESSION_SAYS_MAX 32

struct session {
	struct tool tool;
	struct tool_env *env;
	struct url url;
	struct dial dial;
	struct secure secure;
	struct telnet telnet;
	struct telnet_reader said;    /* what we send, taken apart again for --trace */
	net_id tried;                 /* the stream that "Trying" was said of */
	int escape;                   /* -1: none */
	const char *say[SESSION_SAYS_MAX]; struct option_texts says; size_t says_sent;
	bool tls, trace, quiet, binary, binary_out, negotiate, four, six, autosynch;
	struct text *trace_to;        /* err, or the file of -n */
	bool raw, commanding, input_over, over_told, finished;
	struct line line, command;
	instant timeout;
	uint64_t got, sent;
};

void session_say(struct session *, const char *format, ...) __attribute__((format(printf, 2, 3))); /* whole lines, "\n" behind each */
void session_command(struct session *, uint8_t command); /* and a Synch behind it, if it is one to hurry and `autosynch` */
void session_close(struct session *);      /* by the one who types */
const char *session_key_name(int key, char name[8]); /* "^]", "off" */
bool session_key_parse(const char *, int *key);

void command_prompt(struct session *);
void command_run(struct session *); /* the line in `command`; afterwards `commanding` says whether there is another */

#endif
