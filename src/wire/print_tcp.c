/* SPDX-License-Identifier: ISC */
#include "wire/ip4.h" /* IP_TCP */
#include "wire/print_parts.h"
#include "wire/tcp.h"

/* A connection as first seen, its ends ordered so that both directions find it. Sequence numbers are told
 * from here on. */
struct print_flow {
	struct ip low, high;
	uint16_t low_port, high_port;
	uint32_t low_seq, high_seq; /* the initial sequence number of each */
};

/* The numbers of a segment as they will be shown, and what its SACK blocks are counted from. */
struct numbers { uint32_t seq, ack, sack_from; };

enum { MSS = 2, WSCALE = 3, SACK = 5, ECHO = 6, ECHO_REPLY = 7, TIMESTAMPS = 8, USER_TIMEOUT = 28, FAST_OPEN = 34,
       CC = 11, CC_NEW = 12, CC_ECHO = 13, EXPERIMENT = 253, EXPERIMENT2 = 254 };

static const struct name flags[] = { { TCP_FIN, "F" }, { TCP_SYN, "S" }, { TCP_RST, "R" }, { TCP_PSH, "P" },
	{ TCP_ACK, "." }, { TCP_URG, "U" }, { TCP_ECE, "E" }, { TCP_CWR, "W" }, { 0, NULL } };

static const struct name options[] = { { 0, "eol" }, { 1, "nop" }, { MSS, "mss" }, { WSCALE, "wscale" }, { 4, "sackOK" },
	{ SACK, "sack" }, { ECHO, "echo" }, { ECHO_REPLY, "echoreply" }, { TIMESTAMPS, "TS" }, { CC, "cc" }, { CC_NEW, "ccnew" },
	{ CC_ECHO, "" }, { 19, "md5" }, { 20, "scps" }, { USER_TIMEOUT, "uto" }, { 29, "tcp-ao" }, { 30, "mptcp" },
	{ FAST_OPEN, "tfo" }, { EXPERIMENT, "exp" }, { EXPERIMENT2, "exp" }, { 0, NULL } };

bool print_flows(struct print *p, struct arena *a)
{
	size_t slots = index_slots(PRINT_FLOWS_MAX);
	struct index_slot *slot = arena_zeroed(a, slots, sizeof *slot);
	struct print_flow *flow = arena_zeroed(a, PRINT_FLOWS_MAX, sizeof *flow);

	if (slot == NULL || flow == NULL) return false;
	index_init(&p->flows, slot, slots);
	p->flow = flow;
	p->flow_count = 0;
	return true;
}

static uint64_t flow_hash(const struct print_flow *f)
{
	static const uint8_t key[16]; /* a capture is no attack: the table is bounded, and so is the search */
	return siphash13(key, (struct bytes){ (const uint8_t *)f, offsetof(struct print_flow, low_seq) });
}

static struct print_flow *flow_find(struct print *p, const struct print_flow *key)
{
	for (uint32_t at = INDEX_START, i; index_find(&p->flows, flow_hash(key), &at, &i);)
		if (memcmp(&p->flow[i], key, offsetof(struct print_flow, low_seq)) == 0) return &p->flow[i];
	return NULL;
}

static struct print_flow *flow_add(struct print *p, const struct print_flow *key)
{
	if (p->flow_count == PRINT_FLOWS_MAX) return NULL;
	struct print_flow *f = &p->flow[p->flow_count];
	*f = *key;
	index_add(&p->flows, flow_hash(key), p->flow_count++);
	return f;
}

/* Makes numbers relative to their connection's first; the first segment's own stay as they are. */
static struct numbers relative(struct line *l, const uint8_t *p)
{
	struct numbers n = { load_be32(p + 4), load_be32(p + 8), 0 };
	struct print *print = l->print;

	if (print->absolute_seq || print->flow == NULL || !(p[13] & TCP_ACK)) return n;
	uint16_t sport = load_be16(p), dport = load_be16(p + 2);
	struct ip src = line_src(l), dst = l->six ? ip6_of(l->dst) : ip4_of(load_be32(l->dst));
	bool reverse = sport > dport || (sport == dport && memcmp(&src, &dst, sizeof src) > 0);
	struct print_flow key;
	memset(&key, 0, sizeof key);
	key.low = reverse ? dst : src;
	key.high = reverse ? src : dst;
	key.low_port = reverse ? dport : sport;
	key.high_port = reverse ? sport : dport;
	struct print_flow *f = flow_find(print, &key);
	bool fresh = f == NULL || p[13] & TCP_SYN;
	if (f == NULL && (f = flow_add(print, &key)) == NULL) return n;
	if (fresh) {
		f->low_seq = reverse ? n.ack - 1 : n.seq;
		f->high_seq = reverse ? n.seq : n.ack - 1;
	} else {
		n.seq -= reverse ? f->high_seq : f->low_seq;
		n.ack -= reverse ? f->low_seq : f->high_seq;
	}
	n.sack_from = reverse ? f->low_seq : f->high_seq;
	return n;
}

static bool say_sack(struct line *l, struct part p, uint32_t from)
{
	if (p.len % 8 != 0) {
		text_puts(l->out, " invalid sack");
		return true;
	}
	SAY(l, " %zu ", p.len / 8);
	for (size_t i = 0; i < p.len; i += 8) {
		if (p.have < i + 8) return false;
		SAY(l, "{%u:%u}", load_be32(p.at + i) - from, load_be32(p.at + i + 4) - from);
	}
	return true;
}

static bool say_bytes(struct line *l, const char *before, struct part p)
{
	text_puts(l->out, before);
	for (size_t i = 0; i < p.have; i++) SAY(l, "%02x", p.at[i]);
	return p.have == p.len;
}

static bool say_fast_open(struct line *l, struct part p)
{
	text_puts(l->out, " ");
	if (p.len == 0) text_puts(l->out, " cookiereq");
	else if (p.len % 2 != 0 || p.len < 4 || p.len > 16) text_puts(l->out, "invalid");
	else return say_bytes(l, " cookie ", p);
	return true;
}

/* How long the value of a known option is; the length byte may contradict. */
static size_t value_size(uint8_t kind, size_t said)
{
	switch (kind) {
	case WSCALE: return 1;
	case MSS:
	case USER_TIMEOUT: return 2;
	case ECHO:
	case ECHO_REPLY:
	case CC:
	case CC_NEW:
	case CC_ECHO: return 4;
	case TIMESTAMPS: return 8;
	case 4: return 0;
	default: return said;
	}
}

static void say_fixed(struct line *l, uint8_t kind, const uint8_t *value)
{
	unsigned timeout;

	switch (kind) {
	case MSS: SAY(l, " %u", load_be16(value)); break;
	case WSCALE: SAY(l, " %u", value[0]); break;
	case ECHO:
	case ECHO_REPLY:
	case CC:
	case CC_NEW:
	case CC_ECHO: SAY(l, " %u", load_be32(value)); break;
	case TIMESTAMPS: SAY(l, " val %u ecr %u", load_be32(value), load_be32(value + 4)); break;
	case USER_TIMEOUT: /* RFC 5482: the top bit is said to be the lowest here, as tcpdump has it */
		timeout = load_be16(value);
		SAY(l, " 0x%x %u", timeout, timeout & 1 ? (timeout >> 1) * 60 : timeout >> 1);
		break;
	default: break;
	}
}

/* False where the capture ends in it. */
static bool say_value(struct line *l, uint8_t kind, struct part p, uint32_t sack_from)
{
	switch (kind) {
	case SACK: return say_sack(l, p, sack_from);
	case FAST_OPEN: return p.have == p.len && say_fast_open(l, p);
	case EXPERIMENT:
	case EXPERIMENT2:
		if (p.have < p.len) return false;
		if (p.len < 2) text_puts(l->out, "[bad opt]");
		else SAY(l, "-%04x", load_be16(p.at));
		return true;
	case 4:
	case MSS:
	case WSCALE:
	case ECHO:
	case ECHO_REPLY:
	case CC:
	case CC_NEW:
	case CC_ECHO:
	case TIMESTAMPS:
	case USER_TIMEOUT:
		if (p.have < p.len) return false;
		say_fixed(l, kind, p.at);
		return true;
	default: return say_bytes(l, p.len > 0 ? " 0x" : "", p);
	}
}

enum said { SAID, SAID_BAD, SAID_CUT, SAID_ABSENT, SAID_END };

/* One option; *size is how much of the header it takes. */
static enum said say_option(struct line *l, struct part p, uint32_t sack_from, size_t *size)
{
	char unknown[20];

	if (p.have < 1) return SAID_ABSENT;
	uint8_t kind = p.at[0];
	if (kind > 1) {
		if (p.have < 2) return SAID_ABSENT;
		if (p.at[1] < 2 || p.at[1] > p.len) return SAID_BAD;
	}
	text_printf(&(struct text){ .at = unknown, .size = sizeof unknown }, "unknown-%u", kind);
	text_puts(l->out, name_of(options, kind, unknown));
	*size = 1;
	if (kind < 2) return kind == 0 ? SAID_END : SAID;
	size_t said = p.at[1], value = value_size(kind, said - 2);
	if (value + 2 > p.len) return SAID_BAD;
	struct part rest = part_skip(p, 2);
	rest.len = value;
	rest.have = size_min(rest.have, value);
	if (!say_value(l, kind, rest, sack_from)) return SAID_CUT;
	if (value + 2 != said) SAY(l, "[len %zu]", said);
	*size = value + 2;
	return SAID;
}

static enum said say_options(struct line *l, struct part p, uint32_t sack_from)
{
	enum said said = SAID;
	size_t size = 0;

	text_puts(l->out, ", options [");
	for (const char *between = ""; p.len > 0 && said == SAID; between = ",", p = part_skip(p, size)) {
		text_puts(l->out, between);
		said = say_option(l, p, sack_from, &size);
		if (said == SAID_BAD) text_puts(l->out, "[bad opt]");
		if (said == SAID_CUT) say_cut(l);
		if ((said == SAID_CUT || said == SAID_BAD) && between[0] != '\0') text_puts(l->out, ">");
	}
	if (said == SAID || said == SAID_END) text_puts(l->out, "]");
	return said;
}

static void say_checksum(struct line *l, struct part p)
{
	if (l->print->verbose == 0 || l->fragment || p.have < p.len) return;
	uint16_t left = sum_of(l, IP_TCP, p), field = load_be16(p.at + 16);
	SAY(l, ", cksum 0x%04x", field);
	if (left == 0) text_puts(l->out, " (correct)");
	else SAY(l, " (incorrect -> 0x%04x)", sum_should_be(field, left));
}

/* -v: why the connection was reset, as some say in text (RFC 9293, 3.5.3 allows it). */
static bool say_reset(struct line *l, struct part p)
{
	enum { SHOWN_MAX = 30 };

	if (l->print->verbose == 0) return true;
	text_puts(l->out, p.have < p.len ? " [!RST" : p.len > SHOWN_MAX ? " [RST+" : " [RST");
	text_puts(l->out, " ");
	say_visible(l, p.at, size_min(p.have, SHOWN_MAX));
	text_puts(l->out, "]");
	return true;
}

static bool say_payload(struct line *l, const uint8_t *header, struct part p)
{
	unsigned src = load_be16(header), dst = load_be16(header + 2);

	if (header[13] & TCP_RST) return say_reset(l, p);
	if (src == 53 || dst == 53) {
		return say_dns(l, p, DNS_OVER_TCP);
	}
	if (src == 80 || dst == 80 || src == 8080 || dst == 8080) {
		text_puts(l->out, ":");
		return say_http(l, p);
	}
	return true;
}

static bool say_segment(struct line *l, struct part p, size_t header)
{
	text_puts(l->out, "Flags [");
	say_bits(l, flags, p.at[13], "none", "");
	text_puts(l->out, "]");
	struct numbers n = relative(l, p.at);
	if (header > p.len) {
		SAY(l, " [bad hdr length %zu - too long, > %zu]", header, p.len);
		return true;
	}
	say_checksum(l, p);
	size_t len = p.len - header;
	if (l->print->verbose > 1 || len > 0 || p.at[13] & (TCP_SYN | TCP_FIN | TCP_RST)) {
		SAY(l, ", seq %u", n.seq);
		if (len > 0) SAY(l, ":%u", (uint32_t)(n.seq + len));
	}
	if (p.at[13] & TCP_ACK) SAY(l, ", ack %u", n.ack);
	SAY(l, ", win %u", load_be16(p.at + 14));
	if (p.at[13] & TCP_URG) SAY(l, ", urg %u", load_be16(p.at + 18));
	if (header > TCP_HEADER_BYTES) {
		struct part o = part_skip(p, TCP_HEADER_BYTES);
		o.len = header - TCP_HEADER_BYTES;
		o.have = size_min(o.have, o.len);
		enum said said = say_options(l, o, n.sack_from);
		if (said != SAID && said != SAID_END) return said != SAID_ABSENT || cut_deep(l);
	}
	SAY(l, ", length %zu", len);
	return len == 0 || say_payload(l, p.at, part_skip(p, header));
}

bool say_tcp(struct line *l, struct part p)
{
	l->layer = "tcp";
	if (p.have < 4) {
		if (!l->named) say_addresses(l, ":");
		return false;
	}
	unsigned src = load_be16(p.at), dst = load_be16(p.at + 2);
	if (l->named) {
		SAY(l, "%u > %u: ", src, dst);
	} else {
		say_address(l, l->src, l->six);
		SAY(l, ".%u > ", src);
		say_address(l, l->dst, l->six);
		SAY(l, ".%u: ", dst);
	}
	if (p.have < TCP_HEADER_BYTES) return false;
	size_t header = (size_t)(p.at[12] >> 4) * 4;
	uint32_t len = (uint32_t)(p.len - header);
	if (header < TCP_HEADER_BYTES) {
		SAY(l, " tcp %u [bad hdr length %zu - too short, < %u]", len, header, TCP_HEADER_BYTES);
		return true;
	}
	if (!l->print->quiet) return say_segment(l, p, header);
	SAY(l, "tcp %u", len);
	if (header > p.len) SAY(l, " [bad hdr length %zu - too long, > %zu]", header, p.len);
	return true;
}
