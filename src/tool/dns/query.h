/* SPDX-License-Identifier: ISC */
/* query.h - one question to one name server, exactly as wanted: over UDP, TCP, TLS (RFC 7858) or HTTPS (RFC 8484).
 *
 *     static struct query query;                          // zeroed; may be started again and again
 *     struct query_want want = { .server = addr, .question = q, .flags = DNS_RD, .edns.on = true };
 *     query_start(&query, env, &want);                    // false: no memory lent; otherwise something will come of it
 *     ...
 *     if (ev->what == NET_WAKE) query_step(&query, net_now(net));
 *     else if (!query_event(&query, ev)) ...              // then the event was somebody else's
 *     if (query.outcome != QUERY_ASKING) ...              // QUERY_ANSWERED: query.message stands until the next verb
 *     net_wake(net, instant_min(query_deadline(&query), my own deadline));
 *
 * Many may be under way at a time, each in a struct of its own, which takes its buffer (64 KiB) from env->memory when
 * it is first started and keeps it. A query that was begun is ended by its outcome or by query_stop, and by nothing else.
 *
 * Each query has an id and, over UDP, a port by chance (RFC 5452). An answer counts if it comes from where the question
 * went, has its id, is a response, and repeats the question if it repeats any (an error may come without); what does not is
 * counted, told in `words`, and waited past.
 * An answer that has these but cannot be read otherwise is QUERY_MALFORMED, and `message` is what came.
 *
 * A cut answer (TC) over UDP is asked for again over TCP at once, unless `keep_cut`. A try that comes to nothing, by
 * silence or refusal, is told in `words`, too, and the next begins at once, until `tries` are used up.
 *
 * With `keep_open` an answer does not end the connection, and the next query_start asks over it, if it is to the same server.
 *
 * A zone transfer is a stream of messages: with `stream`, each is an answer for itself, query_more waits for the next.
 */
#ifndef TULLE_TOOL_QUERY_H
#define TULLE_TOOL_QUERY_H

#include "tool/secure.h"
#include "wire/dns.h"

#define QUERY_TIMEOUT (5 * SECOND) /* of a try, unless the want says */
#define QUERY_TRIES 3              /* the same */
#define QUERY_OPTIONS_MAX 16       /* of EDNS */
#define QUERY_OPTION_BYTES_MAX 512 /* all of them, with their heads */
#define QUERY_BYTES_MAX 2048       /* a question, padded */

enum query_way { QUERY_UDP, QUERY_TCP, QUERY_TLS, QUERY_HTTPS };
enum query_outcome {
	QUERY_IDLE,         /* not started, or stopped */
	QUERY_ASKING,
	QUERY_ANSWERED,     /* whatever its rcode */
	QUERY_TIMED_OUT,
	QUERY_REFUSED,      /* nobody listens there */
	QUERY_UNREACHABLE,
	QUERY_CLOSED,       /* the connection ended before an answer had come */
	QUERY_NOT_SECURE,   /* the TLS handshake failed */
	QUERY_MALFORMED,
	QUERY_NOT_HTTP,     /* the server speaks HTTP otherwise than wanted, or answered with an error */
	QUERY_UNSENT,       /* this net cannot send it: `why` */
};

/* What is more than an id, a question and flags (RFC 6891). */
struct query_option { uint16_t code; struct bytes data; };
struct query_edns {
	bool on, dnssec_ok;
	uint8_t version;
	uint16_t udp_size;      /* 0: DNS_UDP_EDNS */
	bool udp_size_zero;     /* 0 it is */
	uint16_t z;             /* the other fifteen flags */
	struct query_option option[QUERY_OPTIONS_MAX]; size_t options;
	uint16_t padding_block; /* the message is made a multiple of it (RFC 7830); 0: it is not */
};

struct query_want {
	struct addr server;
	struct addr local;      /* datagrams go out from there; the port may be 0; all zero: chosen */
	const char *name;       /* of the server: for TLS and HTTPS; stays lent */
	enum query_way way;
	struct dns_question question;
	bool no_question;       /* a header alone */
	uint32_t serial;        /* of IXFR: the zone one has */
	uint8_t opcode;
	uint16_t flags;         /* DNS_RD DNS_AD DNS_CD DNS_AA DNS_TC ... and QUERY_Z */
	uint16_t rcode;         /* usually 0 */
	struct query_edns edns;
	instant timeout_for;    /* of each try; 0: QUERY_TIMEOUT */
	unsigned tries;         /* 0: QUERY_TRIES */
	bool id_given; uint16_t id; /* otherwise by chance; over HTTPS 0 (RFC 8484, 4.1) */
	bool keep_cut;          /* a cut answer is the answer */
	bool any_question;      /* the answer need not repeat the question */
	bool stream;            /* more messages may come */
	bool keep_open;         /* the connection stays for the next question to the same server, by the same way */
	struct secure *secure;  /* for QUERY_TLS and QUERY_HTTPS: started by the tool */
	bool tls_check;         /* the server's certificate is; otherwise anybody's will do (RFC 7858, 4.1) */
	const char *path;       /* for QUERY_HTTPS; NULL: "/dns-query" */
	bool get, plain;        /* the same: GET; without TLS */
	struct text *words;     /* what went wrong on the way is told there in dig's lines; NULL: it is not */
	struct text *comments;  /* the same of what is no fault (";; Truncated, retrying in TCP mode.") */
};
#define QUERY_Z 0x0040      /* the header's reserved bit */

struct query {
	enum query_outcome outcome;
	struct bytes message;   /* when ANSWERED or MALFORMED; then empty if it was no answer at all */
	struct dns_message parsed; /* when ANSWERED; when MALFORMED as far as it could be read, if records_at is not 0 */
	enum drop drop;         /* when MALFORMED */
	enum net_why why;       /* of REFUSED, UNREACHABLE, CLOSED, UNSENT */
	char words[160];        /* why it came to nothing: "connection refused", what TLS said of it; "" when ANSWERED */
	enum query_way way;     /* by which it came at last */
	struct addr server;
	uint16_t id;
	instant sent_at, answered_at; /* of the last try; their difference is the round trip, handshakes included */
	unsigned tries;         /* that were begun, over UDP and TCP */
	bool went_over;         /* to TCP, for the answer was cut */
	uint32_t strange;       /* messages that did not count */
	struct bytes asked;     /* the question as it was sent */
	/* the rest is query.c's */
	struct tool_env *env;
	struct query_want want;
	instant deadline;
	net_id id_net, closing;
	struct tls_config tls;
	const char *alpn[1];
	struct query_https *https; /* NULL: not asked that way yet */
	bool connected, ended;  /* ended: the server has nothing more to say */
	unsigned tries_left;
	size_t out, in;
	uint8_t *buffer;
	uint8_t question[2 + QUERY_BYTES_MAX];
};

bool query_start(struct query *, struct tool_env *, const struct query_want *);
bool query_event(struct query *, const struct net_event *); /* false: the event is somebody else's */
void query_step(struct query *, instant now);               /* on NET_WAKE */
instant query_deadline(const struct query *);               /* NEVER unless it is asking */
void query_more(struct query *);                            /* of a stream, when ANSWERED: asks on */
void query_stop(struct query *);                            /* no longer wanted; what it came to stays readable */

/* The message as it is sent; 0: it does not fit. */
size_t query_write(const struct query_want *, uint16_t id, struct room);
const char *query_way_text(enum query_way);                 /* "UDP", "TCP", "TLS", "HTTPS" */

#endif
