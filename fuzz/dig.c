/* SPDX-License-Identifier: ISC */
/* A message from a stranger, printed in every way dig has, whole or as far as it can be read: nothing in it may reach the
 * terminal but letters, and JSON stays JSON. The first two bytes choose the way. */
#include "tool/dns/dig_parts.h"

static char buffer[512];
static bool json, in_string, escaped;
static unsigned depth;

static void look_at(uint8_t c)
{
	assert(c == '\n' || c == '\t' || (c >= ' ' && c != 127));
	if (!json) return;
	assert(c < 127 && c != '\t' && (c != '\n' || !in_string));
	if (in_string) {
		if (escaped) escaped = false;
		else if (c == '\\') escaped = true;
		else if (c == '"') in_string = false;
		return;
	}
	if (c == '"') in_string = true;
	if (c == '{' || c == '[') depth++;
	if (c == '}' || c == ']') assert(depth > 0), depth--;
}

static void drain(struct text *t, struct bytes b)
{
	(void)t;
	for (size_t i = 0; i < b.len; i++) look_at(b.at[i]);
}

static struct dig_show show_of(unsigned how)
{
	struct dig_show s = DIG_SHOW_ALL;

	s.comments = !(how & 1), s.unicode = how & 2, s.style.multiline = how & 4, s.style.comments = how & 8, s.style.no_crypto = how & 16;
	s.style.unknown = (how & 96) == 96, s.style.no_ttl = how & 128, s.style.no_class = how & 256, s.style.ttl_units = how & 512;
	s.style.expand_aaaa = how & 1024, s.style.split = (how >> 11) * 4;
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t cookie[DIG_COOKIE_BYTES] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	const struct dig_stats stats = { .name = "a\"\\\xff", .way = "UDP", .bytes = size };
	struct dns_message m;

	if (size < 2) return 0;
	unsigned how = load_be16(data);
	struct dig_show show = show_of(how);
	enum drop why = dns_parse((struct bytes){ data + 2, size - 2 }, &m);
	if (m.records_at == 0) return 0;
	assert(m.read_to <= size - 2 && (why != DROP_NONE || m.read_to == size - 2));
	struct text t = text_in(buffer, sizeof buffer);
	t.drain = drain;
	json = false;
	dig_print_message(&t, &m, &show, how & 64, (struct bytes){ cookie, sizeof cookie });
	dig_print_short(&t, &m, &show, " from nobody.");
	dig_print_stats(&t, &stats, &show);
	text_flush(&t);
	json = true, in_string = escaped = false, depth = 0;
	dig_json(&t, &m, &stats);
	text_flush(&t);
	assert(depth == 0 && !in_string);
	return 0;
}
