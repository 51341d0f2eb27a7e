/* SPDX-License-Identifier: ISC */
/* Questions to a name server that the test plays, over our own stacks: what counts as an answer and what does not. */
#include "lan_tool.h"

#include "tool/dns/query.h"

enum { SERVER, CLIENT };

/* What the server does with a question, one letter a time: a answer, i wrong id, n wrong name, q not a response, s short,
 * b broken, t cut, - nothing, x end the connection. The last letter holds for all that follow. */
static const char *plan;
static struct server { net_id udp, listener, stream; struct bytes unsent; uint8_t message[600]; size_t questions, accepted; uint16_t port; } server;

static size_t make(char how, struct bytes question, uint8_t *out, size_t size)
{
	struct dns_message m;
	struct dns_builder b;
	uint8_t address[4] = { 10, 1, 0, 1 };

	if (how == '-' || dns_parse(question, &m) != DROP_NONE) return 0;
	struct dns_question q = m.question;
	if (how == 'n') dns_name_parse("other.example", &q.name);
	dns_begin(&b, (struct room){ out, size }, size, how == 'i' ? m.id ^ 1 : m.id, how == 'q' ? 0 : DNS_QR | (how == 't' ? DNS_TC : 0), 0, 0);
	dns_add_question(&b, &q);
	const struct dns_rr rr = { .name = q.name, .type = DNS_A, .class = DNS_IN, .ttl = 60, .section = DNS_ANSWER, .rdata = { address, 4 } };
	if (how != 't') dns_add_rr(&b, &rr);
	size_t len = dns_end(&b);
	return how == 's' ? 7 : how == 'b' ? len - 3 : len;
}

static char next_step(void)
{
	char how = *plan;
	if (plan[1] != '\0') plan++;
	server.questions++;
	return how;
}

static void serve_stream(struct net *net)
{
	struct bytes b = net_peek(net, server.stream);

	if (b.len < 2 || b.len < 2u + load_be16(b.at)) return;
	size_t whole = 2u + load_be16(b.at);
	char how = next_step();
	if (how == 'x') {
		net_abort(net, server.stream);
		return;
	}
	size_t len = make(how, (struct bytes){ b.at + 2, whole - 2 }, server.message + 2, sizeof server.message - 2);
	net_take(net, server.stream, whole);
	store_be16(server.message, (uint16_t)len);
	for (size_t i = 0; i < len + 2 && len > 0; i++) net_send(net, server.stream, (struct bytes){ server.message + i, 1 });
}

static void server_event(void *self, struct net *net, const struct net_event *ev)
{
	(void)self;
	if (ev->what == NET_ACCEPTED) server.stream = ev->id, server.accepted++;
	else if (ev->what == NET_READABLE) serve_stream(net);
	else if (ev->what == NET_EOF) net_finish(net, ev->id);
	else if (ev->what == NET_DATAGRAM) {
		char how = next_step();
		server.port = ev->peer.port;
		size_t len = make(how, ev->data, server.message, sizeof server.message);
		if (len > 0) net_sendto(net, ev->id, &ev->peer, (struct bytes){ server.message, len });
	}
}

static struct query query;
static char words[2000];
static struct text words_text;

static void client_event(void *self, struct net *net, const struct net_event *ev)
{
	(void)self;
	if (ev->what == NET_WAKE) query_step(&query, net_now(net));
	else query_event(&query, ev);
	net_wake(net, query_deadline(&query));
}

static struct query_want want(enum query_way way)
{
	struct query_want w = { .server = lan_addr("10.0.0.1:53"), .way = way, .question = { .type = DNS_A, .class = DNS_IN }, .flags = DNS_RD,
	                        .edns.on = true, .words = &words_text, .comments = &words_text };
	dns_name_parse("www.example.com", &w.question.name);
	return w;
}

static void start(const char *steps)
{
	struct addr at = { .ip = ip4_any(), .port = 53 };

	lan_hosts(2);
	plan = steps;
	server = (struct server){ .udp = net_bind(lan_net(SERVER), &at), .listener = net_listen(lan_net(SERVER), &at) };
	lan.app[SERVER] = (struct app){ server_event, NULL };
	on[CLIENT].memory = malloc(1 << 20);
	arena_init(&on[CLIENT].arena, (struct room){ on[CLIENT].memory, 1 << 20 });
	rng_init_number(&on[CLIENT].rng, 3);
	on[CLIENT].env = (struct tool_env){ .net = lan_net(CLIENT), .memory = &on[CLIENT].arena, .rng = &on[CLIENT].rng };
	query = (struct query){ .env = NULL };
	words_text = text_in(words, sizeof words);
	lan.app[CLIENT] = (struct app){ client_event, NULL };
}

static void ask(const struct query_want *w)
{
	bool began = query_start(&query, &on[CLIENT].env, w);
	assert(began);
	net_wake(lan_net(CLIENT), query_deadline(&query));
	for (int i = 0; i < 600 && query.outcome == QUERY_ASKING; i++) lan_run_for(SECOND / 10);
}

static void an_answer_over_udp_and_tcp(void)
{
	start("a");
	struct query_want w = want(QUERY_UDP);
	ask(&w);
	CHECK_EQ(query.outcome, QUERY_ANSWERED);
	CHECK(query.parsed.counts[1] == 1 && query.tries == 1 && query.strange == 0 && server.port >= 1024);
	uint16_t id = query.id, port = server.port;
	ask(&w);
	CHECK(query.outcome == QUERY_ANSWERED && query.id != id && server.port != port);
	w.way = QUERY_TCP;
	ask(&w);
	CHECK(query.outcome == QUERY_ANSWERED && query.way == QUERY_TCP && query.answered_at >= query.sent_at);
	CHECK_STR(words, "");
}

static void what_is_no_answer_is_waited_past(void)
{
	start("iqnsa");
	struct query_want w = want(QUERY_UDP);
	w.tries = 5;
	ask(&w);
	CHECK(query.outcome == QUERY_ANSWERED && query.strange == 4 && query.tries == 5);
	CHECK(strstr(words, ";; Warning: ID mismatch: expected ID ") && strstr(words, ";; Warning: query response not set\n"));
	CHECK(strstr(words, ";; Question section mismatch: got other.example/A/IN\n"));
	CHECK(strstr(words, ";; Warning: short (< header size) message received\n"));
	CHECK(strstr(words, ";; communications error to 10.0.0.1#53: timed out\n"));
}

static void a_strangers_answer_is_none(void)
{
	start("-");
	struct query_want w = want(QUERY_UDP);
	struct addr from = { .ip = ip4_any(), .port = 5353 };
	uint8_t message[512];
	query_start(&query, &on[CLIENT].env, &w);
	net_wake(lan_net(CLIENT), query_deadline(&query));
	lan_run_for(SECOND);
	size_t len = make('a', query.asked, message, sizeof message);
	net_id other = net_bind(lan_net(SERVER), &from);
	struct addr to = { .ip = lan_ip("10.0.0.2"), .port = server.port };
	CHECK(net_sendto(lan_net(SERVER), other, &to, (struct bytes){ message, len }));
	lan_run_for(SECOND);
	CHECK(query.outcome == QUERY_ASKING && query.strange == 1);
	CHECK_STR(words, ";; reply from unexpected source: 10.0.0.1#5353, expected 10.0.0.1#53\n");
	query_stop(&query);
	CHECK(query.outcome == QUERY_IDLE && query_deadline(&query) == NEVER);
}

static void silence_and_refusal_have_their_outcomes(void)
{
	start("-");
	struct query_want w = want(QUERY_UDP);
	w.timeout_for = 2 * SECOND;
	instant from = lan.now;
	ask(&w);
	CHECK(query.outcome == QUERY_TIMED_OUT && query.tries == 3 && server.questions == 3 && lan.now - from >= 6 * SECOND);
	w.server.port = 54;
	ask(&w);
	CHECK(query.outcome == QUERY_REFUSED && strstr(words, ";; communications error to 10.0.0.1#54: connection refused\n"));
	w.way = QUERY_TCP;
	ask(&w);
	CHECK(query.outcome == QUERY_REFUSED && query.tries == 3);
	CHECK(strstr(words, ";; Connection to 10.0.0.1#54(10.0.0.1) for www.example.com failed: connection refused.\n"));
	w.server = lan_addr("192.0.2.1:53");
	ask(&w);
	CHECK(query.outcome == QUERY_UNREACHABLE);
}

static void a_cut_answer_is_asked_for_again(void)
{
	start("ta");
	struct query_want w = want(QUERY_UDP);
	ask(&w);
	CHECK(query.outcome == QUERY_ANSWERED && query.went_over && query.way == QUERY_TCP && query.parsed.counts[1] == 1);
	CHECK_STR(words, ";; Truncated, retrying in TCP mode.\n");
	plan = "t", w.keep_cut = true;
	ask(&w);
	CHECK(query.outcome == QUERY_ANSWERED && !query.went_over && query.parsed.flags & DNS_TC);
}

static void a_connection_that_says_nonsense_ends(void)
{
	start("xa");
	struct query_want w = want(QUERY_TCP);
	ask(&w);
	CHECK(query.outcome == QUERY_ANSWERED && query.tries == 2 && strstr(words, "communications error to 10.0.0.1#53: connection reset"));
	plan = "i";
	ask(&w);
	CHECK(query.outcome == QUERY_MALFORMED && strstr(words, ";; ERROR: ID mismatch: expected ID "));
	plan = "b";
	ask(&w);
	CHECK(query.outcome == QUERY_MALFORMED && query.drop == DROP_LENGTH && query.message.len > 12);
	w.way = QUERY_UDP;
	ask(&w);
	CHECK(query.outcome == QUERY_MALFORMED && query.drop == DROP_LENGTH);
}

static void a_connection_that_is_kept(void)
{
	start("aaxa");
	struct query_want w = want(QUERY_TCP);
	w.keep_open = true;
	ask(&w);
	uint16_t id = query.id;
	ask(&w);
	CHECK(query.outcome == QUERY_ANSWERED && query.id != id && query.parsed.id == query.id && server.questions == 2 && server.accepted == 1);
	w.tries = 1; /* that the old one broke is not counted */
	ask(&w);
	CHECK(query.outcome == QUERY_ANSWERED && query.tries == 2 && server.accepted == 2);
	net_finish(lan_net(SERVER), server.stream);
	lan_run_for(SECOND);
	ask(&w);
	CHECK(query.outcome == QUERY_ANSWERED && server.accepted == 3 && query.tries == 1);
	w.keep_open = false;
	ask(&w);
	CHECK(query.outcome == QUERY_ANSWERED && server.accepted == 3);
	ask(&w);
	CHECK(query.outcome == QUERY_ANSWERED && server.accepted == 4);
}

static void the_question_is_as_it_was_wanted(void)
{
	uint8_t room[QUERY_BYTES_MAX];
	struct dns_message m;
	struct query_want w = want(QUERY_UDP);

	w.opcode = 4, w.flags = DNS_AD | DNS_CD | QUERY_Z;
	w.edns = (struct query_edns){ .on = true, .dnssec_ok = true, .version = 3, .udp_size = 4096, .options = 1, .padding_block = 128,
	                              .option = { { 3, { NULL, 0 } } } };
	size_t len = query_write(&w, 77, (struct room){ room, sizeof room });
	CHECK_EQ(len, 128);
	CHECK(dns_parse((struct bytes){ room, len }, &m) == DROP_NONE && m.id == 77 && m.opcode == 4);
	CHECK(m.flags == (DNS_AD | DNS_CD | QUERY_Z));
	CHECK(m.edns && m.edns_do && m.edns_version == 3 && m.edns_udp_size == 4096);
	w = want(QUERY_TCP), w.question.type = DNS_IXFR, w.serial = 2026;
	len = query_write(&w, 1, (struct room){ room, sizeof room });
	CHECK(dns_parse((struct bytes){ room, len }, &m) == DROP_NONE && m.counts[2] == 1);
	struct dns_rr rr;
	struct dns_soa soa;
	struct dns_cursor c = dns_records(&m);
	CHECK(dns_next(&c, &rr) && rr.section == DNS_AUTHORITY && dns_rdata_soa(&rr, &soa) && soa.serial == 2026);
	w.no_question = true, w.edns.on = false;
	CHECK_EQ(query_write(&w, 1, (struct room){ room, sizeof room }), DNS_HEADER_BYTES);
	w.no_question = false;
	CHECK_EQ(query_write(&w, 1, (struct room){ room, 20 }), 0);
}

#define LAN_TEST(f) (TEST(f), lan_tools_end())

int main(void)
{
	LAN_TEST(an_answer_over_udp_and_tcp);
	LAN_TEST(what_is_no_answer_is_waited_past);
	LAN_TEST(a_strangers_answer_is_none);
	LAN_TEST(silence_and_refusal_have_their_outcomes);
	LAN_TEST(a_cut_answer_is_asked_for_again);
	LAN_TEST(a_connection_that_says_nonsense_ends);
	LAN_TEST(a_connection_that_is_kept);
	TEST(the_question_is_as_it_was_wanted);
	return tap_end();
}
