/* SPDX-License-Identifier: ISC */
/* Telnet: the reader, the machine by conversation and by two of them, the line editor, the words, and the tool over our stacks. */
#include "lan_tool.h"

#include "base/chance.h"
#include "proto/telnet/telnet.h"
#include "tool/telnet/telnet_line.h"

#define B(text) ((struct bytes){ (const uint8_t *)(text), sizeof(text) - 1 })
#define IAC "\xff"
#define WILL "\xff\xfb"
#define WONT "\xff\xfc"
#define DO "\xff\xfd"
#define DONT "\xff\xfe"
#define SB "\xff\xfa"
#define SE "\xff\xf0"

/* --- the reader --- */

/* What is read, in a notation of letters, for bytes cut after `cut`. */
static const char *reading(struct bytes b, size_t cut)
{
	static char words[2000];
	struct text t = text_in(words, sizeof words);
	struct telnet_reader r = { .verb = 0 };
	struct telnet_item item;

	for (int part = 0; part < 2; part++) {
		struct bytes in = part == 0 ? bytes_first(b, cut) : bytes_skip(b, cut);
		while (telnet_read(&r, &in, &item)) {
			if (item.what == TELNET_DATA) text_put(&t, item.bytes);
			else if (item.what == TELNET_COMMAND) text_printf(&t, "<%s>", telnet_command_name(item.verb));
			else if (item.what == TELNET_NEGOTIATION) text_printf(&t, "<%s %u>", telnet_command_name(item.verb), item.option);
			else text_printf(&t, "<%u:%zu%s>", item.option, item.bytes.len, item.cut ? " cut" : "");
		}
	}
	return words;
}

static void a_stream_is_taken_apart_however_it_is_cut(void)
{
	const struct { struct bytes in; const char *out; } all[] = {
		{ B("a" WILL "\x01" "b" IAC IAC "c"), "a<WILL 1>b\xff" "c" },
		{ B("x\r\0y\r\nz\r"), "x\ry\r\nz\r" },
		{ B("\r" IAC "\xf1" "\0."), "\r<NOP>" },
		{ B(SB "\x1f\0\x50" IAC IAC "\x18" SE "."), "<31:4>." },
		{ B(SB "\x18\x01" IAC "\xf1" "rest"), "<NOP>rest" },
		{ B(SB "\x18\x01" WILL "\x03"), "<WILL 3>" },
		{ B(SB "\x18" SE), "<24:0>" },
	};
	for (size_t i = 0; i < COUNT(all); i++)
		for (size_t cut = 0; cut <= all[i].in.len; cut++) CHECK_STR(reading(all[i].in, cut), all[i].out);
	static char large[2000] = SB "\x18";
	memset(large + 3, 'x', sizeof large - 5);
	memcpy(large + sizeof large - 2, SE, 2);
	CHECK_STR(reading((struct bytes){ (uint8_t *)large, sizeof large }, 1000), "<24:512 cut>");
}

/* --- the machine, by conversation --- */

static struct telnet t;

static void begin(void)
{
	static const uint8_t us[] = { TELNET_TTYPE, TELNET_NAWS, TELNET_NEW_ENVIRON, TELNET_LINEMODE, TELNET_BINARY };
	static const uint8_t him[] = { TELNET_ECHO, TELNET_SGA, TELNET_BINARY };

	telnet_init(&t);
	for (size_t i = 0; i < COUNT(us); i++) telnet_agree(&t, TELNET_US, us[i]);
	for (size_t i = 0; i < COUNT(him); i++) telnet_agree(&t, TELNET_HIM, him[i]);
	telnet_terminal(&t, "xterm");
	telnet_resize(&t, 80, 255);
}

static void hears(struct bytes in)
{
	struct telnet_item item;
	while (telnet_next(&t, &in, &item)) {}
}

static bool says(struct bytes want)
{
	struct bytes got = telnet_peek(&t);
	bool same = bytes_equal(got, want);

	if (!same) {
		printf("# it says");
		for (size_t i = 0; i < got.len; i++) printf(" %02x", got.at[i]);
		printf("\n");
	}
	telnet_take(&t, got.len);
	return same;
}

static void what_is_agreed_on_is_answered_once(void)
{
	begin();
	hears(B(WILL "\x01"));
	CHECK(says(B(DO "\x01")) && telnet_is(&t, TELNET_HIM, TELNET_ECHO) && !telnet_echoes(&t));
	hears(B(WILL "\x01" WILL "\x01"));
	CHECK(says(B("")));
	hears(B(WONT "\x01" WONT "\x01"));
	CHECK(says(B(DONT "\x01")) && telnet_echoes(&t));
	hears(B(DO "\x05"));
	CHECK(says(B(WONT "\x05")));
	hears(B(WILL "\xc8" WONT "\xc8" DONT "\xc8"));
	CHECK(says(B(DONT "\xc8")));
	hears(B(DO "\x1f"));
	CHECK(says(B(WILL "\x1f" SB "\x1f\0\x50\0" IAC IAC SE)));
	telnet_resize(&t, 80, 255);
	CHECK(says(B("")));
	telnet_resize(&t, 132, 50);
	CHECK(says(B(SB "\x1f\0\x84\0\x32" SE)));
}

/* RFC 1143, 7: each of the six states hears each word; wants are queued one deep. */
static void wants_follow_the_q_method(void)
{
	begin();
	CHECK(telnet_want(&t, TELNET_HIM, TELNET_SGA, true) && !telnet_want(&t, TELNET_HIM, TELNET_SGA, true));
	CHECK(says(B(DO "\x03")) && telnet_edits(&t));
	hears(B(WILL "\x03"));
	CHECK(says(B("")) && telnet_is(&t, TELNET_HIM, TELNET_SGA) && !telnet_edits(&t));
	CHECK(telnet_want(&t, TELNET_HIM, TELNET_SGA, false));
	CHECK(telnet_want(&t, TELNET_HIM, TELNET_SGA, true)); /* has changed its mind meanwhile */
	CHECK(says(B(DONT "\x03")) && t.state[TELNET_HIM][TELNET_SGA] == TELNET_WANT_NO_BUT_YES);
	hears(B(WONT "\x03"));
	CHECK(says(B(DO "\x03")) && t.state[TELNET_HIM][TELNET_SGA] == TELNET_WANT_YES);
	CHECK(telnet_want(&t, TELNET_HIM, TELNET_SGA, false) && t.state[TELNET_HIM][TELNET_SGA] == TELNET_WANT_YES_BUT_NO);
	hears(B(WILL "\x03"));
	CHECK(says(B(DONT "\x03")) && t.state[TELNET_HIM][TELNET_SGA] == TELNET_WANT_NO);
	hears(B(WILL "\x03")); /* nonsense: a yes to our no */
	CHECK(says(B("")) && t.state[TELNET_HIM][TELNET_SGA] == TELNET_NO);
	CHECK(telnet_want(&t, TELNET_US, TELNET_BINARY, true) && telnet_want(&t, TELNET_US, TELNET_BINARY, false));
	hears(B(DONT "\0"));
	CHECK(says(B(WILL "\0")) && t.state[TELNET_US][TELNET_BINARY] == TELNET_NO);
	CHECK(!telnet_want(&t, TELNET_US, TELNET_BINARY, false));
}

static void words_are_answered(void)
{
	begin();
	hears(B(SB "\x18\x01" SE));
	CHECK(says(B(""))); /* not agreed on */
	hears(B(DO "\x18" SB "\x18\x01" SE));
	CHECK(says(B(WILL "\x18" SB "\x18\0xterm" SE)));
	CHECK(telnet_define(&t, "USER", "me", false) && telnet_define(&t, "odd", "a\x01\x02z", true));
	hears(B(DO "\x27" SB "\x27\x01" SE));
	CHECK(says(B(WILL "\x27" SB "\x27\0\0USER\1me\3odd\1a\2\1\2\2z" SE)));
	hears(B(SB "\x27\x01\0USER\0PATH\3USER\3" SE));
	CHECK(says(B(SB "\x27\0\0USER\1me\0PATH\3USER\3odd\1a\2\1\2\2z" SE)));
	hears(B(SB "\x27\x01junk" SE SB "\x27\0\0A\1b" SE));
	CHECK(says(B("")));
	CHECK(telnet_undefine(&t, "USER") && !telnet_undefine(&t, "USER") && !telnet_define(&t, "", "x", false));
	hears(B(SB "\x27\x01\0" SE));
	CHECK(says(B(SB "\x27\0" SE)));
}

static void linemode_is_kept(void)
{
	static const uint8_t first[] = WILL "\x22" SB "\x22\x03";

	begin();
	CHECK(telnet_want(&t, TELNET_HIM, TELNET_SGA, true) && says(B(DO "\x03")));
	hears(B(WILL "\x03" DO "\x22"));
	struct bytes list = telnet_peek(&t);
	CHECK(list.len == sizeof first - 1 + 3 * (TELNET_SLC_COUNT - 1) + 2 && memcmp(list.at, first, sizeof first - 1) == 0);
	telnet_take(&t, list.len);
	CHECK(!telnet_edits(&t) && telnet_trapped(&t, 3) == 0);
	hears(B(SB "\x22\x01\x0b" SE)); /* EDIT, TRAPSIG, SOFT_TAB: the last we cannot */
	CHECK(says(B(SB "\x22\x01\x07" SE)) && telnet_edits(&t) && telnet_trapped(&t, 3) == TELNET_IP && telnet_trapped(&t, 'x') == 0);
	hears(B(SB "\x22\x01\x03" SE SB "\x22\x01\x04" SE));
	CHECK(says(B("")) && telnet_edits(&t));
	hears(B(SB "\x22\x03\x03\x02\x07" SE)); /* IP is ^G */
	CHECK(says(B(SB "\x22\x03\x03\x82\x07" SE)) && telnet_trapped(&t, 7) == TELNET_IP && telnet_trapped(&t, 3) == 0);
	hears(B(SB "\x22\x03\x03\x82\x08" SE)); /* an agreement is not answered */
	CHECK(says(B("")) && telnet_trapped(&t, 8) == TELNET_IP);
	hears(B(SB "\x22\x03\x03\x03\0\x63\x02\x01" SE)); /* its default; and a function that is none */
	CHECK(says(B(SB "\x22\x03\x03\x02\x03\x63\0\0" SE)) && telnet_trapped(&t, 3) == TELNET_IP);
	hears(B(SB "\x22" DO "\x02\x01" SE)); /* IAC DO within words is a command: nothing of LINEMODE's */
	telnet_take(&t, telnet_peek(&t).len);
	hears(B(SB "\x22\xfd\x02\x01" SE));
	CHECK(says(B(SB "\x22\xfc\x02" SE)));
	hears(B(SB "\x22\x03\0\x03\0" SE)); /* all defaults */
	CHECK_EQ(telnet_peek(&t).len, 4 + 3 * (TELNET_SLC_COUNT - 1) + 2);
	telnet_take(&t, telnet_peek(&t).len);
	hears(B(DONT "\x22"));
	CHECK(says(B(WONT "\x22")) && !telnet_edits(&t));
}

static void data_is_text_unless_binary(void)
{
	begin();
	telnet_send(&t, B("a\nb\r\nc\rd\xff"), false);
	CHECK(says(B("a\r\nb\r\nc\r\0d" IAC IAC)));
	telnet_send(&t, B("x\r"), false);
	telnet_send(&t, B("\ny\r"), false);
	CHECK(says(B("x\r\ny\r")));
	telnet_send(&t, B("z\r"), true);
	CHECK(says(B("\0z\r\0")));
	hears(B(DO "\0"));
	telnet_send(&t, B("a\r\n\xff"), true);
	CHECK(says(B(WILL "\0" "a\r\n" IAC IAC)));
}

static void what_is_not_taken_stops_it(void)
{
	static uint8_t many[30000];
	struct bytes in = { many, sizeof many };
	struct telnet_item item;

	begin();
	for (size_t i = 0; i < sizeof many; i += 3) memcpy(many + i, DO "\x05", 3);
	while (telnet_next(&t, &in, &item)) {}
	CHECK(in.len > 0 && in.len % 3 == 0 && ring_used(&t.out) > TELNET_OUT_BYTES - TELNET_ANSWER_MAX - 3);
	CHECK(!telnet_want(&t, TELNET_HIM, TELNET_SGA, true) && telnet_send(&t, B("x"), false) == 0);
	size_t answered = sizeof many - in.len, heard = 0;
	do {
		heard += telnet_peek(&t).len;
		telnet_take(&t, telnet_peek(&t).len);
		while (telnet_next(&t, &in, &item)) answered += 3;
	} while (telnet_peek(&t).len > 0);
	CHECK(in.len == 0 && heard == sizeof many && answered == sizeof many);
}

/* Two machines that want at random, with their words under way as long as chance will: it always comes to rest, and then
 * both think the same. */
/* RFC 854, page 8: data up to the mark go, commands and negotiations do not; a mark alone means nothing. */
static void a_synch_throws_data_away_but_no_command(void)
{
	struct telnet_item item;
	struct bytes in = B("old" IAC "\xf6" "older" DO "\x01" "\r\n" IAC "\xf2" "new" IAC "\xf2" ".");
	char heard[100];
	struct text words = text_in(heard, sizeof heard);

	telnet_init(&t);
	telnet_hurry(&t);
	while (telnet_next(&t, &in, &item)) {
		if (item.what == TELNET_DATA) text_put(&words, item.bytes);
		else text_printf(&words, "<%s>", telnet_command_name(item.verb));
	}
	CHECK_STR(heard, "<AYT><DO><DM>new<DM>.");
	CHECK(t.thrown == 10 && !t.hurried);
	while (telnet_peek(&t).len > 0) telnet_take(&t, telnet_peek(&t).len);

	telnet_send(&t, B("x"), true); /* ours: the mark is by itself, whatever is before and behind it */
	CHECK(telnet_synch(&t));
	telnet_send(&t, B("y"), true);
	CHECK(bytes_equal(telnet_peek(&t), B("x" IAC)) && !telnet_is_urgent(&t));
	telnet_take(&t, 1);
	CHECK(bytes_equal(telnet_peek(&t), B(IAC)) && !telnet_is_urgent(&t));
	telnet_take(&t, 1);
	CHECK(bytes_equal(telnet_peek(&t), B("\xf2")) && telnet_is_urgent(&t));
	telnet_take(&t, 1);
	CHECK(bytes_equal(telnet_peek(&t), B("y")) && !telnet_is_urgent(&t));
}

static void two_machines_always_come_to_rest(void)
{
	static struct telnet side[2];
	struct rng rng;

	for (uint64_t seed = 1; seed <= 300; seed++) {
		rng_init_number(&rng, seed);
		for (int m = 0; m < 2; m++) {
			telnet_init(&side[m]);
			for (unsigned o = 0; o < 8; o++)
				for (int s = 0; s < 2; s++) if (rng_below(&rng, 3) > 0) telnet_agree(&side[m], (enum telnet_side)s, (uint8_t)o);
		}
		unsigned wants = 60, said = 0, idle = 0;
		while (idle < 2) {
			unsigned m = (unsigned)rng_below(&rng, 2);
			if (wants > 0 && rng_below(&rng, 2) == 0) {
				telnet_want(&side[m], (enum telnet_side)rng_below(&rng, 2), (uint8_t)rng_below(&rng, 8), rng_below(&rng, 2));
				wants--;
			}
			idle = 0;
			for (unsigned k = 0; k < 2; k++, m ^= 1) {
				struct bytes out = telnet_peek(&side[m]);
				size_t n = wants > 0 ? (size_t)rng_below(&rng, out.len + 1) : out.len;
				struct bytes in = bytes_first(out, n);
				struct telnet_item item;
				while (telnet_next(&side[m ^ 1], &in, &item)) {}
				telnet_take(&side[m], n);
				said += (unsigned)n;
				idle += wants == 0 && n == 0;
			}
			if (said > 3 * 60 * 4) {
				printf("# seed %llu: they talk for ever\n", (unsigned long long)seed);
				CHECK(false);
			}
		}
		for (unsigned o = 0; o < 8; o++)
			for (int s = 0; s < 2; s++)
				CHECK(side[0].state[s][o] == side[1].state[1 - s][o] && side[0].state[s][o] <= TELNET_YES);
	}
}

/* --- words --- */

static const char *told(struct bytes b, bool sent)
{
	static char words[1000];
	struct text text = text_in(words, sizeof words);
	struct telnet_reader r = { .verb = 0 };
	struct telnet_item item;

	if (!telnet_read(&r, &b, &item)) return "";
	if (item.what == TELNET_NEGOTIATION) telnet_tell_negotiation(&text, item.verb, item.option, sent);
	else if (item.what == TELNET_WORDS) telnet_tell_words(&text, item.option, item.bytes);
	else telnet_tell_command(&text, item.verb);
	return words;
}

static void exchanges_have_words(void)
{
	uint8_t n;

	CHECK_STR(told(B(WILL "\x01"), false), "IAC WILL ECHO: the server will echo what you type");
	CHECK_STR(told(B(DO "\x1f"), false), "IAC DO NAWS: the client is to say how large its window is");
	CHECK_STR(told(B(WONT "\x22"), true), "IAC WONT LINEMODE: the client will not edit lines by itself, as the server asks");
	CHECK_STR(told(B(DONT "\xc8"), true), "IAC DONT 200: the server is not to do that, whatever it is");
	CHECK_STR(told(B(SB "\x1f\0\x50\0\x18" SE), true), "IAC SB NAWS ... IAC SE: the window has 80 columns and 24 rows");
	CHECK_STR(told(B(SB "\x18\0vt\x1b[1m" SE), true), "IAC SB TTYPE ... IAC SE: the terminal is a vt\\x1b[1m");
	CHECK_STR(told(B(SB "\x27\0\0USER\1me" SE), true), "IAC SB NEW-ENVIRON ... IAC SE: these are variables: USER=me");
	CHECK_STR(told(B(SB "\x22\x01\x07" SE), true),
	          "IAC SB LINEMODE ... IAC SE: agreed: lines are edited at the client, and ^C and the like become commands there");
	CHECK_STR(told(B(SB "\x22\x03\x03\x02\x03\x0a\x82\x7f" SE), true), "IAC SB LINEMODE ... IAC SE: special characters: IP ^C EC ^? (agreed)");
	CHECK_STR(told(B(IAC "\xf6"), false), "IAC AYT: are you there?");
	CHECK_STR(told(B(IAC "\x07"), false), "IAC 7: no command of that number is known");
	CHECK(telnet_option_parse("echo", &n) && n == 1 && telnet_option_parse("sga", &n) && n == 3 && telnet_option_parse("200", &n) && n == 200);
	CHECK(!telnet_option_parse("256", &n) && !telnet_option_parse("", &n) && !telnet_option_parse("ech", &n));
	CHECK(telnet_command_parse("Ayt", &n) && n == TELNET_AYT && !telnet_command_parse("", &n));
}

/* --- the line editor --- */

static enum line_news types(struct line *l, const char *keys, struct text *echo)
{
	enum line_news news = LINE_MORE;
	while (*keys != '\0') news = line_key(l, (uint8_t)*keys++, echo);
	return news;
}

static void a_line_is_mended(void)
{
	static struct line l;
	char shown[200];
	struct text echo = text_in(shown, sizeof shown);

	line_clear(&l);
	CHECK(types(&l, "abd\x7f" "c", &echo) == LINE_MORE);
	CHECK_STR(l.at, "abc");
	CHECK_STR(shown, "abd\b \bc");
	CHECK(types(&l, " two words\x17\x17 x\x7f\x7f\r", NULL) == LINE_WHOLE);
	CHECK_STR(l.at, "abc ");
	types(&l, "\x15\x7f\x08" "\xc3\xa4\x7f\x16\x15", NULL);
	CHECK_STR(l.at, "\x15");
	text_clear(&echo);
	types(&l, "\x7f\x12", &echo);
	CHECK_STR(shown, "\b\b  \b\b^R\r\n");
	for (int i = 0; i < LINE_BYTES_MAX; i++) CHECK(line_key(&l, 'x', NULL) == LINE_MORE);
	CHECK(line_key(&l, 'x', NULL) == LINE_FULL && l.len == LINE_BYTES_MAX);
}

/* --- the tool --- */

enum { SERVER, ALICE };

static void it_talks_to_what_is_no_telnet(void)
{
	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve tcp://:6666"));
	CHECK(lan_tool(ALICE, "telnet --say one --say two 10.0.0.1 6666"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == TOOL_OK);
	CHECK_STR(on[ALICE].out, "Trying 10.0.0.1...\nConnected to 10.0.0.1.\none\r\ntwo\r\nConnection closed by foreign host.\n");
	CHECK(measured(ALICE, "sent") == 10 && measured(ALICE, "bytes") == 10 && measured(ALICE, "negotiated") == 0);
	CHECK(lan_tool(ALICE, "telnet 10.0.0.1 6667"));
	CHECK(lan_tool_ends(ALICE) && on[ALICE].tool->status == 1 && complained(ALICE, "connection refused"));
	CHECK(lan_tool(ALICE, "telnet --timeout 2s 10.0.0.9"));
	CHECK(lan_tool_ends(ALICE) && (on[ALICE].tool->status == 2 || on[ALICE].tool->status == 3));
	CHECK(!lan_tool(ALICE, "telnet -e abc 10.0.0.1") && on[ALICE].env.status == TOOL_USAGE);
	CHECK(!lan_tool(ALICE, "telnet -l") && complained(ALICE, "--user takes a word"));
	lan_tools_end();
}

/* An echo server gives our own negotiations back: a peer that makes no sense, and no loop. */
static void it_bears_its_own_words(void)
{
	lan_hosts(2);
	CHECK(lan_tool(SERVER, "echo serve tcp://:23"));
	CHECK(lan_tool(ALICE, "telnet -8 -l me --trace --say one 10.0.0.1"));
	lan_run_for(5 * SECOND);
	CHECK(!on[ALICE].tool->done && said(ALICE, "one\r\n"));
	CHECK(complained(ALICE, "> IAC WILL TTYPE: the client will say what kind of terminal it has\n"));
	CHECK(complained(ALICE, "< IAC WILL TTYPE: the server will say what kind of terminal it has\n") && complained(ALICE, "> IAC DONT TTYPE"));
	int64_t sent = measured(ALICE, "sent");
	lan_run_for(60 * SECOND);
	CHECK(measured(ALICE, "sent") == sent && sent < 200 && measured(ALICE, "negotiated") == 1);
	on[ALICE].tool->stop(on[ALICE].tool);
	CHECK(on[ALICE].tool->done && on[ALICE].tool->status == TOOL_OK);
	lan_tools_end();
}

int main(void)
{
	TEST(a_stream_is_taken_apart_however_it_is_cut);
	TEST(what_is_agreed_on_is_answered_once);
	TEST(wants_follow_the_q_method);
	TEST(words_are_answered);
	TEST(linemode_is_kept);
	TEST(data_is_text_unless_binary);
	TEST(what_is_not_taken_stops_it);
	TEST(a_synch_throws_data_away_but_no_command);
	TEST(two_machines_always_come_to_rest);
	TEST(exchanges_have_words);
	TEST(a_line_is_mended);
	TEST(it_talks_to_what_is_no_telnet);
	TEST(it_bears_its_own_words);
	return tap_end();
}
