/* SPDX-License-Identifier: ISC */
/* A router's work (RFC 1812, 5.2; RFC 8200). Multicast and broadcast never come here. Redirects (RFC 1812,
 * 5.2.7.2) are a "may" and are not sent. */
#include "stack/stack_inside.h"

static void refuse(struct stack *s, const struct packet *p, enum drop drop, enum icmp_reason why, uint16_t mtu)
{
	stack_drop(s, drop);
	stack_icmp_error(s, p, why, mtu);
}

/* One less in the TTL, which is the high byte of its word, is 0x0100 more in the checksum: RFC 1624, eqn. 3. */
static void decrement_ttl4(uint8_t *packet)
{
	uint32_t sum = load_be16(packet + 10) + 0x0100u;
	packet[8]--;
	store_be16(packet + 10, (uint16_t)(sum + (sum >> 16)));
}

/* Larger than the way takes: cut, or refused if it may not be (RFC 791; RFC 8200, 5). */
static void forward_large(struct stack *s, const struct packet *p, const struct way *w)
{
	struct ip4 ip;

	if (!ip_is4(p->dst)) {
		refuse(s, p, DROP_TOO_BIG, ICMP_TOO_BIG, w->mtu);
		return;
	}
	enum drop drop = ip4_parse(p->whole, &ip);
	assert(drop == DROP_NONE); /* it was, when it came in */
	if (ip.dont_fragment) {
		refuse(s, p, DROP_TOO_BIG, ICMP_TOO_BIG, w->mtu);
		return;
	}
	ip.ttl--;
	s->counts.forwarded++;
	stack_out_fragments4(s, w, &ip);
}

void stack_forward(struct stack *s, const struct packet *p)
{
	struct way w;

	/* RFC 1812, 5.3.1: checked before anything is looked up. */
	if (p->ttl <= 1) {
		refuse(s, p, DROP_TTL, ICMP_TTL, 0);
		return;
	}
	if (ip_is_link_local(p->src) || ip_is_any(p->src)) { /* RFC 4291, 2.5.6; RFC 3927, 7 */
		stack_drop(s, DROP_SOURCE);
		return;
	}
	const struct route *r = p->route;
	if (r == NULL) {
		refuse(s, p, DROP_NO_ROUTE, ICMP_NO_ROUTE, 0);
		return;
	}
	w = (struct way){ .next = ip_is_any(r->gateway) ? p->dst : r->gateway, .interface = r->interface,
		.mtu = s->interface[r->interface].mtu, .kind = WAY_ONE, .unvouched = !p->checked };
	if (p->whole.len > w.mtu) {
		forward_large(s, p, &w);
		return;
	}
	struct room room = stack_out_room(s, &w, p->whole.len);
	if (room.at == NULL) return;
	memcpy(room.at, p->whole.at, p->whole.len);
	if (ip_is4(p->dst)) decrement_ttl4(room.at);
	else room.at[7]--;
	s->counts.forwarded++;
	stack_out_commit(s, &w, p->whole.len, NULL);
}
