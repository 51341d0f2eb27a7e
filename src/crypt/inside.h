/* SPDX-License-Identifier: ISC */
/* inside.h - what the parts of this room share; it shows libcrypto's types, so nobody outside crypt/ includes it. */
#ifndef TULLE_CRYPT_INSIDE_H
#define TULLE_CRYPT_INSIDE_H

#include <openssl/evp.h>

#include "crypt/key.h"

struct crypt {
	OSSL_LIB_CTX *library; /* its own: what is fetched and drawn in here is nobody else's */
	struct rng *rng;       /* lent: what libcrypto's random generator in `library` draws from */
};

struct crypt_key {
	struct crypt *crypt;
	EVP_PKEY *pkey;        /* owned */
	enum crypt_key_kind kind;
	bool is_private;
};

/* key.c: takes the EVP_PKEY over, in any case; NULL: it is of a kind, or of a size, that we do not use. */
struct crypt_key *crypt_key_wrap(struct crypt *, EVP_PKEY *, bool is_private);

#endif
