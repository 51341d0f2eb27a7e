/* SPDX-License-Identifier: ISC */
/* tidy.c - the house's own rules, as a test: who may include whom, what a machine may not call, what every file
 * begins with, and which functions have grown. The table below is the one of DESIGN.md. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tap.h"

enum { FILES_MAX = 1000, LINE_MAX_BYTES = 4096, FUNCTION_LINES_MAX = 70, FILE_LINES_MAX = 1000 };

/* A room, what it may include of ours (prefixes of include paths, besides its own), and of the system's:
 * "" is the C library's headers that do no I/O, "*" anything. */
static const struct room_rule { const char *room, *ours, *system; } rules[] = {
	{ "base", "", "" },
	{ "wire", "base/", "" },
	{ "crypt", "base/", "openssl/" },
	{ "pack", "base/", "zlib.h brotli/ zstd.h" },
	{ "idn", "base/", "idn2.h" },
	{ "http2", "base/", "nghttp2/" },
	{ "proto", "base/ wire/ crypt/ pack/", "" },
	{ "net", "base/", "" },
	{ "link", "base/ wire/pcapng.h wire/drop.h", "*" },
	{ "stack", "base/ wire/ proto/ net/net.h link/link.h", "" },
	{ "host", "base/ net/net.h", "*" },
	{ "sim", "base/ link/link.h", "" },
	{ "tool", "base/ wire/ crypt/ pack/ idn/ http2/ proto/ net/net.h net/net_tls.h link/link.h", "" },
	{ "lab", "base/ wire/ crypt/ proto/ net/ link/ stack/ host/ sim/ tool/", "*" },
	{ "posix", "base/ stack/ link/ net/", "sys/socket.h errno.h netinet/in.h" },
	{ "main", "base/ wire/ crypt/ proto/ net/ link/ stack/ host/ sim/ tool/ lab/", "*" },
};

static const char harmless[] = " assert.h ctype.h float.h inttypes.h limits.h math.h stdalign.h stdarg.h stdbool.h "
                               "stddef.h stdint.h string.h ";

/* Single places where a rule is widened, each with its reason in DESIGN.md. */
static const struct { const char *file, *header; } allowed[] = {
	{ "base/text.c", "stdio.h" }, /* vsnprintf */
};

/* Calls that belong to other rooms: the clock, chance, memory, the operating system. */
static const char *const banned_below_host[] = {
	"malloc(", "calloc(", "realloc(", "free(", "time(", "clock_gettime(", "gettimeofday(", "rand(", "random(",
	"printf(", "fprintf(", "puts(", "fputs(", "exit(", "abort(", "getenv(", "sleep(",
};
static const char *const rooms_without_calls[] = { "base/", "wire/", "crypt/", "pack/", "idn/", "http2/", "proto/", "net/", "stack/", "sim/", "tool/" };

static char root[1024], path[FILES_MAX][256];
static size_t paths;
static unsigned complaints;

#define COMPLAIN(...) (printf("# "), printf(__VA_ARGS__), putchar(10), complaints++)

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && strcmp(s + n - m, end) == 0;
}

static bool starts_with(const char *s, const char *start) { return strncmp(s, start, strlen(start)) == 0; }

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static void collect(const char *relative)
{
	char full[2048];
	snprintf(full, sizeof full, "%s/%s", root, relative);
	DIR *d = opendir(full);
	if (d == NULL) return;
	for (struct dirent *e; (e = readdir(d));) {
		struct stat st;
		if (e->d_name[0] == '.') continue;
		snprintf(full, sizeof full, "%s/%s/%s", root, relative, e->d_name);
		if (stat(full, &st) != 0) continue;
		char below[512];
		snprintf(below, sizeof below, "%s/%s", relative, e->d_name);
		if (S_ISDIR(st.st_mode)) collect(below);
		else if ((ends_with(below, ".c") || ends_with(below, ".h")) && paths < FILES_MAX)
			snprintf(path[paths++], sizeof *path, "%.255s", below);
	}
	closedir(d);
}

static FILE *open_source(const char *relative)
{
	char full[2048];
	snprintf(full, sizeof full, "%s/%s", root, relative);
	return fopen(full, "r");
}

static const struct room_rule *rule_of(const char *below_src)
{
	for (size_t i = 0; i < COUNT(rules); i++) {
		size_t n = strlen(rules[i].room);
		if (strncmp(below_src, rules[i].room, n) == 0 && below_src[n] == '/') return &rules[i];
	}
	return NULL;
}

/* Whether one of the words of a space-separated list is a prefix of `what`. */
static bool in_list(const char *list, const char *what)
{
	for (const char *p = list; *p;) {
		size_t n = strcspn(p, " ");
		if (n > 0 && strncmp(what, p, n) == 0) return true;
		p += n + (p[n] == ' ');
	}
	return false;
}

static void check_include(const char *file, unsigned line, const char *directive)
{
	char header[256], word[260];
	char kind;
	const struct room_rule *rule = rule_of(file);

	if (sscanf(directive, "#include %c%255[^\">]", &kind, header) != 2 || rule == NULL) return;
	if (kind == '"') {
		size_t n = strlen(rule->room);
		bool own = strncmp(header, rule->room, n) == 0 && header[n] == '/';
		/* net_tls is a net over a net */
		bool tls = starts_with(file, "net/net_tls") && starts_with(header, "proto/tls/");
		if (!own && !tls && !in_list(rule->ours, header))
			COMPLAIN("src/%s:%u: %s/ may not include \"%s\"", file, line, rule->room, header);
		return;
	}
	snprintf(word, sizeof word, " %s ", header);
	if (strcmp(rule->system, "*") == 0 || strstr(harmless, word)) return;
	if (*rule->system && in_list(rule->system, header)) return;
	for (size_t i = 0; i < COUNT(allowed); i++)
		if (strcmp(file, allowed[i].file) == 0 && strcmp(header, allowed[i].header) == 0) return;
	COMPLAIN("src/%s:%u: %s/ may not include <%s>", file, line, rule->room, header);
}

static void rooms_include_only_downward(void)
{
	char line[LINE_MAX_BYTES];
	complaints = 0;
	for (size_t i = 0; i < paths; i++) {
		if (!starts_with(path[i], "src/")) continue;
		FILE *f = open_source(path[i]);
		CHECK(f != NULL);
		for (unsigned n = 1; fgets(line, sizeof line, f); n++)
			if (line[0] == '#') check_include(path[i] + 4, n, line);
		fclose(f);
	}
	CHECK_EQ(complaints, 0);
}

/* The line without its string constants and comments, so that words in them do not count. */
static void strip(char *line, bool *in_comment)
{
	char *out = line;
	for (char *p = line; *p;) {
		if (*in_comment) {
			if (p[0] == '*' && p[1] == '/') *in_comment = false, p++;
			p++;
		} else if (p[0] == '/' && p[1] == '*') {
			*in_comment = true;
			p += 2;
		} else if (p[0] == '/' && p[1] == '/') {
			break;
		} else if (*p == '"' || *p == '\'') {
			char quote = *p++;
			while (*p && *p != quote) p += 1 + (*p == '\\' && p[1]);
			if (*p) p++;
			*out++ = quote, *out++ = quote;
		} else {
			*out++ = *p++;
		}
	}
	*out = '\0';
}

static bool calls(const char *line, const char *call)
{
	for (const char *p = line; (p = strstr(p, call)); p++)
		if (p == line || !(isalnum((unsigned char)p[-1]) || p[-1] == '_' || p[-1] == '>' || p[-1] == '.')) return true;
	return false;
}

static void machines_call_nobody(void)
{
	char line[LINE_MAX_BYTES];
	complaints = 0;
	for (size_t i = 0; i < paths; i++) {
		bool in_room = false, in_comment = false;
		for (size_t r = 0; r < COUNT(rooms_without_calls); r++)
			in_room |= starts_with(path[i], "src/") && starts_with(path[i] + 4, rooms_without_calls[r]);
		if (!in_room) continue;
		FILE *f = open_source(path[i]);
		CHECK(f != NULL);
		for (unsigned n = 1; fgets(line, sizeof line, f); n++) {
			strip(line, &in_comment);
			for (size_t b = 0; b < COUNT(banned_below_host); b++)
				if (calls(line, banned_below_host[b]))
					COMPLAIN("%s:%u: %s) belongs to another room", path[i], n, banned_below_host[b]);
		}
		fclose(f);
	}
	CHECK_EQ(complaints, 0);
}

static void every_file_names_its_licence_first(void)
{
	char line[LINE_MAX_BYTES];
	complaints = 0;
	for (size_t i = 0; i < paths; i++) {
		FILE *f = open_source(path[i]);
		CHECK(f != NULL);
		if (fgets(line, sizeof line, f) == NULL || strcmp(line, "/* SPDX-License-Identifier: ISC */\n") != 0)
			COMPLAIN("%s:1: expected the SPDX line", path[i]);
		fclose(f);
	}
	CHECK_EQ(complaints, 0);
}

/* A header that nobody includes is dead, or a source was forgotten in meson.build. */
static void every_header_is_included(void)
{
	static char all[FILES_MAX * 40][128];
	char line[LINE_MAX_BYTES];
	size_t includes = 0;

	complaints = 0;
	for (size_t i = 0; i < paths; i++) {
		FILE *f = open_source(path[i]);
		CHECK(f != NULL);
		while (fgets(line, sizeof line, f))
			if (includes < COUNT(all) && sscanf(line, "#include \"%127[^\"]", all[includes]) == 1) includes++;
		fclose(f);
	}
	for (size_t i = 0; i < paths; i++) {
		bool used = false;
		if (!starts_with(path[i], "src/") || !ends_with(path[i], ".h")) continue;
		for (size_t k = 0; k < includes && !used; k++) used = strcmp(all[k], path[i] + 4) == 0;
		if (!used) COMPLAIN("%s: nothing includes it", path[i]);
	}
	CHECK_EQ(complaints, 0);
}

/* Whether test/tidy.long lets this function be long (it was looked at, and wants to be), up to how many lines. */
static unsigned lines_allowed(const char *file, const char *function)
{
	char line[LINE_MAX_BYTES], where[256], name[128];
	unsigned lines, most = FUNCTION_LINES_MAX;
	FILE *f = open_source("test/tidy.long");

	if (f == NULL) return most;
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "%255s %127s %u", where, name, &lines) == 3 && strcmp(where, file) == 0 &&
		    strcmp(name, function) == 0)
			most = lines;
	fclose(f);
	return most;
}

static void name_of_function(const char *head, char name[128])
{
	const char *paren = strchr(head, '(');
	const char *end = paren ? paren : head + strlen(head), *p = end;
	while (p > head && (isalnum((unsigned char)p[-1]) || p[-1] == '_')) p--;
	snprintf(name, 128, "%.*s", (int)(end - p), p);
}

static void functions_and_files_stay_small(void)
{
	char line[LINE_MAX_BYTES], head[LINE_MAX_BYTES], name[128];
	complaints = 0;
	for (size_t i = 0; i < paths; i++) {
		unsigned n = 0, start = 0;
		if (!starts_with(path[i], "src/")) continue;
		FILE *f = open_source(path[i]);
		CHECK(f != NULL);
		head[0] = '\0';
		while (fgets(line, sizeof line, f)) {
			n++;
			if (line[0] == '{') start = n;
			else if (line[0] == '}' && start > 0) {
				name_of_function(head, name);
				if (n - start - 1 > lines_allowed(path[i], name))
					COMPLAIN("%s:%u: %s has %u lines (test/tidy.long lists those that may)", path[i], start,
					         name, n - start - 1);
				start = 0;
			} else if (start == 0 && (isalpha((unsigned char)line[0]) || line[0] == '_')) {
				strcpy(head, line);
			}
		}
		fclose(f);
		if (n > FILE_LINES_MAX) COMPLAIN("%s: %u lines: which part wants its own name?", path[i], n);
	}
	CHECK_EQ(complaints, 0);
}

int main(void)
{
	const char *source = getenv("SOURCE");
	snprintf(root, sizeof root, "%s", source ? source : ".");
	static const char *const folders[] = { "src", "test", "fuzz", "bench" };
	for (size_t i = 0; i < COUNT(folders); i++) collect(folders[i]);
	qsort(path, paths, sizeof *path, by_name);
	TEST(rooms_include_only_downward);
	TEST(machines_call_nobody);
	TEST(every_file_names_its_licence_first);
	TEST(every_header_is_included);
	TEST(functions_and_files_stay_small);
	return tap_end();
}
