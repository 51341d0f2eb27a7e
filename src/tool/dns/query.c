/* SPDX-License-Identifier: ISC */
#include "tool/dns/query_parts.h"

#define PORT_FIRST 1024 /* RFC 5452, 9.2: as many ports to choose from as can be */
#define PORT_TRIES 4    /* a random one may be taken; after that the net chooses */
#define BUFFER_BYTES (2 + DNS_MESSAGE_MAX)

static void try_next(struct query *);
static void begin_stream(struct query *);

static bool over_stream(const struct query *q) { return q->way != QUERY_UDP; }

static void say(struct query *q, struct text *t, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(struct query *q, struct text *t, const char *format, ...)
{
	va_list args;

	(void)q;
	if (t == NULL) return;
	va_start(args, format);
	text_vprintf(t, format, args);
	va_end(args);
	text_puts(t, "\n");
}

/* "127.0.0.1#53" */
static const char *server_text(const struct addr *a, char buffer[ADDR_TEXT_MAX])
{
	struct text t = text_in(buffer, ADDR_TEXT_MAX);
	char ip[IP_TEXT_MAX];

	text_printf(&t, "%s#%u", ip_text(a->ip, ip), a->port);
	return buffer;
}

/* --- the way there --- */

/* A datagram's socket goes at once. A stream is ended in order, and what it still says is passed over; but only one at a time. */
static void close_net(struct query *q, bool in_order)
{
	if (q->id_net == 0) return;
	if (over_stream(q) && in_order) {
		if (q->closing != 0) net_abort(q->env->net, q->closing);
		q->closing = q->id_net;
		net_finish(q->env->net, q->id_net);
	} else if (over_stream(q)) net_abort(q->env->net, q->id_net);
	else net_finish(q->env->net, q->id_net);
	q->id_net = 0;
}

static void end(struct query *q, enum query_outcome outcome, const char *words)
{
	struct text t = text_in(q->words, sizeof q->words);

	if (words != NULL) text_puts(&t, words);
	if (outcome != QUERY_ANSWERED || !over_stream(q) || !q->want.keep_open || q->ended) close_net(q, outcome == QUERY_ANSWERED);
	q->outcome = outcome;
	q->deadline = NEVER;
}

static enum query_outcome outcome_of(enum net_why why)
{
	switch (why) {
	case NET_REFUSED: return QUERY_REFUSED;
	case NET_UNREACHABLE: return QUERY_UNREACHABLE;
	case NET_TIMED_OUT: return QUERY_TIMED_OUT;
	case NET_NOT_SECURE: return QUERY_NOT_SECURE;
	case NET_DONE: case NET_RESET: return QUERY_CLOSED;
	default: return QUERY_UNSENT;
	}
}

static const char *why_words(struct query *q, enum net_why why)
{
	switch (why) {
	case NET_DONE: return "end of file";
	case NET_TIMED_OUT: return "timed out";
	case NET_UNREACHABLE: return "host unreachable";
	case NET_NOT_SECURE: return q->want.secure != NULL ? secure_why(q->want.secure, why) : net_why_words(why);
	default: return net_why_words(why);
	}
}

/* This try came to nothing: the next one begins, or all of it ends here. */
static void fail(struct query *q, enum net_why why)
{
	char server[ADDR_TEXT_MAX], ip[IP_TEXT_MAX], name[DNS_NAME_TEXT_MAX];
	const char *words = why_words(q, why);

	server_text(&q->server, server);
	if (over_stream(q) && !q->connected) {
		dns_name_text(&q->want.question.name, name);
		if (q->want.question.name.len > 1) name[strlen(name) - 1] = '\0';
		say(q, q->want.words, ";; Connection to %s(%s) for %s failed: %s.", server, ip_text(q->server.ip, ip), name, words);
	} else say(q, q->want.words, ";; communications error to %s: %s", server, words);
	q->why = why;
	if (q->tries_left > 0 && why != NET_NOT_SECURE) try_next(q); /* a certificate will not be better */
	else end(q, outcome_of(why), words);
}

static net_id bind_somewhere(struct query *q)
{
	struct net *net = q->env->net;
	struct addr local = q->want.local;
	net_id id = 0;

	if (ip_is_any(local.ip)) local.ip = ip_is4(q->server.ip) ? ip4_any() : ip6_any();
	if (local.port != 0) return net_bind(net, &local);
	for (int i = 0; id == 0 && i < PORT_TRIES; i++) {
		local.port = (uint16_t)(PORT_FIRST + rng_below(q->env->rng, 65536 - PORT_FIRST));
		id = net_bind(net, &local);
		if (id == 0 && net_why_not(net) != NET_IN_USE) return 0;
	}
	local.port = 0;
	return id != 0 ? id : net_bind(net, &local);
}

/* The same socket for every try: a late answer to the first is one, too. */
static void send_datagram(struct query *q)
{
	if (q->id_net == 0) q->id_net = bind_somewhere(q);
	if (q->id_net == 0 || !net_sendto(q->env->net, q->id_net, &q->server, q->asked)) {
		if (q->id_net != 0) close_net(q, false);
		fail(q, net_why_not(q->env->net));
	}
}

/* What is spoken within says so (RFC 7301): "dot" by IANA's registry, "h2". */
static net_id connect_secure(struct query *q, const struct net_how *how)
{
	const struct secure *s = q->want.secure;

	q->tls = s->config;
	if (q->tls.alpn_count == 0) {
		q->alpn[0] = q->way == QUERY_HTTPS ? "h2" : "dot";
		q->tls.alpn = q->alpn;
		q->tls.alpn_count = 1;
	}
	q->tls.trust_anyone = !q->want.tls_check;
	if (q->tls.trust_anyone) q->tls.sessions = NULL; /* those are remembered by name, whoever it was */
	return net_tls_connect(q->env->net, &q->server, how, &q->tls, q->want.name);
}

/* The connection of the last answer, if it will do. */
static bool stands(const struct query *q, const struct query_want *want)
{
	return q->outcome == QUERY_ANSWERED && q->id_net != 0 && q->connected && !q->ended && over_stream(q) && q->way == want->way &&
	       addr_equal(&q->server, &want->server) && q->want.plain == want->plain && want->tls_check == q->want.tls_check &&
	       (want->name == q->want.name || (want->name != NULL && q->want.name != NULL && strcmp(want->name, q->want.name) == 0));
}

static void begin_stream(struct query *q)
{
	bool tls = q->way == QUERY_TLS || (q->way == QUERY_HTTPS && !q->want.plain);
	const struct net_how how = { .from = q->want.local };

	close_net(q, false);
	q->connected = false;
	q->out = q->in = 0;
	q->ended = false;
	q->id_net = tls ? connect_secure(q, &how) : net_connect_how(q->env->net, &q->server, &how);
	if (q->id_net == 0) fail(q, net_why_not(q->env->net));
}

static void push_question(struct query *q)
{
	struct bytes all = { q->question, 2 + q->asked.len };

	if (q->out < all.len) q->out += net_send(q->env->net, q->id_net, bytes_skip(all, q->out));
}

static void count_try(struct query *q)
{
	q->tries_left--;
	q->tries++;
	q->sent_at = net_now(q->env->net);
	q->deadline = instant_after(q->sent_at, q->want.timeout_for > 0 ? q->want.timeout_for : QUERY_TIMEOUT);
}

static void try_next(struct query *q)
{
	count_try(q);
	if (over_stream(q)) begin_stream(q);
	else send_datagram(q);
}

/* Over the connection that is there. If that comes to nothing, it was no try. */
static void ask_again(struct query *q)
{
	count_try(q);
	q->tries_left++;
	q->connected = true;
	if (q->way != QUERY_HTTPS) push_question(q);
	else if (!query_https_again(q)) try_next(q);
}

/* All of it anew, but for what is kept from one question to the next. */
static void reset(struct query *q, struct tool_env *env, const struct query_want *want, net_id open)
{
	const struct query before = *q;

	*q = (struct query){ .outcome = QUERY_ASKING, .env = env, .want = *want, .buffer = before.buffer, .https = before.https, .way = want->way,
	                     .server = want->server, .tries_left = want->tries > 0 ? want->tries : QUERY_TRIES, .closing = before.closing,
	                     .id_net = open, .tls = before.tls, .alpn = { before.alpn[0] } };
}

bool query_start(struct query *q, struct tool_env *env, const struct query_want *want)
{
	net_id open = q->env != NULL && stands(q, want) ? q->id_net : 0;

	if (q->env != NULL && open == 0) query_stop(q);
	if (q->buffer == NULL && (q->buffer = arena_take(env->memory, BUFFER_BYTES)) == NULL) return false;
	reset(q, env, want, open);
	q->id = want->id_given ? want->id : want->way == QUERY_HTTPS ? 0 : (uint16_t)rng_next(env->rng);
	size_t len = query_write(want, q->id, (struct room){ q->question + 2, QUERY_BYTES_MAX });
	if (len == 0) {
		q->why = NET_TOO_BIG;
		end(q, QUERY_UNSENT, "the question is larger than a message may be");
		return true;
	}
	store_be16(q->question, (uint16_t)len);
	q->asked = (struct bytes){ q->question + 2, len };
	if (open != 0) ask_again(q);
	else try_next(q);
	return true;
}

/* --- what comes back --- */

static bool same_question(struct query *q, const struct dns_message *m)
{
	char name[DNS_NAME_TEXT_MAX], type[16];
	const struct dns_question *wanted = &q->want.question;

	if (q->want.any_question || m->counts[0] == 0) return true;
	if (dns_name_equal(&m->question.name, &wanted->name) && m->question.type == wanted->type &&
	    m->question.class == wanted->class && !q->want.no_question) return true;
	dns_name_text(&m->question.name, name);
	if (m->question.name.len > 1) name[strlen(name) - 1] = '\0';
	say(q, q->want.words, ";; Question section mismatch: got %s/%s/%s", name, dns_type_text(m->question.type, type),
	    m->question.class == DNS_IN ? "IN" : m->question.class == DNS_CH ? "CH" : "other");
	return false;
}

static void over_to_tcp(struct query *q)
{
	say(q, q->want.comments, ";; Truncated, retrying in TCP mode.");
	close_net(q, false);
	q->way = QUERY_TCP;
	q->went_over = true;
	q->tries_left = q->want.tries > 0 ? q->want.tries : QUERY_TRIES;
	try_next(q);
}

/* A message that has come whole; false: it does not count. */
static bool take_message(struct query *q, struct bytes b)
{
	const char *how = over_stream(q) ? "ERROR" : "Warning";

	if (b.len < DNS_HEADER_BYTES || load_be16(b.at) != q->id) {
		if (b.len < DNS_HEADER_BYTES)
			say(q, q->want.words, ";; %s: short (< header size) message%s", how, over_stream(q) ? "" : " received");
		else say(q, q->want.words, ";; %s: ID mismatch: expected ID %u, got %u", how, q->id, load_be16(b.at));
		return false;
	}
	if ((b.at[2] & 0x80) == 0) {
		say(q, q->want.words, ";; Warning: query response not set");
		return false;
	}
	q->answered_at = net_now(q->env->net);
	q->message = b;
	q->drop = dns_parse(b, &q->parsed);
	if (q->parsed.records_at > 0 && !same_question(q, &q->parsed)) return false;
	if (q->drop != DROP_NONE) {
		end(q, QUERY_MALFORMED, drop_words(q->drop));
		return true;
	}
	if (q->parsed.flags & DNS_TC && !over_stream(q) && !q->want.keep_cut) over_to_tcp(q);
	else if (q->want.stream && over_stream(q)) q->outcome = QUERY_ANSWERED, q->deadline = NEVER;
	else end(q, QUERY_ANSWERED, NULL);
	return true;
}

static void take_datagram(struct query *q, const struct net_event *ev)
{
	char from[ADDR_TEXT_MAX], wanted[ADDR_TEXT_MAX];
	struct bytes b = bytes_first(ev->data, size_min(ev->data.len, DNS_MESSAGE_MAX));

	if (!ip_equal(ev->peer.ip, q->server.ip) || ev->peer.port != q->server.port) {
		say(q, q->want.words, ";; reply from unexpected source: %s, expected %s", server_text(&ev->peer, from),
		    server_text(&q->server, wanted));
		q->strange++;
		return;
	}
	memcpy(q->buffer, b.at, b.len);
	if (!take_message(q, (struct bytes){ q->buffer, b.len })) q->strange++;
}

/* What has come on a connection, until one message is whole (RFC 1035, 4.2.2). A wrong one ends it: who mixes up a
 * connection of which we are alone the asker will not do better in it. */
static void pull_answer(struct query *q)
{
	while (q->outcome == QUERY_ASKING && q->id_net != 0) {
		size_t wanted = q->in < 2 ? 2 - q->in : 2u + load_be16(q->buffer) - q->in;
		struct bytes b = net_peek(q->env->net, q->id_net);
		b = bytes_first(b, size_min(b.len, wanted));
		if (wanted > 0 && b.len == 0) return;
		memcpy(q->buffer + q->in, b.at, b.len);
		net_take(q->env->net, q->id_net, b.len);
		q->in += b.len;
		if (q->in < 2 || q->in < 2u + load_be16(q->buffer)) continue;
		query_take(q, (struct bytes){ q->buffer + 2, q->in - 2 });
	}
}

void query_take(struct query *q, struct bytes message)
{
	if (take_message(q, message)) return;
	q->strange++;
	q->message = (struct bytes){ NULL, 0 };
	end(q, QUERY_MALFORMED, "not an answer to the question");
}

/* Another try would come to the same. */
void query_https_failed(struct query *q, const char *why)
{
	char server[ADDR_TEXT_MAX];

	say(q, q->want.words, ";; communications error to %s: %s", server_text(&q->server, server), why);
	end(q, QUERY_NOT_HTTP, why);
}

static void connected(struct query *q)
{
	q->connected = true;
	if (q->way != QUERY_HTTPS) push_question(q);
	else if (!query_https_begin(q)) query_https_failed(q, "not enough memory lent");
}

static bool closing_event(struct query *q, const struct net_event *ev)
{
	if (q->closing == 0 || ev->id != q->closing) return false;
	if (ev->what == NET_READABLE) net_take(q->env->net, ev->id, net_peek(q->env->net, ev->id).len);
	if (ev->what == NET_CLOSED) q->closing = 0;
	return true;
}

bool query_event(struct query *q, const struct net_event *ev)
{
	if (ev->id == 0 || q->env == NULL || ev->what == NET_WAKE) return false;
	if (ev->id != q->id_net) return closing_event(q, ev);
	switch (ev->what) {
	case NET_DATAGRAM: if (q->outcome == QUERY_ASKING) take_datagram(q, ev); break;
	case NET_BOUNCED: fail(q, ev->why); break;
	case NET_CONNECTED: connected(q); break;
	case NET_WRITABLE:
	case NET_READABLE:
		if (q->way == QUERY_HTTPS && q->connected && q->https != NULL) query_https_event(q, ev);
		else if (ev->what == NET_WRITABLE) push_question(q);
		else pull_answer(q);
		break;
	case NET_EOF: if (q->outcome == QUERY_ASKING) fail(q, NET_DONE); else q->ended = true; break;
	case NET_CLOSED:
		q->id_net = 0;
		if (q->outcome == QUERY_ASKING) fail(q, ev->why);
		else q->ended = true;
		break;
	default: break;
	}
	return true;
}

void query_step(struct query *q, instant now)
{
	if (q->outcome == QUERY_ASKING && q->deadline <= now) fail(q, NET_TIMED_OUT);
}

instant query_deadline(const struct query *q)
{
	return q->outcome == QUERY_ASKING ? q->deadline : NEVER;
}

void query_more(struct query *q)
{
	assert(q->outcome == QUERY_ANSWERED && q->want.stream);
	q->outcome = QUERY_ASKING;
	q->tries_left = 0; /* a stream is not begun anew in the middle of it */
	q->in = 0;
	q->deadline = instant_after(net_now(q->env->net), q->want.timeout_for > 0 ? q->want.timeout_for : QUERY_TIMEOUT);
	if (q->id_net == 0 || q->ended) fail(q, NET_DONE);
	else pull_answer(q);
}

void query_stop(struct query *q)
{
	if (q->env == NULL) return;
	close_net(q, q->outcome == QUERY_ANSWERED);
	if (q->outcome == QUERY_ASKING) q->outcome = QUERY_IDLE;
	q->deadline = NEVER;
}
