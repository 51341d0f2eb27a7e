/* SPDX-License-Identifier: ISC */
/* bench/tls_openssl.c - libssl doing what bench/tls.c does, by the same words: its row in the table. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NAME "www.a.example"
enum { PIECE = 16 << 10 };

static SSL_CTX *client_context, *server_context;
static SSL *client, *server;
static SSL_SESSION *session; /* the newest ticket's */

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(bool ok, const char *what)
{
	if (ok) return;
	fprintf(stderr, "bench_tls_openssl: %s\n", what);
	exit(1);
}

static void extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	must(e != NULL && X509_add_ext(x, e, -1) == 1, "no extension");
	X509_EXTENSION_free(e);
}

static X509 *make(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *x = X509_new();
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), issuer == NULL ? 1 : 2);
	X509_gmtime_adj(X509_getm_notBefore(x), -86400);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer == NULL ? x : issuer));
	X509_set_pubkey(x, key);
	extend(x, issuer == NULL ? x : issuer, NID_basic_constraints, issuer == NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
	extend(x, issuer == NULL ? x : issuer, NID_key_usage, issuer == NULL ? "critical,keyCertSign" : "critical,digitalSignature");
	extend(x, issuer == NULL ? x : issuer, NID_subject_key_identifier, "hash");
	if (issuer != NULL) {
		extend(x, issuer, NID_authority_key_identifier, "keyid");
		extend(x, issuer, NID_ext_key_usage, "serverAuth");
		extend(x, issuer, NID_subject_alt_name, "DNS:" NAME);
	}
	must(X509_sign(x, issuer_key, EVP_sha256()) > 0, "not signed");
	return x;
}

static int keep_session(SSL *of, SSL_SESSION *got)
{
	(void)of;
	SSL_SESSION_free(session);
	session = got;
	return 1;
}

static void set_up(const char *group)
{
	EVP_PKEY *root_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *root = make("Bench CA", root_key, NULL, root_key), *leaf = make(NAME, key, root, root_key);
	const char *name = strcmp(group, "p256") == 0 ? "P-256" : "X25519";

	client_context = SSL_CTX_new(TLS_client_method());
	server_context = SSL_CTX_new(TLS_server_method());
	SSL_CTX *both[] = { client_context, server_context };
	for (int i = 0; i < 2; i++)
		must(SSL_CTX_set_min_proto_version(both[i], TLS1_3_VERSION) && SSL_CTX_set1_groups_list(both[i], name) &&
		     SSL_CTX_set_ciphersuites(both[i], "TLS_AES_128_GCM_SHA256"), "not so configured");
	SSL_CTX_set_verify(client_context, SSL_VERIFY_PEER, NULL);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(client_context), root);
	must(SSL_CTX_use_certificate(server_context, leaf) && SSL_CTX_use_PrivateKey(server_context, key), "no certificate");
	SSL_CTX_set_session_id_context(server_context, (const unsigned char *)"bench", 5);
	SSL_CTX_set_mode(client_context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_mode(server_context, SSL_MODE_RELEASE_BUFFERS);
	X509_free(root), X509_free(leaf), EVP_PKEY_free(root_key), EVP_PKEY_free(key);
}

static void end(void)
{
	SSL_shutdown(client), SSL_shutdown(server);
	SSL_free(client), SSL_free(server);
}

static void start(void)
{
	client = SSL_new(client_context);
	server = SSL_new(server_context);
	SSL_set_tlsext_host_name(client, NAME);
	SSL_set1_host(client, NAME);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
}

static void both_shake(void)
{
	for (int i = 0; i < 1000; i++) {
		int of_client = SSL_do_handshake(client), of_server = SSL_do_handshake(server);
		if (of_client == 1 && of_server == 1) return;
	}
	must(false, "the handshake stops");
}

static void shake(void)
{
	BIO *up, *down;
	char byte;
	start();
	must(BIO_new_bio_pair(&up, 0, &down, 0) == 1, "no memory");
	SSL_set_bio(client, up, up);
	SSL_set_bio(server, down, down);
	if (session != NULL) SSL_set_session(client, session);
	both_shake();
	SSL_read(client, &byte, 1); /* the tickets */
}

static void handshakes_run(const char *kind, const char *group, unsigned count)
{
	bool resumed = strcmp(kind, "resumed") == 0;

	set_up(group);
	if (resumed) {
		SSL_CTX_set_session_cache_mode(client_context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(client_context, keep_session);
	}
	shake();
	double began = cpu_seconds();
	for (unsigned i = 0; i < count; i++) {
		end();
		shake();
		must(SSL_session_reused(client) == resumed, "resumed or not, but not as it should be");
	}
	if (count > 0)
		printf("openssl %s %s %.0f handshakes per CPU-second, both sides\n", kind, group, count / (cpu_seconds() - began));
	end();
}

/* --- bytes --- */

static void records_run(unsigned mib)
{
	static char plain[PIECE], got[PIECE];
	size_t left = (size_t)mib << 20;
	BIO *up, *down;

	set_up("p256");
	start();
	must(BIO_new_bio_pair(&up, 40000, &down, 40000) == 1, "no memory");
	SSL_set_bio(client, up, up);
	SSL_set_bio(server, down, down);
	both_shake();
	double began = cpu_seconds();
	for (; left > 0; left -= PIECE)
		must(SSL_write(client, plain, PIECE) == PIECE && SSL_read(server, got, PIECE) == PIECE, "a record is lost");
	printf("openssl records of 16 KiB in memory: %.0f MiB sealed and opened per CPU-second\n", mib / (cpu_seconds() - began));
	end();
}

static void connect_pair(int *a, int *b)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

	must(bind(listener, (struct sockaddr *)&at, sizeof at) == 0 && listen(listener, 1) == 0 &&
	     getsockname(listener, (struct sockaddr *)&at, &len) == 0, "no port");
	*a = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(*a, (struct sockaddr *)&at, sizeof at) == 0 && (*b = accept(listener, NULL, NULL)) >= 0, "no connection");
	setsockopt(*a, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	fcntl(*a, F_SETFL, O_NONBLOCK);
	fcntl(*b, F_SETFL, O_NONBLOCK);
	close(listener);
}

static void bulk_run(unsigned mib)
{
	static char plain[PIECE], in[PIECE];
	size_t total = (size_t)mib << 20, left = total, got = 0;
	int a, b, n;

	set_up("p256");
	SSL_CTX_clear_mode(client_context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_clear_mode(server_context, SSL_MODE_RELEASE_BUFFERS);
	start();
	connect_pair(&a, &b);
	SSL_set_fd(client, a);
	SSL_set_fd(server, b);
	both_shake();
	double began = cpu_seconds();
	while (got < total) {
		while (left > 0 && SSL_write(client, plain, PIECE) == PIECE) left -= PIECE;
		while ((n = SSL_read(server, in, PIECE)) > 0) got += (size_t)n;
	}
	printf("openssl bulk over loopback: %.0f MiB per CPU-second, both sides\n", mib / (cpu_seconds() - began));
	end();
	close(a), close(b);
}

/* --- memory --- */

static size_t held;

static void *count_malloc(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	size_t *at = malloc(n + 16);
	if (at == NULL) return NULL;
	*at = n;
	held += n;
	return at + 2;
}

static void count_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	if (p == NULL) return;
	size_t *at = (size_t *)p - 2;
	held -= *at;
	free(at);
}

static void *count_realloc(void *p, size_t n, const char *file, int line)
{
	void *to = count_malloc(n, file, line);
	if (to != NULL && p != NULL) memcpy(to, p, n < ((size_t *)p)[-2] ? n : ((size_t *)p)[-2]);
	if (to != NULL) count_free(p, file, line);
	return to;
}

/* Over a socket, so that no BIO of memory is counted. */
static void idle_run(void)
{
	int a, b;
	char byte;
	must(CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) == 1, "libcrypto has allocated already");
	set_up("p256");
	size_t before = 0;
	for (int i = 0; i < 2; i++) {
		before = held;
		start();
		connect_pair(&a, &b);
		SSL_set_fd(client, a);
		SSL_set_fd(server, b);
		both_shake();
		SSL_read(client, &byte, 1);
		SSL_read(server, &byte, 1);
		if (i == 0) end(), close(a), close(b);
	}
	printf("openssl idle pair: %zu bytes\n", held - before);
	end();
	close(a), close(b);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned count = argc > 2 ? (unsigned)atoi(argv[argc - 1]) : 0;

	if (argc == 4 && (strcmp(what, "full") == 0 || strcmp(what, "resumed") == 0)) handshakes_run(what, argv[2], count);
	else if (argc == 3 && strcmp(what, "records") == 0) records_run(count);
	else if (argc == 3 && strcmp(what, "bulk") == 0) bulk_run(count);
	else if (argc == 2 && strcmp(what, "idle") == 0) idle_run();
	else must(false, "full GROUP N | resumed GROUP N | records MIB | bulk MIB | idle");
	SSL_CTX_free(client_context), SSL_CTX_free(server_context);
	SSL_SESSION_free(session);
	return 0;
}
