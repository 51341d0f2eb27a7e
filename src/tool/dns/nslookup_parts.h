/* SPDX-License-Identifier: ISC */
/* nslookup_parts.h - what nslookup's files share.
 *
 *     nslookup.c           words of the command line, events
 *     nslookup_job.c       a look-up from its name to its status
 *     nslookup_session.c   lines that are typed, and commands
 *     nslookup_set.c       settings: what `set` and options change
 *     nslookup_ask.c       one question to servers, one after another
 *     nslookup_print.c     answers
 *
 * A look-up is a list of names to try (the search list), each a question of one type or, without a type, of A and then of
 * AAAA. The address of a server that is given by name is found by a look-up that prints nothing.
 */
#ifndef TULLE_TOOL_NSLOOKUP_PARTS_H
#define TULLE_TOOL_NSLOOKUP_PARTS_H

#include "tool/dns/dns_status.h"
#include "tool/names.h"
#include "tool/dns/nslookup.h"
#include "tool/dns/query.h"
#include "tool/dns/system.h"

#define NSLOOKUP_SERVERS_MAX 16
#define NSLOOKUP_LINE_MAX 1100 /* a name with every byte as \ddd, and a word before it */
#define NSLOOKUP_TIMEOUT_S 5   /* of a try, if nobody says */
#define NSLOOKUP_TRIES 3

/* --- nslookup_set.c --- */

struct settings {
	uint16_t type, class;
	char type_word[16], class_word[16]; /* as they were typed, for `set all` */
	bool typed;          /* a type was set: that alone is asked for */
	bool debug, d2, search, recurse, vc, fail;
	bool json;           /* answers come as dig's +json has them, a line each, and nothing else */
	bool idn, unicode;   /* names of other scripts are understood; are shown */
	uint16_t port;
	unsigned timeout_s;  /* 0: NSLOOKUP_TIMEOUT_S */
	unsigned tries;
	struct system_resolv resolv; /* its search list and ndots */
};

enum set_what { SET_DONE, SET_ALL, SET_WRONG };

void settings_init(struct settings *, struct tool_env *);
/* "type=mx", "norecurse", "all": SET_ALL is the caller's to show. WRONG: `why` says it in BIND's words. */
enum set_what settings_set(struct settings *, const char *word, struct text *why);
void settings_show(const struct settings *, struct text *);
const char *settings_nearest(const char *word); /* the setting that was probably meant, or NULL */

/* --- nslookup_ask.c --- */

struct servers {
	struct addr at[NSLOOKUP_SERVERS_MAX]; size_t count; /* the port is the asker's */
	char name[DNS_NAME_TEXT_MAX]; /* by which they were chosen, "" if they are the system's */
};

enum ask_state { ASK_IDLE, ASK_BUSY, ASK_ANSWERED, ASK_LOST };

struct ask {
	enum ask_state state;
	struct query query;            /* when ANSWERED: its message is the answer */
	/* the rest is nslookup_ask.c's */
	struct tool_env *env;
	const struct settings *settings;
	const struct servers *servers;
	struct dns_question question;
	uint16_t port;
	bool quiet;
	size_t at;
	unsigned tries_left;
};

/* False: no memory. `quiet`: nothing is said on the way. */
bool ask_start(struct ask *, struct tool_env *, const struct settings *, const struct servers *, uint16_t port,
               const struct dns_question *, bool quiet);
bool ask_event(struct ask *, const struct net_event *); /* NET_WAKE too; false: somebody else's */
void ask_stop(struct ask *);

/* --- nslookup_print.c: as BIND 9.18's nslookup prints, line for line --- */

void print_records(struct text *, const struct dns_message *, enum dns_section, bool unicode);
void print_debug(struct text *, const struct dns_message *, bool unicode); /* all of it, in the long form */

/* --- the tool --- */

/* What a look-up is for. */
enum job_for {
	JOB_SHOW,
	JOB_SERVER,        /* of the commands `server` and `lserver` */
	JOB_SERVER_FIRST,  /* of the command line */
	JOB_SERVER_ONCE,   /* of the line "NAME SERVER" */
};

struct job {
	enum job_for what_for;
	char typed[NSLOOKUP_LINE_MAX];
	struct dns_name name[SYSTEM_NAMES_MAX]; size_t names, at;
	struct dns_name asked;     /* now: where aliases have led */
	uint16_t type;
	bool pair, reverse;        /* A, then AAAA; an address was given */
	const struct servers *servers;
	struct servers found;      /* unless it is to SHOW */
	uint32_t records, data;    /* in answers; those of the type that was asked for */
	struct dns_told told;
	char told_name[DNS_NAME_TEXT_MAX], told_server[ADDR_TEXT_MAX * TOOL_SERVERS_MAX];
};

struct nslookup {
	struct tool tool;          /* first: they are one for who holds it */
	struct tool_env *env;
	struct settings settings;
	struct servers initial, chosen, once; /* the system's; those that are asked; those for one look-up */
	struct ask ask;
	struct job job;
	bool busy;                 /* with a job */
	bool session;
	bool silent;               /* nothing was printed that wants an end */
	int status;                /* of the last look-up that failed */
	instant started_at;
	uint32_t answers;          /* records */
	/* nslookup_session.c's */
	char line[NSLOOKUP_LINE_MAX]; size_t line_len;
	bool line_too_long, input_over, prompted;
	char next_name[NSLOOKUP_LINE_MAX]; /* to be looked up as soon as its server's address is known */
};

const char *servers_text(const struct addr *, char buffer[ADDR_TEXT_MAX]); /* "fe80::1%2": without the port */
void servers_add(struct servers *, struct ip, uint16_t interface);

/* nslookup_job.c. Begins to look up a name; what is no name is told at once. */
void nslookup_look_up(struct nslookup *, const char *name, const struct servers *);
/* Begins to find a server's address by asking `of`: it is `chosen` then, or, for "NAME SERVER", asked `once` for `next_name`. */
void nslookup_find_server(struct nslookup *, const char *name, const struct servers *of, enum job_for);
void nslookup_go_on(struct nslookup *);  /* with what has come of the question that was asked */
void nslookup_doubt_name(struct nslookup *); /* of a session, when a look-up has failed */
void nslookup_session(struct nslookup *); /* reads on, as long as there is nothing to wait for */
void nslookup_finish(struct nslookup *);
void nslookup_show_servers(struct nslookup *);

#endif
