/* SPDX-License-Identifier: ISC */
#include "tool/tls/tls.h"

#include "crypt/key.h"
#include "crypt/share.h"
#include "proto/tls/tls.h"
#include "tool/tls/tls_ca.h"

#define NAME_MAX_BYTES 253 /* of a DNS name, as it is written */

const char tls_tool_help[] =
	"usage: tulle tls client HOST:PORT [--resume] [--early FILE] [--key-update]\n"
	"           [--servername NAME] [--session-out FILE] [--session-in FILE]\n"
	"           [--timeout 10s] [--quiet]\n"
	"       tulle tls server [ADDRESS:]PORT [--echo] [--once] [--early N] [--retry]\n"
	"           [--quiet]\n"
	"       tulle tls scan HOST:PORT [--servername NAME] [--json] [--timeout 5s]\n"
	"       tulle tls --list\n"
	"       tulle tls ca|cert ...   a private authority (`tulle help tls ca`)\n"
	"client  tells each message of the handshake, the chain and the session; then\n"
	"        standard input goes there. --resume comes back with the session;\n"
	"        --early sends FILE before the handshake is complete (0-RTT)\n"
	"server  does the same for its clients. --echo: what they send goes back;\n"
	"        --early N: takes N bytes of early data; --retry: a cookie for everybody\n"
	"scan    tells versions, suites, groups, signatures, resumption, flaws\n"
	"--list  what we offer; --quiet: only what is said, not how\n"
	"  --cert FILE --key FILE   who we are, in PEM (a server without: made up)\n"
	"  --ca FILE      whom to believe (a server: asks clients for certificates)\n"
	"  --crl FILE     with --ca: what it has revoked    --insecure  believe anybody\n"
	"  --ocsp FILE    with --cert: an OCSP response to staple, in DER\n"
	"  --must-staple  a server has to staple one\n"
	"  --alpn A,B     protocols offered or taken        --tls-min 1.2  --tls-max 1.3\n"
	"  --keylog FILE  secrets, for Wireshark (or SSLKEYLOGFILE)\n";

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

bool tls_tool_name_good(struct tool_env *env, const char *who, const char *name)
{
	char words[URL_HOST_MAX + 32];
	struct text full = text_in(words, sizeof words);
	struct url u;
	struct ip ip;

	if (name == NULL || ip_parse(name, &ip)) return true;
	text_printf(&full, "tls://%s:1", name);
	if (!full.cut && url_parse(words, 1 << URL_TLS, &u) == NULL && *u.host != '\0' && strlen(name) <= NAME_MAX_BYTES) return true;
	tool_usage(env, "%s: --servername takes a host's name in ASCII, like www.example.com, not %s", who, name);
	return false;
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
	if (strcmp(argv[1], "--list") == 0)
		return argc == 2 ? list_open(env) : tool_usage(env, "tls --list: one word too many: %s", argv[2]);
	if (argc == 2 && (strcmp(argv[1], "ca") == 0 || strcmp(argv[1], "cert") == 0)) return tool_usage(env, "%s", tls_ca_help);
	for (size_t i = 0; i < COUNT(parts); i++) {
		if (strcmp(argv[1], parts[i].word) == 0) return parts[i].open(argc - 1, argv + 1, env);
		words[i] = parts[i].word;
	}
	const char *nearest = text_nearest(argv[1], words, COUNT(words));
	return tool_usage(env, "tls: %s: ca, cert, client, scan, server or --list is wanted%s%s", argv[1], nearest ? "; did you mean " : "", nearest ? nearest : "");
}
