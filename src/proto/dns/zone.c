/* SPDX-License-Identifier: ISC */
/* A zone is a hash table of names, each with a list of sets. Because every name above an existing one exists, the
 * nearest name above a missing one is found by taking labels away, and what decides an answer there - the cut it
 * lies under, the wildcard below it - is a field of that node, set once when all was read.
 *
 * The hash has no secret: the table never changes, so what strangers ask cannot make its chains longer. */
#include "base/hash.h"
#include "proto/dns/zone_inner.h"

static const uint8_t key[16];

static bool node_is(const struct zone_node *n, uint32_t hash, const struct dns_name *name)
{
	if (n->hash != hash || n->len != name->len) return false;
	for (size_t i = 0; i < n->len; i++) {
		uint8_t a = n->name[i], b = name->at[i];
		if (a != b && ((a | 0x20) != (b | 0x20) || (a | 0x20) < 'a' || (a | 0x20) > 'z')) return false;
	}
	return true;
}

static struct zone_node *find(const struct zone *z, const struct dns_name *name)
{
	uint32_t hash = (uint32_t)dns_name_hash(key, name);
	struct zone_node *n = z->bucket[hash & (z->buckets - 1)];

	while (n != NULL && !node_is(n, hash, name)) n = n->chain;
	return n;
}

const struct dns_name *zone_origin(const struct zone *z) { return &z->origin; }

const struct zone_node *zone_nearest(const struct zone *z, const struct dns_name *name, bool *exact)
{
	struct dns_name n = *name;
	uint8_t labels = dns_name_labels(name);
	const struct zone_node *node = NULL;

	assert(dns_name_under(name, &z->origin));
	*exact = labels <= z->labels_max;
	for (; labels > z->labels_max; labels--) dns_name_parent(&n, &n);
	while ((node = find(z, &n)) == NULL) {
		*exact = false;
		dns_name_parent(&n, &n);
	}
	return node;
}

const struct zone_set *zone_set(const struct zone_node *n, uint16_t type)
{
	const struct zone_set *s = n->sets;

	while (s != NULL && s->type != type) s = s->next;
	return s;
}

static struct zone_node *node_new(struct zone *z, struct arena *a, const struct dns_name *name)
{
	struct zone_node *n = arena_zeroed(a, 1, size_max(sizeof *n, offsetof(struct zone_node, name) + name->len));

	if (n == NULL) return NULL;
	n->hash = (uint32_t)dns_name_hash(key, name);
	n->labels = dns_name_labels(name);
	n->len = name->len;
	memcpy(n->name, name->at, name->len);
	struct zone_node **bucket = &z->bucket[n->hash & (z->buckets - 1)];
	n->chain = *bucket;
	*bucket = n;
	if (n->labels > z->labels_max) z->labels_max = n->labels;
	z->names++;
	return n;
}

struct zone *zone_begin(struct arena *a, const struct dns_name *origin, size_t names_about)
{
	struct zone *z = arena_zeroed(a, 1, sizeof *z);
	uint32_t buckets = 8;

	while (buckets < names_about && buckets < 1u << 28) buckets *= 2;
	if (z == NULL || (z->bucket = arena_zeroed(a, buckets, sizeof *z->bucket)) == NULL) return NULL;
	z->buckets = buckets;
	z->origin = *origin;
	z->top = node_new(z, a, origin);
	return z->top != NULL ? z : NULL;
}

struct zone_node *zone_name_add(struct zone *z, struct arena *a, const struct dns_name *name)
{
	struct dns_name above = *name;
	struct zone_node *below = NULL, *first = NULL, *n;

	assert(dns_name_under(name, &z->origin));
	for (;; dns_name_parent(&above, &above)) {
		bool there = (n = find(z, &above)) != NULL;
		if (!there && (n = node_new(z, a, &above)) == NULL) return NULL;
		if (first == NULL) first = n;
		if (below != NULL) below->parent = n;
		if (there) return first;
		below = n;
	}
}

struct zone_set *zone_set_add(struct zone_node *n, struct arena *a, uint16_t type)
{
	struct zone_set **at = &n->sets;

	while (*at != NULL && (*at)->type != type) at = &(*at)->next;
	if (*at == NULL && (*at = arena_zeroed(a, 1, sizeof **at)) != NULL) (*at)->type = type;
	return *at;
}

static void link_node(struct zone_node *n)
{
	for (struct zone_node *up = n; up->parent != NULL; up = up->parent)
		if (zone_set(up, DNS_NS) != NULL) n->cut = up; /* the highest counts */
	if (n->parent != NULL && n->name[0] == 1 && n->name[1] == '*') n->parent->wildcard = n;
}

void zone_link(struct zone *z)
{
	for (uint32_t i = 0; i < z->buckets; i++)
		for (struct zone_node *n = z->bucket[i]; n != NULL; n = n->chain) link_node(n);
}

static bool has_address(const struct zone_node *n)
{
	return zone_set(n, DNS_A) != NULL || zone_set(n, DNS_AAAA) != NULL;
}

/* Whether the zone must give the address of a server that this node's NS record names, and does not. One below
 * another cut is that child's business. */
static bool homeless(const struct zone *z, const struct zone_node *n, const struct dns_name *server)
{
	bool exact;

	if (!dns_name_under(server, &z->origin)) return false;
	const struct zone_node *home = zone_nearest(z, server, &exact);
	if (home->cut != NULL && home->cut != n) return false;
	if (!exact && home->cut == NULL && home->wildcard != NULL) home = home->wildcard, exact = true;
	return !exact || !has_address(home);
}

bool zone_homeless(const struct zone *z, const struct zone_node **node, struct dns_name *server)
{
	for (uint32_t i = 0; i < z->buckets; i++)
		for (const struct zone_node *n = z->bucket[i]; n != NULL; n = n->chain) {
			const struct zone_set *ns = zone_set(n, DNS_NS);
			for (const struct zone_record *r = ns != NULL ? ns->first : NULL; r != NULL; r = r->next) {
				server->len = (uint8_t)r->len;
				memcpy(server->at, r->rdata, r->len);
				if (!homeless(z, n, server)) continue;
				*node = n;
				return true;
			}
		}
	return false;
}
