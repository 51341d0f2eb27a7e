/* SPDX-License-Identifier: ISC */
#include "tool/dns/nslookup_parts.h"
#include "tool/dns/system_show.h"
#include "tool/dns/walk_show.h"

const char nslookup_help[] =
	"usage: tulle nslookup [-WORD[=VALUE]...] [NAME | -] [SERVER]\n"
	"\n"
	"Asks SERVER, or the system's, for NAME and prints what it says as BIND's does;\n"
	"for an address in reverse. Without NAME, or with -, names and commands are\n"
	"read from standard input: `help` there tells them.\n"
	"  -type=TYPE        A, AAAA, MX, NS, SOA, TXT, SRV, PTR, ANY, TYPE123 ...\n"
	"                    (default: A, then AAAA); also -ty=, -q=\n"
	"  -class=CLASS      in, ch, hs, any\n"
	"  -port=N           where the server listens (default 53);  -vc: over TCP\n"
	"  -timeout=SECONDS  of each try (default 5);  -retry=N: so many (default 3)\n"
	"  -norecurse        what the server itself knows\n"
	"  -domain=NAME      searches there;  -nosearch: NAME is what it is;\n"
	"                    -ndots=N: names of fewer dots are searched for first\n"
	"  -fail             stops at a server that fails, instead of asking the next\n"
	"  -debug            prints every message in full;  -d2: and what is asked whom\n"
	"  -noidn            names of other scripts stay xn--...;  -idn: are shown\n"
	"  -all              shows the settings;  --json: in JSON, also the next two\n"
	"  --trace           draws the walk from the root; --root=ADDRESS: from there\n"
	"  --system          what this machine would do with NAME\n"
	DNS_STATUS_HELP
	"  tulle nslookup -type=mx example.com 10.0.0.53\n";

/* --- words for people --- */

void nslookup_show_servers(struct nslookup *n)
{
	char ip[ADDR_TEXT_MAX];

	for (size_t i = 0; i < n->chosen.count; i++) {
		servers_text(&n->chosen.at[i], ip);
		text_printf(n->env->out, "Default server: %s\nAddress: %s#%u\n", n->chosen.name[0] != '\0' ? n->chosen.name : ip, ip, n->settings.port);
	}
	if (n->chosen.count == 0) text_puts(n->env->out, "Default server: none is known; `server NAME` chooses one\n");
}

/* --- the end --- */

void nslookup_finish(struct nslookup *n)
{
	if (n->tool.done) return;
	ask_stop(&n->ask);
	if (!n->silent && !n->settings.json) text_puts(n->env->out, "\n");
	n->tool.done = true;
	n->tool.status = n->status;
	n->tool.measure[0].value = n->answers;
	n->tool.measure[2].value = (net_now(n->env->net) - n->started_at) / MICROSECOND;
	net_wake(n->env->net, NEVER);
}

/* --- events --- */

static void move_on(struct nslookup *n)
{
	do {
		nslookup_go_on(n);
		if (n->session) nslookup_session(n);
	} while (n->busy && n->ask.state != ASK_BUSY);
	if (!n->tool.done) net_wake(n->env->net, query_deadline(&n->ask.query));
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct nslookup *n = self;

	(void)net;
	if (n->tool.done) return;
	if (ev->id != 0 && ev->id == n->env->input) n->input_over |= ev->what == NET_EOF || ev->what == NET_CLOSED;
	else ask_event(&n->ask, ev);
	move_on(n);
}

static void stop(struct tool *t)
{
	struct nslookup *n = (struct nslookup *)t;

	if (!n->session) n->status = DNS_STATUS_FAILED;
	nslookup_finish(n);
}

/* --- words --- */

struct words {
	const char *name, *server;
	bool version;
	bool trace, system; /* it is another tool: a walk from the root, or what this machine would do */
	struct walk_words walk;
};

/* --trace, --system, --root ADDRESS, of which *i may be moved to the address. False: it is none of them. */
static bool other_read(struct words *w, int argc, const char *const *argv, int *i, bool *good, struct tool_env *env)
{
	const char *word = argv[*i], *root = strncmp(word, "--root=", 7) == 0 ? word + 7 : NULL;

	*good = true;
	if (strcmp(word, "--trace") == 0) return w->trace = true;
	if (strcmp(word, "--system") == 0) return w->system = true;
	if (strcmp(word, "--root") == 0) root = *i + 1 < argc ? argv[++*i] : "";
	if (root == NULL) return false;
	w->trace = true;
	*good = walk_root_parse(&w->walk, root) || tool_usage(env, "nslookup: --root takes an address, at most %d of them, not '%s'", WALK_ROOTS_MAX, root);
	return true;
}

static bool option_read(struct nslookup *n, const char *word)
{
	char why[400];
	struct text t = text_in(why, sizeof why);
	const char *nearest;

	switch (settings_set(&n->settings, word + (strcmp(word, "--json") == 0 ? 2 : 1), &t)) {
	case SET_DONE: return true;
	case SET_ALL:
		nslookup_show_servers(n);
		settings_show(&n->settings, n->env->out);
		return true;
	case SET_WRONG: break;
	}
	if (strncmp(why, "***", 3) != 0) tool_usage(n->env, "nslookup: %s: %s", word, why);
	else if ((nearest = settings_nearest(word + 1)) != NULL) tool_usage(n->env, "nslookup: there is no option %s; did you mean -%s?", word, nearest);
	else tool_usage(n->env, "nslookup: there is no option %s; `tulle help nslookup` says more", word);
	return false;
}

static bool words_read(struct nslookup *n, struct words *w, int argc, const char *const *argv)
{
	bool good;

	memset(w, 0, sizeof *w);
	for (int i = 1; i < argc; i++) {
		if (other_read(w, argc, argv, &i, &good, n->env)) {
			if (!good) return false;
		}
		else if (strncmp(argv[i], "-ver", 4) == 0) w->version = true;
		else if (argv[i][0] == '-' && argv[i][1] != '\0') {
			if (!option_read(n, argv[i])) return false;
		}
		else if (w->name == NULL) w->name = argv[i];
		else if (w->server == NULL) w->server = argv[i];
		else return tool_usage(n->env, "nslookup: one NAME and one SERVER are enough, found '%s' too", argv[i]) != NULL;
		if (strlen(argv[i]) >= NSLOOKUP_LINE_MAX) return tool_usage(n->env, "nslookup: a word is longer than any name") != NULL;
	}
	return true;
}

/* Told before anybody is asked for anything. */
static bool is_name(struct nslookup *n, const char *typed)
{
	struct dns_name name;
	struct ip ip;
	struct dns_told told = { .status = DNS_STATUS_NOT_A_NAME, .name = typed };

	if (ip_parse(typed, &ip) || (told.why = names_typed(typed, n->settings.idn, &name)) == NULL) return true;
	text_puts(n->env->err, "nslookup: ");
	dns_status_tell(n->env->err, &told);
	text_puts(n->env->err, "\n");
	n->env->status = DNS_STATUS_NOT_A_NAME;
	return false;
}

static void know_servers(struct nslookup *n)
{
	struct tool_env *env = n->env;

	for (size_t i = 0; i < env->servers_count; i++) {
		const struct system_resolv *r = &n->settings.resolv;
		const char *zone = i < r->servers && ip_equal(r->server[i], env->servers[i]) ? r->zone[i] : "";
		servers_add(&n->initial, env->servers[i], *zone != '\0' && env->interface != NULL ? env->interface(env, zone) : 0);
	}
	n->chosen = n->initial;
}

static bool begin(struct nslookup *n, const struct words *w)
{
	struct text t = text_in(n->next_name, sizeof n->next_name);

	n->session = w->name == NULL || strcmp(w->name, "-") == 0;
	if (n->session && tool_want_input(n->env) == 0) return tool_usage(n->env, "nslookup: which NAME? There is no input to read names from") != NULL;
	if (!n->session && !is_name(n, w->name)) return false;
	if (!n->session) text_puts(&t, w->name);
	if (w->server != NULL) nslookup_find_server(n, w->server, &n->initial, JOB_SERVER_FIRST);
	else if (!n->session) nslookup_look_up(n, n->next_name, &n->chosen);
	return true;
}

/* A walk from the root, or what this machine would do. */
static struct tool *other_tool(struct nslookup *n, struct words *w)
{
	char ascii[IDN_ASCII_MAX];
	const char *name = w->name;
	struct ip ip;

	if (name == NULL || strcmp(name, "-") == 0) return tool_usage(n->env, "nslookup: which NAME? --trace and --system want one");
	if (w->server != NULL) return tool_usage(n->env, "nslookup: --trace and --system ask no SERVER of your choice, found '%s'", w->server);
	if (w->trace && w->system) return tool_usage(n->env, "nslookup: --trace or --system, not both");
	if (!is_name(n, name)) return NULL;
	if (n->settings.idn && idn_wanted(name) && idn_to_ascii(name, ascii) == IDN_DONE) name = ascii;
	if (w->system) return system_show_open(name, n->settings.json, n->env);
	if (ip_parse(name, &ip)) dns_name_reverse(ip, &w->walk.name);
	else dns_name_parse(name, &w->walk.name);
	w->walk.type = ip_parse(name, &ip) ? DNS_PTR : n->settings.type;
	for (size_t i = 0; i < size_min(n->initial.count, TOOL_SERVERS_MAX); i++) {
		w->walk.resolver[w->walk.resolvers] = n->initial.at[i];
		w->walk.resolver[w->walk.resolvers++].port = n->env->server_port;
	}
	w->walk.port = n->settings.port;
	w->walk.timeout_for = n->settings.timeout_s * SECOND;
	w->walk.tcp = n->settings.vc;
	w->walk.json = n->settings.json;
	w->walk.unicode = n->settings.unicode;
	return walk_show_open(&w->walk, n->env);
}

struct tool *nslookup_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct words w;
	struct nslookup *n = arena_zeroed(env->memory, 1, sizeof *n);

	if (n == NULL) {
		env->status = TOOL_FAILED;
		text_puts(env->err, "nslookup: not enough memory lent\n");
		return NULL;
	}
	n->env = env;
	n->tool.app = (struct app){ event, n };
	n->tool.stop = stop;
	n->tool.measure[0].name = "answers", n->tool.measure[1].name = "address", n->tool.measure[2].name = "time_us";
	n->started_at = net_now(env->net);
	settings_init(&n->settings, env);
	know_servers(n);
	if (!words_read(n, &w, argc, argv)) return NULL;
	if (w.version) {
		text_puts(env->out, "nslookup is one of Tulle's tools: `tulle --version` says of which\n");
		n->tool.done = true;
		return &n->tool;
	}
	if (w.trace || w.system) return other_tool(n, &w);
	if (!begin(n, &w)) return NULL;
	move_on(n);
	return &n->tool;
}
