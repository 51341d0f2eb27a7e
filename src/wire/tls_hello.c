/* SPDX-License-Identifier: ISC */
/* The hellos: what both sides can and want, in extensions. */
#include "wire/tls_parts.h"

#define RECORD_SIZE_LEAST 64 /* RFC 8449, 4 */
#define BINDER_LEAST 32      /* RFC 8446, 4.2.11 */
#define SESSION_ID_WORDS "session_id: not a vector of at most 32 bytes"

/* The one host_name of a list of names (RFC 6066, 3). */
static bool read_server_name(struct bytes body, struct bytes *host, struct tls_fault *fault)
{
	struct bytes list, name;
	bool found = false;

	if (!tls_whole_vector(body, 2, 1, &list)) return false;
	while (list.len > 0) {
		unsigned type = list.at[0];
		struct tls_reader r = { bytes_skip(list, 1), fault };
		if (!tls_read_vector(&r, 2, 1, UINT16_MAX, &name, NULL)) return false;
		list = r.left;
		if (type != 0) continue;
		if (found) return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "server_name: two host names");
		if (memchr(name.at, 0, name.len) != NULL)
			return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "server_name: a NUL in the host name");
		*host = name;
		found = true;
	}
	return found; /* no other kind of name was ever defined */
}

/* RFC 6066, 8; other types than OCSP have a form of their own. */
static bool read_status_request(struct bytes body, bool *ocsp, struct tls_fault *fault)
{
	struct bytes ids, id, extensions;

	if (body.len == 0) return false;
	if (body.at[0] != 1) return true;
	struct tls_reader r = { bytes_skip(body, 1), fault };
	if (!tls_read_vector(&r, 2, 0, UINT16_MAX, &ids, NULL) || !tls_read_vector(&r, 2, 0, UINT16_MAX, &extensions, NULL)) return false;
	for (struct tls_reader each = { ids, fault }; each.left.len > 0;)
		if (!tls_read_vector(&each, 2, 1, UINT16_MAX, &id, NULL)) return false;
	*ocsp = true;
	return r.left.len == 0;
}

/* RFC 8446, 4.2.8. */
static bool read_shares(struct bytes body, struct bytes *shares, struct tls_fault *fault)
{
	enum { FEW = 16 };
	struct tls_numbers_seen seen;
	uint16_t groups[FEW];
	struct bytes key, rest;
	unsigned group, count = 0;

	if (!tls_whole_vector(body, 2, 0, shares)) return false;
	for (rest = *shares; tls_next_share(&rest, &group, &key); count++) {
		bool twice = false;
		if (key.len == 0) return false;
		for (unsigned i = 0; i < count && i < FEW; i++) twice |= groups[i] == group;
		if (count == FEW) {
			memset(&seen, 0, sizeof seen);
			for (unsigned i = 0; i < FEW; i++) tls_seen_before(&seen, groups[i]);
		}
		if (count < FEW) groups[count] = (uint16_t)group;
		else twice |= tls_seen_before(&seen, group);
		if (twice) return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "key_share: two of one group");
	}
	return rest.len == 0;
}

static bool read_binders(struct tls_client_hello *h, unsigned identities, struct tls_fault *fault)
{
	struct bytes binder, rest = h->psk_binders;
	unsigned binders = 0;

	for (; tls_next_binder(&rest, &binder); binders++)
		if (binder.len < BINDER_LEAST) return false;
	if (rest.len > 0) return false;
	if (binders != identities)
		return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "pre_shared_key: not as many binders as identities");
	return true;
}

/* RFC 8446, 4.2.11. */
static bool read_psks(struct bytes body, struct tls_client_hello *h, struct tls_fault *fault)
{
	struct tls_reader r = { body, fault };
	struct bytes identity, rest;
	uint32_t age;
	unsigned identities = 0;

	if (!tls_read_vector(&r, 2, 7, UINT16_MAX, &h->psk_identities, NULL)) return false;
	struct bytes binders = r.left;
	if (!tls_whole_vector(binders, 2, 1 + BINDER_LEAST, &h->psk_binders)) return false;
	for (rest = h->psk_identities; tls_next_identity(&rest, &identity, &age); identities++)
		if (identity.len == 0) return false;
	return rest.len == 0 && read_binders(h, identities, fault);
}

static bool read_size_limit(struct bytes body, unsigned *limit, struct tls_fault *fault)
{
	if (!tls_whole_number(body, 2, limit)) return false;
	return *limit >= RECORD_SIZE_LEAST || tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "record_size_limit: below 64");
}

static bool read_client_extension(void *hello, unsigned type, struct bytes body, struct tls_fault *fault)
{
	struct tls_client_hello *h = hello;

	switch (type) {
	case TLS_EXT_SERVER_NAME: return read_server_name(body, &h->server_name, fault);
	case TLS_EXT_STATUS_REQUEST: return read_status_request(body, &h->ocsp_wanted, fault);
	case TLS_EXT_SUPPORTED_GROUPS: return tls_whole_u16s(body, 2, &h->groups);
	case TLS_EXT_EC_POINT_FORMATS: return tls_whole_vector(body, 1, 1, &h->point_formats);
	case TLS_EXT_SIGNATURE_ALGORITHMS: return tls_whole_u16s(body, 2, &h->schemes);
	case TLS_EXT_SIGNATURE_ALGORITHMS_CERT: return tls_whole_u16s(body, 2, &h->schemes_cert);
	case TLS_EXT_ALPN: return tls_whole_vector(body, 2, 2, &h->alpn) && tls_whole_names(h->alpn);
	case TLS_EXT_PADDING: h->padding = body.len; return true;
	case TLS_EXT_COMPRESS_CERTIFICATE: return tls_whole_u16s(body, 1, &h->packings);
	case TLS_EXT_RECORD_SIZE_LIMIT: return read_size_limit(body, &h->record_size_limit, fault);
	case TLS_EXT_SESSION_TICKET: h->session_ticket = body; return true;
	case TLS_EXT_PRE_SHARED_KEY: return read_psks(body, h, fault);
	case TLS_EXT_SUPPORTED_VERSIONS: return tls_whole_u16s(body, 1, &h->versions);
	case TLS_EXT_COOKIE: return tls_whole_vector(body, 2, 1, &h->cookie);
	case TLS_EXT_PSK_KEY_EXCHANGE_MODES: return tls_whole_vector(body, 1, 1, &h->psk_modes);
	case TLS_EXT_CERTIFICATE_AUTHORITIES: return tls_whole_authorities(body, 3, &h->authorities);
	case TLS_EXT_KEY_SHARE: return read_shares(body, &h->shares, fault);
	case TLS_EXT_RENEGOTIATION_INFO: return tls_whole_vector(body, 1, 0, &h->renegotiation);
	default: return body.len == 0; /* SCT, extended_master_secret, early_data, post_handshake_auth */
	}
}

/* RFC 8446, 4.2.8: every share's group is among those supported. */
static bool shares_are_of_groups(const struct tls_client_hello *h)
{
	struct bytes rest = h->shares, key;
	unsigned shares = 0, group;

	while (tls_next_share(&rest, &group, &key)) shares++;
	if (shares <= 8) {
		for (rest = h->shares; tls_next_share(&rest, &group, &key);)
			if (!tls_has_u16(h->groups, group)) return false;
		return true;
	}
	struct tls_numbers_seen seen = { 0 };
	for (rest = h->groups; tls_next_u16(&rest, &group);) tls_seen_before(&seen, group);
	for (rest = h->shares; tls_next_share(&rest, &group, &key);)
		if (!tls_seen_before(&seen, group)) return false;
	return true;
}

/* What several fields say together. */
static bool client_hello_agrees(struct bytes body, struct tls_client_hello *h, struct tls_fault *fault)
{
	if (memchr(h->compressions.at, 0, h->compressions.len) == NULL)
		return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "compression_methods: \"null\" is not among them");
	if ((h->has & TLS_HAS(TLS_EXT_KEY_SHARE)) && (h->has & TLS_HAS(TLS_EXT_SUPPORTED_GROUPS)) && !shares_are_of_groups(h))
		return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "key_share: of a group that is not in supported_groups");
	if (!(h->has & TLS_HAS(TLS_EXT_PRE_SHARED_KEY))) return true;
	if (h->psk_binders.at + h->psk_binders.len != h->extensions.at + h->extensions.len)
		return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "pre_shared_key: not the last extension");
	if (!(h->has & TLS_HAS(TLS_EXT_PSK_KEY_EXCHANGE_MODES)) && tls_has_u16(h->versions, TLS_1_3)) /* RFC 8446, 4.2.9 */
		return tls_refuse(fault, TLS_MISSING_EXTENSION, "pre_shared_key without psk_key_exchange_modes");
	h->binders_at = (size_t)(h->psk_binders.at - body.at) - 2;
	return true;
}

bool tls_parse_client_hello(struct bytes body, struct tls_client_hello *h, struct tls_fault *fault)
{
	const tls_extensions allowed = ~TLS_HAS(TLS_EXT_OID_FILTERS);
	struct tls_reader r = { body, fault };
	uint32_t version;

	*h = (struct tls_client_hello){ 0 };
	if (!tls_read_number(&r, 2, &version, "legacy_version: missing") ||
	    !tls_read_bytes(&r, TLS_RANDOM_BYTES, &h->random, "random: shorter than 32 bytes") ||
	    !tls_read_vector(&r, 1, 0, TLS_SESSION_ID_MAX, &h->session_id, SESSION_ID_WORDS) ||
	    !tls_read_vector(&r, 2, 2, UINT16_MAX - 1, &h->suites, "cipher_suites: empty or cut short") ||
	    !tls_read_vector(&r, 1, 1, UINT8_MAX, &h->compressions, "compression_methods: empty or cut short"))
		return false;
	h->legacy_version = version;
	if (h->suites.len % 2 != 0) return tls_read_refuse(&r, "cipher_suites: an odd number of bytes");
	if (r.left.len > 0 && !tls_read_extension_list(&r, &h->extensions)) return false; /* 1.2 may have none */
	return tls_read_extensions(h->extensions, allowed, &h->has, read_client_extension, h, fault) &&
	       client_hello_agrees(body, h, fault);
}

/* The one name that was chosen (RFC 7301, 3.1). */
static bool read_chosen_alpn(struct bytes body, struct bytes *name)
{
	struct bytes list;
	return tls_whole_vector(body, 2, 2, &list) && tls_whole_vector(list, 1, 1, name);
}

static bool read_share(struct bytes body, struct tls_server_hello *h, struct tls_fault *fault)
{
	struct tls_reader r = { body, fault };
	uint32_t group;

	if (h->retry) return tls_whole_number(body, 2, &h->share_group);
	if (!tls_read_number(&r, 2, &group, NULL) || !tls_read_vector(&r, 2, 1, UINT16_MAX, &h->share, NULL)) return false;
	h->share_group = group;
	return r.left.len == 0;
}

static bool read_server_extension(void *hello, unsigned type, struct bytes body, struct tls_fault *fault)
{
	struct tls_server_hello *h = hello;
	struct bytes list;

	switch (type) {
	case TLS_EXT_SUPPORTED_VERSIONS: return tls_whole_number(body, 2, &h->version);
	case TLS_EXT_KEY_SHARE: return read_share(body, h, fault);
	case TLS_EXT_PRE_SHARED_KEY: return tls_whole_number(body, 2, &h->psk_index);
	case TLS_EXT_COOKIE: return tls_whole_vector(body, 2, 1, &h->cookie);
	case TLS_EXT_ALPN: return read_chosen_alpn(body, &h->alpn);
	case TLS_EXT_RECORD_SIZE_LIMIT: return read_size_limit(body, &h->record_size_limit, fault);
	case TLS_EXT_RENEGOTIATION_INFO: return tls_whole_vector(body, 1, 0, &h->renegotiation);
	case TLS_EXT_SUPPORTED_GROUPS: return tls_whole_u16s(body, 2, &list); /* some servers say it in 1.2, where it means nothing */
	case TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP: return tls_whole_vector(body, 2, 1, &list);
	case TLS_EXT_EC_POINT_FORMATS:
		if (!tls_whole_vector(body, 1, 1, &h->point_formats)) return false;
		return memchr(h->point_formats.at, 0, h->point_formats.len) != NULL || /* RFC 8422, 5.2 */
		       tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "ec_point_formats: without \"uncompressed\"");
	default: return body.len == 0; /* server_name, status_request, extended_master_secret, session_ticket */
	}
}

/* RFC 8446, 4.2, the table's columns SH and HRR; and what TLS 1.2 has instead. */
static tls_extensions allowed_in_server_hello(bool retry, bool v13)
{
	if (retry) return TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) | TLS_HAS(TLS_EXT_KEY_SHARE) | TLS_HAS(TLS_EXT_COOKIE);
	if (v13) return TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS) | TLS_HAS(TLS_EXT_KEY_SHARE) | TLS_HAS(TLS_EXT_PRE_SHARED_KEY);
	return TLS_HAS(TLS_EXT_SERVER_NAME) | TLS_HAS(TLS_EXT_STATUS_REQUEST) | TLS_HAS(TLS_EXT_SUPPORTED_GROUPS) |
	       TLS_HAS(TLS_EXT_EC_POINT_FORMATS) | TLS_HAS(TLS_EXT_ALPN) | TLS_HAS(TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP) |
	       TLS_HAS(TLS_EXT_EXTENDED_MASTER_SECRET) | TLS_HAS(TLS_EXT_SESSION_TICKET) |
	       TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT) | TLS_HAS(TLS_EXT_RENEGOTIATION_INFO);
}

bool tls_parse_server_hello(struct bytes body, struct tls_server_hello *h, struct tls_fault *fault)
{
	struct tls_reader r = { body, fault };
	uint32_t version, suite, compression;
	struct bytes versions;

	*h = (struct tls_server_hello){ 0 };
	if (!tls_read_number(&r, 2, &version, "legacy_version: missing") ||
	    !tls_read_bytes(&r, TLS_RANDOM_BYTES, &h->random, "random: shorter than 32 bytes") ||
	    !tls_read_vector(&r, 1, 0, TLS_SESSION_ID_MAX, &h->session_id, SESSION_ID_WORDS) ||
	    !tls_read_number(&r, 2, &suite, "cipher_suite: missing") ||
	    !tls_read_number(&r, 1, &compression, "compression_method: missing"))
		return false;
	h->legacy_version = version;
	h->suite = suite;
	h->compression = compression;
	h->retry = memcmp(h->random.at, tls_retry_random, TLS_RANDOM_BYTES) == 0;
	if (r.left.len > 0 && !tls_read_extension_list(&r, &h->extensions)) return false;
	if (compression != 0) return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "compression_method: not \"null\"");
	bool v13 = tls_find_extension(h->extensions, TLS_EXT_SUPPORTED_VERSIONS, &versions);
	return tls_read_extensions(h->extensions, allowed_in_server_hello(h->retry, v13), &h->has, read_server_extension, h, fault);
}

static bool read_encrypted_extension(void *message, unsigned type, struct bytes body, struct tls_fault *fault)
{
	struct tls_encrypted_extensions *e = message;

	switch (type) {
	case TLS_EXT_ALPN: return read_chosen_alpn(body, &e->alpn);
	case TLS_EXT_SUPPORTED_GROUPS: return tls_whole_u16s(body, 2, &e->groups);
	case TLS_EXT_RECORD_SIZE_LIMIT: return read_size_limit(body, &e->record_size_limit, fault);
	default: return body.len == 0; /* server_name, early_data */
	}
}

bool tls_parse_encrypted_extensions(struct bytes body, struct tls_encrypted_extensions *e, struct tls_fault *fault)
{
	const tls_extensions allowed = TLS_HAS(TLS_EXT_SERVER_NAME) | TLS_HAS(TLS_EXT_SUPPORTED_GROUPS) | TLS_HAS(TLS_EXT_ALPN) |
	                               TLS_HAS(TLS_EXT_EARLY_DATA) | TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT);
	struct tls_reader r = { body, fault };

	*e = (struct tls_encrypted_extensions){ 0 };
	return tls_read_extension_list(&r, &e->extensions) &&
	       tls_read_extensions(e->extensions, allowed, &e->has, read_encrypted_extension, e, fault);
}
