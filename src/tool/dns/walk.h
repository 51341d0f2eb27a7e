/* SPDX-License-Identifier: ISC */
/* walk.h - a name followed from the root of the DNS down: the servers of each zone are asked, without recursion, and
 * what they refer to is asked next (RFC 1034, 5.3.3), one question at a time and nothing from a cache.
 *
 *     struct walk *w = walk_open(env, &want);             // NULL: no memory lent
 *     do walk_on(w); while (step(w));                     // the same after each event:
 *     ...
 *     if (ev->what == NET_WAKE) walk_step(w, net_now(net));
 *     else if (!walk_event(w, ev)) ...                    // somebody else's
 *     while (w->state == WALK_STEPPED) {
 *             show w->step; if w->step.asked also w->query.parsed, if it was answered
 *             walk_on(w);
 *     }
 *     if (w->state == WALK_OVER) ... w->outcome
 *     net_wake(net, walk_deadline(w));
 *
 * Where the root is, the name servers in `resolvers` are asked, as dig does, so that it begins in this net's own DNS,
 * whichever that is; if none of them says, it begins at the Internet's root. `roots` names another one.
 *
 * When a family of addresses leads nowhere (WALK_SILENT_MAX) its other servers are passed over.
 * A server that is silent, fails, or does not serve the zone it was named for (it is lame) is noted, and the next is
 * asked. A server whose address did not come with its name is looked up by itself, in a detour, but only when no other
 * can be asked. An alias is followed, from the nearest zone that is known by then. Every number is bounded: what
 * would be more ends the walk with WALK_ENDLESS, or is counted in `left_out`.
 *
 * Only what a server may say is believed: referrals lead down, towards the name, and addresses of name servers and aliases
 * count only below the zone that was asked (RFC 2181, 5.4.1).
 */
#ifndef TULLE_TOOL_WALK_H
#define TULLE_TOOL_WALK_H

#include "tool/dns/query.h"

#define WALK_ROOTS_MAX 13
#define WALK_SERVERS_MAX 16   /* of a zone */
#define WALK_ADDRESSES_MAX 8  /* of a server */
#define WALK_ZONES_MAX 48
#define WALK_DETOURS_MAX 6    /* one in another */
#define WALK_ALIASES_MAX 12
#define WALK_QUESTIONS_MAX 120
#define WALK_SILENT_MAX 3     /* servers of one family: if nobody else of it has answered, but one of the other has, it leads nowhere from here */
#define WALK_TIMEOUT (2 * SECOND)
#define WALK_TRIES 2

struct walk_want {
	struct dns_name name;
	uint16_t type;
	bool stop_at_alias;       /* an alias is an answer */
	bool only_told;           /* the root is where a resolver says, or nowhere */
	bool dnssec_ok;
	bool tcp;
	bool only4, only6;        /* servers' addresses of one kind */
	uint16_t port;            /* of every server but the resolvers and roots; 0: 53 */
	instant timeout_for; unsigned tries; /* 0: WALK_TIMEOUT, WALK_TRIES */
	const struct addr *roots; size_t roots_count;          /* lent until walk_open is over */
	const struct addr *resolvers; size_t resolvers_count;  /* the same */
	struct text *words;       /* for struct query_want */
};

struct walk_server {
	struct dns_name name;     /* len 0: it has none */
	struct addr address[WALK_ADDRESSES_MAX]; size_t addresses;
	uint8_t bad;              /* addresses that are not asked again, a bit each */
	bool looked_up;           /* in a detour, or that cannot be */
	bool inside;              /* named in its own zone: without an address it cannot be found */
};
struct walk_zone {
	struct dns_name name;
	struct walk_server server[WALK_SERVERS_MAX]; size_t servers;
	size_t first;             /* the server to begin with, by chance */
	unsigned depth;           /* zones above it */
	unsigned glue_missing;    /* servers inside without an address */
	unsigned silent, lame, failed; /* addresses that were tried in vain */
	unsigned left_out;        /* servers and addresses that were too many, addresses that nobody may say */
};

enum walk_what {
	WALK_ROOT,       /* a resolver says who serves the root: `to` */
	WALK_ROOT_OF_OURS, /* nobody did, so it is the Internet's: `to`; nobody was asked in this step */
	WALK_REFERRED,   /* `to` is nearer to the name */
	WALK_ANSWERED,
	WALK_ALIAS,      /* to `alias` */
	WALK_NO_NAME,
	WALK_NO_DATA,
	/* from here on: this server is of no use */
	WALK_SILENT,
	WALK_UNREACHED,  /* `words` says why */
	WALK_FAILED,     /* by its `rcode` */
	WALK_LAME,
	WALK_STRANGE,    /* its message cannot be read: `words` */
	/* nobody was asked: */
	WALK_GLUELESS,   /* of `server_name` no address is known: a detour begins */
	WALK_CIRCLE,     /* and it cannot be found, for its zone's servers are named only in one another's zones */
	WALK_NOT_FOUND,  /* the detour for `server_name` found no address: `words` */
	WALK_DEEP,       /* more detours than WALK_DETOURS_MAX */
};
enum walk_lame { WALK_NO_AUTHORITY /* it answers as a resolver does */, WALK_TO_ITSELF, WALK_UPWARD, WALK_ASIDE, WALK_NOTHING };

struct walk_step {
	enum walk_what what;
	enum walk_lame lame;
	bool asked;               /* a question was sent; `query` has it, and what came */
	const struct walk_zone *zone, *to; /* whose server was asked; NULL: a resolver was */
	const struct dns_name *server_name; /* NULL: it has none */
	struct addr server;
	struct dns_name name, alias;
	uint16_t type, rcode;
	unsigned tries;
	instant took_for;
	unsigned indent;          /* zones above the walk that this detour is for */
	unsigned detours;         /* 0: no detour */
	char words[200];
};

enum walk_state { WALK_BUSY /* or not begun */, WALK_STEPPED, WALK_ENDED };
enum walk_outcome { WALK_FOUND, WALK_ONLY_ALIAS /* stop_at_alias */, WALK_NO_SUCH_NAME, WALK_NO_SUCH_DATA, WALK_SERVERS_FAILED, WALK_NO_ANSWERS,
                    WALK_LAME_SERVERS, WALK_NO_SERVERS /* none has an address */, WALK_ALIAS_LOOP, WALK_ENDLESS, WALK_STOPPED };

struct walk_way {             /* the walk itself, or a detour */
	struct dns_name name;
	uint16_t type;
	struct walk_zone *zone;
	struct walk_server *to;   /* whose address is looked for; NULL: it is no detour */
	unsigned indent;
};

struct walk {
	enum walk_state state;
	enum walk_outcome outcome; /* when ENDED */
	struct walk_step step;     /* when STEPPED */
	struct query query;
	unsigned questions, tries; /* tries: messages sent */
	unsigned silent, lame, failed;
	struct walk_family { unsigned silent; bool heard; } family[2]; /* IPv6, IPv4 */
	instant began_at, ended_at;
	/* the rest is walk.c's */
	struct tool_env *env;
	struct walk_want want;
	struct addr resolver[TOOL_SERVERS_MAX];
	struct walk_zone *zone; size_t zones; /* [0] is the root */
	struct walk_way way[1 + WALK_DETOURS_MAX]; size_t ways;
	struct dns_name alias[WALK_ALIASES_MAX]; size_t aliases;
	size_t resolvers_asked;
	size_t root_found;         /* of the root's servers: whose address is asked for of the resolver, from 1; 0: none */
	instant asked_at;
	bool plain;                /* the last server wants no EDNS: it is asked again without */
	struct walk_server *server; uint8_t address; /* asked now */
};

struct walk *walk_open(struct tool_env *, const struct walk_want *); /* nothing is asked yet: walk_on begins */
void walk_again(struct walk *, const struct walk_want *); /* another one, in the same memory */
bool walk_event(struct walk *, const struct net_event *);
void walk_step(struct walk *, instant now);
instant walk_deadline(const struct walk *);
void walk_on(struct walk *);   /* at first, and after each step was seen */
void walk_stop(struct walk *);
bool walk_leads_nowhere(const struct walk *, bool four);

/* walk_judge.c: what an answer means for who asked `zone` for the name. Fills in the step; the zone that it refers to is written to
 * `below` (without depth and first). */
void walk_judge(const struct dns_message *, const struct walk_zone *, const struct walk_want *, struct walk_step *, struct walk_zone *below);
/* Name servers of `owner` among a message's records of that section, with the addresses that came along, of those below `credible`. */
void walk_servers(const struct dns_message *, enum dns_section, const struct dns_name *owner, const struct dns_name *credible, uint16_t port, struct walk_zone *);

#endif
