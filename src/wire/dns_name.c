/* SPDX-License-Identifier: ISC */
/* Domain names. In wire form a length byte is at most 63 and so never a letter: case can be folded and names
 * compared over all their bytes, lengths included. */
#include "base/hash.h"
#include "wire/dns.h"

#define LABEL_MAX 63
#define JUMPS_MAX 127 /* as many as a name can have labels; a longer chain only wastes our time */

static bool same(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
	return true;
}

/* A pointer must lead to before the piece of name it ends (RFC 1035, 4.1.4: "a prior occurrence"), so each one
 * goes lower than the last, and none can loop. */
enum drop dns_name_read(struct bytes message, size_t *at, size_t end, struct dns_name *out)
{
	size_t p = *at, piece = p, len = 0, after = 0;
	unsigned jumps = 0;

	assert(end <= message.len);
	for (;;) {
		if (p >= end) return DROP_LENGTH;
		uint8_t n = message.at[p];
		if (n >= 0xc0) {
			if (end - p < 2) return DROP_LENGTH;
			size_t target = load_be16(message.at + p) & 0x3fff;
			if (target >= piece || target < DNS_HEADER_BYTES || ++jumps > JUMPS_MAX) return DROP_POINTER;
			if (after == 0) after = p + 2;
			end = piece;
			p = piece = target;
			continue;
		}
		if (n > LABEL_MAX) return DROP_NAME; /* 01 and 10 were never put to use (RFC 6891, 5) */
		if (n >= end - p) return DROP_LENGTH;
		if (len + 1 + n + (n > 0) > DNS_NAME_MAX) return DROP_NAME;
		memcpy(out->at + len, message.at + p, 1u + n);
		len += 1u + n;
		p += 1u + n;
		if (n == 0) break;
	}
	out->len = (uint8_t)len;
	*at = after > 0 ? after : p;
	return DROP_NONE;
}

/* One byte of a label as people write it: itself, \. or \ddd. False if the escape is none. */
static bool letter_parse(const char **text, uint8_t *byte)
{
	const char *t = *text;

	if (*t != '\\') {
		*byte = (uint8_t)*t;
		*text = t + 1;
		return true;
	}
	t++;
	if (*t == '\0') return false;
	if (*t < '0' || *t > '9') {
		*byte = (uint8_t)*t;
		*text = t + 1;
		return true;
	}
	unsigned value = 0;
	for (int i = 0; i < 3; i++, t++) {
		if (*t < '0' || *t > '9') return false;
		value = value * 10 + (unsigned)(*t - '0');
	}
	*byte = (uint8_t)value;
	*text = t;
	return value <= 255;
}

bool dns_name_parse(const char *text, struct dns_name *out)
{
	struct dns_name name = { 0 };
	size_t len = 0;

	if (strcmp(text, ".") == 0) text++;
	else if (*text == '\0' || *text == '.') return false;
	while (*text != '\0') {
		size_t label = len++, n = 0;
		while (*text != '\0' && *text != '.') {
			if (++n > LABEL_MAX || len >= DNS_NAME_MAX - 1) return false;
			if (!letter_parse(&text, &name.at[len++])) return false;
		}
		if (n == 0) return false;
		name.at[label] = (uint8_t)n;
		if (*text == '.') text++;
	}
	name.at[len++] = 0;
	name.len = (uint8_t)len;
	*out = name;
	return true;
}

const char *dns_name_text(const struct dns_name *name, char buffer[DNS_NAME_TEXT_MAX])
{
	struct text t = text_in(buffer, DNS_NAME_TEXT_MAX);

	if (name->len <= 1) text_puts(&t, ".");
	for (size_t at = 0; at < name->len && name->at[at] > 0; at += 1u + name->at[at]) {
		for (size_t i = 1; i <= name->at[at]; i++) {
			uint8_t c = name->at[at + i];
			if (c <= ' ' || c >= 127) text_printf(&t, "\\%03u", c);
			else if (strchr("\".;\\@$()", c) != NULL) text_printf(&t, "\\%c", c);
			else text_put(&t, (struct bytes){ &c, 1 });
		}
		text_puts(&t, ".");
	}
	assert(!t.cut);
	return buffer;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	return a->len == b->len && same(a->at, b->at, a->len);
}

bool dns_name_under(const struct dns_name *name, const struct dns_name *ancestor)
{
	size_t at = 0;

	while (name->len - at > ancestor->len) at += 1u + name->at[at];
	return name->len - at == ancestor->len && same(name->at + at, ancestor->at, ancestor->len);
}

uint8_t dns_name_labels(const struct dns_name *name)
{
	uint8_t count = 0;

	for (size_t at = 0; at < name->len && name->at[at] > 0; at += 1u + name->at[at]) count++;
	return count;
}

void dns_name_parent(const struct dns_name *name, struct dns_name *parent)
{
	size_t skip = name->at[0] > 0 ? 1u + name->at[0] : 0;

	parent->len = (uint8_t)(name->len - skip);
	memmove(parent->at, name->at + skip, parent->len); /* they may be the same */
}

void dns_name_lower(struct dns_name *name)
{
	for (size_t i = 0; i < name->len; i++) name->at[i] = ascii_lower(name->at[i]);
}

void dns_name_reverse(struct ip ip, struct dns_name *out)
{
	char buffer[80];
	struct text t = text_in(buffer, sizeof buffer);
	bool good;

	if (ip_is4(ip)) {
		for (int i = 15; i >= 12; i--) text_printf(&t, "%u.", ip.byte[i]);
		text_puts(&t, "in-addr.arpa.");
	} else {
		for (int i = 15; i >= 0; i--) text_printf(&t, "%x.%x.", ip.byte[i] & 15u, ip.byte[i] >> 4);
		text_puts(&t, "ip6.arpa.");
	}
	good = dns_name_parse(buffer, out);
	assert(good);
}

uint64_t dns_name_hash(const uint8_t key[16], const struct dns_name *name)
{
	uint8_t folded[DNS_NAME_MAX];

	for (size_t i = 0; i < name->len; i++) folded[i] = ascii_lower(name->at[i]);
	return siphash13(key, (struct bytes){ folded, name->len });
}
