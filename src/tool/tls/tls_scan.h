/* SPDX-License-Identifier: ISC */
/* tls_scan.h - what the parts of `tls scan` share.
 *
 * Most of what a server can do it says before anything is encrypted: hellos that offer one thing less each time are
 * sent on plain streams, and the server's choices are read (tls_scan_hello.c). The rest takes whole handshakes of our own
 * machine (tls_scan.c). What was learnt is told in words or as JSON (tls_scan_tell.c).
 */
#ifndef TULLE_TOOL_TLS_SCAN_H
#define TULLE_TOOL_TLS_SCAN_H

#include "base/chance.h"
#include "base/text.h"
#include "proto/tls/tls.h"

#define SCAN_LIST_MAX 48

struct scan_list { uint16_t value[SCAN_LIST_MAX]; size_t count; };
static inline void scan_add(struct scan_list *l, unsigned value) { if (l->count < SCAN_LIST_MAX) l->value[l->count++] = (uint16_t)value; }
bool scan_has(const struct scan_list *, unsigned value);
void scan_without(struct scan_list *out, const struct scan_list *all, const struct scan_list *those);

extern const struct scan_list scan_suites13, scan_suites12, scan_groups; /* what is asked for, all of it */

enum scan_worth { SCAN_GOOD, SCAN_NO_AEAD, SCAN_NO_FORWARD_SECRECY, SCAN_BROKEN };
enum scan_worth scan_suite_worth(unsigned suite);
const char *scan_suite_name(unsigned suite, char buffer[64]);
const char *scan_group_name(unsigned group, char buffer[64]);

/* --- a hello on a plain stream --- */

struct scan_ask {
	unsigned version;
	struct scan_list suites, groups;
	const char *name;      /* SNI; NULL: none */
	bool compression;      /* DEFLATE is offered too */
	bool grease, fallback; /* RFC 8701; RFC 7507 */
	bool key_exchange;     /* 1.2: up to the ServerKeyExchange, for its group */
};
size_t scan_hello(const struct scan_ask *, struct rng *, struct room); /* a record; 0: no room */

struct scan_answer {
	bool hello, alert, key_exchange, over; /* over: enough is known */
	unsigned version, suite, group, compression, alert_is;
	tls_extensions has;
	uint8_t random[TLS_RANDOM_BYTES];
};
struct scan_reader { /* zeroed before each */
	struct scan_answer answer;
	bool key_exchange; /* it is wanted */
	size_t records_len, messages_len;
	uint8_t records[TLS_RECORD_HEADER + TLS_CIPHERTEXT_MAX], messages[64 << 10];
};
void scan_read(struct scan_reader *, struct bytes);

/* --- what was learnt --- */

enum scan_flaw {
	SCAN_OLD_VERSIONS, SCAN_NO_TLS13, SCAN_BROKEN_SUITES, SCAN_NOT_FORWARD, SCAN_NOT_AEAD, SCAN_COMPRESSES, SCAN_NO_RENEGOTIATION_INFO,
	SCAN_NO_EXTENDED_MASTER_SECRET, SCAN_NO_SENTINEL, SCAN_NO_FALLBACK_SCSV, SCAN_INTOLERANT, SCAN_BAD_CERTIFICATE,
};
#define SCAN_FLAWS (SCAN_BAD_CERTIFICATE + 1)

struct scan_results {
	char target[300];
	bool version[4];                 /* 1.0, 1.1, 1.2, 1.3 */
	struct scan_list suites13, suites12, groups, schemes;
	bool flaw[SCAN_FLAWS];
	bool shook;                      /* a whole handshake has succeeded */
	char certificate[TLS_WORDS_MAX]; /* what is wrong with it; "": nothing */
	bool not_checked;
	char leaf[4096];                 /* described */
	char alpn[TLS_ALPN_MAX + 1];
	bool resumes13, resumes12, ocsp, packs;
	uint32_t early_max;
};
void scan_tell(const struct scan_results *, struct text *);
void scan_tell_json(const struct scan_results *, struct text *);

#endif
