/* SPDX-License-Identifier: ISC */
/* The parts of a scenario that happen: programs, scenes, faults. */
#include "lab/scenario_parts.h"

static struct scenario *mine(struct reader *r) { return r->owner; }

/* ---- what hosts run ---- */

static void run_at(struct reader *r, node *n, void *into) { read_span(r, n, &((struct scenario_run *)into)->at); }
static void run_stop(struct reader *r, node *n, void *into) { read_span(r, n, &((struct scenario_run *)into)->stop_at); }
static void run_host(struct reader *r, node *n, void *into)
{
	scenario_read_host_name(r, n, &((struct scenario_run *)into)->host);
}
static void run_do(struct reader *r, node *n, void *into) { read_words(r, n, &((struct scenario_run *)into)->words); }
static void run_id(struct reader *r, node *n, void *into)
{
	struct scenario_run *run = into;
	if (!read_name(r, n, "an id", &run->id)) return;
	uint32_t other = scenario_find_run(mine(r), run->id);
	if (other == SCENARIO_NONE) return;
	complain(r->complaints, place_of(n), "there is a run '%s' already, in line %u", run->id, mine(r)->run[other].place.line);
	run->id = NULL;
}
static void run_input(struct reader *r, node *n, void *into)
{
	read_text(r, n, "the program's standard input", &((struct scenario_run *)into)->input);
}
static void run_quiet(struct reader *r, node *n, void *into) { read_yes(r, n, &((struct scenario_run *)into)->quiet); }

static void inject_to(struct reader *r, node *n, void *into) { read_addr(r, n, &((struct scenario_inject *)into)->to); }
static void inject_text(struct reader *r, node *n, void *into)
{
	read_text(r, n, "the datagram's text", &((struct scenario_inject *)into)->text);
}
static void inject_port(struct reader *r, node *n, void *into)
{
	uint64_t port;
	if (read_count(r, n, UINT16_MAX, &port)) ((struct scenario_inject *)into)->from_port = (uint16_t)port;
}
static void run_inject(struct reader *r, node *n, void *into)
{
	static const struct key keys[] = { { "to", inject_to }, { "from-port", inject_port }, { "text", inject_text } };
	struct scenario_inject *inject = &((struct scenario_run *)into)->inject;
	*inject = (struct scenario_inject){ .from_port = 40000, .text = "" };
	read_map(r, n, "a datagram with a wrong checksum", keys, COUNT(keys), inject);
	if (inject->to.port == 0) complain(r->complaints, place_of(n), "expected 'to:', an address and a port");
}

static void replay_filter(struct reader *r, node *n, void *into)
{
	struct scenario_replay *replay = into;
	if (read_text(r, n, "a filter such as 'tcp dst port 443'", &replay->filter)) replay->filter_at = place_of(n);
}
static void replay_to(struct reader *r, node *n, void *into) { read_addr(r, n, &((struct scenario_replay *)into)->to); }
static void run_replay(struct reader *r, node *n, void *into)
{
	static const struct key keys[] = { { "filter", replay_filter }, { "to", replay_to } };
	struct scenario_replay *replay = &((struct scenario_run *)into)->replay;
	replay->filter = "tcp";
	read_map(r, n, "a first flight that is sent again", keys, COUNT(keys), replay);
	if (replay->to.port == 0) complain(r->complaints, place_of(n), "expected 'to:', an address and a port");
}

static const struct key run_keys[] = {
	{ "at", run_at }, { "until", run_stop }, { "host", run_host }, { "do", run_do }, { "id", run_id },
	{ "input", run_input }, { "quiet", run_quiet }, { "wrong-checksum", run_inject }, { "replay", run_replay },
};

static void add_run(struct reader *r, node *n, struct scenario_run run)
{
	struct scenario *s = mine(r);
	run.place = place_of(n);
	run.host = run.scene == SCENARIO_NONE ? run.host : SCENARIO_NONE;
	run.stop_at = NEVER;
	if (read_is_scalar(n) && run.scene == SCENARIO_NONE) read_words(r, n, &run.words);
	else read_map(r, n, "a run", run_keys, COUNT(run_keys), &run);
	if (run.host == SCENARIO_NONE && read_value(r, n, "host") == NULL)
		complain(r->complaints, run.place, "expected 'host:', where this runs");
	unsigned kinds = (run.words.count > 0) + (run.inject.text != NULL) + (run.replay.filter != NULL);
	if (kinds != 1 && read_value(r, n, "do") == NULL && !read_is_scalar(n))
		complain(r->complaints, run.place, "expected either 'do:', 'wrong-checksum:' or 'replay:'");
	if (run.input != NULL && run.words.count == 0) complain(r->complaints, run.place, "expected 'do:' beside 'input:', a program that reads it");
	s->run[s->runs++] = run;
}

/* How many runs the whole file has, so that they lie in one array. */
static size_t count_runs(struct reader *r, node *root)
{
	node *value, *programs = read_value(r, root, "programs"), *scenes = read_value(r, root, "scenes");
	size_t sum = 0;

	for (size_t i = 0; programs && programs->type == YAML_MAPPING_NODE && i < read_pairs(r, programs, ""); i++) {
		read_pair(r, programs, i, &value);
		sum += read_is_list(value) ? read_items(r, value, "") : 1;
	}
	for (size_t i = 0; scenes && read_is_list(scenes) && i < read_items(r, scenes, ""); i++) {
		node *runs = read_value(r, read_item(r, scenes, i), "run");
		if (runs != NULL && read_is_list(runs)) sum += read_items(r, runs, "");
	}
	return sum;
}

void scenario_read_programs(struct reader *r, node *root)
{
	struct scenario *s = mine(r);
	node *value, *programs = read_value(r, root, "programs");

	s->run = read_take(r, count_runs(r, root) + 1, sizeof *s->run);
	size_t count = programs ? read_pairs(r, programs, "a mapping of hosts to what runs on them") : 0;
	for (size_t i = 0; i < count; i++) {
		struct scenario_run run = { .scene = SCENARIO_NONE };
		if (!scenario_read_host_name(r, read_pair(r, programs, i, &value), &run.host)) continue;
		size_t items = read_is_list(value) ? read_items(r, value, "a list") : 0;
		for (size_t k = 0; k < items; k++) add_run(r, read_item(r, value, k), run);
		if (!read_is_list(value)) add_run(r, value, run);
	}
	s->programs = s->runs;
}

/* ---- faults ---- */

static void fault_at(struct reader *r, node *n, void *into) { read_span(r, n, &((struct scenario_fault *)into)->at); }
static void fault_what(struct reader *r, node *n, struct scenario_fault *f, enum scenario_fault_kind kind)
{
	struct scenario *s = mine(r);
	const char *name = read_is_scalar(n) ? (const char *)n->data.scalar.value : "";
	size_t count = 0;

	f->kind = kind;
	f->link = scenario_find_link(s, name);
	f->host = f->link == SCENARIO_NONE ? scenario_find_host(s, name) : SCENARIO_NONE;
	if (f->link != SCENARIO_NONE || f->host != SCENARIO_NONE) return;
	const char **names = read_take(r, s->links + s->hosts + 1, sizeof *names);
	for (uint32_t i = 0; i < s->links; i++) names[count++] = s->link[i].name;
	for (uint32_t i = 0; i < s->hosts; i++) names[count++] = s->host[i].name;
	read_unknown(r, n, "the name of a link or a host", names, count);
}
static void fault_cut(struct reader *r, node *n, void *into) { fault_what(r, n, into, FAULT_CUT); }
static void fault_heal(struct reader *r, node *n, void *into) { fault_what(r, n, into, FAULT_HEAL); }
static void fault_link(struct reader *r, node *n, void *into)
{
	struct scenario_fault *f = into;
	f->kind = FAULT_CHANGE;
	if (scenario_read_link_name(r, n, &f->link)) f->wire = mine(r)->link[f->link].wire;
}
static void fault_flip(struct reader *r, node *n, void *into)
{
	struct scenario_fault *f = into;
	f->kind = FAULT_FLIP;
	scenario_read_link_name(r, n, &f->link);
}
static void fault_filter(struct reader *r, node *n, void *into)
{
	struct scenario_fault *f = into;
	if (read_text(r, n, "a filter such as 'tcp port 443'", &f->filter)) f->filter_at = place_of(n);
}
/* `set: {loss: 5%}`; what is not said is as the link has it. Read after the link, wherever it stands. */
static void fault_set(struct reader *r, node *n, void *into) { (void)r, (void)n, (void)into; }

void scenario_read_faults(struct reader *r, node *n, struct scenario_fault **faults, size_t *count)
{
	static const struct key keys[] = {
		{ "at", fault_at }, { "cut", fault_cut }, { "heal", fault_heal }, { "link", fault_link }, { "set", fault_set },
		{ "flip", fault_flip }, { "filter", fault_filter },
	};
	size_t items = read_items(r, n, "a list of faults");

	*faults = read_take(r, items + 1, sizeof **faults);
	for (size_t i = 0; i < items; i++) {
		struct scenario_fault f = { .link = SCENARIO_NONE, .host = SCENARIO_NONE };
		node *set, *item = read_item(r, n, i);
		size_t before = r->complaints->count;
		read_map(r, item, "a fault", keys, COUNT(keys), &f);
		f.place = place_of(item);
		if (f.kind == FAULT_CHANGE && f.link != SCENARIO_NONE && (set = read_value(r, item, "set")))
			scenario_read_wire(r, set, "a link", &f.wire);
		if (f.link == SCENARIO_NONE && f.host == SCENARIO_NONE && r->complaints->count == before)
			complain(r->complaints, f.place, "expected 'cut:', 'heal:', 'link:' or 'flip:'");
		if (f.kind == FAULT_FLIP && f.filter == NULL && r->complaints->count == before)
			complain(r->complaints, f.place, "expected 'filter:', which segment a bit is flipped in");
		(*faults)[(*count)++] = f;
	}
}

/* ---- scenes ---- */

static void scene_name(struct reader *r, node *n, void *into)
{
	read_text(r, n, "the scene's name", &((struct scenario_scene *)into)->name);
}
static void scene_text(struct reader *r, node *n, void *into)
{
	read_text(r, n, "what the scene shows", &((struct scenario_scene *)into)->text);
}
static void scene_lasts(struct reader *r, node *n, void *into) { read_span(r, n, &((struct scenario_scene *)into)->lasts); }
static void scene_faults(struct reader *r, node *n, void *into)
{
	struct scenario_scene *scene = into;
	scenario_read_faults(r, n, &scene->fault, &scene->faults);
}
static void scene_run(struct reader *r, node *n, void *into)
{
	struct scenario_scene *scene = into;
	struct scenario *s = mine(r);
	size_t items = read_items(r, n, "a list of runs");
	scene->first_run = s->runs;
	for (size_t i = 0; i < items; i++) add_run(r, read_item(r, n, i), (struct scenario_run){ .scene = s->scenes });
	scene->runs = s->runs - scene->first_run;
}
static void scene_plot(struct reader *r, node *n, void *into)
{
	struct scenario_scene *scene = into;
	size_t items = read_items(r, n, "a list of hosts");
	scene->plot = read_take(r, items + 1, sizeof *scene->plot);
	for (size_t i = 0; i < items; i++)
		if (scenario_read_host_name(r, read_item(r, n, i), &scene->plot[scene->plots])) scene->plots++;
}
static void scene_drawn(struct reader *r, node *n, void *into) { read_yes(r, n, &((struct scenario_scene *)into)->drawn); }
static void scene_expect(struct reader *r, node *n, void *into) { (void)r, (void)n, (void)into; } /* after all runs */

static void show_links(struct reader *r, node *n, void *into)
{
	struct scenario_show *show = into;
	size_t items = read_items(r, n, "a list of links");
	show->link = read_take(r, items + 1, sizeof *show->link);
	for (size_t i = 0; i < items; i++)
		if (scenario_read_link_name(r, read_item(r, n, i), &show->link[show->links])) show->links++;
}
static void show_filter(struct reader *r, node *n, void *into)
{
	struct scenario_show *show = into;
	if (read_text(r, n, "a filter such as 'udp port 53'", &show->filter)) show->filter_at = place_of(n);
}
static void show_head(struct reader *r, node *n, void *into)
{
	read_count(r, n, UINT32_MAX, &((struct scenario_show *)into)->head);
}
static void show_tail(struct reader *r, node *n, void *into)
{
	read_count(r, n, UINT32_MAX, &((struct scenario_show *)into)->tail);
}

static void scene_show(struct reader *r, node *n, void *into)
{
	static const struct key keys[] = {
		{ "links", show_links }, { "filter", show_filter }, { "head", show_head }, { "tail", show_tail },
	};
	struct scenario_scene *scene = into;
	if (read_is_scalar(n) && strcmp((const char *)n->data.scalar.value, "nothing") == 0) scene->show.nothing = true;
	else read_map(r, n, "show", keys, COUNT(keys), &scene->show);
}

void scenario_read_scenes(struct reader *r, node *n)
{
	static const struct key keys[] = {
		{ "name", scene_name }, { "text", scene_text }, { "lasts", scene_lasts }, { "run", scene_run },
		{ "faults", scene_faults }, { "show", scene_show }, { "plot", scene_plot }, { "drawn", scene_drawn },
		{ "expect", scene_expect },
	};
	struct scenario *s = mine(r);
	size_t count = read_items(r, n, "a list of scenes");

	s->scene = read_take(r, count + 1, sizeof *s->scene);
	for (size_t i = 0; i < count; i++) {
		struct scenario_scene *scene = &s->scene[i];
		node *item = read_item(r, n, i);
		*scene = (struct scenario_scene){ .at = place_of(item), .drawn = true, .first_run = s->runs, .show = { .head = 40, .tail = 10 } };
		read_map(r, item, "a scene", keys, COUNT(keys), scene);
		if (scene->name == NULL && read_value(r, item, "name") == NULL)
			complain(r->complaints, scene->at, "expected 'name:', what the scene is called");
		s->scenes++;
	}
	for (size_t i = 0; i < count; i++) {
		node *expect = read_value(r, read_item(r, n, i), "expect");
		if (expect != NULL) scenario_read_expects(r, expect, &s->scene[i].expect, &s->scene[i].expects);
	}
}
