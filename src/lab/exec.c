/* SPDX-License-Identifier: ISC */
/* The parent's half: it forks, waits for the device that the child has made, and runs the simulation with its
 * virtual clock tied to the real one until the child, by then the program, has ended. */
#define _GNU_SOURCE /* ppoll */
#include "lab/exec.h"

#include <errno.h>
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

#include "lab/inside.h"
#include "link/packet.h"
#include "link/tap.h"

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
	for (int batches = 0; batches < 4 && carry(b->device, b->end, now) > 0; batches++) {}
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
struct signals { struct sigaction interrupt, quit; sigset_t mask; int fd; };

static void take_signals(struct signals *s)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t handed_on;

	sigaction(SIGINT, &ignore, &s->interrupt);
	sigaction(SIGQUIT, &ignore, &s->quit);
	sigemptyset(&handed_on);
	sigaddset(&handed_on, SIGTERM);
	sigaddset(&handed_on, SIGHUP);
	sigprocmask(SIG_BLOCK, &handed_on, &s->mask);
	s->fd = signalfd(-1, &handed_on, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void give_back_signals(struct signals *s)
{
	sigaction(SIGINT, &s->interrupt, NULL);
	sigaction(SIGQUIT, &s->quit, NULL);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
	close(s->fd);
}

static _Noreturn void be_the_program(const struct exec_config *c, int socket, struct signals *signals, pid_t parent)
{
	struct report report = { .words = "" };
	struct text words = text_in(report.words, sizeof report.words);
	struct inside in;

	report.ready = inside_enter(c, &in, &words);
	report.tap = report.ready && in.tap;
	prctl(PR_SET_PDEATHSIG, SIGHUP); /* without the lab its network would be dead */
	send_report(socket, &report, report.ready ? in.fd : -1);
	give_back_signals(signals);
	if (!report.ready || getppid() != parent) _exit(EXEC_FAILED);
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
static bool turn(const struct exec_config *c, struct pollfd watched[3], instant began)
{
	enum { FRAMES, PROGRAM, SIGNALS };

	sim_run(c->sim, device_now() - began);
	instant next = sim_next_at(c->sim), left = next == NEVER ? 0 : instant_max(next + began - device_now(), 0);
	struct timespec timeout = { left / SECOND, left % SECOND };
	if (ppoll(watched, 3, next == NEVER ? NULL : &timeout, NULL) <= 0) return true;

	sim_run(c->sim, device_now() - began); /* so that the frame comes now, not when we fell asleep */
	if (watched[FRAMES].revents & POLLIN) sim_poke(c->sim, c->node);
	else if (watched[FRAMES].revents && !clear_error(watched[FRAMES].fd)) watched[FRAMES].fd = -1; /* no use to ask on */
	if (watched[SIGNALS].revents) {
		struct signalfd_siginfo info;
		if (read(watched[SIGNALS].fd, &info, sizeof info) == sizeof info)
			pidfd_send_signal(watched[PROGRAM].fd, (int)info.ssi_signo, NULL, 0);
	}
	if (!watched[PROGRAM].revents) return true;
	sim_run(c->sim, sim_now(c->sim)); /* what it sent last is still seen on the wire */
	return false;
}

static int status_of(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR) return EXEC_FAILED;
	return WIFSIGNALED(status) ? KILLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static void run_with(const struct exec_config *c, int device, int signals, pid_t child)
{
	int program = pidfd_open(child, 0);
	struct pollfd watched[3] = { { .fd = device, .events = POLLIN }, { .fd = program, .events = POLLIN },
	                             { .fd = signals, .events = POLLIN } };
	instant began = device_now() - sim_now(c->sim);

	while (turn(c, watched, began)) {}
	close(program);
}

/* The device as a link, while the program runs over it. */
static int run_over(const struct exec_config *c, const struct report *report, int fd, int signals, pid_t child)
{
	uint8_t *memory = malloc(DEVICE_MEMORY_BYTES);
	struct room room = { memory, DEVICE_MEMORY_BYTES };
	union { struct tap tap; struct packet packet; } device;

	if (memory == NULL) {
		text_puts(c->err, "no memory");
		kill(child, SIGKILL);
		status_of(child);
		return EXEC_FAILED;
	}
	if (report->tap) tap_from(&device.tap, fd, c->bridge->end->mtu, room);
	else packet_from(&device.packet, fd, c->bridge->end->mtu, room);
	c->bridge->device = report->tap ? &device.tap.link : &device.packet.link;
	run_with(c, fd, signals, child);
	c->bridge->device = NULL;
	free(memory);
	return status_of(child);
}

/* Forks, waits until the child is ready, and goes along with it. */
static int run_between(const struct exec_config *c, int ours, int theirs, struct signals *signals)
{
	struct report report;
	pid_t parent = getpid();

	fflush(NULL); /* or the child would write it again */
	pid_t child = fork();
	if (child == 0) be_the_program(c, theirs, signals, parent);
	close(theirs); /* so that we learn if the child ends without a word */
	if (child < 0) {
		text_printf(c->err, "cannot fork: %s", strerror(errno));
		return EXEC_FAILED;
	}
	int fd = receive_report(ours, &report);
	if (fd < 0) {
		text_puts(c->err, report.words);
		status_of(child);
		return EXEC_FAILED;
	}
	int status = run_over(c, &report, fd, signals->fd, child);
	close(fd);
	return status;
}

int exec_run(const struct exec_config *c)
{
	struct signals signals;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		text_printf(c->err, "cannot make a socket pair: %s", strerror(errno));
		return EXEC_FAILED;
	}
	take_signals(&signals);
	int status = run_between(c, pair[0], pair[1], &signals);
	give_back_signals(&signals);
	close(pair[0]);
	return status;
}
