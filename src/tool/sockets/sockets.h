/* SPDX-License-Identifier: ISC */
/* sockets.h - every socket of the Internet's families on this host, and who holds it: `sockets -iTCP:4000 --explain`.
 *
 * lsof's options and ss's words, over what is lent: the kernel's list (wire/diag.h), the processes, the texts of
 * /etc/passwd and /etc/services. Whoever runs it (main/sockets.c) reads those and fills a table; here is decided what
 * of it is shown, and how.
 *
 *     if (!sockets_parse(argc, argv, &names, &options, &err)) ...
 *     sockets_wanted(&options, i, &question)            // for i = 0, 1, ...: what to ask the kernel
 *     if (sockets_match(&options, &socket)) ...         // a row of the table
 *     options.explain ...: sockets_print(&options, &table, out)
 */
#ifndef TULLE_TOOL_SOCKETS_H
#define TULLE_TOOL_SOCKETS_H

#include "base/instant.h"
#include "wire/diag.h"

#define SOCKETS_TESTS_MAX 64   /* tests and the words that join them, in one command */
#define SOCKETS_NONE UINT32_MAX

/* Exit statuses: a script can ask whether somebody holds a port. */
enum { SOCKETS_SOME = 0, SOCKETS_NOBODY = 1, SOCKETS_FAILED = 2, SOCKETS_USAGE = 64 };

extern const char sockets_help[];

struct sockets_names { struct bytes passwd, services; }; /* the files' texts; empty: numbers stay numbers */

enum sockets_end { SOCKETS_LOCAL = 1, SOCKETS_REMOTE = 2, SOCKETS_EITHER = 3 };
enum sockets_test_kind { SOCKETS_AND, SOCKETS_OR, SOCKETS_NOT, SOCKETS_STATES, SOCKETS_KIND, SOCKETS_END };
struct sockets_test {
	enum sockets_test_kind kind;
	uint8_t a, b;               /* AND, OR, NOT: of which tests */
	uint32_t states;            /* STATES: a bit each */
	uint8_t family, protocol;   /* KIND: 0 is any; STATES: of this protocol, others pass */
	enum sockets_end end;       /* END: */
	struct prefix prefix;       /* with no bits: any address */
	uint16_t from, to;          /* ports */
};

struct sockets_options {
	const char *namespace;      /* -N: a name, a path or a process's number; NULL: our own */
	const char *commands, *pids, *users; /* -c, -p, -u: lists with commas; NULL: all */
	bool numeric, json, details, explain, limits;
	instant every;              /* --watch; 0: once */
	struct sockets_test test[SOCKETS_TESTS_MAX];
	uint8_t tests;
	uint8_t root;               /* which of them decides; SOCKETS_TESTS_MAX: all sockets */
};

struct sockets_process {
	uint32_t pid, uid;
	char command[16];           /* "": not looked up */
	uint64_t used, soft, hard;  /* descriptors */
	bool counted, limited;      /* whether used, and soft and hard, are known */
	bool hidden;                /* which sockets it has is not known */
	bool chosen;                /* by sockets_choose */
};
struct sockets_owner { uint32_t process, next; int fd; };
struct sockets_row { struct diag_socket socket; uint32_t owner; /* the first; SOCKETS_NONE: nobody's */ };

struct sockets_table {
	struct sockets_row *row; size_t rows;
	struct sockets_owner *owner; size_t owners;
	struct sockets_process *process; size_t processes;
	size_t hidden;              /* processes */
	uint32_t unprivileged_port; /* the first that anybody may bind */
	uint16_t ephemeral_first, ephemeral_last; /* where the kernel chooses from */
	const struct sockets_names *names;
};

/* False: err says what is wrong with the words. */
bool sockets_parse(int argc, const char *const *argv, const struct sockets_names *, struct sockets_options *, struct text *err);

bool sockets_wanted(const struct sockets_options *, size_t i, struct diag_question *); /* false: that was all */
bool sockets_match(const struct sockets_options *, const struct diag_socket *);
bool sockets_choose(const struct sockets_options *, const struct sockets_names *, const struct sockets_process *);
bool sockets_shown(const struct sockets_options *, const struct sockets_table *, const struct sockets_row *);
uint16_t sockets_port_asked(const struct sockets_options *); /* the one port that was asked for, or 0 */

/* For qsort: by protocol, local port, listeners first, address; and processes by how near their limit they are. */
int sockets_row_order(const void *, const void *);
int sockets_process_order(const void *, const void *);

/* Rows must be in order. How many sockets (or processes) were shown. */
size_t sockets_print(const struct sockets_options *, const struct sockets_table *, struct text *out);

#endif
