/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "host/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct entry { uint64_t inode, offset; uint16_t size; uint8_t type; char name[]; }; /* struct linux_dirent64 */

/* The next name in an open folder that is a number; false: there is none left. */
static bool next_number(struct processes_folder *f, uint32_t *number, const char **name)
{
	for (;;) {
		if (f->at >= f->end) {
			long n = syscall(SYS_getdents64, f->fd, f->entry, sizeof f->entry);
			if (n <= 0) return false;
			f->at = 0;
			f->end = (uint32_t)n;
		}
		const struct entry *e = (const struct entry *)(const void *)(f->entry + f->at);
		uint32_t value = 0;
		const char *p = e->name;
		f->at += e->size;
		for (; *p >= '0' && *p <= '9'; p++) value = value * 10 + (uint32_t)(*p - '0');
		if (p == e->name || *p != '\0') continue;
		*number = value;
		*name = e->name;
		return true;
	}
}

static void folder_close(struct processes_folder *f)
{
	if (f->fd >= 0) close(f->fd);
	*f = (struct processes_folder){ .fd = -1 };
}

bool processes_open(struct processes *p, struct text *err)
{
	struct stat st;

	p->open.fd = -1;
	p->all.at = p->all.end = 0;
	p->process = NULL;
	p->all.fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->all.fd < 0) text_printf(err, "/proc, where the processes are, cannot be opened: %s", strerror(errno));
	p->sizes = p->all.fd >= 0 && fstatat(p->all.fd, "self/fd", &st, 0) == 0 && st.st_size > 0;
	return p->all.fd >= 0;
}

void processes_close(struct processes *p)
{
	folder_close(&p->open);
	folder_close(&p->all);
}

void processes_again(struct processes *p)
{
	if (p->open.fd >= 0) close(p->open.fd);
	p->open.fd = -1;
	p->all.at = p->all.end = 0;
	lseek(p->all.fd, 0, SEEK_SET);
}

/* Linux says how many there are as the folder's size (since 6.2), even to those who may not look inside. */
static void count_from_outside(const struct processes *p, const char *path, struct process *process)
{
	struct stat st;

	process->hidden = true;
	if (!p->sizes || fstatat(p->all.fd, path, &st, 0) != 0) return;
	process->descriptors = (uint64_t)st.st_size;
	process->counted = true;
	process->hidden = st.st_size > 0;
}

bool processes_next(struct processes *p, struct process *process)
{
	const char *name;
	char path[32];
	struct stat st;

	if (p->open.fd >= 0) close(p->open.fd);
	p->open.fd = -1;
	p->open.at = p->open.end = 0;
	*process = (struct process){ .pid = 0 };
	while (next_number(&p->all, &process->pid, &name)) {
		if (fstatat(p->all.fd, name, &st, 0) != 0) continue; /* gone */
		process->uid = st.st_uid;
		snprintf(path, sizeof path, "%u/fd", process->pid);
		p->process = process;
		p->open.fd = openat(p->all.fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (p->open.fd >= 0) process->counted = true;
		else if (errno == EACCES || errno == EPERM) count_from_outside(p, path, process);
		else continue;
		return true;
	}
	return false;
}

/* "socket:[12345]" */
static bool socket_inode(const char *link, ssize_t len, uint32_t *inode)
{
	static const char prefix[] = "socket:[";
	uint32_t value = 0;
	ssize_t at = sizeof prefix - 1;

	if (len <= at || memcmp(link, prefix, sizeof prefix - 1) != 0) return false;
	for (; at < len && link[at] >= '0' && link[at] <= '9'; at++) value = value * 10 + (uint32_t)(link[at] - '0');
	*inode = value;
	return at < len && link[at] == ']';
}

bool processes_socket(struct processes *p, int *fd, uint32_t *inode)
{
	const char *name;
	char link[64];
	uint32_t number;

	if (p->open.fd < 0) return false;
	while (next_number(&p->open, &number, &name)) {
		ssize_t len = readlinkat(p->open.fd, name, link, sizeof link);
		p->process->descriptors++;
		if (len < 0 && (errno == EACCES || errno == EPERM)) p->process->hidden = true;
		if (len < 0 || !socket_inode(link, len, inode)) continue;
		*fd = (int)number;
		return true;
	}
	return false;
}

/* How much of /proc/PID/NAME there was. */
static size_t read_file(const struct processes *p, uint32_t pid, const char *name, struct room room)
{
	char path[48];
	size_t len = 0;

	snprintf(path, sizeof path, "%u/%s", pid, name);
	int fd = openat(p->all.fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) return 0;
	for (ssize_t n; len < room.len && (n = read(fd, room.at + len, room.len - len)) > 0;) len += (size_t)n;
	close(fd);
	return len;
}

bool processes_command(const struct processes *p, uint32_t pid, char command[PROCESS_COMMAND_MAX])
{
	size_t n = read_file(p, pid, "comm", (struct room){ (uint8_t *)command, PROCESS_COMMAND_MAX });

	if (n > 0 && command[n - 1] == '\n') n--;
	command[size_min(n, PROCESS_COMMAND_MAX - 1)] = '\0';
	return n > 0;
}

/* A number or "unlimited", after blanks. */
static bool read_limit(struct bytes *b, uint64_t *limit)
{
	static const char unlimited[] = "unlimited";
	uint64_t value = 0;
	size_t digits = 0;

	while (b->len > 0 && b->at[0] == ' ') *b = bytes_skip(*b, 1);
	if (b->len >= sizeof unlimited - 1 && memcmp(b->at, unlimited, sizeof unlimited - 1) == 0) {
		*limit = PROCESS_NO_LIMIT;
		*b = bytes_skip(*b, sizeof unlimited - 1);
		return true;
	}
	for (; digits < b->len && digits < 19 && b->at[digits] >= '0' && b->at[digits] <= '9'; digits++)
		value = value * 10 + (uint64_t)(b->at[digits] - '0');
	*limit = value;
	*b = bytes_skip(*b, digits);
	return digits > 0;
}

bool processes_parse_limits(struct bytes text, uint64_t *soft, uint64_t *hard)
{
	static const char title[] = "Max open files ";
	const uint8_t *at = text.len > 0 ? memmem(text.at, text.len, title, sizeof title - 1) : NULL;

	if (at == NULL) return false;
	struct bytes rest = bytes_skip(text, (size_t)(at - text.at) + sizeof title - 1);
	return read_limit(&rest, soft) && read_limit(&rest, hard);
}

bool processes_limits(const struct processes *p, uint32_t pid, uint64_t *soft, uint64_t *hard)
{
	uint8_t text[4096];
	size_t n = read_file(p, pid, "limits", (struct room){ text, sizeof text });
	return processes_parse_limits((struct bytes){ text, n }, soft, hard);
}
