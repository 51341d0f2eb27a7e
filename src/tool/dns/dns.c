/* SPDX-License-Identifier: ISC */
#include "tool/dns/dns.h"

const char dns_help[] =
	"usage: tulle dns serve --zone [NAME=]FILE [--zone ...] [--listen ADDRESS]...\n"
	"           [--port 53] [--no-rotate]\n"
	"       tulle dns resolve [--root ADDRESS]... [--forward ADDRESS]...\n"
	"           [--cache 4Mi] [--explain] [--listen ADDRESS]... [--port 53]\n"
	"           [--no-rotate]\n"
	"serve    answers questions about zones, over UDP and TCP (it asks nobody)\n"
	"resolve  answers any question, by asking from the root down, and remembers\n"
	"  --zone [NAME=]FILE  a zone in master format (RFC 1035, 5); without NAME it\n"
	"                      begins with $ORIGIN\n"
	"  --listen ADDRESS    listens there; may be given again (default: everywhere)\n"
	"  --port N            of both UDP and TCP (default 53)\n"
	"  --no-rotate         the records of a set always come in the file's order\n"
	"  --root ADDRESS      of a root server; may be given again (the Internet's)\n"
	"  --forward ADDRESS   of a resolver to ask instead of going from the root\n"
	"  --cache SIZE        memory for what it has learnt\n"
	"  --explain           prints why it does what it does\n"
	"A zone with an error is told as FILE:LINE:COLUMN, and nothing is started.\n"
	"\n"
	"  tulle dns serve --zone example.com=example.com.zone --port 5353\n"
	"  dig @127.0.0.1 -p 5353 www.example.com\n"
	"  tulle dns resolve --root 10.0.1.1 --explain\n";

static const struct {
	const char *name;
	struct tool *(*open)(int argc, const char *const *argv, struct tool_env *);
} kinds[] = {
	{ "resolve", dns_resolve_open },
	{ "serve", dns_serve_open },
};

struct tool *dns_open(int argc, const char *const *argv, struct tool_env *env)
{
	const char *names[COUNT(kinds)];

	if (argc < 2) return tool_usage(env, "dns: which? `tulle help dns` says more");
	for (size_t i = 0; i < COUNT(kinds); i++) {
		names[i] = kinds[i].name;
		if (strcmp(argv[1], kinds[i].name) == 0) return kinds[i].open(argc - 1, argv + 1, env);
	}
	const char *nearest = text_nearest(argv[1], names, COUNT(names));
	if (nearest != NULL) return tool_usage(env, "dns: there is no '%s'; did you mean %s?", argv[1], nearest);
	return tool_usage(env, "dns: there is no '%s'; `tulle help dns` says more", argv[1]);
}
