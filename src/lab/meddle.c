/* SPDX-License-Identifier: ISC */
#include "lab/meddle.h"

#include "base/checksum.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"

#define FRAME_MAX 9100
#define TCP_CHECKSUM_AT 16 /* RFC 9293, 3.1 */

/* The TCP segment in a frame that carries data and is no fragment; len 0: there is none. */
static struct bytes segment_of(struct bytes frame, struct ip *src, struct ip *dst, struct tcp_seg *seg)
{
	struct eth eth;
	struct ip4 ip4;
	struct ip6 ip6;
	struct bytes segment = { 0 };

	if (eth_parse(frame, &eth) != DROP_NONE) return segment;
	if (eth.type == ETH_IP4 && ip4_parse(eth.payload, &ip4) == DROP_NONE && ip4.protocol == IP_TCP &&
	    !ip4.more_fragments && ip4.fragment_offset == 0)
		*src = ip4.src, *dst = ip4.dst, segment = ip4.payload;
	else if (eth.type == ETH_IP6 && ip6_parse(eth.payload, &ip6) == DROP_NONE && ip6.protocol == IP_TCP && !ip6.fragment)
		*src = ip6.src, *dst = ip6.dst, segment = ip6.payload;
	if (segment.len > 0 && (tcp_parse(segment, *src, *dst, false, seg) != DROP_NONE || seg->text.len == 0)) segment.len = 0;
	return segment;
}

/* In the middle of its data. False: there is nothing to flip in it. */
static bool flip(struct room frame)
{
	struct ip src, dst;
	struct tcp_seg seg;
	struct bytes seen = segment_of((struct bytes){ frame.at, frame.len }, &src, &dst, &seg);

	if (seen.len == 0) return false;
	uint8_t *segment = frame.at + (seen.at - frame.at);
	segment[(seg.text.at - seen.at) + (ptrdiff_t)seg.text.len / 2] ^= 1;
	store_be16(segment + TCP_CHECKSUM_AT, 0);
	uint64_t sum = checksum_pseudo(src, dst, IP_TCP, seen.len);
	store_be16(segment + TCP_CHECKSUM_AT, checksum_finish(checksum_add(sum, seen)));
	return true;
}

static size_t send_flipped(struct meddle *m, struct link *l, instant now, const struct frame *f)
{
	uint8_t copy[FRAME_MAX];
	struct frame changed = *f;

	if (f->data.len <= sizeof copy && filter_match(&m->filter, f->data, f->data.len)) {
		memcpy(copy, f->data.at, f->data.len);
		if (flip((struct room){ copy, f->data.len })) {
			changed.data.at = copy;
			changed.story = "somebody on the way has flipped a bit, and set the checksum right";
			const struct link_ops *inner = m->inner;
			meddle_disarm(m);
			return inner->send(l, now, &changed, 1);
		}
	}
	return m->inner->send(l, now, f, 1);
}

static struct meddle *meddle_of(const struct link *l) { return (struct meddle *)(void *)(uintptr_t)l->ops; }

static size_t meddle_send(struct link *l, instant now, const struct frame *f, size_t count)
{
	size_t taken = 0;
	for (size_t i = 0; i < count; i++)
		taken += l->ops->send == meddle_send ? send_flipped(meddle_of(l), l, now, &f[i]) : link_send(l, now, &f[i], 1);
	return taken;
}

void meddle_arm(struct meddle *m, struct link *const *ends, size_t count, const char *expression)
{
	char why[PCAP_ERROR_MAX];
	struct text err = text_in(why, sizeof why);

	meddle_disarm(m);
	if (!filter_compile(&m->filter, PCAP_ETHERNET, expression, &err)) return; /* it has been tried before */
	static_assert(offsetof(struct meddle, ops) == 0, "the table leads to its owner");
	m->armed = true;
	for (size_t i = 0; i < count && m->ends < MEDDLE_ENDS_MAX; i++) {
		m->inner = ends[i]->ops;
		m->ops = *m->inner;
		m->ops.send = meddle_send;
		m->end[m->ends++] = ends[i];
	}
	for (size_t i = 0; i < m->ends; i++) m->end[i]->ops = &m->ops;
}

void meddle_disarm(struct meddle *m)
{
	if (!m->armed) return;
	for (size_t i = 0; i < m->ends; i++) m->end[i]->ops = m->inner;
	filter_free(&m->filter);
	*m = (struct meddle){ 0 };
}
