/* SPDX-License-Identifier: ISC */
#include "tool/telnet/telnet_parts.h"

#define PORT_TLS 992 /* telnets, RFC 8996's registry */
#define KEY_ROOM (TELNET_OUT_BYTES - TELNET_ANSWER_MAX - 2 * LINE_BYTES_MAX - 8) /* so much may wait when a key is taken */

enum { CTRL_C = 3, CTRL_D = 4 };

/* Exit statuses beside those of every tool. */
enum { BROKEN = 1, UNREACHABLE = 2, TIMED_OUT = 3, NAME_UNKNOWN = 4, TLS_REFUSED = 5 };

const char telnet_help[] =
	"usage: tulle telnet [-l USER] [-e CHAR | -E] [-8] [--tls] [--trace] HOST [PORT]\n"
	"\n"
	"A terminal on another host (port 23), or any port to try by hand: there nothing\n"
	"is negotiated unless the server begins. ^] leads to commands: ? names them.\n"
	"  -l, --user USER     who we are: told to a server that asks (NEW-ENVIRON)\n"
	"  -a, --login         the same with $USER;  -K, --no-login: nobody\n"
	"  -e, --escape CHAR   another character than ^];  -E, --no-escape: none\n"
	"  -8, --binary        all eight bits both ways;  -L: only of what is sent\n"
	"  -4, -6              only IPv4's, only IPv6's addresses\n"
	"  -b, --bind ADDRESS  from that one of ours\n"
	"  -n, --trace-file FILE   as --trace, into a file;  -d: SO_DEBUG\n"
	"  --say LINE          types that first; may be given again\n"
	"  --negotiate         begins as on port 23, whatever the port\n"
	"  --trace             each negotiation in words, on standard error\n"
	"  --quiet             prints only what the server says\n"
	"  --timeout T         waits so long for a connection (30s)\n"
	"  --tls               over TLS; the port is 992 unless given, and of TLS:\n"
	SECURE_HELP
	"Input that is no terminal's goes as lines; at its end the answer is waited for.\n"
	"Exit status: 0 talked, 1 refused or broken off, 2 unreachable, 3 timed out,\n"
	"4 name unknown, 5 TLS refused.\n";

/* --- words --- */

/* A raw terminal does not go back to the left at the end of a line by itself. */
static void put_lines(struct text *to, struct bytes b, bool raw)
{
	for (const uint8_t *end; raw && b.len > 0 && (end = memchr(b.at, '\n', b.len)) != NULL;) {
		size_t n = (size_t)(end - b.at);
		text_put(to, bytes_first(b, n));
		text_puts(to, "\r\n");
		b = bytes_skip(b, n + 1);
	}
	text_put(to, b);
}

void session_say(struct session *s, const char *format, ...)
{
	char words[1000];
	struct text t = text_in(words, sizeof words);
	va_list args;

	if (s->quiet) return;
	va_start(args, format);
	text_vprintf(&t, format, args);
	va_end(args);
	put_lines(s->env->out, text_bytes(&t), s->raw);
}

static void trace(struct session *s, const struct telnet_item *item, bool sent)
{
	char words[1000];
	struct text t = text_in(words, sizeof words);

	if (!s->trace || item->what == TELNET_DATA) return;
	text_puts(&t, sent ? "> " : "< ");
	switch (item->what) {
	case TELNET_NEGOTIATION: telnet_tell_negotiation(&t, item->verb, item->option, sent); break;
	case TELNET_WORDS: telnet_tell_words(&t, item->option, item->bytes); break;
	default: telnet_tell_command(&t, item->verb); break;
	}
	bool raw = s->raw && s->trace_to == s->env->err;
	text_flush(s->env->out); /* in the order in which it happened */
	put_lines(s->trace_to, text_bytes(&t), raw);
	text_puts(s->trace_to, raw ? "\r\n" : "\n");
	text_flush(s->trace_to);
}

const char *session_key_name(int key, char name[8])
{
	struct text t = text_in(name, 8);

	if (key < 0) text_puts(&t, "off");
	else line_show_key(&t, (uint8_t)key);
	return name;
}

bool session_key_parse(const char *word, int *key)
{
	if (strcmp(word, "off") == 0 || *word == '\0') return *key = -1, true;
	if (word[1] == '\0') return *key = (uint8_t)*word, true;
	if (word[0] != '^' || word[2] != '\0' || ((uint8_t)word[1] & 0x80)) return false;
	*key = word[1] == '?' ? 0x7f : word[1] & 0x1f;
	return true;
}

/* --- the course of it --- */

static void measure(struct session *s)
{
	const struct tool_measure m[] = {
		{ "bytes", (int64_t)s->got }, { "sent", (int64_t)s->sent }, { "connections", s->dial.connected },
		{ "negotiated", s->telnet.spoken },
	};
	memcpy(s->tool.measure, m, sizeof m);
}

static void set_raw(struct session *s, bool on)
{
	struct terminal *t = s->env->terminal;

	if (t == NULL || s->raw == on) return;
	text_flush(s->env->out);
	t->raw(t, on);
	s->raw = on;
}

static void end(struct session *s, int status)
{
	if (s->tool.done) return;
	set_raw(s, false);
	s->tool.done = true;
	s->tool.status = status;
	measure(s);
	dial_stop(&s->dial);
	net_wake(s->env->net, NEVER);
}

static void finish(struct session *s)
{
	if (s->finished) return;
	s->finished = true;
	net_finish(s->env->net, s->dial.id);
}

void session_close(struct session *s)
{
	session_say(s, "Connection closed.\n");
	end(s, TOOL_OK);
}

static int status_of(const struct session *s, const char *why)
{
	if (s->dial.connected) return BROKEN;
	if (why == s->dial.lookup.error) return NAME_UNKNOWN;
	if (strcmp(why, net_why_words(NET_UNREACHABLE)) == 0) return UNREACHABLE;
	if (strcmp(why, net_why_words(NET_TIMED_OUT)) == 0 || strcmp(why, "timed out") == 0) return TIMED_OUT;
	if (strcmp(why, net_why_words(NET_REFUSED)) == 0 || strcmp(why, net_why_words(NET_RESET)) == 0) return BROKEN;
	return s->tls ? TLS_REFUSED : BROKEN;
}

static void fail(struct session *s, const char *why)
{
	int status = status_of(s, why);

	set_raw(s, false);
	text_flush(s->env->out);
	text_printf(s->env->err, "telnet: %s:%u: %s\n", s->url.host, s->url.at.port, why);
	end(s, status);
}

/* What the machine has to say goes out, and is told. */
static void flush(struct session *s)
{
	struct telnet_item item;

	for (struct bytes b; (b = telnet_peek(&s->telnet)).len > 0;) {
		bool urgent = telnet_is_urgent(&s->telnet);
		size_t n = s->finished ? b.len : (urgent ? net_send_urgent : net_send)(s->env->net, s->dial.id, b);
		struct bytes gone = bytes_first(b, n);
		while (s->trace && !s->finished && telnet_read(&s->said, &gone, &item)) trace(s, &item, true);
		telnet_take(&s->telnet, n);
		s->sent += n;
		if (n < b.len) return;
	}
}

static void hear(struct session *s)
{
	struct net *net = s->env->net;
	struct telnet_item item;
	size_t took = 1;

	while (took > 0 && !s->commanding) {
		struct bytes b = net_peek(net, s->dial.id), in = b;
		while (telnet_next(&s->telnet, &in, &item)) {
			if (item.what == TELNET_DATA) put_lines(s->env->out, item.bytes, s->raw && telnet_edits(&s->telnet));
			trace(s, &item, false);
		}
		took = b.len - in.len;
		net_take(net, s->dial.id, took);
		s->got += took;
		flush(s);
	}
}

/* --- what is typed --- */

static void begin_command(struct session *s)
{
	s->commanding = true;
	line_clear(&s->command);
	text_puts(s->env->out, "\r\n");
	command_prompt(s);
}

void session_command(struct session *s, uint8_t command)
{
	bool hurry = command == TELNET_IP || command == TELNET_AO || command == TELNET_BRK || command == TELNET_ABORT;

	telnet_command(&s->telnet, command);
	if (hurry && s->autosynch) telnet_synch(&s->telnet);
}

/* Keys that are commands while lines are edited here. */
static bool is_command(struct session *s, uint8_t key)
{
	uint8_t trapped = telnet_trapped(&s->telnet, key);

	if (trapped != 0) {
		session_command(s, trapped);
	} else if (key == CTRL_C && telnet_edits(&s->telnet)) {
		if (s->telnet.spoken) session_command(s, TELNET_IP);
		else session_say(s, "\n"), session_close(s);
	} else if (key == CTRL_D && telnet_edits(&s->telnet) && s->line.len == 0 && !s->line.literal) {
		if (s->telnet.spoken) telnet_send(&s->telnet, (struct bytes){ &key, 1 }, true);
		else finish(s);
	} else return false;
	if (key != CTRL_D) line_clear(&s->line);
	return true;
}

static void edit(struct session *s, uint8_t key)
{
	s->line.plain = telnet_echoes_plainly(&s->telnet);
	if (line_key(&s->line, key, telnet_echoes(&s->telnet) ? s->env->out : NULL) != LINE_WHOLE) return;
	telnet_send(&s->telnet, (struct bytes){ (uint8_t *)s->line.at, s->line.len }, false);
	telnet_send(&s->telnet, bytes_of("\n"), false);
	line_clear(&s->line);
}

static void type_key(struct session *s, uint8_t key)
{
	if (s->commanding) {
		if (line_key(&s->command, key, s->env->out) == LINE_WHOLE) command_run(s);
	} else if ((int)key == s->escape) {
		begin_command(s);
	} else if (!is_command(s, key)) {
		if (telnet_edits(&s->telnet)) {
			edit(s, key);
			return;
		}
		telnet_send(&s->telnet, (struct bytes){ &key, 1 }, true);
		if (!telnet_echoes(&s->telnet)) return;
		if (key == '\r') text_puts(s->env->out, "\r\n");
		else line_show_key(s->env->out, key);
	}
}

/* How much of what was typed could be taken. */
static size_t type(struct session *s, struct bytes typed)
{
	size_t n = 0;

	if (s->finished && !s->commanding && !s->raw) return typed.len;
	if (!s->raw) return telnet_send(&s->telnet, typed, false);
	while (n < typed.len && !s->tool.done && ring_used(&s->telnet.out) <= KEY_ROOM) type_key(s, typed.at[n++]);
	return n;
}

static bool say_first(struct session *s)
{
	while (s->says_sent < s->says.count) {
		if (ring_used(&s->telnet.out) > KEY_ROOM) return false;
		telnet_send(&s->telnet, bytes_of(s->say[s->says_sent++]), false);
		telnet_send(&s->telnet, bytes_of("\n"), false);
		flush(s);
	}
	return true;
}

/* The end of the input. A host that speaks Telnet is told as a terminal would, and closes when it has answered; it would take
 * the end of our stream for somebody who has hung up. */
static void over(struct session *s)
{
	uint8_t key = CTRL_D;

	if (s->finished || s->over_told || ring_used(&s->telnet.out) > 0) return;
	s->over_told = true;
	if (!s->telnet.spoken && !s->negotiate) finish(s);
	else if (telnet_is(&s->telnet, TELNET_US, TELNET_LINEMODE)) telnet_command(&s->telnet, TELNET_EOF);
	else telnet_send(&s->telnet, (struct bytes){ &key, 1 }, true);
	flush(s);
}

static void pump(struct session *s)
{
	struct net *net = s->env->net;
	size_t n = 1;

	if (!s->dial.connected || s->dial.id == 0) return;
	flush(s);
	hear(s);
	if (!say_first(s)) return;
	while (n > 0 && !s->tool.done && s->env->input != 0) {
		n = type(s, net_peek(net, s->env->input));
		net_take(net, s->env->input, n);
		if (s->tool.done) return;
		flush(s);
		hear(s); /* what a command has held up */
	}
	if (s->input_over && net_peek(net, s->env->input).len == 0) over(s);
}

/* --- events --- */

static void connected(struct session *s)
{
	static const uint8_t ours[] = { TELNET_TTYPE, TELNET_NAWS, TELNET_NEW_ENVIRON, TELNET_LINEMODE };
	char name[8];

	session_say(s, "Connected to %s.\n", s->url.host);
	if (s->env->terminal != NULL && s->escape >= 0) session_say(s, "Escape character is '%s'.\n", session_key_name(s->escape, name));
	set_raw(s, s->env->terminal != NULL);
	dial_wait_for(&s->dial, NEVER);
	if (s->negotiate) {
		telnet_want(&s->telnet, TELNET_HIM, TELNET_SGA, true);
		for (size_t i = 0; i < COUNT(ours); i++)
			if (s->telnet.agrees[TELNET_US][ours[i]]) telnet_want(&s->telnet, TELNET_US, ours[i], true);
	}
	if (s->binary || s->binary_out) telnet_want(&s->telnet, TELNET_US, TELNET_BINARY, true);
	if (s->binary) telnet_want(&s->telnet, TELNET_HIM, TELNET_BINARY, true);
	net_set(s->env->net, s->dial.id, NET_URGENT_NEWS, 1); /* where there is none, a data mark means nothing */
	pump(s);
}

static void closed(struct session *s, enum net_why why)
{
	if (why != NET_DONE) {
		fail(s, secure_why(&s->secure, why));
		return;
	}
	set_raw(s, false);
	session_say(s, "Connection closed by foreign host.\n");
	end(s, TOOL_OK);
}

static void own_event(struct session *s, const struct net_event *ev)
{
	switch (ev->what) {
	case NET_EOF:
		finish(s);
		dial_wait_for(&s->dial, s->timeout);
		break;
	case NET_CLOSED: closed(s, ev->why); break;
	case NET_URGENT:
		if (s->telnet.spoken || s->negotiate) telnet_hurry(&s->telnet); /* else no data mark will come, for ever */
		pump(s);
		break;
	default: pump(s); break;
	}
}

static void say_trying(struct session *s)
{
	char ip[IP_TEXT_MAX];
	const struct dial *d = &s->dial;

	if (d->id == 0 || d->id == s->tried || d->connected || d->next_ip == 0) return;
	s->tried = d->id;
	session_say(s, "Trying %s...\n", ip_text(d->lookup.ip[d->next_ip - 1], ip));
}

static void event(void *self, struct net *net, const struct net_event *ev)
{
	struct session *s = self;

	if (s->tool.done) return;
	if (ev->id != 0 && ev->id == s->env->input) {
		if (ev->what == NET_EOF || ev->what == NET_CLOSED) s->input_over = true;
		pump(s);
	} else {
		switch (dial_event(&s->dial, ev)) {
		case DIAL_CONNECTED:
			say_trying(s);
			connected(s);
			break;
		case DIAL_YOURS: own_event(s, ev); break;
		case DIAL_FAILED: fail(s, s->dial.why); break;
		case DIAL_NOTHING: say_trying(s); break;
		}
	}
	measure(s);
	if (!s->tool.done) net_wake(net, dial_deadline(&s->dial));
}

static void resized(struct tool *t)
{
	struct session *s = (struct session *)t;
	telnet_resize(&s->telnet, s->env->terminal->columns, s->env->terminal->rows);
	pump(s);
}

static void stop(struct tool *t)
{
	struct session *s = (struct session *)t;
	end(s, s->dial.connected ? TOOL_OK : BROKEN);
}

static void end_tool(struct tool *t) { secure_end(&((struct session *)t)->secure); }

/* --- life --- */

/* Ports that people know by name. */
static uint16_t port_of(const char *word)
{
	static const struct { const char *name; uint16_t port; } names[] = {
		{ "echo", 7 }, { "discard", 9 }, { "daytime", 13 }, { "chargen", 19 }, { "ftp", 21 }, { "ssh", 22 }, { "telnet", 23 },
		{ "smtp", 25 }, { "time", 37 }, { "whois", 43 }, { "finger", 79 }, { "http", 80 }, { "pop3", 110 }, { "nntp", 119 },
		{ "imap", 143 }, { "https", 443 }, { "submission", 587 }, { "telnets", PORT_TLS }, { "imaps", 993 }, { "pop3s", 995 },
		{ "irc", 6667 },
	};
	unsigned n = 0;

	for (size_t i = 0; i < COUNT(names); i++) if (strcmp(word, names[i].name) == 0) return names[i].port;
	for (; *word >= '0' && *word <= '9' && n <= UINT16_MAX; word++) n = n * 10 + (unsigned)(*word - '0');
	return *word == '\0' && n <= UINT16_MAX ? (uint16_t)n : 0;
}

/* Where to. False: said why not. */
static bool read_place(struct session *s, const char *host, const char *port)
{
	char words[URL_HOST_MAX + 32];
	struct text t = text_in(words, sizeof words);
	uint16_t number = port != NULL ? port_of(port) : s->tls ? PORT_TLS : TELNET_PORT;
	bool bare6 = strchr(host, ':') != NULL && host[0] != '[';
	const char *why;

	if (number == 0) return tool_usage(s->env, "telnet: %s: a port is 1 to 65535, or a name like http", port), false;
	text_printf(&t, bare6 ? "%s://[%s]:%u" : "%s://%s:%u", s->tls ? "tls" : "tcp", host, number);
	why = t.cut ? "too long" : url_parse(words, 1 << URL_TCP | 1 << URL_TLS, &s->url);
	if (why != NULL) return tool_usage(s->env, "telnet: %s: %s", host, why), false;
	s->negotiate |= number == TELNET_PORT || number == PORT_TLS;
	return true;
}

/* telnet's letters become our words: -l USER, -lUSER. NULL: no memory. */
static const char *const *spell_out(int argc, const char *const *argv, struct tool_env *env, int *count)
{
	static const struct { char letter; const char *name; bool value; } letters[] = {
		{ 'l', "--user", true }, { 'e', "--escape", true }, { 'E', "--no-escape", false }, { '8', "--binary", false },
		{ 'L', "--binary-output", false }, { '4', "--ipv4", false }, { '6', "--ipv6", false }, { 'a', "--login", false },
		{ 'K', "--no-login", false }, { 'b', "--bind", true }, { 'n', "--trace-file", true }, { 'd', "--debug", false },
		{ 'c', "--no-rc", false },
	};
	const char **words = arena_zeroed(env->memory, 2 * (size_t)argc + 1, sizeof *words);
	bool ended = false;

	*count = 0;
	for (int i = 0; words != NULL && i < argc; i++) {
		const char *word = argv[i];
		size_t k = 0;
		ended |= strcmp(word, "--") == 0;
		while (k < COUNT(letters) && (word[0] != '-' || word[1] != letters[k].letter || (word[2] != '\0' && !letters[k].value))) k++;
		if (i == 0 || ended || k == COUNT(letters)) {
			words[(*count)++] = word;
			continue;
		}
		words[(*count)++] = letters[k].name;
		if (word[2] != '\0') words[(*count)++] = word + 2;
		else if (letters[k].value && i + 1 < argc) words[(*count)++] = argv[++i];
	}
	return words;
}

static void agree(struct session *s, const char *user)
{
	static const uint8_t us[] = { TELNET_SGA, TELNET_BINARY, TELNET_TTYPE, TELNET_NEW_ENVIRON, TELNET_LINEMODE };
	static const uint8_t him[] = { TELNET_SGA, TELNET_BINARY, TELNET_ECHO };
	const struct terminal *terminal = s->env->terminal;

	for (size_t i = 0; i < COUNT(us); i++) telnet_agree(&s->telnet, TELNET_US, us[i]);
	for (size_t i = 0; i < COUNT(him); i++) telnet_agree(&s->telnet, TELNET_HIM, him[i]);
	telnet_terminal(&s->telnet, terminal != NULL && *terminal->kind != '\0' ? terminal->kind : "UNKNOWN"); /* RFC 1091, 4 */
	if (user != NULL) telnet_define(&s->telnet, "USER", user, false);
	if (terminal == NULL || terminal->columns == 0) return;
	telnet_agree(&s->telnet, TELNET_US, TELNET_NAWS);
	telnet_resize(&s->telnet, terminal->columns, terminal->rows);
}

/* What can only be said before there is a connection. */
static bool prepare_socket(struct session *s, const char *own, bool debug)
{
	struct net_how *how = &s->secure.how;

	if (s->four && s->six) return tool_usage(s->env, "telnet: -4 or -6, not both"), false;
	if (own != NULL && !ip_parse(own, &how->from.ip)) return tool_usage(s->env, "telnet: -b takes one of this host's addresses, not %s", own), false;
	if (own != NULL && ip_is4(how->from.ip)) s->four = true;
	else if (own != NULL) s->six = true;
	if (debug) how->setting[how->settings++] = (struct net_setting){ NET_DEBUG, 1 };
	return true;
}

static bool trace_into(struct session *s, const char *file)
{
	s->trace_to = file != NULL ? tool_create(s->env, file, TOOL_OWNER_READS) : s->env->err;
	s->trace |= file != NULL;
	if (s->trace_to == NULL) s->env->status = TOOL_FAILED;
	return s->trace_to != NULL;
}

/* -a: as whom we are here. */
static const char *who_we_are(struct tool_env *env)
{
	const char *user = env->variable != NULL ? env->variable(env, "USER") : NULL;
	return user != NULL && *user != '\0' ? user : NULL;
}

static bool prepare(struct session *s, const char *user, const char *escape, bool no_escape)
{
	struct tool_env *env = s->env;

	if (!session_key_parse(escape, &s->escape)) return tool_usage(env, "telnet: --escape takes a character like ^] or a, not %s", escape), false;
	if (no_escape) s->escape = -1;
	if (user != NULL && strlen(user) > TELNET_VALUE_MAX) return tool_usage(env, "telnet: that user's name is too long"), false;
	if (s->tls && !secure_start(&s->secure, env, "telnet", false, "")) return false;
	if (tool_want_input(env) != 0) tool_want_terminal(env);
	s->input_over = env->input == 0;
	return true;
}

struct tool *telnet_open(int argc, const char *const *argv, struct tool_env *env)
{
	struct session *s = arena_zeroed(env->memory, 1, sizeof *s);
	const char *word[2] = { NULL, NULL }, *user = NULL, *escape = "^]";
	const char *own = NULL, *file = NULL;
	bool no_escape = false, login = false, no_login = false, no_rc = false, debug = false;
	size_t words;

	if (s == NULL || (argv = spell_out(argc, argv, env, &argc)) == NULL) return tool_usage(env, "telnet: no memory");
	s->env = env, s->timeout = 30 * SECOND;
	s->says = (struct option_texts){ s->say, 0, SESSION_SAYS_MAX };
	const struct option options[] = {
		{ "user", OPTION_TEXT, &user }, { "escape", OPTION_TEXT, &escape }, { "no-escape", OPTION_FLAG, &no_escape },
		{ "binary", OPTION_FLAG, &s->binary }, { "say", OPTION_TEXTS, &s->says }, { "negotiate", OPTION_FLAG, &s->negotiate },
		{ "trace", OPTION_FLAG, &s->trace }, { "quiet", OPTION_FLAG, &s->quiet }, { "timeout", OPTION_SPAN, &s->timeout },
		{ "binary-output", OPTION_FLAG, &s->binary_out }, { "ipv4", OPTION_FLAG, &s->four }, { "ipv6", OPTION_FLAG, &s->six },
		{ "login", OPTION_FLAG, &login }, { "no-login", OPTION_FLAG, &no_login }, { "bind", OPTION_TEXT, &own },
		{ "trace-file", OPTION_TEXT, &file }, { "debug", OPTION_FLAG, &debug }, { "no-rc", OPTION_FLAG, &no_rc },
		{ "tls", OPTION_FLAG, &s->tls }, SECURE_OPTIONS(&s->secure),
	};
	if (!options_read(env, argc, argv, options, COUNT(options), word, 2, &words)) return NULL;
	if (words == 0) return tool_usage(env, "telnet: which HOST? `tulle help telnet` says more");
	if (login && !no_login && user == NULL && (user = who_we_are(env)) == NULL)
		return tool_usage(env, "telnet: -a: who you are is not known here; -l USER says so");
	if (no_login) user = NULL;
	if (!read_place(s, word[0], word[1]) || !prepare_socket(s, own, debug) || !trace_into(s, file) || !prepare(s, user, escape, no_escape))
		return NULL;
	telnet_init(&s->telnet);
	agree(s, user);
	s->tool.app = (struct app){ event, s };
	s->tool.stop = stop, s->tool.end = end_tool, s->tool.resized = resized;
	dial_start(&s->dial, env, &s->secure, &s->url, s->timeout);
	s->dial.four = s->four, s->dial.six = s->six;
	measure(s);
	return &s->tool;
}
