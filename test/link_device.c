/* SPDX-License-Identifier: ISC */
/* TAP and packet links against the kernel, in a network namespace of the test's own:
 *
 *     tap0 (kernel: 10.9.0.1) ~ struct tap       veth0 (kernel: 10.8.0.1) ~ veth1 ~ struct packet
 */
#define _GNU_SOURCE /* unshare */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/address.h"
#include "base/checksum.h"
#include "link/packet.h"
#include "link/tap.h"
#include "tap.h"

static uint8_t memory[PACKET_MEMORY_BYTES];

static bool run(const char *command) { return system(command) == 0; }

static bool own_namespace(void)
{
	uid_t uid = getuid();
	if (unshare(CLONE_NEWNET) == 0) return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
	char map[32];
	int n = snprintf(map, sizeof map, "0 %u 1", (unsigned)uid), fd = open("/proc/self/uid_map", O_WRONLY);
	bool done = fd >= 0 && write(fd, map, (size_t)n) == n;
	if (fd >= 0) close(fd);
	return done;
}

/* The kernel sends a datagram of so many bytes; it comes out of the link. */
static bool datagram(uint32_t to, size_t len)
{
	static uint8_t bytes[65000];
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(7), .sin_addr.s_addr = htonl(to) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool sent = sendto(fd, bytes, len, 0, (struct sockaddr *)&sin, sizeof sin) == (ssize_t)len;
	close(fd);
	return sent;
}

/* The next IPv4 frame with UDP in it. */
static bool next_udp(struct link *link, struct frame *out, instant wait_for)
{
	instant now = device_now(), until = now + wait_for;
	struct frame f[LINK_BATCH_MAX];
	while (now < until) {
		size_t n = link_recv(link, now, f, LINK_BATCH_MAX);
		for (size_t i = 0; i < n; i++)
			if (f[i].data.len >= 42 && load_be16(f[i].data.at + 12) == 0x800 && f[i].data.at[23] == 17) {
				*out = f[i];
				return true;
			}
		if (n == 0) now = link->ops->wait(link, until);
	}
	return false;
}

/* A datagram to that address comes out of the link. An interface drops what is sent before it has come up. */
static bool datagram_comes(uint32_t to, size_t len, struct link *link, struct frame *out)
{
	for (int tries = 0; tries < 50; tries++)
		if (!datagram(to, len)) return false;
		else if (next_udp(link, out, 50 * MILLISECOND)) return true;
	return false;
}

static bool udp_checksum_right(const struct frame *f)
{
	const uint8_t *ip = f->data.at + 14;
	size_t len = load_be16(ip + 2) - 20u;
	uint64_t sum = checksum_pseudo(ip4_of(load_be32(ip + 12)), ip4_of(load_be32(ip + 16)), 17, len);
	return checksum_finish(checksum_add(sum, (struct bytes){ ip + 20, len })) == 0;
}

static void tap_carries_frames(void)
{
	char words[200];
	struct text err = text_in(words, sizeof words);
	struct tap tap;
	struct frame f;

	CHECK(tap_open(&tap, "tap0", (struct room){ memory, DEVICE_MEMORY_BYTES }, &err));
	CHECK_EQ(tap.link.mtu, 1500);
	CHECK(run("ip addr add 10.9.0.1/24 dev tap0 && ip neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev tap0"));
	CHECK(datagram_comes(0x0a090002, 1000, &tap.link, &f));
	CHECK_EQ(f.data.len, 14 + 20 + 8 + 1000);
	CHECK(udp_checksum_right(&f));
	/* An ARP request is answered by the kernel. */
	static const uint8_t arp[42] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1,
	                                 2, 0, 0, 0, 0, 2, 10, 9, 0, 2, 0, 0, 0, 0, 0, 0, 10, 9, 0, 1 };
	struct frame ask = { .data = { arp, sizeof arp } }, got[LINK_BATCH_MAX];
	bool answered = false;
	CHECK_EQ(link_send(&tap.link, device_now(), &ask, 1), 1);
	for (instant now = device_now(), until = now + 10 * SECOND; now < until && !answered; now = tap.link.ops->wait(&tap.link, until))
		for (size_t n = link_recv(&tap.link, now, got, LINK_BATCH_MAX), i = 0; i < n; i++)
			answered |= load_be16(got[i].data.at + 12) == 0x806 && got[i].data.at[21] == 2;
	CHECK(answered);
	tap_close(&tap);
}

static void waiting_ends_in_time(void)
{
	char words[200];
	struct text err = text_in(words, sizeof words);
	struct tap tap;

	CHECK(tap_open(&tap, "tap1", (struct room){ memory, DEVICE_MEMORY_BYTES }, &err));
	instant start = device_now(), until = start + 20 * MILLISECOND, now = start;
	struct frame f[8];
	while (now < until) {
		link_recv(&tap.link, now, f, 8); /* what the kernel says of itself on a new interface */
		now = tap.link.ops->wait(&tap.link, until);
	}
	CHECK(now - start < 5 * SECOND); /* on a busy machine too; it would wait for ever */
	tap_close(&tap);
}

static void names_that_cannot_be(void)
{
	char words[200];
	struct text err = text_in(words, sizeof words);
	struct tap tap;
	struct packet packet;

	CHECK(!packet_open(&packet, "nosuch0", (struct room){ memory, sizeof memory }, &err));
	CHECK_STR(words, "nosuch0: cannot find its state: No such device");
	text_clear(&err);
	CHECK(!tap_open(&tap, "a-name-much-too-long-for-linux", (struct room){ memory, sizeof memory }, &err));
	CHECK_STR(words, "a-name-much-too-long-for-linux: cannot open it as a TAP device: File name too long");
}

/* The kernel at the other end leaves its checksums to a card that is not there: they are vouched for. */
static void partial_checksums(void)
{
	char words[200];
	struct text err = text_in(words, sizeof words);
	struct packet packet;
	struct frame f;

	CHECK(run("ip link add veth0 type veth peer name veth1 && ip addr add 10.8.0.1/24 dev veth0 && "
	          "ip link set veth0 up && ip neigh add 10.8.0.2 lladdr 02:00:00:00:00:02 dev veth0"));
	CHECK(packet_open(&packet, "veth1", (struct room){ memory, sizeof memory }, &err));
	CHECK(datagram_comes(0x0a080002, 1000, &packet.link, &f));
	CHECK(!udp_checksum_right(&f));
	CHECK_EQ(f.flags, FRAME_CHECKED);
	CHECK_EQ(f.data.len, 14 + 20 + 8 + 1000);
	packet_close(&packet);
}

/* What we send out of an interface is not heard again by ourselves, and the other end gets it. */
static void own_frames_are_not_heard(void)
{
	char words[200];
	struct text err = text_in(words, sizeof words);
	struct packet one, two;
	static uint8_t more[PACKET_MEMORY_BYTES];
	uint8_t bytes[60] = { 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x88, 0xb5 };
	struct frame f[3] = { { .data = { bytes, 60 } }, { .data = { bytes, 60 } }, { .data = { bytes, 60 } } };
	size_t heard = 0, own = 0;

	CHECK(packet_open(&one, "veth1", (struct room){ memory, sizeof memory }, &err));
	CHECK(packet_open(&two, "veth0", (struct room){ more, sizeof more }, &err));
	CHECK_EQ(link_send(&one.link, device_now(), f, 3), 3);
	for (instant now = device_now(), until = now + 10 * SECOND; now < until && heard < 3;) {
		struct frame got[LINK_BATCH_MAX];
		size_t n = link_recv(&two.link, now, got, LINK_BATCH_MAX);
		for (size_t i = 0; i < n; i++) heard += load_be16(got[i].data.at + 12) == 0x88b5;
		n = link_recv(&one.link, now, got, LINK_BATCH_MAX);
		for (size_t i = 0; i < n; i++) own += load_be16(got[i].data.at + 12) == 0x88b5;
		now = two.link.ops->wait(&two.link, until);
	}
	CHECK_EQ(heard, 3);
	CHECK_EQ(own, 0);
	packet_close(&one);
	packet_close(&two);
}

int main(void)
{
	if (!own_namespace()) {
		printf("1..0 # SKIP no network namespace can be made here\n");
		return 0;
	}
	int tun = open("/dev/net/tun", O_RDWR);
	if (tun >= 0) {
		close(tun);
		TEST(tap_carries_frames);
		TEST(waiting_ends_in_time);
		TEST(names_that_cannot_be);
	}
	TEST(partial_checksums);
	TEST(own_frames_are_not_heard);
	return tap_end();
}
