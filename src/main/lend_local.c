/* SPDX-License-Identifier: ISC */
/* A file that was made for a socket is taken away by a child, which waits for our end: by then we are locked in. */
#define _GNU_SOURCE
#include "main/lend_local.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/epoll.h"
#include "main/lend.h"

static struct lend *of(struct tool_env *env) { return (struct lend *)(void *)env; }

static net_id fail(struct tool_env *env, const char *path, const char *why)
{
	text_printf(env->err, "tulle: %s: %s\n", path, why);
	env->status = TOOL_FAILED;
	return 0;
}

/* "@name" is a name without a file. 0: too long. */
static socklen_t name_of(const char *path, struct sockaddr_un *name)
{
	size_t len = strlen(path);

	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (len == 0 || len >= sizeof name->sun_path) return 0;
	memcpy(name->sun_path, path, len);
	if (path[0] != '@') return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	name->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

/* Nobody has it any more who could be asked. */
static bool is_left_over(const char *path, const struct sockaddr_un *name, socklen_t len, int type)
{
	struct stat st;
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool gone = fd >= 0 && connect(fd, (const struct sockaddr *)name, len) < 0 && errno == ECONNREFUSED;

	if (fd >= 0) close(fd);
	return gone && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static _Noreturn void take_away(const char *path, int until)
{
	const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct stat made, now;
	char none;

	for (size_t i = 0; i < COUNT(ignored); i++) signal(ignored[i], SIG_IGN);
	if (dup2(until, STDIN_FILENO) < 0 || close_range(STDIN_FILENO + 1, ~0u, 0) != 0 || lstat(path, &made) != 0) _exit(1);
	while (read(STDIN_FILENO, &none, 1) < 0 && errno == EINTR) ;
	if (lstat(path, &now) == 0 && now.st_ino == made.st_ino && now.st_dev == made.st_dev) unlink(path);
	_exit(0);
}

/* What it holds of the pipe is closed by our end, however that comes. */
static bool keep_until_our_end(const char *path)
{
	int ends[2];

	if (path[0] == '@') return true;
	if (pipe2(ends, O_CLOEXEC) != 0) return false;
	pid_t child = fork();
	if (child == 0) {
		close(ends[1]);
		take_away(path, ends[0]);
	}
	close(ends[0]);
	return child > 0;
}

static bool bind_to(int fd, const char *path, int type)
{
	struct sockaddr_un name;
	socklen_t len = name_of(path, &name);

	if (len == 0) return errno = ENAMETOOLONG, false;
	if (bind(fd, (struct sockaddr *)&name, len) == 0) return keep_until_our_end(path);
	if (errno != EADDRINUSE || path[0] == '@' || !is_left_over(path, &name, len, type)) return errno = EADDRINUSE, false;
	unlink(path);
	return bind(fd, (struct sockaddr *)&name, len) == 0 && keep_until_our_end(path);
}

static bool connect_to(int fd, const char *path)
{
	struct sockaddr_un name;
	socklen_t len = name_of(path, &name);

	if (len == 0) return errno = ENAMETOOLONG, false;
	return connect(fd, (struct sockaddr *)&name, len) == 0;
}

/* With no name given the kernel chooses one without a file. */
static bool send_from(int fd, const char *own)
{
	const struct sockaddr_un chosen = { .sun_family = AF_UNIX };

	return own != NULL ? bind_to(fd, own, SOCK_DGRAM) : bind(fd, (const struct sockaddr *)&chosen, sizeof chosen.sun_family) == 0;
}

static const char *words(int error)
{
	switch (error) {
	case ENOENT: return "there is no such socket";
	case ECONNREFUSED: return "connection refused: nobody has this socket any more, or it is no socket";
	case EADDRINUSE: return "this name is taken: somebody listens there, or it is no socket";
	case ENAMETOOLONG: return "a socket's name has 1 to 107 bytes";
	case EPROTOTYPE: return "this socket is of the other kind: datagrams (-u), or a stream";
	case EAGAIN: return "too many wait there to be let in";
	default: return strerror(error);
	}
}

net_id lend_local(struct tool_env *env, enum tool_local what, const char *path, const char *own)
{
	struct lend *l = of(env);
	bool stream = what == TOOL_LOCAL_STREAM || what == TOOL_LOCAL_LISTEN;
	int type = stream ? SOCK_STREAM : SOCK_DGRAM, fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool good = fd >= 0;
	net_id id = 0;

	switch (what) {
	case TOOL_LOCAL_STREAM: good = good && connect_to(fd, path); break;
	case TOOL_LOCAL_LISTEN: good = good && bind_to(fd, path, type) && listen(fd, SOMAXCONN) == 0; break;
	case TOOL_LOCAL_SEND: good = good && send_from(fd, own) && connect_to(fd, path); break;
	case TOOL_LOCAL_RECEIVE: case TOOL_LOCAL_RECEIVE_ALL: good = good && bind_to(fd, path, type); break;
	}
	if (!good) fail(env, path, words(errno));
	else if (what == TOOL_LOCAL_STREAM) id = host_adopt(l->host, fd);
	else if (what == TOOL_LOCAL_LISTEN) id = host_adopt_listener(l->host, fd);
	else id = host_adopt_datagrams(l->host, fd, what == TOOL_LOCAL_RECEIVE);
	if (good && id == 0) fail(env, path, "no room for one more");
	if (id == 0 && fd >= 0) close(fd);
	return id;
}

/* A byte has to go with it. */
bool lend_pass(struct tool_env *env, net_id id)
{
	union { struct cmsghdr align; uint8_t byte[CMSG_SPACE(sizeof(int))]; } control = { .byte = { 0 } };
	struct iovec part = { (void *)"", 1 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int fd = host_release(of(env)->host, id);

	if (fd < 0) return fail(env, "-", "this connection cannot be handed on: bytes have come already, or it goes through io_uring"), false;
	c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	bool sent = sendmsg(STDOUT_FILENO, &m, MSG_NOSIGNAL) == 1;
	if (!sent) fail(env, "standard output", errno == ENOTSOCK ? "it is no socket that a connection could be handed to" : strerror(errno));
	close(fd);
	return sent;
}
