/* SPDX-License-Identifier: ISC */
#include "stack/stack_inside.h"

static void send_message(struct stack *s, const struct way *w, struct ip src, struct ip dst, const struct icmp *m)
{
	struct header h = { .src = src, .dst = dst, .protocol = m->six ? IP_ICMP6 : IP_ICMP, .ttl = TTL_DEFAULT };
	size_t len = icmp_emit(m, src, dst, (struct room){ s->scratch, SCRATCH_BYTES });

	stack_out_datagram(s, w, &h, (struct bytes){ s->scratch, len });
}

/* Reads a packet again that is to be quoted: one that waited for a neighbour, or a fragment. */
bool stack_icmp_reread(struct bytes packet, uint16_t interface, struct packet *p)
{
	struct icmp_quote q;
	bool six = packet.len > 0 && packet.at[0] >> 4 == 6;

	if (!icmp_quote_parse(packet, six, &q)) return false;
	size_t header = six ? IP6_HEADER_BYTES : (packet.at[0] & 15) * 4u;
	*p = (struct packet){ .interface = interface, .src = q.src, .dst = q.dst, .protocol = q.protocol,
		.payload = bytes_skip(packet, header), .whole = packet };
	if (six && packet.at[6] == 44) p->payload = bytes_skip(p->payload, size_min(p->payload.len, 8));
	return true;
}

/* Tells the sender of a packet why it goes no further, if it may be told. The sender can be this host: then the
 * message comes back over the loop, and finds the socket or connection like any other. */
void stack_icmp_error(struct stack *s, const struct packet *p, enum icmp_reason why, uint16_t mtu)
{
	struct icmp_about about = { .src = p->src, .dst = p->dst, .protocol = p->protocol, .to_many = p->to_many,
		.later_fragment = p->later_fragment, .payload = p->payload, .packet = p->whole };
	struct icmp message;
	struct way w;

	if (!icmp_error_due(&about, why)) return;
	if (!stack_out_way(s, p->src, ip_is_link_local(p->src) ? p->interface : 0, &w)) return;
	if (!icmp_rate_take(&s->rate, s->now)) {
		stack_drop(s, DROP_RATE);
		return;
	}
	/* From the address it was sent to if that is ours (RFC 4443, 2.2), else that of the way out. */
	struct ip src = !p->to_many && stack_out_is_ours(s, p->dst) ? p->dst : w.source;
	if (ip_is_any(src)) return;
	icmp_error_make(&about, why, mtu, &message);
	send_message(s, &w, src, p->src, &message);
}

/* RFC 1122, 3.2.2.6 (one to a broadcast address may go unanswered, and does); RFC 4443, 4.2. */
static void echo(struct stack *s, const struct packet *p, const struct icmp *request)
{
	struct icmp reply = *request;
	struct way w;

	if (p->to_many && ip_is4(p->dst)) return;
	if (!stack_out_way(s, p->src, ip_is_link_local(p->src) ? p->interface : 0, &w)) return;
	reply.type = request->six ? ICMP6_ECHO_REPLY : ICMP4_ECHO_REPLY;
	send_message(s, &w, p->to_many ? w.source : p->dst, p->src, &reply);
}

/* What an error means to who sent the packet it is about. */
static enum net_why meaning(const struct icmp *m)
{
	if (m->six) {
		if (m->type == ICMP6_TOO_BIG) return NET_TOO_BIG;
		return m->type == ICMP6_UNREACHABLE && m->code == ICMP6_PORT_UNREACHABLE ? NET_REFUSED : NET_UNREACHABLE;
	}
	if (m->type != ICMP4_UNREACHABLE) return NET_UNREACHABLE;
	if (m->code == ICMP4_TOO_BIG) return NET_TOO_BIG;
	return m->code == ICMP4_PORT_UNREACHABLE ? NET_REFUSED : NET_UNREACHABLE;
}

static void error(struct stack *s, const struct icmp *m)
{
	struct icmp_quote q;

	if (!m->six && (m->type == ICMP4_REDIRECT || m->type == 4)) return; /* not heeded; RFC 6633 */
	if (!icmp_quote_parse(m->payload, m->six, &q) || !stack_out_is_ours(s, q.src)) {
		stack_drop(s, DROP_FIELD);
		return;
	}
	enum net_why why = meaning(m);
	uint16_t mtu = 0;
	if (why == NET_TOO_BIG) {
		/* RFC 8201, 4: no smaller than every link carries. An IPv4 router that does not say how much
		 * (before RFC 1191) leaves the next plateau to us. */
		uint32_t said = m->six ? m->rest : m->rest & 0xffff, min = m->six ? IP6_MTU_MIN : 576;
		mtu = (uint16_t)(said < min ? min : said > UINT16_MAX ? UINT16_MAX : said);
	}
	/* Only what somebody here may have sent teaches anything (RFC 5927, 4.1). */
	bool ours = q.protocol == IP_UDP ? stack_udp_bounced(s, &q, why) :
	            q.protocol == IP_TCP && stack_tcp_bounced(s, &q, why, mtu);
	if (ours && why == NET_TOO_BIG) stack_out_learn_mtu(s, q.dst, mtu);
}

void stack_icmp_input(struct stack *s, const struct packet *p)
{
	struct icmp m;
	bool six = !ip_is4(p->dst);
	enum drop drop = icmp_parse(p->payload, six, p->src, p->dst, &m);

	if (drop != DROP_NONE) {
		stack_drop(s, drop);
		return;
	}
	if (icmp_is_error(&m)) {
		error(s, &m);
		return;
	}
	if (m.type == (six ? ICMP6_ECHO_REQUEST : ICMP4_ECHO_REQUEST)) {
		echo(s, p, &m);
		return;
	}
	if (six && (m.type == ICMP6_NEIGHBOUR_SOLICITATION || m.type == ICMP6_NEIGHBOUR_ADVERTISEMENT))
		stack_neighbour_discovery(s, p, &m);
	else if (six && m.type == ICMP6_MLD_QUERY)
		stack_group_mld(s, p, &m);
	else
		stack_drop(s, DROP_UNKNOWN); /* an answer nobody asked for, or what only routers speak of */
}
