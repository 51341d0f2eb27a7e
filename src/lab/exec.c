/* SPDX-License-Identifier: ISC */
/* The parent's half: it forks, waits for the device that the child has made, and runs the simulation with its
 * virtual clock tied to the real one until the child, by then the program, has ended. */
#define _GNU_SOURCE /* ppoll, F_SETSIG */
#include "lab/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/etc.h"
#include "lab/inside.h"

enum { PROGRAM_CANNOT_RUN = 126, PROGRAM_NOT_FOUND = 127, KILLED = 128 };

/* Moves what has come on one side to the other. */
static size_t carry(struct link *from, struct link *to, instant now)
{
	struct frame f[LINK_BATCH_MAX];
	size_t n = link_recv(from, now, f, LINK_BATCH_MAX);

	if (n > 0) link_send(to, now, f, n);
	return n;
}

static void bridge_step(struct sim_node *node, instant now)
{
	struct exec_bridge *b = (struct exec_bridge *)node;

	if (b->device == NULL) return;
	while (carry(b->end, b->device, now) > 0) {}
	/* Not at other times: while the simulation still catches up, what the program sends now would come in the past. */
	for (int batches = 0; b->readable && batches < 4 && carry(b->device, b->end, now) > 0; batches++) {}
	b->readable = false;
}

static instant bridge_deadline(const struct sim_node *node)
{
	(void)node; /* it is poked when the device can be read */
	return NEVER;
}

void exec_bridge_init(struct exec_bridge *b) { *b = (struct exec_bridge){ .node = { bridge_step, bridge_deadline } }; }

/* What the child tells the parent once: that all is ready, with the device's descriptor, or what went wrong. */
struct report { bool ready, tap; char words[500]; };
struct note { alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))]; };

static void send_report(int socket, const struct report *report, int fd)
{
	struct iovec part = { (void *)(uintptr_t)report, sizeof *report };
	struct note note = { { 0 } };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	if (report->ready) {
		msg.msg_control = &note;
		msg.msg_controllen = sizeof note;
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		*c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd) };
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	sendmsg(socket, &msg, MSG_NOSIGNAL);
}

/* The device's descriptor, or -1. */
static int receive_report(int socket, struct report *report)
{
	struct iovec part = { report, sizeof *report };
	struct note note = { { 0 } };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &note, .msg_controllen = sizeof note };
	int fd = -1;

	*report = (struct report){ .words = "the program's process ended before it was ready" };
	if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) != sizeof *report || !report->ready) return -1;
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	if (c != NULL && c->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

/* Signals from the terminal reach the program by themselves, and it decides; others sent to us are handed on. */
static const int handed_on[EXEC_SIGNALS] = { SIGTERM, SIGHUP };

static void take_signals(struct exec *e)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;

	sigaction(SIGINT, &ignore, &e->interrupt);
	sigaction(SIGQUIT, &ignore, &e->quit);
	sigemptyset(&set);
	for (size_t i = 0; i < EXEC_SIGNALS; i++) sigaddset(&set, handed_on[i]);
	sigprocmask(SIG_BLOCK, &set, &e->mask);
	e->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void give_back_signals(const struct exec *e)
{
	sigaction(SIGINT, &e->interrupt, NULL);
	sigaction(SIGQUIT, &e->quit, NULL);
	sigprocmask(SIG_SETMASK, &e->mask, NULL);
	if (e->signals >= 0) close(e->signals);
}

/* By the time a signal comes we may have become somebody who may not send root's program any. So the kernel does,
 * with the rights of who asked for it here: it tells the pipe's owner by this signal that something has come. */
static bool make_lever(int lever[2], pid_t child, int signal)
{
	return pipe2(lever, O_CLOEXEC | O_NONBLOCK) == 0 && fcntl(lever[0], F_SETOWN, child) == 0 &&
	       fcntl(lever[0], F_SETSIG, signal) == 0 && fcntl(lever[0], F_SETFL, O_NONBLOCK | O_ASYNC) == 0;
}

static void pull_lever(const int lever[2])
{
	char byte;
	if (write(lever[1], "", 1) == 1)
		while (read(lever[0], &byte, 1) > 0) {} /* empty for the next */
}

/* Ready, but not before the parent says so: it may have to lock itself in, and not get it done. */
static _Noreturn void be_the_program(const struct exec *e, int socket, pid_t parent)
{
	const struct exec_config *c = e->config;
	struct report report = { .words = "" };
	struct text words = text_in(report.words, sizeof report.words);
	struct inside in;
	char go;

	report.ready = inside_enter(c, &in, &words);
	report.tap = report.ready && in.tap;
	prctl(PR_SET_PDEATHSIG, SIGHUP); /* without the lab its network would be dead */
	send_report(socket, &report, report.ready ? in.fd : -1);
	if (!report.ready || getppid() != parent || read(socket, &go, 1) != 1) _exit(EXEC_FAILED);
	give_back_signals(e);
	etc_tell_roots(c);
	execvp(c->argv[0], c->argv);
	int why = errno;
	fprintf(stderr, "tulle: %s: %s\n", c->argv[0], strerror(why));
	_exit(why == ENOENT ? PROGRAM_NOT_FOUND : PROGRAM_CANNOT_RUN);
}

/* A packet socket tells once that its interface has gone down. A TAP that the program has deleted says so for ever. */
static bool clear_error(int fd)
{
	int why;
	socklen_t len = sizeof why;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) == 0;
}

/* One turn: the simulation up to now, then sleep until it has something to do, a frame comes, or the program
 * ends. False: it has ended. */
static bool turn(const struct exec *e, struct pollfd watched[3], instant began)
{
	enum { FRAMES, PROGRAM, SIGNALS };
	struct sim *sim = e->config->sim;

	sim_run(sim, device_now() - began);
	instant next = sim_next_at(sim), left = next == NEVER ? 0 : instant_max(next + began - device_now(), 0);
	struct timespec timeout = { left / SECOND, left % SECOND };
	if (ppoll(watched, 3, next == NEVER ? NULL : &timeout, NULL) <= 0) return true;

	sim_run(sim, device_now() - began); /* so that the frame comes now, not when we fell asleep */
	if (watched[FRAMES].revents & POLLIN) {
		e->config->bridge->readable = true;
		sim_poke(sim, e->config->node);
	}
	else if (watched[FRAMES].revents && !clear_error(watched[FRAMES].fd)) watched[FRAMES].fd = -1; /* no use to ask on */
	if (watched[SIGNALS].revents) {
		struct signalfd_siginfo info;
		if (read(watched[SIGNALS].fd, &info, sizeof info) == sizeof info)
			for (size_t i = 0; i < EXEC_SIGNALS; i++)
				if (handed_on[i] == (int)info.ssi_signo) pull_lever(e->lever[i]);
	}
	if (!watched[PROGRAM].revents) return true;
	e->config->bridge->readable = true;
	sim_poke(sim, e->config->node);
	sim_run(sim, sim_now(sim)); /* what it sent last is still seen on the wire */
	return false;
}

static int status_of(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR) return EXEC_FAILED;
	return WIFSIGNALED(status) ? KILLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static void close_all(const int *fd, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fd[i] >= 0) close(fd[i]);
}

/* The child, if it still waits to be the program, ends when it sees that nobody will say so. */
static int end(struct exec *e)
{
	close_all(&e->go, 1);
	int status = e->child > 0 ? status_of(e->child) : EXEC_FAILED;
	give_back_signals(e);
	close_all((int[]){ e->fd, e->program }, 2);
	close_all(e->lever[0], COUNT(e->lever) * 2);
	e->config->bridge->device = NULL;
	free(e->memory);
	return status;
}

/* Forks, and waits until the child is ready. */
static bool fork_child(struct exec *e, struct report *report)
{
	pid_t parent = getpid();
	int pair[2];

	*report = (struct report){ .ready = false };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		snprintf(report->words, sizeof report->words, "cannot make a socket pair: %s", strerror(errno));
		return false;
	}
	e->go = pair[0];
	fflush(NULL); /* or the child would write it again */
	e->child = fork();
	if (e->child == 0) {
		close(pair[0]); /* so that it learns if we end without a word */
		be_the_program(e, pair[1], parent);
	}
	close(pair[1]); /* and we, if it does */
	if (e->child < 0) snprintf(report->words, sizeof report->words, "cannot fork: %s", strerror(errno));
	else e->fd = receive_report(e->go, report);
	return e->fd >= 0;
}

/* All that is needed while the program runs, and cannot be had later. */
static bool get_ready(struct exec *e, bool tap)
{
	struct exec_bridge *bridge = e->config->bridge;
	struct room room = { e->memory = malloc(DEVICE_MEMORY_BYTES), DEVICE_MEMORY_BYTES };

	if (e->memory == NULL || (e->program = pidfd_open(e->child, 0)) < 0) return false;
	for (size_t i = 0; i < EXEC_SIGNALS; i++)
		if (!make_lever(e->lever[i], e->child, handed_on[i])) return false;
	if (tap) tap_from(&e->device.tap, e->fd, bridge->end->mtu, room);
	else packet_from(&e->device.packet, e->fd, bridge->end->mtu, room);
	bridge->device = tap ? &e->device.tap.link : &e->device.packet.link;
	return true;
}

bool exec_begin(struct exec *e, const struct exec_config *c)
{
	struct report report;

	*e = (struct exec){ .config = c, .child = -1, .fd = -1, .go = -1, .program = -1, .lever = { { -1, -1 }, { -1, -1 } } };
	take_signals(e);
	if (!fork_child(e, &report)) text_puts(c->err, report.words);
	else if (get_ready(e, report.tap)) return true;
	else text_printf(c->err, "cannot watch over the program: %s", strerror(errno));
	end(e);
	return false;
}

void exec_give_up(struct exec *e) { end(e); }

int exec_run(struct exec *e)
{
	struct pollfd watched[3] = { { .fd = e->fd, .events = POLLIN }, { .fd = e->program, .events = POLLIN },
	                             { .fd = e->signals, .events = POLLIN } };
	instant began = device_now() - sim_now(e->config->sim);

	if (send(e->go, "", 1, MSG_NOSIGNAL) == 1)
		while (turn(e, watched, began)) {}
	return end(e);
}
