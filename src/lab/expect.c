/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* memmem */
#include "lab/expect.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>

#include "tool/dump/follow.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#define ISN_APART 64u /* numbers nearer than this were not drawn at random: once in a million pairs by chance */
#define OUTPUT_SHOWN_MAX 160 /* of what a run wrote, in a complaint about it */

/* What an expectation is checked against, and where the words about it go. */
struct look {
	const struct story *story;
	const struct story_scene *scene;
	const struct expectation *e;
	struct text expected, seen;
	bool holds;
};

/* ---- numbers ---- */

static bool compare(const struct scenario_count *want, int64_t got)
{
	switch (want->how) {
	case IS: return got == want->number;
	case AT_LEAST: return got >= want->number;
	case AT_MOST: return got <= want->number;
	case ABOVE: return got > want->number;
	case BELOW: return got < want->number;
	case NOT: return got != want->number;
	}
	return false;
}

static const char *how_words(const struct scenario_count *want)
{
	static const char *const words[] = { [IS] = "", [AT_LEAST] = "at least ", [AT_MOST] = "at most ", [ABOVE] = "more than ",
	                                     [BELOW] = "less than ", [NOT] = "not " };
	return words[want->how];
}

static void check_number(struct look *l, const char *of_what, int64_t got)
{
	text_printf(&l->expected, "%s%lld %s", how_words(&l->e->count), (long long)l->e->count.number, of_what);
	text_printf(&l->seen, "%lld", (long long)got);
	l->holds = compare(&l->e->count, got);
}

/* ---- runs ---- */

static const char *run_id(const struct look *l, size_t i)
{
	const char *id = l->story->scenario->run[l->e->run[i]].id;
	return id ? id : "?";
}

static const struct lab_run *run_of(const struct look *l, size_t i) { return &l->story->lab->run[l->e->run[i]]; }

/* Between what was seen of one run and what of the next. */
static void semicolon(struct look *l)
{
	if (l->seen.len > 0) text_puts(&l->seen, "; ");
}

/* The beginning of what a run wrote, in one line. */
static void say_output(struct look *l, const char *output)
{
	for (size_t i = 0; i < OUTPUT_SHOWN_MAX && output[i]; i++) {
		if (output[i] != '\n') text_put(&l->seen, (struct bytes){ (const uint8_t *)output + i, 1 });
		else if (output[i + 1] != '\0') text_puts(&l->seen, " | ");
	}
	if (strlen(output) > OUTPUT_SHOWN_MAX) text_puts(&l->seen, "...");
}

static void check_exit(struct look *l)
{
	l->holds = true;
	text_printf(&l->expected, "exit status %s%lld of", how_words(&l->e->count), (long long)l->e->count.number);
	for (size_t i = 0; i < l->e->runs; i++) {
		const struct lab_run *run = run_of(l, i);
		text_printf(&l->expected, " %s", run_id(l, i));
		if (run->ended && compare(&l->e->count, run->status)) continue;
		semicolon(l);
		if (run->ended) text_printf(&l->seen, "%d of %s", run->status, run_id(l, i));
		else text_printf(&l->seen, "%s has not ended", run_id(l, i));
		l->holds = false;
	}
	if (l->holds) text_puts(&l->seen, "just that");
}

static bool matches(const char *pattern, const char *text)
{
	regex_t regex;
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0) return false; /* the reader has tried it */
	bool found = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

static void check_output(struct look *l)
{
	static const char *const verb[] = { [EXPECT_OUTPUT] = "output with", [EXPECT_MATCHES] = "output like",
	                                    [EXPECT_LACKS] = "output without" };
	l->holds = true;
	text_printf(&l->expected, "%s '%s' of", verb[l->e->kind], l->e->text);
	for (size_t i = 0; i < l->e->runs; i++) {
		const char *output = run_of(l, i)->output.at ? (const char *)run_of(l, i)->output.at : "";
		bool found = l->e->kind == EXPECT_MATCHES ? matches(l->e->text, output) : strstr(output, l->e->text) != NULL;
		text_printf(&l->expected, " %s", run_id(l, i));
		if (found != (l->e->kind == EXPECT_LACKS)) continue;
		l->holds = false;
		semicolon(l);
		text_printf(&l->seen, "%s wrote '", run_id(l, i));
		say_output(l, output);
		text_puts(&l->seen, "'");
	}
	if (l->holds) text_puts(&l->seen, "just that");
}

static bool measure_of(const struct lab_run *run, const char *name, int64_t *value)
{
	const struct tool_measure *m = run->tool && !run->ended ? run->tool->measure : run->measure;
	for (size_t i = 0; i < TOOL_MEASURES_MAX && m[i].name; i++)
		if (strcmp(m[i].name, name) == 0) {
			*value = m[i].value;
			return true;
		}
	return false;
}

static void check_measure(struct look *l)
{
	l->holds = true;
	text_printf(&l->expected, "%s %s%lld of", l->e->text, how_words(&l->e->count), (long long)l->e->count.number);
	for (size_t i = 0; i < l->e->runs; i++) {
		int64_t value;
		text_printf(&l->expected, " %s", run_id(l, i));
		if (!measure_of(run_of(l, i), l->e->text, &value)) {
			const struct lab_run *run = run_of(l, i);
			const struct tool_measure *m = run->measure;
			text_printf(&l->seen, "%s does not measure that, but:", run_id(l, i));
			for (size_t k = 0; k < TOOL_MEASURES_MAX && m[k].name; k++) text_printf(&l->seen, " %s", m[k].name);
			l->holds = false;
			continue;
		}
		text_printf(&l->seen, "%s%lld", i ? ", " : "", (long long)value);
		l->holds &= compare(&l->e->count, value);
	}
}

/* The first address a run wrote that is none of its name servers': its first answer. */
static bool first_answer(const struct look *l, size_t i, struct ip *answer)
{
	const struct scenario_host *host = &l->story->scenario->host[l->story->scenario->run[l->e->run[i]].host];
	const char *p = run_of(l, i)->output.at ? (const char *)run_of(l, i)->output.at : "";
	char word[64];

	while (*p) {
		size_t len = 0;
		while (isxdigit((unsigned char)p[len]) || p[len] == '.' || p[len] == ':') len++;
		if (len > 0 && len < sizeof word) {
			memcpy(word, p, len);
			word[len] = '\0';
			bool is_server = false, is_ip = ip_parse(word, answer);
			for (size_t k = 0; is_ip && k < host->servers; k++) is_server |= ip_equal(*answer, host->server[k]);
			if (is_ip && !is_server) return true;
		}
		p += len > 0 ? len : 1;
	}
	return false;
}

static void check_rotated(struct look *l)
{
	struct ip answer[SCENARIO_RUNS_NAMED_MAX];
	char text[IP_TEXT_MAX];

	l->holds = l->e->runs > 0;
	text_puts(&l->expected, "a different first address from each of");
	for (size_t i = 0; i < l->e->runs; i++) {
		text_printf(&l->expected, " %s", run_id(l, i));
		semicolon(l);
		if (!first_answer(l, i, &answer[i])) {
			text_printf(&l->seen, "none from %s", run_id(l, i));
			answer[i] = ip4_any();
			l->holds = false;
		} else {
			text_puts(&l->seen, ip_text(answer[i], text));
		}
		for (size_t k = 0; k < i; k++) l->holds &= !ip_equal(answer[i], answer[k]);
	}
}

/* ---- packets ---- */

struct walk { const struct look *look; size_t at; struct filter filter; };

static struct walk walk_begin(const struct look *l, const char *expression)
{
	return (struct walk){ l, l->scene->packets.from, story_filter(expression) };
}

static const struct captured *walk_next(struct walk *w)
{
	const struct capture *c = &w->look->story->capture;
	while (w->at < w->look->scene->packets.to) {
		const struct captured *p = &c->packet[w->at++];
		if (w->look->e->link != SCENARIO_NONE && p->link != w->look->e->link) continue;
		if (story_takes(&w->filter, p)) return p;
	}
	return NULL;
}

static void walk_end(struct walk *w) { filter_free(&w->filter); }

static void where(const struct look *l, struct text *t)
{
	for (size_t i = 0; i < l->e->filters; i++) text_printf(t, "%s'%s'", i ? ", " : " ", l->e->filter[i]);
	if (l->e->link != SCENARIO_NONE) text_printf(t, " on %s", l->story->scenario->link[l->e->link].name);
}

static void check_packets(struct look *l)
{
	int64_t count = 0;
	struct walk w = walk_begin(l, l->e->filter[0]);
	while (walk_next(&w)) count++;
	walk_end(&w);
	check_number(l, "packets", count);
	where(l, &l->expected);
}

/* How many frames a text can be read in, by whoever listens. */
static void check_wire(struct look *l)
{
	int64_t count = 0;
	char what[120];
	struct text words = text_in(what, sizeof what);
	struct walk w = walk_begin(l, l->e->filters ? l->e->filter[0] : NULL);

	for (const struct captured *p; (p = walk_next(&w));)
		count += memmem(p->data.at, p->data.len, l->e->text, strlen(l->e->text)) != NULL;
	walk_end(&w);
	text_printf(&words, "packets in which '%s' can be read", l->e->text);
	check_number(l, what, count);
	where(l, &l->expected);
}

/* How many TLS records carry a text, for who has the lab's keys. */
static void check_decrypted(struct look *l)
{
	const struct lab *lab = l->story->lab;
	struct room room = { malloc(follow_size()), follow_size() };
	struct tls_watched record;
	int64_t count = 0;
	char what[120];
	struct text words = text_in(what, sizeof what);

	assert(room.at != NULL);
	struct follow *follow = follow_init(room, lab->authority ? authority_crypt(lab->authority) : NULL, &lab->keys.lines);
	struct walk w = walk_begin(l, l->e->filters ? l->e->filter[0] : "tcp");
	for (const struct captured *p; (p = walk_next(&w));)
		for (follow_packet(follow, p->data, false, 0); follow_next(follow, &record);)
			count += record.type == TLS_APPLICATION_DATA && record.closed == NULL &&
			         memmem(record.content.at, record.content.len, l->e->text, strlen(l->e->text)) != NULL;
	walk_end(&w);
	follow_end(follow);
	free(room.at);
	text_printf(&words, "TLS records that carry '%s'", l->e->text);
	check_number(l, what, count);
	where(l, &l->expected);
}

/* Each filter takes a packet that comes after the one the filter before it took. */
static void check_order(struct look *l)
{
	size_t at = l->scene->packets.from;

	text_puts(&l->expected, "packets in this order:");
	where(l, &l->expected);
	l->holds = true;
	for (size_t i = 0; i < l->e->filters && l->holds; i++) {
		struct walk w = walk_begin(l, l->e->filter[i]);
		w.at = at;
		l->holds = walk_next(&w) != NULL;
		at = w.at;
		walk_end(&w);
		if (!l->holds) text_printf(&l->seen, "no '%s' after %zu of them", l->e->filter[i], i);
	}
	if (l->holds) text_puts(&l->seen, "just that");
}

/* What IP carries in a frame; false for fragments and everything else. */
static bool carried(struct bytes frame, struct ip *src, struct ip *dst, uint8_t *protocol, struct bytes *payload)
{
	struct eth eth;
	struct ip4 ip4;
	struct ip6 ip6;

	if (eth_parse(frame, &eth) != DROP_NONE) return false;
	if (eth.type == ETH_IP4 && ip4_parse(eth.payload, &ip4) == DROP_NONE) {
		if (ip4.more_fragments || ip4.fragment_offset > 0) return false;
		*src = ip4.src, *dst = ip4.dst, *protocol = ip4.protocol, *payload = ip4.payload;
		return true;
	}
	if (eth.type == ETH_IP6 && ip6_parse(eth.payload, &ip6) == DROP_NONE) {
		if (ip6.fragment) return false;
		*src = ip6.src, *dst = ip6.dst, *protocol = ip6.protocol, *payload = ip6.payload;
		return true;
	}
	return false;
}

bool expect_segment(struct bytes frame, struct expect_segment *s)
{
	uint8_t protocol;
	struct bytes payload;
	return carried(frame, &s->src, &s->dst, &protocol, &payload) && protocol == IP_TCP &&
	       tcp_parse(payload, s->src, s->dst, false, &s->seg) == DROP_NONE;
}

static bool wrong_checksum(struct bytes frame)
{
	uint8_t protocol;
	struct bytes payload;
	struct ip src, dst;
	struct tcp_seg seg;
	struct udp udp;
	if (!carried(frame, &src, &dst, &protocol, &payload)) return false;
	if (protocol == IP_TCP) return tcp_parse(payload, src, dst, true, &seg) == DROP_CHECKSUM;
	return protocol == IP_UDP && udp_parse(payload, src, dst, true, &udp) == DROP_CHECKSUM;
}

static void check_checksum(struct look *l)
{
	int64_t count = 0;
	struct walk w = walk_begin(l, l->e->filter[0]);
	for (const struct captured *p; (p = walk_next(&w));) count += wrong_checksum(p->data);
	walk_end(&w);
	check_number(l, "wrong checksums among", count);
	where(l, &l->expected);
}

static bool same_way(const struct expect_segment *a, const struct expect_segment *b)
{
	return ip_equal(a->src, b->src) && ip_equal(a->dst, b->dst) && a->seg.src_port == b->seg.src_port &&
	       a->seg.dst_port == b->seg.dst_port;
}
static bool other_way(const struct expect_segment *a, const struct expect_segment *b)
{
	return ip_equal(a->src, b->dst) && ip_equal(a->dst, b->src) && a->seg.src_port == b->seg.dst_port &&
	       a->seg.dst_port == b->seg.src_port;
}

/* SYN, SYN and ACK, ACK (RFC 9293, 3.5), each number one more than what it answers. */
static bool shakes_hands(struct walk w, const struct expect_segment *syn)
{
	struct expect_segment s, answer = { 0 };
	bool answered = false;
	for (const struct captured *p; (p = walk_next(&w));) {
		if (!expect_segment(p->data, &s)) continue;
		if (!answered && other_way(&s, syn) && (s.seg.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK)) {
			if (s.seg.ack != syn->seg.seq + 1 || s.seg.seq == syn->seg.seq) return false;
			answer = s;
			answered = true;
		} else if (answered && same_way(&s, syn) && !(s.seg.flags & TCP_SYN)) {
			return (s.seg.flags & TCP_ACK) && s.seg.ack == answer.seg.seq + 1 && s.seg.seq == syn->seg.seq + 1;
		}
	}
	return false;
}

/* Where connections began to count: the first of a walk, which is enough to see numbers that are not drawn at random. */
struct beginnings { struct expect_segment syn[64]; size_t count; };

/* Whether a SYN's number is, or is a hand's breadth from, that of another before it, of any connection and either way. */
static bool is_foreseen(struct beginnings *all, const struct expect_segment *s)
{
	bool near = false, again = false;
	for (size_t i = 0; i < all->count; i++) {
		uint32_t apart = all->syn[i].seg.seq - s->seg.seq;
		if (same_way(&all->syn[i], s)) again = true;
		else near |= apart < ISN_APART || -apart < ISN_APART;
	}
	if (!again && all->count < COUNT(all->syn)) all->syn[all->count++] = *s;
	return near && !again;
}

static void check_handshake(struct look *l)
{
	struct expect_segment s;
	unsigned tried = 0, done = 0, foreseen = 0;
	struct walk w = walk_begin(l, l->e->filter[0]);
	struct beginnings all = { .count = 0 };

	for (const struct captured *p; (p = walk_next(&w));) {
		if (!expect_segment(p->data, &s) || !(s.seg.flags & TCP_SYN)) continue;
		foreseen += is_foreseen(&all, &s);
		if (s.seg.flags & TCP_ACK) continue;
		tried++;
		done += shakes_hands(w, &s);
	}
	walk_end(&w);
	text_puts(&l->expected, "SYN, SYN and ACK, ACK, each ack = seq + 1, and initial numbers that are all far apart:");
	where(l, &l->expected);
	text_printf(&l->seen, "%u such handshakes of %u, %u initial numbers near another", done, tried, foreseen);
	l->holds = foreseen == 0 && (l->e->count.number > 0 ? compare(&l->e->count, done) : done > 0 && done == tried);
}

/* Whether a FIN is acknowledged by the other side. */
static bool is_acknowledged(struct walk w, const struct expect_segment *fin)
{
	struct expect_segment s;
	for (const struct captured *p; (p = walk_next(&w));)
		if (expect_segment(p->data, &s) && other_way(&s, fin) && (s.seg.flags & TCP_ACK) &&
		    (int32_t)(s.seg.ack - (fin->seg.seq + tcp_seg_len(&fin->seg))) >= 0)
			return true;
	return false;
}

static void check_close(struct look *l)
{
	struct expect_segment s, first, second;
	unsigned fins = 0, acknowledged = 0;
	const char *closer = "nobody";
	struct walk w = walk_begin(l, l->e->filter[0]);

	for (const struct captured *p; fins < 2 && (p = walk_next(&w));) {
		if (!expect_segment(p->data, &s) || !(s.seg.flags & TCP_FIN) || (fins == 1 && !other_way(&s, &first))) continue;
		if (fins == 0) {
			const struct scenario_host *h = scenario_host_of(l->story->scenario, s.src);
			closer = h ? h->name : "a stranger";
			first = s;
		} else {
			second = s;
		}
		acknowledged += is_acknowledged(w, fins == 0 ? &first : &second);
		fins++;
	}
	walk_end(&w);
	const char *want = l->e->host != SCENARIO_NONE ? l->story->scenario->host[l->e->host].name : closer;
	text_printf(&l->expected, "a FIN from each side, each acknowledged, the first from %s:", want);
	where(l, &l->expected);
	text_printf(&l->seen, "%u, %u of them acknowledged, the first from %s", fins, acknowledged, closer);
	l->holds = fins == 2 && acknowledged == 2 && strcmp(want, closer) == 0;
}

static void check_fate(struct look *l)
{
	int64_t count = 0;
	char what[80];
	struct text words = text_in(what, sizeof what);
	struct walk w = walk_begin(l, l->e->filters ? l->e->filter[0] : NULL);
	for (const struct captured *p; (p = walk_next(&w));) count += p->fate == l->e->fate;
	walk_end(&w);
	text_printf(&words, "frames %s", l->e->fate == SIM_DELIVERED ? "delivered" : sim_fate_words(l->e->fate));
	check_number(l, what, count);
	where(l, &l->expected);
}

/* ---- hosts ---- */

static void check_drops(struct look *l)
{
	uint32_t h = l->e->host;
	char what[120];
	struct text words = text_in(what, sizeof what);
	text_printf(&words, "packets dropped at %s (%s)", l->story->scenario->host[h].name, drop_words(l->e->drop));
	check_number(l, what, (int64_t)(l->scene->after[h].by_reason[l->e->drop] - l->scene->before[h].by_reason[l->e->drop]));
}

/* How often a connection's window fell and afterwards rose again. */
static void check_cwnd(struct look *l)
{
	const struct story *s = l->story;
	int64_t falls = 0;

	for (size_t f = 0; f < s->flows; f++) {
		uint32_t before = 0;
		bool fallen = false;
		if (s->flow[f].host != l->e->host) continue;
		for (size_t i = l->scene->samples.from; i < l->scene->samples.to; i++) {
			if (s->sample[i].flow != f) continue;
			uint32_t now = s->sample[i].cwnd;
			if (fallen && now > before) falls++, fallen = false;
			if (now < before) fallen = true;
			before = now;
		}
	}
	text_printf(&l->expected, "a congestion window at %s that falls and rises again", s->scenario->host[l->e->host].name);
	if (l->e->count.number > 0) text_printf(&l->expected, " %s%lld times", how_words(&l->e->count), (long long)l->e->count.number);
	text_printf(&l->seen, "%lld times", (long long)falls);
	l->holds = l->e->count.number > 0 ? compare(&l->e->count, falls) : falls > 0;
}

void expect_check(const struct story *story, const struct story_scene *scene, const struct expectation *e,
                  struct story_verdict *v)
{
	static void (*const check[])(struct look *) = {
		[EXPECT_EXIT] = check_exit, [EXPECT_OUTPUT] = check_output, [EXPECT_MATCHES] = check_output,
		[EXPECT_LACKS] = check_output, [EXPECT_MEASURE] = check_measure, [EXPECT_PACKETS] = check_packets,
		[EXPECT_ORDER] = check_order, [EXPECT_HANDSHAKE] = check_handshake, [EXPECT_CLOSE] = check_close,
		[EXPECT_CHECKSUM] = check_checksum, [EXPECT_DROPS] = check_drops, [EXPECT_FATE] = check_fate,
		[EXPECT_ROTATED] = check_rotated, [EXPECT_CWND] = check_cwnd, [EXPECT_WIRE] = check_wire,
		[EXPECT_DECRYPTED] = check_decrypted,
	};
	struct look l = { .story = story, .scene = scene, .e = e };
	*v = (struct story_verdict){ .expect = e };
	l.expected = text_in(v->expected, sizeof v->expected);
	l.seen = text_in(v->seen, sizeof v->seen);
	check[e->kind](&l);
	v->holds = l.holds;
}
