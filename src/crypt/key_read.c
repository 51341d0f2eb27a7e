/* SPDX-License-Identifier: ISC */
/* key_read.c - a private key from a file's text, and a sentence on what is wrong with it: where, what was found, what was
 * expected, what to do. */
#include "crypt/inside.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define RSA_BITS_WEAK 1024

static const char expected[] = "a private key in PEM is expected (-----BEGIN PRIVATE KEY-----)";

/* Labels that are not what is wanted, and what to say. */
static const struct { const char *label, *words; } others[] = {
	{ "CERTIFICATE", "this is a certificate, not its private key; a private key in PEM is expected" },
	{ "TRUSTED CERTIFICATE", "this is a certificate, not its private key; a private key in PEM is expected" },
	{ "CERTIFICATE REQUEST", "this is a request for a certificate, not its private key" },
	{ "X509 CRL", "this is a list of revoked certificates, not a private key" },
	{ "PUBLIC KEY", "this is a public key; the private key that belongs to it is needed" },
	{ "RSA PUBLIC KEY", "this is a public key; the private key that belongs to it is needed" },
	{ "ENCRYPTED PRIVATE KEY", "the key is encrypted with a password; write it without: openssl pkey -in FILE -out NEW" },
	{ "OPENSSH PRIVATE KEY", "this is OpenSSH's own form of a key; convert it: ssh-keygen -p -m PKCS8 -f FILE" },
	{ "DSA PRIVATE KEY", "this is a DSA key; TLS takes ECDSA (P-256, P-384), Ed25519 and RSA" },
	{ "PGP PRIVATE KEY BLOCK", "this is a PGP key; a private key in PEM is expected" },
};

static bool bytes_find(struct bytes in, const char *what, size_t *at)
{
	size_t n = strlen(what);
	for (size_t i = 0; i + n <= in.len; i++)
		if (memcmp(in.at + i, what, n) == 0) return *at = i, true;
	return false;
}

static unsigned line_of(struct bytes pem, size_t at)
{
	unsigned line = 1;
	for (size_t i = 0; i < at; i++)
		if (pem.at[i] == '\n') line++;
	return line;
}

static void say_no_pem(struct bytes pem, struct text *why)
{
	size_t at;

	if (pem.len == 0) text_printf(why, "the file is empty; %s", expected);
	else if (pem.at[0] == 0x30)
		text_puts(why, "this is DER, not PEM; convert it: openssl pkey -inform DER -in FILE -out NEW");
	else if (bytes_find(pem, "-----BEGIN ", &at))
		text_printf(why, "line %u: a PEM block begins here, but is damaged: its base64 text or its END line is not whole",
		            line_of(pem, at));
	else text_printf(why, "there is no line -----BEGIN ...----- in it; %s", expected);
}

/* libcrypto's decoders know PKCS#8, PKCS#1 and SEC1 apart. */
static EVP_PKEY *decode(struct crypt *c, const uint8_t *der, long len)
{
	return d2i_AutoPrivateKey_ex(NULL, &der, len, c->library, NULL);
}

/* A file holds the public half too, and nothing makes sure that it is this key's. RSA's check takes long, and is left. */
static bool halves_fit(struct crypt *c, EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *check = EVP_PKEY_CTX_new_from_pkey(c->library, pkey, NULL);
	bool fit = check != NULL && EVP_PKEY_pairwise_check(check) == 1;
	EVP_PKEY_CTX_free(check);
	return fit;
}

static struct crypt_key *judge(struct crypt *c, EVP_PKEY *pkey, unsigned bits_min, unsigned line, struct text *why)
{
	char curve[32] = "";
	size_t n;
	const char *type = EVP_PKEY_get0_type_name(pkey);
	unsigned bits = (unsigned)EVP_PKEY_get_bits(pkey);
	bool rsa = EVP_PKEY_is_a(pkey, "RSA") || EVP_PKEY_is_a(pkey, "RSA-PSS");

	if (rsa && (bits < bits_min || bits > CRYPT_RSA_BITS_MAX)) {
		text_printf(why, "line %u: an RSA key of %u bits; %u to %u are taken: make a new one", line, bits, bits_min,
		            CRYPT_RSA_BITS_MAX);
		EVP_PKEY_free(pkey);
		return NULL;
	}
	if (!rsa && !halves_fit(c, pkey)) {
		text_printf(why, "line %u: the key's private and public halves do not belong together; was the file edited?", line);
		EVP_PKEY_free(pkey);
		return NULL;
	}
	EVP_PKEY_get_group_name(pkey, curve, sizeof curve, &n);
	char kind[80];
	struct text k = text_in(kind, sizeof kind);
	text_printf(&k, "%s%s%s", type != NULL ? type : "unknown", curve[0] ? " " : "", curve);
	struct crypt_key *key = crypt_key_wrap(c, pkey, true);
	if (key == NULL)
		text_printf(why, "line %u: a key of kind %s; TLS takes ECDSA (P-256, P-384), Ed25519 and RSA", line, kind);
	return key;
}

/* One PEM block; *go_on: it was only parameters, and the key comes after it. */
static struct crypt_key *read_block(struct crypt *c, const char *label, const char *header, const uint8_t *der, long len,
                                    unsigned bits_min, unsigned line, struct text *why)
{
	size_t n = strlen(label);

	for (size_t i = 0; i < COUNT(others); i++)
		if (strcmp(label, others[i].label) == 0) {
			text_printf(why, "line %u: %s", line, others[i].words);
			return NULL;
		}
	if (strstr(header, "ENCRYPTED") != NULL) {
		text_printf(why, "line %u: the key is encrypted with a password; write it without: openssl pkey -in FILE -out NEW",
		            line);
		return NULL;
	}
	if (n < 11 || strcmp(label + n - 11, "PRIVATE KEY") != 0) {
		text_printf(why, "line %u: -----BEGIN %.60s-----; %s", line, label, expected);
		return NULL;
	}
	EVP_PKEY *pkey = decode(c, der, len);
	if (pkey != NULL) return judge(c, pkey, bits_min, line, why);
	text_printf(why, "line %u: what is inside is not a key, or of a kind that libcrypto does not know; was the file cut or edited?",
	            line);
	return NULL;
}

static struct crypt_key *read_key(struct crypt *c, struct bytes pem, unsigned bits_min, struct text *why)
{
	BIO *file = BIO_new_mem_buf(pem.at, (int)size_min(pem.len, INT32_MAX));
	char *label = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len = 0;
	struct crypt_key *key = NULL;
	size_t place = 0;
	bool got;

	/* One file may hold the chain as well, ahead of its key. */
	bool passes = bytes_find(pem, "PRIVATE KEY-----", &place);
	while ((got = file != NULL && PEM_read_bio(file, &label, &header, &der, &len) == 1) &&
	       (strstr(label, "PARAMETERS") || (passes && strcmp(label, "CERTIFICATE") == 0))) {
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	if (got) {
		char begin[100];
		size_t at = 0;
		struct text t = text_in(begin, sizeof begin);
		text_printf(&t, "-----BEGIN %.70s-----", label);
		bytes_find(pem, begin, &at);
		key = read_block(c, label, header, der, len, bits_min, line_of(pem, at), why);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
	} else say_no_pem(pem, why);
	BIO_free(file);
	ERR_clear_error();
	return key;
}

struct crypt_key *crypt_key_read(struct crypt *c, struct bytes pem, struct text *why)
{
	return read_key(c, pem, CRYPT_RSA_BITS_MIN, why);
}

struct crypt_key *crypt_key_read_weak(struct crypt *c, struct bytes pem, struct text *why)
{
	return read_key(c, pem, RSA_BITS_WEAK, why);
}
