/* SPDX-License-Identifier: ISC */
/* dump.h - packets as lines of text, as tcpdump's users know it: `dump -n -r FILE`, `dump -i eth0 port 53`.
 *
 * Its words and its loop are here. Whoever runs it lends the packets (from a device, a file, a lab) and the
 * place for the lines.
 */
#ifndef TULLE_TOOL_DUMP_H
#define TULLE_TOOL_DUMP_H

#include "tool/dump/follow.h"
#include "wire/print.h"

#define DUMP_FILTER_MAX 4096

extern const char dump_help[];

struct dump_options {
	const char *read, *write;    /* -r, -w: files; NULL: none */
	const char *keylog;          /* --keylog: a file of TLS secrets; NULL: none */
	const char *interface;       /* -i; NULL: the first */
	uint64_t count;              /* -c; 0: no end */
	uint32_t snaplen;            /* -s */
	bool list;                   /* -D: only name the interfaces */
	bool not_promiscuous;        /* -p */
	bool line_by_line;           /* -l, -U: nothing waits in a buffer */
	char filter[DUMP_FILTER_MAX];/* the other words; "": everything */
	struct print print;          /* how lines look; flows are lent later */
};

/* False: err says what is wrong with the words. */
bool dump_parse(int argc, const char *const *argv, struct dump_options *, struct text *err);

struct dump_packet { instant at; struct bytes data; size_t original_len; };
enum dump_next { DUMP_PACKET, DUMP_NOTHING, DUMP_END };

struct dump_lent {
	enum dump_next (*next)(struct dump_lent *, struct dump_packet *); /* never blocks; good until the next call */
	void (*wait)(struct dump_lent *);                                 /* until there may be one, or it is time to stop */
	bool (*stopped)(struct dump_lent *);
	bool (*write)(struct dump_lent *, const struct dump_packet *);    /* -w; NULL: lines are printed. False: it failed */
	struct follow *follow;       /* follow.h: with -v, what TLS carries is shown too; NULL: not */
	struct text *out;                                                 /* drained while nothing comes */
};

uint64_t dump_run(struct dump_options *, struct dump_lent *); /* how many packets */

#endif
