/* SPDX-License-Identifier: ISC */
/* sockets_filter.c - which sockets: ss's words and lsof's -i and -s, as a tree of tests. */
#include <ctype.h>

#include "tool/sockets/sockets_parts.h"

#define ANY_PORT_LAST UINT16_MAX
#define DEPTH_MAX 16 /* of parentheses and "not" */

bool sockets_add_test(struct sockets_options *o, struct sockets_test test, uint8_t *index, struct text *err)
{
	if (o->tests == SOCKETS_TESTS_MAX) {
		text_printf(err, "too many conditions: %d is the most", SOCKETS_TESTS_MAX);
		return false;
	}
	*index = o->tests;
	o->test[o->tests++] = test;
	return true;
}

static bool join(struct sockets_options *o, enum sockets_test_kind kind, uint8_t *a, uint8_t b, struct text *err)
{
	return sockets_add_test(o, (struct sockets_test){ .kind = kind, .a = *a, .b = b }, a, err);
}

bool sockets_require(struct sockets_options *o, uint8_t index, struct text *err)
{
	if (o->root != SOCKETS_TESTS_MAX) return join(o, SOCKETS_AND, &o->root, index, err);
	o->root = index;
	return true;
}

/* --- states --- */

#define BIT(state) (1u << (state))
#define SYN_RECV_BITS (BIT(DIAG_SYN_RECV) | BIT(DIAG_NEW_SYN_RECV))
#define CONNECTED (DIAG_ALL_STATES & ~(BIT(DIAG_LISTEN) | BIT(DIAG_CLOSE) | BIT(DIAG_BOUND)))
#define BUCKET (BIT(DIAG_TIME_WAIT) | SYN_RECV_BITS)

/* lsof's names and ss's, without case, "-" and "_". */
static const struct { const char *name; uint32_t states; } state_names[] = {
	{ "established", BIT(DIAG_ESTABLISHED) }, { "estab", BIT(DIAG_ESTABLISHED) }, { "synsent", BIT(DIAG_SYN_SENT) },
	{ "synrecv", SYN_RECV_BITS }, { "synrcvd", SYN_RECV_BITS }, { "finwait1", BIT(DIAG_FIN_WAIT1) },
	{ "finwait2", BIT(DIAG_FIN_WAIT2) }, { "timewait", BIT(DIAG_TIME_WAIT) }, { "close", BIT(DIAG_CLOSE) },
	{ "closed", BIT(DIAG_CLOSE) }, { "unconnected", BIT(DIAG_CLOSE) }, { "unconn", BIT(DIAG_CLOSE) },
	{ "closewait", BIT(DIAG_CLOSE_WAIT) }, { "lastack", BIT(DIAG_LAST_ACK) }, { "listen", BIT(DIAG_LISTEN) },
	{ "listening", BIT(DIAG_LISTEN) }, { "closing", BIT(DIAG_CLOSING) }, { "bound", BIT(DIAG_BOUND) },
	{ "all", DIAG_ALL_STATES }, { "connected", CONNECTED }, { "synchronized", CONNECTED & ~BIT(DIAG_SYN_SENT) },
	{ "bucket", BUCKET }, { "big", DIAG_ALL_STATES & ~BUCKET },
};

static bool state_parse(const char *word, size_t len, uint32_t *states, struct text *err)
{
	char name[32];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (word[i] == '-' || word[i] == '_') continue;
		if (n < sizeof name - 1) name[n++] = (char)tolower((unsigned char)word[i]);
	}
	name[n] = '\0';
	for (size_t i = 0; i < COUNT(state_names); i++) {
		if (strcmp(state_names[i].name, name) != 0) continue;
		*states = state_names[i].states;
		return true;
	}
	text_printf(err, "%.*s: there is no such state", (int)len, word);
	return false;
}

/* "TCP:LISTEN,ESTABLISHED", "TCP:^LISTEN" */
bool sockets_add_state(struct sockets_options *o, const char *value, struct text *err)
{
	uint32_t with = 0, without = 0, states;
	uint8_t protocol = 0, index;

	if (strncmp(value, "TCP:", 4) == 0 || strncmp(value, "tcp:", 4) == 0) protocol = DIAG_TCP;
	if (strncmp(value, "UDP:", 4) == 0 || strncmp(value, "udp:", 4) == 0) protocol = DIAG_UDP;
	if (protocol == 0) {
		text_printf(err, "-s %s: expected a protocol and its states, as TCP:LISTEN", value);
		return false;
	}
	for (const char *p = value + 4;; p++) {
		bool not = *p == '^';
		p += not;
		size_t n = strcspn(p, ",");
		if (!state_parse(p, n, &states, err)) return false;
		*(not ? &without : &with) |= states;
		p += n;
		if (*p == '\0') break;
	}
	states = (with != 0 ? with : DIAG_ALL_STATES) & ~without;
	return sockets_add_test(o, (struct sockets_test){ .kind = SOCKETS_STATES, .protocol = protocol, .states = states },
	                        &index, err) && sockets_require(o, index, err);
}

/* --- ends --- */

/* An address or a prefix: "10.0.0.1", "10.0.0.0/8", "[::1]", "::1"; "*" and nothing are any. */
static bool address_parse(const char *word, size_t len, struct prefix *prefix)
{
	char text[PREFIX_TEXT_MAX];

	*prefix = (struct prefix){ .bits = 0 };
	if (len == 0 || (len == 1 && *word == '*')) return true;
	if (len >= 2 && *word == '[' && word[len - 1] == ']') word++, len -= 2;
	if (len >= sizeof text) return false;
	memcpy(text, word, len);
	text[len] = '\0';
	if (memchr(text, '/', len) != NULL) return prefix_parse(text, prefix);
	prefix->bits = 128;
	return ip_parse(text, &prefix->ip);
}

/* "443", "https", "4000-4010" */
static bool ports_parse(const struct sockets_names *names, const char *word, size_t len, uint16_t *from, uint16_t *to)
{
	if (len == 1 && *word == '*') return *from = 0, *to = ANY_PORT_LAST, true;
	if (sockets_port(names, word, len, from)) return *to = *from, true;
	const char *dash = memchr(word, '-', len);
	return dash != NULL && sockets_port(names, word, (size_t)(dash - word), from) &&
	       sockets_port(names, dash + 1, len - (size_t)(dash - word) - 1, to) && *from <= *to;
}

/* "ADDRESS", "ADDRESS:PORT", ":PORT"; the colons of an IPv6 address want brackets when a port follows. */
static bool end_parse(const struct sockets_names *names, const char *word, size_t len, struct sockets_test *test)
{
	const char *colon = NULL;

	test->kind = SOCKETS_END;
	test->from = 0;
	test->to = ANY_PORT_LAST;
	if (address_parse(word, len, &test->prefix)) return len > 0;
	for (size_t i = len; i > 0 && colon == NULL; i--) if (word[i - 1] == ':') colon = word + i - 1;
	return colon != NULL && address_parse(word, (size_t)(colon - word), &test->prefix) &&
	       ports_parse(names, colon + 1, len - (size_t)(colon - word) - 1, &test->from, &test->to);
}

/* lsof's [46][TCP|UDP][@ADDRESS][:PORTS] */
static bool internet_parse(const struct sockets_names *names, const char *p, struct sockets_test *kind, struct sockets_test *end)
{
	*kind = (struct sockets_test){ .kind = SOCKETS_KIND };
	*end = (struct sockets_test){ .kind = SOCKETS_END, .end = SOCKETS_EITHER, .to = ANY_PORT_LAST };
	if (*p == '4' || *p == '6') kind->family = (uint8_t)(*p++ - '0');
	if (strncmp(p, "TCP", 3) == 0 || strncmp(p, "tcp", 3) == 0) kind->protocol = DIAG_TCP, p += 3;
	else if (strncmp(p, "UDP", 3) == 0 || strncmp(p, "udp", 3) == 0) kind->protocol = DIAG_UDP, p += 3;
	if (*p == '@') p++;
	else if (*p != ':' && *p != '\0') return false;
	return *p == '\0' || end_parse(names, p, strlen(p), end);
}

bool sockets_is_internet(const struct sockets_names *names, const char *value)
{
	struct sockets_test kind, end;
	return internet_parse(names, value, &kind, &end);
}

bool sockets_add_internet(struct sockets_options *o, const struct sockets_names *names, const char *value, bool first,
                          uint8_t *any, struct text *err)
{
	struct sockets_test kind, end;
	uint8_t a, b;

	if (!internet_parse(names, value, &kind, &end)) {
		text_printf(err, "-i %s: expected [46][TCP|UDP][@ADDRESS][:PORT], as TCP:4000 or 4UDP@10.0.0.1:53", value);
		return false;
	}
	if (!sockets_add_test(o, kind, &a, err) || !sockets_add_test(o, end, &b, err) || !join(o, SOCKETS_AND, &a, b, err)) return false;
	if (first) return *any = a, true;
	return join(o, SOCKETS_OR, any, a, err);
}

/* --- ss's words --- */

struct words { struct sockets_options *o; const struct sockets_names *names; int argc; const char *const *argv;
	const char *at; struct text *err; unsigned depth; };

/* The next word: parentheses and comparisons stand for themselves, with blanks around them or without. */
static bool peek(struct words *w, const char **word, size_t *len)
{
	while (w->argc > 0) {
		while (*w->at == ' ' || *w->at == '\t' || *w->at == '\n') w->at++;
		if (*w->at != '\0') break;
		w->argc--;
		w->argv++;
		w->at = w->argc > 0 ? *w->argv : "";
	}
	*word = w->at;
	if (w->argc == 0) return *len = 0, false;
	if (*w->at == '(' || *w->at == ')') *len = 1;
	else if (strchr("=!<>", *w->at) != NULL) *len = size_max(strspn(w->at, "=<>!"), 1);
	else *len = strcspn(w->at, " \t\n()=!<>");
	if (*w->at == '!' && *len > 1 && w->at[1] != '=') *len = 1;
	return true;
}

static bool is(const char *word, size_t len, const char *what) { return len == strlen(what) && memcmp(word, what, len) == 0; }

static bool accept(struct words *w, const char *what)
{
	const char *word;
	size_t len;

	if (!peek(w, &word, &len) || !is(word, len, what)) return false;
	w->at += len;
	return true;
}

static bool refuse(struct words *w, const char *expected)
{
	const char *word;
	size_t len;

	if (peek(w, &word, &len)) text_printf(w->err, "%.*s: expected %s", (int)len, word, expected);
	else text_printf(w->err, "the words end where %s is expected", expected);
	return false;
}

static bool add(struct words *w, struct sockets_test test, uint8_t *index) { return sockets_add_test(w->o, test, index, w->err); }

/* What a comparison leaves of all ports; *not: the others. */
static bool compare(struct words *w, struct sockets_test *t, bool *not)
{
	static const char *const signs[][2] = { { "=", "==" }, { "eq", "eq" }, { "!=", "ne" }, { "<", "lt" }, { ">", "gt" },
	                                        { "<=", "le" }, { ">=", "ge" } };
	const char *word;
	size_t len, sign = 0;
	uint16_t port;

	while (sign < COUNT(signs) && !accept(w, signs[sign][0]) && !accept(w, signs[sign][1])) sign++;
	if (sign == COUNT(signs)) sign = 0; /* "sport :443", too */
	if (!peek(w, &word, &len)) return refuse(w, "a port");
	bool colon = *word == ':';
	if (!sockets_port(w->names, word + colon, len - colon, &port)) return refuse(w, "a port, as :443 or :https");
	w->at += len;
	*not = sign == 2;
	bool below = sign == 3 || sign == 5, above = sign == 4 || sign == 6, strict = sign == 3 || sign == 4;
	if (strict && (below ? port == 0 : port == UINT16_MAX)) return t->from = 1, t->to = 0, true; /* none */
	t->from = below ? 0 : (uint16_t)(port + (above && strict));
	t->to = above ? ANY_PORT_LAST : (uint16_t)(port - (below && strict));
	return true;
}

static bool negate(struct words *w, uint8_t *index) { return join(w->o, SOCKETS_NOT, index, *index, w->err); }

static bool read_port(struct words *w, enum sockets_end end, uint8_t *index)
{
	struct sockets_test t = { .kind = SOCKETS_END, .end = end };
	bool not = false;
	return compare(w, &t, &not) && add(w, t, index) && (!not || negate(w, index));
}

static bool read_end(struct words *w, enum sockets_end end, uint8_t *index)
{
	struct sockets_test t = { .end = end };
	const char *word;
	size_t len;

	if (!accept(w, "=")) accept(w, "==");
	if (!peek(w, &word, &len)) return refuse(w, "an address");
	if (!end_parse(w->names, word, len, &t)) return refuse(w, "an address, as 10.0.0.0/8, 10.0.0.1:443 or [::1]:443");
	w->at += len;
	return add(w, t, index);
}

static bool read_state(struct words *w, bool not, uint8_t *index)
{
	struct sockets_test t = { .kind = SOCKETS_STATES };
	const char *word;
	size_t len;

	if (!peek(w, &word, &len)) return refuse(w, "a state");
	if (!state_parse(word, len, &t.states, w->err)) return false;
	if (not) t.states = DIAG_ALL_STATES & ~t.states;
	w->at += len;
	return add(w, t, index);
}

static bool read_any(struct words *w, uint8_t *index);

static bool read_one(struct words *w, uint8_t *index)
{
	const char *word;
	size_t len;

	if (accept(w, "(")) {
		if (++w->depth > DEPTH_MAX) return refuse(w, "fewer parentheses");
		if (!read_any(w, index)) return false;
		w->depth--;
		return accept(w, ")") || refuse(w, ")");
	}
	if (accept(w, "not") || accept(w, "!")) {
		if (++w->depth > DEPTH_MAX) return refuse(w, "fewer words \"not\"");
		if (!read_one(w, index)) return false;
		w->depth--;
		return negate(w, index);
	}
	if (accept(w, "state")) return read_state(w, false, index);
	if (accept(w, "exclude")) return read_state(w, true, index);
	if (accept(w, "sport")) return read_port(w, SOCKETS_LOCAL, index);
	if (accept(w, "dport")) return read_port(w, SOCKETS_REMOTE, index);
	if (accept(w, "src")) return read_end(w, SOCKETS_LOCAL, index);
	if (accept(w, "dst")) return read_end(w, SOCKETS_REMOTE, index);
	if (peek(w, &word, &len) && *word == ':') return read_end(w, SOCKETS_EITHER, index);
	return refuse(w, "state, exclude, sport, dport, src, dst, not, ( or :PORT");
}

/* "and" may be left out. */
static bool read_all(struct words *w, uint8_t *index)
{
	const char *word;
	size_t len;
	uint8_t other;

	if (!read_one(w, index)) return false;
	while (accept(w, "and") || accept(w, "&&") || accept(w, "&") ||
	       (peek(w, &word, &len) && !is(word, len, ")") && !is(word, len, "or") && !is(word, len, "||") && !is(word, len, "|")))
		if (!read_one(w, &other) || !join(w->o, SOCKETS_AND, index, other, w->err)) return false;
	return true;
}

static bool read_any(struct words *w, uint8_t *index)
{
	uint8_t other;

	if (!read_all(w, index)) return false;
	while (accept(w, "or") || accept(w, "||") || accept(w, "|"))
		if (!read_all(w, &other) || !join(w->o, SOCKETS_OR, index, other, w->err)) return false;
	return true;
}

bool sockets_add_words(struct sockets_options *o, const struct sockets_names *names, int argc, const char *const *argv,
                       struct text *err)
{
	struct words w = { o, names, argc, argv, argc > 0 ? *argv : "", err, 0 };
	const char *word;
	size_t len;
	uint8_t index;

	if (!peek(&w, &word, &len)) return true;
	if (!read_any(&w, &index)) return false;
	if (peek(&w, &word, &len)) return refuse(&w, "and, or, or the end");
	return sockets_require(o, index, err);
}

/* --- deciding --- */

static bool end_matches(const struct sockets_test *t, const struct addr *end)
{
	return end->port >= t->from && end->port <= t->to && (t->prefix.bits == 0 || prefix_has(t->prefix, end->ip));
}

static bool test_matches(const struct sockets_options *o, uint8_t at, const struct diag_socket *s)
{
	const struct sockets_test *t = &o->test[at];

	switch (t->kind) {
	case SOCKETS_AND: return test_matches(o, t->a, s) && test_matches(o, t->b, s);
	case SOCKETS_OR: return test_matches(o, t->a, s) || test_matches(o, t->b, s);
	case SOCKETS_NOT: return !test_matches(o, t->a, s);
	case SOCKETS_STATES: return (t->protocol != 0 && t->protocol != s->protocol) || (t->states & BIT(s->state)) != 0;
	case SOCKETS_KIND: return (t->family == 0 || t->family == s->family) && (t->protocol == 0 || t->protocol == s->protocol);
	default: break;
	}
	return ((t->end & SOCKETS_LOCAL) != 0 && end_matches(t, &s->local)) ||
	       ((t->end & SOCKETS_REMOTE) != 0 && end_matches(t, &s->remote));
}

bool sockets_match(const struct sockets_options *o, const struct diag_socket *s)
{
	return o->root == SOCKETS_TESTS_MAX || test_matches(o, o->root, s);
}

/* Which states a socket of this kind can be in that matches: at least those. */
static uint32_t states_of(const struct sockets_options *o, uint8_t at, uint8_t family, uint8_t protocol)
{
	const struct sockets_test *t = &o->test[at];

	switch (t->kind) {
	case SOCKETS_AND: return states_of(o, t->a, family, protocol) & states_of(o, t->b, family, protocol);
	case SOCKETS_OR: return states_of(o, t->a, family, protocol) | states_of(o, t->b, family, protocol);
	case SOCKETS_STATES: return t->protocol != 0 && t->protocol != protocol ? DIAG_ALL_STATES : t->states;
	case SOCKETS_KIND:
		return (t->family == 0 || t->family == family) && (t->protocol == 0 || t->protocol == protocol) ? DIAG_ALL_STATES : 0;
	default: return DIAG_ALL_STATES;
	}
}

bool sockets_wanted(const struct sockets_options *o, size_t i, struct diag_question *q)
{
	if (i >= 4) return false;
	*q = (struct diag_question){ i % 2 == 0 ? 4 : 6, i < 2 ? DIAG_TCP : DIAG_UDP, DIAG_ALL_STATES, o->details || o->json };
	if (o->root != SOCKETS_TESTS_MAX) q->states = states_of(o, o->root, q->family, q->protocol);
	return true;
}

uint16_t sockets_port_asked(const struct sockets_options *o)
{
	uint16_t port = 0;

	for (uint8_t i = 0; i < o->tests; i++) {
		const struct sockets_test *t = &o->test[i];
		if (t->kind == SOCKETS_NOT) return 0;
		if (t->kind != SOCKETS_END || t->from != t->to || (t->end & SOCKETS_LOCAL) == 0) continue;
		if (port != 0 && port != t->from) return 0;
		port = t->from;
	}
	return port;
}
