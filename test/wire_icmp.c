/* SPDX-License-Identifier: ISC */
#include "wire/icmp.h"

#include "base/checksum.h"
#include "tap.h"

static const uint8_t data[] = "a packet, or what an echo carries";
static struct ip src, dst;

static bool same(const struct icmp *a, const struct icmp *b)
{
	return a->six == b->six && a->type == b->type && a->code == b->code && a->id == b->id && a->seq == b->seq &&
	       a->rest == b->rest && ip_equal(a->target, b->target) && a->has_link_address == b->has_link_address &&
	       mac_equal(a->link_address, b->link_address);
}

static void messages_come_back_as_they_went(void)
{
	static const struct bytes carried = { data, sizeof data - 1 };
	struct icmp message[] = {
		{ .type = ICMP4_ECHO_REQUEST, .id = 1, .seq = 2, .payload = carried },
		{ .type = ICMP4_UNREACHABLE, .code = ICMP4_TOO_BIG, .rest = 1400, .payload = carried },
		{ .six = true, .type = ICMP6_ECHO_REPLY, .id = 65535, .seq = 65535, .payload = carried },
		{ .six = true, .type = ICMP6_TOO_BIG, .rest = 1280, .payload = carried },
		{ .six = true, .type = ICMP6_NEIGHBOUR_SOLICITATION, .target = src },
		{ .six = true, .type = ICMP6_NEIGHBOUR_SOLICITATION, .target = src, .has_link_address = true,
		  .link_address = { { 2, 0, 0, 0, 0, 9 } } },
		{ .six = true, .type = ICMP6_NEIGHBOUR_ADVERTISEMENT, .rest = (uint32_t)ICMP6_NA_SOLICITED << 24,
		  .target = dst, .has_link_address = true, .link_address = { { 2, 0, 0, 0, 0, 9 } } },
		{ .six = true, .type = ICMP6_ROUTER_SOLICITATION, .has_link_address = true, .link_address = { { 2 } } },
	};
	for (size_t i = 0; i < COUNT(message); i++) {
		uint8_t p[100];
		struct icmp got;
		size_t n = icmp_emit(&message[i], src, dst, (struct room){ p, sizeof p });
		CHECK(n >= 8);
		CHECK_EQ(icmp_parse((struct bytes){ p, n }, message[i].six, src, dst, &got), DROP_NONE);
		CHECK(same(&got, &message[i]));
		if (message[i].payload.len > 0) CHECK(bytes_equal(got.payload, carried));
		CHECK_EQ(icmp_emit(&message[i], src, dst, (struct room){ p, n - 1 }), 0);
		for (size_t k = 0; k < n; k++)
			CHECK(icmp_parse((struct bytes){ p, k }, message[i].six, src, dst, &got) != DROP_NONE);
		p[n - 1] ^= 1;
		CHECK_EQ(icmp_parse((struct bytes){ p, n }, message[i].six, src, dst, &got), DROP_CHECKSUM);
	}
}

static void errors_are_told_from_questions(void)
{
	CHECK(icmp_is_error(&(struct icmp){ .type = ICMP4_UNREACHABLE }));
	CHECK(icmp_is_error(&(struct icmp){ .six = true, .type = ICMP6_PARAMETER }));
	CHECK(!icmp_is_error(&(struct icmp){ .type = ICMP4_ECHO_REQUEST }));
	CHECK(!icmp_is_error(&(struct icmp){ .six = true, .type = ICMP6_ECHO_REQUEST }));
}

/* A neighbour solicitation with these bytes behind its target. */
static enum drop solicitation(const uint8_t *options, size_t len, uint8_t code, struct ip target)
{
	uint8_t p[64] = { ICMP6_NEIGHBOUR_SOLICITATION, code };
	struct icmp got;

	memcpy(p + 8, target.byte, 16);
	if (len > 0) memcpy(p + 24, options, len);
	uint64_t sum = checksum_add(checksum_pseudo(src, dst, 58, 24 + len), (struct bytes){ p, 24 + len });
	store_be16(p + 2, checksum_finish(sum));
	return icmp_parse((struct bytes){ p, 24 + len }, true, src, dst, &got);
}

static void bad_solicitations_are_refused(void)
{
	static const uint8_t unknown[] = { 200, 1, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 1 };
	static const uint8_t endless[] = { 200, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t beyond[] = { 1, 2, 0, 0, 0, 0, 0, 0 };
	struct ip group;

	CHECK(ip_parse("ff02::1", &group));
	CHECK_EQ(solicitation(NULL, 0, 0, src), DROP_NONE);
	CHECK_EQ(solicitation(unknown, sizeof unknown, 0, src), DROP_NONE);
	CHECK_EQ(solicitation(endless, sizeof endless, 0, src), DROP_OPTION);
	CHECK_EQ(solicitation(beyond, sizeof beyond, 0, src), DROP_OPTION);
	CHECK_EQ(solicitation(unknown, 1, 0, src), DROP_OPTION);
	CHECK_EQ(solicitation(NULL, 0, 1, src), DROP_FIELD);
	CHECK_EQ(solicitation(NULL, 0, 0, group), DROP_FIELD);
}

int main(void)
{
	ip_parse("fe80::1", &src);
	ip_parse("2001:db8::2", &dst);
	TEST(messages_come_back_as_they_went);
	TEST(errors_are_told_from_questions);
	TEST(bad_solicitations_are_refused);
	return tap_end();
}
