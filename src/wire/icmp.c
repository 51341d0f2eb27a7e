/* SPDX-License-Identifier: ISC */
#include "wire/icmp.h"

#include "base/checksum.h"
#include "wire/ip4.h" /* IP_ICMP6 */

enum { HEADER_BYTES = 8, TARGET_BYTES = 16, LINK_OPTION_BYTES = 8 };
enum { OPTION_SOURCE_LINK = 1, OPTION_TARGET_LINK = 2 };

static bool is_echo(const struct icmp *m)
{
	if (m->six) return m->type == ICMP6_ECHO_REQUEST || m->type == ICMP6_ECHO_REPLY;
	return m->type == ICMP4_ECHO_REQUEST || m->type == ICMP4_ECHO_REPLY;
}

static bool has_target(const struct icmp *m)
{
	return m->six && (m->type == ICMP6_NEIGHBOUR_SOLICITATION || m->type == ICMP6_NEIGHBOUR_ADVERTISEMENT);
}

static uint8_t link_option(const struct icmp *m)
{
	return m->type == ICMP6_NEIGHBOUR_ADVERTISEMENT ? OPTION_TARGET_LINK : OPTION_SOURCE_LINK;
}

/* RFC 4861, 4.6: type, length in units of eight bytes; a length of zero makes the whole packet void. */
static enum drop parse_options(struct bytes b, struct icmp *m)
{
	while (b.len > 0) {
		if (b.len < 2 || b.at[1] == 0) return DROP_OPTION;
		size_t len = (size_t)b.at[1] * 8;
		if (len > b.len) return DROP_OPTION;
		if (b.at[0] == link_option(m) && len == LINK_OPTION_BYTES) {
			m->has_link_address = true;
			memcpy(m->link_address.byte, b.at + 2, 6);
		}
		b = bytes_skip(b, len);
	}
	return DROP_NONE;
}

static enum drop parse_discovery(struct icmp *m)
{
	struct bytes b = m->payload;

	if (m->code != 0) return DROP_FIELD; /* RFC 4861, 6.1.1, 7.1.1 and 7.1.2 */
	if (has_target(m)) {
		if (b.len < TARGET_BYTES) return DROP_SHORT;
		m->target = ip6_of(b.at);
		if (ip_is_multicast(m->target)) return DROP_FIELD;
		b = bytes_skip(b, TARGET_BYTES);
	}
	return parse_options(b, m);
}

enum drop icmp_parse(struct bytes b, bool six, struct ip src, struct ip dst, struct icmp *m)
{
	const uint8_t *p = b.at;

	if (b.len < HEADER_BYTES) return DROP_SHORT;
	uint64_t sum = six ? checksum_pseudo(src, dst, IP_ICMP6, b.len) : 0;
	if (checksum_finish(checksum_add(sum, b)) != 0) return DROP_CHECKSUM;
	*m = (struct icmp){ .six = six, .type = p[0], .code = p[1], .payload = bytes_skip(b, HEADER_BYTES) };
	if (is_echo(m)) {
		m->id = load_be16(p + 4);
		m->seq = load_be16(p + 6);
		return DROP_NONE;
	}
	m->rest = load_be32(p + 4);
	if (has_target(m) || (six && m->type == ICMP6_ROUTER_SOLICITATION)) return parse_discovery(m);
	return DROP_NONE;
}

static size_t discovery_size(const struct icmp *m)
{
	return (has_target(m) ? (size_t)TARGET_BYTES : 0) + (m->has_link_address ? (size_t)LINK_OPTION_BYTES : 0);
}

/* What follows the second word, where it is made from fields. */
static void emit_discovery(const struct icmp *m, uint8_t *p)
{
	size_t at = 0;

	if (has_target(m)) {
		memcpy(p, m->target.byte, TARGET_BYTES);
		at = TARGET_BYTES;
	}
	if (m->has_link_address) {
		p[at] = link_option(m);
		p[at + 1] = LINK_OPTION_BYTES / 8;
		memcpy(p + at + 2, m->link_address.byte, 6);
	}
}

size_t icmp_emit(const struct icmp *m, struct ip src, struct ip dst, struct room room)
{
	bool discovery = has_target(m) || (m->six && m->type == ICMP6_ROUTER_SOLICITATION);
	size_t len = HEADER_BYTES + (discovery ? discovery_size(m) : m->payload.len);
	uint8_t *p = room.at;

	if (room.len < len) return 0;
	p[0] = m->type;
	p[1] = m->code;
	store_be16(p + 2, 0);
	store_be32(p + 4, is_echo(m) ? (uint32_t)m->id << 16 | m->seq : m->rest);
	if (discovery) emit_discovery(m, p + HEADER_BYTES);
	else if (m->payload.len > 0) memmove(p + HEADER_BYTES, m->payload.at, m->payload.len);
	uint64_t sum = m->six ? checksum_pseudo(src, dst, IP_ICMP6, len) : 0;
	store_be16(p + 2, checksum_finish(checksum_add(sum, (struct bytes){ p, len })));
	return len;
}
