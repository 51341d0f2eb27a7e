/* SPDX-License-Identifier: ISC */
/* tls_wipe.c - after tls_end no secret of the connection is left in memory: not in the structs, not in the blocks of the
 * pools, and not in what libcrypto has allocated, which here is never given out again, so that what was freed can be read. */
#define _GNU_SOURCE 1 /* memmem */
#include <openssl/crypto.h>

#include "tap.h"
#include "tls_two.h"

enum { HEAP_BYTES = 256 << 20, SECRETS_MAX = 120, SECRET_BYTES_MIN = 16 };

static uint8_t heap[HEAP_BYTES] __attribute__((aligned(16)));
static size_t heap_used;
static bool aside; /* what the test itself computes does not count */

static void *heap_malloc(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	size_t *at = aside ? malloc(n + 16) : (size_t *)(void *)(heap + heap_used);
	if (at == NULL) return NULL;
	if (!aside) heap_used += 16 + (n + 15) / 16 * 16;
	assert(heap_used <= HEAP_BYTES);
	*at = n;
	return at + 2;
}

static void heap_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	uint8_t *at = p == NULL ? NULL : (uint8_t *)p - 16;
	if (at != NULL && (at < heap || at >= heap + HEAP_BYTES)) free(at);
}

static void *heap_realloc(void *p, size_t n, const char *file, int line)
{
	void *to = heap_malloc(n, file, line);
	if (to != NULL && p != NULL) memcpy(to, p, size_min(n, ((size_t *)p)[-2]));
	if (to != NULL) heap_free(p, file, line);
	return to;
}

static struct { uint8_t bytes[64]; size_t len; const char *name; } secrets[SECRETS_MAX];
static size_t secrets_count;
static struct two two;

static void learn(const char *name, const uint8_t *at, size_t len)
{
	static const uint8_t zeroes[64];
	if (memcmp(at, zeroes, SECRET_BYTES_MIN) == 0) return;
	for (size_t i = 0; i < secrets_count; i++)
		if (secrets[i].len == len && memcmp(secrets[i].bytes, at, len) == 0) return;
	assert(secrets_count < SECRETS_MAX);
	memcpy(secrets[secrets_count].bytes, at, len);
	secrets[secrets_count].len = len, secrets[secrets_count++].name = name;
}

/* libcrypto's multiplication on P-256 (ecp_nistz256.c) copies the number that it multiplies by, the last byte first, and frees
 * the copy as it is; whoever calls it, by whichever interface, cannot reach it. It is the one secret that may be found. */
static const char libcryptos_own[] = "a P-256 share's private key, as libcrypto copies it";

/* As a bignum keeps it too: the last byte first. */
static void learn_number(const char *name, const char *turned_name, const uint8_t *at, size_t len)
{
	uint8_t turned[64];
	for (size_t i = 0; i < len; i++) turned[i] = at[len - 1 - i];
	learn(name, at, len);
	learn(turned_name, turned, len);
}

static void learn_share(const struct crypt_share *s)
{
	static const char name[] = "a share's private key";
	learn_number(name, s->group == CRYPT_SECP256R1 ? libcryptos_own : name, s->private_key, 32);
}

static void learn_side(const struct tls *t, const struct tls_side *side)
{
	const struct tls_suite_info *info = tls_suite_find(t->suite);
	uint8_t key[CRYPT_AEAD_KEY_MAX];
	if (t->version != TLS_1_3 || info == NULL || side->aead.state == NULL) return;
	learn("a traffic secret", side->secret, crypt_hash_len(info->hash));
	tls_expand_label(t->config->crypt, info->hash, side->secret, "key", (struct bytes){ side->iv, 0 },
	                 (struct room){ key, crypt_aead_key_len(info->aead) });
	learn("an AEAD's key", key, crypt_aead_key_len(info->aead));
}

static void learn_all(const struct tls *t)
{
	const struct tls_handshake *h = t->handshake;
	learn_side(t, &t->in);
	learn_side(t, &t->out);
	learn("the exporter's secret, or 1.2's master secret", t->exporter_secret, TLS_SECRET_MAX);
	learn("the resumption secret", t->resumption_secret, 32);
	if (h == NULL) return;
	for (size_t i = 0; i < h->shares_count; i++)
		learn_share(&h->shares[i]);
	learn("the early secret's child", h->early_salt, 32);
	learn("the master secret", h->master_secret, 32);
	learn("the client's handshake secret", h->client_handshake_secret, 32);
	learn("the server's handshake secret", h->server_handshake_secret, 32);
	learn("the client's traffic secret", h->client_traffic_secret, 32);
	learn("the server's traffic secret", h->server_traffic_secret, 32);
	learn("1.2's master secret", h->master_secret12, TLS_SECRET_MAX);
}

/* What the client's private key and the server's public one, out of the ServerHello, agree on. */
static void learn_shared(const uint8_t *private_key, unsigned group, struct bytes hello)
{
	size_t len = group == CRYPT_X25519 ? 32 : 65;
	uint8_t head[] = { 0, TLS_EXT_KEY_SHARE, 0, (uint8_t)(len + 4), 0, (uint8_t)group, 0, (uint8_t)len };
	uint8_t secret[CRYPT_SECRET_MAX], out[CRYPT_PUBLIC_MAX];
	struct crypt_share share;
	struct rng scripted;
	const uint8_t *at = memmem(hello.at, hello.len, head, sizeof head);

	if (at == NULL) return;
	aside = true;
	rng_init_number(&scripted, 1);
	scripted.used = sizeof scripted.stream - 32;
	memcpy(scripted.stream + scripted.used, private_key, 32);
	crypt_share_make(&share, world.crypt, group, &scripted, out);
	size_t n = crypt_share_finish(&share, (struct bytes){ at + sizeof head, len }, secret);
	crypt_share_end(&share);
	aside = false;
	if (n > 0) learn_number("the shared secret", "the shared secret", secret, n);
}

static unsigned left_in(const char *where, const void *at, size_t len)
{
	unsigned found = 0;
	for (size_t i = 0; i < secrets_count; i++) {
		if (memmem(at, len, secrets[i].bytes, SECRET_BYTES_MIN) == NULL) continue;
		printf("# %s is left in %s\n", secrets[i].name, where);
		if (secrets[i].name != libcryptos_own) found++;
	}
	return found;
}

/* A whole connection; how many secrets are left after it. `known`: they were seen at all while it lived. */
static unsigned left_after(const struct tls_config *client, const struct tls_config *server, bool *connected, bool *known)
{
	static uint8_t hello[TWO_WIRE_BYTES];
	uint8_t private_key[48];
	size_t from = heap_used;

	secrets_count = 0;
	two_start(&two, client, server);
	memcpy(private_key, two.client.handshake->shares[0].private_key, sizeof private_key);
	unsigned group = two.client.handshake->shares[0].group;
	for (bool moved = true; moved;) {
		learn_all(&two.client), learn_all(&two.server);
		moved = two_carry_out(&two, &two.client, &two.up);
		moved |= two_carry_in(&two, &two.server, &two.up);
		moved |= two_carry_out(&two, &two.server, &two.down);
		if (two.down.len > 0 && secrets_count < 30) {
			memcpy(hello, two.down.at, two.down.len);
			learn_shared(private_key, group, (struct bytes){ hello, two.down.len });
		}
		learn_all(&two.client), learn_all(&two.server);
		moved |= two_carry_in(&two, &two.client, &two.down);
	}
	*connected = tls_is_connected(&two.client) && tls_is_connected(&two.server);
	learn_all(&two.client), learn_all(&two.server);
	*known = memmem(&two.client, sizeof two.client, secrets[secrets_count - 1].bytes, SECRET_BYTES_MIN) != NULL ||
	         memmem(&two.server, sizeof two.server, secrets[secrets_count - 1].bytes, SECRET_BYTES_MIN) != NULL ||
	         secrets_count > 6;
	two_say(&two, &two.client, &two.server, "words");
	tls_update_keys(&two.client, two.now, true);
	two_say(&two, &two.client, &two.server, "under new keys");
	learn_all(&two.client), learn_all(&two.server);
	tls_finish(&two.client, two.now);
	while (two_move(&two)) continue;
	two_end(&two);
	return left_in("struct tls", &two.client, sizeof two.client) + left_in("struct tls", &two.server, sizeof two.server) +
	       left_in("the blocks", world.memory, TWO_HANDSHAKES * tls_handshake_block_bytes() + TWO_RECORDS * TWO_BLOCK) +
	       left_in("libcrypto's memory", heap + from, heap_used - from);
}

static void nothing_is_left(void)
{
	static const uint16_t groups[][1] = { { CRYPT_X25519 }, { CRYPT_SECP256R1 } };
	static const uint16_t suites[] = { TLS_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 };
	for (unsigned version = TLS_1_2; version <= TLS_1_3; version++)
		for (size_t g = 0; g < COUNT(groups); g++)
			for (size_t s = 0; s < COUNT(suites); s++) {
				struct tls_config client = two_config(), server = two_config();
				bool connected, known;
				if ((version == TLS_1_2) != (s == 2)) continue;
				server.identities = &world.by_kind[CRYPT_KEY_P256].identity, server.identities_count = 1;
				client.groups = groups[g], client.groups_count = 1;
				client.suites = &suites[s], client.suites_count = 1;
				client.version_min = client.version_max = version;
				client.sessions = world.client_sessions, server.tickets = world.tickets;
				for (unsigned resumed = 0; resumed < 2; resumed++) {
					unsigned left = left_after(&client, &server, &connected, &known);
					if (left > 0 || !connected) printf("# version %04x, group %04x, suite %zu: %s\n", version, groups[g][0], s, two_words(&two.client));
					CHECK(connected && known);
					CHECK_EQ(left, 0);
				}
				two_forget();
			}
}

/* A failed handshake and an abandoned one wipe as well. */
static void nothing_is_left_of_a_half_handshake(void)
{
	struct tls_config client = two_config(), server = two_config();
	size_t from = heap_used;

	server.identities = &world.by_kind[CRYPT_KEY_P256].identity, server.identities_count = 1;
	secrets_count = 0;
	two_start(&two, &client, &server);
	two_carry_out(&two, &two.client, &two.up);
	two_carry_in(&two, &two.server, &two.up);
	learn_all(&two.client), learn_all(&two.server);
	CHECK(secrets_count > 4);
	two_end(&two);
	CHECK_EQ(left_in("struct tls", &two.client, sizeof two.client) + left_in("struct tls", &two.server, sizeof two.server), 0);
	CHECK_EQ(left_in("the blocks", world.memory, TWO_HANDSHAKES * tls_handshake_block_bytes() + TWO_RECORDS * TWO_BLOCK), 0);
	CHECK_EQ(left_in("libcrypto's memory", heap + from, heap_used - from), 0);
}

int main(void)
{
	if (CRYPTO_set_mem_functions(heap_malloc, heap_realloc, heap_free) != 1) {
		printf("1..0 # SKIP libcrypto has allocated already\n");
		return 0;
	}
	two_open(1, 1u << CRYPT_KEY_P256);
	TEST(nothing_is_left);
	TEST(nothing_is_left_of_a_half_handshake);
	two_free(&two);
	two_close();
	return tap_end();
}
