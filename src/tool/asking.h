/* SPDX-License-Identifier: ISC */
/* asking.h - drives a resolver over a net: a UDP socket with a random port of its own for each query in flight
 * (RFC 5452, 9.2), and a TCP connection, with its length framing, for each that needs one.
 *
 *     struct asking *a = asking_open(env, &config);      // NULL: env->memory has no room
 *     asking_ask(a, &question, me);
 *     ...
 *     if (ev->what == NET_WAKE) asking_step(a);
 *     else if (!asking_event(a, ev)) ...                  // somebody else's
 *     while (asking_answer(a, &answer)) ...               // always to the end: what is not fetched holds up the rest
 *     net_wake(net, asking_deadline(a));
 */
#ifndef TULLE_TOOL_ASKING_H
#define TULLE_TOOL_ASKING_H

#include "proto/dns/resolver.h"
#include "tool/tool.h"

struct asking;

struct asking *asking_open(struct tool_env *, const struct resolver_config *);
size_t asking_cost(const struct resolver_config *);    /* what it takes of env->memory at most */
bool asking_ask(struct asking *, const struct dns_question *, uint64_t asker); /* false: too many under way */
void asking_forget(struct asking *, uint64_t asker);
bool asking_event(struct asking *, const struct net_event *); /* false: the event is somebody else's */
void asking_step(struct asking *);
instant asking_deadline(const struct asking *);
bool asking_answer(struct asking *, struct resolver_answer *); /* good until the next call */
void asking_close(struct asking *);                    /* every socket; nothing more is to be asked */
struct resolver_counts asking_counts(const struct asking *);

#endif
