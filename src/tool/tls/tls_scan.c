/* SPDX-License-Identifier: ISC */
/* tls_scan.c - one connection after another, each with a question; the answers decide on the next. */
#include "tool/tls/tls_scan.h"

#include "pack/pack.h"
#include "proto/tls/seen.h"
#include "proto/tls/sessions.h"
#include "tool/lookup.h"
#include "tool/options.h"
#include "tool/secure.h"
#include "tool/tls/tls.h"

#define SEEN_BYTES (256u << 10)

/* In this order. Up to STEP_GREASE a hello is enough; then come whole handshakes. */
enum step {
	STEP_VERSIONS, STEP_SUITES13, STEP_SUITES12, STEP_GROUPS, STEP_COMPRESSION, STEP_FALLBACK, STEP_GREASE,
	STEP_FULL, STEP_FULL_ANYWAY, STEP_RESUMED13, STEP_FULL12, STEP_RESUMED12, STEP_PACKED, STEP_SCHEMES, STEP_END,
};
static const uint16_t versions[] = { TLS_1_3, TLS_1_2, TLS_1_1, TLS_1_0 };

struct scan {
	struct tool tool;
	struct tool_env *env;
	struct url url;
	struct lookup lookup;
	struct secure secure;
	struct tls_seen seen;
	struct tls_sessions *sessions;
	const char *servername;
	bool json, reached;       /* reached: somebody has answered at `to` */
	instant timeout, give_up_at;
	struct addr to; size_t next_ip;
	net_id id;
	enum step step; size_t item;
	bool wants_tls, connected; /* this connection */
	uint64_t connections;
	uint16_t scheme;           /* the one of STEP_SCHEMES */
	struct scan_list all_schemes;
	struct scan_reader reader;
	struct scan_results results;
	char words[URL_HOST_MAX + 32];
};

static bool raw(const struct scan *s) { return s->step < STEP_FULL; }
static const char *name_of(const struct scan *s) { return s->servername != NULL ? s->servername : s->url.host; }

static void end(struct scan *s, int status)
{
	const struct tool_measure m[] = { { "connections", (int64_t)s->connections } };

	if (s->tool.done) return;
	if (s->id != 0) net_abort(s->env->net, s->id);
	s->id = 0;
	lookup_stop(&s->lookup);
	memcpy(s->tool.measure, m, sizeof m);
	s->tool.done = true;
	s->tool.status = status;
}

static void fail(struct scan *s, const char *why)
{
	text_printf(s->env->err, "tls scan: %s:%u: %s\n", s->url.host, s->url.at.port, why);
	end(s, TOOL_FAILED);
}

/* --- what to ask --- */

static bool speaks(const struct scan *s, unsigned version) { return s->results.version[version - TLS_1_0]; }

/* TLS 1.2's suites in which there is a group at all. */
static void with_groups(const struct scan_list *all, struct scan_list *out)
{
	out->count = 0;
	for (size_t i = 0; i < all->count; i++) if (all->value[i] >> 12 == 0xc) scan_add(out, all->value[i]);
}

static bool question_of_step(struct scan *s, struct scan_ask *ask)
{
	struct scan_results *r = &s->results;

	*ask = (struct scan_ask){ .version = speaks(s, TLS_1_3) ? TLS_1_3 : TLS_1_2, .groups = scan_groups, .name = s->url.is_address && !s->servername ? NULL : name_of(s) };
	ask->suites = ask->version == TLS_1_3 ? scan_suites13 : scan_suites12;
	switch (s->step) {
	case STEP_VERSIONS:
		if (s->item == COUNT(versions)) return false;
		ask->version = versions[s->item];
		ask->suites = ask->version == TLS_1_3 ? scan_suites13 : scan_suites12;
		return true;
	case STEP_SUITES13:
		scan_without(&ask->suites, &scan_suites13, &r->suites13);
		return speaks(s, TLS_1_3) && ask->suites.count > 0;
	case STEP_SUITES12:
		ask->version = TLS_1_2;
		scan_without(&ask->suites, &scan_suites12, &r->suites12);
		return speaks(s, TLS_1_2) && ask->suites.count > 0;
	case STEP_GROUPS:
		scan_without(&ask->groups, &scan_groups, &r->groups);
		ask->key_exchange = ask->version == TLS_1_2;
		if (ask->key_exchange) with_groups(&r->suites12, &ask->suites);
		return ask->groups.count > 0 && ask->suites.count > 0 && (speaks(s, TLS_1_3) || speaks(s, TLS_1_2));
	case STEP_COMPRESSION:
		ask->version = TLS_1_2, ask->suites = scan_suites12, ask->compression = true;
		return s->item == 0 && speaks(s, TLS_1_2);
	case STEP_FALLBACK:
		ask->version = TLS_1_2, ask->suites = scan_suites12, ask->fallback = true;
		return s->item == 0 && speaks(s, TLS_1_2) && speaks(s, TLS_1_3);
	case STEP_GREASE:
		ask->grease = true;
		return s->item == 0 && (speaks(s, TLS_1_3) || speaks(s, TLS_1_2));
	default: return false;
	}
}

/* False: this step has no (further) question. The hybrid group means nothing before TLS 1.3. */
static bool question(struct scan *s, struct scan_ask *ask)
{
	static const struct scan_list hybrid = { { CRYPT_X25519MLKEM768 }, 1 };
	if (!question_of_step(s, ask)) return false;
	struct scan_list groups = ask->groups;
	if (ask->version < TLS_1_3) scan_without(&ask->groups, &groups, &hybrid);
	return ask->groups.count > 0;
}

/* The configuration of a whole handshake; false: this step has none (any more). */
static bool configure(struct scan *s)
{
	struct tls_config *c = &s->secure.config;
	bool v13 = speaks(s, TLS_1_3), v12 = speaks(s, TLS_1_2), bad = s->results.flaw[SCAN_BAD_CERTIFICATE];

	c->sessions = s->sessions;
	c->version_min = TLS_1_2, c->version_max = TLS_1_3;
	c->schemes = NULL, c->schemes_count = 0, c->packings = 0;
	c->trust_anyone = s->secure.options.insecure || s->step > STEP_FULL;
	switch (s->step) {
	case STEP_FULL: return s->item == 0 && (v13 || v12);
	case STEP_FULL_ANYWAY: return s->item == 0 && bad;
	case STEP_RESUMED13: return s->item == 0 && s->results.shook && v13;
	case STEP_FULL12: case STEP_RESUMED12:
		c->version_max = TLS_1_2;
		return s->item == 0 && s->results.shook && v12;
	case STEP_PACKED:
		c->packings = 1u << PACK_ZLIB | 1u << PACK_BROTLI | 1u << PACK_ZSTD, c->sessions = NULL;
		return s->item == 0 && s->results.shook && v13;
	case STEP_SCHEMES:
		if (!s->results.shook || s->item == s->all_schemes.count) return false;
		s->scheme = s->all_schemes.value[s->item];
		c->schemes = &s->scheme, c->schemes_count = 1, c->sessions = NULL;
		return true;
	default: return false;
	}
}

/* --- what was answered --- */

static void learn_certificate(struct scan *s, const struct tls_seen_message *m)
{
	struct tls_certificate c;
	struct tls_certificate_entry entry;
	struct tls_fault fault;
	struct text leaf = text_in(s->results.leaf, sizeof s->results.leaf);

	if (!tls_parse_certificate(bytes_skip(m->bytes, TLS_MESSAGE_HEADER), m->v13, &c, &fault)) return;
	if (!tls_next_certificate(&c, &entry)) return;
	x509_describe(s->env->crypt, entry.der, &leaf);
	s->results.ocsp |= entry.ocsp.len > 0;
}

static void learn_seen(struct scan *s)
{
	struct tls_seen_message m;
	struct tls_new_session_ticket ticket;
	struct tls_fault fault;

	for (size_t at = 0; tls_seen_next(&s->seen, &at, &m);) {
		if (m.sent || m.type != TLS_HANDSHAKE) continue;
		struct bytes body = bytes_skip(m.bytes, TLS_MESSAGE_HEADER);
		if (m.bytes.at[0] == TLS_CERTIFICATE) learn_certificate(s, &m);
		else if (m.bytes.at[0] == TLS_COMPRESSED_CERTIFICATE) s->results.packs = true;
		else if (m.bytes.at[0] == TLS_CERTIFICATE_STATUS) s->results.ocsp = true;
		else if (m.bytes.at[0] == TLS_NEW_SESSION_TICKET && tls_parse_new_session_ticket(body, m.v13, &ticket, &fault) &&
		         ticket.early_data_max > s->results.early_max) s->results.early_max = ticket.early_data_max;
	}
	tls_seen_clear(&s->seen);
}

static void learn_version(struct scan *s, const struct scan_answer *a)
{
	static const uint8_t sentinel[] = "DOWNGRD\1";
	struct scan_results *r = &s->results;

	if (!a->hello || a->version != versions[s->item]) return;
	r->version[a->version - TLS_1_0] = true;
	if (a->version != TLS_1_2) return;
	r->flaw[SCAN_NO_RENEGOTIATION_INFO] = !(a->has & TLS_HAS(TLS_EXT_RENEGOTIATION_INFO));
	r->flaw[SCAN_NO_EXTENDED_MASTER_SECRET] = !(a->has & TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET));
	r->flaw[SCAN_NO_SENTINEL] = speaks(s, TLS_1_3) && memcmp(a->random + TLS_RANDOM_BYTES - 8, sentinel, 8) != 0;
}

/* Of a hello. Whether the same step has another question. */
static bool learn_hello(struct scan *s)
{
	const struct scan_answer *a = &s->reader.answer;
	struct scan_results *r = &s->results;
	struct scan_list *suites = s->step == STEP_SUITES13 ? &r->suites13 : &r->suites12;

	switch (s->step) {
	case STEP_VERSIONS: learn_version(s, a); return true;
	case STEP_SUITES13: case STEP_SUITES12:
		if (!a->hello || scan_has(suites, a->suite)) return false;
		scan_add(suites, a->suite);
		return true;
	case STEP_GROUPS:
		if (!a->hello || a->group == 0 || scan_has(&r->groups, a->group)) return false;
		scan_add(&r->groups, a->group);
		return true;
	case STEP_COMPRESSION: r->flaw[SCAN_COMPRESSES] = a->hello && a->compression != 0; return false;
	case STEP_FALLBACK: r->flaw[SCAN_NO_FALLBACK_SCSV] = a->hello; return false;
	case STEP_GREASE: r->flaw[SCAN_INTOLERANT] = !a->hello; return false;
	default: return false;
	}
}

/* The handshake is complete. */
static void learn_handshake(struct scan *s)
{
	const struct tls *t = net_tls_of(s->env->net, s->id);
	struct scan_results *r = &s->results;

	r->shook = true;
	if (*t->alpn != '\0') memcpy(r->alpn, t->alpn, sizeof r->alpn);
	if (s->step == STEP_RESUMED13) r->resumes13 = t->resumed;
	if (s->step == STEP_RESUMED12) r->resumes12 = t->resumed;
	if (s->step == STEP_SCHEMES) scan_add(&r->schemes, s->scheme);
}

static void learn_failure(struct scan *s)
{
	const struct tls_failure *f = net_tls_failure(s->env->net);
	struct text words;

	if (s->step != STEP_FULL || f == NULL || f->certificate == X509_OK) return;
	words = text_in(s->results.certificate, sizeof s->results.certificate);
	text_puts(&words, f->words);
	s->results.flaw[SCAN_BAD_CERTIFICATE] = true;
}

/* --- one connection after another --- */

static void judge(struct scan_results *r)
{
	r->flaw[SCAN_OLD_VERSIONS] = r->version[0] || r->version[1];
	r->flaw[SCAN_NO_TLS13] = !r->version[3];
	for (size_t i = 0; i < r->suites12.count; i++) {
		enum scan_worth worth = scan_suite_worth(r->suites12.value[i]);
		r->flaw[SCAN_BROKEN_SUITES] |= worth == SCAN_BROKEN;
		r->flaw[SCAN_NOT_FORWARD] |= worth == SCAN_NO_FORWARD_SECRECY;
		r->flaw[SCAN_NOT_AEAD] |= worth == SCAN_NO_AEAD;
	}
}

static void finished(struct scan *s)
{
	bool any = false;

	for (size_t i = 0; i < COUNT(s->results.version); i++) any |= s->results.version[i];
	if (any) judge(&s->results);
	if (s->json) scan_tell_json(&s->results, s->env->out);
	else if (any) scan_tell(&s->results, s->env->out);
	if (any) end(s, TOOL_OK);
	else fail(s, "no version was agreed on: this is no TLS server, or one that wants none of what was offered");
}

static bool wanted(struct scan *s)
{
	struct scan_ask ask;
	return raw(s) ? question(s, &ask) : configure(s);
}

static void connect_next(struct scan *s)
{
	const char *why = "no address";

	while (s->step != STEP_END && !wanted(s)) s->step++, s->item = 0;
	if (s->step == STEP_END) {
		finished(s);
		return;
	}
	s->connected = false;
	s->reader = (struct scan_reader){ .key_exchange = s->step == STEP_GROUPS && !speaks(s, TLS_1_3) };
	do {
		if (!s->reached && s->next_ip == s->lookup.count) {
			fail(s, why);
			return;
		}
		if (!s->reached) s->to = (struct addr){ s->lookup.ip[s->next_ip++], s->url.at.port, s->url.at.interface };
		s->id = raw(s) ? net_connect(s->env->net, &s->to) : secure_connect(&s->secure, s->env->net, &s->to, name_of(s));
		if (s->id == 0) why = net_why_words(net_why_not(s->env->net));
	} while (s->id == 0 && !s->reached);
	s->connections++;
	s->give_up_at = instant_after(net_now(s->env->net), s->timeout);
	if (s->id == 0) fail(s, why);
}

/* This connection has said what it could. */
static void over(struct scan *s)
{
	bool more = raw(s) ? learn_hello(s) : s->step == STEP_SCHEMES;

	if (!raw(s)) learn_seen(s);
	if (s->id != 0) net_abort(s->env->net, s->id);
	s->id = 0;
	if (more) s->item++;
	else s->step++, s->item = 0;
	connect_next(s);
}

static void connected(struct scan *s)
{
	uint8_t hello[2048];
	struct scan_ask ask;

	s->reached = s->connected = true;
	if (!raw(s)) {
		learn_handshake(s);
		if (s->step == STEP_SCHEMES || s->step == STEP_PACKED) over(s);
		else net_finish(s->env->net, s->id); /* what the server still has to say, tickets, comes before its end */
		return;
	}
	question(s, &ask);
	size_t len = scan_hello(&ask, s->env->rng, (struct room){ hello, sizeof hello });
	net_send(s->env->net, s->id, (struct bytes){ hello, len });
}

static void readable(struct scan *s)
{
	for (struct bytes b; (b = net_peek(s->env->net, s->id)).len > 0; net_take(s->env->net, s->id, b.len))
		if (raw(s)) scan_read(&s->reader, b);
	if (raw(s) && s->reader.answer.over) over(s);
}

static void closed(struct scan *s, const struct net_event *ev)
{
	s->id = 0;
	if (!s->reached) {
		if (s->next_ip == s->lookup.count) fail(s, net_why_words(ev->why));
		else connect_next(s);
		return;
	}
	if (!raw(s) && ev->why == NET_NOT_SECURE) learn_failure(s);
	over(s);
}

static void own_event(struct scan *s, const struct net_event *ev)
{
	if (s->id == 0 || ev->id != s->id) return;
	switch (ev->what) {
	case NET_CONNECTED: connected(s); break;
	case NET_READABLE: readable(s); break;
	case NET_EOF: if (raw(s)) over(s); break;
	case NET_CLOSED: closed(s, ev); break;
	default: break;
	}
}

static void late(struct scan *s)
{
	if (s->reached) {
		over(s);
		return;
	}
	net_abort(s->env->net, s->id);
	s->id = 0;
	if (s->next_ip == s->lookup.count) fail(s, "timed out");
	else connect_next(s);
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct scan *s = self;
	instant now = net_now(net);

	if (s->tool.done) return;
	if (ev->what == NET_WAKE) lookup_step(&s->lookup, now);
	else if (!lookup_event(&s->lookup, ev)) own_event(s, ev);
	if (!s->tool.done && s->id == 0 && s->connections == 0 && lookup_state(&s->lookup) == LOOKUP_FAILED) fail(s, s->lookup.error);
	if (!s->tool.done && s->id == 0 && s->connections == 0 && lookup_state(&s->lookup) == LOOKUP_DONE) connect_next(s);
	if (!s->tool.done && s->id != 0 && s->give_up_at <= now) late(s);
	if (!s->tool.done) net_wake(net, instant_min(lookup_deadline(&s->lookup), s->id != 0 ? s->give_up_at : NEVER));
}

static void stop(struct tool *t) { end((struct scan *)t, TOOL_FAILED); }
static void end_tool(struct tool *t) { secure_end(&((struct scan *)t)->secure); }

static bool prepare(struct scan *s)
{
	static const char *const protocols[] = { "h2", "http/1.1" };
	struct room room = { arena_take(s->env->memory, SEEN_BYTES), SEEN_BYTES };
	uint16_t schemes[TLS_LIST_MAX];
	struct text target = text_in(s->results.target, sizeof s->results.target);

	if (room.at == NULL || !secure_start(&s->secure, s->env, "tls scan", false, "")) return false;
	s->sessions = s->secure.config.sessions;
	s->seen.room = room;
	s->secure.config.seen = &s->seen;
	s->secure.config.ask_ocsp = true;
	if (s->secure.config.alpn_count == 0) s->secure.config.alpn = protocols, s->secure.config.alpn_count = COUNT(protocols);
	for (size_t i = 0, n = tls_list_schemes(&s->secure.config, schemes); i < n; i++) scan_add(&s->all_schemes, schemes[i]);
	s->results.not_checked = s->secure.options.insecure;
	text_printf(&target, "%s", s->words + strlen("tls://"));
	return true;
}

struct tool *tls_scan_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct scan *s = arena_zeroed(env->memory, 1, sizeof *s);
	const char *word = NULL, *why;
	size_t words;

	if (s == NULL) return tool_usage(env, "tls scan: no memory");
	s->env = env, s->timeout = 5 * SECOND;
	const struct option options[] = {
		{ "servername", OPTION_TEXT, &s->servername }, { "json", OPTION_FLAG, &s->json }, { "timeout", OPTION_SPAN, &s->timeout },
		SECURE_OPTIONS(&s->secure),
	};
	if (!options_read(env, argc, argv, options, COUNT(options), &word, 1, &words)) return NULL;
	if (words == 0) return tool_usage(env, "tls scan: whom? like www.example.com:443");
	struct text full = text_in(s->words, sizeof s->words);
	if ((why = tls_tool_address(&full, word, false, &s->url)) != NULL) return tool_usage(env, "tls scan: %s: %s", word, why);
	if (!tls_tool_name_good(env, "tls scan", s->servername)) return NULL;
	if (!prepare(s)) {
		secure_end(&s->secure);
		return NULL;
	}
	s->tool.app = (struct app){ event, s };
	s->tool.stop = stop, s->tool.end = end_tool;
	lookup_start(&s->lookup, env, s->url.host);
	net_wake(env->net, net_now(env->net));
	return &s->tool;
}
