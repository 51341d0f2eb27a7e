/* SPDX-License-Identifier: ISC */
/* echo_load.c - how much an echo server takes: messages on many connections, so many under way on each, for a time.
 *
 * First all connections are made, then the clock starts. When the time is over nothing new is sent, and what is still under
 * way may come back for a while. Over a stream answers come in order; a datagram carries its flow's and its own number, and
 * one without an answer after LOST_AFTER is lost and another takes its place.
 */
#include "base/hash.h"
#include "base/histogram.h"
#include "tool/echo/echo.h"
#include "tool/lookup.h"
#include "tool/options.h"

#define FLOWS_MAX 16000
#define UNDER_WAY_MAX 500000   /* messages, on all flows together */
#define BYTES_MIN 16
#define BYTES_MAX 16384
#define CONNECTING_MAX 64      /* at a time */
#define LOST_AFTER SECOND
#define LOOK_EVERY (SECOND / 10) /* for what was lost */
#define LAST_WITHIN SECOND     /* for what is under way when the time is over */

enum phase { FINDING, CONNECTING, LOADING, LAST };

struct flow {
	net_id id;
	bool open;
	uint32_t under_way, next;  /* next: to be sent, as a number */
	uint32_t partly;           /* of a message: bytes that went already */
	uint32_t back;             /* of an answer: bytes that came */
	instant *sent_at;          /* `window` of them, by number; of datagrams 0: free */
};

struct load {
	struct tool tool;
	struct tool_env *env;
	const char *where;
	struct url url;
	struct secure secure;
	struct lookup lookup;
	size_t next_ip;
	struct addr to;
	enum phase phase;
	uint64_t connections, window, bytes;
	instant seconds, timeout, started_at, ends_at, look_at;
	instant resume_at; /* NEVER: nothing holds us up */
	bool json;
	struct flow *flow;
	struct index ids;
	uint32_t tried, open, connecting; /* flows: begun; open now; begun and not yet open */
	const char *why;           /* the last that went wrong, in words */
	uint64_t opened, sent, answered, in_time, lost, wrong, failed;
	struct histogram rtt;
	uint8_t message[BYTES_MAX];
};

static bool is_stream(const struct load *l) { return url_is_stream(&l->url); }
static uint64_t hash_of(net_id id) { return id * UINT64_C(0x9e3779b97f4a7c15); }
static instant now_of(const struct load *l) { return net_now(l->env->net); }

static struct flow *find(struct load *l, net_id id)
{
	for (uint32_t at = INDEX_START, i; index_find(&l->ids, hash_of(id), &at, &i);)
		if (l->flow[i].id == id) return &l->flow[i];
	return NULL;
}

/* --- the end --- */

static instant loaded_for(const struct load *l)
{
	return instant_max(instant_min(now_of(l), l->ends_at) - l->started_at, 1);
}

static void measure(struct load *l)
{
	const double seconds = (double)loaded_for(l) / 1e9;
	const struct histogram *h = &l->rtt;
	const struct tool_measure m[] = {
		{ "connections", (int64_t)l->opened }, { "failed", (int64_t)l->failed }, { "sent", (int64_t)l->sent },
		{ "answered", (int64_t)l->answered }, { "lost", (int64_t)l->lost }, { "wrong", (int64_t)l->wrong },
		{ "bytes", (int64_t)l->bytes }, { "microseconds", loaded_for(l) / MICROSECOND },
		{ "per_second", l->started_at != NEVER ? (int64_t)((double)l->in_time / seconds) : 0 },
		{ "rtt_min_ns", (int64_t)h->min }, { "rtt_mean_ns", (int64_t)histogram_mean(h) },
		{ "rtt_50_ns", (int64_t)histogram_percentile(h, 50000) }, { "rtt_90_ns", (int64_t)histogram_percentile(h, 90000) },
		{ "rtt_99_ns", (int64_t)histogram_percentile(h, 99000) }, { "rtt_99_9_ns", (int64_t)histogram_percentile(h, 99900) },
		{ "rtt_99_99_ns", (int64_t)histogram_percentile(h, 99990) }, { "rtt_max_ns", (int64_t)h->max },
	};
	memcpy(l->tool.measure, m, sizeof m);
}

static void summary(struct load *l)
{
	static const struct { const char *name; uint32_t of_100000; } rows[] = {
		{ "50%", 50000 }, { "90%", 90000 }, { "99%", 99000 }, { "99.9%", 99900 }, { "99.99%", 99990 },
	};
	struct text *out = l->env->out;
	double seconds = (double)loaded_for(l) / 1e9, rate = (double)l->in_time / seconds;

	text_printf(out, "--- %s echo load: %llu connections, window %llu, %llu bytes, %.3f s ---\n", l->where,
	            (unsigned long long)l->opened, (unsigned long long)l->window, (unsigned long long)l->bytes, seconds);
	text_printf(out, "%llu sent, %llu answered, %llu lost, %llu wrong, %llu connections failed\n", (unsigned long long)l->sent,
	            (unsigned long long)l->answered, (unsigned long long)l->lost, (unsigned long long)l->wrong,
	            (unsigned long long)l->failed);
	text_printf(out, "%.0f answers a second, %.2f Mbit/s each way\n", rate, rate * (double)l->bytes * 8 / 1e6);
	if (l->rtt.count == 0) return;
	text_printf(out, "round trip min/mean/max = %.3f/%.3f/%.3f ms\n", (double)l->rtt.min / 1e6, (double)histogram_mean(&l->rtt) / 1e6,
	            (double)l->rtt.max / 1e6);
	for (size_t i = 0; i < COUNT(rows); i++)
		text_printf(out, "%7s  %.3f ms\n", rows[i].name, (double)histogram_percentile(&l->rtt, rows[i].of_100000) / 1e6);
}

static void end(struct load *l)
{
	if (l->tool.done) return;
	l->tool.done = true;
	for (uint32_t i = 0; i < l->tried; i++) l->lost += l->flow[i].under_way;
	bool good = l->answered > 0 && l->wrong == 0 && l->failed == 0 && (!is_stream(l) || l->lost == 0);
	l->tool.status = good ? TOOL_OK : TOOL_FAILED;
	if (l->why != NULL) text_printf(l->env->err, "echo load: %s:%u: %s\n", l->url.host, l->url.at.port, l->why);
	measure(l);
	if (l->json) echo_json(l->env->out, l->where, l->tool.measure);
	else if (l->started_at != NEVER) summary(l);
	lookup_stop(&l->lookup);
	for (uint32_t i = 0; i < l->tried; i++)
		if (l->flow[i].id != 0) net_finish(l->env->net, l->flow[i].id);
}

/* --- sending --- */

static void stamp(struct load *l, const struct flow *f, uint32_t number)
{
	store_be32(l->message + 4, number);
	store_be32(l->message, (uint32_t)(f - l->flow));
}

static void send_lines(struct load *l, struct flow *f)
{
	while (l->phase == LOADING && l->resume_at == NEVER && f->open && (f->partly > 0 || f->under_way < l->window)) {
		struct bytes rest = { l->message + f->partly, l->bytes - f->partly };
		if (f->partly == 0) {
			f->sent_at[f->next++ % l->window] = now_of(l);
			f->under_way++;
			l->sent++;
		}
		size_t n = net_send(l->env->net, f->id, rest);
		f->partly = n < rest.len ? f->partly + (uint32_t)n : 0;
		if (n < rest.len) return;
	}
}

static void send_datagrams(struct load *l, struct flow *f)
{
	for (uint32_t i = 0; l->phase == LOADING && l->resume_at == NEVER && i < l->window && f->under_way < l->window; i++, f->next++) {
		instant *at = &f->sent_at[f->next % l->window];
		if (*at != 0) continue;
		*at = instant_max(now_of(l), 1);
		f->under_way++;
		l->sent++;
		stamp(l, f, f->next);
		if (net_sendto(l->env->net, f->id, &l->to, (struct bytes){ l->message, l->bytes })) continue;
		l->why = net_why_words(net_why_not(l->env->net)); /* its answer will be missed */
	}
}

static void send_all(struct load *l, struct flow *f)
{
	if (is_stream(l)) send_lines(l, f);
	else send_datagrams(l, f);
}

/* --- answers --- */

static void answered(struct load *l, struct flow *f, instant sent_at)
{
	l->answered++;
	if (now_of(l) <= l->ends_at) l->in_time++;
	f->under_way--;
	if (sent_at == now_of(l)) l->resume_at = sent_at + MICROSECOND; /* a wire without delay: time would stand still */
	histogram_add(&l->rtt, now_of(l) - sent_at);
}

static void readable(struct load *l, struct flow *f)
{
	struct net *net = l->env->net;

	for (struct bytes b; (b = net_peek(net, f->id)).len > 0;) {
		size_t n = size_min(b.len, l->bytes - f->back);
		bool asked_for = f->under_way > 0;
		if (!asked_for || memcmp(b.at, l->message + f->back, n) != 0) l->wrong++;
		f->back += (uint32_t)n;
		net_take(net, f->id, n);
		if (f->back < l->bytes) continue;
		f->back = 0;
		if (asked_for) answered(l, f, f->sent_at[(f->next - f->under_way) % l->window]);
	}
	send_lines(l, f);
}

static void datagram(struct load *l, struct flow *f, const struct net_event *ev)
{
	if (!addr_equal(&ev->peer, &l->to) && (!ip_equal(ev->peer.ip, l->to.ip) || ev->peer.port != l->to.port)) return;
	if (ev->data.len != l->bytes || load_be32(ev->data.at) != (uint32_t)(f - l->flow) ||
	    memcmp(ev->data.at + 8, l->message + 8, l->bytes - 8) != 0) {
		l->wrong++;
		return;
	}
	uint32_t number = load_be32(ev->data.at + 4);
	instant *at = &f->sent_at[number % l->window];
	if (*at == 0 || f->next - number - 1 >= UINT32_C(1) << 31 || now_of(l) - *at > LOST_AFTER) return; /* late, or twice */
	answered(l, f, *at);
	*at = 0;
	send_datagrams(l, f);
}

static void look_for_lost(struct load *l)
{
	instant before = now_of(l) - LOST_AFTER;

	l->look_at = instant_after(now_of(l), LOOK_EVERY);
	if (is_stream(l)) return;
	for (uint32_t i = 0; i < l->tried; i++) {
		struct flow *f = &l->flow[i];
		for (uint64_t k = 0; k < l->window && f->under_way > 0; k++)
			if (f->sent_at[k] != 0 && f->sent_at[k] <= before) f->sent_at[k] = 0, f->under_way--, l->lost++;
		send_datagrams(l, f);
	}
}

/* --- connections --- */

static void start(struct load *l)
{
	l->phase = LOADING;
	l->started_at = now_of(l);
	l->ends_at = instant_after(l->started_at, l->seconds);
	l->look_at = instant_after(l->started_at, LOOK_EVERY);
	for (uint32_t i = 0; i < l->tried && l->phase == LOADING; i++) if (l->flow[i].open) send_all(l, &l->flow[i]);
}

static bool open_flow(struct load *l)
{
	struct net *net = l->env->net;
	const struct addr any = { .ip = ip_is4(l->to.ip) ? ip4_any() : ip6_any() };
	struct flow *f = &l->flow[l->tried];

	f->id = is_stream(l) ? secure_connect(&l->secure, net, &l->to, l->url.host) : net_bind(net, &any);
	if (f->id == 0) {
		l->why = net_why_words(net_why_not(net));
		return false;
	}
	index_add(&l->ids, hash_of(f->id), l->tried++);
	if (is_stream(l)) {
		l->connecting++;
	} else {
		f->open = true;
		l->open++, l->opened++;
	}
	return true;
}

/* The first alone, as long as it is not known which of the host's addresses answers. */
static void connect_more(struct load *l)
{
	while (l->phase == CONNECTING && l->tried < l->connections && l->connecting < (l->opened > 0 ? CONNECTING_MAX : 1)) {
		if (open_flow(l)) continue;
		l->failed += l->connections - l->tried;
		l->connections = l->tried;
	}
	if (l->phase != CONNECTING || l->tried < l->connections || l->connecting > 0) return;
	if (l->open > 0) start(l);
	else end(l);
}

static void try_next(struct load *l)
{
	if (l->next_ip == l->lookup.count) {
		if (l->why == NULL) l->why = "no address";
		if (l->failed == 0) l->failed = l->connections;
		end(l);
		return;
	}
	l->to = (struct addr){ l->lookup.ip[l->next_ip++], l->url.at.port, l->url.at.interface };
	l->phase = CONNECTING;
	l->failed = 0;
	l->ends_at = instant_after(now_of(l), l->timeout);
	connect_more(l);
}

/* Nobody has answered yet, and all that was tried is forgotten: the host may have another address. */
static void start_again(struct load *l, const char *why)
{
	for (uint32_t i = 0; i < l->tried; i++) {
		struct flow *f = &l->flow[i];
		if (f->id != 0) net_abort(l->env->net, f->id), index_remove(&l->ids, hash_of(f->id), i);
		for (uint64_t k = 0; k < l->window; k++) f->sent_at[k] = 0;
		*f = (struct flow){ .sent_at = f->sent_at };
	}
	l->tried = l->open = l->connecting = 0;
	l->opened = l->sent = l->lost = 0;
	l->started_at = NEVER;
	l->why = why;
	try_next(l);
	if (!l->tool.done && l->next_ip > 0) l->why = NULL;
}

static void closed(struct load *l, struct flow *f, const struct net_event *ev)
{
	const char *why = ev->why == NET_DONE ? "closed by the server" : secure_why(&l->secure, ev->why);

	index_remove(&l->ids, hash_of(f->id), (uint32_t)(f - l->flow));
	f->id = 0;
	if (f->open) l->open--;
	else l->connecting--;
	bool was_open = f->open;
	f->open = false;
	if (l->opened == 0) {
		start_again(l, why);
		return;
	}
	l->why = why;
	l->failed++;
	l->lost += f->under_way;
	f->under_way = 0;
	if (!was_open || l->phase == CONNECTING) connect_more(l);
	else if (l->open == 0) end(l);
}

static void bounced(struct load *l, const struct net_event *ev)
{
	if (l->answered == 0 && l->phase == LOADING) start_again(l, net_why_words(ev->why));
	else l->why = net_why_words(ev->why);
}

/* --- the course of it --- */

static void own_event(struct load *l, struct flow *f, const struct net_event *ev)
{
	switch (ev->what) {
	case NET_CONNECTED:
		f->open = true;
		l->open++, l->opened++, l->connecting--;
		connect_more(l);
		break;
	case NET_READABLE: readable(l, f); break;
	case NET_WRITABLE: send_lines(l, f); break;
	case NET_EOF:      net_finish(l->env->net, f->id); break;
	case NET_CLOSED:   closed(l, f, ev); break;
	case NET_DATAGRAM: datagram(l, f, ev); break;
	case NET_BOUNCED:  bounced(l, ev); break;
	default: break;
	}
}

static bool all_back(const struct load *l)
{
	return l->answered + l->lost == l->sent;
}

static void step(struct load *l)
{
	instant now = now_of(l);

	if (l->phase == FINDING && lookup_state(&l->lookup) == LOOKUP_FAILED) l->why = l->lookup.error, end(l);
	else if (l->phase == FINDING && lookup_state(&l->lookup) == LOOKUP_DONE) try_next(l);
	if (l->tool.done) return;
	if (l->phase == CONNECTING && l->ends_at <= now) {
		if (l->opened == 0) {
			start_again(l, "timed out");
			return;
		}
		l->why = "timed out";
		l->failed += l->connections - l->opened;
		end(l);
	}
	if (l->phase >= LOADING && l->look_at <= now) look_for_lost(l);
	if (l->phase == LOADING && l->ends_at <= now) l->phase = LAST;
	if (l->resume_at <= now) {
		l->resume_at = NEVER;
		for (uint32_t i = 0; i < l->tried; i++) if (l->flow[i].open) send_all(l, &l->flow[i]);
	}
	if (l->phase == LAST && (all_back(l) || instant_after(l->ends_at, LAST_WITHIN) <= now)) end(l);
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct load *l = self;
	struct flow *f;

	if (l->tool.done) return;
	if (ev->what == NET_WAKE) lookup_step(&l->lookup, net_now(net));
	else if (!lookup_event(&l->lookup, ev) && (f = find(l, ev->id)) != NULL) own_event(l, f, ev);
	if (!l->tool.done) step(l);
	if (l->tool.done) return;
	instant at = lookup_deadline(&l->lookup);
	if (l->phase == CONNECTING) at = instant_min(at, l->ends_at);
	if (l->phase == LOADING) at = instant_min(l->ends_at, l->look_at);
	if (l->phase == LAST) at = instant_min(instant_after(l->ends_at, LAST_WITHIN), l->look_at);
	net_wake(net, instant_min(at, l->resume_at));
}

static void stop(struct tool *t)
{
	struct load *l = (struct load *)t;
	l->ends_at = instant_min(l->ends_at, now_of(l));
	end(l);
}

static void end_tool(struct tool *t) { secure_end(&((struct load *)t)->secure); }

static bool lend_memory(struct load *l)
{
	struct arena *memory = l->env->memory;
	size_t slots = index_slots(l->connections);
	struct index_slot *slot = arena_zeroed(memory, slots, sizeof *slot);
	instant *times = arena_zeroed(memory, l->connections * l->window, sizeof *times);

	l->flow = arena_zeroed(memory, l->connections, sizeof *l->flow);
	if (slot == NULL || times == NULL || l->flow == NULL) return false;
	index_init(&l->ids, slot, slots);
	for (uint64_t i = 0; i < l->connections; i++) l->flow[i].sent_at = times + i * l->window;
	for (uint64_t i = 0; i < l->bytes; i++) l->message[i] = (uint8_t)('a' + i % 26);
	l->message[l->bytes - 1] = '\n';
	return true;
}

static bool words_are_good(struct load *l)
{
	struct tool_env *env = l->env;

	if (*l->url.host == '\0') return tool_usage(env, "echo load: %s: a host is wanted", l->where), false;
	if (l->connections == 0 || l->connections > FLOWS_MAX)
		return tool_usage(env, "echo load: --connections is 1 to %d", FLOWS_MAX), false;
	if (l->window == 0 || l->window > UNDER_WAY_MAX / l->connections)
		return tool_usage(env, "echo load: --window is at least 1, and at most %u for all connections together", UNDER_WAY_MAX), false;
	if (l->bytes < BYTES_MIN || l->bytes > BYTES_MAX)
		return tool_usage(env, "echo load: --bytes is %d to %d", BYTES_MIN, BYTES_MAX), false;
	if (l->seconds == 0) return tool_usage(env, "echo load: --seconds is more than none"), false;
	return true;
}

struct tool *echo_load_open(int argc, const char *const *argv, struct tool_env *env)
{
	const unsigned allowed = 1 << URL_TCP | 1 << URL_TLS | 1 << URL_UDP;
	struct load *l = arena_zeroed(env->memory, 1, sizeof *l);
	const char *why;
	size_t words;

	if (l == NULL) return tool_usage(env, "echo load: no memory");
	const struct option options[] = {
		{ "connections", OPTION_NUMBER, &l->connections }, { "window", OPTION_NUMBER, &l->window },
		{ "seconds", OPTION_SPAN, &l->seconds }, { "bytes", OPTION_SIZE, &l->bytes }, { "timeout", OPTION_SPAN, &l->timeout },
		{ "json", OPTION_FLAG, &l->json }, SECURE_OPTIONS(&l->secure),
	};
	l->env = env;
	l->connections = 10, l->window = 1, l->bytes = 64, l->seconds = l->timeout = 5 * SECOND;
	if (!options_read(env, argc, argv, options, COUNT(options), &l->where, 1, &words)) return NULL;
	if (words == 0) return tool_usage(env, "echo load: whom? like tcp://www.example.com:6666");
	if ((why = url_parse(l->where, allowed, &l->url)) != NULL) return tool_usage(env, "echo load: %s: %s", l->where, why);
	if (!words_are_good(l)) return NULL;
	if (!lend_memory(l)) return tool_usage(env, "echo load: no memory");
	l->secure.streams_max = (unsigned)l->connections;
	if (url_is_secure(&l->url) && !secure_start(&l->secure, env, "echo load", false, "")) return NULL;
	if (url_is_secure(&l->url) && l->secure.streams < l->connections) {
		text_printf(env->err, "echo load: there is memory for %zu connections over TLS\n", l->secure.streams);
		env->status = TOOL_FAILED;
		secure_end(&l->secure);
		return NULL;
	}
	l->tool.app = (struct app){ event, l };
	l->tool.stop = stop, l->tool.end = end_tool;
	l->started_at = l->ends_at = l->look_at = l->resume_at = NEVER;
	lookup_start(&l->lookup, env, l->url.host);
	net_wake(env->net, net_now(env->net));
	return &l->tool;
}
