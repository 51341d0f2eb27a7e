/* SPDX-License-Identifier: ISC */
/* Ethernet, ARP, and the names of drops. */
#include "wire/eth.h"

#include <ctype.h>

#include "tap.h"
#include "wire/arp.h"

static void a_frame_comes_back_as_it_went(void)
{
	struct eth e = { { { 1, 2, 3, 4, 5, 6 } }, { { 7, 8, 9, 10, 11, 12 } }, ETH_ARP, { 0 } }, got;
	uint8_t frame[20] = { 0 };

	CHECK_EQ(eth_emit(&e, (struct room){ frame, 13 }), 0);
	CHECK_EQ(eth_emit(&e, (struct room){ frame, 20 }), 14);
	CHECK_EQ(eth_parse((struct bytes){ frame, 20 }, &got), DROP_NONE);
	CHECK(mac_equal(got.dst, e.dst) && mac_equal(got.src, e.src) && got.type == ETH_ARP && got.payload.len == 6);
	for (size_t n = 0; n < 14; n++) CHECK_EQ(eth_parse((struct bytes){ frame, n }, &got), DROP_SHORT);
}

static void groups_have_ethernet_addresses(void)
{
	char text[MAC_TEXT_MAX];
	struct ip ip;

	CHECK(ip_parse("239.129.2.3", &ip));
	CHECK_STR(mac_text(eth_group_of(ip), text), "01:00:5e:01:02:03");
	CHECK(ip_parse("ff02::1:ff00:1234", &ip));
	CHECK_STR(mac_text(eth_group_of(ip), text), "33:33:ff:00:12:34");
	CHECK(eth_is_group(eth_broadcast) && !eth_is_group((struct mac){ { 2 } }));
}

static void arp_comes_back_as_it_went(void)
{
	struct arp a = { ARP_REQUEST, { { 2, 0, 0, 0, 0, 1 } }, { { 0 } }, ip4_of(0x0a000001), ip4_of(0x0a000002) }, got;
	uint8_t bytes[46] = { 0 };

	CHECK_EQ(arp_emit(&a, (struct room){ bytes, 27 }), 0);
	CHECK_EQ(arp_emit(&a, (struct room){ bytes, 28 }), 28);
	CHECK_EQ(arp_parse((struct bytes){ bytes, 46 }, &got), DROP_NONE); /* with padding */
	CHECK(got.op == a.op && mac_equal(got.sender_mac, a.sender_mac) && mac_equal(got.target_mac, a.target_mac));
	CHECK(ip_equal(got.sender, a.sender) && ip_equal(got.target, a.target));
	for (size_t n = 0; n < 28; n++) CHECK_EQ(arp_parse((struct bytes){ bytes, n }, &got), DROP_SHORT);
}

static void strange_arp_is_refused(void)
{
	static const struct { int at; uint8_t byte; enum drop why; } cases[] = {
		{ 1, 6, DROP_UNKNOWN }, { 2, 0x86, DROP_UNKNOWN }, { 4, 8, DROP_LENGTH }, { 5, 16, DROP_LENGTH },
		{ 7, 3, DROP_UNKNOWN }, { 7, 0, DROP_UNKNOWN },
	};
	struct arp a = { .op = ARP_REPLY }, got;
	uint8_t good[28], bad[28];

	arp_emit(&a, (struct room){ good, 28 });
	for (size_t i = 0; i < COUNT(cases); i++) {
		memcpy(bad, good, 28);
		bad[cases[i].at] = cases[i].byte;
		CHECK_EQ(arp_parse((struct bytes){ bad, 28 }, &got), cases[i].why);
	}
}

static void every_drop_has_its_name_and_words(void)
{
	static const char *const enumerators[] = {
#define X(name, words) #name,
		DROPS(X)
#undef X
	};
	for (unsigned i = 0; i < DROP_COUNT; i++) {
		char lower[40] = { 0 };
		for (size_t k = 0; enumerators[i][k] != '\0'; k++) lower[k] = (char)tolower((unsigned char)enumerators[i][k]);
		CHECK(drop_name(i) != NULL);
		CHECK_STR(drop_name(i), lower);
		CHECK(drop_words(i)[0] != '\0');
	}
}

int main(void)
{
	TEST(a_frame_comes_back_as_it_went);
	TEST(groups_have_ethernet_addresses);
	TEST(arp_comes_back_as_it_went);
	TEST(strange_arp_is_refused);
	TEST(every_drop_has_its_name_and_words);
	return tap_end();
}
