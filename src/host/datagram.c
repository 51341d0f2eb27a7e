/* SPDX-License-Identifier: ISC */
/* datagram.c - UDP over the kernel's sockets.
 *
 * They come in batches, and from one peer those of one length may come as one (UDP_GRO), to be parted here. What the program
 * sends while it is handed several is gathered and goes as a batch too, so then a datagram the kernel refuses is told as
 * BOUNCED; alone it goes at once, and net_sendto says so itself. Of a batch, those of one length to one peer go through the
 * kernel as one (UDP_SEGMENT) and part at the far end of it; whatever the kernel has against that, they then go one by one. IP_RECVERR keeps what ICMP said with the datagram it was about; the kernel also
 * fails the next call on the socket with that error, once, whatever that call was: hence the second tries.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <time.h> /* for the next */
#include <linux/errqueue.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "host/inside.h"

#define RUN_BYTES_MAX 60000
#define RUN_LENGTH_MAX 1400 /* of each: what surely needs fragments goes alone */

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29 /* linux/in6.h, which cannot stand beside netinet/in.h */
#endif

static void options_of_datagrams(const struct host *h, int fd, int family)
{
	kernel_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
	kernel_option(fd, IPPROTO_IP, IP_RECVERR, 1);
	kernel_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0); /* only groups that this socket joined */
	kernel_option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
	if (family == AF_INET6) {
		kernel_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		kernel_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
		kernel_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
		kernel_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
	}
	kernel_option(fd, SOL_UDP, UDP_GRO, 1);
	if (h->limits.datagram_bytes > 0) {
		kernel_option(fd, SOL_SOCKET, SO_RCVBUF, (int)h->limits.datagram_bytes);
		kernel_option(fd, SOL_SOCKET, SO_SNDBUF, (int)h->limits.datagram_bytes);
	}
}

net_id datagram_bind(struct net *net, const struct addr *local)
{
	struct host *h = host_of(net);
	struct sockaddr_in6 name;
	struct slot *s;
	int family, fd = kernel_socket(local, SOCK_DGRAM, &family);

	if (fd < 0) return net->why_not = kernel_why(errno), 0;
	options_of_datagrams(h, fd, family);
	socklen_t len = kernel_name(local, family, &name);
	bool group = ip_is_multicast(local->ip);
	if (group) kernel_option(fd, SOL_SOCKET, SO_REUSEADDR, 1); /* it has many ears */
	if ((group ? bind(fd, (struct sockaddr *)&name, len) : kernel_bind(h, fd, &name, len)) < 0) {
		net->why_not = kernel_why(errno);
		close(fd);
		return 0;
	}
	if ((s = slot_take(h, SLOT_DATAGRAM, fd, family)) == NULL) {
		close(fd);
		return 0;
	}
	if (getsockname(fd, (struct sockaddr *)&name, &len) == 0) s->peer = kernel_addr(&name); /* its own name */
	slot_watch(h, s, EPOLLIN);
	return slot_id(h, s);
}

/* --- out --- */

/* Says through which interface and from which address, where the destination alone does not. Returns the bytes
 * of control data. */
static size_t choose_way(int family, const struct ip *from, const struct addr *to, union control *control)
{
	struct cmsghdr *c = (struct cmsghdr *)control;

	if (from != NULL && ip_is4(*from) != ip_is4(to->ip)) from = NULL;
	if (to->interface == 0 && from == NULL) return 0;
	memset(control, 0, sizeof *control);
	if (family == AF_INET) {
		struct in_pktinfo info = { .ipi_ifindex = to->interface };
		if (from != NULL) info.ipi_spec_dst.s_addr = htonl(ip4_number(*from));
		c->cmsg_level = IPPROTO_IP, c->cmsg_type = IP_PKTINFO, c->cmsg_len = CMSG_LEN(sizeof info);
		memcpy(CMSG_DATA(c), &info, sizeof info);
		return CMSG_SPACE(sizeof info);
	}
	struct in6_pktinfo info = { .ipi6_ifindex = to->interface };
	if (from != NULL) memcpy(&info.ipi6_addr, from->byte, sizeof from->byte);
	else if (ip_is4(to->ip)) info.ipi6_addr.s6_addr[10] = info.ipi6_addr.s6_addr[11] = 0xff;
	c->cmsg_level = IPPROTO_IPV6, c->cmsg_type = IPV6_PKTINFO, c->cmsg_len = CMSG_LEN(sizeof info);
	memcpy(CMSG_DATA(c), &info, sizeof info);
	return CMSG_SPACE(sizeof info);
}

static void gather(struct host *h, const struct slot *s, const struct ip *from, const struct addr *to, struct bytes data)
{
	struct batch *b = &h->out;

	if (b->count > 0 && (b->id != slot_id(h, s) || b->count == BATCH_MAX || b->used + data.len > GATHER_BYTES))
		gather_flush(h);
	uint32_t i = b->count++;
	b->id = slot_id(h, s);
	if (data.len > 0) memcpy(b->data + b->used, data.at, data.len);
	b->part[i] = (struct iovec){ b->data + b->used, data.len };
	b->used += data.len;
	b->message[i].msg_hdr = (struct msghdr){
		.msg_name = &b->name[i], .msg_namelen = kernel_name(to, s->family, &b->name[i]),
		.msg_iov = &b->part[i], .msg_iovlen = 1, .msg_control = &b->control[i],
		.msg_controllen = choose_way(s->family, from, to, &b->control[i]),
	};
}

static bool queue_is_full(int error) { return error == EAGAIN || error == ENOBUFS || error == ENOMEM || error == EINTR; }

static bool go_the_same_way(const struct msghdr *a, const struct msghdr *b)
{
	return a->msg_namelen == b->msg_namelen && memcmp(a->msg_name, b->msg_name, a->msg_namelen) == 0 &&
	       a->msg_controllen == b->msg_controllen && memcmp(a->msg_control, b->msg_control, a->msg_controllen) == 0;
}

/* Where the run ends that begins at `i`: all are as long as the first, but for the last, which may be shorter. */
static uint32_t run_end(const struct batch *b, uint32_t i)
{
	size_t length = b->part[i].iov_len, total = length;
	uint32_t end = i + 1;

	for (; end < b->count && b->part[end - 1].iov_len == length; end++) {
		size_t len = b->part[end].iov_len;
		if (len == 0 || len > length || length > RUN_LENGTH_MAX || (total += len) > RUN_BYTES_MAX) break;
		if (!go_the_same_way(&b->message[i].msg_hdr, &b->message[end].msg_hdr)) break;
	}
	return end;
}

/* One message of those from `i` up to `end`, which lie one behind the other. */
static struct mmsghdr run_of(const struct batch *b, uint32_t i, uint32_t end, struct iovec *whole, union control *control)
{
	struct mmsghdr m = b->message[i];
	uint16_t length = (uint16_t)b->part[i].iov_len;

	if (end == i + 1) return m;
	*whole = (struct iovec){ b->part[i].iov_base, 0 };
	for (uint32_t k = i; k < end; k++) whole->iov_len += b->part[k].iov_len;
	*control = b->control[i];
	struct cmsghdr *c = (struct cmsghdr *)(void *)(control->byte + m.msg_hdr.msg_controllen);
	c->cmsg_level = SOL_UDP, c->cmsg_type = UDP_SEGMENT, c->cmsg_len = CMSG_LEN(sizeof length);
	memcpy(CMSG_DATA(c), &length, sizeof length);
	m.msg_hdr.msg_iov = whole;
	m.msg_hdr.msg_control = control;
	m.msg_hdr.msg_controllen += CMSG_SPACE(sizeof length);
	return m;
}

/* Says how many of the batch are gone. */
static uint32_t send_in_runs(struct slot *s, const struct batch *b)
{
	struct mmsghdr run[BATCH_MAX];
	struct iovec whole[BATCH_MAX];
	union control control[BATCH_MAX];
	uint32_t end[BATCH_MAX], count = 0;

	if (s->one_by_one) return 0;
	for (uint32_t i = 0; i < b->count; i = end[count++]) {
		end[count] = run_end(b, i);
		run[count] = run_of(b, i, end[count], &whole[count], &control[count]);
	}
	if (count == b->count) return 0;
	int n = sendmmsg(s->fd, run, count, MSG_DONTWAIT);
	if (n < 0 && (errno == EINVAL || errno == EIO)) s->one_by_one = true; /* this kernel or this device does not part them */
	return n > 0 ? end[n - 1] : 0;
}

void gather_flush(struct host *h)
{
	struct batch *b = &h->out;
	bool second = false;

	if (b->count == 0) return;
	struct slot *s = slot_find(h, b->id);
	for (uint32_t i = s != NULL && b->count > 1 ? send_in_runs(s, b) : 0; s != NULL && i < b->count;) {
		int n = sendmmsg(s->fd, b->message + i, b->count - i, MSG_DONTWAIT);
		if (n > 0) {
			i += (uint32_t)n, second = false;
		} else if (!second && !queue_is_full(errno)) {
			second = true;
		} else {
			if (!queue_is_full(errno) && h->bounces < BATCH_MAX)
				h->bounce[h->bounces++] = (struct bounce){ b->id, kernel_addr(&b->name[i]), kernel_why(errno) };
			i++, second = false;
		}
	}
	b->count = 0, b->used = 0;
}

static bool send_now(struct slot *s, const struct ip *from, const struct addr *to, struct bytes data)
{
	struct sockaddr_in6 name;
	union control control;
	struct iovec part = { (void *)data.at, data.len };
	struct msghdr m = {
		.msg_name = &name, .msg_namelen = kernel_name(to, s->family, &name), .msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = choose_way(s->family, from, to, &control),
	};
	for (int tries = 0; tries < 2; tries++) {
		if (sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || queue_is_full(errno)) return true;
		if (errno == EINVAL && from != NULL) /* a subnet's broadcast address: only the kernel knows */
			m.msg_controllen = choose_way(s->family, NULL, to, &control);
	}
	return false;
}

bool datagram_sendto(struct net *net, net_id id, const struct ip *from, const struct addr *to, struct bytes data)
{
	struct host *h = host_of(net);
	struct slot *s = slot_find(h, id);
	enum net_why why = NET_DONE;

	if (s != NULL && s->kind == SLOT_DATAGRAM && s->family == AF_UNIX) return local_send(net, s, data);
	if (s == NULL || s->kind != SLOT_DATAGRAM) why = NET_NO_ADDRESS;
	else if (data.len > (s->family == AF_INET || ip_is4(to->ip) ? 65507 : 65527)) why = NET_TOO_BIG;
	else if (s->family == AF_INET && !ip_is4(to->ip)) why = NET_UNREACHABLE;
	else if (s->family == AF_INET6 && ip_is4(to->ip) && !ip_equal(s->peer.ip, ip6_any())) why = NET_UNREACHABLE;
	if (why != NET_DONE) return net->why_not = why, false;
	if (h->in.several) return gather(h, s, from, to, data), true;
	if (h->out.count > 0) gather_flush(h); /* what was said before goes before */
	if (send_now(s, from, to, data)) return true;
	net->why_not = kernel_why(errno);
	return false;
}

/* --- groups --- */

static bool done(struct net *net, int result)
{
	if (result == 0) return true;
	net->why_not = kernel_why(errno);
	return false;
}

static struct slot *datagram_find(struct net *net, net_id id)
{
	struct slot *s = slot_find(host_of(net), id);
	if (s != NULL && s->kind == SLOT_DATAGRAM) return s;
	net->why_not = NET_NO_ADDRESS;
	return NULL;
}

static bool membership(struct net *net, net_id id, const struct addr *group, bool join)
{
	struct slot *s = datagram_find(net, id);

	if (s == NULL) return false;
	if (ip_is4(group->ip)) {
		struct ip_mreqn m = { .imr_multiaddr.s_addr = htonl(ip4_number(group->ip)), .imr_ifindex = group->interface };
		return done(net, setsockopt(s->fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &m, sizeof m));
	}
	struct ipv6_mreq m = { .ipv6mr_interface = group->interface };
	memcpy(&m.ipv6mr_multiaddr, group->ip.byte, sizeof group->ip.byte);
	return done(net, setsockopt(s->fd, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &m, sizeof m));
}

bool datagram_join(struct net *net, net_id id, const struct addr *g) { return membership(net, id, g, true); }
bool datagram_leave(struct net *net, net_id id, const struct addr *g) { return membership(net, id, g, false); }

/* --- in --- */

/* Of each datagram in what was received but for the last, which may be shorter. */
static size_t run_length(struct mmsghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m->msg_hdr); c != NULL; c = CMSG_NXTHDR(&m->msg_hdr, c)) {
		int length;
		if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO) continue;
		memcpy(&length, CMSG_DATA(c), sizeof length);
		if (length > 0) return (size_t)length;
	}
	return m->msg_len;
}

static void receive_batch(struct host *h, struct slot *s)
{
	struct batch *b = &h->in;

	for (uint32_t i = 0; i < b->used_up; i++) {
		b->part[i] = (struct iovec){ b->data + (size_t)i * DATAGRAM_ROOM, DATAGRAM_MAX };
		b->message[i].msg_hdr = (struct msghdr){
			.msg_name = &b->name[i], .msg_namelen = sizeof b->name[i], .msg_iov = &b->part[i], .msg_iovlen = 1,
			.msg_control = &b->control[i], .msg_controllen = sizeof b->control[i],
		};
	}
	int n = recvmmsg(s->fd, b->message, BATCH_MAX, MSG_DONTWAIT, NULL);
	if (n < 0 && errno != EAGAIN) n = recvmmsg(s->fd, b->message, BATCH_MAX, MSG_DONTWAIT, NULL);
	b->id = slot_id(h, s);
	b->next = 0;
	b->used = 0;
	b->count = n > 0 ? (uint32_t)n : 0;
	b->used_up = n > 0 ? (uint32_t)n : 1;
	b->several = n > 1 || (n == 1 && run_length(&b->message[0]) < b->message[0].msg_len);
	if (n == BATCH_MAX) slot_news(h, s, NEWS_DATAGRAMS);
}

/* To which of our addresses it was sent, and through which interface it came where that matters. */
static void read_control(struct msghdr *m, struct net_event *ev)
{
	unsigned interface = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof info);
			ev->local.ip = ip4_of(ntohl(info.ipi_addr.s_addr));
			interface = (unsigned)info.ipi_ifindex;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof info);
			memcpy(ev->local.ip.byte, &info.ipi6_addr, sizeof ev->local.ip.byte);
			interface = info.ipi6_ifindex;
		}
	}
	if (ip_is_link_local(ev->local.ip) || ip_is_multicast(ev->local.ip) || ip_equal(ev->local.ip, ip4_broadcast()))
		ev->local.interface = (uint16_t)interface;
}

bool batch_next(struct host *h, struct net_event *ev)
{
	struct batch *b = &h->in;
	struct slot *s = b->next < b->count ? slot_find(h, b->id) : NULL;

	if (s == NULL) b->next = b->count = 0;
	if (b->next == b->count) {
		gather_flush(h);
		b->several = false;
		return false;
	}
	uint32_t i = b->next;
	struct bytes left = bytes_skip((struct bytes){ b->part[i].iov_base, b->message[i].msg_len }, b->used);
	ev->what = NET_DATAGRAM;
	ev->id = b->id;
	ev->data = bytes_first(left, size_min(left.len, run_length(&b->message[i])));
	b->used += ev->data.len;
	if (ev->data.len == left.len) b->next++, b->used = 0;
	ev->peer = kernel_addr(&b->name[i]);
	ev->local = (struct addr){ .port = s->peer.port };
	read_control(&b->message[i].msg_hdr, ev);
	return true;
}

/* One of the socket's errors: what was sent, to whom, and what ICMP or this host had to say. */
static bool bounce_read(struct slot *s, struct net_event *ev)
{
	struct sockaddr_in6 name = { 0 };
	_Alignas(uint64_t) uint8_t control[512];
	struct msghdr m = { .msg_name = &name, .msg_namelen = sizeof name, .msg_control = control,
	                    .msg_controllen = sizeof control };

	if (recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return false;
	ev->what = NET_BOUNCED;
	ev->peer = kernel_addr(&name);
	ev->why = NET_UNREACHABLE;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
		struct sock_extended_err e;
		if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) continue;
		memcpy(&e, CMSG_DATA(c), sizeof e);
		ev->why = kernel_why((int)e.ee_errno);
	}
	return true;
}

bool datagram_next(struct host *h, struct slot *s, struct net_event *ev)
{
	ev->id = slot_id(h, s);
	if (s->news & NEWS_BOUNCES) {
		if (s->family == AF_UNIX ? local_bounce(s, ev) : bounce_read(s, ev)) return slot_news(h, s, 0), true;
		s->news &= (uint16_t)~NEWS_BOUNCES;
	}
	if (!(s->news & NEWS_DATAGRAMS)) return false;
	s->news &= (uint16_t)~NEWS_DATAGRAMS;
	if (s->family == AF_UNIX) local_receive(h, s);
	else receive_batch(h, s);
	return batch_next(h, ev);
}
