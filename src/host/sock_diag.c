/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "host/sock_diag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

static bool enter(const char *namespace, struct text *err)
{
	int fd = open(namespace, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		text_printf(err, "the network namespace %s cannot be opened: %s", namespace, strerror(errno));
		return false;
	}
	bool good = setns(fd, CLONE_NEWNET) == 0;
	if (!good && errno == EPERM)
		text_printf(err, "%s can only be entered by root (CAP_SYS_ADMIN)", namespace);
	else if (!good)
		text_printf(err, "%s is no network namespace: %s", namespace, strerror(errno));
	close(fd);
	return good;
}

bool sock_diag_open(struct sock_diag *d, const char *namespace, struct text *err)
{
	if (namespace != NULL && !enter(namespace, err)) return false;
	d->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (d->fd < 0) text_printf(err, "the kernel does not tell of its sockets (sock_diag): %s", strerror(errno));
	return d->fd >= 0;
}

void sock_diag_close(struct sock_diag *d)
{
	if (d->fd >= 0) close(d->fd);
	d->fd = -1;
}

bool sock_diag_ask(struct sock_diag *d, struct bytes question, struct text *err)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;

	do n = sendto(d->fd, question.at, question.len, 0, (const struct sockaddr *)&kernel, sizeof kernel);
	while (n < 0 && errno == EINTR);
	if (n < 0) text_printf(err, "the kernel cannot be asked for its sockets: %s", strerror(errno));
	return n >= 0;
}

/* Only what the kernel itself sent counts: another process can send to us, too. */
bool sock_diag_read(struct sock_diag *d, struct room room, struct bytes *datagram, struct text *err)
{
	for (;;) {
		struct sockaddr_nl from = { .nl_pid = 1 };
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(d->fd, room.at, room.len, 0, (struct sockaddr *)&from, &len);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) {
			text_printf(err, "the kernel's list of sockets broke off: %s", strerror(errno));
			return false;
		}
		*datagram = (struct bytes){ room.at, (size_t)n };
		if (from.nl_pid == 0) return true;
	}
}
