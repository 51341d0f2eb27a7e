/* SPDX-License-Identifier: ISC */
#include "tool/tls/tls_ca.h"

#include "crypt/issue.h"
#include "tool/options.h"

#define FILE_MAX (256u << 10) /* bytes of a file that is read */
#define PEM_MAX (16u << 10)   /* of one that is written */
#define PATH_MAX_BYTES 512
#define NAMES_MAX 64
#define DAYS_MAX 36500
#define DAY INT64_C(86400)
#define SKEW INT64_C(300)     /* seconds: a certificate is valid a little earlier, for clocks that are behind */

const char tls_ca_help[] =
	"usage: tulle tls ca new [--name \"My CA\"] [--out ca] [--days 3650] [--key p256]\n"
	"           [--path-length N] [--permit NAME]... [--exclude NAME]... [--force]\n"
	"       tulle tls cert issue NAME... [--ca ca] [--out FIRST-NAME] [--days 90]\n"
	"           [--key p256] [--client] [--must-staple] [--force]\n"
	"       tulle tls ca crl [FILE...] [--ca ca] [--out ca] [--days 7] [--force]\n"
	"       tulle tls cert ocsp FILE [--ca ca] [--out FILE] [--days 7] [--revoked]\n"
	"           [--force]\n"
	"       tulle tls cert show FILE\n"
	"ca new      makes an authority: OUT.pem, its certificate, for whoever is to\n"
	"            believe it, and OUT.key, its key, which stays here. --permit and\n"
	"            --exclude bind it to DNS names (and all below) or networks\n"
	"            (10.0.0.0/8); --path-length: so many authorities below it\n"
	"cert issue  makes a certificate for DNS names (also *.example.com) and IP\n"
	"            addresses, and its key; --ca is the authority's OUT; --client: for\n"
	"            a client; --must-staple: wants an OCSP response (RFC 7633)\n"
	"ca crl      makes OUT.crl, the list of revoked certificates: all FILEs'\n"
	"cert ocsp   makes OUT.ocsp: this one is good (or --revoked); for --ocsp\n"
	"cert show   prints what the certificates of a file say\n"
	"  --key KIND  p256, p384, ed25519, rsa     --force  writes over what is there\n"
	"\n"
	"  tulle tls ca new\n"
	"  tulle tls cert issue www.example.com 127.0.0.1\n";

struct making {
	struct tool_env *env;
	const char *who;                                   /* "tls ca" */
	const char *name, *out, *ca, *key_kind;
	uint64_t days, path_length;
	bool force, client, must_staple, revoked;
	struct option_texts permit, exclude;
	const char *permitted[NAMES_MAX], *excluded[NAMES_MAX], *words[NAMES_MAX];
	size_t words_count;
	struct crypt_key *issuer_key, *key;
	struct bytes issuer, made;
	uint8_t issuer_der[8192], made_der[8192];
};

static bool failed(struct making *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool failed(struct making *m, const char *format, ...)
{
	va_list args;
	text_printf(m->env->err, "%s: ", m->who);
	va_start(args, format);
	text_vprintf(m->env->err, format, args);
	va_end(args);
	text_puts(m->env->err, "\n");
	m->env->status = TOOL_FAILED;
	return false;
}

/* ---- files ---- */

static bool read_file(struct making *m, const char *path, struct bytes *content)
{
	static const char *const why[] = { [FILES_NONE] = "there is no such file", [FILES_FOLDER] = "this is a folder, not a file",
	                                   [FILES_FORBIDDEN] = "it may not be read, or is no ordinary file", [FILES_BUSY] = "too many files are open" };
	struct files *files = m->env->files;
	struct file file = files != NULL ? files_open(files, path) : (struct file){ .kind = FILES_NONE };
	uint8_t *at = NULL;
	size_t n = 0, got = 1;

	if (file.kind != FILES_FILE) return failed(m, "%s: %s", path, why[file.kind]);
	if (file.size <= FILE_MAX) at = arena_take(m->env->memory, (size_t)file.size);
	while (at != NULL && n < file.size && got > 0)
		n += got = files_read(files, &file, n, (struct room){ at + n, (size_t)file.size - n });
	files_close(files, &file);
	if (at == NULL) return failed(m, "%s: this file is too large to be what is wanted", path);
	*content = (struct bytes){ at, n };
	return n == file.size || failed(m, "%s: this file cannot be read", path);
}

static bool may_write(struct making *m, const char *path)
{
	struct file file = { .kind = FILES_NONE };
	if (m->force) return true;
	if (m->env->files != NULL) file = files_open(m->env->files, path);
	if (file.kind == FILES_FILE) files_close(m->env->files, &file);
	return file.kind == FILES_NONE || failed(m, "%s is there already; --force writes over it", path);
}

/* What a name may not be in the name of a file. */
static bool path_of(struct making *m, const char *base, const char *ending, char path[PATH_MAX_BYTES])
{
	struct text t = text_in(path, PATH_MAX_BYTES);
	bool is_name = base == m->words[0];

	for (const char *p = base; *p; p++) {
		char c = is_name && (*p == '*' || *p == '/' || *p == ':') ? '_' : *p;
		text_put(&t, (struct bytes){ (const uint8_t *)&c, 1 });
	}
	text_puts(&t, ending);
	return !t.cut || failed(m, "%s: this name is too long for a file", base);
}

static bool put(struct making *m, const char *path, enum tool_readers readers, const char *pem, size_t len)
{
	struct text *file = tool_create(m->env, path, readers);
	if (file == NULL) return false;
	text_put(file, (struct bytes){ (const uint8_t *)pem, len });
	text_flush(file);
	return true;
}

/* The certificate, its issuer unless that is a root, and the key. The key goes first: a key without a certificate does no harm. */
static bool write_both(struct making *m, const char *base, bool with_issuer)
{
	char certificate[PATH_MAX_BYTES], key[PATH_MAX_BYTES], *pem = arena_take(m->env->memory, PEM_MAX);
	struct room room = { (uint8_t *)pem, PEM_MAX };
	bool good;
	size_t n;

	if (pem == NULL) return failed(m, "no memory");
	if (!path_of(m, base, ".pem", certificate) || !path_of(m, base, ".key", key)) return false;
	if (!may_write(m, certificate) || !may_write(m, key)) return false;
	n = crypt_key_write(m->key, room);
	good = n > 0 && put(m, key, TOOL_OWNER_READS, pem, n);
	crypt_wipe(pem, PEM_MAX);
	if (!good) return false;
	n = issue_pem(m->made, "CERTIFICATE", room);
	if (with_issuer) n += issue_pem(m->issuer, "CERTIFICATE", room_skip(room, n));
	if (!put(m, certificate, TOOL_ALL_READ, pem, n)) return false;
	text_printf(m->env->out, "%s  the certificate%s\n%s  its key, for nobody else\n", certificate,
	            with_issuer ? " and its issuer's" : "", key);
	return true;
}

/* ---- options ---- */

static bool make_key(struct making *m)
{
	static const struct { const char *name; enum crypt_key_kind kind; } kinds[] = {
		{ "p256", CRYPT_KEY_P256 },
		{ "p384", CRYPT_KEY_P384 },
		{ "ed25519", CRYPT_KEY_ED25519 },
		{ "rsa", CRYPT_KEY_RSA },
	};
	for (size_t i = 0; m->key == NULL && i < COUNT(kinds); i++)
		if (strcmp(m->key_kind, kinds[i].name) == 0 && (m->key = crypt_key_make(m->env->crypt, kinds[i].kind)) == NULL)
			return failed(m, "libcrypto cannot make a key of kind %s", m->key_kind);
	if (m->key == NULL) tool_usage(m->env, "%s: --key %s: p256, p384, ed25519 or rsa", m->who, m->key_kind);
	return m->key != NULL;
}

static bool check_days(struct making *m, unsigned usual)
{
	if (m->days == UINT64_MAX) m->days = usual;
	if (m->days >= 1 && m->days <= DAYS_MAX) return true;
	tool_usage(m->env, "%s: --days is from 1 to %u", m->who, DAYS_MAX);
	return false;
}

static struct tool *end(struct making *m, bool good)
{
	struct tool *t = good ? arena_zeroed(m->env->memory, 1, sizeof *t) : NULL;
	crypt_key_end(m->key);
	crypt_key_end(m->issuer_key);
	if (t != NULL) t->done = true;
	return t;
}

static struct making *start(struct tool_env *env, const char *who)
{
	struct making *m = arena_zeroed(env->memory, 1, sizeof *m);
	env->status = TOOL_FAILED;
	if (m == NULL) {
		text_printf(env->err, "%s: no memory\n", who);
		return NULL;
	}
	m->env = env, m->who = who, m->key_kind = "p256", m->ca = "ca", m->days = m->path_length = UINT64_MAX;
	m->permit = (struct option_texts){ m->permitted, 0, NAMES_MAX };
	m->exclude = (struct option_texts){ m->excluded, 0, NAMES_MAX };
	return m;
}

/* ---- ca new ---- */

static bool make_ca(struct making *m)
{
	char words[300] = "";
	struct text why = text_in(words, sizeof words);
	int64_t from = m->env->date - SKEW;
	struct issue i = {
		.common_name = m->name,
		.ca = true,
		.key = m->key,
		.not_before = from,
		.not_after = from + (int64_t)m->days * DAY,
		.path_limited = m->path_length != UINT64_MAX,
		.path_max = (unsigned)m->path_length,
		.permitted = m->permitted,
		.permitted_count = m->permit.count,
		.excluded = m->excluded,
		.excluded_count = m->exclude.count,
	};
	m->made.at = m->made_der;
	m->made.len = issue_certificate(m->env->crypt, &i, (struct room){ m->made_der, sizeof m->made_der }, &why);
	return m->made.len > 0 || failed(m, "%s", words);
}

/* ---- cert issue ---- */

static bool read_authority(struct making *m)
{
	char words[300] = "", path[PATH_MAX_BYTES];
	struct text why = text_in(words, sizeof words);
	struct room room = { m->issuer_der, sizeof m->issuer_der };
	struct x509_chain chain;
	struct crypt_key *public_key;
	struct bytes pem;
	bool good;

	if (!path_of(m, m->ca, ".pem", path) || !read_file(m, path, &pem)) return false;
	if (!x509_chain_read(m->env->crypt, pem, &room, &chain, &why)) return failed(m, "%s: %s", path, words);
	m->issuer = chain.der[0];
	if (!path_of(m, m->ca, ".key", path) || !read_file(m, path, &pem)) return false;
	m->issuer_key = crypt_key_read(m->env->crypt, pem, &why);
	crypt_wipe((void *)(uintptr_t)pem.at, pem.len);
	if (m->issuer_key == NULL) return failed(m, "%s: %s", path, words);
	public_key = x509_public_key(m->env->crypt, m->issuer);
	good = public_key != NULL && crypt_key_matches(public_key, m->issuer_key);
	crypt_key_end(public_key);
	return good || failed(m, "%s is not the key of %s.pem", path, m->ca);
}

static bool make_certificate(struct making *m)
{
	char words[300] = "";
	struct text why = text_in(words, sizeof words);
	int64_t from = m->env->date - SKEW, ca_from, ca_until, until = from + (int64_t)m->days * DAY;

	if (!x509_validity(m->issuer, &ca_from, &ca_until)) return failed(m, "%s.pem: this is no certificate", m->ca);
	struct issue i = {
		.common_name = strlen(m->words[1]) <= ISSUE_COMMON_NAME_MAX ? m->words[1] : NULL,
		.names = m->words + 1,
		.names_count = m->words_count - 1,
		.peer = m->client ? X509_CLIENT : X509_SERVER,
		.must_staple = m->must_staple,
		.key = m->key,
		.issuer_key = m->issuer_key,
		.issuer_der = m->issuer,
		.not_before = from > ca_from ? from : ca_from,
		.not_after = until < ca_until ? until : ca_until,
	};
	m->made.at = m->made_der;
	m->made.len = issue_certificate(m->env->crypt, &i, (struct room){ m->made_der, sizeof m->made_der }, &why);
	return m->made.len > 0 || failed(m, "%s", words);
}

/* What nobody would believe is not written: it is said why, as the other end would say it. */
static bool check_certificate(struct making *m)
{
	struct x509_trust *trust = x509_trust_open(m->env->crypt);
	struct x509_ask ask = {
		.chain = &m->made, .count = 1, .peer = m->client ? X509_CLIENT : X509_SERVER, .date = m->env->date
	};
	struct x509_answer answer;
	char *pem = arena_take(m->env->memory, PEM_MAX);
	char words[300] = "";
	struct text why = text_in(words, sizeof words);
	bool good = pem != NULL;

	if (good) {
		size_t n = issue_pem(m->issuer, "CERTIFICATE", (struct room){ (uint8_t *)pem, PEM_MAX });
		good = x509_trust_add(trust, (struct bytes){ (uint8_t *)pem, n }, &why);
	}
	if (!good) failed(m, "%s", words);
	else if (!(good = x509_verify(trust, &ask, &answer)))
		failed(m, "nobody would believe this certificate: %s", answer.words);
	x509_trust_close(trust);
	return good;
}

/* Every name that is asked for would be believed: a wildcard needs two labels to its right (RFC 6125, 7.2). */
static bool check_names(struct making *m)
{
	for (size_t i = 1; i < m->words_count; i++)
		if (strncmp(m->words[i], "*.", 2) == 0 && strchr(m->words[i] + 2, '.') == NULL)
			return failed(m, "nobody would believe \"%s\": a wildcard needs two labels to its right, as in *.example.com", m->words[i]);
	return true;
}

static bool issue(struct making *m)
{
	m->words[0] = m->words[1]; /* path_of makes a name into a file's */
	return check_names(m) && tool_want_crypt(m->env) && read_authority(m) && make_key(m) && make_certificate(m) && check_certificate(m) &&
	       write_both(m, m->out != NULL ? m->out : m->words[0], !x509_self_signed(m->issuer));
}

/* ---- ca crl, cert ocsp ---- */

/* A file's first certificate, kept. */
static bool read_certificate(struct making *m, const char *path, struct bytes *der)
{
	char words[300] = "";
	struct text why = text_in(words, sizeof words);
	struct room room = { arena_take(m->env->memory, FILE_MAX), FILE_MAX };
	struct x509_chain chain;
	struct bytes pem;

	if (room.at == NULL) return failed(m, "no memory");
	if (!read_file(m, path, &pem)) return false;
	if (!x509_chain_read(m->env->crypt, pem, &room, &chain, &why)) return failed(m, "%s: %s", path, words);
	*der = chain.der[0];
	return true;
}

static bool put_new(struct making *m, const char *base, const char *ending, const char *what, struct bytes content)
{
	char path[PATH_MAX_BYTES];
	if (content.len == 0) return failed(m, "%s cannot be made", what);
	if (!path_of(m, base, ending, path) || !may_write(m, path) || !put(m, path, TOOL_ALL_READ, (const char *)content.at, content.len)) return false;
	text_printf(m->env->out, "%s  %s\n", path, what);
	return true;
}

static bool list(struct making *m)
{
	struct bytes revoked[NAMES_MAX];
	struct room room = { arena_take(m->env->memory, FILE_MAX), FILE_MAX };
	struct room pem = { arena_take(m->env->memory, FILE_MAX), FILE_MAX };
	size_t n;

	if (room.at == NULL || pem.at == NULL) return failed(m, "no memory");
	if (!tool_want_crypt(m->env) || !read_authority(m)) return false;
	for (size_t i = 1; i < m->words_count; i++)
		if (!read_certificate(m, m->words[i], &revoked[i - 1])) return false;
	n = issue_crl(m->env->crypt, &(struct issue_crl){
		.issuer_key = m->issuer_key,
		.issuer_der = m->issuer,
		.revoked = revoked,
		.revoked_count = m->words_count - 1,
		.this_update = m->env->date - SKEW,
		.next_update = m->env->date + (int64_t)m->days * DAY,
		.number = (unsigned)m->env->date,
	}, room);
	if (n > 0) n = issue_pem((struct bytes){ room.at, n }, "X509 CRL", pem);
	return put_new(m, m->out != NULL ? m->out : m->ca, ".crl", "the revocation list", (struct bytes){ pem.at, n });
}

static bool respond(struct making *m)
{
	char base[PATH_MAX_BYTES];
	struct text t = text_in(base, sizeof base);
	size_t len = strlen(m->words[1]);
	struct bytes der;
	struct room room = { m->made_der, sizeof m->made_der };

	if (!tool_want_crypt(m->env) || !read_authority(m) || !read_certificate(m, m->words[1], &der)) return false;
	text_put(&t, (struct bytes){ (const uint8_t *)m->words[1],
	                             len > 4 && strcmp(m->words[1] + len - 4, ".pem") == 0 ? len - 4 : len });
	size_t n = issue_ocsp(m->env->crypt, &(struct issue_ocsp){
		.certificate = der,
		.issuer_der = m->issuer,
		.key = m->issuer_key,
		.status = m->revoked ? ISSUE_REVOKED : ISSUE_GOOD,
		.revoked_at = m->env->date - SKEW,
		.this_update = m->env->date - SKEW,
		.next_update = m->env->date + (int64_t)m->days * DAY,
	}, room);
	return put_new(m, m->out != NULL ? m->out : base, ".ocsp", "the OCSP response", (struct bytes){ room.at, n });
}

/* ---- cert show ---- */

static bool show(struct making *m)
{
	char words[300] = "";
	struct text why = text_in(words, sizeof words);
	struct room room = { m->made_der, sizeof m->made_der };
	struct x509_chain chain;
	struct bytes pem;

	if (!tool_want_crypt(m->env) || !read_file(m, m->words[1], &pem)) return false;
	if (!x509_chain_read(m->env->crypt, pem, &room, &chain, &why)) return failed(m, "%s: %s", m->words[1], words);
	for (size_t i = 0; i < chain.count; i++) {
		text_printf(m->env->out, "%scertificate %zu\n", i > 0 ? "\n" : "", i);
		x509_describe(m->env->crypt, chain.der[i], m->env->out);
	}
	return true;
}

struct tool *tls_ca_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct making *m = start(env, "tls ca");
	bool good;

	if (m == NULL) return NULL;
	m->name = "Private CA";
	const struct option options[] = {
		{ "name", OPTION_TEXT, &m->name },
		{ "out", OPTION_TEXT, &m->out },
		{ "days", OPTION_NUMBER, &m->days },
		{ "key", OPTION_TEXT, &m->key_kind },
		{ "path-length", OPTION_NUMBER, &m->path_length },
		{ "permit", OPTION_TEXTS, &m->permit },
		{ "exclude", OPTION_TEXTS, &m->exclude },
		{ "force", OPTION_FLAG, &m->force },
		{ "ca", OPTION_TEXT, &m->ca },
	};
	if (!options_read(env, argc, argv, options, COUNT(options), m->words, NAMES_MAX, &m->words_count)) return NULL;
	if (m->words_count >= 1 && strcmp(m->words[0], "crl") == 0) return check_days(m, 7) ? end(m, list(m)) : NULL;
	if (m->words_count != 1 || strcmp(m->words[0], "new") != 0)
		return tool_usage(env, "usage: tulle tls ca new [--name NAME] [--out ca] ..., or tulle tls ca crl [FILE...]");
	if (m->path_length != UINT64_MAX && m->path_length > X509_CHAIN_MAX)
		return tool_usage(env, "tls ca: --path-length is at most %u", X509_CHAIN_MAX);
	good = check_days(m, 3650) && tool_want_crypt(env) && make_key(m) && make_ca(m) &&
	       write_both(m, m->out ? m->out : "ca", false);
	return end(m, good);
}

struct tool *tls_cert_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct making *m = start(env, "tls cert");

	if (m == NULL) return NULL;
	const struct option options[] = {
		{ "ca", OPTION_TEXT, &m->ca },         { "out", OPTION_TEXT, &m->out },
		{ "days", OPTION_NUMBER, &m->days },   { "key", OPTION_TEXT, &m->key_kind },
		{ "client", OPTION_FLAG, &m->client }, { "must-staple", OPTION_FLAG, &m->must_staple },
		{ "force", OPTION_FLAG, &m->force },   { "revoked", OPTION_FLAG, &m->revoked },
	};
	if (!options_read(env, argc, argv, options, COUNT(options), m->words, NAMES_MAX, &m->words_count)) return NULL;
	bool is_response = m->words_count == 2 && strcmp(m->words[0], "ocsp") == 0;
	if (!check_days(m, is_response ? 7 : 90)) return NULL;
	if (is_response) return end(m, respond(m));
	if (m->words_count == 2 && strcmp(m->words[0], "show") == 0) return end(m, show(m));
	if (m->words_count >= 2 && strcmp(m->words[0], "issue") == 0) return end(m, issue(m));
	return tool_usage(env, "usage: tulle tls cert issue NAME... [--ca ca] ..., tls cert ocsp FILE, tls cert show FILE");
}
