/* SPDX-License-Identifier: ISC */
/* resolver.h - asks servers until a question is answered. No sockets, no clock, no threads.
 *
 *     resolver_ask(r, now, &question, me);
 *     while (resolver_output(r, now, &out)) ...        // send out.query to out.to, by out.how
 *     resolver_input(r, now, &from, how, slot, bytes); // or resolver_lost() if it cannot be sent
 *     while (resolver_answer(r, &answer)) ...
 *     sleep until resolver_deadline(r), then resolver_output again
 *
 * Answers are to be fetched to the last: finished messages lie in a bounded room, and while the next might not fit
 * nothing goes on.
 *
 * As a stub it asks the servers it is given; recursing, it starts from root hints and follows referrals
 * itself (RFC 1034, 5.3.3), with a cache of positive (RFC 2181) and negative (RFC 2308) answers. Who may not
 * be believed is not: answers must come from the address, port, id and (by case, 0x20) spelling that was
 * asked, and only records in the bailiwick of the server are used (RFC 5452).
 */
#ifndef TULLE_PROTO_DNS_RESOLVER_H
#define TULLE_PROTO_DNS_RESOLVER_H

#include "base/chance.h"
#include "base/instant.h"
#include "base/trace.h"
#include "wire/dns.h"

enum resolver_how { RESOLVER_UDP, RESOLVER_TCP };
enum resolver_why { RESOLVER_ANSWERED, RESOLVER_NO_SUCH_NAME, RESOLVER_NO_SUCH_DATA, RESOLVER_SERVERS_FAILED,
                    RESOLVER_TIMED_OUT, RESOLVER_TOO_DEEP };

struct resolver_out { /* good until the next call on this resolver */
	struct addr to;
	enum resolver_how how;
	uint32_t slot;           /* each query in flight has one; over UDP it wants a socket with a port of its own */
	struct bytes query;
};
struct resolver_answer { /* the same */
	uint64_t asker;          /* what resolver_ask was given */
	enum resolver_why why;
	struct bytes message;    /* a whole response: the question, the chain of CNAMEs, the records, the SOA of a no; id 0, no question of trust left */
	uint8_t tries, referrals;
	bool from_cache;
	struct addr server;      /* who gave the last piece; port 0 from the cache */
};
struct resolver_config {
	const struct addr *servers; size_t servers_count; /* those to ask, or the root's */
	bool recurse;            /* follow referrals ourselves, and cache */
	bool keep_case;          /* no 0x20: names go out as they were asked, as stubs send them */
	bool rotate;             /* records of a set in another order from answer to answer */
	uint32_t questions_max;  /* under way at once; one more is refused */
	uint32_t cache_bytes;    /* 0: no cache; recursing wants one */
	uint16_t referral_port;  /* where servers found by referral listen; 0: 53 */
	instant try_for;         /* first time-out of a query; 0: 800 ms; doubled from try to try */
	instant give_up_after;   /* 0: 10 s a question */
	struct rng *rng;         /* ids, 0x20, the order of servers: never guessable */
	struct trace *trace;     /* or NULL */
};

struct resolver;
size_t resolver_size(const struct resolver_config *);
uint32_t resolver_slots(const struct resolver_config *); /* queries in flight have different slots modulo this */
struct resolver *resolver_init(struct room, const struct resolver_config *); /* max_align_t aligned, as arena_take gives */

bool resolver_ask(struct resolver *, instant now, const struct dns_question *, uint64_t asker); /* false: questions_max */
void resolver_forget(struct resolver *, uint64_t asker);
bool resolver_output(struct resolver *, instant now, struct resolver_out *);
void resolver_input(struct resolver *, instant now, const struct addr *from, enum resolver_how, uint32_t slot, struct bytes);
void resolver_lost(struct resolver *, instant now, uint32_t slot); /* it could not be sent, or was refused */
bool resolver_slot_busy(const struct resolver *, uint32_t slot);   /* false: the query's socket may go */
instant resolver_deadline(const struct resolver *);
bool resolver_answer(struct resolver *, struct resolver_answer *);

struct resolver_counts { uint64_t questions, cache_hits, queries, answers, referrals, timeouts, mismatches; };
struct resolver_counts resolver_counts(const struct resolver *);

#endif
