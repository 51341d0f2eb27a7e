/* SPDX-License-Identifier: ISC */
#include "tool/tls/tls_tell.h"

#include "crypt/x509.h"
#include "tool/say.h"

typedef const char *namer(unsigned);

static void put_name(struct text *out, const char *name, unsigned value)
{
	if (name != NULL) text_puts(out, name);
	else text_printf(out, "0x%04x", value);
}

/* "    what: A, B, C" */
static void list16(struct text *out, const char *what, struct bytes list, namer name)
{
	unsigned value;
	bool grease = false, first = true;

	if (list.len == 0) return;
	text_printf(out, "    %s: ", what);
	while (tls_next_u16(&list, &value)) {
		if (tls_is_grease(value)) {
			grease = true;
			continue;
		}
		if (!first) text_puts(out, ", ");
		put_name(out, name(value), value);
		first = false;
	}
	text_puts(out, grease ? ", and nonsense to be passed over (GREASE)\n" : "\n");
}

static void names(struct text *out, struct bytes list)
{
	struct bytes name;
	bool first = true;

	if (list.len == 0) return;
	text_puts(out, "    protocols above: ");
	for (; tls_next_name(&list, &name); first = false) {
		if (!first) text_puts(out, ", ");
		say_bytes(out, name);
	}
	text_puts(out, "\n");
}

static void shares(struct text *out, struct bytes list)
{
	unsigned group;
	struct bytes key;
	bool first = true;

	if (list.len == 0) return;
	for (; tls_next_share(&list, &group, &key);) {
		if (tls_is_grease(group)) continue;
		text_puts(out, first ? "    key share: " : ", ");
		put_name(out, tls_group_name(group), group);
		text_printf(out, " (%zu bytes)", key.len);
		first = false;
	}
	text_puts(out, "\n");
}

static bool client_hello(struct tls_teller *t, struct bytes body, struct tls_fault *fault)
{
	struct tls_client_hello h;
	struct text *out = t->out;
	struct bytes identity;
	uint32_t age;
	size_t psks = 0;

	if (!tls_parse_client_hello(body, &h, fault)) return false;
	if (h.has & TLS_HAS(TLS_EXT_SUPPORTED_VERSIONS)) list16(out, "versions", h.versions, tls_version_name);
	else text_printf(out, "    version: up to %s\n", tls_version_name(h.legacy_version) ? tls_version_name(h.legacy_version) : "?");
	if (h.server_name.len > 0) {
		text_puts(out, "    for: ");
		say_bytes(out, h.server_name);
		text_puts(out, "\n");
	}
	list16(out, "suites", h.suites, tls_suite_name);
	list16(out, "groups", h.groups, tls_group_name);
	shares(out, h.shares);
	list16(out, "signatures", h.schemes, tls_scheme_name);
	names(out, h.alpn);
	for (struct bytes list = h.psk_identities; tls_next_identity(&list, &identity, &age);) psks++;
	if (psks > 0) text_printf(out, "    resumes: %zu session%s or shared key%s offered\n", psks, psks > 1 ? "s" : "", psks > 1 ? "s" : "");
	else if (h.session_ticket.len > 0) text_printf(out, "    resumes: a ticket of %zu bytes\n", h.session_ticket.len);
	if (h.has & TLS_HAS(TLS_EXT_EARLY_DATA)) text_puts(out, "    early data follows at once (0-RTT)\n");
	if (h.cookie.len > 0) text_puts(out, "    the server's cookie comes back\n");
	return true;
}

static bool server_hello(struct tls_teller *t, struct bytes body, struct tls_fault *fault)
{
	struct tls_server_hello h;

	if (!tls_parse_server_hello(body, &h, fault)) return false;
	unsigned version = h.version != 0 ? h.version : h.legacy_version;
	text_puts(t->out, "    ");
	put_name(t->out, tls_version_name(version), version);
	text_puts(t->out, ", ");
	put_name(t->out, tls_suite_name(h.suite), h.suite);
	if (h.retry) text_puts(t->out, ": asks for another hello");
	if (h.share_group != 0) {
		text_puts(t->out, h.retry ? ", with a key share of " : ", key share of ");
		put_name(t->out, tls_group_name(h.share_group), h.share_group);
	}
	if (h.has & TLS_HAS(TLS_EXT_PRE_SHARED_KEY)) text_puts(t->out, "; the session is resumed");
	if (h.cookie.len > 0) text_puts(t->out, "; with a cookie");
	text_puts(t->out, "\n");
	return true;
}

static bool encrypted_extensions(struct tls_teller *t, struct bytes body, struct tls_fault *fault)
{
	struct tls_encrypted_extensions e;

	if (!tls_parse_encrypted_extensions(body, &e, fault)) return false;
	if (e.alpn.len > 0) {
		text_puts(t->out, "    protocol above: ");
		say_bytes(t->out, e.alpn);
		text_puts(t->out, "\n");
	}
	if (e.has & TLS_HAS(TLS_EXT_EARLY_DATA)) text_puts(t->out, "    early data is taken\n");
	if (e.record_size_limit > 0) text_printf(t->out, "    wants records of at most %u bytes\n", e.record_size_limit);
	return true;
}

/* Each line of it, a little further to the right. */
static void describe(struct tls_teller *t, struct bytes der)
{
	char words[4096];
	struct text lines = text_in(words, sizeof words);

	x509_describe(t->crypt, der, &lines);
	for (const char *line = words; *line;) {
		int len = (int)strcspn(line, "\n");
		text_printf(t->out, "      %.*s\n", len, line);
		line += len + (line[len] == '\n');
	}
}

static bool certificate(struct tls_teller *t, bool v13, struct bytes body, struct tls_fault *fault)
{
	struct tls_certificate c;
	struct tls_certificate_entry entry;
	size_t depth = 0;

	if (!tls_parse_certificate(body, v13, &c, fault)) return false;
	text_printf(t->out, "    %zu certificate%s%s\n", c.count, c.count == 1 ? "" : "s", c.count == 0 ? ": none is shown" : "");
	for (; tls_next_certificate(&c, &entry); depth++) {
		if (t->chain) text_printf(t->out, "    certificate %zu, %zu bytes%s\n", depth, entry.der.len, entry.ocsp.len > 0 ? ", OCSP response stapled" : "");
		if (t->chain) describe(t, entry.der);
	}
	return true;
}

static bool compressed(struct tls_teller *t, struct bytes body, struct tls_fault *fault)
{
	static const char *const names_of[] = { "?", "zlib", "brotli", "zstd" };
	struct tls_compressed_certificate c;

	if (!tls_parse_compressed_certificate(body, &c, fault)) return false;
	text_printf(t->out, "    by %s: %zu bytes instead of %zu\n", c.packing < COUNT(names_of) ? names_of[c.packing] : "?", c.packed.len, c.unpacked_bytes);
	return true;
}

static bool certificate_request(struct tls_teller *t, bool v13, struct bytes body, struct tls_fault *fault)
{
	struct tls_certificate_request r;

	if (!tls_parse_certificate_request(body, v13, &r, fault)) return false;
	list16(t->out, "signatures", r.schemes, tls_scheme_name);
	return true;
}

static bool signature(struct tls_teller *t, struct bytes body, struct tls_fault *fault)
{
	struct tls_certificate_verify v;

	if (!tls_parse_certificate_verify(body, &v, fault)) return false;
	text_puts(t->out, "    by ");
	put_name(t->out, tls_scheme_name(v.scheme), v.scheme);
	text_printf(t->out, ", %zu bytes\n", v.signature.len);
	return true;
}

static bool key_exchange(struct tls_teller *t, struct bytes body, struct tls_fault *fault)
{
	struct tls_server_key_exchange k;

	if (!tls_parse_server_key_exchange(body, &k, fault)) return false;
	text_puts(t->out, "    key share of ");
	put_name(t->out, tls_group_name(k.group), k.group);
	text_puts(t->out, ", signed by ");
	put_name(t->out, tls_scheme_name(k.scheme), k.scheme);
	text_puts(t->out, "\n");
	return true;
}

static bool ticket(struct tls_teller *t, bool v13, struct bytes body, struct tls_fault *fault)
{
	struct tls_new_session_ticket n;

	if (!tls_parse_new_session_ticket(body, v13, &n, fault)) return false;
	text_printf(t->out, "    %zu bytes, good for %u s", n.ticket.len, (unsigned)n.lifetime);
	if (n.early_data_max > 0) text_printf(t->out, ", and for %u bytes of early data", (unsigned)n.early_data_max);
	text_puts(t->out, "\n");
	return true;
}

static bool details(struct tls_teller *t, const struct tls_seen_message *m, struct tls_fault *fault)
{
	struct bytes body = bytes_skip(m->bytes, TLS_MESSAGE_HEADER);
	bool requested;

	switch (m->bytes.at[0]) {
	case TLS_CLIENT_HELLO: return client_hello(t, body, fault);
	case TLS_SERVER_HELLO: return server_hello(t, body, fault);
	case TLS_ENCRYPTED_EXTENSIONS: return encrypted_extensions(t, body, fault);
	case TLS_CERTIFICATE: return certificate(t, m->v13, body, fault);
	case TLS_COMPRESSED_CERTIFICATE: return compressed(t, body, fault);
	case TLS_CERTIFICATE_REQUEST: return certificate_request(t, m->v13, body, fault);
	case TLS_CERTIFICATE_VERIFY: return signature(t, body, fault);
	case TLS_SERVER_KEY_EXCHANGE: return key_exchange(t, body, fault);
	case TLS_NEW_SESSION_TICKET: return ticket(t, m->v13, body, fault);
	case TLS_KEY_UPDATE:
		if (!tls_parse_key_update(body, &requested, fault)) return false;
		if (requested) text_puts(t->out, "    and asks the other side to do the same\n");
		return true;
	default: return true;
	}
}

/* What a message is for, in a few words. */
static const char *meaning(unsigned type, bool v13)
{
	switch (type) {
	case TLS_CLIENT_HELLO: return "what the client can do";
	case TLS_SERVER_HELLO: return "what the server chose";
	case TLS_ENCRYPTED_EXTENSIONS: return "the rest of its choices; from here on all is encrypted";
	case TLS_CERTIFICATE: return "who this is, and who says so";
	case TLS_COMPRESSED_CERTIFICATE: return "the same, made smaller";
	case TLS_CERTIFICATE_REQUEST: return "the client shall say who it is";
	case TLS_CERTIFICATE_VERIFY: return "a signature over all so far: it has the certificate's key";
	case TLS_CERTIFICATE_STATUS: return "the authority's word that the certificate is not revoked (OCSP)";
	case TLS_SERVER_KEY_EXCHANGE: return "the server's half of the secret, signed";
	case TLS_SERVER_HELLO_DONE: return "the client's turn";
	case TLS_CLIENT_KEY_EXCHANGE: return "the client's half of the secret";
	case TLS_FINISHED: return "a MAC over all so far: nobody has changed a byte";
	case TLS_NEW_SESSION_TICKET: return v13 ? "to come back with: a later handshake is shorter" : "to come back with";
	case TLS_END_OF_EARLY_DATA: return "early data ends here";
	case TLS_KEY_UPDATE: return "the next record has new keys";
	case TLS_HELLO_REQUEST: return "wants to negotiate anew";
	default: return "unknown here";
	}
}

static void tell_alert(struct tls_teller *t, const struct tls_seen_message *m)
{
	unsigned alert = m->bytes.len == 2 ? m->bytes.at[1] : 256;
	const char *name = tls_alert_name(alert), *words = tls_alert_words(alert);

	text_printf(t->out, "alert: %s%s%s\n", name ? name : "unknown", words ? ": " : "", words ? words : "");
}

static void tell(struct tls_teller *t, const struct tls_seen_message *m)
{
	struct tls_fault fault = { 0 };
	bool client = m->sent != t->is_server;

	if (t->numbered) text_printf(t->out, "%u ", (unsigned)m->connection);
	text_printf(t->out, "%s %s ", m->sent ? ">" : "<", client ? "client:" : "server:");
	if (m->type == TLS_ALERT) {
		tell_alert(t, m);
		return;
	}
	const char *name = tls_message_name(m->bytes.at[0]);
	bool retry = m->bytes.at[0] == TLS_SERVER_HELLO && m->bytes.len >= 6 + TLS_RANDOM_BYTES &&
	             memcmp(m->bytes.at + 6, tls_retry_random, TLS_RANDOM_BYTES) == 0;
	text_printf(t->out, "%s, %zu bytes: %s\n", retry ? "HelloRetryRequest" : name ? name : "a message", m->bytes.len,
	            retry ? "once more, please" : meaning(m->bytes.at[0], m->v13));
	if (!details(t, m, &fault)) text_printf(t->out, "    it is malformed: %s\n", fault.words ? fault.words : "?");
}

void tls_tell_all(struct tls_teller *t)
{
	struct tls_seen_message m;

	for (size_t at = 0; tls_seen_next(&t->seen, &at, &m);) tell(t, &m);
	if (t->seen.cut) text_puts(t->out, "(and more than there was room to remember)\n");
	tls_seen_clear(&t->seen);
}

void tls_tell_session(struct text *out, const struct tls *t)
{
	put_name(out, tls_version_name(t->version), t->version);
	text_puts(out, ", ");
	put_name(out, tls_suite_name(t->suite), t->suite);
	if (t->group != 0) {
		text_puts(out, ", ");
		put_name(out, tls_group_name(t->group), t->group);
	}
	unsigned scheme = t->is_server ? t->scheme : t->peer_scheme;
	if (scheme != 0 && !t->resumed) {
		text_puts(out, ", ");
		put_name(out, tls_scheme_name(scheme), scheme);
	}
	if (*t->alpn != '\0') text_printf(out, ", %s", t->alpn);
	text_printf(out, "; %s", t->resumed ? "resumed" : "full handshake");
	if (t->retried) text_puts(out, ", after a retry");
	if (t->early_accepted) text_puts(out, ", early data taken");
	if (t->version == TLS_1_2 && !t->extended_master_secret) text_puts(out, ", without the extended master secret");
	text_puts(out, "\n");
}
