/* SPDX-License-Identifier: ISC */
#include "proto/tls/keylog.h"

static void put_hex(struct text *t, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) text_printf(t, "%02x", b.at[i]);
}

void tls_keylog_add(struct tls_keylog *log, const char *label, const uint8_t client_random[32], struct bytes secret)
{
	if (log == NULL) return;
	text_printf(log->lines, "%s ", label);
	put_hex(log->lines, (struct bytes){ client_random, 32 });
	text_puts(log->lines, " ");
	put_hex(log->lines, secret);
	text_puts(log->lines, "\n");
	log->count++;
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9') return c - '0';
	if (c >= 'a' && c <= 'f') return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* How many bytes a word of hexadecimal digits is; 0: it is none, or more than `most`. */
static size_t read_hex(struct bytes word, uint8_t *out, size_t most)
{
	if (word.len % 2 != 0 || word.len / 2 > most) return 0;
	for (size_t i = 0; i < word.len / 2; i++) {
		int high = digit(word.at[2 * i]), low = digit(word.at[2 * i + 1]);
		if (high < 0 || low < 0) return 0;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return word.len / 2;
}

/* What is before the first `end` of *rest, which then begins behind it. */
static struct bytes take_until(struct bytes *rest, uint8_t end)
{
	const uint8_t *found = rest->len > 0 ? memchr(rest->at, end, rest->len) : NULL;
	struct bytes word = bytes_first(*rest, found ? (size_t)(found - rest->at) : rest->len);
	*rest = bytes_skip(*rest, word.len + (found != NULL));
	return word;
}

static bool read_line(struct bytes text, struct tls_keylog_line *line)
{
	if (text.len > 0 && text.at[text.len - 1] == '\r') text.len--;
	line->label = take_until(&text, ' ');
	struct bytes random = take_until(&text, ' ');
	line->secret_len = read_hex(text, line->secret, sizeof line->secret);
	return line->label.len > 0 && line->label.at[0] != '#' && line->secret_len > 0 &&
	       read_hex(random, line->client_random, sizeof line->client_random) == sizeof line->client_random;
}

bool tls_keylog_next(struct bytes *rest, struct tls_keylog_line *line)
{
	while (rest->len > 0)
		if (read_line(take_until(rest, '\n'), line)) return true;
	return false;
}
