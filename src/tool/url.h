/* SPDX-License-Identifier: ISC */
/* url.h - where to, or where to listen, as one word: tcp://www.example.com:6666, udp://:7777,
 * multicast://239.1.2.3:5555, broadcast://:5556, http://[2001:db8::1]:8080/a/b (RFC 3986), tls://HOST:PORT, https://HOST/a.
 *
 * A host's name in another script (http://bücher.example) is kept as its A-labels.
 *
 * An address may name an interface by its number (RFC 6874 with a plain "%"): [fe80::1%2], 239.1.2.3%2.
 */
#ifndef TULLE_TOOL_URL_H
#define TULLE_TOOL_URL_H

#include "base/address.h"

enum url_scheme { URL_TCP, URL_UDP, URL_MULTICAST, URL_BROADCAST, URL_HTTP, URL_TLS, URL_HTTPS };
#define URL_SCHEMES (URL_HTTPS + 1)
#define URL_HOST_MAX 255

struct url {
	enum url_scheme scheme;
	char host[URL_HOST_MAX + 1]; /* as written, without brackets and interface, in ASCII; "" for any */
	bool is_address;             /* then `at.ip` is it; or host is "" */
	struct addr at;              /* the port is always right; ip is the IPv6 wildcard for "" */
	const char *path;            /* of http and https: with "?..."; "/" if there is none */
};

/* NULL if it is a URL of one of the `allowed` schemes (bits, 1 << URL_TCP); else what is wrong, in words, good
 * until the program ends. The URL keeps a pointer into the text. */
const char *url_parse(const char *text, unsigned allowed, struct url *);
const char *url_scheme_name(enum url_scheme);
static inline bool url_is_secure(const struct url *u) { return u->scheme == URL_TLS || u->scheme == URL_HTTPS; }
static inline bool url_is_stream(const struct url *u) { return u->scheme == URL_TCP || u->scheme == URL_TLS; }

#endif
