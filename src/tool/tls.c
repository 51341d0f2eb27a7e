/* SPDX-License-Identifier: ISC */
#include "tool/tls.h"

#include "crypt/key.h"
#include "crypt/share.h"
#include "proto/tls/tls.h"
#include "tool/tls_ca.h"

const char tls_tool_help[] =
	"usage: tulle tls client HOST:PORT [--resume] [--early FILE] [--key-update] [--servername NAME]\n"
	"                        [--session-out FILE] [--session-in FILE] [--timeout 10s] [--quiet]\n"
	"       tulle tls server [ADDRESS:]PORT [--echo] [--once] [--early N] [--retry] [--quiet]\n"
	"       tulle tls scan HOST:PORT [--servername NAME] [--json] [--timeout 5s]\n"
	"       tulle tls ca new ...; tulle tls cert issue NAME... (`tulle tls ca` says more); tulle tls --list\n"
	"\n"
	"client prints each message of the handshake and what it means, the chain, the session; then standard input\n"
	"goes to the server, and what it says to standard output. --resume comes back with the session; --early\n"
	"sends FILE before the handshake is complete (0-RTT); --quiet prints only what the server says.\n"
	"server does the same for its clients. --echo: what they send goes back; --early N: takes so many bytes of\n"
	"early data; --retry: a cookie for everybody.\n"
	"scan tells versions, suites, groups, signatures, resumption and flaws of a server. --list: what we offer.\n"
	"Both ends:\n"
	"  --cert FILE --key FILE   who we are, in PEM (a server without: made on the spot)\n"
	"  --ca FILE     whom to believe (a server: asks clients for certificates)    --insecure   anybody\n"
	"  --crl FILE    with --ca: what it has revoked    --must-staple   a server has to staple an OCSP response\n"
	"  --ocsp FILE   with --cert: the OCSP response to staple\n"
	"  --alpn A,B    --tls-min 1.2    --tls-max 1.3    --keylog FILE (or SSLKEYLOGFILE)\n";

const char *tls_tool_address(struct text *words, const char *word, bool listens, struct url *u)
{
	bool port_only = listens && word[strspn(word, "0123456789")] == '\0';
	const char *why;

	text_printf(words, "tls://%s%s", port_only ? ":" : "", word);
	if (words->cut) return "this is too long";
	if ((why = url_parse(words->at, 1 << URL_TLS, u)) != NULL) return why;
	if (!listens && *u->host == '\0') return "a host is wanted";
	return listens && !u->is_address ? "a server listens on an address, not on a name" : NULL;
}

/* --- what is offered --- */

static void list(struct text *out, const char *what, const uint16_t *value, size_t count, const char *(*name)(unsigned))
{
	text_printf(out, "%s\n", what);
	for (size_t i = 0; i < count; i++) text_printf(out, "  %s (0x%04x)\n", name(value[i]) ? name(value[i]) : "?", value[i]);
}

static struct tool *list_open(struct tool_env *env)
{
	static const uint16_t all[] = { CRYPT_X25519MLKEM768, CRYPT_X25519, CRYPT_SECP256R1, CRYPT_SECP384R1 };
	struct tool *t = arena_zeroed(env->memory, 1, sizeof *t);
	uint16_t values[TLS_LIST_MAX];

	env->status = TOOL_FAILED;
	if (t == NULL || !tool_want_crypt(env)) return NULL;
	const struct tls_config config = { .crypt = env->crypt };
	text_printf(env->out, "With %s:\nversions\n  TLS 1.3\n  TLS 1.2\n", crypt_version());
	list(env->out, "suites", values, tls_list_suites(&config, values), tls_suite_name);
	list(env->out, "groups", values, tls_list_groups(&config, values), tls_group_name);
	list(env->out, "signatures", values, tls_list_schemes(&config, values), tls_scheme_name);
	text_puts(env->out, "certificate compression\n  zlib\n  brotli\n  zstd\n");
	for (size_t i = 0; i < COUNT(all); i++) {
		const char *why = crypt_group_why_not(env->crypt, all[i]);
		if (why != NULL) text_printf(env->out, "not offered: %s: %s\n", tls_group_name(all[i]) ? tls_group_name(all[i]) : "X25519MLKEM768", why);
	}
	t->done = true;
	return t;
}

struct tool *tls_tool_open(int argc, const char *const *argv, struct tool_env *env)
{
	static const struct { const char *word; struct tool *(*open)(int, const char *const *, struct tool_env *); } parts[] = {
		{ "ca", tls_ca_open }, { "cert", tls_cert_open }, { "client", tls_client_open }, { "scan", tls_scan_open },
		{ "server", tls_server_open },
	};
	const char *words[COUNT(parts)];

	if (argc < 2) return tool_usage(env, "tls: client, server, scan or --list? `tulle help tls` says more");
	if (strcmp(argv[1], "--list") == 0) return list_open(env);
	if (argc == 2 && (strcmp(argv[1], "ca") == 0 || strcmp(argv[1], "cert") == 0)) return tool_usage(env, "%s", tls_ca_help);
	for (size_t i = 0; i < COUNT(parts); i++) {
		if (strcmp(argv[1], parts[i].word) == 0) return parts[i].open(argc - 1, argv + 1, env);
		words[i] = parts[i].word;
	}
	const char *nearest = text_nearest(argv[1], words, COUNT(words));
	return tool_usage(env, "tls: %s: there is no such part%s%s", argv[1], nearest ? "; did you mean " : "", nearest ? nearest : "");
}
