/* SPDX-License-Identifier: ISC */
/* sockets_names.c - users and services by /etc/passwd and /etc/services. */
#include "tool/sockets/sockets_parts.h"

/* The next line, without its end; false: there is none. */
static bool next_line(struct bytes *rest, struct bytes *line)
{
	if (rest->len == 0) return false;
	const uint8_t *end = memchr(rest->at, '\n', rest->len);
	*line = bytes_first(*rest, end != NULL ? (size_t)(end - rest->at) : rest->len);
	*rest = bytes_skip(*rest, size_min(line->len + 1, rest->len));
	return true;
}

/* What stands before the next of these characters, which is passed over too. */
static struct bytes next_field(struct bytes *line, const char *ends)
{
	size_t n = 0;

	while (n < line->len && strchr(ends, line->at[n] != 0 ? line->at[n] : 1) == NULL) n++;
	struct bytes field = bytes_first(*line, n);
	*line = bytes_skip(*line, size_min(n + 1, line->len));
	return field;
}

static bool read_number(struct bytes b, uint32_t *number)
{
	uint64_t value = 0;

	if (b.len == 0 || b.len > 10) return false;
	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] < '0' || b.at[i] > '9') return false;
		value = value * 10 + (uint64_t)(b.at[i] - '0');
	}
	*number = (uint32_t)value;
	return value <= UINT32_MAX;
}

static const char *copy_name(struct bytes b, char name[SOCKETS_NAME_MAX])
{
	size_t n = size_min(b.len, SOCKETS_NAME_MAX - 1);
	if (n > 0) memcpy(name, b.at, n);
	name[n] = '\0';
	return name;
}

/* "root:x:0:0:..." */
static bool next_user(struct bytes *rest, struct bytes *name, uint32_t *uid)
{
	struct bytes line;

	while (next_line(rest, &line)) {
		*name = next_field(&line, ":");
		next_field(&line, ":");
		if (name->len > 0 && read_number(next_field(&line, ":"), uid)) return true;
	}
	return false;
}

const char *sockets_user(const struct sockets_names *names, uint32_t uid, char name[SOCKETS_NAME_MAX])
{
	struct bytes rest = names->passwd, found;
	struct text t = text_in(name, SOCKETS_NAME_MAX);

	for (uint32_t other; next_user(&rest, &found, &other);)
		if (other == uid) return copy_name(found, name);
	text_printf(&t, "%u", uid);
	return name;
}

bool sockets_uid(const struct sockets_names *names, const char *name, size_t len, uint32_t *uid)
{
	struct bytes rest = names->passwd, found, wanted = { (const uint8_t *)name, len };

	if (read_number(wanted, uid)) return true;
	while (next_user(&rest, &found, uid)) if (bytes_equal(found, wanted)) return true;
	return false;
}

struct service { struct bytes name, aliases; uint16_t port; uint8_t protocol; };

/* "https  443/tcp  # comment" */
static bool next_service(struct bytes *rest, struct service *s)
{
	struct bytes line, port = { NULL, 0 };
	uint32_t number;

	while (next_line(rest, &line)) {
		line = next_field(&line, "#");
		s->name = next_field(&line, " \t");
		while (line.len > 0 && (port = next_field(&line, " \t")).len == 0) {}
		struct bytes digits = next_field(&port, "/");
		if (s->name.len == 0 || !read_number(digits, &number) || number > UINT16_MAX) continue;
		s->port = (uint16_t)number;
		s->protocol = bytes_equal(port, bytes_of("tcp")) ? DIAG_TCP : bytes_equal(port, bytes_of("udp")) ? DIAG_UDP : 0;
		s->aliases = line;
		if (s->protocol != 0) return true;
	}
	return false;
}

bool sockets_service(const struct sockets_names *names, uint16_t port, uint8_t protocol, char name[SOCKETS_NAME_MAX])
{
	struct bytes rest = names->services;

	for (struct service s; next_service(&rest, &s);)
		if (s.port == port && s.protocol == protocol) return copy_name(s.name, name), true;
	return false;
}

bool sockets_port(const struct sockets_names *names, const char *name, size_t len, uint16_t *port)
{
	struct bytes rest = names->services, wanted = { (const uint8_t *)name, len };
	uint32_t number;

	if (read_number(wanted, &number)) {
		*port = (uint16_t)number;
		return number <= UINT16_MAX;
	}
	for (struct service s; len > 0 && next_service(&rest, &s);) {
		*port = s.port;
		if (bytes_equal(s.name, wanted)) return true;
		while (s.aliases.len > 0) if (bytes_equal(next_field(&s.aliases, " \t"), wanted)) return true;
	}
	return false;
}
