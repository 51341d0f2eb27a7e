/* SPDX-License-Identifier: ISC */
#include "main/sink.h"

#include <errno.h>
#include <unistd.h>

static void sink_drain(struct text *t, struct bytes b)
{
	struct sink *s = (struct sink *)t;
	while (b.len > 0 && s->error == 0) {
		ssize_t n = write(s->fd, b.at, b.len);
		if (n >= 0) b = bytes_skip(b, (size_t)n);
		else if (errno != EINTR && errno != EAGAIN) s->error = errno;
	}
}

void sink_init(struct sink *s, int fd)
{
	s->fd = fd;
	s->error = 0;
	s->text = text_in(s->buffer, sizeof s->buffer);
	s->text.drain = sink_drain;
}
