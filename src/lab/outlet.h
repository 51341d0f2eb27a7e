/* SPDX-License-Identifier: ISC */
/* outlet.h - the files a run leaves, made on behalf of a process that may make none.
 *
 * Who reads a stranger's scenario has locked itself in before; but until it is read nobody knows whether there will
 * be anything to leave, and what an earlier run left must not be lost for a file that is wrong. So a keeper is
 * forked before, which knows the paths, reads nothing but single orders, and hands descriptors back. It ends when
 * the outlet is closed, or with the process that opened it.
 */
#ifndef TULLE_LAB_OUTLET_H
#define TULLE_LAB_OUTLET_H

#include <stdbool.h>
#include <sys/types.h>

enum outlet_file { OUTLET_CAPTURE, OUTLET_PAGE, OUTLET_FILES };

struct outlet {
	const char *folder;
	char path[OUTLET_FILES][1024];
	int keeper; /* a socket; -1: closed */
	pid_t child;
};

bool outlet_open(struct outlet *, const char *folder, const char *name); /* false: errno says why */
int outlet_make(struct outlet *, enum outlet_file);     /* empty, to be written; the folder too. -1: errno says why */
void outlet_discard(struct outlet *, enum outlet_file); /* removes it */
void outlet_close(struct outlet *);

#endif
