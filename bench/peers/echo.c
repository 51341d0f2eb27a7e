/* SPDX-License-Identifier: ISC */
/* bench/peers/echo.c - echo servers as one writes them in plain C, for bench/echo.py to compare with: epoll with read and write,
 * recvmmsg and sendmmsg, libssl over epoll. They do no more than answer: no lines, no names, no limits.
 *
 *     bench_echo_peer tcp|udp PORT
 *     bench_echo_peer tls PORT CERTIFICATE KEY
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef HAVE_LIBSSL
#include <openssl/ssl.h>
#endif

enum { DESCRIPTORS_MAX = 65536, WINDOW = 32 };

static void need(bool ok, const char *what)
{
	if (ok) return;
	perror(what);
	exit(1);
}

static int bound(int type, uint16_t port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	need(bind(fd, (struct sockaddr *)&name, sizeof name) == 0, "bind");
	return fd;
}

static void plain(int fd)
{
	char buffer[4096];
	ssize_t n = read(fd, buffer, sizeof buffer);

	if (n > 0 && write(fd, buffer, (size_t)n) == n) return;
	if (n <= 0 && errno != EAGAIN) close(fd);
}

#ifdef HAVE_LIBSSL
static SSL_CTX *context;
static SSL *tls_of[DESCRIPTORS_MAX];

static void tls_open(const char *certificate, const char *key)
{
	context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_read_ahead(context, 1); /* or it asks the kernel for five bytes first, each time */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	need(SSL_CTX_use_certificate_chain_file(context, certificate) == 1 && SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1,
	     "certificate");
}

static void tls_begin(int fd)
{
	if (tls_of[fd] != NULL) SSL_free(tls_of[fd]);
	tls_of[fd] = SSL_new(context);
	SSL_set_fd(tls_of[fd], fd);
	SSL_set_accept_state(tls_of[fd]);
}

static void secure(int fd)
{
	char buffer[4096];
	int n;

	do {
		n = SSL_read(tls_of[fd], buffer, sizeof buffer);
		if (n > 0 && SSL_write(tls_of[fd], buffer, n) != n) n = 0;
	} while (n > 0 && SSL_has_pending(tls_of[fd]));
	if (n <= 0 && SSL_get_error(tls_of[fd], n) != SSL_ERROR_WANT_READ) close(fd);
}
#else
static void tls_open(const char *certificate, const char *key) { (void)certificate, (void)key, need(false, "built without libssl"); }
static void tls_begin(int fd) { (void)fd; }
static void secure(int fd) { (void)fd; }
#endif

static void accept_all(int epoll, int listener, bool tls)
{
	int yes = 1, fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		if (tls) tls_begin(fd);
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
	}
}

static _Noreturn void serve_streams(uint16_t port, bool tls)
{
	int listener = bound(SOCK_STREAM | SOCK_NONBLOCK, port), epoll = epoll_create1(0);
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = listener }, got[256];

	need(listen(listener, SOMAXCONN) == 0, "listen");
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &ev);
	for (;;) {
		int n = epoll_wait(epoll, got, 256, -1);
		for (int i = 0; i < n; i++)
			if (got[i].data.fd == listener) accept_all(epoll, listener, tls);
			else if (tls) secure(got[i].data.fd);
			else plain(got[i].data.fd);
	}
}

static _Noreturn void serve_datagrams(uint16_t port)
{
	static struct { struct mmsghdr message[WINDOW]; struct iovec part[WINDOW]; struct sockaddr_in name[WINDOW]; uint8_t data[WINDOW][2048]; } m;
	int fd = bound(SOCK_DGRAM, port);

	for (;;) {
		for (int i = 0; i < WINDOW; i++) {
			m.part[i] = (struct iovec){ m.data[i], sizeof m.data[i] };
			m.message[i].msg_hdr = (struct msghdr){
				.msg_iov = &m.part[i], .msg_iovlen = 1, .msg_name = &m.name[i], .msg_namelen = sizeof m.name[i],
			};
		}
		int n = recvmmsg(fd, m.message, WINDOW, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++) m.part[i].iov_len = m.message[i].msg_len;
		if (n > 0) sendmmsg(fd, m.message, (unsigned)n, 0);
	}
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	if (argc < 3) return fprintf(stderr, "bench_echo_peer tcp|udp|tls PORT [CERTIFICATE KEY]\n"), 2;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
	setrlimit(RLIMIT_NOFILE, &limit);
	uint16_t port = (uint16_t)atoi(argv[2]);
	bool tls = strcmp(argv[1], "tls") == 0 && argc == 5;
	if (strcmp(argv[1], "udp") == 0) serve_datagrams(port);
	if (tls) tls_open(argv[3], argv[4]);
	serve_streams(port, tls);
}
