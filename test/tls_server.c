/* SPDX-License-Identifier: ISC */
/* The server (src/proto/tls/server_hello.c, retry.c, server13.c) in conversation: hellos made by hand, each wrong in one way, and
 * handshakes with our own client. */
#include "tap.h"
#include "tls_two.h"

static struct two two;
static struct tls_config client, server;
static struct trace trace;

static void set_up(void)
{
	client = server = two_config();
	server.identities = &world.by_kind[CRYPT_KEY_P256].identity, server.identities_count = 1;
	server.trace = &trace;
	two.now = 0;
	two_forget();
}

static bool shake(void)
{
	trace = (struct trace){ 0 };
	two_start(&two, &client, &server);
	return two_shake(&two);
}

static bool talk(void) { return two_say(&two, &two.client, &two.server, "ping") && two_say(&two, &two.server, &two.client, "pong"); }

/* A handshake that goes well, and its end. */
static bool good(void)
{
	bool went = shake() && talk();
	if (!went) printf("# client: %s; server: %s\n", two_words(&two.client), two_words(&two.server));
	return went;
}

static bool said(const char *words) { return strstr(trace.words, words) != NULL; }

/* The server failed with this alert and these words, and the client heard it. */
static bool refused(enum tls_alert alert, const char *words)
{
	const struct tls_failure *here = tls_failure(&two.server), *there = tls_failure(&two.client);
	bool so = here && !here->from_peer && here->alert == alert && strstr(here->words, words) && there && there->from_peer && there->alert == alert;
	if (!so) printf("# server: %s; client: %s\n", two_words(&two.server), two_words(&two.client));
	return so;
}

/* ---- hellos made by hand ---- */

static struct {
	struct tls tls;
	uint8_t share[CRYPT_PUBLIC_MAX], share384[CRYPT_PUBLIC_MAX], shares[4 * CRYPT_PUBLIC_MAX];
	size_t share_len, share384_len;
	uint8_t out[4096]; size_t out_len;
} hand;

#define LIST(...) ((struct bytes){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })

static void make_shares(void)
{
	struct crypt_share s = { 0 };
	hand.share_len = crypt_share_make(&s, world.crypt, CRYPT_X25519, &world.rng, hand.share);
	crypt_share_end(&s);
	hand.share384_len = crypt_share_make(&s, world.crypt, CRYPT_SECP384R1, &world.rng, hand.share384);
	crypt_share_end(&s);
}

static void put_share(struct tls_writer *w, unsigned group)
{
	struct bytes key = group == CRYPT_SECP384R1 ? (struct bytes){ hand.share384, hand.share384_len }
	                                            : (struct bytes){ hand.share, hand.share_len };
	tls_put_number(w, 2, group);
	size_t mark = tls_open_vector(w, 2);
	tls_put(w, key);
	tls_close_vector(w, mark, 2);
}

static struct bytes shares_of(unsigned first, unsigned second)
{
	struct tls_writer w = { .at = hand.shares, .size = sizeof hand.shares };
	if (first) put_share(&w, first);
	if (second) put_share(&w, second);
	return (struct bytes){ w.at, w.len };
}

/* A whole one, with nothing wrong in it. */
static struct tls_client_hello a_hello(void)
{
	static const uint8_t random[TLS_RANDOM_BYTES] = { 1 }, suites[] = { 0x13, 0x01, 0x13, 0x03, 0xc0, 0x2b }, none[] = { 0 },
		groups[] = { 0x00, 0x1d, 0x00, 0x18 }, schemes[] = { 0x04, 0x03, 0x08, 0x04 }, versions[] = { 0x03, 0x04, 0x03, 0x03 },
		modes[] = { 1 };
	return (struct tls_client_hello){ .legacy_version = TLS_1_2, .random = { random, sizeof random }, .suites = { suites, sizeof suites },
		.compressions = { none, sizeof none }, .groups = { groups, sizeof groups }, .schemes = { schemes, sizeof schemes },
		.versions = { versions, sizeof versions }, .shares = shares_of(CRYPT_X25519, 0), .psk_modes = { modes, 1 },
		.server_name = bytes_of(TWO_NAME),
		.has = TLS_HAS(TLS_EXT_SUPPORTED_GROUPS) | TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS) | TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) |
		       TLS_HAS(TLS_EXT_KEY_SHARE) | TLS_HAS(TLS_EXT_PSK_KEY_EXCHANGE_MODES) | TLS_HAS(TLS_EXT_SERVER_NAME) };
}

static void hand_start(void)
{
	tls_end(&hand.tls);
	if (!tls_accept(&hand.tls, 0, &server)) abort();
}

/* Brings a hello to the server and takes what it answers. */
static void hand_say(const struct tls_client_hello *hello)
{
	uint8_t wire[8192];
	struct tls_writer w = { .at = wire, .len = TLS_RECORD_HEADER, .size = sizeof wire };
	struct bytes out;
	tls_emit_client_hello(&w, hello);
	tls_emit_record(&(struct tls_record){ TLS_HANDSHAKE, TLS_1_0, w.len - TLS_RECORD_HEADER }, wire);
	assert(!w.cut && tls_input(&hand.tls, 0, (struct bytes){ wire, w.len }) == w.len);
	for (hand.out_len = 0; (out = tls_output(&hand.tls, 0)).len > 0; tls_sent(&hand.tls, out.len)) {
		memcpy(hand.out + hand.out_len, out.at, out.len);
		hand.out_len += out.len;
	}
}

static bool hand_refused(enum tls_alert alert, const char *words)
{
	const struct tls_failure *f = tls_failure(&hand.tls);
	const uint8_t record[] = { TLS_ALERT, 3, 3, 0, 2, 2, (uint8_t)alert };
	bool so = f && f->alert == alert && strstr(f->words, words) != NULL &&
	          hand.out_len >= sizeof record && memcmp(hand.out + hand.out_len - sizeof record, record, sizeof record) == 0;
	if (!so) printf("# wanted \"%s\" (%s), got \"%s\" (%s)\n", words, tls_alert_name(alert), two_words(&hand.tls), f ? tls_alert_name(f->alert) : "-");
	return so;
}

static bool is_refused(const struct tls_client_hello *hello, enum tls_alert alert, const char *words)
{
	hand_start();
	hand_say(hello);
	return hand_refused(alert, words);
}

static bool is_taken(const struct tls_client_hello *hello)
{
	hand_start();
	hand_say(hello);
	if (tls_failure(&hand.tls)) printf("# %s\n", two_words(&hand.tls));
	return tls_failure(&hand.tls) == NULL;
}

static void a_hello_without_a_fault(void)
{
	struct tls_client_hello hello = a_hello();
	set_up();
	CHECK(is_taken(&hello));
	CHECK_EQ(hand.tls.state, TLS_SERVER_WAIT_FINISHED);
	CHECK(hand.tls.version == TLS_1_3 && hand.tls.suite == TLS_AES_128_GCM_SHA256 && hand.tls.group == CRYPT_X25519);
	hello.session_id = LIST(1, 2, 3); /* asks for what middleboxes want to see (D.4) */
	CHECK(is_taken(&hello));
	struct tls_record first, second;
	tls_parse_record(hand.out, &first);
	tls_parse_record(hand.out + TLS_RECORD_HEADER + first.length, &second);
	CHECK(first.type == TLS_HANDSHAKE && second.type == TLS_CHANGE_CIPHER_SPEC);
	server.no_middlebox_compatibility = true;
	CHECK(is_taken(&hello));
	tls_parse_record(hand.out + TLS_RECORD_HEADER + first.length, &second);
	CHECK(second.type == TLS_APPLICATION_DATA);
}

static void versions(void)
{
	struct tls_client_hello hello = a_hello();
	set_up();
	hello.versions = LIST(0x03, 0x03);
	hello.has |= TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET);
	CHECK(is_taken(&hello) && hand.tls.version == TLS_1_2); /* 4.2.1: the list counts */
	hello.legacy_version = 0x0301;
	CHECK(is_taken(&hello) && hand.tls.version == TLS_1_2);
	hello.versions = LIST(0x7f, 0x1c, 0x0a, 0x0a, 0x03, 0x04);
	CHECK(is_taken(&hello) && hand.tls.version == TLS_1_3);
	hello.versions = LIST(0x03, 0x02, 0x03, 0x01);
	CHECK(is_refused(&hello, TLS_PROTOCOL_VERSION, "no version in common: the client offers a list without any of ours"));
	hello.versions = LIST(0x03, 0x04), hello.legacy_version = 0x0300;
	CHECK(is_refused(&hello, TLS_PROTOCOL_VERSION, "legacy_version 0300 is SSL"));
	hello.has &= ~TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS);
	hello.legacy_version = 0x0302;
	CHECK(is_refused(&hello, TLS_PROTOCOL_VERSION, "at most TLS 1.1 or 1.0"));
	hello.legacy_version = 0x0304;
	CHECK(is_taken(&hello) && hand.tls.version == TLS_1_2); /* 1.3 is never chosen without the list */
	server.version_min = TLS_1_3;
	CHECK(is_refused(&hello, TLS_PROTOCOL_VERSION, "at most TLS 1.2"));
}

static void the_sentinel_in_the_random(void)
{
	struct tls_client_hello hello = a_hello();
	set_up();
	hello.versions = LIST(0x03, 0x03), hello.has |= TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET);
	CHECK(is_taken(&hello));
	CHECK(memcmp(hand.out + TLS_RECORD_HEADER + TLS_MESSAGE_HEADER + 2 + 24, "DOWNGRD\1", 8) == 0);
	server.version_max = TLS_1_2;
	CHECK(is_taken(&hello));
	CHECK(memcmp(hand.out + TLS_RECORD_HEADER + TLS_MESSAGE_HEADER + 2 + 24, "DOWNGRD", 7) != 0);
}

static void a_fallback(void)
{
	struct tls_client_hello hello = a_hello();
	set_up();
	hello.versions = LIST(0x03, 0x03), hello.has |= TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET);
	hello.suites = LIST(0xc0, 0x2b, 0x56, 0x00);
	CHECK(is_refused(&hello, TLS_INAPPROPRIATE_FALLBACK, "fell back from TLS 1.3"));
	server.version_max = TLS_1_2;
	CHECK(is_taken(&hello));
}

static void wrong_hellos(void)
{
	struct tls_client_hello good_one = a_hello(), hello = good_one;
	set_up();
	hello.compressions = LIST(0, 1);
	CHECK(is_refused(&hello, TLS_ILLEGAL_PARAMETER, "TLS 1.3 with compression methods"));
	hello.compressions = LIST(1);
	CHECK(is_refused(&hello, TLS_ILLEGAL_PARAMETER, "compression"));
	hello = good_one, hello.has &= ~TLS_HAS(TLS_EXT_KEY_SHARE);
	CHECK(is_refused(&hello, TLS_MISSING_EXTENSION, "no key_share"));
	hello = good_one, hello.has &= ~TLS_HAS(TLS_EXT_SUPPORTED_GROUPS);
	CHECK(is_refused(&hello, TLS_MISSING_EXTENSION, "no supported_groups"));
	hello = good_one, hello.has &= ~TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS);
	CHECK(is_refused(&hello, TLS_MISSING_EXTENSION, "no signature_algorithms"));
	hello = good_one, hello.suites = LIST(0xc0, 0x2b, 0x13, 0x07);
	CHECK(is_refused(&hello, TLS_HANDSHAKE_FAILURE, "no cipher suite of TLS 1.3 in common"));
	hello = good_one, hello.groups = LIST(0x01, 0x00), hello.shares = shares_of(0, 0);
	CHECK(is_refused(&hello, TLS_HANDSHAKE_FAILURE, "no group for the key exchange in common"));
	hello = good_one, hello.schemes = LIST(0x08, 0x04);
	CHECK(is_refused(&hello, TLS_HANDSHAKE_FAILURE, "no certificate of ours can sign"));
	hello = good_one, hello.server_name = bytes_of("a\nb");
	CHECK(is_refused(&hello, TLS_ILLEGAL_PARAMETER, "byte 0x0a in a name"));
	hello = good_one, hello.record_size_limit = 63, hello.has |= TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT);
	CHECK(is_refused(&hello, TLS_ILLEGAL_PARAMETER, "record_size_limit"));
	hello = good_one, hello.extensions = LIST(0xff, 0x77, 0, 0, 0xff, 0x77, 0, 0);
	CHECK(is_refused(&hello, TLS_ILLEGAL_PARAMETER, ""));
	hello = good_one, hello.extensions = LIST(0xff, 0x77, 0, 1);
	CHECK(is_refused(&hello, TLS_DECODE_ERROR, "ClientHello"));
	server.identities_count = 0;
	CHECK(is_refused(&good_one, TLS_HANDSHAKE_FAILURE, "we have no certificate"));
}

static void wrong_shares(void)
{
	struct tls_client_hello good_one = a_hello(), hello = good_one;
	set_up();
	hello.shares = shares_of(CRYPT_X25519, CRYPT_SECP384R1);
	CHECK(is_taken(&hello));
	hello.shares = shares_of(CRYPT_SECP384R1, CRYPT_X25519);
	CHECK(is_refused(&hello, TLS_ILLEGAL_PARAMETER, "not in the order of supported_groups"));
	hello.shares = shares_of(CRYPT_X25519, CRYPT_X25519);
	CHECK(is_refused(&hello, TLS_ILLEGAL_PARAMETER, "two of one group"));
	hello.shares = shares_of(CRYPT_X25519, 0x0100);
	CHECK(is_refused(&hello, TLS_ILLEGAL_PARAMETER, "not in supported_groups"));
	memset(hand.share, 0, hand.share_len);
	hello.shares = shares_of(CRYPT_X25519, 0);
	CHECK(is_refused(&hello, TLS_ILLEGAL_PARAMETER, "not a public key of"));
	hello.groups = LIST(0x00, 0x17), hello.shares = shares_of(CRYPT_SECP256R1, 0); /* 32 bytes are no point of P-256 */
	CHECK(is_refused(&hello, TLS_ILLEGAL_PARAMETER, "not a public key of"));
	make_shares();
}

static void other_messages_first(void)
{
	static const uint8_t finished[] = { TLS_HANDSHAKE, 3, 1, 0, 4, TLS_FINISHED, 0, 0, 0 };
	set_up();
	hand_start();
	tls_input(&hand.tls, 0, (struct bytes){ finished, sizeof finished });
	CHECK_EQ(tls_failure(&hand.tls)->alert, TLS_UNEXPECTED_MESSAGE);
	CHECK_STR(tls_failure(&hand.tls)->words, "Finished came where ClientHello was due");
}

static void wrong_psks(void)
{
	struct tls_client_hello good_one = a_hello(), hello;
	static const uint8_t key[] = "0123456789abcdef0123456789abcdef";
	const struct tls_psk psk = { { (const uint8_t *)"me", 2 }, { key, 32 }, CRYPT_SHA256 };
	uint8_t binder[33] = { 32 };
	set_up();
	server.psks = &psk, server.psks_count = 1;
	good_one.has |= TLS_HAS(TLS_EXT_PRE_SHARED_KEY);
	good_one.psk_identities = LIST(0, 2, 'm', 'e', 0, 0, 0, 0);
	good_one.psk_binders = (struct bytes){ binder, sizeof binder };
	hello = good_one;
	CHECK(is_refused(&hello, TLS_DECRYPT_ERROR, "PSK 0: its binder is wrong"));
	hello.has &= ~TLS_HAS(TLS_EXT_PSK_KEY_EXCHANGE_MODES);
	CHECK(is_refused(&hello, TLS_MISSING_EXTENSION, "psk_key_exchange_modes"));
	hello = good_one, hello.psk_modes = LIST(0); /* psk_ke alone: not used */
	CHECK(is_taken(&hello) && hand.tls.handshake->psk_index == -1);
	hello.has &= ~(TLS_HAS(TLS_EXT_KEY_SHARE) | TLS_HAS(TLS_EXT_SUPPORTED_GROUPS));
	CHECK(is_refused(&hello, TLS_HANDSHAKE_FAILURE, "a PSK without a key exchange"));
	hello = good_one, hello.psk_identities = LIST(0, 2, 'y', 'o', 0, 0, 0, 0); /* not known: as if it were not there */
	CHECK(is_taken(&hello) && hand.tls.handshake->psk_index == -1);
	binder[0] = 40;
	uint8_t longer[41] = { 40 };
	hello = good_one, hello.psk_binders = (struct bytes){ longer, sizeof longer };
	CHECK(is_refused(&hello, TLS_DECRYPT_ERROR, "binder is wrong"));
	hello = good_one, hello.psk_identities = LIST(0, 2, 'm', 'e', 0, 0, 0, 0, 0, 1, 'x', 0, 0, 0, 0), binder[0] = 32;
	CHECK(is_refused(&hello, TLS_ILLEGAL_PARAMETER, "not as many binders as identities"));
}

/* ---- HelloRetryRequest ---- */

/* The server's answer, if it is one. */
static bool retry_of(struct tls_server_hello *retry)
{
	struct tls_fault fault;
	struct tls_record r;
	tls_parse_record(hand.out, &r);
	return r.type == TLS_HANDSHAKE && tls_parse_server_hello((struct bytes){ hand.out + 9, r.length - 4 }, retry, &fault) && retry->retry;
}

static bool second_is_refused(struct tls_client_hello hello, const struct tls_client_hello *first, enum tls_alert alert, const char *words)
{
	struct tls_server_hello retry;
	uint8_t cookie[200];
	hand_start();
	hand_say(first);
	if (!retry_of(&retry)) return false;
	memcpy(cookie, retry.cookie.at, retry.cookie.len);
	if (hello.cookie.at == NULL) hello.cookie = (struct bytes){ cookie, retry.cookie.len };
	hand_say(&hello);
	return hand_refused(alert, words);
}

static void a_second_hello_changes_what_it_may(void)
{
	struct tls_client_hello first, second;
	struct tls_server_hello retry;
	uint8_t cookie[200];
	set_up();
	server.tickets = world.tickets;
	first = a_hello(), first.shares = shares_of(0, 0);
	first.has |= TLS_HAS(TLS_EXT_EARLY_DATA) | TLS_HAS(TLS_EXT_PADDING), first.padding = 20;
	hand_start();
	hand_say(&first);
	CHECK(retry_of(&retry));
	CHECK(retry.share_group == CRYPT_X25519 && retry.version == TLS_1_3 && retry.suite == TLS_AES_128_GCM_SHA256);
	CHECK(retry.cookie.len > 0 && retry.cookie.len <= sizeof cookie);
	memcpy(cookie, retry.cookie.at, retry.cookie.len);
	second = a_hello(), second.cookie = (struct bytes){ cookie, retry.cookie.len }, second.padding = 3;
	second.has |= TLS_HAS(TLS_EXT_COOKIE) | TLS_HAS(TLS_EXT_PADDING);
	hand_say(&second);
	CHECK(tls_failure(&hand.tls) == NULL && hand.tls.state == TLS_SERVER_WAIT_FINISHED && hand.tls.retried);
}

static void a_second_hello_changes_nothing_else(void)
{
	struct tls_client_hello first, second, good_one;
	set_up();
	server.tickets = world.tickets;
	first = a_hello(), first.shares = shares_of(0, 0);
	good_one = a_hello(), good_one.has |= TLS_HAS(TLS_EXT_COOKIE);
	second = good_one, second.shares = shares_of(CRYPT_SECP384R1, 0);
	CHECK(second_is_refused(second, &first, TLS_ILLEGAL_PARAMETER, "not one share of"));
	second = good_one, second.shares = shares_of(CRYPT_X25519, CRYPT_SECP384R1);
	CHECK(second_is_refused(second, &first, TLS_ILLEGAL_PARAMETER, "not one share of"));
	second = good_one, second.shares = shares_of(0, 0);
	CHECK(second_is_refused(second, &first, TLS_ILLEGAL_PARAMETER, "not one share of"));
	good_one.shares = shares_of(CRYPT_X25519, 0);
	second = good_one, second.has |= TLS_HAS(TLS_EXT_EARLY_DATA);
	CHECK(second_is_refused(second, &first, TLS_ILLEGAL_PARAMETER, "early_data again"));
	second = good_one, second.server_name = bytes_of("another.example");
	CHECK(second_is_refused(second, &first, TLS_ILLEGAL_PARAMETER, "differs from the first"));
	second = good_one, second.suites = LIST(0x13, 0x03);
	CHECK(second_is_refused(second, &first, TLS_ILLEGAL_PARAMETER, "differs from the first"));
	second = good_one, second.versions = LIST(0x03, 0x03);
	CHECK(second_is_refused(second, &first, TLS_ILLEGAL_PARAMETER, "does not offer TLS 1.3 any more"));
	second = good_one, second.has &= ~TLS_HAS(TLS_EXT_COOKIE);
	CHECK(second_is_refused(second, &first, TLS_MISSING_EXTENSION, "does not bring back the cookie"));
	second = good_one, second.cookie = LIST(1, 2, 3);
	CHECK(second_is_refused(second, &first, TLS_ILLEGAL_PARAMETER, "not one of ours"));
	second = good_one, second.has |= TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT), second.record_size_limit = 100;
	CHECK(second_is_refused(second, &first, TLS_ILLEGAL_PARAMETER, "differs from the first"));
}

static void a_cookie_is_for_one_handshake(void)
{
	struct tls_client_hello first, other, second;
	struct tls_server_hello retry;
	uint8_t cookie[200];
	set_up();
	server.tickets = world.tickets;
	first = a_hello(), first.shares = shares_of(0, 0);
	hand_start();
	hand_say(&first);
	CHECK(retry_of(&retry));
	memcpy(cookie, retry.cookie.at, retry.cookie.len);
	other = first, other.server_name = bytes_of("b.example");
	second = other, second.shares = shares_of(CRYPT_X25519, 0), second.has |= TLS_HAS(TLS_EXT_COOKIE);
	second.cookie = (struct bytes){ cookie, retry.cookie.len };
	CHECK(second_is_refused(second, &other, TLS_ILLEGAL_PARAMETER, "of another handshake"));
	cookie[retry.cookie.len - 1] ^= 1;
	CHECK(is_refused(&second, TLS_ILLEGAL_PARAMETER, "the cookie is not one of ours"));
	server.tickets = NULL; /* no key, no cookie */
	CHECK(is_refused(&second, TLS_ILLEGAL_PARAMETER, "the cookie is not one of ours"));
	hand_start();
	hand_say(&first);
	CHECK(retry_of(&retry) && retry.cookie.len == 0);
	hand_say(&second);
	CHECK(hand_refused(TLS_ILLEGAL_PARAMETER, "a cookie, and we sent none"));
}

static void retries_with_our_client(void)
{
	static const uint16_t p384[] = { CRYPT_SECP384R1 };
	set_up();
	server.groups = p384, server.groups_count = 1;
	CHECK(good() && two.server.retried && two.client.retried && two.server.group == CRYPT_SECP384R1);
	CHECK(said("HelloRetryRequest for"));
	two_end(&two);
	server.tickets = world.tickets;
	CHECK(good() && two.server.retried);
	two_end(&two);
	server.groups = NULL, server.always_retry = true;
	CHECK(good() && two.server.retried);
	two_end(&two);
	server.tickets = NULL; /* an empty retry would ask for nothing (4.1.4) */
	CHECK(good() && !two.server.retried);
	two_end(&two);
}

/* The answer to the first hello is forgotten; another connection, and another server's, goes on. */
static void a_retry_without_memory(void)
{
	static const uint16_t p384[] = { CRYPT_SECP384R1 };
	struct bytes out;
	for (int grouped = 0; grouped <= 1; grouped++) {
		set_up();
		server.tickets = world.tickets;
		if (grouped) server.groups = p384, server.groups_count = 1;
		else server.always_retry = true;
		two_start(&two, &client, &server);
		out = tls_output(&two.client, 0);
		CHECK(tls_input(&two.server, 0, out) == out.len);
		tls_sent(&two.client, out.len);
		out = tls_output(&two.server, 0);
		CHECK(tls_input(&two.client, 0, out) == out.len);
		tls_end(&two.server);
		CHECK(tls_accept(&two.server, 0, &server));
		bool went = two_shake(&two) && talk();
		if (!went) printf("# %s; %s\n", two_words(&two.client), two_words(&two.server));
		CHECK(went);
		CHECK(two.server.retried && said("a second hello with a cookie of ours"));
		two_end(&two);
	}
}

/* ---- choices ---- */

static void preferences(void)
{
	static const uint16_t suites[] = { TLS_CHACHA20_POLY1305_SHA256, TLS_AES_256_GCM_SHA384 };
	static const uint16_t groups[] = { CRYPT_SECP384R1, CRYPT_X25519 };
	struct tls_client_hello hello = a_hello();
	set_up();
	hello.suites = LIST(0x13, 0x02, 0x13, 0x03), hello.shares = shares_of(CRYPT_X25519, CRYPT_SECP384R1);
	server.suites = suites, server.suites_count = 2, server.groups = groups, server.groups_count = 2;
	CHECK(is_taken(&hello) && hand.tls.suite == TLS_AES_256_GCM_SHA384 && hand.tls.group == CRYPT_X25519);
	server.server_preference = true;
	CHECK(is_taken(&hello) && hand.tls.suite == TLS_CHACHA20_POLY1305_SHA256 && hand.tls.group == CRYPT_SECP384R1);
	hello.shares = shares_of(CRYPT_X25519, 0); /* a share spares a flight */
	CHECK(is_taken(&hello) && hand.tls.group == CRYPT_X25519 && !hand.tls.retried);
}

static void protocols(void)
{
	static const char *const ours[] = { "h3", "h2", "http/1.1" }, *const theirs[] = { "http/1.1", "h2" }, *const none[] = { "x" };
	set_up();
	server.alpn = ours, server.alpn_count = 3, client.alpn = theirs, client.alpn_count = 2;
	CHECK(good());
	CHECK_STR(two.client.alpn, "h2");
	CHECK_STR(two.server.alpn, "h2");
	two_end(&two);
	client.alpn = none, client.alpn_count = 1;
	CHECK(!shake() && refused(TLS_NO_APPLICATION_PROTOCOL, "it takes none of our protocols"));
	two_end(&two);
	client.alpn_count = 0;
	CHECK(good() && two.server.alpn_len == 0);
	two_end(&two);
	server.alpn_needed = true;
	CHECK(!shake() && refused(TLS_NO_APPLICATION_PROTOCOL, "it names no protocol"));
	two_end(&two);
	server.alpn_count = 0, server.alpn_needed = false, client.alpn_count = 1;
	CHECK(good() && two.client.alpn_len == 0);
	two_end(&two);
}

static void identities_by_name(void)
{
	static const char *const other[] = { "other.example" }, *const this[] = { TWO_NAME };
	struct tls_identity both[] = { world.by_kind[CRYPT_KEY_P256].identity, world.by_kind[CRYPT_KEY_ED25519].identity };
	set_up();
	both[0].names = other, both[0].names_count = 1, both[1].names = this, both[1].names_count = 1;
	server.identities = both, server.identities_count = 2;
	CHECK(good() && two.server.scheme == CRYPT_ED25519);
	two_end(&two);
	both[0].names = this;
	CHECK(good() && two.server.scheme == CRYPT_ECDSA_SECP256R1_SHA256);
	two_end(&two);
}

static void limits_staples_and_packing(void)
{
	static char words[5000];
	set_up();
	memset(words, 'w', sizeof words - 1);
	client.record_size_limit = 300, server.record_size_limit = 200;
	client.ask_ocsp = true, client.packings = server.packings = 1 << 1 | 1 << 2 | 1 << 3;
	CHECK(good());
	CHECK(two.server.fragment_max == 299 && two.client.fragment_max == 199);
	CHECK(two_say(&two, &two.server, &two.client, words) || tls_peek(&two.client).len > 0);
	CHECK(tls_failure(&two.client) == NULL && tls_failure(&two.server) == NULL);
	two_end(&two);
	server.record_size_limit = 0; /* we say none, but keep to theirs */
	CHECK(good() && two.server.fragment_max == 299);
	two_end(&two);
}

static void one_speaks_only_12(void)
{
	set_up();
	client.version_max = TLS_1_2;
	CHECK(good() && two.server.version == TLS_1_2);
	two_end(&two);
	client.version_max = 0, server.version_max = TLS_1_2;
	CHECK(good() && two.server.version == TLS_1_2);
	two_end(&two);
	client.version_min = TLS_1_3;
	CHECK(!shake() && refused(TLS_PROTOCOL_VERSION, "no version in common"));
	two_end(&two);
}

/* ---- the client's certificate ---- */

static void client_certificates(void)
{
	struct x509_trust *nobody = x509_trust_open(world.crypt);
	for (enum crypt_key_kind kind = CRYPT_KEY_P256; kind <= CRYPT_KEY_RSA; kind++) {
		if (world.by_kind[kind].key == NULL) continue;
		set_up();
		server.client_auth = TLS_REQUIRE_CLIENT;
		client.identities = &world.by_kind[kind].identity, client.identities_count = 1;
		CHECK(good() && two.server.client_authenticated);
		two_end(&two);
	}
	client.identities_count = 0;
	CHECK(!shake() && refused(TLS_CERTIFICATE_REQUIRED, "the client sent no certificate, and one is required"));
	two_end(&two);
	server.client_auth = TLS_ASK_CLIENT;
	CHECK(good() && !two.server.client_authenticated);
	two_end(&two);
	client.identities_count = 1, server.trust = nobody;
	CHECK(!shake() && refused(TLS_UNKNOWN_CA, ""));
	CHECK(two.server.failure.certificate == X509_UNKNOWN_CA);
	two_end(&two);
	server.trust = world.trust, server.packings = client.packings = 1 << 1 | 1 << 2 | 1 << 3;
	CHECK(good() && two.server.client_authenticated);
	two_end(&two);
	x509_trust_close(nobody);
}

/* The proof of the key is made with another key. */
static void a_client_that_does_not_have_its_key(void)
{
	struct tls_identity thief = world.by_kind[CRYPT_KEY_P256].identity;
	struct crypt_key *other = crypt_key_make(world.crypt, CRYPT_KEY_P256);
	set_up();
	thief.key = other;
	client.identities = &thief, client.identities_count = 1, server.client_auth = TLS_REQUIRE_CLIENT;
	CHECK(!shake() && refused(TLS_DECRYPT_ERROR, "CertificateVerify"));
	two_end(&two);
	crypt_key_end(other);
}

/* ---- resumption ---- */

static void with_tickets(void)
{
	set_up();
	client.sessions = world.client_sessions, server.tickets = world.tickets;
}

static void tickets_resume(void)
{
	with_tickets();
	CHECK(good() && !two.server.resumed && two.client.count.tickets_got == 2);
	two_end(&two);
	CHECK(good() && two.server.resumed && two.client.resumed && two.client.count.tickets_got == 1);
	CHECK(said("resumed by a ticket"));
	two_end(&two);
	server.tickets_count = 5;
	tls_sessions_forget(world.client_sessions, bytes_of(TWO_NAME));
	CHECK(good() && two.client.count.tickets_got == 5);
	two_end(&two);
	server.always_retry = true; /* the binder covers both hellos */
	CHECK(good() && two.server.resumed && two.server.retried);
	two_end(&two);
	server.tickets = NULL;
	CHECK(good() && !two.server.resumed && two.client.count.tickets_got == 0 && said("we take no tickets"));
	two_end(&two);
}

/* A full handshake, after which the client has a session; then what is changed, and the words why the ticket is not used. */
static bool then_full(void (*change)(void), const char *words)
{
	with_tickets();
	bool first = good();
	two_end(&two);
	change();
	bool second = good() && !two.server.resumed && said(words);
	if (!second) printf("# trace: %s\n", trace.words);
	two_end(&two);
	return first && second;
}

static void late(void) { server.date += 3 * 3600; }
static void later(void) { server.date += 5 * 3600; }
static void certificate_wanted(void)
{
	server.client_auth = TLS_REQUIRE_CLIENT, client.identities = server.identities, client.identities_count = 1;
}
static void another_hash(void)
{
	static const uint16_t sha384[] = { TLS_AES_256_GCM_SHA384 };
	server.suites = sha384, server.suites_count = 1;
}
static void another_secret(void)
{
	struct tls_session s;
	client.sessions = world.client_sessions;
	while (tls_sessions_take(world.client_sessions, bytes_of(TWO_NAME), TWO_DATE * 1000, &s)) {
		s.ticket[20] ^= 1;
		tls_sessions_put(world.server_sessions, bytes_of(TWO_NAME), &s);
	}
	client.sessions = world.server_sessions;
}

static void tickets_that_do_not_resume(void)
{
	CHECK(then_full(late, "the ticket has expired"));
	CHECK(then_full(later, "not one of ours, or its key is gone"));
	CHECK(then_full(certificate_wanted, "the client did not show the certificate that is required"));
	CHECK(then_full(another_hash, "no cipher suite in common has the ticket's hash"));
	CHECK(then_full(another_secret, "not one of ours, or its key is gone"));
}

static void a_resumed_client_stays_authenticated(void)
{
	with_tickets();
	certificate_wanted();
	CHECK(good() && two.server.client_authenticated);
	two_end(&two);
	CHECK(good() && two.server.resumed && two.server.client_authenticated);
	two_end(&two);
	CHECK(good() && two.server.resumed && two.server.client_authenticated); /* and by the ticket of that one */
	two_end(&two);
}

/* Two resumptions an hour keep no session alive for ever. */
static void seven_days_and_no_more(void)
{
	unsigned full = 0;
	with_tickets();
	for (unsigned hour = 0; hour < 2 * 7 * 24; hour++) {
		CHECK(good());
		full += !two.server.resumed;
		if (hour == 7 * 24 + 1) CHECK(said("the full handshake was more than seven days ago"));
		two_end(&two);
		server.date += 3600, client.date += 3600;
	}
	CHECK_EQ(full, 2);
}

static void a_stolen_ticket_is_no_use(void)
{
	struct tls_session s;
	with_tickets();
	CHECK(good());
	two_end(&two);
	CHECK(tls_sessions_take(world.client_sessions, bytes_of(TWO_NAME), TWO_DATE * 1000, &s));
	s.secret[0] ^= 1;
	tls_sessions_forget(world.client_sessions, bytes_of(TWO_NAME));
	tls_sessions_put(world.client_sessions, bytes_of(TWO_NAME), &s);
	CHECK(!shake() && refused(TLS_DECRYPT_ERROR, "PSK 0: its binder is wrong"));
	two_end(&two);
}

static void external_psks(void)
{
	static const uint8_t key[] = "0123456789abcdef0123456789abcdef", key384[] = "0123456789abcdef0123456789abcdef0123456789abcdef";
	struct tls_psk ours[] = { { bytes_of("one"), { key, 32 }, CRYPT_SHA256 }, { bytes_of("two"), { key384, 48 }, CRYPT_SHA384 } };
	set_up();
	server.identities_count = 0;
	server.psks = ours, server.psks_count = 2, client.psks = ours, client.psks_count = 1;
	CHECK(good() && !two.server.resumed && said("with an external PSK"));
	two_end(&two);
	client.psks = ours + 1; /* its hash chooses the suite */
	CHECK(good() && two.server.suite == TLS_AES_256_GCM_SHA384);
	two_end(&two);
	server.psks_count = 1;
	CHECK(!shake() && refused(TLS_HANDSHAKE_FAILURE, "no PSK that we know"));
	two_end(&two);
}

int main(void)
{
	two_open(1, 1 << CRYPT_KEY_P256 | 1 << CRYPT_KEY_RSA | 1 << CRYPT_KEY_ED25519);
	make_shares();
	TEST(a_hello_without_a_fault);
	TEST(versions);
	TEST(the_sentinel_in_the_random);
	TEST(a_fallback);
	TEST(wrong_hellos);
	TEST(wrong_shares);
	TEST(other_messages_first);
	TEST(wrong_psks);
	TEST(a_second_hello_changes_what_it_may);
	TEST(a_second_hello_changes_nothing_else);
	TEST(a_cookie_is_for_one_handshake);
	TEST(retries_with_our_client);
	TEST(a_retry_without_memory);
	TEST(preferences);
	TEST(protocols);
	TEST(identities_by_name);
	TEST(limits_staples_and_packing);
	TEST(one_speaks_only_12);
	TEST(client_certificates);
	TEST(a_client_that_does_not_have_its_key);
	TEST(tickets_resume);
	TEST(tickets_that_do_not_resume);
	TEST(a_resumed_client_stays_authenticated);
	TEST(seven_days_and_no_more);
	TEST(a_stolen_ticket_is_no_use);
	TEST(external_psks);
	tls_end(&hand.tls);
	two_free(&two);
	two_close();
	return tap_end();
}
