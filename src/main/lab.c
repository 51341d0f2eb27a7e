/* SPDX-License-Identifier: ISC */
/* lab.c - `tulle lab`: a whole internet from a file. Reads the words, the file, and hands on to lab/. */
#include "main/lab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "host/files.h"
#include "lab/build.h"
#include "lab/exec.h"
#include "lab/rehearse.h"
#include "lab/run.h"
#include "lab/shelf.h"
#include "main/sandbox.h"
#include "main/sink.h"
#include "tool/tool.h"

#define SHELF_BYTES (1u << 20) /* for the folders a scenario serves */

const char lab_help[] =
	"usage: tulle lab run FILE [--seed N] [--out DIR] [--scene NAME] [--quiet]\n"
	"       tulle lab check FILE\n"
	"       tulle lab exec FILE --at HOST [--seed N] -- COMMAND...\n"
	"\n"
	"run    plays the file's internet on a virtual clock: prints its scenes and\n"
	"       their packets, checks what it expects, and leaves NAME.pcapng and\n"
	"       NAME.html in DIR (out)\n"
	"check  reads the file, its zones, filters and command lines, and says what is\n"
	"       wrong with them\n"
	"exec   runs a real program as if on HOST; the rest of the lab runs around it\n"
	"       in real time\n"
	"\n"
	"  --seed N      replays a run: the same seed gives the same packets\n"
	"  --out DIR     where the files go; made if it is not there\n"
	"  --scene NAME  plays up to this scene (a name or a number), tells only of it\n"
	"  --quiet       tells only what is not as expected\n"
	"\n"
	"tulle-lab(1) describes the file.\n";

struct asked {
	const char *verb, *file, *out, *scene, *at;
	uint64_t seed;
	bool has_seed, quiet;
	char **command; /* after "--" */
};

/* ---- the words ---- */

static int usage(const char *format, const char *word, const char *nearest)
{
	fputs("tulle lab: ", stderr);
	fprintf(stderr, format, word);
	if (nearest != NULL) fprintf(stderr, "; did you mean %s?", nearest);
	fputs(nearest != NULL ? "\n" : " (`tulle help lab` says more)\n", stderr);
	return TOOL_USAGE;
}

static bool read_number(const char *text, uint64_t *out)
{
	char *end;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0) return false;
	*out = n;
	return true;
}

enum option { SEED, OUT, SCENE, QUIET, AT, OPTIONS };
static const char *const option_names[OPTIONS] = { "--seed", "--out", "--scene", "--quiet", "--at" };

/* One option; `value` is the word behind it, or NULL. */
static int take_option(enum option option, const char *word, const char *value, struct asked *w)
{
	if (option == OPTIONS) return usage("%s: there is no such option", word, text_nearest(word, option_names, OPTIONS));
	if (option != QUIET && value == NULL) return usage("%s: a value is missing", word, NULL);
	switch (option) {
	case SEED:
		w->has_seed = read_number(value, &w->seed);
		return w->has_seed ? 0 : usage("--seed: a whole number is wanted, not %s", value, NULL);
	case OUT: w->out = value; break;
	case SCENE: w->scene = value; break;
	case AT: w->at = value; break;
	default: w->quiet = true; break;
	}
	return 0;
}

/* 0, or the exit status of a usage that is wrong. */
static int read_asked(int argc, char **argv, struct asked *w)
{
	static const char *const verbs[] = { "run", "check", "exec" };
	bool known = false;
	int status;

	if (argc < 2) return usage("%s", "run, check or exec?", NULL);
	*w = (struct asked){ .verb = argv[1], .out = "out" };
	for (size_t i = 0; i < COUNT(verbs); i++) known |= strcmp(argv[1], verbs[i]) == 0;
	if (!known) return usage("%s: run, check or exec is wanted", argv[1], text_nearest(argv[1], verbs, COUNT(verbs)));
	for (int i = 2; i < argc; i++) {
		enum option option = SEED;
		if (strcmp(argv[i], "--") == 0) {
			w->command = argv + i + 1;
			break;
		}
		if (*argv[i] != '-') {
			if (w->file != NULL) return usage("%s: one file at a time", argv[i], NULL);
			w->file = argv[i];
			continue;
		}
		while (option < OPTIONS && strcmp(argv[i], option_names[option]) != 0) option++;
		if ((status = take_option(option, argv[i], i + 1 < argc ? argv[i + 1] : NULL, w)) != 0) return status;
		i += option != QUIET;
	}
	return w->file != NULL ? 0 : usage("%s: which FILE?", w->verb, NULL);
}

static bool lock_in(enum sandbox_profile profile, struct text *err)
{
	const char *why = "";
	if (sandbox_enter(profile, &why)) return true;
	text_printf(err, "tulle: cannot lock itself in: %s (--no-sandbox runs without)\n", why);
	text_flush(err);
	return false;
}

/* ---- the file ---- */

struct opened {
	const char *path;
	char beside[1024], name[256]; /* its folder; its name without an ending */
	struct bytes text;            /* malloc'ed */
	struct scenario *scenario;
	struct arena memory;
	struct files *folder;         /* that is beside; NULL: cannot be opened */
	struct shelf *shelf;
	struct outlet outlet;
};

static bool read_file(const char *path, struct bytes *text)
{
	FILE *f = fopen(path, "rb");
	uint8_t *at = malloc(SCENARIO_BYTES_MAX + 1);
	bool good = f != NULL && at != NULL;
	size_t len = good ? fread(at, 1, SCENARIO_BYTES_MAX + 1, f) : 0;

	if (good && ferror(f)) good = false;
	if (!good) fprintf(stderr, "tulle: %s: %s\n", path, strerror(errno ? errno : ENOMEM));
	if (f != NULL) fclose(f);
	if (!good) free(at);
	else *text = (struct bytes){ at, len };
	return good;
}

static void split_path(struct opened *o)
{
	const char *slash = strrchr(o->path, '/'), *base = slash ? slash + 1 : o->path, *dot = strrchr(base, '.');
	snprintf(o->beside, sizeof o->beside, "%.*s", slash ? (int)(slash - o->path) + (slash == o->path) : 1, slash ? o->path : ".");
	snprintf(o->name, sizeof o->name, "%.*s", dot && dot > base ? (int)(dot - base) : (int)strlen(base), base);
}

/* The file's bytes and its folder, while everything may still be opened. False after it has said why not. */
static bool fetch_scenario(struct opened *o, const char *path)
{
	uint8_t *memory = calloc(1, SHELF_BYTES);

	*o = (struct opened){ .path = path, .outlet.keeper = -1 };
	if (memory == NULL || !read_file(path, &o->text)) return free(memory), false;
	split_path(o);
	arena_init(&o->memory, (struct room){ memory, SHELF_BYTES });
	struct files *host = files_host(&o->memory);
	assert(host != NULL);
	o->folder = files_below(host, o->beside, &o->memory);
	return true;
}

/* False after it has said everything that is wrong with the file. */
static bool open_scenario(struct opened *o, struct text *err)
{
	static struct complaints complaints;

	o->scenario = scenario_load(o->text, &complaints);
	if (o->scenario != NULL) {
		o->shelf = shelf_open(&o->memory, o->scenario, o->folder, o->beside, &complaints);
		rehearse(o->scenario, &o->shelf->files, &complaints);
	}
	complaints_print(&complaints, o->path, err);
	text_flush(err);
	return complaints.count == 0;
}

static void close_scenario(struct opened *o)
{
	outlet_close(&o->outlet);
	if (o->scenario != NULL) scenario_free(o->scenario);
	free(o->memory.memory.at);
	free((void *)(uintptr_t)o->text.at);
}

/* ---- run ---- */

/* A scene by its name or its number; SCENARIO_NONE after a complaint. */
static uint32_t find_scene(const struct scenario *s, const char *word)
{
	uint64_t number;
	uint32_t found = scenario_find_scene(s, word);

	if (found != SCENARIO_NONE) return found;
	if (read_number(word, &number) && number >= 1 && number <= s->scenes) return (uint32_t)number - 1;
	const char **names = calloc(s->scenes + 1, sizeof *names);
	for (uint32_t i = 0; names && i < s->scenes; i++) names[i] = s->scene[i].name;
	const char *nearest = names ? text_nearest(word, names, s->scenes) : NULL;
	fprintf(stderr, "tulle lab: there is no scene '%s'", word);
	if (nearest != NULL) fprintf(stderr, "; did you mean '%s'?", nearest);
	fputs("\n", stderr);
	free(names);
	return SCENARIO_NONE;
}

static int lab_run_file(const struct asked *w, struct opened *o, struct sink *out, struct sink *err)
{
	struct run_config config = {
		.scenario = o->scenario, .path = o->path, .files = &o->shelf->files, .outlet = &o->outlet,
		.seed = w->has_seed ? w->seed : o->scenario->seed, .scene = SCENARIO_NONE, .quiet = w->quiet,
		.color = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL, .progress = isatty(STDERR_FILENO),
		.to = &out->text, .err = &err->text,
	};
	if (w->scene != NULL && (config.scene = find_scene(o->scenario, w->scene)) == SCENARIO_NONE) return TOOL_USAGE;
	int status = run_scenario(&config);
	text_flush(&out->text);
	if (out->error != 0 && out->error != EPIPE) text_printf(&err->text, "tulle: cannot write the output: %s\n", strerror(out->error));
	text_flush(&err->text);
	return out->error != 0 ? TOOL_FAILED : status;
}

/* ---- exec ---- */

static int lab_exec_file(const struct asked *w, struct opened *o, struct sink *err)
{
	struct scenario *s = o->scenario;
	struct exec_bridge bridge;
	struct prefix address[SCENARIO_ADDRESSES_MAX];
	struct ip gateway[2];
	size_t gateways = 0;

	if (w->at == NULL) return usage("%s: --at HOST is missing", "exec", NULL);
	if (w->command == NULL || w->command[0] == NULL) return usage("%s: -- COMMAND is missing", "exec", NULL);
	uint32_t host = scenario_find_host(s, w->at);
	if (host == SCENARIO_NONE || s->host[host].interfaces == 0) {
		const char **names = calloc(s->hosts + 1, sizeof *names);
		for (uint32_t i = 0; names && i < s->hosts; i++) names[i] = s->host[i].name;
		int status = usage("--at: there is no host '%s' with a link", w->at, names ? text_nearest(w->at, names, s->hosts) : NULL);
		free(names);
		return status;
	}
	const struct scenario_host *h = &s->host[host];
	exec_bridge_init(&bridge);
	s->date = time(NULL); /* as the program's own clock has it: certificates are looked at by both */
	struct lab *lab = lab_build(s, &o->shelf->files, w->has_seed ? w->seed : s->seed, host, &bridge.node, &err->text);
	if (lab == NULL) {
		text_puts(&err->text, "\n");
		text_flush(&err->text);
		return TOOL_FAILED;
	}
	bridge.end = lab->host[host].end[0];
	for (uint32_t i = 0; i < s->programs; i++) if (s->run[i].host != host) lab_start(lab, i);
	memcpy(address, h->interface[0].address, sizeof address);
	for (size_t i = 0; i < h->routes && gateways < COUNT(gateway); i++)
		if (ip_is_any(h->route[i].to.ip)) gateway[gateways++] = h->route[i].gateway;
	char words[600];
	struct text why = text_in(words, sizeof words);
	struct exec exec;
	const struct exec_config config = {
		.sim = lab->sim, .node = lab->host[host].id, .bridge = &bridge, .hostname = h->name, .mac = h->interface[0].mac,
		.addresses = address, .addresses_count = h->interface[0].addresses, .gateways = gateway, .gateways_count = gateways,
		.servers = h->server, .servers_count = h->servers, .device = EXEC_ANY, .argv = w->command, .err = &why,
		.roots = lab->authority ? authority_pem(lab->authority) : (struct bytes){ 0 } };
	int status = EXEC_FAILED;
	if (exec_begin(&exec, &config)) {
		if (lock_in(SANDBOX_PROGRAM, &err->text)) status = exec_run(&exec);
		else exec_give_up(&exec);
	}
	if (why.len > 0) text_printf(&err->text, "tulle: %s\n", words);
	text_flush(&err->text);
	lab_free(lab);
	return status;
}

/* Locked in before the file is parsed. What a real program runs in can only be made by who has not given up
 * anything yet: then it comes later, before the program's first frame. */
static bool prepare(struct opened *o, const struct asked *w, struct text *err)
{
	if (strcmp(w->verb, "exec") == 0) return true;
	if (strcmp(w->verb, "run") == 0 && !outlet_open(&o->outlet, w->out, o->name)) {
		perror("tulle lab");
		return false;
	}
	return lock_in(SANDBOX_FILE, err);
}

int main_lab(int argc, char **argv)
{
	static struct sink out, err;
	struct asked w;
	struct opened o;

	sink_init(&out, STDOUT_FILENO);
	sink_init(&err, STDERR_FILENO);
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0) return fputs(lab_help, stdout), TOOL_OK;
	int status = read_asked(argc, argv, &w);
	if (status != 0) return status;
	if (!fetch_scenario(&o, w.file)) return TOOL_FAILED;
	if (!prepare(&o, &w, &err.text) || !open_scenario(&o, &err.text)) {
		status = TOOL_FAILED;
	} else if (strcmp(w.verb, "check") == 0) {
		status = TOOL_OK;
	} else if (strcmp(w.verb, "run") == 0) {
		status = lab_run_file(&w, &o, &out, &err);
	} else {
		status = lab_exec_file(&w, &o, &err);
	}
	close_scenario(&o);
	return status;
}
