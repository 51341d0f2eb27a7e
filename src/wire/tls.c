/* SPDX-License-Identifier: ISC */
#include "wire/tls_parts.h"

const uint8_t tls_retry_random[TLS_RANDOM_BYTES] = { /* SHA-256 of "HelloRetryRequest" (RFC 8446, 4.1.3) */
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

void tls_parse_record(const uint8_t *at, struct tls_record *r)
{
	*r = (struct tls_record){ at[0], load_be16(at + 1), load_be16(at + 3) };
}

void tls_emit_record(const struct tls_record *r, uint8_t *at)
{
	assert(r->length <= UINT16_MAX);
	at[0] = (uint8_t)r->type;
	store_be16(at + 1, (uint16_t)r->version);
	store_be16(at + 3, (uint16_t)r->length);
}

static uint32_t load_number(const uint8_t *at, unsigned bytes)
{
	uint32_t value = 0;
	for (unsigned i = 0; i < bytes; i++) value = value << 8 | at[i];
	return value;
}

/* The vector at the front of *list, which then begins behind it; false if it is not whole. */
static bool next_vector(struct bytes *list, unsigned length_bytes, struct bytes *out)
{
	if (list->len < length_bytes) return false;
	size_t len = load_number(list->at, length_bytes);
	if (len > list->len - length_bytes) return false;
	*out = (struct bytes){ list->at + length_bytes, len };
	*list = bytes_skip(*list, length_bytes + len);
	return true;
}

bool tls_next_u16(struct bytes *list, unsigned *value)
{
	if (list->len < 2) return false;
	*value = load_be16(list->at);
	*list = bytes_skip(*list, 2);
	return true;
}

bool tls_has_u16(struct bytes list, unsigned value)
{
	for (unsigned each; tls_next_u16(&list, &each);)
		if (each == value) return true;
	return false;
}

bool tls_next_name(struct bytes *list, struct bytes *name) { return next_vector(list, 1, name); }
bool tls_next_binder(struct bytes *list, struct bytes *binder) { return next_vector(list, 1, binder); }
bool tls_next_authority(struct bytes *list, struct bytes *name) { return next_vector(list, 2, name); }

/* A 16-bit number, then a vector of 16-bit length: a key share, an extension. */
static bool next_pair(struct bytes *list, unsigned *number, struct bytes *body)
{
	struct bytes rest = *list;
	if (!tls_next_u16(&rest, number) || !next_vector(&rest, 2, body)) return false;
	*list = rest;
	return true;
}

bool tls_next_share(struct bytes *list, unsigned *group, struct bytes *key) { return next_pair(list, group, key); }
bool tls_next_extension(struct bytes *list, unsigned *type, struct bytes *body) { return next_pair(list, type, body); }

bool tls_find_extension(struct bytes list, unsigned type, struct bytes *body)
{
	for (unsigned each; tls_next_extension(&list, &each, body);)
		if (each == type) return true;
	return false;
}

bool tls_only_extensions(struct bytes list, tls_extensions allowed, unsigned *other)
{
	struct bytes body;
	while (tls_next_extension(&list, other, &body))
		if ((tls_extension_bit(*other) & allowed) == 0) return false;
	return true;
}

bool tls_next_identity(struct bytes *list, struct bytes *identity, uint32_t *obfuscated_age)
{
	struct bytes rest = *list;
	if (!next_vector(&rest, 2, identity) || rest.len < 4) return false;
	*obfuscated_age = load_be32(rest.at);
	*list = bytes_skip(rest, 4);
	return true;
}

bool tls_read_number(struct tls_reader *r, unsigned bytes, uint32_t *value, const char *words)
{
	if (r->left.len < bytes) return tls_read_refuse(r, words);
	*value = load_number(r->left.at, bytes);
	r->left = bytes_skip(r->left, bytes);
	return true;
}

bool tls_read_bytes(struct tls_reader *r, size_t n, struct bytes *out, const char *words)
{
	if (r->left.len < n) return tls_read_refuse(r, words);
	*out = bytes_first(r->left, n);
	r->left = bytes_skip(r->left, n);
	return true;
}

bool tls_read_vector(struct tls_reader *r, unsigned length_bytes, size_t least, size_t most, struct bytes *out, const char *words)
{
	return (next_vector(&r->left, length_bytes, out) && out->len >= least && out->len <= most) || tls_read_refuse(r, words);
}

bool tls_read_end(struct tls_reader *r) { return r->left.len == 0 || tls_read_refuse(r, "bytes are left over at its end"); }

bool tls_read_extension_list(struct tls_reader *r, struct bytes *list)
{
	return tls_read_vector(r, 2, 0, UINT16_MAX, list, "extensions: not a list that fits the message") && tls_read_end(r);
}

bool tls_whole_vector(struct bytes body, unsigned length_bytes, size_t least, struct bytes *out)
{
	return next_vector(&body, length_bytes, out) && body.len == 0 && out->len >= least;
}

bool tls_whole_u16s(struct bytes body, unsigned length_bytes, struct bytes *out)
{
	return tls_whole_vector(body, length_bytes, 2, out) && out->len % 2 == 0;
}

bool tls_whole_number(struct bytes body, unsigned bytes, unsigned *value)
{
	if (body.len != bytes) return false;
	*value = load_number(body.at, bytes);
	return true;
}

bool tls_whole_names(struct bytes list)
{
	struct bytes name;
	if (list.len == 0) return false;
	while (tls_next_name(&list, &name))
		if (name.len == 0) return false;
	return list.len == 0;
}

bool tls_whole_authorities(struct bytes body, size_t least, struct bytes *out)
{
	struct bytes name, rest;
	if (!tls_whole_vector(body, 2, least, out)) return false;
	rest = *out;
	while (next_vector(&rest, 2, &name))
		if (name.len == 0) return false;
	return rest.len == 0;
}

tls_extensions tls_extension_bit(unsigned type)
{
	switch (type) {
	case TLS_EXT_SERVER_NAME: case TLS_EXT_STATUS_REQUEST: case TLS_EXT_SUPPORTED_GROUPS: case TLS_EXT_EC_POINT_FORMATS:
	case TLS_EXT_SIGNATURE_ALGORITHMS: case TLS_EXT_ALPN: case TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP: case TLS_EXT_PADDING:
	case TLS_EXT_EXTENDED_MASTER_SECRET: case TLS_EXT_COMPRESS_CERTIFICATE: case TLS_EXT_RECORD_SIZE_LIMIT:
	case TLS_EXT_SESSION_TICKET: case TLS_EXT_PRE_SHARED_KEY: case TLS_EXT_EARLY_DATA: case TLS_EXT_SUPPORTED_VERSIONS:
	case TLS_EXT_COOKIE: case TLS_EXT_PSK_KEY_EXCHANGE_MODES: case TLS_EXT_CERTIFICATE_AUTHORITIES:
	case TLS_EXT_OID_FILTERS: case TLS_EXT_POST_HANDSHAKE_AUTH: case TLS_EXT_SIGNATURE_ALGORITHMS_CERT:
	case TLS_EXT_KEY_SHARE: case TLS_EXT_RENEGOTIATION_INFO:
		return TLS_HAS(type);
	default:
		return 0;
	}
}

/* Whether every extension is whole and comes once. A few are compared each with each; many are ticked off. */
static bool extensions_whole(struct bytes list, struct tls_fault *fault)
{
	enum { FEW = 32 };
	uint16_t types[FEW];
	unsigned type, count = 0;
	struct bytes body, rest = list;

	for (; tls_next_extension(&rest, &type, &body); count++) {
		for (unsigned i = 0; i < count && i < FEW; i++)
			if (types[i] == type) return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "an extension comes twice");
		if (count < FEW) types[count] = (uint16_t)type;
	}
	if (rest.len > 0) return tls_refuse(fault, TLS_DECODE_ERROR, "extensions: one is longer than the list");
	if (count <= FEW) return true;
	struct tls_numbers_seen seen = { 0 };
	for (rest = list; tls_next_extension(&rest, &type, &body);)
		if (tls_seen_before(&seen, type)) return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "an extension comes twice");
	return true;
}

static const struct { uint16_t type; const char *malformed, *misplaced; } extension_words[] = {
#define WORDS(type, name) { type, name ": malformed", name ": an extension that does not belong into this message" }
	WORDS(TLS_EXT_SERVER_NAME, "server_name"), WORDS(TLS_EXT_STATUS_REQUEST, "status_request"),
	WORDS(TLS_EXT_SUPPORTED_GROUPS, "supported_groups"), WORDS(TLS_EXT_EC_POINT_FORMATS, "ec_point_formats"),
	WORDS(TLS_EXT_SIGNATURE_ALGORITHMS, "signature_algorithms"),
	WORDS(TLS_EXT_ALPN, "application_layer_protocol_negotiation"),
	WORDS(TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP, "signed_certificate_timestamp"), WORDS(TLS_EXT_PADDING, "padding"),
	WORDS(TLS_EXT_EXTENDED_MASTER_SECRET, "extended_master_secret"),
	WORDS(TLS_EXT_COMPRESS_CERTIFICATE, "compress_certificate"), WORDS(TLS_EXT_RECORD_SIZE_LIMIT, "record_size_limit"),
	WORDS(TLS_EXT_SESSION_TICKET, "session_ticket"), WORDS(TLS_EXT_PRE_SHARED_KEY, "pre_shared_key"),
	WORDS(TLS_EXT_EARLY_DATA, "early_data"), WORDS(TLS_EXT_SUPPORTED_VERSIONS, "supported_versions"),
	WORDS(TLS_EXT_COOKIE, "cookie"), WORDS(TLS_EXT_PSK_KEY_EXCHANGE_MODES, "psk_key_exchange_modes"),
	WORDS(TLS_EXT_CERTIFICATE_AUTHORITIES, "certificate_authorities"), WORDS(TLS_EXT_OID_FILTERS, "oid_filters"),
	WORDS(TLS_EXT_POST_HANDSHAKE_AUTH, "post_handshake_auth"),
	WORDS(TLS_EXT_SIGNATURE_ALGORITHMS_CERT, "signature_algorithms_cert"), WORDS(TLS_EXT_KEY_SHARE, "key_share"),
	WORDS(TLS_EXT_RENEGOTIATION_INFO, "renegotiation_info"),
};

static bool extension_refuse(struct tls_fault *fault, unsigned type, bool malformed)
{
	size_t i = 0;
	while (extension_words[i].type != type) i++;
	if (malformed) return tls_refuse(fault, TLS_DECODE_ERROR, extension_words[i].malformed);
	return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, extension_words[i].misplaced);
}

bool tls_read_extensions(struct bytes list, tls_extensions allowed, tls_extensions *has, extension_reader *read,
                         void *message, struct tls_fault *fault)
{
	struct bytes body;

	if (!extensions_whole(list, fault)) return false;
	for (unsigned type; tls_next_extension(&list, &type, &body);) {
		tls_extensions bit = tls_extension_bit(type);
		if (bit == 0) continue;
		if ((bit & allowed) == 0) return extension_refuse(fault, type, false);
		struct tls_fault own = { 0 };
		if (!read(message, type, body, &own)) {
			if (own.words == NULL) return extension_refuse(fault, type, true);
			*fault = own;
			return false;
		}
		*has |= bit;
	}
	return true;
}
