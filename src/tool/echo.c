/* SPDX-License-Identifier: ISC */
#include "tool/echo.h"

const char echo_help[] =
	"usage: tulle echo serve URL... [--close-after N] [--verbose]\n"
	"       tulle echo call URL [--every 2s] [--count N] [--message \"Hello World!\"]\n"
	"           [--timeout 5s] [--bytes 10M] [--ttl N] [--loop]\n"
	"serve returns what it is sent, on any number of ports:\n"
	"  tcp://[HOST]:PORT        each byte, to any number of clients; tls:// over TLS\n"
	"  udp://[HOST]:PORT        each datagram\n"
	"  multicast://GROUP:PORT   joins the group and prints who said what\n"
	"  broadcast://[HOST]:PORT  prints who said what to everybody\n"
	"  --close-after N  closes a TCP connection after N lines\n"
	"  --verbose        prints each message\n"
	"call sends a message now and then, prints what comes back, and counts at the\n"
	"end what was lost, came twice or in another order:\n"
	"  --every T        from one message to the next (2s); --message TEXT says that\n"
	"  --count N        stops after N (without: at SIGINT)\n"
	"  --timeout T      waits so long for a connection or the last answer\n"
	"  --bytes N        over TCP: sends N random bytes, compares what comes back,\n"
	"                   says how fast; over UDP: one datagram of N bytes\n"
	"  --ttl N          how many routers a message to a group may pass (1)\n"
	"  --loop           this host's own members of the group hear it too\n"
	SECURE_HELP;

struct tool *echo_open(int argc, const char *const *argv, struct tool_env *env)
{
	static const char *const words[] = { "serve", "call" };

	if (argc < 2) return tool_usage(env, "echo: serve or call? `tulle help echo` says more");
	if (strcmp(argv[1], "serve") == 0) return echo_serve_open(argc - 1, argv + 1, env);
	if (strcmp(argv[1], "call") == 0) return echo_call_open(argc - 1, argv + 1, env);
	const char *nearest = text_nearest(argv[1], words, COUNT(words));
	return tool_usage(env, "echo: %s: serve or call is wanted%s%s", argv[1], nearest ? "; did you mean " : "",
	                  nearest ? nearest : "");
}
