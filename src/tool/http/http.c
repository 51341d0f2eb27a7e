/* SPDX-License-Identifier: ISC */
#include "tool/http/http.h"

#include "tool/secure.h"

const char http_help[] =
	"usage: tulle http serve DIR http[s]://[ADDRESS]:PORT [--quiet]\n"
	"       tulle http get URL [--output -] [--range FIRST-LAST] [--head]\n"
	"           [--timeout 10s]\n"
	"\n"
	"serve gives out the files below DIR, and prints a line a request: who, what,\n"
	"status, bytes. Nothing whose name begins with a dot is given out (but\n"
	".well-known), nor what a link leads outside to.\n"
	"  --quiet          prints no requests\n"
	"\n"
	"get prints the status and how many bytes came.\n"
	"  --output -       prints the body; the status then goes to standard error\n"
	"  --range A-B      asks for these bytes only\n"
	"  --head           asks for the head only\n"
	"  --timeout T      waits so long for a sign of life (10s)\n"
	"\n"
	SECURE_HELP;

struct tool *http_open(int argc, const char *const *argv, struct tool_env *env)
{
	static const char *const words[] = { "serve", "get" };

	if (argc < 2) return tool_usage(env, "http: serve or get? `tulle help http` says more");
	if (strcmp(argv[1], "serve") == 0) return http_serve_open(argc - 1, argv + 1, env);
	if (strcmp(argv[1], "get") == 0) return http_get_open(argc - 1, argv + 1, env);
	const char *nearest = text_nearest(argv[1], words, COUNT(words));
	return tool_usage(env, "http: %s: serve or get is wanted%s%s%s", argv[1], nearest ? "; did you mean " : "",
	                  nearest ? nearest : "", nearest ? "?" : "");
}
