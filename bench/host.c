/* SPDX-License-Identifier: ISC */
/* bench/host.c - an echo server of lines, and of datagrams, over the host's sockets: net.h over epoll, over io_uring, and a plain epoll
 * server in C (recvmmsg and sendmmsg for datagrams) beside them. The server has one core, the load the other; what counts is answers a server's CPU-second.
 *
 *     bench_host [SECONDS]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/epoll.h"

enum { PORT = 21720, STREAMS_MAX = 10000, ROUNDS = 3, DATAGRAMS = 0, SPEAKERS = 4, WINDOW = 32 };
static const char line[] = "Hello World!\n";
enum { LINE = sizeof line - 1 };

static void need(bool ok, const char *what)
{
	if (ok) return;
	perror(what);
	exit(1);
}

static void stay_on(int core)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET((size_t)core, &set);
	sched_setaffinity(0, sizeof set, &set);
}

static double seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int listening(uint16_t port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	need(bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && listen(fd, SOMAXCONN) == 0, "listen");
	return fd;
}

/* --- the servers --- */

static void plain_read(int fd)
{
	char buffer[4096];
	ssize_t n = read(fd, buffer, sizeof buffer);

	if (n > 0 && write(fd, buffer, (size_t)n) == n) return;
	if (n <= 0 && errno != EAGAIN) close(fd);
}

static void plain_accept(int epoll, int listener)
{
	int yes = 1, fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
	}
}

static _Noreturn void serve_plain(uint16_t port)
{
	int listener = listening(port), epoll = epoll_create1(0);
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = listener }, got[256];

	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev);
	for (;;) {
		int n = epoll_wait(epoll, got, 256, -1);
		for (int i = 0; i < n; i++)
			if (got[i].data.fd == listener) plain_accept(epoll, listener);
			else plain_read(got[i].data.fd);
	}
}

/* Datagrams in a batch, each in its own part of some memory. */
struct many { struct mmsghdr message[WINDOW]; struct iovec part[WINDOW]; struct sockaddr_in name[WINDOW]; uint8_t data[WINDOW][2048]; };

static void many_clear(struct many *m, bool named)
{
	for (int i = 0; i < WINDOW; i++) {
		m->part[i] = (struct iovec){ m->data[i], sizeof m->data[i] };
		m->message[i].msg_hdr = (struct msghdr){ .msg_iov = &m->part[i], .msg_iovlen = 1 };
		if (named) m->message[i].msg_hdr.msg_name = &m->name[i], m->message[i].msg_hdr.msg_namelen = sizeof m->name[i];
	}
}

static int datagram_socket(uint16_t port, bool server)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), error;
	error = server ? bind(fd, (struct sockaddr *)&name, sizeof name) : connect(fd, (struct sockaddr *)&name, sizeof name);
	need(error == 0, "datagrams");
	return fd;
}

static _Noreturn void serve_plain_datagrams(uint16_t port)
{
	static struct many m;
	int fd = datagram_socket(port, true);

	for (;;) {
		many_clear(&m, true);
		int n = recvmmsg(fd, m.message, WINDOW, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++) m.part[i].iov_len = m.message[i].msg_len;
		if (n > 0) sendmmsg(fd, m.message, (unsigned)n, 0);
	}
}

static void echo(void *self, struct net *net, const struct net_event *ev)
{
	size_t n;

	(void)self;
	if (ev->what == NET_DATAGRAM) net_sendto(net, ev->id, &ev->peer, ev->data);
	if (ev->what == NET_EOF) net_finish(net, ev->id);
	if (ev->what != NET_READABLE && ev->what != NET_WRITABLE) return;
	do {
		struct bytes b = net_peek(net, ev->id);
		const uint8_t *end = b.len > 0 ? memrchr(b.at, '\n', b.len) : NULL; /* whole lines */
		n = end == NULL ? 0 : net_send(net, ev->id, (struct bytes){ b.at, (size_t)(end + 1 - b.at) });
		net_take(net, ev->id, n);
	} while (n > 0);
}

static _Noreturn void serve(enum host_way way, uint16_t port)
{
	struct host_limits limits = { .way = way, .streams_max = STREAMS_MAX, .sockets_max = 4, .rx_bytes = 4096, .tx_bytes = 4096 };
	struct room memory = { calloc(1, host_size(&limits)), host_size(&limits) };
	struct net *net = host_init(memory, &limits);
	struct addr at = { .ip = ip4_of(INADDR_LOOPBACK), .port = port };

	need(net != NULL && net_listen(net, &at) != 0 && net_bind(net, &at) != 0, "host_init");
	while (net_wait(net)) app_turn(net, (struct app){ .event = echo });
	exit(0);
}

/* --- the load: each connection sends a line when the one before came back --- */

struct load { int epoll, count, fd[STREAMS_MAX]; uint64_t answers; };

static void load_open(struct load *l, int count, uint16_t port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger none = { .l_onoff = 1 };
	int yes = 1;

	l->epoll = epoll_create1(EPOLL_CLOEXEC), l->count = count, l->answers = 0;
	for (int i = 0; i < count; i++) {
		int fd = l->fd[i] = socket(AF_INET, SOCK_STREAM, 0), tries = 0;
		while (connect(fd, (struct sockaddr *)&name, sizeof name) != 0 && ++tries < 100) usleep(10000);
		need(tries < 100, "connect");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none); /* no TIME_WAIT for the next run */
		struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };
		epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev);
		need(write(fd, line, LINE) == LINE, "write");
	}
}

static void load_until(struct load *l, double end)
{
	struct epoll_event got[512];
	char answer[64];

	while (seconds(CLOCK_MONOTONIC) < end) {
		int n = epoll_wait(l->epoll, got, 512, 100);
		for (int i = 0; i < n; i++) {
			ssize_t len = recv(got[i].data.fd, answer, sizeof answer, MSG_DONTWAIT);
			need(len == LINE && write(got[i].data.fd, line, LINE) == LINE, "the answer");
			l->answers++;
		}
	}
}

static void load_close(struct load *l)
{
	for (int i = 0; i < l->count; i++) close(l->fd[i]);
	close(l->epoll);
}

/* --- datagrams: each speaker sends as many as came back --- */

static void speak(int fd, struct many *m, int count)
{
	many_clear(m, false);
	for (int i = 0; i < count; i++) m->part[i].iov_len = LINE, memcpy(m->data[i], line, LINE);
	sendmmsg(fd, m->message, (unsigned)count, 0);
}

static void speakers_open(struct load *l, uint16_t port)
{
	l->epoll = epoll_create1(EPOLL_CLOEXEC), l->count = SPEAKERS, l->answers = 0;
	for (int i = 0; i < SPEAKERS; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.fd = l->fd[i] = datagram_socket(port, false) };
		epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->fd[i], &ev);
	}
}

/* Nothing for a while: some were lost, and all begin again. */
static void speakers_until(struct load *l, double end)
{
	static struct many m;
	struct epoll_event got[SPEAKERS];

	while (seconds(CLOCK_MONOTONIC) < end) {
		int n = epoll_wait(l->epoll, got, SPEAKERS, 10);
		for (int i = 0; n == 0 && i < SPEAKERS; i++) speak(l->fd[i], &m, WINDOW);
		for (int i = 0; i < n; i++) {
			many_clear(&m, false);
			int count = recvmmsg(got[i].data.fd, m.message, WINDOW, MSG_DONTWAIT, NULL);
			if (count <= 0) continue;
			l->answers += (uint64_t)count;
			speak(got[i].data.fd, &m, count);
		}
	}
}

/* Answers a CPU-second of the server's. */
static double measure(int who, int count, double long_, uint16_t port)
{
	static struct load load;
	clockid_t clock;
	pid_t child = fork();

	if (child == 0) {
		stay_on(0);
		if (who == 0 && count == DATAGRAMS) serve_plain_datagrams(port);
		if (who == 0) serve_plain(port);
		serve(who == 1 ? HOST_EPOLL : HOST_URING_ONLY, port);
	}
	usleep(100000);
	void (*until)(struct load *, double) = count == DATAGRAMS ? speakers_until : load_until;
	if (count == DATAGRAMS) speakers_open(&load, port);
	else load_open(&load, count, port);
	until(&load, seconds(CLOCK_MONOTONIC) + long_ / 4);
	clock_getcpuclockid(child, &clock);
	uint64_t answers = load.answers;
	double start = seconds(clock);
	until(&load, seconds(CLOCK_MONOTONIC) + long_);
	double took = seconds(clock) - start;
	answers = load.answers - answers;
	load_close(&load);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return (double)answers / took;
}

/* The best of some rounds, taken in turns: what else the machine does only slows. */
static void compare(int count, double long_)
{
	static const char *const name[] = { "plain C", "net.h over epoll", "net.h over io_uring" };
	double best[3] = { 0 };
	static uint16_t port = PORT;

	for (int round = 0; round < ROUNDS; round++)
		for (int who = 0; who < 3; who++) {
			double rate = measure(who, count, long_, port++);
			if (rate > best[who]) best[who] = rate;
		}
	for (int who = 0; who < 3; who++)
		printf("host: %5d %s, %-19s %6.0f thousand answers a CPU-second of the server's (%.2f of plain)\n",
		       count == DATAGRAMS ? SPEAKERS : count, count == DATAGRAMS ? "speakers by UDP" : "connections", name[who],
		       best[who] / 1000, best[who] / best[0]);
}

int main(int argc, char **argv)
{
	double long_ = argc > 1 ? atof(argv[1]) : 2;
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	stay_on(1);
	compare(DATAGRAMS, long_);
	compare(100, long_);
	compare(limit.rlim_cur > STREAMS_MAX + 100 ? STREAMS_MAX : (int)limit.rlim_cur - 100, long_);
	return 0;
}
