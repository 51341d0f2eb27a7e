/* SPDX-License-Identifier: ISC */
/* A client's records, as the fuzzer likes them, against the whole server: tls_client.c the other way round. The harness can say
 * everything right: it knows the PSK of a ticket, makes binders from the server's transcript, brings back the cookie, seals under the
 * keys that the server awaits and signs with a key that the server believes. The fuzzer chooses what is said when, and what is changed.
 *
 * The input: a byte of configuration; then for each act a byte: what (4 bits), change some bytes (1), in small records (1), hold back
 * and send with the next (1). Changing takes three bytes: where (2), how (1). */
#include "tls_tested.h"

enum { COOKIE_MAX = 512 };

static uint8_t cookie[COOKIE_MAX];
static size_t cookie_len;
static const uint8_t psk_key[] = "a key that both of us know...32.";

/* ---- what a client says ---- */

static struct bytes a_ticket(bool v13, uint8_t room[TLS_TICKET_MAX])
{
	struct tls_ticket k = { .version = v13 ? TLS_1_3 : TLS_1_2, .secret_len = v13 ? 32 : 48, .extended_master_secret = true,
		.suite = v13 ? TLS_AES_128_GCM_SHA256 : TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .issued_at_ms = TWO_DATE * 1000, .authenticated_at_ms = TWO_DATE * 1000,
		.lifetime_s = 7200, .early_data_max = 400, .server_name = TWO_NAME };
	memcpy(k.secret, psk_key, 32);
	return (struct bytes){ room, tls_ticket_seal(world.tickets, TWO_DATE * 1000, &k, (struct room){ room, TLS_TICKET_MAX }) };
}

/* The server's transcript and then these bytes; the server itself is left as it is. */
static void hash_behind_transcript(struct bytes more, uint8_t *out)
{
	struct crypt_digest d;
	if (tested.handshake->transcript.chosen) crypt_digest_copy(&d, &tested.handshake->transcript.digest);
	else crypt_digest_start(&d, world.crypt, CRYPT_SHA256);
	crypt_digest_add(&d, more);
	crypt_digest_peek(&d, out);
	crypt_digest_end(&d);
}

/* The PSK's identity, with a binder of zeroes that is made right when the hello is whole. */
static void offer_psk(struct tls_client_hello *hello, bool external, bool late)
{
	static uint8_t list[TLS_TICKET_MAX + 64], sealed[TLS_TICKET_MAX], binder[33] = { 32 };
	struct tls_writer w = { .at = list, .size = sizeof list };
	size_t mark = tls_open_vector(&w, 2);
	tls_put(&w, external ? bytes_of("me") : a_ticket(true, sealed));
	tls_close_vector(&w, mark, 2);
	tls_put_number(&w, 4, late ? 100000 : 1000);
	hello->psk_identities = (struct bytes){ list, w.len };
	hello->psk_binders = (struct bytes){ binder, sizeof binder };
	hello->has |= TLS_HAS(TLS_EXT_PRE_SHARED_KEY);
}

static void bind_psk(size_t from, bool external)
{
	uint8_t hash[CRYPT_HASH_MAX], binder[CRYPT_HASH_MAX];
	const size_t binders = 2 + 33;
	if (said.cut || tested.handshake == NULL) return;
	if (tested.handshake->transcript.chosen && tested.handshake->hash != CRYPT_SHA256) return;
	struct bytes covered = { message + from, said.len - from - binders };
	hash_behind_transcript(covered, hash);
	tls_keys_binder(world.crypt, CRYPT_SHA256, (struct bytes){ psk_key, 32 }, external, hash, binder);
	memcpy(message + said.len - 32, binder, 32);
}

static void say_hello(struct bytes *in)
{
	static const uint8_t random[TLS_RANDOM_BYTES] = { 4, 5 }, id[32] = { 6 }, none[1], modes[] = { 1 }, schemes[] = { 8, 7, 4, 3 },
		versions[] = { 3, 4, 3, 3 }, groups[] = { 0, 0x1d, 0, 0x17 }, protocols[] = { 2, 'h', '2' },
		all_suites[] = { 0x13, 1, 0x13, 2, 0x13, 3, 0xc0, 0x2b, 0xc0, 0x2c, 0xcc, 0xa9, 0x56, 0 },
		share[] = { 0, 0x1d, 0, 32, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t sealed[TLS_TICKET_MAX], how = draw(in), more = draw(in);
	size_t from = said.len;
	struct tls_client_hello hello = { .legacy_version = TLS_1_2, .random = { random, sizeof random }, .session_id = { id, how & 128 ? 32 : 0 },
		.suites = { all_suites + (how & 6), sizeof all_suites - (how & 6) - (more & 32 ? 0 : 2) }, .compressions = { none, 1 },
		.groups = { groups, sizeof groups }, .schemes = { schemes, sizeof schemes }, .versions = { versions, sizeof versions },
		.shares = { share, how & 8 ? 0 : sizeof share }, .psk_modes = { modes, 1 }, .cookie = { cookie, cookie_len },
		.alpn = { protocols, sizeof protocols }, .record_size_limit = 64u + more, .server_name = bytes_of(TWO_NAME),
		.has = TLS_HAS(TLS_EXT_SUPPORTED_GROUPS) | TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS) | TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET) };

	if (how & 1) hello.has |= TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) | TLS_HAS(TLS_EXT_KEY_SHARE) | TLS_HAS(TLS_EXT_PSK_KEY_EXCHANGE_MODES);
	if (how & 32) hello.has |= TLS_HAS(TLS_EXT_EARLY_DATA);
	if (how & 64 && cookie_len > 0) hello.has |= TLS_HAS(TLS_EXT_COOKIE);
	if (more & 1) hello.has |= TLS_HAS(TLS_EXT_ALPN);
	if (more & 2) hello.has |= TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT);
	if (!(more & 8)) hello.has |= TLS_HAS(TLS_EXT_SERVER_NAME);
	if (more & 16) hello.has |= TLS_HAS(TLS_EXT_SESSION_TICKET), hello.session_ticket = a_ticket(false, sealed);
	if (how & 16) offer_psk(&hello, more & 4, more & 64);
	tls_emit_client_hello(&said, &hello);
	if (how & 16) bind_psk(from, more & 4);
}

static void say_verify(void)
{
	static const char context[] = "TLS 1.3, client CertificateVerify";
	uint8_t covered[64 + sizeof context + CRYPT_HASH_MAX] = { 0 }, signature[CRYPT_SIGNATURE_MAX];
	const struct tls_handshake *h = handshake();
	struct bytes part = { h->messages12.room.at, h->messages12.len };
	if (!h->transcript.chosen) return;
	if (tested.version == TLS_1_3) {
		memset(covered, ' ', 64);
		memcpy(covered + 64, context, sizeof context);
		tls_transcript_peek(&tested, covered + 64 + sizeof context);
		part = (struct bytes){ covered, 64 + sizeof context + crypt_hash_len(h->hash) };
	}
	size_t len = crypt_sign(world.by_kind[CRYPT_KEY_ED25519].key, CRYPT_ED25519, &part, 1, signature);
	tls_emit_certificate_verify(&said, &(struct tls_certificate_verify){ CRYPT_ED25519, { signature, len } });
}

static void say_finished(void)
{
	uint8_t verify_data[CRYPT_HASH_MAX] = { 0 };
	bool v13 = tested.version == TLS_1_3;
	if (!handshake()->transcript.chosen) return;
	size_t len = v13 ? crypt_hash_len(handshake()->hash) : TLS_FINISHED12_BYTES, mark = tls_open_message(&said, TLS_FINISHED);
	if (v13) tls_keys_finished(&tested, handshake()->client_handshake_secret, verify_data);
	else tls_keys12_finished(&tested, true, verify_data);
	tls_put(&said, (struct bytes){ verify_data, len });
	tls_close_message(&said, mark);
}

static void say(unsigned what, struct bytes *in)
{
	static const uint8_t base[32] = { 9 };
	const struct tls_identity *identity = &world.by_kind[CRYPT_KEY_ED25519].identity;
	bool v13 = tested.version == TLS_1_3;
	switch (what) {
	case 2: say_hello(in); break;
	case 3: say_plain(TLS_END_OF_EARLY_DATA, (struct bytes){ 0 }); break;
	case 4: tls_emit_certificate(&said, v13, (struct bytes){ 0 }, identity->chain.der, draw(in) & 1, (struct bytes){ 0 }); break;
	case 5: say_verify(); break;
	case 6: say_finished(); break;
	case 7: tls_emit_client_key_exchange(&said, (struct bytes){ base, sizeof base }); break;
	case 8: say_plain((enum tls_message_type)draw(in), draw_bytes(in, draw(in))); break;
	case 9: tls_emit_key_update(&said, draw(in) & 1); break;
	default: break;
	}
}

/* ---- records ---- */

static void note_cookie(struct bytes out)
{
	struct tls_server_hello retry;
	struct tls_fault fault;
	struct tls_record r;
	if (tested.state != TLS_SERVER_WAIT_CH2 || out.len < 9) return;
	tls_parse_record(out.at, &r);
	if (r.type != TLS_HANDSHAKE || r.length < 4 || out.len < 5 + r.length) return;
	if (!tls_parse_server_hello((struct bytes){ out.at + 9, r.length - 4 }, &retry, &fault) || !retry.retry || retry.cookie.len > COOKIE_MAX) return;
	cookie_len = retry.cookie.len;
	if (cookie_len > 0) memcpy(cookie, retry.cookie.at, cookie_len);
}

static void look(void)
{
	struct bytes out;
	for (unsigned count = 0; (out = tls_output(&tested, now)).len > 0; count++) {
		assert(count < 1000);
		note_cookie(out);
		tls_sent(&tested, size_min(out.len, 3000));
	}
	two_check(&tested, false, now);
	unsigned news = tls_news(&tested);
	assert(!(news & TLS_FAILED) || tls_failure(&tested) != NULL);
	assert(!tested.early_accepted || tested.resumed);
}

/* Early data that no key opens. */
static void give_unreadable(struct bytes *in)
{
	uint8_t record[TLS_RECORD_HEADER + 255] = { TLS_APPLICATION_DATA, 3, 3, 0, 0 };
	struct bytes body = draw_bytes(in, draw(in));
	record[4] = (uint8_t)body.len;
	if (body.len > 0) memcpy(record + TLS_RECORD_HEADER, body.at, body.len);
	give((struct bytes){ record, TLS_RECORD_HEADER + body.len });
}

static void act(struct bytes *in)
{
	static const uint8_t change_cipher_spec[] = { TLS_CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1 };
	uint8_t how = draw(in);
	switch (how & 15) {
	case 0: give(draw_bytes(in, draw(in))); break;
	case 1: { enum tls_content type = (enum tls_content)(20 + draw(in) % 5); give_record(type, draw_bytes(in, draw(in))); break; }
	case 11: give((struct bytes){ change_cipher_spec, sizeof change_cipher_spec }); break; /* never sealed */
	case 13: give_unreadable(in); break;
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
	static const uint16_t p256[] = { CRYPT_SECP256R1 };
	static const struct tls_psk psk = { { (const uint8_t *)"me", 2 }, { psk_key, 32 }, CRYPT_SHA256 };
	*c = two_config();
	c->identities = &world.by_kind[CRYPT_KEY_ED25519].identity, c->identities_count = 1;
	c->client_auth = (enum tls_client_auth)(how % 3);
	if (how & 4) c->alpn = alpn, c->alpn_count = 1, c->record_size_limit = 1000;
	if (!(how & 8)) c->tickets = world.tickets, c->early_data_max = 300;
	if (how & 16) c->sessions = world.server_sessions, c->psks = &psk, c->psks_count = 1;
	c->handshake_timeout_s = how & 32 ? 10 : 0;
	c->always_retry = how & 64;
	if (how & 128) c->server_preference = true, c->groups = p256, c->groups_count = 1;
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
	cookie_len = 0;
	set_config(&config, draw(&in));
	said = (struct tls_writer){ .at = message, .size = sizeof message };
	shadow = (struct tls){ .config = &config, .fragment_max = TLS_PLAINTEXT_MAX, .state = TLS_OPEN };
	bool accepted = tls_accept(&tested, now, &config);
	assert(accepted);
	look();
	while (in.len > 0) act(&in);
	shadow.handshake = NULL;
	tls_end(&shadow);
	tls_end(&tested);
	assert(world.handshakes.out == 0 && world.records.out == 0);
	return 0;
}
