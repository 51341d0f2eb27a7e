/* SPDX-License-Identifier: ISC */
#include "tool/say.h"
#include "tool/tls/tls_scan.h"

static const char *const versions[] = { "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3" };
static const struct { const char *word, *sentence; } flaws[SCAN_FLAWS] = {
	[SCAN_OLD_VERSIONS] = { "old-versions", "TLS 1.0 or 1.1 is spoken, which RFC 8996 forbids" },
	[SCAN_NO_TLS13] = { "no-tls13", "TLS 1.3 is not spoken" },
	[SCAN_BROKEN_SUITES] = { "broken-suites", "suites are taken that are broken: RC4, DES, 3DES, without encryption, or without a certificate" },
	[SCAN_NOT_FORWARD] = { "no-forward-secrecy", "suites are taken in which who gets the key later reads what was recorded before" },
	[SCAN_NOT_AEAD] = { "cbc", "suites with CBC are taken, whose padding has been attacked again and again" },
	[SCAN_COMPRESSES] = { "compression", "it compresses, so lengths tell secrets (CRIME)" },
	[SCAN_NO_RENEGOTIATION_INFO] = { "no-renegotiation-info", "secure renegotiation is not indicated (RFC 5746)" },
	[SCAN_NO_EXTENDED_MASTER_SECRET] = { "no-extended-master-secret", "TLS 1.2 without the extended master secret (RFC 7627)" },
	[SCAN_NO_SENTINEL] = { "no-downgrade-sentinel", "it speaks TLS 1.3, but a 1.2 hello of its does not say so (RFC 8446, 4.1.3)" },
	[SCAN_NO_FALLBACK_SCSV] = { "no-fallback-scsv", "a client that fell back is not told so (RFC 7507)" },
	[SCAN_INTOLERANT] = { "intolerant", "it refuses hellos with values that it does not know (RFC 8701)" },
	[SCAN_BAD_CERTIFICATE] = { "certificate", "its certificate is not good" },
};

typedef const char *namer(unsigned, char buffer[64]);

static const char *scheme_name(unsigned scheme, char buffer[64])
{
	struct text t = text_in(buffer, 64);
	text_printf(&t, "0x%04x", scheme);
	return tls_scheme_name(scheme) != NULL ? tls_scheme_name(scheme) : buffer;
}

/* --- in words --- */

static void head(struct text *out, const char *what) { text_printf(out, "%-12s ", what); }

static void list(struct text *out, const char *what, const struct scan_list *l, namer name)
{
	char buffer[64];
	if (l->count == 0) return;
	for (size_t i = 0; i < l->count; i++) {
		head(out, i == 0 ? what : "");
		text_printf(out, "%s\n", name(l->value[i], buffer));
	}
}

static void suites(struct text *out, const char *what, const struct scan_list *l)
{
	static const char *const notes[] = { "", "   (CBC)", "   (no forward secrecy)", "   (broken)" };
	char buffer[64];

	for (size_t i = 0; i < l->count; i++) {
		head(out, i == 0 ? what : "");
		text_printf(out, "%s%s\n", scan_suite_name(l->value[i], buffer), notes[scan_suite_worth(l->value[i])]);
	}
}

static void row(struct text *out, const char *what, const char *words)
{
	head(out, what);
	text_printf(out, "%s\n", words);
}

static void leaf(struct text *out, const char *words)
{
	for (const char *line = words; *line;) {
		int len = (int)strcspn(line, "\n");
		head(out, "");
		text_printf(out, "%.*s\n", len, line);
		line += len + (line[len] == '\n');
	}
}

void scan_tell(const struct scan_results *r, struct text *out)
{
	bool any = false;

	text_printf(out, "%s\n", r->target);
	head(out, "versions");
	for (size_t i = COUNT(versions); i-- > 0;)
		if (r->version[i]) text_printf(out, "%s%s", any ? ", " : "", versions[i]), any = true;
	text_puts(out, "\n");
	suites(out, "suites 1.3", &r->suites13);
	suites(out, "suites 1.2", &r->suites12);
	list(out, "groups", &r->groups, scan_group_name);
	list(out, "signatures", &r->schemes, scheme_name);
	row(out, "certificate", r->not_checked ? "not checked" : r->certificate[0] != '\0' ? r->certificate : r->shook ? "good" : "none was seen");
	leaf(out, r->leaf);
	row(out, "OCSP", r->ocsp ? "a response is stapled" : "no response is stapled");
	row(out, "packed", r->packs ? "its certificate comes compressed (RFC 8879)" : "its certificate comes as it is");
	row(out, "ALPN", r->alpn[0] != '\0' ? r->alpn : "none of h2, http/1.1");
	row(out, "resumption", r->resumes13 && r->resumes12 ? "TLS 1.3, TLS 1.2" : r->resumes13 ? "TLS 1.3" : r->resumes12 ? "TLS 1.2" : "none");
	head(out, "early data");
	if (r->early_max > 0) text_printf(out, "up to %u bytes\n", (unsigned)r->early_max);
	else text_puts(out, "none\n");
	any = false;
	for (size_t i = 0; i < SCAN_FLAWS; i++) {
		if (!r->flaw[i]) continue;
		row(out, any ? "" : "flaws", flaws[i].sentence);
		any = true;
	}
	if (!any) row(out, "flaws", "none found");
}

/* --- JSON (RFC 8259) --- */

static void string(struct text *out, const char *s) { say_json(out, bytes_of(s)); }

static void array(struct text *out, const char *key, const struct scan_list *l, namer name)
{
	char buffer[64];

	text_printf(out, ",\n  \"%s\": [", key);
	for (size_t i = 0; i < l->count; i++) {
		if (i > 0) text_puts(out, ", ");
		string(out, name(l->value[i], buffer));
	}
	text_puts(out, "]");
}

static void truth(struct text *out, const char *key, bool value) { text_printf(out, ",\n  \"%s\": %s", key, value ? "true" : "false"); }

static void pair(struct text *out, const char *key, const char *value)
{
	text_printf(out, ",\n  \"%s\": ", key);
	string(out, value);
}

void scan_tell_json(const struct scan_results *r, struct text *out)
{
	bool any = false;

	text_puts(out, "{\n  \"target\": ");
	string(out, r->target);
	text_puts(out, ",\n  \"versions\": [");
	for (size_t i = COUNT(versions); i-- > 0;)
		if (r->version[i]) text_printf(out, "%s\"%s\"", any ? ", " : "", versions[i]), any = true;
	text_puts(out, "]");
	array(out, "suites13", &r->suites13, scan_suite_name);
	array(out, "suites12", &r->suites12, scan_suite_name);
	array(out, "groups", &r->groups, scan_group_name);
	array(out, "signatures", &r->schemes, scheme_name);
	truth(out, "certificateGood", r->shook && !r->not_checked && r->certificate[0] == '\0');
	pair(out, "certificateWrong", r->certificate);
	pair(out, "certificate", r->leaf);
	truth(out, "ocspStapled", r->ocsp);
	truth(out, "certificateCompressed", r->packs);
	pair(out, "alpn", r->alpn);
	truth(out, "resumes13", r->resumes13);
	truth(out, "resumes12", r->resumes12);
	text_printf(out, ",\n  \"earlyDataMax\": %u,\n  \"flaws\": [", (unsigned)r->early_max);
	any = false;
	for (size_t i = 0; i < SCAN_FLAWS; i++) {
		if (!r->flaw[i]) continue;
		text_puts(out, any ? ", " : "");
		string(out, flaws[i].word);
		any = true;
	}
	text_puts(out, "]\n}\n");
}
