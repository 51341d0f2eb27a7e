/* SPDX-License-Identifier: ISC */
/* X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem): its shares, and handshakes by it. Where libcrypto has no ML-KEM, that it is neither
 * offered nor taken, that the words say why, and that all goes on without it.
 */
#include "tap.h"
#include "tls_two.h"

enum { EK = 1184, SEALED = 1088, POINT = 32, CLIENT_SHARE = EK + POINT, SERVER_SHARE = SEALED + POINT, SEED = 64 };

static struct two two;
static struct tls_config client, server;
static bool known;

/* --- shares --- */

struct shares { uint8_t client[CRYPT_PUBLIC_MAX], server[CRYPT_PUBLIC_MAX], theirs[CRYPT_SECRET_MAX], ours[CRYPT_SECRET_MAX]; };

static bool agree(struct shares *out, uint64_t seed)
{
	struct crypt_share s;
	struct rng rng;
	size_t n;

	rng_init_number(&rng, seed);
	if (crypt_share_make(&s, world.crypt, CRYPT_X25519MLKEM768, &rng, out->client) != CLIENT_SHARE) return false;
	size_t theirs = crypt_share_answer(world.crypt, CRYPT_X25519MLKEM768, &rng, (struct bytes){ out->client, CLIENT_SHARE }, out->server,
	                                   &n, out->theirs);
	size_t ours = crypt_share_finish(&s, (struct bytes){ out->server, n }, out->ours);
	crypt_share_end(&s);
	return n == SERVER_SHARE && theirs == CRYPT_SECRET_MAX && ours == theirs && memcmp(out->ours, out->theirs, ours) == 0;
}

/* What is ML-KEM's stands first, in both shares and in the secret; what follows is an X25519 of its own. */
static void the_parts_stand_in_order(void)
{
	static struct shares once, again, other;
	uint8_t mlkem_seed[SEED], point[CRYPT_PUBLIC_MAX], secret[CRYPT_SECRET_MAX];
	struct crypt_share x25519;
	struct rng rng;

	if (!known) return;
	CHECK(agree(&once, 1) && agree(&again, 1) && agree(&other, 2));
	CHECK(memcmp(&once, &again, sizeof once) == 0); /* the same seed, the same bytes: encapsulation draws from it, too */
	CHECK(memcmp(once.client, other.client, EK) != 0 && memcmp(once.server, other.server, SEALED) != 0);
	CHECK(memcmp(once.ours, other.ours, 32) != 0 && memcmp(once.ours + 32, other.ours + 32, 32) != 0);
	rng_init_number(&rng, 1);
	rng_fill(&rng, (struct room){ mlkem_seed, sizeof mlkem_seed });
	CHECK_EQ(crypt_share_make(&x25519, world.crypt, CRYPT_X25519, &rng, point), POINT);
	CHECK(memcmp(once.client + EK, point, POINT) == 0);
	CHECK_EQ(crypt_share_finish(&x25519, (struct bytes){ once.server + SEALED, POINT }, secret), POINT);
	CHECK(memcmp(once.ours + 32, secret, POINT) == 0);
	crypt_share_end(&x25519);
}

static size_t answer(const uint8_t *share, size_t len)
{
	uint8_t out[CRYPT_PUBLIC_MAX], secret[CRYPT_SECRET_MAX];
	size_t n;
	return crypt_share_answer(world.crypt, CRYPT_X25519MLKEM768, &world.rng, (struct bytes){ share, len }, out, &n, secret);
}

/* Of a key to encapsulate to, each number is below 3329 (FIPS 203, 7.2). */
static void bad_shares_are_refused_by_a_server(void)
{
	static struct shares s;
	uint8_t bad[CLIENT_SHARE + 1] = { 0 };

	if (!known) return;
	CHECK(agree(&s, 3) && answer(s.client, CLIENT_SHARE) == CRYPT_SECRET_MAX);
	for (size_t len = 0; len <= sizeof bad; len += len == 0 || len >= CLIENT_SHARE - 1 ? 1 : EK - 1)
		CHECK(len == CLIENT_SHARE || answer(bad, len) == 0);
	memcpy(bad, s.client, CLIENT_SHARE);
	bad[0] = bad[1] = 0xff;
	CHECK(answer(bad, CLIENT_SHARE) == 0);
	memcpy(bad, s.client, EK);
	memset(bad + EK, 0, POINT); /* of small order: the secret would be all zeroes */
	CHECK(answer(bad, CLIENT_SHARE) == 0);
}

/* ML-KEM does not refuse what was sealed badly: it makes another secret of it (FIPS 203, 6.3). */
static void bad_shares_are_refused_by_a_client(void)
{
	static struct shares s;
	uint8_t mine[CRYPT_PUBLIC_MAX], theirs[CRYPT_PUBLIC_MAX], a[CRYPT_SECRET_MAX], b[CRYPT_SECRET_MAX];
	struct crypt_share share;
	size_t n;

	if (!known) return;
	CHECK(agree(&s, 4));
	size_t len = crypt_share_make(&share, world.crypt, CRYPT_X25519MLKEM768, &world.rng, mine);
	CHECK(crypt_share_answer(world.crypt, CRYPT_X25519MLKEM768, &world.rng, (struct bytes){ mine, len }, theirs, &n, a) > 0);
	CHECK(crypt_share_finish(&share, (struct bytes){ theirs, n - 1 }, b) == 0);
	CHECK(crypt_share_finish(&share, (struct bytes){ theirs, SEALED }, b) == 0);
	theirs[5] ^= 1;
	CHECK_EQ(crypt_share_finish(&share, (struct bytes){ theirs, n }, b), CRYPT_SECRET_MAX);
	CHECK(memcmp(a, b, 32) != 0 && memcmp(a + 32, b + 32, 32) == 0);
	memset(theirs + SEALED, 0, POINT);
	CHECK(crypt_share_finish(&share, (struct bytes){ theirs, n }, b) == 0);
	crypt_share_end(&share);
}

/* --- handshakes --- */

#define GROUPS(config, ...) do { \
	static const uint16_t list[] = { __VA_ARGS__ }; \
	(config).groups = list, (config).groups_count = COUNT(list); \
} while (0)

static void set_up(void)
{
	client = server = two_config();
	server.identities = &world.by_kind[CRYPT_KEY_P256].identity, server.identities_count = 1;
	two_forget();
}

static bool shake(void)
{
	two_start(&two, &client, &server);
	return two_shake(&two);
}

/* How the last good one went; the machines are over by then. */
static struct { bool retried, resumed; unsigned version; } went;

static bool good(unsigned group)
{
	bool so = shake() && two.client.group == group && two.server.group == group &&
	          two_say(&two, &two.client, &two.server, "ping") && two_say(&two, &two.server, &two.client, "pong");
	if (!so) printf("# client: %s; server: %s\n", two_words(&two.client), two_words(&two.server));
	went.retried = two.client.retried && two.server.retried, went.resumed = two.client.resumed && two.server.resumed;
	went.version = two.server.version;
	two_end(&two);
	return so;
}

/* Without being told, both take it where they can; it does not fit into one segment, nor here into one record. */
static void it_is_the_first_choice(void)
{
	unsigned best = known ? CRYPT_X25519MLKEM768 : CRYPT_X25519;
	struct rng cut;

	set_up();
	CHECK(good(best) && !went.retried);
	CHECK(known == (two.up.sent > CLIENT_SHARE));
	rng_init_number(&cut, 5);
	two.cut = &cut;
	for (unsigned bytes = 100; bytes < 1600; bytes += 300) {
		client.fragment_max = server.fragment_max = bytes;
		CHECK(good(best));
	}
	two.cut = NULL;
	set_up();
	client.sessions = world.client_sessions, server.tickets = world.tickets;
	CHECK(good(best) && !went.resumed);
	CHECK(good(best) && went.resumed);
}

static void retries_to_it_and_from_it(void)
{
	if (!known) return;
	set_up();
	client.sessions = world.client_sessions, server.tickets = world.tickets;
	GROUPS(client, CRYPT_X25519, CRYPT_X25519MLKEM768);
	GROUPS(server, CRYPT_X25519MLKEM768);
	CHECK(good(CRYPT_X25519MLKEM768) && went.retried && !went.resumed);
	CHECK(good(CRYPT_X25519MLKEM768) && went.retried && went.resumed);
	server.always_retry = true;
	CHECK(good(CRYPT_X25519MLKEM768) && went.retried);
	GROUPS(client, CRYPT_X25519MLKEM768);
	CHECK(good(CRYPT_X25519MLKEM768) && went.retried); /* for the cookie alone: the same share comes again */
	server.always_retry = false;
	CHECK(good(CRYPT_X25519MLKEM768) && !went.retried);
	GROUPS(client, CRYPT_X25519MLKEM768, CRYPT_X25519, CRYPT_SECP384R1);
	GROUPS(server, CRYPT_SECP384R1);
	CHECK(good(CRYPT_SECP384R1) && went.retried);
	GROUPS(server, CRYPT_X25519);
	CHECK(good(CRYPT_X25519) && !went.retried); /* beside the hybrid's, the next group's share is there */
}

/* --- where it has no place --- */

static bool hello_lists(unsigned group)
{
	struct tls_client_hello hello;
	struct tls_fault fault;
	struct tls tls;
	struct tls_record r;

	if (!tls_connect(&tls, 0, &client, TWO_NAME)) two_give_up("no block for a handshake");
	struct bytes out = tls_output(&tls, 0);
	tls_parse_record(out.at, &r);
	bool read = tls_parse_client_hello((struct bytes){ out.at + TLS_RECORD_HEADER + TLS_MESSAGE_HEADER, r.length - TLS_MESSAGE_HEADER },
	                                   &hello, &fault);
	bool lists = read && tls_has_u16(hello.groups, group);
	tls_end(&tls);
	return lists;
}

static void tls_1_2_does_not_know_it(void)
{
	set_up();
	CHECK(hello_lists(CRYPT_X25519MLKEM768) == known && hello_lists(CRYPT_X25519));
	client.version_max = TLS_1_2;
	CHECK(!hello_lists(CRYPT_X25519MLKEM768) && hello_lists(CRYPT_X25519));
	CHECK(good(CRYPT_X25519));
	GROUPS(client, CRYPT_X25519MLKEM768, CRYPT_SECP384R1);
	CHECK(!hello_lists(CRYPT_X25519MLKEM768) && hello_lists(CRYPT_SECP384R1));
	CHECK(good(CRYPT_SECP384R1) && went.version == TLS_1_2);
	client.version_max = 0, server.version_max = TLS_1_2;
	CHECK(hello_lists(CRYPT_X25519MLKEM768) == known);
	CHECK(good(CRYPT_SECP384R1) && went.version == TLS_1_2);
	server.server_preference = true;
	CHECK(good(CRYPT_SECP384R1));
	if (!known) return;
	GROUPS(client, CRYPT_X25519MLKEM768);
	CHECK(!shake() && strcmp(two_words(&two.server), "no group of TLS 1.2 in common") == 0);
	two_end(&two);
}

static void without_mlkem_the_words_say_why(void)
{
	const char *why = crypt_group_why_not(world.crypt, CRYPT_X25519MLKEM768);

	if (known) {
		CHECK(why == NULL);
		return;
	}
	CHECK_STR(why, "X25519MLKEM768 needs ML-KEM, which libcrypto has from 3.5 on");
	set_up();
	GROUPS(client, CRYPT_X25519MLKEM768, CRYPT_X25519);
	CHECK(!hello_lists(CRYPT_X25519MLKEM768) && good(CRYPT_X25519));
	GROUPS(server, CRYPT_X25519MLKEM768);
	CHECK(!shake() && tls_failure(&two.server)->alert == TLS_HANDSHAKE_FAILURE);
	two_end(&two);
}

int main(void)
{
	two_open(1, 1u << CRYPT_KEY_P256);
	known = crypt_group_known(world.crypt, CRYPT_X25519MLKEM768);
	printf("# libcrypto has %sML-KEM\n", known ? "" : "no ");
	TEST(the_parts_stand_in_order);
	TEST(bad_shares_are_refused_by_a_server);
	TEST(bad_shares_are_refused_by_a_client);
	TEST(it_is_the_first_choice);
	TEST(retries_to_it_and_from_it);
	TEST(tls_1_2_does_not_know_it);
	TEST(without_mlkem_the_words_say_why);
	two_free(&two);
	two_close();
	return tap_end();
}
