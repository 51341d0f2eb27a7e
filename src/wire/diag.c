/* SPDX-License-Identifier: ISC */
#include "wire/diag.h"

/* linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h */
enum { HEADER_BYTES = 16, SOCKET_BYTES = 72, ATTRIBUTE_BYTES = 4 };
enum { TYPE_ERROR = 2, TYPE_DONE = 3, TYPE_BY_FAMILY = 20 /* SOCK_DIAG_BY_FAMILY */ };
enum { FLAGS_REQUEST_DUMP = 0x301 };
enum { FAMILY_IP4 = 2, FAMILY_IP6 = 10 };
enum { ATTRIBUTE_INFO = 2, ATTRIBUTE_CONGESTION = 4, ATTRIBUTE_MEMORY = 7, ATTRIBUTE_ONLY_IP6 = 11 };

static uint16_t native16(const uint8_t *p) { uint16_t v; memcpy(&v, p, sizeof v); return v; }
static uint32_t native32(const uint8_t *p) { uint32_t v; memcpy(&v, p, sizeof v); return v; }
static void put16(uint8_t *p, uint16_t v) { memcpy(p, &v, sizeof v); }
static void put32(uint8_t *p, uint32_t v) { memcpy(p, &v, sizeof v); }

/* A field of a struct that grows with the kernel's version: 0 where this kernel's ends before. */
static uint32_t field32(struct bytes b, size_t at) { return b.len >= at + 4 ? native32(b.at + at) : 0; }
static uint64_t field64(struct bytes b, size_t at)
{
	uint64_t v = 0;
	if (b.len >= at + 8) memcpy(&v, b.at + at, sizeof v);
	return v;
}

size_t diag_ask(struct room room, const struct diag_question *q)
{
	uint8_t *p = room.at;
	unsigned extensions = q->details ? 1u << (ATTRIBUTE_INFO - 1) | 1u << (ATTRIBUTE_CONGESTION - 1) |
	                                   1u << (ATTRIBUTE_MEMORY - 1) : 0;

	if (room.len < DIAG_QUESTION_BYTES) return 0;
	memset(p, 0, DIAG_QUESTION_BYTES);
	put32(p, DIAG_QUESTION_BYTES);
	put16(p + 4, TYPE_BY_FAMILY);
	put16(p + 6, FLAGS_REQUEST_DUMP);
	p[HEADER_BYTES] = q->family == 4 ? FAMILY_IP4 : FAMILY_IP6;
	p[HEADER_BYTES + 1] = q->protocol;
	p[HEADER_BYTES + 2] = (uint8_t)extensions;
	put32(p + HEADER_BYTES + 4, q->states);
	return DIAG_QUESTION_BYTES;
}

static void read_info(struct bytes b, struct diag_info *info) /* struct tcp_info of linux/tcp.h */
{
	*info = (struct diag_info){
		.rto_us = field32(b, 8), .mss = field32(b, 16), .unacked = field32(b, 24), .lost = field32(b, 32),
		.sent_ago_ms = field32(b, 44), .received_ago_ms = field32(b, 52), .pmtu = field32(b, 60), .rtt_us = field32(b, 68),
		.rttvar_us = field32(b, 72), .ssthresh = field32(b, 76), .cwnd = field32(b, 80), .reordering = field32(b, 88),
		.retransmits = field32(b, 100), .pacing_rate = field64(b, 104), .bytes_acked = field64(b, 120),
		.bytes_received = field64(b, 128), .not_sent = field32(b, 144), .min_rtt_us = field32(b, 148),
		.delivery_rate = field64(b, 160), .bytes_again = field64(b, 208),
	};
	if (info->ssthresh >= INT32_MAX) info->ssthresh = UINT32_MAX;
}

static void read_attribute(uint16_t type, struct bytes b, struct diag_socket *s)
{
	switch (type) {
	case ATTRIBUTE_INFO:
		s->has_info = s->protocol == DIAG_TCP && b.len > 0;
		if (s->has_info) read_info(b, &s->info);
		break;
	case ATTRIBUTE_CONGESTION:
		b.len = size_min(b.len, sizeof s->congestion - 1);
		memcpy(s->congestion, b.at, b.len);
		s->congestion[b.len] = '\0';
		break;
	case ATTRIBUTE_MEMORY:
		s->has_memory = true;
		s->memory = (struct diag_memory){ field32(b, 0), field32(b, 4), field32(b, 8), field32(b, 12), field32(b, 32) };
		break;
	case ATTRIBUTE_ONLY_IP6:
		s->only_ip6 = b.len > 0 && b.at[0] != 0;
		break;
	default:
		break; /* not asked for, or newer than this */
	}
}

static size_t aligned(size_t n) { return (n + 3) & ~(size_t)3; }

static void read_attributes(struct bytes b, struct diag_socket *s)
{
	while (b.len >= ATTRIBUTE_BYTES) {
		size_t len = native16(b.at);
		if (len < ATTRIBUTE_BYTES || len > b.len) return;
		read_attribute(native16(b.at + 2) & 0x3fff, bytes_skip(bytes_first(b, len), ATTRIBUTE_BYTES), s);
		b = bytes_skip(b, size_min(aligned(len), b.len));
	}
}

static struct addr read_address(const uint8_t *ip, const uint8_t *port, uint8_t family)
{
	return (struct addr){ .ip = family == 4 ? ip4_of(load_be32(ip)) : ip6_of(ip), .port = load_be16(port) };
}

/* struct inet_diag_msg, and what follows it */
static bool read_socket(struct bytes b, uint8_t protocol, struct diag_socket *s)
{
	if (b.len < SOCKET_BYTES || (b.at[0] != FAMILY_IP4 && b.at[0] != FAMILY_IP6)) return false;
	uint8_t family = b.at[0] == FAMILY_IP4 ? 4 : 6, state = b.at[1];
	if (state < 1 || state >= DIAG_STATES) return false;
	memset(s, 0, sizeof *s);
	s->family = family;
	s->protocol = protocol;
	s->state = state == DIAG_NEW_SYN_RECV ? DIAG_SYN_RECV : state;
	s->timer = b.at[2];
	s->timer_count = b.at[3];
	s->local = read_address(b.at + 8, b.at + 4, family);
	s->remote = read_address(b.at + 24, b.at + 6, family);
	s->interface = native32(b.at + 40);
	s->timer_ms = native32(b.at + 52);
	s->receive_queue = native32(b.at + 56);
	s->send_queue = native32(b.at + 60);
	s->uid = native32(b.at + 64);
	s->inode = native32(b.at + 68);
	read_attributes(bytes_skip(b, SOCKET_BYTES), s);
	return true;
}

/* The kernel's errors are negative. */
static int read_error(struct bytes b)
{
	int64_t error = b.len >= 4 ? (int32_t)native32(b.at) : 0;
	return error < 0 && error > -4096 ? (int)-error : 0;
}

bool diag_next(struct bytes *datagram, uint8_t protocol, struct diag_answer *answer)
{
	while (datagram->len >= HEADER_BYTES) {
		size_t len = native32(datagram->at);
		if (len < HEADER_BYTES || len > datagram->len) return false;
		uint16_t type = native16(datagram->at + 4);
		struct bytes body = bytes_skip(bytes_first(*datagram, len), HEADER_BYTES);
		*datagram = bytes_skip(*datagram, size_min(aligned(len), datagram->len));
		answer->error = 0;
		answer->what = DIAG_SOCKET;
		if (type == TYPE_BY_FAMILY && read_socket(body, protocol, &answer->socket)) return true;
		if (type != TYPE_ERROR && type != TYPE_DONE) continue;
		answer->error = read_error(body); /* a dump that fails says so in its "done" */
		answer->what = answer->error != 0 ? DIAG_REFUSED : DIAG_DONE;
		return true;
	}
	return false;
}

const char *diag_state_name(const struct diag_socket *s)
{
	static const char *const names[DIAG_STATES] = { "?", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
		"TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "SYN_RECV", "BOUND" };

	assert(s->state < DIAG_STATES);
	if (s->protocol == DIAG_UDP) return s->state == DIAG_ESTABLISHED ? "CONNECTED" : "UNCONNECTED";
	return names[s->state];
}
