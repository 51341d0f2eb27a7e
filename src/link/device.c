/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* ppoll */
#include "link/device.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "link/link.h"

void device_init(struct device *d, int fd, struct room memory, size_t frame_bytes)
{
	size_t frames = size_min(memory.len / frame_bytes, LINK_BATCH_MAX);

	assert(frames > 0);
	*d = (struct device){ .fd = fd, .beside = -1, .memory = memory, .frame_bytes = frame_bytes, .frames = frames };
}

instant device_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

instant device_wait(int fd, int beside, instant until)
{
	struct pollfd readable[] = { { .fd = fd, .events = POLLIN }, { .fd = beside, .events = POLLIN } };
	instant left = until == NEVER ? 0 : instant_max(until - device_now(), 0);
	struct timespec timeout = { left / SECOND, left % SECOND };

	ppoll(readable, beside < 0 ? 1 : 2, until == NEVER ? NULL : &timeout, NULL);
	return device_now();
}

/* One question or order about an interface; false with words. */
static bool ask(const char *name, unsigned long request, struct ifreq *ifr, const char *what, struct text *err)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done = false;

	if (strlen(name) < sizeof ifr->ifr_name) {
		memcpy(ifr->ifr_name, name, strlen(name) + 1);
		done = fd >= 0 && ioctl(fd, request, ifr) == 0;
	} else errno = ENODEV;
	if (!done) text_printf(err, "%s: cannot %s: %s", name, what, strerror(errno));
	if (fd >= 0) close(fd);
	return done;
}

bool device_mtu(const char *name, uint16_t *mtu, struct text *err)
{
	struct ifreq ifr = { 0 };

	if (!ask(name, SIOCGIFMTU, &ifr, "find its MTU", err)) return false;
	*mtu = (uint16_t)(ifr.ifr_mtu < UINT16_MAX ? ifr.ifr_mtu : UINT16_MAX);
	return true;
}

bool device_up(const char *name, struct text *err)
{
	struct ifreq ifr = { 0 };

	if (!ask(name, SIOCGIFFLAGS, &ifr, "find its state", err)) return false;
	if (ifr.ifr_flags & IFF_UP) return true;
	ifr.ifr_flags |= IFF_UP;
	return ask(name, SIOCSIFFLAGS, &ifr, "bring it up", err);
}
