/* SPDX-License-Identifier: ISC */
#include "tool/dns/dig_parts.h"

enum { NSID = 3, SUBNET = 8, EXPIRE = 9, COOKIE = 10, KEEPALIVE = 11, BADCOOKIE = 23 };

static void add(struct query_want *w, uint16_t code, struct bytes data)
{
	if (w->edns.options < QUERY_OPTIONS_MAX) w->edns.option[w->edns.options++] = (struct query_option){ code, data };
}

static uint16_t port_of(const struct dig *d, const struct dig_lookup *l)
{
	if (l->port != 0) return l->port;
	if (l->want.way == QUERY_TLS) return 853;   /* RFC 7858, 3.1 */
	if (l->want.way == QUERY_HTTPS) return l->want.plain ? 80 : 443;
	return l->server != NULL ? DNS_PORT : d->env->server_port;
}

/* The options in dig's order. */
static void add_options(struct dig *d, const struct dig_lookup *l, struct query_want *w)
{
	static const struct bytes empty = { NULL, 0 };

	w->edns.options = 0;
	if (l->nsid) add(w, NSID, empty);
	if (l->subnet.at != NULL) add(w, SUBNET, l->subnet);
	if (!l->no_cookie) add(w, COOKIE, (struct bytes){ d->cookie, d->cookie_len });
	if (l->expire) add(w, EXPIRE, empty);
	if (l->keepalive) add(w, KEEPALIVE, empty);
	for (size_t i = 0; i < l->options; i++) add(w, l->option[i].code, l->option[i].data);
	if (d->version_again) w->edns.version = d->version;
}

static void choose_cookie(struct dig *d, const struct dig_lookup *l)
{
	if (d->cookie_again) return;
	d->cookie_len = l->cookie.len > 0 ? l->cookie.len : DIG_COOKIE_BYTES;
	if (l->cookie.len > 0) memcpy(d->cookie, l->cookie.at, l->cookie.len);
	else rng_fill(d->env->rng, (struct room){ d->cookie, DIG_COOKIE_BYTES });
}

void dig_want(struct dig *d, const struct dig_lookup *l, struct query_want *w)
{
	*w = l->want;
	choose_cookie(d, l);
	w->server = d->server[d->next_server];
	w->server.port = port_of(d, l);
	w->local = l->local;
	w->name = l->tls_host != NULL ? l->tls_host : l->server != NULL ? l->server : ip_text(w->server.ip, d->ip);
	w->question.name = d->name[d->next_name];
	w->secure = &d->secure;
	w->comments = l->show.comments ? d->env->out : NULL;
	w->stream = w->question.type == DNS_AXFR || w->question.type == DNS_IXFR;
	if (w->question.type == DNS_ANY && w->way == QUERY_UDP && !l->way_given) w->way = QUERY_TCP;
	if (w->tries == 0) w->tries = QUERY_TRIES;
	if (d->servers > 1) w->tries = 1; /* each in its turn */
	if (w->edns.on) add_options(d, l, w);
}

/* --- what a server says of how it wants to be asked --- */

static bool cookie_of(const struct dns_message *m, struct bytes *cookie)
{
	struct bytes left = m->edns ? dig_options(m) : (struct bytes){ NULL, 0 };
	struct dig_option o;

	while (dig_option_next(&left, &o)) {
		if (o.code != COOKIE) continue;
		*cookie = o.data;
		return true;
	}
	return false;
}

/* RFC 7873, 5.3: only what begins with our own cookie. */
static bool cookie_learnt(struct dig *d, const struct dns_message *m)
{
	struct bytes got;

	if (!cookie_of(m, &got) || got.len < 16 || got.len > sizeof d->cookie || memcmp(got.at, d->cookie, DIG_COOKIE_BYTES) != 0) return false;
	memcpy(d->cookie, got.at, got.len);
	d->cookie_len = got.len;
	return true;
}

bool dig_ask_again(struct dig *d, const struct dns_message *m)
{
	struct dig_lookup *l = d->now;

	if (m->rcode == DNS_BADVERS && !l->no_negotiation && !d->version_again && m->edns_version < l->want.edns.version) {
		if (l->show.comments) text_printf(d->env->out, ";; BADVERS, retrying with EDNS version %u.\n", m->edns_version);
		d->version = m->edns_version;
		return d->version_again = true;
	}
	if (m->rcode == BADCOOKIE && !l->no_badcookie && !l->no_cookie && !d->cookie_again && d->query.way == QUERY_UDP && cookie_learnt(d, m)) {
		if (l->show.comments) text_puts(d->env->out, ";; BADCOOKIE, retrying.\n");
		return d->cookie_again = true;
	}
	return false;
}
