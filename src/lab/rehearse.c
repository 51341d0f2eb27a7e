/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
#include "lab/rehearse.h"

#include <sys/mman.h>

#include "lab/build.h"
#include "link/pcap.h"
#include "proto/dns/zone.h"
#include "tool/tool.h"

/* ---- a net on which everything is granted and nothing happens ---- */

struct quiet_net { struct net net; net_id last; };

static net_id quiet_new(struct net *net, const struct addr *a)
{
	(void)a;
	return ++((struct quiet_net *)(void *)net)->last;
}
static net_id quiet_stream(struct net *net, const struct addr *a, const struct net_how *how)
{
	(void)how;
	return quiet_new(net, a);
}
static bool quiet_sendto(struct net *net, net_id id, const struct ip *from, const struct addr *to, struct bytes b)
{
	(void)net, (void)id, (void)from, (void)to, (void)b;
	return true;
}
static bool quiet_join(struct net *net, net_id id, const struct addr *group)
{
	(void)net, (void)id, (void)group;
	return true;
}
static bool quiet_set(struct net *net, net_id id, enum net_option o, int value)
{
	(void)net, (void)id, (void)o, (void)value;
	return true;
}
static bool quiet_local(struct net *net, net_id id, struct addr *local)
{
	(void)net, (void)id;
	*local = (struct addr){ ip4_any(), 1, 0 };
	return true;
}
static struct bytes quiet_peek(struct net *net, net_id id)
{
	(void)net, (void)id;
	return (struct bytes){ 0 };
}
static void quiet_take(struct net *net, net_id id, size_t n) { (void)net, (void)id, (void)n; }
static size_t quiet_send(struct net *net, net_id id, struct bytes b)
{
	(void)net, (void)id, (void)b;
	return 0;
}
static void quiet_end(struct net *net, net_id id) { (void)net, (void)id; }
static instant quiet_now(struct net *net)
{
	(void)net;
	return 0;
}
static void quiet_wake(struct net *net, instant at) { (void)net, (void)at; }
static bool quiet_next(struct net *net, struct net_event *ev)
{
	(void)net, (void)ev;
	return false;
}
static bool quiet_wait(struct net *net)
{
	(void)net;
	return false;
}

static const struct net_ops quiet_ops = {
	.listen = quiet_stream, .connect = quiet_stream, .bind = quiet_new, .sendto = quiet_sendto, .join = quiet_join,
	.leave = quiet_join, .set = quiet_set, .local = quiet_local, .peek = quiet_peek, .take = quiet_take,
	.send = quiet_send, .send_urgent = quiet_send, .finish = quiet_end, .abort = quiet_end, .now = quiet_now, .wake = quiet_wake,
	.next = quiet_next, .wait = quiet_wait,
};

/* ---- what is rehearsed ---- */

/* A tool's memory, zeroed; giving it back and mapping it anew is cheaper than wiping what was hardly touched. */
static struct room borrow(void)
{
	void *at = mmap(NULL, TOOL_MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert(at != MAP_FAILED);
	return (struct room){ at, TOOL_MEMORY_BYTES };
}

static void rehearse_filter(const char *filter, struct place at, struct complaints *c)
{
	char why[PCAP_ERROR_MAX];
	struct text err = text_in(why, sizeof why);
	struct filter f;
	if (filter == NULL) return;
	if (filter_compile(&f, PCAP_ETHERNET, filter, &err)) filter_free(&f);
	else complain(c, at, "expected a filter as tcpdump has them; %s", why);
}

/* What TLS wants: one for all, since nothing is ever signed. A host without a certificate has none here either. */
static void lend_papers(const struct scenario *s, uint32_t host, const struct papers *p, struct tool_env *env)
{
	env->crypt = p->crypt;
	env->trust = p->trust;
	for (size_t i = 0; i < s->certificates; i++)
		if (s->certificate[i].host == host) env->identity = &p->identity;
}

static void rehearse_run(const struct scenario *s, struct files *files, const struct papers *papers,
                         const struct scenario_run *run, struct complaints *c)
{
	char said[300], ignored[300];
	struct quiet_net quiet = { .net = { .ops = &quiet_ops } };
	struct text err = text_in(said, sizeof said), out = text_in(ignored, sizeof ignored);
	struct arena arena;
	struct rng rng;

	rehearse_filter(run->replay.filter, run->replay.filter_at, c);
	if (run->words.count == 0) {
		if (run->inject.text != NULL && !lab_can_inject(s, run))
			complain(c, run->place, "expected a datagram that '%s' can send, found one without a way there, or too long",
			         s->host[run->host].name);
		return;
	}
	struct room memory = borrow();
	arena_init(&arena, memory);
	rng_init_number(&rng, s->seed);
	struct tool_env env = {
		.net = &quiet.net, .memory = &arena, .out = &out, .err = &err, .files = files, .rng = &rng, .server_port = 53,
		.servers_count = s->host[run->host].servers, .date = s->date, .input = run->input != NULL,
	};
	memcpy(env.servers, s->host[run->host].server, env.servers_count * sizeof *env.servers);
	lend_papers(s, run->host, papers, &env);
	struct tool *tool = tool_open((int)run->words.count, run->words.word, &env);
	bool good = tool != NULL;
	if (good && tool->end) tool->end(tool);
	while (err.len > 0 && said[err.len - 1] == '\n') said[--err.len] = '\0';
	if (!good) complain(c, run->words.at, "expected a command that can run, found '%.120s': %s", run->words.line, said);
	munmap(memory.at, memory.len);
}

/* Every certificate is made once, then every command is opened. */
static void rehearse_runs(const struct scenario *s, struct files *files, struct complaints *c)
{
	char words[300] = "";
	struct text err = text_in(words, sizeof words);
	struct papers papers = { 0 };
	struct authority *authority = NULL;
	struct rng rng;

	rng_init_number(&rng, s->seed);
	if (s->has_authority) authority = authority_open(s, s->seed, &err);
	if (authority != NULL) papers_open(&papers, authority, s->certificates > 0 ? s->certificate[0].host : 0, &rng, &err);
	if (err.len > 0) complain(c, s->certificates > 0 ? s->certificate[0].at : (struct place){ 0 }, "%s", words);
	for (uint32_t i = 0; i < s->runs; i++) rehearse_run(s, files, &papers, &s->run[i], c);
	papers_close(&papers);
	authority_close(authority);
}

static void rehearse_zone(const struct scenario_zone *z, struct complaints *c)
{
	struct arena arena;
	struct dns_name origin;
	struct zone_error error = { 0 };

	if (!dns_name_parse(z->name, &origin)) {
		complain(c, z->at, "expected a domain name, found '%.80s'", z->name);
		return;
	}
	struct room memory = borrow();
	arena_init(&arena, memory);
	bool good = zone_load(&arena, &origin, z->text, &error) != NULL;
	munmap(memory.at, memory.len);
	if (good) return;
	struct place at = z->at;
	if (z->exact && error.line > 0) at = (struct place){ z->first_line + error.line - 1, z->indent + size_max(error.column, 1) };
	complain(c, at, "zone %s: %s", z->name, error.words);
}

static void rehearse_faults(const struct scenario_fault *f, size_t count, struct complaints *c)
{
	for (size_t i = 0; i < count; i++) rehearse_filter(f[i].filter, f[i].filter_at, c);
}

static void rehearse_expects(const struct expectation *e, size_t count, struct complaints *c)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < e[i].filters; k++) rehearse_filter(e[i].filter[k], e[i].filter_at[k], c);
}

void rehearse(const struct scenario *s, struct files *files, struct complaints *c)
{
	for (size_t i = 0; i < s->zones; i++) rehearse_zone(&s->zone[i], c);
	if (c->count == 0) /* a server of a zone that is wrong would say so again */
		rehearse_runs(s, files, c);
	for (uint32_t i = 0; i < s->scenes; i++) {
		rehearse_filter(s->scene[i].show.filter, s->scene[i].show.filter_at, c);
		rehearse_expects(s->scene[i].expect, s->scene[i].expects, c);
		rehearse_faults(s->scene[i].fault, s->scene[i].faults, c);
	}
	rehearse_faults(s->fault, s->faults, c);
	rehearse_expects(s->expect, s->expects, c);
	rehearse_filter(s->table.tcp.filter, s->table.tcp.filter_at, c);
	rehearse_filter(s->table.udp.filter, s->table.udp.filter_at, c);
}
