/* SPDX-License-Identifier: ISC */
#include "wire/tcp.h"

#include "base/checksum.h"
#include "wire/ip4.h" /* IP_TCP */

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, OPTION_WSCALE = 3, OPTION_SACK_PERMITTED = 4,
       OPTION_TIMESTAMPS = 8 };
enum { WSCALE_MAX = 14 };

static void take_timestamps(const uint8_t *value, struct tcp_seg *s)
{
	s->has_timestamps = true;
	s->ts_value = load_be32(value);
	s->ts_echo = load_be32(value + 4);
}

/* One option with its length byte; those nobody here knows pass by. */
static enum drop parse_option(const uint8_t *p, struct tcp_seg *s)
{
	switch (p[0]) {
	case OPTION_MSS:
		if (p[1] != 4) return DROP_OPTION;
		s->mss = load_be16(p + 2);
		break;
	case OPTION_WSCALE:
		if (p[1] != 3) return DROP_OPTION;
		s->has_wscale = true;
		s->wscale = p[2] > WSCALE_MAX ? WSCALE_MAX : p[2]; /* RFC 7323, 2.3 */
		break;
	case OPTION_SACK_PERMITTED:
		if (p[1] != 2) return DROP_OPTION;
		s->sack_permitted = true;
		break;
	case OPTION_TIMESTAMPS:
		if (p[1] != 10) return DROP_OPTION;
		take_timestamps(p + 2, s);
		break;
	default:
		break;
	}
	return DROP_NONE;
}

static enum drop parse_options(const uint8_t *p, size_t len, struct tcp_seg *s)
{
	/* Nearly every segment with options has just these (RFC 7323, appendix A). */
	if (len == 12 && load_be32(p) == 0x0101080a) {
		take_timestamps(p + 4, s);
		return DROP_NONE;
	}
	for (size_t at = 0; at < len && p[at] != OPTION_END;) {
		if (p[at] == OPTION_NOP) {
			at++;
			continue;
		}
		/* RFC 9293, 3.1, MUST-7: an illegal length must not lead astray. */
		if (len - at < 2 || p[at + 1] < 2 || p[at + 1] > len - at) return DROP_OPTION;
		enum drop why = parse_option(p + at, s);
		if (why != DROP_NONE) return why;
		at += p[at + 1];
	}
	return DROP_NONE;
}

enum drop tcp_parse(struct bytes b, struct ip src, struct ip dst, bool verify, struct tcp_seg *s)
{
	const uint8_t *p = b.at;

	if (b.len < TCP_HEADER_BYTES) return DROP_SHORT;
	size_t header = (size_t)(p[12] >> 4) * 4;
	if (header < TCP_HEADER_BYTES || header > b.len) return DROP_LENGTH;
	if (verify && checksum_finish(checksum_add(checksum_pseudo(src, dst, IP_TCP, b.len), b)) != 0)
		return DROP_CHECKSUM;
	*s = (struct tcp_seg){
		.src_port = load_be16(p),
		.dst_port = load_be16(p + 2),
		.seq = load_be32(p + 4),
		.ack = load_be32(p + 8),
		.flags = p[13],
		.window = load_be16(p + 14),
		.urgent = load_be16(p + 18),
		.text = { p + header, b.len - header },
	};
	if (header == TCP_HEADER_BYTES) return DROP_NONE;
	return parse_options(p + TCP_HEADER_BYTES, header - TCP_HEADER_BYTES, s);
}

static size_t header_size(const struct tcp_seg *s)
{
	size_t sack = s->sack_permitted && !s->has_timestamps ? 4 : 0; /* else it takes the place of two NOPs */
	return TCP_HEADER_BYTES + (s->mss > 0 ? 4 : 0) + (s->has_timestamps ? 12 : 0) + sack + (s->has_wscale ? 4 : 0);
}

size_t tcp_emit_size(const struct tcp_seg *s) { return header_size(s) + s->text.len + s->more.len; }

/* Each option is padded with NOPs to whole words, so that no end of the list is needed. */
static void emit_options(const struct tcp_seg *s, uint8_t *p)
{
	if (s->mss > 0) {
		store_be32(p, OPTION_MSS << 24 | 4 << 16 | s->mss);
		p += 4;
	}
	if (s->has_timestamps || s->sack_permitted) {
		uint16_t front = s->sack_permitted ? OPTION_SACK_PERMITTED << 8 | 2 : OPTION_NOP << 8 | OPTION_NOP;
		store_be16(p, front);
		store_be16(p + 2, s->has_timestamps ? OPTION_TIMESTAMPS << 8 | 10 : OPTION_NOP << 8 | OPTION_NOP);
		p += 4;
	}
	if (s->has_timestamps) {
		store_be32(p, s->ts_value);
		store_be32(p + 4, s->ts_echo);
		p += 8;
	}
	if (s->has_wscale) store_be32(p, OPTION_NOP << 24 | OPTION_WSCALE << 16 | 3 << 8 | s->wscale);
}

size_t tcp_emit(const struct tcp_seg *s, struct ip src, struct ip dst, struct room room)
{
	size_t header = header_size(s), len = header + s->text.len + s->more.len;
	uint8_t *p = room.at;

	if (room.len < len) return 0;
	store_be16(p, s->src_port);
	store_be16(p + 2, s->dst_port);
	store_be32(p + 4, s->seq);
	store_be32(p + 8, s->ack);
	p[12] = (uint8_t)(header / 4 << 4);
	p[13] = s->flags;
	store_be16(p + 14, s->window);
	store_be16(p + 16, 0);
	store_be16(p + 18, s->urgent);
	if (header > TCP_HEADER_BYTES) emit_options(s, p + TCP_HEADER_BYTES);
	if (s->text.len > 0) memcpy(p + header, s->text.at, s->text.len);
	if (s->more.len > 0) memcpy(p + header + s->text.len, s->more.at, s->more.len);
	uint64_t sum = checksum_add(checksum_pseudo(src, dst, IP_TCP, len), (struct bytes){ p, len });
	store_be16(p + 16, checksum_finish(sum));
	return len;
}
