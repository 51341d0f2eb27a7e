/* SPDX-License-Identifier: ISC */
/* inside.h - what the parts of the TLS machine share; nobody outside proto/tls/ includes it.
 *
 * Theory of operation.
 *
 *     tls.c            life: connect, accept, input, output, send, take, finish, news; the one door for states
 *     record.c         the record layer: collects records, opens and seals them, cuts and merges (RFC 8446, 5)
 *     message.c        the handshake layer: collects messages, feeds the transcript, dispatches by state; sends messages
 *     keys.c           1.3's key schedule (7.1), traffic keys, Finished, exporters, key update
 *     keys12.c         1.2's PRF, key block, extended master secret, Finished, exporters
 *     params.c         which version, suite, group and signature scheme: tables and choices, pure
 *     offers.c         what both sides offer: lists written and noted
 *     client_hello.c   the client's hello, and the server's answer up to the choice of version
 *     client13.c       the client from there on           client12.c   the same in 1.2
 *     server_hello.c   the server: the hello read; version and ALPN chosen
 *     retry.c          HelloRetryRequest and its cookie
 *     server13.c       the server from there on           server12.c   the same in 1.2
 *     certify.c        Certificate, CertificateVerify, compression, stapling, both roles and versions
 *     tickets.c        a server's tickets, both versions; early.c: 0-RTT and the window against replays
 *     sessions.c       sessions remembered                keylog.c     secrets for Wireshark
 *     seen.c           messages in the clear, for people
 *     alert.c          alerts in and out, failures in words
 *
 * A handler gets one whole message and returns whether to go on; when it returns false it has called tls_fail. Work
 * is done on locals and committed at the end. Messages to send are written straight into records, sealed under
 * the keys of that moment: tls_flush seals what has been written so far and is called before the outgoing
 * keys change. Nothing in here sends twice or remembers to send later, but: tickets, key updates and alerts that find no room wait
 * as facts in struct tls.
 */
#ifndef TULLE_PROTO_TLS_INSIDE_H
#define TULLE_PROTO_TLS_INSIDE_H

#include "proto/tls/keylog.h"
#include "proto/tls/sessions.h"
#include "proto/tls/seen.h"
#include "proto/tls/tickets.h"
#include "proto/tls/tls.h"

enum tls_state {
	TLS_START,
	/* RFC 8446, A.1 */
	TLS_CLIENT_WAIT_SH, TLS_CLIENT_WAIT_EE, TLS_CLIENT_WAIT_CERT_CR, TLS_CLIENT_WAIT_CERT, TLS_CLIENT_WAIT_CV,
	TLS_CLIENT_WAIT_FINISHED,
	/* RFC 8446, A.2 */
	TLS_SERVER_WAIT_CH, TLS_SERVER_WAIT_CH2, TLS_SERVER_WAIT_EOED, TLS_SERVER_WAIT_CERT, TLS_SERVER_WAIT_CV,
	TLS_SERVER_WAIT_FINISHED,
	/* RFC 5246, 7.3, figures 1 and 2 */
	TLS_CLIENT12_WAIT_CERT, TLS_CLIENT12_WAIT_STATUS, TLS_CLIENT12_WAIT_SKE, TLS_CLIENT12_WAIT_CR_SHD, TLS_CLIENT12_WAIT_SHD,
	TLS_CLIENT12_WAIT_TICKET, TLS_CLIENT12_WAIT_CCS, TLS_CLIENT12_WAIT_FINISHED,
	TLS_SERVER12_WAIT_CERT, TLS_SERVER12_WAIT_CKE, TLS_SERVER12_WAIT_CV, TLS_SERVER12_WAIT_CCS, TLS_SERVER12_WAIT_FINISHED,
	TLS_OPEN,       /* the handshake is complete */
	TLS_CLOSED,     /* failed, or both sides have closed */
};
#define TLS_STATES (TLS_CLOSED + 1)

/* A server that does not take the 0-RTT data of a first flight passes it over, within count.early_left (4.2.10): */
enum tls_skip_early {
	TLS_SKIP_NOTHING,
	TLS_SKIP_UNREADABLE, /* records that the handshake's keys do not open, until one is opened */
	TLS_SKIP_SEALED,     /* after a HelloRetryRequest: records of type application_data, until the second hello */
};

/* The hash of all handshake messages so far (4.4.1). Until the suite says which hash, they are held in chain_bytes, which
 * only a client needs: a server chooses before it adds. */
struct tls_transcript {
	struct crypt_digest digest;
	bool chosen;
	size_t held;
	size_t guessed; /* not chosen: digest has this much of what comes first already, for a binder: under the hash that is likely */
};

/* What only the handshake needs: one block of config->handshakes, wiped before it is given back. */
struct tls_handshake {
	struct tls_transcript transcript;
	enum crypt_hash hash;             /* the suite's, once chosen */
	uint8_t client_random[TLS_RANDOM_BYTES], server_random[TLS_RANDOM_BYTES];
	uint8_t session_id[TLS_SESSION_ID_MAX]; uint8_t session_id_len;
	struct crypt_share shares[2];     /* client: those in its hello, and their public halves for a second hello */
	uint8_t share_public[2][CRYPT_PUBLIC_MAX]; uint16_t share_len[2];
	uint8_t shares_count;

	/* 1.3's secrets (7.1), each of the hash's length */
	uint8_t early_salt[TLS_SECRET_MAX] /* Derive-Secret(Early Secret, "derived", "") */, master_secret[TLS_SECRET_MAX];
	uint8_t client_handshake_secret[TLS_SECRET_MAX], server_handshake_secret[TLS_SECRET_MAX];
	uint8_t client_traffic_secret[TLS_SECRET_MAX], server_traffic_secret[TLS_SECRET_MAX];
	uint8_t master_secret12[TLS_SECRET_MAX];

	/* what was offered and chosen */
	tls_extensions sent, received;    /* extensions of our hello; of the peer's */
	const struct tls_identity *identity; /* ours; NULL: none chosen */
	uint16_t sign_scheme;             /* for our CertificateVerify or ServerKeyExchange */
	uint16_t peer_schemes[32]; uint8_t peer_schemes_count; /* it verifies these */
	uint16_t peer_packing;            /* it unpacks this; 0: none */
	bool peer_wants_ocsp, certificate_requested, compress_offered;
	uint8_t request_context[255]; uint8_t request_context_len;
	int64_t authenticated_at_ms;      /* server, 1.3: when a full handshake last was, since 1970 */
	uint8_t client_certificate_hash[32];
	int8_t psk_index;                 /* chosen among those offered; -1: none */
	uint8_t cookie[512]; uint16_t cookie_len;
	uint16_t retry_group;
	bool early_offered, ccs_sent, ticket_expected;
	bool has_session; struct tls_session session; /* client: what is offered to be resumed, either version */

	uint8_t peer_share[1 + 2 * 48]; uint8_t peer_share_len; /* client, 1.2: the server's, until ours is made */

	/* the peer's certificate */
	struct crypt_key *peer_key;       /* the leaf's; ended with the block */
	struct bytes peer_chain[X509_CHAIN_MAX]; uint8_t peer_chain_count; /* into chain_bytes */
	struct bytes peer_ocsp;

	/* lent parts of the block: sizes in message.c */
	struct room collect; size_t collected;  /* the message that is coming in */
	struct tls_writer flight; size_t sealed;/* messages to send that are not yet in records: flight.at + sealed on */
	struct room chain_bytes;                /* the peer's chain, kept; the client's first hello until the answer */
	size_t chain_used;
	/* 1.2's CertificateVerify signs the messages themselves, under any scheme's hash (RFC 5246, 7.4.8), so they are kept: by a
	 * client that has an identity and by a server that asks for one, until the version is 1.3 or the signature is done. The room is
	 * TLS_MESSAGES12_MAX bytes; when they are more, `cut` is set and a CertificateVerify can be neither made nor believed. */
	struct { struct room room; size_t len; bool keep, cut; } messages12; /* tls_transcript_add appends if `keep` */
};
#define TLS_MESSAGES12_MAX (40u << 10)

/* alert.c: ends the connection with a fatal alert (sent if it can be) and a sentence; returns false, for `return tls_fail(...)`. */
bool tls_fail(struct tls *, enum tls_alert, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool tls_fail_fault(struct tls *, const char *message, const struct tls_fault *); /* "ServerHello: ..." */
bool tls_alert_input(struct tls *, struct bytes);
void tls_alert_send(struct tls *, bool fatal, enum tls_alert);

/* tls.c */
void tls_enter(struct tls *, enum tls_state); /* the one door; asserts that the figure allows it */
void tls_handshake_done(struct tls *);        /* TLS_OPEN, TLS_CONNECTED; the block goes unless the peer's chain is wanted */
bool tls_handshake_take(struct tls *);        /* a block, zeroed and cut up; false: the pool is empty */
void tls_handshake_give(struct tls *);        /* wiped */
const char *tls_state_name(enum tls_state);

/* message.c: one message that is whole, without its header; `raw` with it, as it goes into the transcript. Handlers feed the
 * transcript themselves with tls_transcript_add(t, raw), for the moment differs from message to message. */
typedef bool tls_handler(struct tls *, instant now, enum tls_message_type, struct bytes body, struct bytes raw);
tls_handler tls_client_on_hello;              /* client_hello.c: WAIT_SH, both versions and HelloRetryRequest */
tls_handler tls_client13_on_message;          /* client13.c: WAIT_EE to WAIT_FINISHED */
tls_handler tls_client12_on_message;
tls_handler tls_server_on_hello;              /* server_hello.c: WAIT_CH, WAIT_CH2 */
tls_handler tls_server13_on_message;
tls_handler tls_server12_on_message;
tls_handler tls_open_on_message;              /* post.c: after the handshake: tickets, KeyUpdate, refusing renegotiation */
bool tls_message_input(struct tls *, instant now, struct bytes plain); /* handshake bytes of one record */
bool tls_half_a_message(const struct tls *);                           /* one is begun and not whole */
bool tls_expect(struct tls *, enum tls_message_type got, enum tls_message_type wanted); /* else unexpected_message */
bool tls_client12_on_change_cipher_spec(struct tls *); /* in WAIT_CCS, no message half collected; other states: record.c decides */
bool tls_server12_on_change_cipher_spec(struct tls *);

/* Sending: write a message into &t->handshake->flight with tls_emit_..., then tls_sent_message adds it to the transcript;
 * tls_flush seals what is written. Both false: no room, and the connection has failed. */
bool tls_sent_message(struct tls *, size_t from); /* from: flight.len before the message was written */
bool tls_flush(struct tls *);
bool tls_send_change_cipher_spec(struct tls *);
bool tls_try_change_cipher_spec(struct tls *);                           /* false: no room; nothing has failed */

void tls_transcript_start(struct tls *);
void tls_transcript_add(struct tls *, struct bytes raw);
void tls_transcript_choose(struct tls *, enum crypt_hash);          /* sets handshake->hash; what was held is hashed */
void tls_transcript_retry(struct tls *);                            /* 4.4.1: ClientHello1 becomes a message_hash */
void tls_transcript_peek(const struct tls *, uint8_t *out);         /* of the hash's length */
/* What a PSK's binder covers: the transcript so far and the hello without its binders, under that PSK's hash. */
void tls_transcript_peek_with(struct tls *, enum crypt_hash, struct bytes more, uint8_t *out);

/* record.c */
/* Cuts into records, seals and puts them behind what waits to go out; false: no room (a second block was tried). */
bool tls_record_seal(struct tls *, enum tls_content, struct bytes plain);
size_t tls_record_send(struct tls *, struct bytes plain);                /* application data: as much as the first block has room for */
size_t tls_record_input(struct tls *, instant now, struct bytes wire);   /* of one record; 0: it has to wait */
void tls_record_drained(struct tls *);                                   /* the first out block is: it goes, the second takes its place */
bool tls_block_ready(struct tls *, uint8_t **block);                     /* takes one if there is none; false: the pool is empty, TLS_STARVED */
void tls_side_set13(struct tls *, struct tls_side *, unsigned suite, const uint8_t *secret); /* &t->in or &t->out: keys of a traffic secret */
void tls_side_end(struct tls_side *);                                       /* no protection any more */

/* keys.c (7.1): `secret` and results are of the suite's hash's length */
void tls_expand_label(struct crypt *, enum crypt_hash, const uint8_t *secret, const char *label, struct bytes context, struct room out);
void tls_keys_early(struct tls *, struct bytes psk);                /* sets early_salt; an empty psk: zeroes */
void tls_keys_handshake(struct tls *, struct bytes shared_secret);  /* the two handshake traffic secrets, from the transcript; master_secret */
void tls_keys_master(struct tls *);                                 /* the two application secrets and the exporter's, from the transcript */
void tls_keys_resumption(struct tls *);                             /* after the client's Finished */
void tls_keys_binder(struct crypt *, enum crypt_hash, struct bytes psk, bool external, const uint8_t *transcript_hash, uint8_t *binder);
void tls_keys_early_traffic(struct tls *, struct bytes psk, enum crypt_hash, const uint8_t *hello_hash, uint8_t *secret);
void tls_keys_finished(struct tls *, const uint8_t *base_secret, uint8_t *verify_data); /* over the transcript as it is */
void tls_keys_psk(struct tls *, struct bytes nonce, uint8_t *psk);  /* from resumption_secret (4.6.1) */
void tls_keys_next(struct tls *, struct tls_side *);                /* 7.2 */
bool tls_send_finished13(struct tls *, const uint8_t *base_secret); /* shared by both roles */
bool tls_check_finished13(struct tls *, const uint8_t *base_secret, struct bytes verify_data);

/* keys12.c (RFC 5246, 5, 6.3, 8.1; RFC 7627) */
#define TLS_FINISHED12_BYTES 12
void tls_prf12(struct crypt *, enum crypt_hash, struct bytes secret, const char *label, const struct bytes *seeds, size_t count, struct room out);
void tls_keys12_master(struct tls *, struct bytes premaster);       /* the extended one; the transcript ends with ClientKeyExchange */
void tls_keys12_sides(struct tls *, struct tls_side *in, struct tls_side *out); /* each direction changes at its own moment: NULL, not yet */
void tls_keys12_finished(struct tls *, bool of_client, uint8_t verify_data[TLS_FINISHED12_BYTES]);
bool tls_send_finished12(struct tls *);                             /* ChangeCipherSpec, the new keys, Finished: shared by both roles */
bool tls_check_finished12(struct tls *, struct bytes verify_data, struct bytes raw);
void tls_keys12_done(struct tls *);                                 /* what exporters want, before the handshake's block goes */
void tls_keys12_export(const struct tls *, const char *label, struct bytes context, struct room out); /* RFC 5705, for tls_export */

/* params.c */
struct tls_suite_info { uint16_t suite; bool v13; enum crypt_aead_kind aead; enum crypt_hash hash; bool ecdsa /* 1.2's kind of certificate */; };
const struct tls_suite_info *tls_suite_find(unsigned suite);
bool tls_offers_version(const struct tls_config *, unsigned version);
unsigned tls_record_limit(const struct tls *);                      /* record_size_limit that we say and hold the peer to; 0: none */
bool tls_lists_suite(const struct tls_config *, unsigned suite);    /* configured, and of a configured version */
bool tls_lists_group(const struct tls_config *, unsigned group);
bool tls_lists_scheme(const struct tls_config *, unsigned scheme);

/* Whether it is one of ours, and not among those seen yet, of which it is then one. */
bool tls_first_time(const uint16_t *ours, size_t count, unsigned one, uint32_t *seen);

/* offers.c: our lists, into lent room of which the view returned is a part; and the peer's */
#define TLS_PACKINGS 3 /* kinds of compression that there are */
struct bytes tls_put_list(const uint16_t *list, size_t count, uint8_t *at); /* 2 bytes each */
struct bytes tls_put_schemes(const struct tls_config *, uint8_t at[2 * TLS_LIST_MAX]);
struct bytes tls_put_packings(const struct tls_config *, uint8_t at[2 * TLS_PACKINGS]);
void tls_note_schemes(struct tls_handshake *, struct bytes schemes);  /* those that we know */
void tls_note_packing(struct tls *, struct bytes packings);           /* the first that we have too */
void tls_set_alpn(struct tls *, struct bytes name);
bool tls_client_take_alpn(struct tls *, const char *message, struct bytes name); /* one of ours (RFC 7301, 3.1); else it has failed */
/* Whether a session's client was believed without a look at its certificate, which this configuration would look at. */
bool tls_client_is_unproven(const struct tls_config *, bool authenticated, bool unverified);
static inline bool tls_asks(const struct tls_client_hello *hello, enum tls_extension extension) { return hello->has & TLS_HAS(extension); }

static inline bool tls_is_group12(unsigned group) { return group != CRYPT_X25519MLKEM768; } /* hybrids are 1.3's only */

/* certify.c */
/* Sets handshake->identity and sign_scheme; false: none fits. A server in 1.2 (v13 false): of the kind that t->suite wants, which is
 * set before; server12.c tries one suite after another. ECDSA's curve is not bound to the hash in 1.2. */
bool tls_choose_identity(struct tls *, struct bytes server_name, bool v13);
#define TLS_SUITS_BEST 3 /* how well an identity is for a name: 3 by name, 2 by wildcard, 1 because it is for any, 0 not */
bool tls_choose_identity_for(struct tls *, struct bytes server_name, bool v13, unsigned how_well); /* among those alone */
bool tls_send_certificate(struct tls *);                            /* 1.3 or 1.2, compressed if agreed, stapled if asked */
bool tls_send_certificate_verify(struct tls *);                     /* 1.3, 4.4.3; 1.2, 7.4.8: over messages12 */
bool tls_on_certificate(struct tls *, instant now, enum tls_message_type, struct bytes body); /* keeps the chain; verifies it, but
                                                                        for a client in 1.2: the staple comes later, client12.c verifies */
bool tls_on_certificate_verify(struct tls *, struct bytes body, const uint8_t *transcript_hash); /* 1.2: over messages12, the hash is NULL */
bool tls_verify_peer(struct tls *, instant now);                    /* the chain: alerts by what is wrong */
int64_t tls_date(const struct tls *, instant now);
static inline int64_t tls_date_ms(const struct tls *t, instant now) /* since 1970: for sessions and tickets */
{
	return t->config->date * 1000 + (now - t->config->date_at) / MILLISECOND;
}

/* client_hello.c, server_hello.c, post.c */
bool tls_client_send_hello(struct tls *, instant now);
struct tls_psk_offer { struct bytes identity, key; enum crypt_hash hash; bool external; };
bool tls_client_psk(const struct tls *, size_t index, struct tls_psk_offer *); /* the index-th that the hello offers; false: no more */
/* A server's extensions: those that we did not ask for are unsupported_extension, those that do not belong there illegal_parameter. */
bool tls_check_extensions(struct tls *, const char *message, struct bytes extensions, tls_extensions allowed);
/* The ServerHello is in the transcript, t->version and server_random are set; all else that it says is read there. */
bool tls_client12_start(struct tls *, instant now, const struct tls_server_hello *);
bool tls_client13_start(struct tls *, instant now, const struct tls_server_hello *);
/* Version chosen: 1.2. What both versions have alike is done: server_name, ALPN, client_random, session_id, peer_schemes,
 * peer_wants_ocsp, received, TLS_FALLBACK_SCSV. Suite, group, identity, record size, resumption and the transcript are its own. */
bool tls_server12_start(struct tls *, instant now, const struct tls_client_hello *, struct bytes raw);
bool tls_server13_start(struct tls *, instant now, const struct tls_client_hello *, struct bytes raw);

/* early.c: whether the early data that this hello announces is taken with the PSK that was chosen (ticket NULL: none, or an external
 * one); sets early_accepted. Then what is not taken is passed over. */
bool tls_early_taken(struct tls *, instant now, const struct tls_client_hello *, const struct tls_ticket *, uint32_t obfuscated_age,
                     struct bytes binder);
void tls_early_skip(struct tls *, enum tls_skip_early);
/* retry.c: a HelloRetryRequest for `group` (0: for the cookie's sake alone); and, when a second hello comes, what was asked for and
 * chosen then: t->suite and handshake->retry_group, with the transcript, and t->retried is set. */
bool tls_server_send_retry(struct tls *, instant now, const struct tls_client_hello *, unsigned group);
bool tls_server_recall_retry(struct tls *, instant now, const struct tls_client_hello *);
bool tls_send_key_update(struct tls *, bool ask_peer);              /* false: no room; it waits */

/* tickets.c, sessions.c, early.c, keylog.c are called through their own headers. */

#endif
