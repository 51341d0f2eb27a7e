/* SPDX-License-Identifier: ISC */
/* nc_show.c - what happens: nc's sentences on err (-v), or everything on out, as hexadecimal or as lines of JSON. */
#include "tool/nc/nc_parts.h"
#include "tool/say.h"

static uint64_t microseconds_now(struct nc *n)
{
	instant since = net_now(n->env->net) - n->env->date_at;
	return (uint64_t)n->env->date * 1000000 + (uint64_t)(since / MICROSECOND);
}

/* Sockets in the file system have no address to tell. */
static const char *name_of(struct nc *n, const struct addr *peer)
{
	return n->o.local ? n->o.host : addr_text(peer, n->who);
}

void nc_show_received(struct nc *n, const struct addr *peer)
{
	char ip[IP_TEXT_MAX];

	if (!n->o.verbose) return;
	if (n->o.local) text_printf(n->env->err, "Connection received on %s\n", n->o.host);
	else text_printf(n->env->err, "Connection received on %s %u\n", ip_text(peer->ip, ip), peer->port);
}

/* --- JSON --- */

static bool is_utf8(struct bytes b)
{
	while (b.len > 0) {
		size_t n = text_utf8(b);
		if (n == 0) return false;
		b = bytes_skip(b, n);
	}
	return true;
}

static void json_begin(struct nc *n, const char *event, const struct addr *peer)
{
	uint64_t us = microseconds_now(n);

	text_printf(n->env->out, "{\"time\": %llu.%06u, \"event\": \"%s\"", (unsigned long long)(us / 1000000), (unsigned)(us % 1000000), event);
	if (peer == NULL) return;
	text_puts(n->env->out, ", \"peer\": ");
	say_json(n->env->out, bytes_of(name_of(n, peer)));
}

static void json_data(struct nc *n, bool sent, const struct addr *peer, struct bytes b)
{
	json_begin(n, sent ? "sent" : "received", peer);
	text_printf(n->env->out, ", \"bytes\": %zu", b.len);
	if (is_utf8(b)) {
		text_puts(n->env->out, ", \"text\": ");
		say_json(n->env->out, b);
	} else {
		text_puts(n->env->out, ", \"hex\": \"");
		for (size_t i = 0; i < b.len; i++) text_printf(n->env->out, "%02x", b.at[i]);
		text_puts(n->env->out, "\"");
	}
	text_puts(n->env->out, "}\n");
}

/* --- hexadecimal --- */

static void hex_line(struct text *t, uint64_t at, struct bytes b)
{
	text_printf(t, "%08llx ", (unsigned long long)at);
	for (size_t i = 0; i < 16; i++) {
		if (i == 8) text_puts(t, " ");
		if (i < b.len) text_printf(t, " %02x", b.at[i]);
		else text_puts(t, "   ");
	}
	text_puts(t, "  |");
	for (size_t i = 0; i < b.len; i++) text_printf(t, "%c", b.at[i] >= 0x20 && b.at[i] < 0x7f ? b.at[i] : '.');
	text_puts(t, "|\n");
}

static void hex_data(struct nc *n, bool sent, const struct addr *peer, struct bytes b)
{
	uint64_t us = microseconds_now(n), *at = sent ? &n->shown_sent : &n->shown_received;
	unsigned s = (unsigned)(us / 1000000 % 86400);

	text_printf(n->env->out, "%c %02u:%02u:%02u.%06u %s %s, %zu bytes\n", sent ? '>' : '<', s / 3600, s / 60 % 60, s % 60,
	            (unsigned)(us % 1000000), sent ? "to" : "from", name_of(n, peer), b.len);
	if (n->o.udp) *at = 0; /* each datagram for itself */
	for (; b.len > 0; b = bytes_skip(b, size_min(b.len, 16))) {
		struct bytes line = bytes_first(b, size_min(b.len, 16));
		hex_line(n->env->out, *at, line);
		*at += line.len;
	}
}

void nc_show_data(struct nc *n, bool sent, const struct addr *peer, struct bytes b)
{
	if (n->o.json) json_data(n, sent, peer, b);
	else if (n->o.hex) hex_data(n, sent, peer, b);
}

/* --- what else happens --- */

void nc_show_event(struct nc *n, const char *event, const struct addr *peer, const char *why)
{
	if (!n->o.json) return;
	json_begin(n, event, peer);
	if (why != NULL) {
		text_puts(n->env->out, ", \"why\": ");
		say_json(n->env->out, bytes_of(why));
	}
	if (n->sent > 0 || n->received > 0)
		text_printf(n->env->out, ", \"sent\": %llu, \"received\": %llu", (unsigned long long)n->sent, (unsigned long long)n->received);
	text_puts(n->env->out, "}\n");
}

/* A port that answers or does not: for -z and -v. */
void nc_show_port(struct nc *n, uint16_t port, bool open, const char *why)
{
	const char *protocol = n->o.udp ? "udp" : "tcp";

	if (n->o.json && n->o.zero) {
		json_begin(n, "port", NULL);
		text_puts(n->env->out, ", \"host\": ");
		say_json(n->env->out, bytes_of(n->host));
		text_printf(n->env->out, ", \"port\": %u, \"protocol\": \"%s\", \"open\": %s", port, protocol, open ? "true" : "false");
		if (why != NULL) text_printf(n->env->out, ", \"why\": \"%s\"", why);
		text_puts(n->env->out, "}\n");
	}
	if (n->o.verbose && open)
		text_printf(n->env->err, "Connection to %s %u port [%s/%s] succeeded!\n", n->host, port, protocol, nc_service_name(n, port));
}
