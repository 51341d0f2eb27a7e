/* SPDX-License-Identifier: ISC */
#include "tool/dns/dns_status.h"

enum dns_status dns_status_of(uint16_t rcode, bool data)
{
	switch (rcode) {
	case DNS_NOERROR: return data ? DNS_STATUS_ANSWERED : DNS_STATUS_NO_DATA;
	case DNS_NXDOMAIN: return DNS_STATUS_NO_NAME;
	case DNS_SERVFAIL: return DNS_STATUS_SERVER_FAILED;
	default: return DNS_STATUS_REFUSED;
	}
}

static void tell_what(struct text *t, uint16_t type)
{
	char buffer[16];

	switch (type) {
	case DNS_STATUS_ADDRESS: text_puts(t, "address"); break;
	case DNS_A: text_puts(t, "IPv4 address (A)"); break;
	case DNS_AAAA: text_puts(t, "IPv6 address (AAAA)"); break;
	case DNS_ANY: text_puts(t, "records that this server would show"); break;
	default: text_printf(t, "records of type %s", dns_type_text(type, buffer)); break;
	}
}

static void tell_refusal(struct text *t, const struct dns_told *d)
{
	switch (d->rcode) {
	case DNS_REFUSED:
		text_printf(t, "%s refuses to answer (REFUSED): it does not serve that name, or not to us", d->server);
		break;
	case DNS_NOTIMP: text_printf(t, "%s cannot do what it was asked for (NOTIMP)", d->server); break;
	case DNS_FORMERR: text_printf(t, "%s does not understand the question (FORMERR)", d->server); break;
	default: text_printf(t, "%s answers with an error (%s, %u)", d->server, dns_rcode_text(d->rcode), d->rcode); break;
	}
}

void dns_status_tell(struct text *t, const struct dns_told *d)
{
	if (d->status == DNS_STATUS_ANSWERED || d->status == DNS_STATUS_FAILED) return;
	if (d->status == DNS_STATUS_NOT_A_NAME) {
		text_printf(t, "'%s' is no domain name: %s", d->name, d->why);
		return;
	}
	text_printf(t, "%s: ", d->name);
	switch (d->status) {
	case DNS_STATUS_NO_NAME:
		text_printf(t, "there is no such name (%s says so%s)", d->server, d->authoritative ? ", which is responsible for it" : "");
		break;
	case DNS_STATUS_NO_DATA:
		if (d->referral) {
			text_printf(t, "%s does not know, it only names servers that should", d->server);
			break;
		}
		text_puts(t, "the name exists, but has no ");
		tell_what(t, d->type);
		break;
	case DNS_STATUS_SERVER_FAILED:
		text_printf(t, "%s failed (SERVFAIL): it cannot reach the servers of that name, or may not trust what they say", d->server);
		break;
	case DNS_STATUS_NO_SERVER:
		text_printf(t, "no server answered (%s); is one running there, and the way to it open?", d->server);
		break;
	default: tell_refusal(t, d); break;
	}
}
