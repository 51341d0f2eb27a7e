/* SPDX-License-Identifier: ISC */
/* query_parts.h - between query.c and query_https.c. */
#ifndef TULLE_TOOL_QUERY_PARTS_H
#define TULLE_TOOL_QUERY_PARTS_H

#include "http2/http2.h"
#include "tool/dns/query.h"

bool query_https_begin(struct query *);   /* it is connected; false: no memory */
bool query_https_again(struct query *);   /* another question over it; false: it cannot be */
void query_https_event(struct query *, const struct net_event *);

void query_take(struct query *, struct bytes message); /* it came whole over a stream */
void query_https_failed(struct query *, const char *why);

#endif
