/* SPDX-License-Identifier: ISC */
/* The extensions of TLS messages, each with what it is for. */
#include "wire/dissect_tls.h"

static const struct meaning whys[] = {
	{ TLS_EXT_SERVER_NAME, "Which of a server's names is meant, so that it can show the right certificate (RFC 6066, 3)." },
	{ TLS_EXT_STATUS_REQUEST, "A proof that the certificate was not revoked, stapled to it (RFC 6066, 8)." },
	{ TLS_EXT_SUPPORTED_GROUPS, "In which groups a secret can be agreed (RFC 8446, 4.2.7)." },
	{ TLS_EXT_EC_POINT_FORMATS, "How points of curves may be written; only uncompressed ones are left (RFC 8422, 5.1.2)." },
	{ TLS_EXT_SIGNATURE_ALGORITHMS, "Which signatures can be verified (RFC 8446, 4.2.3)." },
	{ TLS_EXT_ALPN, "Which protocol is to be spoken inside (RFC 7301)." },
	{ TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP, "Proofs that the certificate was made public (RFC 6962)." },
	{ TLS_EXT_PADDING, "Makes the hello longer, for somebody who cannot read those of some lengths (RFC 7685)." },
	{ 22, "Encrypt first and then authenticate, with the ciphers of old (RFC 7366)." },
	{ TLS_EXT_EXTENDED_MASTER_SECRET, "Binds the master secret to all that was said, so that two connections cannot be made to have the same (RFC 7627)." },
	{ TLS_EXT_COMPRESS_CERTIFICATE, "How certificates may be packed (RFC 8879)." },
	{ TLS_EXT_RECORD_SIZE_LIMIT, "How long records may be that are sent to the sender of this (RFC 8449)." },
	{ TLS_EXT_SESSION_TICKET, "TLS 1.2: asks for a ticket, or shows one from an earlier session (RFC 5077)." },
	{ TLS_EXT_PRE_SHARED_KEY, "Keys both already have, from a session before or by agreement, so that no certificate is needed (RFC 8446, 4.2.11)." },
	{ TLS_EXT_EARLY_DATA, "Data that goes with the first flight, before the server has answered (RFC 8446, 4.2.10)." },
	{ TLS_EXT_SUPPORTED_VERSIONS, "Which versions of TLS: the old field says 1.2 for ever (RFC 8446, 4.2.1)." },
	{ TLS_EXT_COOKIE, "What the server wants repeated, so that it need not remember (RFC 8446, 4.2.2)." },
	{ TLS_EXT_PSK_KEY_EXCHANGE_MODES, "Whether a new secret is agreed as well when a pre-shared key is used (RFC 8446, 4.2.9)." },
	{ TLS_EXT_CERTIFICATE_AUTHORITIES, "Whose certificates are believed (RFC 8446, 4.2.4)." },
	{ TLS_EXT_OID_FILTERS, "What the client's certificate should say (RFC 8446, 4.2.5)." },
	{ TLS_EXT_POST_HANDSHAKE_AUTH, "The client can be asked for its certificate later (RFC 8446, 4.2.6)." },
	{ TLS_EXT_SIGNATURE_ALGORITHMS_CERT, "Which signatures can be verified in certificates (RFC 8446, 4.2.3)." },
	{ TLS_EXT_KEY_SHARE, "Public halves of keys, from which both compute the same secret that nobody else can (RFC 8446, 4.2.8)." },
	{ TLS_EXT_RENEGOTIATION_INFO, "Ties a new handshake to the one before; empty in the first (RFC 5746)." },
	{ 0xfe0d, "A hello inside the hello, that only the server can read." },
	{ 57, "QUIC's parameters (RFC 9001, 8.2)." },
	{ 0, NULL } };

static const char *why_of(unsigned type)
{
	const char *why = meaning_of(whys, type);
	if (tls_is_grease(type)) return "Means nothing: it keeps servers used to what they do not know (RFC 8701).";
	return why != NULL ? why : "An extension that is not read here.";
}

static const char *mode_name(unsigned mode) { return mode == 0 ? "psk_ke" : mode == 1 ? "psk_dhe_ke" : NULL; }
static const char *format_name(unsigned format)
{
	static const char *const names[] = { "uncompressed", "ansiX962_compressed_prime", "ansiX962_compressed_char2" };
	return format < COUNT(names) ? names[format] : NULL;
}
static const char *packing_name(unsigned packing)
{
	static const char *const names[] = { NULL, "zlib", "brotli", "zstd" };
	return packing < COUNT(names) ? names[packing] : NULL;
}

static void say_text(struct field *f, struct bytes text)
{
	struct text t = field_value(f);
	for (size_t i = 0; i < text.len && !t.cut; i++)
		text_printf(&t, text.at[i] >= 0x20 && text.at[i] < 0x7f ? "%c" : "\\x%02x", text.at[i]);
}

static bool server_name(struct walk *w, struct field *whole)
{
	struct bytes list, name;
	uint32_t type;

	if (w->left.len == 0) return true; /* the server's answer */
	if (walk_vector(w, 2, "ServerNameList", "Names, of which only host names were ever defined.", &list) == NULL) return false;
	struct walk each = { w->o, list, w->depth + 1, false };
	while (each.left.len > 0 && !each.over) {
		if (!walk_number(&each, 1, "NameType", NULL, NULL, &type)) break;
		struct field *f = walk_vector(&each, 2, "HostName", "The name in full, without a dot at its end.", &name);
		if (f == NULL) break;
		say_text(f, name);
		say_text(whole, name);
	}
	return true;
}

static bool alpn(struct walk *w, struct field *whole)
{
	struct bytes list, name;
	const char *between = "";

	if (walk_vector(w, 2, "ProtocolNameList", "In order of preference; a server names the one it has chosen.", &list) == NULL) return false;
	struct walk each = { w->o, list, w->depth + 1, false };
	while (each.left.len > 0 && !each.over) {
		struct field *f = walk_vector(&each, 1, "ProtocolName", NULL, &name);
		if (f == NULL) break;
		say_text(f, name);
		field_say(whole, "%s", between);
		say_text(whole, name);
		between = ", ";
	}
	return true;
}

static bool share(struct walk *w, struct field *whole)
{
	uint32_t group;
	if (!walk_number(w, 2, "group", "Which group it is of.", tls_group_name, &group)) return false;
	const char *name = tls_group_name(group);
	field_say(whole, "%s%s", whole->value[0] != '\0' ? ", " : "", name != NULL ? name : "?");
	return walk_opaque(w, 2, "key_exchange", "The public half; the private one never leaves its owner.");
}

static bool key_share(struct walk *w, struct field *whole, unsigned message)
{
	struct bytes list;
	uint32_t group;

	if (message == TLS_MESSAGE_HASH) {
		bool there = walk_number(w, 2, "selected_group", "The group of which the client is to send a share.", tls_group_name, &group);
		if (there) say_number(whole, group, 2, tls_group_name);
		return there;
	}
	if (message == TLS_SERVER_HELLO) return share(w, whole);
	if (walk_vector(w, 2, "client_shares", "One for each group the client hopes the server will take.", &list) == NULL) return false;
	for (struct walk each = { w->o, list, w->depth + 1, false }; each.left.len > 0 && !each.over;) share(&each, whole);
	return true;
}

/* A list of 16-bit numbers, told of the extension itself as well. */
static bool u16s(struct walk *w, struct field *whole, unsigned length_bytes, const char *name, const char *one, namer *names)
{
	if (w->left.len >= length_bytes) say_list(whole, bytes_skip(w->left, length_bytes), names);
	return walk_u16s(w, length_bytes, name, "In order of preference.", one, names);
}

static bool versions(struct walk *w, struct field *whole, unsigned message)
{
	uint32_t version;
	if (message == TLS_CLIENT_HELLO) return u16s(w, whole, 1, "versions", "version", tls_version_name);
	bool there = walk_number(w, 2, "selected_version", "What both will speak.", tls_version_name, &version);
	if (there) say_number(whole, version, 2, tls_version_name);
	return there;
}

static bool psk(struct walk *w, struct field *whole, unsigned message)
{
	struct bytes list;
	uint32_t number;
	unsigned count = 0;

	if (message != TLS_CLIENT_HELLO) {
		bool there = walk_number(w, 2, "selected_identity", "Which of the client's keys is taken, counted from 0.", NULL, &number);
		if (there) field_say(whole, "number %u", number);
		return there;
	}
	if (walk_vector(w, 2, "identities", "What the keys are called: a ticket is such a name.", &list) == NULL) return false;
	for (struct walk each = { w->o, list, w->depth + 1, false }; each.left.len > 0 && !each.over; count++)
		if (walk_opaque(&each, 2, "identity", "A ticket as the server gave it; only the server can read it."))
			walk_number(&each, 4, "obfuscated_ticket_age",
			            "How long ago the ticket came, in milliseconds, and a secret number added.", NULL, &number);
	field_say(whole, "%u offered", count);
	if (walk_vector(w, 2, "binders", "Proofs that the client has each key, over all of the hello up to here.", &list) == NULL) return false;
	for (struct walk each = { w->o, list, w->depth + 1, false }; each.left.len > 0 && !each.over;)
		walk_opaque(&each, 1, "binder", NULL);
	return true;
}

static bool status(struct walk *w, unsigned message)
{
	uint32_t type;
	if (w->left.len == 0) return true;
	if (!walk_number(w, 1, "status_type", "1 is OCSP.", NULL, &type)) return false;
	if (message == TLS_CERTIFICATE) return walk_opaque(w, 3, "OCSPResponse", "What the certificate's issuer says of it, signed (RFC 6960).");
	return walk_opaque(w, 2, "responder_id_list", "Who may answer; nobody named: anybody known.") &&
	       walk_opaque(w, 2, "request_extensions", NULL);
}

static bool early_data(struct walk *w, struct field *whole, unsigned message)
{
	uint32_t most;
	if (message != TLS_NEW_SESSION_TICKET) return true;
	if (!walk_number(w, 4, "max_early_data_size", "How many bytes of early data the server would take with this ticket.", NULL, &most))
		return false;
	field_say(whole, "up to %u bytes", most);
	return true;
}

static bool bytes_list(struct walk *w, const char *name, namer *names)
{
	struct bytes list;
	uint32_t value;
	if (walk_vector(w, 1, name, NULL, &list) == NULL) return false;
	for (struct walk each = { w->o, list, w->depth + 1, false }; each.left.len > 0 && !each.over;)
		walk_number(&each, 1, "value", NULL, names, &value);
	return true;
}

static bool authorities(struct walk *w)
{
	struct bytes list;
	if (walk_vector(w, 2, "authorities", NULL, &list) == NULL) return false;
	for (struct walk each = { w->o, list, w->depth + 1, false }; each.left.len > 0 && !each.over;)
		walk_opaque(&each, 2, "DistinguishedName", "In DER.");
	return true;
}

static bool extension_body(struct walk *w, struct field *whole, unsigned type, unsigned message)
{
	uint32_t limit;

	switch (type) {
	case TLS_EXT_SERVER_NAME: return server_name(w, whole);
	case TLS_EXT_STATUS_REQUEST: return status(w, message);
	case TLS_EXT_SUPPORTED_GROUPS: return u16s(w, whole, 2, "named_group_list", "group", tls_group_name);
	case TLS_EXT_EC_POINT_FORMATS: return bytes_list(w, "ec_point_format_list", format_name);
	case TLS_EXT_SIGNATURE_ALGORITHMS:
	case TLS_EXT_SIGNATURE_ALGORITHMS_CERT:
		return u16s(w, whole, 2, "supported_signature_algorithms", "scheme", tls_scheme_name);
	case TLS_EXT_ALPN: return alpn(w, whole);
	case TLS_EXT_PADDING: field_say(whole, "%zu bytes", w->left.len); return walk_bytes(w, w->left.len, "padding", NULL);
	case TLS_EXT_COMPRESS_CERTIFICATE: return u16s(w, whole, 1, "algorithms", "algorithm", packing_name);
	case TLS_EXT_RECORD_SIZE_LIMIT:
		if (!walk_number(w, 2, "RecordSizeLimit", "In bytes of plaintext.", NULL, &limit)) return false;
		field_say(whole, "%u bytes", limit);
		return true;
	case TLS_EXT_SESSION_TICKET: return walk_bytes(w, w->left.len, "ticket", NULL);
	case TLS_EXT_PRE_SHARED_KEY: return psk(w, whole, message);
	case TLS_EXT_EARLY_DATA: return early_data(w, whole, message);
	case TLS_EXT_SUPPORTED_VERSIONS: return versions(w, whole, message);
	case TLS_EXT_COOKIE: return walk_opaque(w, 2, "cookie", NULL);
	case TLS_EXT_PSK_KEY_EXCHANGE_MODES: return bytes_list(w, "ke_modes", mode_name);
	case TLS_EXT_CERTIFICATE_AUTHORITIES: return authorities(w);
	case TLS_EXT_KEY_SHARE: return key_share(w, whole, message);
	case TLS_EXT_RENEGOTIATION_INFO: return walk_opaque(w, 1, "renegotiated_connection", NULL);
	default: return walk_bytes(w, w->left.len, "data", NULL);
	}
}

static bool walk_extension(struct walk *w, unsigned message)
{
	if (w->left.len < 4) return walk_cut(w, "The message ends within this extension.");
	unsigned type = load_be16(w->left.at);
	size_t len = load_be16(w->left.at + 2);
	if (len > w->left.len - 4) return walk_cut(w, "The message ends within this extension.");
	const char *name = tls_extension_name(type);
	struct field *f = field_add(w->o, w->depth, w->left.at, 4 + len, name != NULL ? name : "extension", why_of(type));
	if (name == NULL || tls_is_grease(type)) field_say(f, "type 0x%04x", type);
	struct walk body = { w->o, { w->left.at + 4, len }, w->depth + 1, false };
	if (len > 0 || name != NULL) extension_body(&body, f, type, message);
	walk_end(&body, "Behind the end of what the extension says.");
	w->left = bytes_skip(w->left, 4 + len);
	return true;
}

bool walk_extensions(struct walk *w, unsigned message)
{
	struct bytes list;
	struct field *whole = walk_vector(w, 2, "extensions", "What both sides can do besides, each with its own length, so that what is unknown is passed over.", &list);
	unsigned count = 0;

	if (whole == NULL) return false;
	for (struct walk each = { w->o, list, w->depth + 1, false }; each.left.len > 0 && !each.over; count++)
		if (!walk_extension(&each, message)) break;
	field_say(whole, "%u of them", count);
	return true;
}
