/* SPDX-License-Identifier: ISC */
/* nc_how.c - how sockets are to be: -s, -p, -D, -I, -O, -M, -m, -T, -S. For streams it goes into struct net_how, so that
 * the first packet is already so; datagram sockets are set before anything is sent. */
#include "tool/nc/nc_parts.h"

static bool hexadecimal(const char *s, uint64_t *v)
{
	if (s[0] != '0' || (s[1] | 0x20) != 'x' || s[2] == '\0') return false;
	for (*v = 0, s += 2; *s != '\0' && *v <= 255; s++) {
		const char *digits = "0123456789abcdef", *at = strchr(digits, *s >= 'A' && *s <= 'F' ? *s | 0x20 : *s);
		if (at == NULL) return false;
		*v = *v * 16 + (uint64_t)(at - digits);
	}
	return *s == '\0';
}

/* RFC 1349's and RFC 791's words, RFC 2474's and 2597's code points, or the number that is meant. */
static bool traffic_class(const char *word, uint64_t *v)
{
	static const struct { const char *word; uint8_t value; } known[] = {
		{ "critical", 0xa0 }, { "inetcontrol", 0xc0 }, { "netcontrol", 0xe0 }, { "lowcost", 0x02 }, { "reliability", 0x04 },
		{ "throughput", 0x08 }, { "lowdelay", 0x10 }, { "ef", 0xb8 },
	};
	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(word, known[i].word) == 0) return *v = known[i].value, true;
	if (strncmp(word, "af", 2) == 0 && word[2] >= '1' && word[2] <= '4' && word[3] >= '1' && word[3] <= '3' && word[4] == '\0')
		return *v = (uint64_t)((word[2] - '0') << 3 | (word[3] - '0') << 1) << 2, true;
	if (strncmp(word, "cs", 2) == 0 && word[2] >= '0' && word[2] <= '7' && word[3] == '\0')
		return *v = (uint64_t)(word[2] - '0') << 5, true;
	return (hexadecimal(word, v) || nc_number(word, 255, v)) && *v <= 255;
}

/* The first line of the file. */
static bool read_key(struct nc *n)
{
	static const char *const wanted = "a file whose first line is the key, of 1 to 80 bytes";
	struct files *files = n->env->files;
	struct file file = { .kind = FILES_NONE };
	uint8_t line[NET_MD5_KEY_MAX + 2];

	if (n->o.md5_file == NULL) return !n->o.md5 || (tool_usage(n->env, "nc: -S wants --md5-key FILE: %s", wanted), false);
	if (files != NULL) file = files_open(files, n->o.md5_file);
	if (file.kind != FILES_FILE) return tool_usage(n->env, "nc: --md5-key %s: there is no such file to read", n->o.md5_file), false;
	size_t got = files_read(files, &file, 0, (struct room){ line, sizeof line });
	files_close(files, &file);
	const uint8_t *end = memchr(line, '\n', got);
	size_t len = end != NULL ? (size_t)(end - line) : got;
	if (len == 0 || len > NET_MD5_KEY_MAX) return tool_usage(n->env, "nc: --md5-key takes %s", wanted), false;
	memcpy(n->md5_key, line, len);
	memset(line, 0, sizeof line);
	n->secure.how.md5_key = (struct bytes){ n->md5_key, len };
	return true;
}

static void add(struct nc *n, enum net_option option, uint64_t value)
{
	if (value > 0) n->secure.how.setting[n->secure.how.settings++] = (struct net_setting){ option, (int)value };
}

bool nc_how_read(struct nc *n)
{
	struct nc_options *o = &n->o;
	uint64_t class = 0;

	if (o->class_word != NULL && !traffic_class(o->class_word, &class))
		return tool_usage(n->env, "nc: -T takes critical, inetcontrol, lowcost, lowdelay, netcontrol, reliability, throughput, ef, af11 to "
		                          "af43, cs0 to cs7, or 0 to 255, not %s", o->class_word), false;
	if (o->source != NULL && !o->local && !ip_parse(o->source, &n->source)) return tool_usage(n->env, "nc: -s takes an address, not %s", o->source), false;
	add(n, NET_TTL, o->ttl);
	add(n, NET_TTL_LEAST, o->ttl_least);
	add(n, NET_TRAFFIC_CLASS, class);
	add(n, NET_RECEIVE_BYTES, o->receive_bytes);
	add(n, NET_SEND_BYTES, o->send_bytes);
	add(n, NET_DEBUG, o->debug);
	if (!o->listen) n->secure.how.from = (struct addr){ .ip = n->source, .port = (uint16_t)o->source_port };
	return read_key(n);
}

bool nc_how_datagrams(struct nc *n)
{
	const struct net_how *how = &n->secure.how;
	static const char letter[] = { [NET_TTL] = 'M', [NET_TTL_LEAST] = 'm', [NET_TRAFFIC_CLASS] = 'T', [NET_RECEIVE_BYTES] = 'I',
	                               [NET_SEND_BYTES] = 'O', [NET_DEBUG] = 'D' };

	for (size_t i = 0; i < how->settings; i++) {
		const struct net_setting *s = &how->setting[i];
		bool good = net_set(n->env->net, n->id, s->option, s->value);
		if (good && s->option == NET_TTL) good = net_set(n->env->net, n->id, NET_MULTICAST_TTL, s->value);
		if (good) continue;
		nc_complain(n, TOOL_FAILED, "-%c: %s", letter[s->option], net_why_words(net_why_not(n->env->net)));
		return false;
	}
	return true;
}

/* What the net refuses at once may be about what was asked for besides. */
const char *nc_how_why(struct nc *n, enum net_why why)
{
	const struct net_how *how = &n->secure.how;
	uint16_t own = n->o.listen ? n->o.port[0] : how->from.port;
	struct text t = text_in(n->words, sizeof n->words);

	text_puts(&t, listen_why(why, own));
	if (why == NET_NOT_ALLOWED && own > 0 && own < 1024) return n->words;
	if ((why == NET_NOT_ALLOWED || why == NET_UNSUPPORTED) && (how->settings > 0 || how->md5_key.len > 0))
		text_printf(&t, " (what is asked for of the socket:%s%s%s%s%s%s%s)", n->o.debug ? " -D, which wants root" : "",
		            n->o.receive_bytes ? " -I" : "", n->o.ttl ? " -M" : "", n->o.ttl_least ? " -m" : "", n->o.send_bytes ? " -O" : "",
		            how->md5_key.len > 0 ? " -S" : "", n->o.class_word != NULL ? " -T" : "");
	return n->words;
}
