/* SPDX-License-Identifier: ISC */
/* authority.h - an authority for tests of certificates: root, an intermediate CA, leaf, each made anew with whatever is odd about it.
 *
 *     start();                                     // three good certificates
 *     leaf.serial = hex("00");                     // oddness
 *     YES(); NO(X509_MALFORMED, "serial");         // what x509_verify says, and words that are in its sentence
 */
#ifndef TULLE_TEST_AUTHORITY_H
#define TULLE_TEST_AUTHORITY_H

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "crypt/der.h"
#include "crypt/issue.h"
#include "crypt/x509_parts.h"
#include "tap.h"

#define NOW INT64_C(1795000000) /* 2026-11-18 11:06:40 */
#define DAY INT64_C(86400)

static struct rng chance;
static struct crypt *crypt;
static struct crypt_key *root_key, *ica_key, *leaf_key, *other_key;
static uint8_t memory[256 << 10];
static size_t used;
static struct issue root, ica, leaf;
static bool with_ica;
static struct bytes root_der, ica_der, leaf_der;
static struct x509_ask ask;
static struct x509_answer answer;
static struct bytes crl_der;
static char why_words[300];
static bool hushed; /* what could not be made is expected, and not worth a line */

static inline struct bytes kept(const void *at, size_t len)
{
	struct bytes b = { memory + used, len };
	assert(sizeof memory - used >= len);
	memcpy(memory + used, at, len);
	used += len;
	return b;
}

static inline struct bytes hex(const char *digits)
{
	uint8_t out[2048];
	size_t n = 0;
	for (; digits[0] && digits[1]; digits += 2) {
		unsigned byte;
		if (sscanf(digits, "%2x", &byte) != 1) break;
		out[n++] = (uint8_t)byte;
	}
	return kept(out, n);
}

/* GeneralNames, of a kind and text each; "#" before the text: it is hex. */
struct raw_name { unsigned tag; const char *text; };
static inline struct bytes names_of(const struct raw_name *names, size_t count)
{
	uint8_t out[2048];
	struct der_writer w = { .at = out, .size = sizeof out };
	size_t all = der_open(&w, DER_SEQUENCE);
	for (size_t i = 0; i < count; i++)
		der_put_element(&w, names[i].tag, names[i].text[0] == '#' ? hex(names[i].text + 1) : bytes_of(names[i].text));
	der_close(&w, all);
	return kept(out, w.len);
}
#define NAMES(...) names_of((struct raw_name[]){ __VA_ARGS__ }, COUNT(((struct raw_name[]){ __VA_ARGS__ })))
enum { OTHER = DER_CONTEXT_OF(0), EMAIL = DER_CONTEXT(1), DNS = DER_CONTEXT(2), DIRECTORY = DER_CONTEXT_OF(4), URI = DER_CONTEXT(6), ADDRESS = DER_CONTEXT(7) };

/* NameConstraints of one permitted or excluded base. */
static inline struct bytes limit_of(bool permitted, unsigned tag, struct bytes base)
{
	uint8_t out[512];
	struct der_writer w = { .at = out, .size = sizeof out };
	size_t all = der_open(&w, DER_SEQUENCE), list = der_open(&w, DER_CONTEXT_OF(permitted ? 0 : 1)), one = der_open(&w, DER_SEQUENCE);
	der_put_element(&w, tag, base);
	der_close(&w, one), der_close(&w, list), der_close(&w, all);
	return kept(out, w.len);
}

static inline struct bytes name_of(const char *common_name)
{
	uint8_t out[256];
	struct der_writer w = { .at = out, .size = sizeof out };
	size_t all = der_open(&w, DER_SEQUENCE), set = der_open(&w, DER_SET), pair = der_open(&w, DER_SEQUENCE);
	der_put_oid(&w, "2.5.4.3");
	der_put_element(&w, DER_UTF8_STRING, bytes_of(common_name));
	der_close(&w, pair), der_close(&w, set), der_close(&w, all);
	return kept(out, w.len);
}

static inline void put_in(struct issue *i, const char *oid, bool critical, struct bytes value)
{
	static struct issue_extension lists[32][6];
	static size_t next;
	struct issue_extension *list = lists[next++ % COUNT(lists)];
	assert(i->extra_count + 1 <= COUNT(lists[0]));
	if (i->extra_count > 0) memcpy(list, i->extra, i->extra_count * sizeof *list);
	list[i->extra_count] = (struct issue_extension){ oid, critical, value };
	i->extra = list, i->extra_count++;
}

static inline void in_place_of(struct issue *i, enum issue_part part, const char *oid, bool critical, struct bytes value)
{
	i->without |= part;
	put_in(i, oid, critical, value);
}
#define OID_SUBJECT_KEY "2.5.29.14"
#define OID_KEY_USAGE "2.5.29.15"
#define OID_NAMES "2.5.29.17"
#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_NAME_CONSTRAINTS "2.5.29.30"
#define OID_AUTHORITY_KEY "2.5.29.35"
#define OID_PURPOSES "2.5.29.37"

static inline void start(void)
{
	static const char *const names[] = { "www.example.com" };
	used = 0, with_ica = false;
	crl_der = (struct bytes){ 0 };
	root = (struct issue){ .common_name = "Test Root", .ca = true, .key = root_key, .not_before = NOW - 100 * DAY, .not_after = NOW + 1000 * DAY };
	ica = (struct issue){ .common_name = "Test CA", .ca = true, .key = ica_key, .issuer_key = root_key, .not_before = NOW - 90 * DAY,
	                      .not_after = NOW + 900 * DAY };
	leaf = (struct issue){ .common_name = "www.example.com", .names = names, .names_count = 1, .key = leaf_key,
	                       .not_before = NOW - 10 * DAY, .not_after = NOW + 80 * DAY };
	ask = (struct x509_ask){ .name = "www.example.com", .date = NOW };
}

static inline struct bytes make(const struct issue *i)
{
	struct text why = text_in(why_words, sizeof why_words);
	struct room room = { memory + used, sizeof memory - used };
	size_t n = issue_certificate(crypt, i, room, &why);
	if (n == 0 && !hushed) printf("# not made: %s\n", why_words);
	used += n;
	return (struct bytes){ room.at, n };
}

static inline struct x509_trust *trust_in(struct bytes der)
{
	uint8_t pem[16384];
	struct text why = text_in(why_words, sizeof why_words);
	struct x509_trust *trust = x509_trust_open(crypt);
	size_t n = issue_pem(der, "CERTIFICATE", (struct room){ pem, sizeof pem });
	if (!x509_trust_add(trust, (struct bytes){ pem, n }, &why) && !hushed) printf("# not a root: %s\n", why_words);
	return trust;
}

static inline void make_all(void)
{
	root_der = make(&root);
	if (with_ica) {
		if (ica.issuer_der.len == 0) ica.issuer_der = root_der;
		ica_der = make(&ica);
		leaf.issuer_key = ica_key, leaf.issuer_der = ica_der;
	} else {
		leaf.issuer_key = root_key, leaf.issuer_der = root_der;
	}
	leaf_der = make(&leaf);
}

/* What libcrypto says by itself, as a careful program asks it: strict flags, purpose, name, security level 2. */
static inline bool libcrypto_alone(const struct x509_trust *trust, const struct x509_ask *q)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(crypt->library, NULL);
	STACK_OF(X509) *others = sk_X509_new_null();
	X509 *leaf_x = x509_from_der(crypt, q->chain[0]);
	bool good = leaf_x != NULL;

	for (size_t i = 1; i < q->count; i++) {
		X509 *x = x509_from_der(crypt, q->chain[i]);
		if (x != NULL) sk_X509_push(others, x);
	}
	if (good && X509_STORE_CTX_init(ctx, trust->store, leaf_x, others)) {
		X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
		X509_STORE_CTX_set_purpose(ctx, q->peer == X509_SERVER ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_PARTIAL_CHAIN |
			(trust->crls_count > 0 ? X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL : 0));
		X509_VERIFY_PARAM_set_time(param, (time_t)q->date);
		X509_VERIFY_PARAM_set_auth_level(param, 2);
		if (q->name != NULL) X509_VERIFY_PARAM_set1_host(param, q->name, 0);
		if (q->ip != NULL) X509_VERIFY_PARAM_set1_ip(param, q->ip->byte + (ip_is4(*q->ip) ? 12 : 0), ip_is4(*q->ip) ? 4 : 16);
		good = X509_verify_cert(ctx) == 1;
	}
	X509_STORE_CTX_free(ctx);
	sk_X509_pop_free(others, X509_free);
	X509_free(leaf_x);
	return good;
}

static unsigned decided, decided_otherwise; /* chains, and those of which libcrypto by itself says the other */

static inline bool verify_made(void)
{
	struct x509_trust *trust = trust_in(root_der);
	struct bytes chain[] = { leaf_der, ica_der };
	struct text why = text_in(why_words, sizeof why_words);
	bool good;

	if (ask.count == 0) ask.chain = chain, ask.count = with_ica ? 2 : 1;
	if (crl_der.len > 0) assert(x509_trust_add_crl(trust, crl_der, &why));
	good = x509_verify(trust, &ask, &answer);
	if (ask.ocsp.len == 0 && !ask.must_staple && !ask.ocsp_asked) decided++, decided_otherwise += libcrypto_alone(trust, &ask) != good;
	if (ask.chain == chain) ask.chain = NULL, ask.count = 0;
	x509_trust_close(trust);
	return good;
}

static inline bool verify(void)
{
	make_all();
	return verify_made();
}

#define SAYS_YES(call) \
	do { \
		if (call) break; \
		printf("# %s:%d: refused: %s\n", __FILE__, __LINE__, answer.words); \
		tap_ok = false; \
		return; \
	} while (0)
#define SAYS_NO(call, reason, in_words) \
	do { \
		bool yes_ = (call); \
		if (!yes_ && answer.why == (reason) && strstr(answer.words, in_words)) break; \
		printf("# %s:%d: %s (%d): %s\n", __FILE__, __LINE__, yes_ ? "believed" : "refused otherwise", answer.why, answer.words); \
		tap_ok = false; \
		return; \
	} while (0)
#define YES() SAYS_YES(verify())
#define NO(reason, in_words) SAYS_NO(verify(), reason, in_words)

static inline bool authority_open(void)
{
	rng_init_number(&chance, 7);
	crypt = crypt_open(&chance);
	if (crypt == NULL) return false;
	root_key = crypt_key_make(crypt, CRYPT_KEY_P256), ica_key = crypt_key_make(crypt, CRYPT_KEY_P256);
	leaf_key = crypt_key_make(crypt, CRYPT_KEY_P256), other_key = crypt_key_make(crypt, CRYPT_KEY_P256);
	return true;
}

static inline void authority_close(void)
{
	crypt_key_end(root_key), crypt_key_end(ica_key), crypt_key_end(leaf_key), crypt_key_end(other_key);
	crypt_close(crypt);
}

#endif
