/* SPDX-License-Identifier: ISC */
/* Which versions, suites, groups and signature schemes there are, and which of them a configuration wants. Pure. */
#include "proto/tls/inside.h"

/* In the order of our preference: TLS 1.3's, then 1.2's with ECDHE and an AEAD. */
static const struct tls_suite_info suites[] = {
	{ TLS_AES_128_GCM_SHA256, true, CRYPT_AES_128_GCM, CRYPT_SHA256, false },
	{ TLS_AES_256_GCM_SHA384, true, CRYPT_AES_256_GCM, CRYPT_SHA384, false },
	{ TLS_CHACHA20_POLY1305_SHA256, true, CRYPT_CHACHA20_POLY1305, CRYPT_SHA256, false },
	{ TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, false, CRYPT_AES_128_GCM, CRYPT_SHA256, true },
	{ TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, false, CRYPT_AES_128_GCM, CRYPT_SHA256, false },
	{ TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, false, CRYPT_AES_256_GCM, CRYPT_SHA384, true },
	{ TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, false, CRYPT_AES_256_GCM, CRYPT_SHA384, false },
	{ TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, false, CRYPT_CHACHA20_POLY1305, CRYPT_SHA256, true },
	{ TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, false, CRYPT_CHACHA20_POLY1305, CRYPT_SHA256, false },
};

static const uint16_t groups[] = { CRYPT_X25519MLKEM768, CRYPT_X25519, CRYPT_SECP256R1, CRYPT_SECP384R1 };

static const uint16_t schemes[] = {
	CRYPT_ECDSA_SECP256R1_SHA256, CRYPT_ED25519, CRYPT_ECDSA_SECP384R1_SHA384,
	CRYPT_RSA_PSS_RSAE_SHA256, CRYPT_RSA_PSS_RSAE_SHA384, CRYPT_RSA_PSS_RSAE_SHA512,
	CRYPT_RSA_PSS_PSS_SHA256, CRYPT_RSA_PSS_PSS_SHA384, CRYPT_RSA_PSS_PSS_SHA512,
	CRYPT_RSA_PKCS1_SHA256, CRYPT_RSA_PKCS1_SHA384, CRYPT_RSA_PKCS1_SHA512,
};
static_assert(COUNT(suites) <= TLS_LIST_MAX && COUNT(schemes) <= TLS_LIST_MAX, "the lists hold them all");

const struct tls_suite_info *tls_suite_find(unsigned suite)
{
	for (size_t i = 0; i < COUNT(suites); i++)
		if (suites[i].suite == suite) return &suites[i];
	return NULL;
}

bool tls_offers_version(const struct tls_config *config, unsigned version)
{
	unsigned min = config->version_min != 0 ? config->version_min : TLS_1_2;
	unsigned max = config->version_max != 0 ? config->version_max : TLS_1_3;
	return (version == TLS_1_2 || version == TLS_1_3) && version >= min && version <= max;
}

/* RFC 8449, 4: 64 at least, and no more than the version allows; 1.3 counts the type. */
unsigned tls_record_limit(const struct tls *t)
{
	bool v13 = t->version != 0 ? t->version == TLS_1_3 : tls_offers_version(t->config, TLS_1_3);
	size_t limit = t->config->record_size_limit;
	return limit == 0 ? 0 : (unsigned)size_max(64, size_min(limit, TLS_PLAINTEXT_MAX + (v13 ? 1 : 0)));
}

static bool suite_fits(const struct tls_config *config, unsigned suite)
{
	const struct tls_suite_info *info = tls_suite_find(suite);
	return info != NULL && tls_offers_version(config, info->v13 ? TLS_1_3 : TLS_1_2);
}

static bool group_fits(const struct tls_config *config, unsigned group)
{
	return crypt_group_known(config->crypt, group) && (tls_is_group12(group) || tls_offers_version(config, TLS_1_3));
}

static bool scheme_fits(const struct tls_config *config, unsigned scheme)
{
	(void)config;
	return crypt_scheme_known(scheme);
}

/* What is configured, or `all` if nothing is, without what does not fit. */
static size_t filter(const struct tls_config *config, const uint16_t *chosen, size_t chosen_count, const uint16_t *all,
                     size_t all_count, bool (*fits)(const struct tls_config *, unsigned), uint16_t out[TLS_LIST_MAX])
{
	size_t count = chosen != NULL ? chosen_count : all_count, n = 0;
	for (size_t i = 0; i < count && n < TLS_LIST_MAX; i++) {
		uint16_t one = chosen != NULL ? chosen[i] : all[i];
		if (fits(config, one)) out[n++] = one;
	}
	return n;
}

size_t tls_list_suites(const struct tls_config *config, uint16_t out[TLS_LIST_MAX])
{
	uint16_t all[COUNT(suites)];
	for (size_t i = 0; i < COUNT(suites); i++) all[i] = suites[i].suite;
	return filter(config, config->suites, config->suites_count, all, COUNT(all), suite_fits, out);
}

size_t tls_list_groups(const struct tls_config *config, uint16_t out[TLS_LIST_MAX])
{
	return filter(config, config->groups, config->groups_count, groups, COUNT(groups), group_fits, out);
}

size_t tls_list_schemes(const struct tls_config *config, uint16_t out[TLS_LIST_MAX])
{
	return filter(config, config->schemes, config->schemes_count, schemes, COUNT(schemes), scheme_fits, out);
}

static bool among(unsigned one, const uint16_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == one) return true;
	return false;
}

bool tls_lists_suite(const struct tls_config *config, unsigned suite)
{
	if (!suite_fits(config, suite)) return false;
	return config->suites == NULL || among(suite, config->suites, config->suites_count);
}

bool tls_lists_group(const struct tls_config *config, unsigned group)
{
	if (!group_fits(config, group)) return false;
	return config->groups == NULL || among(group, config->groups, config->groups_count);
}

bool tls_lists_scheme(const struct tls_config *config, unsigned scheme)
{
	if (!scheme_fits(config, scheme)) return false;
	return config->schemes == NULL || among(scheme, config->schemes, config->schemes_count);
}

static_assert(TLS_LIST_MAX <= 32, "a bit for each of a list");

bool tls_first_time(const uint16_t *ours, size_t count, unsigned one, uint32_t *seen)
{
	for (size_t i = 0; i < count; i++) {
		if (ours[i] != one) continue;
		bool first = (*seen >> i & 1) == 0;
		*seen |= UINT32_C(1) << i;
		return first;
	}
	return false;
}
