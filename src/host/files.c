/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "host/files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct host_files {
	struct files files;
	int folder; /* AT_FDCWD: names as typed; else nothing leads out of it */
};

static int descriptor(const struct file *file) { return (int)(file->handle - 1); }

/* Without openat2 the path is walked a part at a time, and no part may be a link. */
static int open_by_parts(int folder, const char *path, int flags)
{
	char part[256];
	int at = dup(folder);

	while (at >= 0) {
		path += strspn(path, "/");
		size_t n = strcspn(path, "/");
		if (n >= sizeof part) n = sizeof part - 1, errno = ENAMETOOLONG;
		memcpy(part, path, n);
		part[n] = '\0';
		path += n;
		bool last = path[strspn(path, "/")] == '\0';
		bool out = strcmp(part, "..") == 0;
		int next = out ? -1 : openat(at, n > 0 ? part : ".", (last ? flags : O_PATH) | O_NOFOLLOW | O_CLOEXEC);
		if (out) errno = EXDEV;
		int error = errno;
		close(at);
		errno = error;
		if (next < 0 || last) return next;
		at = next;
	}
	return at;
}

static int open_path(const struct host_files *h, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };

	if (h->folder == AT_FDCWD) return openat(AT_FDCWD, path, flags | O_CLOEXEC);
	if (*path == '/') return errno = EXDEV, -1;
	if (*path == '\0') path = ".";
	long fd = syscall(SYS_openat2, h->folder, path, &how, sizeof how);
	if (fd >= 0 || (errno != ENOSYS && errno != EAGAIN)) return (int)fd;
	return open_by_parts(h->folder, path, flags);
}

static enum files_kind why_not(int error)
{
	switch (error) {
	case EACCES: case EPERM: return FILES_FORBIDDEN;
	case EMFILE: case ENFILE: case ENOMEM: return FILES_BUSY;
	default: return FILES_NONE;
	}
}

struct file files_adopt(int fd, int error)
{
	struct stat st;

	if (fd < 0) return (struct file){ .kind = why_not(error) };
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		bool folder = S_ISDIR(st.st_mode);
		close(fd);
		return (struct file){ .kind = folder ? FILES_FOLDER : FILES_FORBIDDEN };
	}
	return (struct file){ FILES_FILE, (uint64_t)st.st_size, st.st_mtim.tv_sec, (uint64_t)fd + 1 };
}

/* O_NONBLOCK: a FIFO in the folder must not hold us up. */
static struct file open_file(struct files *files, const char *path)
{
	int fd = open_path((struct host_files *)files, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	return files_adopt(fd, fd < 0 ? errno : 0);
}

static size_t read_file(struct files *files, const struct file *file, uint64_t offset, struct room room)
{
	(void)files;
	ssize_t n = pread(descriptor(file), room.at, room.len, (off_t)offset);
	return n > 0 ? (size_t)n : 0;
}

static void close_file(struct files *files, struct file *file)
{
	(void)files;
	if (file->handle != 0) close(descriptor(file));
	file->handle = 0;
}

static struct files *below(struct files *files, const char *path, struct arena *memory)
{
	struct host_files *h = arena_take(memory, sizeof *h);
	if (h == NULL) return NULL;
	h->files.ops = files->ops;
	h->folder = open_path((struct host_files *)files, *path ? path : ".", O_RDONLY | O_DIRECTORY);
	return h->folder < 0 ? NULL : &h->files;
}

struct files *files_host(struct arena *memory)
{
	static const struct files_ops ops = { open_file, read_file, close_file, below };
	struct host_files *h = arena_take(memory, sizeof *h);
	if (h == NULL) return NULL;
	*h = (struct host_files){ { &ops }, AT_FDCWD };
	return &h->files;
}
