/* SPDX-License-Identifier: ISC */
/* zone_inner.h - what the files of zone_load share: words of a master file, and a zone being filled. */
#ifndef TULLE_PROTO_DNS_ZONE_INNER_H
#define TULLE_PROTO_DNS_ZONE_INNER_H

#include "proto/dns/zone.h"

/* A master file's words (zone_word.c). A line ends where no parenthesis is open. */
enum zone_word_kind { ZONE_WORD, ZONE_QUOTED, ZONE_LINE_END, ZONE_TEXT_END };
struct zone_word {
	enum zone_word_kind kind;
	struct bytes raw;        /* without its quotes, escapes as they stand */
	unsigned line, column;
};
struct zone_words {
	struct bytes text;
	size_t at, line_at;      /* the next byte; where its line began */
	unsigned line, open, open_line, open_column; /* parentheses: how many, and where the last one was */
	struct zone_error *error;
};
/* These say false when they have filled in *error. */
bool zone_word_next(struct zone_words *, struct zone_word *);
bool zone_expected(struct zone_words *, const char *what, const struct zone_word *found);
bool zone_wrong(struct zone_words *, const struct zone_word *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What a word means; false if not that. */
bool zone_word_is(const struct zone_word *, const char *word); /* in any case */
bool zone_word_time(const struct zone_word *, uint32_t max, uint32_t *seconds); /* "3600", "1h30m" */
bool zone_word_number(const struct zone_word *, uint32_t max, uint32_t *number);
bool zone_word_name(const struct zone_word *, const struct dns_name *origin, struct dns_name *);
bool zone_word_type(const struct zone_word *, uint16_t *type);
bool zone_word_ip(const struct zone_word *, bool v4, struct ip *);
/* Its bytes with escapes resolved, as many as fit; false if an escape is none or it does not fit. */
bool zone_word_bytes(const struct zone_word *, struct room, size_t *len);

/* Filling (zone.c). NULL: the arena is full. */
struct zone *zone_begin(struct arena *, const struct dns_name *origin, size_t names_about);
struct zone_node *zone_name_add(struct zone *, struct arena *, const struct dns_name *); /* it, and all above it */
struct zone_set *zone_set_add(struct zone_node *, struct arena *, uint16_t type);
void zone_link(struct zone *); /* cuts and wildcards, when all is there */
/* An NS record that names a server of this zone without an address. */
bool zone_homeless(const struct zone *, const struct zone_node **, struct dns_name *server);

#endif
