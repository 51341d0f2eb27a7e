/* SPDX-License-Identifier: ISC */
/* nslookup_print.h - DNS messages as BIND 9.18's nslookup prints them, line for line. */
#ifndef TULLE_TOOL_NSLOOKUP_PRINT_H
#define TULLE_TOOL_NSLOOKUP_PRINT_H

#include "wire/dns.h"

void nslookup_print_records(struct text *, const struct dns_message *, enum dns_section);
void nslookup_print_debug(struct text *, const struct dns_message *); /* all of it, in the long form */
/* Names without their last dot, but for the root's. */
const char *nslookup_name_text(const struct dns_name *, char buffer[DNS_NAME_TEXT_MAX]);

#endif
