/* SPDX-License-Identifier: ISC */
/* sockets_json.c - one object a call, on one line. */
#include <inttypes.h>

#include "tool/say.h"
#include "tool/sockets/sockets_parts.h"

static void print_string(struct text *out, const char *string) { say_json(out, bytes_of(string)); }

static void print_end(const char *name, const struct addr *end, struct text *out)
{
	char ip[IP_TEXT_MAX];
	text_printf(out, ",\"%s\":{\"address\":\"%s\",\"port\":%u}", name, ip_text(end->ip, ip), end->port);
}

static void print_info(const struct diag_info *i, struct text *out)
{
	text_printf(out, ",\"tcp\":{\"rtt_us\":%u,\"rttvar_us\":%u,\"min_rtt_us\":%u,\"rto_us\":%u,\"mss\":%u,\"pmtu\":%u,\"cwnd\":%u",
	            i->rtt_us, i->rttvar_us, i->min_rtt_us == UINT32_MAX ? 0 : i->min_rtt_us, i->rto_us, i->mss, i->pmtu, i->cwnd);
	if (i->ssthresh != UINT32_MAX) text_printf(out, ",\"ssthresh\":%u", i->ssthresh);
	text_printf(out, ",\"in_flight\":%u,\"lost\":%u,\"retransmits\":%u,\"reordering\":%u,\"not_sent_bytes\":%u", i->unacked,
	            i->lost, i->retransmits, i->reordering, i->not_sent);
	text_printf(out, ",\"bytes_acked\":%" PRIu64 ",\"bytes_received\":%" PRIu64 ",\"bytes_resent\":%" PRIu64
	            ",\"delivery_rate\":%" PRIu64, i->bytes_acked, i->bytes_received, i->bytes_again, i->delivery_rate);
	if (i->pacing_rate != UINT64_MAX) text_printf(out, ",\"pacing_rate\":%" PRIu64, i->pacing_rate);
	text_printf(out, ",\"last_sent_ms\":%u,\"last_received_ms\":%u}", i->sent_ago_ms, i->received_ago_ms);
}

static void print_user(const struct sockets_table *t, uint32_t uid, struct text *out)
{
	char name[SOCKETS_NAME_MAX];
	text_printf(out, "\"uid\":%u,\"user\":", uid);
	print_string(out, sockets_user(t->names, uid, name));
}

static void print_owners(const struct sockets_table *t, const struct sockets_row *row, struct text *out)
{
	const char *comma = "";

	text_puts(out, ",\"owners\":[");
	for (uint32_t at = row->owner; at != SOCKETS_NONE; at = t->owner[at].next) {
		const struct sockets_process *p = &t->process[t->owner[at].process];
		if (!p->chosen) continue;
		text_printf(out, "%s{\"pid\":%u,\"fd\":%d,\"command\":", comma, p->pid, t->owner[at].fd);
		print_string(out, p->command);
		text_puts(out, ",");
		print_user(t, p->uid, out);
		text_puts(out, "}");
		comma = ",";
	}
	text_puts(out, "]");
}

static void print_socket(const struct sockets_table *t, const struct sockets_row *row, struct text *out)
{
	static const char *const timers[] = { NULL, "resend", "keepalive", "time-wait", "probe" };
	const struct diag_socket *s = &row->socket;

	text_printf(out, "{\"family\":%u,\"protocol\":\"%s\",\"state\":\"%s\"", s->family, sockets_protocol(s), diag_state_name(s));
	print_end("local", &s->local, out);
	print_end("remote", &s->remote, out);
	text_printf(out, ",\"interface\":%u,\"inode\":%u,", s->interface, s->inode);
	print_user(t, s->uid, out);
	if (s->state == DIAG_LISTEN) text_printf(out, ",\"waiting\":%u,\"backlog\":%u", s->receive_queue, s->send_queue);
	else text_printf(out, ",\"receive_queue\":%u,\"send_queue\":%u", s->receive_queue, s->send_queue);
	if (s->family == 6) text_printf(out, ",\"only_ip6\":%s", s->only_ip6 ? "true" : "false");
	if (s->timer != DIAG_TIMER_OFF && s->timer < COUNT(timers))
		text_printf(out, ",\"timer\":{\"for\":\"%s\",\"ms\":%u,\"count\":%u}", timers[s->timer], s->timer_ms, s->timer_count);
	if (s->congestion[0] != '\0') text_puts(out, ",\"congestion\":"), print_string(out, s->congestion);
	if (s->has_info && s->state != DIAG_LISTEN) print_info(&s->info, out);
	if (s->has_memory)
		text_printf(out, ",\"memory\":{\"receive\":%u,\"receive_max\":%u,\"send\":%u,\"send_max\":%u,\"drops\":%u}",
		            s->memory.receive, s->memory.receive_max, s->memory.send, s->memory.send_max, s->memory.drops);
	print_owners(t, row, out);
	text_puts(out, "}");
}

static void print_number(struct text *out, const char *name, bool known, uint64_t value)
{
	if (known && value != UINT64_MAX) text_printf(out, ",\"%s\":%" PRIu64, name, value);
	else text_printf(out, ",\"%s\":null", name); /* not known, or no limit */
}

static void print_process(const struct sockets_table *t, const struct sockets_process *p, struct text *out)
{
	text_printf(out, "{\"pid\":%u,\"command\":", p->pid);
	print_string(out, p->command);
	text_puts(out, ",");
	print_user(t, p->uid, out);
	print_number(out, "used", p->counted, p->used);
	print_number(out, "soft", p->limited, p->soft);
	print_number(out, "hard", p->limited, p->hard);
	text_puts(out, "}");
}

size_t sockets_print_json(const struct sockets_options *o, const struct sockets_table *t, struct text *out)
{
	size_t shown = 0;

	text_puts(out, o->limits ? "{\"processes\":[" : "{\"sockets\":[");
	for (size_t i = 0; o->limits && i < t->processes; i++) {
		if (!t->process[i].chosen) continue;
		if (shown++ > 0) text_puts(out, ",");
		print_process(t, &t->process[i], out);
	}
	for (size_t i = 0; !o->limits && i < t->rows; i++) {
		if (!sockets_shown(o, t, &t->row[i])) continue;
		if (shown++ > 0) text_puts(out, ",");
		print_socket(t, &t->row[i], out);
	}
	text_printf(out, "],\"processes_hidden\":%zu}\n", t->hidden);
	return shown;
}
