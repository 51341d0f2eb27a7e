/* SPDX-License-Identifier: ISC */
/* sandbox.h - what this process may still do once strangers speak to it.
 *
 * Root becomes whoever called sudo, or nobody (where a user namespace has no such user it stays, without any
 * power); capabilities go for good; no_new_privs; and a seccomp list of the system calls that are left: sleeping,
 * memory, what is open already, files for reading only, and sockets of the Internet's families where the profile
 * has them. Two profiles keep root: SANDBOX_LOOK and of its powers those to look (CAP_SYS_PTRACE,
 * CAP_DAC_READ_SEARCH), SANDBOX_KEEPER the latter of these. All else is answered with EPERM. It fails closed: when any of it cannot be done, false, and *why says
 * so.
 *
 * Call it when ports, devices and files are open, and before the first byte from outside is read.
 */
#ifndef TULLE_MAIN_SANDBOX_H
#define TULLE_MAIN_SANDBOX_H

#include <stdbool.h>

enum sandbox_profile {
	SANDBOX_SOCKETS, /* a tool on this host's sockets */
	SANDBOX_DEVICE,  /* frames of a device that is open: nothing new to talk to */
	SANDBOX_PROGRAM, /* that, and a child whose end is waited for */
	SANDBOX_FILE,    /* a file somebody wrote, output that is open, and a child that opens it */
	SANDBOX_CORES,   /* nothing but its children, whom it waits for, and passes signals on to */
	SANDBOX_KEEPER,  /* files for reading; root stays, and may read all of them (keeper.h) */
	SANDBOX_LOOK,    /* the kernel's own tables: folders and links are read, too; root stays, to see everybody's */
};

void sandbox_off(void); /* --no-sandbox: the next does nothing and says true */
bool sandbox_is_off(void);
void sandbox_keep_terminal(void); /* the next leaves the modes and the size of terminals */
void sandbox_keep_order(int signal); /* the next leaves word with the kernel that this process gets it when its parent ends */
bool sandbox_enter(enum sandbox_profile, const char **why);

#endif
