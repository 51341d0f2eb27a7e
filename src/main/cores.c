/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "main/cores.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/epoll.h"
#include "main/lend.h"
#include "main/sandbox.h"

/* The first process's word to end: those that a terminal or a service manager sends, it sends to all of us at once. */
#define ORDER SIGUSR1

struct first {
	struct lend *l;
	pid_t child[TOOL_CORES_MAX]; /* 0: it has ended */
	unsigned started, left;
	unsigned asked;         /* how often we were asked to end */
	int status;
	sigset_t waited, before;
};

static struct lend *of(struct tool_env *env) { return (struct lend *)(void *)env; }

/* --- one of them --- */

/* On the core that is its own, if there are as many as that. */
static void settle(unsigned core, unsigned cores)
{
	cpu_set_t allowed, mine;

	if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || (unsigned)CPU_COUNT(&allowed) < cores) return;
	CPU_ZERO(&mine);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && core-- == 0) CPU_SET(cpu, &mine);
	sched_setaffinity(0, sizeof mine, &mine);
}

static void obey(const struct first *f)
{
	struct sigaction as_asked, ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGTERM, NULL, &as_asked);
	sigaction(ORDER, &as_asked, NULL);
	sigaction(SIGTERM, &ignore, NULL);
	sigaction(SIGINT, &ignore, NULL);
	sandbox_keep_order(ORDER);
	sigprocmask(SIG_SETMASK, &f->before, NULL);
}

static bool become_one(const struct first *f, unsigned core, unsigned cores, int ready)
{
	struct lend *l = f->l;

	settle(core, cores);
	bool well = keeper_renew(&l->keeper);
	obey(f);
	l->cores.core = core, l->cores.ready = ready, l->cores.is_one = true;
	l->env.core = core, l->env.cores = cores;
	if (well && lend_seed(l) && host_renew(l->host, core == 0 ? HOST_SHARES_FIRST : HOST_SHARES)) return true;
	text_printf(l->env.err, "tulle: core %u cannot be one of its own: %s\n", core, strerror(errno));
	lend_flush(l);
	_exit(TOOL_FAILED);
}

bool cores_ready(struct cores *c)
{
	if (!c->is_one) return true;
	bool heard = write(c->ready, "", 1) == 1;
	close(c->ready);
	return heard;
}

void cores_measured(struct cores *c, const struct tool_measure *measure)
{
	if (!c->is_one) return;
	struct core_told *told = &c->told[c->core];
	for (size_t i = 0; i < TOOL_MEASURES_MAX && measure[i].name != NULL; i++) {
		struct text name = text_in(told->measure[i].name, CORES_NAME_MAX);
		text_puts(&name, measure[i].name);
		told->measure[i].value = measure[i].value;
	}
	told->ended = true;
}

/* --- the first process --- */

static void tell_all(const struct first *f, int signal)
{
	for (unsigned i = 0; i < f->started; i++) if (f->child[i] > 0) kill(f->child[i], signal);
}

/* Who ends without having been asked to is told of; the others go on. */
static void ended(struct first *f, unsigned core, int status)
{
	struct text *err = f->l->env.err;
	bool well = f->l->cores.told[core].ended && WIFEXITED(status);

	f->child[core] = 0;
	f->left--;
	if (f->status == TOOL_OK) f->status = well ? WEXITSTATUS(status) : TOOL_FAILED;
	if (f->asked > 0 && (well || f->asked > 1)) return;
	if (WIFSIGNALED(status)) text_printf(err, "tulle: core %u was killed by signal %d (%s)", core, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else text_printf(err, "tulle: core %u ended with status %d", core, WEXITSTATUS(status));
	text_puts(err, f->left > 0 ? "; the others go on\n" : "\n");
	lend_flush(f->l);
}

static void reap(struct first *f)
{
	pid_t child;

	for (int status; (child = waitpid(-1, &status, WNOHANG)) > 0;)
		for (unsigned i = 0; i < f->started; i++) if (f->child[i] == child) ended(f, i, status);
}

static void wait_for_all(struct first *f)
{
	while (f->left > 0) {
		int number = sigwaitinfo(&f->waited, NULL);
		if (number == SIGCHLD) reap(f);
		else if (number == SIGHUP) tell_all(f, SIGHUP);
		else if (number > 0) {
			tell_all(f, ORDER);
			if (++f->asked > 1) f->status = 128 + number;
		}
	}
}

static void add_up(const struct first *f, struct tool_measure *sum)
{
	static char name[TOOL_MEASURES_MAX][CORES_NAME_MAX]; /* one program: a measure has its place in all of them */

	for (unsigned i = 0; i < f->started; i++) {
		const struct core_told *told = &f->l->cores.told[i];
		for (size_t k = 0; k < TOOL_MEASURES_MAX && told->measure[k].name[0] != '\0'; k++) {
			memcpy(name[k], told->measure[k].name, CORES_NAME_MAX - 1);
			sum[k].name = name[k];
			sum[k].value = (int64_t)((uint64_t)sum[k].value + (uint64_t)told->measure[k].value);
		}
	}
}

/* Until it is ready. False: it could not be, said why, and has ended. */
static bool start_one(struct first *f, unsigned core, unsigned cores, bool *is_child)
{
	int pipe_of[2], status = 0;
	char byte;

	if (pipe2(pipe_of, O_CLOEXEC) != 0) return false;
	lend_flush(f->l);
	pid_t child = fork();
	if (child == 0) {
		close(pipe_of[0]);
		return *is_child = become_one(f, core, cores, pipe_of[1]);
	}
	close(pipe_of[1]);
	bool ready = child > 0 && read(pipe_of[0], &byte, 1) == 1;
	close(pipe_of[0]);
	if (ready) {
		f->child[core] = child;
		f->started++, f->left++;
	} else if (child < 0) {
		text_printf(f->l->env.err, "tulle: core %u cannot be started: %s\n", core, strerror(errno));
	} else if (waitpid(child, &status, 0) == child && WIFEXITED(status)) {
		f->status = WEXITSTATUS(status);
	}
	return ready;
}

/* SIGHUP, too, where it means something. */
static bool share_table(struct first *f, unsigned cores)
{
	struct sigaction hangup;
	void *told = mmap(NULL, cores * sizeof *f->l->cores.told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (told == MAP_FAILED) return false;
	f->l->cores.told = told;
	sigemptyset(&f->waited);
	sigaddset(&f->waited, SIGTERM);
	sigaddset(&f->waited, SIGINT);
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_DFL) sigaddset(&f->waited, SIGHUP);
	sigaddset(&f->waited, SIGCHLD);
	return sigprocmask(SIG_BLOCK, &f->waited, &f->before) == 0;
}

static unsigned cores_there_are(void)
{
	cpu_set_t allowed;
	return sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? (unsigned)CPU_COUNT(&allowed) : 1;
}

bool cores_spread(struct tool_env *env, unsigned cores, struct tool_measure *sum)
{
	static struct first first;
	const char *why = NULL;
	bool is_child = false, all = true;

	if (cores == 0) cores = cores_there_are();
	if (cores > TOOL_CORES_MAX) cores = TOOL_CORES_MAX;
	first = (struct first){ .l = of(env), .status = TOOL_FAILED };
	env->status = TOOL_FAILED;
	memset(sum, 0, TOOL_MEASURES_MAX * sizeof *sum);
	if (!share_table(&first, cores)) {
		text_printf(env->err, "tulle: there cannot be several cores: %s\n", strerror(errno));
		return false;
	}
	for (unsigned i = 0; i < cores && all; i++) {
		all = start_one(&first, i, cores, &is_child);
		if (is_child) return true;
	}
	keeper_close(&first.l->keeper); /* each has its own */
	if (all && !sandbox_enter(SANDBOX_CORES, &why)) {
		text_printf(env->err, "tulle: cannot lock itself in: %s (--no-sandbox runs without)\n", why);
		all = false;
	}
	if (all) first.status = TOOL_OK;
	else tell_all(&first, ORDER), first.asked = 1;
	wait_for_all(&first);
	env->status = first.status;
	if (all) add_up(&first, sum);
	munmap(first.l->cores.told, cores * sizeof *first.l->cores.told);
	return false;
}
