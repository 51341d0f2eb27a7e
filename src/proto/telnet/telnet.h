/* SPDX-License-Identifier: ISC */
/* telnet.h - one end of a Telnet connection as a machine without I/O (RFC 854, 855): what is negotiated, what is
 * answered, and data both ways.
 *
 *     struct telnet t;
 *     telnet_init(&t);
 *     telnet_agree(&t, TELNET_HIM, TELNET_ECHO); ...    // what may be switched on when the peer asks
 *     telnet_want(&t, TELNET_HIM, TELNET_SGA, true);    // what we ask for ourselves; nothing: it waits for the peer
 *     ...
 *     while (telnet_next(&t, &in, &item)) ...           // takes from the front of what has come, and answers it
 *     telnet_send(&t, typed, true);
 *     while ((out = telnet_peek(&t)).len > 0) telnet_take(&t, net_send(..., out));
 *
 * Negotiation is RFC 1143's: each side of each option is in one of six states, a word is said only when a state changes,
 * and so no two ends can answer each other for ever. It has no clock and no deadline. Its output is bounded: telnet_next
 * stops while TELNET_ANSWER_MAX bytes have no room, and goes on when what was said has been taken.
 *
 * Words about options that are ours and on are answered here: the terminal's type (RFC 1091), variables (RFC 1572), the
 * modes and characters of LINEMODE (RFC 1184); the window's size goes out when NAWS is agreed on and when it changes
 * (RFC 1073). Other words are for the holder to read from the item.
 */
#ifndef TULLE_PROTO_TELNET_TELNET_H
#define TULLE_PROTO_TELNET_TELNET_H

#include "base/ring.h"
#include "proto/telnet/reader.h"

#define TELNET_OUT_BYTES 8192
#define TELNET_ANSWER_MAX 2048 /* the longest answer to one item */
#define TELNET_VARIABLES_MAX 16
#define TELNET_NAME_MAX 40
#define TELNET_VALUE_MAX 200

enum telnet_side { TELNET_US, TELNET_HIM }; /* who does what the option says */

/* RFC 1143, 7: a want with its queue of one opposite wish. */
enum telnet_state {
	TELNET_NO, TELNET_YES, TELNET_WANT_NO, TELNET_WANT_NO_BUT_YES, TELNET_WANT_YES, TELNET_WANT_YES_BUT_NO,
};

struct telnet_variable { char name[TELNET_NAME_MAX + 1], value[TELNET_VALUE_MAX + 1]; bool user; }; /* user: a USERVAR */

struct telnet { /* laid open for tests; written only here */
	struct telnet_reader reader;
	uint8_t state[2][256];          /* enum telnet_state, of each side */
	bool agrees[2][256];
	bool spoken;                    /* the peer has said something that is Telnet's own */
	bool held_cr;                   /* the last byte sent was a CR whose second byte is still to come */
	char terminal[TELNET_NAME_MAX + 1]; /* "" : not told */
	uint16_t columns, rows;
	struct telnet_variable variable[TELNET_VARIABLES_MAX]; size_t variables;
	uint8_t mode;                   /* LINEMODE's: TELNET_EDIT, TELNET_TRAPSIG, TELNET_LIT_ECHO */
	struct { uint8_t level, value; } slc[TELNET_SLC_COUNT];
	size_t mark;                    /* of `out`: bytes up to the data mark that goes as urgent, and it; 0: none is waiting */
	bool hurried;                   /* data are thrown away until a data mark comes */
	uint64_t thrown;                /* so many bytes were */
	struct ring out;
	uint8_t out_bytes[TELNET_OUT_BYTES];
};

void telnet_init(struct telnet *);
void telnet_agree(struct telnet *, enum telnet_side, uint8_t option);
void telnet_terminal(struct telnet *, const char *kind); /* "xterm"; "": what it is stays untold */
void telnet_resize(struct telnet *, uint16_t columns, uint16_t rows);
/* Told to a peer that asks, and only these. False: too many, too long, or no name. */
bool telnet_define(struct telnet *, const char *name, const char *value, bool user);
bool telnet_undefine(struct telnet *, const char *name);

/* From the peer: false when `in` is empty, or when output has to be taken first. */
bool telnet_next(struct telnet *, struct bytes *in, struct telnet_item *);

/* Asks for an option to be on or off. False: no room, or it is so already, or already asked for. */
bool telnet_want(struct telnet *, enum telnet_side, uint8_t option, bool on);
bool telnet_is(const struct telnet *, enum telnet_side, uint8_t option); /* agreed on */
bool telnet_command(struct telnet *, uint8_t command);                   /* IAC and it; false: no room */
bool telnet_words(struct telnet *, uint8_t option, struct bytes);        /* IAC SB option ... IAC SE; the same */

/* Data: how much of it was taken. Unless BINARY is on, a line's end goes as CR LF and a CR alone as CR NUL (RFC 854,
 * page 11). `keys`: each byte is a key of its own, so a CR is known to be alone; else "\r\n" may come in two pieces. */
size_t telnet_send(struct telnet *, struct bytes, bool keys);

/* The Synch (RFC 854, page 8): a data mark, sent as urgent, so that the peer throws away what stands before it, but not
 * commands. False: no room. */
bool telnet_synch(struct telnet *);
/* The peer has marked something as urgent: it is a Synch, so data are thrown away until its data mark. */
void telnet_hurry(struct telnet *);

struct bytes telnet_peek(const struct telnet *); /* to be sent */
bool telnet_is_urgent(const struct telnet *);    /* by net_send_urgent: it is one byte, the data mark */
void telnet_take(struct telnet *, size_t);

/* Whose work is it? Without LINEMODE a server that goes on without go-aheads gets each key (RFC 858). */
bool telnet_edits(const struct telnet *);  /* lines are edited here */
bool telnet_echoes(const struct telnet *); /* what is typed is shown here */
bool telnet_echoes_plainly(const struct telnet *); /* control characters as they are, not as ^C (RFC 1184, 2.2: LIT_ECHO) */
/* The command that a typed character stands for, in place of being sent (RFC 1184, 2.2: TRAPSIG); 0: none. */
uint8_t telnet_trapped(const struct telnet *, uint8_t key);

/* Parts of this machine: telnet_environ.c, telnet_linemode.c. */
bool telnet_say(struct telnet *, struct bytes); /* all of it or nothing */
void telnet_environ_words(struct telnet *, struct bytes);
void telnet_linemode_begin(struct telnet *);
void telnet_linemode_words(struct telnet *, struct bytes);

#endif
