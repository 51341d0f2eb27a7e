/* SPDX-License-Identifier: ISC */
/* sockets_explain.c - what a port's sockets mean to each other, in words: who holds it, why a listening and a connected
 * socket can share it, what is in the way of who wants to bind it. */
#include "tool/say.h"
#include "tool/sockets/sockets_parts.h"

#define HOLDERS_MAX 3 /* named; more are counted */

/* The rows of one protocol and local port, which stand together. */
struct group {
	const struct sockets_options *o;
	const struct sockets_table *t;
	size_t first, end;
	unsigned count[DIAG_STATES], listeners, others;
	uint32_t last_ms;  /* until the last TIME_WAIT ends */
};

static void count_group(struct group *g)
{
	for (size_t i = g->first; i < g->end; i++) {
		const struct diag_socket *s = &g->t->row[i].socket;
		if (!sockets_shown(g->o, g->t, &g->t->row[i])) continue;
		g->count[s->state]++;
		if (s->state == DIAG_TIME_WAIT && s->timer_ms > g->last_ms) g->last_ms = s->timer_ms;
	}
	g->listeners = g->count[DIAG_LISTEN];
	for (unsigned state = DIAG_ESTABLISHED; state <= DIAG_CLOSING; state++)
		if (state != DIAG_LISTEN && state != DIAG_TIME_WAIT && state != DIAG_CLOSE) g->others += g->count[state];
}

static void print_holder(const struct sockets_table *t, const struct sockets_row *row, struct text *out)
{
	char user[SOCKETS_NAME_MAX];
	unsigned named = 0, more = 0;

	for (uint32_t at = row->owner; at != SOCKETS_NONE; at = t->owner[at].next) {
		const struct sockets_process *p = &t->process[t->owner[at].process];
		if (named == HOLDERS_MAX) {
			more++;
			continue;
		}
		text_puts(out, named++ > 0 ? ", and " : "");
		say_bytes(out, bytes_of(p->command));
		text_printf(out, " (pid %u, user %s, fd %d)", p->pid, sockets_user(t->names, p->uid, user), t->owner[at].fd);
	}
	if (more > 0) text_printf(out, ", and %u more", more);
	if (named == 0 && row->socket.inode == 0) text_puts(out, "the kernel alone");
	else if (named == 0)
		text_printf(out, "a process that cannot be seen, of user %s", sockets_user(t->names, row->socket.uid, user));
}

/* What somebody else may still bind beside this one. */
static void print_hold(const struct diag_socket *s, struct text *out)
{
	char ip[IP_TEXT_MAX];

	if (!ip_is_any(s->local.ip))
		text_printf(out, "only at %s: other addresses of this host are free, all of them at once (0.0.0.0, ::) are not",
		            ip_text(s->local.ip, ip));
	else if (s->family == 4) text_puts(out, "at every IPv4 address");
	else text_puts(out, s->only_ip6 ? "at every IPv6 address, and leaves IPv4 to others" : "at every address, IPv4 and IPv6");
}

static bool holds(const struct diag_socket *s)
{
	return s->protocol == DIAG_UDP ? s->state == DIAG_CLOSE : s->state == DIAG_LISTEN || s->state == DIAG_BOUND;
}

static void explain_holders(const struct group *g, struct text *out)
{
	unsigned told = 0;

	for (size_t i = g->first; i < g->end; i++) {
		const struct diag_socket *s = &g->t->row[i].socket;
		if (!holds(s) || !sockets_shown(g->o, g->t, &g->t->row[i])) continue;
		if (told++ == HOLDERS_MAX) {
			text_puts(out, "  More hold it in the same way.\n");
			return;
		}
		text_puts(out, "  ");
		print_holder(g->t, &g->t->row[i], out);
		text_puts(out, s->protocol == DIAG_UDP ? " holds it " : s->state == DIAG_LISTEN ? " listens " : " has bound it, and neither listens nor connects, ");
		print_hold(s, out);
		text_puts(out, ".\n");
	}
	if (told > 0)
		text_printf(out, "  Who else binds it there is told \"Address already in use\", unless both ask for SO_REUSEPORT and are the same user%s.\n",
		            g->t->row[g->first].socket.protocol == DIAG_UDP ? ",\n  or both for SO_REUSEADDR" : "");
}

static void explain_sharing(const struct group *g, struct text *out)
{
	if (g->listeners > 0 && g->others > 0)
		text_printf(out, "  %u more socket%s at the same port: a TCP server has one that listens and one for each connection. They share\n"
		            "  it because a connection is known by both ends' addresses and ports; what fits none goes to the one that listens.\n",
		            g->others, g->others == 1 ? " is" : "s are");
	else if (g->listeners == 0 && g->others > 0)
		text_printf(out, "  %u connection%s from it or lasts there, but nobody listens: a server that binds it is refused until they end, unless\n"
		            "  it sets SO_REUSEADDR and they were made by one that did, too.\n", g->others, g->others == 1 ? " starts" : "s start");
	if (g->t->row[g->first].socket.protocol == DIAG_UDP && g->count[DIAG_CLOSE] > 0)
		text_puts(out, "  A UDP server needs only this one socket: each datagram says whom it is from, and there is nothing to accept.\n");
}

static void explain_ends(const struct group *g, struct text *out)
{
	if (g->count[DIAG_TIME_WAIT] > 0)
		text_printf(out, "  %u in TIME_WAIT, held by no process: this end closed first, and the kernel waits for late segments, the last of\n"
		            "  them for %.0f s more. Until then a server without SO_REUSEADDR cannot bind the port; one with it can.\n",
		            g->count[DIAG_TIME_WAIT], g->last_ms / 1000.0);
	if (g->count[DIAG_CLOSE_WAIT] > 0)
		text_printf(out, "  %u in CLOSE_WAIT: the other end has finished, and the program here has not closed its own. If they stay, it\n"
		            "  forgets to.\n", g->count[DIAG_CLOSE_WAIT]);
	if (g->count[DIAG_SYN_RECV] > 0)
		text_printf(out, "  %u in SYN_RECV: asked to connect, and have not yet confirmed our answer.\n", g->count[DIAG_SYN_RECV]);
}

static void explain_full(const struct group *g, struct text *out)
{
	for (size_t i = g->first; i < g->end; i++) {
		const struct diag_socket *s = &g->t->row[i].socket;
		if (s->state != DIAG_LISTEN || s->receive_queue == 0 || !sockets_shown(g->o, g->t, &g->t->row[i])) continue;
		text_printf(out, "  %u connection%s to be accepted, of %u that may%s.\n", s->receive_queue, s->receive_queue == 1 ? " waits" : "s wait",
		            s->send_queue, s->receive_queue > s->send_queue ? ": it is full, and new ones are ignored" : "");
	}
}

static bool worth_telling(const struct group *g, uint16_t asked)
{
	const struct diag_socket *s = &g->t->row[g->first].socket;
	bool held = g->listeners > 0 || g->count[DIAG_BOUND] > 0 || (s->protocol == DIAG_UDP && g->count[DIAG_CLOSE] > 0);
	return held || g->count[DIAG_TIME_WAIT] > 0 || g->count[DIAG_CLOSE_WAIT] > 0 || (asked == s->local.port && g->others > 0);
}

/* When the port that was asked for is free, or seems so. */
static void explain_free(const struct sockets_table *t, uint16_t port, struct text *out)
{
	text_printf(out, "\nPort %u: nothing that matches has it at this end, in this network namespace.\n", port);
	if (port < t->unprivileged_port)
		text_printf(out, "  Ports under %u may only be bound with CAP_NET_BIND_SERVICE (setcap cap_net_bind_service=+ep PROGRAM), or when\n"
		            "  net.ipv4.ip_unprivileged_port_start is lowered: others are told \"Permission denied\".\n", t->unprivileged_port);
	else if (port >= t->ephemeral_first && port <= t->ephemeral_last)
		text_printf(out, "  The kernel takes outgoing connections' ports from %u to %u: one of them may have it for a moment.\n"
		            "  net.ipv4.ip_local_reserved_ports keeps a port free of that.\n", t->ephemeral_first, t->ephemeral_last);
}

void sockets_explain(const struct sockets_options *o, const struct sockets_table *t, struct text *out)
{
	uint16_t asked = sockets_port_asked(o);
	bool found = false;

	for (size_t i = 0; i < t->rows;) {
		struct group g = { .o = o, .t = t, .first = i };
		const struct diag_socket *s = &t->row[i].socket;
		while (i < t->rows && t->row[i].socket.protocol == s->protocol && t->row[i].socket.local.port == s->local.port) i++;
		g.end = i;
		count_group(&g);
		if (!worth_telling(&g, asked)) continue;
		found |= s->local.port == asked;
		text_printf(out, "\n%s port %u:\n", sockets_protocol(s), s->local.port);
		explain_holders(&g, out);
		if (s->protocol == DIAG_TCP || g.count[DIAG_CLOSE] > 0) explain_sharing(&g, out);
		explain_full(&g, out);
		explain_ends(&g, out);
	}
	if (asked != 0 && !found) explain_free(t, asked, out);
}
