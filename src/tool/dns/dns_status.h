/* SPDX-License-Identifier: ISC */
/* dns_status.h - what came of a question to the DNS: as an exit status, which scripts can go by, and as a plain sentence. */
#ifndef TULLE_TOOL_DNS_STATUS_H
#define TULLE_TOOL_DNS_STATUS_H

#include "wire/dns.h"

enum dns_status {
	DNS_STATUS_ANSWERED = 0,
	DNS_STATUS_FAILED = 1,        /* otherwise: no memory, a server's name that has no address */
	DNS_STATUS_NO_NAME = 2,       /* NXDOMAIN */
	DNS_STATUS_NO_DATA = 3,       /* the name is there, but not what was asked for; or a server only refers to others */
	DNS_STATUS_SERVER_FAILED = 4, /* SERVFAIL */
	DNS_STATUS_NO_SERVER = 5,     /* nobody answered, or nothing that could be read */
	DNS_STATUS_NOT_A_NAME = 6,    /* what was typed cannot be a domain name; nobody was asked */
	DNS_STATUS_REFUSED = 7,       /* REFUSED, and every other rcode */
};
#define DNS_STATUS_HELP \
	"Exit status: 0 answered, 2 no such name, 3 the name has no such data, 4 the\n" \
	"server failed, 5 no server answered, 6 not a name, 7 refused, 1 otherwise.\n"

/* The first type that is asked for when none is named: an address, of either kind. */
#define DNS_STATUS_ADDRESS 0

struct dns_told {
	enum dns_status status;
	const char *name;     /* as it was asked for */
	uint16_t type;        /* or DNS_STATUS_ADDRESS */
	const char *server;   /* who said so; of NO_SERVER: who was asked, one or several */
	const char *why;      /* of NOT_A_NAME: "a label is empty" */
	uint16_t rcode;       /* of REFUSED */
	bool authoritative;   /* the server is responsible for the name */
	bool referral;        /* of NO_DATA: it named others to ask */
};

enum dns_status dns_status_of(uint16_t rcode, bool data);
void dns_status_tell(struct text *, const struct dns_told *); /* without a line's end; nothing of ANSWERED and FAILED */

#endif
