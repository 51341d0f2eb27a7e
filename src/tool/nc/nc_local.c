/* SPDX-License-Identifier: ISC */
/* nc_local.c - what only this host's sockets can: -U, a socket in the file system in the Internet's place, and -F, which
 * hands the connection to another program. Both are lent (tool.h, `local` and `pass`), and in a lab they are not. */
#include "tool/nc/nc_parts.h"

static const char *wrong(const struct nc *n)
{
	const struct nc_options *o = &n->o;
	bool how = n->secure.how.settings > 0 || o->md5_file != NULL;

	if (o->pass && n->env->pass == NULL) return "a socket cannot be passed on (-F) here: it is no socket of an operating system";
	if (o->pass && (o->listen || o->udp || o->local || o->zero || o->tls || nc_shows(n)))
		return "-F hands on a TCP connection that we make: not with -l, -u, -U, -z, --tls, --hex or --json";
	if (!o->local) return NULL;
	if (n->env->local == NULL) return "sockets in the file system (-U) are no part of the Internet, and not to be had here";
	if (o->tls || o->proxy != NULL || o->joins.count > 0 || o->loop || o->broadcast || o->zero || o->four || o->six || how)
		return "-U has no addresses, ports or routers: not with -4, -6, -b, -D, -I, -M, -m, -O, -S, -T, -x, -z, --join, --loop or --tls";
	if (o->source != NULL && (!o->udp || o->listen)) return "with -U, -s names the socket that answers to datagrams come to: it is for -u without -l";
	return NULL;
}

bool nc_local_check(struct nc *n)
{
	const char *why = wrong(n);

	if (why != NULL) return tool_usage(n->env, "nc: %s", why), false;
	if (n->o.local && n->o.udp && n->o.keep) n->o.no_input = true; /* there is nobody who could be named */
	return true;
}

bool nc_local_start(struct nc *n)
{
	const struct nc_options *o = &n->o;
	enum tool_local what = !o->listen ? (o->udp ? TOOL_LOCAL_SEND : TOOL_LOCAL_STREAM) : !o->udp ? TOOL_LOCAL_LISTEN
	                       : o->keep ? TOOL_LOCAL_RECEIVE_ALL : TOOL_LOCAL_RECEIVE;
	net_id id = n->env->local(n->env, what, o->host, o->source);

	if (id == 0) return false;
	n->state = NC_TALKING;
	if (what == TOOL_LOCAL_LISTEN) n->listener = id, n->state = NC_LISTENING;
	else n->id = id;
	if (what == TOOL_LOCAL_SEND) nc_datagram_peer(n);
	if (o->listen) nc_show_event(n, "listening", &n->peer, NULL);
	if (o->listen && o->verbose) text_printf(n->env->err, "%s on %s\n", o->udp ? "Bound" : "Listening", o->host);
	return true;
}

/* The connection is another's now, and we are done. */
void nc_local_pass(struct nc *n)
{
	net_id id = n->id;
	bool passed = n->env->pass(n->env, id);

	if (!passed) net_abort(n->env->net, id);
	n->id = 0;
	n->connections++;
	nc_over(n, passed ? TOOL_OK : TOOL_FAILED);
}
