/* SPDX-License-Identifier: ISC */
/* system.h - what this machine's own files say about names: resolv.conf, nsswitch.conf, hosts and host.conf, read as
 * glibc's getaddrinfo reads them. Pure functions over lent text; nothing is asked of anybody.
 *
 *     struct system_resolv r;
 *     system_resolv_of(env, &r);                        // while the tool is opened: what is lent, or env's servers alone
 *     size_t n = system_names(&r, "www", names);        // the names that are asked, in their order
 *
 * A file that is not there is a text whose `at` is NULL, which each of them takes as the C library does. What does not
 * fit a limit, or is not understood, is counted and left out, as it is there.
 */
#ifndef TULLE_TOOL_SYSTEM_H
#define TULLE_TOOL_SYSTEM_H

#include "tool/tool.h"
#include "wire/dns.h"

#define SYSTEM_FILE_BYTES_MAX (1u << 20) /* of each file, that are lent */
#define SYSTEM_SEARCH_MAX 16
#define SYSTEM_NAMES_MAX (SYSTEM_SEARCH_MAX + 1)
#define SYSTEM_ZONE_MAX 16

/* What TOOL_WANT_SYSTEM lends. */
struct system_texts {
	struct bytes resolv, nsswitch, hosts, host_conf; /* of /etc; each cut at SYSTEM_FILE_BYTES_MAX */
	char hostname[256];                              /* "" if it is not known */
};

/* ---- resolv.conf(5) ---- */

enum system_search { SYSTEM_SEARCH_NONE, SYSTEM_SEARCH_FILE, SYSTEM_SEARCH_HOSTNAME, SYSTEM_SEARCH_VARIABLE }; /* whence it is */

struct system_resolv {
	struct ip server[TOOL_SERVERS_MAX]; size_t servers; /* at least one: this host itself where the file names none */
	char zone[TOOL_SERVERS_MAX][SYSTEM_ZONE_MAX];       /* "eth0" of fe80::1%eth0, or "" */
	bool servers_assumed;
	struct dns_name search[SYSTEM_SEARCH_MAX]; size_t searches;
	enum system_search search_from;
	unsigned ndots;     /* 1 unless it says otherwise; 0 to 15 */
	unsigned timeout_s; /* 5; 1 to 30 */
	unsigned attempts;  /* 2; 1 to 5 */
	bool timeout_given, attempts_given; /* it says so; not everybody's own are the C library's 5 and 2 */
	bool rotate, edns0, use_vc, no_aaaa, trust_ad, single_request, no_tld_query;
	unsigned ignored;   /* lines, options and names that were not understood or too many */
};

/* `hostname`, `localdomain` and `res_options` (the variables of these names) may be NULL. */
void system_resolv_read(struct system_resolv *, struct bytes text, const char *hostname, const char *localdomain,
                        const char *res_options);

/* Of what `env` lends: its files, or where there are none its servers alone. While tools are opened only. */
void system_resolv_of(struct tool_env *, struct system_resolv *);

/* The names that are asked for `name`, in their order (RFC 1535, 6, as glibc has it): by ndots first as it is typed or first with the
 * search list; a last dot ends all searching. What would be no name is left out. 0: `name` is none. */
size_t system_names(const struct system_resolv *, const char *name, struct dns_name names[SYSTEM_NAMES_MAX]);

/* ---- nsswitch.conf(5): who is asked, in their order, and after what answer nobody else is ---- */

#define SYSTEM_SERVICES_MAX 12
enum system_status { SYSTEM_SUCCESS, SYSTEM_NOTFOUND, SYSTEM_UNAVAIL, SYSTEM_TRYAGAIN };
#define SYSTEM_STATUSES 4

struct system_service {
	char name[32];                    /* "files" */
	bool returns[SYSTEM_STATUSES];    /* after that status it is over; usually after SYSTEM_SUCCESS alone */
	char actions[96];                 /* as they are written: "[NOTFOUND=return]", or "" */
};
struct system_order {
	struct system_service service[SYSTEM_SERVICES_MAX]; size_t services;
	unsigned line;                    /* where it stands; 0: nowhere, and "files dns" is what glibc does then */
	bool bad;                         /* the line cannot be read: glibc asks nobody */
	unsigned ignored;                 /* services that were too many */
};
void system_order_read(struct system_order *, struct bytes nsswitch);
const char *system_status_text(enum system_status); /* "NOTFOUND" */

/* What the service is, in a few words, for those that only the C library can ask; NULL: it is not known, either.
 * `files` and `dns` have none, for they are asked here. */
const char *system_service_words(const char *service);

/* Whether such a service can have anything to say of `name`: those that are for a kind of names only pass on all others. */
bool system_service_knows(const char *service, const char *name, const char *hostname);

/* ---- hosts(5) and host.conf(5) ---- */

#define SYSTEM_ADDRESSES_MAX 32
struct system_hosts {
	struct ip ip[SYSTEM_ADDRESSES_MAX]; unsigned line[SYSTEM_ADDRESSES_MAX]; size_t count;
	unsigned ignored; /* addresses that were too many */
};

/* The addresses of `name`, letter by letter but for case. Those of every line, if `multi`; otherwise of the first that has it. */
void system_hosts_find(struct system_hosts *, struct bytes hosts, const char *name, bool multi);
bool system_multi(struct bytes host_conf);

#endif
