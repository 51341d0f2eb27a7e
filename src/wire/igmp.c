/* SPDX-License-Identifier: ISC */
#include "wire/igmp.h"

#include "base/checksum.h"

enum { HEADER_BYTES = 8, RECORD_BYTES = 8, QUERY3_BYTES = 12 };

bool igmp_record(struct bytes *rest, struct igmp_record *r)
{
	const uint8_t *p = rest->at;

	if (rest->len < RECORD_BYTES) return false;
	size_t len = RECORD_BYTES + (size_t)load_be16(p + 2) * 4 + (size_t)p[1] * 4;
	if (len > rest->len) return false;
	*r = (struct igmp_record){ .type = p[0], .sources = load_be16(p + 2), .group = ip4_of(load_be32(p + 4)) };
	*rest = bytes_skip(*rest, len);
	return true;
}

size_t igmp_record_emit(const struct igmp_record *r, struct room room)
{
	assert(r->sources == 0);
	if (room.len < RECORD_BYTES) return 0;
	room.at[0] = r->type;
	room.at[1] = 0; /* auxiliary data */
	store_be16(room.at + 2, 0);
	memcpy(room.at + 4, r->group.byte + 12, 4);
	return RECORD_BYTES;
}

/* RFC 3376, 4.2: the records must all be there; what lies behind them belongs to a later version. */
static enum drop parse_report3(const uint8_t *p, struct igmp *m)
{
	struct bytes rest = m->payload;
	struct igmp_record r;

	m->version3 = true;
	m->records = load_be16(p + 6);
	m->group = ip4_any();
	for (unsigned i = 0; i < m->records; i++)
		if (!igmp_record(&rest, &r)) return DROP_LENGTH;
	m->payload.len -= rest.len;
	return DROP_NONE;
}

static enum drop parse_query(struct bytes b, struct igmp *m)
{
	if (!ip_is_any(m->group) && !ip_is_multicast(m->group)) return DROP_FIELD;
	if (b.len == HEADER_BYTES) return DROP_NONE;
	if (b.len < QUERY3_BYTES) return DROP_LENGTH; /* RFC 3376, 7.1 */
	if (b.len < QUERY3_BYTES + (size_t)load_be16(b.at + 10) * 4) return DROP_LENGTH;
	m->version3 = true;
	return DROP_NONE;
}

enum drop igmp_parse(struct bytes b, struct igmp *m)
{
	if (b.len < HEADER_BYTES) return DROP_SHORT;
	if (checksum_finish(checksum_add(0, b)) != 0) return DROP_CHECKSUM;
	*m = (struct igmp){ .type = b.at[0], .group = ip4_of(load_be32(b.at + 4)),
	                    .payload = bytes_skip(b, HEADER_BYTES) };
	switch (m->type) {
	case IGMP_QUERY:
		m->max_response = b.at[1];
		return parse_query(b, m);
	case IGMP3_REPORT:
		return parse_report3(b.at, m);
	case IGMP1_REPORT:
	case IGMP2_REPORT:
	case IGMP2_LEAVE:
		return ip_is_multicast(m->group) ? DROP_NONE : DROP_FIELD;
	default:
		return DROP_UNKNOWN;
	}
}

size_t igmp_emit(const struct igmp *m, struct room room)
{
	bool report3 = m->type == IGMP3_REPORT, query3 = m->type == IGMP_QUERY && m->version3;
	size_t len = HEADER_BYTES + (report3 || query3 ? m->payload.len : 0);
	uint8_t *p = room.at;

	if (query3) len = size_max(len, QUERY3_BYTES);
	if (room.len < len) return 0;
	memset(p, 0, len);
	p[0] = m->type;
	p[1] = m->type == IGMP_QUERY ? m->max_response : 0;
	if (report3) store_be16(p + 6, m->records);
	else memcpy(p + 4, m->group.byte + 12, 4);
	if ((report3 || query3) && m->payload.len > 0) memcpy(p + HEADER_BYTES, m->payload.at, m->payload.len);
	store_be16(p + 2, checksum_finish(checksum_add(0, (struct bytes){ p, len })));
	return len;
}
