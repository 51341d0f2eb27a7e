/* SPDX-License-Identifier: ISC */
/* What is left to a process that has locked itself in: each is tried in a child of its own. */
#define _GNU_SOURCE
#include "main/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tap.h"

static long open_plainly(void) { return openat(AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC); }
static long open_to_read(void) { return openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC); }
static long open_otherwise(void)
{
	struct open_how how = { .flags = O_WRONLY | O_CLOEXEC };
	return syscall(SYS_openat2, AT_FDCWD, "/dev/null", &how, sizeof how);
}
static long make_socket(void) { return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); }

/* 0: it could do it; otherwise errno; 255: it could not be locked in. */
static int within(enum sandbox_profile profile, long (*what)(void))
{
	const char *why;
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (!sandbox_enter(profile, &why)) _exit(255);
		_exit(what() >= 0 ? 0 : errno);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void nobody_writes_a_file(void)
{
	static const enum sandbox_profile all[] = { SANDBOX_SOCKETS, SANDBOX_DEVICE, SANDBOX_PROGRAM, SANDBOX_FILE, SANDBOX_CORES,
	                                            SANDBOX_KEEPER, SANDBOX_LOOK };

	for (size_t i = 0; i < COUNT(all); i++) {
		CHECK_EQ(within(all[i], open_plainly), EPERM);
		CHECK_EQ(within(all[i], open_to_read), 0);
	}
}

/* Which flags openat2 is given seccomp does not see. */
static void who_stays_root_does_not_by_another_call(void)
{
	CHECK_EQ(within(SANDBOX_KEEPER, open_otherwise), EPERM);
	CHECK_EQ(within(SANDBOX_LOOK, open_otherwise), EPERM);
}

static void only_who_has_sockets_makes_more(void)
{
	CHECK_EQ(within(SANDBOX_SOCKETS, make_socket), 0);
	CHECK_EQ(within(SANDBOX_KEEPER, make_socket), EPERM);
	CHECK_EQ(within(SANDBOX_CORES, make_socket), EPERM);
	CHECK_EQ(within(SANDBOX_DEVICE, make_socket), EPERM);
}

int main(void)
{
	TEST(nobody_writes_a_file);
	TEST(who_stays_root_does_not_by_another_call);
	TEST(only_who_has_sockets_makes_more);
	return tap_end();
}
