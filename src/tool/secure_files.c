/* SPDX-License-Identifier: ISC */
/* secure_files.c - certificates and keys: from files, or made on the spot. */
#include "crypt/issue.h"
#include "tool/secure.h"

#define FILE_MAX (1u << 20)
#define CHAIN_MAX (64u << 10)
#define AGAIN_BYTES (512u << 10)
#define DAY INT64_C(86400)

static bool fail(struct secure *s, const char *path, const char *what)
{
	text_printf(s->env->err, "%s: %s: %s\n", s->who, path, what);
	s->env->status = TOOL_FAILED;
	return false;
}

static struct arena *memory_of(struct secure *s) { return s->memory != NULL ? s->memory : s->env->memory; }

bool secure_read(struct secure *s, const char *path, struct bytes *content)
{
	struct files *files = s->files != NULL ? s->files : s->env->files;
	struct file file = { .kind = FILES_NONE };

	if (files != NULL) file = files_open(files, path);
	if (file.kind == FILES_NONE) return fail(s, path, "there is no such file");
	if (file.kind == FILES_FOLDER) return fail(s, path, "this is a folder, not a file");
	if (file.kind == FILES_FORBIDDEN) return fail(s, path, "it may not be read, or is no ordinary file");
	if (file.kind == FILES_BUSY) return fail(s, path, "too many files are open");
	struct room room = { NULL, (size_t)file.size };
	if (file.size <= FILE_MAX) room.at = arena_take(memory_of(s), room.len);
	size_t n = 0;
	for (size_t got = 1; room.at != NULL && n < room.len && got > 0; n += got)
		got = files_read(files, &file, n, (struct room){ room.at + n, room.len - n });
	files_close(files, &file);
	if (room.at == NULL) return fail(s, path, "this file is too large to be what is wanted");
	if (n < room.len) return fail(s, path, "this file cannot be read to its end");
	*content = (struct bytes){ room.at, n };
	return true;
}

/* What was read is not needed any more, and may hold a key. */
static void forget(struct secure *s, size_t mark)
{
	struct arena *memory = memory_of(s);
	crypt_wipe(memory->memory.at + mark, memory->used - mark);
	memory->used = mark;
}

static bool matches(struct secure *s, const char *cert, const char *key)
{
	struct crypt_key *of_leaf = x509_public_key(s->env->crypt, s->identity.chain.der[0]);
	bool matching = of_leaf != NULL && crypt_key_matches(of_leaf, s->key);

	if (of_leaf == NULL) fail(s, cert, "the first certificate's key is of a kind that is not known here");
	else if (!matching) {
		text_printf(s->env->err, "%s: %s: this key is not that of the first certificate in %s\n", s->who, key, cert);
		s->env->status = TOOL_FAILED;
	}
	crypt_key_end(of_leaf);
	return matching;
}

static void use_identity(struct secure *s)
{
	s->identity.key = s->key;
	s->config.identities = &s->identity;
	s->config.identities_count = 1;
}

/* It may be what somebody wants to see; but nobody would believe it, and it is better said here than at each client. */
static void warn_of_dates(struct secure *s, const char *cert)
{
	int64_t from, until;

	if (!x509_validity(s->identity.chain.der[0], &from, &until)) return;
	int64_t date = s->env->date + (net_now(s->env->net) - s->env->date_at) / SECOND;
	const char *what = date > until ? "expired" : date < from ? "is not valid yet" : NULL;
	if (what != NULL)
		text_printf(s->env->err, "%s: %s: warning: this certificate %s; whoever looks will refuse it\n", s->who, cert, what);
}

bool secure_own(struct secure *s, const char *cert, const char *key)
{
	char words[400];
	struct text why = text_in(words, sizeof words);
	struct room memory = { arena_take(memory_of(s), CHAIN_MAX), CHAIN_MAX };
	size_t mark = memory_of(s)->used;
	struct bytes pem;

	if (memory.at == NULL) return fail(s, cert, "no memory");
	if (!secure_read(s, cert, &pem)) return false;
	bool good = x509_chain_read(s->env->crypt, pem, &memory, &s->identity.chain, &why);
	forget(s, mark);
	if (!good) return fail(s, cert, words);
	if (!secure_read(s, key, &pem)) return false;
	s->key = crypt_key_read(s->env->crypt, pem, &why);
	forget(s, mark);
	if (s->key == NULL && key == cert) text_puts(&why, " (--key FILE names the key's)");
	if (s->key == NULL) return fail(s, key, words);
	use_identity(s);
	if (!matches(s, cert, key)) return false;
	warn_of_dates(s, cert);
	return true;
}

bool secure_believe(struct secure *s, const char *ca)
{
	char words[400];
	struct text why = text_in(words, sizeof words);
	size_t mark = memory_of(s)->used;
	struct bytes pem;

	if (!secure_read(s, ca, &pem)) return false;
	s->trust = x509_trust_open(s->env->crypt);
	bool good = s->trust != NULL && x509_trust_add(s->trust, pem, &why);
	forget(s, mark);
	if (!good) return fail(s, ca, words);
	s->config.trust = s->trust;
	return true;
}

bool secure_forbid(struct secure *s, const char *crl)
{
	char words[400];
	struct text why = text_in(words, sizeof words);
	size_t mark = memory_of(s)->used;
	struct bytes list;

	if (!secure_read(s, crl, &list)) return false;
	bool good = x509_trust_add_crl(s->trust, list, &why);
	forget(s, mark);
	return good || fail(s, crl, words);
}

/* RFC 6960, 4.2.1: a sequence that begins with an enumerated status, and is as long as the file. */
static bool is_response(struct bytes der, unsigned *status)
{
	size_t at = 2, len;

	if (der.len < 5 || der.at[0] != 0x30) return false;
	len = der.at[1];
	if (len > 0x80 && len <= 0x84) {
		at += len & 0x7f, len = 0;
		for (size_t i = 2; i < at && i < der.len; i++) len = len << 8 | der.at[i];
	}
	if (at + 3 > der.len || len != der.len - at || der.at[at] != 0x0a || der.at[at + 1] != 1) return false;
	*status = der.at[at + 2];
	return true;
}

/* What else is in it is for clients to judge: it may be refreshed under a server that does not look. */
bool secure_staple(struct secure *s, const char *ocsp)
{
	unsigned status = 0;

	if (!secure_read(s, ocsp, &s->identity.ocsp)) return false;
	if (!is_response(s->identity.ocsp, &status)) return fail(s, ocsp, "this is no OCSP response in DER");
	return status == 0 || fail(s, ocsp, "this OCSP response says that its responder had no answer; fetch another");
}

void secure_fingerprint(struct crypt *crypt, struct bytes der, struct text *out)
{
	uint8_t hash[CRYPT_HASH_MAX];

	crypt_hash(crypt, CRYPT_SHA256, der, hash);
	for (size_t i = 0; i < crypt_hash_len(CRYPT_SHA256); i++) text_printf(out, "%s%02X", i > 0 ? ":" : "", hash[i]);
}

/* An authority that lives as long as this line does, and a certificate of it for ten days. */
bool secure_make(struct secure *s, const char *name)
{
	const char *names[] = { "localhost", "127.0.0.1", "::1", name };
	struct crypt *crypt = s->env->crypt;
	struct crypt_key *root = crypt_key_make(crypt, CRYPT_KEY_P256);
	struct room memory = { arena_take(s->env->memory, CHAIN_MAX), CHAIN_MAX };
	char words[400] = "no memory, or no chance";
	struct text why = text_in(words, sizeof words);
	size_t ca = 0, leaf = 0;

	s->key = crypt_key_make(crypt, CRYPT_KEY_P256);
	struct issue issue = { .common_name = "tulle: made on the spot", .ca = true, .key = root, .not_before = s->env->date - DAY,
	                       .not_after = s->env->date + 10 * DAY };
	if (root != NULL && s->key != NULL && memory.at != NULL) ca = issue_certificate(crypt, &issue, memory, &why);
	if (ca > 0) {
		issue.issuer_der = (struct bytes){ memory.at, ca }, issue.issuer_key = root;
		issue.ca = false, issue.key = s->key, issue.names = names, issue.names_count = *name != '\0' ? 4 : 3;
		issue.common_name = *name != '\0' && strlen(name) <= ISSUE_COMMON_NAME_MAX ? name : "localhost";
		leaf = issue_certificate(crypt, &issue, room_skip(memory, ca), &why);
	}
	crypt_key_end(root);
	if (leaf == 0) return fail(s, "a certificate made on the spot", words);
	s->identity.chain = (struct x509_chain){ .der[0] = { memory.at + ca, leaf }, .der[1] = { memory.at, ca }, .count = 2 };
	use_identity(s);
	text_puts(s->env->out, "No --cert was given: this certificate was made on the spot, and nobody has reason to trust it.\nSHA-256 ");
	secure_fingerprint(crypt, s->identity.chain.der[0], s->env->out);
	text_puts(s->env->out, "\n");
	return true;
}

/* --- again --- */

bool secure_can_reload(const struct secure *s) { return s->options.cert != NULL && s->net != NULL; }

bool secure_keep(struct secure *s)
{
	const struct secure_options *o = &s->options;
	const char *all[] = { o->cert, o->key, o->ocsp, o->ca, o->crl }, *path[COUNT(all)];
	size_t count = 0;

	if (o->cert == NULL) return true;
	for (size_t i = 0; i < COUNT(all); i++) if (all[i] != NULL) path[count++] = all[i];
	for (size_t i = 0; i < COUNT(s->again); i++) {
		struct room room = { arena_take(s->env->memory, AGAIN_BYTES), AGAIN_BYTES };
		if (room.at == NULL) return fail(s, o->cert, "no memory for TLS");
		arena_init(&s->again[i], room);
	}
	if (s->env->keep != NULL) s->files = s->env->keep(s->env, path, count);
	return true;
}

static bool read_all(struct secure *s)
{
	const struct secure_options *o = &s->options;

	return secure_own(s, o->cert, o->key != NULL ? o->key : o->cert) && (o->ocsp == NULL || secure_staple(s, o->ocsp)) &&
	       (o->ca == NULL || secure_believe(s, o->ca)) && (o->crl == NULL || secure_forbid(s, o->crl));
}

/* A server looks at its identity only while it answers a ClientHello, and at its trust while it reads a client's certificate: neither
 * is in use between two turns. */
void secure_reload(struct secure *s)
{
	const struct tls_identity identity = s->identity;
	struct crypt_key *key = s->key;
	struct x509_trust *trust = s->trust;

	if (!secure_can_reload(s)) return;
	s->memory = &s->again[s->reloads % COUNT(s->again)];
	s->memory->used = 0;
	s->key = NULL, s->trust = NULL, s->identity = (struct tls_identity){ .key = NULL };
	if (read_all(s)) {
		s->reloads++;
		crypt_key_end(key);
		if (trust != NULL) x509_trust_close(trust);
		text_printf(s->env->err, "%s: %s was read again; its SHA-256 is ", s->who, s->options.cert);
		secure_fingerprint(s->env->crypt, s->identity.chain.der[0], s->env->err);
		text_puts(s->env->err, "\n");
	} else {
		crypt_key_end(s->key);
		if (s->trust != NULL) x509_trust_close(s->trust);
		s->identity = identity, s->key = key, s->trust = trust;
		text_printf(s->env->err, "%s: the certificate from before stays in use\n", s->who);
	}
	use_identity(s);
	if (s->trust != NULL) s->config.trust = s->trust;
}
