/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "main/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define NOBODY 65534
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static bool off, terminal;
static int order;

void sandbox_off(void) { off = true; }
bool sandbox_is_off(void) { return off; }
void sandbox_keep_terminal(void) { terminal = true; }
void sandbox_keep_order(int signal) { order = signal; }

/* --- who we are --- */

/* A positive number in the environment, as sudo sets them; or `otherwise`. */
static unsigned number_from(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);
	char *end;

	if (text == NULL || *text < '0' || *text > '9') return otherwise;
	unsigned long n = strtoul(text, &end, 10);
	return *end == '\0' && n > 0 && n < UINT32_MAX ? (unsigned)n : otherwise;
}

static bool become_somebody(const char **why)
{
	unsigned uid = number_from("SUDO_UID", NOBODY), gid = number_from("SUDO_GID", NOBODY);

	if (geteuid() != 0) return true;
	if (setresgid(gid, gid, gid) != 0 && errno == EINVAL) return true; /* root of a namespace that has no other user */
	*why = "root's groups cannot be given up";
	if (getegid() != gid || setgroups(0, NULL) != 0) return false;
	*why = "root cannot be given up";
	return setresuid(uid, uid, uid) == 0 && geteuid() == uid && setuid(0) != 0;
}

/* All but these of a mask, and of those what there is. */
static bool drop_capabilities(uint32_t keep, const char **why)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[2] = { { 0, 0, 0 }, { 0, 0, 0 } }, left[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	*why = "capabilities cannot be given up";
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap); /* refused to those who have none to give */
	if (keep != 0 && syscall(SYS_capget, &header, have) != 0) return false;
	left[0].effective = left[0].permitted = have[0].permitted & keep;
	if (syscall(SYS_capset, &header, left) != 0) return false;
	*why = "no_new_privs cannot be set";
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/* --- what may be called --- */

static const int always[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(lseek),
	SCMP_SYS(close), SCMP_SYS(dup), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(fcntl),
	SCMP_SYS(fsync), SCMP_SYS(fdatasync),
	SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(brk),
	SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction), SCMP_SYS(alarm), SCMP_SYS(setitimer),
	SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
	SCMP_SYS(epoll_ctl), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg), SCMP_SYS(getsockopt), SCMP_SYS(shutdown),
};
static const int with_sockets[] = {
	SCMP_SYS(bind), SCMP_SYS(connect), SCMP_SYS(listen), SCMP_SYS(accept4), SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername),
	SCMP_SYS(io_uring_enter), /* on a ring that was made before, and can only poll, receive, send and cancel (host/uring.c) */
};
static const int with_child[] = { SCMP_SYS(wait4), SCMP_SYS(waitid) };
static const int with_cores[] = { SCMP_SYS(wait4), SCMP_SYS(kill), SCMP_SYS(rt_sigtimedwait) };
/* For what it opens seccomp cannot see: who stays root must not have it, for much is root's to write even without capabilities. */
static const int with_beneath[] = { SCMP_SYS(openat2) };
static const int with_folders[] = { SCMP_SYS(getdents64), SCMP_SYS(readlinkat) };
static const int with_file[] = { SCMP_SYS(ftruncate) }; /* that opened for writing: back to what is whole */
static const unsigned long of_terminal[] = { TCSETS, TCSETSW, TIOCGWINSZ };
/* The leak check at the end of a sanitized process traces it from a clone, and reads /proc. */
static const int for_sanitizers[] = {
	SCMP_SYS(clone), SCMP_SYS(ptrace), SCMP_SYS(wait4), SCMP_SYS(prctl), SCMP_SYS(getppid), SCMP_SYS(sigaltstack),
	SCMP_SYS(tgkill), SCMP_SYS(kill), SCMP_SYS(readlink), SCMP_SYS(getdents64), SCMP_SYS(getdents), SCMP_SYS(open), SCMP_SYS(stat),
	SCMP_SYS(process_vm_readv), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(getrlimit), SCMP_SYS(prlimit64),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(sysinfo), SCMP_SYS(arch_prctl), SCMP_SYS(ioctl), SCMP_SYS(getuid), SCMP_SYS(uname),
};

static int allow(scmp_filter_ctx filter, const int *call, size_t count)
{
	int failed = 0;

	for (size_t i = 0; i < count; i++)
		if (call[i] >= 0) failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, call[i], 0); /* negative: not on this machine */
	return failed;
}

/* Only when so many of an argument's bits (`mask`) are these. */
static int allow_if(scmp_filter_ctx filter, int call, unsigned argument, uint64_t mask, uint64_t bits)
{
	const struct scmp_arg_cmp is = { .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = bits };
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &is);
}

static int allow_narrowly(scmp_filter_ctx filter, enum sandbox_profile profile)
{
	const struct scmp_arg_cmp stop_us[] = { /* our own group, until somebody has it go on */
		{ .arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = UINT32_MAX, .datum_b = 0 }, { .arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = UINT32_MAX, .datum_b = SIGTSTP },
	};
	int failed = allow_if(filter, SCMP_SYS(openat), 2, O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND, O_RDONLY);
	failed |= allow_if(filter, SCMP_SYS(ioctl), 1, UINT32_MAX, TCGETS); /* is it a terminal? */
	for (size_t i = 0; terminal && i < COUNT_OF(of_terminal); i++)
		failed |= allow_if(filter, SCMP_SYS(ioctl), 1, UINT32_MAX, of_terminal[i]);
	if (terminal) failed |= seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), COUNT_OF(stop_us), stop_us);
	if (profile != SANDBOX_SOCKETS) return failed;
	failed |= allow_if(filter, SCMP_SYS(socket), 0, UINT32_MAX, AF_INET);
	return failed | allow_if(filter, SCMP_SYS(socket), 0, UINT32_MAX, AF_INET6);
}

static bool root_stays(enum sandbox_profile profile) { return profile == SANDBOX_LOOK || profile == SANDBOX_KEEPER; }

static bool list_calls(enum sandbox_profile profile, const char **why)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int failed = filter == NULL;

	if (!failed) {
		failed |= allow(filter, always, COUNT_OF(always));
		failed |= allow_narrowly(filter, profile);
		if (!root_stays(profile)) failed |= allow(filter, with_beneath, COUNT_OF(with_beneath));
		if (profile == SANDBOX_SOCKETS) failed |= allow(filter, with_sockets, COUNT_OF(with_sockets));
		if (profile == SANDBOX_PROGRAM || profile == SANDBOX_FILE) failed |= allow(filter, with_child, COUNT_OF(with_child));
		if (profile == SANDBOX_CORES) failed |= allow(filter, with_cores, COUNT_OF(with_cores));
		if (profile == SANDBOX_FILE) failed |= allow(filter, with_file, COUNT_OF(with_file));
		if (profile == SANDBOX_LOOK) failed |= allow(filter, with_folders, COUNT_OF(with_folders));
		if (SANITIZED) failed |= allow(filter, for_sanitizers, COUNT_OF(for_sanitizers));
	}
	*why = "the kernel takes no list of system calls (seccomp)";
	if (!failed) failed = seccomp_load(filter);
	seccomp_release(filter);
	return !failed;
}

bool sandbox_enter(enum sandbox_profile profile, const char **why)
{
	if (off) return order == 0 || prctl(PR_SET_PDEATHSIG, order) == 0;
	uint32_t keep = root_stays(profile) ? 1u << CAP_DAC_READ_SEARCH : 0;
	if (profile == SANDBOX_LOOK) keep |= 1u << CAP_SYS_PTRACE;
	if ((!root_stays(profile) && !become_somebody(why)) || !drop_capabilities(keep, why)) return false;
	if (order != 0) prctl(PR_SET_PDEATHSIG, order); /* to become somebody else has cleared it */
	if (SANITIZED) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* or the leak check cannot trace who gave up root */
	return list_calls(profile, why);
}
