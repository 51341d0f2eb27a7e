/* SPDX-License-Identifier: ISC */
/* bench/echo.c - puts an echo server on one core and a load on the other, and says what an answer cost the server. Which server is
 * all the same to it: tulle, a Go program, plain C. bench/echo.py runs it over all of them in turns.
 *
 *     bench_echo tcp|tls|udp|runs CONNECTIONS WINDOW SECONDS PORT SERVER [WORDS...]
 *     bench_echo memory CONNECTIONS 1 0 PORT SERVER [WORDS...]
 *
 * WINDOW lines (datagrams) are under way on each connection; of `runs` they go and come as runs of datagrams, as far as the server
 * lets them (UDP_SEGMENT, UDP_GRO). Prints: answers a CPU-second of the server's; the share of it that was spent in user mode; answers
 * a second; for memory: bytes a connection which has echoed one line and is idle (the server's anonymous memory, less that before).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_LIBSSL
#include <openssl/ssl.h>
#endif

enum { FLOWS_MAX = 20000, WINDOW_MAX = 64, CHUNK = 4096 };
static const char line[] = "Hello World!\n";
enum { LINE = sizeof line - 1 };

enum kind { TCP, TLS, UDP, RUNS, MEMORY };
struct flow { int fd; size_t back; void *tls; };

static enum kind kind;
static int flows, window, epoll;
static uint16_t port;
static struct flow flow[FLOWS_MAX];
static char message[LINE * WINDOW_MAX];
static uint64_t answers;

static void need(bool ok, const char *what)
{
	if (ok) return;
	perror(what);
	exit(1);
}

static double seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void stay_on(int core)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET((size_t)core, &set);
	sched_setaffinity(0, sizeof set, &set);
}

/* --- the server --- */

static pid_t start(char **command)
{
	pid_t child = fork();

	if (child != 0) return child;
	int nowhere = open("/dev/null", O_RDWR);
	stay_on(0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(nowhere, STDIN_FILENO), dup2(nowhere, STDOUT_FILENO);
	execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

/* Clock ticks in user mode, and in all. */
static void ticks(pid_t pid, double *user, double *all)
{
	char path[64], text[1024];
	unsigned long u = 0, s = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");
	need(f != NULL && fgets(text, sizeof text, f) != NULL, path);
	sscanf(strrchr(text, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &u, &s);
	fclose(f);
	*user = (double)u, *all = (double)(u + s);
}

static double anonymous_bytes(pid_t pid)
{
	char path[64], text[256];
	double kilobytes = 0;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	FILE *f = fopen(path, "re");
	need(f != NULL, path);
	while (fgets(text, sizeof text, f) != NULL) sscanf(text, "Anonymous: %lf", &kilobytes);
	fclose(f);
	return kilobytes * 1024;
}

/* --- a connection --- */

static struct sockaddr_in server_name(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int dial(int type)
{
	struct sockaddr_in name = server_name();
	struct linger none = { .l_onoff = 1 };
	int fd = socket(AF_INET, type, 0), yes = 1;

	for (int tries = 0; connect(fd, (struct sockaddr *)&name, sizeof name) != 0; tries++) {
		need(tries < 500 && errno == ECONNREFUSED, "connect");
		usleep(10000);
	}
	if (type == SOCK_STREAM) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none); /* no TIME_WAIT for the next run */
	return fd;
}

#ifdef HAVE_LIBSSL
static void shake(struct flow *f)
{
	static SSL_CTX *context;

	if (context == NULL) {
		context = SSL_CTX_new(TLS_client_method());
		SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256"); /* the same for all */
		SSL_CTX_set_read_ahead(context, 1);
	}
	f->tls = SSL_new(context);
	SSL_set_fd(f->tls, f->fd);
	need(SSL_connect(f->tls) == 1, "the handshake");
}
static ssize_t get(struct flow *f, char *to, size_t n)
{
	if (f->tls == NULL) return recv(f->fd, to, n, MSG_DONTWAIT);
	int got = SSL_read(f->tls, to, (int)n);
	if (got > 0) return got;
	errno = SSL_get_error(f->tls, got) == SSL_ERROR_WANT_READ ? EAGAIN : EPROTO;
	return -1;
}
static bool put(struct flow *f, const char *from, size_t n) /* whole lines, each a record */
{
	if (f->tls == NULL) return send(f->fd, from, n, 0) == (ssize_t)n;
	for (; n > 0; n -= LINE, from += LINE) if (SSL_write(f->tls, from, LINE) != LINE) return false;
	return true;
}
static bool pending(const struct flow *f) { return f->tls != NULL && (SSL_pending(f->tls) > 0 || SSL_has_pending(f->tls)); }
#else
static void shake(struct flow *f) { (void)f, need(false, "built without libssl"); }
static ssize_t get(struct flow *f, char *to, size_t n) { return recv(f->fd, to, n, MSG_DONTWAIT); }
static bool put(struct flow *f, const char *from, size_t n) { return send(f->fd, from, n, 0) == (ssize_t)n; }
static bool pending(const struct flow *f) { (void)f; return false; }
#endif

static void open_flow(struct flow *f)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = f };
	bool datagrams = kind == UDP || kind == RUNS;
	int yes = 1;

	f->fd = dial(datagrams ? SOCK_DGRAM : SOCK_STREAM);
	if (kind == TLS) shake(f);
	if (kind == RUNS) need(setsockopt(f->fd, SOL_UDP, UDP_GRO, &yes, sizeof yes) == 0, "UDP_GRO");
	if (kind != TLS || fcntl(f->fd, F_SETFL, O_NONBLOCK) == 0) epoll_ctl(epoll, EPOLL_CTL_ADD, f->fd, &ev);
}

/* --- lines: for each that came back another goes --- */

static void hear(struct flow *f)
{
	static char answer[CHUNK];
	ssize_t n;

	do {
		n = get(f, answer, sizeof answer);
		need(n > 0 || (n < 0 && errno == EAGAIN), "the answer");
		if (n < 0) return;
		for (size_t i = 0; i < (size_t)n; i++) need(answer[i] == line[(f->back + i) % LINE], "another answer");
		size_t lines = (f->back + (size_t)n) / LINE;
		f->back = (f->back + (size_t)n) % LINE;
		answers += lines;
		if (lines > 0) need(put(f, message, lines * LINE), "a line");
	} while (pending(f));
}

/* --- datagrams: as many go as came back --- */

static struct { struct mmsghdr message[WINDOW_MAX]; struct iovec part[WINDOW_MAX]; char data[WINDOW_MAX][CHUNK]; } many;

static void speak(struct flow *f, size_t count)
{
	union { struct cmsghdr c; char byte[CMSG_SPACE(sizeof(uint16_t))]; } control = { .byte = { 0 } };
	uint16_t length = LINE;
	struct iovec all = { message, count * LINE };
	struct msghdr run = { .msg_iov = &all, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };

	if (kind == RUNS) {
		control.c.cmsg_level = SOL_UDP, control.c.cmsg_type = UDP_SEGMENT, control.c.cmsg_len = CMSG_LEN(sizeof length);
		memcpy(CMSG_DATA(&control.c), &length, sizeof length);
		sendmsg(f->fd, &run, 0);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		many.part[i] = (struct iovec){ message, LINE };
		many.message[i].msg_hdr = (struct msghdr){ .msg_iov = &many.part[i], .msg_iovlen = 1 };
	}
	sendmmsg(f->fd, many.message, (unsigned)count, 0);
}

static void listen_to(struct flow *f)
{
	size_t count = 0;

	for (int i = 0; i < window; i++) {
		many.part[i] = (struct iovec){ many.data[i], sizeof many.data[i] };
		many.message[i].msg_hdr = (struct msghdr){ .msg_iov = &many.part[i], .msg_iovlen = 1 };
	}
	int n = recvmmsg(f->fd, many.message, (unsigned)window, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		for (unsigned at = 0; at < many.message[i].msg_len; at += LINE)
			need(memcmp(many.data[i] + at, line, LINE) == 0, "another answer");
		count += many.message[i].msg_len / LINE;
	}
	answers += count;
	if (count > 0) speak(f, count < (size_t)window ? count : (size_t)window);
}

/* --- the load --- */

/* Of datagrams some are lost: when nothing comes for a while all begin again. */
static void run_until(double end)
{
	struct epoll_event got[512];
	bool datagrams = kind == UDP || kind == RUNS;

	while (seconds(CLOCK_MONOTONIC) < end) {
		int n = epoll_wait(epoll, got, 512, 20);
		for (int i = 0; datagrams && n == 0 && i < flows; i++) speak(&flow[i], (size_t)window);
		for (int i = 0; i < n; i++)
			if (datagrams) listen_to(got[i].data.ptr);
			else hear(got[i].data.ptr);
	}
}

static void measure_rate(pid_t server, double long_)
{
	clockid_t clock;
	double user[2], all[2];

	for (int i = 0; i < flows; i++) open_flow(&flow[i]);
	for (int i = 0; i < flows && kind != UDP && kind != RUNS; i++) need(put(&flow[i], message, (size_t)window * LINE), "a line");
	run_until(seconds(CLOCK_MONOTONIC) + long_ / 4);
	clock_getcpuclockid(server, &clock);
	ticks(server, &user[0], &all[0]);
	uint64_t before = answers;
	double start = seconds(clock), began = seconds(CLOCK_MONOTONIC);
	run_until(began + long_);
	double took = seconds(clock) - start;
	ticks(server, &user[1], &all[1]);
	printf("%.0f %.3f %.0f\n", (double)(answers - before) / took, (user[1] - user[0]) / (all[1] - all[0] + 1e-9),
	       (double)(answers - before) / (seconds(CLOCK_MONOTONIC) - began));
}

static void measure_memory(pid_t server)
{
	char answer[LINE];

	close(dial(SOCK_STREAM)); /* it is up, and has seen one */
	usleep(300000);
	double before = anonymous_bytes(server);
	for (int i = 0; i < flows; i++) flow[i].fd = dial(SOCK_STREAM);
	for (int i = 0; i < flows; i++) {
		need(put(&flow[i], line, LINE), "a line");
		for (ssize_t at = 0, n; at < LINE; at += n) need((n = recv(flow[i].fd, answer, LINE, 0)) > 0, "the answer");
	}
	usleep(300000);
	printf("%.0f\n", (anonymous_bytes(server) - before) / flows);
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "tcp", "tls", "udp", "runs", "memory" };
	struct rlimit limit;

	if (argc < 7) return fprintf(stderr, "bench_echo tcp|tls|udp|runs|memory CONNECTIONS WINDOW SECONDS PORT SERVER...\n"), 2;
	while (kind < MEMORY && strcmp(argv[1], names[kind]) != 0) kind++;
	flows = atoi(argv[2]), window = atoi(argv[3]), port = (uint16_t)atoi(argv[5]);
	if (flows < 1 || flows > FLOWS_MAX || window < 1 || window > WINDOW_MAX) return fprintf(stderr, "bench_echo: too many\n"), 2;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < window; i++) memcpy(message + i * LINE, line, LINE);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	pid_t server = start(argv + 6);
	stay_on(1);
	if (kind == MEMORY) measure_memory(server);
	else if (kind == UDP || kind == RUNS) usleep(500000), measure_rate(server, atof(argv[4]));
	else measure_rate(server, atof(argv[4]));
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return 0;
}
