/* SPDX-License-Identifier: ISC */
#include "tool/dump/dump.h"

#define SNAPLEN 262144 /* as tcpdump's: more than any frame has */

const char dump_help[] =
	"usage: tulle dump [OPTIONS] [FILTER]\n"
	"  shows packets as lines of text, one each, as tcpdump does; FILTER says\n"
	"  which: port 53 and host 10.0.0.1\n"
	"where from\n"
	"  -r FILE   a capture file, pcap or pcapng (- is standard input)\n"
	"  -i NAME   an interface; without -r and -i the first there is; -D names them\n"
	"  -p        without promiscuous mode\n"
	"where to\n"
	"  -w FILE   a capture file instead of lines (- is standard output)\n"
	"  -c COUNT  only so many packets       -s BYTES  only so much of each\n"
	"  -l -U     each line at once\n"
	"what is shown\n"
	"  -v -vv -vvv  more; -q less           -e  the link header (Ethernet)\n"
	"  --keylog FILE  secrets (SSLKEYLOGFILE): -v shows what TLS hides; -w puts\n"
	"                 them ahead of the packets\n"
	"  -x -X     bytes; and as text         -A  as text only\n"
	"  -xx -XX -AA  from the link header on\n"
	"  -S        sequence numbers as sent, not counted from the connection's first\n"
	"  -t        no time; -tt seconds since 1970; -ttt since the line before;\n"
	"            -tttt with the date; -ttttt since the first   --nano  nine digits\n"
	"  -#        packets are counted        -K -n -N  accepted, and do nothing\n";

static bool number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (*text == '\0') return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || n > (max - (uint64_t)(*text - '0')) / 10) return false;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	*out = n;
	return true;
}

/* Words being read; short options may stand together, and their value in the same word or the next. */
struct words {
	int argc, at;
	const char *const *argv;
	struct text *err;
};

/* How often each of the doubled ones was given. */
struct repeats { unsigned x, upper_x, a, t, q; };

static const char *value_of(struct words *w, char option, const char *rest)
{
	if (*rest != '\0') return rest;
	if (w->at + 1 < w->argc) return w->argv[++w->at];
	if (option == 'k') text_puts(w->err, "option --keylog wants a value");
	else text_printf(w->err, "option -%c wants a value", option);
	return NULL;
}

static bool with_value(struct words *w, char option, const char *value, struct dump_options *o)
{
	uint64_t n;

	switch (option) {
	case 'r': o->read = value; return true;
	case 'w': o->write = value; return true;
	case 'i': o->interface = value; return true;
	case 'k': o->keylog = value; return true; /* by its long name only */
	case 'c':
		if (number(value, UINT64_MAX, &n) && n > 0) return o->count = n, true;
		text_printf(w->err, "-c %s: not a count of packets", value);
		return false;
	default:
		if (number(value, SNAPLEN, &n)) return o->snaplen = n == 0 ? SNAPLEN : (uint32_t)n, true;
		text_printf(w->err, "-s %s: not a count of bytes up to %u", value, SNAPLEN);
		return false;
	}
}

static bool flag(struct words *w, char option, struct dump_options *o, struct repeats *times)
{
	switch (option) {
	case 'n':
	case 'N':
	case 'K': break; /* names are never looked up, and checksums always made */
	case 'e': o->print.link_header = true; break;
	case 'v': o->print.verbose++; break;
	case 'S': o->print.absolute_seq = true; break;
	case 'X': times->upper_x++; break;
	case 'x': times->x++; break;
	case 'A': times->a++; break;
	case 't': times->t++; break;
	case 'q': times->q++; break;
	case 'D': o->list = true; break;
	case 'p': o->not_promiscuous = true; break;
	case 'l':
	case 'U': o->line_by_line = true; break;
	case '#': o->print.number = true; break;
	default:
		text_printf(w->err, "there is no option -%c; `tulle help dump` names them", option);
		return false;
	}
	return true;
}

static bool short_options(struct words *w, const char *word, struct dump_options *o, struct repeats *times)
{
	for (const char *c = word; *c != '\0'; c++) {
		if (strchr("rwics", *c) != NULL) {
			const char *value = value_of(w, *c, c + 1);
			return value != NULL && with_value(w, *c, value, o);
		}
		if (!flag(w, *c, o, times)) return false;
	}
	return true;
}

static bool long_option(struct words *w, const char *word, struct dump_options *o, struct repeats *times)
{
	static const struct { const char *name; char letter; } longs[] = { { "interface", 'i' }, { "snapshot-length", 's' },
		{ "count", 'c' }, { "list-interfaces", 'D' }, { "no-promiscuous-mode", 'p' }, { "number", '#' },
		{ "absolute-tcp-sequence-numbers", 'S' }, { "packet-buffered", 'U' }, { "immediate-mode", 'l' },
		{ "nano", 0 }, { "micro", 0 }, { "keylog", 'k' } };
	const char *names[COUNT(longs)];

	for (size_t i = 0; i < COUNT(longs); i++) {
		size_t len = strlen(longs[i].name);
		names[i] = longs[i].name;
		if (strncmp(word, longs[i].name, len) != 0 || (word[len] != '\0' && word[len] != '=')) continue;
		if (longs[i].letter == 0) {
			o->print.nanoseconds = word[0] == 'n';
			return true;
		}
		if (strchr("isck", longs[i].letter) == NULL) return flag(w, longs[i].letter, o, times);
		const char *value = value_of(w, longs[i].letter, word[len] == '=' ? word + len + 1 : "");
		return value != NULL && with_value(w, longs[i].letter, value, o);
	}
	const char *nearest = text_nearest(word, names, COUNT(names));
	text_printf(w->err, "there is no option --%s", word);
	if (nearest != NULL) text_printf(w->err, "; did you mean --%s?", nearest);
	return false;
}

static bool join_filter(struct words *w, struct dump_options *o)
{
	struct text t = text_in(o->filter, sizeof o->filter);

	for (const char *between = ""; w->at < w->argc; w->at++, between = " ") {
		text_puts(&t, between);
		text_puts(&t, w->argv[w->at]);
	}
	if (t.cut) text_printf(w->err, "the filter is longer than %u bytes", DUMP_FILTER_MAX - 1);
	return !t.cut;
}

static enum print_hex hex_of(const struct repeats *times)
{
	if (times->upper_x > 0) return times->upper_x > 1 ? PRINT_HEX_TEXT_ALL : PRINT_HEX_TEXT;
	if (times->x > 0) return times->x > 1 ? PRINT_HEX_ALL : PRINT_HEX;
	if (times->a > 0) return times->a > 1 ? PRINT_TEXT_ALL : PRINT_TEXT;
	return PRINT_NO_HEX;
}

bool dump_parse(int argc, const char *const *argv, struct dump_options *o, struct text *err)
{
	static const enum print_time time[] = { PRINT_TIME_OF_DAY, PRINT_TIME_NONE, PRINT_TIME_EPOCH, PRINT_TIME_DELTA,
		PRINT_TIME_DATE, PRINT_TIME_SINCE_FIRST };
	struct words w = { argc, 1, argv, err };
	struct repeats times = { 0 };

	*o = (struct dump_options){ .snaplen = SNAPLEN };
	for (; w.at < argc; w.at++) {
		const char *word = argv[w.at];
		if (word[0] != '-' || word[1] == '\0') break;
		if (strcmp(word, "--") == 0) {
			w.at++;
			break;
		}
		if (word[1] == '-' ? !long_option(&w, word + 2, o, &times) : !short_options(&w, word + 1, o, &times)) return false;
	}
	if (o->read != NULL && o->interface != NULL) {
		text_puts(err, "either a file is read (-r) or an interface watched (-i)");
		return false;
	}
	o->print.time = time[size_min(times.t, COUNT(time) - 1)];
	o->print.hex = hex_of(&times);
	o->print.quiet = times.q > 0;
	o->print.quiet_more = times.q > 1;
	return join_filter(&w, o);
}

static void say_tls(const struct dump_options *o, struct dump_lent *lent, const struct dump_packet *p)
{
	struct tls_watched watched;

	follow_packet(lent->follow, p->data, o->print.raw_ip, 0);
	while (follow_next(lent->follow, &watched)) print_tls(&o->print, &watched, lent->out);
}

/* False: it could not be written. */
static bool take(struct dump_options *o, struct dump_lent *lent, const struct dump_packet *p)
{
	if (lent->write != NULL) return lent->write(lent, p);
	print_packet(&o->print, p->at, p->data, p->original_len, lent->out);
	if (lent->follow != NULL) say_tls(o, lent, p);
	if (o->line_by_line) text_flush(lent->out);
	return true;
}

uint64_t dump_run(struct dump_options *o, struct dump_lent *lent)
{
	uint64_t count = 0;
	struct dump_packet p;

	while (!lent->stopped(lent)) {
		enum dump_next next = lent->next(lent, &p);
		if (next == DUMP_END) break;
		if (next == DUMP_NOTHING) {
			text_flush(lent->out);
			lent->wait(lent);
			continue;
		}
		if (!take(o, lent, &p)) break;
		if (++count == o->count) break;
	}
	text_flush(lent->out);
	return count;
}
