/* SPDX-License-Identifier: ISC */
/* tls.h - TLS records and handshake messages: parse and emit (RFC 8446, RFC 5246 and the extensions' RFCs).
 *
 * Parsing returns views into what was given and checks all that can be known from the bytes alone: lengths, that nothing
 * is left over, that no extension comes twice (RFC 8446, 4.2), that lists are not empty where they may not be. What is
 * wrong is an alert and a few words. Emitting takes the same structs.
 *
 *     struct tls_fault fault;
 *     if (!tls_parse_client_hello(body, &hello, &fault)) alert(fault.alert, fault.words);
 */
#ifndef TULLE_WIRE_TLS_H
#define TULLE_WIRE_TLS_H

#include "base/bytes.h"

#define TLS_RECORD_HEADER 5
#define TLS_PLAINTEXT_MAX 16384               /* RFC 8446, 5.1 */
#define TLS_CIPHERTEXT_MAX (16384 + 256)      /* 5.2; TLS 1.2 allows 2048 more than plain, AEAD suites never need it */
#define TLS_MESSAGE_HEADER 4
#define TLS_RANDOM_BYTES 32
#define TLS_SESSION_ID_MAX 32

enum tls_version { TLS_1_0 = 0x0301, TLS_1_1 = 0x0302, TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

enum tls_content { TLS_CHANGE_CIPHER_SPEC = 20, TLS_ALERT = 21, TLS_HANDSHAKE = 22, TLS_APPLICATION_DATA = 23 };

enum tls_message_type {
	TLS_HELLO_REQUEST = 0, TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2, TLS_NEW_SESSION_TICKET = 4,
	TLS_END_OF_EARLY_DATA = 5, TLS_ENCRYPTED_EXTENSIONS = 8, TLS_CERTIFICATE = 11, TLS_SERVER_KEY_EXCHANGE = 12,
	TLS_CERTIFICATE_REQUEST = 13, TLS_SERVER_HELLO_DONE = 14, TLS_CERTIFICATE_VERIFY = 15, TLS_CLIENT_KEY_EXCHANGE = 16,
	TLS_FINISHED = 20, TLS_CERTIFICATE_STATUS = 22, TLS_KEY_UPDATE = 24, TLS_COMPRESSED_CERTIFICATE = 25,
	TLS_MESSAGE_HASH = 254,
};

enum tls_alert {
	TLS_CLOSE_NOTIFY = 0, TLS_UNEXPECTED_MESSAGE = 10, TLS_BAD_RECORD_MAC = 20, TLS_RECORD_OVERFLOW = 22,
	TLS_HANDSHAKE_FAILURE = 40, TLS_BAD_CERTIFICATE = 42, TLS_UNSUPPORTED_CERTIFICATE = 43, TLS_CERTIFICATE_REVOKED = 44,
	TLS_CERTIFICATE_EXPIRED = 45, TLS_CERTIFICATE_UNKNOWN = 46, TLS_ILLEGAL_PARAMETER = 47, TLS_UNKNOWN_CA = 48,
	TLS_ACCESS_DENIED = 49, TLS_DECODE_ERROR = 50, TLS_DECRYPT_ERROR = 51, TLS_PROTOCOL_VERSION = 70,
	TLS_INSUFFICIENT_SECURITY = 71, TLS_INTERNAL_ERROR = 80, TLS_INAPPROPRIATE_FALLBACK = 86, TLS_USER_CANCELED = 90,
	TLS_NO_RENEGOTIATION = 100, TLS_MISSING_EXTENSION = 109, TLS_UNSUPPORTED_EXTENSION = 110, TLS_UNRECOGNIZED_NAME = 112,
	TLS_BAD_CERTIFICATE_STATUS_RESPONSE = 113, TLS_UNKNOWN_PSK_IDENTITY = 115, TLS_CERTIFICATE_REQUIRED = 116,
	TLS_NO_APPLICATION_PROTOCOL = 120,
};

enum tls_extension {
	TLS_EXT_SERVER_NAME = 0, TLS_EXT_STATUS_REQUEST = 5, TLS_EXT_SUPPORTED_GROUPS = 10, TLS_EXT_EC_POINT_FORMATS = 11,
	TLS_EXT_SIGNATURE_ALGORITHMS = 13, TLS_EXT_ALPN = 16, TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP = 18, TLS_EXT_PADDING = 21,
	TLS_EXT_EXTENDED_MASTER_SECRET = 23, TLS_EXT_COMPRESS_CERTIFICATE = 27, TLS_EXT_RECORD_SIZE_LIMIT = 28,
	TLS_EXT_SESSION_TICKET = 35, TLS_EXT_PRE_SHARED_KEY = 41, TLS_EXT_EARLY_DATA = 42, TLS_EXT_SUPPORTED_VERSIONS = 43,
	TLS_EXT_COOKIE = 44, TLS_EXT_PSK_KEY_EXCHANGE_MODES = 45, TLS_EXT_CERTIFICATE_AUTHORITIES = 47,
	TLS_EXT_OID_FILTERS = 48, TLS_EXT_POST_HANDSHAKE_AUTH = 49, TLS_EXT_SIGNATURE_ALGORITHMS_CERT = 50,
	TLS_EXT_KEY_SHARE = 51, TLS_EXT_RENEGOTIATION_INFO = 0xff01,
};

/* Which of the extensions above a message carries: a set of TLS_HAS(TLS_EXT_...). */
typedef uint64_t tls_extensions;
#define TLS_HAS(extension) (UINT64_C(1) << ((extension) == TLS_EXT_RENEGOTIATION_INFO ? 63 : (extension)))

enum tls_suite {
	TLS_AES_128_GCM_SHA256 = 0x1301, TLS_AES_256_GCM_SHA384 = 0x1302, TLS_CHACHA20_POLY1305_SHA256 = 0x1303,
	TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = 0xc02b, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 = 0xc02c,
	TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 = 0xc02f, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 = 0xc030,
	TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca8, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = 0xcca9,
	TLS_EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff, TLS_FALLBACK_SCSV = 0x5600,
};

struct tls_fault { enum tls_alert alert; const char *words; }; /* "supported_groups: an odd number of bytes" */

/* Lists on the wire, walked: each returns false at the end. They are whole: the parser has checked. */
bool tls_next_u16(struct bytes *list, unsigned *value);
bool tls_next_name(struct bytes *list, struct bytes *name);                      /* of 8-bit length: ALPN */
bool tls_next_share(struct bytes *list, unsigned *group, struct bytes *key);     /* key_share */
bool tls_next_extension(struct bytes *list, unsigned *type, struct bytes *body);
struct tls_certificate_entry { struct bytes der, ocsp; tls_extensions has; struct bytes extensions; };
bool tls_has_u16(struct bytes list, unsigned value);
bool tls_next_authority(struct bytes *list, struct bytes *name);                 /* a distinguished name, DER */
bool tls_find_extension(struct bytes list, unsigned type, struct bytes *body);
/* Whether a message's extensions are all in `allowed` (for instance those that were asked for); else *other is the first that is not. */
bool tls_only_extensions(struct bytes list, tls_extensions allowed, unsigned *other);
static inline bool tls_is_grease(unsigned value) { return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff); } /* RFC 8701 */

struct tls_record { enum tls_content type; unsigned version; size_t length; };
/* From at least TLS_RECORD_HEADER bytes. It says what is there; limits are the record layer's. */
void tls_parse_record(const uint8_t *at, struct tls_record *);
void tls_emit_record(const struct tls_record *, uint8_t *at);

struct tls_client_hello {
	unsigned legacy_version;
	struct bytes random, session_id, suites, compressions;
	tls_extensions has;
	struct bytes extensions;       /* all of them, raw; parsing sets it, emitting adds it verbatim behind the others */
	struct bytes server_name;      /* the host_name */
	struct bytes groups, schemes, schemes_cert, versions; /* lists of 16-bit numbers */
	struct bytes alpn;             /* names of 8-bit length */
	struct bytes shares;           /* key_share's entries */
	struct bytes psk_modes;        /* bytes */
	struct bytes cookie;
	struct bytes psk_identities, psk_binders; /* pre_shared_key's two lists, without their lengths */
	size_t binders_at;             /* in the body, where the binders' list with its length begins: what binders cover ends there */
	unsigned record_size_limit;
	struct bytes packings;         /* compress_certificate: 16-bit numbers */
	bool ocsp_wanted;              /* status_request of type ocsp */
	struct bytes session_ticket;   /* 1.2; may be empty */
	struct bytes renegotiation;    /* renegotiated_connection */
	struct bytes point_formats;
	struct bytes authorities;      /* certificate_authorities */
	size_t padding;                /* bytes of it */
	unsigned grease;               /* emitting: 0, or a seed by which GREASE values are added (RFC 8701) */
	bool lone_share;               /* emitting: no GREASE beside the share: a second hello has that one only (RFC 8446, 4.1.2) */
};
struct tls_server_hello { /* HelloRetryRequest too: by its random */
	unsigned legacy_version;
	struct bytes random, session_id;
	unsigned suite, compression;
	tls_extensions has;
	struct bytes extensions;
	unsigned version;              /* supported_versions; 0 if there is none */
	unsigned share_group; struct bytes share; /* in a HelloRetryRequest the group only */
	unsigned psk_index;
	struct bytes cookie;
	struct bytes alpn;             /* 1.2: the one name */
	struct bytes renegotiation, point_formats;
	unsigned record_size_limit;
	bool retry;                    /* it is a HelloRetryRequest */
};
extern const uint8_t tls_retry_random[TLS_RANDOM_BYTES]; /* RFC 8446, 4.1.3 */

struct tls_encrypted_extensions {
	tls_extensions has; struct bytes extensions;
	struct bytes alpn; struct bytes groups; unsigned record_size_limit;
};
struct tls_certificate_request { /* 1.3; and 1.2, where `types` is used and context is empty */
	struct bytes context, types; tls_extensions has; struct bytes extensions;
	struct bytes schemes, schemes_cert, authorities, packings; bool ocsp_wanted;
};
struct tls_certificate { struct bytes context; struct bytes list; size_t count; bool v13; };
bool tls_next_certificate(struct tls_certificate *, struct tls_certificate_entry *); /* walks `list` */
struct tls_certificate_verify { unsigned scheme; struct bytes signature; };
struct tls_new_session_ticket { /* 1.2: lifetime and ticket only */
	uint32_t lifetime, age_add; struct bytes nonce, ticket; tls_extensions has; struct bytes extensions; uint32_t early_data_max;
};
struct tls_server_key_exchange { unsigned group; struct bytes share, params /* what is signed */; unsigned scheme; struct bytes signature; };
struct tls_compressed_certificate { unsigned packing; size_t unpacked_bytes; struct bytes packed; };

/* Of a handshake message's body, without its four bytes. False: *fault says why. */
bool tls_parse_client_hello(struct bytes, struct tls_client_hello *, struct tls_fault *);
bool tls_parse_server_hello(struct bytes, struct tls_server_hello *, struct tls_fault *);
bool tls_parse_encrypted_extensions(struct bytes, struct tls_encrypted_extensions *, struct tls_fault *);
bool tls_parse_certificate_request(struct bytes, bool v13, struct tls_certificate_request *, struct tls_fault *);
bool tls_parse_certificate(struct bytes, bool v13, struct tls_certificate *, struct tls_fault *);
bool tls_parse_certificate_verify(struct bytes, struct tls_certificate_verify *, struct tls_fault *); /* 1.2's too */
bool tls_parse_certificate_status(struct bytes, struct bytes *ocsp, struct tls_fault *);              /* 1.2 */
bool tls_parse_new_session_ticket(struct bytes, bool v13, struct tls_new_session_ticket *, struct tls_fault *);
bool tls_parse_server_key_exchange(struct bytes, struct tls_server_key_exchange *, struct tls_fault *);
bool tls_parse_client_key_exchange(struct bytes, struct bytes *share, struct tls_fault *);
bool tls_parse_key_update(struct bytes, bool *requested, struct tls_fault *);
bool tls_parse_compressed_certificate(struct bytes, struct tls_compressed_certificate *, struct tls_fault *);
/* One identity and binder of each of pre_shared_key's lists. */
bool tls_next_identity(struct bytes *list, struct bytes *identity, uint32_t *obfuscated_age);
bool tls_next_binder(struct bytes *list, struct bytes *binder);

/* Writes into lent room; when it ends, `cut` is set and nothing more is written. Lengths are filled in on closing. */
struct tls_writer { uint8_t *at; size_t len, size; bool cut; };
void tls_put(struct tls_writer *, struct bytes);
void tls_put_number(struct tls_writer *, unsigned bytes, uint64_t value);   /* big-endian, of 1 to 8 bytes */
size_t tls_open_vector(struct tls_writer *, unsigned length_bytes);         /* returns the mark for closing */
void tls_close_vector(struct tls_writer *, size_t mark, unsigned length_bytes);
size_t tls_open_message(struct tls_writer *, enum tls_message_type);
void tls_close_message(struct tls_writer *, size_t mark);

/* Each writes a whole message with its four bytes, its extensions by `has`. A client hello's pre_shared_key comes last, with
 * binders as given (zeroes at first: see binders_at). */
void tls_emit_client_hello(struct tls_writer *, const struct tls_client_hello *);
void tls_emit_server_hello(struct tls_writer *, const struct tls_server_hello *);
void tls_emit_encrypted_extensions(struct tls_writer *, const struct tls_encrypted_extensions *);
void tls_emit_certificate_request(struct tls_writer *, bool v13, const struct tls_certificate_request *);
void tls_emit_certificate_verify(struct tls_writer *, const struct tls_certificate_verify *);
void tls_emit_new_session_ticket(struct tls_writer *, bool v13, const struct tls_new_session_ticket *);
void tls_emit_server_key_exchange(struct tls_writer *, const struct tls_server_key_exchange *);
void tls_emit_client_key_exchange(struct tls_writer *, struct bytes share);
void tls_emit_key_update(struct tls_writer *, bool requested);
void tls_emit_certificate_status(struct tls_writer *, struct bytes ocsp); /* 1.2 */
void tls_emit_compressed_certificate(struct tls_writer *, const struct tls_compressed_certificate *);
void tls_put_server_params(struct tls_writer *, unsigned group, struct bytes share); /* what a ServerKeyExchange signs, after the randoms */
/* A Certificate message: `der[i]` with, in 1.3, `ocsp` stapled to the first if not empty. */
void tls_emit_certificate(struct tls_writer *, bool v13, struct bytes context, const struct bytes *der, size_t count, struct bytes ocsp);

/* What somebody who watches a connection sees: a record, or a handshake message put together from records. */
struct tls_watched {
	bool from_server;
	enum tls_content type;      /* what it is, once opened */
	enum tls_content outer;     /* what the record says it is */
	unsigned version;           /* the record's */
	size_t sealed_bytes;        /* of the record's body, on the wire */
	bool v13;                   /* the connection is TLS 1.3 */
	bool encrypted;             /* the record was */
	bool cut;                   /* a message of which only the first part is here */
	const char *closed;         /* why it could not be opened, in words; NULL: `content` is plaintext */
	struct bytes content;       /* a whole handshake message with its header; of other types what is in the record */
};

/* Names by the registries; NULL if there is none. */
const char *tls_version_name(unsigned);   /* "TLS 1.3" */
const char *tls_content_name(unsigned);
const char *tls_message_name(unsigned);   /* "ClientHello" */
const char *tls_alert_name(unsigned);     /* "bad_record_mac" */
const char *tls_alert_words(unsigned);    /* "a record's authentication tag is not right" */
const char *tls_extension_name(unsigned);
const char *tls_suite_name(unsigned);
const char *tls_group_name(unsigned);
const char *tls_scheme_name(unsigned);

#endif
