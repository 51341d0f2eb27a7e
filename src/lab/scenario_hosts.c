/* SPDX-License-Identifier: ISC */
/* The parts of a scenario that make its topology: links and hosts. */
#include "base/hash.h"
#include "lab/scenario_parts.h"
#include "wire/eth.h"

#define LINK_MTU_LEAST 576   /* RFC 791, 3.1: what every host must take */
#define LINK_MTU_MOST 9000

static struct scenario *mine(struct reader *r) { return r->owner; }

static void wire_delay(struct reader *r, node *n, void *into) { read_span(r, n, &((struct sim_wire_config *)into)->delay); }
static void wire_rate(struct reader *r, node *n, void *into)
{
	read_rate(r, n, &((struct sim_wire_config *)into)->bits_per_second);
}
static void wire_queue(struct reader *r, node *n, void *into)
{
	uint64_t bytes;
	if (!read_bytes(r, n, &bytes)) return;
	if (bytes < 1514 || bytes > 1u << 30) read_expected(r, n, "a queue from 1514 bytes to 1GiB");
	else ((struct sim_wire_config *)into)->queue_bytes_max = (uint32_t)bytes;
}
static void wire_mtu(struct reader *r, node *n, void *into)
{
	uint64_t bytes;
	if (!read_bytes(r, n, &bytes)) return;
	if (bytes < LINK_MTU_LEAST || bytes > LINK_MTU_MOST) read_expected(r, n, "an MTU from 576 to 9000");
	else ((struct sim_wire_config *)into)->mtu = (uint16_t)bytes;
}
static void wire_loss(struct reader *r, node *n, void *into) { read_share(r, n, &((struct sim_wire_config *)into)->faults.loss); }
static void wire_duplicate(struct reader *r, node *n, void *into)
{
	read_share(r, n, &((struct sim_wire_config *)into)->faults.duplicate);
}
static void wire_reorder(struct reader *r, node *n, void *into)
{
	read_share(r, n, &((struct sim_wire_config *)into)->faults.reorder);
}
static void wire_corrupt(struct reader *r, node *n, void *into)
{
	read_share(r, n, &((struct sim_wire_config *)into)->faults.corrupt);
}
static void wire_reorder_for(struct reader *r, node *n, void *into)
{
	read_span(r, n, &((struct sim_wire_config *)into)->faults.reorder_for);
}
static void wire_jitter(struct reader *r, node *n, void *into)
{
	read_span(r, n, &((struct sim_wire_config *)into)->faults.jitter);
}

void scenario_read_wire(struct reader *r, node *n, const char *what, struct sim_wire_config *wire)
{
	static const struct key keys[] = {
		{ "delay", wire_delay }, { "rate", wire_rate }, { "queue", wire_queue }, { "mtu", wire_mtu },
		{ "loss", wire_loss }, { "duplicate", wire_duplicate }, { "reorder", wire_reorder },
		{ "reorder-for", wire_reorder_for }, { "jitter", wire_jitter }, { "corrupt", wire_corrupt },
	};
	read_map(r, n, what, keys, COUNT(keys), wire);
	if (wire->faults.reorder > 0 && wire->faults.reorder_for == 0) wire->faults.reorder_for = wire->delay / 2 + MILLISECOND;
}

void scenario_read_links(struct reader *r, node *n)
{
	struct scenario *s = mine(r);
	size_t count = read_pairs(r, n, "a mapping of link names");

	if (count > SCENARIO_LINKS_MAX) {
		complain(r->complaints, place_of(n), "expected at most %d links, found %zu", SCENARIO_LINKS_MAX, count);
		return;
	}
	s->link = read_take(r, count + 1, sizeof *s->link);
	for (size_t i = 0; i < count; i++) {
		node *value, *key = read_pair(r, n, i, &value);
		struct scenario_link link = { .at = place_of(key), .wire = { .mtu = ETH_MTU } };
		if (!read_name(r, key, "a link's name", &link.name)) continue;
		if (scenario_find_link(s, link.name) != SCENARIO_NONE)
			complain(r->complaints, link.at, "there is a link '%s' already, in line %u", link.name,
			         s->link[scenario_find_link(s, link.name)].at.line);
		link.wire.name = link.name;
		scenario_read_wire(r, value, "a link", &link.wire);
		s->link[s->links++] = link;
	}
}

/* A MAC address of our own (locally administered, unicast), the same in every run: from host and link. */
static struct mac derive_mac(const char *host, const char *link)
{
	static const uint8_t key[16] = "tulle lab's MACs";
	char words[160];
	struct text t = text_in(words, sizeof words);
	struct mac mac = { { 0x02 } };
	text_printf(&t, "%s:%s", host, link);
	uint64_t h = siphash(key, text_bytes(&t));
	for (int i = 1; i < 6; i++) mac.byte[i] = (uint8_t)(h >> 8 * i);
	return mac;
}

static void read_address(struct reader *r, node *n, struct scenario_interface *in)
{
	struct prefix p;
	if (!read_prefix(r, n, &p)) return;
	if (ip_is_any(p.ip) || ip_is_multicast(p.ip) || ip_is_loopback(p.ip) || ip_equal(p.ip, ip4_broadcast()) ||
	    (ip_is4(p.ip) && p.bits < 126 && (ip_equal(p.ip, prefix_first(p)) || ip_equal(p.ip, prefix_last(p))))) {
		read_expected(r, n, "a host's address");
		return;
	}
	if (in->addresses == SCENARIO_ADDRESSES_MAX) read_expected(r, n, "at most eight addresses");
	else in->address[in->addresses++] = p;
}

static void host_interfaces(struct reader *r, node *n, void *into)
{
	struct scenario_host *h = into;
	size_t count = read_pairs(r, n, "a mapping of links to addresses");
	h->interface = read_take(r, count + 1, sizeof *h->interface);
	for (size_t i = 0; i < count; i++) {
		node *value, *key = read_pair(r, n, i, &value);
		struct scenario_interface *in = &h->interface[h->interfaces];
		in->at = place_of(value);
		if (!scenario_read_link_name(r, key, &in->link)) continue;
		in->mac = derive_mac(h->name, mine(r)->link[in->link].name);
		size_t items = read_is_list(value) ? read_items(r, value, "a list") : 0;
		for (size_t k = 0; k < items; k++) read_address(r, read_item(r, value, k), in);
		if (!read_is_list(value)) read_address(r, value, in);
		h->interfaces++;
	}
}

static void add_route(struct reader *r, struct scenario_host *h, struct prefix to, struct ip gateway, struct place at)
{
	if ((h->routes & (h->routes - 1)) == 0) { /* a power of two: as much again */
		struct scenario_route *more = read_take(r, size_max(1, h->routes * 2), sizeof *more);
		if (h->routes > 0) memcpy(more, h->route, h->routes * sizeof *more);
		h->route = more;
	}
	h->route[h->routes++] = (struct scenario_route){ to, gateway, at };
}

static void add_gateway(struct reader *r, node *n, struct scenario_host *h)
{
	struct ip gateway;
	if (!read_ip(r, n, &gateway)) return;
	struct prefix all = { ip6_any(), 0 };
	if (ip_is4(gateway)) all = (struct prefix){ ip4_any(), 96 };
	add_route(r, h, all, gateway, place_of(n));
}

static void host_gateway(struct reader *r, node *n, void *into)
{
	size_t items = read_is_list(n) ? read_items(r, n, "a list") : 0;
	for (size_t i = 0; i < items; i++) add_gateway(r, read_item(r, n, i), into);
	if (!read_is_list(n)) add_gateway(r, n, into);
}

static void host_routes(struct reader *r, node *n, void *into)
{
	size_t count = read_pairs(r, n, "a mapping of prefixes to gateways");
	for (size_t i = 0; i < count; i++) {
		node *value, *key = read_pair(r, n, i, &value);
		struct prefix to;
		struct ip gateway;
		if (!read_prefix(r, key, &to) || !read_ip(r, value, &gateway)) continue;
		if (!ip_equal(to.ip, prefix_first(to))) read_expected(r, key, "a prefix without host bits");
		else if (ip_is4(to.ip) != ip_is4(gateway)) read_expected(r, value, "a gateway of the prefix's family");
		else add_route(r, into, to, gateway, place_of(value));
	}
}

static void add_server(struct reader *r, node *n, struct scenario_host *h)
{
	struct ip ip;
	if (!read_ip(r, n, &ip)) return;
	if (h->servers == SCENARIO_SERVERS_MAX) read_expected(r, n, "at most three name servers");
	else h->server[h->servers++] = ip;
}

static void host_dns(struct reader *r, node *n, void *into)
{
	size_t items = read_is_list(n) ? read_items(r, n, "a list") : 0;
	for (size_t i = 0; i < items; i++) add_server(r, read_item(r, n, i), into);
	if (!read_is_list(n)) add_server(r, n, into);
}

static void host_forward(struct reader *r, node *n, void *into) { read_yes(r, n, &((struct scenario_host *)into)->forward); }

/* `mac: {LINK: ADDRESS}`: looked at after the interfaces, wherever it stands. */
static void host_mac(struct reader *r, node *n, void *into)
{
	(void)r, (void)n, (void)into;
}

static void set_macs(struct reader *r, node *n, struct scenario_host *h)
{
	size_t count = read_pairs(r, n, "a mapping of links to MAC addresses");
	for (size_t i = 0; i < count; i++) {
		node *value, *key = read_pair(r, n, i, &value);
		uint32_t link;
		struct mac mac;
		bool found = false;
		if (!scenario_read_link_name(r, key, &link) || !read_mac(r, value, &mac)) continue;
		for (size_t k = 0; k < h->interfaces; k++)
			if (h->interface[k].link == link) h->interface[k].mac = mac, found = true;
		if (!found) read_expected(r, key, "a link this host has an interface on");
	}
}

void scenario_read_hosts(struct reader *r, node *n)
{
	static const struct key keys[] = {
		{ "interfaces", host_interfaces }, { "gateway", host_gateway }, { "routes", host_routes },
		{ "dns", host_dns }, { "forward", host_forward }, { "mac", host_mac },
	};
	struct scenario *s = mine(r);
	size_t count = read_pairs(r, n, "a mapping of host names");

	if (count > SCENARIO_HOSTS_MAX) {
		complain(r->complaints, place_of(n), "expected at most %d hosts, found %zu", SCENARIO_HOSTS_MAX, count);
		return;
	}
	s->host = read_take(r, count + 1, sizeof *s->host);
	for (size_t i = 0; i < count; i++) {
		node *value, *macs, *key = read_pair(r, n, i, &value);
		struct scenario_host host = { .at = place_of(key) };
		if (!read_name(r, key, "a host's name", &host.name)) continue;
		if (scenario_find_host(s, host.name) != SCENARIO_NONE)
			complain(r->complaints, host.at, "there is a host '%s' already, in line %u", host.name,
			         s->host[scenario_find_host(s, host.name)].at.line);
		size_t wrong = complaints_all(r->complaints);
		read_map(r, value, "a host", keys, COUNT(keys), &host);
		host.unsure = complaints_all(r->complaints) > wrong;
		if ((macs = read_value(r, value, "mac"))) set_macs(r, macs, &host);
		s->host[s->hosts++] = host;
	}
}

/* The link's subnet of a family: what the first host on it in the file has. */
static struct prefix subnet_of(const struct scenario *s, uint32_t link, bool is4, const char **whose)
{
	for (uint32_t h = 0; h < s->hosts; h++)
		for (size_t i = 0; i < s->host[h].interfaces; i++) {
			const struct scenario_interface *in = &s->host[h].interface[i];
			if (in->link != link) continue;
			*whose = s->host[h].name;
			for (size_t a = 0; a < in->addresses; a++)
				if (ip_is4(in->address[a].ip) == is4)
					return (struct prefix){ prefix_first(in->address[a]), in->address[a].bits };
		}
	return (struct prefix){ ip6_any(), 0 }; /* not met: the asker itself is on the link */
}

static void check_address(struct reader *r, uint32_t host, const struct scenario_interface *in, struct prefix p)
{
	const struct scenario *s = mine(r);
	const struct scenario_host *other = scenario_host_of(s, p.ip);
	char text[PREFIX_TEXT_MAX], subnet_text[PREFIX_TEXT_MAX];
	const char *whose = "";
	struct prefix subnet = subnet_of(s, in->link, ip_is4(p.ip), &whose);

	if (other != &s->host[host]) /* whoever comes first in the file keeps it */
		complain(r->complaints, in->at, "expected an address of its own, found %s, which is %s's (line %u)",
		         ip_text(p.ip, text), other->name, other->at.line);
	if (p.bits != subnet.bits || !prefix_has(subnet, p.ip))
		complain(r->complaints, in->at, "expected an address in %s's subnet %s (as %s has it), found %s",
		         s->link[in->link].name, prefix_text(subnet, subnet_text), whose, prefix_text(p, text));
}

static bool on_link(const struct scenario_host *h, struct ip ip)
{
	for (size_t i = 0; i < h->interfaces; i++)
		for (size_t a = 0; a < h->interface[i].addresses; a++)
			if (prefix_has(h->interface[i].address[a], ip)) return true;
	return false;
}

void scenario_check_addresses(struct reader *r)
{
	struct scenario *s = mine(r);
	char text[IP_TEXT_MAX];

	for (uint32_t h = 0; h < s->hosts; h++) {
		const struct scenario_host *host = &s->host[h];
		for (size_t i = 0; i < host->interfaces; i++) {
			for (size_t k = 0; k < i; k++)
				if (host->interface[k].link == host->interface[i].link)
					complain(r->complaints, host->interface[i].at, "'%s' has an interface on this link already", host->name);
			for (size_t a = 0; a < host->interface[i].addresses; a++)
				check_address(r, h, &host->interface[i], host->interface[i].address[a]);
		}
		for (size_t i = 0; i < host->routes && !host->unsure; i++)
			if (!on_link(host, host->route[i].gateway))
				complain(r->complaints, host->route[i].at, "expected a gateway of '%s' on one of its own links, found %s", host->name,
				         ip_text(host->route[i].gateway, text));
	}
}
