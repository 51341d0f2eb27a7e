/* SPDX-License-Identifier: ISC */
#include "tool/tool.h"

#include "tool/dns/dig.h"
#include "tool/dns/dns.h"
#include "tool/echo/echo.h"
#include "tool/http/http.h"
#include "tool/nc/nc.h"
#include "tool/dns/nslookup.h"
#include "tool/telnet/telnet.h"
#include "tool/tls/tls.h"

/* Sorted by name; each row's function is in the tool's own header. */
const struct tool_kind tool_kinds[] = {
	{ "dig", "ask name servers, in every detail", dig_help, dig_open },
	{ "dns", "name servers: of one's own zones, or a resolver", dns_help, dns_open },
	{ "echo", "send and get back, over TCP, UDP, to groups and to everybody", echo_help, echo_open },
	{ "http", "give out a folder of files to browsers, or fetch one", http_help, http_open },
	{ "nc", "a connection or datagrams, to and from standard input and output", nc_help, nc_open },
	{ "nslookup", "ask name servers", nslookup_help, nslookup_open },
	{ "telnet", "a terminal on another host, or any port to try by hand", telnet_help, telnet_open },
	{ "tls", "look at TLS: a client, a server, what a server can do", tls_tool_help, tls_tool_open },
	{ NULL, NULL, NULL, NULL }, /* the end */
};
const size_t tool_kinds_count = COUNT(tool_kinds) - 1;

const struct tool_kind *tool_find(const char *name)
{
	for (size_t i = 0; i < tool_kinds_count; i++)
		if (strcmp(tool_kinds[i].name, name) == 0) return &tool_kinds[i];
	return NULL;
}

const char *tool_nearest(const char *misspelt)
{
	const char *names[COUNT(tool_kinds)] = { NULL };

	for (size_t i = 0; i < tool_kinds_count; i++) names[i] = tool_kinds[i].name;
	return text_nearest(misspelt, names, tool_kinds_count);
}

struct tool *tool_open(int argc, const char *const *argv, struct tool_env *env)
{
	env->status = TOOL_USAGE;
	if (argc < 1) {
		text_puts(env->err, "which tool? `tulle help` names them\n");
		return NULL;
	}
	const struct tool_kind *kind = tool_find(argv[0]);
	if (kind != NULL) return kind->open(argc, argv, env);
	if (strcmp(argv[0], "sockets") == 0) {
		text_puts(env->err, "sockets: shows those of this host's kernel, which a stack or a lab has none in: `tulle sockets` alone\n");
		return NULL;
	}
	const char *nearest = tool_nearest(argv[0]);
	text_printf(env->err, "%s: there is no such tool", argv[0]);
	if (nearest != NULL) text_printf(env->err, "; did you mean %s?", nearest);
	text_puts(env->err, "\n");
	return NULL;
}

struct tool *tool_usage(struct tool_env *env, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vprintf(env->err, format, args);
	va_end(args);
	text_puts(env->err, "\n");
	env->status = TOOL_USAGE;
	return NULL;
}

bool tool_want_crypt(struct tool_env *env)
{
	if (env->crypt == NULL && env->want != NULL) env->want(env, TOOL_WANT_CRYPT);
	else if (env->crypt == NULL) text_puts(env->err, "there is no TLS here\n");
	return env->crypt != NULL;
}

const struct x509_trust *tool_want_trust(struct tool_env *env)
{
	if (env->trust == NULL && env->want != NULL) env->want(env, TOOL_WANT_TRUST);
	else if (env->trust == NULL) text_puts(env->err, "no certificate authority is trusted here; --ca FILE names one\n");
	return env->trust;
}

net_id tool_want_input(struct tool_env *env)
{
	if (env->input == 0 && env->want != NULL) env->want(env, TOOL_WANT_INPUT);
	return env->input;
}

struct terminal *tool_want_terminal(struct tool_env *env)
{
	if (env->terminal == NULL && env->want != NULL) env->want(env, TOOL_WANT_TERMINAL);
	return env->terminal;
}

net_id tool_want_output(struct tool_env *env)
{
	if (env->output == 0 && env->want != NULL) env->want(env, TOOL_WANT_OUTPUT);
	return env->output;
}

const struct system_texts *tool_want_system(struct tool_env *env)
{
	if (env->system == NULL && env->want != NULL) env->want(env, TOOL_WANT_SYSTEM);
	return env->system;
}

struct text *tool_create(struct tool_env *env, const char *path, enum tool_readers readers)
{
	if (env->create != NULL) return env->create(env, path, readers);
	text_printf(env->err, "%s: no file can be written here\n", path);
	return NULL;
}
