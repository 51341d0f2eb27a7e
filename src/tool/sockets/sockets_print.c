/* SPDX-License-Identifier: ISC */
/* sockets_print.c - rows of text: one a socket and process that holds it, as lsof has them. */
#include <inttypes.h>

#include "tool/say.h"
#include "tool/sockets/sockets_parts.h"

#define END_TEXT_MAX (ADDR_TEXT_MAX + SOCKETS_NAME_MAX + 12)

/* What was looked up last, and which ports have names at all: the files are not read through for each row. */
struct lookup {
	const struct sockets_options *o;
	const struct sockets_names *names;
	uint8_t named[2][(UINT16_MAX + 1) / 8]; /* TCP's, UDP's */
	char service[2][SOCKETS_NAME_MAX];
	uint32_t port[2];
	char user[SOCKETS_NAME_MAX];
	uint64_t uid;
};

const char *sockets_protocol(const struct diag_socket *s) { return s->protocol == DIAG_TCP ? "TCP" : "UDP"; }

/* Every number that follows a blank and precedes "/tcp" or "/udp": more than there are does no harm. */
static void find_named(struct lookup *l)
{
	struct bytes b = l->names->services;
	uint32_t number = 0;

	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] >= '0' && b.at[i] <= '9') number = number * 10 + (uint32_t)(b.at[i] - '0');
		else if (b.at[i] == '/' && number <= UINT16_MAX && i + 1 < b.len)
			l->named[b.at[i + 1] == 'u'][number / 8] |= (uint8_t)(1u << number % 8), number = 0;
		else number = 0;
	}
}

static void lookup_start(struct lookup *l, const struct sockets_options *o, const struct sockets_names *names)
{
	memset(l, 0, sizeof *l);
	l->o = o;
	l->names = names;
	l->port[0] = l->port[1] = UINT32_MAX;
	l->uid = UINT64_MAX;
	if (!o->numeric) find_named(l);
}

static const char *user_name(struct lookup *l, uint32_t uid)
{
	if (l->uid != uid) sockets_user(l->names, uid, l->user);
	l->uid = uid;
	return l->user;
}

static const char *service_name(struct lookup *l, uint16_t port, uint8_t protocol)
{
	unsigned kind = protocol == DIAG_UDP;

	if ((l->named[kind][port / 8] >> port % 8 & 1) == 0) return NULL;
	if (l->port[kind] != port && !sockets_service(l->names, port, protocol, l->service[kind])) return NULL;
	l->port[kind] = port;
	return l->service[kind];
}

/* "127.0.0.1:https", "[fe80::1%2]:443", "0.0.0.0:*" */
static void print_end(struct lookup *l, const struct diag_socket *s, const struct addr *end, struct text *t)
{
	char ip[IP_TEXT_MAX];
	bool brackets = !ip_is4(end->ip);
	const char *service = end->port != 0 ? service_name(l, end->port, s->protocol) : NULL;

	if (brackets) text_puts(t, "[");
	text_puts(t, ip_text(end->ip, ip));
	if (s->interface != 0 && end == &s->local) text_printf(t, "%%%u", s->interface);
	text_puts(t, brackets ? "]:" : ":");
	if (end->port == 0) text_puts(t, "*");
	else if (service != NULL) text_puts(t, service);
	else text_printf(t, "%u", end->port);
}

struct widths { int user, local, remote; };

static const char *const column_line = "%-15.15s %7s %-*s %5s %-4s %-5s %-11s %6s %6s %-*s %s\n";

static void print_row(struct lookup *l, const struct sockets_table *t, const struct diag_socket *s,
                      const struct sockets_owner *owner, const struct widths *w, struct text *out)
{
	char local[END_TEXT_MAX], remote[END_TEXT_MAX], pid[16] = "-", fd[16] = "-", receive[16], send[16], command[64] = "-";
	const struct sockets_process *p = owner != NULL ? &t->process[owner->process] : NULL;
	struct text a = text_in(local, sizeof local), b = text_in(remote, sizeof remote), c = text_in(command, sizeof command);

	print_end(l, s, &s->local, &a);
	print_end(l, s, &s->remote, &b);
	say_bytes(&c, bytes_of(p != NULL ? p->command : "-"));
	a = text_in(receive, sizeof receive), text_printf(&a, "%u", s->receive_queue);
	a = text_in(send, sizeof send), text_printf(&a, "%u", s->send_queue);
	if (p != NULL) a = text_in(pid, sizeof pid), text_printf(&a, "%u", p->pid);
	if (p != NULL) a = text_in(fd, sizeof fd), text_printf(&a, "%d", owner->fd);
	const char *user = p != NULL ? user_name(l, p->uid) : s->inode != 0 ? user_name(l, s->uid) : "-";
	text_printf(out, column_line, command, pid, w->user, user, fd, s->family == 4 ? "IPv4" : "IPv6", sockets_protocol(s),
	            diag_state_name(s), receive, send, w->local, local, remote);
}

static void print_timer(const struct diag_socket *s, struct text *out)
{
	static const char *const what[] = { "", "resend", "keepalive", "end of TIME_WAIT", "window probe" };

	if (s->timer == DIAG_TIMER_OFF || s->timer >= COUNT(what)) return;
	text_printf(out, "; %s in %.1f s", what[s->timer], s->timer_ms / 1000.0);
	if (s->timer_count > 0) text_printf(out, " (%u before)", s->timer_count);
}

static void print_info(const struct diag_info *i, struct text *out)
{
	text_printf(out, " rtt %.3f ms (+-%.3f, least %.3f)", i->rtt_us / 1e3, i->rttvar_us / 1e3,
	            (i->min_rtt_us == UINT32_MAX ? 0 : i->min_rtt_us) / 1e3);
	text_printf(out, " rto %.0f ms, mss %u of pmtu %u, cwnd %u", i->rto_us / 1e3, i->mss, i->pmtu, i->cwnd);
	if (i->ssthresh != UINT32_MAX) text_printf(out, " ssthresh %u", i->ssthresh);
	text_printf(out, ", in flight %u, lost %u, resent %u (%" PRIu64 " bytes); acked %" PRIu64 ", received %" PRIu64
	            ", unsent %u bytes; last sent %u ms ago, received %u ms ago", i->unacked, i->lost, i->retransmits, i->bytes_again,
	            i->bytes_acked, i->bytes_received, i->not_sent, i->sent_ago_ms, i->received_ago_ms);
	if (i->delivery_rate > 0) text_printf(out, "; delivers %.1f Mbit/s", (double)i->delivery_rate * 8 / 1e6);
}

/* Of one that listens the queues mean something else, and there is no round trip. */
static void print_details(const struct diag_socket *s, struct text *out)
{
	const char *before = s->congestion[0] != '\0' || s->state == DIAG_LISTEN || (s->has_info && s->info.cwnd > 0) ? "; " : " ";

	text_puts(out, "   ");
	if (s->congestion[0] != '\0') text_puts(out, " "), say_bytes(out, bytes_of(s->congestion));
	if (s->state == DIAG_LISTEN) text_printf(out, " %u of %u may wait to be accepted", s->receive_queue, s->send_queue);
	else if (s->has_info && s->info.cwnd > 0) print_info(&s->info, out);
	if (s->has_memory)
		text_printf(out, "%smemory: receive %u of %u, send %u of %u, dropped %u", before, s->memory.receive, s->memory.receive_max,
		            s->memory.send, s->memory.send_max, s->memory.drops);
	if (s->only_ip6) text_puts(out, "; takes no IPv4");
	print_timer(s, out);
	text_printf(out, "; inode %u\n", s->inode);
}

static struct widths measure(struct lookup *l, const struct sockets_table *t)
{
	struct widths w = { 4, 5, 6 };
	char buffer[END_TEXT_MAX];
	uint64_t before = UINT64_MAX;

	for (size_t i = 0; i < t->rows; i++) {
		const struct diag_socket *s = &t->row[i].socket;
		struct text text = text_in(buffer, sizeof buffer);
		print_end(l, s, &s->local, &text);
		w.local = (int)size_max((size_t)w.local, text.len);
		if (s->uid != before && s->inode != 0) w.user = (int)size_max((size_t)w.user, strlen(user_name(l, before = s->uid)));
	}
	return w;
}

static size_t print_sockets(const struct sockets_options *o, const struct sockets_table *t, struct text *out)
{
	struct lookup l;
	size_t shown = 0;

	lookup_start(&l, o, t->names);
	struct widths w = measure(&l, t);
	for (size_t i = 0; i < t->rows; i++) {
		const struct sockets_row *row = &t->row[i];
		if (!sockets_shown(o, t, row)) continue;
		if (shown++ == 0)
			text_printf(out, column_line, "COMMAND", "PID", w.user, "USER", "FD", "TYPE", "PROTO", "STATE", "RECV-Q", "SEND-Q",
			            w.local, "LOCAL", "REMOTE");
		if (row->owner == SOCKETS_NONE) print_row(&l, t, &row->socket, NULL, &w, out);
		for (uint32_t at = row->owner; at != SOCKETS_NONE; at = t->owner[at].next)
			if (t->process[t->owner[at].process].chosen) print_row(&l, t, &row->socket, &t->owner[at], &w, out);
		if (o->details) print_details(&row->socket, out);
	}
	return shown;
}

static const char *limit_text(bool known, uint64_t limit, char buffer[24])
{
	struct text t = text_in(buffer, 24);
	if (!known) text_puts(&t, "-");
	else if (limit == UINT64_MAX) text_puts(&t, "unlimited");
	else text_printf(&t, "%" PRIu64, limit);
	return buffer;
}

static size_t print_limits(const struct sockets_options *o, const struct sockets_table *t, struct text *out)
{
	struct lookup l;
	size_t shown = 0;

	lookup_start(&l, o, t->names);
	for (size_t i = 0; i < t->processes; i++) {
		const struct sockets_process *p = &t->process[i];
		char used[24], soft[24], hard[24], near[24] = "-", command[64];
		struct text c = text_in(command, sizeof command), n = text_in(near, sizeof near);
		if (!p->chosen) continue;
		if (shown++ == 0)
			text_printf(out, "%-15s %7s %-12s %9s %9s %9s %5s\n", "COMMAND", "PID", "USER", "USED", "SOFT", "HARD", "FULL");
		say_bytes(&c, bytes_of(p->command));
		if (p->counted && p->limited && p->soft > 0) text_printf(&n, "%.0f%%", 100.0 * (double)p->used / (double)p->soft);
		else text_puts(&n, "-");
		text_printf(out, "%-15s %7u %-12s %9s %9s %9s %5s\n", command, p->pid, user_name(&l, p->uid),
		            limit_text(p->counted, p->used, used), limit_text(p->limited, p->soft, soft),
		            limit_text(p->limited, p->hard, hard), near);
	}
	return shown;
}

size_t sockets_print(const struct sockets_options *o, const struct sockets_table *t, struct text *out)
{
	if (o->json) return sockets_print_json(o, t, out);
	size_t shown = o->limits ? print_limits(o, t, out) : print_sockets(o, t, out);
	if (o->explain) sockets_explain(o, t, out);
	return shown;
}
