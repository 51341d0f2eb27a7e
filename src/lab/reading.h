/* SPDX-License-Identifier: ISC */
/* reading.h - takes values out of a YAML document, and complains where one is not what it should be.
 *
 * A mapping is read by a table of its keys. A key that is not in the table is a complaint that names the
 * nearest one that is; so is a key that comes twice.
 *
 *     static const struct key link_keys[] = { { "delay", read_delay }, { "rate", read_rate } };
 *     read_map(r, node, "a link", link_keys, COUNT(link_keys), &link);
 *
 * Every read_ of a value says whether it could; on false it has complained and left *out as it was.
 */
#ifndef TULLE_LAB_READING_H
#define TULLE_LAB_READING_H

#include <setjmp.h>
#include <yaml.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/instant.h"
#include "lab/complaint.h"
#include "lab/scenario.h"

struct reader {
	yaml_document_t *document;
	struct bytes source;
	struct arena *memory;
	struct complaints *complaints;
	void *owner; /* whose file it is, for the functions in key tables */
	jmp_buf *full; /* where read_take goes when the arena is full */
};

typedef yaml_node_t node;

struct key {
	const char *name;
	void (*read)(struct reader *, node *value, void *into);
};

static inline struct place place_of(const node *n)
{
	return (struct place){ (unsigned)n->start_mark.line + 1, (unsigned)n->start_mark.column + 1 };
}

/* "a list", "a mapping", "'the word'": what was found, for a complaint. */
const char *read_found(const node *, char buffer[80]);
void read_expected(struct reader *, const node *, const char *what); /* complains: expected WHAT, found ... */
void read_unknown(struct reader *, const node *, const char *what, const char *const *words, size_t count);

void read_map(struct reader *, node *, const char *what, const struct key *, size_t count, void *into);
/* Mappings whose keys are names, and lists: how many there are (0 after a complaint), and the i-th. */
size_t read_pairs(struct reader *, node *, const char *what);
node *read_pair(struct reader *, node *, size_t i, node **value);
size_t read_items(struct reader *, node *, const char *what);
node *read_item(struct reader *, node *, size_t i);
node *read_value(struct reader *, node *map, const char *key); /* NULL: not there, or not a mapping */
bool read_is_list(const node *);
bool read_is_scalar(const node *);

void *read_take(struct reader *, size_t count, size_t size); /* zeroed; never NULL */
bool read_text(struct reader *, node *, const char *what, const char **out); /* a copy, in the arena */
bool read_name(struct reader *, node *, const char *what, const char **out); /* letters, digits, '-', '_', '.' */
bool read_span(struct reader *, node *, instant *);          /* 20ms */
bool read_rate(struct reader *, node *, uint64_t *bits_per_second); /* 100Mbit */
bool read_share(struct reader *, node *, uint32_t *of_a_billion);   /* 1.5% */
bool read_bytes(struct reader *, node *, uint64_t *);        /* 64KiB, 10MB, 1500 */
bool read_count(struct reader *, node *, uint64_t most, uint64_t *);
bool read_yes(struct reader *, node *, bool *);              /* yes, no */
bool read_ip(struct reader *, node *, struct ip *);
bool read_prefix(struct reader *, node *, struct prefix *);  /* 192.0.2.1/24 */
bool read_mac(struct reader *, node *, struct mac *);
bool read_addr(struct reader *, node *, struct addr *);      /* 192.0.2.1:7777 */
bool read_date(struct reader *, node *, int64_t *seconds);   /* 2026-01-01, 2026-01-01T12:00:00Z */

/* A command line: words between blanks, "..." or '...' around those with blanks inside. */
bool read_words(struct reader *, node *, struct words *);

#endif
