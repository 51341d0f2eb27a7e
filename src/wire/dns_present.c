/* SPDX-License-Identifier: ISC */
/* A type is a recipe, a letter a field; each field is preceded by what the last one left as the gap. All of it is
 * gone through twice, the first time without a text: what turns out not to be well-formed has then not been half said.
 *
 *     a q n 1 2 4 s S g v   as in dns_rdata_shape        o  a number in octal, of two bytes
 *     T  a type             A  an algorithm of DNSSEC    C  a certificate's type
 *     t  a time             M  a bitmap of types         l  NSEC3's salt      H  NSEC3's next owner
 *     e  an EUI             i  64 bits in groups         w  base64, whole
 *     B b X x  base64 and hexadecimal to the end, split; the capitals are left out without crypto
 *     ( opens a bracket and breaks the line  < opens one and does not  | breaks it  ) closes; in several lines only
 *     K  what stands behind a key
 *     *  the function
 */
#include "wire/dns_present.h"

#define KEY_RECIPE "211(B" "K"

static const struct recipe { uint16_t type; uint16_t class; const char *letters; dns_present_function *function; } recipes[] = {
	{ 1, DNS_IN, "a", NULL }, { 1, DNS_CH, "no", NULL }, { 2, 0, "n", NULL }, { 3, 0, "n", NULL }, { 4, 0, "n", NULL },
	{ 5, 0, "n", NULL }, { 7, 0, "n", NULL }, { 8, 0, "n", NULL }, { 9, 0, "n", NULL },
	{ 11, DNS_IN, "*", dns_present_wks }, { 12, 0, "n", NULL }, { 13, 0, "ss", NULL }, { 14, 0, "nn", NULL },
	{ 15, 0, "2n", NULL }, { 16, 0, "S", NULL }, { 17, 0, "nn", NULL }, { 18, 0, "2n", NULL }, { 19, 0, "s", NULL },
	{ 20, 0, "S", NULL }, { 21, 0, "2n", NULL }, { 22, DNS_IN, "*", dns_present_nsap }, { 23, DNS_IN, "n", NULL },
	{ 24, 0, "T114(tt2n|B)", NULL }, { 25, 0, KEY_RECIPE, NULL }, { 26, DNS_IN, "2nn", NULL }, { 27, 0, "sss", NULL },
	{ 28, DNS_IN, "q", NULL }, { 29, 0, "*", dns_present_loc }, { 33, DNS_IN, "222n", NULL },
	{ 35, DNS_IN, "22sssn", NULL }, { 36, DNS_IN, "2n", NULL }, { 37, 0, "C2A(b)", NULL }, { 39, 0, "n", NULL },
	{ 40, 0, "111(b)", NULL }, { 42, DNS_IN, "*", dns_present_apl }, { 43, 0, "211(X)", NULL }, { 44, 0, "11(x)", NULL },
	{ 45, 0, "*", dns_present_ipseckey }, { 46, 0, "T114(tt2n|B)", NULL }, { 47, 0, "nM", NULL }, { 48, 0, KEY_RECIPE, NULL },
	{ 49, DNS_IN, "<b)D", NULL }, { 50, 0, "112l(H|M)", NULL }, { 51, 0, "112l", NULL }, { 52, 0, "111(x)", NULL },
	{ 53, 0, "111(x)", NULL }, { 55, 0, "*", dns_present_hip }, { 56, 0, "S", NULL }, { 57, 0, KEY_RECIPE, NULL },
	{ 58, 0, "nn", NULL }, { 59, 0, "211(X)", NULL }, { 60, 0, KEY_RECIPE, NULL }, { 61, 0, "<B)", NULL },
	{ 62, 0, "42M", NULL }, { 63, 0, "411(X)", NULL }, { 64, DNS_IN, "*", dns_present_svcb },
	{ 65, DNS_IN, "*", dns_present_svcb }, { 99, 0, "S", NULL }, { 104, 0, "2i", NULL }, { 105, 0, "2a", NULL },
	{ 106, 0, "2i", NULL }, { 107, 0, "2n", NULL }, { 108, 0, "e", NULL }, { 109, 0, "e", NULL }, { 256, 0, "22v", NULL },
	{ 257, 0, "1gv", NULL }, { 258, 0, "S", NULL }, { 259, 0, "441sw", NULL }, { 260, 0, "*", dns_present_amtrelay },
	{ 261, 0, "S", NULL }, { 262, 0, "S", NULL }, { 32768, 0, "211(X)", NULL }, { 32769, 0, "211(X)", NULL },
};

void dns_present_put(struct dns_present *p, const char *format, ...)
{
	va_list args;

	if (p->t == NULL) return;
	va_start(args, format);
	text_vprintf(p->t, format, args);
	va_end(args);
}

void dns_present_name(const struct dns_name *name, struct text *t)
{
	if (name->len <= 1) text_puts(t, ".");
	for (size_t at = 0; at < name->len && name->at[at] > 0; at += 1u + name->at[at]) {
		for (size_t i = 1; i <= name->at[at]; i++) {
			uint8_t c = name->at[at + i];
			if (c <= ' ' || c >= 127) text_printf(t, "\\%03u", c);
			else if (strchr("\".;\\@$()", c) != NULL) text_printf(t, "\\%c", c);
			else text_put(t, (struct bytes){ &c, 1 });
		}
		text_puts(t, ".");
	}
}

static void put_name(struct dns_present *p, const struct dns_name *name)
{
	if (p->t != NULL) dns_present_name(name, p->t);
}

void dns_present_string(struct dns_present *p, struct bytes b, bool quoted)
{
	if (p->t == NULL) return;
	if (quoted) text_puts(p->t, "\"");
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.at[i];
		if (c < ' ' || c >= 127) text_printf(p->t, "\\%03u", c);
		else if (c == '"' || c == '\\') text_printf(p->t, "\\%c", c);
		else text_put(p->t, (struct bytes){ &c, 1 });
	}
	if (quoted) text_puts(p->t, "\"");
}

void dns_present_base64(struct dns_present *p, struct bytes b, unsigned split)
{
	for (size_t i = 0; i < b.len; i += 3) {
		if (split > 0 && i > 0 && i / 3 * 4 % split == 0) dns_present_put(p, "%s", dns_present_break(p));
		if (p->t != NULL) text_base64(p->t, bytes_first(bytes_skip(b, i), size_min(b.len - i, 3)));
	}
}

void dns_present_hex(struct dns_present *p, struct bytes b, unsigned split)
{
	for (size_t i = 0; i < b.len; i++) {
		if (split > 0 && i > 0 && i * 2 % split == 0) dns_present_put(p, "%s", dns_present_break(p));
		dns_present_put(p, "%02X", b.at[i]);
	}
}

bool dns_present_take(struct dns_present *p, size_t n, struct bytes *b)
{
	if (dns_present_left(p) < n) return false;
	*b = (struct bytes){ p->in.at + p->at, n };
	p->at += n;
	return true;
}

/* Of rdata that stands alone nothing may be pointed to, nor from within types younger than compression (RFC 3597, 4). */
bool dns_present_take_name(struct dns_present *p, struct dns_name *name)
{
	if (p->rr->message.len == 0 || dns_rdata_shape(p->rr->type, p->rr->class) == NULL)
		for (size_t at = p->at; at < p->end && p->in.at[at] > 0; at += 1u + p->in.at[at])
			if (p->in.at[at] >= 0xc0) return false;
	return dns_name_read(p->in, &p->at, p->end, name) == DROP_NONE;
}

/* --- fields --- */

static bool name_field(struct dns_present *p)
{
	struct dns_name name;

	if (!dns_present_take_name(p, &name)) return false;
	put_name(p, &name);
	return true;
}

static bool number_field(struct dns_present *p, char kind)
{
	char word[16];
	struct bytes b;
	size_t size = kind == '1' || kind == 'A' ? 1 : kind == '4' || kind == 't' ? 4 : 2;

	if (!dns_present_take(p, size, &b)) return false;
	uint32_t n = size == 1 ? b.at[0] : size == 2 ? load_be16(b.at) : load_be32(b.at);
	switch (kind) {
	case 'T': dns_present_put(p, "%s", dns_type_text((uint16_t)n, word)); break;
	case 'A': dns_present_put(p, "%s", dns_algorithm_text((uint8_t)n, word)); break;
	case 'o': dns_present_put(p, "%o", (unsigned)n); break;
	default: dns_present_put(p, "%u", (unsigned)n);
	}
	return true;
}

static bool certificate_field(struct dns_present *p)
{
	static const char *const words[] = { [1] = "PKIX", "SPKI", "PGP", "IPKIX", "ISPKI", "IPGP", "ACPKIX", "IACPKIX" };
	struct bytes b;

	if (!dns_present_take(p, 2, &b)) return false;
	unsigned n = load_be16(b.at);
	if (n > 0 && n < COUNT(words)) dns_present_put(p, "%s", words[n]);
	else if (n == 253 || n == 254) dns_present_put(p, n == 253 ? "URI" : "OID");
	else dns_present_put(p, "%u", n);
	return true;
}

/* RFC 4034, 3.2; the instant nearest to now is meant (RFC 1982), which for the next 80 years is the number as it is. */
static bool time_field(struct dns_present *p)
{
	struct bytes b;

	if (!dns_present_take(p, 4, &b)) return false;
	uint32_t seconds = load_be32(b.at), days = seconds / 86400, rest = seconds % 86400;
	/* days from 1970 to a date of the Gregorian calendar, by eras of 400 years that begin in March */
	uint32_t z = days + 719468, era = z / 146097, doe = z % 146097;
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint32_t mp = (5 * doy + 2) / 153, day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
	dns_present_put(p, "%04u%02u%02u%02u%02u%02u", (unsigned)(yoe + era * 400 + (month <= 2)), (unsigned)month, (unsigned)day,
	                (unsigned)(rest / 3600), (unsigned)(rest / 60 % 60), (unsigned)(rest % 60));
	return true;
}

/* RFC 4034, 4.1.2. */
static bool bitmap_field(struct dns_present *p)
{
	char word[16];
	struct bytes head, bits;
	const char *gap = "", *window_gap = p->rr->type == 50 ? dns_present_break(p) : " "; /* of NSEC3 each window is a line */

	for (int last = -1; dns_present_left(p) > 0;) {
		if (!dns_present_take(p, 2, &head) || head.at[0] <= last || head.at[1] == 0 || head.at[1] > 32 ||
		    !dns_present_take(p, head.at[1], &bits) || bits.at[bits.len - 1] == 0) return false;
		last = head.at[0];
		for (unsigned i = 0; i < bits.len * 8; i++) {
			if (!(bits.at[i / 8] & 0x80 >> i % 8)) continue;
			dns_present_put(p, "%s%s", gap, dns_type_text((uint16_t)(head.at[0] << 8 | i), word));
			gap = " ";
		}
		gap = window_gap;
	}
	return true;
}

static bool string_field(struct dns_present *p)
{
	struct bytes len, b;

	if (!dns_present_take(p, 1, &len) || !dns_present_take(p, len.at[0], &b)) return false;
	dns_present_string(p, b, true);
	return true;
}

static bool strings_field(struct dns_present *p)
{
	if (!string_field(p)) return false;
	while (dns_present_left(p) > 0) {
		dns_present_put(p, " ");
		if (!string_field(p)) return false;
	}
	return true;
}

/* RFC 5155, 3.3. */
static bool hash_field(struct dns_present *p, char kind)
{
	static const char digit[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
	struct bytes len, b;

	if (!dns_present_take(p, 1, &len) || !dns_present_take(p, len.at[0], &b)) return false;
	if (kind == 'l') {
		if (b.len == 0) dns_present_put(p, "-");
		dns_present_hex(p, b, 0);
		return true;
	}
	if (b.len == 0) return false;
	for (size_t bit = 0; bit < b.len * 8; bit += 5) {
		unsigned v = (unsigned)b.at[bit / 8] << 8 | (bit / 8 + 1 < b.len ? b.at[bit / 8 + 1] : 0);
		dns_present_put(p, "%c", digit[v >> (11 - bit % 8) & 31]);
	}
	return true;
}

static bool address_field(struct dns_present *p, char kind)
{
	char buffer[IP_TEXT_MAX];
	struct bytes b;

	if (!dns_present_take(p, kind == 'a' ? 4 : kind == 'q' ? 16 : 8, &b)) return false;
	if (kind == 'i' || (kind == 'q' && p->style->expand_aaaa))
		for (size_t i = 0; i < b.len; i += 2)
			dns_present_put(p, kind == 'q' ? "%s%04x" : "%s%x", i > 0 ? ":" : "", load_be16(b.at + i));
	else dns_present_put(p, "%s", ip_text(kind == 'a' ? ip4_of(load_be32(b.at)) : ip6_of(b.at), buffer));
	return true;
}

static bool eui_field(struct dns_present *p)
{
	size_t n = p->rr->type == 108 ? 6 : 8;
	struct bytes b;

	if (dns_present_left(p) != n || !dns_present_take(p, n, &b)) return false;
	for (size_t i = 0; i < n; i++) dns_present_put(p, "%s%02x", i > 0 ? "-" : "", b.at[i]);
	return true;
}

static bool is_alphanumeric(uint8_t c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

/* RFC 8659, 4.1. Records of strange classes have not been looked at before: here is where bytes become words. */
static bool tag_field(struct dns_present *p)
{
	struct bytes len, b;

	if (!dns_present_take(p, 1, &len) || len.at[0] == 0 || !dns_present_take(p, len.at[0], &b)) return false;
	for (size_t i = 0; i < b.len; i++) if (!is_alphanumeric(b.at[i])) return false;
	dns_present_put(p, "%.*s", (int)b.len, (const char *)b.at);
	return true;
}

static bool rest_field(struct dns_present *p, char kind)
{
	struct bytes b;
	bool key = p->rr->type == 25 || p->rr->type == 48 || p->rr->type == 57 || p->rr->type == 60;

	if (dns_present_left(p) == 0 && kind != 'v' && !key) return false;
	dns_present_take(p, dns_present_left(p), &b);
	if (p->style->no_crypto && (kind == 'B' || kind == 'X')) {
		if (key) dns_present_put(p, "[key id = %u]", dns_key_tag(p->rr->rdata));
		else dns_present_put(p, "[omitted]");
		return true;
	}
	switch (kind) {
	case 'v': dns_present_string(p, b, true); break;
	case 'w': dns_present_base64(p, b, 0); break;
	case 'b': case 'B': dns_present_base64(p, b, p->style->split); break;
	default: dns_present_hex(p, b, p->style->split);
	}
	return true;
}

static void key_end(struct dns_present *p)
{
	const uint8_t *key = p->rr->rdata.at;
	unsigned flags = load_be16(key);
	bool of_zone = p->rr->type == 48 || p->rr->type == 60;
	char word[16];

	if (p->style->comments) dns_present_put(p, "%s", dns_present_break(p));
	else if (p->style->multiline) dns_present_put(p, " ");
	if (p->style->multiline) dns_present_put(p, ")");
	if (!p->style->comments) return;
	if (of_zone) dns_present_put(p, " ; %s", !(flags & 1) ? "ZSK" : flags & 0x80 ? "revoked KSK" : "KSK");
	dns_present_put(p, "; alg = %s ; key id = %u", dns_algorithm_text(key[3], word), dns_key_tag(p->rr->rdata));
}

static bool field(struct dns_present *p, char kind)
{
	dns_present_put(p, "%s", p->gap);
	p->gap = " ";
	switch (kind) {
	case 'n': return name_field(p);
	case '1': case '2': case '4': case 'T': case 'A': case 'o': return number_field(p, kind);
	case 'C': return certificate_field(p);
	case 't': return time_field(p);
	case 'M': return bitmap_field(p);
	case 's': return string_field(p);
	case 'S': return strings_field(p);
	case 'l': case 'H': return hash_field(p, kind);
	case 'a': case 'q': case 'i': return address_field(p, kind);
	case 'e': return eui_field(p);
	case 'g': return tag_field(p);
	default: return rest_field(p, kind);
	}
}

/* DHCID says behind itself, in a comment, what its first bytes are (RFC 4701, 3.1). */
static void dhcid_end(struct dns_present *p)
{
	struct bytes b = p->rr->rdata;
	if (p->style->multiline && b.len >= 3)
		dns_present_put(p, " ; %u %u %u", load_be16(b.at), b.at[2], (unsigned)(b.len - 3));
}

static bool cook(struct dns_present *p, const struct recipe *r)
{
	bool lines = p->style->multiline;

	for (const char *l = r->letters; *l != '\0'; l++) {
		switch (*l) {
		case '*':
			if (!r->function(p)) return false;
			break;
		case '(':
			if (lines) dns_present_put(p, " (");
			p->gap = dns_present_break(p);
			break;
		case '<': if (lines) dns_present_put(p, "( "); break;
		case '|': p->gap = dns_present_break(p); break;
		case ')': if (lines) dns_present_put(p, " )"); break;
		case 'K': key_end(p); break;
		case 'D': dhcid_end(p); break;
		case 'M':
			if (dns_present_left(p) == 0) break; /* no gap before nothing */
			__attribute__((fallthrough));
		default:
			if (!field(p, *l)) return false;
		}
	}
	return p->at == p->end;
}

static void present_soa(const struct dns_soa *soa, struct dns_present *p)
{
	static const char *const names[] = { "serial", "refresh", "retry", "expire", "minimum" };
	const uint32_t number[] = { soa->serial, soa->refresh, soa->retry, soa->expire, soa->minimum };
	bool comments = p->style->multiline && p->style->comments;

	put_name(p, &soa->mname);
	dns_present_put(p, " ");
	put_name(p, &soa->rname);
	dns_present_put(p, p->style->multiline ? " (%s" : "%s", dns_present_break(p));
	for (size_t i = 0; i < COUNT(number); i++) {
		dns_present_put(p, comments ? "%-10u ; %s" : "%u", (unsigned)number[i], names[i]);
		if (comments && i > 0) {
			dns_present_put(p, " (");
			dns_present_ttl(number[i], true, p->t);
			dns_present_put(p, ")");
		}
		if (comments || i < 4) dns_present_put(p, "%s", dns_present_break(p));
	}
	if (p->style->multiline) dns_present_put(p, ")");
}

/* The data as it would lie there without compression, a piece at a time; false: that was the last. */
static bool next_piece(struct dns_fields *f, bool shaped, const struct dns_rr *rr, struct dns_field *field, struct bytes *piece)
{
	if (!shaped) { /* it is one piece */
		*piece = rr->rdata;
		bool first = f->shape == NULL;
		f->shape = "";
		return first;
	}
	if (dns_field_next(f, field) != DROP_NONE || field->kind == '\0') return false;
	bool name = field->kind == 'n' || field->kind == 'N';
	*piece = name ? (struct bytes){ field->name.at, field->name.len } : field->raw;
	return true;
}

static bool well_formed(struct dns_fields f)
{
	struct dns_field field;

	do {
		if (dns_field_next(&f, &field) != DROP_NONE) return false;
	} while (field.kind != '\0');
	return true;
}

static void present_unknown(struct dns_present *p)
{
	struct dns_fields f, again;
	struct dns_field field;
	struct bytes piece;
	size_t len = 0, at = 0;
	bool shaped = dns_fields(p->rr, &f) && well_formed(f);

	if (!shaped) f.shape = NULL;
	again = f;
	while (next_piece(&f, shaped, p->rr, &field, &piece)) len += piece.len;
	dns_present_put(p, "\\# %zu%s", len, len == 0 ? "" : p->style->multiline ? " ( " : " ");
	while (next_piece(&again, shaped, p->rr, &field, &piece))
		for (size_t i = 0; i < piece.len; i++, at++) {
			if (p->style->split > 0 && at > 0 && at * 2 % p->style->split == 0) dns_present_put(p, "%s", dns_present_break(p));
			dns_present_put(p, "%02X", piece.at[i]);
		}
	if (len > 0 && p->style->multiline) dns_present_put(p, " )");
}

static struct dns_present start(const struct dns_rr *rr, const struct dns_style *style, struct text *t)
{
	bool alone = rr->message.len == 0;
	size_t at = alone ? 0 : (size_t)(rr->rdata.at - rr->message.at);

	return (struct dns_present){ .rr = rr, .style = style, .t = t, .gap = "", .in = alone ? rr->rdata : rr->message,
	                             .at = at, .end = at + rr->rdata.len };
}

static const struct recipe *recipe_of(const struct dns_rr *rr)
{
	for (size_t i = 0; i < COUNT(recipes); i++)
		if (recipes[i].type == rr->type && (recipes[i].class == 0 || recipes[i].class == rr->class)) return &recipes[i];
	return NULL;
}

void dns_present_rdata(const struct dns_rr *rr, const struct dns_style *style, struct text *t)
{
	bool unknown = style->unknown || rr->class == 254 || rr->class == DNS_CLASS_ANY; /* an update's conditions (RFC 2136, 2.4) */
	const struct recipe *r = unknown ? NULL : recipe_of(rr);
	struct dns_present dry = start(rr, style, NULL), p = start(rr, style, t);
	struct dns_soa soa;

	if (!unknown && dns_rdata_soa(rr, &soa)) present_soa(&soa, &p);
	else if (r != NULL && cook(&dry, r)) cook(&p, r);
	else present_unknown(&p);
}
