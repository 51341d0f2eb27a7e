/* SPDX-License-Identifier: ISC */
/* dig_print.h - DNS messages as BIND 9.18's dig prints them, line for line.
 *
 *     dig_print_message(out, &message, &show, false, &cookie);   // header, pseudosection, sections
 *     dig_print_stats(out, &told, &show);                        // the lines behind it
 */
#ifndef TULLE_TOOL_DIG_PRINT_H
#define TULLE_TOOL_DIG_PRINT_H

#include "base/instant.h"
#include "wire/dns_present.h"

/* What of a message is shown: dig's +words of these names. */
struct dig_show {
	bool comments, question, answer, authority, additional, stats, short_form, identify;
	bool unicode;           /* names in other scripts are shown in them */
	bool usec;              /* -u */
	bool type_first;        /* +short says of what type each is, too */
	struct dns_style style; /* of its records */
};

#define DIG_SHOW_ALL { .comments = true, .question = true, .answer = true, .authority = true, .additional = true, .stats = true, \
                       .style = { .split = DNS_SPLIT } }

/* `asked`: it is what we send (";; Sending:"). `cookie` is the client cookie that was sent, 8 bytes; empty: none. */
void dig_print_message(struct text *, const struct dns_message *, const struct dig_show *, bool asked, struct bytes cookie);
void dig_print_record(struct text *, const struct dns_rr *, const struct dig_show *, bool whole); /* not whole: its data */
/* +short: the answers' data alone; `behind` is put after each. */
void dig_print_short(struct text *, const struct dns_message *, const struct dig_show *, const char *behind);
void dig_print_opt(struct text *, const struct dns_message *, struct bytes cookie);

struct dig_stats {
	instant took;
	struct addr server;
	const char *name;       /* the server, as it was typed */
	const char *way;        /* "UDP" */
	int64_t date;           /* seconds since 1970 */
	size_t bytes;
	bool transfer; uint32_t records, messages; /* of a zone */
};
void dig_print_stats(struct text *, const struct dig_stats *, const struct dig_show *);
void dig_json(struct text *, const struct dns_message *, const struct dig_stats *); /* dig_json.c: all of it, in a line */
void dig_print_date(struct text *, int64_t date);  /* "Mon Nov 23 04:20:02 UTC 2026" */
const char *dig_server_text(const struct addr *, char buffer[ADDR_TEXT_MAX]); /* "127.0.0.1#53" */
const char *dig_opcode_text(uint8_t opcode, char buffer[16]);

/* The message's EDNS options one after another, as they lie there. */
struct dig_option { uint16_t code; struct bytes data; };
struct bytes dig_options(const struct dns_message *);
bool dig_option_next(struct bytes *left, struct dig_option *);
const char *dig_ede_text(uint16_t code); /* "Stale Answer" (RFC 8914); NULL: not one of those */

#endif
