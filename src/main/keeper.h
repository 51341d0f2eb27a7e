/* SPDX-License-Identifier: ISC */
/* keeper.h - files that can be read again after root was given up: a renewed certificate, and its key that only root may read.
 *
 * The keeper is a child, forked before this process locks itself in. It stays root, and of root's powers it keeps the one to read
 * files; it is locked in, too (SANDBOX_KEEPER), knows these paths, reads nothing but a path's number from its socket, opens what
 * has that name now, and hands the descriptor back. It never reads a byte of a file or of a stranger, and ends with us.
 */
#ifndef TULLE_MAIN_KEEPER_H
#define TULLE_MAIN_KEEPER_H

#include <sys/types.h>

#include "base/files.h"

#define KEEPER_FILES_MAX 8

struct keeper {
	struct files files; /* first: what is opened by its path; others are FILES_NONE */
	struct files *host; /* files_host: reads and closes */
	const char *path[KEEPER_FILES_MAX]; size_t count;
	int socket;         /* -1: it is gone, or never was; a path is opened by ourselves then, with what rights are left */
};

/* The paths stay the caller's, and have to live as long. NULL: errno says why. */
struct files *keeper_open(struct keeper *, struct files *host, const char *const *path, size_t count);
/* In the child of a fork: one of its own, for two who ask one keeper would get each other's answers. */
bool keeper_renew(struct keeper *);
void keeper_close(struct keeper *);

#endif
