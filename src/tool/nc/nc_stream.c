/* SPDX-License-Identifier: ISC */
/* nc_stream.c - a stream between standard input and output.
 *
 * Nothing is taken from one side before the other has taken it, so nothing is ever held here that could be lost. Where
 * standard output is a stream too, neither direction can hold up the other.
 */
#include "tool/nc/nc_parts.h"

enum { IAC = 255, DONT = 254, DO = 253, WONT = 252, WILL = 251, SB = 250 }; /* RFC 854 */

/* Something moved: the time for -w begins anew. */
static void moved(struct nc *n) { n->give_up_at = instant_after(net_now(n->env->net), n->o.timeout); }

/* --- from the input to the peer --- */

/* How much may go as it is, or the byte that has to come before: for -C and -i. */
static size_t run(const struct nc *n, struct bytes b, bool *wants_cr)
{
	uint8_t last = n->last_sent;

	*wants_cr = false;
	if (!n->o.crlf && n->o.interval == 0) return b.len;
	for (size_t i = 0; i < b.len; last = b.at[i++]) {
		if (b.at[i] != '\n') continue;
		if (n->o.crlf && last != '\r') return *wants_cr = i == 0, i;
		if (n->o.interval > 0) return i + 1;
	}
	return b.len;
}

static size_t say(struct nc *n, struct bytes b)
{
	size_t k = net_send(n->env->net, n->id, b);

	if (k == 0) return 0;
	n->sent += k;
	n->last_sent = b.at[k - 1];
	if (nc_shows(n)) nc_show_data(n, true, &n->peer, bytes_first(b, k));
	moved(n);
	return k;
}

static void pump_out(struct nc *n)
{
	struct net *net = n->env->net;
	bool wants_cr;

	if (n->finished || n->o.no_input) return;
	for (struct bytes b; n->env->input != 0 && (b = net_peek(net, n->env->input)).len > 0;) {
		if (n->o.interval > 0 && net_now(net) < n->line_at) return;
		size_t want = run(n, b, &wants_cr), k;
		if (wants_cr) {
			if (say(n, bytes_of("\r")) == 0) return;
			continue;
		}
		k = say(n, bytes_first(b, want));
		net_take(net, n->env->input, k);
		if (k < want) return;
		if (n->o.interval > 0 && n->last_sent == '\n') n->line_at = instant_after(net_now(net), n->o.interval);
	}
}

/* --- from the peer to the output --- */

static size_t print(struct nc *n, struct bytes b)
{
	if (nc_shows(n)) nc_show_data(n, false, &n->peer, b);
	else if (n->output_failed) return b.len;
	else if (n->output != 0) return net_send(n->env->net, n->output, b);
	else text_put(n->env->out, b);
	return b.len;
}

static bool answers_fit(struct nc *n)
{
	size_t k = net_send(n->env->net, n->id, (struct bytes){ n->answer, n->answer_len });

	n->answer_len -= (unsigned)k;
	memmove(n->answer, n->answer + k, n->answer_len);
	return n->answer_len + 3 <= sizeof n->answer;
}

/* A byte of a command: to DO we say WONT, to WILL we say DONT; what else there is means nothing to us. */
static void command_byte(struct nc *n, uint8_t c)
{
	n->telnet[n->telnet_len++] = c;
	if (n->telnet_len == 1 || (n->telnet_len == 2 && n->telnet[1] >= WILL && n->telnet[1] <= DONT)) return;
	n->telnet_len = 0;
}

/* What of it is commands (RFC 854) is answered and not shown. Returns what was taken; 0 if that is stuck. */
static size_t hear_telnet(struct nc *n, struct bytes b)
{
	const uint8_t *iac = memchr(b.at, IAC, b.len);

	if (n->telnet_len == 0 && iac != b.at) return print(n, bytes_first(b, iac != NULL ? (size_t)(iac - b.at) : b.len));
	if (!answers_fit(n)) return 0;
	if (n->telnet_len == 1 && b.at[0] == IAC) { /* two of them are one byte of data */
		if (print(n, bytes_first(b, 1)) == 0) return 0;
		n->telnet_len = 0;
		return 1;
	}
	if (n->telnet_len == 2) {
		uint8_t to = n->telnet[1], say_what = to == DO ? WONT : to == WILL ? DONT : 0;
		if (say_what != 0) {
			const uint8_t answer[3] = { IAC, say_what, b.at[0] };
			memcpy(n->answer + n->answer_len, answer, 3);
			n->answer_len += 3;
		}
		n->telnet_len = 0;
		answers_fit(n);
		return 1;
	}
	command_byte(n, b.at[0]);
	return 1;
}

static void pump_in(struct nc *n)
{
	struct net *net = n->env->net;

	for (struct bytes b; (b = net_peek(net, n->id)).len > 0;) {
		size_t k = n->o.telnet ? hear_telnet(n, b) : print(n, b);
		if (k == 0) return;
		net_take(net, n->id, k);
		n->received += k;
		moved(n);
		if (!n->o.telnet && n->o.pieces_max > 0 && ++n->pieces == n->o.pieces_max) {
			nc_over(n, TOOL_OK);
			return;
		}
	}
}

/* --- what it comes to --- */

static void finish(struct nc *n)
{
	if (n->finished) return;
	n->finished = true;
	net_finish(n->env->net, n->id);
}

/* The output has all of it when the peer's end is told; unless somebody else may come, that is the output's end, too. */
static void end_output(struct nc *n)
{
	if (n->output == 0 || n->output_finished || n->o.keep) return;
	n->output_finished = true;
	net_finish(n->env->net, n->output);
}

/* All of the input is with the net when its end is told. A person at a terminal is not waited for once the peer is gone. */
static void settle(struct nc *n)
{
	bool input_over = n->input_over || n->env->input == 0 || n->o.no_input;

	if (n->state != NC_TALKING) return;
	if (n->output_failed && input_over) { /* nothing more can come of it */
		nc_over(n, TOOL_FAILED);
		return;
	}
	if (n->stopping || (n->peer_over && (input_over || n->env->input_typed))) finish(n);
	if (!n->input_over || n->o.no_input) return;
	if (n->o.finish || n->o.quit_after != NEVER) finish(n);
	if (n->o.quit_after != NEVER && n->quit_at == NEVER) n->quit_at = instant_after(net_now(n->env->net), n->o.quit_after);
}

void nc_pump(struct nc *n)
{
	if (n->state != NC_TALKING) return;
	pump_in(n);
	if (n->state != NC_TALKING) return;
	if (n->answer_len > 0) answers_fit(n);
	pump_out(n);
	settle(n);
}

static void closed(struct nc *n, enum net_why why)
{
	n->id = 0;
	nc_show_event(n, "closed", &n->peer, secure_why(&n->secure, why));
	if (why != NET_DONE) nc_complain(n, nc_status_of(why), "%s", secure_why(&n->secure, why));
	else if (n->o.verbose && n->o.listen && n->o.keep) text_puts(n->env->err, "Connection closed\n");
	nc_over(n, why == NET_DONE ? TOOL_OK : nc_status_of(why));
}

void nc_stream_event(struct nc *n, const struct net_event *ev)
{
	switch (ev->what) {
	case NET_READABLE: case NET_WRITABLE: nc_pump(n); break;
	case NET_EOF:
		n->peer_over = true;
		end_output(n);
		nc_pump(n);
		break;
	case NET_CLOSED: closed(n, ev->why); break;
	default: break;
	}
}
