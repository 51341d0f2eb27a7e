/* SPDX-License-Identifier: ISC */
/* watch.h - a TLS connection watched from outside: its records read, and opened where a key log has the secrets.
 *
 * Give it both directions' bytes in order, in any pieces; it follows the handshake and hands out what was said.
 *
 *     tls_watch_init(&w, crypt, &keylog);
 *     while (bytes.len > 0) {
 *             bytes = bytes_skip(bytes, tls_watch_input(&w, from_server, bytes));  // up to the end of a record
 *             while (tls_watch_next(&w, &seen)) show(&seen);
 *     }
 *     tls_watch_end(&w);                                                           // wipes
 *
 * The key log is text in the format of SSLKEYLOGFILE and may grow meanwhile: it is looked into when a secret is wanted.
 * TLS 1.3 is opened from its traffic secrets, early data and key updates as well, 1.2 from the master secret. What cannot be
 * opened is handed out closed, with the reason. Nothing is verified but the records' tags.
 */
#ifndef TULLE_PROTO_TLS_WATCH_H
#define TULLE_PROTO_TLS_WATCH_H

#include "crypt/aead.h"
#include "wire/tls.h"

#define TLS_WATCH_RECORD_MAX (TLS_RECORD_HEADER + TLS_PLAINTEXT_MAX + 2048)
#define TLS_WATCH_MESSAGE_MAX 49152u /* bytes kept of a handshake message; what is longer is cut */
#define TLS_WATCH_SECRET_MAX 48

enum tls_watch_stage { TLS_WATCH_PLAIN, TLS_WATCH_EARLY, TLS_WATCH_HANDSHAKE, TLS_WATCH_APPLICATION,
                       TLS_WATCH_12 /* after 1.2's ChangeCipherSpec */ };

struct tls_watch_keys {
	enum tls_watch_stage stage;        /* whose they are; TLS_WATCH_PLAIN: there are none */
	struct crypt_aead aead;
	uint8_t iv[CRYPT_NONCE_BYTES], secret[TLS_WATCH_SECRET_MAX];
	uint64_t sequence;
};

struct tls_watch_side {
	enum tls_watch_stage stage;        /* where it is */
	struct tls_watch_keys keys;        /* perhaps of an earlier stage */
	uint64_t sequence;                 /* records in this stage */
	size_t missed[TLS_WATCH_12 + 1];   /* by stage: how long the key log was, and one, when it had no secret for it */
	size_t collected, message_len, message_total; /* of the record; of the message, kept and in all */
	uint8_t record[TLS_WATCH_RECORD_MAX], message[TLS_WATCH_MESSAGE_MAX];
};

struct tls_watch {
	struct crypt *crypt;         /* NULL: nothing is opened */
	const struct bytes *keylog;  /* NULL: as an empty one */
	struct tls_watch_side side[2];
	uint8_t client_random[TLS_RANDOM_BYTES], server_random[TLS_RANDOM_BYTES];
	unsigned version, suite;     /* 0: not known yet */
	const char *lost;            /* this is not TLS, or no longer; in words. All further input is passed over */
	struct tls_watched seen;        /* the record that is being handed out */
	struct bytes rest;           /* what of it is still to be */
	bool pending;
	uint64_t records, opened, closed;
};

/* Whether a stream that begins so is a client's TLS; `bytes` may be short, then by what is there. */
bool tls_watch_looks(struct bytes);

void tls_watch_init(struct tls_watch *, struct crypt *, const struct bytes *keylog);
void tls_watch_end(struct tls_watch *);
size_t tls_watch_input(struct tls_watch *, bool from_server, struct bytes); /* what it took */
bool tls_watch_next(struct tls_watch *, struct tls_watched *); /* good until the next input; false: nothing more of this record */

#endif
