/* SPDX-License-Identifier: ISC */
/* Conversations of the resolver with servers made of a few lines each - good ones, dead ones and liars - on a clock
 * that only moves when nothing else can be done. */
#include "proto/dns/resolver.h"

#include <stdlib.h>
#include <time.h>

#include "tap.h"

enum evil { GOOD, DEAD, SERVFAIL, REFUSED, UPWARD, WRONG_ID, WRONG_CASE, LOWER_CASE, WRONG_PLACE, TOO_LONG, NO_EDNS,
            POISON, NO_AUTHORITY, MUTE_SOA, LOST, GARBAGE };

struct record { const char *owner; uint16_t type; const char *data; uint32_t ttl; };
struct server {
	const char *ip, *zone;
	const struct record *record; size_t records;
	enum evil evil;
	instant delay;
	unsigned asked, tcp;
};

/* --- the world --- */

#define MAIL_MAX 64
static struct {
	struct resolver *r;
	struct server server[40]; size_t servers;
	struct mail { instant at; struct addr from; enum resolver_how how; uint32_t slot; size_t len; uint8_t bytes[4096]; } mail[MAIL_MAX];
	size_t mails;
	instant now;
	struct rng rng;
	struct trace trace;
	void *memory;
	char log[8000];
	char seen[512]; /* of the last answer: "0: A 10.0.0.1 A 10.0.0.2" */
	struct resolver_answer answer;
	unsigned answers, queries, case_mixed;
} w;

static struct ip ip_of(const char *text)
{
	struct ip ip = { { 0 } };
	if (!ip_parse(text, &ip)) printf("# %s is no address\n", text);
	return ip;
}
static struct dns_name name_of(const char *text)
{
	struct dns_name n;
	if (!dns_name_parse(text, &n)) printf("# %s is no name\n", text);
	return n;
}

static const struct record root_zone[] = {
	{ "com", DNS_NS, "a.gtld.com", 172800 }, { "a.gtld.com", DNS_A, "10.0.2.1", 172800 },
	{ "net", DNS_NS, "a.gtld.net", 172800 }, { "a.gtld.net", DNS_A, "10.0.2.2", 172800 },
};
static const struct record com_zone[] = {
	{ "example.com", DNS_NS, "ns1.example.com", 86400 }, { "ns1.example.com", DNS_A, "10.0.3.1", 86400 },
	{ "example.com", DNS_NS, "ns2.example.com", 86400 }, { "ns2.example.com", DNS_A, "10.0.3.2", 86400 },
	{ "glueless.com", DNS_NS, "ns.other.net", 3600 },
	{ "loop-a.com", DNS_NS, "ns.loop-b.com", 3600 }, { "loop-b.com", DNS_NS, "ns.loop-a.com", 3600 },
	{ "inside.com", DNS_NS, "ns.inside.com", 3600 }, /* its glue is missing */
	{ "here.com", DNS_NS, "ns.here.com", 3600 }, { "ns.here.com", DNS_A, "127.0.0.1", 3600 },
	{ "evil.com", DNS_NS, "ns.evil.com", 3600 }, { "ns.evil.com", DNS_A, "10.0.3.9", 3600 },
	{ "six.com", DNS_NS, "ns.six.net", 3600 },
};
static const struct record net_zone[] = {
	{ "other.net", DNS_NS, "ns.other.net", 3600 }, { "ns.other.net", DNS_A, "10.0.4.1", 3600 },
	{ "six.net", DNS_NS, "ns1.six.net", 3600 }, { "ns1.six.net", DNS_A, "10.0.4.6", 3600 },
};
static const struct record example_zone[] = {
	{ "www.example.com", DNS_A, "10.1.0.1", 300 }, { "www.example.com", DNS_A, "10.1.0.2", 300 },
	{ "www.example.com", DNS_A, "10.1.0.3", 300 },
	{ "alias.example.com", DNS_CNAME, "www.example.com", 60 },
	{ "far.example.com", DNS_CNAME, "www.other.net", 60 },
	{ "ring1.example.com", DNS_CNAME, "ring2.example.com", 60 }, { "ring2.example.com", DNS_CNAME, "ring1.example.com", 60 },
	{ "zero.example.com", DNS_A, "10.1.0.9", 0 },
	{ "c0.example.com", DNS_CNAME, "c1.other.net", 60 }, { "c2.example.com", DNS_CNAME, "c3.other.net", 60 },
	{ "c4.example.com", DNS_CNAME, "c5.other.net", 60 }, { "c6.example.com", DNS_CNAME, "c7.other.net", 60 },
	{ "c8.example.com", DNS_CNAME, "c9.other.net", 60 }, { "c10.example.com", DNS_CNAME, "c11.other.net", 60 },
	{ "c12.example.com", DNS_A, "10.1.0.12", 60 }, { "dangling.example.com", DNS_CNAME, "nix.example.com", 60 },
};
static const struct record other_zone[] = {
	{ "www.other.net", DNS_A, "10.1.4.1", 30 }, { "www.glueless.com", DNS_A, "10.1.4.2", 30 },
	{ "ns.other.net", DNS_A, "10.0.4.1", 3600 },
	{ "c1.other.net", DNS_CNAME, "c2.example.com", 60 }, { "c3.other.net", DNS_CNAME, "c4.example.com", 60 },
	{ "c5.other.net", DNS_CNAME, "c6.example.com", 60 }, { "c7.other.net", DNS_CNAME, "c8.example.com", 60 },
	{ "c9.other.net", DNS_CNAME, "c10.example.com", 60 }, { "c11.other.net", DNS_CNAME, "c12.example.com", 60 },
};
static const struct record six_zone[] = {
	{ "ns.six.net", DNS_AAAA, "2001:db8::6", 3600 }, { "www.six.com", DNS_A, "10.1.6.6", 60 },
};

static struct server *serve(const char *ip, const char *zone, const struct record *record, size_t records)
{
	struct server *s = &w.server[w.servers++];
	*s = (struct server){ .ip = ip, .zone = zone, .record = record, .records = records, .delay = 10 * MILLISECOND };
	return s;
}

static struct server *at(const char *ip)
{
	for (size_t i = 0; i < w.servers; i++)
		if (strcmp(w.server[i].ip, ip) == 0) return &w.server[i];
	abort();
}

static void internet(void)
{
	void *memory = w.memory;
	memset(&w, 0, sizeof w);
	w.memory = memory;
	w.now = 1000 * SECOND;
	rng_init_number(&w.rng, 7);
	serve("10.0.1.1", ".", root_zone, COUNT(root_zone));
	serve("10.0.2.1", "com", com_zone, COUNT(com_zone));
	serve("10.0.2.2", "net", net_zone, COUNT(net_zone));
	serve("10.0.3.1", "example.com", example_zone, COUNT(example_zone));
	serve("10.0.3.2", "example.com", example_zone, COUNT(example_zone));
	serve("10.0.4.1", "other.net", other_zone, COUNT(other_zone));
	serve("10.0.4.6", "six.net", six_zone, COUNT(six_zone));
	serve("2001:db8::6", "six.com", six_zone, COUNT(six_zone));
}

static void start(struct resolver_config c)
{
	c.rng = &w.rng;
	c.trace = &w.trace;
	if (c.questions_max == 0) c.questions_max = 8;
	size_t size = resolver_size(&c);
	free(w.memory);
	w.memory = malloc(size);
	memset(w.memory, 0x5a, size);
	w.r = resolver_init((struct room){ w.memory, size }, &c);
}

static void recurse(void)
{
	static struct addr root;
	root = (struct addr){ .ip = ip_of("10.0.1.1"), .port = 53 };
	start((struct resolver_config){ .servers = &root, .servers_count = 1, .recurse = true, .cache_bytes = 65536 });
}

/* --- servers --- */

static void add(struct dns_builder *b, enum dns_section section, const struct record *r)
{
	struct dns_rr rr = { .name = name_of(r->owner), .type = r->type, .class = DNS_IN, .ttl = r->ttl, .section = section };
	struct dns_name to;
	struct ip ip;

	if (r->type == DNS_A || r->type == DNS_AAAA) {
		ip = ip_of(r->data);
		rr.rdata = r->type == DNS_A ? (struct bytes){ ip.byte + 12, 4 } : (struct bytes){ ip.byte, 16 };
	} else {
		to = name_of(r->data);
		rr.rdata = (struct bytes){ to.at, to.len };
	}
	dns_add_rr(b, &rr);
}

static void add_soa(struct dns_builder *b, const char *zone)
{
	uint8_t rdata[22] = { 0 };
	store_be32(rdata + 18, 120);
	dns_add_rr(b, &(struct dns_rr){ name_of(zone), DNS_SOA, DNS_IN, 600, DNS_AUTHORITY, { rdata, 22 }, { 0 } });
}

static size_t add_matching(struct dns_builder *b, const struct server *s, const struct dns_name *name, uint16_t type,
                           enum dns_section section)
{
	size_t n = 0;
	for (size_t i = 0; i < s->records; i++) {
		struct dns_name own = name_of(s->record[i].owner);
		if (s->record[i].type != type || !dns_name_equal(&own, name)) continue;
		add(b, section, &s->record[i]);
		n++;
	}
	return n;
}

static bool exists(const struct server *s, const struct dns_name *name)
{
	for (size_t i = 0; i < s->records; i++) {
		struct dns_name own = name_of(s->record[i].owner);
		if (dns_name_under(&own, name)) return true;
	}
	return false;
}

static bool refer(struct dns_builder *b, const struct server *s, const struct dns_name *name)
{
	struct dns_name zone = name_of(s->zone), cut = *name, up;
	for (; !dns_name_equal(&cut, &zone) && cut.len > 1; cut = up) {
		if (add_matching(b, s, &cut, DNS_NS, DNS_AUTHORITY) > 0) {
			for (size_t i = 0; i < s->records; i++) {
				struct dns_name own = name_of(s->record[i].owner), ns = name_of(s->record[i].data[0] >= 'a' ? s->record[i].data : ".");
				if (s->record[i].type == DNS_NS && dns_name_equal(&own, &cut))
					add_matching(b, s, &ns, DNS_A, DNS_ADDITIONAL);
			}
			return true;
		}
		dns_name_parent(&cut, &up);
	}
	return false;
}

static bool is_cut(const struct server *s, const struct dns_name *name)
{
	static uint8_t scratch[4096];
	struct dns_builder b;
	dns_begin(&b, (struct room){ scratch, sizeof scratch }, sizeof scratch, 0, 0, 0, 0);
	return refer(&b, s, name);
}

/* As an authoritative server answers, with AA on all but referrals. */
static size_t reply(const struct server *s, const struct dns_message *q, uint16_t rcode, struct room room)
{
	struct dns_builder b;
	struct dns_name name = q->question.name, zone = name_of(s->zone), to;
	bool cut = is_cut(s, &name), aa = !cut && s->evil != NO_AUTHORITY;
	size_t n = 0;

	bool nx = rcode == 0 && !cut && !exists(s, &name);
	dns_begin(&b, room, room.len, q->id, (uint16_t)(DNS_QR | (aa ? DNS_AA : 0)), 0, nx ? DNS_NXDOMAIN : rcode);
	struct dns_question back = q->question;
	if (s->evil == LOWER_CASE) dns_name_lower(&back.name);
	if (s->evil == WRONG_CASE) back.name.at[1] ^= 0x20;
	dns_add_question(&b, &back);
	if (rcode != 0) return dns_end(&b);
	if (cut) {
		refer(&b, s, &name);
		return dns_end(&b);
	}
	for (int links = 0; links < 4; links++) {
		n = add_matching(&b, s, &name, q->question.type, DNS_ANSWER);
		if (n > 0 || add_matching(&b, s, &name, DNS_CNAME, DNS_ANSWER) == 0) break;
		for (size_t i = 0; i < s->records; i++) {
			struct dns_name own = name_of(s->record[i].owner);
			if (s->record[i].type == DNS_CNAME && dns_name_equal(&own, &name)) to = name_of(s->record[i].data);
		}
		name = to;
		if (!exists(s, &name)) {
			if (dns_name_under(&name, &zone)) room.at[3] |= DNS_NXDOMAIN;
			break;
		}
	}
	if (n == 0 && s->evil != MUTE_SOA) add_soa(&b, s->zone);
	if (s->evil == POISON) {
		add(&b, DNS_ADDITIONAL, &(struct record){ "www.bank.com", DNS_A, "6.6.6.6", 9999 });
		add(&b, DNS_ADDITIONAL, &(struct record){ "a.gtld.com", DNS_A, "6.6.6.6", 9999 });
	}
	return dns_end(&b);
}

static void post(const struct server *s, const struct resolver_out *out, const struct dns_message *q)
{
	if (w.mails == MAIL_MAX) return;
	struct mail *m = &w.mail[w.mails];
	struct room room = { m->bytes, sizeof m->bytes };
	*m = (struct mail){ .at = w.now + s->delay, .from = out->to, .how = out->how, .slot = out->slot };
	switch (s->evil) {
	case DEAD: case LOST: return;
	case SERVFAIL: m->len = reply(s, q, DNS_SERVFAIL, room); break;
	case REFUSED: m->len = reply(s, q, DNS_REFUSED, room); break;
	case NO_EDNS: m->len = reply(s, q, q->edns ? DNS_FORMERR : 0, room); break;
	case GARBAGE: m->len = 20; break;
	case UPWARD: {
		struct dns_builder b;
		dns_begin(&b, room, room.len, q->id, DNS_QR, 0, 0);
		dns_add_question(&b, &q->question);
		add(&b, DNS_AUTHORITY, &(struct record){ ".", DNS_NS, "a.root", 9999 });
		m->len = dns_end(&b);
		break;
	}
	default: m->len = reply(s, q, 0, room); break;
	}
	if (s->evil == WRONG_ID) m->bytes[0] ^= 1;
	if (s->evil == WRONG_PLACE) m->from.port++;
	if (s->evil == TOO_LONG && out->how == RESOLVER_UDP) {
		struct dns_builder b;
		dns_begin(&b, room, room.len, q->id, DNS_QR | DNS_AA | DNS_TC, 0, 0);
		dns_add_question(&b, &q->question);
		m->len = dns_end(&b);
	}
	w.mails++;
}

static void take_words(void)
{
	const char *words = trace_take(&w.trace);
	if (words != NULL && strlen(w.log) + strlen(words) + 2 < sizeof w.log) strcat(strcat(w.log, words), "\n");
}

static void send_out(const struct resolver_out *out)
{
	struct dns_message q;
	char text[DNS_NAME_TEXT_MAX], ip[IP_TEXT_MAX];
	struct dns_name lower;

	w.queries++;
	take_words();
	if (dns_parse(out->query, &q) != DROP_NONE) {
		printf("# it sends what cannot be parsed\n");
		return;
	}
	lower = q.question.name;
	dns_name_lower(&lower);
	if (memcmp(lower.at, q.question.name.at, lower.len) != 0) w.case_mixed++;
	if (getenv("VERBOSE"))
		printf("# %.3f %s -> %s%s\n", (double)w.now / 1e9, dns_name_text(&q.question.name, text), ip_text(out->to.ip, ip),
		       out->how == RESOLVER_TCP ? " tcp" : "");
	for (size_t i = 0; i < w.servers; i++) {
		struct server *s = &w.server[i];
		if (!ip_equal(ip_of(s->ip), out->to.ip)) continue;
		s->asked++;
		s->tcp += out->how == RESOLVER_TCP;
		if (s->evil == LOST) resolver_lost(w.r, w.now, out->slot);
		else post(s, out, &q);
	}
}

static void write_down(const struct resolver_answer *a)
{
	struct dns_message m;
	struct dns_rr rr;
	char buffer[16];
	struct text t = text_in(w.seen, sizeof w.seen);

	w.answer = *a;
	w.answers++;
	if (dns_parse(a->message, &m) != DROP_NONE) {
		printf("# the answer cannot be parsed\n");
		return;
	}
	text_printf(&t, "%s:", dns_rcode_text(m.rcode));
	for (struct dns_cursor c = dns_records(&m); dns_next(&c, &rr);) {
		text_printf(&t, "%s %s ", rr.section == DNS_AUTHORITY ? " auth" : "", dns_type_text(rr.type, buffer));
		if (rr.type != DNS_SOA) dns_rdata_print(&rr, &t);
	}
}

/* Until nothing moves any more, or the time has come. The law of the deadline is looked after here. */
static bool run_until(instant end)
{
	struct resolver_out out;
	struct resolver_answer a;

	for (int turn = 0; turn < 100000; turn++) {
		while (resolver_output(w.r, w.now, &out)) send_out(&out);
		instant next = resolver_deadline(w.r);
		if (next <= w.now) {
			printf("# the deadline lies in the past\n");
			return false;
		}
		bool any = false;
		while (resolver_answer(w.r, &a)) write_down(&a), any = true;
		if (any) continue;
		size_t first = 0;
		for (size_t i = 1; i < w.mails; i++)
			if (w.mail[i].at < w.mail[first].at) first = i;
		if (w.mails > 0 && w.mail[first].at <= next) {
			if (w.mail[first].at > end) break;
			static struct mail m;
			m = w.mail[first];
			w.mail[first] = w.mail[--w.mails];
			w.now = instant_max(w.now, m.at);
			/* In memory of just its size, so that a sanitizer sees a step beyond. */
			uint8_t *bytes = malloc(m.len);
			memcpy(bytes, m.bytes, m.len);
			resolver_input(w.r, w.now, &m.from, m.how, m.slot, (struct bytes){ bytes, m.len });
			free(bytes);
			continue;
		}
		if (next > end || next == NEVER) break;
		w.now = next;
	}
	take_words();
	if (end != NEVER) w.now = end;
	return true;
}

static bool ask(const char *name, uint16_t type)
{
	struct dns_question q = { name_of(name), type, DNS_IN };
	w.answers = w.queries = 0;
	w.log[0] = w.seen[0] = '\0';
	return resolver_ask(w.r, w.now, &q, 42) && run_until(NEVER) && w.answers == 1 && w.answer.asker == 42;
}

static bool said(const char *words) { return strstr(w.log, words) != NULL; }

/* --- conversations --- */

static void the_way_from_the_root(void)
{
	internet();
	recurse();
	CHECK(ask("www.example.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: A 10.1.0.1 A 10.1.0.2 A 10.1.0.3");
	CHECK_EQ(w.queries, 3);
	CHECK(w.answer.referrals == 2 && w.answer.tries == 3 && !w.answer.from_cache && w.answer.why == RESOLVER_ANSWERED);
	CHECK(said("referral from . to com.: 1 server, glue 10.0.2.1"));
	CHECK(said("referral from com. to example.com.: 2 servers, glue 10.0.3.1 10.0.3.2"));
	CHECK(w.case_mixed > 0);
}

/* The closest servers known are the child's, who knows nothing of what its parent says about it. */
static void a_ds_is_asked_of_the_parent(void)
{
	internet();
	recurse();
	CHECK(ask("www.example.com", DNS_A));
	unsigned before = at("10.0.2.1")->asked;
	CHECK(ask("example.com", DNS_DS));
	CHECK_EQ(at("10.0.2.1")->asked, before + 1);
}

/* 64 KiB over TCP, all of it one name server's name and one of its addresses, thousands of times: what that costs must
 * grow with its length, not with its square. */
static void a_reply_that_repeats_itself_is_read_once(void)
{
	static uint8_t bytes[DNS_MESSAGE_MAX];
	static const struct record ns = { "b.com", DNS_NS, "n.b.com", 9 }, glue = { "n.b.com", DNS_A, "10.0.9.9", 9 };
	struct dns_question ask_for = { name_of("x.b.com"), DNS_A, DNS_IN };
	struct resolver_out out;
	struct dns_message q;
	struct dns_builder b;

	internet();
	recurse();
	clock_t began = clock();
	CHECK(resolver_ask(w.r, w.now, &ask_for, 1) && resolver_output(w.r, w.now, &out));
	for (int over_tcp = 0; over_tcp < 2; over_tcp++) {
		CHECK_EQ(dns_parse(out.query, &q), DROP_NONE);
		dns_begin(&b, (struct room){ bytes, sizeof bytes }, sizeof bytes, q.id, DNS_QR | (over_tcp ? 0 : DNS_TC), 0, 0);
		dns_add_question(&b, &q.question);
		for (int i = 0; over_tcp && i < 2300; i++) add(&b, DNS_AUTHORITY, &ns);
		while (over_tcp && b.limit - b.len > 16) add(&b, DNS_ADDITIONAL, &glue);
		resolver_input(w.r, w.now, &out.to, over_tcp ? RESOLVER_TCP : RESOLVER_UDP, out.slot, (struct bytes){ bytes, dns_end(&b) });
		CHECK(resolver_output(w.r, w.now, &out));
	}
	CHECK(ip_equal(out.to.ip, ip_of("10.0.9.9")) && resolver_counts(w.r).referrals == 1);
	CHECK(clock() - began < CLOCKS_PER_SEC / 2); /* a hundredth, as it is; the square was more than a second */
}

static void an_odd_spelling_is_for_who_asked(void)
{
	char text[DNS_NAME_TEXT_MAX];
	struct dns_message m;
	struct dns_rr rr;

	internet();
	recurse();
	CHECK(ask("aLiaS.eXaMpLe.CoM", DNS_A));
	CHECK(said("referral from . to com.:") && said("referral from com. to example.com.:"));
	CHECK(dns_parse(w.answer.message, &m) == DROP_NONE);
	struct dns_cursor c = dns_records(&m);
	CHECK(dns_next(&c, &rr));
	CHECK_STR(dns_name_text(&rr.name, text), "aLiaS.eXaMpLe.CoM.");
	CHECK(ask("ALIAS.example.com", DNS_CNAME) && w.answer.from_cache);
	CHECK_STR(w.seen, "NOERROR: CNAME www.example.com.");
}

static void again_from_the_cache_until_it_runs_out(void)
{
	struct dns_message m;
	struct dns_rr rr;

	internet();
	recurse();
	CHECK(ask("www.example.com", DNS_A));
	instant learnt_at = w.now;
	w.now = learnt_at + 13 * SECOND;
	CHECK(ask("WWW.example.COM", DNS_A));
	CHECK_EQ(w.queries, 0);
	CHECK(w.answer.from_cache && said("answer from cache, 287 s left"));
	CHECK(dns_parse(w.answer.message, &m) == DROP_NONE);
	struct dns_cursor c = dns_records(&m);
	CHECK(dns_next(&c, &rr) && rr.ttl == 287);
	CHECK(memcmp(m.question.name.at + 1, "WWW", 3) == 0); /* spelt as it was asked */
	w.now = learnt_at + 300 * SECOND;
	CHECK(ask("www.example.com", DNS_A));
	CHECK_EQ(w.queries, 1); /* the delegation is still known */
	CHECK(!w.answer.from_cache && w.answer.referrals == 0);
	struct resolver_counts n = resolver_counts(w.r);
	CHECK(n.questions == 3 && n.cache_hits == 1 && n.answers == 3 && n.queries == 4 && n.referrals == 2);
}

static void records_rotate_from_answer_to_answer(void)
{
	static struct addr root;
	internet();
	root = (struct addr){ .ip = ip_of("10.0.1.1"), .port = 53 };
	start((struct resolver_config){ .servers = &root, .servers_count = 1, .recurse = true, .cache_bytes = 65536, .rotate = true });
	CHECK(ask("www.example.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: A 10.1.0.1 A 10.1.0.2 A 10.1.0.3");
	CHECK(ask("www.example.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: A 10.1.0.2 A 10.1.0.3 A 10.1.0.1");
	CHECK(ask("alias.example.com", DNS_A)); /* the alias stays in front */
	CHECK_STR(w.seen, "NOERROR: CNAME www.example.com. A 10.1.0.3 A 10.1.0.1 A 10.1.0.2");
	CHECK(ask("www.example.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: A 10.1.0.1 A 10.1.0.2 A 10.1.0.3");
}

static void the_same_question_is_asked_once(void)
{
	struct dns_question q = { name_of("www.example.com"), DNS_A, DNS_IN };
	internet();
	recurse();
	for (uint64_t i = 0; i < 5; i++) CHECK(resolver_ask(w.r, w.now, &q, i));
	CHECK(run_until(NEVER));
	CHECK(w.answers == 5 && w.queries == 3);
	for (uint64_t i = 0; i < 8; i++) CHECK(resolver_ask(w.r, w.now, &q, i));
	CHECK(!resolver_ask(w.r, w.now, &q, 9)); /* questions_max */
	w.answers = 0;
	CHECK(run_until(NEVER));
	CHECK_EQ(w.answers, 8);
}

static void aliases_are_followed(void)
{
	internet();
	recurse();
	CHECK(ask("alias.example.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: CNAME www.example.com. A 10.1.0.1 A 10.1.0.2 A 10.1.0.3");
	CHECK_EQ(w.queries, 3);
	CHECK(ask("far.example.com", DNS_A)); /* into another zone */
	CHECK_STR(w.seen, "NOERROR: CNAME www.other.net. A 10.1.4.1");
	CHECK(ask("far.example.com", DNS_CNAME));
	CHECK_STR(w.seen, "NOERROR: CNAME www.other.net.");
	CHECK(ask("far.example.com", DNS_A) && w.queries == 0);
	CHECK_STR(w.seen, "NOERROR: CNAME www.other.net. A 10.1.4.1");
	CHECK(ask("dangling.example.com", DNS_A));
	CHECK_STR(w.seen, "NXDOMAIN: CNAME nix.example.com. auth SOA ");
	CHECK(w.answer.why == RESOLVER_NO_SUCH_NAME);
}

static void aliases_in_a_circle_and_long_chains_end(void)
{
	internet();
	recurse();
	CHECK(ask("ring1.example.com", DNS_A));
	CHECK_STR(w.seen, "SERVFAIL:");
	CHECK(w.answer.why == RESOLVER_TOO_DEEP && said("aliases lead in a circle"));
	CHECK(ask("ring1.example.com", DNS_A) && w.answer.why == RESOLVER_TOO_DEEP); /* from the cache too */
	CHECK(ask("c1.other.net", DNS_A)); /* 11 aliases */
	CHECK(w.answer.why == RESOLVER_ANSWERED && strstr(w.seen, "A 10.1.0.12") != NULL);
	CHECK(ask("c0.example.com", DNS_A)); /* 12 */
	CHECK(w.answer.why == RESOLVER_TOO_DEEP && w.queries <= 20);
}

static void servers_without_glue_are_looked_up(void)
{
	internet();
	recurse();
	CHECK(ask("www.glueless.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: A 10.1.4.2");
	CHECK(said("no address for ns.other.net. yet"));
	CHECK(ask("www.six.com", DNS_A)); /* a server with an IPv6 address only */
	CHECK_STR(w.seen, "NOERROR: A 10.1.6.6");
	CHECK_EQ(at("2001:db8::6")->asked, 1);
}

static void without_a_cache_it_works_too(void)
{
	static struct addr root;
	internet();
	root = (struct addr){ .ip = ip_of("10.0.1.1"), .port = 53 };
	start((struct resolver_config){ .servers = &root, .servers_count = 1, .recurse = true });
	CHECK(ask("www.glueless.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: A 10.1.4.2");
	CHECK(ask("zero.example.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: A 10.1.0.9");
}

static void delegations_that_lead_nowhere_end(void)
{
	internet();
	recurse();
	CHECK(ask("www.loop-a.com", DNS_A));
	CHECK_STR(w.seen, "SERVFAIL:");
	CHECK(said("depends on itself") && w.queries < 10);
	CHECK(ask("www.inside.com", DNS_A));
	CHECK_STR(w.seen, "SERVFAIL:");
	CHECK(said("servers that nobody can find") && w.queries <= 2);
	CHECK(ask("www.here.com", DNS_A)); /* its server is said to be ourselves */
	CHECK_STR(w.seen, "SERVFAIL:");
}

/* NXNSAttack: one referral to many names that all must be looked up. */
static void many_servers_without_address_are_not_all_looked_up(void)
{
	static struct record bomb[52];
	static char owner[COUNT(bomb)][40];

	internet();
	for (size_t i = 0; i < COUNT(bomb); i++) {
		snprintf(owner[i], sizeof owner[i], "ns%zu.victim%zu.net", i, i);
		bomb[i] = (struct record){ "sub.evil.com", DNS_NS, owner[i], 3600 };
	}
	serve("10.0.3.9", "evil.com", bomb, COUNT(bomb));
	recurse();
	CHECK(ask("x.sub.evil.com", DNS_A));
	CHECK_STR(w.seen, "SERVFAIL:");
	CHECK(w.answer.why == RESOLVER_TOO_DEEP && w.queries < 16);
	CHECK(ask("www.example.com", DNS_A) && w.answer.why == RESOLVER_ANSWERED);
}

/* RFC 2308. */
static void a_no_is_remembered(void)
{
	internet();
	recurse();
	CHECK(ask("nix.example.com", DNS_A));
	CHECK_STR(w.seen, "NXDOMAIN: auth SOA ");
	CHECK(w.answer.why == RESOLVER_NO_SUCH_NAME && w.queries == 3);
	instant at = w.now;
	w.now += 60 * SECOND;
	CHECK(ask("nix.example.com", DNS_TXT) && w.queries == 0 && w.answer.why == RESOLVER_NO_SUCH_NAME);
	w.now = at + 120 * SECOND;
	CHECK(ask("nix.example.com", DNS_A) && w.queries == 1);
	CHECK(ask("www.example.com", DNS_TXT) && w.queries == 1 && w.answer.why == RESOLVER_NO_SUCH_DATA);
	CHECK_STR(w.seen, "NOERROR: auth SOA ");
	CHECK(ask("www.example.com", DNS_TXT) && w.queries == 0);
	CHECK(ask("www.example.com", DNS_A) && w.answer.why == RESOLVER_ANSWERED);
	w.server[3].evil = w.server[4].evil = MUTE_SOA; /* a no without SOA is passed on, not kept (RFC 2308, 5) */
	CHECK(ask("www.example.com", DNS_MX) && w.queries == 1 && w.answer.why == RESOLVER_NO_SUCH_DATA);
	CHECK(ask("www.example.com", DNS_MX) && w.queries == 1);
}

static void a_ttl_of_zero_is_for_once(void)
{
	internet();
	recurse();
	CHECK(ask("zero.example.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: A 10.1.0.9");
	CHECK(ask("zero.example.com", DNS_A) && w.queries == 1);
}

static void a_dead_server_is_avoided_and_tried_again_later(void)
{
	internet();
	recurse();
	at("10.0.3.1")->evil = DEAD;
	unsigned timeouts = 0;
	char name[40];
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof name, "n%d.example.com", i);
		instant before = w.now;
		CHECK(ask(name, DNS_A) && w.answer.why == RESOLVER_NO_SUCH_NAME);
		if (w.queries > 1 && i > 0) timeouts++;
		CHECK(w.now - before < 2 * SECOND);
	}
	CHECK(timeouts <= 2 && at("10.0.3.1")->asked >= 1 && at("10.0.3.1")->asked <= 3);
	at("10.0.3.1")->evil = GOOD;
	unsigned asked = at("10.0.3.1")->asked;
	for (int i = 40; i < 80; i++) {
		w.now += 5 * SECOND;
		snprintf(name, sizeof name, "n%d.example.com", i);
		CHECK(ask(name, DNS_A));
	}
	CHECK(at("10.0.3.1")->asked > asked + 3);
}

static void time_outs_double_and_everything_ends(void)
{
	internet();
	recurse();
	at("10.0.1.1")->evil = DEAD;
	instant before = w.now;
	CHECK(ask("www.example.com", DNS_A));
	CHECK_STR(w.seen, "SERVFAIL:");
	CHECK(w.answer.why == RESOLVER_TIMED_OUT);
	CHECK(said("time-out: 10.0.1.1 did not answer in 800 ms; trying 10.0.1.1") && said("in 1600 ms") && said("in 3200 ms"));
	CHECK(w.now - before <= 10 * SECOND);
	CHECK_EQ(resolver_deadline(w.r), NEVER);
	CHECK(ask("www.example.com", DNS_A) && w.queries == 0); /* a failure is remembered, RFC 9520 */
	w.now += 5 * SECOND;
	at("10.0.1.1")->evil = GOOD;
	CHECK(ask("www.example.com", DNS_A) && w.answer.why == RESOLVER_ANSWERED);
}

static void a_time_out_follows_the_round_trip(void)
{
	internet();
	recurse();
	CHECK(ask("www.example.com", DNS_A));
	for (int i = 0; i < 10; i++) CHECK(ask("zero.example.com", DNS_A));
	at("10.0.3.1")->evil = at("10.0.3.2")->evil = DEAD;
	instant before = w.now;
	w.answers = 0, w.log[0] = '\0';
	struct dns_question q = { name_of("zero.example.com"), DNS_A, DNS_IN };
	CHECK(resolver_ask(w.r, w.now, &q, 1) && run_until(before + 700 * MILLISECOND));
	CHECK(said("did not answer in 200 ms")); /* not 800, by 10 ms of round trip */
	resolver_forget(w.r, 1);
	CHECK(run_until(NEVER) && w.answers == 0 && resolver_deadline(w.r) == NEVER);
}

static void lame_servers_are_passed_over(void)
{
	static const enum evil evils[] = { SERVFAIL, REFUSED, UPWARD, LOST, NO_EDNS };
	for (size_t i = 0; i < COUNT(evils); i++)
		for (int which = 0; which < 2; which++) {
			internet();
			recurse();
			at(which ? "10.0.3.1" : "10.0.3.2")->evil = evils[i];
			CHECK(ask("www.example.com", DNS_A));
			CHECK_STR(w.seen, "NOERROR: A 10.1.0.1 A 10.1.0.2 A 10.1.0.3");
			CHECK(w.queries <= 4 && w.now < 1001 * SECOND);
		}
	at("10.0.3.1")->evil = at("10.0.3.2")->evil = UPWARD;
	w.now += 600 * SECOND;
	CHECK(ask("www.example.com", DNS_A) && said("(lame)"));
	CHECK_STR(w.seen, "SERVFAIL:");
}

static void without_edns_if_need_be(void)
{
	internet();
	recurse();
	at("10.0.1.1")->evil = NO_EDNS;
	CHECK(ask("www.example.com", DNS_A));
	CHECK(w.answer.why == RESOLVER_ANSWERED && w.queries == 4 && said("knows no EDNS"));
	CHECK(ask("www.other.net", DNS_A) && w.queries == 3); /* it is remembered of the root */
}

static void over_tcp_if_it_is_too_long(void)
{
	internet();
	recurse();
	at("10.0.3.1")->evil = at("10.0.3.2")->evil = TOO_LONG;
	CHECK(ask("www.example.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: A 10.1.0.1 A 10.1.0.2 A 10.1.0.3");
	CHECK(w.queries == 4 && at("10.0.3.1")->tcp + at("10.0.3.2")->tcp == 1);
}

/* RFC 5452: what does not fit the query is not heard. */
static void forged_replies_are_not_believed(void)
{
	static const enum evil evils[] = { WRONG_ID, WRONG_CASE, WRONG_PLACE, GARBAGE };
	for (size_t i = 0; i < COUNT(evils); i++) {
		internet();
		recurse();
		at("10.0.3.1")->evil = at("10.0.3.2")->evil = evils[i];
		CHECK(ask("www.example.com", DNS_A));
		CHECK_STR(w.seen, "SERVFAIL:");
		CHECK(resolver_counts(w.r).mismatches > 0);
	}
}

/* A server that answers in lower case can still be heard: over TCP, where nobody can guess. Here it must spell the
 * name as asked there too, so it is the forger next to it that this test stands for. */
static void case_that_changes_leads_to_tcp(void)
{
	internet();
	recurse();
	at("10.0.3.1")->evil = at("10.0.3.2")->evil = LOWER_CASE;
	CHECK(ask("www.example.com", DNS_A));
	CHECK(at("10.0.3.1")->tcp + at("10.0.3.2")->tcp > 0);
}

static void nobody_speaks_for_others(void)
{
	internet();
	recurse();
	at("10.0.3.1")->evil = at("10.0.3.2")->evil = POISON;
	CHECK(ask("www.example.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: A 10.1.0.1 A 10.1.0.2 A 10.1.0.3");
	CHECK(ask("www.bank.com", DNS_A) && w.answer.why == RESOLVER_NO_SUCH_NAME && at("10.0.2.1")->asked == 2);

	/* Glue for a name outside what the server serves; an alias with its target's "address" alongside. */
	static const struct record liar[] = {
		{ "sub.evil.com", DNS_NS, "ns1.example.com", 3600 }, { "ns1.example.com", DNS_A, "6.6.6.6", 3600 },
		{ "a.evil.com", DNS_CNAME, "www.example.com", 60 }, { "www.example.com", DNS_A, "6.6.6.6", 3600 },
	};
	internet();
	serve("10.0.3.9", "evil.com", liar, COUNT(liar));
	serve("6.6.6.6", ".", liar, COUNT(liar));
	recurse();
	CHECK(ask("a.evil.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: CNAME www.example.com. A 10.1.0.1 A 10.1.0.2 A 10.1.0.3");
	CHECK(ask("b.sub.evil.com", DNS_A));
	CHECK(at("6.6.6.6")->asked == 0);
}

static void a_stub_asks_whom_it_was_told(void)
{
	static struct addr forwarders[2];
	internet();
	serve("10.0.0.53", ".", example_zone, COUNT(example_zone))->evil = NO_AUTHORITY;
	serve("10.0.0.54", ".", example_zone, COUNT(example_zone));
	forwarders[0] = (struct addr){ .ip = ip_of("10.0.0.53"), .port = 53 };
	forwarders[1] = (struct addr){ .ip = ip_of("10.0.0.54"), .port = 53 };
	start((struct resolver_config){ .servers = forwarders, .servers_count = 2 });
	CHECK(ask("alias.example.com", DNS_A));
	CHECK_STR(w.seen, "NOERROR: CNAME www.example.com. A 10.1.0.1 A 10.1.0.2 A 10.1.0.3");
	CHECK(w.queries == 1 && at("10.0.0.53")->asked == 1 && w.answer.server.port == 53 && w.case_mixed == 1);
	CHECK(ask("nix.example.com", DNS_A) && w.answer.why == RESOLVER_NO_SUCH_NAME);
	CHECK(ask("www.example.com", DNS_MX) && w.answer.why == RESOLVER_NO_SUCH_DATA);
	at("10.0.0.53")->evil = SERVFAIL;
	CHECK(ask("www.example.com", DNS_A) && w.answer.why == RESOLVER_ANSWERED && w.queries == 2);
	at("10.0.0.53")->evil = DEAD;
	instant before = w.now;
	CHECK(ask("www.example.com", DNS_A) && w.answer.why == RESOLVER_ANSWERED && w.now - before > 800 * MILLISECOND);
	at("10.0.0.54")->evil = REFUSED;
	CHECK(ask("www.example.com", DNS_A) && w.answer.why == RESOLVER_SERVERS_FAILED);
	CHECK_STR(w.seen, "REFUSED:");
	at("10.0.0.53")->evil = at("10.0.0.54")->evil = LOST;
	CHECK(ask("www.example.com", DNS_A) && w.answer.why == RESOLVER_TIMED_OUT && w.queries == 2);
	w.case_mixed = 0;
	start((struct resolver_config){ .servers = forwarders, .servers_count = 1, .keep_case = true });
	at("10.0.0.53")->evil = NO_AUTHORITY;
	CHECK(ask("www.example.com", DNS_A) && w.answer.why == RESOLVER_ANSWERED && w.case_mixed == 0);
	CHECK(ask("wWw.eXample.com", DNS_A) && w.answer.why == RESOLVER_ANSWERED && w.case_mixed == 1);
	start((struct resolver_config){ .servers = forwarders, .servers_count = 0 });
	CHECK(ask("www.example.com", DNS_A) && w.answer.why == RESOLVER_SERVERS_FAILED && w.queries == 0);
}

static void a_forwarder_with_a_cache_keeps_what_it_heard(void)
{
	static struct addr forwarder;
	internet();
	serve("10.0.0.53", ".", example_zone, COUNT(example_zone))->evil = NO_AUTHORITY;
	forwarder = (struct addr){ .ip = ip_of("10.0.0.53"), .port = 53 };
	start((struct resolver_config){ .servers = &forwarder, .servers_count = 1, .cache_bytes = 65536 });
	CHECK(ask("alias.example.com", DNS_A) && w.queries == 1);
	CHECK(ask("alias.example.com", DNS_A) && w.queries == 0);
	CHECK_STR(w.seen, "NOERROR: CNAME www.example.com. A 10.1.0.1 A 10.1.0.2 A 10.1.0.3");
	w.now += 100 * SECOND; /* the set is still there, the alias is not; then the other way round */
	CHECK(ask("alias.example.com", DNS_A) && w.queries == 1);
	CHECK_STR(w.seen, "NOERROR: CNAME www.example.com. A 10.1.0.1 A 10.1.0.2 A 10.1.0.3");
}

/* Chance of every kind: nothing may hang, loop or trip an assert, and every asker gets its answer. */
static void many_questions_in_a_bad_world(void)
{
	static const char *const names[] = { "www.example.com", "alias.example.com", "far.example.com", "www.glueless.com",
	                                     "www.loop-a.com", "ring1.example.com", "nix.other.net", "www.six.com", "www.loop-b.com" };
	for (uint64_t seed = 0; seed < 60; seed++) {
		internet();
		recurse();
		rng_init_number(&w.rng, seed);
		unsigned asked = 0, forgotten = 0;
		for (int step = 0; step < 60; step++) {
			struct server *s = &w.server[rng_below(&w.rng, w.servers)];
			s->evil = rng_below(&w.rng, 2) ? (enum evil)rng_below(&w.rng, GARBAGE + 1) : GOOD;
			s->delay = (instant)rng_below(&w.rng, 1500 * MILLISECOND);
			struct dns_question q = { name_of(names[rng_below(&w.rng, COUNT(names))]), rng_below(&w.rng, 4) ? DNS_A : DNS_ANY, DNS_IN };
			asked += resolver_ask(w.r, w.now, &q, (uint64_t)step);
			if (rng_below(&w.rng, 10) == 0) resolver_forget(w.r, (uint64_t)step), forgotten++;
			CHECK(run_until(w.now + (instant)rng_below(&w.rng, 900 * MILLISECOND)));
		}
		CHECK(run_until(NEVER));
		CHECK(w.answers <= asked && w.answers + forgotten >= asked);
		CHECK_EQ(resolver_deadline(w.r), NEVER);
	}
}

int main(void)
{
	TEST(the_way_from_the_root);
	TEST(a_ds_is_asked_of_the_parent);
	TEST(a_reply_that_repeats_itself_is_read_once);
	TEST(an_odd_spelling_is_for_who_asked);
	TEST(again_from_the_cache_until_it_runs_out);
	TEST(records_rotate_from_answer_to_answer);
	TEST(the_same_question_is_asked_once);
	TEST(aliases_are_followed);
	TEST(aliases_in_a_circle_and_long_chains_end);
	TEST(servers_without_glue_are_looked_up);
	TEST(without_a_cache_it_works_too);
	TEST(delegations_that_lead_nowhere_end);
	TEST(many_servers_without_address_are_not_all_looked_up);
	TEST(a_no_is_remembered);
	TEST(a_ttl_of_zero_is_for_once);
	TEST(a_dead_server_is_avoided_and_tried_again_later);
	TEST(time_outs_double_and_everything_ends);
	TEST(a_time_out_follows_the_round_trip);
	TEST(lame_servers_are_passed_over);
	TEST(without_edns_if_need_be);
	TEST(over_tcp_if_it_is_too_long);
	TEST(forged_replies_are_not_believed);
	TEST(case_that_changes_leads_to_tcp);
	TEST(nobody_speaks_for_others);
	TEST(a_stub_asks_whom_it_was_told);
	TEST(a_forwarder_with_a_cache_keeps_what_it_heard);
	TEST(many_questions_in_a_bad_world);
	free(w.memory);
	return tap_end();
}
