/* SPDX-License-Identifier: ISC */
/* What the kernel's sock_diag may answer, and what a person may type for conditions: the first byte chooses. */
#include "tool/sockets/sockets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sockets_options o;
	static const struct sockets_names names = { { (const uint8_t *)"root:x:0:\n", 10 }, { (const uint8_t *)"a 7/tcp b # c\n", 14 } };
	char words[256], text[256];
	struct text err = text_in(words, sizeof words);
	struct diag_answer answer;

	if (size == 0) return 0;
	if (data[0] % 2 == 0) {
		struct bytes b = { data + 1, size - 1 };
		while (diag_next(&b, DIAG_TCP, &answer)) if (answer.what == DIAG_SOCKET) assert(*diag_state_name(&answer.socket) != '\0');
		return 0;
	}
	if (size > sizeof text) return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	const char *argv[] = { "sockets", text };
	struct diag_socket s = { .family = 4, .protocol = DIAG_TCP, .state = DIAG_LISTEN, .local = { .ip = ip4_of(1), .port = 7 } };
	if (sockets_parse(2, argv, &names, &o, &err)) sockets_match(&o, &s);
	else assert(err.len > 0);
	return 0;
}
