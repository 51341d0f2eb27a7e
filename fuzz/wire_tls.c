/* SPDX-License-Identifier: ISC */
/* A handshake message from a stranger; the first byte says of which kind. What is parsed and written again is
 * understood, and written a third time it is the same. */
#include "../test/tls_remake.h"

static uint8_t second[1 << 18], third[1 << 18];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_fault fault = { 0 };
	struct tls_writer w = { .at = second, .size = sizeof second }, v = { .at = third, .size = sizeof third };

	if (size == 0) return 0;
	enum remake kind = data[0] % REMAKES;
	if (!remake(kind, (struct bytes){ data + 1, size - 1 }, &w, &fault)) {
		assert(fault.words != NULL && fault.alert != 0);
		return 0;
	}
	if (w.cut) return 0;
	bool again = remake(kind, (struct bytes){ second + TLS_MESSAGE_HEADER, w.len - TLS_MESSAGE_HEADER }, &v, &fault);
	assert(again && !v.cut);
	assert(bytes_equal((struct bytes){ second, w.len }, (struct bytes){ third, v.len }));
	return 0;
}
