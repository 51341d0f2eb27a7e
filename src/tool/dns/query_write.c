/* SPDX-License-Identifier: ISC */
#include "tool/dns/query.h"

#define OPT_BYTES 11
#define OPTION_HEAD_BYTES 4
#define PADDING 12 /* RFC 7830, 3 */

static bool put_option(struct room room, size_t *len, uint16_t code, struct bytes data)
{
	if (room.len - *len < OPTION_HEAD_BYTES + data.len) return false;
	store_be16(room.at + *len, code);
	store_be16(room.at + *len + 2, (uint16_t)data.len);
	if (data.len > 0) memcpy(room.at + *len + OPTION_HEAD_BYTES, data.at, data.len);
	*len += OPTION_HEAD_BYTES + data.len;
	return true;
}

static bool put_padding(struct room room, size_t *len, size_t before, uint16_t block)
{
	static const uint8_t zeros[QUERY_OPTION_BYTES_MAX];
	size_t all = before + OPT_BYTES + *len + OPTION_HEAD_BYTES;
	size_t pad = (block - all % block) % block;

	return pad <= sizeof zeros && put_option(room, len, PADDING, (struct bytes){ zeros, pad });
}

static bool put_opt(struct dns_builder *b, const struct query_edns *e, uint16_t rcode)
{
	uint8_t data[QUERY_OPTION_BYTES_MAX * 2];
	struct room room = { data, sizeof data };
	size_t len = 0;

	for (size_t i = 0; i < e->options; i++)
		if (!put_option(room, &len, e->option[i].code, e->option[i].data)) return false;
	if (e->padding_block > 0 && !put_padding(room, &len, b->len, e->padding_block)) return false;
	const struct dns_rr opt = { .name = { .len = 1 }, .type = DNS_OPT, .class = e->udp_size > 0 || e->udp_size_zero ? e->udp_size : DNS_UDP_EDNS,
		.ttl = (uint32_t)(rcode >> 4 & 0xff) << 24 | (uint32_t)e->version << 16 | (e->dnssec_ok ? 0x8000u : 0) | (e->z & 0x7fffu),
		.section = DNS_ADDITIONAL, .rdata = { data, len } };
	return dns_add_rr(b, &opt);
}

/* RFC 1995, 3: the zone that one has, by its SOA in the authority section; only the serial counts. */
static bool put_soa(struct dns_builder *b, const struct query_want *w)
{
	uint8_t rdata[22] = { 0 };
	const struct dns_rr soa = { .name = w->question.name, .type = DNS_SOA, .class = w->question.class,
		.section = DNS_AUTHORITY, .rdata = { rdata, sizeof rdata } };

	store_be32(rdata + 2, w->serial);
	return dns_add_rr(b, &soa);
}

size_t query_write(const struct query_want *w, uint16_t id, struct room room)
{
	struct dns_builder b;

	dns_begin(&b, room, room.len, id, w->flags, w->opcode, w->rcode);
	if (!w->no_question && !dns_add_question(&b, &w->question)) return 0;
	if (!w->no_question && w->question.type == DNS_IXFR && !put_soa(&b, w)) return 0;
	if (w->edns.on && !put_opt(&b, &w->edns, w->rcode)) return 0;
	return dns_end(&b);
}

const char *query_way_text(enum query_way way)
{
	static const char *const words[] = { [QUERY_UDP] = "UDP", [QUERY_TCP] = "TCP", [QUERY_TLS] = "TLS", [QUERY_HTTPS] = "HTTPS" };
	return words[way];
}
