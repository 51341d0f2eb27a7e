/* SPDX-License-Identifier: ISC */
#include "wire/dns_present.h"

#define CAA_TAG_MAX 15

const char *dns_rdata_shape(uint16_t type, uint16_t class)
{
	if (class == 254 || class == DNS_CLASS_ANY) return NULL; /* an update's conditions (RFC 2136, 2.4) */
	switch (type) {
	case DNS_NS: case DNS_CNAME: case DNS_PTR: return "n";
	case DNS_SOA: return "nn44444";
	case DNS_HINFO: return "ss";
	case DNS_MX: return "2n";
	case DNS_TXT: return "S";
	case DNS_DS: return "211h";
	case DNS_CAA: return "1gv";
	case 3: case 4: case 7: case 8: case 9: return "n"; /* MD, MF, MB, MG, MR */
	case 14: return "nn";          /* MINFO */
	case 17: return "NN";          /* RP */
	case 18: case 21: return "2N"; /* AFSDB, RT */
	}
	if (class != DNS_IN) return NULL; /* those that follow mean something else in other classes */
	switch (type) {
	case DNS_A: return "a";
	case DNS_AAAA: return "q";
	case DNS_SRV: return "222N";
	case 26: return "2NN";         /* PX */
	case 35: return "22sssN";      /* NAPTR */
	case 36: return "2N";          /* KX */
	}
	return NULL;
}

bool dns_fields(const struct dns_rr *rr, struct dns_fields *f)
{
	bool alone = rr->message.len == 0;
	size_t at = alone ? 0 : (size_t)(rr->rdata.at - rr->message.at);

	*f = (struct dns_fields){ .shape = dns_rdata_shape(rr->type, rr->class),
		.in = alone ? rr->rdata : rr->message, .at = at, .end = at + rr->rdata.len, .alone = alone };
	return f->shape != NULL;
}

static bool all_alphanumeric(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.at[i] | 0x20;
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9' && b.at[i] == c)) return false;
	}
	return true;
}

/* How many bytes the field at f->at takes, by its kind; 0: it does not fit. Names are not measured here. */
static size_t field_size(const struct dns_fields *f, char kind)
{
	size_t left = f->end - f->at, n;

	switch (kind) {
	case '1': n = 1; break;
	case '2': n = 2; break;
	case '4': case 'a': n = 4; break;
	case 'q': n = 16; break;
	case 's': case 'S': case 'g': n = left > 0 ? 1u + f->in.at[f->at] : 1; break;
	default: n = left; break; /* to the end */
	}
	return n <= left ? n : 0;
}

static enum drop name_field(struct dns_fields *f, struct dns_name *name)
{
	/* Standing alone there is nothing to point to: its own rdata would be taken for the message. */
	size_t p = f->at;
	while (f->alone && p < f->end && f->in.at[p] > 0) {
		if (f->in.at[p] >= 0xc0) return DROP_POINTER;
		p += 1u + f->in.at[p];
	}
	return dns_name_read(f->in, &f->at, f->end, name);
}

enum drop dns_field_next(struct dns_fields *f, struct dns_field *out)
{
	size_t start = f->at;

	out->kind = *f->shape;
	if (out->kind == '\0') return f->at == f->end ? DROP_NONE : DROP_LENGTH;
	if (out->kind == 'n' || out->kind == 'N') {
		enum drop why = name_field(f, &out->name);
		if (why != DROP_NONE) return why;
	} else {
		size_t n = field_size(f, out->kind);
		if (n == 0 && out->kind != 'v') return DROP_LENGTH;
		f->at += n;
	}
	out->raw = (struct bytes){ f->in.at + start, f->at - start };
	switch (out->kind) {
	case '1': out->number = out->raw.at[0]; break;
	case '2': out->number = load_be16(out->raw.at); break;
	case '4': out->number = load_be32(out->raw.at); break;
	case 'g': /* RFC 8659, 4.1 */
		if (out->raw.len < 2 || out->raw.len > 1 + CAA_TAG_MAX || !all_alphanumeric(bytes_skip(out->raw, 1)))
			return DROP_FIELD;
		break;
	}
	if (out->kind != 'S' || f->at == f->end) f->shape++;
	return DROP_NONE;
}

bool dns_rdata_ip(const struct dns_rr *rr, struct ip *ip)
{
	if (rr->type == DNS_A && rr->rdata.len == 4) {
		*ip = ip4_of(load_be32(rr->rdata.at));
		return true;
	}
	if (rr->type == DNS_AAAA && rr->rdata.len == 16) {
		*ip = ip6_of(rr->rdata.at);
		return true;
	}
	return false;
}

bool dns_rdata_name(const struct dns_rr *rr, size_t skip, struct dns_name *name)
{
	struct dns_fields f;

	dns_fields(rr, &f);
	if (skip > rr->rdata.len) return false;
	f.at += skip;
	return name_field(&f, name) == DROP_NONE && f.at == f.end;
}

bool dns_rdata_soa(const struct dns_rr *rr, struct dns_soa *soa)
{
	struct dns_fields f;
	uint32_t *const number[] = { &soa->serial, &soa->refresh, &soa->retry, &soa->expire, &soa->minimum };

	dns_fields(rr, &f);
	if (rr->type != DNS_SOA || name_field(&f, &soa->mname) != DROP_NONE) return false;
	if (name_field(&f, &soa->rname) != DROP_NONE || f.end - f.at != 4 * COUNT(number)) return false;
	for (size_t i = 0; i < COUNT(number); i++) *number[i] = load_be32(f.in.at + f.at + 4 * i);
	return true;
}

void dns_rdata_print(const struct dns_rr *rr, struct text *t)
{
	static const struct dns_style whole; /* nothing split, nothing left out */
	dns_present_rdata(rr, &whole, t);
}
