/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "main/terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "main/sandbox.h"

static struct termios found, keys; /* its modes before us, and those in which each key comes by itself */
static volatile sig_atomic_t opened, is_raw, changed;
static struct terminal lent;

static void read_size(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return;
	lent.columns = size.ws_col, lent.rows = size.ws_row;
}

void terminal_restore(void)
{
	if (opened && is_raw) tcsetattr(STDIN_FILENO, TCSADRAIN, &found);
	is_raw = 0;
}

static void raw(struct terminal *t, bool on)
{
	(void)t;
	if (!on) terminal_restore();
	else if (tcsetattr(STDIN_FILENO, TCSADRAIN, &keys) == 0) is_raw = 1;
}

static void stop(struct terminal *t)
{
	(void)t;
	kill(0, SIGTSTP);
}

/* A shell may have changed the modes, and the window its size, while we were stopped. */
static void on_change(int number)
{
	if (number == SIGCONT && is_raw) tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
	changed = 1;
	alarm(1); /* should it come just before the loop sleeps */
}

static void on_end(int number)
{
	terminal_restore();
	if (number == SIGHUP || number == SIGQUIT) _exit(128 + number);
}

static void watch(void)
{
	static const int ends[] = { SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	struct sigaction a = { .sa_handler = on_change };

	sigaction(SIGWINCH, &a, NULL);
	sigaction(SIGCONT, &a, NULL);
	a.sa_handler = on_end;
	a.sa_flags = (int)SA_RESETHAND; /* a fault comes again, and does then what it always does */
	for (size_t i = 0; i < COUNT(ends); i++) sigaction(ends[i], &a, NULL);
}

struct terminal *terminal_open(void)
{
	const char *kind = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &found) != 0) return NULL;
	keys = found;
	cfmakeraw(&keys);
	lent = (struct terminal){ .kind = kind != NULL ? kind : "", .stop = stop, .raw = raw };
	read_size();
	opened = 1;
	watch();
	atexit(terminal_restore);
	sandbox_keep_terminal();
	return &lent;
}

bool terminal_resized(void)
{
	if (!changed) return false;
	changed = 0;
	read_size();
	return true;
}
