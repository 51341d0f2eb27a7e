/* SPDX-License-Identifier: ISC */
/* terminal.h - the terminal this process was started at, for a tool that wants each key (tool/tool.h).
 *
 * Whatever ends the process - its own end, a signal, a bug - the terminal gets its modes back; only SIGKILL is beyond
 * that. Who was stopped and goes on (SIGCONT) finds it as it left it.
 */
#ifndef TULLE_MAIN_TERMINAL_H
#define TULLE_MAIN_TERMINAL_H

#include "tool/tool.h"

struct terminal *terminal_open(void); /* NULL: standard input and output are not both of one */
bool terminal_resized(void);          /* since last asked; its size is read again */
void terminal_restore(void);          /* harmless at any time, in a signal's handler too */

#endif
