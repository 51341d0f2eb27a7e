/* SPDX-License-Identifier: ISC */
#include "crypt/x509_parts.h"

static void describe_names(const struct x509_certificate *c, struct text *t)
{
	struct bytes rest = c->value[X509_SUBJECT_NAMES], names;
	struct x509_general_name n;
	const char *between = "names      ";

	if (!x509_has(c, X509_SUBJECT_NAMES) || !der_take(&rest, DER_SEQUENCE, &names)) return;
	for (; x509_next_general_name(&names, &n); between = ", ") {
		text_puts(t, between);
		x509_general_name_words(&n, t);
	}
	text_puts(t, "\n");
}

static void describe_key(const struct x509_certificate *c, struct text *t)
{
	struct x509_key_facts key;
	if (!x509_key_facts(c->spki, &key)) text_puts(t, "key        not well formed\n");
	else if (key.family == X509_KEY_RSA) text_printf(t, "key        %s, %u bits\n", key.name, key.bits);
	else text_printf(t, "key        %s\n", key.name);
}

static void describe_usage(const struct x509_certificate *c, struct text *t)
{
	static const char *const bits[] = {
		"digital signature", "non-repudiation", "key encipherment", "data encipherment", "key agreement", "certificates",
		"revocation lists", "encipher only", "decipher only",
	};
	const char *between = "key usage  ";

	if (!x509_has(c, X509_KEY_USAGE)) return;
	for (size_t i = 0; i < COUNT(bits); i++) {
		if (!(c->key_usage >> i & 1)) continue;
		text_printf(t, "%s%s", between, bits[i]);
		between = ", ";
	}
	text_puts(t, "\n");
}

static void describe_purposes(const struct x509_certificate *c, struct text *t)
{
	static const struct { const char *oid, *name; } known[] = {
		{ "1.3.6.1.5.5.7.3.1", "TLS server" },
		{ "1.3.6.1.5.5.7.3.2", "TLS client" },
		{ "1.3.6.1.5.5.7.3.3", "code" },
		{ "1.3.6.1.5.5.7.3.4", "mail" },
		{ "1.3.6.1.5.5.7.3.8", "time stamps" },
		{ "1.3.6.1.5.5.7.3.9", "OCSP responses" },
		{ "2.5.29.37.0", "any" },
	};
	struct bytes rest = c->value[X509_EXTENDED_KEY_USAGE], list, oid;
	const char *between = "purposes   ";

	if (!x509_has(c, X509_EXTENDED_KEY_USAGE) || !der_take(&rest, DER_SEQUENCE, &list)) return;
	for (; der_take(&list, DER_OID, &oid); between = ", ") {
		char words[80];
		struct text number = text_in(words, sizeof words);
		size_t i = 0;
		x509_oid_words(oid, &number);
		while (i < COUNT(known) && strcmp(known[i].oid, words) != 0) i++;
		text_printf(t, "%s%s", between, i < COUNT(known) ? known[i].name : words);
	}
	text_puts(t, "\n");
}

static void describe_limits(const struct x509_certificate *c, struct text *t)
{
	if (c->ca) text_puts(t, "CA         yes");
	if (c->ca && c->path_limited) text_printf(t, ", with at most %u CAs below it", c->path_max);
	if (c->ca) text_puts(t, x509_has(c, X509_NAME_CONSTRAINTS) ? ", for some names only\n" : "\n");
	if (x509_has(c, X509_TLS_FEATURE)) text_puts(t, "staple     it says that it comes with an OCSP response\n");
	if (c->unknown_critical.len == 0) return;
	text_puts(t, "critical   ");
	x509_oid_words(c->unknown_critical, t);
	text_puts(t, ", which is not known here\n");
}

static void describe_serial(const struct x509_certificate *c, struct text *t)
{
	text_puts(t, "serial     ");
	for (size_t i = 0; i < c->serial.len; i++) text_printf(t, "%02x", c->serial.at[i]);
	text_puts(t, "\n");
}

static void describe_validity(const struct x509_certificate *c, struct text *t)
{
	text_puts(t, "valid      ");
	x509_date_words(c->not_before, t);
	text_puts(t, " to ");
	x509_date_words(c->not_after, t);
	text_puts(t, "\n");
}

static void describe_fingerprint(struct crypt *crypt, struct bytes der, struct text *t)
{
	uint8_t hash[32];
	size_t len;
	if (EVP_Q_digest(crypt->library, "SHA256", NULL, der.at, der.len, hash, &len) != 1) return;
	text_puts(t, "SHA-256    ");
	for (size_t i = 0; i < len; i++) text_printf(t, "%02x", hash[i]);
	text_puts(t, "\n");
}

void x509_describe(struct crypt *crypt, struct bytes der, struct text *t)
{
	struct x509_certificate c;
	const char *wrong, *algorithm;
	bool weak;

	if (!x509_read(der, &c, &wrong)) {
		text_printf(t, "not a certificate: %s\n", wrong);
		return;
	}
	text_puts(t, "subject    "), x509_name_words_all(c.subject, t), text_puts(t, "\n");
	describe_names(&c, t);
	text_puts(t, "issuer     "), x509_name_words_all(c.issuer, t), text_puts(t, "\n");
	describe_validity(&c, t);
	describe_key(&c, t);
	describe_usage(&c, t);
	describe_purposes(&c, t);
	describe_limits(&c, t);
	describe_serial(&c, t);
	algorithm = x509_algorithm_name(c.algorithm, &weak);
	text_printf(t, "signature  %s%s\n", algorithm ? algorithm : "of an unknown kind", weak ? " (too weak)" : "");
	describe_fingerprint(crypt, der, t);
}
