/* SPDX-License-Identifier: ISC */
/* drop.h - every reason for which a packet goes no further, by name.
 *
 * A bad or unwanted packet is not an error that travels: it is dropped where it is found, and the reason is
 * counted. Parsers return a reason (DROP_NONE: it is good); machines return or count one; dump, view and
 * the lab show them.
 */
#ifndef TULLE_WIRE_DROP_H
#define TULLE_WIRE_DROP_H

#include <stdint.h>

#define DROPS(X) \
	X(NONE, "not dropped") \
	X(SHORT, "shorter than its header") \
	X(LENGTH, "a length field that contradicts the packet") \
	X(VERSION, "not the version it should be") \
	X(CHECKSUM, "wrong checksum") \
	X(OPTION, "an option that makes no sense") \
	X(FIELD, "a field with a value that is not allowed") \
	X(UNKNOWN, "a protocol or type nobody here speaks") \
	X(NOT_OURS, "addressed to somebody else") \
	X(SOURCE, "a source address that cannot be one") \
	X(NO_ROUTE, "no route to its destination") \
	X(TTL, "time to live used up") \
	X(TTL_LEAST, "a time to live below what is asked for: it comes from too far") \
	X(NO_NEIGHBOUR, "nobody answered for the next hop's address") \
	X(NEIGHBOUR_QUEUE, "too many packets wait for a neighbour's address") \
	X(TOO_BIG, "larger than the link takes, and may not be cut") \
	X(FRAGMENT_OVERLAP, "fragments that overlap") \
	X(FRAGMENT_TIMEOUT, "fragments of it never came") \
	X(FRAGMENT_ROOM, "no room to put its fragments together") \
	X(NO_LISTENER, "nobody listens on that port") \
	X(NO_CONNECTION, "belongs to no connection") \
	X(BACKLOG, "too many connections wait to be accepted") \
	X(NO_ROOM, "a table or buffer is full") \
	X(QUEUE, "the receiver's queue is full") \
	X(SEQUENCE, "outside the window") \
	X(STATE, "does not fit the state") \
	X(NOT_MEMBER, "for a group nobody here has joined") \
	X(RATE, "over the allowed rate") \
	X(FORWARDING_OFF, "this host is no router") \
	X(NAME, "a domain name that is malformed") \
	X(POINTER, "a compression pointer that does not point back")

enum drop {
#define X(name, words) DROP_##name,
	DROPS(X)
#undef X
	DROP_COUNT
};

/* How often each reason was met. */
struct drops { uint64_t by_reason[DROP_COUNT]; };

const char *drop_name(enum drop);  /* "checksum" */
const char *drop_words(enum drop); /* "wrong checksum" */

#endif
