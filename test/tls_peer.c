/* SPDX-License-Identifier: ISC */
/* tls_peer.c - our side of tls_interop.sh: a small HTTP server or client over the TLS machine and a blocking socket.
 *
 *     tls_peer server CA NAME CERTIFICATE KEY [NAME CERTIFICATE KEY...]
 *         prints the port it listens on, then serves one connection after another: the certificate is chosen by SNI, a
 *         client's is asked for and verified with CA. The answer says what the connection was:
 *         "version=1.3 resumed=no client=yes"
 *     tls_peer client PORT NAME CA CERTIFICATE KEY WORD
 *         six connections - 1.2, 1.3 x full, resumed, with a client certificate - and a line for each: "1.3 full ok", or
 *         what was wrong. WORD is what the peer's answer has in it only if it saw our certificate ("-": it does not say).
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/text.h"
#include "proto/tls/sessions.h"
#include "proto/tls/tickets.h"
#include "tls_socket.h"

enum { FILE_MAX = 64 << 10, IDENTITIES_MAX = 8, PATIENCE_S = 10 };

static struct crypt *library;
static struct rng rng;
static struct pool handshakes, records;
static struct x509_trust *trust;
static struct tls_identity identities[IDENTITIES_MAX];
static const char *names[IDENTITIES_MAX];

static void give_up(const char *words)
{
	fprintf(stderr, "tls_peer: %s\n", words);
	exit(1);
}

static struct room lent(size_t bytes)
{
	struct room room = { aligned_alloc(64, (bytes + 63) & ~(size_t)63), bytes };
	if (room.at == NULL) give_up("no memory");
	return room;
}

static struct bytes read_file(const char *name)
{
	struct room room = lent(FILE_MAX);
	FILE *file = fopen(name, "rb");
	if (file == NULL) give_up(name);
	size_t n = fread(room.at, 1, room.len, file);
	fclose(file);
	return (struct bytes){ room.at, n };
}

static void set_up(const char *ca)
{
	uint8_t seed[RNG_SEED_BYTES];
	char words[200];
	struct text why = text_in(words, sizeof words);
	if (getrandom(seed, sizeof seed, 0) != sizeof seed) give_up("no chance");
	rng_init(&rng, seed);
	library = crypt_open(&rng);
	if (library == NULL) give_up(crypt_why());
	size_t handshake_bytes = tls_handshake_block_bytes() + alignof(max_align_t);
	pool_init(&handshakes, lent(2 * handshake_bytes), handshake_bytes);
	pool_init(&records, lent(4 * (TLS_RECORD_BLOCK_BYTES + 64)), TLS_RECORD_BLOCK_BYTES + 64);
	trust = x509_trust_open(library);
	if (!x509_trust_add(trust, read_file(ca), &why)) give_up(words);
}

static void read_identity(size_t i, char **name_certificate_key)
{
	char words[200];
	struct text why = text_in(words, sizeof words);
	struct room memory = lent(FILE_MAX);
	names[i] = name_certificate_key[0];
	identities[i] = (struct tls_identity){ .names = &names[i], .names_count = 1,
	                                       .key = crypt_key_read(library, read_file(name_certificate_key[2]), &why) };
	if (identities[i].key == NULL) give_up(words);
	if (!x509_chain_read(library, read_file(name_certificate_key[1]), &memory, &identities[i].chain, &why)) give_up(words);
}

static struct tls_config basic_config(void)
{
	return (struct tls_config){ .crypt = library, .rng = &rng, .handshakes = &handshakes, .records = &records,
	                            .trust = trust, .date = time(NULL),
	                            .date_at = tls_socket_now(&(struct tls_socket){ .ahead_for = 0 }),
	                            .early_data_max = 0 };
}

static void be_patient(int fd)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

static const char *version_of(const struct tls *t) { return t->version == TLS_1_3 ? "1.3" : "1.2"; }

static bool shake_hands(struct tls_socket *s)
{
	while (!tls_is_connected(&s->tls) && tls_socket_step(s)) {}
	return tls_is_connected(&s->tls);
}

static void print_failure(const struct tls_socket *s)
{
	const struct tls_failure *failure = tls_failure(&s->tls);
	const char *alert = failure != NULL ? tls_alert_name(failure->alert) : NULL;
	printf("%s%s: %s\n", failure != NULL && failure->from_peer ? "peer sent " : "", alert != NULL ? alert : "failed",
	       failure != NULL ? failure->words : "the peer is gone");
	fflush(stdout);
}

/* ---- server ---- */

static int listen_anywhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0) give_up("cannot listen");
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

/* Reads a request up to its empty line, or as much as comes; false: nothing came. */
static bool read_request(struct tls_socket *s)
{
	char request[4096];
	size_t len = 0, n;
	while (len < sizeof request - 1 && (n = tls_socket_read(s, (struct room){ (uint8_t *)request + len, sizeof request - 1 - len })) > 0) {
		len += n;
		request[len] = '\0';
		if (strstr(request, "\r\n\r\n") != NULL || strstr(request, "\n\n") != NULL) break;
	}
	return len > 0;
}

static void serve_one(int fd, const struct tls_config *config)
{
	static struct tls_socket s;
	char body[200], answer[400];
	be_patient(fd);
	tls_socket_open(&s, fd);
	if (!tls_accept(&s.tls, tls_socket_now(&s), config)) give_up("no memory for a connection");
	if (!shake_hands(&s)) {
		print_failure(&s);
	} else if (read_request(&s)) {
		snprintf(body, sizeof body, "version=%s resumed=%s client=%s\n", version_of(&s.tls), s.tls.resumed ? "yes" : "no",
		         s.tls.client_authenticated ? "yes" : "no");
		snprintf(answer, sizeof answer, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
		         strlen(body), body);
		tls_socket_write(&s, bytes_of(answer));
		printf("served %s %s", s.tls.server_name, body);
		fflush(stdout);
	}
	tls_finish(&s.tls, tls_socket_now(&s));
	tls_socket_close(&s);
}

static void serve(int argc, char **argv)
{
	set_up(argv[2]);
	struct tls_config config = basic_config();
	for (int i = 3; i + 2 < argc && config.identities_count < IDENTITIES_MAX; i += 3) read_identity(config.identities_count++, argv + i);
	config.identities = identities;
	config.client_auth = TLS_ASK_CLIENT;
	config.tickets = tls_tickets_init(lent(tls_tickets_size(16)), library, &rng, NULL, TLS_TICKET_LIFETIME_S, 16);
	config.sessions = tls_sessions_init(lent(tls_sessions_size(16)), 16, 1); /* for clients of 1.2 without tickets */
	for (int fd = listen_anywhere();;) {
		int stream = accept(fd, NULL, NULL);
		if (stream >= 0) serve_one(stream, &config);
	}
}

/* ---- client ---- */

static int dial(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
	                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) give_up("cannot connect");
	be_patient(fd);
	return fd;
}

struct outcome { bool ok; bool resumed, saw_word; char version[4]; };

static struct outcome fetch(int port, const char *name, const struct tls_config *config, const char *word)
{
	static struct tls_socket s;
	static char answer[64 << 10];
	struct outcome outcome = { .ok = false };
	size_t len = 0, n;
	tls_socket_open(&s, dial(port));
	if (!tls_connect(&s.tls, tls_socket_now(&s), config, name)) give_up("no memory for a connection");
	snprintf(answer, sizeof answer, "GET / HTTP/1.0\r\nHost: %s\r\n\r\n", name);
	if (shake_hands(&s) && tls_socket_write(&s, bytes_of(answer)))
		while (len < sizeof answer - 1 && (n = tls_socket_read(&s, (struct room){ (uint8_t *)answer + len, sizeof answer - 1 - len })) > 0)
			len += n;
	answer[len] = '\0';
	outcome.ok = tls_is_connected(&s.tls) && strncmp(answer, "HTTP/1.", 7) == 0 && strstr(answer, " 200 ") != NULL;
	if (!outcome.ok) print_failure(&s);
	outcome.resumed = s.tls.resumed;
	outcome.saw_word = strstr(answer, word) != NULL;
	snprintf(outcome.version, sizeof outcome.version, "%s", version_of(&s.tls));
	tls_finish(&s.tls, tls_socket_now(&s));
	tls_socket_close(&s);
	return outcome;
}

static void report(const char *version, const char *mode, const struct outcome *o, bool as_wanted)
{
	if (!o->ok) return; /* its failure is printed */
	if (strcmp(o->version, version) != 0) printf("%s %s came out as %s\n", version, mode, o->version);
	else printf("%s %s %s\n", version, mode, as_wanted ? "ok" : "was not so");
	fflush(stdout);
}

static int call(char **argv)
{
	set_up(argv[4]);
	read_identity(0, (char *[]){ argv[3], argv[5], argv[6] });
	int port = atoi(argv[2]);
	const char *word = argv[7];
	for (unsigned version = TLS_1_2; version <= TLS_1_3; version++) {
		const char *label = version == TLS_1_2 ? "1.2" : "1.3";
		struct tls_config config = basic_config();
		config.version_min = config.version_max = version;
		config.sessions = tls_sessions_init(lent(tls_sessions_size(8)), 8, 4);
		struct outcome o = fetch(port, argv[3], &config, word);
		report(label, "full", &o, !o.resumed && (!o.saw_word || word[0] == '-'));
		o = fetch(port, argv[3], &config, word);
		report(label, "resumed", &o, o.resumed);
		config.sessions = NULL;
		config.identities = identities;
		config.identities_count = 1;
		o = fetch(port, argv[3], &config, word);
		report(label, "client", &o, o.saw_word || word[0] == '-');
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 6 && strcmp(argv[1], "server") == 0) serve(argc, argv);
	if (argc == 8 && strcmp(argv[1], "client") == 0) return call(argv);
	fprintf(stderr, "usage: tls_peer server CA NAME CERTIFICATE KEY... | client PORT NAME CA CERTIFICATE KEY WORD\n");
	return 2;
}
