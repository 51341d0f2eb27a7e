/* SPDX-License-Identifier: ISC */
/* etc.h - the files by which a program finds its name servers, replaced in this process's mount namespace.
 *
 * /etc/resolv.conf names the lab's servers; /etc/nsswitch.conf keeps its other lines but looks for hosts in files
 * and DNS only, since services such as systemd-resolved and nscd are reached over the host's file system and
 * would answer from the real Internet.
 */
#ifndef TULLE_LAB_ETC_H
#define TULLE_LAB_ETC_H

#include "lab/exec.h"

bool etc_replace(const struct exec_config *, struct text *err);

#endif
