/* SPDX-License-Identifier: ISC */
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/print_parts.h"

enum { LENGTH_MAX = 1500, VLAN = 0x8100, PROVIDER = 0x88a8, REVERSE_ARP = 0x8035, LOOPBACK = 0x9000, TRAILER = 0x1000 };

static const struct name types[] = {
	{ ETH_IP4, "IPv4" }, { ETH_ARP, "ARP" }, { ETH_IP6, "IPv6" }, { VLAN, "802.1Q" }, { PROVIDER, "802.1Q-QinQ" },
	{ REVERSE_ARP, "Reverse ARP" }, { LOOPBACK, "Loopback" }, { TRAILER, "Trail" }, { 0x8847, "MPLS unicast" },
	{ 0x8848, "MPLS multicast" }, { 0x8863, "PPPoE D" }, { 0x8864, "PPPoE S" }, { 0x888e, "EAPOL" },
	{ 0x88cc, "LLDP" }, { 0x88a2, "AoE" }, { 0x8902, "CFM" }, { 0x6558, "TEB" }, { 0x8137, "IPX" }, { 0x880b, "PPP" },
	{ 0x8809, "Slow Protocols" }, { 0x894f, "NSH" }, { 0x88ca, "TIPC" }, { 0, NULL }
};

static const struct name hardware[] = { { 1, "Ethernet" }, { 6, "TokenRing" }, { 7, "ArcNet" }, { 15, "FrameRelay" },
	{ 23, "Strip" }, { 24, "IEEE 1394" }, { 19, "ATM" }, { 32, "InfiniBand" }, { 0, NULL } };
static const struct name operations[] = { { 1, "Request" }, { 2, "Reply" }, { 3, "Reverse Request" }, { 4, "Reverse Reply" },
	{ 8, "Inverse Request" }, { 9, "Inverse Reply" }, { 10, "NACK Reply" }, { 0, NULL } };

/* An ARP packet's addresses, whose lengths it says itself. */
struct arp_parts { uint16_t protocol; uint8_t mac_len, ip_len; const uint8_t *sender_mac, *sender, *target_mac, *target; };

static void say_arp_ip(struct line *l, const struct arp_parts *a, const uint8_t *at)
{
	if (a->protocol != ETH_IP4 && a->protocol != TRAILER) text_puts(l->out, "<wrong proto type>");
	else if (a->ip_len != 4) text_puts(l->out, "<wrong len>");
	else say_address(l, at, false);
}

static void say_arp_mac(struct line *l, const struct arp_parts *a, const uint8_t *at)
{
	if (a->mac_len == 0) text_puts(l->out, "<empty>");
	else say_mac(l, at, a->mac_len);
}

static bool any_set(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] != 0) return true;
	return false;
}

static void say_arp_request(struct line *l, const struct arp_parts *a)
{
	text_puts(l->out, "who-has ");
	say_arp_ip(l, a, a->target);
	if (any_set(a->target_mac, a->mac_len)) {
		text_puts(l->out, " (");
		say_arp_mac(l, a, a->target_mac);
		text_puts(l->out, ")");
	}
	text_puts(l->out, " tell ");
	say_arp_ip(l, a, a->sender);
}

/* False if nobody knows the operation. */
static bool say_arp_operation(struct line *l, const struct arp_parts *a, uint16_t op)
{
	switch (op) {
	case 1: say_arp_request(l, a); break;
	case 2:
		say_arp_ip(l, a, a->sender);
		text_puts(l->out, " is-at ");
		say_arp_mac(l, a, a->sender_mac);
		break;
	case 3:
	case 8:
		text_puts(l->out, "who-is ");
		say_arp_mac(l, a, a->target_mac);
		text_puts(l->out, " tell ");
		say_arp_mac(l, a, a->sender_mac);
		break;
	case 4:
	case 9:
		say_arp_mac(l, a, op == 4 ? a->target_mac : a->sender_mac);
		text_puts(l->out, " at ");
		say_arp_ip(l, a, op == 4 ? a->target : a->sender);
		break;
	default: return false;
	}
	return true;
}

static bool say_arp(struct line *l, struct part p)
{
	char other[40];
	struct text t = text_in(other, sizeof other);

	l->layer = "arp";
	if (p.have < 8) return cut_deep(l);
	struct arp_parts a = { .protocol = load_be16(p.at + 2), .mac_len = p.at[4], .ip_len = p.at[5] };
	if (p.have < 8 + 2 * ((size_t)a.mac_len + a.ip_len)) return cut_deep(l);
	a.sender_mac = p.at + 8;
	a.sender = a.sender_mac + a.mac_len;
	a.target_mac = a.sender + a.ip_len;
	a.target = a.target_mac + a.mac_len;
	uint16_t op = load_be16(p.at + 6), kind = load_be16(p.at);
	bool usual = (a.protocol == ETH_IP4 || a.protocol == TRAILER) && a.ip_len == 4 && a.mac_len > 0;
	unsigned verbose = l->print->verbose;

	if (!l->print->link_header) text_puts(l->out, "ARP, ");
	if (!usual || verbose > 0) {
		text_printf(&t, "Unknown Hardware (%u)", kind);
		SAY(l, "%s (len %u), ", name_of(hardware, kind, other), a.mac_len);
		text_clear(&t);
		text_printf(&t, "Unknown Protocol (0x%04x)", a.protocol);
		SAY(l, "%s (len %u)", name_of(types, a.protocol, other), a.ip_len);
	}
	if (usual || verbose > 0) {
		text_clear(&t);
		text_printf(&t, "Unknown (%u)", op);
		SAY(l, "%s%s ", verbose > 0 ? ", " : "", name_of(operations, op, other));
		if (!say_arp_operation(l, &a, op)) {
			say_hex(l, "\n\t", p, true);
			return true;
		}
	}
	SAY(l, ", length %zu", p.len);
	return true;
}

static void say_stations(struct line *l, struct part p)
{
	say_mac(l, p.at + 6, 6);
	text_puts(l->out, " > ");
	say_mac(l, p.at, 6);
}

/* -e: who, to whom, what. */
static void say_header(struct line *l, struct part p, uint16_t type)
{
	const char *name = name_of(types, type, NULL);

	say_stations(l, p);
	if (type <= LENGTH_MAX) SAY(l, ", 802.3, length %u: ", type);
	else if (!l->print->quiet) SAY(l, ", ethertype %s (0x%04x), length %zu: ", name != NULL ? name : "Unknown", type, p.len);
	else if (name != NULL) SAY(l, ", %s, length %zu: ", name, p.len);
	else SAY(l, ", Unknown Ethertype (0x%04x), length %zu: ", type, p.len);
}

/* What stands behind a tag of IEEE 802.1Q. */
static void say_inner(struct line *l, uint16_t type)
{
	const char *name = name_of(types, type, NULL);

	if (type <= LENGTH_MAX) return;
	if (name != NULL) SAY(l, "ethertype %s (0x%04x), ", name, type);
	else SAY(l, "ethertype Unknown (0x%04x), ", type);
}

static bool say_loopback(struct line *l, struct part p)
{
	l->layer = "loopback";
	text_puts(l->out, "Loopback");
	if (p.len < 2) text_puts(l->out, " (invalid)");
	else SAY(l, ", length %zu", p.len);
	return p.have >= p.len;
}

static bool is_tag(uint16_t type) { return type == VLAN || type == PROVIDER; }

/* Goes on to what the tags stand before. False if the capture ends in one. */
static bool say_tags(struct line *l, struct part frame, struct part *p, uint16_t *type)
{
	bool shown = l->print->link_header;

	l->layer = "vlan";
	if (shown && is_tag(*type) && p->have < 4) {
		say_stations(l, frame);
		text_puts(l->out, ", ");
		l->link_bytes += p->have;
		return false;
	}
	if (shown) say_header(l, frame, *type);
	for (bool first = true; is_tag(*type); first = false) {
		if (p->have < 4) {
			l->link_bytes += p->have;
			return false;
		}
		if (shown && !first) say_inner(l, *type);
		uint16_t tag = load_be16(p->at);
		*type = load_be16(p->at + 2);
		if (shown) SAY(l, "vlan %u, p %u%s, ", tag & 0xfff, tag >> 13, tag & 0x1000 ? ", DEI" : "");
		if (shown && !is_tag(*type)) say_inner(l, *type);
		l->link_bytes += 4;
		*p = part_skip(*p, 4);
	}
	return true;
}

bool say_ethernet(struct line *l, struct part frame)
{
	l->link_bytes = ETH_HEADER_BYTES;
	if (frame.have < ETH_HEADER_BYTES) return false;
	uint16_t type = load_be16(frame.at + 12);
	struct part p = part_skip(frame, ETH_HEADER_BYTES);

	if (!say_tags(l, frame, &p, &type)) return false;
	switch (type) {
	case ETH_IP4: return say_ip4(l, p);
	case ETH_IP6: return say_ip6(l, p);
	case ETH_ARP:
	case REVERSE_ARP: return say_arp(l, p);
	case LOOPBACK: return say_loopback(l, p);
	default: break;
	}
	if (!l->print->link_header) say_header(l, frame, type);
	bool shown_below = l->print->hex != PRINT_NO_HEX && l->print->hex < PRINT_TEXT;
	if (!shown_below && !l->print->quiet) say_hex(l, "\n\t", p, true);
	return true;
}
