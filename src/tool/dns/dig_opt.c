/* SPDX-License-Identifier: ISC */
/* dig_opt.c - EDNS as dig prints it: a pseudosection, a line an option. */
#include "tool/dns/dig_print.h"

enum { NSID = 3, SUBNET = 8, EXPIRE = 9, COOKIE = 10, KEEPALIVE = 11, PADDING = 12, KEY_TAG = 14, EDE = 15 };

static bool is_utf8(struct bytes b)
{
	for (size_t i = 0; i < b.len;) {
		uint8_t c = b.at[i++];
		unsigned more = c < 0x80 ? 0 : c >> 5 == 6 ? 1 : c >> 4 == 14 ? 2 : c >> 3 == 30 ? 3 : 9;
		if (more == 9 || more > b.len - i || c == 0xc0 || c == 0xc1 || c > 0xf4) return false;
		if (more > 1 && ((c == 0xe0 && b.at[i] < 0xa0) || (c == 0xed && b.at[i] > 0x9f) || (c == 0xf0 && b.at[i] < 0x90) ||
		                 (c == 0xf4 && b.at[i] > 0x8f))) return false;
		for (; more > 0; more--, i++)
			if (b.at[i] >> 6 != 2) return false;
	}
	return true;
}

struct bytes dig_options(const struct dns_message *m)
{
	struct dns_name name;
	size_t at = m->records_at;

	for (unsigned n = m->counts[1] + m->counts[2] + m->counts[3]; n > 0; n--) {
		if (dns_name_read(m->bytes, &at, m->bytes.len, &name) != DROP_NONE || m->bytes.len - at < 10) break;
		const uint8_t *p = m->bytes.at + at;
		size_t len = load_be16(p + 8);
		at += 10;
		if (load_be16(p) == DNS_OPT) return (struct bytes){ m->bytes.at + at, len };
		at += len;
	}
	return (struct bytes){ NULL, 0 };
}

bool dig_option_next(struct bytes *left, struct dig_option *o)
{
	if (left->len < 4 || left->len - 4 < load_be16(left->at + 2)) return false;
	*o = (struct dig_option){ load_be16(left->at), { left->at + 4, load_be16(left->at + 2) } };
	*left = bytes_skip(*left, 4 + o->data.len);
	return true;
}

const char *dig_ede_text(uint16_t code)
{
	static const char *const words[] = { "Other", "Unsupported DNSKEY Algorithm", "Unsupported DS Digest Type", "Stale Answer",
		"Forged Answer", "DNSSEC Indeterminate", "DNSSEC Bogus", "Signature Expired", "Signature Not Yet Valid", "DNSKEY Missing",
		"RRSIGs Missing", "No Zone Key Bit Set", "NSEC Missing", "Cached Error", "Not Ready", "Blocked", "Censored", "Filtered",
		"Prohibited", "Stale NXDOMAIN Answer", "Not Authoritative", "Not Supported", "No Reachable Authority", "Network Error",
		"Invalid Data" };
	return code < COUNT(words) ? words[code] : NULL;
}

static void put_hex(struct text *out, struct bytes b, const char *gap)
{
	for (size_t i = 0; i < b.len; i++) text_printf(out, "%02x%s", b.at[i], gap);
}

/* What would steer a terminal is no letter, in UTF-8 neither. */
static void put_letters(struct text *out, struct bytes b, bool utf8)
{
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.at[i];
		bool steers = c < ' ' || c == 127 || (utf8 && c == 0xc2 && b.at[i + 1] < 0xa0);
		if (steers && c == 0xc2) i++;
		text_printf(out, "%c", steers || (!utf8 && c > 127) ? '.' : c);
	}
}

/* RFC 7871, 6; what breaks its rules is shown as bytes. */
static bool print_subnet(struct text *out, struct bytes b)
{
	uint8_t address[16] = { 0 };
	char ip[IP_TEXT_MAX];

	if (b.len < 4) return false;
	unsigned family = load_be16(b.at), bits = b.at[2], scope = b.at[3];
	size_t size = (bits + 7) / 8;
	if (family == 0 && bits == 0 && scope == 0 && b.len == 4) return text_puts(out, " 0/0/0"), true;
	if ((family != 1 && family != 2) || bits > (family == 1 ? 32 : 128) || scope > (family == 1 ? 32 : 128) || b.len - 4 != size) return false;
	memcpy(address, b.at + 4, size);
	if (bits % 8 > 0 && address[size - 1] & 0xff >> bits % 8) return false;
	text_printf(out, " %s/%u/%u", ip_text(family == 1 ? ip4_of(load_be32(address)) : ip6_of(address), ip), bits, scope);
	return true;
}

static void print_cookie(struct text *out, struct bytes b, struct bytes sent)
{
	text_puts(out, " ");
	put_hex(out, b, "");
	if (sent.len < 8 || b.len < 8) return;
	bool ours = memcmp(sent.at, b.at, 8) == 0;
	text_puts(out, ours && b.len >= 16 ? " (good)" : ours && b.len == 8 ? " (echoed)" : " (bad)");
}

static void print_ede(struct text *out, struct bytes b)
{
	if (b.len < 2) {
		if (b.len > 0) text_puts(out, " "), put_hex(out, b, " ");
		return;
	}
	const char *word = dig_ede_text(load_be16(b.at));
	text_printf(out, " %u", load_be16(b.at));
	if (word != NULL) text_printf(out, " (%s)", word);
	b = bytes_skip(b, 2);
	if (b.len == 0) return;
	text_puts(out, ": (");
	put_letters(out, b, is_utf8(b));
	text_puts(out, ")");
}

/* Whether the option has a form of its own, and it is kept. */
static bool print_known(struct text *out, const struct dig_option *o, struct bytes cookie)
{
	struct bytes b = o->data;

	switch (o->code) {
	case SUBNET: return print_subnet(out, b);
	case COOKIE:
		if (b.len > 0) print_cookie(out, b, cookie);
		return true;
	case EDE: print_ede(out, b); return true;
	case PADDING:
		if (b.len > 0) text_printf(out, " (%zu bytes)", b.len);
		return true;
	case EXPIRE:
		if (b.len != 4) return false;
		text_printf(out, " %u (", (unsigned)load_be32(b.at));
		dns_present_ttl(load_be32(b.at), true, out);
		text_puts(out, ")");
		return true;
	case KEEPALIVE:
		if (b.len != 2) return false;
		text_printf(out, " %u.%u secs", load_be16(b.at) / 10u, load_be16(b.at) % 10u);
		return true;
	case KEY_TAG:
		if (b.len == 0 || b.len % 2 != 0) return false;
		for (size_t i = 0; i < b.len; i += 2) text_printf(out, "%s %u", i > 0 ? "," : "", load_be16(b.at + i));
		return true;
	}
	return false;
}

static void print_option(struct text *out, const struct dig_option *o, struct bytes cookie)
{
	static const char *const names[] = { [1] = "LLQ", [NSID] = "NSID", [SUBNET] = "CLIENT-SUBNET", [EXPIRE] = "EXPIRE", [COOKIE] = "COOKIE",
		[KEEPALIVE] = "TCP KEEPALIVE", [PADDING] = "PAD", [KEY_TAG] = "KEY-TAG", [EDE] = "EDE", [16] = "CLIENT-TAG", [17] = "SERVER-TAG" };

	if (o->code < COUNT(names) && names[o->code] != NULL) text_printf(out, "; %s:", names[o->code]);
	else text_printf(out, "; OPT=%u:", o->code);
	if (!print_known(out, o, cookie) && o->data.len > 0) {
		text_puts(out, " ");
		put_hex(out, o->data, " ");
		if (o->code != SUBNET) {
			text_puts(out, "(\"");
			put_letters(out, o->data, o->code == NSID && is_utf8(o->data));
			text_puts(out, "\")");
		}
	}
	text_puts(out, "\n");
}

static uint16_t edns_flags(const struct dns_message *m)
{
	struct bytes options = dig_options(m);
	return load_be16(options.at - 4); /* the lower half of what would be the TTL */
}

void dig_print_opt(struct text *out, const struct dns_message *m, struct bytes cookie)
{
	struct bytes left = dig_options(m);
	struct dig_option o;
	uint16_t flags = edns_flags(m), rest = flags & 0x3fff;

	text_printf(out, ";; OPT PSEUDOSECTION:\n; EDNS: version: %u, flags:%s%s;", m->edns_version, flags & 0x8000 ? " do" : "",
	            flags & 0x4000 ? " co" : "");
	if (rest != 0) text_printf(out, " MBZ: 0x%04x, udp: %u\n", rest, m->edns_udp_size);
	else text_printf(out, " udp: %u\n", m->edns_udp_size);
	while (dig_option_next(&left, &o)) print_option(out, &o, cookie);
}
