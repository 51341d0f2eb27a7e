/* SPDX-License-Identifier: ISC */
/* files.h - read-only files, lent: the host's own below a folder, or a scenario's from memory.
 *
 * Paths are relative to what was lent and use "/"; a path that leads outside is as absent as one that is not
 * there. No back end follows a symbolic link out of its folder.
 */
#ifndef TULLE_BASE_FILES_H
#define TULLE_BASE_FILES_H

#include "base/arena.h"

/* FILES_BUSY: it may be there, but too many are open: ask again later. */
enum files_kind { FILES_NONE, FILES_FILE, FILES_FOLDER, FILES_FORBIDDEN, FILES_BUSY };

struct file {
	enum files_kind kind;
	uint64_t size;
	int64_t modified;  /* seconds since 1970 */
	uint64_t handle;   /* the back end's; 0 is never an open file */
};

struct files;
struct files_ops {
	struct file (*open)(struct files *, const char *path); /* only a FILES_FILE needs to be closed */
	size_t (*read)(struct files *, const struct file *, uint64_t offset, struct room); /* 0: the end, or it cannot be read */
	void (*close)(struct files *, struct file *);
	struct files *(*below)(struct files *, const char *folder, struct arena *); /* NULL: a prefix to each path does */
};
struct files { const struct files_ops *ops; };

static inline struct file files_open(struct files *f, const char *path) { return f->ops->open(f, path); }
static inline size_t files_read(struct files *f, const struct file *file, uint64_t offset, struct room room)
{
	return f->ops->read(f, file, offset, room);
}
static inline void files_close(struct files *f, struct file *file) { f->ops->close(f, file); }

/* The files below one folder, of which nothing leads out; NULL if it is no folder or there is no room. What
 * it takes of `memory` it keeps, and it wants the files it was made from to stay. */
struct files *files_below(struct files *, const char *folder, struct arena *memory);

#endif
