/* SPDX-License-Identifier: ISC */
/* json.h - JSON into a text, safe inside a page's <script>: nothing in it can end the script. */
#ifndef TULLE_LAB_JSON_H
#define TULLE_LAB_JSON_H

#include "base/text.h"

void json_string(struct text *, const char *);          /* what is not UTF-8 becomes U+FFFD */
void json_base64(struct text *, struct bytes);          /* a string */

#endif
