/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "main/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "host/epoll.h"
#include "main/command.h"
#include "main/lend.h"
#include "main/memory.h"
#include "main/terminal.h"

#define DESCRIPTORS_KEPT 16 /* for those a server turns away, for files, and for looking up names */
#define STREAMS_MAX 16384
#define HOST_MEMORY_BYTES ((size_t)1 << 30) /* for records of TLS on all of those; what they do not use costs nothing */
#define STOP_WITHIN (TOOL_DRAIN_WITHIN + SECOND) /* after a signal, should the tool not end by itself; a second one ends it at once */

/* --- signals --- */

static volatile sig_atomic_t signals, hangups;

/* Should the signal come just before the loop sleeps, the alarm wakes it; again and again until the end. */
static void on_signal(int number)
{
	if (number == SIGHUP) hangups = 1;
	else if (number != SIGALRM && ++signals > 1) {
		terminal_restore();
		_exit(128 + number);
	}
	if (signals > 0 || hangups > 0) alarm(1);
}

static struct sigaction hangup_before;

static void signals_watch(void)
{
	struct sigaction a = { .sa_handler = on_signal };
	sigaction(SIGHUP, &a, &hangup_before);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGALRM, &a, NULL);
	a.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &a, NULL);
}

/* A tool that has nothing to read again ends by SIGHUP, as any program whose terminal goes away; who was lent that terminal
 * gives it back first (terminal.c). */
static void hangup_is_usual(void)
{
	struct sigaction now;

	sigaction(SIGHUP, NULL, &now);
	if (now.sa_handler == on_signal) sigaction(SIGHUP, &hangup_before, NULL);
	if (hangups > 0) raise(SIGHUP);
	hangups = 0;
}

static bool lock_in(const struct tool *t, enum sandbox_profile profile, const char **why)
{
	if (t->reload == NULL) hangup_is_usual();
	return sandbox_enter(profile, why);
}

/* --- the tool --- */

static instant clock_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (instant)t.tv_sec * SECOND + t.tv_nsec;
}

static void loop(struct tool *t, struct lend *l)
{
	instant stopped_at = NEVER;

	while (!t->done && l->out.error == 0 && l->err.error == 0) {
		lend_flush(l);
		if (terminal_resized() && t->resized != NULL) {
			t->resized(t);
			continue;
		}
		if (hangups > 0) {
			hangups = 0;
			t->reload(t);
			continue;
		}
		if (signals > 0 && stopped_at == NEVER) {
			stopped_at = clock_now();
			if (t->stop == NULL) return;
			t->stop(t);
			continue;
		}
		if (stopped_at != NEVER && clock_now() >= stopped_at + STOP_WITHIN) return;
		if (!net_wait(l->env.net)) return;
		app_turn(l->env.net, t->app);
	}
}

static int finish(struct tool *t, struct lend *l)
{
	int status = t->status;

	lend_flush(l);
	int error = l->out.error;
	for (size_t i = 0; i < l->files; i++) if (error == 0) error = l->file[i].error;
	if (error == 0 && l->keys.fd >= 0) error = l->keys.error;
	if (error == 0) return status;
	if (error != EPIPE) text_printf(l->env.err, "tulle: cannot write the output: %s\n", strerror(error));
	return TOOL_FAILED;
}

/* As many connections as the descriptors are enough for; the lowest one that is free says how many are in use. */
static uint32_t connections_max(void)
{
	struct rlimit limit;
	int next = dup(STDERR_FILENO);

	if (next < 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
	close(next);
	rlim_t kept = (rlim_t)next + DESCRIPTORS_KEPT;
	rlim_t left = limit.rlim_cur > kept ? limit.rlim_cur - kept : 1;
	return left < STREAMS_MAX - DESCRIPTORS_KEPT ? (uint32_t)left : STREAMS_MAX - DESCRIPTORS_KEPT;
}

int run_tool(struct net *net, struct beside *beside, const struct run_names *names, enum sandbox_profile profile, int argc, char **argv)
{
	static struct lend lend;
	struct room memory = memory_open(profile == SANDBOX_SOCKETS ? HOST_MEMORY_BYTES : TOOL_MEMORY_BYTES);
	struct tool *t = NULL;
	const char *why = "no memory";
	int status = TOOL_FAILED;

	if (memory.at == NULL) memory = memory_open(TOOL_MEMORY_BYTES); /* where memory is not promised to more than there is of it */
	lend_start(&lend, net, profile == SANDBOX_SOCKETS, memory);
	signals_watch();
	lend.beside = beside;
	lend.env.servers_count = names->count;
	memcpy(lend.env.servers, names->server, sizeof lend.env.servers);
	if (profile == SANDBOX_SOCKETS) lend.env.connections_max = connections_max(), lend.env.spread = cores_spread;
	if (memory.at == NULL || !lend_seed(&lend)) {
		text_printf(lend.env.err, "tulle: %s\n", why);
	} else if ((t = tool_open(argc, (const char *const *)argv, &lend.env)) == NULL) {
		status = lend.env.status;
	} else if (!lock_in(t, profile, &why)) {
		text_printf(lend.env.err, "tulle: cannot lock itself in: %s (--no-sandbox runs without)\n", why);
	} else if (cores_ready(&lend.cores)) {
		loop(t, &lend);
		status = finish(t, &lend);
		cores_measured(&lend.cores, t->measure);
	}
	if (t != NULL && t->end) t->end(t);
	lend_end(&lend);
	memory_close(memory);
	return status;
}

/* --- over the host's sockets --- */

struct run_names run_names_read(const char *path)
{
	static struct system_resolv resolv;
	struct run_names names;
	struct bytes text;
	uint8_t *at = lend_read(path, SYSTEM_FILE_BYTES_MAX, &text.len);

	text.at = at;
	system_resolv_read(&resolv, text, NULL, NULL, NULL);
	names.count = resolv.servers;
	memcpy(names.server, resolv.server, sizeof names.server);
	free(at);
	return names;
}

/* As many descriptors as this user may have: the usual soft limit is for select(). */
static void raise_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* TULLE_NET=epoll or uring; false: neither. */
static bool way_named(enum host_way *way)
{
	const char *name = getenv("TULLE_NET");

	if (name == NULL || *name == '\0') return true;
	*way = strcmp(name, "uring") == 0 ? HOST_URING : HOST_EPOLL;
	if (*way == HOST_URING || strcmp(name, "epoll") == 0) return true;
	fprintf(stderr, "tulle: TULLE_NET is %s; it can be epoll or uring\n", name);
	return false;
}

int main_tool(int argc, char **argv)
{
	struct host_limits limits = host_limits_usual;
	struct room memory;
	struct run_names names = run_names_read("/etc/resolv.conf");
	struct net *net = NULL;
	int status = TOOL_FAILED;

	if (!way_named(&limits.way)) return TOOL_USAGE;
	raise_descriptors();
	limits.streams_max = STREAMS_MAX; /* memory that no connection has used costs nothing, but it has to be there to promise */
	memory = memory_open(host_size(&limits));
	if (memory.at != NULL) net = host_init(memory, &limits);
	if (net == NULL) perror("tulle: cannot use this host's sockets");
	else {
		status = run_tool(net, NULL, &names, SANDBOX_SOCKETS, argc, argv);
		host_close(net);
	}
	memory_close(memory);
	return status;
}
