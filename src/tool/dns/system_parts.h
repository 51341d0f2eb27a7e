/* SPDX-License-Identifier: ISC */
/* system_parts.h - what `nslookup --system` finds out (system_show.c) and how it is said (system_print.c).
 *
 * The services of nsswitch.conf are gone through as glibc does: `files` is looked up, `dns` is asked name by name, each for A and
 * AAAA; of others it is only said what they are, and they are taken to have nothing to say (SYSTEM_UNAVAIL).
 */
#ifndef TULLE_TOOL_SYSTEM_PARTS_H
#define TULLE_TOOL_SYSTEM_PARTS_H

#include "tool/dns/query.h"
#include "tool/dns/system_show.h"

#define SYSTEM_RESULT_ADDRESSES_MAX 16
#define SYSTEM_TYPED_MAX 1024

enum system_came { SYSTEM_UNASKED, SYSTEM_DATA, SYSTEM_NO_DATA, SYSTEM_NO_NAME, SYSTEM_FAILED /* rcode */, SYSTEM_LOST /* words */ };

struct system_answer { /* to one question */
	enum system_came came;
	uint16_t rcode;
	char words[100];
	struct addr server;
	struct ip ip[SYSTEM_RESULT_ADDRESSES_MAX]; size_t count;
	unsigned left_out;
};
struct system_result { /* of one name */
	struct dns_name name;
	struct system_answer answer[2]; /* A, AAAA */
};

struct system_show {
	struct tool tool; /* first: they are one for who holds it */
	struct tool_env *env;
	bool json;
	char typed[SYSTEM_TYPED_MAX];
	struct ip address; bool is_address; /* it is one: nobody is asked */
	const struct system_texts *texts;   /* NULL: this net has servers only */
	struct system_resolv resolv;
	uint16_t interface[TOOL_SERVERS_MAX]; /* of its servers, where one is named */
	struct system_order order;
	struct system_hosts hosts;
	bool multi;

	size_t service;                      /* that is asked now */
	enum system_status status[SYSTEM_SERVICES_MAX]; /* of those before it */
	bool might[SYSTEM_SERVICES_MAX];     /* it could have answered, and cannot be asked */
	size_t services_done;
	ptrdiff_t answered_by;               /* the service whose answer counts; -1: none */

	struct system_result result[SYSTEM_NAMES_MAX + 1]; size_t results; /* every name that was asked */
	size_t list[SYSTEM_NAMES_MAX]; size_t listed; /* which of them `dns` asked, in its order */
	struct dns_name name[SYSTEM_NAMES_MAX]; size_t names, next_name;
	ptrdiff_t found;                     /* the result that `dns` stopped at; -1: none */
	bool refused;                        /* the rest of the list is passed over */

	bool whole;                          /* asking for the name as it was typed, for what the DNS says */
	size_t whole_result;
	struct system_result *asking; unsigned type; /* 0: A, 1: AAAA */
	size_t server; unsigned attempt;
	struct query query;
};

/* system_print.c */
void system_print_head(struct system_show *);
void system_print_service(struct system_show *, size_t service);
void system_print_end(struct system_show *);
void system_print_json(struct system_show *);

/* The addresses of a result; of NULL, none. What this machine would answer. */
size_t system_addresses(const struct system_result *, struct ip *ip, size_t max);
size_t system_machine(const struct system_show *, struct ip *ip, size_t max);
bool system_same(const struct system_show *); /* as what the DNS says, in whatever order */

#endif
