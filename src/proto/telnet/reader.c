/* SPDX-License-Identifier: ISC */
#include "proto/telnet/reader.h"

/* How much of the front is data that passes as it is: up to an IAC, or to a NUL behind a CR. */
static size_t plain(struct telnet_reader *r, struct bytes b)
{
	size_t n = 0;

	for (; n < b.len && b.at[n] != TELNET_IAC; n++) {
		if (r->after_cr && b.at[n] == '\0' && !r->binary) break;
		r->after_cr = b.at[n] == '\r';
	}
	return n;
}

static bool data(struct telnet_reader *r, struct bytes *in, struct telnet_item *item)
{
	size_t n = plain(r, *in);

	*item = (struct telnet_item){ .what = TELNET_DATA, .bytes = bytes_first(*in, n) };
	*in = bytes_skip(*in, n);
	if (n > 0) return true;
	r->after_cr = false;
	if (in->at[0] == TELNET_IAC) r->at = TELNET_AT_IAC;
	*in = bytes_skip(*in, 1); /* or the NUL, which goes */
	return false;
}

/* What follows an IAC. The second of two is data (RFC 854, page 14). */
static bool command(struct telnet_reader *r, const uint8_t *byte, struct telnet_item *item)
{
	r->at = TELNET_AT_DATA;
	switch (*byte) {
	case TELNET_IAC: *item = (struct telnet_item){ .what = TELNET_DATA, .bytes = { byte, 1 } }; return true;
	case TELNET_SB: r->at = TELNET_AT_SB; return false;
	case TELNET_WILL: case TELNET_WONT: case TELNET_DO: case TELNET_DONT:
		r->at = TELNET_AT_VERB, r->verb = *byte;
		return false;
	default: *item = (struct telnet_item){ .what = TELNET_COMMAND, .verb = *byte }; return true;
	}
}

static void keep(struct telnet_reader *r, uint8_t byte)
{
	if (r->words_len < sizeof r->words) r->words[r->words_len++] = byte;
	else r->cut = true;
}

/* Behind an IAC among the words: the end, a doubled IAC, or - from a peer that forgot the end - a command of its own. */
static bool words_end(struct telnet_reader *r, const uint8_t *byte, struct telnet_item *item)
{
	if (*byte == TELNET_IAC) return keep(r, *byte), r->at = TELNET_IN_WORDS, false;
	if (*byte != TELNET_SE) return command(r, byte, item);
	r->at = TELNET_AT_DATA;
	*item = (struct telnet_item){ .what = TELNET_WORDS, .option = r->option, .bytes = { r->words, r->words_len }, .cut = r->cut };
	return true;
}

static bool step(struct telnet_reader *r, const uint8_t *byte, struct telnet_item *item)
{
	switch (r->at) {
	case TELNET_AT_IAC: return command(r, byte, item);
	case TELNET_AT_VERB:
		r->at = TELNET_AT_DATA;
		*item = (struct telnet_item){ .what = TELNET_NEGOTIATION, .verb = r->verb, .option = *byte };
		return true;
	case TELNET_AT_SB:
		r->at = TELNET_IN_WORDS, r->option = *byte, r->words_len = 0, r->cut = false;
		return false;
	case TELNET_IN_WORDS:
		if (*byte == TELNET_IAC) r->at = TELNET_IN_WORDS_IAC;
		else keep(r, *byte);
		return false;
	default: return words_end(r, byte, item);
	}
}

bool telnet_read(struct telnet_reader *r, struct bytes *in, struct telnet_item *item)
{
	while (in->len > 0) {
		if (r->at == TELNET_AT_DATA) {
			if (data(r, in, item)) return true;
			continue;
		}
		const uint8_t *byte = in->at;
		*in = bytes_skip(*in, 1);
		if (step(r, byte, item)) return true;
	}
	return false;
}
