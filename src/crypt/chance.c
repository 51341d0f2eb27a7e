/* SPDX-License-Identifier: ISC */
/* chance.c - libcrypto's random numbers come from a generator that is lent.
 *
 * A library context draws from three "DRBGs" (a primary one, and two for each thread), of a kind that can be named
 * before the first of them is made. This is a provider with one such kind, which reads the rng of the context that it is
 * loaded in. Nothing else in the process is touched: other contexts keep their own generators.
 */
#include "crypt/inside.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#define GENERATOR "TULLE-LENT"
#define REQUEST_BYTES_MAX (64u << 10)

/* The provider: one a library context. */
struct lent { struct rng *rng; };
/* What libcrypto calls a generator: a view on it. */
struct generator { const struct lent *lent; int state; };

static void *generator_new(void *lent, void *parent, const OSSL_DISPATCH *parent_calls)
{
	(void)parent, (void)parent_calls;
	struct generator *g = OPENSSL_zalloc(sizeof *g);
	if (g == NULL) return NULL;
	g->lent = lent;
	g->state = EVP_RAND_STATE_UNINITIALISED;
	return g;
}

static void generator_free(void *g) { OPENSSL_free(g); }

static int generator_instantiate(void *self, unsigned strength, int prediction_resistance, const unsigned char *personal,
                                 size_t personal_len, const OSSL_PARAM params[])
{
	(void)strength, (void)prediction_resistance, (void)personal, (void)personal_len, (void)params;
	struct generator *g = self;
	g->state = EVP_RAND_STATE_READY;
	return 1;
}

static int generator_uninstantiate(void *self)
{
	struct generator *g = self;
	g->state = EVP_RAND_STATE_UNINITIALISED;
	return 1;
}

static int generator_generate(void *self, unsigned char *out, size_t len, unsigned strength, int prediction_resistance,
                              const unsigned char *more, size_t more_len)
{
	(void)strength, (void)prediction_resistance, (void)more, (void)more_len;
	const struct generator *g = self;
	if (g->lent->rng == NULL) return 0;
	rng_fill(g->lent->rng, (struct room){ out, len });
	return 1;
}

static int generator_reseed(void *self, int prediction_resistance, const unsigned char *entropy, size_t entropy_len,
                            const unsigned char *more, size_t more_len)
{
	(void)self, (void)prediction_resistance, (void)entropy, (void)entropy_len, (void)more, (void)more_len;
	return 1;
}

static int generator_enable_locking(void *g) { return (void)g, 1; }
static int generator_lock(void *g) { return (void)g, 1; }
static void generator_unlock(void *g) { (void)g; }

static const OSSL_PARAM *generator_gettable(void *g, void *lent)
{
	static const OSSL_PARAM known[] = {
		OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL), OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
		OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL), OSSL_PARAM_END,
	};
	(void)g, (void)lent;
	return known;
}

static int generator_get(void *self, OSSL_PARAM params[])
{
	const struct generator *g = self;
	OSSL_PARAM *p;

	if ((p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE)) && !OSSL_PARAM_set_int(p, g->state)) return 0;
	if ((p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH)) && !OSSL_PARAM_set_uint(p, 256)) return 0;
	if ((p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST)) && !OSSL_PARAM_set_size_t(p, REQUEST_BYTES_MAX))
		return 0;
	return 1;
}

#define CALL(number, function) { number, (void (*)(void))function }

static const OSSL_DISPATCH generator_calls[] = {
	CALL(OSSL_FUNC_RAND_NEWCTX, generator_new),
	CALL(OSSL_FUNC_RAND_FREECTX, generator_free),
	CALL(OSSL_FUNC_RAND_INSTANTIATE, generator_instantiate),
	CALL(OSSL_FUNC_RAND_UNINSTANTIATE, generator_uninstantiate),
	CALL(OSSL_FUNC_RAND_GENERATE, generator_generate),
	CALL(OSSL_FUNC_RAND_RESEED, generator_reseed),
	CALL(OSSL_FUNC_RAND_ENABLE_LOCKING, generator_enable_locking),
	CALL(OSSL_FUNC_RAND_LOCK, generator_lock),
	CALL(OSSL_FUNC_RAND_UNLOCK, generator_unlock),
	CALL(OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, generator_gettable),
	CALL(OSSL_FUNC_RAND_GET_CTX_PARAMS, generator_get),
	{ 0, NULL },
};

static const OSSL_ALGORITHM *provider_query(void *lent, int operation, int *no_cache)
{
	static const OSSL_ALGORITHM generators[] = {
		{ GENERATOR, "provider=tulle", generator_calls, "a generator that is lent" }, { NULL, NULL, NULL, NULL },
	};
	(void)lent;
	*no_cache = 0;
	return operation == OSSL_OP_RAND ? generators : NULL;
}

static void provider_teardown(void *lent) { OPENSSL_free(lent); }

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **lent)
{
	static const OSSL_DISPATCH calls[] = {
		CALL(OSSL_FUNC_PROVIDER_QUERY_OPERATION, provider_query), CALL(OSSL_FUNC_PROVIDER_TEARDOWN, provider_teardown),
		{ 0, NULL },
	};
	(void)handle, (void)in;
	*out = calls;
	return (*lent = OPENSSL_zalloc(sizeof(struct lent))) != NULL;
}

bool crypt_chance_open(struct crypt *c)
{
	if (OSSL_PROVIDER_add_builtin(c->library, "tulle", provider_init) != 1) return false;
	if ((c->chance = OSSL_PROVIDER_load(c->library, "tulle")) == NULL) return false;
	struct lent *lent = OSSL_PROVIDER_get0_provider_ctx(c->chance);
	lent->rng = c->rng;
	return RAND_set_DRBG_type(c->library, GENERATOR, NULL, NULL, NULL) == 1;
}
