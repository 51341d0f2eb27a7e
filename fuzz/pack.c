/* SPDX-License-Identifier: ISC */
/* pack.c - fuzzes unpacking: the first byte says which library, the next two how long the plain form should be. What unpacks is
 * packed and unpacked again. */
#include <assert.h>

#include "pack/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	static uint8_t plain[65536], packed[80000], again[65536];
	if (len < 3) return 0;
	unsigned kind = PACK_ZLIB + at[0] % 3;
	size_t plain_len = load_be16(at + 1);

	if (!unpack(kind, (struct bytes){ at + 3, len - 3 }, (struct room){ plain, plain_len })) return 0;
	size_t n = pack(kind, (struct bytes){ plain, plain_len }, (struct room){ packed, sizeof packed });
	assert(n > 0 && unpack(kind, (struct bytes){ packed, n }, (struct room){ again, plain_len }));
	assert(memcmp(plain, again, plain_len) == 0);
	return 0;
}
