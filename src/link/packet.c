/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* recvmmsg, sendmmsg */
#include "link/packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdalign.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_BYTES_MAX (64u * 1024 + ETH_HLEN) /* the largest IP packet there is */
#define RECEIVE_BYTES (4 << 20) /* the kernel's queue before us: it drops what comes when that is full */

/* The kernel's word on a frame comes beside it. */
struct notes { alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))]; };

static const struct tpacket_auxdata *auxdata(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA)
			return (const struct tpacket_auxdata *)CMSG_DATA(c);
	return NULL;
}

/* False for what is not for us: larger than a buffer, or of a VLAN (whose tag the kernel has taken off). */
static bool accept_frame(struct mmsghdr *got, const uint8_t *buffer, struct frame *frame)
{
	const struct tpacket_auxdata *aux = auxdata(&got->msg_hdr);
	uint32_t status = aux ? aux->tp_status : 0;

	if (got->msg_hdr.msg_flags & MSG_TRUNC || status & TP_STATUS_VLAN_VALID) return false;
	*frame = (struct frame){ .data = { buffer, got->msg_len } };
	/* A checksum that the sending kernel left to a card that does not exist, or that a card has checked. */
	if (status & (TP_STATUS_CSUMNOTREADY | TP_STATUS_CSUM_VALID)) frame->flags = FRAME_CHECKED;
	return true;
}

static size_t packet_recv(struct link *link, instant now, struct frame *frame, size_t max)
{
	struct device *d = &((struct packet *)link)->device;
	struct mmsghdr msg[LINK_BATCH_MAX];
	struct iovec part[LINK_BATCH_MAX];
	struct notes notes[LINK_BATCH_MAX];
	unsigned batch = (unsigned)size_min(max, d->frames);
	size_t n = 0;

	(void)now;
	for (unsigned i = 0; i < batch; i++) {
		part[i] = (struct iovec){ device_buffer(d, i), d->frame_bytes };
		msg[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &part[i], .msg_iovlen = 1, .msg_control = &notes[i],
		                                        .msg_controllen = sizeof notes[i] } };
	}
	int got = recvmmsg(d->fd, msg, batch, MSG_DONTWAIT, NULL);
	for (int i = 0; i < got; i++)
		if (accept_frame(&msg[i], device_buffer(d, (size_t)i), &frame[n])) n++;
		else d->dropped++;
	return n;
}

static size_t packet_send(struct link *link, instant now, const struct frame *frame, size_t count)
{
	struct device *d = &((struct packet *)link)->device;
	struct mmsghdr msg[LINK_BATCH_MAX];
	struct iovec part[LINK_BATCH_MAX];
	size_t sent = 0;

	(void)now;
	while (sent < count) {
		unsigned batch = (unsigned)size_min(count - sent, LINK_BATCH_MAX);
		for (unsigned i = 0; i < batch; i++) {
			part[i] = (struct iovec){ (void *)(uintptr_t)frame[sent + i].data.at, frame[sent + i].data.len };
			msg[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &part[i], .msg_iovlen = 1 } };
		}
		int took = sendmmsg(d->fd, msg, batch, MSG_DONTWAIT);
		if (took <= 0) break;
		sent += (size_t)took;
	}
	d->dropped += count - sent;
	return sent;
}

static instant packet_wait(struct link *link, instant until)
{
	const struct device *d = &((struct packet *)link)->device;
	return device_wait(d->fd, d->beside, until);
}

static const struct link_ops packet_ops = { packet_recv, packet_send, packet_wait };

int packet_make(void)
{
	int yes = 1, bytes = RECEIVE_BYTES;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); /* as much as one may */
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &yes, sizeof yes) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) == 0)
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

bool packet_bind(int fd, unsigned interface)
{
	struct sockaddr_ll where = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
	                             .sll_ifindex = (int)interface };
	return bind(fd, (struct sockaddr *)&where, sizeof where) == 0;
}

void packet_from(struct packet *packet, int fd, uint16_t mtu, struct room memory)
{
	packet->link = (struct link){ .ops = &packet_ops, .mtu = mtu };
	device_init(&packet->device, fd, memory, (size_t)mtu + ETH_HLEN);
}

/* Hears what is for our own MAC addresses too, which the interface does not know. */
static bool hear_all(int fd, unsigned interface)
{
	struct packet_mreq all = { .mr_ifindex = (int)interface, .mr_type = PACKET_MR_PROMISC };
	return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) == 0;
}

bool packet_open(struct packet *packet, const char *interface, struct room memory, struct text *err)
{
	uint16_t mtu;

	if (!device_up(interface, err) || !device_mtu(interface, &mtu, err)) return false;
	unsigned number = if_nametoindex(interface);
	int fd = packet_make();
	if (fd < 0 || !packet_bind(fd, number) || !hear_all(fd, number)) {
		text_printf(err, "%s: cannot open a packet socket on it: %s", interface, strerror(errno));
		if (errno == EPERM) text_puts(err, " (it takes root)");
		if (fd >= 0) close(fd);
		return false;
	}
	packet_from(packet, fd, mtu, memory);
	device_init(&packet->device, fd, memory, FRAME_BYTES_MAX);
	return true;
}

void packet_close(struct packet *packet) { close(packet->device.fd); }
