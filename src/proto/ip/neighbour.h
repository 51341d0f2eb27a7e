/* SPDX-License-Identifier: ISC */
/* neighbour.h - which Ethernet address a next hop has, for ARP (RFC 826) and IPv6 neighbour discovery (RFC
 * 4861) alike: a bounded cache of the states of RFC 4861, 7.3.2, and the packets that wait for an answer.
 *
 *     if (neighbour_use(&c, now, interface, next_hop, &mac)) send_to(mac);
 *     else neighbour_wait(&c, now, interface, next_hop, packet);         // it will ask, and keep the packet
 *
 *     neighbour_heard(&c, now, interface, sender, mac, for_us);          // an ARP request, a solicitation
 *     neighbour_answered(&c, now, interface, target, ...);               // an ARP reply, an advertisement
 *
 *     while (neighbour_output(&c, now, &out)) ...                        // ask, send, or give up: see below
 *     sleep until neighbour_deadline(&c)
 *
 * Who may write here: only answers to what was asked, and those who speak to this host itself, make entries;
 * others can at most change one that is there. A full table forgets what was used least lately. A full queue
 * drops its oldest packet (RFC 1122, 2.3.2.2 wants the latest kept).
 */
#ifndef TULLE_PROTO_IP_NEIGHBOUR_H
#define TULLE_PROTO_IP_NEIGHBOUR_H

#include "base/address.h"
#include "base/arena.h"
#include "base/chance.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/instant.h"
#include "base/queue.h"

#define NEIGHBOUR_TRIES_MAX 3                     /* RFC 4861, 10: MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT */
#define NEIGHBOUR_ASK_AGAIN_AFTER SECOND          /* RETRANS_TIMER; RFC 1122, 2.3.2.1 wants no more than one a second */
#define NEIGHBOUR_REACHABLE_FOR (30 * SECOND)     /* REACHABLE_TIME, times 0.5 to 1.5 by chance */
#define NEIGHBOUR_DELAY_FOR (5 * SECOND)          /* DELAY_FIRST_PROBE_TIME */
#define NEIGHBOUR_WAITING_MAX 64                  /* packets for one neighbour; a datagram of 64 KiB is 45 */
#define NEIGHBOUR_WAITING_BYTES (UINT32_C(1) << 17) /* for all of them */

enum neighbour_state { NEIGHBOUR_NONE, NEIGHBOUR_INCOMPLETE, NEIGHBOUR_REACHABLE, NEIGHBOUR_STALE,
                       NEIGHBOUR_DELAY, NEIGHBOUR_PROBE };

struct neighbour {
	instant reachable_until;
	struct ip ip;
	struct mac mac;          /* known in every state but INCOMPLETE */
	uint16_t interface;
	uint8_t state, tries;    /* tries: questions asked in INCOMPLETE and PROBE */
	uint8_t waiting;         /* packets in the queue */
	bool release;            /* resolved: its waiting packets go out next */
	uint16_t newer, older;   /* in order of use: 1 + number, 0 for none */
};

struct neighbours {
	struct neighbour *entry;
	struct index index;
	struct heap due;
	struct queue waiting;    /* tag: 1 + the entry's number, 0 for a packet that is gone */
	struct rng *rng;
	uint64_t lost;           /* packets that were dropped because the queue was full */
	uint8_t key[16];
	uint16_t count, max, newest, oldest;
	uint16_t releasing;      /* 1 + the entry whose packets are going out, or that has failed */
	bool failing;
};

enum neighbour_what {
	NEIGHBOUR_ASK,   /* everyone on the link: who has `ip`? */
	NEIGHBOUR_CHECK, /* ask `mac` alone: are you still there? */
	NEIGHBOUR_SEND,  /* `packet` may go to `mac` */
	NEIGHBOUR_FAIL,  /* nobody answers for `ip`: `packet` is dropped, and its sender to be told */
};
struct neighbour_out {
	enum neighbour_what what;
	uint16_t interface;
	struct ip ip;
	struct mac mac;
	struct room packet; /* good until the next call; the owner may write in it */
};

size_t neighbour_memory(uint16_t max);
void neighbour_init(struct neighbours *, struct arena *zeroed, struct room waiting, uint16_t max, struct rng *);

/* Where to send for a next hop; false if it is not known (yet). It notes that the entry is in use. */
bool neighbour_use(struct neighbours *, instant now, uint16_t interface, struct ip, struct mac *);
void neighbour_wait(struct neighbours *, instant now, uint16_t interface, struct ip, struct bytes packet);

/* Somebody said who it is. `for_us`: it was said to this host, so an entry may be made (RFC 826: "if I am the
 * target"). */
void neighbour_heard(struct neighbours *, instant now, uint16_t interface, struct ip, struct mac, bool for_us);

/* An answer (RFC 4861, 7.2.5). `mac` may be NULL: none was in it. `solicited`: it answers a question; ARP does
 * not say, so there it is what is asked at the moment. */
void neighbour_answered(struct neighbours *, instant now, uint16_t interface, struct ip, const struct mac *,
                        bool solicited, bool override);

/* A higher layer had an answer from there (RFC 4861, 7.3.1): no need to ask. */
void neighbour_confirm(struct neighbours *, instant now, uint16_t interface, struct ip);

bool neighbour_output(struct neighbours *, instant now, struct neighbour_out *);
instant neighbour_deadline(const struct neighbours *);

const struct neighbour *neighbour_find(const struct neighbours *, uint16_t interface, struct ip); /* for those who watch */

#endif
