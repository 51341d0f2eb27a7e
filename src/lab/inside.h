/* SPDX-License-Identifier: ISC */
/* inside.h - the child's half of lab exec: out of the host's world, into the lab's.
 *
 * Called in a forked child. It enters namespaces of its own, makes and sets up the network device, puts the lab's
 * name servers into /etc, keeps what a user needs, and has the device's descriptor for the parent. What it
 * changes is changed for this process and its children only; nothing needs to be undone.
 */
#ifndef TULLE_LAB_INSIDE_H
#define TULLE_LAB_INSIDE_H

#include "lab/exec.h"

struct inside { int fd; bool tap; }; /* frames come out of there; not a TAP: a packet socket */

bool inside_enter(const struct exec_config *, struct inside *, struct text *err);

#endif
