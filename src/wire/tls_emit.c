/* SPDX-License-Identifier: ISC */
#include "wire/tls_parts.h"

void tls_put(struct tls_writer *w, struct bytes b)
{
	if (w->cut || b.len > w->size - w->len) {
		w->cut = true;
		return;
	}
	if (b.len > 0) memcpy(w->at + w->len, b.at, b.len);
	w->len += b.len;
}

static void store_number(uint8_t *at, unsigned bytes, uint64_t value)
{
	for (unsigned i = bytes; i > 0; i--, value >>= 8) at[i - 1] = (uint8_t)value;
}

void tls_put_number(struct tls_writer *w, unsigned bytes, uint64_t value)
{
	uint8_t number[8];
	assert(bytes >= 1 && bytes <= 8);
	store_number(number, bytes, value);
	tls_put(w, (struct bytes){ number, bytes });
}

size_t tls_open_vector(struct tls_writer *w, unsigned length_bytes)
{
	tls_put_number(w, length_bytes, 0);
	return w->len;
}

void tls_close_vector(struct tls_writer *w, size_t mark, unsigned length_bytes)
{
	if (w->cut) return;
	size_t len = w->len - mark;
	if (length_bytes < 8 && len >> 8 * length_bytes != 0) w->cut = true; /* more than its length can say */
	else store_number(w->at + mark - length_bytes, length_bytes, len);
}

size_t tls_open_message(struct tls_writer *w, enum tls_message_type type)
{
	tls_put_number(w, 1, type);
	return tls_open_vector(w, 3);
}

void tls_close_message(struct tls_writer *w, size_t mark) { tls_close_vector(w, mark, 3); }

static void put_vector(struct tls_writer *w, unsigned length_bytes, struct bytes b)
{
	size_t mark = tls_open_vector(w, length_bytes);
	tls_put(w, b);
	tls_close_vector(w, mark, length_bytes);
}

/* An extension up to its body; closed with tls_close_vector(w, mark, 2). */
static size_t open_extension(struct tls_writer *w, unsigned type)
{
	tls_put_number(w, 2, type);
	return tls_open_vector(w, 2);
}

static void put_extension(struct tls_writer *w, unsigned type, struct bytes body)
{
	tls_put_number(w, 2, type);
	put_vector(w, 2, body);
}

/* An extension whose body is one vector. */
static void put_extension_vector(struct tls_writer *w, unsigned type, unsigned length_bytes, struct bytes list)
{
	size_t mark = open_extension(w, type);
	put_vector(w, length_bytes, list);
	tls_close_vector(w, mark, 2);
}

static void put_extension_number(struct tls_writer *w, unsigned type, unsigned bytes, uint64_t value)
{
	size_t mark = open_extension(w, type);
	tls_put_number(w, bytes, value);
	tls_close_vector(w, mark, 2);
}

static void put_chosen_alpn(struct tls_writer *w, struct bytes name)
{
	size_t mark = open_extension(w, TLS_EXT_ALPN), list = tls_open_vector(w, 2);
	put_vector(w, 1, name);
	tls_close_vector(w, list, 2);
	tls_close_vector(w, mark, 2);
}

/* RFC 8701: one of sixteen values, another in each place, the same for the same seed. */
enum grease_place { GREASE_SUITE, GREASE_GROUP, GREASE_VERSION, GREASE_FIRST, GREASE_LAST };

static unsigned grease_value(unsigned seed, enum grease_place place)
{
	unsigned nibble = seed >> 4 * place & 0xf;
	if (place == GREASE_LAST && nibble == (seed >> 4 * GREASE_FIRST & 0xf)) nibble ^= 1; /* none comes twice */
	return 0x0a0a + nibble * 0x1010;
}

/* A list of 16-bit numbers, with a GREASE value before the others if there is a seed. */
static void put_greased(struct tls_writer *w, unsigned length_bytes, unsigned seed, enum grease_place place, struct bytes list)
{
	size_t mark = tls_open_vector(w, length_bytes);
	if (seed != 0) tls_put_number(w, 2, grease_value(seed, place));
	tls_put(w, list);
	tls_close_vector(w, mark, length_bytes);
}

static void put_extension_greased(struct tls_writer *w, unsigned type, unsigned length_bytes, unsigned seed,
                                  enum grease_place place, struct bytes list)
{
	size_t mark = open_extension(w, type);
	put_greased(w, length_bytes, seed, place, list);
	tls_close_vector(w, mark, 2);
}

static void put_server_name(struct tls_writer *w, struct bytes host)
{
	size_t mark = open_extension(w, TLS_EXT_SERVER_NAME), list = tls_open_vector(w, 2);
	tls_put_number(w, 1, 0); /* host_name */
	put_vector(w, 2, host);
	tls_close_vector(w, list, 2);
	tls_close_vector(w, mark, 2);
}

static void put_shares(struct tls_writer *w, const struct tls_client_hello *h)
{
	size_t mark = open_extension(w, TLS_EXT_KEY_SHARE), list = tls_open_vector(w, 2);
	if (h->grease != 0 && !h->lone_share) {
		tls_put_number(w, 2, grease_value(h->grease, GREASE_GROUP));
		put_vector(w, 2, (struct bytes){ (const uint8_t *)"", 1 });
	}
	tls_put(w, h->shares);
	tls_close_vector(w, list, 2);
	tls_close_vector(w, mark, 2);
}

static void put_padding(struct tls_writer *w, size_t bytes)
{
	size_t mark = open_extension(w, TLS_EXT_PADDING);
	if (w->cut || bytes > w->size - w->len) {
		w->cut = true;
		return;
	}
	memset(w->at + w->len, 0, bytes);
	w->len += bytes;
	tls_close_vector(w, mark, 2);
}

static void put_client_extension(struct tls_writer *w, const struct tls_client_hello *h, unsigned type)
{
	static const uint8_t ocsp_request[] = { 1, 0, 0, 0, 0 }; /* ocsp, no responder ids, no extensions */

	switch (type) {
	case TLS_EXT_SERVER_NAME: put_server_name(w, h->server_name); break;
	case TLS_EXT_STATUS_REQUEST: put_extension(w, type, (struct bytes){ ocsp_request, sizeof ocsp_request }); break;
	case TLS_EXT_SUPPORTED_GROUPS: put_extension_greased(w, type, 2, h->grease, GREASE_GROUP, h->groups); break;
	case TLS_EXT_EC_POINT_FORMATS: put_extension_vector(w, type, 1, h->point_formats); break;
	case TLS_EXT_SIGNATURE_ALGORITHMS: put_extension_vector(w, type, 2, h->schemes); break;
	case TLS_EXT_SIGNATURE_ALGORITHMS_CERT: put_extension_vector(w, type, 2, h->schemes_cert); break;
	case TLS_EXT_ALPN: put_extension_vector(w, type, 2, h->alpn); break;
	case TLS_EXT_COMPRESS_CERTIFICATE: put_extension_vector(w, type, 1, h->packings); break;
	case TLS_EXT_RECORD_SIZE_LIMIT: put_extension_number(w, type, 2, h->record_size_limit); break;
	case TLS_EXT_SESSION_TICKET: put_extension(w, type, h->session_ticket); break;
	case TLS_EXT_SUPPORTED_VERSIONS: put_extension_greased(w, type, 1, h->grease, GREASE_VERSION, h->versions); break;
	case TLS_EXT_COOKIE: put_extension_vector(w, type, 2, h->cookie); break;
	case TLS_EXT_PSK_KEY_EXCHANGE_MODES: put_extension_vector(w, type, 1, h->psk_modes); break;
	case TLS_EXT_CERTIFICATE_AUTHORITIES: put_extension_vector(w, type, 2, h->authorities); break;
	case TLS_EXT_KEY_SHARE: put_shares(w, h); break;
	case TLS_EXT_RENEGOTIATION_INFO: put_extension_vector(w, type, 1, h->renegotiation); break;
	default: put_extension(w, type, (struct bytes){ NULL, 0 }); break;
	}
}

static void put_psks(struct tls_writer *w, const struct tls_client_hello *h)
{
	size_t mark = open_extension(w, TLS_EXT_PRE_SHARED_KEY);
	put_vector(w, 2, h->psk_identities);
	put_vector(w, 2, h->psk_binders);
	tls_close_vector(w, mark, 2);
}

static void put_client_extensions(struct tls_writer *w, const struct tls_client_hello *h)
{
	static const uint16_t order[] = { TLS_EXT_SERVER_NAME, TLS_EXT_EXTENDED_MASTER_SECRET, TLS_EXT_RENEGOTIATION_INFO,
		TLS_EXT_SUPPORTED_GROUPS, TLS_EXT_EC_POINT_FORMATS, TLS_EXT_SESSION_TICKET, TLS_EXT_ALPN, TLS_EXT_STATUS_REQUEST,
		TLS_EXT_SIGNATURE_ALGORITHMS, TLS_EXT_SIGNATURE_ALGORITHMS_CERT, TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP,
		TLS_EXT_KEY_SHARE, TLS_EXT_PSK_KEY_EXCHANGE_MODES, TLS_EXT_SUPPORTED_VERSIONS, TLS_EXT_COOKIE,
		TLS_EXT_COMPRESS_CERTIFICATE, TLS_EXT_RECORD_SIZE_LIMIT, TLS_EXT_EARLY_DATA, TLS_EXT_POST_HANDSHAKE_AUTH,
		TLS_EXT_CERTIFICATE_AUTHORITIES };
	size_t mark = tls_open_vector(w, 2);

	if (h->grease != 0) put_extension(w, grease_value(h->grease, GREASE_FIRST), (struct bytes){ NULL, 0 });
	for (size_t i = 0; i < COUNT(order); i++)
		if (h->has & TLS_HAS(order[i])) put_client_extension(w, h, order[i]);
	if (h->grease != 0) put_extension(w, grease_value(h->grease, GREASE_LAST), (struct bytes){ (const uint8_t *)"", 1 });
	tls_put(w, h->extensions);
	if (h->has & TLS_HAS(TLS_EXT_PADDING)) put_padding(w, h->padding);
	if (h->has & TLS_HAS(TLS_EXT_PRE_SHARED_KEY)) put_psks(w, h); /* RFC 8446, 4.2.11: the last */
	tls_close_vector(w, mark, 2);
}

void tls_emit_client_hello(struct tls_writer *w, const struct tls_client_hello *h)
{
	size_t mark = tls_open_message(w, TLS_CLIENT_HELLO);
	tls_put_number(w, 2, h->legacy_version);
	tls_put(w, h->random);
	put_vector(w, 1, h->session_id);
	put_greased(w, 2, h->grease, GREASE_SUITE, h->suites);
	put_vector(w, 1, h->compressions);
	if (h->has != 0 || h->extensions.len > 0 || h->grease != 0) put_client_extensions(w, h);
	tls_close_message(w, mark);
}

static void put_server_share(struct tls_writer *w, const struct tls_server_hello *h)
{
	size_t mark = open_extension(w, TLS_EXT_KEY_SHARE);
	tls_put_number(w, 2, h->share_group);
	if (!h->retry) put_vector(w, 2, h->share);
	tls_close_vector(w, mark, 2);
}

static void put_server_extension(struct tls_writer *w, const struct tls_server_hello *h, unsigned type)
{
	switch (type) {
	case TLS_EXT_SUPPORTED_VERSIONS: put_extension_number(w, type, 2, h->version); break;
	case TLS_EXT_KEY_SHARE: put_server_share(w, h); break;
	case TLS_EXT_PRE_SHARED_KEY: put_extension_number(w, type, 2, h->psk_index); break;
	case TLS_EXT_COOKIE: put_extension_vector(w, type, 2, h->cookie); break;
	case TLS_EXT_ALPN: put_chosen_alpn(w, h->alpn); break;
	case TLS_EXT_RECORD_SIZE_LIMIT: put_extension_number(w, type, 2, h->record_size_limit); break;
	case TLS_EXT_RENEGOTIATION_INFO: put_extension_vector(w, type, 1, h->renegotiation); break;
	case TLS_EXT_EC_POINT_FORMATS: put_extension_vector(w, type, 1, h->point_formats); break;
	default: put_extension(w, type, (struct bytes){ NULL, 0 }); break;
	}
}

void tls_emit_server_hello(struct tls_writer *w, const struct tls_server_hello *h)
{
	static const uint16_t order[] = { TLS_EXT_PRE_SHARED_KEY, TLS_EXT_KEY_SHARE, TLS_EXT_COOKIE, TLS_EXT_SUPPORTED_VERSIONS,
		TLS_EXT_RENEGOTIATION_INFO, TLS_EXT_SERVER_NAME, TLS_EXT_EC_POINT_FORMATS, TLS_EXT_SESSION_TICKET,
		TLS_EXT_STATUS_REQUEST, TLS_EXT_EXTENDED_MASTER_SECRET, TLS_EXT_ALPN, TLS_EXT_RECORD_SIZE_LIMIT };
	size_t mark = tls_open_message(w, TLS_SERVER_HELLO);

	tls_put_number(w, 2, h->legacy_version);
	tls_put(w, h->random);
	put_vector(w, 1, h->session_id);
	tls_put_number(w, 2, h->suite);
	tls_put_number(w, 1, h->compression);
	if (h->has != 0 || h->extensions.len > 0) {
		size_t list = tls_open_vector(w, 2);
		for (size_t i = 0; i < COUNT(order); i++)
			if (h->has & TLS_HAS(order[i])) put_server_extension(w, h, order[i]);
		tls_put(w, h->extensions);
		tls_close_vector(w, list, 2);
	}
	tls_close_message(w, mark);
}

void tls_emit_encrypted_extensions(struct tls_writer *w, const struct tls_encrypted_extensions *e)
{
	size_t mark = tls_open_message(w, TLS_ENCRYPTED_EXTENSIONS), list = tls_open_vector(w, 2);

	if (e->has & TLS_HAS(TLS_EXT_SERVER_NAME)) put_extension(w, TLS_EXT_SERVER_NAME, (struct bytes){ NULL, 0 });
	if (e->has & TLS_HAS(TLS_EXT_SUPPORTED_GROUPS)) put_extension_vector(w, TLS_EXT_SUPPORTED_GROUPS, 2, e->groups);
	if (e->has & TLS_HAS(TLS_EXT_ALPN)) put_chosen_alpn(w, e->alpn);
	if (e->has & TLS_HAS(TLS_EXT_RECORD_SIZE_LIMIT))
		put_extension_number(w, TLS_EXT_RECORD_SIZE_LIMIT, 2, e->record_size_limit);
	if (e->has & TLS_HAS(TLS_EXT_EARLY_DATA)) put_extension(w, TLS_EXT_EARLY_DATA, (struct bytes){ NULL, 0 });
	tls_put(w, e->extensions);
	tls_close_vector(w, list, 2);
	tls_close_message(w, mark);
}

static void put_request13(struct tls_writer *w, const struct tls_certificate_request *q)
{
	put_vector(w, 1, q->context);
	size_t list = tls_open_vector(w, 2);
	put_extension_vector(w, TLS_EXT_SIGNATURE_ALGORITHMS, 2, q->schemes); /* RFC 8446, 4.3.2: always */
	if (q->has & TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS_CERT))
		put_extension_vector(w, TLS_EXT_SIGNATURE_ALGORITHMS_CERT, 2, q->schemes_cert);
	if (q->has & TLS_HAS(TLS_EXT_CERTIFICATE_AUTHORITIES))
		put_extension_vector(w, TLS_EXT_CERTIFICATE_AUTHORITIES, 2, q->authorities);
	if (q->has & TLS_HAS(TLS_EXT_COMPRESS_CERTIFICATE)) put_extension_vector(w, TLS_EXT_COMPRESS_CERTIFICATE, 1, q->packings);
	if (q->has & TLS_HAS(TLS_EXT_STATUS_REQUEST)) put_extension(w, TLS_EXT_STATUS_REQUEST, (struct bytes){ NULL, 0 });
	tls_put(w, q->extensions);
	tls_close_vector(w, list, 2);
}

void tls_emit_certificate_request(struct tls_writer *w, bool v13, const struct tls_certificate_request *q)
{
	size_t mark = tls_open_message(w, TLS_CERTIFICATE_REQUEST);
	if (v13) {
		put_request13(w, q);
	} else {
		put_vector(w, 1, q->types);
		put_vector(w, 2, q->schemes);
		put_vector(w, 2, q->authorities);
	}
	tls_close_message(w, mark);
}

/* A CertificateStatus (RFC 6066, 8), the same as a message of 1.2 and as an extension of 1.3. */
static void put_status(struct tls_writer *w, struct bytes ocsp)
{
	tls_put_number(w, 1, 1); /* ocsp */
	put_vector(w, 3, ocsp);
}

void tls_emit_certificate_status(struct tls_writer *w, struct bytes ocsp)
{
	size_t mark = tls_open_message(w, TLS_CERTIFICATE_STATUS);
	put_status(w, ocsp);
	tls_close_message(w, mark);
}

static void put_entry_extensions(struct tls_writer *w, struct bytes ocsp)
{
	size_t list = tls_open_vector(w, 2);
	if (ocsp.len > 0) {
		size_t mark = open_extension(w, TLS_EXT_STATUS_REQUEST);
		put_status(w, ocsp);
		tls_close_vector(w, mark, 2);
	}
	tls_close_vector(w, list, 2);
}

void tls_emit_certificate(struct tls_writer *w, bool v13, struct bytes context, const struct bytes *der, size_t count, struct bytes ocsp)
{
	size_t mark = tls_open_message(w, TLS_CERTIFICATE);
	if (v13) put_vector(w, 1, context);
	size_t list = tls_open_vector(w, 3);
	for (size_t i = 0; i < count; i++) {
		put_vector(w, 3, der[i]);
		if (v13) put_entry_extensions(w, i == 0 ? ocsp : (struct bytes){ NULL, 0 });
	}
	tls_close_vector(w, list, 3);
	tls_close_message(w, mark);
}

void tls_emit_compressed_certificate(struct tls_writer *w, const struct tls_compressed_certificate *c)
{
	size_t mark = tls_open_message(w, TLS_COMPRESSED_CERTIFICATE);
	tls_put_number(w, 2, c->packing);
	tls_put_number(w, 3, c->unpacked_bytes);
	put_vector(w, 3, c->packed);
	tls_close_message(w, mark);
}

void tls_emit_certificate_verify(struct tls_writer *w, const struct tls_certificate_verify *v)
{
	size_t mark = tls_open_message(w, TLS_CERTIFICATE_VERIFY);
	tls_put_number(w, 2, v->scheme);
	put_vector(w, 2, v->signature);
	tls_close_message(w, mark);
}

void tls_emit_new_session_ticket(struct tls_writer *w, bool v13, const struct tls_new_session_ticket *t)
{
	size_t mark = tls_open_message(w, TLS_NEW_SESSION_TICKET);
	tls_put_number(w, 4, t->lifetime);
	if (v13) {
		tls_put_number(w, 4, t->age_add);
		put_vector(w, 1, t->nonce);
	}
	put_vector(w, 2, t->ticket);
	if (v13) {
		size_t list = tls_open_vector(w, 2);
		if (t->has & TLS_HAS(TLS_EXT_EARLY_DATA)) put_extension_number(w, TLS_EXT_EARLY_DATA, 4, t->early_data_max);
		tls_put(w, t->extensions);
		tls_close_vector(w, list, 2);
	}
	tls_close_message(w, mark);
}

void tls_put_server_params(struct tls_writer *w, unsigned group, struct bytes share)
{
	tls_put_number(w, 1, 3); /* named_curve */
	tls_put_number(w, 2, group);
	put_vector(w, 1, share);
}

void tls_emit_server_key_exchange(struct tls_writer *w, const struct tls_server_key_exchange *k)
{
	size_t mark = tls_open_message(w, TLS_SERVER_KEY_EXCHANGE);
	tls_put_server_params(w, k->group, k->share);
	tls_put_number(w, 2, k->scheme);
	put_vector(w, 2, k->signature);
	tls_close_message(w, mark);
}

void tls_emit_client_key_exchange(struct tls_writer *w, struct bytes share)
{
	size_t mark = tls_open_message(w, TLS_CLIENT_KEY_EXCHANGE);
	put_vector(w, 1, share);
	tls_close_message(w, mark);
}

void tls_emit_key_update(struct tls_writer *w, bool requested)
{
	size_t mark = tls_open_message(w, TLS_KEY_UPDATE);
	tls_put_number(w, 1, requested);
	tls_close_message(w, mark);
}
