/* SPDX-License-Identifier: ISC */
/* The parts of a scenario that say what must be true: expectations, and what the table is measured from. */
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>

#include "lab/scenario_parts.h"

/* An expectation as it is read: the key that says its kind comes once. */
struct reading { struct expectation e; node *kind_node; bool has_count; };

static void be(struct reader *r, node *n, struct reading *x, enum expect_kind kind)
{
	if (x->kind_node != NULL)
		complain(r->complaints, place_of(n), "expected one thing an entry; the first is in line %u", place_of(x->kind_node).line);
	x->kind_node = n;
	x->e.kind = kind;
}

/* "3", ">= 3", "<= 3", "> 3", "< 3", "not 3". */
static bool read_how_many(struct reader *r, node *n, struct scenario_count *out)
{
	static const struct { const char *sign; int how; } signs[] = {
		{ ">=", AT_LEAST }, { "<=", AT_MOST }, { ">", ABOVE }, { "<", BELOW }, { "not ", NOT }, { "==", IS }, { "", IS },
	};
	const char *text;
	char *end;

	if (!read_text(r, n, "a number such as 3 or '>= 3'", &text)) return false;
	for (size_t i = 0; i < COUNT(signs); i++) {
		size_t len = strlen(signs[i].sign);
		if (strncmp(text, signs[i].sign, len) != 0) continue;
		const char *p = text + len;
		while (*p == ' ') p++;
		out->how = signs[i].how;
		out->number = strtoll(p, &end, 10);
		if ((isdigit((unsigned char)*p) || *p == '-') && *end == '\0') return true;
		break;
	}
	read_expected(r, n, "a number such as 3 or '>= 3'");
	return false;
}

static void add_filter(struct reader *r, node *n, struct expectation *e)
{
	if (e->filters == SCENARIO_FILTERS_MAX) read_expected(r, n, "at most twelve filters");
	else if (read_text(r, n, "a filter such as 'udp port 53'", &e->filter[e->filters])) e->filter_at[e->filters++] = place_of(n);
}

static void add_run_name(struct reader *r, node *n, struct expectation *e)
{
	if (e->runs == SCENARIO_RUNS_NAMED_MAX) read_expected(r, n, "at most twelve runs");
	else if (scenario_read_run_name(r, n, &e->run[e->runs])) e->runs++;
}

static void each(struct reader *r, node *n, struct expectation *e, void (*add)(struct reader *, node *, struct expectation *))
{
	size_t items = read_is_list(n) ? read_items(r, n, "a list") : 0;
	for (size_t i = 0; i < items; i++) add(r, read_item(r, n, i), e);
	if (!read_is_list(n)) add(r, n, e);
}

static void on_run(struct reader *r, node *n, void *into) { each(r, n, &((struct reading *)into)->e, add_run_name); }
static void on_say(struct reader *r, node *n, void *into) { read_text(r, n, "a sentence", &((struct reading *)into)->e.say); }
static void on_link(struct reader *r, node *n, void *into) { scenario_read_link_name(r, n, &((struct reading *)into)->e.link); }
static void on_host(struct reader *r, node *n, void *into) { scenario_read_host_name(r, n, &((struct reading *)into)->e.host); }
static void on_count(struct reader *r, node *n, void *into)
{
	struct reading *x = into;
	x->has_count = true;
	read_how_many(r, n, &x->e.count);
}
static void on_exit_status(struct reader *r, node *n, void *into)
{
	be(r, n, into, EXPECT_EXIT);
	on_count(r, n, into);
}
static void read_pattern(struct reader *r, node *n, struct reading *x, enum expect_kind kind)
{
	be(r, n, x, kind);
	read_text(r, n, "text that is looked for", &x->e.text);
}
static void on_output(struct reader *r, node *n, void *into) { read_pattern(r, n, into, EXPECT_OUTPUT); }
static void on_lacks(struct reader *r, node *n, void *into) { read_pattern(r, n, into, EXPECT_LACKS); }
static void on_matches(struct reader *r, node *n, void *into)
{
	struct reading *x = into;
	regex_t regex;
	read_pattern(r, n, x, EXPECT_MATCHES);
	if (x->e.text == NULL) return;
	int wrong = regcomp(&regex, x->e.text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
	char words[120];
	if (wrong == 0) {
		regfree(&regex);
		return;
	}
	regerror(wrong, &regex, words, sizeof words);
	complain(r->complaints, place_of(n), "expected an extended regular expression, found '%.100s': %s", x->e.text, words);
}
static void on_measure(struct reader *r, node *n, void *into) { read_pattern(r, n, into, EXPECT_MEASURE); }
static void on_wire(struct reader *r, node *n, void *into) { read_pattern(r, n, into, EXPECT_WIRE); }
static void on_decrypted(struct reader *r, node *n, void *into) { read_pattern(r, n, into, EXPECT_DECRYPTED); }
static void on_rotated(struct reader *r, node *n, void *into)
{
	struct reading *x = into;
	be(r, n, x, EXPECT_ROTATED);
	each(r, n, &x->e, add_run_name);
}
static void filters_of(struct reader *r, node *n, struct reading *x, enum expect_kind kind)
{
	be(r, n, x, kind);
	each(r, n, &x->e, add_filter);
}
static void on_filter(struct reader *r, node *n, void *into) { each(r, n, &((struct reading *)into)->e, add_filter); }
static void on_packets(struct reader *r, node *n, void *into) { filters_of(r, n, into, EXPECT_PACKETS); }
static void on_order(struct reader *r, node *n, void *into) { filters_of(r, n, into, EXPECT_ORDER); }
static void on_handshake(struct reader *r, node *n, void *into) { filters_of(r, n, into, EXPECT_HANDSHAKE); }
static void on_close(struct reader *r, node *n, void *into) { filters_of(r, n, into, EXPECT_CLOSE); }
static void on_checksum(struct reader *r, node *n, void *into) { filters_of(r, n, into, EXPECT_CHECKSUM); }

static void on_drops(struct reader *r, node *n, void *into)
{
	struct reading *x = into;
	const char *names[DROP_COUNT];
	be(r, n, x, EXPECT_DROPS);
	for (int i = 1; i < DROP_COUNT; i++) {
		names[i] = drop_name((enum drop)i);
		if (read_is_scalar(n) && strcmp((const char *)n->data.scalar.value, names[i]) == 0) x->e.drop = (enum drop)i;
	}
	if (x->e.drop == DROP_NONE) read_unknown(r, n, "a reason to drop a packet", names + 1, DROP_COUNT - 1);
}

static void on_fate(struct reader *r, node *n, void *into)
{
	static const char *const names[] = { "delivered", "lost", "duplicated", "reordered", "corrupted", "queue-full",
	                                     "no-buffer", "too-big", "cut" };
	static_assert(COUNT(names) == SIM_CUT + 1, "a name for every fate");
	struct reading *x = into;
	be(r, n, x, EXPECT_FATE);
	for (size_t i = 0; i < COUNT(names); i++)
		if (read_is_scalar(n) && strcmp((const char *)n->data.scalar.value, names[i]) == 0) {
			x->e.fate = (enum sim_fate)i;
			return;
		}
	read_unknown(r, n, "what becomes of a frame", names, COUNT(names));
}

static void on_cwnd(struct reader *r, node *n, void *into)
{
	struct reading *x = into;
	be(r, n, x, EXPECT_CWND);
	scenario_read_host_name(r, n, &x->e.host);
}

/* What an expectation of its kind cannot do without. */
static void check_whole(struct reader *r, node *n, const struct reading *x)
{
	static const bool wants_run[EXPECT_KINDS] = { [EXPECT_EXIT] = true, [EXPECT_OUTPUT] = true, [EXPECT_MATCHES] = true,
		[EXPECT_LACKS] = true, [EXPECT_MEASURE] = true };
	static const bool wants_count[EXPECT_KINDS] = { [EXPECT_MEASURE] = true, [EXPECT_PACKETS] = true, [EXPECT_CHECKSUM] = true,
		[EXPECT_DROPS] = true, [EXPECT_FATE] = true, [EXPECT_WIRE] = true, [EXPECT_DECRYPTED] = true };

	if (x->kind_node == NULL) {
		complain(r->complaints, place_of(n), "expected what is expected: 'exit:', 'output:', 'packets:', ...");
		return;
	}
	if (wants_run[x->e.kind] && x->e.runs == 0 && read_value(r, n, "run") == NULL)
		complain(r->complaints, place_of(n), "expected 'run:', the id of what is looked at");
	if (wants_count[x->e.kind] && !x->has_count)
		complain(r->complaints, place_of(n), "expected 'count:', how many");
	if (x->e.kind == EXPECT_DROPS && x->e.host == SCENARIO_NONE && read_value(r, n, "host") == NULL)
		complain(r->complaints, place_of(n), "expected 'host:', where they are dropped");
}

void scenario_read_expects(struct reader *r, node *n, struct expectation **expects, size_t *count)
{
	static const struct key keys[] = {
		{ "say", on_say }, { "filter", on_filter }, { "run", on_run }, { "on", on_link }, { "host", on_host }, { "count", on_count },
		{ "exit", on_exit_status }, { "output", on_output }, { "matches", on_matches }, { "lacks", on_lacks },
		{ "measure", on_measure }, { "packets", on_packets }, { "order", on_order }, { "handshake", on_handshake },
		{ "close", on_close }, { "wrong-checksums", on_checksum }, { "drops", on_drops }, { "frames", on_fate },
		{ "rotated", on_rotated }, { "cwnd", on_cwnd }, { "wire", on_wire },
		{ "decrypted", on_decrypted },
	};
	size_t items = read_items(r, n, "a list of expectations");

	*expects = read_take(r, items + 1, sizeof **expects);
	for (size_t i = 0; i < items; i++) {
		node *item = read_item(r, n, i);
		struct reading x = { .e = { .at = place_of(item), .link = SCENARIO_NONE, .host = SCENARIO_NONE } };
		size_t wrong = complaints_all(r->complaints);
		read_map(r, item, "an expectation", keys, COUNT(keys), &x);
		if (complaints_all(r->complaints) == wrong && item->type == YAML_MAPPING_NODE) check_whole(r, item, &x);
		(*expects)[(*count)++] = x.e;
	}
}

/* ---- the table ---- */

static void side_stream(struct reader *r, node *n, void *into)
{
	scenario_read_run_name(r, n, &((struct scenario_side *)into)->stream);
}
static void side_server(struct reader *r, node *n, void *into)
{
	scenario_read_run_name(r, n, &((struct scenario_side *)into)->server);
}
static void side_largest(struct reader *r, node *n, void *into)
{
	struct scenario_side *side = into;
	struct expectation e = { 0 };
	each(r, n, &e, add_run_name);
	memcpy(side->largest, e.run, sizeof e.run);
	side->largests = e.runs;
}
static void side_filter(struct reader *r, node *n, void *into)
{
	struct scenario_side *side = into;
	if (read_text(r, n, "a filter such as 'udp port 7777'", &side->filter)) side->filter_at = place_of(n);
}
static void side_link(struct reader *r, node *n, void *into)
{
	scenario_read_link_name(r, n, &((struct scenario_side *)into)->link);
}
static void side_clients(struct reader *r, node *n, void *into)
{
	struct scenario *s = r->owner;
	struct scenario_side *side = into;
	const char **names = read_take(r, s->scenes + 1, sizeof *names);
	for (uint32_t i = 0; i < s->scenes; i++) names[i] = s->scene[i].name ? s->scene[i].name : "";
	side->clients = read_is_scalar(n) ? scenario_find_scene(s, (const char *)n->data.scalar.value) : SCENARIO_NONE;
	if (side->clients == SCENARIO_NONE) read_unknown(r, n, "the name of a scene", names, s->scenes);
}

static void read_side(struct reader *r, node *n, struct scenario_side *side)
{
	static const struct key keys[] = {
		{ "stream", side_stream }, { "largest", side_largest }, { "server", side_server },
		{ "clients", side_clients }, { "packets", side_filter }, { "on", side_link },
	};
	*side = (struct scenario_side){ SCENARIO_NONE, .server = SCENARIO_NONE, .clients = SCENARIO_NONE,
	                                .link = SCENARIO_NONE, .at = place_of(n) };
	read_map(r, n, "one side of the table", keys, COUNT(keys), side);
	for (size_t k = 0; k < COUNT(keys); k++)
		if (read_value(r, n, keys[k].name) == NULL)
			complain(r->complaints, side->at, "expected '%s:' in each side of the table", keys[k].name);
}

static void table_tcp(struct reader *r, node *n, void *into) { read_side(r, n, &((struct scenario_table *)into)->tcp); }
static void table_udp(struct reader *r, node *n, void *into) { read_side(r, n, &((struct scenario_table *)into)->udp); }

void scenario_read_table(struct reader *r, node *n)
{
	static const struct key keys[] = { { "tcp", table_tcp }, { "udp", table_udp } };
	struct scenario *s = r->owner;
	s->table.wanted = true;
	read_map(r, n, "the table", keys, COUNT(keys), &s->table);
	for (size_t k = 0; k < COUNT(keys); k++)
		if (read_value(r, n, keys[k].name) == NULL)
			complain(r->complaints, place_of(n), "expected '%s:' in the table", keys[k].name);
}
