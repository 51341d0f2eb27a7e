/* SPDX-License-Identifier: ISC */
/* nc_proxy.c - what is said to a proxy before the peer is there: SOCKS 5 (RFC 1928, 1929), SOCKS 4 and 4A, and HTTP's
 * CONNECT (RFC 9110, 9.3.6). Names are the proxy's to look up. Of what comes not a byte more is taken than is the proxy's. */
#include "tool/nc/nc_parts.h"

enum { SAID_METHODS = 1, SAID_PASSWORD, SAID_CONNECT, SAID_CONNECT_4, SAID_HTTP }; /* nc.step; 0: the peer is there */

static bool is_kind(const struct nc *n, const char *kind)
{
	return strcmp(n->o.proxy_kind != NULL ? n->o.proxy_kind : "5", kind) == 0;
}

/* "10.0.0.1", "proxy.example:1080", "[2001:db8::1]:1080". */
bool nc_proxy_read(struct nc *n)
{
	const char *text = n->o.proxy;
	char word[LOOKUP_HOST_MAX + 8];
	struct text t = text_in(word, sizeof word);
	struct ip ip;
	uint16_t none = 0;

	if (text == NULL) return true;
	if (!is_kind(n, "5") && !is_kind(n, "4") && !is_kind(n, "connect"))
		return tool_usage(n->env, "nc: -X takes 4, 5 or connect, not %s", n->o.proxy_kind), false;
	const char *colon = strrchr(text, ':');
	if (colon != NULL && (ip_parse(text, &ip) || strchr(colon, ']') != NULL)) colon = NULL; /* a bare IPv6 address */
	n->proxy_port = is_kind(n, "connect") ? 3128 : 1080;
	text_put(&t, (struct bytes){ (const uint8_t *)text, colon != NULL ? (size_t)(colon - text) : strlen(text) });
	struct addr at = { .port = 0 };
	char full[32];
	struct text f = text_in(full, sizeof full);
	if (colon != NULL) text_printf(&f, "0.0.0.0%s", colon);
	if ((colon != NULL && (f.cut || !addr_parse(full, &at) || at.port == 0)) || t.cut ||
	    !nc_split_zone(word, n->proxy_host, sizeof n->proxy_host, &none))
		return tool_usage(n->env, "nc: -x takes a proxy's address and port, like 10.0.0.1:1080, not %s", text), false;
	if (colon != NULL) n->proxy_port = at.port;
	if (n->o.proxy_user != NULL && strlen(n->o.proxy_user) > 255) return tool_usage(n->env, "nc: -P: this user is too long"), false;
	return true;
}

static void say(struct nc *n, unsigned step, struct text *t)
{
	n->step = step;
	n->heard_len = 0;
	net_send(n->env->net, n->id, text_bytes(t)); /* an empty ring has room for this little */
}

static void put(struct text *t, uint8_t byte) { text_put(t, (struct bytes){ &byte, 1 }); }

static void put_port(struct nc *n, struct text *t)
{
	uint16_t port = n->o.port[n->next_port - 1];
	put(t, (uint8_t)(port >> 8));
	put(t, (uint8_t)port);
}

/* --- SOCKS 5 --- */

static void say_methods(struct nc *n, struct text *t)
{
	put(t, 5);
	put(t, n->o.proxy_user != NULL ? 2 : 1);
	put(t, 0);
	if (n->o.proxy_user != NULL) put(t, 2);
	say(n, SAID_METHODS, t);
}

static void say_password(struct nc *n, struct text *t)
{
	const char *user = n->o.proxy_user, *password = strchr(user, ':');
	size_t len = password != NULL ? (size_t)(password - user) : strlen(user);

	password = password != NULL ? password + 1 : "";
	put(t, 1);
	put(t, (uint8_t)len);
	text_put(t, (struct bytes){ (const uint8_t *)user, len });
	put(t, (uint8_t)strlen(password));
	text_puts(t, password);
	say(n, SAID_PASSWORD, t);
}

static void say_connect(struct nc *n, struct text *t)
{
	struct ip ip;

	text_put(t, (struct bytes){ (const uint8_t *)"\5\1\0", 3 });
	if (!ip_parse(n->host, &ip)) {
		put(t, 3);
		put(t, (uint8_t)strlen(n->host));
		text_puts(t, n->host);
	} else {
		put(t, ip_is4(ip) ? 1 : 4);
		text_put(t, ip_is4(ip) ? (struct bytes){ ip.byte + 12, 4 } : (struct bytes){ ip.byte, 16 });
	}
	put_port(n, t);
	say(n, SAID_CONNECT, t);
}

/* --- SOCKS 4, and HTTP --- */

static bool say_connect_4(struct nc *n, struct text *t)
{
	static const uint8_t by_name[4] = { 0, 0, 0, 1 }; /* 4A: the name follows */
	struct ip ip;
	bool address = ip_parse(n->host, &ip);

	if (address && !ip_is4(ip)) return false;
	put(t, 4);
	put(t, 1);
	put_port(n, t);
	text_put(t, (struct bytes){ address ? ip.byte + 12 : by_name, 4 });
	if (n->o.proxy_user != NULL) text_puts(t, n->o.proxy_user);
	put(t, 0);
	if (!address) {
		text_puts(t, n->host);
		put(t, 0);
	}
	say(n, SAID_CONNECT_4, t);
	return true;
}

static void say_http(struct nc *n, struct text *t)
{
	bool six = strchr(n->host, ':') != NULL;
	unsigned port = n->o.port[n->next_port - 1];

	text_printf(t, "CONNECT %s%s%s:%u HTTP/1.1\r\nHost: %s%s%s:%u\r\n", six ? "[" : "", n->host, six ? "]" : "", port,
	            six ? "[" : "", n->host, six ? "]" : "", port);
	if (n->o.proxy_user != NULL) {
		text_puts(t, "Proxy-Authorization: Basic ");
		text_base64(t, bytes_of(n->o.proxy_user));
		text_puts(t, "\r\n");
	}
	text_puts(t, "\r\n");
	say(n, SAID_HTTP, t);
}

void nc_proxy_begin(struct nc *n)
{
	char buffer[1600];
	struct text t = text_in(buffer, sizeof buffer);

	n->give_up_at = instant_after(net_now(n->env->net), n->o.timeout);
	if (is_kind(n, "5")) say_methods(n, &t);
	else if (is_kind(n, "connect")) say_http(n, &t);
	else if (!say_connect_4(n, &t)) {
		nc_complain(n, TOOL_FAILED, "SOCKS 4 knows no IPv6 addresses; -X 5 does");
		nc_over(n, TOOL_FAILED);
	}
}

/* --- what it answers --- */

static void refuse(struct nc *n, const char *why, int status)
{
	nc_complain(n, status, "the proxy says: %s", why);
	nc_over(n, status);
}

static void refused_5(struct nc *n, uint8_t code) /* RFC 1928, 6 */
{
	static const struct { const char *why; int status; } reply[] = {
		{ "", 0 }, { "a general failure", TOOL_FAILED }, { "not allowed by its rules", TOOL_FAILED },
		{ "network unreachable", NC_UNREACHABLE }, { "host unreachable", NC_UNREACHABLE }, { "connection refused", TOOL_FAILED },
		{ "timed out (TTL expired)", NC_TIMED_OUT }, { "it knows no such command", TOOL_FAILED },
		{ "it knows no such kind of address", TOOL_FAILED },
	};
	if (code < COUNT(reply)) refuse(n, reply[code].why, reply[code].status);
	else refuse(n, "something that is in no list", TOOL_FAILED);
}

static void heard_5(struct nc *n)
{
	char buffer[600];
	struct text t = text_in(buffer, sizeof buffer);
	const uint8_t *h = n->heard;

	if (n->step != SAID_CONNECT && n->heard_len == 2) {
		if (n->step == SAID_METHODS && h[0] == 5 && h[1] == 2 && n->o.proxy_user != NULL) say_password(n, &t);
		else if (h[1] == 0 && h[0] == (n->step == SAID_METHODS ? 5 : 1)) say_connect(n, &t);
		else refuse(n, n->step == SAID_PASSWORD ? "this is not the password" : "not without a password (-P), or this is no SOCKS 5", TOOL_FAILED);
	} else if (n->step == SAID_CONNECT && n->heard_len >= 5) {
		size_t len = h[3] == 1 ? 10 : h[3] == 4 ? 22 : 7 + (size_t)h[4];
		if (h[0] != 5 || h[1] != 0) refused_5(n, h[1]);
		else if (n->heard_len == len) n->step = 0;
	}
}

static void heard_4(struct nc *n)
{
	if (n->heard_len < 8) return;
	if (n->heard[0] == 0 && n->heard[1] == 90) n->step = 0;
	else refuse(n, "request rejected or failed", TOOL_FAILED);
}

static void heard_http(struct nc *n)
{
	const uint8_t *h = n->heard;
	size_t len = n->heard_len;
	char status[80];
	struct text t = text_in(status, sizeof status);

	if (len < 4 || memcmp(h + len - 4, "\r\n\r\n", 4) != 0) return;
	if (len > 12 && memcmp(h, "HTTP/1.", 7) == 0 && h[9] == '2') {
		n->step = 0;
		return;
	}
	for (size_t i = 0; i < len && h[i] != '\r'; i++) put(&t, h[i] >= 0x20 && h[i] < 0x7f ? h[i] : '.');
	refuse(n, status, TOOL_FAILED);
}

void nc_proxy_heard(struct nc *n)
{
	struct net *net = n->env->net;

	for (struct bytes b; n->state == NC_GREETING && n->step != 0 && (b = net_peek(net, n->id)).len > 0;) {
		if (n->heard_len == sizeof n->heard) {
			refuse(n, "more than a greeting", TOOL_FAILED);
			return;
		}
		n->heard[n->heard_len++] = b.at[0];
		net_take(net, n->id, 1);
		if (n->step == SAID_HTTP) heard_http(n);
		else if (n->step == SAID_CONNECT_4) heard_4(n);
		else heard_5(n);
	}
}
