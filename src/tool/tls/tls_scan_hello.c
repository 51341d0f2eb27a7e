/* SPDX-License-Identifier: ISC */
#include "crypt/key.h"
#include "crypt/share.h"
#include "tool/tls/tls_scan.h"

const struct scan_list scan_suites13 = { { 0x1301, 0x1302, 0x1303, 0x1304, 0x1305 }, 5 };
const struct scan_list scan_suites12 = {
	{ 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009e, 0x009f, 0xccaa,             /* ECDHE, DHE with an AEAD */
	  0xc023, 0xc024, 0xc027, 0xc028, 0xc009, 0xc00a, 0xc013, 0xc014, 0x0033, 0x0039, 0x0067, 0x006b, /* with CBC */
	  0x009c, 0x009d, 0x003c, 0x003d, 0x002f, 0x0035,                                     /* RSA key transport */
	  0x000a, 0xc012, 0xc008, 0x0016, 0x0005, 0x0004, 0xc011, 0xc007, 0x0009, 0x0003, 0x0002, 0x003b, 0xc010, 0xc006,
	  0x0034, 0x006c, 0x00a6, 0xc018 }, 45 };
const struct scan_list scan_groups = { { 0x11ec, 0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x0100, 0x0101, 0x0102 }, 9 };

static const uint16_t schemes[] = {
	CRYPT_ECDSA_SECP256R1_SHA256, CRYPT_ED25519, CRYPT_ECDSA_SECP384R1_SHA384, 0x0603 /* ecdsa_secp521r1_sha512 */,
	CRYPT_RSA_PSS_RSAE_SHA256, CRYPT_RSA_PSS_RSAE_SHA384, CRYPT_RSA_PSS_RSAE_SHA512, CRYPT_RSA_PSS_PSS_SHA256,
	CRYPT_RSA_PSS_PSS_SHA384, CRYPT_RSA_PSS_PSS_SHA512, CRYPT_RSA_PKCS1_SHA256, CRYPT_RSA_PKCS1_SHA384,
	CRYPT_RSA_PKCS1_SHA512, 0x0203 /* ecdsa_sha1 */, 0x0201 /* rsa_pkcs1_sha1 */,
};

bool scan_has(const struct scan_list *l, unsigned value)
{
	for (size_t i = 0; i < l->count; i++) if (l->value[i] == value) return true;
	return false;
}

void scan_without(struct scan_list *out, const struct scan_list *all, const struct scan_list *those)
{
	out->count = 0;
	for (size_t i = 0; i < all->count; i++) if (!scan_has(those, all->value[i])) scan_add(out, all->value[i]);
}

/* --- names, and what a suite is worth; IANA's numbers --- */

struct known { uint16_t suite; const char *name; enum scan_worth worth; };
static const struct known known[] = {
	{ 0x1304, "TLS_AES_128_CCM_SHA256", SCAN_GOOD }, { 0x1305, "TLS_AES_128_CCM_8_SHA256", SCAN_GOOD },
	{ 0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", SCAN_GOOD }, { 0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", SCAN_GOOD },
	{ 0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", SCAN_GOOD },
	{ 0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", SCAN_NO_AEAD }, { 0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", SCAN_NO_AEAD },
	{ 0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", SCAN_NO_AEAD }, { 0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", SCAN_NO_AEAD },
	{ 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", SCAN_NO_AEAD }, { 0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", SCAN_NO_AEAD },
	{ 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", SCAN_NO_AEAD }, { 0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", SCAN_NO_AEAD },
	{ 0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", SCAN_NO_AEAD }, { 0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", SCAN_NO_AEAD },
	{ 0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", SCAN_NO_AEAD }, { 0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", SCAN_NO_AEAD },
	{ 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", SCAN_NO_FORWARD_SECRECY }, { 0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", SCAN_NO_FORWARD_SECRECY },
	{ 0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", SCAN_NO_FORWARD_SECRECY }, { 0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", SCAN_NO_FORWARD_SECRECY },
	{ 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", SCAN_NO_FORWARD_SECRECY }, { 0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", SCAN_NO_FORWARD_SECRECY },
	{ 0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", SCAN_BROKEN }, { 0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", SCAN_BROKEN },
	{ 0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", SCAN_BROKEN }, { 0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", SCAN_BROKEN },
	{ 0x0005, "TLS_RSA_WITH_RC4_128_SHA", SCAN_BROKEN }, { 0x0004, "TLS_RSA_WITH_RC4_128_MD5", SCAN_BROKEN },
	{ 0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", SCAN_BROKEN }, { 0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", SCAN_BROKEN },
	{ 0x0009, "TLS_RSA_WITH_DES_CBC_SHA", SCAN_BROKEN }, { 0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", SCAN_BROKEN },
	{ 0x0002, "TLS_RSA_WITH_NULL_SHA", SCAN_BROKEN }, { 0x003b, "TLS_RSA_WITH_NULL_SHA256", SCAN_BROKEN },
	{ 0xc010, "TLS_ECDHE_RSA_WITH_NULL_SHA", SCAN_BROKEN }, { 0xc006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA", SCAN_BROKEN },
	{ 0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", SCAN_BROKEN }, { 0x006c, "TLS_DH_anon_WITH_AES_128_CBC_SHA256", SCAN_BROKEN },
	{ 0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", SCAN_BROKEN }, { 0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", SCAN_BROKEN },
};

static const struct known *find(unsigned suite)
{
	for (size_t i = 0; i < COUNT(known); i++) if (known[i].suite == suite) return &known[i];
	return NULL;
}

enum scan_worth scan_suite_worth(unsigned suite) { return find(suite) != NULL ? find(suite)->worth : SCAN_GOOD; }

static const char *numbered(const char *name, unsigned value, char buffer[64])
{
	struct text t = text_in(buffer, 64);
	if (name != NULL) return name;
	text_printf(&t, "0x%04x", value);
	return buffer;
}

const char *scan_suite_name(unsigned suite, char buffer[64])
{
	const char *name = find(suite) != NULL ? find(suite)->name : tls_suite_name(suite);
	return numbered(name, suite, buffer);
}

const char *scan_group_name(unsigned group, char buffer[64]) { return numbered(tls_group_name(group), group, buffer); }

/* --- out --- */

static struct bytes put_list(uint8_t *at, const uint16_t *value, size_t count)
{
	for (size_t i = 0; i < count; i++) store_be16(at + 2 * i, value[i]);
	return (struct bytes){ at, 2 * count };
}

size_t scan_hello(const struct scan_ask *ask, struct rng *rng, struct room room)
{
	static const uint8_t none[] = { 0 }, deflate[] = { 1, 0 }, modes[] = { 1 };
	uint8_t random[TLS_RANDOM_BYTES], id[TLS_SESSION_ID_MAX], suites[2 * SCAN_LIST_MAX + 2], groups[2 * SCAN_LIST_MAX],
		known_schemes[2 * COUNT(schemes)], versions[2];
	struct scan_list offered = ask->suites;
	bool v13 = ask->version == TLS_1_3;

	if (room.len < TLS_RECORD_HEADER) return 0;
	rng_fill(rng, (struct room){ random, sizeof random });
	rng_fill(rng, (struct room){ id, sizeof id });
	store_be16(versions, (uint16_t)ask->version);
	if (ask->fallback) scan_add(&offered, TLS_FALLBACK_SCSV);
	struct tls_client_hello h = {
		.legacy_version = v13 ? TLS_1_2 : ask->version, .random = { random, sizeof random }, .session_id = { id, v13 ? sizeof id : 0 },
		.suites = put_list(suites, offered.value, offered.count), .compressions = ask->compression ? (struct bytes){ deflate, 2 } : (struct bytes){ none, 1 },
		.has = TLS_HAS(TLS_EXT_SUPPORTED_GROUPS) | TLS_HAS(TLS_EXT_EC_POINT_FORMATS) | TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS) |
		       TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET) | TLS_HAS(TLS_EXT_RENEGOTIATION_INFO) | TLS_HAS(TLS_EXT_SESSION_TICKET),
		.groups = put_list(groups, ask->groups.value, ask->groups.count), .schemes = put_list(known_schemes, schemes, COUNT(schemes)),
		.point_formats = { none, 1 }, .grease = ask->grease ? 1 + (unsigned)rng_below(rng, 1u << 30) : 0,
	};
	if (ask->name != NULL) h.has |= TLS_HAS(TLS_EXT_SERVER_NAME), h.server_name = bytes_of(ask->name);
	if (v13) {
		h.has |= TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) | TLS_HAS(TLS_EXT_KEY_SHARE) | TLS_HAS(TLS_EXT_PSK_KEY_EXCHANGE_MODES);
		h.versions = (struct bytes){ versions, 2 }, h.psk_modes = (struct bytes){ modes, 1 }; /* no share: the server says which it wants */
	}
	struct tls_writer w = { .at = room.at + TLS_RECORD_HEADER, .size = room.len - TLS_RECORD_HEADER };
	tls_emit_client_hello(&w, &h);
	if (w.cut) return 0;
	tls_emit_record(&(struct tls_record){ TLS_HANDSHAKE, TLS_1_0, w.len }, room.at);
	return TLS_RECORD_HEADER + w.len;
}

/* --- in --- */

static void server_hello(struct scan_answer *a, struct bytes body)
{
	struct tls_server_hello h;
	struct tls_fault fault;

	if (!tls_parse_server_hello(body, &h, &fault)) {
		a->over = true;
		return;
	}
	a->hello = true;
	a->version = h.version != 0 ? h.version : h.legacy_version;
	a->suite = h.suite, a->compression = h.compression, a->has = h.has;
	if (h.share_group != 0) a->group = h.share_group;
	memcpy(a->random, h.random.at, sizeof a->random);
}

static void message(struct scan_reader *r, struct bytes m)
{
	struct bytes body = bytes_skip(m, TLS_MESSAGE_HEADER);
	struct tls_server_key_exchange k;
	struct tls_fault fault;

	switch (m.at[0]) {
	case TLS_SERVER_HELLO:
		server_hello(&r->answer, body);
		if (!r->key_exchange) r->answer.over = true;
		break;
	case TLS_SERVER_KEY_EXCHANGE:
		if (tls_parse_server_key_exchange(body, &k, &fault)) r->answer.key_exchange = true, r->answer.group = k.group;
		r->answer.over = true;
		break;
	case TLS_SERVER_HELLO_DONE: r->answer.over = true; break;
	default: r->answer.over |= !r->answer.hello; break; /* no server speaks so */
	}
}

static void take_messages(struct scan_reader *r)
{
	size_t at = 0;

	while (!r->answer.over && r->messages_len - at >= TLS_MESSAGE_HEADER) {
		const uint8_t *m = r->messages + at;
		size_t len = TLS_MESSAGE_HEADER + ((size_t)m[1] << 16 | load_be16(m + 2));
		if (len > sizeof r->messages) r->answer.over = true;
		if (len > r->messages_len - at) break;
		message(r, (struct bytes){ m, len });
		at += len;
	}
	memmove(r->messages, r->messages + at, r->messages_len - at);
	r->messages_len -= at;
}

static void record(struct scan_reader *r, const struct tls_record *head, const uint8_t *body)
{
	if (head->type == TLS_ALERT && head->length == 2) {
		r->answer.alert = r->answer.over = body[0] == 2 || !r->answer.hello;
		r->answer.alert_is = body[1];
	} else if (head->type == TLS_HANDSHAKE && head->length <= sizeof r->messages - r->messages_len) {
		memcpy(r->messages + r->messages_len, body, head->length);
		r->messages_len += head->length;
		take_messages(r);
	} else {
		r->answer.over = true;
	}
}

void scan_read(struct scan_reader *r, struct bytes b)
{
	struct tls_record head;

	while (!r->answer.over && b.len > 0) {
		size_t want = TLS_RECORD_HEADER;
		if (r->records_len >= want) tls_parse_record(r->records, &head), want += head.length;
		if (want > sizeof r->records) {
			r->answer.over = true;
			return;
		}
		size_t n = size_min(want - r->records_len, b.len);
		memcpy(r->records + r->records_len, b.at, n);
		r->records_len += n;
		b = bytes_skip(b, n);
		if (r->records_len < TLS_RECORD_HEADER) return;
		tls_parse_record(r->records, &head);
		if (r->records_len < TLS_RECORD_HEADER + head.length) continue;
		record(r, &head, r->records + TLS_RECORD_HEADER);
		r->records_len = 0;
	}
}
