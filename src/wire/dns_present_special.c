/* SPDX-License-Identifier: ISC */
/* Types whose data has a grammar of its own. Each takes all of it, or says false. */
#include "wire/dns_present.h"

static bool ip_put(struct dns_present *p, bool four)
{
	char buffer[IP_TEXT_MAX];
	struct bytes b;

	if (!dns_present_take(p, four ? 4 : 16, &b)) return false;
	dns_present_put(p, "%s", ip_text(four ? ip4_of(load_be32(b.at)) : ip6_of(b.at), buffer));
	return true;
}

static bool name_put(struct dns_present *p)
{
	struct dns_name name;

	if (!dns_present_take_name(p, &name)) return false;
	if (p->t != NULL) dns_present_name(&name, p->t);
	return true;
}

/* RFC 3123, 4. */
bool dns_present_apl(struct dns_present *p)
{
	char buffer[IP_TEXT_MAX];
	struct bytes head, b;

	for (const char *gap = ""; dns_present_left(p) > 0; gap = " ") {
		uint8_t address[16] = { 0 };
		if (!dns_present_take(p, 4, &head) || !dns_present_take(p, head.at[3] & 0x7f, &b)) return false;
		unsigned family = load_be16(head.at), bits = head.at[2];
		if (family != 1 && family != 2) return false;
		size_t size = family == 1 ? 4 : 16;
		if (b.len > size || bits > size * 8 || (b.len > 0 && b.at[b.len - 1] == 0)) return false;
		if (b.len > 0) memcpy(address, b.at, b.len);
		dns_present_put(p, "%s%s%u:%s/%u", gap, head.at[3] & 0x80 ? "!" : "", family,
		                ip_text(family == 1 ? ip4_of(load_be32(address)) : ip6_of(address), buffer), bits);
	}
	return true;
}

/* --- SVCB, HTTPS (RFC 9460, 2.1) --- */

static const char *key_text(unsigned key, char buffer[16])
{
	static const char *const words[] = { "mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint" };
	struct text t = text_in(buffer, 16);

	if (key < COUNT(words)) return words[key];
	text_printf(&t, "key%u", key);
	return buffer;
}

/* A comma within a protocol's name is escaped twice (RFC 9460, appendix A.1). */
static void protocol_put(struct dns_present *p, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.at[i];
		if (c == ',') dns_present_put(p, "\\\\,");
		else if (c == '\\') dns_present_put(p, "\\\\\\\\");
		else if (c == '"') dns_present_put(p, "\\\"");
		else if (c < ' ' || c >= 127) dns_present_put(p, "\\%03u", c);
		else dns_present_put(p, "%c", c);
	}
}

static bool protocols(struct dns_present *p, struct bytes b)
{
	if (b.len == 0) return false;
	dns_present_put(p, "=\"");
	for (const char *gap = ""; b.len > 0; gap = ",") {
		size_t n = b.at[0];
		if (n == 0 || n > b.len - 1) return false;
		dns_present_put(p, "%s", gap);
		protocol_put(p, (struct bytes){ b.at + 1, n });
		b = bytes_skip(b, 1 + n);
	}
	dns_present_put(p, "\"");
	return true;
}

static bool hints(struct dns_present *p, struct bytes b, size_t size)
{
	char buffer[IP_TEXT_MAX];

	if (b.len == 0 || b.len % size != 0) return false;
	for (size_t i = 0; i < b.len; i += size)
		dns_present_put(p, "%s%s", i > 0 ? "," : "=", ip_text(size == 4 ? ip4_of(load_be32(b.at + i)) : ip6_of(b.at + i), buffer));
	return true;
}

static bool mandatory(struct dns_present *p, struct bytes b)
{
	char buffer[16];

	if (b.len == 0 || b.len % 2 != 0) return false;
	for (size_t i = 0; i < b.len; i += 2) dns_present_put(p, "%s%s", i > 0 ? "," : "=", key_text(load_be16(b.at + i), buffer));
	return true;
}

static bool parameter(struct dns_present *p, unsigned key, struct bytes b)
{
	char buffer[16];

	dns_present_put(p, " %s", key_text(key, buffer));
	switch (key) {
	case 0: return mandatory(p, b);
	case 1: return protocols(p, b);
	case 2: return b.len == 0;
	case 3:
		if (b.len == 2) dns_present_put(p, "=%u", load_be16(b.at));
		return b.len == 2;
	case 4: return hints(p, b, 4);
	case 6: return hints(p, b, 16);
	case 5:
		dns_present_put(p, "=");
		dns_present_base64(p, b, 0);
		return b.len > 0;
	}
	if (b.len == 0) return true;
	dns_present_put(p, "=");
	dns_present_string(p, b, true);
	return true;
}

bool dns_present_svcb(struct dns_present *p)
{
	struct bytes head, b;
	int last = -1;

	if (!dns_present_take(p, 2, &head)) return false;
	dns_present_put(p, "%u ", load_be16(head.at));
	if (!name_put(p)) return false;
	while (dns_present_left(p) > 0) {
		if (!dns_present_take(p, 4, &head) || load_be16(head.at) <= last || !dns_present_take(p, load_be16(head.at + 2), &b)) return false;
		last = load_be16(head.at);
		if (!parameter(p, (unsigned)last, b)) return false;
	}
	return true;
}

/* --- LOC (RFC 1876) --- */

static void angle_put(struct dns_present *p, uint32_t value, char positive, char negative)
{
	bool below = value < UINT32_C(1) << 31;
	uint32_t n = below ? (UINT32_C(1) << 31) - value : value - (UINT32_C(1) << 31);

	dns_present_put(p, "%u %u %u.%03u %c ", (unsigned)(n / 3600000), (unsigned)(n / 60000 % 60), (unsigned)(n / 1000 % 60),
	                (unsigned)(n % 1000), below ? negative : positive);
}

/* A digit and a power of ten, in centimetres. */
static void size_put(struct dns_present *p, uint8_t size, const char *gap)
{
	static const uint32_t ten[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000 };
	unsigned digit = size >> 4, power = size & 15;

	if (power < 2) dns_present_put(p, "%s0.%02um", gap, (unsigned)(digit * ten[power]));
	else dns_present_put(p, "%s%um", gap, (unsigned)(digit * ten[power - 2]));
}

static bool size_good(uint8_t size) { return size >> 4 <= 9 && (size & 15) <= 9 && (size >> 4 > 0 || (size & 15) == 0); }

bool dns_present_loc(struct dns_present *p)
{
	struct bytes b;

	if (dns_present_left(p) != 16 || !dns_present_take(p, 16, &b) || b.at[0] != 0) return false;
	uint32_t latitude = load_be32(b.at + 4), longitude = load_be32(b.at + 8), altitude = load_be32(b.at + 12);
	uint32_t middle = UINT32_C(1) << 31;
	if (!size_good(b.at[1]) || !size_good(b.at[2]) || !size_good(b.at[3])) return false;
	if (latitude > middle + 90 * 3600000u || latitude < middle - 90 * 3600000u) return false;
	if (longitude > middle + 180 * 3600000u || longitude < middle - 180 * 3600000u) return false;
	angle_put(p, latitude, 'N', 'S');
	angle_put(p, longitude, 'E', 'W');
	bool below = altitude < 10000000;
	uint32_t metres = below ? 10000000 - altitude : altitude - 10000000;
	dns_present_put(p, "%s%u.%02um", below ? "-" : "", (unsigned)(metres / 100), (unsigned)(metres % 100));
	for (int i = 1; i <= 3; i++) size_put(p, b.at[i], " ");
	return true;
}

/* --- where to tunnel --- */

static bool gateway(struct dns_present *p, unsigned kind)
{
	switch (kind) {
	case 0: dns_present_put(p, "."); return true;
	case 1: return ip_put(p, true);
	case 2: return ip_put(p, false);
	case 3: return name_put(p);
	}
	return false;
}

bool dns_present_ipseckey(struct dns_present *p) /* RFC 4025, 2 */
{
	struct bytes head, key;

	if (!dns_present_take(p, 3, &head)) return false;
	if (p->style->multiline) dns_present_put(p, "( ");
	dns_present_put(p, "%u %u %u ", head.at[0], head.at[1], head.at[2]);
	if (!gateway(p, head.at[1])) return false;
	if (dns_present_left(p) > 0) {
		dns_present_take(p, dns_present_left(p), &key);
		dns_present_put(p, "%s", dns_present_break(p));
		dns_present_base64(p, key, p->style->split);
	}
	if (p->style->multiline) dns_present_put(p, " )");
	return true;
}

bool dns_present_amtrelay(struct dns_present *p) /* RFC 8777, 4 */
{
	struct bytes head;

	if (!dns_present_take(p, 2, &head)) return false;
	dns_present_put(p, "%u %u %u ", head.at[0], head.at[1] >> 7, head.at[1] & 0x7fu);
	return gateway(p, head.at[1] & 0x7f);
}

bool dns_present_hip(struct dns_present *p) /* RFC 8005, 5 */
{
	struct bytes head, hit, key;

	if (!dns_present_take(p, 4, &head) || !dns_present_take(p, head.at[0], &hit) ||
	    !dns_present_take(p, load_be16(head.at + 2), &key) || hit.len == 0 || key.len == 0) return false;
	if (p->style->multiline) dns_present_put(p, "( ");
	dns_present_put(p, "%u ", head.at[1]);
	dns_present_hex(p, hit, 0);
	dns_present_put(p, "%s", dns_present_break(p));
	dns_present_base64(p, key, 0);
	while (dns_present_left(p) > 0) {
		dns_present_put(p, "%s", dns_present_break(p));
		if (!name_put(p)) return false;
	}
	if (p->style->multiline) dns_present_put(p, " )");
	return true;
}

bool dns_present_wks(struct dns_present *p) /* RFC 1035, 3.4.2 */
{
	struct bytes protocol, bits;

	if (!ip_put(p, true) || !dns_present_take(p, 1, &protocol)) return false;
	dns_present_put(p, " %u", protocol.at[0]);
	dns_present_take(p, dns_present_left(p), &bits);
	if (bits.len > 8192) return false;
	for (unsigned i = 0; i < bits.len * 8; i++)
		if (bits.at[i / 8] & 0x80 >> i % 8) dns_present_put(p, " %u", i);
	return true;
}

bool dns_present_nsap(struct dns_present *p) /* RFC 1706, 5 */
{
	struct bytes b;

	if (dns_present_left(p) == 0) return false;
	dns_present_take(p, dns_present_left(p), &b);
	dns_present_put(p, "0x");
	for (size_t i = 0; i < b.len; i++) dns_present_put(p, "%02x", b.at[i]);
	return true;
}
