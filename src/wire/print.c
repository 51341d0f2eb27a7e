/* SPDX-License-Identifier: ISC */
#include "wire/print.h"

#include <ctype.h>

#include "base/checksum.h"
#include "wire/print_parts.h"

const char *name_of(const struct name *n, uint32_t number, const char *otherwise)
{
	for (; n->name != NULL; n++)
		if (n->number == number) return n->name;
	return otherwise;
}

void say_bits(struct line *l, const struct name *n, uint32_t bits, const char *none, const char *between)
{
	bool any = false;

	for (; n->name != NULL; n++) {
		if ((bits & n->number) == 0) continue;
		SAY(l, "%s%s", any ? between : "", n->name);
		any = true;
	}
	if (!any) text_puts(l->out, none);
}

/* IPv6's compatible addresses (RFC 4291, 2.5.5) are written as tcpdump does, with their IPv4 part. */
static const char *six_text(const uint8_t *at, char buffer[IP_TEXT_MAX])
{
	static const uint8_t zero[10];
	struct text t = text_in(buffer, IP_TEXT_MAX);
	struct ip ip = ip6_of(at);

	bool mapped = memcmp(at, zero, 10) == 0 && load_be16(at + 10) == 0xffff;
	bool compatible = memcmp(at, zero, 10) == 0 && load_be16(at + 10) == 0 && load_be16(at + 12) != 0;
	if (!mapped && !compatible) return ip_text(ip, buffer);
	text_printf(&t, "::%s%u.%u.%u.%u", mapped ? "ffff:" : "", at[12], at[13], at[14], at[15]);
	return buffer;
}

void say_address(struct line *l, const uint8_t *at, bool six)
{
	struct ip ip = six ? ip6_of(at) : ip4_of(load_be32(at));
	const char *name = l->print->name != NULL ? l->print->name(l->print->names, ip) : NULL;
	char buffer[IP_TEXT_MAX];

	if (name == NULL) name = six ? six_text(at, buffer) : ip_text(ip, buffer);
	text_puts(l->out, name);
}

void say_addresses(struct line *l, const char *after)
{
	say_address(l, l->src, l->six);
	text_puts(l->out, " > ");
	say_address(l, l->dst, l->six);
	text_puts(l->out, after);
}

void say_mac(struct line *l, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++) SAY(l, "%s%02x", i > 0 ? ":" : "", at[i]);
}

void say_visible(struct line *l, const uint8_t *at, size_t len)
{
	char text[4 * 256];
	size_t n = 0;

	len = size_min(len, 256);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = at[i];
		if (c >= 0x80) text[n++] = 'M', text[n++] = '-', c &= 0x7f;
		if (c < 0x20 || c == 0x7f) text[n++] = '^', c ^= 0x40;
		text[n++] = (char)c;
	}
	text_put(l->out, (struct bytes){ (const uint8_t *)text, n });
}

void say_span(struct line *l, uint32_t seconds)
{
	static const struct { const char *letter; uint32_t seconds; } units[] = {
		{ "y", 31536000 }, { "w", 604800 }, { "d", 86400 }, { "h", 3600 }, { "m", 60 }, { "s", 1 },
	};
	if (seconds == 0) text_puts(l->out, "0s");
	for (size_t i = 0; i < COUNT(units); i++) {
		if (seconds >= units[i].seconds) SAY(l, "%u%s", seconds / units[i].seconds, units[i].letter);
		seconds %= units[i].seconds;
	}
}

/* Sixteen bytes a line, in pairs; perhaps the same as text. */
void say_hex(struct line *l, const char *start, struct part p, bool with_text)
{
	for (size_t at = 0; at < p.have; at += 16) {
		size_t n = size_min(16, p.have - at), width = 0;
		SAY(l, "%s0x%04x: ", start, (unsigned)at);
		for (size_t i = 0; i < n; i++) {
			SAY(l, i % 2 == 0 ? " %02x" : "%02x", p.at[at + i]);
			width += i % 2 == 0 ? 3 : 2;
		}
		if (!with_text) continue;
		char text[17] = { 0 };
		for (size_t i = 0; i < n; i++) text[i] = isgraph(p.at[at + i]) ? (char)p.at[at + i] : '.';
		SAY(l, "%*s%s", (int)(42 - width), "", text);
	}
}

/* -A: the bytes as text. Line ends are kept; -AA starts at the link header. */
static void say_text(struct line *l, struct part p)
{
	if (p.have > 0) text_puts(l->out, "\n");
	for (size_t i = 0; i < p.have; i++) {
		uint8_t c = p.at[i];
		if (c == '\r') { /* one before a line end is not shown */
			if (i + 1 >= p.have || p.at[i + 1] != '\n') text_puts(l->out, ".");
		} else {
			SAY(l, "%c", c == '\t' || c == ' ' || c == '\n' || isgraph(c) ? c : '.');
		}
	}
}

struct ip line_src(const struct line *l) { return l->six ? ip6_of(l->src) : ip4_of(load_be32(l->src)); }
struct ip line_final_dst(const struct line *l)
{
	return l->six ? ip6_of(l->final_dst) : ip4_of(load_be32(l->final_dst));
}

uint16_t sum_of(struct line *l, uint8_t protocol, struct part p)
{
	uint64_t sum = protocol == 0 ? 0 : checksum_pseudo(line_src(l), line_final_dst(l), protocol, p.len);
	return checksum_finish(checksum_add(sum, (struct bytes){ p.at, p.len }));
}

uint16_t sum_should_be(uint16_t field, uint16_t left)
{
	uint32_t sum = (uint32_t)field + left;
	return (uint16_t)(sum + (sum >> 16));
}

/* Days from 1 January 1970 to that of a year: one more for each leap year between. */
static int64_t days_before(int64_t year)
{
	int64_t y = year - 1;
	return (year - 1970) * 365 + (y / 4 - y / 100 + y / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400);
}

static void say_date(struct line *l, int64_t days)
{
	static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t year = 1970 + (days >= 0 ? days / 366 : days / 365 - 1); /* that one or earlier: instants span few centuries */
	unsigned month = 0;

	while (days_before(year + 1) <= days) year++;
	int64_t day = days - days_before(year);
	bool leap = days_before(year + 1) - days_before(year) == 366;
	for (; day >= lengths[month] + (leap && month == 1); month++) day -= lengths[month] + (leap && month == 1);
	SAY(l, "%04d-%02u-%02d ", (int)year, month + 1, (int)day + 1);
}

/* A clock's face; more than a day's time of a span goes on in hours. */
static void say_clock(struct line *l, instant t, bool day)
{
	int64_t seconds = t / SECOND, fraction = t % SECOND;

	if (fraction < 0) seconds--, fraction += SECOND;
	if (day) seconds = ((seconds % 86400) + 86400) % 86400;
	SAY(l, "%02d:%02d:%02d.", (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
	if (l->print->nanoseconds) SAY(l, "%09d ", (int)fraction);
	else SAY(l, "%06d ", (int)(fraction / 1000));
}

static void say_since(struct line *l, instant at, instant from)
{
	/* Microseconds are subtracted as such: what is shown of two times and of their distance agrees. */
	if (!l->print->nanoseconds) at -= at % 1000, from -= from % 1000;
	text_puts(l->out, at < from ? "-" : " ");
	say_clock(l, at < from ? from - at : at - from, false);
}

static void say_time(struct line *l, instant at)
{
	struct print *p = l->print;
	instant local = p->local != NULL ? p->local(at) : at;

	if (p->seen == 0) p->first_at = p->last_at = at;
	switch (p->time) {
	case PRINT_TIME_OF_DAY: say_clock(l, local, true); break;
	case PRINT_TIME_NONE: break;
	case PRINT_TIME_EPOCH:
		if (p->nanoseconds) SAY(l, "%lld.%09d ", (long long)(at / SECOND), (int)(at % SECOND));
		else SAY(l, "%lld.%06d ", (long long)(at / SECOND), (int)(at % SECOND / 1000));
		break;
	case PRINT_TIME_DELTA: say_since(l, at, p->last_at); break;
	case PRINT_TIME_DATE: {
		int64_t seconds = local / SECOND - (local % SECOND < 0);
		say_date(l, (seconds - ((seconds % 86400) + 86400) % 86400) / 86400);
		say_clock(l, local, true);
		break;
	}
	case PRINT_TIME_SINCE_FIRST: say_since(l, at, p->first_at); break;
	}
	p->last_at = at;
}

static void say_bytes(struct line *l, struct part frame)
{
	bool whole = l->lost || l->print->hex % 2 == 0; /* the second of each letter begins with the link header */
	struct part p = whole ? frame : part_skip(frame, l->link_bytes);

	switch (l->print->hex) {
	case PRINT_HEX: case PRINT_HEX_ALL: say_hex(l, "\n\t", p, false); break;
	case PRINT_HEX_TEXT: case PRINT_HEX_TEXT_ALL: say_hex(l, "\n\t", p, true); break;
	case PRINT_TEXT: case PRINT_TEXT_ALL: say_text(l, p); break;
	default: break;
	}
}

/* Packets without a link header tell by their first bits what they are. */
static bool say_raw_ip(struct line *l, struct part p)
{
	if (l->print->link_header) text_puts(l->out, "ip: ");
	return p.at[0] >> 4 == 6 ? say_ip6(l, p) : say_ip4(l, p);
}

void print_packet(struct print *p, instant at, struct bytes frame, size_t original_len, struct text *out)
{
	struct line l = { .print = p, .out = out, .layer = "ether" };
	struct part part = { frame.at, frame.len, size_max(original_len, frame.len) };

	if (p->number) SAY(&l, "%5llu  ", (unsigned long long)p->seen + 1);
	if (frame.len == 0) {
		SAY(&l, "[Invalid header: caplen==0, len==%zu]\n", part.len);
		p->seen++;
		return;
	}
	say_time(&l, at);
	p->seen++;
	if (!(p->raw_ip ? say_raw_ip(&l, part) : say_ethernet(&l, part))) say_cut(&l);
	say_bytes(&l, part);
	text_puts(out, "\n");
}
