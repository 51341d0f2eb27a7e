/* SPDX-License-Identifier: ISC */
#include "wire/dissect.h"

#include <ctype.h>

#include "base/checksum.h"
#include "wire/arp.h"
#include "wire/dissect_parts.h"
#include "wire/eth.h"

struct field *field_add(struct out *o, unsigned depth, const uint8_t *at, size_t len, const char *name, const char *why)
{
	struct field *f = o->count < o->max ? &o->field[o->count++] : &o->spare;
	size_t offset = (size_t)(at - o->frame.at);

	assert(offset <= o->frame.len && len <= o->frame.len - offset && offset + len <= UINT16_MAX);
	*f = (struct field){ .offset = (uint16_t)offset, .len = (uint16_t)len, .depth = (uint8_t)depth, .name = name,
	                     .why = why };
	return f;
}

/* Goes on where the value ends. */
struct text field_value(struct field *f)
{
	struct text t = { .at = f->value, .len = strlen(f->value), .size = sizeof f->value };
	return t;
}

void field_say(struct field *f, const char *format, ...)
{
	struct text t = field_value(f);
	va_list args;

	va_start(args, format);
	text_vprintf(&t, format, args);
	va_end(args);
}

const char *meaning_of(const struct meaning *m, uint32_t number)
{
	for (; m != NULL && m->words != NULL; m++)
		if (m->number == number) return m->words;
	return NULL;
}

/* As text where it is text, else in hexadecimal; as much as fits. */
static void say_bytes(struct field *f, const uint8_t *p, size_t len)
{
	struct text t = field_value(f);
	size_t readable = 0;

	while (readable < len && (isprint(p[readable]) || p[readable] == '\r' || p[readable] == '\n')) readable++;
	for (size_t i = 0; i < len && !t.cut; i++) {
		if (readable < len) text_printf(&t, "%02x", p[i]);
		else if (p[i] == '\n') text_puts(&t, "\\n");
		else if (p[i] != '\r') text_printf(&t, "%c", p[i]);
	}
}

static uint32_t number_at(const uint8_t *p, size_t len, uint32_t mask)
{
	uint32_t n = 0;

	for (size_t i = 0; i < len && i < 4; i++) n = n << 8 | p[i];
	return mask == 0 ? n : (n & mask) / (mask & -mask);
}

static void row_value(struct field *f, const struct row *r, const uint8_t *p)
{
	uint32_t n = number_at(p, r->len, r->mask);
	char buffer[IP_TEXT_MAX];
	struct mac mac;

	switch (r->format) {
	case NUMBER: field_say(f, "%u", n); break;
	case HEX: field_say(f, "0x%0*x", r->mask == 0 ? r->len * 2 : 2, n); break;
	case BYTES: say_bytes(f, p, r->len); break;
	case MAC:
		memcpy(mac.byte, p, 6);
		field_say(f, "%s", mac_text(mac, buffer));
		break;
	case IP4: field_say(f, "%s", ip_text(ip4_of(load_be32(p)), buffer)); break;
	case IP6: field_say(f, "%s", ip_text(ip6_of(p), buffer)); break;
	case FLAG: field_say(f, n != 0 ? "set" : "not set"); break;
	case WORDS: field_say(f, "%u (%u bytes)", n, n * 4); break;
	case UNITS: field_say(f, "%u (%u bytes)", n, n * 8); break;
	case SPAN_TENTHS: field_say(f, "%u (%u.%u s)", n, n / 10, n % 10); break;
	case SECONDS: field_say(f, "%u s", n); break;
	case MILLISECONDS: field_say(f, "%u ms", n); break;
	}
	const char *words = meaning_of(r->meaning, n);
	if (words != NULL) field_say(f, " (%s)", words);
}

bool rows_add(struct out *o, const struct row *row, size_t rows, struct bytes header)
{
	size_t end = size_min(row[0].offset, header.len);

	for (size_t i = 0; i < rows; i++) {
		const struct row *r = &row[i];
		if ((size_t)r->offset + r->len > header.len) {
			rest_add(o, bytes_skip(header, end), "Cut off", "The packet ends within this header.");
			return false;
		}
		struct field *f = field_add(o, r->depth, header.at + r->offset, r->len, r->name, r->why);
		row_value(f, r, header.at + r->offset);
		end = size_max(end, (size_t)r->offset + r->len);
	}
	return true;
}

void rest_add(struct out *o, struct bytes b, const char *name, const char *why)
{
	if (b.len > 0) say_bytes(field_add(o, 1, b.at, b.len, name, why), b.at, b.len);
}

void layer_refused(struct field *layer, enum drop why)
{
	if (why != DROP_NONE) field_say(layer, "%srefused: %s", layer->value[0] != '\0' ? "; " : "", drop_words(why));
}

void checksum_say(struct out *o, size_t first_field, uint16_t found, uint16_t left)
{
	uint32_t should = (uint32_t)found + left;

	for (size_t i = first_field; i < o->count; i++) {
		if (strstr(o->field[i].name, "hecksum") == NULL) continue;
		if (left == 0) field_say(&o->field[i], " (right)");
		else field_say(&o->field[i], " (wrong: it should be 0x%04x)", (uint16_t)(should + (should >> 16)));
	}
}

void dissect_data(struct out *o, struct bytes b, const char *name, const char *why)
{
	if (b.len == 0) return;
	struct field *layer = field_add(o, 0, b.at, b.len, name, why);
	field_say(layer, "%zu bytes", b.len);
	rest_add(o, b, "Data", NULL);
}

static const struct meaning ethertypes[] = { { ETH_IP4, "IPv4" }, { ETH_ARP, "ARP" }, { ETH_IP6, "IPv6" }, { 0, NULL } };
static const struct row ethernet[] = {
	{ 0, 6, 1, 0, MAC, "Destination Address", "Which station on this link is to take the frame; a group's address has its first bit set.", NULL },
	{ 6, 6, 1, 0, MAC, "Source Address", "Which station on this link sent it, so that switches learn where it is.", NULL },
	{ 12, 2, 1, 0, HEX, "EtherType", "Which protocol reads what follows.", ethertypes },
};

static const struct meaning hardware[] = { { 1, "Ethernet" }, { 0, NULL } };
static const struct meaning operations[] = { { ARP_REQUEST, "request" }, { ARP_REPLY, "reply" }, { 0, NULL } };
static const struct row arp[] = {
	{ 0, 2, 1, 0, NUMBER, "Hardware address space (ar$hrd)", "What kind of link the hardware addresses are from.", hardware },
	{ 2, 2, 1, 0, HEX, "Protocol address space (ar$pro)", "Which protocol's addresses are asked for, as an EtherType.", ethertypes },
	{ 4, 1, 1, 0, NUMBER, "Byte length of each hardware address (ar$hln)", "So that those who do not know the link can still read on.", NULL },
	{ 5, 1, 1, 0, NUMBER, "Byte length of each protocol address (ar$pln)", "The same for the protocol's addresses.", NULL },
	{ 6, 2, 1, 0, NUMBER, "Opcode (ar$op)", "Whether this asks or answers.", operations },
	{ 8, 6, 1, 0, MAC, "Hardware address of sender (ar$sha)", "The asker tells its own address as well: an answer needs no question back.", NULL },
	{ 14, 4, 1, 0, IP4, "Protocol address of sender (ar$spa)", "Whoever hears it may note that these two belong together.", NULL },
	{ 18, 6, 1, 0, MAC, "Hardware address of target (ar$tha)", "What a request wants to know: there it is empty.", NULL },
	{ 24, 4, 1, 0, IP4, "Protocol address of target (ar$tpa)", "Who is asked for: whoever has this address answers.", NULL },
};

static void dissect_arp(struct out *o, struct bytes b)
{
	struct arp a;
	enum drop why = arp_parse(b, &a);
	struct bytes header = bytes_first(b, size_min(b.len, ARP_BYTES));
	struct field *layer = field_add(o, 0, b.at, header.len, "Address Resolution Protocol",
	                                "Finds out which station on the link has an IPv4 address (RFC 826).");
	char sender[IP_TEXT_MAX], target[IP_TEXT_MAX];

	if (why == DROP_NONE && a.op == ARP_REQUEST)
		field_say(layer, "who has %s? tell %s", ip_text(a.target, target), ip_text(a.sender, sender));
	else if (why == DROP_NONE)
		field_say(layer, "%s is at %s", ip_text(a.sender, sender), mac_text(a.sender_mac, target));
	layer_refused(layer, why);
	rows_add(o, arp, COUNT(arp), header);
	dissect_data(o, bytes_skip(b, header.len), "Padding", "Ethernet's frames have at least 60 bytes; what is missing is filled up.");
}

size_t dissect(struct bytes frame, struct field *field, size_t max)
{
	struct out o = { .frame = frame, .field = field, .max = max };
	char from[MAC_TEXT_MAX], to[MAC_TEXT_MAX];
	struct eth e;

	if (frame.len == 0 || frame.len > UINT16_MAX) return 0;
	struct bytes header = bytes_first(frame, size_min(frame.len, ETH_HEADER_BYTES));
	struct field *layer = field_add(&o, 0, frame.at, header.len, "Ethernet",
	                                "Carries a packet from one station to another on the same link.");
	enum drop why = eth_parse(frame, &e);
	if (why == DROP_NONE) field_say(layer, "%s > %s", mac_text(e.src, from), mac_text(e.dst, to));
	layer_refused(layer, why);
	if (!rows_add(&o, ethernet, COUNT(ethernet), header)) return o.count;
	switch (e.type) {
	case ETH_IP4: dissect_ip4(&o, e.payload, false); break;
	case ETH_IP6: dissect_ip6(&o, e.payload, false); break;
	case ETH_ARP: dissect_arp(&o, e.payload); break;
	default: dissect_data(&o, e.payload, "Data", "Of a protocol that is not read here."); break;
	}
	return o.count;
}
