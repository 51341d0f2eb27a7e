/* SPDX-License-Identifier: ISC */
#include "lab/netlink.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdalign.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* One message, built up from the front: a header, a fixed part by kind, attributes that may hold others. */
struct message { alignas(struct nlmsghdr) uint8_t at[1024]; };

static struct nlmsghdr *header(struct message *m) { return (struct nlmsghdr *)m->at; }

static void *append(struct message *m, size_t size)
{
	struct nlmsghdr *h = header(m);
	void *at = m->at + NLMSG_ALIGN(h->nlmsg_len);

	assert(NLMSG_ALIGN(h->nlmsg_len) + size <= sizeof m->at);
	memset(at, 0, NLMSG_ALIGN(size));
	h->nlmsg_len = (uint32_t)(NLMSG_ALIGN(h->nlmsg_len) + size);
	return at;
}

static void *begin(struct message *m, uint16_t type, uint16_t flags, size_t fixed)
{
	*header(m) = (struct nlmsghdr){ .nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = type,
	                                .nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST | NLM_F_ACK) };
	return append(m, fixed);
}

static struct rtattr *put(struct message *m, uint16_t type, const void *value, size_t len)
{
	struct rtattr *a = append(m, RTA_LENGTH(len));

	*a = (struct rtattr){ (unsigned short)RTA_LENGTH(len), type };
	if (len > 0) memcpy(RTA_DATA(a), value, len);
	return a;
}
static void put_u32(struct message *m, uint16_t type, uint32_t v) { put(m, type, &v, sizeof v); }
static void put_text(struct message *m, uint16_t type, const char *s) { put(m, type, s, strlen(s) + 1); }
static struct rtattr *nest(struct message *m, uint16_t type) { return put(m, type, NULL, 0); }
static void end_nest(struct message *m, struct rtattr *a)
{
	a->rta_len = (unsigned short)(m->at + header(m)->nlmsg_len - (uint8_t *)a);
}

/* 0 or what the kernel says is wrong. */
static int order(struct netlink *nl, struct message *m)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct message answer;

	header(m)->nlmsg_seq = ++nl->sequence;
	if (sendto(nl->fd, m->at, header(m)->nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0) return errno;
	for (;;) {
		ssize_t n = recv(nl->fd, answer.at, sizeof answer.at, 0);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return errno;
		struct nlmsghdr *h = header(&answer);
		if ((size_t)n < NLMSG_LENGTH(sizeof(struct nlmsgerr)) || h->nlmsg_seq != nl->sequence) continue;
		if (h->nlmsg_type == NLMSG_ERROR) return -((struct nlmsgerr *)NLMSG_DATA(h))->error;
	}
}

static bool done(struct netlink *nl, struct message *m, const char *what)
{
	int why = order(nl, m);

	if (why != 0) text_printf(nl->err, "cannot %s: %s", what, strerror(why));
	return why == 0;
}

bool netlink_open(struct netlink *nl, struct text *err)
{
	*nl = (struct netlink){ .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), .err = err };
	if (nl->fd < 0) text_printf(err, "cannot speak with the kernel about devices: %s", strerror(errno));
	return nl->fd >= 0;
}

void netlink_close(struct netlink *nl) { close(nl->fd); }

bool netlink_add_veth(struct netlink *nl, const struct netlink_veth *veth)
{
	struct message m;

	begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	put_text(&m, IFLA_IFNAME, veth->name);
	struct rtattr *info = nest(&m, IFLA_LINKINFO);
	put_text(&m, IFLA_INFO_KIND, "veth");
	struct rtattr *data = nest(&m, IFLA_INFO_DATA), *peer = nest(&m, VETH_INFO_PEER);
	struct ifinfomsg *i = append(&m, sizeof *i);
	i->ifi_index = (int)veth->peer_index;
	put_text(&m, IFLA_IFNAME, veth->peer_name);
	put_u32(&m, IFLA_NET_NS_FD, (uint32_t)veth->peer_namespace);
	end_nest(&m, peer);
	end_nest(&m, data);
	end_nest(&m, info);
	return done(nl, &m, "make a pair of virtual devices (veth)");
}

bool netlink_up(struct netlink *nl, unsigned index, const struct mac *mac, uint16_t mtu)
{
	struct message m;
	struct ifinfomsg *i = begin(&m, RTM_NEWLINK, 0, sizeof *i);

	i->ifi_index = (int)index;
	i->ifi_flags = i->ifi_change = IFF_UP;
	if (mac != NULL) put(&m, IFLA_ADDRESS, mac->byte, sizeof mac->byte);
	if (mtu != 0) put_u32(&m, IFLA_MTU, mtu);
	return done(nl, &m, "bring up a network device");
}

void netlink_no_ip6_of_its_own(struct netlink *nl, unsigned index)
{
	struct message m;
	struct ifinfomsg *i = begin(&m, RTM_NEWLINK, 0, sizeof *i);
	uint8_t none = IN6_ADDR_GEN_MODE_NONE;

	i->ifi_index = (int)index;
	struct rtattr *families = nest(&m, IFLA_AF_SPEC), *ip6 = nest(&m, AF_INET6);
	put(&m, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
	end_nest(&m, ip6);
	end_nest(&m, families);
	order(nl, &m);
}

static void put_ip(struct message *m, uint16_t type, struct ip ip)
{
	if (ip_is4(ip)) put(m, type, ip.byte + 12, 4);
	else put(m, type, ip.byte, 16);
}

bool netlink_add_address(struct netlink *nl, unsigned index, struct prefix prefix)
{
	struct message m;
	struct ifaddrmsg *a = begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof *a);
	bool is4 = ip_is4(prefix.ip);

	a->ifa_family = is4 ? AF_INET : AF_INET6;
	a->ifa_prefixlen = (uint8_t)(is4 ? prefix.bits - 96 : prefix.bits);
	a->ifa_flags = is4 ? 0 : IFA_F_NODAD; /* nobody else has it: the lab says so */
	a->ifa_scope = ip_is_link_local(prefix.ip) && !is4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	a->ifa_index = index;
	put_ip(&m, IFA_LOCAL, prefix.ip);
	put_ip(&m, IFA_ADDRESS, prefix.ip);
	if (is4 && prefix.bits < 127) put_ip(&m, IFA_BROADCAST, prefix_last(prefix));
	return done(nl, &m, "give a network device its address");
}

bool netlink_add_default_route(struct netlink *nl, unsigned index, struct ip gateway)
{
	struct message m;
	struct rtmsg *r = begin(&m, RTM_NEWROUTE, NLM_F_CREATE, sizeof *r);

	*r = (struct rtmsg){ .rtm_family = ip_is4(gateway) ? AF_INET : AF_INET6, .rtm_table = RT_TABLE_MAIN,
	                     .rtm_protocol = RTPROT_BOOT, .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST };
	put_ip(&m, RTA_GATEWAY, gateway);
	put_u32(&m, RTA_OIF, index);
	return done(nl, &m, "set the default route");
}

bool netlink_no_offload(const char *name, struct text *err)
{
	static const uint32_t orders[] = { ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO };
	struct ifreq ifr = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool all = fd >= 0;

	assert(strlen(name) < sizeof ifr.ifr_name);
	memcpy(ifr.ifr_name, name, strlen(name) + 1);
	for (size_t i = 0; all && i < COUNT(orders); i++) {
		struct ethtool_value off = { orders[i], 0 };
		ifr.ifr_data = (void *)&off;
		all = ioctl(fd, SIOCETHTOOL, &ifr) == 0;
	}
	if (!all) text_printf(err, "%s: cannot switch off what is left to a card: %s", name, strerror(errno));
	if (fd >= 0) close(fd);
	return all;
}
