/* SPDX-License-Identifier: ISC */
#include "tap.h"
#include "tls_remake.h"

static uint8_t memory[70000], copy[70000];
static const uint8_t sequence[256] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
	26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40 };

#define B(literal) ((struct bytes){ (const uint8_t *)(literal), sizeof(literal) - 1 })
#define NONE ((struct bytes){ NULL, 0 })

static struct bytes first(size_t n) { return (struct bytes){ sequence, n }; }
static struct tls_writer writer(void) { return (struct tls_writer){ .at = memory, .size = sizeof memory }; }

static struct tls_client_hello full_client_hello(void)
{
	return (struct tls_client_hello){
		.legacy_version = TLS_1_2, .random = first(32), .session_id = first(32), .suites = B("\x13\x01\xc0\x2b"),
		.compressions = B("\0"), .has = ~UINT64_C(0) & ~TLS_HAS(TLS_EXT_OID_FILTERS), .server_name = B("www.example.com"),
		.groups = B("\0\x1d\0\x17"), .schemes = B("\4\3\x08\7"), .schemes_cert = B("\4\1"), .versions = B("\3\4\3\3"),
		.alpn = B("\2h2\x08http/1.1"), .shares = B("\0\x1d\0\4abcd\0\x17\0\1e"), .psk_modes = B("\1"), .cookie = B("biscuit"),
		.psk_identities = B("\0\6ticketAGE!"), .psk_binders = B("\x20" "0123456789abcdef0123456789abcdef"),
		.record_size_limit = 16385, .packings = B("\0\1\0\2"), .ocsp_wanted = true, .session_ticket = B("old ticket"),
		.renegotiation = B("\0abc"), .point_formats = B("\0"), .authorities = B("\0\2\x30\0"), .padding = 77,
	};
}

static struct tls_server_hello server_hello(bool v13, bool retry)
{
	struct tls_server_hello h = { .legacy_version = TLS_1_2, .random = first(32), .session_id = first(32),
		.suite = TLS_AES_128_GCM_SHA256 };

	if (v13) {
		h.has = TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) | TLS_HAS(TLS_EXT_KEY_SHARE);
		h.has |= TLS_HAS(retry ? TLS_EXT_COOKIE : TLS_EXT_PRE_SHARED_KEY);
		h.version = TLS_1_3, h.share_group = 29, h.share = first(32), h.psk_index = 3, h.cookie = first(7);
		h.retry = retry;
		if (retry) h.random = (struct bytes){ tls_retry_random, TLS_RANDOM_BYTES };
		return h;
	}
	h.has = TLS_HAS(TLS_EXT_SERVER_NAME) | TLS_HAS(TLS_EXT_STATUS_REQUEST) | TLS_HAS(TLS_EXT_EC_POINT_FORMATS) |
	        TLS_HAS(TLS_EXT_ALPN) | TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET) | TLS_HAS(TLS_EXT_SESSION_TICKET) |
	        TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT) | TLS_HAS(TLS_EXT_RENEGOTIATION_INFO);
	h.alpn = B("h2"), h.renegotiation = B("abc"), h.point_formats = B("\0"), h.record_size_limit = 64;
	return h;
}

/* Writes one good message of each kind, with all it may have. */
static void emit_sample(enum remake kind, struct tls_writer *w)
{
	const struct bytes ders[] = { first(40), first(3), first(200) };
	struct tls_client_hello hello = full_client_hello();
	struct tls_server_hello answer = server_hello(true, false);

	switch (kind) {
	case REMAKE_CLIENT_HELLO: tls_emit_client_hello(w, &hello); break;
	case REMAKE_SERVER_HELLO: tls_emit_server_hello(w, &answer); break;
	case REMAKE_ENCRYPTED_EXTENSIONS:
		tls_emit_encrypted_extensions(w, &(struct tls_encrypted_extensions){ .has = TLS_HAS(TLS_EXT_SERVER_NAME) |
			TLS_HAS(TLS_EXT_SUPPORTED_GROUPS) | TLS_HAS(TLS_EXT_ALPN) | TLS_HAS(TLS_EXT_EARLY_DATA) |
			TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT), .alpn = B("h2"), .groups = B("\0\x1d"), .record_size_limit = 512 });
		break;
	case REMAKE_REQUEST13: case REMAKE_REQUEST12:
		tls_emit_certificate_request(w, kind == REMAKE_REQUEST13, &(struct tls_certificate_request){ .context = B("ctx"),
			.types = B("\x40\1"), .has = TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS) | TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS_CERT) |
			TLS_HAS(TLS_EXT_CERTIFICATE_AUTHORITIES) | TLS_HAS(TLS_EXT_COMPRESS_CERTIFICATE) | TLS_HAS(TLS_EXT_STATUS_REQUEST),
			.schemes = B("\4\3"), .schemes_cert = B("\4\1"), .authorities = B("\0\2\x30\0"), .packings = B("\0\1") });
		break;
	case REMAKE_CERTIFICATE13: tls_emit_certificate(w, true, B("ctx"), ders, 3, B("stapled")); break;
	case REMAKE_CERTIFICATE12: tls_emit_certificate(w, false, NONE, ders, 3, NONE); break;
	case REMAKE_VERIFY: tls_emit_certificate_verify(w, &(struct tls_certificate_verify){ 0x0403, first(72) }); break;
	case REMAKE_STATUS: tls_emit_certificate_status(w, B("response")); break;
	case REMAKE_TICKET13: case REMAKE_TICKET12:
		tls_emit_new_session_ticket(w, kind == REMAKE_TICKET13, &(struct tls_new_session_ticket){ .lifetime = 7200,
			.age_add = 0xdeadbeef, .nonce = B("\1"), .ticket = first(100), .has = TLS_HAS(TLS_EXT_EARLY_DATA),
			.early_data_max = 16384 });
		break;
	case REMAKE_SERVER_KEY:
		tls_emit_server_key_exchange(w, &(struct tls_server_key_exchange){ .group = 29, .share = first(32), .scheme = 0x0804,
			.signature = first(200) });
		break;
	case REMAKE_CLIENT_KEY: tls_emit_client_key_exchange(w, first(65)); break;
	case REMAKE_KEY_UPDATE: tls_emit_key_update(w, true); break;
	default: tls_emit_compressed_certificate(w, &(struct tls_compressed_certificate){ 2, 5000, first(99) }); break;
	}
}

static void every_message_survives_writing_and_reading(void)
{
	for (enum remake kind = 0; kind < REMAKES; kind++) {
		struct tls_writer w = writer(), v = { .at = copy, .size = sizeof copy };
		struct tls_fault fault = { 0, "" };
		emit_sample(kind, &w);
		CHECK(!w.cut);
		CHECK_EQ(load_be32(memory) & 0xffffff, w.len - TLS_MESSAGE_HEADER);
		if (!remake(kind, (struct bytes){ memory + 4, w.len - 4 }, &v, &fault)) printf("# kind %d: %s\n", kind, fault.words);
		CHECK_STR(fault.words, "");
		CHECK(bytes_equal((struct bytes){ memory, w.len }, (struct bytes){ copy, v.len }));
	}
}

/* A hello of 1.2 may end before its extensions; nothing else is whole when it is short. */
static void every_prefix_is_refused_with_a_reason(void)
{
	for (enum remake kind = 0; kind < REMAKES; kind++) {
		struct tls_writer w = writer();
		unsigned taken = 0;
		emit_sample(kind, &w);
		for (size_t len = 0; len < w.len - TLS_MESSAGE_HEADER; len++) {
			struct tls_writer v = { .at = copy, .size = sizeof copy };
			struct tls_fault fault = { 0 };
			if (remake(kind, (struct bytes){ memory + 4, len }, &v, &fault)) taken++;
			else CHECK(fault.words != NULL && fault.alert == TLS_DECODE_ERROR);
		}
		CHECK_EQ(taken, kind == REMAKE_CLIENT_HELLO || kind == REMAKE_SERVER_HELLO);
	}
}

static void a_byte_left_over_is_refused(void)
{
	for (enum remake kind = 0; kind < REMAKES; kind++) {
		struct tls_writer w = writer(), v = { .at = copy, .size = sizeof copy };
		struct tls_fault fault = { 0 };
		emit_sample(kind, &w);
		tls_put_number(&w, 1, 0);
		CHECK(!remake(kind, (struct bytes){ memory + 4, w.len - 4 }, &v, &fault));
		CHECK_EQ(fault.alert, TLS_DECODE_ERROR);
	}
}

static void room_that_ends_cuts_and_nothing_is_written_behind_it(void)
{
	for (enum remake kind = 0; kind < REMAKES; kind++) {
		struct tls_writer whole = writer();
		emit_sample(kind, &whole);
		for (size_t size = 0; size < whole.len; size++) {
			struct tls_writer w = { .at = copy, .size = size };
			copy[size] = 0xee;
			emit_sample(kind, &w);
			CHECK(w.cut && w.len <= size && copy[size] == 0xee);
		}
	}
}

static void a_vector_longer_than_its_length_can_say_cuts(void)
{
	struct tls_writer w = writer();
	size_t mark = tls_open_vector(&w, 1);
	for (int i = 0; i < 256; i++) tls_put_number(&w, 1, 0);
	tls_close_vector(&w, mark, 1);
	CHECK(w.cut);
}

static void fields_of_a_client_hello(void)
{
	struct tls_client_hello h = full_client_hello(), g;
	struct tls_writer w = writer();
	struct tls_fault fault;
	struct bytes name, rest;
	unsigned group;
	uint32_t age;

	tls_emit_client_hello(&w, &h);
	CHECK(tls_parse_client_hello((struct bytes){ memory + 4, w.len - 4 }, &g, &fault));
	CHECK((g.has & TLS_HAS(TLS_EXT_SERVER_NAME)) && (g.has & ~h.has) == 0);
	CHECK(bytes_equal(g.server_name, B("www.example.com")) && bytes_equal(g.cookie, B("biscuit")) && g.ocsp_wanted);
	CHECK_EQ(g.padding, 77);
	CHECK(tls_has_u16(g.versions, TLS_1_3) && !tls_has_u16(g.versions, TLS_1_1));
	rest = g.alpn;
	CHECK(tls_next_name(&rest, &name) && bytes_equal(name, B("h2")));
	CHECK(tls_next_name(&rest, &name) && bytes_equal(name, B("http/1.1")) && !tls_next_name(&rest, &name));
	rest = g.shares;
	CHECK(tls_next_share(&rest, &group, &name) && group == 29 && bytes_equal(name, B("abcd")));
	CHECK(tls_next_share(&rest, &group, &name) && group == 23 && !tls_next_share(&rest, &group, &name));
	rest = g.psk_identities;
	CHECK(tls_next_identity(&rest, &name, &age) && bytes_equal(name, B("ticket")) && age == load_be32((const uint8_t *)"AGE!"));
	CHECK_EQ(g.binders_at, w.len - 4 - 33 - 2);
}

static void grease_is_sent_once_each_and_tolerated(void)
{
	for (unsigned seed = 1; seed < 1 << 20; seed += 4099) {
		struct tls_client_hello h = full_client_hello(), g;
		struct tls_writer w = writer();
		struct tls_fault fault = { 0, "" };
		unsigned value, greases = 0;

		h.grease = seed;
		tls_emit_client_hello(&w, &h);
		CHECK(!w.cut);
		CHECK(tls_parse_client_hello((struct bytes){ memory + 4, w.len - 4 }, &g, &fault));
		struct bytes body, rest = g.extensions;
		while (tls_next_extension(&rest, &value, &body)) greases += tls_is_grease(value);
		CHECK_EQ(greases, 2);
		CHECK(tls_next_u16(&g.suites, &value) && tls_is_grease(value) && bytes_equal(g.suites, h.suites));
		CHECK(tls_next_u16(&g.groups, &value) && tls_is_grease(value) && bytes_equal(g.groups, h.groups));
		CHECK(tls_next_u16(&g.versions, &value) && tls_is_grease(value) && bytes_equal(g.versions, h.versions));
	}
}

static void server_hellos_of_both_versions_and_a_retry(void)
{
	static const struct { bool v13, retry; } cases[] = { { false, false }, { true, false }, { true, true } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tls_server_hello h = server_hello(cases[i].v13, cases[i].retry), g;
		struct tls_writer w = writer();
		struct tls_fault fault;
		tls_emit_server_hello(&w, &h);
		CHECK(tls_parse_server_hello((struct bytes){ memory + 4, w.len - 4 }, &g, &fault));
		CHECK_EQ(g.has, h.has);
		CHECK_EQ(g.retry, cases[i].retry);
		CHECK_EQ(g.version, cases[i].v13 ? TLS_1_3 : 0);
		CHECK_EQ(g.share_group, h.share_group);
		CHECK(bytes_equal(g.alpn, h.alpn) && bytes_equal(g.renegotiation, h.renegotiation));
	}
}

/* Bodies that break one rule each. A hello is given by its extensions. */
enum shape { HELLO, ANSWER, ANSWER13, ANSWER_RETRY, WHOLE };
static const struct broken { enum remake kind; enum shape shape; enum tls_alert alert; const char *words; struct bytes bytes; } broken[] = {
#define R(kind, shape, alert, words, literal) { REMAKE_ ## kind, shape, TLS_ ## alert, words, { (const uint8_t *)(literal), sizeof(literal) - 1 } }
#define CH(alert, words, literal) R(CLIENT_HELLO, HELLO, alert, words, literal)
#define SH(shape, alert, words, literal) R(SERVER_HELLO, shape, alert, words, literal)
	CH(ILLEGAL_PARAMETER, "an extension comes twice", "\0\x17\0\0\0\x17\0\0"),
	CH(ILLEGAL_PARAMETER, "an extension comes twice", "\x7a\x7a\0\0\0\x17\0\0\x7a\x7a\0\0"),
	CH(DECODE_ERROR, "extensions: one is longer than the list", "\0\x17\0\1"),
	CH(DECODE_ERROR, "extensions: one is longer than the list", "\0\x17\0"),
	CH(DECODE_ERROR, "server_name: malformed", "\0\0\0\0"),
	CH(DECODE_ERROR, "server_name: malformed", "\0\0\0\2\0\0"),
	CH(DECODE_ERROR, "server_name: malformed", "\0\0\0\5\0\3\0\0\0"),
	CH(DECODE_ERROR, "server_name: malformed", "\0\0\0\6\0\4\1\0\1a"),
	CH(ILLEGAL_PARAMETER, "server_name: two host names", "\0\0\0\x0a\0\x08\0\0\1a\0\0\1b"),
	CH(ILLEGAL_PARAMETER, "server_name: a NUL in the host name", "\0\0\0\x08\0\6\0\0\3a\0b"),
	CH(DECODE_ERROR, "status_request: malformed", "\0\5\0\0"),
	CH(DECODE_ERROR, "status_request: malformed", "\0\5\0\6\1\0\0\0\0\0"),
	CH(DECODE_ERROR, "status_request: malformed", "\0\5\0\7\1\0\2\0\0\0\0"),
	CH(DECODE_ERROR, "supported_groups: malformed", "\0\x0a\0\2\0\0"),
	CH(DECODE_ERROR, "supported_groups: malformed", "\0\x0a\0\5\0\3\0\x1d\0"),
	CH(DECODE_ERROR, "ec_point_formats: malformed", "\0\x0b\0\1\0"),
	CH(DECODE_ERROR, "signature_algorithms: malformed", "\0\x0d\0\2\0\0"),
	CH(DECODE_ERROR, "signature_algorithms_cert: malformed", "\0\x32\0\2\0\0"),
	CH(DECODE_ERROR, "application_layer_protocol_negotiation: malformed", "\0\x10\0\2\0\0"),
	CH(DECODE_ERROR, "application_layer_protocol_negotiation: malformed", "\0\x10\0\4\0\2\0\0"),
	CH(DECODE_ERROR, "application_layer_protocol_negotiation: malformed", "\0\x10\0\4\0\2\2a"),
	CH(DECODE_ERROR, "signed_certificate_timestamp: malformed", "\0\x12\0\1a"),
	CH(DECODE_ERROR, "extended_master_secret: malformed", "\0\x17\0\1a"),
	CH(DECODE_ERROR, "compress_certificate: malformed", "\0\x1b\0\1\0"),
	CH(DECODE_ERROR, "record_size_limit: malformed", "\0\x1c\0\1\0"),
	CH(ILLEGAL_PARAMETER, "record_size_limit: below 64", "\0\x1c\0\2\0\x3f"),
	CH(DECODE_ERROR, "early_data: malformed", "\0\x2a\0\1a"),
	CH(DECODE_ERROR, "supported_versions: malformed", "\0\x2b\0\1\0"),
	CH(DECODE_ERROR, "supported_versions: malformed", "\0\x2b\0\4\3\3\4\3"),
	CH(DECODE_ERROR, "cookie: malformed", "\0\x2c\0\2\0\0"),
	CH(DECODE_ERROR, "psk_key_exchange_modes: malformed", "\0\x2d\0\1\0"),
	CH(DECODE_ERROR, "certificate_authorities: malformed", "\0\x2f\0\2\0\0"),
	CH(DECODE_ERROR, "certificate_authorities: malformed", "\0\x2f\0\6\0\4\0\0\0\0"),
	CH(ILLEGAL_PARAMETER, "oid_filters: an extension that does not belong into this message", "\0\x30\0\2\0\0"),
	CH(DECODE_ERROR, "post_handshake_auth: malformed", "\0\x31\0\1a"),
	CH(DECODE_ERROR, "key_share: malformed", "\0\x33\0\6\0\4\0\x1d\0\0"),
	CH(DECODE_ERROR, "key_share: malformed", "\0\x33\0\1\0"),
	CH(ILLEGAL_PARAMETER, "key_share: two of one group", "\0\x33\0\x0c\0\x0a\0\x1d\0\1a\0\x1d\0\1a"),
	CH(ILLEGAL_PARAMETER, "key_share: of a group that is not in supported_groups",
	   "\0\x33\0\7\0\5\0\x1d\0\1a\0\x0a\0\4\0\2\0\x17"),
	CH(DECODE_ERROR, "renegotiation_info: malformed", "\xff\1\0\2\0\0"),
#define MODES "\0\x2d\0\2\1\1"
#define PSK "\0\x29\0\x2c\0\7\0\1i\0\0\0\0\0\x21\x20" "0123456789abcdef0123456789abcdef"
	CH(MISSING_EXTENSION, "pre_shared_key without psk_key_exchange_modes", "\0\x2b\0\3\2\3\4" PSK), /* in 1.3 */
	CH(ILLEGAL_PARAMETER, "pre_shared_key: not the last extension", PSK MODES),
	CH(ILLEGAL_PARAMETER, "pre_shared_key: not the last extension", MODES PSK "\x7a\x7a\0\0"),
	CH(DECODE_ERROR, "pre_shared_key: malformed", MODES "\0\x29\0\0"),
	CH(DECODE_ERROR, "pre_shared_key: malformed", MODES "\0\x29\0\x2b\0\6\0\0\0\0\0\0\0\x21\x20" "0123456789abcdef0123456789abcdef"),
	CH(DECODE_ERROR, "pre_shared_key: malformed", MODES "\0\x29\0\x2b\0\7\0\1i\0\0\0\0\0\x20\x1f" "0123456789abcdef0123456789abcde"),
	CH(ILLEGAL_PARAMETER, "pre_shared_key: not as many binders as identities", MODES
	   "\0\x29\0\x33\0\x0e\0\1i\0\0\0\0\0\1j\0\0\0\0\0\x21\x20" "0123456789abcdef0123456789abcdef"),
	R(CLIENT_HELLO, WHOLE, DECODE_ERROR, "cipher_suites: an odd number of bytes", "\3\3" "01234567890123456789012345678901\0\0\3\0\0\0\1\0"),
	R(CLIENT_HELLO, WHOLE, DECODE_ERROR, "cipher_suites: empty or cut short", "\3\3" "01234567890123456789012345678901\0\0\0\1\0"),
	R(CLIENT_HELLO, WHOLE, DECODE_ERROR, "compression_methods: empty or cut short", "\3\3" "01234567890123456789012345678901\0\0\2\x13\1\0"),
	R(CLIENT_HELLO, WHOLE, ILLEGAL_PARAMETER, "compression_methods: \"null\" is not among them", "\3\3" "01234567890123456789012345678901\0\0\2\x13\1\1\1"),
	R(CLIENT_HELLO, WHOLE, DECODE_ERROR, "session_id: not a vector of at most 32 bytes", "\3\3" "01234567890123456789012345678901"
	  "\x21" "012345678901234567890123456789012\0\2\x13\1\1\0"),
	SH(ANSWER, ILLEGAL_PARAMETER, "key_share: an extension that does not belong into this message", "\0\x33\0\2\0\x1d"),
	SH(ANSWER, DECODE_ERROR, "application_layer_protocol_negotiation: malformed", "\0\x10\0\x08\0\6\2h2\2h3"),
	SH(ANSWER, ILLEGAL_PARAMETER, "ec_point_formats: without \"uncompressed\"", "\0\x0b\0\2\1\1"),
	SH(ANSWER, DECODE_ERROR, "session_ticket: malformed", "\0\x23\0\1a"),
	SH(ANSWER, ILLEGAL_PARAMETER, "signature_algorithms: an extension that does not belong into this message", "\0\x0d\0\4\0\2\4\3"),
	SH(ANSWER13, ILLEGAL_PARAMETER, "application_layer_protocol_negotiation: an extension that does not belong into this message",
	   "\0\x10\0\5\0\3\2h2"),
	SH(ANSWER13, ILLEGAL_PARAMETER, "cookie: an extension that does not belong into this message", "\0\x2c\0\3\0\1a"),
	SH(ANSWER13, DECODE_ERROR, "key_share: malformed", "\0\x33\0\2\0\x1d"),
	SH(ANSWER13, DECODE_ERROR, "key_share: malformed", "\0\x33\0\4\0\x1d\0\0"),
	SH(ANSWER13, DECODE_ERROR, "pre_shared_key: malformed", "\0\x29\0\1\0"),
	SH(ANSWER_RETRY, DECODE_ERROR, "key_share: malformed", "\0\x33\0\5\0\x1d\0\1a"),
	SH(ANSWER_RETRY, ILLEGAL_PARAMETER, "pre_shared_key: an extension that does not belong into this message", "\0\x29\0\2\0\0"),
	R(SERVER_HELLO, WHOLE, ILLEGAL_PARAMETER, "compression_method: not \"null\"", "\3\3" "01234567890123456789012345678901\0\x13\1\1"),
	R(ENCRYPTED_EXTENSIONS, WHOLE, ILLEGAL_PARAMETER, "key_share: an extension that does not belong into this message", "\0\4\0\x33\0\0"),
	R(ENCRYPTED_EXTENSIONS, WHOLE, DECODE_ERROR, "early_data: malformed", "\0\5\0\x2a\0\1a"),
	R(ENCRYPTED_EXTENSIONS, WHOLE, DECODE_ERROR, "extensions: not a list that fits the message", ""),
	R(REQUEST13, WHOLE, MISSING_EXTENSION, "signature_algorithms: missing", "\0\0\0"),
	R(REQUEST13, WHOLE, ILLEGAL_PARAMETER, "server_name: an extension that does not belong into this message", "\0\0\4\0\0\0\0"),
	R(REQUEST12, WHOLE, DECODE_ERROR, "certificate_types: empty or cut short", "\0\0\2\4\3\0\0"),
	R(REQUEST12, WHOLE, DECODE_ERROR, "supported_signature_algorithms: an odd number of bytes", "\1\1\0\3\4\3\4\0\0"),
	R(REQUEST12, WHOLE, DECODE_ERROR, "certificate_authorities: not a list of names that fits the message", "\1\1\0\2\4\3\0\2\0\0"),
	R(CERTIFICATE13, WHOLE, DECODE_ERROR, "certificate_list: a certificate is empty or cut short", "\0\0\0\5\0\0\0\0\0"),
	R(CERTIFICATE13, WHOLE, DECODE_ERROR, "certificate_list: an entry's extensions are cut short", "\0\0\0\4\0\0\1a"),
	R(CERTIFICATE13, WHOLE, ILLEGAL_PARAMETER, "key_share: an extension that does not belong into this message",
	  "\0\0\0\x0a\0\0\1a\0\4\0\x33\0\0"),
	R(CERTIFICATE13, WHOLE, ILLEGAL_PARAMETER, "status_type: not ocsp", "\0\0\0\x0f\0\0\1a\0\x09\0\5\0\5\2\0\0\1a"),
	R(CERTIFICATE12, WHOLE, DECODE_ERROR, "certificate_list: cut short", "\0\0\5\0\0\1a"),
	R(STATUS, WHOLE, ILLEGAL_PARAMETER, "status_type: not ocsp", "\2\0\0\1a"),
	R(STATUS, WHOLE, DECODE_ERROR, "OCSP response: empty or cut short", "\1\0\0\0"),
	R(TICKET13, WHOLE, DECODE_ERROR, "ticket: empty or cut short", "\0\0\0\1\0\0\0\1\0\0\0\0\0"),
	R(TICKET13, WHOLE, ILLEGAL_PARAMETER, "cookie: an extension that does not belong into this message",
	  "\0\0\0\1\0\0\0\1\0\0\1t\0\4\0\x2c\0\0"),
	R(SERVER_KEY, WHOLE, ILLEGAL_PARAMETER, "curve_type: not a named curve", "\1\0\x1d\1a\4\3\0\1s"),
	R(SERVER_KEY, WHOLE, DECODE_ERROR, "public: empty or cut short", "\3\0\x1d\0\4\3\0\1s"),
	R(CLIENT_KEY, WHOLE, DECODE_ERROR, "ecdh_Yc: empty or cut short", "\0"),
	R(KEY_UPDATE, WHOLE, ILLEGAL_PARAMETER, "request_update: neither update_not_requested nor update_requested", "\2"),
	R(COMPRESSED, WHOLE, DECODE_ERROR, "compressed_certificate_message: empty or cut short", "\0\1\0\0\5\0\0\0"),
};

static void put_broken(struct tls_writer *w, const struct broken *b)
{
	if (b->shape != WHOLE) {
		tls_put_number(w, 2, TLS_1_2);
		tls_put(w, b->shape == ANSWER_RETRY ? (struct bytes){ tls_retry_random, 32 } : first(32));
		tls_put(w, b->shape == HELLO ? B("\0\0\2\x13\1\1\0") : B("\0\x13\1\0"));
		bool v13 = b->shape == ANSWER13 || b->shape == ANSWER_RETRY;
		tls_put_number(w, 2, b->bytes.len + (v13 ? 6 : 0));
		if (v13) tls_put(w, B("\0\x2b\0\2\3\4"));
	}
	tls_put(w, b->bytes);
}

static void each_rule_has_its_alert_and_its_words(void)
{
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct tls_writer w = writer(), v = { .at = copy, .size = sizeof copy };
		struct tls_fault fault = { 0, "nothing" };
		put_broken(&w, &broken[i]);
		if (remake(broken[i].kind, (struct bytes){ memory, w.len }, &v, &fault)) printf("# row %zu was taken\n", i);
		CHECK_STR(fault.words, broken[i].words);
		CHECK_EQ(fault.alert, broken[i].alert);
	}
}

static void thousands_of_extensions_are_told_apart_quickly(void)
{
	struct tls_client_hello h = { .legacy_version = TLS_1_2, .random = first(32), .suites = B("\x13\1"), .compressions = B("\0") }, g;
	struct tls_writer w = writer();
	struct tls_fault fault;

	for (unsigned i = 0; i < 16000; i++) store_be32(copy + 4 * i, (i + 1000) << 16);
	h.extensions = (struct bytes){ copy, 4 * 16000 };
	tls_emit_client_hello(&w, &h);
	CHECK(!w.cut && tls_parse_client_hello((struct bytes){ memory + 4, w.len - 4 }, &g, &fault));
	store_be16(memory + w.len - 4, 1000);
	CHECK(!tls_parse_client_hello((struct bytes){ memory + 4, w.len - 4 }, &g, &fault));
	CHECK_STR(fault.words, "an extension comes twice");
}

static void records_and_names(void)
{
	struct tls_record r;
	uint8_t at[TLS_RECORD_HEADER];

	tls_emit_record(&(struct tls_record){ TLS_HANDSHAKE, TLS_1_0, 517 }, at);
	CHECK(memcmp(at, "\x16\3\1\2\5", 5) == 0);
	tls_parse_record(at, &r);
	CHECK(r.type == TLS_HANDSHAKE && r.version == TLS_1_0 && r.length == 517);
	CHECK_STR(tls_version_name(TLS_1_3), "TLS 1.3");
	CHECK_STR(tls_message_name(TLS_CLIENT_HELLO), "ClientHello");
	CHECK_STR(tls_alert_name(TLS_BAD_RECORD_MAC), "bad_record_mac");
	CHECK_STR(tls_extension_name(0x2a2a), "GREASE");
	CHECK_STR(tls_suite_name(0xc02b), "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
	CHECK(tls_suite_name(0x1234) == NULL && tls_group_name(1) == NULL && tls_is_grease(0xfafa) && !tls_is_grease(0xfaea));
}

static void what_was_not_asked_for_is_found(void)
{
	struct bytes list = B("\0\x17\0\0\0\x10\0\0\x12\x34\0\1a"), body;
	unsigned other = 0;

	CHECK(!tls_only_extensions(list, TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET) | TLS_HAS(TLS_EXT_ALPN), &other));
	CHECK_EQ(other, 0x1234);
	CHECK(tls_only_extensions(bytes_first(list, 8), TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET) | TLS_HAS(TLS_EXT_ALPN), &other));
	CHECK(tls_find_extension(list, 0x1234, &body) && body.len == 1 && !tls_find_extension(list, 1, &body));
}

int main(void)
{
	TEST(every_message_survives_writing_and_reading);
	TEST(every_prefix_is_refused_with_a_reason);
	TEST(a_byte_left_over_is_refused);
	TEST(room_that_ends_cuts_and_nothing_is_written_behind_it);
	TEST(a_vector_longer_than_its_length_can_say_cuts);
	TEST(fields_of_a_client_hello);
	TEST(grease_is_sent_once_each_and_tolerated);
	TEST(server_hellos_of_both_versions_and_a_retry);
	TEST(each_rule_has_its_alert_and_its_words);
	TEST(thousands_of_extensions_are_told_apart_quickly);
	TEST(records_and_names);
	TEST(what_was_not_asked_for_is_found);
	return tap_end();
}
