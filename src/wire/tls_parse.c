/* SPDX-License-Identifier: ISC */
/* All handshake messages but the hellos. */
#include "wire/tls_parts.h"

#define CURVE_NAMED 3  /* RFC 8422, 5.4: the others are gone */
#define STATUS_OCSP 1
#define UINT24_MAX 0xffffff

static bool read_request_extension(void *message, unsigned type, struct bytes body, struct tls_fault *fault)
{
	struct tls_certificate_request *q = message;
	struct bytes filters;

	(void)fault;
	switch (type) {
	case TLS_EXT_SIGNATURE_ALGORITHMS: return tls_whole_u16s(body, 2, &q->schemes);
	case TLS_EXT_SIGNATURE_ALGORITHMS_CERT: return tls_whole_u16s(body, 2, &q->schemes_cert);
	case TLS_EXT_CERTIFICATE_AUTHORITIES: return tls_whole_authorities(body, 3, &q->authorities);
	case TLS_EXT_COMPRESS_CERTIFICATE: return tls_whole_u16s(body, 1, &q->packings);
	case TLS_EXT_OID_FILTERS: return tls_whole_vector(body, 2, 0, &filters);
	case TLS_EXT_STATUS_REQUEST: q->ocsp_wanted = true; return body.len == 0; /* RFC 8446, 4.4.2.1 */
	default: return body.len == 0; /* SCT */
	}
}

static bool parse_request13(struct tls_reader *r, struct tls_certificate_request *q)
{
	const tls_extensions allowed = TLS_HAS(TLS_EXT_STATUS_REQUEST) | TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS) |
	                               TLS_HAS(TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP) | TLS_HAS(TLS_EXT_CERTIFICATE_AUTHORITIES) |
	                               TLS_HAS(TLS_EXT_OID_FILTERS) | TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS_CERT) |
	                               TLS_HAS(TLS_EXT_COMPRESS_CERTIFICATE);

	if (!tls_read_vector(r, 1, 0, UINT8_MAX, &q->context, "certificate_request_context: cut short") ||
	    !tls_read_extension_list(r, &q->extensions) ||
	    !tls_read_extensions(q->extensions, allowed, &q->has, read_request_extension, q, r->fault))
		return false;
	return (q->has & TLS_HAS(TLS_EXT_SIGNATURE_ALGORITHMS)) != 0 || /* RFC 8446, 4.3.2 */
	       tls_refuse(r->fault, TLS_MISSING_EXTENSION, "signature_algorithms: missing");
}

static bool parse_request12(struct tls_reader *r, struct tls_certificate_request *q)
{
	if (!tls_read_vector(r, 1, 1, UINT8_MAX, &q->types, "certificate_types: empty or cut short") ||
	    !tls_read_vector(r, 2, 2, UINT16_MAX - 1, &q->schemes, "supported_signature_algorithms: empty or cut short"))
		return false;
	if (q->schemes.len % 2 != 0) return tls_read_refuse(r, "supported_signature_algorithms: an odd number of bytes");
	if (!tls_whole_authorities(r->left, 0, &q->authorities))
		return tls_read_refuse(r, "certificate_authorities: not a list of names that fits the message");
	return true;
}

bool tls_parse_certificate_request(struct bytes body, bool v13, struct tls_certificate_request *q, struct tls_fault *fault)
{
	struct tls_reader r = { body, fault };
	*q = (struct tls_certificate_request){ 0 };
	return v13 ? parse_request13(&r, q) : parse_request12(&r, q);
}

static bool read_status(struct tls_reader *r, struct bytes *ocsp)
{
	uint32_t type;
	if (!tls_read_number(r, 1, &type, "status_type: missing")) return false;
	if (type != STATUS_OCSP) return tls_refuse(r->fault, TLS_ILLEGAL_PARAMETER, "status_type: not ocsp");
	return tls_read_vector(r, 3, 1, UINT24_MAX, ocsp, "OCSP response: empty or cut short") && tls_read_end(r);
}

static bool read_entry_extension(void *message, unsigned type, struct bytes body, struct tls_fault *fault)
{
	struct tls_certificate_entry *e = message;
	struct bytes list;

	if (type == TLS_EXT_STATUS_REQUEST) return read_status(&(struct tls_reader){ body, fault }, &e->ocsp);
	return tls_whole_vector(body, 2, 1, &list); /* SCT */
}

/* Of `list`, which need not be whole. */
static bool read_entry(struct tls_reader *list, bool v13, struct tls_certificate_entry *e)
{
	const tls_extensions allowed = TLS_HAS(TLS_EXT_STATUS_REQUEST) | TLS_HAS(TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP);

	*e = (struct tls_certificate_entry){ 0 };
	if (!tls_read_vector(list, 3, 1, UINT24_MAX, &e->der, "certificate_list: a certificate is empty or cut short")) return false;
	if (!v13) return true;
	return tls_read_vector(list, 2, 0, UINT16_MAX, &e->extensions, "certificate_list: an entry's extensions are cut short") &&
	       tls_read_extensions(e->extensions, allowed, &e->has, read_entry_extension, e, list->fault);
}

bool tls_next_certificate(struct tls_certificate *c, struct tls_certificate_entry *e)
{
	struct tls_fault fault;
	struct tls_reader r = { c->list, &fault };

	if (c->list.len == 0 || !read_entry(&r, c->v13, e)) return false;
	c->list = r.left;
	return true;
}

bool tls_parse_certificate(struct bytes body, bool v13, struct tls_certificate *c, struct tls_fault *fault)
{
	struct tls_reader r = { body, fault };
	struct tls_certificate_entry entry;

	*c = (struct tls_certificate){ .v13 = v13 };
	if (v13 && !tls_read_vector(&r, 1, 0, UINT8_MAX, &c->context, "certificate_request_context: cut short")) return false;
	if (!tls_read_vector(&r, 3, 0, UINT24_MAX, &c->list, "certificate_list: cut short") || !tls_read_end(&r)) return false;
	for (struct tls_reader each = { c->list, fault }; each.left.len > 0; c->count++)
		if (!read_entry(&each, v13, &entry)) return false;
	return true;
}

bool tls_parse_certificate_verify(struct bytes body, struct tls_certificate_verify *v, struct tls_fault *fault)
{
	struct tls_reader r = { body, fault };
	uint32_t scheme;

	if (!tls_read_number(&r, 2, &scheme, "algorithm: missing") ||
	    !tls_read_vector(&r, 2, 0, UINT16_MAX, &v->signature, "signature: cut short") || !tls_read_end(&r))
		return false;
	v->scheme = scheme;
	return true;
}

bool tls_parse_certificate_status(struct bytes body, struct bytes *ocsp, struct tls_fault *fault)
{
	return read_status(&(struct tls_reader){ body, fault }, ocsp);
}

static bool read_ticket_extension(void *message, unsigned type, struct bytes body, struct tls_fault *fault)
{
	struct tls_new_session_ticket *t = message;
	unsigned most;

	(void)type, (void)fault; /* early_data is the only one */
	if (!tls_whole_number(body, 4, &most)) return false;
	t->early_data_max = most;
	return true;
}

bool tls_parse_new_session_ticket(struct bytes body, bool v13, struct tls_new_session_ticket *t, struct tls_fault *fault)
{
	struct tls_reader r = { body, fault };

	*t = (struct tls_new_session_ticket){ 0 };
	if (!tls_read_number(&r, 4, &t->lifetime, "ticket_lifetime: missing")) return false;
	if (!v13) return tls_read_vector(&r, 2, 0, UINT16_MAX, &t->ticket, "ticket: cut short") && tls_read_end(&r);
	return tls_read_number(&r, 4, &t->age_add, "ticket_age_add: missing") &&
	       tls_read_vector(&r, 1, 0, UINT8_MAX, &t->nonce, "ticket_nonce: cut short") &&
	       tls_read_vector(&r, 2, 1, UINT16_MAX, &t->ticket, "ticket: empty or cut short") &&
	       tls_read_extension_list(&r, &t->extensions) &&
	       tls_read_extensions(t->extensions, TLS_HAS(TLS_EXT_EARLY_DATA), &t->has, read_ticket_extension, t, fault);
}

bool tls_parse_server_key_exchange(struct bytes body, struct tls_server_key_exchange *k, struct tls_fault *fault)
{
	struct tls_reader r = { body, fault };
	uint32_t curve, group, scheme;

	*k = (struct tls_server_key_exchange){ 0 };
	if (!tls_read_number(&r, 1, &curve, "curve_type: missing")) return false;
	if (curve != CURVE_NAMED) return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "curve_type: not a named curve");
	if (!tls_read_number(&r, 2, &group, "namedcurve: missing") ||
	    !tls_read_vector(&r, 1, 1, UINT8_MAX, &k->share, "public: empty or cut short"))
		return false;
	k->params = bytes_first(body, body.len - r.left.len);
	if (!tls_read_number(&r, 2, &scheme, "algorithm: missing") ||
	    !tls_read_vector(&r, 2, 0, UINT16_MAX, &k->signature, "signature: cut short"))
		return false;
	k->group = group;
	k->scheme = scheme;
	return tls_read_end(&r);
}

bool tls_parse_client_key_exchange(struct bytes body, struct bytes *share, struct tls_fault *fault)
{
	struct tls_reader r = { body, fault };
	return tls_read_vector(&r, 1, 1, UINT8_MAX, share, "ecdh_Yc: empty or cut short") && tls_read_end(&r);
}

bool tls_parse_key_update(struct bytes body, bool *requested, struct tls_fault *fault)
{
	if (body.len != 1) return tls_refuse(fault, TLS_DECODE_ERROR, "request_update: not one byte");
	if (body.at[0] > 1) /* RFC 8446, 4.6.3 */
		return tls_refuse(fault, TLS_ILLEGAL_PARAMETER, "request_update: neither update_not_requested nor update_requested");
	*requested = body.at[0] == 1;
	return true;
}

bool tls_parse_compressed_certificate(struct bytes body, struct tls_compressed_certificate *c, struct tls_fault *fault)
{
	struct tls_reader r = { body, fault };
	uint32_t packing, unpacked;

	if (!tls_read_number(&r, 2, &packing, "algorithm: missing") ||
	    !tls_read_number(&r, 3, &unpacked, "uncompressed_length: missing") ||
	    !tls_read_vector(&r, 3, 1, UINT24_MAX, &c->packed, "compressed_certificate_message: empty or cut short"))
		return false;
	c->packing = packing;
	c->unpacked_bytes = unpacked;
	return tls_read_end(&r);
}
