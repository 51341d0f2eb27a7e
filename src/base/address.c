/* SPDX-License-Identifier: ISC */
#include "base/address.h"


static uint8_t mask_at(uint8_t bits, size_t byte)
{
	if (bits >= 8 * (byte + 1)) return 0xff;
	if (bits <= 8 * byte) return 0;
	return (uint8_t)(0xff << (8 - (bits - 8 * byte)));
}

bool prefix_has(struct prefix p, struct ip ip)
{
	size_t whole = p.bits / 8;
	if (memcmp(p.ip.byte, ip.byte, whole) != 0) return false;
	return whole == 16 || ((p.ip.byte[whole] ^ ip.byte[whole]) & mask_at(p.bits, whole)) == 0;
}

struct ip prefix_first(struct prefix p)
{
	for (size_t i = 0; i < 16; i++) p.ip.byte[i] &= mask_at(p.bits, i);
	return p.ip;
}

struct ip prefix_last(struct prefix p)
{
	for (size_t i = 0; i < 16; i++) p.ip.byte[i] |= (uint8_t)~mask_at(p.bits, i);
	return p.ip;
}

/* A decimal number up to `max` without needless zeros in front; moves *p beyond it. */
static bool take_number(const char **p, uint32_t max, uint32_t *out)
{
	const char *s = *p;
	uint32_t v = 0;

	if (*s < '0' || *s > '9' || (s[0] == '0' && s[1] >= '0' && s[1] <= '9')) return false;
	for (; *s >= '0' && *s <= '9'; s++)
		if ((v = v * 10 + (uint32_t)(*s - '0')) > max) return false;
	*p = s;
	*out = v;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	if (c >= 'a' && c <= 'f') return c - 'a' + 10;
	if (c >= 'A' && c <= 'F') return c - 'A' + 10;
	return -1;
}

static bool take_ip4(const char **p, uint8_t out[4])
{
	const char *s = *p;
	for (int i = 0; i < 4; i++) {
		uint32_t v;
		if (i > 0 && *s++ != '.') return false;
		if (!take_number(&s, 255, &v)) return false;
		out[i] = (uint8_t)v;
	}
	*p = s;
	return true;
}

/* RFC 4291, 2.2: eight groups; one "::" for a run of zeros; the last two may be written as IPv4. */
static bool take_ip6(const char **p, struct ip *out)
{
	uint8_t byte[16] = { 0 };
	size_t n = 0, gap = SIZE_MAX;
	const char *s = *p;

	if (s[0] == ':' && s[1] == ':') gap = 0, s += 2;
	while (n < 16 && hex_digit(*s) >= 0) {
		const char *quad = s;
		uint32_t v = 0;
		int digits = 0;
		if (n <= 12 && take_ip4(&quad, byte + n)) {
			n += 4, s = quad;
			break;
		}
		for (; hex_digit(*s) >= 0 && digits < 4; s++, digits++) v = v << 4 | (uint32_t)hex_digit(*s);
		store_be16(byte + n, (uint16_t)v);
		n += 2;
		if (s[0] == ':' && s[1] == ':' && gap == SIZE_MAX) gap = n, s += 2;
		else if (s[0] == ':' && hex_digit(s[1]) >= 0 && n < 16) s++;
		else break;
	}
	if (gap == SIZE_MAX ? n != 16 : n > 14) return false;
	if (gap != SIZE_MAX) {
		memmove(byte + 16 - (n - gap), byte + gap, n - gap);
		memset(byte + gap, 0, 16 - n);
	}
	memcpy(out->byte, byte, 16);
	*p = s;
	return true;
}

static bool take_ip(const char **p, struct ip *out)
{
	uint8_t quad[4];
	if (take_ip4(p, quad)) {
		*out = ip4_of(load_be32(quad));
		return true;
	}
	return take_ip6(p, out);
}

bool ip_parse(const char *text, struct ip *out)
{
	struct ip ip;
	if (!take_ip(&text, &ip) || *text != '\0') return false;
	*out = ip;
	return true;
}

bool prefix_parse(const char *text, struct prefix *out)
{
	struct prefix p;
	uint32_t bits;

	if (!take_ip(&text, &p.ip) || *text++ != '/') return false;
	bool four = ip_is4(p.ip);
	if (!take_number(&text, four ? 32 : 128, &bits) || *text != '\0') return false;
	p.bits = (uint8_t)(four ? bits + 96 : bits);
	*out = p;
	return true;
}

bool addr_parse(const char *text, struct addr *out)
{
	struct addr a = { .port = 0 };
	uint32_t port;
	bool bracket = *text == '[';
	uint8_t quad[4];

	if (bracket) {
		text++;
		if (!take_ip6(&text, &a.ip) || *text++ != ']') return false;
	} else {
		if (!take_ip4(&text, quad)) return false;
		a.ip = ip4_of(load_be32(quad));
	}
	if (*text++ != ':' || !take_number(&text, 65535, &port) || *text != '\0') return false;
	a.port = (uint16_t)port;
	*out = a;
	return true;
}

bool mac_parse(const char *text, struct mac *out)
{
	struct mac m;
	for (int i = 0; i < 6; i++) {
		if (i > 0 && *text++ != ':') return false;
		if (hex_digit(text[0]) < 0 || hex_digit(text[1]) < 0) return false;
		m.byte[i] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
		text += 2;
	}
	if (*text != '\0') return false;
	*out = m;
	return true;
}

/* RFC 5952, 4.2: the longest run of two or more zero groups becomes "::", the first of equals. */
static void longest_zeros(struct ip ip, int *start, int *length)
{
	*start = -1, *length = 1;
	for (int i = 0; i < 8; i++) {
		int n = 0;
		while (i + n < 8 && load_be16(ip.byte + 2 * (i + n)) == 0) n++;
		if (n > *length) *start = i, *length = n;
		i += n;
	}
}

const char *ip_text(struct ip ip, char buffer[IP_TEXT_MAX])
{
	struct text t = text_in(buffer, IP_TEXT_MAX);
	int start, length;

	if (ip_is4(ip)) {
		const uint8_t *b = ip.byte + 12;
		text_printf(&t, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
		return buffer;
	}
	longest_zeros(ip, &start, &length);
	for (int i = 0; i < 8; i++) {
		if (i == start) {
			text_puts(&t, "::");
			i += length - 1;
			continue;
		}
		if (i > 0 && (start < 0 || i != start + length)) text_puts(&t, ":");
		text_printf(&t, "%x", load_be16(ip.byte + 2 * i));
	}
	return buffer;
}

const char *prefix_text(struct prefix p, char buffer[PREFIX_TEXT_MAX])
{
	ip_text(p.ip, buffer);
	size_t n = strlen(buffer);
	struct text t = text_in(buffer + n, PREFIX_TEXT_MAX - n);
	text_printf(&t, "/%u", ip_is4(p.ip) ? p.bits - 96u : p.bits);
	return buffer;
}

const char *addr_text(const struct addr *a, char buffer[ADDR_TEXT_MAX])
{
	char ip[IP_TEXT_MAX];
	struct text t = text_in(buffer, ADDR_TEXT_MAX);
	ip_text(a->ip, ip);
	text_printf(&t, ip_is4(a->ip) ? "%s:%u" : "[%s]:%u", ip, a->port);
	return buffer;
}

const char *mac_text(struct mac m, char buffer[MAC_TEXT_MAX])
{
	const uint8_t *b = m.byte;
	struct text t = text_in(buffer, MAC_TEXT_MAX);
	text_printf(&t, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	return buffer;
}
