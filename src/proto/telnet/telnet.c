/* SPDX-License-Identifier: ISC */
#include "proto/telnet/telnet.h"

/* --- output --- */

static bool has_room(const struct telnet *t) { return ring_free(&t->out) >= TELNET_ANSWER_MAX; }

bool telnet_say(struct telnet *t, struct bytes b)
{
	if (ring_free(&t->out) < b.len) return false;
	ring_write(&t->out, b);
	return true;
}

bool telnet_command(struct telnet *t, uint8_t command)
{
	const uint8_t b[] = { TELNET_IAC, command };
	return telnet_say(t, (struct bytes){ b, sizeof b });
}

bool telnet_words(struct telnet *t, uint8_t option, struct bytes words)
{
	uint8_t b[TELNET_ANSWER_MAX] = { TELNET_IAC, TELNET_SB, option };
	size_t len = 3;

	for (size_t i = 0; i < words.len; i++) {
		if (len + 4 > sizeof b) return false;
		b[len++] = words.at[i];
		if (words.at[i] == TELNET_IAC) b[len++] = TELNET_IAC;
	}
	b[len++] = TELNET_IAC, b[len++] = TELNET_SE;
	return telnet_say(t, (struct bytes){ b, len });
}

bool telnet_synch(struct telnet *t)
{
	if (!telnet_command(t, TELNET_DM)) return false;
	t->mark = ring_used(&t->out); /* of two that wait, the later one is enough */
	return true;
}

void telnet_hurry(struct telnet *t) { t->hurried = true; }

bool telnet_is_urgent(const struct telnet *t) { return t->mark == 1; }

struct bytes telnet_peek(const struct telnet *t)
{
	struct bytes b = ring_peek(&t->out);
	return t->mark == 0 ? b : bytes_first(b, size_min(b.len, t->mark > 1 ? t->mark - 1 : 1));
}

void telnet_take(struct telnet *t, size_t n)
{
	ring_take(&t->out, n);
	t->mark -= size_min(t->mark, n);
}

/* --- negotiation: RFC 1143, 7 --- */

bool telnet_is(const struct telnet *t, enum telnet_side side, uint8_t option) { return t->state[side][option] == TELNET_YES; }

static void say_size(struct telnet *t)
{
	uint8_t b[4];

	store_be16(b, t->columns);
	store_be16(b + 2, t->rows);
	telnet_words(t, TELNET_NAWS, (struct bytes){ b, sizeof b });
}

/* What goes with an option that has just been switched on or off. */
static void switched(struct telnet *t, enum telnet_side side, uint8_t option, bool on)
{
	if (side == TELNET_HIM && option == TELNET_BINARY) t->reader.binary = on;
	if (side == TELNET_US && option == TELNET_NAWS && on) say_size(t);
	if (side == TELNET_US && option == TELNET_LINEMODE && on) telnet_linemode_begin(t);
}

/* The figure: what may follow what. */
#define TO(state) (1u << (state))
static const uint8_t may_enter[] = {
	[TELNET_NO] = TO(TELNET_YES) | TO(TELNET_WANT_YES),
	[TELNET_YES] = TO(TELNET_NO) | TO(TELNET_WANT_NO),
	[TELNET_WANT_NO] = TO(TELNET_NO) | TO(TELNET_WANT_NO_BUT_YES),
	[TELNET_WANT_NO_BUT_YES] = TO(TELNET_YES) | TO(TELNET_WANT_YES) | TO(TELNET_WANT_NO),
	[TELNET_WANT_YES] = TO(TELNET_YES) | TO(TELNET_NO) | TO(TELNET_WANT_YES_BUT_NO),
	[TELNET_WANT_YES_BUT_NO] = TO(TELNET_NO) | TO(TELNET_WANT_NO) | TO(TELNET_WANT_YES),
};

static void negotiate(struct telnet *t, enum telnet_side side, uint8_t option, bool on)
{
	const uint8_t verb = side == TELNET_US ? (on ? TELNET_WILL : TELNET_WONT) : on ? TELNET_DO : TELNET_DONT;
	const uint8_t b[] = { TELNET_IAC, verb, option };
	bool said = telnet_say(t, (struct bytes){ b, sizeof b });
	assert(said); /* its caller has seen to that */
}

/* The one door. `say`: 0, or which way the peer is told first. */
enum say { SAY_NOTHING, SAY_ON, SAY_OFF };

static void enter(struct telnet *t, enum telnet_side side, uint8_t option, enum telnet_state next, enum say say)
{
	uint8_t was = t->state[side][option];

	assert(may_enter[was] & TO(next));
	t->state[side][option] = (uint8_t)next;
	if (say != SAY_NOTHING) negotiate(t, side, option, say == SAY_ON);
	if (was == TELNET_YES || next == TELNET_YES) switched(t, side, option, next == TELNET_YES);
}

/* WILL about himself, DO about us. */
static void heard_yes(struct telnet *t, enum telnet_side side, uint8_t option)
{
	switch ((enum telnet_state)t->state[side][option]) {
	case TELNET_NO:
		if (t->agrees[side][option]) enter(t, side, option, TELNET_YES, SAY_ON);
		else negotiate(t, side, option, false);
		break;
	case TELNET_YES: break;
	case TELNET_WANT_NO: enter(t, side, option, TELNET_NO, SAY_NOTHING); break; /* a yes to our no: his mistake */
	case TELNET_WANT_NO_BUT_YES: enter(t, side, option, TELNET_YES, SAY_NOTHING); break; /* the same */
	case TELNET_WANT_YES: enter(t, side, option, TELNET_YES, SAY_NOTHING); break;
	case TELNET_WANT_YES_BUT_NO: enter(t, side, option, TELNET_WANT_NO, SAY_OFF); break;
	}
}

static void heard_no(struct telnet *t, enum telnet_side side, uint8_t option)
{
	switch ((enum telnet_state)t->state[side][option]) {
	case TELNET_NO: break;
	case TELNET_YES: enter(t, side, option, TELNET_NO, SAY_OFF); break;
	case TELNET_WANT_NO_BUT_YES: enter(t, side, option, TELNET_WANT_YES, SAY_ON); break;
	default: enter(t, side, option, TELNET_NO, SAY_NOTHING); break;
	}
}

bool telnet_want(struct telnet *t, enum telnet_side side, uint8_t option, bool on)
{
	if (!has_room(t)) return false;
	switch ((enum telnet_state)t->state[side][option]) {
	case TELNET_NO:
		if (on) enter(t, side, option, TELNET_WANT_YES, SAY_ON);
		return on;
	case TELNET_YES:
		if (!on) enter(t, side, option, TELNET_WANT_NO, SAY_OFF);
		return !on;
	case TELNET_WANT_NO:
		if (on) enter(t, side, option, TELNET_WANT_NO_BUT_YES, SAY_NOTHING);
		return on;
	case TELNET_WANT_NO_BUT_YES:
		if (!on) enter(t, side, option, TELNET_WANT_NO, SAY_NOTHING);
		return !on;
	case TELNET_WANT_YES:
		if (!on) enter(t, side, option, TELNET_WANT_YES_BUT_NO, SAY_NOTHING);
		return !on;
	case TELNET_WANT_YES_BUT_NO:
		if (on) enter(t, side, option, TELNET_WANT_YES, SAY_NOTHING);
		return on;
	}
	return false;
}

/* --- from the peer --- */

static void say_terminal(struct telnet *t, struct bytes words)
{
	uint8_t b[1 + TELNET_NAME_MAX] = { TELNET_IS };
	size_t len = strlen(t->terminal);

	if (words.len != 1 || words.at[0] != TELNET_SEND) return;
	memcpy(b + 1, t->terminal, len);
	telnet_words(t, TELNET_TTYPE, (struct bytes){ b, 1 + len });
}

static void answer(struct telnet *t, const struct telnet_item *item)
{
	if (item->what == TELNET_NEGOTIATION) {
		bool about_him = item->verb == TELNET_WILL || item->verb == TELNET_WONT;
		enum telnet_side side = about_him ? TELNET_HIM : TELNET_US;
		if (item->verb == TELNET_WILL || item->verb == TELNET_DO) heard_yes(t, side, item->option);
		else heard_no(t, side, item->option);
	} else if (item->what == TELNET_WORDS && !item->cut && telnet_is(t, TELNET_US, item->option)) {
		switch (item->option) {
		case TELNET_TTYPE: say_terminal(t, item->bytes); break;
		case TELNET_NEW_ENVIRON: telnet_environ_words(t, item->bytes); break;
		case TELNET_LINEMODE: telnet_linemode_words(t, item->bytes); break;
		default: break;
		}
	}
}

bool telnet_next(struct telnet *t, struct bytes *in, struct telnet_item *item)
{
	do {
		if (!has_room(t) || !telnet_read(&t->reader, in, item)) return false;
		if (t->hurried && item->what == TELNET_DATA) t->thrown += item->bytes.len;
	} while (t->hurried && item->what == TELNET_DATA);
	if (item->what == TELNET_COMMAND && item->verb == TELNET_DM) t->hurried = false; /* alone it means nothing (RFC 854, page 9) */
	if (item->what != TELNET_DATA) t->spoken = true;
	answer(t, item);
	return true;
}

/* --- from this side --- */

/* One byte as it goes on the wire. */
static size_t encode(struct telnet *t, uint8_t byte, bool keys, uint8_t b[4])
{
	size_t len = 0;
	bool after_cr = t->held_cr;

	t->held_cr = false;
	if (telnet_is(t, TELNET_US, TELNET_BINARY)) {
		b[len++] = byte;
		if (byte == TELNET_IAC) b[len++] = byte;
		return len;
	}
	if (after_cr) {
		b[len++] = byte == '\n' ? '\n' : '\0';
		if (byte == '\n') return len;
	}
	if (byte == '\n') b[len++] = '\r';
	b[len++] = byte;
	if (byte == TELNET_IAC) b[len++] = byte;
	if (byte == '\r' && keys) b[len++] = '\0';
	else t->held_cr = byte == '\r';
	return len;
}

size_t telnet_send(struct telnet *t, struct bytes data, bool keys)
{
	uint8_t b[4];
	size_t n = 0;

	while (n < data.len && ring_free(&t->out) >= TELNET_ANSWER_MAX + sizeof b) {
		size_t len = encode(t, data.at[n++], keys, b);
		ring_write(&t->out, (struct bytes){ b, len });
	}
	return n;
}

void telnet_resize(struct telnet *t, uint16_t columns, uint16_t rows)
{
	if (t->columns == columns && t->rows == rows) return;
	t->columns = columns, t->rows = rows;
	if (telnet_is(t, TELNET_US, TELNET_NAWS)) say_size(t);
}

/* --- life --- */

void telnet_init(struct telnet *t)
{
	*t = (struct telnet){ .mode = 0 };
	ring_init(&t->out, (struct room){ t->out_bytes, sizeof t->out_bytes });
}

void telnet_agree(struct telnet *t, enum telnet_side side, uint8_t option) { t->agrees[side][option] = true; }

void telnet_terminal(struct telnet *t, const char *kind)
{
	struct text name = text_in(t->terminal, sizeof t->terminal);
	text_puts(&name, kind);
}

/* --- whose work it is --- */

bool telnet_edits(const struct telnet *t)
{
	if (telnet_is(t, TELNET_US, TELNET_LINEMODE)) return t->mode & TELNET_EDIT;
	return !telnet_is(t, TELNET_HIM, TELNET_SGA);
}

bool telnet_echoes(const struct telnet *t) { return !telnet_is(t, TELNET_HIM, TELNET_ECHO); }
