/* SPDX-License-Identifier: ISC */
/* tls_tell.h - a TLS connection's messages in words, for people who want to see it work. */
#ifndef TULLE_TOOL_TLS_TELL_H
#define TULLE_TOOL_TLS_TELL_H

#include "crypt/crypt.h"
#include "proto/tls/seen.h"
#include "proto/tls/tls.h"

struct tls_teller {
	struct text *out;
	struct crypt *crypt;
	bool is_server;      /* so that it is known who speaks */
	bool numbered;       /* say which connection it is */
	bool chain;          /* describe the certificates */
	struct tls_seen seen;
};

/* All that was seen since, and forgets it. */
void tls_tell_all(struct tls_teller *);
/* What was agreed on: version, suite, group, signature, ALPN, resumed. A line or two. */
void tls_tell_session(struct text *, const struct tls *);

#endif
