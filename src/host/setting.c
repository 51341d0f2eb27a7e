/* SPDX-License-Identifier: ISC */
/* setting.c - options of sockets. Those that count from the first packet on are set before it (struct net_how); a
 * socket for both families has each of them twice. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/tcp.h> /* whose tcp_md5sig has the prefix; it cannot stand beside netinet/tcp.h */

#include "host/inside.h"

#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT 73 /* linux/in6.h, which cannot stand beside netinet/in.h */
#endif

/* 0 or -1 and errno, as setsockopt. */
static int set(int fd, int level, int name, int value) { return setsockopt(fd, level, name, &value, sizeof value); }

static int set_both(int fd, int family, int option4, int option6, int value)
{
	if (set(fd, IPPROTO_IP, option4, value) != 0) return -1;
	return family == AF_INET ? 0 : set(fd, IPPROTO_IPV6, option6, value);
}

static int refuse(int error) { return errno = error, -1; }

static int set_option(int fd, int family, bool stream, enum net_option option, int value)
{
	switch (option) {
	case NET_TTL: return set_both(fd, family, IP_TTL, IPV6_UNICAST_HOPS, value);
	case NET_TTL_LEAST: return set_both(fd, family, IP_MINTTL, IPV6_MINHOPCOUNT, value);
	case NET_TRAFFIC_CLASS: return set_both(fd, family, IP_TOS, IPV6_TCLASS, value);
	case NET_RECEIVE_BYTES: return set(fd, SOL_SOCKET, SO_RCVBUF, value);
	case NET_SEND_BYTES: return set(fd, SOL_SOCKET, SO_SNDBUF, value);
	case NET_DEBUG: return set(fd, SOL_SOCKET, SO_DEBUG, value);
	default: break;
	}
	if (stream) return refuse(EOPNOTSUPP);
	switch (option) {
	case NET_BROADCAST: return set(fd, SOL_SOCKET, SO_BROADCAST, value);
	case NET_MULTICAST_LOOP: return set_both(fd, family, IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP, value);
	case NET_MULTICAST_TTL: return set_both(fd, family, IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS, value);
	default: return refuse(EOPNOTSUPP);
	}
}

/* The kernel keeps no minimum for datagrams: on those it would be a promise that nobody holds. */
bool setting_set(struct net *net, net_id id, enum net_option option, int value)
{
	struct slot *s = slot_find(host_of(net), id);
	bool stream = s != NULL && s->kind != SLOT_DATAGRAM;

	if (s == NULL) return net->why_not = NET_NO_ADDRESS, false;
	if (option == NET_TTL_LEAST && !stream) return net->why_not = NET_UNSUPPORTED, false;
	if (option == NET_URGENT_NEWS && s->kind == SLOT_STREAM && host_of(net)->uring == NULL) return s->urgent_news = value, true;
	if (option == NET_AHEAD_BYTES && s->kind == SLOT_STREAM && host_of(net)->uring == NULL) return s->ahead_max = (uint32_t)value, true;
	if (set_option(s->fd, s->family, stream, option, value) == 0) return true;
	net->why_not = kernel_why(errno);
	return false;
}

/* For one peer, or with a prefix of no bits for everybody of a family. */
static int sign(int fd, int family, const struct addr *remote, struct bytes key)
{
	struct tcp_md5sig m = { .tcpm_flags = remote != NULL ? 0 : TCP_MD5SIG_FLAG_PREFIX };
	struct sockaddr_in6 name;
	struct addr anybody = { .ip = family == AF_INET ? ip4_any() : ip6_any() };

	if (key.len > TCP_MD5SIG_MAXKEYLEN) return refuse(EINVAL);
	kernel_name(remote != NULL ? remote : &anybody, family, &name);
	memcpy(&m.tcpm_addr, &name, sizeof name);
	m.tcpm_keylen = (uint16_t)key.len;
	memcpy(m.tcpm_key, key.at, key.len);
	int result = setsockopt(fd, IPPROTO_TCP, remote != NULL ? TCP_MD5SIG : TCP_MD5SIG_EXT, &m, sizeof m);
	memset(&m, 0, sizeof m);
	return result;
}

/* A listener for both families hears those of IPv4, too. */
static int sign_listener(int fd, int family, const struct net_how *how)
{
	struct sockaddr_in6 mapped = { .sin6_family = AF_INET6 };
	struct tcp_md5sig m = { .tcpm_flags = TCP_MD5SIG_FLAG_PREFIX, .tcpm_keylen = (uint16_t)how->md5_key.len };

	if (sign(fd, family, NULL, how->md5_key) != 0) return -1;
	if (family == AF_INET) return 0;
	mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&m.tcpm_addr, &mapped, sizeof mapped);
	memcpy(m.tcpm_key, how->md5_key.at, how->md5_key.len);
	int result = setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, &m, sizeof m);
	memset(&m, 0, sizeof m);
	return result;
}

bool setting_begin(int fd, int family, const struct addr *remote, const struct net_how *how)
{
	struct sockaddr_in6 name;

	if (how == NULL) return true;
	for (size_t i = 0; i < how->settings; i++)
		if (set_option(fd, family, true, how->setting[i].option, how->setting[i].value) != 0) return false;
	if (how->md5_key.len > 0 && (remote != NULL ? sign(fd, family, remote, how->md5_key) : sign_listener(fd, family, how)) != 0)
		return false;
	if (remote == NULL || (ip_is_any(how->from.ip) && how->from.port == 0)) return true;
	if (!ip_is_any(how->from.ip) && ip_is4(how->from.ip) != (family == AF_INET)) return errno = EADDRNOTAVAIL, false;
	if (how->from.port != 0) kernel_option(fd, SOL_SOCKET, SO_REUSEADDR, 1); /* the last connection's TIME-WAIT is no hindrance */
	else kernel_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return bind(fd, (struct sockaddr *)&name, kernel_name(&how->from, family, &name)) == 0;
}
