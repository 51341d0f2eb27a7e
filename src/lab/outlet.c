/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "lab/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct order { uint8_t discard, file; };
struct note { alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))]; };

/* ---- the keeper ---- */

/* A descriptor, or -1 and errno. */
static int obey(const struct outlet *o, struct order order)
{
	if (order.file >= OUTLET_FILES) return errno = EINVAL, -1;
	if (order.discard) return unlink(o->path[order.file]), errno = 0, -1;
	if (mkdir(o->folder, 0777) != 0 && errno != EEXIST) return -1;
	return open(o->path[order.file], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

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

static _Noreturn void keep(const struct outlet *o, int socket)
{
	struct order order;

	close(STDIN_FILENO);
	close(STDOUT_FILENO); /* who reads it waits for its end, not for ours */
	close(STDERR_FILENO);
	while (read(socket, &order, sizeof order) == sizeof order) {
		int fd = obey(o, order);
		if (!answer(socket, fd, fd < 0 ? errno : 0)) break;
		if (fd >= 0) close(fd);
	}
	_exit(0);
}

/* ---- who gives the orders ---- */

static int give(struct outlet *o, struct order order)
{
	int error = EPIPE, fd = -1;
	struct iovec part = { &error, sizeof error };
	struct note note = { { 0 } };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &note, .msg_controllen = sizeof note };

	if (send(o->keeper, &order, sizeof order, MSG_NOSIGNAL) != sizeof order) return -1;
	if (recvmsg(o->keeper, &msg, MSG_CMSG_CLOEXEC) != sizeof error) return errno = EPIPE, -1;
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	if (c != NULL && c->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(c), sizeof fd);
	errno = error;
	return fd;
}

int outlet_make(struct outlet *o, enum outlet_file file) { return give(o, (struct order){ .file = (uint8_t)file }); }
void outlet_discard(struct outlet *o, enum outlet_file file) { give(o, (struct order){ .discard = 1, .file = (uint8_t)file }); }

bool outlet_open(struct outlet *o, const char *folder, const char *name)
{
	int pair[2];

	*o = (struct outlet){ .folder = folder, .keeper = -1 };
	snprintf(o->path[OUTLET_CAPTURE], sizeof *o->path, "%s/%s.pcapng", folder, name);
	snprintf(o->path[OUTLET_PAGE], sizeof *o->path, "%s/%s.html", folder, name);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return false;
	fflush(NULL);
	o->child = fork();
	if (o->child == 0) {
		close(pair[0]); /* so that it learns of our end */
		keep(o, pair[1]);
	}
	int why = errno;
	close(pair[1]);
	if (o->child < 0) close(pair[0]);
	else o->keeper = pair[0];
	errno = why;
	return o->child > 0;
}

void outlet_close(struct outlet *o)
{
	if (o->keeper < 0) return;
	close(o->keeper);
	o->keeper = -1;
	while (waitpid(o->child, NULL, 0) < 0 && errno == EINTR) {} /* not every system's first process does that for us */
}
