/* SPDX-License-Identifier: ISC */
#include "tool/dns/dig_parts.h"

void dig_greet(struct dig *d)
{
	struct dig_lookup *l = d->now;

	if (l->greeting != NULL && !l->json) {
		text_printf(d->env->out, "%s; <<>> tulle dig <<>>%s\n", l->first ? "\n" : "", l->greeting);
		if (l->server != NULL && l->first) text_printf(d->env->out, "; (%zu server%s found)\n", d->servers, d->servers == 1 ? "" : "s");
		if (l->first) text_puts(d->env->out, ";; global options: +cmd\n");
	}
	l->greeting = NULL;
}

void dig_stats_of(struct dig *d, struct dig_stats *s)
{
	const struct query *q = &d->query;

	*s = (struct dig_stats){ .took = q->answered_at - q->sent_at, .server = q->server, .way = query_way_text(q->way), .bytes = q->message.len,
	                         .name = d->now->server != NULL ? d->now->server : ip_text(q->server.ip, d->ip),
	                         .date = d->env->date + (q->answered_at - d->env->date_at) / SECOND };
	if (q->way == QUERY_HTTPS && d->now->want.plain) s->way = d->now->want.get ? "HTTP-GET" : "HTTP";
	else if (q->way == QUERY_HTTPS && d->now->want.get) s->way = "HTTPS-GET";
	if (!d->transfer.going) return;
	s->transfer = true;
	s->took = q->answered_at - d->transfer.began_at;
	s->bytes = d->transfer.bytes, s->records = d->transfer.records, s->messages = d->transfer.messages;
}

void dig_tell_asked(struct dig *d)
{
	const struct dig_lookup *l = d->now;
	struct dns_message m;

	if (!l->qr || l->json || dns_parse(d->query.asked, &m) != DROP_NONE) return;
	dig_greet(d);
	dig_print_message(d->env->out, &m, &l->show, true, (struct bytes){ NULL, 0 });
	if (l->show.stats) text_printf(d->env->out, ";; QUERY SIZE: %zu\n\n", d->query.asked.len);
}

static void tell_short(struct dig *d, const struct dns_message *m, const struct dig_stats *s)
{
	char behind[160] = "", ip[IP_TEXT_MAX];
	struct text t = text_in(behind, sizeof behind);
	const struct dig_show *show = &d->now->show;

	if (show->identify)
		text_printf(&t, " from server %s in %llu %s.", ip_text(s->server.ip, ip),
		            (unsigned long long)(s->took / (show->usec ? MICROSECOND : MILLISECOND)), show->usec ? "us" : "ms");
	dig_print_short(d->env->out, m, show, behind);
}

void dig_tell_answer(struct dig *d)
{
	const struct dig_lookup *l = d->now;
	const struct dns_message *m = &d->query.parsed;
	struct dig_stats s;

	dig_stats_of(d, &s);
	if (l->json) {
		dig_json(d->env->out, m, &s);
		return;
	}
	dig_greet(d);
	if (l->show.short_form) tell_short(d, m, &s);
	else dig_print_message(d->env->out, m, &l->show, false, (struct bytes){ d->cookie, l->no_cookie ? 0 : d->cookie_len });
	dig_print_stats(d->env->out, &s, &l->show);
}

/* --- transfers (RFC 5936, RFC 1995) --- */

/* SOAs part a transfer. Of a whole zone the second ends it. Of changes, each is: the old SOA, what went, the new SOA, what
 * came; and the newest SOA stands at the beginning and at the end. */
static bool ends(struct dig *d, const struct dns_rr *rr, bool *incremental)
{
	struct dns_soa soa;

	if (!dns_rdata_soa(rr, &soa)) return false;
	uint32_t number = d->transfer.soas++;
	if (number == 0) {
		d->transfer.serial = soa.serial;
		/* what we have is as new: the SOA alone says so (RFC 1995, 2) */
		return d->now->want.question.type == DNS_IXFR && (int32_t)(soa.serial - d->now->want.serial) <= 0;
	}
	if (number == 1) *incremental = d->transfer.records == 2;
	return !*incremental || (number % 2 == 1 && soa.serial == d->transfer.serial);
}

static void tell_transferred(struct dig *d, const struct dns_rr *rr)
{
	const struct dig_lookup *l = d->now;
	bool again = rr->type == DNS_SOA && d->transfer.soas > 1;

	if (!l->show.answer || l->json || (l->onesoa && again && !l->show.short_form)) return;
	dig_print_record(d->env->out, rr, &l->show, !l->show.short_form);
	text_puts(d->env->out, "\n");
}

static void transfer_failed(struct dig *d)
{
	dig_greet(d);
	if (!d->now->json) text_puts(d->env->out, "; Transfer failed.\n");
}

bool dig_tell_transfer(struct dig *d)
{
	const struct dns_message *m = &d->query.parsed;
	bool done = false;
	struct dns_rr rr;

	if (m->rcode != DNS_NOERROR || (d->transfer.messages == 0 && m->counts[1] == 0)) {
		transfer_failed(d);
		return false;
	}
	if (!d->transfer.going) d->transfer.going = true, d->transfer.began_at = d->query.sent_at;
	dig_greet(d);
	d->transfer.messages++;
	d->transfer.bytes += m->bytes.len;
	for (struct dns_cursor c = dns_records(m); !done && dns_next(&c, &rr);) {
		if (rr.section != DNS_ANSWER) continue;
		d->transfer.records++;
		done = ends(d, &rr, &d->transfer.incremental);
		tell_transferred(d, &rr);
	}
	struct dig_stats s;
	dig_stats_of(d, &s);
	if (d->now->json) dig_json(d->env->out, m, &s);
	else if (done) dig_print_stats(d->env->out, &s, &d->now->show);
	return !done;
}
