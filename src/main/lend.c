/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "main/lend.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypt/crypt.h"
#include "crypt/x509.h"
#include "host/epoll.h"
#include "host/files.h"
#include "main/lend_local.h"
#include "main/sandbox.h"
#include "main/terminal.h"

#define ROOTS_USUAL "/etc/ssl/certs/ca-certificates.crt"
#define ROOTS_BYTES_MAX (16 << 20)

static struct lend *of(struct tool_env *env) { return (struct lend *)(void *)env; }

static void open_keylog(struct lend *l)
{
	const char *path = getenv("SSLKEYLOGFILE");

	if (path == NULL || *path == '\0') return;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0) {
		text_printf(l->env.err, "tulle: SSLKEYLOGFILE %s: %s\n", path, strerror(errno));
		return;
	}
	sink_init(&l->keys, fd);
	l->keylog.lines = &l->keys.text;
	l->env.keylog = &l->keylog;
}

static void lend_crypt(struct lend *l)
{
	l->env.crypt = crypt_open(&l->rng);
	if (l->env.crypt == NULL) text_printf(l->env.err, "tulle: there is no TLS here: %s\n", crypt_why());
	else open_keylog(l);
}

uint8_t *lend_read(const char *path, size_t max, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	uint8_t *at = fd >= 0 ? malloc(max) : NULL;
	ssize_t n = 0;

	*len = 0;
	while (at != NULL && *len < max && (n = read(fd, at + *len, max - *len)) > 0) *len += (size_t)n;
	int error = errno;
	if (fd >= 0) close(fd);
	if (n >= 0) return at;
	free(at);
	errno = error;
	return NULL;
}

static void lend_trust(struct lend *l)
{
	const char *named = getenv("SSL_CERT_FILE"), *path = named != NULL && *named != '\0' ? named : ROOTS_USUAL;
	char why[400];
	struct text words = text_in(why, sizeof why);
	size_t len;

	if (!tool_want_crypt(&l->env)) return;
	uint8_t *pem = lend_read(path, ROOTS_BYTES_MAX, &len);
	if (pem == NULL) {
		text_printf(l->env.err, "tulle: no trusted certificate authorities: %s: %s (--ca FILE names some)\n", path, strerror(errno));
		return;
	}
	l->trust = x509_trust_open(l->env.crypt);
	if (l->trust != NULL && x509_trust_add(l->trust, (struct bytes){ pem, len }, &words)) l->env.trust = l->trust;
	else text_printf(l->env.err, "tulle: no trusted certificate authorities: %s: %s\n", path, why);
	free(pem);
}

/* Of this host: what runs on a stack of ours is another one. */
static void lend_system(struct lend *l)
{
	const struct { const char *path; struct bytes *text; } file[] = {
		{ "/etc/resolv.conf", &l->system.resolv }, { "/etc/nsswitch.conf", &l->system.nsswitch },
		{ "/etc/hosts", &l->system.hosts }, { "/etc/host.conf", &l->system.host_conf },
	};

	if (l->host == NULL || l->env.system != NULL) return;
	for (size_t i = 0; i < COUNT(file); i++) file[i].text->at = lend_read(file[i].path, SYSTEM_FILE_BYTES_MAX, &file[i].text->len);
	if (gethostname(l->system.hostname, sizeof l->system.hostname - 1) != 0) l->system.hostname[0] = '\0';
	l->env.system = &l->system;
}

static void system_end(struct lend *l)
{
	const struct bytes texts[] = { l->system.resolv, l->system.nsswitch, l->system.hosts, l->system.host_conf };
	for (size_t i = 0; i < COUNT(texts); i++) free((void *)(uintptr_t)texts[i].at);
}

static void be_child(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

/* Ends with its parent, or when nobody wants the input any more; until then it stays, for the end of a socket's other side is
 * not news of a kind that waits for the last bytes to be read. */
static _Noreturn void pass_on(int to, pid_t parent)
{
	static char buffer[65536];
	ssize_t n;

	be_child();
	if (dup2(to, STDOUT_FILENO) < 0 || close_range(STDERR_FILENO, ~0u, 0) != 0 || getppid() != parent) _exit(1);
	while ((n = read(STDIN_FILENO, buffer, sizeof buffer)) > 0)
		for (ssize_t at = 0, sent; at < n; at += sent)
			if ((sent = write(STDOUT_FILENO, buffer + at, (size_t)(n - at))) <= 0) _exit(1);
	shutdown(STDOUT_FILENO, SHUT_WR);
	while (read(STDOUT_FILENO, buffer, sizeof buffer) > 0) ;
	_exit(0);
}

/* Writes what comes until it ends: only then the socket closes. If it cannot be written, it closes before that. */
static _Noreturn void write_out(int from, pid_t parent)
{
	static char buffer[65536];
	ssize_t n;

	be_child();
	signal(SIGINT, SIG_IGN); /* from a terminal they come to the whole group, and what there is still goes out */
	signal(SIGTERM, SIG_IGN);
	if (dup2(from, STDIN_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0u, 0) != 0 || getppid() != parent) _exit(1);
	while ((n = read(STDIN_FILENO, buffer, sizeof buffer)) > 0)
		for (ssize_t at = 0, put; at < n; at += put) {
			if ((put = write(STDOUT_FILENO, buffer + at, (size_t)(n - at))) > 0) continue;
			if (errno != EPIPE) dprintf(STDERR_FILENO, "tulle: cannot write the output: %s\n", strerror(errno));
			_exit(write(STDIN_FILENO, "", 1) == 1); /* a byte back: not all of it was written */
		}
	_exit(0);
}

/* A child between the net and a standard stream; 0: it cannot be had. */
static net_id lend_stream(struct lend *l, void (*child_is)(int socket, pid_t parent))
{
	int pair[2];
	pid_t parent = getpid(), child;
	net_id id = 0;

	if ((l->host == NULL && l->beside == NULL) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return 0;
	lend_flush(l);
	child = fork();
	if (child == 0) child_is(pair[1], parent);
	close(pair[1]);
	if (child > 0 && fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0)
		id = l->host != NULL ? host_adopt(l->host, pair[0]) : beside_adopt(l->beside, host_adopt(l->beside->few, pair[0]));
	if (id == 0) close(pair[0]);
	return id;
}

/* It is the child's alone then: who reads it sees its end when the child ends. */
static void lend_output(struct lend *l)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (nowhere >= 0 && (l->env.output = lend_stream(l, write_out)) != 0) dup2(nowhere, STDOUT_FILENO);
	if (nowhere >= 0) close(nowhere);
}

static void want(struct tool_env *env, enum tool_want what)
{
	switch (what) {
	case TOOL_WANT_CRYPT: lend_crypt(of(env)); break;
	case TOOL_WANT_TRUST: lend_trust(of(env)); break;
	case TOOL_WANT_TERMINAL: env->terminal = terminal_open(); break;
	case TOOL_WANT_INPUT:
		env->input = lend_stream(of(env), pass_on);
		env->input_typed = isatty(STDIN_FILENO);
		break;
	case TOOL_WANT_OUTPUT: lend_output(of(env)); break;
	case TOOL_WANT_SYSTEM: lend_system(of(env)); break;
	}
}

static struct text *create(struct tool_env *env, const char *path, enum tool_readers readers)
{
	struct lend *l = of(env);
	int fd = -1;

	if (l->files == LEND_FILES_MAX) errno = EMFILE;
	else fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, readers == TOOL_ALL_READ ? 0644 : 0600);
	if (fd < 0) {
		text_printf(env->err, "tulle: %s cannot be written: %s\n", path, strerror(errno));
		return NULL;
	}
	sink_init(&l->file[l->files], fd);
	return &l->file[l->files++].text;
}

/* Who is not root, or stays it, has later the rights it has now. */
static struct files *keep(struct tool_env *env, const char *const *path, size_t count)
{
	struct lend *l = of(env);
	struct files *kept = NULL;

	if (geteuid() != 0 || sandbox_is_off()) return env->files;
	lend_flush(l);
	if (l->keeper.socket < 0) kept = keeper_open(&l->keeper, env->files, path, count);
	if (kept == NULL) text_printf(env->err, "tulle: nobody can be left behind who may still read %s: %s\n", *path, strerror(errno));
	return kept != NULL ? kept : env->files;
}

static const char *variable(struct tool_env *env, const char *name)
{
	(void)env;
	return getenv(name);
}

static uint16_t interface(struct tool_env *env, const char *name)
{
	unsigned number = of(env)->host != NULL ? if_nametoindex(name) : 0;
	return number <= UINT16_MAX ? (uint16_t)number : 0;
}

void lend_start(struct lend *l, struct net *net, bool host, struct room memory)
{
	struct timespec date;

	clock_gettime(CLOCK_REALTIME, &date);
	*l = (struct lend){ .host = host ? net : NULL };
	sink_init(&l->out, STDOUT_FILENO);
	sink_init(&l->err, STDERR_FILENO);
	l->keys.fd = l->keeper.socket = -1;
	arena_init(&l->memory, memory);
	l->env = (struct tool_env){
		.net = net, .memory = &l->memory, .out = &l->out.text, .err = &l->err.text, .rng = &l->rng,
		.files = memory.at ? files_host(&l->memory) : NULL, .server_port = 53, .date = date.tv_sec,
		.date_at = net_now(net) - date.tv_nsec, /* when that second began */
		.screen = isatty(STDOUT_FILENO), .color = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL, .want = want, .create = create, .keep = keep,
		.variable = variable, .interface = interface,
	};
	if (host) l->env.local = lend_local, l->env.pass = lend_pass;
}

bool lend_seed(struct lend *l)
{
	uint8_t bytes[RNG_SEED_BYTES];
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return false;
	rng_init(&l->rng, bytes);
	return true;
}

void lend_flush(struct lend *l)
{
	if (l->keys.fd >= 0) text_flush(&l->keys.text); /* first: who reads of a connection may want its secrets */
	for (size_t i = 0; i < l->files; i++) text_flush(&l->file[i].text);
	text_flush(&l->out.text);
	text_flush(&l->err.text);
}

void lend_end(struct lend *l)
{
	lend_flush(l);
	terminal_restore();
	for (size_t i = 0; i < l->files; i++) close(l->file[i].fd);
	if (l->keys.fd >= 0) close(l->keys.fd);
	if (l->trust != NULL) x509_trust_close(l->trust);
	crypt_close(l->env.crypt);
	keeper_close(&l->keeper);
	system_end(l);
}
