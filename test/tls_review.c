/* SPDX-License-Identifier: ISC */
/* What a reader who looked for ways in has found: each would have connected, or kept a secret, where it should not. */
#include "tap.h"
#include "tls_two.h"

static struct two two;
static struct tls_config client, server;

static void set_up(void)
{
	client = server = two_config();
	server.identities = &world.by_kind[CRYPT_KEY_P256].identity, server.identities_count = 1;
	two_forget();
	client.sessions = world.client_sessions, server.tickets = world.tickets;
}

static bool visit(void)
{
	two_start(&two, &client, &server);
	return two_shake(&two) && two_say(&two, &two.client, &two.server, "ping") && two_say(&two, &two.server, &two.client, "pong");
}

/* RFC 8446, D.3: a client that has sent early data takes no TLS 1.2 after it; what it sent would be lost without a word. */
static void early_data_and_then_an_older_version(void)
{
	set_up();
	client.early_data_max = server.early_data_max = 100;
	CHECK(visit());
	two_end(&two);
	server.version_max = TLS_1_2;
	two_start(&two, &client, &server);
	CHECK(tls_may_send_early(&two.client));
	CHECK_EQ(tls_send(&two.client, two.now, bytes_of("hello")), 5);
	CHECK(!two_shake(&two));
	CHECK_EQ(two.client.failure.alert, TLS_PROTOCOL_VERSION);
	CHECK(!two.client.failure.from_peer);
	CHECK(!tls_may_send_early(&two.client));
	two_end(&two);
}

/* A session with somebody whose certificate nobody looked at is no proof to a client that wants one. */
static void an_unchecked_session(unsigned version)
{
	set_up();
	client.version_max = version;
	client.trust = NULL, client.trust_anyone = true;
	CHECK(visit());
	two_end(&two);
	CHECK(visit() && two.client.resumed); /* who does not ask may go on */
	two_end(&two);
	client.trust_anyone = false;
	CHECK(!visit());
	CHECK_EQ(two.client.failure.alert, TLS_UNKNOWN_CA);
	two_end(&two);
}

static void an_unchecked_session_13(void) { an_unchecked_session(TLS_1_3); }
static void an_unchecked_session_12(void) { an_unchecked_session(TLS_1_2); }

/* The same for a server: a ticket that says "the client has shown a certificate" does not say that it was a good one. */
static void an_unchecked_client(unsigned version)
{
	set_up();
	client.version_max = version;
	client.identities = server.identities, client.identities_count = 1;
	server.client_auth = TLS_REQUIRE_CLIENT;
	server.trust = NULL, server.trust_anyone = true;
	CHECK(visit());
	two_end(&two);
	CHECK(visit() && two.server.resumed && two.server.client_authenticated);
	two_end(&two);
	server.trust_anyone = false;
	CHECK(!visit());
	CHECK(!two.server.resumed);
	CHECK_EQ(two.server.failure.alert, TLS_UNKNOWN_CA);
	two_end(&two);
}

static void an_unchecked_client_13(void) { an_unchecked_client(TLS_1_3); }
static void an_unchecked_client_12(void) { an_unchecked_client(TLS_1_2); }

/* The mark outlives a file. */
static void an_unchecked_session_in_a_file(void)
{
	uint8_t file[TLS_SESSION_FILE_MAX];
	struct tls_session s = { .version = TLS_1_3, .secret_len = 32, .unverified = true }, back;
	size_t len = tls_session_write(&s, (struct room){ file, sizeof file });
	CHECK(len > 0 && tls_session_read((struct bytes){ file, len }, &back));
	CHECK(back.unverified);
}

/* A certificate without names is for no name, whoever shows it. */
static void no_names_match_no_name(void)
{
	uint8_t der[TWO_DER_MAX];
	char words[200];
	struct text why = text_in(words, sizeof words);
	size_t len = issue_certificate(world.crypt, &(struct issue){ .common_name = TWO_NAME, .both_purposes = true,
		.key = world.by_kind[CRYPT_KEY_P256].key, .issuer_key = world.root_key, .issuer_der = { world.root, world.root_len },
		.not_before = TWO_DATE - 86400, .not_after = TWO_DATE + 86400 }, (struct room){ der, sizeof der }, &why);
	struct bytes chain = { der, len };
	struct ip ip;
	struct x509_answer answer;
	struct x509_ask ask = { .chain = &chain, .count = 1, .peer = X509_CLIENT, .date = TWO_DATE };

	CHECK(len > 0 && x509_verify(world.trust, &ask, &answer));
	ask.name = TWO_NAME;
	CHECK(!x509_verify(world.trust, &ask, &answer));
	CHECK_EQ(answer.why, X509_WRONG_NAME);
	CHECK(ip_parse("10.0.0.1", &ip));
	ask.name = NULL, ask.ip = &ip;
	CHECK(!x509_verify(world.trust, &ask, &answer));
	CHECK_EQ(answer.why, X509_WRONG_NAME);
}

static bool is_wiped(const struct crypt_share *s)
{
	static const struct crypt_share none;
	return memcmp(s->private_key, none.private_key, sizeof s->private_key) == 0 && s->state == NULL;
}

/* The block that stays for the peer's chain keeps no private key: whoever reads the memory later must not read the connection. */
static void no_private_share_stays(void)
{
	set_up();
	server.version_max = TLS_1_2;
	server.groups = (const uint16_t[]){ CRYPT_SECP256R1 }, server.groups_count = 1;
	client.keep_peer_chain = server.keep_peer_chain = true;
	CHECK(visit());
	for (size_t i = 0; i < COUNT(two.server.handshake->shares); i++)
		CHECK(is_wiped(&two.server.handshake->shares[i]) && is_wiped(&two.client.handshake->shares[i]));
	two_end(&two);
}

int main(void)
{
	two_open(7, 1 << CRYPT_KEY_P256);
	TEST(early_data_and_then_an_older_version);
	TEST(an_unchecked_session_13);
	TEST(an_unchecked_session_12);
	TEST(an_unchecked_client_13);
	TEST(an_unchecked_client_12);
	TEST(an_unchecked_session_in_a_file);
	TEST(no_names_match_no_name);
	TEST(no_private_share_stays);
	two_free(&two);
	two_close();
	return tap_end();
}
