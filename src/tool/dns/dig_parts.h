/* SPDX-License-Identifier: ISC */
/* dig_parts.h - dig's own: the lookups that its words ask for, and how they are gone through.
 *
 * The words before the first name are everybody's; those behind a name are its own. Each name is a lookup, begun as a copy of
 * what was everybody's. Lookups are gone through one after another, each over its servers.
 */
#ifndef TULLE_TOOL_DIG_PARTS_H
#define TULLE_TOOL_DIG_PARTS_H

#include "tool/dns/dig.h"
#include "tool/dns/dig_print.h"
#include "tool/lookup.h"
#include "tool/dns/query.h"
#include "tool/secure.h"
#include "tool/dns/system.h"
#include "tool/dns/walk_print.h"

#define DIG_LOOKUPS_MAX 4096
#define DIG_SERVERS_MAX 8          /* addresses of one lookup's servers */
#define DIG_NSSEARCH_MAX 32        /* servers of a zone that are asked with +nssearch */
#define DIG_LINE_MAX 1024          /* of a batch file */
#define DIG_WORDS_MAX 64           /* in such a line */
#define DIG_COOKIE_BYTES 8
#define DIG_OPTIONS_MAX 8          /* +ednsopt of one lookup */

enum dig_family { DIG_ANY_FAMILY, DIG_4, DIG_6 };

struct dig_lookup {
	struct dig_lookup *next;
	struct query_want want;        /* the server and the name come when it is asked */
	struct dig_show show;
	const char *text;              /* the name as it was typed; NULL: not yet */
	const char *greeting;          /* the command line, shown before its first answer; NULL: not here, or no more */
	bool first;                    /* of all: that says how many servers were found, too */
	const char *server;            /* as it was typed, without the @; NULL: the system's */
	uint16_t port;                 /* 0: what the way there usually has */
	enum dig_family family;
	struct addr local;             /* -b */
	bool type_given, class_given, reverse;
	bool qr, search, showsearch, no_fail, trace, nssearch, json, way_given, no_besteffort, onesoa, no_idn_in, comments_set, split_set;
	bool no_cookie, nsid, expire, keepalive, no_badcookie, no_negotiation;
	struct bytes cookie;           /* what was given; empty: by chance */
	struct bytes subnet;           /* the option's data; at NULL: none */
	struct query_option option[DIG_OPTIONS_MAX]; size_t options; /* +ednsopt */
	unsigned ndots; bool ndots_given;
	const char *domain;            /* +domain; NULL: the system's list */
	const char *tls_host;          /* +tls-hostname */
};

struct dig {
	struct tool tool;              /* first: they are one for who holds it */
	struct tool_env *env;
	struct dig_lookup everybody, *first, *last, *now; size_t lookups; /* now: under way */
	bool cmd, short_form;          /* wherever +cmd and +short stand, they are everybody's */
	const char *batch;             /* -f */
	struct secure secure;
	bool secure_wanted, tls_check; /* +tls-ca */
	struct system_resolv system;
	/* of the lookup under way */
	struct lookup names;           /* of its server */
	bool naming;                   /* that is under way */
	struct addr server[DIG_SERVERS_MAX]; size_t servers, next_server;
	char ip[IP_TEXT_MAX];          /* of the one that is asked */
	unsigned round;                /* over all servers */
	struct dns_name name[SYSTEM_NAMES_MAX]; size_t names_count, next_name; /* with the search list */
	struct query query;
	struct walk *walk;             /* of +trace; made when it is first wanted */
	bool tracing, traced_in_vain;  /* it is under way; it came to no answer */
	struct walk_print trace_json;
	struct query_option options[QUERY_OPTIONS_MAX];
	uint8_t cookie[40]; size_t cookie_len; /* that was sent: the client's, and perhaps the server's */
	bool cookie_again, version_again; /* asked once more for the server's cookie, with its version of EDNS */
	uint8_t version;
	struct { uint32_t records, messages, soas; uint32_t serial; size_t bytes; bool going, incremental; instant began_at; } transfer;
	int worst;                     /* exit status so far */
	uint32_t answers, failures;
	instant rtt;
};

/* dig_words.c: false: said what is wrong, and the status is set. */
bool dig_words(struct dig *, int argc, const char *const *argv);
bool dig_number(const char *text, uint32_t max, uint32_t *number); /* decimal, or 0x */

/* dig_plus.c: one word that begins with +, without it. */
bool dig_plus(struct dig *, struct dig_lookup *, const char *word);

/* A file of lines that are command lines. */
bool dig_batch(struct dig *, const char *path);

/* dig_ask.c: what is asked for a lookup's name, as query.h wants it. */
void dig_want(struct dig *, const struct dig_lookup *, struct query_want *);
/* Once more over the same lookup, for the server has said how it must be asked (a cookie, a version). */
bool dig_ask_again(struct dig *, const struct dns_message *);

/* dig_tell.c: what came is printed. */
void dig_tell_asked(struct dig *);
void dig_tell_answer(struct dig *);
bool dig_tell_transfer(struct dig *); /* one message of it; false: that was the last */
void dig_greet(struct dig *);
void dig_stats_of(struct dig *, struct dig_stats *);

/* dig_trace.c: +trace. Once it has begun, dig_trace_on after each event, until that is false: then it is over. */
bool dig_trace_begin(struct dig *); /* false: no memory */
bool dig_trace_on(struct dig *);

#endif
