/* SPDX-License-Identifier: ISC */
/* secure.h - TLS for a tool: its options, certificates and keys read from files and named when something is wrong in
 * them, memory for handshakes and records, and the net over the net.
 *
 *     const struct option options[] = { ..., SECURE_OPTIONS(&t->secure) };
 *     if (!options_read(...)) return NULL;
 *     if (url.scheme == URL_TLS && !secure_start(&t->secure, env, "echo serve", true, url.host)) return NULL; // it said why
 *     id = secure_listen(&t->secure, &at);                        // or secure_connect(&t->secure, &to, url.host)
 *     ...
 *     case NET_CLOSED: tell(secure_why(&t->secure, ev->why));
 *     ...
 *     static void end(struct tool *t) { secure_end(...); }        // in tool.end, and where open fails after secure_start
 *
 * secure_start puts the net over the net into env->net, so everything else stays as it was. On a `struct secure` that
 * was not started secure_listen and secure_connect are net_listen_how and net_connect_how, and secure_end does nothing.
 *
 * A server shows the certificate it is given; or else this host's, where the lab made one; or else one of an authority
 * of its own, made on the spot, which nobody trusts: it prints the fingerprint by which a person can tell it.
 */
#ifndef TULLE_TOOL_SECURE_H
#define TULLE_TOOL_SECURE_H

#include "net/net_tls.h"
#include "proto/tls/keylog.h"
#include "tool/options.h"

#define SECURE_ALPN_MAX 8

struct secure_options {
	const char *cert, *key, *ca, *crl, *ocsp, *alpn, *min, *max, *keylog;
	bool insecure, must_staple;
};
#define SECURE_OPTIONS(s) \
	{ "cert", OPTION_TEXT, &(s)->options.cert }, { "key", OPTION_TEXT, &(s)->options.key }, \
	{ "crl", OPTION_TEXT, &(s)->options.crl }, { "ocsp", OPTION_TEXT, &(s)->options.ocsp }, \
	{ "must-staple", OPTION_FLAG, &(s)->options.must_staple }, { "ca", OPTION_TEXT, &(s)->options.ca }, { "insecure", OPTION_FLAG, &(s)->options.insecure }, \
	{ "alpn", OPTION_TEXT, &(s)->options.alpn }, { "keylog", OPTION_TEXT, &(s)->options.keylog }, \
	{ "tls-min", OPTION_TEXT, &(s)->options.min }, { "tls-max", OPTION_TEXT, &(s)->options.max }
/* What a tool's help says of them. */
#define SECURE_HELP \
	"TLS (`tulle help tls` says more):\n" \
	"  --cert FILE --key FILE  --ca FILE  --crl FILE  --ocsp FILE  --must-staple\n" \
	"  --insecure  --alpn A,B  --tls-min 1.2  --tls-max 1.3  --keylog FILE\n"

struct secure { /* zeroed before */
	struct secure_options options;
	unsigned replays_max;     /* a server's that takes early data: first flights remembered; set before secure_start */
	unsigned streams_max;     /* a client's, at a time, if they are more than a few; set before secure_start */
	struct net_how how;       /* how listeners and connections are to be; TLS or not */
	struct tls_config config; /* may be changed between secure_start and the first connection */
	size_t streams;           /* at most, at a time */
	struct net *net;          /* over `under`; NULL: not started */
	struct net *under;
	struct tool_env *env;
	const char *who;          /* "echo serve", for messages */
	struct pool handshakes, records;
	struct tls_identity identity;
	struct crypt_key *key;    /* ours to end */
	struct x509_trust *trust; /* the same */
	struct files *files;      /* those that can be read again; NULL: the environment's */
	struct arena *memory;     /* what is read goes here; NULL: into the environment's */
	struct arena again[2];    /* by turns, what was read again: the one before is still in use until then */
	unsigned reloads;
	struct tls_keylog keylog;
	const char *alpn[SECURE_ALPN_MAX];
	uint64_t failures_said;
};

/* `name`: a server's own, for a certificate made on the spot; may be "". False: said on err, status set, nothing held. */
bool secure_start(struct secure *, struct tool_env *, const char *who, bool server, const char *name);
void secure_speak(struct secure *, const char *protocol); /* what is spoken above, unless --alpn says otherwise (RFC 7301) */
net_id secure_listen(struct secure *, struct net *, const struct addr *);
net_id secure_connect(struct secure *, struct net *, const struct addr *, const char *name);
bool secure_begin(struct secure *, net_id, const char *name); /* over a stream that is connected: net_tls_begin; started only */
const char *secure_why(struct secure *, enum net_why); /* net_why_words, or what TLS says of it */
void secure_say_failure(struct secure *); /* of a server's, after any event: that somebody's handshake has failed, once */
void secure_say_counts(struct secure *); /* at a server's end: handshakes, those resumed, those that failed and why the last did */
void secure_end(struct secure *);        /* env->net is the net beneath again */

/* A server's --cert, --key, --ocsp, --ca and --crl, read again from the files that have these names now: for handshakes that begin from
 * now on. What is wrong with one of them is said on err, and everything stays as it was; what was read is said there too. Connections
 * live on, and so do tickets: they are sealed under keys of their own, and whoever has one has seen a certificate of ours before. */
bool secure_can_reload(const struct secure *);
void secure_reload(struct secure *);
bool secure_keep(struct secure *);       /* secure_start's: so that it can be done */

/* secure_files.c: a whole file, as its owner's memory allows; false: said what is wrong with it. */
bool secure_read(struct secure *, const char *path, struct bytes *content);
bool secure_own(struct secure *, const char *cert, const char *key);   /* --cert, --key */
bool secure_staple(struct secure *, const char *ocsp);                 /* --ocsp */
bool secure_forbid(struct secure *, const char *crl);                  /* --crl: after secure_believe */
bool secure_make(struct secure *, const char *name);                   /* on the spot */
bool secure_believe(struct secure *, const char *ca);                  /* --ca */
void secure_fingerprint(struct crypt *, struct bytes der, struct text *); /* SHA-256: "AB:CD:..." */

#endif
