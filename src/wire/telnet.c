/* SPDX-License-Identifier: ISC */
#include "wire/telnet.h"

#include <ctype.h>

/* --- names --- */

static const char *const commands[] = {
	[TELNET_EOF] = "EOF", [TELNET_SUSP] = "SUSP", [TELNET_ABORT] = "ABORT", [TELNET_EOR] = "EOR", [TELNET_SE] = "SE",
	[TELNET_NOP] = "NOP", [TELNET_DM] = "DM", [TELNET_BRK] = "BRK", [TELNET_IP] = "IP", [TELNET_AO] = "AO", [TELNET_AYT] = "AYT",
	[TELNET_EC] = "EC", [TELNET_EL] = "EL", [TELNET_GA] = "GA", [TELNET_SB] = "SB", [TELNET_WILL] = "WILL", [TELNET_WONT] = "WONT",
	[TELNET_DO] = "DO", [TELNET_DONT] = "DONT", [TELNET_IAC] = "IAC",
};

static const char *const command_words[] = {
	[TELNET_EOF] = "the end of the file", [TELNET_SUSP] = "suspend the process", [TELNET_ABORT] = "abort the process",
	[TELNET_EOR] = "the end of a record", [TELNET_NOP] = "nothing; still here", [TELNET_DM] = "data mark: what came before is old",
	[TELNET_BRK] = "break", [TELNET_IP] = "interrupt the process", [TELNET_AO] = "abort the output", [TELNET_AYT] = "are you there?",
	[TELNET_EC] = "erase the last character", [TELNET_EL] = "erase the line", [TELNET_GA] = "go ahead: your turn",
};

/* What each side would do, said of "the server", "the client": "will ..."; NULL: no words but the option's name. */
static const struct { const char *name, *does; } options[] = {
	[TELNET_BINARY] = { "BINARY", "send all eight bits as they are" },
	[TELNET_ECHO] = { "ECHO", "echo what it is sent" },
	[2] = { "RCP", NULL },
	[TELNET_SGA] = { "SUPPRESS-GO-AHEAD", "send without waiting for its turn" },
	[4] = { "NAMS", NULL },
	[TELNET_STATUS] = { "STATUS", "say what has been agreed on" },
	[TELNET_TIMING_MARK] = { "TIMING-MARK", "mark when it has got so far" },
	[7] = { "RCTE", NULL }, [8] = { "NAOL", NULL }, [9] = { "NAOP", NULL }, [10] = { "NAOCRD", NULL }, [17] = { "EXTEND-ASCII", NULL },
	[18] = { "LOGOUT", "log the user out" },
	[23] = { "SEND-LOCATION", "say where the terminal stands" },
	[TELNET_TTYPE] = { "TTYPE", "say what kind of terminal it has" },
	[TELNET_END_OF_RECORD] = { "END-OF-RECORD", "mark the ends of records" },
	[TELNET_NAWS] = { "NAWS", "say how large its window is" },
	[TELNET_TSPEED] = { "TSPEED", "say how fast its terminal is" },
	[TELNET_LFLOW] = { "LFLOW", "let the other side turn ^S and ^Q on and off" },
	[TELNET_LINEMODE] = { "LINEMODE", "edit lines by itself, as the server asks" },
	[TELNET_XDISPLOC] = { "XDISPLOC", "name its X display" },
	[TELNET_OLD_ENVIRON] = { "OLD-ENVIRON", "tell variables of its environment, in the old way" },
	[TELNET_AUTHENTICATION] = { "AUTHENTICATION", "prove who it is" },
	[TELNET_ENCRYPT] = { "ENCRYPT", "encrypt what it sends, in a way long broken" },
	[TELNET_NEW_ENVIRON] = { "NEW-ENVIRON", "tell variables of its environment" },
	[42] = { "CHARSET", "choose a character set" }, [44] = { "COM-PORT", "drive a serial port" },
	[TELNET_START_TLS] = { "START-TLS", "start TLS on this connection" },
	[86] = { "MCCP2", "compress what it sends" },
};

const char *telnet_command_name(uint8_t n) { return commands[n]; }
const char *telnet_option_name(uint8_t n) { return n < COUNT(options) ? options[n].name : NULL; }

static bool same_word(const char *a, const char *b)
{
	while (*a != '\0' && toupper((unsigned char)*a) == toupper((unsigned char)*b)) a++, b++;
	return *a == '\0' && *b == '\0';
}

bool telnet_option_parse(const char *word, uint8_t *option)
{
	unsigned n = 0;

	for (unsigned i = 0; i < COUNT(options); i++)
		if (options[i].name != NULL && same_word(word, options[i].name)) return *option = (uint8_t)i, true;
	if (same_word(word, "SGA")) return *option = TELNET_SGA, true;
	if (*word == '\0') return false;
	for (; *word >= '0' && *word <= '9' && n < 256; word++) n = n * 10 + (unsigned)(*word - '0');
	if (*word != '\0' || n > 255) return false;
	*option = (uint8_t)n;
	return true;
}

bool telnet_command_parse(const char *word, uint8_t *command)
{
	for (unsigned i = 0; i < COUNT(commands); i++)
		if (commands[i] != NULL && same_word(word, commands[i])) return *command = (uint8_t)i, true;
	return false;
}

/* --- in words --- */

static void put_option(struct text *t, uint8_t option)
{
	if (telnet_option_name(option) != NULL) text_puts(t, telnet_option_name(option));
	else text_printf(t, "%u", option);
}

/* What is not printable ASCII becomes \xNN. */
static void put_strange(struct text *t, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] >= ' ' && b.at[i] < 0x7f && b.at[i] != '\\') text_put(t, (struct bytes){ b.at + i, 1 });
		else text_printf(t, "\\x%02x", b.at[i]);
	}
}

void telnet_tell_command(struct text *t, uint8_t command)
{
	const char *name = telnet_command_name(command), *words = command < COUNT(command_words) ? command_words[command] : NULL;

	if (name == NULL) text_printf(t, "IAC %u: no command of that number is known", command);
	else if (words == NULL) text_printf(t, "IAC %s: out of place here", name);
	else text_printf(t, "IAC %s: %s", name, words);
}

/* The two that everybody meets are said as the person at the terminal sees them. */
static bool tell_echo(struct text *t, uint8_t verb, bool sent)
{
	if (sent) return false;
	if (verb == TELNET_WILL) text_puts(t, "the server will echo what you type");
	else if (verb == TELNET_WONT) text_puts(t, "the server does not echo what you type: that is done here");
	else return false;
	return true;
}

void telnet_tell_negotiation(struct text *t, uint8_t verb, uint8_t option, bool sent)
{
	const char *me = sent ? "the client" : "the server", *you = sent ? "the server" : "the client";
	const char *does = option < COUNT(options) ? options[option].does : NULL;

	text_printf(t, "IAC %s ", telnet_command_name(verb));
	put_option(t, option);
	text_puts(t, ": ");
	if (option == TELNET_ECHO && tell_echo(t, verb, sent)) return;
	switch (verb) {
	case TELNET_WILL: text_printf(t, "%s will ", me); break;
	case TELNET_WONT: text_printf(t, "%s will not ", me); break;
	case TELNET_DO: text_printf(t, "%s is to ", you); break;
	default: text_printf(t, "%s is not to ", you); break;
	}
	if (does != NULL) text_puts(t, does);
	else text_puts(t, "do that, whatever it is");
}

static void tell_naws(struct text *t, struct bytes b)
{
	if (b.len != 4) text_printf(t, "a window's size has 4 bytes, not %zu", b.len);
	else text_printf(t, "the window has %u columns and %u rows", load_be16(b.at), load_be16(b.at + 2));
}

static void tell_ttype(struct text *t, struct bytes b)
{
	if (b.len == 1 && b.at[0] == TELNET_SEND) text_puts(t, "what kind of terminal is it?");
	else if (b.len > 1 && b.at[0] == TELNET_IS) text_puts(t, "the terminal is a "), put_strange(t, bytes_skip(b, 1));
	else text_puts(t, "neither SEND nor IS");
}

static void tell_environ(struct text *t, struct bytes b)
{
	static const char *const verbs[] = { "these are variables:", "which are your variables?", "variables have changed:" };
	static const char *const marks[] = { " ", "=", "", " user's " };

	if (b.len == 0 || b.at[0] > TELNET_INFO) {
		text_puts(t, "neither IS, SEND nor INFO");
		return;
	}
	text_puts(t, verbs[b.at[0]]);
	for (size_t i = 1; i < b.len; i++) {
		if (b.at[i] == TELNET_ESC && i + 1 < b.len) put_strange(t, (struct bytes){ b.at + ++i, 1 });
		else if (b.at[i] < COUNT(marks)) text_puts(t, marks[b.at[i]]);
		else put_strange(t, (struct bytes){ b.at + i, 1 });
	}
}

static void tell_mode(struct text *t, uint8_t mask)
{
	text_puts(t, mask & TELNET_MODE_ACK ? "agreed: " : "");
	text_puts(t, mask & TELNET_EDIT ? "lines are edited at the client" : "each key goes to the server");
	text_puts(t, mask & TELNET_TRAPSIG ? ", and ^C and the like become commands there" : "");
	if (mask & TELNET_SOFT_TAB) text_puts(t, ", tabs become spaces");
	if (mask & TELNET_LIT_ECHO) text_puts(t, ", control characters are echoed as they are");
}

static void tell_slc(struct text *t, struct bytes b)
{
	static const char *const names[TELNET_SLC_COUNT] = {
		"all", "SYNCH", "BRK", "IP", "AO", "AYT", "EOR", "ABORT", "EOF", "SUSP", "EC", "EL", "EW", "RP", "LNEXT", "XON", "XOFF",
		"FORW1", "FORW2",
	};
	static const char *const levels[] = { "none", "fixed", "", "default" };

	text_puts(t, "special characters:");
	for (; b.len >= 3; b = bytes_skip(b, 3)) {
		uint8_t function = b.at[0], how = b.at[1], value = b.at[2];
		if (function < TELNET_SLC_COUNT) text_printf(t, " %s ", names[function]);
		else text_printf(t, " %u ", function);
		text_puts(t, levels[how & TELNET_SLC_LEVEL]);
		if ((how & TELNET_SLC_LEVEL) == TELNET_SLC_SET || (how & TELNET_SLC_LEVEL) == TELNET_SLC_CANTCHANGE)
			text_printf(t, value < ' ' ? "^%c" : value < 0x7f ? "%c" : value == 0x7f ? "^?" : "\\x%02x", value < ' ' ? value + '@' : value);
		if (how & TELNET_SLC_ACK) text_puts(t, " (agreed)");
	}
}

static void tell_linemode(struct text *t, struct bytes b)
{
	if (b.len == 2 && b.at[0] == TELNET_LINEMODE_MODE) tell_mode(t, b.at[1]);
	else if (b.len > 1 && b.at[0] == TELNET_SLC) tell_slc(t, bytes_skip(b, 1));
	else if (b.len > 1 && b.at[0] >= TELNET_WILL && b.at[0] < TELNET_IAC && b.at[1] == TELNET_FORWARDMASK)
		text_printf(t, "%s FORWARDMASK: which characters send a line before it is whole", telnet_command_name(b.at[0]));
	else text_puts(t, "neither MODE, SLC nor FORWARDMASK");
}

void telnet_tell_words(struct text *t, uint8_t option, struct bytes b)
{
	text_puts(t, "IAC SB ");
	put_option(t, option);
	text_puts(t, " ... IAC SE: ");
	switch (option) {
	case TELNET_NAWS: tell_naws(t, b); break;
	case TELNET_TTYPE: tell_ttype(t, b); break;
	case TELNET_NEW_ENVIRON: tell_environ(t, b); break;
	case TELNET_LINEMODE: tell_linemode(t, b); break;
	default: text_printf(t, "%zu bytes: ", b.len), put_strange(t, b); break;
	}
}
