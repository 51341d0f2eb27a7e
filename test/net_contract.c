/* SPDX-License-Identifier: ISC */
/* net.h's promises over the host's sockets, on loopback, and what only a host can run out of. */
#include "net_contract.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/epoll.h"
#include "host/files.h"

static const struct host_limits limits = { .streams_max = 32, .sockets_max = 16, .rx_bytes = 1 << 14, .tx_bytes = 1 << 14 };

static struct net *host_new(void)
{
	struct room memory = { calloc(1, host_size(&limits)), host_size(&limits) };
	return host_init(memory, &limits);
}

static void host_gone(struct net *net)
{
	host_close(net);
	free(net);
}

/* Neither waits long for what only the other will do. */
static void turn(struct pair *p)
{
	for (int side = 0; side < 2; side++) {
		net_wake(p->net[side], net_now(p->net[side]) + MILLISECOND / 2);
		net_wait(p->net[side]);
	}
}

/* Ports by process, so that runs beside each other do not meet; below those the kernel gives out. */
static uint16_t own_port(void) { return (uint16_t)(10000 + getpid() % 180 * 110); }

static void pair_up(struct pair *p, const char *ip)
{
	*p = (struct pair){ .net = { host_new(), host_new() }, .interface = 1, .port = own_port(),
	                    .groups_heard_across = true /* the loopback device brings everything back */, .turn = turn };
	ip_parse(ip, &p->ip[0]);
	p->ip[1] = p->ip[0];
	ip_parse("203.0.113.9", &p->stranger);
	pair = p;
}

static void pair_down(struct pair *p)
{
	host_gone(p->net[0]);
	host_gone(p->net[1]);
}

static void nothing_open_is_the_end(void)
{
	struct net *net = host_new();
	struct net_event ev;
	struct addr any = { .ip = ip6_any() };

	CHECK(net != NULL);
	CHECK(!net_next(net, &ev) && !net_wait(net));
	net_id id = net_bind(net, &any);
	net_wake(net, net_now(net) + MILLISECOND);
	CHECK(net_wait(net) && net_next(net, &ev) && ev.what == NET_WAKE);
	net_finish(net, id);
	CHECK(!net_wait(net));
	host_gone(net);
}

/* A pool for 32 and 40 who come: the last eight wait in the kernel until others have gone. */
static void beyond_the_pool_they_wait(void)
{
	struct net_event ev;
	struct addr at = contract_addr(1, 20);
	net_id listener = net_listen(pair->net[1], &at), accepted[40];
	int count = 0;
	static const struct host_limits many = { .streams_max = 64, .sockets_max = 4, .rx_bytes = 4096, .tx_bytes = 4096 };
	void *memory = calloc(1, host_size(&many));
	struct net *clients = host_init((struct room){ memory, host_size(&many) }, &many);

	for (int i = 0; i < 40; i++) CHECK(net_connect(clients, &at) != 0);
	while (count < 32) {
		EXPECT(1, NET_ACCEPTED, &ev);
		accepted[count++] = ev.id;
	}
	CHECK(contract_quiet(1));
	CHECK(net_connect(pair->net[1], &at) == 0 && net_why_not(pair->net[1]) == NET_NO_ROOM);
	for (int i = 0; i < 8; i++) net_abort(pair->net[1], accepted[i]);
	for (int i = 0; i < 8; i++) EXPECT(1, NET_ACCEPTED, &ev);
	CHECK(contract_quiet(1) && listener != 0);
	host_gone(clients);
}

/* No descriptors left: the server goes on with whom it has, and accepts again when there are some. */
static void without_descriptors_it_keeps_serving(void)
{
	struct rlimit was, low;
	struct net_event ev;
	struct contract_stream s = contract_connect(21);
	struct addr at = contract_addr(1, 21);
	int next = dup(0);

	CHECK(s.ok && next > 0);
	net_id late = net_connect(pair->net[0], &at);
	getrlimit(RLIMIT_NOFILE, &was);
	low = was, low.rlim_cur = (rlim_t)next + 1; /* below which all are taken, by now */
	CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
	CHECK(contract_quiet(1));
	net_send(pair->net[0], s.client, bytes_of("still there?"));
	do CHECK(contract_event(0, &ev)); while (ev.what != NET_CONNECTED);
	EXPECT(1, NET_READABLE, &ev);
	CHECK(ev.id == s.server);
	setrlimit(RLIMIT_NOFILE, &was);
	EXPECT(1, NET_ACCEPTED, &ev); /* by the clock: nothing of ours was closed */
	CHECK(late != 0);
	close(next);
}

static void the_wildcard_serves_both_families(void)
{
	struct addr any = { .ip = ip6_any(), .port = (uint16_t)(pair->port + 22) }, at = any;
	struct net_event ev;
	net_id listener = net_listen(pair->net[1], &any), socket = net_bind(pair->net[1], &any);
	static const char *const mine[] = { "127.0.0.1", "::1" };

	CHECK(listener != 0 && socket != 0);
	for (size_t i = 0; i < COUNT(mine); i++) {
		struct addr from = { .ip = ip6_any() };
		CHECK(ip_parse(mine[i], &at.ip));
		struct addr own = { .ip = at.ip };
		net_id here = net_bind(pair->net[0], &own);
		if (here == 0) continue; /* a host without IPv6 */
		net_finish(pair->net[0], here);
		net_id id = net_connect(pair->net[0], &at), datagram = net_bind(pair->net[0], &from);
		EXPECT(0, NET_CONNECTED, &ev);
		EXPECT(1, NET_ACCEPTED, &ev);
		CHECK(ip_equal(ev.peer.ip, at.ip));
		net_abort(pair->net[1], ev.id);
		EXPECT(0, NET_CLOSED, &ev);
		CHECK(ev.id == id);
		CHECK(net_sendto(pair->net[0], datagram, &at, bytes_of("x")));
		EXPECT(1, NET_DATAGRAM, &ev);
		CHECK(ip_equal(ev.peer.ip, at.ip) && ip_equal(ev.local.ip, at.ip));
		CHECK(net_sendto(pair->net[1], socket, &ev.peer, bytes_of("y")));
		EXPECT(0, NET_DATAGRAM, &ev);
		net_finish(pair->net[0], datagram);
	}
	net_finish(pair->net[1], listener);
	net_finish(pair->net[1], socket);
}

/* All of 127.0.0.0/8 is this host: asked at .5, it answers from .5, one by one and in a batch. */
static void a_host_answers_from_where_it_was_asked(void)
{
	struct addr any = { .ip = ip4_any(), .port = (uint16_t)(pair->port + 9) }, here = { .ip = ip4_of(0x7f000001) };
	struct addr there = { .ip = ip4_of(0x7f000005), .port = any.port };
	net_id server = net_bind(pair->net[1], &any), client = net_bind(pair->net[0], &here);
	struct net_event ev;

	CHECK(server != 0 && client != 0);
	for (int i = 0; i < 4; i++) CHECK(net_sendto(pair->net[0], client, &there, bytes_of("asked")));
	for (int i = 0; i < 4; i++) {
		EXPECT(1, NET_DATAGRAM, &ev);
		CHECK(ip_equal(ev.local.ip, there.ip));
		CHECK(net_sendto_from(pair->net[1], server, ev.local.ip, &ev.peer, bytes_of("answered")));
	}
	for (int i = 0; i < 4; i++) {
		EXPECT(0, NET_DATAGRAM, &ev);
		CHECK(ip_equal(ev.peer.ip, there.ip));
	}
	net_finish(pair->net[0], client);
	net_finish(pair->net[1], server);
}

/* base/files.h over the host: a folder that is held keeps everything else out. */
static void a_folder_of_files_leads_nowhere_else(void)
{
	static const char *const outside[] = { "../secret", "out", "/etc/hostname", "sub/../../secret", "sub/up/secret", ".." };
	char top[] = "/tmp/tulle-files-XXXXXX", path[64];
	_Alignas(16) uint8_t memory[1024];
	struct arena a;
	uint8_t got[16];

	CHECK(mkdtemp(top) != NULL && chdir(top) == 0);
	CHECK(mkdir("www", 0755) == 0 && mkdir("www/sub", 0755) == 0);
	FILE *f = fopen("secret", "w");
	fputs("secret", f), fclose(f);
	f = fopen("www/sub/page", "w");
	fputs("a page", f), fclose(f);
	CHECK(symlink("../secret", "www/out") == 0 && symlink("../..", "www/sub/up") == 0 && symlink("sub", "www/in") == 0);
	arena_init(&a, (struct room){ memory, sizeof memory });
	struct files *all = files_host(&a), *www = files_below(all, "www", &a);
	CHECK(www != NULL && files_below(all, "secret", &a) == NULL && files_below(all, "none", &a) == NULL);
	for (size_t i = 0; i < COUNT(outside); i++) CHECK_EQ(files_open(www, outside[i]).kind, FILES_NONE);
	CHECK(files_open(www, "").kind == FILES_FOLDER && files_open(www, "sub").kind == FILES_FOLDER);
	static const char *const inside[] = { "sub/page", "in/page", "sub//page", "./sub/page" };
	for (size_t i = 0; i < COUNT(inside); i++) {
		struct file file = files_open(www, inside[i]);
		CHECK(file.kind == FILES_FILE && file.size == 6 && file.modified > 1000000000);
		CHECK_EQ(files_read(www, &file, 2, (struct room){ got, sizeof got }), 4);
		CHECK(memcmp(got, "page", 4) == 0 && files_read(www, &file, 6, (struct room){ got, 1 }) == 0);
		files_close(www, &file);
	}
	struct file file = files_open(all, "secret");
	CHECK_EQ(file.kind, FILES_FILE);
	files_close(all, &file);
	snprintf(path, sizeof path, "rm -r %s", top);
	CHECK(chdir("/") == 0 && system(path) == 0);
}

int main(void)
{
	struct pair p;

	pair_up(&p, "127.0.0.1");
	net_contract();
	TEST(beyond_the_pool_they_wait);
	pair_down(&p);
	pair_up(&p, "127.0.0.1");
	TEST(without_descriptors_it_keeps_serving);
	TEST(the_wildcard_serves_both_families);
	TEST(a_host_answers_from_where_it_was_asked);
	pair_down(&p);
	TEST(nothing_open_is_the_end);
	TEST(a_folder_of_files_leads_nowhere_else);
	return tap_end();
}
