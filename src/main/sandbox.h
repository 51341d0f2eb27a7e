/* SPDX-License-Identifier: ISC */
/* sandbox.h - what this process may still do once strangers speak to it.
 *
 * Root becomes whoever called sudo, or nobody; capabilities go; no_new_privs; and a seccomp list of the system
 * calls that are left. It fails closed: when any of it cannot be done, false, and *why says so in a line.
 */
#ifndef TULLE_MAIN_SANDBOX_H
#define TULLE_MAIN_SANDBOX_H

#include <stdbool.h>

void sandbox_off(void);           /* --no-sandbox: the next does nothing and says true */
bool sandbox_enter(const char **why);

#endif
