/* SPDX-License-Identifier: ISC */
/* files.h - base/files.h over the host's file system, for reading.
 *
 * files_host is for names a person typed: relative ones from the current folder, absolute ones from the root,
 * links followed as everywhere. files_below of it holds one folder open, and of that nothing leads out: neither
 * "..", nor a symbolic link, nor another mount's magic (openat2 with RESOLVE_BENEATH; on a kernel without it no
 * link at all is followed). A folder that is held stays readable when the process gives up its rights.
 */
#ifndef TULLE_HOST_FILES_H
#define TULLE_HOST_FILES_H

#include "base/files.h"

struct files *files_host(struct arena *memory); /* NULL: no room */

/* A descriptor that somebody else has opened for reading, or why that failed (fd -1, errno), as a file of files_host's. */
struct file files_adopt(int fd, int error);

#endif
