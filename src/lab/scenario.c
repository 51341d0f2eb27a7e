/* SPDX-License-Identifier: ISC */
#include "lab/scenario.h"

#include <stdlib.h>

#include "lab/scenario_parts.h"

static struct scenario *mine(struct reader *r) { return r->owner; }

/* Arena bytes a byte of the file may cost: a run of two letters becomes some hundred bytes of struct. Only a file
 * that repeats itself by YAML's aliases needs more, and is refused. */
#define MEMORY_PER_BYTE 192
#define MEMORY_LEAST (1u << 20)

uint32_t scenario_find_host(const struct scenario *s, const char *name)
{
	for (uint32_t i = 0; i < s->hosts; i++) if (strcmp(s->host[i].name, name) == 0) return i;
	return SCENARIO_NONE;
}

uint32_t scenario_find_link(const struct scenario *s, const char *name)
{
	for (uint32_t i = 0; i < s->links; i++) if (strcmp(s->link[i].name, name) == 0) return i;
	return SCENARIO_NONE;
}

uint32_t scenario_find_run(const struct scenario *s, const char *id)
{
	for (uint32_t i = 0; i < s->runs; i++)
		if (s->run[i].id != NULL && strcmp(s->run[i].id, id) == 0) return i;
	return SCENARIO_NONE;
}

uint32_t scenario_find_scene(const struct scenario *s, const char *name)
{
	for (uint32_t i = 0; i < s->scenes; i++) if (strcmp(s->scene[i].name, name) == 0) return i;
	return SCENARIO_NONE;
}

const struct scenario_host *scenario_host_of(const struct scenario *s, struct ip ip)
{
	for (uint32_t h = 0; h < s->hosts; h++)
		for (size_t i = 0; i < s->host[h].interfaces; i++)
			for (size_t a = 0; a < s->host[h].interface[i].addresses; a++)
				if (ip_equal(s->host[h].interface[i].address[a].ip, ip)) return &s->host[h];
	return NULL;
}

/* A name that refers to something else in the file. The list of right ones is only made to complain with. */
static const char *link_name(const struct scenario *s, uint32_t i) { return i < s->links ? s->link[i].name : NULL; }
static const char *host_name(const struct scenario *s, uint32_t i) { return i < s->hosts ? s->host[i].name : NULL; }
static const char *run_name(const struct scenario *s, uint32_t i)
{
	return i >= s->runs ? NULL : s->run[i].id ? s->run[i].id : "";
}

static bool refer(struct reader *r, node *n, const char *what,
                  const char *(*name)(const struct scenario *, uint32_t), uint32_t *out)
{
	struct scenario *s = mine(r);
	uint32_t count = 0;

	for (; name(s, count) != NULL; count++) {
		if (!read_is_scalar(n) || n->data.scalar.length == 0) continue;
		if (strcmp((const char *)n->data.scalar.value, name(s, count)) != 0) continue;
		*out = count;
		return true;
	}
	const char **names = calloc(count + 1, sizeof *names);
	assert(names != NULL);
	for (uint32_t i = 0; i < count; i++) names[i] = name(s, i);
	read_unknown(r, n, what, names, count);
	free(names);
	return false;
}

bool scenario_read_link_name(struct reader *r, node *n, uint32_t *out)
{
	return refer(r, n, "the name of a link", link_name, out);
}
bool scenario_read_host_name(struct reader *r, node *n, uint32_t *out)
{
	return refer(r, n, "the name of a host", host_name, out);
}
bool scenario_read_run_name(struct reader *r, node *n, uint32_t *out)
{
	return refer(r, n, "the id of a run", run_name, out);
}

static void read_zones(struct reader *r, node *n)
{
	struct scenario *s = mine(r);
	size_t count = read_pairs(r, n, "a mapping of zone names to their records");
	s->zone = read_take(r, count + 1, sizeof *s->zone);
	for (size_t i = 0; i < count; i++) {
		node *value, *key = read_pair(r, n, i, &value);
		struct scenario_zone *z = &s->zone[s->zones];
		const char *text;
		if (!read_text(r, key, "the name of a zone", &z->name) || !read_text(r, value, "the zone's records, after '|'", &text))
			continue;
		z->at = place_of(key);
		z->text = bytes_of(text);
		z->exact = value->data.scalar.style == YAML_LITERAL_SCALAR_STYLE; /* line for line as in the file */
		z->first_line = place_of(value).line + 1;
		/* The block's indentation, which YAML has taken off: the blanks before its first line with words. */
		const uint8_t *p = r->source.at, *end = p + r->source.len;
		for (unsigned line = 1; p < end && (line < z->first_line || *p == '\n' || *p == '\r'); p++) line += *p == '\n';
		while (p < end && *p++ == ' ') z->indent++;
		s->zones++;
	}
}

static void read_files(struct reader *r, node *n)
{
	static const char what[] = "a folder beside this file, or text after '|'";
	struct scenario *s = mine(r);
	size_t count = read_pairs(r, n, "a mapping of names to folders or texts");
	s->file = read_take(r, count + 1, sizeof *s->file);
	for (size_t i = 0; i < count; i++) {
		node *value, *key = read_pair(r, n, i, &value);
		struct scenario_file *f = &s->file[s->files];
		const char *text;
		if (!read_text(r, key, "the name of a file", &f->name) || !read_text(r, value, what, &text)) continue;
		f->at = place_of(value);
		if (value->data.scalar.style == YAML_LITERAL_SCALAR_STYLE) f->text = bytes_of(text);
		else f->folder = text;
		s->files++;
	}
}

static void read_lab_name(struct reader *r, node *n, void *into)
{
	read_text(r, n, "the lab's name", &((struct scenario *)into)->name);
}
static void read_seed(struct reader *r, node *n, void *into)
{
	read_count(r, n, UINT64_MAX, &((struct scenario *)into)->seed);
}
static void read_lab_date(struct reader *r, node *n, void *into)
{
	read_date(r, n, &((struct scenario *)into)->date);
}
static void read_later(struct reader *r, node *n, void *into) { (void)r, (void)n, (void)into; }

/* What refers to names comes after what makes them, however the file has them. */
static void read_all(struct reader *r, node *root)
{
	static const struct key keys[] = {
		{ "lab", read_lab_name }, { "seed", read_seed }, { "date", read_lab_date }, { "links", read_later },
		{ "hosts", read_later }, { "zones", read_later }, { "files", read_later }, { "certificates", read_later }, { "programs", read_later },
		{ "scenes", read_later }, { "faults", read_later }, { "expect", read_later }, { "table", read_later },
	};
	struct scenario *s = mine(r);
	node *n;

	read_map(r, root, "a scenario", keys, COUNT(keys), s);
	if ((n = read_value(r, root, "links"))) scenario_read_links(r, n);
	if ((n = read_value(r, root, "hosts"))) scenario_read_hosts(r, n);
	else if (r->complaints->count == 0) complain(r->complaints, place_of(root), "expected 'hosts:', found none");
	scenario_check_addresses(r);
	if ((n = read_value(r, root, "zones"))) read_zones(r, n);
	if ((n = read_value(r, root, "files"))) read_files(r, n);
	if ((n = read_value(r, root, "certificates"))) scenario_read_certificates(r, n);
	scenario_read_programs(r, root);
	if ((n = read_value(r, root, "scenes"))) scenario_read_scenes(r, n);
	if ((n = read_value(r, root, "faults"))) scenario_read_faults(r, n, &s->fault, &s->faults);
	if ((n = read_value(r, root, "expect"))) scenario_read_expects(r, n, &s->expect, &s->expects);
	if ((n = read_value(r, root, "table"))) scenario_read_table(r, n);
}

/* What stands at a place, counted in bytes, which is where YAML looks for a token: 0 beyond the text. */
static uint8_t byte_at(struct bytes text, size_t line, size_t column)
{
	size_t at = 0;
	for (; at < text.len && line > 0; at++) line -= text.at[at] == '\n';
	return at + column < text.len ? text.at[at + column] : 0;
}

/* libyaml's words, and what people mean by them. */
static void complain_of_yaml(struct complaints *complaints, const yaml_parser_t *p, struct bytes text)
{
	char more[200] = "";
	struct text t = text_in(more, sizeof more);
	struct place at = { (unsigned)p->problem_mark.line + 1, (unsigned)p->problem_mark.column + 1 };

	if (byte_at(text, p->problem_mark.line, p->problem_mark.column) == '\t') {
		complain(complaints, at, "expected YAML: found a tab; YAML is indented with spaces");
		return;
	}
	if (p->context != NULL) {
		text_printf(&t, ", %s", p->context);
		if (p->context_mark.line != p->problem_mark.line) text_printf(&t, " that begins in line %zu", p->context_mark.line + 1);
	}
	if (p->problem != NULL && strstr(p->problem, "expected key") != NULL)
		text_puts(&t, " (is the line indented as its neighbours are, and each quotation closed?)");
	complain(complaints, at, "expected YAML: %s%s", p->problem ? p->problem : "not readable", more);
}

static bool parse(struct bytes text, yaml_document_t *document, struct complaints *complaints)
{
	yaml_parser_t parser;
	bool ok = yaml_parser_initialize(&parser);

	assert(ok); /* it only allocates */
	yaml_parser_set_input_string(&parser, text.at, text.len);
	ok = yaml_parser_load(&parser, document);
	if (!ok) {
		complain_of_yaml(complaints, &parser, text);
	} else if (yaml_document_get_root_node(document) == NULL) {
		complain(complaints, (struct place){ 1, 1 }, "expected a scenario, found nothing");
		yaml_document_delete(document);
		ok = false;
	}
	yaml_parser_delete(&parser);
	return ok;
}

static void read_until_full(struct reader *r)
{
	jmp_buf full;
	r->full = &full;
	if (setjmp(full) == 0) read_all(r, yaml_document_get_root_node(r->document));
}

struct scenario *scenario_load(struct bytes text, struct complaints *complaints)
{
	yaml_document_t document;
	size_t size = MEMORY_LEAST + text.len * MEMORY_PER_BYTE;

	if (text.len > SCENARIO_BYTES_MAX) {
		complain(complaints, (struct place){ 0 }, "expected at most %u bytes, found %zu", SCENARIO_BYTES_MAX, text.len);
		return NULL;
	}
	if (!parse(text, &document, complaints)) return NULL;
	struct scenario *s = calloc(1, sizeof *s + size);
	assert(s != NULL);
	*s = (struct scenario){ .name = "a lab", .seed = 1, .date = 1767225600 /* 2026-01-01 */ };
	arena_init(&s->memory, (struct room){ (uint8_t *)(s + 1), size });
	struct reader r = { &document, text, &s->memory, complaints, s, NULL };
	read_until_full(&r);
	yaml_document_delete(&document);
	if (complaints->count == 0) return s;
	scenario_free(s);
	return NULL;
}

void scenario_free(struct scenario *s) { free(s); }
