/* SPDX-License-Identifier: ISC */
#include "tool/url.h"

#include "tool/names.h"

static const char *const names[URL_SCHEMES] = { "tcp", "udp", "multicast", "broadcast", "http", "tls", "https" };

const char *url_scheme_name(enum url_scheme s) { return names[s]; }

static bool has_path(const struct url *u) { return u->scheme == URL_HTTP || u->scheme == URL_HTTPS; }

static bool decimal(const char *s, size_t len, uint16_t *out)
{
	uint32_t v = 0;

	if (len == 0 || len > 5) return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9') return false;
		v = v * 10 + (uint32_t)(s[i] - '0');
	}
	if (v > UINT16_MAX) return false;
	*out = (uint16_t)v;
	return true;
}

/* RFC 3986, 3.2.2, but only what a name server could be asked or ip_parse reads. */
static bool is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
	       c == '_' || c == ':';
}

/* As the DNS, a certificate and a server's "Host:" have it. */
static const char *take_other_script(const char *s, size_t len, struct url *u)
{
	char typed[IDN_TYPED_MAX + 1];

	if (len >= sizeof typed) return "the host's name is too long";
	memcpy(typed, s, len);
	typed[len] = '\0';
	return names_host(typed, u->host);
}

static const char *take_host(const char *s, size_t len, bool bracketed, struct url *u)
{
	const char *zone = memchr(s, '%', len);
	size_t ascii = 0;

	while (ascii < len && (uint8_t)s[ascii] < 0x80) ascii++;
	if (ascii < len && !bracketed) return take_other_script(s, len, u);

	if (zone != NULL && !decimal(zone + 1, len - (size_t)(zone + 1 - s), &u->at.interface))
		return "the interface after % is a number";
	if (zone != NULL) len = (size_t)(zone - s);
	if (len > URL_HOST_MAX) return "the host's name is too long";
	for (size_t i = 0; i < len; i++) if (!is_host_byte(s[i]) && !bracketed) return "a host's name has letters, digits, dots and dashes";
	memcpy(u->host, s, len);
	u->host[len] = '\0';
	u->is_address = len == 0 || ip_parse(u->host, &u->at.ip);
	if (bracketed && (len == 0 || !u->is_address || ip_is4(u->at.ip))) return "in brackets stands an IPv6 address";
	if (zone != NULL && !u->is_address) return "only an address can have an interface";
	return NULL;
}

const char *url_parse(const char *text, unsigned allowed, struct url *u)
{
	const char *mark = strstr(text, "://"), *why;
	size_t scheme = 0;

	if (mark == NULL) return allowed >> URL_HTTP & 1 ? "a URL is wanted, like http://HOST/PATH" : "a URL is wanted, like tcp://HOST:PORT";
	while (scheme < URL_SCHEMES && (strlen(names[scheme]) != (size_t)(mark - text) ||
	                                strncmp(names[scheme], text, strlen(names[scheme])) != 0)) scheme++;
	if (scheme == URL_SCHEMES || !(allowed >> scheme & 1)) return "this kind of URL cannot be used here";
	*u = (struct url){ .scheme = (enum url_scheme)scheme, .at.ip = ip6_any(), .path = "/" };
	const char *s = mark + 3, *end = s + strcspn(s, "/?#"), *port = NULL;
	bool bracketed = *s == '[';
	const char *host_end = bracketed ? memchr(s, ']', (size_t)(end - s)) : memchr(s, ':', (size_t)(end - s));
	if (bracketed) {
		if (host_end == NULL) return "a bracket is open";
		if ((why = take_host(s + 1, (size_t)(host_end - s - 1), true, u)) != NULL) return why;
		if (host_end + 1 < end && host_end[1] != ':') return "after the bracket comes a colon and the port";
		port = host_end + 1 < end ? host_end + 2 : NULL;
	} else {
		if ((why = take_host(s, (size_t)((host_end ? host_end : end) - s), false, u)) != NULL) return why;
		port = host_end != NULL ? host_end + 1 : NULL;
	}
	if (port != NULL ? !decimal(port, (size_t)(end - port), &u->at.port) : !has_path(u))
		return "the port is missing or no number up to 65535";
	if (port == NULL) u->at.port = u->scheme == URL_HTTPS ? 443 : 80;
	if (*end == '\0') return NULL;
	if (!has_path(u)) return "only an http URL has a path";
	if (*end != '/') return "the path begins with a slash";
	u->path = end;
	return NULL;
}
