/* SPDX-License-Identifier: ISC */
#include "base/files.h"

#include "base/text.h"

#define PATH_MAX_BYTES 1024

/* Files below a folder of a back end that has no links: the same files by longer names. */
struct below { struct files files; struct files *all; size_t len; char folder[]; };

/* False for a path that does not stay below: absolute, or with a part "..". */
static bool stays_below(const char *path)
{
	if (*path == '/') return false;
	for (const char *part = path;; part++) {
		if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) return false;
		part = strchr(part, '/');
		if (part == NULL) return true;
	}
}

static struct file below_open(struct files *files, const char *path)
{
	struct below *b = (struct below *)files;
	char whole[PATH_MAX_BYTES];
	struct text t = text_in(whole, sizeof whole);

	text_printf(&t, "%s%s%s", b->folder, *path && b->len > 0 ? "/" : "", path);
	if (t.cut || !stays_below(path)) return (struct file){ .kind = FILES_NONE };
	return files_open(b->all, whole);
}

static size_t below_read(struct files *files, const struct file *file, uint64_t offset, struct room room)
{
	return files_read(((struct below *)files)->all, file, offset, room);
}

static void below_close(struct files *files, struct file *file) { files_close(((struct below *)files)->all, file); }

struct files *files_below(struct files *files, const char *folder, struct arena *memory)
{
	static const struct files_ops ops = { below_open, below_read, below_close, NULL };

	if (files->ops->below != NULL) return files->ops->below(files, folder, memory);
	struct file at = files_open(files, folder);
	if (at.kind == FILES_FILE) files_close(files, &at);
	if (at.kind != FILES_FOLDER) return NULL;
	size_t len = strlen(folder);
	struct below *b = arena_take(memory, sizeof *b + len + 1);
	if (b == NULL) return NULL;
	while (len > 0 && folder[len - 1] == '/') len--;
	*b = (struct below){ { &ops }, files, len };
	memcpy(b->folder, folder, len);
	b->folder[len] = '\0';
	return &b->files;
}
