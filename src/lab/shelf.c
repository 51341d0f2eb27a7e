/* SPDX-License-Identifier: ISC */
#include "lab/shelf.h"

#include <errno.h>

/* A handle names the thing on the shelf in its lower bits, and above them the folder's own handle. */
#define WHICH_BITS 16
#define ZONES "zones/"

static struct bytes text_of(const struct shelf *shelf, size_t which)
{
	const struct scenario *s = shelf->scenario;
	return which < s->zones ? s->zone[which].text : s->file[which - s->zones].text;
}

/* The thing a path begins with; *rest is what follows it. */
static bool find(const struct shelf *shelf, const char *path, size_t *which, const char **rest)
{
	const struct scenario *s = shelf->scenario;

	for (size_t i = 0; strncmp(path, ZONES, strlen(ZONES)) == 0 && i < s->zones; i++) {
		if (strcmp(path + strlen(ZONES), s->zone[i].name) != 0) continue;
		*which = i;
		*rest = "";
		return true;
	}
	for (size_t i = 0; i < s->files; i++) {
		size_t len = strlen(s->file[i].name);
		if (strncmp(path, s->file[i].name, len) != 0 || (path[len] != '/' && path[len] != '\0')) continue;
		*which = s->zones + i;
		*rest = path + len + (path[len] == '/');
		return true;
	}
	return false;
}

static struct files *folder_of(const struct shelf *shelf, size_t which)
{
	return which < shelf->scenario->zones ? NULL : shelf->below[which - shelf->scenario->zones];
}

static struct file shelf_get(struct files *files, const char *path)
{
	struct shelf *shelf = (struct shelf *)(void *)files;
	size_t which;
	const char *rest;

	if (*path == '\0') return (struct file){ .kind = FILES_FOLDER };
	if (!find(shelf, path, &which, &rest)) return (struct file){ .kind = FILES_NONE };
	struct files *folder = folder_of(shelf, which);
	struct file file = { .kind = FILES_NONE };
	if (folder != NULL) file = files_open(folder, rest);
	else if (*rest == '\0') file = (struct file){ FILES_FILE, text_of(shelf, which).len, shelf->scenario->date, 0 };
	file.handle = file.handle << WHICH_BITS | (which + 1);
	return file;
}

static size_t shelf_read(struct files *files, const struct file *file, uint64_t offset, struct room room)
{
	struct shelf *shelf = (struct shelf *)(void *)files;
	size_t which = (file->handle & ((1u << WHICH_BITS) - 1)) - 1;
	struct files *folder = folder_of(shelf, which);
	struct file inner = *file;

	inner.handle >>= WHICH_BITS;
	if (folder != NULL) return files_read(folder, &inner, offset, room);
	struct bytes text = text_of(shelf, which);
	if (offset >= text.len) return 0;
	size_t n = size_min(room.len, text.len - (size_t)offset);
	memcpy(room.at, text.at + offset, n);
	return n;
}

static void shelf_close(struct files *files, struct file *file)
{
	struct shelf *shelf = (struct shelf *)(void *)files;
	size_t which = (file->handle & ((1u << WHICH_BITS) - 1)) - 1;
	struct files *folder = folder_of(shelf, which);

	file->handle >>= WHICH_BITS;
	if (folder != NULL) files_close(folder, file);
	file->handle = 0;
}

struct shelf *shelf_open(struct arena *memory, const struct scenario *s, struct files *beside, const char *path,
                         struct complaints *c)
{
	static const struct files_ops ops = { shelf_get, shelf_read, shelf_close, NULL };
	struct shelf *shelf = arena_zeroed(memory, 1, sizeof *shelf);

	assert(s->zones + s->files < (1u << WHICH_BITS));
	assert(shelf != NULL);
	*shelf = (struct shelf){ { &ops }, s, arena_zeroed(memory, s->files + 1, sizeof *shelf->below) };
	assert(shelf->below != NULL);
	for (size_t i = 0; i < s->files; i++) {
		if (s->file[i].folder == NULL) continue;
		errno = ENOENT;
		if (beside != NULL) shelf->below[i] = files_below(beside, s->file[i].folder, memory);
		if (shelf->below[i] != NULL) continue;
		const char *why = errno == EACCES ? " that we may read (who is root gives that up first)" : "";
		complain(c, s->file[i].at, "expected a folder beside this file%s, found none at '%s/%s'", why, path, s->file[i].folder);
	}
	return shelf;
}
