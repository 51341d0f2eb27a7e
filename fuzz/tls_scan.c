/* SPDX-License-Identifier: ISC */
/* What a server says to a scan's hello, in two pieces and whole: the same is learnt. The first byte says what is asked, the
 * second where to cut. */
#include "tool/tls/tls_scan.h"

static struct scan_reader whole, pieces;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2) return 0;
	struct bytes all = { data + 2, size - 2 };
	size_t cut = size_min(data[1], all.len);

	memset(&whole, 0, sizeof whole);
	memset(&pieces, 0, sizeof pieces);
	whole.key_exchange = pieces.key_exchange = data[0] & 1;
	scan_read(&whole, all);
	scan_read(&pieces, bytes_first(all, cut));
	scan_read(&pieces, bytes_skip(all, cut));
	assert(memcmp(&whole.answer, &pieces.answer, sizeof whole.answer) == 0);
	assert(whole.records_len <= sizeof whole.records && whole.messages_len <= sizeof whole.messages);
	return 0;
}
