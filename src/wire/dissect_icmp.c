/* SPDX-License-Identifier: ISC */
#include "base/checksum.h"
#include "wire/dissect_parts.h"
#include "wire/icmp.h"
#include "wire/igmp.h"
#include "wire/ip4.h"

static const struct meaning types4[] = { { 0, "echo reply" }, { 3, "destination unreachable" }, { 4, "source quench" },
	{ 5, "redirect" }, { 8, "echo" }, { 11, "time exceeded" }, { 12, "parameter problem" }, { 13, "timestamp" },
	{ 14, "timestamp reply" }, { 0, NULL } };
static const struct meaning unreachable4[] = { { 0, "net" }, { 1, "host" }, { 2, "protocol" }, { 3, "port" },
	{ 4, "it would have to be cut, and may not" }, { 5, "source route" }, { 9, "net prohibited" }, { 10, "host prohibited" },
	{ 13, "communication prohibited" }, { 0, NULL } };
static const struct meaning exceeded[] = { { 0, "on the way" }, { 1, "putting fragments together" }, { 0, NULL } };
static const struct meaning types6[] = { { 1, "destination unreachable" }, { 2, "packet too big" }, { 3, "time exceeded" },
	{ 4, "parameter problem" }, { 128, "echo request" }, { 129, "echo reply" }, { 130, "multicast listener query" },
	{ 131, "multicast listener report" }, { 132, "multicast listener done" }, { 133, "router solicitation" },
	{ 134, "router advertisement" }, { 135, "neighbor solicitation" }, { 136, "neighbor advertisement" }, { 137, "redirect" },
	{ 143, "multicast listener report, version 2" }, { 0, NULL } };
static const struct meaning unreachable6[] = { { 0, "no route" }, { 1, "prohibited" }, { 2, "beyond scope" }, { 3, "address" },
	{ 4, "port" }, { 0, NULL } };

#define HEAD(types) \
	{ 0, 1, 1, 0, NUMBER, "Type", "What kind of message this is.", types }, \
	{ 1, 1, 1, 0, NUMBER, "Code", "Says it more exactly.", NULL }, \
	{ 2, 2, 1, 0, HEX, "Checksum", "Over the whole message; in version 6 over the addresses too.", NULL }

static const struct row head4[] = { HEAD(types4) };
static const struct row head6[] = { HEAD(types6) };

static const struct row echo[] = {
	{ 4, 2, 1, 0, NUMBER, "Identifier", "Tells the answers to one ping from those to another.", NULL },
	{ 6, 2, 1, 0, NUMBER, "Sequence Number", "Counts the questions, so that the lost ones are seen.", NULL },
};
static const struct row too_big4[] = {
	{ 4, 2, 1, 0, NUMBER, "unused", NULL, NULL },
	{ 6, 2, 1, 0, NUMBER, "Next-Hop MTU", "The longest packet that would have passed (RFC 1191).", NULL },
};
static const struct row too_big6[] = { { 4, 4, 1, 0, NUMBER, "MTU", "The longest packet that would have passed.", NULL } };
static const struct row redirect4[] = { { 4, 4, 1, 0, IP4, "Gateway Internet Address", "A better router for that destination.", NULL } };
static const struct row parameter4[] = {
	{ 4, 1, 1, 0, NUMBER, "Pointer", "Which byte of the header is wrong.", NULL },
	{ 5, 3, 1, 0, NUMBER, "unused", NULL, NULL },
};
static const struct row parameter6[] = { { 4, 4, 1, 0, NUMBER, "Pointer", "Which byte of the packet is wrong.", NULL } };
static const struct row unused[] = { { 4, 4, 1, 0, HEX, "unused", NULL, NULL } };
static const struct row solicitation[] = {
	{ 4, 4, 1, 0, HEX, "Reserved", NULL, NULL },
	{ 8, 16, 1, 0, IP6, "Target Address", "Whose link-layer address is wanted.", NULL },
};
static const struct row advertisement[] = {
	{ 4, 4, 1, 0xe0000000, HEX, "Flags", "What the sender is, and what this is for.", NULL },
	{ 4, 1, 2, 0x80, FLAG, "R: Router", "The sender forwards packets.", NULL },
	{ 4, 1, 2, 0x40, FLAG, "S: Solicited", "This answers a question: the way there and back works.", NULL },
	{ 4, 1, 2, 0x20, FLAG, "O: Override", "Forget what you knew before.", NULL },
	{ 8, 16, 1, 0, IP6, "Target Address", "Whose link-layer address this tells.", NULL },
};
static const struct row router[] = {
	{ 4, 1, 1, 0, NUMBER, "Cur Hop Limit", "What hosts should put into packets.", NULL },
	{ 5, 1, 1, 0, HEX, "Flags", "Where addresses come from.", NULL },
	{ 5, 1, 2, 0x80, FLAG, "M: Managed address configuration", "Addresses come from DHCPv6.", NULL },
	{ 5, 1, 2, 0x40, FLAG, "O: Other configuration", "Other things come from DHCPv6.", NULL },
	{ 6, 2, 1, 0, SECONDS, "Router Lifetime", "How long this router may be the default; 0: it is none.", NULL },
	{ 8, 4, 1, 0, MILLISECONDS, "Reachable Time", "How long a neighbour that answered is taken to be there.", NULL },
	{ 12, 4, 1, 0, MILLISECONDS, "Retrans Timer", "How long to wait between questions to a neighbour.", NULL },
};
static const struct row redirect6[] = {
	{ 4, 4, 1, 0, HEX, "Reserved", NULL, NULL },
	{ 8, 16, 1, 0, IP6, "Target Address", "A better first hop.", NULL },
	{ 24, 16, 1, 0, IP6, "Destination Address", "For packets to this address.", NULL },
};
static const struct row listener[] = {
	{ 4, 2, 1, 0, MILLISECONDS, "Maximum Response Delay", "Answers come within this time, each at its own moment.", NULL },
	{ 6, 2, 1, 0, NUMBER, "Reserved", NULL, NULL },
	{ 8, 16, 1, 0, IP6, "Multicast Address", "Which group; none: all are asked for.", NULL },
};
static const struct row report6[] = {
	{ 4, 2, 1, 0, NUMBER, "Reserved", NULL, NULL },
	{ 6, 2, 1, 0, NUMBER, "Nr of Mcast Address Records", "How many groups follow.", NULL },
};

/* Which rows follow the first word, and what comes after them. */
enum after { DATA, QUOTE, OPTIONS, RECORDS, NOTHING };
struct kind { uint8_t type; int code; const struct row *rows; size_t count; enum after after; }; /* code -1: any */

static const struct kind kinds4[] = {
	{ ICMP4_ECHO_REPLY, -1, echo, COUNT(echo), DATA },
	{ ICMP4_ECHO_REQUEST, -1, echo, COUNT(echo), DATA },
	{ ICMP4_UNREACHABLE, ICMP4_TOO_BIG, too_big4, COUNT(too_big4), QUOTE },
	{ ICMP4_UNREACHABLE, -1, unused, COUNT(unused), QUOTE },
	{ 4, -1, unused, COUNT(unused), QUOTE },
	{ ICMP4_REDIRECT, -1, redirect4, COUNT(redirect4), QUOTE },
	{ ICMP4_TIME_EXCEEDED, -1, unused, COUNT(unused), QUOTE },
	{ ICMP4_PARAMETER, -1, parameter4, COUNT(parameter4), QUOTE },
};
static const struct kind kinds6[] = {
	{ ICMP6_ECHO_REQUEST, -1, echo, COUNT(echo), DATA },
	{ ICMP6_ECHO_REPLY, -1, echo, COUNT(echo), DATA },
	{ ICMP6_UNREACHABLE, -1, unused, COUNT(unused), QUOTE },
	{ ICMP6_TOO_BIG, -1, too_big6, COUNT(too_big6), QUOTE },
	{ ICMP6_TIME_EXCEEDED, -1, unused, COUNT(unused), QUOTE },
	{ ICMP6_PARAMETER, -1, parameter6, COUNT(parameter6), QUOTE },
	{ ICMP6_MLD_QUERY, -1, listener, COUNT(listener), NOTHING },
	{ 131, -1, listener, COUNT(listener), NOTHING },
	{ 132, -1, listener, COUNT(listener), NOTHING },
	{ ICMP6_ROUTER_SOLICITATION, -1, unused, COUNT(unused), OPTIONS },
	{ ICMP6_ROUTER_ADVERTISEMENT, -1, router, COUNT(router), OPTIONS },
	{ ICMP6_NEIGHBOUR_SOLICITATION, -1, solicitation, COUNT(solicitation), OPTIONS },
	{ ICMP6_NEIGHBOUR_ADVERTISEMENT, -1, advertisement, COUNT(advertisement), OPTIONS },
	{ 137, -1, redirect6, COUNT(redirect6), OPTIONS },
	{ ICMP6_MLD2_REPORT, -1, report6, COUNT(report6), RECORDS },
};

static const struct kind *kind_of(const struct kind *k, size_t count, uint8_t type, uint8_t code)
{
	for (size_t i = 0; i < count; i++)
		if (k[i].type == type && (k[i].code < 0 || k[i].code == code)) return &k[i];
	return NULL;
}

static const struct meaning options6[] = { { 1, "source link-layer address" }, { 2, "target link-layer address" },
	{ 3, "prefix information" }, { 4, "redirected header" }, { 5, "MTU" }, { 25, "DNS servers" }, { 31, "DNS search list" },
	{ 0, NULL } };

/* RFC 4861, 4.6. */
static void say_option6(struct field *f, struct bytes b)
{
	const char *words = meaning_of(options6, b.at[0]);
	char text[IP_TEXT_MAX];
	struct mac mac;

	field_say(f, "%s", words != NULL ? words : "unknown");
	if (b.at[0] <= 2 && b.len == 8) {
		memcpy(mac.byte, b.at + 2, 6);
		field_say(f, " %s", mac_text(mac, text));
	} else if (b.at[0] == 3 && b.len == 32) {
		field_say(f, " %s/%u, valid for %u s", ip_text(ip6_of(b.at + 16), text), b.at[2], load_be32(b.at + 4));
	} else if (b.at[0] == 5 && b.len == 8) {
		field_say(f, " %u", load_be32(b.at + 4));
	}
}

static void add_options6(struct out *o, struct bytes b)
{
	while (b.len > 0) {
		size_t len = b.len > 1 && b.at[1] > 0 ? size_min(b.at[1] * 8u, b.len) : b.len;
		bool sound = b.len > 1 && b.at[1] > 0 && len == b.at[1] * 8u;
		struct field *f = field_add(o, 1, b.at, len, "Option", sound ? "More about it, by kind." : "Its length makes no sense.");
		if (sound) say_option6(f, bytes_first(b, len));
		b = bytes_skip(b, len);
	}
}

/* Group records of MLD (RFC 3810, 5.2.4) and IGMP (RFC 3376, 4.2.4): the same but for the addresses' length. */
static void add_records(struct out *o, struct bytes b, size_t address)
{
	static const struct meaning kinds[] = { { 1, "listens to these senders" }, { 2, "listens to all but these" },
		{ 3, "now listens to these senders" }, { 4, "now listens to all but these" }, { 5, "these senders too" },
		{ 6, "these senders no more" }, { 0, NULL } };

	while (b.len >= 4 + address) {
		unsigned sources = load_be16(b.at + 2);
		size_t len = size_min(4 + address + address * sources + b.at[1] * 4u, b.len);
		const char *words = meaning_of(kinds, b.at[0]);
		char group[IP_TEXT_MAX];
		struct ip ip = address == 4 ? ip4_of(load_be32(b.at + 4)) : ip6_of(b.at + 4);
		field_say(field_add(o, 1, b.at, len, "Group Record", "What the sender wants of one group, and from whom."),
		          "%s: %s, %u sources", ip_text(ip, group), words != NULL ? words : "unknown", sources);
		b = bytes_skip(b, len);
	}
	rest_add(o, b, "Data", NULL);
}

/* Where the layer's own bytes end: errors and echoes carry somebody else's. */
static size_t own_bytes(const struct kind *k, struct bytes b)
{
	if (k == NULL) return size_min(8, b.len);
	return k->after == DATA || k->after == QUOTE ? size_min(8, b.len) : b.len;
}

static void dissect_rest(struct out *o, const struct kind *k, struct bytes own, struct bytes b, bool six)
{
	if (k == NULL) {
		rest_add(o, bytes_skip(own, 4), "Rest of Header", NULL);
	} else if (!rows_add(o, k->rows, k->count, own)) {
		return;
	} else {
		const struct row *last = &k->rows[k->count - 1];
		struct bytes more = bytes_skip(own, (size_t)last->offset + last->len);
		if (k->after == OPTIONS) add_options6(o, more);
		else if (k->after == RECORDS) add_records(o, more, 16);
		else rest_add(o, more, "Data", NULL);
	}
	struct bytes carried = bytes_skip(b, own.len);
	if (k == NULL || k->after != QUOTE) dissect_data(o, carried, "Data", k != NULL && k->after == DATA ? "Comes back as it was sent." : NULL);
	else if (six) dissect_ip6(o, carried, true);
	else dissect_ip4(o, carried, true);
}

static void dissect_icmp(struct out *o, struct bytes b, bool six)
{
	size_t first = o->count;
	const struct kind *k = b.len < 2 ? NULL : six ? kind_of(kinds6, COUNT(kinds6), b.at[0], b.at[1])
	                                              : kind_of(kinds4, COUNT(kinds4), b.at[0], b.at[1]);
	struct bytes own = bytes_first(b, own_bytes(k, b));
	struct field *layer = field_add(o, 0, b.at, own.len, six ? "Internet Control Message Protocol version 6" : "Internet Control Message Protocol",
	                                six ? "Reports errors, and finds neighbours and routers (RFC 4443, RFC 4861)."
	                                    : "Reports errors, and answers whether a host is there (RFC 792).");
	struct icmp m;

	if (!rows_add(o, six ? head6 : head4, 3, own)) {
		layer_refused(layer, DROP_SHORT);
		return;
	}
	const struct meaning *codes = NULL;
	if (six && b.at[0] == ICMP6_UNREACHABLE) codes = unreachable6;
	else if (!six && b.at[0] == ICMP4_UNREACHABLE) codes = unreachable4;
	else if (b.at[0] == (six ? ICMP6_TIME_EXCEEDED : ICMP4_TIME_EXCEEDED)) codes = exceeded;
	const char *type = meaning_of(six ? types6 : types4, b.at[0]), *code = meaning_of(codes, b.at[1]);
	field_say(layer, "%s%s%s", type != NULL ? type : "unknown", code != NULL ? ": " : "", code != NULL ? code : "");
	uint64_t sum = six ? checksum_pseudo(o->src, o->dst, IP_ICMP6, b.len) : 0;
	checksum_say(o, first, load_be16(b.at + 2), checksum_finish(checksum_add(sum, b)));
	layer_refused(layer, icmp_parse(b, six, o->src, o->dst, &m));
	dissect_rest(o, k, own, b, six);
}

void dissect_icmp4(struct out *o, struct bytes b) { dissect_icmp(o, b, false); }
void dissect_icmp6(struct out *o, struct bytes b) { dissect_icmp(o, b, true); }

static const struct meaning igmp_types[] = { { IGMP_QUERY, "membership query" }, { IGMP1_REPORT, "version 1 report" },
	{ IGMP2_REPORT, "version 2 report" }, { IGMP2_LEAVE, "leave group" }, { IGMP3_REPORT, "version 3 report" }, { 0, NULL } };
static const struct row igmp2[] = {
	{ 0, 1, 1, 0, HEX, "Type", "Whether a router asks who listens, or a host says what it wants.", igmp_types },
	{ 1, 1, 1, 0, SPAN_TENTHS, "Max Resp Time", "Hosts answer a query within this time, each at its own moment.", NULL },
	{ 2, 2, 1, 0, HEX, "Checksum", "Over the whole message.", NULL },
	{ 4, 4, 1, 0, IP4, "Group Address", "Which group; none: all are asked for.", NULL },
};
static const struct row igmp3_report[] = {
	{ 0, 1, 1, 0, HEX, "Type", "A host says what it wants, of many groups at once.", igmp_types },
	{ 1, 1, 1, 0, NUMBER, "Reserved", NULL, NULL },
	{ 2, 2, 1, 0, HEX, "Checksum", "Over the whole message.", NULL },
	{ 4, 2, 1, 0, NUMBER, "Reserved", NULL, NULL },
	{ 6, 2, 1, 0, NUMBER, "Number of Group Records", "How many groups follow.", NULL },
};

void dissect_igmp(struct out *o, struct bytes b)
{
	bool report3 = b.at[0] == IGMP3_REPORT;
	size_t first = o->count;
	struct field *layer = field_add(o, 0, b.at, b.len, "Internet Group Management Protocol",
	                                "Tells routers which groups somebody on this link listens to (RFC 2236, RFC 3376).");
	const char *type = meaning_of(igmp_types, b.at[0]);
	struct igmp m;

	field_say(layer, "%s", type != NULL ? type : "unknown");
	layer_refused(layer, igmp_parse(b, &m));
	if (!rows_add(o, report3 ? igmp3_report : igmp2, report3 ? COUNT(igmp3_report) : COUNT(igmp2), b)) return;
	checksum_say(o, first, load_be16(b.at + 2), checksum_finish(checksum_add(0, b)));
	if (report3) add_records(o, bytes_skip(b, 8), 4);
	else rest_add(o, bytes_skip(b, 8), "Data", "Of version 3: the querier's timers, and which senders are asked for.");
}
