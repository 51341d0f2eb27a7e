/* SPDX-License-Identifier: ISC */
/* net.h's promises over the host's sockets, on loopback, and what only a host can run out of. */
#include "net_contract.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/epoll.h"
#include "host/files.h"

static struct host_limits limits = { .streams_max = 32, .sockets_max = 16, .rx_bytes = 1 << 14, .tx_bytes = 1 << 14 };

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
	                    .marks_urgent = limits.way != HOST_URING_ONLY, .groups_heard_across = true /* the loopback device brings everything back */, .turn = turn };
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
	static struct host_limits many = { .streams_max = 64, .sockets_max = 4, .rx_bytes = 4096, .tx_bytes = 4096 };
	many.way = limits.way;
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

static int descriptors(void)
{
	int count = 0;
	for (int fd = 0; fd < 256; fd++) if (fcntl(fd, F_GETFD) >= 0) count++;
	return count;
}

/* What each side does with what it hears, until nothing more comes: the pattern has to be right as far as it goes. */
static void hear(uint64_t got[2][1 << 16], net_id accepted[], size_t *count)
{
	struct net_event ev;

	for (int side = 0; side < 2; side++)
		while (net_next(pair->net[side], &ev)) {
			uint64_t *at = &got[side][ev.id & 0xffff];
			if (ev.what == NET_ACCEPTED) accepted[(*count)++] = ev.id, *at = 0;
			else if (ev.what == NET_CONNECTED) *at = 0;
			else if (ev.what == NET_READABLE) CHECK(contract_take(side, ev.id, at));
			else if (ev.what == NET_EOF) net_finish(pair->net[side], ev.id);
		}
}

/* Streams that are dropped and finished, by either side, while bytes are on their way in both directions, and
 * others come in their place: nothing goes to the wrong one, and slots, rings and descriptors all come back. */
static void closing_in_the_middle_loses_nothing(void)
{
	static uint64_t got[2][1 << 16];
	struct addr at = contract_addr(1, 23);
	net_id listener = net_listen(pair->net[1], &at), client[8], accepted[64];
	int before = descriptors();
	uint32_t chance = 1;

	for (int round = 0; round < 200; round++) {
		size_t count = 0;
		for (size_t i = 0; i < COUNT(client); i++) CHECK((client[i] = net_connect(pair->net[0], &at)) != 0);
		for (int tries = 0; count < COUNT(client) && tries < 3000; tries++) pair->turn(pair), hear(got, accepted, &count);
		CHECK_EQ(count, COUNT(client));
		for (size_t i = 0; i < COUNT(client); i++) {
			uint64_t sent[2] = { 0, 0 }, many = (chance = chance * 1664525 + 1013904223) >> 15;
			contract_send(0, client[i], &sent[0], many);
			contract_send(1, accepted[i], &sent[1], many / 3);
			if (chance & 1024) pair->turn(pair);
			if (chance & 2048) hear(got, accepted, &count);
			int side = chance >> 12 & 1;
			net_id id = side ? accepted[i] : client[i];
			if (chance & 8192) net_finish(pair->net[side], id);
			else net_abort(pair->net[side], id);
		}
		for (int tries = 0; descriptors() > before && tries < 3000; tries++) pair->turn(pair), hear(got, accepted, &count);
		CHECK_EQ(descriptors(), before);
	}
	size_t count = 0;
	for (uint32_t i = 0; i < limits.streams_max; i++) CHECK(net_connect(pair->net[0], &at) != 0);
	for (int tries = 0; count < limits.streams_max && tries < 3000; tries++) pair->turn(pair), hear(got, accepted, &count);
	CHECK_EQ(count, limits.streams_max);
	net_finish(pair->net[1], listener);
	CHECK(net_listen(pair->net[1], &at) != 0); /* its port is free at once */
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

/* Answers to a batch go in runs of one length to one peer; whom they reach sees nothing of it. */
static void a_batch_is_answered_one_by_one(void)
{
	static const size_t length[] = { 100, 100, 100, 40, 100, 0, 0, 1400, 1400, 1401, 1401, 9000, 9000, 1, 1, 2, 1, 700, 700, 699 };
	struct addr at = contract_addr(1, 24), own = { .ip = pair->ip[0] };
	net_id server = net_bind(pair->net[1], &at), client[2] = { net_bind(pair->net[0], &own), net_bind(pair->net[0], &own) };
	size_t heard[2] = { 0, 0 };
	uint8_t data[9000];
	struct net_event ev;

	CHECK(server != 0 && client[0] != 0 && client[1] != 0);
	for (size_t i = 0; i < COUNT(length); i++)
		for (int k = 0; k < 2; k++) {
			memset(data, (int)(i * 2) + k, length[i]);
			if (k == 0 || i % 5 == 0) CHECK(net_sendto(pair->net[0], client[k], &at, (struct bytes){ data, length[i] }));
		}
	for (size_t i = 0; i < COUNT(length) + COUNT(length) / 5; i++) {
		EXPECT(1, NET_DATAGRAM, &ev);
		CHECK(net_sendto_from(pair->net[1], server, ev.local.ip, &ev.peer, ev.data));
	}
	for (size_t i = 0; i < COUNT(length) + COUNT(length) / 5; i++) {
		EXPECT(0, NET_DATAGRAM, &ev);
		int k = ev.id == client[1];
		size_t which = heard[k]++ * (k == 1 ? 5 : 1);
		CHECK(which < COUNT(length));
		CHECK_EQ(ev.data.len, length[which]);
		for (size_t byte = 0; byte < ev.data.len; byte++) CHECK_EQ(ev.data.at[byte], which * 2 + (size_t)k);
	}
	CHECK(contract_quiet(0));
	for (int k = 0; k < 2; k++) net_finish(pair->net[0], client[k]);
	net_finish(pair->net[1], server);
}

/* Several that came as one (UDP_GRO) are passed over when their socket goes; what comes next on another is whole. */
static void who_goes_in_the_middle_of_a_run_leaves_nothing_behind(void)
{
	struct addr at = contract_addr(1, 31);
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(at.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	net_id server = net_bind(pair->net[1], &at);
	int ends[2], segment = 100, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char data[300] = "";
	struct net_event ev;

	CHECK(server != 0 && fd >= 0 && socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	net_id local = host_adopt_datagrams(pair->net[1], ends[0], false);
	CHECK(local != 0 && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0);
	CHECK_EQ(sendto(fd, data, sizeof data, 0, (struct sockaddr *)&name, sizeof name), 300);
	EXPECT(1, NET_DATAGRAM, &ev);
	CHECK(ev.id == server && ev.data.len == 100);
	net_finish(pair->net[1], server);
	CHECK_EQ(send(ends[1], "whole", 5, 0), 5);
	EXPECT(1, NET_DATAGRAM, &ev);
	CHECK(ev.id == local && bytes_equal(ev.data, bytes_of("whole")));
	net_finish(pair->net[1], local);
	close(ends[1]);
	close(fd);
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

/* No descriptor for a ring is not the end. */
static void without_io_uring_there_is_epoll(void)
{
	struct host_limits either = limits, only = limits;
	struct rlimit was, low;
	int next = dup(0);

	either.way = HOST_URING, only.way = HOST_URING_ONLY;
	close(next);
	void *memory = calloc(1, host_size(&either));
	getrlimit(RLIMIT_NOFILE, &was);
	low = was, low.rlim_cur = (rlim_t)next;
	CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
	CHECK(host_init((struct room){ memory, host_size(&only) }, &only) == NULL && errno == EMFILE);
	setrlimit(RLIMIT_NOFILE, &was);
	struct net *net = host_init((struct room){ memset(memory, 0, host_size(&either)), host_size(&either) }, &either);
	CHECK(net != NULL);
	host_gone(net);
}

/* What one operation on a ring comes to that somebody else has made with 512 entries and room for 2,048 results. */
static int ring_does(int ring, uint8_t operation)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE, .cq_entries = 2048 };
	int twin = (int)syscall(SYS_io_uring_setup, 512, &p); /* says where in the memory all is */
	size_t size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	uint8_t *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *entry = mmap(NULL, 512 * sizeof *entry, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);

	close(twin);
	if (at == MAP_FAILED || (void *)entry == MAP_FAILED) return 1;
	uint32_t *tail = (uint32_t *)(void *)(at + p.sq_off.tail), *head = (uint32_t *)(void *)(at + p.cq_off.head), i = *tail & 511;
	entry[i] = (struct io_uring_sqe){ .opcode = operation, .fd = -1 };
	((uint32_t *)(void *)(at + p.sq_off.array))[i] = i;
	++*tail;
	syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	int result = ((struct io_uring_cqe *)(void *)(at + p.cq_off.cqes))[*head & 2047].res;
	++*head;
	munmap(at, size);
	munmap(entry, 512 * sizeof *entry);
	return result;
}

/* A peer that is no net: a socket of its own, connected to [1]'s listener. */
static int plain_peer(uint16_t offset, net_id *accepted)
{
	struct addr at = contract_addr(1, offset);
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(at.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct net_event ev;

	if (net_listen(pair->net[1], &at) == 0 || connect(fd, (struct sockaddr *)&name, sizeof name) != 0) return -1;
	if (!contract_event(1, &ev) || ev.what != NET_ACCEPTED) return -1;
	*accepted = ev.id;
	return fd;
}

/* The kernel stops before an urgent byte, as if there were no more; and the end may come with the last bytes. */
/* As when /proc/sys/fs/epoll/max_user_watches is reached: of who cannot be watched nothing would be heard again. */
static void who_cannot_be_watched_is_told(void)
{
	struct addr to = contract_addr(1, 40);
	struct net *net = pair->net[0];
	struct net_event ev;
	int kept, nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	net_id listener = net_listen(pair->net[1], &to);

	CHECK(listener != 0 && nothing >= 0);
	kept = dup(host_descriptor(net));
	CHECK(kept >= 0 && dup2(nothing, host_descriptor(net)) >= 0);
	net_id id = net_connect(net, &to);
	CHECK(dup2(kept, host_descriptor(net)) >= 0);
	close(kept);
	close(nothing);
	if (id == 0) CHECK_EQ(net_why_not(net), NET_NO_ROOM);
	else {
		EXPECT(0, NET_CLOSED, &ev);
		CHECK_EQ(ev.why, NET_NO_ROOM);
	}
	net_finish(pair->net[1], listener);
}

static void an_urgent_byte_hides_nothing(void)
{
	net_id id;
	struct net_event ev;
	char got[16] = "";
	int fd = plain_peer(26, &id);

	CHECK(fd >= 0);
	for (int round = 0; round < 2; round++) {
		size_t len = 0;
		CHECK(contract_quiet(1));
		CHECK(send(fd, "one", 3, 0) == 3 && send(fd, "!", 1, MSG_OOB) == 1 && send(fd, "two", 3, 0) == 3);
		if (round == 1) shutdown(fd, SHUT_WR);
		while (len < 7) {
			EXPECT(1, NET_READABLE, &ev);
			for (struct bytes b; (b = net_peek(pair->net[1], id)).len > 0; net_take(pair->net[1], id, b.len)) {
				CHECK(len + b.len < sizeof got);
				memcpy(got + len, b.at, b.len);
				len += b.len;
			}
		}
		CHECK(len == 7 && memcmp(got, "one!two", 7) == 0); /* the urgent one is in its place (RFC 6093, 4) */
	}
	EXPECT(1, NET_EOF, &ev);
	close(fd);
}

/* What was sent before a reset is told before it, and no end that was none. */
static void a_reset_comes_after_what_was_sent(void)
{
	struct linger none = { .l_onoff = 1 };
	uint64_t sent = 0;
	net_id id;
	struct net_event ev;
	int fd = plain_peer(27, &id);

	CHECK(fd >= 0);
	contract_send(1, id, &sent, UINT64_C(40) << 20); /* so that something is under way when it comes */
	for (int still = 0; still < 50; still++) {
		pair->turn(pair);
		while (net_next(pair->net[1], &ev)) if (ev.what == NET_WRITABLE) contract_send(1, id, &sent, UINT64_C(40) << 20), still = 0;
	}
	CHECK(send(fd, "farewell", 8, 0) == 8);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close(fd);
	EXPECT(1, NET_READABLE, &ev);
	CHECK(bytes_equal(net_peek(pair->net[1], id), bytes_of("farewell")));
	net_take(pair->net[1], id, 8);
	EXPECT(1, NET_CLOSED, &ev);
	CHECK_EQ(ev.why, NET_RESET);
}

/* Of a socket in the file system the kernel stops behind what a descriptor came with, too, as if there were no more. */
static void a_descriptor_that_comes_along_hides_nothing(void)
{
	union { struct cmsghdr align; uint8_t byte[CMSG_SPACE(sizeof(int))]; } control = { .byte = { 0 } };
	struct iovec part = { (void *)"one", 3 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct net_event ev;
	size_t len = 0;
	int ends[2], fd = 0;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	net_id id = host_adopt(pair->net[1], ends[0]);
	CHECK(id != 0 && contract_quiet(1));
	c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	CHECK(sendmsg(ends[1], &m, 0) == 3 && send(ends[1], "two", 3, 0) == 3);
	while (len < 6) {
		EXPECT(1, NET_READABLE, &ev);
		for (struct bytes b; (b = net_peek(pair->net[1], id)).len > 0; net_take(pair->net[1], id, b.len)) len += b.len;
	}
	CHECK_EQ(len, 6);
	net_abort(pair->net[1], id);
	close(ends[1]);
}

/* Streams that went while they had news keep their places until their turn; who comes meanwhile waits, and is not lost. */
static void who_comes_before_a_place_is_free_waits(void)
{
	static struct host_limits few = { .streams_max = 2, .sockets_max = 2, .rx_bytes = 4096, .tx_bytes = 4096 };
	struct addr at[2] = { contract_addr(1, 29), contract_addr(1, 30) };
	struct net *before = pair->net[1];
	net_id server[2];
	struct net_event ev;

	few.way = limits.way;
	void *memory = calloc(1, host_size(&few));
	pair->net[1] = host_init((struct room){ memory, host_size(&few) }, &few);
	for (int i = 0; i < 2; i++) CHECK(net_listen(pair->net[1], &at[i]) != 0);
	for (int i = 0; i < 2; i++) {
		CHECK(net_connect(pair->net[0], &at[i]) != 0);
		EXPECT(0, NET_CONNECTED, &ev);
		EXPECT(1, NET_ACCEPTED, &ev);
		server[i] = ev.id;
	}
	CHECK(contract_quiet(1)); /* the listeners rest */
	net_id late[2] = { net_connect(pair->net[0], &at[0]), net_connect(pair->net[0], &at[1]) };
	for (int i = 0; i < 2; i++) EXPECT(0, NET_CONNECTED, &ev);
	net_abort(pair->net[1], server[0]); /* the listeners are called */
	CHECK_EQ(net_send(pair->net[1], server[1], bytes_of("x")), 1); /* it has news behind them */
	net_abort(pair->net[1], server[1]);
	for (int i = 0; i < 2; i++) EXPECT(1, NET_ACCEPTED, &ev);
	for (int i = 0; i < 2; i++) {
		EXPECT(0, NET_CLOSED, &ev);
		CHECK(ev.id != late[0] && ev.id != late[1]);
	}
	CHECK(contract_quiet(0));
	for (int i = 0; i < 2; i++) net_abort(pair->net[0], late[i]);
	host_gone(pair->net[1]);
	pair->net[1] = before;
}

static size_t resident_pages(struct room memory)
{
	static unsigned char there[1 << 16];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (memory.len + page - 1) / page, count = 0;

	if (pages > sizeof there || mincore(memory.at, memory.len, there) != 0) return SIZE_MAX;
	for (size_t i = 0; i < pages; i++) count += there[i] & 1;
	return count;
}

/* Each of many streams has had its turn, one after another: they all went through the same few rings. */
static void a_ring_is_held_only_while_bytes_wait(void)
{
	struct room memory = { NULL, host_size(&limits) };
	struct pair p = *pair, *before = pair;
	net_id client[30], server[30];
	struct net_event ev;

	memory.at = mmap(NULL, memory.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory.at != MAP_FAILED);
	p.net[1] = host_init(memory, &limits);
	pair = &p;
	struct addr at = contract_addr(1, 28);
	CHECK(net_listen(p.net[1], &at) != 0);
	for (size_t i = 0; i < COUNT(client); i++) {
		CHECK((client[i] = net_connect(p.net[0], &at)) != 0);
		EXPECT(0, NET_CONNECTED, &ev);
		EXPECT(1, NET_ACCEPTED, &ev);
		server[i] = ev.id;
	}
	size_t pages = resident_pages(memory);
	for (size_t i = 0; i < COUNT(client); i++) {
		CHECK_EQ(net_send(p.net[0], client[i], bytes_of("a line\n")), 7);
		EXPECT(1, NET_READABLE, &ev);
		CHECK(ev.id == server[i]);
		CHECK_EQ(net_send(p.net[1], server[i], net_peek(p.net[1], server[i])), 7);
		net_take(p.net[1], server[i], 7);
		EXPECT(0, NET_READABLE, &ev);
		net_take(p.net[0], client[i], 7);
	}
	CHECK(resident_pages(memory) <= pages + 6);
	for (size_t i = 0; i < COUNT(client); i++) net_abort(p.net[0], client[i]);
	host_close(p.net[1]);
	munmap(memory.at, memory.len);
	pair = before;
}

/* seccomp does not see what goes through a ring. */
static void a_ring_can_do_no_more_than_it_should(void)
{
	static const uint8_t forbidden[] = {
		IORING_OP_NOP, IORING_OP_READ, IORING_OP_WRITE, IORING_OP_OPENAT, IORING_OP_OPENAT2, IORING_OP_CLOSE, IORING_OP_SOCKET,
		IORING_OP_CONNECT, IORING_OP_ACCEPT, IORING_OP_SENDMSG, IORING_OP_RECVMSG, IORING_OP_UNLINKAT, IORING_OP_URING_CMD,
	};
	int ring = dup(0);

	close(ring); /* the next descriptor's number */
	struct net *net = host_new();
	CHECK_EQ(ring_does(ring, IORING_OP_RECV), -EBADF);
	for (size_t i = 0; i < COUNT(forbidden); i++) CHECK_EQ(ring_does(ring, forbidden[i]), -EACCES);
	CHECK(syscall(SYS_io_uring_register, ring, IORING_REGISTER_EVENTFD, &ring, 1) < 0 && errno == EACCES);
	host_gone(net);
}

static void over(enum host_way way)
{
	struct pair p;

	limits.way = way;
	pair_up(&p, "127.0.0.1");
	net_contract();
	TEST(beyond_the_pool_they_wait);
	pair_down(&p);
	pair_up(&p, "127.0.0.1");
	TEST(without_descriptors_it_keeps_serving);
	TEST(the_wildcard_serves_both_families);
	TEST(a_host_answers_from_where_it_was_asked);
	TEST(a_batch_is_answered_one_by_one);
	TEST(who_goes_in_the_middle_of_a_run_leaves_nothing_behind);
	TEST(an_urgent_byte_hides_nothing);
	TEST(a_reset_comes_after_what_was_sent);
	TEST(a_descriptor_that_comes_along_hides_nothing);
	TEST(who_comes_before_a_place_is_free_waits);
	if (way == HOST_EPOLL) TEST(a_ring_is_held_only_while_bytes_wait);
	if (way == HOST_EPOLL) TEST(who_cannot_be_watched_is_told);
	pair_down(&p);
	TEST(nothing_open_is_the_end);
	pair_up(&p, "127.0.0.1");
	TEST(closing_in_the_middle_loses_nothing);
	pair_down(&p);
}

int main(void)
{
	over(HOST_EPOLL);
	limits.way = HOST_URING_ONLY;
	struct net *ring = host_new();
	if (ring == NULL) printf("# no io_uring here: %s\n", strerror(errno));
	else {
		host_gone(ring);
		TEST(a_ring_can_do_no_more_than_it_should);
		over(HOST_URING_ONLY);
	}
	TEST(without_io_uring_there_is_epoll);
	TEST(a_folder_of_files_leads_nowhere_else);
	return tap_end();
}
