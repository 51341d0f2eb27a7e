/* SPDX-License-Identifier: ISC */
/* Certificates in handshakes, both versions and both roles: each kind of wrong one has its alert and its sentence; identities are
 * chosen by name, key and signature scheme; compression; stapling. */
#include "tls_two.h"
#include "tap.h"

#include "pack/pack.h"

static struct two two;
static struct tls_config client, server;
static struct { uint8_t der[2048], ocsp[2048]; struct tls_identity identity; } made[4];
static size_t made_count;

static void set_up(unsigned version)
{
	static const enum crypt_key_kind kind = CRYPT_KEY_P256;
	made_count = 0;
	client = server = two_config();
	client.version_min = client.version_max = server.version_min = server.version_max = version;
	server.identities = &world.by_kind[kind].identity, server.identities_count = 1;
}

static const char *const this_name[] = { TWO_NAME };
static struct issue good_issue(void)
{
	return (struct issue){ .common_name = TWO_NAME, .names = this_name, .names_count = 1, .both_purposes = true,
		.key = world.by_kind[CRYPT_KEY_P256].key, .issuer_key = world.root_key, .issuer_der = { world.root, world.root_len },
		.not_before = TWO_DATE - 86400, .not_after = TWO_DATE + 86400 };
}

static const struct tls_identity *identity_of(const struct issue *i)
{
	char words[200];
	struct text why = text_in(words, sizeof words);
	size_t n = issue_certificate(world.crypt, i, (struct room){ made[made_count].der, sizeof made->der }, &why);
	if (n == 0) two_give_up(words);
	made[made_count].identity = (struct tls_identity){ .chain = { .der = { { made[made_count].der, n } }, .count = 1 }, .key = i->key };
	return &made[made_count++].identity;
}

static void staple(enum issue_status status)
{
	size_t n = issue_ocsp(world.crypt, &(struct issue_ocsp){ .certificate = made[0].identity.chain.der[0],
		.issuer_der = { world.root, world.root_len }, .key = world.root_key, .this_update = TWO_DATE - 60,
		.next_update = TWO_DATE + 600, .status = status, .revoked_at = TWO_DATE - 60 }, (struct room){ made[0].ocsp, sizeof made->ocsp });
	made[0].identity.ocsp = (struct bytes){ made[0].ocsp, n };
}

static unsigned signed_by; /* the server's scheme, and whether the client proved who it is, in the last handshake */
static bool client_proved;

static bool shake(void)
{
	two_start(&two, &client, &server);
	bool connected = two_shake(&two);
	signed_by = two.server.scheme, client_proved = two.server.client_authenticated;
	two_end(&two);
	return connected;
}

/* The one who fails says it with this alert and these words, and the other end hears the alert. */
static bool fails(struct tls *judge, struct tls *other, enum tls_alert alert, enum x509_why why, const char *words)
{
	two_start(&two, &client, &server);
	bool connected = two_shake(&two);
	const struct tls_failure *f = tls_failure(judge), *heard = tls_failure(other);
	bool right = f != NULL && !f->from_peer && f->alert == alert && f->certificate == why && strstr(f->words, words) != NULL &&
	             heard != NULL && heard->from_peer && heard->alert == alert;
	if (!right) printf("# connected %d; judge: %s (%d); other: %s\n", connected, two_words(judge), f ? (int)f->alert : -1, two_words(other));
	two_end(&two);
	return right;
}
#define CLIENT_REFUSES(alert, why, words) CHECK(fails(&two.client, &two.server, alert, why, words))
#define SERVER_REFUSES(alert, why, words) CHECK(fails(&two.server, &two.client, alert, why, words))

static const unsigned versions[] = { TLS_1_3, TLS_1_2 };
#define EACH_VERSION for (size_t v = 0; v < COUNT(versions); v++)

static void each_wrong_server_has_its_alert(void)
{
	static const char *const other[] = { "other.example" };
	static const uint8_t agreement[] = { 3, 2, 3, 8 };
	const struct issue_extension agrees = { "2.5.29.15", true, { agreement, sizeof agreement } };
	struct issue i;
	EACH_VERSION {
		set_up(versions[v]); i = good_issue(); server.identities = identity_of(&i); CHECK(shake());
		set_up(versions[v]); i = good_issue(), i.names = other; server.identities = identity_of(&i);
		CLIENT_REFUSES(TLS_BAD_CERTIFICATE, X509_WRONG_NAME, "is for other.example, asked for " TWO_NAME);
		set_up(versions[v]); i = good_issue(), i.not_after = TWO_DATE - 3600; server.identities = identity_of(&i);
		CLIENT_REFUSES(TLS_CERTIFICATE_EXPIRED, X509_EXPIRED, "expired 1 hour ago");
		set_up(versions[v]); i = good_issue(), i.not_before = TWO_DATE + 3600; server.identities = identity_of(&i);
		CLIENT_REFUSES(TLS_CERTIFICATE_EXPIRED, X509_NOT_YET_VALID, "is not valid for another 1 hour");
		set_up(versions[v]); i = good_issue(), i.issuer_key = NULL, i.issuer_der.len = 0; server.identities = identity_of(&i);
		CLIENT_REFUSES(TLS_UNKNOWN_CA, X509_UNKNOWN_CA, "it is self-signed and not among the 1 trusted");
		set_up(versions[v]); i = good_issue(), i.issuer_key = i.key; server.identities = identity_of(&i);
		CLIENT_REFUSES(TLS_BAD_CERTIFICATE, X509_BAD_SIGNATURE, "its signature is not its issuer's");
		set_up(versions[v]); i = good_issue(), i.both_purposes = false, i.peer = X509_CLIENT; server.identities = identity_of(&i);
		CLIENT_REFUSES(TLS_UNSUPPORTED_CERTIFICATE, X509_WRONG_PURPOSE, "does not list TLS servers");
		set_up(versions[v]); i = good_issue(), i.hash = "SHA1"; server.identities = identity_of(&i);
		CLIENT_REFUSES(TLS_BAD_CERTIFICATE, X509_WEAK, "ecdsa-with-SHA1");
		set_up(versions[v]); i = good_issue(), i.version = 1; server.identities = identity_of(&i);
		CLIENT_REFUSES(TLS_BAD_CERTIFICATE, X509_MALFORMED, "version 1");
		set_up(versions[v]); client.trust = NULL;
		CLIENT_REFUSES(TLS_UNKNOWN_CA, X509_UNKNOWN_CA, "no trusted root was given");
		set_up(versions[v]); i = good_issue(), i.names = other; server.identities = identity_of(&i); client.trust_anyone = true; CHECK(shake());
		set_up(versions[v]); i = good_issue(), i.without = ISSUE_KEY_USAGE, i.extra = &agrees, i.extra_count = 1;
		server.identities = identity_of(&i);
		CLIENT_REFUSES(TLS_UNSUPPORTED_CERTIFICATE, X509_WRONG_PURPOSE, "its key may not sign a handshake");
		client.trust_anyone = true; /* anybody, but not with any key */
		CLIENT_REFUSES(TLS_UNSUPPORTED_CERTIFICATE, X509_WRONG_PURPOSE, "its key may not sign a handshake");
	}
}

static void nobody_shows_a_certificate_whose_key_he_lacks(void)
{
	struct tls_identity stolen;
	EACH_VERSION {
		set_up(versions[v]);
		stolen = world.by_kind[CRYPT_KEY_P256].identity, stolen.key = world.root_key;
		server.identities = &stolen;
		two_start(&two, &client, &server);
		CHECK(!two_shake(&two));
		CHECK(tls_failure(&two.client) != NULL && tls_failure(&two.client)->alert == TLS_DECRYPT_ERROR);
		two_end(&two);
		set_up(versions[v]);
		client.identities = &stolen, client.identities_count = 1, server.client_auth = TLS_REQUIRE_CLIENT;
		two_start(&two, &client, &server);
		two_shake(&two);
		CHECK(tls_failure(&two.server) != NULL && tls_failure(&two.server)->alert == TLS_DECRYPT_ERROR && !two.server.client_authenticated);
		two_end(&two);
	}
}

static void each_wrong_client_has_its_alert(void)
{
	struct issue i;
	EACH_VERSION {
		set_up(versions[v]); server.client_auth = TLS_REQUIRE_CLIENT;
		SERVER_REFUSES(versions[v] == TLS_1_3 ? TLS_CERTIFICATE_REQUIRED : TLS_HANDSHAKE_FAILURE, X509_OK, "the client sent no certificate");
		set_up(versions[v]); server.client_auth = TLS_ASK_CLIENT; CHECK(shake() && !client_proved);
		set_up(versions[v]); server.client_auth = TLS_REQUIRE_CLIENT;
		i = good_issue(), i.names_count = 0; client.identities = identity_of(&i), client.identities_count = 1;
		CHECK(shake() && client_proved); /* a client's needs no alternative name */
		set_up(versions[v]); server.client_auth = TLS_ASK_CLIENT; /* asked only, but a wrong one is wrong */
		i = good_issue(), i.not_after = TWO_DATE - 86400; client.identities = identity_of(&i), client.identities_count = 1;
		SERVER_REFUSES(TLS_CERTIFICATE_EXPIRED, X509_EXPIRED, "expired 1 day ago");
		set_up(versions[v]); server.client_auth = TLS_REQUIRE_CLIENT;
		i = good_issue(), i.both_purposes = false, i.peer = X509_SERVER; client.identities = identity_of(&i), client.identities_count = 1;
		SERVER_REFUSES(TLS_UNSUPPORTED_CERTIFICATE, X509_WRONG_PURPOSE, "does not list TLS clients");
	}
}

static void staples_are_asked_for_and_kept(void)
{
	struct issue i;
	EACH_VERSION {
		i = good_issue(), i.must_staple = true;
		set_up(versions[v]); server.identities = identity_of(&i); CHECK(shake()); /* not asked for */
		set_up(versions[v]); server.identities = identity_of(&i); client.ask_ocsp = true;
		CLIENT_REFUSES(TLS_BAD_CERTIFICATE_STATUS_RESPONSE, X509_REVOCATION_UNKNOWN, "says that one must be");
		set_up(versions[v]); server.identities = identity_of(&i); client.ask_ocsp = true; staple(ISSUE_GOOD); CHECK(shake());
		set_up(versions[v]); server.identities = identity_of(&i); client.ask_ocsp = true; staple(ISSUE_REVOKED);
		CLIENT_REFUSES(TLS_CERTIFICATE_REVOKED, X509_IS_REVOKED, "was revoked");
		i.must_staple = false;
		set_up(versions[v]); server.identities = identity_of(&i); client.ask_ocsp = true; CHECK(shake());
		set_up(versions[v]); server.identities = identity_of(&i); client.ask_ocsp = client.must_staple = true;
		CLIENT_REFUSES(TLS_BAD_CERTIFICATE_STATUS_RESPONSE, X509_REVOCATION_UNKNOWN, "we want one");
		set_up(versions[v]); server.identities = identity_of(&i); staple(ISSUE_REVOKED); CHECK(shake()); /* unasked, it is not sent */
	}
}

static size_t server_bytes(unsigned packings_client, unsigned packings_server)
{
	static const char *const many[] = { TWO_NAME, "aaaaaaaaaaaaaaaaaaaaaa.example", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbb.example",
	                                    "cccccccccccccccccccccccccc.example", "dddddddddddddddddddddddd.example" };
	struct issue i = good_issue();
	i.names = many, i.names_count = COUNT(many);
	set_up(TLS_1_3);
	server.identities = identity_of(&i);
	client.packings = packings_client, server.packings = packings_server;
	return shake() ? two.down.sent : 0;
}

static void certificates_are_compressed_when_both_can(void)
{
	const unsigned all = 1 << PACK_ZLIB | 1 << PACK_BROTLI | 1 << PACK_ZSTD;
	size_t plain = server_bytes(0, all);
	CHECK(plain > 0);
	CHECK_EQ(server_bytes(1 << PACK_ZLIB, 1 << PACK_ZSTD) / 40, plain / 40); /* none in common; signatures differ in length */
	for (unsigned kind = PACK_ZLIB; kind <= PACK_ZSTD; kind++) {
		size_t packed = server_bytes(1u << kind, all);
		CHECK(packed > 0 && packed + 60 < plain);
	}
	set_up(TLS_1_3); /* a client's too */
	client.packings = server.packings = all;
	client.identities = server.identities, client.identities_count = 1, server.client_auth = TLS_REQUIRE_CLIENT;
	CHECK(shake() && client_proved);
}

static void identities_by_name_then_by_what_the_peer_verifies(void)
{
	static const char *const exact[] = { TWO_NAME }, *const wild[] = { "*.a.example" }, *const other[] = { "b.example" };
	static const uint16_t only_rsa[] = { CRYPT_RSA_PSS_RSAE_SHA256 };
	struct tls_identity list[] = { world.by_kind[CRYPT_KEY_RSA].identity, world.by_kind[CRYPT_KEY_P256].identity,
	                               world.by_kind[CRYPT_KEY_ED25519].identity };
	set_up(TLS_1_3);
	server.identities = list, server.identities_count = COUNT(list);
	list[0].names = other, list[1].names = wild, list[2].names = exact;
	list[0].names_count = list[1].names_count = list[2].names_count = 1;
	CHECK(shake() && signed_by == CRYPT_ED25519);
	list[2].names = other;
	CHECK(shake() && signed_by == CRYPT_ECDSA_SECP256R1_SHA256);
	list[1].names = other, list[2].names_count = 0;
	CHECK(shake() && signed_by == CRYPT_ED25519);
	list[2].names_count = 1; /* none is for it: any that works */
	CHECK(shake() && signed_by == CRYPT_RSA_PSS_RSAE_SHA256);
	list[1].names = exact;
	client.schemes = only_rsa, client.schemes_count = 1;
	CHECK(shake() && signed_by == CRYPT_RSA_PSS_RSAE_SHA256);
}

int main(void)
{
	two_open(3, 1u << CRYPT_KEY_P256 | 1u << CRYPT_KEY_ED25519 | 1u << CRYPT_KEY_RSA);
	TEST(each_wrong_server_has_its_alert);
	TEST(nobody_shows_a_certificate_whose_key_he_lacks);
	TEST(each_wrong_client_has_its_alert);
	TEST(staples_are_asked_for_and_kept);
	TEST(certificates_are_compressed_when_both_can);
	TEST(identities_by_name_then_by_what_the_peer_verifies);
	two_free(&two);
	two_close();
	return tap_end();
}
