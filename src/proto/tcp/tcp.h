/* SPDX-License-Identifier: ISC */
/* tcp.h - one TCP connection (RFC 9293) as a machine without I/O.
 *
 * Give it segments and the time; ask it for segments and for its next deadline. It owns no socket, clock,
 * memory or chance: all four are lent. Nothing here calls the caller back. Whoever holds one does, after
 * anything at all has happened to it:
 *
 *     while (tcp_output(&t, now, &seg)) send(&seg);     // RST and TIME_WAIT included
 *     sleep_until(tcp_deadline(&t));                    // then tcp_output() again
 *     act_on(tcp_news(&t));
 *
 * Listening is not a connection's state: the holder decides when a SYN is worth a `struct tcp`.
 *
 * RFC 9293 (the states), 6298 (RTO), 5681 and 6582 (congestion control, fast recovery: NewReno), 7323 2
 * (window scaling), 1122 4.2.3.2 (delayed ACK), 9293 3.8.6 (zero-window probes, silly windows).
 */
#ifndef TULLE_PROTO_TCP_TCP_H
#define TULLE_PROTO_TCP_TCP_H

#include "base/address.h"
#include "base/instant.h"
#include "base/ring.h"
#include "base/trace.h"
#include "proto/tcp/cc.h"
#include "proto/tcp/reasm.h"
#include "proto/tcp/rtt.h"
#include "wire/tcp.h"

#define TCP_ACK_DELAY (40 * MILLISECOND)     /* RFC 9293, 3.8.6.3 allows 500; peers' shortest RTO is 200 */
#define TCP_MSL (30 * SECOND)                /* RFC 9293, 3.4.2 says 2 minutes; TIME-WAIT is twice this */
#define TCP_CHALLENGE_EVERY (500 * MILLISECOND) /* RFC 5961, 10: at most one challenge ACK in so long */
#define TCP_PROBE_MAX (60 * SECOND)          /* between zero-window probes */
#define TCP_MSS_DEFAULT 536
#define TCP_MSS_MIN 48                       /* a peer that wants less would have us send headers only */
#define TCP_WSCALE_MAX 14                    /* RFC 7323, 2.3 */

enum tcp_state { TCP_CLOSED, TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2,
                 TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK, TCP_TIME_WAIT };

enum tcp_news { /* what has changed since last asked: a set, so it cannot overflow */
	TCP_OPENED = 1,   /* the handshake is over */
	TCP_READABLE = 2, /* there is more to take */
	TCP_WRITABLE = 4, /* after a tcp_send that took less than it was given: a good part of the ring is free */
	TCP_EOF = 8,      /* the peer has finished, and every byte of it was taken */
	TCP_DONE = 16,    /* CLOSED, and both sides wanted it; or we aborted. Comes after TIME-WAIT, where there is one */
	TCP_RESET = 32,   /* CLOSED, because the peer broke it off. What had come can still be taken, here and below */
	TCP_REFUSED = 64, /* CLOSED, before it ever was open */
	TCP_URGENT = 256, /* the peer has marked a byte that has not come yet, or not been taken (RFC 9293, 3.8.5, MUST-32) */
	TCP_GAVE_UP = 128 /* CLOSED, because the peer did not answer for give_up_after */
};

struct tcp_config {
	struct room rx, tx;      /* powers of two, at most 2^30; lent until news says DONE, RESET, REFUSED or GAVE_UP */
	uint16_t local_port, remote_port;
	uint32_t iss;            /* RFC 6528; the holder knows the secret */
	uint16_t mss;            /* what the link carries: offered to the peer, and a cap on what we send */
	uint16_t mss_default;    /* if the peer names none: 1220 over IPv6; 0: 536 (RFC 9293, 3.7.1) */
	bool nodelay;            /* small segments at once: no Nagle (RFC 9293, 3.7.4) */
	instant give_up_after;   /* unacknowledged for so long: GAVE_UP (RFC 9293, 3.8.3) */
	struct trace *trace;     /* or NULL */
};

/* Laid open so that tests and `view` can read it; written only in proto/tcp/.
 *
 *          snd_una          resend_nxt   resend_end   snd_nxt
 *     --------|.................|~~~~~~~~~~~~|...........|- - - - - -|-------     ... sent, not acknowledged
 *          tx.head                                                tx.tail         ~~~ thought lost, to be resent
 */
struct tcp {
	enum tcp_state state;
	uint32_t news;           /* enum tcp_news */
	uint32_t snd_una, snd_nxt, snd_wnd, rcv_nxt, iss, irs; /* RFC 9293, 3.3.1, by its names; snd_wnd in bytes */
	uint32_t snd_wl1, snd_wl2;
	uint32_t snd_wnd_max;    /* the largest the peer ever offered */
	uint32_t resend_nxt, resend_end; /* equal: nothing is to be resent */
	uint32_t rcv_adv;        /* the right edge of the window the peer was told of; never moves left */
	uint32_t rcv_acked;      /* rcv_nxt as we last told it */
	uint32_t snd_up, rcv_up; /* RFC 9293, 3.3.1: behind the last urgent byte (RFC 6093, 3.1), while urgent, peer_urgent */
	uint32_t rcv_fin;        /* where the peer's FIN stands, if fin_seen */
	uint32_t rcv_largest;    /* the longest text seen in a segment: what "full-sized" means for delayed ACKs */
	uint32_t reset_seq;      /* of the RST that reset_due */
	uint16_t mss;            /* effective send MSS */
	uint16_t mss_offered, mss_default; /* ours; the peer's, if it names none */
	uint16_t local_port, remote_port;
	uint8_t snd_shift, rcv_shift; /* RFC 7323, 2; both 0 unless both sides scale */
	uint8_t probes;          /* zero-window probes in a row */
	uint8_t ahead;           /* segments that came ahead of their turn: each is owed a duplicate ACK */
	bool active : 1;         /* it began with tcp_connect */
	bool scaling : 1;        /* offer the window scale option in a SYN */
	bool nodelay : 1;
	bool urgent : 1, peer_urgent : 1;
	bool finished : 1;       /* the program has nothing more to send: a FIN stands behind what is in tx */
	bool fin_acked : 1;
	bool fin_seen : 1;       /* the peer's FIN has come, perhaps ahead of its turn */
	bool eof_told : 1;
	bool ack_delayed : 1;    /* ack_at waits for a second segment, or for ours to carry it */
	bool short_send : 1;     /* the last tcp_send did not take all: WRITABLE is owed */
	bool reset_due : 1, reset_acks : 1; /* a RST is to be sent; with an ACK */
	struct ring rx, tx;      /* rx: not yet taken, up to rcv_nxt; tx: not yet acknowledged, from snd_una on */
	struct tcp_rtt rtt;      /* srtt, rttvar, rto: RFC 6298 */
	struct tcp_cc cc;        /* cwnd, ssthresh */
	instant resend_at, ack_at, probe_at, give_up_at, expire_at; /* every timer; NEVER: off. A past one: do it now */
	instant give_up_after;
	instant sent_at;         /* when data left last: RFC 5681, 4.1 */
	instant challenge_at;    /* no challenge ACK before this (RFC 5961, 10) */
	struct trace *trace;
	struct tcp_reasm reasm;  /* what came ahead of its turn */
};

void tcp_connect(struct tcp *, const struct tcp_config *);
void tcp_accept(struct tcp *, const struct tcp_config *, const struct tcp_seg *syn);
enum drop tcp_input(struct tcp *, instant now, const struct tcp_seg *); /* DROP_NONE, or why it was not used */
bool tcp_output(struct tcp *, instant now, struct tcp_seg *); /* false: nothing before tcp_deadline() */
instant tcp_deadline(const struct tcp *);                     /* after a false tcp_output(now): later than that now */
unsigned tcp_news(struct tcp *);                              /* and forget them */
void tcp_unreachable(struct tcp *, instant now);              /* an ICMP error for it: RFC 5461; ends a SYN-SENT */
void tcp_too_big(struct tcp *, uint16_t mss);                 /* so much the path carries, less than was thought */

size_t tcp_send(struct tcp *, struct bytes);                  /* copies what fits */
size_t tcp_send_urgent(struct tcp *, struct bytes);           /* all of it or nothing; its last byte is marked */
struct bytes tcp_peek(const struct tcp *);
void tcp_take(struct tcp *, size_t);
void tcp_finish(struct tcp *);
void tcp_abort(struct tcp *);

const char *tcp_state_name(enum tcp_state); /* "SYN-SENT" */

/* For a segment that belongs to no connection: the RST it deserves, if any (RFC 9293, 3.10.7.1). */
bool tcp_refuse(const struct tcp_seg *in, struct tcp_seg *rst);

/* RFC 6528: M + F(local, remote, secret). The clock ticks every 4 microseconds. */
uint32_t tcp_iss(const uint8_t secret[16], instant now, const struct addr *local, const struct addr *remote);

#endif
