/* SPDX-License-Identifier: ISC */
/* bench/tls.c - what TLS costs: both sides in one program and one thread. Beside it tls_openssl.c does the same with libssl.
 *
 *     bench_tls full GROUP N      N full 1.3 handshakes, each with a P-256 certificate and its verification; GROUP: x25519 or p256
 *     bench_tls cold GROUP N      the same, with a certificate that the client has not seen before, in turn of so many
 *     bench_tls resumed GROUP N   N handshakes resumed by ticket, after one full one
 *     bench_tls records MIB       sealed and opened in records of 16 KiB, in memory
 *     bench_tls bulk MIB          through a TCP connection on the loopback
 *     bench_tls idle              bytes that a connected pair holds when nothing is under way
 *
 * Each prints what it did in so many CPU-seconds; bench/run counts the first three's instructions under callgrind, for N and for 0.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "crypt/issue.h"
#include "proto/tls/sessions.h"
#include "proto/tls/tls.h"

#define NAME "www.a.example"
#define DATE INT64_C(1800000000)
enum { RECORD_BLOCK = 68 << 10, PIECE = 16 << 10, IDENTITIES_MAX = 64, CERTIFICATE_MAX = 1024 };

static struct rng rng;
static struct crypt *context;
static struct x509_trust *trust;
static struct pool handshakes, records;
static struct tls_config client_config, server_config;
static struct tls_sessions *sessions;
static struct tls client, server;
static struct { struct crypt_key *key; uint8_t der[CERTIFICATE_MAX]; struct tls_identity identity; } made[IDENTITIES_MAX];

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(bool ok, const char *what)
{
	if (ok) return;
	fprintf(stderr, "bench_tls: %s\n", what);
	exit(1);
}

static void *memory(size_t size)
{
	void *at = malloc(size);
	must(at != NULL, "no memory");
	return at;
}

/* --- what is lent --- */

static void make_certificates(unsigned count)
{
	static uint8_t root[CERTIFICATE_MAX], pem[2 * CERTIFICATE_MAX];
	static const char *const names[] = { NAME };
	char words[200];
	struct text why = text_in(words, sizeof words);
	struct crypt_key *root_key = crypt_key_make(context, CRYPT_KEY_P256);
	struct issue issue = { .common_name = "Bench CA", .ca = true, .key = root_key, .not_before = DATE - 86400, .not_after = DATE + 86400 };

	size_t root_len = issue_certificate(context, &issue, (struct room){ root, sizeof root }, &why);
	must(root_len > 0, words);
	size_t n = issue_pem((struct bytes){ root, root_len }, "CERTIFICATE", (struct room){ pem, sizeof pem });
	trust = x509_trust_open(context);
	must(x509_trust_add(trust, (struct bytes){ pem, n }, &why), words);
	issue = (struct issue){ .common_name = NAME, .names = names, .names_count = 1, .issuer_key = root_key,
	                        .issuer_der = { root, root_len }, .not_before = DATE - 86400, .not_after = DATE + 86400 };
	for (unsigned i = 0; i < count; i++) {
		issue.key = made[i].key = crypt_key_make(context, CRYPT_KEY_P256);
		n = issue_certificate(context, &issue, (struct room){ made[i].der, CERTIFICATE_MAX }, &why);
		must(n > 0, words);
		made[i].identity = (struct tls_identity){ .chain = { .der = { { made[i].der, n } }, .count = 1 }, .key = made[i].key };
	}
	crypt_key_end(root_key);
}

static void set_up(const char *group, unsigned certificates)
{
	static uint16_t groups[1], suites[] = { TLS_AES_128_GCM_SHA256 };
	size_t block = tls_handshake_block_bytes(), sessions_bytes = tls_sessions_size(4), tickets = tls_tickets_size(16);

	rng_init_number(&rng, 1);
	context = crypt_open(&rng);
	if (context == NULL) must(false, crypt_why());
	make_certificates(certificates);
	pool_init(&handshakes, (struct room){ memory(2 * block), 2 * block }, block);
	pool_init(&records, (struct room){ memory(4 * RECORD_BLOCK), 4 * RECORD_BLOCK }, RECORD_BLOCK);
	groups[0] = strcmp(group, "p256") == 0 ? CRYPT_SECP256R1 : CRYPT_X25519;
	struct tls_config both = { .crypt = context, .rng = &rng, .handshakes = &handshakes, .records = &records, .date = DATE,
	                           .groups = groups, .groups_count = 1, .suites = suites, .suites_count = 1 };
	client_config = server_config = both;
	client_config.trust = trust;
	client_config.sessions = sessions = tls_sessions_init((struct room){ memory(sessions_bytes), sessions_bytes }, 4, 4);
	server_config.identities = &made[0].identity, server_config.identities_count = 1;
	server_config.tickets = tls_tickets_init((struct room){ memory(tickets), tickets }, context, &rng, NULL, 0, 16);
}

static void tear_down(unsigned certificates)
{
	tls_end(&client);
	tls_end(&server);
	tls_tickets_end(server_config.tickets);
	for (unsigned i = 0; i < certificates; i++) crypt_key_end(made[i].key);
	x509_trust_close(trust);
	crypt_close(context);
	free(handshakes.at);
	free(records.at);
	free(sessions);
	free(server_config.tickets);
}

/* --- handshakes in memory --- */

static bool move(struct tls *from, struct tls *to)
{
	struct bytes out;
	bool moved = false;
	while ((out = tls_output(from, 0)).len > 0) {
		size_t n = tls_input(to, 0, out);
		if (n == 0) break;
		tls_sent(from, n);
		moved = true;
	}
	return moved;
}

static void shake(void)
{
	memset(&client, 0, sizeof client);
	memset(&server, 0, sizeof server);
	must(tls_connect(&client, 0, &client_config, NAME) && tls_accept(&server, 0, &server_config), "a pool is empty");
	for (bool moved = true; moved;) {
		moved = move(&client, &server);
		moved |= move(&server, &client);
	}
	if (tls_failure(&client) != NULL) must(false, tls_failure(&client)->words);
	if (tls_failure(&server) != NULL) must(false, tls_failure(&server)->words);
	must(tls_is_connected(&client) && tls_is_connected(&server), "the handshake stops");
}

static void handshakes_run(const char *kind, const char *group, unsigned count)
{
	bool resumed = strcmp(kind, "resumed") == 0;
	unsigned certificates = strcmp(kind, "cold") == 0 ? IDENTITIES_MAX : 1;

	set_up(group, certificates);
	if (!resumed) client_config.sessions = NULL;
	shake(); /* the first is not counted: tables are made in it */
	double began = cpu_seconds();
	for (unsigned i = 0; i < count; i++) {
		tls_end(&client);
		tls_end(&server);
		server_config.identities = &made[i % certificates].identity;
		shake();
		must(client.resumed == resumed, "resumed or not, but not as it should be");
	}
	if (count > 0)
		printf("tls %s %s %.0f handshakes per CPU-second, both sides\n", kind, group, count / (cpu_seconds() - began));
	tear_down(certificates);
}

/* --- bytes --- */

static void records_run(unsigned mib)
{
	static uint8_t plain[PIECE];
	size_t left = (size_t)mib << 20;

	set_up("p256", 1);
	shake();
	double began = cpu_seconds();
	while (left > 0) {
		size_t n = tls_send(&client, 0, (struct bytes){ plain, size_min(left, sizeof plain) });
		left -= n;
		move(&client, &server);
		for (struct bytes in; (in = tls_peek(&server)).len > 0;) tls_take(&server, in.len);
	}
	printf("tls records of 16 KiB in memory: %.0f MiB sealed and opened per CPU-second\n", mib / (cpu_seconds() - began));
	tear_down(1);
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

/* The client's bytes into the socket, until it is full. */
static void pump_out(int socket, size_t *left)
{
	static uint8_t plain[4 * PIECE];
	for (;;) {
		if (*left > 0) *left -= tls_send(&client, 0, (struct bytes){ plain, size_min(*left, sizeof plain) });
		struct bytes out = tls_output(&client, 0);
		if (out.len == 0) return;
		ssize_t n = write(socket, out.at, out.len);
		if (n <= 0) return;
		tls_sent(&client, (size_t)n);
	}
}

static size_t pump_in(int socket)
{
	static uint8_t wire[4 * PIECE];
	size_t got = 0;
	ssize_t n = read(socket, wire, sizeof wire);
	for (size_t at = 0; n > 0 && at < (size_t)n;) {
		at += tls_input(&server, 0, (struct bytes){ wire + at, (size_t)n - at });
		for (struct bytes in; (in = tls_peek(&server)).len > 0;) got += in.len, tls_take(&server, in.len);
		must(tls_failure(&server) == NULL, "the record is bad");
	}
	return got;
}

static void bulk_run(unsigned mib)
{
	int a, b;
	size_t total = (size_t)mib << 20, left = total, got = 0;

	set_up("p256", 1);
	shake();
	connect_pair(&a, &b);
	double began = cpu_seconds();
	while (got < total) {
		pump_out(a, &left);
		got += pump_in(b);
	}
	printf("tls bulk over loopback: %.0f MiB per CPU-second, both sides\n", mib / (cpu_seconds() - began));
	close(a), close(b);
	tear_down(1);
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
	if (to != NULL && p != NULL) memcpy(to, p, size_min(n, ((size_t *)p)[-2]));
	if (to != NULL) count_free(p, file, line);
	return to;
}

static void idle_run(void)
{
	must(CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) == 1, "libcrypto has allocated already");
	set_up("p256", 1);
	shake();
	tls_end(&client);
	tls_end(&server);
	size_t before = held;
	shake();
	size_t libcrypto = held - before, blocks = handshakes.out * handshakes.block_bytes + records.out * records.block_bytes;
	printf("tls idle pair: %zu bytes (two of struct tls: %zu, libcrypto's: %zu, blocks held: %zu)\n",
	       2 * sizeof client + libcrypto + blocks, 2 * sizeof client, libcrypto, blocks);
	tear_down(1);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned count = argc > 2 ? (unsigned)atoi(argv[argc - 1]) : 0;

	if (argc == 4 && (strcmp(what, "full") == 0 || strcmp(what, "cold") == 0 || strcmp(what, "resumed") == 0))
		handshakes_run(what, argv[2], count);
	else if (argc == 3 && strcmp(what, "records") == 0) records_run(count);
	else if (argc == 3 && strcmp(what, "bulk") == 0) bulk_run(count);
	else if (argc == 2 && strcmp(what, "idle") == 0) idle_run();
	else must(false, "full GROUP N | cold GROUP N | resumed GROUP N | records MIB | bulk MIB | idle");
	return 0;
}
