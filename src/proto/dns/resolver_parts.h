/* SPDX-License-Identifier: ISC */
/* resolver_parts.h - what the resolver's parts share; nobody else includes it.
 *
 *     resolver.c          the verbs: who asks, what is in flight, what is done
 *     resolver_task.c     one question's way: cache, choice of zone and server, aliases, sub-questions, the end
 *     resolver_reply.c    what a reply means
 *     resolver_servers.c  what is remembered of servers, and which is asked next
 *     resolver_answer.c   the messages that askers get
 *
 * Askers of the same question share a *task*. A task that lacks a server's address starts another task for it and
 * waits; so tasks form a forest, and a task waits for one other at most. Each has at most one query in flight.
 */
#ifndef TULLE_PROTO_DNS_RESOLVER_PARTS_H
#define TULLE_PROTO_DNS_RESOLVER_PARTS_H

#include "base/hash.h"
#include "base/heap.h"
#include "proto/dns/cache.h"
#include "proto/dns/resolver.h"

#define NONE UINT32_MAX

/* Limits, each for one task unless it says otherwise. */
#define QUERIES_MAX 64        /* for a question and all its sub-questions together (the budget) */
#define REFERRALS_MAX 24
#define ALIASES_MAX 11
#define CHAIN_BYTES 1536      /* of the names in the chain of aliases */
#define DEPTH_MAX 4           /* of sub-questions in sub-questions */
#define NS_LOOKUPS_MAX 5      /* sub-questions for servers' addresses: NXNSAttack (Shafir et al. 2020) */
#define NS_MAX 13             /* servers of a zone; more are passed over */
#define TARGETS_MAX 24        /* their addresses */
#define TRIES_MAX 4           /* at one address */
#define SERVERS_MAX 256       /* remembered, by the whole resolver */
#define DEAD_AFTER 2          /* time-outs in a row */
#define DEAD_FOR (15 * SECOND)        /* then it is passed over so long; doubled with each further time-out */
#define DEAD_FOR_MAX (300 * SECOND)   /* RFC 2308, 7.2: at most five minutes */
#define PLAIN_FOR (3600 * SECOND)     /* a server that knows no EDNS is spared it so long */
#define WAIT_MIN (200 * MILLISECOND)  /* a measured time-out is never shorter */
#define WAIT_MAX (6 * SECOND)
#define TCP_WAIT (2 * SECOND)         /* more than over UDP: there is a connection to make */

/* What is remembered of a server (RFC 6298's estimate of its round trip). */
struct server {
	struct addr addr;
	instant srtt, rttvar;     /* srtt 0: never heard */
	uint8_t timeouts;         /* in a row */
	instant dead_until, plain_until, used_at;
};

enum ns_state { NS_KNOWN, NS_UNASKED, NS_ASK_AAAA, NS_SPENT };

/* An address to ask, and how that went. */
struct target {
	struct addr addr;
	uint8_t tries;
	bool out;                 /* it is of no use for this question: lame, refused, said SERVFAIL */
};

/* Who is to be asked: the servers of one zone. */
struct delegation {
	struct dns_name zone;
	uint8_t ns_count, targets;
	bool chosen;
	uint8_t ns_state[NS_MAX]; /* NS_KNOWN: its addresses are among the targets */
	struct dns_name ns[NS_MAX];
	struct target target[TARGETS_MAX];
};

enum task_state {
	TASK_FREE,
	TASK_READY,   /* can go on; in the list of those */
	TASK_FLYING,  /* a query is out */
	TASK_WAITING, /* for another task's addresses */
	TASK_DONE,    /* its message lies ready for the askers */
};

struct task {
	enum task_state state;
	uint32_t next;            /* in the list of free, ready or done ones */
	struct dns_question question; /* as asked, spelt as the first asker did */
	uint64_t hash;
	instant give_up_at;
	uint32_t asker_first;     /* list of askers */
	uint32_t waits_for;       /* another task, or NONE */
	uint32_t waiter_first, waiter_next; /* tasks that wait for this one; the list it is in itself */
	uint8_t depth, referrals, ns_lookups, aliases;
	bool started;             /* the cache was looked at */
	bool spent;               /* it failed for want of budget, or for a limit */
	bool heard;               /* some server said something */
	bool missed;              /* the last one said nothing */
	uint16_t tries, budget;
	uint16_t rcode;           /* the last bad one */

	struct dns_name name;     /* asked for now: where the aliases have led */
	uint16_t chain_len, asked_chain_len; /* now; when the query in flight was sent */
	uint8_t chain[CHAIN_BYTES]; /* an alias each: TTL (4), owner; it leads to the next owner, the last to `name` */
	struct delegation at;

	/* the query in flight, and how the next must differ */
	uint32_t slot;
	uint8_t target;
	bool tcp, edns, plain_next, tcp_next, same_next;
	uint8_t strange;          /* replies from the right place that were not right */
	uint16_t id;
	struct dns_name sent;     /* with 0x20 case */
	instant sent_at;

	enum resolver_why why;    /* when DONE */
	bool from_cache;
	struct addr server;
	size_t message_at, message_len; /* in resolver.done */
};

struct asker { uint64_t who; uint32_t next; struct dns_name spelt; };

struct resolver {
	struct resolver_config config;
	struct addr server_list[NS_MAX]; size_t server_list_count;
	bool loopback_ok;         /* the roots are on this host, so may others be */
	struct cache *cache;      /* or NULL */
	uint8_t key[16];
	instant now;              /* the last that was told */
	uint32_t rotation[16];    /* grow with each answer, by set: or what is asked by turns with another would skip */
	struct resolver_counts counts;

	struct task *task; uint32_t tasks;
	struct asker *asker; uint32_t askers;
	uint32_t asker_free, task_free;
	uint32_t ready_first, ready_last, done_first, done_last;
	struct index by_question; /* tasks that are under way */
	struct heap due;
	uint32_t flights;         /* ever; a slot is flights * tasks + task, so none comes again soon */

	struct server *server; uint32_t servers, servers_max;
	struct index by_addr;

	struct room done;         /* finished messages, until every asker has them */
	size_t done_used;
	struct room scratch;      /* the reply in hand; the answer handed out */
	uint8_t query[DNS_HEADER_BYTES + DNS_NAME_MAX + 4 + 11];
};

static inline uint32_t task_index(const struct resolver *r, const struct task *t) { return (uint32_t)(t - r->task); }

/* resolver.c */
bool resolver_has_room(const struct resolver *); /* for one more finished message */
void resolver_ready(struct resolver *, struct task *);
void resolver_unready(struct resolver *, struct task *); /* out of the list of ready ones */
void resolver_wait_until(struct resolver *, struct task *, instant);
void resolver_done(struct resolver *, struct task *); /* into the list of done, or free if nobody wants it */

/* resolver_task.c */
struct task *task_find(struct resolver *, const struct dns_question *);
struct task *task_start(struct resolver *, instant now, const struct dns_question *, uint8_t depth); /* NULL: all are busy */
void task_end(struct resolver *, struct task *);        /* nobody wants it any more */
bool task_from_cache(struct resolver *, instant now, struct task *); /* true: it is done */
bool task_step(struct resolver *, instant now, struct task *, struct resolver_out *); /* true: a query is to go out */
bool task_alias(struct resolver *, struct task *, uint32_t ttl, const struct dns_name *to); /* false: too many, or in a circle */
void task_fail(struct resolver *, instant now, struct task *, enum resolver_why);
void task_finish(struct resolver *, instant now, struct task *, enum resolver_why, size_t message_len);
void task_timeout(struct resolver *, instant now, struct task *);

/* resolver_reply.c: takes a message that is an answer to the query in flight, and moves the task on. */
void reply_take(struct resolver *, instant now, struct task *, const struct dns_message *);

/* resolver_servers.c */
void servers_init(struct resolver *, const uint8_t key[16]);
struct server *servers_get(struct resolver *, instant now, const struct addr *); /* made if there is none */
void servers_heard(struct resolver *, instant now, const struct addr *, instant rtt);
void servers_missed(struct resolver *, instant now, const struct addr *, bool refused);
instant servers_wait(struct resolver *, instant now, const struct addr *, unsigned tries);
int servers_choose(struct resolver *, instant now, const struct delegation *); /* a target's index; -1: none is left */
void delegation_begin(struct delegation *, const struct dns_name *zone);
bool delegation_has_ns(const struct delegation *, const struct dns_name *); /* or a reply that repeats one would cost its square */
void delegation_add_ns(struct resolver *, instant now, struct delegation *, const struct dns_name *, bool known); /* known: with glue */
bool delegation_usable(const struct delegation *);
bool delegation_add(const struct resolver *, struct delegation *, struct ip, uint16_t port); /* false: not wanted, or full */
bool delegation_find(struct resolver *, instant now, const struct dns_name *, struct delegation *); /* the closest known zone; true: from the cache */

/* resolver_answer.c: each writes a message behind those that are done, and says how long it is. */
size_t answer_records(struct resolver *, const struct task *, const struct dns_message *);
size_t answer_hit(struct resolver *, const struct task *, const struct cache_hit *);
size_t answer_no(struct resolver *, const struct task *, bool name, const struct dns_rr *soa);
size_t answer_failure(struct resolver *, const struct task *, uint16_t rcode);
size_t answer_whole(struct resolver *, const struct task *, const struct dns_message *); /* a stub's: all there is */
struct bytes answer_for(struct resolver *, const struct task *, const struct asker *); /* spelt and rotated for one */

#endif
