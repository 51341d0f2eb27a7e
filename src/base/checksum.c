/* SPDX-License-Identifier: ISC */
#include "base/checksum.h"

/* Two 64-bit sums side by side: compilers for machines without vectors turn it into plain additions. */
typedef uint64_t lanes __attribute__((vector_size(16)));

/* RFC 1071, 2(B): the sum does not care about byte order, so words are added as they lie in memory and swapped
 * once at the end of the piece; nor about the width of the words (2(C)), so they are added by 32 bits, whose
 * carries the 64-bit sums collect. */
static uint64_t sum_native(struct bytes b)
{
	const lanes low = { UINT32_MAX, UINT32_MAX };
	lanes even = { 0, 0 }, odd = { 0, 0 };
	size_t i = 0;

	for (; i + 32 <= b.len; i += 32) {
		lanes first, second;
		memcpy(&first, b.at + i, sizeof first);
		memcpy(&second, b.at + i + 16, sizeof second);
		even += (first & low) + (second & low);
		odd += (first >> 32) + (second >> 32);
	}
	uint64_t sum = even[0] + even[1] + odd[0] + odd[1];
	for (; i + 4 <= b.len; i += 4) {
		uint32_t w;
		memcpy(&w, b.at + i, sizeof w);
		sum += w;
	}
	for (; i + 2 <= b.len; i += 2) {
		uint16_t w;
		memcpy(&w, b.at + i, sizeof w);
		sum += w;
	}
	if (i < b.len) { /* an odd last byte is padded with a zero behind it */
		uint8_t last[2] = { b.at[i], 0 };
		uint16_t w;
		memcpy(&w, last, sizeof w);
		sum += w;
	}
	return sum;
}

/* Without a loop: 64 bits become at most 33, 18, 17 and 16. */
static uint32_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)((sum & 0xffff) + (sum >> 16));
}

uint64_t checksum_add(uint64_t sum, struct bytes b)
{
	uint16_t native = (uint16_t)fold(sum_native(b));
	uint8_t as_bytes[2];
	memcpy(as_bytes, &native, 2);
	return sum + load_be16(as_bytes);
}

uint16_t checksum_finish(uint64_t sum) { return (uint16_t)~fold(sum); }

uint64_t checksum_pseudo(struct ip src, struct ip dst, uint8_t protocol, size_t length)
{
	uint64_t sum = protocol + (uint64_t)(length >> 16) + (length & 0xffff);

	/* The mapped prefix is not on the wire. */
	if (ip_is4(src)) return sum + load_be32(src.byte + 12) + load_be32(dst.byte + 12);
	sum = checksum_add(sum, (struct bytes){ src.byte, 16 });
	return checksum_add(sum, (struct bytes){ dst.byte, 16 });
}
