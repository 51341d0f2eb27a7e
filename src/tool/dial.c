/* SPDX-License-Identifier: ISC */
#include "tool/dial.h"

void dial_start(struct dial *d, struct tool_env *env, struct secure *secure, const struct url *url, instant timeout)
{
	d->env = env, d->secure = secure, d->host = url->host;
	d->port = url->at.port, d->interface = url->at.interface;
	d->timeout = timeout, d->give_up_at = NEVER;
	lookup_start(&d->lookup, env, url->host);
	net_wake(env->net, net_now(env->net)); /* an address is known at once */
}

void dial_stop(struct dial *d)
{
	lookup_stop(&d->lookup);
	if (d->id != 0) net_abort(d->env->net, d->id);
	d->id = 0;
}

/* What is told when no address does: a host that answers on one of them only refuses on the others; the last is told besides. */
static const char *most_telling(const char *before, const char *why)
{
	const char *const dull[] = { net_why_words(NET_REFUSED), net_why_words(NET_UNREACHABLE) };
	for (size_t i = 0; before != NULL && i < COUNT(dull); i++)
		if (strcmp(before, dull[i]) == 0) return why;
	return before == NULL ? why : before;
}

static enum dial_news fail(struct dial *d, const char *why)
{
	dial_stop(d);
	d->why = why;
	return DIAL_FAILED;
}

/* The next address that can be tried; `why` is what became of the one before. */
static enum dial_news try_next(struct dial *d, const char *why)
{
	d->said = most_telling(d->said, why);
	while (d->next_ip < d->lookup.count) {
		struct addr to = { d->lookup.ip[d->next_ip++], d->port, d->interface };
		if (ip_is4(to.ip) ? d->six : d->four) continue;
		if ((d->id = secure_connect(d->secure, d->env->net, &to, d->host)) != 0) return DIAL_NOTHING;
		why = net_why_words(net_why_not(d->env->net));
		d->said = most_telling(d->said, why);
	}
	if (d->said == NULL) return fail(d, d->four ? "it has no IPv4 address" : d->six ? "it has no IPv6 address" : "no address");
	struct text both = text_in(d->words, sizeof d->words);
	text_puts(&both, d->said);
	if (strcmp(d->said, why) != 0) text_printf(&both, "; at another address: %s", why);
	return fail(d, d->words);
}

/* Nothing was heard for too long: an address that never answered may not be the host's only one. */
static enum dial_news late(struct dial *d)
{
	if (d->connected) return fail(d, "timed out");
	net_abort(d->env->net, d->id);
	d->id = 0;
	dial_wait_for(d, d->timeout);
	return try_next(d, "timed out");
}

static enum dial_news stream_event(struct dial *d, const struct net_event *ev)
{
	dial_wait_for(d, d->timeout);
	if (ev->what == NET_CONNECTED) {
		d->connected = true;
		return DIAL_CONNECTED;
	}
	if (ev->what == NET_CLOSED) {
		d->id = 0;
		if (!d->connected && ev->why == NET_NOT_SECURE) return fail(d, secure_why(d->secure, ev->why));
		if (!d->connected) return try_next(d, net_why_words(ev->why));
	}
	return DIAL_YOURS;
}

enum dial_news dial_event(struct dial *d, const struct net_event *ev)
{
	instant now = net_now(d->env->net);

	if (ev->what == NET_WAKE) lookup_step(&d->lookup, now);
	else if (!lookup_event(&d->lookup, ev) && d->id != 0 && ev->id == d->id) return stream_event(d, ev);
	if (d->id != 0) return d->give_up_at <= now ? late(d) : DIAL_NOTHING;
	if (d->connected || d->why != NULL || lookup_state(&d->lookup) == LOOKUP_BUSY) return DIAL_NOTHING;
	dial_wait_for(d, d->timeout);
	return lookup_state(&d->lookup) == LOOKUP_FAILED ? fail(d, d->lookup.error) : try_next(d, NULL);
}

void dial_wait_for(struct dial *d, instant timeout)
{
	d->timeout = timeout;
	d->give_up_at = instant_after(net_now(d->env->net), timeout);
}

instant dial_deadline(const struct dial *d)
{
	if (d->id == 0 && !d->connected && d->why == NULL && lookup_state(&d->lookup) != LOOKUP_BUSY) return 0; /* an address can be tried */
	return instant_min(lookup_deadline(&d->lookup), d->id != 0 ? d->give_up_at : NEVER);
}
