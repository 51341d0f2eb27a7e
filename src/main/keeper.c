/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "main/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdalign.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "host/files.h"
#include "main/sandbox.h"

#define ANSWER_WITHIN_S 5 /* a file system that takes longer must not hold up the server */

struct note { alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))]; };

/* ---- the keeper ---- */

/* What became of it, as errno, and beside it the descriptor. */
static bool answer(int socket, int fd, int error)
{
	struct iovec part = { &error, sizeof error };
	struct note note = { { 0 } };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = &note;
		msg.msg_controllen = sizeof note;
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		*c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd) };
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	return sendmsg(socket, &msg, MSG_NOSIGNAL) == sizeof error;
}

/* Signals to end go to the whole group; it ends when who asks it ends. Nothing else stays open here. */
static _Noreturn void keep(const struct keeper *k, int socket, pid_t parent)
{
	const char *why;
	uint8_t number;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (dup2(socket, STDIN_FILENO) < 0 || close_range(STDOUT_FILENO, ~0u, 0) != 0 || getppid() != parent) _exit(1);
	if (!sandbox_enter(SANDBOX_KEEPER, &why)) _exit(1);
	while (read(STDIN_FILENO, &number, sizeof number) == sizeof number && number < k->count) {
		int fd = openat(AT_FDCWD, k->path[number], O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (!answer(STDIN_FILENO, fd, fd < 0 ? errno : 0)) break;
		if (fd >= 0) close(fd);
	}
	_exit(0);
}

/* ---- who asks it ---- */

/* False: there is no answer, and never will be another one. */
static bool ask(struct keeper *k, uint8_t number, int *fd, int *error)
{
	struct iovec part = { error, sizeof *error };
	struct note note = { { 0 } };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &note, .msg_controllen = sizeof note };
	ssize_t n = -1;

	*fd = -1;
	if (k->socket < 0) return false;
	if (send(k->socket, &number, sizeof number, MSG_NOSIGNAL) == sizeof number)
		while ((n = recvmsg(k->socket, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {}
	if (n != sizeof *error) {
		keeper_close(k);
		return false;
	}
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	if (c != NULL && c->cmsg_type == SCM_RIGHTS) memcpy(fd, CMSG_DATA(c), sizeof *fd);
	return true;
}

static struct file open_file(struct files *files, const char *path)
{
	struct keeper *k = (struct keeper *)(void *)files;
	int fd, error;

	for (size_t i = 0; i < k->count; i++) {
		if (strcmp(k->path[i], path) != 0) continue;
		return ask(k, (uint8_t)i, &fd, &error) ? files_adopt(fd, error) : files_open(k->host, path);
	}
	return (struct file){ .kind = FILES_NONE };
}

static size_t read_file(struct files *files, const struct file *file, uint64_t offset, struct room room)
{
	return files_read(((struct keeper *)(void *)files)->host, file, offset, room);
}

static void close_file(struct files *files, struct file *file) { files_close(((struct keeper *)(void *)files)->host, file); }

struct files *keeper_open(struct keeper *k, struct files *host, const char *const *path, size_t count)
{
	static const struct files_ops ops = { open_file, read_file, close_file, NULL };
	const struct timeval within = { .tv_sec = ANSWER_WITHIN_S };
	int pair[2];
	pid_t parent = getpid(), child;

	*k = (struct keeper){ .files = { &ops }, .host = host, .count = count, .socket = -1 };
	if (count > KEEPER_FILES_MAX) return errno = E2BIG, NULL;
	memcpy(k->path, path, count * sizeof *path);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return NULL;
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &within, sizeof within);
	child = fork();
	if (child == 0) keep(k, pair[1], parent);
	close(pair[1]);
	if (child < 0) close(pair[0]);
	else k->socket = pair[0];
	return child < 0 ? NULL : &k->files;
}

bool keeper_renew(struct keeper *k)
{
	const char *path[KEEPER_FILES_MAX];

	if (k->socket < 0) return true;
	keeper_close(k);
	memcpy(path, k->path, sizeof path);
	return keeper_open(k, k->host, path, k->count) != NULL;
}

void keeper_close(struct keeper *k)
{
	if (k->socket >= 0) close(k->socket);
	k->socket = -1;
}
