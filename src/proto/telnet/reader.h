/* SPDX-License-Identifier: ISC */
/* reader.h - a Telnet stream taken apart (RFC 854): data, commands, negotiations, options' own words. However the bytes
 * are cut into pieces, the same comes out.
 *
 *     struct telnet_reader r = { 0 };
 *     while (telnet_read(&r, &in, &item))                // takes from the front of `in`; false: it is empty
 *             switch (item.what) ...
 *
 * CR NUL is a CR alone, unless `binary`; all other data passes as it is. An option's words that are longer than
 * TELNET_WORDS_MAX lose their end, and `cut` says so.
 */
#ifndef TULLE_PROTO_TELNET_READER_H
#define TULLE_PROTO_TELNET_READER_H

#include "wire/telnet.h"

#define TELNET_WORDS_MAX 512

enum telnet_what { TELNET_DATA, TELNET_COMMAND, TELNET_NEGOTIATION, TELNET_WORDS };

struct telnet_item { /* good until the next telnet_read, and as long as what was read */
	enum telnet_what what;
	uint8_t verb;       /* a command; of a negotiation WILL, WONT, DO or DONT */
	uint8_t option;     /* of negotiations and words */
	struct bytes bytes; /* data or words; never empty data */
	bool cut;
};

struct telnet_reader { /* zeroed: at the beginning of a stream */
	enum { TELNET_AT_DATA, TELNET_AT_IAC, TELNET_AT_VERB, TELNET_AT_SB, TELNET_IN_WORDS, TELNET_IN_WORDS_IAC } at;
	bool after_cr, binary, cut;
	uint8_t verb, option;
	uint8_t words[TELNET_WORDS_MAX]; size_t words_len;
};

bool telnet_read(struct telnet_reader *, struct bytes *in, struct telnet_item *);

#endif
