/* SPDX-License-Identifier: ISC */
/* Watching TLS: openssl's conversations (tls/conversations.pcapng), as they were and as a worse network would have brought
 * them. What is read of them is the same; dump_tls.sh has it compared with tshark's reading. */
#include <stdlib.h>

#include "base/address.h"
#include "base/chance.h"
#include "fields.h"
#include "link/pcapng_file.h"
#include "proto/tls/keylog.h"
#include "tap.h"
#include "tool/dump/follow.h"
#include "wire/eth.h"
#include "wire/dissect.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

enum { PACKETS_MAX = 1000, KEYS_MAX = 1 << 20 };

static struct bytes packet[PACKETS_MAX];
static size_t packets;
static struct bytes keylog;
static struct crypt *crypt;
static struct room memory;

/* What was seen: how often each kind of message was, opened or not, and how much was said. */
struct tally { unsigned message[256], closed, alerts, records; size_t said_bytes; };
static struct tally plain;

static void add(struct follow *f, struct tally *t, struct bytes frame)
{
	struct tls_watched w;

	follow_packet(f, frame, false, 0);
	while (follow_next(f, &w)) {
		t->records++;
		if (w.closed != NULL) t->closed++;
		else if (w.type == TLS_HANDSHAKE) t->message[w.content.at[0]]++;
		else if (w.type == TLS_ALERT) t->alerts++;
		else if (w.type == TLS_APPLICATION_DATA) t->said_bytes += w.content.len;
	}
}

static struct tally read_all(const size_t *order, size_t count, struct follow_counts *counts)
{
	struct follow *f = follow_init(memory, crypt, &keylog);
	struct tally t = { 0 };

	for (size_t i = 0; i < count; i++) add(f, &t, packet[order[i]]);
	if (counts != NULL) *counts = follow_counts(f);
	follow_end(f);
	return t;
}

static bool same(const struct tally *a, const struct tally *b) { return memcmp(a, b, sizeof *a) == 0; }

static void conversations_are_read(void)
{
	size_t order[PACKETS_MAX];
	struct follow_counts counts;

	for (size_t i = 0; i < packets; i++) order[i] = i;
	plain = read_all(order, packets, &counts);
	CHECK(counts.connections >= 20 && counts.gaps == 0 && counts.lost == 0 && counts.evicted == 0);
	CHECK_EQ(plain.message[TLS_CLIENT_HELLO], counts.connections + 1); /* one was asked to try again */
	CHECK_EQ(plain.message[TLS_SERVER_HELLO], counts.connections + 1);
	CHECK_EQ(plain.message[TLS_KEY_UPDATE], 2);
	CHECK_EQ(plain.message[TLS_END_OF_EARLY_DATA], 1);
	CHECK(plain.message[TLS_FINISHED] >= 2 * counts.connections - 6);
	CHECK(plain.closed > 0 && plain.closed < 10); /* of the suite we do not have; of early data that was refused */
	CHECK(plain.said_bytes > 1500);
}

/* Frame by frame, as the lab's page shows them: messages that are not encrypted are found in their segments. */
static void frames_are_dissected(void)
{
	static struct field field[DISSECT_FIELDS_MAX];
	unsigned hellos = 0, answers = 0, sealed = 0, cut = 0;

	for (size_t i = 0; i < packets; i++) {
		size_t count = dissect(packet[i], field, COUNT(field));
		const char *why = fields_wrong(packet[i], field, count);
		if (why != NULL) printf("# packet %zu: %s\n", i + 1, why);
		CHECK(why == NULL);
		CHECK(count < DISSECT_FIELDS_MAX);
		for (size_t k = 0; k < count; k++) {
			hellos += strcmp(field[k].name, "ClientHello") == 0;
			answers += strcmp(field[k].name, "ServerHello") == 0 || strcmp(field[k].name, "HelloRetryRequest") == 0;
			sealed += strcmp(field[k].name, "encrypted_record") == 0;
			cut += strcmp(field[k].name, "Cut off") == 0 || strcmp(field[k].name, "Left over") == 0;
		}
	}
	CHECK_EQ(hellos, plain.message[TLS_CLIENT_HELLO]);
	CHECK_EQ(answers, plain.message[TLS_SERVER_HELLO]);
	CHECK(sealed > 100);
	CHECK_EQ(cut, 0);
}

static void what_comes_twice_is_read_once(void)
{
	size_t order[2 * PACKETS_MAX];

	for (size_t i = 0; i < packets; i++) order[2 * i] = order[2 * i + 1] = i;
	struct tally t = read_all(order, 2 * packets, NULL);
	CHECK(same(&t, &plain));
}

static bool port_of(struct bytes frame, struct addr *src, struct addr *dst, struct tcp_seg *s)
{
	struct eth eth;
	struct ip4 ip;
	*src = *dst = (struct addr){ 0 };
	if (eth_parse(frame, &eth) != DROP_NONE || ip4_parse(eth.payload, &ip) != DROP_NONE) return false;
	if (tcp_parse(ip.payload, ip.src, ip.dst, false, s) != DROP_NONE) return false;
	src->port = s->src_port, dst->port = s->dst_port;
	return true;
}

/* Of one direction: the second overtakes the first. What the other side answered stays behind both. */
static bool may_swap(size_t a, size_t b)
{
	struct addr from, to, from2, to2;
	struct tcp_seg s, s2;
	if (!port_of(packet[a], &from, &to, &s) || !port_of(packet[b], &from2, &to2, &s2)) return false;
	return from.port == from2.port && to.port == to2.port && s.text.len > 0 && s2.text.len > 0 && !(s.flags & TCP_SYN);
}

static void overtaken_segments_are_put_in_order(void)
{
	size_t order[PACKETS_MAX], swapped = 0;

	for (size_t i = 0; i < packets; i++) order[i] = i;
	for (size_t i = 0; i + 1 < packets; i++) {
		if (!may_swap(i, i + 1)) continue;
		order[i] = i + 1;
		order[i + 1] = i;
		swapped++;
		i++;
	}
	CHECK(swapped > 10);
	struct tally t = read_all(order, packets, NULL);
	CHECK(same(&t, &plain));
}

/* Each segment in pieces of one to three bytes, the pieces of a segment in any order. */
static void any_pieces_in_any_order(void)
{
	static uint8_t frame[2000];
	struct follow *f = follow_init(memory, crypt, &keylog);
	struct tally t = { 0 };
	struct rng rng;
	static const uint8_t seed[RNG_SEED_BYTES] = { 1 };

	rng_init(&rng, seed);
	for (size_t i = 0; i < packets; i++) {
		struct addr from, to;
		struct tcp_seg s;
		size_t at[1000], len[1000], pieces = 0, done = 0;
		if (!port_of(packet[i], &from, &to, &s)) continue;
		if (s.text.len == 0 || s.text.len > 1500) {
			add(f, &t, packet[i]);
			continue;
		}
		while (done < s.text.len && pieces < 999) {
			at[pieces] = done;
			len[pieces] = size_min(1 + (pieces % 7) * 31, s.text.len - done);
			done += len[pieces++];
		}
		size_t headers = (size_t)(s.text.at - packet[i].at);
		for (size_t left = pieces; left > 0; left--) {
			size_t k = (size_t)rng_below(&rng, left < 8 ? left : 8);
			memcpy(frame, packet[i].at, headers);
			memcpy(frame + headers, s.text.at + at[k], len[k]);
			store_be16(frame + 16, (uint16_t)(headers - 14 + len[k]));
			store_be32(frame + 14 + 20 + 4, s.seq + (uint32_t)at[k]);
			store_be16(frame + 24, 0);
			uint32_t sum = 0; /* the IP header's checksum */
			for (size_t b = 14; b < 34; b += 2) sum += load_be16(frame + b);
			while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
			store_be16(frame + 24, (uint16_t)~sum);
			add(f, &t, (struct bytes){ frame, headers + len[k] });
			memmove(&at[k], &at[k + 1], (left - k - 1) * sizeof *at);
			memmove(&len[k], &len[k + 1], (left - k - 1) * sizeof *len);
		}
	}
	struct follow_counts counts = follow_counts(f);
	follow_end(f);
	CHECK_EQ(counts.gaps + counts.lost, 0);
	CHECK(same(&t, &plain));
}

static void each_prefix_ends_quietly(void)
{
	size_t order[PACKETS_MAX];
	for (size_t i = 0; i < packets; i++) order[i] = i;
	for (size_t n = 0; n < packets; n += 7) {
		struct tally t = read_all(order, n, NULL);
		CHECK(t.said_bytes <= plain.said_bytes);
	}
}

/* A packet that never comes holds up its connection only. */
static void a_lost_segment_costs_one_connection(void)
{
	size_t order[PACKETS_MAX], count = 0, lost = 0;
	for (size_t i = 0; i < packets; i++) {
		struct addr from, to;
		struct tcp_seg s;
		if (lost == 0 && port_of(packet[i], &from, &to, &s) && from.port == 4303 && s.text.len > 100) lost = i;
		else order[count++] = i;
	}
	CHECK(lost > 0);
	struct tally t = read_all(order, count, NULL);
	CHECK(t.said_bytes < plain.said_bytes && t.said_bytes > plain.said_bytes * 3 / 4);
	CHECK_EQ(t.message[TLS_SERVER_HELLO], plain.message[TLS_SERVER_HELLO] - 1);
}

static void without_keys_nothing_is_opened(void)
{
	size_t order[PACKETS_MAX];
	struct bytes kept = keylog;

	for (size_t i = 0; i < packets; i++) order[i] = i;
	keylog = (struct bytes){ NULL, 0 };
	struct tally t = read_all(order, packets, NULL);
	keylog = kept;
	CHECK(t.said_bytes == 0 && t.closed > plain.closed && t.message[TLS_CLIENT_HELLO] == plain.message[TLS_CLIENT_HELLO]);
	CHECK_EQ(t.message[TLS_KEY_UPDATE], 0);
}

static void a_flipped_bit_is_found_by_the_tag(void)
{
	for (size_t i = 0; i < packets; i++) {
		struct addr from, to;
		struct tcp_seg s;
		if (!port_of(packet[i], &from, &to, &s) || from.port != 4301 || s.text.len < 50 || s.text.at[0] != TLS_APPLICATION_DATA) continue;
		size_t order[PACKETS_MAX];
		for (size_t k = 0; k < packets; k++) order[k] = k;
		uint8_t *bit = (uint8_t *)(uintptr_t)&s.text.at[20];
		*bit ^= 4;
		struct tally t = read_all(order, packets, NULL);
		*bit ^= 4;
		CHECK_EQ(t.closed, plain.closed + 1);
		return;
	}
	CHECK(!"a record to be changed");
}

static void more_connections_than_places(void)
{
	struct follow *f = follow_init(memory, NULL, NULL);
	static uint8_t frame[2000];
	struct tally t = { 0 };
	size_t hello = 0;

	for (size_t i = 0; i < packets && hello == 0; i++) {
		struct addr from, to;
		struct tcp_seg s;
		if (port_of(packet[i], &from, &to, &s) && to.port == 4301 && s.text.len > 0) hello = i;
	}
	for (unsigned i = 0; i < FOLLOW_CONNECTIONS_MAX + 10; i++) {
		memcpy(frame, packet[hello].at, packet[hello].len);
		store_be16(frame + 34, (uint16_t)(10000 + i));
		add(f, &t, (struct bytes){ frame, packet[hello].len });
	}
	CHECK_EQ(t.message[TLS_CLIENT_HELLO], FOLLOW_CONNECTIONS_MAX + 10);
	CHECK_EQ(follow_counts(f).evicted, 10);
	follow_end(f);
}

static void key_log_lines_are_written_and_read(void)
{
	char buffer[1000];
	struct text text = text_in(buffer, sizeof buffer);
	struct tls_keylog log = { .lines = &text };
	struct tls_keylog_line line;
	uint8_t random[32] = { 0xab }, secret[48] = { 1, 2, 3 };

	tls_keylog_add(NULL, "CLIENT_RANDOM", random, (struct bytes){ secret, 48 });
	text_puts(&text, "# a comment\nnonsense\nCLIENT_RANDOM abc def\n");
	tls_keylog_add(&log, "CLIENT_RANDOM", random, (struct bytes){ secret, 48 });
	text_puts(&text, "\r\nA B C\n");
	tls_keylog_add(&log, "SERVER_TRAFFIC_SECRET_0", random, (struct bytes){ secret, 32 });
	CHECK_EQ(log.count, 2);
	struct bytes rest = text_bytes(&text);
	CHECK(tls_keylog_next(&rest, &line) && bytes_equal(line.label, bytes_of("CLIENT_RANDOM")) && line.secret_len == 48);
	CHECK(memcmp(line.client_random, random, 32) == 0 && memcmp(line.secret, secret, 48) == 0);
	CHECK(tls_keylog_next(&rest, &line) && bytes_equal(line.label, bytes_of("SERVER_TRAFFIC_SECRET_0")) && line.secret_len == 32);
	CHECK(!tls_keylog_next(&rest, &line));
}

static bool load(const char *name)
{
	static struct pcap_link link;
	static uint8_t keys[KEYS_MAX];
	char words[300];
	struct text err = text_in(words, sizeof words);
	struct frame frame;

	keylog = (struct bytes){ keys, pcapng_file_read_secrets(name, (struct room){ keys, sizeof keys }) };
	if (!pcap_link_file(&link, name, &err)) return false;
	while (packets < PACKETS_MAX && link_recv(&link.link, 0, &frame, 1) > 0) {
		uint8_t *copy = malloc(frame.data.len);
		memcpy(copy, frame.data.at, frame.data.len);
		packet[packets++] = (struct bytes){ copy, frame.data.len };
	}
	pcap_link_close(&link);
	return packets > 0 && keylog.len > 0;
}

int main(void)
{
	static const uint8_t seed[RNG_SEED_BYTES];
	const char *source = getenv("SOURCE");
	char name[1024];
	struct rng rng;

	snprintf(name, sizeof name, "%s/test/tls/conversations.pcapng", source ? source : ".");
	rng_init(&rng, seed);
	crypt = crypt_open(&rng);
	memory = (struct room){ malloc(follow_size()), follow_size() };
	if (crypt == NULL || memory.at == NULL || !load(name)) {
		printf("Bail out! %s cannot be read\n", name);
		return 1;
	}
	TEST(conversations_are_read);
	TEST(frames_are_dissected);
	TEST(what_comes_twice_is_read_once);
	TEST(overtaken_segments_are_put_in_order);
	TEST(any_pieces_in_any_order);
	TEST(each_prefix_ends_quietly);
	TEST(a_lost_segment_costs_one_connection);
	TEST(without_keys_nothing_is_opened);
	TEST(a_flipped_bit_is_found_by_the_tag);
	TEST(more_connections_than_places);
	TEST(key_log_lines_are_written_and_read);
	crypt_close(crypt);
	free(memory.at);
	for (size_t i = 0; i < packets; i++) free((void *)(uintptr_t)packet[i].at);
	return tap_end();
}
