/* SPDX-License-Identifier: ISC */
/* say.h - bytes of strangers, so that a person can read them and a terminal does not obey them. */
#ifndef TULLE_TOOL_SAY_H
#define TULLE_TOOL_SAY_H

#include "base/text.h"

/* UTF-8 (RFC 3629) stays; control characters, C1 among them, and what is not UTF-8 become \xNN. */
void say_bytes(struct text *, struct bytes);

/* A JSON string (RFC 8259, 7). Of what is not UTF-8 each byte is the character of that number. */
void say_json(struct text *, struct bytes);

#endif
