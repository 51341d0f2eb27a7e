/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* unshare */
#include "lab/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab/etc.h"
#include "lab/netlink.h"
#include "link/packet.h"
#include "link/tap.h"

#define DEVICE "eth0"

static bool write_file(const char *path, const char *words)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, words, strlen(words)) == (ssize_t)strlen(words);

	if (fd >= 0) close(fd);
	return done;
}

/* The number a file of /proc/sys holds; -1: there is no such file. */
static long read_number(const char *path)
{
	char words[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) return -1;
	ssize_t n = read(fd, words, sizeof words - 1);
	close(fd);
	return n > 0 ? strtol(words, NULL, 10) : -1;
}

/* The switches by which a system forbids namespaces. Read before any is made: inside a user namespace other
 * numbers hold. */
static const struct { const char *path, *name; long off; const char *on; } switches[] = {
	{ "/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", 0, "10000" },
	{ "/proc/sys/user/max_net_namespaces", "user.max_net_namespaces", 0, "10000" },
	{ "/proc/sys/user/max_mnt_namespaces", "user.max_mnt_namespaces", 0, "10000" },
	{ "/proc/sys/user/max_uts_namespaces", "user.max_uts_namespaces", 0, "10000" },
	{ "/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone", 0, "1" },
	{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "kernel.apparmor_restrict_unprivileged_userns", 1, "0" },
};

/* The first that does; COUNT(switches): none. */
static size_t read_switches(void)
{
	size_t i = 0;
	while (i < COUNT(switches) && read_number(switches[i].path) != switches[i].off) i++;
	return i;
}

/* Which switch it is, and what to do. */
static void say_forbidden(const char *what, int why, size_t by, struct text *err)
{
	text_printf(err, "this system does not let you make a %s (%s)", what, strerror(why));
	if (by < COUNT(switches)) {
		text_printf(err, ": %s is %ld. Run this as root (sudo), or have root allow it: sysctl -w %s=%s",
		            switches[by].name, switches[by].off, switches[by].name, switches[by].on);
		return;
	}
	if (why == ENOSPC || why == EUSERS) text_puts(err, ": too many exist already, or they are nested too deeply. ");
	else text_puts(err, ": a sandbox forbids it (a container's seccomp profile, a chroot). ");
	text_puts(err, "Run this outside of it, or as root, or in a privileged container");
}

/* Who calls stays who they are, by name and to the files; but in here they may do what concerns the network. */
static bool own_user_namespace(size_t by, struct text *err)
{
	unsigned uid = geteuid(), gid = getegid();
	char uid_map[48], gid_map[48];

	if (unshare(CLONE_NEWUSER) != 0) {
		say_forbidden("user namespace", errno, by, err);
		return false;
	}
	snprintf(uid_map, sizeof uid_map, "%u %u 1", uid, uid);
	snprintf(gid_map, sizeof gid_map, "%u %u 1", gid, gid);
	if (write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", uid_map) &&
	    write_file("/proc/self/gid_map", gid_map))
		return true;
	say_forbidden("user namespace with its user in it", errno, by, err);
	return false;
}

/* Root needs no user namespace, and is more at home without; but root in a container may be no more than a user. */
static bool own_namespaces(bool *own_user, struct text *err)
{
	int kinds = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS;

	*own_user = false;
	if (unshare(kinds) == 0) return true;
	*own_user = true;
	size_t by = read_switches();
	if (!own_user_namespace(by, err)) return false;
	if (unshare(kinds) == 0) return true;
	say_forbidden("network namespace", errno, by, err);
	return false;
}

/* The other end of the pair lies in a network namespace that holds nothing else and ends with our socket; so the
 * program sees one device, as it would on the host it stands for. */
static bool make_veth(const struct exec_config *c, struct inside *in, struct text *err)
{
	enum { OUTER = 2 }; /* its number: lo is 1 */
	struct netlink outer, inner;
	int yes = 1, here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	/* Sockets stay in the namespace they were made in. */
	*in = (struct inside){ .fd = packet_make() };
	if (in->fd < 0 || here < 0) {
		text_printf(err, "cannot open a packet socket: %s", strerror(errno));
		return false;
	}
	if (!netlink_open(&outer, err)) return false;
	if (unshare(CLONE_NEWNET) != 0) {
		text_printf(err, "cannot make a second network namespace: %s", strerror(errno));
		return false;
	}
	if (!netlink_open(&inner, err) ||
	    !netlink_add_veth(&inner, &(struct netlink_veth){ DEVICE, "outside", OUTER, here }) ||
	    !netlink_no_offload(DEVICE, err))
		return false;
	netlink_no_ip6_of_its_own(&outer, OUTER);
	if (!netlink_up(&outer, OUTER, NULL, c->bridge->end->mtu)) return false;
	/* Past the device's own queue, which drops everything until the device has wholly come up. */
	setsockopt(in->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes);
	if (!packet_bind(in->fd, OUTER)) {
		text_printf(err, "cannot bind a packet socket: %s", strerror(errno));
		return false;
	}
	netlink_close(&outer);
	netlink_close(&inner);
	close(here);
	return true;
}

static bool make_device(const struct exec_config *c, struct inside *in, struct text *err)
{
	if (c->device != EXEC_VETH) {
		*in = (struct inside){ .fd = tap_make(DEVICE), .tap = true };
		if (in->fd >= 0) return true;
		if (c->device == EXEC_TAP) {
			text_printf(err, "cannot make a TAP device: %s", strerror(errno));
			return false;
		}
	}
	return make_veth(c, in, err);
}

/* fe80::/64 and the MAC address with its universal bit turned over (RFC 4291, appendix A). */
static struct prefix link_local(struct mac mac)
{
	const uint8_t *m = mac.byte;
	return (struct prefix){ { { 0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5] } }, 64 };
}

static bool set_up_ip6(const struct exec_config *c, struct netlink *nl, unsigned index)
{
	write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "0"); /* new namespaces inherit it from some hosts */
	return netlink_add_address(nl, index, link_local(c->mac));
}

static bool set_up_device(const struct exec_config *c, struct text *err)
{
	enum { LOOPBACK = 1 };
	struct netlink nl;
	unsigned index = if_nametoindex(DEVICE);
	bool ip6 = false;

	if (!netlink_open(&nl, err)) return false;
	netlink_no_ip6_of_its_own(&nl, index);
	if (!netlink_up(&nl, LOOPBACK, NULL, 0) || !netlink_up(&nl, index, &c->mac, c->bridge->end->mtu)) return false;
	for (size_t i = 0; i < c->addresses_count; i++) {
		if (!ip_is4(c->addresses[i].ip) && !ip6 && !(ip6 = set_up_ip6(c, &nl, index))) return false;
		if (!netlink_add_address(&nl, index, c->addresses[i])) return false;
	}
	for (size_t i = 0; i < c->gateways_count; i++)
		if (!netlink_add_default_route(&nl, index, c->gateways[i])) return false;
	netlink_close(&nl);
	return true;
}

/* ping may ask for answers without being root. Where /proc cannot be written it still has its capability. */
static void allow_ping(void)
{
	char range[48];
	snprintf(range, sizeof range, "%u %u", getegid(), getegid());
	write_file("/proc/sys/net/ipv4/ping_group_range", range);
}

/* In a user namespace one has every capability until one runs a program, which then has those called ambient. */
static bool keep_capabilities(struct text *err)
{
	static const unsigned keep[] = { CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE };
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	bool done = syscall(SYS_capget, &head, data) == 0;

	for (size_t i = 0; i < COUNT(keep); i++) data[0].inheritable |= 1u << keep[i];
	done = done && syscall(SYS_capset, &head, data) == 0;
	for (size_t i = 0; done && i < COUNT(keep); i++)
		done = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, keep[i], 0, 0) == 0;
	if (!done) text_printf(err, "cannot keep the capabilities that concern networks: %s", strerror(errno));
	return done;
}

/* What stays open here is closed when the program is run. */
bool inside_enter(const struct exec_config *c, struct inside *in, struct text *err)
{
	bool own_user;

	if (!own_namespaces(&own_user, err) || !make_device(c, in, err) || !set_up_device(c, err)) return false;
	if (!etc_replace(c, err)) return false;
	allow_ping();
	if (sethostname(c->hostname, strlen(c->hostname)) != 0) {
		text_printf(err, "cannot set the host name: %s", strerror(errno));
		return false;
	}
	return !own_user || keep_capabilities(err);
}
