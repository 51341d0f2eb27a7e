/* SPDX-License-Identifier: ISC */
/* What people type: addresses, prefixes, endpoints, spans of time. What is read and written is read back alike. */
#include "base/address.h"
#include "base/instant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[128], again[ADDR_TEXT_MAX];
	struct ip ip, ip2;
	struct prefix p, p2;
	struct addr a = { .port = 0 }, a2 = { .port = 0 };
	struct mac m, m2;
	instant span;

	if (size >= sizeof text) return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (ip_parse(text, &ip)) {
		bool same = ip_parse(ip_text(ip, again), &ip2) && ip_equal(ip, ip2);
		assert(same);
	}
	if (prefix_parse(text, &p)) {
		bool same = prefix_parse(prefix_text(p, again), &p2) && ip_equal(p.ip, p2.ip) && p.bits == p2.bits;
		assert(same && prefix_has(p, prefix_first(p)) && prefix_has(p, prefix_last(p)));
	}
	if (addr_parse(text, &a)) {
		bool same = addr_parse(addr_text(&a, again), &a2) && addr_equal(&a, &a2);
		assert(same);
	}
	if (mac_parse(text, &m)) {
		bool same = mac_parse(mac_text(m, again), &m2) && mac_equal(m, m2);
		assert(same);
	}
	if (instant_parse(text, &span)) assert(span >= 0);
	return 0;
}
