/* SPDX-License-Identifier: ISC */
/* x509_seen.c - libcrypto's form of certificates seen lately.
 *
 * libcrypto 3.0 looks through all its decoders for the key in each certificate that it reads, which costs twice as much as
 * checking a signature. The same certificates come again and again - a server's on every connection to it, an
 * intermediate CA's from all its customers - so the last few are kept, each found by its very bytes. Only the reading is
 * saved: signatures, dates and rules are looked at every time.
 */
#include <openssl/x509.h>

#include "crypt/x509_parts.h"

X509 *x509_from_der_seen(struct crypt *c, struct bytes der)
{
	for (size_t i = 0; i < CRYPT_SEEN_MAX; i++) {
		struct crypt_seen *s = &c->seen[i];
		if (!bytes_equal(s->der, der) || der.len == 0) continue;
		return X509_up_ref(s->x509) == 1 ? s->x509 : NULL;
	}
	X509 *x = x509_from_der(c, der);
	if (x == NULL || der.len > CRYPT_SEEN_BYTES_MAX) return x;
	struct crypt_seen *s = &c->seen[c->seen_next++ % CRYPT_SEEN_MAX];
	X509_free(s->x509);
	OPENSSL_free((void *)(uintptr_t)s->der.at);
	*s = (struct crypt_seen){ .der = { OPENSSL_memdup(der.at, der.len), der.len }, .x509 = x };
	if (s->der.at == NULL || X509_up_ref(x) != 1) *s = (struct crypt_seen){ .x509 = NULL };
	return x;
}

void x509_seen_forget(struct crypt *c)
{
	for (size_t i = 0; i < CRYPT_SEEN_MAX; i++) {
		X509_free(c->seen[i].x509);
		OPENSSL_free((void *)(uintptr_t)c->seen[i].der.at);
	}
}
