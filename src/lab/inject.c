/* SPDX-License-Identifier: ISC */
/* A datagram whose checksum is wrong on purpose: no stack would send one, so the lab puts it on the wire itself. */
#include "lab/build.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/udp.h"

#define INJECT_TTL 64

/* The way of a host to an address: its interface, its own address there, and the next hop. */
struct way { size_t interface; struct ip own, next; };

static bool find_way(const struct scenario_host *h, struct ip to, struct way *way)
{
	for (size_t i = 0; i < h->interfaces; i++)
		for (size_t a = 0; a < h->interface[i].addresses; a++) {
			struct prefix p = h->interface[i].address[a];
			if (ip_is4(p.ip) != ip_is4(to) || !prefix_has(p, to)) continue;
			*way = (struct way){ i, p.ip, to };
			return true;
		}
	return false;
}

static bool find_route(const struct scenario_host *h, struct ip to, struct way *way)
{
	const struct scenario_route *best = NULL;
	if (find_way(h, to, way)) return true;
	for (size_t i = 0; i < h->routes; i++) {
		const struct scenario_route *route = &h->route[i];
		if (ip_is4(route->gateway) != ip_is4(to) || !prefix_has(route->to, to)) continue;
		if (best == NULL || route->to.bits > best->to.bits) best = route;
	}
	return best != NULL && find_way(h, best->gateway, way);
}

static bool find_mac(const struct scenario *s, uint32_t link, struct ip ip, struct mac *mac)
{
	for (uint32_t h = 0; h < s->hosts; h++)
		for (size_t i = 0; i < s->host[h].interfaces; i++) {
			const struct scenario_interface *in = &s->host[h].interface[i];
			for (size_t a = 0; in->link == link && a < in->addresses; a++)
				if (ip_equal(in->address[a].ip, ip)) {
					*mac = in->mac;
					return true;
				}
		}
	return false;
}

static size_t emit(const struct scenario_inject *inject, const struct way *way, struct mac from, struct mac to,
                   struct room room)
{
	bool is4 = ip_is4(inject->to.ip);
	size_t len = UDP_HEADER_BYTES + strlen(inject->text);
	struct eth eth = { .dst = to, .src = from, .type = is4 ? ETH_IP4 : ETH_IP6 };
	struct udp udp = { inject->from_port, inject->to.port, bytes_of(inject->text) };
	struct ip4 ip4 = { .ttl = INJECT_TTL, .protocol = IP_UDP, .src = way->own, .dst = inject->to.ip,
	                   .payload = { NULL, len } };
	struct ip6 ip6 = { .hop_limit = INJECT_TTL, .protocol = IP_UDP, .src = way->own, .dst = inject->to.ip,
	                   .payload = { NULL, len } };
	size_t n = eth_emit(&eth, room);

	n += is4 ? ip4_emit(&ip4, room_skip(room, n)) : ip6_emit(&ip6, room_skip(room, n));
	size_t body = udp_emit(&udp, way->own, inject->to.ip, room_skip(room, n));
	assert(body == len);
	uint8_t *checksum = room.at + n + 6; /* RFC 768: the last of its four fields */
	checksum[1] ^= 0x5a;
	if (load_be16(checksum) == 0) checksum[0] = 1; /* zero would say that none was made */
	return n + body;
}

void lab_inject(struct lab *lab, uint32_t number)
{
	const struct scenario_run *run = &lab->scenario->run[number];
	struct lab_host *h = &lab->host[run->host];
	uint8_t bytes[2048];
	struct way way;
	struct mac mac;

	if (!find_route(h->config, run->inject.to.ip, &way)) return; /* check.c has looked */
	const struct scenario_interface *in = &h->config->interface[way.interface];
	if (!find_mac(lab->scenario, in->link, way.next, &mac)) return;
	size_t len = emit(&run->inject, &way, in->mac, mac, (struct room){ bytes, sizeof bytes });
	struct frame frame = { .data = { bytes, len }, .story = "its checksum is wrong on purpose" };
	link_send(h->end[way.interface], sim_now(lab->sim), &frame, 1);
}

bool lab_can_inject(const struct scenario *s, const struct scenario_run *run)
{
	const struct scenario_host *h = &s->host[run->host];
	struct way way;
	struct mac mac;
	return find_route(h, run->inject.to.ip, &way) && find_mac(s, h->interface[way.interface].link, way.next, &mac) &&
	       strlen(run->inject.text) <= 1024;
}
