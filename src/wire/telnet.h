/* SPDX-License-Identifier: ISC */
/* telnet.h - Telnet's commands and options (RFC 854, 855 and the options' own): numbers, names, and what each
 * exchange means to a person.
 *
 *     IAC DO ECHO                        three bytes: a negotiation
 *     IAC SB NAWS 0 80 0 24 IAC SE       an option's own words; 255 among them comes twice
 *     IAC NOP                            a command
 *
 * proto/telnet/reader.h finds these among the data.
 */
#ifndef TULLE_WIRE_TELNET_H
#define TULLE_WIRE_TELNET_H

#include "base/bytes.h"
#include "base/text.h"

#define TELNET_PORT 23

enum telnet_command {
	TELNET_EOF = 236, TELNET_SUSP, TELNET_ABORT, TELNET_EOR, /* RFC 1184, 2.5; RFC 885 */
	TELNET_SE = 240, TELNET_NOP, TELNET_DM, TELNET_BRK, TELNET_IP, TELNET_AO, TELNET_AYT, TELNET_EC, TELNET_EL, TELNET_GA,
	TELNET_SB = 250, TELNET_WILL, TELNET_WONT, TELNET_DO, TELNET_DONT, TELNET_IAC,
};

enum telnet_option {
	TELNET_BINARY = 0, TELNET_ECHO = 1, TELNET_SGA = 3, TELNET_STATUS = 5, TELNET_TIMING_MARK = 6, TELNET_LOGOUT = 18, TELNET_TTYPE = 24,
	TELNET_END_OF_RECORD = 25, TELNET_NAWS = 31, TELNET_TSPEED = 32, TELNET_LFLOW = 33, TELNET_LINEMODE = 34,
	TELNET_XDISPLOC = 35, TELNET_OLD_ENVIRON = 36, TELNET_AUTHENTICATION = 37, TELNET_ENCRYPT = 38,
	TELNET_NEW_ENVIRON = 39, TELNET_START_TLS = 46,
};

/* First bytes of an option's own words: TTYPE (RFC 1091), NEW-ENVIRON (RFC 1572), LINEMODE (RFC 1184). */
enum { TELNET_IS = 0, TELNET_SEND = 1, TELNET_INFO = 2 };
enum { TELNET_VAR = 0, TELNET_VALUE = 1, TELNET_ESC = 2, TELNET_USERVAR = 3 };
enum { TELNET_LINEMODE_MODE = 1, TELNET_FORWARDMASK = 2, TELNET_SLC = 3 };
enum { TELNET_EDIT = 1, TELNET_TRAPSIG = 2, TELNET_MODE_ACK = 4, TELNET_SOFT_TAB = 8, TELNET_LIT_ECHO = 16 };

/* SLC's functions and how each is supported (RFC 1184, 2.4). */
enum telnet_slc {
	TELNET_SLC_SYNCH = 1, TELNET_SLC_BRK, TELNET_SLC_IP, TELNET_SLC_AO, TELNET_SLC_AYT, TELNET_SLC_EOR, TELNET_SLC_ABORT,
	TELNET_SLC_EOF, TELNET_SLC_SUSP, TELNET_SLC_EC, TELNET_SLC_EL, TELNET_SLC_EW, TELNET_SLC_RP, TELNET_SLC_LNEXT,
	TELNET_SLC_XON, TELNET_SLC_XOFF, TELNET_SLC_FORW1, TELNET_SLC_FORW2,
};
#define TELNET_SLC_COUNT (TELNET_SLC_FORW2 + 1)
enum { TELNET_SLC_NOSUPPORT, TELNET_SLC_CANTCHANGE, TELNET_SLC_SET, TELNET_SLC_DEFAULT };
enum { TELNET_SLC_LEVEL = 3, TELNET_SLC_FLUSHOUT = 32, TELNET_SLC_FLUSHIN = 64, TELNET_SLC_ACK = 128 };

const char *telnet_command_name(uint8_t);           /* "WILL"; NULL: there is none of that number */
const char *telnet_option_name(uint8_t);            /* "ECHO"; NULL: no name is known */
bool telnet_option_parse(const char *, uint8_t *);  /* "echo", "Naws", "24" */
bool telnet_command_parse(const char *, uint8_t *); /* "ayt" */

/* One exchange in words, without a line's end: "IAC WILL ECHO: the server will echo what you type". `sent`: the client
 * sent it, else the server. Strangers' bytes are printed so that a terminal does not obey them. */
void telnet_tell_command(struct text *, uint8_t command);
void telnet_tell_negotiation(struct text *, uint8_t verb, uint8_t option, bool sent);
void telnet_tell_words(struct text *, uint8_t option, struct bytes);

#endif
