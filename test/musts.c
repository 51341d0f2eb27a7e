/* SPDX-License-Identifier: ISC */
/* doc/tls-musts.md names a test for each MUST; here it is seen that those tests exist. */
#include <stdlib.h>

#include "tap.h"

enum { FILE_MAX = 1 << 20 };

static const char *root;
static char checklist[FILE_MAX], passed[FILE_MAX], source[FILE_MAX];
static unsigned rows, in_tests, in_bogo;

static bool read_file(const char *directory, const char *name, char *into)
{
	char path[1024];
	snprintf(path, sizeof path, "%s/%s/%s", root, directory, name);
	FILE *f = fopen(path, "rb");
	if (f == NULL) return false;
	size_t n = fread(into, 1, FILE_MAX - 1, f);
	fclose(f);
	into[n] = '\0';
	return true;
}

/* "KeyUpdate-ToClient" is a line of test/bogo/passed. */
static bool bogo_passed(const char *name)
{
	char line[256];
	snprintf(line, sizeof line, "\n%s\n", name);
	return strstr(passed, line) != NULL;
}

/* "tls.c: keys_are_updated", "bogo: NAME", "tls_interop.sh"; what else stands between backquotes is a path from the root. */
static bool is_there(const char *name)
{
	char file[128], wanted[256];
	const char *colon = strstr(name, ": ");

	if (strncmp(name, "bogo: ", 6) == 0) return in_bogo++, bogo_passed(name + 6);
	if (colon == NULL) return read_file("test", name, source) || read_file(".", name, source);
	snprintf(file, sizeof file, "%.*s", (int)(colon - name), name);
	snprintf(wanted, sizeof wanted, "TEST(%s)", colon + 2);
	in_tests++;
	return read_file("test", file, source) && strstr(source, wanted) != NULL;
}

/* A row is "| 4.1.2-3 | rule | what shows it |". */
static const char *last_column(char *row)
{
	if (row[0] != '|' || row[2] < '4' || (row[2] > '9' && row[2] != 'C' && row[2] != 'D')) return NULL;
	char *end = strrchr(row, '|');
	if (end == NULL || end == row) return NULL;
	*end = '\0';
	char *column = strrchr(row, '|');
	return column != NULL ? column + 1 : NULL;
}

static void each_row_names_tests_that_exist(void)
{
	bool all = true;

	CHECK(read_file("doc", "tls-musts.md", checklist) && read_file("test/bogo", "passed", passed + 1));
	passed[0] = '\n';
	for (char *row = strtok(checklist, "\n"); row != NULL; row = strtok(NULL, "\n")) {
		const char *column = last_column(row);
		char name[256];
		if (column == NULL) continue;
		rows++;
		const char *open = strchr(column, '`');
		if (open == NULL && strchr(column, '*') == NULL) printf("# %s: neither a test nor a reason\n", row), all = false;
		for (const char *close; open != NULL && (close = strchr(open + 1, '`')) != NULL; open = strchr(close + 1, '`')) {
			snprintf(name, sizeof name, "%.*s", (int)(close - open - 1), open + 1);
			if (!is_there(name)) printf("# %s: not there: %s\n", row, name), all = false;
		}
	}
	CHECK(all);
}

static void the_checklist_is_whole(void)
{
	printf("# %u rules; %u times one of our tests, %u times one of BoGo's\n", rows, in_tests, in_bogo);
	CHECK(rows > 170 && in_tests > 200 && in_bogo > 80);
}

int main(void)
{
	root = getenv("SOURCE") != NULL ? getenv("SOURCE") : ".";
	TEST(each_row_names_tests_that_exist);
	TEST(the_checklist_is_whole);
	return tap_end();
}
