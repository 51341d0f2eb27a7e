/* SPDX-License-Identifier: ISC */
/* TLS: records as they lie in a segment, and messages, from there or opened by somebody who has the keys. */
#include "wire/dissect_tls.h"

#include <ctype.h>

#define RECORD_MAX (TLS_PLAINTEXT_MAX + 2048) /* RFC 5246, 6.2.3 */

/* ---- steps ---- */

bool walk_cut(struct walk *w, const char *why)
{
	if (!w->over && w->left.len > 0) {
		struct field *f = field_add(w->o, w->depth, w->left.at, w->left.len, "Cut off", why);
		field_say(f, "%zu bytes", w->left.len);
	}
	w->left = bytes_skip(w->left, w->left.len);
	w->over = true;
	return false;
}

static bool walk_short(struct walk *w) { return walk_cut(w, "It ends within this field."); }

void say_number(struct field *f, uint32_t number, unsigned bytes, namer *names)
{
	const char *name = names != NULL ? names(number) : NULL;
	if (names == NULL) field_say(f, "%u", number);
	else field_say(f, name != NULL ? "%s (0x%0*x)" : "%s0x%0*x", name != NULL ? name : "", (int)bytes * 2, number);
}

bool walk_number(struct walk *w, unsigned bytes, const char *name, const char *why, namer *names, uint32_t *value)
{
	*value = 0;
	if (w->over || w->left.len < bytes) return walk_short(w);
	for (unsigned i = 0; i < bytes; i++) *value = *value << 8 | w->left.at[i];
	say_number(field_add(w->o, w->depth, w->left.at, bytes, name, why), *value, bytes, names);
	w->left = bytes_skip(w->left, bytes);
	return true;
}

static void say_bytes(struct field *f, struct bytes b)
{
	struct text t = field_value(f);
	bool readable = b.len > 0;
	for (size_t i = 0; i < b.len; i++) readable &= isprint(b.at[i]) || b.at[i] == '\r' || b.at[i] == '\n';
	for (size_t i = 0; i < b.len && !t.cut; i++) {
		if (!readable) text_printf(&t, "%02x", b.at[i]);
		else if (b.at[i] == '\n') text_puts(&t, "\\n");
		else if (b.at[i] != '\r') text_printf(&t, "%c", b.at[i]);
	}
}

bool walk_bytes(struct walk *w, size_t n, const char *name, const char *why)
{
	if (w->over || w->left.len < n) return walk_short(w);
	if (n > 0) say_bytes(field_add(w->o, w->depth, w->left.at, n, name, why), bytes_first(w->left, n));
	w->left = bytes_skip(w->left, n);
	return true;
}

struct field *walk_vector(struct walk *w, unsigned length_bytes, const char *name, const char *why, struct bytes *content)
{
	size_t len = 0;

	if (w->over || w->left.len < length_bytes) return walk_short(w), NULL;
	for (unsigned i = 0; i < length_bytes; i++) len = len << 8 | w->left.at[i];
	if (len > w->left.len - length_bytes) return walk_short(w), NULL;
	struct field *f = field_add(w->o, w->depth, w->left.at, length_bytes + len, name, why);
	*content = (struct bytes){ w->left.at + length_bytes, len };
	w->left = bytes_skip(w->left, length_bytes + len);
	return f;
}

bool walk_opaque(struct walk *w, unsigned length_bytes, const char *name, const char *why)
{
	struct bytes content;
	struct field *f = walk_vector(w, length_bytes, name, why, &content);
	if (f == NULL) return false;
	if (content.len > 32) field_say(f, "%zu bytes: ", content.len);
	if (content.len == 0) field_say(f, "empty");
	say_bytes(f, content);
	return true;
}

void say_list(struct field *f, struct bytes list, namer *names)
{
	const char *between = "";
	for (unsigned value; tls_next_u16(&list, &value); between = ", ") {
		const char *name = names(value);
		if (name == NULL) field_say(f, "%s0x%04x", between, value);
		else field_say(f, "%s%s", between, name);
	}
}

bool walk_u16s(struct walk *w, unsigned length_bytes, const char *name, const char *why, const char *one, namer *names)
{
	struct bytes list;
	uint32_t value;
	struct field *whole = walk_vector(w, length_bytes, name, why, &list);

	if (whole == NULL) return false;
	field_say(whole, "%zu: ", list.len / 2);
	say_list(whole, list, names);
	for (struct walk each = { w->o, list, w->depth + 1, false }; each.left.len > 0 && !each.over;)
		walk_number(&each, 2, one, tls_is_grease(load_be16(each.left.len > 1 ? each.left.at : (const uint8_t *)"\0")) ?
		            "Means nothing: it keeps the other side used to what it does not know (RFC 8701)." : NULL, names, &value);
	return true;
}

void walk_end(struct walk *w, const char *why)
{
	if (w->over || w->left.len == 0) return;
	struct field *f = field_add(w->o, w->depth, w->left.at, w->left.len, "Left over", why);
	field_say(f, "%zu bytes", w->left.len);
}

/* ---- messages ---- */

static const struct meaning messages[] = {
	{ TLS_HELLO_REQUEST, "The server asks for another handshake (TLS 1.2)." },
	{ TLS_CLIENT_HELLO, "The client opens: what it can, what it wants, and a random number." },
	{ TLS_SERVER_HELLO, "The server chooses from what the client offered; from here on both have the same secret." },
	{ TLS_NEW_SESSION_TICKET, "With this the client can come again without certificates." },
	{ TLS_END_OF_EARLY_DATA, "The early data is over; what follows is under the handshake's keys." },
	{ TLS_ENCRYPTED_EXTENSIONS, "The server's other answers, which nobody else needs to see." },
	{ TLS_CERTIFICATE, "Who the sender is, vouched for by somebody whom the other side believes." },
	{ TLS_SERVER_KEY_EXCHANGE, "The server's public half of the secret, signed with its certificate's key (TLS 1.2)." },
	{ TLS_CERTIFICATE_REQUEST, "The server wants to know who the client is." },
	{ TLS_SERVER_HELLO_DONE, "The server has said all; it is the client's turn (TLS 1.2)." },
	{ TLS_CERTIFICATE_VERIFY, "A signature over all messages so far: the sender has the certificate's private key." },
	{ TLS_CLIENT_KEY_EXCHANGE, "The client's public half of the secret (TLS 1.2)." },
	{ TLS_FINISHED, "A checksum over all messages that only somebody with the secret can make: nobody has meddled." },
	{ TLS_CERTIFICATE_STATUS, "What the certificate's issuer says of it today (TLS 1.2)." },
	{ TLS_KEY_UPDATE, "From here on the sender's records are under new keys." },
	{ TLS_COMPRESSED_CERTIFICATE, "A Certificate message, packed (RFC 8879)." },
	{ 0, NULL } };

static bool is_retry(struct bytes body)
{
	return body.len >= 2 + TLS_RANDOM_BYTES && memcmp(body.at + 2, tls_retry_random, TLS_RANDOM_BYTES) == 0;
}

static void walk_client_hello(struct walk *w)
{
	uint32_t version;

	if (walk_number(w, 2, "legacy_version", "TLS 1.2 for ever; the true ones are in supported_versions.", tls_version_name, &version) &&
	    walk_bytes(w, TLS_RANDOM_BYTES, "random", "So that no two handshakes are alike.") &&
	    walk_opaque(w, 1, "legacy_session_id", "TLS 1.2: a session to resume; TLS 1.3: a random name that looks like one.") &&
	    walk_u16s(w, 2, "cipher_suites", "Which ciphers and hashes the client can use, best first.", "suite", tls_suite_name) &&
	    walk_opaque(w, 1, "legacy_compression_methods", "Only \"none\" (0) is left: compression gave secrets away.") &&
	    w->left.len > 0)
		walk_extensions(w, TLS_CLIENT_HELLO);
}

static void walk_server_hello(struct walk *w)
{
	bool retry = is_retry(w->left);
	uint32_t number;

	if (walk_number(w, 2, "legacy_version", "TLS 1.2 for ever; the true one is in supported_versions.", tls_version_name, &number) &&
	    walk_bytes(w, TLS_RANDOM_BYTES, "random", retry ? "This value says that it is a HelloRetryRequest." : "The server's part, so that no two handshakes are alike.") &&
	    walk_opaque(w, 1, "legacy_session_id_echo", "The client's, repeated; TLS 1.2: the name of this session.") &&
	    walk_number(w, 2, "cipher_suite", "The one that both will use.", tls_suite_name, &number) &&
	    walk_number(w, 1, "legacy_compression_method", "0 is none.", NULL, &number) && w->left.len > 0)
		walk_extensions(w, retry ? TLS_MESSAGE_HASH : TLS_SERVER_HELLO);
}

static void walk_certificate(struct walk *w, bool v13)
{
	struct bytes list;

	if (v13 && !walk_opaque(w, 1, "certificate_request_context", "Which request this answers; empty in the handshake.")) return;
	struct field *whole = walk_vector(w, 3, "certificate_list", "The sender's own, then the one that vouches for it, and so on.", &list);
	if (whole == NULL) return;
	unsigned count = 0;
	for (struct walk each = { w->o, list, w->depth + 1, false }; each.left.len > 0 && !each.over; count++)
		if (walk_opaque(&each, 3, "cert_data", "An X.509 certificate in DER.") && v13) walk_extensions(&each, TLS_CERTIFICATE);
	field_say(whole, "%u", count);
}

static void walk_certificate_request(struct walk *w, bool v13)
{
	if (v13) {
		if (walk_opaque(w, 1, "certificate_request_context", "The answer repeats it.")) walk_extensions(w, TLS_CERTIFICATE_REQUEST);
	} else if (walk_opaque(w, 1, "certificate_types", "Which kinds of keys are taken.") &&
	           walk_u16s(w, 2, "supported_signature_algorithms", "Which signatures the server can verify.", "scheme", tls_scheme_name)) {
		walk_opaque(w, 2, "certificate_authorities", "Whose certificates are believed.");
	}
}

static bool walk_signature(struct walk *w)
{
	uint32_t scheme;
	return walk_number(w, 2, "algorithm", "How it is signed.", tls_scheme_name, &scheme) &&
	       walk_opaque(w, 2, "signature", "Only the owner of the private key can make it.");
}

static void walk_server_key(struct walk *w)
{
	uint32_t number;
	if (walk_number(w, 1, "curve_type", "3 is a curve by its name, the only kind that is left.", NULL, &number) &&
	    walk_number(w, 2, "namedcurve", "Which group.", tls_group_name, &number) &&
	    walk_opaque(w, 1, "public", "The server's public half."))
		walk_signature(w);
}

static void walk_ticket(struct walk *w, bool v13)
{
	uint32_t number;
	if (!walk_number(w, 4, "ticket_lifetime", "For how many seconds it may be used; seven days at most.", NULL, &number)) return;
	if (!v13) {
		walk_opaque(w, 2, "ticket", "The session's secrets, which only the server can read.");
		return;
	}
	if (walk_number(w, 4, "ticket_age_add", "To be added to the ticket's age when it is shown, so that nobody can tell two uses belong together.", NULL, &number) &&
	    walk_opaque(w, 1, "ticket_nonce", "Makes a key of its own for each ticket.") &&
	    walk_opaque(w, 2, "ticket", "The name of the key: the session's secrets, which only the server can read."))
		walk_extensions(w, TLS_NEW_SESSION_TICKET);
}

static void walk_status(struct walk *w)
{
	uint32_t type;
	if (walk_number(w, 1, "status_type", "1 is OCSP.", NULL, &type))
		walk_opaque(w, 3, "OCSPResponse", "What the certificate's issuer says of it, signed (RFC 6960).");
}

static void walk_compressed(struct walk *w)
{
	uint32_t number;
	if (walk_number(w, 2, "algorithm", "1 is zlib, 2 brotli, 3 zstd.", NULL, &number) &&
	    walk_number(w, 3, "uncompressed_length", "How long the message is when unpacked.", NULL, &number))
		walk_opaque(w, 3, "compressed_certificate_message", NULL);
}

static void walk_body(struct walk *w, unsigned type, bool v13)
{
	uint32_t number;

	switch (type) {
	case TLS_CLIENT_HELLO: walk_client_hello(w); break;
	case TLS_SERVER_HELLO: walk_server_hello(w); break;
	case TLS_NEW_SESSION_TICKET: walk_ticket(w, v13); break;
	case TLS_ENCRYPTED_EXTENSIONS: walk_extensions(w, TLS_ENCRYPTED_EXTENSIONS); break;
	case TLS_CERTIFICATE: walk_certificate(w, v13); break;
	case TLS_SERVER_KEY_EXCHANGE: walk_server_key(w); break;
	case TLS_CERTIFICATE_REQUEST: walk_certificate_request(w, v13); break;
	case TLS_CERTIFICATE_VERIFY: walk_signature(w); break;
	case TLS_CLIENT_KEY_EXCHANGE: walk_opaque(w, 1, "ecdh_Yc", "The client's public half."); break;
	case TLS_FINISHED: walk_bytes(w, w->left.len, "verify_data", NULL); break;
	case TLS_CERTIFICATE_STATUS: walk_status(w); break;
	case TLS_KEY_UPDATE: walk_number(w, 1, "request_update", "1 asks the other side to change its keys as well.", NULL, &number); break;
	case TLS_COMPRESSED_CERTIFICATE: walk_compressed(w); break;
	default: walk_bytes(w, w->left.len, "data", NULL); break;
	}
	walk_end(w, "Behind the end of the message's last field.");
}

/* ---- what a message says in a line ---- */

static void name_into(struct field *f, const char *before, const char *name, unsigned number)
{
	if (name != NULL) field_say(f, "%s%s", before, name);
	else field_say(f, "%s0x%04x", before, number);
}

static void sum_up_client_hello(struct field *f, struct bytes body)
{
	struct tls_client_hello h;
	struct tls_fault fault;
	unsigned number, best = 0;

	if (!tls_parse_client_hello(body, &h, &fault)) {
		field_say(f, "; %s", fault.words);
		return;
	}
	if (h.server_name.len > 0) field_say(f, ", to %.*s", (int)size_min(h.server_name.len, 60), (const char *)h.server_name.at);
	for (struct bytes v = h.versions; tls_next_u16(&v, &number);)
		if (!tls_is_grease(number) && number > best) best = number;
	name_into(f, ", up to ", tls_version_name(best != 0 ? best : h.legacy_version), best);
	if (h.has & TLS_HAS(TLS_EXT_PRE_SHARED_KEY) || h.session_ticket.len > 0) field_say(f, ", with a ticket");
	if (h.has & TLS_HAS(TLS_EXT_EARLY_DATA)) field_say(f, ", early data follows");
}

static void sum_up_server_hello(struct field *f, struct bytes body)
{
	struct tls_server_hello h;
	struct tls_fault fault;

	if (!tls_parse_server_hello(body, &h, &fault)) {
		field_say(f, "; %s", fault.words);
		return;
	}
	unsigned version = h.version != 0 ? h.version : h.legacy_version;
	name_into(f, ", ", tls_version_name(version), version);
	name_into(f, ", ", tls_suite_name(h.suite), h.suite);
	if (h.has & TLS_HAS(TLS_EXT_KEY_SHARE)) name_into(f, ", ", tls_group_name(h.share_group), h.share_group);
	if (h.has & TLS_HAS(TLS_EXT_PRE_SHARED_KEY)) field_say(f, ", resumed");
}

static void sum_up(struct field *f, unsigned type, struct bytes body, bool v13)
{
	struct tls_certificate certificate;
	struct tls_new_session_ticket ticket;
	struct tls_fault fault;

	switch (type) {
	case TLS_CLIENT_HELLO: sum_up_client_hello(f, body); break;
	case TLS_SERVER_HELLO: sum_up_server_hello(f, body); break;
	case TLS_CERTIFICATE:
		if (tls_parse_certificate(body, v13, &certificate, &fault)) field_say(f, ", %zu certificate%s", certificate.count, certificate.count == 1 ? "" : "s");
		else field_say(f, "; %s", fault.words);
		break;
	case TLS_NEW_SESSION_TICKET:
		if (!tls_parse_new_session_ticket(body, v13, &ticket, &fault)) field_say(f, "; %s", fault.words);
		else field_say(f, ", good for %u s", ticket.lifetime);
		break;
	default: break;
	}
}

/* One message of a run of them; `whole` is false for the last of a segment that goes on in the next. */
static void walk_message(struct walk *w, bool v13)
{
	if (w->left.len < TLS_MESSAGE_HEADER) {
		walk_cut(w, "The message goes on in the next record or segment.");
		return;
	}
	unsigned type = w->left.at[0];
	size_t len = load_be32(w->left.at) & 0xffffff, have = size_min(len, w->left.len - TLS_MESSAGE_HEADER);
	struct bytes body = { w->left.at + TLS_MESSAGE_HEADER, have };
	const char *name = tls_message_name(type), *why = meaning_of(messages, type);
	if (type == TLS_SERVER_HELLO && is_retry(body)) {
		name = "HelloRetryRequest";
		why = "The server asks for the hello again, with a share of another group or with a cookie.";
	}
	struct field *f = field_add(w->o, w->depth, w->left.at, TLS_MESSAGE_HEADER + have, name != NULL ? name : "Handshake message", why);
	field_say(f, "%zu bytes", len);
	if (have == len) sum_up(f, type, body, v13);
	else field_say(f, ", of which %zu are here", have);
	field_say(field_add(w->o, w->depth + 1, w->left.at, 1, "msg_type", "Which message it is."), "%u", type);
	field_say(field_add(w->o, w->depth + 1, w->left.at + 1, 3, "length", "How long the message is, whatever records it lies in."), "%zu", len);
	struct walk fields = { w->o, body, w->depth + 1, false };
	walk_body(&fields, type, v13);
	w->left = bytes_skip(w->left, TLS_MESSAGE_HEADER + have);
}

static const char *level_name(unsigned level) { return level == 1 ? "warning" : level == 2 ? "fatal" : NULL; }

static void walk_alert(struct walk *w)
{
	uint32_t level, alert;
	const uint8_t *at = w->left.at;
	size_t len = w->left.len;

	struct field *f = field_add(w->o, w->depth, at, len, "Alert", len > 1 ? tls_alert_words(at[1]) : NULL);
	if (len > 1) {
		const char *name = tls_alert_name(at[1]);
		field_say(f, "%s %s", level_name(at[0]) != NULL ? level_name(at[0]) : "", name != NULL ? name : "of a number nobody knows");
	}
	w->depth++;
	if (walk_number(w, 1, "level", "A fatal one ends the connection; in TLS 1.3 all do but two.", level_name, &level) &&
	    walk_number(w, 1, "description", "What happened.", tls_alert_name, &alert))
		walk_end(w, "An alert has two bytes.");
}

static void walk_content(struct walk *w, unsigned type, bool v13)
{
	switch (type) {
	case TLS_HANDSHAKE:
		while (w->left.len > 0 && !w->over) walk_message(w, v13);
		break;
	case TLS_ALERT: walk_alert(w); break;
	case TLS_CHANGE_CIPHER_SPEC:
		walk_bytes(w, w->left.len, "ChangeCipherSpec", v13 ? "Means nothing: it makes the connection look like TLS 1.2 to those in between." :
		           "From here on the sender's records are encrypted; in TLS 1.3 it only looks so.");
		break;
	default: walk_bytes(w, w->left.len, "Application Data", "What the programs say to each other."); break;
	}
}

size_t dissect_tls(const struct tls_watched *seen, struct field *field, size_t max)
{
	struct bytes content = bytes_first(seen->content, size_min(seen->content.len, UINT16_MAX));
	struct out o = { .frame = content, .field = field, .max = max };
	struct walk w = { &o, content, 0, false };

	if (content.len == 0) return 0;
	if (seen->closed != NULL) walk_bytes(&w, content.len, "Encrypted", "Only those who have the keys can read it.");
	else walk_content(&w, seen->type, seen->v13);
	return o.count;
}

/* ---- records ---- */

bool dissect_tls_looks(struct bytes b)
{
	if (b.len < TLS_RECORD_HEADER + 1 || b.at[0] < TLS_CHANGE_CIPHER_SPEC || b.at[0] > TLS_APPLICATION_DATA) return false;
	unsigned len = load_be16(b.at + 3);
	return b.at[1] == 3 && b.at[2] <= 4 && len > 0 && len <= RECORD_MAX;
}

/* Whether what is in a handshake record can be a message, and not something encrypted (TLS 1.2's Finished). Behind a
 * ChangeCipherSpec only a second ClientHello can. */
static bool is_plain_handshake(struct bytes body, size_t record_len, bool changed)
{
	if (body.len < TLS_MESSAGE_HEADER) return !changed;
	size_t len = load_be32(body.at) & 0xffffff;
	if (changed) return body.at[0] == TLS_CLIENT_HELLO && len + TLS_MESSAGE_HEADER == record_len;
	if (meaning_of(messages, body.at[0]) == NULL || len > UINT16_MAX * 2) return false;
	if (body.at[0] == TLS_HELLO_REQUEST) return record_len == TLS_MESSAGE_HEADER && len == 0;
	return len + TLS_MESSAGE_HEADER <= record_len || record_len > 1000; /* cut into records: they are full then */
}

static bool is_open(const struct tls_record *r, struct bytes body, bool changed)
{
	switch (r->type) {
	case TLS_CHANGE_CIPHER_SPEC: return true;
	case TLS_ALERT: return r->length == 2;
	case TLS_HANDSHAKE: return is_plain_handshake(body, r->length, changed);
	default: return false;
	}
}

static struct bytes record_header(struct out *o, struct bytes b, struct tls_record *r)
{
	size_t have = size_min(r->length, b.len - TLS_RECORD_HEADER);
	struct field *layer = field_add(o, 0, b.at, TLS_RECORD_HEADER + have, "Transport Layer Security",
	                                "Keeps a stream private and whole between two who know each other (RFC 8446).");
	const char *type = tls_content_name(r->type), *version = tls_version_name(r->version);

	field_say(layer, "record of %s, %zu bytes%s", type, r->length, have < r->length ? ", which go on in the next segment" : "");
	field_say(field_add(o, 1, b.at, 1, "ContentType", "What is in the record; of encrypted ones TLS 1.3 says application_data always."),
	          "%u (%s)", r->type, type);
	field_say(field_add(o, 1, b.at + 1, 2, "legacy_record_version", "Nobody looks at it any more."), "0x%04x (%s)", r->version,
	          version != NULL ? version : "?");
	field_say(field_add(o, 1, b.at + 3, 2, "length", "How long the record is; at most 16384 bytes and what encryption adds."), "%zu", r->length);
	return (struct bytes){ b.at + TLS_RECORD_HEADER, have };
}

void dissect_tls_records(struct out *o, struct bytes b)
{
	bool changed = false;

	while (dissect_tls_looks(b)) {
		struct tls_record r;
		tls_parse_record(b.at, &r);
		struct bytes body = record_header(o, b, &r);
		struct walk w = { o, body, 1, false };
		if (is_open(&r, body, changed)) walk_content(&w, r.type, false);
		else walk_bytes(&w, body.len, "encrypted_record", "Only those who have the keys can read it; its tag shows that nobody has changed it.");
		changed |= r.type == TLS_CHANGE_CIPHER_SPEC;
		b = bytes_skip(b, TLS_RECORD_HEADER + body.len);
	}
	dissect_data(o, b, "Data", "Behind the last record that can be told: perhaps the beginning of another.");
}
