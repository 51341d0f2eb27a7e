/* SPDX-License-Identifier: ISC */
/* Two directions of a connection that is watched, in pieces, with a key log that knows it; and messages as if opened. All
 * that is handed out is shown. */
#include "crypt/crypt.h"
#include "proto/tls/watch.h"
#include "wire/dissect.h"
#include "wire/print.h"

static char lines[1 << 20];

static void show(const struct tls_watched *seen)
{
	struct print print = { .verbose = 1 + seen->content.len % 3 };
	struct field field[DISSECT_FIELDS_MAX];
	struct text out = text_in(lines, sizeof lines);
	size_t count = dissect_tls(seen, field, COUNT(field));

	for (size_t i = 0; i < count; i++)
		assert((size_t)field[i].offset + field[i].len <= seen->content.len && field[i].name != NULL);
	print_tls(&print, seen, &out);
}

static void watch(struct crypt *crypt, const uint8_t *data, size_t size)
{
	static struct tls_watch w;
	struct bytes keylog = bytes_of(
		"CLIENT_RANDOM 0000000000000000000000000000000000000000000000000000000000000000 00\n"
		"SERVER_HANDSHAKE_TRAFFIC_SECRET 0000000000000000000000000000000000000000000000000000000000000000 "
		"0000000000000000000000000000000000000000000000000000000000000000\n"
		"CLIENT_EARLY_TRAFFIC_SECRET 0000000000000000000000000000000000000000000000000000000000000000 "
		"0000000000000000000000000000000000000000000000000000000000000000\n");
	struct tls_watched seen;

	tls_watch_init(&w, crypt, &keylog);
	while (size > 1) { /* a byte says whose piece it is and how long */
		bool from_server = data[0] & 1;
		struct bytes piece = { data + 1, size_min(data[0] < 250 ? data[0] / 2u : 4000, size - 1) };
		data += 1 + piece.len;
		size -= 1 + piece.len;
		while (piece.len > 0) {
			size_t taken = tls_watch_input(&w, from_server, piece);
			assert(taken > 0 && taken <= piece.len);
			piece = bytes_skip(piece, taken);
			while (tls_watch_next(&w, &seen)) show(&seen);
		}
	}
	tls_watch_end(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct crypt *crypt;
	static struct rng rng;
	static const uint8_t seed[RNG_SEED_BYTES];

	if (crypt == NULL) {
		rng_init(&rng, seed);
		crypt = crypt_open(&rng);
		assert(crypt != NULL);
	}
	if (size == 0) return 0;
	if (data[0] & 1) {
		watch(crypt, data + 1, size - 1);
		return 0;
	}
	show(&(struct tls_watched){ .type = TLS_CHANGE_CIPHER_SPEC + (data[0] >> 1) % 5, .v13 = data[0] & 0x40,
		.encrypted = data[0] & 0x80, .content = { data + 1, size - 1 } });
	return 0;
}
