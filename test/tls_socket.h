/* SPDX-License-Identifier: ISC */
/* tls_socket.h - a TLS machine over a blocking socket, for programs of the tests that talk to strangers.
 *
 *     struct tls_socket s;
 *     tls_socket_open(&s, fd);
 *     tls_connect(&s.tls, tls_socket_now(&s), &config, "www.example.com");
 *     while (!tls_is_connected(&s.tls) && tls_socket_step(&s)) {}
 *     n = tls_socket_read(&s, room); tls_socket_write(&s, bytes);
 *     tls_socket_close(&s);
 */
#ifndef TULLE_TEST_TLS_SOCKET_H
#define TULLE_TEST_TLS_SOCKET_H

#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/tls/tls.h"

struct tls_socket {
	struct tls tls;
	int fd;
	bool one_byte;        /* what comes is given to the machine a byte at a time */
	bool wire_ended;      /* the peer's stream has ended, or broke */
	bool write_broke;     /* the peer does not take any more; it may still have said why */
	instant ahead_for;    /* its clock is ahead by this */
	instant stands_at;    /* 0; or its clock stands still */
	unsigned news;        /* all so far */
	size_t wire_at, wire_len;
	uint8_t wire[20 << 10];
};

static inline instant tls_socket_now(const struct tls_socket *s)
{
	struct timespec t;
	if (s->stands_at != 0) return s->stands_at + s->ahead_for;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec + s->ahead_for;
}

/* Everything but the machine itself, which tls_connect or tls_accept starts. */
static inline void tls_socket_open(struct tls_socket *s, int fd)
{
	memset(s, 0, sizeof *s);
	s->fd = fd;
}

/* Sends all that the machine has to say. */
static inline void tls_socket_flush(struct tls_socket *s)
{
	struct bytes out;
	while ((out = tls_output(&s->tls, tls_socket_now(s))).len > 0) {
		ssize_t n = s->write_broke ? (ssize_t)out.len : send(s->fd, out.at, out.len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) {
			s->write_broke = true;
			n = (ssize_t)out.len;
		}
		tls_sent(&s->tls, (size_t)n);
	}
	s->news |= tls_news(&s->tls);
}

/* Waits for bytes if there are none, and gives them to the machine. False: nothing can come any more. */
static inline bool tls_socket_step(struct tls_socket *s)
{
	tls_socket_flush(s);
	if (tls_failure(&s->tls) != NULL || s->wire_ended) return false;
	if (s->wire_at == s->wire_len) {
		ssize_t n = recv(s->fd, s->wire, sizeof s->wire, 0);
		if (n < 0 && errno == EINTR) return true;
		if (n <= 0) {
			s->wire_ended = true;
			tls_input_end(&s->tls, tls_socket_now(s));
			tls_socket_flush(s);
			return false;
		}
		s->wire_at = 0;
		s->wire_len = (size_t)n;
	}
	size_t n = s->one_byte ? 1 : s->wire_len - s->wire_at;
	s->wire_at += tls_input(&s->tls, tls_socket_now(s), (struct bytes){ s->wire + s->wire_at, n });
	tls_socket_flush(s);
	return tls_failure(&s->tls) == NULL;
}

/* What has arrived, waiting for it. 0: nothing more will come: look at tls_failure and s->news & TLS_EOF. */
static inline size_t tls_socket_read(struct tls_socket *s, struct room out)
{
	while (tls_peek(&s->tls).len == 0) {
		if (s->news & TLS_EOF || !tls_socket_step(s)) {
			if (tls_peek(&s->tls).len > 0) break;
			return 0;
		}
	}
	struct bytes plain = tls_peek(&s->tls);
	size_t n = plain.len < out.len ? plain.len : out.len;
	memcpy(out.at, plain.at, n);
	tls_take(&s->tls, n);
	s->news |= tls_news(&s->tls);
	return n;
}

/* False: the connection takes nothing more. */
static inline bool tls_socket_write(struct tls_socket *s, struct bytes plain)
{
	while (plain.len > 0) {
		size_t n = tls_send(&s->tls, tls_socket_now(s), plain);
		plain = bytes_skip(plain, n);
		tls_socket_flush(s);
		if (n == 0 || tls_failure(&s->tls) != NULL) return false;
	}
	return true;
}

/* Lets the peer read what we said last: a socket closed over unread bytes resets the connection, and the alert is lost. */
static inline void tls_socket_close(struct tls_socket *s)
{
	tls_socket_flush(s);
	shutdown(s->fd, SHUT_WR);
	while (!s->wire_ended) {
		ssize_t n = recv(s->fd, s->wire, sizeof s->wire, 0);
		if (n == 0 || (n < 0 && errno != EINTR)) break;
	}
	close(s->fd);
	tls_end(&s->tls);
}

#endif
