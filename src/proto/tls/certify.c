/* SPDX-License-Identifier: ISC */
/* Certificate and CertificateVerify (RFC 8446, 4.4.2 and 4.4.3; RFC 5246, 7.4.2 and 7.4.8), both roles and versions: which identity
 * we show, how it travels (RFC 8879, RFC 6066), what of the peer's is believed, and by which alert it is refused. */
#include "pack/pack.h"
#include "proto/tls/inside.h"

/* ---- ours ---- */

static bool is13(const struct tls *t) { return t->version == TLS_1_3; }

static bool is_rsa(const struct crypt_key *key)
{
	enum crypt_key_kind kind = crypt_key_kind(key);
	return kind == CRYPT_KEY_RSA || kind == CRYPT_KEY_RSA_PSS;
}

/* PKCS1 signs no handshake in 1.3 (4.2.3); a curve is bound to its hash only there. */
static bool fits(const struct crypt_key *key, unsigned scheme, bool v13)
{
	bool pkcs1 = scheme == CRYPT_RSA_PKCS1_SHA256 || scheme == CRYPT_RSA_PKCS1_SHA384 ||
	             scheme == CRYPT_RSA_PKCS1_SHA512;
	if (v13) return !pkcs1 && crypt_key_fits(key, scheme);
	return crypt_key_fits(key, scheme | CRYPT_ANY_CURVE);
}

static bool peer_verifies(const struct tls_handshake *h, unsigned scheme)
{
	for (size_t i = 0; i < h->peer_schemes_count; i++)
		if (h->peer_schemes[i] == scheme) return true;
	return false;
}

static unsigned choose_scheme(const struct tls *t, const struct tls_identity *identity, bool v13)
{
	const struct tls_config *c = t->config;
	uint16_t own[TLS_LIST_MAX];
	size_t count = c->sign_schemes != NULL ? c->sign_schemes_count : tls_list_schemes(c, own);
	const uint16_t *list = c->sign_schemes != NULL ? c->sign_schemes : own;

	if (!v13 && t->is_server && is_rsa(identity->key) == tls_suite_find(t->suite)->ecdsa) return 0;
	for (size_t i = 0; i < count; i++)
		if (peer_verifies(t->handshake, list[i]) && fits(identity->key, list[i], v13)) return list[i];
	return 0;
}

static bool alike(struct bytes a, struct bytes b)
{
	if (a.len != b.len) return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.at[i]) != ascii_lower(b.at[i])) return false;
	return true;
}

/* See TLS_SUITS_BEST. */
static unsigned suits(const struct tls_identity *identity, struct bytes name)
{
	struct bytes rest = name;
	unsigned best = identity->names_count == 0 || name.len == 0 ? 1 : 0;

	while (rest.len > 0 && rest.at[0] != '.') rest = bytes_skip(rest, 1);
	for (size_t i = 0; name.len > 0 && i < identity->names_count; i++) {
		struct bytes own = bytes_of(identity->names[i]);
		if (alike(own, name)) return 3;
		if (own.len > 2 && own.at[0] == '*' && rest.len > 1 && alike(bytes_skip(own, 1), rest)) best = 2;
	}
	return best;
}

bool tls_choose_identity_for(struct tls *t, struct bytes name, bool v13, unsigned how_well)
{
	const struct tls_config *c = t->config;

	if (name.len > 1 && name.at[name.len - 1] == '.') name.len--;
	for (size_t i = 0; i < c->identities_count; i++) {
		unsigned scheme = suits(&c->identities[i], name) == how_well ? choose_scheme(t, &c->identities[i], v13) : 0;
		if (scheme == 0) continue;
		t->handshake->identity = &c->identities[i];
		t->handshake->sign_scheme = (uint16_t)scheme;
		return true;
	}
	return false;
}

bool tls_choose_identity(struct tls *t, struct bytes name, bool v13)
{
	/* in the end any: the client will say what it thinks of the name */
	for (unsigned how_well = TLS_SUITS_BEST + 1; how_well-- > 0;)
		if (tls_choose_identity_for(t, name, v13, how_well)) return true;
	return false;
}

/* RFC 8879: in place of the Certificate that is written at `from`, if that makes it smaller. */
static void compress(struct tls_writer *w, size_t from, unsigned packing)
{
	const size_t header = TLS_MESSAGE_HEADER + 2 + 3 + 3;
	struct bytes plain = { w->at + from + TLS_MESSAGE_HEADER, w->len - from - TLS_MESSAGE_HEADER };
	struct room spare = { w->at + w->len, w->size - w->len };
	size_t packed = pack_known(packing) ? pack(packing, plain, spare) : 0;

	if (packed == 0 || packed + header >= plain.len) return;
	w->len = from;
	tls_emit_compressed_certificate(w, &(struct tls_compressed_certificate){ packing, plain.len, { spare.at, packed } });
}

bool tls_send_certificate(struct tls *t)
{
	struct tls_handshake *h = t->handshake;
	struct tls_writer *w = &h->flight;
	const struct tls_identity *own = h->identity;
	struct bytes context = { h->request_context, h->request_context_len }, ocsp = { 0 };
	size_t from = w->len;

	if (own != NULL && is13(t) && h->peer_wants_ocsp) ocsp = own->ocsp;
	tls_emit_certificate(w, is13(t), context, own ? own->chain.der : NULL, own ? own->chain.count : 0, ocsp);
	if (own != NULL && is13(t) && h->peer_packing != 0 && !w->cut) compress(w, from, h->peer_packing);
	return tls_sent_message(t, from);
}

/* What a signature of 1.3 covers: spaces, a context and its zero, the transcript's hash (4.4.3). */
struct covered { uint8_t head[64 + 33 + 1]; struct bytes parts[2]; };

static void cover13(struct covered *c, bool by_server, struct bytes transcript_hash)
{
	const char *context = by_server ? "TLS 1.3, server CertificateVerify" : "TLS 1.3, client CertificateVerify";
	memset(c->head, ' ', 64);
	memcpy(c->head + 64, context, 34);
	c->parts[0] = (struct bytes){ c->head, sizeof c->head };
	c->parts[1] = transcript_hash;
}

static struct bytes messages12(const struct tls_handshake *h)
{
	return (struct bytes){ h->messages12.room.at, h->messages12.len };
}

bool tls_send_certificate_verify(struct tls *t)
{
	struct tls_handshake *h = t->handshake;
	struct tls_writer *w = &h->flight;
	uint8_t hash[CRYPT_HASH_MAX], signature[CRYPT_SIGNATURE_MAX];
	struct covered covered;
	size_t from = w->len, len;

	if (is13(t)) {
		tls_transcript_peek(t, hash);
		cover13(&covered, t->is_server, (struct bytes){ hash, crypt_hash_len(h->hash) });
		len = crypt_sign(h->identity->key, h->sign_scheme, covered.parts, 2, signature);
	} else {
		if (h->messages12.cut) return tls_fail(t, TLS_INTERNAL_ERROR, "too many bytes of messages to be signed");
		covered.parts[0] = messages12(h);
		len = crypt_sign(h->identity->key, h->sign_scheme | CRYPT_ANY_CURVE, covered.parts, 1, signature);
	}
	if (len == 0) return tls_fail(t, TLS_INTERNAL_ERROR, "our key would not sign");
	t->scheme = h->sign_scheme;
	tls_emit_certificate_verify(w, &(struct tls_certificate_verify){ h->sign_scheme, { signature, len } });
	return tls_sent_message(t, from);
}

/* ---- the peer's ---- */

static bool keep(struct tls_handshake *h, struct bytes *b)
{
	if (b->at >= h->chain_bytes.at && b->at < h->chain_bytes.at + h->chain_bytes.len) return true; /* unpacked there */
	if (b->len > h->chain_bytes.len - h->chain_used) return false;
	if (b->len > 0) memcpy(h->chain_bytes.at + h->chain_used, b->at, b->len);
	b->at = h->chain_bytes.at + h->chain_used;
	h->chain_used += b->len;
	return true;
}

/* 4.4.2: an entry's extensions answer ours. */
static bool check_extensions(struct tls *t, const struct tls_certificate_entry *entry)
{
	struct bytes rest = entry->extensions, body;
	bool asked = !t->is_server && (t->handshake->sent & TLS_HAS(TLS_EXT_STATUS_REQUEST));
	unsigned type;

	while (tls_next_extension(&rest, &type, &body))
		if (type != TLS_EXT_STATUS_REQUEST || !asked)
			return tls_fail(t, TLS_UNSUPPORTED_EXTENSION, "Certificate: extension %u, which was not asked for", type);
	return true;
}

static bool no_certificate(struct tls *t)
{
	if (!t->is_server) return tls_fail(t, TLS_DECODE_ERROR, "Certificate: the server sent none");
	if (t->config->client_auth != TLS_REQUIRE_CLIENT) return true;
	return tls_fail(t, is13(t) ? TLS_CERTIFICATE_REQUIRED : TLS_HANDSHAKE_FAILURE,
	                "the client sent no certificate, and one is required");
}

static bool keep_chain(struct tls *t, struct tls_certificate *message)
{
	struct tls_handshake *h = t->handshake;
	struct tls_certificate_entry entry;

	while (tls_next_certificate(message, &entry)) {
		if (h->peer_chain_count == X509_CHAIN_MAX)
			return tls_fail(t, TLS_BAD_CERTIFICATE, "Certificate: more than %u certificates", X509_CHAIN_MAX);
		if (message->v13 && !check_extensions(t, &entry)) return false;
		if (!keep(h, &entry.der) || (h->peer_chain_count == 0 && !keep(h, &entry.ocsp)))
			return tls_fail(t, TLS_BAD_CERTIFICATE, "Certificate: the chain is larger than %zu bytes",
			                h->chain_bytes.len);
		if (h->peer_chain_count == 0) h->peer_ocsp = entry.ocsp;
		h->peer_chain[h->peer_chain_count++] = entry.der;
	}
	return true;
}

/* RFC 8879, 4: into chain_bytes, where it stays; `body` becomes the Certificate's. */
static bool decompress(struct tls *t, struct bytes *body)
{
	struct tls_handshake *h = t->handshake;
	struct tls_compressed_certificate c;
	struct tls_fault fault;

	if (!is13(t) || !h->compress_offered)
		return tls_fail(t, TLS_UNEXPECTED_MESSAGE, "CompressedCertificate, which we did not offer to take");
	if (!tls_parse_compressed_certificate(*body, &c, &fault)) return tls_fail_fault(t, "CompressedCertificate", &fault);
	if (c.packing >= 32 || !(t->config->packings & 1u << c.packing) || !pack_known(c.packing))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "CompressedCertificate: algorithm %u, which we did not offer",
		                c.packing);
	struct room room = { h->chain_bytes.at + h->chain_used, c.unpacked_bytes };
	if (c.unpacked_bytes == 0 || c.unpacked_bytes > h->chain_bytes.len - h->chain_used)
		return tls_fail(t, TLS_BAD_CERTIFICATE, "CompressedCertificate: %zu bytes unpacked, at most %zu are taken",
		                c.unpacked_bytes, h->chain_bytes.len - h->chain_used);
	if (!unpack(c.packing, c.packed, room))
		return tls_fail(t, TLS_BAD_CERTIFICATE, "CompressedCertificate: it does not unpack to the %zu bytes it says",
		                c.unpacked_bytes);
	h->chain_used += c.unpacked_bytes;
	*body = (struct bytes){ room.at, room.len };
	return true;
}

static bool check_context(struct tls *t, struct bytes context)
{
	struct tls_handshake *h = t->handshake;
	struct bytes wanted = { h->request_context, t->is_server ? h->request_context_len : 0 };
	if (!is13(t) || bytes_equal(context, wanted)) return true;
	return tls_fail(t, TLS_ILLEGAL_PARAMETER, "Certificate: its context is not the request's");
}

bool tls_on_certificate(struct tls *t, instant now, enum tls_message_type type, struct bytes body)
{
	struct tls_handshake *h = t->handshake;
	struct tls_certificate message;
	struct tls_fault fault;

	if (type == TLS_COMPRESSED_CERTIFICATE ? !decompress(t, &body) : !tls_expect(t, type, TLS_CERTIFICATE))
		return false;
	if (!tls_parse_certificate(body, is13(t), &message, &fault)) return tls_fail_fault(t, "Certificate", &fault);
	if (!check_context(t, message.context)) return false;
	if (message.count == 0) return no_certificate(t);
	if (!keep_chain(t, &message)) return false;
	h->peer_key = x509_public_key(t->config->crypt, h->peer_chain[0]);
	if (h->peer_key == NULL) {
		t->failure.certificate = X509_MALFORMED;
		return tls_fail(t, TLS_BAD_CERTIFICATE,
		                "certificate 0 cannot be read, or its key is of a kind that we do not know");
	}
	return (!t->is_server && !is13(t)) || tls_verify_peer(t, now);
}

bool tls_on_certificate_verify(struct tls *t, struct bytes body, const uint8_t *transcript_hash)
{
	struct tls_handshake *h = t->handshake;
	struct tls_certificate_verify v;
	struct tls_fault fault;
	struct covered covered;
	bool good;

	if (!tls_parse_certificate_verify(body, &v, &fault)) return tls_fail_fault(t, "CertificateVerify", &fault);
	if (!tls_lists_scheme(t->config, v.scheme))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER, "CertificateVerify: signature scheme 0x%04x, which we did not offer",
		                v.scheme);
	if (!fits(h->peer_key, v.scheme, is13(t)))
		return tls_fail(t, TLS_ILLEGAL_PARAMETER,
		                "CertificateVerify: signature scheme 0x%04x does not fit a key of kind %s", v.scheme,
		                crypt_key_kind_name(crypt_key_kind(h->peer_key)));
	if (is13(t)) {
		cover13(&covered, !t->is_server, (struct bytes){ transcript_hash, crypt_hash_len(h->hash) });
		good = crypt_verify(h->peer_key, v.scheme, covered.parts, 2, v.signature);
	} else {
		if (h->messages12.cut)
			return tls_fail(t, TLS_INTERNAL_ERROR, "too many bytes of messages for a signature to be checked");
		covered.parts[0] = messages12(h);
		good = crypt_verify(h->peer_key, v.scheme | CRYPT_ANY_CURVE, covered.parts, 1, v.signature);
	}
	if (!good) return tls_fail(t, TLS_DECRYPT_ERROR, "CertificateVerify: the peer does not have its certificate's key");
	t->peer_scheme = (uint16_t)v.scheme;
	if (t->is_server) t->client_authenticated = true;
	return true;
}

int64_t tls_date(const struct tls *t, instant now) { return tls_date_ms(t, now) / 1000; }

/* RFC 8446, 6.2 */
static enum tls_alert alert_of(enum x509_why why)
{
	switch (why) {
	case X509_EXPIRED: case X509_NOT_YET_VALID: return TLS_CERTIFICATE_EXPIRED;
	case X509_UNKNOWN_CA: return TLS_UNKNOWN_CA;
	case X509_WRONG_PURPOSE: return TLS_UNSUPPORTED_CERTIFICATE;
	case X509_IS_REVOKED: return TLS_CERTIFICATE_REVOKED;
	case X509_REVOCATION_UNKNOWN: return TLS_BAD_CERTIFICATE_STATUS_RESPONSE;
	default: return TLS_BAD_CERTIFICATE;
	}
}

/* 4.4.2.2; RFC 5246, 7.4.2: asked of whoever proves its key by a signature, be the chain believed or not. */
static bool may_sign(struct tls *t)
{
	if (x509_may_sign(t->handshake->peer_chain[0])) return true;
	t->failure.certificate = X509_WRONG_PURPOSE;
	return tls_fail(t, TLS_UNSUPPORTED_CERTIFICATE, "certificate 0: its key may not sign a handshake (keyUsage without digitalSignature)");
}

bool tls_verify_peer(struct tls *t, instant now)
{
	const struct tls_config *c = t->config;
	struct tls_handshake *h = t->handshake;
	struct x509_answer answer;
	struct ip ip;
	struct x509_ask ask = { .chain = h->peer_chain, .count = h->peer_chain_count, .date = tls_date(t, now) };

	if (c->trust_anyone) return may_sign(t);
	ask.peer = t->is_server ? X509_CLIENT : X509_SERVER;
	if (!t->is_server) {
		if (ip_parse(t->server_name, &ip)) ask.ip = &ip;
		else if (t->server_name[0] != '\0') ask.name = t->server_name;
		ask.ocsp = h->peer_ocsp;
		ask.ocsp_asked = (h->sent & TLS_HAS(TLS_EXT_STATUS_REQUEST)) != 0;
		ask.must_staple = c->must_staple;
	}
	if (c->trust == NULL) {
		t->failure.certificate = X509_UNKNOWN_CA;
		return tls_fail(t, TLS_UNKNOWN_CA, "no trusted root was given, so no certificate is believed");
	}
	if (x509_verify(c->trust, &ask, &answer)) return true;
	t->failure.certificate = answer.why;
	return tls_fail(t, alert_of(answer.why), "%s", answer.words);
}
