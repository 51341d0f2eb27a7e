/* SPDX-License-Identifier: ISC */
#include "link/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ETHERNET_BYTES 14
#define VLAN_BYTES 4

static size_t tap_recv(struct link *link, instant now, struct frame *frame, size_t max)
{
	struct device *d = &((struct tap *)link)->device;
	size_t n = 0;

	(void)now;
	while (n < size_min(max, d->frames)) {
		ssize_t len = read(d->fd, device_buffer(d, n), d->frame_bytes);
		if (len <= 0) break;
		frame[n] = (struct frame){ .data = { device_buffer(d, n), (size_t)len } };
		n++;
	}
	return n;
}

static size_t tap_send(struct link *link, instant now, const struct frame *frame, size_t count)
{
	struct device *d = &((struct tap *)link)->device;
	size_t sent = 0;

	(void)now;
	for (size_t i = 0; i < count; i++)
		if (write(d->fd, frame[i].data.at, frame[i].data.len) == (ssize_t)frame[i].data.len) sent++;
		else d->dropped++;
	return sent;
}

static instant tap_wait(struct link *link, instant until)
{
	const struct device *d = &((struct tap *)link)->device;
	return device_wait(d->fd, d->beside, until);
}

static const struct link_ops tap_ops = { tap_recv, tap_send, tap_wait };

int tap_make(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	if (strlen(name) >= sizeof ifr.ifr_name) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(ifr.ifr_name, name, strlen(name) + 1);
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) != 0) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

void tap_from(struct tap *tap, int fd, uint16_t mtu, struct room memory)
{
	tap->link = (struct link){ .ops = &tap_ops, .mtu = mtu };
	device_init(&tap->device, fd, memory, (size_t)mtu + ETHERNET_BYTES + VLAN_BYTES);
}

bool tap_open(struct tap *tap, const char *name, struct room memory, struct text *err)
{
	uint16_t mtu;
	int fd = tap_make(name);

	if (fd < 0) {
		text_printf(err, "%s: cannot open it as a TAP device: %s", name, strerror(errno));
		if (errno == EACCES || errno == EPERM) text_puts(err, " (it takes root, or a device made for your user)");
		return false;
	}
	if (!device_up(name, err) || !device_mtu(name, &mtu, err)) {
		close(fd);
		return false;
	}
	tap_from(tap, fd, mtu, memory);
	return true;
}

void tap_close(struct tap *tap) { close(tap->device.fd); }
