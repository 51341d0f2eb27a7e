/* SPDX-License-Identifier: ISC */
/* dial.h - a stream to a host by its name: looked up, and its addresses tried one after another; over TLS, if
 * a `struct secure` is lent that was started.
 *
 *     dial_start(&d, env, &secure, &url, timeout);
 *     ...
 *     switch (dial_event(&d, ev)) {                      // every event of the program's, NET_WAKE too
 *     case DIAL_CONNECTED: send on d.id; break;
 *     case DIAL_YOURS:     act on ev, which is the open stream's; break;
 *     case DIAL_FAILED:    tell d.why; break;            // nobody answered, or nothing came for `timeout`
 *     case DIAL_NOTHING:   break;
 *     }
 *     net_wake(net, dial_deadline(&d));
 */
#ifndef TULLE_TOOL_DIAL_H
#define TULLE_TOOL_DIAL_H

#include "tool/lookup.h"
#include "tool/secure.h"
#include "tool/url.h"

enum dial_news { DIAL_NOTHING, DIAL_CONNECTED, DIAL_YOURS, DIAL_FAILED };

struct dial {
	net_id id;           /* the stream; 0: not yet, or no more */
	bool connected;      /* it was, at some time */
	const char *why;     /* when FAILED, in words */
	bool four, six;      /* only IPv4's addresses, only IPv6's; set between dial_start and the first event */
	/* the rest is dial.c's */
	struct tool_env *env;
	struct secure *secure;
	const char *said;    /* of the addresses that were tried: the most telling */
	char words[120];     /* that, and what became of the last */
	const char *host;    /* the URL's, which stays where it is */
	struct lookup lookup;
	size_t next_ip;
	uint16_t port, interface;
	instant timeout, give_up_at; /* give_up_at: moved on by each sign of life */
};

void dial_start(struct dial *, struct tool_env *, struct secure *, const struct url *, instant timeout); /* zeroed before */
enum dial_news dial_event(struct dial *, const struct net_event *);
void dial_wait_for(struct dial *, instant timeout); /* from now on no longer than that without a sign of life */
instant dial_deadline(const struct dial *);
void dial_stop(struct dial *); /* no longer wanted: what is open is dropped */

#endif
