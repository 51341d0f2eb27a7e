/* SPDX-License-Identifier: ISC */
/* The server (src/proto/tls/server_hello.c, retry.c, server13.c, early.c) in conversation. */
#include "tap.h"
#include "tls_two.h"

static struct two two;
static struct tls_config client, server;

static void set_up(void)
{
	client = server = two_config();
	server.identities = &world.by_kind[CRYPT_KEY_P256].identity, server.identities_count = 1;
	two.now = 0;
	two_forget();
}

static bool shake(void)
{
	two_start(&two, &client, &server);
	bool shaken = two_shake(&two);
	if (!shaken) printf("# client: %s; server: %s\n", two_words(&two.client), two_words(&two.server));
	return shaken;
}

static bool talk(void) { return two_say(&two, &two.client, &two.server, "ping") && two_say(&two, &two.server, &two.client, "pong"); }

static void full_handshake(void)
{
	set_up();
	CHECK(shake() && talk());
	CHECK(two.server.version == TLS_1_3 && !two.server.resumed);
	CHECK_STR(two.server.server_name, TWO_NAME);
	two_end(&two);
}

int main(void)
{
	two_open(1, 1 << CRYPT_KEY_P256 | 1 << CRYPT_KEY_RSA | 1 << CRYPT_KEY_ED25519);
	TEST(full_handshake);
	two_free(&two);
	two_close();
	return tap_end();
}
