/* SPDX-License-Identifier: ISC */
#include "tool/secure.h"

#include "proto/tls/sessions.h"
#include "proto/tls/tickets.h"

#define SERVER_STREAMS 512    /* unless the net says how many it has room for */
#define SERVER_SPARE 16       /* for handshakes of those who will be turned away */
#define HANDSHAKES_LEAST 16   /* at once; more wait a little */
#define STREAMS_A_HANDSHAKE 32
#define RECORDS_A_STREAM 2    /* one each way, so that none waits for another's */
#define CLIENT_STREAMS 8
#define CLIENT_SESSIONS 8
#define HANDSHAKE_WITHIN_S 30

static bool fail(struct secure *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct secure *s, const char *format, ...)
{
	va_list args;

	text_printf(s->env->err, "%s: ", s->who);
	va_start(args, format);
	text_vprintf(s->env->err, format, args);
	va_end(args);
	text_puts(s->env->err, "\n");
	s->env->status = TOOL_FAILED;
	return false;
}

static bool wrong(struct secure *s, const char *option, const char *value, const char *wanted)
{
	tool_usage(s->env, "%s: --%s takes %s, not %s", s->who, option, wanted, value);
	return false;
}

static bool read_version(struct secure *s, const char *option, const char *text, unsigned *version)
{
	if (text == NULL) return true;
	if (strcmp(text, "1.2") == 0) *version = TLS_1_2;
	else if (strcmp(text, "1.3") == 0) *version = TLS_1_3;
	else return wrong(s, option, text, "1.2 or 1.3");
	return true;
}

/* "h2,http/1.1" (RFC 7301: names of 1 to 255 bytes). */
static bool read_alpn(struct secure *s, const char *list)
{
	for (size_t len; list != NULL; list = list[len] ? list + len + 1 : NULL) {
		len = strcspn(list, ",");
		char *name = arena_take(s->env->memory, len + 1);
		if (len == 0 || len > TLS_ALPN_MAX || s->config.alpn_count == SECURE_ALPN_MAX || name == NULL)
			return wrong(s, "alpn", list, "at most eight protocols like h2,http/1.1");
		memcpy(name, list, len);
		name[len] = '\0';
		s->alpn[s->config.alpn_count++] = name;
	}
	s->config.alpn = s->alpn;
	return true;
}

static bool read_words(struct secure *s)
{
	struct tls_config *c = &s->config;

	if (!read_version(s, "tls-min", s->options.min, &c->version_min) || !read_version(s, "tls-max", s->options.max, &c->version_max) ||
	    !read_alpn(s, s->options.alpn)) return false;
	if (c->version_min == 0) c->version_min = TLS_1_2;
	if (c->version_max == 0) c->version_max = TLS_1_3;
	if (c->version_min > c->version_max) return wrong(s, "tls-min", s->options.min ? s->options.min : "1.2", "no more than --tls-max");
	if (s->options.key != NULL && s->options.cert == NULL) return tool_usage(s->env, "%s: --key wants --cert too", s->who), false;
	if (s->options.ocsp != NULL && s->options.cert == NULL) return tool_usage(s->env, "%s: --ocsp wants --cert too", s->who), false;
	if (s->options.crl != NULL && s->options.ca == NULL) return tool_usage(s->env, "%s: --crl wants --ca too", s->who), false;
	return true;
}

static size_t handshakes_for(size_t streams)
{
	return streams <= CLIENT_STREAMS ? 2 : size_max(HANDSHAKES_LEAST, streams / STREAMS_A_HANDSHAKE);
}

/* As many as the net has room for, or as the client has asked for; if there is memory to promise for that. A connection that is
 * idle touches none of it but its place in the net's table. */
static void count_streams(struct secure *s, bool server, size_t handshake, size_t record)
{
	struct net_tls_limits limits = { SERVER_STREAMS, 0 };
	size_t left = s->env->memory->memory.len - s->env->memory->used;
	size_t each = RECORDS_A_STREAM * record + net_tls_size(&limits) / SERVER_STREAMS + handshake / STREAMS_A_HANDSHAKE;

	s->streams = size_max(s->streams_max, CLIENT_STREAMS);
	if (server) s->streams = s->env->connections_max > 0 ? s->env->connections_max + SERVER_SPARE : SERVER_STREAMS;
	if (s->streams > CLIENT_STREAMS) s->streams = size_max(CLIENT_STREAMS, size_min(s->streams, (left - left / 16) / each));
}

static bool lend_pools(struct secure *s, bool server)
{
	size_t handshake = tls_handshake_block_bytes() + alignof(max_align_t), record = TLS_RECORD_BLOCK_BYTES + alignof(max_align_t);
	size_t left = s->env->memory->memory.len - s->env->memory->used;

	count_streams(s, server, handshake, record);
	struct room handshakes = { NULL, handshake * handshakes_for(s->streams) }, records = { NULL, record * RECORDS_A_STREAM * s->streams };
	if (handshakes.len > left / 2) handshakes.len = left / 2 / handshake * handshake;
	handshakes.at = arena_take(s->env->memory, handshakes.len);
	records.at = arena_take(s->env->memory, records.len);
	if (handshakes.at == NULL || handshakes.len == 0 || records.at == NULL) return fail(s, "no memory for TLS");
	pool_init(&s->handshakes, handshakes, handshake);
	pool_init(&s->records, records, record);
	s->config.handshakes = &s->handshakes;
	s->config.records = &s->records;
	return true;
}

static struct room lend(struct secure *s, size_t size)
{
	void *at = arena_zeroed(s->env->memory, 1, size);
	return (struct room){ at, at != NULL ? size : 0 };
}

static bool remember(struct secure *s, bool server)
{
	struct room room = lend(s, server ? tls_tickets_size(s->replays_max) : tls_sessions_size(CLIENT_SESSIONS));

	if (room.at == NULL) return fail(s, "no memory for TLS");
	if (server) s->config.tickets = tls_tickets_init(room, s->env->crypt, s->env->rng, NULL, 0, s->replays_max);
	else s->config.sessions = tls_sessions_init(room, CLIENT_SESSIONS, 4);
	return true;
}

static bool lend_net(struct secure *s)
{
	const struct net_tls_limits limits = { (uint32_t)s->streams, 0 };
	struct room room = { arena_take(s->env->memory, net_tls_size(&limits)), net_tls_size(&limits) }; /* hardly touched: not zeroed */

	if (room.at == NULL) return fail(s, "no memory for TLS");
	s->under = s->env->net;
	s->net = s->env->net = net_tls_init(room, s->under, &limits);
	return true;
}

static bool open_keylog(struct secure *s)
{
	s->config.keylog = s->env->keylog;
	if (s->options.keylog == NULL) return true;
	s->keylog.lines = tool_create(s->env, s->options.keylog, TOOL_OWNER_READS);
	s->config.keylog = &s->keylog;
	return s->keylog.lines != NULL;
}

static bool trust(struct secure *s, bool server)
{
	s->config.trust_anyone = s->options.insecure;
	if (s->options.ca != NULL && !secure_believe(s, s->options.ca)) return false;
	if (s->options.crl != NULL && !secure_forbid(s, s->options.crl)) return false;
	s->config.must_staple = s->config.ask_ocsp = s->options.must_staple;
	if (server) s->config.client_auth = s->options.ca != NULL ? TLS_REQUIRE_CLIENT : TLS_NO_CLIENT_AUTH;
	if (server || s->options.ca != NULL || s->options.insecure) return true;
	return (s->config.trust = tool_want_trust(s->env)) != NULL;
}

static bool identify(struct secure *s, bool server, const char *name)
{
	if (s->options.cert != NULL)
		return secure_own(s, s->options.cert, s->options.key ? s->options.key : s->options.cert) &&
		       (s->options.ocsp == NULL || secure_staple(s, s->options.ocsp));
	if (!server) return true;
	if (s->env->identity == NULL) return secure_make(s, name);
	s->config.identities = s->env->identity;
	s->config.identities_count = 1;
	return true;
}

bool secure_start(struct secure *s, struct tool_env *env, const char *who, bool server, const char *name)
{
	s->env = env, s->who = who;
	if (!read_words(s)) return false;
	env->status = TOOL_FAILED;
	if (!tool_want_crypt(env)) return false;
	s->config.crypt = env->crypt, s->config.rng = env->rng;
	s->config.date = env->date, s->config.date_at = env->date_at;
	s->config.trace = env->trace;
	s->config.handshake_timeout_s = HANDSHAKE_WITHIN_S;
	if ((!server || secure_keep(s)) && identify(s, server, name) && trust(s, server) && lend_pools(s, server) && remember(s, server) &&
	    open_keylog(s) && lend_net(s)) return true;
	secure_end(s);
	return false;
}

void secure_speak(struct secure *s, const char *protocol)
{
	if (s->net == NULL || s->config.alpn_count > 0) return;
	s->alpn[0] = protocol;
	s->config.alpn = s->alpn;
	s->config.alpn_count = 1;
}

net_id secure_listen(struct secure *s, struct net *net, const struct addr *at)
{
	return s->net != NULL ? net_tls_listen(s->net, at, &s->how, &s->config) : net_listen_how(net, at, &s->how);
}

net_id secure_connect(struct secure *s, struct net *net, const struct addr *to, const char *name)
{
	return s->net != NULL ? net_tls_connect(s->net, to, &s->how, &s->config, name) : net_connect_how(net, to, &s->how);
}

bool secure_begin(struct secure *s, net_id id, const char *name) { return net_tls_begin(s->net, id, &s->config, name); }

const char *secure_why(struct secure *s, enum net_why why)
{
	const struct tls_failure *f = s->net != NULL && why == NET_NOT_SECURE ? net_tls_failure(s->net) : NULL;
	return f != NULL ? f->words : net_why_words(why);
}

void secure_say_failure(struct secure *s)
{
	uint64_t failed = s->net != NULL ? net_tls_counts(s->net).failed : 0;
	char who[ADDR_TEXT_MAX];

	if (failed == s->failures_said) return;
	s->failures_said = failed;
	if (net_tls_failure(s->net) == NULL) return;
	const struct addr peer = net_tls_failed_peer(s->net);
	text_printf(s->env->err, "%s: %s: %s\n", s->who, addr_text(&peer, who), net_tls_failure(s->net)->words);
}

void secure_say_counts(struct secure *s)
{
	struct net_tls_counts c;

	if (s->net == NULL) return;
	c = net_tls_counts(s->net);
	text_printf(s->env->out, "%llu TLS handshakes, %llu of them resumed, %llu failed", (unsigned long long)c.handshakes,
	            (unsigned long long)c.resumed, (unsigned long long)(c.failed + c.refused_full));
	if (net_tls_failure(s->net) != NULL) text_printf(s->env->out, "; the last: %s", net_tls_failure(s->net)->words);
	text_puts(s->env->out, "\n");
}

void secure_end(struct secure *s)
{
	if (s->net != NULL) {
		net_tls_end(s->net);
		s->env->net = s->under;
	}
	s->net = NULL;
	if (s->config.tickets != NULL) tls_tickets_end(s->config.tickets);
	if (s->config.sessions != NULL) tls_sessions_end(s->config.sessions);
	if (s->trust != NULL) x509_trust_close(s->trust);
	crypt_key_end(s->key);
	s->config = (struct tls_config){ .crypt = NULL };
	s->trust = NULL, s->key = NULL;
}
