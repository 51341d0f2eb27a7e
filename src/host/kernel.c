/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "host/inside.h"

socklen_t kernel_name(const struct addr *a, int family, struct sockaddr_in6 *name)
{
	memset(name, 0, sizeof *name);
	if (family == AF_INET) {
		struct sockaddr_in *name4 = (struct sockaddr_in *)name;
		name4->sin_family = AF_INET;
		name4->sin_port = htons(a->port);
		name4->sin_addr.s_addr = ip_is_any(a->ip) ? INADDR_ANY : htonl(ip4_number(a->ip));
		return sizeof *name4;
	}
	name->sin6_family = AF_INET6;
	name->sin6_port = htons(a->port);
	memcpy(&name->sin6_addr, a->ip.byte, sizeof a->ip.byte);
	if (!ip_is4(a->ip) && (ip_is_link_local(a->ip) || ip_is_multicast(a->ip))) name->sin6_scope_id = a->interface;
	return sizeof *name;
}

struct addr kernel_addr(const struct sockaddr_in6 *name)
{
	if (name->sin6_family == AF_INET) {
		const struct sockaddr_in *name4 = (const struct sockaddr_in *)name;
		return (struct addr){ .ip = ip4_of(ntohl(name4->sin_addr.s_addr)), .port = ntohs(name4->sin_port) };
	}
	struct addr a = { .port = ntohs(name->sin6_port), .interface = (uint16_t)name->sin6_scope_id };
	memcpy(a.ip.byte, &name->sin6_addr, sizeof a.ip.byte);
	return a;
}

enum net_why kernel_why(int error)
{
	switch (error) {
	case ECONNREFUSED: return NET_REFUSED;
	case ECONNRESET: case EPIPE: case ECONNABORTED: return NET_RESET;
	case ETIMEDOUT: return NET_TIMED_OUT;
	case EHOSTUNREACH: case ENETUNREACH: case ENETDOWN: case EHOSTDOWN: case ENODEV: case ENONET: case EPROTO:
	case ENOPROTOOPT: return NET_UNREACHABLE;
	case EMSGSIZE: return NET_TOO_BIG;
	case EMFILE: case ENFILE: case ENOBUFS: case ENOMEM: case ENOSPC: return NET_NO_ROOM;
	case EADDRINUSE: return NET_IN_USE;
	case EACCES: case EPERM: return NET_NOT_ALLOWED;
	case EADDRNOTAVAIL: return NET_NO_ADDRESS;
	default: return NET_UNSUPPORTED;
	}
}

void kernel_option(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); }

/* Whether a socket like this one could have the port alone. */
static bool is_free(int fd, const struct sockaddr_in6 *name, socklen_t len)
{
	int type = SOCK_STREAM, only6 = 0;
	socklen_t size = sizeof type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0) return false;
	int other = socket(name->sin6_family, type | SOCK_CLOEXEC, 0);
	if (other < 0) return false;
	size = sizeof only6;
	if (name->sin6_family == AF_INET6 && getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, &size) == 0)
		kernel_option(other, IPPROTO_IPV6, IPV6_V6ONLY, only6);
	if (type == SOCK_STREAM) kernel_option(other, SOL_SOCKET, SO_REUSEADDR, 1);
	bool is = bind(other, (const struct sockaddr *)name, len) == 0;
	int error = errno;
	close(other);
	errno = error;
	return is;
}

/* The kernel lets a port be shared with any process of this user that wants to, even one of another program's. */
int kernel_bind(const struct host *h, int fd, const struct sockaddr_in6 *name, socklen_t len)
{
	bool chosen = name->sin6_port != 0; /* at the same place in both families' names */

	if (h->sharing == HOST_SHARES_FIRST && chosen && !is_free(fd, name, len)) return -1;
	if (h->sharing != HOST_ALONE && chosen) kernel_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	return bind(fd, (const struct sockaddr *)name, len);
}

/* An operation of io_uring on a socket that may not block fails where it should wait. */
void kernel_may_block(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK); }

/* A socket of the address's family. IPv6's wildcard wants both, and takes IPv4 alone where there is no IPv6. */
int kernel_socket(const struct addr *a, int type, int *family)
{
	bool both = ip_equal(a->ip, ip6_any());
	*family = ip_is4(a->ip) ? AF_INET : AF_INET6;
	int fd = socket(*family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 && errno == EAFNOSUPPORT && both)
		fd = socket(*family = AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && *family == AF_INET6) kernel_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !both);
	return fd;
}
