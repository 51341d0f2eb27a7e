/* SPDX-License-Identifier: ISC */
/* tls.h - one TLS connection, 1.3 (RFC 8446) or 1.2 (RFC 5246 with ECDHE and AEAD only), client or server, as a machine
 * without I/O between two streams of bytes: the wire's and the program's.
 *
 *     tls_connect(&t, now, &config, "www.example.com") or tls_accept(&t, now, &config);
 *     then, whenever anything has happened to it:
 *         n = tls_input(&t, now, wire);                   // takes n bytes of what came
 *         plain = tls_peek(&t); use it; tls_take(&t, plain.len);
 *         while ((out = tls_output(&t, now)).len > 0) tls_sent(&t, send(out));
 *         act_on(tls_news(&t));
 *         sleep until tls_deadline(&t), then tls_output again
 *     tls_end(&t);                                        // wipes every secret, gives every block back
 *
 * Give it bytes as they come, in any pieces. tls_input takes no more while plaintext waits to be taken. tls_send seals at
 * once, so what tls_output shows is ready for the wire; it takes less than all when its room is full. When the peer's
 * stream ends, say so with tls_input_end: a stream that ended without close_notify was cut short, and is told apart.
 *
 * Memory: a `struct tls` is small. While the handshake runs it holds a block of config->handshakes, while bytes wait one of
 * config->records each way (two for a flight that one cannot hold); an idle connection holds none. The larger the blocks of
 * records, the more records go through one call. When a pool is empty, the machine waits (takes and sends nothing) and
 * says TLS_STARVED once; try again when a block has come back.
 */
#ifndef TULLE_PROTO_TLS_TLS_H
#define TULLE_PROTO_TLS_TLS_H

#include "base/address.h"
#include "base/instant.h"
#include "base/pool.h"
#include "base/trace.h"
#include "crypt/aead.h"
#include "crypt/hash.h"
#include "crypt/share.h"
#include "crypt/x509.h"
#include "wire/tls.h"

#define TLS_RECORD_BLOCK_BYTES (TLS_RECORD_HEADER + TLS_CIPHERTEXT_MAX + 64) /* at least; larger blocks batch records */
#define TLS_MESSAGE_MAX (128u << 10)   /* bytes of a handshake message; a longer one is refused at its length */
#define TLS_NAME_MAX 255
#define TLS_ALPN_MAX 255
#define TLS_WORDS_MAX 256
#define TLS_PSKS_MAX 4                 /* offered at once, sessions and external ones */
#define TLS_SECRET_MAX 48

size_t tls_handshake_block_bytes(void); /* the size of config->handshakes' blocks */

enum tls_news {
	TLS_CONNECTED = 1,      /* the handshake is complete: the peer is who it should be */
	TLS_READABLE = 2,       /* tls_peek has something */
	TLS_WRITABLE = 4,       /* after a short tls_send: there is room again. Also when early data may be sent */
	TLS_EOF = 8,            /* close_notify came and all was taken */
	TLS_DONE = 16,          /* both sides have said close_notify, or ours ended a handshake, and ours is out: close the wire */
	TLS_FAILED = 32,        /* tls_failure says why; send what tls_output still has (the alert), then close */
	TLS_SESSION = 64,       /* client: a ticket came; it is in config->sessions if there are any */
	TLS_EARLY_REFUSED = 128,/* client: the server did not take early data: send it again */
	TLS_KEYS_UPDATED = 256, /* the peer changed its keys */
	TLS_STARVED = 512,      /* a pool is empty */
};

struct tls_failure {
	enum tls_alert alert;        /* ours or the peer's */
	bool from_peer;              /* the alert was the peer's */
	bool truncated;              /* the stream ended without close_notify; no alert */
	enum x509_why certificate;   /* when a certificate was at fault */
	char words[TLS_WORDS_MAX];   /* a sentence without secrets: "certificate 0 (CN=b.example): is for ..." */
};

/* Who we are: a chain, its key, and perhaps an OCSP response to staple. Lent for the configuration's life. */
struct tls_identity {
	struct x509_chain chain;
	const struct crypt_key *key;
	struct bytes ocsp;
	const char *const *names; size_t names_count; /* SNI names it is for, "*.example" too; none: for any */
};

struct tls_psk { /* external, agreed beforehand (RFC 8446, 4.2.11; for TLS 1.3 only) */
	struct bytes identity, key;
	enum crypt_hash hash;
};

enum tls_client_auth { TLS_NO_CLIENT_AUTH, TLS_ASK_CLIENT, TLS_REQUIRE_CLIENT };

struct tls_tickets;  /* tickets.h: a server's keys for tickets, its window against replays */
struct tls_sessions; /* sessions.h: sessions remembered: a client's by name, a 1.2 server's by id */
struct tls_keylog;   /* keylog.h */
struct tls_seen;     /* seen.h */

/* Shared by any number of connections, and not changed while one of them lives, but for a server's identities and trust: between two
 * calls nobody looks at these. Zero is a good default everywhere. */
struct tls_config {
	/* lent; needed */
	struct crypt *crypt;
	struct rng *rng;
	struct pool *handshakes, *records;

	/* what is offered and taken, in order of preference; NULL: the default, which is all that is known */
	unsigned version_min, version_max;                  /* 0: TLS_1_2 and TLS_1_3 */
	const uint16_t *suites; size_t suites_count;
	const uint16_t *groups; size_t groups_count;        /* a client's first gets a key share in the first hello */
	const uint16_t *schemes; size_t schemes_count;      /* signatures verified, and (sign_schemes unset) made */
	const uint16_t *sign_schemes; size_t sign_schemes_count;
	const char *const *alpn; size_t alpn_count;
	bool alpn_needed;                                   /* no protocol in common: no_application_protocol (a server's default
	                                                       when both sides name protocols) */

	/* who we are, and whom we believe */
	const struct tls_identity *identities; size_t identities_count;
	const struct x509_trust *trust;
	bool trust_anyone;                                  /* certificates are not checked (the proof of the key still is) */
	enum tls_client_auth client_auth;                   /* server */
	bool ask_ocsp, must_staple;                         /* client */
	int64_t date; instant date_at;                      /* seconds since 1970 when now was date_at */
	bool keep_peer_chain;                               /* the handshake block stays, for tls_peer_chain */

	/* resumption */
	struct tls_tickets *tickets;                        /* server: NULL: none are given or taken */
	unsigned tickets_count;                             /* given after a full 1.3 handshake; 0: 2 */
	struct tls_sessions *sessions;                      /* client: remembered by server name; server: 1.2 session ids */
	const struct tls_psk *psks; size_t psks_count;
	uint32_t early_data_max;                            /* 0: no 0-RTT. Server: bytes taken; client: offers it when it can */

	/* manners */
	bool no_grease, no_middlebox_compatibility;
	bool always_retry;                                  /* server: a cookie for everybody, before any state is kept; needs `tickets`, whose keys seal it */
	unsigned record_size_limit;                         /* what we are willing to get (RFC 8449); 0: not said */
	unsigned fragment_max;                              /* plaintext bytes a record we send; 0: TLS_PLAINTEXT_MAX */
	unsigned padding_to;                                /* records are padded to a multiple of this; 0: not */
	unsigned packings;                                  /* bits 1 << PACK_ZLIB ...: certificate compression */
	bool server_preference;                             /* server: its order of suites and groups, not the client's */
	uint64_t key_update_after;                          /* records; 0: by the AEAD's limit */
	struct tls_keylog *keylog;                          /* or NULL */
	struct tls_seen *seen;                              /* or NULL: messages in the clear, for people */
	struct trace *trace;                                /* or NULL */
	unsigned handshake_timeout_s;                       /* 0: none of its own (deadline NEVER) */
};

struct tls_side { /* one direction's protection */
	struct crypt_aead aead;
	uint8_t iv[CRYPT_NONCE_BYTES];
	uint8_t secret[TLS_SECRET_MAX];  /* 1.3: the traffic secret, for the next update */
	uint64_t sequence;
	bool explicit_nonce;             /* 1.2 with AES-GCM */
};

struct tls { /* laid open to be read and embedded; proto/tls/ alone writes it */
	const struct tls_config *config;
	uint8_t state;                   /* enum tls_state, inside.h */
	bool is_server, resumed, retried, early_accepted, client_authenticated, extended_master_secret;
	bool close_sent, close_received, eof_said, short_send, starved, cancelled;
	bool input_keys_changed;         /* since the message was begun: nothing may follow it in its record (RFC 8446, 5.1) */
	bool peer_limits_records;        /* it sent record_size_limit, so it keeps to ours (RFC 8449) */
	uint16_t version, suite, group, scheme, peer_scheme;
	uint16_t fragment_max;           /* plaintext bytes a record that the peer takes, without 1.3's type */
	uint16_t news;
	uint16_t alert_waits;            /* an alert that found no room: level and description; 0: none */
	uint8_t alpn_len, warnings, idle_records, tickets_idle; /* records in a row that brought nothing */
	uint8_t skip_early;              /* server: enum tls_skip_early, inside.h */
	bool update_due;                 /* the peer asked for a KeyUpdate: it comes before the next application data (RFC 8446, 4.6.3) */
	uint8_t updates_wait;            /* a KeyUpdate that found no room: 1 + whether it asks for the peer's */
	struct tls_side in, out;
	struct tls_handshake *handshake; /* inside.h; NULL when it is over */
	uint8_t open_message[5], open_len; /* a message that is half there, after the handshake */
	uint32_t open_skip;              /* bytes of a ticket still to be passed over */
	uint8_t *in_block; uint32_t in_at, in_len, in_plain;   /* a record that is being collected, or plaintext that waits */
	uint8_t *out_block; uint32_t out_at, out_len;          /* sealed bytes that wait */
	uint8_t *out_next; uint32_t out_next_len;              /* more of them: a flight's that found no room in the first */
	uint8_t exporter_secret[TLS_SECRET_MAX];               /* 1.2: the master secret */
	uint8_t exporter_randoms[2 * TLS_RANDOM_BYTES];        /* 1.2: the client's and the server's */
	uint8_t resumption_secret[TLS_SECRET_MAX];             /* client: tickets become keys with it */
	struct tls_failure failure;
	instant give_up_at;
	uint64_t records_in, records_out;
	uint32_t number;                 /* of those that add to config->seen: the first is 1 */
	struct { uint32_t early_left; /* bytes, sent or received or skipped */ uint32_t tickets_got; } count;
	char server_name[TLS_NAME_MAX + 1]; /* asked for */
	char alpn[TLS_ALPN_MAX + 1];
};

/* What a configuration offers, in order; of its crypt, too: a group that libcrypto lacks is not among them. */
#define TLS_LIST_MAX 32
size_t tls_list_suites(const struct tls_config *, uint16_t out[TLS_LIST_MAX]); /* those that tls_lists_... says yes to, in order */
size_t tls_list_groups(const struct tls_config *, uint16_t out[TLS_LIST_MAX]);
size_t tls_list_schemes(const struct tls_config *, uint16_t out[TLS_LIST_MAX]);

/* False: a pool is empty (nothing is held). `name`: whom we want: a DNS name, or an address as text; it is sent as SNI if it is a
 * name, and the certificate is checked against it. NULL or "": a certificate for whatever name will do, so almost never right. */
bool tls_connect(struct tls *, instant now, const struct tls_config *, const char *name);
bool tls_accept(struct tls *, instant now, const struct tls_config *);
void tls_end(struct tls *);

size_t tls_input(struct tls *, instant now, struct bytes wire);
void tls_input_end(struct tls *, instant now);
struct bytes tls_output(struct tls *, instant now); /* good until the next call on this connection */
void tls_sent(struct tls *, size_t n);
instant tls_deadline(const struct tls *);
unsigned tls_news(struct tls *);                    /* and forget them */

struct bytes tls_peek(const struct tls *);
void tls_take(struct tls *, size_t n);
/* Before CONNECTED: a client's early data if allowed, a server's answer while it takes early data (RFC 8446, 2.3); else 0. */
size_t tls_send(struct tls *, instant now, struct bytes plain);
/* close_notify: we may still read. After the peer's we may still send; in 1.2 too, where RFC 5246, 7.2.1 would cut us short. */
void tls_finish(struct tls *, instant now);
void tls_abort(struct tls *, instant now, enum tls_alert);      /* a fatal alert, and the end */
void tls_update_keys(struct tls *, instant now, bool ask_peer); /* 1.3 */

bool tls_is_connected(const struct tls *);
bool tls_may_send_early(const struct tls *);
bool tls_reading_early(const struct tls *);                     /* server: what tls_peek shows came as early data */
const struct tls_failure *tls_failure(const struct tls *);      /* NULL if it has not failed */
size_t tls_peer_chain(const struct tls *, struct bytes der[X509_CHAIN_MAX]); /* with keep_peer_chain, until the connection is closed */
/* RFC 8446, 7.5; RFC 5705. False before the handshake is complete. context.at NULL: none (1.2 tells it from an empty one). */
bool tls_export(const struct tls *, const char *label, struct bytes context, struct room out);

#endif
