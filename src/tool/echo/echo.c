/* SPDX-License-Identifier: ISC */
#include "tool/echo/echo.h"

#define PORT_TCP "6666"
#define PORT_UDP "7777"
#define PORT_GROUP "5555"
#define GROUP "224.0.0.0"

const char echo_help[] =
	"usage: tulle echo serve URL... [--raw] [--cores N] [--verbose]\n"
	"       tulle echo call URL [--every 2s] [--count N] [--message TEXT] [--ttl N]\n"
	"                  [--timeout 5s] [--bytes 10M] [--loop] [--json]\n"
	"       tulle echo load URL [--connections 10] [--window 1] [--seconds 5]\n"
	"                  [--bytes 64] [--timeout 5s] [--json]\n"
	"\n"
	"serve: tcp://[HOST]:PORT and tls:// return each line, udp:// each datagram;\n"
	"multicast://GROUP:PORT and broadcast://[HOST]:PORT print who said what.\n"
	"  --raw            returns each byte at once, instead of lines of up to 64 KiB\n"
	"  --close-after N  closes a connection after N lines\n"
	"  --verbose        prints each message\n"
	"  --cores N        N processes, one a core, share the ports; 0: on all cores\n"
	"call: says something now and then, prints what comes back, counts at the end.\n"
	"  --timeout T      waits so long for a connection, or for the last answer\n"
	"  --bytes N        random bytes, all compared: how fast? UDP: one datagram\n"
	"  --ttl N          how many routers a message to a group may pass (1)\n"
	"  --loop           this host's own members of the group hear it too\n"
	"load: as much as it can, W messages under way on each connection, for a time;\n"
	"prints the rate, and percentiles of the round trips.\n"
	"serve and call: --explain says what sockets it opens and why; --interface NAME\n"
	"or number is where groups are. Of TLS: --cert, --key, --ca, --insecure and the\n"
	"others of tulle-tls(1). Without words: TYPE=server|client\n"
	"PROTOCOL=tcp|udpu|udpm HOST=... of the environment say it.\n";

bool echo_interface(struct tool_env *env, const char *who, const char *text, uint16_t *number)
{
	uint32_t n = 0;
	const char *s = text;

	while (*s >= '0' && *s <= '9' && n <= UINT16_MAX) n = n * 10 + (uint32_t)(*s++ - '0');
	if (*s != '\0' || n > UINT16_MAX) n = env->interface != NULL ? env->interface(env, text) : 0;
	*number = (uint16_t)n;
	if (n == 0) tool_usage(env, "%s: --interface %s: there is no such interface", who, text);
	return n != 0;
}

/* URLs that were parsed hold nothing that would have to be escaped but what a tool's words cannot hold either. */
void echo_json(struct text *out, const char *url, const struct tool_measure *m)
{
	text_puts(out, "{\"url\":\"");
	for (; *url != '\0'; url++) text_printf(out, *url == '"' || *url == '\\' ? "\\%c" : "%c", *url);
	text_puts(out, "\"");
	for (; m->name != NULL; m++) text_printf(out, ",\"%s\":%lld", m->name, (long long)m->value);
	text_puts(out, "}\n");
}

/* --- the words of the environment, as the original example has them --- */

static const char *variable(struct tool_env *env, const char *name)
{
	const char *value = env->variable != NULL ? env->variable(env, name) : NULL;
	return value != NULL && *value != '\0' ? value : NULL;
}

/* HOST is a name or an address, alone or with a port. */
static const char *url_of(struct tool_env *env, bool server, const char *protocol)
{
	bool tcp = strcmp(protocol, "tcp") == 0, group = strcmp(protocol, "udpm") == 0;
	const char *host = variable(env, "HOST");
	char *url = arena_take(env->memory, URL_HOST_MAX + 40);

	if (url == NULL) return NULL;
	if (host == NULL) host = group ? GROUP : server ? "" : "localhost";
	bool six = *host != '[' && strchr(host, ':') != strrchr(host, ':');
	const char *colon = strrchr(host, ':');
	bool has_port = !six && colon != NULL && strchr(colon, ']') == NULL;
	struct text t = text_in(url, URL_HOST_MAX + 40);
	text_printf(&t, "%s://%s%s%s", tcp ? "tcp" : group ? "multicast" : "udp", six ? "[" : "", host, six ? "]" : "");
	if (!has_port) text_printf(&t, ":%s", tcp ? PORT_TCP : group ? PORT_GROUP : PORT_UDP);
	return url;
}

static struct tool *open_by_environment(struct tool_env *env, const char *type)
{
	const char *protocol = variable(env, "PROTOCOL");
	bool server = strcmp(type, "server") == 0;

	if (protocol == NULL) protocol = "tcp";
	if (!server && strcmp(type, "client") != 0) return tool_usage(env, "echo: TYPE is server or client, not %s", type);
	if (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udpu") != 0 && strcmp(protocol, "udpm") != 0)
		return tool_usage(env, "echo: PROTOCOL is tcp, udpu (to one) or udpm (to a group), not %s", protocol);
	const char *argv[] = { server ? "serve" : "call", url_of(env, server, protocol) };
	if (argv[1] == NULL) return tool_usage(env, "echo: no memory");
	return server ? echo_serve_open(COUNT(argv), argv, env) : echo_call_open(COUNT(argv), argv, env);
}

struct tool *echo_open(int argc, const char *const *argv, struct tool_env *env)
{
	static const char *const words[] = { "serve", "call", "load" };
	const char *type = argc < 2 ? variable(env, "TYPE") : NULL;

	if (type != NULL) return open_by_environment(env, type);
	if (argc < 2) return tool_usage(env, "echo: serve or call? `tulle help echo` says more");
	if (strcmp(argv[1], "serve") == 0) return echo_serve_open(argc - 1, argv + 1, env);
	if (strcmp(argv[1], "call") == 0) return echo_call_open(argc - 1, argv + 1, env);
	if (strcmp(argv[1], "load") == 0) return echo_load_open(argc - 1, argv + 1, env);
	const char *nearest = text_nearest(argv[1], words, COUNT(words));
	return tool_usage(env, "echo: %s: serve, call or load is wanted%s%s%s", argv[1], nearest ? "; did you mean " : "",
	                  nearest ? nearest : "", nearest ? "?" : "");
}
