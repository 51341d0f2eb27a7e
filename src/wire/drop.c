/* SPDX-License-Identifier: ISC */
#include "wire/drop.h"

#include <assert.h>

/* The enum's own names in lower case; test/wire_drop.c holds them to that. */
static const char *const names[DROP_COUNT] = {
	[DROP_NONE] = "none",
	[DROP_SHORT] = "short",
	[DROP_LENGTH] = "length",
	[DROP_VERSION] = "version",
	[DROP_CHECKSUM] = "checksum",
	[DROP_OPTION] = "option",
	[DROP_FIELD] = "field",
	[DROP_UNKNOWN] = "unknown",
	[DROP_NOT_OURS] = "not_ours",
	[DROP_SOURCE] = "source",
	[DROP_NO_ROUTE] = "no_route",
	[DROP_TTL] = "ttl",
	[DROP_TTL_LEAST] = "ttl_least",
	[DROP_NO_NEIGHBOUR] = "no_neighbour",
	[DROP_NEIGHBOUR_QUEUE] = "neighbour_queue",
	[DROP_TOO_BIG] = "too_big",
	[DROP_FRAGMENT_OVERLAP] = "fragment_overlap",
	[DROP_FRAGMENT_TIMEOUT] = "fragment_timeout",
	[DROP_FRAGMENT_ROOM] = "fragment_room",
	[DROP_NO_LISTENER] = "no_listener",
	[DROP_NO_CONNECTION] = "no_connection",
	[DROP_BACKLOG] = "backlog",
	[DROP_NO_ROOM] = "no_room",
	[DROP_QUEUE] = "queue",
	[DROP_SEQUENCE] = "sequence",
	[DROP_STATE] = "state",
	[DROP_NOT_MEMBER] = "not_member",
	[DROP_RATE] = "rate",
	[DROP_FORWARDING_OFF] = "forwarding_off",
	[DROP_NAME] = "name",
	[DROP_POINTER] = "pointer",
};

static const char *const words[DROP_COUNT] = {
#define X(name, words) [DROP_##name] = words,
	DROPS(X)
#undef X
};

const char *drop_name(enum drop why)
{
	assert(why < DROP_COUNT);
	return names[why];
}

const char *drop_words(enum drop why)
{
	assert(why < DROP_COUNT);
	return words[why];
}
