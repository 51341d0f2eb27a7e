/* SPDX-License-Identifier: ISC */
/* tcp_script.c - runs the conversations of test/tcp/ against the TCP machine on a virtual clock; each is one line
 * of TAP. test/tcp/README.md says how they are written. With arguments: these files only. */
#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>

#include "proto/tcp/tcp.h"
#include "tap.h"

enum { RING_MAX = 1 << 20, QUEUE_MAX = 256, WORDS_MAX = 40, SCRIPTS_MAX = 300 };

/* What the machine has said and no line has asked for yet. */
struct said { instant at; struct tcp_seg seg; size_t len; bool right; };

static struct play {
	const char *file;
	unsigned line;
	bool failed;
	instant now;
	struct tcp t;
	struct trace trace;
	struct tcp_config config;
	uint32_t peer;              /* the peer's initial sequence number; ours is config.iss */
	bool started, listening, nobody;
	struct said said[QUEUE_MAX];
	size_t said_count;
	uint32_t sent, taken;       /* bytes the program has sent and taken: the pattern's place */
	enum drop drop;
	char words_seen[4096];      /* everything the trace has said */
} *p;

static uint8_t rx[RING_MAX], tx[RING_MAX], text[RING_MAX];

static uint8_t ours_at(uint32_t n) { return (uint8_t)(n * 7 + (n >> 8) * 3 + 1); }
static uint8_t theirs_at(uint32_t n) { return (uint8_t)(n * 11 + (n >> 8) * 5 + 2); }

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void fail(const char *format, ...)
{
	va_list args;
	if (p->failed) return;
	p->failed = true;
	printf("# %s:%u: at %.6f s: ", p->file, p->line, (double)p->now / SECOND);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* --- words -------------------------------------------------------------------------------------------- */

static char *word[WORDS_MAX];
static size_t words, at_word;

static void split(char *line)
{
	words = at_word = 0;
	for (char *s = line; *s;) {
		s += strspn(s, " \t\r\n,<>");
		/* "<" and ">" as words of their own are the direction; they are found before this is called. */
		if (*s == '\0' || words == WORDS_MAX) break;
		if (*s == '"') {
			word[words++] = ++s;
			s += strcspn(s, "\"");
		} else {
			word[words++] = s;
			s += strcspn(s, " \t\r\n,<>");
		}
		if (*s) *s++ = '\0';
	}
}

static const char *next_word(void) { return at_word < words ? word[at_word++] : NULL; }

static bool next_is(const char *what)
{
	if (at_word >= words || strcmp(word[at_word], what) != 0) return false;
	at_word++;
	return true;
}

static uint32_t number(void)
{
	const char *w = next_word();
	char *end = NULL;
	unsigned long long n = w ? strtoull(w, &end, 10) : 0;
	if (w == NULL || *end) fail("expected a number, not \"%s\"", w ? w : "the end");
	return (uint32_t)n;
}

static instant span(void)
{
	const char *w = next_word();
	instant span = 0;
	if (w && strcmp(w, "never") == 0) return NEVER;
	if (w == NULL || !instant_parse(w, &span)) fail("expected a span of time, not \"%s\"", w ? w : "the end");
	return span;
}

static void expect(const char *what, long long got, long long want)
{
	if (got != want) fail("%s is %lld, not %lld", what, got, want);
}

/* --- the machine -------------------------------------------------------------------------------------- */

static const char *flags_text(uint8_t flags, char out[9])
{
	char *o = out;
	if (flags & TCP_SYN) *o++ = 'S';
	if (flags & TCP_FIN) *o++ = 'F';
	if (flags & TCP_RST) *o++ = 'R';
	if (flags & TCP_PSH) *o++ = 'P';
	if (flags & TCP_URG) *o++ = 'U';
	if (flags & TCP_ACK) *o++ = '.';
	*o = '\0';
	return out;
}

static const char *seg_text(const struct tcp_seg *s, size_t len, char out[160])
{
	char flags[9];
	uint32_t seq = s->seq - p->config.iss;
	int n = snprintf(out, 160, "%s %u:%u(%zu) ack %u win %u", flags_text(s->flags, flags), seq, (uint32_t)(seq + len),
	                 len, s->flags & TCP_ACK ? s->ack - p->peer : 0, s->window);
	if (s->mss) n += snprintf(out + n, 160 - (size_t)n, " mss %u", s->mss);
	if (s->has_wscale) snprintf(out + n, 160 - (size_t)n, " wscale %u", s->wscale);
	return out;
}

static bool text_is_right(const struct tcp_seg *s)
{
	uint32_t at = s->seq - p->config.iss - 1;
	for (size_t i = 0; i < s->text.len; i++)
		if (s->text.at[i] != ours_at(at + (uint32_t)i)) return false;
	for (size_t i = 0; i < s->more.len; i++)
		if (s->more.at[i] != ours_at(at + (uint32_t)(s->text.len + i))) return false;
	return true;
}

static void hear(const struct tcp_seg *seg)
{
	if (p->said_count == QUEUE_MAX) {
		fail("it does not stop sending");
		return;
	}
	struct said *s = &p->said[p->said_count++];
	*s = (struct said){ p->now, *seg, seg->text.len + seg->more.len, text_is_right(seg) };
	if (seg->src_port != p->config.local_port || seg->dst_port != p->config.remote_port) fail("wrong ports");
}

/* Whoever holds a machine does this after anything at all. */
static void pump(void)
{
	struct tcp_seg seg;

	if (!p->started) return;
	while (!p->failed && tcp_output(&p->t, p->now, &seg)) hear(&seg);
	if (!p->failed && tcp_deadline(&p->t) <= p->now) fail("the deadline has passed and nothing was said");
	const char *words_said = trace_take(&p->trace);
	size_t len = strlen(p->words_seen);
	if (words_said) snprintf(p->words_seen + len, sizeof p->words_seen - len, "%s; ", words_said);
}

static void advance(instant to)
{
	while (!p->failed && p->started && tcp_deadline(&p->t) <= to) {
		p->now = tcp_deadline(&p->t);
		pump();
	}
	p->now = to;
}

static void nothing_more(void)
{
	char got[160];
	if (p->said_count == 0) return;
	const struct said *s = &p->said[0];
	p->now = s->at;
	fail("nobody expected > %s", seg_text(&s->seg, s->len, got));
}

static void start(void)
{
	if (p->started) fail("it was started before");
	p->started = true;
}

static void input(const struct tcp_seg *seg)
{
	struct tcp_seg rst;

	p->drop = DROP_NONE;
	if (p->nobody) {
		if (tcp_refuse(seg, &rst)) hear(&rst);
		return;
	}
	if (p->listening && !p->started) {
		start();
		tcp_accept(&p->t, &p->config, seg);
	} else if (p->started) {
		p->drop = tcp_input(&p->t, p->now, seg);
	} else {
		fail("a segment for nobody: connect or listen first");
	}
	memset(text, 0xee, seg->text.len); /* nothing may look at it later */
	pump();
}

/* --- segments in scripts: FLAGS FROM:TO(LEN) [ack N] [win N] [urg N] [mss N] [wscale N] ... ------------ */

struct line_seg { struct tcp_seg seg; bool has_win, has_options; };

static uint8_t read_flags(const char *w)
{
	static const struct { char letter; uint8_t flag; } known[] = {
		{ 'S', TCP_SYN }, { 'F', TCP_FIN }, { 'R', TCP_RST }, { 'P', TCP_PSH }, { '.', TCP_ACK }, { 'U', TCP_URG },
	};
	uint8_t flags = 0;
	for (; *w; w++) {
		size_t i = 0;
		while (i < COUNT(known) && known[i].letter != *w) i++;
		if (i == COUNT(known)) fail("'%c' is no flag", *w);
		else flags |= known[i].flag;
	}
	return flags;
}

static size_t read_seg(struct line_seg *l, uint32_t seq_base, uint32_t ack_base)
{
	unsigned from = 0, to = 0, len = 0;
	const char *flags = next_word(), *range = next_word(), *w;

	*l = (struct line_seg){ 0 };
	if (flags == NULL || range == NULL || sscanf(range, "%u:%u(%u)", &from, &to, &len) != 3 || to - from != len) {
		fail("expected FLAGS FROM:TO(LENGTH)");
		return 0;
	}
	if (len > RING_MAX) len = 0, fail("too long");
	l->seg.flags = read_flags(flags);
	l->seg.seq = from + seq_base;
	while ((w = next_word()) != NULL) {
		if (strcmp(w, "ack") == 0) l->seg.ack = number() + ack_base;
		else if (strcmp(w, "win") == 0) l->seg.window = (uint16_t)number(), l->has_win = true;
		else if (strcmp(w, "urg") == 0) l->seg.urgent = (uint16_t)number();
		else if (strcmp(w, "mss") == 0) l->seg.mss = (uint16_t)number(), l->has_options = true;
		else if (strcmp(w, "wscale") == 0)
			l->seg.wscale = (uint8_t)number(), l->seg.has_wscale = true, l->has_options = true;
		else if (strcmp(w, "sackOK") == 0) l->seg.sack_permitted = true;
		else if (strcmp(w, "TS") == 0) l->seg.has_timestamps = true, l->seg.ts_value = number();
		else fail("\"%s\" belongs to no segment", w);
	}
	return len;
}

static void segment_in(void)
{
	struct line_seg l;
	size_t len = read_seg(&l, p->peer, p->config.iss);

	if (p->failed) return;
	uint32_t first = l.seg.seq - p->peer - 1;
	for (size_t i = 0; i < len; i++) text[i] = theirs_at(first + (uint32_t)i);
	l.seg.src_port = p->config.remote_port;
	l.seg.dst_port = p->config.local_port;
	l.seg.text = (struct bytes){ text, len };
	input(&l.seg);
}

static void segment_out(void)
{
	struct line_seg l;
	char got[160];
	size_t len = read_seg(&l, p->config.iss, p->peer);

	if (p->failed) return;
	if (p->said_count == 0) {
		fail("it said nothing");
		return;
	}
	struct said s = p->said[0];
	memmove(p->said, p->said + 1, --p->said_count * sizeof *p->said);
	seg_text(&s.seg, s.len, got);
	if (s.at != p->now) fail("it said so at %.9f s: %s", (double)s.at / SECOND, got);
	bool same = s.seg.flags == l.seg.flags && s.seg.seq == l.seg.seq && s.len == len;
	if (l.seg.flags & TCP_ACK) same = same && s.seg.ack == l.seg.ack;
	if (l.has_win) same = same && s.seg.window == l.seg.window;
	if (l.seg.flags & TCP_URG) same = same && s.seg.urgent == l.seg.urgent;
	if (l.has_options)
		same = same && s.seg.mss == l.seg.mss && s.seg.has_wscale == l.seg.has_wscale && s.seg.wscale == l.seg.wscale;
	if (!same) fail("it said > %s", got);
	else if (!s.right) fail("the bytes are wrong in > %s", got);
}

/* --- what the program does ---------------------------------------------------------------------------- */

/* send N [-> M] (the ">" is gone with the brackets) */
static void do_send_by(size_t (*send)(struct tcp *, struct bytes))
{
	uint32_t n = number(), want = next_is("-") ? number() : n;

	if (n > RING_MAX) return;
	for (uint32_t i = 0; i < n; i++) text[i] = ours_at(p->sent + i);
	uint32_t got = (uint32_t)send(&p->t, (struct bytes){ text, n });
	p->sent += got;
	expect("what tcp_send took", got, want);
	pump();
}

static void do_send(void) { do_send_by(tcp_send); }
static void do_urgent(void) { do_send_by(tcp_send_urgent); }

static void do_take(void)
{
	for (uint32_t n = number(); n > 0 && !p->failed;) {
		struct bytes b = tcp_peek(&p->t);
		size_t now = size_min(b.len, n);
		if (now == 0) fail("%u bytes are not there", n);
		for (size_t i = 0; i < now; i++)
			if (b.at[i] != theirs_at(p->taken + (uint32_t)i)) fail("byte %zu is wrong", p->taken + i);
		tcp_take(&p->t, now);
		p->taken += (uint32_t)now;
		n -= (uint32_t)now;
	}
	pump();
}

static void do_finish(void) { tcp_finish(&p->t), pump(); }
static void do_abort(void) { tcp_abort(&p->t), pump(); }
static void do_unreachable(void) { tcp_unreachable(&p->t, p->now), pump(); }

static void do_too_big(void) { tcp_too_big(&p->t, (uint16_t)number()), pump(); }

static void do_connect(void)
{
	start();
	tcp_connect(&p->t, &p->config);
	pump();
}

static void do_listen(void) { p->listening = true; }
static void do_nobody(void) { p->nobody = true; }

/* The whole handshake in one line: established [active] [win N] [mss N] [wscale N] [rtt SPAN]. */
static void do_established(void)
{
	struct tcp_seg syn = { .src_port = p->config.remote_port, .dst_port = p->config.local_port, .seq = p->peer,
	                       .flags = TCP_SYN, .window = 65535, .mss = 1000 };
	bool active = next_is("active");
	instant rtt = 0;
	const char *w;

	while ((w = next_word()) != NULL) {
		if (strcmp(w, "win") == 0) syn.window = (uint16_t)number();
		else if (strcmp(w, "mss") == 0) syn.mss = (uint16_t)number();
		else if (strcmp(w, "wscale") == 0) syn.has_wscale = true, syn.wscale = (uint8_t)number();
		else if (strcmp(w, "rtt") == 0) rtt = span();
		else fail("\"%s\" belongs to no handshake", w);
	}
	if (active) {
		do_connect();
		syn.flags |= TCP_ACK;
		syn.ack = p->config.iss + 1;
		advance(p->now + rtt);
		input(&syn);
	} else {
		p->listening = true;
		input(&syn);
		advance(p->now + rtt);
		input(&(struct tcp_seg){ .src_port = syn.src_port, .dst_port = syn.dst_port, .seq = p->peer + 1,
		                         .ack = p->config.iss + 1, .flags = TCP_ACK, .window = syn.window });
	}
	if (p->said_count != (active ? 2u : 1u) || p->t.state != TCP_ESTABLISHED || tcp_news(&p->t) != TCP_OPENED)
		fail("the handshake failed");
	p->said_count = 0;
}

/* --- what must be so ---------------------------------------------------------------------------------- */

static const struct { const char *name; unsigned bit; } news_names[] = {
	{ "opened", TCP_OPENED }, { "readable", TCP_READABLE }, { "writable", TCP_WRITABLE }, { "eof", TCP_EOF },
	{ "done", TCP_DONE }, { "reset", TCP_RESET }, { "refused", TCP_REFUSED }, { "gave_up", TCP_GAVE_UP },
	{ "urgent", TCP_URGENT },
};

static void is_news(void)
{
	unsigned want = 0, got = tcp_news(&p->t);
	const char *w;

	while ((w = next_word()) != NULL) {
		size_t i = 0;
		while (i < COUNT(news_names) && strcmp(w, news_names[i].name) != 0) i++;
		if (i == COUNT(news_names)) fail("\"%s\" is no news", w);
		else want |= news_names[i].bit;
	}
	for (size_t i = 0; i < COUNT(news_names); i++)
		if ((want ^ got) & news_names[i].bit)
			fail("news %s \"%s\"", got & news_names[i].bit ? "has also" : "lacks", news_names[i].name);
}

static void is_state(void)
{
	const char *want = next_word(), *is = tcp_state_name(p->t.state);
	if (want == NULL || strcmp(want, is) != 0) fail("the state is %s", is);
}

static void is_deadline(void)
{
	instant want = span(), is = tcp_deadline(&p->t);
	if (is != instant_after(p->now, want)) fail("the deadline is in %.9f s", (double)(is - p->now) / SECOND);
}

static void is_drop(void)
{
	const char *want = next_word(), *is = drop_name(p->drop);
	if (want == NULL || strcmp(want, is) != 0) fail("the reason is \"%s\"", is);
}

/* All that the trace has said since the last such line. */
static void is_trace(void)
{
	const char *want = next_word();
	if (want == NULL || strstr(p->words_seen, want) == NULL) fail("the trace says \"%s\"", p->words_seen);
	p->words_seen[0] = '\0';
}

static void is_cwnd(void) { expect("cwnd", p->t.cc.cwnd, number()); }
static void is_ssthresh(void) { expect("ssthresh", p->t.cc.ssthresh, number()); }
static void is_mss(void) { expect("the effective MSS", p->t.mss, number()); }
static void is_window(void) { expect("snd_wnd", p->t.snd_wnd, number()); }
static void is_readable(void) { expect("what can be taken", (long long)ring_used(&p->t.rx), number()); }
static void is_unacked(void) { expect("what is in flight", p->t.snd_nxt - p->t.snd_una, number()); }
static void is_srtt(void) { expect("srtt", p->t.rtt.srtt, span()); }
static void is_rto(void) { expect("RTO", p->t.rtt.rto, span()); }

/* --- scripts ------------------------------------------------------------------------------------------ */

static const struct { const char *name; void (*run)(void); } verbs[] = {
	{ "connect", do_connect }, { "listen", do_listen }, { "nobody", do_nobody }, { "established", do_established },
	{ "send", do_send }, { "urgent", do_urgent }, { "take", do_take }, { "finish", do_finish }, { "abort", do_abort },
	{ "unreachable", do_unreachable }, { "too_big", do_too_big },
	{ "news", is_news }, { "state", is_state }, { "deadline", is_deadline }, { "drop", is_drop },
	{ "trace", is_trace }, { "cwnd", is_cwnd }, { "ssthresh", is_ssthresh }, { "mss", is_mss },
	{ "window", is_window }, { "readable", is_readable }, { "unacked", is_unacked }, { "srtt", is_srtt },
	{ "rto", is_rto },
};

static void run_config(void)
{
	const char *w;
	while ((w = next_word()) != NULL) {
		if (strcmp(w, "mss") == 0) p->config.mss = (uint16_t)number();
		else if (strcmp(w, "mss_default") == 0) p->config.mss_default = (uint16_t)number();
		else if (strcmp(w, "rx") == 0) p->config.rx.len = number();
		else if (strcmp(w, "tx") == 0) p->config.tx.len = number();
		else if (strcmp(w, "iss") == 0) p->config.iss = number();
		else if (strcmp(w, "peer") == 0) p->peer = number();
		else if (strcmp(w, "give_up") == 0) p->config.give_up_after = span();
		else if (strcmp(w, "nodelay") == 0) p->config.nodelay = true;
		else fail("\"%s\" cannot be configured", w);
	}
	if (p->config.rx.len > RING_MAX || p->config.tx.len > RING_MAX) fail("the ring is too large");
}

static void run_verb(void)
{
	const char *name = next_word();
	size_t i = 0;

	while (i < COUNT(verbs) && (name == NULL || strcmp(verbs[i].name, name) != 0)) i++;
	if (i == COUNT(verbs)) {
		fail("\"%s\" is no verb", name ? name : "");
		return;
	}
	nothing_more();
	if (!p->failed) verbs[i].run();
	if (at_word < words) fail("\"%s\" is one word too many", word[at_word]);
}

static void run_line(char *line)
{
	char *hash = strchr(line, '#');
	if (hash) *hash = '\0';
	line += strspn(line, " \t\n");
	if (*line == '\0') return;
	char *time = line, *rest = line + strcspn(line, " \t");
	if (*line == '+') {
		instant later = 0;
		if (*rest) *rest++ = '\0';
		rest += strspn(rest, " \t");
		if (!instant_parse(time + 1, &later)) fail("\"%s\" is no time", time);
		advance(p->now + later);
	} else {
		rest = line;
	}
	char direction = (rest[0] == '<' || rest[0] == '>') && rest[1] == ' ' ? rest[0] : 0;
	split(rest + !!direction);
	if (p->failed) return;
	if (direction == '<') nothing_more(), segment_in();
	else if (direction == '>') segment_out();
	else if (*line != '+' && next_is("config")) run_config();
	else run_verb();
}

static bool play_file(const char *path, const char *name)
{
	static struct play play;
	char line[512];
	FILE *f = fopen(path, "r");

	p = &play;
	memset(p, 0, sizeof *p);
	p->file = name;
	p->now = SECOND; /* not zero, so that a time nobody has set is noticed */
	p->config = (struct tcp_config){ .rx = { rx, 65536 }, .tx = { tx, 65536 }, .local_port = 80, .remote_port = 1234,
	                                 .mss = 1000, .give_up_after = 100 * SECOND, .trace = &p->trace };
	if (f == NULL) {
		fail("cannot be opened");
		return false;
	}
	while (!p->failed && fgets(line, sizeof line, f) != NULL) {
		p->line++;
		run_line(line);
	}
	fclose(f);
	if (!p->failed) nothing_more();
	return !p->failed;
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static void one(const char *path, const char *name)
{
	bool right = play_file(path, name);
	tap_count++;
	tap_failed += !right;
	printf("%sok %u - %s\n", right ? "" : "not ", tap_count, name);
}

int main(int argc, char **argv)
{
	static char names[SCRIPTS_MAX][64];
	const char *source = getenv("SOURCE");
	char folder[1024], path[1200];
	size_t count = 0;

	for (int i = 1; i < argc; i++) one(argv[i], argv[i]);
	if (argc > 1) return tap_end();
	snprintf(folder, sizeof folder, "%s/test/tcp", source ? source : ".");
	DIR *dir = opendir(folder);
	for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
		size_t len = strlen(e->d_name);
		if (len < 5 || len >= sizeof *names || strcmp(e->d_name + len - 4, ".pkt") != 0) continue;
		if (count < SCRIPTS_MAX) strcpy(names[count++], e->d_name);
	}
	if (dir) closedir(dir);
	qsort(names, count, sizeof *names, by_name);
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		one(path, names[i]);
	}
	if (count == 0) {
		printf("Bail out! no scripts in %s\n", folder);
		return 1;
	}
	return tap_end();
}
