/* SPDX-License-Identifier: ISC */
/* TLS in the tools, over our own stacks: the unchanged echo, the tools that look at TLS, and that a seed gives the same bytes. */
#include "lan_tool.h"

#include "base/hash.h"
#include "tls_two.h"
#include "tool/tls/tls_scan.h"
#include "tool/url.h"

enum { SERVER, ALICE };

static void begin(uint64_t seed)
{
	two_open(seed, 1u << CRYPT_KEY_P256);
	lan_hosts(2);
	lan_date = TWO_DATE;
	lan_secure.crypt = world.crypt;
	lan_secure.trust = world.trust;
	lan_secure.identity = &world.by_kind[CRYPT_KEY_P256].identity; /* for 10.0.0.1, which is SERVER, among others */
}

static void finish(void)
{
	lan_tools_end();
	two_close();
}

/* --- words --- */

static void urls_of_tls_are_read(void)
{
	const unsigned all = 1 << URL_TLS | 1 << URL_HTTPS;
	struct url u;

	CHECK(url_parse("tls://www.example.com:6443", all, &u) == NULL && u.scheme == URL_TLS && u.at.port == 6443 && url_is_secure(&u));
	CHECK(url_parse("https://[2001:db8::1]/a?b", all, &u) == NULL && u.scheme == URL_HTTPS && u.at.port == 443 && url_is_secure(&u));
	CHECK_STR(u.path, "/a?b");
	CHECK(url_parse("https://a:8443", all, &u) == NULL && u.at.port == 8443);
	CHECK(url_parse("tls://a:1", 1 << URL_TCP, &u) != NULL && url_parse("tls://a", all, &u) != NULL && url_parse("tls://a:1/b", all, &u) != NULL);
	CHECK(url_parse("tcp://a:1", 1 << URL_TCP, &u) == NULL && !url_is_secure(&u));
}

/* --- echo --- */

static void echo_does_not_know(void)
{
	begin(1);
	CHECK(lan_tool(SERVER, "echo serve tls://:6443 tcp://:6666"));
	CHECK(lan_tool(ALICE, "echo call tls://10.0.0.1:6443 --every 1s --count 3"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_OK && said(ALICE, "3 sent, 3 answered, 0 lost"));
	CHECK(said(ALICE, "tls://10.0.0.1:6443 echo statistics"));
	CHECK(lan_tool(ALICE, "echo call tcp://10.0.0.1:6666 --every 1s --count 1"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_OK);
	CHECK_EQ(measured(SERVER, "connections"), 2);
	finish();
}

static struct rng losses;

static bool lose_some(unsigned number, struct bytes frame)
{
	(void)number, (void)frame;
	return rng_chance(&losses, 30000000);
}

/* The last bytes and the close_notify behind them are lost too, and sent again. */
static void a_bad_wire_does_it_no_harm_by(uint64_t seed)
{
	begin(2);
	CHECK(lan_tool(SERVER, "echo serve tls://:6443"));
	rng_init_number(&losses, seed);
	lan.spoil = lose_some;
	CHECK(lan_tool(ALICE, "echo call tls://10.0.0.1:6443 --bytes 300k --timeout 100s"));
	CHECK(lan_tool_ends(ALICE));
	CHECK(on[ALICE].tool->status == TOOL_OK && said(ALICE, "all right"));
	CHECK_EQ(measured(ALICE, "bytes"), 300000);
	finish();
}

static void a_bad_wire_does_it_no_harm(void)
{
	for (uint64_t seed = 1; seed <= 25; seed++) a_bad_wire_does_it_no_harm_by(seed);
}

static void what_is_not_secure_is_said(void)
{
	begin(3);
	CHECK(lan_tool(SERVER, "echo serve tls://:6443"));
	lan_secure.trust = NULL;
	CHECK(!lan_tool(ALICE, "echo call tls://10.0.0.1:6443") && complained(ALICE, "no certificate authority is trusted here"));
	CHECK(lan_tool(ALICE, "echo call tls://10.0.0.1:6443 --insecure --count 1"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_OK);
	lan_secure.trust = world.trust;
	lan_date += 100 * 86400;
	CHECK(lan_tool(ALICE, "echo call tls://10.0.0.1:6443 --count 1"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_FAILED && complained(ALICE, "expired"));
	lan_date -= 100 * 86400;
	CHECK(lan_tool(ALICE, "tls client 10.0.0.1:6443 --servername www.c.example"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_FAILED && complained(ALICE, "asked for www.c.example"));
	CHECK(said(ALICE, "client: alert: bad_certificate"));
	lan_secure.crypt = NULL;
	CHECK(!lan_tool(ALICE, "echo call tls://10.0.0.1:6443") && complained(ALICE, "there is no TLS here"));
	CHECK_EQ(on[ALICE].env.status, TOOL_FAILED);
	finish();
}

/* --- the tools that look at it --- */

static void client_and_server_tell(void)
{
	begin(4);
	CHECK(lan_tool(SERVER, "tls server 6443 --alpn h2 --early 1k"));
	CHECK(lan_tool(ALICE, "tls client 10.0.0.1:6443 --resume --alpn h2 --key-update"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_OK);
	CHECK(said(ALICE, "= TLS 1.3, TLS_AES_128_GCM_SHA256, ") && said(ALICE, "h2; full handshake") && said(ALICE, "; resumed"));
	lan_run_for(SECOND);
	CHECK(said(SERVER, "= 2: 10.0.0.2:") && said(SERVER, "< client: KeyUpdate") && said(SERVER, "closed: closed by both sides"));
	CHECK(measured(SERVER, "connections") == 2 && measured(SERVER, "resumed") == 1 && measured(SERVER, "failed") == 0);
	CHECK(!lan_tool(ALICE, "tls client 10.0.0.1:6443 --early nothing") && complained(ALICE, "nothing: there is no such file"));
	CHECK(!lan_tool(ALICE, "tls client 10.0.0.1:6443 --session-out here") && complained(ALICE, "here: no file can be written here"));
	finish();
}

static void scan_finds_out(void)
{
	begin(5);
	CHECK(lan_tool(SERVER, "tls server 6443 --quiet --alpn http/1.1"));
	CHECK(lan_tool(ALICE, "tls scan 10.0.0.1:6443"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_OK);
	bool hybrid = crypt_group_known(world.crypt, CRYPT_X25519MLKEM768);
	CHECK(said(ALICE, "versions     TLS 1.3, TLS 1.2\n") && said(ALICE, "signatures   ecdsa_secp256r1_sha256"));
	CHECK(said(ALICE, hybrid ? "groups       X25519MLKEM768\n             x25519\n" : "groups       x25519\n"));
	CHECK(said(ALICE, "ALPN         http/1.1") && said(ALICE, "resumption   TLS 1.3, TLS 1.2") && said(ALICE, "flaws        none found"));
	on[SERVER].tool->stop(on[SERVER].tool);
	CHECK(lan_tool(SERVER, "tls server 6443 --quiet --tls-max 1.2"));
	CHECK(lan_tool(ALICE, "tls scan 10.0.0.1:6443 --json"));
	CHECK(lan_tool_ends(ALICE) && said(ALICE, "\"versions\": [\"TLS 1.2\"]") && said(ALICE, "\"flaws\": [\"no-tls13\"]"));
	CHECK(said(ALICE, "\"certificateGood\": true"));
	finish();
}

/* In any pieces; and no byte makes the reader stumble. */
static void the_scans_reader_takes_anything(void)
{
	static struct scan_reader whole, pieces, bad;
	static const uint8_t alert[] = { TLS_ALERT, 3, 3, 0, 2, 2, TLS_PROTOCOL_VERSION };
	uint8_t random[TLS_RANDOM_BYTES] = { 7 }, hello[200];
	struct tls_server_hello h = { .legacy_version = TLS_1_2, .random = { random, sizeof random }, .suite = TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	                              .has = TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET) };
	struct tls_writer w = { .at = hello + TLS_RECORD_HEADER, .size = sizeof hello - TLS_RECORD_HEADER };
	struct rng rng;

	tls_emit_server_hello(&w, &h);
	tls_emit_record(&(struct tls_record){ TLS_HANDSHAKE, TLS_1_2, w.len }, hello);
	struct bytes all = { hello, TLS_RECORD_HEADER + w.len };
	scan_read(&whole, all);
	for (size_t i = 0; i < all.len; i++) scan_read(&pieces, (struct bytes){ hello + i, 1 });
	CHECK(whole.answer.over && whole.answer.hello && whole.answer.version == TLS_1_2 && whole.answer.suite == h.suite);
	CHECK(memcmp(&whole.answer, &pieces.answer, sizeof whole.answer) == 0);
	scan_read(&bad, (struct bytes){ alert, sizeof alert });
	CHECK(bad.answer.over && bad.answer.alert && bad.answer.alert_is == TLS_PROTOCOL_VERSION && !bad.answer.hello);
	rng_init_number(&rng, 3);
	for (unsigned i = 0; i < 3000; i++) {
		uint8_t spoiled[sizeof hello];
		memcpy(spoiled, hello, all.len);
		for (unsigned k = 0; k < 4; k++) spoiled[rng_below(&rng, all.len)] = (uint8_t)rng_below(&rng, 256);
		bad = (struct scan_reader){ .key_exchange = i % 2 };
		for (unsigned k = 0; k < 5 && !bad.answer.over; k++) scan_read(&bad, (struct bytes){ spoiled, all.len });
	}
}

/* --- the same seed, the same bytes --- */

static uint64_t fingerprint;
static void watch(unsigned wire, struct bytes frame, const char *story)
{
	static const uint8_t key[16] = { 1 };
	(void)wire, (void)story;
	fingerprint = fingerprint * UINT64_C(0x9e3779b97f4a7c15) + siphash13(key, frame);
}

static uint64_t run_once(uint64_t seed)
{
	begin(seed);
	fingerprint = 0;
	lan.watch = watch;
	if (lan_tool(SERVER, "echo serve tls://:6443") && lan_tool(ALICE, "echo call tls://10.0.0.1:6443 --every 1s --count 2")) lan_tool_ends(ALICE);
	finish();
	return fingerprint;
}

static void a_seed_gives_the_same_bytes(void)
{
	uint64_t first = run_once(11);
	CHECK(first != 0 && run_once(11) == first && run_once(12) != first);
}

int main(void)
{
	TEST(urls_of_tls_are_read);
	TEST(echo_does_not_know);
	TEST(a_bad_wire_does_it_no_harm);
	TEST(what_is_not_secure_is_said);
	TEST(client_and_server_tell);
	TEST(scan_finds_out);
	TEST(the_scans_reader_takes_anything);
	TEST(a_seed_gives_the_same_bytes);
	return tap_end();
}
