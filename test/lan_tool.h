/* SPDX-License-Identifier: ISC */
/* lan_tool.h - tools on hosts of lan.h, with what they say kept for the test. */
#ifndef TULLE_TEST_LAN_TOOL_H
#define TULLE_TEST_LAN_TOOL_H

#include "lan.h"
#include "tool/tool.h"

static struct lan_tool {
	struct arena arena;
	void *memory;
	struct rng rng;
	char words[400], out[8000], err[2000]; /* words: a tool may keep them */
	struct text out_text, err_text;
	struct tool_env env;
	struct tool *tool;
} on[LAN_HOSTS_MAX];
static int64_t lan_date = 784111777;
static struct files *lan_files; /* lent to tools opened from now on */
static struct ip lan_server; /* the name server of tools opened from now on; the wildcard: they have none */
static net_id lan_input[LAN_HOSTS_MAX]; /* lent to a host's tool as its standard input */
static struct { struct crypt *crypt; const struct x509_trust *trust; const struct tls_identity *identity; } lan_secure; /* the same, for TLS */

/* Hosts 10.0.0.1, .2 ... on wire 0. */
static inline void lan_hosts(unsigned count)
{
	for (unsigned h = 0; h < count; h++) {
		char address[PREFIX_TEXT_MAX];
		struct text t = text_in(address, sizeof address);
		text_printf(&t, "10.0.0.%u/24", h + 1);
		lan_attach(lan_host(&stack_limits_host, false), 0, 1500, address);
	}
	lan_run_for(SECOND);
}

/* Opens the tool; words are separated by spaces. False: it said why, on `err`. */
static inline bool lan_tool(unsigned h, const char *words)
{
	struct lan_tool *a = &on[h];
	const char *argv[32];
	int argc = 0;
	struct text t = text_in(a->words, sizeof a->words);

	if (a->tool != NULL && a->tool->end != NULL) a->tool->end(a->tool); /* the one before */
	text_puts(&t, words);
	for (char *s = a->words; s != NULL && *s;) {
		argv[argc++] = s;
		if ((s = strchr(s, ' ')) != NULL) *s++ = '\0';
	}
	if (a->memory == NULL) a->memory = malloc(TOOL_MEMORY_BYTES);
	arena_init(&a->arena, (struct room){ a->memory, TOOL_MEMORY_BYTES });
	rng_init_number(&a->rng, 100 + h);
	a->out_text = text_in(a->out, sizeof a->out);
	a->err_text = text_in(a->err, sizeof a->err);
	a->env = (struct tool_env){ .net = lan_net(h), .memory = &a->arena, .out = &a->out_text, .err = &a->err_text,
	                            .files = lan_files, .rng = &a->rng, .server_port = 53, .date = lan_date,
	                            .date_at = lan.now, .input = lan_input[h], .crypt = lan_secure.crypt, .trust = lan_secure.trust, .identity = lan_secure.identity };
	if (!ip_is_any(lan_server)) a->env.servers[a->env.servers_count++] = lan_server;
	a->tool = tool_open(argc, argv, &a->env);
	lan.app[h].event = NULL;
	lan.net[h] = a->env.net;
	if (a->tool != NULL) lan.app[h] = a->tool->app;
	return a->tool != NULL;
}

/* Runs until that host's tool is done. False: not within an hour. */
static inline bool lan_tool_ends(unsigned h)
{
	for (int i = 0; i < 36000 && !on[h].tool->done; i++) lan_run_for(SECOND / 10);
	return on[h].tool->done;
}

static inline int64_t measured(unsigned h, const char *name)
{
	for (const struct tool_measure *m = on[h].tool->measure; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0) return m->value;
	return -1;
}

static inline bool said(unsigned h, const char *words) { return strstr(on[h].out, words) != NULL; }
static inline bool complained(unsigned h, const char *words) { return strstr(on[h].err, words) != NULL; }

static inline void lan_tools_end(void)
{
	lan_server = ip6_any();
	for (unsigned h = 0; h < LAN_HOSTS_MAX; h++)
		if (on[h].tool != NULL && on[h].tool->end != NULL) on[h].tool->end(on[h].tool);
	lan_end_test();
	for (unsigned h = 0; h < LAN_HOSTS_MAX; h++) {
		lan_input[h] = 0;
		free(on[h].memory);
		on[h] = (struct lan_tool){ .memory = NULL };
	}
}

#endif
