/* SPDX-License-Identifier: ISC */
/* netlink.h - the few orders about network devices that lab exec gives the kernel (rtnetlink, ethtool).
 *
 * A netlink speaks for the network namespace it was opened in. Each order waits for the kernel's answer; false:
 * err says what could not be done, and why.
 */
#ifndef TULLE_LAB_NETLINK_H
#define TULLE_LAB_NETLINK_H

#include "base/address.h"
#include "base/text.h"

struct netlink { int fd; uint32_t sequence; struct text *err; };

bool netlink_open(struct netlink *, struct text *err);
void netlink_close(struct netlink *);

struct netlink_veth {
	const char *name, *peer_name;
	unsigned peer_index;      /* its number in the peer's namespace: so that it need not be asked for */
	int peer_namespace;       /* a descriptor */
};
bool netlink_add_veth(struct netlink *, const struct netlink_veth *);

/* Gives a device its MAC address (NULL: it keeps its own) and MTU (0: likewise), and brings it up. */
bool netlink_up(struct netlink *, unsigned index, const struct mac *, uint16_t mtu);

/* No address made up from the MAC, and so none of the chatter that announces it. Kernels without IPv6 do not
 * know what that is: not an error. */
void netlink_no_ip6_of_its_own(struct netlink *, unsigned index);

bool netlink_add_address(struct netlink *, unsigned index, struct prefix); /* usable at once */
bool netlink_add_default_route(struct netlink *, unsigned index, struct ip gateway);

/* The kernel sums up and cuts what it sends there itself, instead of leaving it to a card. */
bool netlink_no_offload(const char *name, struct text *err);

#endif
