/* SPDX-License-Identifier: ISC */
/* The part of a scenario that gives its hosts certificates:
 *
 *     certificates:
 *       www1: www.example.com
 *       www2: {names: [www.example.com, 203.0.113.6], not-after: 2025-12-29}
 *       www3: {names: www.example.com, from: An authority nobody knows}
 */
#include "lab/scenario_parts.h"

static void add_name(struct reader *r, node *n, struct scenario_certificate *c)
{
	const char *name;
	if (!read_text(r, n, "a name such as www.example.com, or an address", &name)) return;
	if (c->names == SCENARIO_NAMES_MAX) read_expected(r, n, "at most sixteen names");
	else c->name[c->names++] = name;
}

static void certificate_names(struct reader *r, node *n, void *into)
{
	size_t items = read_is_list(n) ? read_items(r, n, "a list") : 0;
	for (size_t i = 0; i < items; i++) add_name(r, read_item(r, n, i), into);
	if (!read_is_list(n)) add_name(r, n, into);
}

static void certificate_not_before(struct reader *r, node *n, void *into)
{
	read_date(r, n, &((struct scenario_certificate *)into)->not_before);
}
static void certificate_not_after(struct reader *r, node *n, void *into)
{
	read_date(r, n, &((struct scenario_certificate *)into)->not_after);
}
static void certificate_from(struct reader *r, node *n, void *into)
{
	read_text(r, n, "an authority's name", &((struct scenario_certificate *)into)->from);
}
static void certificate_key(struct reader *r, node *n, void *into)
{
	static const char *const kinds[] = { "ecdsa", "ed25519", "rsa" };
	const char *kind;
	if (!read_text(r, n, "ecdsa, ed25519 or rsa", &kind)) return;
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0) ((struct scenario_certificate *)into)->key = kinds[i];
	if (((struct scenario_certificate *)into)->key == NULL) read_unknown(r, n, "a kind of key", kinds, COUNT(kinds));
}

static void read_certificate(struct reader *r, node *n, struct scenario_certificate *c)
{
	static const struct key keys[] = {
		{ "names", certificate_names }, { "not-before", certificate_not_before }, { "not-after", certificate_not_after },
		{ "from", certificate_from }, { "key", certificate_key },
	};
	if (read_is_list(n) || read_is_scalar(n)) certificate_names(r, n, c);
	else read_map(r, n, "a certificate", keys, COUNT(keys), c);
	if (c->names == 0) complain(r->complaints, c->at, "expected a certificate with names, found none");
	if (c->not_before != 0 && c->not_after != 0 && c->not_after < c->not_before)
		complain(r->complaints, c->at, "expected a certificate that ends after it begins");
	if (c->key == NULL) c->key = "ecdsa";
}

void scenario_read_certificates(struct reader *r, node *n)
{
	struct scenario *s = r->owner;
	size_t count = read_pairs(r, n, "a mapping of hosts to the names of their certificates");

	s->has_authority = true;
	s->certificate = read_take(r, count + 1, sizeof *s->certificate);
	for (size_t i = 0; i < count; i++) {
		node *value, *key = read_pair(r, n, i, &value);
		struct scenario_certificate c = { .at = place_of(key) };
		if (!scenario_read_host_name(r, key, &c.host)) continue;
		read_certificate(r, value, &c);
		s->certificate[s->certificates++] = c;
	}
}
