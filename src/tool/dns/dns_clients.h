/* SPDX-License-Identifier: ISC */
/* dns_clients.h - the ports of a name server, which may answer later: over UDP, and over TCP (RFC 7766) with a bounded
 * number of clients, each with one question at a time.
 *
 *     if (!clients_listen(c, &local)) ...                       // net_why_not says why
 *     if (clients_event(c, ev, &asked)) {                       // a question has come
 *             remember asked.client; find the answer
 *     }
 *     clients_reply(c, &client, bytes);                         // who has gone meanwhile gets nothing
 *     while (clients_next(c, &asked)) ...                       // over TCP the next question may lie there already
 *     on NET_WAKE: clients_step(c, now); sleep until clients_deadline(c)
 *     asked to end: clients_stop(c, now); and when clients_gone(c, now), clients_close(c)
 */
#ifndef TULLE_TOOL_DNS_CLIENTS_H
#define TULLE_TOOL_DNS_CLIENTS_H

#include "tool/drain.h"
#include "wire/dns.h"

#define DNS_CLIENTS_MAX 64              /* over TCP; one more, and who was silent longest must go */
#define DNS_CLIENTS_QUESTION_MAX 512    /* bytes of a question over TCP; no honest one is longer */
#define DNS_CLIENTS_IDLE_FOR (10 * SECOND)
#define DNS_CLIENTS_PLACES_MAX 8
#define DNS_CLIENTS_REST_MAX 4          /* answers over TCP that found no room and are kept until there is */

struct dns_client { net_id id; bool tcp; struct addr peer; struct ip asked_at; };
struct dns_asked { struct dns_client client; struct bytes question; }; /* good until the next call */

struct dns_stream {
	net_id id;              /* 0: free */
	struct addr peer;
	instant active_at;
	uint16_t have;          /* bytes of the question and its length */
	bool waiting;           /* a question was handed out and not answered yet */
	bool eof, finished;
	uint8_t rest;           /* 1 + which buffer holds what of the answer was not sent */
	size_t rest_at, rest_len;
	uint8_t question[2 + DNS_CLIENTS_QUESTION_MAX];
};

struct dns_clients {
	struct net *net;
	struct { net_id udp, tcp; } place[DNS_CLIENTS_PLACES_MAX]; size_t places;
	struct dns_stream stream[DNS_CLIENTS_MAX];
	bool rest_busy[DNS_CLIENTS_REST_MAX];
	uint8_t rest[DNS_CLIENTS_REST_MAX][2 + DNS_MESSAGE_MAX];
	uint64_t streams, evicted, dropped; /* ever; dropped: for what they sent, or what they did not take */
	net_id lost;            /* a listener that has failed: nothing more will come; 0: none */
	enum net_why lost_why;
	struct drain drain;
};

bool clients_listen(struct dns_clients *, const struct addr *);
bool clients_event(struct dns_clients *, const struct net_event *, struct dns_asked *); /* true: a question has come */
bool clients_next(struct dns_clients *, struct dns_asked *);
void clients_reply(struct dns_clients *, const struct dns_client *, struct bytes);
void clients_skip(struct dns_clients *, const struct dns_client *); /* no answer is due */
void clients_step(struct dns_clients *, instant now);
instant clients_deadline(const struct dns_clients *);
void clients_stop(struct dns_clients *, instant now); /* nobody new; who has no question open is finished when it is quiet (drain.h) */
bool clients_gone(const struct dns_clients *, instant now);
void clients_close(struct dns_clients *);

#endif
