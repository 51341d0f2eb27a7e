/* SPDX-License-Identifier: ISC */
/* A Telnet peer that says anything, to a machine that wants things now and then: its output stays bounded, nothing comes of
 * data but data, the words about it end, and a stream in pieces is the stream in one. The first bytes say how it is cut and
 * what is wanted. */
#include "proto/telnet/telnet.h"

static struct telnet machine, pieces;

static void begin(struct telnet *t)
{
	static const uint8_t us[] = { TELNET_TTYPE, TELNET_NAWS, TELNET_NEW_ENVIRON, TELNET_LINEMODE, TELNET_BINARY };
	static const uint8_t him[] = { TELNET_ECHO, TELNET_SGA, TELNET_BINARY };

	telnet_init(t);
	for (size_t i = 0; i < COUNT(us); i++) telnet_agree(t, TELNET_US, us[i]);
	for (size_t i = 0; i < COUNT(him); i++) telnet_agree(t, TELNET_HIM, him[i]);
	telnet_terminal(t, "xterm-256color");
	telnet_resize(t, 80, 255);
	telnet_define(t, "USER", "me", false);
	telnet_define(t, "odd", "\1\2\3\377", true);
}

static void tell(const struct telnet_item *item)
{
	static char words[8000];
	struct text t = text_in(words, sizeof words);

	if (item->what == TELNET_NEGOTIATION) telnet_tell_negotiation(&t, item->verb, item->option, item->option & 1);
	else if (item->what == TELNET_WORDS) telnet_tell_words(&t, item->option, item->bytes);
	else if (item->what == TELNET_COMMAND) telnet_tell_command(&t, item->verb);
	for (size_t i = 0; i < t.len; i++) assert(words[i] >= ' ' && words[i] < 0x7f);
}

/* Its output is taken when it stops. The data, as a sum. */
static uint32_t hear(struct telnet *t, struct bytes in, uint32_t sum)
{
	struct telnet_item item;
	size_t before;

	do {
		before = in.len;
		while (telnet_next(t, &in, &item)) {
			if (item.what == TELNET_DATA) {
				assert(item.bytes.len > 0);
				for (size_t i = 0; i < item.bytes.len; i++) sum = sum * 31 + item.bytes.at[i];
			} else tell(&item);
			assert(ring_used(&t->out) <= TELNET_OUT_BYTES);
		}
		for (struct bytes out; (out = telnet_peek(t)).len > 0;) {
			assert(!telnet_is_urgent(t) || (out.len == 1 && out.at[0] == TELNET_DM));
			telnet_take(t, out.len);
		}
	} while (in.len < before);
	assert(in.len == 0);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4) return 0;
	struct bytes in = { data + 4, size - 4 };
	size_t cut = in.len > 0 ? (size_t)load_be16(data) % (in.len + 1) : 0;

	begin(&machine);
	begin(&pieces);
	for (struct telnet *t = &machine;; t = &pieces) {
		telnet_want(t, data[2] & 1 ? TELNET_US : TELNET_HIM, data[2] >> 1, true);
		if (data[3] & 1) telnet_want(t, data[2] & 1 ? TELNET_US : TELNET_HIM, data[2] >> 1, false);
		telnet_send(t, in, data[3] & 2);
		if (data[3] & 4) telnet_hurry(t);
		if (data[3] & 8) telnet_synch(t);
		if (t == &pieces) break;
	}
	uint32_t one = hear(&machine, in, 1);
	uint32_t two = hear(&pieces, bytes_first(in, cut), 1);
	two = hear(&pieces, bytes_skip(in, cut), two);
	assert(one == two && memcmp(machine.state, pieces.state, sizeof machine.state) == 0 && machine.mode == pieces.mode);
	telnet_trapped(&machine, data[3]);
	return 0;
}
