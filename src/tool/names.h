/* SPDX-License-Identifier: ISC */
/* names.h - domain names between people and the DNS, in any script (idn/idn.h): as they are typed, and as they are shown.
 *
 *     if ((why = names_typed(word, true, &name)) != NULL) say "'%s' is no domain name: %s", word, why;
 *     bool unicode = names_in_unicode(env);              // while the tool is opened
 *     text_puts(out, names_text(&name, unicode, buffer));
 */
#ifndef TULLE_TOOL_NAMES_H
#define TULLE_TOOL_NAMES_H

#include "idn/idn.h"
#include "tool/dns/system.h"
#include "tool/tool.h"
#include "wire/dns.h"

/* "www.example.com", "bücher.example", as in a master file; with `idn` off bytes of no ASCII are the name's own.
 * NULL: it is in `name`; else why it is none, good until the program ends. */
const char *names_typed(const char *typed, bool idn, struct dns_name *name);

/* The same for a host's name that is kept as text; ASCII goes through as it was typed. */
const char *names_host(const char *typed, char host[IDN_ASCII_MAX]);

/* What is asked for, in turn, when `typed` may be searched for: as BIND's tools do, and the system's resolver does not, a name
 * of `ndots` dots or more is asked for as it is and no more. How many; 0: it is no name. */
size_t names_searched(const struct system_resolv *, const char *typed, struct dns_name names[SYSTEM_NAMES_MAX]);

/* Without the last dot, unless it is the root. */
const char *names_text(const struct dns_name *, bool unicode, char buffer[DNS_NAME_TEXT_MAX]);

/* Rdata in text ("10 mail.xn--bcher-kva.example."): the words that are names with A-labels in them, as people write them.
 * What stands in quotes is data. */
void names_put(struct text *, const char *rdata, bool unicode);

/* Whether names are shown as people write them: `out` is a terminal, the locale is UTF-8, and the variable IDN_DISABLE,
 * which BIND's tools know, is not set. While tools are opened only. */
bool names_in_unicode(struct tool_env *);

#endif
