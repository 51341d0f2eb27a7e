/* SPDX-License-Identifier: ISC */
#include <openssl/err.h>
#include <openssl/pem.h>

#include "crypt/x509_parts.h"

struct x509_trust *x509_trust_open(struct crypt *crypt)
{
	struct x509_trust *t = OPENSSL_zalloc(sizeof *t);
	assert(t != NULL);
	t->crypt = crypt;
	t->store = X509_STORE_new();
	assert(t->store != NULL);
	return t;
}

static void end_root(struct x509_root *r)
{
	X509_free(r->x509);
	crypt_key_end(r->key);
	OPENSSL_free((void *)(uintptr_t)r->der.at);
}

void x509_trust_close(struct x509_trust *t)
{
	if (t == NULL) return;
	for (size_t i = 0; i < t->count; i++) end_root(&t->roots[i]);
	OPENSSL_free(t->roots);
	X509_STORE_free(t->store);
	OPENSSL_free(t);
}

size_t x509_trust_count(const struct x509_trust *t) { return t->count; }

X509 *x509_from_der(struct crypt *crypt, struct bytes der)
{
	const unsigned char *at = der.at;
	X509 *x = X509_new_ex(crypt->library, NULL);

	ERR_set_mark();
	if (x != NULL && (d2i_X509(&x, &at, (long)der.len) == NULL || at != der.at + der.len)) {
		X509_free(x);
		x = NULL;
	}
	ERR_pop_to_mark();
	return x;
}

static unsigned newlines(struct bytes b)
{
	unsigned count = 0;
	for (size_t i = 0; i < b.len; i++) count += b.at[i] == '\n';
	return count;
}

/* The text up to the next block is passed over. */
static void skip_words(struct x509_pem *p)
{
	static const char begin[] = "-----BEGIN ";
	size_t n = 0;
	for (const uint8_t *at; n < p->rest.len; n = (size_t)(at - p->rest.at) + 1) { /* at the beginning of a line only */
		if (p->rest.len - n >= sizeof begin - 1 && memcmp(p->rest.at + n, begin, sizeof begin - 1) == 0) break;
		if ((at = memchr(p->rest.at + n, '\n', p->rest.len - n)) == NULL) at = p->rest.at + p->rest.len - 1;
	}
	p->line += newlines(bytes_first(p->rest, n));
	p->rest = bytes_skip(p->rest, n);
}

bool x509_next_pem(struct x509_pem *p, struct text *why)
{
	char *name = NULL, *header = NULL;
	struct bytes block;
	BIO *bio;

	OPENSSL_free(p->der);
	p->der = NULL, p->label[0] = '\0', p->good = true;
	p->line += p->lines, p->lines = 0;
	skip_words(p);
	if (p->rest.len == 0) return false;
	bio = BIO_new_mem_buf(p->rest.at, (int)p->rest.len);
	assert(bio != NULL);
	ERR_set_mark();
	p->good = PEM_read_bio(bio, &name, &header, &p->der, &p->len) == 1;
	ERR_pop_to_mark();
	block = bytes_first(p->rest, p->rest.len - BIO_pending(bio));
	p->rest = bytes_skip(p->rest, block.len);
	p->lines = newlines(block);
	BIO_free(bio);
	if (p->good) OPENSSL_strlcpy(p->label, name, sizeof p->label);
	else text_printf(why, "line %u: the PEM block that begins here is broken", p->line);
	OPENSSL_free(name), OPENSSL_free(header);
	return p->good;
}

struct x509_pem x509_pem_of(struct bytes text)
{
	return (struct x509_pem){ .rest = text, .line = 1 };
}

void x509_pem_end(struct x509_pem *p)
{
	OPENSSL_free(p->der);
	p->der = NULL;
}

static void add_root(struct x509_trust *t, X509 *x, struct bytes der)
{
	if (t->count == t->size) {
		t->size = t->size * 2 + 8;
		t->roots = OPENSSL_realloc(t->roots, t->size * sizeof *t->roots);
		assert(t->roots != NULL);
	}
	struct x509_root *r = &t->roots[t->count++];
	const char *wrong;
	*r = (struct x509_root){ .x509 = x, .der = { OPENSSL_memdup(der.at, der.len), der.len } };
	assert(r->der.at != NULL);
	r->readable = x509_read(r->der, &r->certificate, &wrong);
}

static bool read_roots(struct x509_trust *t, struct bytes pem, struct text *why)
{
	struct x509_pem p = x509_pem_of(pem);
	size_t before = t->count;

	while (x509_next_pem(&p, why)) {
		struct bytes der = { p.der, (size_t)p.len };
		X509 *x;
		if (strcmp(p.label, "CERTIFICATE") != 0) continue;
		x = x509_from_der(t->crypt, der);
		if (x == NULL) {
			text_printf(why, "line %u: what is called a certificate there is none", p.line);
			p.good = false;
			break;
		}
		add_root(t, x, der);
	}
	x509_pem_end(&p);
	if (p.good && t->count == before) text_puts(why, "it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
	return p.good && t->count > before;
}

bool x509_trust_add(struct x509_trust *t, struct bytes pem, struct text *why)
{
	size_t before = t->count;
	bool good = read_roots(t, pem, why);

	while (!good && t->count > before) {
		end_root(&t->roots[--t->count]);
	}
	for (size_t i = before; i < t->count; i++) X509_STORE_add_cert(t->store, t->roots[i].x509);
	return good;
}

static X509_CRL *crl_from_der(struct crypt *crypt, struct bytes der)
{
	const unsigned char *at = der.at;
	X509_CRL *crl = X509_CRL_new_ex(crypt->library, NULL);

	ERR_set_mark();
	if (crl != NULL && (d2i_X509_CRL(&crl, &at, (long)der.len) == NULL || at != der.at + der.len)) {
		X509_CRL_free(crl);
		crl = NULL;
	}
	ERR_pop_to_mark();
	return crl;
}

/* What libcrypto forgives: RFC 5280, 5.1.2.1, 5.1.2.5 and 5.2.3. NULL: it is as it must be. */
static const char *crl_wrong(const X509_CRL *crl)
{
	int at = X509_CRL_get_ext_by_NID(crl, NID_crl_number, -1);
	if (X509_CRL_get_version(crl) != 1) return "it is not of version 2 (RFC 5280, 5.1.2.1)";
	if (X509_CRL_get0_nextUpdate(crl) == NULL) return "it does not say when the next one comes (RFC 5280, 5.1.2.5)";
	if (at < 0) return "it has no number (RFC 5280, 5.2.3)";
	if (X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, at))) return "its number is critical (RFC 5280, 5.2.3)";
	return NULL;
}

static const char *add_crl(struct x509_trust *t, struct bytes der)
{
	X509_CRL *crl = crl_from_der(t->crypt, der);
	const char *wrong = crl == NULL ? "it is no revocation list" : crl_wrong(crl);

	if (wrong == NULL) t->crls_count += X509_STORE_add_crl(t->store, crl) == 1;
	X509_CRL_free(crl);
	return wrong;
}

bool x509_trust_add_crl(struct x509_trust *t, struct bytes text, struct text *why)
{
	struct x509_pem p = x509_pem_of(text);
	const char *wrong = NULL;
	size_t found = 0;

	if (text.len > 0 && text.at[0] == DER_SEQUENCE) {
		wrong = add_crl(t, text);
		if (wrong != NULL) text_printf(why, "the revocation list cannot be used: %s", wrong);
		return wrong == NULL;
	}
	while (wrong == NULL && x509_next_pem(&p, why)) {
		if (strcmp(p.label, "X509 CRL") != 0) continue;
		found++;
		wrong = add_crl(t, (struct bytes){ p.der, (size_t)p.len });
		if (wrong != NULL) text_printf(why, "line %u: the revocation list cannot be used: %s", p.line, wrong);
	}
	x509_pem_end(&p);
	if (p.good && found == 0) text_puts(why, "it holds no revocation list (-----BEGIN X509 CRL-----)");
	return p.good && wrong == NULL && found > 0;
}
