/* SPDX-License-Identifier: ISC */
/* shim.c - Tulle's TLS machine for BoringSSL's public protocol test runner ("BoGo"), a peer written in Go that breaks
 * every rule of the protocol once and looks at what comes of it.
 *
 * The runner starts us with -port and flags, we connect to it, be we client or server, shake hands, and echo
 * what comes with every bit turned over. What went wrong goes to stderr in our words; config.json says which of them
 * stand for what the runner expects. The exit status 89 says that a flag asks for what is out of our scope.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/text.h"
#include "flags.h"
#include "proto/tls/inside.h"
#include "proto/tls/sessions.h"
#include "proto/tls/tickets.h"
#include "talk.h"

enum { EARLY_DATA_MAX = 14336, SESSIONS_MAX = 16, REPLAYS_MAX = 64, FILE_MAX = 64 << 10, ALPN_NAMES_MAX = 16 };

/* What lives as long as the process. */
static struct crypt *library;
static struct rng rng;
static struct pool handshakes, records;
static struct tls_tickets *tickets;
static struct tls_sessions *sessions;
static struct x509_trust *nobody;
static struct tls_identity identity;
static const char *alpn[ALPN_NAMES_MAX];
static int64_t started_date;
static instant started_at;

static struct room lent(size_t bytes)
{
	struct room room = { aligned_alloc(alignof(max_align_t), (bytes + 63) & ~(size_t)63), bytes };
	if (room.at == NULL) exit(1);
	return room;
}

static void set_up(bool server)
{
	started_date = time(NULL);
	started_at = tls_socket_now(&(struct tls_socket){ .ahead_for = 0 });
	uint8_t seed[RNG_SEED_BYTES];
	if (getrandom(seed, sizeof seed, 0) != sizeof seed) exit(1);
	rng_init(&rng, seed);
	library = crypt_open(&rng);
	if (library == NULL) {
		fprintf(stderr, "%s\n", crypt_why());
		exit(1);
	}
	size_t handshake_bytes = tls_handshake_block_bytes() + alignof(max_align_t);
	pool_init(&handshakes, lent(2 * handshake_bytes), handshake_bytes);
	pool_init(&records, lent(4 * (TLS_RECORD_BLOCK_BYTES + 64)), TLS_RECORD_BLOCK_BYTES + 64);
	sessions = tls_sessions_init(lent(tls_sessions_size(SESSIONS_MAX)), SESSIONS_MAX, 4);
	if (server)
		tickets = tls_tickets_init(lent(tls_tickets_size(REPLAYS_MAX)), library, &rng, NULL, TLS_TICKET_LIFETIME_S, REPLAYS_MAX);
	nobody = x509_trust_open(library);
}

static struct bytes read_file(const char *name)
{
	struct room room = lent(FILE_MAX);
	FILE *file = fopen(name, "rb");
	if (file == NULL) {
		fprintf(stderr, "%s: cannot be read\n", name);
		exit(1);
	}
	size_t n = fread(room.at, 1, room.len, file);
	fclose(file);
	return (struct bytes){ room.at, n };
}

static void read_identity(const struct bogo_flags *flags)
{
	if (flags->cert_file == NULL || flags->key_file == NULL) return;
	char words[200];
	struct text why = text_in(words, sizeof words);
	struct room memory = lent(FILE_MAX);
	identity = (struct tls_identity){ .key = crypt_key_read(library, read_file(flags->key_file), &why) };
	if (identity.key == NULL || !x509_chain_read(library, read_file(flags->cert_file), &memory, &identity.chain, &why)) {
		fprintf(stderr, "%s, %s: %s\n", flags->cert_file, flags->key_file, words);
		exit(BOGO_UNIMPLEMENTED); /* a kind of key that is out of scope */
	}
}

/* "\3foo\3bar" as a list of names. */
static size_t read_alpn(const char *wire)
{
	size_t count = 0;
	while (*wire != '\0' && count < ALPN_NAMES_MAX) {
		size_t n = strnlen(wire + 1, (uint8_t)*wire);
		char *name = (char *)lent(n + 1).at;
		memcpy(name, wire + 1, n);
		name[n] = '\0';
		alpn[count++] = name;
		wire += 1 + n;
	}
	return count;
}

static void configure_names(struct tls_config *config, const struct bogo_flags *flags)
{
	config->alpn = alpn;
	if (!flags->server) {
		if (flags->advertise_alpn != NULL) config->alpn_count = read_alpn(flags->advertise_alpn);
	} else if (flags->reject_alpn || (flags->select_alpn != NULL && !flags->decline_alpn)) {
		alpn[0] = flags->reject_alpn ? "none of yours" : flags->select_alpn;
		config->alpn_count = 1;
	}
}

static void configure_versions(struct tls_config *config, const struct bogo_flags *flags)
{
	config->version_min = flags->min_version > TLS_1_2 ? (unsigned)flags->min_version : TLS_1_2;
	config->version_max = flags->max_version != 0 ? (unsigned)flags->max_version : TLS_1_3;
	if (flags->no_tls12) config->version_min = TLS_1_3;
	if (flags->no_tls13 && config->version_max > TLS_1_2) config->version_max = TLS_1_2;
	if (config->version_min <= config->version_max) return;
	fprintf(stderr, "not implemented: a version below TLS 1.2\n");
	exit(BOGO_UNIMPLEMENTED);
}

static void configure_lists(struct tls_config *config, const struct bogo_flags *flags)
{
	bool known = true;
	for (size_t i = 0; i < flags->curves.count; i++) known = known && crypt_group_known(library, flags->curves.at[i]);
	for (size_t i = 0; i < flags->verify_prefs.count; i++) known = known && crypt_scheme_known(flags->verify_prefs.at[i]);
	for (size_t i = 0; i < flags->signing_prefs.count; i++) known = known && crypt_scheme_known(flags->signing_prefs.at[i]);
	if (!known) {
		fprintf(stderr, "not implemented: a group or signature scheme out of scope\n");
		exit(BOGO_UNIMPLEMENTED);
	}
	if (flags->curves.count > 0) config->groups = flags->curves.at, config->groups_count = flags->curves.count;
	if (flags->verify_prefs.count > 0) {
		static uint16_t all[TLS_LIST_MAX]; /* what we sign with is not bound by what we verify */
		config->schemes = flags->verify_prefs.at;
		config->schemes_count = flags->verify_prefs.count;
		config->sign_schemes = all;
		config->sign_schemes_count = tls_list_schemes(&(struct tls_config){ .crypt = library }, all);
	}
	if (flags->signing_prefs.count > 0) {
		config->sign_schemes = flags->signing_prefs.at;
		config->sign_schemes_count = flags->signing_prefs.count;
	}
}

/* The few of OpenSSL's words for lists of suites that the runner says. */
static void configure_suites(struct tls_config *config, const struct bogo_flags *flags)
{
	static const uint16_t not_aes[] = { TLS_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	                                    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 };
	static const uint16_t aes128[] = { TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	                                   TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 };

	if (flags->cipher == NULL || strcmp(flags->cipher, "DEFAULT:NULL-SHA") == 0) return;
	if (strcmp(flags->cipher, "DEFAULT:!AES") == 0) {
		config->suites = not_aes, config->suites_count = COUNT(not_aes);
	} else if (strcmp(flags->cipher, "AES128") == 0) {
		config->suites = aes128, config->suites_count = COUNT(aes128);
	} else {
		fprintf(stderr, "not implemented: -cipher %s\n", flags->cipher);
		exit(BOGO_UNIMPLEMENTED);
	}
}

static void configure(struct tls_config *config, const struct bogo_flags *flags)
{
	*config = (struct tls_config){ .crypt = library, .rng = &rng, .handshakes = &handshakes, .records = &records };
	configure_versions(config, flags);
	configure_lists(config, flags);
	configure_suites(config, flags);
	configure_names(config, flags);
	identity.ocsp = flags->decline_ocsp_callback ? (struct bytes){ 0 } : flags->ocsp_response;
	config->identities = &identity;
	config->identities_count = identity.chain.count > 0;
	config->trust = nobody;
	config->trust_anyone = !(flags->verify_peer && flags->verify_fail);
	if (flags->verify_peer) config->client_auth = TLS_ASK_CLIENT;
	if (flags->require_any_client_certificate) config->client_auth = TLS_REQUIRE_CLIENT;
	config->ask_ocsp = flags->enable_ocsp_stapling;
	config->date = started_date;
	config->date_at = started_at;
	config->keep_peer_chain = true;
	config->tickets = flags->no_ticket ? NULL : tickets;
	config->sessions = flags->no_ticket && !flags->server ? NULL : sessions;
	config->early_data_max = flags->enable_early_data ? EARLY_DATA_MAX : 0;
	config->no_grease = !flags->enable_grease && !flags->server;
	config->fragment_max = (unsigned)flags->max_send_fragment;
	config->server_preference = flags->server_preference;
}

static int connect_to_runner(int port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&six, sizeof six) != 0) close(fd), fd = -1;
	if (fd < 0) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&four, sizeof four) != 0) {
			perror("connect");
			exit(1);
		}
	}
	return fd;
}

static bool converse(const struct bogo_phases *phases, int turn)
{
	static struct tls_socket s; /* large */
	const struct bogo_flags *flags = turn == 0 ? &phases->initial : &phases->resume;
	struct tls_config config;
	configure(&config, flags);
	if (turn > 0 && !phases->initial.verify_fail) config.trust_anyone = true; /* the callback said yes then, which counts for what is resumed */
	tls_socket_open(&s, connect_to_runner(phases->initial.port));
	s.one_byte = flags->async;
	s.stands_at = started_at; /* the runner compares ages of tickets to the millisecond */
	s.ahead_for = (instant)flags->resumption_delay * turn * SECOND;
	instant now = tls_socket_now(&s);
	bool started = flags->server ? tls_accept(&s.tls, now, &config) : tls_connect(&s.tls, now, &config, flags->host_name);
	if (!started) {
		fprintf(stderr, "no memory for a connection\n");
		return false;
	}
	bool good = bogo_talk(&s, flags, &phases->retry, turn > 0);
	tls_socket_close(&s);
	return good;
}

int main(int argc, char **argv)
{
	static struct bogo_phases phases;
	bogo_read_flags(argc, argv, &phases);
	if (phases.initial.is_handshaker_supported) {
		puts("No");
		return 0;
	}
	if (phases.initial.server && phases.initial.fail_ocsp_callback) {
		fprintf(stderr, "not implemented: a program that fails in the middle of a handshake\n");
		return BOGO_UNIMPLEMENTED;
	}
	set_up(phases.initial.server);
	read_identity(&phases.initial);
	for (int turn = 0; turn <= phases.initial.resume_count; turn++)
		if (!converse(&phases, turn)) return 1;
	return 0;
}
