/* SPDX-License-Identifier: ISC */
#include "base/checksum.h"

/* RFC 1071, 2(B): the sum does not care about byte order, so words are added as they lie in memory, eight
 * bytes at a time with the carry counted, and swapped once at the end of the piece. */
static uint64_t sum_native(struct bytes b)
{
	uint64_t sum = 0, carries = 0;
	size_t i = 0;

	for (; i + 32 <= b.len; i += 32) {
		uint64_t w[4];
		memcpy(w, b.at + i, sizeof w);
		carries += __builtin_add_overflow(sum, w[0], &sum);
		carries += __builtin_add_overflow(sum, w[1], &sum);
		carries += __builtin_add_overflow(sum, w[2], &sum);
		carries += __builtin_add_overflow(sum, w[3], &sum);
	}
	for (; i + 2 <= b.len; i += 2) {
		uint16_t w;
		memcpy(&w, b.at + i, sizeof w);
		carries += __builtin_add_overflow(sum, (uint64_t)w, &sum);
	}
	if (i < b.len) { /* an odd last byte is padded with a zero behind it */
		uint8_t last[2] = { b.at[i], 0 };
		uint16_t w;
		memcpy(&w, last, sizeof w);
		carries += __builtin_add_overflow(sum, (uint64_t)w, &sum);
	}
	return (sum & 0xffffffff) + (sum >> 32) + carries;
}

static uint32_t fold(uint64_t sum)
{
	while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
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
	size_t from = ip_is4(src) ? 12 : 0; /* the mapped prefix is not on the wire */
	uint64_t sum = protocol + (uint64_t)(length >> 16) + (length & 0xffff);
	sum = checksum_add(sum, (struct bytes){ src.byte + from, 16 - from });
	return checksum_add(sum, (struct bytes){ dst.byte + from, 16 - from });
}
