/* SPDX-License-Identifier: ISC */
/* `tulle stack`: a tool on our own stack, over a real device. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "host/epoll.h"
#include "link/packet.h"
#include "link/tap.h"
#include "main/command.h"
#include "main/memory.h"
#include "main/run.h"
#include "net/beside.h"
#include "stack/stack.h"

#define ADDRESSES_MAX 8
#define CONNECTIONS_MAX 256 /* a server's; memory that no connection has used costs nothing */

const char stack_help[] =
	"usage: tulle stack --link tap:NAME|packet:INTERFACE --address A/BITS\n"
	"           [--gateway G] [--dns S] [--mac M] -- TOOL ARGS...\n"
	"\n"
	"Runs a tool on Tulle's own TCP/IP stack instead of this host's, as one more\n"
	"host on that wire.\n"
	"  --link tap:NAME        a TAP device (made if there is none): the wire to\n"
	"                         this host's kernel\n"
	"  --link packet:NAME     an interface of this host, which it goes on using\n"
	"  --address 10.0.0.2/24  our address there; may be given again, also for IPv6\n"
	"  --gateway 10.0.0.1     the way to everywhere else; again for IPv6\n"
	"  --dns 10.0.0.1         a name server to ask; up to three\n"
	"  --mac M                our hardware address; one is made up otherwise\n";

struct wire {
	const char *link;
	struct prefix address[ADDRESSES_MAX]; size_t addresses;
	struct ip gateway[2]; size_t gateways;
	struct run_names names;
	struct mac mac; bool has_mac;
};

static bool complain(const char *what, const char *value, const char *expected)
{
	fprintf(stderr, "tulle stack: %s: %s%s%s\n", what, expected, value ? ", not " : "", value ? value : "");
	return false;
}

static bool read_option(struct wire *w, const char *name, const char *value)
{
	static const char *const names[] = { "--link", "--address", "--gateway", "--dns", "--mac", "--help" };

	if (strcmp(name, "--link") == 0) return w->link = value, true;
	if (strcmp(name, "--address") == 0) {
		if (w->addresses == ADDRESSES_MAX) return complain(name, NULL, "too many of them");
		return prefix_parse(value, &w->address[w->addresses++]) || complain(name, value, "an address like 10.0.0.2/24 is wanted");
	}
	if (strcmp(name, "--gateway") == 0) {
		if (w->gateways == COUNT(w->gateway)) return complain(name, NULL, "too many of them");
		return ip_parse(value, &w->gateway[w->gateways++]) || complain(name, value, "an address is wanted");
	}
	if (strcmp(name, "--dns") == 0) {
		if (w->names.count == TOOL_SERVERS_MAX) return complain(name, NULL, "too many of them");
		return ip_parse(value, &w->names.server[w->names.count++]) || complain(name, value, "an address is wanted");
	}
	if (strcmp(name, "--mac") == 0)
		return w->has_mac = mac_parse(value, &w->mac), w->has_mac || complain(name, value, "an address like 02:00:00:00:00:01 is wanted");
	const char *nearest = text_nearest(name, names, COUNT(names));
	fprintf(stderr, "tulle stack: there is no option %s%s%s\n", name, nearest ? "; did you mean " : "", nearest ? nearest : "");
	return false;
}

/* Where the tool's words begin; 0: it was wrong, and said so. */
static int read_words(int argc, char **argv, struct wire *w)
{
	int i = 1;

	while (i < argc && strncmp(argv[i], "--", 2) == 0 && argv[i][2] != '\0') {
		if (i + 1 == argc) return complain(argv[i], NULL, "a value is missing"), 0;
		if (!read_option(w, argv[i], argv[i + 1])) return 0;
		i += 2;
	}
	if (i < argc && strcmp(argv[i], "--") == 0) i++;
	if (w->link == NULL || (strncmp(w->link, "tap:", 4) != 0 && strncmp(w->link, "packet:", 7) != 0))
		return complain("--link", w->link, "a device is wanted, like tap:NAME or packet:INTERFACE"), 0;
	if (w->addresses == 0) return complain("--address", NULL, "our address there is wanted, like 10.0.0.2/24"), 0;
	if (i == argc) return complain("--", NULL, "a tool and its words are wanted after it"), 0;
	return i;
}

/* Locally administered, for one (IEEE 802, 8.2). */
static void make_up_mac(struct wire *w, struct rng *rng)
{
	if (w->has_mac) return;
	rng_fill(rng, (struct room){ w->mac.byte, sizeof w->mac.byte });
	w->mac.byte[0] = (uint8_t)((w->mac.byte[0] & 0xfc) | 2);
}

/* On the wire with our addresses and routes. */
static bool settle(struct stack *s, const struct wire *w, struct link *link)
{
	static const struct ip all4 = { { [10] = 0xff, [11] = 0xff } };
	uint16_t interface = stack_attach(s, link, w->mac);

	if (interface == 0) return complain("--link", w->link, "a device is wanted");
	for (size_t i = 0; i < w->addresses; i++)
		if (!stack_add_address(s, interface, w->address[i])) return complain("--address", NULL, "it cannot be used");
	for (size_t i = 0; i < w->gateways; i++) {
		bool four = ip_is4(w->gateway[i]);
		struct prefix all = { four ? all4 : ip6_any(), four ? 96 : 0 };
		if (!stack_add_route(s, all, w->gateway[i], 0)) return complain("--gateway", NULL, "it is on no network of ours");
	}
	return true;
}

struct device_link { struct tap tap; struct packet packet; struct link *link; };

static bool open_link(struct device_link *d, const char *name, struct room memory)
{
	char words[256];
	struct text err = text_in(words, sizeof words);

	if (strncmp(name, "tap:", 4) == 0) {
		if (tap_open(&d->tap, name + 4, memory, &err)) d->link = &d->tap.link;
	} else if (packet_open(&d->packet, name + strlen("packet:"), memory, &err)) d->link = &d->packet.link;
	if (d->link == NULL) fprintf(stderr, "tulle stack: %s\n", words);
	return d->link != NULL;
}

/* The tool, with standard input and output beside what the stack carries: they are this host's. */
static int run_on(struct stack *s, struct device_link *d, const struct run_names *names, int argc, char **argv)
{
	const struct host_limits limits = { .way = HOST_EPOLL, .streams_max = BESIDE_MAX, .sockets_max = 1, .rx_bytes = 1 << 16, .tx_bytes = 1 << 16 };
	struct room memory = memory_open(host_size(&limits));
	struct net *few = memory.at != NULL ? host_init(memory, &limits) : NULL;
	struct beside beside;
	int status = TOOL_FAILED;

	if (few == NULL) perror("tulle stack");
	else {
		beside_init(&beside, stack_net(s), few);
		*(d->link == &d->tap.link ? &d->tap.device.beside : &d->packet.device.beside) = host_descriptor(few);
		status = run_tool(beside_net(&beside), &beside, names, SANDBOX_DEVICE, argc, argv);
		host_close(few);
	}
	memory_close(memory);
	return status;
}

int main_stack(int argc, char **argv)
{
	static struct wire wire;
	struct device_link device = { .link = NULL };
	struct stack_limits limits = stack_limits_host;
	limits.connections_max = limits.backlog_max = CONNECTIONS_MAX;
	struct room frames = { NULL, 0 }, memory = { NULL, 0 };
	uint8_t seed[RNG_SEED_BYTES];
	struct rng rng;
	struct stack_config config = { .rng = &rng };
	int tool = read_words(argc, argv, &wire), status = TOOL_USAGE;

	if (tool == 0) return TOOL_USAGE;
	if (wire.names.count == 0) wire.names = run_names_read("/etc/resolv.conf");
	frames = memory_open(PACKET_MEMORY_BYTES);
	memory = memory_open(stack_size(&limits));
	if (frames.at == NULL || memory.at == NULL || getrandom(seed, sizeof seed, 0) != sizeof seed) {
		perror("tulle stack");
		status = TOOL_FAILED;
	} else if (open_link(&device, wire.link, frames)) {
		rng_init(&rng, seed);
		make_up_mac(&wire, &rng);
		struct stack *s = stack_init(memory, &limits, &config);
		stack_step(s, device_now());
		if (settle(s, &wire, device.link)) {
			stack_announce(s);
			status = run_on(s, &device, &wire.names, argc - tool, argv + tool);
			stack_close(s, device_now());
		}
	} else {
		status = TOOL_FAILED;
	}
	if (device.link == &device.tap.link) tap_close(&device.tap);
	else if (device.link != NULL) packet_close(&device.packet);
	memory_close(memory);
	memory_close(frames);
	return status;
}
