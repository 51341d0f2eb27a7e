/* SPDX-License-Identifier: ISC */
/* IGMP and MLD around the groups this host is a member of. */
#include "stack/stack_inside.h"

#include "wire/igmp.h"

static const struct ip all_mld2_routers = { { 0xff, 0x02, [15] = 0x16 } }; /* RFC 3810, 5.2.14 */

void stack_group_igmp(struct stack *s, const struct packet *p)
{
	struct igmp m;
	enum drop drop = igmp_parse(p->payload, &m);

	if (drop == DROP_NONE && p->interface == LOOP) drop = DROP_FIELD;
	if (drop != DROP_NONE) {
		stack_drop(s, drop);
		return;
	}
	if (m.type == IGMP_QUERY) {
		/* RFC 3376, 4.1.1: from 128 on it is a small floating-point number. */
		uint32_t code = m.max_response, tenths = code;
		if (m.version3 && code >= 128) tenths = (16u | (code & 15)) << ((code >> 4 & 7) + 3);
		struct group_query q = { .group = m.group, .version3 = m.version3,
			.max_response = (instant)tenths * (SECOND / 10) };
		group_query(&s->groups, s->now, p->interface, &q);
	} else if ((m.type == IGMP2_REPORT || m.type == IGMP1_REPORT) && ip_equal(p->dst, m.group)) {
		/* To the group, which no router passes on: nobody further away can silence us (RFC 2236, 2.4). */
		group_heard(&s->groups, p->interface, m.group);
	}
}

/* A version 1 query has 20 bytes after the second word of the message: delay and reserved lie in that word. */
void stack_group_mld(struct stack *s, const struct packet *p, const struct icmp *m)
{
	if (p->ttl != 1 || p->interface == LOOP || !ip_is_link_local(p->src) || m->payload.len < 16) {
		stack_drop(s, DROP_FIELD); /* RFC 3810, 6.2 */
		return;
	}
	uint32_t code = m->rest >> 16, milliseconds = code;
	if (m->payload.len >= 20 && code >= 32768) /* RFC 3810, 5.1.3 */
		milliseconds = (4096u | (code & 0xfff)) << ((code >> 12 & 7) + 3);
	struct group_query q = { .group = ip6_of(m->payload.at), .version3 = true,
		.max_response = (instant)milliseconds * MILLISECOND };
	if (ip_is4(q.group)) return;
	group_query(&s->groups, s->now, p->interface, &q);
}

static uint8_t record_type(enum group_what what)
{
	static const uint8_t types[] = { [GROUP_JOINED] = IGMP3_TO_EXCLUDE, [GROUP_LEFT] = IGMP3_TO_INCLUDE,
		[GROUP_IS_MEMBER] = IGMP3_IS_EXCLUDE }; /* without sources: "from everyone", "from no one" */
	return types[what];
}

static void send_report(struct stack *s, uint16_t interface, struct ip dst, struct ip src, uint8_t protocol,
                        struct bytes message)
{
	struct header h = { .src = src, .dst = dst, .protocol = protocol, .ttl = 1, .router_alert = true };
	struct way w = { .next = dst, .interface = interface, .mtu = s->interface[interface].mtu,
		.kind = WAY_MULTICAST };
	stack_out_datagram(s, &w, &h, message);
}

static void report4(struct stack *s, const struct group_report *r)
{
	uint8_t record[8], message[16];
	struct igmp m = { .type = IGMP3_REPORT, .version3 = true, .records = 1 };
	struct ip dst = ip4_of(0xe0000016), src = s->interface[r->interface].source4;

	if (r->version2) {
		m = (struct igmp){ .type = r->what == GROUP_LEFT ? IGMP2_LEAVE : IGMP2_REPORT, .group = r->group };
		dst = r->what == GROUP_LEFT ? ip4_of(0xe0000002) : r->group;
	} else {
		struct igmp_record one = { .type = record_type(r->what), .group = r->group };
		m.payload = (struct bytes){ record, igmp_record_emit(&one, (struct room){ record, sizeof record }) };
	}
	size_t len = igmp_emit(&m, (struct room){ message, sizeof message });
	send_report(s, r->interface, dst, src, IP_IGMP, (struct bytes){ message, len });
}

static void report6(struct stack *s, const struct group_report *r)
{
	uint8_t record[20] = { record_type(r->what) }, message[32];
	struct icmp m = { .six = true, .type = ICMP6_MLD2_REPORT, .rest = 1, .payload = { record, sizeof record } };
	struct ip src = s->interface[r->interface].link_local;

	memcpy(record + 4, r->group.byte, 16);
	size_t len = icmp_emit(&m, src, all_mld2_routers, (struct room){ message, sizeof message });
	send_report(s, r->interface, all_mld2_routers, src, IP_ICMP6, (struct bytes){ message, len });
}

void stack_group_due(struct stack *s)
{
	struct group_report r;

	while (group_output(&s->groups, s->now, &r))
		if (ip_is4(r.group)) report4(s, &r);
		else report6(s, &r);
}
