/* SPDX-License-Identifier: ISC */
/* processes.h - who holds which socket: one pass over /proc, without memory of its own.
 *
 *     struct processes p;
 *     if (!processes_open(&p, &err)) ...
 *     for (processes_again(&p); processes_next(&p, &process);)
 *             while (processes_socket(&p, &fd, &inode)) ...          // process.descriptors counts up meanwhile
 *
 * Descriptors are those that are open, read from the folder (readlinkat), never guessed by counting up to a limit. Those
 * of others' processes are hidden from whoever is not root (CAP_SYS_PTRACE): `hidden` says so. A process that ends
 * meanwhile is passed over.
 */
#ifndef TULLE_HOST_PROCESSES_H
#define TULLE_HOST_PROCESSES_H

#include "base/text.h"

#define PROCESS_COMMAND_MAX 16
#define PROCESS_NO_LIMIT UINT64_MAX

struct process {
	uint32_t pid, uid;                 /* uid: the effective one */
	uint64_t descriptors;              /* that are open; complete when all sockets have been taken */
	bool counted;                      /* descriptors is known */
	bool hidden;                       /* which they are is not for us to see */
};

struct processes_folder { int fd; uint32_t at, end; uint8_t entry[32768] __attribute__((aligned(8))); };
struct processes {
	struct processes_folder all, open; /* /proc; the descriptors of the process at hand */
	struct process *process;
	bool sizes;                        /* this kernel says how many are in a folder */
};

bool processes_open(struct processes *, struct text *err);
void processes_close(struct processes *);
void processes_again(struct processes *); /* from the first */
bool processes_next(struct processes *, struct process *); /* which must stay in place until the next call */
bool processes_socket(struct processes *, int *fd, uint32_t *inode);

/* Of one process; false: it is gone. */
bool processes_command(const struct processes *, uint32_t pid, char command[PROCESS_COMMAND_MAX]);
bool processes_limits(const struct processes *, uint32_t pid, uint64_t *soft, uint64_t *hard); /* of open descriptors */

/* "Max open files    1024   4096   files" in the text of /proc/PID/limits. */
bool processes_parse_limits(struct bytes text, uint64_t *soft, uint64_t *hard);

#endif
