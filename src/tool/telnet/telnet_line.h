/* SPDX-License-Identifier: ISC */
/* telnet_line.h - a line as somebody types and mends it at a raw terminal.
 *
 *     switch (line_key(&line, key, echo)) {      // what the terminal is to show goes to echo; NULL: nothing is shown
 *     case LINE_WHOLE: use line.at, line.len; line_clear(&line); break;
 *     ...
 *
 * Backspace takes a character back, ^W a word, ^U all; ^R shows it again; after ^V the next key stands for itself.
 */
#ifndef TULLE_TOOL_TELNET_LINE_H
#define TULLE_TOOL_TELNET_LINE_H

#include "base/text.h"

#define LINE_BYTES_MAX 2000

enum line_news { LINE_MORE, LINE_WHOLE, LINE_FULL /* the key found no room: a bell */ };

struct line { char at[LINE_BYTES_MAX + 1]; size_t len; bool literal, plain; }; /* a NUL follows; plain: control characters are shown as they are */

enum line_news line_key(struct line *, uint8_t key, struct text *echo);
void line_clear(struct line *);
void line_show_key(struct text *, uint8_t key); /* "^C" for what cannot be seen */

#endif
