/* SPDX-License-Identifier: ISC */
/* The client's side of LINEMODE (RFC 1184): who edits lines, what ^C and its like become, and which characters those are. */
#include "proto/telnet/telnet.h"

/* What each function is here, before the server has its say; those without are not supported. */
static const struct { uint8_t level, value; } usual[TELNET_SLC_COUNT] = {
	[TELNET_SLC_IP] = { TELNET_SLC_SET, 0x03 }, [TELNET_SLC_ABORT] = { TELNET_SLC_SET, 0x1c },
	[TELNET_SLC_EOF] = { TELNET_SLC_SET, 0x04 }, [TELNET_SLC_SUSP] = { TELNET_SLC_SET, 0x1a },
	[TELNET_SLC_EC] = { TELNET_SLC_SET, 0x7f }, [TELNET_SLC_EL] = { TELNET_SLC_SET, 0x15 },
	[TELNET_SLC_EW] = { TELNET_SLC_SET, 0x17 }, [TELNET_SLC_RP] = { TELNET_SLC_SET, 0x12 },
	[TELNET_SLC_LNEXT] = { TELNET_SLC_SET, 0x16 },
};

struct triplets { uint8_t at[TELNET_WORDS_MAX]; size_t len; };

static void put(struct triplets *w, unsigned function, uint8_t level, uint8_t value)
{
	if (w->len + 3 > sizeof w->at) return; /* a list that names functions twice may stay without some answers */
	w->at[w->len++] = (uint8_t)function, w->at[w->len++] = level, w->at[w->len++] = value;
}

static void put_all(const struct telnet *t, struct triplets *w)
{
	for (unsigned f = 1; f < TELNET_SLC_COUNT; f++) put(w, f, t->slc[f].level, t->slc[f].value);
}

static void set_usual(struct telnet *t)
{
	for (unsigned f = 0; f < TELNET_SLC_COUNT; f++) t->slc[f].level = usual[f].level, t->slc[f].value = usual[f].value;
}

void telnet_linemode_begin(struct telnet *t)
{
	struct triplets w = { .at = { TELNET_SLC }, .len = 1 };

	set_usual(t);
	t->mode = 0;
	put_all(t, &w);
	telnet_words(t, TELNET_LINEMODE, (struct bytes){ w.at, w.len });
}

/* RFC 1184, 2.2: a mode that is new is agreed on, as far as it can be done; an acknowledgement is for servers. */
static void mode(struct telnet *t, uint8_t mask)
{
	const uint8_t can = mask & (TELNET_EDIT | TELNET_TRAPSIG | TELNET_LIT_ECHO);
	const uint8_t b[] = { TELNET_LINEMODE_MODE, can | TELNET_MODE_ACK };

	if (mask & TELNET_MODE_ACK || mask == t->mode) return;
	t->mode = can;
	telnet_words(t, TELNET_LINEMODE, (struct bytes){ b, sizeof b });
}

/* RFC 1184, 2.4: one triplet. What we can have as the server says is agreed on; an agreement is never answered. */
static void character(struct telnet *t, struct triplets *w, uint8_t function, uint8_t how, uint8_t value)
{
	const uint8_t level = how & TELNET_SLC_LEVEL;

	if (function >= TELNET_SLC_COUNT) {
		if (level != TELNET_SLC_NOSUPPORT) put(w, function, TELNET_SLC_NOSUPPORT, 0);
		return;
	}
	if (level == t->slc[function].level && value == t->slc[function].value) return;
	if (level == TELNET_SLC_DEFAULT) {
		t->slc[function].level = usual[function].level, t->slc[function].value = usual[function].value;
		put(w, function, usual[function].level, usual[function].value);
		return;
	}
	t->slc[function].level = level, t->slc[function].value = value;
	if (!(how & TELNET_SLC_ACK)) put(w, function, how | TELNET_SLC_ACK, value);
}

static void characters(struct telnet *t, struct bytes b)
{
	struct triplets w = { .at = { TELNET_SLC }, .len = 1 };
	bool all = false;

	for (; b.len >= 3; b = bytes_skip(b, 3)) {
		uint8_t level = b.at[1] & TELNET_SLC_LEVEL;
		if (b.at[0] != 0) character(t, &w, b.at[0], b.at[1], b.at[2]);
		else if (level == TELNET_SLC_DEFAULT) set_usual(t), all = true;
		else if (level == TELNET_SLC_SET) all = true;
	}
	if (all) put_all(t, &w);
	if (w.len > 1) telnet_words(t, TELNET_LINEMODE, (struct bytes){ w.at, w.len });
}

void telnet_linemode_words(struct telnet *t, struct bytes b)
{
	static const uint8_t no_mask[] = { TELNET_WONT, TELNET_FORWARDMASK };

	if (b.len == 2 && b.at[0] == TELNET_LINEMODE_MODE) mode(t, b.at[1]);
	else if (b.len >= 1 && b.at[0] == TELNET_SLC) characters(t, bytes_skip(b, 1));
	else if (b.len >= 2 && b.at[0] == TELNET_DO && b.at[1] == TELNET_FORWARDMASK)
		telnet_words(t, TELNET_LINEMODE, (struct bytes){ no_mask, sizeof no_mask });
}

bool telnet_echoes_plainly(const struct telnet *t)
{
	return telnet_is(t, TELNET_US, TELNET_LINEMODE) && t->mode & TELNET_LIT_ECHO;
}

uint8_t telnet_trapped(const struct telnet *t, uint8_t key)
{
	static const struct { uint8_t function, command; } traps[] = {
		{ TELNET_SLC_IP, TELNET_IP }, { TELNET_SLC_ABORT, TELNET_ABORT }, { TELNET_SLC_SUSP, TELNET_SUSP },
		{ TELNET_SLC_EOF, TELNET_EOF }, { TELNET_SLC_BRK, TELNET_BRK }, { TELNET_SLC_AO, TELNET_AO }, { TELNET_SLC_AYT, TELNET_AYT },
	};

	if (!telnet_is(t, TELNET_US, TELNET_LINEMODE) || !(t->mode & TELNET_TRAPSIG)) return 0;
	for (size_t i = 0; i < COUNT(traps); i++) {
		uint8_t f = traps[i].function;
		if (t->slc[f].level != TELNET_SLC_NOSUPPORT && t->slc[f].value != 0 && t->slc[f].value == key) return traps[i].command;
	}
	return 0;
}
