/* SPDX-License-Identifier: ISC */
/* What the two sides offer each other, in hellos and requests: our lists written down, the peer's noted. */
#include "pack/pack.h"
#include "proto/tls/inside.h"

/* ---- ours ---- */

struct bytes tls_put_list(const uint16_t *list, size_t count, uint8_t *at)
{
	for (size_t i = 0; i < count; i++) store_be16(at + 2 * i, list[i]);
	return (struct bytes){ at, 2 * count };
}

struct bytes tls_put_schemes(const struct tls_config *config, uint8_t at[2 * TLS_LIST_MAX])
{
	uint16_t list[TLS_LIST_MAX];
	return tls_put_list(list, tls_list_schemes(config, list), at);
}

struct bytes tls_put_packings(const struct tls_config *config, uint8_t at[2 * TLS_PACKINGS])
{
	uint16_t list[TLS_PACKINGS];
	size_t count = 0;

	for (uint16_t packing = PACK_ZLIB; packing <= PACK_ZSTD; packing++)
		if ((config->packings & 1u << packing) && pack_known(packing)) list[count++] = packing;
	return tls_put_list(list, count, at);
}

/* ---- the peer's ---- */

void tls_note_schemes(struct tls_handshake *h, struct bytes schemes)
{
	h->peer_schemes_count = 0;
	for (unsigned scheme; h->peer_schemes_count < COUNT(h->peer_schemes) && tls_next_u16(&schemes, &scheme);)
		if (crypt_scheme_known(scheme)) h->peer_schemes[h->peer_schemes_count++] = (uint16_t)scheme;
}

void tls_note_packing(struct tls *t, struct bytes packings)
{
	t->handshake->peer_packing = 0;
	for (unsigned packing; t->handshake->peer_packing == 0 && tls_next_u16(&packings, &packing);)
		if (packing < 32 && (t->config->packings & 1u << packing) != 0) t->handshake->peer_packing = (uint16_t)packing;
}

void tls_set_alpn(struct tls *t, struct bytes name)
{
	assert(name.len <= TLS_ALPN_MAX);
	if (name.len > 0) memcpy(t->alpn, name.at, name.len);
	t->alpn[name.len] = '\0';
	t->alpn_len = (uint8_t)name.len;
}

bool tls_client_take_alpn(struct tls *t, const char *message, struct bytes name)
{
	for (size_t i = 0; i < t->config->alpn_count; i++) {
		if (!bytes_equal(name, bytes_of(t->config->alpn[i]))) continue;
		tls_set_alpn(t, name);
		return true;
	}
	return tls_fail(t, TLS_ILLEGAL_PARAMETER, "%s: it chose a protocol (ALPN) that was not offered", message);
}

bool tls_client_is_unproven(const struct tls_config *config, bool authenticated, bool unverified)
{
	return config->client_auth != TLS_NO_CLIENT_AUTH && authenticated && unverified && !config->trust_anyone;
}
