/* SPDX-License-Identifier: ISC */
/* RFC 9525 (which took RFC 6125's place): whether a certificate is for a name. Only the subject alternative names count.
 *
 * A wildcard is the whole leftmost label, stands for exactly one label, and needs two more labels at least to its right: nobody owns
 * all of "*.com". A dot at the end of the name that was asked means the root, and is passed over; the certificate has none. */
#include "crypt/x509_parts.h"

bool x509_bytes_alike(struct bytes a, struct bytes b)
{
	if (a.len != b.len) return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.at[i]) != ascii_lower(b.at[i])) return false;
	return true;
}

static bool label_byte(uint8_t c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool x509_dns_name_good(struct bytes name, bool wildcard_allowed)
{
	size_t label = 0, i = 0;
	bool digits = true; /* the last label may not be a number: that would be an address */

	if (wildcard_allowed && name.len > 2 && name.at[0] == '*' && name.at[1] == '.') i = 2;
	if (name.len == 0 || name.len > 253) return false;
	for (; i < name.len; i++) {
		if (name.at[i] == '.') {
			if (label == 0 || name.at[i - 1] == '-') return false;
			label = 0, digits = true;
			continue;
		}
		if (!label_byte(name.at[i]) || (label == 0 && name.at[i] == '-') || ++label > 63) return false;
		digits &= name.at[i] >= '0' && name.at[i] <= '9';
	}
	return label > 0 && name.at[name.len - 1] != '-' && !digits;
}

/* Where the first label and its dot end; the length if there is but one. */
static size_t first_label(struct bytes name)
{
	size_t i = 0;
	while (i < name.len && name.at[i] != '.') i++;
	return i < name.len ? i + 1 : i;
}

static bool dns_matches(struct bytes pattern, struct bytes name)
{
	struct bytes rest;
	if (!x509_dns_name_good(pattern, true)) return false;
	if (pattern.at[0] != '*') return x509_bytes_alike(pattern, name);
	pattern = bytes_skip(pattern, 2);
	rest = bytes_skip(name, first_label(name));
	return first_label(pattern) < pattern.len && x509_bytes_alike(pattern, rest);
}

static bool ip_matches(struct bytes san, const struct ip *ip)
{
	struct bytes wanted = { ip->byte, 16 };
	return bytes_equal(san, ip_is4(*ip) ? bytes_skip(wanted, 12) : wanted);
}

static bool lists_dns(struct bytes names, struct bytes wanted)
{
	for (struct x509_general_name n; x509_next_general_name(&names, &n);)
		if (n.kind == X509_NAME_DNS && dns_matches(n.value, wanted)) return true;
	return false;
}

static bool lists_ip(struct bytes names, const struct ip *wanted)
{
	for (struct x509_general_name n; x509_next_general_name(&names, &n);)
		if (n.kind == X509_NAME_IP && ip_matches(n.value, wanted)) return true;
	return false;
}

static void put_names(struct bytes names, struct text *t)
{
	enum { SHOWN_MAX = 4 };
	struct x509_general_name n;
	struct bytes rest = names;
	size_t count = 0, i = 0;

	while (x509_next_general_name(&rest, &n)) count++;
	for (; i < count && i < SHOWN_MAX && x509_next_general_name(&names, &n); i++) {
		if (i > 0) text_puts(t, i + 1 == count ? " and " : ", ");
		x509_general_name_words(&n, t);
	}
	if (count == 0) text_puts(t, "no name");
	if (i < count) text_printf(t, " and %zu more", count - i);
}

static bool wrong_name(const struct x509_certificate *c, struct bytes names, const char *asked, struct x509_answer *a)
{
	char list[X509_WORDS_MAX / 2];
	struct text t = text_in(list, sizeof list);
	put_names(names, &t);
	return x509_refuse(a, X509_WRONG_NAME, 0, c, "is for %s%s, asked for %s", list, t.cut ? "..." : "", asked);
}

bool x509_names_check(const struct x509_certificate *c, const struct x509_ask *ask, struct x509_answer *a)
{
	struct bytes rest = c->value[X509_SUBJECT_NAMES], names = { 0 }, name = { 0 };
	char asked[IP_TEXT_MAX];

	if (ask->name == NULL && ask->ip == NULL) return true;
	der_take(&rest, DER_SEQUENCE, &names); /* the rules have seen that it is one */
	if (ask->name != NULL) {
		name = bytes_of(ask->name);
		if (name.len > 1 && name.at[name.len - 1] == '.') name.len--;
		if (!x509_dns_name_good(name, false))
			return x509_refuse(a, X509_WRONG_NAME, 0, c, "\"%.100s\", which was asked for, is no DNS name", ask->name);
	}
	if (ask->name != NULL && !lists_dns(names, name)) return wrong_name(c, names, ask->name, a);
	if (ask->ip != NULL && !lists_ip(names, ask->ip)) return wrong_name(c, names, ip_text(*ask->ip, asked), a);
	return true;
}
