/* SPDX-License-Identifier: ISC */
/* A server's records, as the fuzzer likes them, against the whole client. So that no signature, tag or Finished stands in the way,
 * the harness can say everything right: it reads the client's keys and transcript, seals each record under the keys that the client
 * awaits, and signs with a key that the client believes. The fuzzer chooses what is said when, and what is changed in it.
 *
 * The input: a byte of configuration; then for each act a byte: what (4 bits), change some bytes (1), in small records (1), hold back
 * and send with the next (1). Changing takes three bytes: where (2), how (1). */
#include "tls_tested.h"

/* ---- what a server says ---- */

static const uint8_t x25519_base[32] = { 9 };
static const uint8_t p256_base[65] = {
	4, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
	0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb,
	0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 };
static const uint16_t suites13[] = { TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, 0x1304 };
static const uint16_t suites12[] = { TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                     TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 };

static struct bytes share_of(unsigned group)
{
	if (group == CRYPT_X25519) return (struct bytes){ x25519_base, sizeof x25519_base };
	return (struct bytes){ p256_base, sizeof p256_base };
}

static void say_hello(bool v13, struct bytes *in)
{
	static uint8_t random[TLS_RANDOM_BYTES] = { 1, 2, 3 }, other_id[32] = { 7 };
	uint8_t how = draw(in), more = draw(in);
	struct tls_handshake *h = handshake();
	struct tls_server_hello sh = { .legacy_version = TLS_1_2, .random = { random, sizeof random },
		.session_id = { h->session_id, h->session_id_len }, .suite = (v13 ? suites13 : suites12)[how & 3], .version = TLS_1_3,
		.share_group = how & 4 ? CRYPT_SECP256R1 : CRYPT_X25519, .alpn = bytes_of("h2"), .record_size_limit = 64u + more,
		.cookie = bytes_of("cookie"), .psk_index = more & 1 };

	sh.share = share_of(sh.share_group);
	if (v13) {
		sh.has = TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) | TLS_HAS(TLS_EXT_KEY_SHARE);
		if (how & 8) sh.has |= TLS_HAS(TLS_EXT_PRE_SHARED_KEY);
		if (how & 16) {
			sh.retry = true, sh.random.at = tls_retry_random, sh.has &= ~TLS_HAS(TLS_EXT_PRE_SHARED_KEY);
			if (how & 32) sh.has |= TLS_HAS(TLS_EXT_COOKIE);
		}
	} else {
		sh.has = TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET) | TLS_HAS(TLS_EXT_RENEGOTIATION_INFO);
		if (how & 8) sh.has |= TLS_HAS(TLS_EXT_SESSION_TICKET);
		if (how & 16) sh.has |= TLS_HAS(TLS_EXT_STATUS_REQUEST);
		if (how & 32) sh.has |= TLS_HAS(TLS_EXT_ALPN) | TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT);
		if (!(how & 64)) sh.session_id = (struct bytes){ other_id, how & 128 ? 32 : 0 };
	}
	tls_emit_server_hello(&said, &sh);
}

static void say_request(bool v13)
{
	static const uint8_t types[] = { 1, 64 }, schemes[] = { 0x08, 0x07, 0x04, 0x03, 0x08, 0x04 };
	tls_emit_certificate_request(&said, v13, &(struct tls_certificate_request){ .types = { types, sizeof types },
		.schemes = { schemes, sizeof schemes }, .has = v13 ? TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS) : 0 });
}

static void say_verify(void)
{
	static const char context[] = "TLS 1.3, server CertificateVerify";
	uint8_t covered[64 + sizeof context + CRYPT_HASH_MAX] = { 0 }, signature[CRYPT_SIGNATURE_MAX];
	memset(covered, ' ', 64);
	memcpy(covered + 64, context, sizeof context);
	if (tested.handshake == NULL || !tested.handshake->transcript.chosen) return;
	tls_transcript_peek(&tested, covered + 64 + sizeof context);
	struct bytes part = { covered, 64 + sizeof context + crypt_hash_len(tested.handshake->hash) };
	size_t len = crypt_sign(world.by_kind[CRYPT_KEY_ED25519].key, CRYPT_ED25519, &part, 1, signature);
	tls_emit_certificate_verify(&said, &(struct tls_certificate_verify){ CRYPT_ED25519, { signature, len } });
}

static void say_key_exchange(struct bytes *in)
{
	unsigned group = draw(in) & 1 ? CRYPT_SECP256R1 : CRYPT_X25519;
	uint8_t params[4 + 65] = { 3, 0, (uint8_t)group, (uint8_t)share_of(group).len }, signature[CRYPT_SIGNATURE_MAX];
	memcpy(params + 4, share_of(group).at, share_of(group).len);
	struct bytes parts[] = { { handshake()->client_random, TLS_RANDOM_BYTES }, { handshake()->server_random, TLS_RANDOM_BYTES },
	                         { params, 4 + share_of(group).len } };
	size_t len = crypt_sign(world.by_kind[CRYPT_KEY_ED25519].key, CRYPT_ED25519, parts, COUNT(parts), signature);
	tls_emit_server_key_exchange(&said, &(struct tls_server_key_exchange){ .group = group, .share = share_of(group), .params = parts[2],
		.scheme = CRYPT_ED25519, .signature = { signature, len } });
}

static void say_finished(void)
{
	uint8_t verify_data[CRYPT_HASH_MAX] = { 0 };
	bool v13 = tested.version == TLS_1_3;
	if (tested.handshake == NULL || !tested.handshake->transcript.chosen) return;
	size_t len = v13 ? crypt_hash_len(tested.handshake->hash) : TLS_FINISHED12_BYTES, mark = tls_open_message(&said, TLS_FINISHED);
	if (v13) tls_keys_finished(&tested, tested.handshake->server_handshake_secret, verify_data);
	else tls_keys12_finished(&tested, false, verify_data);
	tls_put(&said, (struct bytes){ verify_data, len });
	tls_close_message(&said, mark);
}

static void say_ticket(bool v13, struct bytes *in)
{
	uint8_t how = draw(in);
	tls_emit_new_session_ticket(&said, v13, &(struct tls_new_session_ticket){ .lifetime = how & 1 ? 0xffffffff : 1000, .age_add = 5,
		.nonce = bytes_of("n"), .ticket = draw_bytes(in, how >> 2), .has = how & 2 ? TLS_HAS(TLS_EXT_EARLY_DATA) : 0,
		.early_data_max = 1000 });
}

/* ---- records ---- */

static void look(void)
{
	struct bytes out;
	for (unsigned count = 0; (out = tls_output(&tested, now)).len > 0; count++) {
		assert(count < 1000);
		tls_sent(&tested, size_min(out.len, 3000));
	}
	two_check(&tested, false, now);
	unsigned news = tls_news(&tested);
	assert(!(news & TLS_FAILED) || tls_failure(&tested) != NULL);
	assert(tls_failure(&tested) == NULL || tested.state == TLS_CLOSED);
}

static void say(unsigned what, struct bytes *in)
{
	const struct tls_identity *identity = &world.by_kind[CRYPT_KEY_ED25519].identity;
	bool v13 = tested.version == TLS_1_3;
	switch (what) {
	case 2: say_hello(true, in); break;
	case 3: say_hello(false, in); break;
	case 4: tls_emit_encrypted_extensions(&said, &(struct tls_encrypted_extensions){ .has = 0 }); break;
	case 5: say_request(v13); break;
	case 6:
		tls_emit_certificate(&said, v13, (struct bytes){ 0 }, identity->chain.der, identity->chain.count,
		                     v13 && tested.config->ask_ocsp ? identity->ocsp : (struct bytes){ 0 });
		break;
	case 7: if (v13) say_verify(); else say_key_exchange(in); break;
	case 8: say_plain((enum tls_message_type)draw(in), draw_bytes(in, draw(in))); break;
	case 9: say_plain(TLS_SERVER_HELLO_DONE, (struct bytes){ 0 }); break;
	case 10: say_ticket(v13, in); break;
	case 12: say_finished(); break;
	case 13: tls_emit_key_update(&said, draw(in) & 1); break;
	default: break;
	}
}

static void act(struct bytes *in)
{
	static const uint8_t one = 1;
	uint8_t how = draw(in);
	switch (how & 15) {
	case 0: give(draw_bytes(in, draw(in))); break;
	case 1: { enum tls_content type = (enum tls_content)(20 + draw(in) % 5); give_record(type, draw_bytes(in, draw(in))); break; }
	case 11: /* in 1.2 keys change with it; in neither version it is sealed */
		if (tested.in.aead.state == NULL) tls_side_end(&shadow.out);
		give((const struct bytes){ (const uint8_t[]){ TLS_CHANGE_CIPHER_SPEC, 3, 3, 0, 1, one }, 6 });
		break;
	case 14: give_record(TLS_APPLICATION_DATA, draw_bytes(in, draw(in))); break;
	case 15: program(in); break;
	default:
		say(how & 15, in);
		if (!(how & 64)) give_said(in, how & 16, how & 32);
	}
}

static void set_config(struct tls_config *c, uint8_t how)
{
	static const char *const alpn[] = { "h2" };
	*c = two_config();
	c->trust_anyone = how & 1;
	c->ask_ocsp = how & 2;
	if (how & 4) c->alpn = alpn, c->alpn_count = 1, c->record_size_limit = 1000;
	if (how & 8) c->identities = &world.by_kind[CRYPT_KEY_ED25519].identity, c->identities_count = 1;
	if (how & 16) c->sessions = world.client_sessions;
	c->handshake_timeout_s = how & 32 ? 10 : 0;
	if (how & 64) c->version_max = TLS_1_2;
	c->keep_peer_chain = how & 128;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct tls_config config;

	if (world.crypt == NULL) two_open(1, 1u << CRYPT_KEY_ED25519);
	rng_init_number(&world.rng, 1);
	two_forget();
	now = SECOND;
	set_config(&config, draw(&in));
	said = (struct tls_writer){ .at = message, .size = sizeof message };
	shadow = (struct tls){ .config = &config, .is_server = true, .fragment_max = TLS_PLAINTEXT_MAX, .state = TLS_OPEN };
	bool connected = tls_connect(&tested, now, &config, TWO_NAME);
	assert(connected);
	look();
	while (in.len > 0) act(&in);
	shadow.handshake = NULL;
	tls_end(&shadow);
	tls_end(&tested);
	assert(world.handshakes.out == 0 && world.records.out == 0);
	return 0;
}
