/* SPDX-License-Identifier: ISC */
/* etc.h - the files by which a program finds its name servers and whom to trust, replaced in this process's mount namespace.
 *
 * /etc/resolv.conf names the lab's servers; /etc/nsswitch.conf keeps its other lines but looks for hosts in files
 * and DNS only, since services such as systemd-resolved and nscd are reached over the host's file system and
 * would answer from the real Internet.
 *
 * The file of root certificates holds the lab's own root alone, since no other authority is in there; programs that look elsewhere
 * are told by the variables they know (SSL_CERT_FILE and its kin).
 */
#ifndef TULLE_LAB_ETC_H
#define TULLE_LAB_ETC_H

#include "lab/exec.h"

bool etc_replace(const struct exec_config *, struct text *err);

/* Sets the variables, in the process that becomes the program. */
void etc_tell_roots(const struct exec_config *);

#endif
