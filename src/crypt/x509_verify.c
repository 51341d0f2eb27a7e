/* SPDX-License-Identifier: ISC */
/* libcrypto finds the path and checks its signatures, with its strict flags, unless the path is as plain as most are
 * (x509_ordinary.c); our own rules look at each certificate of the path. When libcrypto says no for a reason that one of
 * our rules knows too, the rule's words are used: they are plainer.
 *
 * Whatever is trusted ends a path, self-signed or not (RFC 5280, 6.1.1). libcrypto tries one path only; when that one
 * fails by a certificate above the leaf, others are tried, each without one of its certificates. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "crypt/x509_parts.h"

struct work {
	const struct x509_trust *trust;
	const struct x509_ask *ask;
	struct x509_answer *answer;
	X509 *x509[X509_CHAIN_MAX];
	struct x509_certificate sent[X509_CHAIN_MAX];
	STACK_OF(X509) *others;
	X509_STORE_CTX *ctx;
	struct x509_path path;
	size_t left_out; /* of those that were sent; 0: none */
	int error, depth;
};

static bool read_chain(struct work *w)
{
	const struct x509_ask *ask = w->ask;
	const char *wrong;

	if (ask->count == 0) return x509_refuse(w->answer, X509_MALFORMED, 0, NULL, "no certificate was sent");
	if (ask->count > X509_CHAIN_MAX)
		return x509_refuse(w->answer, X509_MALFORMED, 0, NULL, "%zu certificates were sent, at most %u are taken",
		                   ask->count, X509_CHAIN_MAX);
	for (size_t i = 0; i < ask->count; i++) {
		if (!x509_read(ask->chain[i], &w->sent[i], &wrong))
			return x509_refuse(w->answer, X509_MALFORMED, (unsigned)i, NULL, "certificate %zu cannot be read: %s", i,
			                   wrong);
	}
	return true;
}

static bool decode_chain(struct work *w)
{
	for (size_t i = 0; i < w->ask->count; i++) {
		w->x509[i] = x509_from_der_seen(w->trust->crypt, w->ask->chain[i]);
		if (w->x509[i] == NULL)
			return x509_refuse(w->answer, X509_MALFORMED, (unsigned)i, &w->sent[i], "libcrypto cannot read it");
	}
	return true;
}

/* Dates and purposes are ours: to libcrypto a certificate has expired in its last second already, and a CA for any
 * purpose is one for none. Key usage too: RFC 5280, 6.1.4 looks at it where it is, and a root is believed without, as
 * openssl req makes them. */
static int on_error(int good, X509_STORE_CTX *ctx)
{
	int error = X509_STORE_CTX_get_error(ctx);
	return good || error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID ||
	       error == X509_V_ERR_INVALID_PURPOSE || error == X509_V_ERR_CA_CERT_MISSING_KEY_USAGE;
}

static bool run(struct work *w)
{
	const struct x509_ask *ask = w->ask;
	X509_VERIFY_PARAM *param;
	unsigned long flags = X509_V_FLAG_X509_STRICT | X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_PARTIAL_CHAIN;
	bool good;

	w->others = sk_X509_new_null();
	w->ctx = X509_STORE_CTX_new_ex(w->trust->crypt->library, NULL);
	assert(w->others != NULL && w->ctx != NULL);
	for (size_t i = 1; i < ask->count; i++)
		if (i != w->left_out) sk_X509_push(w->others, w->x509[i]);
	if (!X509_STORE_CTX_init(w->ctx, w->trust->store, w->x509[0], w->others)) return false;
	X509_STORE_CTX_set_purpose(w->ctx, ask->peer == X509_SERVER ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
	X509_STORE_CTX_set_verify_cb(w->ctx, on_error);
	param = X509_STORE_CTX_get0_param(w->ctx);
	if (w->trust->crls_count > 0) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
	X509_VERIFY_PARAM_set_flags(param, flags);
	X509_VERIFY_PARAM_set_time(param, (time_t)ask->date);
	X509_VERIFY_PARAM_set_depth(param, X509_CHAIN_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, 0); /* x509_rules.c knows what is weak, and says so in words */
	ERR_set_mark();
	good = X509_verify_cert(w->ctx) == 1;
	ERR_pop_to_mark();
	w->error = good ? X509_V_OK : X509_STORE_CTX_get_error(w->ctx);
	w->depth = X509_STORE_CTX_get_error_depth(w->ctx);
	if (!good && w->error == X509_V_OK) w->error = X509_V_ERR_UNSPECIFIED;
	return good;
}

/* What we have read of one certificate of the path: it was sent, or it is a root. */
static const struct x509_certificate *find(struct work *w, X509 *x)
{
	for (size_t i = 0; i < w->ask->count; i++)
		if (w->x509[i] == x) return &w->sent[i];
	for (size_t i = 0; i < w->trust->count; i++)
		if (w->trust->roots[i].x509 == x || X509_cmp(w->trust->roots[i].x509, x) == 0)
			return w->trust->roots[i].readable ? &w->trust->roots[i].certificate : NULL;
	return NULL;
}

static bool read_path(struct work *w)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(w->ctx);
	int count = chain == NULL ? 0 : sk_X509_num(chain);

	w->path.count = 0;
	for (int i = 0; i < count && (size_t)i < COUNT(w->path.at); i++) {
		const struct x509_certificate *c = find(w, sk_X509_value(chain, i));
		if (c == NULL)
			return x509_refuse(w->answer, X509_MALFORMED, (unsigned)i, NULL,
			                   "certificate %d, a trusted one, is not well formed", i);
		w->path.at[w->path.count++] = c;
	}
	return w->path.count > 0;
}

static const struct { int error; enum x509_why why; const char *words; } verdicts[] = {
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_BAD_SIGNATURE, "its signature is not its issuer's" },
	{ X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, X509_BAD_SIGNATURE, "its issuer's key cannot be used" },
	{ X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, X509_BAD_SIGNATURE, "its signature is not its issuer's" },
	{ X509_V_ERR_NO_ISSUER_PUBLIC_KEY, X509_BAD_SIGNATURE, "its issuer's key cannot be used" },
	{ X509_V_ERR_INVALID_CA, X509_WRONG_PURPOSE, "it is no CA" },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED, X509_WRONG_PURPOSE, "there are more CAs below it than it allows" },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, X509_WRONG_PURPOSE, "its key may not sign certificates" },
	{ X509_V_ERR_PERMITTED_VIOLATION, X509_NAME_CONSTRAINT,
	  "one of its names is not among those that its issuers may certify" },
	{ X509_V_ERR_EXCLUDED_VIOLATION, X509_NAME_CONSTRAINT,
	  "one of its names is among those that an issuer may not certify" },
	{ X509_V_ERR_CERT_REVOKED, X509_IS_REVOKED, "is revoked, says its issuer's revocation list" },
	{ X509_V_ERR_UNABLE_TO_GET_CRL, X509_REVOCATION_UNKNOWN,
	  "there is no revocation list of its issuer among those given" },
	{ X509_V_ERR_CRL_HAS_EXPIRED, X509_REVOCATION_UNKNOWN, "its issuer's revocation list is out of date" },
	{ X509_V_ERR_CRL_NOT_YET_VALID, X509_REVOCATION_UNKNOWN, "its issuer's revocation list is of a later date" },
	{ X509_V_ERR_CRL_SIGNATURE_FAILURE, X509_REVOCATION_UNKNOWN,
	  "the revocation list of its issuer is not signed by it" },
	{ X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, X509_REVOCATION_UNKNOWN,
	  "its issuer may not sign revocation lists (keyUsage without cRLSign)" },
	{ X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION, X509_REVOCATION_UNKNOWN,
	  "its issuer's revocation list has a critical extension that nobody here understands" },
	{ X509_V_ERR_DIFFERENT_CRL_SCOPE, X509_REVOCATION_UNKNOWN,
	  "its issuer's revocation list is not for certificates of this kind" },
	{ X509_V_ERR_NO_EXPLICIT_POLICY, X509_WRONG_PURPOSE, "it is issued under no policy, but an issuer asks for one" },
};

static bool is_about_path(int error)
{
	return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
	       error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE || error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
	       error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN || error == X509_V_ERR_CERT_UNTRUSTED ||
	       error == X509_V_ERR_CERT_REJECTED || error == X509_V_ERR_CERT_CHAIN_TOO_LONG;
}

static bool no_path(struct work *w)
{
	const struct x509_certificate *last = w->path.at[w->path.count - 1];
	unsigned depth = (unsigned)w->path.count - 1;
	char issuer[100];
	struct text t = text_in(issuer, sizeof issuer);
	const char *other_key = "";

	for (size_t i = 0; i < w->ask->count; i++) /* libcrypto looks for no issuer of what it cannot read */
		if ((X509_get_extension_flags(w->x509[i]) & EXFLAG_INVALID) && !x509_rules_check(&w->path, w->ask, w->answer))
			return false;
	if (x509_self_issued(last))
		return x509_refuse(w->answer, X509_UNKNOWN_CA, depth, last,
		                   "no path to a trusted root: it is self-signed and not among the %zu trusted",
		                   w->trust->count);
	x509_name_words(last->issuer, &t);
	for (size_t i = 0; i < w->trust->count; i++)
		if (w->trust->roots[i].readable && bytes_equal(w->trust->roots[i].certificate.subject, last->issuer))
			other_key = " with that key";
	return x509_refuse(w->answer, X509_UNKNOWN_CA, depth, last,
	                   "no path to a trusted root: its issuer %s%s is not among the %zu trusted", issuer, other_key,
	                   w->trust->count);
}

/* RFC 5280, 4.1.2.5: both ends belong to the validity. */
static bool check_dates(struct work *w)
{
	char span[40], date[40];
	struct text s = text_in(span, sizeof span), d = text_in(date, sizeof date);

	for (unsigned i = 0; i < w->path.count; i++) {
		const struct x509_certificate *c = w->path.at[i];
		bool expired = w->ask->date > c->not_after;
		if (!expired && w->ask->date >= c->not_before) continue;
		x509_span_words(expired ? w->ask->date - c->not_after : c->not_before - w->ask->date, &s);
		x509_date_words(expired ? c->not_after : c->not_before, &d);
		if (expired) return x509_refuse(w->answer, X509_EXPIRED, i, c, "expired %s ago (%s)", span, date);
		return x509_refuse(w->answer, X509_NOT_YET_VALID, i, c, "is not valid for another %s (from %s)", span, date);
	}
	return true;
}

static bool refused_by_libcrypto(struct work *w)
{
	unsigned depth = (unsigned)size_min(w->depth < 0 ? 0 : (size_t)w->depth, w->path.count - 1);
	const struct x509_certificate *c = w->path.at[depth];

	for (size_t i = 0; i < COUNT(verdicts); i++)
		if (verdicts[i].error == w->error)
			return x509_refuse(w->answer, verdicts[i].why, depth, c, "%s", verdicts[i].words);
	return x509_refuse(w->answer, X509_MALFORMED, depth, c, "libcrypto refuses it: %s",
	                   X509_verify_cert_error_string(w->error));
}

static bool check_leaf(struct work *w)
{
	return x509_names_check(w->path.at[0], w->ask, w->answer) && x509_ocsp_look(&w->path, w->trust, w->ask, w->answer);
}

/* Whether libcrypto need not be asked. */
static bool is_ordinary(struct work *w)
{
	const struct x509_answer clean = { .why = X509_OK };
	if (x509_ordinary_path(w->trust, w->sent, w->ask->count, &w->path) &&
	    x509_rules_check(&w->path, w->ask, w->answer) && check_dates(w))
		return true;
	*w->answer = clean;
	return false;
}

static bool decide(struct work *w)
{
	bool good = run(w), known = read_path(w);
	if (!known && w->answer->why == X509_OK)
		return x509_refuse(w->answer, X509_MALFORMED, 0, NULL, "libcrypto finds no path");
	if (!known) return false;
	if (!good && is_about_path(w->error)) return no_path(w);
	if (!good && w->error == X509_V_ERR_CERT_SIGNATURE_FAILURE) return refused_by_libcrypto(w);
	if (!x509_rules_check(&w->path, w->ask, w->answer) || !check_dates(w)) return false;
	if (!good) return refused_by_libcrypto(w);
	return check_leaf(w);
}

static void end_try(struct work *w)
{
	X509_STORE_CTX_free(w->ctx);
	sk_X509_free(w->others);
	w->ctx = NULL, w->others = NULL;
}

/* Whether another path might be better: what is wrong is not the leaf's own. */
static bool worth_another(const struct x509_answer *a)
{
	return a->depth > 0 || a->why == X509_UNKNOWN_CA || a->why == X509_NAME_CONSTRAINT || a->why == X509_BAD_SIGNATURE;
}

static bool try_others(struct work *w)
{
	const struct x509_answer first = *w->answer;
	const struct x509_path path = w->path;

	for (size_t i = 1; worth_another(&first) && i < path.count; i++) {
		const struct x509_certificate *c = path.at[i];
		if (c < w->sent || c >= w->sent + COUNT(w->sent)) continue;
		w->left_out = (size_t)(c - w->sent);
		end_try(w);
		*w->answer = (struct x509_answer){ .why = X509_OK };
		if (decide(w)) return true;
	}
	*w->answer = first;
	return false;
}

bool x509_verify(const struct x509_trust *trust, const struct x509_ask *ask, struct x509_answer *answer)
{
	struct work w = { .trust = trust, .ask = ask, .answer = answer };
	bool good;

	*answer = (struct x509_answer){ .why = X509_OK };
	if (!read_chain(&w)) return false;
	if (is_ordinary(&w)) return check_leaf(&w);
	good = decode_chain(&w) && (decide(&w) || (ask->count > 2 && try_others(&w)));
	end_try(&w);
	for (size_t i = 0; i < COUNT(w.x509); i++) X509_free(w.x509[i]);
	return good;
}
