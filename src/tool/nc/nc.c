/* SPDX-License-Identifier: ISC */
#include "tool/nc/nc_parts.h"

static void leave(struct nc *, int status);
static void try_next(struct nc *, const char *why, int status);

int nc_status_of(enum net_why why)
{
	switch (why) {
	case NET_DONE: return TOOL_OK;
	case NET_UNREACHABLE: return NC_UNREACHABLE;
	case NET_TIMED_OUT: return NC_TIMED_OUT;
	case NET_NOT_SECURE: return NC_NOT_SECURE;
	default: return TOOL_FAILED;
	}
}

void nc_complain(struct nc *n, int status, const char *format, ...)
{
	char who[IP_TEXT_MAX];
	va_list args;

	n->env->status = status;
	text_puts(n->env->err, "nc: ");
	if (n->o.local) text_printf(n->env->err, "%s: ", n->o.host);
	else if (!n->o.listen) text_printf(n->env->err, "%s port %u (%s): ", ip_text(n->peer.ip, who), n->peer.port, n->o.udp ? "udp" : "tcp");
	va_start(args, format);
	text_vprintf(n->env->err, format, args);
	va_end(args);
	text_puts(n->env->err, "\n");
}

static void measure(struct nc *n)
{
	const struct tool_measure m[] = {
		{ "connections", (int64_t)n->connections }, { "peers", (int64_t)n->peers_seen }, { "sent", (int64_t)n->sent },
		{ "received", (int64_t)n->received }, { "open_ports", (int64_t)n->open_ports },
		{ "microseconds", (net_now(n->env->net) - n->started_at) / MICROSECOND },
	};
	memcpy(n->tool.measure, m, sizeof m);
}

/* --- the end --- */

static void close_listener(struct nc *n)
{
	if (n->listener != 0) net_finish(n->env->net, n->listener);
	n->listener = 0;
}

static void leave(struct nc *n, int status)
{
	struct net *net = n->env->net;

	if (n->state == NC_LEAVING) return;
	n->state = NC_LEAVING;
	n->tool.status = status == TOOL_OK && n->output_failed ? TOOL_FAILED : status;
	lookup_stop(&n->lookup);
	close_listener(n);
	for (size_t i = 0; i < n->waiting_count; i++) net_abort(net, n->waiting[i].id);
	n->waiting_count = 0;
	if (n->output == 0) {
		n->tool.done = true;
		return;
	}
	if (!n->output_finished) net_finish(net, n->output); /* what it closes is written to the last byte */
	n->output_finished = true;
}

static void output_event(struct nc *n, const struct net_event *ev)
{
	struct bytes bad = net_peek(n->env->net, ev->id);

	if (ev->what == NET_WRITABLE) nc_pump(n);
	net_take(n->env->net, ev->id, bad.len);
	bool over = ev->what == NET_EOF || ev->what == NET_CLOSED;
	n->output_failed |= bad.len > 0 || (over && !n->output_finished) || (ev->what == NET_CLOSED && ev->why != NET_DONE);
	if (n->output_failed && n->tool.status == TOOL_OK) n->tool.status = TOOL_FAILED;
	if (!over) return;
	n->output = 0;
	if (n->state == NC_LEAVING) n->tool.done = true;
	if (ev->what == NET_EOF) net_abort(n->env->net, ev->id);
	n->output_finished = true;
	nc_pump(n); /* nobody reads any more; the other direction goes on */
}

/* What the peer has not got yet still goes to it, though we wait for it no longer. */
static void let_go(struct nc *n)
{
	if (n->id == 0) return;
	if (n->o.udp || !n->o.keep) net_finish(n->env->net, n->id);
	else net_abort(n->env->net, n->id);
	n->id = 0;
}

static void listen_on(struct nc *n)
{
	n->state = NC_LISTENING;
	n->give_up_at = n->quit_at = NEVER;
	if (n->o.udp) {
		n->state = NC_TALKING;
		n->peer_count = n->peer_next = 0;
	} else if (n->waiting_count > 0) {
		struct nc_waiting w = n->waiting[0];
		memmove(n->waiting, n->waiting + 1, --n->waiting_count * sizeof w);
		n->id = w.id, n->peer = w.peer;
		nc_talk(n, w.eof);
	}
}

void nc_over(struct nc *n, int status)
{
	if (n->state == NC_LEAVING) return;
	if (status == TOOL_OK) n->any = true;
	else n->status = status, n->failed++;
	if (!(n->o.listen && n->o.keep && n->o.udp)) let_go(n);
	n->give_up_at = n->quit_at = NEVER;
	if (n->stopping) {
		leave(n, TOOL_OK);
	} else if (n->o.listen && n->o.keep) {
		listen_on(n);
	} else if (n->o.listen || n->next_port == n->o.ports) {
		leave(n, n->any ? TOOL_OK : n->status);
	} else {
		n->state = NC_NEXT;
		n->next_at = n->o.interval > 0 ? instant_after(net_now(n->env->net), n->o.interval) : 0;
	}
}

/* --- connections --- */

void nc_talk(struct nc *n, bool peer_over)
{
	n->state = NC_TALKING;
	n->connections++;
	n->finished = false, n->peer_over = peer_over;
	n->quit_at = NEVER, n->line_at = 0;
	n->last_sent = 0, n->telnet_len = n->answer_len = 0;
	n->give_up_at = instant_after(net_now(n->env->net), n->o.timeout);
	nc_show_event(n, n->o.listen ? "accepted" : "connected", &n->peer, NULL);
	if (n->o.listen) nc_show_received(n, &n->peer);
	nc_pump(n);
}

static const char *server_name(const struct nc *n) { return n->o.servername != NULL ? n->o.servername : n->host; }

static void connected(struct nc *n)
{
	uint16_t port = n->o.port[n->next_port - 1];

	nc_show_port(n, port, true, NULL);
	n->open_ports++;
	if (n->o.zero) nc_over(n, TOOL_OK);
	else if (n->o.pass) nc_local_pass(n);
	else nc_talk(n, false);
}

static void connect_event(struct nc *n, const struct net_event *ev)
{
	if (ev->what == NET_CONNECTED && n->o.proxy != NULL) {
		n->state = NC_GREETING;
		if (n->o.pass) net_set(n->env->net, n->id, NET_AHEAD_BYTES, 1); /* what the host says is not ours to take */
		nc_proxy_begin(n);
	} else if (ev->what == NET_CONNECTED) {
		connected(n);
	} else if (ev->what == NET_CLOSED) {
		n->id = 0;
		try_next(n, secure_why(&n->secure, ev->why), nc_status_of(ev->why));
	}
}

/* The proxy has brought us to the host: TLS is with that one. */
static void through(struct nc *n)
{
	if (!n->o.tls) {
		connected(n);
	} else if (secure_begin(&n->secure, n->id, server_name(n))) {
		n->state = NC_SECURING;
	} else {
		nc_complain(n, TOOL_FAILED, "%s", net_why_words(net_why_not(n->env->net)));
		nc_over(n, TOOL_FAILED);
	}
}

static void greeting_event(struct nc *n, const struct net_event *ev)
{
	if (ev->what == NET_READABLE) nc_proxy_heard(n);
	if (ev->what == NET_EOF || ev->what == NET_CLOSED) {
		if (ev->what == NET_CLOSED) n->id = 0;
		nc_complain(n, TOOL_FAILED, "the proxy closed the connection");
		nc_over(n, TOOL_FAILED);
	} else if (n->state == NC_GREETING && n->step == 0) {
		through(n);
	}
}

static void securing_event(struct nc *n, const struct net_event *ev)
{
	if (ev->what == NET_CONNECTED) {
		connected(n);
	} else if (ev->what == NET_CLOSED) {
		n->id = 0;
		nc_complain(n, nc_status_of(ev->why), "%s", secure_why(&n->secure, ev->why));
		nc_over(n, nc_status_of(ev->why));
	}
}

/* One of the host's addresses has failed. */
static void failed(struct nc *n, const char *why, int status)
{
	bool last = n->next_ip == n->ips || status == NC_NOT_SECURE;

	if (n->o.verbose || (!n->o.zero && last)) nc_complain(n, status, "%s", why);
	if (last) nc_show_port(n, n->o.port[n->next_port - 1], false, why);
	if (last && !n->o.zero) nc_show_event(n, "failed", &n->peer, why);
}

static void try_next(struct nc *n, const char *why, int status)
{
	if (why != NULL) failed(n, why, status);
	while (n->next_ip < n->ips && status != NC_NOT_SECURE) {
		n->peer.ip = n->ip[n->next_ip++];
		if (n->o.proxy != NULL) n->id = net_connect_how(n->env->net, &n->peer, &n->secure.how);
		else n->id = secure_connect(&n->secure, n->env->net, &n->peer, server_name(n));
		if (n->id != 0) {
			n->state = NC_CONNECTING;
			n->give_up_at = instant_after(net_now(n->env->net), n->o.timeout);
			return;
		}
		enum net_why no = net_why_not(n->env->net);
		status = nc_status_of(no);
		failed(n, nc_how_why(n, no), status);
	}
	nc_over(n, status);
}

static void next_port(struct nc *n)
{
	uint16_t port = n->o.port[n->next_port++];

	n->next_ip = 0;
	n->peer = (struct addr){ n->ip[0], n->o.proxy != NULL ? n->proxy_port : port, n->interface };
	if (!n->o.udp) {
		try_next(n, NULL, TOOL_FAILED);
	} else if (!nc_datagram_open(n, &n->peer)) {
		nc_over(n, n->env->status);
	} else if (n->o.zero) {
		nc_probe(n);
	} else {
		n->state = NC_TALKING;
		n->quit_at = NEVER, n->line_at = 0;
		nc_show_port(n, port, true, NULL);
		nc_datagram_pump(n);
	}
}

static void accepted(struct nc *n, const struct net_event *ev)
{
	struct net *net = n->env->net;

	if ((n->o.six && ip_is4(ev->peer.ip)) || n->waiting_count == NC_WAITING_MAX || n->listener == 0) {
		net_abort(net, ev->id);
		return;
	}
	n->waiting[n->waiting_count++] = (struct nc_waiting){ .id = ev->id, .peer = ev->peer };
	if (!n->o.keep) {
		net_finish(net, n->listener);
		n->listener = 0;
	}
	if (n->state == NC_LISTENING) listen_on(n);
}

static void waiting_event(struct nc *n, const struct net_event *ev)
{
	for (size_t i = 0; i < n->waiting_count; i++) {
		struct nc_waiting *w = &n->waiting[i];
		if (w->id != ev->id) continue;
		if (ev->what == NET_EOF) w->eof = true;
		if (ev->what == NET_CLOSED) memmove(w, w + 1, (--n->waiting_count - i) * sizeof *w);
		return;
	}
}

/* Of a listener's: nobody else is waited for, unless it is to stay. */
static void handshake_failed(struct nc *n)
{
	uint64_t before = n->secure.failures_said;

	secure_say_failure(&n->secure);
	if (n->secure.failures_said != before && n->state == NC_LISTENING && !n->o.keep) {
		n->status = NC_NOT_SECURE;
		leave(n, NC_NOT_SECURE);
	}
}

/* --- the course of it --- */

static void found(struct nc *n)
{
	for (size_t i = 0; i < n->lookup.count; i++) {
		bool four = ip_is4(n->lookup.ip[i]);
		if (n->o.source != NULL && ip_is4(n->source) != four) continue;
		if (!(n->o.four && !four) && !(n->o.six && four)) n->ip[n->ips++] = n->lookup.ip[i];
	}
	n->state = NC_NEXT;
	if (n->ips > 0) return;
	text_printf(n->env->err, "nc: %s has no %s address\n", n->lookup.host, n->o.four || (n->o.source != NULL && ip_is4(n->source)) ? "IPv4" : "IPv6");
	leave(n, NC_NO_NAME);
}

static void looked_up(struct nc *n)
{
	if (lookup_state(&n->lookup) == LOOKUP_DONE) found(n);
	if (lookup_state(&n->lookup) != LOOKUP_FAILED) return;
	text_printf(n->env->err, "nc: %s\n", n->lookup.error);
	nc_show_event(n, "failed", NULL, n->lookup.error);
	leave(n, NC_NO_NAME);
}

static void too_late(struct nc *n)
{
	if (n->state == NC_CONNECTING) {
		net_abort(n->env->net, n->id);
		n->id = 0;
		try_next(n, "timed out", NC_TIMED_OUT);
	} else if (n->state == NC_GREETING) {
		nc_complain(n, NC_TIMED_OUT, "the proxy did not answer in time");
		nc_over(n, NC_TIMED_OUT);
	} else if (n->state == NC_SECURING) {
		nc_complain(n, NC_TIMED_OUT, "timed out");
		nc_over(n, NC_TIMED_OUT);
	} else if (n->state == NC_PROBING) {
		nc_probe_over(n);
	} else if (n->state == NC_TALKING) {
		bool alone = n->o.udp && !n->o.local && !n->o.listen && n->received == 0 && !n->o.broadcast && !ip_is_multicast(n->peer.ip);
		if (alone && n->o.verbose) nc_complain(n, NC_TIMED_OUT, "no answer");
		nc_over(n, alone ? NC_TIMED_OUT : TOOL_OK);
	}
}

static void step(struct nc *n)
{
	instant now = net_now(n->env->net);

	if (n->state == NC_LOOKING_UP) looked_up(n);
	if (n->state == NC_NEXT && n->next_at <= now) next_port(n);
	if (n->state == NC_TALKING && n->line_at > 0 && n->line_at <= now) {
		n->line_at = 0;
		if (n->o.udp) nc_datagram_pump(n);
		else nc_pump(n);
	}
	if (n->state == NC_TALKING && n->quit_at <= now) nc_over(n, TOOL_OK);
	if (n->give_up_at <= now) too_late(n);
}

static instant deadline(const struct nc *n)
{
	instant at = lookup_deadline(&n->lookup);

	if (n->state == NC_LEAVING) return NEVER;
	if (n->state == NC_LOOKING_UP && lookup_state(&n->lookup) != LOOKUP_BUSY) return 0;
	if (n->state == NC_NEXT) at = instant_min(at, n->next_at);
	if (n->state == NC_TALKING && n->line_at > 0) at = instant_min(at, n->line_at);
	if (n->state == NC_TALKING) at = instant_min(at, n->quit_at);
	return instant_min(at, n->give_up_at);
}

static void input_event(struct nc *n, const struct net_event *ev)
{
	if (ev->what == NET_EOF || ev->what == NET_CLOSED) n->input_over = true;
	if (n->o.udp) nc_datagram_pump(n);
	else nc_pump(n);
}

static void own_event(struct nc *n, const struct net_event *ev)
{
	if (ev->what == NET_ACCEPTED) accepted(n, ev);
	else if (ev->id == 0 || ev->id != n->id) waiting_event(n, ev);
	else if (n->o.udp) nc_datagram_event(n, ev);
	else if (n->state == NC_CONNECTING) connect_event(n, ev);
	else if (n->state == NC_GREETING) greeting_event(n, ev);
	else if (n->state == NC_SECURING) securing_event(n, ev);
	else if (n->state == NC_TALKING) nc_stream_event(n, ev);
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct nc *n = self;

	if (n->tool.done) return;
	if (ev->id != 0 && ev->id == n->output) output_event(n, ev);
	else if (n->state == NC_LEAVING) return;
	else if (ev->id != 0 && ev->id == n->env->input) input_event(n, ev);
	else if (ev->what == NET_WAKE) lookup_step(&n->lookup, net_now(net));
	else if (!lookup_event(&n->lookup, ev)) own_event(n, ev);
	if (n->o.listen) handshake_failed(n);
	if (!n->tool.done && n->state != NC_LEAVING) step(n);
	measure(n);
	net_wake(net, deadline(n));
}

/* Who is being served gets our end, what it still says is put out until its own comes, and it has so long for that. */
static void stop(struct tool *t)
{
	struct nc *n = (struct nc *)t;

	if (n->o.listen && !n->o.udp && n->state == NC_TALKING && !n->stopping) {
		close_listener(n);
		n->stopping = true;
		nc_pump(n);
		n->quit_at = instant_after(net_now(n->env->net), TOOL_DRAIN_WITHIN);
		net_wake(n->env->net, deadline(n));
		return;
	}
	if (n->id != 0) net_finish(n->env->net, n->id);
	leave(n, n->state == NC_TALKING || n->state == NC_LISTENING ? TOOL_OK : TOOL_FAILED);
}

static void reload(struct tool *t) { secure_reload(&((struct nc *)t)->secure); }
static void end_tool(struct tool *t) { secure_end(&((struct nc *)t)->secure); }

/* --- life --- */

/* IPv6's wildcard serves both families, where there is IPv6 at all. */
static bool open_listener(struct nc *n)
{
	struct net *net = n->env->net;
	char ip[IP_TEXT_MAX];
	enum net_why why;

	if (n->o.udp) {
		if (!nc_datagram_open(n, NULL)) return false;
		n->state = NC_TALKING;
	} else {
		n->listener = secure_listen(&n->secure, net, &n->peer);
		if (n->listener == 0 && ip_equal(n->peer.ip, ip6_any()) && !n->o.six && (why = net_why_not(net)) != NET_IN_USE)
			n->peer.ip = ip4_any(), n->listener = secure_listen(&n->secure, net, &n->peer);
		if (n->listener == 0) {
			nc_complain(n, TOOL_FAILED, "port %u: %s", n->peer.port, nc_how_why(n, net_why_not(net)));
			return false;
		}
		n->state = NC_LISTENING;
	}
	nc_show_event(n, "listening", &n->peer, NULL);
	if (n->o.verbose) text_printf(n->env->err, "%s on %s %u\n", n->o.udp ? "Bound" : "Listening", ip_text(n->peer.ip, ip), n->peer.port);
	return true;
}

static bool start_listening(struct nc *n)
{
	bool local = strcmp(n->host, "localhost") == 0;

	n->peer = (struct addr){ .ip = n->o.four ? ip4_any() : ip6_any(), .port = n->o.port[0], .interface = n->interface };
	if (n->o.source != NULL) n->peer.ip = n->source;
	if (local && n->o.six) n->peer.ip.byte[15] = 1;
	else if (local) n->peer.ip = ip4_of(0x7f000001);
	else if (n->o.host != NULL && !ip_parse(n->host, &n->peer.ip))
		return tool_usage(n->env, "nc: %s: -l listens on an address, not on a name", n->host), false;
	return open_listener(n);
}

static bool start(struct nc *n)
{
	const char *host = n->o.proxy != NULL ? n->proxy_host : n->host;
	struct ip ip;

	if (n->o.local) return nc_local_start(n);
	if (n->o.listen) return start_listening(n);
	if (n->o.numbers && !ip_parse(host, &ip)) {
		text_printf(n->env->err, "nc: %s is a name, and -n looks none up\n", host);
		n->env->status = NC_NO_NAME;
		return false;
	}
	lookup_start(&n->lookup, n->env, host);
	net_wake(n->env->net, net_now(n->env->net)); /* an address is known at once */
	return true;
}

/* What TLS has to say at its start belongs beside what is received, not into it. */
static bool start_tls(struct nc *n)
{
	struct text *out = n->env->out;

	if (!n->o.tls) return true;
	n->env->out = n->env->err;
	bool good = secure_start(&n->secure, n->env, "nc", n->o.listen, n->host);
	n->env->out = out;
	return good;
}

static void lend_ends(struct nc *n)
{
	bool none = n->o.zero || n->o.pass;

	if (!n->o.no_input && !none) tool_want_input(n->env);
	if (!n->o.udp && !none && !nc_shows(n)) n->output = tool_want_output(n->env);
	n->input_over = n->env->input == 0 && !n->o.no_input;
}

struct tool *nc_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct nc *n = arena_zeroed(env->memory, 1, sizeof *n);

	if (n == NULL) return tool_usage(env, "nc: no memory");
	n->env = env;
	n->give_up_at = n->quit_at = NEVER;
	n->started_at = net_now(env->net);
	if (!nc_read_options(n, argc, argv) || !nc_proxy_read(n) || !start_tls(n)) return NULL;
	env->status = TOOL_FAILED;
	if (!start(n)) {
		secure_end(&n->secure);
		return NULL;
	}
	lend_ends(n);
	n->tool.app = (struct app){ event, n };
	n->tool.stop = stop, n->tool.end = end_tool;
	if (n->o.local && !n->o.listen && !n->o.udp) nc_talk(n, false);
	if (!n->o.listen && !n->o.local && (n->o.source_port > 0 || n->o.debug)) { /* what may want root is done while we may have it */
		lookup_step(&n->lookup, net_now(env->net));
		step(n);
	}
	if (n->o.listen && secure_can_reload(&n->secure)) n->tool.reload = reload;
	measure(n);
	if ((n->o.listen || n->o.local) && n->o.udp) net_wake(n->env->net, net_now(n->env->net)); /* what is typed to a group can go */
	return &n->tool;
}
