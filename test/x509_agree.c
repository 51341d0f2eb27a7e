/* SPDX-License-Identifier: ISC */
/* Whatever x509_verify believes, libcrypto with its strict flags believes too: chains with random oddities, by seed. Most are
 * refused; those that are not have come by the ordinary path or by libcrypto's, and the plainest of them by the former.
 * (Three things are ours alone: the last second of a validity, CAs for any purpose, and roots without a key usage; the first two are
 * not among the oddities.) */
#include <stdlib.h>

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "authority.h"
#include "crypt/x509_parts.h"

static struct rng dice;
static unsigned believed;

static const struct { const char *oid, *value; } odd[] = {
	{ OID_KEY_USAGE, "03020780" }, { OID_KEY_USAGE, "03020106" }, { OID_KEY_USAGE, "030205a0" }, { OID_KEY_USAGE, "0303078000" },
	{ OID_KEY_USAGE, "030100" }, { OID_KEY_USAGE, "0500" }, { OID_BASIC_CONSTRAINTS, "3000" }, { OID_BASIC_CONSTRAINTS, "30030101ff" },
	{ OID_BASIC_CONSTRAINTS, "30060101ff020100" }, { OID_BASIC_CONSTRAINTS, "30060101ff0201ff" }, { OID_BASIC_CONSTRAINTS, "3003010100" },
	{ OID_PURPOSES, "300a06082b06010505070301" }, { OID_PURPOSES, "301406082b0601050507030106082b06010505070302" }, { OID_PURPOSES, "3000" },
	{ OID_PURPOSES, "300606042a030405" }, { OID_SUBJECT_KEY, "040401020304" }, { OID_SUBJECT_KEY, "0400" }, { OID_SUBJECT_KEY, "0101ff" },
	{ OID_AUTHORITY_KEY, "3006800401020304" }, { OID_AUTHORITY_KEY, "3000" }, { OID_AUTHORITY_KEY, "30028000" },
	{ OID_NAMES, "300f820d6578616d706c652e636f6d0000" }, { OID_NAMES, "3011820f7777772e6578616d706c652e636f6d" },
	{ OID_NAMES, "3013820f7777772e6578616d706c652e636f6d8700" }, { OID_NAMES, "3017820f7777772e6578616d706c652e636f6d87040a000001" },
	{ OID_NAMES, "3019820f7777772e6578616d706c652e636f6da4063004310230 00" }, { OID_NAME_CONSTRAINTS, "300fa00d300b82096c6f63616c686f7374" },
	{ "2.5.29.32", "300a3008060667810c010201" }, { "2.5.29.32", "3000" }, { "2.5.29.32", "0500" },
	{ "2.5.29.31", "30163014a012a010860e687474703a2f2f612f632e63726c" }, { "2.5.29.31", "3003020101" }, { "2.5.29.36", "3003800100" },
	{ "2.5.29.54", "020100" }, { "1.3.6.1.5.5.7.1.1", "3016301406082b060105050730028608687474703a2f2f61" },
	{ "1.3.6.1.5.5.7.1.1", "0500" }, { "1.3.6.1.5.5.7.1.24", "3003020105" }, { "1.3.6.1.5.5.7.1.7", "0500" }, { "1.3.6.1.5.5.7.1.7", "3000" },
	{ "1.3.6.1.5.5.7.1.14", "300f300d06082b06010505071501 0101ff" }, { "2.16.840.1.113730.1.1", "03020640" }, { "2.16.840.1.113730.1.1", "030206c0" },
	{ "1.2.3.4", "0500" }, { "1.3.6.1.4.1.11129.2.4.2", "04020000" },
};

static bool one_in(unsigned n) { return rng_below(&dice, n) == 0; }

static void make_odd(struct issue *i)
{
	static const char *const subjects[] = { "300e310c300a06035504030c03612e62", "300c310a300806035504030c0100", "3009310730050603550403", "300d310b300906035504031e020041",
	                                        "30003000", "3002310030", "3004310230 00", "300f310d300b0603550403040441424344" };
	while (!one_in(3)) {
		size_t n = rng_below(&dice, COUNT(odd));
		if (i->extra_count == 5) return;
		if (one_in(2)) i->without |= 1u << rng_below(&dice, 6);
		put_in(i, odd[n].oid, one_in(2), hex(odd[n].value));
	}
	if (one_in(6)) i->without |= 1u << rng_below(&dice, 6);
	if (one_in(9)) i->subject = hex(subjects[rng_below(&dice, COUNT(subjects))]);
	if (one_in(9)) i->version = 1 + (unsigned)rng_below(&dice, 3);
	if (one_in(9)) i->hash = one_in(2) ? "SHA384" : "SHA512";
	if (one_in(9)) i->key = other_key;
}

/* Where we say otherwise, and why, is in x509_verify.c. */
static int on_error(int good, X509_STORE_CTX *ctx)
{
	return good || X509_STORE_CTX_get_error(ctx) == X509_V_ERR_CA_CERT_MISSING_KEY_USAGE;
}

static bool libcrypto_believes(const struct x509_trust *trust, const struct bytes *chain, size_t count)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(crypt->library, NULL);
	STACK_OF(X509) *others = sk_X509_new_null();
	X509 *leaf_x = x509_from_der(crypt, chain[0]), *ica_x = count > 1 ? x509_from_der(crypt, chain[1]) : NULL;
	bool good = leaf_x != NULL;

	if (ica_x != NULL) sk_X509_push(others, ica_x);
	if (good) {
		X509_STORE_CTX_init(ctx, trust->store, leaf_x, others);
		X509_STORE_CTX_set_verify_cb(ctx, on_error);
		X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
		X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_PARTIAL_CHAIN);
		X509_VERIFY_PARAM_set_time(param, NOW);
		good = X509_verify_cert(ctx) == 1;
		if (!good) printf("# libcrypto: %s\n", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	}
	X509_STORE_CTX_free(ctx);
	sk_X509_free(others);
	X509_free(leaf_x), X509_free(ica_x);
	return good;
}

static bool try(uint64_t seed)
{
	struct x509_trust *trust;
	bool agree = true;

	rng_init_number(&dice, seed);
	start();
	with_ica = one_in(2);
	if (one_in(3)) make_odd(&root);
	if (one_in(2)) make_odd(&ica);
	if (one_in(2)) make_odd(&leaf);
	if (one_in(2)) ask.name = NULL;
	make_all();
	if (root_der.len == 0 || leaf_der.len == 0 || (with_ica && ica_der.len == 0)) return true;
	struct bytes chain[] = { leaf_der, ica_der };
	trust = trust_in(root_der);
	ask.chain = chain, ask.count = with_ica ? 2 : 1;
	if (x509_verify(trust, &ask, &answer)) {
		believed++;
		agree = libcrypto_believes(trust, chain, ask.count);
		if (!agree) printf("# seed %" PRIu64 ": believed by us only\n", seed);
	}
	x509_trust_close(trust);
	return agree;
}

static uint64_t first = 1, last = 1500;

static void what_we_believe_libcrypto_believes(void)
{
	for (uint64_t seed = first; seed <= last; seed++) CHECK(try(seed));
	printf("# %u of %" PRIu64 " believed\n", believed, last - first + 1);
	CHECK(first == last || believed > 100);
}

int main(int argc, char **argv)
{
	if (argc > 1) first = last = strtoull(argv[1], NULL, 10);
	if (argc > 2) last = strtoull(argv[2], NULL, 10);
	if (!authority_open()) return 1;
	hushed = true;
	TEST(what_we_believe_libcrypto_believes);
	authority_close();
	return tap_end();
}
