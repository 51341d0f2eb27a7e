/* SPDX-License-Identifier: ISC */
/* nc_datagram.c - datagrams between standard input and output.
 *
 * Whoever listens talks with the first who speaks; with -k with all who do. A group and everybody are not one peer:
 * whoever answers is heard.
 */
#include "tool/nc/nc_parts.h"

#define ROOM_AGAIN_AFTER (5 * MILLISECOND)

static bool to_many(const struct addr *a) { return ip_is_multicast(a->ip) || ip_equal(a->ip, ip4_broadcast()); }

/* Does the peer stand for more than itself? With -b we cannot know a subnet's broadcast address, and hear all. */
static bool hears_all(const struct nc *n)
{
	return n->o.keep || n->o.joins.count > 0 || (n->peer_count > 0 && to_many(&n->peers[0].addr)) || n->o.broadcast;
}

static void moved(struct nc *n) { n->give_up_at = instant_after(net_now(n->env->net), n->o.timeout); }

/* --- opening --- */

static bool set(struct nc *n, enum net_option option, int value, const char *what)
{
	if (net_set(n->env->net, n->id, option, value)) return true;
	nc_complain(n, TOOL_FAILED, "%s: %s", what, net_why_words(net_why_not(n->env->net)));
	return false;
}

static bool set_options(struct nc *n)
{
	if (n->o.broadcast && !set(n, NET_BROADCAST, 1, "-b")) return false;
	if (n->o.loop && !set(n, NET_MULTICAST_LOOP, 1, "--loop")) return false;
	return nc_how_datagrams(n);
}

static bool join(struct nc *n, const struct addr *group)
{
	char ip[IP_TEXT_MAX];

	if (net_join(n->env->net, n->id, group)) return true;
	nc_complain(n, TOOL_FAILED, "the group %s: %s", ip_text(group->ip, ip), net_why_words(net_why_not(n->env->net)));
	return false;
}

static bool join_all(struct nc *n, const struct addr *local)
{
	if (ip_is_multicast(local->ip) && !join(n, local)) return false;
	for (size_t i = 0; i < n->o.joins.count; i++) {
		char host[LOOKUP_HOST_MAX + 1];
		struct addr group = { .port = local->port };
		if (!nc_split_zone(n->o.join[i], host, sizeof host, &group.interface) || !ip_parse(host, &group.ip) || !ip_is_multicast(group.ip)) {
			nc_complain(n, TOOL_USAGE, "--join takes a multicast address, like 239.1.2.3, not %s", n->o.join[i]);
			return false;
		}
		if (!join(n, &group)) return false;
	}
	return true;
}

/* IPv6's wildcard serves both families, where there is IPv6 at all. */
static net_id bind_to(struct nc *n, struct addr *local)
{
	net_id id = net_bind(n->env->net, local);

	if (id == 0 && ip_equal(local->ip, ip6_any()) && !n->o.six && net_why_not(n->env->net) != NET_IN_USE)
		local->ip = ip4_any(), id = net_bind(n->env->net, local);
	return id;
}

static void add_peer(struct nc *n, const struct addr *addr, struct ip local)
{
	size_t i = n->peer_next;

	n->peers[i] = (struct nc_peer){ *addr, local };
	n->peer_next = (i + 1) % NC_PEERS_MAX; /* the one that came first gives way */
	if (n->peer_count < NC_PEERS_MAX) n->peer_count++;
	n->peers_seen++;
}

void nc_datagram_peer(struct nc *n)
{
	add_peer(n, &n->peer, ip6_any());
	n->connections++;
	moved(n);
}

bool nc_datagram_open(struct nc *n, const struct addr *to)
{
	struct addr local = { .ip = n->source, .port = (uint16_t)n->o.source_port };

	if (to == NULL) local = n->peer; /* where to listen */
	else if (n->o.source == NULL && ip_is4(to->ip)) local.ip = ip4_any();
	n->peer_count = n->peer_next = 0;
	if ((n->id = bind_to(n, &local)) == 0) {
		nc_complain(n, nc_status_of(net_why_not(n->env->net)), "%s", listen_why(net_why_not(n->env->net), local.port));
		return false;
	}
	if (!set_options(n) || (to == NULL && !join_all(n, &local))) {
		net_finish(n->env->net, n->id);
		n->id = 0;
		return false;
	}
	if (to != NULL) add_peer(n, to, ip6_any());
	else if (ip_is_multicast(local.ip)) add_peer(n, &local, ip6_any()); /* what is typed is for the group */
	n->connections += to != NULL;
	if (to != NULL) moved(n);
	else n->give_up_at = NEVER; /* -w is for those who have come */
	return true;
}

/* --- out --- */

/* A datagram's worth of the input: all there is, a line with -i. */
static size_t gather(struct nc *n)
{
	struct net *net = n->env->net;
	size_t len = 0;

	for (struct bytes b; len < NC_PIECE_BYTES && (b = net_peek(net, n->env->input)).len > 0;) {
		size_t k = 0;
		while (k < b.len && len < NC_PIECE_BYTES) {
			bool line = b.at[k] == '\n';
			if (line && n->o.crlf && n->last_sent != '\r') {
				n->piece[len++] = n->last_sent = '\r';
				continue;
			}
			n->piece[len++] = n->last_sent = b.at[k++];
			if (!line || n->o.interval == 0) continue;
			net_take(net, n->env->input, k);
			return len;
		}
		net_take(net, n->env->input, k);
	}
	return len;
}

/* False: there is no room yet, which only a socket in the file system says; else it is lost, as networks do. */
static bool send_to(struct nc *n, const struct nc_peer *p, struct bytes b)
{
	struct net *net = n->env->net;

	if (net_sendto_from(net, n->id, p->local, &p->addr, b)) {
		n->sent += b.len;
		if (nc_shows(n)) nc_show_data(n, true, &p->addr, b);
		moved(n);
		return true;
	}
	enum net_why why = net_why_not(net);
	if (n->o.local && why == NET_NO_ROOM) return false;
	nc_complain(n, nc_status_of(why), "%s", net_why_words(why));
	if (!n->o.listen) nc_over(n, nc_status_of(why));
	return true;
}

void nc_datagram_pump(struct nc *n)
{
	instant now = net_now(n->env->net);

	while (n->state == NC_TALKING && n->peer_count > 0 && n->env->input != 0 && !n->o.no_input && now >= n->line_at) {
		size_t len = n->kept > 0 ? n->kept : gather(n);
		n->kept = 0;
		if (len == 0) break;
		for (size_t i = 0; i < n->peer_count && n->state == NC_TALKING; i++)
			if (!send_to(n, &n->peers[i], (struct bytes){ n->piece, len })) n->kept = len;
		if (n->kept > 0) n->line_at = instant_after(now, ROOM_AGAIN_AFTER);
		else if (n->o.interval > 0) n->line_at = instant_after(now, n->o.interval);
	}
	if (n->state == NC_TALKING && n->input_over && n->kept == 0 && n->o.quit_after != NEVER && n->quit_at == NEVER)
		n->quit_at = instant_after(now, n->o.quit_after);
}

/* --- in --- */

static struct nc_peer *find_peer(struct nc *n, const struct addr *addr)
{
	for (size_t i = 0; i < n->peer_count; i++)
		if (ip_equal(n->peers[i].addr.ip, addr->ip) && n->peers[i].addr.port == addr->port) return &n->peers[i];
	return NULL;
}

static bool is_welcome(struct nc *n, const struct net_event *ev)
{
	if (find_peer(n, &ev->peer) != NULL) return true;
	if (!n->o.listen || (n->peer_count > 0 && !n->o.keep)) return hears_all(n);
	if (n->o.six && ip_is4(ev->peer.ip)) return false;
	if (n->peer_count > 0 && to_many(&n->peers[0].addr)) return true;
	add_peer(n, &ev->peer, ev->local.ip);
	n->connections++;
	nc_show_event(n, "peer", &ev->peer, NULL);
	nc_show_received(n, &ev->peer);
	return true;
}

static void arrived(struct nc *n, const struct net_event *ev)
{
	if (n->state != NC_TALKING || !is_welcome(n, ev)) return;
	n->received += ev->data.len;
	if (nc_shows(n)) nc_show_data(n, false, &ev->peer, ev->data);
	else text_put(n->env->out, ev->data);
	moved(n);
	if (n->o.pieces_max > 0 && ++n->pieces == n->o.pieces_max) nc_over(n, TOOL_OK);
	else nc_datagram_pump(n);
}

static void bounced(struct nc *n, const struct net_event *ev)
{
	if (find_peer(n, &ev->peer) == NULL) return;
	if (n->state == NC_PROBING) {
		if (n->o.verbose) nc_complain(n, nc_status_of(ev->why), "%s", net_why_words(ev->why));
		nc_show_port(n, n->peer.port, false, net_why_words(ev->why));
		nc_over(n, nc_status_of(ev->why));
	} else if (!n->o.listen && !hears_all(n)) {
		nc_complain(n, nc_status_of(ev->why), "%s", net_why_words(ev->why));
		nc_over(n, nc_status_of(ev->why));
	}
}

void nc_datagram_event(struct nc *n, const struct net_event *ev)
{
	if (ev->what == NET_BOUNCED) bounced(n, ev);
	else if (ev->what == NET_DATAGRAM && n->state == NC_PROBING && find_peer(n, &ev->peer)) nc_probe_over(n);
	else if (ev->what == NET_DATAGRAM) arrived(n, ev);
}

/* --- is anybody there? Only who is not says so --- */

void nc_probe(struct nc *n)
{
	struct net *net = n->env->net;

	n->state = NC_PROBING;
	n->give_up_at = instant_after(net_now(net), instant_min(n->o.timeout, SECOND));
	if (net_sendto(net, n->id, &n->peer, bytes_of("X"))) return;
	enum net_why why = net_why_not(net);
	if (n->o.verbose) nc_complain(n, nc_status_of(why), "%s", net_why_words(why));
	nc_show_port(n, n->peer.port, false, net_why_words(why));
	nc_over(n, nc_status_of(why));
}

void nc_probe_over(struct nc *n)
{
	n->open_ports++;
	nc_show_port(n, n->peer.port, true, NULL);
	nc_over(n, TOOL_OK);
}
