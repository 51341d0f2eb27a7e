/* SPDX-License-Identifier: ISC */
/* Two TLS machines, joined over a wire that splits and merges, by seed: whatever is configured and however it is cut, the bytes
 * arrive whole and in order. Then the wire is cut off at each place, and each of its bytes is changed: never unnoticed.
 *
 * `test_tls_pair SEED` runs one seed and says what it was about; `test_tls_pair FIRST LAST` those from the first to the last. */
#include "base/hash.h"
#include "tap.h"
#include "tls_two.h"

enum { SEEDS = 250, STREAM_MAX = 60000 };

static struct two two;
static struct tls_config client, server;

/* ---- what is configured, by seed ---- */

static const uint16_t suites13[] = { TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 };
static const uint16_t suites12[2][3] = {
	{ TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 },
	{ TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 },
};
static const uint16_t groups[] = { CRYPT_X25519, CRYPT_SECP256R1, CRYPT_SECP384R1, CRYPT_X25519MLKEM768 };
static const char *const protocols[] = { "h2", "http/1.1" };
static const struct tls_psk external = { { (const uint8_t *)"pair", 4 }, { (const uint8_t *)"0123456789abcdef0123456789abcdef", 32 },
                                         CRYPT_SHA256 };

static struct plan {
	bool v13, tickets, ids, psk, early, retry, group_differs, starved;
	enum crypt_key_kind kind, client_kind;
	uint16_t suite, client_groups[2], server_groups[2];
	size_t up_bytes, down_bytes;
} plan;

static bool half(struct rng *r) { return rng_below(r, 2) == 0; }
static bool one_in(struct rng *r, unsigned n) { return rng_below(r, n) == 0; }

static void choose_groups(struct rng *r)
{
	unsigned known = crypt_group_known(world.crypt, CRYPT_X25519MLKEM768) ? 4 : 3;
	unsigned first = (unsigned)rng_below(r, plan.v13 ? known : 3), other = (first + 1) % 3;
	plan.group_differs = one_in(r, 3); /* in 1.3: a HelloRetryRequest */
	plan.client_groups[0] = groups[first], plan.client_groups[1] = groups[other];
	plan.server_groups[0] = groups[plan.group_differs ? other : first];
	client.groups = plan.client_groups, client.groups_count = 2;
	server.groups = plan.server_groups, server.groups_count = 1;
}

static void choose_manners(struct rng *r)
{
	struct tls_config *both[] = { &client, &server };
	for (size_t i = 0; i < 2; i++) {
		struct tls_config *c = both[i];
		if (one_in(r, 4)) c->record_size_limit = 64 + (unsigned)rng_below(r, 16300);
		if (one_in(r, 4)) c->fragment_max = 1 + (unsigned)rng_below(r, 3000);
		if (one_in(r, 5)) c->padding_to = 1 + (unsigned)rng_below(r, 300);
		if (one_in(r, 4)) c->key_update_after = 1 + rng_below(r, 20);
		c->no_grease = half(r);
		c->no_middlebox_compatibility = one_in(r, 3);
		c->packings = (unsigned)rng_below(r, 16) & ~1u;
		if (half(r)) c->alpn = protocols, c->alpn_count = 2;
		c->server_preference = half(r);
	}
	client.ask_ocsp = half(r);
}

static void choose_certificates(struct rng *r)
{
	plan.kind = (enum crypt_key_kind)rng_below(r, CRYPT_KEY_KINDS);
	plan.client_kind = (enum crypt_key_kind)rng_below(r, CRYPT_KEY_KINDS);
	server.identities = &world.by_kind[plan.kind].identity, server.identities_count = 1;
	server.client_auth = (enum tls_client_auth)rng_below(r, 3);
	if (server.client_auth != TLS_REQUIRE_CLIENT && half(r)) return;
	client.identities = &world.by_kind[plan.client_kind].identity, client.identities_count = 1;
}

static void choose_resumption(struct rng *r)
{
	plan.tickets = half(r), plan.ids = half(r), plan.psk = plan.v13 && one_in(r, 5);
	plan.early = plan.v13 && plan.tickets && half(r);
	plan.retry = plan.v13 && one_in(r, 5);
	if (plan.tickets) server.tickets = world.tickets;
	if (plan.ids) server.sessions = world.server_sessions;
	client.sessions = world.client_sessions;
	if (plan.psk) client.psks = server.psks = &external, client.psks_count = server.psks_count = 1;
	if (plan.early) client.early_data_max = server.early_data_max = 1 + (uint32_t)rng_below(r, 20000);
	server.always_retry = plan.retry;
}

static void choose(struct rng *r)
{
	client = server = two_config();
	plan = (struct plan){ .v13 = half(r) };
	unsigned one = (unsigned)rng_below(r, 3);
	choose_certificates(r);
	bool ecdsa = plan.kind != CRYPT_KEY_RSA && plan.kind != CRYPT_KEY_RSA_PSS;
	plan.suite = plan.v13 ? suites13[one] : suites12[ecdsa][one];
	(half(r) ? &client : &server)->version_max = plan.v13 ? TLS_1_3 : TLS_1_2;
	(half(r) ? &client : &server)->version_min = plan.v13 ? TLS_1_3 : TLS_1_2;
	if (!plan.v13) client.version_max = server.version_max = TLS_1_2;
	client.suites = &plan.suite, client.suites_count = 1;
	choose_groups(r);
	choose_manners(r);
	choose_resumption(r);
	plan.starved = one_in(r, 5);
	plan.up_bytes = one_in(r, 4) ? 0 : rng_below(r, STREAM_MAX), plan.down_bytes = one_in(r, 4) ? 0 : rng_below(r, STREAM_MAX);
}

/* ---- one conversation ---- */

struct stream { /* from one program to the other; its bytes are known by their place */
	size_t total, sent, got;
	uint8_t salt;
	bool finished;
};
static struct stream up, down;
static bool early_refused;

static uint8_t byte_at(const struct stream *s, size_t i) { return (uint8_t)(s->salt + i * 7 + (i >> 8) * 13); }

static void send_some(struct rng *r, struct tls *t, struct stream *s)
{
	uint8_t bytes[4000];
	size_t n = size_min(s->total - s->sent, 1 + rng_below(r, one_in(r, 4) ? sizeof bytes : 200));
	for (size_t i = 0; i < n; i++) bytes[i] = byte_at(s, s->sent + i);
	size_t taken = n > 0 ? tls_send(t, two.now, (struct bytes){ bytes, n }) : 0;
	assert(taken <= n);
	s->sent += taken;
	if (s->sent == s->total && !s->finished && tls_is_connected(t) && one_in(r, 3)) {
		tls_finish(t, two.now);
		s->finished = true;
	}
}

static bool take_some(struct rng *r, struct tls *t, struct stream *s)
{
	struct bytes plain = tls_peek(t);
	size_t n = one_in(r, 3) ? plain.len : size_min(plain.len, rng_below(r, 3000));
	for (size_t i = 0; i < n; i++)
		if (s->got + i >= s->total || plain.at[i] != byte_at(s, s->got + i)) return false;
	s->got += n;
	tls_take(t, n);
	return true;
}

/* Early data that was refused is sent again from its start. */
static void again_if_refused(void)
{
	if (!(two.client_news & TLS_EARLY_REFUSED)) return;
	up.sent = 0;
	two.client_news &= ~(unsigned)TLS_EARLY_REFUSED;
	early_refused = true;
}

/* Somebody else has most of the blocks now and then: the machines wait. */
static void *held[TWO_RECORDS];
static size_t held_count;

static void hold_blocks(struct rng *r)
{
	size_t wanted = rng_below(r, COUNT(held) + 1);
	void *block;
	while (held_count > wanted) pool_give(&world.records, held[--held_count]);
	while (held_count < wanted && (block = pool_take(&world.records)) != NULL) held[held_count++] = block;
}

static void release_blocks(void)
{
	while (held_count > 0) pool_give(&world.records, held[--held_count]);
}

static const char *failures(void)
{
	static char words[2 * TLS_WORDS_MAX + 40];
	snprintf(words, sizeof words, "client: %s; server: %s", two_words(&two.client), two_words(&two.server));
	return words;
}

static const char *converse(struct rng *r)
{
	up = (struct stream){ .total = plan.up_bytes, .salt = 1 }, down = (struct stream){ .total = plan.down_bytes, .salt = 100 };
	early_refused = false;
	two_start(&two, &client, &server);
	held_count = 0;
	for (unsigned turns = 0, still = 0; still < 200; turns++) {
		assert(turns < 4000000);
		bool moved = false;
		if (plan.starved && one_in(r, 20)) hold_blocks(r);
		switch (rng_below(r, 8)) {
		case 0: moved = two_carry_out(&two, &two.client, &two.up); break;
		case 1: moved = two_carry_in(&two, &two.server, &two.up); break;
		case 2: moved = two_carry_out(&two, &two.server, &two.down); break;
		case 3: moved = two_carry_in(&two, &two.client, &two.down); break;
		case 4:
			again_if_refused();
			if (tls_is_connected(&two.client) || tls_may_send_early(&two.client)) send_some(r, &two.client, &up);
			break;
		case 5: if (tls_is_connected(&two.server)) send_some(r, &two.server, &down); break;
		case 6: if (one_in(r, 50)) tls_update_keys(half(r) ? &two.client : &two.server, two.now, half(r)); break;
		default:
			if (!take_some(r, &two.server, &up) || !take_some(r, &two.client, &down)) return "wrong bytes";
		}
		two.now += (instant)rng_below(r, 3) * MILLISECOND;
		two.client_news |= tls_news(&two.client), two.server_news |= tls_news(&two.server);
		if (tls_failure(&two.client) || tls_failure(&two.server)) return failures();
		bool done = two.client_news & TLS_DONE && two.server_news & TLS_DONE;
		bool said = tls_is_connected(&two.client) && tls_is_connected(&two.server) && up.finished && down.finished;
		still = moved && !done ? 0 : still + (done ? 20 : said);
		if (turns > 3000000) return "it never ends";
	}
	if (up.got != up.total || down.got != down.total) return "bytes are missing";
	if (!(two.server_news & two.client_news & TLS_EOF)) return "close_notify did not arrive";
	return NULL;
}

static const char *as_planned(bool second)
{
	const struct tls *c = &two.client, *s = &two.server;
	bool may_resume = second && (plan.tickets || (plan.ids && !plan.v13));
	if (c->version != (plan.v13 ? TLS_1_3 : TLS_1_2) || s->version != c->version) return "another version";
	if (c->suite != plan.suite || s->suite != plan.suite) return "another suite";
	if (c->resumed != s->resumed) return "one of them thinks it is resumed";
	if (c->resumed && !may_resume && !plan.psk) return "resumed without a ticket";
	if (server.client_auth == TLS_REQUIRE_CLIENT && !s->client_authenticated && !plan.psk) return "the client was not authenticated";
	if (strcmp(c->alpn, s->alpn) != 0) return "another ALPN";
	return NULL;
}

/* Two connections, so that the second can resume the first; a hash of all that crossed the wire. */
static unsigned resumed_count, retried_count, early_count, refused_count, starved_count;

static const char *run(uint64_t seed, uint64_t *wire_bytes)
{
	struct rng r;
	const char *wrong = NULL;
	rng_init_number(&world.rng, seed * 2 + 1); /* what the machines draw */
	rng_init_number(&r, seed * 2);
	two_fresh_keys();
	two_forget();
	choose(&r);
	two.cut = &r;
	two.now = 0;
	for (unsigned i = 0; i < 2 && wrong == NULL; i++) {
		wrong = converse(&r);
		if (wrong == NULL) wrong = as_planned(i == 1);
		*wire_bytes = *wire_bytes * 31 + two.up.sent * 3 + two.down.sent + two.client.records_out + load_be64(two.client.exporter_secret);
		resumed_count += two.client.resumed, retried_count += two.client.retried, early_count += two.server.early_accepted;
		refused_count += early_refused, starved_count += ((two.client_news | two.server_news) & TLS_STARVED) != 0;
		release_blocks();
		two_end(&two);
		assert(world.handshakes.out == 0 && world.records.out == 0);
		two.now += SECOND;
	}
	two.cut = NULL;
	return wrong;
}

static void describe(uint64_t seed, const char *wrong)
{
	printf("# seed %" PRIu64 ": %s; %s, %s, %s, client auth %u%s%s%s%s%s%s%s, %zu bytes up, %zu down\n", seed, wrong ? wrong : "well",
	       plan.v13 ? "1.3" : "1.2", tls_suite_name(plan.suite), crypt_key_kind_name(plan.kind), (unsigned)server.client_auth,
	       plan.tickets ? ", tickets" : "", plan.ids ? ", ids" : "", plan.psk ? ", psk" : "", plan.early ? ", early" : "",
	       plan.retry ? ", cookie" : "", plan.group_differs ? ", another group" : "", plan.starved ? ", starved" : "", plan.up_bytes, plan.down_bytes);
}

static uint64_t first_seed = 1, last_seed = SEEDS;

static void any_configuration_over_any_wire(void)
{
	for (uint64_t seed = first_seed; seed <= last_seed; seed++) {
		uint64_t once = 0, twice = 0;
		const char *wrong = run(seed, &once);
		if (wrong != NULL || first_seed == last_seed) describe(seed, wrong);
		CHECK(wrong == NULL);
		if (seed % 5 != 0) continue;
		CHECK(run(seed, &twice) == NULL); /* the same again */
		CHECK(once == twice);
	}
	if (first_seed == last_seed) return;
	printf("# %u resumed, %u retried, %u with early data, %u with early data refused, %u starved\n", resumed_count,
	       retried_count, early_count, refused_count, starved_count);
	CHECK(resumed_count > SEEDS / 5 && retried_count > SEEDS / 5 && early_count > SEEDS / 50);
	CHECK(refused_count > 0 && starved_count > SEEDS / 10);
}

/* ---- cut off, and changed ---- */

enum shape { FULL13, RESUMED13, RETRIED13, FULL12, RESUMED12, SHAPES };
static struct tls_sessions *kept_sessions; /* unused room is cheap: the session is put back before each run */
static struct tls_session kept;

static void set_shape(enum shape shape)
{
	static const uint16_t first[] = { CRYPT_X25519, CRYPT_SECP256R1 }, second[] = { CRYPT_SECP256R1 };
	client = server = two_config();
	if (shape == FULL12 || shape == RESUMED12) client.version_max = server.version_max = TLS_1_2;
	server.identities = &world.by_kind[CRYPT_KEY_ED25519].identity, server.identities_count = 1;
	server.tickets = world.tickets;
	client.groups = first, client.groups_count = 2;
	if (shape == RETRIED13) server.groups = second, server.groups_count = 1;
	if (shape == FULL13 || shape == FULL12) {
		client.identities = server.identities, client.identities_count = 1;
		server.client_auth = TLS_ASK_CLIENT;
	}
	client.sessions = shape == RESUMED13 || shape == RESUMED12 ? world.client_sessions : NULL;
}

/* For the resumed shapes: one connection before, whose session is put back before each that follows. */
static bool prepare(enum shape shape)
{
	kept_sessions = NULL;
	two_forget();
	set_shape(shape);
	two.now = 0;
	if (client.sessions == NULL) return true;
	two_start(&two, &client, &server);
	bool shaken = two_shake(&two) && tls_sessions_take(client.sessions, bytes_of(TWO_NAME), TWO_DATE * 1000, &kept);
	two_end(&two);
	kept_sessions = client.sessions;
	return shaken;
}

static void again(void)
{
	rng_init_number(&world.rng, 77);
	if (kept_sessions != NULL) {
		tls_sessions_forget(kept_sessions, bytes_of(TWO_NAME));
		tls_sessions_put(kept_sessions, bytes_of(TWO_NAME), &kept);
	}
	two_start(&two, &client, &server);
}

static const char hello[] = "what is said by the client", answer[] = "what is answered by the server";

struct meddle { bool on_up; size_t at; uint8_t flip; bool cut; }; /* at the byte `at` of one direction: flip bits, or end it */

static bool carry(const struct meddle *m, bool is_up)
{
	struct tls *from = is_up ? &two.client : &two.server, *to = is_up ? &two.server : &two.client;
	struct two_wire *wire = is_up ? &two.up : &two.down;
	size_t before = wire->sent;

	bool moved = two_carry_out(&two, from, wire);
	if (m != NULL && m->on_up == is_up && m->at >= before && m->at < wire->sent) {
		size_t place = wire->len - (wire->sent - m->at);
		if (m->cut) wire->len = place, wire->ended = true;
		else wire->at[place] ^= m->flip;
	}
	if (m != NULL && m->cut && m->on_up == is_up && m->at < before) wire->len = 0;
	return two_carry_in(&two, to, wire) || moved;
}

struct outcome {
	bool client_eof, server_eof, wrong_bytes, client_failed, server_failed, client_truncated, server_truncated;
	size_t up, down;
};

static void program(struct tls *t, const char *says, const char *hears, bool *said, size_t *got, bool *wrong, unsigned *news)
{
	*news |= tls_news(t);
	if (tls_is_connected(t) && !*said) {
		assert(tls_send(t, two.now, bytes_of(says)) == strlen(says));
		tls_finish(t, two.now);
		*said = true;
	}
	struct bytes plain = tls_peek(t);
	struct bytes due = bytes_skip(bytes_of(hears), *got);
	if (plain.len > due.len || !bytes_equal(plain, bytes_first(due, plain.len))) *wrong = true, plain.len = 0;
	*got += plain.len;
	tls_take(t, tls_peek(t).len);
	*news |= tls_news(t);
}

/* Both say a few words and close; at the end of all movement, each direction of the wire ends. */
static struct outcome meddled(const struct meddle *m)
{
	struct outcome o = { 0 };
	bool client_said = false, server_said = false;

	again();
	for (bool moved = true; moved;) {
		moved = carry(m, true);
		moved |= carry(m, false);
		program(&two.client, hello, answer, &client_said, &o.down, &o.wrong_bytes, &two.client_news);
		program(&two.server, answer, hello, &server_said, &o.up, &o.wrong_bytes, &two.server_news);
	}
	tls_input_end(&two.client, two.now), tls_input_end(&two.server, two.now);
	o.client_eof = two.client_news & TLS_EOF, o.server_eof = two.server_news & TLS_EOF;
	const struct tls_failure *c = tls_failure(&two.client), *s = tls_failure(&two.server);
	o.client_failed = c != NULL, o.server_failed = s != NULL;
	o.client_truncated = c != NULL && c->truncated, o.server_truncated = s != NULL && s->truncated;
	return o;
}

static bool whole(const struct outcome *o)
{
	return o->client_eof && o->server_eof && !o->client_failed && !o->server_failed && !o->wrong_bytes && o->up > 0 && o->down > 0;
}

static void a_cut_stream_is_told_from_one_that_ended(void)
{
	for (enum shape shape = 0; shape < SHAPES; shape++) {
		CHECK(prepare(shape));
		struct outcome o = meddled(NULL);
		CHECK(whole(&o));
		CHECK_EQ(two.client.resumed, kept_sessions != NULL);
		size_t bytes[] = { two.down.sent, two.up.sent };
		two_end(&two);
		for (unsigned on_up = 0; on_up < 2; on_up++)
			for (size_t at = 0; at < bytes[on_up]; at += shape == RESUMED13 || shape == RESUMED12 ? 1 : 5) {
				o = meddled(&(struct meddle){ .on_up = on_up, .at = at, .cut = true });
				bool truncated = on_up ? o.server_truncated : o.client_truncated, eof = on_up ? o.server_eof : o.client_eof;
				two_end(&two);
				CHECK(!o.wrong_bytes && !eof && truncated);
			}
	}
}

/* The version in the header of a record without protection is not covered by anything, and RFC 8446, 5.1 wants it ignored. */
static bool may_pass(const struct meddle *m, const uint8_t *record_version)
{
	return record_version[m->at] != 0;
}

static void mark_versions(const uint8_t *bytes, size_t len, uint8_t *marks)
{
	for (size_t at = 0; at + 5 <= len; at += 5u + load_be16(bytes + at + 3)) marks[at + 1] = marks[at + 2] = 1;
}

/* All that crosses the wire in one direction. */
static size_t record_all(bool is_up, uint8_t *bytes, size_t max)
{
	size_t len = 0;
	bool said[2] = { false };
	size_t got[2] = { 0 };
	bool wrong = false;

	again();
	for (bool moved = true; moved;) {
		moved = false;
		for (unsigned turn = 0; turn < 2; turn++) {
			struct two_wire *wire = turn == 0 ? &two.up : &two.down;
			size_t before = wire->sent;
			moved |= two_carry_out(&two, turn == 0 ? &two.client : &two.server, wire);
			size_t fresh = wire->sent - before;
			if ((turn == 0) == is_up && len + fresh <= max) memcpy(bytes + len, wire->at + wire->len - fresh, fresh), len += fresh;
			moved |= two_carry_in(&two, turn == 0 ? &two.server : &two.client, wire);
		}
		program(&two.client, hello, answer, &said[0], &got[0], &wrong, &two.client_news);
		program(&two.server, answer, hello, &said[1], &got[1], &wrong, &two.server_news);
	}
	two_end(&two);
	return len;
}

static void a_changed_bit_is_always_found(void)
{
	static uint8_t bytes[20000], versions[20000];
	for (enum shape shape = 0; shape < SHAPES; shape++) {
		CHECK(prepare(shape));
		for (unsigned on_up = 0; on_up < 2; on_up++) {
			size_t len = record_all(on_up, bytes, sizeof bytes);
			memset(versions, 0, sizeof versions);
			mark_versions(bytes, len, versions);
			for (size_t at = 0; at < len; at += shape == RESUMED13 || shape == RESUMED12 ? 1 : 3) {
				struct meddle m = { .on_up = on_up, .at = at, .flip = (uint8_t)(1u << (at * 5 + 3) % 8) };
				struct outcome o = meddled(&m);
				bool found = o.client_failed || o.server_failed;
				if (o.wrong_bytes || (!found && !(may_pass(&m, versions) && whole(&o))))
					printf("# shape %u, %s, byte %zu of %zu, flip %02x: client %s; server %s\n", shape, on_up ? "up" : "down", at,
					       len, m.flip, two_words(&two.client), two_words(&two.server));
				two_end(&two);
				CHECK(!o.wrong_bytes);
				CHECK(found || (may_pass(&m, versions) && whole(&o)));
			}
		}
	}
}

/* ---- what seeds have found, by itself ---- */

static void shake_and_close(void)
{
	while (two_move(&two)) continue;
	tls_finish(&two.client, two.now), tls_finish(&two.server, two.now);
	while (two_move(&two)) continue;
}

static void early_data_knows_no_limit(void)
{
	static uint8_t bytes[1000];
	CHECK(prepare(RESUMED13));
	client.early_data_max = server.early_data_max = 5000;
	server.record_size_limit = client.record_size_limit = 64; /* the client hears of it when its early data is gone */
	two_start(&two, &client, &server);                        /* its ticket allows none yet */
	shake_and_close();
	two_end(&two);
	two_start(&two, &client, &server);
	CHECK_EQ(tls_send(&two.client, two.now, (struct bytes){ bytes, sizeof bytes }), sizeof bytes);
	for (bool moved = true; moved; moved = two_move(&two)) tls_take(&two.server, tls_peek(&two.server).len);
	CHECK(two.server.early_accepted && tls_is_connected(&two.client) && tls_is_connected(&two.server));
	two_end(&two);
}

/* The client has a block for half a message, as in a handshake; no change_cipher_spec goes before its alert all the same. */
static void closing_in_the_middle_of_a_ticket(void)
{
	CHECK(prepare(FULL13));
	server.fragment_max = 20;
	client.sessions = world.client_sessions;
	two_start(&two, &client, &server);
	for (unsigned i = 0; i < 10000 && !(tls_is_connected(&two.client) && two.client.handshake != NULL); i++) {
		two_carry_out(&two, &two.client, &two.up), two_carry_in(&two, &two.server, &two.up);
		two_carry_out(&two, &two.server, &two.down);
		size_t taken = tls_input(&two.client, two.now, (struct bytes){ two.down.at, size_min(two.down.len, 1) });
		memmove(two.down.at, two.down.at + taken, two.down.len -= taken);
	}
	CHECK(tls_is_connected(&two.client) && two.client.handshake != NULL && two.client.handshake->collected > 0);
	shake_and_close();
	CHECK(tls_failure(&two.server) == NULL && two.server_news & TLS_EOF);
	two_end(&two);
}

static void alerts_are_never_cut(void)
{
	for (unsigned version = TLS_1_2; version <= TLS_1_3; version++) {
		CHECK(prepare(version == TLS_1_2 ? FULL12 : FULL13));
		server.fragment_max = client.fragment_max = 1;
		two_start(&two, &client, &server);
		CHECK(two_shake(&two));
		shake_and_close();
		CHECK(two.client_news & two.server_news & TLS_DONE);
		two_end(&two);
	}
}

/* ---- wiped ---- */

static struct { uint8_t at[16]; const char *what; } secrets[64];
static size_t secrets_count;

static void note(const uint8_t *secret, const char *what)
{
	static const uint8_t nothing[16];
	if (memcmp(secret, nothing, 16) == 0 || secrets_count == COUNT(secrets)) return;
	memcpy(secrets[secrets_count].at, secret, 16);
	secrets[secrets_count++].what = what;
}

static void note_handshake(const struct tls_handshake *h)
{
	if (h == NULL) return;
	note(h->master_secret, "master_secret"), note(h->session.secret, "the resumed session's secret");
	note(h->client_handshake_secret, "client_handshake_secret"), note(h->server_handshake_secret, "server_handshake_secret");
	note(h->client_traffic_secret, "client_traffic_secret"), note(h->server_traffic_secret, "server_traffic_secret");
	note(h->master_secret12, "master_secret12"), note(h->shares[0].private_key, "a private key");
}

static void note_machine(const struct tls *t)
{
	note(t->in.secret, "the secret inwards"), note(t->out.secret, "the secret outwards"), note(t->exporter_secret, "exporter_secret");
	note(t->resumption_secret, "resumption_secret"), note(t->in.iv, "an iv and what follows"), note_handshake(t->handshake);
}

/* Which of them is in there, or NULL. */
static const char *found_in(const void *memory, size_t len)
{
	for (size_t i = 0; i < secrets_count; i++)
		for (const uint8_t *at = memory, *end = at + len - 16; at < end && (at = memchr(at, secrets[i].at[0], (size_t)(end - at))) != NULL; at++)
			if (memcmp(at, secrets[i].at, 16) == 0) return secrets[i].what;
	return NULL;
}

/* Byte by byte over the wire, so that every secret is seen while it lives. */
static void what_is_over_leaves_no_secret(void)
{
	size_t blocks = TWO_HANDSHAKES * tls_handshake_block_bytes() + TWO_RECORDS * TWO_BLOCK;
	for (enum shape shape = 0; shape < SHAPES; shape++) {
		CHECK(prepare(shape));
		memset(world.memory, 0, blocks); /* the pools' lists of what was given back go with it */
		world.handshakes.given_back = world.records.given_back = NULL;
		world.handshakes.fresh = world.records.fresh = 0;
		secrets_count = 0;
		again();
		for (bool moved = true; moved;) {
			moved = false;
			for (unsigned way = 0; way < 2; way++) {
				struct two_wire *wire = way == 0 ? &two.up : &two.down;
				struct tls *from = way == 0 ? &two.client : &two.server, *to = way == 0 ? &two.server : &two.client;
				while (two_carry_out(&two, from, wire)) moved = true;
				for (size_t i = 0; i < wire->len; i++) {
					CHECK_EQ(tls_input(to, two.now, (struct bytes){ wire->at + i, 1 }), 1);
					if (secrets_count < COUNT(secrets) / 2 && tls_output(to, two.now).len > 0) note_machine(to);
				}
				wire->len = 0;
			}
			note_machine(&two.client), note_machine(&two.server);
		}
		CHECK(tls_is_connected(&two.client) && tls_is_connected(&two.server) && secrets_count > 3);
		const char *what = found_in(world.memory, blocks); /* the handshake is over: its blocks are back */
		if (what != NULL) printf("# shape %u: %s is in a block that was given back\n", shape, what);
		CHECK(what == NULL);
		two_end(&two);
		what = found_in(&two, sizeof two);
		if (what != NULL) printf("# shape %u: %s is in a connection that was ended\n", shape, what);
		CHECK(what == NULL);
	}
}

int main(int argc, char **argv)
{
	two_open(1, ~0u);
	if (argc > 1) first_seed = last_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2) last_seed = strtoull(argv[2], NULL, 10);
	TEST(any_configuration_over_any_wire);
	if (argc == 1) {
		TEST(a_cut_stream_is_told_from_one_that_ended);
		TEST(a_changed_bit_is_always_found);
		TEST(what_is_over_leaves_no_secret);
		TEST(early_data_knows_no_limit);
		TEST(closing_in_the_middle_of_a_ticket);
		TEST(alerts_are_never_cut);
	}
	two_free(&two);
	two_close();
	return tap_end();
}
